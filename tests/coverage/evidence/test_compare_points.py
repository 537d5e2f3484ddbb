"""Samples beside the prediction: the map's own figures, line of sight, places to ask about."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pytest

from phusong.coverage.evidence.challenge import NOT_FOUND, challenges
from phusong.coverage.evidence.compare_points import pair_samples, signals_of_cells
from phusong.coverage.evidence.validate import distance_class
from phusong.coverage.prediction import Prediction
from phusong.coverage.radio.profile import clearance, median_earth_radius_km, straight_profile
from phusong.coverage.radio.sight import BLOCKED, CLEAR, UNKNOWN, line_of_sight
from phusong.layers.grid import Raster
from phusong.layers.inventory import Layers

Samples = Callable[..., gpd.GeoDataFrame]


def some_points(layers: Layers, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    left, bottom, right, top = layers.grid.bounds
    return rng.uniform(left, right, n), rng.uniform(bottom, top, n)


def test_a_named_cell_has_the_level_of_the_map(stripes: Layers, predicted: dict[str, Prediction]) -> None:
    x, y = some_points(stripes, 800, 1)
    reach = predicted["4G"].of("V")
    best = reach.best_server.at(x, y, -1)
    heard = best >= 0
    assert heard.sum() > 200
    level = signals_of_cells(
        stripes, "4G", stripes.project.services["4G"], x[heard], y[heard], best[heard].astype(np.int64)
    )
    np.testing.assert_allclose(level, reach.signal.at(x, y, np.nan)[heard], atol=2e-3)


def test_other_cells_are_weaker_than_the_best(stripes: Layers, predicted: dict[str, Prediction]) -> None:
    x, y = some_points(stripes, 300, 2)
    reach = predicted["4G"].of("V")
    signal = reach.signal.at(x, y, np.nan)
    heard = np.isfinite(signal)
    for station in np.flatnonzero((stripes.stations["operator"] == "V").to_numpy())[:4]:
        own = signals_of_cells(
            stripes, "4G", stripes.project.services["4G"], x, y, np.full(len(x), station)
        )
        there = heard & np.isfinite(own)
        assert (own[there] <= signal[there] + 2e-3).all()


def test_pairs_say_what_map_and_sample_say(
    stripes: Layers, predicted: dict[str, Prediction], samples_at: Samples
) -> None:
    x, y = some_points(stripes, 500, 3)
    reach = predicted["4G"].of("V")
    signal = reach.signal.at(x, y, np.nan)
    rsrp = np.where(np.arange(500) % 5 == 0, np.nan, np.nan_to_num(signal, nan=-125.0) - 4.0)
    pairs = pair_samples(
        stripes, "4G", stripes.project.services["4G"], predicted["4G"], samples_at(stripes, x, y, rsrp)
    )
    assert len(pairs) == 500
    np.testing.assert_array_equal(pairs["claimed"], reach.covered.at(x, y, False))
    np.testing.assert_array_equal(pairs["measured"], np.nan_to_num(rsrp, nan=-999.0) >= -110.0)
    both = pairs["heard"] & pairs["predicted_dbm"].notna()
    np.testing.assert_allclose(pairs.loc[both, "residual_db"], -4.0, atol=1e-4)
    column = np.floor((x - stripes.grid.left_m) / 200.0).astype(int)
    np.testing.assert_array_equal(pairs["clutter"] == "forest", (column // 15) % 2 == 0)


def test_silent_phones_without_a_technology_count(
    stripes: Layers, predicted: dict[str, Prediction], samples_at: Samples
) -> None:
    x, y = some_points(stripes, 4, 4)
    samples = samples_at(
        stripes, x, y, np.array([-80.0, np.nan, -80.0, np.nan]),
        technology=np.array(["4G", "", "5G", "5G"], dtype=object),
        operator=np.array(["V", "", "V", "V"], dtype=object),
    )
    pairs = pair_samples(stripes, "4G", stripes.project.services["4G"], predicted["4G"], samples)
    assert pairs["row"].tolist() == [2, 3]
    assert pairs["operator"].tolist() == ["V", "any"]


def test_line_of_sight_is_that_of_single_paths(network: Callable[..., Layers]) -> None:
    rng = np.random.default_rng(6)
    hills = 60.0 * rng.random((60, 80)).cumsum(axis=1) / 8.0
    layers = network([{"x": 4000, "y": -3000}], terrain=hills)
    n = 60
    x, y = some_points(layers, n, 7)
    sx, sy = some_points(layers, n, 8)
    seen = line_of_sight(
        layers, np.column_stack([sx, sy]), np.column_stack([x, y]), np.full(n, 40.0), np.full(n, 1.5)
    )
    agree = []
    for i in range(n):
        profile = straight_profile(layers, (sx[i], sy[i]), (x[i], y[i]), step_m=50.0)
        above = clearance(
            profile, frequency_mhz=1800.0, tx_height_m=40.0, rx_height_m=1.5,
            earth_radius_km=median_earth_radius_km(layers.project.radio.delta_n),
        ).above_m[1:-1]
        agree.append((above.min() >= 0) == (seen[i] == CLEAR) or abs(above.min()) < 3.0)
    assert np.mean(agree) > 0.95
    assert {BLOCKED, CLEAR} <= set(seen.tolist())


def test_no_terrain_is_no_answer(stripes: Layers) -> None:
    one = np.array([stripes.grid.left_m + 500.0])
    two = np.array([stripes.grid.top_m - 500.0])
    ends = np.column_stack([one, two]), np.column_stack([one + 900, two])
    assert line_of_sight(stripes, *ends, np.array([30.0]), np.array([1.5]))[0] == UNKNOWN


def test_distance_classes() -> None:
    found = distance_class(np.array([0.0, 499.9, 500.0, 9000.0, np.nan]))
    assert found.tolist() == ["0-500", "0-500", "500-1000", "8000-", ""]


def test_a_silent_valley_is_on_the_list(
    stripes: Layers, predicted: dict[str, Prediction], samples_at: Samples
) -> None:
    reach = predicted["4G"].of("V")
    rows, cols = np.nonzero(reach.covered.values)
    middle = len(rows) // 2
    x0, y0 = stripes.grid.x_m()[cols[middle]], stripes.grid.y_m()[rows[middle]]
    rng = np.random.default_rng(9)
    x, y = x0 + rng.uniform(-400, 400, 60), y0 + rng.uniform(-400, 400, 60)
    inside = reach.covered.at(x, y, False)
    people = Raster(np.full(stripes.grid.shape, 2.0), stripes.grid)
    layers = dataclasses.replace(
        stripes, population=dataclasses.replace(stripes.population, people=people)
    )
    samples = samples_at(layers, x, y, np.full(60, np.nan))
    pairs = pair_samples(layers, "4G", layers.project.services["4G"], predicted["4G"], samples)
    found = challenges(layers, pairs, dict(predicted), samples)
    first = found.iloc[0]
    assert first["kind"] == NOT_FOUND
    assert first["records"] <= inside.sum()
    assert first["share"] >= 0.5
    assert np.hypot(first["x_m"] - x0, first["y_m"] - y0) < 600.0
    cells = {(round(a), round(b)) for a, b in zip(*layers.grid.index(x[inside], y[inside]), strict=True)}
    assert first["people"] <= 2.0 * len(cells)


def test_a_map_that_is_right_has_no_list(
    stripes: Layers, predicted: dict[str, Prediction], samples_at: Samples
) -> None:
    x, y = some_points(stripes, 400, 10)
    right = np.where(predicted["4G"].of("V").covered.at(x, y, False), -70.0, np.nan)
    samples = samples_at(stripes, x, y, right)
    pairs = pair_samples(stripes, "4G", stripes.project.services["4G"], predicted["4G"], samples)
    assert len(challenges(stripes, pairs, dict(predicted), samples)) == 0


def test_unknown_operators_are_not_compared(
    stripes: Layers, predicted: dict[str, Prediction], samples_at: Samples
) -> None:
    x, y = some_points(stripes, 5, 11)
    samples = samples_at(stripes, x, y, np.full(5, -90.0), operator="Z")
    pairs = pair_samples(stripes, "4G", stripes.project.services["4G"], predicted["4G"], samples)
    assert len(pairs) == 0
    assert pytest.approx(0) == pairs["samples"].sum()
