"""The searches of a fibre plan: everything, a budget, a target, phases."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.edge_graph import EdgeGraph
from phusong.coverage.plan.fibre_ways import Ways
from phusong.coverage.plan.prize import PrizeTree, frontier
from phusong.coverage.plan.steiner import steiner_tree
from phusong.layers.grid import FloatArray

LEAST_PEOPLE = 1.0
"""What a need counts for at least: base stations and places round which nobody is counted come last, and
come nevertheless."""

ITERATIONS = 25
"""How often a part of a budget's tree is dropped and refilled; fixed, so that no clock decides."""

Edges = NDArray[np.int64]


@dataclass(frozen=True)
class Choice:
    """Some needs and the edges that connect them.

    Attributes
    ----------
    edges : array of int
        Of the network, rising.
    needs : array of int
        Rising.
    gap : float or None
        See `phusong.coverage.plan.fibre_request.FibrePlan`.
    most : float or None
        Upper bound of the people of the needs.
    """

    edges: Edges
    needs: Edges
    gap: float | None = None
    most: float | None = None


def connect_all(ways: Ways, seconds: float) -> Choice:
    """Connect every need that can be, by the shortest tree that is found."""
    needs = ways.reachable
    graph = ways.contracted
    ends = np.unique(np.append(ways.label[ways.node[needs]], 0))
    tree = steiner_tree(graph, ends, seconds=seconds)
    # Edges without cost that join nothing are no work.
    return Choice(tree.edges, needs, tree.gap)


@dataclass(frozen=True)
class Field:
    """The problem of choosing: leaves for needs, people as prizes.

    Attributes
    ----------
    ways : Ways
    graph : EdgeGraph
    needs : array of int
        Need of each leaf.
    prizes : array of float
    """

    ways: Ways
    graph: EdgeGraph
    needs: Edges
    prizes: FloatArray

    @property
    def base(self) -> int:
        """Nodes before the leaves."""
        return self.graph.nodes - len(self.needs)

    def choice(self, tree: PrizeTree, *, within: Edges | None = None) -> Choice:
        """Return what a tree of this graph connects."""
        edges = tree.edges if within is None else within[tree.edges]
        picked = tree.nodes[tree.nodes >= self.base] - self.base
        return Choice(
            edges[edges < self.ways.contracted.edges], self.needs[picked], most=float(tree.upper_bound)
        )


def choose_from(ways: Ways, people: FloatArray, fixed: FloatArray) -> Field:
    """Return the problem of choosing among the needs that can be connected."""
    needs = ways.reachable
    graph = ways.with_leaves(needs, fixed[needs])
    prizes = np.zeros(graph.nodes)
    prizes[graph.nodes - len(needs) :] = np.maximum(people[needs], LEAST_PEOPLE)
    return Field(ways, graph, needs, prizes)


def within_budgets(field: Field, budgets: Sequence[float], seconds: float) -> list[Choice]:
    """Return, for each budget, what collects most people."""
    asked = [max(b, 0.0) for b in budgets]
    trees = frontier(field.graph, 0, field.prizes, asked, seconds=seconds, iterations=ITERATIONS)
    return [field.choice(tree) for tree in trees]


def reach_target(
    field: Field, known: Sequence[tuple[float, Choice]], enough: Callable[[Choice], bool], seconds: float,
    rounds: int = 3,
) -> tuple[float, Choice] | None:
    """Return the cheapest choice found that is enough, with its budget; None where none is.

    Parameters
    ----------
    field : Field
    known : sequence of (budget, Choice)
        By rising budget.
    enough : callable
    seconds : float
    rounds : int
        How often the step between the last budget that is too small and the first that is enough is cut
        in five.
    """
    low, best = 0.0, None
    for budget, choice in known:
        if enough(choice):
            best = (budget, choice)
            break
        low = budget
    if best is None:
        return None
    for _ in range(rounds):
        steps = [float(b) for b in np.linspace(low, best[0], 6)[1:-1]]
        for budget, choice in zip(steps, within_budgets(field, steps, seconds / rounds), strict=True):
            if enough(choice):
                best = (budget, choice)
                break
            low = budget
    return best


def phase_choices(
    field: Field, whole: Choice, cumulative: Sequence[float], costs: Callable[[Choice], float], seconds: float
) -> list[Choice]:
    """Return what stands after each phase: parts of a plan, each connected to what stood before it.

    In each phase, of what is left of the plan, what brings most people within the money that is there by
    then; the last phase builds all the rest where that is within its money.

    Parameters
    ----------
    field : Field
    whole : Choice
    cumulative : sequence of float
        VND by the end of each phase.
    costs : callable
        VND of all of a choice.
    seconds : float
    """
    ways, count = field.ways, len(cumulative)
    leaf = np.flatnonzero(np.isin(field.needs, whole.needs))
    kept = np.concatenate([whole.edges, ways.contracted.edges + leaf]).astype(np.int64)
    graph = field.graph.keep(kept)
    stands = Choice(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    found: list[Choice] = []
    for n, money in enumerate(cumulative):
        if n == count - 1 and costs(whole) <= money * (1 + 1e-9):
            stands = whole
        else:
            stands = _next_phase(field, graph, kept, stands, money - costs(stands), seconds / count)
        found.append(stands)
    return found


def _next_phase(
    field: Field, graph: EdgeGraph, kept: Edges, stands: Choice, money: float, seconds: float
) -> Choice:
    if money <= 0 or not math.isfinite(money):
        return stands
    contracted = field.ways.contracted
    roots = np.unique(np.concatenate([[0], contracted.tail[stands.edges], contracted.head[stands.edges]]))
    prizes = field.prizes.copy()
    done = np.flatnonzero(np.isin(field.needs, stands.needs))
    prizes[field.base + done] = 0.0
    tree = frontier(graph, roots, prizes, [money], seconds=seconds, iterations=ITERATIONS)[0]
    new = field.choice(tree, within=kept)
    return Choice(
        np.union1d(stands.edges, new.edges).astype(np.int64),
        np.union1d(stands.needs, new.needs).astype(np.int64),
    )
