"""Kernels: a lower bound by dual ascent, and what it proves superfluous."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from phusong.coverage.plan.edge_graph import BoolArray, Floats, IntArray
from phusong.coverage.plan.steiner_heap import drop_first, put
from phusong.coverage.radio.jit import array_kernel, kernel

PATIENCE = 1.25
"""A terminal's cut is raised until it has this many times the arcs of the next smallest cut."""


class _Cuts(NamedTuple):
    """The graph, what is left of its costs, and the cut that is being raised."""

    start: IntArray
    neighbour: IntArray
    twin: IntArray
    left: Floats
    keys: Floats  # the heap of the cut's arcs, with those that have left it
    arcs: IntArray
    lies: Floats  # key of the arcs that are in the cut now, NaN of all others
    inside: IntArray  # turn in which a node was last inside
    stack: IntArray


@array_kernel
def _raise_cut(
    c: Any, active: BoolArray, v: int, root: int, turn: int, limit: float, bound: float
) -> tuple[float, int, bool]:
    """Raise the cut round a terminal until it meets another active one or has more arcs than ``limit``.

    Returns
    -------
    bound : float
        With what was raised.
    arcs : int
        In the cut.
    ended : bool
        Whether the terminal needs no further turn.
    """
    c.inside[v] = turn
    c.stack[0] = v
    depth = 1
    size = 0
    arcs = 0
    raised = 0.0
    ended = False
    while True:
        while depth:
            depth -= 1
            w = c.stack[depth]
            if w == root or (active[w] and w != v):
                ended = True
                break
            for p in range(c.start[w], c.start[w + 1]):
                u = c.neighbour[p]
                if c.inside[u] == turn:
                    t = c.twin[p]  # from w into u, until now in the cut if w is new
                    if not np.isnan(c.lies[t]):
                        c.left[t] = max(0.0, c.lies[t] - raised)
                        c.lies[t] = np.nan
                        arcs -= 1
                elif c.left[p] <= 0.0:
                    c.inside[u] = turn
                    c.stack[depth] = u
                    depth += 1
                else:
                    c.lies[p] = c.left[p] + raised
                    size = put(c.keys, c.arcs, size, c.lies[p], p)
                    arcs += 1
        if ended or arcs > limit:
            break
        while size and (np.isnan(c.lies[c.arcs[0]]) or c.lies[c.arcs[0]] != c.keys[0]):
            size = drop_first(c.keys, c.arcs, size)
        if size == 0 or c.keys[0] == np.inf:  # the root cannot be reached
            ended = True
            break
        p = c.arcs[0]
        bound += c.keys[0] - raised
        raised = c.keys[0]
        c.left[p] = 0.0
        c.lies[p] = np.nan
        arcs -= 1
        size = drop_first(c.keys, c.arcs, size)
        u = c.neighbour[p]
        if c.inside[u] != turn:
            c.inside[u] = turn
            c.stack[0] = u
            depth = 1
    for i in range(size):
        p = c.arcs[i]
        if not np.isnan(c.lies[p]):
            c.left[p] = max(0.0, c.lies[p] - raised)
            c.lies[p] = np.nan
    return bound, arcs, ended


@kernel
def dual_ascent(
    start: IntArray,
    neighbour: IntArray,
    twin: IntArray,
    cost: Floats,
    terminal: BoolArray,
    root: int,
    patience: float,
) -> tuple[float, Floats]:
    """Return a lower bound on the Steiner tree, and what is left of the cost of each arc.

    Wong, Math. Programming 28 (1984) 271-287: directed cuts round terminals that ``root`` does not reach by
    saturated arcs are raised until an arc is saturated, the smallest cut first. As in Pajor, Uchoa &
    Werneck, Math. Programming Computation 10 (2018) 69-118, section 4, sizes of cuts are renewed only when
    a terminal's turn comes, and it may go on as long as its cut is not much larger than the next.

    Arc ``p`` of node ``v`` is here the one that comes *in* from ``neighbour[p]``. While a cut is raised
    its arcs lie in a heap at their remaining cost plus what was raised before they joined, so that a raise
    is one number; they are settled when they leave the cut or the turn ends.

    Parameters
    ----------
    cost : array of float64, shape (arcs,)
        Of each arc; the two directions of an edge may differ, and be infinite.

    Returns
    -------
    bound : float
        No tree is shorter, up to rounding.
    left : array of float64, shape (arcs,)
        Remaining (reduced) cost of the arc from ``neighbour[p]`` into the node that ``p`` belongs to.
    """
    n = start.size - 1
    active = np.zeros(n, dtype=np.bool_)
    scores = np.empty(n)
    queue = np.empty(n, dtype=np.int32)
    waiting = 0
    for v in range(n):
        if terminal[v] and v != root:
            active[v] = True
            waiting = put(scores, queue, waiting, float(start[v + 1] - start[v]), v)
    c = _Cuts(
        start, neighbour, twin, cost.copy(), np.empty(neighbour.size),
        np.empty(neighbour.size, dtype=np.int32), np.full(neighbour.size, np.nan),
        np.full(n, -1, dtype=np.int32), np.empty(n, dtype=np.int32),
    )  # fmt: skip
    bound = 0.0
    turn = 0
    while waiting:
        v = queue[0]
        score = scores[0]
        waiting = drop_first(scores, queue, waiting)
        limit = patience * max(scores[0] if waiting else np.inf, score)
        turn += 1
        bound, arcs, ended = _raise_cut(c, active, v, root, turn, limit, bound)
        if ended:
            active[v] = False
        else:
            waiting = put(scores, queue, waiting, float(arcs), v)
    return bound, c.left


@kernel
def superfluous(
    start: IntArray,
    neighbour: IntArray,
    edge: IntArray,
    twin: IntArray,
    left: Floats,
    from_root: Floats,
    to_terminal: Floats,
    room: float,
    edges: int,
) -> BoolArray:
    """Return the edges that no tree shorter than the bound plus ``room`` can hold.

    A tree with an arc costs at least the bound, plus what is left on the way from the root to the arc, on
    the arc, and on from it to some terminal (Wong 1984; Duin 1993).
    """
    out = np.ones(edges, dtype=np.bool_)
    for v in range(start.size - 1):
        for p in range(start[v], start[v + 1]):
            if from_root[neighbour[p]] + left[p] + to_terminal[v] < room:
                out[edge[p]] = False
    return out
