"""The ground on which the other layers lie: the communes, their grid, and which of them holds a point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.layers.grid import FloatArray, Grid
from phusong.layers.keeping import Keep, computed, digestible
from phusong.layers.lands import zeros

if TYPE_CHECKING:
    import geopandas as gpd

FAR_M = 20_000.0
"""Distance from the communes beyond which a point cannot belong to the province: more than a macro
cell's reach, less than a slip between neighbouring VN-2000 zones (27 km and more)."""


@dataclass(frozen=True)
class Province:
    """Communes on their grid.

    Attributes
    ----------
    grid : Grid
    communes : GeoDataFrame
        ``commune_code commune_name population geometry`` in the grid's system, sorted by code.
    keep : Keep
        What keeps parts of reading between runs.
    """

    grid: Grid
    communes: gpd.GeoDataFrame
    keep: Keep = computed

    @cached_property
    def codes(self) -> list[str]:
        """Codes of the communes, in their order."""
        return [str(code) for code in self.communes["commune_code"]]

    @cached_property
    def _shapes(self) -> NDArray[np.object_]:
        return np.asarray(self.communes.geometry.array, dtype=object)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._shapes)

    def commune_of(self, x_m: FloatArray, y_m: FloatArray) -> NDArray[np.int64]:
        """Return the position of the commune that holds each point, -1 where none does.

        On a common border or in an overlap the commune with the lower code counts.
        """
        xy, back = np.unique(np.column_stack([x_m, y_m]), axis=0, return_inverse=True)
        back = back.reshape(-1)
        found = np.full(len(xy), -1, dtype=np.int64)
        known = np.flatnonzero(np.isfinite(xy).all(axis=1))
        if len(known):
            points = shapely.STRtree(np.atleast_1d(np.asarray(shapely.points(xy[known]), dtype=object)))
            # Polygons ask for points, for then the polygon is the one that is indexed.
            commune, point = points.query(self._shapes, predicate="intersects")
            order = np.argsort(-commune, kind="stable")
            found[known[point[order]]] = commune[order]
        return found[back]

    def distance_m(self, x_m: FloatArray, y_m: FloatArray) -> FloatArray:
        """Return the distance of each point to the nearest commune, NaN for points that are not finite."""
        distance = np.full(len(x_m), np.nan)
        known = np.flatnonzero(np.isfinite(x_m) & np.isfinite(y_m))
        if len(known):
            points = shapely.points(np.asarray(x_m)[known], np.asarray(y_m)[known])
            (asked, _), found = self._tree.query_nearest(points, return_distance=True, all_matches=False)
            distance[known[asked]] = found
        return distance

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Return which cells of the grid have their centre in a commune."""
        parts = "cells in communes", *self.grid.place, *digestible(self._shapes)
        return self.keep(parts, lambda: {"inside": cells_in(self._shapes, self.grid)})["inside"]


def cells_in(shapes: NDArray[np.object_], grid: Grid) -> NDArray[np.bool_]:
    """Tell which cells of the grid have their centre in one of the polygons."""
    from rasterio.features import geometry_mask

    parts = shapely.get_parts(shapes)
    parts = parts[~shapely.is_empty(parts)]
    if grid.lands:
        return _cells_by_lands(parts, grid)
    outlines = [_outline(p) for p in parts]
    if not outlines:
        return np.zeros(grid.shape, dtype=bool)
    return np.asarray(geometry_mask(outlines, grid.shape, grid.transform, invert=True), dtype=bool)


def _cells_by_lands(parts: NDArray[np.object_], grid: Grid) -> NDArray[np.bool_]:
    """Ask for one land of the grid after another, each with the polygons that touch it."""
    inside = zeros(grid, np.bool_)
    tree = shapely.STRtree(parts)
    for box in grid.lands:
        part = grid.part(box)
        near = parts[np.sort(tree.query(shapely.box(*part.bounds)))]
        inside[box[0] : box[1], box[2] : box[3]] = cells_in(near, part)
    return inside


def _outline(polygon: shapely.Polygon) -> dict[str, Any]:
    """Return a polygon as GeoJSON; shapely's own way goes through every vertex in Python."""
    rings = [polygon.exterior, *polygon.interiors]
    return {"type": "Polygon", "coordinates": [shapely.get_coordinates(ring).tolist() for ring in rings]}
