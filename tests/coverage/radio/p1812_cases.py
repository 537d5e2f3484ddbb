"""Terrain of several kinds for the tests of P.1812, and the paths of a sweep computed one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.p1812 import Atmosphere, path_loss
from phusong.coverage.radio.sweep import P1812Field, SweepLink, SweepResult

CELL_M = 100.0
KINDS = ("hilly", "rough", "low", "flat", "terraced", "spikes")


def fractal(size: int, relief_m: float, seed: int) -> NDArray[np.float32]:
    """Self-similar hills from the lowest to ``relief_m``."""
    rng = np.random.default_rng(seed)
    frequency = np.fft.fftfreq(size)
    power = frequency[:, None] ** 2 + frequency[None, :] ** 2
    power[0, 0] = 1.0
    heights = np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) * power**-0.9).real
    low, high = heights.min(), heights.max()
    return ((heights - low) / (high - low) * relief_m).astype(np.float32)


def terrain(kind: str, size: int, seed: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    hills = fractal(size, 1000.0, seed)
    if kind == "rough":
        return (hills + rng.uniform(0.0, 60.0, hills.shape)).astype(np.float32)
    if kind == "low":
        return fractal(size, 10.0, seed)
    if kind == "flat":
        return np.full((size, size), 12.0, dtype=np.float32)
    if kind == "terraced":
        return (np.round(hills / 50.0) * 50.0).astype(np.float32)
    if kind == "spikes":
        return np.where(rng.uniform(size=hills.shape) < 0.01, 300.0, 0.0).astype(np.float32)
    return hills


def clutter(size: int, seed: int) -> NDArray[np.float32]:
    """Patches of open land, forest and town."""
    rng = np.random.default_rng(seed)
    patches = np.array([0.0, 0.0, 10.0, 15.0, 20.0], dtype=np.float32)[
        rng.integers(0, 5, (size // 6 + 1, size // 6 + 1))
    ]
    return patches.repeat(6, axis=0).repeat(6, axis=1)[:size, :size]


def coast(size: int) -> NDArray[np.uint8]:
    """Sea in the west and in a bay, a strip of coast, and inland."""
    zone = np.full((size, size), 4, dtype=np.uint8)
    zone[:, : size * 4 // 10] = 1
    zone[:, size * 4 // 10 : size * 5 // 10] = 3
    zone[size // 8 : size // 4, size * 6 // 10 : size * 8 // 10] = 1
    return zone


def largest_difference_db(
    field: P1812Field, swept: SweepResult, row: float, col: float, links: list[SweepLink],
    atmosphere: Atmosphere, max_distance_m: float, count: int, seed: int,
) -> float:
    """Largest difference between a sweep and `path_loss` on the profiles it used, over random cells."""
    cells = np.argwhere(~np.isnan(swept.loss_db[0]))
    chosen = np.random.default_rng(seed).choice(len(cells), size=min(count, len(cells)), replace=False)
    worst = 0.0
    for i, j in cells[chosen].tolist():
        path = field.profile(
            row, col, i + swept.first_row, j + swept.first_col, max_distance_m=max_distance_m
        )
        for k, link in enumerate(links):
            plain = path_loss(
                path.distance_km, path.terrain_m, path.clutter_m, path.zone,
                frequency_ghz=link.frequency_ghz, tx_height_m=link.tx_height_m, atmosphere=atmosphere,
            )
            worst = max(worst, abs(plain.loss_db - float(swept.loss_db[k, i, j])))
    return worst
