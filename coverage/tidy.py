"""Figures by commune, and the tidy table that they make: the province is their very sum."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.result import INDICATOR_COLUMNS
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

ALL = "all"
"""Service of a count over all technologies."""


@dataclass(frozen=True)
class Figure:
    """One indicator for all communes; the province is the sum.

    ``numerator`` and ``denominator`` have an entry per commune, and may have one more for what lies in
    none.
    """

    service: str
    operator: str
    indicator: str
    numerator: FloatArray
    denominator: FloatArray | None
    unit: str
    criterion: str
    as_of: datetime.date


def as_of(layers: Layers, *names: str) -> datetime.date:
    """Return the oldest date of the named layers: a figure is no fresher than its oldest input."""
    dates = [s.as_of for s in layers.sources if s.layer in names]
    return min(dates, default=layers.project.province.as_of)


def inputs_of(layers: Layers, service: str) -> tuple[str, ...]:
    """Return the layers from which the reach of a service comes."""
    kind = layers.project.services[service]
    if not isinstance(kind, FibreService):
        return ("stations",)
    return ("fibre_routes", "fibre_nodes", *(("roads",) if kind.reach == "roads" else ()))


def fibre_service(layers: Layers) -> str:
    """Return the name under which fibre stands in the table."""
    services = layers.project.services.items()
    return next((name for name, service in services if isinstance(service, FibreService)), "fibre")


def by_commune(commune: NDArray[np.int64], weight: FloatArray, communes: int) -> FloatArray:
    """Sum by commune; the last entry holds what lies in none."""
    where = np.where(commune >= 0, commune, communes)
    return np.bincount(where, weights=weight, minlength=communes + 1).astype(np.float64)


def _no_more(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return numerators that exceed no denominator by rounding: the same cells summed in another order."""
    whole = whole[: len(part)] if len(whole) > len(part) else np.pad(whole, (0, len(part) - len(whole)))
    over = (part > whole) & (part <= whole * (1.0 + 1e-9))
    return np.where(over, whole, part)


def tidy(layers: Layers, figures: Iterable[Figure]) -> pd.DataFrame:
    """Return figures as `INDICATOR_COLUMNS`, for the province and each commune."""
    import pandas as pd

    communes: gpd.GeoDataFrame = layers.communes
    n = len(communes)
    blocks: list[dict[str, Any]] = []
    for figure in figures:
        # The province's figure is summed from the very numbers of the communes, so both agree exactly.
        over = figure.denominator
        part = figure.numerator if over is None else _no_more(figure.numerator, over)
        head = {
            "level": np.array(["province"] + ["commune"] * n),
            "code": np.array([layers.project.province.code, *communes["commune_code"]]),
            "name": np.array([layers.project.province.name, *communes["commune_name"]]),
            "numerator": np.concatenate([[part.sum()], part[:n]]),
            "denominator": np.full(n + 1, np.nan)
            if over is None
            else np.concatenate([[over.sum()], over[:n]]),
        }
        same = {
            "service": figure.service,
            "operator": figure.operator,
            "indicator": figure.indicator,
            "unit": figure.unit,
            "criterion": figure.criterion,
            "as_of": figure.as_of.isoformat(),
        }
        blocks.append({**head, **{key: np.full(n + 1, value) for key, value in same.items()}})
    table = pd.DataFrame({key: np.concatenate([b[key] for b in blocks]) for key in blocks[0]})
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100.0 * table["numerator"].to_numpy() / table["denominator"].to_numpy()
    percent = np.where(table["numerator"] <= table["denominator"], np.minimum(percent, 100.0), percent)
    table["percent"] = np.where(table["denominator"].to_numpy() > 0.0, percent, np.nan)
    table["_order"] = (table["level"] != "province").astype(int)
    table = table.sort_values(["_order", "code", "service", "operator", "indicator"], kind="stable")
    return table[list(INDICATOR_COLUMNS)].reset_index(drop=True)
