import hashlib
import importlib.util
import re
import sqlite3
import subprocess
import sys
import tomllib
import unicodedata
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phusong.data.sample import make_sample
from phusong.data.sample.names import PROVINCE_CODE, commune_code, lowland_names, upland_names
from phusong.data.sample.relief import accumulate, climb, enlarge
from phusong.data.sample.settlement import share_out
from phusong.layers.project.schema import Project

UTM = "EPSG:32649"
FILES = {
    "centres.csv", "clutter.tif", "communes.gpkg", "fibre_nodes.geojson", "fibre_routes.geojson",
    "households.csv", "key_locations.csv", "phusong.toml", "population.tif", "roads.gpkg", "stations.csv",
    "terrain.tif", "villages.csv", "zones.geojson",
}  # fmt: skip
STATION_COLUMNS = [
    "site_id", "cell_id", "operator", "technology", "frequency_mhz", "lon", "lat", "antenna_height_m",
    "azimuth_deg", "tilt_deg", "beamwidth_deg", "eirp_dbm", "bandwidth_mhz", "commune_code", "status",
]  # fmt: skip

VILLAGE_COLUMNS = [
    "village_id", "village_name", "kind", "commune_code", "households", "has_grid_power", "disadvantaged",
    "lon", "lat",
]  # fmt: skip


def hashes(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def table(folder, name):
    return pd.read_csv(folder / name, dtype={"commune_code": str}, keep_default_na=True)


def points(frame):
    return gpd.GeoSeries(gpd.points_from_xy(frame.lon, frame.lat), crs="EPSG:4326")


@pytest.fixture(scope="module", params=[True, False], ids=["coast", "inland"])
def province(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample") / "tinh-mau"
    make_sample(folder, communes=14, sites=90, villages=110, seed=4, coast=request.param)
    return folder, request.param


def counts_of_sound_province(folder):
    """Hold what every province must, whatever its parameters; return its communes, sites and villages."""
    units = gpd.read_file(folder / "communes.gpkg")
    assert units.commune_code.is_unique
    assert units.commune_name.is_unique
    shapes = units.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    whole = shapely.union_all(shapes)
    assert whole.area == pytest.approx(shapely.area(shapes).sum(), rel=1e-9)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors

    stations, places = table(folder, "stations.csv"), table(folder, "villages.csv")
    assert stations.cell_id.is_unique
    assert set(stations[stations.technology == "4G"].site_id) == set(stations.site_id)
    at = units.set_index("commune_code").geometry
    for name in ("villages.csv", "centres.csv", "key_locations.csv", "stations.csv"):
        rows = table(folder, name)
        if len(rows):
            owners = at.loc[rows.commune_code].reset_index(drop=True)
            assert owners.intersects(points(rows)).all(), name

    with rasterio.open(folder / "population.tif") as source:
        people = source.read(1)
        assert (people >= 0).all()
        row, col = np.nonzero(people)
        corners = [source.xy(row, col, offset=o) for o in ("ul", "ur", "ll", "lr")]
    shapely.prepare(whole)
    assert all(shapely.contains_xy(whole, *corner).all() for corner in corners)
    assert people.sum() == pytest.approx(units.population.sum(), rel=0.16)
    return len(units), stations.site_id.nunique(), len(places)


def test_every_file_is_there(province):
    assert {p.name for p in province[0].iterdir()} == FILES


def test_province_holds_together(province):
    assert counts_of_sound_province(province[0]) == (14, 90, 110)


def test_same_seed_same_bytes_and_another_seed_others(tmp_path):
    first = make_sample(tmp_path / "a", communes=5, sites=20, villages=15, seed=8).parent
    again = make_sample(tmp_path / "b", communes=5, sites=20, villages=15, seed=8).parent
    other = make_sample(tmp_path / "c", communes=5, sites=20, villages=15, seed=9).parent
    assert hashes(first) == hashes(again)
    assert set(hashes(first)) == FILES
    assert not set(hashes(first).values()) & set(hashes(other).values())


def test_columns_of_the_contract(province):
    folder, _coast = province
    units = gpd.read_file(folder / "communes.gpkg")
    assert {"commune_code", "commune_name", "population"} <= set(units.columns)
    assert units.crs == "EPSG:4326"
    assert units.commune_code.str.fullmatch(r"\d{5}").all()
    stations = table(folder, "stations.csv")
    assert list(stations.columns) == STATION_COLUMNS
    assert set(stations.operator) == {"Viettel", "VNPT", "MobiFone"}
    assert set(stations.technology) == {"2G", "3G", "4G", "5G"}
    assert set(stations.status) <= {"operational", "planned"}
    assert stations.azimuth_deg.dropna().between(0, 359).all()
    assert stations.azimuth_deg.isna().any()
    assert stations.drop(columns="azimuth_deg").notna().all(axis=None)
    assert list(table(folder, "villages.csv").columns) == VILLAGE_COLUMNS
    assert list(table(folder, "centres.csv").columns) == ["place_id", "name", "commune_code", "lon", "lat"]
    assert list(table(folder, "key_locations.csv").columns) == (
        ["place_id", "name", "kind", "commune_code", "lon", "lat"]
    )
    homes = table(folder, "households.csv")
    assert list(homes.columns) == ["commune_code", "households", "households_with_fibre", "as_of"]
    assert (homes.households_with_fibre <= homes.households).all()
    assert set(homes.commune_code) == set(units.commune_code)
    for name, columns in (
        ("roads.gpkg", {"road_id", "class"}),
        ("fibre_routes.geojson", {"id", "operator", "status", "fibre_count"}),
        ("fibre_nodes.geojson", {"id", "kind", "operator", "status"}),
        ("zones.geojson", {"zone_id", "name", "kind"}),
    ):
        layer = gpd.read_file(folder / name)
        assert set(layer.columns) == columns | {"geometry"}
        assert layer.crs == "EPSG:4326"
        assert layer.is_valid.all()


def test_households_of_villages_make_up_their_commune(province):
    folder, _coast = province
    homes = table(folder, "households.csv").set_index("commune_code").households
    own = table(folder, "villages.csv").groupby("commune_code").households.sum()
    assert (own - homes.loc[own.index]).abs().max() <= 1


def test_relief_and_land_cover(province):
    folder, coast = province
    units = gpd.read_file(folder / "communes.gpkg").to_crs(UTM)
    left, bottom, right, top = units.total_bounds
    with rasterio.open(folder / "terrain.tif") as source:
        assert source.dtypes == ("int16",)
        assert source.res == (90.0, 90.0)
        box = source.bounds
        height = source.read(1)
    assert min(left - box.left, bottom - box.bottom, box.right - right, box.top - top) > 15_000
    with rasterio.open(folder / "clutter.tif") as source:
        cover = source.read(1)
        assert source.bounds == box
    assert set(np.unique(cover)) == {1, 2, 3, 4}
    sea = height == 0
    if coast:
        assert sea.mean() > 0.05
        assert (cover[sea] == 1).mean() > 0.98
        # The sea lies in the east.
        assert np.nonzero(sea)[1].mean() > 0.7 * sea.shape[1]
    else:
        assert not sea.any()
    assert height.max() > 500
    slope = np.hypot(*np.gradient(height.astype(float), 90.0))
    assert slope[cover == 4].mean() < 0.5 * slope[cover == 3].mean()


def test_people_live_low_and_near_roads(province):
    folder, _coast = province
    roads = gpd.read_file(folder / "roads.gpkg").to_crs(UTM)
    homes = points(table(folder, "villages.csv")).to_crs(UTM)
    tree = shapely.STRtree(roads.geometry.to_numpy())
    _pair, metres = tree.query_nearest(homes.to_numpy(), return_distance=True, all_matches=False)
    assert metres.max() < 400
    with rasterio.open(folder / "terrain.tif") as source:
        at_home = np.array([v[0] for v in source.sample(zip(homes.x, homes.y, strict=True))], dtype=float)
        everywhere = source.read(1)
    assert np.median(at_home) < np.median(everywhere[everywhere > 0])


def test_roads_are_one_network(province):
    import networkx as nx

    roads = gpd.read_file(province[0] / "roads.gpkg")
    assert set(roads["class"]) == {"quốc lộ", "tỉnh lộ", "đường xã"}
    network = nx.Graph()
    for line in roads.geometry:
        network.add_edge(line.coords[0], line.coords[-1])
    assert nx.is_connected(network)


@pytest.mark.slow
def test_some_villages_are_out_of_reach_and_some_communes_without_fibre(tmp_path):
    folder = make_sample(tmp_path / "p", communes=40, sites=300, villages=300, seed=1).parent
    masts = points(table(folder, "stations.csv").drop_duplicates("site_id")).to_crs(UTM)
    homes = points(table(folder, "villages.csv")).to_crs(UTM)
    nearest = shapely.STRtree(masts.to_numpy()).query_nearest(
        homes.to_numpy(), return_distance=True, all_matches=False
    )[1]
    assert 0.005 < (nearest > 2500).mean() < 0.2
    reported = table(folder, "households.csv")
    assert 0 < (reported.households_with_fibre == 0).sum() < 8
    nodes = gpd.read_file(folder / "fibre_nodes.geojson")
    assert set(nodes.status) == {"operational", "planned"}


def test_project_file_fits_the_schema(province):
    folder, coast = province
    text = (folder / "phusong.toml").read_text(encoding="utf-8")
    assert f"coast={coast}" in text
    project = Project.model_validate({**tomllib.loads(text), "file": folder / "phusong.toml"})
    assert project.province.name == "Tỉnh Mẫu (minh họa)"
    assert set(project.services) == {"4G", "5G", "fibre"}
    layers = [getattr(project.layers, name) for name in type(project.layers).model_fields]
    used = [*layers, *project.places.values(), *project.zones.values()]
    assert all(project.path(layer).is_file() for layer in used if layer is not None)


def test_layers_read_it_and_only_remark_what_is_planned(province):
    from phusong.layers.project.file import read_project
    from phusong.layers.read import read_layers

    layers = read_layers(read_project(province[0] / "phusong.toml"))
    assert [f.say("en") for f in layers.faults if f.severity == "error" or f.column != "status"] == []
    assert layers.stations.cell_id.is_unique
    assert len(layers.places["villages"]) == 110


def fold(name):
    plain = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    return re.sub("[^a-z]", "", "".join(c for c in plain if not unicodedata.combining(c)).lower())


def test_no_real_unit_has_such_a_name_or_code():
    spec = importlib.util.find_spec("vietnamadminunits")
    assert spec is not None
    path = Path(spec.origin).parent / "data" / "dataset.db"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    names, codes, provinces = set(), set(), set()
    for source, columns in (
        ("admin_units", "wardShort, provinceShort"),
        ("admin_units_legacy", "wardShort, districtShort, provinceShort"),
    ):
        for row in connection.execute(f"select {columns}, wardCode, provinceCode from {source}"):
            names.update(fold(name) for name in row[:-2] if name)
            codes.add(row[-2])
            provinces.add(row[-1])
    connection.close()
    pool = lowland_names() + upland_names()
    assert len(set(pool)) == len(pool) >= 400
    assert not {fold(name) for name in pool} & names
    assert PROVINCE_CODE not in provinces
    assert not {commune_code(i) for i in range(400)} & codes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"communes": 0}, "communes is 0, but must be from 1 to 400"),
        ({"sites": 20_001}, "sites is 20001, but must be from 1 to 20000"),
        ({"villages": -1}, "villages is -1, but must be from 0 to 20000"),
        ({"seed": -3}, "seed is -3"),
        ({"communes": 2.5}, "communes is 2.5, but must be a whole number"),
    ],
)
def test_refuses_what_it_cannot_make(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        make_sample(tmp_path / "p", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_folder_in_use_and_keeps_what_else_is_there(tmp_path):
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    (folder / "phusong.toml").write_text("old")
    small = {"communes": 2, "sites": 4, "villages": 3}
    with pytest.raises(FileExistsError, match="not empty"):
        make_sample(folder, **small)
    assert (folder / "phusong.toml").read_text() == "old"
    make_sample(folder, force=True, **small)
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "phusong.toml").read_text() != "old"
    assert [p.name for p in tmp_path.iterdir()] == ["p"]
    with pytest.raises(FileExistsError, match="is a file"):
        make_sample(folder / "notes.txt", force=True, **small)


def test_a_failure_leaves_the_old_folder_alone(tmp_path, monkeypatch):
    folder = make_sample(tmp_path / "p", communes=2, sites=4, villages=3).parent
    before = hashes(folder)

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("phusong.data.sample.files.write_geojson", full)
    with pytest.raises(OSError, match="No space left"):
        make_sample(folder, communes=3, sites=4, villages=3, force=True)
    assert hashes(folder) == before
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


def test_importing_is_cheap():
    code = (
        "import sys; from phusong.data.sample import make_sample; "
        "print([m for m in ('numpy', 'scipy', 'pandas', 'geopandas', 'rasterio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    communes=st.integers(1, 9),
    sites=st.integers(1, 60),
    villages=st.integers(0, 60),
    seed=st.integers(0, 10_000),
    coast=st.booleans(),
)
def test_any_small_province_holds_together(tmp_path_factory, communes, sites, villages, seed, coast):
    folder = tmp_path_factory.mktemp("any")
    make_sample(folder, communes=communes, sites=sites, villages=villages, seed=seed, coast=coast)
    assert counts_of_sound_province(folder) == (communes, sites, villages)


@pytest.mark.slow
def test_more_masts_and_villages_than_room(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder = make_sample(tmp_path / "p", communes=1, sites=7000, villages=4000).parent
    assert counts_of_sound_province(folder) == (1, 7000, 4000)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_flow_adds_up_what_lies_upstream(choices):
    # Cell i flows to a cell before it, or ends at cell 0.
    receiver = np.array([0] + [c % (i + 1) for i, c in enumerate(choices)])
    amount = np.arange(1.0, len(receiver) + 1)
    expected = amount.copy()
    height = np.zeros(len(receiver))
    for cell in range(len(receiver) - 1, 0, -1):
        expected[receiver[cell]] += expected[cell]
    for cell in range(1, len(receiver)):
        height[cell] = height[receiver[cell]] + amount[cell]
    assert np.array_equal(accumulate(receiver, amount), expected)
    assert np.array_equal(climb(receiver, amount), height)


def test_enlarging_keeps_planes():
    row, col = np.mgrid[0:12, 0:9]
    plane = 3.0 * row - 2.0 * col
    fine = enlarge(plane)
    fine_row, fine_col = np.mgrid[0:24, 0:18] / 2.0 - 0.25
    inner = (slice(6, -6), slice(6, -6))
    assert np.allclose(fine[inner], (3.0 * fine_row - 2.0 * fine_col)[inner])


@given(st.integers(0, 5000), st.lists(st.floats(0.01, 100.0), min_size=1, max_size=40), st.integers(0, 3))
def test_shares_add_up(total, weights, least):
    parts = share_out(total, np.array(weights), least)
    assert parts.sum() == total
    assert parts.min() >= (least if total >= least * len(weights) else 0)
