"""What a file means: its headers by their words, its text in Unicode, before the cells are typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.data.language import Text
from phusong.layers.faults import Fault, Faults
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Report
from phusong.layers.tables.columns import Column, Table, resolve_headers
from phusong.layers.tables.header_words import KNOWN_OTHERS, LAYER_KINDS, LayerKind
from phusong.layers.tables.headers import Recognised, recognise, tell_headers
from phusong.layers.tables.opening import NOT_UTF8
from phusong.layers.tables.records import Habits, RawTable
from phusong.layers.text.legacy_text import TextColumn, read_text, tell_text

UNDERSTANDING = frozenset(
    (
        "rows-left-out", "header-of-several-rows", "headers-recognised", "text-converted", "numbers-read",
        "blank-means-no", "crs-found", "x-is-northing", "crs-deprecated", "north-by-area", "vintage-old",
        "carry-by-rule", "carry-by-people",
        "old-communes-in-parts", "old-commune-without-code", "code-repaired", "technology-by-standard",
        "point-from-area", "dbf-encoding",
        "sheets-unread", "communes-by-name", "pairs-read", "crs-overridden", "crs-said",
        "technologies-from-marks", "technologies-from-lists", "merged-cells-filled",
        "angle-columns-joined", "levels-by-technology",
    )
)
"""Codes of warnings that say how a file was understood."""
_MANY = 5000


def kind_of(layer: str) -> LayerKind | None:
    """Return whose words the headers of a layer may be: ``places`` for ``places.villages``."""
    group = layer.partition(".")[0]
    if group == "old_communes":
        return "communes"
    return next((k for k in LAYER_KINDS if k == group), None)


def habits_of(layer: str, settings: LayerTable, *, legacy: bool) -> Habits:
    """Return what is known of a layer's file before it is opened."""
    return Habits(kind_of(layer), legacy or settings.encoding is not None, settings.encoding)


def recognised_headers(
    raw: RawTable, settings: LayerTable, wanted: Sequence[Column], report: Report, *, free: bool
) -> dict[str, str]:
    """Return our columns that are known by the words of their headers, and tell them.

    Columns that the project names, or that have our own names, are left to `take_columns`. Positions in
    one cell, or as X and Y, count only where there are neither shapes nor longitude and latitude.
    """
    kind = kind_of(report.layer)
    if kind is None:
        return {}
    silent = Table(raw, Report(report.layer, report.file, Faults()))
    resolve_headers(raw, settings, wanted, silent, free)
    placed = raw.geometry is not None or {"lon", "lat"} <= set(silent.headers)
    columns = {c.name: c for c in wanted}
    absent = {n for n in columns if n not in silent.headers and n not in settings.columns}
    if not {n for n in absent if not columns[n].aside} and placed:
        absent -= {n for n in absent if columns[n].kind == "position"}
    found = recognise(list(raw.cells), kind, project=silent.headers, extra=settings.headers)
    matches = {c: m for c, m in found.matches.items() if c in absent}
    ambiguous = {c: m for c, m in found.ambiguous.items() if c in absent and not columns[c].aside}
    if placed or {"lon", "lat"} <= {*silent.headers, *matches}:
        for name in [n for n in {*matches, *ambiguous} if columns[n].kind == "position"]:
            if columns[name].aside or placed:
                matches.pop(name, None)
                ambiguous.pop(name, None)
    if "commune_code" in {*silent.headers, *matches} and any(c.instead == "commune_name" for c in wanted):
        matches.pop("commune_name", None)
    tell_headers(report, Recognised(matches, ambiguous, ()))
    return {c: m.header for c, m in matches.items() if c not in KNOWN_OTHERS}


def in_unicode(
    raw: RawTable, settings: LayerTable, report: Report, ours: Sequence[str], *, legacy: bool
) -> RawTable:
    """Return the table with its text in Unicode; tell what was converted, and what stands in doubt.

    Columns of ours that stand in doubt are an error, others a warning.

    Parameters
    ----------
    raw : RawTable
    settings : LayerTable
    report : Report
    ours : sequence of str
        Headers that are read.
    legacy : bool
        Whether old Vietnamese encodings may occur; a declared one is looked for all the same.
    """
    if not legacy and settings.encoding is None:
        return raw
    texts = {h: c for h, c in raw.cells.items() if _has_signs(c)}
    if not texts:
        return raw
    declared = settings.encoding
    first = {h: _judge(c, declared, ()) for h, c in texts.items()}
    found = sorted({c.encoding for c in first.values() if c.verdict == "converted"})
    cells: dict[str, NDArray[Any]] = dict(raw.cells)
    odd = False
    for header, column in first.items():
        if found and declared is None and column.verdict == "unicode":
            column = _judge(texts[header], None, found)
        odd |= raw.odd_bytes_row > 0 and column.verdict in ("unicode", "plain")
        _tell(report, header, column, texts[header], raw, header in ours, declared is not None)
        if column.verdict == "converted":
            cells[header] = column.cells
            if column.changed.any() and column.encoding not in report.encodings:
                report.encodings.append(column.encoding)
    if odd:
        report.once(NOT_UTF8, row=str(raw.odd_bytes_row))
    return replace(raw, cells=MappingProxyType(cells))


def _has_signs(cells: NDArray[Any]) -> bool:
    if cells.dtype.kind != "O":
        return False
    try:
        return not "".join(cells.tolist()).isascii()
    except TypeError:
        return any(isinstance(c, str) and not c.isascii() for c in cells.tolist())


def _judge(cells: NDArray[Any], declared: str | None, neighbours: Sequence[str]) -> TextColumn:
    """Judge a column; a long one by its distinct cells."""
    if len(cells) <= _MANY or not all(isinstance(c, str) for c in cells.tolist()):
        return read_text(cells, declared=declared, neighbours=neighbours)
    place: dict[str, int] = {}
    back = np.array([place.setdefault(c, len(place)) for c in cells.tolist()], dtype=np.int64)
    distinct = np.array(list(place), dtype=object)
    column = read_text(distinct, declared=declared, neighbours=neighbours)
    first = np.full(len(distinct), -1, dtype=np.int64)
    first[back[::-1]] = np.arange(len(cells))[::-1]
    witnesses = {e: tuple(int(first[i]) for i in w) for e, w in column.witnesses.items()}
    return replace(column, cells=column.cells[back], changed=column.changed[back], witnesses=witnesses)


def _tell(
    report: Report, header: str, column: TextColumn, given: NDArray[Any], raw: RawTable, ours: bool,
    declared: bool,
) -> None:
    told = Faults()
    own = replace(report, faults=told)
    tell_text(own, header, column, given.tolist(), raw.rows, declared=declared)
    for fault in told:
        report.faults.add(fault if ours else replace(fault, severity="warning"))


def said_of(faults: Faults, layer: str) -> tuple[Text, ...]:
    """Return the sentences that say how the file of a layer was understood, values filled in."""
    return tuple(
        _filled(f) for f in faults if f.layer == layer and f.code.partition(".")[2] in UNDERSTANDING
    )


def _filled(fault: Fault) -> Text:
    head = f"{fault.column}: " if fault.column else ""
    vi, en = (
        (head + fault.text.fill(lang, fault.values)).replace("{", "{{").replace("}", "}}")
        for lang in ("vi", "en")
    )
    return Text(vi, en)
