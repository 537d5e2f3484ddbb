"""Reach along roads, against networkx on finely cut roads, and against what polygons say."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from fibre_ways import UTM, lattice, nodes_of, pieces_graph, roads_of, routes_of

from phusong.coverage.fibre.assessment import assess_fibre, lay_out, people_served, predict_along_roads
from phusong.coverage.fibre.fibre_graph import fibre_network
from phusong.coverage.fibre.optical_budget import Optics, max_reach_m
from phusong.coverage.fibre.road_graph import road_graph
from phusong.coverage.fibre.road_reach import (
    access_field,
    multi_source,
    reach_cells,
    reach_points,
)
from phusong.coverage.fibre.service_area import reached_ways, service_areas
from phusong.coverage.result import ANY
from phusong.coverage.zonal import share_communes
from phusong.layers.grid import Grid, Raster
from phusong.layers.inventory import Layers, Population
from phusong.layers.project.schema import FibreService

Network = Callable[..., Layers]
STREET = [(0.0, 0.0), (1000.0, 0.0)]


def town(seed: int):
    lines = lattice(seed)
    corners = np.array(sorted({p for line in lines for p in (line[0], line[-1])}))
    rng = np.random.default_rng(seed)
    picked = corners[rng.choice(len(corners), 4, replace=False)]
    nodes = nodes_of(*[(x, y, "cabinet", "VM"[n % 2]) for n, (x, y) in enumerate(picked)])
    return lines, nodes, fibre_network(road_graph(roads_of(*lines)), None, nodes)


@pytest.mark.parametrize("seed", range(3))
def test_distances_are_those_of_networkx(seed: int) -> None:
    lines, nodes, network = town(seed)
    oracle = pieces_graph([shapely.LineString(line) for line in lines], 1e9)
    for operator in ("V", "M", ANY):
        mine = nodes if operator == ANY else nodes[nodes["operator"] == operator]
        sources = {tuple(np.round(p.coords[0], 6).tolist()) for p in mine.geometry}
        wanted = nx.multi_source_dijkstra_path_length(oracle, sources)
        field = access_field(network, operator)
        for node, (x, y) in enumerate(network.graph.node_xy):
            key = (round(float(x), 6), round(float(y), 6))
            assert field.distance_m[node] == pytest.approx(wanted.get(key, np.inf), abs=1e-4)
        reached = np.isfinite(field.distance_m)
        assert ((field.nearest >= 0) == reached).all()


@pytest.mark.parametrize("seed", range(2))
def test_cells_and_places_get_the_least_distance_within_the_drop(seed: int) -> None:
    lines, _, network = town(seed)
    field = access_field(network)
    grid = Grid(UTM, -300.0, 2000.0, 100.0, (23, 23))
    drop, reach = 130.0, 700.0
    cells = reach_cells(field, grid, drop)
    # By brute force: roads cut to the metre, every piece within the drop.
    oracle = pieces_graph([shapely.LineString(line) for line in lines], 1.0)
    spots = network.graph.node_xy[field.source]
    keys = np.array(list(oracle))
    sources = {tuple(keys[np.argmin(np.hypot(*(keys - p).T))].tolist()) for p in spots}
    distance = nx.multi_source_dijkstra_path_length(oracle, sources)
    along = np.array([distance.get(tuple(k), np.inf) for k in keys.tolist()])
    x, y = np.meshgrid(grid.x_m(), grid.y_m())
    away = np.hypot(x.ravel()[:, None] - keys[:, 0], y.ravel()[:, None] - keys[:, 1])
    wanted = np.where(away <= drop, along, np.inf).min(axis=1)
    got = cells.along_m.ravel()
    both = np.isfinite(wanted)
    assert 0.3 < both.mean() < 1.0
    # Samples a metre apart miss the very edge of the drop, where the way may leave at any angle.
    assert (got[both] <= wanted[both] + 1e-6).all()
    assert np.mean(wanted[both] - got[both]) < 2.0
    assert np.isinf(got[~both]).mean() > 0.97
    table = reach_points(field, np.column_stack([x.ravel(), y.ravel()]), drop)
    np.testing.assert_allclose(table["along_m"], got)
    held = np.isfinite(got) & (table["edge"] < network.graph.edges).to_numpy()
    foot = network.graph.points_at(table["edge"].to_numpy()[held], table["at_m"].to_numpy()[held])
    np.testing.assert_allclose(
        np.hypot(x.ravel()[held] - foot[:, 0], y.ravel()[held] - foot[:, 1]), table["drop_m"][held], atol=1e-6
    )
    assert (table["drop_m"][held] <= drop + 1e-6).all()
    # Covered cells are those inside the polygon, but for what its corners cut off.
    area = service_areas(field, reach, drop, UTM, operator=ANY)
    inside = shapely.contains_xy(area.geometry.iloc[0], x, y)
    covered = cells.along_m <= reach
    assert not (inside & ~covered).any()
    assert (covered & ~inside).sum() <= 0.02 * covered.sum()
    by_access = service_areas(field, reach, drop, UTM, by_access=True)
    assert set(by_access["node"]) <= set(field.source.tolist())
    assert shapely.union_all(by_access.geometry.to_numpy()).area == pytest.approx(area.area.iloc[0], rel=1e-6)
    assert by_access["ways_m"].sum() == pytest.approx(area["ways_m"].sum())


def test_reach_ends_in_the_middle_of_an_edge() -> None:
    network = fibre_network(road_graph(roads_of(STREET)), None, nodes_of((0.0, 0.0, "olt", "V")))
    field = access_field(network, "V")
    ways = reached_ways(field, 637.25)
    assert ways.from_m.tolist() == [0.0]
    assert ways.to_m.tolist() == [637.25]
    table = reach_points(field, np.array([[637.25, 0.0], [640.0, 10.0], [990.0, 0.0], [637.25, 50.0]]), 50.0)
    np.testing.assert_allclose(table["along_m"], [587.25, 640 - np.sqrt(2400.0), 940.0, 637.25], atol=1e-9)
    # From both ends: the middle stays out, and each part belongs to its own end.
    two = fibre_network(
        road_graph(roads_of(STREET)), None, nodes_of((0.0, 0.0, "olt", "V"), (1000.0, 0.0, "olt", "M"))
    )
    ways = reached_ways(access_field(two), 300.5)
    assert sorted(zip(ways.from_m, ways.to_m, ways.access, strict=True)) == [(0, 300.5, 0), (699.5, 1000, 1)]
    ways = reached_ways(access_field(two), 800.0)
    assert sorted(zip(ways.from_m, ways.to_m, ways.access, strict=True)) == [(0, 500, 0), (500, 1000, 1)]


def test_a_cable_that_can_be_tapped_is_reached_all_along() -> None:
    roads = road_graph(roads_of(STREET, [(400.0, 0.0), (400.0, 900.0)]))
    network = fibre_network(roads, routes_of(STREET), nodes_of((0.0, 0.0, "olt", "V")))
    xy = np.array([[700.0, 5.0], [400.0, 250.0]])
    plain = reach_points(access_field(network, "V"), xy, 5.0)["along_m"]
    tapped = reach_points(access_field(network, "V", tap=True), xy, 5.0)["along_m"]
    np.testing.assert_allclose(plain, [700.0, 645.0])
    np.testing.assert_allclose(tapped, [0.0, 245.0], atol=1e-5)
    ways = reached_ways(access_field(network, "V", tap=True), 100.0)
    assert (ways.to_m - ways.from_m).sum() == pytest.approx(1100.0, abs=1e-4)


def test_head_starts_are_used_up_before_the_way_begins() -> None:
    network = fibre_network(
        road_graph(roads_of(STREET)), None, nodes_of((0.0, 0.0, "olt", "V"), (1000.0, 0.0, "olt", "V"))
    )
    matrix = network.graph.csr()
    start = np.array([250.0, np.inf])
    distance, nearest = multi_source(matrix, network.node, head_start_m=start)
    assert distance.tolist() == pytest.approx([250.0, 1250.0])
    assert nearest.tolist() == [0, 0]
    distance, nearest = multi_source(matrix, network.node, head_start_m=np.array([900.0, 0.0]), limit_m=999.0)
    assert distance[0] == pytest.approx(900.0, abs=1e-5)
    assert nearest.tolist() == [0, 1]
    nobody, none = multi_source(matrix, network.node, head_start_m=np.full(2, np.inf))
    assert np.isinf(nobody).all()
    assert (none == -1).all()


def province(network: Network, **service) -> tuple[Layers, FibreService]:
    """Two towns, one of them on an island, in two communes."""
    bare = network([{"x": 500.0, "y": 500.0}, {"x": 3000.0, "y": 500.0}], shape=(40, 60))
    left, top = bare.grid.left_m, bare.grid.top_m

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(left + x, top - y) for x, y in points]

    roads = roads_of(
        at((300, 500), (3000, 500)), at((1200, 500), (1200, 2000)), at((4500, 3000), (5500, 3000)),
        at((3010, 500), (3800, 500)), kinds=["đường xã", "QL", "đường xã", "lối rừng"],
    )  # fmt: skip
    routes = routes_of(at((300, 500), (1500, 500)))
    where = at((300, 500), (1500, 500), (2600, 500), (300, 3500))
    kinds = (("olt", "V"), ("cabinet", "V"), ("cabinet", "M"), ("cabinet", "M"))
    nodes = nodes_of(*[(*xy, *kind) for xy, kind in zip(where, kinds, strict=True)])
    xy = at((350, 550), (1250, 1900), (5000, 3050), (3000, 3500))
    places = gpd.GeoDataFrame(
        {"place_id": list("abcd"), "name": ["gần", "xa", "đảo", "rừng"], "commune_code": "",
         "lon": 0.0, "lat": 0.0},
        geometry=[shapely.Point(p) for p in xy], crs=UTM,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    people = Raster(rng.integers(0, 9, bare.grid.shape).astype(float), bare.grid)
    west, south, east, north = bare.grid.bounds
    communes = gpd.GeoDataFrame(
        {"commune_code": ["00001", "00002"], "commune_name": ["A", "B"], "population": np.nan},
        geometry=[
            shapely.box(west, south, west + 2550, north), shapely.box(west + 2550, south, east, north),
        ], crs=UTM,
    )  # fmt: skip
    households = pd.DataFrame(
        {"commune_code": ["00001"], "households": [900.0], "households_with_fibre": [90.0]}
    )
    layers = dataclasses.replace(
        bare, roads=roads, fibre_routes=routes, fibre_nodes=nodes, places={"villages": places},
        population=Population(people, float(people.values.sum()), 0.0), communes=communes,
        households=households,
    )  # fmt: skip
    given = {"reach_m": 900.0, "reach": "roads", "drop_m": 200.0, **service}
    return layers, FibreService.model_validate({"model": "route-distance", **given})


def test_an_assessment_conserves_people_and_tells_what_does_not_fit(network: Network) -> None:
    layers, service = province(network)
    shares = share_communes(
        layers.communes, layers.population.people, overlaps=layers.topology.overlaps,
        holes=layers.topology.holes,
    )
    found = assess_fibre(layers, shares, "fibre", service, workers=2)
    people = layers.population.people.values
    for operator, reached in found.reaches.items():
        covered = reached.reach.covered.values
        mine = found.passed[found.passed["operator"] == operator]
        assert mine["people_passed"].sum() == pytest.approx(people[covered].sum(), rel=1e-9)
        assert (mine["people_passed"] <= mine["people"] + 1e-9).all()
        of_cells = shares.cell_people.reshape(people.shape)
        served = people_served(found.work.network, operator, reached, of_cells)
        assert served.sum() == pytest.approx(people[covered].sum(), rel=1e-9)
        signal = reached.reach.signal.values
        np.testing.assert_array_equal(covered, np.nan_to_num(signal, nan=np.inf) <= 900.0)
    everybody = found.reaches[ANY].reach.covered.values
    each = [r.reach.covered.values for o, r in found.reaches.items() if o != ANY]
    np.testing.assert_array_equal(everybody, np.logical_or.reduce(each))
    homes = found.passed[(found.passed["operator"] == ANY)].set_index("commune_code")
    share = homes["people_passed"] / homes["people"]
    assert homes.loc["00001", "homes_passed"] == pytest.approx(900.0 * share["00001"])
    assert np.isnan(homes.loc["00002", "homes_passed"])
    served = found.places[found.places["operator"] == ANY].set_index("place_id")
    assert served["served"].tolist() == [True, False, False, False]
    assert served.loc["a", "access_id"] == "N0"
    assert served.loc["b", "along_m"] == pytest.approx(300.0 + 1400.0 - np.sqrt(200.0**2 - 50.0**2))
    codes = {f.code: f for f in found.faults}
    assert set(codes) == {
        "roads.do-not-touch", "roads.islands", "roads.unknown-class", "fibre_nodes.far-from-road",
        "places.far-from-way", "places.on-island",
    }  # fmt: skip
    assert "đảo" in codes["places.on-island"].say("vi")
    assert "2 groups of roads" in codes["roads.islands"].say("en")
    assert all(f.severity == "warning" for f in found.faults)
    # The cabinet in the woods serves what is round it.
    row, col = layers.grid.index(*(np.array([v]) for v in layers.fibre_nodes.geometry.iloc[3].coords[0]))
    assert found.reaches["M"].reach.covered.values[row, col].all()
    assert (found.backbone["reached"] == [False, False, True, False, True, False]).all()
    assert set(found.areas["operator"]) == {"M", "V", ANY}


def test_optics_shorten_the_reach_and_say_where_no_olt_is_known(network: Network) -> None:
    layers, service = province(network)
    bright = predict_along_roads(layers, "fibre", service)
    layers, service = province(network, optics="B+", splitters=["1:64"])
    dim = predict_along_roads(layers, "fibre", service)
    assert "fibre_nodes.no-way-to-olt" in {f.code for f in dim.faults}
    assert not dim.of("M").covered.values.any()
    np.testing.assert_array_equal(dim.of("V").covered.values, bright.of("V").covered.values)
    # Six halvings leave 3.6 km in all: 1.6 km from the OLT, 0.4 km from the cabinet 1.2 km down the line.
    long = {"reach_m": 3500.0, "drop_m": 2000.0}
    layers, service = province(network, **long)
    bright = predict_along_roads(layers, "fibre", service)
    layers, service = province(network, optics="B+", splitters=["1:2"] * 6, **long)
    dark = predict_along_roads(layers, "fibre", service)
    cover = dark.of("V").covered.values
    assert 0 < cover.sum() < bright.of("V").covered.values.sum()
    assert not (cover & ~bright.of("V").covered.values).any()
    left = max_reach_m(Optics("B+", ("1:2",) * 6)) - 2000.0
    assert (dark.of("V").signal.values[cover] <= left + 1e-2).all()
    assert (dark.of("V").signal.values[cover] >= bright.of("V").signal.values[cover] - 1e-2).all()
    # Nothing less is covered either: the OLT reaches as far as its budget says.
    work = lay_out(layers, "fibre", service)
    alone = reach_cells(access_field(work.network, "V", kinds=("olt",)), layers.grid, 2000.0).along_m <= left
    assert (cover >= alone).all()


def test_routes_serve_where_there_is_no_node_and_nothing_where_there_is_nothing(network: Network) -> None:
    layers, service = province(network)
    only_routes = dataclasses.replace(layers, fibre_nodes=None)
    found = predict_along_roads(only_routes, "fibre", service)
    assert "fibre_nodes.no-access-points" in {f.code for f in found.faults}
    assert found.of("V").covered.values.sum() > 50
    nothing = dataclasses.replace(only_routes, fibre_routes=None)
    found = predict_along_roads(nothing, "fibre", service)
    assert [r.operator for r in found.reaches] == [ANY]
    assert not found.of(ANY).covered.values.any()
    assert np.isnan(found.of(ANY).signal.values).all()
    assert "fibre_nodes.no-fibre" in {f.code for f in found.faults}
    from phusong.layers.faults import ExpectedError

    with pytest.raises(ExpectedError, match=r"layers\.roads"):
        predict_along_roads(dataclasses.replace(layers, roads=None), "fibre", service)


def test_the_analysis_asks_for_roads_where_the_service_does(network: Network) -> None:
    from phusong.coverage.analyse import analyse_layers

    layers, service = province(network)
    project = layers.project.model_copy(update={"services": {"fibre": service}})
    result = analyse_layers(dataclasses.replace(layers, project=project))
    along = predict_along_roads(layers, "fibre", service)
    got = result.reaches["fibre", ANY]
    np.testing.assert_array_equal(got.covered.values, along.of(ANY).covered.values)
    assert set(result.gaps["reason"]) == {"no fibre"}
    row = result.indicators.query("level == 'province' and operator == 'any' and indicator == 'population'")
    assert row["numerator"].item() == pytest.approx(layers.population.people.values[got.covered.values].sum())
    assert "along roads" in row["criterion"].item()
    assert {"roads.islands", "places.on-island"} <= {f.code for f in result.faults}
