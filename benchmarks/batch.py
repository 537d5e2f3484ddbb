"""What a batch costs: with one worker and with more, again without a change, and with one more station.

    python benchmarks/batch.py [--provinces 34] [--workers 1 2 4] [--communes 12] [--sites 60]
                               [--project DIR [--own-services]]

Without a project: so many small sample provinces of one size. With one: that province, its mobile services
over terrain (P.1812, 15 km), in shares; with ``--own-services`` as its file has them. Seconds are by the
clock and of the processor, children included; `same` says that every table has the bytes of the first run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from phusong.maps.batch.run import BatchOptions, ProvinceRun, run_batch

TABLES = ("indicators.csv", "gaps.csv", "places.csv", "communes.gpkg")
OVER_TERRAIN = """
[services.4G]
model = "p1812"

[services.5G]
model = "p1812"
"""


def digest(out: Path) -> str:
    """Digest all tables of all provinces of a batch."""
    found = hashlib.sha256()
    for path in sorted(p for name in TABLES for p in out.glob(f"*/{name}")):
        found.update(path.parent.name.encode() + path.name.encode() + path.read_bytes())
    return found.hexdigest()[:12]


def processor_s() -> float:
    """Seconds of the processor, of this process and of all children that ended."""
    return sum(
        u.ru_utime + u.ru_stime
        for u in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def row(label: str, projects: Sequence[Path], out: Path, options: BatchOptions) -> list[ProvinceRun]:
    """Run a batch and print a line."""
    wall, cpu = time.perf_counter(), processor_s()
    runs = run_batch(projects, out, "vi", options=options)
    wall, cpu = time.perf_counter() - wall, processor_s() - cpu
    peaks = [r.peak_mb for r in runs if r.status == "done"] or [float("nan")]
    print(
        f"{label:34}{sum(r.status == 'done' for r in runs):6}{sum(r.status == 'skipped' for r in runs):8}"
        f"{sum(r.status == 'failed' for r in runs):7}{wall:9.1f}{cpu:9.1f}"
        f"{peaks[0]:9.0f}{peaks[-1]:9.0f}  {digest(out)}",
        flush=True,
    )
    return runs


def add_station(stations: Path, name: str = "new") -> None:
    """Add a site to a list: the cells of an existing one, a little further north."""
    lines = stations.read_text(encoding="utf-8-sig").splitlines()
    head = lines[0].split(",")
    site, cell, lat = (head.index(name) for name in ("site_id", "cell_id", "lat"))
    first = lines[1].split(",")[site]
    added = []
    for line in lines[1:]:
        cells = line.split(",")
        if cells[site] == first:
            cells[site], cells[cell] = name, f"{name}-{cells[cell]}"
            cells[lat] = f"{float(cells[lat]) + 0.00054 * len(name):.6f}"
            added.append(",".join(cells))
    stations.write_text("\n".join([*lines, *added]) + "\n", encoding="utf-8")


def make_provinces(folder: Path, count: int, communes: int, sites: int) -> list[Path]:
    """Write sample provinces that differ by their seed, with circles for their services."""
    from phusong.data.sample import make_sample

    projects = []
    for n in range(count):
        file = make_sample(folder / f"{n:02}", communes=communes, sites=sites, villages=60, seed=n + 1)
        text = file.read_text(encoding="utf-8").replace('code = "99"', f'code = "{n + 10}"')
        text = "\n".join("cell_m = 250" if line.startswith("cell_m") else line for line in text.splitlines())
        file.write_text(text + "\n", encoding="utf-8")
        projects.append(file)
    return projects


def copied(source: Path, folder: Path, own_services: bool) -> Path:
    """Copy a project and have its mobile services predicted over terrain, unless by its own services."""
    shutil.copytree(source, folder, copy_function=shutil.copyfile)
    file = folder / "phusong.toml"
    if own_services:
        return file
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("[services.")] + OVER_TERRAIN, encoding="utf-8")
    return file


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--provinces", type=int, default=34)
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--communes", type=int, default=12)
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--project", type=Path, help="a province of yours instead")
    parser.add_argument("--own-services", action="store_true", help="leave its services as they are")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.project:
            projects = [copied(options.project, folder / "project", options.own_services)]
        else:
            projects = make_provinces(folder, options.provinces, options.communes, options.sites)
        print(f"{os.cpu_count()} cores, {len(projects)} provinces")
        print(f"{'':34}{'done':>6}{'skipped':>8}{'failed':>7}{'wall s':>9}{'CPU s':>9}{'MB first':>9}"
              f"{'last':>9}  tables")  # fmt: skip
        out = folder / "out"
        for workers in options.workers:
            out = folder / f"out-{workers}"
            row(f"{workers} workers", projects, out, BatchOptions(workers=workers))
        most = options.workers[-1]
        row("again, nothing changed", projects, out, BatchOptions(workers=most, resume=True))
        add_station(projects[0].parent / "stations.csv")
        row("one more station", projects, out, BatchOptions(workers=most, resume=True))
        add_station(projects[0].parent / "stations.csv", "newer")
        row("yet one more", projects, out, BatchOptions(workers=most, resume=True))
        row("the same from scratch", projects, folder / "fresh", BatchOptions(workers=most, keep=False))


if __name__ == "__main__":
    main()
