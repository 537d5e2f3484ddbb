"""First plans: the best by gain, by gain per cost, and the best single site."""

from __future__ import annotations

import numpy as np

from phusong.coverage.plan.cover_core import CoverCore
from phusong.coverage.plan.cover_kernels import (
    NOISE,
    Plan,
    empty_plan,
    fill,
    plan_of,
    remove,
    sites_of,
    table,
)
from phusong.coverage.plan.cover_problem import Longs


def greedy(
    core: CoverCore, budget: float, *, by_ratio: bool, least: float = 0.0, target: float = np.inf,
    begin: Longs | None = None,
) -> Plan:
    """Add candidates one by one, always the one that gains most, or most per cost, of those that still fit.

    Parameters
    ----------
    budget : float
        What may be spent.
    by_ratio : bool
        Take the most gain per cost instead of the most gain.
    least : float
        Gain that every candidate must have when it is added.
    target : float
        Stop at this weight.
    begin : array of int, optional
        Sites to begin with.
    """
    plan = empty_plan(core) if begin is None else plan_of(core, begin)
    fill(table(core), plan, by_ratio, budget, least, target)
    return plan


def best_single(core: CoverCore, budget: float) -> Longs:
    """Return the one affordable candidate that covers most, or none."""
    affordable = np.flatnonzero(core.costs <= budget)
    if not affordable.size:
        return affordable
    return affordable[[int(np.argmax(core.totals[affordable]))]]


def first_plan(core: CoverCore, budget: float) -> Plan:
    """Return the best of greedy by gain, greedy by gain per cost, and the best single site filled up.

    With unequal costs either greedy alone can be arbitrarily bad: a cheap site of high ratio can take the
    room of one that covers nearly everything. The better of the ratio greedy and the best single site is at
    least (1 - 1/e) / 2 of the optimum (Khuller, Moss, Naor, Information Processing Letters 70, 1999).
    """
    plans = [greedy(core, budget, by_ratio=ratio) for ratio in (True, False)]
    plans.append(greedy(core, budget, by_ratio=True, begin=best_single(core, budget)))
    return max(plans, key=lambda plan: float(plan.total[0]))


def drop_needless(core: CoverCore, chosen: Longs, *, target: float = -np.inf) -> Longs:
    """Take out, dearest first, sites without which nothing is lost, or a ``target`` still met."""
    plan, arrays = plan_of(core, chosen), table(core)
    for i in sorted(sites_of(plan), key=lambda i: (-core.costs[i], plan.gain[i], i)):
        loss = plan.gain[i]
        if loss <= NOISE * plan.total[0] or (target > -np.inf and plan.total[0] - loss >= target):
            remove(arrays, plan, int(i))
    return sites_of(plan)


def steps(core: CoverCore, chosen: Longs) -> tuple[Longs, list[float]]:
    """Order sites by what each adds to those before it per cost; return them and the gains."""
    some = np.zeros(core.candidate_count, dtype=bool)
    some[chosen] = True
    if not some.any():
        return np.zeros(0, dtype=np.int64), []
    alone = core.keep(some)
    plan = greedy(alone, np.inf, by_ratio=True)
    order = plan.chosen[: plan.size[0]].copy()
    gains, seen = [], np.zeros(alone.cell_count, dtype=bool)
    for i in order:
        cells = alone.cells[alone.start[i] : alone.start[i + 1]]
        gains.append(float(alone.weights[cells[~seen[cells]]].sum()))
        seen[cells] = True
    return np.flatnonzero(some)[order], gains
