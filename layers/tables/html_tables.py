"""Tables of web pages that were saved with the suffix of Excel, as reporting systems do."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class _Rows(HTMLParser):
    """Collects the rows of every table; tables inside cells are their own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._open: list[list[list[str]]] = []
        self._cell: list[str] | None = None
        self._span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a table, a row or a cell."""
        if tag == "table":
            self._open.append([])
            self.tables.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open and self._open[-1]:
            self._end_cell()
            self._cell = []
            span = dict(attrs).get("colspan") or "1"
            self._span = min(int(span), 200) if span.isdigit() else 1
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Take the text of a cell."""
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is not None and self._open and self._open[-1]:
            text = " ".join("".join(self._cell).split())
            self._open[-1][-1] += [text, *[""] * (self._span - 1)]
        self._cell = None


def html_rows(text: str) -> list[list[str]]:
    """Return the rows of the largest table of a page; a merged cell's text stands in its first column."""
    parser = _Rows()
    parser.feed(text)
    parser.close()
    return max(parser.tables, key=lambda rows: sum(map(len, rows)), default=[])


def is_html(head: bytes) -> bool:
    """Tell whether a file begins like a web page, in any encoding of ASCII or UTF-16."""
    plain = head.replace(b"\x00", b"").lstrip(b"\xff\xfe\xef\xbb\xbf \r\n\t").lower()
    return re.match(rb"<(!doctype html|html|table|head|meta|style)\b", plain) is not None
