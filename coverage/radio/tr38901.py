"""3GPP TR 38.901: rural macro, urban macro and urban micro cells with and without line of sight."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from phusong.coverage.radio.freespace import path_length_m
from phusong.coverage.radio.model import FlatModel, FloatArray, Limit, Link, State

SOURCE = "3GPP TR 38.901 V17.0.0 (2022), tables 7.4.1-1 and 7.4.2-1"
_C_M_S = 3.0e8
"""The speed of light with which the notes of table 7.4.1-1 define the breakpoint."""
RMA_BUILDING_HEIGHT_M = 5.0
RMA_STREET_WIDTH_M = 20.0
_MIN_EFFECTIVE_M = 0.1


def _effective_breakpoint_m(link: Link) -> float:
    """Return ``d'BP = 4 h'BS h'UT fc / c``, h' = h - 1 m (notes 1 of table 7.4.1-1, UMa and UMi)."""
    base = max(link.tx_height_m - 1.0, _MIN_EFFECTIVE_M)
    mobile = max(link.rx_height_m - 1.0, _MIN_EFFECTIVE_M)
    return 4.0 * base * mobile * link.frequency_mhz * 1e6 / _C_M_S


def rma_breakpoint_m(link: Link) -> float:
    """Return ``dBP = 2 pi hBS hUT fc / c`` (note 5 of table 7.4.1-1)."""
    return 2.0 * np.pi * link.tx_height_m * link.rx_height_m * link.frequency_mhz * 1e6 / _C_M_S


def rma_los_db(distance_m: FloatArray, link: Link) -> FloatArray:
    """Return the rural macro loss with line of sight in dB (PL1 and PL2 of table 7.4.1-1), h = 5 m."""
    height = RMA_BUILDING_HEIGHT_M**1.72
    f_ghz = link.frequency_mhz / 1000.0

    def near(length_m: FloatArray | float) -> FloatArray:
        """Return the loss before the break point, table 7.4.1-1, PL1."""
        log_d = np.log10(length_m)
        return np.asarray(
            20.0 * (np.log10(40.0 * np.pi * f_ghz / 3.0) + log_d)
            + min(0.03 * height, 10.0) * log_d
            - min(0.044 * height, 14.77)
            + 0.002 * np.log10(RMA_BUILDING_HEIGHT_M) * length_m
        )

    length = path_length_m(distance_m, link)
    breakpoint_m = rma_breakpoint_m(link)
    far = near(breakpoint_m) + 40.0 * np.log10(length / breakpoint_m)
    return np.asarray(np.where(distance_m <= breakpoint_m, near(length), far))


def rma_nlos_db(distance_m: FloatArray, link: Link) -> FloatArray:
    """Return the rural macro loss without line of sight in dB (table 7.4.1-1), h = 5 m, W = 20 m."""
    log_hb = np.log10(link.tx_height_m)
    fixed = (
        161.04
        - 7.1 * np.log10(RMA_STREET_WIDTH_M)
        + 7.5 * np.log10(RMA_BUILDING_HEIGHT_M)
        - (24.37 - 3.7 * (RMA_BUILDING_HEIGHT_M / link.tx_height_m) ** 2) * log_hb
        + 20.0 * np.log10(link.frequency_mhz / 1000.0)
        - (3.2 * np.log10(11.75 * link.rx_height_m) ** 2 - 4.97)
    )
    slope = 43.42 - 3.1 * log_hb
    blocked = fixed + slope * (np.log10(path_length_m(distance_m, link)) - 3.0)
    return np.asarray(np.maximum(rma_los_db(distance_m, link), blocked))


def _dual_slope_db(
    distance_m: FloatArray, link: Link, *, constant: float, slope: float, fall: float
) -> FloatArray:
    """Return ``constant + slope lg d3D + 20 lg fc`` before d'BP, and with 40 lg d3D behind it."""
    length = path_length_m(distance_m, link)
    breakpoint_m = _effective_breakpoint_m(link)
    log_d = np.log10(length)
    fixed = constant + 20.0 * np.log10(link.frequency_mhz / 1000.0)
    drop = fall * np.log10(breakpoint_m**2 + (link.tx_height_m - link.rx_height_m) ** 2)
    return np.asarray(fixed + np.where(distance_m <= breakpoint_m, slope * log_d, 40.0 * log_d - drop))


def uma_los_db(distance_m: FloatArray, link: Link) -> FloatArray:
    """Return the urban macro loss with line of sight in dB (table 7.4.1-1), hE = 1 m."""
    return _dual_slope_db(distance_m, link, constant=28.0, slope=22.0, fall=9.0)


def uma_nlos_db(distance_m: FloatArray, link: Link) -> FloatArray:
    """Return the urban macro loss without line of sight in dB (table 7.4.1-1)."""
    blocked = (
        13.54
        + 39.08 * np.log10(path_length_m(distance_m, link))
        + 20.0 * np.log10(link.frequency_mhz / 1000.0)
        - 0.6 * (link.rx_height_m - 1.5)
    )
    return np.asarray(np.maximum(uma_los_db(distance_m, link), blocked))


def umi_los_db(distance_m: FloatArray, link: Link) -> FloatArray:
    """Return the street canyon loss with line of sight in dB (table 7.4.1-1), hE = 1 m."""
    return _dual_slope_db(distance_m, link, constant=32.4, slope=21.0, fall=9.5)


def umi_nlos_db(distance_m: FloatArray, link: Link) -> FloatArray:
    """Return the street canyon loss without line of sight in dB (table 7.4.1-1)."""
    blocked = (
        22.4
        + 35.3 * np.log10(path_length_m(distance_m, link))
        + 21.3 * np.log10(link.frequency_mhz / 1000.0)
        - 0.3 * (link.rx_height_m - 1.5)
    )
    return np.asarray(np.maximum(umi_los_db(distance_m, link), blocked))


def rma_los_probability(distance_m: FloatArray, link: Link) -> FloatArray:
    """Return ``exp(-(d2D - 10) / 1000)``, 1 up to 10 m (table 7.4.2-1, RMa)."""
    return np.asarray(np.exp(-np.maximum(np.asarray(distance_m) - 10.0, 0.0) / 1000.0))


def _street_probability(distance_m: FloatArray, decay_m: float) -> FloatArray:
    distance_m = np.maximum(distance_m, 18.0)
    near = 18.0 / distance_m
    return np.asarray(near + np.exp(-distance_m / decay_m) * (1.0 - near))


def uma_los_probability(distance_m: FloatArray, link: Link) -> FloatArray:
    """Return the urban macro probability of line of sight (table 7.4.2-1, UMa, with C'(hUT))."""
    probability = _street_probability(distance_m, 63.0)
    if link.rx_height_m <= 13.0:
        return probability
    lift = ((min(link.rx_height_m, 23.0) - 13.0) / 10.0) ** 1.5
    hump = 1.25 * (distance_m / 100.0) ** 3 * np.exp(-distance_m / 150.0)
    return np.asarray(np.where(distance_m <= 18.0, 1.0, np.minimum(probability * (1.0 + lift * hump), 1.0)))


def umi_los_probability(distance_m: FloatArray, link: Link) -> FloatArray:
    """Return the street canyon probability of line of sight (table 7.4.2-1, UMi)."""
    return _street_probability(distance_m, 36.0)


def _rma_los_sigma_db(distance_m: FloatArray, link: Link) -> FloatArray:
    return np.asarray(np.where(distance_m <= rma_breakpoint_m(link), 4.0, 6.0))


def _urban_los_sigma_db(distance_m: FloatArray, link: Link) -> FloatArray:
    return np.full_like(distance_m, 4.0)


_Formula = Callable[[FloatArray, Link], FloatArray]


def _model(
    scenario: str,
    los_db: _Formula,
    nlos_db: _Formula,
    los_probability: _Formula,
    los_sigma_db: _Formula,
    nlos_sigma_db: float,
    *,
    frequency_to_mhz: float,
    base_m: tuple[float, float],
    mobile_m: tuple[float, float],
) -> FlatModel:
    def states(distance_m: FloatArray, link: Link) -> tuple[State, ...]:
        """Return both states with their probability, loss and spread."""
        distance_m = np.asarray(distance_m, dtype=np.float64)
        probability = los_probability(distance_m, link)
        return (
            State(probability, los_db(distance_m, link), los_sigma_db(distance_m, link)),
            State(1.0 - probability, nlos_db(distance_m, link), np.full_like(distance_m, nlos_sigma_db)),
        )

    limits = (
        # Rural line of sight is good for 10 km; the other state, which rules beyond 1 km, for 5 as all else.
        Limit("distance_m", 10.0, 5000.0, "m"),
        Limit("frequency_mhz", 500.0, frequency_to_mhz, "MHz"),
        Limit("tx_height_m", *base_m, "m"),
        Limit("rx_height_m", *mobile_m, "m"),
    )
    return FlatModel(f"tr38901-{scenario}", states, limits, f"{SOURCE}, {scenario}")


RMA = _model(
    "rma", rma_los_db, rma_nlos_db, rma_los_probability, _rma_los_sigma_db, 8.0,
    frequency_to_mhz=30_000.0, base_m=(10.0, 150.0), mobile_m=(1.0, 10.0),
)  # fmt: skip
# Mobiles up to 22.5 m in the report, but above 13 m its environment height hE becomes random.
UMA = _model(
    "uma", uma_los_db, uma_nlos_db, uma_los_probability, _urban_los_sigma_db, 6.0,
    frequency_to_mhz=100_000.0, base_m=(25.0, 25.0), mobile_m=(1.5, 13.0),
)  # fmt: skip
UMI = _model(
    "umi", umi_los_db, umi_nlos_db, umi_los_probability, _urban_los_sigma_db, 7.82,
    frequency_to_mhz=100_000.0, base_m=(10.0, 10.0), mobile_m=(1.5, 22.5),
)  # fmt: skip
