"""Receivers along one ray: the geometry of each path from a few queries, shared by all frequencies.

Every quantity here is free of frequency: diffraction parameters are those at a wavelength of 1 m and are
divided by sqrt(lambda) later. Equation numbers are those of Recommendation ITU-R P.1812-7.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio import p1812_terms as terms
from phusong.coverage.radio.jit import (
    array_kernel,
    fast_array_kernel,
    fast_kernel,
    inlined_kernel,
    kernel,
)
from phusong.coverage.radio.sweep_ray import (
    BLOCK,
    Curve,
    Floats,
    Ints,
    Places,
    Prefix,
    Ray,
    Stretches,
    close_stretch,
    tangent,
)

Flags = NDArray[np.uint8]


class Receivers(NamedTuple):
    """Cells of one ray: grid position, distance, ground height, number of samples before them."""

    row: Ints
    col: Ints
    total: Floats
    ground: Floats
    samples: Places


class Bends(NamedTuple):
    """Diffraction over an earth of one radius: parameters at 1 m of the real and the smooth profile.

    ``share`` is the clearance over smooth earth over the one free of loss at 1 m (0 beyond the
    horizon, infinite where no wavelength in use touches the earth); ``radius`` the one to use in the
    first term.
    """

    nu: Floats
    nu_smooth: Floats
    share: Floats
    radius: Floats


class Paths(NamedTuple):
    """What the losses of a path need besides its diffraction."""

    tx_over: Floats
    rx_over: Floats
    log_distance: Floats
    log_free: Floats
    theta: Floats
    tx_mrad: Floats
    rx_mrad: Floats
    tx_index: Places
    rx_index: Places
    horizons_km: Floats
    fit_tx: Floats
    fit_rx: Floats
    land: Floats
    inland: Floats
    sea: Floats
    tx_coast: Floats
    rx_coast: Floats
    beta0: Floats
    beta: Floats


@kernel
def new_receivers(n: int) -> Receivers:
    """Make room for ``n`` receivers."""
    return Receivers(
        np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n), np.zeros(n), np.zeros(n, np.uint32)
    )


@kernel
def new_bends(n: int) -> Bends:
    """Make room for ``n`` receivers."""
    return Bends(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n))


@kernel
def new_paths(n: int, total: Floats, has_zones: bool) -> Paths:
    """Make room for ``n`` receivers at distances ``total``.

    Without zones all is inland and far from the sea, for all rays alike: the stretches of land are the
    paths themselves.
    """
    land = np.zeros(n) if has_zones else total
    inland = np.zeros(n) if has_zones else total
    far = np.full(n, terms.FAR_FROM_COAST_KM)
    return Paths(
        np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n),
        np.zeros(n, np.uint32), np.zeros(n, np.uint32), np.zeros(n), np.zeros(n), np.zeros(n), land, inland,
        np.zeros(n), far, far.copy(), np.zeros(n), np.zeros(n),
    )


@inlined_kernel
def milliradians(slope: float) -> float:
    """Angle in mrad of a slope in m/km; the series is exact to the last digit for gentle slopes."""
    x = 0.001 * slope
    if abs(x) > 0.1:
        return 1000.0 * math.atan(x)
    y = x * x
    series = 1.0 / 13.0
    series = 1.0 / 11.0 - y * series
    series = 1.0 / 9.0 - y * series
    series = 1.0 / 7.0 - y * series
    series = 1.0 / 5.0 - y * series
    series = 1.0 / 3.0 - y * series
    return slope * (1.0 - y * series)


@inlined_kernel
def slant_db(slope: float) -> float:
    """Free-space loss that a path of this slope adds to its length on the map, 10 log10(1 + slope^2)."""
    x = slope * slope
    if x > 0.01:
        return terms.TEN_OVER_LN10 * math.log(1.0 + x)
    return terms.TEN_OVER_LN10 * x * (1.0 - x * (0.5 - x * (1.0 / 3.0 - x * (0.25 - x * 0.2))))


@inlined_kernel
def clear_nu(
    slope: Floats, block: Floats, d: Floats, m: int, total: float, aim: float, floor: float, guess: int
) -> tuple[float, int]:
    """Largest diffraction parameter of a path that nothing obstructs, and its sample; eq. (15).

    ``aim`` is the slope to the receiver less the earth's rise; the parameter of sample i is
    -(aim - slope_i) sqrt(d_i / (D - d_i)) times a factor of D, and grows with the slope of a block. The
    last block may hold samples beyond the receiver, which may rise above the aim. A good ``guess``, the
    sample of the receiver before, leaves few blocks to look into. Below ``floor`` the answer is -inf.
    """
    scale = 0.002 * total
    best = floor * floor / scale
    place = 0
    if guess > 0:
        i = min(guess, m)
        gap = aim - slope[i]
        if gap * gap * d[i] < best * (total - d[i]):
            best = gap * gap * d[i] / (total - d[i])
            place = i
    for b in range(m // BLOCK + 1):
        gap = max(aim - block[b], 0.0)
        start = d[max(b * BLOCK, 1)]
        if gap * gap * start < best * (total - start):
            for i in range(max(b * BLOCK, 1), min(b * BLOCK + BLOCK, m + 1)):
                gap = aim - slope[i]
                if gap * gap * d[i] < best * (total - d[i]):
                    best = gap * gap * d[i] / (total - d[i])
                    place = i
    return (-math.sqrt(best * scale) if place > 0 else -math.inf), place


@inlined_kernel
def edge_nu(
    q: Floats, parent: Places, slopes: Floats, highest: Floats, block: Floats, d: Floats, m: np.uint32,
    total: float, tx: float, rx: float, curvature: float, floor: float, known: np.uint32, guess: int,
) -> tuple[float, int]:
    """Parameter of the Bullington point of the first ``m`` samples and a receiver; eqs. (13-20).

    ``known`` is the sample that the receiver sees highest, or 0; ``guess`` one that may come nearest to
    a clear path. Returns the parameter and the next guess.
    """
    slope = (rx - tx) / total
    rise = curvature * total
    from_tx = highest[m] + rise
    if from_tx < slope:
        return clear_nu(slopes, block, d, int(m), total, slope - rise, floor, guess)
    level = rx - rise * total
    k = known
    if k == 0:
        k = tangent(q, parent, d, m, total, level)
    from_rx = (q[k] - level) / (total - d[k]) - rise
    point = (rx - tx + from_rx * total) / (from_tx + from_rx)
    return (from_tx - slope) * point * math.sqrt(0.002 * total / (point * (total - point))), guess


@fast_kernel
def _smooth_excess(d: float, total: float, tx: float, rx: float, curvature: float) -> float:
    """Diffraction parameter at 1 m of sea level at ``d`` under a path of heights ``tx`` and ``rx``."""
    left = total - d
    across = d * left
    return (curvature * across - (tx * left + rx * d) / total) * math.sqrt(0.002 * total / across)


@fast_kernel
def _touching_point(total: float, tx: float, rx: float, curvature: float, start: float) -> float:
    """Distance at which smooth earth comes nearest to obstructing a line of sight.

    With w = (D - d) / d the derivative of the diffraction parameter is zero where
    P w (1 - w) + (S - Q w) (1 + w)^2 = 0, P = curvature D, Q = tx / D, S = rx / D: Newton's steps from
    the distance ``start``.
    """
    p, q, s = curvature * total, tx / total, rx / total
    w = (total - start) / start
    for _ in range(8):
        u = 1.0 + w
        value = p * w * (1.0 - w) + (s - q * w) * u * u
        slope = p * (1.0 - 2.0 * w) + u * (2.0 * (s - q * w) - q * u)
        change = value / slope
        w = min(max(w - change, 0.1 * w), 10.0 * w)
        if abs(change) < 1e-3 * w:
            break
    return total / (1.0 + w)


@fast_kernel
def smooth_nu(
    step: float, m: int, total: float, tx: float, rx: float, curvature: float, start: float
) -> float:
    """Parameter of the Bullington point of a profile of zero heights at samples 1 to ``m``.

    Both slopes and the line-of-sight parameter have one maximum over the distance, so the best sample
    is next to the place that calculus gives; climbing makes sure of it. ``start`` is a distance near
    which the earth comes nearest to a line of sight.
    """
    slope = (rx - tx) / total
    k = min(max(int(math.sqrt(tx / curvature) / step), 1), m)
    from_tx = curvature * (total - k * step) - tx / (k * step)
    if k < m:
        from_tx = max(from_tx, curvature * (total - (k + 1) * step) - tx / ((k + 1) * step))
    if from_tx >= slope:
        k = min(max(int((total - math.sqrt(rx / curvature)) / step), 1), m)
        from_rx = curvature * k * step - rx / (total - k * step)
        if k < m:
            from_rx = max(from_rx, curvature * (k + 1) * step - rx / (total - (k + 1) * step))
        point = (rx - tx + from_rx * total) / (from_tx + from_rx)
        return (from_tx - slope) * point * math.sqrt(0.002 * total / (point * (total - point)))
    k = min(max(int(_touching_point(total, tx, rx, curvature, start) / step), 1), m)
    best = _smooth_excess(k * step, total, tx, rx, curvature)
    start = k
    while k < m:
        other = _smooth_excess((k + 1) * step, total, tx, rx, curvature)
        if other <= best:
            break
        best = other
        k += 1
    while k > 1 and k <= start:
        other = _smooth_excess((k - 1) * step, total, tx, rx, curvature)
        if other <= best:
            break
        best = other
        k -= 1
    return best


@inlined_kernel
def surely_clear(total: float, tx: float, rx: float, radius: float, root_wavelength: float) -> bool:
    """Tell cheaply that smooth earth costs nothing; True is certain, False is not.

    At the share x of the distance, with t = sqrt((1 - x) / x), the clearance is free of loss if
    tx t + rx / t >= N + A t / (1 + t^2), A = 500 D^2 / a, N = 17.456 sqrt(lambda D). The last term is at
    most A / 2 and at most A t, so that 2 sqrt(tx rx) >= N + A / 2 suffices everywhere, and so does
    2 sqrt((tx - A) rx) >= N; the ends may be exchanged. Greater heights only help.

    Where that is not enough the place of eq. (24) is held between two bounds: the cubic of `clear_share`
    is convex there, so that a tangent from below (Newton) and the chord to c enclose its root. The
    clearance is convex too, so its tangent at the lower bound is never above it.
    """
    bulge = 500.0 * total * total / radius
    need = 17.456 * root_wavelength * math.sqrt(total)
    high, low = max(tx, rx), min(tx, rx)
    whole = need + 0.5 * bulge
    return 4.0 * (high - bulge) * low >= need * need or 4.0 * high * low >= whole * whole


@inlined_kernel
def clear_share(total: float, tx: float, rx: float, radius: float) -> tuple[float, float]:
    """Smallest clearance over smooth earth as a share of the one free of loss at 1 m; eqs. (23-25).

    Returns the share and the place.

    The place of eq. (24) is the middle root of m b^3 - (m + 1) b + c = 0, to which Newton's steps from 0
    come without overshooting: quicker than by its cosines.
    """
    height = tx + rx
    c = (tx - rx) / height
    m = 250.0 * total * total / (radius * height)
    b = c / (m + 1.0)
    for _ in range(60):
        square = m * b * b
        step = (c + (square - m - 1.0) * b) / (3.0 * square - m - 1.0)
        b -= step
        if abs(step) < 1e-7:
            break
    near, far = 0.5 * total * (1.0 + b), 0.5 * total * (1.0 - b)
    across = near * far / total
    clearance = tx * far / total + rx * near / total - 500.0 * across * total / radius
    return clearance / (17.456 * math.sqrt(across)), near


@inlined_kernel
def bend_smooth(
    step: float, m: int, total: float, tx: float, rx: float, radius: float, root_wavelength: float
) -> tuple[float, float, float]:
    """Share, radius and parameter of `Bends` for smooth earth; sections 4.3.2 and 4.3.4."""
    share, effective, start = 0.0, radius, 0.5 * total
    if total < terms.line_of_sight_km(tx, rx, radius):
        share, start = clear_share(total, tx, rx, radius)
        if share > root_wavelength:
            return math.inf, radius, 0.0
        effective = terms.marginal_radius_km(total, tx, rx)
    return share, effective, smooth_nu(step, m, total, tx, rx, 500.0 / radius, start)


@inlined_kernel
def find_heights(
    d: Floats, h: Floats, parent: Places, highest: float, m: np.uint32, total: float, ground: float,
    tx: float, rx: float, fit_tx: float, fit_rx: float,
) -> tuple[float, float]:
    """Heights over the smooth surface for diffraction where the ground obstructs; eqs. (87-89).

    ``highest`` is the largest slope from the antenna to the flat ground of the first ``m`` samples. What
    stands highest over a flat earth is on the hull over a curved one too, ``parent``: bending lowers a
    chord less than what lies between its ends.
    """
    slope = (rx - tx) / total
    from_tx = highest - slope
    rise, run = h[m] - rx, total - d[m]
    top = h[m] - slope * d[m]
    p = parent[m]
    while p > 0:
        other_rise, other_run = h[p] - rx, total - d[p]
        if other_rise * run > rise * other_run:
            rise, run = other_rise, other_run
        top = max(top, h[p] - slope * d[p])
        p = parent[p]
    from_rx = rise / run + slope
    share = (top - tx) / (from_tx + from_rx)
    return (
        tx - min(fit_tx - share * from_tx, h[0]),
        rx - min(fit_rx - share * from_rx, ground),
    )


@array_kernel
def trace_zones(count: int, cells: Receivers, zones: Flags, paths: Paths, ray: Ray, run: Stretches) -> None:
    """Fill in stretches of land, share of sea and distance to it of the ``count`` receivers of a ray."""
    d = ray.d
    for k in range(count):
        total, m, zone = cells.total[k], cells.samples[k], zones[k]
        border = 0.5 * (d[m] + total)
        last = ray.zone[m]
        paths.land[k] = close_stretch(
            run.land_best[m], run.land_start[m], zone != terms.ZONE_SEA, border, total
        )
        paths.inland[k] = close_stretch(
            run.inland_best[m], run.inland_start[m], zone == terms.ZONE_INLAND, border, total
        )
        sea = run.sea[m]
        if last == terms.ZONE_SEA:
            sea += border - d[m]
        if zone == terms.ZONE_SEA:
            sea += total - border
        paths.sea[k] = sea / total
        first, shore = run.sea_first[m], run.sea_last[m]
        if zone == terms.ZONE_SEA:
            shore = total
            if first < 0.0:
                first = border
        elif last == terms.ZONE_SEA:
            shore = border
        paths.tx_coast[k] = first if first >= 0.0 else terms.FAR_FROM_COAST_KM
        paths.rx_coast[k] = total - shore if first >= 0.0 else terms.FAR_FROM_COAST_KM


@fast_array_kernel
def find_roughness(
    d: Floats, h: Floats, total: float, tx_index: int, rx_index: int, duct_tx: float, duct_rx: float
) -> float:
    """Largest height of the ground over the smooth surface between the horizons; eq. (93)."""
    slope = (duct_rx - duct_tx) / total
    best = a = b = c = -math.inf
    i = tx_index
    while i + 3 <= rx_index:
        best = max(best, h[i] - (duct_tx + slope * d[i]))
        a = max(a, h[i + 1] - (duct_tx + slope * d[i + 1]))
        b = max(b, h[i + 2] - (duct_tx + slope * d[i + 2]))
        c = max(c, h[i + 3] - (duct_tx + slope * d[i + 3]))
        i += 4
    while i <= rx_index:
        best = max(best, h[i] - (duct_tx + slope * d[i]))
        i += 1
    return max(max(best, a), max(b, c))


@fast_array_kernel
def trace_paths(
    count: int, cells: Receivers, paths: Paths, median: Bends, rare: Bends, ray: Ray, prefix: Prefix,
    curve: Curve, rare_curve: Curve, tx_height: float, rx_height: float, radius: float, rare_radius: float,
    root_wavelength: float, with_rare: bool, bare_surface: bool,
) -> None:
    """Answer the ``count`` receivers of a ray for one transmitter height.

    ``bare_surface`` tells that there is no clutter, so that horizon and Bullington point agree.
    ``root_wavelength`` is the square root of the longest wavelength in use; ``with_rare`` asks for the
    earth radius of beta0 per cent too.
    """
    d, h, q_bare, bare, v1, v2 = ray.d, ray.ground, ray.q_bare, ray.bare, ray.v1, ray.v2
    q, parent, slopes, highest, block = curve.q, curve.parent, curve.slope, curve.highest, curve.block
    high_flat, high_bent, high_place = prefix.flat, prefix.bent, prefix.place
    totals, grounds, samples = cells.total, cells.ground, cells.samples
    tx = h[0] + tx_height
    curvature = 500.0 / radius
    floor = terms.NU_NO_LOSS * root_wavelength
    guess = 0
    for k in range(count):
        total, ground, m = totals[k], grounds[k], samples[k]
        rx = ground + rx_height
        slope = (rx - tx) / total
        drop = curvature * total

        bent = high_bent[m]
        known = np.uint32(0)
        tx_index, rx_index, horizons = np.uint32(0), np.uint32(0), total
        tx_angle, rx_angle = slope - drop, -slope - drop
        if bent > tx_angle:
            level = rx - drop * total
            rx_index = tangent(q_bare, bare, d, m, total, level)
            tx_angle = bent
            rx_angle = (q_bare[rx_index] - level) / (total - d[rx_index]) - 2.0 * drop
            tx_index = high_place[m]
            horizons = d[tx_index] + total - d[rx_index]
            if bare_surface:
                known = rx_index
        tx_angle, rx_angle = milliradians(tx_angle), milliradians(rx_angle)
        paths.tx_mrad[k], paths.rx_mrad[k] = tx_angle, rx_angle
        paths.tx_index[k], paths.rx_index[k] = tx_index, rx_index
        paths.horizons_km[k] = horizons
        paths.theta[k] = 1000.0 * total / radius + tx_angle + rx_angle
        paths.beta[k] = -1.0

        gap, before, last = total - d[m], d[m], h[m]
        sum1 = v1[m] + gap * (ground + last)
        sum2 = v2[m] + gap * (ground * (2.0 * total + before) + last * (total + 2.0 * before))
        fit_tx = (2.0 * sum1 * total - sum2) / (total * total)
        fit_rx = (sum2 - sum1 * total) / (total * total)
        paths.fit_tx[k], paths.fit_rx[k] = fit_tx, fit_rx
        tx_over, rx_over = tx - min(fit_tx, h[0]), rx - min(fit_rx, ground)
        clear = surely_clear(total, tx_over, rx_over, radius, root_wavelength)
        clear_rare = not with_rare or surely_clear(total, tx_over, rx_over, rare_radius, root_wavelength)
        if high_flat[m] > slope and not (clear and clear_rare):
            tx_over, rx_over = find_heights(
                d, h, bare, high_flat[m], m, total, ground, tx, rx, fit_tx, fit_rx
            )
            clear = surely_clear(total, tx_over, rx_over, radius, root_wavelength)
        paths.tx_over[k], paths.rx_over[k] = tx_over, rx_over

        nu, guess = edge_nu(
            q, parent, slopes, highest, block, d, m, total, tx, rx, curvature, floor, known, guess
        )
        median.nu[k] = nu
        share, effective, nu_smooth = math.inf, radius, 0.0
        if not clear:
            share, effective, nu_smooth = bend_smooth(
                d[1], m, total, tx_over, rx_over, radius, root_wavelength
            )
        median.share[k], median.radius[k], median.nu_smooth[k] = share, effective, nu_smooth
        log_distance = math.log10(total)
        paths.log_distance[k] = log_distance
        paths.log_free[k] = 20.0 * log_distance + slant_db(0.001 * slope)
    if with_rare:
        trace_rare(
            count, cells, paths, rare, d, rare_curve.q, rare_curve.parent, rare_curve.slope,
            rare_curve.highest, rare_curve.block, tx, rx_height, rare_radius, root_wavelength,
        )


@fast_array_kernel
def trace_rare(
    count: int, cells: Receivers, paths: Paths, rare: Bends, d: Floats, q: Floats, parent: Places,
    slopes: Floats, highest: Floats, block: Floats, tx: float, rx_height: float, radius: float,
    root_wavelength: float,
) -> None:
    """Fill in ``rare``, the diffraction over the earth radius of beta0 per cent of the time."""
    curvature = 500.0 / radius
    floor = terms.NU_NO_LOSS * root_wavelength
    guess = 0
    for k in range(count):
        total, m = cells.total[k], cells.samples[k]
        rx = cells.ground[k] + rx_height
        tx_over, rx_over = paths.tx_over[k], paths.rx_over[k]
        nu, guess = edge_nu(
            q, parent, slopes, highest, block, d, m, total, tx, rx, curvature, floor, np.uint32(0), guess
        )
        rare.nu[k] = nu
        share, effective, nu_smooth = math.inf, radius, 0.0
        if not surely_clear(total, tx_over, rx_over, radius, root_wavelength):
            share, effective, nu_smooth = bend_smooth(
                d[1], m, total, tx_over, rx_over, radius, root_wavelength
            )
        rare.share[k], rare.radius[k], rare.nu_smooth[k] = share, effective, nu_smooth
