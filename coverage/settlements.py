"""Residential areas: contiguous patches of populated ground, and how many of them a service reaches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.result import SETTLEMENT_COLUMNS
from phusong.coverage.zonal import CommuneShares
from phusong.data.language import Text, format_number
from phusong.layers.grid import FloatArray, Grid, Raster
from phusong.layers.lands import Folded, zeros
from phusong.layers.project.schema import SettlementsTable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Settlements:
    """The residential areas of a province.

    Attributes
    ----------
    label : NDArray of int32, shape (cells,)
        Number of the area that holds each cell, from 1; 0 for none.
    commune : NDArray of int64, shape (areas,)
        Position of the commune of each.
    people : NDArray of float64, shape (areas,)
    x_m, y_m : NDArray of float64, shape (areas,)
        Centre of its most populous cell.
    rule : SettlementsTable
    cell_people : NDArray of float64, shape (cells,)
    """

    label: NDArray[np.int32]
    commune: NDArray[np.int64]
    people: FloatArray
    x_m: FloatArray
    y_m: FloatArray
    rule: SettlementsTable
    cell_people: FloatArray

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """Numbers of the cells that are in an area, ascending."""
        return np.flatnonzero(self.label).astype(np.int64)

    def served_share(self, covered: Raster[np.bool_]) -> FloatArray:
        """Return the share of the people of each area who live in cells of ``covered``."""
        there = self.cells[covered.cells(self.cells)]
        inside = np.bincount(self.label[there] - 1, weights=self.cell_people[there], minlength=len(self))
        return np.asarray(inside / self.people, dtype=np.float64)

    def served(self, covered: Raster[np.bool_]) -> NDArray[np.bool_]:
        """Tell which areas count as served: at least the rule's share of their people are covered."""
        # Sums in another order differ in the last digit; a whole is a whole.
        return np.asarray(self.served_share(covered) >= self.rule.served_share - 1e-9)

    def __len__(self) -> int:
        return len(self.commune)


def find_settlements(grid: Grid, shares: CommuneShares, rule: SettlementsTable) -> Settlements:
    """Find the residential areas: populated cells that touch, cut along the borders of communes.

    A cell belongs to the commune with the largest part of it. What a border cuts off below the rule's
    size is no area of its own.

    Parameters
    ----------
    grid : Grid
    shares : CommuneShares
    rule : SettlementsTable
    """
    people = shares.cell_people
    fold = Folded.of(grid)
    home = fold.scatter(*shares.homes())
    living = fold.lay(Raster(people.reshape(grid.shape), grid))
    dense = (living >= rule.min_people_per_km2 * grid.cell_km2) & (home >= 0)
    patch, _ = fold.label(dense)
    row, col = np.nonzero(dense)
    communes = int(home.max(initial=0)) + 2
    keys, part = np.unique(patch[row, col].astype(np.int64) * communes + home[row, col], return_inverse=True)
    size = np.bincount(part, weights=living[row, col], minlength=len(keys))
    wanted = np.flatnonzero(size >= max(rule.min_people, 1e-9))
    number = np.zeros(len(keys), dtype=np.int32)
    number[wanted] = np.arange(1, len(wanted) + 1)
    label = zeros(grid, np.int32).reshape(-1)
    row, col = fold.place(row, col)
    label[row * grid.shape[1] + col] = number[part]
    held = np.flatnonzero(label)
    # By area, then by people falling: the first cell of each area is its seat.
    order = held[np.lexsort((held, -people[held], label[held]))]
    _, first = np.unique(label[order], return_index=True)
    row, col = np.divmod(order[first], grid.shape[1])
    return Settlements(
        label, keys[wanted] % communes, size[wanted].astype(np.float64), grid.x_m()[col], grid.y_m()[row],
        rule, people,
    )


def settlement_table(
    grid: Grid, found: Settlements, covered: dict[tuple[str, str], Raster[np.bool_]], codes: list[str],
    names: list[str],
) -> pd.DataFrame:
    """Return one row per area and service of the mapping: `phusong.coverage.result.SETTLEMENT_COLUMNS`."""
    import pandas as pd
    from pyproj import Transformer

    lon, lat = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform(found.x_m, found.y_m)
    blocks = []
    for (service, operator), mask in covered.items():
        share = found.served_share(mask)
        blocks.append(pd.DataFrame({
            "settlement_id": [f"{codes[c]}-{n}" for n, c in _numbered(found.commune)],
            "commune_code": [codes[c] for c in found.commune],
            "commune_name": [names[c] for c in found.commune],
            "people": found.people, "service": service, "operator": operator, "share": share,
            "served": found.served(mask), "lon": np.round(lon, 6), "lat": np.round(lat, 6),
        }))  # fmt: skip
    if not blocks:
        return pd.DataFrame({c: [] for c in SETTLEMENT_COLUMNS})
    return pd.concat(blocks, ignore_index=True)[list(SETTLEMENT_COLUMNS)]


def _numbered(commune: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return each area's number within its commune, from 1, and the commune."""
    seen: dict[int, int] = {}
    found = []
    for c in commune.tolist():
        seen[c] = seen.get(c, 0) + 1
        found.append((seen[c], c))
    return found


def describe_settlements(rule: SettlementsTable) -> Text:
    """Return what counts as a residential area and as served, as a clause."""

    def said(lang: str) -> tuple[str, ...]:
        """Return the numbers of the rule in one language."""
        values = (rule.min_people_per_km2, rule.min_people, 100.0 * rule.served_share)
        return tuple(format_number(v, "vi" if lang == "vi" else "en") for v in values)

    vi, en = said("vi"), said("en")
    return Text(
        f"khu dân cư: vùng liền khối trong một xã có mật độ từ {vi[0]} người/km², từ {vi[1]} người; được phủ "
        f"khi ít nhất {vi[2]}% dân của khu được phủ",
        f"residential area: a contiguous patch inside a commune with at least {en[0]} people per km² and "
        f"{en[1]} people; served where at least {en[2]}% of its people are covered",
    )
