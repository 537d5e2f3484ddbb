"""Terrain and land cover: values in their places, tiles without seams, real mountains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
import small
from pyproj import CRS, Transformer
from rasterio.transform import from_origin

from phusong.layers.faults import Faults
from phusong.layers.grid import Grid
from phusong.layers.project.schema import ClutterTable
from phusong.layers.rasters.clutter import CLASSES, HEIGHTS_M, clutter_heights_m, read_clutter
from phusong.layers.rasters.terrain import read_terrain, widen

UTM = CRS.from_epsg(32649)


def slope(path: Path, left: float, top: float, rows: int, cols: int, step: float) -> None:
    """Write heights that are a plane in longitude and latitude, so that every value tells its place."""
    lon = left + (np.arange(cols) + 0.5) * step
    lat = top - (np.arange(rows) + 0.5) * step
    heights = 1000 * (lon[None, :] - 108) + 2000 * (lat[:, None] - 14)
    small.raster(path, heights.astype(np.float32), left=left, top=top, step=step)


def expected(grid: Grid) -> Any:
    x, y = np.meshgrid(grid.x_m(), grid.y_m())
    lon, lat = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform(x, y)
    return 1000 * (lon - 108) + 2000 * (lat - 14)


def grid_at(lon: float, lat: float, rows: int, cols: int, cell: float) -> Grid:
    x, y = Transformer.from_crs(4326, UTM, always_xy=True).transform(lon, lat)
    return Grid(UTM, round(x / cell) * cell, round(y / cell) * cell, cell, (rows, cols))


@pytest.mark.parametrize("cell", [30.0, 100.0, 400.0])
def test_a_plane_stays_a_plane(tmp_path: Path, cell: float) -> None:
    """Finer, equal and coarser than the raster (110 m), no cell is moved by a tenth of a pixel (2 m high)."""
    slope(tmp_path / "dem.tif", 108.0, 14.5, 500, 500, 0.001)
    grid = grid_at(108.1, 14.4, 40, 50, cell)
    faults = Faults()
    terrain = read_terrain(tmp_path / "dem.tif", grid, faults)
    assert terrain is not None
    assert list(faults) == []
    assert terrain.values.dtype == np.float32
    assert np.abs(terrain.values - expected(grid)).max() < (0.05 if cell <= 110 else 0.2)


def test_tiles_meet_without_a_seam(tmp_path: Path) -> None:
    """Four tiles give what one raster gives."""
    folder = tmp_path / "tiles"
    folder.mkdir()
    for i, left in enumerate((108.0, 108.25)):
        for j, top in enumerate((14.5, 14.25)):
            slope(folder / f"t{i}{j}.tif", left, top, 250, 250, 0.001)
    (folder / "readme.txt").write_text("no tile")
    slope(folder / "far.tif", 100.0, 14.5, 250, 250, 0.001)
    grid = grid_at(108.2, 14.3, 100, 110, 100.0)
    faults = Faults()
    terrain = read_terrain(folder, grid, faults)
    assert terrain is not None
    assert list(faults) == []
    assert np.abs(terrain.values - expected(grid)).max() < 0.05


def test_margin(tmp_path: Path) -> None:
    slope(tmp_path / "dem.tif", 108.0, 14.5, 500, 500, 0.001)
    grid = grid_at(108.1, 14.4, 40, 50, 100.0)
    terrain = read_terrain(tmp_path / "dem.tif", grid, Faults(), margin_m=950.0)
    assert terrain is not None
    assert terrain.grid == widen(grid, 1000.0)
    assert terrain.grid.shape == (60, 70)
    assert np.abs(terrain.values - expected(terrain.grid)).max() < 0.05
    inner = read_terrain(tmp_path / "dem.tif", grid, Faults())
    assert inner is not None
    assert np.abs(terrain.values[10:-10, 10:-10] - inner.values).max() < 0.01


def test_tiles_of_two_kinds_and_none(tmp_path: Path) -> None:
    slope(tmp_path / "a.tif", 108.0, 14.5, 250, 250, 0.001)
    slope(tmp_path / "b.tif", 108.25, 14.5, 125, 125, 0.002)
    grid = grid_at(108.2, 14.3, 10, 10, 100.0)
    faults = Faults()
    assert read_terrain(tmp_path, grid, faults) is None
    empty = tmp_path / "empty"
    empty.mkdir()
    assert read_terrain(empty, grid, faults) is None
    assert read_terrain(tmp_path / "c.tif", grid, faults) is None
    assert [f.code for f in faults] == ["terrain.mixed-tiles", "terrain.no-tiles", "terrain.missing-file"]
    for fault, vi, en in zip(
        faults,
        ("không cùng hệ tọa độ", "không có mảnh ảnh nào", "Không tìm thấy tệp"),
        ("differ in coordinate system", "has no tile", "is not there"),
        strict=True,
    ):
        assert vi in fault.say("vi")
        assert en in fault.say("en")


def test_raster_without_a_place(tmp_path: Path) -> None:
    from affine import Affine

    for turn in (Affine(0.001, 0, 108, 0, 0.001, 14), Affine(0.001, 0.0005, 108, 0, -0.001, 14.5)):
        with rasterio.open(
            tmp_path / "dem.tif",
            "w",
            driver="GTiff",
            height=9,
            width=9,
            count=1,
            dtype="int16",
            crs="EPSG:4326",
            transform=turn,
        ) as file:
            file.write(np.ones((9, 9), dtype=np.int16), 1)
        faults = Faults()
        assert read_terrain(tmp_path / "dem.tif", grid_at(108.1, 14.4, 5, 5, 100.0), faults) is None
        (fault,) = faults
        assert fault.code == "terrain.not-north-up"
        assert "hàng đầu phải là phía bắc" in fault.say("vi")
        assert "northern" in fault.say("en")


@pytest.mark.slow
def test_real_mountains(shared: Path) -> None:
    """NASADEM: as a file and as a folder; cell centres against the raster's own pixels; summit in place."""
    path = shared / "terrain" / "N44W072.hgt"
    crs = CRS.from_epsg(32619)
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(-71.3033, 44.2706)  # Mount Washington
    grid = Grid(crs, round(x, -2) - 10_000, round(y, -2) + 10_000, 100.0, (200, 200))
    faults = Faults()
    one = read_terrain(path, grid, faults)
    many = read_terrain(path.parent, grid, faults)
    assert one is not None
    assert many is not None
    assert list(faults) == []
    assert np.array_equal(one.values, many.values)
    row, col = np.unravel_index(int(one.values.argmax()), grid.shape)
    assert np.hypot(grid.x_m()[col] - x, grid.y_m()[row] - y) < 300
    assert 1860 < one.values.max() < 1917
    px, py = np.meshgrid(grid.x_m(), grid.y_m())
    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(px.ravel(), py.ravel())
    with rasterio.open(path) as source:
        own = np.array([v[0] for v in source.sample(zip(lon, lat, strict=True))], dtype=float)
    error = one.values.ravel() - own
    assert abs(error.mean()) < 0.5  # no shift: a half pixel off gives several metres on these slopes
    assert np.percentile(np.abs(error), 90) < 20


def test_a_folder_of_degree_tiles_is_one_terrain(tmp_path: Path) -> None:
    """Tiles as Copernicus cuts GLO-30, a plane across both: no seam, no shift, and the void between told."""
    step, side = 1 / 1200, 240

    def plane(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return 40.0 + 300.0 * (lon - 108.0) + 200.0 * (lat - 14.0)

    for name, west in (("N14_00_E107_00", 108.0 - side * step), ("N14_00_E108_00", 108.0)):
        lon = west + (np.arange(side) + 0.5) * step
        lat = 14.2 - (np.arange(side) + 0.5) * step
        with rasterio.open(
            tmp_path / f"Copernicus_DSM_COG_10_{name}_DEM.tif",
            "w",
            driver="GTiff",
            height=side,
            width=side,
            count=1,
            dtype="float32",
            crs="EPSG:4326",
            transform=from_origin(west, 14.2, step, step),
        ) as file:
            file.write(plane(*np.meshgrid(lon, lat)).astype(np.float32), 1)
    crs = CRS.from_epsg(32649)
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform(108.0, 14.1)
    grid = Grid(crs, round(x, -2) - 5000, round(y, -2) + 5000, 100.0, (100, 100))
    faults = Faults()
    found = read_terrain(tmp_path, grid, faults)
    assert found is not None
    assert list(faults) == []
    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(*np.meshgrid(grid.x_m(), grid.y_m()))
    assert lon.min() < 107.99
    assert lon.max() > 108.01
    error = found.values - plane(lon, lat)
    assert (
        np.abs(error).max() < 0.07
    )  # GDAL's own tolerance, an eighth of a pixel on this slope, and rounding
    assert abs(error.mean()) < 0.01
    wide = Grid(crs, grid.left_m - 30_000, grid.top_m, 100.0, (100, 400))
    beyond = Faults()
    read_terrain(tmp_path, wide, beyond)
    assert [f.code for f in beyond] != []


def test_land_cover_takes_the_commonest_class(tmp_path: Path) -> None:
    """10 m pixels under 100 m cells: the class of most pixels, counted by hand."""
    rng = np.random.default_rng(5)
    pixels = rng.choice(np.array([10, 50, 80], dtype=np.uint8), size=(200, 300), p=[0.5, 0.3, 0.2])
    pixels[:100, :150] = 50
    grid = Grid(UTM, 200_000.0, 1_550_000.0, 100.0, (20, 30))
    path = tmp_path / "cover.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=200,
        width=300,
        count=1,
        dtype="uint8",
        crs=UTM.to_wkt(),
        transform=from_origin(200_000, 1_550_000, 10, 10),
    ) as file:
        file.write(pixels, 1)
    cover = read_clutter(path, grid, Faults())
    assert cover is not None
    blocks = pixels.reshape(20, 10, 30, 10).transpose(0, 2, 1, 3).reshape(20, 30, 100)
    counts = np.stack([(blocks == v).sum(axis=2) for v in (10, 50, 80)])
    clear = np.sort(counts, axis=0)[-1] > np.sort(counts, axis=0)[-2]
    codes = np.array([CLASSES["forest"], CLASSES["suburban"], CLASSES["water"]])[counts.argmax(axis=0)]
    assert clear.mean() > 0.9
    assert (cover.values[clear] == codes[clear]).all()
    assert (cover.values[:10, :15] == CLASSES["suburban"]).all()


def test_heights_of_land_cover() -> None:
    table = ClutterTable(path=Path("x.tif"), heights_m={"forest": 22.0})
    heights = clutter_heights_m(table)
    assert heights[0] == 0.0
    assert heights[CLASSES["forest"]] == 22.0
    assert heights[CLASSES["dense-urban"]] == HEIGHTS_M["dense-urban"] == 20.0
    assert set(CLASSES) == set(HEIGHTS_M)
    assert len(clutter_heights_m(None)) == 7


def test_voids_are_counted_inside_the_communes_only(tmp_path: Path) -> None:
    slope(tmp_path / "dem.tif", 108.0, 14.5, 500, 500, 0.001)
    with rasterio.open(tmp_path / "dem.tif", "r+") as file:
        values = file.read(1)
        values[:, :250] = np.nan
        file.write(values, 1)
    grid = grid_at(108.15, 14.4, 100, 220, 100.0)
    _, _, right, top = grid.bounds
    east = gpd.GeoDataFrame(geometry=[shapely.box(right - 3000, top - 3000, right, top)], crs=UTM)
    faults = Faults()
    assert read_terrain(tmp_path / "dem.tif", grid, faults, communes=east) is not None
    assert list(faults) == []
    whole = gpd.GeoDataFrame(geometry=[shapely.box(*grid.bounds)], crs=UTM)
    terrain = read_terrain(tmp_path / "dem.tif", grid, faults, communes=whole)
    assert terrain is not None
    assert [f.code for f in faults] == ["terrain.voids"]
    assert next(iter(faults)).values["n"] == int(np.isnan(terrain.values).sum())
