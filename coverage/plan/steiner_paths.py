"""Kernels: first trees from shortest paths, and the cleaning of a tree."""

from __future__ import annotations

import numpy as np

from phusong.coverage.plan.edge_graph import BoolArray, Floats, IntArray
from phusong.coverage.plan.steiner_heap import pop, push
from phusong.coverage.radio.jit import kernel


@kernel
def grow_tree(
    start: IntArray,
    neighbour: IntArray,
    edge: IntArray,
    weight: Floats,
    terminal: BoolArray,
    root: int,
) -> BoolArray:
    """Return the edges of a tree grown from ``root``, taking the nearest terminal each time.

    The shortest-path heuristic of Takahashi & Matsuyama, Math. Japonica 24 (1980) 573-577: at most twice
    the optimum. One search runs on through all joins: a path that joins goes back into the heap at zero.
    Edges of infinite weight are no edges; terminals beyond them stay out.
    """
    n = start.size - 1
    key = np.full(n, np.inf)
    heap = np.empty(n, dtype=np.int32)
    place = np.full(n, -1, dtype=np.int32)
    back = np.full(n, -1, dtype=np.int32)
    joined = np.zeros(n, dtype=np.bool_)
    chosen = np.zeros(weight.size, dtype=np.bool_)
    origin = np.full(n, -1, dtype=np.int32)
    left = 0
    for v in range(n):
        left += terminal[v]
    left -= terminal[root]
    joined[root] = True
    key[root] = 0.0
    size = push(heap, place, key, 0, root)
    while size and left:
        u = pop(heap, place, key, size)
        size -= 1
        if terminal[u] and not joined[u]:
            left -= 1
            w = u
            while not joined[w]:
                joined[w] = True
                chosen[back[w]] = True
                key[w] = 0.0
                size = push(heap, place, key, size, w)
                w = origin[w]
            continue
        for p in range(start[u], start[u + 1]):
            y = neighbour[p]
            reached = key[u] + weight[edge[p]]
            if reached < key[y] and not joined[y]:
                key[y] = reached
                back[y] = edge[p]
                origin[y] = u
                size = push(heap, place, key, size, y)
    return chosen


@kernel
def clean_tree(
    start: IntArray,
    neighbour: IntArray,
    edge: IntArray,
    length: Floats,
    terminal: BoolArray,
    inside: BoolArray,
) -> BoolArray:
    """Return the shortest tree over the nodes ``inside``, without branches that end in no terminal.

    Prim's algorithm from the first terminal, over edges with both ends inside; nodes that it does not
    reach stay out.
    """
    n = start.size - 1
    key = np.full(n, np.inf)
    heap = np.empty(n, dtype=np.int32)
    place = np.full(n, -1, dtype=np.int32)
    back = np.full(n, -1, dtype=np.int32)
    done = np.zeros(n, dtype=np.bool_)
    degree = np.zeros(n, dtype=np.int32)
    origin = np.full(n, -1, dtype=np.int32)
    order = np.empty(n, dtype=np.int32)
    chosen = np.zeros(length.size, dtype=np.bool_)
    count = 0
    size = 0
    for v in range(n):
        if terminal[v]:
            key[v] = 0.0
            size = push(heap, place, key, size, v)
            break
    while size:
        u = pop(heap, place, key, size)
        size -= 1
        done[u] = True
        order[count] = u
        count += 1
        if back[u] >= 0:
            chosen[back[u]] = True
            degree[u] += 1
            degree[origin[u]] += 1
        for p in range(start[u], start[u + 1]):
            y = neighbour[p]
            c = length[edge[p]]
            if inside[y] and not done[y] and c < key[y]:
                key[y] = c
                back[y] = edge[p]
                origin[y] = u
                size = push(heap, place, key, size, y)
    for i in range(count - 1, 0, -1):  # a node comes after the one that it hangs on
        u = order[i]
        if degree[u] == 1 and not terminal[u]:
            chosen[back[u]] = False
            degree[u] = 0
            degree[origin[u]] -= 1
    return chosen


@kernel
def arc_distances(
    start: IntArray, neighbour: IntArray, cost: Floats, sources: IntArray
) -> Floats:
    """Return the least cost from the nearest source to each node, by arcs with a cost of their own.

    ``cost[p]`` is that of walking arc ``p`` from its node to ``neighbour[p]``; infinite where none leads.
    """
    n = start.size - 1
    key = np.full(n, np.inf)
    heap = np.empty(n, dtype=np.int32)
    place = np.full(n, -1, dtype=np.int32)
    size = 0
    for s in sources:
        key[s] = 0.0
        size = push(heap, place, key, size, s)
    while size:
        u = pop(heap, place, key, size)
        size -= 1
        for p in range(start[u], start[u + 1]):
            y = neighbour[p]
            reached = key[u] + cost[p]
            if reached < key[y]:
                key[y] = reached
                size = push(heap, place, key, size, y)
    return key
