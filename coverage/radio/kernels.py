"""The compiled inner loops of the prediction: geometry of a site, merging of a cell, best of operators."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.antenna import sector_gain_db
from phusong.coverage.radio.jit import kernel

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]

_SQRT_HALF = math.sqrt(0.5)
_DEGREES = 180.0 / math.pi
_NEPERS = math.log(10.0) / 10.0
_HAIR = 1e-6
"""Of a quantile: sixteen times what rounding it to float32 can add."""
EFFECTIVE_RADIUS_M = 8_500_000.0
"""Of the Earth for radio, 4/3 of its own: Rec. ITU-R P.834-9, for the elevation angles over terrain."""
POWER_QUANTUM_MW = 2.0**-60
"""In which powers are added up: whole numbers add to the same sum in any order, floats do not. It is
-180.6 dBm, 50 dB below thermal noise in a resource element."""
POWER_CEILING = 2**61
"""Quanta at which a sum stays: 2 mW in a resource element, more than any antenna's near field holds."""


@kernel
def _arctan(t: float) -> float:
    """Return the arc tangent of a number from 0 to 1, in radians, to 2e-8.

    M. Abramowitz and I. Stegun, 'Handbook of Mathematical Functions' (1964), 4.4.49: a tenth of what
    float32 degrees hold, and unlike the library's it vectorises.
    """
    s = t * t
    p = -0.0161657367 + s * 0.0028662257
    p = 0.0429096138 + s * p
    p = -0.0752896400 + s * p
    p = 0.1065626393 + s * p
    p = -0.1420889944 + s * p
    p = 0.1999355085 + s * p
    p = -0.3333314528 + s * p
    return t + t * s * p


@kernel
def bearings_deg(x_m: Float64, y_m: Float64, site_x_m: float, site_y_m: float) -> Float32:
    """Return the bearings from a site to cell centres, clockwise from grid north, in [0, 360)."""
    result = np.empty((y_m.size, x_m.size), dtype=np.float32)
    for i in range(y_m.size):
        dy = y_m[i] - site_y_m
        for j in range(x_m.size):
            dx = x_m[j] - site_x_m
            across, along = abs(dx), abs(dy)
            long = max(max(across, along), 1e-9)
            angle = _arctan(min(across, along) / long) * _DEGREES
            angle = 90.0 - angle if across > along else angle
            angle = 180.0 - angle if dy < 0.0 else angle
            rounded = np.float32(360.0 - angle if dx < 0.0 else angle)
            result[i, j] = rounded if rounded < np.float32(360.0) else np.float32(0.0)
    return result


@kernel
def elevations_deg(
    x_m: Float64, y_m: Float64, site_x_m: float, site_y_m: float, rise_m: float, ground_m: Float32
) -> Float32:
    """Return the elevation angles of cell centres as the antenna sees them.

    Parameters
    ----------
    rise_m : float
        Height of the receiver above that of the antenna, less what the ground adds.
    ground_m : array
        Height of the ground at the cells above that at the site; of size zero over flat ground. NaN
        counts as level.
    """
    result = np.empty((y_m.size, x_m.size), dtype=np.float32)
    hilly = ground_m.size > 0
    for i in range(y_m.size):
        dy = y_m[i] - site_y_m
        for j in range(x_m.size):
            dx = x_m[j] - site_x_m
            distance2 = dx * dx + dy * dy
            rise = rise_m
            if hilly and not math.isnan(ground_m[i, j]):
                rise += ground_m[i, j] - distance2 / (2.0 * EFFECTIVE_RADIUS_M)
            distance, height = math.sqrt(distance2), abs(rise)
            long = max(max(distance, height), 1e-9)
            angle = _arctan(min(distance, height) / long) * _DEGREES
            angle = 90.0 - angle if height > distance else angle
            result[i, j] = -angle if rise < 0.0 else angle
    return result


@kernel
def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z * _SQRT_HALF)


@kernel
def safe_quantile(probability: float) -> float:
    """Return a value surely below the normal quantile of a probability, by less than 0.002.

    M. Abramowitz and I. Stegun, 'Handbook of Mathematical Functions' (1964), 26.2.23, whose error is
    below 4.5e-4, less 1e-3.
    """
    tail = min(probability, 1.0 - probability)
    if tail <= 1e-12:
        return 6.9 if probability > 0.5 else -math.inf
    t = math.sqrt(-2.0 * math.log(tail))
    value = t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (
        1.0 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t
    )
    return (value if probability > 0.5 else -value) - 1e-3


@kernel
def merge_cell(
    signal: Float32,
    probability: Float32,
    quantile: Float32,
    best: NDArray[np.int32],
    servers: NDArray[np.uint16],
    power: Int64,
    x_m: Float64,
    y_m: Float64,
    window: tuple[int, int, int, int],
    rows: tuple[int, int],
    site: tuple[float, float, float],
    bearing: Float32,
    elevation: Float32,
    weight: Float32,
    loss: Float32,
    sharpness: Float32,
    antenna: tuple[float, float, float, float],
    budget: tuple[float, float, float, float, float],
    station: int,
) -> None:
    """Merge one cell into the accumulators of its operator, over some rows of the grid.

    Parameters
    ----------
    signal, probability, quantile, best, servers : arrays of the grid's shape
        Best median (-inf = none), best probability and a quantile at or below it, row of the best
        station (-1), count of covering cells.
    power : array
        Sum of the powers on the cell's channel in `POWER_QUANTUM_MW`; of size zero where none is wanted.
    x_m, y_m : arrays
        Cell centres of the whole grid.
    window : row0, row1, col0, col1
    rows : first, end
        Rows of the grid to touch: bands are merged by different threads.
    site : x, y, radius in metres
    bearing, elevation : arrays of the window's shape, degrees
    weight, loss, sharpness : arrays (states, rows, cols)
        Of each state; sharpness is one over its whole spread in dB.
    antenna : azimuth, tilt, horizontal factor, vertical factor
    budget : reference_dbm, required_dbm, probability, its quantile, floor_dbm
    station : int
        Row of the cell in the table of stations.

    Notes
    -----
    What the accumulators hold in the end does not depend on the order of the cells: each is a largest
    value (of equal signals the lower row's), a count, or a sum of whole numbers. So sites may be merged
    in groups and the groups with each other, with the same bits.
    """
    row0, row1, col0, col1 = window
    width = col1 - col0
    carrier, median = np.empty(width), np.empty(width)
    highest, lowest = np.empty(width), np.empty(width)
    for r in range(max(row0, rows[0]), min(row1, rows[1])):
        c0, c1 = _span(x_m, col0, col1, site, y_m[r] - site[1])
        i, j0, j1 = r - row0, c0 - col0, c1 - col0
        n = j1 - j0
        _levels(
            carrier[:n],
            median[:n],
            highest[:n],
            lowest[:n],
            bearing[i, j0:j1],
            elevation[i, j0:j1],
            weight[:, i, j0:j1],
            loss[:, i, j0:j1],
            sharpness[:, i, j0:j1],
            antenna,
            budget,
        )
        if power.size > 0:
            _add_power(power[r, c0:c1], median[:n])
        _choose(
            signal[r, c0:c1],
            probability[r, c0:c1],
            quantile[r, c0:c1],
            best[r, c0:c1],
            servers[r, c0:c1],
            carrier[:n],
            median[:n],
            highest[:n],
            lowest[:n],
            weight[:, i, j0:j1],
            loss[:, i, j0:j1],
            sharpness[:, i, j0:j1],
            budget,
            station,
        )


@kernel
def _add_power(power: Int64, median: Float64) -> None:
    """Add the power of medians in dBm, rounded to float32 as the signal is, in whole quanta."""
    for j in range(median.size):
        strength = np.float32(median[j])
        if strength > -300.0:
            quanta = math.exp(float(strength) * _NEPERS) / POWER_QUANTUM_MW
            power[j] = min(power[j] + np.int64(min(quanta, float(POWER_CEILING)) + 0.5), POWER_CEILING)


@kernel
def _span(x_m: Float64, col0: int, col1: int, site: tuple[float, float, float], dy: float) -> tuple[int, int]:
    """Return the columns whose centres lie within the site's radius in a row ``dy`` away."""
    site_x, _, radius = site
    left2 = radius * radius - dy * dy
    c0, c1 = col0, col1
    while c0 < c1 and (x_m[c0] - site_x) ** 2 > left2:
        c0 += 1
    while c1 > c0 and (x_m[c1 - 1] - site_x) ** 2 > left2:
        c1 -= 1
    return c0, c1


@kernel
def _levels(
    carrier: Float64,
    median: Float64,
    highest: Float64,
    lowest: Float64,
    bearing: Float32,
    elevation: Float32,
    weight: Float32,
    loss: Float32,
    sharpness: Float32,
    antenna: tuple[float, float, float, float],
    budget: tuple[float, float, float, float, float],
) -> None:
    """Fill, along one row, the carrier before losses, the median and the bounds of its quantile.

    Plain loops without a branch, so that the compiler vectorises them.
    """
    azimuth, tilt, horizontal, vertical = antenna
    reference, required = budget[0], budget[1]
    n = carrier.size
    for j in range(n):
        carrier[j] = reference + sector_gain_db(bearing[j], elevation[j], azimuth, tilt, horizontal, vertical)
    for s in range(weight.shape[0]):
        w, lost, sharp = weight[s], loss[s], sharpness[s]
        if s == 0:
            for j in range(n):
                rsrp = carrier[j] - lost[j]
                median[j] = w[j] * rsrp
                highest[j] = (rsrp - required) * sharp[j]
            lowest[:] = highest
        else:
            for j in range(n):
                median[j] += w[j] * (carrier[j] - lost[j])
            for j in range(n):
                z = (carrier[j] - lost[j] - required) * sharp[j]
                highest[j] = z if z > highest[j] else highest[j]
                lowest[j] = z if z < lowest[j] else lowest[j]


@kernel
def _choose(
    signal: Float32,
    probability: Float32,
    quantile: Float32,
    best: NDArray[np.int32],
    servers: NDArray[np.uint16],
    carrier: Float64,
    median: Float64,
    highest: Float64,
    lowest: Float64,
    weight: Float32,
    loss: Float32,
    sharpness: Float32,
    budget: tuple[float, float, float, float, float],
    station: int,
) -> None:
    """Update the accumulators along one row with what `_levels` found."""
    _, required, wanted, wanted_z, floor = budget
    states = weight.shape[0]
    for j in range(median.size):
        # Written so that NaN, a loss that is not known, falls out too.
        if not (median[j] >= floor or highest[j] >= wanted_z):
            continue
        # A mixture lies between its least and its most likely state: most need no integral.
        covers = lowest[j] >= wanted_z
        chance = 0.0
        if highest[j] > quantile[j] or (highest[j] >= wanted_z and not covers):
            for s in range(states):
                chance += weight[s, j] * _phi((carrier[j] - loss[s, j] - required) * sharpness[s, j])
            chance = min(chance, 1.0)
            # Asked for the bound too, or a rounding could let the order of the cells decide.
            covers = covers or (highest[j] >= wanted_z and chance >= wanted)
        if median[j] < floor and not covers:
            continue
        if covers and servers[j] < 65535:
            servers[j] += 1
        if chance > probability[j]:
            probability[j] = chance
            # A little below, so that nothing is passed over that could be larger by a rounding.
            quantile[j] = (
                highest[j] - _HAIR * max(abs(highest[j]), 1.0) if states == 1 else safe_quantile(chance)
            )
        strength = np.float32(median[j])
        if strength > signal[j] or (strength == signal[j] and station < best[j]):
            signal[j] = strength
            best[j] = station


@kernel
def merge_operators(
    signal: Float32,
    probability: Float32,
    best: NDArray[np.int32],
    servers: NDArray[np.uint16],
    sinr: Float32,
    other_signal: Float32,
    other_probability: Float32,
    other_best: NDArray[np.int32],
    other_servers: NDArray[np.uint16],
    other_sinr: Float32,
) -> None:
    """Merge one operator (``other``, flat arrays) into the best of operators; NaN = no signal.

    The SINR arrays are those of the best server, of size zero where none is wanted.
    """
    for k in range(signal.size):
        if other_best[k] < 0:
            continue
        servers[k] = min(int(servers[k]) + int(other_servers[k]), 65535)
        probability[k] = max(probability[k], other_probability[k])
        stronger = best[k] < 0 or other_signal[k] > signal[k]
        if stronger or (other_signal[k] == signal[k] and other_best[k] < best[k]):
            signal[k] = other_signal[k]
            best[k] = other_best[k]
            if sinr.size > 0:
                sinr[k] = other_sinr[k]
