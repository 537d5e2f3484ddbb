"""Rows of a sheet below a header: which are data, and why the others are not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

from phusong.data.names import fold
from phusong.layers.tables.headers import normalise
from phusong.layers.tables.number_cells import as_text

Reason = Literal[
    "title", "units", "numbering", "blank", "total", "subtotal", "section", "repeated-header", "note"
]

DEEP = 3
_TOTAL = re.compile(
    r"(tong cong|tong so|tong|cong|total|grand total|sum|luy ke|toan tinh|cong toan tinh|tong toan tinh|"
    r"tong so tram|tong cong toan tinh|tong chung)( cong)?( \(?\w{1,12}\)?)?[: ]*"
)
_SUBTOTAL = re.compile(r"(cong|tong|tong cong|subtotal)( huyen| xa| phuong| cum| nhom| theo)? .+")
_NOTE = re.compile(
    r"(\*|ghi chu|luu y|nguon|note|source|nguoi lap|nguoi tong hop|ky ten|noi nhan|tm |kt |thu truong|"
    r"ngay \d|.*, ngay .* thang|chu thich|giam doc|dai dien|xac nhan)"
)
_ROMAN = re.compile(r"(?=[ivx])(x{0,3})(ix|iv|v?i{0,3})\.?|[a-h]\.?")
NUMBER = re.compile(r"[-+]?[\d.,\s]*\d[\d.,\s]*%?")


def text_of(cell: Any) -> str:
    """Return a cell as one line of text."""
    return " ".join(as_text(cell).split())


def filled_of(row: Sequence[str]) -> list[int]:
    """Return the positions of cells that are not empty."""
    return [j for j, c in enumerate(row) if c]


class Cells:
    """Rows of a sheet as text, each one turned only when it is looked at."""

    def __init__(self, rows: Sequence[Sequence[Any]], width: int) -> None:
        self.rows = rows
        self.width = width

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> list[str]:
        row = self.rows[i]
        return [text_of(c) for c in row] + [""] * (self.width - len(row))

    def block(self, start: int, stop: int) -> list[list[str]]:
        """Return some rows, fewer at the end."""
        return [self[i] for i in range(start, min(stop, len(self.rows)))]

    def surely_data(self, i: int, columns: int) -> bool:
        """Tell by a glance what most rows are: full, and without a word of totals in front."""
        filled = [c for c in self.rows[i] if c is not None and c != ""]
        if len(filled) < max(2, (columns + 1) // 2):
            return False
        return not any(isinstance(c, str) and _GLANCE.match(c.casefold()) for c in filled[:3])


_GLANCE = re.compile(
    r"\s*(tổng|cộng|tong|cong|total|grand|sum|sub|lũy|luỹ|luy|toàn|toan|[ivxa-h]{1,4}\.?\s*$|\()"
)


@dataclass
class Body:
    """The rows below a header, while they are told apart."""

    cells: Cells
    first: int
    headers: tuple[str, ...]

    @cached_property
    def number_column(self) -> int | None:
        """The column of row numbers, if there is one."""
        words = ("stt", "tt", "so tt", "no", "so thu tu")
        return next((j for j, h in enumerate(self.headers) if normalise(h)[0] in words), None)

    @cached_property
    def numbered(self) -> bool:
        """Whether the rows are numbered, so that ``I`` or ``A`` in that column is a group."""
        j = self.number_column
        if j is None:
            return False
        head = self.cells.block(self.first, self.first + 200)
        return sum(re.fullmatch(r"\d+", r[j]) is not None for r in head) >= 2

    @cached_property
    def header_parts(self) -> frozenset[str]:
        """Texts of the header's rows, for a header that is repeated on a new page."""
        above = self.cells.block(max(0, self.first - DEEP), self.first)
        return frozenset(c for row in above for c in row if c)

    def counted(self, row: Sequence[str]) -> bool:
        """Whether the row has a number of its own: then it is data."""
        j = self.number_column
        return j is not None and re.fullmatch(r"\d+", row[j]) is not None

    def reason(self, i: int, any_data: bool) -> Reason | None:
        """Return why a row is no data, or None."""
        row = self.cells[i]
        filled = [c for c in row if c]
        if not filled:
            return "blank"
        if not any_data and i < self.first + 3:
            if len(filled) >= 3 and _is_numbering(filled, self.cells.block(i + 1, i + 2)):
                return "numbering"
            if all(normalise(f"x ({c.strip('()[] ')})")[1] for c in filled):
                return "units"
        if len(filled) >= 2 and set(filled) <= {*self.headers, *self.header_parts}:
            return "repeated-header"
        words = [c for c in row[: max(3, len(row) // 2)] if c and not NUMBER.fullmatch(c)]
        if words and not self.counted(row):
            if _is_total(words[0]):
                return "total"
            if self.numbered and _ROMAN.fullmatch(words[0].casefold()):
                return "subtotal" if any(NUMBER.fullmatch(c) for c in filled) else "section"
            if _SUBTOTAL.fullmatch(_plain(words[0])) and _has_marks(words[0]):
                return "subtotal"
        wide = len([h for h in self.headers if h]) >= 4
        return "section" if wide and len(filled) == 1 and not NUMBER.fullmatch(filled[0]) else None


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9 ()]", " ", normalisetext_of(text)).strip()


def normalisetext_of(text: str) -> str:
    """Return a text in small letters without marks, its words apart."""
    words = re.split(r"\s+", text)
    return " ".join(re.sub(r"[^a-z0-9()*:]", "", fold(w)) for w in words)


def _is_total(text: str) -> bool:
    """Tell ``TỔNG CỘNG`` from a name: ``Công`` has no mark of ``Cộng``, and ``Tông`` none of ``Tổng``."""
    return _TOTAL.fullmatch(_plain(text)) is not None and _has_marks(text)


def _has_marks(text: str) -> bool:
    low = text.casefold()
    return low.isascii() or any(w in low for w in ("tổng", "cộng", "lũy", "luỹ", "toàn"))


def _is_numbering(filled: Sequence[str], after: Sequence[Sequence[str]]) -> bool:
    """Tell a row ``(1) (2) (3)`` or ``A B 1 2`` that numbers the columns.

    A row of bare figures may be data: it needs four of them, and no row of number 2 after it.
    """
    bare = [c.strip("()[] ").casefold() for c in filled]
    digits = [int(c) for c in bare if c.isdigit()]
    letters = [c for c in bare if not c.isdigit()]
    rising = digits[:1] in ([0], [1], [2]) and all(b - a == 1 for a, b in pairwise(digits))
    if not rising or len(digits) < 2 or not all(_FORMULA.fullmatch(c) for c in letters):
        return False
    return bare != list(filled) or bool(letters) or (len(digits) >= 4 and all(r[0] != "2" for r in after))


_FORMULA = re.compile(r"[a-h]|\d+ ?= ?[\d+\-/*x ]+")


def notes_from(cells: Cells, first: int, last: int, columns: int) -> int:
    """Return the row where what stands below the table begins, past the end if nothing does."""
    start = last + 1
    few = max(1, columns // 4) if columns >= 3 else 1
    for i in range(last, first - 1, -1):
        filled = [c for c in cells[i] if c]
        if not filled:
            continue
        told = any(_NOTE.match(normalisetext_of(c)) for c in filled)
        likely = told or len(filled[0]) > 40 or start <= last or columns >= 4
        figures = any(NUMBER.fullmatch(c) for c in filled)
        if figures or len(filled) > few or not likely or _is_total(filled[0]):
            break
        start = i
    return start
