"""Trees from an existing network that reach as many people as a budget allows, with an upper bound.

Four ways are tried and the best is kept: paths with the most people per cost first; Goemans & Williamson's
moats with strong pruning, swept over the worth of a person; both improved by the local search of
`phusong.coverage.plan.steiner_local`; and dropping and refilling of parts. A Lagrangian bound by dual ascent
says how many people no plan of that cost can exceed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phusong.coverage.plan.edge_graph import (
    BoolArray,
    EdgeGraph,
    Floats,
    IntArray,
    checked_terminals,
)
from phusong.coverage.plan.prize_kernel import fill_budget, grow_moats, prune_strongly, trim
from phusong.coverage.plan.steiner import ROUNDING, touched
from phusong.coverage.plan.steiner import compile_kernels as compile_tree_kernels
from phusong.coverage.plan.steiner_dual import PATIENCE, dual_ascent
from phusong.coverage.plan.steiner_local import improve_all
from phusong.coverage.plan.steiner_paths import arc_distances, clean_tree, grow_tree
from phusong.coverage.plan.steiner_reduce import Reduced, simplify

WORTHS = 40
"""Values of a person that the sweep tries, from 'nobody' to 'everybody', on graphs that are not large."""

NOISY = 60
"""Greedy trees per budget over prizes disturbed more and more; the best are improved."""

FEW = 6
"""So few nodes with a prize are tried in every combination."""

WORK = 250_000
"""Edges that the sweep may look at, about: sets how many worths are tried."""

REFILLS = 800_000
"""Edges that the refilling of one budget may look at, about: sets how often a part is dropped."""


@dataclass(frozen=True, eq=False)
class PrizeTree:
    """A tree from the root, and what it reaches.

    Attributes
    ----------
    edges : array of int64
        Edges of the graph, rising.
    nodes : array of int64
        Nodes with a prize that it reaches, the roots among them, rising.
    length : float
        Sum of the lengths of the edges: at most the budget, up to rounding (1e-9 of it).
    prize : float
        Sum of the prizes of the nodes.
    budget : float
    upper_bound : float
        No tree of at most this budget collects more.
    """

    edges: NDArray[np.int64]
    nodes: NDArray[np.int64]
    length: float
    prize: float
    budget: float
    upper_bound: float


def budget_tree(
    graph: EdgeGraph,
    root: int | ArrayLike,
    prizes: ArrayLike,
    budget: float,
    *,
    seconds: float = 60.0,
    seed: int = 0,
    iterations: int | None = None,
) -> PrizeTree:
    """Return a tree from the root that collects as much as it can for at most ``budget``.

    Parameters
    ----------
    graph : EdgeGraph
    root : int or array of int
        The network that is there: its nodes count as connected with one another.
    prizes : array of float, shape (nodes,)
        What reaching each node is worth, for example people; zero or more.
    budget : float
        In the unit of the lengths.
    seconds : float
        Ends the improvement early; a result that the clock did not end is the same on every machine.
    seed : int
    iterations : int, optional
        How often a part is dropped and refilled; by default less often the larger the graph.

    Raises
    ------
    ValueError
        If there is no root or it is no node, prizes are not one per node, negative or not finite, or the
        budget is negative.
    """
    return frontier(graph, root, prizes, [budget], seconds=seconds, seed=seed, iterations=iterations)[0]


def frontier(
    graph: EdgeGraph,
    root: int | ArrayLike,
    prizes: ArrayLike,
    budgets: Sequence[float],
    *,
    seconds: float = 60.0,
    seed: int = 0,
    iterations: int | None = None,
) -> list[PrizeTree]:
    """Return a tree for each budget, in their order; a larger budget never collects less.

    Parameters and errors as in `budget_tree`; ``seconds`` are for all budgets together.
    """
    compile_kernels()
    return _frontier(graph, root, prizes, budgets, seconds, seed, iterations)


@cache
def compile_kernels() -> None:
    """Load the kernels, or compile and keep them, so that no clock runs meanwhile."""
    compile_tree_kernels()
    ring = np.arange(7, dtype=np.int32) % 6
    graph = EdgeGraph(6, ring[:-1], ring[1:], np.array([1.0, 1.5, 2.0, 2.5, 3.0, 3.5]))
    _frontier(graph, 0, np.array([0.0, 0.0, 3.0, 0.0, 2.0, 1.0]), [4.0], 60.0, 0, 1)


def _frontier(
    graph: EdgeGraph,
    root: int | ArrayLike,
    prizes: ArrayLike,
    budgets: Sequence[float],
    seconds: float,
    seed: int,
    iterations: int | None,
) -> list[PrizeTree]:
    if any(not budget >= 0 for budget in budgets):
        raise ValueError(f"a budget is negative: {min(budgets)}")
    problem = _prepare(graph, root, prizes)
    pool = _Pool(problem, np.random.default_rng(seed), time.monotonic() + seconds, max(budgets, default=0.0))
    if problem.graph.edges:
        pool.sweep()
        for budget in sorted(set(budgets)):
            pool.plan(budget * (1 + ROUNDING), iterations)
    return [pool.answer(graph, budget) for budget in budgets]


@dataclass(frozen=True, eq=False)
class _Problem:
    graph: EdgeGraph  # simplified: the island of the root, roots merged
    root: int
    prize: Floats
    whole: Reduced
    given: NDArray[np.int64]  # edges of the user's graph that `whole` speaks of
    roots: IntArray
    prizes: Floats  # of the user's graph

    @property
    def arcs(self) -> tuple[IntArray, IntArray, IntArray]:
        """Start, neighbour and edge of the adjacency."""
        adjacency = self.graph.adjacency
        return adjacency.start, adjacency.neighbour, adjacency.edge


def _prepare(graph: EdgeGraph, root: int | ArrayLike, prizes: ArrayLike) -> _Problem:
    roots = checked_terminals(graph, np.atleast_1d(np.asarray(root)))
    worth = np.array(prizes, dtype=np.float64)
    if roots.size == 0:
        raise ValueError("there is no root")
    if worth.shape != (graph.nodes,):
        raise ValueError(f"prizes must be one per node, {graph.nodes}, not {worth.shape}")
    if not (np.isfinite(worth) & (worth >= 0)).all():
        raise ValueError("a prize is negative or not finite")
    number = np.arange(graph.nodes, dtype=np.int32)
    number[roots] = roots[0]
    merged = EdgeGraph(graph.nodes, number[graph.tail], number[graph.head], graph.length)
    given = np.flatnonzero(merged.island[merged.tail] == merged.island[roots[0]])
    prize = worth.copy()
    prize[roots] = 0.0
    keep = prize > 0
    keep[roots[0]] = True
    whole = simplify(merged.keep(given), keep)
    at = np.flatnonzero(whole.kept == roots[0])
    return _Problem(
        whole.graph, int(at[0]) if at.size else -1, prize[whole.kept], whole, given, roots, worth
    )


@dataclass
class _Pool:
    """Trees of all ways and budgets; any of them may be the best for another budget."""

    problem: _Problem
    rng: np.random.Generator
    deadline: float
    most: float  # largest budget
    trees: list[tuple[float, float, BoolArray]] = field(default_factory=list)  # length, prize, edges
    bounds: list[tuple[float, float]] = field(default_factory=list)  # worth of one prize, lower bound

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.deadline

    def add(self, chosen: BoolArray) -> tuple[float, float, BoolArray]:
        """Keep a tree."""
        p = self.problem
        inside = touched(p.graph, np.flatnonzero(chosen))
        tree = float(p.graph.length[chosen].sum()), float(p.prize[inside].sum()), chosen.copy()
        self.trees.append(tree)
        return tree

    def best(self, budget: float) -> tuple[float, float, BoolArray]:
        """Return the tree with the most prizes within a budget, the shortest of equals."""
        none = (0.0, 0.0, np.zeros(self.problem.graph.edges, dtype=bool))
        within = [t for t in self.trees if t[0] <= budget]
        return max(within, key=lambda t: (t[1], -t[0]), default=none)

    def shorten(self, chosen: BoolArray, prize: Floats | None = None) -> BoolArray:
        """Return a tree no longer that reaches the same prizes."""
        p = self.problem
        terminal = touched(p.graph, np.flatnonzero(chosen)) & (p.prize > 0 if prize is None else prize > 0)
        terminal[p.root] = True
        tree = clean_tree(
            *p.arcs, p.graph.length, terminal, touched(p.graph, np.flatnonzero(chosen)) | terminal
        )
        improve_all(p.arcs[0], p.graph.adjacency.table, p.graph.length, terminal, tree)
        return tree

    def sweep(self) -> None:
        """Grow moats for many worths of a prize, bound the best for each."""
        p = self.problem
        prized = np.flatnonzero(p.prize > 0)
        if not prized.size:
            return
        start, neighbour, edge = p.arcs
        if prized.size <= FEW:
            self.enumerate(prized)
        far = arc_distances(start, neighbour, p.graph.length[edge], np.array([p.root], dtype=np.int32))
        rates = far[prized] / p.prize[prized]
        rates = rates[rates > 0]
        if not rates.size:
            rates = np.ones(1)
        number = int(np.clip(WORK // p.graph.edges, 10, WORTHS))
        worths = list(np.geomspace(0.02 * rates.min(), 2.0 * rates.max(), number))
        lengths = {worth: self._grow(worth) for worth in worths}
        for _ in range(number):  # where the trees differ most within the budgets
            known = sorted(lengths)
            steps = [
                (min(lengths[b], 1.2 * self.most) - lengths[a], a, b)
                for a, b in pairwise(known)
                if b / a > 1.001
            ]
            if self.late or not steps or max(steps)[0] <= 0:
                break
            _, low, high = max(steps)
            middle = float(np.sqrt(low * high))
            lengths[middle] = self._grow(middle)
        bound = _Bound(p)
        for worth in sorted(lengths):
            if self.bounds and self.late:
                break
            self.bounds.append((worth, bound.below(worth)))

    def enumerate(self, prized: NDArray[np.int64]) -> None:
        """Try every choice of a few prizes."""
        p = self.problem
        for members in range(1, 1 << prized.size):
            terminal = np.zeros(p.graph.nodes, dtype=bool)
            terminal[prized[[i for i in range(prized.size) if members >> i & 1]]] = True
            terminal[p.root] = True
            self.add(self.shorten(grow_tree(*p.arcs, p.graph.length, terminal, p.root), p.prize * terminal))

    def _grow(self, worth: float) -> float:
        p = self.problem
        prize = p.prize * worth
        forest = grow_moats(*p.arcs, p.graph.tail, p.graph.head, p.graph.length, prize, p.root)
        tree = prune_strongly(*p.arcs, p.graph.length, prize, forest, p.root)
        length = self.add(tree)[0]
        if tree.any() and length <= 1.3 * self.most and not self.late:
            self.add(self.shorten(tree))
        return length

    def plan(self, budget: float, iterations: int | None) -> None:
        """Try all ways at one budget."""
        p = self.problem
        for along in (True, False):
            tree = np.zeros(p.graph.edges, dtype=bool)
            fill_budget(*p.arcs, p.graph.length, p.prize, tree, p.root, budget, along)
            self.add(tree)
            self.polish(tree, budget)
        for number in range(NOISY):
            if self.late:
                break
            noisy = p.prize * self.rng.lognormal(0.0, 0.1 + 0.6 * number / NOISY, size=p.prize.size)
            tree = np.zeros(p.graph.edges, dtype=bool)
            fill_budget(*p.arcs, p.graph.length, noisy, tree, p.root, budget, number % 2 == 0)
            self.add(tree)
        above = sorted((t for t in self.trees if t[0] > budget), key=lambda t: t[0])[:4]
        below = sorted((t for t in self.trees if t[0] <= budget), key=lambda t: -t[1])[:4]
        for _, _, chosen in above + below:
            if self.late:
                return
            tree = chosen.copy()
            trim(*p.arcs, p.graph.length, p.prize, tree, p.root, budget)
            self.polish(tree, budget)
        if iterations is None:
            iterations = int(np.clip(REFILLS // p.graph.edges, 20, 200))
        for _ in range(iterations):
            if self.late:
                return
            self.refill(budget)

    def polish(self, chosen: BoolArray, budget: float, prize: Floats | None = None) -> None:
        """Shorten a tree and spend what that saves, until it saves nothing."""
        p = self.problem
        for _ in range(4):
            tree = self.shorten(chosen)
            rates = p.prize if prize is None else prize
            fill_budget(*p.arcs, p.graph.length, rates, tree, p.root, budget, True)
            self.add(tree)
            if np.array_equal(tree, chosen):
                break
            chosen, prize = tree, None

    def refill(self, budget: float) -> None:
        """Drop some neighbouring prizes of the best tree and spend the budget anew."""
        p = self.problem
        _, _, chosen = self.best(budget)
        inside = touched(p.graph, np.flatnonzero(chosen))
        reached = np.flatnonzero(inside & (p.prize > 0))
        if reached.size == 0:
            return
        start, neighbour, edge = p.arcs
        centre = np.array([self.rng.choice(reached)], dtype=np.int32)
        away = arc_distances(start, neighbour, p.graph.length[edge], centre)[reached]
        dropped = int(self.rng.integers(1, min(30, max(4, reached.size // 2)) + 1))
        wanted = p.prize.copy()
        wanted[reached[np.argsort(away, kind="stable")[:dropped]]] = 0.0
        tree = self.shorten(chosen, wanted)
        noisy = p.prize * self.rng.uniform(0.5, 1.5, size=p.prize.size)
        self.polish(tree, budget, noisy)
        self.thin(budget)

    def thin(self, budget: float) -> None:
        """Forget trees that one within the budget beats, so that their number stays small."""
        if len(self.trees) > 200:
            kept: list[tuple[float, float, BoolArray]] = []
            for tree in sorted(self.trees, key=lambda t: (t[0], -t[1])):
                if not kept or tree[1] > kept[-1][1]:
                    kept.append(tree)
            self.trees = kept

    def answer(self, graph: EdgeGraph, budget: float) -> PrizeTree:
        """Return the best tree of a budget in the user's graph."""
        p = self.problem
        length, _, chosen = self.best(budget * (1 + ROUNDING))
        edges = np.zeros(0, dtype=np.int64)
        if chosen.any():
            edges = p.given[p.whole.original(np.flatnonzero(chosen))]
        inside = touched(graph, edges)
        inside[p.roots] = True
        nodes = np.flatnonzero(inside & (p.prizes > 0))
        prize = float(p.prizes[nodes].sum())
        base = float(p.prizes[p.roots].sum())
        total = float(p.prize.sum())
        most = min([total, *(total - (low - budget) / worth for worth, low in self.bounds)])
        length = float(graph.length[edges].sum())
        return PrizeTree(edges, nodes, length, prize, budget, max(prize, base + most))


class _Bound:
    """Lower bounds of length plus worth of what is missed: a Steiner problem where missing has its price.

    Each prize becomes a terminal behind its node, which the root also reaches by an arc at the worth of the
    prize (Ljubić et al., Math. Programming 105 (2006) 427-449): dual ascent bounds that problem.
    """

    def __init__(self, problem: _Problem) -> None:
        graph = problem.graph
        prized = np.flatnonzero(problem.prize > 0).astype(np.int32)
        prized = prized[prized != problem.root]
        behind = np.arange(graph.nodes, graph.nodes + prized.size, dtype=np.int32)
        nowhere = np.zeros(prized.size)
        self.wide = EdgeGraph(
            graph.nodes + prized.size,
            np.concatenate([graph.tail, prized, np.full(prized.size, problem.root, dtype=np.int32)]),
            np.concatenate([graph.head, behind, behind]),
            np.concatenate([graph.length, nowhere, nowhere]),
        )
        adjacency = self.wide.adjacency
        into = np.repeat(np.arange(self.wide.nodes), np.diff(adjacency.start))
        new = adjacency.edge >= graph.edges
        self.cost = self.wide.length[adjacency.edge]
        self.cost[new & (into < graph.nodes)] = np.inf
        self.missing = np.flatnonzero(adjacency.edge >= graph.edges + prized.size)
        self.missing = self.missing[into[self.missing] >= graph.nodes]
        self.prize = problem.prize[prized[into[self.missing] - graph.nodes]]
        self.terminal = np.zeros(self.wide.nodes, dtype=bool)
        self.terminal[behind] = True
        self.root = problem.root

    def below(self, worth: float) -> float:
        """Return a lower bound for one worth of a prize."""
        adjacency = self.wide.adjacency
        cost = self.cost.copy()
        cost[self.missing] = worth * self.prize
        bound, _ = dual_ascent(
            adjacency.start, adjacency.neighbour, adjacency.twin, cost, self.terminal, self.root, PATIENCE
        )
        return float(bound) * (1 - ROUNDING)
