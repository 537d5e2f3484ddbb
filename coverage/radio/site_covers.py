"""Which of some cells of the grid each site alone covers, by the very prediction of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.prediction import worker_count
from phusong.coverage.radio.accumulate import Accumulator
from phusong.coverage.radio.cells import rows_of, service_cells
from phusong.coverage.radio.models import path_loss_of
from phusong.coverage.radio.pathloss import PathLoss
from phusong.coverage.radio.predict import Plan, compute_site, site_plans
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService, RangeService, TerrainService

if TYPE_CHECKING:
    from scipy.sparse import csr_array

RadioService = RangeService | FlatService | TerrainService
_AT_ONCE = 64
"""Points handed to the threads together: bounds memory, changes no result."""


def site_covers(
    layers: Layers, name: str, service: RadioService, sites: list[str], cells: NDArray[np.int64], *,
    workers: int = 0,
) -> csr_array:
    """Return which cells each site covers with its own cells alone.

    A place is covered where at least one cell of the network covers it, so what sites cover together is the
    union of their rows.

    Parameters
    ----------
    layers : Layers
        Of whose stations the named sites are asked.
    name : str
        Of the service.
    service : RangeService, FlatService or TerrainService
    sites : list of str
        Values of ``site_id``; rows of the result.
    cells : array of int64, shape (n,)
        Positions in the flattened grid, ascending; columns of the result.
    workers : int
        Threads; 0 = one per core.

    Returns
    -------
    csr_array of bool, shape (sites, n)
    """
    from scipy.sparse import csr_array

    number = {site: k for k, site in enumerate(sites)}
    where = np.full(layers.grid.size, -1, dtype=np.int32)
    where[cells] = np.arange(len(cells), dtype=np.int32)
    where = where.reshape(layers.grid.shape)
    site_of = np.array([number.get(str(s), -1) for s in layers.stations["site_id"]], dtype=np.int64)
    if isinstance(service, RangeService):
        rows, columns = _in_circles(layers, name, service, site_of, where)
    else:
        rows, columns = _by_model(layers, name, service, site_of, where, workers)
    found = csr_array((np.ones(len(rows), dtype=np.bool_), (rows, columns)), shape=(len(sites), len(cells)))
    found.sum_duplicates()
    found.sort_indices()
    return found


Pairs = tuple[NDArray[np.int64], NDArray[np.int32]]


def _joined(parts: list[Pairs]) -> Pairs:
    rows = np.concatenate([np.empty(0, dtype=np.int64), *(r for r, _ in parts)])
    return rows, np.concatenate([np.empty(0, dtype=np.int32), *(c for _, c in parts)])


def _in_circles(
    layers: Layers, name: str, service: RangeService, site_of: NDArray[np.int64], where: NDArray[np.int32]
) -> Pairs:
    """Compare squares of distances, as `phusong.coverage.nearest` does."""
    grid, radius = layers.grid, service.radius_m
    mine = rows_of(layers, name, service)
    mine = mine[site_of[mine] >= 0]
    points = layers.stations.geometry.iloc[mine]
    x, y = grid.x_m(), grid.y_m()
    parts: list[Pairs] = []
    seen: set[tuple[int, float, float]] = set()
    for row, px, py in zip(mine.tolist(), points.x, points.y, strict=True):
        key = (int(site_of[row]), float(px), float(py))
        if key in seen:
            continue
        seen.add(key)
        cols = slice(*np.searchsorted(x, [px - radius - grid.cell_m, px + radius + grid.cell_m]))
        rows = slice(*np.searchsorted(-y, [-py - radius - grid.cell_m, -py + radius + grid.cell_m]))
        inside = where[rows, cols]
        dx, dy = x[cols] - px, y[rows] - py
        hit = inside[(dx**2 + (dy**2)[:, None] <= radius * radius) & (inside >= 0)]
        parts.append((np.full(len(hit), key[0], dtype=np.int64), hit))
    return _joined(parts)


def _by_model(
    layers: Layers, name: str, service: FlatService | TerrainService, site_of: NDArray[np.int64],
    where: NDArray[np.int32], workers: int,
) -> Pairs:
    loss = path_loss_of(layers, service)
    asked = [c for c in service_cells(layers, name, service) if site_of[c.station] >= 0]
    plans = site_plans(layers.grid, loss, asked, service.max_distance_m)
    parts: list[Pairs] = []
    for found in covered_alone(layers, loss, plans, site_of, where, workers=workers):
        parts += [(np.full(len(hit), site, dtype=np.int64), hit) for site, hit in found.items()]
    return _joined(parts)


def covered_alone(
    layers: Layers, loss: PathLoss, plans: Iterable[Plan], site_of: NDArray[np.int64],
    where: NDArray[np.int32], *, workers: int = 0,
) -> Iterator[dict[int, NDArray[np.int32]]]:
    """Yield, point by point, what each site there covers with its own cells alone.

    Points are computed by threads, `_AT_ONCE` at a time, so memory does not grow with their number.

    Parameters
    ----------
    layers : Layers
    loss : PathLoss
    plans : iterable of Plan
    site_of : array of int64, shape (stations,)
        Number of the site of each row of the stations that the plans hold.
    where : array of int32, of the grid's shape
        Number of each cell that is asked about, -1 for the others.
    workers : int
        Threads; 0 = one per core.

    Yields
    ------
    dict
        By site, the numbers of the cells it covers, from north to south and west to east; empty where no
        cell that is asked about can be reached.
    """
    work = _Work(layers, loss, site_of, where)
    feed = iter(plans)
    with ThreadPoolExecutor(worker_count(workers)) as pool:
        while batch := list(islice(feed, _AT_ONCE)):
            yield from pool.map(work.covered, batch)


class _Work:
    """What every thread needs to compute the sites at one point."""

    def __init__(
        self, layers: Layers, loss: PathLoss, site_of: NDArray[np.int64], where: NDArray[np.int32]
    ) -> None:
        self.grid, self.loss, self.site_of, self.where = layers.grid, loss, site_of, where
        self.x, self.y = layers.grid.x_m(), layers.grid.y_m()
        over = loss.over_terrain and layers.terrain is not None
        self.terrain = layers.terrain.values if over and layers.terrain is not None else None

    def covered(self, plan: Plan) -> dict[int, NDArray[np.int32]]:
        """Return whatever each site at a point covers."""
        window = plan.site.window
        rows, cols = window.slices
        inside = self.where[rows, cols]
        if not (inside >= 0).any():
            return {}
        part = compute_site(self.grid, self.x, self.y, self.terrain, self.loss, plan)
        totals: dict[int, Accumulator] = {}
        for n, cell in enumerate(plan.cells):
            site = int(self.site_of[cell.station])
            if site not in totals:
                totals[site] = Accumulator.empty(window.shape, ())
            part.merge(n, totals[site], self.x[cols], self.y[rows], window, (0, window.shape[0]))
        return {site: inside[(t.servers > 0) & (inside >= 0)] for site, t in totals.items()}
