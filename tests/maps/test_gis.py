"""GIS files read back by their own libraries, in the same bytes each time."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

from phusong.coverage.result import ANY, Result
from phusong.layers.grid import Grid, Raster
from phusong.maps import gis
from phusong.maps.public import public_result
from phusong.maps.write import writers


def test_communes_hold_the_indicators(tiny_result: Result, tmp_path: Path) -> None:
    path = tmp_path / "communes.gpkg"
    gis.write_communes_gpkg(tiny_result, path)
    back = gpd.read_file(path, layer="communes").set_index("commune_code")
    assert back.crs == 4326
    assert back.index.tolist() == tiny_result.layers.communes["commune_code"].tolist()
    assert back.loc["00104", "commune_name"] == "<script>alert(1)</script>"
    table = tiny_result.indicators
    table = table[(table["level"] == "commune") & (table["indicator"] == "population")]
    checked = 0
    columns = {("4G", ANY): "4g_any", ("5G", "Mạng A"): "5g_mang_a", ("fibre", ANY): "fibre_any"}
    for row in table.itertuples():
        stem = columns.get((row.service, row.operator))
        if stem:
            assert back.loc[row.code, f"{stem}_people"] == row.numerator
            assert back.loc[row.code, f"{stem}_pct"] == row.percent
            checked += 1
    assert checked == 18
    back_m = back.to_crs(tiny_result.layers.grid.crs)
    np.testing.assert_allclose(back_m.area / 1e6, back["area_km2"], rtol=1e-6)


def test_gaps_read_back(tiny_result: Result, tmp_path: Path) -> None:
    path = tmp_path / "gaps.gpkg"
    gis.write_gaps_gpkg(tiny_result, path)
    back = gpd.read_file(path, layer="gaps")
    assert back["gap_id"].tolist() == tiny_result.gaps["gap_id"].tolist()
    np.testing.assert_array_equal(back["people"], tiny_result.gaps["people"])
    assert set(back.geom_type) == {"MultiPolygon"}
    assert shapely.equals(
        back.geometry.to_numpy(), tiny_result.gaps.geometry.to_numpy()
    ).all()


def test_no_gaps_is_an_empty_layer(tiny_result: Result, tmp_path: Path) -> None:
    gis.write_gaps_gpkg(dataclasses.replace(tiny_result, gaps=tiny_result.gaps[:0]), tmp_path / "gaps.gpkg")
    back = gpd.read_file(tmp_path / "gaps.gpkg", layer="gaps")
    assert len(back) == 0
    assert "people" in back.columns


def test_geojson_follows_the_standard(tiny_result: Result, tmp_path: Path) -> None:
    path = tmp_path / "communes.geojson"
    gis.write_communes_geojson(tiny_result, path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert "crs" not in document
    assert [f["id"] for f in document["features"]] == [f"0010{k}" for k in range(1, 7)]
    assert document["features"][5]["properties"]["population_official"] is None
    for feature in document["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.exterior.is_ccw
        assert 100 < shape.centroid.x < 115
        assert 5 < shape.centroid.y < 25


@pytest.mark.parametrize("service", ["4G", "5G", "fibre"])
def test_signal_is_the_reach(tiny_result: Result, tmp_path: Path, service: str) -> None:
    path = tmp_path / gis.signal_names(tiny_result)[service]
    gis.write_signal(tiny_result, service, path)
    reach = tiny_result.reaches[service, ANY]
    with rasterio.open(path) as dataset:
        values = dataset.read(1, masked=True)
        assert dataset.transform == reach.signal.grid.transform
        assert dataset.crs.to_epsg() == 32649
        assert dataset.nodata == gis.NODATA
        assert dataset.units == (reach.unit,)
        assert dataset.dtypes == ("float32",)
        assert service in dataset.descriptions[0]
        assert dataset.tags()["as_of"] == "2026-06-30"
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    np.testing.assert_array_equal(values.filled(np.nan), reach.signal.values)


def test_servers_are_counts_and_zero_is_one_of_them(tiny_result: Result, tmp_path: Path) -> None:
    names = gis.servers_names(tiny_result)
    assert set(names) == {"4G", "5G"}
    counted = tiny_result.reaches["4G", ANY].servers
    assert counted is not None
    many = Raster(counted.values * np.uint16(700), counted.grid)
    reach = dataclasses.replace(tiny_result.reaches["4G", ANY], servers=many)
    result = dataclasses.replace(tiny_result, reaches={**tiny_result.reaches, ("4G", ANY): reach})
    path = tmp_path / names["4G"]
    gis.write_servers(result, "4G", path)
    with rasterio.open(path) as dataset:
        assert (dataset.dtypes, dataset.nodata, dataset.units) == (("uint16",), None, ("1",))
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        values = dataset.read(1)
    np.testing.assert_array_equal(values, many.values)
    assert set(np.unique(values)) == {0, 700}
    with pytest.raises(ValueError, match="fibre"):
        gis.write_servers(result, "fibre", path)


def test_sinr_is_written_where_there_is_one_and_never_in_public(tiny_result: Result, tmp_path: Path) -> None:
    assert gis.sinr_names(tiny_result) == {}
    old = tiny_result.reaches["4G", ANY]
    rows, cols = old.signal.grid.shape
    decibels = np.linspace(-12.0, 30.0, rows * cols, dtype=np.float32).reshape(rows, cols)
    decibels[0, :5] = np.nan
    reach = dataclasses.replace(old, sinr=Raster(decibels, old.signal.grid))
    result = dataclasses.replace(tiny_result, reaches={**tiny_result.reaches, ("4G", ANY): reach})
    assert gis.sinr_names(result) == {"4G": "sinr_4G.tif"}
    assert "sinr_4G.tif" in writers(result, "en")
    public = public_result(result)
    assert not [n for n in writers(public, "en") if n.startswith(("sinr_", "servers_"))]
    gis.write_sinr(result, "4G", tmp_path / "sinr_4G.tif")
    with rasterio.open(tmp_path / "sinr_4G.tif") as dataset:
        values = dataset.read(1, masked=True)
        assert dataset.units == ("dB",)
        assert "SINR at load 0.5" in dataset.descriptions[0]
    np.testing.assert_array_equal(values.filled(np.nan), decibels)
    with pytest.raises(ValueError, match="5G"):
        gis.write_sinr(result, "5G", tmp_path / "none.tif")


def test_large_signal_is_cloud_optimised(tiny_result: Result, tmp_path: Path) -> None:
    old = tiny_result.reaches["4G", ANY]
    grid = Grid(old.signal.grid.crs, 200_000.0, 1_550_000.0, 100.0, (1100, 1500))
    values = np.arange(grid.size, dtype=np.float32).reshape(grid.shape)
    reach = dataclasses.replace(
        old, signal=Raster(values, grid), covered=Raster(values > 0, grid), servers=None
    )
    result = dataclasses.replace(tiny_result, reaches={("4G", ANY): reach})
    path = tmp_path / "signal.tif"
    gis.write_signal(result, "4G", path)
    with rasterio.open(path) as dataset:
        assert dataset.overviews(1) == [2, 4]
        assert dataset.block_shapes == [(512, 512)]
        np.testing.assert_array_equal(dataset.read(1), values)
    head = path.read_bytes()[:400]
    assert b"LAYOUT=IFDS_BEFORE_DATA" in head
    assert b"BLOCK_ORDER=ROW_MAJOR" in head
    # The directories of the image and its overviews come first, the pixels of the smallest overview next.
    with rasterio.open(path) as dataset:
        first = [
            int(dataset.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1, ovr=level))
            for level in (None, 0, 1)
        ]
    assert first[0] > first[1] > first[2] > 400


def test_same_bytes_on_another_day(tiny_result: Result, tmp_path: Path) -> None:
    names = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        gis.write_communes_gpkg(tiny_result, folder / "communes.gpkg")
        gis.write_gaps_gpkg(tiny_result, folder / "gaps.gpkg")
        gis.write_communes_geojson(tiny_result, folder / "communes.geojson")
        for service, name in gis.signal_names(tiny_result).items():
            gis.write_signal(tiny_result, service, folder / name)
        names = [f.name for f in folder.iterdir()]
        time.sleep(0.05)
    assert len(names) == 6
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
