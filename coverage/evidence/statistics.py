"""Figures of comparison, with intervals that know that neighbouring samples say the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from phusong.layers.grid import FloatArray

CONFIDENCE = 0.95
BLOCK_M = 2000.0
"""Side of the blocks within which samples are taken to be alike: several times the tens to hundreds of
metres over which shadowing stays correlated (M. Gudmundson, Electronics Letters 27 (1991) 2145; 3GPP TR
38.901, table 7.5-6)."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class ErrorStats:
    """How far measurements lie from the prediction, in dB: measured less predicted.

    Attributes
    ----------
    n, blocks : int
    bias_db : float
        Mean: above zero where more arrives than was predicted.
    bias_se_db : float
        Standard error of the mean, samples of one block taken as correlated; NaN with fewer than two blocks.
    sd_db : float
        Sample standard deviation (n - 1); NaN with fewer than two samples.
    rmse_db, mae_db : float
    quantiles_db : tuple of float
        At `QUANTILES`.
    """

    n: int
    blocks: int
    bias_db: float
    bias_se_db: float
    sd_db: float
    rmse_db: float
    mae_db: float
    quantiles_db: tuple[float, ...]


def block_numbers(x_m: FloatArray, y_m: FloatArray, side_m: float = BLOCK_M) -> NDArray[np.int64]:
    """Return the number of the square block that holds each point, from 0 on."""
    key = np.column_stack([np.floor(np.asarray(x_m) / side_m), np.floor(np.asarray(y_m) / side_m)])
    return np.asarray(np.unique(key, axis=0, return_inverse=True)[1]).reshape(-1)


def clustered_se(deviation: FloatArray, block: NDArray[np.int64]) -> float:
    """Return the standard error of a mean whose samples are correlated within blocks.

    ``sqrt(B / (B - 1) * sum_b (sum_{i in b} e_i)^2) / n`` for deviations e from the mean: Liang and Zeger,
    Biometrika 73 (1986) 13, with the usual correction for few blocks. NaN with fewer than two.
    """
    sums = np.bincount(block, weights=deviation)[np.unique(block)]
    blocks = len(sums)
    if blocks < 2:
        return math.nan
    return math.sqrt(blocks / (blocks - 1) * float((sums**2).sum())) / len(deviation)


def error_stats(residual_db: FloatArray, block: NDArray[np.int64]) -> ErrorStats:
    """Return the figures of residuals; all NaN where there are none."""
    n = len(residual_db)
    if n == 0:
        nan = math.nan
        return ErrorStats(0, 0, nan, nan, nan, nan, nan, (nan,) * len(QUANTILES))
    bias = float(residual_db.mean())
    return ErrorStats(
        n, len(np.unique(block)), bias, clustered_se(residual_db - bias, block),
        float(residual_db.std(ddof=1)) if n > 1 else math.nan,
        math.sqrt(float((residual_db**2).mean())), float(np.abs(residual_db).mean()),
        tuple(float(q) for q in np.quantile(residual_db, QUANTILES)),
    )


@dataclass(frozen=True)
class Rate:
    """A share of samples, with its interval.

    Attributes
    ----------
    k, n : int
    share, low, high : float
        Of 1; NaN where n is 0.
    effective_n : float
        Independent samples that would say as much.
    """

    k: int
    n: int
    share: float
    low: float
    high: float
    effective_n: float


def rate(success: NDArray[np.bool_], block: NDArray[np.int64], confidence: float = CONFIDENCE) -> Rate:
    """Return a share and its interval, after E. B. Wilson, JASA 22 (1927) 209.

    n is replaced by the number of independent samples that the blocks show, ``p (1 - p) / se^2`` with the
    error of `clustered_se`, at most n and at least the number of blocks; where all samples agree the blocks
    themselves are counted.
    """
    n, k = len(success), int(success.sum())
    if n == 0:
        return Rate(0, 0, math.nan, math.nan, math.nan, 0.0)
    p = k / n
    blocks = len(np.unique(block))
    effective = float(blocks)
    if 0 < k < n and blocks > 1:
        se = clustered_se(success.astype(np.float64) - p, block)
        effective = min(max(p * (1.0 - p) / se**2 if se > 0 else n, blocks), n)
    low, high = wilson(p, effective, confidence)
    return Rate(k, n, p, low, high, effective)


def wilson(share: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the score interval of a share of n independent trials."""
    z = float(ndtri(0.5 + confidence / 2.0))
    middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * math.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    low = 0.0 if share == 0.0 else max(middle - half, 0.0)
    return low, 1.0 if share == 1.0 else min(middle + half, 1.0)


@dataclass(frozen=True)
class Agreement:
    """Claimed and measured, counted over samples.

    Attributes
    ----------
    both, claimed_only, measured_only, neither : int
    hit_rate : Rate
        Of samples measured covered, those claimed.
    false_alarm : Rate
        Of samples claimed covered, those measured not: how often a claim is wrong.
    """

    both: int
    claimed_only: int
    measured_only: int
    neither: int
    hit_rate: Rate
    false_alarm: Rate

    @property
    def n(self) -> int:
        """All samples."""
        return self.both + self.claimed_only + self.measured_only + self.neither


def agreement(
    claimed: NDArray[np.bool_], measured: NDArray[np.bool_], block: NDArray[np.int64]
) -> Agreement:
    """Count agreement of claims with measurement."""
    return Agreement(
        int((claimed & measured).sum()), int((claimed & ~measured).sum()),
        int((~claimed & measured).sum()), int((~claimed & ~measured).sum()),
        rate(claimed[measured], block[measured]), rate(~measured[claimed], block[claimed]),
    )
