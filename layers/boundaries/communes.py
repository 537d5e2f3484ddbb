"""The communes: the unit of every table, and the ground of the grid."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from phusong.layers.boundaries.codes import REPAIRED, own_codes, tell_duplicates
from phusong.layers.boundaries.province import Province
from phusong.layers.grid import Grid
from phusong.layers.keeping import Keep, computed
from phusong.layers.lands import lands_of
from phusong.layers.project.schema import GridTable
from phusong.layers.project.words import NOT_METRIC
from phusong.layers.rules import Report, error, warning
from phusong.layers.source import Layer
from phusong.layers.tables.columns import Column, Table
from phusong.layers.vectors.geometry import (
    WGS84,
    Seams,
    crs_of,
    parse_crs,
    repair,
    said_area,
    seams,
    take_shapes,
    transform,
)

COLUMNS = (
    Column("commune_code", needed=True),
    Column("commune_name"),
    Column("population", "number", low=0.0),
    Column("kind"),
    Column("commune_disadvantaged"),
)
_FLAGS = {"kind": "kind", "commune_disadvantaged": "disadvantaged"}
MAX_CELLS = 400_000_000

DUPLICATE = error(
    "duplicate-commune",
    "Mã xã trùng với dòng {first}.", "The commune code stands in row {first} as well.",
    "Mỗi xã một đối tượng: gộp các phần của cùng một xã, hoặc sửa mã.",
    "One feature per commune: merge the parts of a commune, or mend the code.",
)
NO_NAME = warning(
    "no-name",
    "{n} xã không có tên: dùng mã thay tên.", "{n} communes have no name: the code stands for it.",
    'Khai cột tên: columns = {{ commune_name = "…" }}.',
    'Say which column holds it: columns = {{ commune_name = "…" }}.',
)
OVERLAPS = warning(
    "overlaps",
    "{n} chỗ hai xã chồng lên nhau, tổng cộng {area} (lớn nhất giữa {left} và {right}).",
    "Communes overlap in {n} places, {area} in all (the largest between {left} and {right}).",
    "Người dân ở đó chỉ tính một lần cho toàn tỉnh; sửa ranh giới nếu diện tích đáng kể.",
    "People there count once for the province; mend the boundaries if the area matters.",
)
HOLES = warning(
    "holes",
    "{n} khoảng hở giữa các xã, tổng cộng {area}.",
    "{n} holes between communes, {area} in all.",
    "Người dân ở đó tính là ngoài các xã; sửa ranh giới nếu diện tích đáng kể.",
    "People there count as outside all communes; mend the boundaries if the area matters.",
)
TOO_LARGE = error(
    "grid-too-large",
    "Lưới có {rows} × {columns} ô, quá lớn.", "The grid would have {rows} × {columns} cells, too many.",
    "Kiểm tra hệ tọa độ của lớp xã, hoặc tăng cell_m.",
    "Check the coordinate system of the communes, or raise cell_m.",
)
OFF_EARTH = error(
    "impossible-coordinates",
    "Ranh giới có tọa độ không có trên Trái Đất trong hệ {crs}.",
    "The boundaries have coordinates that {crs} does not know.",
    'Khai đúng hệ tọa độ trong dự án: crs = "EPSG:…".',
    'Declare the right one in the project: crs = "EPSG:…".',
)


def read_communes(
    layer: Layer, province_code: str, grid: GridTable, keep: Keep = computed
) -> tuple[Province, Seams] | None:
    """Read the communes and lay the grid over them.

    Parameters
    ----------
    layer : Layer
    province_code : str
        Two digits mean Vietnam, where communes' codes have five.
    grid : GridTable
        Coordinate system (by default the UTM zone of the communes' middle) and cell size.
    keep : Keep
        What keeps parts of reading between runs.

    Returns
    -------
    tuple of Province and Seams, or None
        None where there is nothing on which the other layers could be laid.
    """
    import geopandas as gpd

    report = layer.report
    table = layer.open(COLUMNS)
    if table is None:
        return None
    shapes = take_shapes(table.raw, report, 2, ("vùng", "an area"))
    crs = crs_of(table.raw, layer.settings, report)
    if shapes is None or crs is None:
        return None
    lonlat = transform(shapes, crs, WGS84)
    bounds = shapely.total_bounds(lonlat)
    if not np.isfinite(shapely.get_coordinates(lonlat)).all() or np.abs(bounds[[1, 3]]).max() > 90:
        report.once(OFF_EARTH, crs=crs.name)
        return None
    if np.isnan(bounds).any():
        return None
    metric = parse_crs(grid.crs, report) if grid.crs is not None else utm_zone(bounds)
    if metric is None or not _is_metric(metric, report):
        return None
    shapes = repair(shapes, table.raw.rows, report, crs, metric)
    attributes = _attributes(table, province_code)
    drawn = gpd.GeoDataFrame(attributes, geometry=shapes, crs=crs)
    drawn = drawn[~drawn.geometry.is_empty].sort_values("commune_code", kind="stable", ignore_index=True)
    found = seams(drawn, metric, keep)
    _tell_seams(found, report)
    moved = _valid(transform(np.asarray(drawn.geometry.array, dtype=object), crs, metric))
    communes = drawn.set_geometry(gpd.GeoSeries(moved, crs=metric), crs=metric)
    cells = Grid.cover(tuple(communes.total_bounds), metric, grid.cell_m)
    if cells.size > MAX_CELLS:
        report.once(TOO_LARGE, rows=cells.shape[0], columns=cells.shape[1])
        return None
    lands = lands_of(shapely.bounds(shapely.get_parts(moved)), cells)
    # Arrays that leave out the sea are quicker made than read.
    return Province(replace(cells, lands=lands), communes, computed if lands else keep), found


def utm_zone(bounds: Any) -> CRS:
    """Return the UTM zone (WGS 84) of the middle of left, bottom, right, top in degrees."""
    lon, lat = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    zones = query_utm_crs_info("WGS 84", AreaOfInterest(lon, lat, lon, lat), contains=True)
    south = lat < 0
    mine = [z for z in zones if z.name.endswith("S") == south]
    if mine:
        return CRS.from_epsg(int(mine[0].code))
    zone = int((lon + 180) // 6) % 60 + 1  # beyond 84 N and 80 S there is no zone: take the meridian's
    return CRS.from_epsg((32700 if south else 32600) + zone)


def _is_metric(crs: CRS, report: Report) -> bool:
    metric = crs.is_projected and all(a.unit_conversion_factor == 1.0 for a in crs.axis_info[:2])
    if not metric:
        report.once(NOT_METRIC, crs=crs.name)
    return metric


def _attributes(table: Table, province_code: str) -> dict[str, Any]:
    codes = own_codes(table["commune_code"].tolist(), province_code)
    table.each(REPAIRED, codes != table["commune_code"], "commune_code", code=codes)
    tell_duplicates(table, "commune_code", codes, DUPLICATE)
    given = table["commune_name"] if table.has("commune_name") else np.full(len(table), "", dtype=object)
    nameless = given == ""
    if nameless.any():
        table.report.once(NO_NAME, n=int(nameless.sum()))
    population = table["population"] if table.has("population") else np.full(len(table), np.nan)
    return {
        "commune_code": codes,
        "commune_name": np.where(nameless, codes, given),
        "population": population,
        **{ours: table[name] for name, ours in _FLAGS.items() if table.has(name)},
    }


def _valid(shapes: Any) -> Any:
    """Return shapes that a reprojection, which may cross edges a hair's breadth apart, left valid."""
    wrong = ~shapely.is_valid(shapes)
    if wrong.any():
        shapes = shapes.copy()
        shapes[wrong] = shapely.make_valid(shapes[wrong], method="structure", keep_collapsed=False)
    return shapes


def _tell_seams(found: Seams, report: Report) -> None:
    if len(found.overlaps):
        top = found.overlaps.loc[found.overlaps["area_m2"].idxmax()]
        report.once(
            OVERLAPS, n=len(found.overlaps), km2=found.overlaps_km2, area=said_area(found.overlaps_km2 * 1e6),
            left=str(top["left"]), right=str(top["right"]),
        )
    if len(found.holes):
        area = said_area(found.holes_km2 * 1e6)
        report.once(HOLES, n=len(found.holes), km2=found.holes_km2, area=area)

