"""A graph of edges with lengths, as arrays: the form in which all planning on roads is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse import csgraph

if TYPE_CHECKING:
    import networkx as nx

IntArray = NDArray[np.int32]
Floats = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LIFTED = 1e-300
"""What a length of zero becomes in a sparse matrix, where an explicit zero would read as 'no edge'.

Lost in any sum with a real length, and still larger than zero.
"""


class Adjacency(NamedTuple):
    """Edges by node, both directions: the arcs of node ``v`` are ``start[v]:start[v + 1]``.

    Attributes
    ----------
    start : array of int32, shape (nodes + 1,)
    neighbour : array of int32, shape (2 edges,)
        The other end of each arc.
    edge : array of int32, shape (2 edges,)
        The edge that each arc belongs to.
    twin : array of int32, shape (2 edges,)
        The same edge in the other direction.
    """

    start: IntArray
    neighbour: IntArray
    edge: IntArray
    twin: IntArray

    @property
    def table(self) -> IntArray:
        """Neighbour, edge and twin as the columns of one array, shape (2 edges, 3)."""
        return np.ascontiguousarray(np.stack([self.neighbour, self.edge, self.twin], axis=1))


@dataclass(frozen=True, eq=False)
class EdgeGraph:
    """Undirected edges with lengths; several edges between two nodes, loops and zero lengths may occur.

    Attributes
    ----------
    nodes : int
        Number of nodes; they are 0 to ``nodes - 1``.
    tail, head : array of int32, shape (edges,)
        Ends of each edge.
    length : array of float64, shape (edges,)
        Length or cost, zero or more, in any one unit.

    Raises
    ------
    ValueError
        If the arrays differ in shape, an end is no node, or a length is negative or not finite.
    """

    nodes: int
    tail: IntArray
    head: IntArray
    length: Floats

    def __post_init__(self) -> None:
        tail, head = (_whole(ends, self.nodes) for ends in (self.tail, self.head))
        length = np.array(self.length, dtype=np.float64)
        if not tail.shape == head.shape == length.shape or tail.ndim != 1:
            raise ValueError(
                f"tail, head and length must be of one length, not {tail.shape}, {head.shape}, {length.shape}"
            )
        wrong = np.flatnonzero(~(np.isfinite(length) & (length >= 0)))
        if wrong.size:
            raise ValueError(
                f"{wrong.size} of {length.size} lengths are negative or not finite, "
                f"first edge {wrong[0]}: {length[wrong[0]]}"
            )
        for name, values in (("tail", tail), ("head", head), ("length", length)):
            values.flags.writeable = False
            object.__setattr__(self, name, values)

    @property
    def edges(self) -> int:
        """Number of edges."""
        return int(self.tail.size)

    @cached_property
    def adjacency(self) -> Adjacency:
        """Arcs by node, in the order of the edges; loops are left out."""
        real = np.flatnonzero(self.tail != self.head).astype(np.int32)
        ends = np.concatenate([self.tail[real], self.head[real]])
        others = np.concatenate([self.head[real], self.tail[real]])
        order = np.argsort(ends, kind="stable")
        place = np.empty(order.size, dtype=np.int32)
        place[order] = np.arange(order.size, dtype=np.int32)
        twin = place[(order + real.size) % order.size] if order.size else place
        start = np.zeros(self.nodes + 1, dtype=np.int32)
        np.cumsum(np.bincount(ends, minlength=self.nodes), out=start[1:])
        return Adjacency(start, others[order], np.concatenate([real, real])[order], twin)

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """Symmetric sparse matrix of the shortest edge between any two nodes, for `scipy.sparse.csgraph`.

        Edges of length zero stand as `LIFTED`: csgraph reads an explicit zero as no edge. The sum of
        several edges between two nodes is never taken.
        """
        low, high = np.minimum(self.tail, self.head), np.maximum(self.tail, self.head)
        order = np.lexsort((self.length, high, low))
        order = order[low[order] != high[order]]
        low, high = low[order], high[order]
        first = np.ones(order.size, dtype=bool)
        first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        low, high, length = low[first], high[first], np.maximum(self.length[order[first]], LIFTED)
        return sparse.csr_array(
            (
                np.concatenate([length, length]),
                (np.concatenate([low, high]), np.concatenate([high, low])),
            ),
            shape=(self.nodes, self.nodes),
        )

    @cached_property
    def island(self) -> IntArray:
        """Number of the connected part of each node, shape (nodes,)."""
        return np.asarray(csgraph.connected_components(self.matrix, directed=False)[1], dtype=np.int32)

    def keep(self, edges: NDArray[np.integer] | BoolArray) -> EdgeGraph:
        """Return the graph of the same nodes with some of the edges."""
        return EdgeGraph(self.nodes, self.tail[edges], self.head[edges], self.length[edges])

    def to_networkx(self) -> nx.MultiGraph[int]:
        """Return a networkx multigraph; edges carry ``edge`` and ``length``, keys are the edge numbers."""
        import networkx as nx

        graph: nx.MultiGraph[int] = nx.MultiGraph()
        graph.add_nodes_from(range(self.nodes))
        for e, (u, v, c) in enumerate(zip(self.tail, self.head, self.length, strict=True)):
            graph.add_edge(int(u), int(v), key=e, edge=e, length=float(c))
        return graph


def _whole(ends: ArrayLike, nodes: int) -> IntArray:
    given = np.asarray(ends)
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"ends of edges must be whole numbers, not {given.dtype}")
    if given.size and not (given.min() >= 0 and given.max() < nodes):
        raise ValueError(f"ends of edges must lie in 0 to {nodes - 1}, not {given.min()} to {given.max()}")
    return np.array(given, dtype=np.int32)


def checked_terminals(graph: EdgeGraph, terminals: ArrayLike | Sequence[int]) -> IntArray:
    """Return the distinct terminals in rising order.

    Raises
    ------
    ValueError
        If one is no node of the graph.
    """
    return np.unique(_whole(terminals, graph.nodes))
