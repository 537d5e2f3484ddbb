"""Relief: rivers first, then the heights that such rivers would leave behind.

Heights follow the steady state of the stream-power law, ``slope = k U / A ** 0.45`` with uplift U and
drainage area A (Whipple and Tucker, J. Geophys. Res. 104 B8, 1999, equation 2 with n = 1), summed up
along the flow paths; rivers and heights are made consistent by taking turns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phusong.data.sample.frame import BoolArray, FloatArray, Frame, IntArray, lattice, spectral_noise, spread

CONCAVITY = 0.45
STEEPEST = 0.75
ROUNDS = 14
DAMS = 10
LEAST_UPLIFT, MOST_UPLIFT = 0.012, 1.6


@dataclass(frozen=True)
class Relief:
    """Heights and waters.

    Attributes
    ----------
    frame : Frame
        Work lattice.
    height_m : array
        On the work lattice; the sea is negative.
    slope : array
        Rise over run.
    sea, lake : array of bool
    drained_km2 : array
        Area upstream, the cell included.
    """

    frame: Frame
    height_m: FloatArray
    slope: FloatArray
    sea: BoolArray
    lake: BoolArray
    drained_km2: FloatArray

    @property
    def water(self) -> BoolArray:
        """Sea and lake."""
        return self.sea | self.lake


def accumulate(receiver: IntArray, amount: FloatArray) -> FloatArray:
    """Return, per cell, the sum of ``amount`` over everything that flows through it.

    Pointer doubling: after step k every cell holds the sum of those up to 2^k steps upstream.
    """
    n = len(receiver)
    end = np.append(np.where(receiver == np.arange(n), n, receiver), n)
    total = np.append(amount, 0.0)
    while np.any(end < n):
        total[:n] += np.bincount(end[:n], weights=total[:n], minlength=n + 1)[:n]
        end = end[end]
    return total[:n]


def climb(receiver: IntArray, rise: FloatArray) -> FloatArray:
    """Return, per cell, the sum of ``rise`` along its way down to its outlet."""
    total, ahead = rise.copy(), receiver.copy()
    total[ahead == np.arange(len(ahead))] = 0.0
    root = ahead == np.arange(len(ahead))
    while not np.all(root[ahead]):
        total += total[ahead]
        ahead = ahead[ahead]
    return total


def steepest_receiver(height: FloatArray, outlet: BoolArray) -> tuple[IntArray, FloatArray]:
    """Return each cell's steepest lower neighbour and the distance to it, in cells; else itself."""
    rows, cols = height.shape
    padded = np.pad(height, 1, constant_values=np.inf)
    best = np.zeros((rows, cols))
    receiver = np.arange(rows * cols).reshape(rows, cols)
    here = receiver.copy()
    length = np.ones((rows, cols))
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            if down == right == 0:
                continue
            step = float(np.hypot(down, right))
            neighbour = padded[1 + down : 1 + down + rows, 1 + right : 1 + right + cols]
            fall = (height - neighbour) / step
            better = fall > best
            best = np.where(better, fall, best)
            receiver = np.where(better, here + down * cols + right, receiver)
            length = np.where(better, step, length)
    receiver = np.where(outlet, here, receiver)
    return receiver.ravel(), length.ravel()


def _coast(rng: np.random.Generator, frame: Frame, shore_m: float, coast: bool) -> FloatArray:
    """Return the distance in metres inland from the coast (or from the lowland's edge), signed."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter, label

    rows = frame.shape[0]
    bays = spectral_noise(rng, frame.shape, frame.cell_m, 28_000.0, 4.4)
    inland = shore_m - np.broadcast_to(frame.x_m(), frame.shape) + 2600.0 * bays
    if not coast:
        return np.asarray(inland + 8_000.0)
    parts, _ = label(inland <= 0)
    sea = parts == parts[rows // 2, -1]
    away = distance_transform_edt(~sea) - distance_transform_edt(sea)
    return np.asarray(gaussian_filter(away, 1.5) * frame.cell_m)


def _uplift(rng: np.random.Generator, frame: Frame, inland_m: FloatArray, scale: float) -> FloatArray:
    """Return how fast the land rises, about 1 in the mountains and 0.01 on the plain.

    ``scale`` narrows the plain where the province is small.
    """
    ranges = spectral_noise(rng, frame.shape, frame.cell_m, 26_000.0, 3.2)
    hills = spectral_noise(rng, frame.shape, frame.cell_m, 9_000.0, 3.0)
    rise = (inland_m / scale - 17_000.0 + 7_500.0 * ranges) / 5_000.0
    mountain = 1.0 / (1.0 + np.exp(-np.clip(rise, -30, 30)))
    basin = 1.0 / (1.0 + np.exp(np.clip(6.0 * (ranges + 0.75), -30, 30)))
    knolls = np.clip(hills - 1.15, 0.0, 1.0) * 0.55
    plateau = np.clip((inland_m - 62_000.0) / 12_000.0, 0.0, 1.0)
    mountain = mountain * (1.0 + 0.28 * hills) * (1.0 - 0.8 * basin) * (1.0 - 0.75 * plateau)
    soft = np.exp(0.45 * spectral_noise(rng, frame.shape, frame.cell_m, 4_000.0, 2.0))
    return np.asarray(np.clip((mountain + knolls) * soft, LEAST_UPLIFT, MOST_UPLIFT))


def _outlets(frame: Frame, inland_m: FloatArray, coast: bool) -> BoolArray:
    if coast:
        return inland_m <= 0
    outlet = np.zeros(frame.shape, dtype=bool)
    rows = frame.shape[0]
    for share in (0.2, 0.55, 0.85):
        outlet[int(rows * share), -1] = True
    return outlet


def _first_rivers(rng: np.random.Generator, frame: Frame, outlet: BoolArray, uplift: FloatArray) -> IntArray:
    """Return receivers along least-cost ways to the outlets over random ground."""
    rough = np.exp(0.9 * spectral_noise(rng, frame.shape, frame.cell_m, 20_000.0, 1.6)) * (0.3 + uplift)
    forest = spread(lattice(rough, np.ones(frame.shape, dtype=bool)), np.flatnonzero(outlet))
    receiver = np.where(forest.previous >= 0, forest.previous, np.arange(forest.previous.size))
    return np.asarray(receiver)


def _heights(
    frame: Frame, receiver: IntArray, length: FloatArray, uplift: FloatArray, base_m: float
) -> tuple[FloatArray, FloatArray]:
    """Return heights and drained area (km2) in balance with the given rivers."""
    area = accumulate(receiver, np.full(receiver.size, frame.cell_m**2 / 1e6))
    slope = np.minimum(0.16 * uplift.ravel() / area**CONCAVITY, STEEPEST)
    rise = slope * length * frame.cell_m
    return (base_m + climb(receiver, rise)).reshape(frame.shape), area.reshape(frame.shape)


def _lengths(receiver: IntArray, cols: int) -> FloatArray:
    here = np.arange(receiver.size)
    down = here // cols - receiver // cols
    right = here % cols - receiver % cols
    return np.asarray(np.where((down != 0) & (right != 0), np.sqrt(2.0), 1.0))


def enlarge(field: FloatArray) -> FloatArray:
    """Return a field on cells half as large, by cubic convolution between the centres of cells.

    New centres lie a quarter of a cell off the old ones; the weights are those of Keys, IEEE Trans.
    ASSP 29(6), 1981, equation 15 (a = -1/2), at 0.75.
    """
    far, near, own, beyond = -0.0234375, 0.2265625, 0.8671875, -0.0703125
    for _axis in (0, 1):
        wide = np.pad(field, ((2, 2), (0, 0)), mode="edge")
        n = len(field)
        two_up, up, here, down, two_down = (wide[k : k + n] for k in range(5))
        twice = np.empty((2 * n, field.shape[1]))
        twice[0::2] = far * two_up + near * up + own * here + beyond * down
        twice[1::2] = far * two_down + near * down + own * here + beyond * up
        field = twice.T
    return np.ascontiguousarray(field)


def _widen_valleys(frame: Frame, height: FloatArray, area_km2: FloatArray, land: BoolArray) -> FloatArray:
    """Cut flat floors along the rivers, the wider the larger the river."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    result = height
    for least_km2, most_km2 in ((2.0, 8.0), (8.0, 40.0), (40.0, 250.0), (250.0, np.inf)):
        stream = (area_km2 >= least_km2) & (area_km2 < most_km2) & land
        if not stream.any():
            continue
        distance, (row, col) = distance_transform_edt(~stream, return_indices=True)
        distance = distance * frame.cell_m
        half_m = 190.0 * area_km2[row, col] ** 0.28
        floor = height[row, col] + 0.004 * distance + 0.42 * np.maximum(distance - half_m, 0.0)
        result = np.minimum(result, floor)
    return np.where(land, 0.5 * result + 0.5 * gaussian_filter(result, 0.8), height)


def _along_valleys(frame: Frame, height: FloatArray, outlet: BoolArray) -> IntArray:
    """Return receivers that follow the valleys of ``height`` to an outlet and cross its pits."""
    cost = (np.maximum(height, 0.0) + 5.0) ** 2
    forest = spread(lattice(cost, np.ones(frame.shape, dtype=bool)), np.flatnonzero(outlet))
    return np.where(forest.previous >= 0, forest.previous, np.arange(height.size))


def _dam(
    rng: np.random.Generator, frame: Frame, height: FloatArray, area_km2: FloatArray, receiver: IntArray
) -> tuple[FloatArray, BoolArray]:
    """Fill one reservoir behind a dam in the mountains; return the heights and the lake."""
    from scipy.ndimage import label

    rows, cols = frame.shape
    inner = np.zeros(frame.shape, dtype=bool)
    inner[rows // 4 : -rows // 4, cols // 4 : -cols // 4] = True
    candidates = np.flatnonzero(inner & (area_km2 > 18) & (area_km2 < 90) & (height > 90) & (height < 450))
    best_lake = np.zeros(frame.shape, dtype=bool)
    level_m = 0.0
    for dam in rng.permutation(candidates)[:DAMS]:
        upstream = np.zeros(height.size, dtype=bool)
        upstream[dam] = True
        ahead = receiver.copy()
        while True:
            grown = upstream | upstream[ahead]
            ahead = ahead[ahead]
            if np.array_equal(grown, upstream) and np.array_equal(ahead, ahead[ahead]):
                break
            upstream = grown
        level = height.ravel()[dam] + 32.0
        parts, _ = label(upstream.reshape(frame.shape) & (height < level))
        lake = parts == parts.ravel()[dam]
        if 25 < lake.sum() < 400 and lake.sum() > best_lake.sum():
            best_lake, level_m = lake, level
    return np.where(best_lake, level_m, height), best_lake


def make_relief(
    rng: np.random.Generator, coarse: Frame, *, shore_m: float, scale: float = 1.0, coast: bool = True
) -> Relief:
    """Make the relief on lattice ``coarse`` and return it on cells half as large.

    Parameters
    ----------
    rng : numpy.random.Generator
    coarse : Frame
    shore_m : float
        Easting about which the coast winds, or the lowland's edge would.
    scale : float
        Width of the plain against that of a province of 60 km.
    coast : bool
        Whether there is sea in the east; else a lowland that drains over the eastern edge.
    """
    base_m = 1.0 if coast else 45.0
    inland = _coast(rng, coarse, shore_m, coast)
    uplift = _uplift(rng, coarse, inland, scale)
    outlet = _outlets(coarse, inland, coast)
    receiver = _first_rivers(rng, coarse, outlet, uplift)
    height = uplift
    for _ in range(ROUNDS):
        height, _area = _heights(coarse, receiver, _lengths(receiver, coarse.shape[1]), uplift, base_m)
        receiver, _length = steepest_receiver(height, outlet)
    height = np.where(outlet & (inland <= 0), -0.012 * -inland - 1.0, height)

    frame = coarse.split(2)
    inland, uplift = enlarge(inland), np.clip(enlarge(uplift), LEAST_UPLIFT, MOST_UPLIFT)
    height = enlarge(height)
    sea = inland <= 0 if coast else np.zeros(frame.shape, dtype=bool)
    outlet = sea if coast else np.repeat(np.repeat(outlet, 2, axis=0), 2, axis=1)
    height = np.where(sea, np.minimum(height, -0.5), np.maximum(height, base_m))
    receiver = _along_valleys(frame, height, outlet)
    land_height = height
    for _ in range(3):
        land_height, area = _heights(frame, receiver, _lengths(receiver, frame.shape[1]), uplift, base_m)
        receiver, _length = steepest_receiver(land_height, outlet)
    height = np.where(sea, height, land_height)
    height = _widen_valleys(frame, height, area, ~sea)
    height, lake = _dam(rng, frame, height, area, receiver)
    down, right = np.gradient(height, frame.cell_m)
    return Relief(frame, height, np.hypot(down, right), sea, lake, area)
