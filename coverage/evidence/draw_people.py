"""What is added up in every draw: people by one of several accounts, area, places, zones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.coverage.indicators import zones_by_commune
from phusong.coverage.official import key_rows
from phusong.coverage.zonal import CommuneShares, people_in, share_communes
from phusong.layers.boundaries.crosswalk import crosswalk
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True)
class Variant:
    """One account: entries of (cell, unit, weight).

    Attributes
    ----------
    cells, units : arrays of int64, shape (entries,)
        Cell of the grid, and position of the commune; the number of communes stands for none.
    weights : array of float64, shape (entries,)
    totals : array of float64, shape (units,)
        Denominators, the last of what lies in no commune.
    drawn : Variant or None
        Fewer entries that stand for these in the draws.
    """

    cells: NDArray[np.int64]
    units: NDArray[np.int64]
    weights: FloatArray
    totals: FloatArray
    drawn: Variant | None = None

    def thinned(self, columns: int, rows: int, step: int) -> Variant:
        """Return the account with the entries that are drawn: one cell for every square of ``step`` cells.

        What a draw changes is then reckoned at the middle of each square, with the weights of all of it, and
        added to the figure over all cells.
        """
        if step < 2:
            return self
        row, col = np.divmod(self.cells, columns)
        middle = [np.minimum(v // step * step + step // 2, n - 1) for v, n in ((row, rows), (col, columns))]
        units = len(self.totals)
        key = (middle[0] * columns + middle[1]) * units + self.units
        kept, where = np.unique(key, return_inverse=True)
        weights = np.bincount(where.reshape(-1), weights=self.weights).astype(np.float64)
        drawn = Variant(kept // units, kept % units, weights, self.totals)
        return replace(self, drawn=drawn)


@dataclass(frozen=True)
class Group:
    """One sum, by one account or several among which a draw chooses.

    Attributes
    ----------
    indicator : str
    variants : tuple of Variant
    heard : bool
        Whether the question of what is heard is asked too.
    shown : bool
        Whether it is an indicator by commune; otherwise further figures are made of it.
    """

    indicator: str
    variants: tuple[Variant, ...]
    heard: bool
    shown: bool = True

    def variant(self, number: int) -> Variant:
        """Return the account of a draw."""
        return self.variants[number if len(self.variants) > 1 else 0]


@dataclass(frozen=True)
class Account:
    """One account of people and boundaries.

    Attributes
    ----------
    shares : CommuneShares
    communes : GeoDataFrame
        The boundaries.
    """

    shares: CommuneShares
    communes: gpd.GeoDataFrame


def accounts_of(layers: Layers, shares: CommuneShares) -> tuple[Account, ...]:
    """Return the accounts of people and boundaries that could be true; the first is the figures' own."""
    return (Account(shares, layers.communes), *_others(layers, shares))


def groups_of(
    layers: Layers,
    accounts: tuple[Account, ...],
    commune_of_place: Mapping[str, NDArray[np.int64]],
    step: int,
) -> tuple[Group, ...]:
    """Return what is added up by commune.

    Parameters
    ----------
    layers : Layers
    accounts : tuple of Account
    commune_of_place : mapping of places layer to array
    step : int
        Cells along the squares over which the errors of a draw are alike.
    """
    units = len(layers.communes) + 1
    rows, columns = layers.grid.shape

    def account(matrix: Any) -> Variant:
        """Return one account, thinned to the squares of a draw."""
        return of_matrix(matrix, units).thinned(columns, rows, step)

    areas = {id(a.shares.area): account(a.shares.area) for a in accounts}
    groups = [
        Group("population", tuple(account(a.shares.people) for a in accounts), heard=True),
        Group("area", tuple(areas[id(a.shares.area)] for a in accounts), heard=False),
    ]
    for name, places in layers.places.items():
        unit = np.where(commune_of_place[name] >= 0, commune_of_place[name], units - 1)
        groups.append(Group(f"places:{name}", (at_points(layers, places, unit, units),), heard=True))
    key = key_rows(layers)
    if key:
        import pandas as pd

        points = pd.concat([layers.places[name].geometry.iloc[rows] for name, rows in key.items()])
        unit = np.concatenate([commune_of_place[name][rows] for name, rows in key.items()])
        unit = np.where(unit >= 0, unit, units - 1)
        groups.append(Group("key_locations", (at_points(layers, points, unit, units),), heard=True))
    for name, matrix in zones_by_commune(layers):
        groups.append(Group(f"zones:{name}", (of_matrix(matrix, units),), heard=False))
    return tuple(groups)


def at_points(layers: Layers, points: Any, unit: NDArray[np.int64], units: int) -> Variant:
    """Return the account of points, a unit each."""
    shapes = points.geometry
    row, col = layers.grid.index(shapes.x.to_numpy(), shapes.y.to_numpy())
    held = layers.grid.holds(row, col)
    totals = np.bincount(unit, minlength=units).astype(np.float64)
    cells = (row * layers.grid.shape[1] + col)[held]
    return Variant(cells, unit[held], np.ones(int(held.sum())), totals)


def of_matrix(matrix: Any, units: int) -> Variant:
    """Return the account of a sparse matrix, shape (units, cells); ``units`` may be more than its rows."""
    entries = matrix.tocoo()
    kept = entries.data != 0.0
    cells, rows = entries.coords[1][kept].astype(np.int64), entries.coords[0][kept].astype(np.int64)
    weights = np.asarray(entries.data[kept], dtype=np.float64)
    order = np.argsort(cells, kind="stable")
    totals = np.bincount(rows, weights=weights, minlength=units).astype(np.float64)
    return Variant(cells[order], rows[order], weights[order], totals)


def _others(layers: Layers, shares: CommuneShares) -> Iterator[Account]:
    """Return the accounts that could as well be true: scaled or not, a second raster, old boundaries."""
    official = dict(zip(layers.communes["commune_code"], layers.communes["population"], strict=True))
    known = bool(np.isfinite(layers.communes["population"].to_numpy(float)).any())
    scaled = layers.project.layers.population.scale == "official"
    rasters = [layers.population] + ([layers.second_population] if layers.second_population else [])
    grounds = [layers.communes] + ([old] if (old := _old_ground(layers)) is not None else [])
    for g, ground in enumerate(grounds):
        area = shares.area if not g else _shared_area(layers, ground)
        for p, population in enumerate(rasters):
            for scale in ((scaled, not scaled) if known else (scaled,)):
                if not g and not p and scale == scaled:
                    continue  # the figures' own
                people, _ = people_in(area, ground, population.people, official if scale else None)
                cell_people = np.asarray(people.sum(axis=0), dtype=np.float64).ravel()
                yield Account(replace(shares, area=area, people=people, cell_people=cell_people), ground)


def _shared_area(layers: Layers, ground: gpd.GeoDataFrame) -> Any:
    nothing = layers.topology.overlaps.iloc[:0]
    return share_communes(ground, layers.population.people, overlaps=nothing, holes=nothing).area


def _old_ground(layers: Layers) -> gpd.GeoDataFrame | None:
    """Return the communes as their old parts make them, where every part went in whole; None if none is."""
    old = layers.old_communes
    if old is None:
        return None
    shapes = dict(zip(old.codes, old.shapes, strict=True))
    parts = crosswalk().parts
    made = layers.communes.geometry.to_numpy().copy()
    count = 0
    for k, code in enumerate(layers.communes["commune_code"]):
        links = parts.get(str(code), ())
        if links and all(link.whole and link.old in shapes for link in links):
            made[k] = shapely.union_all([shapes[link.old] for link in links])
            count += 1
    return layers.communes.set_geometry(made, crs=layers.communes.crs) if count else None
