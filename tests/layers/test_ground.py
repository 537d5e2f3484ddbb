"""Water and protected areas are read; a service along roads says what it lacks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import small

from phusong.coverage.analyse import analyse_layers
from phusong.layers.faults import InputError
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers

FIBRE = """
[services.fibre]
model = "route-distance"
reach_m = 4000
reach = "roads"
drop_m = 600
splitters = ["1:4", "1:8"]
classes = { "đường thử" = 1.5, water = 9 }
"""
LAYERS = """
[layers.roads]
path = "roads.geojson"

[layers.water]
path = "rivers.geojson"

[layers.protected]
path = "parks.geojson"

[layers.fibre_nodes]
path = "nodes.geojson"
"""


def write(folder: Path, name: str, shapes: list, rows: list[dict], kind: str) -> None:
    (folder / name).write_text(json.dumps(small.collection(shapes, rows, kind)), encoding="utf-8")


@pytest.fixture
def along_roads(tmp_path: Path) -> Path:
    project = small.write_province(tmp_path)
    road, river = [[108.02, 14.05], [108.18, 14.05]], [[108.1, 14.0], [108.1, 14.1]]
    write(tmp_path, "roads.geojson", [road], [{"road_id": "1", "class": "đường thử"}], "LineString")
    write(tmp_path, "rivers.geojson", [river], [{"name": "Sông Ba", "width_m": 40}], "LineString")
    write(tmp_path, "parks.geojson", [[small.square(1, 0, 0.05)]], [{"name": "Vườn"}], "Polygon")
    nodes = [{"id": "N1", "kind": "OLT", "operator": "VNPT", "status": "đang hoạt động"}]
    write(tmp_path, "nodes.geojson", [[108.05, 14.0505]], nodes, "Point")
    project.write_text(project.read_text(encoding="utf-8") + LAYERS + FIBRE, encoding="utf-8")
    return project


def test_layers_of_the_ground_reach_the_analysis(along_roads: Path) -> None:
    layers = read_layers(read_project(along_roads))
    assert layers.water is not None
    assert layers.protected is not None
    assert layers.water[["name", "width_m"]].to_numpy().tolist() == [["Sông Ba", 40.0]]
    assert np.isnan(layers.protected["width_m"]).all()
    assert layers.protected.crs == layers.grid.crs
    result = analyse_layers(layers)
    covered = result.reaches["fibre", "any"].covered.values
    # 4 km either way along the road, 600 m to its sides: a strip of about 10 km2 (of cells of 500 m).
    assert 0.25 * covered.sum() == pytest.approx(0.6 * 2 * (3.3 + 4.0), rel=0.4)
    assert {s.layer for s in result.layers.sources} >= {"water", "protected", "roads"}


def test_along_roads_without_roads_is_an_error(tmp_path: Path) -> None:
    project = small.write_province(tmp_path)
    project.write_text(project.read_text(encoding="utf-8") + FIBRE, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_project(project)
    (fault,) = caught.value.faults
    assert (fault.code, fault.column) == ("project.no-roads", "services.fibre.reach")
    assert "[layers.roads]" in fault.say("vi")


@pytest.mark.parametrize(("given", "vi"), [("1.5", ""), ("0", "lớn hơn 0"), ("-2", "lớn hơn 0")])
def test_a_cost_of_zero_or_less_is_an_error(along_roads: Path, given: str, vi: str) -> None:
    text = along_roads.read_text(encoding="utf-8").replace("= 1.5", f"= {given}")
    along_roads.write_text(text, encoding="utf-8")
    if not vi:
        assert read_project(along_roads).services["fibre"].classes["đường thử"] == 1.5
        return
    with pytest.raises(InputError) as caught:
        read_project(along_roads)
    (fault,) = caught.value.faults
    assert vi in fault.say("vi")
    assert "đường thử" in fault.column


@pytest.mark.parametrize("wrong", ['splitters = ["1:3"]', 'optics = "A"', 'reach = "road"'])
def test_words_that_are_not_known_are_told(along_roads: Path, wrong: str) -> None:
    key = wrong.split(" ")[0]
    lines = along_roads.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(f"{key} =")]
    along_roads.write_text("\n".join([*kept, wrong]), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_project(along_roads)
    (fault,) = caught.value.faults
    assert fault.code == "project.wrong-value"
    assert fault.column.startswith(f"services.fibre.{key}")
    assert "This must be one of" in fault.say("en")
