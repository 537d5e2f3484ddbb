"""What exactextract is asked with: a raster in memory on the grid, and polygons that shapely writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import shapely
from exactextract.feature import JSONFeature, JSONFeatureSource
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray

from phusong.layers.grid import Grid


class Shape(JSONFeature):  # type: ignore[misc]
    """A polygon that is written as GeoJSON by shapely: several times faster than by Python."""

    def geometry(self) -> str:
        """Return the polygon as GeoJSON."""
        return str(shapely.to_geojson(self.feature["geometry"]))


class Shapes(JSONFeatureSource):  # type: ignore[misc]
    """Polygons that carry their number, from 0, as the column ``n``."""

    def __init__(self, polygons: Iterable[Any]) -> None:
        super().__init__([{"properties": {"n": n}, "geometry": p} for n, p in enumerate(polygons)])

    def __iter__(self) -> Iterator[Shape]:
        """Give one polygon after another."""
        return map(Shape, self.src)


def raster_source(values: NDArray[Any], grid: Grid) -> NumPyRasterSource:
    """Return an array of the grid's cells, shape (rows, cols), as exactextract reads it."""
    left, bottom, right, top = grid.bounds
    return NumPyRasterSource(values, left, bottom, right, top, srs_wkt=grid.crs.to_wkt())
