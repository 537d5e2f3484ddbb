"""What laying fibre along an edge costs, beside a commune road on flat and open ground."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.line_graph import LineGraph
from phusong.data.fibre_tables import Level, laying_factors
from phusong.layers.grid import FloatArray, Raster
from phusong.layers.rules import fold

if TYPE_CHECKING:
    import geopandas as gpd

RIVER_WIDTH_M = 20.0
"""Width of a river that is drawn as a line and says nothing of it."""


@dataclass(frozen=True)
class Ground:
    """What lies on the ground and makes fibre dearer; every layer may be absent.

    Attributes
    ----------
    water : GeoDataFrame or None
        Rivers as lines (``width_m`` where they have it) or areas.
    protected : GeoDataFrame or None
        Areas in which building is restricted.
    terrain : Raster of float32 or None
        Heights in metres.
    """

    water: gpd.GeoDataFrame | None = None
    protected: gpd.GeoDataFrame | None = None
    terrain: Raster[np.float32] | None = None


@dataclass(frozen=True)
class RoadClasses:
    """The classes of a table of roads.

    Attributes
    ----------
    names : tuple of str
        As the file has them, sorted; empty for roads of no class.
    code : array of int16, shape (l,)
        Position in ``names`` of each road's class.
    factor : array of float64, shape (len(names),)
        Above zero.
    unknown : mapping of str to int
        Classes that neither the project nor the table knows, and how many roads have them.
    """

    names: tuple[str, ...]
    code: NDArray[np.int16]
    factor: FloatArray
    unknown: Mapping[str, int] = field(default_factory=dict)


def road_classes(
    classes: NDArray[np.object_], given: Mapping[str, float] | None = None, *, level: Level = "base"
) -> RoadClasses:
    """Return the cost factor of every class of road.

    Parameters
    ----------
    classes : array of str, shape (l,)
    given : mapping of str to float, optional
        Factors of the project, by the file's own words or the table's keys; they win over the table.
    level : {"low", "base", "high"}

    Raises
    ------
    ValueError
        A factor is not above zero.
    """
    given = {fold(name): float(value) for name, value in (given or {}).items()}
    if any(not (math.isfinite(v) and v > 0.0) for v in given.values()):
        raise ValueError("cost factors must be above zero")
    table = laying_factors()
    known = _known_words()
    words = np.array(["" if c is None else str(c) for c in classes], dtype=object)
    names, code = np.unique(words.astype(str), return_inverse=True)
    factor = np.empty(len(names))
    unknown: dict[str, int] = {}
    for n, name in enumerate(names.tolist()):
        key = known.get(fold(name), "other")
        own = given.get(fold(name), given.get(fold(key)))
        factor[n] = table["class", key].at(level) if own is None else own
        if own is None and key == "other" and name and fold(name) != "other":
            unknown[name] = int((code == n).sum())
    return RoadClasses(tuple(names.tolist()), code.astype(np.int16), factor, unknown)


def _known_words() -> dict[str, str]:
    known: dict[str, str] = {}
    for (kind, key), estimate in laying_factors().items():
        if kind == "class":
            known.update({fold(word): key for word in (key, *estimate.words)})
    return known


def class_keys(classes: RoadClasses) -> tuple[str, ...]:
    """Return the table's key of each class of road, in the order of ``classes.names``."""
    known = _known_words()
    return tuple(known.get(fold(name), "other") for name in classes.names)


def ground_factor(
    graph: LineGraph, ground: Ground, *, level: Level = "base", given: Mapping[str, float] | None = None
) -> FloatArray:
    """Return by how much water, protected areas and slopes raise the cost of each edge.

    The factor of water holds for the part of the edge in or over it, that of protected areas likewise:
    ``1 + share (factor - 1)``. The slope is that along the edge, between points one cell of the terrain
    apart, and its factor the mean over them.

    Parameters
    ----------
    graph : LineGraph
    ground : Ground
    level : {"low", "base", "high"}
    given : mapping of str to float, optional
        ``water`` and ``protected`` of the project.

    Returns
    -------
    array of float64, shape (m,)
        Above zero; the product of the three.
    """
    given = given or {}
    table = laying_factors()
    factor = np.ones(graph.edges)
    for name, areas in (("water", _water_areas(ground.water)), ("protected", _areas(ground.protected))):
        if areas is not None and len(areas):
            cost = float(given.get(name, table["ground", name].at(level)))
            factor *= 1.0 + share_inside(graph, areas) * (cost - 1.0)
    if ground.terrain is not None:
        factor *= slope_factor(graph, ground.terrain, level=level)
    return factor


def _areas(layer: gpd.GeoDataFrame | None) -> NDArray[np.object_] | None:
    import shapely

    if layer is None or not len(layer):
        return None
    # Areas that overlap must not count twice.
    return np.asarray(shapely.get_parts(shapely.union_all(layer.geometry.to_numpy())), dtype=object)


def _water_areas(layer: gpd.GeoDataFrame | None) -> NDArray[np.object_] | None:
    import pandas as pd
    import shapely

    if layer is None or not len(layer):
        return None
    shapes = layer.geometry.to_numpy()
    line = shapely.get_dimensions(shapes) == 1
    width = np.full(len(shapes), RIVER_WIDTH_M)
    if "width_m" in layer:
        told = np.asarray(pd.to_numeric(layer["width_m"], errors="coerce"), dtype=np.float64)
        width = np.where(np.isfinite(told) & (told > 0.0), told, width)
    wide = np.where(line, shapely.buffer(shapes, 0.5 * width, cap_style="flat"), shapes)
    return np.asarray(shapely.get_parts(shapely.union_all(wide)), dtype=object)


def share_inside(graph: LineGraph, areas: NDArray[np.object_]) -> FloatArray:
    """Return the part of the length of each edge that lies in areas that do not overlap."""
    import shapely

    lines = graph.lines
    area, edge = shapely.STRtree(lines).query(areas, predicate="intersects")
    within = shapely.length(shapely.intersection(lines[edge], areas[area]))
    inside = np.bincount(edge, weights=within, minlength=graph.edges)
    return np.asarray(np.clip(inside / np.maximum(graph.length_m, 1e-9), 0.0, 1.0))


def slope_factor(graph: LineGraph, terrain: Raster[np.float32], *, level: Level = "base") -> FloatArray:
    """Return the mean factor of the slopes along each edge; 1 where the heights are not known."""
    steps = np.maximum(np.ceil(graph.length_m / terrain.grid.cell_m), 1).astype(np.int64)
    edge = np.repeat(np.arange(graph.edges), steps + 1)
    rank = np.arange(len(edge)) - np.repeat(np.cumsum(steps + 1) - (steps + 1), steps + 1)
    step_m = graph.length_m / steps
    at = graph.points_at(edge, rank * step_m[edge])
    height = terrain.at(at[:, 0], at[:, 1], np.float32(np.nan)).astype(np.float64)
    inner = edge[1:] == edge[:-1]
    rise = np.abs(np.diff(height))[inner] / step_m[edge[1:][inner]] * 100.0
    table = [(float(key), e.at(level)) for (kind, key), e in laying_factors().items() if kind == "slope"]
    table.sort()
    upper = np.array([key for key, _ in table])
    cost = np.array([value for _, value in table])
    # A rise that is not known sorts behind all others, and counts as flat.
    of_step = np.append(cost, 1.0)[np.searchsorted(upper, rise, side="left")]
    total: Any = np.bincount(edge[1:][inner], weights=of_step, minlength=graph.edges)
    return np.asarray(total / steps, dtype=np.float64)
