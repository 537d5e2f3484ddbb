"""People put where buildings are: held against brute force and against what must be conserved."""

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from quick_project import make_project
from rasterio.transform import from_origin

from phusong.coverage.analyse import analyse
from phusong.layers.faults import Faults, InputError
from phusong.layers.grid import Grid
from phusong.layers.project.file import read_project
from phusong.layers.rasters.dasymetric import building_weights
from phusong.layers.rasters.population import read_population
from phusong.layers.rules import Report

METRIC = CRS.from_epsg(32649)
GRID = Grid(METRIC, 500_000.0, 1_500_000.0, 100.0, (12, 12))
COMMUNES = gpd.GeoDataFrame(
    {"commune_code": ["1"]}, geometry=[shapely.box(500_000, 1_498_800, 501_200, 1_500_000)], crs=METRIC
)


def raster(path, people, *, step=400.0, left=500_000.0, top=1_500_000.0):
    with rasterio.open(
        path, "w", driver="GTiff", width=people.shape[1], height=people.shape[0], count=1, dtype="float64",
        crs=METRIC, transform=from_origin(left, top, step, step),
    ) as target:  # fmt: skip
        target.write(people, 1)
    return path


def read(path, weights):
    faults = Faults()
    found = read_population(path, COMMUNES, GRID, faults, file="x", weights=weights)
    assert not faults.errors
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 0.9))
def test_every_source_cell_keeps_its_people(tmp_path_factory, seed, empty):
    draw = np.random.default_rng(seed)
    people = draw.uniform(1.0, 50.0, (3, 3))
    weights = draw.uniform(0.1, 5.0, GRID.shape) * (draw.uniform(size=GRID.shape) > empty)
    weights[:4, :4] = 0.0  # nobody builds there: its people are divided evenly
    found = read(raster(tmp_path_factory.mktemp("r") / "p.tif", people), weights)
    blocks = found.people.values.reshape(3, 4, 3, 4)
    np.testing.assert_allclose(blocks.sum(axis=(1, 3)), people, rtol=1e-12)
    np.testing.assert_allclose(found.people.values[:4, :4], people[0, 0] / 16, rtol=1e-12)
    for i, j in np.argwhere(np.ones((3, 3))):
        own = weights.reshape(3, 4, 3, 4)[i, :, j, :]
        if own.sum() > 0.0:
            np.testing.assert_allclose(blocks[i, :, j, :], people[i, j] * own / own.sum(), rtol=1e-9)
    np.testing.assert_allclose(found.evenly.values, np.kron(people, np.ones((4, 4))) / 16, rtol=1e-12)


def test_cells_across_the_border_and_across_each_other_lose_nobody(tmp_path):
    draw = np.random.default_rng(4)
    people = draw.uniform(1.0, 50.0, (5, 5))
    path = raster(tmp_path / "p.tif", people, step=330.0, left=499_870.0, top=1_500_110.0)
    weights = draw.uniform(0.0, 1.0, GRID.shape)
    spread, evenly = read(path, weights), read(path, None)
    assert spread.people.values.sum() + spread.beyond_grid == pytest.approx(spread.total, rel=1e-12)
    assert spread.beyond_grid == evenly.beyond_grid
    np.testing.assert_array_equal(spread.evenly.values, evenly.people.values)
    same = read(path, np.full(GRID.shape, 7.0))
    np.testing.assert_allclose(same.people.values, evenly.people.values, rtol=1e-12)


def test_buildings_weigh_by_their_area(tmp_path):
    x, y = 500_000.0, 1_500_000.0
    boxes = [shapely.box(x + 10, y - 20, x + 20, y - 10), shapely.box(x + 130, y - 30, x + 150, y - 10)]
    far = shapely.box(x - 50, y + 10, x - 40, y + 20)
    frame = gpd.GeoDataFrame(geometry=[*boxes, far], crs=METRIC)
    frame.to_file(tmp_path / "polygons.gpkg")
    report = Report("buildings", "x", Faults())
    weights = building_weights(tmp_path / "polygons.gpkg", GRID, report)
    assert weights[0, 0] == pytest.approx(100.0)
    assert weights[0, 1] == pytest.approx(400.0)
    assert weights.sum() == pytest.approx(500.0)
    points = gpd.GeoDataFrame({"area_m2": [100.0, 400.0, 100.0]}, geometry=frame.centroid, crs=METRIC)
    points.to_crs(4326).to_file(tmp_path / "points.gpkg")
    again = building_weights(tmp_path / "points.gpkg", GRID, report)
    np.testing.assert_allclose(again, weights, rtol=1e-9)


def test_the_effect_is_told_with_and_without(sample, tmp_path):
    file = make_project(sample, tmp_path / "tinh")
    (file.parent / "roofs.csv").write_text("x")
    text = file.read_text(encoding="utf-8")
    stations = 'path = "population.tif"\ndasymetric = "buildings"'
    file.write_text(text.replace('path = "population.tif"', stations), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        analyse(read_project(file))
    assert "population.no-weights" in {f.code for f in caught.value.faults}
    grid = analyse(read_project(make_project(sample, tmp_path / "plain"))).layers
    where = grid.stations.to_crs(4326).geometry.iloc[[0]]  # one roof, beside a mast
    gpd.GeoDataFrame({"area_m2": [90.0]}, geometry=list(where), crs=4326).to_file(file.parent / "roofs.gpkg")
    file.write_text(
        file.read_text(encoding="utf-8") + '\n[layers.buildings]\npath = "roofs.gpkg"\n', encoding="utf-8"
    )
    result = analyse(read_project(file))
    (told,) = [f for f in result.faults if f.code == "population.spread"]
    assert told.values["with_people"] >= told.values["without_people"]
    assert result.people.total == pytest.approx(grid.population.total)
    assert "buildings" in {s.layer for s in result.layers.sources}
