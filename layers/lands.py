"""Land that lies far apart on one grid: the windows that hold it, and arrays that leave out the sea between.

The grid of a province with islands far out is nearly all sea. `lands_of` finds the windows where communes
are, `Folded` lays them side by side for what looks at neighbours, and a `PatchRaster` keeps their values and
computes those of the sea when somebody asks. Elsewhere an array of zeros costs no memory where nobody writes.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.layers.grid import Box, DType, FloatArray, Grid, Raster

MOST_LAND = 0.5
"""Part of the grid up to which windows are worth their while."""

_NEIGHBOURS = np.ones((3, 3), dtype=np.int8)


def lands_of(bounds_m: FloatArray, grid: Grid) -> tuple[Box, ...]:
    """Return windows of the grid that hold shapes, none of which overlap; none where they hold most of it.

    Parameters
    ----------
    bounds_m : array (n, 4)
        Left, bottom, right, top of every shape, in metres.
    grid : Grid

    Returns
    -------
    tuple of Box
        The largest first. Each reaches a cell beyond its shapes on every side, as far as the grid does: cells
        with a part in shapes of different windows never touch.
    """
    bounds_m = bounds_m[np.isfinite(bounds_m).all(axis=1)]  # an empty shape has none
    low = np.floor((bounds_m[:, [3, 0]] - [grid.top_m, grid.left_m]) / [-grid.cell_m, grid.cell_m])
    high = np.ceil((bounds_m[:, [1, 2]] - [grid.top_m, grid.left_m]) / [-grid.cell_m, grid.cell_m])
    low, high = np.maximum(low - 1.0, 0.0), np.minimum(high + 1.0, grid.shape)
    low, high = _apart(low, high)
    sizes = np.prod(high - low, axis=1)
    if not len(sizes) or sizes.sum() > MOST_LAND * grid.size:
        return ()
    order = np.lexsort((low[:, 1], low[:, 0], -sizes))
    edges = np.column_stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]])[order].astype(np.int64)
    return tuple((row0, row1, col0, col1) for row0, row1, col0, col1 in edges.tolist())


def _apart(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Join boxes, given by their corners, that touch or overlap until none do."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    while True:
        boxes = shapely.box(low[:, 1], low[:, 0], high[:, 1], high[:, 0])
        left, right = shapely.STRtree(boxes).query(boxes, predicate="intersects")
        links = coo_array((np.ones(len(left)), (left, right)), shape=(len(boxes), len(boxes)))
        count, group = connected_components(links, directed=False)
        if count == len(boxes):
            return low, high
        joined_low, joined_high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
        np.minimum.at(joined_low, group, low)
        np.maximum.at(joined_high, group, high)
        low, high = joined_low, joined_high


def zeros(grid: Grid, dtype: type[DType]) -> NDArray[DType]:
    """Return zeros of the grid's shape; of a grid with lands they take memory where something is written.

    So do those of numpy, but by two megabytes at once where the system has such pages: islands in every
    tenth row would fill the sea.
    """
    return _zeros(grid.shape, dtype) if grid.lands else np.zeros(grid.shape, dtype=dtype)


def _zeros(shape: tuple[int, int], dtype: type[DType]) -> NDArray[DType]:
    if not hasattr(mmap, "MAP_ANONYMOUS"):
        return np.zeros(shape, dtype=dtype)
    size = shape[0] * shape[1] * np.dtype(dtype).itemsize
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        with suppress(OSError):  # a system without such pages
            memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, dtype=dtype).reshape(shape)


@dataclass(frozen=True)
class LandIndex:
    """Where the cells of a grid's lands stand when these are written one after another, each row by row.

    Attributes
    ----------
    land : array of int32, shape (rows, cols)
        Number of the land that holds a cell, from 1; 0 for the sea.
    first, width : array of int64, shape (lands + 1,)
        The cell at row r and column c of land n stands at ``first[n] + r * width[n] + c``.
    starts : tuple of int
        Where each land begins, and where the last one ends.
    """

    land: NDArray[np.int32]
    first: NDArray[np.int64]
    width: NDArray[np.int64]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, shape: tuple[int, int], lands: tuple[Box, ...]) -> LandIndex:
        """Return the index of the lands of a grid of this shape."""
        land = _zeros(shape, np.int32)
        first, width, starts = [0], [0], [0]
        for n, (row0, row1, col0, col1) in enumerate(lands, 1):
            land[row0:row1, col0:col1] = n
            first.append(starts[-1] - row0 * (col1 - col0) - col0)
            width.append(col1 - col0)
            starts.append(starts[-1] + (row1 - row0) * (col1 - col0))
        return cls(land, np.array(first), np.array(width), tuple(starts))

    def find(
        self, row: NDArray[np.int64], col: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where cells stand, and the positions in ``row`` of those in no land."""
        land = self.land[row, col]
        return self.first[land] + row * self.width[land] + col, np.flatnonzero(land == 0)


@lru_cache(maxsize=1)
def _index_of(shape: tuple[int, int], lands: tuple[Box, ...]) -> LandIndex:
    """Return the index, made once for all rasters of a province."""
    return LandIndex.of(shape, lands)


class PatchRaster(Raster[DType]):
    """A raster that holds the lands of its grid and computes what else is asked for.

    Parameters
    ----------
    grid : Grid
        With lands.
    patches : sequence of array
        The values of each of the grid's lands.
    elsewhere : callable
        Returns the values of any window; in the lands they equal the patches.
    """

    _index: LandIndex
    _values: NDArray[DType]
    _elsewhere: Callable[[Box], NDArray[DType]]

    def __init__(
        self, grid: Grid, patches: Sequence[NDArray[DType]], elsewhere: Callable[[Box], NDArray[DType]]
    ) -> None:
        index = _index_of(grid.shape, grid.lands)
        values = np.concatenate([patch.ravel() for patch in patches])
        held = {"grid": grid, "_index": index, "_values": values, "_elsewhere": elsewhere}
        for name, value in held.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        """Name the raster without computing the sea."""
        return f"PatchRaster({self.dtype}, {self.grid})"

    @property
    def values(self) -> NDArray[DType]:
        """All values, computed anew whenever they are asked for: as large as the grid."""
        return self._elsewhere(self.grid.whole)

    @property
    def dtype(self) -> np.dtype[DType]:
        """Type of the values."""
        return self._values.dtype

    def window(self, box: Box) -> NDArray[DType]:
        """Return the values in a window."""
        if box not in self.grid.lands:
            return self._elsewhere(box)
        n = self.grid.lands.index(box)
        held = self._values[self._index.starts[n] : self._index.starts[n + 1]]
        return held.reshape(box[1] - box[0], box[3] - box[2])

    def take(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> NDArray[DType]:
        """Return the values of cells of the grid."""
        at, sea = self._index.find(row, col)
        at[sea] = 0
        found = self._values[at]
        for n, r, c in zip(sea.tolist(), row[sea].tolist(), col[sea].tolist(), strict=True):
            found[n] = self._elsewhere((r, r + 1, c, c + 1))[0, 0]
        return found

    def cells(self, number: NDArray[np.int64]) -> NDArray[DType]:
        """Return the values of cells that are numbered along rows, the north-western first."""
        return self.take(*np.divmod(number, self.grid.shape[1]))


def rasters_of(grid: Grid, compute: Callable[[Box], tuple[NDArray[Any], ...]]) -> tuple[Raster[Any], ...]:
    """Return rasters of what ``compute`` gives for a window, at first for the grid's lands alone.

    Parameters
    ----------
    grid : Grid
    compute : callable
        Returns arrays of the window's shape; asked for two windows, it gives the same to the cells in both.
    """
    if not grid.lands:
        return tuple(Raster(values, grid) for values in compute(grid.whole))
    found = [compute(box) for box in grid.lands]
    return tuple(
        PatchRaster(grid, [arrays[k] for arrays in found], partial(_one_of, compute, k))
        for k in range(len(found[0]))
    )


def _one_of(compute: Callable[[Box], tuple[NDArray[Any], ...]], k: int, box: Box) -> NDArray[Any]:
    return compute(box)[k]


@dataclass(frozen=True)
class Folded:
    """The lands of a grid side by side in a smaller array; the grid itself where it has none.

    Between two of them is at least a row or a column of nothing, so that cells touch here where they touch
    on the grid.

    Attributes
    ----------
    grid : Grid
    shape : tuple of int
        Rows and columns of the array.
    corners : tuple of (row, column)
        Of the first cell of each land in the array.
    """

    grid: Grid
    shape: tuple[int, int]
    corners: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, grid: Grid) -> Folded:
        """Lay the lands in rows as wide as the widest, one after another."""
        if not grid.lands:
            return cls(grid, grid.shape, ((0, 0),))
        width = max(col1 - col0 for _, _, col0, col1 in grid.lands)
        corners, top, left, tallest = [], 0, 0, 0
        for row0, row1, col0, col1 in grid.lands:
            if left + col1 - col0 > width:
                top, left, tallest = top + tallest + 1, 0, 0
            corners.append((top, left))
            left, tallest = left + col1 - col0 + 1, max(tallest, row1 - row0)
        return cls(grid, (top + tallest, width), tuple(corners))

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Windows of the grid, in the order of ``corners``."""
        return self.grid.lands or (self.grid.whole,)

    def views(self, folded: NDArray[DType]) -> Iterator[tuple[Box, NDArray[DType]]]:
        """Yield the window of every land, and its part of a folded array."""
        for box, (row, col) in zip(self.boxes, self.corners, strict=True):
            yield box, folded[row : row + box[1] - box[0], col : col + box[3] - box[2]]

    def lay(self, raster: Raster[DType]) -> NDArray[DType]:
        """Return the values of a raster in the lands; zero between them."""
        if not self.grid.lands:
            return raster.values
        folded = np.zeros(self.shape, dtype=raster.dtype)
        for box, view in self.views(folded):
            view[:] = raster.window(box)
        return folded

    def scatter(self, cells: NDArray[np.int64], values: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return a folded array with values of 0 or more in the numbered cells of the lands, else -1."""
        above = zeros(self.grid, np.int32)
        above.reshape(-1)[cells] = values + 1
        return self.lay(Raster(above, self.grid)) - np.int32(1)

    def spread(self, folded: NDArray[DType]) -> NDArray[DType]:
        """Return an array of the grid's shape from a folded one; zero outside the lands."""
        if not self.grid.lands:
            return folded
        values = zeros(self.grid, folded.dtype.type)
        for (row0, row1, col0, col1), view in self.views(folded):
            values[row0:row1, col0:col1] = view
        return values

    @cached_property
    def _land(self) -> NDArray[np.int32]:
        """Number of the land in every cell of the array; the first between them."""
        number = np.zeros(self.shape, dtype=np.int32)
        for n, (_, view) in enumerate(self.views(number)):
            view[:] = n
        return number

    def place(
        self, row: NDArray[np.int64], col: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return row and column on the grid of cells of the array that are in a land."""
        if not self.grid.lands:
            return row, col
        first = np.array([(box[0], box[2]) for box in self.boxes], dtype=np.int64) - np.array(self.corners)
        down, right = first[self._land[row, col]].T
        return row + down, col + right

    def label(self, mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
        """Return the patches of a folded mask by number, from 1; cells that touch at a corner are of one.

        In the order in which their first cells come on the grid, row by row, as without any folding.
        """
        from scipy import ndimage

        found, count = ndimage.label(mask, structure=_NEIGHBOURS)
        label = np.asarray(found, dtype=np.int32)
        if not self.grid.lands or not count:
            return label, count
        row, col = (at.astype(np.int64) for at in np.nonzero(label))
        patch = label[row, col]
        row, col = self.place(row, col)
        first = np.full(count + 1, self.grid.size, dtype=np.int64)
        np.minimum.at(first, patch, row * self.grid.shape[1] + col)
        number = np.zeros(count + 1, dtype=np.int32)
        number[1 + np.argsort(first[1:])] = np.arange(1, count + 1)
        return number[label], count
