from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from phusong.coverage.plan.edge_graph import EdgeGraph
from phusong.coverage.plan.steiner import quick_tree, raise_cuts, steiner_tree, validate_tree
from phusong.coverage.plan.steiner_reduce import reduce_problem

INSTANCES = Path(__file__).parents[4] / "shared" / "instances" / "steiner"


@st.composite
def problems(draw: st.DrawFn, most: int = 8) -> tuple[EdgeGraph, list[int]]:
    """Small connected graphs: loops, parallel edges, ties and lengths of zero among them."""
    nodes = draw(st.integers(2, most))
    spine = [(draw(st.integers(0, v - 1)), v) for v in range(1, nodes)]
    node = st.integers(0, nodes - 1)
    more = draw(st.lists(st.tuples(node, node), max_size=10))
    pairs = np.array(spine + more)
    length = draw(st.lists(st.integers(0, 9), min_size=len(pairs), max_size=len(pairs)))
    terminals = draw(st.lists(node, min_size=1, max_size=nodes, unique=True))
    return EdgeGraph(nodes, pairs[:, 0], pairs[:, 1], np.array(length, dtype=float)), terminals


def shortest(graph: EdgeGraph, terminals: list[int]) -> float:
    """By trying every set of nodes: the least spanning tree of those that are connected."""
    best = np.inf
    others = [v for v in range(graph.nodes) if v not in terminals]
    simple = nx.Graph()
    for u, v, c in sorted(
        zip(graph.tail.tolist(), graph.head.tolist(), graph.length.tolist(), strict=True), key=lambda e: -e[2]
    ):
        simple.add_edge(u, v, weight=c)
    simple.add_nodes_from(range(graph.nodes))
    for size in range(len(others) + 1):
        for extra in combinations(others, size):
            part = simple.subgraph([*terminals, *extra])
            if nx.is_connected(part):
                tree = nx.minimum_spanning_tree(part)
                best = min(best, tree.size(weight="weight"))
    return best


@settings(max_examples=150, deadline=None)
@given(problems())
@example((EdgeGraph(3, [0, 1, 0], [1, 2, 2], [0.0, 0.0, 5.0]), [0, 2]))
def test_tree_is_the_shortest_and_bound_below_it(problem: tuple[EdgeGraph, list[int]]) -> None:
    graph, terminals = problem
    best = shortest(graph, terminals)
    tree = steiner_tree(graph, terminals, iterations=30, target_gap=0.0)
    assert validate_tree(graph, terminals, tree.edges) == tree.length == pytest.approx(best)
    assert tree.lower_bound <= best + 1e-9
    assert tree.gap >= 0


@settings(max_examples=100, deadline=None)
@given(problems())
def test_reduction_and_cuts_lose_nothing(problem: tuple[EdgeGraph, list[int]]) -> None:
    graph, terminals = problem
    best = shortest(graph, terminals)
    terminal = np.zeros(graph.nodes, dtype=bool)
    terminal[terminals] = True
    for root in terminals:
        assert raise_cuts(graph, terminal, root)[0] <= best + 1e-9
    smaller = reduce_problem(graph, terminal)
    ends = np.flatnonzero(smaller.terminal).tolist()
    left = shortest(smaller.graph, ends) if len(ends) > 1 else 0.0
    assert smaller.fixed_length + left == pytest.approx(best)


def roads(nodes: int, terminals: int, seed: int = 0) -> tuple[EdgeGraph, np.ndarray]:
    """A thinned grid with uneven lengths, connected."""
    rng = np.random.default_rng(seed)
    side = int(nodes**0.5)
    number = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        [
            np.stack([number[:, 1:], number[:, :-1]], -1).reshape(-1, 2),
            np.stack([number[1:], number[:-1]], -1).reshape(-1, 2),
        ]
    )
    length = rng.uniform(50, 150, len(pairs))
    full = EdgeGraph(side * side, pairs[:, 0], pairs[:, 1], length)
    keep = rng.random(len(pairs)) < 0.75
    part = full.keep(keep)
    home = np.flatnonzero(part.island == np.bincount(part.island).argmax())
    return part, rng.choice(home, terminals, replace=False)


def test_shorter_than_networkx_and_the_same_every_time() -> None:
    graph, terminals = roads(2500, 60)
    # No clock: on a busy machine it would end the two searches at different points.
    tree = steiner_tree(graph, terminals, seed=4, iterations=50, seconds=np.inf)
    again = steiner_tree(graph, terminals[::-1], seed=4, iterations=50, seconds=np.inf)
    np.testing.assert_array_equal(tree.edges, again.edges)
    plain = nx.Graph(graph.to_networkx().subgraph(np.flatnonzero(graph.island == graph.island[terminals[0]])))
    theirs = nx.algorithms.approximation.steiner_tree(plain, terminals.tolist(), "length", method="mehlhorn")
    assert tree.length < 0.98 * theirs.size(weight="length")
    quick = validate_tree(graph, terminals, quick_tree(graph, terminals))
    assert tree.length <= quick < theirs.size(weight="length")
    assert tree.lower_bound <= tree.length <= 1.01 * tree.lower_bound


def test_a_clock_that_has_run_out_still_gives_a_tree_with_a_bound() -> None:
    graph, terminals = roads(2500, 60)
    tree = steiner_tree(graph, terminals, seconds=0.0)
    assert 0 < tree.lower_bound <= tree.length < 1.2 * tree.lower_bound


@pytest.mark.parametrize(
    ("edges", "message"),
    [([0, 0], "twice"), ([0, 1, 2], "circle"), ([0], "not in the tree"), ([9], "has not"), ([0, 3], "in 2")],
)
def test_what_is_no_tree_is_told(edges: list[int], message: str) -> None:
    graph = EdgeGraph(4, [0, 1, 2, 2], [1, 2, 0, 3], np.ones(4))
    with pytest.raises(ValueError, match=message):
        validate_tree(graph, [0, 3] if message in ("not in the tree", "in 2") else [0, 1], edges)


def test_bad_input_is_told() -> None:
    with pytest.raises(ValueError, match="1 of 3 terminals are on islands"):
        steiner_tree(EdgeGraph(4, [0, 1], [1, 2], [1.0, 1.0]), [0, 2, 3])
    with pytest.raises(ValueError, match="0 to 1"):
        steiner_tree(EdgeGraph(2, [0], [1], [1.0]), [0, 2])
    with pytest.raises(ValueError, match="negative or not finite"):
        EdgeGraph(2, [0], [1], [-1.0])
    with pytest.raises(ValueError, match="negative or not finite"):
        EdgeGraph(2, [0], [1], [np.nan])
    with pytest.raises(ValueError, match="0 to 1"):
        EdgeGraph(2, [0], [2], [1.0])


def test_an_edge_of_zero_is_an_edge() -> None:
    graph = EdgeGraph(3, [0, 1, 0], [1, 2, 2], [0.0, 0.0, 7.0])
    assert graph.matrix.nnz == 6
    assert graph.island.tolist() == [0, 0, 0]


def instances() -> list[tuple[str, float, str]]:
    if not INSTANCES.is_dir():
        return []
    with (INSTANCES / "optima.csv").open(encoding="utf-8") as file:
        return [(row["file"], float(row["upper"]), row["origin"]) for row in csv.DictReader(file)]


@pytest.mark.slow
@pytest.mark.skipif(not INSTANCES.is_dir(), reason="the shared instances are not here")
def test_known_optima_are_met() -> None:
    for name, optimum, origin in instances():
        rows = [line.split() for line in (INSTANCES / name).read_text(encoding="ascii").splitlines()]
        nodes = next(int(r[1]) for r in rows if r and r[0] == "Nodes")
        edges = np.array([[int(x) for x in r[1:]] for r in rows if r and r[0] == "E"])
        terminals = [int(r[1]) - 1 for r in rows if r and r[0] == "T"]
        graph = EdgeGraph(nodes, edges[:, 0] - 1, edges[:, 1] - 1, edges[:, 2].astype(float))
        tree = steiner_tree(graph, terminals, iterations=20)
        vienna = "vienna" in origin
        assert optimum <= tree.length <= optimum * (1.001 if vienna else 1.03), name
        assert tree.lower_bound <= optimum
        assert tree.gap <= (0.001 if vienna else 0.05), name
