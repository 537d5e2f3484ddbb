"""Circles round sites, against every distance there is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from phusong.coverage.radio.predict import predict_service
from phusong.coverage.result import ANY
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import RangeService

Network = Callable[..., Layers]


def all_distances(layers: Layers) -> np.ndarray:
    x, y = np.meshgrid(layers.grid.x_m(), layers.grid.y_m())
    points = layers.stations.geometry
    return np.array([np.hypot(x - px, y - py) for px, py in zip(points.x, points.y, strict=True)])


@pytest.mark.parametrize("workers", [1, 3])
def test_equals_brute_force(network: Network, workers: int) -> None:
    rng = np.random.default_rng(7)
    cells = [
        {"x": x, "y": y, "operator": "VM"[n % 2], "technology": ("4G", "4G", "5G")[n % 3]}
        for n, (x, y) in enumerate(rng.uniform((-3000, -30_000), (33_000, 3000), (60, 2)))
        for _ in range(2)
    ]
    layers = network(cells, shape=(200, 310))
    distance = all_distances(layers)
    service = RangeService(model="range", radius_m=1700.0)
    for technology in ("4G", "5G"):
        prediction = predict_service(layers, technology, service, workers=workers)
        assert [r.operator for r in prediction.reaches] == ["M", "V", ANY]
        assert prediction.faults == ()
        for reach in prediction.reaches:
            mine = (layers.stations["technology"] == technology).to_numpy()
            if reach.operator != ANY:
                mine = mine & (layers.stations["operator"] == reach.operator).to_numpy()
            least = distance[mine].min(axis=0)
            assert reach.unit == "m"
            np.testing.assert_allclose(reach.signal.values, least, rtol=1e-6)
            np.testing.assert_array_equal(reach.covered.values, least <= 1700.0)
            first = np.flatnonzero(mine)[distance[mine].argmin(axis=0)]
            np.testing.assert_array_equal(reach.best_server.values, np.where(least <= 1700.0, first, -1))


def test_the_edge_belongs_to_the_circle_and_ties_to_the_lower_row(network: Network) -> None:
    # Two sites on cell centres, 2 km apart: the cells half way are equally near to both.
    layers = network([{"x": 4050.0, "y": -3050.0}, {"x": 2050.0, "y": -3050.0}])
    reach = predict_service(layers, "4G", RangeService(model="range", radius_m=1000.0)).of("V")
    assert reach.covered.values[30, 10]
    assert not reach.covered.values[30, 9]
    assert reach.best_server.values[30, 30] == 0
    assert reach.best_server.values[30, 29] == 1
    # A hair beyond the radius is out, though float32 cannot tell the distances apart.
    layers = network([{"x": 4050.0 + 1e-5, "y": -3050.0}])
    reach = predict_service(layers, "4G", RangeService(model="range", radius_m=2000.0)).of("V")
    assert reach.signal.values[30, 20] == np.float32(2000.0)
    assert not reach.covered.values[30, 20]
    assert reach.covered.values[30, 60]


def test_no_site(network: Network) -> None:
    prediction = predict_service(
        network([{"x": 0.0, "y": 0.0}]), "5G", RangeService(model="range", radius_m=1000.0)
    )
    assert [fault.code for fault in prediction.faults] == ["services.no-stations"]
    reach = prediction.of(ANY)
    assert np.isnan(reach.signal.values).all()
    assert not reach.covered.values.any()
    assert (reach.best_server.values == -1).all()
