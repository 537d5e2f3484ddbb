"""Fibre laid onto roads: what follows them, what does not, and what nobody can be joined to."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from fibre_ways import UTM, lattice, nodes_of, roads_of, routes_of

from phusong.coverage.fibre.fibre_graph import DROP, ROAD, ROUTE, fibre_network, role_of
from phusong.coverage.fibre.laying import Ground, road_classes, share_inside, slope_factor
from phusong.coverage.fibre.road_graph import islands, road_graph
from phusong.data.fibre_tables import LEVELS, laying_factors, node_roles, optical_losses
from phusong.layers.grid import Grid, Raster

STREET = [(0.0, 0.0), (500.0, 0.0), (1000.0, 0.0)]
SIDE = [(500.0, 0.0), (500.0, 800.0)]


def test_a_route_beside_a_road_is_laid_on_it() -> None:
    roads = road_graph(roads_of(STREET, SIDE, [(0.0, 300.0), (1000.0, 300.0)]))
    route = routes_of([(100.0, 8.0), (300.0, -6.0), (900.0, 7.0)])
    network = fibre_network(roads, route, None)
    cable = network.cable("V")
    assert (network.kind == ROAD).all()
    # From where it begins beside the road to where it ends; neither the side road nor the parallel one.
    assert network.graph.length_m[cable].sum() == pytest.approx(800.0, abs=35.0)
    assert network.graph.node_xy[np.unique(network.graph.tail[cable])][:, 1].max() == 0.0
    assert (network.cost_m == 0.0).tolist() == cable.tolist()
    assert network.off_road_m.sum() == 0.0
    np.testing.assert_array_equal(network.existing, cable)


def test_a_route_across_country_has_ways_of_its_own_and_joins_the_roads_at_its_ends() -> None:
    roads = road_graph(roads_of(STREET, [(0.0, 900.0), (1000.0, 900.0)]))
    assert roads.graph.component.max() == 1
    # Along the street, then across to the other road: two roads are joined by the cable.
    route = routes_of([(0.0, 3.0), (600.0, 3.0), (600.0, 450.0), (700.0, 900.0)])
    network = fibre_network(roads, route, None)
    assert network.graph.component.max() == 0
    own = network.kind == ROUTE
    assert network.off_road_m[0] == pytest.approx(np.hypot(100.0, 450.0) + 447.0, abs=25.0)
    assert (network.factor[own] == laying_factors()["ground", "off_road"].base).all()
    existing = network.existing
    total = network.graph.length_m[existing].sum()
    assert total == pytest.approx(shapely.length(route.geometry.iloc[0]), rel=0.03)
    part = network.graph.take(existing)
    used = np.unique(np.concatenate([part.tail, part.head]))
    assert len(np.unique(part.component[used])) == 1


def test_a_route_that_only_crosses_a_road_puts_no_cable_on_it() -> None:
    roads = road_graph(roads_of(STREET))
    network = fibre_network(roads, routes_of([(250.0, -400.0), (250.0, 400.0)]), None)
    assert network.graph.length_m[network.existing & (network.kind == ROAD)].sum() == 0.0
    assert network.off_road_m[0] == pytest.approx(800.0)


@pytest.mark.parametrize("seed", range(4))
def test_routes_that_are_roads_give_back_their_length(seed: int) -> None:
    lines = lattice(seed)
    roads = road_graph(roads_of(*lines))
    rng = np.random.default_rng(seed)
    chosen = [line for line in lines if rng.random() < 0.5]
    routes = routes_of(*chosen)
    routes["operator"] = ["V", "M"] * (len(routes) // 2) + ["V"] * (len(routes) % 2)
    network = fibre_network(roads, routes, None)
    length = network.graph.length_m
    assert network.graph.length_m.sum() == pytest.approx(roads.graph.length_m.sum())
    for operator in ("V", "M"):
        wanted = routes[routes["operator"] == operator].length.sum()
        assert length[network.cable(operator)].sum() == pytest.approx(wanted, rel=0.03)
    assert length[network.existing].sum() == pytest.approx(routes.length.sum(), rel=0.03)


def test_status_operator_and_links_of_nodes_are_kept() -> None:
    roads = road_graph(roads_of(STREET, SIDE))
    routes = routes_of(STREET, SIDE)
    routes.loc[1, "status"] = "planned"
    nodes = nodes_of(
        (200.0, 60.0, "tủ cáp", "V"), (501.0, -0.8, "OLT", "V"), (900.0, 0.0, "cột", "M"),
        (5000.0, 5000.0, "splitter", "M"),
    )  # fmt: skip
    network = fibre_network(roads, routes, nodes)
    assert network.operators == ("M", "V")
    assert network.graph.length_m[network.cable()].sum() == pytest.approx(1000.0)
    assert network.node_role.tolist() == ["access", "aggregation", "passive", "access"]
    assert network.fibre_nodes("V").tolist() == [0, 1]
    assert network.fibre_nodes("V", roles=("aggregation",)).tolist() == [1]
    assert network.fibre_nodes(kinds=("Tu cap",)).tolist() == [0]
    drop = network.kind == DROP
    assert network.graph.length_m[drop].tolist() == pytest.approx([60.0])
    np.testing.assert_allclose(network.node_distance_m[:3], [60.0, 0.8, 0.0])
    assert network.node_joined.tolist() == [True, True, True, False]
    assert network.node_distance_m[3] > 6000.0
    # The OLT a metre from the crossing is at the crossing: no edge of a metre.
    assert network.graph.node_xy[network.node[1]].tolist() == [500.0, 0.0]
    graph = network.to_networkx()
    assert graph.number_of_edges() == network.graph.edges


def test_the_fibre_alone_is_a_network_too() -> None:
    network = fibre_network(None, routes_of(STREET, SIDE), nodes_of((1000.0, 0.0, "olt", "V")))
    assert (network.kind == ROUTE).all()
    assert network.graph.length_m.sum() == pytest.approx(1800.0)
    assert network.graph.edges == 3
    nothing = fibre_network(None, None, None)
    assert nothing.graph.edges == 0
    assert nothing.operators == ()


def test_water_protected_ground_and_slopes_make_a_way_dearer() -> None:
    import geopandas as gpd

    roads = roads_of(STREET, SIDE, kinds=["đường xã", "Quốc lộ"])
    river = gpd.GeoDataFrame(
        {"width_m": [np.nan]}, geometry=[shapely.LineString([(250, -99), (250, 99)])], crs=UTM
    )
    woods = [shapely.box(400, 400, 600, 900), shapely.box(400, 500, 700, 900)]
    forest = gpd.GeoDataFrame(geometry=woods, crs=UTM)
    table = laying_factors()
    plain = road_graph(roads)
    costly = road_graph(roads, ground=Ground(river, forest))
    half = np.argmin(np.abs(plain.graph.length_m - 500.0))
    side = np.argmax(plain.graph.length_m)
    water = 1.0 + 20.0 / 500.0 * (table["ground", "water"].base - 1.0)
    assert costly.factor[half] / plain.factor[half] == pytest.approx(water)
    wood = 1.0 + 0.5 * (table["ground", "protected"].base - 1.0)
    assert costly.factor[side] / plain.factor[side] == pytest.approx(wood)
    assert plain.factor[side] == table["class", "national"].base
    own = road_graph(roads, ground=Ground(river), class_factors={"water": 2.0, "quoc lo": 7.0})
    assert own.factor[half] == pytest.approx(1.04)
    assert own.factor[side] == 7.0
    assert share_inside(plain.graph, np.array([shapely.box(0, -1, 100, 1)])).max() == pytest.approx(0.2)
    grid = Grid(UTM, -500.0, 1500.0, 50.0, (60, 60))
    tilted = np.broadcast_to(grid.y_m()[:, None] * 0.20, grid.shape).astype(np.float32)
    slope = slope_factor(plain.graph, Raster(tilted, grid))
    assert slope[side] == pytest.approx(table["slope", "30"].base)
    assert slope[half] == 1.0
    unknown = slope_factor(plain.graph, Raster(np.full(grid.shape, np.nan, np.float32), grid))
    assert (unknown == 1.0).all()


def test_a_cost_of_zero_or_less_is_refused_and_unknown_classes_are_told() -> None:
    names = np.array(["đường xã", "XYZ", "xyz", "", None], dtype=object)
    classes = road_classes(names)
    assert classes.unknown == {"XYZ": 1, "xyz": 1}
    assert (classes.factor > 0.0).all()
    for bad in (0.0, -2.0, float("nan")):
        with pytest.raises(ValueError, match="above zero"):
            road_classes(names, {"XYZ": bad})


def test_islands_are_counted_with_their_people() -> None:
    roads = road_graph(roads_of(STREET, SIDE, [(5000.0, 0.0), (5300.0, 0.0)], [(9000.0, 0.0), (9100.0, 0.0)]))
    people = np.where(roads.graph.length_m == 100.0, 7.0, 1.0)
    table = islands(roads.graph, people)
    assert table["length_m"].tolist() == [100.0, 300.0]
    assert table["people"].tolist() == [7.0, 1.0]
    assert table["nodes"].tolist() == [2, 2]


def test_every_row_of_the_tables_has_a_range_and_a_source() -> None:
    for table in (laying_factors(), optical_losses()):
        for key, estimate in table.items():
            assert 0.0 < estimate.low <= estimate.base <= estimate.high, key
            assert len(estimate.source) > 15, key
            assert [estimate.at(level) for level in LEVELS] == [estimate.low, estimate.base, estimate.high]
    words = [word for group in node_roles().values() for word in group]
    assert len(set(words)) == len(words)
    assert role_of(np.array(["Tủ cáp", "OLT", "", "cột", "?"], dtype=object)).tolist() == [
        "access", "aggregation", "access", "passive", "access",
    ]  # fmt: skip
