"""Rasters of the metric grid turned into images that lie right on a Web Mercator map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from phusong.coverage.result import Reach
from phusong.layers.grid import Grid, Raster
from phusong.maps.colours import MISSING_COLOUR, SIGNAL_COLOURS, WEAK_COLOUR
from phusong.maps.png import data_uri, palette_png

MAX_PIXELS = 1000
"""Longer side of an overlay: more is not seen on a screen and costs megabytes."""

WEAK, MISSING = len(SIGNAL_COLOURS) + 1, len(SIGNAL_COLOURS) + 2

_PALETTE = (
    (0, 0, 0, 0),
    *((*colour, 215) for colour in SIGNAL_COLOURS),
    (*WEAK_COLOUR, 90),
    (*MISSING_COLOUR, 235),
)
_WATER = 15
_SHADES = (
    *((20, 30, 45, round(120 * (1 - k / 7))) for k in range(7)),
    *((255, 255, 255, round(110 * k / 7)) for k in range(8)),
    (136, 182, 214, 255),
)


@dataclass(frozen=True)
class Overlay:
    """An image for the map.

    Attributes
    ----------
    uri : str
        The image itself, as a ``data:`` address.
    bounds : tuple of float
        South, west, north, east in degrees, of the outer edges of its pixels.
    """

    uri: str
    bounds: tuple[float, float, float, float]


def _mercator_bounds(grid: Grid) -> tuple[float, float, float, float]:
    forward = Transformer.from_crs(grid.crs, 3857, always_xy=True)
    left, bottom, right, top = forward.transform_bounds(*grid.bounds, densify_pts=41)
    return left, bottom, right, top


def to_mercator(
    values: NDArray[np.uint8], grid: Grid, *, average: bool = False
) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """Warp an image of the grid to rows and columns of equal size in EPSG:3857.

    Leaflet stretches an image linearly between its corners *in Web Mercator*, so rows in degrees or in
    the grid's own metres would be off between them.

    Parameters
    ----------
    values : (rows, cols) uint8
        Zero stands for nothing.
    average : bool
        Average the pixels instead of taking the most frequent value.

    Returns
    -------
    image : (height, width) uint8
    bounds : tuple of float
        South, west, north, east in degrees.
    """
    from affine import Affine
    from rasterio.warp import Resampling, reproject

    left, bottom, right, top = _mercator_bounds(grid)
    pixel = max(right - left, top - bottom) / min(MAX_PIXELS, max(grid.shape) * 2)
    width = max(int(np.ceil((right - left) / pixel)), 1)
    height = max(int(np.ceil((top - bottom) / pixel)), 1)
    image = np.zeros((height, width), dtype=np.uint8)
    reproject(
        values, image, src_transform=grid.transform, src_crs=grid.crs.to_wkt(),
        dst_transform=Affine(pixel, 0.0, left, 0.0, -pixel, top), dst_crs="EPSG:3857",
        resampling=Resampling.average if average else Resampling.mode,
    )
    back = Transformer.from_crs(3857, 4326, always_xy=True)
    west, north = back.transform(left, top)
    east, south = back.transform(left + width * pixel, top - height * pixel)
    return image, (south, west, north, east)


def signal_breaks(reach: Reach, criterion_value: float) -> tuple[float, ...]:
    """Return the bounds between the classes of covered signal, weakest first.

    ``criterion_value`` is the threshold in dBm, or the farthest distance in metres: classes are 10 dB
    above the threshold, or quarters of the distance.
    """
    steps = range(1, len(SIGNAL_COLOURS))
    if reach.unit == "dBm":
        return tuple(criterion_value + 10.0 * k for k in steps)
    return tuple(criterion_value * (1.0 - k / len(SIGNAL_COLOURS)) for k in steps)


def signal_overlay(
    reach: Reach, people: Raster[np.float64], min_people_per_km2: float, criterion_value: float
) -> Overlay:
    """Draw what a service reaches, how well, and where people are left out.

    Parameters
    ----------
    reach : Reach
    people : Raster
        People per cell.
    min_people_per_km2 : float
        From here on a cell counts as populated, as it does for gaps.
    criterion_value : float
        dBm or metres; see `signal_breaks`.
    """
    reach.signal.grid.require(people.grid, reach.covered.grid)
    signal, covered = reach.signal.values, reach.covered.values
    better = signal if reach.unit == "dBm" else -signal
    breaks = signal_breaks(reach, criterion_value)
    ordered = np.array(breaks if reach.unit == "dBm" else [-b for b in breaks], dtype=np.float32)
    image = np.zeros(signal.shape, dtype=np.uint8)
    if reach.unit == "dBm":
        image[np.isfinite(signal)] = WEAK
    image[(people.values >= min_people_per_km2 * people.grid.cell_km2) & ~covered] = MISSING
    filled = np.where(np.isfinite(better), better, -np.inf)
    image[covered] = 1 + np.searchsorted(ordered, filled[covered], side="right").astype(np.uint8)
    warped, bounds = to_mercator(image, reach.signal.grid)
    return Overlay(data_uri(palette_png(warped, _PALETTE)), bounds)


def hillshade_overlay(terrain: Raster[np.float32], water: NDArray[np.bool_] | None) -> Overlay:
    """Draw relief lit from the north-west, with water where the land cover knows it.

    Horn's slope and aspect (B. K. P. Horn, 'Hill shading and the reflectance map', Proc. IEEE 69(1),
    1981) by central differences, light at 45 degrees from azimuth 315.
    """
    height = np.where(np.isfinite(terrain.values), terrain.values, 0.0).astype(np.float64)
    south, east = np.gradient(height, terrain.grid.cell_m)
    dzdx, dzdy = 2.0 * east, -2.0 * south
    flat = np.sqrt(0.5)
    light = (flat + 0.5 * dzdx - 0.5 * dzdy) / np.sqrt(1.0 + dzdx**2 + dzdy**2)
    level = np.clip(7.0 + (light - flat) * 14.0, 0.0, 14.0)
    level[~np.isfinite(terrain.values)] = 7.0
    smooth, bounds = to_mercator((1.0 + level * 16.0).astype(np.uint8), terrain.grid, average=True)
    image = np.where(smooth == 0, 7, np.clip(np.rint((smooth - 1.0) / 16.0), 0, 14)).astype(np.uint8)
    if water is not None:
        image[to_mercator(water.astype(np.uint8), terrain.grid)[0] == 1] = _WATER
    return Overlay(data_uri(palette_png(image, _SHADES)), bounds)
