"""The best plan of all, with HiGHS: for small problems, from a plan that is already good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from phusong.coverage.plan.cover_core import CoverCore
from phusong.coverage.plan.cover_problem import CoverError, Floats, Longs
from phusong.data.language import Text

_NOT_INSTALLED = Text(
    'Chưa cài bộ giải HiGHS. Hãy cài bằng: pip install "phusong[exact]", '
    "hoặc bỏ yêu cầu giải chính xác.",
    'The solver HiGHS is not installed. Install it: pip install "phusong[exact]", '
    "or leave exact solving out.",
)


class SolverMissingError(CoverError):
    """The extra ``exact`` is not installed."""


@dataclass(frozen=True, eq=False)
class ExactAnswer:
    """What the solver found.

    Attributes
    ----------
    chosen : array of int
        Candidates of the best plan found, ascending.
    bound : float
        Weight that no plan exceeds, or, for a target, cost that no plan undercuts.
    proven : bool
        The plan was proven to be the best within the time.
    """

    chosen: Longs
    bound: float
    proven: bool


def solver() -> Any:
    """Return the module of HiGHS.

    Raises
    ------
    SolverMissingError
    """
    try:
        import highspy
    except ImportError:
        raise SolverMissingError(_NOT_INSTALLED) from None
    return highspy


def heaviest(core: CoverCore, budget: float, chosen: Longs, seconds: float) -> ExactAnswer:
    """Find the heaviest plan within ``budget``, beginning with the plan ``chosen``."""
    n, m = core.candidate_count, core.cell_count
    worth = np.concatenate([np.zeros(n), -core.weights])
    bills = np.concatenate([core.costs, np.zeros(m)])
    found, bound, proven = _solve(core, worth, bills, -np.inf, budget, chosen, seconds)
    return ExactAnswer(found, -bound, proven)


def cheapest(core: CoverCore, target: float, chosen: Longs, seconds: float) -> ExactAnswer:
    """Find the cheapest plan that covers ``target``, beginning with the plan ``chosen``."""
    n, m = core.candidate_count, core.cell_count
    bills = np.concatenate([core.costs, np.zeros(m)])
    worth = np.concatenate([np.zeros(n), core.weights])
    return ExactAnswer(*_solve(core, bills, worth, target, np.inf, chosen, seconds))


def _solve(
    core: CoverCore, objective: Floats, row: Floats, low: float, high: float,
    chosen: Longs, seconds: float,
) -> tuple[Longs, float, bool]:
    """Minimise over sites ``y`` (whole) and covered cells ``z <= sum of y``, with one more row."""
    highspy = solver()
    n, m = core.candidate_count, core.cell_count
    infinity = highspy.kHighsInf
    scale = 1.0 / max(float(np.abs(objective).max()), 1e-300)
    highs = highspy.Highs()
    for option, value in (
        ("output_flag", False), ("threads", 1), ("random_seed", 0), ("time_limit", max(seconds, 0.0)),
        ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-9 * max(float(core.weights.sum()), 1.0) * scale),
    ):
        highs.setOptionValue(option, value)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n + m, m + 1
    model.col_cost_ = objective * scale
    model.col_lower_, model.col_upper_ = np.zeros(n + m), np.ones(n + m)
    model.row_lower_ = np.concatenate([np.full(m, -infinity), [low if np.isfinite(low) else -infinity]])
    model.row_upper_ = np.concatenate([np.zeros(m), [high if np.isfinite(high) else infinity]])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    counts = np.diff(core.cell_start)
    ends = np.cumsum(counts + 1)
    index = np.empty(ends[-1] + n + m, dtype=np.int32)
    entries = np.full(index.size, -1.0)
    rows = np.repeat(np.arange(m), counts)
    index[np.arange(core.candidates.size) + rows] = core.candidates
    index[ends - 1], entries[ends - 1] = n + np.arange(m), 1.0
    index[ends[-1] :], entries[ends[-1] :] = np.arange(n + m), row
    model.a_matrix_.start_ = np.concatenate([[0], ends, [index.size]]).astype(np.int32)
    model.a_matrix_.index_, model.a_matrix_.value_ = index, entries
    model.integrality_ = [highspy.HighsVarType.kInteger] * n + [highspy.HighsVarType.kContinuous] * m
    highs.passModel(model)
    guess = highspy.HighsSolution()
    values = np.zeros(n + m)
    values[chosen] = 1.0
    reached = np.zeros(m)
    for i in chosen:
        reached[core.cells[core.start[i] : core.start[i + 1]]] = 1.0
    values[n:] = reached
    guess.col_value = list(values)
    highs.setSolution(guess)
    highs.run()
    info = highs.getInfo()
    proven = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    found = chosen
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        found = np.flatnonzero(np.array(highs.getSolution().col_value[:n]) > 0.5)
    return found.astype(np.int64), float(info.mip_dual_bound) / scale, bool(proven)
