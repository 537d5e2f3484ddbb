"""Opening rasters: one file or a folder of tiles, the part that the grid needs, warped onto it."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from rasterio._err import CPLE_BaseError
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.merge import merge
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window, from_bounds

from phusong.layers.grid import Grid
from phusong.layers.on_disk import is_readable_kind
from phusong.layers.rules import Report, error
from phusong.layers.tables.opening import UNREADABLE, tell_missing
from phusong.layers.vectors.geometry import BAD_CRS, NO_CRS, OTHER_CRS, crs_name

log = logging.getLogger(__name__)

TILES = (".hgt", ".tif", ".tiff", ".vrt", ".img", ".asc", ".bil", ".dt0", ".dt1", ".dt2")

NO_TILES = error(
    "no-tiles",
    "Thư mục không có mảnh ảnh nào đọc được.", "The folder has no tile that can be read.",
    "Đặt các mảnh .hgt hoặc .tif vào thư mục.", "Put the tiles, .hgt or .tif, into the folder.",
)
MIXED_TILES = error(
    "mixed-tiles",
    "Các mảnh ảnh không cùng hệ tọa độ hoặc độ phân giải.",
    "The tiles differ in coordinate system or in resolution.",
    "Đặt mỗi bộ ảnh vào một thư mục riêng.", "Keep each set of tiles in a folder of its own.",
)
NOT_NORTH_UP = error(
    "not-north-up",
    "Ảnh chưa được định vị, hoặc bị xoay: hàng đầu phải là phía bắc.",
    "The raster is not placed on the ground, or is turned: its first row must be the northern one.",
    "Định vị lại ảnh bằng gdalwarp hoặc QGIS.", "Warp it with gdalwarp or QGIS.",
)
NO_OVERLAP = error(
    "raster-elsewhere",
    "Ảnh không phủ lên tỉnh chút nào.", "The raster does not touch the province.",
    "Kiểm tra hệ tọa độ và đúng tệp của tỉnh chưa.",
    "Check its coordinate system, and that it is of this province.",
)


@dataclass(frozen=True)
class Patch:
    """The part of a raster that lies round the grid.

    Attributes
    ----------
    values : masked array, shape (rows, cols)
        Nodata is masked.
    transform : Affine
        Of ``values``.
    crs : pyproj.CRS
    extents : tuple of (left, bottom, right, top)
        Of the files, in ``crs``.
    wild : int
        Pixels that were left out of averages because their value cannot be.
    """

    values: np.ma.MaskedArray[Any, Any]
    transform: Affine
    crs: CRS
    extents: tuple[tuple[float, float, float, float], ...]
    wild: int = 0

    @property
    def step(self) -> tuple[float, float]:
        """Size of a pixel in units of ``crs``."""
        return abs(self.transform.a), abs(self.transform.e)


def raster_files(path: Path) -> list[Path]:
    """Return the files of a layer: itself, or the tiles of a folder by name."""
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.is_file() and p.suffix.lower() in TILES)
    return [path]


def look_at(path: Path, report: Report) -> bool:
    """Tell whether a raster can be opened and lies north up; sets the report's ``rows_read``."""
    if not path.is_file():
        tell_missing(path, report)
        return False
    with ExitStack() as stack:
        opened = _opened([path], stack, report)
        if opened is None:
            return False
        report.rows_read = int(opened[0].width * opened[0].height)
        return True


def _opened(files: Sequence[Path], stack: ExitStack, report: Report) -> list[Any] | None:
    opened = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NotGeoreferencedWarning)
        for file in files:
            try:
                opened.append(stack.enter_context(rasterio.open(file)))
            except (RasterioError, CPLE_BaseError) as exception:
                log.debug("cannot open %s", file, exc_info=exception)
                report.once(UNREADABLE, value=file.name, kind=_kind(file))
                return None
    adrift = any(issubclass(w.category, NotGeoreferencedWarning) for w in caught)
    turns = [d.transform for d in opened]
    if adrift or any(t.a <= 0 or t.e >= 0 or abs(t.b) > 1e-12 or abs(t.d) > 1e-12 for t in turns):
        report.once(NOT_NORTH_UP)
        return None
    return opened


def _kind(file: Path) -> str:
    return file.suffix.lstrip(".").upper() or "raster"


def read_patch(
    path: Path, grid: Grid, report: Report, *, crs: str | None = None, average: bool = True,
    possible: tuple[float, float] = (-math.inf, math.inf),
) -> Patch | None:
    """Read what a raster, or a folder of tiles, holds round the grid.

    Parameters
    ----------
    path : Path
    grid : Grid
    report : Report
    crs : str, optional
        Declared in the project; wins over the file's.
    average : bool
        Whether a raster much finer than the grid may be averaged while it is read (heights), so that
        memory follows the grid; classes are never.
    possible : tuple of float
        Lowest and highest value that may go into an average; others are counted in ``wild``. One
        undeclared -9999 among heights would make a low height that looks like any other.

    Returns
    -------
    Patch or None
        None after a fault.
    """
    if not is_readable_kind(path):
        tell_missing(path, report)
        return None
    files = raster_files(path)
    if not files:
        report.once(NO_TILES)
        return None
    with ExitStack() as stack:
        opened = _opened(files, stack, report)
        if opened is None:
            return None
        system = _system(opened, report, crs)
        if system is None:
            return None
        try:
            return _read_window(opened, grid, report, system, average, possible)
        except (RasterioError, CPLE_BaseError, ValueError) as exception:
            log.debug("cannot read %s", path, exc_info=exception)
            report.once(UNREADABLE, kind=_kind(files[0]))
            return None


def _system(opened: Sequence[Any], report: Report, declared: str | None) -> CRS | None:
    from pyproj.exceptions import CRSError

    own = opened[0].crs
    steps = {(d.crs, round(d.transform.a, 12), round(d.transform.e, 12)) for d in opened}
    if len(steps) > 1:
        report.once(MIXED_TILES)
        return None
    file_crs = CRS.from_wkt(own.to_wkt()) if own else None
    if declared is not None:
        try:
            crs = CRS.from_user_input(int(declared) if declared.isdigit() else declared)
        except CRSError:
            report.once(BAD_CRS, column="crs", value=declared, crs=declared)
            return None
        if file_crs is not None and not crs.equals(file_crs, ignore_axis_order=True):
            report.once(OTHER_CRS, own=crs_name(file_crs), declared=crs_name(crs))
        return crs
    if file_crs is None:
        report.once(NO_CRS)
    return file_crs


def _read_window(
    opened: Sequence[Any], grid: Grid, report: Report, crs: CRS, average: bool, possible: tuple[float, float]
) -> Patch | None:
    extents = tuple(tuple(d.bounds) for d in opened)
    bounds = transform_bounds(grid.crs.to_wkt(), crs.to_wkt(), *grid.bounds, densify_pts=41)
    step_x, step_y = abs(opened[0].transform.a), abs(opened[0].transform.e)
    reach_x, reach_y = _cell_in(grid, bounds)
    left, bottom, right, top = (
        bounds[0] - reach_x - 2 * step_x, bounds[1] - reach_y - 2 * step_y,
        bounds[2] + reach_x + 2 * step_x, bounds[3] + reach_y + 2 * step_y,
    )
    near = [
        (d, e) for d, e in zip(opened, extents, strict=True)
        if e[0] < right and e[2] > left and e[1] < top and e[3] > bottom
    ]
    if not near:
        report.once(NO_OVERLAP)
        return None
    held = _snapped(
        near[0][0].transform,
        max(left, min(e[0] for _, e in near)), max(bottom, min(e[1] for _, e in near)),
        min(right, max(e[2] for _, e in near)), min(top, max(e[3] for _, e in near)),
    )
    report.rows_read = sum(d.width * d.height for d in opened)
    if len(near) > 1:
        values, transform = merge([d for d, _ in near], bounds=held, masked=True, indexes=[1])
        return Patch(_scaled(values[0], near[0][0]), transform, crs, extents)
    dataset = near[0][0]
    window = _whole_pixels(from_bounds(*held, transform=dataset.transform), dataset)
    transform = dataset.window_transform(window)
    shrink = max(1, math.floor(min(reach_x / step_x, reach_y / step_y) / 4)) if average else 1
    if shrink > 1:
        values, wild = _averaged(dataset, window, shrink, possible)
        return Patch(values, transform * Affine.scale(shrink), crs, extents, wild)
    return Patch(_scaled(dataset.read(1, window=window, masked=True), dataset), transform, crs, extents)


_STRIP_PIXELS = 4_000_000
"""Of a raster finer than the grid, read at a time."""


def _averaged(
    dataset: Any, window: Window, shrink: int, possible: tuple[float, float]
) -> tuple[np.ma.MaskedArray[Any, Any], int]:
    """Return the means of ``shrink`` by ``shrink`` pixels that have a value, and how many pixels were wild.

    The last row and column of blocks may be parts of blocks.
    """
    rows, cols = math.ceil(window.height / shrink), math.ceil(window.width / shrink)
    total, count = np.zeros((rows, cols)), np.zeros((rows, cols), dtype=np.int64)
    wild = 0
    at_once = max(1, _STRIP_PIXELS // (int(window.width) * shrink))
    starts = np.arange(cols) * shrink
    for first in range(0, rows, at_once):
        top = first * shrink
        height = min(at_once * shrink, int(window.height) - top)
        strip = Window(window.col_off, window.row_off + top, window.width, height)
        read = _scaled(dataset.read(1, window=strip, masked=True), dataset)
        pixels = np.ma.filled(read.astype(np.float64), np.nan)
        beyond_possible = (pixels < possible[0]) | (pixels > possible[1])
        wild += int(beyond_possible.sum())
        known = np.isfinite(pixels) & ~beyond_possible
        blocks = slice(first, first + math.ceil(height / shrink))
        lines = np.arange(0, height, shrink)
        for into, addends in ((total, np.where(known, pixels, 0.0)), (count, known.astype(np.int64))):
            into[blocks] = np.add.reduceat(np.add.reduceat(addends, lines, axis=0), starts, axis=1)
    means = total / np.maximum(count, 1)
    return np.ma.MaskedArray(means.astype(np.float32), mask=count == 0), wild


def _snapped(
    transform: Affine, left: float, bottom: float, right: float, top: float
) -> tuple[float, float, float, float]:
    """Return the bounds moved outwards onto the edges of pixels, so that tiles are not resampled."""
    col0, row0 = ~transform * (left, top)
    col1, row1 = ~transform * (right, bottom)
    tiny = 1e-6
    x0, y1 = transform * (math.floor(col0 + tiny), math.floor(row0 + tiny))
    x1, y0 = transform * (math.ceil(col1 - tiny), math.ceil(row1 - tiny))
    return x0, y0, x1, y1


def _cell_in(grid: Grid, bounds: tuple[float, float, float, float]) -> tuple[float, float]:
    """Return about the width and height of a cell in the units of ``bounds``."""
    rows, cols = grid.shape
    return (bounds[2] - bounds[0]) / cols, (bounds[3] - bounds[1]) / rows


def _whole_pixels(window: Window, dataset: Any) -> Window:
    col0, row0 = max(0, math.floor(window.col_off)), max(0, math.floor(window.row_off))
    col1 = min(dataset.width, math.ceil(window.col_off + window.width))
    row1 = min(dataset.height, math.ceil(window.row_off + window.height))
    return Window(col0, row0, max(1, col1 - col0), max(1, row1 - row0))


def _scaled(values: np.ma.MaskedArray[Any, Any], dataset: Any) -> np.ma.MaskedArray[Any, Any]:
    scale, offset = dataset.scales[0], dataset.offsets[0]
    return values if (scale, offset) == (1.0, 0.0) else values * scale + offset


def warp(
    values: NDArray[Any], patch: Patch, grid: Grid, *, resampling: Resampling, missing: Any
) -> NDArray[Any]:
    """Return an array on the patch's pixels warped onto the grid.

    Parameters
    ----------
    values : array, shape of the patch
    patch : Patch
    grid : Grid
    resampling : Resampling
    missing : number
        Stands for nodata in ``values`` and in the result.
    """
    result = np.full(grid.shape, missing, dtype=values.dtype)
    reproject(
        values, result, src_transform=patch.transform, src_crs=patch.crs.to_wkt(), src_nodata=missing,
        dst_transform=grid.transform, dst_crs=grid.crs.to_wkt(), dst_nodata=missing, resampling=resampling,
        num_threads=2,
    )
    return result


def beyond(patch: Patch, grid: Grid, cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which of the chosen cells have their centre outside every file of the raster."""
    from pyproj import Transformer

    rows, cols = np.nonzero(cells)
    turn = Transformer.from_crs(grid.crs, patch.crs, always_xy=True)
    x, y = turn.transform(grid.x_m()[cols], grid.y_m()[rows])
    out = np.ones(len(rows), dtype=bool)
    for left, bottom, right, top in patch.extents:
        out &= ~((x >= left) & (x <= right) & (y >= bottom) & (y <= top))
    result = np.zeros(grid.shape, dtype=bool)
    result[rows, cols] = out
    return result


