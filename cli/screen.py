"""What commands print: faults, progress and results."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from phusong.cli.options import Settings
from phusong.data.language import Language, Text, format_number

if TYPE_CHECKING:
    from phusong.coverage.analyse import Progress
    from phusong.layers.faults import Fault

ERRORS = Text("{n} lỗi phải sửa trước khi chạy:", "{n} errors to mend before a run:")
WARNINGS = Text("{n} cảnh báo:", "{n} warnings:")
AND_MORE = Text(
    "tệp {file}, cột {column}: còn {n} chỗ nữa ({code}); xem đủ bằng --json, --html hoặc --marked.",
    "file {file}, column {column}: {n} more places ({code}); --json, --html and --marked have all.",
)
HIDDEN = Text(
    "{n} cảnh báo (thêm -v để xem từng cái, hoặc mở báo cáo).",
    "{n} warnings (-v lists them; so does the report).",
)


def say(message: str) -> None:
    """Print a result on stdout."""
    click.echo(message)


def tell(message: str) -> None:
    """Print a remark on stderr."""
    click.echo(message, err=True)


def print_faults(
    faults: Iterable[Fault], lang: Language, *, warnings: bool = True, each: int | None = None
) -> None:
    """Print faults on stderr: errors first, by row, each in full; with ``each``, so many of one kind."""
    found = _by_row(faults)
    errors = [f for f in found if f.severity == "error"]
    others = [f for f in found if f.severity == "warning"]
    if errors:
        tell(ERRORS.say(lang, n=len(errors)))
        for line in _lines(errors, lang, each):
            tell("  ✗ " + line)
    if others and warnings:
        tell(WARNINGS.say(lang, n=len(others)))
        for line in _lines(others, lang, each):
            tell("  ! " + line)
    elif others:
        tell(HIDDEN.say(lang, n=len(others)))


def _by_row(faults: Iterable[Fault]) -> list[Fault]:
    """Return faults file by file, in the order of each file's rows: so they are mended from top to bottom.

    What concerns a whole file comes first, and how many more there are of a kind last.
    """
    files: dict[str, int] = {}

    def place(fault: Fault) -> tuple[int, float]:
        """Return the file's turn and the row."""
        turn = files.setdefault(fault.file, len(files))
        first = fault.row.partition(",")[0]
        more = "code" in fault.values  # "n more places have this same fault"
        return turn, float(first) if first.isdigit() else float("inf") if more else -1.0

    return sorted(faults, key=place)


def _lines(faults: list[Fault], lang: Language, each: int | None) -> Iterator[str]:
    count: Counter[tuple[str, str, str]] = Counter()
    for fault in faults:
        kind = fault.code, fault.file, fault.column
        count[kind] += 1
        if each is None or count[kind] <= each:
            yield fault.say(lang)
    for (code, file, column), n in count.items():
        if each is not None and n > each:
            yield AND_MORE.say(lang, n=n - each, code=code, file=file, column=column or "–")


def count_by_code(faults: Iterable[Fault]) -> dict[str, int]:
    """Count faults by their code, sorted."""
    return dict(sorted(Counter(f.code for f in faults).items()))


@contextmanager
def progress_bar(settings: Settings) -> Iterator[Progress | None]:
    """Offer a progress callback that draws on stderr when it is a terminal."""
    if settings.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Bar(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        tasks: dict[str, object] = {}

        def show(stage: Text, share: float) -> None:
            """Draw the progress of a stage."""
            name = stage.say(settings.lang)
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=1.0)
            bar.update(tasks[name], completed=share)  # type: ignore[arg-type]

        yield show


def duration(seconds: float, lang: Language) -> str:
    """Write a duration: ``12,3 s``."""
    return f"{format_number(seconds, lang, 1)} s"
