"""What is asked of a fibre plan, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.fibre_needs import Wanted
from phusong.coverage.plan.fibre_prices import Prices
from phusong.coverage.plan.fibre_tree import Checked, Rooted
from phusong.coverage.plan.fibre_ways import Laying, Start, Ways
from phusong.data.fibre_tables import Level
from phusong.layers.faults import Fault

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from phusong.coverage.fibre.assessment import Groundwork
    from phusong.coverage.fibre.optical_budget import Optics
    from phusong.layers.inventory import Layers
    from phusong.layers.project.schema import FibreService

Mode = Literal["all", "budget", "target"]

NEED_PLAN_COLUMNS = (
    "kind", "layer", "need_id", "name", "commune_code", "commune_name", "lon", "lat", "people", "homes",
    "state", "year", "link_m", "splitters", "ports", "fixed_vnd", "path_m", "path_by", "margin_db",
    "in_class", "remedy",
)
"""Columns of the needs. ``state`` is ``planned``, ``later`` (not within the budget, or not needed for the
target), ``far`` (no way near enough) or ``island`` (no way to any fibre)."""

FRONTIER_COLUMNS = (
    "budget_vnd", "cost_vnd", "km", "needs", "people", "people_after", "percent_after", "most_people",
)
"""Columns of the frontier: ``people`` round the connected needs, which the search counts; ``people_after``
covered in the province, and ``percent_after`` of all; ``most_people`` that no plan of that budget exceeds."""

PHASE_COLUMNS = (
    "phase", "year", "budget_vnd", "cost_vnd", "km", "places", "communes", "sites", "people_after",
    "percent_after",
)
SENSITIVITY_COLUMNS = (
    "level", "cost_vnd", "km", "needs", "people", "this_plan_vnd", "shared_percent",
)
"""Columns of the sensitivity: the best plan at those prices, what this plan would cost at them, and how much
of this plan's length the best one has too."""


@dataclass(frozen=True)
class Request:
    """What is asked.

    Attributes
    ----------
    wanted : Wanted
    budget : float, optional
        VND for routes and equipment.
    target : float, optional
        Share of the people of the province, 0 to 1, that fibre should reach.
    years : tuple of int
        Of the phases; none: one phase.
    year_budgets : tuple of float
        VND of each year; empty: equal parts.
    laying : {"aerial", "buried", "mixed"}
    link_m : float
        Longest link from a need to a way.
    start : {"any", "olt"}
        Whether cable that no recorded route joins to an OLT can be built on.
    seconds : float
        Ends each search early.
    steps : int
        Points of the frontier.
    """

    wanted: Wanted
    budget: float | None = None
    target: float | None = None
    years: tuple[int, ...] = ()
    year_budgets: tuple[float, ...] = ()
    laying: Laying = "aerial"
    link_m: float = 1000.0
    start: Start = "any"
    seconds: float = 60.0
    steps: int = 14

    @property
    def mode(self) -> Mode:
        """All needs, as much as a budget allows, or as little as a target asks for."""
        if self.target is not None:
            return "target"
        return "budget" if self.budget is not None or self.year_budgets else "all"


@dataclass(frozen=True)
class FibrePlan:
    """A plan.

    Attributes
    ----------
    layers : Layers
    name : str
        Of the service.
    service : FibreService
    request : Request
    work : Groundwork
    ways : Ways
    optics : Optics
    prices : mapping of level to Prices
    needs : DataFrame
        `NEED_PLAN_COLUMNS`, and ``x y phase fibres``; phase -1: not built.
    tree : Rooted
    edge_phase : array of int, shape (e,)
    spans : GeoDataFrame
        `phusong.coverage.plan.fibre_quantities.SPAN_COLUMNS`, in the grid's system.
    bill : DataFrame
        `phusong.coverage.plan.fibre_quantities.BILL_COLUMNS`.
    phases, frontier, sensitivity : DataFrame
        `PHASE_COLUMNS`, `FRONTIER_COLUMNS`, `SENSITIVITY_COLUMNS`.
    cost_vnd, route_vnd : float
        All of the bill but drops, and of it the routes.
    gap : float or None
        The routes are at most this share above the cheapest that connect the same needs; None where the
        question was what to connect.
    most_people : float or None
        No plan of this budget connects more people; None where all is connected.
    people : float
        Of the province.
    people_before, people_after : float
        Covered by the operator's fibre.
    before, after : array of bool
        Covered cells.
    checked : Checked
    target_met : bool or None
    best_percent : float
        Share of people covered if everything that can be connected were.
    faults : tuple of Fault
    seconds : mapping of stage to float
    """

    layers: Layers
    name: str
    service: FibreService
    request: Request
    work: Groundwork
    ways: Ways
    optics: Optics
    prices: Mapping[Level, Prices]
    needs: pd.DataFrame
    tree: Rooted
    edge_phase: NDArray[np.int64]
    spans: gpd.GeoDataFrame
    bill: pd.DataFrame
    phases: pd.DataFrame
    frontier: pd.DataFrame
    sensitivity: pd.DataFrame
    cost_vnd: float
    route_vnd: float
    gap: float | None
    most_people: float | None
    people: float
    people_before: float
    people_after: float
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]
    checked: Checked
    target_met: bool | None
    best_percent: float
    faults: tuple[Fault, ...]
    seconds: Mapping[str, float]

    @property
    def planned(self) -> pd.DataFrame:
        """The needs that the plan connects."""
        return self.needs[self.needs["state"] == "planned"]
