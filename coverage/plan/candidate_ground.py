"""The ground where a site could stand: slope, roads, power, and whether it may stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.site_aims import marked, village_layer
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.plan import PlanSitesTable
from phusong.layers.rasters.clutter import CLASSES

if TYPE_CHECKING:
    import geopandas as gpd


def slope_percent(layers: Layers, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the steepest slope of the ground between a point's cell and its neighbours, NaN if unknown."""
    if layers.terrain is None:
        return np.full(len(x), np.nan)
    ground, grid = layers.terrain.values, layers.grid
    row, col = grid.index(x, y)
    found = np.full(len(x), np.nan)
    inner = (row > 0) & (col > 0) & (row < grid.shape[0] - 1) & (col < grid.shape[1] - 1)
    r, c = row[inner], col[inner]
    across = (ground[r, c + 1] - ground[r, c - 1]) / (2.0 * grid.cell_m)
    along = (ground[r + 1, c] - ground[r - 1, c]) / (2.0 * grid.cell_m)
    found[inner] = 100.0 * np.hypot(across, along)
    return found


def road_distance_m(layers: Layers, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the distance to the nearest road, NaN without roads."""
    import shapely

    if layers.roads is None or not len(layers.roads) or not len(x):
        return np.full(len(x), np.nan)
    tree = shapely.STRtree(layers.roads.geometry.to_numpy())
    (asked, _), distance = tree.query_nearest(shapely.points(x, y), return_distance=True, all_matches=False)
    found = np.full(len(x), np.nan)
    found[asked] = distance
    return found


def power_distance_km(layers: Layers, x: FloatArray, y: FloatArray, assumed_km: float) -> FloatArray:
    """Return the distance to the nearest place with grid power; ``assumed_km`` where none is known."""
    from scipy.spatial import cKDTree

    villages = village_layer(layers)
    if villages is None or "has_grid_power" not in villages:
        return np.full(len(x), assumed_km)
    known = marked(villages, "has_grid_power") == 1
    if not known.any():
        return np.full(len(x), assumed_km)
    spots = np.column_stack([villages.geometry.x.to_numpy()[known], villages.geometry.y.to_numpy()[known]])
    distance, _ = cKDTree(spots).query(np.column_stack([x, y]))
    return np.maximum(np.asarray(distance) / 1000.0, assumed_km)


def may_stand(
    layers: Layers, x: FloatArray, y: FloatArray, kind: NDArray[np.object_], home: NDArray[np.int32],
    settings: PlanSitesTable,
) -> NDArray[np.bool_]:
    """Tell where a new tower may stand."""
    row, col = layers.grid.index(x, y)
    inside = layers.grid.holds(row, col)
    at = np.where(inside, row * layers.grid.shape[1] + col, 0)
    good = inside & (home[at] >= 0)
    if layers.clutter is not None:
        good &= layers.clutter.values.ravel()[at] != CLASSES["water"]
    for area in _closed(layers, settings):
        good &= ~_inside(area, x, y)
    free = kind == "own"
    slope, road = slope_percent(layers, x, y), road_distance_m(layers, x, y)
    steep = np.nan_to_num(slope, nan=0.0) > settings.max_slope_percent
    far = np.nan_to_num(road, nan=0.0) > settings.max_road_m
    # Where people live there is a way to them, whatever the map of roads says.
    settled = np.isin(kind, ("village", "centre", "people"))
    return np.asarray(good & (free | (~steep & (settled | ~far))))


def _closed(layers: Layers, settings: PlanSitesTable) -> list[gpd.GeoSeries]:
    closed = [layers.zones[n].geometry for n in settings.excluded_zones if n in layers.zones]
    if layers.protected is not None and not settings.protected:
        closed.append(layers.protected.geometry)
    return closed


def _inside(areas: gpd.GeoSeries, x: FloatArray, y: FloatArray) -> NDArray[np.bool_]:
    import shapely

    found = np.zeros(len(x), dtype=bool)
    hit, _ = shapely.STRtree(areas.to_numpy()).query(shapely.points(x, y), predicate="intersects")
    found[hit] = True
    return found
