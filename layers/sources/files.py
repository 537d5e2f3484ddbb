"""Writing fetched layers: whole or not at all, in the columns that the project reads."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd


def write_shapes(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """Write polygons, lines or points as a GeoPackage."""
    import pyogrio

    part = path.with_name(path.stem + ".part.gpkg")
    part.unlink(missing_ok=True)
    pyogrio.write_dataframe(frame, part, layer=layer, driver="GPKG", promote_to_multi=False)
    os.replace(part, path)


def write_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], path: Path) -> None:
    """Write a table as CSV in UTF-8 with the mark by which Excel knows it."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(part, path)
