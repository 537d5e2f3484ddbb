"""Pictures and rasters kept between runs: what is written is what a run that keeps nothing writes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import phusong.coverage.radio.groups as radio
from phusong.coverage.result import ANY, Result
from phusong.coverage.store import RADIO_TABLES, Store
from phusong.layers.grid import Raster
from phusong.maps import kept
from phusong.maps.write import writers

KEPT = ("map.html", "map_5G.png", "map_5G.svg", "signal_4G.tif", "signal_5G.tif", "servers_4G.tif")


def other_signal(result: Result) -> Result:
    """Return a result whose 4G is 1 dB stronger where it is 20 dB above the threshold at most."""
    reach = result.reaches["4G", ANY]
    signal = Raster(np.where(reach.signal.values < -90.0, reach.signal.values + 1.0, reach.signal.values),
                    reach.signal.grid)
    return replace(result, reaches={**result.reaches, ("4G", ANY): replace(reach, signal=signal)})


def other_share(result: Result) -> Result:
    """Return a result in which no commune has 5G."""
    table = result.indicators.copy()
    table.loc[table["service"] == "5G", ["numerator", "percent"]] = 0.0
    return replace(result, indicators=table)


def share_of_the_same_class(result: Result) -> Result:
    """Return a result whose communes have half a person less with 5G, which no colour shows."""
    table = result.indicators.copy()
    mine = (table["service"] == "5G") & (table["indicator"] == "population") & (table["numerator"] > 1.0)
    table.loc[mine, "numerator"] -= 0.5
    return replace(result, indicators=table)


def other_gaps(result: Result) -> Result:
    """Return a result whose gaps stand somewhere else."""
    moved = result.gaps.copy()
    moved["geometry"] = moved.geometry.translate(0.01, 0.0)
    return replace(result, gaps=moved)


def other_day(result: Result) -> Result:
    """Return a result of another day."""
    project = result.layers.project
    province = project.province.model_copy(update={"as_of": date(2025, 1, 2)})
    layers = replace(result.layers, project=project.model_copy(update={"province": province}))
    return replace(result, layers=layers)


def written(result: Result, folder: Path, store: Store | None) -> dict[str, bytes]:
    folder.mkdir()
    jobs = writers(result, "vi", store)
    for name in KEPT:
        jobs[name](folder / name)
    return {name: (folder / name).read_bytes() for name in KEPT}


@pytest.fixture(scope="module")
def store(tiny_result: Result, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that has everything of the province."""
    folder = tmp_path_factory.mktemp("kept")
    store = Store(folder / "store")
    assert written(tiny_result, folder / "with", store) == written(tiny_result, folder / "without", None)
    return store


def test_what_is_kept_is_not_made_again(
    tiny_result: Result, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = written(tiny_result, tmp_path / "without", None)
    for module, name in (("gis", "_make_cog"), ("static", "png_bytes"), ("static", "svg_bytes"),
                         ("overlay", "palette_png")):
        monkeypatch.delattr(f"phusong.maps.{module}.{name}")
    assert written(tiny_result, tmp_path / "with", store) == fresh


@pytest.mark.parametrize(
    "change", [other_signal, other_share, share_of_the_same_class, other_gaps, other_day]
)
def test_what_changed_is_made_anew(
    tiny_result: Result, store: Store, tmp_path: Path, change: Callable[[Result], Result]
) -> None:
    changed = change(tiny_result)
    fresh = written(changed, tmp_path / "without", None)
    assert fresh != written(tiny_result, tmp_path / "before", store)
    assert written(changed, tmp_path / "with", store) == fresh


def test_a_torn_part_is_made_anew(tiny_result: Result, store: Store, tmp_path: Path) -> None:
    fresh = written(tiny_result, tmp_path / "without", None)
    for part in store.folder.glob("*/*.npz"):
        part.write_bytes(part.read_bytes()[:-40])
    assert written(tiny_result, tmp_path / "with", store) == fresh


def test_another_program_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    assert kept.kept_bytes(store, ("a",), lambda: b"old") == b"old"
    monkeypatch.setattr(kept, "drawing_digest", lambda: "another")
    assert kept.kept_bytes(store, ("a",), lambda: b"new") == b"new"


def test_radio_reads_no_table_but_those_in_its_digest() -> None:
    """Of the data package, predictions import `language` and `tables`, of that nothing on provinces."""
    read: set[str] = set()
    for path in Path(radio.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("phusong.data"):
                assert node.module in {"phusong.data.language", "phusong.data.tables"}, path.name
                read |= {name.name for name in node.names}
            if isinstance(node, ast.Import):
                assert not any(name.name.startswith("phusong.data") for name in node.names), path.name
    assert "provinces" not in read
    import phusong.data.tables as tables

    source = ast.parse(Path(tables.__file__).read_text(encoding="utf-8"))
    said = {str(n.value) for n in ast.walk(source) if isinstance(n, ast.Constant)}
    named = {s for s in said if s.endswith(".csv")}
    assert named - {"provinces.csv"} == set(RADIO_TABLES)
