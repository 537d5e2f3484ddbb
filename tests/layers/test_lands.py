"""Lands far apart: their windows, arrays folded together, and rasters that hold nothing of the sea."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import CRS
from scipy import ndimage

from phusong.layers.grid import Box, Grid, Raster
from phusong.layers.lands import Folded, PatchRaster, lands_of, rasters_of, zeros

GRID = Grid(CRS.from_epsg(32649), 400_000.0, 1_300_000.0, 100.0, (90, 120))
NEIGHBOURS = np.ones((3, 3), dtype=int)
ISLANDS = np.array([
    [401_050.0, 1_298_020.0, 402_000.0, 1_299_500.0],
    [401_900.0, 1_299_300.0, 402_450.0, 1_299_990.0],  # overlaps the first
    [402_550.0, 1_299_500.0, 402_600.0, 1_299_600.0],  # a cell beyond the second
    [409_000.0, 1_295_000.0, 409_320.0, 1_295_110.0],
    [411_900.0, 1_291_000.0, 412_000.0, 1_291_040.0],  # in the corner of the grid
])  # fmt: skip


def with_lands(bounds: NDArray[Any] = ISLANDS) -> Grid:
    """The grid with the lands of some shapes."""
    return Grid(GRID.crs, GRID.left_m, GRID.top_m, GRID.cell_m, GRID.shape, lands_of(bounds, GRID))


def touched(bounds: NDArray[Any]) -> NDArray[np.bool_]:
    """The cells with a part in one of the boxes, one cell after another."""
    x, y = GRID.x_m(), GRID.y_m()
    left, right, low, high = x - 50.0, x + 50.0, y - 50.0, y + 50.0
    found = np.zeros(GRID.shape, dtype=bool)
    for west, south, east, north in bounds:
        across = (left < east) & (right > west)
        found |= ((low < north) & (high > south))[:, None] & across[None, :]
    return found


def numbers(box: Box) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Two values of every cell in a window, told by row and column."""
    row, col = np.mgrid[box[0] : box[1], box[2] : box[3]]
    return (row * 1000.0 + col).astype(np.float32), (col - row).astype(np.int32)


@st.composite
def some_bounds(draw: st.DrawFn) -> NDArray[Any]:
    """A few boxes on the grid, in no order."""
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        west = draw(st.integers(0, 11_990))
        south = draw(st.integers(0, 8_990))
        east = draw(st.integers(west + 1, min(west + 1500, 12_000)))
        north = draw(st.integers(south + 1, min(south + 900, 9_000)))
        rows.append((400_000 + west, 1_291_000 + south, 400_000 + east, 1_291_000 + north))
    return np.array(rows, dtype=float)


@settings(max_examples=60, deadline=None)
@given(some_bounds(), st.integers(0, 2**32 - 1))
def test_windows_hold_every_shape_and_lie_apart(bounds: NDArray[Any], seed: int) -> None:
    grid = with_lands(bounds)
    held = np.zeros(grid.shape, dtype=int)
    for row0, row1, col0, col1 in grid.lands:
        held[row0:row1, col0:col1] += 1
    if not grid.lands:  # joined, boxes take more than their cells
        return
    assert held.max() == 1
    assert held.sum() <= grid.size / 2
    ground = touched(bounds)
    assert held[ground].all()
    # A patch that touches itself across two windows would be numbered twice.
    fold = Folded.of(grid)
    mask = ground & (np.random.default_rng(seed).random(grid.shape) < 0.6)
    label, count = fold.label(fold.lay(Raster(mask, grid)))
    wanted, wanted_count = ndimage.label(mask, structure=NEIGHBOURS)
    assert count == wanted_count
    assert np.array_equal(fold.spread(label), wanted)


def test_far_islands_stay_apart_and_near_ones_together() -> None:
    lands = with_lands().lands
    assert len(lands) == 3
    assert lands[0] == (0, 21, 9, 27)  # a cell more than the shapes on every side
    assert lands[-1] == (88, 90, 118, 120)
    assert lands_of(np.array([[400_000.0, 1_291_000.0, 410_000.0, 1_299_000.0]]), GRID) == ()
    assert lands_of(np.empty((0, 4)), GRID) == ()
    assert lands_of(np.vstack([ISLANDS, np.full((1, 4), np.nan)]), GRID) == lands


def test_grids_of_the_same_cells_are_equal_with_lands_or_without() -> None:
    grid = with_lands()
    assert grid.lands
    assert grid == GRID
    GRID.require(grid)


def test_cells_come_back_to_their_place() -> None:
    grid = with_lands()
    fold = Folded.of(grid)
    assert fold.shape[0] * fold.shape[1] < grid.size / 2
    inside = np.zeros(grid.shape, dtype=bool)
    for row0, row1, col0, col1 in grid.lands:
        inside[row0:row1, col0:col1] = True
    number = np.arange(grid.size, dtype=np.int32).reshape(grid.shape)
    folded = fold.lay(Raster(number, grid))
    row, col = fold.place(*np.nonzero(folded))
    assert np.array_equal(np.sort(number[row, col]), number[inside][number[inside] > 0])
    assert np.array_equal(number[row, col], folded[np.nonzero(folded)])
    assert np.array_equal(fold.spread(folded), np.where(inside, number, 0))
    cells = np.flatnonzero(inside)[::3]
    scattered = fold.scatter(cells, np.arange(len(cells), dtype=np.int32))
    row, col = np.nonzero(scattered >= 0)
    order = np.argsort(scattered[row, col])
    row, col = fold.place(row[order], col[order])
    assert np.array_equal(row * grid.shape[1] + col, cells)


def test_a_grid_without_lands_is_its_own_fold() -> None:
    fold = Folded.of(GRID)
    mask = np.random.default_rng(1).random(GRID.shape) < 0.4
    assert fold.lay(Raster(mask, GRID)) is mask
    label, count = fold.label(mask)
    wanted, wanted_count = ndimage.label(mask, structure=NEIGHBOURS)
    assert count == wanted_count
    assert np.array_equal(label, wanted)
    home = fold.scatter(np.array([3, 200]), np.array([5, 0], dtype=np.int32)).ravel()
    assert home[[3, 200]].tolist() == [5, 0]
    assert (np.delete(home, [3, 200]) == -1).all()


@pytest.mark.parametrize("again", [False, True])
def test_a_raster_of_patches_says_what_a_whole_one_says(again: bool) -> None:
    grid = with_lands()
    whole = rasters_of(GRID, numbers)
    patched = rasters_of(grid, numbers)
    if again:
        patched = pickle.loads(pickle.dumps(patched))
    rng = np.random.default_rng(5)
    row, col = rng.integers(0, 90, 300), rng.integers(0, 120, 300)
    x, y = rng.uniform(399_000, 413_000, 300), rng.uniform(1_290_000, 1_301_000, 300)
    for dense, part in zip(whole, patched, strict=True):
        assert isinstance(part, PatchRaster)
        assert part.dtype == dense.dtype
        assert np.array_equal(part.values, dense.values)
        assert np.array_equal(part.take(row, col), dense.take(row, col))
        assert np.array_equal(part.cells(row * 120 + col), dense.cells(row * 120 + col))
        assert np.array_equal(part.at(x, y, -7), dense.at(x, y, -7))
        for box in (*grid.lands, (0, 90, 3, 5), (40, 41, 0, 120)):
            assert np.array_equal(part.window(box), dense.window(box))


def test_the_sea_is_computed_only_when_asked_for() -> None:
    asked: list[Box] = []

    def compute(box: Box) -> tuple[NDArray[Any], ...]:
        asked.append(box)
        return numbers(box)

    grid = with_lands()
    raster = rasters_of(grid, compute)[0]
    row0, row1, col0, col1 = grid.lands[0]
    row, col = np.mgrid[row0:row1, col0:col1]
    raster.take(row.ravel(), col.ravel())
    Folded.of(grid).lay(raster)
    repr(raster)
    assert asked == list(grid.lands)
    raster.take(np.array([50]), np.array([50]))
    assert asked[-1] == (50, 51, 50, 51)


def test_zeros_that_nobody_wrote_take_no_memory() -> None:
    lands = ((0, 4, 0, 4), (8_000, 8_004, 8_000, 8_004))
    grid = Grid(GRID.crs, 0.0, 0.0, 100.0, (8_192, 8_192), lands)
    before = _resident_mb()
    if before is None:
        pytest.skip("the system does not tell what a process holds")
    values = zeros(grid, np.float64)  # 512 MB, were it all there
    values[::64, :8] = 1.0
    assert values.sum() == 128 * 8
    after = _resident_mb()
    assert after is not None
    assert after - before < 100.0


def _resident_mb() -> float | None:
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(float(line.split()[1]) / 1024.0 for line in status if line.startswith("VmRSS"))
    except OSError:
        return None
