"""Fibre that a scenario takes or adds: against a project whose files say the same, and against the base."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fibre_project import make_fibre_project
from what_if import Ask

from phusong.coverage.analyse import analyse_layers
from phusong.coverage.result import Result
from phusong.coverage.scenario import Base, compare_with_base, one_way, unchanged_services
from phusong.coverage.zonal import CommuneShares
from phusong.layers.faults import InputError
from phusong.layers.inventory import Layers
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers
from phusong.layers.scenario.apply import apply_scenario
from phusong.layers.scenario.asked import read_scenario
from phusong.layers.scenario.files import open_scenario

RADIO = '\n[services.4G]\nmodel = "range"\nradius_m = 2000\n'
ROUTES, NODES = "fibre_routes.geojson", "fibre_nodes.geojson"


@pytest.fixture(scope="module")
def project(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = make_fibre_project(sample, tmp_path_factory.mktemp("what-if-fibre") / "tinh")
    file.write_text(file.read_text(encoding="utf-8") + RADIO, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def layers(project: Path) -> Layers:
    return read_layers(read_project(project))


def features(project: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((project.parent / name).read_text(encoding="utf-8")))


def write(path: Path, whole: dict[str, Any], kept: list[Any]) -> Path:
    path.write_text(json.dumps({**whole, "features": kept}), encoding="utf-8")
    return path


def names(items: list[Any]) -> list[str]:
    return [str(item["properties"]["id"]) for item in items]


def test_fibre_taken_and_added_gives_what_a_project_with_such_files_gives(
    ask: Ask, project: Path, layers: Layers, base: Result, shares: CommuneShares, tmp_path: Path
) -> None:
    """Half of each layer goes; a tenth of it comes back from files, under an operator spelt otherwise."""
    whole = {name: features(project, name) for name in (ROUTES, NODES)}
    text, later = "", tmp_path / "sau"
    later.mkdir()
    for path in project.parent.iterdir():
        (later / path.name).write_bytes(path.read_bytes())
    for key, name in (("routes", ROUTES), ("nodes", NODES)):
        held = whole[name]["features"]
        gone, back = held[::2], held[:: len(held) // 5 * 2]
        assert {id(b) for b in back} <= {id(g) for g in gone}
        came = [
            {**b, "properties": {**b["properties"], "operator": b["properties"]["operator"].upper()}}
            for b in back
        ]
        file = write(tmp_path / name, whole[name], came)
        text += f"{key}_removed = {json.dumps(names(gone))}\n{key}_added = {json.dumps(str(file))}\n"
        write(later / name, whole[name], [*held[1::2], *back])
    changed, applied = ask("[fibre]\n" + text)
    assert applied.touches_fibre
    assert not one_way(applied)
    assert [(s.kind, s.objects) for s in applied.steps] == [
        (f"fibre_{key}_{what}", len(whole[name]["features"][::step]))
        for key, name in (("routes", ROUTES), ("nodes", NODES))
        for what, step in (("removed", 2), ("added", len(whole[name]["features"]) // 5 * 2))
    ]
    result = analyse_layers(changed, shares=shares)
    fresh = analyse_layers(read_layers(read_project(later / project.name)))
    keys = ["level", "code", "service", "operator", "indicator"]
    figures = [r.indicators.set_index(keys)["numerator"].sort_index() for r in (result, fresh, base)]
    assert figures[0].index.equals(figures[1].index)
    assert np.allclose(figures[0], figures[1], rtol=1e-9, equal_nan=True)
    people = ("province", "99", "fibre", "any", "population")
    assert 0.0 < figures[0][people] < figures[2][people]
    found = compare_with_base(Base.of(base), result, applied, lambda: shares)
    rows = found.changes[found.changes["gained"].notna()]
    assert np.allclose(rows["base"] - rows["lost"] + rows["gained"], rows["scenario"], rtol=0, atol=1e-9)
    # Radio is not touched: its part of the base is taken over.
    known = unchanged_services(base, applied)
    assert [name for name in layers.project.services if known(changed, name) is not None] == ["4G"]


def test_all_fibre_may_go_and_every_household_of_the_base_is_lost(
    ask: Ask, layers: Layers, base: Result, shares: CommuneShares
) -> None:
    assert layers.fibre_routes is not None
    assert layers.fibre_nodes is not None
    ids = [json.dumps(frame["id"].tolist()) for frame in (layers.fibre_routes, layers.fibre_nodes)]
    changed, applied = ask("[fibre]\n" f"routes_removed = {ids[0]}\nnodes_removed = {ids[1]}\n")
    assert one_way(applied)
    result = analyse_layers(changed, shares=shares)
    assert not result.reaches["fibre", "any"].covered.values.any()
    found = compare_with_base(Base.of(base), result, applied, lambda: shares)
    row = found.changes.query(
        "level == 'province' and service == 'fibre' and operator == 'any' and indicator == 'population'"
    ).iloc[0]
    assert row["scenario"] == 0.0
    assert row["lost"] == pytest.approx(row["base"])
    assert row["base"] > 0.0


def test_what_comes_twice_or_is_not_there_is_told(ask: Ask, project: Path, layers: Layers) -> None:
    assert layers.fibre_nodes is not None
    whole = features(project, NODES)
    file = json.dumps(str(project.parent / NODES))
    changed, applied = ask("[fibre]\n" f"nodes_added = {file}\n")
    assert applied.steps[0].objects == len(whole["features"])
    told = [f for f in changed.faults if f.code == "scenario.fibre-there"]
    assert len(told) == 1
    assert names(whole["features"])[0] in told[0].say("vi")
    first = names(whole["features"])[0]
    with pytest.raises(InputError) as caught:
        ask('[fibre]\n' f'routes_removed = "{first}x"\nnodes_removed = ["{first}", "{first}x"]\n')
    errors = [f for f in caught.value.faults if f.severity == "error"]
    assert [(f.column, f.value) for f in errors] == [
        ("fibre.routes_removed", f"{first}x"), ("fibre.nodes_removed", f"{first}x"),
    ]  # fmt: skip
    assert first in errors[1].say("en")


def test_without_a_layer_of_fibre_nothing_can_be_taken_but_something_added(
    layers: Layers, project: Path, tmp_path: Path
) -> None:
    from dataclasses import replace

    bare = replace(layers, fibre_nodes=None)
    for text, wrong in (('nodes_removed = "A"', True), (f"nodes_added = '{project.parent / NODES}'", False)):
        file = tmp_path / "kich-ban.toml"
        file.write_text(f'name = "Thử"\n[fibre]\n{text}\n', encoding="utf-8")
        scenario = open_scenario(read_scenario(file), bare)
        if wrong:
            with pytest.raises(InputError) as caught:
                apply_scenario(bare, scenario)
            assert [f.code for f in caught.value.faults] == ["scenario.no-fibre-layer"]
        else:
            changed, _ = apply_scenario(bare, scenario)
            assert changed.fibre_nodes is not None
            assert layers.fibre_nodes is not None
            assert changed.fibre_nodes["id"].tolist() == layers.fibre_nodes["id"].tolist()
