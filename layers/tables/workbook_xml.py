"""The XML of a workbook, looked at before its cells are read: how far its sheets reach, what failed there."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from typing import Any

from phusong.layers.rules import Report, error, warning

MOST_CELLS = 40_000_000
"""Cells from A1 to the last one, filled or not: all of them are held in memory, at 32 bytes."""
_COLUMNS = 16_384
_A_TO_Z = 26

TOO_WIDE = error(
    "sheet-too-wide",
    "Trang tính trải đến ô {corner}, quá rộng để đọc: thường do một ô lạc ở xa bảng (cột {letters} hoặc dòng "
    "{last}).",
    "The sheet reaches to cell {corner}, too far to be read: mostly a stray cell far from the table (in "
    "column {letters} or row {last}).",
    "Trong Excel: bấm Ctrl+End, xóa các dòng và cột thừa rồi lưu lại.",
    "In Excel: press Ctrl+End, delete the rows and columns that are not wanted, and save.",
)
FORMULA_ERRORS = warning(
    "formula-errors",
    "{n} ô có công thức báo lỗi, coi là trống: {cells}.",
    "{n} cells hold formulas that failed, and count as empty: {cells}.",
    "Mở tệp bằng Excel, sửa công thức rồi lưu lại.", "Open the file in Excel, mend the formulas and save it.",
)

_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d+)"')
_FAR = re.compile(rb' r="[A-Z]{2,3}\d')
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})\d+"[^>]*>')
_FAILED = re.compile(rb'<(?:\w+:)?c\b([^>]*?\bt="e"[^>]*)>(.*?)</(?:\w+:)?c>', re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]+\d+)"')
_SAID = re.compile(rb"<(?:\w+:)?v>([^<]*)<")


def check_extents(archive: zipfile.ZipFile, report: Report) -> bool:
    """Tell whether the sheets of a workbook (``.xlsx``) fit into memory from their first to their last cell.

    Two stray cells, one at the end of the last row and one of the last column, are 17 billion empty ones.
    """
    for name in archive.namelist():
        if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
            continue
        found = _extent(archive.read(name))
        if found is not None:
            last, letters = found
            report.once(TOO_WIDE, corner=f"{letters}{last}", last=str(last), letters=letters)
            return False
    return True


def _extent(data: bytes) -> tuple[int, str] | None:
    """Return the last row and column that hold something, None where they are near enough."""
    last = data.rfind(b"</c>")
    start = data.rfind(b"<row", 0, last) if last >= 0 else -1
    found = _ROW.match(data, start) if start >= 0 else None
    if found is None:
        return None
    row = int(found[1])
    if row * _COLUMNS <= MOST_CELLS or (row * _A_TO_Z <= MOST_CELLS and not _FAR.search(data)):
        return None
    # An empty cell that is only painted counts for nothing.
    names = {m[1] for m in _CELL.finditer(data) if not m[0].endswith(b"/>")}
    widest = max(names, key=lambda n: (len(n), n), default=b"A").decode()
    return (row, widest) if row * _number(widest) > MOST_CELLS else None


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def tell_failed(data: bytes, report: Report) -> None:
    """Tell the formulas of a sheet's XML that ended in an error: their cells come as empty ones."""
    if b't="e"' not in data:
        return
    cells = []
    for match in _FAILED.finditer(data):
        place, said = _PLACE.search(match[1]), _SAID.search(match[2])
        cells.append(f"{place[1].decode() if place else '?'} ({said[1].decode() if said else '?'})")
    if cells:
        row = re.sub(r"\D", "", cells[0].partition(" ")[0])
        listed = ", ".join(cells[:10]) + (", …" if len(cells) > 10 else "")
        report.once(FORMULA_ERRORS, row=row, n=len(cells), cells=listed)


def filled_merges(
    records: Sequence[list[Any]], merges: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> list[tuple[int, int]]:
    """Write the text of cells merged downwards into each of their rows; return the rows of each merge.

    Parameters
    ----------
    records : list of list
        Rows of a sheet from A1; they are changed.
    merges : list of ((row, column), (row, column))
        First and last cell of each merged range, from 0.

    Returns
    -------
    list of (int, int)
        First and last row as the user counts them, of ranges one column wide with something in them.
    """
    done = []
    for (top, left), (bottom, right) in sorted(merges):
        if left != right or top >= bottom or bottom >= len(records):
            continue
        if any(left >= len(r) for r in records[top : bottom + 1]):
            continue
        value = records[top][left]
        if value in ("", None):
            continue
        for row in records[top + 1 : bottom + 1]:
            row[left] = value
        done.append((top + 1, bottom + 1))
    return done


def sheet_path(archive: zipfile.ZipFile, sheet: int) -> str:
    """Return the name of a sheet's file in the archive by its position in the workbook, ``""`` if unknown."""
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
