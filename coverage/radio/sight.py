"""Lines of sight by the thousand: how much room the ground, or what stands on it, leaves below each ray."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.profile import LIGHT_M_PER_S, bilinear, median_earth_radius_km
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.rasters.clutter import clutter_heights_m

UNKNOWN, BLOCKED, CLEAR = -1, 0, 1
MICROWAVE_EARTH_RADIUS_KM = 8500.0
"""Effective, for k = 4/3: Rec. ITU-R P.530-18, clause 2.2.2."""
_SAMPLES_AT_ONCE = 2_000_000


def line_of_sight(
    layers: Layers, start: FloatArray, end: FloatArray, start_top_m: FloatArray, end_top_m: FloatArray
) -> NDArray[np.int8]:
    """Return for each pair `CLEAR`, `BLOCKED` by the ground, or `UNKNOWN` (no terrain, a void, no position).

    The ray runs over an earth of the median effective radius (`median_earth_radius_km`). What stands on the
    ground is not asked: that is the clutter's class.

    Parameters
    ----------
    layers : Layers
    start, end : array, shape (n, 2)
        In the grid's coordinate system.
    start_top_m, end_top_m : array, shape (n,)
        Height of the ends above ground.
    """
    radius_km = median_earth_radius_km(layers.project.radio.delta_n)
    room = room_below_m(layers, start, end, start_top_m, end_top_m, radius_km=radius_km)
    return np.where(np.isnan(room), UNKNOWN, np.where(room >= 0.0, CLEAR, BLOCKED)).astype(np.int8)


def clear_paths(
    layers: Layers, start: FloatArray, end: FloatArray, start_top_m: FloatArray, end_top_m: FloatArray, *,
    frequency_mhz: float, share: float, step_m: float | None = None,
) -> NDArray[np.bool_]:
    """Tell which microwave paths are free: above ground and clutter by a share of the first Fresnel zone.

    Clutter counts everywhere but at the feet of the masts; the earth's radius is that of k = 4/3. A path over
    a void, or without terrain, is not free: nothing is known of it.

    Parameters
    ----------
    start, end, start_top_m, end_top_m
        As `line_of_sight`.
    frequency_mhz : float
    share : float
        Of the radius of the first Fresnel zone.
    step_m : float, optional
        Distance of samples at most; one cell by default.
    """
    room = room_below_m(
        layers, start, end, start_top_m, end_top_m, radius_km=MICROWAVE_EARTH_RADIUS_KM, over_clutter=True,
        frequency_mhz=frequency_mhz, share=share, step_m=step_m,
    )
    return room >= 0.0


def room_below_m(
    layers: Layers, start: FloatArray, end: FloatArray, start_top_m: FloatArray, end_top_m: FloatArray, *,
    radius_km: float, over_clutter: bool = False, frequency_mhz: float = np.inf, share: float = 0.0,
    step_m: float | None = None,
) -> FloatArray:
    """Return the least room below each ray, in metres; negative where something is in the way, NaN = unknown.

    ``line - (ground + clutter + d1 d2 / (2 a_e)) - share F1`` at every sample between the ends, with
    ``F1 = sqrt(lambda d1 d2 / (d1 + d2))`` (Rec. ITU-R P.526-15, eq. (2)).
    """
    room = np.full(len(start), np.nan)
    length = np.hypot(*(end - start).T)
    known = np.flatnonzero(np.isfinite(length))
    if layers.terrain is None or not known.size:
        return room
    count = np.maximum(np.ceil(length[known] / (step_m or layers.grid.cell_m)).astype(np.int64), 2)
    order = np.argsort(count, kind="stable")
    known, count = known[order], count[order]
    first = 0
    while first < known.size:
        last = first + 1
        while last < known.size and (last + 1 - first) * (count[last] + 1) <= _SAMPLES_AT_ONCE:
            last += 1
        some = known[first:last]
        room[some] = _room(
            layers, start[some], end[some], start_top_m[some], end_top_m[some], int(count[last - 1]),
            radius_km, over_clutter, share * np.sqrt(LIGHT_M_PER_S / (frequency_mhz * 1e6)),
        )
        first = last
    return room


def _room(
    layers: Layers, start: FloatArray, end: FloatArray, start_top_m: FloatArray, end_top_m: FloatArray,
    steps: int, radius_km: float, over_clutter: bool, zone: float,
) -> FloatArray:
    """Return the room below rays that are sampled alike; ``zone`` times sqrt(d1 d2 / d) is kept free."""
    assert layers.terrain is not None
    t = np.linspace(0.0, 1.0, steps + 1)[None, :]
    x = start[:, :1] + (end - start)[:, :1] * t
    y = start[:, 1:] + (end - start)[:, 1:] * t
    ground = bilinear(layers.terrain.values, layers.grid, x, y)
    low, high = ground[:, :1] + start_top_m[:, None], ground[:, -1:] + end_top_m[:, None]
    above = low + (high - low) * t - ground
    if over_clutter and layers.clutter is not None:
        heights = clutter_heights_m(layers.project.layers.clutter)
        above -= bilinear(layers.clutter.values, layers.grid, x, y, of_code=heights)
    length = np.hypot(*(end - start).T)[:, None]
    apart = length * t * (1.0 - t)
    above -= length * apart / (2000.0 * radius_km) + zone * np.sqrt(apart)
    return np.asarray(above[:, 1:-1].min(axis=1))
