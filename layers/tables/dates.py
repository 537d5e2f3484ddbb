"""Columns of dates: day first, as in Vietnam; a column of the American kind is refused, not turned round."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from phusong.layers.rules import Report, error
from phusong.layers.tables.number_cells import EMPTY, as_text

Form = Literal["iso", "day-first", "words", "serial"]
Verdict = Literal["sure", "assumed", "american", "mixed", "half-swapped"]

AMERICAN = error(
    "dates-american",
    "Ngày viết theo kiểu Mỹ (tháng trước ngày), ví dụ '{example}'.",
    "Dates are written in the American way, month first, as in '{example}'.",
    "Ghi ngày theo dạng dd/mm/yyyy (30/06/2026) hoặc 2026-06-30.",
    "Write dates day first (30/06/2026) or as 2026-06-30.",
)
MIXED = error(
    "dates-mixed",
    "Cột lẫn hai kiểu ngày: '{day_first}' (ngày trước) và '{month_first}' (tháng trước).",
    "The column mixes dates: '{day_first}' (day first) and '{month_first}' (month first).",
    "Viết cả cột theo dạng dd/mm/yyyy hoặc 2026-06-30.",
    "Write the whole column day first (30/06/2026), or as 2026-06-30.",
)
HALF_SWAPPED = error(
    "dates-half-swapped",
    "Bảng tính đã đọc nhầm ngày thành tháng ở một phần cột: mọi ô kiểu ngày đều có ngày từ 12 trở xuống "
    "(ví dụ {date}), còn ô như '{text}' vẫn là văn bản.",
    "A spreadsheet has taken days for months in part of the column: all its true dates have a day of 12 or "
    "less (for example {date}), while cells like '{text}' stayed text.",
    "Nhập lại cột với thiết lập vùng là Việt Nam.",
    "Import the column again with regional settings of Vietnam.",
)

_EPOCH = datetime.date(1899, 12, 30)
_SERIAL = (20_000, 80_000)
"""Excel's day numbers of 1954 to 2119, in the calendar of 1900."""
_CENTURY = 70
"""Two-digit years from here on are of the twentieth century."""
_TIME = r"(?:[ t]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[ap]m|z|[+-]\d\d:?\d\d)?)?"
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _TIME)
_NUMERIC = re.compile(r"(?:ngay )?(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d{2})" + _TIME)
_VIETNAMESE = re.compile(r"(?:ngay )?(\d{1,2}) thang (\d{1,2})(?: nam|,)? (\d{4})")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})\.?,?[ -](\d{4}|\d{2})")
_MONTH_DAY = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)


@dataclass(frozen=True)
class DateColumn:
    """A column of dates.

    Attributes
    ----------
    values : array of object (date or None), shape (n,)
        All None if the column is refused.
    wrong : array of bool, shape (n,)
        Cells that hold something else.
    verdict : {"sure", "assumed", "american", "mixed", "half-swapped"}
        ``assumed``: every ``05/06/2026`` could be either, and is taken day first as in Vietnam. The last
        three are refusals.
    evidence : mapping of str to int
        Cells by form: ``iso``, ``words``, ``serial``, ``day-first`` and ``month-first`` (those that can be
        nothing else), ``open`` (either).
    witnesses : mapping of str to tuple of int
    """

    values: NDArray[np.object_]
    wrong: NDArray[np.bool_]
    verdict: Verdict
    evidence: Mapping[str, int] = field(default_factory=dict)
    witnesses: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Tell whether the column cannot be used."""
        return self.verdict in ("american", "mixed", "half-swapped")


def _date(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (1900 if year >= _CENTURY else 2000)


@lru_cache(maxsize=65_536)
def _read(cell: str) -> tuple[str, datetime.date | None]:
    """Return the form of a cell and its date, day first; an empty form where it is no date."""
    plain = unicodedata.normalize("NFD", cell.casefold().replace("đ", "d"))
    text = " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
    if match := _ISO.fullmatch(text):
        return "iso", _date(*(int(g) for g in match.groups()))
    if match := _VIETNAMESE.fullmatch(text):
        day, month, year = (int(g) for g in match.groups())
        return "words", _date(year, month, day)
    if match := _NUMERIC.fullmatch(text):
        first, second, year = int(match[1]), int(match[2]), _year(match[3])
        if second > 12 >= first >= 1:
            return "month-first", _date(year, first, second)
        form = "day-first" if first > 12 else "same" if first == second else "open"
        return form, _date(year, second, first)
    if match := _DAY_MONTH.fullmatch(text):
        month = _month(match[2])
        return "words", _date(_year(match[3]), month, int(match[1])) if month else None
    if match := _MONTH_DAY.fullmatch(text):
        month = _month(match[1])
        return "words", _date(int(match[3]), month, int(match[2])) if month else None
    if re.fullmatch(r"\d{5}(\.\d+)?", text) and _SERIAL[0] <= float(text) <= _SERIAL[1]:
        return "serial", _EPOCH + datetime.timedelta(days=int(float(text)))
    return "", None


def _month(word: str) -> int:
    if word in _FULL:
        return _FULL.index(word) + 1
    return _MONTHS.index(word[:3]) + 1 if word[:3] in _MONTHS and word in (*_MONTHS, "sept") else 0


def _own(cell: Any) -> datetime.date | None:
    """Return the date of a cell that is one by type."""
    if isinstance(cell, datetime.datetime):
        return None if str(cell) == "NaT" else cell.date()
    if isinstance(cell, datetime.date):
        return cell
    if isinstance(cell, np.datetime64):
        return None if np.isnat(cell) else datetime.date.fromisoformat(str(cell.astype("datetime64[D]")))
    return None


def read_dates(cells: Sequence[Any] | NDArray[Any]) -> DateColumn:
    """Read a column of dates.

    Understood are ISO dates (with a time, which is dropped), ``dd/mm/yyyy`` with ``/ - .`` and years of
    two digits, ``ngày 30 tháng 6 năm 2026``, ``30 June 2026``, dates by type, and Excel's day numbers.
    ``05/06/2026`` is the fifth of June, unless the column shows that its writer puts the month first:
    then nothing is read. A month or a year alone is no date.

    Parameters
    ----------
    cells : sequence of shape (n,)

    Returns
    -------
    DateColumn
    """
    n = len(cells)
    values = np.full(n, None, dtype=object)
    wrong = np.zeros(n, dtype=bool)
    places: dict[str, list[int]] = {}
    for i, cell in enumerate(cells):
        own = _own(cell)
        text = "" if own is not None else as_text(cell)
        if own is None and text.casefold() in EMPTY:
            continue
        form, date = ("iso", own) if own is not None else _read(text)
        if date is None:
            wrong[i] = True
            continue
        values[i] = date
        places.setdefault(form, []).append(i)
    verdict = _decide(values, places)
    if verdict in ("american", "mixed", "half-swapped"):
        values = np.full(n, None, dtype=object)
    counts = {form: len(where) for form, where in places.items()}
    witnesses = {form: tuple(where[:20]) for form, where in places.items()}
    return DateColumn(values, wrong, verdict, counts, witnesses)


def _decide(values: NDArray[np.object_], places: Mapping[str, Sequence[int]]) -> Verdict:
    if "month-first" in places:
        return "mixed" if "day-first" in places else "american"
    true_dates = [*places.get("iso", ()), *places.get("serial", ())]
    text = [i for i in places.get("day-first", ()) if values[i].day > 12]
    if (
        len(true_dates) >= 3 and len(text) >= 1 and "open" not in places
        and all(values[i].day <= 12 for i in true_dates)
    ):
        return "half-swapped"
    return "assumed" if "open" in places and "day-first" not in places else "sure"


def tell_dates(
    report: Report, header: str, column: DateColumn, cells: Sequence[Any], rows: NDArray[np.int64]
) -> None:
    """Tell why a column of dates is refused; single cells that are no dates are told elsewhere."""
    def first(form: str) -> int:
        """Return the first cell that speaks for a form."""
        return column.witnesses[form][0]

    if column.verdict == "american":
        i = first("month-first")
        report.once(AMERICAN, row=str(rows[i]), column=header, value=cells[i], example=str(cells[i]))
    elif column.verdict == "mixed":
        i, j = first("day-first"), first("month-first")
        report.once(
            MIXED, row=str(rows[j]), column=header, day_first=f"{cells[i]} ({rows[i]})",
            month_first=f"{cells[j]} ({rows[j]})",
        )
    elif column.verdict == "half-swapped":
        i = first("iso") if "iso" in column.witnesses else first("serial")
        j = first("day-first")
        date, text = as_text(cells[i]), as_text(cells[j])
        report.once(HALF_SWAPPED, row=str(rows[i]), column=header, date=date, text=text)
