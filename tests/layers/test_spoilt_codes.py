"""Codes that a spreadsheet took for numbers: told with their rows, and an error where two become one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pytest
import small
from hypothesis import given
from hypothesis import strategies as st

from phusong.data.language import LANGUAGES
from phusong.layers.faults import InputError
from phusong.layers.rules import CAP
from phusong.layers.tables.spoilt_codes import is_code, spoilt_codes

HEADER = "site_id;cell_id;operator;technology;lon;lat"
MANY = CAP + 10


def stations(project: Path, *rows: str) -> None:
    (project.parent / "stations.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")


def errors(project: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        small.layers_of(project)
    return [f.say("en") for f in caught.value.faults if f.severity == "error"]


@given(st.integers(10**11, 10**15 - 1), st.integers(0, 5), st.booleans(), st.sampled_from("eE"))
def test_what_a_spreadsheet_shows_of_a_long_code_is_known(
    code: int, decimals: int, comma: bool, letter: str
) -> None:
    shown = f"{code:.{decimals}E}".replace("E", letter)
    shown = shown.replace(".", ",") if comma else shown
    assert spoilt_codes(np.array(["x", shown, str(code), f"{code}.0"], dtype=object)).tolist() == [
        False, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "code",
    ["", "GLI_0012", "4E12", "1E5", "E+11", "8E", "12E+3", "8,4E+1111", "2e3a", "GL8.4E+11", "8.4E+11-1", "-",
     "8,4,5E+11", "452041234567890", "3e2", "8.4E", "5.10"],
)  # fmt: skip
def test_other_codes_are_left_alone(code: str) -> None:
    assert not spoilt_codes(np.array([code, "8.4E+11"], dtype=object))[0]


def test_columns_of_codes_are_known_by_our_names() -> None:
    assert all(map(is_code, ("site_id", "cell_id", "place_id", "zone_id", "commune_code", "id")))
    assert not any(map(is_code, ("name", "operator", "status", "width", "technology")))


def test_a_spoilt_code_is_told_with_file_row_column_and_remedy(project: Path) -> None:
    stations(project, "S1;S1-1;Viettel;4G;108.05;14.05", "8,4E+11;S2-1;VNPT;4G;108.15;14.15")
    layers = small.layers_of(project)
    (told,) = [f for f in layers.faults if f.code == "stations.code-spoilt"]
    assert (told.severity, told.file, told.row) == ("warning", "stations.csv", "3")
    assert (told.column, told.value) == ("site_id", "8,4E+11")
    for lang, words in (
        ("vi", ("tệp stations.csv", "dòng 3", "cột site_id", "'8,4E+11'", "Văn bản (Text)", "lưu lại")),
        ("en", ("file stations.csv", "row 3", "column site_id", "'8,4E+11'", "as Text", "save again")),
    ):
        for word in words:
            assert word in told.say(lang)  # type: ignore[arg-type]
    assert layers.stations["site_id"].tolist() == ["S1", "8,4E+11"]  # as it stands: nothing is made up


def test_sectors_of_one_site_share_their_spoilt_code(project: Path) -> None:
    stations(project, *(f"8,4E+11;S1-{k};Viettel;4G;108.05;14.05" for k in range(3)))
    layers = small.layers_of(project)
    assert [f.row for f in layers.faults if f.code == "stations.code-spoilt"] == ["2", "3", "4"]


def test_two_sites_that_become_one_are_an_error(project: Path) -> None:
    stations(project, "8.4E+11;A;Viettel;4G;108.05;14.05", "8.4E+11;B;Viettel;4G;108.15;14.15")
    (said,) = errors(project)
    assert "row 3" in said
    assert "the code of row 2" in said
    assert "as Text" in said


def test_two_sites_of_one_sound_code_stay_a_warning(project: Path) -> None:
    stations(project, "S1;A;Viettel;4G;108.05;14.05", "S1;B;Viettel;4G;108.15;14.15")
    told = [f.code for f in small.layers_of(project).faults]
    assert "stations.site-in-two-places" in told
    assert "stations.code-spoilt-twice" not in told


def test_two_cells_that_become_one_say_why(project: Path) -> None:
    stations(project, "S1;4,52E+14;Viettel;4G;108.05;14.05", "S1;4,52E+14;Viettel;4G;108.05;14.05",
             "S1;C;Viettel;4G;108.05;14.05", "S1;C;Viettel;4G;108.05;14.05")  # fmt: skip
    with pytest.raises(InputError) as caught:
        small.layers_of(project)
    told = [(f.code, f.row) for f in caught.value.faults if f.severity == "error"]
    assert told == [("stations.code-spoilt-twice", "3"), ("stations.duplicate-cell", "5")]
    twice = next(f for f in caught.value.faults if f.code == "stations.code-spoilt-twice")
    assert "trùng mã với dòng 2" in twice.say("vi")


def test_many_are_told_up_to_the_number_of_the_house(project: Path) -> None:
    stations(project, *(f"S{k};{k % 9 + 1},{k:04d}E+11;Viettel;4G;108.05;14.05" for k in range(MANY)))
    told = [f for f in small.layers_of(project).faults if f.code == "stations.code-spoilt"]
    assert len(told) == CAP + 1
    assert told[-1].values["n"] == MANY - CAP
    assert all(f.say(lang) for f in told for lang in LANGUAGES)


def test_places_and_communes_of_rows_are_held_alike(project: Path) -> None:
    (project.parent / "lang.csv").write_text(
        "place_id;name;commune_code;lon;lat\n8,4E+11;A;2,2E+04;108.05;14.05\n8,4E+11;B;;108.15;14.15\n",
        encoding="utf-8",
    )
    text = project.read_text(encoding="utf-8") + '\n[places.villages]\npath = "lang.csv"\n'
    project.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        small.layers_of(project)
    told = [(f.code, f.row, f.column) for f in caught.value.faults if "spoilt" in f.code]
    assert told == [
        ("places.code-spoilt", "2", "place_id"), ("places.code-spoilt", "3", "place_id"),
        ("places.code-spoilt", "2", "commune_code"), ("places.code-spoilt-twice", "3", "place_id"),
    ]  # fmt: skip


def test_numbers_of_a_workbook_count_as_far_as_they_reach(project: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER.split(";"))
    for k, code in enumerate((840123456789, 8984012345678901234, 1234567890123456)):
        sheet.append([code, f"C{k}", "Viettel", "4G", 108.05, 14.05 + k / 100])
    book.save(project.parent / "stations.xlsx")
    text = project.read_text(encoding="utf-8").replace("stations.csv", "stations.xlsx")
    project.write_text(text, encoding="utf-8")
    layers = small.layers_of(project)
    assert layers.stations["site_id"].iloc[0] == "840123456789"  # fifteen digits are what Excel keeps
    assert [f.row for f in layers.faults if f.code == "stations.code-spoilt"] == ["3", "4"]
