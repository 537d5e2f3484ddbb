"""Whether samples leave out the places where nothing was heard: then every figure of them is too good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

from phusong.coverage.evidence.robust import huber_location
from phusong.layers.grid import FloatArray

_FLOOR_QUANTILE = 0.005
_STRONG_SIGMAS = 3.0
_LEAST = 30
_CHANCE = 1e-3
_LEAST_MISSING = 5.0


@dataclass(frozen=True)
class Censoring:
    """What the weak end of the samples looks like.

    Attributes
    ----------
    censored : bool
        Fewer samples lie below the floor than chance would leave out.
    floor_dbm : float
        Level below which hardly a sample lies.
    below : int
        Samples below the floor, silent ones with them.
    expected : float
        As many would lie there if errors were alike at all predicted levels.
    silent : int
    tested : bool
        Whether there were enough samples of strong prediction to know the spread of errors.
    bias_db, spread_db : float
        Of the samples of strong prediction.
    """

    censored: bool
    floor_dbm: float
    below: int
    expected: float
    silent: int
    tested: bool
    bias_db: float
    spread_db: float


def censoring(rsrp_dbm: FloatArray, predicted_dbm: FloatArray) -> Censoring:
    """Look for a floor below which samples are missing.

    Bias b and spread s of the errors are taken from samples predicted so strong that no floor touches them
    (`_STRONG_SIGMAS` above it), by Huber's estimator. At the predicted level p of each sample, chance puts
    ``Phi((floor - p - b) / s)`` of them below the floor; where the sum of these exceeds what lies there by
    more than a binomial draw would in one case of a thousand, the samples are censored.

    Parameters
    ----------
    rsrp_dbm : array, shape (n,)
        NaN where the phone heard nothing.
    predicted_dbm : array, shape (n,)
        Samples without a prediction are left out.
    """
    there = np.isfinite(predicted_dbm)
    level, predicted = rsrp_dbm[there], predicted_dbm[there]
    heard = np.isfinite(level)
    silent = int((~heard).sum())
    nothing = Censoring(False, np.nan, 0, 0.0, silent, False, np.nan, np.nan)
    if heard.sum() < _LEAST:
        return nothing
    floor = float(np.quantile(level[heard], _FLOOR_QUANTILE))
    residual = level[heard] - predicted[heard]
    strong = np.argsort(-predicted[heard])[: max(len(residual) // 2, _LEAST)]
    bias, spread = huber_location(residual[strong])
    for _ in range(20):  # which samples are strong depends on the spread, and the spread on them
        safe = predicted[heard] + bias >= floor + _STRONG_SIGMAS * spread
        if safe.sum() < _LEAST:
            return nothing
        before, (bias, spread) = spread, huber_location(residual[safe])
        if abs(spread - before) < 0.01:
            break
    chance = ndtr((floor - predicted - bias) / max(spread, 1e-6))
    expected = float(chance.sum())
    below = int((level[heard] < floor).sum()) + silent
    surprise = float(binom.cdf(below, len(chance), expected / len(chance)))
    censored = expected - below >= _LEAST_MISSING and surprise < _CHANCE
    return Censoring(censored, floor, below, expected, silent, True, bias, spread)
