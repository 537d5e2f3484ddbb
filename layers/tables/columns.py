"""From the file's columns to ours: which is which, and what type it has."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.data.language import Text
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Report, Rule, error, fold, hint, nearest
from phusong.layers.tables.dates import read_dates, tell_dates
from phusong.layers.tables.headers import normalise
from phusong.layers.tables.number_cells import DecimalSign
from phusong.layers.tables.numbers import Kind, NumberColumn, read_numbers, tell_numbers
from phusong.layers.tables.opening import RawTable
from phusong.layers.tables.spoilt_codes import SPOILT, is_code, spoilt_codes

EMPTY_NUMBERS = frozenset({"", "-", "–", "nan", "na", "n/a", "#n/a", "null", "none"})
"""What stands in a cell of numbers (or of dates) where there is none."""

MISSING_COLUMNS = error(
    "missing-columns",
    "Thiếu cột bắt buộc: {names}.", "Columns are missing: {names}.",
    "Tệp có các cột: {has}. Nếu cột mang tên khác, khai trong dự án: columns = {{ {first} = \"tên cột\" }}.",
    "The file has: {has}. If a column has another name, say so in the project: "
    "columns = {{ {first} = \"its name\" }}.",
)
UNMAPPED = error(
    "mapped-column-missing",
    "Dự án khai {name} = '{header}', nhưng tệp không có cột này.",
    "The project says {name} = '{header}', but the file has no such column.",
    "{near} Tệp có các cột: {has}.", "{near} The file has: {has}.",
)
UNKNOWN_NAME = error(
    "unknown-column-name",
    "'{name}' không phải tên cột của lớp này.", "'{name}' is no column of this layer.",
    "{near} Các cột của lớp: {known}.", "{near} Columns of the layer: {known}.",
)
NOT_A_NUMBER = error(
    "not-a-number",
    "Không phải là số.", "This is no number.",
    "Ghi số bằng chữ số, dấu chấm thập phân, không kèm đơn vị.",
    "Write digits and a decimal point, without a unit.",
)
NEGATIVE = error(
    "negative", "Giá trị không được âm.", "The value must not be negative.",
    "Sửa giá trị, hoặc để trống nếu chưa biết.", "Mend the value, or leave it empty if it is not known.",
)
OUT_OF_RANGE = error(
    "out-of-range",
    "Giá trị nằm ngoài khoảng cho phép ({range}).", "The value is outside its range ({range}).",
    "Sửa giá trị, hoặc để trống để dùng giá trị mặc định; kiểm tra đơn vị.",
    "Mend the value, or leave it empty for the default; check the unit.",
)
NOT_WHOLE = error(
    "not-whole", "Giá trị phải là số nguyên.", "The value must be a whole number.",
    "Sửa giá trị; dấu chấm là dấu thập phân, không phải dấu phân cách hàng nghìn.",
    "Mend the value; a point is the decimal sign, not a separator of thousands.",
)
NOT_A_DATE = error(
    "not-a-date", "Không phải là ngày.", "This is no date.",
    "Ghi ngày theo dạng 2026-06-30 hoặc 30/06/2026.", "Write dates as 2026-06-30 or 30/06/2026.",
)
WRONG_UNIT = error(
    "wrong-unit",
    "Cột ghi theo đơn vị {unit}, cần {needed}.", "The column is in {unit}; {needed} is needed.",
    "Đổi đơn vị của cột, hoặc khai cột khác trong dự án.",
    "Convert the column, or name another one in the project.",
)
EMPTY_CELL = error(
    "empty-cell", "Ô bắt buộc đang để trống.", "A cell that is needed is empty.",
    "Điền giá trị, hoặc xóa dòng.", "Fill it in, or delete the row.",
)

_FROM_TO = Text("từ {low} đến {high} {unit}", "from {low} to {high} {unit}")
_ABOVE_TO = Text("lớn hơn {low}, đến {high} {unit}", "above {low}, up to {high} {unit}")


@dataclass(frozen=True)
class Column:
    """A column of ours: its name, its type, and the range in which its numbers make sense.

    Attributes
    ----------
    name : str
    kind : {"text", "number", "date", "position"}
        A position's cells are left as the file has them.
    needed : bool
        The file must have it, and no cell may be empty.
    low, high : float
        Ends of the range, included unless ``above`` says that ``low`` is not.
    above : bool
    whole : bool
        Numbers must be integers.
    unit : str
        Of the numbers: for messages, and for cells that name another.
    aside : bool
        Looked for only where the columns that matter are absent, and carried along among the others.
    instead : str
        Column that may stand for a needed one.
    """

    name: str
    kind: Literal["text", "number", "date", "position"] = "text"
    needed: bool = False
    low: float = -np.inf
    high: float = np.inf
    above: bool = False
    whole: bool = False
    unit: str = ""
    aside: bool = False
    instead: str = ""


@dataclass
class Table:
    """Typed columns under our names, and the others as the file has them.

    Attributes
    ----------
    raw : RawTable
    columns : dict of name to array, shape (n,)
        Text (object of str), numbers (float64, NaN = empty), dates (object of date or None).
    headers : dict of our name to the file's
    others : dict of header to array
        What no column of ours was read from.
    report : Report
    """

    raw: RawTable
    report: Report
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    others: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.raw)

    def has(self, name: str) -> bool:
        """Tell whether the file (or the project's defaults) gave the column."""
        return name in self.columns

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def written(self, name: str) -> NDArray[np.object_]:
        """Return the cells of a column as they were written, for messages."""
        header = self.headers.get(name, "")
        if header in self.raw.cells:
            return to_text(self.raw.cells[header])
        return to_text(self.columns[name])

    def each(self, rule: Rule, wrong: NDArray[np.bool_], name: str = "", **values: Any) -> int:
        """Tell a fault for every row that is wrong in the column ``name``."""
        written = self.written(name) if name in self.columns and wrong.any() else None
        return self.report.each(
            rule, wrong, self.raw.rows, column=self.headers.get(name, name), value=written, **values
        )


def expected_names(wanted: Sequence[Column], settings: LayerTable) -> set[str]:
    """Return the headers that may be looked for, ours and those of the project."""
    return {c.name for c in wanted} | set(settings.columns.values())


def take_columns(
    raw: RawTable, settings: LayerTable, wanted: Sequence[Column], report: Report, *, free: bool = False,
    recognised: Mapping[str, str] | None = None,
) -> Table | None:
    """Find our columns in a table and type them.

    Parameters
    ----------
    raw : RawTable
    settings : LayerTable
        ``columns`` maps our names to the file's; ``defaults`` fills columns that the file lacks.
    wanted : sequence of Column
    report : Report
    free : bool
        Whether the project may also rename columns that are not in ``wanted``.
    recognised : mapping of our name to the file's, optional
        Headers known by their words (`phusong.layers.tables.understand`); the project and our own names win.

    Returns
    -------
    Table or None
        None where a needed column is missing; the cells of the others are checked all the same.
    """
    table = Table(raw, report)
    resolve_headers(raw, settings, wanted, table, free)
    taken = set(table.headers.values())
    for name, header in (recognised or {}).items():
        if name not in table.headers and header not in taken:
            table.headers[name] = header
    report.columns = {c.name: table.headers[c.name] for c in wanted if c.name in table.headers}
    for column in wanted:
        own = table.headers.get(column.name)
        if own is not None:
            table.columns[column.name] = _typed(raw.cells[own], column, table, settings)
        elif column.name in settings.defaults:
            table.headers[column.name] = column.name
            constant = np.full(len(raw), str(settings.defaults[column.name]), dtype=object)
            table.columns[column.name] = _typed(constant, column, table, settings)
    if free:
        for name, value in settings.defaults.items():
            if name not in table.columns and name not in table.others:
                table.others[name] = np.full(len(raw), str(value), dtype=object)
    missing = [
        c.name for c in wanted
        if c.needed and not table.has(c.name) and c.name not in settings.columns
        and not table.has(c.instead)
    ]
    if missing:
        has = ", ".join(raw.cells) or "–"
        report.once(MISSING_COLUMNS, names=", ".join(missing), has=has, first=missing[0])
    aside = {c.name for c in wanted if c.aside}
    ours = {h for n, h in table.headers.items() if n not in aside} | ({c.name for c in wanted} - aside)
    for header, cells in raw.cells.items():
        if header not in ours:
            table.others[header] = cells
    here = all(table.has(c.name) or table.has(c.instead) for c in wanted if c.needed)
    return table if here else None


def resolve_headers(
    raw: RawTable, settings: LayerTable, wanted: Sequence[Column], table: Table, free: bool
) -> None:
    """Find the header of each of our columns: the project's, else our own name, loosely spelt."""
    known = [c.name for c in wanted]
    has = ", ".join(raw.cells) or "–"
    renamed: dict[str, str] = {}
    for name in [*settings.columns, *settings.defaults]:
        if name not in known and not free:
            where = f"columns.{name}" if name in settings.columns else f"defaults.{name}"
            table.report.once(
                UNKNOWN_NAME, column=where, name=name, known=", ".join(known), near=hint(name, known)
            )
    for name, header in settings.columns.items():
        if name not in known and not free:
            continue
        found = _find(header, raw.cells, loosely=False)
        if found is None:
            table.report.once(
                UNMAPPED, column=f"columns.{name}", name=name, header=header, has=has,
                near=hint(header, raw.cells),
            )
        elif name in known:
            table.headers[name] = found
        else:
            renamed[name] = found
    taken = set(table.headers.values()) | set(renamed.values())
    for name in (c.name for c in wanted if not c.aside):
        if name not in settings.columns:
            found = _find(name, {h: v for h, v in raw.cells.items() if h not in taken}, loosely=True)
            if found is not None:
                table.headers[name] = found
    table.others.update({name: raw.cells[header] for name, header in renamed.items()})
    table.headers.update({n: h for n, h in renamed.items() if free})


def _find(name: str, headers: Mapping[str, Any], *, loosely: bool) -> str | None:
    """Return the header that is ``name``; spaces, case and composition never matter."""
    if name in headers:
        return name
    plain = unicodedata.normalize("NFC", " ".join(name.split())).casefold()
    for header in headers:
        if unicodedata.normalize("NFC", " ".join(header.split())).casefold() == plain:
            return header
    if loosely:
        for header in headers:
            if fold(header) == fold(name):
                return header
    return None


def _typed(cells: NDArray[Any], column: Column, table: Table, settings: LayerTable) -> NDArray[Any]:
    header = table.headers[column.name]
    rows = table.raw.rows
    if column.kind == "position":
        return cells
    if column.kind == "text":
        text = to_text(cells)
        if column.needed:
            table.report.each(EMPTY_CELL, text == "", rows, column=header)
        if is_code(column.name):
            table.report.each(SPOILT, spoilt_codes(text), rows, column=header, value=text)
        return text
    if column.kind == "date":
        found = read_dates(cells if cells.dtype.kind == "M" else to_text(cells))
        written = to_text(cells)
        table.report.each(NOT_A_DATE, found.wrong, rows, column=header, value=written)
        tell_dates(table.report, header, found, written.tolist(), rows)
        return found.values
    written = to_text(cells)
    if cells.dtype.kind in "iuf":
        numbers, wrong = to_numbers(cells)
    else:
        numbers, wrong, refused = _numbers_of(written, column, table, settings)
        if refused:
            return numbers
    table.report.each(NOT_A_NUMBER, wrong, rows, column=header, value=written)
    if column.needed:
        table.report.each(EMPTY_CELL, np.isnan(numbers) & ~wrong, rows, column=header)
    _check_range(numbers, column, table, written)
    return numbers


def _numbers_of(
    written: NDArray[np.object_], column: Column, table: Table, settings: LayerTable
) -> tuple[NDArray[np.float64], NDArray[np.bool_], bool]:
    """Return the numbers of a column of text, which cells are none, and whether it is refused."""
    header = table.headers[column.name]
    native = table.raw.native.get(header)
    if native is not None and bool(np.all(native | (written == ""))):
        return *to_numbers(written), False  # numbers by type, as in most sheets
    kind: Kind = "quantity"
    if column.whole or column.name == "population":
        kind = "count"
    elif column.unit == "dBm":
        kind = "level"
    found = read_numbers(written, kind=kind, native=native, decimal=settings.decimal, high=column.high)
    if found.verdict == "ambiguous":
        found = _by_range(written, column, native, found)
    tell_numbers(table.report, header, found, written.tolist(), table.raw.rows)
    if not found.refused and found.decimal == "." and not found.grouped and not found.unit:
        plain, wrong = to_numbers(written)
        if not wrong.any():  # the digits as they stand, without the rounding of a scale
            found = replace(found, values=plain)
    factor = 1.0
    unit = found.unit or _UNIT_OF_HEADER.get(normalise(header)[1], "")
    if unit and column.unit and unit != column.unit and not found.refused:
        factor = _FACTORS.get((unit, column.unit), np.nan)
        if np.isnan(factor):
            table.report.once(WRONG_UNIT, column=header, unit=unit, needed=column.unit)
            return found.values, found.wrong, True
    return found.values * factor, found.wrong, found.refused


def _by_range(
    written: NDArray[np.object_], column: Column, native: NDArray[np.bool_] | None, found: NumberColumn
) -> NumberColumn:
    """Return the reading of an open column that alone keeps all numbers in their range."""
    signs: tuple[DecimalSign, DecimalSign] = (".", ",")
    tries = [read_numbers(written, native=native, decimal=sign) for sign in signs]
    fits = [
        t for t in tries
        if np.all(((t.values >= column.low) & (t.values <= column.high)) | np.isnan(t.values))
    ]
    return fits[0] if len(fits) == 1 else found


_UNIT_OF_HEADER = {"mhz": "MHz", "ghz": "GHz", "khz": "kHz", "dbm": "dBm", "w": "W", "kw": "kW", "km": "km"}
_FACTORS = {("GHz", "MHz"): 1000.0, ("kHz", "MHz"): 0.001, ("km", "m"): 1000.0, ("dB", "dBm"): np.nan}


def _check_range(
    numbers: NDArray[np.float64], column: Column, table: Table, written: NDArray[np.object_]
) -> None:
    def tell(rule: Rule, wrong: NDArray[np.bool_], **values: Any) -> None:
        """Tell the rows that break a rule."""
        header = table.headers[column.name]
        table.report.each(rule, wrong, table.raw.rows, column=header, value=written, **values)

    low = numbers <= column.low if column.above else numbers < column.low
    outside = low | (numbers > column.high)
    if column.low == 0.0 and not column.above and np.isinf(column.high):
        tell(NEGATIVE, low)
    elif outside.any():
        text = _ABOVE_TO if column.above else _FROM_TO
        ends = {"low": column.low, "high": column.high, "unit": column.unit}
        tell(OUT_OF_RANGE, outside, range=Text(text.fill("vi", ends).strip(), text.fill("en", ends).strip()))
    if column.whole:
        tell(NOT_WHOLE, np.isfinite(numbers) & (numbers != np.round(numbers)))


def to_text(cells: NDArray[Any]) -> NDArray[np.object_]:
    """Return cells as text without outer spaces, composed (NFC); nothing is ``""``.

    Whole numbers lose the point that a file's number type gave them.
    """
    if cells.dtype.kind in "iu":
        return cells.astype(str).astype(object)
    if cells.dtype.kind == "M":
        days = np.datetime_as_string(cells, unit="D").astype(object)
        return np.where(np.isnat(cells), "", days)
    if cells.dtype.kind == "f":
        return np.array([_number_text(v) for v in cells.tolist()], dtype=object)
    return cells if _is_tidy(cells) else np.array([_cell_text(v) for v in cells.tolist()], dtype=object)


_UNTIDY = re.compile(r"(?:^|\x00)\s|\s(?:\x00|$)")


def _is_tidy(cells: NDArray[Any]) -> bool:
    """Tell whether a column is plain text that needs nothing done to it, as most are."""
    try:
        whole = "\x00".join(cells.tolist())
    except TypeError:
        return False
    return whole.isascii() and _UNTIDY.search(whole) is None


def _number_text(value: float) -> str:
    if value != value:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _cell_text(value: Any) -> str:
    if isinstance(value, str):
        text = value.strip()
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    return _number_text(value) if isinstance(value, float) else str(value)


_PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def to_numbers(cells: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the numbers of a column, NaN where the cell is empty, and which cells hold no number.

    A number is digits with an optional sign, decimal point and exponent; infinity is none.
    """
    if cells.dtype.kind in "iuf":
        numbers = cells.astype(np.float64)
        wrong = np.isinf(numbers)
        return np.where(wrong, np.nan, numbers), wrong
    text = to_text(cells).tolist()
    known = {cell: _one_number(cell) for cell in set(text)}
    numbers = np.array([known[cell] for cell in text], dtype=np.float64)
    wrong = np.isinf(numbers)
    numbers[wrong] = np.nan
    return numbers, wrong


def _one_number(cell: str) -> float:
    """Return the number in a cell, NaN for an empty one, infinity for what is no number."""
    if _PLAIN_NUMBER.fullmatch(cell):
        return float(cell)
    return np.nan if cell.casefold() in EMPTY_NUMBERS else np.inf


_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


def to_dates(cells: NDArray[Any]) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return the dates of a column (None = empty) and which cells hold no date: ISO, or day first."""
    dates = np.full(len(cells), None, dtype=object)
    wrong = np.zeros(len(cells), dtype=bool)
    seen: dict[str, datetime.date | None] = {}
    for i, cell in enumerate(to_text(cells).tolist()):
        if cell.casefold() in EMPTY_NUMBERS:
            continue
        if cell not in seen:
            seen[cell] = _one_date(cell)
        dates[i] = seen[cell]
        wrong[i] = seen[cell] is None
    return dates, wrong


def _one_date(cell: str) -> datetime.date | None:
    day_first = _DAY_FIRST.fullmatch(cell)
    try:
        if day_first:
            day, month, year = (int(part) for part in day_first.groups())
            return datetime.date(year, month, day)
        return datetime.datetime.fromisoformat(cell).date()
    except ValueError:
        return None


def near_words(written: NDArray[np.object_], known: Sequence[str]) -> NDArray[np.object_]:
    """Return for every cell the known word most like it, or an empty string."""
    seen = {word: nearest(word, known) for word in set(written.tolist())}
    return np.array([seen[word] for word in written.tolist()], dtype=object)
