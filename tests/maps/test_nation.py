"""The country: halves of a province give what the whole gives, across their border too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from quick_project import make_project

from phusong.maps.batch.job import ProvinceRun
from phusong.maps.batch.nation_tables import all_communes, overlaps, ranks, totals, write_nation
from phusong.maps.batch.run import BatchOptions, run_batch

SERVICES = """
[services.4G]
model = "cost231"
max_distance_m = 6000

[services.3G]
model = "range"
radius_m = 3000
technology = "4G"
"""


def project(sample: Path, folder: Path, code: str) -> Path:
    file = make_project(sample, folder, code)
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("[places")] + SERVICES, encoding="utf-8")
    return file


@dataclass(frozen=True)
class Country:
    whole: Path
    apart: list[ProvinceRun]
    joined: list[ProvinceRun]
    out: Path


@pytest.fixture(scope="module")
def country(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Country:
    """A province in one piece, and cut into a western and an eastern one, each with its own stations."""
    root = tmp_path_factory.mktemp("country")
    whole = project(sample, root / "whole", "61")
    communes = gpd.read_file(whole.parent / "communes.gpkg")
    middle = communes.to_crs(32649).centroid.x
    stations = pd.read_csv(whole.parent / "stations.csv", dtype=str)
    points = gpd.GeoSeries(gpd.points_from_xy(stations["lon"].astype(float), stations["lat"].astype(float)),
                           crs=4326).to_crs(communes.crs)  # fmt: skip
    halves = []
    for code, mine in (("62", middle <= middle.median()), ("63", middle > middle.median())):
        file = project(sample, root / code, code)
        (file.parent / "communes.gpkg").unlink()
        communes[mine].to_file(file.parent / "communes.gpkg", layer="communes")
        inside = points.within(communes[mine].union_all())
        stations[inside.to_numpy()].to_csv(file.parent / "stations.csv", index=False)
        halves.append(file)
    (one,) = run_batch([whole], root / "one", "en", options=BatchOptions(dask=False))
    assert one.status == "done", one.messages
    options = BatchOptions(workers=2, dask=False)
    apart = run_batch(halves, root / "apart", "en", options=options)
    options = BatchOptions(workers=2, dask=False, across_borders=True)
    joined = run_batch(halves, root / "joined", "en", options=options)
    assert [r.status for r in (*apart, *joined)] == ["done"] * 4, [r.messages for r in (*apart, *joined)]
    return Country(root / "one" / "61", apart, joined, root)


@pytest.mark.slow
def test_neighbours_serve_across_the_border(country: Country) -> None:
    whole = gpd.read_file(country.whole / "communes.gpkg").set_index("commune_code")
    joined = all_communes(country.joined, country.out / "joined")
    apart = all_communes(country.apart, country.out / "apart")
    assert joined is not None
    assert apart is not None
    joined, apart = joined.set_index("commune_code"), apart.set_index("commune_code")
    assert set(joined.index) == set(whole.index)
    missed = 0
    for column in ("4g_any_people", "3g_any_people", "4g_any_area_pct"):
        wanted = whole[column].reindex(joined.index)
        # As if there were no border, to the rounding of sums.
        np.testing.assert_allclose(joined[column], wanted, rtol=1e-9, atol=1e-6)
        # Without neighbours, communes at the border have less and none has more, to the last bit: the same
        # shares of the same cells are summed, fewer of them.
        assert (apart[column].reindex(joined.index) <= joined[column]).all()
        missed += int((apart[column].reindex(joined.index) < joined[column] - 1e-3).sum())
    assert missed > 0


@pytest.mark.slow
def test_lent_stations_are_counted_nowhere(country: Country) -> None:
    for side in ("62", "63"):
        counts = [
            (table := pd.read_csv(country.out / kind / side / "indicators.csv", dtype={"code": str}))[
                table["indicator"].isin(["sites", "stations", "cells"])
            ].reset_index(drop=True)
            for kind in ("apart", "joined")
        ]
        pd.testing.assert_frame_equal(*counts)
        files = [country.out / kind / side / "stations.csv" for kind in ("apart", "joined")]
        assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.slow
def test_national_tables_add_up(country: Country) -> None:
    out = country.out / "joined"
    assert write_nation(country.joined, out, "vi") == []
    sums = totals(country.joined)
    whole = pd.read_csv(country.whole / "indicators.csv", dtype={"code": str})
    people = whole[(whole["level"] == "province") & (whole["indicator"] == "population")
                   & (whole["operator"] == "any")].set_index("service")  # fmt: skip
    table = pd.read_csv(out / "communes.csv", dtype={"commune_code": str, "province_code": str})
    frame = gpd.read_parquet(out / "communes.parquet")
    for service, total in sums.items():
        # People of cells on the border between the halves are there once.
        assert total.people == pytest.approx(people.loc[service, "denominator"], rel=1e-9)
        assert total.covered == pytest.approx(people.loc[service, "numerator"], rel=1e-9)
        assert table[f"{service.lower()}_any_people"].sum() == pytest.approx(total.covered, rel=1e-9)
    assert table["population"].sum() == pytest.approx(sums["4G"].people, rel=1e-9)
    assert list(frame["commune_code"]) == list(table["commune_code"])
    assert frame.crs.to_epsg() == 4326
    book = openpyxl.load_workbook(out / "nation.xlsx")
    first, second = book.worksheets
    assert first.max_row == 4
    assert first.cell(4, 4).value == pytest.approx(sums[next(iter(sums))].covered, rel=1e-9)
    assert second.max_row == len(table) + 1
    book.close()
    before = {n: (out / n).read_bytes() for n in ("communes.csv", "communes.parquet", "nation.xlsx")}
    write_nation(country.joined[::-1], out, "vi")
    assert (out / "communes.csv").read_bytes() == before["communes.csv"]
    assert (out / "communes.parquet").read_bytes() == before["communes.parquet"]
    rank = ranks(country.joined, "4G")
    share = {r.code: r.indicators["4G"][0] / r.indicators["4G"][1] for r in country.joined}
    assert rank[max(share, key=lambda code: share[code])] == 1
    assert sorted(rank.values()) == [1, 2]


def test_provinces_that_overlap_are_told() -> None:
    from shapely.geometry import box

    frame = gpd.GeoDataFrame(
        {"province_code": ["01", "01", "02", "02"]}, crs=4326,
        geometry=[box(105, 20, 106, 21), box(106, 20, 107, 21), box(106.9, 20, 108, 21),
                  box(105.4, 20.4, 105.5, 20.5)],
    )  # fmt: skip
    ((one, other, km2),) = overlaps(frame)
    assert (one, other) == ("01", "02")
    # A strip a tenth of a degree wide and, wholly within a commune, a square of that side.
    degrees2 = 0.1 * np.cos(np.radians(20.5)) + 0.01 * np.cos(np.radians(20.45))
    assert km2 == pytest.approx(111.32 * 110.8 * degrees2, rel=0.01)
    assert overlaps(frame.iloc[:2]) == []


def test_no_province_no_tables(tmp_path: Path) -> None:
    run = ProvinceRun("01", "A", "a", "failed", ("x",))
    assert write_nation([run], tmp_path, "vi") == []
    assert list(tmp_path.iterdir()) == []
    assert totals([run]) == {}
