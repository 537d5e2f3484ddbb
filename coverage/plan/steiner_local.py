"""Kernels: local search on a tree, by taking paths out and joining the pieces the shortest way.

A *key node* is a terminal or a node where the tree branches; a *key path* runs between two of them. Two
moves, after Uchoa & Werneck, Fast local search for Steiner trees in graphs (ALENEX 2010; ACM J. Experimental
Algorithmics 17, 2012, 2.2): a key path is exchanged, or a key node is eliminated with all its key paths.
Here both are one: the smaller pieces are walked through side by side until only the largest is left, and a
search from their nodes, no further than what was taken out, joins them by a shortest spanning tree of their
distances. What is improved is kept at once; only the neighbourhood of a change is looked at again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.edge_graph import BoolArray, Floats, IntArray
from phusong.coverage.plan.steiner_heap import pop, push
from phusong.coverage.radio.jit import array_kernel, kernel

PIECES = 12
"""Key nodes with more branches are not eliminated."""

CHECK = 1.03
"""Growth of the radius after which it is asked anew whether the pieces can still be joined."""

WORTH = 0.9998
"""A pass over the whole tree that shortens it by less is the last."""

LESS = 1.0 - 1e-9
"""What is shorter by no more than rounding is not shorter."""

STAMP, JOURNAL, WAITING, ROUND, REACHED, BEGUN = 0, 1, 2, 3, 4, 5
TO, EDGE, TWIN = 0, 1, 2
ENDS, HEAD, LAST, VIA = 0, 1, 2, 3  # a node of the piece, its queue, what it is joined to
DEGREE = 0  # edges in the tree
BACK, BASE, SEEN = 1, 2, 3  # arc and piece by which a search reached the node; list of nodes reached
MARK, AFTER = 4, 5  # piece of a node of the tree, plus the stamp; next in its queue
STACK, QUEUED = 6, 7  # list of nodes to look at; whether a node is in it
CHANGED = 8  # round in which the tree changed at the node


class Tree(NamedTuple):
    """A tree in a graph, with all that the moves write on; nothing is allocated in a move.

    Few arrays with many columns: every array more makes the compilation longer.
    """

    start: IntArray
    arc: IntArray  # by arc: the node it leads to, its edge, the same edge the other way
    length: Floats
    weight: Floats  # what the moves take for the length
    terminal: BoolArray
    chosen: BoolArray  # edges of the tree
    node: IntArray  # by node, see the names of the columns
    key: Floats
    heap: IntArray
    place: IntArray
    tried: IntArray  # round in which the key path of an edge was tried
    journal: IntArray  # arcs put in or taken out
    link: Floats  # shortest connection of two pieces; the last row is that of each to what is joined
    by: IntArray  # its arc
    piece: IntArray  # by piece, see the names of the columns
    counts: NDArray[np.int64]
    total: Floats  # length of the tree


@kernel
def new_tree(
    start: IntArray, arc: IntArray, length: Floats, terminal: BoolArray, chosen: BoolArray
) -> Tree:
    """Return a tree with everything the moves need."""
    n = start.size - 1
    node = np.zeros((n, 9), dtype=np.int32)
    node[:, MARK] = -1
    total = np.zeros(1)
    for v in range(n):
        for p in range(start[v], start[v + 1]):
            if chosen[arc[p, EDGE]]:
                node[v, DEGREE] += 1
                total[0] += 0.5 * length[arc[p, EDGE]]
    return Tree(
        start, arc, length, length.copy(), terminal.copy(), chosen.copy(), node,
        np.full(n, np.inf), np.empty(n, dtype=np.int32), np.full(n, -1, dtype=np.int32),
        np.full(length.size, -1, dtype=np.int32), np.empty(8 * length.size + 64, dtype=np.int32),
        np.empty((PIECES + 1, PIECES)), np.empty((PIECES, PIECES), dtype=np.int32),
        np.zeros((PIECES, 4), dtype=np.int32), np.zeros(6, dtype=np.int64), total,
    )  # fmt: skip


@array_kernel
def flip(t: Any, p: int) -> None:
    """Put the edge of arc ``p`` in the tree, or take it out."""
    e = t.arc[p, EDGE]
    u, v = t.arc[p, TO], t.arc[t.arc[p, TWIN], TO]
    step = -1 if t.chosen[e] else 1
    t.chosen[e] = not t.chosen[e]
    t.node[u, DEGREE] += step
    t.node[v, DEGREE] += step
    t.total[0] += step * t.length[e]
    t.journal[t.counts[JOURNAL]] = p
    t.counts[JOURNAL] += 1


@array_kernel
def rewind(t: Any, to: int) -> None:
    """Undo the changes after the first ``to``."""
    while t.counts[JOURNAL] > to:
        flip(t, t.journal[t.counts[JOURNAL] - 1])
        t.counts[JOURNAL] -= 2


@array_kernel
def is_key(t: Any, v: int) -> bool:
    """Return whether key paths end at a node."""
    return bool(t.terminal[v] or t.node[v, DEGREE] >= 3)


@array_kernel
def is_in(t: Any, v: int) -> bool:
    """Return whether a node is in the tree."""
    return bool(t.terminal[v] or t.node[v, DEGREE] > 0)


@array_kernel
def enqueue(t: Any, v: int) -> None:
    """Have the neighbourhood of a node looked at."""
    if not t.node[v, QUEUED]:
        t.node[v, QUEUED] = 1
        t.node[t.counts[WAITING], STACK] = v
        t.counts[WAITING] += 1


@array_kernel
def touch(t: Any, v: int) -> None:
    """Have a node looked at where the tree has just changed."""
    t.node[v, CHANGED] = t.counts[ROUND] + 1
    enqueue(t, v)


@array_kernel
def _onward(t: Any, p: int) -> int:
    """Return the arc of the tree that follows arc ``p`` at a node where it does not branch, or -1."""
    v = t.arc[p, TO]
    for q in range(t.start[v], t.start[v + 1]):
        if t.chosen[t.arc[q, EDGE]] and q != t.arc[p, TWIN]:
            return q
    return -1


@array_kernel
def _walk(t: Any, p: int) -> tuple[int, int, float]:
    """Return the end, the last arc and the weight of the key path that begins with arc ``p``."""
    weight = t.weight[t.arc[p, EDGE]]
    while not is_key(t, t.arc[p, TO]):
        q = _onward(t, p)
        if q < 0:
            break
        p = q
        weight += t.weight[t.arc[p, EDGE]]
    return t.arc[p, TO], p, weight


@array_kernel
def _take_out(t: Any, p: int) -> int:
    """Take the key path that begins with arc ``p`` out; return its end."""
    while True:
        going = not is_key(t, t.arc[p, TO])
        q = _onward(t, p) if going else -1
        flip(t, p)
        if q < 0:
            return int(t.arc[p, TO])
        p = q


@array_kernel
def _split(t: Any, pieces: int) -> int:
    """Mark the nodes of all pieces but the largest; return which one that is, or -1 if all are marked."""
    stamp = t.counts[STAMP]
    active = pieces
    for i in range(pieces):
        v = t.piece[i, ENDS]
        t.node[v, MARK] = stamp + i
        t.node[v, AFTER] = -1
        t.piece[i, HEAD] = t.piece[i, LAST] = v
    while active > 1:
        for i in range(pieces):
            v = t.piece[i, HEAD]
            if v < 0:
                continue
            for p in range(t.start[v], t.start[v + 1]):
                y = t.arc[p, TO]
                if t.chosen[t.arc[p, EDGE]] and t.node[y, MARK] != stamp + i:
                    t.node[y, MARK] = stamp + i
                    t.node[y, AFTER] = -1
                    t.node[t.piece[i, LAST], AFTER] = y
                    t.piece[i, LAST] = y
            t.piece[i, HEAD] = t.node[v, AFTER]
            if t.piece[i, HEAD] < 0:
                active -= 1
                if active == 1:
                    break
    for i in range(pieces):
        if t.piece[i, HEAD] >= 0:
            return i
    return -1


@array_kernel
def _relax(t: Any, u: int, stamp: int, rest: int, bound: float, size: int) -> int:
    """Look at all arcs of a settled node: searches go on, pieces are connected; return the heap's size."""
    i = t.node[u, BASE]
    for p in range(t.start[u], t.start[u + 1]):
        y = t.arc[p, TO]
        reached = t.key[u] + t.weight[t.arc[p, EDGE]]
        if reached >= bound:
            continue
        j = -1
        if is_in(t, y):
            j = t.node[y, MARK] - stamp
            if j < 0:
                j = rest
        elif t.key[y] < np.inf and t.place[y] < 0:
            j = t.node[y, BASE]
            reached += t.key[y]
        if j >= 0:
            if j != i and reached < t.link[i, j]:
                t.link[i, j] = t.link[j, i] = reached
                t.by[i, j] = t.by[j, i] = p
        elif reached < t.key[y]:
            if t.key[y] == np.inf:
                t.node[t.counts[REACHED], SEEN] = y
                t.counts[REACHED] += 1
            t.key[y] = reached
            t.node[y, BACK] = p
            t.node[y, BASE] = i
            size = push(t.heap, t.place, t.key, size, y)
    return size


@array_kernel
def _span(t: Any, pieces: int, radius: float) -> tuple[float, bool]:
    """Join the pieces in ``via``; return a bound of the shortest way to, and whether it is that way.

    Connections not found yet are no shorter than ``radius``.
    """
    total = 0.0
    known = True
    for i in range(pieces):
        t.link[PIECES, i] = t.link[0, i]
        t.piece[i, VIA] = 0
    t.link[PIECES, 0] = -1.0
    for _ in range(pieces - 1):
        best, least = -1, np.inf
        for i in range(1, pieces):
            if t.link[PIECES, i] >= 0.0 and (best < 0 or t.link[PIECES, i] < least):
                best, least = i, t.link[PIECES, i]
        known = known and least <= radius and least < np.inf
        total += min(least, radius)
        t.link[PIECES, best] = -1.0
        for i in range(1, pieces):
            if t.link[PIECES, i] >= 0.0 and t.link[best, i] < t.link[PIECES, i]:
                t.link[PIECES, i] = t.link[best, i]
                t.piece[i, VIA] = best
    return total, known


@array_kernel
def _trace(t: Any, u: int) -> None:
    """Put the way from ``u`` back to its piece in the tree."""
    arrived = is_in(t, u)
    while not arrived:
        p = t.node[u, BACK]
        u = t.arc[t.arc[p, TWIN], TO]
        arrived = is_in(t, u)
        flip(t, p)
    touch(t, u)


@array_kernel
def join(t: Any, pieces: int, bound: float) -> bool:
    """Join the pieces that hold ``ends`` the shortest way if that is less than ``bound``; return whether."""
    t.counts[STAMP] += PIECES
    stamp = t.counts[STAMP]
    rest = _split(t, pieces)
    bound *= LESS
    size = 0
    t.counts[REACHED] = 0
    for i in range(pieces):
        for j in range(pieces):
            t.link[i, j] = np.inf
    for i in range(pieces):
        v = t.piece[i, ENDS] if i != rest else -1
        while v >= 0:
            t.key[v] = 0.0
            t.node[v, BASE] = i
            t.node[t.counts[REACHED], SEEN] = v
            t.counts[REACHED] += 1
            v = t.node[v, AFTER]
    for k in range(t.counts[REACHED]):
        size = _relax(t, t.node[k, SEEN], stamp, rest, bound, size)
    done = False
    checked = -1.0
    while True:
        radius = t.key[t.heap[0]] if size else np.inf
        if radius >= checked:
            total, known = _span(t, pieces, radius)
            if total >= bound or (size == 0 and not known):
                break
            if known:
                done = True
                break
            checked = CHECK * radius
        u = pop(t.heap, t.place, t.key, size)
        size -= 1
        size = _relax(t, u, stamp, rest, bound, size)
    if done:
        for i in range(1, pieces):
            p = t.by[t.piece[i, VIA], i]
            u, v = t.arc[t.arc[p, TWIN], TO], t.arc[p, TO]
            _trace(t, u)
            _trace(t, v)
            flip(t, p)
            touch(t, u)
            touch(t, v)
    for k in range(t.counts[REACHED]):
        t.key[t.node[k, SEEN]] = np.inf
        t.place[t.node[k, SEEN]] = -1
    return done


@array_kernel
def _eliminate(t: Any, v: int) -> bool:
    """Try the tree without the branching at ``v``; keep it if it is shorter."""
    begun = t.counts[JOURNAL]
    pieces = 0
    bound = 0.0
    for p in range(t.start[v], t.start[v + 1]):
        if t.chosen[t.arc[p, EDGE]]:
            t.piece[pieces, ENDS], _, weight = _walk(t, p)
            pieces += 1
            bound += weight
    for p in range(t.start[v], t.start[v + 1]):
        if t.chosen[t.arc[p, EDGE]]:
            while True:  # as far as the end found above, though the nodes on the way branch no more
                going = True
                for i in range(pieces):
                    going = going and t.arc[p, TO] != t.piece[i, ENDS]
                q = _onward(t, p) if going else -1
                flip(t, p)
                if q < 0:
                    break
                p = q
    if join(t, pieces, bound):
        for i in range(pieces):
            touch(t, t.piece[i, ENDS])
        return True
    rewind(t, begun)
    return False


@array_kernel
def _exchange(t: Any, v: int, p: int) -> bool:
    """Try another path for the key path from ``v`` by arc ``p``; keep it if it is shorter."""
    begun = t.counts[JOURNAL]
    end, last, weight = _walk(t, p)
    tried = t.tried[t.arc[p, EDGE]]
    since = max(t.counts[BEGUN], t.node[v, CHANGED], t.node[end, CHANGED])
    if tried >= since and t.tried[t.arc[last, EDGE]] == tried:
        return False
    t.tried[t.arc[p, EDGE]] = t.tried[t.arc[last, EDGE]] = t.counts[ROUND]
    t.piece[0, ENDS] = v
    t.piece[1, ENDS] = end
    _take_out(t, p)
    if join(t, 2, weight):
        touch(t, v)
        touch(t, end)
        return True
    rewind(t, begun)
    return False


@array_kernel
def improve(t: Any) -> None:
    """Try all moves near the queued nodes until none of them shortens the tree."""
    t.counts[ROUND] += 1
    t.counts[BEGUN] = t.counts[ROUND]
    while t.counts[WAITING]:
        t.counts[WAITING] -= 1
        v = t.node[t.counts[WAITING], STACK]
        t.node[v, QUEUED] = 0
        if t.node[v, DEGREE] == 0 or t.counts[JOURNAL] + 4 * t.start.size > t.journal.size:
            continue
        if not is_key(t, v):
            for p in range(t.start[v], t.start[v + 1]):
                if t.chosen[t.arc[p, EDGE]]:
                    if t.node[v, DEGREE] == 1:
                        touch(t, _take_out(t, p))
                        t.counts[ROUND] += 1
                        break
                    end, _, _ = _walk(t, p)
                    enqueue(t, end)
            continue
        better = not t.terminal[v] and t.node[v, DEGREE] <= PIECES and _eliminate(t, v)
        if not better:
            for p in range(t.start[v], t.start[v + 1]):
                if t.chosen[t.arc[p, EDGE]] and _exchange(t, v, p):
                    better = True
                    break
        if better:
            t.counts[ROUND] += 1
            enqueue(t, v)


@kernel
def improve_all(
    start: IntArray, arc: IntArray, length: Floats, terminal: BoolArray, chosen: BoolArray
) -> float:
    """Shorten a tree (``chosen``, changed in place) until no move does; return its length."""
    t = new_tree(start, arc, length, terminal, chosen)
    before = np.inf
    while t.total[0] < before * WORTH:
        before = t.total[0]
        for v in range(start.size - 1):
            if t.node[v, DEGREE] > 0 and is_key(t, v):
                enqueue(t, v)
        improve(t)
        t.counts[JOURNAL] = 0
    chosen[:] = t.chosen
    return float(t.total[0])
