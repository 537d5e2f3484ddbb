"""What is said of messy files has the same fields in both languages, and a code of its own."""

from __future__ import annotations

import importlib

import pytest

from phusong.data.language import Text
from phusong.layers.rules import Rule

MODULES = (
    "text.legacy_text", "tables.numbers", "tables.flags", "tables.dates", "tables.headers",
    "tables.sheet_plan", "tables.records", "positions.angles", "positions.coordinates", "positions.columns",
    "boundaries.vintage", "boundaries.carry", "safe_files", "households",
)


def rules() -> list[Rule]:
    found = []
    for name in MODULES:
        module = importlib.import_module(f"phusong.layers.{name}")
        found += [v for v in vars(module).values() if isinstance(v, Rule)]
    return found


@pytest.mark.parametrize("rule", rules(), ids=lambda r: r.code)
def test_both_languages_say_the_same_fields(rule: Rule) -> None:
    for text in (rule.text, rule.remedy):
        vi, en = text.fields()
        assert vi == en
    assert rule.text != Text("", "")
    assert rule.text.vi != rule.text.en
    if rule.severity == "error":
        assert rule.remedy.vi, "an error says what to do"


def test_codes_are_distinct() -> None:
    codes = [rule.code for rule in rules()]
    assert sorted(codes) == sorted(set(codes))
