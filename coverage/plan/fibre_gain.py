"""Whom a plan reaches: people round each need, and cells covered once it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.fibre_graph import DROP
from phusong.coverage.fibre.reach import segments_of
from phusong.coverage.fibre.road_reach import AccessField, multi_source, reach_cells
from phusong.coverage.nearest import nearest
from phusong.coverage.plan.fibre_ways import Ways
from phusong.coverage.prediction import worker_count
from phusong.layers.grid import FloatArray, Grid
from phusong.layers.project.schema import FibreService

if TYPE_CHECKING:
    import pandas as pd


def people_of_needs(
    grid: Grid, people: FloatArray, covered: NDArray[np.bool_], needs: pd.DataFrame, ways: Ways,
    service: FibreService,
) -> FloatArray:
    """Return the people whom connecting each need would newly reach, each counted at one need only.

    People of uncovered cells within the reach of the service belong to the nearest need: along ways where
    the service reaches along roads, else as the crow flies. A base station brings nobody by itself.

    Parameters
    ----------
    grid : Grid
    people : array, shape of the grid
    covered : array of bool, shape of the grid
    needs : DataFrame
        Of `phusong.coverage.plan.fibre_needs.find_needs`.
    ways : Ways
    service : FibreService
    """
    gathers = np.flatnonzero((needs["kind"] != "site").to_numpy())
    total = np.zeros(len(needs))
    open_cells = ~covered & (people > 0.0)
    if not len(gathers) or not open_cells.any():
        return total
    if service.reach == "roads":
        field = _field(ways, ways.node[gathers].astype(np.int64))
        cells = reach_cells(field, grid, service.drop_m)
        held = open_cells & (cells.along_m <= service.reach_m)
        access = field.nearest_at(cells.edge[held], cells.at_m[held]).astype(np.int64)
        weight = people[held][access >= 0]
        who = access[access >= 0]
    else:
        from scipy.spatial import cKDTree

        row, col = np.nonzero(open_cells)
        spots = needs[["x", "y"]].to_numpy(np.float64)[gathers]
        away, nearest_spot = cKDTree(spots).query(
            np.column_stack([grid.x_m()[col], grid.y_m()[row]]), distance_upper_bound=service.reach_m
        )
        near = np.isfinite(away)
        who = np.asarray(nearest_spot, dtype=np.int64)[near]
        weight = people[row[near], col[near]]
    total[gathers] = np.bincount(who, weights=weight, minlength=len(gathers))
    return total


def _field(ways: Ways, source: NDArray[np.int64], tapped: NDArray[np.bool_] | None = None) -> AccessField:
    graph = ways.net.graph
    weight = np.ones(graph.edges)
    if tapped is not None:
        weight[tapped] = 0.0
        ends = np.concatenate([graph.tail[tapped], graph.head[tapped]]).astype(np.int64)
        source = np.unique(np.concatenate([source, ends]))
    start = np.zeros(len(source))
    distance, near = multi_source(graph.csr(graph.length_m * weight), source)
    return AccessField(
        graph, source.astype(np.int32), start, distance, near, weight, ways.net.kind != DROP
    )


def newly_covered(
    grid: Grid, ways: Ways, edges: NDArray[np.int64], needs: NDArray[np.int64], service: FibreService
) -> NDArray[np.bool_]:
    """Return the cells within reach of what is built, by the criterion of the service.

    Along roads, connected places and communes become access points (and every point of the new cable, where
    the service taps routes); else every cell within ``reach_m`` of the new cable is reached.

    Parameters
    ----------
    grid : Grid
    ways : Ways
    edges : array of int
        Edges of the new cable.
    needs : array of int
        Connected needs at which homes can join.
    service : FibreService
    """
    if not len(edges) and not len(needs):
        return np.zeros(grid.shape, dtype=np.bool_)
    if service.reach == "roads":
        tapped = None
        if service.tap_routes:
            tapped = np.zeros(ways.net.graph.edges, dtype=np.bool_)
            tapped[edges] = True
        cells = reach_cells(_field(ways, ways.node[needs].astype(np.int64), tapped), grid, service.drop_m)
        return np.asarray(cells.along_m <= service.reach_m)
    import geopandas as gpd
    import shapely

    points = shapely.points(ways.net.graph.node_xy[ways.node[needs]])
    shapes = np.concatenate([ways.net.graph.lines[edges], points])
    segments = segments_of(gpd.GeoDataFrame(geometry=shapes, crs=grid.crs))
    return np.asarray(nearest(grid, segments, service.reach_m, workers=worker_count(0)).within)
