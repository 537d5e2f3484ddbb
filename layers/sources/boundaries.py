"""Communes' boundaries, held against the official units before anybody uses them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from phusong.data.language import Text
from phusong.data.names import fold
from phusong.layers.sources.adapter import Job, Note, Taken
from phusong.layers.sources.area import FARTHEST_DEG, Area, area_km2_of, point_of
from phusong.layers.sources.files import write_shapes
from phusong.layers.sources.transfer import (
    DAMAGED,
    OFFLINE,
    SourceError,
    cached_path,
    download,
    public_address,
)

if TYPE_CHECKING:
    import geopandas as gpd

FARTHEST_POINT_DEG = 0.3
"""A polygon of the right name farther than this from the official point is another place."""
AREA_FACTOR = 1.5
"""Areas that differ by more from the official one are told."""

NO_COMMUNE = Text(
    "không có ranh giới nào khớp với {n} xã, phường chính thức của {province}",
    "none of its boundaries is one of the {n} official communes of {province}",
)
MATCHED = Text(
    "Đối chiếu với danh mục chính thức: khớp {n}/{total} xã, phường, đặc khu.",
    "Held against the official list: {n} of {total} communes agree.",
)
LACKING = Text(
    "Thiếu ranh giới của {n} đơn vị: {names}. Người dân ở đó chưa được tính vào xã nào.",
    "No boundary for {n} units: {names}. Their people are in no commune yet.",
)
OTHER_AREA = Text(
    "Diện tích lệch quá {factor} lần so với công bố ở {n} đơn vị: {names}. Xem lại ranh giới.",
    "{n} units differ from their official area by more than a factor of {factor}: {names}. "
    "Look at their boundaries.",
)
APPROXIMATE = Text(
    "Ranh giới xã chỉ áng chừng: tỉnh cũ chia theo điểm chính thức gần nhất. Thay bằng ranh giới thật khi "
    "có.",
    "The communes are approximate: former provinces divided by the nearest official point. Replace them by "
    "true boundaries when you have them.",
)
LICENCE = Text(
    "giấy phép '{licence}' không thuộc loại cho dùng tự do", "its licence '{licence}' is no open one"
)
NO_PROVINCE = Text("không có {names} trong tệp", "{names} is not in the file")
COLUMNS_CHANGED = Text(
    "tệp không còn cột {columns}: nhà xuất bản đã đổi cấu trúc",
    "the columns {columns} are not there any more: the publisher has changed the file",
)
OPEN_LICENCES = (
    "cc by", "cc-by", "creative commons attribution", "odbl", "open data commons", "cc0", "public",
)
CLOSED_WORDS = ("noncommercial", "non-commercial", "-nc", " nc", "no derivative", "-nd")


@dataclass(frozen=True)
class Matched:
    """Boundaries beside the official units.

    Attributes
    ----------
    communes : GeoDataFrame
        ``commune_code commune_name population`` (None where not said) and polygons in EPSG:4326, by code.
    lacking : tuple of str
        Official names without a boundary.
    other_area : tuple of str
        Official names whose polygon has another area.
    """

    communes: gpd.GeoDataFrame
    lacking: tuple[str, ...]
    other_area: tuple[str, ...]


def match_communes(polygons: Sequence[Mapping[str, Any]], area: Area) -> Matched:
    """Find the polygon of every official commune, by name and place.

    Of several polygons of a name, the one that holds the official point is taken, then the one of the
    higher administrative level, then the one nearest in area. No polygon is taken twice.

    Parameters
    ----------
    polygons : sequence of mappings
        ``name level population geometry`` in degrees.
    area : Area
    """
    import geopandas as gpd

    by_name: dict[str, list[int]] = {}
    for n, polygon in enumerate(polygons):
        for key in {fold(polygon["name"]), fold(polygon["name"], prefix=True)}:
            by_name.setdefault(key, []).append(n)
    sizes = _areas_km2([p["geometry"] for p in polygons])
    taken: set[int] = set()
    rows: list[dict[str, Any]] = []
    lacking: list[str] = []
    other: list[str] = []
    # Exact names first, so that xã X does not take the polygon of phường X.
    order = sorted(area.communes, key=lambda c: fold(c["commune_name"]) not in by_name)
    for commune in order:
        name, official_km2 = commune["commune_name"], area_km2_of(commune)
        where = point_of(commune)
        point = shapely.Point(where) if where is not None else shapely.Point()
        same = by_name.get(fold(name)) or by_name.get(fold(name, prefix=True), [])
        ranked = sorted(
            (not polygons[n]["geometry"].covers(point), polygons[n]["level"],
             abs(sizes[n] - official_km2), n)
            for n in same
            if n not in taken
            and (where is None or polygons[n]["geometry"].distance(point) < FARTHEST_POINT_DEG)
        )  # fmt: skip
        if not ranked:
            lacking.append(name)
            continue
        n = ranked[0][-1]
        taken.add(n)
        if official_km2 and not official_km2 / AREA_FACTOR <= sizes[n] <= official_km2 * AREA_FACTOR:
            other.append(name)
        said = str(polygons[n].get("population", ""))
        rows.append(
            {
                "commune_code": commune["commune_code"], "commune_name": name,
                "population": int(said) if said.isdigit() else None, "geometry": polygons[n]["geometry"],
            }
        )
    rows.sort(key=lambda row: str(row["commune_code"]))
    frame = gpd.GeoDataFrame(
        rows, columns=["commune_code", "commune_name", "population", "geometry"], crs="EPSG:4326"
    )
    if frame["population"].isna().any():  # a part of a column would scale a part of the people
        frame = frame.drop(columns="population")
    return Matched(frame, tuple(sorted(lacking)), tuple(sorted(other)))


def write_communes(job: Job, polygons: Sequence[Mapping[str, Any]], addresses: tuple[str, ...]) -> Taken:
    """Match polygons with the official units, write ``communes.gpkg`` and say how well they agree."""
    matched = match_communes(polygons, job.area)
    total = len(job.area.communes)
    if matched.communes.empty:
        raise SourceError(NO_COMMUNE, n=total, province=job.area.province.name)
    write_shapes(matched.communes, job.folder / "communes.gpkg", "communes")
    notes = [Note(MATCHED, {"n": len(matched.communes), "total": total})]
    if matched.lacking:
        notes.append(Note(LACKING, {"n": len(matched.lacking), "names": _some(matched.lacking)}))
    if matched.other_area:
        notes.append(
            Note(
                OTHER_AREA,
                {"n": len(matched.other_area), "names": _some(matched.other_area), "factor": AREA_FACTOR},
            )
        )
    return Taken(
        {"communes": "communes.gpkg"}, addresses, notes=tuple(notes), rows={"communes": len(matched.communes)}
    )


def take_geoboundaries(job: Job) -> Taken:
    """Merge the former provinces and divide them among the communes by the nearest official point.

    geoBoundaries has no units of after 1 July 2025, so the communes are approximate and said to be so.
    """
    said = _described(job)
    licence = str(said.get("boundaryLicense", ""))
    folded = licence.casefold()
    if not any(w in folded for w in OPEN_LICENCES) or any(w in folded for w in CLOSED_WORDS):
        raise SourceError(LICENCE, licence=licence or "?")
    if "gjDownloadURL" not in said:
        raise SourceError(COLUMNS_CHANGED, columns="gjDownloadURL")
    address = str(said["gjDownloadURL"])
    path = download(job.line, address, fresh=job.line.refresh)
    try:
        outline = _former_provinces(path.read_bytes(), job.area, address)
    except SourceError as error:
        if error.text is DAMAGED:
            path.unlink(missing_ok=True)  # the next time it is taken anew
        raise
    polygons = _nearest_point(job.area, outline)
    taken = write_communes(job, polygons, (job.source.address, address))
    return Taken(
        taken.files, taken.addresses, licence=licence, attribution=_attribution(job, said),
        vintage=str(said.get("boundaryYearRepresented", "")),
        notes=(Note(APPROXIMATE), *taken.notes), rows=taken.rows,
    )


def _attribution(job: Job, said: Mapping[str, Any]) -> str:
    """Return whom to name: the catalogue's, and where the boundaries themselves are from."""
    origin = str(said.get("boundarySource", "")).strip()
    return f"{job.source.attribution}; {origin}" if origin else job.source.attribution


def _described(job: Job) -> dict[str, Any]:
    """Return what the programming interface says of the file."""
    address = job.source.address + "index.json"  # its name in the cache; the server knows the folder
    kept = cached_path(job.line, address)
    if job.line.offline and not kept.is_file():
        raise SourceError(OFFLINE, address=public_address(job.source.address))
    if job.line.refresh or not kept.is_file():
        from phusong.layers.sources.transfer import ask, locked, refuse_page

        with ask(job.line, job.source.address) as answer:
            content = answer.content
        refuse_page(content, job.line.address(job.source.address))
        with locked(kept):
            part = kept.with_name(kept.name + ".part")
            part.write_bytes(content)
            part.replace(kept)
    try:
        said = json.loads(kept.read_bytes())
        return dict(said[0] if isinstance(said, list) else said)
    except (ValueError, TypeError, IndexError) as error:
        kept.unlink()
        raise SourceError(DAMAGED, address=public_address(job.source.address), reason="JSON") from error


def _former_provinces(content: bytes, area: Area, address: str) -> Any:
    try:
        features = json.loads(content)["features"]
        shapes = {fold(f["properties"]["shapeName"], prefix=True): f["geometry"] for f in features}
    except (ValueError, TypeError) as error:
        raise SourceError(DAMAGED, address=public_address(address), reason="GeoJSON") from error
    except KeyError as error:
        raise SourceError(COLUMNS_CHANGED, columns=str(error).strip("'")) from error
    # As geoBoundaries writes them: 'Thành phố Hồ Chí Minh', 'Bà Rịa - Vũng Tàu', 'Đồng Nai province'.
    wanted = {fold(name, prefix=True): name for name in area.province.former}
    lacking = [name for key, name in wanted.items() if not any(_is(k, key) for k in shapes)]
    if lacking:
        raise SourceError(NO_PROVINCE, names=", ".join(lacking))
    found = [
        shapely.make_valid(shapely.from_geojson(json.dumps(shape)))
        for k, shape in shapes.items()
        if any(_is(k, key) for key in wanted)
    ]
    return shapely.union_all(found)


def _is(found: str, wanted: str) -> bool:
    return found in (wanted, wanted + "province", wanted + "city")


def _nearest_point(area: Area, outline: Any) -> list[dict[str, Any]]:
    """Divide the outline by the nearest official point of a commune (Voronoi)."""
    far = set(area.far)
    near = [c for c in area.communes if c["commune_name"] not in far]
    points = shapely.MultiPoint([p for c in near if (p := point_of(c)) is not None])
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=outline.buffer(FARTHEST_DEG)))
    tree = shapely.STRtree(cells)
    polygons = []
    for commune, point in zip(near, shapely.get_parts(points), strict=True):
        shape = shapely.intersection(cells[tree.query(point, predicate="intersects")[0]], outline)
        if not shape.is_empty:
            polygons.append(
                {"name": commune["commune_name"], "level": 6, "population": "", "geometry": shape}
            )
    return polygons


def _areas_km2(shapes: Sequence[Any]) -> list[float]:
    """Return areas on the ellipsoid."""
    from pyproj import Geod

    globe = Geod(ellps="WGS84")
    return [abs(globe.geometry_area_perimeter(shape)[0]) / 1e6 for shape in shapes]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
