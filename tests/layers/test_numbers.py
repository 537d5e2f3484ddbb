"""Numbers as they are written in Vietnam: read for the whole column, or refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from phusong.layers.faults import Faults
from phusong.layers.rules import Report
from phusong.layers.tables.flags import flag_of, looks_like_flags, read_codes, read_flags, tell_flags
from phusong.layers.tables.numbers import Kind, habits, read_numbers, tell_numbers

NAN = float("nan")


def write(value: float, decimals: int, thousands: str, decimal: str) -> str:
    """Write a number in a habit, by Python's own formatting."""
    plain = f"{value:,.{decimals}f}"
    return plain.translate(str.maketrans({",": thousands, ".": decimal}))


@pytest.mark.parametrize(
    ("cells", "kind", "wanted"),
    [
        (["1.723", "8.500", "845"], "count", [1723, 8500, 845]),
        (["81,15%", "73%", ""], "percent", [81.15, 73, NAN]),
        (["1,68 triệu", "2,5 tỷ", "1.5 TRIỆU"], "quantity", None),
        (["1,68 triệu", "2,5 tỷ", "850 nghìn"], "quantity", [1.68e6, 2.5e9, 8.5e5]),
        (["1 234", "12 345,6"], "quantity", [1234, 12345.6]),
        (["1\u00a0234", "12\u202f345,6"], "quantity", [1234, 12345.6]),
        (["1234.5", "1.723"], "quantity", [1234.5, 1.723]),
        (["1.234,5", "1.723"], "quantity", [1234.5, 1723]),
        (["1.234.567", "1.723", "12,5"], "quantity", [1234567, 1723, 12.5]),
        (["1,234,567.5", "1,723"], "quantity", [1234567.5, 1723]),
        (["108,877201", "13,983"], "coordinate", [108.877201, 13.983]),
        (["108.877", "13.983"], "coordinate", [108.877, 13.983]),
        (["1.546.480,85", "1.255.172,51"], "coordinate", [1546480.85, 1255172.51]),
        (["−95,125", "-101,5"], "level", [-95.125, -101.5]),
        (["-95.125"], "level", [-95.125]),
        (["30m", "45,5 m"], "quantity", [30, 45.5]),
        (["81,150", "73,250"], "percent", [81.15, 73.25]),
        ([1.5, None, 3], "quantity", [1.5, NAN, 3]),
        (["-", "n/a", "chưa có", "12"], "count", [NAN, NAN, NAN, 12]),
        (["1e3"], "quantity", [1000]),
    ],
)
def test_columns_of_the_field(cells: list[object], kind: str, wanted: list[float] | None) -> None:
    column = read_numbers(cells, kind=kind)  # type: ignore[arg-type]
    assert not column.wrong.any()
    if wanted is None:
        assert column.refused
        assert np.isnan(column.values).all()
    else:
        assert not column.refused
        np.testing.assert_allclose(column.values, wanted)


@pytest.mark.parametrize(
    ("cells", "kind", "verdict"),
    [
        (["1.723", "1,723"], "count", "mixed"),
        (["8.5", "8,5"], "quantity", "mixed"),
        (["1.723", "1723"], "count", "mixed"),
        (["1.723", "12.5"], "count", "mixed"),
        (["1.723", "8.500"], "quantity", "ambiguous"),
        (["1.546.480,85", "445.789"], "coordinate", "mixed"),
        (["1.234.567", "12,345,678"], "quantity", "mixed"),
    ],
)
def test_columns_that_are_refused(cells: list[str], kind: str, verdict: str) -> None:
    column = read_numbers(cells, kind=kind)  # type: ignore[arg-type]
    assert column.verdict == verdict
    assert column.refused
    faults = Faults()
    tell_numbers(Report("households", "a.csv", faults), "Số hộ", column, cells, np.arange(2, 2 + len(cells)))
    (fault,) = faults.errors
    assert cells[0] in fault.say("vi")
    assert cells[0] in fault.say("en")


def test_the_project_or_the_range_decides() -> None:
    assert read_numbers(["1.723"], decimal=",").values[0] == 1723
    assert read_numbers(["1.723"], decimal=".").values[0] == 1.723
    assert read_numbers(["2.500", "4.250"], high=90).values.tolist() == [2.5, 4.25]
    assert read_numbers(["12,345"], high=20).values.tolist() == [12.345]


def test_cells_that_were_numbers_keep_their_point() -> None:
    column = read_numbers(["1.723", "8,25"], native=np.array([True, False]))
    assert column.values.tolist() == [1.723, 8.25]


def test_words_are_no_numbers() -> None:
    column = read_numbers(["12", "khoảng 500", "hơn 8.500", "12 34", "1.23.456", "12 lít", "٣"])
    assert column.wrong.tolist() == [False, True, True, True, True, True, True]
    assert column.values[0] == 12


def test_units_are_kept_and_must_agree() -> None:
    assert read_numbers(["30 m", "45"]).unit == "m"
    mixed = read_numbers(["30 m", "0,5 km"])
    assert mixed.refused
    faults = Faults()
    tell_numbers(Report("stations", "a.csv", faults), "h", mixed, ["30 m", "0,5 km"], np.array([2, 3]))
    assert [f.code for f in faults] == ["stations.units-mixed"]


def test_shares_and_percentages_are_not_confused() -> None:
    assert read_numbers(["0,81", "0,5"], kind="percent").share_doubt
    assert not read_numbers(["0,81%", "0,5%"], kind="percent").share_doubt
    assert not read_numbers(["81", "0,5"], kind="percent").refused
    assert read_numbers(["81%", "0,5"], kind="percent").refused


def test_what_was_read_is_told_once() -> None:
    cells = ["1.723", "8.500"]
    faults = Faults()
    column = read_numbers(cells, kind="count")
    tell_numbers(Report("households", "a.csv", faults), "Số hộ", column, cells, np.array([2, 3]))
    (fault,) = faults
    assert fault.severity == "warning"
    assert "'1.723' = 1.723" in fault.say("vi")
    assert "'1.723' = 1,723" in fault.say("en")
    quiet = Faults()
    cells = ["12.5", "3"]
    tell_numbers(Report("x", "a.csv", quiet), "h", read_numbers(cells), cells, np.array([2, 3]))
    assert len(quiet) == 0


HABITS = [(".", ","), (",", "."), ("", "."), ("", ","), (" ", ","), (" ", "."), ("\u00a0", ",")]


@given(
    st.lists(st.floats(-9e8, 9e8), min_size=1, max_size=30),
    st.sampled_from(HABITS),
    st.sampled_from([1, 2, 4, 5]),
)
def test_what_is_written_in_a_habit_is_read_back(
    values: list[float], habit: tuple[str, str], decimals: int
) -> None:
    cells = [write(v, decimals, *habit) for v in values]
    column = read_numbers(cells)
    assert column.verdict == "sure"
    assert column.decimal == habit[1]
    np.testing.assert_array_equal(column.values, [float(f"{v:.{decimals}f}") for v in values])


@given(st.lists(st.integers(0, 5_000_000), min_size=1, max_size=30), st.sampled_from([".", ",", " ", ""]))
def test_counts_in_any_habit_are_read_back(values: list[int], thousands: str) -> None:
    cells = [write(v, 0, thousands, "?") for v in values]
    column = read_numbers(cells, kind="count")
    assert not column.refused
    assert column.values.tolist() == values


@given(
    st.lists(st.floats(0, 9e5), min_size=1, max_size=10), st.lists(st.floats(0, 9e5), min_size=1, max_size=10)
)
def test_two_habits_in_one_column_are_never_read_wrong(left: list[float], right: list[float]) -> None:
    cells = [write(v, 2, ".", ",") for v in left] + [write(v, 2, ",", ".") for v in right]
    assert read_numbers(cells).verdict == "mixed"


@given(
    st.lists(st.floats(-180, 180), min_size=1, max_size=20), st.integers(1, 8), st.sampled_from([".", ","])
)
def test_a_coordinate_is_never_taken_for_thousands(values: list[float], decimals: int, decimal: str) -> None:
    cells = [write(v, decimals, "", decimal) for v in values]
    column = read_numbers(cells, kind="coordinate")
    assert not column.refused
    np.testing.assert_allclose(column.values, values, atol=10.0**-decimals)


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_text_is_a_number_or_told_wrong(cells: list[str]) -> None:
    column = read_numbers(cells)
    assume(not column.refused)
    for cell, value, wrong in zip(cells, column.values, column.wrong, strict=True):
        assert not (wrong and np.isfinite(value))
        if np.isfinite(value):
            assert any(c in "0123456789" for c in cell)


def test_habits_count_the_shapes() -> None:
    assert habits(["1.723", "12.5", "7", ""]) == {"0.0": 2, "0": 1}


def test_flags() -> None:
    column = read_flags(["x", "", "X", "0"])
    assert column.values.tolist() == [True, False, True, False]
    assert column.known.tolist() == [True, False, True, True]
    marks_only = read_flags(["x", "", "x"])
    assert marks_only.known.all()
    assert marks_only.blank_is_no == 1
    column = read_flags(["Có", "Không", "khong", "CÓ", "true", "1", "✓", "-", "2"])
    assert column.values.tolist() == [True, False, False, True, True, True, True, False, False]
    assert column.wrong.tolist() == [False] * 8 + [True]
    faults = Faults()
    tell_flags(Report("places", "a.csv", faults), "4G", column, list("abcdefgh2"), np.arange(2, 11))
    assert [(f.code, f.row) for f in faults] == [("places.not-a-flag", "10")]
    assert looks_like_flags(["x", "", "0"])
    assert not looks_like_flags(["1", "0"])
    assert not looks_like_flags(["x", "maybe"])
    assert flag_of("  ") is None
    with pytest.raises(ValueError, match="no mark"):
        flag_of("có lẽ")


def test_codes_stay_text() -> None:
    codes, spoilt = read_codes(["01234", "123.0", "GLI_0012", "8,4E+11", 52, None])
    assert codes.tolist() == ["01234", "123", "GLI_0012", "8,4E+11", "52", ""]
    assert spoilt.tolist() == [False, False, False, True, False, False]


@given(
    st.lists(st.from_regex(r"(-?[0-9]{1,5}(\.[0-9]{1,4})?)?", fullmatch=True), min_size=1, max_size=12),
    st.sampled_from(["count", "quantity", "percent", "level", "coordinate"]),
)
def test_the_short_way_agrees_with_the_long_one(cells: list[str], kind: Kind) -> None:
    short = read_numbers(cells, kind=kind)
    long = read_numbers(cells, kind=kind, native=np.zeros(len(cells), dtype=bool))
    assert (short.verdict, short.decimal, short.refused) == (long.verdict, long.decimal, long.refused)
    np.testing.assert_array_equal(short.values, long.values)
    np.testing.assert_array_equal(short.wrong, long.wrong)
    assert short.grouped == long.grouped
