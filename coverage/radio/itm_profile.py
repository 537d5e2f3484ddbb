"""What the Irregular Terrain Model takes from a terrain profile: horizons, roughness, heights.

Source: G. A. Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the algorithm", NTIA/ITS, 1995,
and Hufford, Longley and Kissick, "A guide to the use of the ITS Irregular Terrain Model in the area
prediction mode", NTIA Report 82-100, 1982. This is the straightforward form, one scan after the other;
`itm_sweep` holds the fast one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.jit import array_kernel, kernel

FloatArray = NDArray[np.float64]


@kernel
def mean_height_m(elevation_m: FloatArray) -> float:
    """Mean elevation of the path without its first and last tenth."""
    n = elevation_m.size - 1
    tenth = int(0.1 * n)
    return float(np.sum(elevation_m[tenth : n - tenth + 1])) / (n - 2 * tenth + 1)


@kernel
def horizons(
    elevation_m: FloatArray, step_m: float, h_tx: float, h_rx: float, radius_m: float
) -> tuple[float, float, float, float]:
    """Angles (rad) and distances (m) of the horizons of both ends: theta_tx, theta_rx, d_tx, d_rx.

    Where nothing stands above the line between the ends, the horizon is the other end. Distances
    are added up step by step: the model cuts them to whole steps later on, so that their last bit
    can matter.
    """
    n = elevation_m.size - 1
    d = n * step_m
    z_tx, z_rx = elevation_m[0] + h_tx, elevation_m[n] + h_rx
    theta_tx = (z_rx - z_tx) / d - d / (2.0 * radius_m)
    theta_rx = -(z_rx - z_tx) / d - d / (2.0 * radius_m)
    horizon_tx = horizon_rx = d
    from_tx, from_rx = 0.0, d
    for i in range(1, n):
        from_tx += step_m
        from_rx -= step_m
        angle = (elevation_m[i] - z_tx) / from_tx - from_tx / (2.0 * radius_m)
        if angle > theta_tx:
            theta_tx, horizon_tx = angle, from_tx
        angle = (elevation_m[i] - z_rx) / from_rx - from_rx / (2.0 * radius_m)
        if angle > theta_rx:
            theta_rx, horizon_rx = angle, from_rx
    return theta_tx, theta_rx, horizon_tx, horizon_rx


@kernel
def fit_range(n: int, step_m: float, start_m: float, end_m: float) -> tuple[int, int]:
    """First and last sample of a least-squares line from ``start_m`` to ``end_m``."""
    first = int(max(start_m / step_m, 0.0))
    last = n - int(max(n - end_m / step_m, 0.0))
    if last <= first:
        first = max(first - 1, 0)
        last = n - max(n - (last + 1), 0)
    return first, last


@array_kernel
def fitted_ends(
    values: FloatArray, end: int, first: int, last: int, total: float, moment: float
) -> tuple[float, float]:
    """Values at samples 0 and ``end`` of the line fitted from ``first`` to ``last``.

    ``total`` is the sum of the inner samples, ``moment`` that of index times sample (index counted
    from ``first``); the two ends count half.
    """
    length = float(last - first)
    middle = 0.5 * length
    mean = (total + 0.5 * (values[first] + values[last])) / length
    lever = moment - middle * total + 0.5 * middle * (values[last] - values[first])
    slope = 12.0 * lever / ((length * length + 2.0) * length)
    centre = first + middle
    return mean - slope * centre, mean + slope * (end - centre)


@kernel
def fitted_line(values: FloatArray, first: int, last: int) -> tuple[float, float]:
    """Line fitted from sample ``first`` to ``last``, drawn out to both ends of ``values``."""
    total = moment = 0.0
    for i in range(first + 1, last):
        total += values[i]
        moment += (i - first) * values[i]
    return fitted_ends(values, values.size - 1, first, last, total, moment)


@kernel
def delta_h_m(elevation_m: FloatArray, step_m: float, start_m: float, end_m: float) -> float:
    """Terrain irregularity: interdecile range about the fitted line, made asymptotic [H, 3.1].

    The stretch is resampled to 35 ... 245 points in steps of ten, by its length; less than two
    steps of terrain count as smooth.
    """
    n = elevation_m.size - 1
    begin, finish = start_m / step_m, end_m / step_m
    if finish - begin < 2.0:
        return 0.0
    tenth = min(max(4, int(0.1 * (finish - begin + 8.0))), 25)
    count = 10 * tenth - 5
    spacing = (finish - begin) / (count - 1.0)
    samples = np.empty(count)
    for j in range(count):
        x = begin + j * spacing
        i = min(int(x), n - 1)
        samples[j] = elevation_m[i] + (elevation_m[i + 1] - elevation_m[i]) * (x - i)
    low, high = fitted_line(samples, 0, count - 1)
    for j in range(count):
        samples[j] -= low + (high - low) * j / (count - 1.0)
    samples.sort()
    decile_range: float = samples[count - tenth] - samples[tenth - 1]
    return decile_range / (1.0 - 0.8 * math.exp(-(end_m - start_m) / 50e3))


@kernel
def seen_horizons(
    he_tx: float, he_rx: float, delta_h: float, d: float, radius_m: float
) -> tuple[float, float, float, float, float, float]:
    """Heights, horizon distances and angles of a path well within sight, from its roughness.

    The horizons of such a path lie behind the other end, so they are those of the typical terrain;
    heights are raised until the horizons reach over the path [H, 3.2-3.4].
    """
    sight_tx, sight_rx = math.sqrt(2.0 * he_tx * radius_m), math.sqrt(2.0 * he_rx * radius_m)
    dl_tx = sight_tx * math.exp(-0.07 * math.sqrt(delta_h / max(he_tx, 5.0)))
    dl_rx = sight_rx * math.exp(-0.07 * math.sqrt(delta_h / max(he_rx, 5.0)))
    if dl_tx + dl_rx <= d:
        raised = (d / (dl_tx + dl_rx)) ** 2
        he_tx *= raised
        he_rx *= raised
        sight_tx, sight_rx = math.sqrt(2.0 * he_tx * radius_m), math.sqrt(2.0 * he_rx * radius_m)
        dl_tx = sight_tx * math.exp(-0.07 * math.sqrt(delta_h / max(he_tx, 5.0)))
        dl_rx = sight_rx * math.exp(-0.07 * math.sqrt(delta_h / max(he_rx, 5.0)))
    theta_tx = (0.65 * delta_h * (sight_tx / dl_tx - 1.0) - 2.0 * he_tx) / sight_tx
    theta_rx = (0.65 * delta_h * (sight_rx / dl_rx - 1.0) - 2.0 * he_rx) / sight_rx
    return he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx


@kernel
def terrain_stretch(
    h_tx: float, h_rx: float, dl_tx: float, dl_rx: float, d: float
) -> tuple[float, float]:
    """Where terrain begins and ceases to count: 15 antenna heights, or a tenth of the horizon, off."""
    return min(15.0 * h_tx, 0.1 * dl_tx), d - min(15.0 * h_rx, 0.1 * dl_rx)


@kernel
def path_geometry(
    elevation_m: FloatArray, step_m: float, h_tx: float, h_rx: float, radius_m: float
) -> tuple[float, float, float, float, float, float, float]:
    """Roughness, effective heights, horizon distances and angles of a profile.

    Returns delta_h, he_tx, he_rx, dl_tx, dl_rx in metres, theta_tx, theta_rx in radians.
    """
    n = elevation_m.size - 1
    d = n * step_m
    theta_tx, theta_rx, dl_tx, dl_rx = horizons(elevation_m, step_m, h_tx, h_rx, radius_m)
    start, end = terrain_stretch(h_tx, h_rx, dl_tx, dl_rx, d)
    delta_h = delta_h_m(elevation_m, step_m, start, end)
    if dl_tx + dl_rx > 1.5 * d:
        first, last = fit_range(n, step_m, start, end)
        fit_tx, fit_rx = fitted_line(elevation_m, first, last)
        he_tx = h_tx + max(elevation_m[0] - fit_tx, 0.0)
        he_rx = h_rx + max(elevation_m[n] - fit_rx, 0.0)
        he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx = seen_horizons(he_tx, he_rx, delta_h, d, radius_m)
        return delta_h, he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx
    first, last = fit_range(n, step_m, start, 0.9 * dl_tx)
    fit_tx, _ = fitted_line(elevation_m, first, last)
    first, last = fit_range(n, step_m, d - 0.9 * dl_rx, end)
    _, fit_rx = fitted_line(elevation_m, first, last)
    he_tx = h_tx + max(elevation_m[0] - fit_tx, 0.0)
    he_rx = h_rx + max(elevation_m[n] - fit_rx, 0.0)
    return delta_h, he_tx, he_rx, dl_tx, dl_rx, theta_tx, theta_rx
