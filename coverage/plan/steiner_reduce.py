"""Make a Steiner problem smaller without losing its optimum, and carry trees back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.edge_graph import LIFTED, BoolArray, EdgeGraph, Floats, IntArray
from phusong.coverage.plan.steiner_halves import ALIVE, CHANGES, FIXED, MADE, TERMINALS, TO, begin
from phusong.coverage.plan.steiner_reduce_kernel import (
    drop_edges,
    drop_junctions,
    hold_parts,
    join_terminals,
)

LOOKS = 60
"""Nodes that one test looks at before it gives up."""

ROUNDS = 6
"""Rounds of all tests at most; they also end when a round changes less than 1 % of the edges."""


@dataclass(frozen=True, eq=False)
class Reduced:
    """A smaller problem with the same optimum, but for what is fixed.

    Attributes
    ----------
    graph : EdgeGraph
        What is left, nodes numbered anew, no loops, no parallel edges, no zero lengths.
    terminal : array of bool, shape (nodes,)
        Terminals of what is left; one at most if the problem is solved.
    fixed_length : float
        Length of the edges that are certainly in the tree.
    kept : array of int, shape (nodes,)
        Which node of the given graph each node is; that of several merged ones is any of them.
    """

    graph: EdgeGraph
    terminal: BoolArray
    fixed_length: float
    kept: NDArray[np.int64]
    _made: IntArray
    _parts: IntArray
    _fixed: IntArray
    _inputs: int
    _selected: NDArray[np.int64]
    _above: Reduced | None

    def original(self, edges: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the edges of the first graph that edges of `graph` and the fixed ones stand for."""
        mine = np.concatenate([self._made[edges], self._fixed]).astype(np.int64)
        whole: list[NDArray[np.int64]] = []
        while mine.size:
            single = self._parts[mine, 0] < 0
            whole.append(mine[single])
            mine = np.unique(self._parts[mine[~single]].astype(np.int64))
        given = np.unique(np.concatenate(whole)) if whole else mine
        return given if self._above is None else self._above.original(self._selected[given])

    def standing_for(self, edges: NDArray[np.integer]) -> BoolArray:
        """Return which edges of `graph` stand only for some of these edges of the first graph."""
        held = np.zeros(self._inputs, dtype=bool)
        if self._above is None:
            held[edges] = True
        else:
            held[:] = self._above.standing_for(edges)[self._selected]
        return hold_parts(self._parts, held)[self._made]


def reduce_problem(
    graph: EdgeGraph, terminal: BoolArray, *, above: Reduced | None = None,
    selected: NDArray[np.int64] | None = None, looks: int = LOOKS,
) -> Reduced:
    """Apply the tests of degree, of terminals, of bottleneck distances and of junctions until little changes.

    Parameters
    ----------
    graph : EdgeGraph
        All of whose terminals lie on one island.
    terminal : array of bool, shape (nodes,)
    above : Reduced, optional
        The reduction that ``graph`` comes from: `Reduced.original` then leads through it.
    selected : array of int, optional
        The edges of ``above.graph`` that ``graph`` has, in its order.
    looks : int
        Nodes that one test looks at before it gives up.
    """
    state, count = _state(graph, terminal)
    begin(*state, graph.tail, graph.head)
    for _ in range(ROUNDS):
        before = int(count[CHANGES])
        join_terminals(*state, looks)
        drop_edges(*state, looks)
        drop_junctions(*state, looks)
        if count[CHANGES] - before < 0.01 * state[0][::2, ALIVE].sum():
            break
    if count[TERMINALS] < 2:
        state[0][:, ALIVE] = 0
    chosen = np.arange(graph.edges) if selected is None else selected
    return _rest(graph, state, chosen, above)


def simplify(graph: EdgeGraph, keep: BoolArray) -> Reduced:
    """Drop dead ends and merge chains of edges, but at the nodes to ``keep``; all trees among these remain.

    Loops and longer parallel edges go too. Edges of length zero stay edges. Where nothing is left of the
    graph but one node, it has none.
    """
    lifted = EdgeGraph(graph.nodes, graph.tail, graph.head, np.maximum(graph.length, LIFTED))
    state, count = _state(lifted, keep)
    count[TERMINALS] = -graph.nodes - 1  # so that no terminal is merged with another
    begin(*state, graph.tail, graph.head)
    whole = _rest(graph, state, np.arange(graph.edges), None)
    left = whole.graph
    length = np.where(left.length < graph.edges * 2 * LIFTED, 0.0, left.length)
    return replace(whole, graph=EdgeGraph(left.nodes, left.tail, left.head, length))


State = tuple[IntArray, IntArray, IntArray, Floats, BoolArray, IntArray, IntArray]


def _state(graph: EdgeGraph, terminal: BoolArray) -> tuple[State, IntArray]:
    capacity = graph.edges + 3 * graph.nodes + 8
    half = np.zeros((2 * capacity, 4), dtype=np.int32)
    node = np.zeros((graph.nodes, 3), dtype=np.int32)
    parts = np.full((capacity, 2), -1, dtype=np.int32)
    length = np.zeros(capacity)
    length[: graph.edges] = graph.length
    fixed = np.zeros(graph.nodes + 1, dtype=np.int32)
    count = np.zeros(5, dtype=np.int32)
    return (half, node, parts, length, terminal.copy(), fixed, count), count


def _rest(graph: EdgeGraph, state: State, selected: NDArray[np.int64], above: Reduced | None) -> Reduced:
    half, _, parts, length, terminal, fixed, count = state
    made = np.flatnonzero(half[: 2 * count[MADE] : 2, ALIVE])
    tail, head = half[2 * made + 1, TO], half[2 * made, TO]
    kept = np.unique(np.concatenate([tail, head]))
    number = np.full(graph.nodes, -1, dtype=np.int32)
    number[kept] = np.arange(kept.size, dtype=np.int32)
    left = EdgeGraph(int(kept.size), number[tail], number[head], length[made])
    fixed = fixed[: count[FIXED]].copy()
    fixed_length = float(length[fixed].sum()) + (above.fixed_length if above else 0.0)
    return Reduced(
        left, terminal[kept], fixed_length, kept.astype(np.int64), made.astype(np.int32),
        parts[: count[MADE]].copy(), fixed, graph.edges, selected, above,
    )  # fmt: skip
