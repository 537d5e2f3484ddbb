"""Every fault of a project file is told, in both languages, at once, and never in pydantic's words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import small

from phusong.layers.faults import Fault, InputError
from phusong.layers.project.file import read_project


def faults(project: Path) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        read_project(project)
    return list(caught.value.faults)


def change(project: Path, old: str, new: str) -> None:
    text = project.read_text(encoding="utf-8")
    assert old in text
    project.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_good_file_and_its_folder(project: Path) -> None:
    assert read_project(project).province.name == "Tỉnh thử"
    assert read_project(project.parent).file == project


CASES = [
    # old, new, code, column, Vietnamese, English
    (
        "cell_m = 500",
        "cel_m = 500",
        "unknown-key",
        "grid.cel_m",
        "Có phải bạn muốn viết 'cell_m'",
        "Do you mean 'cell_m'",
    ),
    ("radius_m = 4000", "radius = 4000", "unknown-key", "services.4G.radius", "'radius_m'", "'radius_m'"),
    ("radius_m = 4000", "radius = 4000", "missing-key", "services.4G.radius_m", "Thiếu khóa", "is missing"),
    ("[grid]", "[gird]", "unknown-table", "gird", "'grid'", "Do you mean 'grid'"),
    (
        "[layers.stations]",
        "[layers.station]",
        "missing-table",
        "layers.stations",
        "Thiếu bảng",
        "table [layers.stations]",
    ),
    ("[layers.stations]", "[layers.station]", "unknown-table", "layers.station", "'stations'", "'stations'"),
    (
        'code = "52"\n',
        "",
        "missing-key",
        "province.code",
        "Thiếu khóa 'province.code'",
        "'province.code' is missing",
    ),
    (
        'code = "52"',
        "code = 52",
        "wrong-value",
        "province.code",
        "Phải là chuỗi ký tự",
        "a text in double quotes",
    ),
    ('code = "52"', 'code = "5 2"', "wrong-value", "province.code", "Chỉ gồm chữ", "Only plain letters"),
    (
        'name = "Tỉnh thử"',
        'name = " "',
        "wrong-value",
        "province.name",
        "Không được để trống",
        "must not be empty",
    ),
    ("2026-06-30", '"30/06/2026"', "wrong-value", "province.as_of", "Phải là ngày", "must be a date"),
    ("2026-06-30", "20260630", "wrong-value", "province.as_of", "Phải là ngày", "must be a date"),
    ("cell_m = 500", "cell_m = 5", "wrong-value", "grid.cell_m", "từ 10 trở lên", "10 or more"),
    ("cell_m = 500", "cell_m = 9000.5", "wrong-value", "grid.cell_m", "từ 5.000 trở xuống", "5,000 or less"),
    ("cell_m = 500", "cell_m = nan", "wrong-value", "grid.cell_m", "số hữu hạn", "finite"),
    ("cell_m = 500", 'cell_m = "a"', "wrong-value", "grid.cell_m", "Phải là số.", "must be a number"),
    ("radius_m = 4000", "radius_m = 0", "wrong-value", "services.4G.radius_m", "lớn hơn 0", "greater than 0"),
    (
        'model = "range"',
        'model = "rnage"',
        "wrong-value",
        "services.4G.model",
        "muốn viết 'range'",
        "Do you mean 'range'",
    ),
    ('model = "range"', "", "missing-key", "services.4G.model", "Thiếu khóa", "is missing"),
    (
        'path = "stations.csv"',
        "path = 3",
        "wrong-value",
        "layers.stations.path",
        "Phải là đường dẫn",
        "must be a path",
    ),
    (
        'path = "stations.csv"',
        'path = "station.csv"',
        "missing-file",
        "layers.stations.path",
        "muốn viết 'stations.csv'",
        "Do you mean 'stations.csv'",
    ),
    (
        'path = "stations.csv"',
        'path = "."',
        "is-a-folder",
        "layers.stations.path",
        "là thư mục",
        "is a folder",
    ),
    (
        "[services.4G]",
        "[services.mobile]",
        "no-technology",
        "services.mobile.technology",
        "không cho biết dùng công nghệ nào",
        "does not say which technology",
    ),
    (
        "radius_m = 4000",
        'radius_m = 4000\ntechnology = "6G"',
        "wrong-value",
        "services.4G.technology",
        "một trong: 2G, 3G, 4G, 5G",
        "one of: 2G, 3G, 4G, 5G",
    ),
    (
        "[services.4G]",
        '[services."../4G"]\ntechnology="4G"',
        "bad-name",
        "services.../4G",
        "Tên này không dùng được",
        "cannot be used",
    ),
    (
        "cell_m = 500",
        'cell_m = 500\ncrs = "EPSG:999999"',
        "bad-crs",
        "grid.crs",
        "Không hiểu hệ tọa độ",
        "is not known",
    ),
    (
        "cell_m = 500",
        'cell_m = 500\ncrs = "EPSG:4326"',
        "grid-not-metric",
        "grid.crs",
        "hệ phẳng theo mét",
        "not projected in metres",
    ),
    (
        'path = "stations.csv"',
        'path = "stations.csv"\ncrs = "WGS 48"',
        "bad-crs",
        "layers.stations.crs",
        "Không hiểu hệ tọa độ",
        "is not known",
    ),
    (
        "[province]",
        'file = "x"\n[province]',
        "unknown-key",
        "file",
        "không có trong tệp dự án",
        "not known here",
    ),
    (
        "[services.4G]",
        "[services.4G]\nthreshold_dbm = -100",
        "unknown-key",
        "services.4G.threshold_dbm",
        "không có trong tệp dự án",
        "not known here",
    ),
]


TILES = [
    ("http://tiles.example/{z}/{x}/{y}.png", "địa chỉ https://"),
    ("https:///{z}/{x}/{y}.png", "địa chỉ https://"),
    ("https://me:secret@tiles.example/{z}/{x}/{y}.png", "địa chỉ https://"),
    ("https://{s}.tiles.example/{z}/{x}/{y}.png", "địa chỉ https://"),
    ("https://*.example/{z}/{x}/{y}.png", "địa chỉ https://"),
    ("https://tiles.example; script-src *//{z}/{x}/{y}", "địa chỉ https://"),
    ("https://tiles.example/{z}/{x}/{y}.png'", "địa chỉ https://"),
    ("https://tiles.example/{z}/{x}.png", "{z}, {x} và {y}"),
    ("https://tiles.example/{z}/{x}/{y}/{y}", "{z}, {x} và {y}"),
    ("https://tiles.example/{z}/{x}/{y}{r}.png", "{z}, {x} và {y}"),
    ("https://tiles.example/{z}/{x}/{y}}.png", "{z}, {x} và {y}"),
]


@pytest.mark.parametrize(("address", "said"), TILES)
def test_tiles_that_no_policy_could_hold(project: Path, address: str, said: str) -> None:
    table = f'[map]\ntiles = "{address}"\ntiles_attribution = "Bản đồ nền © Ai đó"\n'
    change(project, "[province]", table + "[province]")
    (fault,) = faults(project)
    assert (fault.code, fault.column) == ("project.wrong-value", "map.tiles")
    assert said in fault.say("vi")


def test_tiles_and_whose_they_are_go_together(project: Path) -> None:
    good = 'tiles = "https://Tiles.Example:8443/v1/{z}/{x}/{y}.png?key=a-b"\n'
    assert read_project(project).map is None
    assert '"map"' not in read_project(project).model_dump_json()
    change(project, "[province]", f"[map]\n{good}[province]")
    (fault,) = faults(project)
    assert (fault.code, fault.column) == ("project.missing-key", "map.tiles_attribution")
    change(project, good, 'tiles_attribution = "© Ai đó"\n')
    (fault,) = faults(project)
    assert (fault.code, fault.column) == ("project.missing-key", "map.tiles")
    change(project, "[map]\n", f"[map]\n{good}")
    table = read_project(project).map
    assert table is not None
    assert (table.host, table.tiles_public) == ("tiles.example:8443", False)


@pytest.mark.parametrize(("old", "new", "code", "column", "vi", "en"), CASES)
def test_fault(project: Path, old: str, new: str, code: str, column: str, vi: str, en: str) -> None:
    change(project, old, new)
    found = [f for f in faults(project) if f.code == f"project.{code}" and f.column == column]
    assert len(found) == 1
    assert found[0].severity == "error"
    assert vi in found[0].say("vi")
    assert en in found[0].say("en")
    assert "phusong.toml" in found[0].say("vi")


def test_all_at_once_and_each_once(project: Path) -> None:
    change(project, 'code = "52"', "code = 52")
    change(project, "cell_m = 500", "cell = 500")
    change(project, 'path = "population.tif"', 'path = "people.tif"')
    change(project, "radius_m = 4000", 'radius_m = "far"')
    small.add(
        project,
        '[layers.roads]\npath = "roads.gpkg"\n[targets.t]\nservice = "6G"\npercent = 120\nyear = 2030\n'
        'indicator = "popluation"\n',
    )
    found = faults(project)
    assert sorted((f.code.partition(".")[2], f.column) for f in found) == sorted(
        [
            ("wrong-value", "province.code"),
            ("unknown-key", "grid.cell"),
            ("missing-file", "layers.population.path"),
            ("missing-file", "layers.roads.path"),
            ("wrong-value", "services.4G.radius_m"),
            ("unknown-service", "targets.t.service"),
            ("wrong-value", "targets.t.percent"),
            ("unknown-indicator", "targets.t.indicator"),
        ]
    )
    near = next(f for f in found if f.code == "project.unknown-indicator")
    assert "muốn viết 'population'" in near.say("vi")


@pytest.mark.parametrize("value", ['["4G"]', "2026-01-01", "{ a = 1 }"])
def test_a_value_of_two_types_is_told_once(project: Path, value: str) -> None:
    change(project, 'path = "stations.csv"', f'path = "stations.csv"\ndefaults = {{ technology = {value} }}')
    found = faults(project)
    assert [f.column for f in found] == ["layers.stations.defaults.technology"]


@pytest.mark.parametrize(
    ("text", "code", "vi", "en"),
    [
        ('classes = { water = "open" }', "bad-class", "giá trị nguyên", "whole number"),
        ('classes = { 1 = "lake" }', "wrong-value", "một trong: water", "one of: water"),
        ("heights_m = { forrest = 12 }", "unknown-class", "muốn viết 'forest'", "mean 'forest'"),
        ("heights_m = { forest = -1 }", "wrong-value", "không được âm", "must not be negative"),
    ],
)
def test_clutter_table(project: Path, text: str, code: str, vi: str, en: str) -> None:
    small.add(project, f'[layers.clutter]\npath = "population.tif"\n{text}\n')
    (found,) = faults(project)
    assert found.code == f"project.{code}"
    assert vi in found.say("vi")
    assert en in found.say("en")


SYNTAX = [
    ('[province]\ncode = "52\n', 2, "dấu nháy", "closing quote"),
    ("[province\n", 1, "thiếu dấu ]", "] is missing"),
    ("a = 1\na = 2\n", 2, "hai lần", "twice"),
    ("x = [1, 2\n", 1, "mảng", "array"),
    ("code 52\n", 1, "thiếu dấu =", "= is missing"),
    ('p = "C:\\data\\x"\n', 1, "dùng / hoặc nháy đơn", "use / or single quotes"),
    ("x = abc\n", 1, "phải có dấu nháy", "need quotes"),
    ("day = 2026-02-31\n", 1, "ngày không có thật", "no such date"),
    ("tên = 1\n", 1, "đặt trong dấu nháy", "in quotes"),
    ("[a]\n[a]\n", 2, "hai lần", "twice"),
]


@pytest.mark.parametrize(("text", "line", "vi", "en"), SYNTAX)
def test_syntax(project: Path, text: str, line: int, vi: str, en: str) -> None:
    project.write_text(text, encoding="utf-8")
    (found,) = faults(project)
    assert found.code == "project.syntax"
    assert found.row == str(line)
    assert re.search(r"vị trí \d+", found.say("vi"))
    assert vi in found.say("vi")
    assert en in found.say("en")


def test_file_that_is_not_there_or_not_text(project: Path, tmp_path: Path) -> None:
    (found,) = faults(tmp_path / "phusung.toml")
    assert found.code == "project.missing-file"
    assert "muốn viết 'phusong.toml'" in found.say("vi")
    project.write_bytes("[province]\nname = 'Tỉnh'\n".encode("utf-16"))
    (found,) = faults(project)
    assert found.code == "project.not-utf8"
    assert "UTF-8" in found.say("vi")


def test_bom_and_windows_lines(project: Path) -> None:
    text = project.read_text(encoding="utf-8").replace("\n", "\r\n")
    project.write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
    assert read_project(project).province.code == "52"


def test_no_english_of_pydantic(project: Path) -> None:
    """Whatever is wrong, the Vietnamese message is not the library's."""
    small.add(
        project,
        '[places.a]\npath = 1\n[zones.b]\npath = ""\ncolumns = 3\n[services.5G]\nmodel = "p1812"\n'
        'sinr = "x"\nload = 2\ntime_percent = 0\npenetration = "car"\n[targets.x]\nyear = 2030.5\n'
        'percent = true\nservice = []\n[costs]\nmast = "dear"\n[gaps]\nmin_people = -1\n',
    )
    for fault in faults(project):
        said = fault.say("vi")
        assert not re.search(r"Input should|valid|Field required|Extra inputs|\{\w", said), said
        assert fault.column, said


def test_real_project(shared: Path) -> None:
    project = read_project(shared / "gia-lai" / "phusong.toml")
    assert project.province.code == "52"
    assert set(project.services) == {"4G", "5G", "fibre"}
