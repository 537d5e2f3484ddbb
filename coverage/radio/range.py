"""A circle round every site: for when nothing but positions is known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.nearest import Nearest, nearest
from phusong.coverage.prediction import Prediction, worker_count
from phusong.coverage.radio.cells import operators_of, rows_of
from phusong.coverage.radio.validity import no_stations
from phusong.coverage.result import ANY, Reach
from phusong.layers.grid import Raster
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import RangeService


def predict_range(
    layers: Layers, name: str, service: RangeService, *, workers: int = 0, any_only: bool = False
) -> Prediction:
    """Tell which cells lie within ``radius_m`` of a site of the technology.

    ``signal`` is the exact distance from the cell centre to the nearest site in metres, everywhere;
    ``covered`` compares it unrounded; ``best_server`` is the first cell of that site in the stations
    (the lower row of sites equally near) where it covers, -1 elsewhere. ``any_only`` leaves
    single operators out.
    """
    rows = rows_of(layers, name, service)
    stations = layers.stations.iloc[rows]
    x, y = stations.geometry.x.to_numpy(np.float64), stations.geometry.y.to_numpy(np.float64)
    operators = () if any_only else operators_of(layers)
    groups: Mapping[str, NDArray[np.bool_]] = {
        **{o: (stations["operator"] == o).to_numpy(np.bool_) for o in operators},
        ANY: np.ones(len(rows), dtype=np.bool_),
    }
    reaches = []
    for operator, mine in groups.items():
        points, first = np.unique(np.column_stack([x[mine], y[mine]]), axis=0, return_index=True)
        order = np.argsort(first)
        points, owner = points[order], rows[mine][first[order]]
        found = nearest(
            layers.grid, np.hstack([points, points]), service.radius_m, workers=worker_count(workers)
        )
        reaches.append(_reach(layers, name, operator, found, owner))
    return Prediction(tuple(reaches), no_stations(layers, name, service, len(rows)))


def _reach(layers: Layers, name: str, operator: str, found: Nearest, owner: NDArray[np.int64]) -> Reach:
    best = np.full(layers.grid.shape, -1, dtype=np.int32)
    best[found.within] = owner[found.index[found.within]]
    return Reach(
        service=name,
        operator=operator,
        unit="m",
        signal=Raster(found.distance_m, layers.grid),
        covered=Raster(found.within, layers.grid),
        best_server=Raster(best, layers.grid),
    )
