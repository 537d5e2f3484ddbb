"""Copies of faulty tables with the faults marked in the cells, for who has to mend them.

Every row keeps its number, every cell its value: text stays text, and nothing is a formula. A cell in
doubt has a colour and a note; a further sheet lists all faults with links to the cells.
"""

from __future__ import annotations

import contextlib
import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from phusong.data.language import Language, Text
from phusong.layers.read import Opened
from phusong.layers.summary import Checked
from phusong.layers.tables.original import OriginalSheet, original_sheets
from phusong.maps.check.marks import SEVERITIES, FileMarks, Mark, Severity, cells_of, marks_by_file
from phusong.maps.check.words import layer_name
from phusong.maps.safe import ascii_key, legible, one_line, shorten
from phusong.maps.sheet import Book

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
"""Of a worksheet of Excel."""
STREAMED = 400_000
"""Cells beyond which rows are written as they come, to spare memory; merged cells are then left apart."""
_LONGEST_NOTE = 1_500
_NOTES_OF_A_CELL = 6

COLOURS: Mapping[Severity, tuple[str, str]] = {
    "error": ("#F8C9C4", "#9C0006"), "warning": ("#FFE699", "#5F4B00"), "doubt": ("#CFE2F3", "#123F63"),
}  # fmt: skip
SEVERITY_NAMES: Mapping[Severity, Text] = {
    "error": Text("lỗi", "error"), "warning": Text("cảnh báo", "warning"),
    "doubt": Text("nghi ngờ", "doubtful"),
}  # fmt: skip
_W = {
    "list": Text("Danh sách lỗi", "Faults"),
    "title": Text("Kiểm tra tệp {file}", "Check of {file}"),
    "province": Text("{name}, số liệu đến {as_of}", "{name}, data as of {as_of}"),
    "counts": Text("{errors} lỗi phải sửa, {warnings} cảnh báo, {doubts} chỗ nghi ngờ.",
                   "{errors} errors to mend, {warnings} warnings, {doubts} doubtful places."),
    "how": Text(
        "Bấm vào cột 'Ô' để đến chỗ cần sửa; rê chuột lên ô có màu để đọc lý do. Số dòng giống hệt tệp gốc. "
        "Sửa tệp gốc, hoặc sửa ngay trong bản này rồi gửi lại.",
        "Press the column 'Cell' to go to the place; point at a coloured cell to read why. Rows have the "
        "numbers of the original file. Mend the original, or mend this copy and send it back.",
    ),
    "number": Text("STT", "No."), "severity": Text("Mức độ", "Severity"), "cell": Text("Ô", "Cell"),
    "sheet": Text("Trang tính", "Sheet"), "row": Text("Dòng", "Row"), "column": Text("Cột", "Column"),
    "value": Text("Giá trị", "Value"), "said": Text("Sai ở đâu", "What is wrong"),
    "remedy": Text("Cách sửa", "What to do"),
    "go": Text("đến ô {cell}", "go to {cell}"),
    "footer": Text("Kiểm tra tệp {file}", "Check of {file}"),
    "more": Text("… và {n} điều nữa, xem danh sách lỗi.", "… and {n} more, see the list of faults."),
}  # fmt: skip
_WIDTHS = (6, 11, 12, 18, 8, 22, 26, 60, 60)


@dataclass(frozen=True)
class Copy:
    """A marked copy that can be made of one file.

    Attributes
    ----------
    marks : FileMarks
    opened : tuple of Opened
        The tables of the file that were read.
    name : str
        Of the copy.
    """

    marks: FileMarks
    opened: tuple[Opened, ...]
    name: str


@dataclass(frozen=True)
class Uncopied:
    """A file of which there is something to say, and of which no copy is made.

    Attributes
    ----------
    marks : FileMarks
    why : {"no-table", "no-cell", "too-large"}
        It is a map, a raster, the project file, or damaged; what is said of it is about no cell; it does
        not go into a worksheet.
    """

    marks: FileMarks
    why: Literal["no-table", "no-cell", "too-large"]


def plan_copies(checked: Checked, lang: Language) -> tuple[tuple[Copy, ...], tuple[Uncopied, ...]]:
    """Return the copies to be made, and the faulty files of which none is; a clean file is in neither."""
    copies: list[Copy] = []
    others: list[Uncopied] = []
    taken: set[str] = set()
    for marks in marks_by_file(checked, lang):
        tables = tuple(
            o for o in checked.opened.values() if o.file == marks.file and o.raw.layout is not None
        )
        if not tables:
            others.append(Uncopied(marks, "no-table"))
            continue
        if not any(_is_worth_a_copy(m, o) for m in marks.marks for o in tables if o.layer == m.layer):
            others.append(Uncopied(marks, "no-cell"))
            continue
        stem = ascii_key(Path(marks.file).stem, "-")
        name, number = f"{stem}-marked.xlsx", 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}-marked.xlsx", number + 1
        taken.add(name.casefold())
        copies.append(Copy(marks, tables, name))
    return tuple(copies), tuple(others)


def _is_worth_a_copy(mark: Mark, opened: Opened) -> bool:
    """Tell a mark on a cell from a warning about a whole column, which needs no copy to be seen."""
    return (mark.row != "" or mark.severity == "error") and any(True for _ in cells_of(mark, opened))


def write_copy(copy: Copy, checked: Checked, path: Path, lang: Language) -> bool:
    """Write the marked copy of one file.

    Returns
    -------
    bool
        False, and nothing is written, where the table is larger than a worksheet may be.
    """
    import xlsxwriter

    layout = copy.opened[0].raw.layout
    assert layout is not None
    sheets = original_sheets(copy.opened[0].path, layout)
    if any(len(s.rows) > MAX_ROWS or max(map(len, s.rows), default=0) > MAX_COLUMNS for s in sheets):
        return False
    cells = sum(sum(map(len, s.rows)) for s in sheets)
    options = {
        "constant_memory": cells > STREAMED, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False, "nan_inf_to_errors": False, "default_date_format": "dd/mm/yyyy",
    }  # fmt: skip
    with xlsxwriter.Workbook(path, options) as workbook:
        footer = one_line(_W["footer"].say(lang, file=copy.marks.file))
        writer = _Writer(Book(workbook, footer), copy, lang, streamed=cells > STREAMED)
        workbook.set_properties({"title": footer, "created": _created(checked)})
        names = _sheet_names([s.name for s in sheets], _W["list"].say(lang))
        for sheet, name in zip(sheets, names, strict=True):
            writer.sheet(sheet, name)
        writer.list(checked)
    return True


def _created(checked: Checked) -> datetime.datetime:
    """Return a day that does not depend on when the copy is made."""
    day = checked.as_of or datetime.date(2000, 1, 1)
    return datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC).replace(tzinfo=None)


def _sheet_names(names: Sequence[str], listed: str) -> list[str]:
    """Return names that Excel takes: at most 31 characters, none of its signs, no two equal."""
    taken, found = {listed.casefold(), "history"}, []
    for name in names:
        plain = "".join("-" if c in "[]:*?/\\" else c for c in one_line(name)).strip("' ")[:31] or "-"
        free, number = plain, 2
        while free.casefold() in taken:
            tail = f" ({number})"
            free, number = plain[: 31 - len(tail)] + tail, number + 1
        taken.add(free.casefold())
        found.append(free)
    return found


class _Writer:
    """The sheets of one copy."""

    def __init__(self, book: Book, copy: Copy, lang: Language, *, streamed: bool) -> None:
        self.book, self.copy, self.lang, self.streamed = book, copy, lang, streamed
        self.places: dict[int, tuple[str, int, int]] = {}
        self._formats: dict[tuple[str, str], Any] = {}

    def _format(self, kind: str, severity: str = "") -> Any:
        key = kind, severity
        if key not in self._formats:
            properties: dict[str, Any] = {"valign": "top"}
            if kind == "header":
                properties |= {"bold": True, "text_wrap": True, "bg_color": "#E7ECF2", "bottom": 1}
            elif kind == "link":
                properties |= {"font_color": "#0563C1", "underline": 1, "indent": 1}
            elif kind != "plain":
                properties["num_format"] = kind
            if severity:
                fill, ink = COLOURS[severity]  # type: ignore[index]
                properties |= {"bg_color": fill, "font_color": ink, "border": 1, "border_color": ink}
            self._formats[key] = self.book.workbook.add_format(properties)
        return self._formats[key]

    def sheet(self, original: OriginalSheet, name: str) -> None:
        """Write one sheet of the file, with the marks of the tables that were read from it."""
        sheet = self.book.workbook.add_worksheet(name)
        marked, header = self._marks_of(original, name)
        if not self.streamed:
            self._merge(sheet, original, header)
        depth = max([len(original.rows), *(r + 1 for r, _ in marked)])
        width = max([1, *map(len, original.rows), *(c + 1 for _, c in marked)])
        reach: dict[int, int] = {}
        for r, c in marked:
            reach[r] = max(reach.get(r, 0), c + 1)
        for r in range(depth):
            row = original.rows[r] if r < len(original.rows) else ()
            for c in range(max(len(row), reach.get(r, 0))):
                self._cell(sheet, r, c, row[c] if c < len(row) else "", marked.get((r, c), ()), r == header)
        for c in range(width):
            longest = max((len(_shown(row[c])) for row in original.rows[:300] if c < len(row)), default=0)
            sheet.set_column(c, c, min(max(9, longest + 2), 42))
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{max(depth, 1)}"})
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        if header >= 0:
            sheet.freeze_panes(header + 1, 0)
            sheet.repeat_rows(header)

    def _marks_of(
        self, original: OriginalSheet, name: str
    ) -> tuple[dict[tuple[int, int], list[Mark]], int]:
        marked: dict[tuple[int, int], list[Mark]] = {}
        header = -1
        for opened in self.copy.opened:
            layout = opened.raw.layout
            if layout is None or (layout.sheet and layout.sheet != original.name):
                continue
            header = layout.header_row - 1
            for k, mark in enumerate(self.copy.marks.marks):
                if mark.layer == opened.layer:
                    for cell in cells_of(mark, opened):
                        marked.setdefault(cell, []).append(mark)
                        self.places.setdefault(k, (name, *cell))
        return marked, header

    def _merge(self, sheet: Any, original: OriginalSheet, header: int) -> None:
        from xlsxwriter.exceptions import OverlappingRange

        for (top, left), (bottom, right) in original.merges:
            if (top, left) != (bottom, right):
                with contextlib.suppress(OverlappingRange):
                    style = self._format("header" if top <= header <= bottom else "plain")
                    sheet.merge_range(top, left, bottom, right, "", style)

    def _cell(
        self, sheet: Any, row: int, column: int, value: Any, marks: Sequence[Mark], is_header: bool
    ) -> None:
        severity = min((m.severity for m in marks), key=SEVERITIES.index, default="")
        plain = "header" if is_header else "plain"
        if isinstance(value, str):
            if value:
                sheet.write_string(row, column, legible(value), self._format(plain, severity))
            elif marks or is_header:
                sheet.write_blank(row, column, None, self._format(plain, severity))
        elif isinstance(value, bool):
            sheet.write_boolean(row, column, value, self._format(plain, severity))
        elif isinstance(value, datetime.date | datetime.time | datetime.timedelta):
            sheet.write_datetime(row, column, value, self._format(_date_format(value), severity))
        elif isinstance(value, int | float) and math.isfinite(value):
            sheet.write_number(row, column, value, self._format(plain, severity))
        elif value is not None:
            sheet.write_string(row, column, legible(str(value)), self._format(plain, severity))
        if marks:
            note = self._note(marks)
            lines = sum(math.ceil(len(line) / 48) for line in note.splitlines())
            size = {"width": 340, "height": 24 + 17 * min(lines, 24), "author": "phusong", "font_size": 9}
            sheet.write_comment(row, column, note, size)

    def _note(self, marks: Sequence[Mark]) -> str:
        unique = list(dict.fromkeys((m.severity, m.said, m.remedy) for m in marks))
        lines = [
            f"{SEVERITY_NAMES[s].say(self.lang).upper()}: {said} {remedy}".strip()
            for s, said, remedy in unique[:_NOTES_OF_A_CELL]
        ]
        if len(unique) > _NOTES_OF_A_CELL:
            lines.append(_W["more"].say(self.lang, n=len(unique) - _NOTES_OF_A_CELL))
        return legible("\n".join(lines), _LONGEST_NOTE)

    def list(self, checked: Checked) -> None:
        """Write the sheet that lists every fault, with a link to its cell; the copy opens on it."""
        lang, formats = self.lang, self.book.formats
        sheet = self.book.sheet(_W["list"].say(lang))
        marks = self.copy.marks
        counts = {f"{s}s": marks.count(s) for s in SEVERITIES}
        title = one_line(_W["title"].say(lang, file=marks.file))
        sheet.write_string(0, 0, title, formats["title"])
        if checked.as_of is not None:
            about = one_line(_W["province"].say(lang, name=checked.name, as_of=checked.as_of))
            sheet.write_string(1, 0, about, formats["plain"])
        sheet.write_string(2, 0, _W["counts"].say(lang, **counts), formats["plain"])
        sheet.write_string(3, 0, _W["how"].say(lang), formats["remark"])
        top = 5
        keys = ("number", "severity", "cell", "sheet", "row", "column", "value", "said", "remedy")
        for c, (key, width) in enumerate(zip(keys, _WIDTHS, strict=True)):
            sheet.write_string(top, c, _W[key].say(lang), formats["header"])
            sheet.set_column(c, c, width)
        for k, mark in enumerate(marks.marks):
            self._line(sheet, top + 1 + k, k, mark)
        sheet.freeze_panes(top + 1, 0)
        sheet.repeat_rows(top)
        sheet.autofilter(top, 0, top + len(marks.marks), len(keys) - 1)
        sheet.activate()
        if len(self.book.workbook.worksheets()) > 8:
            sheet.set_first_sheet()

    def _line(self, sheet: Any, row: int, k: int, mark: Mark) -> None:
        from xlsxwriter.utility import xl_rowcol_to_cell

        note, text = self.book.formats["note"], self.book.formats["text"]
        longest = max(len(mark.said), len(mark.remedy))
        sheet.set_row(row, 15.0 * min(max(1, math.ceil(longest * 1.1 / 57)), 25))
        sheet.write_number(row, 0, k + 1, self._format("plain"))
        name = SEVERITY_NAMES[mark.severity].say(self.lang)
        sheet.write_string(row, 1, name, self._format("plain", mark.severity))
        where = self.places.get(k)
        if where is not None:
            cell = xl_rowcol_to_cell(where[1], where[2])
            quoted = where[0].replace("'", "''")
            tip = _W["go"].say(self.lang, cell=cell)
            link = f"internal:'{quoted}'!{cell}"
            sheet.write_url(row, 2, link, self._format("link"), string=cell, tip=tip)
        sheet.write_string(row, 3, where[0] if where else layer_name(mark.layer, self.lang), text)
        if mark.row.isdigit():
            sheet.write_number(row, 4, int(mark.row), self._format("plain"))
        for c, value in enumerate((mark.column, mark.value), start=5):
            sheet.write_string(row, c, shorten(value, 250), note)
        for c, value in enumerate((mark.said, mark.remedy), start=7):
            sheet.write_string(row, c, shorten(value, 2_000), note)


def _date_format(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return "dd/mm/yyyy hh:mm" if value.time() != datetime.time() else "dd/mm/yyyy"
    return "dd/mm/yyyy" if isinstance(value, datetime.date) else "hh:mm:ss"


def _shown(value: Any) -> str:
    if isinstance(value, datetime.date):
        return "00/00/0000"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)[:60]
