"""The cells of a table's file as they stand, for a copy in which every row keeps its number."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phusong.layers.tables.opening import CSV, long_fields, text_of_csv
from phusong.layers.tables.records import Layout

Merge = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell of a merged block: row and column, from 0."""


@dataclass(frozen=True)
class OriginalSheet:
    """A sheet of a file, nothing interpreted.

    Attributes
    ----------
    name : str
        Of the sheet; of a CSV the stem of the file.
    rows : sequence of sequences
        First row of the file first. Text, numbers, dates and truth values by the type that the file gives
        them; in a CSV all is text.
    merges : tuple of Merge
    """

    name: str
    rows: Sequence[Sequence[Any]]
    merges: tuple[Merge, ...] = ()


def original_sheets(path: Path, layout: Layout) -> tuple[OriginalSheet, ...]:
    """Return every sheet of a CSV or a workbook that was read before, in the order of the file.

    Parameters
    ----------
    path : Path
    layout : Layout
        As it was found on reading.
    """
    if path.suffix.lower() in CSV:
        return (OriginalSheet(path.stem, _csv_rows(path, layout)),)
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    sheets = []
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        merges = tuple(((a[0], a[1]), (b[0], b[1])) for a, b in sheet.merged_cell_ranges or ())
        sheets.append(OriginalSheet(name, sheet.to_python(skip_empty_area=False), merges))
    return tuple(sheets)


def _csv_rows(path: Path, layout: Layout) -> list[list[str]]:
    text = text_of_csv(path.read_bytes())
    above: list[list[str]] = []
    if layout.first > 1:  # Excel's hint of the delimiter counts as a row
        hint, _, text = text.partition("\n")
        above = [[hint.strip()]]
    with long_fields():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter or ",")
        return [*above, *reader]
