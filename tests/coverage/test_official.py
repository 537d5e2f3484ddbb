"""Residential areas, villages, masts, definitions and targets, by loops over small made-up ground."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from quick_project import make_project
from scipy.sparse import csr_array
from scipy.stats import norm

from phusong.coverage.definitions import (
    _level,
    edge_rate_mbps,
    rank_changes,
    ranks,
    read_spread,
)
from phusong.coverage.official import INDICATORS, masts, official_figures, urban_communes
from phusong.coverage.result import ANY, Reach
from phusong.coverage.settlements import find_settlements
from phusong.coverage.store import Store
from phusong.coverage.targets import Wanted, figure, judge
from phusong.coverage.villages import around_villages, outlying_people, village_table
from phusong.coverage.zonal import CommuneShares
from phusong.data.evidence_tables import coverage_definitions, index_criteria, official_targets
from phusong.data.language import Text
from phusong.layers import target_table
from phusong.layers.grid import Grid, Raster
from phusong.layers.inventory import Layers
from phusong.layers.project.file import read_project
from phusong.layers.project.schema import FlatService, SettlementsTable, VillagesTable

Network = Callable[..., Layers]


def shares_of(people: np.ndarray, home: np.ndarray) -> CommuneShares:
    """Return whole cells shared among communes by number; -1 is none."""
    cells = np.flatnonzero(home.ravel() >= 0)
    shape = (int(home.max()) + 1, home.size)
    area = csr_array((np.ones(len(cells)), (home.ravel()[cells], cells)), shape=shape)
    count = people.ravel() * (home.ravel() >= 0)
    return CommuneShares(area, csr_array(area.multiply(count[None, :])), count, 0.0, 0.0, float(count.sum()))


def flood(dense: np.ndarray) -> list[set[tuple[int, int]]]:
    """Return the patches of touching cells, by walking from cell to cell."""
    left = set(zip(*np.nonzero(dense), strict=True))
    patches = []
    while left:
        front = [left.pop()]
        patch = set(front)
        while front:
            r, c = front.pop()
            near = {(r + i, c + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            patch |= near
            front += near
        patches.append(patch)
    return patches


@pytest.mark.parametrize("seed", range(4))
def test_residential_areas_by_walking_from_cell_to_cell(network: Network, seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = network([]).grid
    people = rng.gamma(0.5, 6.0, grid.shape)
    home = np.repeat(np.where(np.arange(grid.shape[1]) < 37, 0, 1)[None, :], grid.shape[0], axis=0)
    home[:3] = -1
    rule = SettlementsTable(min_people_per_km2=500.0, min_people=40.0, served_share=0.8)
    shares = shares_of(people, home)
    found = find_settlements(grid, shares, rule)
    covered = rng.random(grid.shape) < 0.85
    expected = []
    for patch in flood((people >= 5.0) & (home >= 0)):
        for commune in (0, 1):
            part = [cell for cell in patch if home[cell] == commune]
            total = sum(people[cell] for cell in part)
            if part and total >= 40.0:
                inside = sum(people[cell] for cell in part if covered[cell])
                expected.append((commune, round(total, 6), bool(inside >= 0.8 * total)))
    served = found.served(Raster(covered, grid))
    ours = zip(found.commune.tolist(), found.people.round(6).tolist(), served.tolist(), strict=True)
    assert len(expected) > 5
    assert sorted(ours) == sorted(expected)
    assert {s for _, _, s in expected} == {True, False}


@pytest.mark.parametrize("seed", range(3))
def test_outlying_clusters_by_loops(network: Network, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers = network([])
    grid = layers.grid
    people = rng.gamma(0.3, 2.0, grid.shape)
    covered = rng.random(grid.shape) < 0.6
    x = grid.bounds[0] + rng.uniform(500, 7500, 6)
    y = grid.bounds[1] + rng.uniform(500, 5500, 6)
    rule = VillagesTable(radius_m=1200.0, outlying_people=3.0, min_people_per_km2=20.0)
    shares = shares_of(people, np.zeros(grid.shape, dtype=int))
    cells, owner = around_villages(layers, shares, x, y, rule)
    found = outlying_people(Raster(covered, grid), shares.cell_people, cells, owner, 6)
    far = np.hypot(grid.x_m()[None, :, None] - x, grid.y_m()[:, None, None] - y)
    mine = (people >= 0.2) & (far.min(axis=2) <= 1200.0)
    largest = np.zeros(6)
    for patch in flood(mine & ~covered):
        for village in range(6):
            total = sum(people[c] for c in patch if far[c].argmin() == village)
            largest[village] = max(largest[village], total)
    np.testing.assert_allclose(found, largest, rtol=1e-12)
    assert (largest > 0).sum() > 3


def test_trang_and_lom_are_told_apart(network: Network, tmp_path: Path) -> None:
    """Three villages on a line: heard with all around it, heard with a hamlet left out, not heard."""
    base = network([{"x": 0, "y": 0}])
    grid = base.grid
    left, _, _, top = grid.bounds
    x = left + np.array([1050.0, 3050.0, 6050.0])
    y = top - np.array([1050.0, 1050.0, 1050.0])
    villages = gpd.GeoDataFrame(
        {
            "place_id": ["a", "b", "c"], "name": ["A", "B", "C"], "commune_code": ["00001"] * 3,
            "lon": [0.0] * 3, "lat": [0.0] * 3, "households": ["10", "20", "30"],
            "has_grid_power": ["có", "có", "không"], "disadvantaged": ["x", "", ""],
        }, geometry=shapely.points(x, y), crs=grid.crs,
    )  # fmt: skip
    layers = network([{"x": 0, "y": 0}], places={"villages": villages})
    people = np.zeros(grid.shape)
    for col in (10, 30, 60):
        people[10, col] = 50.0
    people[14:16, 33] = 12.0  # the hamlet of B: 24 people, more than 20
    covered = np.zeros(grid.shape, dtype=bool)
    covered[:13, :45] = True
    reach = Reach("4G", ANY, "m", Raster(np.zeros(grid.shape, np.float32), grid), Raster(covered, grid))
    shares = shares_of(people, np.zeros(grid.shape, dtype=int))
    table = village_table(layers, shares, {("4G", ANY): reach}, np.zeros(3, dtype=np.int64))
    assert table["state"].tolist() == ["served", "lom", "trang"]
    assert table["outlying_people"].tolist() == [0.0, 24.0, 50.0]
    assert table["has_grid_power"].tolist() == [1.0, 1.0, 0.0]
    assert table["disadvantaged"].tolist() == [1.0, 0.0, 0.0]
    assert table["households"].tolist() == [10.0, 20.0, 30.0]
    # What is kept is told by people and by cover alike.
    for _ in range(2):
        for crowd, wide in ((12.0, 45), (9.0, 45), (12.0, 20), (12.0, 75)):
            people[14:16, 33] = crowd
            covered[:13] = np.arange(grid.shape[1]) < wide
            shares = shares_of(people, np.zeros(grid.shape, dtype=int))
            asked = layers, shares, {("4G", ANY): reach}, np.zeros(3, dtype=np.int64)
            pd.testing.assert_frame_equal(village_table(*asked, Store(tmp_path)), village_table(*asked))


def test_masts_by_id_and_by_position(network: Network) -> None:
    places = ((0, "S1", "A"), (0, "S2", "B"), (900, "S3", "A"), (910, "S4", "B"), (3000, "S5", "A"))
    cells = [{"x": x, "y": 500, "site_id": s, "operator": o} for x, s, o in places]
    cells.append({"x": 5000, "y": 500, "site_id": "S5", "operator": "B"})  # one id, two positions
    layers = network(cells)
    mast, where = masts(layers, np.zeros(len(cells), dtype=np.int64))
    assert len(where) == 4  # S1 and S2 stand on one spot
    assert mast[0] == mast[1]
    assert mast[4] == mast[5]
    assert mast[2] != mast[3]
    near = layers.project.model_copy(
        update={"official": layers.project.official.model_copy(update={"same_mast_m": 30.0})}
    )
    wide = Layers(near, layers.grid, layers.communes, layers.stations, layers.population)
    assert len(masts(wide, np.zeros(len(cells), dtype=np.int64))[1]) == 3


@pytest.mark.parametrize(("name", "kind"), [
    ("Phường Quy Nhơn", "urban"), ("PHUONG Pleiku", "urban"), ("Thị trấn Chư Sê", "urban"),
    ("Xã Ia Grai", "rural"), ("Đặc khu Phú Quý", "rural"), ("Quy Nhơn", "neither"), ("Xa", "neither"),
])  # fmt: skip
def test_town_and_country_by_the_kind_in_the_name(network: Network, name: str, kind: str) -> None:
    layers = network([])
    layers.communes.loc[0, "commune_name"] = name
    urban, rural = urban_communes(layers)
    assert {(True, False): "urban", (False, True): "rural", (False, False): "neither"}[
        bool(urban[0]), bool(rural[0])
    ] == kind


def test_homes_with_fibre_in_disadvantaged_communes(network: Network) -> None:
    base = network([])
    left, bottom, right, top = base.grid.bounds
    middle = (left + right) / 2.0
    communes = gpd.GeoDataFrame(
        {"commune_code": ["1", "2"], "commune_name": ["A", "B"], "population": [np.nan] * 2,
         "disadvantaged": ["", "x"]},
        geometry=[shapely.box(left, bottom, middle, top), shapely.box(middle, bottom, right, top)],
        crs=base.grid.crs,
    )  # fmt: skip
    homes = pd.DataFrame(
        {"commune_code": ["2", "1"], "households": [50.0, 900.0], "households_with_fibre": [20.0, 600.0],
         "as_of": [base.project.province.as_of] * 2}
    )  # fmt: skip
    layers = replace(base, communes=communes, households=homes)
    shares = shares_of(np.ones(base.grid.shape), np.repeat([[0] * 40 + [1] * 40], 60, axis=0))
    figures = official_figures(
        layers, shares, {}, {}, np.empty(0, dtype=np.int64), None, None
    )  # fmt: skip
    found = {f.indicator: f for f in figures}
    homes_there = found["households_disadvantaged"]
    assert homes_there.numerator.tolist() == [0.0, 20.0]
    assert homes_there.denominator.tolist() == [0.0, 50.0]
    assert "households_urban" not in found


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=12), st.data())
def test_changes_of_rank_count_who_overtakes_whom(before: list[int], data: Any) -> None:
    after = data.draw(st.lists(st.integers(0, 1000), min_size=len(before), max_size=len(before)))
    a, b = np.array(before) / 10.0, np.array(after) / 10.0
    change = rank_changes(a, b)
    for i in range(len(a)):
        fell = sum(1 for j in range(len(a)) if a[i] > a[j] and b[i] < b[j])
        rose = sum(1 for j in range(len(a)) if a[i] < a[j] and b[i] > b[j])
        assert change[i] == fell - rose
    assert change.sum() == 0
    assert (rank_changes(a, a) == 0).all()
    np.testing.assert_array_equal(ranks(a), pd.Series(a).rank(method="min", ascending=False))


def test_rates_follow_the_truncated_shannon_bound() -> None:
    # TR 36.942, annex A.2: 0.6 log2(1 + 1) at 0 dB; 4.4 bit/s/Hz at most; nothing below -10 dB.
    rate = edge_rate_mbps(np.array([0.0, 60.0, -10.1, -10.0]), np.full(4, 10.0))
    np.testing.assert_allclose(rate, [6.0, 44.0, 0.0, 6.0 * np.log2(1.1)], rtol=1e-12)


@pytest.mark.parametrize("sigma_db", [4.0, 9.0])
def test_another_level_is_read_from_signal_and_probability(network: Network, sigma_db: float) -> None:
    layers = network([{"x": 0, "y": 0}])
    grid: Grid = layers.grid
    kind = FlatService(model="hata", threshold_dbm=-110.0, probability=0.9)
    signal = np.linspace(-125.0, -70.0, grid.size).reshape(grid.shape)
    signal[:2] = np.nan
    probability = norm.cdf((signal + 110.0) / sigma_db)
    probability[:2] = 0.0
    reach = Reach(
        "4G", ANY, "dBm", Raster(signal.astype(np.float32), grid), Raster(probability >= 0.9, grid),
        probability=Raster(probability.astype(np.float32), grid),
    )  # fmt: skip
    spread = read_spread(layers, kind, reach)
    assert spread is not None
    known = {d.id: d for d in coverage_definitions()}
    for name, level, wanted in (("rsrp-110", -110, 0.9), ("rsrp-100", -100, 0.9), ("qcvn-81", -121, 0.95)):
        mask = _level(known[name], spread)
        assert mask is not None
        truth = norm.cdf((signal - level) / sigma_db) >= wanted
        assert (mask != truth).sum() <= 2  # the float32 of one cell on the edge
    higher = read_spread(layers, kind.model_copy(update={"threshold_dbm": -100.0}), reach)
    assert higher is not None
    assert _level(known["rsrp-120"], higher) is None


def wanted(**more: Any) -> Wanted:
    fields: dict[str, Any] = {
        "key": "k", "name": Text("", ""), "document": "", "date": None, "year": 2030, "service": "4G",
        "indicator": "population", "level": "province", "operator": ANY, "percent": 90.0, "at_most": False,
        "origin": "project",
    }  # fmt: skip
    return Wanted(**{**fields, **more})


@pytest.mark.parametrize(("percent", "at_most", "state", "gap"), [
    (90.0, False, "met", 0.0), (89.9, False, "near", 0.1), (84.9, False, "short", 5.1),
    (90.0, True, "met", 0.0), (91.0, True, "near", 1.0), (99.0, True, "short", 9.0),
    (float("nan"), False, "unknown", float("nan")),
])  # fmt: skip
def test_states_of_a_target(percent: float, at_most: bool, state: str, gap: float) -> None:
    found = judge(wanted(at_most=at_most), percent, percent, 100.0)
    assert found[1] == state
    assert found[0] == pytest.approx(gap, nan_ok=True)


def test_a_target_for_every_commune_counts_communes() -> None:
    table = pd.DataFrame({
        "level": ["province", *["commune"] * 4], "code": list("pabcd"), "service": "4G", "operator": ANY,
        "indicator": "population", "numerator": [260.0, 90, 80, 90, 0],
        "denominator": [300.0, 100, 100, 100, 0],
    })  # fmt: skip
    every = wanted(level="commune")
    assert figure(table, every) == (2.0, 3.0)
    assert judge(every, 100 * 2 / 3, 2.0, 3.0) == (1.0, "short")


@pytest.mark.slow
def test_a_table_of_targets_and_earlier_runs_make_a_trend(sample: Path, tmp_path: Path) -> None:
    from phusong.coverage.analyse import analyse
    from phusong.coverage.targets import standings
    from phusong.maps.tables import write_indicators_csv

    file = make_project(sample, tmp_path / "p")
    result = analyse(read_project(file))
    earlier = result.indicators.assign(as_of="2025-06-30")
    earlier["numerator"] = earlier["numerator"] * 0.9
    old = tmp_path / "old"
    old.mkdir()
    object.__setattr__(result, "indicators", earlier)
    write_indicators_csv(result, old / "indicators.csv")
    (file.parent / "targets.csv").write_text(
        "document,date,year,service,indicator,level,value\n"
        "04-NQ/TU,20/09/2021,2027,4G,population,,100\n,,2030,4G,places:villages,commune,50\n",
        encoding="utf-8",
    )
    text = file.read_text(encoding="utf-8")
    text += '\n[layers.targets]\npath = "targets.csv"\n\n[history]\nruns = ["../old"]\n'
    file.write_text(text, encoding="utf-8")
    found = standings(analyse(read_project(file)), defaults=False)
    assert [x.wanted.document for x in found] == ["04-NQ/TU", ""]
    first, second = found
    assert first.wanted.date == datetime.date(2021, 9, 20)
    assert [day.isoformat() for day, _ in first.trend] == ["2025-06-30", "2026-06-30"]
    assert first.trend[0][1] == pytest.approx(0.9 * first.percent)
    assert first.points_per_year == pytest.approx(0.1 * first.percent, rel=2e-3)
    expected = min(100.0, first.percent + 1.504 * first.points_per_year)
    assert first.expected == pytest.approx(expected, rel=1e-3)
    assert second.wanted.level == "commune"
    assert second.denominator == 8


def test_tables_of_the_program_name_indicators_that_exist() -> None:
    known = {*target_table.INDICATORS}
    assert known >= set(INDICATORS)
    for row in (*official_targets(), *index_criteria()):
        assert row.indicator in known or row.indicator.startswith(("places:", "zones:")) or not row.indicator
        assert row.source
    assert all(d.source for d in coverage_definitions())
    assert not {d.id: d.confirmed for d in coverage_definitions()}["qcvn-81"]
