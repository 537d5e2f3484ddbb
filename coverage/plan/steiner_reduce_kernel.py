"""Kernels: make a Steiner problem smaller without losing its optimum.

The graph is kept as lists of half-edges that can be unlinked: half-edges ``2e`` and ``2e + 1`` make edge
``e``; ``half[h]`` is (next, previous, the node it leads to, 1 if alive). ``node[v]`` is (first half-edge,
degree, 1 if waiting in the queue). An edge made of two others remembers them in ``parts``; edges that are
certainly in some optimum are ``fixed``. ``count`` is (edges made, edges fixed, terminals, changes).
"""

from __future__ import annotations

import numpy as np

from phusong.coverage.plan.edge_graph import BoolArray, Floats, IntArray
from phusong.coverage.plan.steiner_heap import pop, push
from phusong.coverage.radio.jit import array_kernel, kernel

MADE, FIXED, TERMINALS, CHANGES = 0, 1, 2, 3

@array_kernel
def _link(half: IntArray, node: IntArray, h: int) -> None:
    v = half[h ^ 1, 2]
    first = node[v, 0]
    half[h, 0] = first
    half[h, 1] = -1
    if first >= 0:
        half[first, 1] = h
    node[v, 0] = h
    node[v, 1] += 1


@array_kernel
def _unlink(half: IntArray, node: IntArray, h: int) -> None:
    v = half[h ^ 1, 2]
    after, before = half[h, 0], half[h, 1]
    if before >= 0:
        half[before, 0] = after
    else:
        node[v, 0] = after
    if after >= 0:
        half[after, 1] = before
    node[v, 1] -= 1


@array_kernel
def _wake(node: IntArray, queue: IntArray, waiting: int, v: int) -> int:
    if not node[v, 2]:
        node[v, 2] = 1
        queue[waiting] = v
        waiting += 1
    return waiting


@array_kernel
def _delete(half: IntArray, node: IntArray, e: int) -> None:
    _unlink(half, node, 2 * e)
    _unlink(half, node, 2 * e + 1)
    half[2 * e, 3] = 0
    half[2 * e + 1, 3] = 0


@array_kernel
def _between(half: IntArray, node: IntArray, u: int, v: int) -> int:
    """Return an edge from ``u`` to ``v``, or -1."""
    if node[v, 1] < node[u, 1]:
        u, v = v, u
    h = node[u, 0]
    while h >= 0:
        if half[h, 2] == v:
            return int(h) >> 1
        h = half[h, 0]
    return -1


@array_kernel
def _add(
    half: IntArray, node: IntArray, parts: IntArray, length: Floats, count: IntArray,
    u: int, v: int, c: float, a: int, b: int,
) -> bool:  # fmt: skip
    """Make an edge of the edges ``a`` and ``b``, unless one as short is there; return whether."""
    if u == v:
        return False
    old = _between(half, node, u, v)
    if old >= 0:
        if length[old] <= c:
            return False
        _delete(half, node, old)
    e = count[MADE]
    count[MADE] += 1
    parts[e, 0] = a
    parts[e, 1] = b
    length[e] = c
    half[2 * e, 2] = v
    half[2 * e + 1, 2] = u
    half[2 * e, 3] = 1
    half[2 * e + 1, 3] = 1
    _link(half, node, 2 * e)
    _link(half, node, 2 * e + 1)
    return True


@array_kernel
def _contract(
    half: IntArray, node: IntArray, length: Floats, terminal: BoolArray, fixed: IntArray, count: IntArray,
    queue: IntArray, waiting: int, h: int,
) -> int:  # fmt: skip
    """Fix the edge of ``h`` and merge one of its ends into the other, the one with fewer edges."""
    if node[half[h ^ 1, 2], 1] > node[half[h, 2], 1]:
        h ^= 1
    u, v = half[h ^ 1, 2], half[h, 2]
    fixed[count[FIXED]] = h >> 1
    count[FIXED] += 1
    _delete(half, node, h >> 1)
    if terminal[u]:
        if terminal[v]:
            count[TERMINALS] -= 1
        terminal[u] = False
        terminal[v] = True
    while node[u, 0] >= 0:
        h = node[u, 0]
        w = half[h, 2]
        waiting = _wake(node, queue, waiting, w)
        if w == v:
            _delete(half, node, h >> 1)
            continue
        old = _between(half, node, v, w)
        if old >= 0:
            if length[old] <= length[h >> 1]:
                _delete(half, node, h >> 1)
                continue
            _delete(half, node, old)
        _unlink(half, node, h)
        half[h ^ 1, 2] = v
        _link(half, node, h)
    return int(_wake(node, queue, waiting, v))


@array_kernel
def _settle(
    half: IntArray, node: IntArray, parts: IntArray, length: Floats, terminal: BoolArray,
    fixed: IntArray, count: IntArray, queue: IntArray, waiting: int,
) -> int:  # fmt: skip
    """Apply the tests of degree and of zero length to all nodes in the queue, and to all they wake."""
    while waiting:
        waiting -= 1
        v = queue[waiting]
        node[v, 2] = 0
        while node[v, 1] > 0:
            h = node[v, 0]
            e = h >> 1
            w = half[h, 2]
            if not terminal[v] and node[v, 1] == 1:
                _delete(half, node, e)
                waiting = _wake(node, queue, waiting, w)
            elif not terminal[v] and node[v, 1] == 2:
                g = half[h, 0]
                x = half[g, 2]
                f = g >> 1
                _delete(half, node, e)
                _delete(half, node, f)
                _add(half, node, parts, length, count, w, x, length[e] + length[f], e, f)
                waiting = _wake(node, queue, waiting, w)
                waiting = _wake(node, queue, waiting, x)
            elif terminal[v] and count[TERMINALS] > 1:
                least = h
                g = half[h, 0]
                while g >= 0:
                    closer = length[g >> 1] < length[least >> 1]
                    level = length[g >> 1] == length[least >> 1] and terminal[half[g, 2]]
                    if closer or level:
                        least = g
                    g = half[g, 0]
                if node[v, 1] > 1 and not terminal[half[least, 2]] and length[least >> 1] > 0.0:
                    break
                waiting = _contract(
                    half, node, length, terminal, fixed, count, queue, waiting, least
                )
                count[CHANGES] += 1
                break
            else:
                break
            count[CHANGES] += 1
    return waiting


@array_kernel
def _forget(key: Floats, place: IntArray, seen: IntArray, reached: int) -> None:
    for i in range(reached):
        key[seen[i]] = np.inf
        place[seen[i]] = -1


@array_kernel
def _replaceable(
    half: IntArray, node: IntArray, length: Floats, terminal: BoolArray,
    heap: IntArray, place: IntArray, key: Floats, seen: IntArray, e: int, limit: int,
) -> bool:  # fmt: skip
    """Return whether a walk joins the ends of ``e`` with no stretch between terminals longer than it.

    That is, whether the bottleneck Steiner distance without ``e`` is at most its length (Duin & Volgenant,
    Networks 19 (1989) 549-567): the search starts again at zero at each terminal. It gives up after ``limit``
    nodes.
    """
    source, target = half[2 * e + 1, 2], half[2 * e, 2]
    bound = length[e]
    key[source] = 0.0
    seen[0] = source
    reached = 1
    size = push(heap, place, key, 0, source)
    settled = 0
    found = False
    while size and settled < limit and not found:
        u = pop(heap, place, key, size)
        size -= 1
        settled += 1
        h = node[u, 0]
        looked = 0
        while h >= 0 and looked < limit:
            looked += 1
            y = half[h, 2]
            d = key[u] + length[h >> 1]
            if d <= bound and d < key[y] and h >> 1 != e:
                if y == target:
                    found = True
                    break
                if key[y] == np.inf:
                    seen[reached] = y
                    reached += 1
                if not terminal[y]:
                    key[y] = d
                    size = push(heap, place, key, size, y)
                elif key[y] > 0.0:
                    key[y] = 0.0
                    size = push(heap, place, key, size, y)
            h = half[h, 0]
    _forget(key, place, seen, reached)
    return found


@array_kernel
def _nearest_terminal(
    half: IntArray, node: IntArray, length: Floats, terminal: BoolArray,
    heap: IntArray, place: IntArray, key: Floats, seen: IntArray,
    source: int, without: int, bound: float, limit: int,
) -> bool:  # fmt: skip
    """Return whether a terminal is within ``bound`` of ``source`` on a way past ``without``."""
    key[source] = 0.0
    seen[0] = source
    reached = 1
    size = push(heap, place, key, 0, source)
    settled = 0
    found = False
    while size and settled < limit and not found:
        u = pop(heap, place, key, size)
        size -= 1
        settled += 1
        h = node[u, 0]
        while h >= 0:
            y = half[h, 2]
            d = key[u] + length[h >> 1]
            if d <= bound and d < key[y] and y != without:
                if terminal[y]:
                    found = True
                    break
                if key[y] == np.inf:
                    seen[reached] = y
                    reached += 1
                key[y] = d
                size = push(heap, place, key, size, y)
            h = half[h, 0]
    _forget(key, place, seen, reached)
    return found


@array_kernel
def _ball(
    half: IntArray, node: IntArray, length: Floats,
    heap: IntArray, place: IntArray, key: Floats, seen: IntArray,
    source: int, without: int, bound: float, limit: int,
) -> int:  # fmt: skip
    """Leave in ``key`` the distances from ``source`` within ``bound``, past ``without``; return how many.

    The nodes are in ``seen``; distances of nodes not settled are those of a walk all the same.
    """
    key[source] = 0.0
    seen[0] = source
    reached = 1
    size = push(heap, place, key, 0, source)
    settled = 0
    while size and settled < limit:
        u = pop(heap, place, key, size)
        size -= 1
        settled += 1
        h = node[u, 0]
        looked = 0
        while h >= 0 and looked < limit:
            looked += 1
            y = half[h, 2]
            d = key[u] + length[h >> 1]
            if d <= bound and d < key[y] and y != without:
                if key[y] == np.inf:
                    seen[reached] = y
                    reached += 1
                key[y] = d
                size = push(heap, place, key, size, y)
            h = half[h, 0]
    return reached


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
    heap, place = np.empty(n, dtype=np.int32), np.full(n, -1, dtype=np.int32)
    queue = np.empty(n, dtype=np.int32)
    key = np.full(n, np.inf)
    seen = np.empty(n, dtype=np.int32)
    near = np.full((4, n), np.inf)
    met = np.empty((4, n), dtype=np.int32)
    mets = np.zeros(4, dtype=np.int32)
    apart = np.zeros((4, 4))
    edges = np.zeros(4, dtype=np.int32)
    ends = np.zeros(4, dtype=np.int32)
    for v in range(n):
        degree = node[v, 1]
        if terminal[v] or degree < 3 or degree > 4 or count[MADE] + 6 > parts.shape[0]:
            continue
        h, total = node[v, 0], 0.0
        for i in range(degree):
            edges[i], ends[i] = h >> 1, half[h, 2]
            total += length[h >> 1]
            h = half[h, 0]
        apart[:] = np.inf
        for i in range(degree):
            reached = _ball(half, node, length, heap, place, key, seen, ends[i], v, total, limit)
            mets[i] = 0
            for j in range(reached):
                w = seen[j]
                if terminal[w]:
                    near[i, w] = key[w]
                    met[i, mets[i]] = w
                    mets[i] += 1
            for j in range(degree):
                apart[i, j] = apart[j, i] = min(apart[i, j], key[ends[j]])
            _forget(key, place, seen, reached)
            for j in range(i):
                for k in range(mets[i]):
                    w = met[i, k]
                    apart[i, j] = apart[j, i] = min(apart[i, j], max(near[i, w], near[j, w]))
        for i in range(degree):
            for k in range(mets[i]):
                near[i, met[i, k]] = np.inf
        drop = True
        for members in range(7, 1 << degree):
            bits, own = 0, 0.0
            for i in range(degree):
                if members >> i & 1:
                    bits += 1
                    own += length[edges[i]]
            if bits >= 3 and _spanning(apart, members) > own:
                drop = False
                break
        if not drop:
            continue
        for i in range(degree):
            _delete(half, node, edges[i])
        for i in range(degree):
            for j in range(i):
                past = length[edges[i]] + length[edges[j]]
                if apart[i, j] > past:
                    _add(half, node, parts, length, count, ends[i], ends[j], past, edges[i], edges[j])
        count[CHANGES] += 1
        waiting = 0
        for i in range(degree):
            waiting = _wake(node, queue, waiting, ends[i])
        _settle(half, node, parts, length, terminal, fixed, count, queue, waiting)


@kernel
def drop_edges(
    half: IntArray, node: IntArray, parts: IntArray, length: Floats, terminal: BoolArray,
    fixed: IntArray, count: IntArray, limit: int,
) -> None:  # fmt: skip
    """Delete every edge that a walk past terminals replaces."""
    n = node.shape[0]
    heap, place = np.empty(n, dtype=np.int32), np.full(n, -1, dtype=np.int32)
    queue = np.empty(n, dtype=np.int32)
    key = np.full(n, np.inf)
    seen = np.empty(n, dtype=np.int32)
    for e in range(count[MADE]):
        if not half[2 * e, 3] or not _replaceable(
            half, node, length, terminal, heap, place, key, seen, e, limit
        ):
            continue
        u, v = half[2 * e, 2], half[2 * e + 1, 2]
        _delete(half, node, e)
        count[CHANGES] += 1
        waiting = _wake(node, queue, 0, u)
        waiting = _wake(node, queue, waiting, v)
        _settle(half, node, parts, length, terminal, fixed, count, queue, waiting)


@kernel
def join_terminals(
    half: IntArray, node: IntArray, parts: IntArray, length: Floats, terminal: BoolArray,
    fixed: IntArray, count: IntArray, limit: int,
) -> None:  # fmt: skip
    """Fix the shortest edge of a terminal if going on to another terminal costs no more than its second.

    The nearest-vertex test of Beasley 1984 in the form of Duin & Volgenant 1989.
    """
    n = node.shape[0]
    heap, place = np.empty(n, dtype=np.int32), np.full(n, -1, dtype=np.int32)
    queue = np.empty(n, dtype=np.int32)
    key = np.full(n, np.inf)
    seen = np.empty(n, dtype=np.int32)
    for t in range(n):
        if not terminal[t] or count[TERMINALS] < 2 or node[t, 1] < 2:
            continue
        h = node[t, 0]
        least = h
        second = np.inf
        h = half[h, 0]
        while h >= 0:
            c = length[h >> 1]
            if c < length[least >> 1]:
                second = length[least >> 1]
                least = h
            elif c < second:
                second = c
            h = half[h, 0]
        room = second - length[least >> 1]
        if _nearest_terminal(
            half, node, length, terminal, heap, place, key, seen, half[least, 2], t, room, limit
        ):
            waiting = _contract(half, node, length, terminal, fixed, count, queue, 0, least)
            count[CHANGES] += 1
            _settle(half, node, parts, length, terminal, fixed, count, queue, waiting)


@kernel
def begin(
    half: IntArray, node: IntArray, parts: IntArray, length: Floats, terminal: BoolArray,
    fixed: IntArray, count: IntArray, tail: IntArray, head: IntArray,
) -> None:  # fmt: skip
    """Link the edges but loops and longer parallel ones, contract those of zero, settle the degrees."""
    n = node.shape[0]
    queue = np.empty(n, dtype=np.int32)
    waiting = 0
    for v in range(n):
        node[v, 0] = -1
        count[TERMINALS] += terminal[v]
    for e in range(tail.size):
        u, v = tail[e], head[e]
        half[2 * e, 2] = v
        half[2 * e + 1, 2] = u
        if u == v:
            continue
        old = _between(half, node, u, v)
        if old >= 0:
            if length[old] <= length[e]:
                continue
            _delete(half, node, old)
        half[2 * e, 3] = 1
        half[2 * e + 1, 3] = 1
        _link(half, node, 2 * e)
        _link(half, node, 2 * e + 1)
    count[MADE] = tail.size
    for e in range(tail.size):
        if half[2 * e, 3] and length[e] <= 0.0:
            waiting = _contract(half, node, length, terminal, fixed, count, queue, waiting, 2 * e)
    for v in range(n):
        waiting = _wake(node, queue, waiting, v)
    _settle(half, node, parts, length, terminal, fixed, count, queue, waiting)


@kernel
def hold_parts(parts: IntArray, inputs: BoolArray) -> BoolArray:
    """Return which edges, made or given, have all their parts among the given ones marked in ``inputs``."""
    held = np.zeros(parts.shape[0], dtype=np.bool_)
    held[: inputs.size] = inputs
    for e in range(inputs.size, held.size):
        held[e] = held[parts[e, 0]] and held[parts[e, 1]]
    return held
