"""One path: geometry by hand, losses that agree with the models, and what is said of bad questions."""

from __future__ import annotations

import datetime
import json
import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from phusong.coverage.radio.link import analyse_link
from phusong.coverage.radio.p1812 import path_loss
from phusong.coverage.radio.profile import (
    PathProfile,
    bilinear,
    clearance,
    median_earth_radius_km,
    straight_profile,
)
from phusong.coverage.reasons import Explainer
from phusong.coverage.store import Store
from phusong.layers.faults import ExpectedError
from phusong.layers.grid import Grid, Raster
from phusong.layers.inventory import Layers, Population
from phusong.layers.project.schema import Project, TerrainService
from phusong.layers.rasters.clutter import CLASSES
from phusong.maps.link_view import link_json, link_png, link_text

UTM = CRS.from_epsg(32649)
GRID = Grid(UTM, 200_000.0, 1_510_000.0, 100.0, (60, 200))


def made_up(
    terrain: np.ndarray, clutter: np.ndarray | None = None, model: str = "p1812", **more: float
) -> Layers:
    """A mast of three cells at the western edge of a made-up ground."""
    project = Project.model_validate(
        {
            "file": Path("phusong.toml"),
            "province": {"code": "99", "name": "X", "as_of": datetime.date(2026, 6, 30)},
            "layers": {name: {"path": name} for name in ("communes", "population", "stations", "clutter")},
            "services": {"4G": {"model": model, **more}},
        }
    )
    x, y = 200_550.0, 1_507_050.0
    lon, lat = Transformer.from_crs(UTM, 4326, always_xy=True).transform(x, y)
    n = 3
    stations = gpd.GeoDataFrame(
        {
            "site_id": ["S1"] * n, "cell_id": [f"S1-{i}" for i in range(n)], "operator": ["V"] * n,
            "technology": ["4G"] * n, "frequency_mhz": [1800.0] * n, "lon": [lon] * n, "lat": [lat] * n,
            "antenna_height_m": [30.0] * n, "azimuth_deg": [90.0, 210.0, 330.0], "tilt_deg": [2.0] * n,
            "beamwidth_deg": [65.0] * n, "eirp_dbm": [60.0] * n, "bandwidth_mhz": [20.0] * n,
            "commune_code": ["1"] * n,
        },
        geometry=gpd.GeoSeries.from_xy([x] * n, [y] * n, crs=UTM),
    )  # fmt: skip
    people = Population(Raster(np.ones(GRID.shape), GRID), float(GRID.size), 0.0)
    return Layers(
        project, GRID, gpd.GeoDataFrame({"commune_code": []}, geometry=[], crs=UTM), stations, people,
        terrain=Raster(terrain.astype(np.float32), GRID),
        clutter=None if clutter is None else Raster(clutter.astype(np.uint8), GRID),
    )  # fmt: skip


def at(x: float, y: float) -> str:
    lon, lat = Transformer.from_crs(UTM, 4326, always_xy=True).transform(x, y)
    return f"{lat:.9f},{lon:.9f}"


def ridge(height: float, col: int = 80) -> np.ndarray:
    terrain = np.full(GRID.shape, 50.0)
    terrain[:, col - 1 : col + 2] += height
    return terrain


@settings(max_examples=50)
@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(-100, 100), st.integers(0, 1000))
def test_a_plane_is_interpolated_exactly(a: float, b: float, c: float, seed: int) -> None:
    x, y = np.meshgrid(np.arange(200.0), np.arange(60.0))
    values = (a * x + b * y + c).astype(np.float32)
    rng = np.random.default_rng(seed)
    col, row = rng.uniform(0.0, 199.0, 20), rng.uniform(0.0, 59.0, 20)
    found = bilinear(values, GRID, GRID.left_m + (col + 0.5) * 100.0, GRID.top_m - (row + 0.5) * 100.0)
    np.testing.assert_allclose(found, a * col + b * row + c, atol=1e-3)


def test_beyond_the_grid_there_is_no_ground() -> None:
    outside = bilinear(np.zeros(GRID.shape, np.float32), GRID, np.array([0.0]), np.array([1_507_000.0]))
    assert np.isnan(outside).all()


def test_bulge_and_fresnel_zone_of_the_textbook() -> None:
    distance = np.linspace(0.0, 20_000.0, 201)
    flat = np.zeros(201)
    profile = PathProfile(distance, distance, flat, flat, flat)
    seen = clearance(
        profile, frequency_mhz=2400.0, tx_height_m=50.0, rx_height_m=50.0, earth_radius_km=4.0 / 3.0 * 6371.0
    )
    # F1 = 17.32 sqrt(d / (4 f)) m with d in km and f in GHz; bulge = d^2 / (8 k a).
    assert seen.fresnel_m[100] == pytest.approx(17.32 * math.sqrt(20.0 / (4.0 * 2.4)), rel=1e-3)
    assert seen.bulge_m[100] == pytest.approx(20_000.0**2 / (8.0 * 4.0 / 3.0 * 6_371_000.0), rel=1e-9)
    assert seen.obstacles == ()
    assert seen.above_m[100] == pytest.approx(50.0 - seen.bulge_m[100])


def test_a_ridge_is_found_where_it_stands() -> None:
    layers = made_up(ridge(120.0))
    link = analyse_link(layers, "S1", at(218_050.0, 1_507_050.0))
    worst = link.clearance.worst
    assert worst is not None
    assert worst.by_ground
    assert worst.distance_m == pytest.approx(7_500.0, abs=150.0)
    share = worst.distance_m / link.profile.length_m
    ray = 80.0 + share * (51.5 - 80.0)
    bulge = (
        worst.distance_m
        * (link.profile.length_m - worst.distance_m)
        / (2000.0 * median_earth_radius_km(50.0))
    )
    assert worst.above_line_m == pytest.approx(170.0 + bulge - ray, abs=0.5)
    assert link.terrain_db > 15.0
    assert link.clutter_db == pytest.approx(0.0, abs=1e-9)


def test_terms_and_cells_agree_with_the_model() -> None:
    rng = np.random.default_rng(4)
    terrain = 80.0 * rng.random((60, 200)).cumsum(axis=1) / 20.0
    clutter = np.where(rng.random(GRID.shape) < 0.3, CLASSES["forest"], CLASSES["open"])
    layers = made_up(terrain, clutter)
    link = analyse_link(layers, "S1", at(215_050.0, 1_507_950.0))
    profile = straight_profile(layers, (link.start.x_m, link.start.y_m), (link.end.x_m, link.end.y_m))
    expected = path_loss(
        profile.distance_m / 1000.0, profile.ground_m, profile.clutter_m,
        frequency_ghz=1.8, tx_height_m=30.0, rx_height_m=1.5,
    ).loss_db  # fmt: skip
    assert link.loss_db == pytest.approx(expected, abs=0.01)
    assert link.free_space_db + link.terrain_db + link.clutter_db == pytest.approx(link.loss_db)
    assert link.terms[-4].value == pytest.approx(link.loss_db)
    best = link.cells[0]
    assert best.cell_id == "S1-0"
    assert best.rsrp_dbm == pytest.approx(best.reference_dbm + best.gain_db - best.loss_db)
    assert best.reference_dbm == pytest.approx(60.0 - 10.0 * math.log10(1200.0))
    assert [c.rsrp_dbm for c in link.cells] == sorted((c.rsrp_dbm for c in link.cells), reverse=True)


@pytest.mark.parametrize("model", ["p1812", "itm", "p526"])
def test_every_model_loses_more_behind_a_ridge(model: str) -> None:
    ends = ("S1", at(218_050.0, 1_507_050.0))
    open_ground = analyse_link(made_up(ridge(0.0)), *ends, model=model)
    behind = analyse_link(made_up(ridge(150.0)), *ends, model=model)
    assert behind.loss_db > open_ground.loss_db + 6.0
    assert open_ground.loss_db >= open_ground.free_space_db - 3.0


def test_bad_questions_get_one_clear_answer_in_both_languages() -> None:
    layers = made_up(ridge(0.0))
    cases = {
        "S2": ("Không có vị trí 'S2'", "no site 'S2'"),
        "0,0": ("ngoài lưới", "outside the province's grid"),
        "S1": ("Hai đầu", "Both ends"),
    }
    for end, (vi, en) in cases.items():
        with pytest.raises(ExpectedError) as caught:
            analyse_link(layers, "S1", end)
        assert vi in caught.value.say("vi")
        assert en in caught.value.say("en")
    with pytest.raises(ExpectedError, match="no radio service"):
        analyse_link(layers, "S1", at(210_000.0, 1_507_000.0), service="5G")
    terrain = ridge(0.0)
    terrain[:, 50] = np.nan
    with pytest.raises(ExpectedError, match="no value"):
        analyse_link(made_up(terrain), "S1", at(218_050.0, 1_507_050.0))


def test_the_views_say_the_same() -> None:
    link = analyse_link(made_up(ridge(120.0)), "S1", at(218_050.0, 1_507_050.0))
    text = link_text(link, "vi")
    assert "Bị địa hình chắn" in text
    assert "chưa đo kiểm" in text
    assert "not measured" in link_text(link, "en")
    content = json.loads(link_json(link))
    assert content["loss_db"] == pytest.approx(link.loss_db)
    assert content["obstacles"][0]["above_line_m"] == pytest.approx(link.clearance.obstacles[0].above_line_m)
    assert len(content["profile"]["ground_m"]) == len(link.profile.distance_m)
    assert link_png(link, "vi").startswith(b"\x89PNG")


def explain(layers: Layers, x: float, y: float) -> object:
    service = layers.project.services["4G"]
    assert isinstance(service, TerrainService)
    return Explainer(layers, "4G", service).explain(x, y)


def test_reasons_name_what_stands_in_the_way() -> None:
    far = (218_050.0, 1_507_050.0)
    behind = explain(made_up(ridge(250.0), max_distance_m=30_000.0), *far)
    assert behind.reason == "terrain"  # type: ignore[attr-defined]
    assert behind.ridge_m == pytest.approx(7_500.0, abs=150.0)  # type: ignore[attr-defined]
    assert behind.ridge_above_m > 150.0  # type: ignore[attr-defined]
    nobody = explain(made_up(ridge(0.0), max_distance_m=5_000.0), *far)
    assert nobody.reason == "no station in range"  # type: ignore[attr-defined]
    weak = explain(made_up(ridge(0.0), max_distance_m=30_000.0, threshold_dbm=-60.0), *far)
    assert weak.reason == "power"  # type: ignore[attr-defined]
    woods = np.full(GRID.shape, CLASSES["open"])
    woods[:, 120:180] = CLASSES["forest"]
    open_ground = analyse_link(made_up(ridge(0.0)), "S1", at(*far))
    hidden = analyse_link(made_up(ridge(0.0), woods), "S1", at(*far))
    between = (open_ground.cells[0].rsrp_dbm + hidden.cells[0].rsrp_dbm) / 2.0
    layers = made_up(ridge(0.0), woods, max_distance_m=30_000.0, threshold_dbm=between, probability=0.5)
    assert explain(layers, *far).reason == "clutter"  # type: ignore[attr-defined]


def test_reasons_kept_are_those_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seats = [(218_050.0, 1_507_050.0), (215_050.0, 1_506_050.0), (205_050.0, 1_503_050.0)]

    def all_of(height_m: float, store: Store | None, **service: float) -> list[object]:
        """Return the causes at some places, with what is heard there and without."""
        layers = made_up(ridge(height_m), max_distance_m=30_000.0, **service)
        settings = layers.project.services["4G"]
        assert isinstance(settings, TerrainService)
        explainer = Explainer(layers, "4G", settings, store)
        found = [explainer.explain(*seat) for seat in seats]
        found.append(explainer.explain(*seats[0], server=0, signal_dbm=-118.5))
        explainer.save()
        return found

    cases: list[tuple[float, dict[str, float]]] = [
        (250.0, {}), (120.0, {}), (250.0, {"threshold_dbm": -60.0}), (250.0, {"time_percent": 1.0}),
    ]
    plain = [all_of(height, None, **service) for height, service in cases]
    assert len({str(found) for found in plain}) == len(cases)
    for _ in range(2):
        assert [str(all_of(height, Store(tmp_path), **s)) for height, s in cases] == [str(f) for f in plain]
        monkeypatch.setattr("phusong.coverage.reasons.straight_profile", None)  # the second time all are kept


def test_services_alike_keep_their_reasons_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """4G and 5G with the same thresholds depend on the same ground, but ask about other places."""
    layers = made_up(ridge(250.0), max_distance_m=30_000.0)
    first = layers.project.services["4G"]
    assert isinstance(first, TerrainService)
    alike = first.model_copy(update={"technology": "4G"})
    seats = {"4G": (218_050.0, 1_507_050.0), "again": (215_050.0, 1_506_050.0)}
    for _ in range(2):
        for name, seat in seats.items():
            explainer = Explainer(layers, name, alike, Store(tmp_path))
            assert explainer.explain(*seat).reason == "terrain"
            explainer.save()
        monkeypatch.setattr("phusong.coverage.reasons.straight_profile", None)  # the second time all are kept
