"""Columns of numbers as they are written in Vietnam: decided for a whole column, with evidence.

A single ``1.723`` may be one thousand seven hundred or one and three quarters. The column decides: by
cells that allow one reading only (``81,15``, ``1.234.567``, ``1.234,5``), by cells that were numbers in
the file already, and by what the column counts. Where the cells contradict each other, or nothing
decides, the column is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from phusong.data.language import Text
from phusong.layers.grid import FloatArray
from phusong.layers.rules import Report, error, warning
from phusong.layers.tables.number_cells import EMPTY, DecimalSign, Written, as_text, read_cell

Kind = Literal["count", "quantity", "percent", "level", "coordinate"]
"""``count``: whole things (people, households). ``level``: dBm, dB. ``coordinate``: degrees or metres."""
Verdict = Literal["sure", "by-kind", "mixed", "ambiguous"]

MIXED = error(
    "numbers-mixed",
    "Cột viết số theo nhiều kiểu: {share}.", "The column writes numbers in several ways: {share}.",
    "Viết cả cột theo một kiểu rồi đọc lại.", "Write the whole column in one way, and read it again.",
)
AMBIGUOUS = error(
    "numbers-ambiguous",
    "Không rõ dấu chấm (phẩy) trong cột là dấu thập phân hay dấu phân cách hàng nghìn, ví dụ '{example}'.",
    "Whether the point (comma) in the column marks decimals or thousands is not clear, as in '{example}'.",
    'Khai trong dự án: decimal = "," (1.723 là một nghìn bảy trăm hai mươi ba) hoặc decimal = ".".',
    'Declare it in the project: decimal = "," (1.723 is above a thousand) or decimal = ".".',
)
UNITS = error(
    "units-mixed",
    "Cột lẫn nhiều đơn vị: {units}.", "The column mixes units: {units}.",
    "Đổi cả cột về một đơn vị.", "Turn the whole column into one unit.",
)
PERCENT_OR_SHARE = error(
    "percent-or-share",
    "Mọi giá trị đều từ 0 đến 1 và không có dấu %: không rõ là phần trăm hay tỷ lệ.",
    "All values are from 0 to 1 without a % sign: percentages or shares?",
    "Ghi dấu % trong ô, hoặc nhân với 100.", "Write the % sign, or multiply by 100.",
)
READ_AS = warning(
    "numbers-read",
    "{n} ô có dấu phân cách hàng nghìn hoặc dấu phẩy thập phân, hiểu như '{before}' = {after}.",
    "{n} cells have separators of thousands or decimal commas, read as '{before}' = {after}.",
)

@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers and how it was understood.

    Attributes
    ----------
    values : array of float64, shape (n,)
        NaN where the cell is empty or no number, everywhere if the column is refused.
    wrong : array of bool, shape (n,)
        Cells that hold something else than a number.
    verdict : {"sure", "by-kind", "mixed", "ambiguous"}
        ``sure``: a cell proves the decimal sign, or none needs it. ``by-kind``: what the column holds
        decided. The other two are refusals.
    decimal : {".", ","}
    evidence : mapping of str to int
        Cells that prove ``.`` or ``,``, that are ``open`` (either), ``plain`` (no sign) or ``native``.
    unit : str
        What stood behind the numbers, the same in all cells that had one.
    units : tuple of str
        All that were found; more than one is a refusal.
    grouped : int
        Cells with separators of thousands or a decimal comma.
    witnesses : mapping of str to tuple of int
        The first cells that prove each sign, or are open.
    share_doubt : bool
        A column of percentages whose values all lie between 0 and 1, without a sign.
    example : tuple of (str, float)
    """

    values: FloatArray
    wrong: NDArray[np.bool_]
    verdict: Verdict
    decimal: DecimalSign = "."
    evidence: Mapping[str, int] = field(default_factory=dict)
    unit: str = ""
    units: tuple[str, ...] = ()
    grouped: int = 0
    witnesses: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    share_doubt: bool = False
    example: tuple[str, float] = ("", np.nan)

    @property
    def refused(self) -> bool:
        """Tell whether the column cannot be used."""
        return self.verdict in ("mixed", "ambiguous") or len(self.units) > 1 or self.share_doubt


def read_numbers(
    cells: Sequence[Any] | NDArray[Any],
    *,
    kind: Kind = "quantity",
    native: NDArray[np.bool_] | None = None,
    decimal: DecimalSign | None = None,
    high: float = np.inf,
) -> NumberColumn:
    """Read a column of numbers.

    Parameters
    ----------
    cells : sequence of shape (n,)
        Text as written, or numbers.
    kind : {"count", "quantity", "percent", "level", "coordinate"}
        What the column holds. Only a count may take a lone ``1.723`` for thousands; a coordinate, a level
        in dBm and a percentage never do, and a quantity is refused where no cell decides.
    native : array of bool, shape (n,), optional
        Cells that were numbers in the file (a sheet) although they come as text here; their point is
        the decimal sign, whatever the others write.
    decimal : {".", ","}, optional
        What the project says; it wins.
    high : float
        Largest value that makes sense: a reading above it is excluded (a tilt of ``2.500`` degrees).

    Returns
    -------
    NumberColumn
    """
    text = [as_text(c) for c in cells]
    if native is None and decimal is None and (plain := _plain_column(text, kind)) is not None:
        return plain
    typed = np.array([isinstance(c, int | float | np.number) for c in cells], dtype=bool)
    own = typed if native is None else typed | np.asarray(native, dtype=bool)
    read = [None if t.casefold() in EMPTY else read_cell(t) for t in text]
    wrong = np.array([r is None and t.casefold() not in EMPTY for r, t in zip(read, text, strict=True)], bool)
    written = [r for r, n in zip(read, own, strict=True) if r is not None and not n]
    witnesses = _witnesses(read, own)
    evidence = {name: len(places) for name, places in witnesses.items()}
    verdict: Verdict
    sign: DecimalSign
    verdict, sign = _decide(written, evidence, kind, high) if decimal is None else ("sure", decimal)
    units = tuple(sorted({r.unit for r in written if r.unit}))
    if kind == "percent" and "%" in units and any(not r.unit and (r.point or r.comma) for r in written):
        units = ("", *units)
    values = np.full(len(text), np.nan)
    if verdict not in ("mixed", "ambiguous"):
        for i, r in enumerate(read):
            if r is not None:
                value = r.point if sign == "." or own[i] else r.comma
                values[i] = np.nan if value is None else value
                wrong[i] |= value is None
    shown = next((i for i, r in enumerate(read) if r is not None and not own[i] and _changed(r, sign)), None)
    return NumberColumn(
        values, wrong, verdict, sign, evidence, units[0] if len(units) == 1 else "", units,
        sum(_changed(r, sign) for r in written), {k: v[:20] for k, v in witnesses.items()},
        kind == "percent" and not units and _all_shares(values),
        ("", np.nan) if shown is None else (text[shown], float(values[shown])),
    )


_PLAIN = re.compile(r"(?:-?[0-9]+(?:\.[0-9]+)?)?")
_PLAIN_ALL = re.compile(rf"{_PLAIN.pattern}(?:\n{_PLAIN.pattern})*")
_OPEN = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")


def _plain_column(text: Sequence[str], kind: Kind) -> NumberColumn | None:
    """Read a column of bare digits and decimal points at once; None where there is more to it.

    What most clean files have, and those with decimal commas throughout: the answer is that of the long way.
    """
    whole = "\n".join(text)
    sign: DecimalSign = "." if "." in whole or "," not in whole else ","
    given = text
    if sign == ",":
        whole = whole.replace(",", ".")
        text = whole.split("\n") if len(text) else []
    if len(text) != len(given) or _PLAIN_ALL.fullmatch(whole) is None:
        return None
    places: dict[str, list[int]] = {}
    for i, cell in enumerate(text):
        if "." in cell:
            places.setdefault("open" if _OPEN.fullmatch(cell) else sign, []).append(i)
        elif cell:
            places.setdefault("long" if len(cell.lstrip("-")) > 3 else "plain", []).append(i)
    if "open" in places and (sign not in places or kind == "count"):
        return None
    values = np.array([float(cell) if cell else np.nan for cell in text], dtype=np.float64)
    wrong = np.isinf(values)
    values[wrong] = np.nan
    commas = sorted((*places.get(sign, []), *places.get("open", []))) if sign == "," else []
    return NumberColumn(
        values, wrong, "sure", sign, {name: len(where) for name, where in places.items()},
        grouped=len(commas), example=(given[commas[0]], float(values[commas[0]])) if commas else ("", np.nan),
        witnesses={name: tuple(where[:20]) for name, where in places.items()},
        share_doubt=kind == "percent" and _all_shares(values),
    )


def _changed(written: Written, sign: DecimalSign) -> bool:
    return bool(set(written.marks) - {sign}) or written.scaled or (sign == "," and "," in written.marks)


def _all_shares(values: FloatArray) -> bool:
    known = values[np.isfinite(values)]
    return bool(len(known) and np.all((known >= 0) & (known <= 1)) and np.any(known % 1 > 0))


def _witnesses(read: Sequence[Written | None], own: NDArray[np.bool_]) -> dict[str, tuple[int, ...]]:
    """Return the positions of cells that prove a sign, that leave it open, and the others."""
    found: dict[str, list[int]] = {}
    for i, r in enumerate(read):
        if r is None:
            continue
        if own[i]:
            name = "native"
        elif r.neutral:
            name = "long" if r.long else "plain"
        elif r.open:
            name = "open"
        else:
            name = "." if r.point is not None else ","
        found.setdefault(name, []).append(i)
    return {name: tuple(places) for name, places in found.items()}


def _decide(
    written: Sequence[Written], evidence: Mapping[str, int], kind: Kind, high: float
) -> tuple[Verdict, DecimalSign]:
    """Return the verdict and the decimal sign from what the cells allow."""
    points, commas = evidence.get(".", 0), evidence.get(",", 0)
    if points and commas:
        return "mixed", "."
    undecided = [r for r in written if r.open]
    if points or commas:
        sign: DecimalSign = "." if points else ","
        grouped = {_takes_thousands(r, sign) for r in undecided}
        if (True in grouped and kind in ("coordinate", "level")) or (False in grouped and kind == "count"):
            return "mixed", sign  # the mark that was taken for thousands here is the decimal sign there
        return "sure", sign
    if not undecided:
        return "sure", "."
    fits = [_fitting(r, high) for r in undecided]
    if all(fits) and len(set(fits)) == 1:
        return "by-kind", "." if fits[0] == "." else ","
    by_point = {_takes_thousands(r, ",") for r in undecided}
    if len(by_point) > 1:
        return "mixed", "."  # 1.723 beside 1,723
    point_written = by_point.pop()
    if kind in ("coordinate", "level", "percent"):
        return "by-kind", "." if point_written else ","
    if kind == "count":
        if evidence.get("long"):
            return "mixed", "."  # 1723 beside 1.723: who groups, groups everywhere
        return "by-kind", "," if point_written else "."
    return "ambiguous", "."


def _fitting(written: Written, high: float) -> str:
    """Return the decimal sign that alone keeps an open cell below ``high``, or nothing."""
    assert written.point is not None
    assert written.comma is not None
    point, comma = abs(written.point) <= high, abs(written.comma) <= high
    return "" if point == comma else "." if point else ","


def _takes_thousands(written: Written, sign: DecimalSign) -> bool:
    """Tell whether a cell that is open would be read as grouped with this decimal sign."""
    value, other = (written.comma, written.point) if sign == "," else (written.point, written.comma)
    return value is not None and other is not None and abs(value) > abs(other)


def tell_numbers(
    report: Report, header: str, column: NumberColumn, cells: Sequence[Any], rows: NDArray[np.int64]
) -> None:
    """Tell how a column of numbers was read, or why it is refused; single cells are told elsewhere.

    Parameters
    ----------
    report : Report
    header : str
    column : NumberColumn
    cells : sequence of shape (n,)
        As written.
    rows : array of int, shape (n,)
        As the user counts them.
    """
    if column.verdict == "mixed":
        order = sorted(column.evidence.items(), key=lambda item: -item[1])
        seen = {name: places[0] for name, places in column.witnesses.items()}
        shown = {name: f"'{cells[i]}' ({rows[i]})" for name, i in seen.items()}
        counted = [(n, shown[name]) for name, n in order if name in (".", ",", "open", "long")]
        share = Text(
            "; ".join(f"{n} ô như {_safe(s)}" for n, s in counted),
            "; ".join(f"{n} cells like {_safe(s)}" for n, s in counted),
        )
        first = min((w[0] for n, w in column.witnesses.items() if n in (".", ",", "open")), default=0)
        report.once(MIXED, row=str(rows[first]), column=header, value=cells[first], share=share)
    elif column.verdict == "ambiguous":
        first = column.witnesses["open"][0]
        report.once(AMBIGUOUS, row=str(rows[first]), column=header, example=str(cells[first]))
    elif len(column.units) > 1:
        report.once(UNITS, column=header, units=", ".join(u or "–" for u in column.units))
    elif column.share_doubt:
        report.once(PERCENT_OR_SHARE, column=header)
    elif column.grouped:
        before, after = column.example
        report.once(READ_AS, column=header, n=column.grouped, before=before, after=after)


def _safe(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def habits(cells: Sequence[Any] | NDArray[Any]) -> Counter[str]:
    """Return how many cells are written in which way, for a report: ``1.723`` and ``1.234,5`` count apart."""
    shapes = Counter[str]()
    for cell in cells:
        shape = re.sub(r"[0-9]+", "0", as_text(cell))
        if shape:
            shapes[shape] += 1
    return shapes
