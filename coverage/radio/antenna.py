"""The 3GPP sector antenna: how far a direction lies below the peak."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from phusong.coverage.radio.jit import kernel
from phusong.coverage.radio.model import FloatArray

MAX_ATTENUATION_DB = 30.0
"""A_max and SLA_V of 3GPP TR 38.901 V17.0.0, table 7.3-1."""
VERTICAL_BEAMWIDTH_DEG = 10.0
"""Of a macro panel: 3GPP TR 36.814 V9.2.0, table A.2.1.1-2. Table 7.3-1 of TR 38.901 gives the 65
degrees of one element; a panel stacks elements, and the beam narrows."""


def pattern_gain_db(
    bearing_deg: ArrayLike,
    elevation_deg: ArrayLike,
    *,
    azimuth_deg: float,
    tilt_deg: float,
    beamwidth_deg: float = 65.0,
    vertical_beamwidth_deg: float = VERTICAL_BEAMWIDTH_DEG,
) -> FloatArray:
    """Return the gain relative to the peak in dB: 0 on the axis, never below -30.

    3GPP TR 38.901 V17.0.0, table 7.3-1, with the beam turned to the azimuth and tilted down::

        A_V = min(12 ((theta - 90 - tilt) / theta_3dB)^2, SLA_V),  SLA_V = 30 dB
        A_H = min(12 (phi / phi_3dB)^2, A_max),                    A_max = 30 dB
        G   = -min(A_V + A_H, A_max)

    Parameters
    ----------
    bearing_deg : array
        Direction to the receiver, clockwise from the same north as the azimuth.
    elevation_deg : array
        Angle of the receiver above the antenna's horizon (theta = 90 - elevation).
    azimuth_deg : float
        NaN = omnidirectional: A_H is 0, the vertical pattern remains.
    tilt_deg : float
        Down is positive.
    beamwidth_deg, vertical_beamwidth_deg : float
        Half-power beamwidths.
    """
    off = np.abs(np.asarray(bearing_deg, dtype=np.float64) - azimuth_deg) % 360.0
    off = np.minimum(off, 360.0 - off)
    horizontal = np.minimum(12.0 * (off / beamwidth_deg) ** 2, MAX_ATTENUATION_DB)
    if np.isnan(azimuth_deg):
        horizontal = np.zeros_like(off)
    lean = np.asarray(elevation_deg, dtype=np.float64) + tilt_deg
    vertical = np.minimum(12.0 * (lean / vertical_beamwidth_deg) ** 2, MAX_ATTENUATION_DB)
    return np.asarray(-np.minimum(horizontal + vertical, MAX_ATTENUATION_DB))


@kernel
def sector_gain_db(
    bearing_deg: float,
    elevation_deg: float,
    azimuth_deg: float,
    tilt_deg: float,
    horizontal_factor: float,
    vertical_factor: float,
) -> float:
    """Return what `pattern_gain_db` does, for one direction inside a kernel.

    Bearing and azimuth lie in [0, 360). The factors are ``12 / beamwidth^2``; an omnidirectional cell
    has a horizontal factor of 0 and any finite azimuth. The inner minima of the table change nothing
    where A_max and SLA_V are equal, so only the outer one is taken.
    """
    off = abs(bearing_deg - azimuth_deg)
    off = min(off, 360.0 - off)
    lean = elevation_deg + tilt_deg
    return -min(horizontal_factor * off * off + vertical_factor * lean * lean, 30.0)
