"""Rasters of the metric grid turned into images that lie right on a Web Mercator map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from phusong.coverage.result import Reach
from phusong.layers.grid import Grid, Raster
from phusong.layers.lands import zeros
from phusong.maps.colours import MISSING_COLOUR, SIGNAL_COLOURS, WEAK_COLOUR
from phusong.maps.kept import kept_bytes
from phusong.maps.png import data_uri, palette_png

if TYPE_CHECKING:
    import geopandas as gpd

    from phusong.coverage.store import Store

MAX_PIXELS = 1500
"""Longer side of an overlay: more is not seen on a screen and costs megabytes."""

_APART = 8

WEAK, MISSING = len(SIGNAL_COLOURS) + 1, len(SIGNAL_COLOURS) + 2

_PALETTE = (
    (0, 0, 0, 0),
    *((*colour, 215) for colour in SIGNAL_COLOURS),
    (*WEAK_COLOUR, 90),
    (*MISSING_COLOUR, 235),
)
_FLAT = 6
_SHADES = (
    (0, 0, 0, 0),
    *((20, 30, 45, round(115 * (1 - k / _FLAT))) for k in range(_FLAT)),
    *((255, 255, 255, round(110 * k / _FLAT)) for k in range(_FLAT + 1)),
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


@dataclass(frozen=True)
class Frame:
    """Pixels of equal size in EPSG:3857 over a grid, and the cell that lies under each.

    Leaflet stretches an image linearly between its corners *in Web Mercator*, so rows in degrees or in
    the grid's own metres would be off between them.

    Attributes
    ----------
    row, col : (height, width) int32
        Of the cell under the middle of each pixel.
    inside : (height, width) bool
        Whether there is one.
    bounds : tuple of float
        South, west, north, east in degrees.
    """

    row: NDArray[np.int32]
    col: NDArray[np.int32]
    inside: NDArray[np.bool_]
    bounds: tuple[float, float, float, float]

    def take(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the value of the cell under every pixel; zero where there is none."""
        return np.where(self.inside, values[self.row, self.col], 0).astype(np.uint8)


def mercator_frame(grid: Grid) -> Frame:
    """Lay pixels over a grid; as many as it has cells, up to `MAX_PIXELS`."""
    forward = Transformer.from_crs(grid.crs, 3857, always_xy=True)
    left, bottom, right, top = forward.transform_bounds(*grid.bounds, densify_pts=41)
    pixel = max(right - left, top - bottom) / min(MAX_PIXELS, max(grid.shape) * 2)
    width = max(int(np.ceil((right - left) / pixel)), 1)
    height = max(int(np.ceil((top - bottom) / pixel)), 1)
    x = left + (np.arange(width) + 0.5) * pixel
    y = top - (np.arange(height) + 0.5) * pixel
    back = Transformer.from_crs(3857, grid.crs, always_xy=True)
    east, north = _transformed(back, x, y)
    row, col = grid.index(east, north)
    inside = grid.holds(row, col)
    degrees = Transformer.from_crs(3857, 4326, always_xy=True)
    west, high = degrees.transform(left, top)
    far, low = degrees.transform(left + width * pixel, top - height * pixel)
    return Frame(
        np.where(inside, row, 0).astype(np.int32),
        np.where(inside, col, 0).astype(np.int32),
        inside,
        (low, west, high, far),
    )


def _transformed(
    transformer: Transformer, x: NDArray[Any], y: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Transform a lattice of points through every `_APART`-th of them, linear between.

    Both systems are smooth: over s metres a line between two points leaves the true one by s^2/8 times a
    curvature of no more than 1/R, R = 6,371 km: centimetres for a kilometre.
    """
    at_x, at_y = (np.unique(np.r_[v[::_APART], v[-1]]) for v in (x, y))
    known = transformer.transform(*np.meshgrid(at_x, at_y))
    if len(at_x) < 2 or len(at_y) < 2:
        east, north = transformer.transform(*np.meshgrid(x, y))
        return np.asarray(east), np.asarray(north)
    weight_x, low_x = _between(at_x, x)
    weight_y, low_y = _between(at_y, y)
    found = []
    for values in known:
        rows = values[low_y] * (1 - weight_y)[:, None] + values[low_y + 1] * weight_y[:, None]
        found.append(rows[:, low_x] * (1 - weight_x) + rows[:, low_x + 1] * weight_x)
    return found[0], found[1]


def _between(known: NDArray[Any], wanted: NDArray[Any]) -> tuple[NDArray[np.float64], Any]:
    """Return how far between which two known values every wanted one lies."""
    low = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 2)
    return (wanted - known[low]) / (known[low + 1] - known[low]), low


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
    reach: Reach,
    frame: Frame,
    *,
    land: NDArray[np.bool_],
    people: Raster[np.float64],
    min_people_per_km2: float,
    criterion_value: float,
    store: Store | None = None,
) -> Overlay:
    """Draw what a service reaches, how well, and where people are left out.

    Parameters
    ----------
    reach : Reach
    frame : Frame
        Of the reach's grid.
    land : (rows, cols) bool
        Cells of the communes; nothing is drawn elsewhere.
    people : Raster
        People per cell.
    min_people_per_km2 : float
        From here on a cell counts as populated, as it does for gaps.
    criterion_value : float
        dBm or metres; see `signal_breaks`.
    store : Store, optional
        Where images are kept between runs.
    """
    signal_grid = reach.signal.grid
    signal_grid.require(people.grid, reach.covered.grid)
    shown = frame.inside & land[frame.row, frame.col]
    row, col = frame.row[shown].astype(np.int64), frame.col[shown].astype(np.int64)
    signal, covered = reach.signal.take(row, col), reach.covered.take(row, col)
    better = signal if reach.unit == "dBm" else -signal
    breaks = signal_breaks(reach, criterion_value)
    ordered = np.array(breaks if reach.unit == "dBm" else [-b for b in breaks], dtype=np.float32)
    shade = np.zeros(len(row), dtype=np.uint8)
    if reach.unit == "dBm":
        shade[np.isfinite(signal)] = WEAK
    shade[(people.take(row, col) >= min_people_per_km2 * people.grid.cell_km2) & ~covered] = MISSING
    filled = np.where(np.isfinite(better), better, -np.inf)
    shade[covered] = 1 + np.searchsorted(ordered, filled[covered], side="right").astype(np.uint8)
    image = np.zeros(shown.shape, dtype=np.uint8)
    image[shown] = shade
    parts = "overlay", image, *_place(signal_grid, frame)
    png = kept_bytes(store, parts, lambda: palette_png(image, _PALETTE))
    return Overlay(data_uri(png), frame.bounds)


def _place(grid: Grid, frame: Frame) -> tuple[object, ...]:
    """Return what the pixels of a frame over a grid depend on."""
    return *grid.place, frame.bounds, frame.row.shape


def hillshade_overlay(
    terrain: Raster[np.float32], frame: Frame, *, land: NDArray[np.bool_], water: NDArray[np.bool_] | None,
    store: Store | None = None,
) -> Overlay:
    """Draw the relief of the communes, lit from the north-west, with water where the land cover knows it.

    Lambert's cosine law on the slope by central differences, heights doubled; light at 45 degrees from
    azimuth 315 (as in B. K. P. Horn, 'Hill shading and the reflectance map', Proc. IEEE 69(1), 1981).
    """
    parts = "relief", terrain.values, land, np.empty(0) if water is None else water
    png = kept_bytes(
        store, (*parts, *_place(terrain.grid, frame)),
        lambda: palette_png(frame.take(_shades(terrain, land, water)), _SHADES),
    )
    return Overlay(data_uri(png), frame.bounds)


def _shades(
    terrain: Raster[np.float32], land: NDArray[np.bool_], water: NDArray[np.bool_] | None
) -> NDArray[np.uint8]:
    height = np.where(np.isfinite(terrain.values), terrain.values, 0.0).astype(np.float64)
    south, east = np.gradient(height, terrain.grid.cell_m)
    dzdx, dzdy = 2.0 * east, -2.0 * south
    flat = np.sqrt(0.5)
    light = (flat + 0.5 * dzdx - 0.5 * dzdy) / np.sqrt(1.0 + dzdx**2 + dzdy**2)
    shade = np.clip(np.rint(1.0 + _FLAT + (light - flat) * 2.0 * _FLAT), 1, 1 + 2 * _FLAT).astype(np.uint8)
    if water is not None:
        shade[water] = len(_SHADES) - 1
    shade[~land | ~np.isfinite(terrain.values)] = 0
    return np.asarray(shade)


def land_mask(grid: Grid, communes: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Return the cells that touch a commune."""
    from rasterio.features import rasterize
    from shapely import box

    def touched(shapes: Any, part: Grid) -> NDArray[np.bool_]:
        """Return the cells of a grid that touch one of the shapes."""
        inside = rasterize(
            shapes, out_shape=part.shape, transform=part.transform, all_touched=True, dtype="uint8"
        )
        return np.asarray(inside == 1)

    if not grid.lands:
        return touched(communes.geometry, grid)
    land = zeros(grid, np.bool_)
    shapes = communes.geometry.explode(ignore_index=True)
    for row0, row1, col0, col1 in grid.lands:
        part = grid.part((row0, row1, col0, col1))
        near = shapes.iloc[np.sort(shapes.sindex.query(box(*part.bounds)))]
        if len(near):
            land[row0:row1, col0:col1] = touched(near, part)
    return land
