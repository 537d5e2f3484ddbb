"""Backbone reach: which communes have cable near, along the cable, to an aggregation point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phusong.coverage.fibre.fibre_graph import DROP, FibreNetwork
from phusong.coverage.fibre.line_graph import points_of
from phusong.coverage.fibre.road_reach import multi_source
from phusong.coverage.result import ANY

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

BACKBONE_M = 10_000.0
"""Default of how far along the cable an OLT or aggregation point may be from a commune."""


def backbone_reach(
    network: FibreNetwork,
    communes: gpd.GeoDataFrame,
    *,
    limit_m: float = BACKBONE_M,
    operator: str = ANY,
) -> pd.DataFrame:
    """Return how near the cable of each commune is to an OLT or aggregation point.

    The distance is along cables in operation, from the aggregation point to the nearest place of the
    commune that the cable touches, exact to where the cable crosses the border; it is zero where the
    commune has an aggregation point itself.

    Parameters
    ----------
    network : FibreNetwork
    communes : GeoDataFrame
        ``commune_code commune_name geometry``, in the network's coordinate system.
    limit_m : float
    operator : str

    Returns
    -------
    DataFrame
        ``commune_code commune_name operator aggregation_points cable_m distance_m reached``: points in
        the commune, cable in it, distance (infinite where no cable leads to one), and whether it is
        within ``limit_m``.
    """
    import pandas as pd
    import shapely

    way = network.cable(operator) | (network.kind == DROP)
    graph, kind = network.graph.take(way), network.kind[way]
    roots = network.node[network.fibre_nodes(operator, roles=("aggregation",))]
    distance, _ = multi_source(graph.csr(), roots)
    lines = graph.lines
    shapes = communes.geometry.to_numpy()
    count = len(shapes)
    nearest = np.full(count, np.inf)
    commune, edge = shapely.STRtree(lines).query(shapes, predicate="intersects")
    shapely.prepare(shapes)
    whole = shapely.contains_properly(shapes[commune], lines[edge])
    inside = lines[edge].copy()
    inside[~whole] = shapely.intersection(lines[edge[~whole]], shapes[commune[~whole]])
    cable = np.where(kind[edge] == DROP, 0.0, shapely.length(inside))
    metres = np.bincount(commune, weights=cable, minlength=count)
    part, row = shapely.get_parts(inside, return_index=True)
    edge, commune = edge[row], commune[row]
    # Along an edge the distance is least at one of the ends of the part inside.
    for end in (0, -1):
        is_line = shapely.get_dimensions(part) == 1
        point = np.where(is_line, shapely.get_point(part, end), part)
        at = shapely.line_locate_point(lines[edge], point)
        least = np.minimum(
            distance[graph.tail[edge]] + at, distance[graph.head[edge]] + graph.length_m[edge] - at
        )
        np.minimum.at(nearest, commune, least)
    spot = points_of(network.graph.node_xy[roots])
    holder, _ = shapely.STRtree(spot).query(shapes, predicate="intersects")
    points = np.bincount(holder, minlength=count)
    nearest[points > 0] = 0.0
    return pd.DataFrame(
        {
            "commune_code": communes["commune_code"].to_numpy(),
            "commune_name": communes["commune_name"].to_numpy(),
            "operator": operator,
            "aggregation_points": points,
            "cable_m": metres,
            "distance_m": nearest,
            "reached": nearest <= limit_m,
        }
    )
