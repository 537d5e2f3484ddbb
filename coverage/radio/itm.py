"""Irregular Terrain Model (Longley-Rice), point to point and area, as NTIA's ITM version 1.4.

Written from the published algorithm: G. A. Hufford, "The ITS Irregular Terrain Model, version 1.2.2:
the algorithm", NTIA/ITS, 1995; Hufford, Longley and Kissick, NTIA Report 82-100, 1982. The model was
developed by the U.S. National Telecommunications and Information Administration (NTIA), Institute for
Telecommunication Sciences; their work, and the test data they publish, are gratefully acknowledged.
This is an independent implementation and not NTIA software.

Range of the model: 20 MHz to 20 GHz (warned of outside 40 MHz to 10 GHz), antennas 0.5 to 3000 m
(warned of outside 1 to 1000 m), N0 250 to 400 N-units, 1 to 2000 km.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phusong.coverage.radio.itm_profile import mean_height_m, path_geometry
from phusong.coverage.radio.itm_terms import (
    SUCCESS,
    SUCCESS_WITH_WARNINGS,
    WARN_FREQUENCY,
    WARN_RX_HEIGHT,
    WARN_TX_HEIGHT,
    effective_curvature,
    free_space_loss_db,
    ground_impedance,
    reference_attenuation,
    surface_refractivity,
)
from phusong.coverage.radio.itm_variability import (
    climate_constants,
    normal_deviate,
    variability_db,
    variability_warning,
)
from phusong.coverage.radio.jit import kernel

FloatArray = NDArray[np.float64]

MARITIME_SUBTROPICAL = 3
"""Default climate. NTIA Report 82-100, table 2, pairs it with N0 = 370, which Rec. ITU-R P.453 gives for
Vietnam."""

ERROR_TX_HEIGHT, ERROR_RX_HEIGHT, ERROR_CLIMATE = 1000, 1001, 1002
ERROR_TIME, ERROR_LOCATION, ERROR_SITUATION = 1003, 1004, 1005
ERROR_CONFIDENCE, ERROR_RELIABILITY = 1006, 1007
ERROR_N0, ERROR_FREQUENCY, ERROR_POLARISATION = 1008, 1009, 1010
ERROR_EPSILON, ERROR_SIGMA, ERROR_MDVAR = 1011, 1012, 1014
ERROR_DISTANCE, ERROR_DELTA_H, ERROR_TX_SITING, ERROR_RX_SITING = 1017, 1018, 1019, 1020


@dataclass(frozen=True)
class Parameters:
    """What both modes of the model ask for besides the path.

    Attributes
    ----------
    frequency_mhz : float
    tx_height_m, rx_height_m : float
        Above ground.
    climate : int
        1 equatorial, 2 continental subtropical, 3 maritime subtropical, 4 desert, 5 continental
        temperate, 6 maritime temperate over land, 7 maritime temperate over sea.
    n0 : float
        Refractivity reduced to sea level, N-units.
    vertical : bool
        Polarisation.
    epsilon, sigma : float
        Relative permittivity and conductivity (S/m) of the ground; the defaults are NTIA's average
        ground.
    mdvar : int
        0 single message, 1 accidental, 2 mobile, 3 broadcast; +10 without location variability,
        +20 without situation variability.
    time, location, situation : float
        Per cent, between 0 and 100, for which the loss is not exceeded.
    """

    frequency_mhz: float
    tx_height_m: float
    rx_height_m: float = 1.5
    climate: int = MARITIME_SUBTROPICAL
    n0: float = 370.0
    vertical: bool = True
    epsilon: float = 15.0
    sigma: float = 0.005
    mdvar: int = 12
    time: float = 50.0
    location: float = 50.0
    situation: float = 50.0

    def fault(self) -> int:
        """Return the code of the first argument out of range, 0 if there is none."""
        mdvar_ok = any(base <= self.mdvar <= base + 3 for base in (0, 10, 20, 30))
        checks = (
            (0.5 <= self.tx_height_m <= 3000.0, ERROR_TX_HEIGHT),
            (0.5 <= self.rx_height_m <= 3000.0, ERROR_RX_HEIGHT),
            (self.climate in range(1, 8), ERROR_CLIMATE),
            (250.0 <= self.n0 <= 400.0, ERROR_N0),
            (20.0 <= self.frequency_mhz <= 20000.0, ERROR_FREQUENCY),
            (self.epsilon >= 1.0, ERROR_EPSILON),
            (self.sigma > 0.0, ERROR_SIGMA),
            (mdvar_ok, ERROR_MDVAR),
            (0.0 < self.situation < 100.0, ERROR_SITUATION),
            (0.0 < self.time < 100.0, ERROR_TIME),
            (0.0 < self.location < 100.0, ERROR_LOCATION),
        )
        return next((code for good, code in checks if not good), SUCCESS)

    def warnings(self) -> int:
        """Return the warning bits that the arguments alone set."""
        bits = 0
        if not 1.0 <= self.tx_height_m <= 1000.0:
            bits |= WARN_TX_HEIGHT
        if not 1.0 <= self.rx_height_m <= 1000.0:
            bits |= WARN_RX_HEIGHT
        if not 40.0 <= self.frequency_mhz <= 10000.0:
            bits |= WARN_FREQUENCY
        return bits

    def deviates(self) -> tuple[float, float, float]:
        """Return the normal deviates of time, location and situation."""
        return (
            normal_deviate(self.time / 100.0),
            normal_deviate(self.location / 100.0),
            normal_deviate(self.situation / 100.0),
        )


@dataclass(frozen=True)
class ItmResult:
    """Loss of one path, with the intermediate values that NTIA's program reports.

    Attributes
    ----------
    return_code : int
        0 done; 1 done, look at ``warnings``; 1000 and above: an error, and no loss (NaN).
    warnings : int
        Bits, see `phusong.coverage.radio.itm_messages`.
    loss_db, reference_db, free_space_db : float
        Basic transmission loss; attenuation relative to free space before variability; free space.
    mode : int
        1 line of sight, 2 diffraction, 3 troposcatter; 0 after an error.
    distance_m, delta_h_m, n_s : float
        Path length, terrain irregularity, surface refractivity (N-units).
    horizon_angle_rad, horizon_m, effective_height_m : tuple of float
        Of transmitter and receiver.
    """

    return_code: int
    warnings: int
    loss_db: float = math.nan
    reference_db: float = math.nan
    free_space_db: float = math.nan
    mode: int = 0
    distance_m: float = math.nan
    delta_h_m: float = math.nan
    n_s: float = math.nan
    horizon_angle_rad: tuple[float, float] = (math.nan, math.nan)
    horizon_m: tuple[float, float] = (math.nan, math.nan)
    effective_height_m: tuple[float, float] = (math.nan, math.nan)


@kernel
def area_terminal(
    height_m: float, siting: int, delta_h: float, radius_m: float
) -> tuple[float, float, float]:
    """Effective height, horizon distance and angle of a terminal from its siting [Algorithm, 3.2-3.4]."""
    effective = height_m
    if siting > 0:
        bonus = 4.0 if siting == 1 else 9.0
        if height_m < 5.0:
            bonus *= math.sin(0.1 * math.pi * height_m)
        effective += (1.0 + bonus) * math.exp(-min(20.0, 2.0 * height_m / max(1e-3, delta_h)))
    sight = math.sqrt(2.0 * effective * radius_m)
    horizon = sight * math.exp(-0.07 * math.sqrt(delta_h / max(effective, 5.0)))
    angle = (0.65 * delta_h * (sight / horizon - 1.0) - 2.0 * effective) / sight
    return effective, horizon, angle


def _finish(
    p: Parameters, d: float, delta_h: float, n_s: float, he: tuple[float, float], dl: tuple[float, float],
    theta: tuple[float, float], area: bool,
) -> ItmResult:
    z_g = ground_impedance(p.frequency_mhz, p.vertical, p.epsilon, p.sigma)
    code, bits, mode, reference = reference_attenuation(
        p.frequency_mhz, z_g, n_s, effective_curvature(n_s), d, delta_h, p.tx_height_m, p.rx_height_m,
        he[0], he[1], dl[0], dl[1], theta[0], theta[1], area,
    )
    bits |= p.warnings()
    if code != SUCCESS:
        return ItmResult(code, bits)
    z_t, z_l, z_s = p.deviates()
    bits |= variability_warning(z_t, z_l, z_s, p.mdvar)
    free = free_space_loss_db(d, p.frequency_mhz)
    loss = free + variability_db(
        z_t, z_l, z_s, he[0], he[1], delta_h, p.frequency_mhz, d, reference,
        climate_constants(p.climate, p.frequency_mhz), p.mdvar,
    )
    return ItmResult(
        return_code=SUCCESS_WITH_WARNINGS if bits else SUCCESS, warnings=bits, loss_db=loss,
        reference_db=reference, free_space_db=free, mode=mode, distance_m=d, delta_h_m=delta_h, n_s=n_s,
        horizon_angle_rad=theta, horizon_m=dl, effective_height_m=he,
    )


def checked_profile(elevation_m: ArrayLike, step_m: float) -> FloatArray:
    """Return the profile as float64, or raise ValueError naming what is wrong with it."""
    profile = np.ascontiguousarray(elevation_m, dtype=np.float64)
    if profile.ndim != 1 or profile.size < 3:
        raise ValueError(f"elevation_m: a profile needs at least 3 points, got shape {profile.shape}")
    bad = np.flatnonzero(~np.isfinite(profile))
    if bad.size:
        raise ValueError(f"elevation_m: {bad.size} points without a height, the first at index {bad[0]}")
    if not (math.isfinite(step_m) and step_m > 0.0):
        raise ValueError(f"step_m = {step_m}: must be above 0 m")
    return profile


def point_to_point(elevation_m: ArrayLike, step_m: float, parameters: Parameters) -> ItmResult:
    """Return the loss over a terrain profile.

    Parameters
    ----------
    elevation_m : array_like of shape (n,)
        Ground heights in metres above sea level from transmitter to receiver, three or more, at
        equal steps.
    step_m : float
        Distance between two points.
    parameters : Parameters

    Returns
    -------
    ItmResult
        Parameters out of the model's range give an error code and NaN, as in NTIA's program.

    Raises
    ------
    ValueError
        If the profile is too short or has gaps.

    Notes
    -----
    Source: Hufford (1995), sections 2 to 5.
    """
    profile = checked_profile(elevation_m, step_m)
    p = parameters
    code = p.fault()
    if code:
        return ItmResult(code, p.warnings())
    n_s = surface_refractivity(p.n0, mean_height_m(profile))
    delta_h, he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx = path_geometry(
        profile, step_m, p.tx_height_m, p.rx_height_m, 1.0 / effective_curvature(n_s)
    )
    d = (profile.size - 1) * step_m
    return _finish(p, d, delta_h, n_s, (he_tx, he_rx), (dl_tx, dl_rx), (theta_tx, theta_rx), area=False)


def area(
    distance_km: float, delta_h_m: float, parameters: Parameters, *, siting: Sequence[int] = (0, 0)
) -> ItmResult:
    """Return the loss over a distance in terrain of a given irregularity.

    Parameters
    ----------
    distance_km : float
    delta_h_m : float
        Terrain irregularity: 0 flat, 90 average, 200 mountains, 500 rugged mountains.
    parameters : Parameters
    siting : pair of int
        Of transmitter and receiver: 0 random, 1 careful, 2 very careful.

    Returns
    -------
    ItmResult

    Notes
    -----
    Source: Hufford (1995), section 3; NTIA Report 82-100.
    """
    p = parameters
    checks = (
        (distance_km > 0.0, ERROR_DISTANCE),
        (delta_h_m >= 0.0, ERROR_DELTA_H),
        (siting[0] in (0, 1, 2), ERROR_TX_SITING),
        (siting[1] in (0, 1, 2), ERROR_RX_SITING),
    )
    code = p.fault() or next((code for good, code in checks if not good), SUCCESS)
    if code:
        return ItmResult(code, p.warnings())
    radius = 1.0 / effective_curvature(p.n0)
    tx = area_terminal(p.tx_height_m, siting[0], delta_h_m, radius)
    rx = area_terminal(p.rx_height_m, siting[1], delta_h_m, radius)
    return _finish(
        p, distance_km * 1000.0, delta_h_m, p.n0, (tx[0], rx[0]), (tx[1], rx[1]), (tx[2], rx[2]), area=True
    )
