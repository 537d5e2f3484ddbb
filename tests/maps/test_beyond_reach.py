"""More households reported than within reach: said on the page, in the document and in the workbook."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import docx
import openpyxl
import pandas as pd
import pytest

from phusong.coverage.fibre.reported import reported_beyond_reach
from phusong.coverage.result import Result
from phusong.maps.document.content import write_document
from phusong.maps.report.page import render_report
from phusong.maps.workbook.book import write_workbook

REACHABLE = 200.0


@pytest.fixture(scope="module")
def result(tiny_result: Result) -> Result:
    """The province with 200 households within reach in every commune."""
    table = tiny_result.indicators
    rows = table[(table["indicator"] == "households") & (table["operator"] == "any")]
    communes = rows["level"] == "commune"
    rows = rows.assign(indicator="households_reachable", numerator=REACHABLE)
    rows.loc[~communes, "numerator"] = REACHABLE * communes.sum()
    rows = rows.assign(percent=100.0 * rows["numerator"] / rows["denominator"])
    kept = table[table["indicator"] != "households_reachable"]
    return dataclasses.replace(tiny_result, indicators=pd.concat([kept, rows], ignore_index=True))


def test_the_page_marks_the_communes_and_says_it_once(result: Result) -> None:
    beyond = reported_beyond_reach(result.indicators)
    communes = int((beyond["level"] == "commune").sum())
    assert 0 < communes < len(result.layers.communes)
    vi, en = (render_report(result, lang) for lang in ("vi", "en"))
    assert vi.count('aria-label="báo cáo vượt tầm"') == communes
    assert en.count('aria-label="reported beyond reach"') == communes
    assert len(re.findall(f"class=remark>Lưu ý: báo cáo vượt tầm.*?; {communes}/6 xã", vi)) == 1
    assert f"in {communes}/6 communes the difference is more than 10 percentage points" in en


def test_document_and_workbook_say_it(result: Result, tmp_path: Path) -> None:
    write_document(result, tmp_path / "report.docx", "vi")
    text = "\n".join(p.text for p in docx.Document(str(tmp_path / "report.docx")).paragraphs)
    assert "báo cáo vượt tầm cáp quang trong dữ liệu: 6.858 hộ" in text
    assert "ước tính 1.200 hộ ở trong tầm" in text
    write_workbook(result, tmp_path / "report.xlsx", "vi")
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Xã, phường"]
    head, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    at = head.index("Báo cáo vượt tầm quá 10 điểm %")
    beyond = reported_beyond_reach(result.indicators)
    assert [row[0] for row in rows if row[at]] == sorted(beyond.loc[beyond["level"] == "commune", "code"])
    assert {row[head.index("Hộ trong tầm cáp quang (ước tính)")] for row in rows} == {REACHABLE}


def test_nothing_is_said_where_the_report_is_within_reach(tiny_result: Result) -> None:
    table = tiny_result.indicators
    alone = dataclasses.replace(tiny_result, indicators=table[table["indicator"] != "households_reachable"])
    page = render_report(alone, "vi")
    assert "vượt tầm" not in page
    assert "▲:" not in page
