"""Gaps on a small made-up ground, where everything can be counted by hand."""

from __future__ import annotations

import datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry import LineString, box

from phusong.coverage.gaps import find_gaps, outlines
from phusong.coverage.indicators import indicator_table
from phusong.coverage.result import ANY, Reach
from phusong.coverage.zonal import CommuneShares, share_communes
from phusong.layers.grid import Grid, Raster
from phusong.layers.inventory import Layers, Population
from phusong.layers.lands import Folded
from phusong.layers.project.schema import Project

UTM = CRS.from_epsg(32649)
GRID = Grid(UTM, 500_000.0, 1_501_000.0, 100.0, (10, 20))
DAY = datetime.date(2026, 6, 30)


def project(**gaps: float) -> Project:
    return Project.model_validate(
        {
            "file": Path("phusong.toml"),
            "province": {"code": "99", "name": "X", "as_of": DAY},
            "layers": {name: {"path": name} for name in ("communes", "population", "stations")},
            "services": {
                "4G": {"model": "range", "radius_m": 1000},
                "fibre": {"model": "route-distance", "reach_m": 200},
            },
            "gaps": gaps,
        }
    )


def made_up(people: np.ndarray, **gaps: float) -> tuple[Layers, CommuneShares]:
    left, bottom, right, top = GRID.bounds
    communes = gpd.GeoDataFrame(
        {"commune_code": ["00001", "00002"], "commune_name": ["A", "B"], "population": [np.nan, np.nan]},
        geometry=[box(left, bottom, left + 1000, top), box(left + 1000, bottom, right, top)],
        crs=UTM,
    )
    points = gpd.GeoSeries.from_xy([left + 50, left + 1950], [top - 50, top - 950], crs=UTM)
    stations = gpd.GeoDataFrame(
        {
            "site_id": ["S1", "S2"], "cell_id": ["C1", "C2"], "operator": ["V", "M"],
            "technology": ["4G", "5G"],
        },
        geometry=points,
    )  # fmt: skip
    places = gpd.GeoDataFrame(
        {
            "place_id": ["P1", "P2"], "name": ["Thôn 1", "Thôn 2"], "commune_code": ["00001", "00002"],
            "lon": [0.0, 0.0], "lat": [0.0, 0.0],
        },
        geometry=gpd.GeoSeries.from_xy([left + 550, left + 1550], [top - 550, top - 150], crs=UTM),
    )  # fmt: skip
    routes = gpd.GeoDataFrame(
        {"id": ["R"], "operator": ["V"], "status": ["operational"], "fibre_count": [24]},
        geometry=[LineString([(left, top), (left, bottom)])],
        crs=UTM,
    )
    raster = Raster(people, GRID)
    layers = Layers(
        project(**gaps), GRID, communes, stations, Population(raster, float(people.sum()), 0.0),
        places={"villages": places}, fibre_routes=routes,
    )  # fmt: skip
    nothing = gpd.GeoSeries([], crs=UTM)
    return layers, share_communes(communes, raster, overlaps=nothing, holes=nothing)


def reach(service: str, covered: np.ndarray) -> dict[tuple[str, str], Reach]:
    signal = np.where(covered, 500.0, np.nan).astype(np.float32)
    return {(service, ANY): Reach(service, ANY, "m", Raster(signal, GRID), Raster(covered, GRID))}


def test_touching_cells_are_one_gap_and_the_rest_is_scattered() -> None:
    people = np.full(GRID.shape, 0.01)
    people[5, 5] = 30.0
    people[6, 6] = 12.0  # touches at a corner
    people[1, 15] = 50.0
    people[8, 15] = 5.0  # too few for a number
    layers, shares = made_up(people, min_people_per_km2=100.0, min_people=10.0)
    covered = np.zeros(GRID.shape, dtype=bool)
    covered[:, 0] = True
    found = find_gaps(layers, shares, reach("4G", covered))
    table = found.table
    assert list(table["people"].round(6)) == [50.0, 42.0]
    assert list(table["gap_id"]) == ["4G-1", "4G-2"]
    assert list(table["commune_codes"]) == ["00002", "00001"]
    assert list(table["places"]) == ["Thôn 2", "Thôn 1"]
    assert list(table["nearest_site_id"]) == ["S1", "S1"]
    assert table["nearest_site_m"].iloc[1] == pytest.approx(np.hypot(500, 500))
    assert table["nearest_fibre_m"].iloc[1] == pytest.approx(550.0)
    assert list(table["reason"]) == ["no station in range"] * 2
    assert table["area_km2"].tolist() == pytest.approx([0.01, 0.02])
    areas = table.geometry.to_crs(UTM).area / 1e6
    assert areas.tolist() == pytest.approx([0.01, 0.02], rel=1e-3)
    uncovered = people[:, 1:].sum()
    assert found.scattered["4G"] == pytest.approx(uncovered - 92.0)


@given(arrays(np.int32, (9, 9), elements=st.integers(0, 2)))
def test_outlines_are_the_cells_of_their_gap(ranked: NDArray[np.int32]) -> None:
    """Two gaps of cells that touch, meet at corners, enclose others and lie apart."""
    grid = Grid(UTM, 500_000.0, 1_500_900.0, 100.0, (9, 9))
    held = [rank for rank in (1, 2) if (ranked == rank).any()]
    for rank, outline in zip(held, outlines(Folded.of(grid), ranked), strict=True):
        row, col = np.nonzero(ranked == rank)
        left, top = 500_000.0 + 100.0 * col, 1_500_900.0 - 100.0 * row
        assert outline.is_valid
        assert outline.equals(shapely.union_all(shapely.box(left, top - 100.0, left + 100.0, top)))


def test_no_gap_where_everybody_is_covered() -> None:
    layers, shares = made_up(np.ones(GRID.shape))
    found = find_gaps(layers, shares, reach("fibre", np.ones(GRID.shape, dtype=bool)))
    assert len(found.table) == 0
    assert found.scattered == {"fibre": 0.0}


def test_fibre_gaps_say_no_fibre() -> None:
    layers, shares = made_up(np.ones(GRID.shape))
    found = find_gaps(layers, shares, reach("fibre", np.zeros(GRID.shape, dtype=bool)))
    assert list(found.table["reason"]) == ["no fibre"]
    assert found.table["people"].iloc[0] == pytest.approx(200.0)


def test_indicators_count_by_commune_and_sum_to_the_province() -> None:
    people = np.random.default_rng(0).gamma(1.0, 5.0, GRID.shape)
    layers, shares = made_up(people)
    covered = np.zeros(GRID.shape, dtype=bool)
    covered[:, 5:15] = True
    table = indicator_table(
        layers, shares, reach("4G", covered), {"villages": np.array([0, -1])}, np.array([0, 1])
    ).set_index(["level", "code", "service", "operator", "indicator"])
    assert not table.index.has_duplicates

    def row(level: str, code: str, service: str, indicator: str, operator: str = ANY) -> pd.Series:
        return table.loc[(level, code, service, operator, indicator)]

    assert row("commune", "00001", "4G", "population")["numerator"] == pytest.approx(people[:, 5:10].sum())
    assert row("commune", "00002", "4G", "population")["denominator"] == pytest.approx(people[:, 10:].sum())
    assert row("province", "99", "4G", "population")["percent"] == pytest.approx(
        100 * people[:, 5:15].sum() / people.sum()
    )
    assert row("province", "99", "4G", "area")["numerator"] == pytest.approx(1.0)
    # A place in no commune counts in the province only.
    assert row("commune", "00001", "4G", "places:villages")[["numerator", "denominator"]].tolist() == [1, 1]
    assert row("province", "99", "4G", "places:villages")[["numerator", "denominator"]].tolist() == [1, 2]
    assert row("province", "99", "all", "sites")["numerator"] == 2
    assert row("commune", "00002", "5G", "cells", "M")["numerator"] == 1
    assert np.isnan(row("province", "99", "all", "sites")["denominator"])
    assert row("commune", "00001", "fibre", "communes")["numerator"] == 1
    assert row("province", "99", "fibre", "communes")[["numerator", "denominator"]].tolist() == [1, 2]


def test_a_patch_too_large_is_cut_along_the_communes() -> None:
    layers, shares = made_up(np.ones(GRID.shape), max_area_km2=1.5)
    table = find_gaps(layers, shares, reach("fibre", np.zeros(GRID.shape, dtype=bool))).table
    assert sorted(table["commune_codes"]) == ["00001", "00002"]
    assert table["area_km2"].tolist() == pytest.approx([1.0, 1.0])
    assert table["people"].sum() == pytest.approx(200.0)
