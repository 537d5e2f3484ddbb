"""Prediction of one radio service over a province: signal, probability, best server, covered."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.prediction import Prediction, ShareDone, worker_count
from phusong.coverage.radio.accumulate import Accumulator, finish
from phusong.coverage.radio.cells import Cell, group_by_site, operators_of, service_cells
from phusong.coverage.radio.groups import Share, fill, ground_key, merge_groups, site_groups
from phusong.coverage.radio.kernels import bearings_deg, elevations_deg, merge_cell
from phusong.coverage.radio.link_budget import MIN_SIGMA_DB, Budget
from phusong.coverage.radio.model import Link
from phusong.coverage.radio.models import path_loss_of
from phusong.coverage.radio.pathloss import Field, Float32Array, PathLoss, Site, Window
from phusong.coverage.radio.range import predict_range
from phusong.coverage.radio.validity import prediction_faults
from phusong.coverage.result import ANY
from phusong.coverage.store import Store
from phusong.layers.grid import Grid
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService, RangeService, TerrainService

log = logging.getLogger(__name__)

_BATCH_BYTES = 192 << 20
"""What the fields of the sites computed together may hold: bounds memory, changes no result."""
_BAND_ROWS = 64


def predict_service(
    layers: Layers,
    name: str,
    service: RangeService | FlatService | TerrainService,
    *,
    workers: int = 0,
    progress: ShareDone | None = None,
    path_loss: PathLoss | None = None,
    store: Store | None = None,
) -> Prediction:
    """Predict whom a radio service reaches, for each operator and for any of them.

    For every cell of the network and every cell of the grid within the bound of its link budget,
    ``RSRP = EIRP - 10 log10(12 N_RB) + G - L`` and the location probability
    ``sum_i w_i Phi((RSRP_i - penetration - threshold) / sigma_i)`` over the states i of the model.

    - ``signal``: median RSRP outdoors of the best server, averaged over the states by weight, where it
      is no more than 15 dB below the threshold (or covers all the same).
    - ``best_server``: the strongest signal; of equals (in float32) the lower row of the stations.
    - ``probability``: the highest of any cell, which is the best server's but where cells of different
      spread compete. ``covered``: it is at least the service's, so at least one cell covers.
    - ``servers``: the number of cells that cover.
    - ``sinr``, if the service asks: see `phusong.coverage.radio.accumulate.finish`.

    Sites are computed by threads and merged, rows of the grid apart, and the sums do not depend on
    their order, so the result is the same to the bit for any number of workers, with a store or without.

    Parameters
    ----------
    layers : Layers
    name : str
        Of the service; also its technology where the service names none.
    service : RangeService, FlatService or TerrainService
    workers : int
        Threads; 0 = one per core.
    progress : callable, optional
        Called with the share done.
    path_loss : PathLoss, optional
        Instead of the model that the service names; nothing is kept then.
    store : Store, optional
        Where groups of sites are kept, so that only those that changed are computed.

    Returns
    -------
    Prediction
        Operators are those of all stations, so that one without the technology shows as nothing.
    """
    if isinstance(service, RangeService):
        return predict_range(layers, name, service, workers=workers)
    work = _Work.of(layers, name, service, path_loss)
    operators = operators_of(layers)
    sums = work.empty_sums(layers.grid.shape, sorted({*operators, *(c.operator for c in work.cells)}))
    with ThreadPoolExecutor(worker_count(workers)) as pool:
        if store is None or path_loss is not None:
            whole = Window(0, layers.grid.shape[0], 0, layers.grid.shape[1])
            work.add(work.plans, whole, sums, pool, progress)
        else:
            groups = site_groups(ground_key(layers, service, work.loss), work.plans)
            computed = merge_groups(groups, sums, store, partial(work.sums_of, pool), progress)
            log.info("%s: %d of %d groups of sites computed", name, computed, len(groups))
    reaches = finish(name, service, layers.grid, work.cells, sums, operators)
    faults = prediction_faults(layers, name, service, work.loss, work.cells, work.plans, reaches[-1])
    assert reaches[-1].operator == ANY
    return Prediction(reaches, faults)


def fill_store(
    layers: Layers,
    name: str,
    service: FlatService | TerrainService,
    store: Store,
    share: Share,
    *,
    workers: int = 0,
) -> int:
    """Compute one share of a service's groups of sites into the store, for `predict_service` to find.

    Parameters
    ----------
    share : (part, parts)
        Which share, from 0, of how many; all of them together are all groups.

    Returns
    -------
    int
        Groups that were not there.
    """
    work = _Work.of(layers, name, service, None)
    groups = site_groups(ground_key(layers, service, work.loss), work.plans)
    with ThreadPoolExecutor(worker_count(workers)) as pool:
        return fill(groups, share, store, partial(work.sums_of, pool))


@dataclass(frozen=True)
class Plan:
    """The work at one site: its window, its cells, and the distinct links among them.

    Attributes
    ----------
    radii_m : tuple of float
        Bound of each cell.
    links, budgets : tuples
        The distinct links, and for each the budget of one of its cells, whose spread all share.
    link_of : tuple of int
        Position of each cell's link.
    """

    site: Site
    cells: tuple[Cell, ...]
    radii_m: tuple[float, ...]
    links: tuple[Link, ...]
    budgets: tuple[Budget, ...]
    link_of: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """What its fields will hold, taking two states a link."""
        rows, cols = self.site.window.shape
        return rows * cols * (4 + 28 * len(self.links))


def site_plans(
    grid: Grid, loss: PathLoss, cells: Sequence[Cell], max_distance_m: float
) -> Iterator[Plan]:
    """Plan every site of which at least one cell can be heard on the grid."""
    bounds: dict[tuple[Link, Budget], float] = {}
    for group in group_by_site(cells):
        radii = []
        for cell in group:
            key = (cell.link, cell.budget)
            if key not in bounds:
                bounds[key] = loss.bound_m(cell.link, cell.budget, max_distance_m)
            radii.append(bounds[key])
        x, y, radius = group[0].x_m, group[0].y_m, max(radii)
        window = Window.around(grid, x, y, radius)
        if 0 in window.shape:
            continue
        links = tuple(dict.fromkeys(cell.link for cell in group))
        link_of = tuple(links.index(cell.link) for cell in group)
        budgets = tuple(group[link_of.index(k)].budget for k in range(len(links)))
        yield Plan(Site(x, y, radius, window), group, tuple(radii), links, budgets, link_of)


def _channels(cells: Sequence[Cell], operator: str) -> tuple[float, ...]:
    return tuple(sorted({c.link.frequency_mhz for c in cells if c.operator == operator}))


@dataclass(frozen=True)
class SitePart:
    """A site computed: everything its cells need to be merged."""

    plan: Plan
    bearing: Float32Array
    elevations: tuple[Float32Array, ...]
    fields: tuple[Field, ...]

    def merge(
        self, n: int, total: Accumulator, x_m: NDArray[np.float64], y_m: NDArray[np.float64],
        whole: Window, rows: tuple[int, int],
    ) -> None:  # fmt: skip
        """Merge the site's cell ``n`` into what is known over a window.

        Parameters
        ----------
        n : int
            Position of the cell in the plan.
        total : Accumulator
            Of the shape of ``whole``; changed in place.
        x_m, y_m : arrays
            Centres of the columns and rows of ``whole``.
        whole : Window
        rows : first, end
            Rows of ``whole`` to touch.
        """
        site, cell, k = self.plan.site, self.plan.cells[n], self.plan.link_of[n]
        window, field = site.window, self.fields[k]
        corners = (
            window.row0 - whole.row0, window.row1 - whole.row0,
            window.col0 - whole.col0, window.col1 - whole.col0,
        )  # fmt: skip
        merge_cell(
            total.signal, total.probability, total.quantile, total.best, total.servers,
            total.power_of(cell.link.frequency_mhz), x_m, y_m, corners, rows,
            (site.x_m, site.y_m, self.plan.radii_m[n]), self.bearing, self.elevations[k],
            field.weight, field.loss_db, field.sigma_db, cell.antenna, cell.limits, cell.station,
        )  # fmt: skip


@dataclass(frozen=True)
class _Work:
    """A service made ready: its cells, its model, the plan of every site."""

    layers: Layers
    loss: PathLoss
    cells: tuple[Cell, ...]
    plans: tuple[Plan, ...]
    sinr: bool

    @classmethod
    def of(
        cls, layers: Layers, name: str, service: FlatService | TerrainService, path_loss: PathLoss | None
    ) -> _Work:
        """Return the cells, plans and path loss of a service."""
        cells = service_cells(layers, name, service)
        loss = path_loss or path_loss_of(layers, service)
        plans = tuple(site_plans(layers.grid, loss, cells, service.max_distance_m))
        return cls(layers, loss, cells, plans, service.sinr)

    def empty_sums(self, shape: tuple[int, int], operators: Iterable[str]) -> dict[str, Accumulator]:
        """Return sums of nothing for every operator."""
        return {o: Accumulator.empty(shape, _channels(self.cells, o) if self.sinr else ()) for o in operators}

    def sums_of(self, pool: Executor, plans: Sequence[Plan], window: Window) -> dict[str, Accumulator]:
        """Return what some sites sum up to over a window that holds theirs."""
        sums = self.empty_sums(window.shape, sorted({c.operator for plan in plans for c in plan.cells}))
        self.add(plans, window, sums, pool, None)
        return sums

    def add(
        self,
        plans: Sequence[Plan],
        window: Window,
        sums: dict[str, Accumulator],
        pool: Executor,
        progress: ShareDone | None,
    ) -> None:
        """Add sites to sums over a window."""
        layers, grid = self.layers, self.layers.grid
        x, y = grid.x_m(), grid.y_m()
        terrain = layers.terrain.values if self.loss.over_terrain and layers.terrain is not None else None
        edges = [*range(window.row0, window.row1, _BAND_ROWS), window.row1]
        done, total = 0, max(sum(plan.bytes for plan in plans), 1)
        for batch in _batches(plans):
            parts = list(pool.map(partial(compute_site, grid, x, y, terrain, self.loss), batch))
            # Bands share no row, so threads never meet.
            list(pool.map(partial(_merge, parts, sums, x, y, window), pairwise(edges)))
            done += sum(plan.bytes for plan in batch)
            if progress:
                progress(done / total)


def _batches(plans: Sequence[Plan]) -> Iterator[list[Plan]]:
    batch: list[Plan] = []
    held = 0
    for plan in plans:
        if batch and held + plan.bytes > _BATCH_BYTES:
            yield batch
            batch, held = [], 0
        batch.append(plan)
        held += plan.bytes
    if batch:
        yield batch


def compute_site(
    grid: Grid,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    terrain: Float32Array | None,
    loss: PathLoss,
    plan: Plan,
) -> SitePart:
    """Compute the losses and angles of one site over its window."""
    site = plan.site
    rows, cols = site.window.slices
    x, y = x_m[cols], y_m[rows]
    ground = np.empty((0, 0), dtype=np.float32)
    if terrain is not None:
        row, col = grid.index(np.array([site.x_m]), np.array([site.y_m]))
        if grid.holds(row, col)[0]:
            ground = terrain[rows, cols] - terrain[row[0], col[0]]
    by_rise: dict[float, Float32Array] = {}
    elevations = []
    for link in plan.links:
        rise = link.rx_height_m - link.tx_height_m
        if rise not in by_rise:
            by_rise[rise] = elevations_deg(x, y, site.x_m, site.y_m, rise, ground)
        elevations.append(by_rise[rise])
    fields = tuple(
        Field(f.weight, f.loss_db, _sharpness(f.sigma_db, budget))
        for f, budget in zip(loss.fields(site, plan.links), plan.budgets, strict=True)
    )
    return SitePart(plan, bearings_deg(x, y, site.x_m, site.y_m), tuple(elevations), fields)


def _sharpness(sigma_db: Float32Array, budget: Budget) -> Float32Array:
    """Return one over the whole spread, which the merging multiplies by."""
    own = sigma_db if np.isnan(budget.sigma_db) else np.full_like(sigma_db, budget.sigma_db)
    if budget.extra_sigma_db:
        own = np.hypot(own, np.float32(budget.extra_sigma_db))
    return np.asarray(1.0 / np.maximum(own, np.float32(MIN_SIGMA_DB)), dtype=np.float32)


def _merge(
    parts: Sequence[SitePart],
    sums: dict[str, Accumulator],
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    whole: Window,
    band: tuple[int, int],
) -> None:
    """Merge sites over some rows of the grid into sums over the window ``whole``."""
    rows, cols = whole.slices
    x, y = x_m[cols], y_m[rows]
    first, end = band[0] - whole.row0, band[1] - whole.row0
    for part in parts:
        window = part.plan.site.window
        if window.row1 <= band[0] or band[1] <= window.row0:
            continue
        for n, cell in enumerate(part.plan.cells):
            part.merge(n, sums[cell.operator], x, y, whole, (first, end))
