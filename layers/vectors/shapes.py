"""Layers of lines and polygons: read, repaired, moved onto the grid's system, held against the province."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.layers.boundaries.province import FAR_M, Province
from phusong.layers.rules import error, warning
from phusong.layers.source import Layer
from phusong.layers.tables.columns import Table
from phusong.layers.vectors.geometry import WGS84, crs_of, repair, take_shapes, transform

ALL_OUTSIDE = error(
    "outside-province",
    "Không đối tượng nào nằm trong tỉnh hoặc cách tỉnh dưới {km:.0f} km.",
    "No feature lies in the province, or within {km:.0f} km of it.",
    "Kiểm tra tọa độ và hệ tọa độ của tệp.", "Check the coordinates of the file, and their system.",
)
ALL_SWAPPED = error(
    "swapped-coordinates",
    "Kinh độ và vĩ độ bị đổi chỗ: đổi lại thì các đối tượng nằm trong tỉnh.",
    "Longitude and latitude are swapped: the other way round, the features lie in the province.",
    "Xuất lại tệp với kinh độ (x) trước, vĩ độ (y) sau.",
    "Export the file again with longitude (x) before latitude (y).",
)
SOME_OUTSIDE = warning(
    "features-outside",
    "{n} đối tượng nằm cách tỉnh hơn {km:.0f} km; vẫn được giữ.",
    "{n} features lie more than {km:.0f} km outside the province; they are kept.",
    "Kiểm tra, ví dụ đối tượng số {rows}.", "Check them, for example feature {rows}.",
)


@dataclass(frozen=True)
class Kind:
    """What a layer's features must be."""

    dimension: int
    vi: str
    en: str


LINES = Kind(1, "đường", "a line")
AREAS = Kind(2, "vùng", "an area")


def read_shapes(
    table: Table, layer: Layer, province: Province | None, kind: Kind
) -> NDArray[np.object_] | None:
    """Return the shapes of a layer in the grid's system (in the file's where there is no province)."""
    report = table.report
    shapes = take_shapes(table.raw, report, kind.dimension, (kind.vi, kind.en))
    crs = crs_of(table.raw, layer.settings, report)
    if shapes is None or crs is None:
        return None
    metric = province.grid.crs if province is not None else WGS84
    if kind.dimension == 2:
        shapes = repair(shapes, table.raw.rows, report, crs, metric)
    if province is None:
        return shapes
    moved = _finite(transform(shapes, crs, metric))
    ground = shapely.box(*province.communes.total_bounds).buffer(FAR_M, join_style="mitre")
    near = shapely.intersects(moved, ground)
    away = ~shapely.is_empty(shapes) & ~near
    if near.any():
        if away.any():
            rows = ", ".join(str(row) for row in table.raw.rows[away][:5])
            report.once(SOME_OUTSIDE, n=int(away.sum()), km=FAR_M / 1000, rows=rows)
    elif away.any():
        turned = _finite(transform(_swapped(shapes), crs, metric))
        swapped = bool(shapely.intersects(turned, ground).any())
        report.once(ALL_SWAPPED if swapped else ALL_OUTSIDE, km=FAR_M / 1000)
    return moved


def _swapped(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    turned = shapes.copy()
    return np.asarray(shapely.set_coordinates(turned, shapely.get_coordinates(shapes)[:, ::-1]), dtype=object)


def _finite(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the shapes, empty where a coordinate has no place on Earth."""
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    wild = np.unique(owner[~np.isfinite(xy).all(axis=1)])
    if len(wild):
        shapes = shapes.copy()
        shapes[wild] = shapely.Polygon()
    return shapes
