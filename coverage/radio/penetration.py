"""Loss into a car."""

from __future__ import annotations

from dataclasses import dataclass

from phusong.coverage.radio.model import Limit

SOURCE = "3GPP TR 38.901 V17.0.0 (2022), section 7.4.3.2"
LIMIT = Limit("frequency_mhz", 600.0, 60_000.0, "MHz")


@dataclass(frozen=True)
class CarLoss:
    """Mean and standard deviation of the normally distributed loss, in dB."""

    mean_db: float
    sigma_db: float


IN_CAR = CarLoss(9.0, 5.0)
"""Ordinary windows; TR 38.901, equation 7.4-4: mean 9 dB, standard deviation 5 dB, 0.6 to 60 GHz."""

IN_CAR_METALLISED = CarLoss(20.0, 5.0)
"""Metallised windows; the optional mean of 20 dB of the same section."""
