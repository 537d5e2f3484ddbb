"""Regridding conserves every source cell's people exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio.transform import from_origin
from shapely.geometry import Polygon, box

from phusong.layers.faults import Faults
from phusong.layers.grid import Grid
from phusong.layers.rasters.population import read_population

UTM = CRS.from_epsg(32649)


def write_raster(
    path: Path, values: np.ndarray, transform: Any, crs: Any, nodata: float | None = -99999.0
) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype=values.dtype, crs=crs, transform=transform, nodata=nodata,
    ) as target:  # fmt: skip
        target.write(values, 1)
    return path


def communes_over(grid: Grid) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"commune_code": ["1"]}, geometry=[box(*grid.bounds)], crs=grid.crs)


def read(path: Path, grid: Grid, faults: Faults | None = None, **more: Any) -> Any:
    return read_population(
        path, communes_over(grid), grid, Faults() if faults is None else faults, file=path.name, **more
    )


def brute_force(values: np.ndarray, transform: Any, crs: Any, grid: Grid) -> np.ndarray:
    """Intersect every source cell with every grid cell as polygons."""
    to_grid = Transformer.from_crs(crs, grid.crs, always_xy=True)
    onto = np.zeros(grid.shape)
    x, y = grid.x_m() - grid.cell_m / 2, grid.y_m() + grid.cell_m / 2
    for (i, j), people in np.ndenumerate(values):
        if not people > 0:
            continue
        edges = ((0, 0), (0, 1), (1, 1), (1, 0))
        corners = [rasterio.transform.xy(transform, i + di, j + dj, offset="ul") for di, dj in edges]
        cell = Polygon([to_grid.transform(*c) for c in corners])
        for r in range(grid.shape[0]):
            for c in range(grid.shape[1]):
                square = box(x[c], y[r] - grid.cell_m, x[c] + grid.cell_m, y[r])
                onto[r, c] += people * cell.intersection(square).area / cell.area
    return onto


def test_degrees_onto_metres_as_polygons_do(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    values = rng.gamma(0.5, 40.0, (5, 6)).astype(np.float32)
    values[1, 2] = -99999.0
    transform = from_origin(108.99, 14.01, 0.0083, 0.0083)
    path = write_raster(tmp_path / "p.tif", values, transform, "EPSG:4326")
    middle = Transformer.from_crs(4326, UTM, always_xy=True).transform(109.01, 13.99)
    grid = Grid.cover((middle[0] - 1500, middle[1] - 1300, middle[0] + 1500, middle[1] + 1300), UTM, 310.0)
    population = read(path, grid)
    expected = brute_force(np.where(values > 0, values, 0.0).astype(float), transform, "EPSG:4326", grid)
    np.testing.assert_allclose(population.people.values, expected, rtol=1e-9, atol=1e-9)
    assert population.people.values.sum() + population.beyond_grid == pytest.approx(
        population.total, rel=1e-12
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cell=st.floats(60.0, 900.0),
    shift=st.tuples(st.floats(-400, 400), st.floats(-400, 400)),
    step=st.floats(0.0005, 0.02),
    seed=st.integers(0, 10**6),
)
def test_nobody_is_lost_or_made(
    tmp_path: Path, cell: float, shift: tuple[float, float], step: float, seed: int
) -> None:
    values = np.random.default_rng(seed).gamma(0.4, 60.0, (7, 9))
    path = write_raster(tmp_path / f"{seed}.tif", values, from_origin(109.0, 14.0, step, step), "EPSG:4326")
    x, y = Transformer.from_crs(4326, UTM, always_xy=True).transform(109.0 + 4 * step, 14.0 - 3 * step)
    x, y = x + shift[0], y + shift[1]
    # A grid far larger than the raster holds everybody, in the cells it should.
    half = 12 * step * 111_000.0 + 1000.0
    grid = Grid.cover((x - half, y - half, x + half, y + half), UTM, max(cell, half / 60))
    population = read(path, grid)
    assert population.total == pytest.approx(values.sum(), rel=1e-12)
    assert population.people.values.sum() == pytest.approx(values.sum(), rel=1e-9)
    assert abs(population.beyond_grid) <= 1e-9 * values.sum()


def test_an_aligned_raster_is_taken_as_it_is(tmp_path: Path) -> None:
    values = np.arange(12.0).reshape(3, 4)
    path = write_raster(tmp_path / "p.tif", values, from_origin(500_000, 1_500_000, 100, 100), UTM)
    grid = Grid(UTM, 500_000.0, 1_500_000.0, 100.0, (3, 4))
    np.testing.assert_allclose(read(path, grid).people.values, values, rtol=1e-12)


@pytest.mark.parametrize(
    ("values", "crs", "code"),
    [
        (np.full((3, 3), -5.0), UTM, "population.negative"),
        (np.array([[1.0, np.inf, 1.0]] * 3), UTM, "population.infinite"),
        (np.array([[1.0, -np.inf, 1.0]] * 3), UTM, "population.infinite"),
        (np.full((3, 3), np.nan), UTM, "population.empty"),
        (np.zeros((3, 3)), UTM, "population.empty"),
        (np.ones((3, 3)), None, "population.no-crs"),
    ],
)
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_bad_rasters_are_faults_in_both_languages(
    tmp_path: Path, values: np.ndarray, crs: Any, code: str
) -> None:
    path = write_raster(tmp_path / "bad.tif", values, from_origin(500_000, 1_500_000, 100, 100), crs, None)
    faults = Faults()
    population = read(path, Grid(UTM, 500_000.0, 1_500_000.0, 100.0, (3, 3)), faults)
    assert [f.code for f in faults.errors] == [code]
    assert "tệp bad.tif" in faults.errors[0].say("vi")
    assert "file bad.tif" in faults.errors[0].say("en")
    assert population.people.values.sum() == 0.0


def test_a_file_that_is_no_raster_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "p.tif").write_text("hello")
    faults = Faults()
    read(tmp_path / "p.tif", Grid(UTM, 0.0, 0.0, 100.0, (3, 3)), faults)
    assert [f.code for f in faults.errors] == ["population.unreadable"]


def test_ground_without_a_value_is_said(tmp_path: Path) -> None:
    values = np.ones((4, 4))
    values[:, 2:] = -99999.0
    path = write_raster(tmp_path / "p.tif", values, from_origin(500_000, 1_500_000, 100, 100), UTM)
    faults = Faults()
    read(path, Grid(UTM, 500_000.0, 1_500_000.0, 100.0, (4, 4)), faults)
    assert [f.code for f in faults.warnings] == ["population.uncovered"]
    assert "50,0%" in faults.warnings[0].say("vi")


def test_a_declared_system_wins(tmp_path: Path) -> None:
    path = write_raster(
        tmp_path / "p.tif", np.ones((3, 3)), from_origin(500_000, 1_500_000, 100, 100), "EPSG:32648"
    )
    grid = Grid(UTM, 500_000.0, 1_500_000.0, 100.0, (3, 3))
    assert read(path, grid, crs="EPSG:32649").people.values.sum() == pytest.approx(9.0)


def test_infinite_cells_are_counted(tmp_path: Path) -> None:
    values = np.ones((4, 4), dtype=np.float32)
    values[0, 1] = values[2, 2] = np.inf
    path = write_raster(tmp_path / "p.tif", values, from_origin(500_000, 1_500_000, 100, 100), UTM)
    faults = Faults()
    read(path, Grid(UTM, 500_000.0, 1_500_000.0, 100.0, (4, 4)), faults)
    assert "2 ô mang giá trị vô cực" in faults.errors[0].say("vi")
    assert "2 cells with an infinite value" in faults.errors[0].say("en")


def test_cells_too_dense_to_be_true_are_counted(tmp_path: Path) -> None:
    # A hectare holds 2,000 people at 200,000 a square kilometre.
    values = np.full((4, 4), 2000.0)
    values[1, 1], values[3, 0], values[2, 2] = 2001.0, 65535.0, np.nan
    path = write_raster(tmp_path / "p.tif", values, from_origin(500_000, 1_500_000, 100, 100), UTM)
    faults = Faults()
    population = read(path, Grid(UTM, 500_000.0, 1_500_000.0, 100.0, (4, 4)), faults)
    assert [f.code for f in faults.warnings if f.code != "population.uncovered"] == ["population.dense"]
    said = faults.warnings[-1]
    assert "2 ô đông hơn 200.000 người/km² (cao nhất 6.553.500 người/km²)" in said.say("vi")
    assert "2 cells with more than 200,000 people/km² (highest 6,553,500 people/km²)" in said.say("en")
    assert not faults.errors
    assert population.total == np.nansum(values)


@pytest.mark.parametrize(
    ("official", "told"),
    [(799.0, True), (801.0, False), (3199.0, False), (3201.0, True), (float("nan"), False), (0.0, False)],
)
def test_a_sum_far_from_the_official_population_is_told(
    tmp_path: Path, official: float, told: bool
) -> None:
    # 1,600 people in the commune; its neighbour without a figure holds 1,600 more, which do not count.
    values = np.full((4, 8), 100.0)
    path = write_raster(tmp_path / "p.tif", values, from_origin(500_000, 1_500_000, 100, 100), UTM)
    grid = Grid(UTM, 500_000.0, 1_500_000.0, 100.0, (4, 8))
    shapes = [box(500_000, 1_499_600, 500_400, 1_500_000), box(500_400, 1_499_600, 500_800, 1_500_000)]
    communes = gpd.GeoDataFrame({"population": [official, np.nan]}, geometry=shapes, crs=UTM)
    faults = Faults()
    read_population(path, communes, grid, faults, file="p.tif")
    assert [f.code for f in faults] == (["population.far-from-official"] if told else [])
    if official == 799.0:
        assert "1.600 người" in faults.warnings[0].say("vi")
        assert "a factor of 2 apart" in faults.warnings[0].say("en")
