"""GPX as telephones and handheld receivers write it: waypoints, and the tracks and routes beside them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely

from phusong.layers.rules import Report, error, fold, hint, warning
from phusong.layers.tables.opening import UNKNOWN_SHEET, RawTable
from phusong.layers.tables.times import VIETNAM_S
from phusong.layers.vectors.kml import feature_table, parse_description
from phusong.layers.vectors.xml_documents import child_of, parsed, tag_of, text_in, text_of

WAYPOINTS = "waypoints"
KINDS = (WAYPOINTS, "tracks", "routes", "track_points", "route_points")
"""What ``layer`` may name: the layers into which GDAL, and so QGIS, divides a GPX."""
_PLAIN = ("name", "ele", "time", "cmt", "sym", "type")
"""Children of a point that become columns as they are."""
_PROVINCE = datetime.timezone(datetime.timedelta(seconds=VIETNAM_S))

NOT_GPX = error(
    "not-gpx",
    "Tệp có đuôi .gpx nhưng là XML kiểu '{what}', không phải GPX.",
    "The file is called .gpx but is XML of the kind '{what}', and no GPX.",
    "Đổi đuôi tệp cho đúng (ví dụ .kml), hoặc xuất lại từ thiết bị.",
    "Rename it (to .kml, for example), or export it from the device again.",
)
NO_WAYPOINTS = error(
    "gpx-without-waypoints",
    "Tệp GPX không có điểm đánh dấu (waypoint), chỉ có {tracks} vết đi và {routes} lộ trình ({points} điểm).",
    "The GPX has no waypoints, only {tracks} tracks and {routes} routes ({points} points).",
    'Nếu cần vết đi, ghi layer = "{points_layer}" (từng điểm) hoặc "{lines_layer}" (đường); ở dòng lệnh: '
    "--layer (convert), --sheet (validate, calibrate). Nếu cần địa điểm, đánh dấu waypoint trên máy rồi xuất "
    "lại.",
    'If they are meant, write layer = "{points_layer}" (points) or "{lines_layer}" (lines); on the command '
    "line --layer (convert), --sheet (validate, calibrate). For places, mark waypoints on the device and "
    "export again.",
)
LEFT_OUT = warning(
    "gpx-tracks-left-out",
    "Chỉ đọc {n} điểm đánh dấu (waypoint); {tracks} vết đi và {routes} lộ trình ({points} điểm) không đọc.",
    "Only the {n} waypoints are read; {tracks} tracks and {routes} routes ({points} points) are left out.",
    'Nếu cần chúng, ghi layer = "track_points", "tracks", "route_points" hoặc "routes".',
    'If they are wanted, write layer = "track_points", "tracks", "route_points" or "routes".',
)
BAD_POSITION = error(
    "gpx-position",
    "Không đọc được vị trí của điểm '{name}': lat '{lat}', lon '{lon}'.",
    "The position of the point '{name}' cannot be read: lat '{lat}', lon '{lon}'.",
    "GPX ghi lat từ -90 đến 90 và lon từ -180 đến 180, dấu thập phân là dấu chấm.",
    "GPX writes lat from -90 to 90 and lon from -180 to 180, with a decimal point.",
)
TOO_SHORT = warning(
    "gpx-line-too-short",
    "{n} vết đi hoặc lộ trình có chưa đến hai điểm, không thành đường: bỏ qua.",
    "{n} tracks or routes have fewer than two points and are no lines: left out.",
)


def read_gpx(path: Path, report: Report, layer: str | None = None) -> RawTable | None:
    """Read the waypoints of a GPX, or what else of it is asked for.

    Parameters
    ----------
    path : Path
    report : Report
    layer : str, optional
        One of `KINDS`. By default the waypoints; a file that has none is refused, for whether the points of
        its tracks or their lines are meant only its user knows.

    Returns
    -------
    RawTable or None
        ``name``, ``ele`` (metres above the sea, as the device has it), ``time`` (of the province's clock:
        GPX counts in UTC), ``cmt``, ``sym``, ``type``, ``desc`` or the attributes that it lists as lines
        ``key: value``, those of ``extensions``, and for points of tracks and routes the name of theirs as
        ``track`` or ``route``. Rows are counted as the elements of that kind stand in the file. WGS 84, as
        the schema has it (Topografix, GPX 1.1).
    """
    from pyproj import CRS

    root = parsed(path.read_bytes(), report)
    if root is None:
        return None
    if tag_of(root).lower() != "gpx":
        report.once(NOT_GPX, what=tag_of(root))
        return None
    kind = _asked(root, report, layer)
    if kind is None:
        return None
    found = list(_lines(root, kind, report) if kind in ("tracks", "routes") else _points(root, kind, report))
    kept = [(row, cells, shape) for row, cells, shape in found if shape is not None]
    if not kept and found and kind not in ("tracks", "routes"):
        return None  # no point of the file has a position, as was told
    if not kept:
        nothing = np.array([], dtype=object)
        return RawTable(MappingProxyType({}), np.array([], dtype=np.int64), nothing, CRS.from_epsg(4326))
    return feature_table(kept, CRS.from_epsg(4326), always=("name",))


def _asked(root: Any, report: Report, layer: str | None) -> str | None:
    """Return what is to be read; None after a fault."""
    counts = _counts(root)
    points = counts["track_points"] + counts["route_points"]
    if layer is not None:
        known = {fold(kind): kind for kind in KINDS}
        kind = known.get(fold(layer))
        names = [k for k in KINDS if counts[k]]
        if kind is None or not counts[kind]:
            near = hint(layer, names) if kind is None else ""
            report.once(UNKNOWN_SHEET, value=layer, name=layer, names=", ".join(names) or "–", near=near)
            return None
        return kind
    if not counts[WAYPOINTS] and (counts["tracks"] or counts["routes"]):
        stem = "track" if counts["tracks"] else "route"
        report.once(
            NO_WAYPOINTS, points_layer=f"{stem}_points", lines_layer=f"{stem}s", tracks=counts["tracks"],
            routes=counts["routes"], points=points,
        )  # fmt: skip
        return None
    if counts["tracks"] or counts["routes"]:
        report.once(
            LEFT_OUT, n=counts[WAYPOINTS], tracks=counts["tracks"], routes=counts["routes"], points=points
        )  # fmt: skip
    return WAYPOINTS


def _counts(root: Any) -> dict[str, int]:
    tracks, routes = _named(root, "trk"), _named(root, "rte")
    return {
        WAYPOINTS: len(_named(root, "wpt")), "tracks": len(tracks), "routes": len(routes),
        "track_points": sum(len(_named(part, "trkpt")) for t in tracks for part in _named(t, "trkseg")),
        "route_points": sum(len(_named(route, "rtept")) for route in routes),
    }


def _named(element: Any, name: str) -> list[Any]:
    return [e for e in element if tag_of(e) == name]


def _points(root: Any, kind: str, report: Report) -> Iterator[tuple[int, dict[str, str], Any]]:
    """Give number, cells and point of each; of a point without a position that was told, no point."""
    row = 0
    for parent, points in _groups(root, kind):
        belongs = {} if kind == WAYPOINTS else {kind.removesuffix("_points"): text_in(parent, "name")}
        for point in points:
            row += 1
            cells = _cells(point, set(belongs)) | belongs
            where = _position(point)
            if where is None:
                report.once(
                    BAD_POSITION, row=str(row), value=cells["name"], name=cells["name"] or str(row),
                    lat=point.get("lat", ""), lon=point.get("lon", ""),
                )  # fmt: skip
            yield row, cells, None if where is None else shapely.Point(where)


def _groups(root: Any, kind: str) -> Iterator[tuple[Any, list[Any]]]:
    """Give the points of a kind, with the element that they belong to."""
    if kind == WAYPOINTS:
        yield root, _named(root, "wpt")
    elif kind == "route_points":
        for route in _named(root, "rte"):
            yield route, _named(route, "rtept")
    else:
        for track in _named(root, "trk"):
            yield track, [p for part in _named(track, "trkseg") for p in _named(part, "trkpt")]


def _lines(root: Any, kind: str, report: Report) -> Iterator[tuple[int, dict[str, str], Any]]:
    """Give number, cells and line of each track or route; a line that is none is counted."""
    short = 0
    for row, one in enumerate(_named(root, "trk" if kind == "tracks" else "rte"), start=1):
        cells = _cells(one, set())
        parts = [_named(p, "trkpt") for p in _named(one, "trkseg")] if kind == "tracks" else [
            _named(one, "rtept")
        ]  # fmt: skip
        lines = []
        for points in parts:
            places = [_position(p) for p in points]
            for point, place in zip(points, places, strict=True):
                if place is None:
                    report.once(
                        BAD_POSITION, row=str(row), value=cells["name"], name=cells["name"] or str(row),
                        lat=point.get("lat", ""), lon=point.get("lon", ""),
                    )  # fmt: skip
            known = [p for p in places if p is not None]
            if len(known) > 1:
                lines.append(shapely.LineString(known))
        short += not lines
        shape = None if not lines else lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)
        yield row, cells, shape
    if short:
        report.once(TOO_SHORT, n=short)


def _position(point: Any) -> tuple[float, float] | None:
    """Return longitude and latitude, None where they are none."""
    try:
        lon, lat = float(point.get("lon", "")), float(point.get("lat", ""))
    except ValueError:
        return None
    return (lon, lat) if abs(lon) <= 180.0 and abs(lat) <= 90.0 else None  # NaN is neither


def _cells(element: Any, taken: set[str]) -> dict[str, str]:
    """Return the columns of a point, track or route."""
    cells = {name: text_in(element, name) for name in _PLAIN}
    cells["time"] = _local(cells["time"])
    told = child_of(element, "desc")
    attributes, rest = parse_description("".join(told.itertext()) if told is not None else "")
    extended = child_of(element, "extensions")
    more = [] if extended is None else [
        (tag_of(e), text_of(e)) for e in extended.iter() if not len(e) and tag_of(e)
    ]  # fmt: skip
    for key, value in [*attributes.items(), *more]:
        cells[f"{key}_2" if key in (*_PLAIN, "desc", *taken) else key] = value
    cells["desc"] = rest
    return cells


def _local(moment: str) -> str:
    """Return a moment of the province's clock, and what is none as it stands.

    >>> _local("2026-06-30T23:30:00Z")
    '2026-07-01 06:30:00'
    """
    try:
        known = datetime.datetime.fromisoformat(moment)
        if known.tzinfo is None:
            return moment
        return known.astimezone(_PROVINCE).replace(tzinfo=None, microsecond=0).isoformat(" ")
    except (ValueError, OverflowError):
        return moment
