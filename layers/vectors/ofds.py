"""Networks in the Open Fibre Data Standard (0.3, 0.4): JSON packages, GeoJSON and CSV, as nodes or routes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from phusong.layers.rules import Report, error, warning
from phusong.layers.tables.opening import RawTable
from phusong.layers.vectors.ofds_rules import check_network, positions, tell_breaches

if TYPE_CHECKING:
    from pyproj import CRS

Part = Literal["nodes", "spans"]
_HEAD = 200_000

NOT_HERE = error(
    "ofds-elsewhere",
    "Tệp chỉ mô tả mạng '{name}'; '{part}' nằm ở tệp hoặc địa chỉ khác: {links}.",
    "The file only describes the network '{name}'; its {part} are elsewhere: {links}.",
    "Tải tệp đó về và khai đường dẫn của nó.",
    "Fetch that, and give its path.",
)
WHICH_PART = error(
    "ofds-which-part",
    "Tệp OFDS chứa cả nút và tuyến.",
    "The OFDS file holds nodes and spans.",
    'Ghi layer = "nodes" hoặc layer = "spans".',
    'Say layer = "nodes" or layer = "spans".',
)
STRAIGHT = warning(
    "ofds-straight",
    "{n} tuyến không có hình: nối thẳng hai nút.",
    "{n} spans have no route: drawn straight between their nodes.",
)
NOT_A_NETWORK = error(
    "ofds-no-network",
    "Tệp không có mạng nào theo chuẩn OFDS ('networks').",
    "The file has no network as OFDS has it ('networks').",
    "Kiểm tra tệp theo chuẩn OFDS 0.3 hoặc 0.4.",
    "Hold the file against OFDS 0.3 or 0.4.",
)


def is_ofds(path: Path) -> bool:
    """Tell from the head of a file whether it is in the Open Fibre Data Standard."""
    kind = path.suffix.lower()
    if kind not in (".json", ".geojson", ".csv"):
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD).decode("utf-8", "ignore")
    except OSError:
        return False
    if kind == ".csv":
        return bool(re.search(r"(^|[,;\t\"])(nodes|spans)/0/id\b", head.partition("\n")[0]))
    if re.search(r'"type"\s*:\s*"FeatureCollection"', head):
        return bool(
            re.search(r'"featureType"\s*:\s*"(node|span)"', head)
            or (re.search(r'"network"\s*:\s*\{', head) and '"properties"' in head)
        )
    return bool(re.match(r'\ufeff?\s*\{\s*("networks"\s*:\s*\[|"(id|name|nodes|spans)"\s*:)', head)) and (
        '"networks"' in head or '"nodes"' in head or '"spans"' in head
    )


def read_ofds(path: Path, report: Report, layer: str | None = None) -> RawTable | None:
    """Read the nodes or the spans of all networks of a file, after its rules were checked.

    Parameters
    ----------
    path : Path
        ``.json`` (a package, or one network), ``.geojson`` or ``.csv``.
    report : Report
        A layer ``fibre_nodes`` takes the nodes, ``fibre_routes`` the spans.
    layer : {"nodes", "spans"}, optional
        Needed for other layers if the file has both.

    Returns
    -------
    RawTable or None
        ``id name kind operator status network`` and, of spans, ``fibre_count start end``. ``operator`` is
        the network provider if there is one, else who owns the infrastructure. None after a breach.
    """
    networks = _networks(path, report)
    if networks is None:
        return None
    part = _part(networks, report, layer)
    if part is None:
        return None
    breaches = [b for place, network in networks for b in check_network(network, place)]
    tell_breaches(breaches, report)
    if any(b.severity == "error" for b in breaches):
        return None
    items = [(network, item) for _, network in networks for item in network.get(part, [])]
    if not items:
        network = networks[0][1]
        links = [str(k.get("href")) for k in network.get("links", []) if part[:-1] in str(k.get("rel"))]
        report.once(
            NOT_HERE,
            name=str(network.get("name") or network.get("id")),
            part=part,
            links=", ".join(links) or "–",
        )
        return None
    return _table(items, part, report)


def _part(networks: list[tuple[str, Any]], report: Report, layer: str | None) -> Part | None:
    for part, name in (("nodes", "fibre_nodes"), ("spans", "fibre_routes")):
        if layer == part or (layer is None and report.layer == name):
            return part  # type: ignore[return-value]
    has = {p for p in ("nodes", "spans") for _, n in networks if isinstance(n, dict) and n.get(p)}
    if layer is None and len(has) == 1:
        return has.pop()  # type: ignore[return-value]
    report.once(WHICH_PART, value=layer or "")
    return None


def _networks(path: Path, report: Report) -> list[tuple[str, Any]] | None:
    if path.suffix.lower() == ".csv":
        return _of_csv(path)
    document = json.loads(path.read_bytes().decode("utf-8-sig"))
    if document.get("type") == "FeatureCollection":
        return _of_features(document)
    if "networks" not in document and "id" in document:
        return [("network", document)]
    networks = document.get("networks", [document] if "nodes" in document or "spans" in document else None)
    if not isinstance(networks, list) or not networks:
        report.once(NOT_A_NETWORK)
        return None
    return [(f"networks[{i}]", network) for i, network in enumerate(networks)]


def _of_features(document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the networks of GeoJSON, where every feature carries its network and a span its nodes."""
    networks: dict[str, dict[str, Any]] = {}
    ends: dict[str, dict[str, Any]] = {}
    for feature in document.get("features", []):
        item = dict(feature.get("properties") or {})
        shape = feature.get("geometry")
        about = item.pop("network", None) or {}
        own = str(about.get("id", ""))
        network = networks.setdefault(own, {**about, "links": about.get("links") or [{}]})
        span = (
            item.pop("featureType", None) == "span"
            or "start" in item
            or "end" in item
            or (isinstance(shape, dict) and shape.get("type") == "LineString")
        )
        if shape is not None:
            item["route" if span else "location"] = shape
        for field in ("start", "end"):
            if isinstance(item.get(field), dict):
                node = item[field]
                ends.setdefault(own, {})[str(node.get("id"))] = node
                item[field] = str(node.get("id"))
        network.setdefault("spans" if span else "nodes", []).append(item)
        _gather(item, network)
    for own, nodes in ends.items():
        known = networks[own].setdefault("nodes", [])
        present = {str(n.get("id")) for n in known}
        known += [node for name, node in nodes.items() if name not in present]
    return [(f"network {own or '–'}", network) for own, network in networks.items()]


def _gather(item: Mapping[str, Any], network: dict[str, Any]) -> None:
    """Let a network know the organisations and phases that GeoJSON writes out in every feature."""
    providers = item.get("networkProviders")
    organisations = [item.get("physicalInfrastructureProvider"), item.get("transmissionMediumOwner"),
                     item.get("supplier"), *(providers if isinstance(providers, list) else [])]  # fmt: skip
    for field, found in (("organisations", organisations), ("phases", [item.get("phase")])):
        held = network.setdefault(field, [])
        names = {str(o.get("id")) for o in held if isinstance(o, dict)}
        for one in found:
            if isinstance(one, dict) and "id" in one and str(one["id"]) not in names:
                held.append(one)
                names.add(str(one["id"]))
        if not held:
            del network[field]


_LISTS = ("type", "technologies", "transmissionMedium", "deployment", "countries")
_NUMBERS = ("fibreCount", "fibreLength", "capacity")
_FLAGS = ("accessPoint", "power", "directed", "darkFibre")


def _of_csv(path: Path) -> list[tuple[str, Any]]:
    """Return the networks of a flattened ``nodes.csv`` or ``spans.csv``, with the providers beside it."""
    rows = _records(path)
    part = "nodes" if any(k.startswith("nodes/0/") for k in rows[0]) else "spans"
    beside = path.with_name(f"{path.stem}_networkProviders.csv")
    providers: dict[tuple[str, str], list[Any]] = {}
    for row in _records(beside) if beside.is_file() else []:
        one = _nested(row, f"{part}/0/networkProviders/0/")
        providers.setdefault((row.get("id", ""), row.get(f"{part}/0/id", "")), []).append(one)
    networks: dict[str, dict[str, Any]] = {}
    for row in rows:
        own = row.get("id", "")
        network = networks.setdefault(
            own, {"id": own, "links": [{"rel": "tag:nodes" if part == "spans" else ""}]}
        )
        item = _typed(_nested(row, f"{part}/0/"), "location" if part == "nodes" else "route")
        found = providers.get((own, str(item.get("id", ""))))
        if found:
            item["networkProviders"] = found
        network.setdefault(part, []).append(item)
        _gather(item, network)
    return [(f"network {own or '–'}", network) for own, network in networks.items()]


def _records(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig")
    dialect = max(",;\t", key=text.partition("\n")[0].count)
    return [
        {k: v for k, v in row.items() if k and v}
        for row in csv.DictReader(io.StringIO(text), delimiter=dialect)
    ]


def _nested(row: Mapping[str, str], prefix: str) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for key, value in row.items():
        if key.startswith(prefix):
            *outer, last = key.removeprefix(prefix).split("/")
            held = item
            for step in outer:
                inner = held.setdefault(step, {})
                held = inner if isinstance(inner, dict) else held
            held[last] = value
    return item


def _typed(item: dict[str, Any], shape: str) -> dict[str, Any]:
    """Give the cells of CSV the types that JSON has; what does not fit stays text, and is told."""
    for field in _LISTS:
        if isinstance(item.get(field), str):
            item[field] = [p for p in item[field].split(";") if p]
    for field in _NUMBERS:
        try:
            item[field] = float(item[field])
        except (KeyError, ValueError):
            continue
    for field in _FLAGS:
        if str(item.get(field)).lower() in ("true", "false"):
            item[field] = str(item[field]).lower() == "true"
    given = item.get(shape)
    if isinstance(given, str):
        try:
            item[shape] = shapely.geometry.mapping(shapely.from_wkt(given))
        except shapely.errors.GEOSException:
            item[shape] = {}
    elif isinstance(given, dict) and isinstance(given.get("coordinates"), str):
        item[shape] = {**given, "coordinates": _positions(given["coordinates"])}
    return item


def _positions(text: str) -> Any:
    """Return the coordinates of a cell: JSON, or ``-0.174;5.625``."""
    try:
        return json.loads(text)
    except ValueError:
        parts = [p for p in re.split(r"[;,\s]+", text) if p]
        return [float(p) for p in parts] if all(re.fullmatch(r"-?[\d.]+", p) for p in parts) else None


def _name(reference: Any) -> str:
    return str(reference.get("name") or reference.get("id") or "") if isinstance(reference, dict) else ""


def operator_of(item: Mapping[str, Any], organisations: Mapping[str, str]) -> str:
    """Return who serves by a node or span: its one network provider, else who owns the infrastructure."""

    def named(reference: Any) -> str:
        """Return the name of the organisation that a reference names by id, or holds."""
        own = str(reference.get("id", "")) if isinstance(reference, dict) else ""
        return organisations.get(own) or _name(reference)

    providers = [named(p) for p in item.get("networkProviders") or []]
    owner = named(item.get("physicalInfrastructureProvider")) or named(item.get("transmissionMediumOwner"))
    if len(providers) == 1:
        return providers[0]
    return owner or ", ".join(providers)


def _table(items: list[tuple[Any, Any]], part: Part, report: Report) -> RawTable | None:
    shapes = np.empty(len(items), dtype=object)
    straight = 0
    nodes: dict[int, dict[str, Any]] = {}
    names: dict[int, dict[str, str]] = {}
    columns: dict[str, list[Any]] = {}
    for i, (network, item) in enumerate(items):
        if id(network) not in nodes:
            nodes[id(network)] = {str(n.get("id")): n.get("location") for n in network.get("nodes", [])}
            names[id(network)] = {str(o["id"]): _name(o) for o in network.get("organisations", [])}
        known = nodes[id(network)]
        if part == "nodes":
            where = positions(item.get("location"), "Point")
            shapes[i] = shapely.Point(where[0]) if where is not None else None
        else:
            where = positions(item.get("route"), "LineString")
            if where is None:
                ends = [positions(known.get(str(item.get(f))), "Point") for f in ("start", "end")]
                if all(e is not None for e in ends):
                    where = np.vstack(ends)  # type: ignore[arg-type]
                    straight += 1
            shapes[i] = shapely.LineString(where) if where is not None else None
        row = _row(item, part, names[id(network)], str(network.get("name") or network.get("id") or ""))
        for field, value in row.items():
            columns.setdefault(field, []).append(value)
    if straight:
        report.once(STRAIGHT, n=straight)
    _tell_apart(columns)
    cells = {f: np.array(v, dtype=float if f in ("fibre_count", "fibre_length_m") else object)
             for f, v in columns.items()}  # fmt: skip
    rows = np.arange(1, len(items) + 1, dtype=np.int64)
    return RawTable(MappingProxyType(cells), rows, shapes, _crs(items))


def _row(
    item: Mapping[str, Any], part: Part, organisations: Mapping[str, str], network: str
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": str(item["id"]),
        "name": str(item.get("name", "")),
        "operator": operator_of(item, organisations),
        "status": str(item.get("status", "")),
        "infrastructure_provider": _name(
            item.get("physicalInfrastructureProvider") or item.get("transmissionMediumOwner")
        ),
        "network_providers": ", ".join(_name(p) for p in item.get("networkProviders") or []),
        "network": network,
    }
    if part == "nodes":
        return {**row, "kind": ", ".join(item.get("type") or [])}
    return {
        **row,
        "fibre_count": item.get("fibreCount", np.nan),
        "fibre_length_m": item.get("fibreLength", np.nan),
        "start": str(item.get("start", "")),
        "end": str(item.get("end", "")),
        "medium": ", ".join(item.get("transmissionMedium") or []),
    }


def _tell_apart(columns: dict[str, list[Any]]) -> None:
    """Put the network before ids that two networks share: they are unique in one only."""
    twice = {own for own, n in Counter(columns["id"]).items() if n > 1}
    if twice:
        pairs = zip(columns["id"], columns["network"], strict=True)
        columns["id"] = [f"{network}:{own}" if own in twice else own for own, network in pairs]


def _crs(items: list[tuple[Any, Any]]) -> CRS:
    """Return the system of the first network that names one; longitude and latitude are the rule."""
    from pyproj import CRS

    for network, _ in items:
        told = network.get("crs")
        for text in (told.get("uri"), told.get("name")) if isinstance(told, dict) else ():
            code = re.search(r"EPSG(?:::|/[\d.]+/|:)(\d{4,6})$", str(text))
            if code:
                return CRS.from_epsg(int(code[1]))
    return CRS.from_epsg(4326)
