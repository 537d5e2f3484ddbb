"""What every propagation model promises: one signature, and the range in which it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Limit:
    """The range of one argument in which a formula was fitted or derived, ends included."""

    argument: str
    low: float
    high: float
    unit: str

    def outside(self, values: FloatArray | float) -> int:
        """Count the values that lie outside; NaN counts as outside."""
        array = np.asarray(values, dtype=np.float64)
        return int(np.count_nonzero(~((array >= self.low) & (array <= self.high))))


@dataclass(frozen=True)
class State:
    """One state of a link (line of sight or not): its probability, median loss and shadowing."""

    weight: FloatArray
    loss_db: FloatArray
    sigma_db: FloatArray


@dataclass(frozen=True)
class Link:
    """What a flat model may know of a link besides the ground distance.

    Attributes
    ----------
    frequency_mhz, tx_height_m, rx_height_m : float
        Heights are above ground.
    environment : str
        ``urban``, ``suburban``, ``rural`` or ``open``; models that do not ask ignore it.
    """

    frequency_mhz: float
    tx_height_m: float
    rx_height_m: float = 1.5
    environment: str = "rural"


@dataclass(frozen=True)
class FlatModel:
    """A loss formula of distance, frequency and heights over flat ground.

    Attributes
    ----------
    name : str
        As written in the project file.
    states : callable
        ``states(distance_m, link) -> tuple[State, ...]``; ``distance_m`` is the ground distance, any
        shape, and every array of a state has that shape; weights sum to one.
    limits : tuple of Limit
        Of ``distance_m``, ``frequency_mhz``, ``tx_height_m``, ``rx_height_m``.
    source : str
        Document, edition, table or equation.
    """

    name: str
    states: Callable[[FloatArray, Link], tuple[State, ...]]
    limits: tuple[Limit, ...]
    source: str

    def loss_db(self, distance_m: FloatArray, link: Link) -> FloatArray:
        """Return the loss in dB, averaged over the states by their probability."""
        return np.asarray(sum(s.weight * s.loss_db for s in self.states(distance_m, link)))

    def outside(self, distance_m: FloatArray, link: Link) -> dict[str, int]:
        """Count, per argument, the values outside the declared range."""
        values: dict[str, FloatArray | float] = {
            "distance_m": distance_m,
            "frequency_mhz": link.frequency_mhz,
            "tx_height_m": link.tx_height_m,
            "rx_height_m": link.rx_height_m,
        }
        counts = {limit.argument: limit.outside(values[limit.argument]) for limit in self.limits}
        return {argument: n for argument, n in counts.items() if n}
