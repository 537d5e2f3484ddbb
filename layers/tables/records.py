"""From the records of a CSV or a sheet to a table: where the header stands, which rows are data."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.layers.rules import Report, error, warning
from phusong.layers.tables.header_words import KNOWN_OTHERS, LayerKind
from phusong.layers.tables.headers import matches_of
from phusong.layers.tables.sheet_plan import SheetPlan, plan_sheet, tell_plan

if TYPE_CHECKING:
    from pyproj import CRS

LONG_ROW = error(
    "long-row",
    "Dòng có {n} ô, nhiều hơn {expected} cột của tiêu đề.",
    "The row has {n} cells, more than the {expected} columns of the header.",
    "Thường do dấu phẩy thập phân hoặc dấu phân cách nằm trong ô: đặt ô đó trong dấu nháy kép.",
    "Mostly a decimal comma, or a delimiter inside a cell: put that cell in double quotes.",
)
SHORT_ROW = warning(
    "short-row",
    "Dòng chỉ có {n} ô, ít hơn {expected} cột của tiêu đề; các ô thiếu coi là trống.",
    "The row has only {n} cells, fewer than the {expected} columns of the header; the others count as empty.",
    "Kiểm tra tệp có bị cắt cụt không.", "Check that the file has not been cut off.",
)
DOUBLE_HEADER = error(
    "double-header",
    "Có hai cột cùng tên '{name}'.", "Two columns are called '{name}'.",
    "Đổi tên một cột.", "Rename one of them.",
)
EMPTY = error(
    "empty-table",
    "Bảng không có dòng dữ liệu nào.", "The table has no rows.",
    "Kiểm tra tệp đã được xuất đầy đủ chưa.", "Check that the file was exported whole.",
)

_HEAD = 40
_SAMPLE = 300


@dataclass(frozen=True)
class Layout:
    """Where a table stands in its file: what a marked copy of the file needs to find a cell again.

    Attributes
    ----------
    columns : mapping of header to int
        Position of each column, from 0.
    header_row : int
        The last row of the header, as the user counts rows.
    first : int
        Number of the first record: 2 where a line with Excel's hint stands before it.
    sheet : str
        Name of the sheet in a workbook.
    delimiter : str
        Of a CSV.
    """

    columns: Mapping[str, int]
    header_row: int
    first: int = 1
    sheet: str = ""
    delimiter: str = ""


@dataclass(frozen=True)
class RawTable:
    """A table as the file holds it.

    Attributes
    ----------
    cells : mapping of header to array, shape (n,)
        Text for CSV and sheets, the file's own types otherwise.
    rows : array of int64, shape (n,)
        Row numbers as the user counts them: the header of a sheet is row 1; features count from 1.
    geometry : array of shapely geometries, shape (n,), or None
        Two-dimensional; None for features without one.
    crs : pyproj.CRS or None
        As the file declares it.
    native : mapping of header to array of bool, shape (n,)
        Cells of a sheet that were numbers, although they come as text here.
    said : tuple of str
        Titles above the table and notes below it: a coordinate system is often said there.
    odd_bytes_row : int
        Of a CSV that is not in UTF-8, the first row that shows it; its text is as Windows-1252 has it.
    layout : Layout or None
        None for what is no CSV and no sheet.
    """

    cells: Mapping[str, NDArray[Any]]
    rows: NDArray[np.int64]
    geometry: NDArray[np.object_] | None = None
    crs: CRS | None = None
    native: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    odd_bytes_row: int = 0
    layout: Layout | None = None

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Habits:
    """What is known of a layer before its file is opened.

    Attributes
    ----------
    kind : LayerKind or None
        Whose words its headers may be; None looks for no titles, totals and notes.
    legacy : bool
        Whether old Vietnamese encodings may occur.
    encoding : str or None
        As the project declares it.
    """

    kind: LayerKind | None = None
    legacy: bool = False
    encoding: str | None = None


def from_records(
    records: Sequence[Sequence[Any]],
    report: Report,
    first: int,
    *,
    habits: Habits | None = None,
    extra: Collection[str] = (),
    odd_bytes_row: int = 0,
) -> RawTable | None:
    """Make a table of records.

    Parameters
    ----------
    records : sequence of sequences
        Text; in a sheet also numbers, dates and marks by type.
    report : Report
    first : int
        Number of the first record as the user counts rows.
    habits : Habits, optional
        Without a kind the first record that is not blank is the header, and all others are data.
    extra : collection of str
        Headers that are known beside the words of the kind.
    odd_bytes_row : int

    Returns
    -------
    RawTable or None
        None where nothing is in it.
    """
    habits = habits or Habits()
    numbered = [(i, r) for i, r in enumerate(records, start=first) if any(_filled(c) for c in r)]
    if not numbered:
        report.once(EMPTY)
        return None
    plan = None
    if habits.kind is not None and not _is_plain(numbered, extra):
        plan = _planned(records, habits, list(extra))
        tell_plan(report, _shifted(plan, first - 1))
        if plan is None:
            return None
    if plan is None:
        header_row = numbered[0][0]
        header = [cell_text(name).strip() for name in numbered[0][1]]
        body = numbered[1:]
    else:
        header_row = plan.header_rows[-1] + first - 1
        header = list(plan.headers)
        body = [(i + first - 1, records[i - 1]) for i in plan.data_rows]
    while header and not header[-1]:
        header.pop()
    header = _apart(header, habits.kind, report)
    said = () if plan is None else (*plan.titles, *plan.notes)
    places = {name: j for j, name in reversed(list(enumerate(header))) if name}
    layout = Layout(MappingProxyType(places), header_row, first)
    return replace(_table(header, body, report, said, odd_bytes_row), layout=layout)


def _filled(cell: Any) -> bool:
    return bool(cell and not cell.isspace()) if isinstance(cell, str) else cell is not None


def _is_plain(numbered: Sequence[tuple[int, Sequence[Any]]], extra: Collection[str]) -> bool:
    """Tell a clean table by its header, which is the first row and in our words, and by its last row."""
    names = {str(e).strip() for e in extra}
    head = [c.strip() for c in numbered[0][1] if isinstance(c, str) and c.strip()]
    known = sum(c in names for c in head)
    if known < 2 or known < 0.5 * len(head) or len(head) < 2:
        return False
    least = max(2, (len(head) + 1) // 2)
    ends = [r for _, r in (*numbered[1:4], *numbered[-3:])]
    full = all(sum(_filled(c) for c in r) >= least for r in ends)
    words = ("tổng", "cộng", "tong", "cong", "total", "tæng", "céng")
    return full and not any(
        isinstance(c, str) and c.strip().casefold().startswith(words) for r in ends for c in r[:3]
    )


def _planned(records: Sequence[Sequence[Any]], habits: Habits, extra: list[str]) -> SheetPlan | None:
    """Find the table, in what the records say in Unicode."""
    assert habits.kind is not None
    if not habits.legacy:
        return plan_sheet(records, kind=habits.kind, extra=extra)
    from phusong.layers.text.legacy_text import read_text, read_texts

    head = [_row_in_unicode(row, habits.encoding) for row in records[:_HEAD]]
    plan = plan_sheet([*head, *records[_HEAD:]], kind=habits.kind, extra=extra)
    if plan is None:
        return None
    start = plan.header_rows[-1]
    width = len(plan.headers)
    columns = {str(j): [_at(r, j) for r in records[start : start + _SAMPLE]] for j in range(width)}
    old = {
        j: c.encoding for j, c in read_texts(columns, declared=habits.encoding).items()
        if c.verdict == "converted"
    }
    if not old:
        return plan
    # Totals and notes in an old encoding are known as such only when they can be read.
    below = [list(r) for r in records[start:]]
    for j, encoding in old.items():
        for row in below:
            cell = _at(row, int(j))
            if isinstance(cell, str) and not cell.isascii():
                row[int(j)] = read_text([cell], declared=encoding).cells[0]
    return plan_sheet([*head[:start], *below], kind=habits.kind, extra=extra)


def _row_in_unicode(row: Sequence[Any], encoding: str | None) -> Sequence[Any]:
    from phusong.layers.text.legacy_text import read_text

    if all(not isinstance(c, str) or c.isascii() for c in row):
        return row
    return read_text(list(row), declared=encoding).cells.tolist()  # type: ignore[no-any-return]


def _at(row: Sequence[Any], j: int) -> Any:
    return row[j] if j < len(row) else ""


def _shifted(plan: SheetPlan | None, by: int) -> SheetPlan | None:
    """Return the plan with the rows' numbers of the file, where a line stood before the records."""
    if plan is None or not by:
        return plan
    return replace(
        plan, header_rows=tuple(r + by for r in plan.header_rows),
        data_rows=tuple(r + by for r in plan.data_rows),
        dropped=tuple(replace(d, row=d.row + by) for d in plan.dropped),
    )


def _apart(header: list[str], kind: LayerKind | None, report: Report) -> list[str]:
    """Return the headers, those that stand twice numbered where none of ours is meant; tell the others."""
    seen: dict[str, int] = {}
    result: list[str] = []
    for name in header:
        seen[name] = seen.get(name, 0) + 1
        if name and seen[name] > 1:
            best = matches_of(name, kind)[:1] if kind is not None else ()
            if kind is not None and (not best or best[0].column in KNOWN_OTHERS):
                result.append(f"{name} ({seen[name]})")
                continue
            if seen[name] == 2:
                report.once(DOUBLE_HEADER, column=name, name=name)
        result.append(name)
    return result


def _table(
    header: list[str], body: Sequence[tuple[int, Sequence[Any]]], report: Report, said: tuple[str, ...],
    odd_bytes_row: int,
) -> RawTable:
    width = len(header)
    rows = np.array([i for i, _ in body], dtype=np.int64)
    records = [r for _, r in body]
    lengths = np.array([len(r) for r in records], dtype=np.int64)
    for i in np.flatnonzero(lengths > width):
        n = int(lengths[i])
        while n > width and not _filled(records[i][n - 1]):
            n -= 1
        lengths[i] = n
    report.each(LONG_ROW, lengths > width, rows, n=lengths, expected=width)
    report.each(SHORT_ROW, lengths < width, rows, n=lengths, expected=width)
    cells: dict[str, NDArray[Any]] = {}
    native: dict[str, NDArray[np.bool_]] = {}
    for j, name in enumerate(header):
        if name and name not in cells:
            values = [r[j] if j < len(r) else "" for r in records]
            typed = [type(v) in (int, float) for v in values]
            if any(typed):
                native[name] = np.array(typed, dtype=bool)
            text = [v if isinstance(v, str) else cell_text(v) for v in values]
            cells[name] = np.array(_unquoted(text), dtype=object)
    return RawTable(
        MappingProxyType(cells), rows, native=MappingProxyType(native), said=said, odd_bytes_row=odd_bytes_row
    )


_MARKED = re.compile(r"\s*(?:'(?P<plain>[^']*)|=\"(?P<quoted>[^\"]*)\")\s*")


def _unquoted(cells: list[str]) -> list[str]:
    """Return a column without the marks by which spreadsheets are told that a cell is text.

    They are ``'00123`` and ``="00123"``; a column is taken to have them if most of its cells do.
    """
    head = [c for c in cells[:_SAMPLE] if c and not c.isspace()]
    if sum(c.lstrip().startswith(("'", '="')) for c in head) <= 0.5 * len(head):
        return cells
    found = [_MARKED.fullmatch(c) for c in cells]
    return [c if m is None else m["plain"] or m["quoted"] or "" for c, m in zip(cells, found, strict=True)]


def cell_text(cell: Any) -> str:
    """Return a cell of a sheet as it would be typed: whole numbers without a point, dates as ISO."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat()).removesuffix("T00:00:00")
    return str(cell)
