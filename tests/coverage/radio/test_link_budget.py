"""Link budget: figures of the standards, and the normal distribution."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.coverage.radio.kernels import safe_quantile
from phusong.coverage.radio.link_budget import (
    carrier_blocks,
    location_probability,
    noise_dbm,
    penetration_loss_db,
    reference_share_db,
    shadowing_margin_db,
    subcarrier_spacing_khz,
)


def test_blocks_of_the_standards() -> None:
    lte = [carrier_blocks("4G", w, 1800.0) for w in (1.4, 3, 5, 10, 15, 20)]
    assert lte == [(n, True) for n in (6, 15, 25, 50, 75, 100)]
    assert carrier_blocks("5G", 100.0, 3700.0) == (273, True)
    assert carrier_blocks("5G", 20.0, 3700.0) == (51, True)
    assert carrier_blocks("5G", 20.0, 700.0) == (106, True)
    assert (subcarrier_spacing_khz("5G", 700.0), subcarrier_spacing_khz("5G", 2600.0)) == (15.0, 30.0)
    assert subcarrier_spacing_khz("4G", 2600.0) == 15.0


@given(st.sampled_from([("4G", 1800.0), ("5G", 700.0), ("5G", 3700.0)]), st.floats(1.0, 120.0))
def test_odd_bandwidths_lie_between_their_neighbours(kind: tuple[str, float], width: float) -> None:
    blocks, known = carrier_blocks(kind[0], width, kind[1])
    spacing = subcarrier_spacing_khz(*kind) / 1000.0
    assert blocks >= 1
    # Never more than fill the channel (one block is the least there is).
    assert blocks == 1 or blocks * 12 * spacing <= width
    assert not known or width in (3, *range(5, 35, 5), *range(40, 110, 10))
    wider, _ = carrier_blocks(kind[0], width + 20.0, kind[1])
    assert wider > blocks


def test_reference_signals() -> None:
    assert reference_share_db("4G", 20.0, 1800.0) == (pytest.approx(30.79, abs=0.005), True)
    assert reference_share_db("5G", 100.0, 3700.0) == (pytest.approx(35.15, abs=0.005), True)
    assert reference_share_db("3G", 5.0, 2100.0) == (10.0, True)
    assert reference_share_db("2G", 0.2, 900.0) == (0.0, True)
    assert reference_share_db("4G", 12.0, 1800.0)[1] is False


def test_penetration() -> None:
    assert penetration_loss_db("outdoor", 1800.0) == (0.0, 0.0)
    assert penetration_loss_db("in-car", 1800.0) == (9.0, 5.0)
    loss, spread = penetration_loss_db("indoor", 1800.0)
    # By hand: 2.36 dB of glass and 12.2 dB of concrete.
    by_hand = 5 - 10 * math.log10(0.3 * 10**-0.236 + 0.7 * 10**-1.22) + 10 / 6
    assert (loss, spread) == (pytest.approx(by_hand, abs=1e-9), 4.4)
    assert penetration_loss_db("indoor", 3500.0)[0] > loss
    assert penetration_loss_db("indoor", 1800.0, 20.0) == (20.0, 0.0)
    assert penetration_loss_db("outdoor", 1800.0, 6.0) == (6.0, 0.0)


def test_noise_of_one_resource_element() -> None:
    assert noise_dbm("4G", 1800.0) == pytest.approx(-125.2, abs=0.05)
    assert noise_dbm("5G", 3700.0) - noise_dbm("4G", 1800.0) == pytest.approx(10 * math.log10(2))


@given(p=st.floats(0.5, 0.999), sigma=st.floats(0.1, 15.0), threshold=st.floats(-130.0, -80.0))
def test_margin_and_probability_are_one_another(p: float, sigma: float, threshold: float) -> None:
    margin = shadowing_margin_db(p, sigma)
    assert margin == pytest.approx(NormalDist().inv_cdf(p) * sigma, abs=1e-9)
    assert location_probability(threshold + margin, threshold, sigma) == pytest.approx(p, abs=1e-9)


@given(st.floats(-300.0, 0.0), st.floats(-130.0, -80.0), st.floats(0.0, 15.0))
def test_probability_is_one(rsrp: float, threshold: float, sigma: float) -> None:
    p = location_probability(rsrp, threshold, sigma)
    assert 0.0 <= p <= 1.0
    assert (p >= 0.5) == (rsrp >= threshold)


def test_safe_quantile_never_exceeds() -> None:
    for p in np.concatenate([np.linspace(1e-9, 1 - 1e-9, 4001), [1e-11, 1 - 1e-11]]):
        exact = NormalDist().inv_cdf(float(p))
        assert exact - 0.002 < safe_quantile(float(p)) < exact
    assert safe_quantile(1.0) < 8.0
    assert safe_quantile(0.0) == -math.inf
