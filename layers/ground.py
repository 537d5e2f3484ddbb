"""What makes laying cable dearer: water and protected areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from phusong.layers.boundaries.province import Province
from phusong.layers.places import other_columns
from phusong.layers.source import Layer
from phusong.layers.tables.columns import Column
from phusong.layers.vectors.shapes import AREAS, LINES, Kind, read_shapes

if TYPE_CHECKING:
    import geopandas as gpd

COLUMNS = (Column("name"), Column("width_m", "number", low=0.0, high=100_000.0, unit="m"))


def read_water(layer: Layer, province: Province | None) -> gpd.GeoDataFrame | None:
    """Read rivers and lakes: lines or areas, whichever the file mostly has.

    Returns
    -------
    GeoDataFrame or None
        ``name width_m`` (NaN where not given), the file's other columns, ``geometry``.
    """
    return _read(layer, province, None)


def read_protected(layer: Layer, province: Province | None) -> gpd.GeoDataFrame | None:
    """Read areas in which building is restricted: forests for special use, reserves, military land.

    Returns
    -------
    GeoDataFrame or None
        As `read_water`; polygons.
    """
    return _read(layer, province, AREAS)


def _read(layer: Layer, province: Province | None, kind: Kind | None) -> gpd.GeoDataFrame | None:
    import geopandas as gpd

    table = layer.open(COLUMNS, free=True)
    if table is None:
        return None
    if kind is None:
        shapes = table.raw.geometry
        areas = 0 if shapes is None else int((shapely.get_dimensions(shapes) == 2).sum())
        kind = AREAS if 2 * areas > len(table) else LINES
    found = read_shapes(table, layer, province, kind)
    if found is None:
        return None
    columns = {
        "name": table["name"] if table.has("name") else np.full(len(table), "", dtype=object),
        "width_m": table["width_m"] if table.has("width_m") else np.full(len(table), np.nan),
        **other_columns(table),
    }
    return gpd.GeoDataFrame(columns, geometry=found, crs=province.grid.crs if province else None)
