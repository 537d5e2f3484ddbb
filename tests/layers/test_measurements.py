"""Files of measurements of many origins: understood, or one clear fault with its row."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
from pyproj import CRS
from shapely.geometry import box

from phusong.data.language import LANGUAGES
from phusong.layers.faults import InputError
from phusong.layers.grid import Grid, Raster
from phusong.layers.inventory import Layers, Population
from phusong.layers.measurements import Measurements, Reading, read_measurements
from phusong.layers.project.schema import Project
from phusong.layers.tables.times import read_times

UTM = CRS.from_epsg(32649)


@pytest.fixture(scope="module")
def layers() -> Layers:
    """A square commune round Pleiku with one cell of each of two operators."""
    centre = gpd.GeoSeries.from_xy([108.0], [13.98], crs=4326).to_crs(UTM)
    x, y = float(centre.x.iloc[0]), float(centre.y.iloc[0])
    grid = Grid.cover((x - 10_000, y - 10_000, x + 10_000, y + 10_000), UTM, 1000.0)
    stations = gpd.GeoDataFrame(
        {
            "site_id": ["S1", "S2"], "cell_id": ["GL-001_1", "GL-002_1"], "operator": ["Viettel", "VNPT"],
            "technology": ["4G", "4G"],
        },
        geometry=gpd.points_from_xy([x, x + 500], [y, y]), crs=UTM,
    )  # fmt: skip
    communes = gpd.GeoDataFrame(
        {"commune_code": ["23575"], "commune_name": ["Phường Pleiku"], "population": [np.nan]},
        geometry=[box(*grid.bounds)], crs=UTM,
    )
    project = Project.model_validate({
        "file": Path("phusong.toml"),
        "province": {"code": "52", "name": "X", "as_of": datetime.date(2026, 6, 30)},
        "layers": {name: {"path": name} for name in ("communes", "population", "stations")},
        "services": {"4G": {"model": "range", "radius_m": 1000}},
    })  # fmt: skip
    people = Population(Raster(np.zeros(grid.shape), grid), 0.0, 0.0)
    return Layers(project, grid, communes, stations, people)


Read = Callable[..., Measurements]


@pytest.fixture
def read(layers: Layers, tmp_path: Path) -> Read:
    def ask(text: str, reading: Reading | None = None, name: str = "do.csv", encoding: str = "utf-8-sig"):  # type: ignore[no-untyped-def]
        file = tmp_path / name
        file.write_bytes(text.encode(encoding))
        return read_measurements(file, layers, reading)

    return ask


def fault_of(read: Read, text: str, reading: Reading | None = None) -> tuple[str, str, str]:
    """Return code and row of the only error, and the message."""
    with pytest.raises(InputError) as caught:
        read(text, reading)
    (error,) = [f for f in caught.value.faults if f.severity == "error"]
    return error.code.partition(".")[2], error.row, error.say("vi") + error.say("en")


PLAIN = "lon,lat,rsrp_dbm,technology,operator,cell_id,time\n"
ROWS = "".join(
    f"{108 + n / 1000:.6f},13.98,{-80 - n},4G,Viettel,GL-001_1,2026-07-01T08:00:{n:02d}\n" for n in range(20)
)


def test_a_plain_file(read: Read) -> None:
    found = read(PLAIN + ROWS)
    samples = found.samples
    assert len(samples) == 20
    assert samples["rsrp_dbm"].tolist() == [-80.0 - n for n in range(20)]
    assert samples["heard"].all()
    assert set(samples["station"]) == {0}
    assert set(samples["commune_code"]) == {"23575"}
    assert samples["time"].iloc[3] == np.datetime64("2026-07-01T08:00:03")
    assert found.faults == ()


def two_levels(head: str, technologies: str = "LTE,NR SA,4G,5G NSA,LTE,NR,4G,5G") -> str:
    """Rows with a level of either technology: 4G falls from -80, 5G from -101, and the other is far off."""
    text = f"lon,lat,Công nghệ,Nhà mạng,{head}\n"
    for n, technology in enumerate(technologies.split(",")):
        both = f"{-80 - n},-140" if technology in ("LTE", "4G") else f"-140,{-100 - n}"
        text += f"{108 + n / 1000},13.98,{technology},Viettel,{both}\n"
    return text


@pytest.mark.parametrize("head", ["LTE RSRP,NR SS-RSRP", "rsrp (dBm),ss_rsrp (dBm)", "RSRP 4G,RSRP 5G"])
def test_the_level_of_the_rows_own_technology_counts(read: Read, head: str) -> None:
    found = read(two_levels(head))
    assert found.samples["rsrp_dbm"].tolist() == [-80, -101, -82, -103, -84, -105, -86, -107]
    assert found.samples["technology"].tolist() == ["4G", "5G"] * 4
    (fault,) = [f for f in found.faults if f.code.endswith("levels-by-technology")]
    assert f"'{head.split(',')[1]}' = 5G" in fault.say("en")
    assert "--column rsrp_dbm" in fault.say("vi")
    asked = read(two_levels(head), Reading(columns={"rsrp_dbm": head.split(",")[0]})).samples
    assert asked["rsrp_dbm"].tolist() == [-80, -140, -82, -140, -84, -140, -86, -140]


def test_two_columns_of_one_technology_are_not_chosen_between(read: Read) -> None:
    with pytest.raises(InputError) as caught:
        read(two_levels("LTE RSRP,Serving RSRP"))
    (fault,) = [f for f in caught.value.faults if f.code.endswith("ambiguous-header")]
    for lang in LANGUAGES:
        assert '--column rsrp_dbm="' in fault.say(lang)
        assert "columns =" not in fault.say(lang)


def test_semicolons_decimal_commas_and_vietnamese_headers(read: Read) -> None:
    text = "KẾT QUẢ ĐO KIỂM;;;;;;\nSTT;Thời gian;Kinh độ;Vĩ độ;Nhà mạng;Công nghệ;Mức thu (dBm)\n"
    for n in range(12):
        level = "Mất sóng" if n == 4 else f"-{90 + n},5"
        text += f"{n + 1};01/07/2026 08:{n:02d};108,{n:03d}5;13,98{n:02d};viettel;LTE;{level}\n"
    found = read(text).samples
    assert len(found) == 12
    assert found["rsrp_dbm"].dropna().tolist() == [-90.5 - n for n in range(12) if n != 4]
    assert found.loc[~found["heard"], "row"].tolist() == [7]
    assert set(found["operator"]) == {"Viettel"}
    assert found["time"].iloc[0] == np.datetime64("2026-07-01T08:00:00")
    assert found["lon"].iloc[1] == pytest.approx(108.0015)


def test_an_android_log(read: Read) -> None:
    """As an application writes it: seconds since 1970, network codes, a value for 'not available'."""
    text = "timestamp,latitude,longitude,accuracy,network_type,mccmnc,ci,rsrp,rsrq\n"
    for n in range(10):
        level = 2147483647 if n == 9 else -85 - n
        text += f"{1782867600000 + 1000 * n},13.98,{108 + n / 5000:.6f},4,LTE,45204,123456{n},{level},-11\n"
    found = read(text)
    assert len(found.samples) == 9
    assert set(found.samples["operator"]) == {"Viettel"}
    assert set(found.samples["station"]) == {-1}
    assert found.samples["time"].iloc[0] == np.datetime64("2026-07-01T08:00:00")
    codes = {f.code.partition(".")[2] for f in found.faults}
    assert {"operator-by-code", "no-level", "unknown-cells"} <= codes


def test_a_sheet_with_dates_and_numbers_by_type(layers: Layers, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Ngày", "Giờ", "Long", "Lat", "RSRP", "RAT", "Carrier"])
    for n in range(8):
        sheet.append([datetime.datetime(2026, 7, 1), f"09:0{n}", 108.0 + n / 1000, 13.98, -95.5 - n, "NR",
                      "VNPT VinaPhone"])  # fmt: skip
    book.save(tmp_path / "do.xlsx")
    found = read_measurements(tmp_path / "do.xlsx", layers).samples
    assert found["rsrp_dbm"].tolist() == [-95.5 - n for n in range(8)]
    assert set(found["technology"]) == {"5G"}
    assert set(found["operator"]) == {"VNPT"}
    assert found["time"].iloc[2] == np.datetime64("2026-07-01T09:02:00")


def test_a_geopackage(layers: Layers, tmp_path: Path) -> None:
    points = gpd.points_from_xy([108.0, 108.01], [13.98, 13.97])
    frame = gpd.GeoDataFrame({"rsrp": [-88.0, -99.0], "tech": ["4G", "LTE_CA"]}, geometry=points, crs=4326)
    frame.to_file(tmp_path / "do.gpkg")
    found = read_measurements(tmp_path / "do.gpkg", layers)
    assert found.samples["technology"].tolist() == ["4G", "4G"]
    assert found.samples["operator"].tolist() == ["", ""]


def test_the_technology_may_be_said_beside_the_file(read: Read) -> None:
    text = "lon,lat,muc\n108.0,13.98,-90\n108.001,13.98,-91\n"
    reading = Reading(columns={"rsrp_dbm": "muc"}, defaults={"technology": "4G", "operator": "Viettel"})
    found = read(text, reading).samples
    assert found["technology"].tolist() == ["4G", "4G"]
    assert found["operator"].tolist() == ["Viettel", "Viettel"]


def test_empty_levels_are_unknown_or_silent_as_said(read: Read) -> None:
    text = PLAIN + ROWS + "108.0,13.97,,4G,Viettel,,2026-07-01T09:00:00\n"
    assert len(read(text).samples) == 20
    found = read(text, Reading(empty_is_silence=True)).samples
    assert len(found) == 21
    assert not found["heard"].iloc[20]


def test_repeated_rows_count_once(read: Read) -> None:
    first = ROWS.splitlines()[0] + "\n"
    found = read(PLAIN + ROWS + first + first)
    assert len(found.samples) == 20
    (told,) = [f for f in found.faults if f.code.endswith("repeated-sample")]
    assert told.row == "22"
    assert "2" in told.say("vi")


def test_one_moment_in_two_places_is_told(read: Read) -> None:
    found = read(PLAIN + ROWS + "108.05,13.98,-70,4G,Viettel,,2026-07-01T08:00:00\n")
    assert len(found.samples) == 21
    assert [f.row for f in found.faults if f.code.endswith("one-time-two-places")] == ["22"]


def test_rows_beyond_the_border_and_without_a_fix_are_left_out(read: Read) -> None:
    found = read(PLAIN + ROWS + "109.5,13.98,-90,4G,Viettel,,\n,,-90,4G,Viettel,,\n")
    assert len(found.samples) == 20
    assert {f.code.partition(".")[2] for f in found.faults} >= {"outside-province", "no-position"}
    assert all(f.say(lang) for f in found.faults for lang in LANGUAGES)


@pytest.mark.parametrize(("rows", "code", "row"), [
    (ROWS + "108.0,13.98,95,4G,Viettel,,\n" * 300, "positive-level", "22"),
    (ROWS + "108.0,13.98,-260,4G,Viettel,,\n", "impossible-level", "22"),
    (ROWS + "108.0,13.98,-12,4G,Viettel,,\n", "impossible-level", "22"),
    (ROWS + "108.0,13.98,mạnh,4G,Viettel,,\n", "not-a-number", "22"),
    (ROWS + "108.0,13.98,-90,6G,Viettel,,\n", "unknown-technology", "22"),
    (ROWS + "108.0,13.98,-90,4G,Viettel,,25:99 hôm qua\n", "not-a-time", "22"),
    ("".join(f"13.98,108.{n:03d},-90,4G,Viettel,,\n" for n in range(80)), "swapped-coordinates", "2"),
    ("".join(f"105.{n:03d},21.0,-90,4G,Viettel,,\n" for n in range(80)), "outside-province", "2"),
])  # fmt: skip
def test_one_clear_fault_with_its_row(read: Read, rows: str, code: str, row: str) -> None:
    found, where, message = fault_of(read, PLAIN + rows)
    assert (found, where) == (code, row)
    assert not re.search(r"\{\w*\}", message)
    many = rows.count("\n") if code in ("swapped-coordinates", "outside-province") else rows.count(",95,")
    if many > 1:
        assert str(many) in message


@pytest.mark.parametrize(("text", "code"), [
    ("lon,lat,technology\n108,13.98,4G\n108.1,13.98,4G\n", "missing-columns"),
    ("lon,lat,rsrp\n108,13.98,-90\n108.1,13.98,-91\n", "no-technology"),
    ("rsrp,technology\n-90,4G\n-91,4G\n", "missing-columns"),
])  # fmt: skip
def test_missing_columns(read: Read, text: str, code: str) -> None:
    assert fault_of(read, text)[0] == code


def test_american_dates_are_refused(read: Read) -> None:
    text = PLAIN + "".join(
        f"108.0{n},13.98,-90,4G,Viettel,,07/{n}/2026 08:00\n" for n in range(10, 20)
    )
    assert fault_of(read, text)[0] == "dates-american"


ORIGINS = {
    "G-NetTrack": (
        "Timestamp,Longitude,Latitude,Speed,Operatorname,Operator,CGI,Cellname,Node,CellID,LAC,NetworkTech,"
        "NetworkMode,Level,Qual,SNR,ARFCN,DL_bitrate,Altitude\n"
        "2026.07.01_08.05.10,108.001,13.981,32,Viettel,45204,4520401,,12,3,5001,4G,LTE,{level},-10,12,1800,2400,700\n"
    ),
    "MCC and MNC, decimal commas, milliseconds": (
        "Longitude;Latitude;RSRP;RSRQ;Tech;MCC;MNC;Time\n108,001;13,981;{level};-11;LTE;452;4;1782867910000\n"
    ),
    "Nemo": (
        "Date,Time,Longitude,Latitude,System,LTE RSRP (dBm),LTE RSRQ (dB),PCI,Operator\n"
        "01.07.2026,08:05:10.123,108.001,13.981,LTE FDD,{level},-9.5,12,Viettel Mobile\n"
    ),
    "speed tests": (
        "ts_result,attr_location_latitude,attr_location_longitude,sim_network_operator_name,active_cell_type,"
        "cell_rsrp,val_download_kbps\n2026-07-01T08:05:10.000+07:00,13.981,108.001,Viettel,4G,{level},30000\n"
    ),
    "OpenCelliD": (
        "mcc,net,area,cell,lon,lat,signal,measured,created,rating,speed,direction,radio\n"
        "452,4,5001,12345,108.001,13.981,{level},1782867910,1782868000,5,30,90,LTE\n"
    ),
    "a table of a measuring centre": (
        "BẢNG KẾT QUẢ ĐO KIỂM,,,,,,\nSTT,Kinh độ,Vĩ độ,Mức thu RSRP (dBm),Công nghệ,Nhà mạng,Thời gian\n"
        '1,"108,001","13,981","{level},0",4G,Viettel,08:05:10 01/07/2026\n'
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", ORIGINS.values(), ids=ORIGINS.keys())
def test_files_of_loggers_and_databases_are_read_as_they_are(read: Read, text: str) -> None:
    head, row = text.rsplit("\n", 2)[0], text.rsplit("\n", 2)[1]
    other = row.replace("108.001", "108.002").replace("108,001", "108,002")
    lines = [row.format(level=-95), other.format(level=-101)]
    found = read("\n".join([head, *lines]) + "\n").samples
    assert found["rsrp_dbm"].tolist() == [-95.0, -101.0]
    assert found["lon"].round(6).tolist() == [108.001, 108.002]
    assert set(found["technology"]) == {"4G"}
    assert set(found["operator"]) == {"Viettel"}
    assert {str(t) for t in found["time"].to_numpy("datetime64[s]")} == {"2026-07-01T08:05:10"}


def test_a_clock_without_a_day_is_told_and_no_time(read: Read) -> None:
    rows = "".join(f"108.00{n},13.98,-9{n},4G,Viettel,,08:0{n}:10.1\n" for n in range(3))
    found = read(PLAIN + rows)
    assert found.samples["time"].isna().all()
    assert [f.code for f in found.faults if "no-day" in f.code] == ["measurements.no-day"]


@pytest.mark.parametrize(("cell", "seen"), [
    ("2026-07-01T08:09:10Z", "2026-07-01T08:09:10"), ("1/7/2026 8:09 PM", "2026-07-01T20:09:00"),
    ("08:09:10 01/07/2026", "2026-07-01T08:09:10"), ("46204.5", "2026-07-01T12:00:00"),
    ("1782867600", "2026-07-01T08:00:00"), ("01/07/2026 8h05", "2026-07-01T08:05:00"),
    ("01-07-2026", "2026-07-01T00:00:00"), ("", "NaT"),
])  # fmt: skip
def test_moments(cell: str, seen: str) -> None:
    found = read_times(np.array([cell], dtype=object))
    assert str(found.values[0]) == seen
    assert not found.wrong[0]
