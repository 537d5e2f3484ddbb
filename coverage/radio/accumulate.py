"""The running best of each operator, and what becomes of it at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.cells import Cell
from phusong.coverage.radio.kernels import POWER_QUANTUM_MW, Int64, merge_operators
from phusong.coverage.result import ANY, Reach
from phusong.layers.grid import Grid, Raster
from phusong.layers.project.schema import FlatService, TerrainService

_NONE: Int64 = np.empty((0, 0), dtype=np.int64)


@dataclass(frozen=True)
class Accumulator:
    """What is known so far of one operator; arrays of one shape, see `merge_cell`."""

    signal: NDArray[np.float32]
    probability: NDArray[np.float32]
    quantile: NDArray[np.float32]
    best: NDArray[np.int32]
    servers: NDArray[np.uint16]
    power: Mapping[float, Int64] = field(default_factory=dict)

    @classmethod
    def empty(cls, shape: tuple[int, int], channels: Sequence[float]) -> Accumulator:
        """Return one that has seen no cell; ``channels`` are frequencies whose power is summed."""
        return cls(
            np.full(shape, -np.inf, dtype=np.float32),
            np.zeros(shape, dtype=np.float32),
            np.full(shape, -np.inf, dtype=np.float32),
            np.full(shape, -1, dtype=np.int32),
            np.zeros(shape, dtype=np.uint16),
            {channel: np.zeros(shape, dtype=np.int64) for channel in channels},
        )

    def power_of(self, channel: float) -> Int64:
        """Return the sum of a channel; an array of size zero where it is not wanted."""
        return self.power.get(channel, _NONE)


def finish(
    name: str,
    service: FlatService | TerrainService,
    grid: Grid,
    cells: Sequence[Cell],
    sums: dict[str, Accumulator],
    operators: Sequence[str],
) -> tuple[Reach, ...]:
    """Turn the sums into the reach of each operator and of any; ``sums`` is emptied on the way.

    SINR: power of the best server over noise and ``load`` times the power of all other cells of its
    operator on its frequency, all of one resource element at the median; dB. Interferers are counted
    as far as the bound of their own signal, beyond which each lies under the reporting floor.
    """
    size = grid.size
    signal = np.full(size, np.nan, dtype=np.float32)
    probability = np.zeros(size, dtype=np.float32)
    best = np.full(size, -1, dtype=np.int32)
    servers = np.zeros(size, dtype=np.uint16)
    sinr = np.full(size if service.sinr else 0, np.nan, dtype=np.float32)
    reaches = []
    for operator in list(sums):
        total = sums.pop(operator)
        own_sinr = _sinr(total, cells, service.load) if service.sinr else np.empty(0, dtype=np.float32)
        merge_operators(
            signal,
            probability,
            best,
            servers,
            sinr,
            total.signal.ravel(),
            total.probability.ravel(),
            total.best.ravel(),
            total.servers.ravel(),
            own_sinr.ravel(),
        )
        total.signal[total.best < 0] = np.nan
        if operator in operators:
            reaches.append(
                _reach(
                    name, operator, grid, total.signal, total.probability, total.best, total.servers, own_sinr
                )
            )
    reaches.append(_reach(name, ANY, grid, signal, probability, best, servers, sinr))
    return tuple(reaches)


def _reach(
    name: str,
    operator: str,
    grid: Grid,
    signal: NDArray[np.float32],
    probability: NDArray[np.float32],
    best: NDArray[np.int32],
    servers: NDArray[np.uint16],
    sinr: NDArray[np.float32],
) -> Reach:
    shape = grid.shape
    return Reach(
        service=name,
        operator=operator,
        unit="dBm",
        signal=Raster(signal.reshape(shape), grid),
        covered=Raster((servers > 0).reshape(shape), grid),
        probability=Raster(probability.reshape(shape), grid),
        best_server=Raster(best.reshape(shape), grid),
        servers=Raster(servers.reshape(shape), grid),
        sinr=Raster(sinr.reshape(shape), grid) if sinr.size else None,
    )


def _sinr(total: Accumulator, cells: Sequence[Cell], load: float) -> NDArray[np.float32]:
    result = np.full(total.signal.shape, np.nan, dtype=np.float32)
    stations = 1 + max((cell.station for cell in cells), default=0)
    frequency, noise = np.zeros(stations), np.zeros(stations)
    for cell in cells:
        frequency[cell.station] = cell.link.frequency_mhz
        noise[cell.station] = 10.0 ** (cell.noise_dbm / 10.0)
    for channel, power in total.power.items():
        served = total.best >= 0
        served[served] = frequency[total.best[served]] == channel
        # The sum was made of powers rounded in the same way, so the difference leaves nothing behind.
        own = np.exp(total.signal[served].astype(np.float64) * (np.log(10.0) / 10.0))
        quanta = np.floor(own / POWER_QUANTUM_MW + 0.5)
        others = np.maximum(power[served] - quanta.astype(np.int64), 0) * POWER_QUANTUM_MW
        result[served] = 10.0 * np.log10(own / (load * others + noise[total.best[served]]))
    return result
