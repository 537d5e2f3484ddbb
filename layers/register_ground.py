"""Where a province lies by the official register, for when its communes' polygons cannot be used.

The register of vietnamadminunits 1.0.4 (MIT) has a point for each commune of 2025. The ground nearest to a
commune's point stands for it: coarse, but a slip between zones of VN-2000 (27 km and more) shows on it.
Nothing but the choice of a coordinate system may rest on it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer

from phusong.layers.boundaries.communes import utm_zone
from phusong.layers.boundaries.crosswalk import register_file
from phusong.layers.boundaries.province import Province
from phusong.layers.grid import Grid
from phusong.layers.vectors.geometry import WGS84

if TYPE_CHECKING:
    import geopandas as gpd

MARGIN_M = 12_000.0
"""How far beyond its outermost communes' points a province may reach."""
_CELL_M = 1000.0
_POINTS = """
SELECT wardCode, ward, wardLon, wardLat FROM admin_units
WHERE provinceCode = ? AND wardLon IS NOT NULL ORDER BY wardCode
"""


@lru_cache(maxsize=4)
def register_ground(province_code: str) -> Province | None:
    """Return a province of the register, each commune as the ground that is nearest to its point.

    Returns
    -------
    Province or None
        None where the register of 2025 has no such province.
    """
    with closing(sqlite3.connect(f"{register_file().as_uri()}?mode=ro", uri=True)) as base:
        rows = base.execute(_POINTS, (province_code,)).fetchall()
    if not rows:
        return None
    lon, lat = (np.array([r[k] for r in rows], dtype=np.float64) for k in (2, 3))
    metric = utm_zone((lon.min(), lat.min(), lon.max(), lat.max()))
    x, y = Transformer.from_crs(WGS84, metric, always_xy=True).transform(lon, lat)
    points = np.asarray(shapely.points(x, y), dtype=object)
    outline = shapely.buffer(shapely.multipoints(points), MARGIN_M)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=outline))
    cells = shapely.intersection(cells, outline)
    which, cell = shapely.STRtree(cells).query(points, predicate="intersects")
    own = np.empty(len(points), dtype=object)
    own[:] = shapely.Polygon()
    own[which[::-1]] = cells[cell[::-1]]
    communes = _frame([str(r[0]) for r in rows], [str(r[1]) for r in rows], own, metric)
    return Province(Grid.cover(tuple(communes.total_bounds), metric, _CELL_M), communes)


def _frame(codes: list[str], names: list[str], shapes: object, metric: object) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame(
        {"commune_code": codes, "commune_name": names, "population": np.nan}, geometry=shapes, crs=metric
    )
