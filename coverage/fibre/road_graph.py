"""Roads as a graph along which fibre can be laid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.clean_lines import SNAP_M, Cleaning, clean_lines
from phusong.coverage.fibre.laying import Ground, RoadClasses, ground_factor, road_classes
from phusong.coverage.fibre.line_graph import IntArray, LineGraph
from phusong.data.fibre_tables import Level
from phusong.layers.grid import FloatArray

if TYPE_CHECKING:
    import geopandas as gpd
    import networkx as nx
    import pandas as pd


@dataclass(frozen=True)
class RoadGraph:
    """A clean graph of roads.

    Attributes
    ----------
    graph : LineGraph
        Geometry, in the grid's coordinate system.
    road : array of int32, shape (m,)
        Row of the table of roads from which each edge was taken.
    road_class : array of int16, shape (m,)
        Position in ``classes.names``: of several roads along one edge, the cheapest.
    factor : array of float64, shape (m,)
        What a metre costs beside one along a commune road on flat, open ground; above zero.
    classes : RoadClasses
    report : Cleaning
        What was done to the lines.
    """

    graph: LineGraph
    road: IntArray
    road_class: NDArray[np.int16]
    factor: FloatArray
    classes: RoadClasses
    report: Cleaning

    @cached_property
    def cost_m(self) -> FloatArray:
        """Length times factor: metres of commune road that cost the same, shape ``(m,)``."""
        return np.asarray(self.graph.length_m * self.factor)

    def to_networkx(self) -> nx.MultiGraph[int]:
        """Return a networkx multigraph with ``length_m factor cost_m road_class road`` on the edges."""
        names = np.array(self.classes.names, dtype=object)
        return self.graph.to_networkx(
            factor=self.factor, cost_m=self.cost_m, road=self.road,
            road_class=names[self.road_class] if len(names) else self.road_class,
        )  # fmt: skip


def road_graph(
    roads: gpd.GeoDataFrame,
    *,
    ground: Ground | None = None,
    snap_m: float = SNAP_M,
    class_factors: Mapping[str, float] | None = None,
    level: Level = "base",
) -> RoadGraph:
    """Make a clean graph of roads; see `clean_lines` for what joins and what does not.

    Parameters
    ----------
    roads : GeoDataFrame
        Lines in a metric coordinate system, with ``class`` where there is one.
    ground : Ground, optional
        Water, protected areas and terrain, which raise the cost.
    snap_m : float
        Tolerance in metres within which ends are one place.
    class_factors : mapping of str to float, optional
        Factors by class of road, ``water`` and ``protected``; they win over ``data/laying_factors.csv``.
    level : {"low", "base", "high"}
        Of the table.

    Raises
    ------
    ValueError
        A factor is not above zero.
    """
    names = roads["class"].to_numpy(dtype=object) if "class" in roads else np.full(len(roads), "", object)
    classes = road_classes(names, class_factors, level=level)
    clean = clean_lines(roads.geometry.to_numpy(), snap_m=snap_m)
    graph = clean.graph
    # Of several roads along one edge, fibre goes along the cheapest.
    cost = classes.factor[classes.code[clean.member_line]] if len(roads) else np.zeros(0)
    order = np.lexsort((clean.member_line, cost, clean.member_edge))
    first = order[np.searchsorted(clean.member_edge[order], np.arange(graph.edges))]
    cheapest = clean.member_line[first] if graph.edges else np.zeros(0, dtype=np.int32)
    code = classes.code[cheapest]
    factor = classes.factor[code] if graph.edges else np.zeros(0)
    factor = factor * ground_factor(graph, ground or Ground(), level=level, given=class_factors)
    return RoadGraph(graph, cheapest.astype(np.int32), code, factor, classes, clean.report)


def islands(graph: LineGraph, people: FloatArray | None = None) -> pd.DataFrame:
    """Return the parts of a graph that no way joins to its longest part.

    Parameters
    ----------
    graph : LineGraph
    people : array, shape (m,), optional
        People who live along each edge.

    Returns
    -------
    DataFrame
        ``component nodes edges length_m people x y``, the most people and metres first; ``x y`` is one
        of its nodes.
    """
    import pandas as pd

    count = int(graph.component.max(initial=-1)) + 1
    edge_part = graph.component[graph.tail]
    first = np.full(count, -1, dtype=np.int64)
    first[graph.component[::-1]] = np.arange(graph.nodes)[::-1]
    along = np.zeros(graph.edges) if people is None else people
    table = pd.DataFrame(
        {
            "component": np.arange(count),
            "nodes": np.bincount(graph.component, minlength=count),
            "edges": np.bincount(edge_part, minlength=count),
            "length_m": np.bincount(edge_part, weights=graph.length_m, minlength=count),
            "people": np.bincount(edge_part, weights=along, minlength=count),
            "x": graph.node_xy[first, 0],
            "y": graph.node_xy[first, 1],
        }
    )
    table = table[table["component"] > 0]
    return table.sort_values(["people", "length_m"], ascending=False, kind="stable").reset_index(drop=True)
