"""One worksheet as a table: typed columns, frozen header, filter, widths that fit, print set-up."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from phusong.maps.safe import shorten

Kind = Literal["text", "note", "count", "number", "percent", "date", "degrees"]

FORMATS: dict[Kind, dict[str, Any]] = {
    "text": {"valign": "top", "indent": 1},
    "note": {"valign": "top", "text_wrap": True, "indent": 1},
    "count": {"num_format": "#,##0", "valign": "top"},
    "number": {"num_format": "[>=1000]#,##0;[<0]-0.0;0.0", "valign": "top"},
    # What is not complete is never shown as 100 %.
    "percent": {"num_format": '[>=1]0%;[>=0.9995]"<100%";0.0%', "valign": "top"},
    "date": {"num_format": "dd/mm/yyyy", "align": "center", "valign": "top"},
    "degrees": {"num_format": "0.000000", "valign": "top"},
}
"""Number formats as files hold them: Excel shows them with the separators of the reader's country."""

_CELL_LIMIT = 32_000
_PAGE_WIDTH = 240.0
"""Characters across a page beyond which print would be too small to read."""
_WIDTHS: dict[Kind, tuple[int, int]] = {
    "text": (8, 44), "note": (30, 70), "count": (9, 16), "number": (9, 16), "percent": (8, 12),
    "date": (11, 12), "degrees": (11, 12),
}


@dataclass(frozen=True)
class Column:
    """A column of a table; shares in a ``percent`` column are fractions, 0 to 1."""

    title: str
    kind: Kind
    values: Sequence[Any]


@dataclass
class Book:
    """A workbook that is being written, with its formats.

    Attributes
    ----------
    workbook : xlsxwriter.Workbook
    footer : str
        Printed under every page.
    """

    workbook: Any
    footer: str
    formats: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind, properties in FORMATS.items():
            self.formats[kind] = self.workbook.add_format(properties)
        self.formats["header"] = self.workbook.add_format({
            "bold": True, "text_wrap": True, "valign": "vcenter", "align": "center", "border": 1,
            "bg_color": "#1F3A5F", "font_color": "#FFFFFF",
        })
        self.formats["title"] = self.workbook.add_format({"bold": True, "font_size": 14})
        self.formats["plain"] = self.workbook.add_format({"valign": "top"})
        self.formats["remark"] = self.workbook.add_format({"italic": True, "font_color": "#444444"})

    def sheet(self, name: str) -> Any:
        """Add a worksheet that prints on A4, landscape, one page wide."""
        sheet = self.workbook.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L&8{self.footer.replace('&', '&&')[:180]}&R&8&P/&N")
        return sheet

    def table(
        self, sheet: Any, columns: Sequence[Column], top: int = 0, freeze_columns: int | None = 0
    ) -> None:
        """Write a table from row ``top`` on; freeze (unless None), filter and repeat its header."""
        rows = len(columns[0].values)
        widths = [_width(column) for column in columns]
        for col, column in enumerate(columns):
            sheet.write_string(top, col, shorten(column.title, 250), self.formats["header"])
            for row, value in enumerate(column.values, start=top + 1):
                whole = column.kind == "number" and value is not None and float(value).is_integer()
                _write(sheet, row, col, value, self.formats["count" if whole else column.kind])
            sheet.set_column(col, col, widths[col])
        if freeze_columns and sum(widths) > _PAGE_WIDTH:
            sheet.fit_to_pages(2, 0)
            sheet.repeat_columns(0, freeze_columns - 1)
        for row, lines in enumerate(_wrapped_lines(columns, widths, rows), start=top + 1):
            if lines > 1:  # Excel would see to it by itself, LibreOffice and viewers do not
                sheet.set_row(row, 15.0 * lines)
        sheet.set_row(top, 15.0 * max(map(_lines, columns, widths)) + 3.0)
        if freeze_columns is not None:
            sheet.freeze_panes(top + 1, freeze_columns)
            sheet.repeat_rows(top)
        if rows:
            sheet.autofilter(top, 0, top + rows, len(columns) - 1)
            for col, column in enumerate(columns):
                if column.kind == "percent":
                    sheet.conditional_format(top + 1, col, top + rows, col, {
                        "type": "2_color_scale", "min_type": "num", "min_value": 0, "min_color": "#FFFFFF",
                        "max_type": "num", "max_value": 1, "max_color": "#8FB8DE",
                    })


def _write(sheet: Any, row: int, col: int, value: Any, style: Any) -> None:
    """Write a value as what it is; text is never taken for a formula, a link or a number."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        sheet.write_blank(row, col, None, style)
    elif isinstance(value, datetime.date):
        sheet.write_datetime(row, col, value, style)
    elif isinstance(value, str):
        sheet.write_string(row, col, shorten(value, _CELL_LIMIT), style)
    else:
        sheet.write_number(row, col, float(value), style)


def _width(column: Column) -> float:
    low, high = _WIDTHS[column.kind]
    if column.kind in ("text", "note"):
        longest = max((len(v) for v in set(column.values) if isinstance(v, str)), default=0)
    else:
        longest = max((len(f"{v:,.1f}") for v in column.values if isinstance(v, int | float)), default=0)
    word = max((len(w) for w in column.title.split()), default=0)
    return float(min(max(low, longest + 3, word + 3), high))


def _wrapped_lines(columns: Sequence[Column], widths: Sequence[float], rows: int) -> list[int]:
    """Return how many lines each row needs for its longest wrapped cell."""
    lines = [1] * rows
    for column, width in zip(columns, widths, strict=True):
        if column.kind == "note":
            for row, value in enumerate(column.values):
                lines[row] = min(max(lines[row], math.ceil(len(str(value)) * 1.1 / (width - 3.0))), 25)
    return lines


def _lines(column: Column, width: float) -> int:
    return min(math.ceil(len(column.title) * 1.4 / width), 7)


def as_date(value: Any) -> Any:
    """Return a date for a date or its ISO text; anything else as it is."""
    if isinstance(value, str):
        try:
            return datetime.date.fromisoformat(value[:10])
        except ValueError:
            return value
    return value
