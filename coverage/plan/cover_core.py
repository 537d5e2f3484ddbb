"""The part of a covering problem that is open to choice: fixed sites settled, equal cells merged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.cover_problem import CoverProblem, Floats, Ints, Longs

_MIX = 20_260_101
"""Seed of the numbers that tell sets of candidates apart."""


@dataclass(frozen=True, eq=False)
class CoverCore:
    """What is left to decide, both ways round: cells by candidate and candidates by cell.

    Attributes
    ----------
    start, cells : (candidates + 1,) int64, (pairs,) int32
        Merged cells of each candidate, ascending.
    cell_start, candidates : (cells + 1,) int64, (pairs,) int32
        Candidates of each merged cell, ascending.
    weights : (cells,) float64
        Weight of each merged cell, above zero.
    costs : (candidates,) float64
    names : (candidates,) int64
        Number of each candidate in the problem.
    """

    start: Longs
    cells: Ints
    cell_start: Longs
    candidates: Ints
    weights: Floats
    costs: Floats
    names: Longs

    @property
    def candidate_count(self) -> int:
        """Number of candidates."""
        return self.start.size - 1

    @property
    def cell_count(self) -> int:
        """Number of merged cells."""
        return self.weights.size

    @property
    def totals(self) -> Floats:
        """Weight that each candidate covers alone, ``(candidates,)``."""
        return _row_sums(self.start, self.weights[self.cells])

    def weight_of(self, chosen: NDArray[np.integer]) -> float:
        """Return the weight that the ``chosen`` candidates cover together."""
        mask = np.zeros(self.cell_count, dtype=bool)
        for i in chosen:
            mask[self.cells[self.start[i] : self.start[i + 1]]] = True
        return float(self.weights[mask].sum())

    def keep(self, kept: NDArray[np.bool_]) -> CoverCore:
        """Return the problem of the candidates in the mask ``kept`` and the cells that they cover."""
        counts = np.diff(self.start)
        pairs = np.repeat(kept, counts)
        numbers = np.flatnonzero(kept)
        return _core(
            np.repeat(np.arange(numbers.size), counts[kept]), self.cells[pairs], self.weights,
            self.costs[numbers], self.names[numbers],
        )


def open_core(problem: CoverProblem, costs: Floats) -> CoverCore:
    """Settle the fixed and forbidden sites of a problem and merge its cells.

    Cells without weight or covered by fixed sites, candidates that are fixed, forbidden or cannot gain the
    minimum even as the first, and cells that nobody is left to cover are gone. Cells that the same candidates
    cover become one with the sum of their weights: no plan's weight changes.
    """
    free = np.ones(problem.candidate_count, dtype=bool)
    free[problem.fixed] = False
    free[problem.forbidden] = False
    weights = np.where(problem.covered(problem.fixed), 0.0, problem.weights)
    totals = _row_sums(problem.start, weights[problem.cells])
    free &= (totals > 0.0) & (totals >= problem.minimum_gain)
    counts = np.diff(problem.start)
    pairs = np.repeat(free, counts) & (weights[problem.cells] > 0.0)
    rows = np.repeat(np.arange(problem.candidate_count), counts)[pairs]
    numbers = np.flatnonzero(free)
    order = np.zeros(problem.candidate_count, dtype=np.int64)
    order[numbers] = np.arange(numbers.size)
    return _core(order[rows], problem.cells[pairs], weights, costs[numbers], numbers)


def merge_cells(start: Longs, candidates: Ints) -> tuple[Longs, Longs]:
    """Group cells that the same candidates cover.

    Parameters
    ----------
    start, candidates : (cells + 1,) int64, (pairs,) int32
        Candidates of each cell, ascending.

    Returns
    -------
    group : (cells,) int64
        Group of each cell.
    first : (groups,) int64
        One cell of each group, ascending: groups are numbered by their first cell.

    Notes
    -----
    Sets are told apart by sums of random 64-bit numbers; equal sums are then compared candidate by
    candidate, and new numbers are drawn should two different sets ever have the same sum.
    """
    count = start.size - 1
    sizes = np.diff(start)
    highest = int(candidates.max()) + 1 if candidates.size else 0
    for seed in range(_MIX, _MIX + 64):
        codes = np.random.default_rng(seed).integers(0, 2**64, highest, dtype=np.uint64)
        sums = np.zeros(count, dtype=np.uint64)
        filled = sizes > 0
        sums[filled] = np.add.reduceat(codes[candidates], start[:-1][filled])
        _, first, group = np.unique(sums, return_index=True, return_inverse=True)
        rank = np.argsort(first, kind="stable")
        place = np.empty_like(rank)
        place[rank] = np.arange(rank.size)
        group, first = place[group], first[rank]
        if _same_sets(start, candidates, first[group]):
            break
    return group.astype(np.int64), first.astype(np.int64)


def _same_sets(start: Longs, candidates: Ints, model: Longs) -> bool:
    """Tell whether every cell has the very candidates of its ``model`` cell."""
    sizes = np.diff(start)
    if not np.array_equal(sizes, sizes[model]):
        return False
    shift = np.repeat(start[model] - start[:-1], sizes)
    return bool(np.array_equal(candidates, candidates[np.arange(candidates.size) + shift]))


def _core(rows: Longs, cells: Ints, weights: Floats, costs: Floats, names: Longs) -> CoverCore:
    """Build both tables from pairs sorted by candidate, with equal cells merged."""
    cell_start, candidates = _turned(rows, cells, weights.size)
    group, first = merge_cells(cell_start, candidates)
    sums: Floats = np.zeros(first.size)
    np.add.at(sums, group, weights)
    covered = np.diff(cell_start)[first] > 0
    place = np.cumsum(covered) - 1
    one = np.zeros(weights.size, dtype=bool)
    one[first[covered]] = True
    pairs = one[cells]
    rows, cells = rows[pairs], place[group[cells[pairs]]].astype(np.int32)
    cell_start, candidates = _turned(rows, cells, int(covered.sum()))
    rows_again = np.repeat(np.arange(cell_start.size - 1), np.diff(cell_start))
    start, ordered = _turned(rows_again, candidates, names.size)
    return CoverCore(start, ordered, cell_start, candidates, sums[covered], costs, names)


def _turned(rows: NDArray[np.integer], columns: Ints, count: int) -> tuple[Longs, Ints]:
    """Return rows by column, ascending in each, from pairs sorted by row."""
    start = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=count))]).astype(np.int64)
    return start, rows[np.argsort(columns, kind="stable")].astype(np.int32)


def _row_sums(start: Longs, values: Floats) -> Floats:
    sums = np.zeros(start.size - 1)
    filled = np.diff(start) > 0
    if filled.any():
        sums[filled] = np.add.reduceat(values, start[:-1][filled])
    return sums
