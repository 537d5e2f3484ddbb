"""The Irregular Terrain Model for every cell around a site.

Every cell has its own profile, so there is no error from rays that pass beside it: with vector code a
profile of 300 points costs a few microseconds. Samples are as many as there are rows or columns to the
cell, whichever is more, so that a step is one to 1.41 cells long; heights between cell centres are
interpolated bilinearly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.itm import Parameters
from phusong.coverage.radio.itm_fast import fast_geometry, fast_mean_height_m, new_work
from phusong.coverage.radio.itm_terms import (
    effective_curvature,
    free_space_loss_db,
    ground_impedance,
    reference_attenuation,
    surface_refractivity,
)
from phusong.coverage.radio.itm_variability import climate_constants, variability_db, variability_warning
from phusong.coverage.radio.jit import fast_kernel, kernel
from phusong.data.language import Text

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]

WARN_NO_TERRAIN = 0x10000
"""Our own bit beyond NTIA's: the path crosses cells without a height, and there is no loss."""

WARN_REFUSED = 0x20000
"""Our own bit: the surface refractivity is outside 150 to 400 N-units, and there is no loss."""

NO_TERRAIN = Text("đường truyền qua ô không có độ cao địa hình", "path over cells without terrain height")

_FRACTION_BITS = 40
_UNIT = 2.0**-_FRACTION_BITS

OWN_CELL_SHARE = 0.3826
"""Mean distance of the points of a unit square from its middle: (sqrt 2 + asinh 1) / 6."""


# Positions are in cells times 2**40: integers spare conversions, and unsigned ones the test for negative
# positions, which cost more than the loads.


@fast_kernel
def _sample_between(
    flat: Float32Array, width: int, last_row: int, last_col: int, y: int, down: int, x: int, right: int,
    n: int, heights: FloatArray,
) -> None:
    for j in range(n):
        i, k = min(y >> _FRACTION_BITS, last_row), min(x >> _FRACTION_BITS, last_col)
        v, u = (y - (i << _FRACTION_BITS)) * _UNIT, (x - (k << _FRACTION_BITS)) * _UNIT
        at, under = np.uint64(i * width + k), np.uint64((i + 1) * width + k)
        upper, lower = np.float64(flat[at]), np.float64(flat[under])
        upper += u * (np.float64(flat[at + np.uint64(1)]) - upper)
        lower += u * (np.float64(flat[under + np.uint64(1)]) - lower)
        heights[j] = upper + v * (lower - upper)
        y += down
        x += right


@fast_kernel
def _pairs_along(
    flat: Float32Array, at: int, along: int, across: int, slope: int, n: int, pairs: Float32Array
) -> None:
    x = 0
    for j in range(n):
        near = at + (x >> _FRACTION_BITS) * across
        pairs[0, j], pairs[1, j] = flat[np.uint64(near)], flat[np.uint64(near + across)]
        at += along
        x += slope


@fast_kernel
def _blend_pairs(pairs: Float32Array, slope: int, n: int, heights: FloatArray) -> None:
    for j in range(n):
        u = ((j * slope) & ((1 << _FRACTION_BITS) - 1)) * _UNIT
        near = np.float64(pairs[0, j])
        heights[j] = near + u * (np.float64(pairs[1, j]) - near)


@kernel
def _profile(
    flat: Float32Array, rows: int, cols: int, row: float, col: float, end_row: int, end_col: int, n: int,
    pairs: Float32Array, heights: FloatArray,
) -> None:
    one = float(1 << _FRACTION_BITS)
    dy, dx = end_row - row, end_col - col
    if row != math.floor(row) or col != math.floor(col) or max(abs(dy), abs(dx)) < n:
        _sample_between(
            flat, cols, rows - 2, cols - 2, int(row * one), int(dy / n * one), int(col * one),
            int(dx / n * one), n, heights,
        )
    else:
        # From the middle of a cell every sample lies on a row (or column): one interpolation, across it.
        # The neighbour across is read even without weight; straight along an edge that is the inner one.
        start = int(row) * cols + int(col)
        down, right = (cols if dy > 0.0 else -cols), (1 if dx > 0.0 else -1)
        if abs(dy) >= abs(dx):
            if dx == 0.0:
                right = 1 if end_col < cols - 1 else -1
            slope = int(abs(dx) / n * one)
            _pairs_along(flat, start, down, right, slope, n, pairs)
        else:
            if dy == 0.0:
                down = cols if end_row < rows - 1 else -cols
            slope = int(abs(dy) / n * one)
            _pairs_along(flat, start, right, down, slope, n, pairs)
        _blend_pairs(pairs, slope, n, heights)
    heights[n] = flat[end_row * cols + end_col]


@kernel
def _crosses_void(
    void: NDArray[np.bool_], row: float, col: float, end_row: int, end_col: int, n: int
) -> bool:
    rows, cols = void.shape
    for j in range(n + 1):
        y, x = row + j * ((end_row - row) / n), col + j * ((end_col - col) / n)
        i, k = min(int(y), rows - 2), min(int(x), cols - 2)
        v, u = y - i, x - k
        for a in range(2):
            for b in range(2):
                if void[i + a, k + b] and (v if a else 1.0 - v) > 1e-9 and (u if b else 1.0 - u) > 1e-9:
                    return True
    return False


@kernel
def steps_between(row: float, col: float, end_row: int, end_col: int) -> int:
    """Return the steps of the profile to a cell; two at least, as the model needs three points."""
    return max(2, math.ceil(max(abs(end_row - row), abs(end_col - col)) - 1e-9))


@kernel
def _sweep_rows(
    flat: Float32Array, void: NDArray[np.bool_], any_void: bool, cell_m: float, row: float, col: float,
    window: tuple[int, int, int, int], begin: int, stop: int, max_m: float, rx_height: float, n0: float,
    tx_heights: FloatArray, group: NDArray[np.int64], frequency: FloatArray,
    impedance: NDArray[np.complex128], climate: FloatArray, fixed_bits: NDArray[np.int64],
    deviates: tuple[float, float, float], mdvar: int, inverse: FloatArray,
    loss: NDArray[np.floating[Any]], warnings: NDArray[np.int32],
) -> None:
    heights, pairs = np.empty(inverse.size), np.empty((2, inverse.size), dtype=np.float32)
    work = new_work(inverse.size)
    links = frequency.size
    for r in range(begin, stop):
        for c in range(window[2], window[3]):
            i, k = r - window[0], c - window[2]
            d = cell_m * math.sqrt((r - row) ** 2 + (c - col) ** 2)
            if d > max_m:
                continue
            n = steps_between(row, col, r, c)
            if any_void and _crosses_void(void, row, col, r, c, n):
                warnings[:, i, k] = WARN_NO_TERRAIN
                continue
            _profile(
                flat, void.shape[0], void.shape[1], row, col, r, c, n, pairs, heights
            )
            step = max(d, OWN_CELL_SHARE * cell_m) / n
            d = n * step
            n_s = surface_refractivity(n0, fast_mean_height_m(heights, n))
            curvature = effective_curvature(n_s)
            for g in range(tx_heights.size):
                delta_h, he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx = fast_geometry(
                    heights, n, step, tx_heights[g], rx_height, 1.0 / curvature, inverse, work
                )
                for link in range(links):
                    if group[link] != g:
                        continue
                    f = frequency[link]
                    code, bits, _, reference = reference_attenuation(
                        f, impedance[link], n_s, curvature, d, delta_h, tx_heights[g], rx_height,
                        he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx, False,
                    )
                    if code != 0:
                        warnings[link, i, k] = WARN_REFUSED
                        continue
                    warnings[link, i, k] = bits | fixed_bits[link]
                    loss[link, i, k] = free_space_loss_db(d, f) + variability_db(
                        deviates[0], deviates[1], deviates[2], he_tx, he_rx, delta_h, f, d, reference,
                        climate[link], mdvar,
                    )


def sweep_window(
    shape: tuple[int, int], cell_m: float, site_row: float, site_col: float, max_distance_m: float
) -> tuple[int, int, int, int]:
    """Return row0, row1, col0, col1 of the cells that the distance can reach, within the raster."""
    reach = max_distance_m / cell_m
    return (
        max(0, math.ceil(site_row - reach)), min(shape[0], math.floor(site_row + reach) + 1),
        max(0, math.ceil(site_col - reach)), min(shape[1], math.floor(site_col + reach) + 1),
    )


def path_profile(
    terrain: Float32Array, cell_m: float, site_row: float, site_col: float, row: int, col: int
) -> tuple[FloatArray, float]:
    """Return the heights and the step in metres of the profile that the sweep takes to a cell."""
    n = steps_between(site_row, site_col, row, col)
    heights = np.empty(n + 1)
    ground = np.ascontiguousarray(terrain, dtype=np.float32)
    pairs = np.empty((2, n), dtype=np.float32)
    rows, cols = ground.shape
    _profile(ground.ravel(), rows, cols, float(site_row), float(site_col), row, col, n, pairs, heights)
    d = cell_m * math.hypot(row - site_row, col - site_col)
    return heights, max(d, OWN_CELL_SHARE * cell_m) / n


def _checked(parameters: Sequence[Parameters]) -> None:
    from phusong.coverage.radio.itm_messages import ERRORS

    for p in parameters:
        code = p.fault()
        if code:
            raise ValueError(f"{ERRORS[code].en}: {p}")


def itm_sweep_site(
    terrain: Float32Array,
    cell_m: float,
    site_row: float,
    site_col: float,
    links: Sequence[tuple[float, float]],
    *,
    rx_height_m: float = 1.5,
    max_distance_m: float,
    climate: int = 3,
    n0: float = 370.0,
    time: float = 50.0,
    location: float = 50.0,
    situation: float = 50.0,
    mdvar: int = 12,
    epsilon: float = 15.0,
    sigma: float = 0.005,
    vertical: bool = True,
    workers: int = 1,
    dtype: type[np.floating[Any]] = np.float32,
) -> tuple[NDArray[np.floating[Any]], NDArray[np.int32]]:
    """Return the loss from one site to every cell around it, for several links.

    Parameters
    ----------
    terrain : float32 array of shape (rows, cols)
        Ground heights in metres, NaN where unknown; two rows and columns at least.
    cell_m : float
    site_row, site_col : float
        Position of the site in cells; the middle of the first cell is (0, 0). Inside the raster.
    links : sequence of (frequency_mhz, tx_height_m)
        Links that share a height share the work on the profile.
    max_distance_m : float
    rx_height_m, climate, n0, time, location, situation, mdvar, epsilon, sigma, vertical
        As in `itm.Parameters`. ``location`` has no effect with the default ``mdvar``.
    workers : int
        Threads; they share out the rows, and the result does not depend on their number.
    dtype : float32 or float64
        Of the losses.

    Returns
    -------
    loss_db : array of shape (links, window rows, window cols)
        The window is that of `sweep_window`; NaN beyond ``max_distance_m`` and where the warnings have
        `WARN_NO_TERRAIN` or `WARN_REFUSED`.
    warnings : int32 array of the same shape
        NTIA's bits and our own.

    Raises
    ------
    ValueError
        Naming the argument that is out of range.

    Notes
    -----
    The cell that holds the site gets the loss at the mean distance of its points from its middle.
    """
    ground = np.ascontiguousarray(terrain, dtype=np.float32)
    rows, cols = ground.shape
    if rows < 2 or cols < 2:
        raise ValueError(f"terrain: needs at least 2 rows and 2 columns, got {ground.shape}")
    if not (0 <= site_row <= rows - 1 and 0 <= site_col <= cols - 1):
        raise ValueError(f"site_row, site_col = {site_row}, {site_col}: outside {ground.shape}")
    if not (cell_m > 0.0 and max_distance_m > 0.0):
        raise ValueError(f"cell_m, max_distance_m = {cell_m}, {max_distance_m}: must be above 0 m")
    parameters = [
        Parameters(f, h, rx_height_m, climate, n0, vertical, epsilon, sigma, mdvar, time, location, situation)
        for f, h in links
    ]
    _checked(parameters)

    window = sweep_window((rows, cols), cell_m, site_row, site_col, max_distance_m)
    shape = (len(links), window[1] - window[0], window[3] - window[2])
    loss = np.full(shape, np.nan, dtype=dtype)
    warnings = np.zeros(shape, dtype=np.int32)
    if not parameters:
        return loss, warnings
    void = np.isnan(ground)
    any_void = bool(void.any())
    if any_void:
        ground = np.where(void, np.float32(0.0), ground)
    tx_heights, group = np.unique(np.array([h for _, h in links], dtype=np.float64), return_inverse=True)
    deviates = parameters[0].deviates()
    tail = variability_warning(*deviates, mdvar)
    longest = int(max(rows, cols)) + 2
    frequency = np.array([f for f, _ in links], dtype=np.float64)
    impedance = np.array([ground_impedance(f, vertical, epsilon, sigma) for f in frequency], dtype=complex)
    constants = np.stack([climate_constants(climate, f) for f in frequency])
    bits = np.array([p.warnings() | tail for p in parameters], dtype=np.int64)
    inverse = 1.0 / np.maximum(np.arange(longest, dtype=np.float64), 1.0)
    flat = ground.ravel()

    def run(begin: int, stop: int) -> None:
        _sweep_rows(
            flat, void, any_void, cell_m, float(site_row), float(site_col), window, begin, stop,
            max_distance_m, rx_height_m, n0, tx_heights, group.astype(np.int64), frequency, impedance,
            constants, bits, deviates, mdvar, inverse, loss, warnings,
        )

    if workers == 1:
        run(window[0], window[1])
    else:
        # Many more bands than workers: rows near the middle cost most.
        edges = np.linspace(window[0], window[1], 16 * workers + 1).astype(int).tolist()
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, edges[:-1], edges[1:]))
    return loss, warnings
