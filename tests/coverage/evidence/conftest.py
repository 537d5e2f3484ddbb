"""A network with a flat model, land cover in stripes, and samples made of its own prediction."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pytest

from phusong.coverage.evidence.compare_points import predict_measured
from phusong.coverage.prediction import Prediction
from phusong.layers.grid import Raster
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService
from phusong.layers.rasters.clutter import CLASSES

SHAPE = (150, 200)
CELL_M = 200.0
SERVICE = FlatService(model="tr38901-rma", technology="4G", max_distance_m=12_000.0)


@pytest.fixture(scope="session")
def stripes(network: Callable[..., Layers]) -> Layers:
    """Twenty-four sectors of two operators on 30 x 40 km; forest and open ground in stripes of 3 km."""
    rng = np.random.default_rng(5)
    cells: list[dict[str, Any]] = []
    for n in range(12):
        x, y = rng.uniform(2000, 38_000), rng.uniform(2000, 28_000)
        for operator in ("V", "W"):
            band = 1800.0 if operator == "V" else 900.0
            cells.append({"x": x, "y": -y, "site_id": f"S{n}", "operator": operator, "frequency_mhz": band})
    layers = network(cells, shape=SHAPE, cell_m=CELL_M)
    forest = (np.arange(SHAPE[1]) // 15) % 2 == 0
    clutter = np.where(np.tile(forest, (SHAPE[0], 1)), CLASSES["forest"], CLASSES["open"]).astype(np.uint8)
    project = layers.project.model_copy(update={"services": {"4G": SERVICE}})
    return dataclasses.replace(layers, project=project, clutter=Raster(clutter, layers.grid))


@pytest.fixture(scope="session")
def predicted(stripes: Layers) -> dict[str, Prediction]:
    return predict_measured(stripes, {"4G": SERVICE}, workers=1)


@pytest.fixture(scope="session")
def samples_at() -> Callable[..., gpd.GeoDataFrame]:
    """``samples_at(layers, x, y, rsrp, **columns)``: samples as they are read."""

    def make(layers: Layers, x: np.ndarray, y: np.ndarray, rsrp: np.ndarray, **own: Any) -> gpd.GeoDataFrame:
        n = len(x)
        points = gpd.GeoSeries.from_xy(x, y, crs=layers.grid.crs)
        degrees = points.to_crs(4326)
        columns: dict[str, Any] = {
            "row": np.arange(2, n + 2), "rsrp_dbm": rsrp, "heard": np.isfinite(rsrp), "technology": "4G",
            "operator": "V", "cell_id": "", "station": np.full(n, -1),
            "time": np.full(n, np.datetime64("NaT", "s")), "commune_code": "00001",
            "lon": degrees.x.to_numpy(), "lat": degrees.y.to_numpy(),
        }  # fmt: skip
        return gpd.GeoDataFrame({**columns, **own}, geometry=points, crs=layers.grid.crs)

    return make
