"""Models over terrain in the prediction: each cell against the plain form on its own path."""

from __future__ import annotations

import numpy as np
import pytest
from test_link import GRID, made_up, ridge

from phusong.coverage.prediction import Prediction
from phusong.coverage.radio.itm import Parameters, point_to_point
from phusong.coverage.radio.itm_sweep import path_profile
from phusong.coverage.radio.model import Link
from phusong.coverage.radio.over_terrain import ItmPathLoss, P526PathLoss, P1812PathLoss, zones
from phusong.coverage.radio.p526 import path_diffraction
from phusong.coverage.radio.p1812 import Atmosphere, path_loss
from phusong.coverage.radio.p1812_terms import ZONE_COAST, ZONE_INLAND, ZONE_SEA
from phusong.coverage.radio.pathloss import Site, Window
from phusong.coverage.radio.predict import predict_service
from phusong.coverage.radio.profile import median_earth_radius_km
from phusong.coverage.radio.terminal import terminal_losses_db
from phusong.coverage.result import ANY
from phusong.layers.project.schema import TerrainService
from phusong.layers.rasters.clutter import CLASSES, clutter_heights_m

LINK = Link(1800.0, 30.0)


def hills(seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[0:60, 0:200]
    ground = sum(
        rng.uniform(20, 80) * np.sin(row / rng.uniform(4, 20) + col / rng.uniform(4, 20) + rng.uniform(0, 6))
        for _ in range(8)
    )
    return np.asarray(ground + 400.0)


def woods(seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(GRID.shape) < 0.3, CLASSES["forest"], CLASSES["open"])


def site() -> Site:
    x, y = 200_550.0, 1_507_050.0
    return Site(x, y, 12_000.0, Window.around(GRID, x, y, 12_000.0))


def service(model: str) -> TerrainService:
    return TerrainService(model=model, technology="4G", max_distance_m=12_000.0)  # type: ignore[arg-type]


def cells(seed: int = 1, count: int = 60) -> list[tuple[int, int]]:
    rng = np.random.default_rng(seed)
    found = zip(rng.integers(0, 60, count), rng.integers(12, 120, count), strict=True)
    return [(int(r), int(c)) for r, c in found]


def test_p1812_is_the_plain_form_on_the_sweeps_own_profiles() -> None:
    layers = made_up(hills(), woods())
    model = P1812PathLoss(layers, service("p1812"))
    here = site()
    losses = model.fields(here, [LINK])[0].loss_db[0]
    latitude = model._atmosphere.latitude_deg
    for row, col in cells():
        profile = model._field.profile(29.0, 5.0, row, col, max_distance_m=12_000.0)
        expected = path_loss(
            profile.distance_km, profile.terrain_m, profile.clutter_m, profile.zone,
            frequency_ghz=1.8, tx_height_m=30.0, rx_height_m=1.5,
            atmosphere=Atmosphere(latitude_deg=latitude), smooth_closed_form=True,
        ).loss_db  # fmt: skip
        found = losses[row - here.window.row0, col - here.window.col0]
        assert found == pytest.approx(expected, abs=2e-4)


def test_p526_is_free_space_and_diffraction_alone() -> None:
    layers = made_up(hills(), woods())
    model = P526PathLoss(layers, service("p526"))
    here = site()
    losses = model.fields(here, [LINK])[0].loss_db[0]
    radius = median_earth_radius_km(layers.project.radio.delta_n)
    for row, col in cells():
        profile = model._field.profile(29.0, 5.0, row, col, max_distance_m=12_000.0)
        expected = path_diffraction(
            profile.distance_km, profile.terrain_m, frequency_mhz=1800.0, tx_height_m=30.0, rx_height_m=1.5,
            clutter_m=profile.clutter_m, effective_radius_km=radius,
        ).basic_loss_db  # fmt: skip
        # The sweep takes the smooth earth's Bullington loss in closed form, not at the profile's samples.
        found = losses[row - here.window.row0, col - here.window.col0]
        assert found == pytest.approx(expected, abs=0.3)
        closed = path_loss(
            profile.distance_km, profile.terrain_m, profile.clutter_m, profile.zone,
            frequency_ghz=1.8, tx_height_m=30.0, rx_height_m=1.5,
            atmosphere=Atmosphere(latitude_deg=model._atmosphere.latitude_deg), smooth_closed_form=True,
        )  # fmt: skip
        assert found == pytest.approx(closed.lbfs_db + closed.ld50_db, abs=2e-4)


def test_longley_rice_is_the_plain_form_and_the_clutter_at_the_phone() -> None:
    terrain, clutter = hills(), woods()
    layers = made_up(terrain, clutter)
    model = ItmPathLoss(layers, service("itm"))
    here = site()
    losses = model.fields(here, [LINK])[0].loss_db[0]
    terminal = terminal_losses_db(1800.0, 1.5, clutter_heights_m(None), 100.0)
    assert terminal[CLASSES["open"]] == 0.0
    assert terminal[CLASSES["forest"]] > 3.0
    for row, col in cells():
        heights, step = path_profile(terrain.astype(np.float32), 100.0, 29.0, 5.0, row, col)
        expected = point_to_point(heights, step, Parameters(1800.0, 30.0)).loss_db
        found = losses[row - here.window.row0, col - here.window.col0]
        assert found == pytest.approx(expected + terminal[clutter[row, col]], abs=1e-3)


@pytest.mark.parametrize("name", ["p1812", "itm", "p526"])
def test_a_ridge_casts_a_shadow_and_the_result_knows_no_workers(name: str) -> None:
    found: list[Prediction] = []
    for workers in (1, 2, 3):
        layers = made_up(ridge(300.0), model=name)
        kind = layers.project.services["4G"]
        assert isinstance(kind, TerrainService)
        found.append(predict_service(layers, "4G", kind, workers=workers))
    one = found[0].of(ANY)
    for other in found[1:]:
        np.testing.assert_array_equal(one.signal.values, other.of(ANY).signal.values)
        np.testing.assert_array_equal(one.covered.values, other.of(ANY).covered.values)
    before, behind = one.covered.values[29, 40:75], one.covered.values[29, 90:140]
    assert before.mean() > 0.9
    assert behind.mean() < 0.1
    assert one.probability is not None
    known = np.isfinite(one.probability.values)
    assert ((one.probability.values[known] >= 0.0) & (one.probability.values[known] <= 1.0)).all()


def test_void_ground_and_sites_off_the_grid_hear_nothing() -> None:
    terrain = hills()
    terrain[:, 100:] = np.nan
    layers = made_up(terrain)
    for model in (P1812PathLoss(layers, service("p1812")), ItmPathLoss(layers, service("itm"))):
        here = site()
        losses = model.fields(here, [LINK])[0].loss_db[0]
        assert np.isnan(losses[:, 100 - here.window.col0 :]).all()
        assert np.isfinite(losses[:, 10:90]).mean() > 0.9
        outside = Site(
            190_000.0, 1_507_000.0, 12_000.0, Window.around(GRID, 190_000.0, 1_507_000.0, 12_000.0)
        )
        assert np.isnan(model.fields(outside, [LINK])[0].loss_db).all()


def test_large_water_is_sea_and_low_land_near_it_coast() -> None:
    classes = np.full(GRID.shape, CLASSES["open"], dtype=np.uint8)
    classes[:, :180] = CLASSES["water"]
    terrain = np.zeros(GRID.shape, dtype=np.float32)
    terrain[:30] = 500.0
    found = zones(GRID, terrain, classes)
    assert found is not None
    assert (found[:, :180] == ZONE_SEA).all()
    assert (found[30:, 180:] == ZONE_COAST).all()
    assert (found[:30, 180:] == ZONE_INLAND).all()
    classes[:, 40:] = CLASSES["open"]
    assert zones(GRID, terrain, classes) is None
