"""The work of one service cut into groups of sites, each computed apart and kept.

Sites are grouped by where they stand: squares of `SIDE_M`, quartered while one holds more than `MOST_SITES`.
What a group gives depends on its own sites and the ground alone, and the accumulators of groups merge to
the same bits in any order (`phusong.coverage.radio.kernels.merge_cell`). So groups can be computed by other
processes or machines, and a station that is added costs its group, not the province.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.radio.accumulate import Accumulator
from phusong.coverage.radio.cells import Cell
from phusong.coverage.radio.jit import kernel
from phusong.coverage.radio.kernels import POWER_CEILING, Float32, Int64
from phusong.coverage.radio.pathloss import PathLoss, Window
from phusong.coverage.store import Store, digest_of, program_digest
from phusong.layers.calibration import calibration_of
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FlatService, TerrainService
from phusong.layers.rasters.clutter import clutter_heights_m

if TYPE_CHECKING:
    from phusong.coverage.radio.predict import Plan

SIDE_M = 20_000.0
"""Wide beside a macro cell's reach, so that neighbouring groups' windows overlap little."""
MOST_SITES = 64
"""In a group; bounds what one added station costs."""
LEAST_SIDE_M = 500.0

Sums = dict[str, Accumulator]
Share = tuple[int, int]
"""Which part of the groups, of how many parts."""
Compute = Callable[["Sequence[Plan]", Window], Sums]


@dataclass(frozen=True)
class Group:
    """Sites computed together.

    Attributes
    ----------
    key : str
        Of everything that its sums depend on.
    plans : tuple of Plan
        In the order of the stations.
    window : Window
        That holds the windows of all its sites.
    stations : array of int32
        Rows of its cells in the stations, ascending: kept sums name cells by their place here.
    """

    key: str
    plans: tuple[Plan, ...]
    window: Window
    stations: NDArray[np.int32]

    @property
    def bytes(self) -> int:
        """Of its sites' fields: what it costs, about."""
        return sum(plan.bytes for plan in self.plans)


def ground_key(layers: Layers, service: FlatService | TerrainService, loss: PathLoss) -> str:
    """Return a digest of what all groups of a service depend on besides their sites."""
    clutter = layers.clutter
    calibration = calibration_of(layers.calibrations, service)
    return digest_of(
        program_digest(), loss.name, loss.over_terrain, service.model_dump_json(exclude={"calibration"}),
        "" if calibration is None else calibration.model_dump_json(),
        layers.project.radio.model_dump_json(),
        *layers.grid.place,
        np.empty(0) if layers.terrain is None else layers.terrain.values,
        np.empty(0) if clutter is None else clutter.values,
        "" if clutter is None else clutter_heights_m(layers.project.layers.clutter).tolist(),
    )


def site_groups(ground: str, plans: Sequence[Plan]) -> tuple[Group, ...]:
    """Cut the sites of a service into groups; the cut depends on their places alone."""
    tiles: dict[tuple[int, int], list[Plan]] = {}
    for plan in plans:
        tile = int(plan.site.x_m // SIDE_M), int(plan.site.y_m // SIDE_M)
        tiles.setdefault(tile, []).append(plan)
    cut = [part for tile in sorted(tiles) for part in _quartered(tiles[tile], *tile, SIDE_M)]
    return tuple(_group(ground, part) for part in cut)


def _quartered(plans: list[Plan], col: int, row: int, side_m: float) -> Iterator[list[Plan]]:
    """Quarter a square while it holds too many sites; its number is in steps of its side."""
    if len(plans) <= MOST_SITES or side_m / 2.0 < LEAST_SIDE_M:
        yield plans
        return
    half = side_m / 2.0
    quarters: dict[tuple[int, int], list[Plan]] = {}
    for plan in plans:
        quarter = int(plan.site.x_m // half), int(plan.site.y_m // half)
        quarters.setdefault(quarter, []).append(plan)
    for quarter in sorted(quarters):
        yield from _quartered(quarters[quarter], *quarter, half)


def _group(ground: str, plans: Sequence[Plan]) -> Group:
    windows = [plan.site.window for plan in plans]
    window = Window(
        min(w.row0 for w in windows), max(w.row1 for w in windows),
        min(w.col0 for w in windows), max(w.col1 for w in windows),
    )
    stations = np.array(sorted(cell.station for plan in plans for cell in plan.cells), dtype=np.int32)
    place = {int(station): n for n, station in enumerate(stations)}
    said = [
        (plan.site, plan.radii_m, [_said(cell, place[cell.station]) for cell in plan.cells])
        for plan in plans
    ]
    return Group(digest_of(ground, said), tuple(plans), window, stations)


def _said(cell: Cell, place: int) -> tuple[object, ...]:
    """Return all that a cell's sums depend on, and its place among the cells of its group."""
    return (place, cell.operator, cell.link, cell.antenna, cell.budget)


def merge_groups(
    groups: Sequence[Group], sums: Sums, store: Store, compute: Compute,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Merge every group into the sums of the grid, those that are kept and those computed now.

    Returns
    -------
    int
        Groups that had to be computed.
    """
    total = max(sum(group.bytes for group in groups), 1)
    done = computed = 0
    for group, kept in zip(groups, _read_ahead(groups, store), strict=True):
        if kept is None or not _merge_kept(group, kept, sums):
            fresh = pack(group, compute(group.plans, group.window))
            store.put(group.key, fresh)
            _merge_kept(group, fresh, sums)
            computed += 1
        done += group.bytes
        if progress:
            progress(done / total)
    return computed


def _read_ahead(
    groups: Sequence[Group], store: Store
) -> Iterator[dict[str, NDArray[Any]] | None]:
    """Yield what is kept of each group, the next being read while one is merged."""
    with ThreadPoolExecutor(1) as pool:
        coming: deque[Future[dict[str, NDArray[Any]] | None]] = deque()
        for group in groups:
            coming.append(pool.submit(store.get, group.key))
            if len(coming) > 1:
                yield coming.popleft().result()
        for last in coming:
            yield last.result()


def fill(groups: Sequence[Group], share: Share, store: Store, compute: Compute) -> int:
    """Compute and keep the groups of one share that are not kept yet; return how many."""
    computed = 0
    for group in groups_of(groups, share):
        if not store.has(group.key):
            store.put(group.key, pack(group, compute(group.plans, group.window)))
            computed += 1
    return computed


def groups_of(groups: Sequence[Group], share: Share) -> list[Group]:
    """Return the groups of one share: the dearest first, each to the share with the least so far."""
    part, parts = share
    load = [0] * parts
    mine = []
    for group in sorted(groups, key=lambda g: (-g.bytes, g.key)):
        least = load.index(min(load))
        load[least] += group.bytes
        if least == part:
            mine.append(group)
    return mine


def pack(group: Group, sums: Sums) -> dict[str, NDArray[Any]]:
    """Return the sums of a group as arrays to be kept: of each operator, what its cells reach.

    ``<k>.name`` the operator in UTF-8; ``<k>.heard`` a bit per cell of the window; ``<k>.signal``,
    ``.probability``, ``.best`` and ``.servers`` of those heard; ``<k>.power <MHz>`` whole.
    """
    own = {cell.operator for plan in group.plans for cell in plan.cells}
    packed: dict[str, NDArray[Any]] = {}
    for k, operator in enumerate(sorted(own)):
        total = sums[operator]
        heard = total.best >= 0
        packed[f"{k}.name"] = np.frombuffer(operator.encode("utf-8", "surrogatepass"), dtype=np.uint8)
        packed[f"{k}.heard"] = np.packbits(heard)
        packed[f"{k}.signal"] = total.signal[heard]
        packed[f"{k}.probability"] = total.probability[heard]
        packed[f"{k}.best"] = np.searchsorted(group.stations, total.best[heard]).astype(np.uint32)
        packed[f"{k}.servers"] = total.servers[heard]
        for channel, power in total.power.items():
            if power.any():
                packed[f"{k}.power {channel!r}"] = power
    return packed


def _merge_kept(group: Group, kept: Mapping[str, NDArray[Any]], sums: Sums) -> bool:
    """Merge a group that `pack` made into the sums; False, and nothing merged, where it does not fit."""
    shape = group.window.shape
    size = shape[0] * shape[1]
    operators = {}
    for name, array in kept.items():
        if name.endswith(".name"):
            operators[name[:-5]] = array.tobytes().decode("utf-8", "surrogatepass")
    own = {cell.operator for plan in group.plans for cell in plan.cells}
    if set(operators.values()) != own:
        return False
    for k in operators:
        heard = int(np.unpackbits(kept[f"{k}.heard"], count=size).sum())
        if any(len(kept[f"{k}.{name}"]) != heard for name in ("signal", "probability", "best", "servers")):
            return False
    rows, cols = group.window.slices
    for k, operator in operators.items():
        total = sums[operator]
        heard_at = np.unpackbits(kept[f"{k}.heard"], count=size).reshape(shape)
        merge_heard(
            total.signal[rows, cols], total.probability[rows, cols], total.best[rows, cols],
            total.servers[rows, cols], heard_at, kept[f"{k}.signal"], kept[f"{k}.probability"],
            group.stations[kept[f"{k}.best"]], kept[f"{k}.servers"],
        )
        for channel, power in total.power.items():
            added = kept.get(f"{k}.power {channel!r}")
            if added is not None:
                merge_power(power[rows, cols], added)
    return True


@kernel
def merge_heard(
    signal: Float32,
    probability: Float32,
    best: NDArray[np.int32],
    servers: NDArray[np.uint16],
    heard: NDArray[np.uint8],
    own_signal: Float32,
    own_probability: Float32,
    own_best: NDArray[np.int32],
    own_servers: NDArray[np.uint16],
) -> None:
    """Merge a group into the sums over its window; the group's arrays hold the heard cells in order."""
    k = 0
    for i in range(heard.shape[0]):
        for j in range(heard.shape[1]):
            if heard[i, j] == 0:
                continue
            servers[i, j] = min(int(servers[i, j]) + int(own_servers[k]), 65535)
            probability[i, j] = max(probability[i, j], own_probability[k])
            stronger = own_signal[k] > signal[i, j]
            if stronger or (own_signal[k] == signal[i, j] and own_best[k] < best[i, j]):
                signal[i, j] = own_signal[k]
                best[i, j] = own_best[k]
            k += 1


@kernel
def merge_power(power: Int64, added: Int64) -> None:
    """Add a group's powers, in quanta, to the sums over its window."""
    for i in range(power.shape[0]):
        for j in range(power.shape[1]):
            power[i, j] = min(power[i, j] + added[i, j], POWER_CEILING)
