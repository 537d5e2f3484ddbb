"""Whether the ground stands between a mast and a phone: for many pairs at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.profile import bilinear, median_earth_radius_km
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers

UNKNOWN, BLOCKED, CLEAR = -1, 0, 1
_CHUNK = 2048
_MOST_STEPS = 600


def line_of_sight(
    layers: Layers, start: tuple[FloatArray, FloatArray], start_height_m: FloatArray,
    end: tuple[FloatArray, FloatArray], end_height_m: float,
) -> NDArray[np.int8]:
    """Return for each pair `CLEAR`, `BLOCKED` by the ground, or `UNKNOWN` (no terrain, or a void).

    The ray runs over an earth of the median effective radius (`median_earth_radius_km`); the ground is
    sampled every cell of the grid. What stands on the ground is not asked: that is the clutter's class.

    Parameters
    ----------
    layers : Layers
    start, end : tuple of arrays, shape (n,)
        x and y in the grid's system.
    start_height_m : array, shape (n,)
    end_height_m : float
        Above ground.
    """
    n = len(start_height_m)
    found = np.full(n, UNKNOWN, dtype=np.int8)
    if layers.terrain is None:
        return found
    for first in range(0, n, _CHUNK):
        part = slice(first, min(first + _CHUNK, n))
        found[part] = _chunk(
            layers, np.stack([start[0][part], start[1][part]]), start_height_m[part],
            np.stack([end[0][part], end[1][part]]), end_height_m,
        )
    return found


def _chunk(
    layers: Layers, start: FloatArray, start_height_m: FloatArray, end: FloatArray, end_height_m: float
) -> NDArray[np.int8]:
    assert layers.terrain is not None
    length = np.hypot(*(end - start))
    known = np.isfinite(length)
    longest = float(length[known].max(initial=0.0))
    steps = int(np.clip(np.ceil(longest / layers.grid.cell_m), 2, _MOST_STEPS)) + 1
    share = np.linspace(0.0, 1.0, steps)[None, :]
    x, y = (np.where(known, s, 0.0)[:, None] + share * np.where(known, e - s, 0.0)[:, None]
            for s, e in zip(start, end, strict=True))  # fmt: skip
    ground = bilinear(layers.terrain.values, layers.grid, x.ravel(), y.ravel()).reshape(x.shape)
    near = share * np.where(known, length, 0.0)[:, None]
    radius_m = 1000.0 * median_earth_radius_km(layers.project.radio.delta_n)
    bulge = near * (np.where(known, length, 0.0)[:, None] - near) / (2.0 * radius_m)
    top, foot = ground[:, :1] + start_height_m[:, None], ground[:, -1:] + end_height_m
    above = top + (foot - top) * share - (ground + bulge)
    clear = (above[:, 1:-1] >= 0.0).all(axis=1)
    found = np.where(clear, CLEAR, BLOCKED).astype(np.int8)
    found[~known | ~np.isfinite(ground).all(axis=1)] = UNKNOWN
    return found
