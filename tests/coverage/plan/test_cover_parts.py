"""Merging, kernels and bounds of the site plan against plain recomputation and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from phusong.coverage.plan.cover_bound import bound_cost, bound_weight, evaluate, least_cost, possible
from phusong.coverage.plan.cover_core import CoverCore, merge_cells, open_core
from phusong.coverage.plan.cover_greedy import drop_needless, first_plan, greedy
from phusong.coverage.plan.cover_kernels import empty_plan, insert, load, remove, sites_of, table
from phusong.coverage.plan.cover_problem import CoverProblem, cover_problem
from phusong.coverage.plan.cover_search import Clock, CoverEffort, annealed, neighbourhoods, swaps


def random_problem(
    seed: int, *, candidates: int = 9, cells: int = 40, whole: bool = True, density: float = 0.2
) -> CoverProblem:
    rng = np.random.default_rng(seed)
    # Fewer drawn columns than cells, so that there is something to merge.
    columns = rng.random((candidates, max(cells // 2, 1))) < density
    mask = columns[:, rng.integers(0, columns.shape[1], cells)]
    weights = rng.integers(0, 50, cells) if whole else rng.gamma(0.5, 10.0, cells)
    costs = rng.integers(1, 9, candidates) if whole else rng.uniform(0.5, 5.0, candidates)
    rows = [np.flatnonzero(row) for row in mask]
    start = np.concatenate([[0], np.cumsum([r.size for r in rows])])
    return cover_problem(start, np.concatenate(rows), weights, costs=costs)


def core_of(problem: CoverProblem) -> CoverCore:
    assert problem.costs is not None
    return open_core(problem, problem.costs)


def subsets(n: int) -> list[NDArray[np.int64]]:
    return [
        np.array(some, dtype=np.int64) for k in range(n + 1) for some in itertools.combinations(range(n), k)
    ]


def best_weight(core: CoverCore, budget: float) -> float:
    plans = (s for s in subsets(core.candidate_count) if core.costs[s].sum() <= budget + 1e-9)
    return max(core.weight_of(s) for s in plans)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), whole=st.booleans(), data=st.data())
def test_merging_changes_the_weight_of_no_plan(seed: int, whole: bool, data: st.DataObject) -> None:
    problem = random_problem(seed, whole=whole)
    sites = st.lists(st.integers(0, problem.candidate_count - 1), unique=True)
    fixed, chosen = data.draw(sites), data.draw(sites)
    settled = cover_problem(problem.start, problem.cells, problem.weights, costs=problem.costs, fixed=fixed)
    core = core_of(settled)
    assert core.cell_count <= problem.cell_count
    inside = np.flatnonzero(np.isin(core.names, chosen))
    together = problem.weight_of(fixed) + core.weight_of(inside)
    assert together == pytest.approx(problem.weight_of([*fixed, *chosen]), rel=1e-12)
    part = core.keep(np.isin(np.arange(core.candidate_count), inside))
    assert part.weight_of(np.arange(inside.size)) == pytest.approx(core.weight_of(inside), rel=1e-12)


def test_merged_cells_are_those_with_the_same_candidates_and_no_others() -> None:
    problem = random_problem(3, candidates=12, cells=300)
    sets: list[tuple[int, ...]] = [() for _ in range(problem.cell_count)]
    for i in range(problem.candidate_count):
        for c in problem.cells[problem.start[i] : problem.start[i + 1]]:
            sets[c] += (i,)
    start = np.concatenate([[0], np.cumsum([len(s) for s in sets])])
    group, first = merge_cells(start, np.array([i for s in sets for i in s], dtype=np.int32))
    for a, b in itertools.combinations(range(problem.cell_count), 2):
        assert (group[a] == group[b]) == (sets[a] == sets[b])
    assert first.size == len(set(sets)) < problem.cell_count


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), flips=st.lists(st.integers(0, 8), max_size=40))
def test_gains_stay_what_they_are_counted_afresh(seed: int, flips: list[int]) -> None:
    core = core_of(random_problem(seed))
    plan, arrays = empty_plan(core), table(core)
    for i in (f for f in flips if f < core.candidate_count):
        (insert if plan.place[i] < 0 else remove)(arrays, plan, i)
    chosen = sites_of(plan)
    weight = core.weight_of(chosen)
    assert plan.total[0] == pytest.approx(weight)
    assert plan.total[1] == pytest.approx(core.costs[chosen].sum())
    for i in range(core.candidate_count):
        if i in chosen:
            change = weight - core.weight_of(chosen[chosen != i])
        else:
            change = core.weight_of(np.append(chosen, i)) - weight
        assert plan.gain[i] == pytest.approx(change)
    load(arrays, plan, np.arange(core.candidate_count // 2))
    assert sites_of(plan).tolist() == list(range(core.candidate_count // 2))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), share=st.floats(0.05, 1.0), whole=st.booleans(), data=st.data())
def test_any_prices_bound_every_plan(seed: int, share: float, whole: bool, data: st.DataObject) -> None:
    core = core_of(random_problem(seed, whole=whole))
    budget = share * core.costs.sum()
    best = best_weight(core, budget)
    drawn = data.draw(st.lists(st.floats(-0.5, 1.5), min_size=core.cell_count, max_size=core.cell_count))
    prices = np.array(drawn) * core.weights
    assert evaluate(core, prices, budget)[0] >= best * (1.0 - 1e-12)
    proof = bound_weight(core, budget, 200)
    assert proof.bound >= best * (1.0 - 1e-12)
    assert proof.bound == pytest.approx(evaluate(core, proof.prices, budget)[0])
    target = 0.7 * core.weights.sum()
    cheapest = min(core.costs[s].sum() for s in subsets(core.candidate_count) if core.weight_of(s) >= target)
    assert least_cost(core, prices, target) <= cheapest
    assert bound_cost(core, target, float(cheapest), 100).bound <= cheapest
    # No candidate of a better plan is ruled out.
    kept = possible(core, proof, best - 1e-6 * best)
    for sites in subsets(core.candidate_count):
        if core.costs[sites].sum() <= budget and core.weight_of(sites) >= best * (1.0 - 1e-12):
            assert kept[sites].all()


def test_the_bound_comes_to_the_linear_relaxation() -> None:
    linprog = pytest.importorskip("scipy.optimize").linprog
    core = core_of(random_problem(11, candidates=40, cells=600, whole=False, density=0.08))
    budget = 0.25 * core.costs.sum()
    n, m = core.candidate_count, core.cell_count
    rows = np.zeros((m + 1, n + m))
    for c in range(m):
        rows[c, core.candidates[core.cell_start[c] : core.cell_start[c + 1]]] = -1.0
        rows[c, n + c] = 1.0
    rows[m, :n] = core.costs
    worth = np.concatenate([np.zeros(n), -core.weights])
    answer = linprog(worth, rows, np.concatenate([np.zeros(m), [budget]]), bounds=(0.0, 1.0), method="highs")
    bound = bound_weight(core, budget, 3000).bound
    assert -answer.fun * (1.0 - 1e-9) <= bound <= -answer.fun * 1.001


def test_greedy_alone_falls_into_the_trap_of_unequal_costs_and_the_first_plan_does_not() -> None:
    # A cheap site of high ratio takes the room of the one that covers nearly everything.
    problem = cover_problem([0, 1, 2], [0, 1], [2.0, 99.0], costs=[1.0, 100.0])
    core = core_of(problem)
    assert greedy(core, 100.0, by_ratio=True).total[0] == 2.0
    assert first_plan(core, 100.0).total[0] == 99.0


def test_searches_never_return_less_than_they_were_given_and_keep_the_budget() -> None:
    core = core_of(random_problem(5, candidates=60, cells=800, whole=False, density=0.06))
    budget = 0.2 * core.costs.sum()
    chosen = sites_of(greedy(core, budget, by_ratio=True))
    clock, effort = Clock(60.0), CoverEffort(steps=100_000)
    for search in (
        lambda s: swaps(core, s, budget, clock),
        lambda s: annealed(core, s, budget, effort, clock),
        lambda s: neighbourhoods(core, s, budget, clock),
    ):
        found = search(chosen)
        assert core.weight_of(found) >= core.weight_of(chosen) * (1.0 - 1e-9)
        assert core.costs[found].sum() <= budget * (1.0 + 1e-9)
        chosen = found


def test_what_is_needless_goes() -> None:
    problem = cover_problem([0, 2, 3, 4], [0, 1, 0, 1], [1.0, 1.0], costs=[1.0, 5.0, 1.0])
    assert drop_needless(core_of(problem), np.array([0, 1, 2])).tolist() != [0, 1, 2]
    assert core_of(problem).weight_of(drop_needless(core_of(problem), np.array([0, 1, 2]))) == 2.0
    assert drop_needless(core_of(problem), np.array([1, 2]), target=1.0).tolist() == [2]
