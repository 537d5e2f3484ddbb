"""More files as they come by mail: misnamed, of Excel 2003, without a coordinate system, zipped."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
import small
from nasty import NAMES, VIETNAMESE, Rows, to_csv, to_xls, to_xlsx
from nasty_cases import TRUTH, Cases, Refusals, folder_with, metres_from_truth, moved, placed, refusal
from ods import write_ods

from phusong.layers.text.legacy_encodings import encode

case, refused = Cases(), Refusals()


def marked(yes: str, no: str) -> Rows:
    header = [*VIETNAMESE[:3], "2G", "3G", "4G", "5G", *VIETNAMESE[4:]]
    return [
        header,
        *([*r[:3], *(yes if t == r[3] else no for t in ("2G", "3G", "4G", "5G")), *r[4:]] for r in TRUTH),
    ]


@case
def technologies_as_columns_of_x(folder: Path) -> str:
    to_xlsx(folder / "tram.xlsx", marked("x", ""))
    return ""


@case
def technologies_as_yes_and_no(folder: Path) -> str:
    to_csv(folder / "tram.csv", marked("Có", "Không"))
    return ""


@case
def technologies_as_ones_and_zeros_under_a_merged_header(folder: Path) -> str:
    header, *rows = marked("1", "0")
    first = [h if h not in ("2G", "3G", "4G", "5G") else "Công nghệ" if h == "2G" else None for h in header]
    second = [h if h in ("2G", "3G", "4G", "5G") else None for h in header]
    write_ods(folder / "tram.ods", [first, second, *rows])
    return ""


@case
def excel_2003_with_title_merged_header_dates_and_total(folder: Path) -> str:
    first = [*VIETNAMESE[:4], "Tọa độ", None, "Anten", None, None, "Mã xã", "Ngày phát sóng"]
    second = [None] * 4 + ["Kinh độ", "Vĩ độ", "Độ cao anten", "Góc phương vị", "Góc nghiêng", None, None]
    rows = [[*r, datetime.date(2026, 6, 1 + k)] for k, r in enumerate(TRUTH)]
    table: Rows = [["DANH SÁCH TRẠM", *[None] * 10], [], first, second, *rows, ["TỔNG CỘNG", *[None] * 5, 12]]
    merges = [(0, 0, 0, 10), (2, 2, 4, 5), (2, 2, 6, 8), *((2, 3, j, j) for j in (0, 1, 2, 3, 9, 10))]
    to_xls(folder / "tram.xls", table, merges=merges)
    return ""


@case
def excel_2003_in_tcvn3(folder: Path) -> str:
    header = [encode(h, "tcvn3") for h in (*VIETNAMESE, "Tên trạm")]
    rows = [[*r, encode(n, "tcvn3")] for r, n in zip(TRUTH, NAMES, strict=True)]
    to_xls(folder / "tram.xls", [header, *rows])
    return ""


@case
def a_web_page_called_xls(folder: Path) -> str:
    rows = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in r) + "</tr>" for r in [VIETNAMESE, *TRUTH])
    page = f"<html><body><table><tr><td colspan=10>DANH SÁCH</td></tr>{rows}</table></body></html>"
    (folder / "tram.xls").write_text(page, encoding="utf-8")
    return ""


@case
def text_called_xls(folder: Path) -> str:
    to_csv(folder / "tram.xls", [VIETNAMESE, *TRUTH], delimiter="\t", encoding="utf-16")
    return ""


@case
def a_new_workbook_called_xls(folder: Path) -> str:
    to_xlsx(folder / "t.xlsx", [VIETNAMESE, *TRUTH])
    (folder / "t.xlsx").rename(folder / "tram.xls")
    return ""


@case
def text_marks_of_spreadsheets(folder: Path) -> str:
    to_xlsx(folder / "tram.xlsx", [VIETNAMESE, *([f"'{c}" for c in r] for r in TRUTH)])
    return ""


@case
def codes_as_formulas_of_text(folder: Path) -> str:
    rows = [[f'="{r[0]}"', *r[1:9], f'="{r[9]}"'] for r in TRUTH]
    to_csv(folder / "tram.csv", [VIETNAMESE, *rows])
    return ""


@case
def blanks_that_do_not_break(folder: Path) -> str:
    header = [h.replace(" ", "\u00a0") for h in VIETNAMESE]
    to_csv(folder / "tram.csv", [header, *([f"\u00a0{c} " for c in r] for r in TRUTH)], delimiter=";")
    return ""


@case
def an_older_state_on_a_hidden_sheet(folder: Path) -> str:
    book = openpyxl.Workbook()
    old = book.active
    assert old is not None
    old.sheet_state = "hidden"
    new = book.create_sheet("Mới")
    for row in [VIETNAMESE, *([f"CU{r[0]}", *r[1:]] for r in TRUTH)]:
        old.append(row)
    for row in [VIETNAMESE, *TRUTH]:
        new.append(row)
    book.save(folder / "tram.xlsx")
    return ""


@case
def a_zip_with_one_table(folder: Path) -> str:
    to_xlsx(folder / "t.xlsx", [VIETNAMESE, *TRUTH])
    with zipfile.ZipFile(folder / "tram.zip", "w") as archive:
        archive.write(folder / "t.xlsx", "Số liệu/trạm.xlsx")
        archive.writestr("__MACOSX/._trạm.xlsx", b"x")
    return ""


def drawn(epsg: int = 4326) -> gpd.GeoDataFrame:
    plain = {"MA_TRAM": 0, "MA_CELL": 1, "NHA_MANG": 2, "CONG_NGHE": 3}
    plain |= {"CAO_ANTEN": 6, "AZIMUTH": 7, "TILT": 8}
    frame = pd.DataFrame({name: [r[j] for r in TRUTH] for name, j in plain.items()})
    frame = frame.astype({"AZIMUTH": "int32", "TILT": "int32"})
    frame["MA_XA"] = [r[9] for r in TRUTH]
    xy = [r[4:6] for r in TRUTH] if epsg == 4326 else moved(epsg)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*zip(*xy, strict=True)), crs=epsg)


SAID = 'columns = { antenna_height_m = "CAO_ANTEN" }'


@case
def a_shapefile_that_lost_its_prj(folder: Path) -> str:
    drawn(9217).to_file(folder / "tram.shp")
    (folder / "tram.prj").unlink()
    return f'path = "tram.shp"\n{SAID}'


@case
def a_zip_with_a_shapefile_in_a_folder(folder: Path) -> str:
    (folder / "s").mkdir()
    drawn(9218).to_file(folder / "s" / "tram.shp")
    with zipfile.ZipFile(folder / "tram.zip", "w") as archive:
        for part in sorted((folder / "s").iterdir()):
            archive.write(part, f"Bản đồ/{part.name}")
    return f'path = "tram.zip"\n{SAID}'


@case
def a_geodatabase_folder(folder: Path) -> str:
    drawn().to_file(folder / "tram.gdb", driver="OpenFileGDB")
    return f'path = "tram.gdb"\n{SAID}'


@case
def geoparquet_in_metres(folder: Path) -> str:
    drawn(9217).to_parquet(folder / "tram.parquet")
    return f'path = "tram.parquet"\n{SAID}'


@case
def one_layer_of_a_geopackage_with_two(folder: Path) -> str:
    drawn().to_file(folder / "tram.gpkg", layer="cu")
    drawn().to_file(folder / "tram.gpkg", layer="tram")
    return f'path = "tram.gpkg"\nlayer = "tram"\n{SAID}'


@pytest.mark.parametrize("name", case)
def test_read_to_the_truth(tmp_path: Path, name: str) -> None:
    assert metres_from_truth(small.layers_of(folder_with(case[name], tmp_path))) < 0.02


@refused("stations.not-a-table")
def an_image_called_csv(folder: Path) -> str:
    (folder / "tram.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    return ""


@refused("stations.not-a-table")
def a_workbook_called_csv(folder: Path) -> str:
    to_xlsx(folder / "t.xlsx", [VIETNAMESE, *TRUTH])
    (folder / "t.xlsx").rename(folder / "tram.csv")
    return ""


@refused("stations.formula-without-value")
def formulas_of_excel_2003_never_calculated(folder: Path) -> str:
    to_xls(folder / "tram.xls", [VIETNAMESE, *([*r[:8], f"=1+{r[8] - 1}", r[9]] for r in TRUTH)])
    return ""


@refused("stations.archive-which-file")
def a_zip_with_two_tables(folder: Path) -> str:
    with zipfile.ZipFile(folder / "tram.zip", "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")
    return ""


@refused("stations.archive-path-outside")
def a_zip_that_leads_out(folder: Path) -> str:
    with zipfile.ZipFile(folder / "tram.zip", "w") as archive:
        archive.writestr("../a.csv", "x")
    return ""


@refused("stations.not-geojson")
def an_empty_object_called_geojson(folder: Path) -> str:
    (folder / "tram.geojson").write_text("{}", encoding="utf-8")
    return ""


@refused("stations.missing-coordinates")
def a_point_that_is_no_number(folder: Path) -> str:
    frame = drawn()
    frame.loc[3, "geometry"] = shapely.Point(float("nan"), 14.0)
    frame.to_parquet(folder / "tram.parquet")
    return f'path = "tram.parquet"\n{SAID}'


@refused("stations.technologies-contradict")
def marks_beside_a_column_of_technologies(folder: Path) -> str:
    to_csv(folder / "tram.csv", [[*VIETNAMESE, "4G", "5G"], *([*r, "x", ""] for r in TRUTH)])
    return ""


@refused("stations.two-columns-of-marks")
def two_columns_that_mark_one_technology(folder: Path) -> str:
    header, *rows = marked("x", "")
    to_csv(folder / "tram.csv", [[*header, "Có LTE"], *([*r, "x"] for r in rows)])
    return ""


@refused("stations.not-a-flag")
def marks_that_are_none(folder: Path) -> str:
    header, *rows = marked("x", "")
    rows[4][5] = "đang lắp"
    to_csv(folder / "tram.csv", [header, *rows])
    return ""


@pytest.mark.parametrize("name", refused)
def test_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    code, make = refused[name]
    assert refusal(folder_with(make, tmp_path), code).severity == "error"


def made(folder: Path, table: Rows) -> Path:
    def make(where: Path) -> str:
        to_csv(where / "tram.csv", table)
        return ""

    return folder_with(make, folder)


def test_a_row_for_each_marked_technology(tmp_path: Path) -> None:
    """The stations are the marks, one by one; faults keep the numbers of the file's rows."""
    random = np.random.default_rng(4)
    marks = random.random((len(TRUTH), 3)) < 0.5
    marks[5] = False
    header = [*VIETNAMESE[:3], "Công nghệ 3G", "Công nghệ 4G", "Công nghệ 5G", *VIETNAMESE[4:]]
    rows = [[*r[:3], *("x" if m else "" for m in marks[k]), *r[4:]] for k, r in enumerate(TRUTH)]
    layers = small.layers_of(made(tmp_path, [header, *rows]))
    found = set(zip(layers.stations["site_id"], layers.stations["technology"], strict=True))
    wanted = {(TRUTH[k][0], ("3G", "4G", "5G")[j]) for k, j in zip(*np.nonzero(marks), strict=True)}
    assert found == wanted
    assert len(layers.stations) == marks.sum() == layers.stations["cell_id"].nunique()
    told = next(f for f in layers.faults if f.code == "stations.technologies-from-marks")
    assert (told.values["rows"], told.values["n"]) == (12, int(marks.sum()))
    notes = next(u for u in layers.understood if u.layer == "stations").notes
    assert any("3G" in note.say("vi") for note in notes)
    nothing = next(f for f in layers.faults if f.code == "stations.no-technology-marked")
    assert "7" in nothing.values["rows"].split(", ")
    rows[8][6] = "xa"
    bad = made_again(tmp_path, [header, *rows])
    (fault,) = {(f.row, f.value) for f in small.faults_of(bad) if f.code == "stations.not-a-number"}
    assert fault == ("10", "xa")


def made_again(folder: Path, table: Rows) -> Path:
    to_csv(folder / "tram.csv", table)
    return folder / "phusong.toml"


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [("3G/4G", ["3G", "4G"]), ("2G, 3G và 4G", ["2G", "3G", "4G"]), ("2G-3G-LTE", ["2G", "3G", "4G"]),
     ("GSM+NR", ["2G", "5G"]), ("4G (LTE)", ["4G"])],
)
def test_several_technologies_in_one_cell(tmp_path: Path, cell: str, wanted: list[str]) -> None:
    found = small.layers_of(made(tmp_path, [VIETNAMESE, [*TRUTH[0][:3], cell, *TRUTH[0][4:]]])).stations
    assert found["technology"].tolist() == wanted
    assert found["cell_id"].nunique() == len(wanted)


def test_a_swap_of_columns_is_told_once(tmp_path: Path) -> None:
    rows = placed([r[5] for r in TRUTH], [r[4] for r in TRUTH])
    faults = small.faults_of(made(tmp_path, [VIETNAMESE, *rows]))
    (fault,) = [f for f in faults if f.code == "stations.swapped-coordinates"]
    assert fault.values["n"] == 12
    assert fault.values["first"].startswith("2, 3, 4")


def test_a_misplaced_site_is_told_once(tmp_path: Path) -> None:
    rows = [[f"S{k // 3}", *r[1:]] for k, r in enumerate(TRUTH)]
    for row in rows[:3]:
        row[4:6] = [105.0, 21.0]
    faults = small.faults_of(made(tmp_path, [VIETNAMESE, *rows]))
    (fault,) = [f for f in faults if f.code == "stations.outside-province"]
    assert fault.row == "2"
    assert "3, 4" in fault.say("en")


def test_keys_of_the_project_are_no_columns(tmp_path: Path) -> None:
    project = small.write_province(tmp_path)
    small.add(project, "[layers.roads]\npath = 3\n")
    said = [f.say("vi") for f in small.faults_of(project)]
    assert any("khóa layers.roads.path" in s for s in said)
    assert not any("cột layers" in s for s in said)


def test_forty_cases_more() -> None:
    assert len(case) + len(refused) >= 25
