"""A province of four squares at the equator of UTM 49N, small enough to know every answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

from phusong.layers.faults import Fault, InputError
from phusong.layers.inventory import Layers
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers

LON, LAT, STEP = 108.0, 14.0, 0.1
CODES = ("21553", "21583", "21601", "21700")

PROJECT = """\
[province]
code = "52"
name = "Tỉnh thử"
as_of = 2026-06-30

[grid]
cell_m = 500

[layers.communes]
path = "communes.geojson"

[layers.population]
path = "population.tif"

[layers.stations]
path = "stations.csv"

[services.4G]
model = "range"
radius_m = 4000
"""

STATIONS = """\
site_id,cell_id,operator,technology,frequency_mhz,lon,lat,antenna_height_m,azimuth_deg,tilt_deg,beamwidth_deg,eirp_dbm,bandwidth_mhz,status
S1,S1-1,Viettel,4G,1800,108.05,14.05,30,0,4,65,60,20,operational
S1,S1-2,Viettel,4G,1800,108.05,14.05,30,120,4,65,60,20,operational
S2,S2-1,VNPT,5G,3700,108.15,14.15,25,,6,65,66,100,operational
"""


def square(i: int, j: int, size: float = STEP) -> list[list[float]]:
    x, y = LON + i * STEP, LAT + j * STEP
    return [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]


def collection(rings: list[Any], properties: list[dict[str, Any]], kind: str = "Polygon") -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "properties": p,
            "geometry": None if r is None else {"type": kind, "coordinates": r},
        }
        for r, p in zip(rings, properties, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def communes(codes: tuple[Any, ...] = CODES, **more: list[Any]) -> dict[str, Any]:
    rings = [[square(0, 0)], [square(1, 0)], [square(0, 1)], [square(1, 1)]]
    properties = [
        {"commune_code": c, "commune_name": f"Xã {c}", **{k: v[n] for k, v in more.items()}}
        for n, c in enumerate(codes)
    ]
    return collection(rings, properties)


def raster(
    path: Path,
    values: np.ndarray[Any, Any],
    *,
    crs: str | None = "EPSG:4326",
    left: float = LON - 0.05,
    top: float = LAT + 0.25,
    step: float = 0.01,
    nodata: float | None = None,
) -> None:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype=values.dtype,
        crs=crs,
        transform=from_origin(left, top, step, step),
        nodata=nodata,
    ) as file:
        file.write(values, 1)


def write_province(folder: Path) -> Path:
    """Write a province without any fault; return its project file."""
    (folder / "communes.geojson").write_text(json.dumps(communes()), encoding="utf-8")
    (folder / "stations.csv").write_text(STATIONS, encoding="utf-8")
    raster(folder / "population.tif", np.full((30, 30), 100.0, dtype=np.float32))
    (folder / "phusong.toml").write_text(PROJECT, encoding="utf-8")
    return folder / "phusong.toml"


def add(project: Path, text: str) -> None:
    project.write_text(project.read_text(encoding="utf-8") + "\n" + text, encoding="utf-8")


def write(folder: Path, name: str, text: str | dict[str, Any]) -> None:
    said = text if isinstance(text, str) else json.dumps(text)
    (folder / name).write_text(said, encoding="utf-8")


def faults_of(project: Path) -> list[Fault]:
    """Read everything; return all faults, whether errors stopped the reading or not."""
    try:
        return list(read_layers(read_project(project)).faults)
    except InputError as exception:
        return list(exception.faults)


def layers_of(project: Path) -> Layers:
    return read_layers(read_project(project))
