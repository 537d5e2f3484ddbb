"""``phusong plan fibre``: what to build so that what has no fibre gets it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.analyse import Progress
from phusong.coverage.fibre.assessment import Groundwork, lay_out, optics_of, reach_along_roads
from phusong.coverage.fibre.optical_budget import Optics
from phusong.coverage.fibre.reach import predict_fibre
from phusong.coverage.plan import fibre_faults as said
from phusong.coverage.plan.fibre_gain import newly_covered, people_of_needs
from phusong.coverage.plan.fibre_light import planned_light
from phusong.coverage.plan.fibre_needs import find_needs, homes_of
from phusong.coverage.plan.fibre_prices import Prices, all_prices, check_costs
from phusong.coverage.plan.fibre_quantities import bill_total, equipment, make_bill, make_spans
from phusong.coverage.plan.fibre_request import (
    FRONTIER_COLUMNS,
    PHASE_COLUMNS,
    SENSITIVITY_COLUMNS,
    FibrePlan,
    Request,
)
from phusong.coverage.plan.fibre_search import (
    Choice,
    Field,
    choose_from,
    connect_all,
    phase_choices,
    reach_target,
    within_budgets,
)
from phusong.coverage.plan.fibre_tree import check_tree, root_tree
from phusong.coverage.plan.fibre_ways import ISLAND, OK, Ways, lay_ways
from phusong.coverage.result import ANY
from phusong.data.fibre_prices import PORTS_PER_OLT
from phusong.data.fibre_tables import LEVELS, Level
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError, Faults
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project import FibreService

if TYPE_CHECKING:
    import pandas as pd

    from phusong.coverage.zonal import CommuneShares

LAYING_OUT = Text("Lập mạng đường và cáp", "Laying out roads and fibre")
NEEDING = Text("Tìm nơi chưa có cáp quang", "Finding what has no fibre")
SEARCHING = Text("Tìm phương án", "Searching the plan")
WEIGHING = Text("Chi phí và số dân, độ nhạy", "Cost against people, sensitivity")


def fibre_service_of(layers: Layers, name: str | None = None) -> tuple[str, FibreService]:
    """Return the fibre service of a project, by its name or the first.

    Raises
    ------
    ExpectedError
        There is none.
    """
    for key, service in layers.project.services.items():
        if isinstance(service, FibreService) and name in (None, key):
            return key, service
    raise ExpectedError(said.NO_SERVICE, name=f": {name}" if name else "")


@dataclass
class _Study:
    """What all steps of one plan share."""

    layers: Layers
    name: str
    service: FibreService
    request: Request
    people: FloatArray
    prices: dict[Level, Prices]
    work: Groundwork
    before: NDArray[np.bool_]
    faults: Faults = field(default_factory=Faults)
    seconds: dict[str, float] = field(default_factory=dict)
    progress: Progress | None = None

    @property
    def operator(self) -> str:
        """Whose fibre it is."""
        return self.request.wanted.operator

    @property
    def ratio(self) -> int:
        """Homes that one fibre serves through all splitters."""
        return int(np.prod([int(s.partition(":")[2]) for s in self.service.splitters]))

    @contextmanager
    def timed(self, key: str, stage: Text) -> Iterator[None]:
        """Tell progress, and keep the seconds of a stage."""
        if self.progress:
            self.progress(stage, 0.0)
        start = time.perf_counter()
        yield
        self.seconds[key] = time.perf_counter() - start
        if self.progress:
            self.progress(stage, 1.0)


@dataclass(frozen=True)
class _Market:
    """Needs, ways and prices at one level."""

    level: Level
    prices: Prices
    ways: Ways
    needs: pd.DataFrame
    kit: dict[str, FloatArray]

    def cost(self, choice: Choice) -> float:
        """Return what a choice costs, VND, OLTs counted whole."""
        ports = float(self.kit["ports"][choice.needs].sum())
        fixed = float(self.kit["fixed_vnd"][choice.needs].sum())
        whole = np.ceil(ports / PORTS_PER_OLT) - ports / PORTS_PER_OLT
        return float(self.ways.money[choice.edges].sum()) + fixed + float(whole) * self.prices["olt"]

    def field(self) -> Field:
        """Return the problem of choosing."""
        return choose_from(self.ways, self.needs["people"].to_numpy(np.float64), self.kit["fixed_vnd"])


def plan_fibre(
    layers: Layers, shares: CommuneShares, request: Request, *, service: str | None = None,
    progress: Progress | None = None,
) -> FibrePlan:
    """Plan fibre for what has none.

    Parameters
    ----------
    layers : Layers
    shares : CommuneShares
    request : Request
    service : str, optional
        Name of the fibre service whose criterion says what is served; by default the first.
    progress : callable, optional

    Returns
    -------
    FibrePlan
        Of what can be connected; `FibrePlan.faults` says what cannot, and why.

    Raises
    ------
    ExpectedError
        There is nothing to ask for, no service of fibre, no roads, no such operator, or nothing to build on.
    InputError
        A price is not above zero, or not known.
    """
    name, found = fibre_service_of(layers, service)
    _check_request(layers, request)
    check_costs(layers.project.costs, layers.project.file.name).raise_errors()
    seconds: dict[str, float] = {}
    start = time.perf_counter()
    if progress:
        progress(LAYING_OUT, 0.0)
    work = lay_out(layers, name, found)
    operator = request.wanted.operator
    if operator != ANY and operator not in work.network.operators:
        raise ExpectedError(said.NO_OPERATOR, name=operator, known=", ".join(work.network.operators) or "–")
    before, told = _covered_now(layers, name, found, work, operator)
    seconds["network"] = time.perf_counter() - start
    if progress:
        progress(LAYING_OUT, 1.0)
    people = shares.cell_people.reshape(layers.grid.shape)
    study = _Study(
        layers, name, found, request, people, all_prices(layers.project.costs), work, before,
        Faults([*work.faults, *told]), seconds, progress,
    )  # fmt: skip
    return _plan(study, shares)


def _check_request(layers: Layers, request: Request) -> None:
    wanted = request.wanted
    if not (wanted.places or wanted.communes or wanted.sites):
        raise ExpectedError(said.NOTHING_WANTED, known=", ".join(layers.places) or "–")
    if request.budget is not None and request.target is not None:
        raise ExpectedError(said.BOTH)
    if request.year_budgets and len(request.year_budgets) != len(request.years):
        raise ExpectedError(
            said.BAD_YEARS, budgets=len(request.year_budgets), years=len(request.years)
        )
    for value in (request.budget, *request.year_budgets):
        if value is not None and not value > 0:
            raise ExpectedError(said.NOT_ABOVE_ZERO, value=float(value))


def _covered_now(
    layers: Layers, name: str, service: FibreService, work: Groundwork, operator: str
) -> tuple[NDArray[np.bool_], tuple[Any, ...]]:
    if service.reach == "roads":
        found, told = reach_along_roads(layers, name, service, work)
        if operator in found:
            return found[operator].reach.covered.values, told
        return np.zeros(layers.grid.shape, dtype=np.bool_), told
    for reach in predict_fibre(layers, name, service):
        if reach.operator == operator:
            return reach.covered.values, ()
    return np.zeros(layers.grid.shape, dtype=np.bool_), ()


def _market(study: _Study, level: Level, needs: pd.DataFrame, work: Groundwork | None = None) -> _Market:
    """Price the ways at a level; ``needs`` get people and homes where they have none yet."""
    request = study.request
    if work is None:
        work = lay_out(study.layers, study.name, study.service, level=level)
    prices = study.prices[level]
    ways = lay_ways(
        work, needs[["x", "y"]].to_numpy(np.float64), prices, operator=study.operator,
        laying=request.laying, link_m=request.link_m, start=request.start,
    )  # fmt: skip
    if "people" not in needs:
        grid = study.layers.grid
        people = people_of_needs(grid, study.people, study.before, needs, ways, study.service)
        needs = needs.assign(people=people)
    return _Market(level, prices, ways, needs, {})


def _plan(study: _Study, shares: CommuneShares) -> FibrePlan:
    layers, request = study.layers, study.request
    with study.timed("needs", NEEDING):
        needs = find_needs(layers, shares, study.work, study.before, request.wanted)
        market = _market(study, "base", needs, study.work)
        if not len(market.ways.source):
            raise ExpectedError(said.NO_FIBRE, operator=study.operator)
        totals = np.asarray(shares.people.sum(axis=1), dtype=np.float64).ravel()
        people = market.needs["people"].to_numpy(np.float64)
        needs = market.needs.assign(homes=homes_of(layers, market.needs, people, totals))
        market = _equipped(study, market, needs)
    with study.timed("search", SEARCHING):
        everything = _everything(market, request)
        curve = _Curve(study, market, everything)
        whole, met = _chosen(study, market, curve, everything)
        stages = _stages(study, market, whole)
    with study.timed("weigh", WEIGHING):
        frontier_table = curve.table()
        sensitivity = _sensitivity(study, market, stages[-1])
        return _finish(study, market, curve, stages, whole, met, frontier_table, sensitivity)


def _equipped(study: _Study, market: _Market, needs: pd.DataFrame) -> _Market:
    kit = equipment(needs, needs["homes"].to_numpy(np.float64), market.prices, study.ratio)
    return _Market(market.level, market.prices, market.ways, needs, kit)


def _everything(market: _Market, request: Request) -> Choice:
    if not len(market.ways.reachable):
        none = np.zeros(0, dtype=np.int64)
        return Choice(none, none, 0.0)
    return connect_all(market.ways, request.seconds)


class _Curve:
    """Cost against people: the frontier of choices, with what each would cover."""

    def __init__(self, study: _Study, market: _Market, everything: Choice) -> None:
        self.study, self.market, self.everything = study, market, everything
        self.field = market.field()
        self.reserve = market.prices["olt"]
        self.covered: dict[bytes, float] = {}
        full = market.cost(everything)
        self.points: list[tuple[float, Choice]] = []
        if len(everything.needs):
            steps = max(study.request.steps - 1, 1)
            budgets = [full * (k / (steps + 1)) ** 1.3 for k in range(1, steps + 1)]
            asked = [b - self.reserve for b in budgets]
            found = within_budgets(self.field, asked, study.request.seconds)
            self.points = [(b, c) for b, c in zip(budgets, found, strict=True) if len(c.needs)]
            self.points.append((full, everything))

    def within(self, budget: float) -> Choice:
        """Return what collects most people within a budget, OLTs counted whole."""
        if budget >= self.market.cost(self.everything):
            return self.everything
        return within_budgets(self.field, [budget - self.reserve], self.study.request.seconds)[0]

    def after(self, choice: Choice) -> NDArray[np.bool_]:
        """Return the covered cells once a choice is built."""
        study = self.study
        joins = choice.needs[(self.market.needs["kind"] != "site").to_numpy()[choice.needs]]
        new = newly_covered(study.layers.grid, self.market.ways, choice.edges, joins, study.service)
        return study.before | new

    def people_after(self, choice: Choice) -> float:
        """Return the people covered once a choice is built."""
        key = choice.edges.tobytes() + b"|" + choice.needs.tobytes()
        if key not in self.covered:
            self.covered[key] = float(self.study.people[self.after(choice)].sum())
        return self.covered[key]

    def table(self) -> pd.DataFrame:
        """Return the frontier."""
        import pandas as pd

        total = float(self.study.people.sum())
        people = self.market.needs["people"].to_numpy(np.float64)
        lengths = self.market.ways.net.graph.length_m
        rows = []
        for budget, choice in self.points:
            after = self.people_after(choice)
            rows.append(
                (
                    budget, self.market.cost(choice), float(lengths[choice.edges].sum()) / 1000.0,
                    len(choice.needs), float(people[choice.needs].sum()), after,
                    100.0 * after / total if total else 0.0,
                    float("nan") if choice.most is None else choice.most,
                )
            )  # fmt: skip
        return pd.DataFrame(rows, columns=list(FRONTIER_COLUMNS))


def _chosen(
    study: _Study, market: _Market, curve: _Curve, everything: Choice
) -> tuple[Choice, bool | None]:
    request = study.request
    none = Choice(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    if request.mode == "all" or not len(everything.needs):
        met = None
        if request.target is not None:
            met = curve.people_after(none) >= request.target * float(study.people.sum())
        return everything, met
    if request.mode == "budget":
        budget = request.budget if request.budget is not None else sum(request.year_budgets)
        choice = curve.within(budget)
        if not len(choice.needs):
            graph = curve.field.graph
            from scipy.sparse.csgraph import dijkstra

            away = dijkstra(graph.matrix, indices=np.array([0]))[0]
            least = float(np.min(away[curve.field.base :]))
            said.tell(study.faults, said.SMALL, least=round((least + market.prices["olt"]) / 1e6))
        return choice, None
    assert request.target is not None
    total, percent = float(study.people.sum()), 100.0 * request.target

    def enough(choice: Choice) -> bool:
        """Tell whether a choice reaches the target."""
        return curve.people_after(choice) >= percent / 100.0 * total

    if enough(none):
        said.tell(study.faults, said.MET, target=percent, now=100.0 * curve.people_after(none) / total)
        return none, True
    found = reach_target(curve.field, curve.points, enough, request.seconds)
    if found is None:
        best = 100.0 * curve.people_after(everything) / total
        said.tell(study.faults, said.TARGET, target=percent, best=best)
        return everything, False
    return found[1], True


def _stages(study: _Study, market: _Market, whole: Choice) -> list[Choice]:
    request = study.request
    if len(request.years) < 2 or not len(whole.needs):
        return [whole] * max(len(request.years), 1)
    cost = market.cost(whole)
    if request.year_budgets:
        money = np.cumsum(request.year_budgets)
    else:
        total = min(cost, request.budget) if request.budget is not None else cost
        money = total * np.arange(1, len(request.years) + 1) / len(request.years)
    # Within a phase OLTs count whole, as they do in the bill.
    reserve = np.where(np.arange(len(money)) < len(money) - 1, market.prices["olt"], 0.0)
    allowed = [float(m) for m in money - reserve]
    stages = phase_choices(market.field(), whole, allowed, market.cost, request.seconds)
    left = len(whole.needs) - len(stages[-1].needs)
    if left:
        said.tell(study.faults, said.PHASES_SMALL, n=left, year=str(request.years[-1]))
    return stages


def _sensitivity(study: _Study, market: _Market, plan: Choice) -> pd.DataFrame:
    """Plan anew at low and high prices, and say what this plan would cost at them."""
    import pandas as pd

    lengths = market.ways.net.graph.length_m
    rows = []
    for level in LEVELS:
        if level == "base":
            other, best = market, plan
        else:
            other = _equipped(study, _market(study, level, market.needs), market.needs)
            if other.ways.net.graph.edges != market.ways.net.graph.edges:
                raise ValueError("the network changed with the prices")
            best = _best_at(study, other, plan)
        both = np.intersect1d(plan.edges, best.edges)
        length = float(lengths[plan.edges].sum())
        rows.append(
            (
                level, other.cost(best), float(lengths[best.edges].sum()) / 1000.0, len(best.needs),
                float(market.needs["people"].to_numpy(np.float64)[best.needs].sum()), other.cost(plan),
                100.0 * float(lengths[both].sum()) / length if length > 0 else 100.0,
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(SENSITIVITY_COLUMNS))


def _best_at(study: _Study, other: _Market, plan: Choice) -> Choice:
    request = study.request
    if not len(plan.needs):
        return plan
    if request.mode == "budget":
        budget = request.budget if request.budget is not None else sum(request.year_budgets)
        asked = budget - other.prices["olt"]
        everything = connect_all(other.ways, request.seconds)
        if other.cost(everything) <= budget:
            return everything
        return within_budgets(other.field(), [asked], request.seconds)[0]
    # The same needs, at other prices: another tree may be cheaper.
    from phusong.coverage.plan.steiner import steiner_tree

    ends = np.unique(np.append(other.ways.label[other.ways.node[plan.needs]], 0))
    tree = steiner_tree(other.ways.contracted, ends, seconds=request.seconds)
    return Choice(tree.edges, plan.needs, tree.gap)


def _finish(
    study: _Study, market: _Market, curve: _Curve, stages: list[Choice], whole: Choice, met: bool | None,
    frontier_table: pd.DataFrame, sensitivity: pd.DataFrame,
) -> FibrePlan:
    ways, layers, request = market.ways, study.layers, study.request
    built = stages[-1]
    tree = root_tree(ways, built.edges)
    phase = np.full(len(tree.edges), -1, dtype=np.int64)
    need_phase = np.full(len(market.needs), -1, dtype=np.int64)
    for n in range(len(stages) - 1, -1, -1):
        phase[np.isin(tree.edges, stages[n].edges)] = n
        need_phase[stages[n].needs] = n
        root_tree(ways, stages[n].edges)  # raises unless every phase hangs on what stands by then
    optics = optics_of(study.service) or Optics(splitters=tuple(study.service.splitters))
    needs = _need_table(study, market, built, need_phase, optics)
    length = float(ways.net.graph.length_m[built.edges].sum())
    money = float(ways.money[built.edges].sum())
    checked = check_tree(ways, built.edges, built.needs, length, money)
    spans = make_spans(ways, tree, phase, needs, built.needs, market.prices, layers.grid.crs)
    bill = make_bill(ways, tree, phase, spans, needs, built.needs, market.prices, len(stages))
    after = curve.after(built)
    total = float(study.people.sum())
    said.tell_needs(needs, request, study.faults)
    words = f"{optics.optical_class} {'+'.join(optics.splitters)}"
    said.tell_light(needs[needs["state"] == "planned"], words, study.faults)
    best = 100.0 * curve.people_after(curve.everything) / total if total else 0.0
    gap = _gap(ways, market, built) if request.mode != "all" and len(built.needs) else built.gap
    return FibrePlan(
        layers, study.name, study.service, request, study.work, ways, optics, study.prices, needs, tree,
        phase, spans, bill, _phase_table(study, curve, stages, bill, spans, needs), frontier_table,
        sensitivity, bill_total(bill), money, gap, built.most, total,
        float(study.people[study.before].sum()), float(study.people[after].sum()), study.before, after,
        checked, met, best, tuple(study.faults), study.seconds,
    )  # fmt: skip


def _gap(ways: Ways, market: _Market, built: Choice) -> float | None:
    """Return how far the routes are above the cheapest to the same needs, by a bound of their own."""
    from phusong.coverage.plan.steiner import steiner_tree

    ends = np.unique(np.append(ways.label[ways.node[built.needs]], 0))
    tree = steiner_tree(ways.contracted, ends, seconds=10.0)
    if tree.lower_bound <= 0:
        return 0.0 if tree.length <= 0 else None
    return max(float(ways.money[built.edges].sum()) / tree.lower_bound - 1.0, 0.0)


def _need_table(
    study: _Study, market: _Market, built: Choice, phase: NDArray[np.int64], optics: Optics
) -> pd.DataFrame:
    from pyproj import Transformer

    ways, request = market.ways, study.request
    needs = market.needs
    state = np.where(ways.why == OK, "later", np.where(ways.why == ISLAND, "island", "far")).astype(object)
    state[built.needs] = "planned"
    years = np.array([*request.years, 0] if request.years else [0, 0], dtype=np.int64)
    to_degrees = Transformer.from_crs(study.layers.grid.crs, 4326, always_xy=True)
    lon, lat = to_degrees.transform(needs["x"].to_numpy(np.float64), needs["y"].to_numpy(np.float64))
    table = needs.assign(
        lon=lon, lat=lat, state=state, phase=phase, year=np.where(phase >= 0, years[phase], 0),
        link_m=ways.link_m, **market.kit,
    )  # fmt: skip
    light = planned_light(
        ways, built.edges, built.needs, optics, study.service.drop_m, study.operator
    )
    for column, empty in (
        ("path_m", np.nan), ("path_by", ""), ("margin_db", np.nan), ("in_class", False), ("remedy", "")
    ):
        values = np.full(len(needs), empty, dtype=object if isinstance(empty, str) else None)
        values[built.needs] = light[column].to_numpy()
        table[column] = values
    return table


def _phase_table(
    study: _Study, curve: _Curve, stages: list[Choice], bill: pd.DataFrame, spans: pd.DataFrame,
    needs: pd.DataFrame,
) -> pd.DataFrame:
    import pandas as pd

    request, rows = study.request, []
    total = float(study.people.sum())
    cost = bill_total(bill)
    for n, stage in enumerate(stages):
        mine = needs[needs["phase"] == n]
        kinds = mine["kind"].value_counts()
        after = curve.people_after(stage)
        if request.year_budgets:
            budget = float(request.year_budgets[n])
        elif len(stages) > 1 or request.budget is not None:
            budget = (min(cost, request.budget) if request.budget is not None else cost) / len(stages)
        else:
            budget = float("nan")
        rows.append(
            (
                n, request.years[n] if request.years else 0, budget, bill_total(bill[bill["phase"] == n]),
                float(spans[spans["phase"] == n]["km"].sum()), int(kinds.get("place", 0)),
                int(kinds.get("commune", 0)), int(kinds.get("site", 0)), after,
                100.0 * after / total if total else 0.0,
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(PHASE_COLUMNS))
