"""Shortest trees that connect given nodes of a graph (Steiner trees), with a proof of how short they are.

`steiner_tree` makes the problem smaller without losing its optimum, grows trees and improves them by local
search, and bounds the optimum from below by dual ascent; the bound proves more of the graph superfluous, and
so on in rounds. All follows from the seed and from numbers of iterations; the clock only ends it early.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phusong.coverage.plan.edge_graph import (
    BoolArray,
    EdgeGraph,
    Floats,
    IntArray,
    checked_terminals,
)
from phusong.coverage.plan.steiner_dual import PATIENCE, dual_ascent, superfluous
from phusong.coverage.plan.steiner_local import improve_all
from phusong.coverage.plan.steiner_paths import arc_distances, clean_tree, grow_tree
from phusong.coverage.plan.steiner_reduce import Reduced, reduce_problem
from phusong.coverage.plan.steiner_search import search

ROUNDS = 6
"""Rounds of trees, bounds and reductions at most."""

ROUNDING = 1e-9
"""Share of a length that sums of floating-point numbers may be wrong by, taken off every bound."""

WORK = 2_000_000
"""Nodes that all disturbances together may look at, about; sets their number where none is given."""

LARGE = 50_000
"""Graphs with more edges get one tree from shortest paths and one from the cuts, not one per root."""

CHUNK = 25
"""Disturbances between two looks at the clock."""


@dataclass(frozen=True, eq=False)
class SteinerTree:
    """A tree that connects all terminals, and what is known about shorter ones.

    Attributes
    ----------
    edges : array of int64
        Edges of the graph that make the tree, rising.
    length : float
        Sum of their lengths.
    lower_bound : float
        No tree that connects the terminals is shorter.
    gap : float
        ``(length - lower_bound) / lower_bound``: the tree is at most this share above the shortest; zero if
        it is certainly shortest, infinite if nothing is known.
    """

    edges: NDArray[np.int64]
    length: float
    lower_bound: float
    gap: float


@dataclass
class _Run:
    graph: EdgeGraph
    terminal: BoolArray
    target_gap: float
    deadline: float
    rng: np.random.Generator
    dice: NDArray[np.uint64]
    edges: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    length: float = np.inf
    bound: float = 0.0

    def offer(self, level: Reduced, chosen: BoolArray) -> None:
        """Keep a tree of a smaller problem if it is the shortest so far."""
        length = level.fixed_length + float(level.graph.length[chosen].sum())
        if length < self.length * (1 + ROUNDING):
            edges = tidy(self.graph, self.terminal, level.original(np.flatnonzero(chosen)))
            length = float(self.graph.length[edges].sum())
            if length < self.length:
                self.edges, self.length = edges, length

    @property
    def gap(self) -> float:
        """Share by which the length may lie above the shortest."""
        if self.length <= self.bound:
            return 0.0
        return self.length / self.bound - 1 if self.bound > 0 else np.inf

    @property
    def ended(self) -> bool:
        """Whether the tree is good enough or the time is over."""
        return self.gap <= self.target_gap or time.monotonic() > self.deadline


def steiner_tree(
    graph: EdgeGraph,
    terminals: ArrayLike,
    *,
    seconds: float = 60.0,
    seed: int = 0,
    target_gap: float = 1e-4,
    iterations: int | None = None,
) -> SteinerTree:
    """Return a tree of the graph's edges that connects the terminals, near the shortest, with a lower bound.

    Parameters
    ----------
    graph : EdgeGraph
    terminals : array of int
        Nodes to connect.
    seconds : float
        Ends the search early; a result that the clock did not end is the same on every machine.
    seed : int
    target_gap : float
        The search also ends once the tree is certainly no more than this share above the shortest.
    iterations : int, optional
        Disturbances of the local search per round; by default fewer the larger the graph. 0: no search.

    Raises
    ------
    ValueError
        If a terminal is no node, or terminals lie on islands that no edge connects.
    """
    ends = checked_terminals(graph, terminals)
    islands, sizes = np.unique(graph.island[ends], return_counts=True)
    if islands.size > 1:
        raise ValueError(
            f"{ends.size - int(sizes.max())} of {ends.size} terminals are on islands that no edge connects"
        )
    terminal = np.zeros(graph.nodes, dtype=bool)
    terminal[ends] = True
    compile_kernels()
    rng = np.random.default_rng(seed)
    dice = rng.integers(1, 2**63, size=1, dtype=np.uint64)
    run = _Run(graph, terminal, target_gap, time.monotonic() + seconds, rng, dice)
    _solve(run, ends, iterations)
    validate_tree(graph, ends, run.edges)
    return SteinerTree(run.edges, run.length, min(run.bound, run.length), run.gap)


def quick_tree(graph: EdgeGraph, terminals: ArrayLike) -> NDArray[np.int64]:
    """Return the edges of a tree by the shortest-path heuristic alone: fractions of a second, no bound.

    H. Takahashi and A. Matsuyama, 'An approximate solution for the Steiner problem in graphs' (1980), from
    the first terminal; then the shortest tree over its nodes.

    Raises
    ------
    ValueError
        As `steiner_tree`.
    """
    ends = checked_terminals(graph, terminals)
    terminal = np.zeros(graph.nodes, dtype=bool)
    terminal[ends] = True
    edges = tidy(graph, terminal, np.flatnonzero(_grow_in(graph, terminal, graph.length, int(ends[0]))))
    validate_tree(graph, ends, edges)
    return edges


@cache
def compile_kernels() -> None:
    """Load the kernels, or compile and keep them, so that no clock runs meanwhile."""
    tail, head = np.array([0, 1, 2, 3, 0, 1, 2, 3, 1]), np.array([1, 2, 3, 0, 4, 4, 4, 4, 3])
    graph = EdgeGraph(5, tail, head, np.array([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8]))
    terminal = np.array([True, False, True, False, False])
    start = graph.adjacency.start
    reduce_problem(graph, terminal)
    tree = _grow_in(graph, terminal, graph.length, 0)
    improve_all(start, graph.adjacency.table, graph.length, terminal, tree)
    search(start, graph.adjacency.table, graph.length, terminal, tree, np.ones(1, dtype=np.uint64), 1)
    _, left = raise_cuts(graph, terminal, 0)
    reached = arc_distances(start, graph.adjacency.neighbour, left, np.zeros(1, dtype=np.int32))
    superfluous(*graph.adjacency, left, reached, reached, 1.0, graph.edges)


def _solve(run: _Run, ends: IntArray, iterations: int | None) -> None:
    if ends.size < 2:
        run.length = 0.0
        return
    here = run.graph.island == run.graph.island[ends[0]]
    level = reduce_problem(run.graph.keep(here[run.graph.tail]), run.terminal & here)
    kept = np.flatnonzero(here[run.graph.tail])
    run.graph, whole = run.graph.keep(kept), run.graph
    for number in range(ROUNDS):
        if level.terminal.sum() < 2:  # what is left holds all trees as short as the best so far
            run.offer(level, np.zeros(level.graph.edges, dtype=bool))
            run.bound = run.length
            break
        more = _round(run, level, number, iterations)
        if run.ended or more is None:
            break
        level = more
    run.graph, run.edges = whole, kept[run.edges]


def _round(run: _Run, level: Reduced, number: int, iterations: int | None) -> Reduced | None:
    """Look for shorter trees and a higher bound; return what is left of ``level``, None if that is all."""
    graph, terminal = level.graph, level.terminal
    adjacency = graph.adjacency
    arc = adjacency.table
    ends = np.flatnonzero(terminal)
    tries = int(np.clip(100_000 // graph.edges, 2, 12))
    roots = run.rng.choice(ends, size=min(tries, ends.size), replace=False)
    if number == 0:
        trees = [_grow(level, graph.length, int(root)) for root in roots]
    else:
        known = level.standing_for(run.edges)
        trees = [_grow(level, np.where(known, 1e-3 * graph.length, graph.length), int(roots[0]))]
    best = min(trees, key=lambda tree: float(graph.length[tree].sum()))
    improve_all(adjacency.start, arc, graph.length, terminal, best)
    run.offer(level, best)
    useless = np.zeros(graph.edges, dtype=bool)
    lefts: list[tuple[float, Floats, int]] = []
    for root in roots:
        if lefts and run.ended:
            break
        first = number == 0 and not lefts
        bound, left = raise_cuts(graph, terminal, int(root))
        lefts.append((bound, left, int(root)))
        run.bound = max(run.bound, (level.fixed_length + bound) * (1 - ROUNDING))
        open_arcs = (left <= 0) | (left[adjacency.twin] <= 0)
        weight = np.full(graph.edges, np.inf)
        weight[adjacency.edge[open_arcs]] = graph.length[adjacency.edge[open_arcs]]
        if graph.edges > LARGE and not first:
            continue
        tree = _grow(level, weight, int(root))
        improve_all(adjacency.start, arc, graph.length, terminal, tree)
        run.offer(level, tree)
        if graph.length[tree].sum() < graph.length[best].sum():
            best = tree
    if iterations is None:
        iterations = int(np.clip(WORK // graph.nodes, 20, 5000))
    done = iterations if number == 0 else 0  # the first bounds make the problem much smaller
    while done < iterations and not run.ended:
        search(adjacency.start, arc, graph.length, terminal, best, run.dice, min(CHUNK, iterations - done))
        run.offer(level, best)
        done += CHUNK
    for bound, left, root in lefts:
        room = run.length * (1 + ROUNDING) - level.fixed_length - bound
        from_root = arc_distances(
            adjacency.start, adjacency.neighbour, left[adjacency.twin], np.array([root], dtype=np.int32)
        )
        others = ends[ends != root].astype(np.int32)
        onward = arc_distances(adjacency.start, adjacency.neighbour, left, others)
        useless |= superfluous(*adjacency, left, from_root, onward, room, graph.edges)
    if useless.sum() < 0.02 * graph.edges:
        return level if number == 0 else None
    keep = np.flatnonzero(~useless)
    smaller = reduce_problem(graph.keep(keep), terminal, above=level, selected=keep)
    return smaller


def raise_cuts(graph: EdgeGraph, terminal: BoolArray, root: int) -> tuple[float, Floats]:
    """Return a lower bound by dual ascent from ``root``, and what is left of the length of each arc."""
    adjacency = graph.adjacency
    cost = graph.length[adjacency.edge]
    return dual_ascent(
        adjacency.start, adjacency.neighbour, adjacency.twin, cost, terminal, root, PATIENCE
    )


def _grow(level: Reduced, weight: Floats, root: int) -> BoolArray:
    return _grow_in(level.graph, level.terminal, weight, root)


def _grow_in(graph: EdgeGraph, terminal: BoolArray, weight: Floats, root: int) -> BoolArray:
    adjacency = graph.adjacency
    arcs = (adjacency.start, adjacency.neighbour, adjacency.edge)
    tree = grow_tree(*arcs, weight, terminal, root)
    return clean_tree(*arcs, graph.length, terminal, touched(graph, np.flatnonzero(tree)))


def touched(graph: EdgeGraph, edges: NDArray[np.integer]) -> BoolArray:
    """Return which nodes are ends of some of the edges."""
    inside = np.zeros(graph.nodes, dtype=bool)
    inside[graph.tail[edges]] = inside[graph.head[edges]] = True
    return inside


def tidy(graph: EdgeGraph, terminal: BoolArray, edges: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the shortest tree over the nodes of some edges, without ends that are no terminal."""
    adjacency = graph.adjacency
    inside = touched(graph, edges) | terminal
    chosen = clean_tree(
        adjacency.start, adjacency.neighbour, adjacency.edge, graph.length, terminal, inside
    )
    return np.flatnonzero(chosen)


def validate_tree(graph: EdgeGraph, terminals: ArrayLike, edges: ArrayLike) -> float:
    """Return the length of a tree, summed anew from its edges.

    Raises
    ------
    ValueError
        If an edge is no edge of the graph or stands twice, the edges hold a circle, are not connected, or do
        not reach a terminal.
    """
    ends = checked_terminals(graph, terminals)
    chosen = np.asarray(edges, dtype=np.int64)
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < graph.edges):
        raise ValueError("the tree has edges that the graph has not")
    if np.unique(chosen).size != chosen.size:
        raise ValueError("an edge is in the tree twice")
    tree = graph.keep(chosen)
    nodes = np.unique(np.concatenate([tree.tail, tree.head, ends]))
    parts = np.unique(tree.island[nodes]).size
    missing = int((~np.isin(ends, np.concatenate([tree.tail, tree.head]))).sum()) if ends.size > 1 else 0
    if missing:
        raise ValueError(f"{missing} of {ends.size} terminals are not in the tree")
    if parts > 1:
        raise ValueError(f"the tree is in {parts} pieces")
    if nodes.size and chosen.size != nodes.size - 1:
        raise ValueError("the edges hold a circle")
    return float(tree.length.sum())
