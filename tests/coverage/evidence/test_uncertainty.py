"""Lows and highs: without errors they are the figure; with them, truths drawn by other means lie between."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from shapely.geometry import box

from phusong.coverage.analyse import shares_of
from phusong.coverage.evidence.fields import cell_share
from phusong.coverage.evidence.uncertainty import Uncertainty, uncertainty_of
from phusong.coverage.result import ANY, Reach
from phusong.layers.grid import Raster
from phusong.layers.inventory import Layers, Population
from phusong.layers.project import FlatService
from phusong.layers.project_uncertainty import UncertaintyTable

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


def test_circles_have_no_error_of_their_own(ground: Layers) -> None:
    circles = {
        key: dataclasses.replace(reach, unit="m", probability=None)
        for key, reach in reaches_of(ground).items()
    }
    asked = UncertaintyTable(draws=20)
    found = uncertainty_of(
        ground, shares_of(ground), circles, {"villages": np.zeros(25, dtype=np.int64)}, asked
    )
    assert found.fixed == ("4G",)
    assert found.table["low"].equals(found.table["high"])
    assert found.table["heard"].isna().all()


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
