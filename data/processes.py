"""Settings of a whole process, for those who start one: the command line and a batch's children."""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 100_000, 20, 100


def collect_seldom() -> None:
    """Have Python look for cycles of garbage a hundred times more seldom than it would.

    What is read of a province are millions of small objects that live to the end. Walking through them again
    and again took a sixth of a run's time (Gia Lai, 35 CPU s of it 30) and freed nothing: large arrays
    are in no cycles, so memory stays the same.
    """
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
