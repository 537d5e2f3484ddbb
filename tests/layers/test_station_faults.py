"""Each fault of stations: found, placed, and told in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
import small
from fault_cases import HEADER, found, stations, without

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
