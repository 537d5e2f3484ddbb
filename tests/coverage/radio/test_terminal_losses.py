"""Clutter, building entry, woodland and car losses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.radio.cases import compute_cases
from phusong.coverage.radio.p2108 import CLUTTER_TYPES, height_gain_loss_db, statistical_loss_db
from phusong.coverage.radio.p2109 import building_entry_loss_db
from phusong.coverage.radio.penetration import IN_CAR, IN_CAR_METALLISED, LIMIT
from phusong.coverage.radio.vegetation import measured, specific_attenuation_db_per_m, woodland_loss_db


@pytest.mark.parametrize(
    ("model", "file", "rows", "tolerance"),
    [
        ("p2108", "p2108_terrestrial_ntia.csv", 7, 0.0501),
        ("p2108", "p2108_heightgainterminalcorrection_ntia.csv", 18, 0.0501),
        ("p2109", "p2109.csv", 417, 1e-6),
    ],
)
def test_reference_values(shared: Path, model: str, file: str, rows: int, tolerance: float) -> None:
    result = compute_cases(model, shared / "vectors" / file)
    assert result.comparisons[0].rows == rows
    assert result.comparisons[0].max_difference < tolerance
    assert [c.column for c in result.comparisons if c.beyond] == []


@settings(deadline=None)
@given(st.floats(0.08, 100.0), st.floats(0.1, 99.0), st.floats(0.01, 0.9), st.floats(-90.0, 90.0))
def test_entry_loss_grows_with_probability_and_slope(
    f: float, p: float, more: float, elevation: float
) -> None:
    low = building_entry_loss_db(f, p, "efficient", elevation)
    assert building_entry_loss_db(f, p + more, "efficient", elevation) > low
    assert building_entry_loss_db(f, p, "efficient", elevation) >= building_entry_loss_db(f, p, "efficient")
    np.testing.assert_array_equal(low, building_entry_loss_db(f, p, "efficient", -elevation))


@settings(deadline=None)
@given(st.sampled_from(CLUTTER_TYPES), st.floats(0.03, 3.0), st.floats(0.5, 40.0), st.floats(0.01, 5.0))
def test_a_higher_antenna_loses_no_more(clutter: str, f: float, height: float, rise: float) -> None:
    low, high = height_gain_loss_db(f, [height, height + rise], clutter)  # type: ignore[arg-type]
    assert high <= low + 1e-9
    if height >= 20.0:
        assert low == 0.0


def test_statistical_loss_stays_from_2_km_on() -> None:
    near, two, far = statistical_loss_db(3.5, [0.5, 2.0, 50.0], 50.0)
    assert near < two == far


@settings(deadline=None)
@given(st.floats(30.0, 30000.0), st.floats(0.1, 5000.0), st.floats(1.01, 3.0))
def test_woodland_loss_starts_steep_and_saturates(f: float, depth: float, factor: float) -> None:
    loss, deeper = woodland_loss_db(f, [depth, depth * factor])
    assert 0.0 < loss <= deeper
    assert loss <= specific_attenuation_db_per_m(f) * depth * (1.0 + 1e-9)
    # Going on in the same wood adds less a metre than it did so far.
    assert deeper - loss <= loss * (factor - 1.0) * (1.0 + 1e-9) + 1e-9
    assert deeper <= 1.37 * f**0.42 * (1.0 + 1e-9)


def test_woodland_measurements_of_the_recommendation() -> None:
    # P.833 section 2.1, St Petersburg: gamma in dB/m and greatest loss in dB; the laws are read off
    # figures and fits, so they agree to about a third and 3 dB.
    f = np.array([105.9, 466.475, 949.0, 1852.2, 2117.5])
    gamma, greatest = [0.04, 0.12, 0.17, 0.30, 0.34], [9.4, 18.0, 26.5, 29.0, 34.1]
    np.testing.assert_allclose(specific_attenuation_db_per_m(f), gamma, rtol=0.3)
    np.testing.assert_allclose(woodland_loss_db(f, 20_000.0), greatest, atol=3.5)
    assert measured(900.0)
    assert not measured(3500.0)


def test_car_losses() -> None:
    assert (IN_CAR.mean_db, IN_CAR.sigma_db) == (9.0, 5.0)
    assert IN_CAR_METALLISED.mean_db > IN_CAR.mean_db
    assert LIMIT.outside([700.0, 3500.0]) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: height_gain_loss_db(4.0, 1.5, "urban"), "frequency_ghz = 4 GHz: must be 0.03 to 3 GHz"),
        (lambda: height_gain_loss_db(1.0, 0.0, "urban"), "antenna_height_m = 0 m: must be above 0"),
        (lambda: height_gain_loss_db(1.0, 1.5, "city"), "clutter = 'city'"),
        (lambda: height_gain_loss_db(1.0, 1.5, "urban", street_width_m=0.0), "street_width_m"),
        (lambda: statistical_loss_db(1.0, 0.2, 50.0), "distance_km = 0.2 km: must be 0.25 or more"),
        (lambda: statistical_loss_db(1.0, 1.0, 100.0), "100%: must be above 0 and below 100"),
        (lambda: building_entry_loss_db(0.01), "frequency_ghz"),
        (lambda: building_entry_loss_db([1.0, np.nan]), "frequency_ghz = nan"),
        (lambda: building_entry_loss_db(1.0, 0.0), "probability_percent"),
        (lambda: building_entry_loss_db(1.0, 50.0, "tent"), "building = 'tent'"),
        (lambda: woodland_loss_db(900.0, -1.0), "depth_m = -1 m"),
        (lambda: woodland_loss_db(900.0, 1.0, "jungle"), "woodland = 'jungle'"),
    ],
)
def test_bad_arguments_are_named(call: object, message: str) -> None:
    import re

    with pytest.raises(ValueError, match=re.escape(message)):
        call()  # type: ignore[operator]
