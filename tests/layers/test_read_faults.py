"""Each fault of each layer: found, placed, and told in both languages; and the clean case without any."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small

from phusong.layers.faults import Fault, InputError
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers

HEADER, *ROWS = small.STATIONS.splitlines()
NAMES = HEADER.split(",")


def stations(**changes: str) -> str:
    """Return the stations with the first row changed."""
    first = dict(zip(NAMES, ROWS[0].split(","), strict=True)) | changes
    return "\n".join([HEADER, ",".join(first[n] for n in NAMES), *ROWS[1:]]) + "\n"


def without(*names: str) -> str:
    keep = [i for i, n in enumerate(NAMES) if n not in names]
    return "\n".join(",".join(line.split(",")[i] for i in keep) for line in [HEADER, *ROWS]) + "\n"


def found(project: Path, code: str) -> list[Fault]:
    return [f for f in small.faults_of(project) if f.code == code]


def test_clean_province_has_no_fault(project: Path) -> None:
    assert small.faults_of(project) == []


STATION_CASES = [
    (stations(technology="4GG"), "unknown-technology", "error", "2", "technology", "4GG", "4G?", "4G?"),
    (stations(technology=""), "empty-cell", "error", "2", "technology", "", "đang để trống", "is empty"),
    (stations(lon="108,05"), "long-row", "error", "2", "", "", "nhiều hơn", "more than"),
    (stations(lon="abc"), "not-a-number", "error", "2", "lon", "abc", "Không phải là số", "no number"),
    (stations(lon=""), "missing-coordinates", "error", "2", "lon, lat", "", "Thiếu tọa độ", "are missing"),
    (stations(lat="NaN"), "missing-coordinates", "error", "2", "lon, lat", "", "Thiếu tọa độ", "are missing"),
    (stations(lon="inf"), "not-a-number", "error", "2", "lon", "inf", "Không phải là số", "no number"),
    (
        stations(lon="14.05", lat="108.05"),
        "swapped-coordinates",
        "error",
        "2",
        "lon, lat",
        "",
        "Kinh độ và vĩ độ bị đổi chỗ",
        "Longitude and latitude are swapped",
    ),
    (
        stations(lon="106.0"),
        "outside-province",
        "error",
        "2",
        "lon, lat",
        "",
        "nằm ngoài tỉnh",
        "outside the province",
    ),
    (
        stations(lon="500"),
        "impossible-coordinates",
        "error",
        "2",
        "lon, lat",
        "",
        "không có trên Trái Đất",
        "on Earth",
    ),
    (
        stations(lat="13.95"),
        "near-border",
        "warning",
        "2",
        "lon, lat",
        "",
        "ngoài ranh giới",
        "outside the province's",
    ),
    (
        stations(cell_id="S1-2"),
        "duplicate-cell",
        "error",
        "3",
        "cell_id",
        "S1-2",
        "trùng với dòng 2",
        "row 2",
    ),
    (stations(site_id=""), "empty-cell", "error", "2", "site_id", "", "để trống", "is empty"),
    (
        stations(azimuth_deg="400"),
        "out-of-range",
        "error",
        "2",
        "azimuth_deg",
        "400",
        "từ 0 đến 360 °",
        "from 0 to 360",
    ),
    (
        stations(azimuth_deg="-1"),
        "out-of-range",
        "error",
        "2",
        "azimuth_deg",
        "-1",
        "từ 0 đến 360",
        "from 0 to 360",
    ),
    (
        stations(antenna_height_m="0"),
        "out-of-range",
        "error",
        "2",
        "antenna_height_m",
        "0",
        "lớn hơn 0",
        "above 0",
    ),
    (
        stations(beamwidth_deg="-65"),
        "out-of-range",
        "error",
        "2",
        "beamwidth_deg",
        "-65",
        "lớn hơn 0",
        "above 0",
    ),
    (
        stations(eirp_dbm="130"),
        "out-of-range",
        "error",
        "2",
        "eirp_dbm",
        "130",
        "từ 0 đến 100 dBm",
        "0 to 100 dBm",
    ),
    (
        stations(frequency_mhz="1.8"),
        "out-of-range",
        "error",
        "2",
        "frequency_mhz",
        "1.8",
        "từ 100",
        "from 100",
    ),
    (
        stations(tilt_deg="95"),
        "out-of-range",
        "error",
        "2",
        "tilt_deg",
        "95",
        "từ -90 đến 90",
        "from -90 to 90",
    ),
    (
        stations(bandwidth_mhz="7"),
        "unknown-bandwidth",
        "error",
        "2",
        "bandwidth_mhz",
        "7",
        "không có độ rộng kênh này",
        "no such channel bandwidth",
    ),
    (
        stations(operator="any"),
        "reserved-operator",
        "error",
        "2",
        "operator",
        "any",
        "bất kỳ nhà mạng",
        "any operator",
    ),
    (
        stations(operator=""),
        "no-operator",
        "warning",
        "",
        "",
        "",
        "1 dòng không ghi nhà mạng",
        "1 rows name no operator",
    ),
    (
        stations(eirp_dbm=""),
        "default-used",
        "warning",
        "",
        "eirp_dbm",
        "",
        "1 dòng thiếu eirp_dbm: dùng mặc định",
        "1 rows lack eirp_dbm",
    ),
    (
        without("eirp_dbm"),
        "default-used",
        "warning",
        "",
        "eirp_dbm",
        "",
        "3 dòng thiếu eirp_dbm",
        "3 rows lack",
    ),
    (
        stations(technology="LTE"),
        "technology-by-standard",
        "warning",
        "",
        "technology",
        "",
        "hiểu là 4G",
        "taken as 4G",
    ),
    (
        stations(status="planned"),
        "not-operational",
        "warning",
        "",
        "status",
        "",
        "1 dòng có trạng thái 'planned'",
        "1 rows have the status 'planned'",
    ),
    (
        small.STATIONS.replace("operational", "quy hoạch"),
        "no-operational-station",
        "error",
        "",
        "",
        "",
        "Không có dòng nào đang hoạt động",
        "No row is in operation",
    ),
    (
        stations(lon="108.06"),
        "site-in-two-places",
        "warning",
        "3",
        "site_id",
        "S1",
        "hai tọa độ cách nhau",
        "two places",
    ),
    (
        without("technology"),
        "missing-columns",
        "error",
        "",
        "",
        "",
        "Thiếu cột bắt buộc: technology",
        "missing: technology",
    ),
    (
        without("lat"),
        "missing-columns",
        "error",
        "",
        "",
        "",
        "Thiếu cột tọa độ: lat",
        "coordinates are missing: lat",
    ),
    (HEADER + "\n", "empty-table", "error", "", "", "", "không có dòng dữ liệu", "has no rows"),
    ("", "empty-table", "error", "", "", "", "không có dòng dữ liệu", "has no rows"),
    (
        small.STATIONS.replace("S2,S2-1", '"S2,S2-1'),
        "broken-csv",
        "error",
        "4",
        "",
        "",
        "nháy kép",
        "double quote",
    ),
    (
        small.STATIONS + "S3,S3-1,VNPT,4G,1800,108.1,14.1\n",
        "short-row",
        "warning",
        "5",
        "",
        "",
        "chỉ có 7 ô",
        "only 7 cells",
    ),
    (
        small.STATIONS.replace("tilt_deg", "lon"),
        "double-header",
        "error",
        "",
        "lon",
        "",
        "hai cột cùng tên",
        "Two columns",
    ),
]


@pytest.mark.parametrize(
    ("text", "code", "severity", "row", "column", "value", "vi", "en"),
    STATION_CASES,
    ids=[f"{case[1]}-{i}" for i, case in enumerate(STATION_CASES)],
)
def test_stations(
    project: Path, text: str, code: str, severity: str, row: str, column: str, value: str, vi: str, en: str
) -> None:
    small.write(project.parent, "stations.csv", text)
    faults = found(project, f"stations.{code}")
    assert len(faults) == 1
    fault = faults[0]
    assert (fault.severity, fault.row, fault.column) == (severity, row, column)
    assert fault.file == "stations.csv"
    if value:
        assert fault.value == value
    assert vi in fault.say("vi")
    assert en in fault.say("en")


def test_columns_named_otherwise(project: Path) -> None:
    text = small.STATIONS.replace("technology", "cột bảy", 1).replace("eirp_dbm", "EIRP dBm", 1)
    small.write(project.parent, "stations.csv", text)
    (fault,) = found(project, "stations.missing-columns")
    assert "Tệp có các cột: site_id, cell_id, operator, cột bảy" in fault.say("vi")
    old = project.read_text(encoding="utf-8")
    project.write_text(
        old.replace('"stations.csv"', '"stations.csv"\ncolumns = { technology = "cot bay", eirp = "x" }'),
        encoding="utf-8",
    )
    (fault,) = found(project, "stations.mapped-column-missing")
    assert "Có phải bạn muốn viết 'cột bảy'?" in fault.say("vi")
    assert "Do you mean 'cột bảy'?" in fault.say("en")
    (fault,) = found(project, "stations.unknown-column-name")
    assert "'eirp' không phải tên cột" in fault.say("vi")
    assert "Do you mean 'eirp_dbm'?" in fault.say("en")
    project.write_text(
        old.replace('"stations.csv"', '"stations.csv"\ncolumns = { technology = "Cột  Bảy" }'),
        encoding="utf-8",
    )
    assert small.faults_of(project) == []


def test_defaults_fill_absent_columns(project: Path) -> None:
    small.write(project.parent, "stations.csv", without("technology", "operator", "bandwidth_mhz"))
    old = project.read_text(encoding="utf-8")
    project.write_text(
        old.replace(
            '"stations.csv"',
            '"stations.csv"\ndefaults = { technology = "4G", operator = "VNPT", bandwidth_mhz = 10 }',
        ),
        encoding="utf-8",
    )
    assert small.faults_of(project) == []
    frame = small.layers_of(project).stations
    assert set(frame["technology"]) == {"4G"}
    assert set(frame["operator"]) == {"VNPT"}
    assert set(frame["bandwidth_mhz"]) == {10.0}


def test_many_like_faults_are_capped_and_counted(project: Path) -> None:
    rows = [f"X{i},X{i}-1,VNPT,7G,1800,108.05,14.05,30,0,4,65,60,20,operational" for i in range(300)]
    small.write(project.parent, "stations.csv", "\n".join([HEADER, *rows]) + "\n")
    faults = found(project, "stations.unknown-technology")
    assert len(faults) == 51
    assert [f.row for f in faults[:50]] == [str(i) for i in range(2, 52)]
    assert "250" in faults[-1].say("vi")
    assert "Còn 250 chỗ nữa" in faults[-1].say("vi")
    assert "250 more places" in faults[-1].say("en")


def test_operators_are_stripped_and_spelt_one_way(project: Path) -> None:
    small.write(project.parent, "stations.csv", stations(operator="  Viettel "))
    assert set(small.layers_of(project).stations["operator"]) == {"Viettel", "VNPT"}
    small.write(project.parent, "stations.csv", stations(operator="VIETTEL"))
    assert set(small.layers_of(project).stations["operator"]) == {"VIETTEL", "VNPT"}


def test_only_operational_in_the_files_order(project: Path) -> None:
    text = stations(status="Đang hoạt động") + "S9,S9-1,VNPT,4G,1800,108.1,14.1,30,0,4,65,60,20,\n"
    small.write(
        project.parent, "stations.csv", text + "S8,S8-1,VNPT,4G,1800,108.1,14.1,30,0,4,65,60,20,hỏng\n"
    )
    assert list(small.layers_of(project).stations["cell_id"]) == ["S1-1", "S1-2", "S2-1", "S9-1"]


def test_cells_without_ids_are_numbered(project: Path) -> None:
    small.write(project.parent, "stations.csv", without("cell_id"))
    assert list(small.layers_of(project).stations["cell_id"]) == ["S1-4G-1", "S1-4G-2", "S2-5G-1"]


Mend = Callable[[dict[str, Any]], None]


def _shift(n: int, dx: float) -> Mend:
    def mend(data: dict[str, Any]) -> None:
        ring = data["features"][n]["geometry"]["coordinates"][0]
        data["features"][n]["geometry"]["coordinates"][0] = [[x + dx, y] for x, y in ring]

    return mend


def _bow_tie(data: dict[str, Any]) -> None:
    a, b, c, d, e = data["features"][0]["geometry"]["coordinates"][0]
    data["features"][0]["geometry"]["coordinates"][0] = [a, c, b, d, e]


def _dent(data: dict[str, Any]) -> None:
    """Cut a notch of 0.01 x 0.01 degrees from the first square at its border with the second."""
    x, y = small.LON + 0.1, small.LAT + 0.04
    ring = data["features"][0]["geometry"]["coordinates"][0]
    ring[2:2] = [[x, y], [x - 0.01, y], [x - 0.01, y + 0.01], [x, y + 0.01]]


def _codes(*codes: Any) -> Mend:
    def mend(data: dict[str, Any]) -> None:
        for feature, code in zip(data["features"], codes, strict=True):
            feature["properties"]["commune_code"] = code

    return mend


def _set(n: int, **properties: Any) -> Mend:
    return lambda data: data["features"][n]["properties"].update(properties)


def _nowhere(data: dict[str, Any]) -> None:
    data["features"][3]["geometry"] = None


def _line(data: dict[str, Any]) -> None:
    data["features"][3]["geometry"] = {"type": "LineString", "coordinates": small.square(1, 1)}


def _far(data: dict[str, Any]) -> None:
    _all(data, lambda x, y: [x * 1e4, y * 1e4])


def _all(data: dict[str, Any], turn: Callable[[float, float], list[float]]) -> None:
    for feature in data["features"]:
        ring = feature["geometry"]["coordinates"][0]
        feature["geometry"]["coordinates"][0] = [turn(x, y) for x, y in ring]


COMMUNE_CASES = [
    (_shift(1, -0.001), "overlaps", "warning", "", "chồng lên nhau", "overlap in"),
    (_dent, "holes", "warning", "", "1 khoảng hở", "1 holes"),
    (
        _bow_tie,
        "invalid-shape",
        "warning",
        "1",
        "Hình học không hợp lệ (tự cắt)",
        "not valid (self-intersection)",
    ),
    (
        _codes("21553", "21553", "21601", "21700"),
        "duplicate-commune",
        "error",
        "2",
        "trùng với dòng 1",
        "in row 1",
    ),
    (_codes("21553", "", "21601", "21700"), "empty-cell", "error", "2", "để trống", "is empty"),
    (
        _codes(121, 21583, 21601, 21700),
        "code-repaired",
        "warning",
        "1",
        "hiểu là '00121'",
        "taken as '00121'",
    ),
    (
        _codes("21553.0", "21583", "21601", "21700"),
        "code-repaired",
        "warning",
        "1",
        "hiểu là '21553'",
        "as '21553'",
    ),
    (_set(0, population=-5), "negative", "error", "1", "không được âm", "must not be negative"),
    (_set(2, population="nhiều"), "not-a-number", "error", "3", "Không phải là số", "no number"),
    (_set(1, commune_name=None), "no-name", "warning", "", "1 xã không có tên", "1 communes have no name"),
    (_nowhere, "empty-shape", "error", "4", "không có hình học", "has no shape"),
    (
        _line,
        "wrong-shape",
        "error",
        "4",
        "kiểu hình học 'LineString', cần vùng",
        "'LineString' where an area is needed",
    ),
    (_far, "impossible-coordinates", "error", "", "không có trên Trái Đất", "does not know"),
]


@pytest.mark.parametrize(
    ("mend", "code", "severity", "row", "vi", "en"), COMMUNE_CASES, ids=[c[1] for c in COMMUNE_CASES]
)
def test_communes(project: Path, mend: Mend, code: str, severity: str, row: str, vi: str, en: str) -> None:
    data = small.communes()
    mend(data)
    small.write(project.parent, "communes.geojson", data)
    faults = found(project, f"communes.{code}")
    assert len(faults) == 1
    assert (faults[0].severity, faults[0].row) == (severity, row)
    assert vi in faults[0].say("vi")
    assert en in faults[0].say("en")


def test_area_of_seams(project: Path) -> None:
    """Overlap, hole and repair against the area of the ellipsoid's degree at 14 N."""
    per_degree2 = 111_320 * math.cos(math.radians(14.045)) * 110_650
    for mend, code, degrees2 in ((_shift(1, -0.001), "overlaps", 0.0001), (_dent, "holes", 0.0001)):
        data = small.communes()
        mend(data)
        small.write(project.parent, "communes.geojson", data)
        (fault,) = found(project, f"communes.{code}")
        assert fault.values["km2"] * 1e6 == pytest.approx(degrees2 * per_degree2, rel=0.01)
        layers = small.layers_of(project)
        shapes = getattr(layers.topology, code)
        assert shapes.area.sum() == pytest.approx(degrees2 * per_degree2, rel=0.01)
        assert shapes.crs == layers.grid.crs


def test_all_layers_told_at_once(project: Path) -> None:
    """Nothing hides behind the first layer's errors."""
    data = small.communes()
    _codes("21553", "21553", "21601", "21700")(data)
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


PLACES = "place_id,name,commune_code,lon,lat,kind\n"


@pytest.mark.parametrize(
    ("rows", "code", "severity", "row", "vi", "en"),
    [
        (
            "a,A,21553,108.05,14.05,x\na,B,21553,108.06,14.05,x\n",
            "duplicate-id",
            "error",
            "3",
            "trùng với dòng 2",
            "row 2",
        ),
        (
            "a,A,99999,108.05,14.05,x\n",
            "unknown-commune",
            "warning",
            "2",
            "không có trong lớp xã",
            "not in the communes",
        ),
        ("a,A,21553.0,108.05,14.05,x\n", "code-repaired", "warning", "2", "hiểu là '21553'", "as '21553'"),
        (
            "a,A,21583,108.05,14.05,x\n",
            "other-commune",
            "warning",
            "",
            "1 dòng ghi mã xã khác",
            "1 rows name another",
        ),
        ("a,,21553,108.05,14.05,x\n", "no-name", "warning", "", "1 dòng không có tên", "1 rows have no name"),
        ("a,A,21553,14.05,108.05,x\n", "swapped-coordinates", "error", "2", "đổi chỗ", "swapped"),
        ("a,A,21553,109.9,14.05,x\n", "outside-province", "error", "2", "ngoài tỉnh", "outside the province"),
    ],
)
def test_places(project: Path, rows: str, code: str, severity: str, row: str, vi: str, en: str) -> None:
    small.write(project.parent, "places.csv", PLACES + rows)
    small.add(project, '[places.v]\npath = "places.csv"\n')
    (fault,) = found(project, f"places.{code}")
    assert (fault.severity, fault.row, fault.layer) == (severity, row, "places.v")
    assert vi in fault.say("vi")
    assert en in fault.say("en")


def test_places_are_filled_and_carried_through(project: Path) -> None:
    small.write(
        project.parent, "places.csv", "tên thôn,lon,lat,số hộ\nThôn 1,108.15,14.05,136\n,108.05,14.15,7\n"
    )
    small.add(
        project, '[places.v]\npath = "places.csv"\ncolumns = { name = "tên thôn", households = "số hộ" }\n'
    )
    frame = small.layers_of(project).places["v"]
    assert list(frame["place_id"]) == ["v-2", "v-3"]
    assert list(frame["name"]) == ["Thôn 1", "v-3"]
    assert list(frame["commune_code"]) == ["21583", "21601"]
    assert list(frame["households"]) == ["136", "7"]
    assert "tên thôn" not in frame.columns


HOUSEHOLDS = "commune_code,households,households_with_fibre,as_of\n"


@pytest.mark.parametrize(
    ("rows", "code", "severity", "row", "vi", "en"),
    [
        (
            "21553,5,9,2026-01-01\n",
            "more-fibre-than-households",
            "error",
            "2",
            "nhiều hơn số hộ (5)",
            "(9) than there are (5)",
        ),
        ("21553,-5,0,\n", "negative", "error", "2", "không được âm", "must not be negative"),
        ("21553,5.5,0,\n", "not-whole", "error", "2", "phải là số nguyên", "whole number"),
        ("21553,,0,\n", "empty-cell", "error", "2", "để trống", "is empty"),
        ("21553,5,1,\n21553,6,1,\n", "duplicate-commune", "error", "3", "trùng với dòng 2", "row 2"),
        (
            "99999,5,1,\n",
            "households-without-commune",
            "warning",
            "",
            "1 dòng với 5 hộ",
            "1 rows with 5 households",
        ),
        (
            "21553,5,1,\n",
            "communes-without-households",
            "warning",
            "",
            "3 xã không có số liệu",
            "3 communes have no",
        ),
        ("21553,5,1,31/13/2026\n", "not-a-date", "error", "2", "Không phải là ngày", "no date"),
    ],
)
def test_households(project: Path, rows: str, code: str, severity: str, row: str, vi: str, en: str) -> None:
    small.write(project.parent, "households.csv", HOUSEHOLDS + rows)
    small.add(project, '[layers.households]\npath = "households.csv"\n')
    (fault,) = found(project, f"households.{code}")
    assert (fault.severity, fault.row) == (severity, row)
    assert vi in fault.say("vi")
    assert en in fault.say("en")


def test_dates_of_the_sources(project: Path) -> None:
    rows = "".join(
        f"{c},10,5,{d}\n"
        for c, d in zip(small.CODES, ("2026-01-31", "05/02/2026", "", "2025-12-01"), strict=True)
    )
    small.write(project.parent, "households.csv", HOUSEHOLDS + rows)
    small.add(project, '[layers.households]\npath = "households.csv"\n')
    text = project.read_text(encoding="utf-8").replace('"stations.csv"', '"stations.csv"\nas_of = 2026-05-04')
    project.write_text(text, encoding="utf-8")
    sources = {s.layer: s for s in small.layers_of(project).sources}
    assert str(sources["households"].as_of) == "2026-02-05"
    assert str(sources["stations"].as_of) == "2026-05-04"
    assert str(sources["communes"].as_of) == "2026-06-30"
    assert sources["stations"].rows == 3
    assert sources["population"].rows == 900


def _lines(rings: list[Any], **more: Any) -> dict[str, Any]:
    return small.collection(
        rings, [{"id": f"r{i}", "status": "operational", **more} for i in range(len(rings))], "LineString"
    )


ROUTE = [[108.05, 14.05], [108.15, 14.15]]
AWAY = [[110.0, 16.0], [110.1, 16.1]]


@pytest.mark.parametrize(
    ("data", "code", "severity", "row", "vi", "en"),
    [
        (_lines([AWAY]), "outside-province", "error", "", "Không đối tượng nào", "No feature lies"),
        (_lines([[[y, x] for x, y in ROUTE]]), "swapped-coordinates", "error", "", "đổi chỗ", "swapped"),
        (
            _lines([ROUTE, AWAY]),
            "features-outside",
            "warning",
            "",
            "1 đối tượng nằm cách tỉnh",
            "1 features lie",
        ),
        (_lines([ROUTE], status="planned"), "not-operational", "warning", "", "'planned'", "'planned'"),
        (_lines([ROUTE, None]), "empty-shape", "error", "2", "không có hình học", "has no shape"),
        (_lines([ROUTE], fibre_count=-4), "out-of-range", "error", "1", "lớn hơn 0", "above 0"),
        (
            _lines([ROUTE, ROUTE], id="same"),
            "repeated-route",
            "warning",
            "",
            "1 tuyến có mã đã dùng",
            "1 routes have",
        ),
        (
            small.collection([[small.square(0, 0)]], [{}]),
            "wrong-shape",
            "error",
            "1",
            "cần đường",
            "a line is needed",
        ),
    ],
)
def test_fibre_routes(
    project: Path, data: dict[str, Any], code: str, severity: str, row: str, vi: str, en: str
) -> None:
    small.write(project.parent, "routes.geojson", data)
    small.add(project, '[layers.fibre_routes]\npath = "routes.geojson"\n')
    (fault,) = found(project, f"fibre_routes.{code}")
    assert (fault.severity, fault.row) == (severity, row)
    assert vi in fault.say("vi")
    assert en in fault.say("en")


def test_fibre_nodes_roads_and_zones(project: Path) -> None:
    node = {"type": "Point", "coordinates": [108.05, 14.05]}
    nodes = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"id": "n1", "kind": "cabinet"}, "geometry": node},
            {"type": "Feature", "properties": {"id": "n1", "kind": "cabinet"}, "geometry": node},
        ],
    }
    small.write(project.parent, "nodes.geojson", nodes)
    small.write(project.parent, "roads.geojson", small.collection([ROUTE], [{"class": "ql"}], "LineString"))
    bow = [[108.0, 14.0], [108.02, 14.02], [108.02, 14.0], [108.0, 14.02], [108.0, 14.0]]
    small.write(project.parent, "zones.geojson", small.collection([[bow]], [{"zone_id": "z", "name": "KCN"}]))
    small.add(
        project,
        '[layers.fibre_nodes]\npath = "nodes.geojson"\n[layers.roads]\npath = "roads.geojson"\n'
        '[zones.i]\npath = "zones.geojson"\n',
    )
    faults = small.faults_of(project)
    assert [f.code for f in faults] == ["zones.invalid-shape", "fibre_nodes.duplicate-id"]
    assert "trùng với dòng 1" in faults[1].say("vi")
    # A bow tie's signed halves cancel, so all of the repaired area is change: half of the square.
    assert faults[0].values["km2"] == pytest.approx(
        0.0002 * 111.32 * math.cos(math.radians(14.01)) * 110.65, rel=0.01
    )


def write_heights(project: Path, values: np.ndarray[Any, Any], **options: Any) -> None:
    small.raster(project.parent / "dem.tif", values, **options)
    if "dem.tif" not in project.read_text(encoding="utf-8"):
        small.add(project, '[layers.terrain]\npath = "dem.tif"\n')


def test_terrain_faults(project: Path) -> None:
    flat = np.full((300, 300), 100, dtype=np.int16)
    write_heights(project, flat, step=0.001)
    assert small.faults_of(project) == []

    pit = flat.copy()
    pit[100:120, 100:140] = -32768  # 0.02 x 0.04 degrees in the province
    write_heights(project, pit, step=0.001, nodata=-32768)
    (fault,) = found(project, "terrain.voids")
    cells = fault.values["n"]
    assert cells * 0.25 == pytest.approx(0.0008 * 111.32 * 110.65 * 0.97, rel=0.25)
    assert "ô trống trong tỉnh" in fault.say("vi")
    assert "void cells" in fault.say("en")

    write_heights(project, pit, step=0.001)  # the same without a declared nodata
    (fault,) = found(project, "terrain.no-height")
    assert fault.values["n"] == 800
    assert "không thể là độ cao" in fault.say("vi")
    assert "no height" in fault.say("en")
    assert len(found(project, "terrain.voids")) == 1

    write_heights(project, flat[:, :150], step=0.001)
    (fault,) = found(project, "terrain.does-not-cover")
    assert fault.severity == "error"
    assert fault.values["share"] == pytest.approx(50.0, abs=1.5)
    assert "không phủ 5" in fault.say("vi") or "không phủ 4" in fault.say("vi")

    write_heights(project, flat[:, :247], step=0.001)
    (fault,) = found(project, "terrain.does-not-cover")
    assert fault.severity == "warning"
    assert "does not cover" in fault.say("en")

    write_heights(project, flat, step=0.001, left=100.0)
    (fault,) = found(project, "terrain.raster-elsewhere")
    assert "không phủ lên tỉnh" in fault.say("vi")
    assert "does not touch" in fault.say("en")

    write_heights(project, flat, step=0.001, crs=None)
    (fault,) = found(project, "terrain.no-crs")
    assert "Tệp không khai hệ tọa độ" in fault.say("vi")
    assert 'crs = "EPSG:4326"' in fault.say("en")
    text = project.read_text(encoding="utf-8").replace('"dem.tif"', '"dem.tif"\ncrs = "EPSG:4326"')
    project.write_text(text, encoding="utf-8")
    assert small.faults_of(project) == []

    (project.parent / "dem.tif").write_bytes(b"II*\0 broken")
    (fault,) = found(project, "terrain.unreadable-file")
    assert "Không mở được tệp" in fault.say("vi")


def test_clutter_faults(project: Path) -> None:
    cover = np.full((300, 300), 10, dtype=np.uint8)
    cover[:, 150:] = 50
    small.raster(project.parent / "cover.tif", cover, step=0.001)
    small.add(project, '[layers.clutter]\npath = "cover.tif"\n')
    assert small.faults_of(project) == []  # WorldCover is recognised
    values = small.layers_of(project).clutter.values  # type: ignore[union-attr]
    assert set(np.unique(values)) == {3, 4}

    cover[0:60, 0:60] = 77
    small.raster(project.parent / "cover.tif", cover, step=0.001)
    (fault,) = found(project, "clutter.no-classes")
    assert "không phải ESA WorldCover (có giá trị 10, 50, 77)" in fault.say("vi")
    assert "no ESA WorldCover" in fault.say("en")

    small.add(project, 'classes = { 10 = "forest", 50 = "urban" }\n')
    (fault,) = found(project, "clutter.unknown-value")
    assert fault.value == "77"
    assert "giá trị 77, chưa được gán lớp" in fault.say("vi")
    assert "have the value 77" in fault.say("en")

    small.raster(
        project.parent / "cover.tif", np.where(cover == 77, 0, cover).astype(np.uint8), step=0.001, nodata=0
    )
    (fault,) = found(project, "clutter.no-class")
    assert fault.severity == "warning"
    assert "không có lớp phủ" in fault.say("vi")
    assert "have no land cover" in fault.say("en")


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
    _all(data, lambda x, y: [108 + (x - 108) * 200, 14 + (y - 14) * 200])
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
