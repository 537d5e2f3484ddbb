"""Points find their cells, and what is no point lies in none."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from pyproj import CRS

from phusong.layers.grid import Grid, Raster

GRID = Grid(CRS.from_epsg(32648), 1000.0, 2000.0, 100.0, (5, 4))


@pytest.mark.parametrize("wild", [float("nan"), float("inf"), float("-inf"), 1e300, -1e300])
def test_what_is_no_coordinate_lies_outside_without_a_warning(wild: float) -> None:
    x = np.array([1050.0, wild, 1250.0, 1399.0])
    y = np.array([1950.0, 1850.0, wild, 1501.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row, col = GRID.index(x, y)
        values = Raster(np.arange(20).reshape(5, 4), GRID).at(x, y, -7)
    assert row.tolist() == [0, 1, -1, 4]
    assert col.tolist() == [0, -1, 2, 3]
    assert GRID.holds(row, col).tolist() == [True, False, False, True]
    assert values.tolist() == [0, -7, -7, 19]


def test_points_beyond_the_edges_keep_their_place() -> None:
    row, col = GRID.index(np.array([999.0, 1400.0]), np.array([2001.0, 1499.0]))
    assert (row.tolist(), col.tolist()) == ([-1, 5], [-1, 4])
