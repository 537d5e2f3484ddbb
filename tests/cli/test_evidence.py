"""validate, calibrate and field-form as a user calls them, on the small sample with a flat model."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely
from quick_project import content, make_project

from phusong.coverage.evidence.compare_points import predict_measured
from phusong.layers.project.file import read_project
from phusong.layers.provenance import Provenance, write_sources
from phusong.layers.read import read_layers

FILES = {"validate.html", "validate.xlsx", "validate.json", "challenges.csv", "disagreement.gpkg",
         "manifest.json"}  # fmt: skip
OFFSET_DB = -6.0


@pytest.fixture(scope="module")
def measured(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A project, and samples that lie six decibels below what it predicts."""
    folder = tmp_path_factory.mktemp("evidence")
    project = make_project(sample, folder / "tinh")
    text = project.read_text(encoding="utf-8")
    text = text.replace('model = "range"\nradius_m = 2000', 'model = "cost231"\nmax_distance_m = 8000')
    project.write_text(text, encoding="utf-8")
    layers = read_layers(read_project(project))
    reach = predict_measured(layers, layers.project.services, workers=1)["4G"]
    rng = np.random.default_rng(4)
    left, bottom, right, top = layers.communes.total_bounds
    x, y = rng.uniform(left, right, 4000), rng.uniform(bottom, top, 4000)
    points = gpd.GeoSeries.from_xy(x, y, crs=layers.grid.crs).to_crs(4326)
    operator = next(r.operator for r in reach.reaches)
    level = reach.of(operator).signal.at(x, y, np.nan) + OFFSET_DB + rng.normal(0, 4.0, len(x))
    lines = ["Kinh độ;Vĩ độ;Nhà mạng;Công nghệ;Mức thu (dBm)"]
    for lon, lat, dbm in zip(points.x, points.y, level, strict=True):
        said = f"{dbm:.1f}".replace(".", ",") if dbm > -135 else "Mất sóng"
        lines.append(f"{lon:.6f};{lat:.6f};".replace(".", ",") + f"{operator};LTE;{said}")
    file = folder / "do.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return project, file


def test_validate_writes_everything(
    phusong: Callable[..., Any], measured: tuple[Path, Path], tmp_path: Path
) -> None:
    project, file = measured
    out = tmp_path / "out"
    answer = phusong("validate", project, file, "--out", out)
    assert answer.code == 0, answer.err
    assert {p.name for p in out.iterdir()} == FILES
    found = json.loads((out / "validate.json").read_text(encoding="utf-8"))
    (strong,) = [e for e in found["errors"] if e["group"] == "strong"]
    assert strong["bias_db"] == pytest.approx(OFFSET_DB, abs=4 * strong["bias_se_db"])
    assert 2.5 < strong["sd_db"] < 4.3  # a median of several samples in a square spreads less than one
    whole = next(c for c in found["claims"] if c["operator"] == "all")["map"]
    total = sum(whole[k] for k in ("both", "claimed_only", "measured_only", "neither"))
    samples = gpd.read_file(out / "disagreement.gpkg", layer="samples")
    assert len(samples) == total == found["measurements"]["thinned"]
    assert (samples["agreement"] == "claimed-only").sum() == whole["claimed_only"]
    assert {name for name, _ in pyogrio.list_layers(out / "disagreement.gpkg")} >= {"samples", "challenges"}
    page = (out / "validate.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)  # Leaflet's own text names its home
    assert not re.search(r"""(?:src|href)=["']https?:""", markup)
    assert "Quần đảo" in page or "insetbox" not in page
    book = openpyxl.load_workbook(out / "validate.xlsx")
    assert "Sai lệch" in book.sheetnames
    before = {k: v for k, v in content(out).items() if k != "manifest.json"}
    assert phusong("validate", project, file, "--out", out, "--workers", "1").code == 0
    assert {k: v for k, v in content(out).items() if k != "manifest.json"} == before


def test_a_bad_file_leaves_the_last_result_alone(
    phusong: Callable[..., Any], measured: tuple[Path, Path], tmp_path: Path
) -> None:
    project, file = measured
    out, bad = tmp_path / "out", tmp_path / "hong.csv"
    rows = file.read_text(encoding="utf-8").splitlines()
    bad.write_text("\n".join([rows[0], *(r.replace(";-", ";") for r in rows[1:])]), encoding="utf-8")
    answer = phusong("validate", project, bad, "--out", out)
    assert answer.code == 2
    assert "dòng" in answer.err
    assert answer.err.count("✗") == 1
    assert not out.exists()


def test_no_file_is_said(phusong: Callable[..., Any], measured: tuple[Path, Path], tmp_path: Path) -> None:
    answer = phusong("validate", measured[0], "--out", tmp_path / "out", "--lang", "en")
    assert answer.code == 2
    assert "--polygons" in answer.err


def test_calibrate_asks_before_it_writes_and_run_applies_it(
    phusong: Callable[..., Any], measured: tuple[Path, Path], tmp_path: Path
) -> None:
    project, file = measured
    before = content(project.parent)
    answer = phusong("calibrate", project, file)
    assert answer.code == 0, answer.err
    assert content(project.parent) == before
    target = tmp_path / "cal.toml"
    assert phusong("calibrate", project, file, "--write", "--out", target).code == 0
    held = tomllib.loads(target.read_text(encoding="utf-8"))
    assert held["test"]["rmse_after_db"] < held["test"]["rmse_before_db"]
    for term in held["terms"]:
        middle = np.log10(np.sqrt(term["near_m"] * term["far_m"]) / 1000.0)
        assert term["offset_db"] + term["slope_db_per_decade"] * middle == pytest.approx(OFFSET_DB, abs=1.0)
    applied = project.with_name("hieu-chinh.toml")
    text = project.read_text(encoding="utf-8") + f'calibration = "{target.as_posix()}"\n'
    applied.write_text(text, encoding="utf-8")
    out = tmp_path / "sau"
    assert phusong("validate", applied, file, "--out", out).code == 0
    found = json.loads((out / "validate.json").read_text(encoding="utf-8"))
    (strong,) = [e for e in found["errors"] if e["group"] == "strong"]
    assert abs(strong["bias_db"]) < 0.8
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert any(i["layer"] == "calibration.4G" for i in manifest["inputs"])


def test_calibrate_names_the_public_sources_behind_it(
    phusong: Callable[..., Any], measured: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(measured[0].parent, tmp_path / "tinh"))
    by = "© OpenStreetMap contributors, ODbL 1.0"
    write_sources(folder, "99", [
        Provenance("stations.csv", "stations", "osm", "OSM", "daily", "ODbL-1.0", "", by, indicative=True)
    ])  # fmt: skip
    target = tmp_path / "cal.toml"
    asked = ["calibrate", folder / "phusong.toml", measured[1], "--write", "--out", target]
    answer = phusong("--lang", "en", *asked)
    assert answer.code == 0, answer.err
    said = f"Public data: {by}. Indicative only, not official data: Base stations."
    assert answer.out.splitlines()[-1] == said
    text = target.read_text(encoding="utf-8")
    assert f"# {said}" in text.splitlines()
    assert f"# Dữ liệu công khai: {by}. " in text
    (named,) = tomllib.loads(text)["attribution"]
    assert (named["attribution"], named["licence"], named["layers"]) == (by, "ODbL-1.0", ["stations"])
    assert named["indicative"] is True
    own = phusong("--lang", "en", "calibrate", measured[0], measured[1])
    assert "Public data" not in own.out  # the province's own files ask for nothing


def test_a_broken_calibration_is_one_fault(
    phusong: Callable[..., Any], measured: tuple[Path, Path], tmp_path: Path
) -> None:
    project, _ = measured
    (tmp_path / "c.toml").write_text('format = "phusong.calibration"\nservice = 3\n', encoding="utf-8")
    broken = project.with_name("hong.toml")
    text = project.read_text(encoding="utf-8") + f'calibration = "{(tmp_path / "c.toml").as_posix()}"\n'
    broken.write_text(text, encoding="utf-8")
    answer = phusong("check", broken)
    assert answer.code == 2
    assert "c.toml" in answer.err


def test_the_form_comes_back_filled_in(
    phusong: Callable[..., Any], measured: tuple[Path, Path], tmp_path: Path
) -> None:
    project, _ = measured
    form, out = tmp_path / "phieu.xlsx", tmp_path / "out"
    assert phusong("field-form", project, "--out", form).code == 0
    book = openpyxl.load_workbook(form)
    sheet = book.active
    assert sheet.data_validations.count >= 5
    layers = read_layers(read_project(project))
    operators = layers.stations["operator"].nunique()
    villages = len(layers.places["villages"])
    assert sheet.max_row == 4 + villages * operators
    reach = predict_measured(layers, layers.project.services, workers=1)["4G"]
    places = layers.places["villages"].set_index("place_id")
    for row in range(5, sheet.max_row + 1):  # everybody reports what is predicted, but for the first
        place, operator = sheet.cell(row, 3).value, sheet.cell(row, 5).value
        point = places.geometry[place]
        there = bool(reach.of(operator).covered.at(np.array([point.x]), np.array([point.y]), False)[0])
        sheet.cell(row, 7).value = (not there if row == 5 else there) * 3
        sheet.cell(row, 9).value = "05/07/2026"
    book.save(form)
    answer = phusong("validate", project, "--reports", form, "--out", out)
    assert answer.code == 0, answer.err
    found = json.loads((out / "validate.json").read_text(encoding="utf-8"))["reports"]
    figures = [r["figures"] for r in found]
    assert sum(f["both"] + f["neither"] for f in figures) == villages * operators - 1
    assert sum(f["claimed_only"] + f["measured_only"] for f in figures) == 1


def test_a_report_of_an_unknown_village_is_told(
    phusong: Callable[..., Any], measured: tuple[Path, Path], tmp_path: Path
) -> None:
    file = tmp_path / "phieu.csv"
    file.write_text("Mã thôn,Tên thôn,Nhà mạng,Số vạch\n,Thôn Không Có,,3\n,Làng Mơ,,2\n", encoding="utf-8")
    answer = phusong("validate", measured[0], "--reports", file, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "dòng 2" in answer.err


def test_declared_polygons_split_the_province(
    phusong: Callable[..., Any], measured: tuple[Path, Path], tmp_path: Path
) -> None:
    project, file = measured
    layers = read_layers(read_project(project))
    operator = str(layers.stations["operator"].iloc[0])
    left, bottom, right, top = layers.communes.total_bounds
    half = shapely.box(left, bottom, 0.5 * (left + right), top)
    shapes = gpd.GeoDataFrame(
        {"Nhà mạng": [operator], "Công nghệ": ["LTE"]}, geometry=[half], crs=layers.grid.crs
    )
    shapes.to_file(tmp_path / "khai.gpkg")
    out = tmp_path / "out"
    assert phusong("validate", project, file, "--polygons", tmp_path / "khai.gpkg", "--out", out).code == 0
    (matrix,) = json.loads((out / "validate.json").read_text(encoding="utf-8"))["polygons"]
    inside = shapely.union_all(layers.communes.geometry.to_numpy())
    parts = [matrix[k] for k in ("both", "declared_only", "predicted_only", "neither")]
    assert sum(a for a, _ in parts) == pytest.approx(inside.area / 1e6, rel=1e-3)
    assert matrix["both"][0] + matrix["declared_only"][0] == pytest.approx(
        inside.intersection(half).area / 1e6, rel=1e-3
    )
