"""People in 20 coverage masks by commune: one sparse matrix against a zonal library called 20 times.

    python benchmarks/zonal.py [PROJECT] [--masks 20]

Prints seconds for the first mask and for each further one, and how far the results are apart. Without a
project a sample province is made.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from rasterstats import zonal_stats

from phusong.coverage.zonal import share_communes
from phusong.layers.grid import Raster
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers

RASTERSTATS_MASKS = 3
"""rasterstats is slow: it is timed over a few masks and the rest is said to be the same."""


def masks(shape: tuple[int, int], count: int) -> list[np.ndarray]:
    """Coverage-like masks: discs round random points, the same on every machine."""
    rng = np.random.default_rng(1)
    row, col = np.ogrid[: shape[0], : shape[1]]
    made = []
    for _ in range(count):
        mask = np.zeros(shape, dtype=bool)
        for _ in range(60):
            r, c, radius = rng.uniform(0, shape[0]), rng.uniform(0, shape[1]), rng.uniform(5, 60)
            mask |= (row - r) ** 2 + (col - c) ** 2 <= radius**2
        made.append(mask)
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("project", nargs="?", type=Path)
    parser.add_argument("--masks", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = options.project
        if project is None:
            from phusong.data.sample import make_sample

            project = make_sample(Path(folder) / "sample")
        layers = read_layers(read_project(project))
    grid, people = layers.grid, layers.population.people
    chosen = masks(grid.shape, options.masks)
    print(f"{len(layers.communes)} communes, {grid.size} cells of {grid.cell_m:g} m, {options.masks} masks")

    start = time.perf_counter()
    shares = share_communes(
        layers.communes,
        people,
        overlaps=layers.topology.overlaps.iloc[:0],
        holes=layers.topology.holes.iloc[:0],
    )
    first = time.perf_counter() - start
    start = time.perf_counter()
    ours = [shares.sum_people(Raster(mask, grid)) for mask in chosen]
    each = (time.perf_counter() - start) / len(chosen)

    left, bottom, right, top = grid.bounds
    start = time.perf_counter()
    theirs = []
    for mask in chosen:
        source = NumPyRasterSource(people.values * mask, left, bottom, right, top, srs_wkt=grid.crs.to_wkt())
        found = exact_extract(source, layers.communes, "sum", output="pandas")
        theirs.append(found["sum"].to_numpy())
    exact = (time.perf_counter() - start) / len(chosen)

    start = time.perf_counter()
    few = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for mask in chosen[:RASTERSTATS_MASKS]:
            found = zonal_stats(
                layers.communes, people.values * mask, affine=grid.transform, stats="sum", nodata=-1.0
            )
            few.append(np.array([row["sum"] or 0.0 for row in found]))
    stats = (time.perf_counter() - start) / RASTERSTATS_MASKS

    scale = np.maximum(theirs, 1.0)
    off = np.abs(np.asarray(ours) - theirs) / scale
    off_stats = np.abs(np.asarray(few) - theirs[:RASTERSTATS_MASKS]) / scale[:RASTERSTATS_MASKS]
    print(f"{'':34}{'first mask':>12}{'each further':>14}{'ratio':>8}{'largest difference':>20}")
    print(f"{'phusong (one sparse matrix)':34}{first + each:12.3f}{each:14.4f}{1:8.1f}{off.max():20.1e}")
    print(f"{'exactextract, called each time':34}{exact:12.3f}{exact:14.4f}{exact / each:8.1f}{'-':>20}")
    worst = off_stats.max()
    print(f"{'rasterstats (cell centres)':34}{stats:12.3f}{stats:14.4f}{stats / each:8.1f}{worst:20.1e}")
    print("budget: 10 times faster than exactextract from the second mask on, equal to 1e-6")
    print("overlaps of communes are left unsplit here, as the peers leave them")


if __name__ == "__main__":
    main()
