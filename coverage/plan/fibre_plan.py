"""``phusong plan fibre``: what to build so that what has no fibre gets it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.analyse import Progress
from phusong.coverage.fibre.assessment import Groundwork, lay_out, optics_of, reach_along_roads
from phusong.coverage.fibre.optical_budget import Optics
from phusong.coverage.fibre.reach import predict_fibre
from phusong.coverage.plan import fibre_faults as said
from phusong.coverage.plan.fibre_choices import (
    Curve,
    choose,
    connect_everything,
    sensitivity_of,
    stages_of,
)
from phusong.coverage.plan.fibre_light import planned_light
from phusong.coverage.plan.fibre_needs import find_needs, homes_of
from phusong.coverage.plan.fibre_prices import all_prices, check_costs
from phusong.coverage.plan.fibre_quantities import bill_total, make_bill, make_spans
from phusong.coverage.plan.fibre_request import PHASE_COLUMNS, FibrePlan, Request
from phusong.coverage.plan.fibre_search import Choice
from phusong.coverage.plan.fibre_study import Market, Study, equipped, market_at
from phusong.coverage.plan.fibre_tree import check_tree, root_tree
from phusong.coverage.plan.fibre_ways import ISLAND, OK, Ways
from phusong.coverage.result import ANY
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError, Faults
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService

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
    study = Study(
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


def _plan(study: Study, shares: CommuneShares) -> FibrePlan:
    layers, request = study.layers, study.request
    with study.timed("needs", NEEDING):
        needs = find_needs(layers, shares, study.work, study.before, request.wanted)
        market = market_at(study, "base", needs, study.work)
        if not len(market.ways.source):
            raise ExpectedError(said.NO_FIBRE, operator=study.operator)
        totals = np.asarray(shares.people.sum(axis=1), dtype=np.float64).ravel()
        people = market.needs["people"].to_numpy(np.float64)
        needs = market.needs.assign(homes=homes_of(layers, market.needs, people, totals))
        market = equipped(study, market, needs)
    with study.timed("search", SEARCHING):
        everything = connect_everything(market, request)
        curve = Curve(study, market, everything)
        whole, met = choose(study, market, curve, everything)
        stages = stages_of(study, market, whole)
    with study.timed("weigh", WEIGHING):
        frontier_table = curve.table()
        sensitivity = sensitivity_of(study, market, stages[-1])
        return _finish(study, market, curve, stages, whole, met, frontier_table, sensitivity)


def _finish(
    study: Study, market: Market, curve: Curve, stages: list[Choice], whole: Choice, met: bool | None,
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


def _gap(ways: Ways, market: Market, built: Choice) -> float | None:
    """Return how far the routes are above the cheapest to the same needs, by a bound of their own."""
    from phusong.coverage.plan.steiner import steiner_tree

    ends = np.unique(np.append(ways.label[ways.node[built.needs]], 0))
    tree = steiner_tree(ways.contracted, ends, seconds=10.0)
    if tree.lower_bound <= 0:
        return 0.0 if tree.length <= 0 else None
    return max(float(ways.money[built.edges].sum()) / tree.lower_bound - 1.0, 0.0)


def _need_table(
    study: Study, market: Market, built: Choice, phase: NDArray[np.int64], optics: Optics
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
    study: Study, curve: Curve, stages: list[Choice], bill: pd.DataFrame, spans: pd.DataFrame,
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
