"""Reach along roads: a made-up road graph beside networkx, and a province if one is given.

    python benchmarks/fibre_reach.py [--nodes 200000] [--sources 500] [--project PROJECT]

Seconds are of the wall and of the processor: the second is what counts on a shared machine.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from phusong.coverage.fibre.line_graph import LineGraph
from phusong.coverage.fibre.road_reach import multi_source


def timed(label: str, work: Callable[[], Any], times: int = 1, budget: str = "") -> Any:
    """Run something, print its best time, and return what it gave."""
    best: tuple[float, float] = (np.inf, np.inf)
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        found = work()
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    print(f"{label:58}{best[0]:9.3f} s{best[1]:9.3f} s  {budget}", flush=True)
    return found


def made_up_roads(nodes: int, seed: int = 1) -> LineGraph:
    """Return a crooked lattice with three fifths of its streets and a spanning tree of them all."""
    rng = np.random.default_rng(seed)
    side = int(np.sqrt(nodes))
    at = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2) * 100.0
    at = at + rng.uniform(-30.0, 30.0, at.shape)
    here = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([here[:, :-1].ravel(), here[:-1].ravel()])
    head = np.concatenate([here[:, 1:].ravel(), here[1:].ravel()])
    kept = rng.random(len(tail)) < 0.6
    kept[: side * (side - 1)][:: side - 1] = True
    return LineGraph.empty().add_nodes(at).add_straight(tail[kept], head[kept])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nodes", type=int, default=200_000)
    parser.add_argument("--sources", type=int, default=500)
    parser.add_argument("--project", type=Path, help="also assess the fibre of this project")
    options = parser.parse_args()
    graph = made_up_roads(options.nodes)
    source = np.random.default_rng(2).choice(graph.nodes, options.sources, replace=False)
    print(f"{graph.nodes} nodes, {graph.edges} edges, {options.sources} sources{'':23}{'wall':>6}{'cpu':>11}")
    matrix = timed("sparse matrix", graph.csr)
    short, _ = timed(
        "multi-source, 3 km", lambda: multi_source(matrix, source, limit_m=3000.0), 3, "budget 0.3 s"
    )
    full, _ = timed("multi-source, no limit", lambda: multi_source(matrix, source), 3, "budget 0.3 s")
    simple = nx.from_scipy_sparse_array(matrix)
    roots = set(source.tolist())

    def by_networkx(limit: float | None) -> dict[int, float]:
        return nx.multi_source_dijkstra_path_length(simple, roots, cutoff=limit, weight="weight")

    theirs = timed("networkx, 3 km", lambda: by_networkx(3000.0))
    everything = timed("networkx, no limit", lambda: by_networkx(None))
    reached = np.flatnonzero(np.isfinite(short))
    assert set(reached.tolist()) == set(theirs)
    assert np.allclose(short[reached], [theirs[n] for n in reached.tolist()])
    assert np.allclose(full[list(everything)], list(everything.values()))
    print(f"{'equal to networkx at every node':58}{np.isfinite(full).sum():9d}")
    if options.project:
        province(options.project)
    print(f"{'peak memory':58}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:9.0f} MB")


def province(path: Path) -> None:
    """Assess the fibre of a project: reach, service areas, redundancy, backbone, optics."""
    from phusong.coverage.fibre.assessment import assess_fibre, lay_out
    from phusong.coverage.zonal import share_communes
    from phusong.layers.project.file import read_project
    from phusong.layers.project.schema import FibreService
    from phusong.layers.read import read_layers

    project = read_project(path)
    layers = read_layers(project)
    shares = share_communes(
        layers.communes, layers.population.people, overlaps=layers.topology.overlaps,
        holes=layers.topology.holes,
    )  # fmt: skip
    service = FibreService(model="route-distance", reach="roads", reach_m=3000.0)
    places = sum(map(len, layers.places.values()))
    print(f"\n{project.province.name}: {len(layers.roads)} roads, {places} places")
    timed("roads and fibre as graphs", lambda: lay_out(layers, "fibre", service), 2)
    found = timed(
        "reach, service areas, redundancy, backbone, optics",
        lambda: assess_fibre(layers, shares, "fibre", service), 2, "budget 10 s",
    )  # fmt: skip
    for operator, weak in found.redundancy.items():
        passed = found.passed[found.passed["operator"] == operator]["people_passed"].sum()
        area = found.areas[found.areas["operator"] == operator].area.sum() / 1e6
        print(
            f"  {operator:10} {passed:12.0f} people passed {area:8.0f} km2 {len(weak.spans):5d} spans with "
            f"somebody behind {weak.people_on_one_span:10.0f} people on one span"
        )


if __name__ == "__main__":
    main()
