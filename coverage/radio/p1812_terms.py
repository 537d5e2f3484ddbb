"""Terms of Rec. ITU-R P.1812 that depend on a few numbers, not on a whole profile.

Source of every equation number: Recommendation ITU-R P.1812-7, "A path-specific propagation prediction
method for point-to-area terrestrial services in the frequency range 30 MHz to 6 000 MHz", ITU, 2023,
Annex 1 and its attachments. Distances are in km, heights in m, frequencies in GHz, angles in mrad and
losses in dB. Both the path by path computation (`p1812_path`) and the sweep (`sweep`) call these
functions, all compiled by numba.
"""

from __future__ import annotations

import math

from phusong.coverage.radio.jit import fast_kernel

EARTH_RADIUS_KM = 6371.0
"""Mean earth radius; sections 3.7 and 4.3."""

LIGHT_M_GHZ = 0.2998
"""Wavelength in m times frequency in GHz."""

K_BETA = 3.0
"""Effective earth radius factor exceeded for beta0 per cent of the time; section 3.7, eq. (7b)."""

FREE_SPACE_DB = 92.4
"""Free-space loss at 1 km and 1 GHz; eq. (8)."""

NU_NO_LOSS = -0.78
"""Diffraction parameter at and below which a knife edge costs nothing; eq. (12)."""

ZONE_SEA, ZONE_COAST, ZONE_INLAND = 1, 3, 4
"""Codes of the radio-climatic zones; section 3.3."""

FAR_FROM_COAST_KM = 500.0
"""Distance to the coast of a path without sea."""

HORIZONTAL, VERTICAL = 1, 2
"""Codes of the polarisation."""

TEN_OVER_LN10 = 10.0 / math.log(10.0)


@fast_kernel
def tail_of_normal(x: float) -> float:
    """Point that a standard normal variable exceeds with probability ``x``; attachment 2, eq. (96-97).

    Good to 0.00054 for 1e-6 <= x <= 1 - 1e-6; outside it the end's value is given.
    """
    x = min(max(x, 1e-6), 1.0 - 1e-6)
    t = math.sqrt(-2.0 * math.log(min(x, 1.0 - x)))
    c = ((0.010328 * t + 0.802853) * t + 2.515516698) / (
        ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    )
    return t - c if x <= 0.5 else c - t


@fast_kernel
def inland_ratio(inland_km: float) -> float:
    """Return tau, which tends to 1 over long inland stretches; eq. (3)."""
    return 1.0 - math.exp(-4.12e-4 * math.pow(inland_km, 2.41))


@fast_kernel
def ducting_incidence(latitude_deg: float, land_km: float, inland_km: float) -> float:
    """Return beta0: per cent of the time that the lowest 100 m refract more than 100 N/km; eqs. (2-5).

    ``land_km`` and ``inland_km`` are the longest unbroken stretches of land (inland and coastal) and of
    inland along the path.
    """
    latitude = abs(latitude_deg)
    tau = inland_ratio(inland_km)
    ten = math.log(10.0)
    fifth_power = math.exp(-ten * land_km / (16.0 - 6.6 * tau)) + math.exp(-ten * (2.48 + 1.77 * tau))
    log_mu1 = min(0.2 * math.log(fifth_power), 0.0)
    if latitude <= 70.0:
        return math.exp(ten * (1.67 - 0.015 * latitude) + log_mu1 * (0.065 + 0.0176 * latitude))
    return 4.17 * math.exp(1.3 * log_mu1)


@fast_kernel
def median_earth_radius_km(delta_n: float) -> float:
    """Median effective earth radius for a lapse of ``delta_n`` N-units/km; eqs. (6-7a)."""
    return EARTH_RADIUS_KM * 157.0 / (157.0 - delta_n)


@fast_kernel
def focusing_db(horizon_km: float, percent: float) -> float:
    """Multipath and focusing correction not exceeded for ``percent`` of the time; eqs. (9a-9b).

    ``horizon_km`` is the sum of both horizon distances.
    """
    return 2.6 * (1.0 - math.exp(-0.1 * horizon_km)) * math.log10(percent / 50.0)


@fast_kernel
def knife_edge_db(nu: float) -> float:
    """Loss of a single knife edge of diffraction parameter ``nu``; eq. (12)."""
    if nu <= NU_NO_LOSS:
        return 0.0
    x = nu - 0.1
    return 6.9 + 2.0 * TEN_OVER_LN10 * math.log(math.sqrt(x * x + 1.0) + x)


@fast_kernel
def bullington_db(nu: float, distance_km: float) -> float:
    """Bullington loss of a path whose edge has parameter ``nu``; eqs. (12) and (21)."""
    if nu <= NU_NO_LOSS:
        return 0.0
    edge = knife_edge_db(nu)
    return edge + (1.0 - math.exp(-edge / 6.0)) * (10.0 + 0.02 * distance_km)


@fast_kernel
def surface_admittance(frequency_ghz: float, sea: bool, polarisation: int) -> float:
    """Factor of the normalised surface admittance without the earth radius; eqs. (29a-29b).

    The admittance is this value over the cube root of the radius in km.
    """
    permittivity, conductivity = (80.0, 5.0) if sea else (22.0, 0.003)
    loss = 18.0 * conductivity / frequency_ghz
    k = 0.036 * math.pow(frequency_ghz, -1.0 / 3.0)
    k *= math.pow((permittivity - 1.0) ** 2 + loss * loss, -0.25)
    if polarisation == VERTICAL:
        k *= math.sqrt(permittivity * permittivity + loss * loss)
    return k


@fast_kernel
def _height_gain(b: float, k: float) -> tuple[float, float]:
    """Gain of a normalised height in dB, as a sum and a factor to take 20 log10 of; eqs. (34-35).

    Its floor, 2 + 20 log10(k), is 20 log10(1.2589 k).
    """
    if b > 2.0:
        # Above b = 2 the gain exceeds 9 dB, far over the floor of any real ground.
        root = math.sqrt(b - 1.1)
        return 17.6 * root - 8.0, 1.0 / math.sqrt(root)
    return 0.0, max(b + 0.1 * b * b * b, 1.2589254117941673 * k)


@fast_kernel
def first_term_over_db(
    admittance: float, cube_root: float, distance_km: float, tx_m: float, rx_m: float, radius_km: float
) -> float:
    """First term of the residue series over ground of one kind; eqs. (29-36).

    ``admittance`` comes from `surface_admittance`; ``cube_root`` is that of the frequency in GHz.
    Logarithms are gathered into one.
    """
    bend = math.pow(radius_km, -1.0 / 3.0)
    k = admittance * bend
    k2 = k * k
    beta = (1.0 + 1.6 * k2 + 0.67 * k2 * k2) / (1.0 + 4.5 * k2 + 1.53 * k2 * k2)
    x = 21.88 * beta * cube_root * bend * bend * distance_km
    y = 0.9575 * beta * beta * cube_root * cube_root * bend
    tx_db, tx_factor = _height_gain(y * tx_m, k)
    rx_db, rx_factor = _height_gain(y * rx_m, k)
    if x >= 1.6:
        gain_db, factor = 11.0 - 17.6 * x, math.sqrt(x)
    else:
        gain_db, factor = -5.6488 * math.pow(x, 1.425), 1.0 / x
    product = factor * tx_factor * rx_factor
    return -(gain_db + tx_db + rx_db) - 2.0 * TEN_OVER_LN10 * math.log(product)


@fast_kernel
def first_term_db(
    distance_km: float, tx_m: float, rx_m: float, radius_km: float, frequency_ghz: float,
    sea_share: float, polarisation: int,
) -> float:
    """First term of spherical-earth diffraction over land and sea, weighted by length; eq. (28)."""
    cube_root = math.pow(frequency_ghz, 1.0 / 3.0)
    loss = 0.0
    for sea in (False, True):
        share = sea_share if sea else 1.0 - sea_share
        if share > 0.0:
            loss += share * first_term_over_db(
                surface_admittance(frequency_ghz, sea, polarisation), cube_root, distance_km, tx_m, rx_m,
                radius_km,
            )
    return loss


@fast_kernel
def smooth_clearance(
    distance_km: float, tx_m: float, rx_m: float, radius_km: float
) -> tuple[float, float, float]:
    """Place and size of the smallest clearance of a line-of-sight path over smooth earth; eqs. (23-25).

    Returns
    -------
    place_km : float
        From the transmitter; ``d_se1``.
    share : float
        Clearance over the clearance that is free of loss, at a wavelength of 1 m: at wavelength
        lambda the share is this one divided by sqrt(lambda).
    clearance_m : float
        ``h_se``.
    """
    total = tx_m + rx_m
    c = (tx_m - rx_m) / total
    m = 250.0 * distance_km * distance_km / (radius_km * total)
    argument = 1.5 * c * math.sqrt(3.0 * m / ((m + 1.0) * (m + 1.0) * (m + 1.0)))
    angle = math.pi / 3.0 + math.acos(min(max(argument, -1.0), 1.0)) / 3.0
    b = 2.0 * math.sqrt((m + 1.0) / (3.0 * m)) * math.cos(angle)
    d1 = 0.5 * distance_km * (1.0 + b)
    d2 = distance_km - d1
    clearance = (
        (tx_m - 500.0 * d1 * d1 / radius_km) * d2 + (rx_m - 500.0 * d2 * d2 / radius_km) * d1
    ) / distance_km
    return d1, clearance / (17.456 * math.sqrt(d1 * d2 / distance_km)), clearance


@fast_kernel
def line_of_sight_km(tx_m: float, rx_m: float, radius_km: float) -> float:
    """Marginal line-of-sight distance over smooth earth; eq. (22)."""
    return math.sqrt(0.002 * radius_km) * (math.sqrt(tx_m) + math.sqrt(rx_m))


@fast_kernel
def marginal_radius_km(distance_km: float, tx_m: float, rx_m: float) -> float:
    """Earth radius for which the distance is the marginal one; eq. (26)."""
    ratio = distance_km / (math.sqrt(tx_m) + math.sqrt(rx_m))
    return 500.0 * ratio * ratio


@fast_kernel
def spherical_db(
    distance_km: float, tx_m: float, rx_m: float, radius_km: float, frequency_ghz: float,
    sea_share: float, polarisation: int,
) -> float:
    """Spherical-earth diffraction loss of antennas ``tx_m``, ``rx_m`` over the surface; section 4.3.2."""
    if distance_km >= line_of_sight_km(tx_m, rx_m, radius_km):
        return first_term_db(
            distance_km, tx_m, rx_m, radius_km, frequency_ghz, sea_share, polarisation
        )
    _, share, _ = smooth_clearance(distance_km, tx_m, rx_m, radius_km)
    share /= math.sqrt(LIGHT_M_GHZ / frequency_ghz)
    if share > 1.0:
        return 0.0
    radius = marginal_radius_km(distance_km, tx_m, rx_m)
    loss = first_term_db(distance_km, tx_m, rx_m, radius, frequency_ghz, sea_share, polarisation)
    return (1.0 - share) * max(loss, 0.0)


@fast_kernel
def interpolation_by_time(percent: float, beta0: float) -> float:
    """Return Fi, which leads from the median to the loss not exceeded for beta0 per cent; eq. (40).

    At 50 per cent it is 0 but for the error of `tail_of_normal`, below 1e-9.
    """
    if percent <= beta0:
        return 1.0
    return tail_of_normal(percent / 100.0) / tail_of_normal(beta0 / 100.0)


@fast_kernel
def interpolation_by_angle(theta_mrad: float) -> float:
    """Return Fj, 1 for paths of small angular distance; eq. (57)."""
    return 0.5 - 0.5 * math.tanh(2.4 * (theta_mrad - 0.3) / 0.3)


@fast_kernel
def interpolation_by_distance(distance_km: float) -> float:
    """Return Fk, 1 for short paths; eq. (58)."""
    return 0.5 - 0.5 * math.tanh(1.5 * (distance_km - 20.0) / 20.0)


@fast_kernel
def troposcatter_fixed_db(frequency_ghz: float, percent: float, n0: float) -> float:
    """Troposcatter loss without the parts of distance and angle; eqs. (44-45)."""
    log_half = math.log10(frequency_ghz / 2.0)
    loss = 190.1 + 25.0 * math.log10(frequency_ghz) - 2.5 * log_half * log_half - 0.15 * n0
    if percent < 50.0:
        loss -= 10.125 * math.pow(math.log10(50.0 / percent), 0.7)
    return loss


@fast_kernel
def troposcatter_db(fixed_db: float, log10_distance: float, theta_mrad: float) -> float:
    """Troposcatter loss not exceeded for the time percentage of ``fixed_db``; eq. (44)."""
    return fixed_db + 20.0 * log10_distance + 0.573 * theta_mrad


@fast_kernel
def low_frequency_db(frequency_ghz: float) -> float:
    """Correction of ducting for wavelengths that a duct holds badly; eq. (47a)."""
    if frequency_ghz < 0.5:
        return 45.375 - 137.0 * frequency_ghz + 92.5 * frequency_ghz * frequency_ghz
    return 0.0


@fast_kernel
def site_shielding_db(angle_mrad: float, horizon_km: float, frequency_ghz: float) -> float:
    """Diffraction loss of a terminal whose horizon is raised, into a duct; eqs. (48-48a)."""
    excess = angle_mrad - 0.1 * horizon_km
    if excess <= 0.0:
        return 0.0
    return 20.0 * math.log10(
        1.0 + 0.361 * excess * math.sqrt(frequency_ghz * horizon_km)
    ) + 0.264 * excess * math.pow(frequency_ghz, 1.0 / 3.0)


@fast_kernel
def sea_coupling_db(coast_km: float, horizon_km: float, sea_share: float, height_masl: float) -> float:
    """Coupling gain (negative) of a terminal near the sea; eqs. (49-49a)."""
    if sea_share < 0.75 or coast_km > 5.0 or coast_km > horizon_km:
        return 0.0
    return -3.0 * math.exp(-0.25 * coast_km * coast_km) * (1.0 + math.tanh(0.07 * (50.0 - height_masl)))


@fast_kernel
def duct_time_db(distance_km: float, percent: float, beta: float) -> float:
    """Dependence of the ducting loss on time; eqs. (53-53a)."""
    log_beta = math.log10(beta)
    fall = (9.51 - 4.8 * log_beta + 0.198 * log_beta * log_beta) * 1e-6 * math.pow(distance_km, 1.13)
    gamma = 1.076 / math.pow(2.0058 - log_beta, 1.012) * math.exp(-fall)
    ratio = percent / beta
    return -12.0 + (1.2 + 3.7e-3 * distance_km) * math.log10(ratio) + 12.0 * math.pow(ratio, gamma)


@fast_kernel
def duct_angle_db(
    distance_km: float, tx_mrad: float, rx_mrad: float, tx_horizon_km: float, rx_horizon_km: float,
    radius_km: float, frequency_ghz: float,
) -> float:
    """Angular part of the ducting loss, horizon angles held to 0.1 mrad/km; eqs. (51-52a)."""
    theta = 1000.0 * distance_km / radius_km
    theta += min(tx_mrad, 0.1 * tx_horizon_km) + min(rx_mrad, 0.1 * rx_horizon_km)
    return 5e-5 * radius_km * math.pow(frequency_ghz, 1.0 / 3.0) * theta


@fast_kernel
def duct_beta(
    distance_km: float, horizons_km: float, inland_km: float, tx_effective_m: float,
    rx_effective_m: float, roughness_m: float, radius_km: float, beta0: float,
) -> float:
    """Incidence of ducting corrected for the path's geometry and roughness; eqs. (54-56a)."""
    mu3 = 1.0
    if roughness_m > 10.0:
        between = min(distance_km - horizons_km, 40.0)
        mu3 = math.exp(-4.6e-5 * (roughness_m - 10.0) * (43.0 + 6.0 * between))
    alpha = max(-0.6 - 3.5e-9 * math.pow(distance_km, 3.1) * inland_ratio(inland_km), -3.4)
    root = math.sqrt(tx_effective_m) + math.sqrt(rx_effective_m)
    bulge = 500.0 / radius_km * distance_km * distance_km
    mu2 = min(math.pow(bulge / (root * root), alpha), 1.0)
    return beta0 * mu2 * mu3


@fast_kernel
def ducting_db(
    distance_km: float, frequency_ghz: float, percent: float, beta: float, radius_km: float,
    tx_mrad: float, rx_mrad: float, tx_horizon_km: float, rx_horizon_km: float, coupling_db: float,
) -> float:
    """Loss during ducting and layer reflection not exceeded for ``percent`` of the time; eqs. (46-53a).

    ``beta`` comes from `duct_beta`, ``coupling_db`` is the sum of `sea_coupling_db` of both ends.
    """
    fixed = 102.45 + 20.0 * math.log10(frequency_ghz * (tx_horizon_km + rx_horizon_km))
    fixed += low_frequency_db(frequency_ghz) + coupling_db
    fixed += site_shielding_db(tx_mrad, tx_horizon_km, frequency_ghz)
    fixed += site_shielding_db(rx_mrad, rx_horizon_km, frequency_ghz)
    angular = duct_angle_db(
        distance_km, tx_mrad, rx_mrad, tx_horizon_km, rx_horizon_km, radius_km, frequency_ghz
    )
    return fixed + angular + duct_time_db(distance_km, percent, beta)


@fast_kernel
def at_least(a_db: float, b_db: float) -> float:
    """Smooth maximum of two losses, 2.5 ln(exp(a / 2.5) + exp(b / 2.5)); eq. (60)."""
    high, low = max(a_db, b_db), min(a_db, b_db)
    return high + 2.5 * math.log(1.0 + math.exp((low - high) / 2.5))


@fast_kernel
def power_sum_db(a_db: float, b_db: float) -> float:
    """Loss of two independent ways together, -5 log10(10^(-a / 5) + 10^(-b / 5)); eq. (63)."""
    high, low = max(a_db, b_db), min(a_db, b_db)
    return low - 0.5 * TEN_OVER_LN10 * math.log(1.0 + math.exp((low - high) * (2.0 / TEN_OVER_LN10)))


@fast_kernel
def field_strength_dbuv(loss_db: float, frequency_ghz: float) -> float:
    """Field strength in dB(uV/m) at 1 kW effective radiated power; eq. (70)."""
    return 199.36 + 20.0 * math.log10(frequency_ghz) - loss_db
