"""Figures of a run with communes of before the merger, carried to the communes of the other run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from phusong.coverage.evidence.history import KEY, NUMBERS, Run
from phusong.data.language import Text
from phusong.layers.boundaries.carry import Carried, convert_table, overlay_weights

if TYPE_CHECKING:
    import pandas as pd

BY_AREA = Text("diện tích trong ranh giới hai bên", "the areas within both boundaries")
BY_PARTS = Text("phần bằng nhau (thiếu ranh giới)", "equal parts (boundaries are missing)")

_NOT_SUMS = ("communes",)
"""Counts that do not add up when communes are joined: two with fibre become one."""


@dataclass(frozen=True)
class Carry:
    """How figures came across the merger.

    Attributes
    ----------
    side : {"before", "after"}
        Which of the two runs was carried.
    indicators : DataFrame
        Its figures by present communes, and its province as it was.
    units : int
        Old communes that were carried.
    divided : tuple of str
        Those that lie in several present ones.
    basis : Text
        What divided them.
    left : tuple of str
        Codes that could not be placed.
    people_before, people_after, people_left : float
        People (all, whatever the service) that went in, came out and were left: the first is the sum of
        the others.
    """

    side: Literal["before", "after"]
    indicators: pd.DataFrame
    units: int
    divided: tuple[str, ...]
    basis: Text
    left: tuple[str, ...]
    people_before: float
    people_after: float
    people_left: float


def carry_runs(before: Run, after: Run) -> Carry | None:
    """Carry the run with old communes to the present ones; None where both are of one vintage."""
    if {before.vintage, after.vintage} != {"2024", "2025"}:
        return None
    side: Literal["before", "after"] = "before" if before.vintage == "2024" else "after"
    old, new = (before, after) if side == "before" else (after, before)
    table = old.indicators[(old.indicators["level"] == "commune")
                           & ~old.indicators["indicator"].isin(_NOT_SUMS)]  # fmt: skip
    wide, columns = _wide(table)
    weights = _weights(old, new)
    carried = convert_table(wide, "code", columns, weights=weights, rule="equal")
    province = old.indicators[old.indicators["level"] == "province"]
    import pandas as pd

    people = next((c for c in columns if c.startswith("denominator|") and c.endswith("|population")), "")
    moves = carried.moves
    divided = tuple(sorted(set(moves.loc[moves["basis"] != "whole", "source"])))
    return Carry(
        side, pd.concat([province, _long(carried, columns)], ignore_index=True),
        len(set(moves["source"])), divided, BY_PARTS if carried.by_rule else BY_AREA,
        (*carried.unknown, *carried.undivided), carried.before.get(people, 0.0),
        carried.after.get(people, 0.0), carried.left.get(people, 0.0),
    )  # fmt: skip


def _wide(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return one row a commune, and a column for each numerator and denominator."""
    parts = [table[c].astype(str) for c in ("service", "operator", "indicator")]
    key = parts[0] + "|" + parts[1] + "|" + parts[2]
    wide = table.assign(key=key).pivot_table(
        index="code", columns="key", values=list(NUMBERS), aggfunc="first", dropna=False
    )
    wide.columns = ["|".join(map(str, pair)) for pair in wide.columns.to_list()]
    columns = [c for c in wide.columns if wide[c].notna().any()]
    return wide[columns].reset_index(), columns


def _long(carried: Carried, columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    table = carried.table
    figures: dict[tuple[str, ...], dict[str, np.ndarray]] = {}
    for column in columns:
        number, service, operator, indicator = column.split("|", 3)
        figures.setdefault((service, operator, indicator), {})[number] = table[column].to_numpy(float)
    empty = np.full(len(table), np.nan)
    blocks = [
        pd.DataFrame({
            "level": "commune", "code": table["code"], "service": service, "operator": operator,
            "indicator": indicator, "name": table["name"],
            "numerator": numbers.get("numerator", empty), "denominator": numbers.get("denominator", empty),
        })
        for (service, operator, indicator), numbers in figures.items()
    ]  # fmt: skip
    return pd.concat(blocks, ignore_index=True)[[*KEY, "name", *NUMBERS]]


def _weights(old: Run, new: Run) -> Mapping[tuple[str, str], float] | None:
    """Return how divided communes lie in their heirs, by the polygons that both runs wrote."""
    import geopandas as gpd

    files = [run.folder / "communes.gpkg" for run in (old, new)]
    if not all(f.is_file() for f in files):
        return None
    frames = [gpd.read_file(f)[["commune_code", "geometry"]] for f in files]
    metric = frames[1].estimate_utm_crs()
    shapes = [np.asarray(f.geometry.to_crs(metric).array, dtype=object) for f in frames]
    codes = [f["commune_code"].astype(str).tolist() for f in frames]
    return overlay_weights(codes[0], shapes[0], codes[1], shapes[1])
