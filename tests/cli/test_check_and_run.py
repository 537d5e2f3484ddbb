"""``phusong check`` and ``phusong run``: good inputs, bad inputs, and what lies in the folder afterwards."""

from __future__ import annotations

import csv
import errno
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from quick_project import content

ANSWER = Callable[..., Any]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def edit_csv(path: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    rows = read_csv(path)
    names = list(rows[0])
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def spoil(project: Path) -> dict[str, Sequence[str]]:
    """Put one fault into each of several layers; return what must be told of each, by its code."""
    folder = project.parent

    def stations(rows: list[dict[str, str]]) -> None:
        rows[3]["technology"] = "6G"
        rows[5]["lon"], rows[5]["lat"] = rows[5]["lat"], rows[5]["lon"]
        rows[9]["cell_id"] = rows[8]["cell_id"]

    def villages(rows: list[dict[str, str]]) -> None:
        rows[2]["lat"] = "x12"

    cells = read_csv(folder / "stations.csv")
    cell, lat = cells[8]["cell_id"], cells[5]["lat"]
    edit_csv(folder / "stations.csv", stations)
    edit_csv(folder / "villages.csv", villages)
    with rasterio.open(folder / "population.tif", "r+") as raster:
        band = raster.read(1)
        band[np.unravel_index(np.argmax(band), band.shape)] = -5.0
        raster.write(band, 1)
    return {
        "technology": ("stations.csv", "5", "technology", "6G"),
        "swapped": ("stations.csv", "7", lat),
        "duplicate": ("stations.csv", "11", "cell_id", cell),
        "villages": ("villages.csv", "4", "lat", "x12"),
        "population": ("population.tif",),
    }


def test_check_lists_what_was_read(phusong: ANSWER, finished: tuple[Path, Path]) -> None:
    answer = phusong("check", finished[0])
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0] == "xã, phường: 8 dòng hoặc ô từ communes.gpkg, số liệu ngày 30/06/2026"
    assert any(line.startswith("thôn, làng: 30 dòng") for line in lines)
    assert lines[-1].startswith("Chạy được: 0 lỗi, ")
    answer = phusong("check", finished[0].parent, "--lang", "en")
    assert answer.out.splitlines()[0] == "communes: 8 rows or cells from communes.gpkg, as of 30 June 2026"
    assert answer.out.splitlines()[-1].startswith("Ready to run: 0 errors, ")


def test_check_as_json(phusong: ANSWER, finished: tuple[Path, Path]) -> None:
    answer = phusong("check", finished[0], "--json")
    assert answer.code == 0
    assert answer.err == ""
    told = json.loads(answer.out)
    assert told["errors"] == 0
    assert told["warnings"] == len(told["faults"])
    assert {s["layer"] for s in told["sources"]} == {
        "communes", "population", "stations", "terrain", "places.villages",
    }  # fmt: skip
    manifest = json.loads((finished[1] / "manifest.json").read_text(encoding="utf-8"))
    hashes = {entry["layer"]: entry["sha256"] for entry in manifest["inputs"]}
    assert {s["layer"]: s["sha256"] for s in told["sources"]} == hashes


def test_check_tells_every_fault_at_once(phusong: ANSWER, project: Path) -> None:
    expected = spoil(project)
    before = content(project.parent)
    answers = {lang: phusong("check", project, "--lang", lang) for lang in ("vi", "en")}
    for lang, answer in answers.items():
        assert answer.code == 2
        for wanted in expected.values():
            fitting = [line for line in answer.err.splitlines() if all(part in line for part in wanted)]
            assert fitting, (lang, wanted, answer.err)
    assert "tệp stations.csv, dòng 5, cột technology, giá trị '6G': " in answers["vi"].err
    assert "file stations.csv, row 5, column technology, value '6G': " in answers["en"].err
    assert f"{len(expected)} lỗi phải sửa trước khi chạy:" in answers["vi"].err
    # What was read, and how, is told all the same.
    assert "dòng hoặc ô từ stations.csv" in answers["vi"].out
    assert answers["vi"].out.splitlines()[-1].startswith(f"Chưa chạy được: {len(expected)} lỗi phải sửa")
    assert answers["en"].out.splitlines()[-1].startswith(f"Not ready to run: {len(expected)} errors")
    assert content(project.parent) == before


def test_check_tells_every_fault_as_json(phusong: ANSWER, project: Path) -> None:
    expected = spoil(project)
    answer = phusong("check", project, "--json", "--lang", "en")
    assert answer.code == 2
    assert answer.err == ""
    told = json.loads(answer.out)
    errors = [fault for fault in told["faults"] if fault["severity"] == "error"]
    assert told["errors"] == len(errors) == len(expected)
    assert {fault["layer"] for fault in errors} == {"stations", "places.villages", "population"}
    unknown = next(fault for fault in errors if fault["value"] == "6G")
    assert (unknown["file"], unknown["row"], unknown["column"]) == ("stations.csv", "5", "technology")
    assert unknown["code"].startswith("stations.")
    assert "row 5" in unknown["message"]


def test_check_tells_quality_and_what_was_understood(phusong: ANSWER, project: Path) -> None:
    edit_csv(project.parent / "stations.csv", lambda rows: rows[4].update(site_id="KHAC"))
    answer = phusong("check", project, "--json", "--lang", "en")
    assert answer.code == 0
    told = json.loads(answer.out)
    near = next(figure for figure in told["quality"] if figure["code"] == "near-sites")
    assert near["numerator"] == 2
    assert near["doubtful"] is True
    assert "KHAC" in {suspect["id"] for suspect in near["suspects"]}
    stations = next(one for one in told["understood"] if one["layer"] == "stations")
    assert stations["columns"]["site_id"] == "site_id"
    assert stations["crs"] == "EPSG:4326"
    assert len(told["population"]) == 8
    plain = phusong("check", project, "--lang", "en").out
    assert "? stations: Sites of one operator within 30 m: 2/" in plain
    assert "KHAC 0 m from" in plain


def test_check_prints_some_of_many_alike_faults_and_counts_them_all(phusong: ANSWER, project: Path) -> None:
    def turn(rows: list[dict[str, str]]) -> None:
        for row in rows[:70]:
            row["azimuth_deg"] = "700"

    edit_csv(project.parent / "stations.csv", turn)
    answer = phusong("check", project, "--lang", "en")
    assert "70 errors to mend" in answer.err
    assert sum("value '700'" in line for line in answer.err.splitlines()) == 20
    assert "column azimuth_deg: 50 more places (stations.out-of-range)" in answer.err
    told = json.loads(phusong("check", project, "--json").out)
    assert sum(fault["value"] == "700" for fault in told["faults"]) == told["errors"] == 70


def test_check_goes_on_past_a_file_that_is_missing(phusong: ANSWER, project: Path) -> None:
    (project.parent / "population.tif").unlink()
    edit_csv(project.parent / "stations.csv", lambda rows: rows[3].update(technology="6G"))
    answer = phusong("check", project, "--json", "--lang", "en")
    assert answer.code == 2
    told = json.loads(answer.out)
    errors = {(fault["file"], fault["code"].partition(".")[2]) for fault in told["faults"]
              if fault["severity"] == "error"}
    assert errors == {("population.tif", "missing-file"), ("stations.csv", "unknown-technology")}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_check_writes_a_page_and_marked_copies(
    phusong: ANSWER, project: Path, tmp_path: Path, lang: str
) -> None:
    spoil(project)
    before = content(project.parent)
    page, marked = tmp_path / "check.html", tmp_path / "marked"
    answer = phusong("check", project, "--html", page, "--marked", marked, "--lang", lang)
    assert answer.code == 2
    assert f'lang="{lang}"' in page.read_text(encoding="utf-8")
    assert sorted(p.name for p in marked.glob("*.xlsx")) == ["stations-marked.xlsx", "villages-marked.xlsx"]
    assert str(marked / "stations-marked.xlsx") in answer.out
    assert str(page) in answer.out
    assert content(project.parent) == before
    answer = phusong("check", project, "--json", "--html", page, "--marked", marked, "--lang", lang)
    json.loads(answer.out)
    assert str(page) in answer.err


def test_check_of_clean_tables_makes_no_copy_and_says_so(
    phusong: ANSWER, finished: tuple[Path, Path], tmp_path: Path
) -> None:
    answer = phusong("check", finished[0], "--marked", tmp_path / "marked")
    assert answer.code == 0
    assert "Tệp sạch, không có bản đánh dấu: " in answer.out
    assert not (tmp_path / "marked").exists()


def test_check_will_not_write_over_an_input(phusong: ANSWER, project: Path) -> None:
    before = content(project.parent)
    answer = phusong("check", project, "--html", project.parent / "stations.csv", "--lang", "en")
    assert answer.code == 2
    assert "is no page of a check" in answer.err
    answer = phusong("check", project, "--html", project.parent / "no" / "check.html", "--lang", "en")
    assert answer.code == 2
    assert "Traceback" not in answer.err
    spoil(project)
    before = content(project.parent)
    answer = phusong("check", project, "--marked", project.parent, "--lang", "en")
    assert answer.code == 2
    assert "holds something else" in answer.err
    assert content(project.parent) == before


def test_check_of_a_project_file_that_is_none(phusong: ANSWER, tmp_path: Path, project: Path) -> None:
    answer = phusong("check", tmp_path / "none.toml")
    assert answer.code == 2
    assert "Không tìm thấy tệp" in answer.err
    text = project.read_text(encoding="utf-8")
    wrong = text.replace("radius_m", "radus_m").replace("cell_m = 500", "cell_m = 5")
    project.write_text(wrong, encoding="utf-8")
    answer = phusong("check", project, "--lang", "en")
    assert answer.code == 2
    assert "services.4G.radus_m" in answer.err
    assert "'radius_m'" in answer.err
    assert "grid.cell_m" in answer.err
    project.write_text(text + "\n[grid\n", encoding="utf-8")
    answer = phusong("check", project)
    assert answer.code == 2
    assert "Sai cú pháp TOML" in answer.err


def test_run_writes_and_says_so(phusong: ANSWER, finished: tuple[Path, Path], tmp_path: Path) -> None:
    answer = phusong("run", finished[0], "--out", tmp_path / "out", "--lang", "en")
    assert answer.code == 0
    sentences = answer.out.splitlines()
    assert sentences[0].startswith("4G covers ") or "4G" in sentences[0]
    assert sentences[-1] == f"Open this file: {tmp_path / 'out' / 'index.html'}"
    ours, theirs = content(tmp_path / "out"), content(finished[1])
    assert set(ours) == set(theirs)
    assert "lang=\"en\"" in ours["index.html"].decode()
    # The tables are for other programs: the same bytes in either language, by either run.
    for name in ("indicators.csv", "indicators.json", "gaps.csv", "places.csv", "communes.gpkg", "gaps.gpkg"):
        assert ours[name] == theirs[name], name
    assert json.loads(ours["manifest.json"])["language"] == "en"
    assert json.loads(theirs["manifest.json"])["language"] == "vi"


def test_quiet_run_says_only_which_file(phusong: ANSWER, finished: tuple[Path, Path], tmp_path: Path) -> None:
    answer = phusong("--quiet", "run", finished[0], "--out", tmp_path / "out")
    assert answer.out == f"Mở tệp này: {tmp_path / 'out' / 'index.html'}\n"
    assert answer.err == ""


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_bad_input_leaves_the_earlier_output(
    phusong: ANSWER, project: Path, finished: tuple[Path, Path], tmp_path: Path, lang: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name, data in content(finished[1]).items():
        (out / name).write_bytes(data)
    expected = spoil(project)
    answer = phusong("run", project, "--out", out, "--lang", lang)
    assert answer.code == 2
    assert answer.out == ""
    for wanted in expected.values():
        assert any(all(part in line for part in wanted) for line in answer.err.splitlines()), answer.err
    assert "Traceback" not in answer.err
    assert content(out) == content(finished[1])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "tinh"]


def test_bad_input_makes_no_folder(phusong: ANSWER, project: Path, tmp_path: Path) -> None:
    spoil(project)
    assert phusong("run", project, "--out", tmp_path / "deep" / "out").code == 2
    assert not (tmp_path / "deep").exists()


def test_foreign_folder_is_refused_before_the_work(
    phusong: ANSWER, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phusong.maps.run.analyse", lambda *_, **__: pytest.fail("analysed in vain"))
    before = content(project.parent)
    answer = phusong("run", project, "--out", project.parent)
    assert answer.code == 2
    assert "đã có dữ liệu khác" in answer.err
    assert content(project.parent) == before
    answer = phusong("run", project, "--out", project, "--lang", "en")
    assert answer.code == 2
    assert "is a file" in answer.err
    assert "holds something else" in phusong("run", project, "--out", project.parent, "--lang", "en").err


@pytest.mark.parametrize(
    ("number", "vi", "en"),
    [
        (errno.ENOSPC, "Hết dung lượng đĩa", "The disk is full"),
        (errno.EROFS, "Không có quyền ghi", "No permission to write"),
        (errno.EACCES, "Không có quyền ghi", "No permission to write"),
    ],
)
def test_disk_that_fails_leaves_the_earlier_output(
    phusong: ANSWER, finished: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    number: int, vi: str, en: str,
) -> None:  # fmt: skip
    out = tmp_path / "out"
    out.mkdir()
    for name, data in content(finished[1]).items():
        (out / name).write_bytes(data)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, "the disk")

    monkeypatch.setattr("phusong.maps.write.write_document", fail)
    for lang, text in (("vi", vi), ("en", en)):
        answer = phusong("run", finished[0], "--out", out, "--lang", lang)
        assert answer.code == 2
        assert text in answer.err
        assert str(out) in answer.err
        assert "Traceback" not in answer.err
        assert content(out) == content(finished[1])
        assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_faults_are_told_in_the_order_of_the_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever mends a file goes through it once; what concerns the whole file comes first."""
    from phusong.cli.screen import print_faults
    from phusong.data.language import Text
    from phusong.layers.faults import Fault

    said = Text("sai", "wrong")
    found = [
        Fault("error", "a.x", said, said, file="a.csv", row="12", column="lon"),
        Fault("error", "a.x", said, said, values={"n": 3, "code": "a.x"}, file="a.csv", column="lon"),
        Fault("error", "b.x", said, said, file="b.csv", row="1"),
        Fault("warning", "a.w", said, said, file="a.csv", row="2"),
        Fault("error", "a.y", said, said, file="a.csv", row="3, 8", column="site_id"),
        Fault("error", "a.z", said, said, file="a.csv"),
        Fault("error", "a.y", said, said, file="a.csv", row="100", column="site_id"),
    ]
    print_faults(found, "en")
    lines = [line.partition(": ")[0].strip(" ✗!") for line in capsys.readouterr().err.splitlines()]
    assert [line for line in lines if line.startswith("file")] == [
        "file a.csv", "file a.csv, row 3, 8, column site_id", "file a.csv, row 12, column lon",
        "file a.csv, row 100, column site_id", "file a.csv, column lon", "file b.csv, row 1",
        "file a.csv, row 2",
    ]
