"""Points joined to a graph: cabinets, places, base stations, each by a straight drop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.clean_lines import SNAP_M
from phusong.coverage.fibre.line_graph import IntArray, LineGraph, points_of, split_edges
from phusong.layers.grid import FloatArray


@dataclass(frozen=True)
class Attached:
    """A graph with points joined to it.

    Attributes
    ----------
    graph : LineGraph
        Split where points join it; drops come last.
    parent : array of int32, shape (m',)
        Edge of the old graph that each edge is a part of; -1 for drops.
    node : array of int32, shape (p,)
        Node of each point; a node without edges where nothing is near enough.
    distance_m : array of float64, shape (p,)
        From the point to the nearest way; infinite where there is none at all.
    joined : array of bool, shape (p,)
        Whether the point has a way into the graph.
    """

    graph: LineGraph
    parent: IntArray
    node: IntArray
    distance_m: FloatArray
    joined: NDArray[np.bool_]


def attach_points(
    graph: LineGraph,
    xy: FloatArray,
    *,
    limit_m: float,
    snap_m: float = SNAP_M,
    usable: NDArray[np.bool_] | None = None,
) -> Attached:
    """Join points to the nearest edge of a graph.

    A point within ``snap_m`` of an edge lies on it; one farther away gets a node of its own and a straight
    drop to the nearest point of the edge. A foot within ``snap_m`` of an end of the edge is that end.

    Parameters
    ----------
    graph : LineGraph
    xy : array, shape (p, 2)
        In the graph's coordinate system.
    limit_m : float
        Longest drop.
    snap_m : float
    usable : array of bool, shape (m,), optional
        Edges that points may be joined to; all of them by default.
    """
    import shapely

    xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    count = len(xy)
    edges = np.arange(graph.edges) if usable is None else np.flatnonzero(usable)
    distance = np.full(count, np.inf)
    edge = np.full(count, -1, dtype=np.int64)
    at = np.zeros(count)
    points = points_of(xy)
    if len(edges) and count:
        lines = graph.lines[edges]
        (asked, found), near = shapely.STRtree(lines).query_nearest(
            points, return_distance=True, all_matches=False
        )
        distance[asked], edge[asked] = near, edges[found]
        at[asked] = shapely.line_locate_point(lines[found], points[asked])
    joined = distance <= limit_m
    split = split_edges(graph, edge[joined], at[joined], merge_m=snap_m)
    node = np.full(count, -1, dtype=np.int32)
    node[joined] = split.node
    # The rest have nodes of their own, with a drop where the way is near enough.
    own = ~(joined & (distance <= snap_m))
    made = (split.graph.nodes + np.arange(own.sum())).astype(np.int32)
    drop = joined[own]
    result = split.graph.add_nodes(xy[own]).add_straight(made[drop], node[own][drop])
    node[own] = made
    parent = np.concatenate([split.parent, np.full(int(drop.sum()), -1, dtype=np.int32)])
    return Attached(result, parent.astype(np.int32), node, distance, joined)
