"""Maximal covering: instances with known best values, and one of national size.

    python benchmarks/mclp.py DIR [--seconds 30] [--exact 60] [--only Bronx_50]
    python benchmarks/mclp.py --large

DIR holds `CITY.txt` (coordinates in degrees and demand of every point; each is a candidate too) and
`CITY_P_R.txt` (`f:` the best value known for P sites of radius R metres, great-circle on a sphere of
6 378 100 m). The table has our value, how far it is below the best known, the certificate (how much better
than ours any plan can be), and seconds on one core; with `--exact` HiGHS goes on from our plan for so many
seconds.

`--large` makes 20,000 candidates x 1,000,000 cells, some 110 cells each, with costs and a budget.
"""

from __future__ import annotations

import argparse
import re
import resource
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from phusong.coverage.plan.cover import best_of_count, best_under_budget, compile_kernels
from phusong.coverage.plan.cover_exact import SolverMissingError, solver
from phusong.coverage.plan.cover_problem import CoverProblem, cover_problem
from phusong.coverage.plan.cover_search import CoverEffort

RADIUS_M = 6_378_100.0
STEPS_A_SECOND = 5_000_000
"""More than any machine does, so that the seconds decide."""


def city(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitudes and longitudes in degrees, ``(points, 2)``, and demand, ``(points,)``."""
    lines = path.read_text(encoding="utf-8").splitlines()
    count = next(int(line.split(":")[1]) for line in lines if line.startswith("DIMENSION"))

    def section(word: str) -> list[list[float]]:
        at = next(k for k, line in enumerate(lines) if line.startswith(word))
        return [[float(v) for v in line.split()] for line in lines[at + 1 : at + 1 + count]]

    return np.array(section("NODE_COORD"))[:, -2:], np.array(section("DEMAND"))[:, -1]


def problem_of(points: NDArray[np.float64], demand: NDArray[np.float64], radius_m: float) -> CoverProblem:
    """Every point within ``radius_m`` of a candidate on the great circle is covered."""
    lat, lon = np.radians(points).T
    xyz = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    near = cKDTree(xyz).query_ball_point(xyz, 2.0 * np.sin(radius_m / RADIUS_M / 2.0), return_sorted=True)
    sizes = [len(cells) for cells in near]
    return cover_problem(np.concatenate([[0], np.cumsum(sizes)]), np.concatenate(near), demand)


def instances(folder: Path, only: str) -> list[tuple[str, Path, int, float, float]]:
    """Name, city file, sites, radius and best known value of every instance."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        match = re.fullmatch(r"(.+)_(\d+)_(\d+(?:\.\d+)?)", path.stem)
        if match and only in path.stem:
            head = path.read_text(encoding="utf-8").splitlines()[0]
            file, best = folder / f"{match[1]}.txt", float(head.split(":")[1])
            found.append((path.stem, file, int(match[2]), float(match[3]), best))
    return found


def known(folder: Path, seconds: float, exact_seconds: float, only: str) -> None:
    print(
        f"{'instance':24} {'points':>7} {'ours':>11} {'best known':>11} {'below %':>8} {'bound':>13}"
        f" {'certificate %':>13} {'proven':>6} {'seconds':>8}"
    )
    below, gaps = [], []
    for name, file, count, radius_m, best in instances(folder, only):
        problem = problem_of(*city(file), radius_m)
        start = time.perf_counter()
        effort = CoverEffort(int(seconds * STEPS_A_SECOND), 4000, seconds)
        plan = best_of_count(problem, count, effort=effort)
        spent = time.perf_counter() - start
        below.append(100.0 * (1.0 - plan.weight / best))
        gaps.append(100.0 * plan.gap)
        print(
            f"{name:24} {problem.cell_count:7,} {plan.weight:11,.0f} {best:11,.0f} {below[-1]:8.3f}"
            f" {plan.bound:13,.1f} {gaps[-1]:13.3f} {plan.proven!s:>6} {spent:8.1f}",
            flush=True,
        )
        if exact_seconds:
            start = time.perf_counter()
            short = CoverEffort(2_000_000, 2000, exact_seconds)
            plan = best_of_count(problem, count, effort=short, exact=True)
            print(
                f"{'  with HiGHS':24} {'':7} {plan.weight:11,.0f} {best:11,.0f}"
                f" {100.0 * (1.0 - plan.weight / best):8.3f} {plan.bound:13,.1f} {100.0 * plan.gap:13.3f}"
                f" {plan.proven!s:>6} {time.perf_counter() - start:8.1f}",
                flush=True,
            )
    if below:
        print(f"mean {np.mean(below):.3f} % below the best known; certificate mean {np.mean(gaps):.3f} %, "
              f"largest {np.max(gaps):.3f} %")


def large_problem(candidates: int = 20_000, side: int = 1000) -> CoverProblem:
    """Discs of some 110 cells on a square of cells with clustered people, costs of 1 to 3."""
    rng = np.random.default_rng(7)
    towns = rng.uniform(0.0, side, (400, 2))
    size = rng.pareto(1.5, 400) + 0.2
    people = rng.gamma(0.3, 3.0, (side, side))
    rows, cols = np.mgrid[0:side, 0:side]
    for (r, c), s in zip(towns, size, strict=True):
        a, b = max(int(r) - 40, 0), max(int(c) - 40, 0)
        window = np.s_[a : int(r) + 41, b : int(c) + 41]
        people[window] += 60.0 * s * np.exp(-((rows[window] - r) ** 2 + (cols[window] - c) ** 2) / 150.0)
    at = np.vstack([
        towns[rng.integers(0, 400, candidates // 2)] + rng.normal(0.0, 20.0, (candidates // 2, 2)),
        rng.uniform(0.0, side, (candidates - candidates // 2, 2)),
    ]).clip(0, side - 1)
    start, cells = [0], []
    step = np.arange(-9, 10)
    for (r, c), reach in zip(at, rng.uniform(4.0, 7.6, candidates), strict=True):
        y, x = np.meshgrid(step + int(r), step + int(c), indexing="ij")
        inside = (y - r) ** 2 + (x - c) ** 2 <= reach**2
        inside &= (y >= 0) & (y < side) & (x >= 0) & (x < side)
        cells.append((y * side + x)[inside])
        start.append(start[-1] + cells[-1].size)
    costs = rng.uniform(1.0, 3.0, candidates).round(2)
    return cover_problem(np.array(start), np.concatenate(cells), people.ravel(), costs=costs)


def large(exact_seconds: float) -> None:
    problem = large_problem()
    budget = 900.0
    pairs = problem.cells.size / problem.candidate_count
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{problem.candidate_count:,} candidates x {problem.cell_count:,} cells, {pairs:.0f} cells each, "
          f"budget {budget:g}")
    start, cpu = time.perf_counter(), time.process_time()
    plan = best_under_budget(problem, budget, effort=CoverEffort(seconds=15.0))
    spent, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{plan.chosen.size} sites, weight {plan.weight:,.0f}, cost {plan.cost:,.2f}, at most "
          f"{100.0 * plan.gap:.3f} % below the best possible; {spent:.1f} s ({cpu:.1f} s of processor), "
          f"{peak:.2f} GB at most ({held:.2f} GB before)")
    if exact_seconds:
        start = time.perf_counter()
        plan = best_under_budget(problem, budget, effort=CoverEffort(seconds=exact_seconds), exact=True)
        print(f"with HiGHS: weight {plan.weight:,.0f}, at most {100.0 * plan.gap:.3f} % below the best "
              f"possible; {time.perf_counter() - start:.1f} s")


def main() -> None:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--exact", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--only", default="", help="part of an instance's name")
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    if not options.large and options.folder is None:
        parser.error("a folder of instances, or --large")
    if options.exact:
        try:
            solver()
        except SolverMissingError as error:
            parser.error(error.say("en"))
    compile_kernels()
    if options.folder is not None:
        known(options.folder, options.seconds, options.exact, options.only)
    if options.large:
        large(options.exact)


if __name__ == "__main__":
    main()
