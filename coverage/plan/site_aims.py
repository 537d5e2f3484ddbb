"""What a plan of sites is after: people, villages, key locations, zones, roads, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.result import Reach
from phusong.coverage.zonal import CommuneShares, cell_shares
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.tables.flags import flag_of

if TYPE_CHECKING:
    import geopandas as gpd

OBJECTIVES = ("people", "villages", "key", "zones", "roads")
ROAD_STEP_M = 25.0

NAMES = {
    "people": Text("dân số", "people"), "villages": Text("thôn, làng", "villages"),
    "key": Text("vị trí trọng điểm", "key locations"),
    "zones": Text("diện tích khu, cụm", "area of zones"), "roads": Text("km đường", "km of road"),
}
UNITS = {
    "people": Text("người", "people"), "villages": Text("thôn, làng", "villages"),
    "key": Text("vị trí", "locations"), "zones": Text("km²", "km²"), "roads": Text("km", "km"),
}

_NOTHING = Text(
    "Dự án không có dữ liệu cho mục tiêu '{name}' ({needs}).",
    "The project has no data for the objective '{name}' ({needs}).",
)
_NEEDS = {
    "people": Text("lớp population", "layer population"),
    "villages": Text("lớp [places.villages]", "layer [places.villages]"),
    "key": Text("lớp vị trí trọng điểm trong [places]", "a layer of key locations in [places]"),
    "zones": Text("lớp trong [zones]", "a layer in [zones]"),
    "roads": Text("lớp [layers.roads]", "layer [layers.roads]"),
}


@dataclass(frozen=True, eq=False)
class Aim:
    """One objective over the whole province.

    Attributes
    ----------
    name : str
        One of `OBJECTIVES`.
    total : float
        People, villages, locations, km² or km in the province.
    served : float
        What the service reaches already.
    weights : array of float64, shape (cells of the universe,)
        What each uncovered cell holds.
    """

    name: str
    total: float
    served: float
    weights: FloatArray

    @property
    def percent(self) -> float:
        """Share that is reached already."""
        return 100.0 * self.served / self.total if self.total > 0.0 else 0.0


@dataclass(frozen=True, eq=False)
class Universe:
    """The uncovered cells that matter.

    Attributes
    ----------
    cells : array of int64, shape (n,)
        Numbers along the rows of the grid, ascending.
    x_m, y_m : array of float64, shape (n,)
        Their centres.
    aims : mapping of str to Aim
    villages : array of int64, shape (villages,)
        Position in ``cells`` of each village, -1 where the village is served already or off the grid.
    """

    cells: NDArray[np.int64]
    x_m: FloatArray
    y_m: FloatArray
    aims: Mapping[str, Aim]
    villages: NDArray[np.int64]


def village_layer(layers: Layers) -> gpd.GeoDataFrame | None:
    """Return the layer of villages, None where there is none."""
    return layers.places.get(layers.project.villages.layer)


def key_places(layers: Layers) -> tuple[FloatArray, FloatArray]:
    """Return the positions of key locations: layers named in ``[official] key``, and rows marked ``key``."""
    xs, ys = [np.zeros(0)], [np.zeros(0)]
    for name, places in layers.places.items():
        if name in layers.project.official.key:
            chosen = np.ones(len(places), dtype=bool)
        elif "key" in places:
            chosen = marked(places, "key") == 1
        else:
            continue
        xs.append(places.geometry.x.to_numpy(np.float64)[chosen])
        ys.append(places.geometry.y.to_numpy(np.float64)[chosen])
    return np.concatenate(xs), np.concatenate(ys)


def marked(places: gpd.GeoDataFrame, column: str) -> NDArray[np.int8]:
    """Return 1 for yes, 0 for no, -1 where a column of marks says nothing or is not there."""
    if column not in places:
        return np.full(len(places), -1, dtype=np.int8)
    found = np.full(len(places), -1, dtype=np.int8)
    for i, cell in enumerate(places[column].tolist()):
        try:
            flag = flag_of(cell)
        except ValueError:
            flag = None
        if flag is not None:
            found[i] = int(flag)
    return found


def universe_of(
    layers: Layers, shares: CommuneShares, reach: Reach, objectives: Sequence[str]
) -> Universe:
    """Return the uncovered cells that hold anything of the objectives, or people, villages, zones.

    Parameters
    ----------
    layers : Layers
    shares : CommuneShares
    reach : Reach
        Of the service and operator that are planned, as it is.
    objectives : sequence of str
        Those the plan asks for; ``roads`` is laid out only if it is among them.

    Raises
    ------
    ExpectedError
        The project has no data for one of them.
    """
    covered = reach.covered.values.ravel()
    held: dict[str, FloatArray] = {"people": shares.cell_people}
    spots: dict[str, NDArray[np.int64]] = {}
    villages = village_layer(layers)
    if villages is not None and len(villages):
        x, y = (getattr(villages.geometry, axis).to_numpy(np.float64) for axis in ("x", "y"))
        spots["villages"] = _cells_at(layers, x, y)
    x, y = key_places(layers)
    if len(x):
        spots["key"] = _cells_at(layers, x, y)
    for name, at in spots.items():
        held[name] = np.bincount(at[at >= 0], minlength=layers.grid.size).astype(np.float64)
    zones = _zone_area(layers)
    if zones is not None:
        held["zones"] = zones
    if "roads" in objectives and layers.roads is not None and len(layers.roads):
        held["roads"] = _road_km(layers, shares)
    for name in objectives:
        if name not in held or not held[name].any():
            raise ExpectedError(_NOTHING, name=NAMES[name], needs=_NEEDS[name])
    wanted = np.zeros(layers.grid.size, dtype=bool)
    for values in held.values():
        wanted |= values > 0.0
    cells = np.flatnonzero(wanted & ~covered)
    cols = layers.grid.shape[1]
    aims = {}
    for name, values in held.items():
        # A place off the grid counts as one that no site can serve.
        total = float(len(spots[name])) if name in spots else float(values.sum())
        aims[name] = Aim(name, total, float(values[covered].sum()), values[cells])
    where = np.full(layers.grid.size, -1, dtype=np.int64)
    where[cells] = np.arange(cells.size)
    at = spots.get("villages", np.zeros(0, dtype=np.int64))
    return Universe(
        cells, layers.grid.x_m()[cells % cols], layers.grid.y_m()[cells // cols], aims,
        np.where(at >= 0, where[at], -1),
    )


def _cells_at(layers: Layers, x: FloatArray, y: FloatArray) -> NDArray[np.int64]:
    row, col = layers.grid.index(x, y)
    inside = layers.grid.holds(row, col)
    return np.where(inside, row * layers.grid.shape[1] + col, -1)


def _zone_area(layers: Layers) -> FloatArray | None:
    """Return the area of zones in each cell in km²; ground of two zones counts twice, as in the indicator."""
    area = np.zeros(layers.grid.size)
    for zones in layers.zones.values():
        areal = zones.geom_type.isin(("Polygon", "MultiPolygon")).to_numpy()
        if areal.any():
            area += np.asarray(cell_shares(zones.geometry[areal], layers.grid).sum(axis=0)).ravel()
    return area * layers.grid.cell_km2 if area.any() else None


def _road_km(layers: Layers, shares: CommuneShares) -> FloatArray:
    """Return the kilometres of road in each cell of the communes, sampled every `ROAD_STEP_M`."""
    import shapely

    assert layers.roads is not None
    lines = shapely.get_parts(layers.roads.geometry.to_numpy())
    length = shapely.length(lines)
    count = np.maximum(np.ceil(length / ROAD_STEP_M).astype(np.int64), 1)
    line = np.repeat(np.arange(len(lines)), count)
    step = np.arange(line.size) - np.repeat(np.cumsum(count) - count, count)
    share_km = (length / count / 1000.0)[line]
    points = shapely.line_interpolate_point(lines[line], (step + 0.5) * (length / count)[line])
    at = _cells_at(layers, shapely.get_x(points), shapely.get_y(points))
    km = np.bincount(at[at >= 0], weights=share_km[at >= 0], minlength=layers.grid.size)
    return np.where(shares.home() >= 0, km, 0.0)
