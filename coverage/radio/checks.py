"""Checks of arguments against the range that a formula declares."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from phusong.coverage.radio.model import FloatArray, Limit
from phusong.data.language import after_number


def within(limit: Limit, values: ArrayLike) -> FloatArray:
    """Return ``values`` as float64, or raise ValueError naming the argument, the value and the range.

    NaN counts as outside.
    """
    array = np.asarray(values, dtype=np.float64)
    outside = ~((array >= limit.low) & (array <= limit.high))
    if outside.any():
        first = array[outside].flat[0]
        more = f" ({np.count_nonzero(outside)} values)" if np.count_nonzero(outside) > 1 else ""
        unit = after_number(limit.unit)
        raise ValueError(f"{limit.argument} = {first:g}{unit}{more}: must be {in_words(limit)}{unit}")
    return array


def in_words(limit: Limit) -> str:
    """Return the range in words: ``0.5 to 67``, ``above 0 and below 100``, ``0.25 or more``.

    Open ends are those at the float next to a round number.
    """
    low, high = float(f"{limit.low:g}"), float(f"{limit.high:g}")
    low_open = limit.low > low or 0.0 < limit.low < 1e-300
    high_open = limit.high < high
    if low_open or high_open:
        below = "" if math.isinf(high) else f" and {'below' if high_open else 'up to'} {high:g}"
        return f"{'above' if low_open else 'from'} {0.0 if low < 1e-300 else low:g}{below}"
    return f"{low:g} or more" if math.isinf(high) else f"{low:g} to {high:g}"
