"""Two runs compared: against loops over their tables, the crosswalk, and by the page as a reader has it."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from pyproj import Geod

from phusong.cli.app import run as run_command
from phusong.cli.options import Settings
from phusong.coverage.evidence.change_causes import change_of_stations
from phusong.coverage.evidence.changes import Comparison, compare_runs, province_effects
from phusong.coverage.evidence.history import KEY, Run, read_run
from phusong.coverage.result import ANY, Result
from phusong.layers.boundaries.crosswalk import crosswalk
from phusong.layers.faults import ExpectedError
from phusong.layers.inventory import Source
from phusong.maps.compare.page import render_comparison
from phusong.maps.compare.words import note_sentence, sentences
from phusong.maps.compare.write import compare_folders, document, write_comparison
from phusong.maps.manifest import write_manifest
from phusong.maps.write import writers

FILES = ("indicators.csv", "indicators.json", "places.csv", "stations.csv", "communes.gpkg", "map.html")


def write_run(result: Result, folder: Path) -> Path:
    folder.mkdir(parents=True)
    jobs = writers(result, "vi")
    for name in FILES:
        jobs[name](folder / name)
    write_manifest(result, [folder / name for name in FILES], folder, {}, "vi")
    return folder


def later(result: Result) -> Result:
    """The tiny province a quarter later: site S01 gone, S04 retilted, villages turned, people moved."""
    layers = result.layers
    stations = layers.stations[layers.stations["site_id"] != "S01"].copy()
    stations.loc[stations["site_id"] == "S04", "tilt_deg"] = 9.0
    stations = stations.reset_index(drop=True)
    project = layers.project.model_copy(
        update={"province": layers.project.province.model_copy(update={"as_of": datetime.date(2026, 9, 30)})}
    )
    sources = tuple(
        Source(s.layer, s.path, "f" * 64 if s.layer == "stations" else s.sha256, s.as_of, s.rows)
        for s in layers.sources
    )
    places = result.places.copy()
    mine = (places["service"] == "4G") & (places["layer"] == "villages")
    places.loc[mine & places["place_id"].isin(["V000", "V001"]), "served"] = False
    places.loc[mine & (places["place_id"] == "V003"), "served"] = True
    places = places[places["place_id"] != "V020"].copy()
    moved = (places["place_id"] == "V005") & (places["layer"] == "villages")
    places.loc[moved, "lat"] += 0.01
    table = result.indicators.copy()
    people = (table["indicator"] == "population") & (table["service"] == "4G")
    table.loc[people, "numerator"] *= 0.9
    table.loc[people, "denominator"] *= 1.05
    layers = dataclasses.replace(layers, stations=stations, project=project, sources=sources)
    return dataclasses.replace(result, layers=layers, places=places, indicators=table)


@pytest.fixture(scope="module")
def folders(tiny_result: Result, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("runs")
    return write_run(tiny_result, root / "q2"), write_run(later(tiny_result), root / "q3")


@pytest.fixture(scope="module")
def found(folders: tuple[Path, Path]) -> Comparison:
    return compare_folders(folders)[0]


def test_a_run_against_itself_has_no_difference(folders: tuple[Path, Path], tmp_path: Path) -> None:
    same, runs, points = compare_folders([folders[0], folders[0]])
    assert same.nothing
    assert not len(same.changed_figures)
    assert not len(same.places)
    files = write_comparison(same, runs, points, tmp_path / "out", "vi")
    assert "Không có gì khác nhau" in files["compare.html"].read_text(encoding="utf-8")
    assert json.loads(files["compare.json"].read_text(encoding="utf-8"))["same"] is True
    assert "before_after.html" not in files
    assert sentences(same, "en") == ["No difference: inputs, parameters and every figure are the same."]


def test_figures_are_those_of_both_tables(found: Comparison, folders: tuple[Path, Path]) -> None:
    """Against a dictionary filled from the two CSV files."""
    tables = []
    for folder in folders:
        frame = pd.read_csv(folder / "indicators.csv", dtype={"code": str}, encoding="utf-8-sig")
        frame.loc[frame["level"] == "province", "code"] = ""
        rows = frame[[*KEY, "numerator", "denominator"]].itertuples(index=False, name=None)
        tables.append({r[:5]: r[5:] for r in rows})
    changed = {k for k in tables[0] if not np.allclose(tables[0][k], tables[1][k], equal_nan=True)}
    assert changed
    told = {tuple(r[k] for k in KEY): r for r in found.changed_figures.to_dict("records")}
    assert set(told) == changed
    for key in changed:
        assert told[key]["change"] == pytest.approx(tables[1][key][0] - tables[0][key][0])


def test_a_sign_that_earlier_versions_set_apart_is_no_change(found: Comparison) -> None:
    for before, told in (("≥ 90 %", False), ("≥ 95 %", True)):
        runs = []
        for said in (before, "≥ 90%"):
            fibre = {**found.before.services["fibre"], "criterion": {"vi": said, "en": said}}
            runs.append(dataclasses.replace(found.before, services={"fibre": fibre}))
        assert ("criterion" in {n.code for n in compare_runs(*runs).notes}) is told


def test_services_are_called_by_their_names_in_what_must_be_known(found: Comparison) -> None:
    said = {"criterion": {"vi": "trong 300 m", "en": "within 300 m"}}
    services = {k: v for k, v in found.before.services.items() if k != "5G"}
    services["fibre"] = {**services["fibre"], **said}
    again = compare_runs(dataclasses.replace(found.before, services=services), found.after)
    notes = {n.code: n for n in again.notes}
    vi = note_sentence(again, notes["criterion"], "vi")
    assert vi.startswith("Tiêu chí của cáp quang khác nhau: trước 'trong 300 m', sau '")
    assert "fibre" not in vi
    assert note_sentence(again, notes["criterion"], "en").startswith("The criterion of fibre differs:")
    assert note_sentence(again, notes["service-after"], "vi").startswith("Dịch vụ 5G chỉ có ở kết quả sau")


def test_reach_and_people_sum_to_the_change(found: Comparison) -> None:
    effects = found.effects
    assert np.allclose(effects["by_reach"] + effects["by_people"], effects["change"])
    change, reach, people = province_effects(found, "4G")
    assert reach < 0 < people
    own = found.figures.set_index(list(KEY)).loc[("province", "", "4G", ANY, "population")]
    assert change == pytest.approx(float(own["change"]))


def test_places_that_turned_came_went_and_moved(found: Comparison, tiny_result: Result) -> None:
    old = tiny_result.places
    old = old[(old["service"] == "4G") & (old["operator"] == ANY) & (old["layer"] == "villages")]
    served = dict(zip(old["place_id"], old["served"], strict=True))
    own = found.places[(found.places["operator"] == ANY) & (found.places["service"] == "4G")]
    lost = set(own.loc[own["change"] == "lost", "place_id"])
    gained = set(own.loc[own["change"] == "gained", "place_id"])
    assert lost == {p for p in ("V000", "V001") if served[p]}
    assert gained == {p for p in ("V003",) if not served[p]}
    assert lost
    assert found.places.loc[found.places["change"] == "removed", "place_id"].tolist() == ["V020"]
    moved = found.places[found.places["change"] == "moved"].iloc[0]
    assert moved["place_id"] == "V005"
    assert moved["moved_m"] == pytest.approx(1107, abs=3)


def test_the_station_named_is_the_nearest_that_can_have_done_it(
    found: Comparison, tiny_result: Result
) -> None:
    stations = tiny_result.layers.stations
    fits = stations[stations["site_id"].isin(["S01", "S04"]) & (stations["technology"] == "4G")]
    lost = found.places[(found.places["change"] == "lost") & (found.places["operator"] == ANY)]
    for row in lost.to_dict("records"):
        far = [Geod(ellps="WGS84").inv(row["lon"], row["lat"], lon, lat)[2]
               for lon, lat in zip(fits["lon"], fits["lat"], strict=True)]  # fmt: skip
        assert row["station"] == fits["site_id"].iloc[int(np.argmin(far))]
        assert row["station_m"] == pytest.approx(min(far))
        assert row["causes"] == "stations"


def test_stations_that_went_and_changed(found: Comparison) -> None:
    assert found.stations is not None
    gone = found.stations[found.stations["change"] == "removed"]
    assert set(gone["site_id"]) == {"S01"}
    turned = found.stations[found.stations["change"] == "changed"]
    assert set(turned["site_id"]) == {"S04"}
    assert set(turned["what"]) == {"tilt_deg"}
    assert not len(found.stations[found.stations["change"] == "added"])


def test_cells_without_ids_are_told_by_site_and_bearing() -> None:
    one = pd.DataFrame({
        "site_id": ["A", "A", "B"], "cell_id": ["", "", ""], "operator": ["V"] * 3, "technology": ["4G"] * 3,
        "azimuth_deg": ["0", "120", "0"], "lon": ["108", "108", "108.1"], "lat": ["14", "14", "14"],
    })  # fmt: skip
    two = one.assign(lon=["108", "108", "108.2"]).drop(index=1)
    told = change_of_stations(one, two)
    assert told["change"].tolist() == ["removed", "changed"]
    assert told["what"].tolist() == ["", "position"]
    assert told["moved_m"].iloc[1] == pytest.approx(10_800, rel=0.01)


def test_page_workbook_slider_and_tables(
    found: Comparison, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    _, runs, points = compare_folders(folders)
    files = write_comparison(found, runs, points, tmp_path / "out", "vi")
    page = files["compare.html"].read_text(encoding="utf-8")
    assert not re.search(r"(?:src|href)=\"https?:", page)
    assert "<script>alert(1)" not in page
    assert 'src="before_after.html"' in page
    assert "q2 (30/06/2026)" in page
    tables = {"changed_places.csv", "changed_stations.csv", "trend.csv"}
    assert {"map_before_after_4G.png", *tables} <= set(files)
    book = load_workbook(files["compare.xlsx"], read_only=True)
    assert len(book.sheetnames) >= 5
    names = [row[1] for row in book[book.sheetnames[2]].iter_rows(min_row=2, values_only=True)]
    assert "=HYPERLINK(1)" in names or len(names) == len(found.places)
    told = json.loads(files["compare.json"].read_text(encoding="utf-8"))
    assert [n["code"] for n in told["notes"]] == [n.code for n in found.notes]
    assert len(told["places"]) == len(found.places)


def test_trend_of_three_is_a_chart_and_a_table(folders: tuple[Path, Path]) -> None:
    found, runs, points = compare_folders([folders[0], folders[1], folders[0]])
    assert found.nothing
    assert len({p.run for p in points}) == 3
    page = render_comparison(found, points, {}, "", "en")
    assert page.count('class="trend"') == 3
    assert "q2 (2)" in page
    assert document(found, runs, points)["trend"][0]["run"] == "q2"


def old_and_new() -> tuple[Run, Run]:
    """Runs of before and after the merger: every old commune of three new ones in Gia Lai, made-up people."""
    walk = crosswalk()
    new = sorted({c for c, u in walk.new.items() if u.province_code == "52"})[:3]
    olds = sorted({link.old for c in new for link in walk.parts[c]})
    rng = np.random.default_rng(3)

    def table(codes: list[str]) -> pd.DataFrame:
        people = rng.uniform(500, 9000, len(codes)).round()
        rows = [
            ("commune", c, "4G", ANY, "population", c, p * 0.8, p)
            for c, p in zip(codes, people, strict=True)
        ]
        rows += [("province", "52", "4G", ANY, "population", "X", 0.8 * people.sum(), people.sum())]
        return pd.DataFrame(rows, columns=[*KEY, "name", "numerator", "denominator"])

    def run(vintage: str, codes: list[str]) -> Run:
        return Run(
            Path("nowhere"), vintage, "52", "Gia Lai", vintage, datetime.date(int(vintage), 7, 1), "1", {},
            False, {}, {}, {}, {"4G": {"criterion": {"vi": "a", "en": "a"}}}, table(codes),
        )  # fmt: skip

    return run("2024", olds), run("2025", new)


def test_people_are_conserved_across_the_merger() -> None:
    old, new = old_and_new()
    found = compare_runs(old, new)
    carry = found.carry
    assert carry is not None
    given = old.indicators[old.indicators["level"] == "commune"]["denominator"].sum()
    assert carry.people_before == pytest.approx(given, rel=1e-12)
    assert carry.people_after + carry.people_left == pytest.approx(carry.people_before, rel=1e-12)
    own = found.figures[found.figures["level"] == "commune"]
    assert own["of_before"].sum() == pytest.approx(carry.people_after, rel=1e-12)
    walk = crosswalk()
    for code in new.indicators.loc[new.indicators["level"] == "commune", "code"]:
        parts = [link.old for link in walk.parts[code]]
        if all(link.whole for link in walk.parts[code]):
            people = given_of(old, parts)
            assert float(own.loc[own["code"] == code, "of_before"].iloc[0]) == pytest.approx(people)
    assert "carried" in {n.code for n in found.notes}
    back = compare_runs(new, old)
    assert back.carry is not None
    assert back.carry.side == "after"


def given_of(run: Run, codes: list[str]) -> float:
    return float(run.indicators.loc[run.indicators["code"].isin(codes), "denominator"].sum())


def test_what_one_side_lacks_is_told(folders: tuple[Path, Path]) -> None:
    before, after = (read_run(f) for f in folders)
    table = after.indicators
    less = dataclasses.replace(
        after, indicators=table[(table["code"] != "00103") & (table["service"] != "5G")], places=None,
        services={k: v for k, v in after.services.items() if k != "5G"}, program="0.0.9", stations=None,
    )  # fmt: skip
    codes = {n.code for n in compare_runs(before, less).notes}
    assert {"service-before", "communes-before", "no-places", "no-stations", "program"} <= codes


def test_folders_that_are_no_results_are_told(folders: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "phusong.toml").write_text("", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    for name, said in (("p", "phusong run"), ("empty", "manifest.json"), ("none", "no folder")):
        with pytest.raises(ExpectedError) as raised:
            compare_folders([folders[0], tmp_path / name])
        assert said in raised.value.say("en")
        assert run_command(["compare", str(folders[0]), str(tmp_path / name)], Settings("en")) == 2
    assert run_command(["compare", *map(str, folders)], Settings("en")) == 0
