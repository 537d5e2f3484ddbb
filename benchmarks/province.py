"""How a whole `phusong run` grows with communes and base stations.

    python benchmarks/province.py [--project PROJECT] [--quick]

Each row is a process of its own, so that its peak memory is its own. Base stations are
site x technology x operator; the sample generator is asked for about a third as many sites.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMUNES = (10, 40, 135)
STATIONS = (400, 3600, 10000)


def one(project: Path, out: Path) -> dict[str, float]:
    """Run one project in this process and return what it took."""
    from phusong.maps.run import run_province

    start = time.perf_counter()
    outcome = run_province(project, out, "vi")
    seconds = time.perf_counter() - start
    stages = outcome.result.seconds
    stations = outcome.result.layers.stations
    return {
        "seconds": seconds,
        "predict": sum(s for name, s in stages.items() if name.startswith("reach")),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "grid": outcome.result.layers.grid.size,
        "cells": len(stations),
        "stations": len(stations.drop_duplicates(["site_id", "technology", "operator"])),
    }


def child(project: Path, folder: Path) -> dict[str, float]:
    """Run one project in a fresh process."""
    out = folder / "out"
    done = subprocess.run(
        [sys.executable, __file__, "--one", str(project), str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def show(label: str, row: dict[str, float], budget: str = "") -> None:
    """Print one line of the table."""
    print(
        f"{label:34}{row['stations']:10.0f}{row['cells']:9.0f}{row['grid']:11.0f}{row['predict']:11.1f}"
        f"{row['seconds']:9.1f}{row['peak_mb']:10.0f}  {budget}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--one", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--project", type=Path, help="also run this project")
    parser.add_argument("--quick", action="store_true", help="the smallest of each only")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(*options.one)))
        return
    from phusong.data.sample import make_sample

    print(
        f"{'':34}{'stations':>10}{'cells':>9}{'grid':>11}{'predict s':>11}{'all s':>9}{'peak MB':>10}  budget"
    )
    cases = [(c, STATIONS[0]) for c in COMMUNES] + [(COMMUNES[-1], s) for s in STATIONS[1:]]
    for communes, stations in cases[:1] if options.quick else cases:
        with tempfile.TemporaryDirectory() as folder:
            sites = max(stations * 2 // 5, communes)
            project = make_sample(Path(folder) / "s", communes=communes, sites=sites, villages=communes * 10)
            show(f"sample, {communes} communes, {stations} stations", child(project, Path(folder)))
    if options.project:
        with tempfile.TemporaryDirectory() as folder:
            row = child(options.project, Path(folder))
            show(str(options.project.parent.name), row, "60 s, 2000 MB (range or flat models)")


if __name__ == "__main__":
    main()
