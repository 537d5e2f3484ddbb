"""Lines as they were drawn into a graph: ends snapped, edges split where lines meet, doubles merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.coverage.fibre.line_graph import IntArray, LineGraph, points_of, split_edges
from phusong.layers.grid import FloatArray

SNAP_M = 2.0
"""Ends of lines nearer than this are one place: five decimals of a degree are worth 1.1 m."""

SAME_M = 0.01
"""Vertices inside lines are shared if they are this near: roads that cross on a bridge share none."""

LEAST_RING = 4.0
"""A ring that is no longer than so many tolerances is the blot of a pen."""

SHORT_M = 30.0
"""A dead end that stops this near to another line was probably meant to meet it."""


@dataclass(frozen=True)
class Cleaning:
    """What was done to the lines; lengths in metres.

    ``input_m`` = ``total_m`` + ``duplicate_m`` + ``loop_m``, but for what ends were moved.

    Attributes
    ----------
    lines : int
        Lines that were read, several parts of one counted apart.
    empty : int
        Lines without length, left out.
    snapped : int
        Ends that were moved onto another line's end or vertex.
    touched : int
        Ends that met the middle of an edge, which was split there.
    rings : int
        Edges from a node to itself that were opened in their middle.
    loops, loop_m : int, float
        Edges from a node to itself no longer than `LEAST_RING` tolerances, left out.
    duplicates, duplicate_m : int, float
        Edges that another one runs along from end to end, merged with it.
    short_of : array of float64, shape (d, 2)
        Dead ends that stop within `SHORT_M` of another line without touching it.
    input_m, total_m : float
        Before and after.
    """

    lines: int = 0
    empty: int = 0
    snapped: int = 0
    touched: int = 0
    rings: int = 0
    loops: int = 0
    loop_m: float = 0.0
    duplicates: int = 0
    duplicate_m: float = 0.0
    input_m: float = 0.0
    total_m: float = 0.0
    short_of: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))


@dataclass(frozen=True)
class CleanLines:
    """A clean graph, and from which lines its edges come.

    Attributes
    ----------
    graph : LineGraph
    line : array of int32, shape (m,)
        Position of the line from which the edge was taken: the first of its duplicates.
    member_edge, member_line : array of int32, shape (p,)
        Pairs: every line that runs along every edge, duplicates too.
    report : Cleaning
    """

    graph: LineGraph
    line: IntArray
    member_edge: IntArray
    member_line: IntArray
    report: Cleaning


def clean_lines(shapes: NDArray[np.object_], *, snap_m: float = SNAP_M) -> CleanLines:
    """Make a graph of lines.

    Vertices inside lines join where they are the same place (`SAME_M`); an end joins any other end and
    any vertex within ``snap_m``, and splits any line that it touches within ``snap_m``. Lines that cross
    without a common vertex stay apart: one of them may be a bridge.

    Parameters
    ----------
    shapes : array of LineString or MultiLineString, shape (l,)
        In a metric coordinate system; what is missing or empty is left out.
    snap_m : float
        Tolerance in metres.

    Returns
    -------
    CleanLines
        The same whatever the order of the lines, but for the order of nodes and edges.
    """
    parts, line, empty = _parts(shapes)
    input_m = float(shapely.length(parts).sum())
    parts, copies = _without_copies(parts)
    xy, part = _without_repeats(*shapely.get_coordinates(parts, return_index=True))
    if not len(xy):
        none = np.zeros(0, dtype=np.int32)
        return CleanLines(LineGraph.empty(), none, none, none, Cleaning(empty=empty))
    graph, owner, ending, snapped = _at_vertices(xy, part, snap_m)
    edge_part = owner
    graph, parent, touched = _at_touches(graph, ending, snap_m)
    edge_part = edge_part[parent]
    graph, parent, rings = _open_rings(graph, snap_m)
    edge_part = edge_part[parent]
    loop = graph.tail == graph.head
    loops, loop_m = int(loop.sum()), float(graph.length_m[loop].sum())
    graph, edge_part = graph.take(~loop), edge_part[~loop]
    same = _duplicates(graph, snap_m)
    kept = np.flatnonzero(same == np.arange(graph.edges))
    place = np.cumsum(same == np.arange(graph.edges)) - 1
    double = same != np.arange(graph.edges)
    duplicate_m = float(graph.length_m[double].sum())
    # The lines of a part are those of all its copies.
    order = np.argsort(copies, kind="stable")
    size = np.bincount(copies, minlength=len(parts))
    first = np.cumsum(size) - size
    times = size[edge_part]
    at = np.repeat(first[edge_part] - np.cumsum(times) + times, times) + np.arange(times.sum())
    member = np.column_stack([np.repeat(place[same], times), line[order[at]]])
    member = np.unique(member, axis=0).astype(np.int32)
    copied = len(line) - len(parts)
    duplicate_m += input_m - float(shapely.length(parts).sum())
    graph = _without_idle_nodes(graph.take(kept))
    report = Cleaning(
        lines=len(line), empty=empty, snapped=snapped, touched=touched, rings=rings, loops=loops,
        loop_m=loop_m, duplicates=int(double.sum()) + copied, duplicate_m=duplicate_m, input_m=input_m,
        total_m=float(graph.length_m.sum()), short_of=_short_of(graph),
    )  # fmt: skip
    kept_line = line[order[first[edge_part[kept]]]]
    return CleanLines(graph, kept_line.astype(np.int32), member[:, 0], member[:, 1], report)


def _parts(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64], int]:
    """Return the parts of lines, the line of each, and how many lines have no length."""
    shapes = np.asarray(shapes, dtype=object)
    parts, line = shapely.get_parts(shapely.force_2d(shapes), return_index=True)
    sound = ~shapely.is_missing(parts) & (shapely.length(parts) > 0.0)
    parts, line = parts[sound], line[sound].astype(np.int64)
    return parts, line, len(shapes) - len(np.unique(line))


def _without_copies(parts: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the parts without those drawn again in either direction, and where each of them is kept."""
    if not len(parts):
        return parts, np.zeros(0, dtype=np.int64)
    _, first, same = np.unique(
        shapely.to_wkb(shapely.normalize(parts)), return_index=True, return_inverse=True
    )
    kept = np.sort(first)
    return parts[kept], np.searchsorted(kept, first[same]).astype(np.int64)


def _without_repeats(xy: FloatArray, part: NDArray[np.int64]) -> tuple[FloatArray, NDArray[np.int64]]:
    kept = np.ones(len(xy), dtype=np.bool_)
    kept[1:] = (part[1:] != part[:-1]) | (xy[1:] != xy[:-1]).any(axis=1)
    return xy[kept], part[kept]


def _ends(part: NDArray[np.int64]) -> NDArray[np.bool_]:
    ends = np.ones(len(part), dtype=np.bool_)
    ends[1:-1] = (part[1:-1] != part[:-2]) | (part[1:-1] != part[2:])
    return ends


def _at_vertices(
    xy: FloatArray, part: NDArray[np.int64], snap_m: float
) -> tuple[LineGraph, NDArray[np.int64], NDArray[np.int64], int]:
    """Return the graph with nodes at ends and shared vertices, and what goes with it.

    The part of each edge, the nodes at which lines end, and how many ends were moved.
    """
    place, where, moved = _places(xy, part, snap_m)
    end = _ends(part)
    # Vertices that fell into one place one after the other are one; a line all in one place keeps both
    # its ends: it becomes a loop, and is counted as such.
    repeated = (part[1:] == part[:-1]) & (place[1:] == place[:-1])
    kept = np.ones(len(part), dtype=np.bool_)
    kept[1:] = ~repeated
    kept |= end
    kept[:-1] &= ~(repeated & end[1:] & ~end[:-1])
    part, place, xy, end = part[kept], place[kept], xy[kept], end[kept]
    node = np.bincount(place, minlength=len(where)) > 1
    node[place[end]] = True
    node_here = node[place]
    xy = np.where(node_here[:, None], where[place], xy)
    # An inner node ends one edge and begins the next.
    times = 1 + (node_here & ~end)
    origin = np.repeat(np.arange(len(part)), times)
    second = np.zeros(len(origin), dtype=np.bool_)
    second[1:] = origin[1:] == origin[:-1]
    begins = second | np.r_[True, part[1:] != part[:-1]][origin]
    start = np.append(np.flatnonzero(begins), len(origin)).astype(np.int64)
    number = np.cumsum(node) - 1
    at = number[place[origin]].astype(np.int32)
    graph = LineGraph(where[node], at[start[:-1]], at[start[1:] - 1], xy[origin], start)
    return graph, part[origin[start[:-1]]], np.unique(number[place[end]]), moved


def _places(
    xy: FloatArray, part: NDArray[np.int64], snap_m: float
) -> tuple[NDArray[np.int64], FloatArray, int]:
    """Return the place of each vertex, where the places are, and how many ends were moved."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    # Complex numbers sort by x, then y: far quicker than rows.
    unique, spot = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)
    points = np.column_stack([unique.real, unique.imag])
    end_spot = np.unique(spot[_ends(part)])
    is_end = np.zeros(len(points), dtype=np.bool_)
    is_end[end_spot] = True
    tree = cKDTree(points)
    pairs = [tree.query_pairs(SAME_M, output_type="ndarray").reshape(-1, 2)]
    ends = cKDTree(points[end_spot])
    pairs.append(end_spot[ends.query_pairs(snap_m, output_type="ndarray").reshape(-1, 2)])
    pairs.append(_ends_at_vertices(points, spot, part, end_spot, snap_m))
    linked = np.vstack(pairs)
    shape = (len(points), len(points))
    links = coo_array((np.ones(len(linked)), (linked[:, 0], linked[:, 1])), shape=shape)
    count, label = connected_components(links, directed=False)
    # A through road keeps its shape: the place is at a vertex inside a line if there is one.
    order = np.lexsort((np.arange(len(points)), is_end, label))
    first = np.searchsorted(label[order], np.arange(count))
    where = points[order[first]]
    moved = int(((where[label] != points).any(axis=1) & is_end).sum())
    return label[spot].astype(np.int64), where, moved


def _ends_at_vertices(
    points: FloatArray, spot: NDArray[np.int64], part: NDArray[np.int64], end_spot: NDArray[np.int64],
    snap_m: float,
) -> NDArray[np.int64]:
    """Return pairs: each end and the nearest vertex of another line within the tolerance."""
    from scipy.spatial import cKDTree

    inner = ~_ends(part)
    if not inner.any():
        return np.zeros((0, 2), dtype=np.int64)
    inner_spot, inner_part = spot[inner], part[inner]
    near, found = cKDTree(points[inner_spot]).query(
        points[end_spot], k=min(8, len(inner_spot)), distance_upper_bound=snap_m
    )
    near, found = (np.asarray(a).reshape(len(end_spot), -1) for a in (near, found))
    hit = np.isfinite(near)
    found = np.where(hit, found, 0)
    # An end belongs to the lines that end in it; its own next vertices do not count.
    pairs: list[tuple[int, int]] = []
    ends = _ends(part)
    order = np.argsort(spot[ends], kind="stable")
    sorted_spot, sorted_part = spot[ends][order], part[ends][order]
    for row in np.flatnonzero(hit.any(axis=1)):
        a, b = np.searchsorted(sorted_spot, [end_spot[row], end_spot[row] + 1])
        own = set(sorted_part[a:b].tolist())
        for ok, k in zip(hit[row].tolist(), found[row].tolist(), strict=True):
            if ok and int(inner_part[k]) not in own:
                pairs.append((int(end_spot[row]), int(inner_spot[k])))
                break
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _at_touches(
    graph: LineGraph, ending: NDArray[np.int64], snap_m: float
) -> tuple[LineGraph, IntArray, int]:
    """Split edges where the end of another line touches them; return graph, parents and their number."""
    lines = graph.lines
    ends = points_of(graph.node_xy)
    point, edge = shapely.STRtree(lines).query(ends[ending], predicate="dwithin", distance=snap_m)
    node = ending[point]
    foreign = (graph.tail[edge] != node) & (graph.head[edge] != node)
    node, edge = node[foreign], edge[foreign]
    at = shapely.line_locate_point(lines[edge], ends[node])
    own_node, own_edge, own_at = _on_themselves(graph, ending, snap_m)
    node, edge, at = (np.concatenate(pair) for pair in ((node, own_node), (edge, own_edge), (at, own_at)))
    if not len(node):
        return graph, np.arange(graph.edges, dtype=np.int32), 0
    split = split_edges(graph, edge, at, merge_m=snap_m)
    return _unite(split.graph, node, split.node), split.parent, len(node)


def _on_themselves(
    graph: LineGraph, ending: NDArray[np.int64], snap_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
    """Return the nodes that touch an edge of their own away from where it begins, the edge, and where."""
    away = 4.0 * snap_m + 1.0
    ring = graph.tail == graph.head
    found: list[tuple[NDArray[Any], ...]] = []
    for at_tail, node in ((True, graph.tail), (False, graph.head)):
        edge = np.flatnonzero(np.isin(node, ending) & (graph.length_m > 2.0 * away) & ~ring)
        low = np.full(len(edge), away if at_tail else 0.0)
        rest = graph.cut(edge, low, graph.length_m[edge] - (0.0 if at_tail else away))
        point = points_of(graph.node_xy[node[edge]])
        touches = shapely.dwithin(rest, point, snap_m)
        at = low + shapely.line_locate_point(rest, point)
        found.append((node[edge][touches], edge[touches], at[touches]))
    nodes, edges, at_m = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return nodes.astype(np.int64), edges.astype(np.int64), at_m.astype(np.float64)


def _unite(graph: LineGraph, moved: NDArray[Any], onto: NDArray[Any]) -> LineGraph:
    """Make one node of each pair, where the second of them is."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(moved)), (moved, onto)), shape=(graph.nodes, graph.nodes))
    count, label = connected_components(links, directed=False)
    place = np.empty((count, 2))
    place[label] = graph.node_xy
    place[label[onto]] = graph.node_xy[onto]
    tail, head = label[graph.tail].astype(np.int32), label[graph.head].astype(np.int32)
    xy = graph.xy.copy()
    xy[graph.start[:-1]] = place[tail]
    xy[graph.start[1:] - 1] = place[head]
    return LineGraph(place, tail, head, xy, graph.start)


def _open_rings(graph: LineGraph, snap_m: float) -> tuple[LineGraph, IntArray, int]:
    """Cut rings in their middle, so that what lies along them has a way to it."""
    ring = np.flatnonzero((graph.tail == graph.head) & (graph.length_m > LEAST_RING * snap_m))
    split = split_edges(graph, ring, 0.5 * graph.length_m[ring])
    return split.graph, split.parent, len(ring)


def _duplicates(graph: LineGraph, snap_m: float) -> NDArray[np.int64]:
    """Return for each edge the first one that runs along it from end to end: itself for most."""
    same = np.arange(graph.edges)
    low, high = np.minimum(graph.tail, graph.head), np.maximum(graph.tail, graph.head)
    order = np.lexsort((same, np.round(graph.length_m / max(snap_m, 1e-3)), high, low))
    pair = (low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1])
    if not pair.any():
        return same
    lines = graph.lines
    group = np.concatenate([[0], np.cumsum(~pair)])
    for members in np.split(order, np.flatnonzero(np.diff(group)) + 1):
        if len(members) == 1:
            continue
        members = np.sort(members)
        for k, later in enumerate(members[1:], start=1):
            firsts = [m for m in members[:k] if same[m] == m]
            close = shapely.hausdorff_distance(lines[firsts], lines[later]) <= snap_m
            if close.any():
                same[later] = firsts[int(np.argmax(close))]
    return same


def _without_idle_nodes(graph: LineGraph) -> LineGraph:
    used = graph.degree > 0
    number = (np.cumsum(used) - 1).astype(np.int32)
    return LineGraph(graph.node_xy[used], number[graph.tail], number[graph.head], graph.xy, graph.start)


def _short_of(graph: LineGraph) -> FloatArray:
    """Return the dead ends that stop just short of an edge that is no neighbour of theirs."""
    if not graph.edges:
        return np.zeros((0, 2))
    lines = graph.lines
    dead = np.flatnonzero(graph.degree == 1)
    own = np.full(graph.nodes, -1, dtype=np.int64)
    own[graph.tail] = np.arange(graph.edges)
    own[graph.head] = np.where(own[graph.head] < 0, np.arange(graph.edges), own[graph.head])
    point, edge = shapely.STRtree(lines).query(
        shapely.points(graph.node_xy[dead]), predicate="dwithin", distance=SHORT_M
    )
    mine = own[dead[point]]
    ends = np.column_stack([graph.tail[mine], graph.head[mine]])
    foreign = (edge != mine) & ~(
        (ends == graph.tail[edge][:, None]) | (ends == graph.head[edge][:, None])
    ).any(axis=1)
    return np.asarray(graph.node_xy[np.unique(dead[point[foreign]])])
