"""What of the needs to connect: within a budget, up to a target, year by year, at other prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan import fibre_faults as said
from phusong.coverage.plan.fibre_gain import newly_covered
from phusong.coverage.plan.fibre_request import FRONTIER_COLUMNS, SENSITIVITY_COLUMNS, Request
from phusong.coverage.plan.fibre_search import (
    Choice,
    connect_all,
    phase_choices,
    reach_target,
    within_budgets,
)
from phusong.coverage.plan.fibre_study import Market, Study, equipped, market_at
from phusong.data.fibre_tables import LEVELS

if TYPE_CHECKING:
    import pandas as pd


def connect_everything(market: Market, request: Request) -> Choice:
    """Return the choice of all that can be reached."""
    if not len(market.ways.reachable):
        none = np.zeros(0, dtype=np.int64)
        return Choice(none, none, 0.0)
    return connect_all(market.ways, request.seconds)


class Curve:
    """Cost against people: the frontier of choices, with what each would cover."""

    def __init__(self, study: Study, market: Market, everything: Choice) -> None:
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


def choose(
    study: Study, market: Market, curve: Curve, everything: Choice
) -> tuple[Choice, bool | None]:
    """Return what is built of everything, and whether the target is met, None without one."""
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


def stages_of(study: Study, market: Market, whole: Choice) -> list[Choice]:
    """Return what stands at the end of each year; the last is all that the money suffices for."""
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


def sensitivity_of(study: Study, market: Market, plan: Choice) -> pd.DataFrame:
    """Plan anew at low and high prices, and say what this plan would cost at them."""
    import pandas as pd

    lengths = market.ways.net.graph.length_m
    rows = []
    for level in LEVELS:
        if level == "base":
            other, best = market, plan
        else:
            other = equipped(study, market_at(study, level, market.needs), market.needs)
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


def _best_at(study: Study, other: Market, plan: Choice) -> Choice:
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
