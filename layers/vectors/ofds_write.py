"""Nodes and routes as a network package of the Open Fibre Data Standard 0.3."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from phusong.layers.rules import fold
from phusong.layers.status import OPERATIONAL, settle_status
from phusong.layers.vectors.ofds_rules import STATUSES

if TYPE_CHECKING:
    import geopandas as gpd

SCHEMA = (
    "https://raw.githubusercontent.com/Open-Telecoms-Data/open-fibre-data-standard/0__3__0/schema/"
    "network-schema.json"
)
JOIN_M = 50.0
"""Farthest that a route may end from a node to be joined to it."""
_DECIMALS = 7  # a centimetre
_SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122: names that are URLs
_BY_WORD = {fold(status): status for status in STATUSES} | {
    fold(word): status
    for status, words in {
        "underConstruction": ("under construction", "building", "đang xây dựng", "đang thi công"),
        "planned": ("plan", "quy hoạch", "kế hoạch", "dự kiến"),
        "proposed": ("đề xuất",),
        "decommissioned": ("removed", "đã tháo dỡ", "đã thanh lý"),
        "inactive": ("out of service", "ngừng hoạt động", "tạm dừng"),
    }.items()
    for word in words
}


def to_ofds(
    nodes: gpd.GeoDataFrame | None,
    routes: gpd.GeoDataFrame | None,
    *,
    name: str,
    publisher: str = "",
    collected: datetime.date | None = None,
    published: datetime.date | None = None,
) -> dict[str, Any]:
    """Return a network package that obeys the standard's rules.

    Parameters
    ----------
    nodes : GeoDataFrame, optional
        ``id kind operator status`` and points; ``name`` if there is one.
    routes : GeoDataFrame, optional
        ``id operator status fibre_count`` and lines; ``name``, ``start``, ``end`` if there are such. Lines
        of several parts become a span each. A route without ``start`` is joined to a node that lies within
        50 m of its first position, and so its end.
    name : str
        Of the network; its UUID follows from it, so that the same input gives the same bytes.
    publisher : str
    collected, published : datetime.date, optional

    Returns
    -------
    dict
        ``{"networks": [...]}``. A status that the standard's codelist does not know is left out.
    """
    organisations: dict[str, dict[str, Any]] = {}
    points = _lonlat(nodes) if nodes is not None else None
    lines = _lonlat(routes) if routes is not None else None
    written = _nodes(points, organisations) if points is not None else []
    spans = _spans(lines, points, organisations) if lines is not None else []
    network: dict[str, Any] = {"id": str(uuid.uuid5(_SPACE, f"phusong:{name}")), "name": name}
    parts = (("nodes", written), ("spans", spans), ("organisations", list(organisations.values())))
    network.update({field: items for field, items in parts if items})
    if publisher:
        network["publisher"] = {"name": publisher}
    for field, day in (("publicationDate", published), ("collectionDate", collected)):
        if day is not None:
            network[field] = day.isoformat()
    network["crs"] = {
        "name": "urn:ogc:def:crs:OGC::CRS84",
        "uri": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    }
    network["links"] = [{"rel": "describedby", "href": SCHEMA}]
    return {"networks": [network]}


def _lonlat(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    kept = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    return kept.to_crs(4326) if kept.crs is not None else kept


def _texts(frame: gpd.GeoDataFrame, column: str) -> list[str]:
    if column not in frame.columns:
        return [""] * len(frame)
    return ["" if v is None or v != v else str(v) for v in frame[column].tolist()]


def _positions(shape: Any) -> list[list[float]]:
    return [
        [round(float(x), _DECIMALS), round(float(y), _DECIMALS)] for x, y in shapely.get_coordinates(shape)
    ]


def _common(
    own: str, name: str, operator: str, status: str, organisations: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    item: dict[str, Any] = {"id": own}
    if name:
        item["name"] = name
    if status:
        item["status"] = status
    if operator:
        held = organisations.setdefault(
            operator, {"id": str(uuid.uuid5(_SPACE, f"phusong:organisation:{operator}")), "name": operator}
        )
        item["networkProviders"] = [{"id": held["id"], "name": operator}]
    return item


def _statuses(frame: gpd.GeoDataFrame) -> list[str]:
    settled = settle_status(np.array(_texts(frame, "status"), dtype=object)).tolist()
    return [s if s == OPERATIONAL else _BY_WORD.get(fold(s), "") for s in settled]


def _nodes(frame: gpd.GeoDataFrame, organisations: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    columns = (_texts(frame, "id"), _texts(frame, "name"), _texts(frame, "operator"), _statuses(frame))
    kinds = _texts(frame, "kind")
    for i, (own, name, operator, status) in enumerate(zip(*columns, strict=True)):
        item = _common(own or f"node-{i + 1}", name, operator, status, organisations)
        item["location"] = {"type": "Point", "coordinates": _positions(frame.geometry.iloc[i])[0]}
        types = list(dict.fromkeys(k.strip() for k in kinds[i].split(",") if k.strip()))
        found.append({**item, **({"type": types} if types else {})})
    return found


def _spans(
    frame: gpd.GeoDataFrame, nodes: gpd.GeoDataFrame | None, organisations: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    known = set(_texts(nodes, "id")) if nodes is not None else set()
    nearest = _Nearest(nodes)
    columns = {c: _texts(frame, c) for c in ("id", "name", "operator", "start", "end")}
    counts = frame["fibre_count"].tolist() if "fibre_count" in frame.columns else [float("nan")] * len(frame)
    statuses = _statuses(frame)
    taken: dict[str, int] = {}
    found = []
    for i in range(len(frame)):
        parts: Sequence[Any] = shapely.get_parts(frame.geometry.iloc[i]).tolist()
        for part in parts:
            own = _unused(columns["id"][i] or f"span-{i + 1}", taken)
            item = _common(own, columns["name"][i], columns["operator"][i], statuses[i], organisations)
            route = _positions(part)
            ends = {f: columns[f][i] if len(parts) == 1 else "" for f in ("start", "end")}
            item.update(_ends(ends, route, known, nearest))
            item["route"] = {"type": "LineString", "coordinates": route}
            item["transmissionMedium"] = ["fibre"]
            if counts[i] == counts[i]:
                item["fibreCount"] = int(counts[i])
            found.append(item)
    return found


def _unused(own: str, taken: dict[str, int]) -> str:
    taken[own] = taken.get(own, 0) + 1
    if taken[own] == 1:
        return own
    return _unused(f"{own}-{taken[own]}", taken)


class _Nearest:
    """The node at a position."""

    def __init__(self, nodes: gpd.GeoDataFrame | None) -> None:
        self.ids = _texts(nodes, "id") if nodes is not None else []
        self.tree = (
            shapely.STRtree(np.asarray(nodes.geometry.array)) if nodes is not None and len(nodes) else None
        )

    def at(self, position: Sequence[float]) -> str:
        """Return the id of the node at a position, empty where none is near enough."""
        from phusong.layers.vectors.ofds_rules import distance_m

        if self.tree is None:
            return ""
        i = int(self.tree.nearest(shapely.Point(position)))
        away = distance_m(position, shapely.get_coordinates(self.tree.geometries[i])[0])
        return self.ids[i] if away <= JOIN_M else ""


def _ends(
    given: Mapping[str, str], route: list[list[float]], known: set[str], nearest: _Nearest
) -> dict[str, str]:
    found = {}
    for field, position in (("start", route[0]), ("end", route[-1])):
        own = given[field] if given[field] in known else nearest.at(position)
        if own:
            found[field] = own
    return found
