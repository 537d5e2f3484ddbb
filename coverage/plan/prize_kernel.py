"""Kernels: trees that collect as much as they are worth, or as much as a budget allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.edge_graph import BoolArray, Floats, IntArray
from phusong.coverage.plan.steiner_heap import drop_first, pop, push, put
from phusong.coverage.radio.jit import array_kernel, kernel

PARENT, NEXT, LAST = 0, 1, 2  # columns of clusters: union-find, list of members
ADDED, GROWN, SINCE, ROOM = 0, 1, 2, 3  # moat relative to the parent, of the cluster, from when, prize left


@array_kernel
def _find(links: IntArray, moat: Floats, v: int) -> tuple[int, float]:
    """Return the cluster of a node and how much more it has grown than the cluster; halve the way."""
    more = 0.0
    while links[v, PARENT] != v:
        up = links[v, PARENT]
        over = links[up, PARENT]
        if over != up:
            moat[v, ADDED] += moat[up, ADDED]
            links[v, PARENT] = over
        more += moat[v, ADDED]
        v = links[v, PARENT]
    return v, more


@array_kernel
def _meets(
    links: IntArray, moat: Floats, active: BoolArray, u: int, v: int, length: float, now: float
) -> float:
    """Return when the moats of two nodes meet on an edge: infinite in one cluster or between idle ones."""
    a, more_a = _find(links, moat, u)
    b, more_b = _find(links, moat, v)
    if a == b or not (active[a] or active[b]):
        return np.inf
    rest = length - more_a - more_b - moat[a, GROWN] - moat[b, GROWN]
    if active[a]:
        rest -= now - moat[a, SINCE]
    if active[b]:
        rest -= now - moat[b, SINCE]
    both = active[a] and active[b]
    return float(now + max(rest, 0.0) / (2.0 if both else 1.0))


@kernel
def grow_moats(
    start: IntArray, neighbour: IntArray, edge: IntArray, tail: IntArray, head: IntArray,
    length: Floats, prize: Floats, root: int,
) -> BoolArray:  # fmt: skip
    """Return the edges at which growing moats meet.

    Goemans & Williamson, SIAM J. Computing 24 (1995) 296-317.
    Every node with a prize grows a moat until the prizes of its cluster are spent or it meets the root's.
    Events wait in one heap; an event that has become later goes back, and the edges of a cluster that starts
    to grow again are looked at again.
    """
    n = start.size - 1
    m = length.size
    links = np.empty((n, 3), dtype=np.int32)
    moat = np.zeros((n, 4))
    active = np.zeros(n, dtype=np.bool_)
    chosen = np.zeros(m, dtype=np.bool_)
    capacity = 8 * m + 8 * n + 64
    times = np.empty(capacity)
    what = np.empty(capacity, dtype=np.int32)  # an edge, or m plus a cluster whose prizes are spent
    size = 0
    for v in range(n):
        links[v] = v, -1, v
        moat[v, ROOM] = prize[v]
        active[v] = prize[v] > 0.0 and v != root
        if active[v]:
            size = put(times, what, size, prize[v], m + v)
    for e in range(m):
        when = _meets(links, moat, active, tail[e], head[e], length[e], 0.0)
        if when < np.inf:
            size = put(times, what, size, when, e)
    while size:
        now, item = times[0], what[0]
        size = drop_first(times, what, size)
        if item >= m:
            a = item - m
            if links[a, PARENT] != a or not active[a]:
                continue
            spent = moat[a, SINCE] + moat[a, ROOM]
            if spent > now:
                size = put(times, what, size, spent, item)
                continue
            active[a] = False
            moat[a, GROWN] += now - moat[a, SINCE]
            moat[a, ROOM] = 0.0
            continue
        when = _meets(links, moat, active, tail[item], head[item], length[item], now)
        if when == np.inf:
            continue
        if when > now + 1e-12 * now:
            size = put(times, what, size, when, item)
            continue
        a, _ = _find(links, moat, tail[item])
        b, _ = _find(links, moat, head[item])
        chosen[item] = True
        for c in (a, b):
            if active[c]:
                moat[c, GROWN] += now - moat[c, SINCE]
                moat[c, ROOM] = max(0.0, moat[c, ROOM] - (now - moat[c, SINCE]))
            moat[c, SINCE] = now
        at_root = a == _find(links, moat, root)[0] or b == _find(links, moat, root)[0]
        idle = -1 if active[a] and active[b] else (a if active[b] else b)
        if idle >= 0 and not at_root:  # its edges are met sooner from now on
            active[idle] = True
            v = idle
            while v >= 0:
                for p in range(start[v], start[v + 1]):
                    e = edge[p]
                    when = _meets(links, moat, active, tail[e], head[e], length[e], now)
                    if when < np.inf and size < capacity:
                        size = put(times, what, size, when, e)
                v = links[v, NEXT]
        links[a, PARENT] = b
        moat[a, ADDED] = moat[a, GROWN] - moat[b, GROWN]
        links[links[b, LAST], NEXT] = a
        links[b, LAST] = links[a, LAST]
        moat[b, ROOM] += moat[a, ROOM]
        active[b] = not at_root
        if active[b]:
            size = put(times, what, size, now + moat[b, ROOM], m + b)
    return chosen


@array_kernel
def _walk(
    start: IntArray, neighbour: IntArray, edge: IntArray, walked: BoolArray, root: int,
    order: IntArray, up: IntArray, back: IntArray,
) -> int:  # fmt: skip
    """Write the nodes that some edges join to ``root`` in ``order``, with their parents; return how many."""
    up[:] = -1
    order[0] = root
    up[root] = root
    count = 1
    i = 0
    while i < count:
        u = order[i]
        i += 1
        for p in range(start[u], start[u + 1]):
            y = neighbour[p]
            if walked[edge[p]] and up[y] < 0:
                up[y] = u
                back[y] = edge[p]
                order[count] = y
                count += 1
    return count


@kernel
def prune_strongly(
    start: IntArray, neighbour: IntArray, edge: IntArray, length: Floats, prize: Floats,
    chosen: BoolArray, root: int,
) -> BoolArray:  # fmt: skip
    """Return the part of a forest at ``root`` whose prizes exceed its length the most.

    Johnson, Minkoff & Phillips, SODA 2000: a branch stays if it is worth more than the edge that it hangs on.
    """
    n = start.size - 1
    order, up, back = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    worth = prize.copy()
    kept, final = np.zeros(chosen.size, dtype=np.bool_), np.zeros(chosen.size, dtype=np.bool_)
    for i in range(_walk(start, neighbour, edge, chosen, root, order, up, back) - 1, 0, -1):
        v = order[i]
        gain = worth[v] - length[back[v]]
        if gain > 0.0:
            kept[back[v]] = True
            worth[up[v]] += gain
    for i in range(1, _walk(start, neighbour, edge, kept, root, order, up, back)):
        final[back[order[i]]] = True
    return final


@kernel
def fill_budget(
    start: IntArray, neighbour: IntArray, edge: IntArray, length: Floats, prize: Floats,
    chosen: BoolArray, root: int, budget: float, along: bool,
) -> NDArray[np.int32]:  # fmt: skip
    """Add paths to a tree (``chosen``, changed in place), the most prize per length first, within a budget.

    ``along``: the prizes on the way count with that of its end. Returns the nodes reached, in this order.
    """
    n = start.size - 1
    key = np.full(n, np.inf)
    heap = np.empty(n, dtype=np.int32)
    place = np.full(n, -1, dtype=np.int32)
    back = np.full(n, -1, dtype=np.int32)
    origin = np.full(n, -1, dtype=np.int32)
    inside = np.zeros(n, dtype=np.bool_)
    gain = np.zeros(n)
    goal = np.flatnonzero(prize > 0.0)
    reached = np.empty(n, dtype=np.int32)
    number = 0
    spent = 0.0
    size = 0
    inside[root] = True
    for v in range(n):
        for p in range(start[v], start[v + 1]):
            if chosen[edge[p]]:
                inside[v] = True
                spent += 0.5 * length[edge[p]]
        if inside[v]:
            key[v] = 0.0
            size = push(heap, place, key, size, v)
    while True:
        while size:
            u = pop(heap, place, key, size)
            size -= 1
            for p in range(start[u], start[u + 1]):
                y = neighbour[p]
                d = key[u] + length[edge[p]]
                if d < key[y] and not inside[y]:
                    key[y] = d
                    back[y] = edge[p]
                    origin[y] = u
                    gain[y] = prize[y] + gain[u] if along else prize[y]
                    size = push(heap, place, key, size, y)
        best = -1
        most = -1.0
        left = budget - spent
        for g in goal:
            if not inside[g] and key[g] <= left:
                rate = gain[g] / key[g] if key[g] > 0.0 else np.inf
                if rate > most:
                    best = int(g)
                    most = rate
        if best < 0:
            return reached[:number].copy()
        spent += key[best]
        v = best
        while not inside[v]:
            inside[v] = True
            chosen[back[v]] = True
            if prize[v] > 0.0:
                reached[number] = v
                number += 1
            key[v] = 0.0
            gain[v] = 0.0
            size = push(heap, place, key, size, v)
            v = int(origin[v])


@kernel
def trim(
    start: IntArray, neighbour: IntArray, edge: IntArray, length: Floats, prize: Floats,
    chosen: BoolArray, root: int, budget: float,
) -> None:  # fmt: skip
    """Take ends off a tree (``chosen``, changed in place), the least prize per length first."""
    n = start.size - 1
    degree = np.zeros(n, dtype=np.int32)
    spent = 0.0
    for v in range(n):
        for p in range(start[v], start[v + 1]):
            if chosen[edge[p]]:
                degree[v] += 1
                spent += 0.5 * length[edge[p]]
    keys = np.full(n, np.inf)
    heap = np.empty(n, dtype=np.int32)
    place = np.full(n, -1, dtype=np.int32)
    size = 0
    for v in range(n):
        if degree[v] == 1 and v != root:
            keys[v] = _end_rate(start, neighbour, edge, length, prize, chosen, degree, root, v)
            size = push(heap, place, keys, size, v)
    while size and (spent > budget or keys[heap[0]] <= 0.0):
        v = pop(heap, place, keys, size)
        size -= 1
        while True:
            for p in range(start[v], start[v + 1]):
                if chosen[edge[p]]:
                    chosen[edge[p]] = False
                    spent -= length[edge[p]]
                    degree[v] -= 1
                    v = neighbour[p]
                    degree[v] -= 1
                    break
            if degree[v] != 1 or v == root or prize[v] > 0.0:
                break
        if degree[v] == 1 and v != root:
            keys[v] = _end_rate(start, neighbour, edge, length, prize, chosen, degree, root, v)
            size = push(heap, place, keys, size, v)


@array_kernel
def _end_rate(
    start: IntArray, neighbour: IntArray, edge: IntArray, length: Floats, prize: Floats,
    chosen: BoolArray, degree: IntArray, root: int, v: int,
) -> float:  # fmt: skip
    """Return the prize per length of an end of the tree, down to where it branches or the next prize is."""
    end = v
    total = 0.0
    came = -1
    while True:
        for p in range(start[v], start[v + 1]):
            if chosen[edge[p]] and edge[p] != came:
                came = edge[p]
                total += length[came]
                v = neighbour[p]
                break
        if degree[v] != 2 or v == root or prize[v] > 0.0:
            break
    return prize[end] / total if total > 0.0 else np.inf
