"""COST231-Hata: Hata's formula carried up to 2 GHz."""

from __future__ import annotations

import numpy as np

from phusong.coverage.radio.hata import City, clearing_db, fitted_model, mobile_height_correction_db
from phusong.coverage.radio.model import FloatArray

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


COST231 = fitted_model("cost231", cost231_loss_db, lambda environment: "large", (1500.0, 2000.0), SOURCE)
