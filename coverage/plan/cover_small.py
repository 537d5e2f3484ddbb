"""The best of all plans where there are few candidates: every one of them is looked at."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.cover_core import CoverCore
from phusong.coverage.plan.cover_kernels import NOISE, Plan, Table, empty_plan, insert, remove, table
from phusong.coverage.plan.cover_problem import Longs
from phusong.coverage.radio.jit import kernel

FEW = 15
"""Candidates up to which all plans are looked at: 32,768 of them, each one site away from the one before."""


def heaviest_of_all(core: CoverCore, budget: float) -> Longs:
    """Return the sites that cover most weight within ``budget``; of equals the cheapest plan."""
    return _best(core, budget, math.inf)


def cheapest_of_all(core: CoverCore, need: float) -> Longs:
    """Return the cheapest sites that cover ``need``; of equals the heaviest plan.

    Raises
    ------
    ValueError
        If all candidates together do not cover it.
    """
    if float(core.weights.sum()) < need:
        raise ValueError(f"all candidates cover {core.weights.sum()}, less than {need}")
    return _best(core, math.inf, need)


def _best(core: CoverCore, budget: float, need: float) -> Longs:
    if core.candidate_count > FEW:
        raise ValueError(f"{core.candidate_count} candidates are too many to look at every plan")
    plan = empty_plan(core)
    chosen = np.zeros(core.candidate_count, dtype=np.bool_)
    _look_at_all(table(core), plan, budget, need, chosen)
    return np.flatnonzero(chosen)


@kernel
def _look_at_all(t: Table, p: Plan, budget: float, need: float, best: NDArray[np.bool_]) -> None:
    """Walk through all sets of candidates in the order of Gray's code (US patent 2,632,058, 1953).

    With a finite ``need`` the cheapest set that covers it is kept in ``best``, else the heaviest within
    ``budget``.
    """
    cheapest = need < np.inf
    room = budget + NOISE * abs(budget)
    weight, cost = 0.0, 0.0
    found = not cheapest or need <= 0.0
    for code in range(1, 2 ** t.costs.size):
        i = 0
        while (code >> i) & 1 == 0:
            i += 1
        if p.place[i] < 0:
            insert(t, p, i)
        else:
            remove(t, p, i)
        if p.total[1] > room or (cheapest and p.total[0] < need):
            continue
        heavier = p.total[0] > weight + NOISE * weight
        as_heavy = p.total[0] >= weight - NOISE * weight
        cheaper = p.total[1] < cost - NOISE * cost
        as_cheap = p.total[1] <= cost + NOISE * cost
        better = (cheaper or (as_cheap and heavier)) if cheapest else (heavier or (as_heavy and cheaper))
        if not found or better:
            found = True
            weight, cost = p.total[0], p.total[1]
            best[:] = p.place >= 0
