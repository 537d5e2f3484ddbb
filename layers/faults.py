"""Faults found in the user's files: collected, never raised one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from phusong.data.language import Language, Text

Severity = Literal["error", "warning"]

_FILE = Text("tệp {value}", "file {value}")
_ROW = Text("dòng {value}", "row {value}")
_COLUMN = Text("cột {value}", "column {value}")
_KEY = Text("khóa {value}", "key {value}")
_VALUE = Text("giá trị '{value}'", "value '{value}'")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input, where it stands, and what to do.

    Attributes
    ----------
    severity : {"error", "warning"}
        Errors stop a run before anything is written; warnings are counted in the report.
    code : str
        Stable identifier, ``layer.what``: ``stations.duplicate-cell``.
    text, remedy : Text
        What is wrong and what to do, with fields filled from ``values``.
    layer : str
        Layer of the project, or ``project``.
    file : str
        Name of the file as the project gives it.
    row : str
        Row as the user's program counts it (the header is row 1), or a feature's number.
    column : str
        Column as the file names it; of a project file the key, as ``services.4G.model``.
    value : str
        The offending value as it was read.
    """

    severity: Severity
    code: str
    text: Text
    remedy: Text
    values: Mapping[str, Any] = field(default_factory=dict)
    layer: str = ""
    file: str = ""
    row: str = ""
    column: str = ""
    value: str = ""

    def say(self, lang: Language) -> str:
        """Return the whole message: where, what, and what to do."""
        key = self.layer in ("project", "scenario") or self.column.startswith(("columns.", "defaults."))
        place = _KEY if key else _COLUMN
        where = [
            text.say(lang, value=value)
            for text, value in (
                (_FILE, self.file), (_ROW, self.row), (place, self.column), (_VALUE, self.value[:80]),
            )
            if value
        ]
        head = ", ".join(where)
        parts = [text.fill(lang, self.values).strip() for text in (self.text, self.remedy)]
        body = " ".join(p for p in parts if p)
        return f"{head}: {body}" if head else body


class Faults:
    """The faults of one reading, in the order in which they were found.

    Attributes
    ----------
    cap : int or None
        Faults of one rule and column that are told one by one; None leaves it to who tells them.
    """

    def __init__(self, faults: Iterable[Fault] = (), *, cap: int | None = None) -> None:
        self._faults = list(faults)
        self.cap = cap

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def add(self, fault: Fault) -> None:
        """Remember one fault."""
        self._faults.append(fault)

    @property
    def errors(self) -> list[Fault]:
        """Those that stop the run."""
        return [f for f in self._faults if f.severity == "error"]

    @property
    def warnings(self) -> list[Fault]:
        """Those that are reported only."""
        return [f for f in self._faults if f.severity == "warning"]

    def raise_errors(self) -> None:
        """Raise `InputError` with every fault if one of them is an error."""
        if self.errors:
            raise InputError(self._faults)


class ExpectedError(Exception):
    """Something that a user can mend: shown as one message in their language, exit code 2."""

    def __init__(self, text: Text, **values: Any) -> None:
        super().__init__(text.fill("en", values))
        self.text = text
        self.values = values

    def say(self, lang: Language) -> str:
        """Return the message in ``lang``."""
        return self.text.fill(lang, self.values)


class InputError(ExpectedError):
    """The inputs have errors; ``faults`` holds all of them, and the warnings."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        errors = sum(f.severity == "error" for f in self.faults)
        super().__init__(
            Text("Dữ liệu đầu vào có {n} lỗi.", "The inputs have {n} errors."),
            n=errors,
        )
        self.args = ("\n".join(f.say("en") for f in self.faults if f.severity == "error"),)
