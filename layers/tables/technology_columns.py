"""Technologies as columns of marks, or several in one cell: one row for each technology.

Provinces' lists have a row per mast and columns ``2G``, ``3G``, ``4G``, ``5G`` with ``x`` or ``có``, or write
``3G/4G``. Each row becomes as many as it has technologies, all with the number of the file's row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Report, error, fold, warning
from phusong.layers.tables.columns import to_text
from phusong.layers.tables.flags import BLANK_IS_NO, NOT_A_FLAG, read_flags
from phusong.layers.tables.headers import normalise
from phusong.layers.tables.records import RawTable
from phusong.layers.tables.technology_words import technologies_of, technology_of_words

FROM_MARKS = warning(
    "technologies-from-marks",
    "Công nghệ ghi thành cột đánh dấu ({columns}): {rows} dòng của tệp thành {n} dòng, mỗi dòng một loại.",
    "Technologies stand as columns of marks ({columns}): {rows} rows of the file became {n}, one for each.",
)
FROM_LISTS = warning(
    "technologies-from-lists",
    "{lists} dòng ghi nhiều công nghệ trong một ô (ví dụ '{example}'): {rows} dòng của tệp thành {n} dòng, "
    "mỗi công nghệ một dòng.",
    "{lists} rows name several technologies in one cell (such as '{example}'): {rows} rows of the file "
    "became {n}, one for each.",
)
NONE_MARKED = warning(
    "no-technology-marked",
    "{n} dòng không đánh dấu công nghệ nào, nên không có trạm nào được tính (dòng {rows}).",
    "{n} rows have no technology marked, so no station of theirs counts (rows {rows}).",
    "Nếu vị trí có trạm, đánh dấu công nghệ của trạm.", "If the site has stations, mark their technologies.",
)
NOTHING_MARKED = error(
    "nothing-marked",
    "Không dòng nào đánh dấu công nghệ.", "No row has a technology marked.",
    "Ghi x hoặc 1 vào cột của công nghệ mà trạm có.", "Write x or 1 into the columns of what each site has.",
)
CONTRADICTED = error(
    "technologies-contradict",
    "Cột '{header}' ghi '{said}', nhưng các cột đánh dấu ghi {marked}.",
    "The column '{header}' says '{said}', but {marked} is marked in the columns of marks.",
    'Sửa cho khớp, hoặc nêu cột đúng trong dự án: columns = {{ technology = "{header}" }}.',
    'Make them agree, or say in the project which counts: columns = {{ technology = "{header}" }}.',
)
TWICE = error(
    "two-columns-of-marks",
    "Nhiều cột cùng đánh dấu {technology}: {headers}.", "Several columns mark {technology}: {headers}.",
    "Giữ một cột cho mỗi công nghệ.", "Keep one column for each technology.",
)

def columns_of_marks(raw: RawTable) -> dict[str, list[str]]:
    """Return the headers of columns of marks by technology.

    A column whose header is a technology's, but which mostly holds something else (a frequency, a power),
    is left alone if another one of the table holds marks; a lonely one is no column of marks either.
    """
    named: dict[str, list[str]] = {}
    marked = False
    for header, cells in raw.cells.items():
        technology = technology_of_words(normalise(header)[0])
        if not technology:
            continue
        column = read_flags(to_text(cells))
        words = sum(column.words.values())
        if column.wrong.sum() > words:
            continue
        marked |= words > 0
        named.setdefault(technology, []).append(header)
    return named if marked else {}


@dataclass(frozen=True)
class _Expanded:
    """Which row of the file each new row comes from, and its technology (``""`` where it is not known)."""

    source: NDArray[np.int64]
    technology: NDArray[np.object_]


def rows_by_technology(
    raw: RawTable, settings: LayerTable, found: Mapping[str, str], report: Report
) -> tuple[RawTable, dict[str, str]]:
    """Return a table with one technology in each row, and the headers of our columns in it.

    Parameters
    ----------
    raw : RawTable
    settings : LayerTable
        Where its ``columns`` name the technology's column, columns of marks are not looked at.
    found : mapping of our name to the file's
        Columns that were recognised by their headers.
    report : Report
        Told how many rows became how many, which rows have nothing marked, and contradictions.

    Returns
    -------
    tuple of RawTable and dict
        The table as it was where its rows name one technology each. ``rows`` are still those of the file.
    """
    header = _technology_header(raw, settings, found)
    marks = {} if "technology" in settings.columns else columns_of_marks(raw)
    if not marks:
        return (raw, dict(found)) if header is None else (_of_lists(raw, header, found, report), dict(found))
    for technology, headers in marks.items():
        if len(headers) > 1:
            report.once(TWICE, technology=technology, headers=", ".join(f"'{h}'" for h in headers))
    flags = _flags(raw, {t: h[0] for t, h in sorted(marks.items())}, report)
    if header is not None:
        _hold_against(raw, header, flags, report)
        return _of_lists(raw, header, found, report), dict(found)
    listed = ", ".join(h[0] for _, h in sorted(marks.items()))
    names = list(flags)
    table = np.column_stack([flags[t] for t in names])
    nothing = ~table.any(axis=1)
    if nothing.all():
        report.once(NOTHING_MARKED, column=listed)
        nothing = np.zeros(len(raw), dtype=bool)  # the rows stay, so that their other faults are told
        table = np.eye(1, len(names), dtype=bool).repeat(len(raw), axis=0)
    if nothing.any():
        rows = _listed(raw.rows[nothing].tolist())
        report.once(NONE_MARKED, column=listed, n=int(nothing.sum()), rows=rows)
    source, which = np.nonzero(table)
    expanded = _Expanded(source.astype(np.int64), np.array(names, dtype=object)[which])
    report.once(FROM_MARKS, columns=listed, rows=len(raw), n=len(source))
    result = _expand(raw, expanded, listed, found)
    return result, {**{k: v for k, v in found.items() if k not in names}, "technology": listed}


def _technology_header(raw: RawTable, settings: LayerTable, found: Mapping[str, str]) -> str | None:
    """Return the header of the technology's own column, if there is one."""
    named = settings.columns.get("technology", found.get("technology"))
    wanted = fold(named if named is not None else "technology")
    return next((h for h in raw.cells if fold(h) == wanted), None)


def _flags(raw: RawTable, headers: Mapping[str, str], report: Report) -> dict[str, NDArray[np.bool_]]:
    """Return the marks by technology; an empty cell marks nothing, and their number is told."""
    found: dict[str, NDArray[np.bool_]] = {}
    for technology, header in headers.items():
        cells = to_text(raw.cells[header])
        column = read_flags(cells)
        report.each(NOT_A_FLAG, column.wrong, raw.rows, column=header, value=cells)
        blank = int((cells == "").sum())
        if blank and blank < len(cells):
            report.once(BLANK_IS_NO, column=header, n=blank)
        found[technology] = column.values
    return found


def _hold_against(
    raw: RawTable, header: str, flags: Mapping[str, NDArray[np.bool_]], report: Report
) -> None:
    """Tell rows whose own technology is another than what is marked in them."""
    own = to_text(raw.cells[header])
    wrong = np.zeros(len(raw), dtype=bool)
    marked = np.full(len(raw), "", dtype=object)
    known = {c: technologies_of(c) for c in set(own.tolist())}
    for i, cell in enumerate(own.tolist()):
        here = tuple(t for t, values in flags.items() if values[i])
        marked[i] = ", ".join(here) or "–"
        wrong[i] = bool(known[cell]) and here != tuple(t for t in known[cell] if t in flags)
    report.each(
        CONTRADICTED, wrong, raw.rows, column=header, value=own, said=own, header=header, marked=marked
    )


def _of_lists(raw: RawTable, header: str, found: Mapping[str, str], report: Report) -> RawTable:
    """Return a table whose cells with several technologies became rows of their own."""
    text = to_text(raw.cells[header])
    known = {c: technologies_of(c) for c in set(text.tolist())}
    several = sorted(c for c, names in known.items() if len(names) > 1)
    if not several:
        return raw
    lists = [known[c] if len(known[c]) > 1 else (c,) for c in text.tolist()]
    source = np.repeat(np.arange(len(raw)), [len(names) for names in lists]).astype(np.int64)
    technology = np.array([t for names in lists for t in names] + [None], dtype=object)[:-1]
    report.once(
        FROM_LISTS, column=header, lists=int(sum(len(n) > 1 for n in lists)), example=several[0],
        rows=len(raw), n=len(source),
    )
    return _expand(raw, _Expanded(source, technology), header, found)


def _expand(raw: RawTable, new: _Expanded, header: str, found: Mapping[str, str]) -> RawTable:
    """Return the rows of the file as often as they are wanted, with ids of cells that stay distinct."""
    cells: dict[str, NDArray[Any]] = {h: c[new.source] for h, c in raw.cells.items()}
    cells[header] = new.technology
    ids = found.get("cell_id", next((h for h in raw.cells if fold(h) == "cellid"), None))
    if ids is not None and ids in cells:
        often = np.bincount(new.source, minlength=len(raw))[new.source] > 1
        text = [
            f"{i}-{t}" if i and more else i
            for i, more, t in zip(to_text(cells[ids]), often, new.technology, strict=True)
        ]
        cells[ids] = np.array([*text, None], dtype=object)[:-1]
    native = {h: n[new.source] for h, n in raw.native.items() if h != header}
    shapes = None if raw.geometry is None else raw.geometry[new.source]
    return replace(
        raw, cells=MappingProxyType(cells), rows=raw.rows[new.source], geometry=shapes,
        native=MappingProxyType(native),
    )


def _listed(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:10])) + (", …" if len(rows) > 10 else "")
