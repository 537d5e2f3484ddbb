"""The Open Fibre Data Standard: its own examples, its rules, and there and back again."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from phusong.layers.faults import Faults
from phusong.layers.rules import Report
from phusong.layers.tables.opening import RawTable, open_table
from phusong.layers.vectors.ofds_rules import check_network, distance_m
from phusong.layers.vectors.ofds_write import to_ofds

LINKS = [{"rel": "describedby", "href": "https://example.com/0__4__0/schema/network-schema.json"}]


def read(path: Path, name: str) -> tuple[RawTable | None, Faults]:
    faults = Faults()
    return open_table(path, Report(name, path.name, faults)), faults


def codes(faults: Faults) -> list[str]:
    return [f.code.partition(".")[2] for f in faults]


def network() -> dict[str, Any]:
    return {
        "id": "a096d627-72e1-4f9b-b129-951b1737bff4",
        "name": "Mạng thử",
        "organisations": [{"id": "o1", "name": "Viettel"}, {"id": "o2", "name": "VNPT"}],
        "phases": [{"id": "p", "name": "Đợt 1"}],
        "nodes": [
            {"id": "A", "status": "operational", "location": {"type": "Point", "coordinates": [108.0, 14.0]},
             "type": ["pop"], "phase": {"id": "p"}},
            {"id": "B", "location": {"type": "Point", "coordinates": [108.1, 14.0, 700]}},
        ],
        "spans": [
            {"id": "s", "start": "A", "end": "B", "status": "planned", "fibreCount": 24,
             "route": {"type": "LineString", "coordinates": [[108.0, 14.0], [108.1, 14.0]]},
             "networkProviders": [{"id": "o1"}], "physicalInfrastructureProvider": {"id": "o2"}},
        ],
        "links": LINKS,
    }  # fmt: skip


def write(folder: Path, *networks: dict[str, Any]) -> Path:
    file = folder / "mang.json"
    file.write_text(json.dumps({"networks": networks}), encoding="utf-8")
    return file


@pytest.mark.parametrize("name", ["json/network-package.json", "geojson/{}.geojson"])
def test_the_standards_own_network(shared: Path, name: str) -> None:
    nodes, faults = read(shared / "ofds" / name.format("nodes"), "fibre_nodes")
    assert nodes is not None
    assert not list(faults)
    assert nodes.cells["id"].tolist() == ["1", "2"]
    assert nodes.cells["name"].tolist() == ["Accra", "Kumasi"]
    assert nodes.cells["kind"].tolist() == ["pop", "pop"]
    assert nodes.cells["status"].tolist() == ["operational"] * 2
    assert nodes.cells["operator"].tolist() == ["FastWeb"] * 2
    assert nodes.cells["infrastructure_provider"].tolist() == ["FibreCo"] * 2
    assert nodes.geometry is not None
    assert shapely.get_coordinates(nodes.geometry).tolist() == [[-0.174, 5.625], [-1.628, 6.711]]
    spans, faults = read(shared / "ofds" / name.format("spans"), "fibre_routes")
    assert spans is not None
    assert not list(faults)
    assert {k: spans.cells[k].tolist() for k in ("id", "fibre_count", "start", "end", "medium")} == {
        "id": ["1"], "fibre_count": [24.0], "start": ["1"], "end": ["2"], "medium": ["fibre"],
    }  # fmt: skip
    assert spans.geometry is not None
    assert shapely.get_num_coordinates(spans.geometry).tolist() == [13]


def test_the_standards_invalid_example_is_refused_with_its_rules(shared: Path) -> None:
    raw, faults = read(shared / "ofds" / "json" / "network-package-invalid.json", "fibre_routes")
    assert raw is None
    said = "\n".join(f.say("en") for f in faults.errors)
    for rule in (
        "'name' is empty",
        "'nodes' is empty",
        "'contracts' must be an array",
        "organisations[0]: 'id' is missing",
        "spans[0]: 'id' is missing",
        "the id '1' stands 2 times in 'phases'",
        "'status' is 'open'",
        "'transmissionMedium' is 'cable'",
        "'directed' must be true or false",
        "'fibreCount' must be a number",
        "'route' must be a LineString",
        "'publisher' must be an object",
        "'accuracy' must be a number",
    ):
        assert rule in said, rule
    advice = "\n".join(f.say("en") for f in faults.warnings)
    assert "'publicationDate' is 'January'" in advice


def test_the_example_of_additional_checks_is_refused(shared: Path) -> None:
    raw, faults = read(shared / "ofds" / "json" / "network-package-additional-checks.json", "fibre_nodes")
    assert raw is None
    said = "\n".join(f.say("en") for f in faults.errors)
    for rule in (
        "'start' refers to the node 'Accra'",
        "'end' refers to the node 'Kumasi'",
        "'location' must be a Point",
        "'phase' refers to 'Phase 1'",
        "stands 2 times in 'nodes'",
        "stands 2 times in 'spans'",
        "'supplier' refers to 'ProjectCo'",
    ):
        assert rule in said, rule


@pytest.mark.parametrize(
    "name", ["network-separate-endpoints", "network-separate-files", "multiple-networks"]
)
def test_a_network_whose_nodes_are_elsewhere_says_where(shared: Path, name: str) -> None:
    raw, faults = read(shared / "ofds" / "json" / f"{name}.json", "fibre_nodes")
    assert raw is None
    assert codes(faults) == ["ofds-elsewhere"]
    assert name == "multiple-networks" or "http://example.com/networks/" in faults.errors[0].say("vi")


def test_several_networks_keep_their_ids_apart(shared: Path, tmp_path: Path) -> None:
    raw, faults = read(shared / "ofds" / "geojson" / "multiple-networks.geojson", "fibre_nodes")
    assert raw is not None
    assert raw.cells["id"].tolist() == ["Ghana Fibre Network:1", "Togo Fibre Network:1"]
    assert not faults.errors
    other = {**network(), "id": "fd7b30d6-f514-4cd0-a5ac-29a774f53a43", "name": "Mạng hai"}
    raw, faults = read(write(tmp_path, network(), other), "fibre_routes")
    assert raw is not None
    assert raw.cells["id"].tolist() == ["Mạng thử:s", "Mạng hai:s"]
    assert not list(faults)


def test_a_network_of_0_4_is_read_with_its_organisations(tmp_path: Path) -> None:
    raw, faults = read(write(tmp_path, network()), "fibre_routes")
    assert raw is not None
    assert not list(faults)
    assert raw.cells["operator"].tolist() == ["Viettel"]
    assert raw.cells["infrastructure_provider"].tolist() == ["o2"]
    assert raw.cells["status"].tolist() == ["planned"]


def _missing_id(n: dict[str, Any]) -> None:
    del n["nodes"][0]["id"]
    del n["spans"][0]["start"]


def _far(n: dict[str, Any]) -> None:
    n["spans"][0]["route"]["coordinates"] = [[108.05, 14.0], [108.1, 14.0]]


BREACHES: list[tuple[str, Callable[[dict[str, Any]], Any], str, str]] = [
    ("no id", _missing_id, "error", "nodes[0]: 'id' is missing"),
    ("id twice", lambda n: n["nodes"].append(n["nodes"][1]), "error", "the id 'B' stands 2 times in 'nodes'"),
    ("no such node", lambda n: n["spans"][0].update(end="C"), "error", "'end' refers to the node 'C'"),
    ("status", lambda n: n["nodes"][0].update(status="live"), "error", "'status' is 'live'"),
    ("number as text", lambda n: n["spans"][0].update(fibreCount="24"), "error", "'fibreCount' must be a number"),  # noqa: E501
    ("flag as number", lambda n: n["nodes"][0].update(power=1), "error", "'power' must be true or false"),
    ("point of one number", lambda n: n["nodes"][0]["location"].update(coordinates=[1]), "error", "'location' must"),  # noqa: E501
    ("line of one point", lambda n: n["spans"][0]["route"].update(coordinates=[[1, 2]]), "error", "'route' must"),  # noqa: E501
    ("no organisation", lambda n: n.pop("organisations"), "error", "refers to 'o1', which is not in"),
    ("no phase", lambda n: n.pop("phases"), "error", "'phase' refers to 'p'"),
    ("far from its node", _far, "warning", "m from the node 'A'"),
    ("no uuid", lambda n: n.update(id="1"), "warning", "which is no UUID"),
    ("no links", lambda n: n.pop("links"), "warning", "'links' is missing"),
    ("other name", lambda n: n["spans"][0]["networkProviders"][0].update(name="X"), "warning", "calls it 'Viettel'"),  # noqa: E501
    ("old version", lambda n: n.update(links=[{**LINKS[0], "href": "x/0__1__0__beta/"}]), "warning", "version 0.1"),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(("name", "spoil", "severity", "said"), BREACHES, ids=[b[0] for b in BREACHES])
def test_each_rule_is_told_alone(
    tmp_path: Path, name: str, spoil: Callable[[dict[str, Any]], Any], severity: str, said: str
) -> None:
    assert check_network(network(), "networks[0]") == []
    spoilt = json.loads(json.dumps(network()))
    spoil(spoilt)
    found = check_network(spoilt, "networks[0]")
    assert {b.severity for b in found} == {severity}
    raw, faults = read(write(tmp_path, spoilt), "fibre_nodes")
    assert (raw is None) == (severity == "error")
    assert any(said in f.say("en") for f in faults), [f.say("en") for f in faults]


def test_distance_against_the_ellipsoid() -> None:
    from pyproj import Geod

    a, b = (108.0, 14.0), (108.3, 14.2)
    assert distance_m(a, b) == pytest.approx(Geod(ellps="WGS84").inv(*a, *b)[2], rel=0.005)


def test_a_span_without_a_route_is_drawn_straight(tmp_path: Path) -> None:
    bare = network()
    del bare["spans"][0]["route"]
    raw, faults = read(write(tmp_path, bare), "fibre_routes")
    assert raw is not None
    assert raw.geometry is not None
    assert raw.geometry[0].wkt == "LINESTRING (108 14, 108.1 14)"
    assert codes(faults) == ["ofds-straight"]


@pytest.mark.parametrize("wkt", [False, True])
def test_csv(tmp_path: Path, wkt: bool) -> None:
    """Both forms that the standard's CSV has had: positions with semicolons, and WKT."""
    node = {"id": "n", "nodes/0/id": "A", "nodes/0/name": "Pleiku", "nodes/0/status": "operational",
            "nodes/0/type": "pop;addDropMultiplexer", "nodes/0/accessPoint": "True"}  # fmt: skip
    shape = {"nodes/0/location": "POINT (108 14)"} if wkt else {
        "nodes/0/location/type": "Point", "nodes/0/location/coordinates": "108;14"}  # fmt: skip
    span = {"id": "n", "spans/0/id": "s", "spans/0/fibreCount": "48", "spans/0/status": "operational",
            "spans/0/physicalInfrastructureProvider/id": "o", "spans/0/physicalInfrastructureProvider/name": "VNPT",  # noqa: E501
            "spans/0/route": "LINESTRING (108 14, 108.1 14)"}  # fmt: skip
    provider = {"id": "n", "nodes/0/id": "A", "nodes/0/networkProviders/0/id": "v",
                "nodes/0/networkProviders/0/name": "Viettel"}  # fmt: skip
    files = {"nodes": {**node, **shape}, "spans": span, "nodes_networkProviders": provider}
    for name, row in files.items():
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, row)
            writer.writeheader()
            writer.writerow(row)
    nodes, faults = read(tmp_path / "nodes.csv", "fibre_nodes")
    assert nodes is not None
    assert not faults.errors
    assert nodes.geometry is not None
    assert nodes.geometry[0].wkt == "POINT (108 14)"
    assert nodes.cells["kind"].tolist() == ["pop, addDropMultiplexer"]
    assert nodes.cells["operator"].tolist() == ["Viettel"]
    spans, faults = read(tmp_path / "spans.csv", "fibre_routes")
    assert spans is not None
    assert not faults.errors
    assert spans.cells["fibre_count"].tolist() == [48.0]
    assert spans.cells["operator"].tolist() == ["VNPT"]


def test_there_and_back_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    where = np.round(np.c_[rng.uniform(107.5, 109, 40), rng.uniform(13, 14.5, 40)], 7)
    nodes = gpd.GeoDataFrame(
        {"id": [f"N{i}" for i in range(40)], "kind": "pop", "operator": ["Viettel", "VNPT"] * 20,
         "status": ["operational", "đang xây dựng"] * 20},
        geometry=shapely.points(where), crs=4326,
    )  # fmt: skip
    lines = [
        shapely.LineString([where[i], (where[i] + where[i + 1]).round(7) / 2, where[i + 1]])
        for i in range(39)
    ]
    routes = gpd.GeoDataFrame(
        {"id": [f"R{i}" for i in range(39)], "operator": "VNPT", "status": "planned",
         "fibre_count": [24.0] * 38 + [np.nan]},
        geometry=lines, crs=4326,
    )  # fmt: skip
    package = to_ofds(nodes, routes.to_crs(3405), name="Mạng tỉnh", publisher="Sở KH&CN")
    assert package == to_ofds(nodes, routes.to_crs(3405), name="Mạng tỉnh", publisher="Sở KH&CN")
    assert check_network(package["networks"][0], "n") == []
    file = tmp_path / "m.json"
    file.write_text(json.dumps(package), encoding="utf-8")
    back, faults = read(file, "fibre_nodes")
    assert back is not None
    assert not list(faults)
    assert back.cells["id"].tolist() == nodes["id"].tolist()
    assert back.cells["operator"].tolist() == nodes["operator"].tolist()
    assert back.cells["status"].tolist() == ["operational", "underConstruction"] * 20
    assert back.geometry is not None
    assert shapely.get_coordinates(back.geometry) == pytest.approx(where, abs=1e-7)
    back, faults = read(file, "fibre_routes")
    assert back is not None
    assert not list(faults)
    assert back.cells["start"].tolist() == [f"N{i}" for i in range(39)]
    assert back.cells["end"].tolist() == [f"N{i + 1}" for i in range(39)]
    np.testing.assert_array_equal(back.cells["fibre_count"], routes["fibre_count"])
    assert shapely.get_coordinates(back.geometry) == pytest.approx(shapely.get_coordinates(lines), abs=2e-7)


def test_a_route_in_parts_becomes_spans(tmp_path: Path) -> None:
    parts = shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]])
    package = to_ofds(None, gpd.GeoDataFrame({"id": ["R"]}, geometry=[parts], crs=4326), name="x")
    assert [s["id"] for s in package["networks"][0]["spans"]] == ["R", "R-2"]
    assert check_network(package["networks"][0], "n") == []


def test_a_plain_geojson_is_no_ofds(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"id": ["a"], "status": ["x"]}, geometry=[shapely.Point(1, 2)], crs=4326)
    frame.to_file(tmp_path / "a.geojson", driver="GeoJSON")
    raw, faults = read(tmp_path / "a.geojson", "fibre_nodes")
    assert raw is not None
    assert raw.cells["status"].tolist() == ["x"]
    assert not list(faults)
