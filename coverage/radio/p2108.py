"""Clutter about a terminal: Rec. ITU-R P.2108, height gain and statistical terrestrial models.

Source: Recommendation ITU-R P.2108-1 (09/2021), "Prediction of clutter loss", sections 3.1 and 3.2.
Checked against the test data that NTIA publishes.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from phusong.coverage.radio.checks import within
from phusong.coverage.radio.model import FloatArray, Limit

SOURCE = "Rec. ITU-R P.2108-1 (2021), sections 3.1 and 3.2"

Clutter = Literal["water", "open", "suburban", "urban", "forest", "dense_urban"]
CLUTTER_TYPES: tuple[Clutter, ...] = ("water", "open", "suburban", "urban", "forest", "dense_urban")
"""In the order of their numbers 1 to 6."""

DEFAULT_CLUTTER_HEIGHT_M: dict[Clutter, float] = {
    "water": 10.0, "open": 10.0, "suburban": 10.0, "urban": 15.0, "forest": 15.0, "dense_urban": 20.0,
}
"""Representative heights R; table 3 of the Recommendation."""

DEFAULT_STREET_WIDTH_M = 27.0

HEIGHT_GAIN_LIMITS = (
    Limit("frequency_ghz", 0.03, 3.0, "GHz"),
    Limit("antenna_height_m", math.nextafter(0.0, 1.0), math.inf, "m"),
    Limit("street_width_m", math.nextafter(0.0, 1.0), math.inf, "m"),
    Limit("clutter_height_m", math.nextafter(0.0, 1.0), math.inf, "m"),
)
STATISTICAL_LIMITS = (
    Limit("frequency_ghz", 0.5, 67.0, "GHz"),
    Limit("distance_km", 0.25, math.inf, "km"),
    Limit("location_percent", math.nextafter(0.0, 1.0), math.nextafter(100.0, 0.0), "%"),
)


def height_gain_loss_db(
    frequency_ghz: float,
    antenna_height_m: ArrayLike,
    clutter: Clutter,
    *,
    clutter_height_m: float | None = None,
    street_width_m: float = DEFAULT_STREET_WIDTH_M,
) -> FloatArray:
    """Return the median loss of a terminal among clutter that is taller than its antenna.

    Parameters
    ----------
    frequency_ghz : float
        0.03 to 3.
    antenna_height_m : array_like
        Above ground, any shape. At or above the clutter's height the loss is zero.
    clutter : str
        One of `CLUTTER_TYPES`.
    clutter_height_m : float, optional
        By default that of `DEFAULT_CLUTTER_HEIGHT_M`.
    street_width_m : float

    Returns
    -------
    ndarray
        dB. Among buildings and trees ``J(nu) - 6.03`` (eq. 2a), elsewhere ``-K log10(h / R)`` (eq. 2b).

    Raises
    ------
    ValueError
        Naming the argument, the value and the range.
    """
    if clutter not in CLUTTER_TYPES:
        raise ValueError(f"clutter = {clutter!r}: must be one of {', '.join(CLUTTER_TYPES)}")
    frequency, height, width, top = HEIGHT_GAIN_LIMITS
    within(frequency, frequency_ghz)
    h = within(height, antenna_height_m)
    within(width, street_width_m)
    r = DEFAULT_CLUTTER_HEIGHT_M[clutter] if clutter_height_m is None else clutter_height_m
    within(top, r)
    if clutter in ("water", "open"):
        k = 21.8 + 6.2 * math.log10(frequency_ghz)
        return np.asarray(np.where(h >= r, 0.0, -k * np.log10(np.minimum(h, r) / r)))
    above = np.maximum(r - h, 0.0)
    angle_deg = np.degrees(np.arctan(above / street_width_m))
    x = 0.342 * math.sqrt(frequency_ghz) * np.sqrt(above * angle_deg) - 0.1
    edge = 6.9 + 20.0 * np.log10(np.sqrt(x * x + 1.0) + x)
    return np.asarray(np.where(h >= r, 0.0, edge - 6.03))


def statistical_loss_db(
    frequency_ghz: ArrayLike, distance_km: ArrayLike, location_percent: ArrayLike
) -> FloatArray:
    """Return the clutter loss not exceeded at a share of locations in towns and suburbs.

    One end of the path only; for paths of at least 1 km it may be applied at both.

    Parameters
    ----------
    frequency_ghz : array_like
        0.5 to 67.
    distance_km : array_like
        0.25 and more; beyond 2 km the loss stays that at 2 km.
    location_percent : array_like
        Between 0 and 100.

    Returns
    -------
    ndarray
        dB, of the broadcast shape; eqs. (3) to (6).

    Raises
    ------
    ValueError
        Naming the argument, the value and the range.
    """
    from scipy.special import ndtri

    limits = STATISTICAL_LIMITS
    f, d, p = (
        within(limit, v)
        for limit, v in zip(limits, (frequency_ghz, distance_km, location_percent), strict=True)
    )
    z = ndtri(p / 100.0)

    def at(km: FloatArray | float) -> FloatArray:
        """Return the loss at a distance."""
        low_db = -2.0 * np.log10(10.0 ** (-5.0 * np.log10(f) - 12.5) + 10.0**-16.5)
        short_db = 32.98 + 23.9 * np.log10(km) + 3.0 * np.log10(f)
        low, short = 10.0 ** (-0.2 * low_db), 10.0 ** (-0.2 * short_db)
        sigma = np.sqrt((16.0 * low + 36.0 * short) / (low + short))
        return np.asarray(-5.0 * np.log10(low + short) + sigma * z)

    return np.asarray(np.minimum(at(d), at(2.0)))
