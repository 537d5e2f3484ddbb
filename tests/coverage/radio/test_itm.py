"""The Irregular Terrain Model against NTIA's own figures, and what it must refuse."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.radio import itm
from phusong.coverage.radio.cases import compute_cases
from phusong.coverage.radio.itm_messages import ERRORS, WARNINGS, warning_texts
from phusong.coverage.radio.itm_profile import fitted_line
from phusong.coverage.radio.itm_variability import normal_deviate

HILLS = 300.0 + 80.0 * np.sin(np.arange(200) / 9.0) + 25.0 * np.cos(np.arange(200) / 2.3)
P = itm.Parameters(900.0, 30.0)


@pytest.mark.parametrize(
    ("model", "file", "rows", "tolerance"),
    [
        ("itm-p2p", "itm_p2p_gen.csv", 1500, 1e-4),
        ("itm-area", "itm_area_gen.csv", 1000, 1e-9),
        ("itm-p2p", "itm_p2p_ntia.csv", 5, 0.0051),
        ("itm-area", "itm_area_ntia.csv", 5, 0.051),
        ("itm-p2p", "itm_cmd_examples.json", 11, 0.051),
        ("itm-area", "itm_cmd_examples.json", 59, 0.051),
    ],
)
def test_every_row_of_ntia(shared: Path, model: str, file: str, rows: int, tolerance: float) -> None:
    result = compute_cases(model, shared / "vectors" / file)
    assert len(result.table) == rows
    loss = result.comparisons[0]
    assert loss.rows == rows
    assert loss.max_difference < tolerance
    # Intermediate values, mode, return code and warnings: none beyond what it may be.
    assert [c.column for c in result.comparisons if c.beyond] == []
    if file.endswith("gen.csv"):
        for name in ("rc", "warnings", "mode"):
            assert (result.table[name] == result.table[f"computed_{name}"]).all()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tx_height_m": 0.4}, 1000),
        ({"rx_height_m": 3001.0}, 1001),
        ({"climate": 8}, 1002),
        ({"time": 100.0}, 1003),
        ({"location": 0.0}, 1004),
        ({"situation": math.nan}, 1005),
        ({"n0": 401.0}, 1008),
        ({"frequency_mhz": 19.0}, 1009),
        ({"epsilon": 0.5}, 1011),
        ({"sigma": 0.0}, 1012),
        ({"mdvar": 14}, 1014),
    ],
)
def test_arguments_out_of_range_have_ntias_codes(change: dict[str, float], code: int) -> None:
    result = itm.point_to_point(HILLS, 100.0, replace(P, **change))
    assert result.return_code == code
    assert math.isnan(result.loss_db)
    assert ERRORS[code].vi
    assert ERRORS[code].en


def test_area_arguments_out_of_range() -> None:
    assert itm.area(0.0, 90.0, P).return_code == 1017
    assert itm.area(10.0, -1.0, P).return_code == 1018
    assert itm.area(10.0, 90.0, P, siting=(3, 0)).return_code == 1019
    assert itm.area(10.0, 90.0, P, siting=(0, -1)).return_code == 1020


def test_refractivity_too_small_on_high_ground() -> None:
    assert itm.point_to_point(HILLS + 9000.0, 100.0, P).return_code == 1021


def test_refractivity_too_large_below_the_sea() -> None:
    assert itm.point_to_point(HILLS - 1000.0, 100.0, replace(P, n0=400.0)).return_code == 1022


@pytest.mark.parametrize(
    ("profile", "step", "named"),
    [
        ([1.0, 2.0], 100.0, "elevation_m"),
        ([[1.0, 2.0, 3.0]], 100.0, "elevation_m"),
        ([1.0, np.nan, 3.0], 100.0, "index 1"),
        ([1.0, 2.0, 3.0], 0.0, "step_m"),
        ([1.0, 2.0, 3.0], math.nan, "step_m"),
    ],
)
def test_bad_profiles_are_named(profile: list[float], step: float, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        itm.point_to_point(profile, step, P)


def test_every_bit_has_its_sentence() -> None:
    assert sorted(WARNINGS) == [1 << i for i in range(15)]
    assert len(warning_texts(0x4004)) == 2


@settings(deadline=None)
@given(
    st.lists(st.floats(-50.0, 3000.0), min_size=3, max_size=40),
    st.data(),
)
def test_fitted_line_is_weighted_least_squares(heights: list[float], data: st.DataObject) -> None:
    # The model's own weights: sums over the stretch with half-weighted ends, and a slope whose
    # denominator is the moment of inertia of those weights.
    values = np.array(heights)
    first = data.draw(st.integers(0, len(heights) - 2))
    last = data.draw(st.integers(first + 1, len(heights) - 1))
    weights = np.ones(last - first + 1)
    weights[[0, -1]] = 0.5
    place = np.arange(first, last + 1) - 0.5 * (first + last)
    mean = np.sum(weights * values[first : last + 1]) / (last - first)
    slope = np.sum(weights * place * values[first : last + 1]) / np.sum(weights * place**2)
    ends = mean + slope * (np.array([0.0, values.size - 1.0]) - 0.5 * (first + last))
    np.testing.assert_allclose(fitted_line(values, first, last), ends, atol=1e-6 * (1.0 + abs(ends).max()))


@settings(deadline=None)
@given(st.floats(0.001, 0.999))
def test_normal_deviate_inverts_the_tail(fraction: float) -> None:
    from scipy.stats import norm

    assert normal_deviate(fraction) == pytest.approx(norm.isf(fraction), abs=4.5e-4)


@settings(deadline=None)
@given(st.floats(5.0, 95.0), st.floats(0.5, 4.5), st.sampled_from([0, 1, 2, 3, 10, 12, 20, 22, 30, 33]))
def test_more_time_or_situations_cost_more(percent: float, more: float, mdvar: int) -> None:
    low = itm.point_to_point(HILLS, 100.0, replace(P, time=percent, situation=percent, mdvar=mdvar))
    high = itm.point_to_point(
        HILLS, 100.0, replace(P, time=percent + more, situation=percent + more, mdvar=mdvar)
    )
    assert high.loss_db >= low.loss_db - 1e-9
