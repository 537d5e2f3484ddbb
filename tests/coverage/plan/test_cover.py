"""Site plans against brute force, an oracle, and instances with known values."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.plan import cover
from phusong.coverage.plan.cover import (
    CoverPlan,
    best_of_count,
    best_under_budget,
    cheapest_for_target,
)
from phusong.coverage.plan.cover_problem import (
    BudgetTooSmallError,
    ContradictorySitesError,
    CoverError,
    CoverInputError,
    CoverProblem,
    MissingCostsError,
    TargetOutOfReachError,
    cover_problem,
)
from phusong.coverage.plan.cover_search import CoverEffort

ROOT = Path(__file__).resolve().parents[3]
INSTANCES = ROOT.parent / "shared" / "instances" / "mclp"
QUICK = CoverEffort(steps=4_000, bound_rounds=50)


def tiny(seed: int, whole: bool) -> CoverProblem:
    rng = np.random.default_rng(seed)
    mask = rng.random((8, 30)) < 0.2
    rows = [np.flatnonzero(row) for row in mask]
    weights = rng.integers(0, 50, 30) if whole else rng.gamma(0.5, 10.0, 30)
    costs = rng.integers(1, 9, 8) if whole else rng.uniform(0.5, 5.0, 8)
    start = np.concatenate([[0], np.cumsum([r.size for r in rows])])
    sites = rng.permutation(8)
    return cover_problem(
        start, np.concatenate(rows), weights, costs=costs, fixed=sites[: rng.integers(0, 3)],
        forbidden=sites[6 : 6 + rng.integers(0, 3)],
    )


def allowed(problem: CoverProblem) -> list[tuple[list[int], float, float]]:
    """Every plan with the fixed and without the forbidden sites: sites, weight, cost."""
    assert problem.costs is not None
    free = [i for i in range(8) if i not in problem.fixed and i not in problem.forbidden]
    plans = []
    for k in range(len(free) + 1):
        for some in itertools.combinations(free, k):
            sites = [*problem.fixed.tolist(), *some]
            plans.append((sites, problem.weight_of(sites), float(problem.costs[sites].sum())))
    return plans


def check(problem: CoverProblem, plan: CoverPlan) -> None:
    """Hold what is true of every plan."""
    chosen = plan.chosen.tolist()
    assert len(set(chosen)) == len(chosen)
    assert sorted(chosen[: problem.fixed.size]) == problem.fixed.tolist()
    assert not set(chosen) & set(problem.forbidden.tolist())
    assert plan.weight == pytest.approx(problem.weight_of(chosen))
    assert plan.gains.sum() == pytest.approx(plan.weight)
    assert plan.step_costs.sum() == pytest.approx(plan.cost)
    ratio = (plan.gains / plan.step_costs)[problem.fixed.size :]
    assert (np.diff(ratio) <= 1e-9 * (1.0 + ratio[:-1])).all()
    assert plan.gap >= 0.0


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), share=st.floats(0.1, 1.0), whole=st.booleans())
def test_tiny_plans_are_the_best_there_are(seed: int, share: float, whole: bool) -> None:
    problem = tiny(seed, whole)
    assert problem.costs is not None
    plans = allowed(problem)
    budget = float(problem.costs[problem.fixed].sum()) + share * float(problem.costs.sum())
    plan = best_under_budget(problem, budget, effort=QUICK)
    check(problem, plan)
    best = max(weight for _, weight, cost in plans if cost <= budget + 1e-9)
    assert plan.cost <= budget * (1.0 + 1e-9)
    assert plan.weight == pytest.approx(best)
    assert plan.bound >= best * (1.0 - 1e-12)

    count = int(problem.fixed.size) + 2
    plan = best_of_count(problem, count, effort=QUICK)
    check(problem, plan)
    best = max(weight for sites, weight, _ in plans if len(sites) <= count)
    assert plan.chosen.size <= count
    assert plan.weight == pytest.approx(best)
    assert plan.bound >= best * (1.0 - 1e-12)

    target = share * max(weight for _, weight, _ in plans)
    plan = cheapest_for_target(problem, target, effort=QUICK)
    check(problem, plan)
    least = min(cost for _, weight, cost in plans if weight >= target * (1.0 - 1e-9))
    assert plan.weight >= target * (1.0 - 1e-8)
    assert plan.cost == pytest.approx(least)
    assert plan.bound <= least * (1.0 + 1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_search_without_looking_at_every_plan(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What serves large problems, on tiny ones: near the best, never past the bound, which holds."""
    monkeypatch.setattr(cover, "FEW", 0)
    problem = tiny(seed, whole=bool(seed % 2))
    assert problem.costs is not None
    plans = allowed(problem)
    budget = float(problem.costs[problem.fixed].sum()) + 0.5 * float(problem.costs.sum())
    plan = best_under_budget(problem, budget, effort=QUICK)
    check(problem, plan)
    best = max(weight for _, weight, cost in plans if cost <= budget + 1e-9)
    assert 0.98 * best <= plan.weight <= best * (1.0 + 1e-9)
    assert plan.bound >= best * (1.0 - 1e-12)
    target = 0.7 * max(weight for _, weight, _ in plans)
    plan = cheapest_for_target(problem, target, effort=QUICK)
    check(problem, plan)
    least = min(cost for _, weight, cost in plans if weight >= target * (1.0 - 1e-9))
    assert least * (1.0 - 1e-9) <= plan.cost <= 1.15 * least
    assert plan.bound <= least * (1.0 + 1e-12)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), whole=st.booleans())
def test_highs_proves_tiny_plans(seed: int, whole: bool) -> None:
    pytest.importorskip("highspy")
    problem = tiny(seed, whole)
    assert problem.costs is not None
    budget = 0.4 * float(problem.costs.sum()) + float(problem.costs[problem.fixed].sum())
    lazy = CoverEffort(steps=1, bound_rounds=25)
    plan = best_under_budget(problem, budget, effort=lazy, exact=True)
    best = max(weight for _, weight, cost in allowed(problem) if cost <= budget + 1e-9)
    assert plan.weight == pytest.approx(best)
    assert plan.bound == pytest.approx(best, rel=1e-6)
    target = 0.8 * max(weight for _, weight, _ in allowed(problem))
    cheap = cheapest_for_target(problem, target, effort=lazy, exact=True)
    least = min(cost for _, weight, cost in allowed(problem) if weight >= target * (1.0 - 1e-9))
    assert cheap.cost == pytest.approx(least)
    assert cheap.bound == pytest.approx(least, rel=1e-5)


def scattered(points: int, radius: float, seed: int = 0) -> CoverProblem:
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0.0, 1.0, (points, 2))
    near = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) <= radius
    rows = [np.flatnonzero(row) for row in near]
    start = np.concatenate([[0], np.cumsum([r.size for r in rows])])
    costs = rng.uniform(1.0, 3.0, points)
    return cover_problem(start, np.concatenate(rows), rng.integers(1, 100, points), costs=costs)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # spopt calls pulp in its old way
def test_an_independent_solver_finds_no_better_plan() -> None:
    mclp = pytest.importorskip("spopt.locate").MCLP
    pulp = pytest.importorskip("pulp")
    problem = scattered(120, 0.1)
    far = np.ones((120, 120))
    for i in range(120):
        far[problem.cells[problem.start[i] : problem.start[i + 1]], i] = 0.0
    oracle = mclp.from_cost_matrix(far, problem.weights, 0.5, p_facilities=12)
    solver = pulp.HiGHS(msg=False) if pulp.HiGHS().available() else pulp.PULP_CBC_CMD(msg=False)
    best = float(np.abs(oracle.solve(solver).problem.objective.value()))
    plan = best_of_count(problem, 12, effort=CoverEffort(steps=300_000))
    assert plan.weight == pytest.approx(best)
    assert plan.bound >= best
    assert plan.gap < 0.02


def test_a_seed_gives_one_plan() -> None:
    problem = scattered(400, 0.06, seed=4)
    effort = CoverEffort(steps=150_000, bound_rounds=100, seed=3)
    for solve in (lambda: best_under_budget(problem, 40.0, effort=effort),
                  lambda: cheapest_for_target(problem, 15_000.0, effort=effort)):
        one, two = solve(), solve()
        assert one.chosen.tolist() == two.chosen.tolist()
        assert (one.bound, one.weight, one.cost) == (two.bound, two.weight, two.cost)
        assert not one.hurried


def test_short_of_time_the_plan_is_valid_and_says_so() -> None:
    problem = scattered(400, 0.06, seed=4)
    plan = best_under_budget(problem, 40.0, effort=CoverEffort(steps=10**9, seconds=0.3))
    check(problem, plan)
    assert plan.hurried
    assert plan.gap < 0.05


def test_no_step_gains_less_than_the_minimum() -> None:
    base = scattered(400, 0.06, seed=4)
    assert base.costs is not None
    problem = cover_problem(
        base.start, base.cells, base.weights, costs=base.costs, fixed=[0], minimum_gain=200.0
    )
    plan = best_under_budget(problem, 400.0, effort=QUICK)
    check(problem, plan)
    assert (plan.gains[1:] >= 200.0).all()
    assert plan.weight < best_under_budget(base, 400.0, effort=QUICK).weight
    with pytest.raises(TargetOutOfReachError) as info:
        cheapest_for_target(problem, float(base.weights.sum()), effort=QUICK)
    assert 0.0 < info.value.reachable_weight < base.weights.sum()
    plan = cheapest_for_target(problem, 0.6 * float(base.weights.sum()), effort=QUICK)
    assert plan.weight >= 0.6 * base.weights.sum()
    assert (plan.gains[1:] >= 200.0).all()


def test_a_target_beyond_reach_says_how_far_the_candidates_reach() -> None:
    problem = cover_problem([0, 1, 2], [0, 1], [10.0, 20.0, 70.0], costs=[1.0, 1.0], forbidden=[0])
    with pytest.raises(TargetOutOfReachError) as info:
        cheapest_for_target(problem, 50.0)
    assert info.value.reachable_weight == 20.0
    assert "20" in info.value.say("vi")
    assert "100" in info.value.say("en")
    assert cheapest_for_target(problem, 20.0).chosen.tolist() == [1]
    assert cheapest_for_target(problem, 0.0).chosen.size == 0


PAIR = ([0, 1, 2], [0, 1], [10.0, 20.0])


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda: best_under_budget(cover_problem(*PAIR, costs=[3, 4]), 2.5), BudgetTooSmallError, "3"),
        (lambda: best_under_budget(cover_problem(*PAIR, costs=[3, 4], fixed=[1]), 3), ContradictorySitesError,
         "4"),
        (lambda: best_under_budget(cover_problem(*PAIR, costs=[3, 4]), float("nan")), CoverInputError, "nan"),
        (lambda: best_under_budget(cover_problem(*PAIR), 3.0), MissingCostsError, "[costs]"),
        (lambda: cheapest_for_target(cover_problem(*PAIR), 3.0), MissingCostsError, "[costs]"),
        (lambda: cover_problem(*PAIR, costs=[3, np.nan]), MissingCostsError, "1"),
        (lambda: cover_problem(*PAIR, costs=[3, -1]), CoverInputError, "1"),
        (lambda: cover_problem(*PAIR, costs=[3]), CoverInputError, "costs"),
        (lambda: cover_problem(*PAIR, fixed=[0, 1], forbidden=[1]), ContradictorySitesError, "1"),
        (lambda: cover_problem(*PAIR, fixed=[2]), ContradictorySitesError, "2"),
        (lambda: cover_problem([0, 1, 2], [0, 5], [1.0, 2.0]), CoverInputError, "5"),
        (lambda: cover_problem([0, 2], [0, 1, 1], [1.0, 2.0]), CoverInputError, "start"),
        (lambda: cover_problem([0, 1], [0], [-1.0]), CoverInputError, "0"),
        (lambda: cover_problem(*PAIR, minimum_gain=-1.0), CoverInputError, "-1"),
        (lambda: best_of_count(cover_problem(*PAIR), 0), CoverInputError, "0"),
        (lambda: best_of_count(cover_problem(*PAIR, fixed=[0, 1]), 1), ContradictorySitesError, "2"),
    ],
)
def test_what_cannot_be_is_told_in_both_languages(ask, error, words) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error) as info:
        ask()
    assert isinstance(info.value, CoverError)
    vi, en = info.value.say("vi"), info.value.say("en")
    assert words in vi
    assert words in en
    assert vi != en


def test_repeats_free_sites_and_cells_of_nobody_do_no_harm() -> None:
    problem = cover_problem([0, 3, 3, 4], [1, 0, 1, 2], [5.0, 7.0, 0.0, 9.0], costs=[0.0, 1.0, 1.0])
    plan = best_under_budget(problem, 0.0)
    assert plan.chosen.tolist() == [0]
    assert (plan.weight, plan.bound, plan.proven) == (12.0, 12.0, True)
    assert best_of_count(cover_problem([0], [], [1.0]), 2).chosen.size == 0


def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mclp_benchmark", ROOT / "benchmarks" / "mclp.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.skipif(not INSTANCES.is_dir(), reason="the instances are not here")
def test_known_instances_are_read_and_solved_within_a_per_cent() -> None:
    mclp = benchmark()
    for name, file, count, radius_m, best in mclp.instances(INSTANCES, "Bronx_60"):
        problem = mclp.problem_of(*mclp.city(file), radius_m)
        sites = (INSTANCES / f"{name}.txt").read_text(encoding="utf-8").splitlines()[1].split(":")[1].split()
        assert problem.weight_of([int(i) for i in sites]) == best
        plan = best_of_count(problem, count, effort=CoverEffort(steps=2_000_000))
        assert plan.weight >= 0.99 * best
        assert best <= plan.bound
        assert plan.gap <= 0.025
