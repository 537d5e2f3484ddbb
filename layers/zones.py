"""Zones that should be served by share of their area: industrial parks, IT zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phusong.layers.boundaries.province import Province
from phusong.layers.places import other_columns, settle_ids, settle_names
from phusong.layers.source import Layer
from phusong.layers.tables.columns import Column
from phusong.layers.vectors.shapes import AREAS, read_shapes

if TYPE_CHECKING:
    import geopandas as gpd

COLUMNS = (Column("zone_id"), Column("name"))


def read_zones(layer: Layer, province: Province | None) -> gpd.GeoDataFrame | None:
    """Read a layer of zones.

    Returns
    -------
    GeoDataFrame or None
        ``zone_id name``, the file's other columns, ``geometry`` (valid polygons).
    """
    import geopandas as gpd

    table = layer.open(COLUMNS, free=True)
    if table is None:
        return None
    shapes = read_shapes(table, layer, province, AREAS)
    if shapes is None:
        return None
    ids = settle_ids(table, "zone_id", layer.name)
    columns = {"zone_id": ids, "name": settle_names(table, ids), **other_columns(table)}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=province.grid.crs if province is not None else None)
