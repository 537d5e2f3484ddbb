"""``phusong plan fibre`` as a user calls it: every file, questions without an answer, hostile names."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from axe_core import MARKS, violations
from fibre_project import HOSTILE, make_fibre_project
from quick_project import content

from phusong.cli.app import run
from phusong.cli.options import Settings
from phusong.layers.vectors.ofds_rules import check_network

FILES = {
    "fibre_plan.html", "fibre_plan.xlsx", "fibre_plan.docx", "fibre_plan.gpkg", "fibre_plan_ofds.json",
    "fibre_plan.json", "fibre_routes.csv", "fibre_points.csv", "fibre_bill.csv", "fibre_frontier.csv",
    "manifest.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def planned(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A project, and a plan for its villages and communes in two years."""
    folder = tmp_path_factory.mktemp("plan")
    file = make_fibre_project(sample, folder / "tinh")
    words = ["--quiet", "plan", "fibre", str(file), "--out", str(folder / "out"), "-p", "villages"]
    assert run([*words, "--communes", "--years", "2026-2027"], Settings("vi")) == 0
    return file, folder / "out"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def plan_of(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "fibre_plan.json").read_text(encoding="utf-8"))
    return found


def test_all_files_are_there_and_agree(planned: tuple[Path, Path]) -> None:
    _, out = planned
    assert {p.name for p in out.iterdir()} == FILES
    plan = plan_of(out)
    told = plan["summary"]
    assert told["connected"] > 2
    assert told["people_after"] > told["people_before"] > 0
    routes, points = rows(out / "fibre_routes.csv"), rows(out / "fibre_points.csv")
    assert sum(float(r["km"]) for r in routes) == pytest.approx(told["km"], rel=1e-9)
    assert sum(p["state"] == "planned" for p in points) == told["connected"]
    bill = [r for r in rows(out / "fibre_bill.csv") if r["item"] != "drop" and r["amount_vnd"]]
    assert sum(float(r["amount_vnd"]) for r in bill) == pytest.approx(told["cost_vnd"], rel=1e-9)
    assert sum(p["cost_vnd"] for p in plan["phases"]) == pytest.approx(told["cost_vnd"], rel=1e-9)
    drawn = gpd.read_file(out / "fibre_plan.gpkg", layer="routes").to_crs(32649)
    assert drawn.length.sum() / 1000.0 == pytest.approx(told["km"], rel=1e-3)
    assert len(gpd.read_file(out / "fibre_plan.gpkg", layer="points")) == len(points)
    for name in ("fibre_plan.xlsx", "fibre_plan.docx"):
        assert zipfile.ZipFile(out / name).testzip() is None
    listed = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    assert {entry["path"] for entry in listed} == FILES - {"manifest.json"}


def test_the_open_data_keeps_the_rules_and_the_lengths(planned: tuple[Path, Path]) -> None:
    _, out = planned
    package = json.loads((out / "fibre_plan_ofds.json").read_text(encoding="utf-8"))
    (network,) = package["networks"]
    assert [(b.where, b.text.en) for b in check_network(network, "networks[0]")] == []
    assert {span["status"] for span in network["spans"]} == {"proposed"}
    assert {span["phase"]["id"] for span in network["spans"]} <= {"2026", "2027"}
    km = sum(span["fibreLength"] for span in network["spans"])
    assert km == pytest.approx(plan_of(out)["summary"]["km"], abs=0.001 * len(network["spans"]))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_page_holds_only_its_own_elements(planned: tuple[Path, Path]) -> None:
    page = (planned[1] / "fibre_plan.html").read_text(encoding="utf-8")
    assert "default-src &#x27;none&#x27;" in page
    reader = _Tags()
    reader.feed(page)
    assert len(reader.seen) > 200
    for tag, attributes in reader.seen:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        for name in ("src", "href", "action", "srcset", "data", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)
    scripts = [a for tag, a in reader.seen if tag == "script"]
    assert not any("src" in a for a in scripts)
    assert HOSTILE[0] not in page
    assert HOSTILE[1] not in page
    assert page.count("&lt;img src=x onerror=alert(2)&gt;") > 2  # they are there, as mere names


def test_no_name_becomes_a_formula(planned: tuple[Path, Path]) -> None:
    book = zipfile.ZipFile(planned[1] / "fibre_plan.xlsx")
    sheets = [book.read(n).decode() for n in book.namelist() if n.startswith("xl/worksheets/sheet")]
    assert len(sheets) > 7
    assert not any(re.search(r"<f[ >]|<hyperlink", sheet) for sheet in sheets)
    assert "=HYPERLINK" in book.read("xl/sharedStrings.xml").decode()


BAD = [
    (["-p", "thon"], "'thon'"),
    (["--operator", "Vietel"], "'Vietel'"),
    (["--service", "4G"], "4G"),
    (["--budget", "nhiều lắm"], "'nhiều lắm'"),
    (["--budget", "0"], "lớn hơn 0"),
    (["--target", "120%"], "'120%'"),
    (["--budget", "5 tỷ", "--target", "90%"], "Chỉ chọn một"),
    (["--years", "2030-2026"], "'2030-2026'"),
    (["--years", "2026-2028", "--year-budgets", "5 tỷ; 6 tỷ"], "(2)"),
]


@pytest.mark.parametrize(("words", "said"), BAD, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_a_bad_question_ends_with_2_and_touches_nothing(
    planned: tuple[Path, Path], phusong: Callable[..., Any], words: list[str], said: str
) -> None:
    file, out = planned
    before = content(out.parent)
    answer = phusong("plan", "fibre", file, "--out", out, *words)
    assert (answer.code, said in answer.err) == (2, True), answer
    assert "Traceback" not in answer.err
    assert content(out.parent) == before


@pytest.mark.parametrize("price", ["fibre_aerial_km = 0", "fibre_olt = -5e6", "fibre_olk = 5e6"])
def test_an_impossible_price_is_an_error_of_the_project(
    planned: tuple[Path, Path], tmp_path: Path, phusong: Callable[..., Any], price: str
) -> None:
    file, out = planned
    before = content(out)
    spoilt = file.with_name("gia.toml")
    spoilt.write_text(f"{file.read_text(encoding='utf-8')}\n[costs]\n{price}\n", encoding="utf-8")
    for folder in (tmp_path / "new", out):
        answer = phusong("plan", "fibre", spoilt, "--out", folder)
        assert (answer.code, price.split()[0] in answer.err) == (2, True), answer
    assert content(out) == before
    assert list(tmp_path.iterdir()) == []


def test_the_output_of_another_command_is_not_overwritten(
    planned: tuple[Path, Path], tmp_path: Path, phusong: Callable[..., Any]
) -> None:
    """A report of a run is not to vanish because a plan was given the same folder."""
    report, notes = tmp_path / "report", tmp_path / "notes"
    for folder, name, text in (
        (report, "index.html", "<p>báo cáo</p>"),
        (report, "manifest.json", '{"format": "phusong.manifest", "version": "1.0", "outputs": []}'),
        (notes, "ghi-chep.txt", "của tôi"),
    ):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    before = content(tmp_path)
    for folder, said in ((report, "lệnh khác"), (notes, "dữ liệu khác")):
        answer = phusong("plan", "fibre", planned[0], "--out", folder)
        assert (answer.code, said in answer.err) == (2, True), answer
    assert content(tmp_path) == before


def test_a_target_out_of_reach_is_said_and_the_rest_planned(
    planned: tuple[Path, Path], tmp_path: Path, phusong: Callable[..., Any]
) -> None:
    answer = phusong("--lang", "en", "plan", "fibre", planned[0], "--out", tmp_path / "p", "--target", "100%")
    assert answer.code == 0
    assert "cannot be reached" in answer.err
    plan = plan_of(tmp_path / "p")
    assert plan["summary"]["target_met"] is False
    share = 100.0 * plan["summary"]["people_after"] / plan["summary"]["people"]
    assert share == pytest.approx(plan["summary"]["best_percent"], abs=0.01)
    assert plan["summary"]["connected"] == plan_of(planned[1])["summary"]["connected"] - sum(
        need["kind"] == "commune" for need in plan_of(planned[1])["needs"] if need["state"] == "planned"
    )
    assert "plan.target-not-reached" in {fault["code"] for fault in plan["faults"]}


def marked(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test of a page as one that needs a browser and axe-core."""
    for mark in MARKS:
        test = mark(test)
    return test


@marked
def test_the_page_asks_for_nothing_and_can_be_read_by_all(browser: Any, planned: tuple[Path, Path]) -> None:
    page_file = planned[1] / "fibre_plan.html"
    wrong: list[str] = []
    for bypass in (False, True):  # first as a reader has it; axe-core's own script needs the policy off
        context = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=bypass)
        page = context.new_page()
        page.on("console", lambda m: wrong.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda e: wrong.append(f"error: {e}"))
        page.on("dialog", lambda d: (wrong.append(f"dialog: {d.message}"), d.dismiss()))
        known = ("data:", page_file.as_uri())
        page.on("request", lambda r, k=known: None if r.url.startswith(k) else wrong.append(r.url))
        page.goto(page_file.as_uri())
        shots = []
        for state in ("Hiện trạng", "Đến hết 2026", "Đến hết 2027"):
            page.get_by_label(state).check()
            page.wait_for_timeout(200)
            shots.append(page.locator("#plan-map").screenshot())
        assert len(set(shots)) == 3  # each year draws what is built by then
        if bypass:
            assert violations(page) == []
        context.close()
    assert not wrong
