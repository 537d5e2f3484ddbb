"""The ground around villages in every draw: how many people the largest cluster left out holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.evidence.draw_kernels import largest_patches
from phusong.coverage.villages import nearest_villages, populated_cells
from phusong.coverage.zonal import CommuneShares
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers


@dataclass(frozen=True)
class Ground:
    """Populated ground near villages by one account, in the squares of a draw.

    Attributes
    ----------
    cells : array of int64, shape (squares,)
        Cell of the grid in the middle of each, along rows.
    before : array of int32, shape (squares, 4)
        Squares west, north-west, north and north-east of each, -1 for none.
    starts : array of int64, shape (villages + 1,)
        Where the entries of each village begin.
    squares : array of int32, shape (entries,)
    people : array of float64, shape (entries,)
        Of a square who are nearest to a village.
    """

    cells: NDArray[np.int64]
    before: NDArray[np.int32]
    starts: NDArray[np.int64]
    squares: NDArray[np.int32]
    people: FloatArray

    def left_out(self, bits: NDArray[np.uint64], asked: NDArray[np.bool_]) -> FloatArray:
        """Return the people of each village's largest cluster without coverage, by operator.

        Parameters
        ----------
        bits : array of uint64, shape (squares,)
            The first of them are those of the operators.
        asked : array of bool, shape (operators, villages)
            Of which villages; nought for the others.
        """
        found = np.zeros(asked.shape)
        label = np.empty(len(self.cells), dtype=np.int32)
        held = np.zeros(len(self.cells))
        for k, mine in enumerate(asked):
            largest_patches(
                bits, k, self.before, label, mine, self.starts, self.squares, self.people, held, found[k]
            )
        return found


def grounds_of(
    layers: Layers, accounts: Sequence[CommuneShares], villages: Any, step: int
) -> Iterator[Ground]:
    """Yield the ground of the villages by each account.

    Parameters
    ----------
    layers : Layers
    accounts : sequence of CommuneShares
    villages : GeoDataFrame
    step : int
        Cells along a square.
    """
    x, y = villages.geometry.x.to_numpy(), villages.geometry.y.to_numpy()
    rows, columns = layers.grid.shape
    rule = layers.project.villages
    populated = [populated_cells(layers, shares, rule) for shares in accounts]
    village = np.full(layers.grid.size, -1, dtype=np.int64)
    for cells in populated:
        village[cells] = 0
    near, of = nearest_villages(layers, np.flatnonzero(village == 0).astype(np.int64), x, y, rule)
    village[:] = -1
    village[near] = of
    for shares, cells in zip(accounts, populated, strict=True):
        cells = cells[village[cells] >= 0]
        owner = village[cells]
        row, col = np.divmod(cells, columns)
        wide = columns // step + 3  # a margin on either side, so that no square touches across the edge
        square = (row // step + 1) * wide + col // step + 1
        key, entry = np.unique(owner * ((rows // step + 3) * wide) + square, return_inverse=True)
        people = np.bincount(entry.reshape(-1), weights=shares.cell_people[cells], minlength=len(key))
        own, places = np.divmod(key, (rows // step + 3) * wide)
        there, number = np.unique(places, return_inverse=True)
        at = np.full((rows // step + 3) * wide, -1, dtype=np.int32)
        at[there] = np.arange(len(there), dtype=np.int32)
        before = np.stack([at[there - d] for d in (1, wide + 1, wide, wide - 1)], axis=1)
        down, across = np.divmod(there, wide)
        middle = [
            np.minimum((v - 1) * step + step // 2, n - 1) for v, n in ((down, rows), (across, columns))
        ]
        starts = np.searchsorted(own, np.arange(len(villages) + 1))
        yield Ground(
            middle[0] * columns + middle[1], np.ascontiguousarray(before), starts.astype(np.int64),
            number.reshape(-1).astype(np.int32), people.astype(np.float64),
        )  # fmt: skip
