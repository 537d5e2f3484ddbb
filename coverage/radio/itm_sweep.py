"""The Irregular Terrain Model for every cell around a site.

Every cell has its own profile, so there is no error from rays that pass beside it: with vector code a
profile of 300 points costs two to three microseconds. The paths to one row of cells cross the other rows at
the same places, so that heights between rows are made once for all of them, and a sample is one
interpolation along its row; cells farther across the rows than along them take columns for rows.

Samples are as many as there are rows or columns to the cell, whichever is more, so that a step is one to
1.41 cells long; heights between cell centres are interpolated bilinearly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.gathering import gathering
from phusong.coverage.radio.itm import Parameters
from phusong.coverage.radio.itm_fast import Work, fast_geometry, fast_mean_height_m, new_work
from phusong.coverage.radio.itm_terms import (
    effective_curvature,
    free_space_loss_db,
    ground_impedance,
    reference_attenuation,
    surface_refractivity,
)
from phusong.coverage.radio.itm_variability import climate_constants, variability_db, variability_warning
from phusong.coverage.radio.jit import array_kernel, fast_array_kernel, kernel
from phusong.data.language import Text

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]

WARN_NO_TERRAIN = 0x10000
"""Our own bit beyond NTIA's: the path crosses cells without a height, and there is no loss."""

WARN_REFUSED = 0x20000
"""Our own bit: the surface refractivity is outside 150 to 400 N-units, and there is no loss."""

NO_TERRAIN = Text("đường truyền qua ô không có độ cao địa hình", "path over cells without terrain height")

OWN_CELL_SHARE = 0.3826
"""Mean distance of the points of a unit square from its middle: (sqrt 2 + asinh 1) / 6."""


_gather, _store = gathering("profile")


class Scratch(NamedTuple):
    """Scratch of one thread."""

    heights: FloatArray
    blended: FloatArray
    starts: NDArray[np.int64]
    work: Work


@fast_array_kernel
def _blend_lines(
    ground: Float32Array, row: float, down: float, n: int, col: float, first: int, last: int,
    blended: FloatArray, starts: NDArray[np.int64],
) -> None:
    # Heights at the whole columns of the samples 0 ... n-1 of all paths that end in one line of cells:
    # they share their rows. ``first`` and ``last`` are the columns of the line's ends. Column k of sample
    # j is at starts[j] + k; only what is needed is kept, so that paths cross few pages of memory.
    bottom, right, free = ground.shape[0] - 2, ground.shape[1] - 1, 0
    to_first, to_last = (first - col) / n, (last - col) / n
    for j in range(n):
        y = row + j * down
        i = min(int(y), bottom)
        v = y - i
        begin = max(int(col + min(0.0, j * to_first)) - 1, 0)
        stop = min(int(col + max(0.0, j * to_last)) + 2, right) + 1
        upper, lower = ground[i], ground[i + 1]
        samples, upper, lower = blended[free:], upper[begin:stop], lower[begin:stop]
        starts[j] = free - begin
        for k in range(stop - begin):
            near = np.float64(upper[k])
            samples[k] = near + v * (np.float64(lower[k]) - near)
        free += stop - begin


@fast_array_kernel
def _profile(
    blended: FloatArray, starts: NDArray[np.int64], last_col: int, col: float, right: float, n: int,
    heights: FloatArray,
) -> None:
    # Unsigned places spare the test for negative ones, which costs more than the loads.
    last = np.int32(last_col - 1)
    for j in range(n):
        x = col + j * right
        k = min(np.int32(x), last)
        at = np.uint64(_gather(starts, np.uint64(j)) + k)
        near = _gather(blended, at)
        _store(heights, np.uint64(j), near + (x - k) * (_gather(blended, at + np.uint64(1)) - near))


@array_kernel
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
def steps_along(cells: float) -> int:
    """Return the steps that leave none longer than a cell; a last bit over a whole number adds none."""
    return math.ceil(abs(cells) - 1e-9)


@kernel
def _left_out(cell_m: float, down: float, steps: int, across: float, turned: bool, max_m: float) -> bool:
    other = steps_along(across)
    return (
        other > steps
        or (turned and other == steps)
        or cell_m * math.sqrt(down**2 + across**2) > max_m
    )


@array_kernel
def _sweep_line(
    ground: Float32Array, void: NDArray[np.bool_], any_void: bool, cell_m: float, row: float, col: float,
    turned: bool, window: tuple[int, int, int, int], r: int, max_m: float, rx_height: float, n0: float,
    tx_heights: FloatArray, group: NDArray[np.int64], frequency: FloatArray, free_db: FloatArray,
    impedance: NDArray[np.complex128], climate: FloatArray, fixed_bits: NDArray[np.int64],
    deviates: tuple[float, float, float], mdvar: int, inverse: FloatArray, scratch: Scratch,
    loss: NDArray[np.floating[Any]], warnings: NDArray[np.int32],
) -> None:
    # The cells of row ``r`` that are no farther across the rows than along them; where ``turned`` rows are
    # columns, and cells as far across as along are left out.
    down = r - row
    steps = steps_along(down)
    first, last = window[2], window[3] - 1
    while first <= last and _left_out(cell_m, down, steps, first - col, turned, max_m):
        first += 1
    while first <= last and _left_out(cell_m, down, steps, last - col, turned, max_m):
        last -= 1
    if first > last:
        return
    n = max(2, steps)
    heights, blended, starts = scratch.heights, scratch.blended, scratch.starts
    _blend_lines(ground, row, down / n, n, col, first, last, blended, starts)
    for c in range(first, last + 1):
        i, k = r - window[0], c - window[2]
        if turned:
            i, k = k, i
        if any_void and _crosses_void(void, row, col, r, c, n):
            for link in range(frequency.size):
                warnings[link, i, k] = WARN_NO_TERRAIN
            continue
        _profile(blended, starts, ground.shape[1] - 1, col, (c - col) / n, n, heights)
        heights[n] = ground[r, c]
        step = max(cell_m * math.sqrt(down**2 + (c - col) ** 2), OWN_CELL_SHARE * cell_m) / n
        d = n * step
        n_s = surface_refractivity(n0, fast_mean_height_m(heights, n))
        curvature = effective_curvature(n_s)
        distance_db = 20.0 * math.log10(d / 1000.0)
        for g in range(tx_heights.size):
            delta_h, he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx = fast_geometry(
                heights, n, step, tx_heights[g], rx_height, 1.0 / curvature, inverse, scratch.work
            )
            for link in range(frequency.size):
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
                loss[link, i, k] = free_db[link] + distance_db + variability_db(
                    deviates[0], deviates[1], deviates[2], he_tx, he_rx, delta_h, f, d, reference,
                    climate[link], mdvar,
                )


@kernel
def _sweep_lines(
    ground: Float32Array, void: NDArray[np.bool_], any_void: bool, cell_m: float, row: float, col: float,
    turned: bool, window: tuple[int, int, int, int], begin: int, stop: int, max_m: float, rx_height: float,
    n0: float, tx_heights: FloatArray, group: NDArray[np.int64], frequency: FloatArray, free_db: FloatArray,
    impedance: NDArray[np.complex128], climate: FloatArray, fixed_bits: NDArray[np.int64],
    deviates: tuple[float, float, float], mdvar: int, inverse: FloatArray, scratch: Scratch,
    loss: NDArray[np.floating[Any]], warnings: NDArray[np.int32],
) -> None:
    for r in range(begin, stop):
        _sweep_line(
            ground, void, any_void, cell_m, row, col, turned, window, r, max_m, rx_height, n0, tx_heights,
            group, frequency, free_db, impedance, climate, fixed_bits, deviates, mdvar, inverse, scratch,
            loss, warnings,
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
    ground = np.ascontiguousarray(terrain, dtype=np.float32)
    end = ground[row, col]
    y, x, end_y, end_x = float(site_row), float(site_col), row, col
    if steps_along(end_x - x) > steps_along(end_y - y):
        ground, y, x, end_y, end_x = np.ascontiguousarray(ground.T), x, y, end_x, end_y
    n = max(2, steps_along(end_y - y))
    heights, blended = np.empty(n + 1), np.empty(n * ground.shape[1])
    _profile_alone(ground, y, x, end_y, end_x, n, blended, np.empty(n, dtype=np.int64), heights)
    heights[n] = end
    d = cell_m * math.hypot(row - site_row, col - site_col)
    return heights, max(d, OWN_CELL_SHARE * cell_m) / n


@kernel
def _profile_alone(
    ground: Float32Array, row: float, col: float, end_row: int, end_col: int, n: int, blended: FloatArray,
    starts: NDArray[np.int64], heights: FloatArray,
) -> None:
    _blend_lines(ground, row, (end_row - row) / n, n, col, end_col, end_col, blended, starts)
    _profile(blended, starts, ground.shape[1] - 1, col, (end_col - col) / n, n, heights)


def _scratch(shape: tuple[int, int]) -> Scratch:
    longest = max(shape) + 2
    starts = np.empty(longest, dtype=np.int64)
    return Scratch(np.empty(longest), np.empty(longest * max(shape)), starts, new_work(longest))


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
    # Only what paths can cross, and a second time with rows for columns.
    top, left = min(window[0], int(site_row), rows - 2), min(window[2], int(site_col), cols - 2)
    bottom, right = max(window[1], int(site_row) + 2), max(window[3], int(site_col) + 2)
    ground = ground[top:bottom, left:right]
    void = np.isnan(ground)
    any_void = bool(void.any())
    ground = np.where(void, np.float32(0.0), ground)
    row, col = float(site_row - top), float(site_col - left)
    inside = (window[0] - top, window[1] - top, window[2] - left, window[3] - left)
    turns = (
        (ground, void, any_void, cell_m, row, col, False, inside),
        (
            np.ascontiguousarray(ground.T), np.ascontiguousarray(void.T), any_void, cell_m, col, row, True,
            (inside[2], inside[3], inside[0], inside[1]),
        ),
    )
    tx_heights, group = np.unique(np.array([h for _, h in links], dtype=np.float64), return_inverse=True)
    deviates = parameters[0].deviates()
    tail = variability_warning(*deviates, mdvar)
    frequency = np.array([f for f, _ in links], dtype=np.float64)
    free_db = np.array([free_space_loss_db(1000.0, f) for f in frequency], dtype=np.float64)
    impedance = np.array([ground_impedance(f, vertical, epsilon, sigma) for f in frequency], dtype=complex)
    constants = np.stack([climate_constants(climate, f) for f in frequency])
    bits = np.array([p.warnings() | tail for p in parameters], dtype=np.int64)
    inverse = 1.0 / np.maximum(np.arange(max(ground.shape) + 2, dtype=np.float64), 1.0)

    # Many more bands than workers: lines near the middle cost most.
    jobs: SimpleQueue[tuple[bool, int, int]] = SimpleQueue()
    for turned in (False, True):
        begin, stop = turns[turned][-1][:2]
        edges = np.linspace(begin, stop, 2 if workers == 1 else 16 * workers + 1).astype(int).tolist()
        for band in pairwise(edges):
            jobs.put((turned, *band))

    def work() -> None:
        """Take jobs until there are none."""
        scratch = _scratch(ground.shape)
        while True:
            try:
                turned, begin, stop = jobs.get_nowait()
            except Empty:
                return
            _sweep_lines(
                *turns[turned], begin, stop, max_distance_m, rx_height_m, n0, tx_heights,
                group.astype(np.int64), frequency, free_db, impedance, constants, bits, deviates, mdvar,
                inverse, scratch, loss, warnings,
            )

    if workers == 1:
        work()
    else:
        with ThreadPoolExecutor(workers) as pool:
            for task in [pool.submit(work) for _ in range(workers)]:
                task.result()
    return loss, warnings
