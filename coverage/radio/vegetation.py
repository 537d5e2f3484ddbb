"""Loss in woodland about a terminal: Rec. ITU-R P.833, section 2.1.

Source: Recommendation ITU-R P.833-10 (09/2021), "Attenuation in vegetation": eq. (1) with figure 2 for the
specific attenuation and eq. (2) for its greatest value. The Recommendation warns that the spread between
kinds of forest is wide; the values are typical ones.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from phusong.coverage.radio.checks import within
from phusong.coverage.radio.model import FloatArray, Limit

SOURCE = "Rec. ITU-R P.833-10 (2021), section 2.1, equations (1) and (2), figure 2"
LIMITS = (
    Limit("frequency_mhz", 30.0, 30_000.0, "MHz"),
    Limit("depth_m", 0.0, 100_000.0, "m"),
)

Woodland = Literal["mixed", "tropical", "mature"]

WOODLANDS: dict[Woodland, tuple[float, float, float, float]] = {
    "mixed": (1.37, 0.42, 105.9, 2117.5),
    "tropical": (0.18, 0.752, 900.0, 1800.0),
    "mature": (1.15, 0.43, 900.0, 2200.0),
}
"""A1 (dB) and alpha of eq. (2), and the frequencies in MHz of the measurements behind them: mixed forest
near St Petersburg, tropical trees in Rio de Janeiro, mature trees near Mulhouse. Outside them the law is
extrapolated, which `measured` tells."""

_FREQUENCY_MHZ = (30.0, 1_000.0, 30_000.0)
_SPECIFIC_DB_PER_M = (0.02, 0.2, 6.0)


def specific_attenuation_db_per_m(frequency_mhz: ArrayLike) -> FloatArray:
    """Return the specific attenuation of short paths in woodland, read from figure 2.

    The curve for vertical polarisation is two straight lines on logarithmic axes, through 0.02 dB/m at
    30 MHz, 0.2 at 1 GHz and 6 at 30 GHz; above 1 GHz horizontal polarisation is the same. 30 MHz to
    30 GHz, any shape.
    """
    f = within(LIMITS[0], frequency_mhz)
    return np.asarray(np.exp(np.interp(np.log(f), np.log(_FREQUENCY_MHZ), np.log(_SPECIFIC_DB_PER_M))))


def measured(frequency_mhz: float, woodland: Woodland = "mixed") -> bool:
    """Tell whether the frequency lies within the measurements behind the woodland's greatest loss."""
    _, _, low, high = WOODLANDS[woodland]
    return low <= frequency_mhz <= high


def woodland_loss_db(
    frequency_mhz: ArrayLike, depth_m: ArrayLike, woodland: Woodland = "mixed"
) -> FloatArray:
    """Return the loss of a path that ends at a depth inside woodland.

    Parameters
    ----------
    frequency_mhz : array_like
        30 MHz to 30 GHz.
    depth_m : array_like
        Length of the path within the woodland, 0 and more.
    woodland : {"mixed", "tropical", "mature"}

    Returns
    -------
    ndarray
        dB, of the broadcast shape: ``Am (1 - exp(-d gamma / Am))``, eq. (1), ``Am = A1 f^alpha``, eq. (2).

    Raises
    ------
    ValueError
        Naming the argument, the value and the range.
    """
    if woodland not in WOODLANDS:
        raise ValueError(f"woodland = {woodland!r}: must be one of {', '.join(WOODLANDS)}")
    f, d = within(LIMITS[0], frequency_mhz), within(LIMITS[1], depth_m)
    a1, alpha, _, _ = WOODLANDS[woodland]
    greatest = a1 * f**alpha
    return np.asarray(greatest * (1.0 - np.exp(-d * specific_attenuation_db_per_m(f) / greatest)))
