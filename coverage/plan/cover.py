"""Which sites to build: the most for a budget or a number of sites, or a target for the least, with proof."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.cover_bound import Certificate, bound_cost, bound_weight, possible
from phusong.coverage.plan.cover_core import CoverCore, open_core
from phusong.coverage.plan.cover_greedy import drop_needless, greedy, steps
from phusong.coverage.plan.cover_kernels import NOISE, Plan, sites_of
from phusong.coverage.plan.cover_problem import (
    BudgetTooSmallError,
    ContradictorySitesError,
    CoverInputError,
    CoverProblem,
    Floats,
    Ints,
    Longs,
    TargetOutOfReachError,
    cover_problem,
    need_costs,
)
from phusong.coverage.plan.cover_search import (
    Clock,
    CoverEffort,
    annealed,
    neighbourhoods,
    quick_plan,
    swaps,
)
from phusong.coverage.plan.cover_small import FEW, cheapest_of_all, heaviest_of_all
from phusong.data.language import Text

Goal = Literal["budget", "count", "target"]

DEFAULT_EFFORT = CoverEffort()

_BUDGET = Text(
    "Kinh phí {budget} không đủ cho vị trí rẻ nhất có ích (số {site}, chi phí {cheapest}).",
    "The budget of {budget} does not pay for the cheapest useful site (no. {site}, cost {cheapest}).",
)
_BAD_BUDGET = Text(
    "Kinh phí phải là số từ 0 trở lên, không phải {value}.",
    "The budget must be a number of 0 or more, not {value}.",
)
_FIXED_COST = Text(
    "Riêng {n} vị trí bắt buộc đã tốn {cost}, vượt kinh phí {budget}. "
    "Hãy tăng kinh phí hoặc bớt vị trí bắt buộc.",
    "The {n} fixed sites alone cost {cost}, more than the budget of {budget}. "
    "Raise the budget or fix fewer sites.",
)
_FIXED_COUNT = Text(
    "Có {n} vị trí bắt buộc nhưng kế hoạch chỉ gồm {count} vị trí.",
    "There are {n} fixed sites, but the plan has only {count} sites.",
)
_BAD_COUNT = Text(
    "Số vị trí phải từ 1 trở lên, không phải {n}.", "The number of sites must be 1 or more, not {n}."
)
_BAD_TARGET = Text(
    "Mục tiêu phải là một số, không phải {value}.", "The target must be a number, not {value}."
)
_TARGET = Text(
    "Không thể đạt mục tiêu {target}: tất cả vị trí ứng viên cộng lại chỉ đạt {reachable} "
    "(trên tổng số {total}). Hãy hạ mục tiêu hoặc thêm vị trí ứng viên.",
    "The target of {target} is out of reach: all candidates together reach {reachable} (of {total} in all). "
    "Lower the target or add candidates.",
)
_TARGET_GAIN = Text(
    "Với mức tăng tối thiểu {least} cho mỗi vị trí, kế hoạch chỉ đạt {reachable}, dưới mục tiêu {target}; "
    "không có ràng buộc này có thể đạt {all}. Hãy hạ mức tăng tối thiểu hoặc mục tiêu.",
    "With a minimum gain of {least} per site the plan reaches {reachable}, below the target of {target}; "
    "without it {all} can be reached. Lower the minimum gain or the target.",
)


@dataclass(frozen=True, eq=False)
class CoverPlan:
    """An ordered list of sites, and how far from the best possible it can be at most.

    Attributes
    ----------
    goal : {"budget", "count", "target"}
        What was asked for.
    chosen : (sites,) int64
        Candidates in order: fixed ones first, each part by what a site adds to those before it per cost.
    gains : (sites,) float64
        Weight that each step adds; they sum to ``weight``.
    step_costs : (sites,) float64
        Cost of each step; 1 each where the problem has no costs.
    weight, cost : float
        Of the whole plan.
    bound : float
        Weight that no plan within the budget or count exceeds; for a target, cost that no plan which reaches
        it undercuts.
    gap : float
        How much better than this plan another can be at most: ``(bound - weight) / weight``, or for a target
        ``(cost - bound) / cost``.
    proven : bool
        No other plan is better.
    hurried : bool
        The limit of seconds cut the search short, so that another machine may find another plan.
    """

    goal: Goal
    chosen: Longs
    gains: Floats
    step_costs: Floats
    weight: float
    cost: float
    bound: float
    gap: float
    proven: bool
    hurried: bool


def best_under_budget(
    problem: CoverProblem, budget: float, *, effort: CoverEffort = DEFAULT_EFFORT, exact: bool = False
) -> CoverPlan:
    """Find sites that cover as much weight as possible for at most ``budget``.

    Parameters
    ----------
    budget : float
        In the unit of the costs; fixed sites are paid from it.
    effort : CoverEffort
        How long to search.
    exact : bool
        Let HiGHS prove or improve the plan in the time that is left (extra ``exact``).

    Raises
    ------
    MissingCostsError, BudgetTooSmallError, ContradictorySitesError, CoverInputError, SolverMissingError
    """
    clock, costs = Clock(effort.seconds), need_costs(problem)
    if not budget >= 0.0:
        raise CoverInputError(_BAD_BUDGET, value=str(budget))
    spent = float(costs[problem.fixed].sum())
    if spent > budget * (1.0 + NOISE):
        raise ContradictorySitesError(
            _FIXED_COST, n=int(problem.fixed.size), cost=spent, budget=float(budget)
        )
    core, room = open_core(problem, costs), min(float(budget) - spent, float(costs.sum()))
    affordable = core.costs <= room * (1.0 + NOISE)
    if core.candidate_count and not affordable.any() and not problem.fixed.size:
        at = int(np.argmin(core.costs))
        raise BudgetTooSmallError(
            _BUDGET, budget=float(budget), site=str(core.names[at]), cheapest=float(core.costs[at])
        )
    return _most(problem, core.keep(affordable), room, "budget", effort, exact, clock)


def best_of_count(
    problem: CoverProblem, n: int, *, effort: CoverEffort = DEFAULT_EFFORT, exact: bool = False
) -> CoverPlan:
    """Find ``n`` sites, fixed ones included, that cover as much weight as possible; costs only order them.

    Fewer are returned where no further candidate gains anything, or the minimum.

    Raises
    ------
    ContradictorySitesError, CoverInputError, SolverMissingError
    """
    if n < 1:
        raise CoverInputError(_BAD_COUNT, n=int(n))
    if problem.fixed.size > n:
        raise ContradictorySitesError(_FIXED_COUNT, n=int(problem.fixed.size), count=int(n))
    clock, core = Clock(effort.seconds), open_core(problem, np.ones(problem.candidate_count))
    room = float(min(n - problem.fixed.size, core.candidate_count))
    open_for = np.full(core.candidate_count, room > 0.0)
    return _most(problem, core.keep(open_for), room, "count", effort, exact, clock)


def cheapest_for_target(
    problem: CoverProblem, target_weight: float, *, effort: CoverEffort = DEFAULT_EFFORT, exact: bool = False
) -> CoverPlan:
    """Find the cheapest sites that cover at least ``target_weight``, what fixed sites cover included.

    Raises
    ------
    MissingCostsError, CoverInputError, SolverMissingError
    TargetOutOfReachError
        With ``reachable_weight``: how far all the candidates reach.
    """
    costs = need_costs(problem)
    if not np.isfinite(target_weight):
        raise CoverInputError(_BAD_TARGET, value=str(target_weight))
    clock = Clock(effort.seconds)
    core, base = open_core(problem, costs), problem.weight_of(problem.fixed)
    spent = float(costs[problem.fixed].sum())
    reach = base + float(core.weights.sum())
    if target_weight > reach * (1.0 + NOISE):
        raise TargetOutOfReachError(
            _TARGET, reachable_weight=reach, target=float(target_weight), total=float(problem.weights.sum())
        )
    need = min(target_weight - base, float(core.weights.sum())) - NOISE * max(target_weight, 0.0)
    if need <= 0.0:
        return _plan(problem, core, np.zeros(0, dtype=np.int64), "target", spent, clock)
    chosen, bound = _least(problem, core, need, base, float(target_weight), effort, clock, exact)
    return _plan(problem, core, chosen, "target", bound + spent, clock)


def compile_kernels() -> None:
    """Solve a tiny problem with every kernel, so that the first plan need not wait for the compiler."""
    short = CoverEffort(steps=100, bound_rounds=100)
    for sites in (3, FEW + 3):
        cells = np.stack([np.arange(sites), np.arange(sites) + 1], axis=1).ravel()
        costs, weights = 1.0 + 0.1 * np.arange(sites), 1.0 + np.arange(sites + 1) % 5
        problem = cover_problem(2 * np.arange(sites + 1), cells, weights, costs=costs)
        best_under_budget(problem, 3.0, effort=short)
        cheapest_for_target(problem, 0.6 * float(weights.sum()), effort=short)


def _most(
    problem: CoverProblem, core: CoverCore, room: float, goal: Goal, effort: CoverEffort, exact: bool,
    clock: Clock,
) -> CoverPlan:
    base = problem.weight_of(problem.fixed)
    if core.candidate_count <= FEW:
        chosen = heaviest_of_all(core, room)
        best = core.weight_of(chosen) * (1.0 if _whole(core.weights) else 1.0 + NOISE)
        chosen = _with_least_gain(problem, core, chosen, room, np.inf)
        return _plan(problem, core, chosen, goal, base + best, clock)
    chosen = quick_plan(core, room, clock)
    proof = bound_weight(
        core, room, effort.bound_rounds, enough=core.weight_of(chosen), go_on=lambda: clock.allows(0.3)
    )
    rounded = swaps(core, sites_of(_rounded(core, proof, room)), room, clock)
    chosen = max(chosen, rounded, key=core.weight_of)
    bound = min(proof.bound, float(core.weights.sum()))
    if _whole(core.weights):
        bound = np.floor(bound * (1.0 + NOISE))
    enough = bound / (1.0 + effort.gap) * (1.0 - NOISE)
    if core.weight_of(chosen) < enough:
        chosen = annealed(
            core, chosen, room, effort, clock, money_price=proof.money_price, enough=enough
        )
        chosen = neighbourhoods(core, swaps(core, chosen, room, clock), room, clock, seed=effort.seed)
    if exact:
        chosen, bound = _proven_most(core, room, chosen, bound, proof, clock)
    chosen = drop_needless(core, chosen)
    chosen = _with_least_gain(problem, core, chosen, room, np.inf)
    return _plan(problem, core, chosen, goal, base + bound, clock)


def _rounded(core: CoverCore, proof: Certificate, budget: float) -> Plan:
    """Return the greedy plan round the sites that the relaxation builds nearly whole."""
    order = np.argsort(-proof.shares, kind="stable")
    order = order[proof.shares[order] > 0.6]
    fits = np.cumsum(core.costs[order]) <= budget
    return greedy(core, budget, by_ratio=True, begin=order[fits])


def _proven_most(
    core: CoverCore, room: float, chosen: Longs, bound: float, proof: Certificate, clock: Clock
) -> tuple[Longs, float]:
    from phusong.coverage.plan.cover_exact import heaviest

    value = core.weight_of(chosen)
    kept = possible(core, proof, value)
    kept[chosen] = True
    small = core.keep(kept)
    answer = heaviest(small, room, np.searchsorted(np.flatnonzero(kept), chosen), max(clock.left, 1.0))
    found = np.flatnonzero(kept)[answer.chosen]
    if core.weight_of(found) > value and core.costs[found].sum() <= room * (1.0 + NOISE):
        chosen, value = found, core.weight_of(found)
    return chosen, max(min(bound, max(answer.bound, value)), value)


def _least(
    problem: CoverProblem, core: CoverCore, need: float, base: float, target: float, effort: CoverEffort,
    clock: Clock, exact: bool,
) -> tuple[Longs, float]:
    """Return a cheap plan of the core that covers ``need``, and a cost that none undercuts."""
    plans = []
    for by_ratio in (True, False):
        plan = greedy(core, np.inf, by_ratio=by_ratio, least=problem.minimum_gain, target=need)
        if plan.total[0] >= need:
            plans.append(drop_needless(core, sites_of(plan), target=need))
        elif by_ratio:
            raise TargetOutOfReachError(
                _TARGET_GAIN, reachable_weight=base + float(plan.total[0]), target=target,
                least=problem.minimum_gain, all=base + float(core.weights.sum()),
            )
    chosen = min(plans, key=lambda sites: float(core.costs[sites].sum()))
    chosen, bound = _cheap(core, chosen, need, effort, clock, exact)
    if problem.minimum_gain > 0.0:
        chosen = _with_least_gain(problem, core, chosen, np.inf, need)
        if core.weight_of(chosen) < need:
            chosen = sites_of(greedy(core, np.inf, by_ratio=True, least=problem.minimum_gain, target=need))
    return chosen, min(bound, float(core.costs[chosen].sum()))


def _cheap(
    core: CoverCore, chosen: Longs, need: float, effort: CoverEffort, clock: Clock, exact: bool
) -> tuple[Longs, float]:
    """Return a cheaper plan that covers ``need`` without a minimum gain, and a cost that none undercuts."""
    if core.candidate_count <= FEW:
        chosen = cheapest_of_all(core, need)
        return chosen, float(core.costs[chosen].sum()) * (1.0 if _whole(core.costs) else 1.0 - NOISE)
    cost = float(core.costs[chosen].sum())
    proof = bound_cost(core, need, cost, effort.bound_rounds, go_on=lambda: clock.allows(0.3))
    bound = proof.bound
    if _whole(core.costs):
        bound = np.ceil(bound * (1.0 - NOISE))
    chosen = _cheaper(core, chosen, need, bound, proof.money_price, effort, clock)
    if exact:
        from phusong.coverage.plan.cover_exact import cheapest

        answer = cheapest(core, need, chosen, max(clock.left, 1.0))
        if core.weight_of(answer.chosen) >= need:
            chosen = min(chosen, answer.chosen, key=lambda sites: float(core.costs[sites].sum()))
        bound = max(bound, answer.bound)
    return chosen, bound


def _cheaper(
    core: CoverCore, chosen: Longs, need: float, bound: float, money_price: float, effort: CoverEffort,
    clock: Clock,
) -> Longs:
    """Ask for the target with less and less money: halfway to the bound, then smaller cuts after failures."""
    cut, tries = 0.5, 8
    short = CoverEffort(max(effort.steps // tries, 1), 0, effort.seconds, effort.gap, effort.seed)
    for _ in range(tries):
        cost = float(core.costs[chosen].sum())
        if cost <= max(bound * (1.0 + NOISE), bound / (1.0 - min(effort.gap, 0.99))) or not clock.allows():
            break
        budget = cost - cut * (cost - bound)
        if _whole(core.costs):
            budget = min(np.ceil(budget), cost - 1.0)
        begin = _within(core, chosen, budget)
        found = annealed(core, begin, budget, short, clock, money_price=money_price, enough=need)
        if core.weight_of(found) < need:
            found = neighbourhoods(core, found, budget, clock, seed=effort.seed, laps=1)
        if core.weight_of(found) >= need:
            chosen = drop_needless(core, found, target=need)
        else:
            cut *= 0.5
    return chosen


def _within(core: CoverCore, chosen: Longs, budget: float) -> Longs:
    """Return the first sites of a plan, in order of gain per cost, that the budget pays for."""
    order, _ = steps(core, chosen)
    return order[np.cumsum(core.costs[order]) <= budget]


def _with_least_gain(
    problem: CoverProblem, core: CoverCore, chosen: Longs, room: float, target: float
) -> Longs:
    """Take out steps that gain less than the minimum, and use what that frees for sites that gain it."""
    least = problem.minimum_gain
    if least <= 0.0:
        return chosen
    for refill in (True, False):
        while True:
            order, gains = steps(core, chosen)
            if not gains or min(gains) >= least:
                break
            chosen = np.delete(order, int(np.argmin(gains)))
        if refill:
            chosen = sites_of(greedy(core, room, by_ratio=True, least=least, target=target, begin=chosen))
    return chosen


def _plan(
    problem: CoverProblem, core: CoverCore, chosen: Longs, goal: Goal, bound: float, clock: Clock
) -> CoverPlan:
    """Order the sites of a core and put the fixed ones before them."""
    costs = problem.costs if problem.costs is not None else np.ones(problem.candidate_count)
    seen = np.zeros(problem.cell_count, dtype=bool)
    listed = [_in_order(problem, sites, seen, costs) for sites in (problem.fixed, core.names[chosen])]
    order = np.array([i for sites, _ in listed for i in sites], dtype=np.int64)
    gains = np.array([gain for _, found in listed for gain in found], dtype=np.float64)
    weight, cost = float(problem.weights[seen].sum()), float(costs[order].sum())
    if goal == "target":
        bound = min(bound, cost)
        gap = (cost - bound) / cost if cost > 0.0 else 0.0
    else:
        bound = max(bound, weight)
        gap = (bound - weight) / weight if weight > 0.0 else (np.inf if bound > 0.0 else 0.0)
    return CoverPlan(
        goal, order, gains, costs[order], weight, cost, bound, gap, gap <= 2.0 * NOISE, clock.hurried
    )


def _in_order(
    problem: CoverProblem, sites: Longs, seen: NDArray[np.bool_], costs: Floats
) -> tuple[list[int], list[float]]:
    """Order sites by gain per cost on top of the cells ``seen``, which are marked on the way; with gains."""

    def fresh(i: int) -> Ints:
        """Return the cells of a candidate that none before it covers."""
        cells = problem.cells[problem.start[i] : problem.start[i + 1]]
        return cells[~seen[cells]]

    def key(i: int) -> float:
        """Return minus the gain per cost: the heap gives the best first."""
        return -float(problem.weights[fresh(i)].sum()) / max(float(costs[i]), 1e-300)

    heap = [(key(int(i)), int(i)) for i in sites]
    heapq.heapify(heap)
    order: list[int] = []
    gains: list[float] = []
    while heap:
        _, i = heapq.heappop(heap)
        now = key(i)
        if heap and (now, i) > heap[0]:
            heapq.heappush(heap, (now, i))
            continue
        cells = fresh(i)
        order.append(i)
        gains.append(float(problem.weights[cells].sum()))
        seen[cells] = True
    return order, gains


def _whole(values: Floats) -> bool:
    """Tell whether all values are whole numbers, so that their sums are."""
    return bool((values == np.rint(values)).all() and values.sum() < 2.0**50)
