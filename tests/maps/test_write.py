"""All outputs of a province, together: every file, harmless, whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from phusong.coverage.result import Result
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError
from phusong.maps import write
from phusong.maps.manifest import sha256

FILES = {
    "index.html", "map.html", "report.xlsx", "report.docx", "report.pdf", "indicators.csv",
    *(f"map_{name}.{kind}" for name in ("4G", "5G", "fibre", "gaps") for kind in ("png", "svg")),
    "indicators.json", "gaps.csv", "stations.csv",
    "places.csv", "communes.gpkg", "communes.geojson", "gaps.gpkg", "signal_4G.tif", "signal_5G.tif",
    "signal_fibre.tif", "servers_4G.tif", "servers_5G.tif", "manifest.json",
}


@pytest.fixture(scope="module")
def out(tiny_result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("written") / "out"
    stages: list[tuple[Text, float]] = []
    files = write.write_outputs(tiny_result, out, "vi", progress=lambda *now: stages.append(now))
    assert set(files) == FILES
    assert all(path.is_file() and path.parent == out for path in files.values())
    shares = [share for _, share in stages]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return out


def test_every_file_is_there_and_nothing_else(out: Path) -> None:
    assert {p.name for p in out.iterdir()} == FILES
    assert os.listdir(out.parent) == ["out"]


def test_manifest_tells_what_and_from_what(tiny_result: Result, out: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["path"] for entry in manifest["outputs"]} == FILES - {"manifest.json"}
    for entry in manifest["outputs"]:
        assert sha256(out / entry["path"]) == entry["sha256"]
        assert (out / entry["path"]).stat().st_size == entry["bytes"]
    assert [entry["sha256"] for entry in manifest["inputs"]] == [s.sha256 for s in tiny_result.layers.sources]
    assert manifest["project"]["services"]["4G"]["threshold_dbm"] == -110
    assert manifest["grid"] == {"crs": "EPSG:32649", "left_m": 200000.0, "top_m": 1550000.0, "cell_m": 200.0,
                                "rows": 50, "columns": 90}
    people = manifest["people"]
    assert people["inside"] + people["outside"] == pytest.approx(people["total"], rel=1e-9)
    assert sum(entry["count"] for entry in manifest["faults"]) == len(tiny_result.faults)
    assert {"read", "reach", "write report.xlsx"} <= set(manifest["seconds"])
    assert manifest["generator"]["libraries"]["numpy"]


def test_same_result_same_bytes_in_every_file(tiny_result: Result, out: Path, tmp_path: Path) -> None:
    write.write_outputs(tiny_result, tmp_path / "again", "vi")
    for name in sorted(FILES - {"manifest.json"}):
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes(), name


def test_no_path_of_this_machine_is_told(out: Path) -> None:
    root = str(Path(__file__).parents[2]).encode()
    for path in out.iterdir():
        content = path.read_bytes()
        assert root not in content, path.name
        assert str(out).encode() not in content, path.name


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]


def test_pages_run_no_name(out: Path) -> None:
    for name in ("index.html", "map.html"):
        page = (out / name).read_text(encoding="utf-8")
        assert "<script>alert(1)" not in page
        assert "<img src=x" not in page
        reader = _Links()
        reader.feed(page)
        assert reader.links
        for link in reader.links:
            assert not link.startswith(("http", "//", "javascript:")), link


def test_full_disk_in_the_middle(
    tiny_result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write.write_outputs(tiny_result, out, "vi")
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    real = write.gis.write_gaps_gpkg

    def full(result: Result, path: Path) -> None:
        real(result, path)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(write.gis, "write_gaps_gpkg", full)
    with pytest.raises(ExpectedError, match="disk is full"):
        write.write_outputs(tiny_result, out, "en")
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert os.listdir(tmp_path) == ["out"]


def test_bug_in_one_page_leaves_the_earlier_output(
    tiny_result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def broken(*_: Any) -> str:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(write, "render_report", broken)
        with pytest.raises(ZeroDivisionError):
            write.write_outputs(tiny_result, out, "vi")
    assert os.listdir(tmp_path) == []
