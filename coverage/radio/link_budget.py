"""From the power of a carrier to the reference signal that a phone measures, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from phusong.coverage.radio.model import FloatArray
from phusong.coverage.radio.penetration import IN_CAR
from phusong.data.tables import bandwidths_mhz, reference_offset_db, resource_blocks

REPORTING_FLOOR_DB = 15.0
"""Signals are kept down to this far below the threshold: what an uncovered place nearly hears."""
NOISE_FIGURE_DB = 7.0
"""Of the phone: Report ITU-R M.2412-0 (2017), table 5, below 6 GHz."""

_NR_BLOCKS_15_KHZ: Mapping[float, int] = MappingProxyType(
    {5.0: 25, 10.0: 52, 15.0: 79, 20.0: 106, 25.0: 133, 30.0: 160, 40.0: 216, 50.0: 270}
)
"""3GPP TS 38.101-1 V17, table 5.3.2-1, the row of 15 kHz; 30 kHz stands in `phusong.data.tables`."""

_O2I_SPREAD_DB = 4.4
_MEAN_DEPTH_M = 10.0 / 3.0
"""Mean of the smaller of two depths, each uniform up to 10 m (TR 38.901, clause 7.4.3.1, RMa)."""


def subcarrier_spacing_khz(technology: str, frequency_mhz: float) -> float:
    """Return the spacing of the subcarriers in kHz: 15 for LTE and for NR in FDD bands, else 30.

    NR below 2300 MHz runs in FDD bands refarmed from LTE with 15 kHz, from 2300 MHz in TDD bands
    with 30 kHz: the usual choice among those that 3GPP TS 38.104 V17, table 5.4.2.3-1, allows.
    """
    return 30.0 if technology == "5G" and frequency_mhz >= 2300.0 else 15.0


def carrier_blocks(technology: str, bandwidth_mhz: float, frequency_mhz: float) -> tuple[float, bool]:
    """Return the number of resource blocks, and whether the tables know that bandwidth.

    LTE: 3GPP TS 36.104, table 5.6-1. NR: 3GPP TS 38.101-1, table 5.3.2-1, by
    `subcarrier_spacing_khz`. A bandwidth between two of the table gets its share by proportion of the
    next one below (of the smallest, if below that); the caller counts it.
    """
    if technology == "5G" and subcarrier_spacing_khz(technology, frequency_mhz) == 15.0:
        table = _NR_BLOCKS_15_KHZ
    else:
        table = {width: resource_blocks(technology, width) for width in bandwidths_mhz(technology)}
    if bandwidth_mhz in table:
        return float(table[bandwidth_mhz]), True
    below = max((width for width in table if width <= bandwidth_mhz), default=min(table))
    return max(table[below] * bandwidth_mhz / below, 1.0), False


def reference_share_db(technology: str, bandwidth_mhz: float, frequency_mhz: float) -> tuple[float, bool]:
    """Return by how many dB the reference signal lies below the carrier, and whether from the tables.

    4G and 5G: ``10 log10(12 N_RB)``, one resource element of equally loaded ones (RSRP, TS 36.214
    clause 5.1.1; SS-RSRP, TS 38.215 clause 5.1.1). The counterpart of 3G is RSCP, 10 dB below the
    carrier, and that of 2G RxLev, the whole carrier: see `phusong.data.tables.reference_offset_db`.
    """
    if technology in ("2G", "3G"):
        return reference_offset_db(technology, bandwidth_mhz), True
    blocks, known = carrier_blocks(technology, bandwidth_mhz, frequency_mhz)
    return 10.0 * math.log10(12.0 * blocks), known


def penetration_loss_db(
    penetration: str, frequency_mhz: float, override_db: float | None = None
) -> tuple[float, float]:
    """Return mean and spread of the loss on the way to the phone, in dB.

    Outdoors none. In a car 9 and 5 dB (TR 38.901 V17.0.0, clause 7.4.3.2). Indoors the low-loss
    house of TR 38.901 table 7.4.3-2 with its spread of 4.4 dB::

        5 - 10 log10(0.3 * 10^(-(2 + 0.2 f)/10) + 0.7 * 10^(-(5 + 4 f)/10)) + 0.5 d_in,   f in GHz

    at the mean depth of a rural house, 3.3 m: 13.4 dB at 1.8 GHz.

    Parameters
    ----------
    penetration : {"outdoor", "in-car", "indoor"}
    frequency_mhz : float
    override_db : float, optional
        The project's own figure: taken as it is, without spread.
    """
    if override_db is not None:
        return override_db, 0.0
    if penetration == "outdoor":
        return 0.0, 0.0
    if penetration == "in-car":
        return IN_CAR.mean_db, IN_CAR.sigma_db
    f_ghz = frequency_mhz / 1000.0
    glass, concrete = 2.0 + 0.2 * f_ghz, 5.0 + 4.0 * f_ghz
    wall = 5.0 - 10.0 * math.log10(0.3 * 10.0 ** (-glass / 10.0) + 0.7 * 10.0 ** (-concrete / 10.0))
    return wall + 0.5 * _MEAN_DEPTH_M, _O2I_SPREAD_DB


def noise_dbm(technology: str, frequency_mhz: float) -> float:
    """Return the noise in one resource element: ``-174 + 10 log10(spacing in Hz) + noise figure``."""
    spacing_hz = 1000.0 * subcarrier_spacing_khz(technology, frequency_mhz)
    return -174.0 + 10.0 * math.log10(spacing_hz) + NOISE_FIGURE_DB


def shadowing_margin_db(probability: float, sigma_db: float) -> float:
    """Return ``z_p sigma``: how far the median must lie above the threshold for that probability."""
    return float(ndtri(probability)) * sigma_db


def location_probability(rsrp_dbm: ArrayLike, required_dbm: ArrayLike, sigma_db: ArrayLike) -> FloatArray:
    """Return ``Phi((rsrp - required) / sigma)``: the share of places near by that hear enough."""
    spread = np.maximum(sigma_db, MIN_SIGMA_DB)
    return np.asarray(ndtr((np.asarray(rsrp_dbm) - np.asarray(required_dbm)) / spread))


MIN_SIGMA_DB = 1e-6
"""Stands for no spread at all: the probability is then a step."""


@dataclass(frozen=True)
class Budget:
    """What one cell needs to be heard.

    Attributes
    ----------
    reference_dbm : float
        EIRP of the reference signal at the peak of the antenna.
    required_dbm : float
        Threshold plus penetration: the median outdoors that half of the places hold.
    extra_sigma_db : float
        Spread of the penetration, added in squares to the shadowing.
    sigma_db : float
        Shadowing that overrides the model's; NaN = the model's.
    probability : float
        Location probability from which a place counts as covered.
    floor_dbm : float
        Median below which a signal is not reported.
    """

    reference_dbm: float
    required_dbm: float
    extra_sigma_db: float
    sigma_db: float
    probability: float
    floor_dbm: float

    def spread_db(self, model_sigma_db: FloatArray) -> FloatArray:
        """Return the whole spread for the model's shadowing."""
        own = model_sigma_db if math.isnan(self.sigma_db) else np.full_like(model_sigma_db, self.sigma_db)
        return np.hypot(own, self.extra_sigma_db)
