"""Lines of sight by the thousand: which masts see each other over terrain and clutter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.profile import LIGHT_M_PER_S, bilinear
from phusong.layers.clutter import clutter_heights_m
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers

EARTH_RADIUS_KM = 8500.0
"""Effective, for k = 4/3: Rec. ITU-R P.530-18, clause 2.2.2."""
_SAMPLES_AT_ONCE = 2_000_000


def clear_paths(
    layers: Layers, start: FloatArray, end: FloatArray, start_top_m: FloatArray, end_top_m: FloatArray, *,
    frequency_mhz: float, share: float, step_m: float | None = None,
) -> NDArray[np.bool_]:
    """Tell which paths are free: ray above ground and clutter by a share of the first Fresnel zone.

    ``clearance = line - (ground + clutter + d1 d2 / (2 a_e)) >= share F1`` at every sample between the masts,
    with ``F1 = sqrt(lambda d1 d2 / (d1 + d2))`` (Rec. ITU-R P.526-15, eq. (2)) and the effective earth radius
    of k = 4/3. Clutter counts everywhere but at the feet of the masts.

    Parameters
    ----------
    layers : Layers
        With terrain; a path over a void is not free.
    start, end : array, shape (n, 2)
        In the grid's coordinate system.
    start_top_m, end_top_m : array, shape (n,)
        Height of the antennas above ground.
    frequency_mhz : float
    share : float
        Of the radius of the first Fresnel zone.
    step_m : float, optional
        Distance of samples at most; one cell by default.

    Returns
    -------
    array of bool, shape (n,)
        All False without terrain: nothing is known of the path then.
    """
    n = len(start)
    clear = np.zeros(n, dtype=np.bool_)
    if layers.terrain is None or not n:
        return clear
    length = np.hypot(*(end - start).T)
    count = np.maximum(np.ceil(length / (step_m or layers.grid.cell_m)).astype(np.int64), 2)
    order = np.argsort(count, kind="stable")
    first = 0
    while first < n:
        last = first + 1
        while last < n and (last + 1 - first) * (count[order[last]] + 1) <= _SAMPLES_AT_ONCE:
            last += 1
        some = order[first:last]
        clear[some] = _clear(
            layers, start[some], end[some], start_top_m[some], end_top_m[some], int(count[some].max()),
            frequency_mhz, share,
        )
        first = last
    return clear


def _clear(
    layers: Layers, start: FloatArray, end: FloatArray, start_top_m: FloatArray, end_top_m: FloatArray,
    steps: int, frequency_mhz: float, share: float,
) -> NDArray[np.bool_]:
    assert layers.terrain is not None
    t = np.linspace(0.0, 1.0, steps + 1)[None, :]
    x = start[:, :1] + (end - start)[:, :1] * t
    y = start[:, 1:] + (end - start)[:, 1:] * t
    ground = bilinear(layers.terrain.values, layers.grid, x, y)
    stands = ground.copy()
    if layers.clutter is not None:
        heights = clutter_heights_m(layers.project.layers.clutter)
        stands[:, 1:-1] += bilinear(layers.clutter.values, layers.grid, x, y, of_code=heights)[:, 1:-1]
    length = np.hypot(*(end - start).T)[:, None]
    near, far = length * t, length * (1.0 - t)
    bulge = near * far / (2000.0 * EARTH_RADIUS_KM)
    low, high = ground[:, :1] + start_top_m[:, None], ground[:, -1:] + end_top_m[:, None]
    line = low + (high - low) * t
    with np.errstate(invalid="ignore", divide="ignore"):
        fresnel = np.sqrt(LIGHT_M_PER_S / (frequency_mhz * 1e6) * near * far / length)
        free = line - stands - bulge >= share * fresnel
    return np.asarray(free[:, 1:-1].all(axis=1))
