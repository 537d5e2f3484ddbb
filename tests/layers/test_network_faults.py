"""Each fault of fibre, roads and zones: found, placed, and told in both languages."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import small
from fault_cases import found


def _lines(rings: list[Any], **more: Any) -> dict[str, Any]:
    return small.collection(
        rings, [{"id": f"r{i}", "status": "operational", **more} for i in range(len(rings))], "LineString"
    )


ROUTE = [[108.05, 14.05], [108.15, 14.15]]


AWAY = [[110.0, 16.0], [110.1, 16.1]]


@pytest.mark.parametrize(
    ("data", "code", "severity", "row", "vi", "en"),
    [
        (_lines([AWAY]), "outside-province", "error", "", "Không đối tượng nào", "No feature lies"),
        (_lines([[[y, x] for x, y in ROUTE]]), "swapped-coordinates", "error", "", "đổi chỗ", "swapped"),
        (
            _lines([ROUTE, AWAY]),
            "features-outside",
            "warning",
            "",
            "1 đối tượng nằm cách tỉnh",
            "1 features lie",
        ),
        (_lines([ROUTE], status="planned"), "not-operational", "warning", "", "'planned'", "'planned'"),
        (_lines([ROUTE, None]), "empty-shape", "error", "2", "không có hình học", "has no shape"),
        (_lines([ROUTE], fibre_count=-4), "out-of-range", "error", "1", "lớn hơn 0", "above 0"),
        (
            _lines([ROUTE, ROUTE], id="same"),
            "repeated-route",
            "warning",
            "",
            "1 tuyến có mã đã dùng",
            "1 routes have",
        ),
        (
            small.collection([[small.square(0, 0)]], [{}]),
            "wrong-shape",
            "error",
            "1",
            "cần đường",
            "a line is needed",
        ),
    ],
)
def test_fibre_routes(
    project: Path, data: dict[str, Any], code: str, severity: str, row: str, vi: str, en: str
) -> None:
    small.write(project.parent, "routes.geojson", data)
    small.add(project, '[layers.fibre_routes]\npath = "routes.geojson"\n')
    (fault,) = found(project, f"fibre_routes.{code}")
    assert (fault.severity, fault.row) == (severity, row)
    assert vi in fault.say("vi")
    assert en in fault.say("en")


def test_fibre_nodes_roads_and_zones(project: Path) -> None:
    node = {"type": "Point", "coordinates": [108.05, 14.05]}
    nodes = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"id": "n1", "kind": "cabinet"}, "geometry": node},
            {"type": "Feature", "properties": {"id": "n1", "kind": "cabinet"}, "geometry": node},
        ],
    }
    small.write(project.parent, "nodes.geojson", nodes)
    small.write(project.parent, "roads.geojson", small.collection([ROUTE], [{"class": "ql"}], "LineString"))
    bow = [[108.0, 14.0], [108.02, 14.02], [108.02, 14.0], [108.0, 14.02], [108.0, 14.0]]
    small.write(project.parent, "zones.geojson", small.collection([[bow]], [{"zone_id": "z", "name": "KCN"}]))
    small.add(
        project,
        '[layers.fibre_nodes]\npath = "nodes.geojson"\n[layers.roads]\npath = "roads.geojson"\n'
        '[zones.i]\npath = "zones.geojson"\n',
    )
    faults = small.faults_of(project)
    assert [f.code for f in faults] == ["zones.invalid-shape", "fibre_nodes.duplicate-id"]
    assert "trùng với dòng 1" in faults[1].say("vi")
    # A bow tie's signed halves cancel, so all of the repaired area is change: half of the square.
    assert faults[0].values["km2"] == pytest.approx(
        0.0002 * 111.32 * math.cos(math.radians(14.01)) * 110.65, rel=0.01
    )
