"""Sites and their backhaul chosen together: each site at the price of the branch that is still missing.

The search fills a plan by what a site adds per its price with the branch from where the network is by then,
then takes out sites that stand near each other and fills again, as long as that saves money or gains more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.backhaul import Growth, Ways, connect_all
from phusong.layers.grid import FloatArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Longs = NDArray[np.int64]
NOISE = 1e-9
BANNED = 0.35
"""Share of the sites taken out that may not come back in the same round."""
TASTE = 0.15
"""Spread, as a logarithm, of what a round makes of gains per price."""
NEAR = 0.02
"""The search goes on from a plan that is worse by no more than this share."""


@dataclass(frozen=True, eq=False)
class JointProblem:
    """What is to be decided; money in million dong.

    Attributes
    ----------
    reach : csr_array, shape (candidates, cells)
        Ones where a candidate covers a cell.
    weights : array of float64, shape (aims, cells)
    need : array of float64, shape (aims,)
        What has to be gained of each aim; infinite where the plan takes what it can get.
    site_cost : array of float64, shape (candidates,)
        Without backhaul.
    ways : Ways
    xy : array, shape (candidates, 2)
    allowed : array of bool, shape (candidates,)
    fixed : array of int64
    budget : float
    count : int
        Sites at most.
    least : float
        Of the first aim, that every site but fixed ones has to gain.
    """

    reach: csr_array
    weights: FloatArray
    need: FloatArray
    site_cost: FloatArray
    ways: Ways
    xy: FloatArray
    allowed: NDArray[np.bool_]
    fixed: Longs
    budget: float = np.inf
    count: int = 1 << 30
    least: float = 0.0

    @property
    def to_target(self) -> bool:
        """Whether the plan has targets to reach, at least cost."""
        return bool(np.isfinite(self.need).all())


@dataclass(frozen=True)
class JointEffort:
    """How long to search; the count of rounds decides, the seconds are for safety."""

    rounds: int = 400
    seconds: float = 60.0
    seed: int = 0


class Cover:
    """Which cells a set of sites covers, and what each candidate would add; kept up to date."""

    def __init__(self, problem: JointProblem) -> None:
        from scipy.sparse import csc_array

        self.problem = problem
        reach = problem.reach
        self.start: NDArray[np.int32] = reach.indptr
        self.cells: NDArray[np.int32] = reach.indices
        self.columns = csc_array(reach.astype(np.float64))
        self.times = np.zeros(reach.shape[1], dtype=np.int32)
        self.gains = np.asarray((reach.astype(np.float64) @ problem.weights.T).T)
        self.covered = np.zeros(len(problem.weights))

    def row(self, i: int) -> NDArray[np.int32]:
        """Return the cells of a candidate."""
        return self.cells[self.start[i] : self.start[i + 1]]

    def _change(self, cells: NDArray[np.int32], sign: float) -> None:
        if len(cells):
            weights = self.problem.weights[:, cells]
            self.gains += sign * np.asarray((self.columns[:, cells] @ weights.T).T)
            self.covered -= sign * weights.sum(axis=1)

    def add(self, i: int) -> FloatArray:
        """Add a site and return what it gains."""
        row = self.row(i)
        new = row[self.times[row] == 0]
        self.times[row] += 1
        self._change(new, -1.0)
        return np.asarray(self.problem.weights[:, new].sum(axis=1))

    def remove(self, i: int) -> None:
        """Take a candidate out, and free the cells that no other covers."""
        row = self.row(i)
        self.times[row] -= 1
        self._change(row[self.times[row] == 0], 1.0)

    def lost(self, i: int) -> FloatArray:
        """Return what would be lost without a site that is in."""
        row = self.row(i)
        return np.asarray(self.problem.weights[:, row[self.times[row] == 1]].sum(axis=1))


def scores(problem: JointProblem, cover: Cover) -> tuple[FloatArray, float]:
    """Return what each candidate adds towards the goal, and what is missing (infinite without targets)."""
    gains = np.where(cover.gains > NOISE * (1.0 + cover.gains.max(initial=0.0)), cover.gains, 0.0)
    if not problem.to_target:
        return gains[0], np.inf
    left = np.maximum(problem.need - cover.covered, 0.0)
    left[left <= NOISE * np.maximum(problem.need, 1.0)] = 0.0
    scale = 1.0 / np.maximum(problem.need, 1e-12)
    return (np.minimum(gains, left[:, None]) * scale[:, None]).sum(axis=0), float((left * scale).sum())


def _fill(
    problem: JointProblem, chosen: list[int], cover: Cover, growth: Growth, taste: FloatArray
) -> None:
    """Add sites by gain per price, times ``taste``, until the goal is reached or nothing more fits."""
    spent = float(problem.site_cost[chosen].sum()) + sum(c.cost for c in growth.connections)
    free = problem.allowed.copy()
    free[chosen] = False
    by_money = np.isfinite(problem.budget) or problem.to_target
    while len(chosen) < problem.count:
        score, missing = scores(problem, cover)
        price = problem.site_cost + growth.prices()
        good = free & (score > 0.0) & (price <= problem.budget - spent + NOISE)
        if problem.least > 0.0:
            good &= cover.gains[0] >= problem.least
        if not good.any() or missing <= 0.0:
            return
        at = np.flatnonzero(good)
        ratio = taste[at] * (score[at] / np.maximum(price[at], 1e-9) if by_money else score[at])
        pick = int(at[np.argmax(ratio)])
        ends = at[score[at] >= missing * (1.0 - NOISE)]
        if ends.size:
            cheapest = int(ends[np.argmin(price[ends])])
            if price[cheapest] <= price[pick] or score[pick] >= missing * (1.0 - NOISE):
                pick = cheapest
        free[pick] = False
        spent += float(problem.site_cost[pick]) + growth.connect(pick).cost
        chosen.append(pick)
        cover.add(pick)


def _prune(problem: JointProblem, chosen: list[int], cover: Cover) -> None:
    """Take out sites that are not needed, the dearest first."""
    fixed = set(problem.fixed.tolist())
    for i in sorted(chosen, key=lambda c: (-problem.site_cost[c], c)):
        lost = cover.lost(i)
        if i in fixed:
            continue
        if problem.to_target:
            needless = bool((cover.covered - lost >= problem.need * (1.0 - NOISE)).all())
        else:
            needless = bool(lost[0] <= NOISE)
        if needless:
            cover.remove(i)
            chosen.remove(i)


@dataclass
class _State:
    """A plan under work, with its price."""

    chosen: list[int]
    cost: float
    weight: float
    short: float

    def better(self, other: _State) -> bool:
        """Tell whether this plan is better: nearer to the targets, heavier, then cheaper."""
        if abs(self.short - other.short) > NOISE:
            return self.short < other.short
        if abs(self.weight - other.weight) > NOISE * (1.0 + abs(other.weight)):
            return self.weight > other.weight
        return self.cost < other.cost - 1e-6


def _near(this: _State, best: _State) -> bool:
    """Tell whether a plan is hardly worse than the best: then the search may go on from it."""
    return (
        this.short <= best.short + NOISE
        and this.weight >= best.weight * (1.0 - NEAR)
        and (this.cost <= best.cost * (1.0 + NEAR) or best.weight > 0.0)
    )


def price_of(problem: JointProblem, chosen: Sequence[int]) -> float:
    """Return what sites cost with their backhaul, joined one by one, the nearest first."""
    growth = connect_all(problem.ways, np.array(sorted(chosen), dtype=np.int64))
    return float(problem.site_cost[list(chosen)].sum()) + sum(c.cost for c in growth.connections)


def _complete(
    problem: JointProblem, cover: Cover, begin: Sequence[int], taste: FloatArray | None = None
) -> _State:
    """Fill a plan, take out what is needless, and price it; ``cover`` is empty before and after."""
    chosen = list(begin)
    for i in chosen:
        cover.add(i)
    growth = connect_all(problem.ways, np.array(sorted(chosen), dtype=np.int64))
    _fill(problem, chosen, cover, growth, np.ones(len(problem.site_cost)) if taste is None else taste)
    _prune(problem, chosen, cover)
    cost = price_of(problem, chosen)
    fixed = set(problem.fixed.tolist())
    while cost > problem.budget + 1e-6:
        # Together they can cost more than one by one in another order: the least useful goes.
        loose = [c for c in chosen if c not in fixed]
        if not loose:
            break
        out = min(loose, key=lambda c: (cover.lost(c)[0] / max(problem.site_cost[c], 1e-9), c))
        cover.remove(out)
        chosen.remove(out)
        cost = price_of(problem, chosen)
    _, missing = scores(problem, cover)
    weight = 0.0 if problem.to_target else float(cover.covered[0])
    state = _State(chosen, cost, weight, missing if problem.to_target else 0.0)
    for i in chosen:
        cover.remove(i)
    return state


def search(
    problem: JointProblem, starts: Sequence[Longs] = (), *, effort: JointEffort = JointEffort()
) -> Longs:
    """Return a good set of sites, fixed ones among them, ascending.

    Parameters
    ----------
    problem : JointProblem
    starts : sequence of arrays
        Plans to begin from, beside the greedy one.
    effort : JointEffort
    """
    fixed = [int(c) for c in problem.fixed]
    cover = Cover(problem)
    best = _complete(problem, cover, fixed)
    for start in starts:
        known = [int(c) for c in start if problem.allowed[c] and int(c) not in fixed]
        given = _complete(problem, cover, _within_budget(problem, [*fixed, *known]))
        if given.better(best):
            best = given
    rng = np.random.default_rng(effort.seed)
    end = time.monotonic() + effort.seconds
    now = best
    for _ in range(effort.rounds):
        loose = np.array([c for c in now.chosen if c not in fixed], dtype=np.int64)
        if not loose.size or time.monotonic() > end:
            break
        seat = int(rng.choice(loose))
        apart = np.hypot(*(problem.xy[loose] - problem.xy[seat]).T)
        drops = int(rng.integers(1, min(8, loose.size) + 1))
        gone = set(loose[np.argsort(apart, kind="stable")[:drops]].tolist())
        kept = [c for c in now.chosen if c not in gone]
        allowed = problem.allowed.copy()
        # Else the filling would often put the very sites back.
        allowed[loose[np.isin(loose, list(gone)) & (rng.random(loose.size) < BANNED)]] = False
        taste = np.exp(TASTE * rng.standard_normal(allowed.size))
        tried = _complete(replace(problem, allowed=allowed), cover, kept, taste)
        if tried.better(best):
            best = tried
        if tried.better(now) or _near(tried, best):
            now = tried
    return np.array(sorted(best.chosen), dtype=np.int64)


def _within_budget(problem: JointProblem, chosen: list[int]) -> list[int]:
    if not np.isfinite(problem.budget) and len(chosen) <= problem.count:
        return chosen
    while chosen and (price_of(problem, chosen) > problem.budget or len(chosen) > problem.count):
        chosen = chosen[:-1]
    return chosen


def sites_first(problem: JointProblem, *, effort: JointEffort = JointEffort()) -> Longs:
    """Return the sites that one would choose without a look at backhaul, for comparison.

    Under a budget, sites go one by one, those of least use per money first, until what is left can be
    connected for the money.
    """
    free = np.ones_like(problem.ways.shared)
    blind = replace(problem, ways=replace(problem.ways, shared=free))
    chosen = search(blind, effort=effort).tolist()
    cover = Cover(problem)
    for i in chosen:
        cover.add(i)
    fixed = set(problem.fixed.tolist())
    while price_of(problem, chosen) > problem.budget + 1e-6:
        loose = [c for c in chosen if c not in fixed]
        if not loose:
            break
        out = min(loose, key=lambda c: (cover.lost(c)[0] / max(problem.site_cost[c], 1e-9), c))
        cover.remove(out)
        chosen.remove(out)
    return np.array(sorted(chosen), dtype=np.int64)
