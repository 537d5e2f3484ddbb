"""People where they live: weights by which a coarse population cell is divided among the grid's cells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import shapely

from phusong.layers.faults import Faults
from phusong.layers.grid import FloatArray, Grid
from phusong.layers.project.schema import ClutterTable
from phusong.layers.rasters.clutter import CLASSES, clutter_layer
from phusong.layers.rules import Report, error

LAND_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"water": 0.0, "open": 0.01, "forest": 0.002, "suburban": 1.0, "urban": 1.0, "dense-urban": 1.0}
)
"""People per area beside built-up land: planning assumptions. Fields and forest keep a little, since
hamlets are smaller than a cell of land cover; a source cell of water alone is divided by area."""

NO_LAYER = error(
    "no-weights",
    "dasymetric = '{by}' cần lớp [layers.{layer}].", "dasymetric = '{by}' needs the layer [layers.{layer}].",
    "Thêm lớp đó vào dự án, hoặc bỏ dasymetric.", "Add that layer to the project, or take dasymetric out.",
)
UNREADABLE = error(
    "unreadable",
    "Không đọc được lớp công trình: {reason}.", "The buildings cannot be read: {reason}.",
)


def land_weights(path: Path, grid: Grid, settings: ClutterTable) -> FloatArray | None:
    """Return the weight of every cell by its land cover; None where it cannot be read.

    Faults of the land cover are told where it is read as a layer of its own.

    Returns
    -------
    array of float64, shape (rows, cols), or None
    """
    report = Report("clutter", path.name, Faults())
    found = clutter_layer(path, grid, report, settings=settings)
    if found is None:
        return None
    weight = np.full(max(CLASSES.values()) + 1, LAND_WEIGHTS["open"])
    for name, code in CLASSES.items():
        weight[code] = LAND_WEIGHTS[name]
    return np.asarray(weight[found.values])


def building_weights(path: Path, grid: Grid, report: Report, crs: str | None = None) -> FloatArray | None:
    """Return the area of the buildings whose middle lies in each cell, in square metres.

    Parameters
    ----------
    path : Path
        Polygons, or points with a column ``area_m2`` (1 each where there is none).
    grid : Grid
    report : Report
        Error: not readable.
    crs : str, optional
        Declared in the project; wins over the file's.
    """
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        frame = pyogrio.read_dataframe(path)
        frame = frame.set_crs(crs, allow_override=True) if crs else frame
        frame = frame.to_crs(grid.crs)
    except (DataSourceError, DataLayerError, ValueError, OSError) as wrong:
        report.once(UNREADABLE, reason=str(wrong).splitlines()[0])
        return None
    shapes = frame.geometry.to_numpy()
    middle = shapely.centroid(shapes)
    if "area_m2" in frame:
        area = frame["area_m2"].to_numpy(dtype=float)
    else:
        area = np.where(shapely.get_dimensions(shapes) == 2, shapely.area(shapes), 1.0)
    row, col = grid.index(shapely.get_x(middle), shapely.get_y(middle))
    inside = grid.holds(row, col) & np.isfinite(area) & (area > 0.0)
    weights = np.zeros(grid.shape)
    np.add.at(weights, (row[inside], col[inside]), area[inside])
    report.rows_read = len(frame)
    return weights
