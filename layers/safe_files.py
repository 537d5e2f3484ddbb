"""Files that must not be opened as they are: archives that swell, endless lines, formulas without values."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from phusong.layers.rules import Report, error

LONGEST_LINE = 100_000_000
"""Bytes; a row with the polygon of a province in a cell has a few million."""
_BLOCK = 1 << 24

LONG_LINE = error(
    "endless-line",
    "Tệp có dòng dài hơn {mb} MB: không phải bảng dữ liệu.",
    "The file has a line of more than {mb} MB: this is no table.",
    "Kiểm tra tệp có bị hỏng hoặc đặt sai đuôi tên không.",
    "Check whether the file is damaged, or has the wrong suffix.",
)
NO_VALUE = error(
    "formula-without-value",
    "{n} ô có công thức nhưng chưa có kết quả: {cells}.",
    "{n} cells hold a formula without its result: {cells}.",
    "Mở tệp bằng Excel, để Excel tính rồi lưu lại; hoặc dán thành giá trị.",
    "Open the file in Excel, let it calculate and save it; or paste the values.",
)


def check_book(path: Path, report: Report) -> bool:
    """Tell whether a workbook that is a zip archive may be unpacked; others (Excel 2003) always may."""
    from phusong.layers.archives import check_archive

    if not zipfile.is_zipfile(path):
        return True
    with zipfile.ZipFile(path) as archive:
        return check_archive(archive, report)


def check_lines(path: Path, report: Report) -> bool:
    """Tell whether a text file has lines of a length that a table may have; reads large files only."""
    if path.stat().st_size <= LONGEST_LINE:
        return True
    length = 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            first = block.find(b"\n")
            if length + (len(block) if first < 0 else first) > LONGEST_LINE:
                report.once(LONG_LINE, mb=LONGEST_LINE // 1_000_000)
                return False
            length = length + len(block) if first < 0 else len(block) - block.rfind(b"\n") - 1
    return True


_EMPTY_FORMULA = re.compile(
    rb"(?:</f>|<f\b[^>]*/>)\s*(?P<end></c>|<v\s*/>|<v></v>)", re.DOTALL
)
_ODS_FORMULA = re.compile(rb'<table:table-cell\b[^>]*table:formula="[^>]*>')


def check_formulas(path: Path, sheet: int, report: Report) -> bool:
    """Tell whether all formulas of a sheet have the results that a spreadsheet saves beside them.

    Parameters
    ----------
    path : Path
    sheet : int
        Position of the sheet in the workbook.
    report : Report
    """
    if path.suffix.lower() not in (".xlsx", ".xlsm", ".ods") or not zipfile.is_zipfile(path):
        return True
    with zipfile.ZipFile(path) as archive:
        if path.suffix.lower() == ".ods":
            found = [m.group() for m in _ODS_FORMULA.finditer(archive.read("content.xml"))]
            cells = ["?" for tag in found if b"office:value-type" not in tag and b"value-type" not in tag]
        else:
            name = _sheet_file(archive, sheet)
            data = archive.read(name) if name in archive.namelist() else b""
            cells = _without_value(data) if b"<f" in data else []
    if not cells:
        return True
    row = re.sub(r"\D", "", cells[0])
    report.once(
        NO_VALUE, row=row, n=len(cells), cells=", ".join(cells[:10]) + (", …" if len(cells) > 10 else "")
    )
    return False


def _without_value(data: bytes) -> list[str]:
    cells = []
    for match in _EMPTY_FORMULA.finditer(data):
        start = data.rfind(b"<c ", 0, match.start())
        tag = data[start : data.find(b">", start)]
        if b't="str"' in tag and match["end"] != b"</c>":
            continue  # a formula whose result is an empty text
        place = re.search(rb'\br="([A-Z]+\d+)"', tag)
        cells.append(place[1].decode() if place else "?")
    return cells


def _sheet_file(archive: zipfile.ZipFile, sheet: int) -> str:
    """Return the name of a sheet's file by its position in the workbook."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return ""
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    ids = re.findall(r'<(?:\w+:)?sheet\b[^>]*\br:id="([^"]+)"', book)
    targets = {}
    for tag in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", links):
        one, two = re.search(r'\bId="([^"]+)"', tag), re.search(r'\bTarget="([^"]+)"', tag)
        if one and two:
            targets[one[1]] = two[1]
    target = targets.get(ids[sheet], "") if sheet < len(ids) else ""
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
