"""Binary heaps for kernels: of nodes with decreasing keys, and of events that carry their key with them."""

from __future__ import annotations

from phusong.coverage.plan.edge_graph import Floats, IntArray
from phusong.coverage.radio.jit import array_kernel

# Nodes: ``heap`` holds the items, ``place`` where in it each item is (-1 = it is not), ``key`` its key.


@array_kernel
def push(heap: IntArray, place: IntArray, key: Floats, size: int, item: int) -> int:
    """Put ``item`` in, or move it up after its key became smaller; return the new size."""
    i = place[item]
    if i < 0:
        i = size
        size += 1
    k = key[item]
    while i > 0:
        parent = (i - 1) >> 1
        other = heap[parent]
        if key[other] <= k:
            break
        heap[i] = other
        place[other] = i
        i = parent
    heap[i] = item
    place[item] = i
    return size


@array_kernel
def pop(heap: IntArray, place: IntArray, key: Floats, size: int) -> int:
    """Take the item with the smallest key out and return it; the size becomes ``size - 1``."""
    top = heap[0]
    place[top] = -1
    size -= 1
    if size == 0:
        return int(top)
    item = heap[size]
    k = key[item]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and key[heap[child + 1]] < key[heap[child]]:
            child += 1
        other = heap[child]
        if key[other] >= k:
            break
        heap[i] = other
        place[other] = i
        i = child
    heap[i] = item
    place[item] = i
    return int(top)


# Events: ``keys`` and ``items`` side by side; an item may be in more than once, each time with its own key.


@array_kernel
def put(keys: Floats, items: IntArray, size: int, key: float, item: int) -> int:
    """Put ``item`` in with a key; return the new size."""
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if keys[parent] <= key:
            break
        keys[i] = keys[parent]
        items[i] = items[parent]
        i = parent
    keys[i] = key
    items[i] = item
    return size + 1


@array_kernel
def drop_first(keys: Floats, items: IntArray, size: int) -> int:
    """Take the item with the smallest key, the first, out; return the new size."""
    size -= 1
    key, item = keys[size], items[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[i] = keys[child]
        items[i] = items[child]
        i = child
    keys[i] = key
    items[i] = item
    return size
