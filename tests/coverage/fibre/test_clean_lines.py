"""Lines into graphs: nothing is lost, and nothing meets that does not touch."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import shapely
from fibre_ways import lattice
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.fibre.clean_lines import clean_lines
from phusong.coverage.fibre.line_graph import LIFTED, LineGraph, split_edges

point = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda p: (100.0 * p[0], 100.0 * p[1]))
drawn = st.lists(st.lists(point, min_size=2, max_size=6), min_size=1, max_size=14)


def lines_of(*lines: list[tuple[float, float]]) -> np.ndarray:
    return np.array([shapely.LineString(line) for line in lines], dtype=object)


def accounted(clean) -> None:
    report, graph = clean.report, clean.graph
    assert graph.length_m.sum() == pytest.approx(report.total_m)
    np.testing.assert_allclose(graph.length_m, shapely.length(graph.lines), rtol=1e-12)
    ends = shapely.get_coordinates(shapely.get_point(graph.lines, 0))
    np.testing.assert_allclose(ends, graph.node_xy[graph.tail])
    ends = shapely.get_coordinates(shapely.get_point(graph.lines, -1))
    np.testing.assert_allclose(ends, graph.node_xy[graph.head])
    assert not (graph.tail == graph.head).any()
    assert set(graph.tail.tolist()) | set(graph.head.tolist()) == set(range(graph.nodes))


@settings(deadline=None, max_examples=60)
@given(drawn)
def test_length_is_conserved_and_what_shares_a_vertex_is_connected(lines: list) -> None:
    shapes = np.array([shapely.LineString(line) for line in lines], dtype=object)
    clean = clean_lines(shapes, snap_m=1.0)
    accounted(clean)
    report = clean.report
    total = report.total_m + report.duplicate_m + report.loop_m
    assert total == pytest.approx(shapely.length(shapes).sum(), abs=1e-6)
    # What is drawn stays drawn.
    assert report.loops == 0
    assert (report.lines == 0) == (clean.graph.edges == 0)
    if clean.graph.edges:
        whole, kept = shapely.union_all(shapes), shapely.union_all(clean.graph.lines)
        assert whole.hausdorff_distance(kept) < 1e-6
    # Lines that share a vertex, or that an end touches, are connected; others are not.
    oracle = nx.Graph()
    for n, a in enumerate(shapes):
        if a.length == 0.0:
            continue
        oracle.add_node(n)
        for m, b in enumerate(shapes[:n]):
            if b.length and (set(a.coords) & set(b.coords) or _end_on(a, b) or _end_on(b, a)):
                oracle.add_edge(n, m)
    part = clean.graph.component[clean.graph.tail] if clean.graph.edges else np.zeros(0)
    of_line: dict[int, set[int]] = {}
    for edge, line in zip(clean.member_edge.tolist(), clean.member_line.tolist(), strict=True):
        of_line.setdefault(line, set()).add(int(part[edge]))
    assert all(len(parts) == 1 for parts in of_line.values())
    for group in nx.connected_components(oracle):
        assert len(set().union(*(of_line.get(n, set()) for n in group))) <= 1
    assert nx.number_connected_components(oracle) == len(set(part.tolist()))


def _end_on(a: shapely.LineString, b: shapely.LineString) -> bool:
    return any(shapely.Point(a.coords[k]).distance(b) <= 1.0 for k in (0, -1))


@settings(deadline=None, max_examples=30)
@given(drawn, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(lines: list, random) -> None:
    shuffled = random.sample(lines, len(lines))
    one, two = (clean_lines(lines_of(*given), snap_m=1.0) for given in (lines, shuffled))
    assert one.report.total_m == pytest.approx(two.report.total_m)
    assert sorted(one.graph.component.tolist()) == sorted(two.graph.component.tolist())


def test_a_bridge_is_no_junction_and_a_shared_vertex_is_one() -> None:
    over = lines_of([(0, 0), (200, 0)], [(100, -100), (100, 100)])
    assert clean_lines(over).graph.component.max() == 1
    shared = lines_of([(0, 0), (100, 0), (200, 0)], [(100, -100), (100, 0), (100, 100)])
    clean = clean_lines(shared)
    assert clean.graph.edges == 4
    assert clean.graph.component.max() == 0
    # Vertices half a metre apart inside both lines are two places: one road passes over the other.
    near = lines_of([(0, 0), (100, 0.5), (200, 0)], [(100, -100), (100, 0), (100, 100)])
    assert clean_lines(near).graph.component.max() == 1


@pytest.mark.parametrize(("gap", "joined"), [(0.0, True), (1.9, True), (2.1, False)])
def test_an_end_touches_within_the_tolerance(gap: float, joined: bool) -> None:
    clean = clean_lines(lines_of([(0, 0), (200, 0)], [(70, gap), (70, 100)]))
    assert bool(clean.graph.component.max() == 0) is joined
    assert clean.report.touched == int(joined)
    assert len(clean.report.short_of) == int(not joined)
    accounted(clean)
    if joined:  # the through road keeps its shape
        assert sorted(np.round(clean.graph.length_m, 6)) == [70.0, 100.0, 130.0]


def test_two_ends_that_meet_at_a_road_split_it_once() -> None:
    clean = clean_lines(lines_of([(0, 0), (200, 0)], [(70, 1), (70, 100)], [(70, 1), (90, -80)]))
    assert clean.graph.edges == 4
    assert clean.graph.degree.max() == 4


def test_a_road_that_ends_on_itself_closes_a_ring() -> None:
    clean = clean_lines(lines_of([(0, 0), (200, 0), (200, 100), (100, 100), (100, 1)]))
    assert clean.report.touched == 1
    assert sorted(np.round(clean.graph.length_m)) == [100.0, 200.0, 200.0]  # the ring in two halves
    accounted(clean)


def test_doubles_are_merged_and_rings_opened() -> None:
    road = [(0.0, 0.0), (50.0, 10.0), (100.0, 0.0)]
    ring = [(100.0, 0.0), (160.0, 60.0), (160.0, -60.0), (100.0, 0.0)]
    clean = clean_lines(lines_of(road, road[::-1], [(0.0, 0.5), (50.0, 10.5), (100.0, 0.5)], ring))
    report = clean.report
    assert (report.duplicates, report.rings, report.loops) == (2, 1, 0)
    (edge,) = clean.member_edge[clean.member_line == 0]
    assert sorted(clean.member_line[clean.member_edge == edge]) == [0, 1, 2]
    assert clean.graph.edges == 3
    tiny = clean_lines(lines_of(road, [(0.0, 0.0), (0.7, 0.5), (0.0, 0.9), (0.0, 0.0)]))
    assert tiny.report.loops == 1
    assert tiny.report.loop_m > 0.0
    with_nothing = np.array([None, shapely.LineString(), shapely.LineString([(1, 1), (1, 1)])], dtype=object)
    assert clean_lines(with_nothing).report.empty == 3
    accounted(clean)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 50), st.lists(st.tuples(st.integers(0, 30), st.floats(0, 1)), max_size=12))
def test_splitting_keeps_length_and_puts_nodes_where_asked(seed: int, cuts: list) -> None:
    graph = clean_lines(lines_of(*lattice(seed, 3))).graph
    edge = np.array([n % graph.edges for n, _ in cuts], dtype=np.int64)
    at = np.array([share for _, share in cuts]) * graph.length_m[edge]
    split = split_edges(graph, edge, at)
    wanted = [graph.lines[e].interpolate(s) for e, s in zip(edge, at, strict=True)]
    got = shapely.points(split.graph.node_xy[split.node])
    assert (shapely.distance(wanted, got) < 1e-5).all()
    np.testing.assert_allclose(
        np.bincount(split.parent, weights=split.graph.length_m, minlength=graph.edges), graph.length_m
    )
    for e, (a, b) in enumerate(zip(split.graph.tail, split.graph.head, strict=True)):
        line = split.graph.lines[e]
        assert line.coords[0] == tuple(split.graph.node_xy[a])
        assert line.coords[-1] == tuple(split.graph.node_xy[b])


def test_parts_of_edges_are_those_of_shapely() -> None:
    from shapely.ops import substring

    graph = clean_lines(lines_of(*lattice(3, 3))).graph
    rng = np.random.default_rng(0)
    edge = rng.integers(0, graph.edges, 60)
    ends = np.sort(rng.random((60, 2)), axis=1) * graph.length_m[edge][:, None]
    ends[:5, 0], ends[5:10, 1] = 0.0, graph.length_m[edge[5:10]]
    for e, (a, b), part in zip(edge, ends, graph.cut(edge, ends[:, 0], ends[:, 1]), strict=True):
        wanted = substring(graph.lines[e], a, b)
        assert part.equals_exact(wanted, 1e-6)


def test_a_matrix_keeps_edges_that_cost_nothing() -> None:
    from scipy.sparse.csgraph import connected_components, dijkstra

    graph = LineGraph.empty().add_nodes(np.array([[0.0, 0.0], [3.0, 4.0], [9.0, 4.0]]))
    graph = graph.add_straight(np.array([0, 1, 0, 1]), np.array([1, 2, 1, 1]))
    matrix = graph.csr(np.array([5.0, 0.0, 2.0, 1.0]))
    assert matrix.nnz == 4  # parallel edges are one, the loop is none
    assert matrix[1, 2] == LIFTED
    assert matrix[0, 1] == 2.0
    assert connected_components(matrix)[0] == 1
    assert dijkstra(matrix, indices=0)[2] == pytest.approx(2.0, abs=1e-5)
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="finite"):
            graph.csr(np.array([5.0, bad, 2.0, 1.0]))
    nodes = graph.to_networkx(cost=np.arange(4.0))
    assert nodes.number_of_edges() == 4
    assert nodes.edges[0, 1, 2]["cost"] == 2.0
    assert nodes.edges[0, 1, 0]["length_m"] == 5.0
