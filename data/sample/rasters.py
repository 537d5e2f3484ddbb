"""The rasters of the sample province as arrays on their final lattices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.data.sample.communes import RIVER_KM2, Communes
from phusong.data.sample.frame import FloatArray, spectral_noise
from phusong.data.sample.relief import Relief, enlarge
from phusong.data.sample.settlement import Settlement

if TYPE_CHECKING:
    from affine import Affine
    from shapely.geometry import MultiPolygon, Polygon

WATER, OPEN, FOREST, URBAN = 1, 2, 3, 4
URBAN_PER_KM2 = 2400.0
POPULATION_DEG = 1.0 / 600.0
"""Cells of six arc-seconds, about 185 m."""


@dataclass(frozen=True)
class Layer:
    """A raster to be written.

    Attributes
    ----------
    values : array, shape (rows, cols)
    transform : affine.Affine
    crs : str
    nodata : float or None
    """

    values: NDArray[np.generic]
    transform: Affine
    crs: str
    nodata: float | None


def _transform(relief: Relief, times: int) -> Affine:
    from affine import Affine

    cell = relief.frame.cell_m / times
    return Affine(cell, 0.0, relief.frame.left_m, 0.0, -cell, relief.frame.top_m)


def make_terrain(rng: np.random.Generator, relief: Relief) -> Layer:
    """Return heights in whole metres on 90 m; the sea is 0 and the lake level."""
    height = enlarge(relief.height_m)
    slope = np.repeat(np.repeat(relief.slope, 2, axis=0), 2, axis=1)
    cell = relief.frame.cell_m / 2
    rough = spectral_noise(rng, height.shape, cell, 900.0, 2.4)
    height = height + rough * np.minimum(34.0 * slope, 9.0)
    water = np.repeat(np.repeat(relief.lake, 2, axis=0), 2, axis=1)
    if relief.lake.any():
        height = np.where(water, float(relief.height_m[relief.lake][0]), height)
    sea = enlarge(relief.sea.astype(np.float64)) > 0.5
    height = np.where(sea, 0.0, np.maximum(height, 1.0))
    return Layer(np.round(height).astype(np.int16), _transform(relief, 2), relief.frame.crs, -32768.0)


def make_clutter(rng: np.random.Generator, relief: Relief, people_per_km2: FloatArray) -> Layer:
    """Return land cover on 90 m: 1 water, 2 open, 3 forest, 4 urban."""
    slope, height = enlarge(relief.slope), enlarge(relief.height_m)
    people = enlarge(people_per_km2)
    cell = relief.frame.cell_m / 2
    patches = spectral_noise(rng, slope.shape, cell, 4_000.0, 2.0)
    wild = 5.0 * slope + height / 650.0 + 0.3 * patches - np.minimum(people / 260.0, 3.0)
    result = np.where(wild > 0.62, FOREST, OPEN).astype(np.uint8)
    result[people > URBAN_PER_KM2] = URBAN
    river = (relief.drained_km2 > RIVER_KM2) & ~relief.water
    wet = enlarge(relief.sea.astype(np.float64)) > 0.5
    wet |= enlarge(relief.lake.astype(np.float64)) > 0.5
    # A river of one cell of 180 m is drawn 90 to 180 m wide.
    wet |= enlarge(river.astype(np.float64)) > 0.42
    result[wet] = WATER
    return Layer(result, _transform(relief, 2), relief.frame.crs, 0.0)


def make_population(
    rng: np.random.Generator, relief: Relief, communes: Communes, settlement: Settlement,
    polygons: list[Polygon | MultiPolygon],
) -> Layer:
    """Return people per cell in longitude and latitude.

    Each commune has a little less than its official figure, as census-based rasters do; cells that the
    province's bounds run through are empty, so that everybody lives inside.

    Parameters
    ----------
    polygons : list of Polygon or MultiPolygon
        The communes in longitude and latitude.
    """
    import shapely
    from affine import Affine
    from pyproj import Transformer
    from rasterio.features import rasterize
    from scipy.ndimage import map_coordinates

    step = POPULATION_DEG
    west, south, east, north = shapely.total_bounds(np.array(polygons))
    col0, row0 = np.floor(west / step) - 2, np.ceil(north / step) + 2
    cols = int(np.ceil(east / step) + 2 - col0)
    rows = int(row0 - (np.floor(south / step) - 2))
    transform = Affine(step, 0.0, col0 * step, 0.0, -step, row0 * step)
    numbered = ((polygon, index) for index, polygon in enumerate(polygons))
    owner = rasterize(numbered, out_shape=(rows, cols), transform=transform, fill=-1, dtype="int32")
    bound = shapely.boundary(shapely.coverage_union_all(np.array(polygons)))
    edge = rasterize([(bound, 1)], out_shape=(rows, cols), transform=transform, all_touched=True)
    owner[edge == 1] = -1

    lon = (col0 + np.arange(cols) + 0.5) * step
    lat = (row0 - np.arange(rows) - 0.5) * step
    frame = relief.frame
    x, y = Transformer.from_crs("EPSG:4326", frame.crs, always_xy=True).transform(*np.meshgrid(lon, lat))
    at = ((frame.top_m - y) / frame.cell_m - 0.5, (x - frame.left_m) / frame.cell_m - 0.5)
    weight = map_coordinates(settlement.density, at, order=1, mode="nearest")
    weight = np.where(owner >= 0, weight, 0.0)
    n = len(polygons)
    sums = np.bincount(owner[owner >= 0], weights=weight[owner >= 0], minlength=n)
    counted = settlement.official * np.clip(rng.normal(0.95, 0.03, n), 0.85, 1.02)
    factor = np.append(np.where(sums > 0, counted / np.where(sums > 0, sums, 1.0), 0.0), 0.0)
    people = weight * factor[owner]
    people[people < 0.01] = 0.0
    return Layer(people.astype(np.float32), transform, "EPSG:4326", -99999.0)


def density_per_km2(relief: Relief, communes: Communes, settlement: Settlement) -> FloatArray:
    """Return people per square kilometre on the work lattice."""
    label = communes.label
    n = len(communes.centre)
    inside = communes.inside
    sums = np.bincount(label[inside], weights=settlement.density[inside], minlength=n)
    factor = np.append(settlement.official / np.where(sums > 0, sums, 1.0), 0.0)
    return np.asarray(settlement.density * factor[label] / (relief.frame.cell_m / 1e3) ** 2)
