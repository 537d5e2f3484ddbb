"""The fibre that exists, laid onto the graph of roads: one network for reach and for planning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.attach import Attached, attach_points
from phusong.coverage.fibre.clean_lines import SNAP_M, clean_lines
from phusong.coverage.fibre.line_graph import IntArray, LineGraph, points_of, split_edges
from phusong.coverage.fibre.road_graph import RoadGraph
from phusong.coverage.fibre.route_matching import Matched, match_routes
from phusong.coverage.result import ANY
from phusong.data.fibre_tables import Level, laying_factors, node_roles
from phusong.layers.grid import FloatArray
from phusong.layers.rules import fold
from phusong.layers.status import OPERATIONAL

if TYPE_CHECKING:
    import geopandas as gpd
    import networkx as nx
    from scipy.sparse import csr_array

ROAD, ROUTE, DROP = 0, 1, 2
"""Kinds of edges: along a road; along a fibre route away from roads; a straight link to a point."""

ALONG_M = 15.0
"""A route this near to a road follows it: half the width of a national road and its verges."""

NO_POSITION = "no position"
"""Status of a fibre node that lies nowhere."""

ATTACH_M = 500.0
"""Longest link from a fibre node to a way; a node farther away is told as a fault."""


@dataclass(frozen=True)
class FibreNetwork:
    """Roads and fibre in one graph.

    Attributes
    ----------
    graph : LineGraph
    kind : array of int8, shape (m,)
        `ROAD`, `ROUTE` or `DROP`.
    road : array of int32, shape (m,)
        Row of the roads, -1 where the edge is no road.
    factor : array of float64, shape (m,)
        Cost of a metre, beside one along a commune road.
    routes : csr_array of bool, shape (m, routes)
        Which rows of the fibre routes lie along each edge.
    route_operator, route_status : array of str, shape (routes,)
    node : array of int32, shape (f,)
        Graph node of each row of the fibre nodes.
    node_role : array of str, shape (f,)
        ``aggregation``, ``access`` or ``passive``.
    node_kind, node_operator, node_status : array of str, shape (f,)
    node_distance_m : array of float64, shape (f,)
        From the fibre node to the nearest way.
    node_joined : array of bool, shape (f,)
        Whether that was near enough for a link.
    off_road_m : array of float64, shape (routes,)
        Length of each route away from roads.
    route_gap_m : array of float64, shape (routes,)
        Distance from each route to the nearest road.
    """

    graph: LineGraph
    kind: NDArray[np.int8]
    road: IntArray
    factor: FloatArray
    routes: csr_array
    route_operator: NDArray[np.object_]
    route_status: NDArray[np.object_]
    node: IntArray
    node_role: NDArray[np.object_]
    node_kind: NDArray[np.object_]
    node_operator: NDArray[np.object_]
    node_status: NDArray[np.object_]
    node_distance_m: FloatArray
    node_joined: NDArray[np.bool_]
    off_road_m: FloatArray
    route_gap_m: FloatArray

    @cached_property
    def operators(self) -> tuple[str, ...]:
        """Operators of routes and nodes, sorted."""
        return tuple(sorted({str(o) for o in (*self.route_operator, *self.node_operator) if o}))

    @cached_property
    def existing(self) -> NDArray[np.bool_]:
        """Edges along which a cable of any operator is in operation, shape ``(m,)``."""
        return self.cable(ANY)

    def cable(self, operator: str = ANY) -> NDArray[np.bool_]:
        """Return the edges along which an operator has a cable in operation, links to its nodes not."""
        mine = self.route_status == OPERATIONAL
        if operator != ANY:
            mine = mine & (self.route_operator == operator)
        return np.asarray(self.routes @ mine.astype(np.int32) > 0)

    def fibre_nodes(
        self,
        operator: str = ANY,
        *,
        roles: tuple[str, ...] = ("aggregation", "access"),
        kinds: tuple[str, ...] = (),
    ) -> NDArray[np.int64]:
        """Return the rows of the operational fibre nodes of an operator.

        Parameters
        ----------
        operator : str
        roles : tuple of str
            Which roles count.
        kinds : tuple of str
            Kinds that count instead, as the file writes them.
        """
        if kinds:
            wanted = {fold(k) for k in kinds}
            mine = np.array([fold(str(k)) in wanted for k in self.node_kind], dtype=np.bool_)
        else:
            mine = np.isin(self.node_role.astype(str), roles)
        mine &= self.node_status == OPERATIONAL
        if operator != ANY:
            mine &= self.node_operator == operator
        return np.flatnonzero(mine)

    @cached_property
    def cost_m(self) -> FloatArray:
        """Cost of laying each edge in metres of commune road: zero along what exists, shape ``(m,)``."""
        return np.where(self.existing, 0.0, self.graph.length_m * self.factor)

    def attach(
        self, xy: FloatArray, *, limit_m: float, snap_m: float = SNAP_M
    ) -> tuple[FibreNetwork, Attached]:
        """Join points (places, base stations) to roads and routes; see `attach_points`.

        Returns
        -------
        FibreNetwork
            With the edges split and the drops added.
        Attached
            ``node`` has the graph node of each point.
        """
        attached = attach_points(
            self.graph, xy, limit_m=limit_m, snap_m=snap_m, usable=self.kind != DROP
        )
        return self._onto(attached.graph, attached.parent), attached

    def _onto(self, graph: LineGraph, parent: IntArray) -> FibreNetwork:
        """Return the network on a graph whose edges are parts of these; those of parent -1 are drops."""
        from scipy.sparse import csr_array, vstack

        old, new = parent[parent >= 0], int((parent < 0).sum())
        off_road = laying_factors()["ground", "off_road"].base
        routes = csr_array(vstack([self.routes[old], csr_array((new, self.routes.shape[1]), dtype=bool)]))
        return replace(
            self,
            graph=graph,
            kind=np.concatenate([self.kind[old], np.full(new, DROP, dtype=np.int8)]),
            road=np.concatenate([self.road[old], np.full(new, -1, dtype=np.int32)]),
            factor=np.concatenate([self.factor[old], np.full(new, off_road)]),
            routes=routes,
        )

    def to_networkx(self) -> nx.MultiGraph[int]:
        """Return a networkx multigraph with ``length_m cost_m kind road existing`` on the edges."""
        return self.graph.to_networkx(
            cost_m=self.cost_m, kind=self.kind, road=self.road, existing=self.existing
        )


def fibre_network(
    roads: RoadGraph | None,
    routes: gpd.GeoDataFrame | None,
    nodes: gpd.GeoDataFrame | None,
    *,
    along_m: float = ALONG_M,
    attach_m: float = ATTACH_M,
    snap_m: float = SNAP_M,
    level: Level = "base",
) -> FibreNetwork:
    """Lay fibre onto roads.

    Where a route lies along a road within ``along_m`` its cable is put on the road's edges, which are
    split where it leaves them; the rest of it becomes edges of its own, joined to the roads where they
    come within ``along_m``. Nodes join the nearest way by a straight link of up to ``attach_m``.

    Parameters
    ----------
    roads : RoadGraph or None
        None: the graph of the fibre alone.
    routes : GeoDataFrame or None
        ``id operator status geometry``, lines, in the same coordinate system.
    nodes : GeoDataFrame or None
        ``id kind operator status geometry``, points (of areas the middle counts).
    along_m, attach_m, snap_m : float
        Tolerances in metres.
    level : {"low", "base", "high"}
        Of the factor for ways without a road.

    Returns
    -------
    FibreNetwork
    """
    import shapely
    from scipy.sparse import csr_array

    base = LineGraph.empty() if roads is None else roads.graph
    count = 0 if routes is None else len(routes)
    shapes = np.zeros(0, dtype=object) if routes is None else routes.geometry.to_numpy()
    matched = match_routes(base, shapes, along_m=along_m, snap_m=snap_m)
    graph, parent, pairs, own = _with_own_edges(matched, along_m, snap_m)
    is_road = parent >= 0
    road = np.full(graph.edges, -1, dtype=np.int32)
    factor = np.full(graph.edges, laying_factors()["ground", "off_road"].at(level))
    if roads is not None:
        road[is_road] = roads.road[parent[is_road]]
        factor[is_road] = roads.factor[parent[is_road]]
    kind = np.where(is_road, ROAD, np.where(own, ROUTE, DROP)).astype(np.int8)
    held = np.ones(len(pairs), dtype=bool)
    on = csr_array((held, (pairs[:, 0], pairs[:, 1])), shape=(graph.edges, count))
    on.sum_duplicates()
    operator, status = _words(routes, "operator", "status")
    nobody = np.zeros(0, dtype=object)
    network = FibreNetwork(
        graph=graph, kind=kind, road=road, factor=factor, routes=on, route_operator=operator,
        route_status=status, node=np.zeros(0, dtype=np.int32), node_role=nobody, node_kind=nobody,
        node_operator=nobody, node_status=nobody, node_distance_m=np.zeros(0),
        node_joined=np.zeros(0, dtype=np.bool_), off_road_m=matched.off_road_m, route_gap_m=matched.gap_m,
    )  # fmt: skip
    if nodes is None or not len(nodes):
        return network
    xy = shapely.get_coordinates(shapely.centroid(nodes.geometry.to_numpy()))
    placed = ~(nodes.geometry.isna() | nodes.geometry.is_empty).to_numpy()
    network, attached = network.attach(xy, limit_m=attach_m, snap_m=snap_m)
    kinds, operators, status = _words(nodes, "kind", "operator", "status")
    # A node without a position keeps its row and serves nobody.
    status[~placed] = NO_POSITION
    node, distance = np.full(len(nodes), -1, dtype=np.int32), np.zeros(len(nodes))
    joined = np.ones(len(nodes), dtype=np.bool_)
    node[placed], distance[placed], joined[placed] = attached.node, attached.distance_m, attached.joined
    return replace(
        network, node=node, node_kind=kinds, node_operator=operators, node_status=status,
        node_role=role_of(kinds), node_distance_m=distance, node_joined=joined,
    )  # fmt: skip


def _words(frame: gpd.GeoDataFrame | None, *columns: str) -> list[NDArray[np.object_]]:
    if frame is None:
        return [np.zeros(0, dtype=object) for _ in columns]
    found = []
    for column in columns:
        words = frame[column].fillna("").astype(str).to_numpy(dtype=object)
        if column == "status":
            from phusong.layers.status import settle_status

            words = settle_status(np.array([w.strip() for w in words], dtype=object))
        found.append(words)
    return found


def role_of(kinds: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the role of each kind of node; ``access`` for kinds that are not known."""
    role = {fold(word): name for name, words in node_roles().items() for word in words}
    return np.array([role.get(fold(str(kind)), "access") for kind in kinds], dtype=object)


def _with_own_edges(
    matched: Matched, along_m: float, snap_m: float
) -> tuple[LineGraph, IntArray, NDArray[np.int64], NDArray[np.bool_]]:
    """Return roads and off-road routes in one graph.

    The roads' edge of each edge (-1 for others), pairs of edge and route, and which edges are routes of
    their own.
    """
    graph = matched.graph
    if not len(matched.rest):
        own = np.zeros(graph.edges, dtype=np.bool_)
        return graph, matched.parent, matched.pairs, own
    clean = clean_lines(matched.rest, snap_m=snap_m)
    ends = np.flatnonzero(clean.graph.degree > 0)
    ends = ends[np.isin(ends, np.concatenate([clean.graph.tail, clean.graph.head]))]
    pieces = np.column_stack([clean.member_edge, matched.rest_route[clean.member_line]])
    if not graph.edges:
        parent = np.full(clean.graph.edges, -1, dtype=np.int32)
        return clean.graph, parent, pieces, np.ones(clean.graph.edges, dtype=np.bool_)
    # Only ends of pieces are joined: what passes over a road need not touch it.
    loose = ends[clean.graph.degree[ends] == 1]
    return _link(matched, clean.graph, pieces, loose, 1.5 * along_m)


def _link(
    matched: Matched, own: LineGraph, pieces: NDArray[np.int64], loose: NDArray[Any], limit_m: float
) -> tuple[LineGraph, IntArray, NDArray[np.int64], NDArray[np.bool_]]:
    """Join the loose ends of routes to the roads by straight links, which carry the cable too."""
    import shapely

    graph = matched.graph
    lines = graph.lines
    points = points_of(own.node_xy[loose])
    (asked, edge), _ = shapely.STRtree(lines).query_nearest(
        points, max_distance=limit_m, return_distance=True, all_matches=False
    )
    at = shapely.line_locate_point(lines[edge], points[asked])
    split = split_edges(graph, edge, at, merge_m=1e-3)
    roads = split.graph
    both = roads.join(own).add_straight(loose[asked] + roads.nodes, split.node)
    links = np.arange(both.edges - len(asked), both.edges)
    parent = np.full(both.edges, -1, dtype=np.int32)
    parent[: roads.edges] = matched.parent[split.parent]
    # What lay along an edge lies along all its parts.
    part_of = _repeat_pairs(matched.pairs, split.parent)
    of_end: dict[int, list[int]] = {int(n): [] for n in loose[asked]}
    for e, route in pieces.tolist():
        for n in (int(own.tail[e]), int(own.head[e])):
            if n in of_end:
                of_end[n].append(route)
    linked = [(int(link), r) for link, n in zip(links, loose[asked], strict=True) for r in of_end[int(n)]]
    pairs = np.vstack(
        [part_of, pieces + np.array([roads.edges, 0]), np.array(linked, dtype=np.int64).reshape(-1, 2)]
    )
    is_own = np.zeros(both.edges, dtype=np.bool_)
    is_own[roads.edges :] = True
    return both, parent, pairs.astype(np.int64), is_own


def _repeat_pairs(pairs: NDArray[np.int64], parent: IntArray) -> NDArray[np.int64]:
    """Return the pairs of edge and route for the parts of edges."""
    order = np.argsort(parent, kind="stable")
    low = np.searchsorted(parent[order], pairs[:, 0], side="left")
    high = np.searchsorted(parent[order], pairs[:, 0], side="right")
    size = high - low
    at = np.repeat(low, size) + np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    return np.column_stack([order[at], np.repeat(pairs[:, 1], size)])
