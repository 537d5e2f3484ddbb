"""What hangs on one span of fibre: the bridges of the network, and who is behind each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.attach import attach_points
from phusong.coverage.fibre.fibre_graph import DROP, FibreNetwork
from phusong.coverage.fibre.line_graph import IntArray
from phusong.coverage.radio.jit import kernel
from phusong.coverage.result import ANY
from phusong.layers.grid import FloatArray

if TYPE_CHECKING:
    import geopandas as gpd

SITE_M = 300.0
"""A mast this near to a cable is taken to be fed by it."""


@dataclass(frozen=True)
class Walk:
    """A depth-first walk over a graph; arrays by node, shape ``(n,)``, where not said otherwise.

    Attributes
    ----------
    order : array of int32
        Nodes in the order of the first visit; what lies below a node follows it without a gap.
    place : array of int32
        Position of each node in ``order``.
    below : array of int32
        Number of nodes at or below each node.
    tree : array of int32
        Node at which the walk of the connected part began; -1 where it began at a root.
    hangs : array of bool
        Whether the way up to the beginning passes a bridge that counts.
    child : array of int32, shape (m,)
        Lower end of each bridge, -1 for edges that are none.
    """

    order: IntArray
    place: IntArray
    below: IntArray
    tree: IntArray
    hangs: NDArray[np.bool_]
    child: IntArray


@kernel
def _walk(
    indptr: NDArray[np.int64], neighbour: NDArray[np.int32], edge: NDArray[np.int32],
    first: NDArray[np.int32], seen: NDArray[np.int32], low: NDArray[np.int32],
    order: NDArray[np.int32], parent: NDArray[np.int32],
    up: NDArray[np.int32], tree: NDArray[np.int32],
) -> None:
    """Walk depth first from every node of ``first`` that was not seen yet."""
    n = indptr.size - 1
    step = indptr[:n].copy()
    stack = np.empty(n, dtype=np.int32)
    count = 0
    for begin in first:
        if seen[begin] >= 0:
            continue
        depth = 0
        stack[0] = begin
        seen[begin] = count
        low[begin] = count
        order[count] = begin
        tree[begin] = begin
        count += 1
        while depth >= 0:
            v = stack[depth]
            if step[v] < indptr[v + 1]:
                k = step[v]
                step[v] += 1
                w = neighbour[k]
                if edge[k] == up[v]:
                    continue
                if seen[w] < 0:
                    seen[w] = count
                    low[w] = count
                    order[count] = w
                    count += 1
                    parent[w] = v
                    up[w] = edge[k]
                    tree[w] = begin
                    depth += 1
                    stack[depth] = w
                else:
                    low[v] = min(low[v], seen[w])
            else:
                depth -= 1
                if depth >= 0:
                    low[stack[depth]] = min(low[stack[depth]], low[v])


def find_bridges(
    nodes: int, tail: IntArray, head: IntArray, roots: NDArray[np.integer[Any]],
    counts: NDArray[np.bool_] | None = None,
) -> Walk:
    """Find the edges without which a part of the graph loses its last way to any root.

    A depth-first walk with lowpoints (R. E. Tarjan, Information Processing Letters 2, 1974), begun at one
    node to which all roots are joined; parallel edges are no bridges. Parts without a root are walked from
    their first node.

    Parameters
    ----------
    nodes : int
    tail, head : array of int32, shape (m,)
    roots : array of int
    counts : array of bool, shape (m,), optional
        Bridges that matter for ``hangs``; by default all.
    """
    m = len(tail)
    roots = np.unique(roots)
    # One more node, joined to all roots by edges of their own.
    a = np.concatenate([tail, np.full(len(roots), nodes)]).astype(np.int32)
    b = np.concatenate([head, roots]).astype(np.int32)
    number = np.arange(m + len(roots), dtype=np.int32)
    row, col, edge = np.concatenate([a, b]), np.concatenate([b, a]), np.concatenate([number, number])
    sort = np.argsort(row, kind="stable")
    indptr = np.searchsorted(row[sort], np.arange(nodes + 2)).astype(np.int64)
    seen, low, order, parent, up, tree = (np.full(nodes + 1, -1, dtype=np.int32) for _ in range(6))
    first = np.concatenate([[nodes], np.arange(nodes)]).astype(np.int32)
    _walk(indptr, col[sort], edge[sort], first, seen, low, order, parent, up, tree)
    below = np.ones(nodes + 1, dtype=np.int32)
    for v in order[::-1].tolist():
        if parent[v] >= 0:
            below[parent[v]] += below[v]
    lower = np.flatnonzero((parent >= 0) & (low > seen[np.maximum(parent, 0)]) & (up < m))
    child = np.full(m, -1, dtype=np.int32)
    child[up[lower]] = lower
    matters = np.zeros(nodes + 1, dtype=np.bool_)
    matters[lower] = True if counts is None else counts[up[lower]]
    hangs = np.zeros(nodes + 1, dtype=np.bool_)
    for v in order.tolist():
        hangs[v] = matters[v] or (parent[v] >= 0 and hangs[parent[v]])
    tree = np.where(tree == nodes, -1, tree)
    return Walk(order, seen[:nodes], below[:nodes], tree[:nodes], hangs[:nodes], child)


@dataclass(frozen=True)
class Redundancy:
    """What hangs on single spans of one operator's fibre, or of anybody's.

    Attributes
    ----------
    operator : str
    spans : GeoDataFrame
        A row per span without which somebody is cut off, those with the most people first: ``operator
        rank route_ids length_m rooted nodes_behind people_behind sites_behind communes_behind``
        (codes of communes all of whose access points are behind, joined by ``; ``) ``geometry``. Where
        no aggregation point is known on either side (``rooted`` false), the smaller side is behind.
        Of an assessment also ``commune_code``: where the middle of the span lies.
    people, sites, communes : float, int, int
        Served by access points, or fed, that have a way to an aggregation point.
    people_on_one_span, sites_on_one_span, communes_on_one_span : float, int, int
        Of them: cut off by some single span.
    people_without_way, sites_without_way, communes_without_way : float, int, int
        Served or fed by fibre from which no cable leads to an aggregation point.
    """

    operator: str
    spans: gpd.GeoDataFrame
    people: float
    sites: int
    communes: int
    people_on_one_span: float
    sites_on_one_span: int
    communes_on_one_span: int
    people_without_way: float
    sites_without_way: int
    communes_without_way: int


def redundancy(
    network: FibreNetwork,
    operator: str = ANY,
    *,
    people_of_node: FloatArray | None = None,
    commune_of_node: NDArray[np.object_] | None = None,
    site_xy: FloatArray | None = None,
    route_ids: NDArray[np.object_] | None = None,
) -> Redundancy:
    """Find the spans on which people, sites and communes hang.

    Parameters
    ----------
    network : FibreNetwork
        Of the fibre alone: on a graph with roads, two roads beside one cable would pass for a ring.
    operator : str
        Whose cables and nodes; of any, cables of all operators make one network.
    people_of_node : array, shape (f,), optional
        People whom each fibre node serves.
    commune_of_node : array of str, shape (f,), optional
        Code of the commune in which each fibre node lies, empty for none.
    site_xy : array, shape (s, 2), optional
        Masts; those within `SITE_M` of a cable count as fed by it.
    route_ids : array of str, shape (routes,), optional
    """
    way = network.cable(operator) | (network.kind == DROP)
    graph, kind, routes = network.graph.take(way), network.kind[way], network.routes[np.flatnonzero(way)]
    site_node = np.zeros(0, dtype=np.int32)
    if site_xy is not None and len(site_xy):
        joined = attach_points(graph, site_xy, limit_m=SITE_M, usable=kind != DROP)
        site_node = joined.node[joined.joined]
        new = joined.parent < 0
        kind = np.where(new, DROP, kind[np.maximum(joined.parent, 0)])
        routes = routes[np.maximum(joined.parent, 0)]
        graph = joined.graph
    rows = network.fibre_nodes(operator)
    roots = network.node[network.fibre_nodes(operator, roles=("aggregation",))]
    walk = find_bridges(graph.nodes, graph.tail, graph.head, roots, kind != DROP)
    people = np.zeros(graph.nodes)
    if people_of_node is not None:
        np.add.at(people, network.node[rows], people_of_node[rows])
    sites = np.bincount(site_node, minlength=graph.nodes)
    edge = np.flatnonzero((walk.child >= 0) & (kind != DROP))
    behind = _Behind(walk, edge, people)
    columns = {
        "operator": operator,
        "rank": 0,
        "route_ids": _ids(routes[edge], route_ids),
        "length_m": graph.length_m[edge],
        "rooted": walk.tree[walk.child[edge]] < 0,
        "nodes_behind": behind.sum(np.bincount(network.node[rows], minlength=graph.nodes)).astype(np.int64),
        "people_behind": behind.sum(people),
        "sites_behind": behind.sum(sites).astype(np.int64),
        "communes_behind": behind.groups(network.node[rows], _codes(commune_of_node, rows)),
    }
    return _told(operator, graph.take(edge).lines, columns, walk, people, sites,
                 network.node[rows], _codes(commune_of_node, rows))  # fmt: skip


def _codes(commune_of_node: NDArray[np.object_] | None, rows: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.full(len(rows), "", dtype=object) if commune_of_node is None else commune_of_node[rows]


def _told(
    operator: str, lines: NDArray[np.object_], columns: dict[str, Any], walk: Walk, people: FloatArray,
    sites: NDArray[np.int64], node: IntArray, commune: NDArray[np.object_],
) -> Redundancy:
    import geopandas as gpd

    spans = gpd.GeoDataFrame(columns, geometry=lines)
    matter = (spans["nodes_behind"] > 0) | (spans["sites_behind"] > 0) | (spans["people_behind"] > 0)
    spans = spans[matter].sort_values(
        ["people_behind", "sites_behind", "nodes_behind", "length_m"], ascending=False, kind="stable"
    )
    spans = spans.assign(rank=np.arange(1, len(spans) + 1))
    rooted = walk.tree < 0
    codes = [code for code in np.unique(commune.astype(str)).tolist() if code]
    connected = [c for c in codes if rooted[node[commune == c]].any()]
    single = {c for held in spans.loc[spans["rooted"], "communes_behind"] for c in held.split("; ") if c}
    return Redundancy(
        operator=operator,
        spans=spans.reset_index(drop=True),
        people=float(people[rooted].sum()),
        sites=int(sites[rooted].sum()),
        communes=len(connected),
        people_on_one_span=float(people[rooted & walk.hangs].sum()),
        sites_on_one_span=int(sites[rooted & walk.hangs].sum()),
        communes_on_one_span=len(single & set(connected)),
        people_without_way=float(people[~rooted].sum()),
        sites_without_way=int(sites[~rooted].sum()),
        communes_without_way=len(codes) - len(connected),
    )


def _ids(routes: Any, route_ids: NDArray[np.object_] | None) -> list[str]:
    if route_ids is None:
        return [""] * routes.shape[0]
    found = []
    for row in range(routes.shape[0]):
        held = routes.indices[routes.indptr[row] : routes.indptr[row + 1]]
        found.append("; ".join(sorted({str(i) for i in route_ids[held]})))
    return found


class _Behind:
    """Sums over what lies behind each of some bridges."""

    def __init__(self, walk: Walk, edge: NDArray[np.int64], people: FloatArray) -> None:
        child = walk.child[edge]
        self.walk = walk
        self.low = walk.place[child]
        self.high = self.low + walk.below[child]
        root = np.maximum(walk.tree[child], 0)
        free = walk.tree[child] >= 0
        self.from_ = np.where(free, walk.place[root], self.low)
        self.to = np.where(free, walk.place[root] + walk.below[root], self.high)
        # Without a root on either side, the side with fewer people, or else fewer nodes, is behind.
        below, whole = self._range(people, self.low, self.high), self._range(people, self.from_, self.to)
        one = np.ones(len(people))
        few, all_ = self.high - self.low, self._range(one, self.from_, self.to)
        rest = whole - below
        more = (below > rest + 1e-9) | ((np.abs(below - rest) <= 1e-9) & (2 * few > all_))
        self.other = free & more

    def _range(self, weight: NDArray[Any], low: IntArray, high: IntArray) -> FloatArray:
        at = np.zeros(len(self.walk.order) + 1)
        at[self.walk.place + 1] = weight
        total = np.cumsum(at)
        return np.asarray(total[high] - total[low], dtype=np.float64)

    def sum(self, weight: NDArray[Any]) -> FloatArray:
        """Return the sum over the nodes behind each bridge."""
        below = self._range(weight, self.low, self.high)
        return np.where(self.other, self._range(weight, self.from_, self.to) - below, below)

    def groups(self, node: IntArray, group: NDArray[np.object_]) -> list[str]:
        """Return the groups all of whose nodes lie behind each bridge, joined by ``; ``."""
        found: list[list[str]] = [[] for _ in self.low]
        place = self.walk.place[node]
        for name in np.unique(group.astype(str)).tolist():
            if not name:
                continue
            mine = place[group == name]
            inside = (mine[:, None] >= self.low) & (mine[:, None] < self.high)
            in_tree = (mine[:, None] >= self.from_) & (mine[:, None] < self.to)
            whole = np.where(self.other, (in_tree & ~inside).all(axis=0), inside.all(axis=0))
            for bridge in np.flatnonzero(whole):
                found[bridge].append(name)
        return ["; ".join(names) for names in found]
