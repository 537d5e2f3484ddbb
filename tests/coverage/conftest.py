"""A made-up network on a small grid, with no file behind it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from pyproj import CRS
from shapely.geometry import box
from what_if import Ask, asking

from phusong.coverage.analyse import analyse_layers, shares_of
from phusong.coverage.result import Result
from phusong.coverage.zonal import CommuneShares
from phusong.layers.grid import Grid, Raster
from phusong.layers.inventory import Layers, Population
from phusong.layers.project.schema import Project

UTM = CRS.from_epsg(32649)
LEFT_M, TOP_M = 240_000.0, 1_540_000.0

CELL = {
    "operator": "V", "technology": "4G", "frequency_mhz": 1800.0, "antenna_height_m": 30.0,
    "azimuth_deg": np.nan, "tilt_deg": 4.0, "beamwidth_deg": 65.0, "eirp_dbm": 60.0, "bandwidth_mhz": 20.0,
}  # fmt: skip
"""A cell where a test says nothing else; ``x`` and ``y`` are metres from the grid's upper left corner."""


@pytest.fixture(scope="session")
def network() -> Callable[..., Layers]:
    """``network(cells, shape=..., cell_m=..., **layers)``: layers with those cells."""

    def make(
        cells: Sequence[Mapping[str, Any]],
        *,
        shape: tuple[int, int] = (60, 80),
        cell_m: float = 100.0,
        terrain: np.ndarray | None = None,
        **layers: Any,
    ) -> Layers:
        grid = Grid(UTM, LEFT_M, TOP_M, cell_m, shape)
        columns: dict[str, list[Any]] = {name: [c.get(name, CELL[name]) for c in cells] for name in CELL}
        columns["site_id"] = [c.get("site_id", f"S{n}") for n, c in enumerate(cells)]
        columns["cell_id"] = [f"C{n}" for n in range(len(cells))]
        points = gpd.GeoSeries.from_xy(
            [LEFT_M + c["x"] for c in cells], [TOP_M + c["y"] for c in cells], crs=UTM
        )
        degrees = points.to_crs(4326)
        stations = gpd.GeoDataFrame(
            {**columns, "lon": degrees.x.to_numpy(), "lat": degrees.y.to_numpy()}, geometry=points, crs=UTM
        )
        communes = gpd.GeoDataFrame(
            {"commune_code": ["00001"], "commune_name": ["A"], "population": [np.nan]},
            geometry=[box(*grid.bounds)],
            crs=UTM,
        )
        project = Project.model_validate(
            {
                "file": Path("phusong.toml"),
                "province": {"code": "99", "name": "X", "as_of": datetime.date(2026, 6, 30)},
                "layers": {name: {"path": name} for name in ("communes", "population", "stations")},
                "services": {"4G": {"model": "range", "radius_m": 1000}},
            }
        )
        people = Population(Raster(np.zeros(shape), grid), 0.0, 0.0)
        ground = None if terrain is None else Raster(terrain.astype(np.float32), grid)
        return Layers(project, grid, communes, stations, people, terrain=ground, **layers)

    return make


@pytest.fixture(scope="module")
def shares(layers: Layers) -> CommuneShares:
    """Of the communes of a module's own ``layers``."""
    return shares_of(layers)


@pytest.fixture(scope="module")
def base(layers: Layers, shares: CommuneShares) -> Result:
    """The result that scenarios of a module start from."""
    return analyse_layers(layers, shares=shares)


@pytest.fixture
def ask(layers: Layers, tmp_path: Path) -> Ask:
    """Apply the text of a scenario to a module's layers."""
    return asking(layers, tmp_path)
