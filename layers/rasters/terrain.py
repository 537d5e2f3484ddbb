"""The terrain: metres above sea level on the grid, voids left as voids and counted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling

from phusong.layers.faults import Faults
from phusong.layers.grid import Grid, Raster
from phusong.layers.project.schema import TerrainTable
from phusong.layers.rasters.reading import beyond, read_patch, warp
from phusong.layers.rules import Report, error, warning
from phusong.layers.vectors.geometry import said_area

if TYPE_CHECKING:
    import geopandas as gpd

LOWEST_M, HIGHEST_M = -450.0, 8900.0
"""Of land on Earth: the shore of the Dead Sea and Everest. What lies beyond is no height."""

MOST_UNCOVERED = 0.05
"""Share of the province that may lie outside the raster before it counts as the wrong raster."""

NOT_COVERED = error(
    "does-not-cover",
    "Ảnh không phủ {share:.1f}% diện tích tỉnh ({area}).",
    "The raster does not cover {share:.1f}% of the province ({area}).",
    "Bổ sung các mảnh còn thiếu.", "Add the tiles that are missing.",
)
PARTLY_COVERED = warning(
    "does-not-cover",
    "Ảnh không phủ {share:.2f}% diện tích tỉnh ({area}): ở đó coi là không có dữ liệu.",
    "The raster does not cover {share:.2f}% of the province ({area}): nothing is known there.",
    "Bổ sung các mảnh còn thiếu.", "Add the tiles that are missing.",
)
VOIDS = warning(
    "voids",
    "Ảnh có {n} ô trống trong tỉnh ({area}): ở đó coi là không có dữ liệu.",
    "The raster has {n} void cells in the province ({area}): nothing is known there.",
    "Dùng bản đã lấp ô trống nếu diện tích đáng kể.", "Use a version with voids filled if the area matters.",
)
FILLED = warning(
    "filled",
    "Đã lấp {n} ô trống trong tỉnh ({area}) bằng nội suy từ các ô xung quanh, theo yêu cầu của dự án.",
    "{n} void cells of the province ({area}) were filled from the cells around, as the project asks.",
)
SITE_WITHOUT_TERRAIN = error(
    "site-without-terrain",
    "{n} vị trí trạm đứng ở nơi địa hình không có giá trị: {sites}. Không tính được mặt cắt từ đó.",
    "{n} sites stand where the terrain has no value: {sites}. No profile can start there.",
    "Bổ sung mảnh địa hình, đặt fill_voids = true, hoặc sửa tọa độ trạm.",
    "Add the missing tiles, set fill_voids = true, or mend the sites' coordinates.",
)
FILL_REACH_CELLS = 100
"""Voids are filled from values at most so many cells away; what lies farther stays a void."""

NO_HEIGHT = warning(
    "no-height",
    "{n} điểm ảnh có giá trị không thể là độ cao (từ {low} đến {high} m): coi là trống.",
    "{n} pixels hold what can be no height (from {low} to {high} m): they count as void.",
    "Khai giá trị nodata trong tệp ảnh.", "Declare the nodata value in the raster.",
)


def widen(grid: Grid, margin_m: float) -> Grid:
    """Return the grid with whole cells added on all sides, ``margin_m`` or a little more."""
    n = math.ceil(max(margin_m, 0.0) / grid.cell_m)
    return Grid(
        grid.crs, grid.left_m - n * grid.cell_m, grid.top_m + n * grid.cell_m, grid.cell_m,
        (grid.shape[0] + 2 * n, grid.shape[1] + 2 * n),
    )


def read_terrain(
    path: Path,
    grid: Grid,
    faults: Faults,
    *,
    margin_m: float = 0.0,
    communes: gpd.GeoDataFrame | None = None,
    file: str = "",
    crs: str | None = None,
    layer_name: str = "terrain",
) -> Raster[np.float32] | None:
    """Read heights and warp them onto the grid, bilinear; a finer raster is averaged over the cell.

    Parameters
    ----------
    path : Path
        Any raster that GDAL reads, or a folder of tiles (SRTM ``.hgt``, GeoTIFF) of one kind.
    grid : Grid
    faults : Faults
        Errors: not readable, no coordinate system, does not cover the province. Warnings: voids, with
        their area; part of the province not covered; values that are no heights.
    margin_m : float
        The result is wider than the grid by this much, for paths to sites beyond the border.
    communes : GeoDataFrame, optional
        In the grid's system: voids are counted inside them; by default over the whole grid.
    file : str
        Name of the file in messages.
    crs : str, optional
        Declared in the project; wins over the file's.

    Returns
    -------
    Raster of float32, or None
        Metres above sea level in the file's vertical datum, NaN = void; its grid is ``grid`` widened by
        the margin. None after an error.
    """
    from phusong.layers.boundaries.province import Province

    wide = widen(grid, margin_m)
    if communes is not None:
        inside = Province(wide, communes).inside
    else:
        n = (wide.shape[0] - grid.shape[0]) // 2
        inside = np.zeros(wide.shape, dtype=bool)
        inside[n : n + grid.shape[0], n : n + grid.shape[1]] = True
    return terrain_layer(path, wide, Report(layer_name, file or path.name, faults), inside, crs=crs)


def terrain_layer(
    path: Path,
    grid: Grid,
    report: Report,
    inside: NDArray[np.bool_],
    *,
    crs: str | None = None,
    settings: TerrainTable | None = None,
) -> Raster[np.float32] | None:
    """Do what `read_terrain` does on a grid that is wide enough, with the layer's own report.

    ``inside`` tells the cells in which voids count; ``settings`` whether to fill them.
    """
    patch = read_patch(path, grid, report, crs=crs, possible=(LOWEST_M, HIGHEST_M))
    if patch is None:
        return None
    heights = np.ma.filled(patch.values.astype(np.float32), np.nan)
    wild = (heights < LOWEST_M) | (heights > HIGHEST_M)
    n_wild = patch.wild + int(wild.sum())
    if n_wild:
        report.once(NO_HEIGHT, n=n_wild, low=LOWEST_M, high=HIGHEST_M)
        heights[wild] = np.nan
    values = warp(heights, patch, grid, resampling=Resampling.bilinear, missing=np.nan)
    void = np.isnan(values) & inside
    if void.any():
        outside = beyond(patch, grid, void)
        holes = int((void & ~outside).sum())
        filling = settings is not None and settings.fill_voids
        _tell(report, grid, int(outside.sum()), 0 if filling else holes, int(inside.sum()))
        if filling:
            values = fill_voids(values)
            filled = int((void & ~np.isnan(values)).sum())
            report.once(FILLED, n=filled, area=said_area(filled * grid.cell_m**2))
    return Raster(values, grid)


def fill_voids(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fill NaN from the nearest values in all directions, inverse to distance (GDAL's fillnodata)."""
    from rasterio.fill import fillnodata

    known = np.isfinite(values)
    if not known.any():
        return values
    # GDAL leaves what it cannot reach as it was: a height that no land has tells those cells.
    marked = np.where(known, values, np.float32(2.0 * LOWEST_M))
    filled = fillnodata(marked, mask=known.astype(np.uint8), max_search_distance=FILL_REACH_CELLS)
    return np.where(filled < LOWEST_M, np.float32(np.nan), filled).astype(np.float32)


def check_sites(terrain: Raster[np.float32], stations: gpd.GeoDataFrame, report: Report) -> None:
    """Tell the sites on the grid that stand on a void: no profile can start there."""
    height = terrain.at(stations.geometry.x.to_numpy(), stations.geometry.y.to_numpy(), np.float32(0.0))
    sites = stations["site_id"][np.isnan(height)].astype(str).drop_duplicates()
    if len(sites):
        shown = ", ".join(sites.iloc[:5]) + (", …" if len(sites) > 5 else "")
        report.once(SITE_WITHOUT_TERRAIN, n=len(sites), sites=shown)


def _tell(report: Report, grid: Grid, outside: int, void: int, total: int) -> None:
    if outside:
        rule = NOT_COVERED if outside > MOST_UNCOVERED * total else PARTLY_COVERED
        report.once(rule, share=100.0 * outside / total, area=said_area(outside * grid.cell_m**2))
    if void:
        report.once(VOIDS, n=void, area=said_area(void * grid.cell_m**2))
