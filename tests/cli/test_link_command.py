"""``phusong link``: one path as text, JSON and picture, and ends that are none."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import rasterio
from pyproj import Geod, Transformer

ANSWER = Callable[..., Any]


def sites_of(project: Path) -> dict[str, tuple[float, float]]:
    with (project.parent / "stations.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["site_id"]: (float(row["lat"]), float(row["lon"])) for row in csv.DictReader(file)}


@pytest.fixture
def ends(finished: tuple[Path, Path]) -> tuple[str, str]:
    """Two sites 2 to 20 km apart."""
    sites = sites_of(finished[0])
    first = next(iter(sites))
    geod = Geod(ellps="WGS84")
    for name, (lat, lon) in sites.items():
        away = geod.inv(sites[first][1], sites[first][0], lon, lat)[2]
        if 2_000 < away < 20_000:
            return first, name
    raise AssertionError("the sample has no two such sites")


def test_from_site_to_point(phusong: ANSWER, finished: tuple[Path, Path], ends: tuple[str, str]) -> None:
    project = finished[0]
    sites = sites_of(project)
    lat, lon = sites[ends[1]]
    answer = phusong("link", project, ends[0], f"{lat},{lon}", "--lang", "en")
    assert answer.code == 0
    away = Geod(ellps="WGS84").inv(sites[ends[0]][1], sites[ends[0]][0], lon, lat)[2]
    assert f"{ends[0]} → {lat},{lon}: " in answer.out
    # UTM distances are within 0.1 % of those on the ellipsoid.
    told = float(answer.out.split(" km")[0].split()[-1])
    assert told == pytest.approx(away / 1000.0, rel=2e-3, abs=0.006)
    assert "RSRP" in answer.out
    assert "Predicted by computation, not measured." in answer.out
    assert "Dự báo tính toán, chưa đo kiểm." in phusong("link", project, ends[0], f"{lat},{lon}").out


def test_from_point_to_point_has_a_loss_but_no_station(
    phusong: ANSWER, finished: tuple[Path, Path], ends: tuple[str, str]
) -> None:
    sites = sites_of(finished[0])
    points = [f"{lat + 0.002},{lon + 0.002}" for lat, lon in (sites[e] for e in ends)]
    answer = phusong("link", finished[0], *points)
    assert answer.code == 0
    assert "chỉ tính suy hao" in answer.out
    assert "RSRP" not in answer.out


@pytest.mark.parametrize("model", ["p1812", "itm", "p526"])
def test_json_of_every_model(
    phusong: ANSWER, finished: tuple[Path, Path], ends: tuple[str, str], model: str
) -> None:
    answer = phusong("link", finished[0], *ends, "--model", model, "--json")
    assert answer.code == 0
    assert answer.err == ""
    link = json.loads(answer.out)
    assert link["model"] == model
    assert link["status"] == "predicted"
    assert link["loss_db"] == pytest.approx(
        link["free_space_db"] + link["terrain_db"] + link["clutter_db"], abs=1e-6
    )
    sites = sites_of(finished[0])
    assert (link["start"]["lat"], link["start"]["lon"]) == sites[ends[0]]
    assert (link["end"]["lat"], link["end"]["lon"]) == sites[ends[1]]
    for cell in link["cells"]:
        assert cell["rsrp_dbm"] == pytest.approx(cell["reference_dbm"] + cell["gain_db"] - cell["loss_db"])


def test_picture(
    phusong: ANSWER, finished: tuple[Path, Path], ends: tuple[str, str], tmp_path: Path
) -> None:
    picture = tmp_path / "p.png"
    answer = phusong("link", finished[0], *ends, "--png", picture)
    assert answer.code == 0
    assert answer.err == f"Đã viết {picture}\n"
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    pixels = plt.imread(picture)
    assert pixels.shape[1] > 600
    assert np.ptp(pixels[..., :3]) > 0.5  # something is drawn
    answer = phusong("link", finished[0], *ends, "--png", tmp_path / "none" / "p.png")
    assert answer.code == 2
    assert "không tìm thấy" in answer.err


def test_unknown_site_names_the_nearest(
    phusong: ANSWER, finished: tuple[Path, Path], ends: tuple[str, str]
) -> None:
    for lang, wanted in (("vi", "Gần giống: "), ("en", "Similar: ")):
        answer = phusong("link", finished[0], ends[0] + "x", ends[1], "--lang", lang)
        assert answer.code == 2
        assert answer.out == ""
        assert wanted + ends[0] in answer.err
    answer = phusong("link", finished[0], "{a} {}", ends[1])
    assert answer.code == 2
    assert "'{a} {}'" in answer.err


@pytest.mark.parametrize(
    ("point", "vi", "en"),
    [
        ("0,0", "nằm ngoài lưới", "outside the province's grid"),
        ("0,-70", "nằm ngoài lưới", "outside the province's grid"),
        ("108.6,13.7", "Viết vĩ độ trước", "Latitude comes first"),
        ("nan,nan", "không phải một điểm", "is no place on earth"),
        ("1e999,3", "không phải một điểm", "is no place on earth"),
        ("13.7", "không phải tọa độ", "no 'lat,lon'"),
        ("13.7,108.6,5", "không phải tọa độ", "no 'lat,lon'"),
    ],
)
def test_ends_that_are_none(
    phusong: ANSWER, finished: tuple[Path, Path], ends: tuple[str, str], point: str, vi: str, en: str
) -> None:
    for lang, wanted in (("vi", vi), ("en", en)):
        answer = phusong("link", finished[0], ends[0], point, "--lang", lang)
        assert answer.code == 2
        assert answer.out == ""
        assert f"'{point}'" in answer.err
        assert wanted in answer.err


def test_other_slips(phusong: ANSWER, finished: tuple[Path, Path], ends: tuple[str, str]) -> None:
    answer = phusong("link", finished[0], ends[0], ends[0])
    assert (answer.code, answer.err) == (2, "Hai đầu của tuyến là một điểm.\n")
    answer = phusong("link", finished[0], *ends, "--service", "6G", "--lang", "en")
    assert (answer.code, answer.err) == (2, "The project has no radio service '6G'. It has: 4G.\n")
    answer = phusong("link", finished[0].with_name("none.toml"), *ends)
    assert answer.code == 2
    assert "Không tìm thấy tệp" in answer.err


def test_terrain_without_values_is_no_flat_ground(
    phusong: ANSWER, project: Path, ends: tuple[str, str]
) -> None:
    sites = sites_of(project)
    with rasterio.open(project.parent / "terrain.tif", "r+") as raster:
        band = raster.read(1)
        (lat_a, lon_a), (lat_b, lon_b) = sites[ends[0]], sites[ends[1]]
        x, y = Transformer.from_crs(4326, raster.crs, always_xy=True).transform(
            (lon_a + lon_b) / 2, (lat_a + lat_b) / 2
        )
        row, col = raster.index(x, y)
        band[row - 3 : row + 4, col - 3 : col + 4] = raster.nodata
        raster.write(band, 1)
    answer = phusong("link", project, *ends)
    assert answer.code == 2
    assert answer.out == ""
    assert "Địa hình không có giá trị ở " in answer.err
    assert "The terrain has no value at " in phusong("link", project, *ends, "--lang", "en").err


def test_project_without_terrain(phusong: ANSWER, project: Path, ends: tuple[str, str]) -> None:
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace('[layers.terrain]\npath = "terrain.tif"\n', ""), encoding="utf-8")
    answer = phusong("link", project, *ends)
    assert answer.code == 2
    assert "[layers.terrain]" in answer.err
