"""Files that once hung, broke or misled the program: read to the truth, or refused with one clear message."""

from __future__ import annotations

import gzip
import os
import struct
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import small
import xlsxwriter
from nasty import NAMES, VIETNAMESE, Rows, to_csv, to_xls, to_xlsx
from nasty_cases import TRUTH, Cases, Refusals, folder_with, metres_from_truth, moved, placed
from test_nasty_files import dms, title_rows_above
from test_strange_files import SAID, drawn

from phusong.layers.text.legacy_encodings import encode, to_bytes
from phusong.layers.vectors.geometry import zone_without_datum

case, refused = Cases(), Refusals()
MAPINFO_VN2000 = (
    "CoordSys Earth Projection 8, 9999, 28, -191.90441429, -39.30318279, -111.45032835, 0.00928836, "
    '-0.01975479, 0.00427372, 0.252906278, 0, "m", 108.25, 0, 0.9999, 500000, 0'
)


def _parts(value: float) -> list[Any]:
    seconds = round(value * 3600, 2)
    return [int(seconds // 3600), int(seconds % 3600 // 60), round(seconds % 60, 2)]


@case
def degrees_minutes_and_seconds_in_columns_of_their_own(folder: Path) -> str:
    first = [*VIETNAMESE[:4], "Kinh độ", None, None, "Vĩ độ", None, None, *VIETNAMESE[6:]]
    second = [*[None] * 4, *["Độ", "Phút", "Giây"] * 2, *[None] * 4]
    rows = [[*r[:4], *_parts(r[4]), *_parts(r[5]), *r[6:]] for r in TRUTH]
    merges = ["E1:G1", "H1:J1", *(f"{c}1:{c}2" for c in "ABCDKLMN")]
    to_xlsx(folder / "tram.xlsx", [first, second, *rows], merges=merges)
    return ""


@case
def degrees_and_minutes_in_english_headers(folder: Path) -> str:
    names = ["Long deg", "Long min", "Lat (°)", "Lat (')"]
    split = [[part for v in r[4:6] for part in (int(v), round(v % 1 * 60, 6))] for r in TRUTH]
    rows = [[*r[:4], *angle, *r[6:]] for r, angle in zip(TRUTH, split, strict=True)]
    to_csv(folder / "tram.csv", [[*VIETNAMESE[:4], *names, *VIETNAMESE[6:]], *rows], delimiter=";")
    return ""


@case
def signs_that_nobody_sees_and_wide_digits(folder: Path) -> str:
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    rows = placed([f"\u200b{r[4]}\u200e" for r in TRUTH], [str(r[5]).translate(wide) for r in TRUTH])
    to_csv(folder / "tram.csv", [["\u200bMã trạm", *VIETNAMESE[1:]], *rows], delimiter=";")
    return ""


@case
def a_zip_with_a_table_below_titles(folder: Path) -> str:
    title_rows_above(folder)
    with zipfile.ZipFile(folder / "tram.zip", "w") as archive:
        archive.write(folder / "tram.xlsx", unicodedata.normalize("NFD", "Số liệu trạm.xlsx"))
    (folder / "tram.xlsx").unlink()
    return ""


@case
def a_csv_packed_by_gzip(folder: Path) -> str:
    to_csv(folder / "t.csv", [["DANH SÁCH TRẠM"], VIETNAMESE, *TRUTH], delimiter=";")
    (folder / "tram.csv.gz").write_bytes(gzip.compress((folder / "t.csv").read_bytes()))
    return 'path = "tram.csv.gz"'


@case
def marks_apart_from_their_letters_in_the_files_name(folder: Path) -> str:
    to_xlsx(folder / unicodedata.normalize("NFD", "Trạm phát sóng.xlsx"), [VIETNAMESE, *TRUTH])
    return 'path = "Trạm phát sóng.xlsx"'


@case
def a_sheet_whose_name_ends_in_a_blank(folder: Path) -> str:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Đọc kỹ hướng dẫn"])
    sheet = book.create_sheet("Trạm 30.6 ")
    for row in [VIETNAMESE, *TRUTH]:
        sheet.append(row)
    book.save(folder / "tram.xlsx")
    return 'layer = "Trạm 30.6 "'


@case
def mapinfo_in_windows_vietnamese(folder: Path) -> str:
    names = ["MA_TRAM", "MA_CELL", "NHA_MANG", "CONG_NGHE", "CAO_ANTEN", "AZIMUTH", "TILT", "MA_XA", "TEN"]
    types = ["Float" if n in ("CAO_ANTEN", "AZIMUTH", "TILT") else "Char(60)" for n in names]
    head = ["Version 300", 'Charset "WindowsVietnamese"', 'Delimiter ","', MAPINFO_VN2000, "Columns 9"]
    head += [f"  {n} {t}" for n, t in zip(names, types, strict=True)]
    lines = [*head, "Data", "", *(f"Point {x} {y}" for x, y in moved(9217))]
    (folder / "tram.mif").write_text("\n".join(lines) + "\n", encoding="ascii")
    plain = [",".join(f'"{c}"' if isinstance(c, str) else str(c) for c in (*r[:4], *r[6:])) for r in TRUTH]
    (folder / "tram.mid").write_bytes(b"".join(
        f'{p},"'.encode() + to_bytes(encode(n, "cp1258")) + b'"\n' for p, n in zip(plain, NAMES, strict=True)
    ))
    return f'path = "tram.mif"\n{SAID}'


@pytest.mark.parametrize("name", case)
def test_read_to_the_truth(tmp_path: Path, name: str) -> None:
    assert metres_from_truth(small.layers_of(folder_with(case[name], tmp_path))) < 0.3


@refused("stations.sheet-too-wide")
def stray_cells_at_the_ends_of_a_sheet(folder: Path) -> str:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [VIETNAMESE, *TRUTH]:
        book.active.append(row)
    book.active["A1048576"] = book.active["XFD1"] = " "
    book.save(folder / "tram.xlsx")
    return ""


def _old_container(*streams: str) -> bytes:
    """An OLE file whose directory names streams of 4096 bytes ([MS-CFB], 2.2 and 2.6)."""
    def entry(name: str, kind: int, start: int, size: int, child: int, right: int) -> bytes:
        text = name.encode("utf-16-le")
        tree = struct.pack("<iii", -1, right, child)
        return (
            text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2, kind, 1) + tree + bytes(36)
            + struct.pack("<IQ", start, size)
        )

    free, end = 0xFFFFFFFF, 0xFFFFFFFE
    table = [0xFFFFFFFD, end]
    listed = [entry("Root Entry", 5, end, 0, 1, -1)]
    for i, name in enumerate(streams):
        start = len(table)
        table += [*range(start + 1, start + 8), end]
        listed.append(entry(name, 2, start, 4096, -1, i + 2 if i + 1 < len(streams) else -1))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6)
    head += bytes(6) + struct.pack("<10I", 0, 1, 1, 0, 4096, end, 0, end, 0, 0)
    sectors = struct.pack("<128I", *table, *[free] * (128 - len(table)))
    whole = head.ljust(512, b"\xff") + sectors + b"".join(listed).ljust(512, b"\0")
    return whole + bytes(4096 * len(streams))


@refused("stations.workbook-locked")
def a_workbook_with_a_password(folder: Path) -> str:
    (folder / "tram.xlsx").write_bytes(_old_container("EncryptionInfo", "EncryptedPackage"))
    return ""


@refused("stations.workbook-locked")
def excel_2003_with_a_password(folder: Path) -> str:
    to_xls(folder / "tram.xls", [VIETNAMESE, *TRUTH])
    data = bytearray((folder / "tram.xls").read_bytes())
    start = data.find(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    data[start + 20 : start + 22] = b"\x2f\x00"  # the record after the first becomes FILEPASS
    (folder / "tram.xls").write_bytes(bytes(data))
    return ""


@refused("stations.not-a-table")
def a_spreadsheet_of_2003_in_xml(folder: Path) -> str:
    page = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
    (folder / "tram.xls").write_text(page, encoding="utf-8")
    return ""


@refused("stations.not-a-table")
def the_lock_of_an_open_workbook(folder: Path) -> str:
    (folder / "~$tram.xlsx").write_bytes(b"\x05admin" + b" " * 150)
    return 'path = "~$tram.xlsx"'


@refused("stations.archive-too-large")
def a_bomb_of_gzip(folder: Path) -> str:
    block = gzip.compress(bytes(1 << 26), 9)
    (folder / "tram.csv.gz").write_bytes(block * 17)  # members of one file follow each other (RFC 1952, 2.2)
    return 'path = "tram.csv.gz"'


@refused("stations.not-a-file")
def a_pipe_that_nobody_writes(folder: Path) -> str:
    os.mkfifo(folder / "tram.csv")
    return ""


@refused("stations.not-a-file")
def links_in_a_circle(folder: Path) -> str:
    (folder / "tram.csv").symlink_to("tram.csv")
    return ""


@refused("stations.not-a-file")
def a_folder_called_csv(folder: Path) -> str:
    (folder / "tram.csv").mkdir()
    return ""


@refused("stations.crs-contradicted")
def a_shapefile_whose_prj_names_the_zone_beside(folder: Path) -> str:
    drawn(9217).set_crs(9218, allow_override=True).to_file(folder / "tram.shp")
    return f'path = "tram.shp"\n{SAID}'


@pytest.mark.parametrize("name", refused)
def test_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    from phusong.layers.project.file import read_project
    from phusong.layers.read import survey_layers

    code, make = refused[name]
    faults = survey_layers(read_project(folder_with(make, tmp_path), files=False)).faults
    errors = [f for f in faults if f.severity == "error"]
    assert [f.code for f in errors] == [code]
    assert errors[0].say("vi") != errors[0].say("en")


def test_a_pipe_among_the_rasters_is_told(tmp_path: Path) -> None:
    from phusong.layers.project.file import read_project
    from phusong.layers.read import survey_layers

    project = small.write_province(tmp_path)
    (tmp_path / "population.tif").unlink()
    os.mkfifo(tmp_path / "population.tif")
    faults = survey_layers(read_project(project, files=False)).faults
    assert [f.code for f in faults if f.severity == "error"] == ["population.not-a-file"]


def test_columns_of_one_angle_are_told(tmp_path: Path) -> None:
    layers = small.layers_of(folder_with(degrees_minutes_and_seconds_in_columns_of_their_own, tmp_path))
    joined = [f for f in layers.faults if f.code == "stations.angle-columns-joined"]
    assert len(joined) == 2
    assert "'Kinh độ Độ', 'Kinh độ Phút', 'Kinh độ Giây'" in joined[0].say("vi")


def test_minutes_without_degrees_are_a_fault_of_their_row(tmp_path: Path) -> None:
    def make(folder: Path) -> str:
        degrees_minutes_and_seconds_in_columns_of_their_own(folder)
        book = openpyxl.load_workbook(folder / "tram.xlsx")
        assert book.active is not None
        book.active["E6"] = None
        book.save(folder / "tram.xlsx")
        return ""

    (fault,) = [f for f in small.faults_of(folder_with(make, tmp_path)) if f.severity == "error"]
    assert (fault.code, fault.row, fault.column) == ("stations.not-an-angle", "6", "Kinh độ Độ")


def test_formulas_that_failed_are_told_with_their_cells(tmp_path: Path) -> None:
    def make(folder: Path) -> str:
        with xlsxwriter.Workbook(str(folder / "tram.xlsx")) as book:
            sheet = book.add_worksheet()
            for i, row in enumerate([VIETNAMESE, *TRUTH]):
                sheet.write_row(i, 0, row)
            sheet.write_formula("G5", "=1/0", None, "#DIV/0!")
            sheet.write_formula("I7", "=VLOOKUP(1,A1:B2,2)", None, "#N/A")
        return ""

    found = [f for f in small.faults_of(folder_with(make, tmp_path)) if f.code == "stations.formula-errors"]
    assert [f.values["cells"] for f in found] == ["G5 (#DIV/0!), I7 (#N/A)"]


def test_cells_merged_over_the_rows_of_a_site(tmp_path: Path) -> None:
    whole: Rows = [["S" + str(k // 3), f"C{k}", "Viettel", "4G", *TRUTH[k // 3][4:6], 30, k, 2, ""]
                   for k in range(12)]
    shown = [
        [None if k % 3 and j in (0, 2, 4, 5) else c for j, c in enumerate(r)] for k, r in enumerate(whole)
    ]

    def make(folder: Path) -> str:
        merges = [f"{c}{2 + k}:{c}{4 + k}" for k in range(0, 12, 3) for c in "ACEF"]
        to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *shown], merges=merges)
        return ""

    layers = small.layers_of(folder_with(make, tmp_path))
    for j, name in ((0, "site_id"), (1, "cell_id"), (2, "operator"), (4, "lon"), (5, "lat")):
        assert layers.stations[name].tolist() == [r[j] for r in whole], name
    assert [f.values["n"] for f in layers.faults if f.code == "stations.merged-cells-filled"] == [16]


def test_sums_of_merged_cells_are_not_repeated(tmp_path: Path) -> None:
    """Households over two communes are no households of each."""
    project = small.write_province(tmp_path)
    rows = [[c, None if k == 1 else 100 + k, 10] for k, c in enumerate(small.CODES)]
    to_xlsx(tmp_path / "ho.xlsx", [["Mã xã", "Số hộ", "Hộ có cáp quang"], *rows], merges=["B2:B3"])
    small.add(project, '[layers.households]\npath = "ho.xlsx"\n')
    told = [(f.code, f.row) for f in small.faults_of(project) if f.severity == "error"]
    assert told == [("households.empty-cell", "3")]


def test_two_rows_with_their_coordinates_swapped_are_the_two_that_are_told(tmp_path: Path) -> None:
    def make(folder: Path) -> str:
        xy = moved(9217)
        rows = placed([x if k in (3, 7) else y for k, (x, y) in enumerate(xy)],
                      [y if k in (3, 7) else x for k, (x, y) in enumerate(xy)])
        to_xlsx(folder / "tram.xlsx", [[*VIETNAMESE[:4], "X", "Y", *VIETNAMESE[6:]], *rows])
        return 'crs = "EPSG:9217"'

    told = [(f.code, f.row) for f in small.faults_of(folder_with(make, tmp_path)) if f.severity == "error"]
    assert told == [("stations.outside-province", "5"), ("stations.outside-province", "9")]


def test_a_zone_of_vn2000_on_another_datum_is_warned_of(tmp_path: Path) -> None:
    """As software writes it that has no datum for VN-2000: 230 m off, and nothing else shows it."""
    from pyproj import CRS

    lost = CRS.from_proj4("+proj=tmerc +lat_0=0 +lon_0=108.25 +k=0.9999 +x_0=500000 +y_0=0 +datum=WGS84")

    def make(folder: Path) -> str:
        drawn(9217).set_crs(lost, allow_override=True).to_file(folder / "tram.gpkg")
        return f'path = "tram.gpkg"\n{SAID}'

    said = [f for f in small.faults_of(folder_with(make, tmp_path)) if f.code == "stations.vn2000-datum-lost"]
    assert [f.severity for f in said] == ["warning"]
    assert 'crs = "EPSG:9217"' in said[0].say("vi")
    for right in (9217, 32649, 3405, 4326):
        assert zone_without_datum(CRS.from_epsg(right)) is None


def test_a_pair_of_columns_with_dms_still_reads(tmp_path: Path) -> None:
    """Whole angles in one column are left as they are."""
    def make(folder: Path) -> str:
        rows = placed([dms(r[4], "E") for r in TRUTH], [dms(r[5], "N") for r in TRUTH])
        to_csv(folder / "tram.csv", [VIETNAMESE, *rows], delimiter=";")
        return ""

    faults = small.faults_of(folder_with(make, tmp_path))
    assert not [f for f in faults if f.code == "stations.angle-columns-joined" or f.severity == "error"]
