"""The sentences in which provinces report, for Gia Lai, against numbers taken straight from its files."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from exactextract import exact_extract
from scipy.spatial import KDTree

from phusong.coverage.result import Result
from phusong.coverage.targets import index_evidence
from phusong.maps.figures import Figures
from phusong.maps.official_sentences import all_official
from phusong.maps.sentences import service_sentences, station_sentence
from phusong.maps.target_words import all_standings

pytestmark = pytest.mark.slow
RADIUS_M = {"4G": 4000.0, "5G": 1000.0}


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "data" / "gia-lai"


@pytest.fixture(scope="module")
def said(gia_lai: Result) -> list[str]:
    """Return everything that is said of the province, in Vietnamese."""
    figures = Figures(gia_lai)
    station = station_sentence(figures, "vi")
    assert station is not None
    found = [x.text for s in figures.services for x in service_sentences(figures, s, "vi")]
    return [*found, station.text, *(x.text for x in all_official(figures, "vi"))]


@pytest.fixture(scope="module")
def cells(folder: Path) -> pd.DataFrame:
    table = pd.read_csv(folder / "stations.csv", dtype={"commune_code": str})
    return table[table["status"] == "operational"]


def vi(number: float, decimals: int = 0) -> str:
    return f"{number:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def heard(gia_lai: Result, points: pd.DataFrame, cells: pd.DataFrame, service: str) -> np.ndarray:
    """Tell which points lie in a cell of the grid whose centre is within the radius of a site."""
    grid = gia_lai.layers.grid
    at = gpd.GeoSeries.from_xy(points["lon"], points["lat"], crs=4326).to_crs(grid.crs)
    left, _, _, top = grid.bounds
    x = left + (np.floor((at.x - left) / grid.cell_m) + 0.5) * grid.cell_m
    y = top - (np.floor((top - at.y) / grid.cell_m) + 0.5) * grid.cell_m
    sites = cells[cells["technology"] == service].drop_duplicates("site_id")
    seen = gpd.GeoSeries.from_xy(sites["lon"], sites["lat"], crs=4326).to_crs(grid.crs)
    far = KDTree(np.column_stack([seen.x, seen.y])).query(np.column_stack([x, y]))[0]
    return np.asarray(far <= RADIUS_M[service])


def figure(gia_lai: Result, service: str, indicator: str, operator: str = "any") -> pd.Series:
    table = gia_lai.indicators
    rows = table[(table["level"] == "province") & (table["service"] == service)
                 & (table["operator"] == operator) & (table["indicator"] == indicator)]  # fmt: skip
    assert len(rows) == 1
    return rows.iloc[0]


def has(said: list[str], *parts: str) -> bool:
    return any(all(part in text for part in parts) for text in said)


def test_stations_by_operator_and_technology_with_their_date(said: list[str], cells: pd.DataFrame) -> None:
    stations = cells.drop_duplicates(["site_id", "technology", "operator"])
    total, sites = vi(len(stations)), vi(cells["site_id"].nunique())
    assert has(said, f"{total} trạm", f"{sites} vị trí", f"{vi(len(cells))} cell", "30/06/2026")
    by_owner, by_technology = (stations.groupby(c).size() for c in ("operator", "technology"))
    assert has(said, *(f"{name} {vi(n)}" for name, n in by_owner.items()))
    assert has(said, *(f"{name} {vi(n)}" for name, n in by_technology.items()))
    assert has(said, "5G phát sóng tại", f"{vi(by_technology['5G'])} vị trí")


def test_centres_and_key_locations(
    said: list[str], gia_lai: Result, folder: Path, cells: pd.DataFrame
) -> None:
    centres = pd.read_csv(folder / "centres.csv")
    for service in RADIUS_M:
        n = int(heard(gia_lai, centres, cells, service).sum())
        assert has(said, f"{service} phủ đến", "trung tâm xã", f"({n}/{len(centres)})")
        assert has(said, f"{service} tại {n}/{len(centres)} vị trí trọng điểm")


def test_villages_without_signal(
    said: list[str], gia_lai: Result, folder: Path, cells: pd.DataFrame
) -> None:
    villages = pd.read_csv(folder / "villages.csv", dtype={"commune_code": str})
    states = gia_lai.villages
    assert states is not None
    for service in RADIUS_M:
        reached = heard(gia_lai, villages, cells, service)
        left = villages[~reached]
        assert has(said, f"{service} phủ đến", "thôn, làng", f"({vi(reached.sum())}/{vi(len(villages))})")
        assert has(
            said, f"Thôn trắng sóng {service}: {vi(len(left))}/{vi(len(villages))} thôn",
            f"{vi(left['households'].sum())} hộ", f"{vi((~left['has_grid_power']).sum())} thôn chưa có điện",
            f"{vi(left['disadvantaged'].sum())} thôn đặc biệt khó khăn",
        )  # fmt: skip
        poor = villages["disadvantaged"]
        counts = f"({vi((poor & reached).sum())}/{poor.sum()})"
        assert has(said, f"{service} phủ đến", f"đặc biệt khó khăn {counts}")
        mine = states[(states["service"] == service) & (states["operator"] == "any")]
        assert set(mine.loc[mine["state"] == "trang", "place_id"]) == set(left["village_id"])
        lom = villages[villages["village_id"].isin(mine.loc[mine["state"] == "lom", "place_id"])]
        assert set(lom["village_id"]) <= set(villages.loc[reached, "village_id"])
        assert has(said, f"Thôn lõm sóng {service}: {vi(len(lom))}/{vi(reached.sum())}",
                   f"{vi(lom['households'].sum())} hộ")  # fmt: skip


def test_villages_by_operator(gia_lai: Result, folder: Path, cells: pd.DataFrame) -> None:
    villages = pd.read_csv(folder / "villages.csv")
    for operator, own in cells.groupby("operator"):
        row = figure(gia_lai, "4G", "trang", str(operator))
        assert row["numerator"] == (~heard(gia_lai, villages, own, "4G")).sum()
        assert row["denominator"] == len(villages)


def test_fibre_reported_reachable_and_by_commune(said: list[str], gia_lai: Result, folder: Path) -> None:
    homes = pd.read_csv(folder / "households.csv", dtype={"commune_code": str}).set_index("commune_code")
    n, of = homes["households_with_fibre"].sum(), homes["households"].sum()
    assert has(said, "Cáp quang phủ", f"({vi(n)}/{vi(of)} hộ)")
    table = gia_lai.indicators
    people = table[(table["level"] == "commune") & (table["service"] == "fibre")
                   & (table["operator"] == "any") & (table["indicator"] == "population")]  # fmt: skip
    people = people.set_index("code")
    reachable = (homes["households"] * people["numerator"] / people["denominator"]).sum()
    assert has(said, "tầm kéo cáp quang", f"({vi(reachable)}/{vi(of)} hộ")
    connected = (people["denominator"] * homes["households_with_fibre"] / homes["households"]).sum()
    assert figure(gia_lai, "fibre", "population_fibre")["numerator"] == pytest.approx(connected)
    communes = gpd.read_file(folder / "communes.gpkg")
    there: set[str] = set()
    for name in ("fibre_routes.geojson", "fibre_nodes.geojson"):
        lines = gpd.read_file(folder / name)
        lines = lines[lines["status"] == "operational"].to_crs(communes.crs)
        there |= set(gpd.sjoin(communes, lines, predicate="intersects")["ward_code"])
    assert has(said, "Cáp quang đến", f"({len(there)}/{len(communes)})")


def test_town_and_country(gia_lai: Result, folder: Path) -> None:
    communes = gpd.read_file(folder / "communes.gpkg")
    people = exact_extract(
        str(folder / "population.tif"), communes, "sum", include_cols=["ward_name"], output="pandas"
    )
    urban = people["ward_name"].str.startswith("Phường")
    for part, mask in (("urban", urban), ("rural", ~urban)):
        row = figure(gia_lai, "4G", f"population_{part}")
        assert row["denominator"] == pytest.approx(people.loc[mask, "sum"].sum(), rel=2e-3)
    both = [figure(gia_lai, "4G", f"population_{part}")["numerator"] for part in ("urban", "rural")]
    assert sum(both) == pytest.approx(figure(gia_lai, "4G", "population")["numerator"], rel=1e-12)


def test_sharing_areas_denominators_and_figures_from_elsewhere(
    said: list[str], gia_lai: Result, cells: pd.DataFrame
) -> None:
    tenants = cells.groupby("site_id")["operator"].nunique()
    assert has(said, "dùng chung", f"({(tenants > 1).sum()}/{vi(len(tenants))} vị trí)")
    assert has(said, "1.900 thôn, làng tại 135 xã", "25 phường")
    assert has(said, "không do phần mềm tính", "81,15%")
    areas = gia_lai.settlements
    assert areas is not None
    mine = areas[areas["service"] == "4G"]
    assert has(said, "Độ bao phủ 4G đạt", f"({mine['served'].sum()}/{len(mine)} khu)")
    assert (mine["people"] >= 500).all()
    assert mine["people"].sum() < figure(gia_lai, "4G", "population")["denominator"]


def test_zones_by_area(said: list[str], gia_lai: Result, folder: Path, cells: pd.DataFrame) -> None:
    zones = gpd.read_file(folder / "zones.geojson").to_crs(gia_lai.layers.grid.crs)
    sites = cells[cells["technology"] == "5G"].drop_duplicates("site_id")
    points = gpd.GeoSeries.from_xy(sites["lon"], sites["lat"], crs=4326).to_crs(zones.crs)
    # Circles themselves, without a grid: cells at the rim make the difference.
    km2 = zones.intersection(points.buffer(1000.0, quad_segs=32).union_all()).area.sum() / 1e6
    row = figure(gia_lai, "5G", "zones:industrial")
    assert row["numerator"] == pytest.approx(km2, rel=0.02)
    counts = f"({vi(row['numerator'], 1)}/{vi(row['denominator'], 1)} km²)"
    assert has(said, "5G phủ", "khu công nghiệp", counts)


def test_targets_of_public_documents_and_evidence(gia_lai: Result, cells: pd.DataFrame) -> None:
    found = {x.wanted.key: x for x in all_standings(gia_lai)}
    assert found["vn-5g-2030"].state == "short"
    people = figure(gia_lai, "5G", "population")
    assert found["vn-5g-2030"].gap == pytest.approx(99.0 - 100 * people["numerator"] / people["denominator"])
    assert found["gl-mobile-villages-2025"].state == "near"
    told = {x.criterion.id: x for x in index_evidence(gia_lai)}
    assert told["dti-fibre-households"].said == "reported by the operators"
    assert [r.value for r in told["dti-smartphone"].reported] == [81.15]
    assert np.isnan(told["dti-smartphone"].numerator)


def test_circles_of_other_radii(gia_lai: Result) -> None:
    table = gia_lai.definitions
    assert table is not None
    whole = table[table["level"] == "province"].set_index(["service", "definition"])["numerator"]
    assert whole["4G", "radius-4g"] == whole["4G", "own"]  # both 4 km
    assert 0 < whole["5G", "radius-5g"] < whole["5G", "own"]  # 0.5 and 1 km
