"""Options, arguments and help in both languages."""

from __future__ import annotations

import inspect
import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from phusong.data.language import DEFAULT_LANGUAGE, LANGUAGES, Language, Text

Function = TypeVar("Function", bound=Callable[..., Any])

_HEADINGS = {
    "Usage": Text("Cách dùng", "Usage"),
    "Options": Text("Tùy chọn", "Options"),
    "Commands": Text("Lệnh", "Commands"),
}
_KINDS = {
    "DIRECTORY": Text("THƯ_MỤC", "FOLDER"),
    "FILE": Text("TỆP", "FILE"),
    "PATH": Text("ĐƯỜNG_DẪN", "PATH"),
    "TEXT": Text("CHỮ", "TEXT"),
    "INTEGER": Text("SỐ", "NUMBER"),
    "INTEGER RANGE": Text("SỐ", "NUMBER"),
    "FLOAT": Text("SỐ", "NUMBER"),
    "FLOAT RANGE": Text("SỐ", "NUMBER"),
}
_PIECES = {
    "[OPTIONS]": Text("[TÙY_CHỌN]", "[OPTIONS]"),
    "COMMAND [ARGS]...": Text("LỆNH [THAM_SỐ]...", "COMMAND [ARGS]..."),
}


_METAVAR_TAKES_CONTEXT = "ctx" in inspect.signature(click.Option.make_metavar).parameters
"""Since click 8.2."""


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


def _is_global_flag(word: str) -> bool:
    return word in ("--verbose", "--quiet") or (word.startswith("-v") and not word.strip("-v"))


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
        elif _is_global_flag(word) or word.startswith("--lang="):
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
    before = list(itertools.takewhile(lambda word: word != "--", arguments))
    asked = [
        after if word == "--lang" else word[7:]
        for word, after in itertools.pairwise([*before, ""])
        if word == "--lang" or word.startswith("--lang=")
    ]
    for word in [*reversed(asked), os.environ.get("PHUSONG_LANG", "")]:
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

    def make_metavar(self, ctx: click.Context | None = None) -> str:
        """Return the kind of value in the chosen language."""
        ctx = ctx or click.get_current_context(silent=True)
        arguments: list[Any] = [ctx] if _METAVAR_TAKES_CONTEXT else []
        plain = str(super().make_metavar(*arguments))
        return _KINDS[plain].say(_language_now(ctx)) if plain in _KINDS else plain

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option's line of help."""
        self.help = self.text.say(language_of(ctx))
        record = super().get_help_record(ctx)
        if record and language_of(ctx) == "vi":
            words = (("[default:", "[mặc định:"), ("(dynamic)", "(tự tính)"), ("[required]", "[bắt buộc]"))
            for english, vietnamese in words:
                record = (record[0], record[1].replace(english, vietnamese))
        return record


class Argument(click.Argument):
    """An argument whose name on screen is a `Text`."""

    def __init__(self, *args: Any, text: Text, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.text = text

    def make_metavar(self, ctx: click.Context | None = None) -> str:
        """Return the argument's name in the chosen language."""
        return self._shown(_language_now(ctx))

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return the name by which an error speaks of the argument."""
        return f"'{self._shown(language_of(ctx) if ctx else DEFAULT_LANGUAGE)}'"

    def _shown(self, lang: Language) -> str:
        return self.text.say(lang) + ("" if self.nargs == 1 else "...")


def _language_now(ctx: click.Context | None) -> Language:
    ctx = ctx or click.get_current_context(silent=True)
    return language_of(ctx) if ctx else DEFAULT_LANGUAGE


OPEN = Text("Mở tệp này: {file}", "Open this file: {file}")
HELP = Text("In trang này.", "Show this message.")


class Command(click.Command):
    """A command whose help is a `Text`."""

    context_class = Context

    def __init__(self, *args: Any, text: Text, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "help": text.en})
        self.text = text

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the pieces of the usage line."""
        lang = language_of(ctx)
        return [_PIECES[p].say(lang) if p in _PIECES else p for p in super().collect_usage_pieces(ctx)]

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
        """Make the command."""
        return click.command(name, cls=Command, text=text)(function)

    return decorate


def option(*names: str, text: Text, **kwargs: Any) -> Callable[[Function], Function]:
    """Add an option with help in both languages."""
    return click.option(*names, cls=Option, text=text, **kwargs)


def argument(name: str, text: Text, **kwargs: Any) -> Callable[[Function], Function]:
    """Add an argument with a name in both languages."""
    return click.argument(name, cls=Argument, text=text, **kwargs)


def out_folder_option(function: Function) -> Function:
    """Add ``--out``, the folder that a command fills; it must be given."""
    folder = click.Path(path_type=Path, file_okay=False)
    text = Text("Thư mục kết quả.", "Folder of the results.")
    return option("--out", type=folder, required=True, text=text)(function)


def workers_option(function: Function) -> Function:
    """Add ``--workers``, the threads of a computation; 0, one per core, by default."""
    text = Text("Số luồng tính (0: mỗi nhân một luồng).", "Threads (0: one per core).")
    return option("--workers", type=click.IntRange(0), default=0, text=text)(function)


PROJECT = Text("DỰ_ÁN", "PROJECT")
FOLDER = Text("THƯ_MỤC", "DIR")
