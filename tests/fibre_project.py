"""A project over the small sample whose only service is fibre, with names that would hurt a careless page."""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd

FILES = (
    "population.tif", "stations.csv", "households.csv", "roads.gpkg", "fibre_routes.geojson",
    "fibre_nodes.geojson",
)  # fmt: skip
HOSTILE = ("<script>alert(1)</script>", "</script><img src=x onerror=alert(2)>", '=HYPERLINK("http://x";"y")')
PROJECT = """\
[province]
code = "99"
name = "Tỉnh Mẫu (minh họa)"
as_of = 2026-06-30

[grid]
crs = "EPSG:32649"
cell_m = 250

[layers]
communes.path = "communes.gpkg"
population.path = "population.tif"
stations.path = "stations.csv"
households.path = "households.csv"
roads.path = "roads.gpkg"
fibre_routes.path = "fibre_routes.geojson"
fibre_nodes.path = "fibre_nodes.geojson"

[places.villages]
path = "villages.csv"
columns = { place_id = "village_id", name = "village_name" }

[services.fibre]
model = "route-distance"
reach = "roads"
reach_m = 1500
drop_m = 300
"""


def make_fibre_project(source: Path, folder: Path) -> Path:
    """Copy the fibre layers of the sample; every village and every other commune gets a hostile name."""
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(source.parent / name, folder / name)
    communes = gpd.read_file(source.parent / "communes.gpkg")
    communes["commune_name"] = [
        HOSTILE[k % 3] if k % 2 else name for k, name in enumerate(communes["commune_name"])
    ]
    communes.to_file(folder / "communes.gpkg", engine="pyogrio")
    villages = pd.read_csv(source.parent / "villages.csv", dtype=str)
    villages["village_name"] = [f"{HOSTILE[k % 3]} {k}" for k in range(len(villages))]
    villages.to_csv(folder / "villages.csv", index=False)
    file = folder / "phusong.toml"
    file.write_text(PROJECT, encoding="utf-8")
    return file
