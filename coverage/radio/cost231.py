"""COST231-Hata: Hata's formula carried up to 2 GHz."""

from __future__ import annotations

import numpy as np

from phusong.coverage.radio.hata import City, clearing_db, mobile_height_correction_db, single_state
from phusong.coverage.radio.model import FlatModel, FloatArray, Limit, Link, State

SOURCE = (
    "COST Action 231 final report, EUR 18957 (1999), section 4.4.1; rural and open ground with Hata's "
    "clearings (ETSI TR 101 362, annex B), beyond the frequencies to which they were fitted"
)


def cost231_loss_db(
    distance_m: FloatArray,
    *,
    frequency_mhz: float,
    base_height_m: float,
    mobile_height_m: float,
    environment: str = "urban",
    city: City = "small",
) -> FloatArray:
    """Return the COST231-Hata median loss in dB, the formula itself without any floor.

    ``46.3 + 33.9 lg f - 13.82 lg hb - a(hm) + (44.9 - 6.55 lg hb) lg d + C``, d in km; a(hm) always
    that of small cities; C = 3 dB in metropolitan centres and 0 in medium-sized cities and suburbs.
    Fitted for 1500-2000 MHz, base 30-200 m, mobile 1-10 m, 1-20 km.

    Parameters
    ----------
    distance_m : array
        Ground distance, above zero.
    environment : {"urban", "suburban", "rural", "open"}
        The report knows towns and suburbs only. Rural and open subtract Hata's `clearing_db`.
    city : {"large", "small"}
        Large adds the 3 dB in an urban environment.
    """
    log_hb = np.log10(base_height_m)
    fixed = (
        46.3
        + 33.9 * np.log10(frequency_mhz)
        - 13.82 * log_hb
        - mobile_height_correction_db(frequency_mhz, mobile_height_m, "small")
    )
    if environment == "urban" and city == "large":
        fixed += 3.0
    if environment in ("rural", "open"):
        fixed -= clearing_db(frequency_mhz, environment)
    return np.asarray(fixed + (44.9 - 6.55 * log_hb) * np.log10(np.asarray(distance_m) / 1000.0))


def _states(distance_m: FloatArray, link: Link) -> tuple[State, ...]:
    distance_m = np.asarray(distance_m, dtype=np.float64)
    loss = cost231_loss_db(
        np.maximum(distance_m, 1.0),
        frequency_mhz=link.frequency_mhz,
        base_height_m=link.tx_height_m,
        mobile_height_m=link.rx_height_m,
        environment=link.environment,
        city="large",
    )
    return single_state(loss, distance_m, link)


COST231 = FlatModel(
    name="cost231",
    states=_states,
    limits=(
        Limit("distance_m", 1000.0, 20_000.0, "m"),
        Limit("frequency_mhz", 1500.0, 2000.0, "MHz"),
        Limit("tx_height_m", 30.0, 200.0, "m"),
        Limit("rx_height_m", 1.0, 10.0, "m"),
    ),
    source=SOURCE,
)
