"""What resolutions ask for against what there is and what a plan would bring; evidence for indices."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from phusong.coverage.criterion import technology_of
from phusong.coverage.result import ANY, Result
from phusong.coverage.tidy import ALL, fibre_service
from phusong.data.evidence_tables import IndexCriterion, index_criteria, official_targets
from phusong.data.language import Text
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService, Reported, Target

if TYPE_CHECKING:
    import pandas as pd

State = Literal["met", "near", "short", "unknown"]
NEAR_POINTS = 5.0
"""A target missed by no more than this is near."""
_DAYS = 365.25
_EXACT = 1e-6


@dataclass(frozen=True)
class Wanted:
    """A target as it is held against the figures.

    Attributes
    ----------
    key : str
        Its name in the project, in the table, or in ``data/official_targets.csv``.
    name : Text
        In words where the program brings it; both empty otherwise.
    origin : {"project", "table", "default"}
    source : str
        Of a default.
    """

    key: str
    name: Text
    document: str
    date: datetime.date | None
    year: int
    service: str
    indicator: str
    level: Literal["province", "commune"]
    operator: str
    percent: float
    at_most: bool
    origin: Literal["project", "table", "default"]
    source: str = ""


@dataclass(frozen=True)
class Standing:
    """A target and what there is.

    Attributes
    ----------
    wanted : Wanted
    numerator, denominator : float
        Of the figure; of a target for every commune, communes that reach it and communes with a figure.
        NaN where the run has no such figure.
    percent : float
    gap : float
        Points missing (communes, for a target of every commune); zero where it is met.
    state : {"met", "near", "short", "unknown"}
    trend : tuple of (date, float)
        Shares of earlier runs and of this one, the oldest first; only this one, or nothing, without a trend.
    points_per_year : float
        From the oldest to this one; NaN without a trend.
    expected : float
        Share at the end of the milestone year if the trend goes on, within 0 and 100; NaN without one.
    planned : float
        Share with the plan built; NaN without a plan.
    planned_state : State
    """

    wanted: Wanted
    numerator: float
    denominator: float
    percent: float
    gap: float
    state: State
    trend: tuple[tuple[datetime.date, float], ...]
    points_per_year: float
    expected: float
    planned: float
    planned_state: State


def wanted_targets(layers: Layers, *, public: bool = False, defaults: bool = True) -> list[Wanted]:
    """Return the targets of the project, of its table, and those that come with the program.

    A default stands aside for a target of the project with the same service, indicator and year.
    """
    found: list[Wanted] = []
    origins: tuple[tuple[Literal["project", "table"], Mapping[str, Target]], ...] = (
        ("project", layers.project.targets), ("table", layers.targets),
    )  # fmt: skip
    for origin, targets in origins:
        for key, t in targets.items():
            service = t.service or ALL
            found.append(Wanted(
                key, Text("", ""), t.document, t.date, t.year, service, t.indicator, t.level,
                t.operator, t.percent, t.at_most, origin,
            ))  # fmt: skip
    if defaults and layers.project.official.default_targets:
        found += _defaults(layers, {(w.service, w.indicator, w.year) for w in found})
    return [w for w in found if not public or w.operator == ANY]


def _defaults(layers: Layers, taken: set[tuple[str, str, int]]) -> Iterable[Wanted]:
    for t in official_targets():
        if t.province and t.province != layers.project.province.code:
            continue
        service = service_of(layers, t.technology)
        if service is None or (service, t.indicator, t.year) in taken:
            continue
        yield Wanted(
            t.id, t.name, t.document, t.date, t.year, service, t.indicator, "province", ANY, t.value, False,
            "default", t.source,
        )  # fmt: skip


def service_of(layers: Layers, technology: str) -> str | None:
    """Return the service that stands for a technology; ``all`` for none, None where there is no such."""
    if not technology:
        return ALL
    if technology == "fibre":
        return fibre_service(layers)
    for name, service in layers.project.services.items():
        if not isinstance(service, FibreService) and technology_of(name, service) == technology:
            return name
    return None


def standings(result: Result, *, defaults: bool = True) -> list[Standing]:
    """Hold every target against the figures of a result, of earlier runs and of a plan.

    Parameters
    ----------
    result : Result
        ``layers.earlier`` gives the trend, ``planned`` what a plan would bring. Of a scenario, what there is
        are its base's figures, and its own are what it would bring.
    defaults : bool
        Whether those that come with the program are wanted: only where the codes are of Vietnam.

    Returns
    -------
    list of Standing
        Defaults for which the result has no figure are left out; targets of the project never are.
    """
    found = [_standing(result, wanted) for wanted in
             wanted_targets(result.layers, public=result.public, defaults=defaults)]  # fmt: skip
    return [s for s in found if s.state != "unknown" or s.wanted.origin != "default"]


def _standing(result: Result, wanted: Wanted) -> Standing:
    now, then = _before_and_after(result)
    numerator, denominator = figure(now, wanted)
    percent = _percent(numerator, denominator)
    gap, state = judge(wanted, percent, numerator, denominator)
    today = result.layers.project.province.as_of
    trend = _trend(result.layers.earlier, wanted, today, percent)
    slope = expected = float("nan")
    if len(trend) > 1 and trend[0][0] < today:
        slope = (percent - trend[0][1]) / ((today - trend[0][0]).days / _DAYS)
        left = max((datetime.date(wanted.year, 12, 31) - today).days, 0) / _DAYS
        expected = min(max(percent + slope * left, 0.0), 100.0)
    planned = float("nan")
    planned_state: State = "unknown"
    if then is not None:
        n, of = figure(then, wanted)
        planned = _percent(n, of)
        planned_state = judge(wanted, planned, n, of)[1]
    return Standing(
        wanted, numerator, denominator, percent, gap, state, trend, slope, expected, planned,
        planned_state,
    )


def _before_and_after(result: Result) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the figures as they are, and with a plan built or in a scenario."""
    what_if = result.what_if
    if what_if is None or what_if.base is None:
        return result.indicators, result.planned
    keys = ["level", "code", "service", "operator", "indicator"]
    # What the scenario does not show, as in a public version, is not shown of its base.
    return what_if.base.merge(result.indicators[keys], on=keys), result.indicators


def figure(table: pd.DataFrame, wanted: Wanted) -> tuple[float, float]:
    """Return numerator and denominator of a target in a table of indicators; NaN where it has none.

    Of a target for every commune: communes that reach it over communes with such a figure.
    """
    rows = table[
        (table["level"] == wanted.level) & (table["service"] == wanted.service)
        & (table["operator"] == wanted.operator) & (table["indicator"] == wanted.indicator)
    ]  # fmt: skip
    rows = rows[rows["denominator"] > 0.0]
    if not len(rows):
        return float("nan"), float("nan")
    if wanted.level == "province":
        return float(rows["numerator"].iloc[0]), float(rows["denominator"].iloc[0])
    share = 100.0 * rows["numerator"] / rows["denominator"]
    good = share <= wanted.percent + _EXACT if wanted.at_most else share >= wanted.percent - _EXACT
    return float(good.sum()), float(len(rows))


def judge(wanted: Wanted, percent: float, numerator: float, denominator: float) -> tuple[float, State]:
    """Return what is missing, and the state of a target: in points, or in communes."""
    if percent != percent:
        return float("nan"), "unknown"
    if wanted.level == "commune":
        missing = denominator - numerator
        near = 100.0 - percent <= NEAR_POINTS
    else:
        missing = percent - wanted.percent if wanted.at_most else wanted.percent - percent
        near = missing <= NEAR_POINTS
    if missing <= _EXACT:
        return 0.0, "met"
    return missing, "near" if near else "short"


def _percent(numerator: float, denominator: float) -> float:
    return 100.0 * numerator / denominator if denominator > 0.0 else float("nan")


def _trend(
    earlier: Iterable[pd.DataFrame], wanted: Wanted, today: datetime.date, percent: float
) -> tuple[tuple[datetime.date, float], ...]:
    points: list[tuple[datetime.date, float]] = []
    if wanted.level == "province":
        for table in earlier:
            rows = table[
                (table["service"] == wanted.service) & (table["operator"] == wanted.operator)
                & (table["indicator"] == wanted.indicator) & (table["denominator"] > 0.0)
            ]  # fmt: skip
            if len(rows) and rows["as_of"].iloc[0] < today:
                share = 100.0 * float(rows["numerator"].iloc[0]) / float(rows["denominator"].iloc[0])
                points.append((rows["as_of"].iloc[0], share))
    return (*points, (today, percent)) if percent == percent else ()


@dataclass(frozen=True)
class Evidence:
    """What a run has to say to one criterion of an index.

    Attributes
    ----------
    criterion : IndexCriterion
    numerator, denominator : float
        NaN where the run has no figure.
    said : str
        Criterion in words (English; as in the table of indicators), empty for none.
    as_of : str
    reported : tuple of Reported
        Figures from elsewhere that the project names for it.
    """

    criterion: IndexCriterion
    numerator: float
    denominator: float
    said: str
    as_of: str
    reported: tuple[Reported, ...]


def index_evidence(result: Result) -> list[Evidence]:
    """Return the evidence for every criterion of DTI and DII: computed, reported, or known elsewhere only."""
    table = result.indicators
    table = table[(table["level"] == "province") & (table["operator"] == ANY)]
    found = []
    for criterion in index_criteria():
        service = service_of(result.layers, criterion.technology) if criterion.indicator else None
        rows = table[(table["service"] == service) & (table["indicator"] == criterion.indicator)]
        told = tuple(r for r in result.layers.project.reported.values() if r.criterion == criterion.id)
        if len(rows):
            row = rows.iloc[0]
            found.append(Evidence(
                criterion, float(row["numerator"]), float(row["denominator"]), str(row["criterion"]),
                str(row["as_of"]), told,
            ))  # fmt: skip
        else:
            found.append(Evidence(criterion, float("nan"), float("nan"), "", "", told))
    return found
