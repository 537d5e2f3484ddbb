"""How long an inventory of 300,000 rows takes to read and check, beside the budget of 30 s and 2 GB.

    python benchmarks/reading.py [--rows N] [--kinds csv xlsx messy.csv messy.xlsx]

The files are made from a seed. ``messy`` ones have what planners' files have: Vietnamese headers under a
title, decimal commas, marks for technologies, a row of totals, metres of VN-2000. Each file is read in a
process of its own, so that its peak memory is its own; the seconds are those of the whole reading, without
the start of Python.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SEED = 20260630
ROWS = 300_000
BUDGET_S, BUDGET_MB = 30, 2000
SIDE = 12
"""Communes on a side of a square province."""
LON, LAT, STEP = 107.6, 13.0, 0.1
CLEAN = (
    "site_id", "cell_id", "operator", "technology", "frequency_mhz", "lon", "lat", "antenna_height_m",
    "azimuth_deg", "tilt_deg", "beamwidth_deg", "eirp_dbm", "bandwidth_mhz", "status",
)
MESSY = (
    "STT", "Mã trạm", "Tên trạm", "Nhà mạng", "3G", "4G", "5G", "Tọa độ X", "Tọa độ Y", "Độ cao anten (m)",
    "Góc phương vị", "Góc nghiêng", "Mã xã", "Ghi chú",
)
OPERATORS = ("Viettel", "VNPT", "MobiFone")
PROJECT = """\
[province]
code = "52"
name = "Tỉnh đo"
as_of = 2026-06-30
[grid]
cell_m = 1000
[layers.communes]
path = "communes.geojson"
[layers.population]
path = "population.tif"
[layers.stations]
path = "{name}"
{said}
[services.4G]
model = "range"
radius_m = 4000
"""


def _codes() -> list[str]:
    """Return codes that the list of communes has, so that nothing is taken for an old one."""
    from phusong.layers.boundaries.crosswalk import crosswalk

    return sorted(c for c, u in crosswalk().new.items() if u.province_code in ("52", "51"))[: SIDE * SIDE]


def write_ground(folder: Path) -> list[str]:
    """Write communes and population; return the codes."""
    import rasterio
    from rasterio.transform import from_origin

    codes = _codes()
    features = []
    for k, code in enumerate(codes):
        x, y = LON + k % SIDE * STEP, LAT + k // SIDE * STEP
        ring = [[x, y], [x + STEP, y], [x + STEP, y + STEP], [x, y + STEP], [x, y]]
        features.append(
            {"type": "Feature", "properties": {"commune_code": code, "commune_name": f"Xã {code}"},
             "geometry": {"type": "Polygon", "coordinates": [ring]}}
        )
    (folder / "communes.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    size = int(SIDE * STEP / 0.01) + 10
    with rasterio.open(
        folder / "population.tif", "w", driver="GTiff", height=size, width=size, count=1, dtype="float32",
        crs="EPSG:4326", transform=from_origin(LON - 0.05, LAT + SIDE * STEP + 0.05, 0.01, 0.01),
    ) as file:
        file.write(np.full((size, size), 100, dtype=np.float32), 1)
    return codes


def _clean_rows(n: int, codes: Sequence[str]) -> Iterator[list[Any]]:
    random = np.random.default_rng(SEED)
    yield list(CLEAN)
    for k in range(n):
        if k % 9 == 0:
            x, y = random.uniform(0.001, SIDE * STEP - 0.001, 2)
            lon, lat, height = round(LON + x, 6), round(LAT + y, 6), round(random.uniform(18, 60), 1)
        site, sector, technology = k // 9, k % 3, ("3G", "4G", "5G")[k // 3 % 3]
        yield [
            f"GL{site:06d}", f"GL{site:06d}-{technology}-{sector}", OPERATORS[site % 3], technology,
            {"3G": 2100, "4G": 1800, "5G": 3700}[technology], lon, lat, height, sector * 120,
            int(random.integers(0, 9)), 65, 60, {"3G": 5, "4G": 20, "5G": 100}[technology], "operational",
        ]


def _messy_rows(n: int, codes: Sequence[str]) -> Iterator[list[Any]]:
    from pyproj import Transformer

    random = np.random.default_rng(SEED)
    yield ["DANH SÁCH TRẠM THU PHÁT SÓNG"]
    yield ["Hệ tọa độ VN-2000, KTT 108°15', múi chiếu 3°"]
    yield []
    yield list(MESSY)
    x, y = random.uniform(0.001, SIDE * STEP - 0.001, (2, n))
    east, north = Transformer.from_crs(4326, 9217, always_xy=True).transform(LON + x, LAT + y)
    heights, marks = random.uniform(18, 60, n), random.integers(1, 8, n)
    for k in range(n):
        commune = codes[int(x[k] / STEP) + SIDE * int(y[k] / STEP)]
        yield [
            k + 1, f"GL{k:06d}", f"Trạm Ia Grăng {k}", OPERATORS[k % 3],
            *("x" if marks[k] >> bit & 1 else "" for bit in range(3)), _comma(north[k], 3),
            _comma(east[k], 3), _comma(heights[k], 1), k % 36 * 10, k % 9, commune, "",
        ]
    yield ["TỔNG CỘNG", "", "", n]


def _comma(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


def write_stations(path: Path, n: int, codes: Sequence[str]) -> None:
    """Write an inventory; its name says which kind."""
    rows = (_messy_rows if path.name.startswith("messy") else _clean_rows)(n, codes)
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream, delimiter=";" if path.name.startswith("messy") else ",").writerows(rows)
        return
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Trạm")
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)


def one(project: Path) -> dict[str, float]:
    """Read and check one project in this process."""
    from phusong.layers.project.file import read_project
    from phusong.layers.read import read_layers

    start = time.perf_counter(), time.process_time()
    layers = read_layers(read_project(project))
    return {
        "seconds": time.perf_counter() - start[0],
        "cpu": time.process_time() - start[1],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "cells": len(layers.stations),
    }


def main() -> None:
    """Make the files, read each one, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument(
        "--kinds", nargs="+", default=["clean.csv", "clean.xlsx", "messy.csv", "messy.xlsx"],
        help="names of files: clean or messy, csv or xlsx",
    )
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one)))
        return
    print(f"{'file':14}{'rows':>9}{'cells':>9}{'MB':>7}{'s':>8}{'cpu s':>8}{'peak MB':>9}  budget")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        codes = write_ground(place)
        for name in options.kinds:
            write_stations(place / name, options.rows, codes)
            project = place / f"{name}.toml"
            project.write_text(PROJECT.format(name=name, said=""), encoding="utf-8")
            done = subprocess.run(
                [sys.executable, __file__, "--one", str(project)], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(done.stderr)
            row = json.loads(done.stdout.splitlines()[-1])
            size = (place / name).stat().st_size / 1e6
            print(
                f"{name:14}{options.rows:9}{row['cells']:9}{size:7.0f}{row['seconds']:8.1f}{row['cpu']:8.1f}"
                f"{row['peak_mb']:9.0f}  {BUDGET_S} s, {BUDGET_MB} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
