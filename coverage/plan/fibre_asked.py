"""What a user writes of money, shares and years, as numbers."""

from __future__ import annotations

import re
from typing import Any

from phusong.coverage.plan.fibre_needs import Wanted
from phusong.coverage.plan.fibre_request import Request
from phusong.data.language import Text
from phusong.layers.faults import ExpectedError
from phusong.layers.rules import fold

_MONEY = Text(
    "Không hiểu số tiền '{value}'. Viết 50e9, '50 tỷ' hoặc '800 triệu' (đồng).",
    "The sum '{value}' is not understood. Write 50e9, '50 bn' or '800 m' (VND).",
)
_SHARE = Text(
    "Không hiểu tỷ lệ '{value}'. Viết 95% (trên 0 đến 100).",
    "The share '{value}' is not understood. Write 95% (above 0, up to 100).",
)
_YEARS = Text(
    "Không hiểu các năm '{value}'. Viết 2026-2030 hoặc 2027 (nhiều nhất 30 năm).",
    "The years '{value}' are not understood. Write 2026-2030 or 2027 (30 years at most).",
)
_UNITS = {
    "": 1.0, "d": 1.0, "dong": 1.0, "vnd": 1.0, "nghin": 1e3, "trieu": 1e6, "tr": 1e6, "m": 1e6,
    "million": 1e6,
    "ty": 1e9, "ti": 1e9, "bn": 1e9, "billion": 1e9,
}  # fmt: skip
_SUM = re.compile(r"^\s*(-?[\d.,]+(?:[eE]\d+)?)\s*(.*)$")


def money(text: str) -> float:
    """Return a sum in VND.

    A comma is the decimal sign of Vietnamese; points between groups of three digits are none.

    >>> money("50 tỷ"), money("1,5 tỷ đồng"), money("800 triệu"), money("2e9"), money("1.500.000.000")
    (50000000000.0, 1500000000.0, 800000000.0, 2000000000.0, 1500000000.0)

    Raises
    ------
    ExpectedError
        It is no sum.
    """
    found = _SUM.match(text)
    unit = fold(found.group(2)) if found else ""
    for end in ("dong", "vnd"):
        unit = unit.removesuffix(end) or unit if unit != end else unit
    if found is None or unit not in _UNITS:
        raise ExpectedError(_MONEY, value=text)
    digits = found.group(1)
    if re.fullmatch(r"-?\d{1,3}(\.\d{3}){2,}", digits) or re.fullmatch(r"-?\d{1,3}(,\d{3}){2,}", digits):
        digits = digits.replace(".", "").replace(",", "")
    try:
        return float(digits.replace(",", ".")) * _UNITS[unit]
    except ValueError:
        raise ExpectedError(_MONEY, value=text) from None


def share(text: str) -> float:
    """Return a share of 1 from per cent.

    Raises
    ------
    ExpectedError
        It is none, or not above 0 and up to 100.
    """
    try:
        value = float(text.strip().removesuffix("%").strip().replace(",", "."))
    except ValueError:
        raise ExpectedError(_SHARE, value=text) from None
    if not 0.0 < value <= 100.0:
        raise ExpectedError(_SHARE, value=text)
    return value / 100.0


def year_range(text: str) -> tuple[int, ...]:
    """Return the years of ``2026-2030``.

    Raises
    ------
    ExpectedError
        They are none.
    """
    found = re.fullmatch(r"\s*(\d{4})\s*(?:[-–]\s*(\d{4})\s*)?", text)
    if found is None:
        raise ExpectedError(_YEARS, value=text)
    first = int(found.group(1))
    last = int(found.group(2) or first)
    if not 0 <= last - first < 30:
        raise ExpectedError(_YEARS, value=text)
    return tuple(range(first, last + 1))


def ask(
    *, places: tuple[str, ...] = (), communes: bool = False, sites: bool = False, operator: str = "any",
    budget: str | None = None, target: str | None = None, years: str | None = None,
    year_budgets: str | None = None, **options: Any,
) -> Request:
    """Return the request that the words of a command line make; see `Request` for ``options``.

    Raises
    ------
    ExpectedError
        A sum, share or year is not understood.
    """
    each = tuple(money(part) for part in year_budgets.split(";") if part.strip()) if year_budgets else ()
    return Request(
        Wanted(places, communes, sites, operator), None if budget is None else money(budget),
        None if target is None else share(target), year_range(years) if years else (), each, **options,
    )
