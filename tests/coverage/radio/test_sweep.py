from __future__ import annotations

import math

import numpy as np
import pytest
from p1812_cases import CELL_M, KINDS, clutter, coast, fractal, largest_difference_db, terrain

from phusong.coverage.radio.p1812 import Atmosphere, path_loss
from phusong.coverage.radio.sweep import P1812Field, SweepLink, ray_of, sweep_site

SIZE = 161
RADIUS_M = 7500.0
ROW, COL = 80.3, 79.6
LINKS = [SweepLink(1.8, 30.0), SweepLink(0.7, 30.0), SweepLink(3.5, 45.0), SweepLink(0.1, 8.0)]
EXACT_DB = 1e-6


def worst_db(field: P1812Field, percent: float, count: int = 60, radius_m: float = RADIUS_M) -> float:
    """The largest difference of the sweep from path by path, every receiver answered."""
    atmosphere = Atmosphere(time_percent=percent)
    swept = field.sweep(
        ROW, COL, LINKS, max_distance_m=radius_m, atmosphere=atmosphere, dtype=np.float64
    )
    assert swept.unanswered == 0
    return largest_difference_db(field, swept, ROW, COL, LINKS, atmosphere, radius_m, count, seed=3)


@pytest.mark.parametrize("percent", [50.0, 20.0, 1.0])
@pytest.mark.parametrize("covered", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_equals_path_by_path(kind: str, covered: bool, percent: float) -> None:
    ground = terrain(kind, SIZE, seed=1)
    field = P1812Field(ground, CELL_M, clutter(SIZE, 2) if covered else None)
    assert worst_db(field, percent) < EXACT_DB


@pytest.mark.parametrize("percent", [50.0, 10.0])
@pytest.mark.parametrize("covered", [False, True])
@pytest.mark.parametrize("kind", ["hilly", "low", "terraced"])
def test_equals_path_by_path_over_sea_and_coast(kind: str, covered: bool, percent: float) -> None:
    zone = coast(SIZE)
    ground = np.where(zone == 1, 0.0, terrain(kind, SIZE, seed=4)).astype(np.float32)
    cover = np.where(zone == 1, 0.0, clutter(SIZE, 5)).astype(np.float32) if covered else None
    assert worst_db(P1812Field(ground, CELL_M, cover, zone), percent) < EXACT_DB


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["hilly", "rough", "low"])
def test_equals_path_by_path_far_out(kind: str, seed: int) -> None:
    size = 601
    field = P1812Field(terrain(kind, size, seed), CELL_M, clutter(size, seed))
    links = [SweepLink(0.45, 50.0), SweepLink(2.6, 20.0)]
    for percent in (50.0, 5.0):
        atmosphere = Atmosphere(time_percent=percent, delta_n=40.0 + 10.0 * seed)
        swept = field.sweep(
            300.7, 299.2, links, max_distance_m=30_000.0, atmosphere=atmosphere, dtype=np.float64
        )
        worst = largest_difference_db(
            field, swept, 300.7, 299.2, links, atmosphere, 30_000.0, 300, seed
        )
        assert worst < EXACT_DB


@pytest.mark.parametrize(
    ("row", "col"), [(0.0, 0.0), (160.0, 80.0), (3.5, 158.25), (80.5, 80.5), (80.0, 80.0)]
)
def test_every_cell_within_the_radius_is_answered_once(row: float, col: float) -> None:
    field = P1812Field(terrain("hilly", SIZE, 1), CELL_M)
    for rays in (0.3, 1.0, 2.7):
        swept = field.sweep(row, col, LINKS[:1], max_distance_m=5230.0, rays_per_cell=rays)
        rows = np.arange(swept.loss_db.shape[1])[:, None] + swept.first_row - row
        cols = np.arange(swept.loss_db.shape[2])[None, :] + swept.first_col - col
        inside = np.hypot(rows, cols) * CELL_M <= 5230.0
        assert np.array_equal(~np.isnan(swept.loss_db[0]), inside)
        assert swept.unanswered == 0


def test_cells_are_on_the_ray_that_points_at_them() -> None:
    field = P1812Field(terrain("flat", SIZE, 1), CELL_M)
    site = field.site(ROW, COL, RADIUS_M)
    seen = set()
    for row in range(10, 150, 7):
        for col in range(10, 150, 7):
            ray = ray_of(site, row, col)
            angle = math.atan2(row - site.row, col - site.col) + 0.25 * math.pi
            turn = (angle / (2.0 * math.pi)) % 1.0
            offset = abs(turn * 4 * site.quarter_rays - (ray + 0.5))
            assert min(offset, 4 * site.quarter_rays - offset) <= 0.5 + 1e-6
            seen.add(ray)
    assert len(seen) > 250


def test_workers_and_order_of_links_change_no_bit() -> None:
    field = P1812Field(terrain("rough", SIZE, 1), CELL_M, clutter(SIZE, 2))
    one = field.sweep(ROW, COL, LINKS, max_distance_m=RADIUS_M)
    two = field.sweep(ROW, COL, LINKS, max_distance_m=RADIUS_M, workers=2)
    back = field.sweep(ROW, COL, LINKS[::-1], max_distance_m=RADIUS_M, workers=3)
    assert np.array_equal(one.loss_db, two.loss_db, equal_nan=True)
    assert np.array_equal(one.loss_db, back.loss_db[::-1], equal_nan=True)


def test_a_link_loses_the_same_alone_and_with_others() -> None:
    field = P1812Field(terrain("hilly", SIZE, 1), CELL_M, clutter(SIZE, 2))
    together = field.sweep(ROW, COL, LINKS, max_distance_m=RADIUS_M, dtype=np.float64)
    for k, link in enumerate(LINKS):
        alone = field.sweep(ROW, COL, [link], max_distance_m=RADIUS_M, dtype=np.float64)
        assert np.nanmax(np.abs(alone.loss_db[0] - together.loss_db[k])) < EXACT_DB


def test_symmetric_terrain_gives_symmetric_losses() -> None:
    ground = np.round(terrain("hilly", SIZE, 6) * 4.0) / 4.0
    ground = ((ground + ground[::-1] + ground[:, ::-1] + ground[::-1, ::-1]) / 4.0).astype(np.float32)
    swept = P1812Field(ground, CELL_M).sweep(80.0, 80.0, LINKS[:1], max_distance_m=6000.0, dtype=np.float64)
    loss = swept.loss_db[0]
    # Cells on the border of two sectors change sides in the mirror.
    difference = np.abs(loss - loss[::-1])
    assert np.nanquantile(difference, 0.99) < 1e-6
    assert np.nanquantile(np.abs(loss - loss[:, ::-1]), 0.99) < 1e-6


def test_no_median_loss_is_below_free_space() -> None:
    ground = terrain("rough", SIZE, 8)
    field = P1812Field(ground, CELL_M, clutter(SIZE, 2))
    swept = field.sweep(ROW, COL, LINKS[:1], max_distance_m=RADIUS_M, dtype=np.float64)
    rows, cols = np.mgrid[: swept.loss_db.shape[1], : swept.loss_db.shape[2]]
    site = field.site(ROW, COL, RADIUS_M)
    km = 0.1 * np.hypot(rows + swept.first_row - site.row, cols + swept.first_col - site.col)
    free = 92.4 + 20.0 * np.log10(1.8) + 20.0 * np.log10(np.maximum(km, 0.03))
    assert np.nanmin(swept.loss_db[0] - free) > -1e-9


def test_mapping_to_rays_is_within_the_grain_of_the_terrain() -> None:
    field = P1812Field(fractal(311, 1000.0, 1) + terrain("rough", 311, 2) * 0.5, CELL_M)
    swept = field.sweep(155.3, 154.6, LINKS[:1], max_distance_m=15_000.0, dtype=np.float64)
    cells = np.argwhere(~np.isnan(swept.loss_db[0]))
    chosen = np.random.default_rng(0).choice(len(cells), 1500, replace=False)

    def loss(cell: tuple[int, int], step_m: float) -> float:
        path = field.profile(155.3, 154.6, *cell, step_m=step_m)
        return path_loss(
            path.distance_km, path.terrain_m, path.clutter_m, path.zone, frequency_ghz=1.8, tx_height_m=30.0
        ).loss_db

    mapped, control = [], []
    for i, j in cells[chosen].tolist():
        cell = (i + swept.first_row, j + swept.first_col)
        own = loss(cell, 100.0)
        mapped.append(abs(float(swept.loss_db[0, i, j]) - own))
        control.append(abs(loss(cell, 90.0) - own))
    assert np.median(mapped) <= 0.2
    assert np.quantile(mapped, 0.99) <= 1.3 * np.quantile(control, 0.99)


def test_voids_silence_what_lies_behind_them() -> None:
    ground = terrain("hilly", SIZE, 1)
    ground[80, 120] = np.nan
    with pytest.raises(ValueError, match="terrain_m has 1 cells"):
        P1812Field(ground, CELL_M)
    field = P1812Field(ground, CELL_M, clutter(SIZE, 2), allow_voids=True)
    swept = field.sweep(80.0, 80.0, LINKS[:1], max_distance_m=7000.0)
    whole = P1812Field(np.nan_to_num(ground), CELL_M, clutter(SIZE, 2)).sweep(
        80.0, 80.0, LINKS[:1], max_distance_m=7000.0
    )
    lost = np.isnan(swept.loss_db[0]) & ~np.isnan(whole.loss_db[0])
    assert swept.unanswered == lost.sum() > 20
    rows, cols = np.nonzero(lost)
    assert (cols + swept.first_col >= 119).all()
    assert (np.abs(rows + swept.first_row - 80) <= 2).all()
    kept = ~np.isnan(swept.loss_db[0])
    assert np.array_equal(swept.loss_db[0][kept], whole.loss_db[0][kept])


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("frequency_ghz", {"links": [SweepLink(6.1, 30.0)]}),
        ("frequency_ghz", {"links": [SweepLink(math.nan, 30.0)]}),
        ("tx_height_m", {"links": [SweepLink(1.8, 0.5)]}),
        ("tx_height_m", {"links": [SweepLink(1.8, 3001.0)]}),
        ("rx_height_m", {"rx_height_m": 0.0}),
        ("links", {"links": []}),
        ("site_row", {"site_row": -1.0}),
        ("site_col", {"site_col": 1000.0}),
        ("max_distance_m", {"max_distance_m": 10.0}),
    ],
)
def test_bad_input_names_argument_and_value(argument: str, change: dict[str, object]) -> None:
    values: dict[str, object] = {
        "terrain_m": terrain("flat", 41, 1), "clutter_m": None, "zone": None, "cell_m": CELL_M,
        "site_row": 20.0, "site_col": 20.0, "links": LINKS, "max_distance_m": 1500.0,
    }
    with pytest.raises(ValueError, match=argument):
        sweep_site(**{**values, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("clutter_m has shape", {"clutter_m": np.zeros((3, 3), np.float32)}),
        ("clutter_m has negative", {"clutter_m": np.full((41, 41), -1.0, np.float32)}),
        ("clutter_m has negative", {"clutter_m": np.full((41, 41), np.nan, np.float32)}),
        ("zone has codes", {"zone": np.full((41, 41), 2, np.uint8)}),
        ("zone has shape", {"zone": np.full((4, 41), 4, np.uint8)}),
        ("at least 3 x 3", {"terrain_m": np.zeros((2, 41), np.float32)}),
        ("cell_m", {"cell_m": 0.0}),
    ],
)
def test_bad_fields_are_refused(message: str, change: dict[str, object]) -> None:
    values: dict[str, object] = {"terrain_m": terrain("flat", 41, 1), "cell_m": CELL_M}
    with pytest.raises(ValueError, match=message):
        P1812Field(**{**values, **change})  # type: ignore[arg-type]
