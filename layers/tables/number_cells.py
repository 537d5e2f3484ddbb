"""One cell of a column of numbers: what it may mean with either decimal sign, its scale and its unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

DecimalSign = Literal[".", ","]
EMPTY = frozenset(
    ("", "-", "–", "—", "nan", "na", "n/a", "#n/a", "null", "none", "...", "…", "chưa có", "không có")
)
"""What stands where there is no number."""

_SCALES = {
    "nghìn": 1e3, "ngàn": 1e3, "nghin": 1e3, "ngan": 1e3, "thousand": 1e3,
    "triệu": 1e6, "trieu": 1e6, "tr": 1e6, "million": 1e6,
    "tỷ": 1e9, "tỉ": 1e9, "ty": 1e9, "ti": 1e9, "billion": 1e9,
}
_UNITS: Mapping[str, str] = {
    "%": "%", "dbm": "dBm", "db": "dB", "dbi": "dBi", "w": "W", "kw": "kW", "mhz": "MHz", "ghz": "GHz",
    "khz": "kHz", "m": "m", "km": "km", "met": "m", "mét": "m", "km2": "km2", "km²": "km2", "m2": "m2",
    "m²": "m2", "ha": "ha", "°": "°", "độ": "°", "do": "°", "deg": "°", "º": "°",
    "người": "", "nguoi": "", "hộ": "", "ho": "", "trạm": "", "tram": "", "thôn": "", "xã": "", "cột": "",
    "đồng": "đồng", "đ": "đồng", "vnd": "đồng", "vnđ": "đồng", "mbps": "Mb/s", "mb/s": "Mb/s", "sợi": "",
}
_CELL = re.compile(r"([+-]?)\s*([0-9](?:[0-9., '’]*[0-9])?|[.,][0-9]+)(e[+-]?[0-9]{1,2})?\s*(.*)")
BLANKS: Mapping[int, str | None] = {
    **dict.fromkeys((*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF)),
    **{0xFF01 + k: chr(0x21 + k) for k in range(94)},
    **dict.fromkeys(map(ord, "\u00a0\u2009\u202f\u2007\u3000\t"), " "),
}
"""Blanks of all widths, signs that nobody sees (pages and chats leave them), and the wide forms of ASCII."""
_MINUS = dict.fromkeys(map(ord, "−‐‑–—"), "-")


@dataclass(frozen=True)
class Written:
    """One cell: the values that it has with either decimal sign (None where it cannot), and its unit.

    ``marks`` are the signs between the digits, ``long`` says that there are more than three and no mark.
    """

    point: float | None
    comma: float | None
    marks: str
    long: bool
    unit: str
    scaled: bool

    @property
    def neutral(self) -> bool:
        """Tell whether both signs give one value."""
        return self.point is not None and self.point == self.comma

    @property
    def open(self) -> bool:
        """Tell whether either sign is possible, with different values."""
        return self.point is not None and self.comma is not None and self.point != self.comma


@lru_cache(maxsize=65_536)
def read_cell(cell: str) -> Written | None:
    """Return what a cell may mean; None where it is no number."""
    text = cell.translate(BLANKS).translate(_MINUS).strip()
    match = _CELL.fullmatch(text.casefold())
    if match is None:
        return None
    sign, digits, exponent, tail = match.groups()
    scale, unit = _tail(tail)
    if scale is None:
        return None
    factor = scale * (-1.0 if sign == "-" else 1.0) * (10.0 ** int(exponent[1:]) if exponent else 1.0)
    point, comma = _value(digits, "."), _value(digits, ",")
    if point is None and comma is None:
        return None
    marks = "".join(sorted({c for c in digits if not c.isdigit()}))
    return Written(
        None if point is None else point * factor,
        None if comma is None else comma * factor,
        marks, digits.isdigit() and len(digits) > 3, unit, scale != 1.0,
    )


def _tail(tail: str) -> tuple[float | None, str]:
    """Return the scale and the unit that follow the digits; None for words that are neither."""
    scale, unit = 1.0, ""
    for word in unicodedata.normalize("NFC", tail).replace("%", " % ").split():
        word = word.rstrip(".")
        if word in _SCALES and scale == 1.0:
            scale = _SCALES[word]
        elif word in _UNITS and unit == "":
            unit = _UNITS[word]
        else:
            return None, ""
    return scale, unit


def _value(digits: str, decimal: DecimalSign) -> float | None:
    """Return the value with this decimal sign; None where the digits do not allow it."""
    thousands = ",." [decimal == ","]
    whole, sign, fraction = digits.partition(decimal)
    if sign and not fraction.isdigit():
        return None
    separators = {c for c in whole if not c.isdigit()}
    if len(separators) > 1 or not separators <= {thousands, " ", "'", "’"}:
        return None
    if separators:
        first, *rest = re.split(r"[^0-9]", whole)
        if not 1 <= len(first) <= 3 or any(len(part) != 3 for part in rest) or first.startswith("0"):
            return None
    plain = re.sub(r"[^0-9]", "", whole) or "0"
    return float(f"{plain}.{fraction}") if sign else float(plain)


def as_text(cell: Any) -> str:
    """Return a cell as it would be typed, composed, without outer blanks; nothing is ``""``."""
    if isinstance(cell, str):
        return cell.strip() if cell.isascii() else unicodedata.normalize("NFC", cell.strip())
    if isinstance(cell, float | np.floating):
        value = float(cell)
        whole = value.is_integer() and abs(value) < 1e15
        return "" if value != value else str(int(value)) if whole else repr(value)
    text = "" if cell is None else str(cell)
    return "" if text in ("<NA>", "NaT") else text
