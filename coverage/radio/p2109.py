"""Building entry loss: Rec. ITU-R P.2109.

Source: Recommendation ITU-R P.2109-2 (08/2023), "Prediction of building entry loss", section 3.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from phusong.coverage.radio.checks import within
from phusong.coverage.radio.model import FloatArray, Limit

SOURCE = "Rec. ITU-R P.2109-2 (2023), section 3, table 1"
LIMITS = (
    Limit("frequency_ghz", 0.08, 100.0, "GHz"),
    Limit("probability_percent", math.nextafter(0.0, 1.0), math.nextafter(100.0, 0.0), "%"),
    Limit("elevation_deg", -90.0, 90.0, "degrees"),
)

Building = Literal["traditional", "efficient"]
BUILDING_TYPES: tuple[Building, ...] = ("traditional", "efficient")
"""In the order of their numbers 1 and 2; 'efficient' has metallised glass or foil-backed panels."""

_COEFFICIENTS: dict[Building, tuple[float, ...]] = {
    # r, s, t, u, v, w, x, y, z of table 1
    "traditional": (12.64, 3.72, 0.96, 9.6, 2.0, 9.1, -3.0, 4.5, -2.0),
    "efficient": (28.19, -3.00, 8.48, 13.5, 3.8, 27.8, -2.9, 9.4, -2.1),
}


def building_entry_loss_db(
    frequency_ghz: ArrayLike,
    probability_percent: ArrayLike = 50.0,
    building: Building = "traditional",
    elevation_deg: ArrayLike = 0.0,
) -> FloatArray:
    """Return the building entry loss not exceeded with a probability.

    Parameters
    ----------
    frequency_ghz : array_like
        0.08 to 100.
    probability_percent : array_like
        Between 0 and 100, over places in buildings of the type.
    building : {"traditional", "efficient"}
    elevation_deg : array_like
        Of the path at the facade; -90 to 90.

    Returns
    -------
    ndarray
        dB, of the broadcast shape: ``10 log10(10^(A/10) + 10^(B/10) + 10^-0.3)``, eqs. (1) to (9). At 50 %
        and 1 GHz: 14.3 dB for traditional buildings.

    Raises
    ------
    ValueError
        Naming the argument, the value and the range.
    """
    from scipy.special import ndtri

    if building not in BUILDING_TYPES:
        raise ValueError(f"building = {building!r}: must be one of {', '.join(BUILDING_TYPES)}")
    f, p, elevation = (
        within(limit, v)
        for limit, v in zip(LIMITS, (frequency_ghz, probability_percent, elevation_deg), strict=True)
    )
    r, s, t, u, v, w, x, y, z = _COEFFICIENTS[building]
    log_f = np.log10(f)
    deviate = ndtri(p / 100.0)
    median = r + s * log_f + t * log_f**2 + 0.212 * np.abs(elevation)
    a = deviate * (u + v * log_f) + median
    b = deviate * (y + z * log_f) + w + x * log_f
    return np.asarray(10.0 * np.log10(10.0 ** (0.1 * a) + 10.0 ** (0.1 * b) + 10.0**-0.3))
