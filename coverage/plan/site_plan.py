"""The plan of sites from layers to an ordered list with prices, proof, phases and the coverage it brings."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.analyse import Progress, analyse_layers, shares_of
from phusong.coverage.criterion import technology_of
from phusong.coverage.plan.backhaul import Ways, lay_ways, private_part
from phusong.coverage.plan.candidate_reach import stations_of, with_stations
from phusong.coverage.plan.candidates import Candidates
from phusong.coverage.plan.cover import best_of_count, best_under_budget, cheapest_for_target
from phusong.coverage.plan.cover_core import merge_cells
from phusong.coverage.plan.cover_problem import cover_problem
from phusong.coverage.plan.cover_search import CoverEffort
from phusong.coverage.plan.joint import JointEffort, JointProblem, search, sites_first
from phusong.coverage.plan.joint_order import JointPlan, in_order
from phusong.coverage.plan.plan_faults import (
    check_budget,
    check_choice,
    check_goal,
    check_phases,
    check_reachable,
    check_service,
    check_sites,
)
from phusong.coverage.plan.reach_added import known_with_added
from phusong.coverage.plan.site_aims import Aim, Universe, universe_of
from phusong.coverage.plan.site_candidates import candidates_with_reach
from phusong.coverage.plan.site_costs import Prices, prices_of, site_costs
from phusong.coverage.plan.site_swaps import Substitute, substitutes, swapped
from phusong.coverage.result import ANY, Result
from phusong.coverage.zonal import CommuneShares
from phusong.data.language import Text
from phusong.layers.faults import Fault
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    from scipy.sparse import csr_array

    from phusong.data.fibre_tables import Level

log = logging.getLogger(__name__)

NOW = Text("Tính vùng phủ hiện trạng", "Computing what there is")
LOOKING = Text("Tìm vị trí ứng viên", "Looking for candidates")
REACHING = Text("Tính vùng phủ của {n} vị trí ứng viên", "Predicting {n} candidates")
WAYS = Text("Tìm đường truyền dẫn", "Laying out ways to the core")
CHOOSING = Text("Chọn vị trí", "Choosing sites")
AFTER = Text("Tính vùng phủ sau khi đầu tư", "Computing what there will be")


@dataclass(frozen=True)
class SiteQuestion:
    """What is asked; money in million dong.

    Attributes
    ----------
    service : str
    operator : str
        ``any`` = at least one operator.
    weights : mapping of str to float
        What an objective counts in the sum that is maximised: ``{"people": 1}``.
    targets : mapping of str to float
        Share of each objective to reach at least cost, in per cent; ``sum`` is the weighted sum.
    budget : float, optional
    count : int, optional
    fixed, forbidden : tuple of str
        Ids of sites.
    least : float
        Of the weighted sum (of the first target, of the people by default), that every step gains.
    exact : bool
        Let HiGHS prove the bound (extra ``exact``).
    level : {"low", "base", "high"}
        Of the prices.
    years : int
    first_year : int, optional
        By default the year after the data's.
    per_year : float, optional
        Money a year; by default the plan's money over ``years``.
    """

    service: str
    operator: str = ANY
    weights: Mapping[str, float] = field(default_factory=lambda: {"people": 1.0})
    targets: Mapping[str, float] = field(default_factory=dict)
    budget: float | None = None
    count: int | None = None
    fixed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    least: float = 0.0
    exact: bool = False
    level: Level = "base"
    years: int = 3
    first_year: int | None = None
    per_year: float | None = None
    seconds: float = 60.0

    @property
    def objectives(self) -> tuple[str, ...]:
        """Objectives that decide, in the order of the question; a weighted sum counts as its parts."""
        asked: list[str] = []
        for name in self.targets or ("sum",):
            asked += self.weights if name == "sum" else (name,)
        return tuple(dict.fromkeys(asked))


@dataclass(frozen=True)
class Proof:
    """How near to the best possible a plan is.

    Attributes
    ----------
    bound : float
        For targets money that no plan undercuts, million dong; else a weighted sum that none exceeds.
    gap : float
        How much better another plan can be at most, as a share of this one's.
    value : float
        What is compared with the bound.
    """

    bound: float
    gap: float
    value: float


@dataclass(frozen=True, eq=False)
class SitePlan:
    """A plan and everything that is said of it.

    Attributes
    ----------
    question : SiteQuestion
    layers : Layers
    shares : CommuneShares
    universe : Universe
    candidates : Candidates
    reach : csr_array
        Candidates by cells of the universe.
    costs : mapping of item to array, shape (candidates,)
    prices : Prices
    ways : Ways
    plan : JointPlan
    proof : Proof
    year : array of int64, shape (sites,)
        In which each step is built.
    rival : JointPlan
        Sites first, then their fibre: for comparison.
    substitutes : mapping of int to Substitute
        What could stand in for a site, by candidate; not for all where a plan is long.
    added : GeoDataFrame
        Rows of ``layers.stations`` that the plan adds.
    before, after : Result
        Of the planned service alone.
    faults : tuple of Fault
    seconds : mapping of stage to float
    """

    question: SiteQuestion
    layers: Layers
    shares: CommuneShares
    universe: Universe
    candidates: Candidates
    reach: csr_array
    costs: Mapping[str, FloatArray]
    prices: Prices
    ways: Ways
    plan: JointPlan
    proof: Proof
    year: NDArray[np.int64]
    rival: JointPlan
    substitutes: Mapping[int, Substitute]
    added: gpd.GeoDataFrame
    before: Result
    after: Result
    faults: tuple[Fault, ...]
    seconds: Mapping[str, float]

    @property
    def aims(self) -> Mapping[str, Aim]:
        """Every objective that the project has data for."""
        return self.universe.aims

    def gained(self, name: str) -> FloatArray:
        """Return what each step adds to an objective, shape ``(sites,)``."""
        weights, seen = self.aims[name].weights, np.zeros(self.reach.shape[1], dtype=bool)
        gains = []
        for i in self.plan.chosen:
            cells = self.cells_of(int(i))
            gains.append(float(weights[cells[~seen[cells]]].sum()))
            seen[cells] = True
        return np.array(gains)

    def open_targets(self) -> tuple[str, ...]:
        """Return the targets that are not reached without a plan."""
        return tuple(n for n in self.question.targets if _need(self.question, self.universe, n)[1] > 0.0)

    def cells_of(self, candidate: int) -> NDArray[np.int32]:
        """Return the cells of the universe that a candidate covers."""
        start = self.reach.indptr
        return np.asarray(self.reach.indices[start[candidate] : start[candidate + 1]])

    def villages_gained(self) -> list[NDArray[np.int64]]:
        """Return the rows of the villages that each step newly serves."""
        seen = np.zeros(self.reach.shape[1] + 1, dtype=bool)
        at = self.universe.villages
        found = []
        for i in self.plan.chosen:
            mine = np.zeros_like(seen)
            mine[self.cells_of(int(i))] = True
            new = mine & ~seen
            new[-1] = False
            found.append(np.flatnonzero(new[at]))
            seen |= mine
        return found

    @property
    def step_cost(self) -> FloatArray:
        """Cost of each step in million dong, shape ``(sites,)``."""
        links = np.array([c.cost for c in self.plan.connections])
        return sum((np.asarray(v)[self.plan.chosen] for v in self.costs.values()), start=links)


class _Clock:
    """Seconds of each stage, and the bar that shows them."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress, self.seconds = progress, dict[str, float]()

    def stage(self, name: str, text: Text, **values: object) -> Callable[[float], None]:
        """Begin a stage and return what reports its share."""
        self._begin, self._name = time.perf_counter(), name
        return self.shown(text, **values)

    def shown(self, text: Text, **values: object) -> Callable[[float], None]:
        """Show a text on the bar and return what reports its share."""
        shown = Text(text.say("vi", **values), text.say("en", **values))
        if self.progress:
            self.progress(shown, 0.0)
        return lambda share: self.progress(shown, share) if self.progress else None

    def done(self, report: Callable[[float], None]) -> None:
        """End the stage."""
        self.seconds[self._name] = time.perf_counter() - self._begin
        log.info("%s: %.2f s", self._name, self.seconds[self._name])
        report(1.0)


def plan_sites(
    layers: Layers, question: SiteQuestion, *, own: gpd.GeoDataFrame | None = None, workers: int = 0,
    progress: Progress | None = None,
) -> SitePlan:
    """Plan sites for one service: where, in which order, for how much, and how near to the best possible.

    Raises
    ------
    ExpectedError
        The question cannot be answered: unknown service or site, contradictory lists, a budget below the
        cheapest site, a target beyond reach.
    """
    check_goal(question)
    service = check_service(layers.project, question.service)
    settings = layers.project.plan.sites
    technology = technology_of(question.service, service)
    prices, faults = prices_of(layers.project, question.level, technology)
    alone = _service_alone(layers, question.service)
    clock = _Clock(progress)
    report = clock.stage("before", NOW)
    shares = shares_of(layers)
    before = analyse_layers(alone, workers=workers, shares=shares)
    reach_now = before.reaches.get((question.service, question.operator))
    check_choice(layers, question, reach_now is not None)
    assert reach_now is not None
    universe = universe_of(layers, shares, reach_now, question.objectives)
    clock.done(report)
    report = clock.stage("candidates", LOOKING)
    candidates, reach = candidates_with_reach(
        layers, question.service, service, question.operator, universe, shares.home(), settings=settings,
        needs={name: _need(question, universe, name) for name in question.targets},
        asked=(*question.fixed, *question.forbidden), own=own, workers=workers,
        found=lambda n: clock.shown(REACHING, n=n),
    )
    fixed, forbidden = check_sites(question, candidates)
    candidates, reach, fixed, forbidden = _useful(candidates, reach, fixed, forbidden)
    clock.done(report)
    report = clock.stage("ways", WAYS)
    costs = site_costs(candidates, prices, technology, settings)
    ways = lay_ways(layers, candidates, prices, settings.microwave, level=question.level)
    clock.done(report)
    report = clock.stage("choose", CHOOSING)
    problem = _problem(question, universe, candidates, reach, costs, ways, fixed, forbidden)
    check_reachable(question, universe, problem)
    check_budget(question, candidates, problem)
    plan, proof, rival = _decide(problem, question)
    check_phases(question, plan.cost)
    instead = substitutes(problem, plan.chosen)
    clock.done(report)
    report = clock.stage("after", AFTER)
    added = stations_of(layers, question.service, service, candidates.take(plan.chosen), settings)
    after = analyse_layers(
        with_stations(alone, added), workers=workers, shares=shares,
        known=known_with_added(before, added, workers=workers) if len(added) else None,
    )
    clock.done(report)
    return SitePlan(
        question, layers, shares, universe, candidates, reach, costs, prices, ways, plan, proof,
        _years(layers, question, costs, plan), rival, instead, added, before, after,
        (*before.faults, *faults), clock.seconds,
    )


def _service_alone(layers: Layers, name: str) -> Layers:
    """Return the layers of a project that has one service only: the others are not planned."""
    services = {name: layers.project.services[name]}
    targets = {k: t for k, t in layers.project.targets.items() if t.service == name}
    project = layers.project.model_copy(update={"services": services, "targets": targets})
    return replace(layers, project=project)


def _useful(
    candidates: Candidates, reach: csr_array, fixed: NDArray[np.int64], forbidden: NDArray[np.int64]
) -> tuple[Candidates, csr_array, NDArray[np.int64], NDArray[np.int64]]:
    """Leave out candidates that cover nothing, but for fixed ones."""
    keep = np.diff(reach.indptr) > 0
    keep[fixed] = True
    place = np.cumsum(keep) - 1
    rows = np.flatnonzero(keep)
    banned = forbidden[keep[forbidden]]
    return candidates.take(rows), reach[rows], place[fixed], place[banned]


def _problem(
    question: SiteQuestion, universe: Universe, candidates: Candidates, reach: csr_array,
    costs: Mapping[str, FloatArray], ways: Ways, fixed: NDArray[np.int64], forbidden: NDArray[np.int64],
) -> JointProblem:
    """Return the joint problem over cells that the same candidates cover, merged."""
    rows, need = [], []
    for name in question.targets:
        weights, wanted = _need(question, universe, name)
        rows.append(weights)
        need.append(wanted)
    if not question.targets:
        rows.append(_weighted(question, universe, "sum")[0])
        need.append(np.inf)
    columns = reach.tocsc()
    columns.sort_indices()
    group, first = merge_cells(columns.indptr.astype(np.int64), columns.indices.astype(np.int32))
    merged = np.zeros((len(rows), first.size))
    for k, weights in enumerate(rows):
        merged[k] = np.bincount(group, weights=weights, minlength=first.size)
    allowed = np.ones(len(candidates), dtype=bool)
    allowed[forbidden] = False
    small = columns[:, first].tocsr()
    small.sort_indices()
    return JointProblem(
        small, merged, np.array(need), sum(costs.values(), start=np.zeros(len(candidates))), ways,
        np.column_stack([candidates.x_m, candidates.y_m]), allowed, np.unique(fixed),
        np.inf if question.budget is None else question.budget,
        1 << 30 if question.count is None else question.count, question.least,
    )


def _need(question: SiteQuestion, universe: Universe, name: str) -> tuple[FloatArray, float]:
    """Return the weights of a target and how much of them is wanted."""
    weights, total, served = _weighted(question, universe, name)
    return weights, max(question.targets[name] / 100.0 * total - served, 0.0)


def _weighted(question: SiteQuestion, universe: Universe, name: str) -> tuple[FloatArray, float, float]:
    """Return weights, total and what is served of an objective or of the weighted sum."""
    if name != "sum":
        aim = universe.aims[name]
        return aim.weights, aim.total, aim.served
    aims = [(universe.aims[n], w) for n, w in question.weights.items()]
    return (
        np.asarray(sum((w * a.weights for a, w in aims), start=np.zeros(universe.cells.size))),
        sum(w * a.total for a, w in aims), sum(w * a.served for a, w in aims),
    )


def _decide(problem: JointProblem, question: SiteQuestion) -> tuple[JointPlan, Proof, JointPlan]:
    """Search, prove, order, and do the same without a look at backhaul."""
    starts, bound = _bounds(problem, question)
    effort = JointEffort(seconds=question.seconds)
    rival = in_order(problem, sites_first(problem, effort=replace(effort, seconds=0.5 * question.seconds)))
    chosen = swapped(problem, search(problem, [*starts, rival.chosen], effort=effort))
    plan = in_order(problem, chosen)
    plan = _worth(problem, plan)
    if problem.to_target:
        bound = min(bound, plan.cost)
        gap = (plan.cost - bound) / plan.cost if plan.cost > 0.0 else 0.0
        return plan, Proof(bound, gap, plan.cost), rival
    value = float(plan.weight[0])
    bound = max(bound, value)
    return plan, Proof(bound, (bound - value) / value if value > 0.0 else np.inf, value), rival


def _worth(problem: JointProblem, plan: JointPlan) -> JointPlan:
    """Leave out steps below the least gain, the last of them first, and connect the rest anew."""
    fixed = set(problem.fixed.tolist())
    while problem.least > 0.0:
        weak = [
            k for k, c in enumerate(plan.chosen)
            if plan.gains[0, k] < problem.least and int(c) not in fixed
        ]
        if not weak:
            break
        plan = in_order(problem, np.sort(np.delete(plan.chosen, weak[-1])))
    return plan


def _bounds(problem: JointProblem, question: SiteQuestion) -> tuple[list[NDArray[np.int64]], float]:
    """Return plans of the covering problem to begin from, and the bound that holds for every joint plan.

    Every site is taken at the least that its backhaul costs in any plan (`private_part`), so a bound at
    these prices holds however branches are shared.
    """
    costs = problem.site_cost + private_part(problem.ways)
    forbidden = np.flatnonzero(~problem.allowed)
    effort = CoverEffort(steps=1_000_000, seconds=0.5 * question.seconds)
    starts, bounds = [], []
    for weights, need in zip(problem.weights, problem.need, strict=True):
        cover = cover_problem(
            problem.reach.indptr, problem.reach.indices, weights, costs=costs, fixed=problem.fixed,
            forbidden=[int(c) for c in forbidden if c not in set(problem.fixed.tolist())],
        )
        if np.isfinite(need):
            found = cheapest_for_target(cover, need, effort=effort, exact=question.exact)
        elif question.count is not None:
            found = best_of_count(cover, question.count, effort=effort, exact=question.exact)
        else:
            found = best_under_budget(cover, problem.budget, effort=effort, exact=question.exact)
        starts.append(found.chosen)
        bounds.append(found.bound)
    if problem.to_target and not problem.fixed.size and (problem.need > 0.0).any():
        bounds.append(_one_or_two(problem, costs))
    return starts, max(bounds) if problem.to_target else bounds[0]


def _one_or_two(problem: JointProblem, costs: FloatArray) -> float:
    """Return what a plan costs at least since it is one site that does all, or two sites or more."""
    gains = np.asarray(problem.reach.astype(np.float64) @ problem.weights.T)
    useful = problem.allowed & (gains > 0.0).any(axis=1)
    alone = problem.allowed & (gains >= problem.need * (1.0 - 1e-9)).all(axis=1)
    pair = np.sort(costs[useful])[:2]
    two = float(pair.sum()) if pair.size == 2 else np.inf
    return float(min(costs[alone].min(initial=np.inf), two))


def _years(
    layers: Layers, question: SiteQuestion, costs: Mapping[str, FloatArray], plan: JointPlan
) -> NDArray[np.int64]:
    """Return the year of each step: as soon as the money of the years until then pays for it."""
    first = question.first_year or layers.project.province.as_of.year + 1
    site = sum((np.asarray(v)[plan.chosen] for v in costs.values()), start=np.zeros(plan.chosen.size))
    spent = np.cumsum(site + np.array([c.cost for c in plan.connections]))
    if not spent.size:
        return np.zeros(0, dtype=np.int64)
    yearly = question.per_year or float(spent[-1]) / question.years
    late = np.ceil(spent / max(yearly, 1e-9) - 1e-9).astype(np.int64) - 1
    return first + np.maximum(late, 0)


def joint_saving(found: SitePlan) -> tuple[float, float]:
    """Return what the same targets cost sites first (million dong), and what that gains of the first aim."""
    return found.rival.cost, float(found.rival.weight[0]) if found.rival.weight.size else 0.0


def served_percent(found: SitePlan, name: str) -> tuple[float, float]:
    """Return the share of an objective before and after the plan, in per cent."""
    aim = found.aims[name]
    gain = float(found.gained(name).sum())
    after = 100.0 * (aim.served + gain) / aim.total if aim.total > 0.0 else 0.0
    return aim.percent, after


def curve(found: SitePlan, name: str) -> tuple[FloatArray, FloatArray]:
    """Return money spent (million dong, from 0) and the share served (per cent) after each step."""
    aim = found.aims[name]
    money = np.concatenate([[0.0], np.cumsum(found.step_cost)])
    gained = np.concatenate([[0.0], np.cumsum(found.gained(name))])
    return money, 100.0 * (aim.served + gained) / max(aim.total, 1e-12)


def sites_by_kind(found: SitePlan) -> Sequence[tuple[str, int]]:
    """Return how many sites of each kind the plan has, most first."""
    kinds, count = np.unique(found.candidates.kind[found.plan.chosen].astype(str), return_counts=True)
    return sorted(zip(kinds.tolist(), count.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
