"""The tables that come with the program, as they stand in ``data/*.csv``."""

from __future__ import annotations

import csv
import io
from importlib import resources


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of a table by its file name, each cell as text by the name of its column."""
    text = resources.files("phusong.data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def number_of(cell: str) -> float | None:
    """Return the number in a cell, None where it is empty."""
    return float(cell) if cell else None
