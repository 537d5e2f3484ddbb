"""Outlines made small enough for a page: simplified together, rounded, packed as differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from phusong.maps.kept import kept_shapes

if TYPE_CHECKING:
    import geopandas as gpd

    from phusong.coverage.store import Store

SCALE = 100_000
"""Coordinates are kept to five decimals of a degree: about one metre."""

PackedLine = list[int]


def simplify_coverage(
    communes: gpd.GeoDataFrame, tolerance_m: float, store: Store | None = None
) -> gpd.GeoDataFrame:
    """Simplify polygons so that neighbours keep sharing their border.

    Parameters
    ----------
    communes : GeoDataFrame
        In a metric system.
    tolerance_m : float
        Square root of the area of the largest triangle that is dropped (Visvalingam-Whyatt on the
        edges of the coverage).
    store : Store, optional
        Where the result is kept between runs.
    """
    simple = communes.copy()
    shapes = np.asarray(communes.geometry.to_numpy(), dtype=object)
    simple["geometry"] = kept_shapes(
        store, ("simplified", tolerance_m), shapes,
        lambda drawn: np.asarray(shapely.coverage_simplify(drawn, tolerance_m), dtype=object),
    )
    return simple


def to_degrees(crs: CRS) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return a function from ``(n, 2)`` metres in ``crs`` to ``(n, 2)`` longitudes and latitudes."""
    transformer = Transformer.from_crs(crs, 4326, always_xy=True)

    def convert(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return longitudes and latitudes of points."""
        lon, lat = transformer.transform(xy[:, 0], xy[:, 1])
        return np.column_stack([lon, lat])

    return convert


def pack(lonlat: NDArray[np.float64], *, closed: bool = False) -> PackedLine:
    """Pack a line as its first point and the steps from point to point, in 1e-5 degrees.

    Repeated points are left out; a closed line is written without its last point.
    """
    points = np.rint(np.asarray(lonlat) * SCALE).astype(np.int64).tolist()
    if closed and len(points) > 1 and points[0] == points[-1]:
        points.pop()
    packed: PackedLine = []
    last_x = last_y = 0
    for n, (x, y) in enumerate(points):  # most lines are short: quicker than through arrays
        if n == 0 or x != last_x or y != last_y:
            packed += (x - last_x, y - last_y)
        last_x, last_y = x, y
    return packed


def pack_polygons(geometry: Any) -> list[list[PackedLine]]:
    """Pack a polygon, or all polygons of a collection, given in degrees: lists of rings."""
    polygons = []
    for part in shapely.get_parts(geometry):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        packed = [pack(shapely.get_coordinates(r), closed=True) for r in shapely.get_rings(part)]
        polygons.append([line for line in packed if len(line) >= 6])
    return [rings for rings in polygons if rings]


def pack_lines(
    geometries: Iterable[Any], crs: CRS, tolerance_m: float, least_m: float = 0.0
) -> list[list[PackedLine]]:
    """Simplify and pack lines given in metres; each geometry gives a list of lines.

    Lines shorter than ``least_m`` are left out of the drawing.
    """
    shapes = np.array(list(geometries), dtype=object)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    drawn = (shapely.get_dimensions(parts) == 1) & (shapely.length(parts) >= least_m)
    thin, owner = shapely.simplify(parts[drawn], tolerance_m), owner[drawn]
    ends = np.cumsum(shapely.get_num_points(thin))
    lonlat = np.split(to_degrees(crs)(shapely.get_coordinates(thin)), ends[:-1])
    packed: list[list[PackedLine]] = [[] for _ in shapes]
    for n, points in zip(owner.tolist(), lonlat if len(owner) else [], strict=True):
        line = pack(points)
        if len(line) >= 4:
            packed[n].append(line)
    return packed


def province_outline(
    communes: gpd.GeoDataFrame, tolerance_m: float = 1500.0, store: Store | None = None
) -> list[list[list[float]]]:
    """Return the outer rings of all communes together, in degrees to two decimals, largest first.

    For a map of many provinces: holes, and parts smaller than a hundredth of the largest, are left out.

    Parameters
    ----------
    communes : GeoDataFrame
        In a metric system.
    tolerance_m, store
        As for `simplify_coverage`.
    """
    simple = simplify_coverage(communes, tolerance_m, store)
    # What a simplified border leaves open between communes closes again.
    whole = shapely.union_all(shapely.buffer(shapely.make_valid(simple.geometry.to_numpy()), 50.0))
    parts = sorted((p for p in shapely.get_parts(whole)), key=lambda part: -part.area)
    convert = to_degrees(communes.crs)
    rings = []
    for part in parts:
        if part.area < parts[0].area / 100.0:
            break
        outer = shapely.simplify(part.exterior, tolerance_m / 3.0)
        rings.append(np.round(convert(shapely.get_coordinates(outer)), 2).tolist())
    return rings


def svg_paths(
    geometries: Iterable[Any], width: float, decimals: int = 1
) -> tuple[list[str], tuple[float, float]]:
    """Write polygons given in metres as SVG path data that fits ``width`` units.

    Returns
    -------
    paths : list of str
    size : tuple of float
        Width and height of the drawing.
    """
    shapes = list(geometries)
    left, bottom, right, top = shapely.total_bounds(np.array(shapes, dtype=object))
    scale = width / max(right - left, 1e-9)
    paths = []
    for shape in shapes:
        parts = []
        for ring in shapely.get_rings(shapely.get_parts(shape)):
            xy = shapely.get_coordinates(ring)
            x = np.round((xy[:, 0] - left) * scale, decimals)
            y = np.round((top - xy[:, 1]) * scale, decimals)
            points = [f"{a:g} {b:g}" for a, b in zip(x[:-1], y[:-1], strict=True)]
            parts.append(
                "M" + "L".join(p for k, p in enumerate(points) if k == 0 or p != points[k - 1]) + "Z"
            )
        paths.append("".join(parts))
    return paths, (width, (top - bottom) * scale)
