"""What predicting one service returns."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from phusong.coverage.result import Reach
from phusong.layers.faults import Fault

ShareDone = Callable[[float], None]
"""Called now and then with the share of a prediction that is done, 0 to 1."""


@dataclass(frozen=True)
class Prediction:
    """The reach of one service.

    Attributes
    ----------
    reaches : tuple of Reach
        One per operator, by name, then `phusong.coverage.result.ANY`.
    faults : tuple of Fault
        Warnings, with counts: what lay outside the range of a model, and the like.
    """

    reaches: tuple[Reach, ...]
    faults: tuple[Fault, ...] = ()

    def of(self, operator: str) -> Reach:
        """Return the reach of one operator, or of any."""
        return next(reach for reach in self.reaches if reach.operator == operator)


def worker_count(workers: int) -> int:
    """Return the number of threads for a request; 0 = one per core that this process may use."""
    if workers > 0:
        return workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
