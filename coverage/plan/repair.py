"""In which order to repair sites so that most people have service again soonest."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.layers.grid import FloatArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_STEPS = float(1 << 24)
"""Parts of a person in which gains are compared: whole numbers, so that equal gains are equal."""


@dataclass(frozen=True)
class RepairOrder:
    """An order of repair and what each step returns.

    Attributes
    ----------
    order : array of int64, shape (sites,)
        Rows of the matrix, the first to be repaired first.
    returned : array of float64, shape (sites,)
        People whom each step gives service again, in that order.
    lost : float
        People without service before the first step whom these sites can give it.
    hours : array of float64, shape (sites,)
        Of each step.
    """

    order: NDArray[np.int64]
    returned: FloatArray
    lost: float
    hours: FloatArray

    @property
    def people_hours(self) -> float:
        """People times the hours they wait, if sites are repaired one after another."""
        waiting = self.lost - np.concatenate([[0.0], np.cumsum(self.returned)[:-1]])
        return float(np.sum(np.maximum(waiting, 0.0) * self.hours)) if len(self.order) else 0.0


def repair_order(
    covers: csr_array, people: FloatArray, hours: FloatArray | None = None, *, also: FloatArray | None = None
) -> RepairOrder:
    """Order repairs greedily: always the site that returns most people per hour, counted anew at each step.

    A person has service again with the first repaired site that covers them, so what a site returns can
    only shrink as others are repaired; an earlier figure is a bound, and only sites whose bound could win
    are counted again (lazy greedy). The order is the one that counting every site at every step would give.
    Equal rates go to the site with the higher rate of ``also``, then to the one that stands first. What is
    minimised, the sum of people over the hours they wait, is min-sum set cover; greedy is within 4 times
    the least possible, and no polynomial method does better in general (Feige, Lovász, Tetali,
    Approximating min sum set cover, Algorithmica 40, 2004); where no two sites cover the same people it is
    the least possible (Smith's rule).

    Parameters
    ----------
    covers : csr_array of bool, shape (sites, cells)
        Which cells without service a site covers.
    people : array, shape (cells,)
    hours : array, shape (sites,), optional
        Hours of each repair, more than 0; one each by default.
    also : array, shape (cells,), optional
        What else counts, where two sites return equally many people: people of other services.
    """
    n = covers.shape[0]
    time = np.ones(n) if hours is None else np.asarray(hours, dtype=np.float64)
    others = np.zeros(covers.shape[1]) if also is None else also
    weights = [np.round(np.asarray(w, dtype=np.float64) * _STEPS).astype(np.int64) for w in (people, others)]
    start, cells = covers.indptr, covers.indices
    waiting = np.ones(covers.shape[1], dtype=np.bool_)

    def rate(site: int) -> tuple[float, float]:
        """Return minus what an hour of repair brings back, by both weights: the best comes first."""
        mine = cells[start[site] : start[site + 1]]
        new = mine[waiting[mine]]
        first, second = (-int(weight[new].sum()) / float(time[site]) for weight in weights)
        return first, second

    # Heap of (-rates, site, round in which they were counted).
    heap = [(*rate(site), site, 0) for site in range(n)]
    heapq.heapify(heap)
    order: list[int] = []
    returned: list[float] = []
    while heap:
        *_, site, counted = heapq.heappop(heap)
        if counted != len(order):
            heapq.heappush(heap, (*rate(site), site, len(order)))
            continue
        mine = cells[start[site] : start[site + 1]]
        new = mine[waiting[mine]]
        returned.append(float(people[new].sum()))
        waiting[new] = False
        order.append(site)
    reached = np.zeros(covers.shape[1], dtype=np.bool_)
    reached[cells] = True
    found = np.array(order, dtype=np.int64)
    return RepairOrder(
        found, np.array(returned, dtype=np.float64), float(np.asarray(people)[reached].sum()), time[found]
    )


def follow(covers: csr_array, people: FloatArray, hours: FloatArray, order: NDArray[np.int64]) -> RepairOrder:
    """Return what a given order returns step by step, to hold another against it."""
    start, cells = covers.indptr, covers.indices
    waiting = np.ones(covers.shape[1], dtype=np.bool_)
    returned = np.zeros(len(order))
    for k, site in enumerate(order):
        mine = cells[start[site] : start[site + 1]]
        new = mine[waiting[mine]]
        returned[k] = people[new].sum()
        waiting[new] = False
    return RepairOrder(order, returned, float(people[~waiting].sum()), np.asarray(hours)[order])
