"""Where sites could stand: masts there are, centres, villages, hilltops, road sides, a list of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import technology_of
from phusong.coverage.plan.candidate_ground import (
    may_stand,
    power_distance_km,
    road_distance_m,
    slope_percent,
)
from phusong.coverage.plan.site_aims import Universe, village_layer
from phusong.coverage.result import ANY
from phusong.data.tables import technology_defaults
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.plan import PlanSitesTable
from phusong.layers.project.schema import FlatService, RangeService, TerrainService

if TYPE_CHECKING:
    import geopandas as gpd

RadioService = RangeService | FlatService | TerrainService
KINDS = ("mast", "own", "centre", "village", "hilltop", "road", "people")
"""In order of preference where two new sites would stand together."""
RISE_M = 15.0
"""A hilltop stands so far above the mean of the ground around it."""
NEAR_M = 5000.0
"""How far from people without the service a candidate may be where the model has no radius."""
DEGREE_DECIMALS = 6
FILL_PARTS = 4
"""`among_people` adds at most one candidate to so many that a project allows."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Places where a site could stand; all arrays have shape (n,).

    Attributes
    ----------
    site_id : array of str
        Of the existing mast, or what a new site would be called.
    name : array of str
    kind : array of str
        One of `KINDS`.
    operator : array of str
        Whose cells the site would carry.
    owner : array of str
        Who owns the mast that is shared, empty for new towers.
    x_m, y_m, lon, lat : array of float64
        ``lon lat`` to `DEGREE_DECIMALS`, and the same point in the grid's system.
    height_m : array of float64
        Of the antennas.
    mast_m : array of float64
        Of the mast's top, for microwave.
    ground_m, slope_percent, road_m, power_km : array of float64
        NaN where not known.
    commune : array of int64
        Position of the commune, -1 for none.
    """

    site_id: NDArray[np.object_]
    name: NDArray[np.object_]
    kind: NDArray[np.object_]
    operator: NDArray[np.object_]
    owner: NDArray[np.object_]
    x_m: FloatArray
    y_m: FloatArray
    lon: FloatArray
    lat: FloatArray
    height_m: FloatArray
    mast_m: FloatArray
    ground_m: FloatArray
    slope_percent: FloatArray
    road_m: FloatArray
    power_km: FloatArray
    commune: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.site_id)

    @property
    def shared(self) -> NDArray[np.bool_]:
        """Whether an existing mast is used."""
        return np.asarray(self.kind == "mast", dtype=np.bool_)

    def take(self, which: NDArray[Any]) -> Candidates:
        """Return some of the candidates."""
        return Candidates(**{name: getattr(self, name)[which] for name in self.__dataclass_fields__})

    def joined(self, other: Candidates) -> Candidates:
        """Return these candidates and, behind them, others."""
        names = self.__dataclass_fields__
        return Candidates(**{n: np.concatenate([getattr(self, n), getattr(other, n)]) for n in names})


@dataclass(frozen=True)
class _Found:
    """Candidates on their way."""

    kind: str
    x: FloatArray
    y: FloatArray
    name: Sequence[str]
    key: Sequence[str]
    height: FloatArray


def find_candidates(
    layers: Layers, name: str, service: RadioService, operator: str, universe: Universe,
    home: NDArray[np.int32], *, settings: PlanSitesTable, own: gpd.GeoDataFrame | None = None,
) -> Candidates:
    """Return where sites could stand, existing masts first, the rest by place.

    Parameters
    ----------
    layers : Layers
    name, service
        The service that is planned.
    operator : str
        Or ``any``: then a shared mast carries cells of its owner, a new tower those of the nearest one's.
    universe : Universe
        What is uncovered.
    home : array of int32, shape (cells,)
        Commune of each cell of the grid.
    settings : PlanSitesTable
    own : GeoDataFrame, optional
        A list of the user's, see `phusong.layers.own_places.read_own`; it is held to no slope and no
        distance from roads, but to excluded zones.
    """
    within = near_m(service)
    default_m = _usual_height_m(name, service, settings)
    crowd = _Crowd(layers, universe, within)
    masts = _masts(layers, technology_of(name, service), operator) if settings.share_masts else None
    found = _new(layers, crowd, settings, default_m, own)
    parts = [p for p in (masts, *found) if p is not None and len(p.x)]
    kind = np.concatenate([np.full(len(p.x), p.kind, dtype=object) for p in parts] or [_no_words()])
    x, y, height = (
        np.concatenate([getattr(p, a) for p in parts] or [np.zeros(0)]) for a in ("x", "y", "height")
    )
    words, keys = (
        np.array([v for p in parts for v in getattr(p, a)], dtype=object) for a in ("name", "key")
    )
    keep = (crowd.around(x, y) > 0.0) | (kind == "own")
    keep &= (kind == "mast") | may_stand(layers, x, y, kind, home, settings)
    keep = _thin(keep, x, y, kind, settings.spacing_m)
    keep = _most(keep, crowd.around(x, y), kind, settings.most_candidates)
    x, y, height, kind, words, keys = (a[keep] for a in (x, y, height, kind, words, keys))
    return _described(layers, operator, settings, kind, x, y, height, words, keys, home)


def among_people(
    layers: Layers, name: str, service: RadioService, operator: str, universe: Universe,
    home: NDArray[np.int32], left: NDArray[np.bool_], *, settings: PlanSitesTable,
) -> Candidates:
    """Return places in the midst of those whom no candidate reaches, the fullest first.

    Parameters
    ----------
    layers, name, service, operator, universe, home, settings
        As in `find_candidates`.
    left : array of bool, shape (cells of the universe,)
        Cells that no candidate covers.
    """
    weight = np.zeros(universe.cells.size)
    for aim in universe.aims.values():
        if aim.total > 0.0:
            weight += aim.weights / aim.total
    at = np.flatnonzero(left & (weight > 0.0))
    at = at[np.argsort(-weight[at], kind="stable")]
    x, y = universe.x_m[at], universe.y_m[at]
    kind = np.full(at.size, "people", dtype=object)
    keep = may_stand(layers, x, y, kind, home, settings)
    keep = _thin(keep, x, y, kind, max(settings.spacing_m, layers.grid.cell_m))
    keep &= np.cumsum(keep) <= max(settings.most_candidates // FILL_PARTS, 1)
    x, y, kind = x[keep], y[keep], kind[keep]
    keys = np.array([f"{round(a)}-{round(b)}" for a, b in zip(x, y, strict=True)], dtype=object)
    height = np.full(len(x), _usual_height_m(name, service, settings))
    words = np.full(len(x), "", dtype=object)
    return _described(layers, operator, settings, kind, x, y, height, words, keys, home)


def _usual_height_m(name: str, service: RadioService, settings: PlanSitesTable) -> float:
    usual = technology_defaults()[technology_of(name, service)].antenna_height_m
    return min(settings.antenna_height_m or usual, settings.tower_height_m)


def near_m(service: RadioService) -> float:
    """Return how far from people without the service a site is worth looking at."""
    if isinstance(service, RangeService):
        return service.radius_m
    return min(service.max_distance_m, NEAR_M)


def _no_words() -> NDArray[np.object_]:
    return np.zeros(0, dtype=object)


class _Crowd:
    """How much that is uncovered lies round a point."""

    def __init__(self, layers: Layers, universe: Universe, within_m: float) -> None:
        from scipy import ndimage

        shape = layers.grid.shape
        weight = np.zeros(layers.grid.size)
        for aim in universe.aims.values():
            if aim.total > 0.0:
                weight[universe.cells] += aim.weights / aim.total
        size = 2 * max(round(within_m / layers.grid.cell_m), 1) + 1
        summed = ndimage.uniform_filter(weight.reshape(shape), size=size, mode="constant") * size**2
        # What rounding leaves of nothing is nothing.
        self.field = np.where(summed > 1e-12, summed, 0.0)
        self.grid = layers.grid

    def around(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the sum over a square of twice the distance, 0 off the grid."""
        row, col = self.grid.index(x, y)
        inside = self.grid.holds(row, col)
        found = np.zeros(len(x))
        found[inside] = self.field[row[inside], col[inside]]
        return found


def _masts(layers: Layers, technology: str, operator: str) -> _Found:
    """Return the masts on which the technology is missing: for ``any`` of any operator, else of this one."""
    stations = layers.stations
    mine = stations["technology"] == technology
    if operator != ANY:
        mine &= stations["operator"] == operator
    x, y = stations.geometry.x.to_numpy(np.float64), stations.geometry.y.to_numpy(np.float64)
    place, first, of = np.unique(np.column_stack([x, y]), axis=0, return_index=True, return_inverse=True)
    has = np.zeros(len(place), dtype=bool)
    has[of.ravel()[mine.to_numpy()]] = True
    top = np.zeros(len(place))
    np.maximum.at(top, of.ravel(), stations["antenna_height_m"].to_numpy(np.float64))
    rows = np.sort(first[~has])
    ids = stations["site_id"].astype(str).to_numpy(dtype=object)[rows]
    return _Found("mast", x[rows], y[rows], list(ids), list(ids), top[of.ravel()[rows]])


def _new(
    layers: Layers, crowd: _Crowd, settings: PlanSitesTable, height_m: float, own: gpd.GeoDataFrame | None
) -> list[_Found]:
    """Return places for new towers, by kind."""
    found = []
    named = [("own", own, "place_id")] if own is not None else []
    named.append(("centre", layers.places.get(layers.project.official.centres), "commune_code"))
    named.append(("village", village_layer(layers), "place_id"))
    for kind, places, key in named:
        if places is not None and len(places):
            x, y = (getattr(places.geometry, axis).to_numpy(np.float64) for axis in ("x", "y"))
            height = np.full(len(x), height_m)
            if kind == "own" and "antenna_height_m" in places:
                given = places["antenna_height_m"].to_numpy(np.float64)
                height = np.where(np.isfinite(given), given, height)
            found.append(
                _Found(kind, x, y, list(places["name"].astype(str)), list(places[key].astype(str)), height)
            )
    for kind, (x, y) in (
        ("hilltop", _hilltops(layers, crowd, settings.hilltop_radius_m)),
        ("road", _road_points(layers, settings.road_spacing_m)),
    ):
        keys = [f"{round(a)}-{round(b)}" for a, b in zip(x, y, strict=True)]
        found.append(_Found(kind, x, y, [""] * len(x), keys, np.full(len(x), height_m)))
    return found


def _hilltops(layers: Layers, crowd: _Crowd, radius_m: float) -> tuple[FloatArray, FloatArray]:
    """Return the highest cells within the radius, where they stand above the ground around."""
    from scipy import ndimage

    if layers.terrain is None:
        return np.zeros(0), np.zeros(0)
    ground = layers.terrain.values
    low = np.where(np.isfinite(ground), ground, -1e4).astype(np.float32)
    size = 2 * max(round(radius_m / layers.grid.cell_m), 1) + 1
    highest = ndimage.maximum_filter(low, size=size, mode="nearest")
    mean = ndimage.uniform_filter(low, size=size, mode="nearest")
    top = (low == highest) & (low - mean >= RISE_M) & np.isfinite(ground)
    row, col = np.nonzero(top & (crowd.field > 0.0))
    return layers.grid.x_m()[col], layers.grid.y_m()[row]


def _road_points(layers: Layers, spacing_m: float) -> tuple[FloatArray, FloatArray]:
    import shapely

    if layers.roads is None or not len(layers.roads):
        return np.zeros(0), np.zeros(0)
    lines = shapely.get_parts(layers.roads.geometry.to_numpy())
    length = shapely.length(lines)
    count = np.maximum(np.floor(length / spacing_m).astype(np.int64), 1)
    line = np.repeat(np.arange(len(lines)), count)
    step = np.arange(line.size) - np.repeat(np.cumsum(count) - count, count)
    points = shapely.line_interpolate_point(lines[line], (step + 0.5) * (length / count)[line])
    return np.asarray(shapely.get_x(points)), np.asarray(shapely.get_y(points))


def _most(
    keep: NDArray[np.bool_], around: FloatArray, kind: NDArray[np.object_], most: int
) -> NDArray[np.bool_]:
    """Keep the candidates with the most around them: own ones and masts before all others."""
    if keep.sum() <= most:
        return keep
    rank = np.where(kind == "own", 0, np.where(kind == "mast", 1, 2))
    order = np.lexsort((np.arange(len(keep)), -around, rank))
    order = order[keep[order]][:most]
    kept = np.zeros(len(keep), dtype=bool)
    kept[order] = True
    return kept


def _thin(
    keep: NDArray[np.bool_], x: FloatArray, y: FloatArray, kind: NDArray[np.object_], spacing_m: float
) -> NDArray[np.bool_]:
    """Of new sites nearer than the spacing keep the first by kind, then by place in the list."""
    from scipy.spatial import cKDTree

    new = np.flatnonzero(keep & ~np.isin(kind, ("mast", "own")))
    if not len(new) or spacing_m <= 0.0:
        return keep
    rank = np.array([KINDS.index(k) for k in kind[new]])
    new = new[np.lexsort((new, rank))]
    near = cKDTree(np.column_stack([x[new], y[new]])).query_pairs(spacing_m, output_type="ndarray")
    after: dict[int, list[int]] = {}
    for a, b in near.tolist():
        after.setdefault(min(a, b), []).append(max(a, b))
    gone = np.zeros(len(new), dtype=bool)
    for i in range(len(new)):
        if not gone[i]:
            gone[after.get(i, [])] = True
    kept = keep.copy()
    kept[new[gone]] = False
    return kept


def _described(
    layers: Layers, operator: str, settings: PlanSitesTable, kind: NDArray[np.object_], x: FloatArray,
    y: FloatArray, height: FloatArray, words: NDArray[np.object_], keys: NDArray[np.object_],
    home: NDArray[np.int32],
) -> Candidates:
    """Add to positions what is known of the ground there."""
    from pyproj import Transformer
    from scipy.spatial import cKDTree

    to_degrees = Transformer.from_crs(layers.grid.crs, 4326, always_xy=True)
    lon, lat = (
        np.asarray(np.round(v, DEGREE_DECIMALS), dtype=np.float64) for v in to_degrees.transform(x, y)
    )
    stations, shared = layers.stations, kind == "mast"
    places = np.column_stack([stations.geometry.x.to_numpy(), stations.geometry.y.to_numpy()])
    nearest = np.zeros(len(x), dtype=np.int64)
    owner = np.full(len(x), "", dtype=object)
    if len(places):
        nearest = np.asarray(cKDTree(places).query(np.column_stack([x, y]))[1], dtype=np.int64)
        owner = stations["operator"].astype(str).to_numpy(dtype=object)[nearest]
        # A mast stays exactly where its file has it.
        lon = np.where(shared, stations["lon"].to_numpy(np.float64)[nearest], lon)
        lat = np.where(shared, stations["lat"].to_numpy(np.float64)[nearest], lat)
    at_x, at_y = Transformer.from_crs(4326, layers.grid.crs, always_xy=True).transform(lon, lat)
    x, y = np.where(shared, x, at_x), np.where(shared, y, at_y)
    taken = set(stations["site_id"].astype(str))
    ids = [
        str(k) if s else _own_or_new(str(k), str(t), taken)
        for k, t, s in zip(keys, kind, shared, strict=True)
    ]
    row, col = layers.grid.index(x, y)
    inside = layers.grid.holds(row, col)
    commune = np.where(inside, home[np.where(inside, row * layers.grid.shape[1] + col, 0)], -1)
    ground = np.full(len(x), np.nan)
    if layers.terrain is not None:
        ground = layers.terrain.at(x, y, np.nan).astype(np.float64)
    return Candidates(
        np.array(ids, dtype=object), words, kind,
        owner if operator == ANY else np.full(len(x), operator, dtype=object),
        np.where(shared, owner, ""), x, y, lon, lat, height,
        np.where(shared, height, np.maximum(settings.tower_height_m, height)), ground,
        slope_percent(layers, x, y), road_distance_m(layers, x, y),
        power_distance_km(layers, x, y, settings.grid_km), commune.astype(np.int64),
    )


KIND_LETTERS = {"own": "D", "centre": "T", "village": "L", "hilltop": "N", "road": "G", "people": "K"}
"""Of new sites' ids: danh sách, trung tâm, làng, núi, đường (giao thông), khu dân cư."""
FILLED = f"QH-{KIND_LETTERS['people']}-"
"""How the ids of `among_people` begin."""


def _own_or_new(key: str, kind: str, taken: set[str]) -> str:
    """Return the id a list of one's own gives, where no station has it, else one that tells the kind."""
    if kind == "own" and key not in taken:
        return _free(key, taken)
    return _free(f"QH-{KIND_LETTERS[kind]}-{key}", taken)


def _free(stem: str, taken: set[str]) -> str:
    name, n = stem, 2
    while name in taken:
        name, n = f"{stem}-{n}", n + 1
    taken.add(name)
    return name
