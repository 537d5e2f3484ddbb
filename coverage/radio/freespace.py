"""Free-space loss: the floor under every empirical formula, and the yardstick for the rest."""

from __future__ import annotations

import numpy as np

from phusong.coverage.radio.model import FlatModel, FloatArray, Limit, Link, State

SPEED_OF_LIGHT_M_S = 299_792_458.0


def free_space_loss_db(distance_m: FloatArray, frequency_mhz: float) -> FloatArray:
    """Return the free-space basic transmission loss in dB.

    ``20 log10(4 pi d f / c)``, Rec. ITU-R P.525-4, equation (3).

    Parameters
    ----------
    distance_m : array
        Length of the path itself, not of its shadow on the ground; above zero.
    frequency_mhz : float
    """
    return np.asarray(20.0 * np.log10(4.0e6 * np.pi * frequency_mhz / SPEED_OF_LIGHT_M_S * distance_m))


def path_length_m(distance_m: FloatArray, link: Link) -> FloatArray:
    """Return the straight distance between the antennas over flat ground, at least one metre."""
    distance_m = np.asarray(distance_m, dtype=np.float64)
    # Not np.hypot: its care about overflow costs five times as much.
    return np.asarray(np.sqrt(np.maximum(distance_m**2 + (link.tx_height_m - link.rx_height_m) ** 2, 1.0)))


def _states(distance_m: FloatArray, link: Link) -> tuple[State, ...]:
    distance_m = np.asarray(distance_m, dtype=np.float64)
    loss = free_space_loss_db(path_length_m(distance_m, link), link.frequency_mhz)
    return (State(np.ones_like(loss), loss, np.zeros_like(loss)),)


FREE_SPACE = FlatModel(
    name="free-space",
    states=_states,
    limits=(
        Limit("distance_m", 1.0, 1e6, "m"),
        Limit("frequency_mhz", 30.0, 100_000.0, "MHz"),
        Limit("tx_height_m", 1.0, 3000.0, "m"),
        Limit("rx_height_m", 1.0, 3000.0, "m"),
    ),
    source="Rec. ITU-R P.525-4 (2019), equation (3)",
)
