"""Chosen sites in the order in which they are to be built, each with the branch that is missing then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from phusong.coverage.plan.backhaul import FIBRE, FORBIDDING, MICROWAVE, Connection, Growth, Ways, connect_all
from phusong.coverage.plan.edge_graph import EdgeGraph
from phusong.coverage.plan.joint import Cover, JointProblem, Longs, scores
from phusong.layers.grid import FloatArray


@dataclass(frozen=True)
class Turn:
    """What decided a step when its turn came.

    Attributes
    ----------
    rate : float
        What the site adds to the goal per billion dong, with the branch that is missing then: in the unit of
        the goal; where several targets are open, in per cent of what is missing of each, summed.
    next : int
        Candidate of the plan that comes nearest of those that are left, -1 for none.
    next_rate : float
    wished : bool
        The site is fixed: it comes first, whatever it adds.
    """

    rate: float
    next: int
    next_rate: float
    wished: bool


@dataclass(frozen=True, eq=False)
class JointPlan:
    """A set of sites with their connections.

    Attributes
    ----------
    chosen : array of int64
        In the order in which they are to be built.
    connections : tuple of Connection
        Of each, in that order, each with the branch that is new then.
    gains : array of float64, shape (aims, sites)
    cost : float
        Sites and backhaul.
    site_cost, backhaul_cost : float
    turns : tuple of Turn
        Why each stands where it stands.
    """

    chosen: Longs
    connections: tuple[Connection, ...]
    gains: FloatArray
    cost: float
    site_cost: float
    backhaul_cost: float
    turns: tuple[Turn, ...]

    @property
    def weight(self) -> FloatArray:
        """Sum of the gains of each aim."""
        return np.asarray(self.gains.sum(axis=1))


def in_order(problem: JointProblem, chosen: Longs, *, polish_seconds: float = 5.0) -> JointPlan:
    """Put chosen sites in the order of what each adds per its price, and connect them along one tree.

    The tree is that of `connect_all`, or a shorter one that `phusong.coverage.plan.steiner` finds; every
    metre of it is paid by the site that needs it first, so the prices of the steps sum to the whole.
    """
    growth = connect_all(problem.ways, chosen)
    how = {c.candidate: c for c in growth.connections}
    edges = np.unique(np.concatenate([c.edges for c in growth.connections] or [np.zeros(0, dtype=np.int64)]))
    edges = _shorter(problem.ways, [c for c in how if how[c].kind == FIBRE], edges, polish_seconds)
    tree = Growth(problem.ways.only(edges))
    cover = Cover(problem)
    left, order, made, gains, turns = [int(c) for c in chosen], [], [], [], []
    fixed = set(problem.fixed.tolist())
    while left:
        fibre = tree.fibre_prices()
        price = np.array([_planned(tree, how[c], fibre) for c in left])
        score, _ = scores(problem, cover)
        # Beyond the target a step still gains something, however little it counts.
        worth = score[left] + 1e-9 * cover.gains[:, left].sum(axis=0) + 1e-15
        ratio = worth / np.maximum(problem.site_cost[left] + price, 1e-9)
        ratio[price >= FORBIDDING] = -1.0
        first = np.array([c in fixed for c in left]) & (ratio >= 0.0)
        at = int(np.argmax(np.where(first, ratio, -2.0) if first.any() else ratio))
        turns.append(_turn(problem, np.array(left), ratio, at, wished=bool(first.any())))
        candidate = left.pop(at)
        made.append(_join(tree, how[candidate]))
        order.append(candidate)
        gains.append(cover.add(candidate))
    sites = float(problem.site_cost[order].sum()) if order else 0.0
    links = sum(c.cost for c in made)
    table = np.array(gains).T if gains else np.zeros((len(problem.weights), 0))
    return JointPlan(
        np.array(order, dtype=np.int64), tuple(made), table, sites + links, sites, links, tuple(turns)
    )


def goal_factor(problem: JointProblem) -> tuple[float, int]:
    """Return what turns a score into the unit of the goal, and the row of the goal's weights.

    The row is -1 where several targets are open: then a score becomes per cent of what is missing.
    """
    if not problem.to_target:
        return 1.0, 0
    open_ = np.flatnonzero(problem.need > 0.0)
    if open_.size == 1:
        return float(problem.need[open_[0]]), int(open_[0])
    return 100.0, -1


def _turn(problem: JointProblem, left: Longs, ratio: FloatArray, at: int, *, wished: bool) -> Turn:
    """Return why the site at a position is taken from those that are left."""
    factor = 1000.0 * goal_factor(problem)[0]
    others = np.where(np.arange(left.size) == at, -1.0, ratio)
    best = int(np.argmax(others))
    if others[best] < 0.0:
        return Turn(factor * float(ratio[at]), -1, 0.0, wished)
    return Turn(factor * float(ratio[at]), int(left[best]), factor * float(others[best]), wished)


def _planned(tree: Growth, how: Connection, fibre: FloatArray) -> float:
    """Return what a site's connection costs now if it is made as planned; forbidding before its partner."""
    if how.kind == FIBRE:
        return float(fibre[how.candidate])
    if how.kind == MICROWAVE and how.to >= 0 and not tree.connected[how.to]:
        return FORBIDDING
    return how.cost


def _join(tree: Growth, how: Connection) -> Connection:
    made = how
    if how.kind == FIBRE:
        cost = float(tree.fibre_prices()[how.candidate])
        made = replace(how, cost=cost, edges=tree._lay(how.candidate))
    tree.connected[how.candidate] = True
    tree.connections.append(made)
    return made


def _shorter(ways: Ways, on_fibre: Sequence[int], edges: Longs, seconds: float) -> Longs:
    """Return the edges of a shorter tree that joins the sites on fibre to the network, or those given."""
    from phusong.coverage.plan.steiner import steiner_tree

    if len(on_fibre) < 2 or seconds <= 0.0 or not ways.source.any():
        return edges
    graph = ways.graph
    # All that the network has is one node.
    label = np.where(ways.source, 0, np.cumsum(~ways.source))
    small = EdgeGraph(int(label.max()) + 1, label[graph.tail], label[graph.head], graph.length)
    ends = np.unique(np.append(label[ways.node[list(on_fibre)]], 0))
    if ends.size < 2:
        return edges
    tree = steiner_tree(small, ends, seconds=seconds)
    if tree.length < float(graph.length[edges].sum()) - 1e-6:
        return np.sort(tree.edges[graph.length[tree.edges] > 0.0])
    return edges
