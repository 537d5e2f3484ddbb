"""``phusong convert``: files of other programs to clean ones, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

Phusong = Callable[..., Any]

KML = """<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>Viettel</name>
<Placemark><name>{0}1</name><description>site_id: {0}1&lt;br&gt;technology: LTE&lt;br&gt;operator: Viettel
</description><Point><coordinates>108.05,14.05</coordinates></Point></Placemark>
<Placemark><name>{0}2</name>
<description>site_id: {0}2&lt;br&gt;technology: 5G&lt;br&gt;operator: Viettel&lt;br&gt;
antenna_height_m: 42</description><Point><coordinates>108.15,14.15</coordinates></Point></Placemark>
</Folder></Document></kml>"""


def kml(folder: Path, stem: str) -> Path:
    file = folder / f"{stem}.kml"
    file.write_text(KML.format(stem.upper()), encoding="utf-8")
    return file


def fibre(folder: Path) -> tuple[Path, Path]:
    ends = [shapely.Point(108, 14), shapely.Point(108.1, 14)]
    nodes = gpd.GeoDataFrame({"id": ["A", "B"], "kind": "pop", "operator": "VNPT"}, geometry=ends, crs=4326)
    routes = gpd.GeoDataFrame(
        {"id": ["R"], "operator": "VNPT", "status": "đang khai thác", "fibre_count": 24},
        geometry=[shapely.LineString(ends)],
        crs=4326,
    )
    nodes.to_file(folder / "nodes.gpkg")
    routes.to_crs(9217).to_file(folder / "routes.gpkg")
    return folder / "nodes.gpkg", folder / "routes.gpkg"


def test_kml_of_two_operators_to_one_geopackage(phusong: Phusong, tmp_path: Path) -> None:
    out = tmp_path / "tram.gpkg"
    done = phusong("--lang", "en", "convert", kml(tmp_path, "a"), kml(tmp_path, "b"), "--out", out)
    assert done.code == 0, done.err
    assert "stations: 4 rows" in done.out
    assert pyogrio.list_layers(out).tolist() == [["stations", "Point"]]
    frame = gpd.read_file(out)
    assert frame["site_id"].tolist() == ["A1", "A2", "B1", "B2"]
    assert frame["technology"].tolist() == ["4G", "5G"] * 2
    assert frame["antenna_height_m"].fillna(0).tolist() == [0, 42, 0, 42]
    assert frame["source_file"].tolist() == ["a.kml"] * 2 + ["b.kml"] * 2
    assert frame["lon"].tolist() == [108.05, 108.15] * 2
    assert shapely.get_coordinates(frame.geometry)[1].tolist() == [108.15, 14.15]


def test_what_the_files_do_not_say_is_not_filled_in(phusong: Phusong, tmp_path: Path) -> None:
    out = tmp_path / "tram.csv"
    assert phusong("convert", kml(tmp_path, "a"), "--kind", "stations", "--out", out).code == 0
    frame = pd.read_csv(out, encoding="utf-8-sig")
    assert list(frame.columns) == ["site_id", "operator", "technology", "lon", "lat", "antenna_height_m"]
    assert np.isnan(frame["antenna_height_m"][0])


def test_a_converted_file_converts_to_itself(phusong: Phusong, tmp_path: Path) -> None:
    one, two = tmp_path / "1.csv", tmp_path / "2.csv"
    assert phusong("convert", kml(tmp_path, "a"), "--out", one).code == 0
    assert phusong("convert", one, "--out", two).code == 0
    assert two.read_bytes() == one.read_bytes()


def test_fibre_to_ofds_and_back(phusong: Phusong, tmp_path: Path) -> None:
    out, back = tmp_path / "mang.json", tmp_path / "mang.gpkg"
    done = phusong("convert", *fibre(tmp_path), "--out", out)
    assert done.code == 0, done.err
    network = json.loads(out.read_text(encoding="utf-8"))["networks"][0]
    assert [(s["start"], s["end"], s["status"], s["fibreCount"]) for s in network["spans"]] == [
        ("A", "B", "operational", 24)
    ]
    assert phusong("convert", out, "--out", back).code == 0
    assert sorted(name for name, _ in pyogrio.list_layers(back)) == ["fibre_nodes", "fibre_routes"]
    routes = gpd.read_file(back, layer="fibre_routes")
    assert routes[["id", "operator", "status", "fibre_count"]].iloc[0].tolist() == [
        "R",
        "VNPT",
        "operational",
        24,
    ]
    assert shapely.get_coordinates(routes.geometry) == pytest.approx(
        np.array([[108, 14], [108.1, 14]]), abs=1e-6
    )


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("x.csv", "fibre_routes has lines"),
        ("x.xyz", "'.xyz' cannot be written"),
        ("x.geojson", "A .geojson holds one layer"),
    ],
)
def test_what_a_format_cannot_hold_is_told(phusong: Phusong, tmp_path: Path, out: str, said: str) -> None:
    nodes, routes = fibre(tmp_path)
    files = [routes] if out == "x.csv" else [nodes, routes]
    done = phusong("--lang", "en", "convert", *files, "--out", tmp_path / out)
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / out).exists()


def test_stations_do_not_go_into_ofds(phusong: Phusong, tmp_path: Path) -> None:
    done = phusong("--lang", "en", "convert", kml(tmp_path, "a"), "--out", tmp_path / "x.json")
    assert done.code == 2
    assert "fibre only" in done.err


def test_a_fault_leaves_nothing_behind(phusong: Phusong, tmp_path: Path) -> None:
    bad = tmp_path / "tram.csv"
    bad.write_text("site_id,technology,lon,lat\nA,9G,108,14\n", encoding="utf-8")
    done = phusong("--lang", "en", "convert", bad, "--out", tmp_path / "out.gpkg")
    assert done.code == 2
    assert "9G" in done.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tram.csv"]


def test_a_result_that_is_there_is_kept_unless_forced(phusong: Phusong, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine")
    assert phusong("convert", kml(tmp_path, "a"), "--out", out).code == 2
    assert out.read_text() == "mine"
    assert phusong("convert", kml(tmp_path, "a"), "--out", out, "--force").code == 0
    assert out.read_text(encoding="utf-8-sig").startswith("site_id")


def test_a_file_that_could_be_anything_is_asked_about(phusong: Phusong, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("alpha,beta\n1,2\n", encoding="utf-8")
    done = phusong("--lang", "en", "convert", file, "--out", tmp_path / "y.gpkg")
    assert done.code == 2
    assert "--kind stations|places" in done.err
    done = phusong("--lang", "en", "convert", tmp_path / "none.csv", "--out", tmp_path / "y.gpkg")
    assert done.code == 2
    assert "is not there" in done.err


def test_columns_defaults_and_system_come_from_the_line(phusong: Phusong, tmp_path: Path) -> None:
    file, out = tmp_path / "x.csv", tmp_path / "y.csv"
    file.write_text("ma,x,y\nA,445789.13,1546480.85\n", encoding="utf-8")
    done = phusong(
        "convert", file, "--kind", "stations", "--crs", "EPSG:9218", "--column", "site_id=ma",
        "--column", "lon=x", "--column", "lat=y", "--set", "technology=4G", "--out", out,
    )  # fmt: skip
    assert done.code == 0, done.err
    row = pd.read_csv(out).iloc[0]
    assert (row["lon"], row["lat"]) == pytest.approx(
        (108.0, 13.983), abs=2e-5
    )  # Pleiku, through the datum shift
    assert row["technology"] == "4G"
    assert phusong("convert", file, "--column", "site_id").code == 2


def test_households_keep_their_dates_and_codes(phusong: Phusong, tmp_path: Path) -> None:
    file, out = tmp_path / "ho.csv", tmp_path / "ho.gpkg"
    file.write_text(
        "commune_code,households,households_with_fibre,as_of\n00829,1200,300,30/06/2026\n", encoding="utf-8"
    )
    done = phusong("convert", file, "--out", out)
    assert done.code == 0, done.err
    row = pyogrio.read_dataframe(out).iloc[0]
    assert row.tolist() == ["00829", 1200, 300, "2026-06-30"]


def test_zones_in_metres_become_degrees(phusong: Phusong, tmp_path: Path) -> None:
    square = gpd.GeoSeries([shapely.box(108, 14, 108.01, 14.01)], crs=4326).to_crs(3405)
    gpd.GeoDataFrame({"zone_id": ["Z"], "ha": [65.0]}, geometry=square).to_file(tmp_path / "khu.mif")
    done = phusong("convert", tmp_path / "khu.mif", "--crs", "3405", "--out", tmp_path / "khu.geojson")
    assert done.code == 0, done.err
    frame = gpd.read_file(tmp_path / "khu.geojson")
    assert frame["ha"].tolist() == [65.0]
    assert frame.total_bounds == pytest.approx([108, 14, 108.01, 14.01], abs=1e-5)


def test_a_database_url_is_no_path_and_its_password_is_not_shown(phusong: Phusong, tmp_path: Path) -> None:
    url = "postgresql://an:bimat@127.0.0.1:1/mang?table=public.tram"
    done = phusong("--lang", "en", "convert", url, "--out", tmp_path / "x.gpkg")
    assert done.code == 2
    assert "127.0.0.1" in done.out + done.err
    assert "bimat" not in done.out + done.err
    assert not (tmp_path / "x.gpkg").exists()
