"""Adapters of rasters: population, heights and land cover."""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Sequence
from pathlib import Path

from phusong.data.language import Text
from phusong.layers.sources.adapter import Job, Note, Taken
from phusong.layers.sources.area import Bounds, Tile, tiles_of
from phusong.layers.sources.files import require_room
from phusong.layers.sources.transfer import (
    DAMAGED,
    SourceError,
    ask,
    download,
    locked,
    public_address,
)
from phusong.layers.sources.windows import cut_local, join_windows, take_window

FILES = {"population": "population.tif", "terrain": "terrain.tif", "landcover": "clutter.tif"}
LAYERS = {"population": "population", "terrain": "terrain", "landcover": "clutter"}
NO_TILES = Text(
    "không có mảnh nào của tỉnh này ({n} mảnh đã hỏi)", "it has no tile of this province ({n} were asked for)"
)
SEA = Text(
    "{n} mảnh không có ở nhà xuất bản: coi là biển, độ cao 0 m.",
    "{n} tiles are not published: taken as sea, height 0 m.",
)
VOID = Text(
    "{n} mảnh không có ở nhà xuất bản: không có giá trị ở đó.",
    "{n} tiles are not published: no value there.",
)
OTHER_LATTICE = Text(
    "các mảnh không cùng một lưới ({reason})", "its tiles do not lie on one lattice ({reason})"
)
LEFT_OUT = Text(
    "Không gồm {communes}, quá xa đất liền.", "Without {communes}, too far out at sea."
)


def take_raster(job: Job) -> Taken:
    """Cut the province's box from one large raster, or from a list of rasters (VRT)."""
    window = take_window(job.line, job.source.address, job.area.bounds)
    if window is None:
        raise SourceError(NO_TILES, n=1)
    return _joined(job, [window.path], (window.address,), 0, window.tag)


def take_tiles(job: Job) -> Taken:
    """Cut the box from every tile that the communes touch, and lay them side by side."""
    source = job.source
    token = _token(job) if source.token_address and not job.line.offline else ""
    found: list[Path] = []
    addresses: list[str] = []
    absent = 0
    for tile in tiles_of(source, job.area):
        try:
            window = take_window(
                job.line, tile.address, _common(tile, job.area.bounds), read_at_m=source.read_at_m,
                token=token,
            )
        except SourceError as error:
            if not error.missing or source.missing == "error":
                raise
            absent += 1
            continue
        if window is not None:
            found.append(window.path)
            addresses.append(window.address)
    return _joined(job, found, tuple(addresses), absent)


def take_zip_tiles(job: Job) -> Taken:
    """Fetch whole tiles as zips, and cut the box from the raster in each."""
    from rasterio.errors import RasterioError

    found: list[Path] = []
    addresses: list[str] = []
    for tile in tiles_of(job.source, job.area):
        path = download(job.line, tile.address, fresh=job.line.refresh)
        address = public_address(tile.address)
        bounds = _common(tile, job.area.bounds)
        corner = "_".join(f"{b:.4f}" for b in bounds)
        cut = path.with_name(f"{path.stem}_{corner}.tif")
        try:
            with zipfile.ZipFile(path) as archive:
                inner = next(n for n in archive.namelist() if n.lower().endswith(".tif"))
            with locked(cut):
                touches = cut_local(job.line, f"/vsizip/{path}/{inner}", bounds, 0.0, cut, inner)
        except (zipfile.BadZipFile, StopIteration, RasterioError, ValueError) as error:
            require_room(cut)
            path.unlink(missing_ok=True)
            reason = str(error) or type(error).__name__
            raise SourceError(DAMAGED, address=address, reason=reason) from error
        if touches:
            found.append(cut)
            addresses.append(address)
    return _joined(job, found, tuple(addresses), 0)


def _joined(
    job: Job, found: Sequence[Path], addresses: tuple[str, ...], absent: int, version: str = ""
) -> Taken:
    from rasterio.errors import RasterioError

    source = job.source
    if not found:
        raise SourceError(NO_TILES, n=absent)
    file = FILES[source.kind]
    sea = 0.0 if source.missing == "sea" else None
    try:
        join_windows(found, job.area.bounds, job.folder / file, missing=sea)
    except ValueError as error:
        raise SourceError(OTHER_LATTICE, reason=str(error)) from error
    except RasterioError as error:
        require_room(job.folder / file)
        raise OSError(errno.EIO, str(error).splitlines()[0], str(job.folder / file)) from error
    notes = [Note(SEA if source.missing == "sea" else VOID, {"n": absent})] if absent else []
    if job.area.far:
        notes.append(Note(LEFT_OUT, {"communes": ", ".join(job.area.far)}))
    layer = LAYERS[source.kind]
    return Taken({layer: file}, addresses, version, notes=tuple(notes))


def _common(tile: Tile, bounds: Bounds) -> Bounds:
    """Return the ground that a tile and the bounds have in common, with no margin on the tile's side.

    A tile's own border may lie half a pixel beside the whole degree, so the tile's side is left open.
    """
    margin = 0.01
    west, south, east, north = tile.bounds
    return (
        max(bounds[0], west - margin), max(bounds[1], south - margin),
        min(bounds[2], east + margin), min(bounds[3], north + margin),
    )


def _token(job: Job) -> str:
    """Ask for the short-lived token without which the tiles are not given."""
    answer = ask(job.line, job.source.token_address)
    with answer:
        try:
            return str(answer.json()["token"])
        except (ValueError, KeyError, TypeError) as error:
            address = public_address(job.source.token_address)
            raise SourceError(DAMAGED, address=address, reason="token") from error


