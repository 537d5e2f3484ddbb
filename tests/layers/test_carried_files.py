"""Figures carried between old and new units: by people where old boundaries are given; nobody is lost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import small
from rasterio.transform import from_origin

from phusong.layers.boundaries.carry_file import carry_file, carry_to
from phusong.layers.boundaries.crosswalk import crosswalk
from phusong.layers.faults import ExpectedError, InputError
from phusong.layers.project.file import read_project
from phusong.layers.read import read_old_ground

WALK = crosswalk()
DIVIDED = next(
    c for c, k in sorted(WALK.heirs.items())
    if len(k) == 2 and c not in WALK.new and all(WALK.new[x.new].province_code == "52" for x in k)
)
ONE, TWO = (k.new for k in WALK.heirs[DIVIDED])


def province(folder: Path, *, with_old: bool = True) -> Path:
    """Write two new communes, and an old one that lay a quarter in the first; people live to the west."""
    project = small.write_province(folder)
    rings = [[small.square(0, 0)], [small.square(1, 0)]]
    names = [{"commune_code": c, "commune_name": f"Xã {c}"} for c in (ONE, TWO)]
    small.write(folder, "communes.geojson", small.collection(rings, names))
    people = np.full((30, 30), 10.0, dtype=np.float32)
    people[:, :15] = 90.0  # the raster starts 0.05 degrees west of the communes: they part at column 15
    with rasterio.open(
        folder / "population.tif", "w", driver="GTiff", height=30, width=30, count=1, dtype="float32",
        crs="EPSG:4326", transform=from_origin(small.LON - 0.05, small.LAT + 0.25, 0.01, 0.01),
    ) as file:
        file.write(people, 1)
    x, y = small.LON, small.LAT
    old = [[x + 0.05, y], [x + 0.2, y], [x + 0.2, y + 0.1], [x + 0.05, y + 0.1], [x + 0.05, y]]
    small.write(folder, "old.geojson", small.collection([[old]], [{"ma_xa": DIVIDED}]))
    if with_old:
        small.add(project, '[layers.old_communes]\npath = "old.geojson"\n')
    (folder / "ho.csv").write_text(
        f"commune_code,households,households_with_fibre\n{DIVIDED},1100,550\n", encoding="utf-8"
    )
    return project


def test_divided_communes_are_carried_by_people(tmp_path: Path) -> None:
    project = province(tmp_path)
    small.add(project, '[layers.households]\npath = "ho.csv"\nvintage = 2024\n')
    layers = small.layers_of(project)
    assert layers.households is not None
    got = dict(zip(layers.households["commune_code"], layers.households["households"], strict=True))
    # Half a commune at 90 people a cell lies in the one, a whole one at 10 in the other.
    assert got[ONE] / got[TWO] == pytest.approx(4.5, rel=0.06)
    assert sum(got.values()) == 1100
    assert layers.households["households_with_fibre"].sum() == 550
    assert "households.carry-by-people" in [f.code for f in layers.faults]


def test_without_boundaries_a_divided_commune_is_refused(tmp_path: Path) -> None:
    project = province(tmp_path, with_old=False)
    small.add(project, '[layers.households]\npath = "ho.csv"\nvintage = 2024\n')
    assert "households.carry-divided" in [f.code for f in small.faults_of(project)]


def test_old_boundaries_need_old_codes(tmp_path: Path) -> None:
    project = province(tmp_path)
    old = json.loads((tmp_path / "old.geojson").read_text(encoding="utf-8"))
    old["features"][0]["properties"]["ma_xa"] = "99999"
    small.write(tmp_path, "old.geojson", old)
    assert "old_communes.no-old-commune" in [f.code for f in small.faults_of(project)]


def test_a_table_is_carried_by_people(tmp_path: Path) -> None:
    old = read_old_ground(read_project(province(tmp_path)))
    assert old is not None
    found = carry_file(tmp_path / "ho.csv", "communes-2025", vintage="2024", old=old)
    assert found.before == found.after == {"households": 1100.0, "households_with_fibre": 550.0}
    assert set(found.table["basis"]) == {"weights"}
    with pytest.raises(InputError) as refused:
        carry_file(tmp_path / "ho.csv", "communes-2025", vintage="2024")
    assert "households.carry-divided" in [f.code for f in refused.value.faults]


def test_indicators_go_back_to_districts_figure_by_figure(tmp_path: Path) -> None:
    """Sums of each figure agree, and percentages are those of the sums."""
    codes = [c for c, u in sorted(WALK.new.items()) if u.province_code == "52"]
    random = np.random.default_rng(1)
    rows = [
        {"level": level, "code": c, "name": WALK.new[c].name if c in WALK.new else "", "service": s,
         "operator": "any", "indicator": "population", "numerator": float(random.integers(0, 50)),
         "denominator": 100.0, "percent": 1.0, "unit": "people", "criterion": "x", "as_of": "2026-06-30"}
        for s in ("4G", "5G") for level, listed in (("province", ["52"]), ("commune", codes)) for c in listed
    ]
    given = pd.DataFrame(rows)
    given.to_csv(tmp_path / "indicators.csv", index=False)
    out = tmp_path / "districts.csv"
    done = carry_to([tmp_path / "indicators.csv"], "districts-2024", out=out, rule="equal")
    back = pd.read_csv(out, dtype={"code": str})
    communes = given[given["level"] == "commune"]
    for service, part in back.groupby("service"):
        own = communes[communes["service"] == service]
        assert part["numerator"].sum() == pytest.approx(own["numerator"].sum(), rel=1e-12)
        assert part["denominator"].sum() == pytest.approx(100.0 * len(own), rel=1e-12)
    np.testing.assert_allclose(back["percent"], 100 * back["numerator"] / back["denominator"])
    assert back["code"].str.fullmatch(r"\d{3}").all()
    assert done.before == pytest.approx(done.after)
    with pytest.raises(ExpectedError):
        carry_to([tmp_path / "indicators.csv"], "districts-2024", out=out)


def test_the_register_tells_the_zone_where_communes_fail(tmp_path: Path) -> None:
    """Points of real communes, in each zone of the country's middle, without a word of the system."""
    from pyproj import Transformer

    from phusong.layers.convert import convert
    from phusong.layers.register_ground import register_ground

    ground = register_ground("52")
    assert ground is not None
    points = ground.communes.geometry.representative_point().to_crs(4326)
    for epsg in (9217, 9218):
        x, y = Transformer.from_crs(4326, epsg, always_xy=True).transform(points.x, points.y)
        columns = {"Mã trạm": ground.codes, "Công nghệ": "4G", "X": y, "Y": x, "Mã xã": ground.codes}
        table = pd.DataFrame(columns)
        table.to_csv(tmp_path / f"{epsg}.csv", index=False)
        done = convert([tmp_path / f"{epsg}.csv"], kind="stations", out=tmp_path / f"{epsg}-out.csv")
        assert any(f.code == "stations.crs-found" for f in done.faults)
        got = pd.read_csv(tmp_path / f"{epsg}-out.csv")
        assert np.abs(got["lon"] - points.x.to_numpy()).max() < 1e-6
    table.drop(columns="Mã xã").to_csv(tmp_path / "bare.csv", index=False)
    with pytest.raises(InputError) as refused:
        convert([tmp_path / "bare.csv"], kind="stations", out=tmp_path / "bare-out.csv")
    assert "stations.no-crs" in [f.code for f in refused.value.faults]
    done = convert([tmp_path / "bare.csv"], kind="stations", out=tmp_path / "b.csv", province="52")
    assert done.rows == {"stations": len(table)}
