"""Dense tracks made thin: one voice for each square of ground and span of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.layers.grid import FloatArray, Grid

if TYPE_CHECKING:
    import geopandas as gpd

DAY_S = 86_400
"""Default span: a place that was passed on two days has two voices, a car park has one a day."""


def squares(x_m: FloatArray, y_m: FloatArray, grid: Grid, side_m: float) -> NDArray[np.int64]:
    """Return column and row of the square that holds each point, shape (n, 2).

    Squares start at the grid's upper left corner, so with the grid's own side they are its cells.
    """
    column = np.floor((np.asarray(x_m) - grid.left_m) / side_m)
    row = np.floor((grid.top_m - np.asarray(y_m)) / side_m)
    return np.column_stack([column, row]).astype(np.int64)


def thin(
    samples: gpd.GeoDataFrame, grid: Grid, *, side_m: float | None = None, seconds: int = DAY_S,
    by_cell: bool = False,
) -> gpd.GeoDataFrame:
    """Put the samples of one operator and technology in one square and span of time into one record.

    Of a record, ``rsrp_dbm`` is the median, a silent sample counting as weaker than any; where that is
    silent, the record is. Its position is the mean of its samples, its other columns those of the first.

    Parameters
    ----------
    samples : GeoDataFrame
        As `phusong.layers.measurements.Measurements.samples` has them.
    grid : Grid
    side_m : float, optional
        Of a square; by default the grid's cell.
    seconds : int
        Length of a span, counted from midnight of 1970; samples without a time share one. 0 = no spans.
    by_cell : bool
        Whether samples that name different cells stay apart.

    Returns
    -------
    GeoDataFrame
        The columns of ``samples``, and ``samples``: how many there were. In the order of the first rows.
    """
    import geopandas as gpd
    import pandas as pd

    x, y = samples.geometry.x.to_numpy(), samples.geometry.y.to_numpy()
    square = squares(x, y, grid, side_m or grid.cell_m)
    times = samples["time"].to_numpy().astype("datetime64[s]").astype(np.int64)
    span = np.where(samples["time"].isna().to_numpy(), -1, times // seconds if seconds else 0)
    level = np.where(samples["heard"], samples["rsrp_dbm"], -np.inf)
    keys = pd.DataFrame(
        {
            "operator": samples["operator"].to_numpy(), "technology": samples["technology"].to_numpy(),
            "station": samples["station"].to_numpy() if by_cell else np.full(len(samples), -1),
            "column": square[:, 0], "row": square[:, 1], "span": span,
        }
    )
    number = np.asarray(keys.groupby(list(keys.columns), sort=False).ngroup(), dtype=np.int64)
    groups = pd.DataFrame({"g": number, "x": x, "y": y, "level": level}).groupby("g")
    first = np.unique(number, return_index=True)[1]
    found = samples.drop(columns="geometry").iloc[first].reset_index(drop=True)
    middle = _lower_median(number, level)
    found["rsrp_dbm"] = np.where(np.isfinite(middle), middle, np.nan)
    found["heard"] = np.isfinite(middle)
    found["samples"] = groups.size().to_numpy()
    mean = groups[["x", "y"]].mean()
    return gpd.GeoDataFrame(
        found, geometry=gpd.points_from_xy(mean["x"], mean["y"]), crs=samples.crs
    )


def _lower_median(group: NDArray[np.int64], level: FloatArray) -> FloatArray:
    """Return the median of each group; of two middle values their mean, silence where one is silent."""
    order = np.lexsort((level, group))
    start = np.searchsorted(group[order], np.arange(group.max() + 1 if len(group) else 0))
    count = np.diff(np.append(start, len(group)))
    low, high = level[order][start + (count - 1) // 2], level[order][start + count // 2]
    with np.errstate(invalid="ignore"):
        return np.asarray(0.5 * (low + high))
