"""A file with a column of levels for every technology: of each row, the one of its technology counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from phusong.data.language import Text, join
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Report, fold, warning
from phusong.layers.tables.headers import matches_of, normalise, recognise
from phusong.layers.tables.records import RawTable
from phusong.layers.tables.technology_words import BY_WORD, technologies_of

BY_TECHNOLOGY = warning(
    "levels-by-technology",
    "Mức thu của mỗi dòng lấy ở cột của công nghệ ghi trong dòng đó: {list}.",
    "The level of each row is taken from the column of its technology: {list}.",
    'Nếu sai, nói cột nào đúng khi chạy lệnh: --column rsrp_dbm="tiêu đề".',
    'If that is wrong, say which one is meant: --column rsrp_dbm="header".',
)
_QUANTITIES: Mapping[str, str] = MappingProxyType({"rsrp": "4G", "ss": "5G", "rscp": "3G", "rxlev": "2G"})
"""What only one technology measures: RSRP of LTE (3GPP TS 36.214, 5.1.1), SS-RSRP of NR (TS 38.215, 5.1.1),
RSCP of UMTS (TS 25.215, 5.1.1), RXLEV of GSM (TS 45.008, 8.1.4). A word for the technology goes before."""


def technology_of_level(header: str) -> str:
    """Return the technology whose level a header is; empty where it may be of any.

    >>> [technology_of_level(h) for h in ("LTE RSRP", "SS-RSRP (dBm)", "RSRP", "NR RSRP", "Mức thu")]
    ['4G', '5G', '4G', '5G', '']
    """
    words = normalise(header)[0].split()
    named = {BY_WORD[word] for word in words if word in BY_WORD}
    if named:
        return named.pop() if len(named) == 1 else ""
    return next((_QUANTITIES[w] for w in ("ss", "rscp", "rxlev", "rsrp") if w in words), "")


def levels_by_technology(
    raw: RawTable, settings: LayerTable, report: Report, words: Mapping[str, str]
) -> tuple[RawTable, LayerTable]:
    """Return the table with one column of levels instead of one per technology, and settings that name it.

    Files with one column of levels, with two of one technology, or without a technology of the rows, and
    those whose column the user names, come back as they are.

    Parameters
    ----------
    raw : RawTable
    settings : LayerTable
    report : Report
        Is told which column counts for which technology.
    words : mapping of folded word to technology
        What applications call technologies, beside the standards' own names.
    """
    if "rsrp_dbm" in settings.columns or any(h.strip().casefold() == "rsrp_dbm" for h in raw.cells):
        return raw, settings
    offered = {header: technology_of_level(header) for header in raw.cells if _is_level(header)}
    technologies = _technologies(raw, settings, words)
    several = len(offered) > 1 and "" not in offered.values() and len(set(offered.values())) == len(offered)
    if technologies is None or not several:
        return raw, settings
    joined = " | ".join(offered)
    numeric = all(raw.cells[header].dtype.kind in "fiu" for header in offered)
    level = np.full(len(raw), np.nan) if numeric else np.full(len(raw), "", dtype=object)
    native = np.zeros(len(raw), dtype=bool)
    for header, technology in offered.items():
        mine, given = technologies == technology, raw.cells[header]
        level[mine] = given[mine] if numeric or given.dtype.kind == "O" else given[mine].astype(str)
        native[mine] = raw.native.get(header, native)[mine]
    cells = {h: c for h, c in raw.cells.items() if h not in offered}
    listed = [f"'{h}' = {t}".replace("{", "{{").replace("}", "}}") for h, t in offered.items()]
    report.once(BY_TECHNOLOGY, list=Text(join(listed, "vi"), join(listed, "en")))
    return (
        replace(raw, cells=MappingProxyType({**cells, joined: level}), native={**raw.native, joined: native}),
        settings.model_copy(update={"columns": {**settings.columns, "rsrp_dbm": joined}}),
    )


def _is_level(header: str) -> bool:
    """Whether a header is a level, with or without a word for a technology beside it."""
    bare = " ".join(word for word in normalise(header)[0].split() if word not in BY_WORD)
    found = [m for text in (header, bare) for m in matches_of(text, "measurements")[:1]]
    return any(m.column == "rsrp_dbm" and m.rule == "exact" for m in found)


def _technologies(
    raw: RawTable, settings: LayerTable, words: Mapping[str, str]
) -> NDArray[np.object_] | None:
    """Return the technology of every row, empty where it is none that is known; None without a column."""
    found = recognise(list(raw.cells), "measurements", project=settings.columns, extra=settings.headers)
    header = found.columns.get("technology")
    if header is None:
        given = settings.defaults.get("technology")
        return None if given is None else np.full(len(raw), given, dtype=object)
    texts = [str(cell) for cell in raw.cells[header].tolist()]
    known = {}
    for text in set(texts):
        named = technologies_of(words.get(fold(text), text))
        known[text] = named[0] if len(named) == 1 else ""
    return np.array([known[text] for text in texts], dtype=object)
