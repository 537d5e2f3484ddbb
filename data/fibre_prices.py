"""What fibre costs: one table with a range and a source for every price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from phusong.data.csv_table import rows_of
from phusong.data.fibre_tables import Level
from phusong.data.language import Text

CABLE_SIZES = (12, 24, 48, 96, 144, 288)
"""Fibres in a cable, as they are sold."""

PORTS_PER_OLT = 16
PERSONS_PER_HOME = 3.6
"""Viet Nam, Population and Housing Census 2019 (General Statistics Office): mean size of a household."""


@dataclass(frozen=True)
class Price:
    """One row of ``data/fibre_costs.csv``.

    Attributes
    ----------
    key, unit : str
    currency : str
        ``USD``, ``VND``, or empty for a figure that is no money.
    low, base, high : float
        In the currency of the row.
    source : Text
    """

    key: str
    unit: str
    currency: str
    low: float
    base: float
    high: float
    source: Text

    def at(self, level: Level) -> float:
        """Return the figure at one end of the range or in its middle."""
        return float(getattr(self, level))


@lru_cache(maxsize=1)
def fibre_costs() -> Mapping[str, Price]:
    """Return the prices by their key, in the order of the table."""
    return MappingProxyType(
        {
            r["key"]: Price(
                r["key"], r["unit"], r["currency"], float(r["low"]), float(r["base"]), float(r["high"]),
                Text(r["source_vi"], r["source"]),
            )
            for r in rows_of("fibre_costs.csv")
        }
    )  # fmt: skip
