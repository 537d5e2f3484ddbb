"""Variability of the Irregular Terrain Model in time, location and situation.

Sources: [H] G. A. Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the algorithm", NTIA/ITS,
1995, section 5; [T] NBS Technical Note 101 volume 2, equations III.69 and III.70 (curves of the
climates). NTIA's work is gratefully acknowledged.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.itm_terms import (
    WARN_EXTREME_VARIABILITY,
    WAVE_NUMBER_DIVISOR,
    cube_root,
    roughness_at,
)
from phusong.coverage.radio.jit import kernel

SINGLE_MESSAGE, ACCIDENTAL, MOBILE, BROADCAST = 0, 1, 2, 3
WITHOUT_LOCATION, WITHOUT_SITUATION = 10, 20

_CLIMATES: tuple[tuple[float, ...], ...] = (
    # median c1 c2 x1 x2 x3 | below median c1 c2 x1 x2 x3 | above median c1 c2 x1 x2 x3 (x in km)
    # | tail: C_D z_D | frequency factor below: f1 f2 f3 | above: f1 f2 f3
    # 1 equatorial
    (-9.67, 12.7, 144.9, 190.3, 133.8, 2.13, 159.5, 762.2, 123.6, 94.5, 2.11, 102.3, 636.9, 134.8, 95.6,
     1.224, 1.282, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    # 2 continental subtropical
    (-0.62, 9.19, 228.9, 205.2, 143.6, 2.66, 7.67, 100.4, 172.5, 136.4, 6.87, 15.53, 138.7, 143.7, 98.6,
     0.801, 2.161, 1.0, 0.0, 0.0, 0.93, 0.31, 2.00),
    # 3 maritime subtropical
    (1.26, 15.5, 262.6, 185.2, 99.8, 6.11, 6.65, 138.2, 242.2, 178.6, 10.08, 9.60, 165.3, 225.7, 129.7,
     1.380, 1.282, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    # 4 desert
    (-9.21, 9.05, 84.1, 101.1, 98.6, 1.98, 13.11, 139.1, 132.7, 193.5, 3.68, 159.3, 464.4, 93.1, 94.2,
     1.000, 20.0, 1.0, 0.0, 0.0, 0.93, 0.19, 1.79),
    # 5 continental temperate
    (-0.62, 9.19, 228.9, 205.2, 143.6, 2.68, 7.16, 93.7, 186.8, 133.5, 4.75, 8.12, 93.2, 135.9, 113.4,
     1.224, 1.282, 0.92, 0.25, 1.77, 0.93, 0.31, 2.00),
    # 6 maritime temperate, over land
    (-0.39, 2.86, 141.7, 315.9, 167.4, 6.86, 10.38, 187.8, 169.6, 108.9, 8.58, 13.97, 216.0, 152.0, 122.7,
     1.518, 1.282, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    # 7 maritime temperate, over sea
    (3.15, 857.9, 2222.0, 164.8, 116.3, 8.51, 169.8, 609.8, 119.9, 106.6, 8.43, 8.19, 136.2, 188.5, 122.9,
     1.518, 1.282, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
)


def climate_constants(climate: int, frequency_mhz: float) -> NDArray[np.float64]:
    """Return the 20 constants of a climate at a frequency that `variability_db` takes.

    Parameters
    ----------
    climate : int
        1 equatorial, 2 continental subtropical, 3 maritime subtropical, 4 desert, 5 continental
        temperate, 6 maritime temperate over land, 7 over sea.
    frequency_mhz : float

    Returns
    -------
    ndarray of shape (19,)
        Three curves of five constants (distances in metres), the tail's C_D and z_D [H, table 5.1],
        and the frequency factors of the spread below and above the median [H, 5.6].
    """
    row = list(_CLIMATES[climate - 1])
    for curve in range(3):
        for k in (2, 3, 4):
            row[5 * curve + k] *= 1e3
    q = math.log(0.133 * frequency_mhz / WAVE_NUMBER_DIVISOR)
    factors = [row[i] + row[i + 1] / ((row[i + 2] * q) ** 2 + 1.0) for i in (17, 20)]
    return np.array([*row[:17], *factors])


@kernel
def normal_deviate(fraction: float) -> float:
    """Deviate exceeded with that probability, to 4.5e-4 (Abramowitz and Stegun 26.2.23)."""
    tail = 1.0 - fraction if fraction > 0.5 else fraction
    t = math.sqrt(-2.0 * math.log(tail))
    above = (0.010328 * t + 0.802853) * t + 2.515516
    below = ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    z = t - above / below
    return -z if fraction > 0.5 else z


@kernel
def _curve(c: NDArray[np.float64], start: int, d: float) -> float:
    ratio = (d / c[start + 2]) ** 2
    bump = ((d - c[start + 3]) / c[start + 4]) ** 2
    height: float = (c[start] + c[start + 1] / (1.0 + bump)) * ratio / (1.0 + ratio)
    return height


@kernel
def variability_warning(z_time: float, z_location: float, z_situation: float, mdvar: int) -> int:
    """Return the warning bit if a deviate that the mode uses is beyond 3.10."""
    mode = mdvar % 10
    if mode == SINGLE_MESSAGE:
        z_time = z_location = z_situation
    elif mode == ACCIDENTAL:
        z_location = z_situation
    elif mode == MOBILE:
        z_location = z_time
    if abs(z_time) > 3.10 or abs(z_location) > 3.10 or abs(z_situation) > 3.10:
        return WARN_EXTREME_VARIABILITY
    return 0


@kernel
def variability_db(
    z_time: float, z_location: float, z_situation: float, he_tx: float, he_rx: float, delta_h: float,
    f: float, d: float, reference_db: float, climate: NDArray[np.float64], mdvar: int,
) -> float:
    """Attenuation relative to free space not exceeded at the quantiles [H, section 5].

    Parameters
    ----------
    z_time, z_location, z_situation : float
        `normal_deviate` of the fractions.
    climate : ndarray
        `climate_constants`.
    mdvar : int
        0 single message, 1 accidental, 2 mobile, 3 broadcast; +10 location variability eliminated,
        +20 situation variability eliminated.
    """
    wave = f / WAVE_NUMBER_DIVISOR
    without_situation = mdvar >= WITHOUT_SITUATION
    rest = mdvar - WITHOUT_SITUATION if without_situation else mdvar
    without_location = rest >= WITHOUT_LOCATION
    mode = rest - WITHOUT_LOCATION if without_location else rest
    if mode == SINGLE_MESSAGE:
        z_time = z_location = z_situation
    elif mode == ACCIDENTAL:
        z_location = z_situation
    elif mode == MOBILE:
        z_location = z_time

    # Effective distance [H, 5.3]
    reach = math.sqrt(18e6 * he_tx) + math.sqrt(18e6 * he_rx) + cube_root(575.7e12 / wave)
    d_e = 130e3 * d / reach if d < reach else 130e3 + d - reach

    sigma_s = 0.0 if without_situation else 5.0 + 3.0 * math.exp(-d_e / 100e3)
    sigma_l = 0.0
    if not without_location:
        rough = wave * roughness_at(d, delta_h)
        sigma_l = 10.0 * rough / (rough + 13.0)
    y_l = sigma_l * z_location

    if z_time < 0.0:
        sigma_t = _curve(climate, 5, d_e) * climate[17]
    else:
        sigma_t = _curve(climate, 10, d_e) * climate[18]
        if z_time > climate[16]:
            sigma_tail = climate[15] * sigma_t
            sigma_t = sigma_tail + (sigma_t - sigma_tail) * climate[16] / z_time
    y_t = sigma_t * z_time

    z2 = z_situation * z_situation
    spread = sigma_s * sigma_s + y_t * y_t / (7.8 + z2) + y_l * y_l / (24.0 + z2)
    if mode == SINGLE_MESSAGE:
        y_r = 0.0
        y_s = math.sqrt(sigma_t * sigma_t + sigma_l * sigma_l + spread) * z_situation
    elif mode == ACCIDENTAL:
        y_r = y_t
        y_s = math.sqrt(sigma_l * sigma_l + spread) * z_situation
    elif mode == MOBILE:
        y_r = math.sqrt(sigma_t * sigma_t + sigma_l * sigma_l) * z_time
        y_s = math.sqrt(spread) * z_situation
    else:
        y_r = y_t + y_l
        y_s = math.sqrt(spread) * z_situation

    result = reference_db - _curve(climate, 0, d_e) - y_r - y_s
    if result < 0.0:
        result = result * (29.0 - result) / (29.0 - 10.0 * result)
    return result
