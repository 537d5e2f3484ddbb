"""The province's outline, its towns and its communes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.data.sample.frame import BoolArray, FloatArray, Frame, IntArray, lattice, spread
from phusong.data.sample.relief import Relief

if TYPE_CHECKING:
    from shapely.geometry import MultiPolygon, Polygon
    from shapely.geometry.base import BaseGeometry

MENDINGS = 8
SIMPLIFY_M = 110.0
BEYOND = 4
"""Cells by which communes are laid out past a given territory: more than smoothing takes away."""
RIVER_KM2 = 60.0
"""Drained area from which a river is a border and hard to cross."""


@dataclass(frozen=True)
class Communes:
    """The communes on the work lattice and as polygons.

    Attributes
    ----------
    label : array of int
        Index of the commune, -1 outside the province.
    centre : array of int, shape (communes,)
        Flat index of the cell of the commune's office.
    rank : array of int, shape (communes,)
        2 = part of the provincial capital, 1 = a town, 0 = rural.
    polygons : tuple of Polygon or MultiPolygon
        In `CRS`; neighbours share their vertices.
    """

    label: IntArray
    centre: IntArray
    rank: IntArray
    polygons: tuple[Polygon | MultiPolygon, ...]

    @property
    def inside(self) -> BoolArray:
        """Cells of the province."""
        return self.label >= 0


def settleable(relief: Relief) -> FloatArray:
    """Return how good a place each cell is to live at, 0 to 1: flat, low, near a stream."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    stream = (relief.drained_km2 > 3.0) & ~relief.water
    near_m = distance_transform_edt(~stream) * relief.frame.cell_m if stream.any() else np.zeros(stream.shape)
    flat = np.exp(-((relief.slope / 0.09) ** 2))
    low = np.exp(-np.maximum(relief.height_m, 0.0) / 420.0)
    good = flat * (0.15 + low) * (0.25 + np.exp(-near_m / 1600.0))
    good = gaussian_filter(np.where(relief.water, 0.0, good), 1.2)
    return np.asarray(np.where(relief.water, 0.0, good / max(float(good.max()), 1e-9)))


def _rough(relief: Relief) -> FloatArray:
    """Return the cost of walking over a cell: slopes, ridges and large rivers are hard."""
    river = (relief.drained_km2 > RIVER_KM2) & ~relief.water
    ridge = relief.drained_km2 < 3 * (relief.frame.cell_m / 1e3) ** 2
    return np.asarray(1.0 + 14.0 * relief.slope + 9.0 * river + 2.5 * ridge * (relief.slope > 0.08))


def outline(rng: np.random.Generator, relief: Relief, side_m: float) -> BoolArray:
    """Return the cells of the province: an irregular area whose bounds follow ridges and rivers."""
    from scipy.ndimage import binary_fill_holes, label

    frame = relief.frame
    rows, cols = frame.shape
    x, y = np.broadcast_arrays(frame.x_m(), frame.y_m())
    middle = (frame.left_m + cols * frame.cell_m / 2, frame.top_m - rows * frame.cell_m / 2)
    angle = np.arctan2(y - middle[1], x - middle[0])
    radius = np.full(angle.shape, 0.5 * side_m)
    for order in range(2, 7):
        size, phase = 0.10 / order**0.7, rng.uniform(0, 2 * np.pi)
        radius += 0.5 * side_m * size * np.cos(order * angle + phase)
    # A rounded square fills its box better than a circle.
    distance = (np.abs(x - middle[0]) ** 3 + np.abs(y - middle[1]) ** 3) ** (1 / 3)
    land = ~relief.sea
    belt = 0.09 * side_m
    inner = land & (distance < radius - belt)
    outer = land & (distance > radius + belt)
    graph = lattice(_rough(relief) ** 1.5, land)
    sources = np.concatenate((np.flatnonzero(inner), np.flatnonzero(outer)))
    reach = spread(graph, sources)
    won = np.zeros(land.shape, dtype=bool).ravel()
    reached = reach.source >= 0
    won[reached] = inner.ravel()[reach.source[reached]]
    parts, _count = label(won.reshape(land.shape))
    largest = np.argmax(np.bincount(parts.ravel())[1:]) + 1
    return np.asarray(binary_fill_holes(parts == largest) & land)


def _spaced(order: IntArray, points: FloatArray, spacing_m: FloatArray, count: int) -> list[int]:
    """Take points in ``order``, each at least its spacing from those taken; fewer than ``count`` if full."""
    taken: list[int] = []
    kept = np.empty((count, 2))
    for candidate in order:
        n = len(taken)
        if n == count:
            break
        distance = kept[:n] - points[candidate]
        if n and np.einsum("ij,ij->i", distance, distance).min() < spacing_m[candidate] ** 2:
            continue
        kept[n] = points[candidate]
        taken.append(int(candidate))
    return taken


def scatter(
    rng: np.random.Generator, frame: Frame, weight: FloatArray, count: int
) -> IntArray:
    """Return ``count`` cells, likelier where ``weight`` is high and closer together there.

    They are different ones as far as there are enough with any weight; then all come again.
    """
    cells = np.flatnonzero(weight.ravel() > 0)
    full, count = divmod(count, len(cells))
    if full:
        again = scatter(rng, frame, weight, count)
        return np.concatenate((np.tile(cells, full), again))
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    likely = weight.ravel()[cells]
    order = np.argsort(-(np.log(likely) + rng.gumbel(size=len(cells))), kind="stable")
    # Cells far down the order are hardly ever needed; the last, unspaced try takes any.
    order = order[: max(25 * count, 2000)]
    points = frame.points(cells)
    area_m2 = likely.sum() / likely * frame.cell_m**2 / count
    wanted_m = np.minimum(np.sqrt(area_m2), 4.0 * np.sqrt(len(cells) / count) * frame.cell_m)
    ease = 0.8
    while True:
        taken = _spaced(order, points, wanted_m * ease * (1.0 if ease > 0 else 0.0), count)
        if len(taken) == count:
            return np.asarray(cells[taken])
        ease = ease * 0.8 if ease > 0.05 else 0.0


def _grow(relief: Relief, inside: BoolArray, centre: IntArray) -> IntArray:
    """Return the commune of every cell: the one whose centre is the least walk away.

    Slopes, ridges and rivers are a long walk, so the bounds come to lie on them.
    """
    cost = np.where(inside, _rough(relief), 1.0)
    reach = spread(lattice(cost, inside), centre)
    number = np.full(inside.size, -1)
    number[centre] = np.arange(len(centre))
    label = np.where(reach.source >= 0, number[reach.source], -1)
    return np.asarray(np.where(inside.ravel(), label, -1).reshape(inside.shape))


def _connected(label: IntArray, centre: IntArray) -> IntArray:
    """Give cells cut off from their centre (joined by a corner only) to a neighbour by edge."""
    from scipy.ndimage import find_objects
    from scipy.ndimage import label as parts_of

    result = label.copy()
    for index, window in enumerate(find_objects(label + 1)):
        if window is None:
            continue
        own = label[window] == index
        parts, count = parts_of(own)
        if count > 1:
            row, col = divmod(int(centre[index]), label.shape[1])
            home = parts[row - window[0].start, col - window[1].start]
            result[window][own & (parts != home)] = -2
    while np.any(result == -2):
        before = result.copy()
        for axis in (0, 1):
            for step in (1, -1):
                neighbour = np.roll(before, step, axis)
                result = np.where((result == -2) & (neighbour >= 0), neighbour, result)
        if np.array_equal(result, before):
            break
    return np.where(result == -2, -1, result)


def _without_corners(label: IntArray) -> IntArray:
    """Widen the places where two cells of one commune touch by a corner only."""
    result = label.copy()
    while True:
        a, b = result[:-1, :-1], result[:-1, 1:]
        c, d = result[1:, :-1], result[1:, 1:]
        falling = (a == d) & (b != a) & (c != a)
        rising = (b == c) & (a != b) & (d != b) & ~falling
        if not (falling.any() or rising.any()):
            return result
        b[falling] = a[falling]
        a[rising] = b[rising]


def _smooth_labels(label: IntArray, times: int) -> IntArray:
    """Return the labels on cells ``times`` smaller, with rounded bounds."""
    from scipy.ndimage import find_objects, gaussian_filter

    rows, cols = label.shape
    best = np.zeros((rows * times, cols * times), dtype=np.float32)
    result = np.full(best.shape, -1, dtype=np.int64)
    pad = 3
    outside = int(label.max()) + 1
    shifted = np.where(label < 0, outside, label) + 1
    windows = find_objects(shifted)
    for index, window in enumerate(windows):
        if window is None:
            continue
        big = tuple(
            slice(max(0, span.start - pad), min(size, span.stop + pad))
            for span, size in zip(window, label.shape, strict=True)
        )
        own = np.repeat(np.repeat(shifted[big] == index + 1, times, axis=0), times, axis=1)
        share = gaussian_filter(own.astype(np.float32), 0.6 * times)
        fine = tuple(slice(s.start * times, s.stop * times) for s in big)
        better = share > best[fine]
        best[fine][better] = share[better]
        result[fine][better] = index if index != outside else -1
    return result


def _polygons(label: IntArray, frame: Frame, centre: IntArray) -> list[Polygon | MultiPolygon]:
    """Return the communes as polygons with shared, simplified bounds."""
    import shapely
    from affine import Affine
    from rasterio.features import shapes

    times = 3
    fine = frame.split(times)
    number = _smooth_labels(label, times)
    fine_centre = fine.cells(frame.points(centre))
    number.ravel()[fine_centre] = np.arange(len(centre))
    for _ in range(MENDINGS):
        before = number
        number = _without_corners(_connected(_without_corners(number), fine_centre))
        if np.array_equal(before, number):
            break
    transform = Affine(fine.cell_m, 0.0, fine.left_m, 0.0, -fine.cell_m, fine.top_m)
    found: list[BaseGeometry | None] = [None] * len(centre)
    owned = number.astype(np.int32)
    for geometry, value in shapes(owned, mask=owned >= 0, connectivity=4, transform=transform):
        found[int(value)] = shapely.geometry.shape(geometry)
    # Every corner of a cell on a bound becomes a vertex, so that three communes share the point where
    # they meet; corners lie at whole metres, and rounding takes away what the division left.
    corners = shapely.transform(shapely.segmentize(np.array(found), fine.cell_m), np.round)
    return list(shapely.coverage_simplify(corners, SIMPLIFY_M))


def _labels_of(polygons: Sequence[Polygon | MultiPolygon], frame: Frame) -> IntArray:
    """Return, per cell, the commune whose polygon holds the cell's centre, or -1."""
    from affine import Affine
    from rasterio.features import rasterize

    transform = Affine(frame.cell_m, 0.0, frame.left_m, 0.0, -frame.cell_m, frame.top_m)
    numbered = ((polygon, index) for index, polygon in enumerate(polygons))
    return np.asarray(
        rasterize(numbered, out_shape=frame.shape, transform=transform, fill=-1, dtype="int32"),
        dtype=np.int64,
    )


def _ranks(points: FloatArray, good: FloatArray, towns: int) -> IntArray:
    """Return the rank of each centre: the capital's communes lie together where most land is good."""
    n = len(points)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    rank = np.zeros(n, dtype=np.int64)
    capital = int(np.argmax(good))
    rank[np.argsort(apart[capital], kind="stable")[: max(1, round(n / 11))]] = 2
    while towns > 0 and np.any(rank == 0):
        far = apart[:, rank > 0].min(axis=1) * (rank == 0) * (0.15 + good / good.max())
        rank[int(np.argmax(far))] = 1
        towns -= 1
    return rank


def _clipped(
    polygons: Sequence[Polygon | MultiPolygon], territory: Polygon
) -> list[Polygon | MultiPolygon]:
    """Return the parts of communes in a territory, of which they cover all."""
    import shapely

    found = []
    for shape in shapely.intersection(np.array(polygons), territory):
        # Where a border runs along the territory's, lines and points come with the area.
        parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
        found.append(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))
    return found


def make_communes(
    rng: np.random.Generator, relief: Relief, *, communes: int, side_m: float,
    territory: Polygon | None = None,
) -> Communes:
    """Lay out ``communes`` communes over a territory, or an area of about ``side_m`` squared."""
    from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter

    if territory is None:
        inside = central = outline(rng, relief, side_m)
    else:
        held = _labels_of([territory], relief.frame) >= 0
        # Communes reach beyond and are cut, so that neighbours share the border to the point.
        inside, central = binary_dilation(held, iterations=BEYOND), binary_erosion(held, iterations=2)
    good = settleable(relief)
    around = gaussian_filter(good, 2500.0 / relief.frame.cell_m)
    weight = np.where(central & ~relief.water, (0.06 + around / around.max()) * (0.002 + good) ** 2, 0.0)
    centre = np.sort(scatter(rng, relief.frame, weight, communes))
    label = _connected(_grow(relief, inside, centre), centre)
    polygons = _polygons(label, relief.frame, centre)
    if territory is not None:
        polygons = _clipped(polygons, territory)
    label = _labels_of(polygons, relief.frame)
    for index in np.flatnonzero(label.ravel()[centre] != np.arange(communes)):
        centre[index] = np.flatnonzero(label == index)[np.argmax(good[label == index])]
    rank = _ranks(relief.frame.points(centre), around.ravel()[centre], max(0, round(communes / 9)))
    return Communes(label, centre, rank, tuple(polygons))
