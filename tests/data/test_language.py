"""Sentences and numbers in either language."""

from __future__ import annotations

import datetime
import importlib
import math
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.data.language import Text, format_date, format_number, format_percent, join


def test_numbers_take_the_form_of_the_language() -> None:
    assert format_number(1234.5, "vi") == "1.234,5"
    assert format_number(1234.5, "en") == "1,234.5"
    assert format_number(8500, "vi") == "8.500"
    assert format_number(0.1 + 0.2, "vi", 1) == "0,3"
    assert format_number(math.nan, "vi") == "–"


def test_dates_are_day_first() -> None:
    day = datetime.date(2026, 6, 30)
    assert format_date(day, "vi") == "30/06/2026"
    assert format_date(day, "en") == "30 June 2026"


def test_a_percentage_is_whole_only_if_it_is_complete() -> None:
    assert format_percent(99_999, 100_000, "vi") == "99,9%"
    assert format_percent(100_000, 100_000, "vi") == "100,0%"
    assert format_percent(1, 1_000_000, "en") == "0.1%"
    assert format_percent(0, 10, "en") == "0.0%"
    assert format_percent(0, 0, "vi") == "–"


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_share_below_one_is_never_shown_as_all(numerator: int, denominator: int) -> None:
    shown = format_percent(numerator, denominator, "en")
    assert (shown == "100.0%") <= (numerator >= denominator)
    assert shown != "0.0%"


def test_fields_are_filled_in_the_form_of_the_language() -> None:
    text = Text("{n} người, {share:.1f}%, ngày {day}", "{n} people, {share:.1f}%, on {day}")
    values = {"n": 12345, "share": 12.34, "day": datetime.date(2026, 1, 2)}
    assert text.fill("vi", values) == "12.345 người, 12,3%, ngày 02/01/2026"
    assert text.fill("en", values) == "12,345 people, 12.3%, on 2 January 2026"


def test_values_are_never_read_as_fields() -> None:
    assert Text("{name}", "{name}").say("vi", name="{0} {x}") == "{0} {x}"


def test_lists_are_joined_as_in_a_sentence() -> None:
    assert join([], "vi") == ""
    assert join(["a"], "vi") == "a"
    assert join(["a", "b", "c"], "vi") == "a, b và c"
    assert join(["a", "b"], "en") == "a and b"


def modules() -> list[str]:
    found = []
    for package in ("data", "layers", "coverage", "maps", "cli"):
        root = importlib.import_module(f"phusong.{package}")
        found += [m.name for m in pkgutil.walk_packages(root.__path__, f"phusong.{package}.")]
    return found


@pytest.mark.parametrize("name", modules())
def test_both_languages_of_every_text_have_the_same_fields(name: str) -> None:
    module = importlib.import_module(name)
    texts: list[Text] = []
    for value in vars(module).values():
        inner = value.values() if isinstance(value, dict) else [value]
        texts += [v for v in inner if isinstance(v, Text)]
    for text in texts:
        vi, en = text.fields()
        assert vi == en, text
        assert bool(text.vi.strip()) == bool(text.en.strip()), text
