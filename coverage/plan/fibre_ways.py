"""The ways along which a plan may go, priced, with the existing network contracted and the needs attached."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.fibre.fibre_graph import DROP, FibreNetwork
from phusong.coverage.plan.edge_graph import EdgeGraph
from phusong.coverage.plan.fibre_prices import Prices
from phusong.coverage.result import ANY
from phusong.layers.grid import FloatArray

if TYPE_CHECKING:
    from phusong.coverage.fibre.assessment import Groundwork

Laying = Literal["aerial", "buried", "mixed"]
Start = Literal["any", "olt"]
BURIED_CLASSES = frozenset({"motorway", "national", "urban"})
"""Classes of road along which a ``mixed`` plan goes underground."""

OK, FAR, ISLAND = "", "far", "island"
"""Why a need cannot be connected: no way near enough; no way to any fibre."""


@dataclass(frozen=True)
class Ways:
    """A priced network with the needs attached.

    Attributes
    ----------
    net : FibreNetwork
        Edges split where needs join.
    money : array of float64, shape (m,)
        VND of laying cable along each edge, zero along the operator's own.
    buried : array of bool, shape (m,)
    road_class : array of str, shape (m,)
        Key of ``data/laying_factors.csv``; ``off_road`` away from roads.
    source : array of int64
        Graph nodes at which new cable may begin.
    own : array of bool, shape (m,)
        Edges with a cable of the operator in operation.
    node : array of int32, shape (needs,)
    link_m : array of float64, shape (needs,)
        From each need to the nearest way.
    why : array of str, shape (needs,)
        `OK`, `FAR` or `ISLAND`.
    """

    net: FibreNetwork
    money: FloatArray
    buried: NDArray[np.bool_]
    road_class: NDArray[np.object_]
    source: NDArray[np.int64]
    own: NDArray[np.bool_]
    node: NDArray[np.int32]
    link_m: FloatArray
    why: NDArray[np.object_]

    @cached_property
    def label(self) -> NDArray[np.int32]:
        """Node of the contracted graph for each node of the network; 0 is all that stands, shape (n,)."""
        label = np.zeros(self.net.graph.nodes, dtype=np.int32)
        free = np.ones(len(label), dtype=np.bool_)
        free[self.source] = False
        label[free] = 1 + np.arange(int(free.sum()), dtype=np.int32)
        return label

    @cached_property
    def contracted(self) -> EdgeGraph:
        """The graph of the plan: edges as in the network, what stands is node 0, VND as lengths."""
        graph = self.net.graph
        return EdgeGraph(
            int(self.label.max(initial=0)) + 1, self.label[graph.tail], self.label[graph.head], self.money
        )

    @cached_property
    def reachable(self) -> NDArray[np.int64]:
        """Needs that can be connected."""
        return np.flatnonzero(self.why == OK)

    def with_leaves(self, needs: NDArray[np.int64], fixed: FloatArray) -> EdgeGraph:
        """Return `contracted` with an edge to each need, whose length is what equipping it costs.

        Parameters
        ----------
        needs : array of int
            Which needs; need ``needs[k]`` is node ``contracted.nodes + k``.
        fixed : array, shape (len(needs),)
            VND.
        """
        base = self.contracted
        leaf = base.nodes + np.arange(len(needs))
        return EdgeGraph(
            base.nodes + len(needs),
            np.concatenate([base.tail, self.label[self.node[needs]]]).astype(np.int32),
            np.concatenate([base.head, leaf]).astype(np.int32),
            np.concatenate([base.length, fixed]),
        )


def sources(network: FibreNetwork, fibre: FibreNetwork, operator: str, start: Start) -> NDArray[np.int64]:
    """Return the nodes at which new cable may begin: the operator's nodes and the ends of its cables.

    With ``olt``, only those whose piece of cable holds an aggregation point.
    """
    cable = network.cable(operator)
    graph = network.graph
    rows = network.fibre_nodes(operator)
    found = np.concatenate([graph.tail[cable], graph.head[cable], network.node[rows]])
    found = np.unique(found[found >= 0]).astype(np.int64)
    if start == "any" or not len(found):
        return found
    own = graph.take(cable | (network.kind == DROP))
    roots = network.node[network.fibre_nodes(operator, roles=("aggregation",))]
    fed = np.unique(own.component[roots])
    return found[np.isin(own.component[found], fed)]


def lay_ways(
    work: Groundwork, xy: FloatArray, prices: Prices, *, operator: str = ANY, laying: Laying = "aerial",
    link_m: float = 1000.0, start: Start = "any",
) -> Ways:
    """Attach the needs to the network and price every edge.

    A metre costs the price of the laying times the factors of class of road, water, protected areas and
    slope of `phusong.coverage.fibre.laying`; a link from a need to the nearest way costs as ground without
    a road.

    Parameters
    ----------
    work : Groundwork
        Laid out at the level of the prices.
    xy : array, shape (needs, 2)
    prices : Prices
    operator : str
        Whose existing cable costs nothing.
    laying : {"aerial", "buried", "mixed"}
    link_m : float
        Longest link; a need farther from any way cannot be connected.
    start : {"any", "olt"}
        See `sources`.
    """
    net, at = work.network.attach(xy, limit_m=link_m)
    graph = net.graph
    road_class = _classes(work, net)
    if laying == "mixed":
        buried = np.isin(road_class.astype(str), list(BURIED_CLASSES))
    else:
        buried = np.full(graph.edges, laying == "buried")
    own = net.cable(operator)
    rate = np.where(buried, prices["buried_km"], prices["aerial_km"]) / 1000.0
    money = np.where(own, 0.0, graph.length_m * net.factor * rate)
    source = sources(net, work.fibre, operator, start)
    part = graph.component
    why = np.full(len(xy), OK, dtype=object)
    why[~np.isin(part[at.node], np.unique(part[source]))] = ISLAND
    why[~at.joined] = FAR
    return Ways(net, money, buried, road_class, source, own, at.node, at.distance_m, why)


def _classes(work: Groundwork, net: FibreNetwork) -> NDArray[np.object_]:
    from phusong.coverage.fibre.laying import class_keys

    names = class_keys(work.roads.classes)
    found = np.full(net.graph.edges, "off_road", dtype=object)
    if not work.roads.graph.edges:
        return found
    # An edge knows the row of its road; of several roads along it the cheapest, whose class that is.
    of_row = np.full(int(work.roads.road.max(initial=-1)) + 1, "other", dtype=object)
    of_row[work.roads.road] = np.array(names, dtype=object)[work.roads.road_class]
    on = net.road >= 0
    found[on] = of_row[net.road[on]]
    return found
