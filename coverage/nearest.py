"""Exact distance from every cell centre to the nearest of many straight pieces or points."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.jit import kernel
from phusong.layers.grid import Box, FloatArray, Grid

_COARSE = 128
_FINE = 16
"""Sides, in cells, of the tiles that sort out candidates: coarse ones for the fine ones."""


@dataclass(frozen=True)
class Nearest:
    """The nearest piece of every cell; arrays of the window's shape.

    Attributes
    ----------
    distance_m : array of float32
        NaN where there is no piece at all.
    within : array of bool
        Whether the distance, before it was rounded to float32, is at most the limit.
    index : array of int32
        Of the nearest piece, the first of equals; -1 where there is none.
    """

    distance_m: NDArray[np.float32]
    within: NDArray[np.bool_]
    index: NDArray[np.int32]


@dataclass(frozen=True)
class NearestIn:
    """What `nearest` returns, for whichever window is asked for."""

    grid: Grid
    segments: FloatArray
    limit_m: float
    workers: int = 1

    def __call__(self, box: Box) -> Nearest:
        """Return it for a window."""
        return nearest(self.grid, self.segments, self.limit_m, workers=self.workers, box=box)


def nearest(
    grid: Grid, segments: FloatArray, limit_m: float, *, workers: int = 1, box: Box | None = None
) -> Nearest:
    """Return the distance from each cell centre to the nearest segment, exact everywhere.

    A tile of cells can only have as nearest a segment whose smallest possible distance to the tile is
    no more than the greatest possible distance of some other: the rest is left out before any cell is
    looked at.

    Parameters
    ----------
    grid : Grid
    segments : array (n, 4)
        ``x0 y0 x1 y1`` in metres; a point has both ends equal.
    limit_m : float
        For ``within``.
    workers : int
        Threads; the result does not depend on it.
    box : Box, optional
        The cells that are asked for, by default all.
    """
    row0, row1, col0, col1 = grid.whole if box is None else box
    shape = row1 - row0, col1 - col0
    distance = np.full(shape, np.nan, dtype=np.float32)
    within = np.zeros(shape, dtype=np.bool_)
    index = np.full(shape, -1, dtype=np.int32)
    segments = np.ascontiguousarray(segments, dtype=np.float64).reshape(-1, 4)
    if len(segments):
        x, y = grid.x_m()[col0:col1], grid.y_m()[row0:row1]
        edges = [*range(0, shape[0], _COARSE), shape[0]]

        def fill(rows: tuple[int, int]) -> None:
            """Compute some rows of the window."""
            _band(rows, x, y, segments, limit_m, distance, within, index)

        if workers == 1 or len(edges) == 2:
            for rows in pairwise(edges):
                fill(rows)
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(fill, pairwise(edges)))
    return Nearest(distance, within, index)


@kernel
def _squared(x: float, y: float, x0: float, y0: float, x1: float, y1: float) -> float:
    """Return the squared distance from a point to a segment."""
    dx, dy = x1 - x0, y1 - y0
    length2 = dx * dx + dy * dy
    t = 0.0
    if length2 > 0.0:
        t = min(max(((x - x0) * dx + (y - y0) * dy) / length2, 0.0), 1.0)
    ex, ey = x - (x0 + t * dx), y - (y0 + t * dy)
    return ex * ex + ey * ey


@kernel
def _candidates(
    x: float,
    y: float,
    half_diagonal: float,
    segments: FloatArray,
    pool: NDArray[np.int64],
    count: int,
    chosen: NDArray[np.int64],
    scratch: FloatArray,
) -> int:
    """Choose from the pool the segments that can be nearest to a point of a tile round (x, y)."""
    least = math.inf
    for k in range(count):
        s = pool[k]
        scratch[k] = _squared(x, y, segments[s, 0], segments[s, 1], segments[s, 2], segments[s, 3])
        least = min(least, scratch[k])
    # A metre more than needed keeps rounding from leaving a tie out.
    reach = math.sqrt(least) + 2.0 * half_diagonal + 1.0
    n = 0
    for k in range(count):
        if scratch[k] <= reach * reach:
            chosen[n] = pool[k]
            n += 1
    return n


@kernel
def _band(
    rows: tuple[int, int],
    x_m: FloatArray,
    y_m: FloatArray,
    segments: FloatArray,
    limit_m: float,
    distance_m: NDArray[np.float32],
    within: NDArray[np.bool_],
    index: NDArray[np.int32],
) -> None:
    total = segments.shape[0]
    everything = np.arange(total)
    coarse, fine = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
    scratch = np.empty(total, dtype=np.float64)
    for c0 in range(0, x_m.size, _COARSE):
        c1 = min(c0 + _COARSE, x_m.size)
        x, y = 0.5 * (x_m[c0] + x_m[c1 - 1]), 0.5 * (y_m[rows[0]] + y_m[rows[1] - 1])
        half = 0.5 * math.hypot(x_m[c1 - 1] - x_m[c0], y_m[rows[0]] - y_m[rows[1] - 1])
        count = _candidates(x, y, half, segments, everything, total, coarse, scratch)
        for fr0 in range(rows[0], rows[1], _FINE):
            fr1 = min(fr0 + _FINE, rows[1])
            for fc0 in range(c0, c1, _FINE):
                fc1 = min(fc0 + _FINE, c1)
                x, y = 0.5 * (x_m[fc0] + x_m[fc1 - 1]), 0.5 * (y_m[fr0] + y_m[fr1 - 1])
                half = 0.5 * math.hypot(x_m[fc1 - 1] - x_m[fc0], y_m[fr0] - y_m[fr1 - 1])
                few = _candidates(x, y, half, segments, coarse, count, fine, scratch)
                for r in range(fr0, fr1):
                    for c in range(fc0, fc1):
                        least, who = math.inf, -1
                        for k in range(few):
                            s = fine[k]
                            d2 = _squared(
                                x_m[c], y_m[r], segments[s, 0], segments[s, 1], segments[s, 2], segments[s, 3]
                            )
                            if d2 < least:
                                least, who = d2, s
                        exact = math.sqrt(least)
                        distance_m[r, c] = exact
                        within[r, c] = exact <= limit_m
                        index[r, c] = who
