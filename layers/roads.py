"""Roads: where fibre can be laid, and what maps show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phusong.layers.boundaries.province import Province
from phusong.layers.places import other_columns
from phusong.layers.source import Layer
from phusong.layers.tables.columns import Column
from phusong.layers.vectors.shapes import LINES, read_shapes

if TYPE_CHECKING:
    import geopandas as gpd

COLUMNS = (Column("road_id"), Column("class"))


def read_roads(layer: Layer, province: Province | None) -> gpd.GeoDataFrame | None:
    """Read the roads.

    Returns
    -------
    GeoDataFrame or None
        ``road_id class``, the file's other columns, ``geometry``; ids need not be unique.
    """
    import geopandas as gpd

    table = layer.open(COLUMNS, free=True)
    if table is None:
        return None
    shapes = read_shapes(table, layer, province, LINES)
    if shapes is None:
        return None
    ids = table["road_id"] if table.has("road_id") else table.raw.rows.astype(str).astype(object)
    classes = table["class"] if table.has("class") else np.full(len(table), "", dtype=object)
    columns = {"road_id": ids, "class": classes, **other_columns(table)}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=province.grid.crs if province else None)
