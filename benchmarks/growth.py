"""How a prediction over terrain grows with sites, radius and the size of a cell.

    python benchmarks/growth.py [--sites 50 100 200 400] [--radius 5 10 15 30] [--cell 400 200 100 50]

P.1812 for the 4G of a sample province: one quantity varies, the others stay at 100 sites, 15 km and 100 m.
Beside the seconds stand the processor's seconds for a site and how they relate to the middle row: they
should not change with the sites, and grow about with the square of the radius and with 1 / cell^2.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from phusong.coverage.prediction import worker_count
from phusong.coverage.radio.predict import predict_service
from phusong.data.sample import make_sample
from phusong.layers.inventory import Layers
from phusong.layers.project.file import read_project
from phusong.layers.project.schema import TerrainService
from phusong.layers.read import read_layers

SITES, RADIUS_KM, CELL_M = 100, 15.0, 100.0


def layers_of(folder: Path, cell_m: float) -> Layers:
    """Read a sample province with more masts than any row asks for, on a grid of this size."""
    project = folder / "phusong.toml"
    if not project.exists():
        make_sample(folder, communes=40, sites=600, villages=100)
    text = project.read_text(encoding="utf-8")
    lines = [f"cell_m = {cell_m:g}" if line.startswith("cell_m") else line for line in text.splitlines()]
    project.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_layers(read_project(project))


def seconds(layers: Layers, sites: int, radius_km: float) -> tuple[int, float, float]:
    """Sites with 4G among the first ones, wall and processor seconds of their prediction."""
    service = layers.project.services["4G"]
    assert isinstance(service, TerrainService)
    service = service.model_copy(update={"max_distance_m": 1000.0 * radius_km})
    stations = layers.stations
    with_it = stations.loc[stations["technology"] == "4G", "site_id"].unique()[:sites]
    some = replace(layers, stations=stations[stations["site_id"].isin(with_it)].reset_index(drop=True))
    predict_service(some, "4G", service, workers=1) if sites < 20 else None
    wall, cpu = time.perf_counter(), time.process_time()
    predict_service(some, "4G", service)
    return len(with_it), time.perf_counter() - wall, time.process_time() - cpu


def table(name: str, unit: str, values: Sequence[float], middle: float) -> None:
    """Vary one quantity and print a row for each of its values."""
    print(f"\n{name:>10} {'sites':>6} {'wall s':>8} {'CPU ms a site':>14} {'of middle':>10} {'expected':>9}")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for value in values:
            layers = layers_of(Path(folder) / "s", value if name == "cell" else CELL_M)
            seconds(layers, 5, 2.0)
            sites = int(value) if name == "sites" else SITES
            radius_km = value if name == "radius" else RADIUS_KM
            rows.append((value, *seconds(layers, sites, radius_km)))
    each = {value: 1000.0 * cpu / count for value, count, _, cpu in rows}
    base = each.get(middle, float(np.median(list(each.values()))))
    power = {"sites": 0, "radius": 2, "cell": -2}[name]
    for value, count, wall, _ in rows:
        print(
            f"{value:7g} {unit:2} {count:6d} {wall:8.2f} {each[value]:14.1f} {each[value] / base:10.2f}"
            f" {(value / middle) ** power:9.2f}",
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sites", nargs="+", type=float, default=[50, 100, 200, 400])
    parser.add_argument("--radius", nargs="+", type=float, default=[5, 10, 15, 30], metavar="KM")
    parser.add_argument("--cell", nargs="+", type=float, default=[400, 200, 100, 50], metavar="M")
    options = parser.parse_args()
    print(f"P.1812 over terrain and clutter, {worker_count(0)} threads; otherwise 100 sites, 15 km, 100 m")
    table("sites", "", options.sites, SITES)
    table("radius", "km", options.radius, RADIUS_KM)
    table("cell", "m", options.cell, CELL_M)


if __name__ == "__main__":
    main()
