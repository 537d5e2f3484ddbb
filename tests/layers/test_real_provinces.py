"""Real provinces read whole: Gia Lai, and São Tomé and Príncipe with columns of its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small

from phusong.layers.inventory import Layers
from phusong.layers.project.file import read_project
from phusong.layers.read import file_sha256, read_layers


@pytest.fixture(scope="module")
def gia_lai(shared: Path) -> Layers:
    names: list[str] = []
    layers = read_layers(read_project(shared / "gia-lai" / "phusong.toml"), progress=names.append)
    assert names[0] == "communes"
    assert {"stations", "places.villages", "zones.industrial", "terrain"} <= set(names)
    return layers


@pytest.mark.slow
def test_gia_lai_against_its_files(gia_lai: Layers, shared: Path) -> None:
    folder = shared / "gia-lai"
    own = pd.read_csv(folder / "stations.csv", dtype={"commune_code": str})
    frame = gia_lai.stations
    assert len(frame) == len(own) == 26_367
    for name in ("site_id", "cell_id", "operator", "technology", "commune_code"):
        assert list(frame[name]) == list(own[name])
    for name in ("lon", "lat", "azimuth_deg", "eirp_dbm", "antenna_height_m", "frequency_mhz"):
        assert np.array_equal(frame[name], own[name])
    assert len(gia_lai.communes) == 135
    assert len(gia_lai.places["villages"]) == 1900
    assert len(gia_lai.zones["industrial"]) == 8
    households = pd.read_csv(folder / "households.csv")
    assert gia_lai.households is not None
    assert gia_lai.households["households"].sum() == households["households"].sum()
    assert gia_lai.grid.crs.to_epsg() == 32649
    for layer in (frame, gia_lai.communes, gia_lai.roads, gia_lai.fibre_routes, gia_lai.fibre_nodes):
        assert layer is not None
        assert layer.crs == gia_lai.grid.crs


@pytest.mark.slow
def test_gia_lai_can_be_true(gia_lai: Layers) -> None:
    """Area as the official figures say, heights and people as such a province may have."""
    assert gia_lai.communes.area.sum() / 1e6 == pytest.approx(21_576, rel=0.01)  # official: 21,576.53 km²
    assert 2e6 < gia_lai.communes["population"].sum() < 5e6
    assert gia_lai.terrain is not None
    assert gia_lai.clutter is not None
    assert 0 <= np.nanmin(gia_lai.terrain.values) < 50
    assert 500 < np.nanmax(gia_lai.terrain.values) < 1800
    assert set(np.unique(gia_lai.clutter.values)) == {1, 2, 3, 5}
    codes = {f.code for f in gia_lai.faults}
    assert {"communes.overlaps", "communes.holes", "stations.default-used"} <= codes
    assert all(f.severity == "warning" for f in gia_lai.faults)
    sources = {s.layer: s for s in gia_lai.sources}
    assert sources["stations"].rows == 26_367
    assert sources["stations"].sha256 == file_sha256(gia_lai.project.path(gia_lai.project.layers.stations))


def test_sao_tome(tmp_path: Path, shared: Path) -> None:
    """Real sites of another country, from a GeoPackage and from Excel, with the file's own headers."""

    def ring(x0: float, y0: float, x1: float, y1: float) -> list[list[list[float]]]:
        return [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]

    islands = small.collection(
        [ring(6.44, -0.02, 6.78, 0.43), ring(7.3, 1.5, 7.5, 1.72)],
        [
            {"commune_code": "1", "commune_name": "São Tomé"},
            {"commune_code": "2", "commune_name": "Príncipe"},
        ],
    )
    (tmp_path / "c.geojson").write_text(json.dumps(islands), encoding="utf-8")
    small.raster(tmp_path / "p.tif", np.full((190, 120), 5.0, dtype=np.float32), left=6.4, top=1.8)
    frames = []
    for kind in ("gpkg", "xlsx"):
        folder = (shared / "sao-tome").as_posix()
        (tmp_path / "phusong.toml").write_text(
            f"""
            [province]
            code = "STP"
            name = "São Tomé e Príncipe"
            as_of = 2025-07-01
            [layers.communes]
            path = "c.geojson"
            [layers.population]
            path = "p.tif"
            [layers.stations]
            path = "{folder}/example-cellsites.{kind}"
            columns = {{ site_id = "source_ict_id", cell_id = "ict_id", operator = "operator_name", \
technology = "radio_type", antenna_height_m = "antenna_height" }}
            [places.poi]
            path = "{folder}/example-pointsofinterest.{kind}"
            columns = {{ place_id = "poi_id", name = "label" }}
            [layers.fibre_nodes]
            path = "{folder}/example-transmissionnode.{kind}"
            columns = {{ id = "ict_id", kind = "transmission_medium" }}
            [services.4G]
            model = "range"
            radius_m = 4000
            """,
            encoding="utf-8",
        )
        layers = read_layers(read_project(tmp_path))
        assert layers.grid.crs.to_epsg() == 32632
        assert len(layers.stations) == 81
        assert layers.stations["technology"].value_counts().to_dict() == {
            "5G": 26,
            "2G": 24,
            "4G": 16,
            "3G": 15,
        }
        assert len(layers.places["poi"]) == 408
        assert layers.fibre_nodes is not None
        assert len(layers.fibre_nodes) == 40
        assert set(layers.stations["commune_code"]) == {"1", "2"}
        frames.append(layers.stations.drop(columns="geometry"))
    pd.testing.assert_frame_equal(frames[0], frames[1], atol=1e-9)
