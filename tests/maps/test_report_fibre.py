"""Fibre along roads in the outputs of a run: page, workbook and GeoPackages say what the result holds."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from fibre_project import HOSTILE, make_fibre_project

from phusong.coverage.analyse import analyse
from phusong.coverage.fibre.assessment import FibreAssessment
from phusong.coverage.result import ANY, Result
from phusong.data.language import format_number
from phusong.layers.project.file import read_project
from phusong.maps.public import public_result
from phusong.maps.report import fibre as report_fibre
from phusong.maps.report.page import render_report
from phusong.maps.workbook.book import write_workbook
from phusong.maps.write import writers


@pytest.fixture(scope="module")
def result(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("fibre")
    return analyse(read_project(make_fibre_project(sample, folder / "tinh")))


@pytest.fixture(scope="module")
def found(result: Result) -> FibreAssessment:
    assert result.fibre is not None
    return result.fibre["fibre"]


def tables(page: str) -> list[list[list[str]]]:
    """Read the tables of the section about fibre, cell by cell."""
    section = page[page.index('<section id="fibre"') :]
    section = section[: section.index("</section>")]
    return [
        [
            [unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
            for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body)
        ]
        for body in re.findall(r"<tbody>(.*?)</tbody>", section)
    ]


def test_the_section_says_what_the_result_holds(result: Result, found: FibreAssessment) -> None:
    page = render_report(result, "vi")
    operators, spans = tables(page)
    assert len(operators) == len(found.redundancy) > 2
    everybody = operators[-1]
    t = result.indicators
    mine = (t["level"] == "province") & (t["operator"] == ANY) & (t["indicator"] == "population")
    reached = float(t.loc[mine & (t["service"] == "fibre"), "numerator"].iloc[0])
    assert reached > 1000
    assert everybody[1] == format_number(round(reached), "vi")  # by the indicators' own way of counting
    passed = found.passed[found.passed["operator"] == ANY]
    assert everybody[3] == format_number(round(passed["homes_passed"].sum()), "vi")
    weak = found.redundancy[ANY]
    assert everybody[4] == format_number(round(weak.people_on_one_span), "vi")
    behind = weak.spans[weak.spans["people_behind"] > 0].head(len(spans))
    assert 0 < len(spans) == min(15, int((weak.spans["people_behind"] > 0).sum()))
    assert [row[5] for row in spans] == [format_number(round(p), "vi") for p in behind["people_behind"]]
    named = dict(zip(result.layers.communes["commune_code"], result.layers.communes["commune_name"],
                     strict=True))  # fmt: skip
    for row, codes in zip(spans, behind["communes_behind"], strict=True):
        first = [named[c] for c in str(codes).split("; ") if c][:4]
        assert row[3].startswith("; ".join(first) if first else "–")
    communes = result.layers.communes
    for row, line, code, ids in zip(
        spans, behind.geometry, behind["commune_code"], behind["route_ids"], strict=True
    ):
        held = communes[communes.contains(line.interpolate(0.5, normalized=True))]
        assert [code] == held["commune_code"].tolist()
        assert row[1] == held["commune_name"].iloc[0]
        assert row[2].startswith(str(ids).split("; ")[0])
    assert HOSTILE[0] not in page
    assert HOSTILE[1] not in page


def test_the_sheets_hold_every_row(result: Result, found: FibreAssessment, tmp_path: Path) -> None:
    sheets = report_fibre.fibre_sheets(result, "vi")
    write_workbook(result, tmp_path / "r.xlsx", "vi", more=sheets)
    book = openpyxl.load_workbook(io.BytesIO((tmp_path / "r.xlsx").read_bytes()), read_only=True)
    written = {
        key: pd.DataFrame(rows[1:], columns=rows[0])
        for key, name in report_fibre.SHEETS.items()
        if name.vi in book.sheetnames
        for rows in [list(book[name.vi].iter_rows(values_only=True))]
    }
    book.close()
    spans = pd.concat([weak.spans.drop(columns="geometry") for weak in found.redundancy.values()])
    for key, frame, ours, head, per in (
        ("passed", found.passed, "people_passed", "passed", 1.0),
        ("passed", found.passed, "homes_passed", "homesPassed", 1.0),
        ("spans", spans, "people_behind", "peopleBehind", 1.0),
        ("spans", spans, "length_m", "km", 1000.0),
        ("backbone", found.backbone, "distance_m", "distance", 1000.0),
        ("optics", found.optics, "cable_m", "path", 1000.0),
    ):
        sheet = written[key]
        assert len(sheet) == len(frame) > 0
        wanted = frame[ours].to_numpy(np.float64) / per
        wanted[~np.isfinite(wanted)] = np.nan
        held = sheet[report_fibre.HEADS[head].vi].astype(float).to_numpy()
        np.testing.assert_allclose(held, wanted, rtol=1e-9, equal_nan=True)


def test_the_geopackages_hold_areas_and_spans(
    result: Result, found: FibreAssessment, tmp_path: Path
) -> None:
    report_fibre.write_areas(result, tmp_path / "areas.gpkg")
    areas = gpd.read_file(tmp_path / "areas.gpkg", layer="areas")
    assert areas.crs == 4326
    assert set(areas["operator"]) == set(found.areas["operator"]) >= {ANY}
    back = areas.to_crs(result.layers.grid.crs).set_index("operator").area
    np.testing.assert_allclose(
        back[found.areas["operator"]], found.areas.area, rtol=1e-6, err_msg="areas in square metres"
    )
    # A cell is covered exactly if its centre lies in the area, but for the corners of its circles.
    reach = result.reaches["fibre", ANY].covered.values
    covered_m2 = float(reach.sum()) * result.layers.grid.cell_m**2
    assert back[ANY] == pytest.approx(covered_m2, rel=0.05)
    report_fibre.write_spans(result, tmp_path / "spans.gpkg")
    spans = gpd.read_file(tmp_path / "spans.gpkg", layer="spans")
    held = [weak.spans for weak in found.redundancy.values()]
    assert len(spans) == sum(map(len, held)) > 0
    assert spans["people_behind"].sum() == pytest.approx(sum(s["people_behind"].sum() for s in held))
    metres = spans.to_crs(result.layers.grid.crs).length
    np.testing.assert_allclose(metres, spans["length_m"], atol=0.05)


def test_a_public_output_has_none_of_it(result: Result) -> None:
    mine = {"fibre_areas.gpkg", "fibre_spans.gpkg"}
    assert mine <= set(writers(result, "vi"))
    public = public_result(result)
    assert not mine & set(writers(public, "vi"))
    assert report_fibre.fibre_sheets(public, "vi") == []
    assert report_fibre.assessments(public) == {}
    assert 'id="fibre"' not in render_report(public, "vi")
    assert 'id="fibre"' in render_report(result, "vi")
