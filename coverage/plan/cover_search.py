"""Better plans: swaps, dropping and refilling neighbourhoods, and annealing by random swaps."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.cover_core import CoverCore
from phusong.coverage.plan.cover_greedy import first_plan
from phusong.coverage.plan.cover_kernels import anneal, drop_and_refill, plan_of, sites_of, table
from phusong.coverage.plan.cover_problem import Longs

HOT, COLD = 0.03, 0.003
"""Temperatures at the begin and end of annealing, as shares of the mean weight of a site of the plan."""

CHUNK = 100_000
"""Steps of annealing between two looks at the clock."""

PRICE_SHARE = 0.5
"""Share of the money's price in the relaxation that annealing reckons with: at all of it plans shrink."""

ANNEAL_SHARE = 0.95
"""Share of the time after which annealing leaves the rest to swaps."""

DROPS = (2, 3, 4, 5)
"""How many neighbouring sites are dropped and refilled together, one after the other."""


@dataclass(frozen=True)
class CoverEffort:
    """How long to search. The counts decide, so that a seed gives one plan on every machine.

    Attributes
    ----------
    steps : int
        Random swaps tried by annealing; a million takes about a second.
    bound_rounds : int
        Rounds of the method that finds the bound.
    seconds : float
        For safety: where it is short the schedule is compressed to end in time, and the plan depends on the
        machine. `CoverPlan.hurried` tells.
    gap : float
        Search no further once the plan is proven to be within this share of the best possible.
    seed : int
        Of the random swaps.
    """

    steps: int = 4_000_000
    bound_rounds: int = 1000
    seconds: float = 60.0
    gap: float = 0.0
    seed: int = 0


class Clock:
    """Seconds since it was made, of ``seconds`` that it allows."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._begin = time.perf_counter()
        self.hurried = False

    @property
    def spent(self) -> float:
        """Seconds since it was made."""
        return time.perf_counter() - self._begin

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.seconds - self.spent

    def allows(self, share: float = 1.0) -> bool:
        """Tell whether less than ``share`` of the time is spent; remember where it is not."""
        if self.spent < share * self.seconds:
            return True
        self.hurried = True
        return False


def random_state(seed: int) -> NDArray[np.uint64]:
    """Return the state of the search's random numbers for a seed."""
    return np.array([np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]], dtype=np.uint64)


def quick_plan(core: CoverCore, budget: float, clock: Clock) -> Longs:
    """Return the best greedy plan after swaps of one site, until none gains."""
    return swaps(core, sites_of(first_plan(core, budget)), budget, clock)


def swaps(core: CoverCore, chosen: Longs, budget: float, clock: Clock) -> Longs:
    """Exchange single sites for the best others, or for several cheaper ones, while that gains."""
    plan, arrays, state = plan_of(core, chosen), table(core), random_state(0)
    while clock.allows() and drop_and_refill(arrays, plan, budget, 1, sites_of(plan), state):
        pass
    return sites_of(plan)


def neighbourhoods(
    core: CoverCore, chosen: Longs, budget: float, clock: Clock, *, seed: int = 0, laps: int = 3
) -> Longs:
    """Drop 2 to 5 neighbouring sites from every place of the plan and refill, then swap; while that gains."""
    state = random_state(seed)
    for _ in range(laps):
        plan, better = plan_of(core, chosen), 0
        for drops in DROPS:
            if clock.allows():
                better += drop_and_refill(table(core), plan, budget, drops, sites_of(plan), state)
        chosen = swaps(core, sites_of(plan), budget, clock)
        if not better:
            break
    return chosen


def annealed(
    core: CoverCore, chosen: Longs, budget: float, effort: CoverEffort, clock: Clock, *,
    money_price: float = 0.0, enough: float = np.inf,
) -> Longs:
    """Anneal from a plan by random swaps, and return the heaviest plan seen.

    Parameters
    ----------
    chosen : array of int
        A plan within the budget.
    money_price : float
        Weight that a unit of cost is worth: swaps weigh weight against cost with it. With equal costs it
        changes nothing and is left out.
    enough : float
        The search ends at this weight.
    """
    plan, arrays, state = plan_of(core, chosen), table(core), random_state(effort.seed)
    scale = float(core.totals.max()) if not chosen.size else float(plan.total[0]) / chosen.size
    price = 0.0 if core.costs.min() == core.costs.max() else PRICE_SHARE * money_price
    best = np.zeros(core.candidate_count, dtype=np.int64)
    best[: chosen.size] = chosen
    record = np.array([plan.total[0], float(chosen.size)])
    begin, done, total = clock.spent, 0, effort.steps
    while done < total and record[0] < enough:
        chunk = min(CHUNK, total - done)
        hot, cold = (scale * HOT * (COLD / HOT) ** (at / total) for at in (done, done + chunk))
        anneal(arrays, plan, budget, price, hot, cold, chunk, enough, state, best, record)
        done += chunk
        total = _steps_in_time(effort.steps, done, clock, begin)
    return np.sort(best[: int(record[1])])


def _steps_in_time(steps: int, done: int, clock: Clock, begin: float) -> int:
    """Return how many steps there will be at the pace so far: all, unless time would run out."""
    took = clock.spent - begin
    if took < 0.02 * clock.seconds:
        return steps
    reach = int(done * (ANNEAL_SHARE * clock.seconds - begin) / took)
    if reach < steps:
        clock.hurried = True
    return max(min(steps, reach), 1)
