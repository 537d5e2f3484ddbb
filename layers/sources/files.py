"""Writing fetched layers: whole or not at all, in the columns that the project reads."""

from __future__ import annotations

import csv
import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd


LEAST_BYTES = 1 << 20
"""Less room than this on a disk is none: what failed there failed for want of it."""


def require_room(path: Path) -> None:
    """Raise `OSError` if the disk of a path is full: GDAL does not say so by itself."""
    folder = next(p for p in (path, *path.parents) if p.is_dir())
    if shutil.disk_usage(folder).free < LEAST_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def write_shapes(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """Write polygons, lines or points as a GeoPackage.

    Raises
    ------
    OSError
        It cannot be written, or the disk is full.
    """
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError

    part = path.with_name(path.stem + ".part.gpkg")
    part.unlink(missing_ok=True)
    try:
        pyogrio.write_dataframe(frame, part, layer=layer, driver="GPKG", promote_to_multi=False)
    except (DataSourceError, DataLayerError, FeatureError, GeometryError) as error:
        part.unlink(missing_ok=True)
        require_room(path)
        raise OSError(errno.EIO, str(error).splitlines()[0], str(path)) from error
    os.replace(part, path)


def write_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], path: Path) -> None:
    """Write a table as CSV in UTF-8 with the mark by which Excel knows it."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(part, path)
