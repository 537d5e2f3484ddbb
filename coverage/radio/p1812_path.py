"""Rec. ITU-R P.1812 over one path, read from end to end: the plain form that the sweep must equal.

Every quantity is a scan of the whole profile, so the cost grows with its length. Equation numbers are
those of Recommendation ITU-R P.1812-7 (2023). Kernels take bare arrays; `phusong.coverage.radio.p1812`
checks the input and names the results.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio import p1812_terms as terms
from phusong.coverage.radio.jit import fast_kernel

Floats = NDArray[np.float64]
Zones = NDArray[np.uint8]


class Horizon(NamedTuple):
    """Horizon angles and distances of both ends; attachment 1, section 4."""

    beyond: bool
    tx_mrad: float
    rx_mrad: float
    tx_index: int
    rx_index: int
    tx_km: float
    rx_km: float


class Smooth(NamedTuple):
    """Heights of the smooth surface; attachment 1, section 5.6."""

    fit_tx_m: float
    fit_rx_m: float
    diffraction_tx_m: float
    diffraction_rx_m: float
    duct_tx_m: float
    duct_rx_m: float


class Climate(NamedTuple):
    """What does not change from path to path of one site.

    Negative distances to the coast are read from the zones of the profile. ``diffraction_only`` leaves
    ducting and troposcatter out of the sweep, which is then Rec. ITU-R P.526 in a median atmosphere.
    """

    percent: float
    delta_n: float
    n0: float
    latitude_deg: float
    tx_coast_km: float
    rx_coast_km: float
    polarisation: int
    diffraction_only: bool = False


class Terms(NamedTuple):
    """Intermediate and final values of one path, in the order of the recommendation."""

    distance_km: float
    tx_horizon_km: float
    rx_horizon_km: float
    tx_horizon_mrad: float
    rx_horizon_mrad: float
    angular_distance_mrad: float
    tx_masl: float
    rx_masl: float
    sea_share: float
    land_km: float
    inland_km: float
    beta0_percent: float
    effective_radius_km: float
    fit_tx_m: float
    fit_rx_m: float
    duct_tx_m: float
    duct_rx_m: float
    diffraction_tx_m: float
    diffraction_rx_m: float
    effective_tx_m: float
    effective_rx_m: float
    roughness_m: float
    f_time: float
    f_angle: float
    f_distance: float
    free_space_db: float
    los_db: float
    los_beta0_db: float
    bullington_db: float
    bullington_smooth_db: float
    spherical_db: float
    diffraction_median_db: float
    diffraction_beta0_db: float
    diffraction_db: float
    median_with_diffraction_db: float
    with_diffraction_db: float
    minimum_db: float
    ducting_db: float
    minimum_ducting_db: float
    with_ducting_db: float
    modified_db: float
    troposcatter_db: float
    median_location_db: float
    beyond_horizon: bool


class Delta(NamedTuple):
    """Parts of the delta-Bullington loss for one earth radius; eq. (39)."""

    total_db: float
    bullington_db: float
    smooth_db: float
    spherical_db: float


@fast_kernel
def longest_stretch_km(d: Floats, zone: Zones, with_coast: bool) -> float:
    """Longest unbroken stretch inland, or of land with the coast; section 3.6.

    Between two points of different zones the border lies halfway.
    """
    n = d.shape[0]
    best = 0.0
    start = -1.0
    for i in range(n):
        inside = zone[i] == terms.ZONE_INLAND or (with_coast and zone[i] == terms.ZONE_COAST)
        if inside and start < 0.0:
            start = d[i] if i == 0 else 0.5 * (d[i - 1] + d[i])
        if start >= 0.0:
            if not inside:
                best = max(best, 0.5 * (d[i - 1] + d[i]) - start)
                start = -1.0
            elif i == n - 1:
                best = max(best, d[i] - start)
    return best


@fast_kernel
def sea_share_of(d: Floats, zone: Zones) -> float:
    """Fraction of the path over sea, borders halfway between points; table 5 and eq. (28)."""
    total = 0.0
    for i in range(1, d.shape[0]):
        half = 0.5 * (d[i] - d[i - 1])
        if zone[i - 1] == terms.ZONE_SEA:
            total += half
        if zone[i] == terms.ZONE_SEA:
            total += half
    return total / float(d[-1])


@fast_kernel
def coast_distances_km(d: Floats, zone: Zones) -> tuple[float, float]:
    """Distance over land from either end to the sea along the path, 500 km without sea; section 3.4."""
    n = d.shape[0]
    first, last = n, -1
    for i in range(n):
        if zone[i] == terms.ZONE_SEA:
            first, last = min(first, i), i
    if last < 0:
        return terms.FAR_FROM_COAST_KM, terms.FAR_FROM_COAST_KM
    from_tx = 0.0 if first == 0 else 0.5 * (d[first - 1] + d[first])
    from_rx = 0.0 if last == n - 1 else d[n - 1] - 0.5 * (d[last] + d[last + 1])
    return from_tx, from_rx


@fast_kernel
def horizons(d: Floats, h: Floats, tx: float, rx: float, curvature: float) -> Horizon:
    """Find both horizons over the bare ground; eqs. (76-81a).

    ``curvature`` is 500 / effective radius, so that ``curvature * d * d`` is a drop in m.
    On a line-of-sight path the point of largest diffraction parameter stands for both horizons.
    """
    n = d.shape[0]
    total = d[n - 1]
    slope = (rx - tx) / total
    tx_best, tx_index = -math.inf, 1
    for i in range(1, n - 1):
        angle = (h[i] - tx) / d[i] - curvature * d[i]
        if angle > tx_best:
            tx_best, tx_index = angle, i
    if tx_best > slope - curvature * total:
        rx_best, rx_index = -math.inf, 1
        for i in range(1, n - 1):
            left = total - d[i]
            angle = (h[i] - rx) / left - curvature * left
            if angle >= rx_best:
                rx_best, rx_index = angle, i
        return Horizon(
            True, 1000.0 * math.atan(0.001 * tx_best), 1000.0 * math.atan(0.001 * rx_best),
            tx_index, rx_index, d[tx_index], total - d[rx_index],
        )
    best, index = -math.inf, 1
    for i in range(1, n - 1):
        left = total - d[i]
        excess = h[i] + curvature * d[i] * left - (tx * left + rx * d[i]) / total
        nu = excess / math.sqrt(d[i] * left)
        if nu >= best:
            best, index = nu, i
    drop = curvature * total
    return Horizon(
        False, 1000.0 * math.atan(0.001 * (slope - drop)), 1000.0 * math.atan(0.001 * (-slope - drop)),
        index, index, d[index], total - d[index],
    )


@fast_kernel
def smooth_surface(d: Floats, h: Floats, tx: float, rx: float) -> Smooth:
    """Fit the smooth surface and its heights for diffraction and ducting; eqs. (83-90b)."""
    n = d.shape[0]
    total = d[n - 1]
    v1 = 0.0
    v2 = 0.0
    for i in range(1, n):
        step = d[i] - d[i - 1]
        v1 += step * (h[i] + h[i - 1])
        v2 += step * (h[i] * (2.0 * d[i] + d[i - 1]) + h[i - 1] * (d[i] + 2.0 * d[i - 1]))
    fit_tx = (2.0 * v1 * total - v2) / (total * total)
    fit_rx = (v2 - v1 * total) / (total * total)
    obstruction = -math.inf
    from_tx = -math.inf
    from_rx = -math.inf
    for i in range(1, n - 1):
        left = total - d[i]
        excess = h[i] - (tx * left + rx * d[i]) / total
        obstruction = max(obstruction, excess)
        from_tx = max(from_tx, excess / d[i])
        from_rx = max(from_rx, excess / left)
    low_tx, low_rx = fit_tx, fit_rx
    if obstruction > 0.0:
        low_tx -= obstruction * from_tx / (from_tx + from_rx)
        low_rx -= obstruction * from_rx / (from_tx + from_rx)
    return Smooth(
        fit_tx, fit_rx, min(low_tx, h[0]), min(low_rx, h[n - 1]), min(fit_tx, h[0]), min(fit_rx, h[n - 1])
    )


@fast_kernel
def bullington_nu(d: Floats, g: Floats, tx: float, rx: float, curvature: float) -> float:
    """Diffraction parameter of the Bullington point at a wavelength of 1 m; eqs. (13-20).

    At wavelength lambda it is this value divided by sqrt(lambda). The ends of ``g`` are not read.
    """
    n = d.shape[0]
    total = float(d[n - 1])
    slope = (rx - tx) / total
    from_tx = -math.inf
    for i in range(1, n - 1):
        from_tx = max(from_tx, (g[i] + curvature * d[i] * (total - d[i]) - tx) / d[i])
    if from_tx < slope:
        nu = -math.inf
        for i in range(1, n - 1):
            left = total - d[i]
            excess = g[i] + curvature * d[i] * left - (tx * left + rx * d[i]) / total
            nu = max(nu, excess * math.sqrt(0.002 * total / (d[i] * left)))
        return nu
    from_rx = -math.inf
    for i in range(1, n - 1):
        left = total - d[i]
        from_rx = max(from_rx, (g[i] + curvature * d[i] * left - rx) / left)
    point = (rx - tx + from_rx * total) / (from_tx + from_rx)
    return (from_tx - slope) * point * math.sqrt(0.002 * total / (point * (total - point)))


@fast_kernel
def smooth_bullington_nu(distance_km: float, tx: float, rx: float, radius_km: float) -> float:
    """Parameter of the Bullington point over smooth earth in closed form; attachment 4, eqs. (105-110)."""
    if distance_km < terms.line_of_sight_km(tx, rx, radius_km):
        d1, _, clearance = terms.smooth_clearance(distance_km, tx, rx, radius_km)
        return -clearance * math.sqrt(0.002 * distance_km / (d1 * (distance_km - d1)))
    curvature = 500.0 / radius_km
    from_tx = curvature * distance_km - 2.0 * math.sqrt(curvature * tx)
    from_rx = curvature * distance_km - 2.0 * math.sqrt(curvature * rx)
    point = (rx - tx + from_rx * distance_km) / (from_tx + from_rx)
    left = distance_km - point
    excess = tx + from_tx * point - (tx * left + rx * point) / distance_km
    return excess * math.sqrt(0.002 * distance_km / (point * left))


@fast_kernel
def delta_bullington(
    d: Floats, g: Floats, tx: float, rx: float, tx_over_m: float, rx_over_m: float, radius_km: float,
    frequency_ghz: float, sea_share: float, polarisation: int, closed_form: bool,
) -> Delta:
    """Diffraction loss of the path for one earth radius; section 4.3.4, eqs. (37-39).

    ``tx_over_m`` and ``rx_over_m`` are the heights over the smooth surface.
    """
    total = d[-1]
    scale = 1.0 / math.sqrt(terms.LIGHT_M_GHZ / frequency_ghz)
    curvature = 500.0 / radius_km
    actual = terms.bullington_db(bullington_nu(d, g, tx, rx, curvature) * scale, total)
    if closed_form:
        nu = smooth_bullington_nu(total, tx_over_m, rx_over_m, radius_km)
    else:
        nu = bullington_nu(d, np.zeros_like(g), tx_over_m, rx_over_m, curvature)
    smooth = terms.bullington_db(nu * scale, total)
    spherical = terms.spherical_db(
        total, tx_over_m, rx_over_m, radius_km, frequency_ghz, sea_share, polarisation
    )
    return Delta(actual + max(spherical - smooth, 0.0), actual, smooth, spherical)


@fast_kernel
def path_terms(
    d: Floats, h: Floats, g: Floats, zone: Zones, tx_height_m: float, rx_height_m: float,
    frequency_ghz: float, climate: Climate, closed_form: bool,
) -> Terms:
    """All terms of the recommendation up to the median over locations, eq. (63).

    Parameters
    ----------
    d : ndarray of float64, shape (n,)
        Distance from the transmitter in km, from 0, ascending, n >= 3.
    h, g : ndarray of float64, shape (n,)
        Ground, and ground with clutter, above sea level; the ends of ``g`` are not read.
    zone : ndarray of uint8, shape (n,)
        1 sea, 3 coastal land, 4 inland.
    """
    total = d[-1]
    percent = climate.percent
    tx, rx = h[0] + tx_height_m, h[-1] + rx_height_m
    land = longest_stretch_km(d, zone, True)
    inland = longest_stretch_km(d, zone, False)
    sea = sea_share_of(d, zone)
    beta0 = terms.ducting_incidence(climate.latitude_deg, land, inland)
    radius = terms.median_earth_radius_km(climate.delta_n)
    horizon = horizons(d, h, tx, rx, 500.0 / radius)
    theta = 1000.0 * total / radius + horizon.tx_mrad + horizon.rx_mrad
    smooth = smooth_surface(d, h, tx, rx)
    duct_slope = (smooth.duct_rx_m - smooth.duct_tx_m) / total
    roughness = -math.inf
    for i in range(horizon.tx_index, horizon.rx_index + 1):
        roughness = max(roughness, h[i] - (smooth.duct_tx_m + duct_slope * d[i]))
    f_time = terms.interpolation_by_time(percent, beta0)
    f_angle = terms.interpolation_by_angle(theta)
    f_distance = terms.interpolation_by_distance(total)

    rise = 0.001 * (tx - rx)
    free = terms.FREE_SPACE_DB + 20.0 * math.log10(frequency_ghz) + 10.0 * math.log10(
        total * total + rise * rise
    )
    los = free + terms.focusing_db(horizon.tx_km + horizon.rx_km, percent)
    los_beta0 = free + terms.focusing_db(horizon.tx_km + horizon.rx_km, beta0)

    tx_over, rx_over = tx - smooth.diffraction_tx_m, rx - smooth.diffraction_rx_m
    median = delta_bullington(
        d, g, tx, rx, tx_over, rx_over, radius, frequency_ghz, sea, climate.polarisation, closed_form
    )
    rare = delta_bullington(
        d, g, tx, rx, tx_over, rx_over, terms.EARTH_RADIUS_KM * terms.K_BETA, frequency_ghz, sea,
        climate.polarisation, closed_form,
    )
    diffraction = median.total_db
    if percent < 50.0:
        diffraction += f_time * (rare.total_db - median.total_db)
    median_with = free + median.total_db
    with_diffraction = los + diffraction
    if percent < beta0:
        minimum = los + (1.0 - sea) * diffraction
    else:
        minimum = median_with + (los_beta0 + (1.0 - sea) * diffraction - median_with) * f_time

    tx_coast, rx_coast = coast_distances_km(d, zone)
    if climate.tx_coast_km >= 0.0:
        tx_coast = climate.tx_coast_km
    if climate.rx_coast_km >= 0.0:
        rx_coast = climate.rx_coast_km
    coupling = terms.sea_coupling_db(tx_coast, horizon.tx_km, sea, tx)
    coupling += terms.sea_coupling_db(rx_coast, horizon.rx_km, sea, rx)
    effective_tx, effective_rx = tx - smooth.duct_tx_m, rx - smooth.duct_rx_m
    beta = terms.duct_beta(
        total, horizon.tx_km + horizon.rx_km, inland, effective_tx, effective_rx, roughness, radius, beta0
    )
    ducting = terms.ducting_db(
        total, frequency_ghz, percent, beta, radius, horizon.tx_mrad, horizon.rx_mrad, horizon.tx_km,
        horizon.rx_km, coupling,
    )
    minimum_ducting = terms.at_least(ducting, los)
    with_ducting = with_diffraction
    if minimum_ducting <= with_diffraction:
        with_ducting = minimum_ducting + (with_diffraction - minimum_ducting) * f_distance
    modified = with_ducting + (minimum - with_ducting) * f_angle
    troposcatter = terms.troposcatter_db(
        terms.troposcatter_fixed_db(frequency_ghz, percent, climate.n0), math.log10(total), theta
    )
    return Terms(
        total, horizon.tx_km, horizon.rx_km, horizon.tx_mrad, horizon.rx_mrad, theta, tx, rx, sea, land,
        inland, beta0, radius, smooth.fit_tx_m, smooth.fit_rx_m, smooth.duct_tx_m, smooth.duct_rx_m,
        smooth.diffraction_tx_m, smooth.diffraction_rx_m, effective_tx, effective_rx, roughness, f_time,
        f_angle, f_distance, free, los, los_beta0, rare.bullington_db, rare.smooth_db, rare.spherical_db,
        median.total_db, rare.total_db, diffraction, median_with, with_diffraction, minimum, ducting,
        minimum_ducting, with_ducting, modified, troposcatter,
        terms.power_sum_db(troposcatter, modified), horizon.beyond,
    )


@fast_kernel
def path_loss_db(
    d: Floats, h: Floats, g: Floats, zone: Zones, tx_height_m: float, rx_height_m: float,
    frequency_ghz: float, climate: Climate, location_db: float,
) -> float:
    """Loss not exceeded for the time and location percentages, eq. (69); arguments as `path_terms`.

    ``location_db`` is the location term, 0 at 50 per cent of locations.
    """
    t = path_terms(d, h, g, zone, tx_height_m, rx_height_m, frequency_ghz, climate, False)
    return max(t.los_db, t.median_location_db + location_db)
