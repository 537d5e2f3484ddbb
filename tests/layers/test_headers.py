"""Headers are recognised in both languages, and a table is found among titles, totals and notes."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.layers.faults import Faults
from phusong.layers.rules import Report
from phusong.layers.tables.header_words import KNOWN_OTHERS, LAYER_KINDS, LayerKind, words_of
from phusong.layers.tables.headers import matches_of, normalise, recognise, tell_headers
from phusong.layers.tables.sheet_plan import plan_sheet, tell_plan


def best(header: str, kind: LayerKind) -> str:
    found = matches_of(header, kind)
    return found[0].column if found else ""


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("STT", "row_number"), ("Mã trạm", "site_id"), ("MÃ TRẠM BTS", "site_id"), ("ma_tram", "site_id"),
        ("Site ID", "site_id"), ("Tên trạm", "site_name"), ("Kinh độ", "lon"), ("KINH DO", "lon"),
        ("Long", "lon"), ("Vĩ độ", "lat"), ("Latitude (WGS84)", "lat"), ("Tọa độ X", "x"),
        ("Toạ độ Y (m)", "y"),
        ("X (VN-2000)", "x"), ("Tọa độ", "lonlat"), ("Độ cao cột (m)", "mast_height_m"),
        ("Chiều cao cột anten", "mast_height_m"), ("Độ cao anten", "antenna_height_m"),
        ("Chiều cao treo anten (m)", "antenna_height_m"), ("Góc phương vị", "azimuth_deg"),
        ("Azimuth", "azimuth_deg"), ("Góc nghiêng", "tilt_deg"), ("Góc cụp", "tilt_deg"),
        ("Góc nghiêng/cụp (độ)", "tilt_deg"), ("Antenna tilt", "tilt_deg"),
        ("Tilt cơ", "tilt_mechanical_deg"),
        ("Băng tần (MHz)", "frequency_mhz"), ("Công suất", "tx_power"),
        ("Công suất bức xạ EIRP (dBm)", "eirp_dbm"),
        ("EIRP", "eirp_dbm"), ("Công nghệ", "technology"), ("Nhà mạng", "operator"),
        ("Loại cột", "mast_type"),
        ("Loại trạm", "station_type"), ("Dùng chung", "shared"), ("Xã/phường", "commune_name"),
        ("Mã xã", "commune_code"), ("Trạng thái hoạt động", "status"),
        ("Băng thông (MHz)", "bandwidth_mhz"),
        ("antenna_height_m", "antenna_height_m"), ("Kinh  độ", "lon"), ("Góc phuơng vị", "azimuth_deg"),
        ("Phương án", ""), ("Mô tả", ""), ("Hướng dẫn", ""), ("Ghi chú", "note"),
    ],
)
def test_headers_of_stations(header: str, column: str) -> None:
    assert best(header, "stations") == column
    assert best(unicodedata.normalize("NFD", header), "stations") == column


@pytest.mark.parametrize(
    ("header", "kind", "column"),
    [
        ("Thôn/làng/bản/buôn/tổ dân phố", "places", "name"), ("Tên thôn", "places", "name"),
        ("Số hộ", "places", "households"), ("Dân số (người)", "places", "population"),
        ("Hộ có cáp quang", "households", "households_with_fibre"), ("Số hộ", "households", "households"),
        ("Số hộ có cáp quang (FTTH)", "households", "households_with_fibre"),
        ("Tỷ lệ hộ có cáp quang (%)", "households", "fibre_percent"),
        ("Thuê bao cáp quang", "households", "fibre_subscribers"), ("Ngày cập nhật", "households", "as_of"),
        ("Diện tích tự nhiên (km²)", "communes", "area_km2"), ("Dân số", "communes", "population"),
        ("Tên khu công nghiệp", "zones", "name"), ("Số sợi", "fibre_routes", "fibre_count"),
        ("Loại thiết bị", "fibre_nodes", "kind"),
    ],
)
def test_headers_of_other_layers(header: str, kind: LayerKind, column: str) -> None:
    assert best(header, kind) == column


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_every_phrase_means_its_column_in_any_dress(kind: LayerKind) -> None:
    for column, phrases in words_of(kind).items():
        for phrase in phrases:
            title = phrase.title() + " (m)"
            for dress in (phrase, phrase.upper(), phrase.replace(" ", "_"), f"  {phrase} ", title):
                found = matches_of(dress, kind)
                assert found, (column, dress)
                assert column in {m.column for m in found if m.score == found[0].score}, (column, dress)


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_no_phrase_means_two_columns(kind: LayerKind) -> None:
    phrases = [p for column in words_of(kind).values() for p in column]
    assert sorted(phrases) == sorted(set(phrases))
    assert all(normalise(p)[0] == p for p in phrases), "they are looked up as they stand"


def test_units_are_taken_off() -> None:
    assert normalise("Độ cao cột (m)") == ("do cao cot", "m")
    assert normalise("Diện tích [km²]") == ("dien tich", "km2")
    assert normalise("Băng tần MHz") == ("bang tan", "mhz")
    assert normalise("Số hộ (Viettel)") == ("so ho viettel", "")


def test_a_table_is_recognised_and_told() -> None:
    found = recognise(["STT", "Mã trạm", "Kinh độ", "Vĩ độ", "Công nghệ", "Linh tinh"], "stations")
    assert found.columns == {
        "site_id": "Mã trạm", "lon": "Kinh độ", "lat": "Vĩ độ", "technology": "Công nghệ"
    }
    assert found.unknown == ("Linh tinh",)
    faults = Faults()
    tell_headers(Report("stations", "a.xlsx", faults), found)
    (fault,) = faults
    assert fault.severity == "warning"
    assert "'Mã trạm' = site_id" in fault.say("vi")
    clean = Faults()
    tell_headers(Report("stations", "a.csv", clean), recognise(["site_id", "lon", "lat"], "stations"))
    assert len(clean) == 0


def test_two_headers_for_one_column_are_asked() -> None:
    found = recognise(["Mã trạm", "Site ID", "Kinh độ"], "stations")
    assert "site_id" not in found.matches
    assert [m.header for m in found.ambiguous["site_id"]] == ["Mã trạm", "Site ID"]
    faults = Faults()
    tell_headers(Report("stations", "a.xlsx", faults), found)
    assert [f.code for f in faults.errors] == ["stations.ambiguous-header"]
    assert "'Mã trạm', 'Site ID'" in faults.errors[0].say("vi")
    settled = recognise(["Mã trạm", "Site ID", "Kinh độ"], "stations", project={"site_id": "Site ID"})
    assert settled.columns["site_id"] == "Site ID"
    assert not settled.ambiguous


def test_the_project_adds_its_own_words() -> None:
    found = recognise(["Ký hiệu nội bộ", "Kinh độ"], "stations", extra={"site_id": ["ky hieu noi bo"]})
    assert found.columns["site_id"] == "Ký hiệu nội bộ"
    assert found.matches["site_id"].rule == "project"


def test_the_better_of_two_headers_wins() -> None:
    found = recognise(["Độ cao anten so với mặt đất", "Độ cao anten"], "stations")
    assert found.columns["antenna_height_m"] == "Độ cao anten"
    assert found.unknown == ("Độ cao anten so với mặt đất",)


TITLE = [["UBND TỈNH GIA LAI"], ["DANH SÁCH TRẠM BTS (VN-2000, KTT 108°15')"], []]
GROUPED = [
    ["STT", "Mã trạm", "Tên trạm", "Tọa độ", "", "Độ cao (m)", "", "Nhà mạng", "Dùng chung"],
    ["", "", "", "Kinh độ", "Vĩ độ", "Cột", "Anten", "", ""],
]
ROWS = [
    ["1", "GLI001", "Trạm A", "108,1", "13,9", "45", "42", "Viettel", "x"],
    ["2", "GLI002", "Trạm B", "108,2", "13,95", "30", "28", "VNPT", ""],
    ["3", "GLI003", "Trạm C", "108,3", "13,96", "30", "28", "VNPT", "x"],
]
TOTAL = ["", "TỔNG CỘNG", "", "", "", "", "3", "", ""]
NOTES = [["Ghi chú: số liệu đến 30/6/2026"], ["", "", "", "", "", "", "", "Gia Lai, ngày 1 tháng 7 năm 2026"]]


def test_a_sheet_as_offices_make_them() -> None:
    numbering = [[f"({i})" for i in range(1, 10)]]
    section = [["I", "Huyện Ia Grai"]]
    rows = [*TITLE, *GROUPED, *numbering, *section, *ROWS[:2], [], ROWS[2], TOTAL, *NOTES]
    plan = plan_sheet(rows)
    assert plan is not None
    assert plan.kind == "stations"
    assert plan.header_rows == (4, 5)
    assert plan.headers[3:7] == ("Tọa độ Kinh độ", "Tọa độ Vĩ độ", "Độ cao (m) Cột", "Độ cao (m) Anten")
    assert plan.data_rows == (8, 9, 11)
    reasons = {d.row: d.reason for d in plan.dropped}
    assert reasons == {
        1: "title", 2: "title", 3: "blank", 6: "numbering", 7: "section", 10: "blank", 12: "total",
        13: "note", 14: "note",
    }
    assert "KTT 108°15'" in plan.titles[1]
    assert plan.notes[0].startswith("Ghi chú")
    found = recognise(plan.headers, "stations")
    assert found.columns == {
        "site_id": "Mã trạm", "lon": "Tọa độ Kinh độ", "lat": "Tọa độ Vĩ độ",
        "antenna_height_m": "Độ cao (m) Anten", "operator": "Nhà mạng",
    }
    assert found.matches["mast_height_m"].header == "Độ cao (m) Cột"
    faults = Faults()
    tell_plan(Report("stations", "a.xlsx", faults), plan)
    assert not faults.errors
    said = " ".join(f.say("vi") for f in faults)
    assert "dòng tổng cộng (dòng 12)" in said
    assert "(dòng 4, 5)" in said


def test_merged_cells_that_repeat_their_text() -> None:
    filled = [
        ["STT", "Mã trạm", "Tên trạm", "Tọa độ", "Tọa độ", "Độ cao (m)", "Độ cao (m)", "Nhà mạng"],
        ["STT", "Mã trạm", "Tên trạm", "Kinh độ", "Vĩ độ", "Cột", "Anten", "Nhà mạng"],
    ]
    plan = plan_sheet([*TITLE, *filled, *ROWS])
    assert plan is not None
    assert plan.header_rows == (4, 5)
    assert plan.headers[2:5] == ("Tên trạm", "Tọa độ Kinh độ", "Tọa độ Vĩ độ")


def test_rows_of_units_and_subtotals() -> None:
    rows = [
        ["STT", "Xã/phường", "Số hộ", "Hộ có cáp quang"],
        ["", "", "(hộ)", "(hộ)"],
        ["I", "Khu vực Pleiku", "300", "200"],
        ["1", "Phường Pleiku", "100", "50"],
        ["2", "Xã Cộng Hòa", "200", "150"],
        ["", "Cộng huyện Ia Grai", "300", "200"],
        ["STT", "Xã/phường", "Số hộ", "Hộ có cáp quang"],
        ["3", "Tổng Cọt", "10", "5"],
        ["", "Tổng cộng", "310", "205"],
    ]
    plan = plan_sheet(rows, kind="households")
    assert plan is not None
    assert plan.data_rows == (4, 5, 8), "names that begin like a total are data: they have a number"
    assert {d.row: d.reason for d in plan.dropped} == {
        2: "units", 3: "subtotal", 6: "subtotal", 7: "repeated-header", 9: "total"
    }


@pytest.mark.parametrize(
    "word", ["TỔNG CỘNG", "Cộng", "Tổng số", "Total", "tong cong:", "Cộng toàn tỉnh", "Tổng"]
)
def test_words_of_totals(word: str) -> None:
    rows = [["Xã", "Số hộ"], ["Ia Grai", 5], ["Công", 6], [word, 11]]
    plan = plan_sheet(rows, kind="households")
    assert plan is not None
    assert plan.data_rows == (2, 3)
    assert plan.dropped[0].reason == "total"


def test_a_clean_table_keeps_every_row() -> None:
    rows = [["commune_code", "households"], ["01234", "12"], ["05678", ""], ["", "7"]]
    plan = plan_sheet(rows)
    assert plan is not None
    assert (plan.header_rows, plan.data_rows, plan.dropped) == ((1,), (2, 3, 4), ())
    faults = Faults()
    tell_plan(Report("households", "a.csv", faults), plan)
    assert len(faults) == 0


def test_unknown_words_are_a_header_all_the_same() -> None:
    plan = plan_sheet([["colA", "colB", "colC"], ["1", "2", "3"], ["4", "5", "6"]])
    assert plan is not None
    assert (plan.headers, plan.recognised, plan.data_rows) == (("colA", "colB", "colC"), 0, (2, 3))


@pytest.mark.parametrize("rows", [[], [[]], [["", ""]], [[1, 2], [3, 4]]])
def test_no_header(rows: list[list[object]]) -> None:
    plan = plan_sheet(rows)
    assert plan is None
    faults = Faults()
    tell_plan(Report("stations", "a.csv", faults), plan)
    assert [f.code for f in faults] == ["stations.no-header"]


NAMES = st.sampled_from(["Xã Ia Grai", "Phường Pleiku", "Xã Đak Đoa", "Thôn Công", "Xã Tổng Cọt", "Ia Tul"])
TITLES = st.sampled_from([["UBND TỈNH"], ["Phụ lục II"], [], ["(Kèm theo Công văn số 12)"]])


@settings(max_examples=150, deadline=None)
@given(
    titles=st.lists(TITLES, max_size=4),
    grouped=st.booleans(), numbering=st.booleans(), total=st.booleans(), notes=st.booleans(),
    data=st.lists(st.tuples(NAMES, st.integers(0, 9999), st.integers(0, 999)), min_size=1, max_size=12),
    blank_at=st.integers(0, 12),
)
def test_a_table_in_any_mixture_of_habits_is_found(
    titles: list[list[str]], grouped: bool, numbering: bool, total: bool, notes: bool,
    data: list[tuple[str, int, int]], blank_at: int,
) -> None:
    rows: list[list[object]] = [list(t) for t in titles]
    if grouped:
        rows += [["STT", "Tên xã", "Hộ gia đình", ""], ["", "", "Số hộ", "Hộ có cáp quang"]]
    else:
        rows.append(["STT", "Tên xã", "Số hộ", "Hộ có cáp quang"])
    header_end = len(rows)
    if numbering:
        rows.append(["1", "2", "3", "4"])
    wanted = []
    for i, (name, households, fibre) in enumerate(data):
        if i == blank_at:
            rows.append(["", None, "", ""])
        rows.append([i + 1, name, households, fibre])
        wanted.append(len(rows))
    if total:
        rows.append(["", "TỔNG CỘNG", sum(d[1] for d in data), sum(d[2] for d in data)])
    if notes:
        rows += [[], ["Nguồn: Sở Khoa học và Công nghệ"]]
    plan = plan_sheet(rows, kind="households")
    assert plan is not None
    assert plan.header_rows[-1] == header_end
    assert list(plan.data_rows) == wanted
    accounted = {*plan.header_rows, *plan.data_rows, *(d.row for d in plan.dropped)}
    assert accounted == set(range(1, len(rows) + 1)), "no row goes unsaid"
    columns = recognise(plan.headers, "households").columns
    assert set(columns) == {"commune_name", "households", "households_with_fibre"}


def test_known_others_are_words_of_some_layer() -> None:
    every = {column for kind in LAYER_KINDS for column in words_of(kind)}
    assert every >= KNOWN_OTHERS


def test_a_long_sheet_is_quick_to_plan() -> None:
    body = [[i, f"GL{i:06d}", 108.1, 13.9, "Viettel"] for i in range(20_000)]
    header = ["STT", "Mã trạm", "Kinh độ", "Vĩ độ", "Nhà mạng"]
    plan = plan_sheet([header, *body, ["", "Tổng cộng", "", "", 3]])
    assert plan is not None
    assert len(plan.data_rows) == 20_000
    np.testing.assert_array_equal(np.diff(plan.data_rows), 1)
