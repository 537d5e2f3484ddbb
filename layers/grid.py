"""One metric grid per province, and rasters that carry it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

FloatArray = NDArray[np.float64]
DType = TypeVar("DType", bound=np.generic)
Box = tuple[int, int, int, int]
"""A window of a grid: its first row and the one after its last, then its columns likewise."""


class GridMismatchError(ValueError):
    """Two rasters that should share a grid do not."""


@dataclass(frozen=True)
class Grid:
    """A north-up grid of square cells in a metric coordinate system.

    Attributes
    ----------
    crs : pyproj.CRS
        Projected, in metres.
    left_m, top_m : float
        Outer corner of the first cell (row 0, column 0), which is the north-west one.
    cell_m : float
        Side of a cell.
    shape : tuple of int
        Rows and columns.
    lands : tuple of Box
        Where all communes lie, if far islands leave most of the grid to the sea; see `phusong.layers.lands`.
        Empty: anywhere. Two grids of the same cells are equal whatever it is.
    """

    crs: CRS
    left_m: float
    top_m: float
    cell_m: float
    shape: tuple[int, int]
    lands: tuple[Box, ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def cover(cls, bounds: tuple[float, float, float, float], crs: CRS, cell_m: float) -> Grid:
        """Return the smallest grid over ``bounds`` with edges at multiples of a cell.

        ``bounds`` are left, bottom, right, top in metres.
        """
        left, bottom, right, top = bounds
        col0, col1 = math.floor(left / cell_m), math.ceil(right / cell_m)
        row0, row1 = math.floor(bottom / cell_m), math.ceil(top / cell_m)
        return cls(crs, col0 * cell_m, row1 * cell_m, cell_m, (max(row1 - row0, 1), max(col1 - col0, 1)))

    @property
    def transform(self) -> Affine:
        """Affine transform from (column, row) to (x, y), as rasterio uses it."""
        return Affine(self.cell_m, 0.0, self.left_m, 0.0, -self.cell_m, self.top_m)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top in metres."""
        rows, cols = self.shape
        return (self.left_m, self.top_m - rows * self.cell_m, self.left_m + cols * self.cell_m, self.top_m)

    @property
    def place(self) -> tuple[str, float, float, float, tuple[int, int]]:
        """All that tells the grid from others, in plain values."""
        return self.crs.to_wkt(), self.left_m, self.top_m, self.cell_m, self.shape

    @property
    def whole(self) -> Box:
        """The window of all cells."""
        return (0, self.shape[0], 0, self.shape[1])

    def part(self, box: Box) -> Grid:
        """Return the grid of a window's cells."""
        left, top = self.left_m + box[2] * self.cell_m, self.top_m - box[0] * self.cell_m
        return Grid(self.crs, left, top, self.cell_m, (box[1] - box[0], box[3] - box[2]))

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.shape[0] * self.shape[1]

    @property
    def cell_km2(self) -> float:
        """Area of a cell in square kilometres."""
        return self.cell_m**2 / 1e6

    def x_m(self) -> FloatArray:
        """Eastings of the cell centres, one per column."""
        return np.asarray(self.left_m + (np.arange(self.shape[1]) + 0.5) * self.cell_m, dtype=np.float64)

    def y_m(self) -> FloatArray:
        """Northings of the cell centres, one per row, from north to south."""
        return np.asarray(self.top_m - (np.arange(self.shape[0]) + 0.5) * self.cell_m, dtype=np.float64)

    def index(self, x_m: FloatArray, y_m: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the row and column of the cells that hold the points; they may lie outside the grid.

        A coordinate that is no number, or infinite, has the row or column -1.
        """
        col = _whole((np.asarray(x_m) - self.left_m) / self.cell_m)
        row = _whole((self.top_m - np.asarray(y_m)) / self.cell_m)
        return row, col

    def holds(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which row and column pairs lie inside the grid."""
        return (row >= 0) & (row < self.shape[0]) & (col >= 0) & (col < self.shape[1])

    def require(self, *others: Grid) -> None:
        """Raise `GridMismatchError` unless all grids are equal to this one."""
        for other in others:
            if other != self:
                raise GridMismatchError(f"grids differ: {self} and {other}")


def _whole(steps: FloatArray) -> NDArray[np.int64]:
    """Round down; -1 for what no integer can hold, which numpy would turn into any number."""
    sound = np.abs(steps) < 2.0**62
    return np.asarray(np.floor(np.where(sound, steps, -1.0)).astype(np.int64))


@dataclass(frozen=True)
class Raster(Generic[DType]):
    """Values on a grid. Missing floats are NaN; missing integers are said by the raster's maker.

    Where a few cells or a window are wanted, ``take``, ``cells`` and ``window`` spare those rasters the sea
    that do not hold it; see `phusong.layers.lands.PatchRaster`.
    """

    values: NDArray[DType]
    grid: Grid

    def __post_init__(self) -> None:
        if self.values.shape != self.grid.shape:
            raise GridMismatchError(f"array {self.values.shape} on a grid of {self.grid.shape}")

    def take(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> NDArray[DType]:
        """Return the values of cells of the grid."""
        return self.values[row, col]

    def cells(self, number: NDArray[np.int64]) -> NDArray[DType]:
        """Return the values of cells that are numbered along rows, the north-western first."""
        return self.values.ravel()[number]

    def window(self, box: Box) -> NDArray[DType]:
        """Return the values in a window."""
        return self.values[box[0] : box[1], box[2] : box[3]]

    @property
    def dtype(self) -> np.dtype[DType]:
        """Type of the values."""
        return self.values.dtype

    def at(self, x_m: FloatArray, y_m: FloatArray, outside: Any) -> NDArray[DType]:
        """Return the values of the cells that hold the points; ``outside`` where there is no cell."""
        row, col = self.grid.index(x_m, y_m)
        inside = self.grid.holds(row, col)
        result = np.full(row.shape, outside, dtype=self.dtype)
        result[inside] = self.take(row[inside], col[inside])
        return result
