"""Options and help in both languages, and the errors of usage."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from phusong.data.language import DEFAULT_LANGUAGE, LANGUAGES, Language, Text

Function = TypeVar("Function", bound=Callable[..., Any])

_HEADINGS = {
    "Usage": Text("Cách dùng", "Usage"),
    "Options": Text("Tùy chọn", "Options"),
    "Commands": Text("Lệnh", "Commands"),
}


@dataclass
class Settings:
    """What the user set for every command: click's context object.

    Attributes
    ----------
    lang : Language
    verbose : int
        0 to 2.
    quiet : bool
    """

    lang: Language = DEFAULT_LANGUAGE
    verbose: int = 0
    quiet: bool = False


def language_of(ctx: click.Context) -> Language:
    """Return the language that the user chose."""
    root = ctx.find_root()
    chosen = root.params.get("lang") or (root.obj or Settings()).lang
    return chosen if chosen in LANGUAGES else DEFAULT_LANGUAGE


GLOBAL_FLAGS = ("-v", "-vv", "--verbose", "--quiet")


def globals_first(arguments: Sequence[str]) -> list[str]:
    """Move the options of every command (``--lang``, ``-v``, ``--quiet``) to the front.

    So they may stand anywhere in a line, as people write them.
    """
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in GLOBAL_FLAGS or word.startswith("--lang="):
            front.append(word)
        elif word == "--lang":
            front += [word, *itertools.islice(words, 1)]
        else:
            rest.append(word)
    return front + rest


def first_language(arguments: Sequence[str]) -> Language:
    """Return the language that a command line asks for, before it is parsed.

    Without ``--lang`` the environment variable ``PHUSONG_LANG`` decides, then Vietnamese.
    """
    asked = [w[7:] for w in arguments if w.startswith("--lang=")]
    asked += [after for word, after in itertools.pairwise(arguments) if word == "--lang"]
    for word in [*asked, os.environ.get("PHUSONG_LANG", "")]:
        if word in LANGUAGES:
            return word
    return DEFAULT_LANGUAGE


class Formatter(click.HelpFormatter):
    """Help with headings in the chosen language."""

    lang: Language = DEFAULT_LANGUAGE

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, prefix or _HEADINGS["Usage"].say(self.lang) + ": ")

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        text = _HEADINGS.get(heading)
        super().write_heading(text.say(self.lang) if text else heading)


class Context(click.Context):
    """A context whose help speaks the chosen language."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return the formatter of help."""
        formatter = Formatter(width=self.terminal_width, max_width=self.max_content_width)
        formatter.lang = language_of(self)
        return formatter


class Option(click.Option):
    """An option whose help is a `Text`."""

    def __init__(self, *args: Any, text: Text, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "help": text.en})
        self.text = text

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option's line of help."""
        self.help = self.text.say(language_of(ctx))
        record = super().get_help_record(ctx)
        if record and language_of(ctx) == "vi":
            words = (("[default:", "[mặc định:"), ("(dynamic)", "(tự tính)"), ("[required]", "[bắt buộc]"))
            for english, vietnamese in words:
                record = (record[0], record[1].replace(english, vietnamese))
        return record


OPEN = Text("Mở tệp này: {file}", "Open this file: {file}")
HELP = Text("In trang này.", "Show this message.")


class Command(click.Command):
    """A command whose help is a `Text`."""

    context_class = Context

    def __init__(self, *args: Any, text: Text, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "help": text.en})
        self.text = text

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of the command."""
        self.help = self.text.say(language_of(ctx))
        super().format_help_text(ctx, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return ``--help``, described in the chosen language."""
        found = super().get_help_option(ctx)
        if found:
            found.help = HELP.say(language_of(ctx))
        return found


def command(name: str, text: Text) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command with help in both languages."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        return click.command(name, cls=Command, text=text)(function)

    return decorate


def option(*names: str, text: Text, **kwargs: Any) -> Callable[[Function], Function]:
    """Add an option with help in both languages."""
    return click.option(*names, cls=Option, text=text, **kwargs)


def usage_message(error: click.ClickException, lang: Language) -> str:
    """Say in ``lang`` what click found wrong with a command line."""
    if lang == "en":
        return error.format_message()
    if isinstance(error, click.NoSuchOption):
        nearest = ", ".join(error.possibilities or ())
        return f"Không có tùy chọn {error.option_name}." + (f" Ý bạn là: {nearest}?" if nearest else "")
    if isinstance(error, click.MissingParameter):
        name = error.param.get_error_hint(error.ctx) if error.param and error.ctx else error.param_hint or ""
        return f"Thiếu {name}."
    if isinstance(error, click.BadParameter):
        name = error.param.get_error_hint(error.ctx) if error.param and error.ctx else error.param_hint or ""
        return f"Giá trị không hợp lệ cho {name}: {_reason(error)}"
    if isinstance(error, click.BadOptionUsage):
        return f"Tùy chọn {error.option_name} cần một giá trị."
    return f"Dòng lệnh không hợp lệ: {error.message}"


def _reason(error: click.BadParameter) -> str:
    """Translate the reasons that click's own types give."""
    kind = error.param.type if error.param else None
    message = error.message
    if isinstance(kind, click.Path):
        shown = message.split("'")[1] if "'" in message else message
        if "does not exist" in message:
            return f"không tìm thấy '{shown}'."
        return f"không dùng được '{shown}' (kiểm tra đó là tệp hay thư mục, và quyền đọc)."
    if isinstance(kind, click.Choice):
        return f"chỉ nhận một trong: {', '.join(map(str, kind.choices))}."
    if isinstance(kind, click.IntRange | click.FloatRange):
        low = "" if kind.min is None else f" từ {kind.min}"
        high = "" if kind.max is None else f" đến {kind.max}"
        return f"cần một số{low}{high}."
    if isinstance(kind, click.types.IntParamType | click.types.FloatParamType):
        return "cần một số."
    return message
