"""The real province, by other means: brute force, conservation, and the figures that provinces state."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

from phusong.coverage.result import Result

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result(gia_lai: Result) -> Result:
    return gia_lai


def figures(result: Result, service: str, indicator: str, operator: str = "any") -> pd.DataFrame:
    table = result.indicators
    rows = (table["service"] == service) & (table["indicator"] == indicator) & (table["operator"] == operator)
    return table[rows & (table["level"] == "commune")].set_index("code")


def province(result: Result, service: str, indicator: str, operator: str = "any") -> pd.Series:
    table = result.indicators
    rows = (table["service"] == service) & (table["indicator"] == indicator) & (table["operator"] == operator)
    found = table[rows & (table["level"] == "province")]
    assert len(found) == 1
    return found.iloc[0]


def test_every_commune_is_there(result: Result, shared: Path) -> None:
    codes = gpd.read_file(shared / "data" / "gia-lai" / "communes.gpkg", columns=["ward_code"])["ward_code"]
    communes = result.indicators.query("level == 'commune'")
    for _, rows in communes.groupby(["service", "operator", "indicator"]):
        assert sorted(rows["code"]) == sorted(codes)


def test_people_are_conserved(result: Result) -> None:
    people = result.people
    assert people.inside + people.outside == pytest.approx(people.total, rel=1e-9)
    assert 0.0 <= people.in_overlaps < 0.01 * people.inside
    assert 0.0 <= people.in_holes < 0.01 * people.inside


def test_people_agree_with_the_raster_itself(result: Result, shared: Path) -> None:
    # In degrees and on the source's own cells: neither our grid nor our projection has a part in it.
    communes = gpd.read_file(shared / "data" / "gia-lai" / "communes.gpkg")
    found = exact_extract(
        str(shared / "data" / "gia-lai" / "population.tif"),
        communes,
        "sum",
        include_cols=["ward_code"],
        output="pandas",
    )
    expected = found.set_index("ward_code")["sum"]
    ours = figures(result, "4G", "population")["denominator"]
    # Along a border our cell of 100 m mixes the source cells of 1 km that meet in it.
    np.testing.assert_allclose(ours.loc[expected.index], expected, rtol=5e-3)
    assert (ours.loc[expected.index] / expected - 1.0).abs().median() < 5e-4
    assert ours.sum() == pytest.approx(expected.sum(), rel=2e-4)


def test_communes_sum_to_the_province(result: Result) -> None:
    keys = ["service", "operator", "indicator"]
    # Counts of stations may hold a few that lie in no commune.
    counts = ["sites", "stations", "cells", "shared_sites"]
    table = result.indicators[~result.indicators["indicator"].isin(counts)]
    sums = table.groupby([*keys, "level"])[["numerator", "denominator"]].sum()
    for part in ("numerator", "denominator"):
        communes, whole = sums.xs("commune", level="level")[part], sums.xs("province", level="level")[part]
        np.testing.assert_allclose(communes, whole, rtol=1e-12)


@pytest.mark.parametrize(("service", "radius_m"), [("4G", 4000.0), ("5G", 1000.0)])
def test_covered_people_agree_with_brute_force(
    result: Result, shared: Path, service: str, radius_m: float
) -> None:
    layers = result.layers
    grid = layers.grid
    cells = pd.read_csv(shared / "data" / "gia-lai" / "stations.csv")
    cells = cells[(cells["technology"] == service) & (cells["status"] == "operational")]
    sites = cells.drop_duplicates("site_id")
    points = gpd.GeoSeries.from_xy(sites["lon"], sites["lat"], crs=4326).to_crs(grid.crs)
    at = np.column_stack([points.x, points.y])
    covered = np.zeros(grid.shape)
    x, y = grid.x_m(), grid.y_m()
    step = 40
    for row in range(0, grid.shape[0], step):
        for col in range(0, grid.shape[1], step):
            xs, ys = x[col : col + step], y[row : row + step]
            # Sites farther from this block than the radius cannot decide about its cells.
            near = at[
                (at[:, 0] > xs[0] - radius_m) & (at[:, 0] < xs[-1] + radius_m)
                & (at[:, 1] < ys[0] + radius_m) & (at[:, 1] > ys[-1] - radius_m)
            ]  # fmt: skip
            if len(near):
                gap = np.hypot(xs[None, :, None] - near[:, 0], ys[:, None, None] - near[:, 1]).min(axis=2)
                covered[row : row + step, col : col + step] = gap <= radius_m
    left, bottom, right, top = grid.bounds
    source = NumPyRasterSource(
        layers.population.people.values * covered, left, bottom, right, top, srs_wkt=grid.crs.to_wkt()
    )
    found = exact_extract(
        source, layers.communes, "sum", include_cols=["commune_code"], output="pandas"
    ).set_index("commune_code")["sum"]
    ours = figures(result, service, "population")
    off = (ours["numerator"] - found.loc[ours.index]).abs() / ours["denominator"]
    assert off.max() < 0.005


def test_an_operator_never_covers_more_than_all(result: Result) -> None:
    for service in ("4G", "5G", "fibre"):
        for operator in ("Viettel", "VNPT", "MobiFone"):
            one = figures(result, service, "population", operator)["numerator"]
            assert (one <= figures(result, service, "population")["numerator"] + 1e-6).all()


def test_no_part_exceeds_its_whole(result: Result) -> None:
    table = result.indicators[result.indicators["denominator"].notna()]
    assert (table["numerator"] <= table["denominator"]).all()
    assert table["percent"].max() == 100.0
    assert table["percent"].min() == 0.0


def test_reports_beyond_reach_are_told(result: Result) -> None:
    (fault,) = [f for f in result.faults if f.code == "households.beyond-reach"]
    reported, reachable = (province(result, "fibre", i) for i in ("households", "households_reachable"))
    assert fault.values["reported"] == reported["numerator"] > reachable["numerator"]
    assert fault.file == "households.csv"


def test_counts_are_those_of_the_inventory(result: Result, shared: Path) -> None:
    cells = pd.read_csv(shared / "data" / "gia-lai" / "stations.csv")
    cells = cells[cells["status"] == "operational"]
    assert province(result, "all", "cells")["numerator"] == len(cells)
    assert province(result, "all", "sites")["numerator"] == cells["site_id"].nunique()
    stations = cells.drop_duplicates(["site_id", "technology", "operator"])
    assert province(result, "all", "stations")["numerator"] == len(stations)
    for operator, n in stations.groupby("operator").size().items():
        assert province(result, "all", "stations", str(operator))["numerator"] == n
    for technology, n in stations.groupby("technology").size().items():
        assert province(result, str(technology), "stations")["numerator"] == n


def test_places_and_households(result: Result, shared: Path) -> None:
    assert province(result, "4G", "places:villages")["denominator"] == 1900
    assert province(result, "4G", "places:centres")["denominator"] == 135
    homes = pd.read_csv(shared / "data" / "gia-lai" / "households.csv")
    row = province(result, "fibre", "households")
    assert row["numerator"] == homes["households_with_fibre"].sum()
    assert row["denominator"] == homes["households"].sum()
    assert row["criterion"] == "reported by the operators"


def test_gaps_and_scattered_people_are_the_uncovered(result: Result) -> None:
    for service in ("4G", "5G", "fibre"):
        row = province(result, service, "population")
        gaps = result.gaps[result.gaps["service"] == service]
        assert gaps["people"].sum() + result.scattered[service] == pytest.approx(
            row["denominator"] - row["numerator"], rel=1e-9
        )
        assert gaps["people"].is_monotonic_decreasing
        assert (gaps["people"] >= 10).all()
        assert gaps.geometry.is_valid.all()
