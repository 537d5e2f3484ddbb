"""``phusong plan sites`` as a user calls it: outputs, a run that gives the same, unanswerable questions."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import pandas as pd
import pytest

from phusong.cli.app import run
from phusong.cli.options import Settings
from phusong.coverage.analyse import analyse
from phusong.coverage.plan.site_plan import plan_sites
from phusong.coverage.plan.site_question import question_of
from phusong.data.language import Language
from phusong.layers.faults import ExpectedError
from phusong.layers.project_file import read_project
from phusong.layers.read import read_layers

FILES = {
    "plan.html", "plan.xlsx", "plan.docx", "plan_sites.csv", "plan_sites.gpkg", "plan.json", "candidates.csv",
    "stations_added.csv", "scenario.toml", "before_after.html", "map_before_after_4G.png",
    "map_before_after_4G.svg", "manifest.json",
}  # fmt: skip
RADIO = """
[services.4G]
model = "tr38901-rma"
threshold_dbm = -95
max_distance_m = 8000
"""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def province(table: pd.DataFrame) -> dict[str, float]:
    mine = (table["level"] == "province") & (table["service"] == "4G") & (table["operator"] == "any")
    return dict(zip(table["indicator"][mine], table["numerator"][mine].astype(float), strict=True))


@pytest.fixture(scope="module")
def planned(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A project over a flat radio model, and a plan of three sites for it."""
    from quick_project import make_project

    folder = tmp_path_factory.mktemp("plan")
    file = make_project(sample, folder / "tinh")
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("[services.4G]")] + RADIO, encoding="utf-8")
    words = ["--quiet", "plan", "sites", str(file), "--out", str(folder / "out"), "--count", "3"]
    assert run([*words, "--seconds", "2"], Settings("vi")) == 0
    return file, folder / "out"


def test_all_files_are_there_and_agree(planned: tuple[Path, Path]) -> None:
    _, out = planned
    assert {p.name for p in out.iterdir()} == FILES
    document = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    assert document["schema"] == "phusong.plan_sites"
    steps = document["steps"]
    assert len(steps) == 3
    assert sum(s["cost_million_vnd"] for s in steps) == pytest.approx(document["money"]["total_million_vnd"])
    people = document["objectives"]["people"]
    assert sum(s["people_gained"] for s in steps) == pytest.approx(
        people["served_after"] - people["served_before"]
    )
    assert document["proof"]["bound"] >= document["proof"]["value"] > 0.0
    listed = rows(out / "plan_sites.csv")
    assert [r["site_id"] for r in listed] == [s["site_id"] for s in steps]
    for r in listed:
        lines = "(mast|equipment|power|access|fibre|microwave)_million"
        parts = [float(v) for k, v in r.items() if re.match(lines, k)]
        assert sum(parts) == pytest.approx(float(r["cost_million_vnd"]))
    page = (out / "plan.html").read_text(encoding="utf-8")
    assert "default-src &#x27;none&#x27;" in page
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    for name in ("plan.xlsx", "plan.docx"):
        assert ZipFile(out / name).testzip() is None


def test_a_run_with_the_stations_gives_the_numbers_of_the_plan(
    planned: tuple[Path, Path], tmp_path: Path
) -> None:
    file, out = planned
    document = json.loads((out / "plan.json").read_text(encoding="utf-8"))["objectives"]
    stations = rows(file.parent / "stations.csv")
    added = rows(out / "stations_added.csv")
    columns = list(dict.fromkeys([*stations[0], *added[0]]))
    later = tmp_path / "tinh"
    later.mkdir()
    for path in file.parent.iterdir():
        (later / path.name).write_bytes(path.read_bytes())
    with (later / "stations.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows([*stations, *added])
    found = province(analyse(read_project(later)).indicators)
    assert found["population"] == pytest.approx(document["people"]["served_after"], rel=1e-12)
    assert found["places:villages"] == document["villages"]["served_after"]
    assert document["people"]["served_after"] > document["people"]["served_before"]


BAD = [
    (["--budget", "1"], ("rẻ nhất", "cheapest useful site")),
    (["--target", "100%", "--candidates", "none.csv"], ("100,00 %", "is out of reach")),
    (["--count", "2", "--fixed", "{a}", "--forbidden", "{a}"], ("vừa bắt buộc vừa bị cấm", "both fixed and")),
    (["--count", "1", "--fixed", "{a},{b}"], ("2 vị trí bắt buộc", "2 fixed sites")),
    (["--budget", "1 tỷ", "--fixed", "{a},{b}"], ("Riêng 2 vị trí", "The 2 fixed sites")),
    (["--count", "1", "--fixed", "QH-X"], ("Không có vị trí ứng viên 'QH-X'", "no candidate 'QH-X'")),
    (["--count", "1", "--budget", "5ty"], ("đúng một", "Exactly one")),
    ([], ("đúng một", "Exactly one")),
    (["--count", "1", "--service", "6G"], ("dịch vụ vô tuyến '6G'", "radio service '6G'")),
    (["--count", "1", "--operator", "Vietel"], ("nhà mạng 'Vietel'", "operator 'Vietel'")),
    (["--count", "1", "--objective", "peple"], ("mục tiêu 'peple'", "objective 'peple'")),
    (["--count", "1", "--objective", "zones"], ("diện tích khu", "area of zones")),
    (["--target", "120%"], ("không quá 100", "at most 100")),
]  # fmt: skip


@pytest.mark.parametrize("k", range(len(BAD)))
def test_questions_without_an_answer_say_what_to_change(planned: tuple[Path, Path], k: int) -> None:
    file, out = planned
    words, said = BAD[k]
    ids = [r["site_id"] for r in rows(out / "plan_sites.csv")]
    words = [w.format(a=ids[0], b=ids[1]) if "{" in w else w for w in words]
    project = read_project(file)
    if "none.csv" in words:
        settings = project.plan.sites.model_copy(
            update={"share_masts": False, "max_slope_percent": 1.0, "road_spacing_m": 20000.0}
        )
        plan = project.plan.model_copy(update={"sites": settings})
        project = project.model_copy(update={"plan": plan})
        words = words[:2]
    asked: dict[str, object] = {
        "service": None, "operator": "any", "budget": None, "target": (), "count": None,
        "objective": "people",
        "fixed": (), "forbidden": (), "min_gain": 0.0, "prices": "base", "years": 3, "start_year": None,
        "per_year": None, "exact": False, "seconds": 1.0,
    }  # fmt: skip
    for key, value in zip(words[::2], words[1::2], strict=True):
        name = key[2:].replace("-", "_")
        asked[name] = int(value) if name == "count" else (value,) if isinstance(asked[name], tuple) else value
    with pytest.raises(ExpectedError) as error:
        plan_sites(read_layers(project), question_of(project, **cast("Any", asked)))
    for lang, part in zip(("vi", "en"), said, strict=True):
        assert part in error.value.say(cast("Language", lang))


def test_a_bad_question_ends_with_2_and_writes_nothing(planned: tuple[Path, Path], tmp_path: Path) -> None:
    file, _ = planned
    out = tmp_path / "out"
    assert run(["plan", "sites", str(file), "--out", str(out), "--budget", "1"], Settings("vi")) == 2
    assert not out.exists()
    assert run(["plan", "towers", str(file)], Settings("en")) == 2
