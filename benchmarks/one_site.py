"""Losses from one site to every cell around it: seconds for each model, on one and two cores.

    python benchmarks/one_site.py [--models p1812 itm] [--radius 15 30] [--repeat 5] [--mapping]

Beside each model stands its yardstick: our own straightforward form, which reads every cell's profile
from end to end, timed over a sample of the cells and multiplied up. Terrain is made from a seed, with
1,000 m of relief, so that any machine can run it. ``--mapping`` measures instead how far the answer on
the nearest ray is from that on a cell's own path, beside what sampling the same paths at 90 m instead
of 100 m changes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.itm import Parameters, point_to_point
from phusong.coverage.radio.itm_sweep import itm_sweep_site, path_profile
from phusong.coverage.radio.p1812 import Atmosphere
from phusong.coverage.radio.p1812_path import path_loss_db
from phusong.coverage.radio.sweep import P1812Field, Profile, SweepLink

CELL_M = 100.0
FREQUENCY_GHZ, TX_HEIGHT_M = 1.8, 30.0
BUDGET_MS = {("p1812", 15.0): 20.0, ("p1812", 30.0): 60.0, ("itm", 30.0): 500.0}
"""Budgets on two cores, hilly with clutter."""
YARDSTICK_CELLS = 2000

Sweep = Callable[[int], NDArray[np.floating]]


@dataclass(frozen=True)
class Ground:
    """Terrain round a site in its middle."""

    name: str
    terrain_m: NDArray[np.float32]
    clutter_m: NDArray[np.float32] | None
    radius_m: float

    @property
    def position(self) -> tuple[float, float]:
        """Row and column of the site, off the cell centres."""
        middle = (self.terrain_m.shape[0] - 1) / 2
        return middle + 0.3, middle - 0.4

    def cells(self, count: int) -> list[tuple[int, int]]:
        """Random cells, equally likely by area, at least two cells from the site."""
        rng = np.random.default_rng(0)
        row, col = self.position
        found = []
        while len(found) < count:
            reach = self.radius_m / CELL_M * np.sqrt(rng.uniform())
            angle = rng.uniform(0.0, 2.0 * np.pi)
            cell = round(row + reach * np.sin(angle)), round(col + reach * np.cos(angle))
            if 2.0 < np.hypot(cell[0] - row, cell[1] - col) < self.radius_m / CELL_M:
                found.append(cell)
        return found


def fractal(size: int, relief_m: float, seed: int) -> NDArray[np.float32]:
    """Self-similar hills."""
    rng = np.random.default_rng(seed)
    frequency = np.fft.fftfreq(size)
    power = frequency[:, None] ** 2 + frequency[None, :] ** 2
    power[0, 0] = 1.0
    heights = np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) * power**-0.9).real
    heights -= heights.min()
    return (heights / heights.max() * relief_m).astype(np.float32)


def patches(size: int, seed: int) -> NDArray[np.float32]:
    """Open land, forest and town in patches of 800 m."""
    rng = np.random.default_rng(seed)
    heights = np.array([0.0, 0.0, 10.0, 15.0, 20.0], dtype=np.float32)
    found = heights[rng.integers(0, 5, (size // 8 + 1, size // 8 + 1))]
    return found.repeat(8, axis=0).repeat(8, axis=1)[:size, :size]


def grounds(radius_km: float) -> list[Ground]:
    size = 2 * round(radius_km * 1000.0 / CELL_M) + 11
    hills, cover = fractal(size, 1000.0, 1), patches(size, 2)
    return [
        Ground("hilly", hills, None, radius_km * 1000.0),
        Ground("hilly, clutter", hills, cover, radius_km * 1000.0),
        Ground("10 m relief, clutter", fractal(size, 10.0, 3), cover, radius_km * 1000.0),
    ]


def p1812_sweep(ground: Ground) -> Sweep:
    field = P1812Field(ground.terrain_m, CELL_M, ground.clutter_m)
    links = [SweepLink(FREQUENCY_GHZ, TX_HEIGHT_M)]
    return lambda workers: field.sweep(
        *ground.position, links, max_distance_m=ground.radius_m, workers=workers
    ).loss_db


def p1812_path(profile: Profile) -> float:
    return path_loss_db(
        profile.distance_km, profile.terrain_m, profile.terrain_m + profile.clutter_m, profile.zone,
        TX_HEIGHT_M, 1.5, FREQUENCY_GHZ, Atmosphere().climate(), 0.0,
    )


def p1812_yardstick(ground: Ground) -> float:
    """Seconds a cell, reading its whole profile; sampling the profile is not counted."""
    field = P1812Field(ground.terrain_m, CELL_M, ground.clutter_m)
    profiles = [field.profile(*ground.position, *cell) for cell in ground.cells(YARDSTICK_CELLS)]
    p1812_path(profiles[0])
    start = time.perf_counter()
    for profile in profiles:
        p1812_path(profile)
    return (time.perf_counter() - start) / len(profiles)


def itm_sweep(ground: Ground) -> Sweep:
    return lambda workers: itm_sweep_site(
        ground.terrain_m, CELL_M, *ground.position, [(FREQUENCY_GHZ * 1000.0, TX_HEIGHT_M)],
        max_distance_m=ground.radius_m, workers=workers,
    )[0]


def itm_yardstick(ground: Ground) -> float:
    """Seconds a cell of the point-to-point form, one path at a time."""
    parameters = Parameters(frequency_mhz=FREQUENCY_GHZ * 1000.0, tx_height_m=TX_HEIGHT_M, rx_height_m=1.5)
    terrain, at = ground.terrain_m, ground.position
    profiles = [path_profile(terrain, CELL_M, *at, *cell) for cell in ground.cells(300)]
    point_to_point(*profiles[0], parameters)
    start = time.perf_counter()
    for profile in profiles:
        point_to_point(*profile, parameters)
    return (time.perf_counter() - start) / len(profiles)


MODELS: dict[str, tuple[Callable[[Ground], Sweep], Callable[[Ground], float]]] = {
    "p1812": (p1812_sweep, p1812_yardstick),
    "itm": (itm_sweep, itm_yardstick),
}
"""Model: how it sweeps a ground, and how long its yardstick takes for a cell."""


def fastest_ms(sweep: Sweep, workers: int, repeat: int) -> float:
    best = np.inf
    for _ in range(repeat):
        start = time.perf_counter()
        sweep(workers)
        best = min(best, time.perf_counter() - start)
    return 1000.0 * float(best)


def speed(models: list[str], radii_km: list[float], repeat: int) -> None:
    columns = (
        f"{'model':6} {'ground':21} {'km':>4} {'cells':>8} {'1 core ms':>10} {'2 cores ms':>10}"
        f" {'O(n) ms*':>10} {'ratio':>6} {'budget ms':>9}"
    )
    print(columns)
    for model in models:
        make_sweep, yardstick = MODELS[model]
        for radius_km in radii_km:
            for ground in grounds(radius_km):
                sweep = make_sweep(ground)
                cells = int(np.count_nonzero(~np.isnan(sweep(1)[0])))
                one, two = fastest_ms(sweep, 1, repeat), fastest_ms(sweep, 2, repeat)
                plain = 1000.0 * yardstick(ground) * cells
                budget = BUDGET_MS.get((model, radius_km))
                print(
                    f"{model:6} {ground.name:21} {radius_km:4g} {cells:8,} {one:10.1f} {two:10.1f}"
                    f" {plain:10,.0f} {plain / one:6.0f} {budget if budget else '':>9}"
                )
    print("* our own form that reads each profile: one core, from a sample of cells, sampling not counted")


def mapping(radii_km: list[float]) -> None:
    print(f"{'ground':21} {'km':>4} {'rays':>5} {'median dB':>10} {'99 % dB':>8} {'of control':>10}")
    for radius_km in radii_km:
        for ground in grounds(radius_km):
            field = P1812Field(ground.terrain_m, CELL_M, ground.clutter_m)
            cells = ground.cells(3000)
            own, other = (
                np.array([p1812_path(field.profile(*ground.position, *c, step_m=step)) for c in cells])
                for step in (100.0, 90.0)
            )
            control = np.abs(other - own)
            worst = np.quantile(control, 0.99)
            print(f"{ground.name:21} {radius_km:4g} {'90 m':>5} {np.median(control):10.3f} {worst:8.2f}")
            for rays in (0.7, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0):
                swept = field.sweep(
                    *ground.position, [SweepLink(FREQUENCY_GHZ, TX_HEIGHT_M)],
                    max_distance_m=ground.radius_m, rays_per_cell=rays,
                )
                found = np.array(
                    [swept.loss_db[0, r - swept.first_row, c - swept.first_col] for r, c in cells]
                )
                error = np.abs(found - own)
                high = np.quantile(error, 0.99)
                print(
                    f"{'':21} {'':4} {rays:5g} {np.median(error):10.3f} {high:8.2f} {high / worst:10.2f}"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=sorted(MODELS), default=list(MODELS))
    parser.add_argument("--radius", nargs="+", type=float, default=[15.0, 30.0], metavar="KM")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--mapping", action="store_true")
    asked = parser.parse_args()
    if asked.mapping:
        mapping(asked.radius)
    else:
        speed(asked.models, asked.radius, asked.repeat)


if __name__ == "__main__":
    main()
