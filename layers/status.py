"""Which stations and which fibre exist: only what is in operation counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phusong.layers.rules import fold

OPERATIONAL = "operational"
"""The status of what exists; an empty cell means the same."""

_MEANS_OPERATIONAL = frozenset(
    fold(word)
    for word in (
        OPERATIONAL, "in operation", "in service", "active", "on air", "live", "existing",
        "đang hoạt động", "hoạt động", "đang khai thác", "đang sử dụng", "đã phát sóng",
        "phát sóng", "hiện hữu",
    )
)


def settle_status(given: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return each status as `OPERATIONAL` where it is empty or means that, else as it was written."""
    known: dict[str, str] = {}
    for word in set(given.tolist()):
        known[word] = OPERATIONAL if word == "" or fold(word) in _MEANS_OPERATIONAL else word
    return np.array([known[word] for word in given.tolist()], dtype=object)
