"""Prediction against a plain computation, and what must not change it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from geopandas import GeoSeries
from pyproj import Geod
from scipy.stats import norm

from phusong.coverage.radio import predict
from phusong.coverage.radio.antenna import pattern_gain_db
from phusong.coverage.radio.link_budget import Budget, noise_dbm, penetration_loss_db, reference_share_db
from phusong.coverage.radio.model import Limit, Link
from phusong.coverage.radio.models import FLAT_MODELS, path_loss_of
from phusong.coverage.radio.pathloss import Field, FlatPathLoss, Site, Window
from phusong.coverage.result import ANY
from phusong.layers.faults import ExpectedError
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService, TerrainService

Network = Callable[..., Layers]

SECTORS = [
    {"site_id": site, "operator": operator, "x": x, "y": y, "azimuth_deg": azimuth, "frequency_mhz": f,
     "antenna_height_m": height, "tilt_deg": tilt, "eirp_dbm": eirp}
    for site, operator, x, y, f, height, eirp in (
        ("A", "V", 2030.0, -1510.0, 1800.0, 30.0, 45.0),
        ("A", "V", 2030.0, -1510.0, 2100.0, 34.0, 45.0),
        ("B", "M", 5920.0, -4480.0, 1800.0, 42.0, 43.0),
        ("C", "V", 6000.0, -500.0, 1800.0, 24.0, 41.0),
        ("D", "M", -900.0, -3000.0, 1800.0, 30.0, 47.0),
    )
    for azimuth, tilt in ((10.0, 2.0), (130.0, 6.0), (250.0, 4.0))
] + [{"site_id": "E", "operator": "V", "x": 4000.0, "y": -3000.0, "eirp_dbm": 35.0}]  # fmt: skip


@dataclass
class Plain:
    """One operator, from whole-grid arrays and the formulas alone."""

    signal: np.ndarray
    probability: np.ndarray
    servers: np.ndarray
    best: np.ndarray
    lead: np.ndarray


def plainly(layers: Layers, service: FlatService, operator: str) -> Plain:
    grid, stations = layers.grid, layers.stations
    shape = grid.shape
    signals, chances, rows = [], [], []
    for row, cell in enumerate(stations.itertuples()):
        if operator not in (ANY, cell.operator):
            continue
        link = Link(cell.frequency_mhz, cell.antenna_height_m, service.receiver_height_m, service.environment)
        dx, dy = np.meshgrid(grid.x_m() - cell.geometry.x, grid.y_m() - cell.geometry.y)
        d = np.hypot(dx, dy)
        # Meridian convergence from the series for the transverse Mercator, not from a transformation.
        convergence = math.degrees(
            math.atan(math.tan(math.radians(cell.lon - 111.0)) * math.sin(math.radians(cell.lat)))
        )
        gain = pattern_gain_db(
            np.degrees(np.arctan2(dx, dy)) + convergence,
            np.degrees(np.arctan2(link.rx_height_m - link.tx_height_m, d)),
            azimuth_deg=cell.azimuth_deg, tilt_deg=cell.tilt_deg, beamwidth_deg=cell.beamwidth_deg,
        )  # fmt: skip
        extra, spread = penetration_loss_db(service.penetration, link.frequency_mhz, service.penetration_db)
        share, _ = reference_share_db("4G", cell.bandwidth_mhz, cell.frequency_mhz)
        signal, chance = np.zeros(shape), np.zeros(shape)
        for s in FLAT_MODELS[service.model].states(d, link):
            rsrp = cell.eirp_dbm - share + gain - s.loss_db
            sigma = np.hypot(s.sigma_db if service.sigma_db is None else service.sigma_db, spread)
            signal += s.weight * rsrp
            chance += s.weight * norm.cdf((rsrp - extra - service.threshold_dbm) / sigma)
        heard = (d <= service.max_distance_m) & (
            (signal >= service.threshold_dbm - 15) | (chance >= service.probability)
        )
        signals.append(np.where(heard, signal, -np.inf))
        chances.append(np.where(heard, chance, 0.0))
        rows.append(row)
    stack, chance = np.array(signals), np.array(chances)
    order = np.sort(stack, axis=0)
    return Plain(
        np.where(np.isfinite(order[-1]), order[-1], np.nan),
        chance.max(axis=0),
        (chance >= service.probability).sum(axis=0),
        np.where(np.isfinite(order[-1]), np.array(rows)[stack.argmax(axis=0)], -1),
        order[-1] - np.where(np.isfinite(order[-2]), order[-2], -999.0),
    )


CASES = [
    {"model": "hata", "environment": "suburban"},
    {"model": "cost231", "environment": "urban", "penetration": "in-car", "max_distance_m": 3333.0},
    {"model": "cost231", "environment": "rural", "penetration": "indoor", "sigma_db": 6.0},
    {"model": "tr38901-rma", "probability": 0.75},
    {"model": "tr38901-uma", "penetration_db": 8.0, "threshold_dbm": -115.0},
    {"model": "tr38901-umi", "probability": 0.5},
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["model"] + c.get("penetration", ""))
def test_equals_the_plain_computation(network: Network, case: dict[str, object]) -> None:
    layers = network(SECTORS)
    service = FlatService(**case)  # type: ignore[arg-type]
    prediction = predict.predict_service(layers, "4G", service, workers=2)
    assert [r.operator for r in prediction.reaches] == ["M", "V", ANY]
    for reach in prediction.reaches:
        plain = plainly(layers, service, reach.operator)
        assert np.isfinite(plain.signal).mean() > 0.02
        # Cells at the very floor may fall on either side of it in float32.
        clear = np.abs(np.nan_to_num(plain.signal, nan=-999.0) - (service.threshold_dbm - 15)) > 1e-3
        np.testing.assert_allclose(reach.signal.values[clear], plain.signal[clear], atol=2e-4)
        np.testing.assert_allclose(reach.probability.values[clear], plain.probability[clear], atol=2e-5)
        sure = clear & (np.abs(plain.probability - service.probability) > 2e-5)
        np.testing.assert_array_equal(
            reach.covered.values[sure], (plain.probability >= service.probability)[sure]
        )
        assert np.mean(reach.servers.values == plain.servers) > 0.998
        np.testing.assert_array_equal(reach.covered.values, reach.servers.values > 0)
        heard = clear & (plain.best >= 0)
        apart = heard & (plain.lead > 1e-3)
        np.testing.assert_array_equal(reach.best_server.values[apart], plain.best[apart])
        assert apart.sum() > 0.9 * heard.sum()
        assert (reach.best_server.values[clear & (plain.best < 0)] == -1).all()


def test_azimuths_are_true_not_grid(network: Network) -> None:
    layers = network([{"x": 4000.0, "y": -3000.0, "azimuth_deg": 45.0, "beamwidth_deg": 30.0}])
    reach = predict.predict_service(layers, "4G", FlatService(model="hata")).of("V")
    x, y = (v.ravel() for v in np.meshgrid(layers.grid.x_m(), layers.grid.y_m()))
    centre = GeoSeries.from_xy(x, y, crs=layers.grid.crs).to_crs(4326)
    lon, lat = (np.full(len(x), layers.stations[c].iloc[0]) for c in ("lon", "lat"))
    bearing, _, _ = Geod(ellps="WGS84").inv(lon, lat, centre.x, centre.y)
    station = layers.stations.geometry.iloc[0]
    distance = np.hypot(x - station.x, y - station.y)
    gain = pattern_gain_db(
        bearing, np.degrees(np.arctan2(-28.5, distance)), azimuth_deg=45.0, tilt_deg=4.0, beamwidth_deg=30.0
    )
    loss = FLAT_MODELS["hata"].loss_db(distance, Link(1800.0, 30.0, 1.5, "rural"))
    wanted = 60.0 - 10 * math.log10(1200) - loss + gain
    # The grid's north lies 0.6 degrees off the true one here: 0.5 dB on the flanks of the beam.
    flank = (gain < -10.0) & (gain > -25.0) & (distance > 500.0)
    assert flank.sum() > 300
    np.testing.assert_allclose(reach.signal.values.ravel()[flank], wanted[flank], atol=0.03)


@pytest.mark.parametrize("model", ["cost231", "tr38901-rma"])
def test_same_to_the_bit_for_any_workers(
    network: Network, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(11)
    cells = [
        {"x": x, "y": y, "operator": "VM"[n % 2], "azimuth_deg": a, "eirp_dbm": 52.0}
        for n, (x, y) in enumerate(rng.uniform((0, -6000), (8000, 0), (25, 2)))
        for a in (0.0, 120.0, 240.0)
    ]
    layers = network(cells)
    service = FlatService(model=model, sinr=True)
    one = predict.predict_service(layers, "4G", service, workers=1)
    monkeypatch.setattr(predict, "_BATCH_BYTES", 1 << 20)
    monkeypatch.setattr(predict, "_BAND_ROWS", 7)
    for workers in (2, 4):
        other = predict.predict_service(layers, "4G", service, workers=workers)
        for a, b in zip(one.reaches, other.reaches, strict=True):
            for name in ("signal", "probability", "covered", "best_server", "servers", "sinr"):
                left, right = getattr(a, name).values, getattr(b, name).values
                assert left.dtype == right.dtype
                assert left.tobytes() == right.tobytes(), name


def test_ties_go_to_the_lower_row(network: Network) -> None:
    here = {"x": 4000.0, "y": -3000.0}
    layers = network([{"x": 1000.0, "y": -1000.0, "eirp_dbm": 10.0}, here, here, {**here, "operator": "M"}])
    service = FlatService(model="hata")
    prediction = predict.predict_service(layers, "4G", service)
    assert set(np.unique(prediction.of("V").best_server.values)) <= {-1, 0, 1}
    assert set(np.unique(prediction.of("M").best_server.values)) <= {-1, 3}
    any_best = prediction.of(ANY).best_server.values
    assert (any_best == 1).any()
    assert not np.isin(any_best, [2, 3]).any()
    np.testing.assert_array_equal(
        prediction.of(ANY).servers.values,
        prediction.of("V").servers.values + prediction.of("M").servers.values,
    )


def test_any_is_the_best_of_operators(network: Network) -> None:
    prediction = predict.predict_service(network(SECTORS), "4G", FlatService(model="tr38901-rma"))
    m, v, both = prediction.reaches
    np.testing.assert_array_equal(both.covered.values, m.covered.values | v.covered.values)
    np.testing.assert_array_equal(both.signal.values, np.fmax(m.signal.values, v.signal.values))
    np.testing.assert_array_equal(
        both.probability.values, np.maximum(m.probability.values, v.probability.values)
    )
    assert both.probability.values.min() >= 0.0
    assert both.probability.values.max() <= 1.0
    assert ((both.best_server.values >= 0) == np.isfinite(both.signal.values)).all()


def test_signal_falls_by_exactly_the_loss(network: Network) -> None:
    layers = network([{"x": 50.0, "y": -50.0}])
    service = FlatService(model="hata", environment="rural")
    reach = predict.predict_service(layers, "4G", service).of("V")
    link = Link(1800.0, 30.0, 1.5, "rural")
    distance = 100.0 * np.arange(80)
    gain = pattern_gain_db(90.0, np.degrees(np.arctan2(-28.5, distance)), azimuth_deg=math.nan, tilt_deg=4.0)
    sent = 60.0 - 10 * math.log10(1200)
    np.testing.assert_allclose(
        reach.signal.values[0], sent + gain - FLAT_MODELS["hata"].loss_db(distance, link), atol=1e-4
    )


@pytest.mark.parametrize("model", sorted(set(FLAT_MODELS) - {"free-space"}))
@pytest.mark.parametrize("reference_dbm", [-20.0, 5.0, 30.0])
def test_nothing_is_heard_beyond_the_bound(model: str, reference_dbm: float, network: Network) -> None:
    layers = network([{"x": 50.0, "y": -50.0}])
    loss = FlatPathLoss(FLAT_MODELS[model], layers.grid)
    budget = Budget(reference_dbm, -110.0, 0.0, math.nan, 0.9, -125.0)
    link = Link(1800.0, 30.0)
    bound = loss.bound_m(link, budget, 50_000.0)
    assert 0.0 < bound <= 50_000.0
    if bound < 50_000.0:
        beyond = FLAT_MODELS[model].states(np.linspace(bound + 0.01, 60_000.0, 5000), link)
        median = sum(s.weight * (reference_dbm - s.loss_db) for s in beyond)
        chance = sum(s.weight * norm.cdf((reference_dbm - s.loss_db + 110) / s.sigma_db) for s in beyond)
        assert median.max() < -125.0
        assert chance.max() < 0.9
        # And the bound is no wider than it has to be.
        near = FLAT_MODELS[model].loss_db(np.array([0.99 * bound]), link)
        assert reference_dbm - near[0] > -125.5 or reference_dbm - near[0] > -110


def test_sinr_of_two_cells(network: Network) -> None:
    cells = [
        {"x": 2000.0, "y": -3000.0}, {"x": 6000.0, "y": -3000.0},
        {"x": 4000.0, "y": -3000.0, "frequency_mhz": 2100.0, "eirp_dbm": 20.0},
        {"x": 4000.0, "y": -1000.0, "operator": "M"},
    ]  # fmt: skip
    layers = network(cells)
    service = FlatService(model="hata", sinr=True, load=0.4)
    prediction = predict.predict_service(layers, "4G", service)
    alone = [
        predict.predict_service(network([cell]), "4G", service).of(cell.get("operator", "V"))
        for cell in cells[:2]
    ]
    first, second = (10.0 ** (reach.signal.values.astype(float) / 10.0) for reach in alone)
    noise = 10.0 ** (noise_dbm("4G", 1800.0) / 10.0)
    best = prediction.of("V").best_server.values
    strong = np.isfinite(first) & np.isfinite(second) & (best != 2)
    wanted = np.maximum(first, second) / (0.4 * np.minimum(first, second) + noise)
    assert strong.mean() > 0.5
    np.testing.assert_allclose(
        prediction.of("V").sinr.values[strong], 10 * np.log10(wanted)[strong], atol=1e-3
    )
    # Another operator, and another frequency, do not interfere.
    m = prediction.of("M")
    heard = np.isfinite(m.signal.values)
    np.testing.assert_allclose(
        m.sinr.values[heard], m.signal.values[heard] - noise_dbm("4G", 1800.0), atol=1e-3
    )
    assert predict.predict_service(layers, "4G", FlatService(model="hata")).of("V").sinr is None


@dataclass(frozen=True)
class Shadowed:
    """A model over terrain that anyone could plug in: free space, and nothing behind x = 4 km."""

    layers: Layers
    name: str = "shadowed"
    limits: tuple[Limit, ...] = (Limit("frequency_mhz", 30.0, 1000.0, "MHz"),)
    over_terrain: bool = True

    def bound_m(self, link: Link, budget: Budget, max_distance_m: float) -> float:
        return max_distance_m

    def fields(self, site: Site, links: Sequence[Link]) -> tuple[Field, ...]:
        loss = np.full(site.window.shape, 100.0, dtype=np.float32)
        x = self.layers.grid.x_m()[site.window.slices[1]]
        loss[:, x > self.layers.grid.left_m + 4000.0] = np.nan
        one = np.ones_like(loss)[None]
        return tuple(Field(one, loss[None], 6.0 * one) for _ in links)


def test_other_models_plug_in(network: Network) -> None:
    terrain = np.zeros((60, 80))
    terrain[:, 20:30] = 400.0
    terrain[5, 25] = np.nan
    layers = network([{"x": 1050.0, "y": -3050.0, "tilt_deg": 0.0}], terrain=terrain)
    service = TerrainService(model="p1812")
    prediction = predict.predict_service(layers, "4G", service, path_loss=Shadowed(layers))
    reach = prediction.of("V")
    assert np.isnan(reach.signal.values[:, 40:]).all()
    assert (reach.best_server.values[:, 40:] == -1).all()
    assert not reach.covered.values[:, 40:].any()
    # The antenna looks at the horizon: the plateau 1.5 km away stands 14 degrees above it.
    x, y = layers.grid.x_m(), layers.grid.y_m()
    d = math.hypot(x[25] - layers.stations.geometry.x[0], y[30] - layers.stations.geometry.y[0])
    lift = math.degrees(math.atan2(400.0 - 28.5 - d * d / 1.7e7, d))
    wanted = 60.0 - 10 * math.log10(1200) - 100.0 - min(0.12 * lift**2, 30.0)
    assert reach.signal.values[30, 25] == pytest.approx(wanted, abs=1e-3)
    assert np.isfinite(reach.signal.values[5, 25])
    assert [fault.code for fault in prediction.faults] == ["services.outside-frequency"]


def test_terrain_models_need_terrain(network: Network) -> None:
    layers = network([{"x": 0.0, "y": 0.0}])
    with pytest.raises(ExpectedError) as caught:
        path_loss_of(layers, TerrainService(model="p1812"))
    assert caught.value.say("vi") != caught.value.say("en")


def test_what_lies_outside_the_range_is_counted(network: Network) -> None:
    cells = [
        {"x": 4050.0, "y": -3050.0, "antenna_height_m": 20.0, "bandwidth_mhz": 12.0},
        {"x": 4050.0, "y": -3050.0, "frequency_mhz": 900.0},
        {"x": 900_000.0, "y": 0.0, "frequency_mhz": 900.0},
    ]
    layers = network(cells)
    prediction = predict.predict_service(layers, "4G", FlatService(model="hata"))
    faults = {fault.code: fault for fault in prediction.faults}
    assert set(faults) == {
        "services.outside-distance", "services.outside-frequency", "services.outside-tx-height",
        "services.bandwidth", "services.beyond-grid",
    }  # fmt: skip
    assert all(fault.severity == "warning" and fault.layer == "services.4G" for fault in prediction.faults)
    assert faults["services.outside-frequency"].values["n"] == 1
    assert faults["services.outside-tx-height"].values["n"] == 1
    assert faults["services.bandwidth"].values["n"] == 1
    assert faults["services.beyond-grid"].values["n"] == 1
    site = layers.stations.geometry.iloc[0]
    dx, dy = np.meshgrid(layers.grid.x_m() - site.x, layers.grid.y_m() - site.y)
    within = np.count_nonzero(np.hypot(dx, dy) < 1000.0)
    assert faults["services.outside-distance"].values["n"] == within
    assert faults["services.outside-distance"].values["total"] == layers.grid.size
    for fault in prediction.faults:
        assert "{" not in fault.say("vi") + fault.say("en")
        vi, en = fault.text.fields()
        assert vi == en


def test_no_cell_of_the_technology(network: Network) -> None:
    layers = network([{"x": 0.0, "y": 0.0, "technology": "4G"}])
    for service in (FlatService(model="hata", sinr=True), FlatService(model="tr38901-rma")):
        prediction = predict.predict_service(layers, "5G", service)
        assert [fault.code for fault in prediction.faults] == ["services.no-stations"]
        assert [reach.operator for reach in prediction.reaches] == ["V", ANY]
        assert not prediction.of(ANY).covered.values.any()
        assert np.isnan(prediction.of("V").signal.values).all()


def test_cells_without_operator_count_for_any_alone(network: Network) -> None:
    layers = network([{"x": 4000.0, "y": -3000.0, "operator": None}])
    prediction = predict.predict_service(layers, "4G", FlatService(model="hata"))
    assert [reach.operator for reach in prediction.reaches] == [ANY]
    assert prediction.of(ANY).covered.values.any()


def test_progress_rises_to_one(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict, "_BATCH_BYTES", 1)
    seen: list[float] = []
    predict.predict_service(network(SECTORS), "4G", FlatService(model="hata"), progress=seen.append)
    assert len(seen) == 5
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_windows_hold_every_centre_within_the_radius(network: Network) -> None:
    grid = network([]).grid
    rng = np.random.default_rng(2)
    for x, y, radius in rng.uniform((-2000, -2000, 0), (10_000, 8000, 3000), (200, 3)):
        sx, sy = grid.left_m + x, grid.top_m - y
        window = Window.around(grid, sx, sy, radius)
        dx, dy = np.meshgrid(grid.x_m() - sx, grid.y_m() - sy)
        inside = np.hypot(dx, dy) <= radius
        cut = inside.copy()
        cut[window.slices] = False
        assert not cut.any()
        assert max(window.shape) <= 2 * radius / grid.cell_m + 1.001
