"""Rec. ITU-R P.1812 for every cell around a site, by rays that share their geometry.

A straightforward computation reads, for each cell, its whole profile. Here a profile is sampled once
per ray, and each cell asks its nearest ray a few questions that running values and hulls answer
(`sweep_ray`). The losses equal those of `p1812_path` on the same profile to 1e-6 dB; what differs from
a path of the cell's own is that the samples lie on the nearest ray, up to a quarter of a cell aside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio import p1812_terms as terms
from phusong.coverage.radio.p1812 import Atmosphere, check_range
from phusong.coverage.radio.sweep_kernel import (
    LAST_GAP_STEPS,
    NEAREST_STEPS,
    SMALLEST_STEPS,
    Area,
    Site,
    near_losses,
    ray_direction,
    sweep_rays,
)
from phusong.coverage.radio.sweep_ray import sample_line, sample_zones

POSITION_PARTS = 1024
"""Sites are placed to 1/1024 of a cell, so that the sectors' arithmetic is exact."""

RAYS_BARE, RAYS_COVERED = 4.0, 1.0
"""Rays per cell of the circle's edge, over bare ground and with clutter, whose own grain is coarser:
chosen so that mapping cells to rays changes less than sampling at 0.9 of the step would; see
`benchmarks/one_site.py --mapping`."""

COVERED_SHARE = 0.1
"""Share of cells with clutter from which its grain is that of the ground."""


@dataclass(frozen=True)
class SweepLink:
    """One antenna of a site: links of one height share their geometry, whatever their frequency.

    Attributes
    ----------
    frequency_ghz : float
        0.03 to 6.
    tx_height_m : float
        Above ground, 1 to 3000.
    """

    frequency_ghz: float
    tx_height_m: float


@dataclass(frozen=True)
class SweepResult:
    """Losses in a window of the grid.

    Attributes
    ----------
    loss_db : ndarray, shape (links, rows, cols)
        Basic transmission loss; NaN beyond the radius, off the grid and behind voids.
    first_row, first_col : int
        Grid cell of the window's first cell.
    unanswered : int
        Cells within the radius, on the grid, that have no loss: void, or behind a void.
    """

    loss_db: NDArray[np.floating]
    first_row: int
    first_col: int
    unanswered: int


@dataclass(frozen=True)
class P1812Field:
    """Terrain and clutter over which P.1812 is swept; made once for a province and shared by threads.

    Parameters
    ----------
    terrain_m : ndarray of float32, shape (rows, cols)
        Ground above sea level at cell centres.
    cell_m : float
        Side of a cell; also the step between samples.
    clutter_m : ndarray of float32, optional
        Representative height of clutter above ground. It raises profiles between the ends, never under
        the antennas (P.1812-7, section 3.2), and is interpolated like the terrain.
    zone : ndarray of uint8, optional
        1 sea, 3 coastal land, 4 inland; all inland by default.
    allow_voids : bool
        Accept NaN in the terrain: cells behind them get NaN and are counted.

    Raises
    ------
    ValueError
        For shapes that differ, NaN or infinite heights, negative clutter, unknown zones.
    """

    terrain_m: NDArray[np.float32]
    cell_m: float
    clutter_m: NDArray[np.float32] | None = None
    zone: NDArray[np.uint8] | None = None
    allow_voids: bool = False
    _area: Area = field(init=False, repr=False, compare=False)
    _covered: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        terrain = np.ascontiguousarray(self.terrain_m, dtype=np.float32)
        if terrain.ndim != 2 or min(terrain.shape) < 3:
            raise ValueError(f"terrain_m has shape {terrain.shape}; at least 3 x 3 cells are needed")
        check_range("cell_m", self.cell_m, 0.1, 5000.0, "m")
        void = int(np.count_nonzero(~np.isfinite(terrain)))
        if np.isinf(terrain).any() or (void and not self.allow_voids):
            raise ValueError(f"terrain_m has {void} cells that are NaN or infinite")
        surface, share = terrain, 0.0
        if self.clutter_m is not None:
            if self.clutter_m.shape != terrain.shape:
                raise ValueError(f"clutter_m has shape {self.clutter_m.shape}, terrain_m {terrain.shape}")
            low = float(np.min(self.clutter_m))
            if not (low >= 0.0 and np.isfinite(self.clutter_m).all()):
                raise ValueError(f"clutter_m has negative, NaN or infinite heights (lowest {low} m)")
            share = float(np.mean(self.clutter_m > 0.0))
            if share > 0.0:
                surface = (terrain + self.clutter_m).astype(np.float32)
        zone = np.full((1, 1), terms.ZONE_INLAND, dtype=np.uint8)
        has_zones = False
        if self.zone is not None:
            if self.zone.shape != terrain.shape:
                raise ValueError(f"zone has shape {self.zone.shape}, terrain_m {terrain.shape}")
            codes = set(np.unique(self.zone).tolist())
            if not codes <= {terms.ZONE_SEA, terms.ZONE_COAST, terms.ZONE_INLAND}:
                raise ValueError(f"zone has codes {sorted(codes)}; 1 sea, 3 coast and 4 inland are known")
            has_zones = codes != {terms.ZONE_INLAND}
            zone = np.ascontiguousarray(self.zone, dtype=np.uint8)
        area = Area(terrain, surface, zone, self.cell_m / 1000.0, surface is not terrain, has_zones)
        object.__setattr__(self, "_area", area)
        object.__setattr__(self, "_covered", share >= COVERED_SHARE)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        rows, cols = self._area.terrain.shape
        return rows, cols

    def site(
        self, row: float, col: float, max_distance_m: float, rays_per_cell: float | None = None
    ) -> Site:
        """Place a site: its position, to 1/1024 of a cell, its window and its number of rays."""
        rows, cols = self.shape
        check_range("site_row", row, 0.0, rows - 1.0, "cells")
        check_range("site_col", col, 0.0, cols - 1.0, "cells")
        check_range("max_distance_m", max_distance_m, self.cell_m, 100_000.0, "m")
        rays = rays_per_cell or (RAYS_COVERED if self._covered else RAYS_BARE)
        check_range("rays_per_cell", rays, 0.1, 20.0, "")
        radius = max_distance_m / self.cell_m
        at_row = round(row * POSITION_PARTS) / POSITION_PARTS
        at_col = round(col * POSITION_PARTS) / POSITION_PARTS
        return Site(
            at_row, at_col, radius, max(math.ceil(at_row - radius), 0), max(math.ceil(at_col - radius), 0),
            max(math.ceil(0.5 * math.pi * radius * rays), 4),
        )

    def window(self, site: Site) -> tuple[int, int]:
        """Rows and columns of the window of a site."""
        rows, cols = self.shape
        last_row = min(math.floor(site.row + site.radius_cells), rows - 1)
        last_col = min(math.floor(site.col + site.radius_cells), cols - 1)
        return last_row - site.first_row + 1, last_col - site.first_col + 1

    def sweep(
        self, row: float, col: float, links: Sequence[SweepLink], *, max_distance_m: float,
        rx_height_m: float = 1.5, atmosphere: Atmosphere | None = None,
        location_db: float | Sequence[float] = 0.0, rays_per_cell: float | None = None,
        workers: int = 1, dtype: type[np.floating] = np.float32,
    ) -> SweepResult:
        """Return the basic transmission loss from a site to every cell within ``max_distance_m``.

        Parameters
        ----------
        row, col : float
            Position of the site; cell centres are at whole numbers.
        links : sequence of SweepLink
        rx_height_m : float
            Above ground, 1 to 3000.
        atmosphere : Atmosphere, optional
            Time percentage, refractivity, latitude, polarisation.
        location_db : float or one for each link
            Added for other than 50 per cent of locations: `p1812.location_term_db`.
        rays_per_cell : float, optional
            Rays per cell of the circle's edge; `RAYS_BARE` or `RAYS_COVERED` by default.
        workers : int
            Threads for this site; the result is the same to the bit.
        dtype : {numpy.float32, numpy.float64}

        Raises
        ------
        ValueError
            For a position off the grid, no link, or a value out of range.
        """
        if not links:
            raise ValueError("links is empty; at least one is needed")
        for link in links:
            check_range("frequency_ghz", link.frequency_ghz, 0.03, 6.0, "GHz")
            check_range("tx_height_m", link.tx_height_m, 1.0, 3000.0, "m")
        check_range("rx_height_m", rx_height_m, 1.0, 3000.0, "m")
        site = self.site(row, col, max_distance_m, rays_per_cell)
        climate = (atmosphere or Atmosphere()).climate()
        order = sorted(range(len(links)), key=lambda i: (links[i].tx_height_m, i))
        frequency = np.array([links[i].frequency_ghz for i in order])
        height = np.array([links[i].tx_height_m for i in order])
        location = np.broadcast_to(np.asarray(location_db, dtype=np.float64), (len(links),))[order].copy()
        out = np.full((len(links), *self.window(site)), np.nan, dtype=dtype)
        settings = (self._area, site, frequency, height, float(rx_height_m), climate, location, out)
        near_losses(*settings)
        self._run(settings, 4 * site.quarter_rays, workers)
        answered = out[0]
        unanswered = self._inside(site) - int(np.count_nonzero(~np.isnan(answered)))
        back = np.argsort(order)
        loss = out if list(order) == sorted(order) else out[back]
        return SweepResult(loss, site.first_row, site.first_col, unanswered)

    def _run(self, settings: tuple[object, ...], rays: int, workers: int) -> None:
        if workers <= 1:
            sweep_rays(0, rays, *settings)  # type: ignore[arg-type]
            return
        bounds = np.linspace(0, rays, 8 * workers + 1).astype(int).tolist()
        with ThreadPoolExecutor(workers) as pool:
            jobs = [
                pool.submit(sweep_rays, a, b, *settings)  # type: ignore[arg-type]
                for a, b in pairwise(bounds)
            ]
            for job in jobs:
                job.result()

    def _inside(self, site: Site) -> int:
        """Cells of the window within the radius."""
        rows, cols = self.window(site)
        y = np.arange(rows) + (site.first_row - site.row)
        x = np.arange(cols) + (site.first_col - site.col)
        half = np.sqrt(np.maximum(site.radius_cells**2 - y * y, 0.0))
        first = np.searchsorted(x, -half, side="left")
        last = np.searchsorted(x, half, side="right")
        return int(np.sum(last - first))

    def profile(
        self, row: float, col: float, to_row: int, to_col: int, *, max_distance_m: float | None = None,
        rays_per_cell: float | None = None, step_m: float | None = None,
    ) -> Profile:
        """Return the profile that the sweep uses for one cell, or that of the cell's own path.

        With ``max_distance_m`` the samples lie on the ray that a sweep to that distance would use;
        without, on the straight line to the cell, at the same distances. ``step_m`` between samples is
        ``cell_m`` by default.
        """
        reach = self.cell_m * (math.hypot(to_row - row, to_col - col) + 2.0)
        site = self.site(row, col, max_distance_m or reach, rays_per_cell)
        dr, dc = to_row - site.row, to_col - site.col
        steps = math.hypot(dr, dc)
        step_row, step_col = (dr / steps, dc / steps) if steps else (0.0, 0.0)
        if steps < NEAREST_STEPS:
            total = max(steps, SMALLEST_STEPS)
            along = np.array([0.0, 0.5 * total, total])
            return self._profile(site, along, 0.5 * dr, 0.5 * dc, to_row, to_col)
        if max_distance_m is not None:
            step_row, step_col = ray_direction(ray_of(site, to_row, to_col), site.quarter_rays)
        step = (step_m or self.cell_m) / self.cell_m
        samples = max(int(steps / step - LAST_GAP_STEPS), 1)
        along = np.append(np.arange(samples + 1.0), steps / step) * step
        step_row, step_col = step * step_row, step * step_col
        return self._profile(site, along, step_row, step_col, to_row, to_col)

    def _profile(
        self, site: Site, along: NDArray[np.float64], step_row: float, step_col: float, to_row: int,
        to_col: int,
    ) -> Profile:
        n = along.size - 2
        ground, surface = np.empty(n + 2), np.empty(n + 2)
        zone = np.full(n + 2, terms.ZONE_INLAND, dtype=np.uint8)
        area = self._area
        sample_line(
            area.terrain, area.surface, site.row, site.col, step_row, step_col, n, ground, surface,
            area.has_clutter,
        )
        if not area.has_clutter:
            surface[:] = ground
        ground[-1] = surface[-1] = self._area.terrain[to_row, to_col]
        surface[0] = ground[0]
        if self._area.has_zones:
            sample_zones(self._area.zone, site.row, site.col, step_row, step_col, n, zone)
            zone[-1] = self._area.zone[to_row, to_col]
        return Profile(along * self._area.cell_km, ground, np.maximum(surface - ground, 0.0), zone)


@dataclass(frozen=True)
class Profile:
    """A path: distance in km, ground and clutter in m, zone; each of shape (n,), ends included."""

    distance_km: NDArray[np.float64]
    terrain_m: NDArray[np.float64]
    clutter_m: NDArray[np.float64]
    zone: NDArray[np.uint8]


def ray_of(site: Site, row: int, col: int) -> int:
    """Return the ray in whose sector a cell lies."""
    dr, dc = row - site.row, col - site.col
    if -dc <= dr < dc:
        quarter, u = 0, dr / dc
    elif -dr < dc <= dr:
        quarter, u = 1, -dc / dr
    elif dc < dr <= -dc:
        quarter, u = 2, dr / dc
    else:
        quarter, u = 3, -dc / dr
    share = 2.0 * math.atan(u) / math.pi + 0.5
    index = min(max(int(share * site.quarter_rays), 0), site.quarter_rays - 1)
    return quarter * site.quarter_rays + index


def sweep_site(
    terrain_m: NDArray[np.float32], clutter_m: NDArray[np.float32] | None, zone: NDArray[np.uint8] | None,
    cell_m: float, site_row: float, site_col: float, links: Sequence[SweepLink], *, max_distance_m: float,
    rx_height_m: float = 1.5, atmosphere: Atmosphere | None = None,
    location_db: float | Sequence[float] = 0.0, workers: int = 1,
) -> SweepResult:
    """Sweep one site; `P1812Field` and `P1812Field.sweep` say what the arguments are."""
    area = P1812Field(terrain_m, cell_m, clutter_m, zone)
    return area.sweep(
        site_row, site_col, links, max_distance_m=max_distance_m, rx_height_m=rx_height_m,
        atmosphere=atmosphere, location_db=location_db, workers=workers,
    )
