"""The fibre network: nodes (exchanges, cabinets, splitters) and routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.layers.boundaries.province import Province
from phusong.layers.places import settle_ids
from phusong.layers.positions.columns import POSITION
from phusong.layers.positions.points import read_points
from phusong.layers.rules import warning
from phusong.layers.source import Layer
from phusong.layers.status import OPERATIONAL, settle_status
from phusong.layers.tables.columns import Column, Table
from phusong.layers.vectors.shapes import LINES, read_shapes

if TYPE_CHECKING:
    import geopandas as gpd

NODE_COLUMNS = (Column("id"), Column("kind"), Column("operator"), Column("status"), *POSITION)
ROUTE_COLUMNS = (
    Column("id"),
    Column("operator"),
    Column("status"),
    Column("fibre_count", "number", low=0.0, high=10_000.0, above=True, whole=True),
)

REPEATED_ROUTE = warning(
    "repeated-route",
    "{n} tuyến có mã đã dùng cho tuyến khác: coi là các đoạn của cùng một tuyến.",
    "{n} routes have an id that another route has: taken as parts of one route.",
)
NOT_OPERATIONAL = warning(
    "not-operational",
    "{n} đối tượng có trạng thái '{status}': không tính là hiện có.",
    "{n} features have the status '{status}': they do not count as existing.",
)


def read_fibre_nodes(layer: Layer, province: Province | None) -> gpd.GeoDataFrame | None:
    """Read the nodes; `settle_status` says which of them exist.

    Returns
    -------
    GeoDataFrame or None
        ``id kind operator status geometry``, all rows.
    """
    import geopandas as gpd

    table = layer.open(NODE_COLUMNS)
    if table is None:
        return None
    points = read_points(table, layer.settings, province, province_code=layer.province_code)
    if points is None:
        return None
    columns = {
        "id": settle_ids(table, "id", layer.name),
        "kind": _text(table, "kind"),
        "operator": _text(table, "operator"),
        "status": _status(table),
    }
    return gpd.GeoDataFrame(columns, geometry=points.shapes(), crs=province.grid.crs if province else None)


def read_fibre_routes(layer: Layer, province: Province | None) -> gpd.GeoDataFrame | None:
    """Read the routes.

    Returns
    -------
    GeoDataFrame or None
        ``id operator status fibre_count geometry``, all rows; ``fibre_count`` is NaN where not given.
    """
    import geopandas as gpd

    table = layer.open(ROUTE_COLUMNS)
    if table is None:
        return None
    shapes = read_shapes(table, layer, province, LINES)
    if shapes is None:
        return None
    ids = _text(table, "id")
    repeated = len(ids) - len(set(ids.tolist())) - max(int((ids == "").sum()) - 1, 0)
    if repeated:
        layer.report.once(REPEATED_ROUTE, column=table.headers["id"], n=repeated)
    for i in np.flatnonzero(ids == ""):
        ids[i] = f"{layer.name}-{table.raw.rows[i]}"
    columns = {
        "id": ids,
        "operator": _text(table, "operator"),
        "status": _status(table),
        "fibre_count": table["fibre_count"] if table.has("fibre_count") else np.full(len(table), np.nan),
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=province.grid.crs if province else None)


def _text(table: Table, name: str) -> NDArray[np.object_]:
    return table[name].copy() if table.has(name) else np.full(len(table), "", dtype=object)


def _status(table: Table) -> NDArray[np.object_]:
    status = settle_status(_text(table, "status"))
    for word in sorted(set(status.tolist()) - {OPERATIONAL}):
        table.report.once(
            NOT_OPERATIONAL, column=table.headers["status"], n=int((status == word).sum()), status=word
        )
    return status
