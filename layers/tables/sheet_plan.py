"""Where a table stands in a sheet: title rows, headers of one or more rows, units, data, totals, notes.

Nothing is dropped without a reason that the report can print. Rows are numbered as the user sees them,
from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phusong.data.language import Text
from phusong.layers.rules import Report, error, warning
from phusong.layers.tables.header_words import LAYER_KINDS, LayerKind
from phusong.layers.tables.headers import matches_of, normalise
from phusong.layers.tables.sheet_rows import DEEP, NUMBER, Body, Cells, Reason, filled_of, notes_from, text_of

REASONS: Mapping[str, Text] = {
    "title": Text("tiêu đề phía trên bảng", "title above the table"),
    "units": Text("dòng đơn vị tính", "row of units"),
    "numbering": Text("dòng đánh số cột", "row of column numbers"),
    "blank": Text("dòng trống", "blank row"),
    "total": Text("dòng tổng cộng", "row of totals"),
    "subtotal": Text("dòng cộng theo nhóm", "subtotal of a group"),
    "section": Text("dòng tên nhóm", "name of a group"),
    "repeated-header": Text("tiêu đề lặp lại", "header repeated"),
    "note": Text("ghi chú dưới bảng", "note below the table"),
}

NO_HEADER = error(
    "no-header",
    "Không tìm thấy dòng tiêu đề của bảng.", "The row of headers was not found.",
    "Ghi tên cột ở một dòng ngay trên dữ liệu.", "Put the names of the columns in the row above the data.",
)
LEFT_OUT = warning(
    "rows-left-out",
    "{n} dòng không phải dữ liệu: {what} (dòng {rows}).", "{n} rows are no data: {what} (rows {rows}).",
)
TWO_ROWS = warning(
    "header-of-several-rows",
    "Tiêu đề gồm {n} dòng (dòng {rows}), đã ghép thành một.",
    "The header has {n} rows ({rows}); they were joined.",
)

_LOOK = 40


@dataclass(frozen=True)
class Dropped:
    """A row that is no data, why, and the beginning of its text."""

    row: int
    reason: Reason
    text: str = ""


@dataclass(frozen=True)
class SheetPlan:
    """How a sheet is read.

    Attributes
    ----------
    headers : tuple of str
        One per column, joined over the header's rows; empty where a column has none.
    header_rows, data_rows : tuple of int
        As the user counts them.
    dropped : tuple of Dropped
        Every other row up to the last that is not blank, in order.
    recognised : int
        Headers whose words are known.
    kind : str
        The layer whose words fit best, or the one that was asked for.
    """

    headers: tuple[str, ...]
    header_rows: tuple[int, ...]
    data_rows: tuple[int, ...]
    dropped: tuple[Dropped, ...]
    recognised: int
    kind: str

    @property
    def titles(self) -> tuple[str, ...]:
        """The texts above the table: a coordinate system or a date is often said there."""
        return tuple(d.text for d in self.dropped if d.reason == "title")

    @property
    def notes(self) -> tuple[str, ...]:
        """The texts below the table."""
        return tuple(d.text for d in self.dropped if d.reason == "note")


def plan_sheet(
    rows: Sequence[Sequence[Any]], *, kind: LayerKind | None = None, extra: Sequence[str] = ()
) -> SheetPlan | None:
    """Find the table in a sheet.

    Parameters
    ----------
    rows : sequence of sequences
        Cells as they stand, first row of the sheet first; rows may differ in length. Merged cells hold
        their text once, in the first of them, or in each of them.
    kind : LayerKind, optional
        Whose words to look for; every layer's by default.
    extra : sequence of str
        Further headers that are known: those of the project.

    Returns
    -------
    SheetPlan or None
        None where no row can be a header.
    """
    width = max((len(r) for r in rows), default=0)
    cells = Cells(rows, width)
    kinds = LAYER_KINDS if kind is None else (kind,)
    best: tuple[float, int, int, LayerKind, tuple[str, ...], int] | None = None
    for start in range(min(_LOOK, len(cells))):
        for depth in range(1, DEEP + 1):
            block = cells.block(start, start + depth)
            if len(block) < depth or not _may_be_header(block):
                break
            headers = _flatten(block)
            for one in kinds:
                known = _known(headers, one, extra)
                nameless = sum(not h for h in _used(headers, cells, start + depth))
                score = known - 0.05 * (depth - 1) - 0.3 * nameless
                if known and (best is None or score > best[0] + 1e-9):
                    best = (score, start, depth, one, headers, known)
    if best is None or best[5] < 2:
        plain = _plain_header(cells)
        if plain is None:
            return None
        if best is None or len([h for h in plain[1] if h]) > 3 * best[5]:
            best = (0.0, plain[0], 1, kinds[0], plain[1], 0)
    _, start, depth, found, headers, known = best
    return _plan(cells, start, depth, headers, known, found if kind is None else kind)


def _used(headers: Sequence[str], cells: Cells, below: int) -> list[str]:
    """Return the headers of columns that have something below them in the first data rows."""
    body = cells.block(below, below + 10)
    return [h for j, h in enumerate(headers) if sum(bool(r[j]) for r in body) >= 3]


def _may_be_header(block: Sequence[Sequence[str]]) -> bool:
    """Tell whether rows may be a header together: words, no figures, and more than one cell at the end."""
    for row in block:
        filled = [c for c in row if c]
        if not filled or sum(NUMBER.fullmatch(c) is not None for c in filled) > 0.34 * len(filled):
            return False
        if any(len(c) > 120 for c in filled):
            return False
    if len(block) > 1 and len(set(filled_of(block[-2])) | set(filled_of(block[-1]))) < 2:
        return False
    return sum(bool(c) for c in _flatten(block)) >= 2


def _flatten(block: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Join the rows of a header: a merged cell's text stands over all the cells that it covers."""
    width = len(block[0])
    columns: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(block):
        above = ""
        for j in range(width):
            text = row[j]
            if not text and depth < len(block) - 1 and any(lower[j] for lower in block[depth + 1 :]):
                # Nothing here but something below: the group to the left reaches this far.
                text = above
            else:
                above = row[j]
            if text and text not in columns[j]:
                columns[j].append(text)
    return tuple(" ".join(parts) for parts in columns)


def _known(headers: Sequence[str], kind: LayerKind, extra: Sequence[str]) -> int:
    """Return how many columns the headers mean together."""
    own = {normalise(e)[0] for e in extra}
    found: set[str] = set()
    for header in headers:
        if not header:
            continue
        if normalise(header)[0] in own:
            found.add(header)
        elif (matches := matches_of(header, kind)) and matches[0].score >= 0.6:
            found.add(matches[0].column)
    return len(found)


def _plain_header(cells: Cells) -> tuple[int, tuple[str, ...]] | None:
    """Return the first row of distinct words that has rows of its width below, for unknown words."""
    for i, row in enumerate(cells.block(0, _LOOK)):
        names = [c for c in row if c]
        below = [sum(bool(c) for c in r) for r in cells.block(i + 1, i + 6)]
        fits = below and max(below) <= len(names) and max(below) >= 0.5 * len(names)
        if len(names) >= 1 and len(set(names)) == len(names) and fits and _may_be_single(row):
            return i, tuple(row)
    return None


def _may_be_single(row: Sequence[str]) -> bool:
    return not any(NUMBER.fullmatch(c) for c in row if c)


def _plan(
    cells: Cells, start: int, depth: int, headers: tuple[str, ...], known: int, kind: str
) -> SheetPlan:
    body = Body(cells, start + depth, headers)
    above = enumerate(cells.block(0, start), start=1)
    dropped = [Dropped(i, "title" if any(row) else "blank", _said(row)) for i, row in above]
    columns = len([h for h in headers if h])
    last = next((i for i in range(len(cells) - 1, -1, -1) if filled_of(cells[i])), body.first - 1)
    below = notes_from(cells, body.first, last, columns)
    data: list[int] = []
    for i in range(body.first, last + 1):
        glance = body.first + 3 <= i < below and cells.surely_data(i, columns)
        if glance and not _is_header(cells, i, body):
            data.append(i + 1)
            continue
        reason = "note" if i >= below and any(cells[i]) else body.reason(i, bool(data))
        if reason is None:
            data.append(i + 1)
        else:
            dropped.append(Dropped(i + 1, reason, _said(cells[i])))
    rows = tuple(range(start + 1, body.first + 1))
    return SheetPlan(headers, rows, tuple(data), tuple(dropped), known, kind)


def _is_header(cells: Cells, i: int, body: Body) -> bool:
    """Tell by a glance whether a full row may be the header again."""
    first = next((c for c in cells.rows[i] if c is not None and c != ""), "")
    return isinstance(first, str) and text_of(first) in body.header_parts


def _said(row: Sequence[str]) -> str:
    return " | ".join(dict.fromkeys(c for c in row if c))[:200]


def tell_plan(report: Report, plan: SheetPlan | None) -> None:
    """Tell which rows were left out and why, and headers that were joined; blank rows go unsaid."""
    if plan is None:
        report.once(NO_HEADER)
        return
    if len(plan.header_rows) > 1:
        report.once(TWO_ROWS, n=len(plan.header_rows), rows=_range(plan.header_rows))
    for reason, what in REASONS.items():
        rows = [d.row for d in plan.dropped if d.reason == reason]
        if rows and reason != "blank":
            report.once(LEFT_OUT, n=len(rows), what=what, rows=_range(rows))


def _range(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:10])) + (", …" if len(rows) > 10 else "")
