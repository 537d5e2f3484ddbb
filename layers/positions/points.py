"""Positions of point layers: parsed, projected, and held against the province."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from phusong.data.language import Text
from phusong.layers.boundaries.province import FAR_M, Province
from phusong.layers.grid import FloatArray
from phusong.layers.positions.columns import holds, read_positions, shapes_crs
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Rule, error, warning
from phusong.layers.tables.columns import Table
from phusong.layers.vectors.geometry import EMPTY_SHAPE, WGS84, WRONG_SHAPE, crs_name, crs_of

MISSING_POSITION = error(
    "missing-coordinates",
    "Thiếu tọa độ.", "The coordinates are missing.",
    "Điền kinh độ và vĩ độ, hoặc xóa dòng.", "Fill in longitude and latitude, or delete the row.",
)
SWAPPED = error(
    "swapped-coordinates",
    "{axes} bị đổi chỗ{again}: đổi lại thì điểm nằm trong tỉnh.",
    "{axes} are swapped{again}: the other way round, the point lies in the province.",
    'Đổi hai cột, ví dụ trong dự án: columns = {{ lon = "{lat}", lat = "{lon}" }}.',
    'Swap the two columns, for example in the project: columns = {{ lon = "{lat}", lat = "{lon}" }}.',
)
ALL_SWAPPED = error(
    "swapped-coordinates",
    "{axes} bị đổi chỗ ở {n} dòng (dòng {first}): đổi lại thì các điểm nằm trong tỉnh.",
    "{axes} are swapped in {n} rows (rows {first}): the other way round, the points lie in the province.",
    'Đổi hai cột, ví dụ trong dự án: columns = {{ lon = "{lat}", lat = "{lon}" }}.',
    'Swap the two columns, for example in the project: columns = {{ lon = "{lat}", lat = "{lon}" }}.',
)
FAR_OUTSIDE = error(
    "outside-province",
    "Điểm nằm ngoài tỉnh, cách {km:.1f} km{again}.",
    "The point lies outside the province, {km:.1f} km away{again}.",
    "Kiểm tra tọa độ và hệ tọa độ; bỏ các điểm của tỉnh khác.",
    "Check the coordinates and their system; leave out points of other provinces.",
)
IMPOSSIBLE = error(
    "impossible-coordinates",
    "Tọa độ không có trên Trái Đất{again}.", "There are no such coordinates on Earth{again}.",
    'Kinh độ từ -180 đến 180, vĩ độ từ -90 đến 90; tọa độ phẳng (mét) thì khai crs, ví dụ crs = "EPSG:9217".',
    "Longitude is from -180 to 180, latitude from -90 to 90; for metres, declare the system, "
    'for example crs = "EPSG:9217".',
)
NEAR_OUTSIDE = warning(
    "near-border",
    "Điểm nằm ngoài ranh giới tỉnh {km:.2f} km{again}; vẫn được tính.",
    "The point lies {km:.2f} km outside the province's border{again}; it is kept.",
    "Kiểm tra nếu không phải điểm sát ranh giới.", "Check it, unless it is known to stand at the border.",
)
FROM_AREA = warning(
    "point-from-area",
    "{n} đối tượng là vùng, không phải điểm: lấy một điểm nằm trong vùng.",
    "{n} features are areas, not points: a point inside each is taken.",
)

_LONLAT = Text("Kinh độ và vĩ độ", "Longitude and latitude")
_XY = Text("Hoành độ và tung độ", "Easting and northing")
_POINT = ("điểm", "a point")
_MANY_SWAPPED = 3
"""Rows from which a swap is that of the columns, if half of all rows have it, and is told once."""


@dataclass(frozen=True)
class Points:
    """Positions of a layer; NaN where they could not be read.

    Attributes
    ----------
    lon, lat : array of float64, shape (n,)
        Degrees, WGS 84.
    x_m, y_m : array of float64, shape (n,)
        In the grid's system; NaN where the province is not known.
    commune : array of int64, shape (n,)
        Position of the commune that holds the point, -1 where none does.
    """

    lon: FloatArray
    lat: FloatArray
    x_m: FloatArray
    y_m: FloatArray
    commune: NDArray[np.int64]

    def shapes(self) -> NDArray[np.object_]:
        """Return shapely points, empty where the position is not known."""
        known = np.isfinite(self.x_m) & np.isfinite(self.y_m)
        shapes = np.full(len(self.x_m), shapely.Point(), dtype=object)
        shapes[known] = shapely.points(self.x_m[known], self.y_m[known])
        return shapes


def read_points(
    table: Table, settings: LayerTable, province: Province | None, *, province_code: str = ""
) -> Points | None:
    """Return where the rows of a table lie, and tell which lie where they cannot.

    Shapes of the file win over its columns of coordinates (`phusong.layers.positions.columns`); ``lon`` and
    ``lat`` hold eastings and northings where the project declares a projected system for the layer. Without
    the province's communes, ``province_code`` says where coordinates without a system are to be tried.

    Returns
    -------
    Points or None
        None where there are no coordinates at all.
    """
    headers = table.headers.get("lon", "lon"), table.headers.get("lat", "lat")
    if table.raw.geometry is not None:
        x, y = _of_shapes(table)
        if table.raw.crs is None and settings.crs is None:
            crs = shapes_crs(table, x, y, province, province_code)
        else:
            crs = crs_of(table.raw, settings, table.report)
        if crs is None or not holds(x, y, crs, table, province):
            return None
    else:
        read = read_positions(table, settings, province, province_code=province_code)
        if read is None:
            return None
        x, y, crs, headers = read.x, read.y, read.crs, read.headers
        both = ", ".join(dict.fromkeys(headers))
        table.report.each(
            MISSING_POSITION, (np.isnan(x) | np.isnan(y)) & ~read.wrong, table.raw.rows, column=both
        )
    table.report.crs = table.report.crs or crs_name(crs)
    gone = ~(np.isfinite(x) & np.isfinite(y))
    x[gone] = y[gone] = np.nan
    lon, lat = _turn(x, y, crs, WGS84)
    if province is None:
        nowhere = np.full(len(x), np.nan)
        return Points(lon, lat, nowhere, nowhere, np.full(len(x), -1))
    x_m, y_m = _turn(x, y, crs, province.grid.crs)
    commune = province.commune_of(x_m, y_m)
    _tell_outside(table, province, crs, (x, y), (x_m, y_m), gone | (commune >= 0), headers)
    return Points(lon, lat, x_m, y_m, commune)


def _of_shapes(table: Table) -> tuple[FloatArray, FloatArray]:
    shapes = table.raw.geometry
    assert shapes is not None
    rows = table.raw.rows
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    table.report.each(EMPTY_SHAPE, absent, rows)
    nowhere = ~absent & ~np.isfinite(shapely.bounds(shapes)).all(axis=1)
    table.report.each(MISSING_POSITION, nowhere, rows)
    absent |= nowhere
    kind = shapely.get_type_id(shapes)
    area = ~absent & np.isin(kind, (3, 6))
    single = (kind == 4) & (shapely.get_num_geometries(shapes) == 1)
    other = ~absent & ~area & (kind != 0) & ~single
    names = np.array([g.geom_type if g is not None else "" for g in shapes], dtype=object)
    table.report.each(WRONG_SHAPE, other, rows, kind=names, needed=Text(*_POINT))
    if area.any():
        table.report.once(FROM_AREA, n=int(area.sum()))
    points = shapes.copy()
    points[area] = shapely.point_on_surface(shapes[area])
    points[single] = shapely.get_geometry(shapes[single], 0)
    points[absent | other] = None
    return shapely.get_x(points), shapely.get_y(points)


def _turn(x: FloatArray, y: FloatArray, source: CRS, target: CRS) -> tuple[FloatArray, FloatArray]:
    """Return coordinates in another system, NaN where there is no such place."""
    if source.equals(target, ignore_axis_order=True):
        a, b = x.astype(np.float64), y.astype(np.float64)
    else:
        fits = np.ones(len(x), dtype=bool) if source.is_projected else (np.abs(x) <= 360) & (np.abs(y) <= 90)
        turn = Transformer.from_crs(source, target, always_xy=True)
        a, b = turn.transform(np.where(fits, x, np.nan), np.where(fits, y, np.nan))
    wild = ~(np.isfinite(a) & np.isfinite(b))
    return np.where(wild, np.nan, a), np.where(wild, np.nan, b)


def _tell_outside(
    table: Table,
    province: Province,
    crs: CRS,
    given: tuple[FloatArray, FloatArray],
    metric: tuple[FloatArray, FloatArray],
    settled: NDArray[np.bool_],
    headers: tuple[str, str],
) -> None:
    """Tell points outside all communes: swapped, far, or just beyond the border."""
    where = np.flatnonzero(~settled)
    if not len(where):
        return
    x, y = given[0][where], given[1][where]
    distance = province.distance_m(metric[0][where], metric[1][where])
    far = ~(distance <= FAR_M)
    swapped = far.copy()
    swapped[far] = province.distance_m(*_turn(y[far], x[far], crs, province.grid.crs)) <= FAR_M
    nowhere = far & ~swapped & np.isnan(distance)
    rows = table.raw.rows[where]
    lon, lat = headers
    both = (f"{lon}, {lat}" if lon != lat else lon) if table.raw.geometry is None else ""
    digits = 3 if crs.is_projected else 6
    said = np.array([f"{a:.{digits}f}, {b:.{digits}f}" for a, b in zip(x, y, strict=True)], dtype=object)
    axes = _XY if crs.is_projected else _LONLAT
    if swapped.sum() >= _MANY_SWAPPED and swapped.sum() >= 0.5 * np.isfinite(given[0]).sum():
        table.report.once(
            ALL_SWAPPED, row=str(rows[swapped][0]), column=both, value=said[swapped][0], axes=axes,
            n=int(swapped.sum()), first=_listed(rows[swapped]), lon=lon, lat=lat,
        )
        swapped_told = np.zeros_like(swapped)
    else:
        swapped_told = swapped
    once, again = _by_place(x, y, rows)

    def tell(rule: Rule, wrong: NDArray[np.bool_], **values: Any) -> None:
        """Tell the rows that break a rule, in the columns of both coordinates."""
        table.report.each(rule, wrong & once, rows, column=both, value=said, again=again, **values)

    tell(SWAPPED, swapped_told, axes=axes, lon=lon, lat=lat)
    tell(IMPOSSIBLE, nowhere)
    tell(FAR_OUTSIDE, far & ~swapped & ~nowhere, km=distance / 1000)
    tell(NEAR_OUTSIDE, ~far, km=distance / 1000)


def _by_place(
    x: FloatArray, y: FloatArray, rows: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.object_]]:
    """Return which rows are the first of their place, and words for the others: a site has many cells."""
    _, first, back = np.unique(np.column_stack([x, y]), axis=0, return_index=True, return_inverse=True)
    once = np.zeros(len(x), dtype=bool)
    once[first] = True
    again = np.full(len(x), Text("", ""), dtype=object)
    order = np.argsort(back.reshape(-1), kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(back.reshape(-1)[order])) + 1):
        others = np.unique(rows[group[1:]])
        others = others[others != rows[group[0]]]
        if len(others):
            listed = _listed(others)
            again[group[0]] = Text(f" (cũng ở dòng {listed})", f" (rows {listed} as well)")
    return once, again


def _listed(rows: NDArray[np.int64]) -> str:
    return ", ".join(str(r) for r in rows[:5]) + (", …" if len(rows) > 5 else "")
