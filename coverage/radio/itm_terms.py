"""Attenuation terms of the Irregular Terrain Model: the reference attenuation of one path.

Written from the published algorithm; the ITS Irregular Terrain Model was developed by the U.S.
National Telecommunications and Information Administration (NTIA), Institute for Telecommunication
Sciences, whose work is gratefully acknowledged.

Sources
-------
[H] G. A. Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the algorithm", NTIA/ITS, 1995.
[L] A. G. Longley and P. L. Rice, "Prediction of tropospheric radio transmission loss over irregular
    terrain", ESSA Technical Report ERL 79-ITS 67, 1968.
[T] P. L. Rice et al., "Transmission loss predictions for tropospheric communication circuits",
    NBS Technical Note 101, 1967.
[V] L. E. Vogler, "Smooth earth diffraction calculations for horizontal polarization", NBS, 1964.

All functions take scalars in SI units (frequency in MHz) and are compiled by numba.
"""

from __future__ import annotations

import math

import numpy as np

from phusong.coverage.radio.jit import kernel

EARTH_CURVATURE_PER_M = 157e-9
"""Curvature of the earth, 1 / 6370 km [H, section 3]."""

EARTH_RADIUS_M = 6370e3

WAVE_NUMBER_DIVISOR = 47.7
"""Wave number in 1/m is the frequency in MHz over 47.7 [H, 1.1]."""

MODE_LINE_OF_SIGHT, MODE_DIFFRACTION, MODE_TROPOSCATTER = 1, 2, 3

WARN_TX_HEIGHT = 0x0001
WARN_RX_HEIGHT = 0x0002
WARN_FREQUENCY = 0x0004
WARN_DISTANCE_LARGE = 0x0008
WARN_DISTANCE_VERY_LARGE = 0x0010
WARN_DISTANCE_SMALL = 0x0020
WARN_DISTANCE_VERY_SMALL = 0x0040
WARN_TX_HORIZON_ANGLE = 0x0080
WARN_RX_HORIZON_ANGLE = 0x0100
WARN_TX_HORIZON_NEAR = 0x0200
WARN_RX_HORIZON_NEAR = 0x0400
WARN_TX_HORIZON_FAR = 0x0800
WARN_RX_HORIZON_FAR = 0x1000
WARN_EXTREME_VARIABILITY = 0x2000
WARN_REFRACTIVITY = 0x4000

SUCCESS, SUCCESS_WITH_WARNINGS = 0, 1
ERROR_GROUND_IMPEDANCE = 1013
ERROR_EFFECTIVE_EARTH = 1016
ERROR_REFRACTIVITY_SMALL = 1021
ERROR_REFRACTIVITY_LARGE = 1022


@kernel
def cube_root(x: float) -> float:
    """Return the cube root, in half the time of the library's and to a few units of the last place."""
    root = math.exp(math.log(abs(x)) / 3.0)
    return -root if x < 0.0 else root


@kernel
def free_space_loss_db(distance_m: float, frequency_mhz: float) -> float:
    """Free-space basic transmission loss; 32.45 + 20 log10(f MHz) + 20 log10(d km)."""
    return 32.45 + 20.0 * math.log10(frequency_mhz) + 20.0 * math.log10(distance_m / 1000.0)


@kernel
def surface_refractivity(n0: float, mean_height_m: float) -> float:
    """Refractivity at the mean height of the path, N-units [T, 4.3]."""
    return n0 * math.exp(-mean_height_m / 9460.0)


@kernel
def effective_curvature(n_s: float) -> float:
    """Curvature of the effective earth in 1/m [T, 4.4; H, 3.3]."""
    return EARTH_CURVATURE_PER_M * (1.0 - 0.04665 * math.exp(n_s / 179.3))


@kernel
def ground_impedance(frequency_mhz: float, vertical: bool, epsilon: float, sigma: float) -> complex:
    """Transfer impedance of the ground relative to free space [H, 3.4-3.6]."""
    permittivity = complex(epsilon, 18000.0 * sigma / frequency_mhz)
    root: complex = np.sqrt(permittivity - 1.0)
    return root / permittivity if vertical else root


@kernel
def roughness_at(distance_m: float, delta_h_m: float) -> float:
    """Terrain irregularity of a path of that length from its asymptotic value [L, 3; H, 3.9]."""
    return delta_h_m * (1.0 - 0.8 * math.exp(-distance_m / 50e3))


@kernel
def height_deviation(roughness_m: float) -> float:
    """Return the standard deviation of the terrain in the first Fresnel zone [L, 3.6a; H, 3.10]."""
    return 0.78 * roughness_m * math.exp(-0.5 * math.sqrt(math.sqrt(roughness_m)))


@kernel
def knife_edge_db(v_squared: float) -> float:
    """Loss over one ideal knife edge of parameter v, given v squared [L, 3.27; H, 6.1]."""
    if v_squared < 5.76:
        return 6.02 + 9.11 * math.sqrt(v_squared) - 1.27 * v_squared
    return 12.953 + 10.0 * math.log10(v_squared)


@kernel
def smooth_height_gain_db(x: float, k: float) -> float:
    """Height gain over a smooth spherical earth, F(x, K) [V; H, 6.4-6.6]."""
    if x < 200.0:
        w = -math.log(k)
        if k < 1e-5 or x * w * w * w > 5495.0:
            return 17.372 * math.log(x) - 117.0 if x > 1.0 else -117.0
        return 2.5e-5 * x * x / k - 8.686 * w - 15.0
    far = 0.05751 * x - 4.343 * math.log(x)
    if x >= 2000.0:
        return far
    weight = 0.0134 * x * math.exp(-0.005 * x)
    return (1.0 - weight) * far + weight * (17.372 * math.log(x) - 117.0)


@kernel
def diffraction_line(
    f: float, z_abs: float, radius_m: float, theta_los: float, d_sml: float, delta_h: float,
    h_tx: float, h_rx: float, he_tx: float, he_rx: float, dl_tx: float, dl_rx: float, area: bool,
) -> tuple[float, float]:
    """Slope (dB/m) and intercept (dB) of the attenuation beyond the horizon [H, 4.2; L, 3.23-3.38].

    The line goes through the attenuations at two distances well beyond the horizons; each is a
    weighted mean of the double knife edge and of the smooth earth with three radii.
    """
    d_l = dl_tx + dl_rx
    step = cube_root(radius_m * radius_m / f)
    d_first = max(d_sml, d_l + 5.0 * step)
    d_second = d_first + 10.0 * step
    wave = f / WAVE_NUMBER_DIVISOR
    cube_f = cube_root(f)

    # What belongs to the terminals does not depend on the distance.
    scale = 4.0 / 3.0 * EARTH_RADIUS_M
    c_tx = cube_root(scale / (0.5 * dl_tx * dl_tx / he_tx))
    c_rx = cube_root(scale / (0.5 * dl_rx * dl_rx / he_rx))
    k_unit = 0.017778 / (cube_f * z_abs)
    k_tx, k_rx = k_unit * c_tx, k_unit * c_rx
    x_tx = (1.607 - k_tx) * c_tx * c_tx * cube_f * dl_tx / 1000.0
    x_rx = (1.607 - k_rx) * c_rx * c_rx * cube_f * dl_rx / 1000.0
    gain = smooth_height_gain_db(x_tx, k_tx) + smooth_height_gain_db(x_rx, k_rx)

    deviation = height_deviation(roughness_at(d_sml, delta_h))
    clutter = min(15.0, 5.0 * math.log10(1.0 + 1e-5 * h_tx * h_rx * f * deviation))
    product = h_tx * h_rx
    surplus = he_tx * he_rx - product
    if not area:
        product += 10.0
    height_term = math.sqrt(1.0 + surplus / product)

    loss_first = loss_second = 0.0
    for turn in range(2):
        d = d_first if turn == 0 else d_second
        theta = d / radius_m - theta_los
        beyond = d - d_l
        v_unit = 0.0795775 * wave * theta * theta * beyond
        edges = knife_edge_db(v_unit * dl_tx / (beyond + dl_tx)) + knife_edge_db(
            v_unit * dl_rx / (beyond + dl_rx)
        )
        middle = beyond / theta
        c_mid = cube_root(scale / middle)
        k_mid = k_unit * c_mid
        x = (1.607 - k_mid) * c_mid * c_mid * cube_f * middle * theta / 1000.0 + x_tx + x_rx
        smooth = 0.05751 * x - 10.0 * math.log10(x) - gain - 20.0
        q = (height_term + (d_l - theta_los * radius_m) / d) * min(roughness_at(d, delta_h) * wave, 6283.2)
        weight = 25.1 / (25.1 + math.sqrt(q))
        loss = weight * smooth + (1.0 - weight) * edges + clutter
        if turn == 0:
            loss_first = loss
        else:
            loss_second = loss
    slope = (loss_second - loss_first) / (d_second - d_first)
    return slope, loss_first - slope * d_first


@kernel
def line_of_sight_db(
    d: float, f: float, z_g: complex, he_tx: float, he_rx: float, delta_h: float, d_sml: float,
    slope: float, intercept: float,
) -> float:
    """Attenuation within sight: two rays and extended diffraction, weighted [H, 4.46-4.50]."""
    wave = f / WAVE_NUMBER_DIVISOR
    heights = he_tx + he_rx
    sine = heights / math.sqrt(d * d + heights * heights)
    deviation = height_deviation(roughness_at(d, delta_h))
    reflection = (sine - z_g) / (sine + z_g) * math.exp(-min(10.0, wave * deviation * sine))
    power = reflection.real * reflection.real + reflection.imag * reflection.imag
    if power < 0.25 or power < sine:
        reflection = reflection * math.sqrt(sine / power)
    phase = wave * 2.0 * he_tx * he_rx / d
    half_pi = math.pi / 2.0
    if phase > half_pi:
        phase = math.pi - half_pi * half_pi / phase
    real = math.cos(phase) + reflection.real
    imag = reflection.imag - math.sin(phase)
    two_ray = -10.0 * math.log10(real * real + imag * imag)
    weight = 1.0 / (1.0 + f * delta_h / max(10e3, d_sml))
    return weight * two_ray + (1.0 - weight) * (slope * d + intercept)


@kernel
def _frequency_gain_curve_db(j: int, r: float) -> float:
    # [H, 6.13]; the five curves of eta = 1 ... 5
    a = (25.0, 80.0, 177.0, 395.0, 705.0)[j]
    b = (24.0, 45.0, 68.0, 80.0, 105.0)[j]
    inverse = 1.0 / (r * r)
    return 10.0 * math.log10(1.0 + (a * inverse + b) * inverse)


@kernel
def _frequency_gain_db(r: float, eta: float) -> float:
    eta = min(max(eta, 1.0), 5.0)
    i = int(eta)
    part = eta - i
    value = _frequency_gain_curve_db(i - 1, r)
    if part != 0.0:
        value = (1.0 - part) * value + part * _frequency_gain_curve_db(i, r)
    return value


@kernel
def _scatter_function_db(theta_d: float) -> float:
    # F(theta d) [H, 6.9]
    if theta_d <= 10e3:
        return 133.4 + 0.332e-3 * theta_d - 10.0 * math.log10(theta_d)
    if theta_d <= 70e3:
        return 104.6 + 0.212e-3 * theta_d - 2.5 * math.log10(theta_d)
    return 71.8 + 0.157e-3 * theta_d + 5.0 * math.log10(theta_d)


@kernel
def troposcatter_db(
    d: float, f: float, n_s: float, radius_m: float, theta_los: float, theta_sum: float,
    he_tx: float, he_rx: float, dl_tx: float, dl_rx: float, h0: float,
) -> tuple[float, float]:
    """Scatter attenuation and the frequency gain H0 it used [H, 4.60-4.67; T, 9.1-9.5].

    ``h0`` is negative on the first call; a value above 15 dB of the first call (the farther
    distance) is kept for the second. Where both r are below 0.2 scatter is not defined: 1001 dB.
    """
    wave = f / WAVE_NUMBER_DIVISOR
    if h0 > 15.0:
        gain = h0
    else:
        asymmetry = dl_tx - dl_rx
        ratio = he_rx / he_tx
        if asymmetry < 0.0:
            asymmetry = -asymmetry
            ratio = 1.0 / ratio
        theta = theta_sum + d / radius_m
        r_tx, r_rx = 2.0 * wave * theta * he_tx, 2.0 * wave * theta * he_rx
        if r_tx < 0.2 and r_rx < 0.2:
            return 1001.0, h0
        s = (d - asymmetry) / (d + asymmetry)
        q = min(max(0.1, ratio / s), 10.0)
        s = max(0.1, s)
        crossing = (d - asymmetry) * (d + asymmetry) * theta * 0.25 / d
        sixth = min(1.7, crossing / 8.0e3) ** 6
        eta = crossing / 1.7556e3 * (
            1.0 + (0.031 - n_s * 2.32e-3 + n_s * n_s * 5.67e-6) * math.exp(-sixth)
        )
        plain = 0.5 * (_frequency_gain_db(r_tx, eta) + _frequency_gain_db(r_rx, eta))
        correction = min(plain, 6.0 * (0.6 - math.log10(max(eta, 1.0))) * math.log10(s) * math.log10(q))
        gain = max(plain + correction, 0.0)
        if eta < 1.0:
            root2 = math.sqrt(2.0)
            pair = (1.0 + root2 / r_tx) * (1.0 + root2 / r_rx)
            gain = eta * gain + (1.0 - eta) * 10.0 * math.log10(
                pair * pair * (r_tx + r_rx) / (r_tx + r_rx + 2.0 * root2)
            )
        if gain > 15.0 and h0 >= 0.0:
            gain = h0
    theta = d / radius_m - theta_los
    loss = (
        _scatter_function_db(theta * d)
        + 10.0 * math.log10(wave * WAVE_NUMBER_DIVISOR * theta**4)
        - 0.1 * (n_s - 301.0) * math.exp(-theta * d / 40e3)
        + gain
    )
    return loss, gain


@kernel
def _within_sight_db(
    d: float, f: float, z_g: complex, he_tx: float, he_rx: float, delta_h: float, d_l: float,
    d_sml: float, slope: float, intercept: float,
) -> float:
    # The curve a + k1 d + k2 ln d through the losses at d0, d1 and the smooth horizon [L, 3.16-3.21].
    loss_sml = d_sml * slope + intercept
    d0 = 0.04 * f * he_tx * he_rx
    if intercept >= 0.0:
        d0 = min(d0, 0.5 * d_l)
        d1 = d0 + 0.25 * (d_l - d0)
    else:
        d1 = max(-intercept / slope, 0.25 * d_l)
    loss1 = line_of_sight_db(d1, f, z_g, he_tx, he_rx, delta_h, d_sml, slope, intercept)
    k1 = k2 = 0.0
    found = False
    if d0 < d1:
        loss0 = line_of_sight_db(d0, f, z_g, he_tx, he_rx, delta_h, d_sml, slope, intercept)
        log_ratio = math.log(d_sml / d0)
        k2 = max(
            0.0,
            ((d_sml - d0) * (loss1 - loss0) - (d1 - d0) * (loss_sml - loss0))
            / ((d_sml - d0) * math.log(d1 / d0) - (d1 - d0) * log_ratio),
        )
        found = intercept > 0.0 or k2 > 0.0
        if found:
            k1 = (loss_sml - loss0 - k2 * log_ratio) / (d_sml - d0)
            if k1 < 0.0:
                k1 = 0.0
                k2 = max(loss_sml - loss0, 0.0) / log_ratio
                if k2 == 0.0:
                    k1 = slope
    if not found:
        k1 = max(loss_sml - loss1, 0.0) / (d_sml - d1)
        k2 = 0.0
        if k1 == 0.0:
            k1 = slope
    return loss_sml + k1 * (d - d_sml) + k2 * math.log(d / d_sml)


@kernel
def _beyond_horizon_db(
    d: float, f: float, n_s: float, radius_m: float, theta_los: float, theta_sum: float,
    he_tx: float, he_rx: float, dl_tx: float, dl_rx: float, d_sml: float, slope: float, intercept: float,
) -> tuple[float, int]:
    # The diffraction line, or the scatter line beyond where they cross [H, 4.2-4.3].
    d_l = dl_tx + dl_rx
    nearest = max(d_sml, d_l + 1.088 * cube_root(radius_m * radius_m / f) * math.log(f))
    if d <= nearest:
        # The crossing is not nearer than this, so scatter need not be known.
        return slope * d + intercept, MODE_DIFFRACTION
    d5 = d_l + 200e3
    loss6, h0 = troposcatter_db(
        d_l + 400e3, f, n_s, radius_m, theta_los, theta_sum, he_tx, he_rx, dl_tx, dl_rx, -1.0
    )
    loss5, h0 = troposcatter_db(d5, f, n_s, radius_m, theta_los, theta_sum, he_tx, he_rx, dl_tx, dl_rx, h0)
    if loss5 < 1000.0:
        scatter_slope = (loss6 - loss5) / 200e3
        crossing = max(nearest, (loss5 - intercept - scatter_slope * d5) / (slope - scatter_slope))
        if d > crossing:
            return scatter_slope * d + (slope - scatter_slope) * crossing + intercept, MODE_TROPOSCATTER
    elif d > 10e6:
        return slope * d + intercept, MODE_TROPOSCATTER
    return slope * d + intercept, MODE_DIFFRACTION


@kernel
def reference_attenuation(
    f: float, z_g: complex, n_s: float, curvature: float, d: float, delta_h: float,
    h_tx: float, h_rx: float, he_tx: float, he_rx: float, dl_tx: float, dl_rx: float,
    theta_tx: float, theta_rx: float, area: bool,
) -> tuple[int, int, int, float]:
    """Return code (0 or an error), warnings, mode and reference attenuation in dB [H, section 4].

    ``he`` effective heights, ``dl`` horizon distances in metres, ``theta`` horizon angles in
    radians. An error leaves mode 0 and NaN.
    """
    radius = 1.0 / curvature
    sight_tx = math.sqrt(2.0 * he_tx * radius)
    sight_rx = math.sqrt(2.0 * he_rx * radius)
    d_sml = sight_tx + sight_rx
    d_l = dl_tx + dl_rx
    theta_sum = theta_tx + theta_rx
    theta_los = -max(theta_sum, -d_l / radius)

    warnings = 0
    if abs(theta_tx) > 0.2:
        warnings |= WARN_TX_HORIZON_ANGLE
    if abs(theta_rx) > 0.2:
        warnings |= WARN_RX_HORIZON_ANGLE
    if dl_tx < 0.1 * sight_tx:
        warnings |= WARN_TX_HORIZON_NEAR
    if dl_rx < 0.1 * sight_rx:
        warnings |= WARN_RX_HORIZON_NEAR
    if dl_tx > 3.0 * sight_tx:
        warnings |= WARN_TX_HORIZON_FAR
    if dl_rx > 3.0 * sight_rx:
        warnings |= WARN_RX_HORIZON_FAR
    if n_s < 150.0:
        return ERROR_REFRACTIVITY_SMALL, warnings, 0, math.nan
    if n_s > 400.0:
        return ERROR_REFRACTIVITY_LARGE, warnings, 0, math.nan
    if n_s < 250.0:
        warnings |= WARN_REFRACTIVITY
    if radius < 4e6 or radius > 13333333.0:
        return ERROR_EFFECTIVE_EARTH, warnings, 0, math.nan
    if z_g.real <= abs(z_g.imag):
        return ERROR_GROUND_IMPEDANCE, warnings, 0, math.nan

    slope, intercept = diffraction_line(
        f, abs(z_g), radius, theta_los, d_sml, delta_h, h_tx, h_rx, he_tx, he_rx, dl_tx, dl_rx, area
    )
    if d < abs(he_tx - he_rx) / 0.2:
        warnings |= WARN_DISTANCE_SMALL
    if d < 1e3:
        warnings |= WARN_DISTANCE_VERY_SMALL
    if d > 1000e3:
        warnings |= WARN_DISTANCE_LARGE
    if d > 2000e3:
        warnings |= WARN_DISTANCE_VERY_LARGE
    if d < d_sml:
        loss = _within_sight_db(d, f, z_g, he_tx, he_rx, delta_h, d_l, d_sml, slope, intercept)
        mode = MODE_LINE_OF_SIGHT
    else:
        loss, mode = _beyond_horizon_db(
            d, f, n_s, radius, theta_los, theta_sum, he_tx, he_rx, dl_tx, dl_rx, d_sml, slope, intercept
        )
    # Steep horizons (warned of above) can leave no number; NTIA's program then reports no attenuation.
    return SUCCESS, warnings, mode, loss if loss > 0.0 else 0.0
