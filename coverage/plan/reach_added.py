"""The reach of today with that of further cells merged in, without predicting all of it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from phusong.coverage.radio.kernels import merge_operators
from phusong.coverage.radio.predict import predict_service
from phusong.coverage.result import ANY, Reach, Result
from phusong.layers.faults import Fault
from phusong.layers.grid import Raster
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService, TerrainService

if TYPE_CHECKING:
    import geopandas as gpd

Known = Callable[[Layers, str], "tuple[tuple[Reach, ...], tuple[Fault, ...]] | None"]


def known_with_added(before: Result, added: gpd.GeoDataFrame, *, workers: int = 0) -> Known:
    """Return what knows the reach of a service once ``added`` stand behind the stations of ``before``.

    Every figure of a reach is a largest value, a count, or the lowest row of equals, so merging is the same
    to the bit as predicting all anew. It is left to the prediction where it is not: SINR, circles, cells of
    neighbouring provinces, an operator who had no station.
    """
    first = len(before.layers.stations)

    def known(layers: Layers, name: str) -> tuple[tuple[Reach, ...], tuple[Fault, ...]] | None:
        """Return reaches and warnings of a service, None where it has to be predicted."""
        service = layers.project.services[name]
        old = {operator: reach for (of, operator), reach in before.reaches.items() if of == name}
        if not isinstance(service, FlatService | TerrainService) or service.sinr:
            return None
        if before.layers.neighbours is not None or not set(added["operator"]) <= set(old):
            return None
        new = predict_service(replace(layers, stations=added), name, service, workers=workers)
        own = {r.operator: r for r in new.reaches if r.operator != ANY}
        merged = {o: _merged(r, own[o], first) if o in own else r for o, r in old.items() if o != ANY}
        merged[ANY] = _merged(old[ANY], new.of(ANY), first)
        told = tuple(f for f in before.faults if f.layer == f"services.{name}")
        return tuple(merged[operator] for operator in old), (*told, *new.faults)

    return known


def _merged(old: Reach, new: Reach, first: int) -> Reach:
    """Return the better of two reaches at every cell; rows of the second's stations begin at ``first``."""
    assert old.best_server is not None
    assert new.best_server is not None
    assert old.servers is not None
    assert new.servers is not None
    assert old.probability is not None
    assert new.probability is not None
    signal = old.signal.values.ravel().copy()
    best, servers = old.best_server.values.ravel().copy(), old.servers.values.ravel().copy()
    probability = old.probability.values.ravel().copy()
    rows = new.best_server.values.ravel()
    none = np.empty(0, dtype=np.float32)
    merge_operators(
        signal, probability, best, servers, none, new.signal.values.ravel(), new.probability.values.ravel(),
        np.where(rows >= 0, rows + np.int32(first), rows).astype(np.int32), new.servers.values.ravel(), none,
    )  # fmt: skip
    grid = old.signal.grid
    return replace(
        old, signal=Raster(signal.reshape(grid.shape), grid),
        covered=Raster((servers > 0).reshape(grid.shape), grid),
        probability=Raster(probability.reshape(grid.shape), grid),
        best_server=Raster(best.reshape(grid.shape), grid), servers=Raster(servers.reshape(grid.shape), grid),
    )  # fmt: skip
