"""Distance to the nearest operational fibre."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.nearest import NearestIn
from phusong.coverage.prediction import worker_count
from phusong.coverage.result import ANY, Reach
from phusong.layers.grid import Box, FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.lands import rasters_of
from phusong.layers.project.schema import FibreService

if TYPE_CHECKING:
    import geopandas as gpd

OPERATIONAL = "operational"


def predict_fibre(layers: Layers, name: str, service: FibreService, *, workers: int = 0) -> tuple[Reach, ...]:
    """Tell which cells lie within ``reach_m`` of an operational fibre route or node.

    The distance is exact, in the grid's plane, from the cell centre to the nearest point of any route
    or node, for every cell of the grid. Routes and nodes without a status count as operational; those
    without an operator count for any alone.

    Parameters
    ----------
    layers : Layers
    name : str
    service : FibreService
    workers : int
        Threads; 0 = one per core.

    Returns
    -------
    tuple of Reach
        One per operator of the fibre layers, by name, then any. ``signal`` is the distance in metres,
        NaN everywhere where there is no fibre at all.
    """
    parts = [part for part in (layers.fibre_routes, layers.fibre_nodes) if part is not None and len(part)]
    operational = [part[_is_operational(part)] for part in parts]
    operators = sorted({str(o) for part in parts for o in part["operator"].dropna() if str(o)})
    reaches = []
    for operator in (*operators, ANY):
        pieces = [
            segments_of(part if operator == ANY else part[(part["operator"] == operator).to_numpy(np.bool_)])
            for part in operational
        ]
        segments = np.concatenate(pieces) if pieces else np.empty((0, 4))
        found = NearestIn(layers.grid, segments, service.reach_m, worker_count(workers))
        distance, within = rasters_of(layers.grid, partial(_values, found))
        reaches.append(Reach(service=name, operator=operator, unit="m", signal=distance, covered=within))
    return tuple(reaches)


def _values(found: NearestIn, box: Box) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return distance and mask in a window."""
    near = found(box)
    return near.distance_m, near.within


def _is_operational(part: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    status = part["status"]
    said = status.fillna("").astype(str).str.strip().str.casefold()
    return np.asarray(said.isin(["", OPERATIONAL]), dtype=np.bool_)


def segments_of(part: gpd.GeoDataFrame) -> FloatArray:
    """Return the straight pieces of all lines, and the points as pieces of no length: ``(n, 4)``.

    Polygons give their outlines: a hut drawn as a polygon is reached at its wall.
    """
    import shapely

    leaves = shapely.get_parts(part.geometry.to_numpy())
    leaves = leaves[~(shapely.is_empty(leaves) | shapely.is_missing(leaves))]
    areas = shapely.get_dimensions(leaves) == 2
    leaves[areas] = shapely.boundary(leaves[areas])
    leaves = shapely.get_parts(leaves)
    xy, owner = shapely.get_coordinates(leaves, return_index=True)
    follows = owner[1:] == owner[:-1]
    lines = np.hstack([xy[:-1][follows], xy[1:][follows]])
    alone = np.bincount(owner, minlength=len(leaves))[owner] == 1
    return np.asarray(np.vstack([lines, np.hstack([xy[alone], xy[alone]])]), dtype=np.float64)
