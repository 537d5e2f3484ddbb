"""Which candidates cover which cells, what that is worth and what it costs: the question of the site plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phusong.data.language import Text
from phusong.layers.faults import ExpectedError

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

NAMED = 5
"""A message names at most so many candidates."""


class CoverError(ExpectedError):
    """The site plan cannot be computed as it was asked for."""


class CoverInputError(CoverError):
    """Arrays that do not fit together, or values that are no weight or cost."""


class MissingCostsError(CoverError):
    """Candidates without a cost where the plan counts money."""


class ContradictorySitesError(CoverError):
    """Fixed and forbidden sites that no plan can satisfy."""


class BudgetTooSmallError(CoverError):
    """The budget pays for no candidate."""


class TargetOutOfReachError(CoverError):
    """All candidates together stay below the target; ``reachable_weight`` tells how far they reach."""

    def __init__(self, text: Text, *, reachable_weight: float, **values: Any) -> None:
        super().__init__(text, reachable=reachable_weight, **values)
        self.reachable_weight = reachable_weight


_SHAPE = Text(
    "Bảng phủ của {candidates} vị trí ứng viên phải có {expected} phần tử '{name}', nhưng có {found}.",
    "The coverage of {candidates} candidates needs {expected} values of '{name}', but has {found}.",
)
_CELL_RANGE = Text(
    "Vị trí ứng viên số {candidate} phủ ô số {cell}, nhưng chỉ có {cells} ô.",
    "Candidate no. {candidate} covers cell no. {cell}, but there are only {cells} cells.",
)
_OFFSETS = Text(
    "Mảng 'start' của bảng phủ phải bắt đầu từ 0, không giảm và kết thúc ở số phần tử của 'cells'.",
    "The array 'start' of the coverage must begin with 0, never fall, and end at the length of 'cells'.",
)
_BAD_WEIGHT = Text(
    "{n} ô có trọng số âm hoặc không phải là số (ô đầu tiên: số {first}). Trọng số phải từ 0 trở lên.",
    "{n} cells have a weight that is negative or no number (the first: no. {first}). Weights are 0 or more.",
)
_BAD_COST = Text(
    "{n} vị trí ứng viên có chi phí âm hoặc vô hạn (vị trí đầu tiên: số {first}). Chi phí phải từ 0 trở lên.",
    "{n} candidates have a negative or infinite cost (the first: no. {first}). Costs are 0 or more.",
)
_MISSING_COST = Text(
    "{n} vị trí ứng viên chưa có chi phí (số {first}). Hãy ghi chi phí cho từng vị trí hoặc đơn giá mặc định "
    "trong bảng [costs] của tệp dự án.",
    "{n} candidates have no cost (no. {first}). Give each a cost, or default unit costs in the table [costs] "
    "of the project file.",
)
_NO_COSTS = Text(
    "Lập kế hoạch theo kinh phí cần chi phí của từng vị trí ứng viên, nhưng chưa có chi phí nào. Hãy ghi "
    "đơn giá trong bảng [costs] của tệp dự án, hoặc lập kế hoạch theo số vị trí.",
    "A plan by money needs the cost of every candidate, but there is none. Give unit costs in the table "
    "[costs] of the project file, or plan by the number of sites.",
)
_UNKNOWN_SITE = Text(
    "Danh sách '{name}' có vị trí số {site}, nhưng chỉ có {candidates} vị trí ứng viên (đánh số từ 0).",
    "The list '{name}' has site no. {site}, but there are only {candidates} candidates (counted from 0).",
)
_BOTH = Text(
    "{n} vị trí vừa bắt buộc vừa bị cấm (số {first}). Hãy bỏ chúng khỏi một trong hai danh sách.",
    "{n} sites are both fixed and forbidden (no. {first}). Take them off one of the two lists.",
)
_BAD_GAIN = Text(
    "Mức tăng tối thiểu của mỗi vị trí phải là số từ 0 trở lên, không phải {value}.",
    "The minimum gain per site must be a number of 0 or more, not {value}.",
)


@dataclass(frozen=True, eq=False)
class CoverProblem:
    """Candidates, the cells that each covers, weights and costs; made and checked by `cover_problem`.

    Attributes
    ----------
    start : (candidates + 1,) int64
        Candidate ``i`` covers ``cells[start[i]:start[i + 1]]``, ascending and without repeats.
    cells : (pairs,) int32
        Numbers of cells.
    weights : (cells,) float64
        What covering a cell is worth: people, or any combination of people, villages, key locations,
        kilometres of road and areas, as one number per cell.
    costs : (candidates,) float64 or None
        In any one unit of money; None if the plan counts sites only.
    fixed, forbidden : (n,) int64
        Candidates that every plan has, and that none has; ascending.
    minimum_gain : float
        No step of a plan may gain less, save fixed sites.
    """

    start: Longs
    cells: Ints
    weights: Floats
    costs: Floats | None
    fixed: Longs
    forbidden: Longs
    minimum_gain: float = 0.0

    @property
    def candidate_count(self) -> int:
        """Number of candidates."""
        return self.start.size - 1

    @property
    def cell_count(self) -> int:
        """Number of cells."""
        return self.weights.size

    def covered(self, chosen: ArrayLike) -> NDArray[np.bool_]:
        """Return which cells at least one of the ``chosen`` candidates covers, ``(cells,)``."""
        mask = np.zeros(self.cell_count, dtype=bool)
        for candidate in np.asarray(chosen, dtype=np.int64).ravel():
            mask[self.cells[self.start[candidate] : self.start[candidate + 1]]] = True
        return mask

    def weight_of(self, chosen: ArrayLike) -> float:
        """Return the weight of the cells that the ``chosen`` candidates cover together."""
        return float(self.weights[self.covered(chosen)].sum())


def cover_problem(
    start: ArrayLike,
    cells: ArrayLike,
    weights: ArrayLike,
    *,
    costs: ArrayLike | None = None,
    fixed: Iterable[int] = (),
    forbidden: Iterable[int] = (),
    minimum_gain: float = 0.0,
) -> CoverProblem:
    """Check the arrays of a covering problem and return it.

    Parameters
    ----------
    start, cells : array_like of int
        Compressed sparse rows, one row a candidate: ``indptr`` and ``indices`` of a scipy CSR matrix.
        Repeats within a row count once.
    weights : (cells,) array_like
        0 or more, finite.
    costs : (candidates,) array_like, optional
        0 or more; NaN is a missing cost.
    fixed, forbidden : iterable of int
        Numbers of candidates, counted from 0.
    minimum_gain : float
        Weight that each step of a plan has to gain at least.

    Raises
    ------
    CoverInputError, MissingCostsError, ContradictorySitesError
    """
    offsets = np.array(start, dtype=np.int64).ravel()
    worth = np.array(weights, dtype=np.float64).ravel()
    offsets, pairs = _sorted_rows(offsets, np.asarray(cells).ravel(), worth.size)
    count = offsets.size - 1
    bad = ~(np.isfinite(worth) & (worth >= 0.0))
    if bad.any():
        raise CoverInputError(_BAD_WEIGHT, n=int(bad.sum()), first=str(int(np.argmax(bad))))
    if not (np.isfinite(minimum_gain) and minimum_gain >= 0.0):
        raise CoverInputError(_BAD_GAIN, value=str(minimum_gain))
    money = None if costs is None else _checked_costs(costs, count)
    kept = _checked_sites("fixed", fixed, count)
    banned = _checked_sites("forbidden", forbidden, count)
    both = np.intersect1d(kept, banned)
    if both.size:
        raise ContradictorySitesError(_BOTH, n=int(both.size), first=_named(both))
    return CoverProblem(offsets, pairs, worth, money, kept, banned, float(minimum_gain))


def need_costs(problem: CoverProblem) -> Floats:
    """Return the costs, or raise `MissingCostsError` where the problem has none."""
    if problem.costs is None:
        raise MissingCostsError(_NO_COSTS)
    return problem.costs


def _named(numbers: Sequence[int] | NDArray[np.integer]) -> str:
    more = ", …" if len(numbers) > NAMED else ""
    return ", ".join(str(int(i)) for i in numbers[:NAMED]) + more


def _sorted_rows(start: Longs, cells: NDArray[Any], cell_count: int) -> tuple[Longs, Ints]:
    """Return rows in ascending order without repeats."""
    if start.size == 0 or start[0] != 0 or start[-1] != cells.size or (np.diff(start) < 0).any():
        raise CoverInputError(_OFFSETS)
    count = start.size - 1
    outside = (cells < 0) | (cells >= cell_count)
    if outside.any():
        at = int(np.argmax(outside))
        raise CoverInputError(
            _CELL_RANGE, candidate=str(int(np.searchsorted(start, at, side="right")) - 1),
            cell=str(int(cells[at])), cells=cell_count,
        )
    rows = np.repeat(np.arange(count, dtype=np.int64), np.diff(start))
    step = np.diff(cells.astype(np.int64)) > 0
    if not (step | (np.diff(rows) > 0)).all():
        keys = np.unique(rows * max(cell_count, 1) + cells)
        rows, cells = np.divmod(keys, max(cell_count, 1))
        start = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))]).astype(np.int64)
    return start, cells.astype(np.int32)


def _checked_costs(costs: ArrayLike, count: int) -> Floats:
    money = np.array(costs, dtype=np.float64).ravel()
    if money.size != count:
        raise CoverInputError(_SHAPE, candidates=count, expected=count, name="costs", found=int(money.size))
    missing = np.flatnonzero(np.isnan(money))
    if missing.size:
        raise MissingCostsError(_MISSING_COST, n=int(missing.size), first=_named(missing))
    bad = (money < 0.0) | np.isinf(money)
    if bad.any():
        raise CoverInputError(_BAD_COST, n=int(bad.sum()), first=str(int(np.argmax(bad))))
    return money


def _checked_sites(name: str, sites: Iterable[int], count: int) -> Longs:
    numbers = np.unique(np.array(list(sites), dtype=np.int64))
    outside = numbers[(numbers < 0) | (numbers >= count)]
    if outside.size:
        raise ContradictorySitesError(_UNKNOWN_SITE, name=name, site=str(int(outside[0])), candidates=count)
    return numbers
