"""Figures of comparison against loops, numpy and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from phusong.coverage.evidence.availability import Rule, verdict
from phusong.coverage.evidence.robust import TUNING, huber_fit, huber_location, scale_of
from phusong.coverage.evidence.statistics import (
    agreement,
    block_numbers,
    clustered_se,
    error_stats,
    rate,
    wilson,
)


@given(st.integers(1, 400), st.integers(0, 400))
def test_interval_of_a_share_is_scipys(n: int, k: int) -> None:
    k = min(k, n)
    expected = binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k / n, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_error_stats_are_numpys() -> None:
    rng = np.random.default_rng(1)
    residual, block = rng.normal(3.0, 7.0, 500), rng.integers(0, 40, 500)
    found = error_stats(residual, block)
    assert found.n == 500
    assert found.blocks == 40
    assert found.bias_db == pytest.approx(np.mean(residual))
    assert found.sd_db == pytest.approx(np.std(residual, ddof=1))
    assert found.rmse_db == pytest.approx(math.sqrt(np.mean(residual**2)))
    assert found.quantiles_db == pytest.approx(np.percentile(residual, [5, 25, 50, 75, 95]))
    sums = [sum(r - found.bias_db for r, b in zip(residual, block, strict=True) if b == k) for k in range(40)]
    assert found.bias_se_db == pytest.approx(math.sqrt(40 / 39 * sum(s * s for s in sums)) / 500)


def test_no_residuals_have_no_figures() -> None:
    found = error_stats(np.empty(0), np.empty(0, dtype=np.int64))
    assert found.n == 0
    assert math.isnan(found.bias_db)


def test_copies_of_a_sample_add_nothing() -> None:
    rng = np.random.default_rng(2)
    values = rng.random(60) < 0.7
    block = np.arange(60)
    once = rate(values, block)
    many = rate(np.repeat(values, 50), np.repeat(block, 50))
    assert many.n == 3000
    assert (many.low, many.high) == pytest.approx((once.low, once.high), abs=0.01)
    assert many.effective_n == pytest.approx(60, rel=0.05)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_intervals_of_correlated_samples_hold_the_truth(seed: int) -> None:
    """Of forty surveys with whole blocks good or bad, most intervals hold the true share."""
    rng = np.random.default_rng(seed)
    inside = 0
    for _ in range(40):
        block = np.repeat(np.arange(50), 20)
        good = np.repeat(rng.random(50) < 0.8, 20)
        found = rate(good, block)
        inside += found.low <= 0.8 <= found.high
    assert inside >= 31  # binomial: P(fewer | 0.95) < 1e-4, and a naive interval holds it in half of them


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_agreement_counts_as_a_loop_does(pairs: list[tuple[bool, bool]]) -> None:
    claimed = np.array([a for a, _ in pairs], dtype=bool)
    measured = np.array([b for _, b in pairs], dtype=bool)
    found = agreement(claimed, measured, np.arange(len(pairs)))
    assert found.both == sum(a and b for a, b in pairs)
    assert found.claimed_only == sum(a and not b for a, b in pairs)
    assert found.measured_only == sum(b and not a for a, b in pairs)
    assert found.n == len(pairs)
    assert (found.hit_rate.k, found.hit_rate.n) == (found.both, found.both + found.measured_only)
    assert (found.false_alarm.k, found.false_alarm.n) == (found.claimed_only, found.both + found.claimed_only)


def test_huber_solves_its_own_equation() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(5.0, 2.0, 300), np.full(30, 80.0)])
    middle, scale = huber_location(values)
    score = np.clip((values - middle) / scale_of(values), -TUNING, TUNING)
    assert abs(score.sum()) < 1e-3
    assert abs(middle - 5.0) < 0.6
    assert scale < 3.0
    assert abs(values.mean() - 5.0) > 6.0


def test_huber_of_clean_lines_is_least_squares() -> None:
    x = np.linspace(0.0, 1.0, 50)
    design = np.column_stack([np.ones(50), x])
    beta, weights = huber_fit(design, 2.0 - 3.0 * x + 1e-9 * np.sin(90 * x))
    assert beta == pytest.approx([2.0, -3.0], abs=1e-6)
    assert weights.min() > 0.3


def test_blocks_are_squares() -> None:
    x, y = np.array([0.0, 1999.0, 2001.0, 0.0]), np.array([0.0, 1999.0, 0.0, 2001.0])
    block = block_numbers(x, y)
    assert block[0] == block[1]
    assert len(set(block.tolist())) == 3


def test_one_block_has_no_error() -> None:
    assert math.isnan(clustered_se(np.array([1.0, -1.0]), np.zeros(2, dtype=np.int64)))


@pytest.mark.parametrize(("share", "n", "said"), [
    (1.0, 5000, "met"), (0.90, 5000, "not met"), (0.95, 5000, "open"), (1.0, 500, "too few"),
])  # fmt: skip
def test_verdicts(share: float, n: int, said: str) -> None:
    good = np.zeros(n, dtype=bool)
    good[: round(share * n)] = True
    assert verdict(rate(np.random.default_rng(0).permutation(good), np.arange(n)), Rule()) == said
