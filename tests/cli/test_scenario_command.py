"""``phusong run --scenario``: outputs say so, earlier results may be the base, bad input writes nothing."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest
from quick_project import content

from phusong.coverage.scenario_base import base_of_output, not_reused
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers

Ask = Callable[..., Any]
SCHEMA = Path(__file__).parents[2] / "docs" / "indicators.schema.json"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def scenario(finished: tuple[Path, Path], tmp_path: Path) -> Path:
    """A power cut in the commune with most cells."""
    held = [r["commune_code"] for r in rows(finished[1] / "stations.csv")]
    code = max(sorted(set(held)), key=held.count)
    file = tmp_path / "kich-ban.toml"
    file.write_text(
        f'name = "Mất điện <b>"\nnote = "Diễn tập"\n[[off]]\nlabel = "Lưới điện"\ncommunes = "{code}"\n',
        encoding="utf-8",
    )
    return file


@pytest.mark.slow
def test_a_scenario_is_told_in_every_output_and_its_base_may_be_an_earlier_one(
    phusong: Ask, finished: tuple[Path, Path], scenario: Path, tmp_path: Path
) -> None:
    project, before = finished
    plain = content(before)
    kept = tmp_path / "kept"
    answer = phusong("run", project, "--scenario", scenario, "--out", tmp_path / "a", "--cache", kept)
    assert answer.code == 0, answer.err
    assert list(kept.glob("*/*.npz"))
    assert "Kịch bản: Mất điện <b>" in answer.out
    again = phusong("run", project, "--scenario", scenario, "--base", before, "--out", tmp_path / "b")
    assert again.code == 0, again.err
    assert again.out.replace("/b/", "/a/") == answer.out
    for name in ("scenario.csv", "scenario.json", "scenario_places.csv", "repair.csv", "indicators.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    assert content(before) == plain
    made = tmp_path / "b"
    for page in ("index.html", "map.html", "before_after.html"):
        text = (made / page).read_text(encoding="utf-8")
        assert "KỊCH BẢN GIẢ ĐỊNH “Mất điện &lt;b&gt;”" in text, page
        assert "Mất điện <b>" not in text, page
    told = json.loads((made / "scenario.json").read_text(encoding="utf-8"))
    assert told["steps"][0]["label"] == "Lưới điện"
    assert json.loads((made / "manifest.json").read_text(encoding="utf-8"))["scenario"] == "Mất điện <b>"
    assert "scenario" not in json.loads((before / "indicators.json").read_text(encoding="utf-8"))
    figures = json.loads((made / "indicators.json").read_text(encoding="utf-8"))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(figures, schema)
    assert figures["scenario"] == "Mất điện <b>"
    assert figures.keys() <= schema["properties"].keys()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**figures, "scenario": ""}, schema)
    base = {
        (r["level"], r["code"], r["operator"]): float(r["numerator"])
        for r in rows(before / "indicators.csv") if r["indicator"] == "population" and r["service"] == "4G"
    }
    changes = [r for r in rows(made / "scenario.csv") if r["indicator"] == "population"]
    assert sum(float(r["lost"]) for r in changes) > 0.0
    for r in changes:
        was, lost, gained, now = (float(r[k]) for k in ("base", "lost", "gained", "scenario"))
        assert was == base[r["level"], r["code"], r["operator"]]
        assert was - lost + gained == pytest.approx(now, abs=1e-9)
    book = openpyxl.load_workbook(made / "report.xlsx", read_only=True)
    assert {"Kịch bản", "Thay đổi theo xã", "Thứ tự khôi phục"} <= set(book.sheetnames)
    book.close()
    steps = rows(made / "repair.csv")
    shares = [float(r["share"]) for r in steps]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    # Results of a scenario, or of other inputs, are no base: then it would be computed anew, and that said.
    layers = read_layers(read_project(project))
    assert base_of_output(made, layers) == (None, "inputs")
    assert base_of_output(before, layers)[1] is None
    assert "đã khác" in not_reused(made, "inputs").say("vi")


@pytest.mark.slow
def test_a_public_scenario_tells_no_site_and_no_operator(
    phusong: Ask, finished: tuple[Path, Path], scenario: Path, tmp_path: Path
) -> None:
    project, before = finished
    answer = phusong("--quiet", "run", project, "--scenario", scenario, "--out", tmp_path / "a", "--public")
    assert answer.code == 0, answer.err
    assert not (tmp_path / "a" / "repair.csv").exists()
    assert {r["operator"] for r in rows(tmp_path / "a" / "scenario.csv")} == {"any"}
    stations = rows(before / "stations.csv")
    secret = {r["site_id"] for r in stations} | {r["operator"] for r in stations}
    for name in ("index.html", "before_after.html", "scenario.json", "scenario_places.csv"):
        text = (tmp_path / "a" / name).read_text(encoding="utf-8")
        assert not [word for word in secret if re.search(rf"\b{re.escape(word)}\b", text)], name


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_bad_scenarios_end_with_2_and_write_nothing(
    phusong: Ask, finished: tuple[Path, Path], tmp_path: Path, lang: str
) -> None:
    project, _ = finished
    file, out = tmp_path / "x.toml", tmp_path / "out"
    text = 'name = "x"\n[[off]]\nsites = ["nowhere"]\n[[off]]\noperators = "Nobody"\n'
    file.write_text(text, encoding="utf-8")
    answer = phusong("--lang", lang, "run", project, "--scenario", file, "--out", out)
    assert answer.code == 2
    for word in ("off[1].sites", "nowhere", "off[2].operators", "Nobody"):
        assert word in answer.err
    assert ("không có" in answer.err) == (lang == "vi")
    absent = phusong("run", project, "--scenario", tmp_path / "none.toml", "--out", out)
    alone = phusong("run", project, "--base", tmp_path, "--out", out)
    wrong = tmp_path / "ok.toml"
    wrong.write_text('name = "x"\n[[off]]\ntechnologies = "4G"\n', encoding="utf-8")
    no_base = phusong("run", project, "--scenario", wrong, "--base", project.parent, "--out", out)
    assert [absent.code, alone.code, no_base.code] == [2, 2, 2]
    assert "Traceback" not in absent.err + alone.err + no_base.err
    assert not out.exists()
