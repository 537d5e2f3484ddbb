"""Kernel: disturb a tree in one place, repair it there, keep what is no worse; many times."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.edge_graph import BoolArray, Floats, IntArray
from phusong.coverage.plan.steiner_heap import pop, push
from phusong.coverage.plan.steiner_local import (
    BACK,
    DEGREE,
    EDGE,
    JOURNAL,
    REACHED,
    SEEN,
    TO,
    TWIN,
    enqueue,
    flip,
    improve,
    is_in,
    new_tree,
    rewind,
)
from phusong.coverage.radio.jit import array_kernel, kernel

Dice = NDArray[np.uint64]

AROUND = 60
"""Nodes round a disturbance whose key paths are tried again."""

NOISE = 0.4
"""Edges of the tree seem longer by up to this share while it is disturbed."""


@array_kernel
def draw(dice: Dice, below: int) -> int:
    """Return a whole number from zero to ``below - 1`` (xorshift64, Marsaglia 2003)."""
    x = dice[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    dice[0] = x
    return int(np.int64(x >> np.uint64(2)) % np.int64(below))


@array_kernel
def _spread(t: Any, source: int, limit: int, to_tree: bool) -> int:
    """Search from ``source`` until ``limit`` nodes are settled, or, if ``to_tree``, the tree is met.

    Leaves in ``seen`` the nodes reached, in ``back`` the arcs by which; forgets their distances. Returns the
    node of the tree, or -1.
    """
    t.key[source] = 0.0
    t.node[0, SEEN] = source
    reached = 1
    size = push(t.heap, t.place, t.key, 0, source)
    settled = 0
    found = -1
    while size and settled < limit:
        u = pop(t.heap, t.place, t.key, size)
        size -= 1
        settled += 1
        if to_tree and is_in(t, u):
            found = u
            break
        for p in range(t.start[u], t.start[u + 1]):
            y = t.arc[p, TO]
            d = t.key[u] + t.length[t.arc[p, EDGE]]
            if d < t.key[y]:
                if t.key[y] == np.inf:
                    t.node[reached, SEEN] = y
                    reached += 1
                t.key[y] = d
                t.node[y, BACK] = p
                size = push(t.heap, t.place, t.key, size, y)
    for i in range(reached):
        t.key[t.node[i, SEEN]] = np.inf
        t.place[t.node[i, SEEN]] = -1
    t.counts[REACHED] = reached
    return found


@array_kernel
def _attach(t: Any, x: int) -> bool:
    """Join a node outside to the tree the shortest way; return whether there is one."""
    found = _spread(t, x, t.start.size - 1, True)
    u = found
    while u >= 0 and u != x:
        p = t.node[u, BACK]
        flip(t, p)
        u = t.arc[t.arc[p, TWIN], TO]
    return found >= 0


@array_kernel
def _insert(t: Any, dice: Dice, x: int) -> None:
    """Disturb: hold a node outside as if it were a terminal, improve round it, let it go, improve again."""
    steps = 1 + draw(dice, 4)
    for _ in range(steps):
        degree = t.start[x + 1] - t.start[x]
        x = t.arc[t.start[x] + draw(dice, degree), TO]
        if not is_in(t, x):
            break
    if is_in(t, x) or not _attach(t, x):
        return
    t.terminal[x] = True
    _spread(t, x, AROUND, False)
    for i in range(t.counts[REACHED]):
        if t.node[t.node[i, SEEN], DEGREE] > 0:
            enqueue(t, t.node[i, SEEN])
    improve(t)
    t.terminal[x] = False
    enqueue(t, x)
    improve(t)


@array_kernel
def _shake(t: Any, dice: Dice, x: int, changed: IntArray) -> None:
    """Disturb: the tree's edges near a node seem longer for a while."""
    _spread(t, x, 8 + draw(dice, AROUND), False)
    near = t.counts[REACHED]
    number = 0
    for i in range(near):
        v = t.node[i, SEEN]
        if t.node[v, DEGREE] == 0:
            continue
        enqueue(t, v)
        for p in range(t.start[v], t.start[v + 1]):
            e = t.arc[p, EDGE]
            if t.chosen[e] and t.weight[e] == t.length[e] and number < changed.size:
                t.weight[e] *= 1.0 + NOISE * draw(dice, 1024) / 1024.0
                changed[number] = e
                number += 1
    improve(t)
    for i in range(number):
        e = changed[i]
        t.weight[e] = t.length[e]
    for i in range(t.counts[JOURNAL]):
        v = t.arc[t.journal[i], TO]
        if t.node[v, DEGREE] > 0:
            enqueue(t, v)
    improve(t)


@kernel
def search(
    start: IntArray,
    arc: IntArray,
    length: Floats,
    terminal: BoolArray,
    chosen: BoolArray,
    dice: Dice,
    iterations: int,
) -> float:
    """Disturb and repair a tree (``chosen``, changed in place) so many times; return its length.

    Iterated local search (Lourenço, Martin & Stützle 2003): what is no longer than before is kept.
    """
    t = new_tree(start, arc, length, terminal, chosen)
    n = start.size - 1
    changed = np.empty(1024, dtype=np.int32)
    for _ in range(iterations):
        x = draw(dice, n)
        while t.node[x, DEGREE] == 0:
            x = draw(dice, n)
        before = t.total[0]
        t.counts[JOURNAL] = 0
        if draw(dice, 2):
            _insert(t, dice, x)
        else:
            _shake(t, dice, x, changed)
        if t.total[0] > before + 1e-9 * before:
            rewind(t, 0)
            t.total[0] = before
    chosen[:] = t.chosen
    return float(t.total[0])
