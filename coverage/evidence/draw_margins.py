"""How far the median lies above what is asked, cell by cell: what the errors of a draw are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from phusong.coverage.evidence.fields import Lattice, cell_share
from phusong.coverage.radio.link_budget import penetration_loss_db
from phusong.coverage.result import ANY, Reach
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService, RangeService, TerrainService
from phusong.layers.project.uncertainty import UncertaintyTable

Float32 = NDArray[np.float32]

_CERTAIN = 5.0
"""Spreads of the whole error beyond which a cell is taken as decided: once in three million."""
_SIGMA_DB = (1.0, 20.0)
_CLEAR_Z = 0.3
"""Quantile from which median and probability tell the spread between them."""
NAMELESS = ""
"""Operator of stations that have none: they count for any only."""
MOST_OPERATORS = 30
"""Bits of a cell: both questions, for every operator and for any."""


@dataclass(frozen=True)
class Margins:
    """One service, ready to be drawn.

    Attributes
    ----------
    operators : tuple of str
        In the order of the bits, `ANY` last.
    errs : bool
        Whether errors move the reach of the service; that of fibre is taken as known.
    spread : bool
        Whether the spread of its signal is known, so that one may ask what is heard.
    certain : array of uint64, shape (grid cells,)
        Bits of every cell without any error.
    cells : array of int64, shape (cells,)
        Those that errors can turn; the arrays below are theirs.
    criterion, threshold, sigma, site
        As in `phusong.coverage.evidence.draw_kernels.decide`.
    shift_residual, shift_shadow : arrays of int32, shape (sites, 2)
    at_residual, at_shadow : (rows, columns) of the lattices
    """

    operators: tuple[str, ...]
    errs: bool
    spread: bool
    certain: NDArray[np.uint64]
    cells: NDArray[np.int64]
    criterion: Float32
    threshold: Float32
    sigma: Float32
    site: NDArray[np.int32]
    shift_residual: NDArray[np.int32]
    shift_shadow: NDArray[np.int32]
    at_residual: tuple[NDArray[np.int32], NDArray[np.int32]]
    at_shadow: tuple[NDArray[np.int32], NDArray[np.int32]]

    @property
    def outs(self) -> int:
        """Bits: both questions for every operator and any."""
        return 2 * len(self.operators)


def margins_of(
    layers: Layers, service: str, reaches: Mapping[str, Reach], settings: UncertaintyTable,
    residual: Lattice, shadow: Lattice, wanted: NDArray[np.bool_],
) -> Margins:
    """Return the margins of a service for each of its operators, in the cells that are ``wanted``.

    The spread is what median and location probability say together, ``sigma = (median - asked) / z(p)``;
    where z is within 0.3 of nought, its median over the province. Of it, means over a cell keep the part
    that `phusong.coverage.evidence.fields.cell_share` tells. A circle is where the median of a signal that
    falls by ``circle_slope_db`` a decade meets the criterion; its own errors are those of each operator.
    """
    named = [o for o in reaches if o != ANY]
    kind = layers.project.services[service]
    radio = isinstance(kind, FlatService | TerrainService) and reaches[ANY].probability is not None
    circle = isinstance(kind, RangeService) and settings.circle_slope_db > 0.0
    own = {o: reaches[o] for o in named[:MOST_OPERATORS]}
    if (radio and not _complete(own, reaches[ANY])) or (circle and not _same_circles(own, reaches[ANY])):
        own[NAMELESS] = reaches[ANY]
    operators = (*own, ANY)
    covered = [reach.covered.values.ravel() for reach in (*own.values(), reaches[ANY])]
    certain = np.zeros(layers.grid.size, dtype=np.uint64)
    count = len(operators)
    for k, mask in enumerate(covered):
        certain |= mask.astype(np.uint64) << np.uint64(k)
        if not radio:
            certain |= mask.astype(np.uint64) << np.uint64(count + k)
    nothing = np.empty((count, 0), dtype=np.float32)
    where = np.empty(0, dtype=np.int32)
    none = np.empty((0, 2), dtype=np.int32)
    if not radio and not circle:
        return Margins(
            operators, False, False, certain, np.empty(0, dtype=np.int64), nothing, nothing, nothing,
            nothing.astype(np.int32), none, none, (where, where), (where, where),
        )  # fmt: skip
    looked = np.flatnonzero(wanted)
    if isinstance(kind, RangeService):
        parts = [_of_circles(kind, reach, settings.circle_slope_db, looked) for reach in own.values()]
    else:
        assert isinstance(kind, FlatService | TerrainService)
        parts = [_of_operator(layers, kind, reach, looked) for reach in own.values()]
        for k, (heard, _, _, _) in enumerate(parts):
            certain |= heard.astype(np.uint64) << np.uint64(count + k)
            certain |= heard.astype(np.uint64) << np.uint64(2 * count - 1)
    criterion, threshold, sigma = (np.stack([np.asarray(p[k]) for p in parts]) for k in (1, 2, 3))
    sigma = np.asarray(sigma * np.sqrt(cell_share(layers.grid.cell_m, settings.correlation_m)), np.float32)
    if radio:
        site, sites = _sites(layers, list(own.values()), looked)
    else:
        sites = len(own)
        numbers = np.arange(sites, dtype=np.int32)[:, None]
        site = np.where(np.isfinite(criterion), numbers, np.int32(-1))
    error = np.hypot(settings.residual_db, settings.bias_db)
    near = np.abs(criterion) <= _CERTAIN * error
    near |= np.abs(threshold) <= _CERTAIN * np.hypot(error, sigma)
    open_ = np.flatnonzero((near & (site >= 0)).any(axis=0))
    cells = looked[open_]
    row, col = np.divmod(cells, layers.grid.shape[1])
    rng = np.random.default_rng([settings.seed, 0x517E5])
    shifts = [rng.integers(0, lattice.shape, size=(max(sites, 1), 2), dtype=np.int32)
              for lattice in (residual, shadow)]  # fmt: skip
    return Margins(
        operators, True, radio, certain, cells, np.ascontiguousarray(criterion[:, open_]),
        np.ascontiguousarray(threshold[:, open_]), np.ascontiguousarray(sigma[:, open_], dtype=np.float32),
        np.ascontiguousarray(site[:, open_]), shifts[0], shifts[1], residual.at(row, col),
        shadow.at(row, col),
    )  # fmt: skip


def _complete(named: Mapping[str, Reach], every: Reach) -> bool:
    """Tell whether the named operators make up the signal of any: no station is without an operator."""
    heard = np.isfinite(every.signal.values)
    for reach in named.values():
        heard &= ~np.isfinite(reach.signal.values)
    return not heard.any()


def _same_circles(named: Mapping[str, Reach], every: Reach) -> bool:
    """Tell whether the named operators' circles are all there are."""
    covered = np.zeros(every.covered.values.shape, dtype=bool)
    for reach in named.values():
        covered |= reach.covered.values
    return bool((covered == every.covered.values).all())


def _of_circles(
    service: RangeService, reach: Reach, slope_db: float, cells: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], Float32, Float32, Float32]:
    """Return how far inside its circle each cell lies, in dB; of what is heard nothing is known."""
    far = np.maximum(reach.signal.cells(cells), np.float32(1.0))
    above = np.float32(slope_db) * np.log10(np.float32(service.radius_m) / far)
    criterion = _as_covered(above, reach.covered.cells(cells))
    criterion = np.where(np.isnan(far), np.float32(-np.inf), criterion).astype(np.float32)
    nothing = np.full(len(far), -np.inf, dtype=np.float32)
    return np.zeros(0, dtype=bool), criterion, nothing, np.ones(len(far), dtype=np.float32)


def _as_covered(above: Float32, covered: NDArray[np.bool_]) -> Float32:
    """Return margins with the sign of the figure: without errors the draw is it, whatever the rounding."""
    return np.where(covered, np.maximum(above, 0.0), np.minimum(above, np.float32(-1e-4)))


def _of_operator(
    layers: Layers, service: FlatService | TerrainService, reach: Reach, cells: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], Float32, Float32, Float32]:
    """Return where the median reaches the threshold, and in ``cells`` margins and the spread, in dB.

    Margins are the medians above criterion and threshold.
    """
    assert reach.probability is not None
    assert reach.best_server is not None
    loss = np.array([
        penetration_loss_db(service.penetration, float(f), service.penetration_db)[0]
        for f in layers.stations["frequency_mhz"].to_numpy(float)
    ] or [0.0], dtype=np.float32)  # fmt: skip
    best = reach.best_server.values.ravel()
    whole = reach.signal.values.ravel() - np.float32(service.threshold_dbm)
    if loss.any():
        whole = whole - loss[best]
    heard = (best >= 0) & (whole >= 0.0)
    best, chance = best[cells], reach.probability.values.ravel()[cells]
    above = np.where(best >= 0, whole[cells], np.float32(-np.inf)).astype(np.float32)
    z = ndtri(np.clip(chance.astype(np.float64), 1e-12, 1.0 - 6e-8)).astype(np.float32)
    clear = (best >= 0) & (np.abs(z) > _CLEAR_Z) & (np.abs(z) < 4.5)
    sigma = np.full(len(z), np.nan, dtype=np.float32)
    sigma[clear] = np.clip(above[clear] / z[clear], *_SIGMA_DB)
    usual = np.float32(np.median(sigma[clear])) if clear.any() else np.float32(8.0)
    sigma = np.where(np.isnan(sigma), usual, sigma)
    criterion = above - np.float32(ndtri(service.probability)) * sigma
    criterion = _as_covered(criterion, reach.covered.values.ravel()[cells])
    return heard, criterion.astype(np.float32), above, sigma.astype(np.float32)


def _sites(
    layers: Layers, reaches: list[Reach], cells: NDArray[np.int64]
) -> tuple[NDArray[np.int32], int]:
    """Return the number of each cell's best server's position, by operator, and how many there are."""
    stations = layers.stations
    xy = np.column_stack([stations.geometry.x.to_numpy(float), stations.geometry.y.to_numpy(float)])
    unique, number = np.unique(xy, axis=0, return_inverse=True)
    number = np.append(number.reshape(-1), -1).astype(np.int32)
    site = [number[r.best_server.cells(cells)] for r in reaches if r.best_server is not None]
    return np.stack(site), len(unique)
