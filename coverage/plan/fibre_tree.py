"""Trees of cable: connected, turned away from what stands, with what lies behind every edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.edge_graph import EdgeGraph
from phusong.coverage.plan.fibre_ways import Ways
from phusong.coverage.plan.steiner import validate_tree
from phusong.layers.grid import FloatArray

Edges = NDArray[np.int64]


@dataclass(frozen=True)
class Rooted:
    """A tree in the order from what stands outwards.

    Attributes
    ----------
    edges : array of int64, shape (e,)
        Edges of the network; an edge comes after the one that feeds it.
    near, far : array of int64, shape (e,)
        Nodes of the network at either end of each edge, seen from what stands.
    parent : array of int64, shape (e,)
        Position in ``edges`` of the edge that feeds each, -1 at what stands.
    """

    edges: Edges
    near: NDArray[np.int64]
    far: NDArray[np.int64]
    parent: NDArray[np.int64]


def root_tree(ways: Ways, edges: Edges) -> Rooted:
    """Turn a tree away from what stands.

    Raises
    ------
    ValueError
        An edge is fed by nothing, or closes a circle.
    """
    graph, label = ways.net.graph, ways.label
    around: dict[int, list[int]] = {}
    for e in edges.tolist():
        for node in (int(graph.tail[e]), int(graph.head[e])):
            around.setdefault(int(label[node]), []).append(e)
    order: list[tuple[int, int, int, int]] = []
    fed: dict[int, int] = {}
    queue: list[tuple[int, int]] = [(0, -1)]
    seen_nodes = {0}
    for at, parent in queue:
        for e in sorted(around.get(at, ())):
            if e in fed:
                continue
            near, far = int(graph.tail[e]), int(graph.head[e])
            if int(label[near]) != at:
                near, far = far, near
            if int(label[far]) in seen_nodes:
                raise ValueError("the edges hold a circle")
            seen_nodes.add(int(label[far]))
            fed[e] = len(order)
            order.append((e, near, far, parent))
            queue.append((int(label[far]), fed[e]))
    if len(order) != len(edges):
        raise ValueError(f"{len(edges) - len(order)} edges are fed by nothing")
    table = np.array(order, dtype=np.int64).reshape(-1, 4)
    return Rooted(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def behind(tree: Rooted, ways: Ways, needs: Edges, values: FloatArray) -> FloatArray:
    """Return the sum of what the needs at and beyond the far end of each edge bring, shape ``(e, ...)``.

    Parameters
    ----------
    tree : Rooted
    ways : Ways
    needs : array of int
        Connected needs.
    values : array, shape (len(needs), ...)
    """
    total = np.zeros((len(tree.edges), *values.shape[1:]))
    place = {int(ways.label[node]): k for k, node in enumerate(tree.far)}
    for need, value in zip(needs.tolist(), values, strict=True):
        k = place.get(int(ways.label[ways.node[need]]), -1)
        if k >= 0:
            total[k] += value
    for k in range(len(tree.edges) - 1, -1, -1):
        if tree.parent[k] >= 0:
            total[tree.parent[k]] += total[k]
    return total


@dataclass(frozen=True)
class Checked:
    """What the checks of a tree found.

    Attributes
    ----------
    edges, needs : int
    length_m : float
        Summed anew from the vertices of the edges' lines.
    money : float
        VND along the edges, summed anew from lengths, factors and prices.
    """

    edges: int
    needs: int
    length_m: float
    money: float


def check_tree(ways: Ways, edges: Edges, needs: Edges, length_m: float, money: float) -> Checked:
    """Hold a tree to what it must be: connected to what stands, no circle, all needs, lengths and money.

    Raises
    ------
    ValueError
        It is not.
    """
    graph = ways.net.graph
    ends = np.unique(np.append(ways.label[ways.node[needs]], 0))
    summed = validate_tree(ways.contracted, ends, edges)
    again = 0.0
    for e in edges.tolist():
        xy = graph.xy[graph.start[e] : graph.start[e + 1]]
        again += float(np.hypot(*np.diff(xy, axis=0).T).sum())
    for name, one, other in (("length", again, length_m), ("money", summed, money)):
        if abs(one - other) > 1e-6 * max(abs(one), 1.0):
            raise ValueError(f"the {name} of the tree is {other}, and {one} from its geometry")
    return Checked(len(edges), len(needs), again, summed)


def used_edges(graph: EdgeGraph, edges: NDArray[np.integer], base: int) -> Edges:
    """Return the edges of the network among those of a graph with leaves, without leaves."""
    chosen = np.asarray(edges, dtype=np.int64)
    return chosen[chosen < base]
