"""Which roads the fibre routes follow, and what of the routes follows none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.coverage.fibre.line_graph import IntArray, LineGraph, split_edges
from phusong.layers.grid import FloatArray

_LEAST_FOLLOWED = 0.8
"""A piece of road is followed if the route runs on by at least this share of its length: what crosses
the route, or turns off from it, runs on by little."""

_STUB = 8.0
"""A part of an edge shorter than so many tolerances is a side road that leaves the route at an angle of
7 degrees or more; what is wrongly taken for one becomes an edge of its own beside the road."""


@dataclass(frozen=True)
class Matched:
    """Routes laid onto roads.

    Attributes
    ----------
    graph : LineGraph
        The roads, split where routes leave them.
    parent : array of int32, shape (m,)
        Edge of the old graph of each edge.
    pairs : array of int64, shape (p, 2)
        Edge and route that lies along it.
    rest : array of LineString, shape (q,)
        What of the routes follows no road.
    rest_route : array of int64, shape (q,)
    off_road_m, gap_m : array of float64, shape (routes,)
        Length of each route that follows no road; its distance to the nearest road.
    """

    graph: LineGraph
    parent: IntArray
    pairs: NDArray[np.int64]
    rest: NDArray[np.object_]
    rest_route: NDArray[np.int64]
    off_road_m: FloatArray
    gap_m: FloatArray


def match_routes(
    graph: LineGraph, shapes: NDArray[np.object_], *, along_m: float, snap_m: float
) -> Matched:
    """Find the parts of edges within ``along_m`` of routes that run along them.

    Parameters
    ----------
    graph : LineGraph
        Roads; may be empty.
    shapes : array of lines, shape (routes,)
    along_m : float
        Tolerance in metres.
    snap_m : float
        Parts of routes shorter than this are no edges.
    """
    parts, route = shapely.get_parts(shapely.force_2d(shapes), return_index=True)
    sound = ~shapely.is_missing(parts) & (shapely.length(parts) > 0.0)
    parts, route = parts[sound], route[sound].astype(np.int64)
    gap = np.full(len(shapes), np.inf)
    none = np.zeros((0, 2), dtype=np.int64)
    parent = np.arange(graph.edges, dtype=np.int32)
    if not graph.edges or not len(parts):
        off = np.bincount(route, weights=shapely.length(parts), minlength=len(shapes))
        return Matched(graph, parent, none, parts, route, off.astype(np.float64), gap)
    lines = graph.lines
    tree = shapely.STRtree(lines)
    (asked, _), near = tree.query_nearest(parts, return_distance=True, all_matches=False)
    np.minimum.at(gap, route[asked], near)
    part, edge, low, high = _followed(graph, lines, tree, parts, along_m)
    split = split_edges(
        graph, np.concatenate([edge, edge]), np.concatenate([low, high]), merge_m=1e-3
    )
    pairs = _edges_between(graph, split.graph, split.parent, edge, low, high, route[part])
    rest, rest_route = _not_followed(graph, parts, route, part, edge, low, high, along_m, snap_m)
    off = np.bincount(rest_route, weights=shapely.length(rest), minlength=len(shapes))
    return Matched(split.graph, split.parent, pairs, rest, rest_route, off.astype(np.float64), gap)


def _followed(
    graph: LineGraph, lines: NDArray[np.object_], tree: shapely.STRtree, parts: NDArray[np.object_],
    along_m: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray, FloatArray]:
    """Return part of a route, edge, and from where to where along the edge the route follows it."""
    part, edge = tree.query(parts, predicate="dwithin", distance=along_m)
    wide = shapely.buffer(parts, along_m)
    shapely.prepare(wide)
    whole = shapely.covers(wide[part], lines[edge])
    inside = np.array(lines[edge], dtype=object)
    inside[~whole] = shapely.intersection(wide[part[~whole]], lines[edge[~whole]])
    # Noding at vertices may return touching pieces of what is one.
    merged = np.where(shapely.get_num_geometries(inside) > 1, shapely.line_merge(inside), inside)
    piece, row = shapely.get_parts(merged, return_index=True)
    is_line = shapely.length(piece) > 0.0
    piece, row = piece[is_line], row[is_line]
    part, edge, whole = part[row], edge[row], whole[row]
    first, last = shapely.get_point(piece, 0), shapely.get_point(piece, -1)
    a, b = (shapely.line_locate_point(lines[edge], p) for p in (first, last))
    length = graph.length_m[edge]
    low = np.where(whole, 0.0, np.minimum(a, b))
    high = np.where(whole, length, np.maximum(a, b))
    on = (shapely.line_locate_point(parts[part], p) for p in (first, last))
    ran = np.abs(np.subtract(*on))
    closed = shapely.is_ring(parts[part])
    ran = np.where(closed, np.maximum(ran, shapely.length(parts[part]) - ran), ran)
    # The last metres before a junction that the route passes belong to what it follows.
    low = np.where(low <= along_m, 0.0, low)
    high = np.where(length - high <= along_m, length, high)
    full = (low == 0.0) & (high == length)
    both_ends = np.column_stack([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    route_ends = np.asarray(shapely.multipoints(both_ends), dtype=object)
    # A part of an edge may be short where the route itself ends.
    free = [shapely.line_interpolate_point(lines[edge], at) for at in (low, high)]
    stops = np.ones(len(piece), dtype=np.bool_)
    for end, loose in zip(free, (low > 0.0, high < length), strict=True):
        stops &= ~loose | shapely.dwithin(end, route_ends[part], 1.1 * along_m)
    kept = ran >= _LEAST_FOLLOWED * shapely.length(piece)
    kept &= full | (high - low >= _STUB * along_m) | (stops & (high - low > along_m))
    return part[kept].astype(np.int64), edge[kept].astype(np.int64), low[kept], high[kept]


def _edges_between(
    old: LineGraph, new: LineGraph, parent: IntArray, edge: NDArray[np.int64], low: FloatArray,
    high: FloatArray, route: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return pairs of new edge and route for stretches of old edges."""
    first = np.searchsorted(parent, np.arange(old.edges + 1), side="left")
    before = np.concatenate([[0.0], np.cumsum(new.length_m)])
    begin = before[:-1] - before[first[parent]]
    size = first[edge + 1] - first[edge]
    row = np.repeat(np.arange(len(edge)), size)
    child = np.repeat(first[edge], size) + np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    middle = begin[child] + 0.5 * new.length_m[child]
    held = (middle >= low[row]) & (middle <= high[row])
    pairs = np.column_stack([child[held], route[row[held]]])
    return np.unique(pairs, axis=0).astype(np.int64)


def _not_followed(
    graph: LineGraph, parts: NDArray[np.object_], route: NDArray[np.int64], part: NDArray[np.int64],
    edge: NDArray[np.int64], low: FloatArray, high: FloatArray, along_m: float, snap_m: float,
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the pieces of routes that no followed road covers, and their routes."""
    stretch = graph.cut(edge, low, high)
    order = np.argsort(part, kind="stable")
    groups = np.searchsorted(part[order], np.arange(len(parts) + 1))
    rest: list[shapely.Geometry] = []
    owner: list[int] = []
    for p, shape in enumerate(parts):
        mine = stretch[order[groups[p] : groups[p + 1]]]
        left = shape
        if len(mine):
            covered = shapely.buffer(shapely.multilinestrings(mine), along_m * 1.01)
            left = shapely.difference(shape, covered)
        for piece in shapely.get_parts(shapely.line_merge(left) if left.geom_type != "LineString" else left):
            # What is left at a junction, where the route cuts the corner, is no way of its own.
            if piece.length > max(snap_m, along_m if len(mine) else 0.0):
                rest.append(piece)
                owner.append(int(route[p]))
    out = np.empty(len(rest), dtype=object)
    out[:] = rest
    return out, np.array(owner, dtype=np.int64)
