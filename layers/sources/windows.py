"""Rasters: the part of a remote file that a province needs, by range requests of GDAL."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine

from phusong.data.language import Text
from phusong.layers.provenance import sha256_of
from phusong.layers.sources.area import Bounds
from phusong.layers.sources.curl import curl_settings
from phusong.layers.sources.files import require_room
from phusong.layers.sources.ranges import honest_ranges
from phusong.layers.sources.transfer import (
    DAMAGED,
    OFFLINE,
    Line,
    SourceError,
    download,
    locked,
    look,
    public_address,
)

NOT_THERE = Text("không có {address}", "there is no {address}")
BAND_ROWS = 512
"""Rows that are read at a time."""


@dataclass(frozen=True)
class Window:
    """A part of a raster in the cache.

    Attributes
    ----------
    path : Path
    address : str
        Where it was cut from, without a token.
    tag : str
        What the server said of that file's version.
    """

    path: Path
    address: str
    tag: str


def take_window(
    line: Line, url: str, bounds: Bounds, *, read_at_m: float = 0.0, token: str = "", name: str = ""
) -> Window | None:
    """Return the part of a remote raster within ``bounds``, from the cache if it is there.

    Whole pixels are taken, none is resampled. Where the server gives no parts of files, the whole file is
    fetched into the cache first.

    Parameters
    ----------
    line : Line
    url : str
        Without the token.
    bounds : Bounds
        In degrees; cut to the raster.
    read_at_m : float
        Read pixels of about this size, from overviews where there are some; 0 for all pixels.
    token : str
        Query that is appended to the address.
    name : str
        For the progress; by default that of the file.

    Returns
    -------
    Window or None
        None where the raster does not touch the bounds.

    Raises
    ------
    SourceError
        ``missing`` where there is no such file.
    """
    key = json.dumps([url, [round(b, 9) for b in bounds], read_at_m])
    stem = hashlib.sha256(key.encode()).hexdigest()[:24]
    path = line.cache / "windows" / f"{stem}.tif"
    note = path.with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path):
        known = _noted(note, path)
        if known is not None:
            if known["state"] == "missing" and line.offline:
                raise SourceError(NOT_THERE, missing=True, address=url)
            if known["state"] == "apart":
                return None
            if path.is_file() and not line.refresh:
                return Window(path, known["address"], known["tag"])
        if line.offline:
            raise SourceError(OFFLINE, address=public_address(url))
        asked = f"{url}?{token}" if token else url
        try:
            head = look(line, asked)
        except SourceError as error:
            if error.missing:
                _note(note, "missing", url, "")
            raise
        ranges = honest_ranges(line, asked, head)
        cut = _cut(line, asked, ranges, bounds, read_at_m, path, name or url.rpartition("/")[2])
        _note(note, "whole" if cut else "apart", url, head.tag, sha256_of(path) if cut else "")
        return Window(path, url, head.tag) if cut else None


def _note(note: Path, state: str, address: str, tag: str, sha256: str = "") -> None:
    part = note.with_suffix(".json.part")
    told = {"state": state, "address": address, "tag": tag, "sha256": sha256}
    part.write_text(json.dumps(told), encoding="utf-8")
    os.replace(part, note)


def _noted(note: Path, path: Path) -> dict[str, str] | None:
    """Return what the cache knows of a window; None for nothing, or where note or window is damaged."""
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        told = {name: str(known[name]) for name in ("state", "address", "tag")}
        digest = str(known.get("sha256", ""))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        note.unlink(missing_ok=True)
        return None
    if digest and path.is_file() and sha256_of(path) != digest:
        path.unlink()
        note.unlink()
        return None
    return told


@contextmanager
def _remote(line: Line, address: str) -> Iterator[None]:
    """Let GDAL read a remote file."""
    import rasterio

    with rasterio.Env(**curl_settings(line, address)):
        yield


def _cut(
    line: Line, url: str, ranges: bool, bounds: Bounds, read_at_m: float, path: Path, name: str
) -> bool:
    from rasterio.errors import RasterioError

    address = line.address(url)
    try:
        if not ranges:
            whole = download(line, url)
            return cut_local(line, str(whole), bounds, read_at_m, path, name)
        with _remote(line, address):
            return cut_local(line, "/vsicurl/" + address, bounds, read_at_m, path, name)
    except (RasterioError, ValueError) as error:
        require_room(path)
        said = (str(error) or type(error).__name__).splitlines()[0]
        reason = said.replace(address, public_address(address))
        raise SourceError(DAMAGED, address=public_address(address), reason=reason) from error


def cut_local(
    line: Line, opened: str, bounds: Bounds, read_at_m: float, path: Path, name: str
) -> bool:
    """Copy a window of a raster that GDAL can open into ``path``; False where they do not touch.

    Raises
    ------
    ValueError
        No coordinate system, or one that is not in degrees.
    rasterio.errors.RasterioError
    """
    import rasterio
    from rasterio.windows import Window as Pixels

    with rasterio.open(opened) as source:
        if source.crs is None or not source.crs.is_geographic:
            raise ValueError("no geographic coordinate system")
        coarser = _coarser(source, read_at_m)
        pixels = _pixels(source, bounds, coarser)
        if pixels is None:
            return False
        column, row, width, height = pixels
        corner = source.window_transform(Pixels(column, row, width, height))
        profile = {
            "driver": "GTiff", "dtype": source.dtypes[0], "count": 1, "width": width // coarser,
            "height": height // coarser, "crs": source.crs, "nodata": source.nodata, "tiled": True,
            "compress": "deflate", "blockxsize": 256, "blockysize": 256, "BIGTIFF": "IF_SAFER",
            "transform": corner * Affine.scale(coarser),
        }
        part = path.with_name(path.name + ".part")
        with rasterio.open(part, "w", **profile) as target:
            for start in range(0, height, BAND_ROWS * coarser):
                rows = min(BAND_ROWS * coarser, height - start)
                shape = (rows // coarser, width // coarser)
                # Asked for fewer pixels, GDAL reads the overview of that step, if there is one.
                values = source.read(1, window=Pixels(column, row + start, width, rows), out_shape=shape)
                target.write(values, 1, window=Pixels(0, start // coarser, shape[1], shape[0]))
                if line.progress:
                    line.progress(Text(name, name), (start + rows) / height)
    os.replace(part, path)
    return True


def _coarser(source: Any, read_at_m: float) -> int:
    """Return how many pixels make one that is read: a power of two, as overviews have it."""
    step_m = abs(source.transform.e) * 110_600.0
    coarser = 1
    while 2 * coarser * step_m <= 1.2 * read_at_m:
        coarser *= 2
    return coarser


def _pixels(source: Any, bounds: Bounds, coarser: int) -> tuple[int, int, int, int] | None:
    """Return column, row, width and height of the whole (coarser) pixels that the bounds touch."""
    west, south, east, north = bounds
    t = source.transform
    column0, column1 = math.floor((west - t.c) / t.a), math.ceil((east - t.c) / t.a)
    row0, row1 = math.floor((north - t.f) / t.e), math.ceil((south - t.f) / t.e)
    column0, row0 = max(column0, 0) // coarser * coarser, max(row0, 0) // coarser * coarser
    column1, row1 = -(-column1 // coarser) * coarser, -(-row1 // coarser) * coarser
    column1 = min(column1, source.width // coarser * coarser)
    row1 = min(row1, source.height // coarser * coarser)
    if column0 >= column1 or row0 >= row1:
        return None
    return column0, row0, column1 - column0, row1 - row0


def join_windows(
    paths: Sequence[Path], bounds: Bounds, target: Path, *, missing: float | None = None
) -> None:
    """Lay windows of one raster family side by side into one file; no pixel is resampled.

    Parameters
    ----------
    paths : sequence of Path
        Rasters of one step and one type whose pixels lie on one lattice.
    bounds : Bounds
        Of the result, in degrees, out to whole pixels.
    target : Path
        Written whole or not at all.
    missing : float, optional
        Value where there is no window; by default the rasters' nodata, else 0.

    Raises
    ------
    ValueError
        The lattices differ.
    """
    import rasterio
    from rasterio.transform import from_origin

    with rasterio.open(paths[0]) as first:
        t, crs, kind, nodata = first.transform, first.crs, first.dtypes[0], first.nodata
    west, south, east, north = bounds
    column0, row0 = math.floor((west - t.c) / t.a), math.floor((north - t.f) / t.e)
    width = math.ceil((east - t.c) / t.a) - column0
    height = math.ceil((south - t.f) / t.e) - row0
    left, top = t.c + column0 * t.a, t.f + row0 * t.e
    fill = missing if missing is not None else nodata if nodata is not None else 0
    part = target.with_name(target.name + ".part")
    profile = {
        "driver": "GTiff", "dtype": kind, "count": 1, "width": width, "height": height, "crs": crs,
        "nodata": nodata, "transform": from_origin(left, top, t.a, -t.e), "tiled": True,
        "compress": "deflate", "blockxsize": 256, "blockysize": 256, "BIGTIFF": "IF_SAFER",
    }
    with rasterio.open(part, "w+", **profile) as joined:
        _fill(joined, width, height, fill, kind)
        for path in paths:
            with rasterio.open(path) as window:
                own = window.transform
                column, row = (own.c - left) / t.a, (own.f - top) / t.e
                close = abs(own.a - t.a) * window.width < 0.01 * t.a
                if not close or abs(column - round(column)) > 0.01 or abs(row - round(row)) > 0.01:
                    raise ValueError(f"{path.name} lies on another lattice")
                _lay(window, joined, round(column), round(row))
    os.replace(part, target)


def _fill(raster: Any, width: int, height: int, value: float, kind: str) -> None:
    from rasterio.windows import Window as Pixels

    for start in range(0, height, BAND_ROWS):
        rows = min(BAND_ROWS, height - start)
        raster.write(np.full((rows, width), value, dtype=kind), 1, window=Pixels(0, start, width, rows))


def _lay(window: Any, joined: Any, column: int, row: int) -> None:
    """Write a window's pixels that lie in the result."""
    from rasterio.windows import Window as Pixels

    first_column, last_column = max(0, -column), min(window.width, joined.width - column)
    first_row, last_row = max(0, -row), min(window.height, joined.height - row)
    if first_column >= last_column:
        return
    for start in range(first_row, last_row, BAND_ROWS):
        rows = min(BAND_ROWS, last_row - start)
        wide = last_column - first_column
        values = window.read(1, window=Pixels(first_column, start, wide, rows))
        joined.write(values, 1, window=Pixels(column + first_column, row + start, wide, rows))
