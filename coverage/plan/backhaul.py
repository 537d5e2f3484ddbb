"""The way of a site to the core: fibre from where the network is by then, or microwave in sight."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.clean_lines import SNAP_M
from phusong.coverage.fibre.fibre_graph import FibreNetwork, fibre_network
from phusong.coverage.fibre.laying import Ground
from phusong.coverage.fibre.road_graph import road_graph
from phusong.coverage.plan.candidates import Candidates
from phusong.coverage.plan.edge_graph import EdgeGraph
from phusong.coverage.plan.site_costs import Prices
from phusong.coverage.plan.steiner_heap import pop, push
from phusong.coverage.radio.jit import kernel
from phusong.coverage.radio.sight import clear_paths
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.plan import MicrowaveTable
from phusong.layers.project.schema import FibreService

if TYPE_CHECKING:
    from phusong.data.fibre_tables import Level

SHARED, FIBRE, MICROWAVE, OTHER = "shared", "fibre", "microwave", "other"
"""Kinds of backhaul: that of the shared mast; fibre; microwave; satellite or a relay, to be surveyed."""
NO_HOP = 99
LEAST = 1e-9
FORBIDDING = 1e12
DROP_LIMIT_M = 5000.0
"""Longest way of cable off the roads to a site."""
NEIGHBOURS = 8
"""Masts that a site looks at for microwave, the nearest ones, and as many other candidates."""


@dataclass(frozen=True, eq=False)
class Ways:
    """Everything that decides what connecting candidates costs; money in million dong.

    Attributes
    ----------
    graph : EdgeGraph
        Roads, cables and drops; lengths are the cost of laying, zero along cables in operation.
    metres : array of float64, shape (edges,)
        Metres to be laid of each edge, zero along what exists.
    node : array of int32, shape (candidates,)
        Graph node of each candidate, -1 where no way leads to it.
    source : array of bool, shape (nodes,)
        Nodes that the network has now.
    shared : array of bool, shape (candidates,)
        Candidates whose backhaul is there: masts that stand.
    fibre_end, microwave, other : float
        Cost of the terminal of a fibre, of a link, and of satellite or a relay, which are always left.
    hops : int
        Links of microwave one after the other at most.
    to_mast : array of int64, shape (candidates,)
        Row of the nearest mast in ``masts`` that the candidate sees, -1 for none.
    masts : array of str
        Ids of the sites that stand.
    seen_start, seen : array of int64
        Other candidates that each candidate sees: ``seen[seen_start[i]:seen_start[i + 1]]``.
    lines : object array, shape (edges,), optional
        Geometry of the edges, for maps.
    """

    graph: EdgeGraph
    metres: FloatArray
    node: NDArray[np.int32]
    source: NDArray[np.bool_]
    shared: NDArray[np.bool_]
    fibre_end: float
    microwave: float
    other: float
    hops: int
    to_mast: NDArray[np.int64]
    masts: NDArray[np.object_]
    seen_start: NDArray[np.int64]
    seen: NDArray[np.int64]
    lines: NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, dtype=object))

    def only(self, edges: NDArray[np.int64]) -> Ways:
        """Return the same with every other edge so dear that nothing is laid along it."""
        cost = np.full(self.graph.edges, FORBIDDING)
        cost[self.graph.length <= 0.0] = 0.0
        cost[edges] = self.graph.length[edges]
        return replace(self, graph=EdgeGraph(self.graph.nodes, self.graph.tail, self.graph.head, cost))


def lay_ways(
    layers: Layers, candidates: Candidates, prices: Prices, microwave: MicrowaveTable, *,
    level: Level = "base",
) -> Ways:
    """Lay out the roads, the fibre and the lines of sight of a province for a set of candidates.

    Where there are no roads and no fibre, microwave alone is left; where there is no terrain, fibre alone.
    """
    network = _network(layers, level)
    xy = np.column_stack([candidates.x_m, candidates.y_m])
    node = np.full(len(candidates), -1, dtype=np.int32)
    if network is not None and network.graph.edges:
        network, attached = network.attach(xy, limit_m=DROP_LIMIT_M)
        node = np.where(attached.joined, attached.node, -1).astype(np.int32)
    if network is None or not network.graph.edges:
        none = np.zeros(0, dtype=np.int32)
        graph, metres, source = EdgeGraph(1, none, none, np.zeros(0)), np.zeros(0), np.zeros(1, dtype=bool)
        lines = np.zeros(0, dtype=object)
    else:
        graph = EdgeGraph(
            network.graph.nodes, network.graph.tail, network.graph.head,
            network.cost_m / 1000.0 * prices["fibre"],
        )
        metres = np.where(network.existing, 0.0, network.graph.length_m)
        source = np.zeros(network.graph.nodes, dtype=bool)
        for ends in (network.graph.tail, network.graph.head):
            source[ends[network.existing]] = True
        source[network.node[network.fibre_nodes()]] = True
        lines = network.graph.lines
    to_mast, masts, start, seen = _in_sight(layers, candidates, microwave)
    return Ways(
        graph, metres, node, source, candidates.shared, prices["fibre_end"], prices["microwave_link"],
        prices["backhaul_other"], microwave.hops, to_mast, masts, start, seen, lines,
    )


def _network(layers: Layers, level: Level) -> FibreNetwork | None:
    service = next((s for s in layers.project.services.values() if isinstance(s, FibreService)), None)
    snap_m = SNAP_M if service is None else service.snap_m
    roads = None
    if layers.roads is not None and len(layers.roads):
        ground = Ground(layers.water, layers.protected, layers.terrain)
        factors = None if service is None else service.classes
        roads = road_graph(layers.roads, ground=ground, class_factors=factors, level=level, snap_m=snap_m)
    if roads is None and layers.fibre_routes is None and layers.fibre_nodes is None:
        return None
    return fibre_network(roads, layers.fibre_routes, layers.fibre_nodes, level=level, snap_m=snap_m)


def _in_sight(
    layers: Layers, candidates: Candidates, microwave: MicrowaveTable
) -> tuple[NDArray[np.int64], NDArray[np.object_], NDArray[np.int64], NDArray[np.int64]]:
    """Return the nearest mast that each candidate sees, the ids of masts, and candidates seen."""
    n = len(candidates)
    xy = np.column_stack([candidates.x_m, candidates.y_m])
    stations = layers.stations
    places, first, of = np.unique(
        np.column_stack([stations.geometry.x.to_numpy(), stations.geometry.y.to_numpy()]), axis=0,
        return_index=True, return_inverse=True,
    ) if len(stations) else (np.zeros((0, 2)), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    top = np.zeros(len(places))
    np.maximum.at(top, of.ravel(), stations["antenna_height_m"].to_numpy(np.float64))
    masts = stations["site_id"].astype(str).to_numpy(dtype=object)[first]
    tops = candidates.mast_m
    one, other = _pairs(xy, places, microwave.max_km * 1000.0)
    new = ~candidates.shared[one]
    one, other = one[new], other[new]
    clear = clear_paths(
        layers, xy[one], places[other], tops[one], top[other], frequency_mhz=microwave.frequency_mhz,
        share=microwave.clearance,
    )
    to_mast = np.full(n, -1, dtype=np.int64)
    for i, m in zip(one[clear][::-1], other[clear][::-1], strict=True):
        to_mast[i] = m
    one, other = _pairs(xy, xy, microwave.max_km * 1000.0)
    apart = (one != other) & ~candidates.shared[one]
    one, other = one[apart], other[apart]
    clear = clear_paths(
        layers, xy[one], xy[other], tops[one], tops[other], frequency_mhz=microwave.frequency_mhz,
        share=microwave.clearance,
    )
    one, other = one[clear], other[clear]
    # Sight is mutual.
    pairs = np.unique(np.concatenate([one * n + other, other * n + one]))
    start = np.searchsorted(pairs, np.arange(n + 1) * n)
    return to_mast, masts, start.astype(np.int64), (pairs % max(n, 1)).astype(np.int64)


def _pairs(xy: FloatArray, places: FloatArray, limit_m: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return every point with its nearest places within the limit, nearest first."""
    from scipy.spatial import cKDTree

    if not len(places) or not len(xy):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    k = min(NEIGHBOURS + 1, len(places))
    found = cKDTree(places).query(xy, k=k, distance_upper_bound=limit_m)
    distance, index = (np.asarray(part).reshape(len(xy), k) for part in found)
    # What stands on the very spot is no link.
    row, col = np.nonzero(np.isfinite(distance) & (distance > 1.0))
    return row.astype(np.int64), index[row, col].astype(np.int64)


@kernel
def _spread(
    start: NDArray[np.int32], neighbour: NDArray[np.int32], edge: NDArray[np.int32], length: FloatArray,
    seeds: NDArray[np.int32], distance: FloatArray, parent: NDArray[np.int32], heap: NDArray[np.int32],
    place: NDArray[np.int32],
) -> None:
    """Let distances fall that the seeds, whose own have fallen, make smaller; ``parent`` is an arc."""
    size = 0
    for k in range(seeds.size):
        size = push(heap, place, distance, size, seeds[k])
    while size > 0:
        u = pop(heap, place, distance, size)
        size -= 1
        for a in range(start[u], start[u + 1]):
            v = neighbour[a]
            d = distance[u] + length[edge[a]]
            if d < distance[v]:
                distance[v] = d
                parent[v] = a
                size = push(heap, place, distance, size, v)


@dataclass(frozen=True)
class Connection:
    """How one site is connected.

    Attributes
    ----------
    candidate : int
    kind : str
        `SHARED`, `FIBRE`, `MICROWAVE` or `OTHER`.
    cost : float
        Million dong; of the branch that is new, with the terminal.
    edges : array of int64
        Edges along which cable is laid for this site.
    to : int
        Candidate at the other end of a link, -1 for a mast that stands (``to_mast``).
    """

    candidate: int
    kind: str
    cost: float
    edges: NDArray[np.int64]
    to: int = -1


class Growth:
    """The network as sites join it one by one: later branches begin where earlier ones are.

    Attributes
    ----------
    distance : array of float64, shape (nodes,)
        Cost of the cheapest fibre from the network to each node.
    connections : list of Connection
    """

    def __init__(self, ways: Ways) -> None:
        self.ways = ways
        graph = ways.graph
        self.distance = np.full(graph.nodes, np.inf)
        self.parent = np.full(graph.nodes, -1, dtype=np.int32)
        self._heap = np.empty(graph.nodes, dtype=np.int32)
        self._place = np.full(graph.nodes, -1, dtype=np.int32)
        seeds = np.flatnonzero(ways.source).astype(np.int32)
        self.distance[seeds] = 0.0
        self._fall(seeds)
        n = len(ways.node)
        self.connected = np.zeros(n, dtype=bool)
        self.hop = np.where(ways.to_mast >= 0, 0, NO_HOP)
        """Links between the network and the nearest connected site in sight; `NO_HOP` without one."""
        self.via = np.full(n, -1, dtype=np.int64)
        self.connections: list[Connection] = []

    def copy(self) -> Growth:
        """Return the same state, to go on with apart."""
        other = object.__new__(Growth)
        other.ways, other._heap, other._place = self.ways, self._heap, self._place
        for name in ("distance", "parent", "connected", "hop", "via"):
            setattr(other, name, getattr(self, name).copy())
        other.connections = list(self.connections)
        return other

    def _fall(self, seeds: NDArray[np.int32]) -> None:
        arcs = self.ways.graph.adjacency
        _spread(
            arcs.start, arcs.neighbour, arcs.edge, self.ways.graph.length, seeds, self.distance, self.parent,
            self._heap, self._place,
        )

    def fibre_prices(self) -> FloatArray:
        """Return what a fibre to each candidate costs now, infinite where none leads; shape ``(n,)``."""
        node = self.ways.node
        if not len(node):
            return np.zeros(0)
        return np.where(node >= 0, self.distance[np.maximum(node, 0)], np.inf) + self.ways.fibre_end

    def prices(self) -> FloatArray:
        """Return what connecting each candidate costs now, the cheaper way; shape ``(n,)``."""
        link = np.where(self.hop < self.ways.hops, self.ways.microwave, np.inf)
        price = np.minimum(np.minimum(self.fibre_prices(), link), self.ways.other)
        return np.where(self.ways.shared | self.connected, 0.0, price)

    def connect(self, candidate: int) -> Connection:
        """Connect a candidate the cheaper way and return how."""
        ways = self.ways
        none = np.zeros(0, dtype=np.int64)
        fibre = float(self.fibre_prices()[candidate])
        link = ways.microwave if self.hop[candidate] < ways.hops else np.inf
        if ways.shared[candidate]:
            made, hop = Connection(candidate, SHARED, 0.0, none), 0
        elif ways.other < min(fibre, link):
            made, hop = Connection(candidate, OTHER, ways.other, none), NO_HOP
        elif fibre <= link:
            made, hop = Connection(candidate, FIBRE, fibre, self._lay(candidate)), 0
        else:
            to = int(self.via[candidate])
            made, hop = Connection(candidate, MICROWAVE, link, none, to), int(self.hop[candidate]) + 1
        self.connected[candidate] = True
        self.connections.append(made)
        for other in ways.seen[ways.seen_start[candidate] : ways.seen_start[candidate + 1]]:
            if hop < self.hop[other]:
                self.hop[other], self.via[other] = hop, candidate
        return made

    def _lay(self, candidate: int) -> NDArray[np.int64]:
        """Lay the branch to a candidate: from now on it belongs to the network."""
        arcs, node = self.ways.graph.adjacency, int(self.ways.node[candidate])
        path, edges = [node], []
        while self.distance[node] > 0.0:
            arc = int(self.parent[node])
            edges.append(int(arcs.edge[arc]))
            # The arc leads from its node to this one: its twin begins here.
            node = int(arcs.neighbour[arcs.twin[arc]])
            path.append(node)
        seeds = np.array(path, dtype=np.int32)
        self.distance[seeds] = 0.0
        self._fall(seeds)
        return np.array([e for e in edges if self.ways.graph.length[e] > 0.0], dtype=np.int64)


def connect_all(ways: Ways, chosen: NDArray[np.int64]) -> Growth:
    """Connect sites, always the one that is nearest to the network by then (shortest-path heuristic).

    H. Takahashi and A. Matsuyama, 'An approximate solution for the Steiner problem in graphs', Mathematica
    Japonica 24 (1980): at most twice the shortest tree.
    """
    growth = Growth(ways)
    left = [int(c) for c in chosen]
    while left:
        prices = growth.prices()[left]
        at = int(np.argmin(prices))
        growth.connect(left.pop(at))
    return growth


def private_part(ways: Ways) -> FloatArray:
    """Return what every plan pays for a candidate's backhaul at least, in million dong, shape ``(n,)``.

    Round each candidate lies a ball of half the way to the next candidate, or of the whole way to the
    network where that is nearer. The balls share nothing, and the tree of any plan crosses from the middle
    to the rim those of all its sites on fibre: so the sum over a plan's sites is a lower bound of what its
    fibre costs, however branches are shared.
    """
    if not len(ways.node):
        return np.zeros(0)
    growth = Growth(ways)
    radius = np.where(ways.node >= 0, growth.distance[np.maximum(ways.node, 0)], np.inf)
    own = np.unique(ways.node[(ways.node >= 0) & ~ways.shared])
    if own.size > 1:
        near = _next_terminal(ways, own)
        half = np.full(ways.graph.nodes, np.inf)
        half[own] = 0.5 * near
        radius = np.minimum(radius, np.where(ways.node >= 0, half[np.maximum(ways.node, 0)], np.inf))
    twins = np.bincount(ways.node[ways.node >= 0], minlength=max(ways.graph.nodes, 1))
    radius = np.where((ways.node >= 0) & (twins[np.maximum(ways.node, 0)] > 1), 0.0, radius)
    link = np.where((ways.to_mast >= 0) | (np.diff(ways.seen_start) > 0), ways.microwave, ways.other)
    return np.where(ways.shared, 0.0, np.minimum(np.minimum(radius + ways.fibre_end, link), ways.other))


def _next_terminal(ways: Ways, own: NDArray[np.int32]) -> FloatArray:
    """Return the distance of each terminal to the nearest other one.

    Every shortest way between neighbours crosses an edge whose ends belong to different terminals
    (K. Mehlhorn, 'A faster approximation algorithm for the Steiner problem in graphs', IPL 27, 1988).
    """
    graph = ways.graph
    # No way is of no length: so every node comes after the one through which it is reached.
    length = np.maximum(graph.length, LEAST)
    distance, parent = np.full(graph.nodes, np.inf), np.full(graph.nodes, -1, dtype=np.int32)
    distance[own] = 0.0
    arcs = graph.adjacency
    heap, place = np.empty(graph.nodes, dtype=np.int32), np.full(graph.nodes, -1, dtype=np.int32)
    _spread(
        arcs.start, arcs.neighbour, arcs.edge, length, own.astype(np.int32), distance, parent, heap, place
    )
    order = np.argsort(distance, kind="stable")
    owner = np.full(graph.nodes, -1, dtype=np.int64)
    owner[own] = np.arange(own.size)
    for v in order:
        arc = int(parent[v])
        if owner[v] < 0 and arc >= 0:
            owner[v] = owner[arcs.neighbour[arcs.twin[arc]]]
    a, b = owner[graph.tail], owner[graph.head]
    across = (a != b) & (a >= 0) & (b >= 0)
    way = (distance[graph.tail] + graph.length + distance[graph.head])[across]
    near = np.full(own.size, np.inf)
    np.minimum.at(near, a[across], way)
    np.minimum.at(near, b[across], way)
    return near
