"""OpenStreetMap extracts: objects of the map as roads, villages, places, water and masts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import shapely

from phusong.data.language import Text
from phusong.layers.sources.area import Area
from phusong.layers.sources.transfer import DAMAGED, SourceError, _library

ROADS = frozenset(
    f"{word}{link}"
    for word in (
        "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "service",
        "living_street", "track", "road",
    )
    for link in ("", "_link")
)
VILLAGES = frozenset({"village", "hamlet", "isolated_dwelling", "quarter", "neighbourhood"})
PLACES: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "schools": {"amenity": frozenset({"school", "kindergarten", "college", "university"})},
        "clinics": {
            "amenity": frozenset({"hospital", "clinic", "doctors"}),
            "healthcare": frozenset({"hospital", "clinic", "centre", "doctor"}),
        },
        "offices": {"amenity": frozenset({"townhall", "post_office"}), "office": frozenset({"government"})},
    }
)
"""Layers of places, by the tags of the objects in them."""
MASTS = frozenset({"mast", "tower", "communications_tower", "antenna"})
RADIO = MappingProxyType(
    {
        "communication:gsm": "2G", "communication:umts": "3G", "communication:lte": "4G",
        "communication:4g": "4G", "communication:nr": "5G", "communication:5g": "5G",
    }
)
ASSUMED_TECHNOLOGY = "4G"
"""Of a mast that says no technology: nearly all of Vietnam's base stations have it."""
SMALLEST_WATER_M2 = 10_000.0
BOUNDARY_LEVELS = frozenset({"5", "6", "7", "8", "9", "10"})
M_PER_DEG = 111_320.0


@dataclass(frozen=True)
class Extract:
    """What an extract holds of a province.

    Attributes
    ----------
    tables : mapping of layer to list of records
        Points have ``lon`` and ``lat``; roads, water and boundaries ``geometry``.
    """

    tables: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)


def read_extract(path: Path, area: Area, kinds: Collection[str]) -> Extract:
    """Read the objects of a province from an ``.osm.pbf``.

    Parameters
    ----------
    path : Path
    area : Area
        Objects outside its bounds are left out.
    kinds : collection of str
        Of ``boundaries roads villages places water stations``.

    Raises
    ------
    SourceError
        The file is no extract, or damaged.
    ExpectedError
        pyosmium is not installed.
    """
    osmium = _library("osmium")
    tables: dict[str, list[dict[str, Any]]] = {}
    try:
        if {"roads", "villages", "places", "stations"} & set(kinds):
            for layer, record in _simple(osmium, path, area, kinds):
                tables.setdefault(layer, []).append(record)
        if {"boundaries", "water"} & set(kinds):
            for layer, record in _areas(osmium, path, area, kinds):
                tables.setdefault(layer, []).append(record)
    except (RuntimeError, OSError) as error:
        raise SourceError(DAMAGED, address=path.name, reason=str(error).splitlines()[0]) from error
    return Extract(tables)


def _simple(
    osmium: Any, path: Path, area: Area, kinds: Collection[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what nodes and ways alone tell."""
    keys = osmium.filter.KeyFilter(
        "highway", "place", "amenity", "healthcare", "office", "man_made", "telecom"
    )
    west, south, east, north = area.bounds
    for found in osmium.FileProcessor(str(path)).with_locations().with_filter(keys):
        if found.is_node():
            line = [(found.lon, found.lat)]
        elif found.is_way():
            line = [(n.lon, n.lat) for n in found.nodes if n.location.valid()]
        else:
            continue
        if not line:
            continue
        lon, lat = _middle(line)
        if not (west <= lon <= east and south <= lat <= north):
            continue
        tags = {tag.k: tag.v for tag in found.tags}
        name = f"osm-{'n' if found.is_node() else 'w'}{found.id}"
        if "roads" in kinds and len(line) > 1 and tags.get("highway") in ROADS:
            yield "roads", {
                "road_id": name, "class": tags["highway"].replace("_", " "), "name": tags.get("name", ""),
                "geometry": shapely.LineString(line),
            }
        yield from _points(tags, name, lon, lat, found.is_node(), kinds)


def _points(
    tags: Mapping[str, str], name: str, lon: float, lat: float, node: bool, kinds: Collection[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    spot = {"name": tags.get("name", ""), "lon": round(lon, 7), "lat": round(lat, 7)}
    if "villages" in kinds and node and tags.get("place") in VILLAGES and spot["name"]:
        yield "villages", {"place_id": name, **spot, "kind": tags["place"]}
    if "places" in kinds:
        for layer, wanted in PLACES.items():
            kind = next((tags[k] for k, values in wanted.items() if tags.get(k) in values), None)
            if kind is not None:
                yield layer, {"place_id": name, **spot, "kind": kind}
    if "stations" in kinds and _is_mast(tags):
        technologies = sorted({t for key, t in RADIO.items() if tags.get(key) == "yes"})
        height = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\s*m?\s*", tags.get("height", ""))
        for technology in technologies or [ASSUMED_TECHNOLOGY]:
            yield "stations", {
                "site_id": name, "operator": tags.get("operator", ""), "technology": technology,
                "lon": spot["lon"], "lat": spot["lat"],
                "antenna_height_m": height[1].replace(",", ".") if height else "",
            }


def _is_mast(tags: Mapping[str, str]) -> bool:
    """Tell the masts and towers that carry radio; a water tower or a pylon is none."""
    kind = tags.get("man_made")
    if kind == "communications_tower":
        return True
    said = tags.get("tower:type") == "communication" or tags.get("communication:mobile_phone") == "yes"
    said = said or any(tags.get(key) == "yes" for key in RADIO)
    return kind in MASTS and said


def _areas(
    osmium: Any, path: Path, area: Area, kinds: Collection[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield polygons, which relations and closed ways make together."""
    wanted = [("boundary", "administrative")] if "boundaries" in kinds else []
    wanted += [("natural", "water")] if "water" in kinds else []
    tags_wanted = osmium.filter.TagFilter(*wanted)
    factory = osmium.geom.WKBFactory()
    processor = osmium.FileProcessor(str(path)).with_areas(tags_wanted).with_filter(tags_wanted)
    for found in processor:
        if not found.is_area():
            continue
        tags = {tag.k: tag.v for tag in found.tags}
        boundary = tags.get("boundary") == "administrative"
        if boundary and (tags.get("admin_level") not in BOUNDARY_LEVELS or not tags.get("name")):
            continue
        shape = shapely.from_wkb(bytes.fromhex(factory.create_multipolygon(found)))
        if not area.touches(shape.bounds):
            continue
        if boundary:
            yield "boundaries", {
                "name": tags["name"], "level": int(tags["admin_level"]),
                "population": tags.get("population", ""), "geometry": shape,
            }
        elif shape.area * M_PER_DEG**2 >= SMALLEST_WATER_M2:
            kind = tags.get("water", "")
            yield "water", {"name": tags.get("name", ""), "kind": kind, "geometry": shape}


def _middle(line: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the middle of an object: of a closed way without its repeated corner."""
    corners = line[:-1] if len(line) > 2 and line[0] == line[-1] else line
    return sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners)


NOTHING = Text("trong tỉnh này không có {what}", "it has no {what} in this province")
