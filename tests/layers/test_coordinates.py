"""Systems of Vietnam: to 0.01 m against PROJ, and found by where the points must lie, or asked."""

from __future__ import annotations

import functools
import sqlite3
from importlib import util
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod, Transformer

from phusong.layers.boundaries.province import Province
from phusong.layers.faults import Faults
from phusong.layers.grid import Grid
from phusong.layers.positions.coordinates import (
    Candidate,
    CrsAnswer,
    candidates,
    choose_crs,
    strip_zone,
    tell_crs,
    to_lonlat,
)
from phusong.layers.positions.crs_words import (
    PLANE,
    VN2000_TM3,
    VN2000_UTM,
    central_meridians,
    crs_of_words,
    name_of,
    successor,
)
from phusong.layers.rules import Report

GEOD = Geod(ellps="WGS84")


def query(text: str) -> list[tuple[str, ...]]:
    spec = util.find_spec("vietnamadminunits")
    assert spec is not None
    assert spec.origin is not None
    with sqlite3.connect(Path(spec.origin).parent / "data" / "dataset.db") as base:
        return base.execute(text).fetchall()


@functools.cache
def commune_points() -> np.ndarray:
    return np.array(query("select wardLon, wardLat from admin_units where wardLon is not null"), dtype=float)


@functools.cache
def province(code: str) -> Province:
    """A province whose communes are the cells nearest to their official points."""
    units = query("select wardCode, ward, wardLon, wardLat, provinceCode from admin_units order by wardCode")
    rows = [r for r in units if r[4] == code]
    crs = CRS.from_epsg(32649 if code == "52" else 32648)
    turn = Transformer.from_crs(4326, crs, always_xy=True)
    x, y = turn.transform([r[2] for r in rows], [r[3] for r in rows])
    points = shapely.points(x, y)
    hull = shapely.MultiPoint(points).convex_hull.buffer(8_000)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=hull))
    tree = shapely.STRtree(cells)
    holder = zip(*tree.query(points, "within"), strict=True)
    own = {int(p): cells[int(c)].intersection(hull) for p, c in holder}
    frame = gpd.GeoDataFrame(
        {"commune_code": [r[0] for r in rows], "commune_name": [r[1] for r in rows], "population": 1.0},
        geometry=[own[i] for i in range(len(rows))], crs=crs,
    )
    return Province(Grid.cover(tuple(frame.total_bounds), crs, 100.0), frame)


def inside(code: str, n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Longitudes, latitudes and codes of points well inside communes of a province."""
    ground = province(code)
    rng = np.random.default_rng(seed)
    chosen = ground.communes.sample(n, replace=n > len(ground.communes), random_state=seed)
    spots = np.array([g.representative_point() for g in chosen.geometry], dtype=object)
    x, y = shapely.get_x(spots) + rng.uniform(-50, 50, n), shapely.get_y(spots) + rng.uniform(-50, 50, n)
    lon, lat = Transformer.from_crs(ground.grid.crs, 4326, always_xy=True).transform(x, y)
    return lon, lat, chosen["commune_code"].to_numpy(dtype=object)


def plane(lon: np.ndarray, lat: np.ndarray, epsg: int) -> tuple[np.ndarray, np.ndarray]:
    return Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)


def metres(lon: float, lat: float, lon2: float, lat2: float) -> float:
    return float(GEOD.inv(lon, lat, lon2, lat2)[2])


def distance_to_a_commune_km(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Distance to the nearest official point of a commune, whatever its province."""
    everywhere = commune_points()
    return np.array(
        [GEOD.inv(np.full(len(everywhere), a), np.full(len(everywhere), b), *everywhere.T)[2].min() / 1000
         for a, b in zip(lon, lat, strict=True)]
    )


def test_the_point_of_the_field() -> None:
    lon, lat = to_lonlat(np.array([1255172.51]), np.array([568262.924]), Candidate(9217, north_first=True))
    assert lon[0] == pytest.approx(108.877201, abs=1e-6)
    assert lat[0] == pytest.approx(11.349358, abs=1e-6)


@pytest.mark.parametrize(("epsg", "e", "n"), [(9218, 445789.13, 1546480.85), (9217, 472797.33, 1546437.93)])
def test_pleiku(epsg: int, e: float, n: float) -> None:
    lon, lat = to_lonlat(np.array([e]), np.array([n]), Candidate(epsg))
    assert metres(lon[0], lat[0], 108.0, 13.983) < 0.01


@pytest.mark.parametrize("epsg", [*VN2000_TM3, *VN2000_UTM])
@pytest.mark.parametrize("north_first", [False, True])
def test_every_zone_to_a_centimetre(epsg: int, north_first: bool) -> None:
    meridian = central_meridians()[epsg]
    lon, lat = np.meshgrid(np.linspace(meridian - 1.5, meridian + 1.5, 5), np.linspace(8.5, 23.3, 7))
    x, y = plane(lon.ravel(), lat.ravel(), epsg)
    columns = (y, x) if north_first else (x, y)
    back = to_lonlat(*columns, Candidate(epsg, north_first))
    assert max(metres(*p) for p in zip(lon.ravel(), lat.ravel(), *back, strict=True)) < 0.01


def test_slips_are_as_far_as_the_field_says() -> None:
    e, n = plane(np.array([108.0]), np.array([13.983]), 9218)
    lon, lat = to_lonlat(e, n, Candidate(9217))
    assert metres(108.0, 13.983, lon[0], lat[0]) == pytest.approx(27_000, abs=50)
    e, n = plane(np.array([108.1]), np.array([10.93]), 9218)
    lon, lat = to_lonlat(e, n, Candidate(5899))
    assert metres(108.1, 10.93, lon[0], lat[0]) == pytest.approx(82_000, abs=300)
    e, n = plane(np.array([108.0]), np.array([13.983]), 3406)
    lon, lat = to_lonlat(e, n, Candidate(32649))
    assert metres(108.0, 13.983, lon[0], lat[0]) == pytest.approx(225.6, abs=1.0)


def test_deprecated_zones_give_way_to_their_successors() -> None:
    assert [successor(e) for e in (6956, 6957, 6958, 6959, 9217)] == [5896, 5897, 5898, 5899, 9217]
    for old in range(6956, 6960):
        new = CRS.from_epsg(successor(old)).coordinate_operation
        was = CRS.from_epsg(old).coordinate_operation
        assert new is not None
        assert was is not None
        kept = ("Longitude of natural origin", "Scale factor at natural origin")
        after, before = ({p.name: p.value for p in operation.params} for operation in (new, was))
        assert [after[name] for name in kept] == [before[name] for name in kept]
        assert before["False northing"] == 500_000, "why they were withdrawn"
    faults = Faults()
    tell_crs(Report("stations", "a.csv", faults), CrsAnswer("declared", Candidate(5898)), declared=6958)
    assert "EPSG:6958" in next(iter(faults)).say("vi")


@pytest.mark.parametrize(("prefix", "epsg"), [(48, 3405), (49, 3406), (482, 5897), (491, 5898)])
def test_the_number_of_a_zone_is_taken_off(prefix: int, epsg: int) -> None:
    e, n = plane(np.array([107.4, 107.6]), np.array([14.0, 14.2]), epsg)
    stripped, systems = strip_zone(e + prefix * 1e6)
    np.testing.assert_allclose(stripped, e, atol=1e-6)
    assert epsg in systems
    assert {c.epsg for c in candidates(n, e + prefix * 1e6)} == set(systems)
    lon, _ = to_lonlat(n, e + prefix * 1e6, Candidate(epsg, north_first=True))
    np.testing.assert_allclose(lon, [107.4, 107.6], atol=1e-7)


def test_numbers_of_two_zones_are_left() -> None:
    values = np.array([48568262.0, 49568262.0])
    assert strip_zone(values) == (pytest.approx(values), ())
    assert candidates(np.array([1.5e6, 1.5e6]), values) == ()


@pytest.mark.parametrize("epsg", [9217, 9218, 5898, 5899])
def test_the_zone_is_found_by_declared_communes(epsg: int) -> None:
    lon, lat, codes = inside("52", 60)
    e, n = plane(lon, lat, epsg)
    answer = choose_crs(n, e, province=province("52"), province_code="52", communes=codes)
    assert (answer.verdict, answer.candidate) == ("communes", Candidate(epsg, north_first=True))
    assert answer.tried[0].explained == answer.points == 60
    back = to_lonlat(n, e, Candidate(epsg, north_first=True))
    assert max(metres(*p) for p in zip(lon, lat, *back, strict=True)) < 0.01
    faults = Faults()
    tell_crs(Report("stations", "a.xlsx", faults), answer, ("X", "Y"))
    assert [f.code for f in faults] == ["stations.crs-found", "stations.x-is-northing"]
    assert f"EPSG:{epsg}" in next(iter(faults)).say("vi")


def test_the_slip_that_stays_on_land_is_caught() -> None:
    """Masts of Phan Thiết in the old Bình Thuận's zone (9218), declared as the province's (5899)."""
    ground = province("68")
    lon, lat, codes = inside("68", len(ground.communes))
    near = np.hypot(lon - 108.1, lat - 10.93) < 0.2
    lon, lat, codes = lon[near], lat[near], codes[near]
    assert len(lon) >= 5
    e, n = plane(lon, lat, 9218)
    wrong_lon, wrong_lat = to_lonlat(n, e, Candidate(5899, north_first=True))
    assert np.all(wrong_lon > 106.9), "west of the true place"
    assert np.all(distance_to_a_commune_km(wrong_lon, wrong_lat) < 12), "and still on land"
    answer = choose_crs(n, e, province=ground, province_code="68", communes=codes, declared=5899)
    assert answer.verdict == "contradicted"
    assert answer.choices[0].candidate == Candidate(9218, north_first=True)
    faults = Faults()
    tell_crs(Report("stations", "a.xlsx", faults), answer, ("X", "Y"), declared=5899)
    (fault,) = faults.errors
    assert "EPSG:9218" in fault.say("vi")
    assert f"0 of {len(lon)}" in fault.say("en")
    undeclared = choose_crs(n, e, province=ground, province_code="68", communes=codes)
    assert undeclared.candidate == Candidate(9218, north_first=True)


def test_a_declared_system_wins_where_it_fits() -> None:
    lon, lat, codes = inside("52", 40)
    e, n = plane(lon, lat, 3406)
    answer = choose_crs(n, e, province=province("52"), communes=codes, declared=3406)
    assert (answer.verdict, answer.candidate) == ("declared", Candidate(3406, north_first=True))
    turned = choose_crs(e, n, province=province("52"), communes=codes, declared=3406)
    assert turned.candidate == Candidate(3406)


def test_two_datums_of_one_zone_are_asked() -> None:
    """VN-2000 and WGS 84 in UTM lie 226 m apart: too near for communes to tell."""
    lon, lat, codes = inside("52", 60)
    e, n = plane(lon, lat, 3406)
    answer = choose_crs(n, e, province=province("52"), communes=codes)
    assert answer.verdict == "ambiguous"
    assert answer.candidate is None
    assert {3406, 32649} <= {t.candidate.epsg for t in answer.choices}
    faults = Faults()
    tell_crs(Report("stations", "a.xlsx", faults), answer, ("X", "Y"))
    (fault,) = faults.errors
    assert "EPSG:3406" in fault.say("vi")
    assert "EPSG:32649" in fault.say("vi")
    spoken = crs_of_words("Tọa độ VN-2000").candidates
    settled = choose_crs(n, e, province=province("52"), communes=codes, among=spoken)
    assert settled.candidate == Candidate(3406, north_first=True)


def test_without_communes_the_province_decides_or_the_user_is_asked() -> None:
    lon, lat, _ = inside("52", 130)
    e, n = plane(lon, lat, 9217)
    answer = choose_crs(n, e, province=province("52"), province_code="52")
    assert (answer.verdict, answer.candidate) == ("province", Candidate(9217, north_first=True))
    assert not answer.by_commune
    few = np.argsort(np.hypot(lon - 108.4, lat - 13.9))[:4]
    asked = choose_crs(n[few], e[few], province=province("52"), province_code="52")
    assert asked.verdict == "ambiguous"
    assert {9217, 9218} <= {t.candidate.epsg for t in asked.choices}
    assert asked.choices[0].candidate.epsg == 9217, "the province's own zone comes first among equals"


def test_degrees_in_either_order() -> None:
    lon, lat, codes = inside("52", 30)
    ground = province("52")
    assert choose_crs(lon, lat, province=ground, communes=codes).candidate == Candidate(4326)
    turned = choose_crs(lat, lon, province=ground, communes=codes)
    assert turned.candidate == Candidate(4326, north_first=True)


def test_points_of_elsewhere_fit_nothing() -> None:
    lon, lat, codes = inside("68", 40)
    e, n = plane(lon + 3.0, lat + 6.0, 9217)
    answer = choose_crs(n, e, province=province("68"), communes=codes)
    assert answer.verdict == "nothing-fits"
    faults = Faults()
    tell_crs(Report("stations", "a.xlsx", faults), answer)
    assert [f.code for f in faults] == ["stations.crs-nothing-fits"]


def test_sizes_that_are_nowhere_have_no_candidates() -> None:
    assert candidates(np.array([5.0e6]), np.array([5.0e6])) == ()
    assert candidates(np.array([np.nan]), np.array([np.nan])) == ()
    assert [c.north_first for c in candidates(np.array([13.9]), np.array([108.0]))] == [True]
    assert {c.epsg for c in candidates(np.array([445789.0]), np.array([1546480.0]))} == set(PLANE)


@pytest.mark.parametrize(
    ("text", "epsg"),
    [
        ("Tọa độ VN-2000, KTT 108°15', múi chiếu 3°", 9217),
        ("Hệ tọa độ VN2000 kinh tuyến trục 105°30'", 9209),
        ("KTT 105 múi 6 độ VN2000", 3405),
        ("UTM zone 49N, VN-2000", 3406),
        ("WGS 84 / UTM zone 48N", 32648),
        ("EPSG:6958", 5898),
        ("L0=107d45", 5899),
        ("Tọa độ X", None),
        ("VN-2000", None),
    ],
)
def test_words_that_declare_a_system(text: str, epsg: int | None) -> None:
    assert crs_of_words(text).epsg == epsg


def test_names_for_messages() -> None:
    assert name_of(9217) == "EPSG:9217 (VN-2000, 108°15', 3°)"
    assert name_of(3406) == "EPSG:3406 (VN-2000, UTM 49N)"
    assert all(str(e) in name_of(e) for e in (*PLANE, 4326, 4756, 27700))
