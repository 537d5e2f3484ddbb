"""Huber's estimators by reweighting: few wild samples move them little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phusong.layers.grid import FloatArray

TUNING = 1.345
"""At which Huber's estimator keeps 95 % of the efficiency of the mean for normal errors; P. J. Huber, Annals
of Mathematical Statistics 35 (1964) 73."""
_TO_SIGMA = 1.482602218505602
"""Of a median absolute deviation to the standard deviation of normal errors."""
_ROUNDS, _STEADY = 100, 1e-10


def scale_of(residual: FloatArray) -> float:
    """Return the spread of residuals by their median absolute deviation, as a standard deviation."""
    return float(_TO_SIGMA * np.median(np.abs(residual - np.median(residual))))


def huber_weights(residual: FloatArray, scale: float) -> FloatArray:
    """Return the weights of Huber's estimator: 1 up to `TUNING` spreads, falling with the distance beyond."""
    far = np.abs(residual) / max(TUNING * scale, 1e-9)
    return np.asarray(1.0 / np.maximum(far, 1.0))


def huber_fit(design: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fit ``values = design @ beta`` by iteratively reweighted least squares.

    Parameters
    ----------
    design : array, shape (n, k)
    values : array, shape (n,)

    Returns
    -------
    beta : array, shape (k,)
    weights : array, shape (n,)
        Of the last round.
    """
    weights: FloatArray = np.ones(len(values))
    beta: FloatArray = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)
        new = np.asarray(np.linalg.lstsq(design * root[:, None], values * root, rcond=None)[0], np.float64)
        residual = values - design @ new
        steady = bool(np.all(np.abs(new - beta) <= _STEADY * (1.0 + np.abs(new))))
        beta, weights = new, huber_weights(residual, scale_of(residual))
        if steady:
            break
    return beta, weights


def huber_location(values: FloatArray) -> tuple[float, float]:
    """Return Huber's estimate of the middle of values, and their spread."""
    beta, _ = huber_fit(np.ones((len(values), 1)), values)
    return float(beta[0]), scale_of(values)


def clustered_errors(
    design: FloatArray, residual: FloatArray, weights: FloatArray, scale: float, block: NDArray[np.int64]
) -> FloatArray:
    """Return standard errors of a Huber fit whose samples are correlated within blocks.

    The sandwich ``A^-1 B A^-1`` with ``A = sum 1[|r| <= c s] x x'`` (the derivative of Huber's score) and
    ``B = sum_b u_b u_b'``, ``u_b = sum_{i in b} w_i r_i x_i``, times ``G / (G - 1)`` for G blocks: Liang and
    Zeger, Biometrika 73 (1986) 13; Huber's score after P. J. Huber, 'Robust Statistics' (1981), section 7.6.

    Returns
    -------
    array, shape (k,)
        NaN with fewer than two blocks.
    """
    parameters = design.shape[1]
    names, place = np.unique(block, return_inverse=True)
    if len(names) < 2:
        return np.full(parameters, np.nan)
    inner = np.abs(residual) <= TUNING * max(scale, 1e-9)
    bread = (design * inner[:, None]).T @ design
    score = np.zeros((len(names), parameters))
    np.add.at(score, place.reshape(-1), design * (weights * residual)[:, None])
    inverse = np.linalg.pinv(bread)
    meat = score.T @ score * len(names) / (len(names) - 1)
    return np.asarray(np.sqrt(np.maximum(np.diag(inverse @ meat @ inverse), 0.0)))
