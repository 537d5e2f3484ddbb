"""Small tables of fibre, each row with its source: laying factors, kinds of nodes, optical losses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from phusong.data.csv_table import rows_of

Level = Literal["low", "base", "high"]
LEVELS: tuple[Level, ...] = ("low", "base", "high")


@dataclass(frozen=True)
class Estimate:
    """A figure with its range.

    Attributes
    ----------
    low, base, high : float
    source : str
    words : tuple of str
        What the thing is called in files, without case, marks or order of languages.
    """

    low: float
    base: float
    high: float
    source: str
    words: tuple[str, ...] = ()

    def at(self, level: Level) -> float:
        """Return the figure at one end of the range or in its middle."""
        return float(getattr(self, level))


def _estimate(row: Mapping[str, str]) -> Estimate:
    words = tuple(word for word in row.get("words", "").split("|") if word)
    return Estimate(float(row["low"]), float(row["base"]), float(row["high"]), row["source"], words)


@lru_cache(maxsize=1)
def laying_factors() -> Mapping[tuple[str, str], Estimate]:
    """Return what laying a metre costs, in metres along a commune road, by kind and key.

    Kinds: ``class`` (of road), ``ground`` (``water``, ``protected``, ``off_road``), ``slope`` (the key is
    the upper end of the class in per cent, ``inf`` for the last).
    """
    return MappingProxyType({(r["kind"], r["key"]): _estimate(r) for r in rows_of("laying_factors.csv")})


@lru_cache(maxsize=1)
def node_roles() -> Mapping[str, tuple[str, ...]]:
    """Return the words for kinds of fibre nodes by role: ``aggregation``, ``access``, ``passive``."""
    return MappingProxyType(
        {row["role"]: tuple(row["words"].split("|")) for row in rows_of("fibre_node_kinds.csv")}
    )


@lru_cache(maxsize=1)
def optical_losses() -> Mapping[tuple[str, str], Estimate]:
    """Return the terms of the optical budget by kind and key; units in the kind's name.

    Kinds: ``class_max_db`` and ``class_min_db`` (attenuation that a class of optics bears, by class),
    ``splitter_db`` (by ratio), ``fibre_db_per_km`` (by wavelength in nm), ``connector_db``, ``splice_db``,
    ``splices_per_km``, ``margin_db``, ``connectors`` and ``logical_reach_km`` (key ``each``).
    """
    return MappingProxyType({(r["kind"], r["key"]): _estimate(r) for r in rows_of("optical_losses.csv")})
