"""How far along roads every cell and place is from an access point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.drop_kernels import (
    cells_within_drop,
    nearest_edge_of_cells,
    points_within_drop,
)
from phusong.coverage.fibre.fibre_graph import DROP, FibreNetwork
from phusong.coverage.fibre.line_graph import LIFTED, IntArray, LineGraph, Segments, points_of
from phusong.coverage.result import ANY
from phusong.layers.grid import FloatArray, Grid

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

    from phusong.coverage.result import Reach
    from phusong.coverage.zonal import CommuneShares
    from phusong.layers.inventory import Layers


@dataclass(frozen=True)
class AccessField:
    """The distance from the nearest access point, all over a network.

    Attributes
    ----------
    graph : LineGraph
    source : array of int32, shape (s,)
        Graph nodes of the access points.
    head_start_m : array of float64, shape (s,)
        Metres that are already used up at each of them; zero for most.
    distance_m : array of float64, shape (n,)
        From the nearest access point along ways, head start included; infinite where there is no way.
    nearest : array of int32, shape (n,)
        That access point's position in ``source``, -1 for none.
    weight : array of float64, shape (m,)
        1, or 0 along cables that can be tapped anywhere.
    usable : array of bool, shape (m,)
        Edges from which a drop may start.
    """

    graph: LineGraph
    source: IntArray
    head_start_m: FloatArray
    distance_m: FloatArray
    nearest: IntArray
    weight: FloatArray
    usable: NDArray[np.bool_]

    def nearest_at(self, edge: IntArray, at_m: FloatArray) -> IntArray:
        """Return the access point (position in ``source``) that is nearest at places along edges.

        Edges at or beyond ``graph.edges`` stand for the access points themselves.
        """
        found = np.full(edge.shape, -1, dtype=np.int32)
        spot = edge >= self.graph.edges
        found[spot] = edge[spot] - self.graph.edges
        on = (edge >= 0) & ~spot
        e, at = edge[on], at_m[on]
        tail, head = self.graph.tail[e], self.graph.head[e]
        a = self.distance_m[tail] + self.weight[e] * at
        b = self.distance_m[head] + self.weight[e] * (self.graph.length_m[e] - at)
        found[on] = np.where(a <= b, self.nearest[tail], self.nearest[head])
        return found


def multi_source(
    matrix: csr_array,
    source: NDArray[np.integer],
    *,
    head_start_m: FloatArray | None = None,
    limit_m: float = np.inf,
) -> tuple[FloatArray, IntArray]:
    """Return the distance of every node from the nearest source, and that source.

    Dijkstra's algorithm from all sources at once (E. W. Dijkstra, Numerische Mathematik 1, 1959), by scipy.

    Parameters
    ----------
    matrix : csr_array, shape (n, n)
        Symmetric, of `LineGraph.csr`.
    source : array of int, shape (s,)
    head_start_m : array, shape (s,), optional
        Distance at which each source begins, zero by default; infinite ones begin nowhere.
    limit_m : float
        Nodes farther away are infinite.

    Returns
    -------
    distance_m : array of float64, shape (n,)
    nearest : array of int32, shape (n,)
        Position in ``source``; -1 where nothing reaches.
    """
    from scipy.sparse.csgraph import dijkstra

    n = matrix.shape[0]
    source = np.asarray(source, dtype=np.int64)
    start = np.zeros(len(source)) if head_start_m is None else np.asarray(head_start_m, dtype=np.float64)
    nearest = np.full(n, -1, dtype=np.int32)
    usable = np.flatnonzero(np.isfinite(start))
    if not len(usable):
        return np.full(n, np.inf), nearest
    # Of several sources in one node the one that begins nearest counts, the first of equals.
    order = usable[np.lexsort((usable, start[usable], source[usable]))]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = source[order][1:] != source[order][:-1]
    order = order[first]
    if start[order].any():
        matrix = _with_head_start(matrix, source[order].astype(np.int64), start[order])
        origin = np.array([n])
    else:
        origin = source[order].astype(np.int64)
    found = dijkstra(
        matrix, directed=True, indices=origin, min_only=True, return_predecessors=True, limit=limit_m
    )
    distance: FloatArray = found[0]
    predecessor, root = found[1], np.asarray(found[2], dtype=np.int64)
    if len(matrix.indptr) > n + 1:
        distance, root = _after_origin(distance, predecessor, n)
    who = np.full(n + 1, -1, dtype=np.int32)
    who[source[order]] = order
    reached = np.isfinite(distance)
    nearest[reached] = who[root[reached]]
    return np.asarray(distance), nearest


def _with_head_start(matrix: csr_array, source: NDArray[np.int64], start: FloatArray) -> csr_array:
    """Return the matrix with one more node, from which every source is its head start away."""
    from scipy.sparse import csr_array

    n = matrix.shape[0]
    order = np.argsort(source)
    data = np.concatenate([matrix.data, np.maximum(start[order], LIFTED)])
    indices = np.concatenate([matrix.indices, source[order]])
    indptr = np.append(matrix.indptr, len(data))
    return csr_array((data, indices, indptr), shape=(n + 1, n + 1))


def _after_origin(
    distance: FloatArray, predecessor: NDArray[np.int32], origin: int
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return distances without the origin, and the source through which each node was reached."""
    root = np.arange(origin + 1, dtype=np.int64)
    on = predecessor >= 0
    on[on] = predecessor[on] != origin
    root[on] = predecessor[on]
    # Halving the way to the root again and again takes as many rounds as its logarithm.
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return distance[:origin], root[:origin]
        root = further


def access_field(
    network: FibreNetwork,
    operator: str = ANY,
    *,
    kinds: tuple[str, ...] = (),
    tap: bool = False,
    head_start_m: FloatArray | None = None,
) -> AccessField:
    """Return the distance from the operational access points of an operator along roads and routes.

    Parameters
    ----------
    network : FibreNetwork
    operator : str
        Or `ANY`.
    kinds : tuple of str
        Kinds of nodes that count as access points; by default all but those a cable only passes.
    tap : bool
        Whether the operator's cables can be joined anywhere along their way.
    head_start_m : array, shape (f,), optional
        By row of the fibre nodes: metres used up at each; infinite for one that cannot serve.
    """
    graph = network.graph
    rows = network.fibre_nodes(operator, kinds=kinds)
    start = np.zeros(len(rows)) if head_start_m is None else head_start_m[rows]
    source = network.node[rows]
    weight = np.ones(graph.edges)
    if tap:
        cable = network.cable(operator)
        weight[cable] = 0.0
        ends = np.unique(np.concatenate([graph.tail[cable], graph.head[cable]]))
        source = np.concatenate([source, ends])
        start = np.concatenate([start, np.zeros(len(ends))])
    distance, nearest = multi_source(graph.csr(graph.length_m * weight), source, head_start_m=start)
    return AccessField(
        graph, source.astype(np.int32), start, distance, nearest, weight, network.kind != DROP
    )


@dataclass(frozen=True)
class CellReach:
    """The distance of every cell; arrays of the grid's shape.

    Attributes
    ----------
    along_m : array of float64
        Least distance along ways from an access point to where a drop can leave for the cell's centre;
        infinite where no way lies within the drop.
    edge : array of int32
        Edge the drop leaves; ``graph.edges + s`` for access point ``s`` itself; -1 for none.
    at_m : array of float64
        Where on the edge, from its tail.
    """

    along_m: FloatArray
    edge: IntArray
    at_m: FloatArray


def _usable_segments(field: AccessField) -> tuple[Segments, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return pieces, and per edge its length, the distances of its ends, and its weight.

    Access points come last, as edges of no length.
    """
    graph = field.graph
    pieces = graph.segments
    kept = field.usable[pieces.edge]
    spot = graph.node_xy[field.source]
    finite = np.where(np.isfinite(field.head_start_m), field.head_start_m, np.inf)
    count = len(spot)
    segments = Segments(
        np.vstack([pieces.xy[kept], np.hstack([spot, spot])]),
        np.concatenate([pieces.edge[kept], graph.edges + np.arange(count)]).astype(np.int32),
        np.concatenate([pieces.along_m[kept], np.zeros(count)]),
    )
    return (
        segments,
        np.concatenate([graph.length_m, np.zeros(count)]),
        np.concatenate([field.distance_m[graph.tail], finite]),
        np.concatenate([field.distance_m[graph.head], finite]),
        np.concatenate([field.weight, np.ones(count)]),
    )


def reach_cells(field: AccessField, grid: Grid, drop_m: float) -> CellReach:
    """Return the distance along ways of every cell of a grid.

    A cell is within ``reach_m`` exactly if its centre lies within ``drop_m`` of a way that is within
    ``reach_m`` of an access point: what `phusong.coverage.fibre.service_area` draws.

    Parameters
    ----------
    field : AccessField
    grid : Grid
    drop_m : float
        Longest drop from a way, or from an access point, to a cell's centre.
    """
    segments, length, tail, head, weight = _usable_segments(field)
    along = np.full(grid.shape, np.inf)
    edge = np.full(grid.shape, -1, dtype=np.int32)
    at = np.zeros(grid.shape)
    cells_within_drop(
        grid.x_m(), grid.y_m(), grid.cell_m, segments.xy, segments.edge, segments.along_m, length, tail,
        head, weight, float(drop_m), along, edge, at,
    )  # fmt: skip
    return CellReach(along, edge, at)


def reach_points(field: AccessField, xy: FloatArray, drop_m: float) -> pd.DataFrame:
    """Return the distance along ways of places.

    Parameters
    ----------
    field : AccessField
    xy : array, shape (p, 2)
    drop_m : float

    Returns
    -------
    DataFrame
        ``along_m`` (infinite where no way within the drop is joined to an access point), ``drop_m``,
        ``edge at_m`` (as in `CellReach`), ``access`` (position in ``field.source``, -1 for none).
    """
    import pandas as pd
    import shapely

    xy = np.ascontiguousarray(xy, dtype=np.float64).reshape(-1, 2)
    segments, length, tail, head, weight = _usable_segments(field)
    order = np.flatnonzero(field.usable)
    spots = points_of(field.graph.node_xy[field.source])
    shapes = np.concatenate([field.graph.lines[order], spots])
    number = np.concatenate([order, field.graph.edges + np.arange(len(spots))])
    # A little more than the drop: the kernel decides.
    point, near = shapely.STRtree(shapes).query(
        points_of(xy), predicate="dwithin", distance=drop_m * (1.0 + 1e-9) + 1e-6
    )
    first = np.searchsorted(segments.edge, number[near], side="left")
    size = np.searchsorted(segments.edge, number[near], side="right") - first
    point = np.repeat(point, size)
    segment = np.repeat(first - np.cumsum(size) + size, size) + np.arange(size.sum())
    along, at, drop = np.full(len(xy), np.inf), np.zeros(len(xy)), np.full(len(xy), np.nan)
    edge = np.full(len(xy), -1, dtype=np.int32)
    points_within_drop(
        xy, point.astype(np.int64), segment.astype(np.int64), segments.xy, segments.edge, segments.along_m,
        length, tail, head, weight, float(drop_m), along, edge, at, drop,
    )  # fmt: skip
    access = field.nearest_at(edge, at)
    columns = {"along_m": along, "drop_m": drop, "edge": edge, "at_m": at, "access": access}
    return pd.DataFrame(columns)


def people_along(graph: LineGraph, grid: Grid, people: FloatArray, limit_m: float) -> FloatArray:
    """Return the people of the cells nearest to each edge, up to ``limit_m`` away, shape ``(m,)``."""
    segments = graph.segments
    near = np.full(grid.shape, np.inf)
    edge = np.full(grid.shape, -1, dtype=np.int32)
    nearest_edge_of_cells(
        grid.x_m(), grid.y_m(), grid.cell_m, segments.xy, segments.edge, float(limit_m), near, edge
    )
    held = edge >= 0
    count = people.reshape(grid.shape)[held]
    return np.bincount(edge[held], weights=count, minlength=graph.edges).astype(np.float64)


def people_passed(layers: Layers, shares: CommuneShares, reaches: tuple[Reach, ...]) -> pd.DataFrame:
    """Return people and homes passed by commune and operator.

    People are those of the covered cells, shared among communes by the zonal matrix: they sum to the
    people of the cells. Homes are the households of the commune times the share of its people.

    Parameters
    ----------
    layers : Layers
    shares : CommuneShares
    reaches : tuple of Reach
        Of one service.

    Returns
    -------
    DataFrame
        ``commune_code commune_name operator people people_passed homes homes_passed``; homes are NaN
        where no number of households is given.
    """
    import pandas as pd

    communes = layers.communes
    total = np.asarray(shares.people.sum(axis=1), dtype=np.float64).ravel()
    homes = np.full(len(communes), np.nan)
    if layers.households is not None:
        table = layers.households.set_index("commune_code")["households"]
        homes = table.reindex(communes["commune_code"]).to_numpy(np.float64)
    blocks = []
    for reach in reaches:
        passed = shares.sum_people(reach.covered)
        share = np.divide(passed, total, out=np.zeros(len(total)), where=total > 0.0)
        blocks.append(
            pd.DataFrame(
                {
                    "commune_code": communes["commune_code"].to_numpy(),
                    "commune_name": communes["commune_name"].to_numpy(),
                    "operator": reach.operator,
                    "people": total,
                    "people_passed": passed,
                    "homes": homes,
                    "homes_passed": homes * share,
                }
            )
        )
    return pd.concat(blocks, ignore_index=True)
