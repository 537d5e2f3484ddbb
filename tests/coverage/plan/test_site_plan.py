"""Sites with their way to the core: against networkx, enumeration, the profile of a path, and a run."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csr_array

from phusong.coverage.plan.backhaul import FIBRE, MICROWAVE, Growth, Ways, connect_all, private_part
from phusong.coverage.plan.edge_graph import EdgeGraph
from phusong.coverage.plan.joint import JointEffort, JointProblem, search, sites_first
from phusong.coverage.plan.joint_order import in_order
from phusong.coverage.plan.plan_faults import _below
from phusong.coverage.plan.site_costs import parse_money
from phusong.coverage.plan.site_plan import SiteQuestion, _bounds
from phusong.coverage.radio.profile import clearance, straight_profile
from phusong.coverage.radio.sight import MICROWAVE_EARTH_RADIUS_KM, clear_paths
from phusong.layers.faults import ExpectedError
from phusong.layers.inventory import Layers

Network = Callable[..., Layers]
QUICK = JointEffort(rounds=60, seconds=20.0)


def ways_on(graph: nx.Graph, nodes: list[int], root: int, **given: object) -> Ways:
    """Roads as ways, candidates at some of the nodes, the network at ``root``."""
    edges = np.array(list(graph.edges), dtype=np.int32).reshape(-1, 2)
    cost = np.array([graph.edges[e]["length"] for e in graph.edges], dtype=np.float64)
    source = np.zeros(graph.number_of_nodes(), dtype=bool)
    source[root] = True
    n = len(nodes)
    usual: dict[str, object] = {
        "shared": np.zeros(n, dtype=bool), "fibre_end": 1.0, "microwave": 1e6, "other": 1e7, "hops": 3,
        "to_mast": np.full(n, -1), "masts": np.zeros(0, dtype=object),
        "seen_start": np.zeros(n + 1, dtype=np.int64), "seen": np.zeros(0, dtype=np.int64),
    }  # fmt: skip
    return Ways(
        EdgeGraph(graph.number_of_nodes(), edges[:, 0], edges[:, 1], cost), cost * 1000.0,
        np.array(nodes, dtype=np.int32), source, **{**usual, **given},  # type: ignore[arg-type]
    )


def random_roads(seed: int, nodes: int = 9) -> nx.Graph:
    rng = np.random.default_rng(seed)
    xy = rng.random((nodes, 2)) * 10.0
    graph = nx.Graph()
    graph.add_nodes_from(range(nodes))
    for a, b in nx.minimum_spanning_edges(
        nx.complete_graph(nodes), data=False, algorithm="kruskal"
    ):
        graph.add_edge(a, b)
    for _ in range(nodes):
        a, b = rng.choice(nodes, 2, replace=False).tolist()
        graph.add_edge(a, b)
    for a, b in graph.edges:
        graph.edges[a, b]["length"] = float(np.hypot(*(xy[a] - xy[b])))
    return graph


def steiner_length(graph: nx.Graph, ends: set[int]) -> float:
    """Return the length of the shortest tree by trying every set of further nodes."""
    closed = dict(nx.all_pairs_dijkstra_path_length(graph, weight="length"))
    rest = [v for v in graph if v not in ends]
    best = np.inf
    for k in range(len(rest) + 1):
        for more in itertools.combinations(rest, min(k, len(rest))):
            nodes = sorted(ends | set(more))
            full = nx.Graph()
            full.add_nodes_from(nodes)
            full.add_weighted_edges_from((a, b, closed[a][b]) for a, b in itertools.combinations(nodes, 2))
            best = min(best, nx.minimum_spanning_tree(full).size(weight="weight"))
        if k >= len(ends) - 2:
            break
    return float(best)


def problem_of(ways: Ways, sets: list[list[int]], cells: int, **given: object) -> JointProblem:
    n = len(sets)
    start = np.concatenate([[0], np.cumsum([len(s) for s in sets])])
    ones, columns = np.ones(start[-1], dtype=bool), np.concatenate(sets).astype(int)
    reach = csr_array((ones, columns, start), shape=(n, cells))
    usual: dict[str, object] = {
        "weights": np.ones((1, cells)), "need": np.array([np.inf]), "site_cost": np.full(n, 10.0),
        "xy": np.column_stack([np.arange(n), np.zeros(n)]), "allowed": np.ones(n, dtype=bool),
        "fixed": np.zeros(0, dtype=np.int64),
    }  # fmt: skip
    return JointProblem(reach=reach, ways=ways, **{**usual, **given})  # type: ignore[arg-type]


def price(problem: JointProblem, chosen: tuple[int, ...]) -> float:
    links = connect_all(problem.ways, np.array(chosen, dtype=np.int64)).connections
    return float(problem.site_cost[list(chosen)].sum()) + sum(c.cost for c in links)


@pytest.mark.parametrize("seed", range(6))
def test_a_network_that_grows_is_as_far_as_dijkstra_says_after_every_step(seed: int) -> None:
    graph = random_roads(seed, 14)
    ways = ways_on(graph, list(range(1, 14)), 0)
    growth, reached = Growth(ways), {0}
    for candidate in (5, 2, 11, 7):
        expected = nx.multi_source_dijkstra_path_length(graph, reached, weight="length")
        assert growth.distance == pytest.approx([expected[v] for v in range(14)])
        made = growth.connect(candidate)
        assert made.kind == FIBRE
        assert made.cost == pytest.approx(expected[candidate + 1] + ways.fibre_end)
        assert ways.graph.length[made.edges].sum() == pytest.approx(expected[candidate + 1])
        for e in made.edges.tolist():
            reached |= {int(ways.graph.tail[e]), int(ways.graph.head[e])}


@pytest.mark.parametrize("seed", range(8))
def test_private_parts_are_below_every_tree_and_the_heuristic_within_twice(seed: int) -> None:
    graph = random_roads(seed, 8)
    nodes = [1, 2, 3, 4]
    ways = ways_on(graph, nodes, 0, fibre_end=0.0)
    private = private_part(ways)
    assert (private > 0.0).any()
    for k in (1, 2, 3, 4):
        for chosen in itertools.combinations(range(4), k):
            least = steiner_length(graph, {0, *(nodes[c] for c in chosen)})
            assert private[list(chosen)].sum() <= least + 1e-9
            links = connect_all(ways, np.array(chosen)).connections
            assert least - 1e-9 <= sum(c.cost for c in links) <= 2.0 * least + 1e-9


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("goal", ["target", "budget"])
def test_small_plans_are_the_best_there_are_and_the_bound_holds(seed: int, goal: str) -> None:
    rng = np.random.default_rng(seed)
    graph = random_roads(seed + 100, 9)
    ways = ways_on(graph, list(range(1, 9)), 0)
    sets = [np.flatnonzero(rng.random(30) < 0.25).tolist() for _ in range(8)]
    weights = rng.integers(1, 20, (1, 30)).astype(float)
    base = problem_of(ways, sets, 30, weights=weights, site_cost=rng.uniform(3.0, 9.0, 8))
    covered = {
        c: float(weights[0, sorted({v for i in c for v in sets[i]})].sum())
        for k in range(9) for c in itertools.combinations(range(8), k)
    }  # fmt: skip
    if goal == "target":
        need = 0.8 * covered[tuple(range(8))]
        problem = replace(base, need=np.array([need]))
        best = min(price(problem, c) for c, w in covered.items() if w >= need)
        chosen = search(problem, effort=QUICK)
        assert covered[tuple(chosen.tolist())] >= need
        assert price(problem, tuple(chosen.tolist())) == pytest.approx(best)
        _, bound = _bounds(problem, SiteQuestion("4G", targets={"people": 80.0}, seconds=1.0))
        assert bound <= best + 1e-6
        assert bound >= 0.5 * best
    else:
        problem = replace(base, budget=30.0)
        best = max(w for c, w in covered.items() if price(problem, c) <= 30.0)
        chosen = search(problem, effort=QUICK)
        assert price(problem, tuple(chosen.tolist())) <= 30.0 + 1e-6
        assert covered[tuple(chosen.tolist())] == pytest.approx(best)
        _, bound = _bounds(problem, SiteQuestion("4G", budget=30.0, seconds=1.0))
        assert bound >= best - 1e-6


def test_joint_planning_beats_sites_first_where_branches_can_be_shared() -> None:
    # Two villages can each be served from the valley (one branch of 30 for both) or, a little cheaper by the
    # site alone, from hills on two other branches of 30.
    graph = nx.Graph()
    for a, b, length in ((0, 1, 30.0), (1, 2, 1.0), (0, 3, 30.0), (0, 4, 30.0)):
        graph.add_edge(a, b, length=length)
    ways = ways_on(graph, [1, 2, 3, 4], 0)
    sets = [[0], [1], [0], [1]]
    site = np.array([11.0, 11.0, 10.0, 10.0])
    problem = problem_of(ways, sets, 2, site_cost=site, need=np.array([2.0]))
    joint, rival = (in_order(problem, f(problem, effort=QUICK)) for f in (search, sites_first))
    assert joint.chosen.tolist() == [0, 1]
    assert rival.chosen.tolist() == [2, 3]
    assert joint.cost == pytest.approx(22.0 + 31.0 + 2.0)
    assert rival.cost == pytest.approx(20.0 + 60.0 + 2.0)
    # With the money of one branch, only joint planning serves both.
    poor = replace(problem, need=np.array([np.inf]), budget=56.0)
    joint, rival = (in_order(poor, f(poor, effort=QUICK)) for f in (search, sites_first))
    assert joint.weight[0] == 2.0
    assert rival.weight[0] == 1.0


def test_a_shared_mast_is_preferred_where_it_is_as_good() -> None:
    graph = nx.Graph()
    graph.add_edge(0, 1, length=5.0)
    ways = ways_on(graph, [1, 1], 0, shared=np.array([False, True]))
    problem = problem_of(
        ways, [[0, 1, 2], [0, 1, 2]], 3, site_cost=np.array([11.0, 6.0]), need=np.array([3.0])
    )
    plan = in_order(problem, search(problem, effort=QUICK))
    assert plan.chosen.tolist() == [1]
    assert plan.backhaul_cost == 0.0


def test_steps_add_up_and_a_link_comes_after_the_site_it_leads_to() -> None:
    graph = random_roads(3, 9)
    ways = ways_on(
        graph, list(range(1, 9)), 0, microwave=2.0,
        seen_start=np.array([0, 1, 3, 4, 4, 4, 4, 4, 4]), seen=np.array([1, 0, 2, 1]),
    )
    sets = [[k, k + 1] for k in range(8)]
    problem = problem_of(ways, sets, 9, need=np.array([9.0]))
    plan = in_order(problem, np.arange(8))
    assert plan.cost == pytest.approx(float(problem.site_cost.sum()) + sum(c.cost for c in plan.connections))
    laid = np.concatenate([c.edges for c in plan.connections])
    assert len(laid) == len(set(laid.tolist()))
    place = {c: k for k, c in enumerate(plan.chosen.tolist())}
    links = [c for c in plan.connections if c.kind == MICROWAVE]
    assert links
    assert all(place[c.to] < place[c.candidate] for c in links)


def test_paths_are_free_where_the_profile_of_one_path_says_so(network: Network) -> None:
    rng = np.random.default_rng(1)
    rows, cols = np.mgrid[0:60, 0:80]
    ground = 60.0 * np.sin(rows / 9.0) * np.cos(cols / 7.0) + 20.0 * rng.random((60, 80))
    layers = network([{"x": 1000.0, "y": -1000.0}], terrain=ground)
    left, bottom, right, top = layers.grid.bounds
    points = [rng.uniform((left + 100, bottom + 100), (right - 100, top - 100), (150, 2)) for _ in range(2)]
    tops = rng.uniform(20.0, 80.0, (2, 150))
    found = clear_paths(layers, *points, *tops, frequency_mhz=15000.0, share=0.6, step_m=20.0)
    agreed = 0
    for k in range(150):
        profile = straight_profile(layers, tuple(points[0][k]), tuple(points[1][k]), step_m=20.0)
        clear = clearance(
            profile, frequency_mhz=15000.0, tx_height_m=tops[0, k], rx_height_m=tops[1, k],
            earth_radius_km=MICROWAVE_EARTH_RADIUS_KM,
        )  # fmt: skip
        room = float((clear.above_m - 0.6 * clear.fresnel_m)[1:-1].min())
        if abs(room) > 1.5:
            assert found[k] == (room > 0.0)
            agreed += 1
    assert agreed > 100
    assert 10 < found.sum() < 140


@pytest.mark.parametrize(
    ("text", "million"),
    [("20 tỷ", 20_000.0), ("20ty", 20_000.0), ("2,5 tỷ đồng", 2_500.0), ("500 triệu", 500.0),
     ("50e9", 50_000.0),
     ("20.000.000.000", 20_000.0), ("800 m", 800.0), ("1.234,5 triệu", 1_234.5), ("1.5bn", 1_500.0),
     ("1 tỷ 500 triệu", 1_500.0), ("2 tỷ, 5 triệu đồng", 2_005.0)],
)  # fmt: skip
def test_money_is_read_as_people_write_it(text: str, million: float) -> None:
    assert parse_money(text) == pytest.approx(million)


@pytest.mark.parametrize("text", ["20 quả", "-5", "", "2 tỷ 5", "1 tỷ 1 tỷ", "nan", "1e400", "5 triệu 1 tỷ"])
def test_what_is_no_money_is_told(text: str) -> None:
    with pytest.raises(ExpectedError, match="not understood"):
        parse_money(text)


@pytest.mark.parametrize(
    ("value", "limit", "said"),
    [(98.857, 99.0, "98,86"), (99.996, 100.0, "99,996"), (99.99999, 100.0, "99,99999"),
     (35526.4, np.inf, "35.526"), (0.2, np.inf, "0,20"), (0.0004, np.inf, "0,0004"), (0.0, np.inf, "0,00")],
)  # fmt: skip
def test_what_falls_short_of_a_target_is_never_written_as_if_it_did_not(
    value: float, limit: float, said: str
) -> None:
    assert _below(value, limit).vi == said
