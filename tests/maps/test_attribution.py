"""Whose data an output rests on is said in every output."""

import html
import json
import shutil
import zipfile
from datetime import date

import pandas as pd
import pytest
from quick_project import make_project

from phusong.layers.faults import ExpectedError
from phusong.layers.project.file import read_project
from phusong.layers.provenance import Provenance, provenance_of, read_sources, sha256_of, write_sources
from phusong.layers.read import survey_layers
from phusong.layers.summary import check_project
from phusong.maps.check.page import render_check
from phusong.maps.public import public_project, require_publishable
from phusong.maps.run import run_province

CITED = "© OpenStreetMap contributors, ODbL 1.0"


def entry(folder, file, layer, *, indicative=False, forbids=()):
    return Provenance(
        file, layer, "osm", "OpenStreetMap", "daily", "ODbL-1.0", "https://example.org", CITED, forbids,
        indicative, ("https://example.org/x",), "", sha256_of(folder / file), date(2026, 6, 1).isoformat(),
    )  # fmt: skip


def test_every_output_names_the_source(sample, tmp_path):
    file = make_project(sample, tmp_path / "tinh")
    folder = file.parent
    write_sources(folder, "99", [entry(folder, "stations.csv", "stations", indicative=True)])
    out = tmp_path / "out"
    outcome = run_province(file, out, "en")
    assert "stations.indicative-source" in {f.code for f in outcome.result.faults}
    for name in ("index.html", "map.html"):
        page = (out / name).read_text(encoding="utf-8")
        assert CITED in page, name
        assert "Indicative only, not official data: Base stations" in page, name
    head = (out / "index.html").read_text(encoding="utf-8").partition("<main")[0]
    assert '<p class="banner" role="note">Indicative only' in head
    with zipfile.ZipFile(out / "report.docx") as document:
        text = document.read("word/document.xml").decode()
        assert CITED in text
        assert "Indicative only, not official data: Base stations" in text
    inputs = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    cited = {i["layer"]: i.get("attribution") for i in inputs}
    assert cited["stations"] == CITED
    assert cited["communes"] is None
    sheets = pd.read_excel(out / "report.xlsx", sheet_name=None, header=None, engine="calamine")
    assert any((sheet == CITED).to_numpy().any() for sheet in sheets.values())


def test_a_file_that_was_changed_is_told_and_still_cited(sample, tmp_path):
    file = make_project(sample, tmp_path / "tinh")
    folder = file.parent
    write_sources(folder, "99", [entry(folder, "villages.csv", "places.villages", indicative=True)])
    assert provenance_of(folder / "villages.csv", sha256_of(folder / "villages.csv"))[1] is False
    with (folder / "villages.csv").open("a", encoding="utf-8") as table:
        table.write("\n")
    survey = survey_layers(read_project(file))
    assert "places.changed-since-fetched" in {f.code for f in survey.faults}
    source = next(s for s in survey.sources if s.layer == "places.villages")
    assert source.attribution == CITED
    assert not source.indicative


def test_the_page_of_a_check_names_them(sample, tmp_path):
    file = make_project(sample, tmp_path / "tinh")
    assert CITED not in html.unescape(render_check(check_project(file), "vi"))
    write_sources(file.parent, "99", [entry(file.parent, "villages.csv", "places.villages")])
    assert CITED in html.unescape(render_check(check_project(file), "vi"))


def test_a_damaged_sources_file_costs_no_run_and_is_told(sample, tmp_path):
    file = make_project(sample, tmp_path / "tinh")
    folder = file.parent
    write_sources(folder, "99", [entry(folder, "stations.csv", "stations")])
    told = json.loads((folder / "sources.json").read_text())
    told["sources"] += [1, {"file": "communes.gpkg"}]
    (folder / "sources.json").write_text(json.dumps(told))
    survey = survey_layers(read_project(file))
    cited = {s.layer: s.attribution for s in survey.sources}
    assert cited["stations"] == CITED  # what can be read still counts
    assert cited["communes"] == ""
    assert [f.code for f in survey.faults].count("communes.sources-damaged") == 1
    with pytest.raises(ExpectedError, match=r"sources\.json"):
        run_province(file, tmp_path / "out", "en", public=True)
    write_sources(folder, "99", [entry(folder, "stations.csv", "stations")])
    assert (folder / "sources.json.damaged").exists()
    assert set(read_sources(folder)) == {"stations.csv"}


def test_an_entry_written_by_hand_needs_a_file_and_whom_to_name(sample, tmp_path):
    file = make_project(sample, tmp_path / "tinh")
    told = {"format": "phusong.sources", "sources": [{"file": "villages.csv", "attribution": "Sở X"}]}
    (file.parent / "sources.json").write_text(json.dumps(told))
    survey = survey_layers(read_project(file))
    assert next(s for s in survey.sources if s.layer == "places.villages").attribution == "Sở X"
    assert "places.changed-since-fetched" not in {f.code for f in survey.faults}


def test_a_licence_that_forbids_redistribution_stops_a_public_version(sample, tmp_path):
    file = make_project(sample, tmp_path / "tinh")
    folder = file.parent
    write_sources(folder, "99", [
        entry(folder, "villages.csv", "places.villages", forbids=("redistribution", "commercial"))
    ])  # fmt: skip
    with pytest.raises(ExpectedError) as caught:
        run_province(file, tmp_path / "out", "vi", public=True)
    for word in ("ODbL-1.0", "OpenStreetMap", "villages.csv", "phổ biến lại"):
        assert word in caught.value.say("vi")
    assert not (tmp_path / "out").exists()
    survey = survey_layers(read_project(file))  # within the house it may be used, and is told
    (told,) = [f for f in survey.faults if f.code == "places.licence-forbids"]
    assert "phổ biến lại, dùng cho mục đích thương mại" in told.say("vi")
    text = file.read_text(encoding="utf-8")
    hidden = text.replace('path = "villages.csv"', 'path = "villages.csv"\nconfidential = true')
    file.write_text(hidden, encoding="utf-8")
    require_publishable(read_project(file))  # what is left out is published by nobody


SECOND = """
[uncertainty]
draws = 20
second_population = "khac.tif"
"""
CALIBRATION = """\
format = "phusong.calibration"
service = "4G"
model = "cost231"
[[terms]]
clutter = "all"
frequency_mhz = 1800.0
offset_db = -3.0
offset_se_db = 1.0
near_m = 100.0
far_m = 5000.0
samples = 100
blocks = 10
"""


def test_the_licence_of_a_second_raster_of_people_counts_too(sample, tmp_path):
    file = make_project(sample, tmp_path / "tinh")
    folder = file.parent
    shutil.copy(folder / "population.tif", folder / "khac.tif")
    file.write_text(file.read_text(encoding="utf-8") + SECOND, encoding="utf-8")
    require_publishable(read_project(file))
    for uses, refused in ((("commercial",), False), (("redistribution",), True)):
        write_sources(folder, "99", [entry(folder, "khac.tif", "second_population", forbids=uses)])
        if not refused:
            require_publishable(read_project(file))
            continue
        with pytest.raises(ExpectedError) as caught:
            run_province(file, tmp_path / "out", "vi", public=True)
        for lang, words in (("vi", "không cho phổ biến lại"), ("en", "forbids redistribution")):
            said = caught.value.say(lang)
            for word in ("ODbL-1.0", "OpenStreetMap", "khac.tif", "[uncertainty] second_population", words):
                assert word in said
        assert not (tmp_path / "out").exists()
    survey = survey_layers(read_project(file))  # within the house it may be used, and is told
    (told,) = [f for f in survey.faults if f.code == "second_population.licence-forbids"]
    assert told.file == "khac.tif"
    source = next(s for s in survey.sources if s.layer == "second_population")
    assert (source.attribution, source.forbids) == (CITED, ("redistribution",))
    assert "khac.tif" not in public_project(read_project(file)).model_dump_json()
    (folder / "sources.json").write_text('{"format": "phusong.sources", "sources": [1]}')
    with pytest.raises(ExpectedError, match=r"sources\.json"):
        require_publishable(read_project(file))


def test_the_licence_of_corrections_counts_too(sample, tmp_path):
    file = make_project(sample, tmp_path / "tinh")
    folder = file.parent
    (folder / "nan.toml").write_text(CALIBRATION, encoding="utf-8")
    text = file.read_text(encoding="utf-8")
    text = text.replace('model = "range"\nradius_m = 2000', 'model = "cost231"\ncalibration = "nan.toml"')
    file.write_text(text, encoding="utf-8")
    require_publishable(read_project(file))
    assert "nan.toml" not in public_project(read_project(file)).model_dump_json()
    write_sources(folder, "99", [entry(folder, "nan.toml", "calibration.4G", forbids=("redistribution",))])
    with pytest.raises(ExpectedError, match=r"\[services\.4G\] calibration"):
        require_publishable(read_project(file))
