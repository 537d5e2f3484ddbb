"""Angles of both languages are read back; what N means is settled or asked, never guessed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.layers.faults import Faults
from phusong.layers.positions.angles import (
    direction_letters,
    parse_angle,
    read_angles,
    split_pair,
    split_pairs,
    tell_angles,
)
from phusong.layers.rules import Report

VIETNAM = (102.0, 8.0, 118.0, 24.0)


def dms(value: float, style: str) -> str:
    """Write an angle to a hundredth of a second, by exact integers."""
    total = round(abs(value) * 360_000)
    d, rest = divmod(total, 360_000)
    m, s = divmod(rest, 6_000)
    sec = f"{s // 100:02d}{{p}}{s % 100:02d}"
    point = sec.format(p="."), sec.format(p=",")
    return {
        "vi": f"{d}°{m:02d}'{point[1]}\"",
        "en": f"{d}°{m:02d}'{point[0]}\"",
        "prime": f"{d}° {m:02d}′ {point[0]}″",
        "bare": f"{d} {m:02d} {point[0]}",
        "colon": f"{d}:{m:02d}:{point[0]}",
        "double": f"{d}°{m:02d}'{point[0]}''",
        "letter": f"{d}d{m:02d}'{point[0]}\"",
    }[style]


@given(
    st.lists(st.floats(0, 179.99), min_size=1, max_size=10),
    st.sampled_from(["vi", "en", "prime", "bare", "colon", "double", "letter"]),
    st.sampled_from(["", "Đ", "E", " Đông", "T", "W"]),
)
def test_longitudes_are_read_back(values: list[float], style: str, letter: str) -> None:
    cells = [dms(v, style) + letter for v in values]
    column = read_angles(cells)
    sign = -1 if letter in ("T", "W") else 1
    assert not column.wrong.any()
    np.testing.assert_allclose(column.values, sign * np.array(values), atol=0.5 / 360_000 + 1e-12)
    assert column.axis == ("lon" if letter else "")


@given(st.lists(st.floats(-90, 90), min_size=1, max_size=10), st.sampled_from([".", ","]), st.integers(1, 9))
def test_decimal_degrees_are_read_back(values: list[float], point: str, decimals: int) -> None:
    column = read_angles([f"{v:.{decimals}f}".replace(".", point) for v in values])
    np.testing.assert_allclose(column.values, values, atol=10.0**-decimals)


@pytest.mark.parametrize(
    ("cells", "beside", "wanted", "north"),
    [
        (["13°58'59\"N"], ["108°0'0\"E"], 13.98305556, "north"),
        (["13°58'59\"N"], ["108°0'0\"Đ"], -13.98305556, "south"),
        (["13°58'59\"B"], ["108°0'0\"Đ"], 13.98305556, ""),
        (["13°58'59\"N", "2°0'0\"S"], [], 13.98305556, "north"),
        (["13°58'59\"N", "2°0'0\"B"], [], -13.98305556, "south"),
    ],
)
def test_n_is_settled_by_the_other_letters(
    cells: list[str], beside: list[str], wanted: float, north: str
) -> None:
    column = read_angles(cells, beside=direction_letters(beside))
    assert column.verdict == "sure"
    assert column.values[0] == pytest.approx(wanted)
    assert column.north == north


def test_a_lonely_n_is_asked_or_settled_by_the_area() -> None:
    cells = ["13 58 59 N", "14 00 00 N"]
    alone = read_angles(cells)
    assert alone.verdict == "ambiguous-north"
    assert np.isnan(alone.values).all()
    settled = read_angles(cells, area=VIETNAM)
    assert (settled.verdict, settled.north) == ("by-area", "north")
    assert settled.values[1] == 14.0
    assert read_angles(cells, area=(0, -20, 10, 20)).verdict == "ambiguous-north"
    assert read_angles(cells, letters="vi").values[1] == -14.0
    for column, code in ((alone, "stations.ambiguous-north"), (settled, "stations.north-by-area")):
        faults = Faults()
        tell_angles(Report("stations", "a.csv", faults), "Vĩ độ", column, cells, np.array([2, 3]))
        assert [f.code for f in faults] == [code]
        assert faults._faults[0].say("vi") != faults._faults[0].say("en")


def test_letters_of_both_languages_are_refused() -> None:
    assert read_angles(["108°0'Đ", "108°0'E"]).verdict == "letters-mixed"
    assert read_angles(["13°0'N"], beside=("en:+lon", "vi:+lon")).verdict == "letters-mixed"


@pytest.mark.parametrize(
    "cell", ["13 58", "13°61'", "13°58'61\"", "108 877 201", "-13 N", "N 13 N", "xã", "1,5°30'", "", "13.5.2"]
)
def test_what_is_no_angle(cell: str) -> None:
    assert parse_angle(cell) is None


def test_wrong_cells_are_told() -> None:
    cells = ["13°58'59\"B", "sai", ""]
    column = read_angles(cells)
    assert column.wrong.tolist() == [False, True, False]
    faults = Faults()
    tell_angles(Report("places", "a.csv", faults), "Vĩ độ", column, cells, np.array([2, 3, 4]))
    assert [(f.code, f.row, f.value) for f in faults] == [("places.not-an-angle", "3", "sai")]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("105,34808/22,62924", ("105,34808", "22,62924", "")),
        ("13.98, 108.0", ("13.98", "108.0", "")),
        ("13,98; 108,0", ("13,98", "108,0", "")),
        ("(13.98 108.0)", ("13.98", "108.0", "")),
        ("13°58'59\"N 108°0'0\"E", ("13°58'59\"N", "108°0'0\"E", "lat-lon")),
        ("N13.98 E108.0", ("N13.98", "E108.0", "lat-lon")),
        ("Lat: 13.98 Lon: 108.0", ("13.98", "108.0", "lat-lon")),
        ("kinh độ 108,5 vĩ độ 13,9", ("108,5", "13,9", "lon-lat")),
        ("POINT (108 13.98)", ("108", "13.98", "lon-lat")),
        ("105,34,22,62", None),
        ("108.0", None),
        ("Pleiku / Gia Lai", None),
    ],
)
def test_two_in_one_cell(cell: str, wanted: tuple[str, str, str] | None) -> None:
    assert split_pair(cell) == wanted


@given(
    st.lists(st.tuples(st.floats(102, 110), st.floats(8, 23)), min_size=1, max_size=10),
    st.sampled_from([("/", ","), (", ", "."), (";", ","), (" ", "."), (" - ", None), ("|", ".")]),
    st.booleans(),
)
def test_pairs_are_read_back(
    points: list[tuple[float, float]], habit: tuple[str, str | None], lat_first: bool
) -> None:
    separator, point = habit
    if point is None:
        separator, point = ";  ", "."
    cells = []
    for lon, lat in points:
        parts = [f"{v:.5f}".replace(".", point) for v in ((lat, lon) if lat_first else (lon, lat))]
        cells.append(separator.join(parts))
    column = split_pairs(cells)
    assert not column.wrong.any()
    assert column.order == ("lat-lon" if lat_first else "lon-lat")
    lon = read_angles((column.second if lat_first else column.first).tolist()).values
    np.testing.assert_allclose(lon, [p[0] for p in points], atol=1e-5)


def test_pairs_in_both_orders_are_refused() -> None:
    assert split_pairs(["108.0, 13.9", "13.9, 108.0"]).mixed
    assert split_pairs(["6.7, 0.3"]).order == ""
    column = split_pairs(["108.0, 13.9", "", "xx"])
    assert column.wrong.tolist() == [False, False, True]
