"""Gaussian fields with an exponential correlation: what shadowing and the errors of a model look like."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]

STEPS_PER_CORRELATION = 1.6
"""Lattice steps in one correlation distance; a value holds for the whole of its square. Sums over ground
keep their variance to half a per cent: the spectrum of the correlation is small at the lattice's own."""
_PADDING = 5.0
"""Correlation distances between the two ends of the torus: what meets there is alike to 0.7 %."""


@dataclass(frozen=True)
class Lattice:
    """A coarse square lattice over a grid, on a torus larger than it, with the spectrum of its field.

    Attributes
    ----------
    cells : int
        Grid cells along a side of its squares.
    shape : tuple of int
        Rows and columns of the torus.
    amplitude : array of float32, shape ``shape``
        Square roots of the eigenvalues of the correlation on the torus.
    """

    cells: int
    shape: tuple[int, int]
    amplitude: Float32

    def at(
        self, row: NDArray[np.int64], col: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the squares that hold cells of the grid."""
        return (row // self.cells).astype(np.int32), (col // self.cells).astype(np.int32)

    def draw(self, rng: np.random.Generator) -> tuple[Float32, Float32]:
        """Return two independent fields of mean 0 and variance 1, of the torus's shape."""
        from scipy.fft import ifft2

        size = self.shape[0] * self.shape[1]
        noise = rng.standard_normal((2, *self.shape), dtype=np.float32)
        spectrum = self.amplitude * (noise[0] + 1j * noise[1])
        field = ifft2(spectrum, workers=1, overwrite_x=True) * np.float32(math.sqrt(size))
        return np.ascontiguousarray(field.real), np.ascontiguousarray(field.imag)


def lattice(shape: tuple[int, int], cell_m: float, correlation_m: float) -> Lattice:
    """Return the lattice of a field over a grid.

    Circulant embedding (C. Dietrich and G. Newsam, SIAM J. Sci. Comput. 18 (1997) 1088) of
    ``exp(-d / correlation_m)``, d the shorter way on the torus; the few negative eigenvalues that remain are
    set to nought and the others scaled so that the variance is one.

    Parameters
    ----------
    shape : tuple of int
        Of the grid.
    cell_m, correlation_m : float
    """
    from scipy.fft import fft2, next_fast_len

    cells = max(int(correlation_m / STEPS_PER_CORRELATION / cell_m), 1)
    step_m = cells * cell_m
    pad = math.ceil(_PADDING * correlation_m / step_m)
    torus = tuple(next_fast_len(math.ceil(n / cells) + pad) for n in shape)
    rows, cols = (np.minimum(np.arange(n), n - np.arange(n)) * step_m for n in torus)
    correlation = np.exp(-np.hypot(rows[:, None], cols[None, :]) / correlation_m)
    values = np.maximum(fft2(correlation).real, 0.0)
    values /= values.mean()
    return Lattice(cells, (torus[0], torus[1]), np.sqrt(values).astype(np.float32))


def cell_share(cell_m: float, correlation_m: float) -> float:
    """Return the part of a field's variance that is left in its means over square cells.

    The mean of ``exp(-d / correlation_m)`` over pairs of places in one cell, by the midpoint rule on the
    triangular weights of the differences of coordinates.
    """
    n = 200
    u = (np.arange(n) + 0.5) / n
    weight = 2.0 * (1.0 - u) / n
    distance = cell_m * np.hypot(u[:, None], u[None, :])
    return float((weight[:, None] * weight[None, :] * np.exp(-distance / correlation_m)).sum())
