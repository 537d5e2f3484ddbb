"""Okumura-Hata: the median loss of 900 MHz networks over flat ground."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from phusong.coverage.radio.freespace import free_space_loss_db, path_length_m
from phusong.coverage.radio.model import FlatModel, FloatArray, Limit, Link, State

City = Literal["large", "small"]

SOURCE = (
    "M. Hata, 'Empirical formula for propagation loss in land mobile radio services', "
    "IEEE Trans. Veh. Technol. VT-29 (1980), table I; quasi-open ground: ETSI TR 101 362 (GSM 03.30), annex B"
)


def mobile_height_correction_db(frequency_mhz: float, mobile_height_m: float, city: City) -> float:
    """Return Hata's ``a(hm)`` in dB.

    Small and medium cities: ``(1.1 lg f - 0.7) hm - (1.56 lg f - 0.8)``. Large cities:
    ``8.29 (lg 1.54 hm)^2 - 1.1`` up to 200 MHz and ``3.2 (lg 11.75 hm)^2 - 4.97`` from 400 MHz; Hata
    leaves the octave between open and the switch is made at 300 MHz.
    """
    log_f = np.log10(frequency_mhz)
    if city == "small":
        return float((1.1 * log_f - 0.7) * mobile_height_m - (1.56 * log_f - 0.8))
    if frequency_mhz < 300.0:
        return float(8.29 * np.log10(1.54 * mobile_height_m) ** 2 - 1.1)
    return float(3.2 * np.log10(11.75 * mobile_height_m) ** 2 - 4.97)


def clearing_db(frequency_mhz: float, environment: str) -> float:
    """Return by how many dB the loss lies below Hata's urban figure.

    Suburban: ``2 (lg f/28)^2 + 5.4``. Open (nothing higher than the mobile for 300-400 m ahead):
    ``4.78 (lg f)^2 - 18.33 lg f + 40.94``. Rural is taken as quasi-open: 5 dB less than open, so 35.94.
    """
    log_f = np.log10(frequency_mhz)
    if environment == "suburban":
        return float(2.0 * np.log10(frequency_mhz / 28.0) ** 2 + 5.4)
    if environment in ("rural", "open"):
        constant = 40.94 if environment == "open" else 35.94
        return float(4.78 * log_f**2 - 18.33 * log_f + constant)
    return 0.0


def hata_loss_db(
    distance_m: FloatArray,
    *,
    frequency_mhz: float,
    base_height_m: float,
    mobile_height_m: float,
    environment: str = "urban",
    city: City = "small",
) -> FloatArray:
    """Return the Okumura-Hata median loss in dB, the formula itself without any floor.

    ``69.55 + 26.16 lg f - 13.82 lg hb - a(hm) + (44.9 - 6.55 lg hb) lg d``, d in km, less
    `clearing_db`. Fitted for 150-1500 MHz, base 30-200 m, mobile 1-10 m, 1-20 km.

    Parameters
    ----------
    distance_m : array
        Ground distance, above zero.
    environment : {"urban", "suburban", "rural", "open"}
    city : {"large", "small"}
        Chooses a(hm); Hata calls a city large where buildings average more than 15 m.
    """
    log_hb = np.log10(base_height_m)
    fixed = (
        69.55
        + 26.16 * np.log10(frequency_mhz)
        - 13.82 * log_hb
        - mobile_height_correction_db(frequency_mhz, mobile_height_m, city)
        - clearing_db(frequency_mhz, environment)
    )
    return np.asarray(fixed + (44.9 - 6.55 * log_hb) * np.log10(np.asarray(distance_m) / 1000.0))


def okumura_sigma_db(frequency_mhz: float, environment: str) -> float:
    """Return the spread of Okumura's medians over locations in dB.

    ``0.65 (lg f)^2 - 1.3 lg f + A``, A = 5.2 in towns and 6.6 elsewhere: S. R. Saunders and
    A. Aragón-Zavala, 'Antennas and Propagation for Wireless Communication Systems', 2nd ed. (2007),
    section 9.4, a fit to Okumura's curve for 100-3000 MHz.
    """
    log_f = np.log10(frequency_mhz)
    return float(0.65 * log_f**2 - 1.3 * log_f + (5.2 if environment == "urban" else 6.6))


def fitted_model(
    name: str, loss_db: Callable[..., FloatArray], city: Callable[[str], City],
    frequency_mhz: tuple[float, float], source: str,
) -> FlatModel:  # fmt: skip
    """Return a model of one state with Okumura's spread, its loss never below free space.

    Close to a high antenna the fitted line runs below free space, which nothing does.

    Parameters
    ----------
    name : str
    loss_db : callable
        As `hata_loss_db`.
    city : callable
        Which size of city is meant by an environment.
    frequency_mhz : low, high
        For which it was fitted.
    source : str
    """

    def states(distance_m: FloatArray, link: Link) -> tuple[State, ...]:
        """Return the one state, with its loss and spread."""
        distance_m = np.asarray(distance_m, dtype=np.float64)
        fitted = loss_db(
            np.maximum(distance_m, 1.0),
            frequency_mhz=link.frequency_mhz,
            base_height_m=link.tx_height_m,
            mobile_height_m=link.rx_height_m,
            environment=link.environment,
            city=city(link.environment),
        )
        loss = np.maximum(fitted, free_space_loss_db(path_length_m(distance_m, link), link.frequency_mhz))
        sigma = np.full_like(loss, okumura_sigma_db(link.frequency_mhz, link.environment))
        return (State(np.ones_like(loss), loss, sigma),)

    limits = (
        Limit("distance_m", 1000.0, 20_000.0, "m"),
        Limit("frequency_mhz", *frequency_mhz, "MHz"),
        Limit("tx_height_m", 30.0, 200.0, "m"),
        Limit("rx_height_m", 1.0, 10.0, "m"),
    )
    return FlatModel(name, states, limits, source)


HATA = fitted_model(
    "hata", hata_loss_db, lambda environment: "large" if environment == "urban" else "small",
    (150.0, 1500.0), SOURCE,
)  # fmt: skip
