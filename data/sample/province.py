"""The sample province in memory: every part made in turn, each from its own stream of chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.data.sample.communes import Communes, make_communes, settleable
from phusong.data.sample.frame import BoolArray, FloatArray, Frame, IntArray
from phusong.data.sample.names import commune_names
from phusong.data.sample.networks import Edge, Fibre, make_fibre, make_roads, used_cells
from phusong.data.sample.relief import Relief, make_relief
from phusong.data.sample.settlement import (
    UPLAND,
    Settlement,
    inner_cells,
    jittered,
    official_population,
    people_density,
    place_villages,
    remoteness,
    village_households,
)
from phusong.data.sample.stations import Sites, make_sites
from phusong.data.sample.unit import SAMPLE, Unit

if TYPE_CHECKING:
    from shapely.geometry import MultiPolygon, Polygon

MIDDLE_LON, MIDDLE_LAT = 108.75, 13.75
COARSE_M = 360.0
MARGIN_M = 15_000.0
DEFAULT_SIDE_M, DEFAULT_COMMUNES = 60_000.0, 40


@dataclass(frozen=True)
class Province:
    """Everything that is written, before it is written.

    Attributes
    ----------
    relief : Relief
    communes : Communes
    names : list of str
    polygons : list of Polygon or MultiPolygon
        The communes in longitude and latitude.
    settlement : Settlement
    village_cells : array of int
    roads : mapping of edge to int
        Index into `phusong.data.sample.networks.ROAD_CLASSES`.
    road : array of bool
        Work cells with a road.
    fibre : Fibre
    sites : Sites
    seed : int
    coast : bool
    unit : Unit
    """

    relief: Relief
    communes: Communes
    names: list[str]
    polygons: list[Polygon | MultiPolygon]
    settlement: Settlement
    village_cells: IntArray
    roads: Mapping[Edge, int]
    road: BoolArray
    fibre: Fibre
    sites: Sites
    seed: int
    coast: bool
    unit: Unit = SAMPLE

    def lonlat(self, points: FloatArray, decimals: int = 6) -> FloatArray:
        """Return longitude and latitude of points of the lattices."""
        return lonlat(points, decimals, self.unit.crs)

    def stream(self, number: int) -> np.random.Generator:
        """Return a stream of chance of its own for one part."""
        return stream(self.seed, number)


def stream(seed: int, number: int) -> np.random.Generator:
    """Return the stream ``number`` of ``seed``: adding to one part leaves the others as they are."""
    return np.random.default_rng([seed, number])


def _coarse_frame(unit: Unit, side_m: float) -> Frame:
    from pyproj import Transformer

    if unit.territory is None:
        x, y = Transformer.from_crs("EPSG:4326", unit.crs, always_xy=True).transform(MIDDLE_LON, MIDDLE_LAT)
        longest_m = 1.2 * side_m
    else:
        west, south, east, north = unit.territory.bounds
        x, y, longest_m = (west + east) / 2, (south + north) / 2, max(east - west, north - south)
    n = math.ceil((longest_m + 2 * MARGIN_M) / COARSE_M)
    left, top = (round((v + s * n * COARSE_M / 2) / COARSE_M) * COARSE_M for v, s in ((x, -1), (y, 1)))
    return Frame(left, top, COARSE_M, (n, n), unit.crs)


def lonlat(points: FloatArray, decimals: int = 6, crs: str = SAMPLE.crs) -> FloatArray:
    """Return longitude and latitude of points in ``crs``, rounded (six decimals are 0.1 m)."""
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return np.round(np.column_stack(to_degrees.transform(points[:, 0], points[:, 1])), decimals)


def _in_degrees(polygons: tuple[Polygon | MultiPolygon, ...], crs: str) -> list[Polygon | MultiPolygon]:
    import shapely

    return list(shapely.transform(np.array(polygons), lambda points: lonlat(points, 8, crs)))


def make_province(
    *, communes: int, sites: int, villages: int, seed: int, coast: bool, unit: Unit = SAMPLE
) -> Province:
    """Make a province; the arguments but the last are those of `phusong.data.sample.make_sample`."""
    side_m = DEFAULT_SIDE_M * math.sqrt(communes / DEFAULT_COMMUNES)
    if unit.territory is not None:
        side_m = math.sqrt(unit.territory.area)
    coarse = _coarse_frame(unit, side_m)
    right_m = coarse.left_m + coarse.shape[1] * coarse.cell_m
    relief = make_relief(
        stream(seed, 1),
        coarse,
        shore_m=right_m - MARGIN_M - 0.16 * side_m,
        scale=min(max(side_m / DEFAULT_SIDE_M, 0.35), 1.0),
        coast=coast,
    )
    units = make_communes(
        stream(seed, 2), relief, communes=communes, side_m=side_m, territory=unit.territory
    )
    far = remoteness(relief, units).ravel()
    names = commune_names(stream(seed, 3), far[units.centre] > UPLAND, units.rank == 2)
    rng = stream(seed, 4)
    official = official_population(rng, units, settleable(relief), unit.people)
    cells, owner = place_villages(rng, relief, units, official, villages)
    households = village_households(rng, official, owner)
    roads = make_roads(stream(seed, 5), relief, units, cells)
    road = used_cells(roads, relief.height_m.size).reshape(relief.height_m.shape)
    settlement = Settlement(
        official=official,
        village_xy=jittered(rng, relief.frame, cells, inner_cells(units.label)),
        village_commune=owner,
        village_households=households,
        remote=far[cells],
        density=people_density(rng, relief, units, cells, households, road),
    )
    fibre = make_fibre(stream(seed, 6), relief, units, roads, cells, settlement.remote)
    masts = make_sites(stream(seed, 7), relief, units, settlement, road, sites)
    return Province(
        relief, units, names, _in_degrees(units.polygons, unit.crs), settlement, cells, roads,
        road, fibre, masts, seed, coast, unit,
    )  # fmt: skip
