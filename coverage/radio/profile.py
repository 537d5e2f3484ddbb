"""A straight path over the project's terrain and clutter: what lies on it and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.model import FloatArray
from phusong.layers.grid import Grid
from phusong.layers.inventory import Layers
from phusong.layers.rasters.clutter import clutter_heights_m

LIGHT_M_PER_S = 299_792_458.0
EARTH_RADIUS_KM = 6371.0
LAST_GAP_STEPS = 0.5
"""Least gap between the last sample and the receiver."""


@dataclass(frozen=True)
class PathProfile:
    """Ground and clutter along a path; all arrays have shape (n,), ends included, n >= 3.

    Attributes
    ----------
    distance_m : array
        From the transmitter, from 0, ascending.
    x_m, y_m : array
        In the grid's coordinate system.
    ground_m : array
        Above sea level; NaN where the terrain has a void or does not reach.
    clutter_m : array
        Representative height of what stands on the ground; 0 at both ends.
    """

    distance_m: FloatArray
    x_m: FloatArray
    y_m: FloatArray
    ground_m: FloatArray
    clutter_m: FloatArray

    @property
    def length_m(self) -> float:
        """Length of the path."""
        return float(self.distance_m[-1])


@dataclass(frozen=True)
class Obstacle:
    """A stretch of the path that rises above the line between the antennas.

    Attributes
    ----------
    distance_m : float
        Of its highest point above the line, from the transmitter.
    above_line_m : float
        How far that point stands above the line, over the curved earth.
    ground_m, clutter_m : float
        There.
    by_ground : bool
        Whether the ground alone is in the way; else what stands on it.
    """

    distance_m: float
    above_line_m: float
    ground_m: float
    clutter_m: float
    by_ground: bool


@dataclass(frozen=True)
class Clearance:
    """The line between two antennas over the curved earth; arrays have the profile's shape.

    Attributes
    ----------
    bulge_m : array
        Height of the earth's curve above the chord.
    line_m : array
        Height of the ray above sea level, ends at the antennas.
    fresnel_m : array
        Radius of the first Fresnel zone.
    above_m : array
        Ray above ground and clutter and bulge; negative where it is cut.
    obstacles : tuple of Obstacle
        From the transmitter on.
    """

    bulge_m: FloatArray
    line_m: FloatArray
    fresnel_m: FloatArray
    above_m: FloatArray
    obstacles: tuple[Obstacle, ...]

    @property
    def worst(self) -> Obstacle | None:
        """The obstacle that stands highest above the line."""
        return max(self.obstacles, key=lambda o: o.above_line_m, default=None)


def straight_profile(
    layers: Layers, start: tuple[float, float], end: tuple[float, float], *, step_m: float | None = None
) -> PathProfile:
    """Sample terrain and clutter, bilinear between cell centres, along a straight line.

    Samples stand a step apart from the transmitter on, and the last gap is half a step to one and a half:
    the rule of the sweep, since the sample before the phone decides more than any other.

    Parameters
    ----------
    layers : Layers
        With terrain.
    start, end : tuple of float
        x, y in the grid's coordinate system, transmitter first.
    step_m : float, optional
        Distance of samples; by default one cell.

    Raises
    ------
    ValueError
        Without terrain, or where both ends are one point.
    """
    if layers.terrain is None:
        raise ValueError("layers.terrain is None; a profile needs terrain")
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    if not length > 0.0:
        raise ValueError("start and end are one point")
    step = step_m or layers.grid.cell_m
    steps = int(length / step - LAST_GAP_STEPS)
    inner = np.arange(steps + 1) * step if steps >= 1 else np.array([0.0, 0.5 * length])
    distance = np.append(inner, length)
    x = start[0] + distance / length * (end[0] - start[0])
    y = start[1] + distance / length * (end[1] - start[1])
    ground = bilinear(layers.terrain.values, layers.grid, x, y)
    clutter = np.zeros(len(distance))
    if layers.clutter is not None:
        heights = clutter_heights_m(layers.project.layers.clutter)
        clutter = bilinear(layers.clutter.values, layers.grid, x, y, of_code=heights)
        clutter[[0, -1]] = 0.0
    return PathProfile(distance, x, y, ground, clutter)


def bilinear(
    values: NDArray[Any], grid: Grid, x: FloatArray, y: FloatArray, *, of_code: FloatArray | None = None
) -> FloatArray:
    """Interpolate between cell centres; the outer half cell repeats its edge, beyond it is NaN.

    With ``of_code`` the values are codes, and what is interpolated is ``of_code[value]``.
    """
    col = (np.asarray(x) - grid.left_m) / grid.cell_m - 0.5
    row = (grid.top_m - np.asarray(y)) / grid.cell_m - 0.5
    rows, cols = grid.shape
    outside = (col < -0.5) | (row < -0.5) | (col > cols - 0.5) | (row > rows - 0.5)
    col = np.clip(col, 0.0, cols - 1.0)
    row = np.clip(row, 0.0, rows - 1.0)
    c0 = np.minimum(col.astype(np.int64), max(cols - 2, 0))
    r0 = np.minimum(row.astype(np.int64), max(rows - 2, 0))
    c1, r1 = np.minimum(c0 + 1, cols - 1), np.minimum(r0 + 1, rows - 1)
    u, v = col - c0, row - r0
    corners = [values[r, c] for r, c in ((r0, c0), (r0, c1), (r1, c0), (r1, c1))]
    if of_code is not None:
        corners = [of_code[corner] for corner in corners]
    north = corners[0] * (1.0 - u) + corners[1] * u
    south = corners[2] * (1.0 - u) + corners[3] * u
    found = np.asarray(north * (1.0 - v) + south * v, dtype=np.float64)
    found[outside] = np.nan
    return found


@lru_cache(maxsize=8)
def middle_latitude_deg(grid: Grid) -> float:
    """Return the latitude of the grid's middle, which stands for all its paths."""
    from pyproj import Transformer

    left, bottom, right, top = grid.bounds
    to_degrees = Transformer.from_crs(grid.crs, 4326, always_xy=True)
    return float(to_degrees.transform(0.5 * (left + right), 0.5 * (bottom + top))[1])


def median_earth_radius_km(delta_n: float) -> float:
    """Return the median effective earth radius; Rec. ITU-R P.1812-7, eqs. (6, 7a).

    ``k50 = 157 / (157 - delta_n)``, ``a_e = 6371 k50``.
    """
    return EARTH_RADIUS_KM * 157.0 / (157.0 - delta_n)


def clearance(
    profile: PathProfile,
    *,
    frequency_mhz: float,
    tx_height_m: float,
    rx_height_m: float,
    earth_radius_km: float,
) -> Clearance:
    """Compare the ray with ground and clutter over an earth of the effective radius.

    ``bulge = d1 d2 / (2 a_e)``; ``F1 = sqrt(lambda d1 d2 / (d1 + d2))``, Rec. ITU-R P.526-15, eq. (2).

    Parameters
    ----------
    profile : PathProfile
    frequency_mhz : float
    tx_height_m, rx_height_m : float
        Above ground.
    earth_radius_km : float
        Effective.
    """
    near, far = profile.distance_m, profile.length_m - profile.distance_m
    bulge = near * far / (2000.0 * earth_radius_km)
    start, end = profile.ground_m[0] + tx_height_m, profile.ground_m[-1] + rx_height_m
    line = start + (end - start) * near / profile.length_m
    wavelength_m = LIGHT_M_PER_S / (frequency_mhz * 1e6)
    fresnel = np.sqrt(wavelength_m * near * far / profile.length_m)
    above = line - (profile.ground_m + profile.clutter_m + bulge)
    return Clearance(bulge, line, fresnel, above, _obstacles(profile, above))


def _obstacles(profile: PathProfile, above: FloatArray) -> tuple[Obstacle, ...]:
    cut = np.zeros(len(above) + 2, dtype=np.int8)
    cut[1:-1] = above < 0.0
    # The antennas' own feet are no obstacles, whatever the heights.
    cut[1] = cut[-2] = 0
    edge = np.flatnonzero(np.diff(cut))
    found = []
    for a, b in zip(edge[::2], edge[1::2], strict=True):
        top = int(a + np.argmin(above[a:b]))
        clutter = float(profile.clutter_m[top])
        found.append(
            Obstacle(
                float(profile.distance_m[top]),
                float(-above[top]),
                float(profile.ground_m[top]),
                clutter,
                bool((above[a:b] + profile.clutter_m[a:b]).min() < 0.0),
            )
        )
    return tuple(found)
