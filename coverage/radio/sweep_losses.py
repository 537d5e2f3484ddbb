"""Losses of the receivers along one ray at one frequency, from the geometry they share.

Equation numbers are those of Recommendation ITU-R P.1812-7.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from phusong.coverage.radio import p1812_terms as terms
from phusong.coverage.radio.jit import fast_array_kernel, fast_kernel, inlined_kernel
from phusong.coverage.radio.p1812_path import Climate
from phusong.coverage.radio.sweep_ray import Floats, Ray
from phusong.coverage.radio.sweep_receivers import (
    Bends,
    Paths,
    Receivers,
    clear_nu,
    find_roughness,
)

NEGLIGIBLE_DB = 40.0
"""A way that loses so much more than another adds less than 3e-8 dB to it."""


class Wave(NamedTuple):
    """What one frequency adds to every path of a site."""

    frequency_ghz: float
    scale: float
    free_db: float
    scatter_db: float
    duct_db: float
    cube_root: float
    land: float
    sea: float
    location_db: float


@fast_kernel
def wave_of(frequency_ghz: float, climate: Climate, location_db: float) -> Wave:
    """Gather the parts of the losses that depend on frequency alone."""
    log_f = 20.0 * math.log10(frequency_ghz)
    never = math.inf if climate.diffraction_only else 0.0
    return Wave(
        frequency_ghz,
        1.0 / math.sqrt(terms.LIGHT_M_GHZ / frequency_ghz),
        terms.FREE_SPACE_DB + log_f,
        never + terms.troposcatter_fixed_db(frequency_ghz, climate.percent, climate.n0),
        never + 102.45 + log_f + terms.low_frequency_db(frequency_ghz),
        frequency_ghz ** (1.0 / 3.0),
        terms.surface_admittance(frequency_ghz, False, climate.polarisation),
        terms.surface_admittance(frequency_ghz, True, climate.polarisation),
        location_db,
    )


@inlined_kernel
def diffraction_db(
    nu: float, nu_smooth: float, share: float, radius: float, total: float, tx_over: float, rx_over: float,
    sea: float, wave: Wave,
) -> float:
    """Delta-Bullington loss of one receiver over an earth of one radius; eq. (39)."""
    loss = terms.bullington_db(nu * wave.scale, total)
    share *= wave.scale
    if share < 1.0:
        spherical = 0.0
        if sea < 1.0:
            spherical += (1.0 - sea) * terms.first_term_over_db(
                wave.land, wave.cube_root, total, tx_over, rx_over, radius
            )
        if sea > 0.0:
            spherical += sea * terms.first_term_over_db(
                wave.sea, wave.cube_root, total, tx_over, rx_over, radius
            )
        spherical *= 1.0 - share
        if spherical > 0.0:
            smooth = terms.bullington_db(nu_smooth * wave.scale, total)
            loss += max(spherical - smooth, 0.0)
    return loss


@inlined_kernel
def least_ducting_db(
    total: float, log_distance: float, tx: float, rx: float, horizons_km: float, hidden: bool, wave: Wave,
    radius: float, floor: float,
) -> float:
    """Lower bound of the ducting loss, by leaving out what can only add to it, without a logarithm.

    ``floor`` is the least time dependence at this distance. With horizon distances d and angles a,
    min(a, 0.1 d) >= min(a, 0) and max(a - 0.1 d, 0) >= max(a, 0) - 0.1 d, whose sum over both ends needs
    the sum of the distances alone; on a line of sight (not ``hidden``) the second part is dropped. The
    horizons' share u of the path loses 20 log10(u) >= 80 / ln(10) (1 - u^(-1/4)).
    """
    theta = 1000.0 * total / radius + min(tx, 0.0) + min(rx, 0.0)
    excess, shorter = 0.0, 0.0
    if hidden:
        excess = max(max(tx, 0.0) + max(rx, 0.0) - 0.1 * horizons_km, 0.0)
        shorter = 8.0 * terms.TEN_OVER_LN10 * (1.0 - math.sqrt(math.sqrt(total / horizons_km)))
    return (
        wave.duct_db + 20.0 * log_distance + min(shorter, 0.0) + floor
        + wave.cube_root * (5e-5 * radius * theta + 0.264 * excess)
    )


@inlined_kernel
def shielded_ducting_db(
    total: float, tx_mrad: float, rx_mrad: float, tx_km: float, rx_km: float, wave: Wave, radius: float,
    floor: float,
) -> float:
    """Ducting loss with the least time dependence ``floor``: a lower bound, all else being exact."""
    root = math.sqrt(wave.frequency_ghz)
    tx_excess, rx_excess = max(tx_mrad - 0.1 * tx_km, 0.0), max(rx_mrad - 0.1 * rx_km, 0.0)
    product = (tx_km + rx_km) * (1.0 + 0.361 * tx_excess * root * math.sqrt(tx_km))
    product *= 1.0 + 0.361 * rx_excess * root * math.sqrt(rx_km)
    theta = 1000.0 * total / radius + min(tx_mrad, 0.1 * tx_km) + min(rx_mrad, 0.1 * rx_km)
    return (
        wave.duct_db + 2.0 * terms.TEN_OVER_LN10 * math.log(product) + floor
        + wave.cube_root * (5e-5 * radius * theta + 0.264 * (tx_excess + rx_excess))
    )


@fast_array_kernel
def ducting_of(
    k: int, total: float, m: int, ground: float, tx: float, rx: float, paths: Paths, d: Floats, h: Floats,
    slope: Floats, block: Floats, climate: Climate, wave: Wave, radius: float,
) -> float:
    """Ducting loss of receiver ``k``, with what only it needs; eqs. (46-56a).

    On a line of sight the point of largest diffraction parameter over the bare ground, whose slopes and
    blocks are given, stands for both horizons; eq. (81a).
    """
    if paths.tx_index[k] == 0:
        aim = (rx - tx) / total - 500.0 / radius * total
        guess = paths.tx_index[k - 1] if k > 0 else m
        _, place = clear_nu(slope, block, d, m, total, aim, 1e9, max(guess, 1))
        paths.tx_index[k] = paths.rx_index[k] = place
    tx_index, rx_index = paths.tx_index[k], paths.rx_index[k]
    tx_km, rx_km = d[tx_index], total - d[rx_index]
    if paths.beta[k] < 0.0:
        if paths.beta0[k] < 0.0:
            paths.beta0[k] = terms.ducting_incidence(climate.latitude_deg, paths.land[k], paths.inland[k])
        duct_tx, duct_rx = min(paths.fit_tx[k], h[0]), min(paths.fit_rx[k], ground)
        roughness = find_roughness(d, h, total, tx_index, rx_index, duct_tx, duct_rx)
        paths.beta[k] = terms.duct_beta(
            total, tx_km + rx_km, paths.inland[k], tx - duct_tx, rx - duct_rx, roughness, radius,
            paths.beta0[k],
        )
    tx_coast = climate.tx_coast_km if climate.tx_coast_km >= 0.0 else paths.tx_coast[k]
    rx_coast = climate.rx_coast_km if climate.rx_coast_km >= 0.0 else paths.rx_coast[k]
    coupling = terms.sea_coupling_db(tx_coast, tx_km, paths.sea[k], tx)
    coupling += terms.sea_coupling_db(rx_coast, rx_km, paths.sea[k], rx)
    return terms.ducting_db(
        total, wave.frequency_ghz, climate.percent, paths.beta[k], radius, paths.tx_mrad[k],
        paths.rx_mrad[k], tx_km, rx_km, coupling,
    )


@fast_array_kernel
def fill_losses(
    count: int, cells: Receivers, paths: Paths, median: Bends, rare: Bends, ray: Ray, climate: Climate,
    wave: Wave, tx_height: float, rx_height: float, radius: float, duct_floor: Floats, slope: Floats,
    block: Floats, out: Floats,
) -> None:
    """Write the loss of eq. (69) of the ``count`` receivers of a ray into ``out``.

    ``slope`` and ``block`` are those of `Prefix`; ``duct_floor[i]`` bounds the time dependence of
    ducting for distances from sample i to i + 1.
    """
    percent = climate.percent
    general = percent < 50.0
    d, h = ray.d, ray.ground
    totals, grounds, samples = cells.total, cells.ground, cells.samples
    step, last_floor = d[1], duct_floor.shape[0] - 1
    tx = h[0] + tx_height
    for k in range(count):
        total = totals[k]
        free = wave.free_db + paths.log_free[k]
        tx_over, rx_over, sea = paths.tx_over[k], paths.rx_over[k], paths.sea[k]
        diffraction = diffraction_db(
            median.nu[k], median.nu_smooth[k], median.share[k], median.radius[k], total, tx_over, rx_over,
            sea, wave,
        )
        los = free
        minimum = free + diffraction
        if general:
            beta0 = paths.beta0[k]
            f_time = terms.interpolation_by_time(percent, beta0)
            median_with = minimum
            beyond = diffraction_db(
                rare.nu[k], rare.nu_smooth[k], rare.share[k], rare.radius[k], total, tx_over, rx_over,
                sea, wave,
            )
            diffraction += f_time * (beyond - diffraction)
            los = free + terms.focusing_db(paths.horizons_km[k], percent)
            if percent < beta0:
                minimum = los + (1.0 - sea) * diffraction
            else:
                los_beta0 = free + terms.focusing_db(paths.horizons_km[k], beta0)
                minimum = median_with + (los_beta0 + (1.0 - sea) * diffraction - median_with) * f_time
        loss = los + diffraction
        changed = general
        floor = duct_floor[min(int(total / step), last_floor)]
        tx_mrad, rx_mrad, theta = paths.tx_mrad[k], paths.rx_mrad[k], paths.theta[k]
        tx_index, rx_index = paths.tx_index[k], paths.rx_index[k]
        possible = loss >= least_ducting_db(
            total, paths.log_distance[k], tx_mrad, rx_mrad, paths.horizons_km[k], tx_index > 0, wave,
            radius, floor,
        )
        if possible and tx_index > 0:
            possible = loss >= shielded_ducting_db(
                total, tx_mrad, rx_mrad, d[tx_index], total - d[rx_index], wave, radius, floor
            )
        if possible:
            ground = grounds[k]
            ducting = ducting_of(
                k, total, samples[k], ground, tx, ground + rx_height, paths, d, h,
                slope, block, climate, wave, radius,
            )
            bounded = terms.at_least(ducting, los)
            if bounded <= loss:
                loss = bounded + (loss - bounded) * terms.interpolation_by_distance(total)
                changed = True
        if changed:
            loss += (minimum - loss) * terms.interpolation_by_angle(theta)
        scatter = terms.troposcatter_db(wave.scatter_db, paths.log_distance[k], theta)
        if abs(scatter - loss) < NEGLIGIBLE_DB:
            loss = terms.power_sum_db(scatter, loss)
        else:
            loss = min(scatter, loss)
        out[k] = max(los, loss + wave.location_db)
