"""Where a check's faults and doubts stand in the files: file by file, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from phusong.data.language import Language
from phusong.layers.faults import Fault
from phusong.layers.quality.figures import Figure, Suspect
from phusong.layers.read import Opened
from phusong.layers.summary import Checked, is_remark
from phusong.layers.tables.columns import to_text

Severity = Literal["error", "warning", "doubt"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "doubt")
UNMARKED = frozenset({"repeated-cell-id", "azimuth-range", "height-zero", "people-communes"})
"""Figures whose suspects are told one by one as faults already, or stand in a table of their own."""


@dataclass(frozen=True)
class Mark:
    """Something wrong or doubtful, and where.

    Attributes
    ----------
    severity : {"error", "warning", "doubt"}
    code : str
    layer : str
    row, column, value : str
        As a fault has them; empty where it is about all rows or columns.
    said, remedy : str
        In the language of who reads it.
    """

    severity: Severity
    code: str
    layer: str
    row: str
    column: str
    value: str
    said: str
    remedy: str


@dataclass(frozen=True)
class FileMarks:
    """All that is to be said of one file, worst first, in the order of rows.

    Attributes
    ----------
    file : str
        As the project gives it; the project file itself where a fault names none.
    marks : tuple of Mark
    """

    file: str
    marks: tuple[Mark, ...]

    def count(self, severity: Severity) -> int:
        """Return how many there are of one severity."""
        return sum(m.severity == severity for m in self.marks)


def marks_by_file(checked: Checked, lang: Language) -> tuple[FileMarks, ...]:
    """Return faults and doubts of every file that has any; files with errors first, else as they were read.

    How a file was understood is no fault and is left out.
    """
    found: dict[str, list[Mark]] = {source.path: [] for source in checked.sources}
    for fault in checked.faults:
        if not is_remark(fault):
            found.setdefault(fault.file or checked.file, []).append(_of_fault(fault, lang))
    paths = {s.layer: s.path for s in checked.sources}
    rows = _Rows(checked.opened)
    for figure, suspect in checked.suspects():
        if figure.code not in UNMARKED and suspect.layer in paths:
            found[paths[suspect.layer]].append(_of_suspect(figure, suspect, rows, checked, lang))
    files = [FileMarks(file, _ordered(marks)) for file, marks in found.items() if marks]
    return tuple(sorted(files, key=lambda one: not one.count("error")))


def _of_fault(fault: Fault, lang: Language) -> Mark:
    said, remedy = (" ".join(t.fill(lang, fault.values).split()) for t in (fault.text, fault.remedy))
    return Mark(
        fault.severity, fault.code, fault.layer, fault.row, fault.column, fault.value, said, remedy
    )


def _of_suspect(
    figure: Figure, suspect: Suspect, rows: _Rows, checked: Checked, lang: Language
) -> Mark:
    opened = checked.opened.get(suspect.layer)
    column = opened.columns.get(suspect.column, "") if opened is not None else ""
    row, value = rows.of(suspect, column)
    note = suspect.note.say(lang)
    said = figure.title.say(lang) + (f": {note}" if note else "")
    return Mark(
        "doubt", figure.code, suspect.layer, row, column, value, f"{said}.", figure.remedy.say(lang)
    )


class _Rows:
    """Rows of things by their ids, each column looked through once."""

    def __init__(self, opened: Mapping[str, Opened]) -> None:
        self._opened = opened
        self._known: dict[tuple[str, str], dict[str, int]] = {}

    def of(self, suspect: Suspect, header: str) -> tuple[str, str]:
        """Return the first row that has the id, and what stands there under a header.

        Without a row, where the file has no such column or cell, the id itself stands for the value.
        """
        where = suspect.layer, suspect.key
        if where not in self._known:
            self._known[where] = self._look(*where)
        opened, place = self._opened.get(suspect.layer), self._known[where].get(suspect.ident)
        if opened is None or place is None:
            return "", suspect.ident
        value = str(opened.raw.cells[header][place]) if header in opened.raw.cells else suspect.ident
        return str(opened.raw.rows[place]), value

    def _look(self, layer: str, key: str) -> dict[str, int]:
        opened = self._opened.get(layer)
        header = opened.columns.get(key, "") if opened is not None else ""
        if opened is None or header not in opened.raw.cells:
            return {}
        places: dict[str, int] = {}
        for place, ident in enumerate(to_text(opened.raw.cells[header])):
            places.setdefault(ident, place)
        return places


def _ordered(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    def place(mark: Mark) -> tuple[int, int]:
        """Order by severity, then by row."""
        return SEVERITIES.index(mark.severity), int(mark.row) if mark.row.isdigit() else 0

    return tuple(sorted(marks, key=place))


def cells_of(mark: Mark, opened: Opened) -> Iterator[tuple[int, int]]:
    """Return row and column, both from 0, of the cells that a mark is about.

    A mark on a whole column stands at its header, one on a whole row in its first column; nothing where
    the mark is about the file, or the file has no such column.
    """
    layout = opened.raw.layout
    if layout is None:
        return
    columns = list(_columns(mark, opened, layout.columns))
    if mark.row.isdigit():
        for column in columns or [0]:
            yield int(mark.row) - 1, column
    elif columns:
        for column in columns:
            yield layout.header_row - 1, column


def _columns(mark: Mark, opened: Opened, places: Mapping[str, int]) -> Iterator[int]:
    if not mark.column:
        return
    names = [mark.column] if mark.column in places else mark.column.split(", ")
    for name in names:
        header = name if name in places else opened.columns.get(name, "")
        if header in places:
            yield places[header]

