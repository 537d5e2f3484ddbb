"""Roads by least-cost ways over the land, and fibre along the roads."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.data.sample.communes import RIVER_KM2, Communes, settleable
from phusong.data.sample.frame import BoolArray, FloatArray, Frame, IntArray, lattice, spectral_noise, spread
from phusong.data.sample.relief import Relief, accumulate

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Edge = tuple[int, int]
ROAD_CLASSES = ("đường xã", "tỉnh lộ", "quốc lộ")
DETOUR = 1.7


@dataclass(frozen=True)
class Line:
    """A stretch between two junctions.

    Attributes
    ----------
    kind : int
        Index of its class.
    cells : tuple of int
        Flat indices on the work lattice.
    xy : array, shape (n, 2)
        Rounded line through them, ends kept.
    """

    kind: int
    cells: tuple[int, ...]
    xy: FloatArray


def _key(a: int, b: int) -> Edge:
    return (a, b) if a < b else (b, a)


def _lay(edges: dict[Edge, int], way: Sequence[int], kind: int) -> None:
    for a, b in itertools.pairwise(way):
        edge = _key(int(a), int(b))
        edges[edge] = max(edges.get(edge, 0), kind)


def used_cells(edges: Mapping[Edge, int], size: int) -> BoolArray:
    """Return which of ``size`` cells an edge touches."""
    used = np.zeros(size, dtype=bool)
    if edges:
        used[np.array(list(edges)).ravel()] = True
    return used


def rounded(points: FloatArray, rounds: int = 2) -> FloatArray:
    """Cut the corners of a line, ends kept (Chaikin, Computer Graphics and Image Processing 3, 1974)."""
    for _ in range(rounds):
        if len(points) < 3:
            return points
        cut = np.empty((2 * len(points) - 2, 2))
        cut[0::2] = 0.75 * points[:-1] + 0.25 * points[1:]
        cut[1::2] = 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.concatenate((points[:1], cut[1:-1], points[-1:]))
    return points


def lines_of(edges: Mapping[Edge, int], frame: Frame) -> list[Line]:
    """Join edges into lines that end where the network branches, ends or changes its kind."""
    near: dict[int, list[int]] = defaultdict(list)
    for a, b in sorted(edges):
        near[a].append(b)
        near[b].append(a)

    def ends(cell: int) -> bool:
        """Tell whether a line ends in a cell: a junction, a dead end, or a change of kind."""
        kinds = {edges[_key(cell, other)] for other in near[cell]}
        return len(near[cell]) != 2 or len(kinds) > 1

    seen: set[Edge] = set()
    lines = []
    starts = sorted(near, key=lambda cell: (not ends(cell), cell))
    for start in starts:
        for first in near[start]:
            if _key(start, first) in seen:
                continue
            way = [start, first]
            seen.add(_key(start, first))
            while not ends(way[-1]) and way[-1] != start:
                ahead = next(c for c in near[way[-1]] if c != way[-2])
                seen.add(_key(way[-1], ahead))
                way.append(ahead)
            kind = edges[_key(start, first)]
            lines.append(Line(kind, tuple(way), rounded(frame.points(np.array(way)))))
    return lines


def _ground(rng: np.random.Generator, relief: Relief, communes: Communes) -> tuple[FloatArray, BoolArray]:
    """Return the cost of building a road over each cell, and the cells where one may lie."""
    river = (relief.drained_km2 > RIVER_KM2) & ~relief.water
    cost = 1.0 + 90.0 * relief.slope**2 + 3.0 * river + 25.0 * relief.lake + relief.height_m.clip(0) / 900.0
    bends = np.exp(0.35 * spectral_noise(rng, cost.shape, relief.frame.cell_m, 2_500.0, 1.5))
    return cost * bends, communes.inside & ~relief.sea


def _gates(relief: Relief, communes: Communes) -> list[int]:
    """Return the cells where national roads leave the province: north, south and west."""
    inside = communes.inside
    cols = inside.shape[1]
    row, col = np.divmod(np.flatnonzero(inside), cols)
    good = settleable(relief)[inside]
    north = (row - row.min()) / max(np.ptp(row), 1)
    west = (col - col.min()) / max(np.ptp(col), 1)
    scores = (1.3 * good - 6 * north, 1.3 * good - 6 * (1 - north), good - 6 * west)
    return [int(row[np.argmax(s)] * cols + col[np.argmax(s)]) for s in scores]


def _links(graph: csr_array, centre: IntArray) -> dict[Edge, tuple[float, list[int]]]:
    """Return the least-cost way between every two centres whose surroundings meet."""
    reach = spread(graph, centre)
    number = np.full(graph.shape[0], -1)
    number[centre] = np.arange(len(centre))
    entries = graph.tocoo()
    a, b, weight = entries.row, entries.col, entries.data
    met = np.isfinite(reach.cost[a]) & np.isfinite(reach.cost[b]) & (reach.source[a] != reach.source[b])
    a, b, weight = a[met], b[met], weight[met]
    total = reach.cost[a] + weight + reach.cost[b]
    result: dict[Edge, tuple[float, list[int]]] = {}
    for i in np.argsort(total, kind="stable"):
        pair = _key(int(number[reach.source[a[i]]]), int(number[reach.source[b[i]]]))
        if pair not in result:
            result[pair] = (float(total[i]), reach.path(int(a[i]))[::-1] + reach.path(int(b[i])))
    return result


def _chosen(links: Mapping[Edge, tuple[float, list[int]]]) -> list[Edge]:
    """Return the links to build: those that join what is apart, or spare a long detour."""
    import networkx as nx

    built: nx.Graph[int] = nx.Graph()
    chosen = []
    for (a, b), (cost, _way) in sorted(links.items(), key=lambda item: (item[1][0], item[0])):
        apart = not (built.has_node(a) and built.has_node(b) and nx.has_path(built, a, b))
        if apart or nx.dijkstra_path_length(built, a, b) > DETOUR * cost:
            built.add_edge(a, b, weight=cost)
            chosen.append((a, b))
    return chosen


def make_roads(
    rng: np.random.Generator, relief: Relief, communes: Communes, village_cells: IntArray
) -> dict[Edge, int]:
    """Return the roads as edges between neighbouring cells, with the index of their class.

    National roads from the capital to the neighbours; provincial and commune roads between the
    commune centres; a commune road from every village to the nearest road. All are connected.
    """
    cost, allowed = _ground(rng, relief, communes)
    capital = communes.centre[communes.rank == 2]
    main = int(capital[0])
    edges: dict[Edge, int] = {}
    reach = spread(lattice(cost, allowed), np.array([main]))
    for gate in _gates(relief, communes):
        if np.isfinite(reach.cost[gate]):
            _lay(edges, reach.path(gate), 2)
    cheaper = np.where(used_cells(edges, cost.size).reshape(cost.shape), 0.35 * cost, cost)
    links = _links(lattice(cheaper, allowed), communes.centre)
    towns = communes.rank > 0
    for a, b in _chosen(links):
        _lay(edges, links[a, b][1], int(towns[a] or towns[b]))
    used = used_cells(edges, cost.size)
    if not used.any():
        used[main] = True
    cheaper = np.where(used.reshape(cost.shape), 0.5 * cost, cost)
    graph = lattice(cheaper, allowed)
    reach = spread(graph, np.flatnonzero(used))
    for cell in village_cells:
        if np.isfinite(reach.cost[cell]):
            _lay(edges, reach.path(int(cell)), 0)
    return edges


@dataclass(frozen=True)
class Fibre:
    """Fibre along roads.

    Attributes
    ----------
    built, planned : mapping of edge to int
        Index of its size in `FIBRE_COUNTS`.
    communes, villages : array of bool
        Which centres and villages have an operational node.
    planned_communes : array of bool
    """

    built: Mapping[Edge, int]
    planned: Mapping[Edge, int]
    communes: BoolArray
    villages: BoolArray
    planned_communes: BoolArray


FIBRE_COUNTS = (12, 24, 48, 96)


def _road_graph(edges: Mapping[Edge, int], size: int, cols: int) -> csr_array:
    from scipy.sparse import coo_array

    ends = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)
    straight = (np.abs(ends[:, 1] - ends[:, 0]) == 1) | (np.abs(ends[:, 1] - ends[:, 0]) == cols)
    kind = np.array([edges[_key(int(a), int(b))] for a, b in ends], dtype=np.int64)
    weight = np.where(straight, 1.0, np.sqrt(2.0)) * np.array([1.0, 0.8, 0.65])[kind]
    return coo_array((weight, (ends[:, 0], ends[:, 1])), shape=(size, size)).tocsr()


def make_fibre(
    rng: np.random.Generator, relief: Relief, communes: Communes, roads: Mapping[Edge, int],
    village_cells: IntArray, remote: FloatArray,
) -> Fibre:
    """Lay fibre from the capital to most communes and to the villages that are not too remote."""
    frame = relief.frame
    n = len(communes.centre)
    nothing = np.zeros(n, dtype=bool)
    if not roads:
        return Fibre({}, {}, nothing, np.zeros(len(village_cells), dtype=bool), nothing)
    capital = int(communes.centre[communes.rank == 2][0])
    graph = _road_graph(roads, relief.height_m.size, frame.shape[1])
    reach = spread(graph, np.array([capital]))
    far = np.where(np.isfinite(reach.cost[communes.centre]), reach.cost[communes.centre], np.inf)
    order = np.argsort(far + 0.2 * far[np.isfinite(far)].max() * rng.random(n), kind="stable")
    without = np.zeros(n, dtype=bool)
    without[order[n - round(0.08 * n) :]] = True
    without &= communes.rank == 0
    planned_communes = without & (rng.random(n) < 0.6) & np.isfinite(far)
    served = ~without & np.isfinite(far)
    chance = 1.0 / (1.0 + np.exp((remote - 0.5) / 0.08))
    villages = rng.random(len(village_cells)) < 0.25 + 0.7 * chance
    villages &= served[communes.label.ravel()[village_cells]] & np.isfinite(reach.cost[village_cells])

    wanted = np.zeros(graph.shape[0])
    np.add.at(wanted, np.concatenate((communes.centre[served], village_cells[villages])), 1.0)
    ahead = np.where(reach.previous >= 0, reach.previous, np.arange(len(wanted)))
    flow = accumulate(ahead, wanted)
    limits = (2, 6, 0.06 * max(len(village_cells), 40))
    built = {
        _key(int(cell), int(ahead[cell])): sum(bool(flow[cell] >= limit) for limit in limits)
        for cell in np.flatnonzero((flow > 0) & (reach.previous >= 0))
    }
    planned: dict[Edge, int] = {}
    for cell in communes.centre[planned_communes]:
        _lay(planned, reach.path(int(cell)), 1)
    planned = {edge: kind for edge, kind in planned.items() if edge not in built}
    return Fibre(built, planned, served, villages, planned_communes)
