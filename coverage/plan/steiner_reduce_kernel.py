"""Kernels: make a Steiner problem smaller without losing its optimum, by tests of edges and junctions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from phusong.coverage.plan.edge_graph import BoolArray, Floats, IntArray
from phusong.coverage.plan.steiner_halves import (
    ALIVE,
    CHANGES,
    DEGREE,
    FIRST,
    MADE,
    NEXT,
    TERMINALS,
    TO,
    add,
    contract,
    delete,
    new_problem,
    settle,
    wake,
)
from phusong.coverage.plan.steiner_heap import pop, push
from phusong.coverage.radio.jit import array_kernel, kernel

NOWHERE, ANY_TERMINAL = -1, -2  # goals of a search, beside a node


@array_kernel
def _search(t: Any, source: int, bound: float, goal: int, limit: int, looks: int) -> tuple[int, bool]:
    """Search from ``source`` as far as ``bound`` until the goal is met or ``limit`` nodes are settled.

    On the way to a node as the goal the distance starts again at zero at each terminal. Of each node no more
    than ``looks`` edges are looked at; nodes whose key is negative are not entered. The distances stay in
    ``key``, the nodes in ``seen``; those of nodes not settled are the lengths of walks all the same.

    Returns
    -------
    reached : int
        Number of nodes seen.
    found : bool
    """
    t.key[source] = 0.0
    t.seen[0] = source
    reached = 1
    size = push(t.heap, t.place, t.key, 0, source)
    settled = 0
    found = False
    while size and settled < limit and not found:
        u = pop(t.heap, t.place, t.key, size)
        size -= 1
        settled += 1
        h = t.node[u, FIRST]
        looked = 0
        while h >= 0 and looked < looks:
            looked += 1
            y = t.half[h, TO]
            d = t.key[u] + t.length[h >> 1]
            if d <= bound and d < t.key[y]:
                if y == goal or (goal == ANY_TERMINAL and t.terminal[y]):
                    found = True
                    break
                if t.key[y] == np.inf:
                    t.seen[reached] = y
                    reached += 1
                t.key[y] = 0.0 if goal >= 0 and t.terminal[y] else d
                size = push(t.heap, t.place, t.key, size, y)
            h = t.half[h, NEXT]
    return reached, found


@array_kernel
def _forget(t: Any, reached: int) -> None:
    for i in range(reached):
        t.key[t.seen[i]] = np.inf
        t.place[t.seen[i]] = -1


class _Junction(NamedTuple):
    """The edges of a node, and the balls round their other ends."""

    edges: IntArray
    ends: IntArray
    apart: Floats  # distances of the ends without the node, or more
    near: Floats  # by end and node: distance of a terminal, infinite outside the ball
    met: IntArray  # by end: the terminals in its ball
    mets: IntArray  # how many


@array_kernel
def _measure(t: Any, j: Any, v: int, degree: int, bound: float, limit: int) -> None:
    """Fill ``apart`` with bottleneck Steiner distances, or more, between the ends of a junction without it.

    Ways within ``bound`` are searched from each end; a terminal that two of them reach joins both.
    """
    j.apart[:] = np.inf
    t.key[v] = -1.0
    for i in range(degree):
        reached, _ = _search(t, j.ends[i], bound, NOWHERE, limit, limit)
        j.mets[i] = 0
        for k in range(reached):
            w = t.seen[k]
            if t.terminal[w]:
                j.near[i, w] = t.key[w]
                j.met[i, j.mets[i]] = w
                j.mets[i] += 1
        for k in range(degree):
            j.apart[i, k] = j.apart[k, i] = min(j.apart[i, k], t.key[j.ends[k]])
        _forget(t, reached)
        for k in range(i):
            for m in range(j.mets[i]):
                w = j.met[i, m]
                j.apart[i, k] = j.apart[k, i] = min(j.apart[i, k], max(j.near[i, w], j.near[k, w]))
    for i in range(degree):
        for m in range(j.mets[i]):
            j.near[i, j.met[i, m]] = np.inf
    t.key[v] = np.inf


@array_kernel
def _spanning(apart: Floats, members: int) -> float:
    """Return the length of a shortest tree over the ``members`` (bits of 0 to 3) of a matrix of distances."""
    total = 0.0
    tree = members & -members
    while tree != members:
        least, best = np.inf, -1
        for i in range(4):
            if tree >> i & 1:
                for j in range(4):
                    if members >> j & 1 and not tree >> j & 1 and (apart[i, j] < least or best < 0):
                        least, best = apart[i, j], j
        total += least
        tree |= 1 << best
    return total


@array_kernel
def _need_not_branch(t: Any, j: Any, degree: int) -> bool:
    """Return whether any three or more of a junction's edges are no shorter than a tree past it."""
    for members in range(7, 1 << degree):
        bits, own = 0, 0.0
        for i in range(degree):
            if members >> i & 1:
                bits += 1
                own += t.length[j.edges[i]]
        if bits >= 3 and _spanning(j.apart, members) > own:
            return False
    return True


@array_kernel
def _drop(t: Any, j: Any, degree: int) -> None:
    """Replace a junction by edges past it, where they are shorter than other ways."""
    for i in range(degree):
        delete(t.half, t.node, j.edges[i])
    for i in range(degree):
        for k in range(i):
            past = t.length[j.edges[i]] + t.length[j.edges[k]]
            if j.apart[i, k] > past:
                add(t, j.ends[i], j.ends[k], past, j.edges[i], j.edges[k])
    t.counts[CHANGES] += 1
    for i in range(degree):
        wake(t, j.ends[i])
    settle(t)


@kernel
def drop_junctions(
    half: IntArray, node: IntArray, parts: IntArray, length: Floats, terminal: BoolArray,
    fixed: IntArray, count: IntArray, limit: int,
) -> None:  # fmt: skip
    """Replace junctions of three or four edges that an optimum need not branch at by edges past them.

    A node has degree two or less in some optimum if any three or more of its edges together are no shorter
    than a spanning tree of their other ends by bottleneck Steiner distances without it (Duin & Volgenant
    1989, the tests NTD3 and NTD4).
    """
    n = node.shape[0]
    t = new_problem(half, node, parts, length, terminal, fixed, count)
    j = _Junction(
        np.zeros(4, dtype=np.int32), np.zeros(4, dtype=np.int32), np.zeros((4, 4)), np.full((4, n), np.inf),
        np.empty((4, n), dtype=np.int32), np.zeros(4, dtype=np.int32),
    )  # fmt: skip
    for v in range(n):
        degree = node[v, DEGREE]
        if terminal[v] or degree < 3 or degree > 4 or count[MADE] + 6 > parts.shape[0]:
            continue
        h, total = node[v, FIRST], 0.0
        for i in range(degree):
            j.edges[i], j.ends[i] = h >> 1, half[h, TO]
            total += length[h >> 1]
            h = half[h, NEXT]
        _measure(t, j, v, degree, total, limit)
        if _need_not_branch(t, j, degree):
            _drop(t, j, degree)


@kernel
def drop_edges(
    half: IntArray, node: IntArray, parts: IntArray, length: Floats, terminal: BoolArray,
    fixed: IntArray, count: IntArray, limit: int,
) -> None:  # fmt: skip
    """Delete every edge whose ends a walk joins with no stretch between terminals longer than it.

    That is, the bottleneck Steiner distance without the edge is at most its length (Duin & Volgenant,
    Networks 19 (1989) 549-567): the search starts again at zero at each terminal. It gives up after ``limit``
    nodes.
    """
    t = new_problem(half, node, parts, length, terminal, fixed, count)
    for e in range(count[MADE]):
        if not half[2 * e, ALIVE]:
            continue
        own = length[e]
        length[e] = np.inf  # out of the way
        reached, found = _search(t, half[2 * e + 1, TO], own, half[2 * e, TO], limit, limit)
        length[e] = own
        _forget(t, reached)
        if found:
            delete(half, node, e)
            count[CHANGES] += 1
            wake(t, half[2 * e, TO])
            wake(t, half[2 * e + 1, TO])
            settle(t)


@kernel
def join_terminals(
    half: IntArray, node: IntArray, parts: IntArray, length: Floats, terminal: BoolArray,
    fixed: IntArray, count: IntArray, limit: int,
) -> None:  # fmt: skip
    """Fix the shortest edge of a terminal if going on to another terminal costs no more than its second.

    The nearest-vertex test of Beasley 1984 in the form of Duin & Volgenant 1989.
    """
    t = new_problem(half, node, parts, length, terminal, fixed, count)
    for v in range(node.shape[0]):
        if not terminal[v] or count[TERMINALS] < 2 or node[v, DEGREE] < 2:
            continue
        least, second = node[v, FIRST], np.inf
        h = half[least, NEXT]
        while h >= 0:
            c = length[h >> 1]
            if c < length[least >> 1]:
                second = length[least >> 1]
                least = h
            elif c < second:
                second = c
            h = half[h, NEXT]
        room = second - length[least >> 1]
        t.key[v] = -1.0  # past it
        reached, found = _search(t, half[least, TO], room, ANY_TERMINAL, limit, half.shape[0])
        t.key[v] = np.inf
        _forget(t, reached)
        if found:
            contract(t, least)
            settle(t)


@kernel
def hold_parts(parts: IntArray, inputs: BoolArray) -> BoolArray:
    """Return which edges, made or given, have all their parts among the given ones marked in ``inputs``."""
    held = np.zeros(parts.shape[0], dtype=np.bool_)
    held[: inputs.size] = inputs
    for e in range(inputs.size, held.size):
        held[e] = held[parts[e, 0]] and held[parts[e, 1]]
    return held
