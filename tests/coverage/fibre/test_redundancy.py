"""What hangs on one span, against taking spans out one by one."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from fibre_ways import UTM, lattice, nodes_of, routes_of

from phusong.coverage.fibre.backbone import backbone_reach
from phusong.coverage.fibre.fibre_graph import fibre_network
from phusong.coverage.fibre.redundancy import find_bridges, redundancy


def reached(graph: nx.Graph, roots: Iterable[int]) -> set:
    return {v for r in roots for v in nx.node_connected_component(graph, int(r))}


@pytest.mark.parametrize("seed", range(12))
def test_bridges_and_what_is_behind_by_taking_edges_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = 30, int(rng.integers(25, 40))
    tail, head = rng.integers(0, n, m).astype(np.int32), rng.integers(0, n, m).astype(np.int32)
    roots = rng.choice(n, int(rng.integers(0, 3)), replace=False)
    walk = find_bridges(n, tail, head, roots)
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from((int(a), int(b), e) for e, (a, b) in enumerate(zip(tail, head, strict=True)))
    with_roots = reached(graph, roots)
    assert {v for v in range(n) if walk.tree[v] < 0} == with_roots
    for e in range(m):
        cut = graph.copy()
        cut.remove_edge(int(tail[e]), int(head[e]), e)
        before, after = nx.number_connected_components(graph), nx.number_connected_components(cut)
        lost = with_roots - reached(cut, roots)
        if int(tail[e]) in with_roots:
            assert (walk.child[e] >= 0) == bool(lost)
        else:
            assert (walk.child[e] >= 0) == (after > before)
        if lost:
            low = walk.place[walk.child[e]]
            assert set(walk.order[low : low + walk.below[walk.child[e]]].tolist()) == lost
            assert walk.hangs[list(lost)].all()


@pytest.mark.parametrize("seed", range(4))
def test_people_sites_and_communes_behind_each_span(seed: int) -> None:
    lines = lattice(seed, 4)
    rng = np.random.default_rng(seed)
    lines = [line for line in lines if rng.random() < 0.75]
    corners = np.array(sorted({p for line in lines for p in (line[0], line[-1])}))
    kinds = ["olt" if n < 2 else "cabinet" for n in range(len(corners))]
    order = rng.permutation(len(corners))
    nodes = nodes_of(*[(*corners[k], kind, "V") for k, kind in zip(order, kinds, strict=True)])
    network = fibre_network(None, routes_of(*lines), nodes)
    people = rng.integers(1, 100, len(nodes)).astype(float)
    commune = np.array([f"{int(p.x // 700)}{int(p.y // 700)}" for p in nodes.geometry], dtype=object)
    sites = np.column_stack([nodes.geometry.x[2:8], nodes.geometry.y[2:8]])
    ids = np.array([f"R{n}" for n in range(len(lines))], dtype=object)
    found = redundancy(
        network, "V", people_of_node=people, commune_of_node=commune, site_xy=sites, route_ids=ids
    )
    graph = nx.Graph((line[0], line[-1], {"id": f"R{n}"}) for n, line in enumerate(lines))
    at = [tuple(p.coords[0]) for p in nodes.geometry]

    def joined(g: nx.Graph) -> set:
        return set().union(*(nx.node_connected_component(g, at[k]) for k in (0, 1)))

    home = joined(graph)
    hanging: set = set()
    expected = {}
    for a, b, data in graph.edges(data=True):
        if a in home:
            cut = graph.copy()
            cut.remove_edge(a, b)
            lost = home - joined(cut)
            if lost:
                expected[data["id"]] = lost
                hanging |= lost
    spans = found.spans[found.spans["rooted"]].set_index("route_ids")
    assert set(spans.index) == set(expected)
    for route, lost in expected.items():
        inside = np.array([p in lost for p in at])
        assert spans.loc[route, "people_behind"] == pytest.approx(people[inside].sum())
        assert spans.loc[route, "nodes_behind"] == inside.sum()
        assert spans.loc[route, "sites_behind"] == inside[2:8].sum()
        whole = sorted({c for c in commune if inside[commune == c].all()})
        assert spans.loc[route, "communes_behind"] == "; ".join(whole)
        assert spans.loc[route, "length_m"] == pytest.approx(shapely.LineString(lines[int(route[1:])]).length)
    on = np.array([p in home for p in at])
    assert found.people == pytest.approx(people[on].sum())
    assert found.people_without_way == pytest.approx(people[~on].sum())
    assert found.people_on_one_span == pytest.approx(people[[p in hanging for p in at]].sum())
    assert found.spans["people_behind"].is_monotonic_decreasing
    assert found.sites + found.sites_without_way == 6


def test_without_an_aggregation_point_the_smaller_side_is_behind() -> None:
    nodes = nodes_of(*[(x, 0.0, "cabinet", "V") for x in (0.0, 1000.0, 2000.0)])
    network = fibre_network(None, routes_of([(0, 0), (1000, 0)], [(1000, 0), (2000, 0)]), nodes)
    found = redundancy(network, "V", people_of_node=np.array([100.0, 5.0, 1.0]))
    assert not found.spans["rooted"].any()
    assert found.spans["people_behind"].tolist() == [6.0, 1.0]
    assert found.people == 0.0
    assert found.people_without_way == 106.0


def test_a_ring_hangs_on_nothing_and_two_cables_in_one_trench_are_one() -> None:
    ring = routes_of([(0, 0), (900, 0)], [(900, 0), (900, 900)], [(900, 900), (0, 0)])
    nodes = nodes_of((0.0, 0.0, "olt", "V"), (900.0, 900.0, "cabinet", "V"))
    assert redundancy(fibre_network(None, ring, nodes), "V").spans.empty
    twice = routes_of([(0, 0), (900, 0)], [(0, 1), (900, 1)])
    end = nodes_of((0.0, 0.0, "olt", "V"), (900.0, 0.0, "cabinet", "V"))
    assert len(redundancy(fibre_network(None, twice, end), "V").spans) == 1


def test_backbone_distance_ends_where_the_cable_meets_the_border() -> None:
    routes = routes_of([(0, 0), (10_000, 0)], [(10_000, 0), (10_000, 5000)])
    network = fibre_network(None, routes, nodes_of((0.0, 0.0, "olt", "V")))
    boxes = [(-100, -9, 100, 9), (4000, -9, 6000, 9), (9_900, 1000, 10_100, 2000), (0, 8000, 9, 9000)]
    communes = gpd.GeoDataFrame(
        {"commune_code": list("abcd"), "commune_name": list("ABCD")},
        geometry=[shapely.box(*b) for b in boxes], crs=UTM,
    )  # fmt: skip
    table = backbone_reach(network, communes, limit_m=4000.0, operator="V")
    assert table["distance_m"].tolist() == pytest.approx([0.0, 4000.0, 11_000.0, np.inf])
    assert table["reached"].tolist() == [True, True, False, False]
    assert table["aggregation_points"].tolist() == [1, 0, 0, 0]
    assert table["cable_m"].tolist() == pytest.approx([100.0, 2000.0, 1000.0, 0.0])
    other = backbone_reach(network, communes, operator="M")
    assert not other["reached"].any()
