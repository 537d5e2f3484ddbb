"""Columns of marks: ``x`` and ``0``, ``có`` and ``không``; and codes that a spreadsheet has spoilt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.layers.rules import Report, error, fold, warning
from phusong.layers.tables.number_cells import as_text
from phusong.layers.tables.spoilt_codes import spoilt_codes

NOT_A_FLAG = error(
    "not-a-flag",
    "Không hiểu dấu này là có hay không.", "Whether this means yes or no is not clear.",
    "Ghi x hoặc 1 cho có, 0 hoặc để trống cho không.", "Write x or 1 for yes, 0 or nothing for no.",
)
BLANK_IS_NO = warning(
    "blank-means-no",
    "{n} ô trống được hiểu là không, vì cột chỉ đánh dấu ô có.",
    "{n} empty cells are taken as no, for the column marks only what is there.",
)

_YES = frozenset(("x", "xx", "v", "co", "1", "true", "yes", "y", "dung", "roi", "daco", "on", "t"))
_NO = frozenset(
    ("0", "khong", "ko", "k", "kg", "no", "n", "false", "f", "sai", "chua", "chuaco", "khongco", "off")
)
_TICKS = frozenset("✓✔☑√●■×✕✖✗☒")
_CROSSES_NO = frozenset("☐○□-–—")


@dataclass(frozen=True)
class FlagColumn:
    """A column of marks.

    Attributes
    ----------
    values : array of bool, shape (n,)
    known : array of bool, shape (n,)
        False where the cell says nothing: it is empty in a column that writes its noes, or is no mark.
    wrong : array of bool, shape (n,)
        Cells that are no mark.
    blank_is_no : int
        Empty cells taken as no, since no cell of the column says so in words.
    words : mapping of str to int
        What was written, and how often.
    """

    values: NDArray[np.bool_]
    known: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    blank_is_no: int = 0
    words: Mapping[str, int] = field(default_factory=dict)


def flag_of(cell: Any) -> bool | None:
    """Return what one mark means; None for an empty cell.

    Raises
    ------
    ValueError
        It is no mark.
    """
    if isinstance(cell, bool | np.bool_):
        return bool(cell)
    text = as_text(cell)
    if text == "":
        return None
    word = fold(text)
    if text in _TICKS or word in _YES or re.fullmatch(r"1[.,]0+", text):
        return True
    if text in _CROSSES_NO or word in _NO or re.fullmatch(r"0[.,]0+", text):
        return False
    raise ValueError(f"{text!r} is no mark")


def read_flags(cells: Sequence[Any] | NDArray[Any]) -> FlagColumn:
    """Read a column of marks: ``x``, ``1``, ``có``, ``true``, a tick; ``0``, ``không``, ``-``.

    Empty cells are noes in a column that has marks for yes only, and unknown in one that writes noes.
    """
    n = len(cells)
    values, known, wrong = (np.zeros(n, dtype=bool) for _ in range(3))
    empty = np.zeros(n, dtype=bool)
    words: dict[str, int] = {}
    seen: dict[Any, bool | None] = {}
    for i, cell in enumerate(cells):
        if cell not in seen:
            try:
                seen[cell] = flag_of(cell)
            except ValueError:
                wrong[i] = True
                continue
        flag = seen[cell]
        if flag is None:
            empty[i] = True
            continue
        word = as_text(cell)
        words[word] = words.get(word, 0) + 1
        values[i], known[i] = flag, True
    only_marks = bool(values.any()) and not (known & ~values).any()
    if only_marks:
        known |= empty
    return FlagColumn(values, known, wrong, int(empty.sum()) if only_marks else 0, words)


def looks_like_flags(cells: Sequence[Any] | NDArray[Any]) -> bool:
    """Tell whether every cell is a mark or empty, and at least one is a mark other than a number."""
    column = read_flags(cells)
    return not column.wrong.any() and any(not w.isdigit() for w in column.words)


def tell_flags(
    report: Report, header: str, column: FlagColumn, cells: Sequence[Any], rows: NDArray[np.int64]
) -> None:
    """Tell cells that are no marks, and how many empty ones count as no."""
    report.each(NOT_A_FLAG, column.wrong, rows, column=header, value=[as_text(c) for c in cells])
    if column.blank_is_no:
        report.once(BLANK_IS_NO, column=header, n=column.blank_is_no)


def read_codes(cells: Sequence[Any] | NDArray[Any]) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return codes as text, and which of them a spreadsheet has spoilt (``8,4E+11``).

    Leading zeros stay; those that are lost already are the matter of `phusong.layers.boundaries.codes`. A
    code that came as a number loses the point of its type: ``123.0`` is ``123``.
    """
    codes = np.array([re.sub(r"^(\d+)\.0+$", r"\1", as_text(c)) for c in cells] + [None], dtype=object)[:-1]
    return codes, spoilt_codes(codes)
