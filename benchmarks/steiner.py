"""Steiner trees: instances with known optima, a large road graph beside networkx, budgets.

    python benchmarks/steiner.py DIR [--seconds 60]   # all .gr files, optima.csv if there is one
    python benchmarks/steiner.py --roads 200000 --terminals 1000 [--kou]
    python benchmarks/steiner.py --budget 20000 --terminals 300

Instances are in the format of the PACE 2018 challenge (DIMACS 'SteinLib' sections: ``Nodes n``, ``E u v w``,
``T t``, 1-based); lengths of zero and parallel edges may occur. ``optima.csv`` has the columns ``file``,
``upper`` (best known) and, for the classes, ``origin``. Without it the gap is the certified one only.
"""

from __future__ import annotations

import argparse
import csv
import resource
import time
from pathlib import Path

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import Delaunay

from phusong.coverage.plan.edge_graph import EdgeGraph
from phusong.coverage.plan.prize import compile_kernels, frontier
from phusong.coverage.plan.prize_kernel import fill_budget, grow_moats, prune_strongly
from phusong.coverage.plan.steiner import quick_tree, steiner_tree, validate_tree


def read(path: Path) -> tuple[EdgeGraph, NDArray[np.int64]]:
    """Return the graph and the terminals of an instance; words are read in any case."""
    nodes = 0
    edges: list[tuple[int, int, float]] = []
    terminals: list[int] = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split()
            match words[0].lower() if words else "":
                case "nodes":
                    nodes = int(words[1])
                case "e" | "a":
                    edges.append((int(words[1]) - 1, int(words[2]) - 1, float(words[3])))
                case "t":
                    terminals.append(int(words[1]) - 1)
    tail, head, length = zip(*edges, strict=True)
    return EdgeGraph(nodes, np.array(tail), np.array(head), np.array(length)), np.array(terminals)


def measure_folder(folder: Path, seconds: float, seed: int) -> None:
    """Print every instance, and mean and largest gap per class."""
    optima: dict[str, dict[str, str]] = {}
    if (folder / "optima.csv").is_file():
        with (folder / "optima.csv").open(encoding="utf-8") as file:
            optima = {row["file"]: row for row in csv.DictReader(file)}
    print(f"{'instance':28}{'class':24}{'nodes':>8}{'edges':>8}{'term.':>7}{'length':>15}"
          f"{'above best %':>14}{'certified %':>13}{'seconds':>9}")  # fmt: skip
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for path in sorted(folder.glob("*.gr")):
        graph, terminals = read(path)
        start = time.perf_counter()
        tree = steiner_tree(graph, terminals, seconds=seconds, seed=seed)
        took = time.perf_counter() - start
        validate_tree(graph, terminals, tree.edges)
        known = optima.get(path.name, {})
        best = float(known["upper"]) if known.get("upper") else np.nan
        above = 100 * (tree.length / best - 1)
        origin = known.get("origin", "-").rsplit("/", 1)[0]
        rows.setdefault(origin, []).append((above, 100 * tree.gap, took))
        print(f"{path.name:28}{origin[-22:]:24}{graph.nodes:8d}{graph.edges:8d}{terminals.size:7d}"
              f"{tree.length:15.10g}{above:14.4f}{100 * tree.gap:13.4f}{took:9.2f}", flush=True)  # fmt: skip
    print(f"\n{'class':40}{'number':>8}{'mean %':>9}{'max %':>9}{'certified max %':>17}{'max s':>8}")
    for origin, found in sorted(rows.items()):
        above, certified, took = (np.array(column) for column in zip(*found, strict=True))
        print(f"{origin:40}{len(found):8d}{above.mean():9.4f}{above.max():9.4f}"
              f"{certified.max():17.4f}{took.max():8.2f}")  # fmt: skip


def roads(nodes: int, terminals: int, seed: int = 1) -> tuple[EdgeGraph, NDArray[np.int64]]:
    """Random towns, a thinned Delaunay graph of winding roads (about 1.34 per town), connected."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 900 * nodes**0.5, (nodes, 2))
    corners = Delaunay(place).simplices
    sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    pairs = np.unique(np.sort(sides), axis=0).astype(np.int64)
    length = np.hypot(*(place[pairs[:, 0]] - place[pairs[:, 1]]).T) * rng.uniform(1, 1.4, len(pairs))
    tree = csgraph.minimum_spanning_tree(
        sparse.csr_array((length, (pairs[:, 0], pairs[:, 1])), shape=(nodes, nodes))
    ).tocoo()
    keep = np.isin(pairs[:, 0] * nodes + pairs[:, 1], tree.row.astype(np.int64) * nodes + tree.col)
    keep |= rng.random(len(pairs)) < 0.17
    graph = EdgeGraph(nodes, pairs[keep, 0], pairs[keep, 1], length[keep])
    return graph, rng.choice(nodes, terminals, replace=False)


def measure_roads(nodes: int, terminals: int, seconds: float, kou: bool) -> None:
    """Print a large road graph beside networkx."""
    graph, ends = roads(nodes, terminals)
    print(f"{nodes} nodes, {graph.edges} edges, {terminals} terminals")
    print(f"{'':34}{'km':>12}{'certified %':>13}{'seconds':>9}{'peak MB':>9}")
    start = time.perf_counter()
    edges = quick_tree(graph, ends)
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kilometres = validate_tree(graph, ends, edges) / 1000
    print(f"{'phusong, shortest paths only':34}{kilometres:12.1f}{'-':>13}{took:9.2f}{peak:9.0f}", flush=True)
    for name, given in (("phusong, local search only", 0), ("phusong", None)):
        start = time.perf_counter()
        tree = steiner_tree(graph, ends, seconds=seconds if given is None else 0.0, iterations=given)
        took = time.perf_counter() - start
        validate_tree(graph, ends, tree.edges)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name:34}{tree.length / 1000:12.1f}{100 * tree.gap:13.3f}{took:9.2f}{peak:9.0f}", flush=True)
    plain = nx.Graph(graph.to_networkx())
    for method in ("mehlhorn", "kou") if kou else ("mehlhorn",):
        start = time.perf_counter()
        theirs = nx.algorithms.approximation.steiner_tree(plain, ends.tolist(), "length", method=method)
        took = time.perf_counter() - start
        length = theirs.size(weight="length")
        print(f"{'networkx, ' + method:34}{length / 1000:12.1f}{'-':>13}{took:9.2f}", flush=True)


def measure_budgets(nodes: int, prized: int, seconds: float) -> None:
    """Print the share of people reached at budgets beside the greedy path and the sweep of moats."""
    graph, ends = roads(nodes, prized + 1)
    root = int(ends[0])
    prizes = np.zeros(graph.nodes)
    prizes[ends[1:]] = np.random.default_rng(3).lognormal(5, 1, prized).round()
    whole = steiner_tree(graph, ends, seconds=seconds, iterations=100).length
    shares = (0.03, 0.1, 0.3, 0.5, 0.7, 0.9)
    start = time.perf_counter()
    trees = frontier(graph, root, prizes, [share * whole for share in shares], seconds=seconds)
    took = time.perf_counter() - start
    adjacency = graph.adjacency
    arcs = (adjacency.start, adjacency.neighbour, adjacency.edge)
    total = prizes.sum()

    def people(chosen: NDArray[np.bool_]) -> float:
        inside = np.zeros(graph.nodes, dtype=bool)
        inside[graph.tail[chosen]] = inside[graph.head[chosen]] = True
        return float(prizes[inside].sum() / total)

    moats = []
    for worth in np.geomspace(1, 1e5, 100):
        forest = grow_moats(*arcs, graph.tail, graph.head, graph.length, prizes * worth, root)
        tree = prune_strongly(*arcs, graph.length, prizes * worth, forest, root)
        moats.append((float(graph.length[tree].sum()), people(tree)))
    print(f"{nodes} nodes, {prized} places with people; {took:.1f} s for all budgets")
    print(f"{'km':>10}{'phusong':>10}{'greedy':>10}{'moats':>10}{'bound':>10}")
    for tree in trees:
        chosen = np.zeros(graph.edges, dtype=bool)
        fill_budget(*arcs, graph.length, prizes, chosen, root, tree.budget, False)
        best = max((share for length, share in moats if length <= tree.budget), default=0.0)
        print(f"{tree.budget / 1000:10.1f}{tree.prize / total:10.4f}{people(chosen):10.4f}{best:10.4f}"
              f"{tree.upper_bound / total:10.4f}")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--roads", type=int, default=0)
    parser.add_argument("--budget", type=int, default=0)
    parser.add_argument("--terminals", type=int, default=1000)
    parser.add_argument("--kou", action="store_true", help="networkx's kou too: hours on a large graph")
    options = parser.parse_args()
    start = time.perf_counter()
    compile_kernels()
    print(f"kernels loaded or compiled in {time.perf_counter() - start:.1f} s\n")
    if options.folder:
        measure_folder(options.folder, options.seconds, options.seed)
    if options.roads:
        measure_roads(options.roads, options.terminals, options.seconds, options.kou)
    if options.budget:
        measure_budgets(options.budget, options.terminals, options.seconds)


if __name__ == "__main__":
    main()
