"""The workbook read back by another library holds the numbers of the result, and no formula."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from phusong.coverage.result import ANY, Result
from phusong.maps.workbook.book import SHEETS, write_workbook


@pytest.fixture(scope="module")
def path(tiny_result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "report.xlsx"
    write_workbook(tiny_result, path, "vi")
    return path


@pytest.fixture(scope="module")
def book(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


def _table(sheet: Worksheet, top: int = 1) -> list[dict[str, object]]:
    header = [cell.value for cell in sheet[top]]
    rows = sheet.iter_rows(min_row=top + 1, values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows if row[0] is not None]


def test_every_sheet_is_there_in_either_language(
    tiny_result: Result, book: openpyxl.Workbook, tmp_path: Path
) -> None:
    names = [text.vi for text in SHEETS.values()]
    at = names.index(SHEETS["all"].vi)
    assert book.sheetnames == [*names[:at], "Mục tiêu", *names[at:]]
    write_workbook(tiny_result, tmp_path / "en.xlsx", "en")
    english = openpyxl.load_workbook(tmp_path / "en.xlsx")
    names = [text.en for text in SHEETS.values()]
    assert english.sheetnames == [*names[:at], "Targets", *names[at:]]


def test_indicators_are_the_numbers_of_the_result(tiny_result: Result, book: openpyxl.Workbook) -> None:
    """All of the province's; of communes those of all operators together, where there is something."""
    rows = _table(book[SHEETS["all"].vi])
    wanted = [
        true for true in tiny_result.indicators.itertuples()
        if true.level == "province" or (true.operator == "any" and true.denominator != 0)
    ]
    assert 100 < len(wanted) < len(tiny_result.indicators)
    for row, true in zip(rows, wanted, strict=True):
        assert row["Mã"] == true.code
        # The file holds sixteen significant digits.
        assert row["Đạt (n)"] == pytest.approx(true.numerator, rel=1e-14)
        if true.denominator == true.denominator:
            assert row["Tổng (N)"] == pytest.approx(true.denominator, rel=1e-14)
            assert row["Tỷ lệ"] == pytest.approx(true.percent / 100, rel=1e-14)
        else:
            assert row["Tổng (N)"] is None
            assert row["Tỷ lệ"] is None
        assert row["Số liệu đến ngày"] == datetime.datetime(2026, 6, 30)


def test_communes_hold_every_service(tiny_result: Result, book: openpyxl.Workbook) -> None:
    rows = {row["Mã xã"]: row for row in _table(book[SHEETS["communes"].vi])}
    assert list(rows) == tiny_result.layers.communes["commune_code"].tolist()
    table = tiny_result.indicators
    checked = 0
    for true in table[(table["level"] == "commune") & (table["operator"] == ANY)].itertuples():
        name = {"fibre": "Cáp quang"}.get(true.service, true.service)
        if true.indicator == "population":
            assert rows[true.code][f"{name}: dân số được phủ"] == pytest.approx(true.numerator, abs=0.006)
            assert rows[true.code][f"{name}: % dân số"] == pytest.approx(true.percent / 100, abs=1e-6)
            checked += 1
        elif true.indicator == "places:villages":
            assert rows[true.code][f"{name}: thôn, làng được phủ"] == true.numerator
            assert rows[true.code]["Tổng số thôn, làng"] == true.denominator
            checked += 1
        elif true.indicator == "stations":
            assert rows[true.code][f"Trạm {name}"] == true.numerator
            checked += 1
    assert checked == 6 * (3 + 3 + 2)
    assert rows["00106"]["Dân số chính thức"] is None


def test_places_not_served_are_those_of_the_result(tiny_result: Result, book: openpyxl.Workbook) -> None:
    places = tiny_result.places
    missing = places[(places["operator"] == ANY) & ~places["served"]]
    rows = _table(book[SHEETS["unserved"].vi])
    assert [row["Mã điểm"] for row in rows] == missing["place_id"].tolist()
    gaps = _table(book[SHEETS["gaps"].vi])
    assert [row["Số dân"] for row in gaps] == pytest.approx(tiny_result.gaps["people"].tolist())


def test_no_formula_no_link_and_names_unharmed(path: Path, book: openpyxl.Workbook) -> None:
    texts = set()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (sheet.title, cell.coordinate, cell.value)
                assert cell.hyperlink is None
                texts.add(cell.value)
    assert {"=HYPERLINK(1)", "<script>alert(1)</script>", "../../x", "+84", "Ạ" * 500} <= texts
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/sheet"):
                assert b"<f>" not in archive.read(name)


def test_headers_are_frozen_filtered_and_wide_enough(book: openpyxl.Workbook) -> None:
    for name in SHEETS.values():
        sheet = book[name.vi]
        assert sheet.auto_filter.ref
        assert sheet.page_setup.paperSize == 9
        if name is not SHEETS["summary"]:
            assert sheet.freeze_panes.endswith("2")
    communes = book[SHEETS["communes"].vi]
    assert communes.column_dimensions["B"].width >= len("Phường Quy Nhơn")
    percent = next(cell for cell in communes[1] if "%" in str(cell.value)).column
    assert communes.cell(2, percent).number_format.endswith("0.0%")
    assert any(sheet._charts for sheet in book)


def test_same_result_same_bytes(tiny_result: Result, path: Path, tmp_path: Path) -> None:
    write_workbook(tiny_result, tmp_path / "again.xlsx", "vi")
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it(path: Path, tmp_path: Path) -> None:
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)],
        check=True, capture_output=True, timeout=120,
    )
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
