"""One ray from a site: its samples, and what lets each receiver along it be answered without a scan.

A receiver at distance D sees the first m samples of its ray. What it asks of them is either a running
value of the prefix (largest slope from the transmitter, sums of the smooth surface, stretches of a zone)
or a tangent from the receiver to the upper hull of the prefix. With q = h - c d^2 the slope from the
receiver to sample i over an earth of curvature c is (q_i - q_r) / (D - d_i) plus terms of D alone, so
one hull of (d, q) serves receivers at every distance. Hulls are kept as parent pointers: the hull of the
first m samples is the chain from m.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio import p1812_terms as terms
from phusong.coverage.radio.jit import (
    array_kernel,
    fast_array_kernel,
    fast_kernel,
    inlined_kernel,
    kernel,
)

Floats = NDArray[np.float64]
Grid32 = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]
Places = NDArray[np.uint32]
"""Sample numbers: without a sign, so that no access asks whether it counts from the end."""

BLOCK = 8
"""Samples whose largest slope is kept together, to pass over them in the line-of-sight search."""


class Ray(NamedTuple):
    """Samples of a ray; index 0 is the site, 1 to n are samples one step apart.

    ``inverse`` is one over the distance ``d``. ``ground`` and ``surface`` (with clutter) in m; ``v1`` and
    ``v2`` are the sums of the least-squares surface; ``bare`` is the hull of ``q_bare``; ``spare`` is room
    for work.
    """

    d: Floats
    inverse: Floats
    ground: Floats
    surface: Floats
    zone: Bytes
    v1: Floats
    v2: Floats
    q_bare: Floats
    bare: Places
    spare: Floats


class Curve(NamedTuple):
    """The surface bent over an earth of one effective radius, seen from both ends.

    ``q`` and its hull ``parent`` belong to the ray; ``slope`` (from the antenna), its running maximum
    ``highest`` and the maximum of each block belong to the ray and a transmitter height.
    """

    q: Floats
    parent: Places
    slope: Floats
    highest: Floats
    block: Floats


class Prefix(NamedTuple):
    """Slopes from the antenna over the bare ground: running maximum flat, and bent with its place.

    ``slope`` and ``block`` are the bent slopes and the largest of each block.
    """

    flat: Floats
    bent: Floats
    place: Places
    slope: Floats
    block: Floats


class Stretches(NamedTuple):
    """Running stretches by zone: the longest that ended, the start of the open one (or -1), sea so far."""

    land_best: Floats
    land_start: Floats
    inland_best: Floats
    inland_start: Floats
    sea: Floats
    sea_first: Floats
    sea_last: Floats


@kernel
def new_ray(n: int) -> Ray:
    """Make room for a ray of ``n`` samples."""
    return Ray(
        np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1, np.uint8),
        np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1, np.uint32), np.zeros(n + 2),
    )


@kernel
def new_curve(n: int) -> Curve:
    """Make room for a curve of ``n`` samples."""
    return Curve(
        np.zeros(n + 1), np.zeros(n + 1, np.uint32), np.zeros(n + 1), np.zeros(n + 1),
        np.zeros(n // BLOCK + 2),
    )


@kernel
def new_prefix(n: int) -> Prefix:
    """Make room for the running maxima of ``n`` samples."""
    return Prefix(
        np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1, np.uint32), np.zeros(n + 1),
        np.zeros(n // BLOCK + 2),
    )


@kernel
def new_stretches(n: int) -> Stretches:
    """Make room for the stretches of ``n`` samples."""
    return Stretches(
        np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1),
        np.zeros(n + 1), np.zeros(n + 1),
    )


@fast_kernel
def interpolate(values: Grid32, row: float, col: float) -> float:
    """Bilinear value at a fractional position, held to the grid's outermost cell centres."""
    rows, cols = values.shape
    r = min(max(row, 0.0), rows - 1.0)
    c = min(max(col, 0.0), cols - 1.0)
    i = min(int(r), rows - 2)
    j = min(int(c), cols - 2)
    fr, fc = r - i, c - j
    above = (1.0 - fc) * values[i, j] + fc * values[i, j + 1]
    below = (1.0 - fc) * values[i + 1, j] + fc * values[i + 1, j + 1]
    return float((1.0 - fr) * above + fr * below)


@fast_kernel
def sample_line(
    terrain: Grid32, surface: Grid32, row: float, col: float, row_step: float, col_step: float, n: int,
    ground: Floats, covered: Floats, both: bool,
) -> None:
    """Interpolate samples 0 to ``n`` of a line into ``ground`` and ``covered``; as `interpolate`.

    Without ``both`` only the ground is read.
    """
    rows, cols = terrain.shape
    last_row, last_col = rows - 1.0, cols - 1.0
    bare, over, width = terrain.reshape(rows * cols), surface.reshape(rows * cols), np.uint32(cols)
    for k in range(n + 1):
        r = min(max(row + k * row_step, 0.0), last_row)
        c = min(max(col + k * col_step, 0.0), last_col)
        top, left = np.int32(min(r, last_row - 1.0)), np.int32(min(c, last_col - 1.0))
        fr, fc = r - top, c - left
        at = np.uint32(np.uint32(top) * width + np.uint32(left))
        right, under = np.uint32(at + np.uint32(1)), np.uint32(at + width)
        across = np.uint32(under + np.uint32(1))
        above = bare[at] + fc * (bare[right] - bare[at])
        below = bare[under] + fc * (bare[across] - bare[under])
        ground[k] = above + fr * (below - above)
        if both:
            above = over[at] + fc * (over[right] - over[at])
            below = over[under] + fc * (over[across] - over[under])
            covered[k] = above + fr * (below - above)


@kernel
def sample_zones(
    values: Bytes, row: float, col: float, row_step: float, col_step: float, n: int, out: Bytes
) -> None:
    """Nearest zone of samples 0 to ``n`` of a line."""
    rows, cols = values.shape
    for k in range(n + 1):
        i = min(max(math.floor(row + k * row_step + 0.5), 0), rows - 1)
        j = min(max(math.floor(col + k * col_step + 0.5), 0), cols - 1)
        out[k] = values[i, j]


@fast_array_kernel
def sum_smooth_surface(ray: Ray, n: int) -> None:
    """Sum up, sample by sample, the least-squares surface; attachment 1, eqs. (83-84)."""
    d, h, v1, v2 = ray.d, ray.ground, ray.v1, ray.v2
    v1[0] = 0.0
    v2[0] = 0.0
    a, b = 0.0, 0.0
    for i in range(1, n + 1):
        step = d[i] - d[i - 1]
        a += step * (h[i] + h[i - 1])
        b += step * (h[i] * (2.0 * d[i] + d[i - 1]) + h[i - 1] * (d[i] + 2.0 * d[i - 1]))
        v1[i] = a
        v2[i] = b


@fast_array_kernel
def bend(d: Floats, heights: Floats, curvature: float, n: int, q: Floats) -> None:
    """Lower each height by the drop of an earth of ``curvature`` = 500 / radius."""
    for i in range(n + 1):
        q[i] = heights[i] - curvature * d[i] * d[i]


@fast_array_kernel
def link_hull(y: Floats, n: int, parent: Places, slope: Floats) -> None:
    """Link each of samples 1 to ``n``, equally spaced, to its predecessor on the upper hull up to it.

    ``slope`` is room for the slope from each predecessor.
    """
    parent[0] = 0
    parent[1] = 0
    slope[0] = slope[1] = math.inf
    for i in range(2, n + 1):
        top = np.uint32(i - 1)
        yi = y[i]
        run = 1.0
        while yi - y[top] >= slope[top] * run:
            top = parent[top]
            run = float(i) - float(top)
        parent[i] = top
        slope[i] = (yi - y[top]) / run


@inlined_kernel
def tangent(
    q: Floats, parent: Places, d: Floats, m: np.uint32, total: float, level: float
) -> np.uint32:
    """Sample of the first ``m`` that a receiver at ``total``, ``level`` sees highest."""
    k = m
    rise, run = q[k] - level, total - d[k]
    p = parent[k]
    while p > 0:
        other_rise, other_run = q[p] - level, total - d[p]
        if other_rise * run <= rise * other_run:
            break
        k, rise, run = p, other_rise, other_run
        p = parent[k]
    return k


@inlined_kernel
def mark_blocks(slope: Floats, n: int, block: Floats) -> None:
    """Keep the largest slope of each block of samples 1 to ``n``; what lies beyond them is -inf."""
    for b in range(n // BLOCK + 1):
        top = -math.inf
        for i in range(max(b * BLOCK, 1), min(b * BLOCK + BLOCK, n + 1)):
            top = slope[i] if slope[i] > top else top
        block[b] = top


@fast_array_kernel
def view_curve(curve: Curve, inverse: Floats, n: int, tx: float) -> None:
    """Slopes from an antenna at ``tx`` m above sea level to each sample, and their running maximum."""
    q, slope, highest = curve.q, curve.slope, curve.highest
    for i in range(1, n + 1):
        slope[i] = (q[i] - tx) * inverse[i]
    slope[0] = -math.inf
    best = -math.inf
    for i in range(1, n + 1):
        best = slope[i] if slope[i] > best else best
        highest[i] = best
    mark_blocks(slope, n, curve.block)


@fast_array_kernel
def view_ground(prefix: Prefix, ray: Ray, n: int, tx: float) -> None:
    """Follow the largest slopes to the bare ground; the first of equal ones keeps the place."""
    h, q, inverse = ray.ground, ray.q_bare, ray.inverse
    flat, bent, place, slope = prefix.flat, prefix.bent, prefix.place, prefix.slope
    for i in range(1, n + 1):
        slope[i] = (q[i] - tx) * inverse[i]
        flat[i] = (h[i] - tx) * inverse[i]
    best_flat, best_bent, best_place = -math.inf, -math.inf, 1
    for i in range(1, n + 1):
        best_flat = flat[i] if flat[i] > best_flat else best_flat
        flat[i] = best_flat
        best_place = i if slope[i] > best_bent else best_place
        best_bent = slope[i] if slope[i] > best_bent else best_bent
        bent[i] = best_bent
        place[i] = best_place
    mark_blocks(slope, n, prefix.block)


@array_kernel
def measure_stretches(run: Stretches, d: Floats, zone: Bytes, n: int) -> None:
    """Fill in the stretches of samples 0 to ``n``; borders lie halfway between samples."""
    best_land, start_land, best_inland, start_inland = 0.0, -1.0, 0.0, -1.0
    sea, first, last = 0.0, -1.0, -1.0
    for i in range(n + 1):
        border = 0.5 * (d[i - 1] + d[i]) if i > 0 else 0.0
        if zone[i] == terms.ZONE_SEA:
            if start_land >= 0.0:
                best_land = max(best_land, border - start_land)
                start_land = -1.0
            if first < 0.0:
                first = border
        elif start_land < 0.0:
            start_land = border
            if i > 0:
                last = border
        if zone[i] == terms.ZONE_INLAND:
            if start_inland < 0.0:
                start_inland = border
        elif start_inland >= 0.0:
            best_inland = max(best_inland, border - start_inland)
            start_inland = -1.0
        if i > 0:
            if zone[i - 1] == terms.ZONE_SEA:
                sea += 0.5 * (d[i] - d[i - 1])
            if zone[i] == terms.ZONE_SEA:
                sea += 0.5 * (d[i] - d[i - 1])
        run.land_best[i], run.land_start[i] = best_land, start_land
        run.inland_best[i], run.inland_start[i] = best_inland, start_inland
        run.sea[i], run.sea_first[i], run.sea_last[i] = sea, first, last


@array_kernel
def close_stretch(best: float, start: float, inside: bool, border: float, total: float) -> float:
    """Longest stretch once the receiver at ``total`` is added, with its border to the last sample."""
    if inside:
        return max(best, total - (start if start >= 0.0 else border))
    if start >= 0.0:
        return max(best, border - start)
    return best
