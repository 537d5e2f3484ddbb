"""All rays of a site: which cells each one answers, and their losses written into a window.

The circle is cut into four quarters, each with its major axis, and each quarter into rays of equal
angle. A cell belongs to the ray in whose sector its centre lies; along the major axis the sector's cells
of each line of the grid follow from two bounds that neighbouring rays share, so that every cell is
answered once and the cells of a ray come nearly sorted by distance.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio import p1812_terms as terms
from phusong.coverage.radio.jit import array_kernel, fast_array_kernel, fast_kernel, kernel
from phusong.coverage.radio.p1812_path import Climate, path_terms
from phusong.coverage.radio.sweep_losses import fill_losses, wave_of
from phusong.coverage.radio.sweep_ray import (
    Bytes,
    Curve,
    Floats,
    Grid32,
    Ray,
    bend,
    interpolate,
    link_hull,
    measure_stretches,
    new_curve,
    new_prefix,
    new_ray,
    new_stretches,
    sample_line,
    sample_zones,
    sum_smooth_surface,
    view_curve,
    view_ground,
)
from phusong.coverage.radio.sweep_receivers import (
    Receivers,
    new_bends,
    new_paths,
    new_receivers,
    trace_paths,
    trace_zones,
)

Window = NDArray[np.floating]

NEAREST_STEPS = 1.5
"""Cells nearer than this have one sample, halfway, on a path of their own."""

SMALLEST_STEPS = 0.3826
"""Mean distance of the points of a unit square from its middle: stands for the site's own cell."""

LAST_GAP_STEPS = 0.5
"""The last sample is at least so far from the receiver, and less than one step more."""


class Area(NamedTuple):
    """What a sweep runs over: heights in m, zones, the cell size, and what of it is present."""

    terrain: Grid32
    surface: Grid32
    zone: Bytes
    cell_km: float
    has_clutter: bool
    has_zones: bool


class Site(NamedTuple):
    """Where a sweep starts and ends: cells are those within ``radius_cells``; window's first cell."""

    row: float
    col: float
    radius_cells: float
    first_row: int
    first_col: int
    quarter_rays: int


@kernel
def split_quarter(quarter: int) -> tuple[bool, int, int]:
    """Axes of a quarter: whether columns are its major axis, and the signs of major and minor axis."""
    if quarter == 0:
        return True, 1, 1
    if quarter == 1:
        return False, 1, -1
    if quarter == 2:
        return True, -1, -1
    return False, -1, 1


@kernel
def sector_bound(index: int, quarter_rays: int) -> float:
    """Minor over major coordinate at the lower bound of a quarter's ray; exactly -1 and 1 at its ends."""
    if index == 0:
        return -1.0
    if index == quarter_rays:
        return 1.0
    return math.tan(0.25 * math.pi * (2.0 * index / quarter_rays - 1.0))


@kernel
def ray_direction(ray: int, quarter_rays: int) -> tuple[float, float]:
    """Row and column step of a ray, of length 1: the middle of its sector."""
    by_col, major_sign, minor_sign = split_quarter(ray // quarter_rays)
    angle = 0.25 * math.pi * ((2.0 * (ray % quarter_rays) + 1.0) / quarter_rays - 1.0)
    major, minor = major_sign * math.cos(angle), minor_sign * math.sin(angle)
    return (minor, major) if by_col else (major, minor)


@array_kernel
def collect_cells(ray: int, site: Site, area: Area, cells: Receivers) -> int:
    """Find the cells of a ray that lie farther than the nearest ones; returns their number."""
    rows, cols = area.terrain.shape
    quarter_rays = site.quarter_rays
    by_col, major_sign, minor_sign = split_quarter(ray // quarter_rays)
    index = ray % quarter_rays
    low, high = sector_bound(index, quarter_rays), sector_bound(index + 1, quarter_rays)
    major_at = major_sign * (site.col if by_col else site.row)
    minor_at = minor_sign * (site.row if by_col else site.col)
    # Positions along an axis of negative sign run over negated cell numbers.
    minor_first = 0 if minor_sign > 0 else 1 - (rows if by_col else cols)
    minor_last = (rows if by_col else cols) - 1 if minor_sign > 0 else 0
    major_end = (cols if by_col else rows) - 1 if major_sign > 0 else 0
    far = site.radius_cells * site.radius_cells
    near = NEAREST_STEPS * NEAREST_STEPS
    count = 0
    major = math.floor(major_at) + 1
    major_end = min(major_end, math.floor(major_at + site.radius_cells))
    while major <= major_end:
        x = major - major_at
        first = max(math.ceil(low * x + minor_at), minor_first)
        last = min(math.ceil(high * x + minor_at) - 1, minor_last)
        for minor in range(first, last + 1):
            y = minor - minor_at
            square = x * x + y * y
            if near <= square <= far:
                row = minor_sign * minor if by_col else major_sign * major
                col = major_sign * major if by_col else minor_sign * minor
                steps = math.sqrt(square)
                cells.row[count], cells.col[count] = row, col
                cells.total[count] = steps * area.cell_km
                cells.ground[count] = area.terrain[row, col]
                cells.samples[count] = int(steps - LAST_GAP_STEPS)
                count += 1
        major += 1
    return count


@array_kernel
def drop_beyond_void(count: int, cells: Receivers, ray: Ray, n: int) -> tuple[int, int]:
    """Leave out receivers that are void or behind a void sample; returns their number and the samples'."""
    reach = n
    for i in range(n + 1):
        if math.isnan(ray.ground[i]):
            reach = i - 1
            break
    kept = 0
    for k in range(count):
        if cells.samples[k] <= reach and not math.isnan(cells.ground[k]):
            cells.row[kept], cells.col[kept] = cells.row[k], cells.col[k]
            cells.total[kept], cells.ground[kept] = cells.total[k], cells.ground[k]
            cells.samples[kept] = cells.samples[k]
            kept += 1
    return kept, max(reach, 0)


@fast_array_kernel
def sample_ray(ray: Ray, area: Area, site: Site, number: int, n: int) -> None:
    """Read the samples 0 to ``n`` of a ray from the grids."""
    row_step, col_step = ray_direction(number, site.quarter_rays)
    sample_line(
        area.terrain, area.surface, site.row, site.col, row_step, col_step, n, ray.ground, ray.surface,
        area.has_clutter,
    )
    if area.has_zones:
        sample_zones(area.zone, site.row, site.col, row_step, col_step, n, ray.zone)


@fast_array_kernel
def link_curves(
    ray: Ray, curve: Curve, rare: Curve, n: int, has_clutter: bool, curvature: float,
    rare_curvature: float, with_rare: bool,
) -> None:
    """Bend the ray over both earths and link the hulls of its samples.

    Without clutter ``curve`` shares its heights and hull with the bare ground.
    """
    bend(ray.d, ray.ground, curvature, n, ray.q_bare)
    link_hull(ray.q_bare, n, ray.bare, ray.spare)
    if has_clutter:
        bend(ray.d, ray.surface, curvature, n, curve.q)
        link_hull(curve.q, n, curve.parent, ray.spare)
    if with_rare:
        bend(ray.d, ray.surface if has_clutter else ray.ground, rare_curvature, n, rare.q)
        link_hull(rare.q, n, rare.parent, ray.spare)


@kernel
def duct_floors(n: int, cell_km: float, climate: Climate, certain: bool) -> Floats:
    """Lower bounds of the time dependence of ducting by distance over inland, per step.

    It falls with the corrected incidence, which is at most beta0. Not ``certain``: no bound.
    """
    floors = np.full(n + 2, -np.inf)
    if certain:
        for i in range(n + 2):
            least = math.inf
            for part in range(5):
                d = max((i + 0.25 * part) * cell_km, 0.1 * cell_km)
                beta0 = terms.ducting_incidence(climate.latitude_deg, d, d)
                least = min(least, terms.duct_time_db(d, climate.percent, beta0))
            floors[i] = least - 0.1
    return floors


@fast_kernel
def near_losses(
    area: Area, site: Site, frequency_ghz: Floats, tx_height_m: Floats, rx_height: float, climate: Climate,
    location_db: Floats, out: Window,
) -> None:
    """Losses of the cells around the site, each on a path of its own with one sample halfway."""
    rows, cols = area.terrain.shape
    d, h, g = np.zeros(3), np.zeros(3), np.zeros(3)
    zone = np.full(3, terms.ZONE_INLAND, np.uint8)
    top, left = math.floor(site.row), math.floor(site.col)
    for row in range(max(top - 1, 0), min(top + 3, rows)):
        for col in range(max(left - 1, 0), min(left + 3, cols)):
            steps = math.hypot(row - site.row, col - site.col)
            if steps >= NEAREST_STEPS or steps > site.radius_cells:
                continue
            at_row, at_col = 0.5 * (row + site.row), 0.5 * (col + site.col)
            d[2] = max(steps, SMALLEST_STEPS) * area.cell_km
            d[1] = 0.5 * d[2]
            h[0] = interpolate(area.terrain, site.row, site.col)
            h[1] = interpolate(area.terrain, at_row, at_col)
            h[2] = area.terrain[row, col]
            g[1] = interpolate(area.surface, at_row, at_col) if area.has_clutter else h[1]
            if area.has_zones:
                zone[0] = area.zone[math.floor(site.row + 0.5), math.floor(site.col + 0.5)]
                zone[1] = area.zone[math.floor(at_row + 0.5), math.floor(at_col + 0.5)]
                zone[2] = area.zone[row, col]
            if math.isnan(h[0] + h[1] + h[2] + g[1]):
                continue
            for w in range(frequency_ghz.shape[0]):
                found = path_terms(
                    d, h, g, zone, tx_height_m[w], rx_height, frequency_ghz[w], climate, False
                )
                out[w, row - site.first_row, col - site.first_col] = max(
                    found.los_db, found.median_location_db + location_db[w]
                )


@fast_kernel
def sweep_rays(
    first: int, last: int, area: Area, site: Site, frequency_ghz: Floats, tx_height_m: Floats,
    rx_height: float, climate: Climate, location_db: Floats, out: Window,
) -> None:
    """Losses of all cells of rays ``first`` to ``last - 1``; the cells around the site are left alone.

    Links of equal transmitter height must stand together: they share their paths.
    """
    n = int(site.radius_cells) + 2
    room = n * (math.ceil(math.pi * n / site.quarter_rays) + 2)
    ray, curve, rare, prefix, run = new_ray(n), new_curve(n), new_curve(n), new_prefix(n), new_stretches(n)
    cells = new_receivers(room)
    paths = new_paths(room, cells.total, area.has_zones)
    if not area.has_clutter:
        curve = Curve(ray.q_bare, ray.bare, curve.slope, curve.highest, curve.block)
    median, beyond = new_bends(room), new_bends(room)
    losses = np.zeros(room)
    zones = np.full(room, terms.ZONE_INLAND, np.uint8)
    for i in range(n + 1):
        ray.d[i] = i * area.cell_km
        ray.inverse[i] = 1.0 / ray.d[i]
    radius = terms.median_earth_radius_km(climate.delta_n)
    rare_radius = terms.EARTH_RADIUS_KM * terms.K_BETA
    with_rare = climate.percent < 50.0
    root = math.sqrt(terms.LIGHT_M_GHZ / frequency_ghz.min())
    floors = duct_floors(n, area.cell_km, climate, not area.has_zones)

    for number in range(first, last):
        count = collect_cells(number, site, area, cells)
        if count == 0:
            continue
        reach = 0
        for k in range(count):
            reach = max(reach, cells.samples[k])
        sample_ray(ray, area, site, number, reach)
        count, reach = drop_beyond_void(count, cells, ray, reach)
        if count == 0:
            continue
        sum_smooth_surface(ray, reach)
        link_curves(
            ray, curve, rare, reach, area.has_clutter, 500.0 / radius, 500.0 / rare_radius, with_rare
        )
        if area.has_zones:
            for k in range(count):
                zones[k] = area.zone[cells.row[k], cells.col[k]]
            measure_stretches(run, ray.d, ray.zone, reach)
            trace_zones(count, cells, zones, paths, ray, run)
        for k in range(count):
            paths.beta0[k] = -1.0
            if with_rare:
                paths.beta0[k] = terms.ducting_incidence(
                    climate.latitude_deg, paths.land[k], paths.inland[k]
                )
        height = math.nan
        for w in range(frequency_ghz.shape[0]):
            if tx_height_m[w] != height:
                height = tx_height_m[w]
                view_ground(prefix, ray, reach, ray.ground[0] + height)
                view_curve(curve, ray.inverse, reach, ray.ground[0] + height)
                if with_rare:
                    view_curve(rare, ray.inverse, reach, ray.ground[0] + height)
                trace_paths(
                    count, cells, paths, median, beyond, ray, prefix, curve, rare, height, rx_height,
                    radius, rare_radius, root, with_rare, not area.has_clutter,
                )
            wave = wave_of(frequency_ghz[w], climate, location_db[w])
            fill_losses(
                count, cells, paths, median, beyond, ray, climate, wave, height, rx_height, radius,
                floors, prefix.slope, prefix.block, losses,
            )
            for k in range(count):
                out[w, cells.row[k] - site.first_row, cells.col[k] - site.first_col] = losses[k]
