"""Corrections of a prediction from measurements: fitted robustly, tested on ground that was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.evidence.censoring import Censoring, censoring
from phusong.coverage.evidence.robust import clustered_errors, huber_fit, scale_of
from phusong.coverage.evidence.statistics import BLOCK_M, block_numbers
from phusong.layers.calibration import ALL, Calibration, LeftOut, Term
from phusong.layers.grid import FloatArray

if TYPE_CHECKING:
    import pandas as pd

FOLDS = 5
SEED = 20_260_101
REFERENCE_M = 1000.0
LEAST_SAMPLES, LEAST_BLOCKS = 50, 8
"""Of a class and band, below which it is put together with the other classes of its band."""
_LEAST_DECADES = 0.15
"""Spread (standard deviation) of log10 of the distance from which a slope can be told from an offset."""
_SAFE_SIGMAS = 2.0
_SURE = 2.0
"""Standard errors that a slope must lie from zero to be kept."""


@dataclass(frozen=True)
class Fit:
    """What was fitted to one service.

    Attributes
    ----------
    calibration : Calibration or None
        None where no band has samples enough.
    censoring : Censoring
    samples : int
        That were heard, predicted, and used.
    weak : int
        Heard samples left out because they were predicted so weak that others like them went unheard.
    improves : bool
        Whether the error on blocks left out becomes smaller.
    left_over : tuple of (str, float, int)
        Clutter, frequency and samples of groups too small for a term of their own.
    """

    calibration: Calibration | None
    censoring: Censoring
    samples: int
    weak: int
    improves: bool
    left_over: tuple[tuple[str, float, int], ...]


def calibrate(
    pairs: pd.DataFrame, *, service: str, model: str, file: str = "", sha256: str = "",
    block_m: float = BLOCK_M, folds: int = FOLDS,
) -> Fit:
    """Fit offsets and slopes to the residuals of one service.

    For each class of clutter and each band, ``measured - predicted = offset + slope log10(d / 1 km)`` by
    Huber's estimator, with errors that take the samples of a block as correlated; the slope is dropped
    where distances hardly differ or it is within two errors of zero. Classes with few samples share a term
    with the rest of their band. Where some samples are silent, or missing, those predicted within
    `_SAFE_SIGMAS` of the floor are left out: what was heard there is the better part. Blocks of ground are
    dealt to ``folds`` parts by a seeded shuffle, and each part is predicted from the others.

    Parameters
    ----------
    pairs : DataFrame
        `phusong.coverage.evidence.compare_points.PAIR_COLUMNS`, of one service, predicted without any
        calibration.
    service, model, file, sha256 : str
        Kept in the calibration.
    block_m : float
    folds : int
    """
    seen = censoring(pairs["rsrp_dbm"].to_numpy(np.float64), pairs["predicted_dbm"].to_numpy(np.float64))
    used = pairs[pairs["heard"] & pairs["predicted_dbm"].notna() & (pairs["server"] >= 0)]
    weak = np.zeros(len(used), dtype=bool)
    if seen.tested and (seen.silent or seen.censored):
        least = seen.floor_dbm + _SAFE_SIGMAS * seen.spread_db - seen.bias_db
        weak = used["predicted_dbm"].to_numpy(np.float64) < least
    used = used[~weak].reset_index(drop=True)
    block = block_numbers(used["x_m"].to_numpy(), used["y_m"].to_numpy(), block_m)
    residual = used["residual_db"].to_numpy(np.float64)
    terms, left_over = _terms(used, residual, block)
    if not terms:
        return Fit(None, seen, len(used), int(weak.sum()), False, left_over)
    test = _left_out(used, residual, block, folds, block_m)
    found = Calibration(
        service=service, model=model, measured_file=file, measured_sha256=sha256, biased=seen.censored,
        terms=terms, test=test,
    )
    improves = test is not None and test.rmse_after_db < test.rmse_before_db
    return Fit(found, seen, len(used), int(weak.sum()), improves, left_over)


def _terms(
    used: pd.DataFrame, residual: FloatArray, block: NDArray[np.int64]
) -> tuple[tuple[Term, ...], tuple[tuple[str, float, int], ...]]:
    """Return the terms that the samples carry, and the groups too small for one."""
    band = np.round(used["frequency_mhz"].to_numpy(np.float64), 3)
    clutter = used["clutter"].to_numpy(dtype=object)
    distance = np.maximum(used["distance_m"].to_numpy(np.float64), 1.0)
    terms, left_over = [], []
    for frequency in np.unique(band):
        here = band == frequency
        rest = here.copy()
        for name in sorted(set(clutter[here].tolist())):
            mine = here & (clutter == name)
            if _enough(mine, block):
                terms.append(_term(name, float(frequency), mine, distance, residual, block))
                rest &= ~mine
            else:
                left_over.append((name, float(frequency), int(mine.sum())))
        if _enough(rest, block):
            terms.append(_term(ALL, float(frequency), rest, distance, residual, block))
    return tuple(terms), tuple(left_over)


def _enough(mine: NDArray[np.bool_], block: NDArray[np.int64]) -> bool:
    return int(mine.sum()) >= LEAST_SAMPLES and len(np.unique(block[mine])) >= LEAST_BLOCKS


def _term(
    name: str, frequency_mhz: float, mine: NDArray[np.bool_], distance_m: FloatArray, residual: FloatArray,
    block: NDArray[np.int64],
) -> Term:
    values, own, d = residual[mine], block[mine], distance_m[mine]
    decades = np.log10(d / REFERENCE_M)
    level = np.ones((len(values), 1))
    beta, errors = _fit(level, values, own)
    if decades.std() >= _LEAST_DECADES:
        both, both_errors = _fit(np.column_stack([level, decades]), values, own)
        if abs(both[1]) > _SURE * both_errors[1]:
            beta, errors = both, both_errors
    slope, slope_se = (beta[1], errors[1]) if len(beta) == 2 else (0.0, 0.0)
    near, far = np.quantile(d, (0.01, 0.99))
    return Term.model_validate(
        {
            "clutter": name, "frequency_mhz": frequency_mhz, "offset_db": round(float(beta[0]), 3),
            "offset_se_db": round(float(errors[0]), 3), "slope_db_per_decade": round(float(slope), 3),
            "slope_se_db_per_decade": round(float(slope_se), 3), "reference_m": REFERENCE_M,
            "near_m": round(float(near), 1), "far_m": round(float(far), 1), "samples": len(values),
            "blocks": len(np.unique(own)),
        }
    )


def _fit(design: FloatArray, values: FloatArray, block: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    beta, weights = huber_fit(design, values)
    residual = values - design @ beta
    return beta, clustered_errors(design, residual, weights, scale_of(residual), block)


def corrections_db(terms: Calibration | tuple[Term, ...], used: pd.DataFrame) -> FloatArray:
    """Return what terms add to the prediction of each pair; 0 where none fits."""
    held = terms if isinstance(terms, Calibration) else None
    if held is None:
        assert isinstance(terms, tuple)
        if not terms:
            return np.zeros(len(used))
        held = Calibration(service="", model="", terms=terms)
    added = np.zeros(len(used))
    distance = used["distance_m"].to_numpy(np.float64)
    clutter = used["clutter"].to_numpy(dtype=object)
    band = used["frequency_mhz"].to_numpy(np.float64)
    for name, frequency in sorted(set(zip(clutter.tolist(), band.tolist(), strict=True))):
        term = held.term_of(name, frequency)
        if term is not None:
            mine = (clutter == name) & (band == frequency)
            added[mine] = term.correction_db(distance[mine])
    return added


def _left_out(
    used: pd.DataFrame, residual: FloatArray, block: NDArray[np.int64], folds: int, block_m: float
) -> LeftOut | None:
    """Predict every part of the ground from the other parts; None with fewer blocks than parts."""
    blocks = int(block.max()) + 1
    if blocks < folds:
        return None
    part = np.random.default_rng(SEED).permutation(blocks)[block] % folds
    after = residual.copy()
    for fold in range(folds):
        out = part == fold
        terms, _ = _terms(used[~out].reset_index(drop=True), residual[~out], block[~out])
        after[out] -= corrections_db(terms, used[out].reset_index(drop=True))
    return LeftOut(
        folds=folds, block_m=block_m, samples=len(used),
        rmse_before_db=round(float(np.sqrt((residual**2).mean())), 3),
        rmse_after_db=round(float(np.sqrt((after**2).mean())), 3),
        bias_before_db=round(float(residual.mean()), 3), bias_after_db=round(float(after.mean()), 3),
    )
