"""Diffraction alone: Rec. ITU-R P.526, single knife edge, Bullington, delta-Bullington.

Source: Recommendation ITU-R P.526-15 (10/2019), "Propagation by diffraction", sections 3.2 (spherical
earth), 4.1 (single knife edge) and 4.5 (general terrain: Bullington 4.5.1, complete method 4.5.3). The
same terms serve Rec. ITU-R P.1812, and are shared with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from phusong.coverage.radio import p1812_path, p1812_terms
from phusong.coverage.radio.checks import within
from phusong.coverage.radio.model import FloatArray, Limit

SOURCE = "Rec. ITU-R P.526-15 (2019), sections 3.2, 4.1 and 4.5"
LIMITS = (
    Limit("frequency_mhz", 30.0, 300_000.0, "MHz"),
    Limit("antenna_height_m", 0.0, 10_000.0, "m"),
    Limit("effective_radius_km", 1_000.0, 1_000_000.0, "km"),
    Limit("sea_share", 0.0, 1.0, ""),
)
FREE_SPACE_DB = 92.4478
"""20 log10(4 pi 1e12 / c): Rec. ITU-R P.525, at 1 km and 1 GHz."""


@dataclass(frozen=True)
class Diffraction:
    """Diffraction loss of a path and its parts, in dB.

    Attributes
    ----------
    loss_db : float
        Delta-Bullington: ``bullington_db + max(spherical_db - smooth_db, 0)``; P.526 eq. (64).
    bullington_db : float
        Over the actual profile; eq. (57).
    smooth_db : float
        Bullington over a smooth profile with the heights over the smooth surface.
    spherical_db : float
        Spherical earth with the same heights; section 3.2.
    basic_loss_db : float
        ``loss_db`` and free space.
    """

    loss_db: float
    bullington_db: float
    smooth_db: float
    spherical_db: float
    basic_loss_db: float


def knife_edge_loss_db(nu: ArrayLike) -> FloatArray:
    """Return J(nu), the loss of a single knife edge; P.526-15 eq. (31).

    ``6.9 + 20 log10(sqrt((nu - 0.1)^2 + 1) + nu - 0.1)`` for nu > -0.78 and zero below. Any shape; for
    example J(0) = 6.03 dB.
    """
    x = np.asarray(nu, dtype=np.float64) - 0.1
    edge = 6.9 + 20.0 * np.log10(np.sqrt(x * x + 1.0) + x)
    return np.asarray(np.where(x + 0.1 > p1812_terms.NU_NO_LOSS, edge, 0.0))


def path_diffraction(
    distance_km: ArrayLike,
    elevation_m: ArrayLike,
    *,
    frequency_mhz: float,
    tx_height_m: float,
    rx_height_m: float,
    clutter_m: ArrayLike | None = None,
    effective_radius_km: float = 8_500.0,
    sea_share: float = 0.0,
    polarisation: Literal["horizontal", "vertical"] = "vertical",
) -> Diffraction:
    """Return the diffraction loss over a terrain profile.

    Parameters
    ----------
    distance_km : array_like of shape (n,)
        From the transmitter, starting with 0, ascending; n >= 3.
    elevation_m : array_like of shape (n,)
        Ground above sea level.
    frequency_mhz : float
        30 MHz to 300 GHz.
    tx_height_m, rx_height_m : float
        Above ground.
    clutter_m : array_like of shape (n,), optional
        Height of what stands on the ground; its ends are not used. It enters the obstacles and not the
        smooth surface.
    effective_radius_km : float
        Of the earth; 8500 km is the median of the standard atmosphere.
    sea_share : float
        Part of the path over sea, for the spherical earth.
    polarisation : {"horizontal", "vertical"}

    Returns
    -------
    Diffraction

    Raises
    ------
    ValueError
        Naming the argument, the value and the range.
    """
    d = np.ascontiguousarray(distance_km, dtype=np.float64)
    h = np.ascontiguousarray(elevation_m, dtype=np.float64)
    if d.ndim != 1 or d.size < 3:
        raise ValueError(f"distance_km: a profile needs at least 3 points, got shape {d.shape}")
    if h.shape != d.shape:
        raise ValueError(f"elevation_m: {h.size} heights for {d.size} distances")
    over = np.zeros_like(h) if clutter_m is None else np.asarray(clutter_m, dtype=np.float64)
    if over.shape != d.shape:
        raise ValueError(f"clutter_m: {over.size} heights for {d.size} distances")
    g = h + over
    if not (np.isfinite(d).all() and np.isfinite(g).all()):
        raise ValueError("elevation_m: the profile has points without a height")
    if d[0] != 0.0 or not (np.diff(d) > 0.0).all():
        raise ValueError("distance_km: must start with 0 and ascend")
    frequency, height, radius, share = LIMITS
    within(frequency, frequency_mhz)
    within(Limit("tx_height_m", *_range(height)), tx_height_m)
    within(Limit("rx_height_m", *_range(height)), rx_height_m)
    within(radius, effective_radius_km)
    within(share, sea_share)
    if polarisation not in ("horizontal", "vertical"):
        raise ValueError(f"polarisation = {polarisation!r}: must be 'horizontal' or 'vertical'")

    tx, rx = h[0] + tx_height_m, h[-1] + rx_height_m
    smooth = p1812_path.smooth_surface(d, h, tx, rx)
    frequency_ghz = frequency_mhz / 1000.0
    code = p1812_terms.VERTICAL if polarisation == "vertical" else p1812_terms.HORIZONTAL
    parts = p1812_path.delta_bullington(
        d, g, tx, rx, tx - smooth.diffraction_tx_m, rx - smooth.diffraction_rx_m,
        effective_radius_km, frequency_ghz, sea_share, code, False,
    )
    free = FREE_SPACE_DB + 20.0 * math.log10(frequency_ghz) + 10.0 * math.log10(
        d[-1] ** 2 + ((tx - rx) / 1000.0) ** 2
    )
    return Diffraction(
        parts.total_db, parts.bullington_db, parts.smooth_db, parts.spherical_db, parts.total_db + free
    )


def _range(limit: Limit) -> tuple[float, float, str]:
    return limit.low, limit.high, limit.unit
