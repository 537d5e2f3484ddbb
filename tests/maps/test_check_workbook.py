"""Marked copies: every cell as it was, every fault in its cell, no formula, nothing half-written."""

from __future__ import annotations

import datetime
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from check_cases import FAULTS, FORMULA, HEADER, SCRIPT, Case, make
from openpyxl.worksheet.worksheet import Worksheet
from quick_project import content, make_project

import phusong.maps.check.workbook as workbook_module
from phusong.layers.faults import ExpectedError
from phusong.layers.summary import check_project
from phusong.maps.check.files import write_marked
from phusong.maps.check.workbook import plan_copies

KINDS = ("csv", "hint", "xlsx", "ods")


@pytest.fixture(scope="module", params=KINDS)
def made(request: Any, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    case = make(sample, folder / "tinh", request.param)
    found = write_marked(check_project(case.project), folder / "out", "vi")
    assert [Path(file).stem for file, _ in found.copies] == ["stations"]
    return case, found.copies[0][1]


def data_sheet(path: Path) -> Worksheet:
    book = openpyxl.load_workbook(path)
    assert book.active is not None
    assert book.active.title == "Danh sách lỗi"
    return book.worksheets[0]


def test_every_cell_is_what_it_was(made: tuple[Case, Path]) -> None:
    case, path = made
    sheet = data_sheet(path)
    assert sheet.max_row == len(case.rows)
    for r, row in enumerate(case.rows, start=1):
        for c, value in enumerate(row, start=1):
            cell = sheet.cell(r, c)
            if isinstance(value, str):
                assert cell.data_type == "s", (r, c, value)
                assert cell.value == value
            elif isinstance(value, datetime.datetime):
                assert cell.value == value
                assert cell.number_format == "dd/mm/yyyy"
            else:
                assert cell.data_type == "n"
                assert cell.value == pytest.approx(value, abs=0)


def test_faults_are_in_their_cells_and_nowhere_else(made: tuple[Case, Path]) -> None:
    case, path = made
    sheet = data_sheet(path)
    marked = {
        (cell.row - case.first_data_row, cell.column - 1): cell
        for row in sheet.iter_rows(min_row=case.first_data_row) for cell in row if cell.comment is not None
    }
    red = {place for place, cell in marked.items() if cell.comment.text.startswith("LỖI: ")}
    assert red == {*FAULTS}
    for place in red:
        assert marked[place].fill.fgColor.rgb == "FFF8C9C4"
    for row in sheet.iter_rows(min_row=case.first_data_row):
        for cell in row:
            coloured = cell.fill.fill_type == "solid"
            assert coloured == (cell.comment is not None), cell.coordinate


def test_the_list_leads_to_the_cells(made: tuple[Case, Path]) -> None:
    case, path = made
    book = openpyxl.load_workbook(path)
    listed = book.worksheets[-1]
    rows = [r for r in listed.iter_rows(min_row=7) if isinstance(r[0].value, int)]
    errors = [r for r in rows if r[1].value == "lỗi"]
    assert len(errors) == len(FAULTS)
    for row, (place, value) in zip(errors, sorted(FAULTS.items()), strict=True):
        target = row[2].hyperlink.location
        name, _, cell = target.rpartition("!")
        sheet = book[name.strip("'").replace("''", "'")]
        assert sheet[cell].value in (value, str(value))
        assert row[4].value == sheet[cell].row == place[0] + case.first_data_row
        assert row[5].value == HEADER[place[1]]
        assert row[7].value
        assert row[8].value


def test_nothing_in_it_is_a_formula_or_leads_outside(made: tuple[Case, Path]) -> None:
    _, path = made
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        texts = {n: archive.read(n).decode("utf-8") for n in names if n.endswith((".xml", ".rels", ".vml"))}
    for name, text in texts.items():
        if "/worksheets/" in name:
            assert not re.search(r"<f[ >/]", text), name
        assert "TargetMode=\"External\"" not in text, name
        assert SCRIPT not in text
    assert not [n for n in names if "external" in n.lower() or n.endswith(".bin")]
    cells = [c.value for row in data_sheet(path).iter_rows() for c in row]
    assert FORMULA in cells
    assert SCRIPT in cells


def test_the_copy_can_be_mended_and_read_again(made: tuple[Case, Path], tmp_path: Path) -> None:
    case, path = made
    folder = tmp_path / "again"
    shutil.copytree(case.project.parent, folder)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    good = {(2, 3): "4G", (3, 7): "40", (4, 6): "25", (5, 5): sheet.cell(case.first_data_row + 4, 6).value,
            (6, 1): "C06"}  # fmt: skip
    for (row, column), value in good.items():
        sheet.cell(case.first_data_row + row, column + 1).value = value
    book.save(folder / "sửa.xlsx")
    text = (folder / "phusong.toml").read_text(encoding="utf-8")
    text = re.sub(r'"stations\.\w+"', '"sửa.xlsx"', text)
    (folder / "phusong.toml").write_text(text, encoding="utf-8")
    checked = check_project(folder)
    assert [f.say("en") for f in checked.errors] == []
    assert next(s.rows for s in checked.sources if s.layer == "stations") == 10


def test_merged_titles_stay_merged(sample: Path, tmp_path: Path) -> None:
    case = make(sample, tmp_path / "tinh", "xlsx")
    found = write_marked(check_project(case.project), tmp_path / "out", "en")
    book = openpyxl.load_workbook(found.copies[0][1])
    assert book.sheetnames == ["Trạm '26", "Ghi chú", "Faults"]
    assert [str(r) for r in book.worksheets[0].merged_cells.ranges] == ["A1:H1"]
    assert book["Ghi chú"]["A1"].value == "không có gì"


def test_rows_written_as_they_come_are_the_same(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make(sample, tmp_path / "tinh", "csv")
    checked = check_project(case.project)
    whole = write_marked(checked, tmp_path / "whole", "vi").copies[0][1]
    monkeypatch.setattr(workbook_module, "STREAMED", 10)
    streamed = write_marked(checked, tmp_path / "streamed", "vi").copies[0][1]
    for a, b in zip(openpyxl.load_workbook(whole), openpyxl.load_workbook(streamed), strict=True):
        assert [[c.value for c in row] for row in a] == [[c.value for c in row] for row in b]
        told = [[c.comment.text if c.comment else "" for row in sheet for c in row] for sheet in (a, b)]
        assert told[0] == told[1]


def test_a_clean_project_gives_no_folder(sample: Path, tmp_path: Path) -> None:
    project = make_project(sample, tmp_path / "tinh")
    checked = check_project(project)
    found = write_marked(checked, tmp_path / "out", "vi")
    assert found.copies == ()
    assert ("stations.csv", "no-cell") in {(o.marks.file, o.why) for o in found.others}  # planned sites
    assert "villages.csv" in found.clean
    assert not (tmp_path / "out").exists()


def test_later_copies_replace_earlier_ones_but_not_what_was_changed(sample: Path, tmp_path: Path) -> None:
    case = make(sample, tmp_path / "tinh", "csv")
    out = tmp_path / "out"
    checked = check_project(case.project)
    write_marked(checked, out, "vi")
    first = content(out)
    write_marked(checked, out, "vi")
    assert content(out) == first  # the same bytes
    book = openpyxl.load_workbook(out / "stations-marked.xlsx")
    book.worksheets[0]["A2"] = "sửa dở"
    book.save(out / "stations-marked.xlsx")
    changed = (out / "stations-marked.xlsx").read_bytes()
    write_marked(checked, out, "vi")
    assert (out / "stations-marked.kept-1.xlsx").read_bytes() == changed
    assert (out / "stations-marked.xlsx").read_bytes() == first["stations-marked.xlsx"]


@pytest.mark.parametrize("other", ["somebody", "run"])
def test_a_folder_of_something_else_is_left_alone(sample: Path, tmp_path: Path, other: str) -> None:
    case = make(sample, tmp_path / "tinh", "csv")
    out = tmp_path / "out"
    out.mkdir()
    name = "manifest.json" if other == "run" else "a.txt"
    (out / name).write_text('{"format": "phusong.manifest", "outputs": []}', encoding="utf-8")
    before = content(out)
    with pytest.raises(ExpectedError):
        write_marked(check_project(case.project), out, "vi")
    assert content(out) == before


def test_a_failure_half_way_leaves_nothing(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make(sample, tmp_path / "tinh", "csv")
    monkeypatch.setattr(workbook_module._Writer, "list", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_marked(check_project(case.project), tmp_path / "out", "vi")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tinh"]


def test_a_table_too_large_for_a_worksheet_is_said(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make(sample, tmp_path / "tinh", "csv")
    monkeypatch.setattr(workbook_module, "MAX_ROWS", 5)
    found = write_marked(check_project(case.project), tmp_path / "out", "vi")
    assert found.copies == ()
    assert ("stations.csv", "too-large") in {(o.marks.file, o.why) for o in found.others}


def test_tables_of_one_name_have_copies_of_their_own(sample: Path, tmp_path: Path) -> None:
    case = make(sample, tmp_path / "tinh", "csv")
    folder = case.project.parent
    (folder / "b").mkdir()
    (folder / "b" / "Stations.csv").write_text("place_id,lon,lat\n1,x,y\n", encoding="utf-8")
    text = case.project.read_text(encoding="utf-8")
    case.project.write_text(text + '\n[places.key]\npath = "b/Stations.csv"\n', encoding="utf-8")
    copies, _ = plan_copies(check_project(case.project), "vi")
    assert [c.name for c in copies] == ["stations-marked.xlsx", "Stations-2-marked.xlsx"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_shows_the_same_cells(sample: Path, tmp_path: Path) -> None:
    case = make(sample, tmp_path / "tinh", "csv")
    path = write_marked(check_project(case.project), tmp_path / "out", "vi").copies[0][1]
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    options = 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1'
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", options, "--outdir", str(tmp_path), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    shown = next(tmp_path.glob("stations-marked*.csv")).read_text(encoding="utf-8").splitlines()
    assert len(shown) == len(case.rows)
    assert FORMULA.replace('"', '""') in shown[8]
    assert shown[10].startswith("007,")
