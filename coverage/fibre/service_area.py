"""Service areas: what lies within a drop of the ways within reach, as polygons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.line_graph import IntArray, points_of
from phusong.coverage.fibre.road_reach import AccessField
from phusong.layers.grid import FloatArray

if TYPE_CHECKING:
    import geopandas as gpd
    from pyproj import CRS

QUARTER = 8
"""Straight pieces of a quarter of a circle: what is round is then 0.6 % short in area, what is straight
exact."""


@dataclass(frozen=True)
class ReachedWays:
    """Parts of edges within reach.

    Attributes
    ----------
    edge : array of int32, shape (c,)
    from_m, to_m : array of float64, shape (c,)
        From the tail of the edge.
    access : array of int32, shape (c,)
        Position of the nearest access point in ``field.source``.
    """

    edge: IntArray
    from_m: FloatArray
    to_m: FloatArray
    access: IntArray


def reached_ways(field: AccessField, reach_m: float) -> ReachedWays:
    """Return the parts of edges within ``reach_m`` of an access point, cut where the reach ends.

    An edge reached from both ends is cut where both are equally far, so that each part has one nearest
    access point; an edge whose middle is out of reach gives two parts.
    """
    graph = field.graph
    usable = np.flatnonzero(field.usable)
    length = graph.length_m[usable]
    weight = field.weight[usable]
    a = field.distance_m[graph.tail[usable]]
    b = field.distance_m[graph.head[usable]]
    tapped = weight == 0.0
    with np.errstate(invalid="ignore"):
        meet = np.clip(0.5 * (b + length - a), 0.0, length)
    meet = np.where(np.isfinite(a) & np.isfinite(b), meet, np.where(np.isfinite(a), length, 0.0))
    meet = np.where(tapped, length, meet)
    from_tail = np.where(a <= reach_m, np.minimum(np.where(tapped, length, reach_m - a), meet), 0.0)
    from_head = np.where(b <= reach_m, np.minimum(reach_m - b, length - meet), 0.0)
    first, last = from_tail > 0.0, from_head > 0.0
    tail, head = field.nearest[graph.tail[usable]], field.nearest[graph.head[usable]]
    return ReachedWays(
        np.concatenate([usable[first], usable[last]]).astype(np.int32),
        np.concatenate([np.zeros(int(first.sum())), (length - from_head)[last]]),
        np.concatenate([from_tail[first], length[last]]),
        np.concatenate([tail[first], head[last]]).astype(np.int32),
    )


def service_areas(
    field: AccessField,
    reach_m: float,
    drop_m: float,
    crs: CRS,
    *,
    operator: str = "",
    by_access: bool = False,
) -> gpd.GeoDataFrame:
    """Return what lies within ``drop_m`` of the ways within ``reach_m``.

    Parameters
    ----------
    field : AccessField
    reach_m : float
        Along ways; it ends in the middle of an edge.
    drop_m : float
        Half the width of the area round its ways, and the radius round access points.
    crs : CRS
        Of the graph.
    operator : str
        Written into the table.
    by_access : bool
        One area for each access point; else one in all.

    Returns
    -------
    GeoDataFrame
        ``operator access node ways_m geometry``; ``access`` is the position in ``field.source`` (-1 for
        the whole), ``ways_m`` the length of the ways within.
    """
    import geopandas as gpd

    ways = reached_ways(field, reach_m)
    lines = field.graph.cut(ways.edge, ways.from_m, ways.to_m)
    spots = np.flatnonzero(field.head_start_m <= reach_m)
    points = points_of(field.graph.node_xy[field.source[spots]])
    groups = _groups(ways.access if by_access else np.full(len(lines), -1), lines)
    round_spots = _groups(spots if by_access else np.full(len(spots), -1), points)
    keys = np.array(sorted({*groups, *round_spots}), dtype=np.int64)
    none = np.zeros(0, dtype=object)
    areas = [_round(groups.get(k, none), round_spots.get(k, none), drop_m) for k in keys.tolist()]
    part = np.searchsorted(keys, ways.access) if by_access else np.zeros(len(lines), dtype=np.int64)
    metres = np.bincount(part, weights=ways.to_m - ways.from_m, minlength=len(keys))
    node = np.where(keys >= 0, field.source[np.maximum(keys, 0)] if len(field.source) else -1, -1)
    columns = {"operator": operator, "access": keys, "node": node, "ways_m": metres}
    return gpd.GeoDataFrame(columns, geometry=np.array(areas, dtype=object), crs=crs)


def _groups(owner: NDArray[np.integer[Any]], shapes: NDArray[np.object_]) -> dict[int, NDArray[np.object_]]:
    order = np.argsort(owner, kind="stable")
    keys, begin = np.unique(owner[order], return_index=True)
    return dict(zip(keys.tolist(), np.split(shapes[order], begin[1:]), strict=False)) if len(order) else {}


def _round(lines: NDArray[np.object_], points: NDArray[np.object_], drop_m: float) -> object:
    """Return what lies round lines and points; lines that follow one another first become one."""
    import shapely

    if len(lines):
        lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    shapes = np.concatenate([lines, points])
    return shapely.union_all(shapely.buffer(shapes, drop_m, quad_segs=QUARTER))
