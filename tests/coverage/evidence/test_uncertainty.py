"""Lows and highs: without errors they are the figure; with them, truths drawn by other means lie between."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from pyproj import CRS
from scipy.special import ndtr, ndtri
from shapely.geometry import box

from phusong.coverage.analyse import shares_of
from phusong.coverage.evidence.draw_patches import Ground
from phusong.coverage.evidence.fields import cell_share
from phusong.coverage.evidence.uncertainty import Uncertainty, uncertainty_of, with_ranges
from phusong.coverage.indicators import indicator_table
from phusong.coverage.result import ANY, Reach
from phusong.coverage.settlements import find_settlements
from phusong.coverage.villages import outlying_people, village_table
from phusong.layers.boundaries.crosswalk import crosswalk
from phusong.layers.boundaries.old_communes import OldCommunes
from phusong.layers.boundaries.province import Province
from phusong.layers.grid import Grid, Raster
from phusong.layers.inventory import Layers, Population
from phusong.layers.project.schema import FlatService, RangeService, SettlementsTable, VillagesTable
from phusong.layers.project.uncertainty import UncertaintyTable

SHAPE = (36, 36)
SIGMA_DB, THRESHOLD_DBM, PROBABILITY = 6.0, -110.0, 0.9
NOTHING = {"residual_db": 0.0, "bias_db": 0.0}


@pytest.fixture(scope="module")
def ground(network: Callable[..., Layers]) -> Layers:
    cells = [
        {"x": 800, "y": -900, "operator": "V"}, {"x": 2900, "y": -2600, "operator": "V"},
        {"x": 2500, "y": -700, "operator": "M"},
    ]  # fmt: skip
    layers = network(cells, shape=SHAPE)
    grid = layers.grid
    left, bottom, right, top = grid.bounds
    middle = (left + right) / 2
    communes = gpd.GeoDataFrame(
        {"commune_code": ["00001", "00002"], "commune_name": ["A", "B"], "population": [np.nan, np.nan]},
        geometry=[box(left, bottom, middle, top), box(middle, bottom, right, top)], crs=grid.crs,
    )  # fmt: skip
    people = np.random.default_rng(0).gamma(0.5, 20.0, SHAPE)
    xy = np.random.default_rng(1).uniform(0.0, 3600.0, (25, 2))
    places = gpd.GeoDataFrame(
        {"place_id": [f"V{k}" for k in range(25)], "name": ["x"] * 25, "commune_code": ["00001"] * 25},
        geometry=gpd.points_from_xy(left + xy[:, 0], top - xy[:, 1]), crs=grid.crs,
    )  # fmt: skip
    project = layers.project.model_copy(
        update={"services": {"4G": FlatService(model="tr38901-rma", threshold_dbm=THRESHOLD_DBM)}}
    )
    total = float(people.sum())
    return dataclasses.replace(
        layers, communes=communes, population=Population(Raster(people, grid), total, 0.0),
        places={"villages": places}, project=project,
    )  # fmt: skip


def reaches_of(layers: Layers) -> dict[tuple[str, str], Reach]:
    """Levels that fall by 38 dB a decade, as float32, of each operator's nearest site and of the nearest."""
    grid, stations = layers.grid, layers.stations
    x, y = np.meshgrid(grid.x_m(), grid.y_m())
    far = np.stack([np.hypot(x - p.x, y - p.y) for p in stations.geometry])
    level = -89.0 - 38.0 * np.log10(np.maximum(far, 50.0) / 400.0)
    found = {}
    for operator in ("V", "M", ANY):
        mine = np.flatnonzero((stations["operator"] == operator) | (operator == ANY))
        best = mine[level[mine].argmax(axis=0)]
        signal = level.max(axis=0, initial=-np.inf, where=np.isin(np.arange(len(far)), mine)[:, None, None])
        chance = ndtr((signal - THRESHOLD_DBM) / SIGMA_DB).astype(np.float32)
        found["4G", operator] = Reach(
            "4G", operator, "dBm", Raster(signal.astype(np.float32), grid),
            Raster(chance >= np.float32(PROBABILITY), grid), Raster(chance, grid),
            Raster(best.astype(np.int32), grid),
        )  # fmt: skip
    return found


def ranges(layers: Layers, workers: int = 1, **settings: Any) -> Uncertainty:
    asked = UncertaintyTable(**{"draws": 40, **settings})
    of_place = {"villages": np.zeros(25, dtype=np.int64)}
    return uncertainty_of(layers, shares_of(layers), reaches_of(layers), of_place, asked, workers=workers)


def test_without_errors_low_and_high_are_the_figure(ground: Layers) -> None:
    table = ranges(ground, **NOTHING).table
    people = ground.population.people.values
    halves = {"99": np.s_[:, :], "00001": np.s_[:, :18], "00002": np.s_[:, 18:]}
    for operator in ("V", "M", ANY):
        covered = reaches_of(ground)["4G", operator].covered.values
        for code, half in halves.items():
            row = table[(table.code == code) & (table.operator == operator)].set_index("indicator")
            share = 100.0 * people[half][covered[half]].sum() / people[half].sum()
            assert row.loc["population", ["low", "high"]].tolist() == pytest.approx([share, share])
            area = 100.0 * covered[half].mean()
            assert row.loc["area", ["low", "high"]].tolist() == pytest.approx([area, area])
        points = ground.places["villages"].geometry
        served = covered[ground.grid.index(points.x.to_numpy(), points.y.to_numpy())]
        own = table[(table.code == "99") & (table.operator == operator)].set_index("indicator")
        assert own.loc["places:villages", "low"] == pytest.approx(100.0 * served.mean())


def test_the_same_on_any_number_of_workers_and_another_for_another_seed(ground: Layers) -> None:
    one, three = ranges(ground, workers=1), ranges(ground, workers=3)
    assert one.table.equals(three.table)
    assert one.ranks.equals(three.ranks)
    assert not one.table["low"].equals(ranges(ground, seed=2).table["low"])


def test_any_operator_is_never_below_one_and_more_error_widens(ground: Layers) -> None:
    found = ranges(ground, draws=60)
    own = found.table[found.table.indicator == "population"].set_index(["code", "operator"])
    for code in ("99", "00001", "00002"):
        for operator in ("V", "M"):
            for column in ("low", "high", "heard"):
                assert own.loc[(code, ANY), column] >= own.loc[(code, operator), column] - 1e-9
    narrow = ranges(ground, residual_db=2.0, bias_db=0.0).table
    wide = ranges(ground, residual_db=8.0, bias_db=3.0).table
    width = [(t["high"] - t["low"])[t.level == "province"].sum() for t in (narrow, wide)]
    assert width[1] > 1.5 * width[0]


def test_expected_share_that_hears_is_the_sum_of_the_chances(ground: Layers) -> None:
    """Each place's spread is that of errors and of means over cells together; sums know no correlation."""
    found = ranges(ground, draws=300, residual_db=4.0, bias_db=0.0)
    people = ground.population.people.values
    for operator in ("V", "M"):
        reach = reaches_of(ground)["4G", operator]
        kept = SIGMA_DB * np.sqrt(cell_share(100.0, 500.0))
        chance = ndtr((reach.signal.values - THRESHOLD_DBM) / np.hypot(4.0, kept))
        expected = 100.0 * (people * chance).sum() / people.sum()
        own = found.table[(found.table.code == "99") & (found.table.operator == operator)]
        heard = own.set_index("indicator").loc["population", "heard"]
        assert heard == pytest.approx(expected, abs=1.5)


def circles_of(layers: Layers, radius_m: float = 800.0) -> tuple[Layers, dict[tuple[str, str], Reach]]:
    """Circles of ``radius_m`` instead of levels."""
    grid, stations = layers.grid, layers.stations
    x, y = np.meshgrid(grid.x_m(), grid.y_m())
    found = {}
    for operator in ("V", "M", ANY):
        mine = stations.geometry[(stations["operator"] == operator) | (operator == ANY)]
        far = np.min([np.hypot(x - p.x, y - p.y) for p in mine], axis=0)
        found["4G", operator] = Reach(
            "4G", operator, "m", Raster(far.astype(np.float32), grid), Raster(far <= radius_m, grid)
        )
    service = RangeService(model="range", radius_m=radius_m)
    project = layers.project.model_copy(update={"services": {"4G": service}})
    return dataclasses.replace(layers, project=project), found


def circle_ranges(layers: Layers, **settings: Any) -> Uncertainty:
    circled, reaches = circles_of(layers)
    of_place = {"villages": np.zeros(25, dtype=np.int64)}
    return uncertainty_of(
        circled, shares_of(circled), reaches, of_place, UncertaintyTable(**{"draws": 40, **settings})
    )


def test_circles_are_exact_only_where_they_are_said_to_be(ground: Layers) -> None:
    exact = circle_ranges(ground, circle_slope_db=0.0)
    assert exact.fixed == ("4G",)
    assert exact.table["low"].equals(exact.table["high"])
    assert exact.table["heard"].isna().all()
    still = circle_ranges(ground, **NOTHING)
    assert np.allclose(still.table["low"], exact.table["low"], equal_nan=True)
    assert np.allclose(still.table["high"], exact.table["high"], equal_nan=True)


def test_one_error_for_all_moves_the_radius_by_its_decades(ground: Layers) -> None:
    """With a bias alone every circle has the radius R 10^(bias / slope): areas counted by hand."""
    found = circle_ranges(ground, draws=400, residual_db=0.0, bias_db=2.0, correlation_m=150.0)
    assert found.fixed == ()
    assert found.table["heard"].isna().all()
    grid, points = ground.grid, ground.stations.geometry
    x, y = np.meshgrid(grid.x_m(), grid.y_m())
    far = np.min([np.hypot(x - p.x, y - p.y) for p in points], axis=0)
    row = found.table[(found.table.operator == ANY) & (found.table.code == "99")].set_index("indicator")
    for end, z in (("low", -1.645), ("high", 1.645)):
        area = 100.0 * (far <= 800.0 * 10.0 ** (2.0 * z / 35.2)).mean()
        assert row.loc["area", end] == pytest.approx(area, abs=3.0)


def test_another_raster_and_official_figures_move_people_only(ground: Layers) -> None:
    other = ground.population.people.values[:, ::-1].copy()
    layers = dataclasses.replace(
        ground, second_population=Population(Raster(other, ground.grid), float(other.sum()), 0.0),
        communes=ground.communes.assign(population=[9000.0, 100.0]),
    )  # fmt: skip
    found = ranges(layers, **NOTHING)
    assert found.people_variants == 4
    table = found.table[found.table.operator == ANY].set_index(["code", "indicator"])
    covered = reaches_of(ground)["4G", ANY].covered.values
    shares = [100.0 * p[covered].sum() / p.sum() for p in (ground.population.people.values, other)]
    low, high = table.loc[("99", "population"), ["low", "high"]]
    assert low <= min(shares) + 1e-9
    assert high >= max(shares) - 1e-9
    assert table.loc[("99", "area"), "low"] == table.loc[("99", "area"), "high"]


def test_old_boundaries_move_the_shares_of_communes_and_not_of_the_province(ground: Layers) -> None:
    """The old communes of two new ones meet two cells east of where the new ones do."""
    whole = {new: links for new, links in crosswalk().parts.items() if links and all(x.whole for x in links)}
    codes = sorted(whole)[:2]
    left, bottom, right, top = ground.grid.bounds
    meet = (left + right) / 2 + 2 * ground.grid.cell_m
    shapes = {}
    for code, (west, east) in zip(codes, ((left, meet), (meet, right)), strict=True):
        # A commune of several old ones: as many strips, which make up the same ground.
        edges = np.linspace(bottom, top, len(whole[code]) + 1)
        strips = zip(whole[code], edges, edges[1:], strict=False)
        shapes |= {link.old: box(west, low, east, high) for link, low, high in strips}
    communes = ground.communes.assign(commune_code=codes)
    drawn = np.array(list(shapes.values()), dtype=object)
    old = OldCommunes(tuple(shapes), drawn, Province(ground.grid, communes))
    layers = dataclasses.replace(ground, communes=communes, old_communes=old)
    found = ranges(layers, **NOTHING)
    assert found.people_variants == 2
    table = found.table[found.table.operator == ANY].set_index(["code", "indicator"])
    covered, people = reaches_of(ground)["4G", ANY].covered.values, ground.population.people.values
    sides = (np.s_[:, :18], np.s_[:, :20]), (np.s_[:, 18:], np.s_[:, 20:])
    for code, halves in zip(codes, sides, strict=True):
        for indicator, weights in (("population", people), ("area", np.ones(SHAPE))):
            ends = sorted(100.0 * weights[h][covered[h]].sum() / weights[h].sum() for h in halves)
            assert ends[0] < ends[1] - 0.1
            assert table.loc[(code, indicator), ["low", "high"]].tolist() == pytest.approx(ends)
    low, high = table.loc[("99", "population"), ["low", "high"]]
    assert low == pytest.approx(high)


def test_order_of_neighbours_is_told_with_its_chance(ground: Layers) -> None:
    sure = ranges(ground, **NOTHING)
    assert sure.order["chance"].tolist() == [0.0]
    assert not len(sure.uncertain_pairs("4G"))
    unsure = ranges(ground, draws=200, residual_db=10.0, residual_correlation_m=3000.0)
    row = unsure.order.iloc[0]
    assert row["percent"] <= row["next_percent"]
    assert 0.03 < row["chance"] < 0.9
    assert (unsure.ranks["rank_low"] == 1.0).all()
    assert (unsure.ranks["rank_high"] == 2.0).all()


def truth(
    layers: Layers, rng: np.random.Generator, roots: dict[str, np.ndarray], settings: Any
) -> np.ndarray:
    """Return the true shares of province and communes, by criterion and heard; dense factors, no FFT."""
    people = layers.population.people.values.ravel()
    n = len(people)
    bias = settings.bias_db * rng.standard_normal()

    def error(root: np.ndarray) -> np.ndarray:
        fields = root @ rng.standard_normal((n, 1 + len(layers.stations)))
        return np.sqrt(settings.common) * fields[:, :1] + np.sqrt(1 - settings.common) * fields[:, 1:]

    residual, shadow = error(roots["residual"]), error(roots["shadow"])
    met, heard = np.zeros(n, bool), np.zeros(n, bool)
    for operator in ("V", "M"):
        reach = reaches_of(layers)["4G", operator]
        signal, best = (a.values.ravel() for a in (reach.signal, reach.best_server))
        level = signal + bias + settings.residual_db * residual[np.arange(n), best]
        met |= level >= THRESHOLD_DBM + ndtri(PROBABILITY) * SIGMA_DB
        kept = SIGMA_DB * np.sqrt(cell_share(100.0, settings.correlation_m))
        heard |= level + kept * shadow[np.arange(n), best] >= THRESHOLD_DBM
    west = np.tile(np.arange(SHAPE[1]) < 18, SHAPE[0])
    return np.array([
        [100.0 * people[m & some].sum() / people[some].sum() for some in (np.ones(n, bool), west, ~west)]
        for m in (met, heard)
    ])  # fmt: skip


@pytest.mark.slow
def test_ninety_per_cent_ranges_hold_nine_times_in_ten(ground: Layers) -> None:
    settings = UncertaintyTable(draws=400, residual_correlation_m=900.0, correlation_m=500.0)
    found = uncertainty_of(
        ground, shares_of(ground), reaches_of(ground), {"villages": np.zeros(25, dtype=np.int64)}, settings
    )
    own = found.table[(found.table.indicator == "population") & (found.table.operator == ANY)]
    low, high = (own[[f"{p}{e}" for p in ("", "heard_")]].to_numpy().T for e in ("low", "high"))
    grid = ground.grid
    x, y = (a.ravel() for a in np.meshgrid(grid.x_m(), grid.y_m()))
    far = np.hypot(x[:, None] - x, y[:, None] - y)
    roots = {
        name: np.linalg.cholesky(np.exp(-far / correlation) + 1e-9 * np.eye(len(x)))
        for name, correlation in (("residual", 900.0), ("shadow", 500.0))
    }
    rng = np.random.default_rng(7)
    truths = np.stack([truth(ground, rng, roots, settings) for _ in range(800)])
    held = ((truths >= low - 1e-9) & (truths <= high + 1e-9)).mean(axis=0)
    assert ((held > 0.85) & (held < 0.95)).all(), held


def official_ranges(layers: Layers, **settings: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tidy table with lows and highs, and the villages, of layers with further columns."""
    villages = layers.places["villages"]
    rng = np.random.default_rng(3)
    villages = villages.assign(
        households=rng.integers(20, 90, 25), has_grid_power=rng.random(25) < 0.8,
        disadvantaged=rng.random(25) < 0.4, key=rng.random(25) < 0.3, lon=0.0, lat=0.0,
    )  # fmt: skip
    communes = layers.communes.assign(commune_name=["Phường A", "Xã B"], disadvantaged=["x", ""])
    project = layers.project.model_copy(update={
        "settlements": SettlementsTable(min_people_per_km2=1500.0, min_people=60.0),
        "villages": VillagesTable(radius_m=500.0, outlying_people=15.0),
    })  # fmt: skip
    layers = dataclasses.replace(
        layers, places={"villages": villages}, communes=communes, project=project,
        population=dataclasses.replace(
            layers.population, people=Raster(np.round(layers.population.people.values), layers.grid)
        ),
    )  # fmt: skip
    shares, reaches = shares_of(layers), reaches_of(layers)
    of_place = {"villages": np.zeros(25, dtype=np.int64)}
    areas = find_settlements(layers.grid, shares, project.settlements)
    table = village_table(layers, shares, reaches, of_place["villages"])
    nowhere = np.zeros(len(layers.stations), dtype=np.int64)
    figures = indicator_table(layers, shares, reaches, of_place, nowhere, areas, table)
    asked = UncertaintyTable(**{"draws": 60, **settings})
    found = uncertainty_of(layers, shares, reaches, of_place, asked, areas=areas, villages=table, workers=1)
    return with_ranges(figures, found)[0], table


def test_every_percentage_has_a_low_and_a_high(ground: Layers) -> None:
    """Without errors they are the figure, of villages, areas, town and country as well; with them, not."""
    exact, villages = official_ranges(ground, **NOTHING)
    shown = exact[exact["percent"].notna()]
    assert {"settlements", "trang", "lom", "trang_households", "lom_no_power", "key_locations",
            "villages_disadvantaged", "population_urban", "population_rural", "population_disadvantaged",
            "shared_sites"} <= set(shown["indicator"])  # fmt: skip
    assert {"trang", "lom", "served"} == set(villages["state"])
    for end in ("low", "high"):
        assert shown[end].tolist() == pytest.approx(shown["percent"].tolist())
    assert exact.loc[exact["percent"].isna(), ["low", "high"]].isna().all(axis=None)
    wide, _ = official_ranges(ground, residual_db=4.0)
    own = wide[(wide["level"] == "province") & (wide["operator"] == ANY) & (wide["service"] == "4G")]
    own = own.set_index("indicator")
    for indicator in ("settlements", "trang", "lom", "trang_households", "key_locations", "population_urban"):
        assert own.loc[indicator, "low"] < own.loc[indicator, "high"], indicator
    # What is no signal is the rest of what has some, in every draw.
    served = own.loc["places:villages"]
    assert own.loc["trang", "low"] == pytest.approx(100.0 - served["high"])
    assert own.loc["trang", "high"] == pytest.approx(100.0 - served["low"])


@tries(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 0.9))
def test_clusters_left_out_are_those_of_labelled_patches(seed: int, share: float) -> None:
    """Against scipy's labels, cell by cell: any pattern, holes and spirals included."""
    rng = np.random.default_rng(seed)
    rows, columns, count = 9, 11, 4
    there = rng.random((rows, columns)) < 0.85
    covered = rng.random((rows, columns)) < share
    people = rng.integers(1, 9, (rows, columns)).astype(float)
    owner = rng.integers(0, count, (rows, columns))
    cells = np.flatnonzero(there)
    grid = Grid(CRS.from_epsg(32649), 0.0, 0.0, 100.0, (rows, columns))
    wanted = outlying_people(
        Raster(covered, grid), people.ravel(), cells, owner.ravel()[cells], count
    )
    number = np.full((rows + 1, columns + 2), -1, dtype=np.int32)
    inner = number[1:, 1:-1]
    inner[there] = np.arange(len(cells))
    row, col = np.divmod(cells, columns)
    before = np.stack([number[row + 1, col], number[row, col], number[row, col + 1], number[row, col + 2]], 1)
    mine = owner.ravel()[cells]
    order = np.argsort(mine, kind="stable")
    ground = Ground(
        cells, before, np.searchsorted(mine[order], np.arange(count + 1)), order.astype(np.int32),
        people.ravel()[cells][order],
    )  # fmt: skip
    found = ground.left_out(covered.ravel()[cells].astype(np.uint64), np.ones((1, count), dtype=bool))
    assert found[0].tolist() == wanted.tolist()
