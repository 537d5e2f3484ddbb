"""Help of every command, wholly in the language that was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click
import pytest

from phusong.cli.app import COMMANDS, group
from phusong.cli.options import Argument, Option
from phusong.data.language import LANGUAGES, Text

ENGLISH = re.compile(
    r"\b(OPTIONS|COMMAND|ARGS|TEXT|INTEGER|RANGE|FLOAT|DIRECTORY|FILE|PATH|Usage|Options|Commands|Show|this|"
    r"message|exit|default|required|the|and|or|of|with|folder|NUMBER|PROJECT|DIR|FROM|TO|CASES|MODEL)\b"
)
VIETNAMESE = re.compile("[ăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]", re.I)


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_in_both_languages(phusong: Callable[..., Any], name: str) -> None:
    words = [name] if name else []
    vi, en = phusong(*words, "--help"), phusong("--lang", "en", *words, "--help")
    assert vi.code == en.code == 0
    assert vi.err == en.err == ""
    assert vi.out.startswith(f"Cách dùng: phusong {name}".rstrip())
    assert en.out.startswith(f"Usage: phusong {name}".rstrip())
    assert not ENGLISH.search(vi.out), ENGLISH.findall(vi.out)
    assert "In trang này." in vi.out
    assert "Show this message." in en.out
    left = VIETNAMESE.findall(en.out.replace("Tỉnh Mẫu (minh họa)", ""))
    assert not left, en.out


def test_the_search_for_english_would_find_what_click_writes() -> None:
    @click.command("x")
    @click.option("--out", type=click.Path(file_okay=False), default="y", show_default=True)
    def plain(out: str) -> None:
        """Do it."""

    with click.Context(plain, info_name="x") as ctx:
        found = set(ENGLISH.findall(plain.get_help(ctx)))
    assert {"Usage", "OPTIONS", "Options", "DIRECTORY", "default", "Show", "this", "message"} <= found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_has_a_text_in_both_languages(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    for param in command.params:
        assert isinstance(param, Option | Argument), param.name
        text = param.text
        assert isinstance(text, Text)
        assert text.vi.strip()
        assert text.en.strip()
        if isinstance(param, Option):
            assert text.vi != text.en, param.name
            assert text.en.endswith("."), param.name
            assert text.vi.endswith("."), param.name


def test_list_of_commands_needs_none_of_them(phusong: Callable[..., Any]) -> None:
    out = phusong("--help").out
    for name, text in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(text.vi)}$", out, re.MULTILINE)


def test_nothing_asked_shows_what_there_is_and_is_no_success(phusong: Callable[..., Any]) -> None:
    answer = phusong()
    assert answer.code == 2
    assert answer.out == ""
    assert "Lệnh:" in answer.err
    assert "Dòng lệnh không hợp lệ" not in answer.err
    assert "Commands:" in phusong("--lang", "en").err


@pytest.mark.parametrize("lang", LANGUAGES)
def test_version(phusong: Callable[..., Any], lang: str) -> None:
    answer = phusong("--version", "--lang", lang)
    assert answer.code == 0
    assert re.fullmatch(r"phusong \d+\.\d+\.\d+\S*\n", answer.out)
