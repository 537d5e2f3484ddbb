"""The sweep against the plain point-to-point form on the profiles it takes, cell by cell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from phusong.coverage.radio import itm
from phusong.coverage.radio.itm_fast import _to_keys, smallest
from phusong.coverage.radio.itm_sweep import (
    OWN_CELL_SHARE,
    WARN_NO_TERRAIN,
    itm_sweep_site,
    path_profile,
    sweep_window,
)

CELL_M = 100.0


def terrain(kind: str, size: int = 121) -> NDArray[np.float32]:
    rng = np.random.default_rng(5)
    f = np.fft.fftfreq(size)
    k = np.hypot(f[:, None], f[None, :])
    k[0, 0] = 1.0
    z = np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) * k**-2.2).real
    z = (z - z.min()) / np.ptp(z)
    if kind == "flat":
        return np.full((size, size), 12.0, dtype=np.float32)
    if kind == "terraced":
        return (np.floor(z * 12.0) * 40.0).astype(np.float32)
    return (z * (1000.0 if kind == "hilly" else 8.0)).astype(np.float32)


@pytest.mark.parametrize("kind", ["hilly", "low", "terraced", "flat"])
@pytest.mark.parametrize(("row", "col"), [(60, 60), (0, 120), (31.25, 77.6)])
def test_equal_to_the_plain_form(kind: str, row: float, col: float) -> None:
    ground = terrain(kind)
    links = [(900.0, 30.0), (3500.0, 30.0), (1800.0, 12.5)]
    loss, warnings = itm_sweep_site(
        ground, CELL_M, row, col, links, max_distance_m=7000.0, dtype=np.float64, time=90.0, situation=70.0
    )
    row0, row1, col0, col1 = sweep_window(ground.shape, CELL_M, row, col, 7000.0)
    assert loss.shape == (3, row1 - row0, col1 - col0)
    rng = np.random.default_rng(1)
    worst = 0.0
    for r, c in zip(rng.integers(row0, row1, 250), rng.integers(col0, col1, 250), strict=True):
        far = math.hypot(r - row, c - col) * CELL_M > 7000.0
        for i, (frequency, height) in enumerate(links):
            got = loss[i, r - row0, c - col0]
            assert math.isnan(got) == far
            if far:
                continue
            parameters = itm.Parameters(frequency, height, time=90.0, situation=70.0)
            plain = itm.point_to_point(*path_profile(ground, CELL_M, row, col, int(r), int(c)), parameters)
            assert warnings[i, r - row0, c - col0] == plain.warnings
            worst = max(worst, abs(got - plain.loss_db))
    assert worst < 1e-6


@settings(deadline=None)
@given(st.integers(0, 39), st.integers(0, 39), st.floats(0.0, 39.0), st.floats(0.0, 39.0), st.booleans())
def test_profiles_are_bilinear(row: int, col: int, y: float, x: float, whole: bool) -> None:
    ground = terrain("hilly", 40)
    if whole:
        y, x = round(y), round(x)
    heights, step = path_profile(ground, CELL_M, y, x, row, col)
    n = heights.size - 1
    places = np.linspace([y, x], [row, col], n + 1).T
    expected = map_coordinates(ground.astype(float), places, order=1, mode="nearest")
    np.testing.assert_allclose(heights, expected, atol=1e-3)
    # In the site's own cell the path is as long as the mean of its points' distances.
    length = CELL_M * max(math.hypot(row - y, col - x), OWN_CELL_SHARE)
    assert step * n == pytest.approx(length, rel=1e-12)
    assert n >= 2
    assert step <= math.sqrt(2.0) * CELL_M * (1.0 + 1e-9)


def test_the_same_to_the_bit_for_any_number_of_workers() -> None:
    ground = terrain("hilly")
    one = itm_sweep_site(ground, CELL_M, 40, 50, [(900.0, 30.0)], max_distance_m=6000.0)
    three = itm_sweep_site(ground, CELL_M, 40, 50, [(900.0, 30.0)], max_distance_m=6000.0, workers=3)
    assert one[0].tobytes() == three[0].tobytes()
    assert one[1].tobytes() == three[1].tobytes()
    assert one[0].dtype == np.float32


def test_cells_behind_a_void_have_no_loss_and_say_so() -> None:
    ground = terrain("hilly")
    whole, _ = itm_sweep_site(ground, CELL_M, 60, 20, [(900.0, 30.0)], max_distance_m=6000.0)
    ground[55:66, 40] = np.nan
    loss, warnings = itm_sweep_site(ground, CELL_M, 60, 20, [(900.0, 30.0)], max_distance_m=6000.0)
    row0, _, col0, _ = sweep_window(ground.shape, CELL_M, 60, 20, 6000.0)
    behind = warnings[0] == WARN_NO_TERRAIN
    assert behind[60 - row0, 40 - col0 :].sum() > 30
    assert np.isnan(loss[0][behind]).all()
    before = (slice(None), slice(0, 39 - col0))
    np.testing.assert_array_equal(loss[0][before], whole[0][before])


def test_the_sites_own_cell_has_a_loss() -> None:
    loss, _ = itm_sweep_site(terrain("low"), CELL_M, 60, 60, [(900.0, 30.0)], max_distance_m=300.0)
    assert loss.shape == (1, 7, 7)
    assert np.isfinite(loss[0, 3, 3])
    assert loss[0, 3, 3] < loss[0, 3, 6]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"site_row": 121.5}, "site_row"),
        ({"max_distance_m": 0.0}, "max_distance_m"),
        ({"links": [(10.0, 30.0)]}, "frequency"),
        ({"links": [(900.0, 0.1)]}, "transmitter height"),
        ({"climate": 9}, "climate"),
        ({"time": 0.0}, "time"),
    ],
)
def test_bad_arguments_are_named(change: dict[str, object], named: str) -> None:
    arguments: dict[str, object] = {
        "site_row": 60, "site_col": 60, "links": [(900.0, 30.0)], "max_distance_m": 1000.0, **change,
    }
    with pytest.raises(ValueError, match=named):
        itm_sweep_site(terrain("low"), CELL_M, **arguments)  # type: ignore[arg-type]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([-3.5, -1.0, 0.0, 0.5, 2.0]) | st.floats(-1e4, 1e4), min_size=1, max_size=60),
    st.data(),
)
def test_order_statistics_by_counting(values: list[float], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(values)))
    guess, per_rank = data.draw(st.floats(-1e5, 1e5)), data.draw(st.floats(1e-9, 1e3))
    keys = np.array(values).view(np.int64)
    _to_keys(keys, 0, keys.size)
    value = np.empty(1)
    got = smallest(keys, keys.size, k, guess, per_rank, value, value.view(np.int64))
    assert got == sorted(values)[k - 1]
