"""Kernels: a Steiner problem as lists of half-edges that can be unlinked, and what settles its nodes.

Half-edges ``2e`` and ``2e + 1`` make edge ``e``. An edge made of two others remembers them in ``parts``;
edges that are certainly in some optimum are ``fixed``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from phusong.coverage.plan.edge_graph import BoolArray, Floats, IntArray
from phusong.coverage.radio.jit import array_kernel, kernel

NEXT, BEFORE, TO, ALIVE = 0, 1, 2, 3  # columns of half: neighbours in the list, the node it leads to
FIRST, DEGREE, QUEUED = 0, 1, 2  # columns of node: its first half-edge, how many, whether it is in the queue
MADE, FIXED, TERMINALS, CHANGES, WAITING = 0, 1, 2, 3, 4  # of count: edges made and fixed, nodes in the queue


class Problem(NamedTuple):
    """What is left of a problem, and what the tests write on."""

    half: IntArray
    node: IntArray
    parts: IntArray
    length: Floats
    terminal: BoolArray
    fixed: IntArray
    counts: IntArray
    queue: IntArray
    heap: IntArray
    place: IntArray
    key: Floats
    seen: IntArray


@kernel
def new_problem(
    half: IntArray, node: IntArray, parts: IntArray, length: Floats, terminal: BoolArray,
    fixed: IntArray, count: IntArray,
) -> Problem:  # fmt: skip
    """Return a problem with everything that the tests need."""
    n = node.shape[0]
    return Problem(
        half, node, parts, length, terminal, fixed, count, np.empty(n, dtype=np.int32),
        np.empty(n, dtype=np.int32), np.full(n, -1, dtype=np.int32), np.full(n, np.inf),
        np.empty(n, dtype=np.int32),
    )  # fmt: skip


@array_kernel
def link(half: IntArray, node: IntArray, h: int) -> None:
    """Put a half-edge at the front of the list of the node that it leaves."""
    v = half[h ^ 1, TO]
    first = node[v, FIRST]
    half[h, NEXT] = first
    half[h, BEFORE] = -1
    if first >= 0:
        half[first, BEFORE] = h
    node[v, FIRST] = h
    node[v, DEGREE] += 1


@array_kernel
def _unlink(half: IntArray, node: IntArray, h: int) -> None:
    v = half[h ^ 1, TO]
    after, before = half[h, NEXT], half[h, BEFORE]
    if before >= 0:
        half[before, NEXT] = after
    else:
        node[v, FIRST] = after
    if after >= 0:
        half[after, BEFORE] = before
    node[v, DEGREE] -= 1


@array_kernel
def make(half: IntArray, node: IntArray, e: int) -> None:
    """Put both halves of an edge, whose ends are written, in."""
    half[2 * e, ALIVE] = half[2 * e + 1, ALIVE] = 1
    link(half, node, 2 * e)
    link(half, node, 2 * e + 1)


@array_kernel
def delete(half: IntArray, node: IntArray, e: int) -> None:
    """Take both halves of an edge out."""
    _unlink(half, node, 2 * e)
    _unlink(half, node, 2 * e + 1)
    half[2 * e, ALIVE] = half[2 * e + 1, ALIVE] = 0


@array_kernel
def _between(half: IntArray, node: IntArray, u: int, v: int) -> int:
    """Return an edge from ``u`` to ``v``, or -1."""
    if node[v, DEGREE] < node[u, DEGREE]:
        u, v = v, u
    h = node[u, FIRST]
    while h >= 0:
        if half[h, TO] == v:
            return int(h) >> 1
        h = half[h, NEXT]
    return -1


@array_kernel
def clear_way(t: Any, u: int, v: int, length: float) -> bool:
    """Delete a longer edge from ``u`` to ``v``; return whether none as short is there."""
    old = _between(t.half, t.node, u, v)
    if old >= 0:
        if t.length[old] <= length:
            return False
        delete(t.half, t.node, old)
    return True


@array_kernel
def add(t: Any, u: int, v: int, length: float, a: int, b: int) -> None:
    """Make an edge of the edges ``a`` and ``b``, unless one as short is there."""
    if u == v or not clear_way(t, u, v, length):
        return
    e = t.counts[MADE]
    t.counts[MADE] += 1
    t.parts[e, 0] = a
    t.parts[e, 1] = b
    t.length[e] = length
    t.half[2 * e, TO] = v
    t.half[2 * e + 1, TO] = u
    make(t.half, t.node, e)


@array_kernel
def wake(t: Any, v: int) -> None:
    """Put a node in the queue."""
    if not t.node[v, QUEUED]:
        t.node[v, QUEUED] = 1
        t.queue[t.counts[WAITING]] = v
        t.counts[WAITING] += 1


@array_kernel
def contract(t: Any, h: int) -> None:
    """Fix the edge of ``h`` and merge one of its ends into the other, the one with fewer edges."""
    half, node = t.half, t.node
    if node[half[h ^ 1, TO], DEGREE] > node[half[h, TO], DEGREE]:
        h ^= 1
    u, v = half[h ^ 1, TO], half[h, TO]
    t.fixed[t.counts[FIXED]] = h >> 1
    t.counts[FIXED] += 1
    t.counts[CHANGES] += 1
    delete(half, node, h >> 1)
    if t.terminal[u]:
        if t.terminal[v]:
            t.counts[TERMINALS] -= 1
        t.terminal[u] = False
        t.terminal[v] = True
    while node[u, FIRST] >= 0:
        h = node[u, FIRST]
        w = half[h, TO]
        wake(t, w)
        if w == v or not clear_way(t, v, w, t.length[h >> 1]):
            delete(half, node, h >> 1)
            continue
        _unlink(half, node, h)
        half[h ^ 1, TO] = v
        link(half, node, h)
    wake(t, v)


@array_kernel
def _shortest_half(t: Any, v: int) -> int:
    """Return the shortest half-edge of a node; of equal ones the last that leads to a terminal."""
    least = t.node[v, FIRST]
    h = t.half[least, NEXT]
    while h >= 0:
        closer = t.length[h >> 1] < t.length[least >> 1]
        level = t.length[h >> 1] == t.length[least >> 1] and t.terminal[t.half[h, TO]]
        if closer or level:
            least = h
        h = t.half[h, NEXT]
    return int(least)


@array_kernel
def settle(t: Any) -> None:
    """Apply the tests of degree and of zero length to all nodes in the queue, and to all they wake."""
    half, node = t.half, t.node
    while t.counts[WAITING]:
        t.counts[WAITING] -= 1
        v = t.queue[t.counts[WAITING]]
        node[v, QUEUED] = 0
        while not t.terminal[v] and 0 < node[v, DEGREE] <= 2:
            h = node[v, FIRST]
            e, w = h >> 1, half[h, TO]
            if node[v, DEGREE] == 1:
                delete(half, node, e)
                wake(t, w)
            else:
                f, x = half[h, NEXT] >> 1, half[half[h, NEXT], TO]
                delete(half, node, e)
                delete(half, node, f)
                add(t, w, x, t.length[e] + t.length[f], e, f)
                wake(t, w)
                wake(t, x)
            t.counts[CHANGES] += 1
        if t.terminal[v] and node[v, DEGREE] > 0 and t.counts[TERMINALS] > 1:
            least = _shortest_half(t, v)
            if node[v, DEGREE] == 1 or t.terminal[half[least, TO]] or t.length[least >> 1] <= 0.0:
                contract(t, least)


@kernel
def begin(
    half: IntArray, node: IntArray, parts: IntArray, length: Floats, terminal: BoolArray,
    fixed: IntArray, count: IntArray, tail: IntArray, head: IntArray,
) -> None:  # fmt: skip
    """Link the edges but loops and longer parallel ones, contract those of zero, settle the degrees."""
    t = new_problem(half, node, parts, length, terminal, fixed, count)
    for v in range(node.shape[0]):
        node[v, FIRST] = -1
        count[TERMINALS] += terminal[v]
    for e in range(tail.size):
        half[2 * e, TO] = head[e]
        half[2 * e + 1, TO] = tail[e]
        if tail[e] != head[e] and clear_way(t, tail[e], head[e], length[e]):
            make(half, node, e)
    count[MADE] = tail.size
    for e in range(tail.size):
        if half[2 * e, ALIVE] and length[e] <= 0.0:
            contract(t, 2 * e)
    for v in range(node.shape[0]):
        wake(t, v)
    settle(t)
