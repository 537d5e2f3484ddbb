"""Square lattices on which the sample province is made, and least-cost paths over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

CRS = "EPSG:32649"
"""UTM zone 49N: metres, east of 108 degrees."""
STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Half of the eight neighbours; the other half are their opposites."""


@dataclass(frozen=True)
class Frame:
    """A north-up lattice of square cells.

    Attributes
    ----------
    left_m, top_m : float
        Outer corner of the north-western cell, in ``crs``.
    cell_m : float
    shape : tuple of int
        Rows and columns.
    crs : str
    """

    left_m: float
    top_m: float
    cell_m: float
    shape: tuple[int, int]
    crs: str = CRS

    def split(self, times: int) -> Frame:
        """Return the same area in cells ``times`` smaller."""
        rows, cols = self.shape
        return Frame(
            self.left_m, self.top_m, self.cell_m / times, (rows * times, cols * times), self.crs
        )

    def x_m(self) -> FloatArray:
        """Eastings of the cell centres, one row of them."""
        x_m = self.left_m + (np.arange(self.shape[1]) + 0.5) * self.cell_m
        return np.asarray(x_m[None, :], dtype=np.float64)

    def y_m(self) -> FloatArray:
        """Northings of the cell centres, one column of them."""
        y_m = self.top_m - (np.arange(self.shape[0]) + 0.5) * self.cell_m
        return np.asarray(y_m[:, None], dtype=np.float64)

    def points(self, flat: NDArray[np.integer]) -> FloatArray:
        """Return the centres of the cells with these flat indices, shape (n, 2)."""
        row, col = np.divmod(np.asarray(flat), self.shape[1])
        return np.column_stack(
            (self.left_m + (col + 0.5) * self.cell_m, self.top_m - (row + 0.5) * self.cell_m)
        )

    def cells(self, points: FloatArray) -> IntArray:
        """Return the flat indices of the cells that hold the points; points outside go to the edge."""
        rows, cols = self.shape
        col = np.clip(np.floor((points[:, 0] - self.left_m) / self.cell_m), 0, cols - 1)
        row = np.clip(np.floor((self.top_m - points[:, 1]) / self.cell_m), 0, rows - 1)
        return np.asarray(row * cols + col, dtype=np.int64)


def lattice(cost: FloatArray, allowed: BoolArray) -> csr_array:
    """Return the graph of the eight neighbours of every allowed cell.

    The weight of an edge is its length in cells times the mean cost of its ends.
    """
    from scipy.sparse import coo_array

    rows, cols = cost.shape
    index = np.arange(rows * cols, dtype=np.int32).reshape(rows, cols)
    starts, ends, weights = [], [], []
    for down, right in STEPS:
        here = (slice(0, rows - down), slice(max(0, -right), cols - max(0, right)))
        there = (slice(down, rows), slice(max(0, right), cols + min(0, right)))
        both = allowed[here] & allowed[there]
        starts.append(index[here][both])
        ends.append(index[there][both])
        weights.append(np.hypot(down, right) * (cost[here][both] + cost[there][both]) / 2)
    n = rows * cols
    graph = coo_array(
        (np.concatenate(weights), (np.concatenate(starts), np.concatenate(ends))), shape=(n, n)
    )
    return graph.tocsr()


@dataclass(frozen=True)
class Reach:
    """The least-cost forest from a set of cells.

    Attributes
    ----------
    cost : array of float, shape (cells,)
        Infinite where there is no way.
    source : array of int, shape (cells,)
        Flat index of the source reached at least cost, negative where none is.
    previous : array of int, shape (cells,)
        Next cell towards that source, negative at sources.
    """

    cost: FloatArray
    source: IntArray
    previous: IntArray

    def path(self, cell: int) -> list[int]:
        """Return the cells from ``cell`` to its source, both included."""
        way = [cell]
        while self.previous[way[-1]] >= 0:
            way.append(int(self.previous[way[-1]]))
        return way


def spread(graph: csr_array, sources: NDArray[np.integer]) -> Reach:
    """Return the least-cost forest of an undirected `lattice` from all ``sources`` together."""
    from scipy.sparse.csgraph import dijkstra

    cost, previous, source = dijkstra(
        graph, directed=False, indices=np.unique(sources), return_predecessors=True, min_only=True
    )
    return Reach(cost, source.astype(np.int64), previous.astype(np.int64))


def spectral_noise(
    rng: np.random.Generator, shape: tuple[int, int], cell_m: float, longest_m: float, fall: float = 3.0
) -> FloatArray:
    """Return a smooth random field with zero mean and unit deviation.

    Its power falls as ``frequency ** -fall``; wavelengths beyond ``longest_m`` are left out.
    """
    rows, cols = shape
    white = np.fft.rfft2(rng.standard_normal((rows, cols)))
    frequency = np.hypot(np.fft.fftfreq(rows, cell_m)[:, None], np.fft.rfftfreq(cols, cell_m)[None, :])
    longest = 1.0 / longest_m
    gain = np.where(frequency < longest, 0.0, np.maximum(frequency, longest) ** (-fall / 2))
    field = np.fft.irfft2(white * gain, s=(rows, cols))
    deviation = float(field.std())
    return np.asarray((field - field.mean()) / (deviation if deviation > 0 else 1.0))
