"""A night of the whole country: 34 projects on real communes and people, made-up stations, one batch.

    python benchmarks/national.py DATA [--out DIR] [--workers 1] [--cell 250] [--only 01 52] [--apart]

DATA holds `communes_2025_simplified.gpkg` and `population_2020_1km.tif`. Each province gets a mast for every
thousand people where people live, with about seven cells each, seeded by its code; services are circles of
4 km (4G) and 1 km (5G); stations serve across borders unless `--apart`.

The table is in the order in which provinces ended, so that memory can be seen to stay flat: `MB` is the
largest that the province's process held, `parent MB` what the batch itself holds then. CPU seconds are those
of the province's processes; with more than one worker they are of whoever ended since the line before.
The first line's hold those of reading every list of stations for the neighbours too.
`people` are those of the province's own table, `raster` those that exactextract finds inside the union of its
communes, from the source cells; `lost` the difference. The budget is 60 s and 2,000 MB for a network of
26,367 cells, in proportion to cells for the time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from exactextract import exact_extract
from rasterio.features import rasterize
from rasterio.windows import Window, from_bounds

from phusong.maps.batch.nation_tables import totals, write_nation
from phusong.maps.batch.page import write_summary
from phusong.maps.batch.run import BatchOptions, ProvinceRun, run_batch

COMMUNES, PEOPLE = "communes_2025_simplified.gpkg", "population_2020_1km.tif"
PEOPLE_PER_SITE = 1000.0
BUDGET_S, BUDGET_CELLS, BUDGET_MB = 60.0, 26_367, 2000.0
OPERATORS, SHARES = ("Viettel", "VNPT", "MobiFone"), (0.46, 0.34, 0.20)
CARRIED = (("4G", 1800, 1.0), ("3G", 2100, 0.6), ("2G", 900, 0.5), ("5G", 2600, 0.25))
"""Technology, MHz, and the part of the masts that carry it, three sectors each."""
PROJECT = """\
# {name}: real communes and people; the stations are made up by benchmarks/national.py.
[province]
code = "{code}"
name = "{name}"
as_of = 2026-06-30

[grid]
cell_m = {cell_m}

[layers.communes]
path = "communes.gpkg"
columns = {{ commune_code = "ward_code", commune_name = "ward_name", population = "population_official" }}

[layers.population]
path = "population.tif"

[layers.stations]
path = "stations.csv"

[services.4G]
model = "range"
radius_m = 4000

[services.5G]
model = "range"
radius_m = 1000
"""


@dataclass
class Province:
    """One project, and what is known of it before it is run."""

    code: str
    name: str
    project: Path
    communes: int
    cells: int
    raster: float


@dataclass
class Night:
    """What is measured as provinces end."""

    provinces: dict[str, Province]
    before: float = 0.0
    seconds: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def ended(self, run: ProvinceRun) -> None:
        """Print a line for a province."""
        now = children_s()
        took, self.before = now - self.before, now
        province = self.provinces[run.code]
        people = next((of for _, of in run.indicators.values()), float("nan"))
        budget = BUDGET_S * province.cells / BUDGET_CELLS
        self.seconds.append(took)
        self.peaks.append(run.peak_mb)
        print(
            f"{run.code:4}{province.name[:20]:21}{run.status:7}{province.communes:5}{province.cells:8,}"
            f"{run.seconds:8.1f}{took:8.1f}{budget:8.0f}{run.peak_mb:8.0f}{BUDGET_MB:8,.0f}"
            f"{resident_mb():8.0f}{people:13,.0f}{province.raster:13,.0f}{people - province.raster:9.1f}",
            flush=True,
        )
        for message in run.messages:
            print(f"     {message}", flush=True)


def children_s() -> float:
    """Seconds of the processor of all children that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident_mb() -> float:
    """Memory that this process holds now."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(status.split("VmRSS:")[1].split()[0]) / 1024.0


def inside(shape: Any, raster: Path) -> float:
    """People of the source cells within a shape, cells on its edge by their part."""
    frame = gpd.GeoDataFrame(geometry=[shape], crs="EPSG:4326")
    return float(exact_extract(str(raster), frame, "sum", output="pandas")["sum"].fillna(0.0).sum())


def stations(rng: np.random.Generator, shape: Any, people: Any, transform: Any, count: int) -> pd.DataFrame:
    """Make up a list of cells: masts where people live, all inside the province."""
    within = rasterize([shape], out_shape=people.shape, transform=transform, all_touched=True).astype(bool)
    weight = np.where(within, np.maximum(people, 0.0), 0.0).ravel() ** 0.8
    if not weight.sum():  # a province without people still has a mast
        weight = within.ravel().astype(float)
    shapely.prepare(shape)
    lon, lat = np.empty(0), np.empty(0)
    while len(lon) < count:
        picked = rng.choice(len(weight), size=2 * count, p=weight / weight.sum())
        row, col = np.divmod(picked, people.shape[1])
        x, y = transform * (col + rng.random(2 * count), row + rng.random(2 * count))
        good = shapely.contains_xy(shape, x, y)
        lon, lat = np.append(lon, x[good]), np.append(lat, y[good])
    sites = pd.DataFrame({
        "site_id": [f"S{n:05}" for n in range(count)],
        "operator": rng.choice(OPERATORS, size=count, p=SHARES),
        "lon": np.round(lon[:count], 6), "lat": np.round(lat[:count], 6),
        "antenna_height_m": rng.choice([24.0, 30.0, 36.0, 42.0], size=count),
        "turn": rng.integers(0, 120, size=count),
    })  # fmt: skip
    parts = []
    for technology, mhz, share in CARRIED:
        chosen = sites[rng.random(count) < share]
        for sector in range(3):
            part = chosen.drop(columns="turn").assign(
                technology=technology, frequency_mhz=mhz, azimuth_deg=chosen["turn"] + 120 * sector
            )
            part.insert(1, "cell_id", part["site_id"] + f"-{technology}-{sector + 1}")
            parts.append(part)
    return pd.concat(parts).sort_values("cell_id")


def make_province(code: str, communes: gpd.GeoDataFrame, raster: Path, folder: Path, cell_m: int) -> Province:
    """Write the project of one province."""
    folder.mkdir(parents=True)
    name = str(communes["province_name"].iloc[0])
    shape = shapely.union_all(communes.geometry.to_numpy())
    communes.to_file(folder / "communes.gpkg", driver="GPKG")
    with rasterio.open(raster) as source:
        around = from_bounds(*shapely.buffer(shape, 0.02).bounds, source.transform)
        whole = Window(0, 0, source.width, source.height)
        window = around.intersection(whole).round_offsets().round_lengths()
        people, transform = source.read(1, window=window), source.window_transform(window)
        profile = {"driver": "GTiff", "dtype": people.dtype, "count": 1, "crs": source.crs,
                   "nodata": source.nodata, "compress": "deflate"}  # fmt: skip
    rows, cols = people.shape
    with rasterio.open(
        folder / "population.tif", "w", height=rows, width=cols, transform=transform, **profile
    ) as target:
        target.write(people, 1)
    living = inside(shape, raster)
    rng = np.random.default_rng([2026, int(code)])
    table = stations(rng, shape, people, transform, max(round(living / PEOPLE_PER_SITE), 1))
    table.to_csv(folder / "stations.csv", index=False)
    file = folder / "phusong.toml"
    file.write_text(PROJECT.format(code=code, name=name, cell_m=cell_m), encoding="utf-8")
    return Province(code, name, file, len(communes), len(table), living)


def worst(out: Path, runs: list[ProvinceRun]) -> float:
    """Largest part of a province's people that its account does not hold."""
    accounts = [
        json.loads((out / run.folder / "manifest.json").read_text(encoding="utf-8"))["people"]
        for run in runs
        if run.folder
    ]
    return max((abs(a["inside"] + a["outside"] - a["total"]) / a["total"] for a in accounts), default=0.0)


def main() -> None:
    """Make the projects, run the night, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, help="kept; must not be there yet (default: a temporary folder)")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--cell", type=int, default=250)
    parser.add_argument("--only", nargs="+", help="codes of provinces")
    parser.add_argument("--apart", action="store_true", help="do not serve across borders")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        night(options, options.out or Path(name))


def night(options: argparse.Namespace, folder: Path) -> None:
    """Run all of it in a folder."""
    communes = gpd.read_file(options.data / COMMUNES)
    if options.only:
        communes = communes[communes["province_code"].isin(options.only)]
    raster = options.data / PEOPLE
    start = time.perf_counter()
    provinces = {
        str(code): make_province(str(code), part, raster, folder / "provinces" / str(code), options.cell)
        for code, part in communes.groupby("province_code")
    }
    everywhere = inside(shapely.union_all(communes.geometry.to_numpy()), raster)
    print(
        f"{len(provinces)} provinces, {len(communes):,} communes, "
        f"{sum(p.cells for p in provinces.values()):,} cells of the network, made in "
        f"{time.perf_counter() - start:.0f} s; {options.cell} m, {options.workers} workers, "
        f"{os.cpu_count()} cores"
    )
    print(f"{'':4}{'':21}{'':7}{'xã':>5}{'cells':>8}{'wall s':>8}{'CPU s':>8}{'budget':>8}{'MB':>8}"
          f"{'budget':>8}{'parent':>8}{'people':>13}{'raster':>13}{'lost':>9}", flush=True)  # fmt: skip
    watch = Night(provinces, before=children_s())
    batch = BatchOptions(workers=options.workers, across_borders=not options.apart,
                         events=folder / "events.jsonl")  # fmt: skip
    start, cpu = time.perf_counter(), children_s()
    out = folder / "results"
    runs = run_batch([p.project for p in provinces.values()], out, "vi", options=batch, finished=watch.ended)
    print(f"provinces: {time.perf_counter() - start:.0f} s, {children_s() - cpu:.0f} CPU s")
    start = time.perf_counter()
    for note in write_nation(runs, out, "vi"):
        print(f"     {note}")
    write_summary(runs, out, "vi")
    print(f"national tables and page: {time.perf_counter() - start:.0f} s, parent's largest "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")  # fmt: skip
    print(f"done {sum(r.status == 'done' for r in runs)} of {len(runs)}; memory {min(watch.peaks):.0f} to "
          f"{max(watch.peaks):.0f} MB")  # fmt: skip
    for service, total in totals(runs).items():
        print(f"{service}: {total.covered:,.0f} of {total.people:,.1f} people; inside the country's communes "
              f"the raster has {everywhere:,.1f}: {total.people / everywhere - 1:+.2e}")  # fmt: skip
    print(f"people inside + outside = read, in the worst province to {worst(out, runs):.0e}; results are "
          f"{sum(f.stat().st_size for f in out.rglob('*') if f.is_file()) / 1e6:,.0f} MB")  # fmt: skip
    ledger = json.loads((out / "ledger.json").read_text(encoding="utf-8"))
    assert [p["status"] for p in ledger["provinces"]] == [r.status for r in runs]


if __name__ == "__main__":
    main()
