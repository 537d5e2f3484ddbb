"""Land cover on the grid: what stands on the ground, and how high."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling

from phusong.layers.boundaries.province import Province
from phusong.layers.faults import Faults
from phusong.layers.grid import Grid, Raster
from phusong.layers.project.schema import ClutterTable
from phusong.layers.rasters.reading import Patch, read_patch, warp
from phusong.layers.rules import Report, error, warning
from phusong.layers.vectors.geometry import said_area

if TYPE_CHECKING:
    import geopandas as gpd

CLASSES: Mapping[str, int] = MappingProxyType(
    {"water": 1, "open": 2, "forest": 3, "suburban": 4, "urban": 5, "dense-urban": 6}
)
"""Codes of the classes; 0 is none."""

HEIGHTS_M: Mapping[str, float] = MappingProxyType(
    {"water": 0.0, "open": 0.0, "forest": 15.0, "suburban": 10.0, "urban": 15.0, "dense-urban": 20.0}
)
"""Representative heights, Rec. ITU-R P.1812-7, Annex 1, section 3.2, table 2: water/sea and open/rural
0 m, suburban 10 m, urban/trees/forest 15 m, dense urban 20 m."""

WORLDCOVER: Mapping[int, str] = MappingProxyType(
    {
        10: "forest", 20: "open", 30: "open", 40: "open", 50: "suburban", 60: "open", 70: "open",
        80: "water", 90: "open", 95: "forest", 100: "open",
    }
)
"""Codes of ESA WorldCover v200 (Product User Manual, table 1). Built-up (50) does not tell a town from a
village: it is taken as suburban, 10 m; mangroves (95) as forest."""

UNKNOWN_VALUE = error(
    "unknown-value",
    "{n} điểm ảnh có giá trị {number}, chưa được gán lớp nào.",
    "{n} pixels have the value {number}, which has no class.",
    'Khai trong dự án: classes = {{ {number} = "open" }}; các lớp: {known}.',
    'Say in the project: classes = {{ {number} = "open" }}; classes: {known}.',
)
NO_CLASSES = error(
    "no-classes",
    "Dự án không khai lớp cho các giá trị của ảnh, và ảnh không phải ESA WorldCover (có giá trị {numbers}).",
    "The project gives the raster's values no classes, and it is no ESA WorldCover (it has {numbers}).",
    'Khai trong [layers.clutter]: classes = {{ 1 = "water", 2 = "open" }}; các lớp: {known}.',
    'Say in [layers.clutter]: classes = {{ 1 = "water", 2 = "open" }}; classes: {known}.',
)
UNCLASSIFIED = warning(
    "no-class",
    "{n} ô trong tỉnh ({area}) không có lớp phủ: coi như đất trống, không vật che chắn.",
    "{n} cells of the province ({area}) have no land cover: taken as bare ground.",
)
SITE_ON_WATER = warning(
    "site-on-water",
    "{n} vị trí trạm nằm giữa mặt nước theo lớp phủ: {sites}.",
    "{n} sites stand in the midst of water by the land cover: {sites}.",
    "Kiểm tra tọa độ và hệ tọa độ của các trạm đó; trạm vẫn được tính ở vị trí đã ghi.",
    "Check their coordinates and coordinate system; they are reckoned where the file puts them.",
)


def read_clutter(
    path: Path,
    grid: Grid,
    faults: Faults,
    *,
    settings: ClutterTable | None = None,
    communes: gpd.GeoDataFrame | None = None,
    file: str = "",
    layer_name: str = "clutter",
) -> Raster[np.uint8] | None:
    """Read land cover and lay its classes on the grid.

    Each cell takes the class that fills most of it where the raster is finer than the grid, else the
    class of the nearest pixel.

    Parameters
    ----------
    path : Path
        Any raster that GDAL reads, or a folder of tiles.
    grid : Grid
    faults : Faults
        Errors: not readable, no coordinate system, values without a class. Warning: cells of the
        province without land cover.
    settings : ClutterTable, optional
        Its ``classes`` maps values to classes; without any, ESA WorldCover is recognised.
    communes : GeoDataFrame, optional
        In the grid's system.
    file : str
        Name of the file in messages.

    Returns
    -------
    Raster of uint8, or None
        Codes of `CLASSES`, 0 = none. None after an error.
    """
    report = Report(layer_name, file or path.name, faults)
    inside = Province(grid, communes).inside if communes is not None else None
    return clutter_layer(path, grid, report, settings=settings, inside=inside)


def clutter_layer(
    path: Path,
    grid: Grid,
    report: Report,
    *,
    settings: ClutterTable | None = None,
    inside: NDArray[np.bool_] | None = None,
) -> Raster[np.uint8] | None:
    """Do what `read_clutter` does, with the layer's own report; ``inside``: cells of the province."""
    patch = read_patch(path, grid, report, crs=settings.crs if settings else None, average=False)
    if patch is None:
        return None
    codes = _codes(patch, {int(k): v for k, v in settings.classes.items()} if settings else {}, report)
    if codes is None:
        return None
    values = warp(codes, patch, grid, resampling=_resampling(patch, grid), missing=0)
    if inside is not None:
        bare = int((inside & (values == 0)).sum())
        if bare:
            report.once(UNCLASSIFIED, n=bare, area=said_area(bare * grid.cell_m**2))
    return Raster(values, grid)


def clutter_heights_m(settings: ClutterTable | None) -> NDArray[np.float64]:
    """Return the height of every code of `CLASSES`, 0 m for none: the project's, else `HEIGHTS_M`.

    Returns
    -------
    array of float64, shape (7,)
        Index it with the codes of the raster.
    """
    given = {**HEIGHTS_M, **(settings.heights_m if settings else {})}
    heights = np.zeros(max(CLASSES.values()) + 1)
    for name, code in CLASSES.items():
        heights[code] = given[name]
    return heights


def check_sites_on_water(clutter: Raster[np.uint8], stations: gpd.GeoDataFrame, report: Report) -> None:
    """Tell the sites with water on all sides; a mast on a bank may share its cell with the water."""
    from scipy.ndimage import binary_erosion

    around = np.ones((3, 3), dtype=bool)
    open_water = binary_erosion(clutter.values == CLASSES["water"], around, border_value=1)
    wet = Raster(open_water, clutter.grid).at(
        stations.geometry.x.to_numpy(), stations.geometry.y.to_numpy(), np.False_
    )
    sites = stations["site_id"][wet].astype(str).drop_duplicates()
    if len(sites):
        shown = ", ".join(sites.iloc[:5]) + (", …" if len(sites) > 5 else "")
        report.once(SITE_ON_WATER, n=len(sites), sites=shown)


def _codes(patch: Patch, classes: Mapping[int, str], report: Report) -> NDArray[np.uint8] | None:
    """Return the code of every pixel; tell values that have no class."""
    masked = np.ma.getmaskarray(patch.values)
    numbers, inverse, counts = np.unique(
        np.ma.getdata(patch.values)[~masked], return_inverse=True, return_counts=True
    )
    known = ", ".join(CLASSES)
    if not classes:
        if not all(int(v) == v and (int(v) in WORLDCOVER or v == 0) for v in numbers):
            listed = ", ".join(f"{v:g}" for v in numbers[:10])
            report.once(NO_CLASSES, numbers=listed, known=known)
            return None
        classes = WORLDCOVER
        counts = np.where(numbers == 0, 0, counts)  # 0 is WorldCover's own nodata
    lookup = np.zeros(len(numbers), dtype=np.uint8)
    missing = False
    for i, (number, n) in enumerate(zip(numbers.tolist(), counts.tolist(), strict=True)):
        name = classes.get(int(number)) if int(number) == number else None
        if name is not None:
            lookup[i] = CLASSES[name]
        elif n:
            missing = True
            report.once(UNKNOWN_VALUE, value=f"{number:g}", n=n, number=f"{number:g}", known=known)
    if missing:
        return None
    codes = np.zeros(patch.values.shape, dtype=np.uint8)
    codes[~masked] = lookup[inverse.reshape(-1)]
    return codes


def _resampling(patch: Patch, grid: Grid) -> Resampling:
    from rasterio.warp import transform_bounds

    bounds = transform_bounds(grid.crs.to_wkt(), patch.crs.to_wkt(), *grid.bounds)
    across = (bounds[2] - bounds[0]) / grid.shape[1] / patch.step[0]
    return Resampling.mode if across > 1.5 else Resampling.nearest
