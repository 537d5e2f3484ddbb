"""Which reader a file needs that is no plain table: told by its name, and where needed by its head."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from phusong.layers.rules import Report

if TYPE_CHECKING:
    from phusong.layers.tables.opening import RawTable
    from phusong.layers.tables.records import Habits

SPECIAL = (".kml", ".kmz", ".gpx", ".tab", ".mif", ".gdb", ".dxf", ".csv.gz", ".zip")
"""Suffixes beyond those of `phusong.layers.tables.opening`, for messages."""


def special_reader(
    path: Path, report: Report, layer: str | None, expected: Collection[str] = (),
    habits: Habits | None = None,
) -> Callable[[], RawTable | None] | None:
    """Return the reader of a file that is no plain table, None for all others."""
    kind = path.suffix.lower()
    if kind in (".kml", ".kmz"):
        from phusong.layers.vectors.kml import read_kml

        return lambda: read_kml(path, report, layer)
    if kind == ".gpx":
        from phusong.layers.vectors.gpx import read_gpx

        return lambda: read_gpx(path, report, layer)
    if kind == ".zip":
        from phusong.layers.vectors.zip_files import read_zip

        return lambda: read_zip(path, report, layer, expected, habits)
    if kind in (".shp", ".tab", ".mif", ".gdb", ".dxf"):
        from phusong.layers.vectors.vector_files import read_vector_file

        return lambda: read_vector_file(path, report, layer)
    if kind in (".csv", ".gz"):
        from phusong.layers.vectors.opencellid import is_opencellid, read_opencellid

        if is_opencellid(path):
            return lambda: read_opencellid(path, report)
    if path.name.lower().endswith(".csv.gz"):
        from phusong.layers.vectors.zip_files import read_gzip

        return lambda: read_gzip(path, report, expected, habits)
    if kind in (".json", ".geojson", ".csv"):
        from phusong.layers.vectors.ofds import is_ofds, read_ofds

        if is_ofds(path):
            return lambda: read_ofds(path, report, layer)
    return None
