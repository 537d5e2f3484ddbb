"""Longitude and latitude as three columns each, of degrees, minutes and seconds: joined into one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from phusong.layers.rules import Report, warning
from phusong.layers.tables.columns import to_text
from phusong.layers.tables.header_words import LayerKind, words_of
from phusong.layers.tables.headers import matches_of
from phusong.layers.tables.records import RawTable

JOINED = warning(
    "angle-columns-joined",
    "Các cột {headers} là độ, phút, giây của một tọa độ: ghép thành một.",
    "The columns {headers} are degrees, minutes and seconds of one coordinate: they are joined.",
)

_PARTS: Mapping[str, frozenset[str]] = {
    "degree": frozenset(("do", "deg", "degree", "degrees", "d")),
    "minute": frozenset(("phut", "min", "minute", "minutes", "m", "p", "ph")),
    "second": frozenset(("giay", "sec", "second", "seconds", "s", "g")),
}
_SIGNS = (("''", " giay "), ('"', " giay "), ("″", " giay "), ("”", " giay "), ("'", " phut "),
          ("′", " phut "), ("’", " phut "), ("°", " do "), ("º", " do "))


def joined_angles(raw: RawTable, kind: LayerKind, report: Report) -> RawTable:
    """Return a table with one column for each coordinate, and tell which columns were joined.

    A coordinate is taken to be split where a column of minutes stands beside one of degrees; degrees alone
    would put the point up to a hundred kilometres away.
    """
    for axis in ("lon", "lat"):
        parts = _parts_of(raw, words_of(kind).get(axis, ()))
        if "degree" in parts and "minute" in parts:
            raw = _joined(raw, axis, kind, parts)
            report.once(JOINED, headers=", ".join(f"'{h}'" for h in parts.values()))
    return raw


def _parts_of(raw: RawTable, phrases: tuple[str, ...]) -> dict[str, str]:
    """Return the headers of the parts of one coordinate, degrees first."""
    found: dict[str, str] = {}
    whole = ""
    for header in raw.cells:
        words = _words(header)
        if " ".join(words) in phrases:
            whole = whole or header
        for part, names in _PARTS.items():
            last = words[:-1] if words and words[-1] in names else []
            first = words[1:] if words and words[0] in names else []
            if " ".join(last) in phrases or " ".join(first) in phrases:
                found.setdefault(part, header)
    if "minute" in found and "degree" not in found and whole:
        found["degree"] = whole
    return {part: found[part] for part in _PARTS if part in found}


def _words(header: str) -> list[str]:
    text = header
    for sign, word in _SIGNS:
        text = text.replace(sign, word)
    text = unicodedata.normalize("NFD", text.replace("Đ", "d").replace("đ", "d").replace("Ð", "d"))
    plain = "".join(c for c in text if not unicodedata.combining(c)).casefold()
    return re.sub(r"[^a-z0-9]+", " ", plain).split()


def _joined(raw: RawTable, axis: str, kind: LayerKind, parts: Mapping[str, str]) -> RawTable:
    columns = [to_text(raw.cells[h]).tolist() for h in parts.values()]
    text = [_angle(*cells) for cells in zip(*columns, strict=True)]
    header = parts["degree"]
    best = matches_of(header, kind)[:1]
    name = header if best and best[0].column == axis else axis
    gone = set(parts.values())
    cells: dict[str, Any] = {}
    for own, column in raw.cells.items():
        if own == header:
            cells[name] = np.array([*text, None], dtype=object)[:-1]
        elif own not in gone:
            cells[own] = column
    native = {h: n for h, n in raw.native.items() if h not in gone}
    layout = raw.layout
    if layout is not None and name != header:
        layout = replace(layout, columns=MappingProxyType({**layout.columns, name: layout.columns[header]}))
    return replace(raw, cells=MappingProxyType(cells), native=MappingProxyType(native), layout=layout)


def _angle(degree: str, minute: str, second: str = "") -> str:
    """Return the parts as one angle; what is not whole is left so that it is no angle, and is told."""
    if not (degree or minute or second):
        return ""
    if degree and not minute and not second:
        return f"{degree}°"
    return f"{degree}°{minute}'" + (f'{second}"' if second else "")
