"""Dates are day first, decided for the whole column; the American kind is refused."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.layers.faults import Faults
from phusong.layers.rules import Report
from phusong.layers.tables.dates import read_dates, tell_dates

JUNE = datetime.date(2026, 6, 30)
DATES = st.dates(datetime.date(1970, 1, 1), datetime.date(2069, 12, 31))
FORMS = {
    "dd/mm/yyyy": lambda d: f"{d.day:02d}/{d.month:02d}/{d.year}",
    "d-m-yyyy": lambda d: f"{d.day}-{d.month}-{d.year}",
    "d.m.yyyy": lambda d: f"{d.day}.{d.month}.{d.year}",
    "iso": lambda d: d.isoformat(),
    "words": lambda d: f"ngày {d.day} tháng {d.month} năm {d.year}",
    "english": lambda d: d.strftime("%d %B %Y"),
    "serial": lambda d: str((d - datetime.date(1899, 12, 30)).days),
    "typed": lambda d: d,
    "stamp": lambda d: datetime.datetime(d.year, d.month, d.day, 7, 30),
    "numpy": np.datetime64,
}


@pytest.mark.parametrize("form", FORMS)
@given(dates=st.lists(DATES, min_size=1, max_size=20))
def test_dates_are_read_back(form: str, dates: list[datetime.date]) -> None:
    column = read_dates([FORMS[form](d) for d in dates])
    assert not column.refused
    assert column.values.tolist() == dates


@given(st.lists(DATES, min_size=1, max_size=20))
def test_short_years_are_read_back(dates: list[datetime.date]) -> None:
    column = read_dates([d.strftime("%d/%m/%y") for d in dates])
    assert column.values.tolist() == dates


@given(st.lists(st.dates(datetime.date(2000, 1, 1), datetime.date(2030, 1, 1)), min_size=1, max_size=20))
def test_american_dates_are_refused_or_cannot_be_told(dates: list[datetime.date]) -> None:
    column = read_dates([d.strftime("%m/%d/%Y") for d in dates])
    if any(d.day > 12 for d in dates):
        assert column.verdict == "american"
        assert column.values.tolist() == [None] * len(dates)
    elif any(d.day != d.month for d in dates):
        assert column.verdict == "assumed"


@pytest.mark.parametrize(
    "cell",
    ["ngày 30 tháng 6 năm 2026", "Ngay 30/6/2026", "30-Jun-26", "June 30, 2026", "2026-06-30T07:15:00Z",
     "30/06/2026 07:15", "30 tháng 6, 2026"],
)
def test_other_forms(cell: str) -> None:
    assert read_dates([cell]).values.tolist() == [JUNE]


@pytest.mark.parametrize(
    "cell", ["31/02/2026", "tháng 6/2026", "2026", "Quý II", "hôm qua", "00/01/2026", "1.723"]
)
def test_what_is_no_date_is_told(cell: str) -> None:
    column = read_dates([cell, "-", ""])
    assert column.wrong.tolist() == [True, False, False]
    assert column.values.tolist() == [None, None, None]


@pytest.mark.parametrize(
    ("cells", "verdict", "code"),
    [
        (["06/30/2026", "06/05/2026"], "american", "dates-american"),
        (["06/30/2026", "30/06/2026"], "mixed", "dates-mixed"),
        (
            [datetime.date(2026, 5, 6), datetime.date(2026, 7, 1), "2026-01-12", "30/06/2026"],
            "half-swapped", "dates-half-swapped",
        ),
    ],
)
def test_columns_that_are_refused(cells: list[object], verdict: str, code: str) -> None:
    column = read_dates(cells)
    assert column.verdict == verdict
    assert column.refused
    faults = Faults()
    tell_dates(Report("households", "a.csv", faults), "Ngày", column, cells, np.arange(2, 2 + len(cells)))
    (fault,) = faults.errors
    assert fault.code == f"households.{code}"
    assert "30/06/2026" in fault.say("vi") or "06/30/2026" in fault.say("vi")
    assert fault.say("en") != fault.say("vi")


def test_one_clear_date_settles_the_others() -> None:
    assert read_dates(["05/06/2026"]).verdict == "assumed"
    column = read_dates(["05/06/2026", "30/06/2026"])
    assert column.verdict == "sure"
    assert column.values[0] == datetime.date(2026, 6, 5)
