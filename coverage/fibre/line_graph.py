"""A graph whose edges are lines on the ground: arrays inside, scipy and networkx at the edge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.layers.grid import FloatArray

if TYPE_CHECKING:
    import networkx as nx
    from scipy.sparse import csr_array

IntArray = NDArray[np.int32]

LIFTED = 1e-6
"""What an edge of no cost weighs in a sparse matrix: scipy reads a stored zero as no edge."""

_LEAST_M = 1e-6
"""A cut nearer than this to the end of an edge is its end."""


def points_of(xy: FloatArray) -> NDArray[np.object_]:
    """Return points of shapely, shape ``(p,)``."""
    import shapely

    return np.asarray(shapely.points(np.asarray(xy, dtype=np.float64).reshape(-1, 2)), dtype=object)


@dataclass(frozen=True)
class Segments:
    """The straight pieces of all edges, in order; arrays of shape ``(s,)`` and ``(s, 4)``.

    Attributes
    ----------
    xy : array of float64, shape (s, 4)
        ``x0 y0 x1 y1`` in metres.
    edge : array of int32
    along_m : array of float64
        Where on the edge the piece begins, from its tail.
    """

    xy: FloatArray
    edge: IntArray
    along_m: FloatArray


@dataclass(frozen=True)
class LineGraph:
    """Nodes on the ground and the lines between them; undirected, parallel edges allowed.

    Attributes
    ----------
    node_xy : array of float64, shape (n, 2)
        In the grid's coordinate system.
    tail, head : array of int32, shape (m,)
        Nodes at the first and last vertex of each edge.
    xy : array of float64, shape (k, 2)
        Vertices of all edges, one edge after the other.
    start : array of int64, shape (m + 1,)
        Edge ``e`` has the vertices ``xy[start[e]:start[e + 1]]``, two at least.
    """

    node_xy: FloatArray
    tail: IntArray
    head: IntArray
    xy: FloatArray
    start: NDArray[np.int64]

    @classmethod
    def empty(cls) -> LineGraph:
        """Return the graph of nothing."""
        none = np.zeros(0, dtype=np.int32)
        return cls(np.zeros((0, 2)), none, none, np.zeros((0, 2)), np.zeros(1, dtype=np.int64))

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_xy)

    @property
    def edges(self) -> int:
        """Number of edges."""
        return len(self.tail)

    @cached_property
    def vertex_edge(self) -> IntArray:
        """Edge of each vertex, shape ``(k,)``."""
        return np.repeat(np.arange(self.edges, dtype=np.int32), np.diff(self.start))

    @cached_property
    def along_m(self) -> FloatArray:
        """Distance of each vertex from the tail of its edge, shape ``(k,)``."""
        if not len(self.xy):
            return np.zeros(0)
        steps = np.concatenate([[0.0], np.hypot(*np.diff(self.xy, axis=0).T)])
        steps[self.start[:-1]] = 0.0
        total = np.cumsum(steps)
        return np.asarray(total - total[self.start[:-1]][self.vertex_edge])

    @cached_property
    def length_m(self) -> FloatArray:
        """Length of each edge, summed from its vertices, shape ``(m,)``."""
        steps = np.hypot(*np.diff(self.xy, axis=0).T) if len(self.xy) else np.zeros(0)
        inner = self.vertex_edge[1:] == self.vertex_edge[:-1]
        return np.bincount(self.vertex_edge[1:][inner], weights=steps[inner], minlength=self.edges).astype(
            np.float64
        )

    @cached_property
    def degree(self) -> NDArray[np.int64]:
        """Number of edge ends at each node, shape ``(n,)``."""
        return np.bincount(np.concatenate([self.tail, self.head]), minlength=self.nodes)

    @cached_property
    def component(self) -> IntArray:
        """Connected part of each node, numbered from the longest (in metres) to the shortest."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        shape = (self.nodes, self.nodes)
        if not self.nodes:
            return np.zeros(0, dtype=np.int32)
        links = coo_array((np.ones(self.edges), (self.tail, self.head)), shape=shape)
        count, label = connected_components(links, directed=False)
        length = np.bincount(label[self.tail], weights=self.length_m, minlength=count)
        rank = np.empty(count, dtype=np.int32)
        rank[np.lexsort((np.arange(count), -length))] = np.arange(count)
        island: NDArray[np.int32] = rank[label]
        return island

    @cached_property
    def segments(self) -> Segments:
        """The straight pieces of all edges."""
        inner = self.vertex_edge[1:] == self.vertex_edge[:-1]
        return Segments(
            np.hstack([self.xy[:-1][inner], self.xy[1:][inner]]),
            self.vertex_edge[:-1][inner],
            self.along_m[:-1][inner],
        )

    @cached_property
    def lines(self) -> NDArray[np.object_]:
        """The edges as shapely lines, shape ``(m,)``."""
        import shapely

        if not self.edges:
            return np.zeros(0, dtype=object)
        lines = np.asarray(shapely.linestrings(self.xy, indices=self.vertex_edge), dtype=object)
        lines.flags.writeable = False
        return lines

    def points_at(self, edge: NDArray[np.integer[Any]], at_m: FloatArray) -> FloatArray:
        """Return the points ``at_m`` along edges from their tails, shape ``(c, 2)``."""
        before = self._vertex_before(edge, at_m)
        step = self.along_m[before + 1] - self.along_m[before]
        share = np.clip((at_m - self.along_m[before]) / np.where(step > 0.0, step, 1.0), 0.0, 1.0)
        return np.asarray(self.xy[before] + share[:, None] * (self.xy[before + 1] - self.xy[before]))

    def _vertex_before(self, edge: NDArray[np.integer[Any]], at_m: FloatArray) -> NDArray[np.int64]:
        """Return the vertex at the beginning of the piece that holds each position."""
        base = np.concatenate([[0.0], np.cumsum(self.length_m + 1.0)])
        key = base[self.vertex_edge] + self.along_m
        found = np.searchsorted(key, base[edge] + at_m, side="left") - 1
        held = np.clip(found, self.start[edge], self.start[np.asarray(edge) + 1] - 2)
        return np.asarray(held, dtype=np.int64)

    def cut(
        self, edge: NDArray[np.integer[Any]], from_m: FloatArray, to_m: FloatArray
    ) -> NDArray[np.object_]:
        """Return the parts of edges between two distances from their tails, as shapely lines.

        Parameters
        ----------
        edge : array of int, shape (c,)
        from_m, to_m : array, shape (c,)
            With ``from_m <= to_m``.
        """
        import shapely

        edge = np.asarray(edge)
        if not len(edge):
            return np.zeros(0, dtype=object)
        first, last = self.points_at(edge, from_m), self.points_at(edge, to_m)
        # Vertices strictly between the two ends of each part.
        low = self._vertex_before(edge, from_m) + 1
        high = self._vertex_before(edge, to_m)
        low = low + (self.along_m[low] <= from_m + 1e-9)
        inner = np.maximum(high - low + 1, 0)
        owner = np.repeat(np.arange(len(edge)), inner)
        vertex = np.repeat(low, inner) + np.arange(inner.sum()) - np.repeat(np.cumsum(inner) - inner, inner)
        piece = np.concatenate([np.arange(len(edge)), owner, np.arange(len(edge))])
        rank = np.repeat([0, 1, 2], [len(edge), len(owner), len(edge)])
        xy = np.vstack([first, self.xy[vertex], last])
        order = np.lexsort((np.arange(len(piece)), rank, piece))
        return np.asarray(shapely.linestrings(xy[order], indices=piece[order]), dtype=object)

    def take(self, edges: NDArray[Any]) -> LineGraph:
        """Return the graph of some edges (a mask or positions); all nodes stay."""
        chosen = np.flatnonzero(edges) if edges.dtype == np.bool_ else np.asarray(edges)
        size = np.diff(self.start)[chosen]
        start = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
        vertex = np.repeat(self.start[chosen] - start[:-1], size) + np.arange(start[-1])
        return LineGraph(self.node_xy, self.tail[chosen], self.head[chosen], self.xy[vertex], start)

    def join(self, other: LineGraph) -> LineGraph:
        """Return both graphs side by side: nodes and edges of ``other`` come after these."""
        return LineGraph(
            np.vstack([self.node_xy, other.node_xy]),
            np.concatenate([self.tail, other.tail + np.int32(self.nodes)]).astype(np.int32),
            np.concatenate([self.head, other.head + np.int32(self.nodes)]).astype(np.int32),
            np.vstack([self.xy, other.xy]),
            np.concatenate([self.start, other.start[1:] + self.start[-1]]),
        )

    def add_straight(self, tail: NDArray[np.integer[Any]], head: NDArray[np.integer[Any]]) -> LineGraph:
        """Return the graph with straight edges added between nodes it has, after its own edges."""
        ends = np.stack([self.node_xy[tail], self.node_xy[head]], axis=1).reshape(-1, 2)
        return LineGraph(
            self.node_xy,
            np.concatenate([self.tail, tail]).astype(np.int32),
            np.concatenate([self.head, head]).astype(np.int32),
            np.vstack([self.xy, ends]),
            np.concatenate([self.start, self.start[-1] + 2 * np.arange(1, len(tail) + 1)]),
        )

    def add_nodes(self, xy: FloatArray) -> LineGraph:
        """Return the graph with nodes added after its own."""
        nodes = np.vstack([self.node_xy, np.asarray(xy, dtype=np.float64).reshape(-1, 2)])
        return LineGraph(nodes, self.tail, self.head, self.xy, self.start)

    def csr(self, weight: FloatArray | None = None) -> csr_array:
        """Return the symmetric matrix of the least weight between neighbours.

        A zero is lifted to `LIFTED`, since scipy's graph routines take a stored zero for no edge; of
        parallel edges the lightest counts; an edge from a node to itself is left out.

        Parameters
        ----------
        weight : array, shape (m,), optional
            Finite and not negative; by default the length in metres.

        Raises
        ------
        ValueError
            A weight is negative or no number.
        """
        from scipy.sparse import csr_array

        weight = self.length_m if weight is None else np.asarray(weight, dtype=np.float64)
        if len(weight) != self.edges or not np.all(np.isfinite(weight)) or (weight < 0.0).any():
            raise ValueError("weights must be finite, not negative and one per edge")
        real = self.tail != self.head
        row = np.concatenate([self.tail[real], self.head[real]])
        col = np.concatenate([self.head[real], self.tail[real]])
        data = np.tile(np.maximum(weight[real], LIFTED), 2)
        order = np.lexsort((data, col, row))
        row, col, data = row[order], col[order], data[order]
        first = np.ones(len(row), dtype=np.bool_)
        first[1:] = (row[1:] != row[:-1]) | (col[1:] != col[:-1])
        indptr = np.searchsorted(row[first], np.arange(self.nodes + 1)).astype(np.int32)
        matrix = csr_array((data[first], col[first], indptr), shape=(self.nodes, self.nodes))
        if matrix.nnz != int(first.sum()) or (matrix.data <= 0.0).any():
            raise ValueError("an edge was lost on the way into the matrix")
        return matrix

    def to_networkx(self, **attributes: NDArray[Any]) -> nx.MultiGraph[int]:
        """Return a networkx multigraph: nodes with ``x y``, edges with ``length_m`` and more.

        Parameters
        ----------
        **attributes
            Arrays of shape ``(m,)`` that become attributes of the edges. The key of an edge is its
            position here.
        """
        import networkx as nx

        graph: nx.MultiGraph[int] = nx.MultiGraph()
        for node, (x, y) in enumerate(self.node_xy.tolist()):
            graph.add_node(node, x=x, y=y)
        columns = {"length_m": self.length_m, **attributes}
        values = {name: np.asarray(column).tolist() for name, column in columns.items()}
        ends = zip(self.tail.tolist(), self.head.tolist(), strict=True)
        for edge, (tail, head) in enumerate(ends):
            graph.add_edge(tail, head, key=edge, **{name: column[edge] for name, column in values.items()})
        return graph


@dataclass(frozen=True)
class Split:
    """A graph some of whose edges were cut.

    Attributes
    ----------
    graph : LineGraph
        New nodes come after the old ones; edges stay in order.
    parent : array of int32, shape (m',)
        Edge of the old graph that each edge is a part of.
    node : array of int32, shape (c,)
        Node at each cut: a new one, or the end of the edge where the cut lies at it.
    """

    graph: LineGraph
    parent: IntArray
    node: IntArray


def split_edges(
    graph: LineGraph, edge: NDArray[np.integer[Any]], at_m: FloatArray, *, merge_m: float = 0.0
) -> Split:
    """Cut edges at distances from their tails.

    Parameters
    ----------
    graph : LineGraph
    edge : array of int, shape (c,)
        May name an edge several times.
    at_m : array, shape (c,)
    merge_m : float
        A cut this near to an end of its edge, or to the cut before it, makes no node of its own.

    Returns
    -------
    Split
    """
    near = max(merge_m, _LEAST_M)
    edge = np.asarray(edge, dtype=np.int64)
    at_m = np.asarray(at_m, dtype=np.float64)
    length = graph.length_m[edge] if len(edge) else np.zeros(0)
    to_tail, to_head = at_m <= near, length - at_m <= near
    at_tail = to_tail & (~to_head | (at_m <= length - at_m))
    node = np.where(at_tail, graph.tail[edge], np.where(to_head, graph.head[edge], -1)).astype(np.int32)
    order = np.lexsort((at_m, edge))
    order = order[node[order] < 0]
    e, s = edge[order], at_m[order]
    fresh = np.ones(len(e), dtype=np.bool_)
    fresh[1:] = (e[1:] != e[:-1]) | (s[1:] - s[:-1] > near)
    node[order] = graph.nodes + np.cumsum(fresh) - 1
    e, s = e[fresh], s[fresh]
    point = graph.points_at(e, s)
    after = graph._vertex_before(e, s) + 1
    xy = np.insert(graph.xy, np.repeat(after, 2), np.repeat(point, 2, axis=0), axis=0)
    # A cut makes two vertices, the end of one part and the beginning of the next.
    begins = after + 2 * np.arange(len(e)) + 1
    shift = 2 * np.searchsorted(e, np.arange(graph.edges + 1), side="left")
    start = np.sort(np.concatenate([graph.start + shift, begins])).astype(np.int64)
    parent = np.sort(np.concatenate([np.arange(graph.edges), e])).astype(np.int32)
    new = (graph.nodes + np.arange(len(e))).astype(np.int32)
    place = np.searchsorted(start[:-1], begins)
    tail, head = graph.tail[parent], graph.head[parent]
    tail[place] = new
    head[place - 1] = new
    nodes = np.vstack([graph.node_xy, point])
    return Split(LineGraph(nodes, tail, head, xy, start), parent, node)
