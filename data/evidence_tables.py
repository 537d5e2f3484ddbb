"""Definitions of coverage, targets and criteria of indices that come with the program, with their sources."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

from phusong.data.csv_table import number_of, rows_of
from phusong.data.language import Text


@dataclass(frozen=True)
class CoverageDefinition:
    """One way to say what counts as covered.

    Attributes
    ----------
    id : str
    technologies : tuple of str
    kind : {"rsrp", "rate", "radius"}
    threshold_dbm : float or None
        Of RSRP.
    probability : float or None
        Of locations; None takes that of the service.
    downlink_mbps, uplink_mbps : float or None
        At the edge.
    load : float or None
        Of the cells around, 0 to 1.
    radius_m : float or None
    confirmed : bool
        Whether the figure could be read in its source.
    name : Text
    source : str
    """

    id: str
    technologies: tuple[str, ...]
    kind: Literal["rsrp", "rate", "radius"]
    threshold_dbm: float | None
    probability: float | None
    downlink_mbps: float | None
    uplink_mbps: float | None
    load: float | None
    radius_m: float | None
    confirmed: bool
    name: Text
    source: str


@lru_cache(maxsize=1)
def coverage_definitions() -> tuple[CoverageDefinition, ...]:
    """Return the definitions, in the order of the table."""
    return tuple(
        CoverageDefinition(
            id=r["id"],
            technologies=tuple(r["technology"].split()),
            kind=cast("Literal['rsrp', 'rate', 'radius']", r["kind"]),
            threshold_dbm=number_of(r["threshold_dbm"]),
            probability=number_of(r["probability"]),
            downlink_mbps=number_of(r["downlink_mbps"]),
            uplink_mbps=number_of(r["uplink_mbps"]),
            load=number_of(r["load"]),
            radius_m=number_of(r["radius_m"]),
            confirmed=r["confirmed"] == "yes",
            name=Text(r["name_vi"], r["name_en"]),
            source=r["source"],
        )
        for r in rows_of("coverage_definitions.csv")
    )


@dataclass(frozen=True)
class OfficialTarget:
    """A target of a public document.

    Attributes
    ----------
    id : str
    province : str
        Two-digit code; empty for the whole country.
    document : str
    date : datetime.date or None
    year : int
        Milestone.
    technology : str
        ``4G``, ``5G``, ``fibre`` or empty: the service it is about.
    indicator : str
    value : float
        In per cent.
    confirmed : bool
    name : Text
    source : str
    """

    id: str
    province: str
    document: str
    date: datetime.date | None
    year: int
    technology: str
    indicator: str
    value: float
    confirmed: bool
    name: Text
    source: str


@lru_cache(maxsize=1)
def official_targets() -> tuple[OfficialTarget, ...]:
    """Return the targets, in the order of the table."""
    return tuple(
        OfficialTarget(
            id=r["id"],
            province=r["province"],
            document=r["document"],
            date=datetime.date.fromisoformat(r["date"]) if r["date"] else None,
            year=int(r["year"]),
            technology=r["technology"],
            indicator=r["indicator"],
            value=float(r["value"]),
            confirmed=r["confirmed"] == "yes",
            name=Text(r["name_vi"], r["name_en"]),
            source=r["source"],
        )
        for r in rows_of("official_targets.csv")
    )


@dataclass(frozen=True)
class IndexCriterion:
    """What an index asks, and whether a run computes it.

    Attributes
    ----------
    id : str
        ``dti-…`` or ``dii-…``: by it ``[reported.X] criterion`` answers.
    index : str
        ``DTI`` or ``DII``.
    origin : {"computed", "reported", "external"}
        Computed by a run, reported by operators in the inputs, or known from elsewhere only.
    technology, indicator : str
        Of the figure; empty for external ones.
    name : Text
    source : str
    """

    id: str
    index: str
    origin: Literal["computed", "reported", "external"]
    technology: str
    indicator: str
    name: Text
    source: str


@lru_cache(maxsize=1)
def index_criteria() -> tuple[IndexCriterion, ...]:
    """Return the criteria, in the order of the table."""
    return tuple(
        IndexCriterion(
            id=r["id"],
            index=r["index"],
            origin=cast("Literal['computed', 'reported', 'external']", r["origin"]),
            technology=r["technology"],
            indicator=r["indicator"],
            name=Text(r["name_vi"], r["name_en"]),
            source=r["source"],
        )
        for r in rows_of("index_criteria.csv")
    )
