"""Fast geometry of a profile for the Irregular Terrain Model: loops that compile to vector code.

The same quantities as `itm_profile.path_geometry`, to rounding. What makes them fast: slopes for both
horizons are multiplications with a table of reciprocals; the residuals at the first and last tenth, which
the terrain irregularity asks for, are found by counting against a guess instead of by sorting; and
extremes are taken of integers in the order of the floats.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.gathering import gathering
from phusong.coverage.radio.itm_profile import fit_range, fitted_ends, seen_horizons, terrain_stretch
from phusong.coverage.radio.jit import array_kernel, kernel, nan_free_kernel, uncounted_kernel

FloatArray = NDArray[np.float64]
KeyArray = NDArray[np.int64]

MAX_SAMPLES = 245
_NEAR = 1e-9
_FAR = 1e300
_ALL_BUT_SIGN = 0x7FFFFFFFFFFFFFFF

_gather, _store = gathering("resample")


class Work(NamedTuple):
    """Scratch of one thread; arrays with ``key`` in their name share the memory of those before them."""

    angles: FloatArray
    angle_keys: KeyArray
    samples: FloatArray
    sample_keys: KeyArray
    value: FloatArray
    value_key: KeyArray
    deciles: FloatArray


@kernel
def new_work(longest: int) -> Work:
    """Return scratch for profiles of up to ``longest`` samples."""
    angles, samples, value = np.empty(longest), np.empty(MAX_SAMPLES), np.empty(1)
    deciles = np.array([-1.25, 1.25])
    return Work(
        angles, angles.view(np.int64), samples, samples.view(np.int64),
        value, value.view(np.int64), deciles,
    )


@nan_free_kernel
def _mean(values: FloatArray, first: int, last: int) -> float:
    total = 0.0
    for i in range(first, last + 1):
        total += values[i]
    return total / (last - first + 1)


@nan_free_kernel
def _to_keys(bits: KeyArray, first: int, stop: int) -> None:
    # Integers in the order of the floats they are made of: negative ones have their bits turned. The
    # map is its own inverse. Extremes of integers become vector code, those of floats do not.
    for i in range(first, stop):
        bits[i] ^= (bits[i] >> 63) & _ALL_BUT_SIGN


@nan_free_kernel
def _largest(bits: KeyArray, n: int, floor: int) -> tuple[int, int]:
    # The largest key of the floats 1 ... n-1 and the first that has it; n where none exceeds the floor.
    best = floor
    for i in range(1, n):
        best = max(best, bits[i] ^ ((bits[i] >> 63) & _ALL_BUT_SIGN))
    if best == floor:
        return best, n
    wanted = best ^ ((best >> 63) & _ALL_BUT_SIGN)
    where = n
    for i in range(1, n):
        where = min(where, i if bits[i] == wanted else n)
    return best, where


@nan_free_kernel
def _angles_from_start(
    heights: FloatArray, n: int, inverse: FloatArray, level: float, per_step: float, bend: float,
    angles: FloatArray,
) -> None:
    for i in range(1, n):
        angles[i] = (heights[i] - level) * (inverse[i] * per_step) - i * bend


@nan_free_kernel
def _angles_from_end(
    heights: FloatArray, n: int, inverse: FloatArray, level: float, per_step: float, bend: float,
    angles: FloatArray,
) -> None:
    for i in range(1, n):
        angles[i] = (heights[i] - level) * (inverse[n - i] * per_step) - (n - i) * bend


@array_kernel
def _steepest(angles: FloatArray, bits: KeyArray, n: int, in_sight: float) -> tuple[float, int]:
    # Largest of the angles 1 ... n-1 and the first sample that has it; n and the angle of the other end
    # where that is not exceeded. ``bits`` is the same memory as ``angles``.
    angles[0] = in_sight
    _to_keys(bits, 0, 1)
    best, where = _largest(bits, n, bits[0])
    bits[0] = best
    _to_keys(bits, 0, 1)
    return angles[0], where


@nan_free_kernel
def _sum_and_moment(values: FloatArray, first: int, last: int) -> tuple[float, float]:
    total = moment = 0.0
    for i in range(first + 1, last):
        total += values[i]
        moment += (i - first) * values[i]
    return total, moment


@nan_free_kernel
def _resample(
    heights: FloatArray, begin: float, spacing: float, last: int, count: int, origin: float,
    samples: FloatArray,
) -> tuple[float, float, float]:
    # Heights above ``origin`` between samples; their sum, moment and sum of squares. Unsigned places spare
    # the test for negative ones, and 32 bits are what every vector unit can cut a float to.
    total = moment = squares = 0.0
    top = np.int32(last)
    for j in range(count):
        x = begin + j * spacing
        i = min(np.int32(x), top)
        at = np.uint64(i)
        low = _gather(heights, at)
        value = low - origin + (_gather(heights, at + np.uint64(1)) - low) * (x - i)
        _store(samples, np.uint64(j), value)
        total += value
        moment += j * value
        squares += value * value
    return total, moment, squares


@nan_free_kernel
def _take_off_line(samples: FloatArray, count: int, low: float, rise: float) -> None:
    for j in range(count):
        samples[j] -= low + rise * j


@nan_free_kernel
def _count_to(keys: KeyArray, n: int, limit: int) -> int:
    count = 0
    for i in range(n):
        count += keys[i] <= limit
    return count


@nan_free_kernel
def _above(keys: KeyArray, n: int, limit: int) -> tuple[int, int]:
    # How many are at or below the limit, and the smallest above it.
    count, above = 0, _ALL_BUT_SIGN
    for i in range(n):
        count += keys[i] <= limit
        above = min(above, keys[i] if keys[i] > limit else _ALL_BUT_SIGN)
    return count, above


@nan_free_kernel
def _below(keys: KeyArray, n: int, limit: int) -> tuple[int, int]:
    # How many are below the limit, and the largest of them.
    count, below = 0, -_ALL_BUT_SIGN
    for i in range(n):
        count += keys[i] < limit
        below = max(below, keys[i] if keys[i] < limit else -_ALL_BUT_SIGN)
    return count, below


@uncounted_kernel
def smallest(
    keys: KeyArray, n: int, k: int, guess: float, per_rank: float, value: FloatArray, value_key: KeyArray
) -> float:
    """Return the k-th smallest (k from 1) of ``n`` values, given as keys.

    Exact whatever ``guess`` and ``per_rank`` (what a rank is worth near it) are; they only decide how
    many passes it takes. ``value`` is scratch of one float and ``value_key`` the same memory.
    """
    low, high = -_FAR, _FAR
    low_key, high_key = -_ALL_BUT_SIGN, _ALL_BUT_SIGN
    low_count, high_count = 0, n
    limit = guess
    for _ in range(6):
        value[0] = limit
        _to_keys(value_key, 0, 1)
        limit_key = value_key[0]
        count = _count_to(keys, n, limit_key)
        if count >= k:
            high, high_key, high_count = limit, limit_key, count
        else:
            low, low_key, low_count = limit, limit_key, count
        if abs(count - k) <= 3:
            break
        if low > -_FAR and high < _FAR:
            limit = low + (high - low) * (k - 0.5 - low_count) / (high_count - low_count)
        else:
            limit += 1.2 * (k - count) * per_rank
        if not low < limit < high:
            break
    # Then rank by rank, one distinct value a turn, from the nearer end of the bracket.
    if high_count - k < k - low_count and high < _FAR:
        _, found = _below(keys, n, high_key + 1)
        while high_count > k:
            high_count, under = _below(keys, n, found)
            if high_count < k:
                break
            found = under
    else:
        low_count, found = _above(keys, n, low_key)
        while low_count < k - 1:
            low_count, over = _above(keys, n, found)
            if low_count >= k:
                break
            found = over
    value_key[0] = found
    _to_keys(value_key, 0, 1)
    return float(value[0])


@array_kernel
def fast_delta_h_m(
    heights: FloatArray, n: int, step_m: float, start_m: float, end_m: float, work: Work
) -> float:
    """`itm_profile.delta_h_m` without sorting."""
    begin, finish = start_m / step_m, end_m / step_m
    if finish - begin < 2.0:
        return 0.0
    tenth = min(max(4, int(0.1 * (finish - begin + 8.0))), 25)
    count = 10 * tenth - 5
    spacing = (finish - begin) / (count - 1.0)
    samples, end = work.samples, count - 1
    total, moment, squares = _resample(heights, begin, spacing, n - 1, count, heights[int(begin)], samples)
    low, high = fitted_ends(
        samples, end, 0, end, total - samples[0] - samples[end], moment - end * samples[end]
    )
    rise = (high - low) / end
    _take_off_line(samples, count, low, rise)
    # Mean and standard deviation of the residuals steer the search for the deciles.
    middle = total / count
    mean = middle - 0.5 * (low + high)
    lean = rise * (2.0 * moment - end * total) / count - rise * rise * (count * count - 1.0) / 12.0
    deviation = math.sqrt(max(squares / count - middle * middle - lean, 0.0))
    # A rank is worth this much where a normal distribution has its deciles, 1.28 deviations out. The
    # deciles of the last path, in deviations, are where the search begins: neighbours are alike.
    per_rank = deviation / (0.1755 * count) + 1e-12
    _to_keys(work.sample_keys, 0, count)
    guess = mean + work.deciles[0] * deviation
    lowest = smallest(work.sample_keys, count, tenth, guess, per_rank, work.value, work.value_key)
    guess, rank = mean + work.deciles[1] * deviation, count - tenth + 1
    highest = smallest(work.sample_keys, count, rank, guess, per_rank, work.value, work.value_key)
    if deviation > 0.0:
        work.deciles[0], work.deciles[1] = (lowest - mean) / deviation, (highest - mean) / deviation
    return (highest - lowest) / (1.0 - 0.8 * math.exp(-(end_m - start_m) / 50e3))


@kernel
def _near_whole(x: float) -> bool:
    return bool(abs(x - np.rint(x)) < _NEAR)


@kernel
def _cut_in_doubt(n: int, step_m: float, start_m: float, end_m: float, dl_tx: float, dl_rx: float) -> bool:
    # Whether the last bit of a horizon's distance could decide which samples a fit takes.
    begin, finish = start_m / step_m, end_m / step_m
    return (
        _near_whole(begin)
        or _near_whole(finish)
        or _near_whole(0.1 * (finish - begin + 8.0))
        or _near_whole(0.9 * dl_tx / step_m)
        or _near_whole(0.9 * dl_rx / step_m)
        or abs((dl_tx + dl_rx) / step_m - 1.5 * n) < _NEAR
    )


@kernel
def _added_up(n: int, step_m: float, steps_tx: int, steps_rx: int) -> tuple[float, float]:
    # The horizons' distances as the straightforward scan adds them up.
    d = n * step_m
    dl_tx = dl_rx = d
    if steps_tx < n:
        dl_tx = 0.0
        for _ in range(steps_tx):
            dl_tx += step_m
    if steps_rx < n:
        for _ in range(n - steps_rx):
            dl_rx -= step_m
    return dl_tx, dl_rx


@array_kernel
def _line(heights: FloatArray, n: int, first: int, last: int) -> tuple[float, float]:
    total, moment = _sum_and_moment(heights, first, last)
    return fitted_ends(heights, n, first, last, total, moment)


@array_kernel
def fast_mean_height_m(heights: FloatArray, n: int) -> float:
    """`itm_profile.mean_height_m` of the samples 0 ... n."""
    tenth = int(0.1 * n)
    return _mean(heights, tenth, n - tenth)


@array_kernel
def fast_geometry(
    heights: FloatArray, n: int, step_m: float, h_tx: float, h_rx: float, radius_m: float,
    inverse: FloatArray, work: Work,
) -> tuple[float, float, float, float, float, float, float]:
    """Return what `itm_profile.path_geometry` returns, of the samples 0 ... n.

    ``inverse`` holds 1 / i at i, to n at least.
    """
    d = n * step_m
    z_tx, z_rx = heights[0] + h_tx, heights[n] + h_rx
    bend = step_m / (2.0 * radius_m)
    end_bend = d / (2.0 * radius_m)
    per_step = 1.0 / step_m
    scratch, keys = work.angles, work.angle_keys
    _angles_from_start(heights, n, inverse, z_tx, per_step, bend, scratch)
    theta_tx, steps_tx = _steepest(scratch, keys, n, (z_rx - z_tx) / d - end_bend)
    _angles_from_end(heights, n, inverse, z_rx, per_step, bend, scratch)
    theta_rx, first_seen = _steepest(scratch, keys, n, -(z_rx - z_tx) / d - end_bend)
    steps_rx = n - first_seen if first_seen < n else n
    dl_tx = steps_tx * step_m if steps_tx < n else d
    dl_rx = steps_rx * step_m if steps_rx < n else d
    start, end = terrain_stretch(h_tx, h_rx, dl_tx, dl_rx, d)
    if _cut_in_doubt(n, step_m, start, end, dl_tx, dl_rx):
        dl_tx, dl_rx = _added_up(n, step_m, steps_tx, steps_rx)
        start, end = terrain_stretch(h_tx, h_rx, dl_tx, dl_rx, d)
    delta_h = fast_delta_h_m(heights, n, step_m, start, end, work)
    if dl_tx + dl_rx > 1.5 * d:
        first, last = fit_range(n, step_m, start, end)
        fit_tx, fit_rx = _line(heights, n, first, last)
        he_tx = h_tx + max(heights[0] - fit_tx, 0.0)
        he_rx = h_rx + max(heights[n] - fit_rx, 0.0)
        he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx = seen_horizons(he_tx, he_rx, delta_h, d, radius_m)
        return delta_h, he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx
    first, last = fit_range(n, step_m, start, 0.9 * dl_tx)
    fit_tx, _ = _line(heights, n, first, last)
    first, last = fit_range(n, step_m, d - 0.9 * dl_rx, end)
    _, fit_rx = _line(heights, n, first, last)
    he_tx = h_tx + max(heights[0] - fit_tx, 0.0)
    he_rx = h_rx + max(heights[n] - fit_rx, 0.0)
    return delta_h, he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx
