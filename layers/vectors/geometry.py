"""Shapes: their coordinate system, their repair, and what two neighbours leave or share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from phusong.data.language import Text
from phusong.layers.inventory import Topology
from phusong.layers.keeping import Arrays, Keep, computed, digestible, packed, unpacked
from phusong.layers.positions.crs_words import VN2000_TM3, central_meridians, name_of
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Report, error, warning
from phusong.layers.tables.opening import RawTable

if TYPE_CHECKING:
    import geopandas as gpd

WGS84 = CRS.from_epsg(4326)

NO_CRS = error(
    "no-crs",
    "Tệp không khai hệ tọa độ.", "The file declares no coordinate system.",
    'Khai trong dự án, ví dụ crs = "EPSG:4326" (kinh vĩ độ WGS 84) hoặc crs = "EPSG:9217" '
    "(VN-2000, kinh tuyến trục 108°15').",
    'Declare it in the project, for example crs = "EPSG:4326" (longitude and latitude, WGS 84) or '
    'crs = "EPSG:9217" (VN-2000, central meridian 108°15\').',
)
BAD_CRS = error(
    "bad-crs",
    "Không hiểu hệ tọa độ '{crs}'.", "The coordinate system '{crs}' is not known.",
    'Ghi mã EPSG, ví dụ "EPSG:4326".', 'Give an EPSG code, for example "EPSG:4326".',
)
OTHER_CRS = warning(
    "crs-overridden",
    "Tệp khai hệ tọa độ {own}, dự án khai {declared}: dùng hệ của dự án.",
    "The file declares {own} and the project {declared}: the project's is used.",
    "Bỏ crs trong dự án nếu tệp khai đúng.", "Leave crs out of the project if the file is right.",
)
NO_GEOMETRY = error(
    "no-geometry",
    "Tệp không có hình học (đường hoặc vùng).", "The file has no shapes.",
    "Cần tệp GIS: GeoPackage, GeoJSON, Shapefile hoặc GeoParquet.",
    "A GIS file is needed: GeoPackage, GeoJSON, Shapefile or GeoParquet.",
)
EMPTY_SHAPE = error(
    "empty-shape",
    "Đối tượng không có hình học.", "The feature has no shape.",
    "Vẽ lại hoặc xóa đối tượng.", "Draw it again, or delete it.",
)
WRONG_SHAPE = error(
    "wrong-shape",
    "Đối tượng có kiểu hình học '{kind}', cần {needed}.",
    "The feature is a '{kind}' where {needed} is needed.",
    "Kiểm tra có nhầm tệp không.", "Check that this is the file that was meant.",
)
INVALID = warning(
    "invalid-shape",
    "Hình học không hợp lệ ({reason}); đã sửa, diện tích thay đổi {area} ({km2:.6f} km²).",
    "The shape is not valid ({reason}); it was repaired, its area changed by {area} ({km2:.6f} km²).",
    "Sửa trong QGIS bằng 'Fix geometries' và kiểm tra ranh giới.",
    "Mend it in QGIS with 'Fix geometries', and check the boundary.",
)
DATUM_LOST = warning(
    "vn2000-datum-lost",
    "Tệp khai phép chiếu của {crs} nhưng trên gốc WGS 84; nếu số liệu là VN-2000 thì lệch khoảng 200 m.",
    "The file declares the projection of {crs}, but on the datum WGS 84; if it is VN-2000, all is 200 m off.",
    'Nếu là VN-2000, khai trong dự án: crs = "EPSG:{epsg}".',
    'If it is VN-2000, say so in the project: crs = "EPSG:{epsg}".',
)


def crs_of(raw: RawTable, settings: LayerTable, report: Report, *, fallback: CRS | None = None) -> CRS | None:
    """Return the coordinate system of a layer: the project's, else the file's, else ``fallback``."""
    declared = parse_crs(settings.crs, report) if settings.crs is not None else None
    if settings.crs is not None and declared is None:
        return None
    if declared is not None:
        if raw.crs is not None and not declared.equals(raw.crs, ignore_axis_order=True):
            report.once(OTHER_CRS, own=crs_name(raw.crs), declared=crs_name(declared))
        report.crs = crs_name(declared)
        return declared
    found = raw.crs if raw.crs is not None else fallback
    if found is None:
        report.once(NO_CRS)
        return None
    crs = CRS.from_user_input(found)
    report.crs = crs_name(crs)
    lost = zone_without_datum(crs)
    if lost is not None:
        report.once(DATUM_LOST, crs=name_of(lost), epsg=str(lost))
    return crs


def zone_without_datum(crs: CRS) -> int | None:
    """Return the zone of VN-2000 that a system is but for its datum, WGS 84; None for all other systems.

    No such system is in use: the scale 0.9999 with 500 000 m at a meridian of Vietnam is VN-2000's alone.
    """
    if crs.is_bound or not crs.is_projected or crs.to_epsg() is not None:
        return None
    operation, ground = crs.coordinate_operation, crs.geodetic_crs
    if operation is None or ground is None or ground.datum is None or "Mercator" not in operation.method_name:
        return None
    if not any(name in ground.datum.name for name in ("World Geodetic System 1984", "WGS_1984", "WGS84")):
        return None
    values = {p.name: float(p.value) for p in operation.params}
    if abs(values.get("Scale factor at natural origin", 0.0) - 0.9999) > 1e-7:
        return None
    meridian = values.get("Longitude of natural origin", 0.0)
    zones = central_meridians()
    return next((e for e in VN2000_TM3 if abs(zones[e] - meridian) < 1e-3), None)


def parse_crs(text: str, report: Report) -> CRS | None:
    """Return the system that the project names, None after a fault."""
    try:
        return CRS.from_user_input(int(text) if text.isdigit() else text)
    except CRSError:
        report.once(BAD_CRS, column="crs", value=text, crs=text)
        return None


def crs_name(crs: CRS) -> str:
    """Return ``EPSG:n`` where there is one, else the name."""
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def transform(
    shapes: NDArray[np.object_], source: CRS, target: CRS
) -> NDArray[np.object_]:
    """Return the shapes in another coordinate system, x before y in both."""
    if source.equals(target, ignore_axis_order=True):
        return shapes
    turn = Transformer.from_crs(source, target, always_xy=True)
    moved = np.asarray(shapes, dtype=object).copy()
    xy = shapely.get_coordinates(moved)
    x, y = turn.transform(xy[:, 0], xy[:, 1])
    return np.asarray(shapely.set_coordinates(moved, np.column_stack([x, y])), dtype=object)


def take_shapes(
    raw: RawTable, report: Report, dimension: int, needed: tuple[str, str]
) -> NDArray[np.object_] | None:
    """Return the shapes of a layer of lines (1) or polygons (2); tell those that are absent or other.

    Those that are wrong are empty in the result. ``needed`` names the kind in Vietnamese and English.
    """
    if raw.geometry is None:
        report.once(NO_GEOMETRY)
        return None
    shapes = raw.geometry.copy()
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    report.each(EMPTY_SHAPE, absent, raw.rows)
    other = ~absent & (shapely.get_dimensions(shapes) != dimension)
    kinds = np.array([g.geom_type if g is not None else "" for g in shapes], dtype=object)
    report.each(WRONG_SHAPE, other, raw.rows, kind=kinds, needed=Text(*needed))
    shapes[absent | other] = shapely.Polygon() if dimension == 2 else shapely.LineString()
    return shapes


def repair(
    shapes: NDArray[np.object_], rows: NDArray[np.int64], report: Report, crs: CRS, metric: CRS
) -> NDArray[np.object_]:
    """Return polygons made valid, and tell which were not and by how much their area changed.

    Parameters
    ----------
    shapes : array of polygons, shape (n,)
    rows : array of int, shape (n,)
    report : Report
    crs, metric : CRS
        Of the shapes, and the one in which areas are measured.
    """
    wrong = ~shapely.is_valid(shapes)
    if not wrong.any():
        return shapes
    mended = shapes.copy()
    for i in np.flatnonzero(wrong):
        parts = shapely.get_parts(shapely.make_valid(shapes[i], method="structure", keep_collapsed=False))
        parts = parts[shapely.get_dimensions(parts) == 2]
        mended[i] = shapely.union_all(parts) if len(parts) else shapely.Polygon()
    change = np.zeros(len(shapes))
    before, after = transform(shapes[wrong], crs, metric), transform(mended[wrong], crs, metric)
    change[wrong] = np.abs(shapely.area(after) - shapely.area(before)) / 1e6
    reason = np.array([_reason(shapes[i]) if wrong[i] else "" for i in range(len(shapes))], dtype=object)
    area = np.array([said_area(km2 * 1e6) for km2 in change], dtype=object)
    report.each(INVALID, wrong, rows, area=area, km2=change, reason=reason)
    return mended


def _reason(shape: shapely.Geometry) -> object:

    said = str(shapely.is_valid_reason(shape)).partition("[")[0].strip().casefold()
    known = {
        "self-intersection": Text("tự cắt", "self-intersection"),
        "ring self-intersection": Text("vòng tự cắt", "ring self-intersection"),
        "hole lies outside shell": Text("lỗ nằm ngoài vùng", "hole outside its shell"),
        "nested shells": Text("vùng lồng nhau", "nested shells"),
        "interior is disconnected": Text("phần trong bị chia cắt", "interior cut in two"),
        "duplicate rings": Text("vòng trùng nhau", "duplicate rings"),
    }
    return known.get(said, Text("không khép kín hoặc suy biến", said or "degenerate"))


def said_area(m2: float) -> Text:
    """Return an area in words: square metres below a hectare, square kilometres above."""
    text = Text("{m2:.1f} m²", "{m2:.1f} m²") if m2 < 10_000 else Text("{km2:.2f} km²", "{km2:.2f} km²")
    values = {"m2": m2, "km2": m2 / 1e6}
    return Text(text.fill("vi", values), text.fill("en", values))


@dataclass(frozen=True)
class Seams:
    """What the communes share and what they leave between them.

    Attributes
    ----------
    overlaps : GeoDataFrame
        ``left right area_m2 geometry``: one row per pair of communes, with their codes.
    holes : GeoDataFrame
        ``area_m2 geometry``: ground enclosed by communes and in none.
    """

    overlaps: gpd.GeoDataFrame
    holes: gpd.GeoDataFrame

    @property
    def overlaps_km2(self) -> float:
        """Area claimed more than once; counted once for each pair."""
        return float(self.overlaps["area_m2"].sum()) / 1e6

    @property
    def holes_km2(self) -> float:
        """Area of the holes."""
        return float(self.holes["area_m2"].sum()) / 1e6

    def topology(self) -> Topology:
        """Return the ground in question without the codes: pieces that do not overlap one another."""
        import geopandas as gpd

        pieces = shapely.get_parts(shapely.union_all(np.asarray(self.overlaps.geometry.array, dtype=object)))
        pieces = pieces[shapely.get_dimensions(pieces) == 2]
        return Topology(
            overlaps=gpd.GeoSeries(pieces, crs=self.overlaps.crs), holes=gpd.GeoSeries(self.holes.geometry)
        )


def seams(
    communes: gpd.GeoDataFrame, metric: CRS | None = None, keep: Keep = computed
) -> Seams:
    """Find overlaps and holes between communes, slivers included.

    Only the polygons whose edges do not match their neighbours' are intersected, so that a clean layer
    costs little. Work in the coordinate system in which the file was drawn: after a reprojection, a
    vertex of one commune on a straight edge of another no longer lies on it.

    Parameters
    ----------
    communes : GeoDataFrame
        ``commune_code geometry``, valid polygons.
    metric : CRS, optional
        System of the result and of its areas; by default that of ``communes``.
    keep : Keep
        What keeps the search between runs.
    """
    import geopandas as gpd

    shapes = np.asarray(communes.geometry.array, dtype=object)
    codes = communes["commune_code"].to_numpy()
    target = metric if metric is not None else communes.crs
    found = keep(("seams", *digestible(shapes)), lambda: _search(shapes))
    a, b = found["pairs"]
    overlaps = gpd.GeoDataFrame(
        {"left": codes[a], "right": codes[b]}, geometry=unpacked("shared", found), crs=communes.crs
    ).to_crs(target)
    overlaps.insert(2, "area_m2", overlaps.area)
    order = np.lexsort([overlaps["right"].astype(str), overlaps["left"].astype(str)])
    overlaps = overlaps.iloc[order].reset_index(drop=True)
    holes = gpd.GeoDataFrame(geometry=unpacked("holes", found), crs=communes.crs).to_crs(target)
    holes.insert(0, "area_m2", holes.area)
    return Seams(overlaps, holes)


def _search(shapes: NDArray[np.object_]) -> Arrays:
    """Return pairs of positions, what both share, and holes, as arrays that can be kept."""
    apart = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes))
    odd = np.flatnonzero(apart)
    a, b = shapely.STRtree(shapes).query(shapes[odd])
    a = odd[a]
    once = (a != b) & ((a < b) | ~apart[b])
    a, b = np.minimum(a[once], b[once]), np.maximum(a[once], b[once])
    shared = _only_areas(shapely.intersection(shapes[a], shapes[b]))
    some = ~shapely.is_empty(shared)
    return {
        "pairs": np.stack([a[some], b[some]]), **packed("shared", shared[some]),
        **packed("holes", _holes(shapes, apart)),
    }


def _holes(shapes: NDArray[np.object_], apart: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Return the ground inside the outer rings of the communes' union that the union lacks."""
    tidy: Any = shapely.get_parts(shapely.coverage_union_all(shapes[~apart])) if (~apart).any() else []
    whole = shapely.union_all(np.concatenate([shapes[apart], np.asarray(tidy, dtype=object)]))
    rings = [shapely.Polygon(ring) for part in shapely.get_parts(whole) for ring in part.interiors]
    if not rings:
        return np.array([], dtype=object)
    # An island within a hole is no part of it.
    left = _only_areas(shapely.difference(np.array(rings, dtype=object), whole))
    return np.asarray(left[~shapely.is_empty(left)], dtype=object)


def _only_areas(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the polygons of shapes that may also hold the points and lines where neighbours touch."""
    result = np.array(shapes, dtype=object)
    for i in np.flatnonzero(shapely.get_type_id(result) == 7):
        parts = shapely.get_parts(result[i])
        result[i] = shapely.multipolygons(parts[shapely.get_type_id(parts) == 3])
    result[(shapely.get_dimensions(result) < 2) | (shapely.area(result) == 0)] = shapely.Polygon()
    return result
