"""``phusong plan sites`` as a user calls it: outputs, a run that gives the same, unanswerable questions."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import pandas as pd
import pytest
from axe_core import MARKS, violations
from chromium import CHROMIUM, FLAGS
from quick_project import content, make_project

from phusong.cli.app import run
from phusong.cli.options import Settings
from phusong.coverage.analyse import analyse
from phusong.coverage.plan.plan_faults import check_service
from phusong.coverage.plan.site_plan import plan_sites
from phusong.coverage.plan.site_question import question_of
from phusong.data.language import Language
from phusong.layers.faults import ExpectedError
from phusong.layers.project.file import read_project
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

[targets.people]
service = "4G"
percent = 99
year = 2030
document = "12/KH-UBND <b>"
[targets.every]
service = "4G"
percent = 1
year = 2027
level = "commune"
[targets.trang]
indicator = "trang"
percent = 0
year = 2027
at_most = true
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


def test_every_step_says_why_it_comes_when_it_comes(planned: tuple[Path, Path], english: Path) -> None:
    """In figures that can be checked, and in words on card, sheet and paper, in both languages."""
    import docx
    import openpyxl

    _, out = planned
    steps = json.loads((out / "plan.json").read_text(encoding="utf-8"))["steps"]
    ids = {r["site_id"] for r in rows(out / "candidates.csv")}
    for k, step in enumerate(steps):
        rate = 1000.0 * step["people_gained"] / step["cost_million_vnd"]
        assert step["goal_per_billion_vnd"] == pytest.approx(rate)
        assert 0.0 < step["people_lost_without"] <= step["people_gained"] * (1.0 + 1e-9)
        assert step["villages_lost_without"] <= step["villages_gained"]
        if k + 1 < len(steps):
            assert 0.0 < step["next_goal_per_billion_vnd"] <= rate * (1.0 + 1e-9)
        else:
            assert step["next_goal_per_billion_vnd"] is None
        if step["substitute"]:
            assert step["substitute"] in ids - {s["site_id"] for s in steps}
            assert step["substitute_extra_million_vnd"] > -1e-3
        else:
            assert step["substitute_extra_million_vnd"] is None
    first = ("Xếp thứ 1: mỗi tỷ đồng được thêm ", "No. 1: ")
    for page, said in zip((out / "plan.html", english), first, strict=True):
        text = page.read_text(encoding="utf-8")
        assert said in text
        for k in range(1, len(steps) + 1):
            assert f'href="#site-{k}"' in text
            assert f'<article class="sitecard" id="site-{k}">' in text
    sheet = openpyxl.load_workbook(out / "plan.xlsx")["Danh mục đầu tư theo thứ tự"]
    cells = [str(c.value) for row in sheet.iter_rows() for c in row]
    assert any(c.startswith(first[0]) for c in cells)
    assert "Vì sao" in cells
    paper = [p.text for p in docx.Document(str(out / "plan.docx")).paragraphs]
    assert any(first[0] in text for text in paper)


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


def test_what_the_plan_brings_is_held_against_the_targets_of_its_service(planned: tuple[Path, Path]) -> None:
    _, out = planned
    document = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    people, every = document["targets"]
    for when in ("before", "after"):
        share = document["objectives"]["people"][f"percent_{when}"]
        assert people[f"percent_{when}"] == pytest.approx(share, rel=1e-9)
    assert people["percent_after"] > people["percent_before"]
    assert (people["target"], people["state_before"]) == ("people", "short")
    assert (every["target"], every["level"]) == ("every", "commune")
    assert every["percent_after"] >= every["percent_before"]
    page = (out / "plan.html").read_text(encoding="utf-8")
    said = re.search(r"Chỉ tiêu “[^”]*” đến năm 2030 \(12/KH-UBND &lt;b&gt;\): ≥ 99%; hiện [^<]*", page)
    assert said is not None
    assert "theo kế hoạch" in said[0]
    assert "KH-UBND <b>" not in page


@pytest.mark.slow
def test_the_scenario_of_a_plan_runs_and_gives_its_numbers(
    planned: tuple[Path, Path], tmp_path: Path, phusong: Callable[..., Any]
) -> None:
    file, out = planned
    answer = phusong("run", file, "--scenario", out / "scenario.toml", "--out", tmp_path / "run")
    assert answer.code == 0, answer.err
    document = json.loads((out / "plan.json").read_text(encoding="utf-8"))["objectives"]
    found = province(pd.read_csv(tmp_path / "run" / "indicators.csv", dtype={"code": str}))
    assert found["population"] == pytest.approx(document["people"]["served_after"], rel=1e-9)
    assert found["places:villages"] == document["villages"]["served_after"]
    told = json.loads((tmp_path / "run" / "scenario.json").read_text(encoding="utf-8"))
    assert [step["kind"] for step in told["steps"]] == ["added"]
    assert told["steps"][0]["cells"] == len(rows(out / "stations_added.csv"))


def test_a_list_of_ones_own_and_exact_proof(
    planned: tuple[Path, Path], tmp_path: Path, phusong: Callable[..., Any]
) -> None:
    """The places listed are candidates under their ids; HiGHS leaves no other gap than backhaul's."""
    file, out = planned
    villages = rows(file.parent / "villages.csv")[:2]
    listed = tmp_path / "de-xuat.csv"
    lines = [f"RIENG-{k},Đồi <b>{k}</b>,{v['lon']},{v['lat']}" for k, v in enumerate(villages)]
    listed.write_text("place_id,name,lon,lat\n" + "\n".join(lines) + "\n", encoding="utf-8")
    words = ["plan", "sites", file, "--candidates", listed, "--seconds", "2"]
    answer = phusong(*words, "--out", tmp_path / "own", "--count", "3", "--fixed", "RIENG-1", "--exact")
    assert answer.code == 0, answer.err
    candidates = {r["site_id"]: r for r in rows(tmp_path / "own" / "candidates.csv")}
    assert {f"RIENG-{k}" for k in range(2)} <= set(candidates)
    plan = json.loads((tmp_path / "own" / "plan.json").read_text(encoding="utf-8"))
    assert "RIENG-1" in [step["site_id"] for step in plan["steps"]]
    assert len(plan["steps"]) == 3
    assert plan["proof"]["bound"] >= plan["proof"]["value"] * (1.0 - 1e-9)
    free = json.loads((out / "plan.json").read_text(encoding="utf-8"))["objectives"]["people"]
    assert plan["objectives"]["people"]["served_before"] == pytest.approx(free["served_before"])
    assert plan["proof"]["gap_percent"] < 0.01  # a number of sites: their backhaul decides nothing
    inputs = json.loads((tmp_path / "own" / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert "de-xuat.csv" in [Path(i["path"]).name for i in inputs]
    assert "Đồi <b>" not in (tmp_path / "own" / "plan.html").read_text(encoding="utf-8")
    heights = "\n".join(f"{line},{m}" for line, m in zip(lines, ("9999", "abc"), strict=True))
    listed.write_text(f"Mã,Tên,Kinh độ,Vĩ độ,Độ cao anten\n{heights}\n", encoding="utf-8")
    answer = phusong(*words, "--out", tmp_path / "bad", "--count", "3")
    assert answer.code == 2
    assert re.search("dòng 2.*9999", answer.err)
    assert re.search("dòng 3.*abc", answer.err)
    listed.write_text("place_id,name\nRIENG-0,Đồi\n", encoding="utf-8")
    answer = phusong(*words, "--out", tmp_path / "bad", "--count", "3")
    assert (answer.code, "de-xuat.csv" in answer.err) == (2, True), answer
    assert not (tmp_path / "bad").exists()


def test_the_output_of_another_command_is_not_overwritten(
    planned: tuple[Path, Path], tmp_path: Path, phusong: Callable[..., Any]
) -> None:
    out = tmp_path / "report"
    out.mkdir()
    (out / "index.html").write_text("<p>báo cáo</p>", encoding="utf-8")
    (out / "manifest.json").write_text('{"format": "phusong.manifest", "outputs": []}', encoding="utf-8")
    before = content(tmp_path)
    answer = phusong("plan", "sites", planned[0], "--out", out, "--count", "3")
    assert (answer.code, "lệnh khác" in answer.err) == (2, True), answer
    assert content(tmp_path) == before


@pytest.fixture(scope="module")
def english(planned: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the same plan in English."""
    out = tmp_path_factory.mktemp("english") / "out"
    words = ["--quiet", "--lang", "en", "plan", "sites", str(planned[0]), "--out", str(out), "--count", "3"]
    assert run([*words, "--seconds", "2"], Settings("en")) == 0
    return out / "plan.html"


OWN_WORDS = re.compile("[ăâđêôơưĂÂĐÊÔƠƯàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]")


def marked(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test of a page as one that needs a browser and axe-core."""
    for mark in MARKS:
        test = mark(test)
    return test


@marked
def test_the_page_asks_for_nothing_and_can_be_read_by_all_in_both_languages(
    planned: tuple[Path, Path], english: Path
) -> None:
    from playwright.sync_api import sync_playwright

    names = set(pd.read_csv(planned[0].parent / "villages.csv", dtype=str)["village_name"])
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for page_file, lang in ((planned[1] / "plan.html", "vi"), (english, "en")):
            for bypass in (False, True):  # first as a reader has it; axe-core's own script needs it off
                context = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=bypass)
                page = context.new_page()
                page.on("console", lambda m: wrong.append(f"{m.type}: {m.text}"))
                page.on("pageerror", lambda e: wrong.append(f"error: {e}"))
                known = ("data:", page_file.as_uri())
                page.on("request", lambda r, k=known: None if r.url.startswith(k) else wrong.append(r.url))
                page.goto(page_file.as_uri())
                assert page.locator("html").get_attribute("lang") == lang
                assert page.locator("svg").count() >= 2 + 3  # map, curve, and a card for each site
                heads = " ".join(page.locator("h1, h2, th, figcaption, caption").all_inner_texts())
                assert bool(OWN_WORDS.search(_without(heads, names))) == (lang == "vi"), heads
                if bypass:
                    assert violations(page) == [], lang
                context.close()
        browser.close()
    assert not wrong


def _without(text: str, names: set[str]) -> str:
    for name in [*sorted(names, key=len, reverse=True), "Tỉnh Mẫu (minh họa)"]:
        text = text.replace(name, "")
    return text


BAD = [
    (["--budget", "1"], ("rẻ nhất", "cheapest useful site")),
    (["--target", "100%", "--candidates", "none.csv"], ("100,00%", "is out of reach")),
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
    (["--count", "1", "--objective", "people=0"], ("Không hiểu 'people=0'", "'people=0' is not understood")),
    (["--count", "3", "--min-gain", "nan"], ("--min-gain phải là", "--min-gain must be")),
    (["--count", "3", "--min-gain", "1e9"], ("Không vị trí nào được thêm ít nhất", "No site gains 1,0")),
    (["--count", "3", "--per-year", "0"], ("phải trên 0", "must be above 0")),
    (["--count", "3", "--per-year", "1 triệu"], ("quá 100 năm", "more than 100")),
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
        kind = {"count": int, "min_gain": float}.get(name, str)
        asked[name] = (value,) if isinstance(asked[name], tuple) else kind(value)
    with pytest.raises(ExpectedError) as error:
        plan_sites(read_layers(project), question_of(project, **cast("Any", asked)))
    for lang, part in zip(("vi", "en"), said, strict=True):
        assert part in error.value.say(cast("Language", lang))


def test_the_target_of_a_weighted_sum_is_that_of_its_parts(
    planned: tuple[Path, Path], tmp_path: Path, phusong: Callable[..., Any]
) -> None:
    words = ["--objective", "people=1,villages=300", "--target", "70%", "--seconds", "1"]
    answer = phusong("plan", "sites", planned[0], "--out", tmp_path / "out", *words)
    assert answer.code == 0, answer.err
    document = json.loads((tmp_path / "out" / "plan.json").read_text(encoding="utf-8"))
    assert document["question"]["targets_percent"] == {"sum": 70.0}
    people, villages = (document["objectives"][n] for n in ("people", "villages"))
    for when, least, most in (("after", 70.0, 100.0), ("before", 0.0, 70.0)):
        got = people[f"served_{when}"] + 300.0 * villages[f"served_{when}"]
        share = 100.0 * got / (people["total"] + 300.0 * villages["total"])
        assert least - 1e-9 <= share < most, when
    assert "Tổng điểm theo trọng số (dân số × 1, thôn, làng × 300): từ " in answer.out


def test_areas_that_are_closed_have_to_be_there(planned: tuple[Path, Path]) -> None:
    project = read_project(planned[0])
    settings = project.plan.sites.model_copy(update={"excluded_zones": ("rung",)})
    closed = project.model_copy(update={"plan": project.plan.model_copy(update={"sites": settings})})
    with pytest.raises(ExpectedError, match=r"excluded_zones.*'rung'.*lacks"):
        check_service(closed, "4G")
    with pytest.raises(ExpectedError, match="no radio service to plan for"):
        check_service(project.model_copy(update={"services": {}}), "")


def test_a_bad_question_ends_with_2_and_writes_nothing(planned: tuple[Path, Path], tmp_path: Path) -> None:
    file, _ = planned
    out = tmp_path / "out"
    assert run(["plan", "sites", str(file), "--out", str(out), "--budget", "1"], Settings("vi")) == 2
    assert not out.exists()
    assert run(["plan", "towers", str(file)], Settings("en")) == 2
