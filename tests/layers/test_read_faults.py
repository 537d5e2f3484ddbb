"""Faults of all layers together, of systems of coordinates, of the grid; and the clean case."""

from __future__ import annotations

from pathlib import Path

import pytest
import small
from fault_cases import found, moved, stations, with_codes

from phusong.layers.faults import InputError
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers


def test_clean_province_has_no_fault(project: Path) -> None:
    assert small.faults_of(project) == []


def test_all_layers_told_at_once(project: Path) -> None:
    """Nothing hides behind the first layer's errors."""
    data = small.communes()
    with_codes("21553", "21553", "21601", "21700")(data)
    small.write(project.parent, "communes.geojson", data)
    small.write(project.parent, "stations.csv", stations(technology="9G", lon="1"))
    small.write(project.parent, "places.csv", "place_id,name,commune_code,lon,lat\na,A,21553,108.05,\n")
    small.write(
        project.parent, "households.csv", "commune_code,households,households_with_fibre\n21553,5,9\n"
    )
    small.add(project, '[places.v]\npath = "places.csv"\n[layers.households]\npath = "households.csv"\n')
    with pytest.raises(InputError) as caught:
        read_layers(read_project(project))
    codes = {f.code for f in caught.value.faults if f.severity == "error"}
    assert codes == {
        "communes.duplicate-commune",
        "stations.unknown-technology",
        "stations.outside-province",
        "places.missing-coordinates",
        "households.more-fibre-than-households",
    }


def test_tables_are_checked_without_communes(project: Path) -> None:
    (project.parent / "communes.geojson").write_text("{ broken", encoding="utf-8")
    small.write(project.parent, "stations.csv", stations(technology="9G"))
    codes = [f.code for f in small.faults_of(project)]
    assert codes == ["communes.unreadable-file", "stations.unknown-technology"]


@pytest.mark.parametrize(
    ("name", "content", "code", "vi", "en"),
    [
        ("communes.gpkg", b"not a geopackage", "unreadable-file", "Không mở được tệp", "cannot be opened"),
        ("communes.parquet", b"PAR1", "unreadable-file", "Không mở được tệp", "cannot be opened"),
        ("communes.xlsx", b"PK\x03\x04", "unreadable-file", "Không mở được tệp", "cannot be opened"),
        (
            "communes.doc",
            b"x",
            "unknown-format",
            "Không đọc được định dạng '.doc'",
            "format '.doc' cannot be read",
        ),
        (
            "communes.csv",
            "commune_code,commune_name\n1,Xã\n".encode("cp1258", "replace"),
            "no-geometry",
            "không có hình học",
            "has no shapes",
        ),
        ("communes.csv", b"commune_code,commune_name\n1,X\xe3\n", "not-utf8", "UTF-8", "not in UTF-8"),
    ],
)
def test_files_that_cannot_be_read(
    project: Path, name: str, content: bytes, code: str, vi: str, en: str
) -> None:
    (project.parent / name).write_bytes(content)
    text = project.read_text(encoding="utf-8").replace("communes.geojson", name)
    project.write_text(text, encoding="utf-8")
    (fault,) = found(project, f"communes.{code}")
    assert fault.severity == "error"
    assert vi in fault.say("vi")
    assert en in fault.say("en")


def test_file_gone_after_the_project_was_read(project: Path) -> None:
    read = read_project(project)
    for name in ("communes.geojson", "stations.csv", "population.tif"):
        (project.parent / name).unlink()
    with pytest.raises(InputError) as caught:
        read_layers(read)
    assert {f.code for f in caught.value.faults} >= {"communes.missing-file", "stations.missing-file"}


def test_crs_of_vectors(project: Path) -> None:
    import geopandas as gpd

    frame = gpd.read_file(project.parent / "communes.geojson")
    metric = frame.to_crs(9218).rename(columns={"commune_code": "commune_co", "commune_name": "commune_na"})
    metric.to_file(project.parent / "communes.shp")
    (project.parent / "communes.prj").unlink(missing_ok=True)
    old = project.read_text(encoding="utf-8").replace("communes.geojson", "communes.shp")
    columns = '\ncolumns = { commune_code = "commune_co", commune_name = "commune_na" }'
    project.write_text(old.replace('"communes.shp"', '"communes.shp"' + columns), encoding="utf-8")
    (fault,) = found(project, "communes.no-crs")
    assert "không khai hệ tọa độ" in fault.say("vi")
    assert "declares no coordinate system" in fault.say("en")
    declared = old.replace('"communes.shp"', '"communes.shp"\ncrs = "EPSG:9218"' + columns)
    project.write_text(declared, encoding="utf-8")
    assert small.faults_of(project) == []
    expected = frame.to_crs(32649).total_bounds
    assert small.layers_of(project).communes.total_bounds == pytest.approx(expected, abs=0.01)


def test_crs_declared_over_the_files_own(project: Path) -> None:
    text = project.read_text(encoding="utf-8").replace(
        '"communes.geojson"', '"communes.geojson"\ncrs = "EPSG:4756"'
    )
    project.write_text(text, encoding="utf-8")
    (fault,) = found(project, "communes.crs-overridden")
    assert "Tệp khai hệ tọa độ EPSG:4326, dự án khai EPSG:4756" in fault.say("vi")
    assert "the project's is used" in fault.say("en")


def test_layers_of_a_geopackage(project: Path) -> None:
    import geopandas as gpd

    frame = gpd.read_file(project.parent / "communes.geojson")
    path = project.parent / "all.gpkg"
    frame.to_file(path, layer="communes")
    frame.to_file(path, layer="cu")
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("communes.geojson", "all.gpkg"), encoding="utf-8")
    (fault,) = found(project, "communes.which-layer")
    assert "nhiều lớp: communes, cu" in fault.say("vi")
    assert "several layers" in fault.say("en")
    project.write_text(text.replace('"communes.geojson"', '"all.gpkg"\nlayer = "comunes"'), encoding="utf-8")
    (fault,) = found(project, "communes.unknown-layer")
    assert "muốn viết 'communes'" in fault.say("vi")
    assert "Do you mean 'communes'" in fault.say("en")
    project.write_text(text.replace('"communes.geojson"', '"all.gpkg"\nlayer = "communes"'), encoding="utf-8")
    assert small.faults_of(project) == []


def test_projected_table_with_swapped_axes(project: Path) -> None:
    from pyproj import Transformer

    turn = Transformer.from_crs(4326, 9217, always_xy=True)
    x, y = turn.transform(108.05, 14.05)
    small.write(project.parent, "stations.csv", f"site_id,technology,X,Y\nS,4G,{x:.3f},{y:.3f}\n")
    text = project.read_text(encoding="utf-8")
    settings = '"stations.csv"\ncrs = "EPSG:9217"\ncolumns = {{ lon = "{}", lat = "{}" }}'
    project.write_text(text.replace('"stations.csv"', settings.format("Y", "X")), encoding="utf-8")
    (fault,) = found(project, "stations.swapped-coordinates")
    assert "Hoành độ và tung độ bị đổi chỗ" in fault.say("vi")
    assert "Easting and northing" in fault.say("en")
    project.write_text(text.replace('"stations.csv"', settings.format("X", "Y")), encoding="utf-8")
    frame = small.layers_of(project).stations
    assert frame["lon"][0] == pytest.approx(108.05, abs=1e-7)
    assert frame["lat"][0] == pytest.approx(14.05, abs=1e-7)


def test_points_drawn_as_areas(project: Path) -> None:
    small.write(
        project.parent,
        "schools.geojson",
        small.collection([[small.square(0, 0, 0.01)]], [{"name": "Trường"}]),
    )
    small.add(project, '[places.schools]\npath = "schools.geojson"\n')
    (fault,) = found(project, "places.point-from-area")
    assert "1 đối tượng là vùng" in fault.say("vi")
    assert "1 features are areas" in fault.say("en")


def test_grid_covers_the_communes(project: Path) -> None:
    layers = small.layers_of(project)
    left, bottom, right, top = layers.communes.total_bounds
    grid = layers.grid.bounds
    assert grid[0] <= left < grid[0] + 500
    assert grid[1] <= bottom < grid[1] + 500
    assert grid[2] - 500 < right <= grid[2]
    assert grid[3] - 500 < top <= grid[3]
    assert layers.grid.crs.to_epsg() == 32649
    assert list(layers.communes["commune_code"]) == sorted(small.CODES)


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (108.4, 13.9, 32649),
        (105.8, 21.0, 32648),
        (6.7, 0.3, 32632),
        (-70.0, -33.0, 32719),
        (5.0, 60.0, 32632),
        (179.9, -17.0, 32760),
    ],
)
def test_utm_zone(lon: float, lat: float, epsg: int) -> None:
    """Zones of the EPSG registry; Bergen lies in zone 31 by its meridian and in 32 by the rule for Norway."""
    from phusong.layers.boundaries.communes import utm_zone

    found_zone = utm_zone((lon, lat, lon, lat)).to_epsg()
    assert found_zone == (32631 if epsg == 32632 and lat > 50 else epsg)


def test_too_large_a_grid(project: Path) -> None:
    data = small.communes()
    moved(data, lambda x, y: [108 + (x - 108) * 200, 14 + (y - 14) * 200])
    small.write(project.parent, "communes.geojson", data)
    text = project.read_text(encoding="utf-8").replace("cell_m = 500", "cell_m = 10")
    project.write_text(text, encoding="utf-8")
    (fault,) = found(project, "communes.grid-too-large")
    assert "quá lớn" in fault.say("vi")
    assert "too many" in fault.say("en")


def test_every_message_has_the_same_fields_in_both_languages() -> None:
    import importlib
    import pkgutil

    import phusong.layers as package
    from phusong.data.language import Text
    from phusong.layers.rules import Rule

    seen = 0
    for module in pkgutil.walk_packages(package.__path__, "phusong.layers."):
        for value in vars(importlib.import_module(module.name)).values():
            for text in (value.text, value.remedy) if isinstance(value, Rule) else (value,):
                if isinstance(text, Text):
                    vi, en = text.fields()
                    assert vi == en, text
                    seen += 1
    assert seen > 100
