"""Angles as people write them: decimal degrees, degrees with minutes and seconds, two in one cell.

In Vietnamese ``B`` is north (Bắc), ``N`` south (Nam), ``Đ`` east (Đông) and ``T`` west (Tây); in English
``N`` is north. What ``N`` means is settled for the column by its other letters, by those of the column
beside it, or by the area in which the points must lie; else the column is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from phusong.data.language import Text
from phusong.layers.grid import FloatArray
from phusong.layers.rules import Report, error, warning
from phusong.layers.tables.number_cells import BLANKS, EMPTY, as_text
from phusong.layers.tables.numbers import read_numbers

Letters = Literal["vi", "en"]
Verdict = Literal["sure", "by-area", "ambiguous-north", "letters-mixed", "numbers-mixed"]
Area = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

AMBIGUOUS_NORTH = error(
    "ambiguous-north",
    "Không rõ chữ N là Bắc (tiếng Anh: North) hay Nam.", "Does N stand for north, or for Nam (south)?",
    "Ghi B/N/Đ/T (tiếng Việt) hoặc N/S/E/W (tiếng Anh) thống nhất cho cả hai cột.",
    "Use N/S/E/W (English) or B/N/Đ/T (Vietnamese) in both columns.",
)
LETTERS_MIXED = error(
    "letters-mixed",
    "Cột lẫn chữ chỉ hướng tiếng Việt và tiếng Anh: {letters}.",
    "The column mixes Vietnamese and English letters of direction: {letters}.",
    "Dùng thống nhất B/N/Đ/T hoặc N/S/E/W.", "Use B/N/Đ/T or N/S/E/W throughout.",
)
NORTH_BY_AREA = warning(
    "north-by-area",
    "Chữ N được hiểu là {meaning}, vì chỉ như vậy các điểm mới nằm trong vùng.",
    "N is taken for {meaning}: only then do the points lie in the area.",
)
NOT_AN_ANGLE = error(
    "not-an-angle",
    "Không đọc được tọa độ này.", "This is no coordinate.",
    "Ghi độ thập phân (108,25) hoặc độ phút giây (108°15'30\").",
    "Write decimal degrees (108.25), or degrees, minutes and seconds (108°15'30\").",
)

_DEGREE = r"(?:°|º|˚|ᵒ|⁰|ĐỘ|DEG|D(?=\s*\d)|O(?=\s*\d))"
_MINUTE = r"(?:'|′|’|‘|`|´|PHÚT|MIN)"
_SECOND = r"(?:\"|″|”|“|''|′′|’’|GIÂY|SEC)"
_NUMBER = r"\d+(?:[.,]\d+)?"
_WORDS: Mapping[str, str] = {
    "NORTH": "en:+lat", "SOUTH": "en:-lat", "EAST": "en:+lon", "WEST": "en:-lon",
    "BẮC": "vi:+lat", "BAC": "vi:+lat", "NAM": "vi:-lat", "ĐÔNG": "vi:+lon", "DONG": "vi:+lon",
    "TÂY": "vi:-lon", "TAY": "vi:-lon", "VĨ BẮC": "vi:+lat", "VĨ NAM": "vi:-lat", "KINH ĐÔNG": "vi:+lon",
    "KINH TÂY": "vi:-lon", "VB": "vi:+lat", "KĐ": "vi:+lon",
    "B": "vi:+lat", "Đ": "vi:+lon", "Ð": "vi:+lon", "T": "vi:-lon",
    "E": "en:+lon", "W": "en:-lon", "S": "en:-lat", "N": "?:lat",
}
_DIRECTION = "|".join(sorted(_WORDS, key=len, reverse=True))
_ANGLE = re.compile(
    rf"(?P<before>(?:{_DIRECTION})(?![A-ZĐ]))?\s*[:.]?\s*(?P<sign>[-+]?)\s*(?P<d>{_NUMBER})\s*"
    rf"(?P<dm>{_DEGREE}|:|-|\s)?\s*"
    rf"(?:(?P<m>{_NUMBER})\s*(?P<ms>{_MINUTE}|:|-|\s)?\s*(?:(?P<s>{_NUMBER})\s*(?P<ss>{_SECOND})?)?)?"
    rf"\s*(?P<after>(?:{_DIRECTION}))?"
)
_LABEL = re.compile(
    r"(?P<lat>LATITUDE|LAT|VĨ ĐỘ|VI DO|VĐ)\s*[:=]?|"
    r"(?P<lon>LONGITUDE|LONG|LON|LNG|KINH ĐỘ|KINH DO|KĐ(?=\s*[:=]))\s*[:=]?"
)


@dataclass(frozen=True)
class Angle:
    """One angle as written.

    Attributes
    ----------
    degrees : float
        With the sign written, not that of the direction.
    direction : str
        ``vi:+lat`` and so on, ``?:lat`` for ``N``, empty for none.
    form : {"decimal", "dm", "dms"}
    """

    degrees: float
    direction: str
    form: str


@lru_cache(maxsize=65_536)
def parse_angle(cell: str) -> Angle | None:
    """Return what a cell says, None where it is no angle.

    >>> parse_angle("108°15'Đ").degrees
    108.25
    """
    text = unicodedata.normalize("NFC", cell).upper().translate(BLANKS).strip()
    match = _ANGLE.fullmatch(text)
    if match is None or (match["before"] and match["after"]):
        return None
    direction = _WORDS.get(match["before"] or match["after"] or "", "")
    parts = [float(p.replace(",", ".")) for p in (match["d"], match["m"], match["s"]) if p]
    written = [p for p in (match["d"], match["m"], match["s"]) if p]
    if any(not p.isdigit() for p in written[:-1]) or any(p >= 60 for p in parts[1:]):
        return None
    if len(parts) == 2 and not _minutes_are_meant(match, direction):
        return None
    degrees = parts[0] + sum(p / 60.0**k for k, p in enumerate(parts[1:], start=1))
    if match["sign"] == "-" and direction:
        return None  # a minus beside a letter says the direction twice
    form = ("decimal", "dm", "dms")[len(parts) - 1]
    return Angle(-degrees if match["sign"] == "-" else degrees, direction, form)


def _minutes_are_meant(match: re.Match[str], direction: str) -> bool:
    """Tell degrees and minutes from two numbers that merely stand side by side."""
    marked = re.fullmatch(_DEGREE, match["dm"] or "") or re.fullmatch(_MINUTE, match["ms"] or "")
    return bool(marked) or bool(direction)


@dataclass(frozen=True)
class AngleColumn:
    """A column of angles.

    Attributes
    ----------
    values : array of float64, shape (n,)
        Degrees; NaN where empty, wrong, or everywhere if the column is refused.
    wrong : array of bool, shape (n,)
    verdict : {"sure", "by-area", "ambiguous-north", "letters-mixed", "numbers-mixed"}
    axis : {"lon", "lat", ""}
        What the letters say.
    letters : tuple of str
        Letters of direction found, as codes.
    forms : mapping of str to int
        Cells by form: ``decimal``, ``dm``, ``dms``.
    north : {"north", "south", ""}
        What ``N`` was taken for.
    """

    values: FloatArray
    wrong: NDArray[np.bool_]
    verdict: Verdict
    axis: str = ""
    letters: tuple[str, ...] = ()
    forms: Mapping[str, int] = field(default_factory=dict)
    north: str = ""

    @property
    def refused(self) -> bool:
        """Tell whether the column cannot be used."""
        return self.verdict in ("ambiguous-north", "letters-mixed", "numbers-mixed")


def direction_letters(cells: Sequence[Any] | NDArray[Any]) -> tuple[str, ...]:
    """Return the letters of direction of a column, for the one beside it."""
    found = (parse_angle(as_text(c)) for c in cells)
    return tuple(sorted({a.direction for a in found if a is not None and a.direction}))


def read_angles(
    cells: Sequence[Any] | NDArray[Any],
    *,
    beside: Collection[str] = (),
    letters: Letters | None = None,
    area: Area | None = None,
) -> AngleColumn:
    """Read a column of angles.

    Parameters
    ----------
    cells : sequence of shape (n,)
    beside : collection of str
        `direction_letters` of the other coordinate's column.
    letters : {"vi", "en"}, optional
        Language of the letters, if the project says so.
    area : tuple of float, optional
        West, south, east, north of where the points must lie; it settles a lonely ``N``.

    Returns
    -------
    AngleColumn
    """
    text = [as_text(c) for c in cells]
    if _DECIMALS.fullmatch("\n".join(text)):
        return _of_decimals(text)
    angles = [None if t.casefold() in EMPTY else parse_angle(t) for t in text]
    empty = np.array([t.casefold() in EMPTY for t in text], dtype=bool)
    wrong = np.array([a is None for a in angles], dtype=bool) & ~empty
    known = [a for a in angles if a is not None]
    forms = {f: sum(a.form == f for a in known) for f in ("decimal", "dm", "dms")}
    found = tuple(sorted({a.direction for a in known if a.direction}))
    if not found and forms["decimal"] == len(known):
        return _of_decimals(text)
    nothing = np.full(len(text), np.nan)
    axes = {d[-3:] for d in found}
    axis = next(iter(axes)) if len(axes) == 1 else ""
    languages = {d[:2] for d in (*found, *beside) if d[0] != "?"} if letters is None else {letters}
    if len(languages) > 1 or len(axes) > 1:
        return AngleColumn(nothing, wrong, "letters-mixed", axis, found, forms)
    verdict: Verdict = "sure"
    north = {"vi": "south", "en": "north"}.get(next(iter(languages), ""), "") if "?:lat" in found else ""
    if "?:lat" in found and not north:
        north = _north_by_area([a.degrees for a in known if a.direction == "?:lat"], area)
        if not north:
            return AngleColumn(nothing, wrong, "ambiguous-north", axis, found, forms)
        verdict = "by-area"
    values = np.array([np.nan if a is None else a.degrees * _sign(a.direction, north) for a in angles], float)
    return AngleColumn(values, wrong, verdict, axis, found, forms, north)


_DECIMAL = r"(?:-?[0-9]+(?:[.,][0-9]+)?)?"
_DECIMALS = re.compile(rf"{_DECIMAL}(?:\n{_DECIMAL})*")


def _of_decimals(text: Sequence[str]) -> AngleColumn:
    """Read a column without minutes or letters: its decimal sign must be one."""
    plain = read_numbers(text, kind="coordinate")
    known = int(np.isfinite(plain.values).sum())
    verdict: Verdict = "numbers-mixed" if plain.refused else "sure"
    return AngleColumn(plain.values, plain.wrong, verdict, forms={"decimal": known, "dm": 0, "dms": 0})


def _sign(direction: str, north: str) -> float:
    if direction == "?:lat":
        return 1.0 if north == "north" else -1.0
    return -1.0 if "-" in direction else 1.0


def _north_by_area(latitudes: Sequence[float], area: Area | None) -> str:
    """Return which meaning of N puts all points into the area, if the other puts none there."""
    if area is None:
        return ""
    _, south, _, north = area
    inside = [sum(south <= sign * lat <= north for lat in latitudes) for sign in (1.0, -1.0)]
    if inside[0] == len(latitudes) and inside[1] == 0:
        return "north"
    return "south" if inside[1] == len(latitudes) and inside[0] == 0 else ""


def split_pair(cell: str) -> tuple[str, str, str] | None:
    """Return the two coordinates of one cell as text, and the order that its labels or letters say.

    Understood are ``105,34808/22,62924``, ``13.98, 108.0``, ``13,98; 108,0``, ``13.98 108.0``, two
    angles with letters, ``Lat: 13.98 Lon: 108.0`` and WKT's ``POINT (108 13.98)``.

    Returns
    -------
    tuple of str or None
        First, second, and ``lon-lat``, ``lat-lon`` or ``""``; None where the cell holds no two angles.
    """
    text = unicodedata.normalize("NFC", cell).upper().translate(BLANKS).strip()
    order = ""
    point = re.fullmatch(r"(?:SRID=\d+;)?\s*POINT\s*Z?\s*\((.*)\)", text)
    if point:
        text, order = point[1], "lon-lat"
    text = text.strip("()[]{} ")
    labels = [m.lastgroup for m in _LABEL.finditer(text)]
    if len(labels) == 2 and set(labels) == {"lat", "lon"}:
        order = f"{labels[0]}-{labels[1]}"
        text = _LABEL.sub(" ", text).strip(" ,;")
    for parts in _splits(text):
        one, two = (parse_angle(p) for p in parts)
        if one is not None and two is not None:
            axes = one.direction[-3:], two.direction[-3:]
            if {*axes} == {"lat", "lon"}:
                order = "-".join(axes)
            return parts[0], parts[1], order
    return None


_SEPARATORS = (
    r"\s*[;/|\n]\s*", r",\s+", r"(?<=[A-ZĐ])\s*,?\s*(?=[\d+-])", r"\s*,?\s*(?=[A-ZĐ])", r"\s*,\s*",
    r"\s+",
)


def _splits(text: str) -> list[tuple[str, str]]:
    """Return the ways in which a text may be cut in two, the surest first."""
    found: list[tuple[str, str]] = []
    for separator in _SEPARATORS:
        parts = [p for p in re.split(separator, text) if p]
        if len(parts) == 2:
            found.append((parts[0].strip(" ,"), parts[1].strip(" ,")))
    return found


@dataclass(frozen=True)
class PairColumn:
    """A column with both coordinates in each cell, taken apart.

    Attributes
    ----------
    first, second : array of object (str), shape (n,)
        The two parts as written, ``""`` where the cell is empty or wrong; they are read as columns.
    wrong : array of bool, shape (n,)
    order : {"lon-lat", "lat-lon", ""}
        As letters, labels, or values beyond 90 degrees say; empty where nothing does.
    mixed : bool
        Some cells say one order and some the other: a refusal.
    """

    first: NDArray[np.object_]
    second: NDArray[np.object_]
    wrong: NDArray[np.bool_]
    order: str
    mixed: bool = False


def split_pairs(cells: Sequence[Any] | NDArray[Any]) -> PairColumn:
    """Take apart a column whose cells hold both coordinates.

    Where neither letters nor labels say which comes first, a value beyond 90 degrees is a longitude; one
    cell settles the column, and cells that contradict each other are told.
    """
    first = np.full(len(cells), "", dtype=object)
    second = first.copy()
    wrong = np.zeros(len(cells), dtype=bool)
    orders: set[str] = set()
    for i, cell in enumerate(cells):
        text = as_text(cell)
        if text.casefold() in EMPTY:
            continue
        pair = split_pair(text)
        if pair is None:
            wrong[i] = True
            continue
        first[i], second[i], order = pair
        orders.add(order or _by_size(first[i], second[i]))
    orders.discard("")
    return PairColumn(first, second, wrong, orders.pop() if len(orders) == 1 else "", len(orders) > 1)


def _by_size(first: str, second: str) -> str:
    one, two = parse_angle(first), parse_angle(second)
    assert one is not None
    assert two is not None
    beyond = abs(one.degrees) > 90, abs(two.degrees) > 90
    if max(abs(one.degrees), abs(two.degrees)) > 360 or beyond[0] == beyond[1]:
        return ""
    return "lon-lat" if beyond[0] else "lat-lon"


def tell_angles(
    report: Report, header: str, column: AngleColumn, cells: Sequence[Any], rows: NDArray[np.int64]
) -> None:
    """Tell cells that are no angles, and what the letters of the column mean or leave open."""
    report.each(NOT_AN_ANGLE, column.wrong, rows, column=header, value=[as_text(c) for c in cells])
    if column.verdict == "ambiguous-north":
        report.once(AMBIGUOUS_NORTH, column=header)
    elif column.verdict == "letters-mixed":
        report.once(LETTERS_MIXED, column=header, letters=", ".join(d[-4:] for d in column.letters))
    elif column.verdict == "by-area":
        meaning = Text("Bắc", "north") if column.north == "north" else Text("Nam", "Nam (south)")
        report.once(NORTH_BY_AREA, column=header, meaning=meaning)
