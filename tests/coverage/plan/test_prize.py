from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csgraph

from phusong.coverage.plan.edge_graph import EdgeGraph
from phusong.coverage.plan.prize import budget_tree, frontier
from phusong.coverage.plan.steiner import validate_tree

Problem = tuple[EdgeGraph, np.ndarray, int]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    nodes = draw(st.integers(2, 7))
    spine = [(draw(st.integers(0, v - 1)), v) for v in range(1, nodes)]
    node = st.integers(0, nodes - 1)
    pairs = np.array(spine + draw(st.lists(st.tuples(node, node), max_size=6)))
    length = draw(st.lists(st.integers(0, 9), min_size=len(pairs), max_size=len(pairs)))
    prizes = draw(st.lists(st.integers(0, 9), min_size=nodes, max_size=nodes))
    graph = EdgeGraph(nodes, pairs[:, 0], pairs[:, 1], np.array(length, dtype=float))
    return graph, np.array(prizes, dtype=float), draw(st.integers(0, 25))


def most(graph: EdgeGraph, prizes: np.ndarray, budget: float) -> float:
    """By trying every set of nodes with the root 0."""
    best = prizes[0]
    for size in range(1, graph.nodes):
        for extra in combinations(range(1, graph.nodes), size):
            nodes = [0, *extra]
            part = graph.matrix[nodes][:, nodes]
            whole = csgraph.connected_components(part, directed=False)[0] == 1
            if whole and csgraph.minimum_spanning_tree(part).sum() <= budget + 1e-9:
                best = max(best, prizes[nodes].sum())
    return float(best)


@settings(max_examples=120, deadline=None)
@given(problems())
def test_best_of_small_graphs_and_bound_above_it(problem: Problem) -> None:
    graph, prizes, budget = problem
    best = most(graph, prizes, budget)
    tree = budget_tree(graph, 0, prizes, budget, iterations=20)
    assert tree.length <= budget
    assert tree.prize == prizes[tree.nodes].sum() == best
    assert tree.upper_bound >= best - 1e-9
    validate_tree(graph, [0, *tree.nodes], tree.edges)


def made_up(nodes: int = 900, prized: int = 60) -> tuple[EdgeGraph, np.ndarray]:
    rng = np.random.default_rng(7)
    side = int(nodes**0.5)
    number = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        [
            np.stack([number[:, 1:], number[:, :-1]], -1).reshape(-1, 2),
            np.stack([number[1:], number[:-1]], -1).reshape(-1, 2),
        ]
    )
    graph = EdgeGraph(side * side, pairs[:, 0], pairs[:, 1], rng.uniform(50, 150, len(pairs)))
    prizes = np.zeros(graph.nodes)
    prizes[rng.choice(graph.nodes, prized, replace=False)] = rng.lognormal(5, 1, prized).round()
    return graph, prizes


def greedy(graph: EdgeGraph, root: int, prizes: np.ndarray, budget: float) -> float:
    """The shortest path to the most people per length, again and again; written anew, with scipy."""
    inside, spent = {root}, 0.0
    while True:
        nodes = sorted(inside)
        away, back, _ = csgraph.dijkstra(
            graph.matrix, indices=nodes, min_only=True, return_predecessors=True
        )
        goals = [v for v in np.flatnonzero(prizes > 0) if v not in inside and away[v] <= budget - spent]
        if not goals:
            return float(prizes[nodes].sum())
        v = max(goals, key=lambda v: prizes[v] / away[v])
        spent += float(away[v])
        while v not in inside:
            inside.add(int(v))
            v = back[v]


def test_never_below_greedy_and_more_money_never_reaches_fewer() -> None:
    graph, prizes = made_up()
    budgets = [0.0, 300.0, 1500.0, 4000.0, 8000.0, 1e9]
    trees = frontier(graph, 0, prizes, budgets, iterations=15)
    found = [tree.prize for tree in trees]
    assert found == sorted(found)
    assert found[-1] == prizes.sum()
    for tree in trees:
        assert tree.length <= tree.budget * (1 + 1e-9)
        assert tree.prize >= greedy(graph, 0, prizes, tree.budget)
        assert tree.prize <= tree.upper_bound
        validate_tree(graph, [0, *tree.nodes], tree.edges)
    assert trees[3].upper_bound < 1.08 * trees[3].prize


def test_the_same_every_time_and_in_any_order_of_roots() -> None:
    graph, prizes = made_up(400, 30)
    one = budget_tree(graph, [0, 5, 200], prizes, 1500.0, iterations=5)
    two = budget_tree(graph, [200, 0, 5], prizes, 1500.0, iterations=5)
    np.testing.assert_array_equal(one.edges, two.edges)
    assert one.prize == prizes[one.nodes].sum()


def test_roots_count_as_connected() -> None:
    graph = EdgeGraph(5, [0, 1, 2, 3], [1, 2, 3, 4], [10.0, 10.0, 10.0, 3.0])
    tree = budget_tree(graph, [0, 3], np.array([1.0, 0, 0, 2, 5]), 3.0)
    assert tree.edges.tolist() == [3]
    assert (tree.prize, tree.length, tree.upper_bound) == (8.0, 3.0, 8.0)


def test_what_lies_on_another_island_is_out_of_reach() -> None:
    graph = EdgeGraph(4, [0, 2], [1, 3], [1.0, 1.0])
    tree = budget_tree(graph, 0, np.array([0.0, 4, 0, 9]), 100.0)
    assert (tree.prize, tree.upper_bound, tree.edges.tolist()) == (4.0, 4.0, [0])


@pytest.mark.parametrize(
    ("root", "prizes", "budget", "message"),
    [
        (0, [1.0, -1.0], 1.0, "negative"),
        (0, [1.0], 1.0, "one per node"),
        (0, [1.0, np.nan], 1.0, "not finite"),
        (0, [1.0, 1.0], -1.0, "budget is negative"),
        (5, [1.0, 1.0], 1.0, "0 to 1"),
        (np.zeros(0, dtype=int), [1.0, 1.0], 1.0, "no root"),
    ],
)
def test_bad_input_is_told(root: int, prizes: list[float], budget: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        budget_tree(EdgeGraph(2, [0], [1], [1.0]), root, np.array(prizes), budget)
