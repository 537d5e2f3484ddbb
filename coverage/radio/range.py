"""A circle round every site: for when nothing but positions is known."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.nearest import NearestIn
from phusong.coverage.prediction import Prediction, worker_count
from phusong.coverage.radio.cells import operators_of, rows_of
from phusong.coverage.radio.validity import no_stations
from phusong.coverage.result import ANY, Reach
from phusong.layers.grid import Box, FloatArray, Raster
from phusong.layers.inventory import Layers
from phusong.layers.lands import rasters_of
from phusong.layers.project.schema import RangeService


def predict_range(layers: Layers, name: str, service: RangeService, *, workers: int = 0) -> Prediction:
    """Tell which cells lie within ``radius_m`` of a site of the technology.

    ``signal`` is the exact distance from the cell centre to the nearest site in metres, everywhere;
    ``covered`` compares it unrounded; ``best_server`` is the first cell of that site in the stations
    (the lower row of sites equally near) where it covers, -1 elsewhere.
    """
    rows = rows_of(layers, name, service)
    stations = layers.stations.iloc[rows]
    groups: Mapping[str, NDArray[np.bool_]] = {
        **{o: (stations["operator"] == o).to_numpy(np.bool_) for o in operators_of(layers)},
        ANY: np.ones(len(rows), dtype=np.bool_),
    }
    reaches = []
    for operator, mine in groups.items():
        points, owner = _sites(layers, rows[mine])
        found = NearestIn(
            layers.grid, np.hstack([points, points]), service.radius_m, worker_count(workers)
        )
        signal, covered, best = rasters_of(layers.grid, partial(_values, found, owner))
        reaches.append(
            Reach(
                service=name, operator=operator, unit="m", signal=signal, covered=covered, best_server=best
            )
        )
    return Prediction(tuple(reaches), no_stations(layers, name, service, len(rows)))


def within_range(layers: Layers, name: str, service: RangeService, *, workers: int = 0) -> Raster[np.bool_]:
    """Return what `predict_range` says to be covered by any operator, and compute no more."""
    points, _ = _sites(layers, rows_of(layers, name, service))
    found = NearestIn(layers.grid, np.hstack([points, points]), service.radius_m, worker_count(workers))
    return rasters_of(layers.grid, partial(_within, found))[0]


def _sites(layers: Layers, rows: NDArray[np.int64]) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return the positions at which cells stand, and the first of the cells at each."""
    stations = layers.stations.geometry.iloc[rows]
    x, y = stations.x.to_numpy(np.float64), stations.y.to_numpy(np.float64)
    points, first = np.unique(np.column_stack([x, y]), axis=0, return_index=True)
    order = np.argsort(first)
    return points[order], rows[first[order]]


def _values(
    found: NearestIn, owner: NDArray[np.int64], box: Box
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.int32]]:
    """Return distance, mask and best server in a window."""
    near = found(box)
    best = np.full(near.within.shape, -1, dtype=np.int32)
    best[near.within] = owner[near.index[near.within]]
    return near.distance_m, near.within, best


def _within(found: NearestIn, box: Box) -> tuple[NDArray[np.bool_]]:
    return (found(box).within,)
