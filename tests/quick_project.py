"""A project that runs in a second or two: the small sample, one circle round every site."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import geopandas as gpd

GROUND = """\
[layers.communes]
path = "communes.gpkg"

[layers.population]
path = "population.tif"

[layers.stations]
path = "stations.csv"
"""
"""The three layers that every project has."""

PROJECT = f"""\
[province]
code = "99"
name = "Tỉnh Mẫu (minh họa)"
as_of = 2026-06-30

[grid]
cell_m = 500

{GROUND}
[layers.terrain]
path = "terrain.tif"

[places.villages]
path = "villages.csv"
columns = {{ place_id = "village_id", name = "village_name" }}

[services.4G]
model = "range"
radius_m = 2000
"""
FILES = ("communes.gpkg", "population.tif", "stations.csv", "terrain.tif", "villages.csv")


def make_project(source: Path, folder: Path, code: str = "99") -> Path:
    """Copy the files of the sample that a quick project needs, and write its project file."""
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(source.parent / name, folder / name)
    file = folder / "phusong.toml"
    file.write_text(PROJECT.replace('code = "99"', f'code = "{code}"'), encoding="utf-8")
    return file


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, to hold two moments equal."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def of_another_province(file: Path) -> None:
    """Put what is in the file three degrees further west."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as source:
            rows = list(csv.DictReader(source))
        for row in rows:
            row["lon"] = f"{float(row['lon']) - 3.0:.6f}"
        with file.open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return
    frame = gpd.read_file(file)
    frame.geometry = frame.translate(-3.0)
    frame.to_file(file, driver="GPKG")
