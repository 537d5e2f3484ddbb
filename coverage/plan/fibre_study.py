"""What the steps of a plan of fibre share, and its needs, ways and prices at one level."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.analyse import Progress
from phusong.coverage.fibre.assessment import Groundwork, lay_out
from phusong.coverage.plan.fibre_gain import people_of_needs
from phusong.coverage.plan.fibre_prices import Prices
from phusong.coverage.plan.fibre_quantities import equipment
from phusong.coverage.plan.fibre_request import Request
from phusong.coverage.plan.fibre_search import Choice, Field, choose_from
from phusong.coverage.plan.fibre_ways import Ways, lay_ways
from phusong.data.fibre_prices import PORTS_PER_OLT
from phusong.data.fibre_tables import Level
from phusong.data.language import Text
from phusong.layers.faults import Faults
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Study:
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
class Market:
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


def market_at(study: Study, level: Level, needs: pd.DataFrame, work: Groundwork | None = None) -> Market:
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
    return Market(level, prices, ways, needs, {})


def equipped(study: Study, market: Market, needs: pd.DataFrame) -> Market:
    """Return the market with the ``needs``, whose homes are known by now, and their equipment."""
    kit = equipment(needs, needs["homes"].to_numpy(np.float64), market.prices, study.ratio)
    return Market(market.level, market.prices, market.ways, needs, kit)
