"""From ways to cells and points within a drop: the least distance along the ways, exact."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.jit import kernel
from phusong.layers.grid import FloatArray


@kernel
def _least(
    x: float, y: float, s: FloatArray, along: float, length: float, a: float, b: float, w: float, drop2: float
) -> tuple[float, float, float]:
    """Return the least distance within the drop, where on the edge it is, and the length of the drop.

    ``a`` and ``b`` are the distances of the edge's ends. Along the edge the distance is the lesser of two
    straight lines, so its least over the part within the drop is at one of that part's ends.
    """
    dx, dy = s[2] - s[0], s[3] - s[1]
    size = math.hypot(dx, dy)
    px, py = x - s[0], y - s[1]
    if size > 0.0:
        foot = (px * dx + py * dy) / size
        off = (px * dy - py * dx) / size
        off2 = off * off
    else:
        foot = 0.0
        off2 = px * px + py * py
    if off2 > drop2:
        return math.inf, 0.0, 0.0
    half = math.sqrt(drop2 - off2)
    t0, t1 = max(foot - half, 0.0), min(foot + half, size)
    if t0 > t1:
        return math.inf, 0.0, 0.0
    best, where = math.inf, 0.0
    for t in (t0, t1):
        at = along + t
        d = min(a + w * at, b + w * (length - at))
        if d < best:
            best, where = d, t
    return best, along + where, math.sqrt(off2 + (foot - where) ** 2)


@kernel
def _around(
    s: FloatArray, margin_m: float, x0_m: float, y0_m: float, cell_m: float, shape: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return first row, end of rows, first column and end of columns of the cells round a segment.

    ``x0_m y0_m`` is the centre of the first cell.
    """
    c0 = max(math.ceil((min(s[0], s[2]) - margin_m - x0_m) / cell_m), 0)
    c1 = min(math.floor((max(s[0], s[2]) + margin_m - x0_m) / cell_m) + 1, shape[1])
    r0 = max(math.ceil((y0_m - max(s[1], s[3]) - margin_m) / cell_m), 0)
    r1 = min(math.floor((y0_m - min(s[1], s[3]) + margin_m) / cell_m) + 1, shape[0])
    return r0, r1, c0, c1


@kernel
def cells_within_drop(
    x_m: FloatArray,
    y_m: FloatArray,
    cell_m: float,
    segments: FloatArray,
    edge: NDArray[np.int32],
    along: FloatArray,
    length: FloatArray,
    tail_m: FloatArray,
    head_m: FloatArray,
    weight: FloatArray,
    drop_m: float,
    best: FloatArray,
    best_edge: NDArray[np.int32],
    best_at: FloatArray,
) -> None:
    """Give every cell the least distance along the ways within ``drop_m`` of its centre.

    ``best`` (infinite at first), ``best_edge`` (-1) and ``best_at`` have the grid's shape; per edge
    ``length tail_m head_m weight``.
    """
    drop2 = drop_m * drop_m
    for k in range(segments.shape[0]):
        s = segments[k]
        e = edge[k]
        if not (tail_m[e] < math.inf or head_m[e] < math.inf):
            continue
        r0, r1, c0, c1 = _around(s, drop_m, x_m[0], y_m[0], cell_m, best.shape)
        for r in range(r0, r1):
            for c in range(c0, c1):
                d, at, _ = _least(
                    x_m[c], y_m[r], s, along[k], length[e], tail_m[e], head_m[e], weight[e], drop2
                )
                if d < best[r, c]:
                    best[r, c] = d
                    best_edge[r, c] = e
                    best_at[r, c] = at


@kernel
def nearest_edge_of_cells(
    x_m: FloatArray,
    y_m: FloatArray,
    cell_m: float,
    segments: FloatArray,
    edge: NDArray[np.int32],
    limit_m: float,
    best: FloatArray,
    best_edge: NDArray[np.int32],
) -> None:
    """Give every cell within ``limit_m`` of an edge the nearest one: the first of equals."""
    for k in range(segments.shape[0]):
        s = segments[k]
        dx, dy = s[2] - s[0], s[3] - s[1]
        size2 = dx * dx + dy * dy
        r0, r1, c0, c1 = _around(s, limit_m, x_m[0], y_m[0], cell_m, best.shape)
        for r in range(r0, r1):
            for c in range(c0, c1):
                px, py = x_m[c] - s[0], y_m[r] - s[1]
                t = 0.0
                if size2 > 0.0:
                    t = min(max((px * dx + py * dy) / size2, 0.0), 1.0)
                d = math.hypot(px - t * dx, py - t * dy)
                if d <= limit_m and d < best[r, c]:
                    best[r, c] = d
                    best_edge[r, c] = edge[k]


@kernel
def points_within_drop(
    xy: FloatArray,
    point: NDArray[np.int64],
    segment: NDArray[np.int64],
    segments: FloatArray,
    edge: NDArray[np.int32],
    along: FloatArray,
    length: FloatArray,
    tail_m: FloatArray,
    head_m: FloatArray,
    weight: FloatArray,
    drop_m: float,
    best: FloatArray,
    best_edge: NDArray[np.int32],
    best_at: FloatArray,
    best_drop: FloatArray,
) -> None:
    """Do for pairs of point and segment what `cells_within_drop` does for cells."""
    drop2 = drop_m * drop_m
    for k in range(point.shape[0]):
        p, n = point[k], segment[k]
        e = edge[n]
        d, at, drop = _least(
            xy[p, 0], xy[p, 1], segments[n], along[n], length[e], tail_m[e], head_m[e], weight[e], drop2
        )
        if d < best[p]:
            best[p] = d
            best_edge[p] = e
            best_at[p] = at
            best_drop[p] = drop
