"""Binary heap of nodes with decreasing keys, for kernels."""

from __future__ import annotations

from phusong.coverage.plan.edge_graph import Floats, IntArray
from phusong.coverage.radio.jit import array_kernel

# ``heap`` holds the items, ``place`` the position of each item in it (-1 = not in it), ``key`` its key.


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
