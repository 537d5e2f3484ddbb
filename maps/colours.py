"""Colour scales that keep their order in grey print and for every kind of colour vision.

Every scale runs in equal steps of lightness in OKLab, from light to dark, over two neighbouring hues:
never a rainbow.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]

PERCENT_BREAKS = (20.0, 50.0, 80.0, 95.0, 99.0)
"""Lower bounds, in per cent, of every class of the commune map but the first."""


def oklch_to_rgb(lightness: float, chroma: float, hue_deg: float) -> Rgb:
    """Return the 8-bit sRGB colour of an OKLCH one, clipped to the gamut.

    Source: B. Ottosson, 'A perceptual color space for image processing', 2020, for OKLab to linear
    sRGB; IEC 61966-2-1:1999 for the transfer function.
    """
    a = chroma * math.cos(math.radians(hue_deg))
    b = chroma * math.sin(math.radians(hue_deg))
    cones = (
        np.array(
            [
                lightness + 0.3963377774 * a + 0.2158037573 * b,
                lightness - 0.1055613458 * a - 0.0638541728 * b,
                lightness - 0.0894841775 * a - 1.2914855480 * b,
            ]
        )
        ** 3
    )
    linear = (
        np.array(
            [
                [4.0767416621, -3.3077115913, 0.2309699292],
                [-1.2684380046, 2.6097574011, -0.3413193965],
                [-0.0041960863, -0.7034186147, 1.7076147010],
            ]
        )
        @ cones
    )
    linear = np.clip(linear, 0.0, 1.0)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (round(255.0 * float(v)) for v in coded)
    return red, green, blue


def ramp(
    steps: int, lightness: tuple[float, float], chroma: tuple[float, float], hue_deg: tuple[float, float]
) -> tuple[Rgb, ...]:
    """Return ``steps`` colours with equal steps of lightness between the two ends."""
    at: NDArray[np.float64] = np.linspace(0.0, 1.0, steps)

    def between(pair: tuple[float, float], t: float) -> float:
        """Return the value at ``t`` between both ends."""
        return pair[0] + (pair[1] - pair[0]) * t

    return tuple(
        oklch_to_rgb(between(lightness, t), between(chroma, t), between(hue_deg, t)) for t in at.tolist()
    )


PERCENT_COLOURS = ramp(len(PERCENT_BREAKS) + 1, (0.955, 0.47), (0.075, 0.105), (100.0, 245.0))
"""Commune map, from few people covered (pale) to all (deep blue)."""

SIGNAL_COLOURS = ramp(4, (0.84, 0.36), (0.07, 0.17), (318.0, 292.0))
"""Signal, from the weakest that counts (pale) to the strongest (deep violet)."""

WEAK_COLOUR: Rgb = (150, 152, 156)
"""A signal is predicted, but does not meet the criterion."""

MISSING_COLOUR: Rgb = (213, 94, 0)
"""People live here and are not covered."""


def css(colour: Rgb) -> str:
    """Write a colour for a style sheet: ``#1f77b4``."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def percent_class(percent: float) -> int:
    """Return the class of a percentage; -1 where there is none (NaN)."""
    if not math.isfinite(percent):
        return -1
    return sum(percent >= low for low in PERCENT_BREAKS)
