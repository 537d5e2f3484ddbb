"""Why a site stands where it stands: rates, what could replace it, and swaps, against every alternative."""

from __future__ import annotations

import itertools
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from test_site_plan import QUICK, price, problem_of, ways_on

from phusong.coverage.plan.joint import JointProblem, search
from phusong.coverage.plan.joint_order import in_order
from phusong.coverage.plan.site_swaps import substitutes, swapped

CANDIDATES, CELLS = 9, 24


def star(seed: int) -> tuple[JointProblem, list[set[int]]]:
    """A problem whose branches share nothing: what a plan costs is the sum of its sites."""
    rng = np.random.default_rng(seed)
    graph = nx.Graph()
    for k in range(CANDIDATES):
        graph.add_edge(0, k + 1, length=float(rng.uniform(1.0, 9.0)))
    shared = np.arange(CANDIDATES) % 3 == 0
    ways = ways_on(graph, list(range(1, CANDIDATES + 1)), 0, shared=shared)
    sets = [np.flatnonzero(rng.random(CELLS) < 0.35).tolist() for _ in range(CANDIDATES)]
    weights = rng.integers(1, 9, (2, CELLS)).astype(float)
    problem = problem_of(
        ways, sets, CELLS, weights=weights, site_cost=rng.uniform(3.0, 9.0, CANDIDATES),
        need=np.full(2, np.inf),
    )
    return problem, [set(s) for s in sets]


def covered(problem: JointProblem, sets: list[set[int]], chosen: tuple[int, ...]) -> np.ndarray:
    cells = sorted(set().union(*(sets[c] for c in chosen)))
    return np.asarray(problem.weights[:, cells].sum(axis=1))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("goal", ["targets", "budget"])
def test_a_substitute_is_the_cheapest_that_keeps_the_goal(seed: int, goal: str) -> None:
    base, sets = star(seed)
    everything = covered(base, sets, tuple(range(CANDIDATES)))
    if goal == "targets":
        problem = replace(base, need=0.8 * everything)
    else:
        problem = replace(base, weights=base.weights[:1], need=np.array([np.inf]), budget=40.0)
    chosen = search(problem, effort=QUICK)
    found = substitutes(problem, chosen)
    assert list(found) == chosen.tolist()
    whole, weight = price(problem, tuple(chosen)), covered(problem, sets, tuple(chosen))
    some = 0
    for site, other in found.items():
        rest = tuple(int(c) for c in chosen if c != site)
        extra = {}
        for c in set(range(CANDIDATES)) - set(chosen.tolist()):
            has = covered(problem, sets, (*rest, c))
            if (has >= (problem.need if goal == "targets" else weight) - 1e-9).all():
                extra[c] = price(problem, (*rest, c)) - whole
        assert (other.candidate >= 0) == bool(extra)
        if extra:
            some += 1
            assert other.extra == pytest.approx(min(extra.values()))
            assert extra[other.candidate] == pytest.approx(other.extra)
        masts = {c: e for c, e in extra.items() if problem.ways.shared[c]}
        assert (other.mast >= 0) == bool(masts)
        if masts:
            assert other.mast_extra == pytest.approx(min(masts.values()))
        alone = sets[site].difference(*(sets[c] for c in rest))
        near = sum(bool(sets[c] & alone) for c in range(CANDIDATES) if problem.ways.shared[c])
        assert other.masts_near == near
    assert some or seed  # the first seed has some


@pytest.mark.parametrize("seed", range(6))
def test_swaps_end_where_no_single_site_can_be_had_cheaper(seed: int) -> None:
    base, sets = star(seed)
    need = 0.7 * covered(base, sets, tuple(range(CANDIDATES)))
    problem = replace(base, need=need)
    plans = [
        c for k in range(2, 6) for c in itertools.combinations(range(CANDIDATES), k)
        if (covered(problem, sets, c) >= need).all()
    ]  # fmt: skip
    dear = max(plans, key=lambda c: price(problem, c))
    after = tuple(swapped(problem, np.array(dear)).tolist())
    assert len(after) == len(dear)
    assert (covered(problem, sets, after) >= need).all()
    assert price(problem, after) < price(problem, dear)
    assert all(s.extra >= -1e-6 for s in substitutes(problem, np.array(after)).values())
    kept = replace(problem, fixed=np.array(dear))
    assert tuple(swapped(kept, np.array(dear)).tolist()) == dear


@pytest.mark.parametrize("seed", range(4))
def test_every_step_says_what_it_adds_per_money_and_who_comes_next(seed: int) -> None:
    base, sets = star(seed)
    problem = replace(base, weights=base.weights[:1], need=np.array([np.inf]), budget=45.0)
    plan = in_order(problem, search(problem, effort=QUICK))
    assert len(plan.chosen) > 2
    done: tuple[int, ...] = ()
    order = plan.chosen.tolist()
    for k, (site, turn) in enumerate(zip(order, plan.turns, strict=True)):
        rates = {}
        for c in order[k:]:
            gain = covered(problem, sets, (*done, c))[0] - (covered(problem, sets, done)[0] if done else 0.0)
            rates[c] = 1000.0 * gain / (price(problem, (*done, c)) - price(problem, done) if done
                                        else price(problem, (c,)))  # fmt: skip
        assert turn.rate == pytest.approx(max(rates.values()))
        assert rates.pop(site) == pytest.approx(turn.rate)
        assert not turn.wished
        if rates:
            assert turn.next_rate == pytest.approx(max(rates.values()))
            assert rates[turn.next] == pytest.approx(turn.next_rate)
        else:
            assert turn.next == -1
        done = (*done, site)
    wished = in_order(replace(problem, fixed=np.array([order[-1]])), plan.chosen)
    assert wished.chosen[0] == order[-1]
    assert [t.wished for t in wished.turns] == [True] + [False] * (len(order) - 1)


def test_rates_are_in_the_unit_of_the_target_or_in_per_cent_of_what_is_missing() -> None:
    base, sets = star(1)
    all_of = covered(base, sets, tuple(range(CANDIDATES)))
    one = replace(base, need=np.array([0.5 * all_of[0], 0.0]))
    plan = in_order(one, search(one, effort=QUICK))
    first = min(covered(base, sets, (int(plan.chosen[0]),))[0], one.need[0])
    assert plan.turns[0].rate == pytest.approx(1000.0 * first / price(one, (int(plan.chosen[0]),)))
    both = replace(base, need=0.5 * all_of)
    plan = in_order(both, search(both, effort=QUICK))
    done = covered(base, sets, (int(plan.chosen[0]),)) / both.need
    share = 100.0 * float(np.minimum(done, 1.0).sum())
    assert plan.turns[0].rate == pytest.approx(1000.0 * share / price(both, (int(plan.chosen[0]),)))
