"""Where people live: villages, their households, and people over the land."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phusong.data.sample.communes import Communes, scatter, settleable
from phusong.data.sample.frame import BoolArray, FloatArray, Frame, IntArray
from phusong.data.sample.relief import Relief

PEOPLE_PER_COMMUNE = 15_000.0
UPLAND = 0.4
"""Remoteness from which a commune is an upland one, with ``làng`` for villages."""
PEOPLE_PER_HOUSEHOLD = 3.6
"""Size of a household in the census of 2019 (General Statistics Office), rounded."""


@dataclass(frozen=True)
class Settlement:
    """People by commune and village.

    Attributes
    ----------
    official : array of int, shape (communes,)
        Official population.
    village_xy : array, shape (villages, 2)
        In the lattice's coordinates.
    village_commune, village_households : array of int, shape (villages,)
    remote : array of float, shape (villages,)
        0 in the middle of the plain to 1 at the far end of the mountains.
    density : array
        Relative density of people on the work lattice; zero outside the province and on water.
    """

    official: IntArray
    village_xy: FloatArray
    village_commune: IntArray
    village_households: IntArray
    remote: FloatArray
    density: FloatArray


def share_out(total: int, weight: FloatArray, least: int = 0) -> IntArray:
    """Split ``total`` in whole parts proportional to ``weight``, each at least ``least`` if it can be."""
    n = len(weight)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    if total < least * n:
        least = 0
    exact = weight / weight.sum() * (total - least * n)
    parts = np.floor(exact).astype(np.int64)
    left = total - least * n - int(parts.sum())
    parts[np.argsort(-(exact - parts), kind="stable")[:left]] += 1
    return np.asarray(parts + least)


def inner_cells(label: IntArray) -> BoolArray:
    """Return the cells whose eight neighbours belong to the same commune."""
    from scipy.ndimage import maximum_filter, minimum_filter

    return np.asarray((minimum_filter(label, 3) == maximum_filter(label, 3)) & (label >= 0))


def official_population(
    rng: np.random.Generator, communes: Communes, good: FloatArray, people: float | None = None
) -> IntArray:
    """Return the official population of each commune: more where land is good and in towns."""
    n = len(communes.centre)
    inside = communes.inside
    land = np.bincount(communes.label[inside], weights=good[inside], minlength=n)
    weight = (0.12 * land.mean() + land) ** 0.6 * np.exp(rng.normal(0.0, 0.22, n))
    weight *= np.array([1.0, 1.7, 3.0])[communes.rank]
    return np.maximum(share_out(round(people or n * PEOPLE_PER_COMMUNE), weight), 400)


def remoteness(relief: Relief, communes: Communes) -> FloatArray:
    """Return, per work cell, 0 in the lowland near the capital to 1 far up in the mountains."""
    frame = relief.frame
    capital = frame.points(communes.centre[communes.rank == 2]).mean(axis=0)
    far_m = np.hypot(frame.x_m() - capital[0], frame.y_m() - capital[1])
    far = far_m / far_m[communes.inside].max()
    high = np.clip(relief.height_m / 550.0, 0.0, 1.0)
    return np.asarray(np.clip(0.45 * far + 0.55 * high, 0.0, 1.0))


def place_villages(
    rng: np.random.Generator, relief: Relief, communes: Communes, official: IntArray, count: int
) -> tuple[IntArray, IntArray]:
    """Return the cell and the commune of each village, commune by commune."""
    frame = relief.frame
    good = settleable(relief)
    inner = inner_cells(communes.label)
    weight = np.where(inner & ~relief.water, (good + 1e-4) ** 0.8, 0.0)
    quota = share_out(count, np.asarray(official**0.6, dtype=np.float64), least=1)
    cells, owners = [], []
    cols = frame.shape[1]
    for index, number in enumerate(quota):
        row, col = np.divmod(communes.centre[index], cols)
        own = communes.label == index
        window = (slice(*_span(own.any(axis=1))), slice(*_span(own.any(axis=0))))
        free = np.where(own[window], weight[window], 0.0)
        if not free.any():
            free = np.where(own[window], 1.0, 0.0)
        near = np.hypot(
            np.arange(window[0].start, window[0].stop)[:, None] - row,
            np.arange(window[1].start, window[1].stop)[None, :] - col,
        )
        free = free * (1.0 + 2.0 * np.exp(-near * frame.cell_m / 1500.0))
        part = Frame(0.0, 0.0, frame.cell_m, (free.shape[0], free.shape[1]))
        found_row, found_col = np.divmod(scatter(rng, part, free, int(number)), free.shape[1])
        cells.append((found_row + window[0].start) * cols + found_col + window[1].start)
        owners.append(np.full(int(number), index))
    return np.concatenate(cells).astype(np.int64), np.concatenate(owners).astype(np.int64)


def _span(used: BoolArray) -> tuple[int, int]:
    where = np.flatnonzero(used)
    return int(where[0]), int(where[-1]) + 1


def jittered(
    rng: np.random.Generator, frame: Frame, cells: IntArray, inner: BoolArray, share: float = 0.45
) -> FloatArray:
    """Return points in the cells, off their centres where the whole neighbourhood is one commune."""
    points = frame.points(cells)
    shift = rng.uniform(-share, share, points.shape) * frame.cell_m
    return np.asarray(points + shift * inner.ravel()[cells][:, None])


def people_density(
    rng: np.random.Generator, relief: Relief, communes: Communes, cells: IntArray, households: IntArray,
    road: BoolArray,
) -> FloatArray:
    """Return the relative density of people: villages and their outlying clusters, towns, roadsides."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    frame = relief.frame
    good = settleable(relief)
    homes = np.zeros(frame.shape)
    flat = homes.ravel()
    np.add.at(flat, cells, households.astype(np.float64))
    outliers = cells[rng.random(len(cells)) < 0.4]
    if len(outliers):
        moved = frame.points(outliers) + rng.normal(0.0, 900.0, (len(outliers), 2))
        np.add.at(flat, frame.cells(moved), 0.35 * households.mean())
    town = np.zeros(frame.shape)
    size = np.array([0.25, 1.0, 2.2])[communes.rank]
    np.add.at(town.ravel(), communes.centre, size * max(float(households.sum()), 1.0) / len(size) * 0.35)
    pixel = frame.cell_m
    clusters = 0.65 * gaussian_filter(homes, 230.0 / pixel) + 0.35 * gaussian_filter(homes, 650.0 / pixel)
    towns = 0.5 * gaussian_filter(town, 600.0 / pixel) + 0.5 * gaussian_filter(town, 1500.0 / pixel)
    near_road = np.exp(-distance_transform_edt(~road) * pixel / 350.0) if road.any() else np.zeros(road.shape)
    mean = max(float((clusters + towns)[communes.inside].mean()), 1e-9)
    density = (clusters + towns) * (0.15 + np.sqrt(good)) + mean * good * (0.9 * near_road + 0.04)
    density = density * np.exp(-((relief.slope / 0.28) ** 2))
    return np.asarray(np.where(communes.inside & ~relief.water, density + 1e-6 * mean, 0.0))


def village_households(rng: np.random.Generator, official: IntArray, owner: IntArray) -> IntArray:
    """Return the households of each village; those of a commune make up all of its people."""
    result = np.zeros(len(owner), dtype=np.int64)
    for index in np.unique(owner):
        own = np.flatnonzero(owner == index)
        total = max(int(official[index] / PEOPLE_PER_HOUSEHOLD), len(own))
        result[own] = share_out(total, np.exp(rng.normal(0.0, 0.4, len(own))), least=1)
    return result
