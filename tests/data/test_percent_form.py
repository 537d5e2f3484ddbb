"""A percentage has one form in all that is said: the sign at once after the number, in either language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.numbers import format_percent as babel_percent

from phusong.data.language import LANGUAGES, Language, after_number, format_percent

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("data", "layers", "coverage", "maps", "cli")
NOT_SAID = {("layers/tables/number_cells.py", " % "), ("coverage/evidence/changes.py", " %")}
"""Signs that are set apart to read numbers, and those of earlier versions that are looked for."""

APART = re.compile(r"[\d}]\s+%(?![(\w])")
"""A number or the field of one, a space, the sign; ``'%d %s'`` of a log is none."""
ALONE = re.compile(r"^\s+%(?![(\w])")
"""The same where the number was put before it by hand."""


def spoken(source: str) -> Iterator[tuple[int, str]]:
    """Strings of a module that are no docstrings, with their lines; values of f-strings stand as ``{}``."""
    tree = ast.parse(source)
    silent = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in node.values}
            whole = "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
            yield node.lineno, whole
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.lineno, node.value


def apart(source: str) -> list[tuple[int, str]]:
    if "%" not in source:
        return []
    return [(line, said) for line, said in spoken(source) if APART.search(said) or ALONE.search(said)]


def test_no_sentence_of_the_program_sets_the_sign_apart() -> None:
    modules = [p for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*.py"))]
    assert len(modules) > 300
    found = [
        f"{path.relative_to(ROOT)}:{line}: {said}"
        for path in modules
        for line, said in apart(path.read_text(encoding="utf-8"))
        if (path.relative_to(ROOT).as_posix(), said) not in NOT_SAID
    ]
    assert found == []


def test_no_script_of_a_page_sets_the_sign_apart() -> None:
    scripts = sorted((ROOT / "maps" / "assets").glob("*.js"))
    assert len(scripts) > 5
    for path in scripts:
        strings = re.findall(r"\"[^\"\n]*\"|'[^'\n]*'", path.read_text(encoding="utf-8"))
        assert [s for s in strings if APART.search(s) or ALONE.search(s[1:])] == [], path.name


def test_no_table_that_pages_quote_sets_the_sign_apart() -> None:
    tables = sorted((ROOT / "data").glob("*.csv"))
    assert len(tables) > 10
    lines = [(p.name, line) for p in tables for line in p.read_text(encoding="utf-8").splitlines()]
    assert any("%" in line for _, line in lines)
    assert [(name, line) for name, line in lines if APART.search(line)] == []


@pytest.mark.parametrize(
    "code",
    [
        'Text("đạt {n} %", "{n}%")', 'Text("đạt 90 %", "90%")', 'f"{share} %"', 'share + " %"',
        'f"{a}–{b}\\u00a0% of them"', 'X = ("one half of"\n     " 50 "\n     "% of them")',
    ],
)  # fmt: skip
def test_the_rule_would_catch_a_sign_apart(code: str) -> None:
    assert len(apart(code)) == 1


@pytest.mark.parametrize(
    "code", ['"{n} điểm %"', '"%d %s" % (1, 2)', '"%(a)s %(b)s"', "x = 5 % 3", '"""At 90 % of places."""']
)
def test_the_rule_leaves_other_signs_alone(code: str) -> None:
    assert apart(code) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_form_is_that_of_the_language(lang: Language) -> None:
    for share in (0.0, 0.005, 0.73, 0.999, 1.0, 12.5):
        wanted = babel_percent(share, format="#,##0.0%", locale=lang)
        assert format_percent(share, 1.0, lang) == wanted
    assert format_percent(73.0, 100.0, lang, 0) == babel_percent(0.73, locale=lang)


def test_units_stand_after_numbers() -> None:
    said = [f"12{after_number(unit)}" for unit in ("%", "dBm", "điểm", "")]
    assert said == ["12%", "12 dBm", "12 điểm", "12"]
