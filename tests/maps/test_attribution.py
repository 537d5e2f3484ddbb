"""Whose data an output rests on is said in every output."""

import json
import zipfile
from datetime import date

import pandas as pd
from quick_project import make_project

from phusong.layers.project_file import read_project
from phusong.layers.provenance import Provenance, provenance_of, sha256_of, write_sources
from phusong.layers.read import survey_layers
from phusong.maps.run import run_province

CITED = "© OpenStreetMap contributors, ODbL 1.0"


def entry(folder, file, layer, *, indicative=False):
    return Provenance(
        file, layer, "osm", "OpenStreetMap", "daily", "ODbL-1.0", "https://example.org", CITED, (),
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
        assert "Indicative only, not official data" in page, name
    with zipfile.ZipFile(out / "report.docx") as document:
        assert CITED in document.read("word/document.xml").decode()
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


def test_a_damaged_sources_file_costs_no_run(sample, tmp_path):
    file = make_project(sample, tmp_path / "tinh")
    (file.parent / "sources.json").write_text('{"format": "phusong.sources", "sources": [1]}')
    assert all(s.attribution == "" for s in survey_layers(read_project(file)).sources)
