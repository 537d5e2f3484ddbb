"""Kernels: a lower bound by dual ascent, and what it proves superfluous."""

from __future__ import annotations

import numpy as np

from phusong.coverage.plan.edge_graph import BoolArray, Floats, IntArray
from phusong.coverage.radio.jit import array_kernel, kernel

PATIENCE = 1.25
"""A terminal's cut is raised until it has this many times the arcs of the next smallest cut."""


@array_kernel
def _push(keys: Floats, arcs: IntArray, size: int, value: float, arc: int) -> int:
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if keys[parent] <= value:
            break
        keys[i] = keys[parent]
        arcs[i] = arcs[parent]
        i = parent
    keys[i] = value
    arcs[i] = arc
    return size + 1


@array_kernel
def _drop_first(keys: Floats, arcs: IntArray, size: int) -> int:
    size -= 1
    value = keys[size]
    arc = arcs[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= value:
            break
        keys[i] = keys[child]
        arcs[i] = arcs[child]
        i = child
    keys[i] = value
    arcs[i] = arc
    return size


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
    left = cost.copy()
    active = np.zeros(n, dtype=np.bool_)
    scores = np.empty(n)
    queue = np.empty(n, dtype=np.int32)
    waiting = 0
    for v in range(n):
        if terminal[v] and v != root:
            active[v] = True
            waiting = _push(scores, queue, waiting, float(start[v + 1] - start[v]), v)
    keys = np.empty(neighbour.size)
    cut = np.empty(neighbour.size, dtype=np.int32)
    lies = np.full(neighbour.size, np.nan)  # key of the arcs that are in the cut now
    inside = np.full(n, -1, dtype=np.int32)
    stack = np.empty(n, dtype=np.int32)
    bound = 0.0
    turn = 0
    while waiting:
        v = queue[0]
        score = scores[0]
        waiting = _drop_first(scores, queue, waiting)
        limit = patience * max(scores[0] if waiting else np.inf, score)
        turn += 1
        inside[v] = turn
        stack[0] = v
        depth = 1
        size = 0
        arcs = 0
        raised = 0.0
        ended = False
        while True:
            while depth:
                depth -= 1
                w = stack[depth]
                if w == root or (active[w] and w != v):
                    ended = True
                    break
                for p in range(start[w], start[w + 1]):
                    u = neighbour[p]
                    if inside[u] == turn:
                        t = twin[p]  # from w into u, until now in the cut if w is new
                        if not np.isnan(lies[t]):
                            left[t] = max(0.0, lies[t] - raised)
                            lies[t] = np.nan
                            arcs -= 1
                    elif left[p] <= 0.0:
                        inside[u] = turn
                        stack[depth] = u
                        depth += 1
                    else:
                        lies[p] = left[p] + raised
                        size = _push(keys, cut, size, lies[p], p)
                        arcs += 1
            if ended or arcs > limit:
                break
            while size and (np.isnan(lies[cut[0]]) or lies[cut[0]] != keys[0]):
                size = _drop_first(keys, cut, size)
            if size == 0 or keys[0] == np.inf:  # the root cannot be reached
                ended = True
                break
            p = cut[0]
            bound += keys[0] - raised
            raised = keys[0]
            left[p] = 0.0
            lies[p] = np.nan
            arcs -= 1
            size = _drop_first(keys, cut, size)
            u = neighbour[p]
            if inside[u] != turn:
                inside[u] = turn
                stack[0] = u
                depth = 1
        for i in range(size):
            p = cut[i]
            if not np.isnan(lies[p]):
                left[p] = max(0.0, lies[p] - raised)
                lies[p] = np.nan
        if ended:
            active[v] = False
        else:
            waiting = _push(scores, queue, waiting, float(arcs), v)
    return bound, left


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
