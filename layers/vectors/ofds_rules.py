"""The rules of the Open Fibre Data Standard (0.3 and 0.4) that a reader depends on.

Source: Open Fibre Data Standard, network schema 0.3.0 and 0.4.0 (required fields, types, closed codelists)
and its additional checks (references, identifiers, geometry types, coordinates of spans and their nodes).
Open codelists are not checked. What does no harm to a reader, such as a date in words, is a warning.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from phusong.data.language import Text
from phusong.layers.rules import Report, error, warning

STATUSES = ("proposed", "planned", "underConstruction", "operational", "decommissioned", "inactive")
MEDIA = ("fibre", "microwave", "copper", "coaxial")
VERSIONS = ("0.3", "0.4")
END_TOLERANCE_M = 1000.0
"""Farthest that a span may end from its node before it is told; more where the network says so."""
_EARTH_M = 6_371_008.8

RULE = error(
    "ofds-rule",
    "Trái quy tắc OFDS ở {where}: {what}",
    "A rule of OFDS is broken at {where}: {what}",
    "Sửa tệp theo chuẩn, hoặc xin bên phát hành sửa.",
    "Mend the file by the standard, or ask its publisher to.",
)
ADVICE = warning(
    "ofds-advice",
    "Chưa đúng chuẩn OFDS ở {where}: {what}",
    "Not quite OFDS at {where}: {what}",
    "Vẫn đọc được; nên báo bên phát hành.",
    "It can be read all the same; tell its publisher.",
)

REQUIRED = Text("thiếu '{field}'", "'{field}' is missing")
EMPTY = Text("'{field}' trống", "'{field}' is empty")
TYPE = Text("'{field}' phải là {kind}", "'{field}' must be {kind}")
CODE = Text(
    "'{field}' là '{value}', không có trong danh mục: {known}",
    "'{field}' is '{value}', not in the codelist: {known}",
)
GEOMETRY = Text(
    "'{field}' phải là {kind} có tọa độ hợp lệ", "'{field}' must be a {kind} with proper coordinates"
)
TWICE = Text("mã '{id}' dùng {n} lần trong '{field}'", "the id '{id}' stands {n} times in '{field}'")
NO_NODE = Text(
    "'{field}' trỏ đến nút '{id}' không có trong mạng",
    "'{field}' refers to the node '{id}', which the network has not",
)
NO_REFERENCE = Text(
    "'{field}' trỏ đến '{id}' không có trong '{target}'",
    "'{field}' refers to '{id}', which is not in '{target}'",
)
OTHER_NAME = Text(
    "'{field}' gọi '{id}' là '{name}', còn '{target}' gọi là '{known}'",
    "'{field}' calls '{id}' '{name}', '{target}' calls it '{known}'",
)
FAR = Text(
    "điểm đầu hoặc cuối của tuyến cách nút '{id}' {m:.0f} m",
    "the route starts or ends {m:.0f} m from the node '{id}'",
)
FORMAT = Text("'{field}' là '{value}', không phải {kind}", "'{field}' is '{value}', which is no {kind}")
UNKNOWN_VERSION = Text(
    "phiên bản {value} của chuẩn; đọc như 0.3", "version {value} of the standard; read as 0.3"
)

_KINDS = {
    "string": Text("chuỗi", "a string"),
    "boolean": Text("true hoặc false", "true or false"),
    "number": Text("số", "a number"),
    "array": Text("danh sách", "an array"),
    "object": Text("đối tượng", "an object"),
}
_UUID = Text("UUID", "UUID")
_DAY = Text("ngày YYYY-MM-DD", "date YYYY-MM-DD")
_COMMON = {
    "id": "string",
    "name": "string",
    "phase": "object",
    "status": "string",
    "physicalInfrastructureProvider": "object",
    "transmissionMediumOwner": "object",
    "networkProviders": "array",
    "technologies": "array",
}
_NODE = {
    **_COMMON,
    "location": "object",
    "type": "array",
    "accessPoint": "boolean",
    "power": "boolean",
    "internationalConnections": "array",
    "address": "object",
}
_SPAN = {
    **_COMMON,
    "start": "string",
    "end": "string",
    "directed": "boolean",
    "route": "object",
    "supplier": "object",
    "transmissionMedium": "array",
    "deployment": "array",
    "darkFibre": "boolean",
    "fibreType": "string",
    "fibreCount": "number",
    "fibreLength": "number",
    "capacity": "number",
    "readyForServiceDate": "string",
    "countries": "array",
}
_NETWORK = {
    "id": "string",
    "name": "string",
    "nodes": "array",
    "spans": "array",
    "phases": "array",
    "organisations": "array",
    "contracts": "array",
    "website": "string",
    "publisher": "object",
    "publicationDate": "string",
    "collectionDate": "string",
    "crs": "object",
    "accuracy": "number",
    "accuracyDetails": "string",
    "language": "string",
    "links": "array",
}
_ORGANISATIONS = ("physicalInfrastructureProvider", "transmissionMediumOwner", "supplier")


@dataclass(frozen=True)
class Breach:
    """A rule that a network breaks.

    Attributes
    ----------
    where : str
        ``networks[0].spans[2]``.
    what : Text
        With its values filled in.
    severity : {"error", "warning"}
    """

    where: str
    what: Text
    severity: Literal["error", "warning"] = "error"


def tell_breaches(breaches: list[Breach], report: Report) -> None:
    """Tell every breach, up to fifty of a severity."""
    for severity, rule in (("error", RULE), ("warning", ADVICE)):
        for breach in [b for b in breaches if b.severity == severity][:50]:
            report.once(rule, where=breach.where, what=breach.what)


def _breach(where: str, text: Text, severity: Literal["error", "warning"] = "error", **values: Any) -> Breach:
    safe = {k: v if isinstance(v, Text | int | float) else str(v) for k, v in values.items()}
    filled = (text.fill(lang, safe).replace("{", "{{").replace("}", "}}") for lang in ("vi", "en"))
    return Breach(where, Text(*filled), severity)


def _is(value: Any, kind: str) -> bool:
    if kind in ("number", "boolean"):
        return (
            isinstance(value, bool)
            if kind == "boolean"
            else (isinstance(value, int | float) and not isinstance(value, bool))
        )
    return isinstance(value, {"string": str, "array": list, "object": dict}[kind])


def _types(item: Mapping[str, Any], kinds: Mapping[str, str], where: str) -> Iterator[Breach]:
    for field, kind in kinds.items():
        if field not in item:
            continue
        value = item[field]
        if not _is(value, kind):
            yield _breach(where, TYPE, field=field, kind=_KINDS[kind])
        elif kind in ("string", "array") and not value:
            yield _breach(where, EMPTY, field=field)


def check_network(network: Any, where: str) -> list[Breach]:
    """Return the rules that a network breaks.

    Parameters
    ----------
    network : object
        As JSON gave it.
    where : str
        Its place in the document.
    """
    if not isinstance(network, dict):
        return [_breach(where, TYPE, field="network", kind=_KINDS["object"])]
    found = list(_types(network, _NETWORK, where))
    found += _about_network(network, where)
    for field in ("phases", "organisations", "contracts"):
        for i, item in enumerate(_items(network, field)):
            found += _identified(item, field, f"{where}.{field}[{i}]")
        found += _unique(network, field, where)
    for field, kinds in (("nodes", _NODE), ("spans", _SPAN)):
        for i, item in enumerate(_items(network, field)):
            here = f"{where}.{field}[{i}]"
            found += _identified(item, field, here)
            if isinstance(item, dict):
                found += [*_types(item, kinds, here), *_codes(item, here), *_shape_of(item, field, here)]
                found += _references(item, network, here)
        found += _unique(network, field, where)
    return found + list(_ends(network, where))


def _items(network: Mapping[str, Any], field: str) -> list[Any]:
    held = network.get(field)
    return held if isinstance(held, list) else []


def _about_network(network: Mapping[str, Any], where: str) -> Iterator[Breach]:
    if "id" not in network:
        yield _breach(where, REQUIRED, field="id")
    elif isinstance(network["id"], str) and network["id"]:
        try:
            uuid.UUID(network["id"])
        except ValueError:
            yield _breach(where, FORMAT, "warning", field="id", value=network["id"], kind=_UUID)
    if "links" not in network:
        yield _breach(where, REQUIRED, "warning", field="links")
    for field in ("publicationDate", "collectionDate"):
        value = network.get(field)
        if isinstance(value, str):
            try:
                datetime.date.fromisoformat(value)
            except ValueError:
                yield _breach(where, FORMAT, "warning", field=field, value=value, kind=_DAY)
    version = version_of(network)
    if version and version not in VERSIONS:
        yield _breach(where, UNKNOWN_VERSION, "warning", value=version)


def version_of(network: Mapping[str, Any]) -> str:
    """Return the version that a network's first link names (``0.3``), empty where it names none."""
    for link in _items(network, "links"):
        if isinstance(link, dict) and link.get("rel") == "describedby":
            found = re.search(r"/(\d+)__(\d+)__\d+", str(link.get("href", "")))
            return f"{found[1]}.{found[2]}" if found else ""
    return ""


def _identified(item: Any, field: str, where: str) -> Iterator[Breach]:
    if not isinstance(item, dict):
        yield _breach(where, TYPE, field=field, kind=_KINDS["object"])
    elif "id" not in item:
        yield _breach(where, REQUIRED, field="id")


def _unique(network: Mapping[str, Any], field: str, where: str) -> Iterator[Breach]:
    ids = Counter(str(i["id"]) for i in _items(network, field) if isinstance(i, dict) and "id" in i)
    for name, n in ids.items():
        if n > 1:
            yield _breach(where, TWICE, field=field, id=name, n=n)


def _codes(item: Mapping[str, Any], where: str) -> Iterator[Breach]:
    status = item.get("status")
    if isinstance(status, str) and status and status not in STATUSES:
        yield _breach(where, CODE, field="status", value=status, known=", ".join(STATUSES))
    for medium in item.get("transmissionMedium") or []:
        if medium not in MEDIA:
            yield _breach(where, CODE, field="transmissionMedium", value=medium, known=", ".join(MEDIA))


def _shape_of(item: Mapping[str, Any], field: str, where: str) -> Iterator[Breach]:
    name, kind = ("location", "Point") if field == "nodes" else ("route", "LineString")
    shape = item.get(name)
    if isinstance(shape, dict) and positions(shape, kind) is None:
        yield _breach(where, GEOMETRY, field=name, kind=kind)


def positions(shape: Any, kind: str) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Return the positions of a GeoJSON geometry of a kind, shape (n, 2); None if it is none."""
    if not isinstance(shape, dict) or shape.get("type") != kind:
        return None
    given = shape.get("coordinates")
    if kind == "Point":
        given = [given]
    try:
        pairs = np.array([[float(p[0]), float(p[1])] for p in given], dtype=np.float64)  # type: ignore[union-attr]
    except (TypeError, ValueError, IndexError, KeyError):
        return None
    enough = len(pairs) >= (1 if kind == "Point" else 2)
    return pairs if enough and np.isfinite(pairs).all() else None


def _references(item: Mapping[str, Any], network: Mapping[str, Any], where: str) -> Iterator[Breach]:
    named = [(f, item.get(f), "organisations") for f in _ORGANISATIONS] + [
        ("phase", item.get("phase"), "phases")
    ]
    providers = item.get("networkProviders")
    named += [
        ("networkProviders", p, "organisations") for p in (providers if isinstance(providers, list) else [])
    ]
    for field, reference, target in named:
        if not isinstance(reference, dict):
            continue
        held = {str(o["id"]): o for o in _items(network, target) if isinstance(o, dict) and "id" in o}
        own, name = str(reference.get("id", "")), reference.get("name")
        if not own:
            yield _breach(where, REQUIRED, field=f"{field}.id")
        elif own not in held:
            yield _breach(where, NO_REFERENCE, field=field, id=own, target=target)
        elif name is not None and held[own].get("name") is not None and held[own]["name"] != name:
            yield _breach(
                where,
                OTHER_NAME,
                "warning",
                field=field,
                id=own,
                name=name,
                target=target,
                known=held[own]["name"],
            )


def _ends(network: Mapping[str, Any], where: str) -> Iterator[Breach]:
    """Tell spans that lead to nodes which are not there, or that do not lead where their nodes are."""
    nodes = {str(n["id"]): n for n in _items(network, "nodes") if isinstance(n, dict) and "id" in n}
    accuracy = network.get("accuracy")
    allowed = max(END_TOLERANCE_M, 2.0 * accuracy if isinstance(accuracy, int | float) else 0.0)
    if not nodes and any(
        "node" in str(k.get("rel", "")) for k in _items(network, "links") if isinstance(k, dict)
    ):
        return  # the nodes are in another file
    for i, span in enumerate(_items(network, "spans")):
        if not isinstance(span, dict):
            continue
        here = f"{where}.spans[{i}]"
        for field in ("start", "end"):
            own = span.get(field)
            if isinstance(own, str) and own not in nodes:
                yield _breach(here, NO_NODE, field=field, id=own)
        yield from _distances(span, nodes, allowed, here)


def _distances(
    span: Mapping[str, Any], nodes: Mapping[str, Any], allowed_m: float, where: str
) -> Iterator[Breach]:
    line = positions(span.get("route"), "LineString")
    if line is None:
        return
    for field in ("start", "end"):
        own = span.get(field)
        point = (
            positions(nodes[own].get("location"), "Point") if isinstance(own, str) and own in nodes else None
        )
        if point is not None and np.abs(line).max() <= 360.0:
            # A span without a direction may be drawn from either end.
            away = min(distance_m(point[0], line[0]), distance_m(point[0], line[-1]))
            if away > allowed_m:
                yield _breach(where, FAR, "warning", id=own, m=float(away))


def distance_m(a: Any, b: Any) -> float:
    """Return the distance between two positions in degrees on a sphere (haversine)."""
    lon_a, lat_a, lon_b, lat_b = np.radians([a[0], a[1], b[0], b[1]])
    h = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return float(2 * _EARTH_M * np.arcsin(np.sqrt(min(1.0, h))))
