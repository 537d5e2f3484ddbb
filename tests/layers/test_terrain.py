"""Voids in the terrain: told, filled only when asked, and no site may stand on one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window
from small import add, faults_of, layers_of, raster, write_province

from phusong.layers.project.file import read_project
from phusong.layers.rasters import reading as rasters
from phusong.layers.rasters.terrain import fill_voids
from phusong.layers.read import read_layers

TERRAIN = '[layers.terrain]\npath = "terrain.tif"\n'
OVER_TERRAIN = '[services.5G]\nmodel = "p1812"\ntechnology = "4G"\n'


def project(folder: Path, void: slice, *parts: str) -> Path:
    file = write_province(folder)
    row, _ = np.mgrid[0:300, 0:300]
    heights = (100.0 + row).astype(np.float32)
    heights[void, :] = np.nan
    raster(folder / "terrain.tif", heights, step=0.001, nodata=float("nan"))
    for part in parts:
        add(file, part)
    return file


def test_voids_stay_voids_unless_the_project_asks(tmp_path: Path) -> None:
    file = project(tmp_path, slice(150, 154), TERRAIN)
    assert [f.code for f in faults_of(file)] == ["terrain.voids"]
    terrain = layers_of(file).terrain
    assert terrain is not None
    assert np.isnan(terrain.values).any()


def test_filled_voids_are_said_and_lie_between_their_neighbours(tmp_path: Path) -> None:
    file = project(tmp_path, slice(150, 154), TERRAIN + "fill_voids = true\n")
    faults = faults_of(file)
    assert [f.code for f in faults] == ["terrain.filled"]
    assert "theo yêu cầu của dự án" in faults[0].say("vi")
    assert "as the project asks" in faults[0].say("en")
    terrain = layers_of(file).terrain
    assert terrain is not None
    assert not np.isnan(terrain.values).any()
    # The ground rises by a metre a row to the south, before and after the void.
    steps = np.diff(terrain.values[:, terrain.values.shape[1] // 2])
    assert (steps > -0.5).all()


def test_filling_leaves_what_is_too_far_and_touches_nothing_known() -> None:
    values = np.full((20, 400), np.nan, dtype=np.float32)
    values[:, 0] = np.arange(20)
    filled = fill_voids(values)
    np.testing.assert_array_equal(filled[:, 0], values[:, 0])
    assert np.isfinite(filled[:, 50]).all()
    assert np.isnan(filled[:, 300]).all()
    nothing = np.full((3, 3), np.nan, dtype=np.float32)
    assert np.isnan(fill_voids(nothing)).all()


@pytest.mark.parametrize(("lang", "words"), [("vi", "không có giá trị"), ("en", "has no value")])
def test_a_site_on_a_void_is_an_error_only_where_a_model_needs_the_ground(
    tmp_path: Path, lang: str, words: str
) -> None:
    file = project(tmp_path, slice(0, 300), TERRAIN)
    file_faults = {f.code for f in faults_of(file)}
    assert "terrain.site-without-terrain" not in file_faults
    add(file, OVER_TERRAIN)
    found = [f for f in faults_of(file) if f.code == "terrain.site-without-terrain"]
    assert len(found) == 1
    assert found[0].severity == "error"
    assert words in found[0].say(lang)  # type: ignore[arg-type]


def test_the_vertical_datum_is_kept_with_the_project(tmp_path: Path) -> None:
    file = project(tmp_path, slice(0, 0), TERRAIN + 'vertical_datum = "EGM2008"\n')
    assert faults_of(file) == []
    settings = layers_of(file).project.layers.terrain
    assert settings is not None
    assert settings.vertical_datum == "EGM2008"


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    file = project(tmp_path, slice(0, 0), TERRAIN)
    (tmp_path / "population.tif").write_bytes(b"no raster")
    layers = read_layers(read_project(file), only=("terrain",))
    assert layers.terrain is not None
    assert layers.population.people.values.sum() == 0.0
    assert [s.layer for s in layers.sources] == ["communes", "stations", "terrain"]
    assert read_layers(read_project(file), only=()).terrain is None


@pytest.mark.parametrize("wild", [float("inf"), float("-inf"), 1e6, -32768.0, -9999.0])
@pytest.mark.parametrize("row", [150, 45])  # in the province, and just north of its border
def test_what_is_no_height_is_counted_wherever_it_stands(tmp_path: Path, wild: float, row: int) -> None:
    file = project(tmp_path, slice(0, 0), TERRAIN)
    heights = np.full((300, 300), 100.0, dtype=np.float32)
    heights[row, 150:153] = wild
    raster(tmp_path / "terrain.tif", heights, step=0.001)
    assert [f.values["n"] for f in faults_of(file) if f.code == "terrain.no-height"] == [3]
    terrain = layers_of(file).terrain
    assert terrain is not None
    known = terrain.values[~np.isnan(terrain.values)]
    assert known.min() == known.max() == 100.0


@pytest.mark.parametrize("wild", [float("inf"), float("-inf"), 1e6, -9999.0])
def test_what_is_no_height_goes_into_no_average(tmp_path: Path, wild: float) -> None:
    """One of 25 pixels of a fine raster: the mean with -9999 would be a height that looks like any other."""
    file = project(tmp_path, slice(0, 0), TERRAIN)
    heights = np.full((1500, 1500), 100.0, dtype=np.float32)
    heights[700:800:10, 700:800:10] = wild
    raster(tmp_path / "terrain.tif", heights, step=0.0002)
    assert [(f.code, f.values["n"]) for f in faults_of(file)] == [("terrain.no-height", 100)]
    terrain = layers_of(file).terrain
    assert terrain is not None
    assert terrain.values.min() == terrain.values.max() == 100.0


def test_means_of_blocks_are_those_of_their_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(5).uniform(0.0, 500.0, (23, 31)).astype(np.float32)
    values[3:9, 4:12] = -9999.0
    values[15, 20] = 1e6
    raster(tmp_path / "t.tif", values, nodata=-9999.0)
    monkeypatch.setattr(rasters, "_STRIP_PIXELS", 31 * 4 * 2)
    with rasterio.open(tmp_path / "t.tif") as dataset:
        means, wild = rasters._averaged(dataset, Window(0, 0, 31, 23), 4, (-450.0, 8900.0))
    assert wild == 1
    assert means.shape == (6, 8)
    for (i, j), mean in np.ndenumerate(np.ma.filled(means, np.nan)):
        block = values[4 * i : 4 * i + 4, 4 * j : 4 * j + 4].astype(float)
        sound = block[(block >= 0.0) & (block <= 500.0)]
        assert mean == pytest.approx(sound.mean() if sound.size else np.nan, rel=1e-6, nan_ok=True)
    assert np.ma.count_masked(means) > 0


@pytest.mark.parametrize(("half_width", "told"), [(15, True), (3, False)])  # pixels of 0.001°, cells of 500 m
def test_a_site_in_the_midst_of_water_is_told_and_one_on_a_bank_is_not(
    tmp_path: Path, half_width: int, told: bool
) -> None:
    file = write_province(tmp_path)
    cover = np.full((300, 300), 2, dtype=np.uint8)
    cover[200 - half_width : 200 + half_width, 50:150] = 1  # site S1, of two cells, in its middle
    raster(tmp_path / "clutter.tif", cover, step=0.001)
    add(file, '[layers.clutter]\npath = "clutter.tif"\nclasses = { 1 = "water", 2 = "open" }\n')
    found = [f for f in faults_of(file) if f.code == "clutter.site-on-water"]
    assert [(f.severity, f.values["n"], f.values["sites"]) for f in found] == [("warning", 1, "S1")] * told
    assert faults_of(file) == found
    for fault in found:
        assert "mặt nước" in fault.say("vi")
        assert "midst of water" in fault.say("en")
