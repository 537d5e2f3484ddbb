"""Fibre plans on small towns: against brute force, and against what must hold of any plan."""

from __future__ import annotations

import datetime
import itertools
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from shapely.geometry import LineString, Point, box

from phusong.coverage.fibre.optical_budget import Optics, max_reach_m
from phusong.coverage.plan.fibre_asked import ask, money, share, year_range
from phusong.coverage.plan.fibre_needs import Wanted
from phusong.coverage.plan.fibre_plan import plan_fibre
from phusong.coverage.plan.fibre_prices import all_prices, check_costs, prices_of
from phusong.coverage.plan.fibre_quantities import bill_total, cable_size
from phusong.coverage.plan.fibre_request import Request
from phusong.coverage.zonal import share_communes
from phusong.data.fibre_prices import CABLE_SIZES, fibre_costs
from phusong.layers.faults import ExpectedError, InputError
from phusong.layers.grid import Grid, Raster
from phusong.layers.inventory import Layers, Population
from phusong.layers.project.schema import Project
from phusong.layers.vectors.ofds_rules import check_network

UTM = CRS.from_epsg(32649)
ALL = Wanted(("villages",))
X0, Y0 = 300_000.0, 1_540_000.0


def town(
    roads: list[list[tuple[float, float]]], villages: list[tuple[float, float]], *,
    cable: list[tuple[float, float]] | None = None, olt: tuple[float, float] | None = (0.0, 0.0),
    people: float = 100.0, costs: dict[str, float] | None = None, reach: str = "roads", **service: Any,
) -> Layers:
    """Make layers of a grid of 100 m, with everybody at the villages."""  # fmt: skip
    def at(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(X0 + x, Y0 + y) for x, y in points]

    span = 400 + max(max(abs(x), abs(y)) for line in [*roads, villages] for x, y in line)
    n = int(np.ceil(2 * span / 100.0))
    grid = Grid(UTM, X0 - 50.0 * n, Y0 + 50.0 * n, 100.0, (n, n))
    folk = np.zeros((n, n))
    row, col = grid.index(*np.array(at(villages)).T)
    np.add.at(folk, (row, col), people * (1 + np.arange(len(villages))))
    kind = {"reach_m": 200.0, "drop_m": 150.0, **service}
    project = Project.model_validate(
        {
            "file": Path("phusong.toml"),
            "province": {"code": "99", "name": "X", "as_of": datetime.date(2026, 6, 30)},
            "layers": {name: {"path": name} for name in ("communes", "population", "stations", "roads")},
            "services": {"fibre": {"model": "route-distance", "reach": reach, **kind}},
            "costs": costs or {},
        }
    )
    communes = gpd.GeoDataFrame(
        {"commune_code": ["00001"], "commune_name": ["A"], "population": [np.nan]},
        geometry=[box(*grid.bounds)], crs=UTM,
    )
    points = gpd.GeoSeries([Point(p) for p in at(villages)], crs=UTM)
    degrees = points.to_crs(4326)
    places = gpd.GeoDataFrame(
        {
            "place_id": [f"V{k}" for k in range(len(villages))],
            "name": [f"Thôn {k}" for k in range(len(villages))],
            "commune_code": "00001", "lon": degrees.x, "lat": degrees.y,
        },
        geometry=points, crs=UTM,
    )  # fmt: skip
    stations = gpd.GeoDataFrame(
        {"site_id": ["S1"], "operator": ["V"], "technology": ["4G"], "commune_code": ["00001"]},
        geometry=points[:1].to_numpy(), crs=UTM,
    )  # fmt: skip
    nodes = None if olt is None else gpd.GeoDataFrame(
        {"id": ["O1"], "kind": ["OLT"], "operator": ["V"], "status": ["operational"]},
        geometry=[Point(p) for p in at([olt])], crs=UTM,
    )  # fmt: skip
    routes = None if cable is None else gpd.GeoDataFrame(
        {"id": ["R1"], "operator": ["V"], "status": ["operational"], "fibre_count": [24]},
        geometry=[LineString(at(cable))], crs=UTM,
    )  # fmt: skip
    lines = gpd.GeoDataFrame(
        {"road_id": range(len(roads)), "class": "đường xã"},
        geometry=[LineString(at(r)) for r in roads], crs=UTM,
    )  # fmt: skip
    population = Population(Raster(folk, grid), float(folk.sum()), 0.0)
    return Layers(
        project, grid, communes, stations, population, places={"villages": places}, fibre_nodes=nodes,
        fibre_routes=routes, roads=lines,
    )  # fmt: skip


def plan(layers: Layers, **asked: Any):
    none = layers.topology
    shares = share_communes(
        layers.communes, layers.population.people, overlaps=none.overlaps, holes=none.holes
    )
    return plan_fibre(layers, shares, Request(asked.pop("wanted", ALL), steps=6, **asked))


def lattice(seed: int, side: int = 4, step: float = 1000.0, count: int = 5):
    rng = np.random.default_rng(seed)
    at = {(i, j): (i * step + rng.uniform(-200, 200), j * step + rng.uniform(-200, 200))
          for i in range(side) for j in range(side)}  # fmt: skip
    at[0, 0] = (0.0, 0.0)
    lines = [
        [a, at[other]] for (i, j), a in at.items() for other in ((i + 1, j), (i, j + 1)) if other in at
    ]
    corners = [p for key, p in at.items() if key != (0, 0)]
    picked = rng.choice(len(corners), count, replace=False)
    return lines, [corners[k] for k in picked]


def cheapest_tree(lines: list[list[tuple[float, float]]], ends: list[tuple[float, float]]) -> float:
    """Length of the shortest tree over the ends, by trying all sets of further nodes."""
    graph = nx.Graph()
    for a, b in lines:
        graph.add_edge(a, b, weight=float(np.hypot(a[0] - b[0], a[1] - b[1])))
    others = [n for n in graph if n not in ends]
    best = np.inf
    for k in range(len(others) + 1):
        for more in itertools.combinations(others, k):
            part = graph.subgraph([*ends, *more])
            if len(part) and nx.is_connected(part):
                best = min(best, nx.minimum_spanning_tree(part).size("weight"))
    return best


@pytest.mark.parametrize("seed", range(3))
def test_all_points_by_the_cheapest_tree_of_all(seed: int) -> None:
    lines, villages = lattice(seed, side=3)
    found = plan(town(lines, villages))
    price = prices_of({})["aerial_km"] / 1000.0
    wanted = cheapest_tree(lines, [(0.0, 0.0), *villages]) * price
    assert found.route_vnd == pytest.approx(wanted, rel=1e-6)
    assert (found.needs["state"] == "planned").all()
    assert found.gap is not None
    assert found.gap < 1e-6
    assert float(found.spans["km"].sum()) == pytest.approx(found.route_vnd / price / 1000.0)
    assert found.spans.length.sum() / 1000.0 == pytest.approx(found.spans["km"].sum())
    assert bill_total(found.bill) == pytest.approx(found.cost_vnd)
    assert found.people_after == pytest.approx(found.people)  # everybody lives in a village


@pytest.mark.parametrize("budget_share", [0.5, 0.75])
def test_a_budget_is_kept_and_nobody_reaches_more(budget_share: float) -> None:
    lines, villages = lattice(7, side=3, step=3000.0, count=4)
    layers = town(lines, villages)
    whole = plan(layers)
    budget = budget_share * whole.cost_vnd
    found = plan(layers, budget=budget)
    assert 0 < found.cost_vnd <= budget
    people = 100.0 * (1 + np.arange(len(villages)))
    kit = whole.needs["fixed_vnd"].to_numpy()
    olt, price = prices_of({})["olt"], prices_of({})["aerial_km"] / 1000.0
    best = 0.0
    for k in range(1, len(villages) + 1):
        for some in itertools.combinations(range(len(villages)), k):
            way = cheapest_tree(lines, [(0.0, 0.0), *(villages[s] for s in some)]) * price
            # The plan keeps the price of an OLT in hand for counting them whole.
            if way + kit[list(some)].sum() <= budget - olt:
                best = max(best, float(people[list(some)].sum()))
    assert float(found.planned["people"].sum()) == pytest.approx(best)
    assert found.most_people is not None
    assert found.most_people >= best - 1e-6


def test_phases_stand_on_phases_and_sum_to_the_plan() -> None:
    lines, villages = lattice(3)
    layers = town(lines, villages)
    found = plan(layers, years=(2026, 2027, 2028))
    assert found.phases["cost_vnd"].sum() == pytest.approx(found.cost_vnd)
    assert found.phases["people_after"].is_monotonic_increasing
    below = found.phases["cost_vnd"].cumsum() <= found.phases["budget_vnd"].cumsum() * (1 + 1e-9)
    assert below.all()
    assert found.tree.parent[0] == -1
    fed = found.tree.parent >= 0
    assert (found.edge_phase[found.tree.parent[fed]] <= found.edge_phase[fed]).all()
    least = found.cost_vnd / 4
    short = plan(layers, years=(2026, 2027), year_budgets=(least, least))
    assert short.cost_vnd <= 2 * least
    assert (short.needs["state"] == "later").any()


def test_a_target_is_met_cheaper_than_everything_or_said_to_be_out_of_reach() -> None:
    lines, villages = lattice(5)
    layers = town(lines, villages)
    half = plan(layers, target=0.5)
    assert half.target_met
    assert half.people_after >= 0.5 * half.people
    assert half.cost_vnd < plan(layers).cost_vnd
    apart = town([*lines, [(9000.0, 0.0), (9900.0, 0.0)]], [*villages, (9500.0, 0.0)])
    never = plan(apart, target=0.95)
    assert never.target_met is False
    assert {"plan.target-not-reached", "plan.on-island"} <= {f.code for f in never.faults}
    assert (never.needs["state"] == "planned").sum() == len(villages)  # the part that was possible


def test_far_places_and_nothing_to_build_on_are_said() -> None:
    lines, villages = lattice(1)
    far = plan(town(lines, [*villages, (-3000.0, -3000.0)]))
    assert far.needs["state"].tolist().count("far") == 1
    assert "plan.far-from-way" in {f.code for f in far.faults}
    with pytest.raises(ExpectedError, match="nothing to build on"):
        plan(town(lines, villages, olt=None))
    with pytest.raises(ExpectedError, match="No operator"):
        plan(town(lines, villages), wanted=Wanted(("villages",), operator="Z"))
    with pytest.raises(ExpectedError, match="villages"):
        plan(town(lines, villages), wanted=Wanted())
    served = plan(town([[(0.0, 0.0), (100.0, 0.0)]], [(50.0, 0.0)]))
    assert served.cost_vnd == 0
    assert "plan.nothing-left" in {f.code for f in served.faults}


def test_existing_cable_costs_nothing_but_only_to_its_operator() -> None:
    road = [[(0.0, 0.0), (5000.0, 0.0), (6000.0, 0.0)]]
    layers = town(road, [(6000.0, 0.0)], cable=[(0.0, 0.0), (5000.0, 0.0)])
    assert float(plan(layers).spans["km"].sum()) == pytest.approx(1.0, abs=0.03)
    wanted = Wanted(("villages",), communes=True, sites=True, operator="V")
    both = plan(layers, wanted=wanted)
    assert sorted(both.needs["kind"]) == ["place", "site"]  # the commune has fibre
    assert float(both.spans["km"].sum()) == pytest.approx(1.0, abs=0.03)


def test_light_is_reckoned_from_the_olt_along_old_and_new_cable() -> None:
    reach = max_reach_m(Optics())
    road = [[(0.0, 0.0), (reach + 3000.0, 0.0)]]
    layers = town(road, [(reach - 500.0, 0.0), (reach + 500.0, 0.0)], cable=[(0.0, 0.0), (5000.0, 0.0)])
    found = plan(layers)
    assert found.needs["path_m"].tolist() == pytest.approx([reach - 350.0, reach + 650.0], abs=5.0)
    assert found.needs["in_class"].tolist() == [True, False]
    assert found.needs["remedy"].tolist() == ["", "C+ 1:32"]
    assert "plan.beyond-optics" in {f.code for f in found.faults}


def test_a_straight_reach_counts_people_along_the_new_cable() -> None:
    road = [[(0.0, 0.0), (4000.0, 0.0)]]
    layers = town(road, [(4000.0, 0.0), (2000.0, 100.0)], reach="straight", reach_m=300.0)
    found = plan(layers, budget=1e12)
    assert found.people_after == pytest.approx(found.people)
    assert found.people_before == 0


def test_buried_costs_more_and_low_less_than_high() -> None:
    lines, villages = lattice(2)
    layers = town(lines, villages)
    aerial, buried = plan(layers), plan(layers, laying="buried")
    prices = prices_of({})
    ratio = prices["buried_km"] / prices["aerial_km"]
    assert buried.route_vnd == pytest.approx(ratio * aerial.route_vnd)
    assert set(buried.bill["item"]) >= {"buried", "cable", "olt", "port", "splitter", "point", "drop"}
    by_level = aerial.sensitivity.set_index("level")
    assert by_level["this_plan_vnd"].is_monotonic_increasing
    assert (by_level["cost_vnd"] <= by_level["this_plan_vnd"] * (1 + 1e-9)).all()
    own = plan(town(lines, villages, costs={"fibre_aerial_km": 1e6}))
    assert own.route_vnd / float(own.spans["km"].sum()) == pytest.approx(1e6)


@pytest.mark.parametrize(
    ("costs", "column"),
    [({"fibre_aerial_km": 0.0}, "costs.fibre_aerial_km"), ({"fibre_olt": -1.0}, "costs.fibre_olt"),
     ({"fibre_take_up": 1.2}, "costs.fibre_take_up"), ({"fibre_arial_km": 5.0}, "costs.fibre_arial_km")],
)  # fmt: skip
def test_prices_that_cannot_be_are_faults(costs: dict[str, float], column: str) -> None:
    (fault,) = check_costs(costs)
    assert fault.column == column
    assert fault.say("vi")
    assert fault.say("en")
    with pytest.raises(InputError):
        prices_of(costs)


def test_prices_rise_with_their_level_and_name_their_source() -> None:
    levels = all_prices({})
    for key, price in fibre_costs().items():
        assert levels["low"][key] <= levels["base"][key] <= levels["high"][key]
        assert price.source.en
        assert price.source.vi != price.source.en
    assert prices_of({"fibre_vnd_per_usd": 20000.0})["aerial_km"] == pytest.approx(3100 * 20000.0)
    assert prices_of({"fibre_olt": 5.0, "fibre_olt_high": 9.0}, "high")["olt"] == 9.0


@given(st.integers(0, 1000), st.floats(0.0, 1.0))
def test_a_cable_holds_what_it_must(fibres: int, spare: float) -> None:
    size = int(cable_size(np.array([fibres], dtype=float), spare)[0])
    assert size >= fibres * (1 + spare) - 1
    assert size in CABLE_SIZES or size % CABLE_SIZES[-1] == 0


@pytest.mark.parametrize(
    ("text", "vnd"),
    [("50 tỷ", 50e9), ("1,5 tỷ đồng", 1.5e9), ("800 triệu", 8e8), ("2e9", 2e9), ("1.500.000.000", 1.5e9),
     ("20 bn", 20e9), ("1,000,000 VND", 1e6), ("-3 ty", -3e9)],
)  # fmt: skip
def test_sums_as_people_write_them(text: str, vnd: float) -> None:
    assert money(text) == pytest.approx(vnd)


def test_what_is_not_understood_is_said() -> None:
    for read, text in ((money, "nhiều"), (share, "0%"), (share, "x"), (year_range, "2030-2026")):
        with pytest.raises(ExpectedError):
            read(text)
    assert share("95%") == 0.95
    assert year_range("2026-2028") == (2026, 2027, 2028)
    assert ask(places=("a",), budget="1 tỷ", years="2027").mode == "budget"
    with pytest.raises(ExpectedError, match="above zero"):
        plan(town([[(0.0, 0.0), (900.0, 0.0)]], [(900.0, 0.0)]), budget=-1.0)


def test_outputs_hold_what_the_plan_says(tmp_path: Path) -> None:
    import openpyxl
    import pyogrio

    from phusong.maps.plan_fibre.write import write_plan

    lines, villages = lattice(4)
    found = plan(town(lines, [*villages, (-3000.0, -3000.0)]), years=(2026, 2027))
    files = write_plan(found, tmp_path / "out", "vi")
    again = write_plan(found, tmp_path / "again", "vi")
    for name in files:
        if name != "manifest.json":
            assert files[name].read_bytes() == again[name].read_bytes(), name
    told = json.loads(files["fibre_plan.json"].read_text(encoding="utf-8"))
    assert told["schema"] == "phusong.fibre_plan"
    assert told["version"] == "1.0"
    assert told["summary"]["cost_vnd"] == pytest.approx(found.cost_vnd)
    assert sum(r["km"] for r in told["routes"]) == pytest.approx(told["checked"]["length_m"] / 1000.0)
    package = json.loads(files["fibre_plan_ofds.json"].read_text(encoding="utf-8"))
    network = package["networks"][0]
    assert not [b for b in check_network(network, "networks[0]") if b.severity == "error"]
    assert {s["status"] for s in network["spans"]} == {"proposed"}
    assert all(s.get("start") and s.get("end") for s in network["spans"])
    assert len(pyogrio.read_dataframe(files["fibre_plan.gpkg"], layer="routes")) == len(found.spans)
    sheets = openpyxl.load_workbook(files["fibre_plan.xlsx"], read_only=True).sheetnames
    assert {"Phân kỳ", "Bảng khối lượng", "Tuyến", "Điểm được nối", "Điểm chưa nối"} <= set(sheets)
    page = files["fibre_plan.html"].read_text(encoding="utf-8")
    assert '<script src' not in page
    assert "Content-Security-Policy" in page
