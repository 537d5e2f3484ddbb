"""A province with islands far out: what leaves out the sea gives what looking at every cell gives."""

from __future__ import annotations

import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from quick_project import GROUND
from rasterio.transform import from_origin

from phusong.coverage.analyse import analyse
from phusong.coverage.result import ANY, Result
from phusong.coverage.store import Store
from phusong.layers.boundaries import communes as boundaries
from phusong.layers.boundaries.province import Province
from phusong.layers.lands import PatchRaster
from phusong.layers.project.file import read_project
from phusong.maps import gis
from phusong.maps.overlay import land_mask, mercator_frame, signal_overlay

PROJECT = f"""\
[province]
code = "98"
name = "Tỉnh Đảo (minh họa)"
as_of = 2026-06-30

[grid]
crs = "EPSG:32649"
cell_m = 250

[gaps]
min_people = 5
max_area_km2 = 20

[settlements]
min_people_per_km2 = 30
min_people = 10

{GROUND}
[layers.fibre_routes]
path = "routes.geojson"

[places.villages]
path = "villages.csv"

[zones.parks]
path = "zones.geojson"

[services.4G]
model = "range"
radius_m = 2600

[services.5G]
model = "hata"
technology = "4G"
threshold_dbm = -95
max_distance_m = 4000

[services.fibre]
model = "route-distance"
reach_m = 900
"""
X, Y = 300_000.0, 1_300_000.0


def rectangle(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A box, in kilometres from the corner of the mainland."""
    return shapely.box(X + 1e3 * west, Y + 1e3 * south, X + 1e3 * east, Y + 1e3 * north)


ISLETS = [rectangle(60 + 9 * k, -30 + 7 * (k % 5), 62.1 + 9 * k, -28.3 + 7 * (k % 5)) for k in range(9)]
COMMUNES = {
    "98001": rectangle(0, 0, 9, 11), "98002": rectangle(9, 0, 16, 11),
    "98003": shapely.MultiPolygon([rectangle(16, 3, 18, 5), *ISLETS]),  # on the coast and far out
}  # fmt: skip


def written(folder: Path) -> Path:
    """Write the project of the islands."""
    rng = np.random.default_rng(98)
    frame = gpd.GeoDataFrame(
        {"commune_code": list(COMMUNES), "commune_name": ["Xã Đất", "Phường Biển", "Đặc khu Đảo"],
         "population": [9000.0, 8000.0, 900.0]},
        geometry=list(COMMUNES.values()), crs=32649,
    )  # fmt: skip
    frame.to_file(folder / "communes.gpkg", driver="GPKG")
    people = rng.gamma(0.4, 60.0, (50, 150)).astype("float32")
    with rasterio.open(
        folder / "population.tif", "w", driver="GTiff", height=50, width=150, count=1, dtype="float32",
        crs=32649, transform=from_origin(X - 1000, Y + 12_000, 1000, 1000),
    ) as target:
        target.write(people, 1)
    at = [*rng.uniform([0, 0], [16, 11], (9, 2)), (61.0, -29.0), (79.5, -15.2), (17.0, 4.0)]
    points = gpd.GeoSeries(shapely.points(np.array(at) * 1e3 + [X, Y]), crs=32649).to_crs(4326)
    pd.DataFrame({
        "site_id": [f"S{n}" for n in range(12)], "cell_id": [f"C{n}" for n in range(12)],
        "operator": ["A", "B"] * 6, "technology": "4G", "frequency_mhz": 900.0,
        "lon": points.x.round(7), "lat": points.y.round(7),
    }).to_csv(folder / "stations.csv", index=False)  # fmt: skip
    # The last village lies in the sea, where no land is.
    far_out = [(61.0 + 9 * k, -29.2 + 7 * (k % 5)) for k in range(9)]
    homes = [*rng.uniform([0, 0], [16, 11], (25, 2)), *far_out]
    spots = gpd.GeoSeries(shapely.points(np.array([*homes, (64.0, -29.5)]) * 1e3 + [X, Y]), crs=32649)
    spots = spots.to_crs(4326)
    pd.DataFrame({
        "place_id": [f"V{n}" for n in range(len(spots))], "name": [f"Thôn {n}" for n in range(len(spots))],
        "commune_code": "", "lon": spots.x.round(7), "lat": spots.y.round(7),
    }).to_csv(folder / "villages.csv", index=False)  # fmt: skip
    lines = [[(1, 1), (15, 9)], [(17, 4), (61.0, -29.2)]]
    routes = [shapely.LineString(np.array(line) * 1e3 + [X, Y]) for line in lines]
    gpd.GeoDataFrame(
        {"id": ["R1", "R2"], "operator": ["A", "B"], "status": "operational", "fibre_count": 24},
        geometry=routes, crs=32649,
    ).to_crs(4326).to_file(folder / "routes.geojson")  # fmt: skip
    zones = [rectangle(2, 2, 5, 6), rectangle(60.5, -40, 71, -28.8)]  # the second across the sea
    gpd.GeoDataFrame({"zone_id": ["Z1", "Z2"], "name": ["Khu A", "Khu B"]}, geometry=zones, crs=32649).to_crs(
        4326
    ).to_file(folder / "zones.geojson")
    file = folder / "phusong.toml"
    file.write_text(PROJECT, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Result]:
    """The result with lands, and the one that looks at every cell of the sea."""
    file = written(tmp_path_factory.mktemp("islands"))
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        far = analyse(read_project(file), workers=1)
        patch.setattr(boundaries, "lands_of", lambda bounds, grid: ())
        return far, analyse(read_project(file), workers=1)


def test_the_grid_is_nearly_all_sea(both: tuple[Result, Result]) -> None:
    far, whole = both
    grid = far.layers.grid
    assert len(grid.lands) == 10
    assert sum((b - a) * (d - c) for a, b, c, d in grid.lands) < 0.1 * grid.size
    assert not whole.layers.grid.lands
    assert isinstance(far.reaches["4G", ANY].signal, PatchRaster)
    assert isinstance(far.reaches["fibre", "A"].covered, PatchRaster)
    assert type(whole.reaches["4G", ANY].signal) is not PatchRaster


@pytest.mark.parametrize("table", ["indicators", "places", "villages", "settlements", "definitions"])
def test_tables_are_the_same(both: tuple[Result, Result], table: str) -> None:
    found, wanted = (getattr(result, table) for result in both)
    assert len(wanted) > 10
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def test_gaps_are_the_same(both: tuple[Result, Result]) -> None:
    far, whole = both
    assert len(whole.gaps) > 10
    assert any("98003" in codes for codes in whole.gaps["commune_codes"])
    plain = [c for c in whole.gaps if c != "geometry"]
    pd.testing.assert_frame_equal(far.gaps[plain], whole.gaps[plain], check_exact=True)
    assert shapely.equals_exact(far.gaps.geometry.array, whole.gaps.geometry.array).all()
    for service, people in whole.scattered.items():
        assert far.scattered[service] == pytest.approx(people, abs=1e-6)
    assert far.people == whole.people


def test_a_village_at_sea_has_its_distance(both: tuple[Result, Result]) -> None:
    far, _ = both
    mine = far.places[(far.places["place_id"] == "V34") & (far.places["operator"] == ANY)]
    at_sea = mine.set_index("service")["signal"]
    grid, stations = far.layers.grid, far.layers.stations
    village = far.layers.places["villages"].geometry.iloc[34]
    row, col = grid.index(np.array([village.x]), np.array([village.y]))
    assert not any(a <= row[0] < b and c <= col[0] < d for a, b, c, d in grid.lands)
    distance = np.hypot(stations.geometry.x - grid.x_m()[col[0]], stations.geometry.y - grid.y_m()[row[0]])
    assert at_sea["4G"] == pytest.approx(distance.min(), abs=0.01)


def test_rasters_reach_over_the_sea(both: tuple[Result, Result], tmp_path: Path) -> None:
    far, whole = both
    for service, name in gis.signal_names(far).items():
        files = [tmp_path / f"{n}-{name}" for n in range(3)]
        gis.write_signal(far, service, files[0])
        gis.write_signal(whole, service, files[1])
        gis.write_signal(far, service, files[2], store=Store(tmp_path / "store"))
        assert files[0].read_bytes() == files[1].read_bytes() == files[2].read_bytes()
    with rasterio.open(tmp_path / "0-signal_4G.tif") as source:
        found = source.read(1)
    grid, sites = far.layers.grid, far.layers.stations.geometry
    assert found.shape == grid.shape
    rng = np.random.default_rng(2)
    row, col = rng.integers(0, grid.shape[0], 400), rng.integers(0, grid.shape[1], 400)
    far_m = np.hypot(
        grid.x_m()[col][:, None] - sites.x.to_numpy(), grid.y_m()[row][:, None] - sites.y.to_numpy()
    ).min(axis=1)
    assert np.allclose(found[row, col], far_m, rtol=1e-6)


def test_pictures_and_masks_are_the_same(both: tuple[Result, Result]) -> None:
    pictures = []
    for result in both:
        frame = mercator_frame(result.layers.grid)
        land = land_mask(result.layers.grid, result.layers.communes)
        pictures.append([
            signal_overlay(
                reach, frame, land=land, people=result.layers.population.people, min_people_per_km2=20.0,
                criterion_value=-95.0 if reach.unit == "dBm" else 2600.0,
            ) for reach in result.reaches.values()
        ])  # fmt: skip
    assert len({p.uri for p in pictures[0]}) > 5
    assert pictures[0] == pictures[1]
    inside = [Province(r.layers.grid, r.layers.communes).inside for r in both]
    assert np.array_equal(*inside)
    assert np.array_equal(*(land_mask(r.layers.grid, r.layers.communes) for r in both))
    assert inside[0].any()
