"""Files as planners have them, made from clean ones: each is read to the truth or refused."""

from __future__ import annotations

import datetime
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nasty import HEADER, NAMES, VIETNAMESE, Rows, to_csv, to_xls, to_xlsx
from nasty_cases import (
    COLUMNS,
    TRUTH,
    Cases,
    Refusals,
    folder_with,
    metres_from_truth,
    moved,
    placed,
    refusal,
)
from ods import write_ods

from phusong.layers.boundaries.crosswalk import crosswalk
from phusong.layers.text.legacy_encodings import encode, to_bytes

case, refused = Cases(), Refusals()


def changed(column: str, turn: Callable[[Any], Any], rows: Rows | None = None) -> Rows:
    j = HEADER.index(column)
    return [[turn(c) if k == j else c for k, c in enumerate(row)] for row in rows or TRUTH]


def comma(value: Any) -> str:
    return str(value).replace(".", ",")


def dms(value: float, letter: str = "") -> str:
    seconds = round(value * 3600, 2)
    return f"{int(seconds // 3600)}°{int(seconds % 3600 // 60):02d}'{seconds % 60:05.2f}\"{letter}"


# ---- what is read to the truth ----------------------------------------------------------------------


@case
def clean_csv(folder: Path) -> str:
    to_csv(folder / "tram.csv", [HEADER, *TRUTH])
    return ""


@case
def semicolons_and_decimal_commas(folder: Path) -> str:
    rows = [[comma(c) if isinstance(c, float) else c for c in row] for row in TRUTH]
    to_csv(folder / "tram.csv", [VIETNAMESE, *rows], delimiter=";")
    return ""


@case
def tabs_in_utf16(folder: Path) -> str:
    to_csv(folder / "tram.txt", [VIETNAMESE, *TRUTH], delimiter="\t", encoding="utf-16")
    return ""


@case
def excels_hint_of_the_delimiter(folder: Path) -> str:
    rows = [VIETNAMESE, *TRUTH]
    to_csv(folder / "tram.csv", rows, delimiter=";", data=lambda t: ("sep=;\r\n" + t).encode())
    return ""


@case
def bars_and_a_byte_order_mark(folder: Path) -> str:
    to_csv(folder / "tram.csv", [VIETNAMESE, *TRUTH], delimiter="|", encoding="utf-8-sig")
    return ""


@case
def vietnamese_headers_in_excel(folder: Path) -> str:
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *TRUTH])
    return ""


@case
def headers_without_diacritics(folder: Path) -> str:
    plain = ["MA TRAM", "MA CELL", "NHA MANG", "CONG NGHE", "KINH DO", "VI DO", "DO CAO ANTEN", "PHUONG VI",
             "GOC NGHIENG", "MA XA"]
    to_xlsx(folder / "tram.xlsx", [plain, *TRUTH])
    return ""


@case
def english_headers(folder: Path) -> str:
    names = ["Site ID", "Cell ID", "Operator", "Technology", "Longitude", "Latitude", "Antenna height (m)",
             "Azimuth", "Downtilt", "Commune code"]
    to_csv(folder / "tram.csv", [names, *TRUTH])
    return ""


@case
def title_rows_above(folder: Path) -> str:
    title = [["ỦY BAN NHÂN DÂN TỈNH"], ["DANH SÁCH TRẠM THU PHÁT SÓNG"], ["(Số liệu đến 30/6/2026)"], []]
    to_xlsx(folder / "tram.xlsx", [*title, VIETNAMESE, *TRUTH], merges=["A1:J1", "A2:J2"])
    return ""


@case
def title_rows_above_in_csv(folder: Path) -> str:
    title = [["DANH SÁCH TRẠM THU PHÁT SÓNG"], ["Đơn vị: Sở, ngành"], []]
    to_csv(folder / "tram.csv", [*title, VIETNAMESE, *TRUTH], delimiter=";")
    return ""


@case
def header_of_two_rows_merged(folder: Path) -> str:
    first = ["Mã trạm", "Mã cell", "Nhà mạng", "Công nghệ", "Tọa độ", None, "Anten", None, None, "Mã xã"]
    second = [None] * 4 + ["Kinh độ", "Vĩ độ", "Độ cao anten", "Góc phương vị", "Góc nghiêng", None]
    merges = ["E1:F1", "G1:I1", "A1:A2", "B1:B2", "C1:C2", "D1:D2", "J1:J2"]
    to_xlsx(folder / "tram.xlsx", [first, second, *TRUTH], merges=merges)
    return ""


@case
def numbering_of_columns_below_the_header(folder: Path) -> str:
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, [f"({n})" for n in range(1, 11)], *TRUTH])
    return ""


@case
def row_numbers_and_totals(folder: Path) -> str:
    rows = [[n, *row] for n, row in enumerate(TRUTH, start=1)]
    total = ["TỔNG CỘNG", None, None, None, None, None, None, 12]
    to_xlsx(folder / "tram.xlsx", [["STT", *VIETNAMESE], *rows, total])
    return ""


@case
def blank_rows_between(folder: Path) -> str:
    to_csv(folder / "tram.csv", [VIETNAMESE, *TRUTH[:5], [], ["", ""], *TRUTH[5:]])
    return ""


@case
def notes_and_signature_below(folder: Path) -> str:
    below = [[], ["Ghi chú: số liệu do doanh nghiệp cung cấp."], [None, None, None, "Người lập biểu"]]
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *TRUTH, *below])
    return ""


@case
def header_repeated_on_a_new_page(folder: Path) -> str:
    to_csv(folder / "tram.csv", [VIETNAMESE, *TRUTH[:6], VIETNAMESE, *TRUTH[6:]])
    return ""


@case
def groups_by_district(folder: Path) -> str:
    rows = [[n, *row] for n, row in enumerate(TRUTH, start=1)]
    table = [["STT", *VIETNAMESE], ["I", "Huyện Ia Grai"], *rows[:6], ["II", "Huyện Chư Sê"], *rows[6:]]
    to_xlsx(folder / "tram.xlsx", table)
    return ""


@case
def cover_sheet_first(folder: Path) -> str:
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *TRUTH], before=["Bìa"])
    return ""


@case
def open_document(folder: Path) -> str:
    write_ods(folder / "tram.ods", [["DANH SÁCH TRẠM"], [], VIETNAMESE, *TRUTH])
    return ""


@case
def words_of_the_project(folder: Path) -> str:
    header = ["Ký hiệu NT", *VIETNAMESE[1:]]
    to_csv(folder / "tram.csv", [header, *TRUTH])
    return 'headers = { site_id = ["Ký hiệu NT"] }'


@case
def columns_of_the_project_win(folder: Path) -> str:
    header = ["Mã trạm", *VIETNAMESE[1:], "Mã trạm mới"]
    rows = [["cũ", *row[1:], row[0]] for row in TRUTH]
    to_csv(folder / "tram.csv", [header, *rows])
    return 'columns = { site_id = "Mã trạm mới" }'


@case
def mast_height_is_no_antenna_height(folder: Path) -> str:
    to_csv(folder / "tram.csv", [[*VIETNAMESE, "Độ cao cột (m)"], *([*row, 45] for row in TRUTH)])
    return ""


@case
def two_columns_of_notes(folder: Path) -> str:
    rows = [[*row, "a", "b"] for row in TRUTH]
    to_csv(folder / "tram.csv", [[*VIETNAMESE, "Ghi chú", "Ghi chú"], *rows])
    return ""


@case
def numbers_with_units(folder: Path) -> str:
    rows = changed("antenna_height_m", lambda v: f"{comma(v)} m")
    to_csv(folder / "tram.csv", [VIETNAMESE, *rows], delimiter=";")
    return ""


@case
def numbers_by_type_beside_text(folder: Path) -> str:
    rows = [list(row) for row in TRUTH]
    for row in rows[::2]:
        row[6] = comma(row[6])
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *rows])
    return ""


@case
def technologies_by_standard(folder: Path) -> str:
    to_csv(folder / "tram.csv", [VIETNAMESE, *changed("technology", {"4G": "LTE", "5G": "NR"}.__getitem__)])
    return ""


@case
def codes_that_lost_their_zeros_in_a_sheet(folder: Path) -> str:
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *changed("commune_code", int)])
    return ""


@case
def status_in_vietnamese(folder: Path) -> str:
    to_csv(folder / "tram.csv", [[*VIETNAMESE, "Tình trạng"], *([*row, "Đang hoạt động"] for row in TRUTH)])
    return ""


@case
def degrees_minutes_seconds_in_vietnamese(folder: Path) -> str:
    rows = placed([dms(r[4], "Đ") for r in TRUTH], [dms(r[5], "B") for r in TRUTH])
    to_csv(folder / "tram.csv", [VIETNAMESE, *rows])
    return ""


@case
def degrees_minutes_seconds_in_english(folder: Path) -> str:
    rows = placed([dms(r[4], "E") for r in TRUTH], [dms(r[5], "N") for r in TRUTH])
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *rows])
    return ""


def _pairs(folder: Path, said: Callable[[float, float], str]) -> str:
    rows = [[*r[:4], said(r[4], r[5]), *r[6:]] for r in TRUTH]
    to_csv(folder / "tram.csv", [[*VIETNAMESE[:4], "Tọa độ", *VIETNAMESE[6:]], *rows], delimiter=";")
    return ""


@case
def both_in_one_cell_with_decimal_commas(folder: Path) -> str:
    return _pairs(folder, lambda lon, lat: f"{comma(lon)}/{comma(lat)}")


@case
def both_in_one_cell_latitude_first(folder: Path) -> str:
    return _pairs(folder, lambda lon, lat: f"{lat}, {lon}")


@case
def both_in_one_cell_with_labels(folder: Path) -> str:
    return _pairs(folder, lambda lon, lat: f"Lat: {lat} Long: {lon}")


def _metres(folder: Path, epsg: int, header: tuple[str, str], *, title: str = "", said: str = "",
            north_first: bool = True, turn: Callable[[float], Any] = float) -> str:
    xy = moved(epsg)
    north, east = [turn(y) for _, y in xy], [turn(x) for x, _ in xy]
    rows = placed(north, east) if north_first else placed(east, north)
    head = [*VIETNAMESE[:4], *header, *VIETNAMESE[6:]]
    to_xlsx(folder / "tram.xlsx", [*([[title], []] if title else []), head, *rows])
    return said


@case
def vn2000_zone_declared_in_the_project(folder: Path) -> str:
    return _metres(folder, 9217, ("X", "Y"), said='crs = "EPSG:9217"')


@case
def vn2000_by_the_title(folder: Path) -> str:
    return _metres(folder, 9218, ("X (m)", "Y (m)"), title="Tọa độ VN-2000, KTT 108°30', múi chiếu 3°")


@case
def vn2000_undeclared_found_by_communes(folder: Path) -> str:
    return _metres(folder, 9218, ("Tọa độ X", "Tọa độ Y"))


@case
def vn2000_neighbouring_zone_undeclared(folder: Path) -> str:
    return _metres(folder, 9217, ("Tọa độ X", "Tọa độ Y"))


@case
def vn2000_utm_declared(folder: Path) -> str:
    return _metres(folder, 3406, ("X", "Y"), said='crs = "EPSG:3406"')


@case
def easting_before_northing(folder: Path) -> str:
    return _metres(folder, 9217, ("X", "Y"), said='crs = "EPSG:9217"', north_first=False)


@case
def northing_and_easting_by_name(folder: Path) -> str:
    return _metres(folder, 9217, ("Northing", "Easting"), said='crs = "EPSG:9217"')


@case
def metres_with_separators(folder: Path) -> str:
    def turn(value: float) -> str:
        return f"{value:,.3f}".translate(str.maketrans(",.", ".,"))

    return _metres(folder, 9217, ("X", "Y"), said='crs = "EPSG:9217"', turn=turn)


@case
def deprecated_code_declared(folder: Path) -> str:
    return _metres(folder, 5899, ("X", "Y"), said='crs = "EPSG:6959"')


@pytest.mark.parametrize("name", case)
def test_read_to_the_truth(tmp_path: Path, name: str) -> None:
    layers = small.layers_of(folder_with(case[name], tmp_path))
    assert metres_from_truth(layers) < (0.2 if "minutes" in name else 0.01)
    understood = next(u for u in layers.understood if u.layer == "stations")
    assert dict(understood.columns)["technology"] in ("Công nghệ", "CONG NGHE", "Technology", "technology")
    if "vn2000" in name:
        assert understood.crs.startswith("EPSG:")


# ---- what is refused ---------------------------------------------------------------------------------


@refused("stations.numbers-mixed")
def points_and_commas_in_one_column(folder: Path) -> str:
    rows = [list(row) for row in TRUTH]
    for k, row in enumerate(rows):
        row[6] = "24,5" if k % 2 else "24.5"
    to_csv(folder / "tram.csv", [VIETNAMESE, *rows], delimiter=";")
    return ""


@refused("stations.wrong-unit")
def power_in_watts(folder: Path) -> str:
    to_csv(folder / "tram.csv", [[*VIETNAMESE, "EIRP (W)"], *([*row, 40] for row in TRUTH)])
    return ""


@refused("stations.ambiguous-header")
def two_columns_for_one(folder: Path) -> str:
    to_csv(folder / "tram.csv", [[*VIETNAMESE, "Longitude"], *([*row, 1] for row in TRUTH)])
    return ""


@refused("stations.no-header")
def no_header_at_all(folder: Path) -> str:
    to_csv(folder / "tram.csv", [[1, 2, 3, 4.5], [5, 6, 7, 8.5], [9, 10, 11, 12.5]])
    return ""


@refused("stations.text-mixed")
def two_encodings_in_one_column(folder: Path) -> str:
    names = ["Bưu điện tỉnh Gia Lai", encode("Trạm phát sóng tại xã", "tcvn3")]
    rows = [[*row[:2], names[k % 2], *row[3:]] for k, row in enumerate(TRUTH)]
    to_csv(folder / "tram.csv", [VIETNAMESE, *rows])
    return ""


@refused("stations.crs-contradicted")
def wrong_zone_declared(folder: Path) -> str:
    return _metres(folder, 9218, ("X", "Y"), said='crs = "EPSG:9217"')


@refused("stations.crs-ambiguous")
def metres_that_several_systems_explain(folder: Path) -> str:
    # UTM of VN-2000 and of WGS 84 are 200 m apart: no commune tells them from each other.
    return _metres(folder, 3406, ("X", "Y"))


@refused("stations.ambiguous-north")
def letter_n_on_both_sides(folder: Path) -> str:
    rows = placed([r[4] for r in TRUTH], [dms(0.001 + k / 1000, "N") for k, r in enumerate(TRUTH)])
    to_csv(folder / "tram.csv", [VIETNAMESE, *rows])
    return ""


@refused("stations.letters-mixed")
def letters_of_two_languages(folder: Path) -> str:
    rows = placed([dms(r[4], "Đ" if k % 2 else "E") for k, r in enumerate(TRUTH)], [r[5] for r in TRUTH])
    to_csv(folder / "tram.csv", [VIETNAMESE, *rows])
    return ""


@refused("stations.pairs-mixed")
def pairs_in_two_orders(folder: Path) -> str:
    rows = [[*r[:4], f"{r[4]}/{r[5]}" if k % 2 else f"{r[5]}/{r[4]}", *r[6:]] for k, r in enumerate(TRUTH)]
    to_csv(folder / "tram.csv", [[*VIETNAMESE[:4], "Tọa độ", *VIETNAMESE[6:]], *rows])
    return ""


@refused("stations.formula-without-value")
def formula_that_was_never_calculated(folder: Path) -> str:
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *changed("tilt_deg", lambda v: f"=1+{v - 1}")])
    return ""


@refused("stations.archive-too-large")
def zip_bomb(folder: Path) -> str:
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *TRUTH])
    with zipfile.ZipFile(folder / "tram.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/a.bin", bytes(80 << 20))
    return ""


@refused("stations.archive-path-outside")
def path_that_leaves_the_archive(folder: Path) -> str:
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *TRUTH])
    with zipfile.ZipFile(folder / "tram.xlsx", "a") as archive:
        archive.writestr("../../evil.txt", "x")
    return ""


@refused("stations.endless-line")
def endless_line(folder: Path) -> str:
    with (folder / "tram.csv").open("wb") as stream:
        stream.write(b"site_id,technology,lon,lat\n" + b"x" * 8192)
        stream.truncate(300_000_000)  # a hole in the file: no blocks on the disk
    return ""


@refused("stations.swapped-coordinates")
def longitude_and_latitude_swapped(folder: Path) -> str:
    to_csv(folder / "tram.csv", [VIETNAMESE, *placed([r[5] for r in TRUTH], [r[4] for r in TRUTH])])
    return ""


@refused("stations.not-utf8")
def bytes_that_are_no_text(folder: Path) -> str:
    to_csv(folder / "tram.csv", [HEADER, *changed("operator", lambda v: v + "é")], encoding="latin-1")
    return ""


@pytest.mark.parametrize("name", refused)
def test_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    code, make = refused[name]
    assert refusal(folder_with(make, tmp_path), code).severity == "error"


# ---- text, dates, communes of before the merger ------------------------------------------------------


def villages(folder: Path, header: list[str], rows: Rows, name: str = "thon.csv", **how: Any) -> Path:
    project = small.write_province(folder)
    to_csv(folder / name, [header, *rows], **how)
    small.add(project, f'[places.villages]\npath = "{name}"\n')
    return project


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "cp1258"])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_old_encodings(tmp_path: Path, encoding: Any, as_bytes: bool) -> None:
    rows = [[f"T{k}", encode(n, encoding), TRUTH[k][4], TRUTH[k][5]] for k, n in enumerate(NAMES)]
    header = [encode(h, encoding) for h in ("Mã thôn", "Tên thôn", "Kinh độ", "Vĩ độ")]
    how = {"data": to_bytes} if as_bytes else {}
    project = villages(tmp_path, header, rows, **how)
    layers = small.layers_of(project)
    assert layers.places["villages"]["name"].tolist() == list(NAMES)
    understood = layers.understood[-1]
    assert understood.encoding == encoding
    assert dict(understood.columns)["name"] == "Tên thôn"
    assert any("Unicode" in note.say("vi") for note in understood.notes)


def test_decomposed_text_is_composed(tmp_path: Path) -> None:
    import unicodedata

    rows = [[f"T{k}", unicodedata.normalize("NFD", n), TRUTH[k][4], TRUTH[k][5]] for k, n in enumerate(NAMES)]
    project = villages(tmp_path, ["Mã thôn", "Tên thôn", "Kinh độ", "Vĩ độ"], rows)
    assert small.layers_of(project).places["villages"]["name"].tolist() == list(NAMES)


def test_old_encodings_abroad_are_left_alone(tmp_path: Path) -> None:
    """Where no Vietnamese is written, `Água` is no TCVN3."""
    names = ["Água Grande", "Mé-Zóchi", "Caué", "Lembá", "São João"]
    rows = [[f"T{k}", n, TRUTH[k][4], TRUTH[k][5]] for k, n in enumerate(names)]
    project = villages(tmp_path, ["place_id", "name", "lon", "lat"], rows)
    text = project.read_text(encoding="utf-8").replace('code = "52"', 'code = "STP"')
    project.write_text(text, encoding="utf-8")
    assert small.layers_of(project).places["villages"]["name"].tolist() == names


def households(folder: Path, header: list[str], rows: Rows, said: str = "") -> Path:
    project = small.write_province(folder)
    to_xlsx(folder / "ho.xlsx", [["BÁO CÁO"], header, *rows])
    small.add(project, f'[layers.households]\npath = "ho.xlsx"\n{said}\n')
    return project


HOUSEHOLDS = ["Mã xã", "Số hộ", "Số hộ có cáp quang", "Thời điểm"]


def test_thousands_and_dates_day_first(tmp_path: Path) -> None:
    rows = [[c, f"1.{k}23", f"{k}45", "05/06/2026"] for k, c in enumerate(small.CODES, start=1)]
    found = small.layers_of(households(tmp_path, HOUSEHOLDS, rows)).households
    assert found is not None
    assert found["households"].tolist() == [1123, 1223, 1323, 1423]
    assert found["households_with_fibre"].tolist() == [145, 245, 345, 445]
    assert set(found["as_of"]) == {datetime.date(2026, 6, 5)}


def test_american_dates_are_refused(tmp_path: Path) -> None:
    rows = [[c, 10, 5, d] for c, d in zip(small.CODES, ("06/30/2026", "06/05/2026", "", ""), strict=True)]
    faults = small.faults_of(households(tmp_path, HOUSEHOLDS, rows))
    assert "households.dates-american" in [f.code for f in faults]


def test_one_number_grouped_and_one_not(tmp_path: Path) -> None:
    rows = [[c, n, 5, ""] for c, n in zip(small.CODES, ("1.723", "1723", "1.800", "900"), strict=True)]
    faults = small.faults_of(households(tmp_path, HOUSEHOLDS, rows))
    assert "households.numbers-mixed" in [f.code for f in faults]


def test_households_by_names_of_communes(tmp_path: Path) -> None:
    rows = [[f"xã  {c}".upper(), 10 * k, k] for k, c in enumerate(small.CODES, start=1)]
    layers = small.layers_of(households(tmp_path, ["Xã/phường", "Số hộ", "Hộ có cáp quang"], rows))
    assert layers.households is not None
    assert layers.households["commune_code"].tolist() == list(small.CODES)


def test_a_name_that_no_commune_has(tmp_path: Path) -> None:
    rows = [[f"Xã {c}", 10, 1] for c in (*small.CODES[:3], "Không Có")]
    faults = small.faults_of(households(tmp_path, ["Xã/phường", "Số hộ", "Hộ có cáp quang"], rows))
    (fault,) = [f for f in faults if f.code == "households.unknown-commune-name"]
    assert fault.row == "6"


def _merged() -> dict[str, list[str]]:
    """Return old communes of each new one of the small province that was made of whole ones."""
    walk = crosswalk()
    return {
        new: [k.old for k in walk.parts[new] if k.whole and k.old not in walk.new]
        for new in small.CODES if new in walk.parts
    }


def test_households_of_before_the_merger(tmp_path: Path) -> None:
    parts = {new: old for new, old in _merged().items() if old}
    assert parts, "the codes of the small province have heirs"
    rows = [[c, 100, 40, "30/06/2025"] for old in parts.values() for c in old]
    layers = small.layers_of(households(tmp_path, HOUSEHOLDS, rows, 'vintage = "2024"'))
    assert layers.households is not None
    got = dict(zip(layers.households["commune_code"], layers.households["households"], strict=True))
    assert got == {new: 100.0 * len(old) for new, old in parts.items()}
    assert sum(got.values()) == 100.0 * len(rows)
    assert set(layers.households["as_of"]) == {datetime.date(2025, 6, 30)}


def test_old_codes_are_known_without_being_declared(tmp_path: Path) -> None:
    parts = {new: old for new, old in _merged().items() if old}
    rows = [[c, 100, 40, "30/06/2025"] for old in parts.values() for c in old]
    layers = small.layers_of(households(tmp_path, HOUSEHOLDS, rows))
    assert layers.households is not None
    assert layers.households["households"].sum() == 100.0 * len(rows)
    assert any(f.code == "households.vintage-old" for f in layers.faults)


def test_divided_communes_need_a_rule(tmp_path: Path) -> None:
    walk = crosswalk()
    divided = next(c for c, k in walk.heirs.items() if len(k) > 1 and c not in walk.new)
    rows = [[divided, 101, 40, ""]]
    project = households(tmp_path, HOUSEHOLDS, rows, "vintage = 2024")
    assert "households.carry-divided" in [f.code for f in small.faults_of(project)]
    text = project.read_text(encoding="utf-8").replace("vintage = 2024", 'vintage = 2024\ndivided = "equal"')
    project.write_text(text, encoding="utf-8")
    found = small.layers_of(project).households
    assert found is not None
    assert found["households"].sum() == 101


def test_rows_of_faults_are_those_of_the_file(tmp_path: Path) -> None:
    rows = changed("antenna_height_m", lambda v: "cao" if v == 27.5 else v)

    def make(folder: Path) -> str:
        to_xlsx(folder / "tram.xlsx", [["DANH SÁCH"], [], VIETNAMESE, *rows[:2], [], *rows[2:]])
        return ""

    (fault,) = [f for f in small.faults_of(folder_with(make, tmp_path)) if f.severity == "error"]
    assert (fault.row, fault.column, fault.value) == ("8", "Độ cao anten (m)", "cao")


# ---- any mixture -------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    titles=st.integers(0, 3), numbered=st.booleans(), total=st.booleans(), notes=st.booleans(),
    blank=st.integers(-1, 11), order=st.permutations(range(10)), plain=st.booleans(),
    kind=st.sampled_from((".csv", ".xlsx", ".xls", ".ods")), delimiter=st.sampled_from(";\t|"),
    commas=st.booleans(), position=st.sampled_from(("degrees", "dms", "metres", "undeclared", "pair")),
    technology=st.sampled_from(("words", "marks", "yes and no")), merged=st.booleans(),
)
def test_any_mixture_is_read_back(
    titles: int, numbered: bool, total: bool, notes: bool, blank: int, order: list[int], plain: bool,
    kind: str, delimiter: str, commas: bool, position: str, technology: str, merged: bool,
) -> None:
    header, rows, said = list(VIETNAMESE), [list(r) for r in TRUTH], ""
    if position == "dms":
        rows = placed([dms(r[4], "Đ") for r in TRUTH], [dms(r[5], "B") for r in TRUTH])
    elif position == "metres":
        header[4:6] = ["Tọa độ Y", "Tọa độ X"]
        rows = placed(*map(list, zip(*moved(9218), strict=True)))
        said = 'crs = "EPSG:9218"'
    elif position == "undeclared":
        header[4:6] = ["Tọa độ X", "Tọa độ Y"]
        rows = placed(*([r[k] for r in moved(9218)] for k in (1, 0)))
    elif position == "pair":
        header[4:6] = ["Tọa độ", "Ghi chú"]
        rows = placed([f"{comma(r[5])}; {comma(r[4])}" for r in TRUTH], ["" for _ in TRUTH])
    if technology != "words":
        yes, no = ("x", "") if technology == "marks" else ("Có", "không")
        header[3:4] = ["3G", "4G", "5G"]
        rows = [[*r[:3], *(yes if t == r[3] else no for t in ("3G", "4G", "5G")), *r[4:]] for r in rows]
        order = [j if j <= 3 else j + 2 for j in order]
        order[order.index(3) + 1 : order.index(3) + 1] = [4, 5]
    if commas:
        rows = [[comma(c) if isinstance(c, float) else c for c in row] for row in rows]
    header, rows = [header[j] for j in order], [[row[j] for j in order] for row in rows]
    if plain:
        from phusong.layers.tables.headers import normalise

        header = [normalise(h)[0].upper() for h in header]
    if numbered:
        header, rows = ["STT", *header], [[n, *row] for n, row in enumerate(rows, start=1)]
    above: list[Any] = []
    if merged and "Góc nghiêng" in header and "Góc phương vị" in header:
        above = [["Thông số" if h == "Góc nghiêng" else h for h in header]]
        header = [h if h == "Góc nghiêng" else "" for h in header]
    table: Rows = [["DANH SÁCH TRẠM", "Số liệu 2026", "(kèm công văn)"][k : k + 1] for k in range(titles)]
    table += [*above, header, *rows[: blank + 1], *([[]] if blank >= 0 else []), *rows[blank + 1 :]]
    if total:
        table.append(["Tổng cộng", "", "", len(rows)])
    if notes:
        table += [[], ["Ghi chú: số liệu do các doanh nghiệp viễn thông cung cấp."]]

    def make(folder: Path) -> str:
        if kind == ".csv":
            to_csv(folder / "tram.csv", table, delimiter=delimiter)
        else:
            {".xlsx": to_xlsx, ".xls": to_xls, ".ods": write_ods}[kind](folder / f"tram{kind}", table)
        return said

    with tempfile.TemporaryDirectory() as folder:
        found = small.layers_of(folder_with(make, Path(folder))).stations
    for column in COLUMNS:
        assert found[column].tolist() == [row[HEADER.index(column)] for row in TRUTH], column
    away = np.hypot(found["lon"] - [r[4] for r in TRUTH], found["lat"] - [r[5] for r in TRUTH])
    assert away.max() < 2e-6


def test_forty_cases() -> None:
    assert len(case) + len(refused) >= 40
