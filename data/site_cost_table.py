"""What building a site costs: a table of low, middle and high figures, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from phusong.data.csv_table import rows_of
from phusong.data.fibre_prices import fibre_costs
from phusong.data.fibre_tables import Estimate
from phusong.data.language import Text

MILLION = 1e6


def vnd_per_usd() -> float:
    """Return the rate at which prices in dollars are turned into dong, of ``data/fibre_costs.csv``."""
    return fibre_costs()["vnd_per_usd"].base


@dataclass(frozen=True)
class UnitCost:
    """One price.

    Attributes
    ----------
    key : str
        ``[costs] site_<key>`` of the project file replaces it.
    unit : str
        ``site``, ``sector``, ``km``, ``link`` or ``year``.
    million_vnd : Estimate
        Low, middle and high in million dong, with the source.
    source : Text
        The source in both languages.
    """

    key: str
    unit: str
    million_vnd: Estimate
    source: Text


@lru_cache(maxsize=1)
def site_unit_costs() -> Mapping[str, UnitCost]:
    """Return the prices by key, in the order of the table."""
    found = {}
    for row in rows_of("site_costs.csv"):
        factor = vnd_per_usd() / MILLION if row["currency"] == "USD" else 1.0
        low, base, high = (float(row[level]) * factor for level in ("low", "base", "high"))
        found[row["key"]] = UnitCost(
            row["key"], row["unit"], Estimate(low, base, high, row["source"]),
            Text(row["source_vi"], row["source"]),
        )
    return MappingProxyType(found)
