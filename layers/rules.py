"""How faults are told: rules with a message in both languages, and the report of one layer."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.data.language import Text
from phusong.layers.faults import Fault, Faults, Severity

if TYPE_CHECKING:
    from phusong.layers.tables.records import RawTable

CAP = 50
"""Faults of one rule and column that are told one by one; the others are counted."""

_MORE = Text(
    "Còn {n} chỗ nữa có cùng lỗi này ({code}).", "{n} more places have this same fault ({code})."
)
_NOTHING = Text("", "")


@dataclass(frozen=True)
class Rule:
    """What may be wrong with an input: a stable code, and what is said of it.

    Attributes
    ----------
    code : str
        The second half of the fault's code, ``duplicate-cell``; the layer comes before it.
    severity : {"error", "warning"}
    text, remedy : Text
        What is wrong, and what to do; both with ``{fields}``.
    """

    code: str
    severity: Severity
    text: Text
    remedy: Text


def error(code: str, vi: str, en: str, remedy_vi: str = "", remedy_en: str = "") -> Rule:
    """Return a rule whose breach stops the run."""
    return Rule(code, "error", Text(vi, en), Text(remedy_vi, remedy_en))


def warning(code: str, vi: str, en: str, remedy_vi: str = "", remedy_en: str = "") -> Rule:
    """Return a rule whose breach is counted and told, and no more."""
    return Rule(code, "warning", Text(vi, en), Text(remedy_vi, remedy_en))


def fold(name: str) -> str:
    """Return the letters and digits of a name without case, marks or spaces, for comparing.

    >>> fold("Mã  Xã/Phường")
    'maxaphuong'
    """
    plain = unicodedata.normalize("NFKD", name.replace("đ", "d").replace("Đ", "D").replace("Ð", "D"))
    return "".join(c for c in plain.casefold() if c.isalnum() and not unicodedata.combining(c))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name most like ``name``, or an empty string if none is near."""
    folded = {fold(k): k for k in known}
    found = get_close_matches(fold(name), list(folded), n=1, cutoff=0.55)
    return folded[found[0]] if found else ""


def hint(name: str, known: Iterable[str], lead: str = "") -> Text:
    """Return the sentence 'Perhaps you mean …' after ``lead``, empty if nothing is near."""
    near = nearest(name, known)
    if not near:
        return _NOTHING
    near = _safe(near)
    return Text(f"{lead}Có phải bạn muốn viết '{near}'?", f"{lead}Do you mean '{near}'?")


def _safe(text: str) -> str:
    """Double the braces, so that a user's text is not taken for fields."""
    return text.replace("{", "{{").replace("}", "}}")


@dataclass
class Report:
    """Collects the faults of one layer.

    Attributes
    ----------
    layer : str
        ``stations``, ``places.villages``; what stands before the point begins the faults' codes.
    file : str
        As the project names it.
    faults : Faults
        Where they go.
    sha256 : str
        Of rows that came from no file, set by who read them.
    rows_read : int
        Rows or cells of the file, set by who opened it.
    columns : dict of our name to the file's header
        As the file was understood.
    encodings : list of str
        Old encodings that columns were converted from.
    crs : str
        Coordinate system of the positions.
    keep : bool
        Whether to hold on to the cells of the file.
    raw : RawTable or None
        The cells, in Unicode, of a file that could be opened, if they are to be kept.
    """

    layer: str
    file: str
    faults: Faults
    rows_read: int = 0
    sha256: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    encodings: list[str] = field(default_factory=list)
    crs: str = ""
    keep: bool = False
    raw: RawTable | None = None

    def once(
        self, rule: Rule, *, row: str = "", column: str = "", value: Any = "", **values: Any
    ) -> None:
        """Tell one fault."""
        self.faults.add(
            Fault(
                rule.severity, f"{self.layer.partition('.')[0]}.{rule.code}", rule.text, rule.remedy,
                values=values, layer=self.layer, file=self.file, row=row, column=column, value=str(value),
            )
        )

    def each(
        self,
        rule: Rule,
        wrong: NDArray[np.bool_],
        rows: NDArray[np.int64],
        *,
        column: str = "",
        value: Sequence[Any] | NDArray[Any] | None = None,
        **values: Any,
    ) -> int:
        """Tell a fault for every row that is wrong, up to a number, and how many more there are.

        The number is the ``cap`` of the faults, by default `CAP`.

        Parameters
        ----------
        rule : Rule
        wrong : array of bool, shape (n,)
        rows : array of int, shape (n,)
            Numbers of the rows as the user counts them.
        column : str
            As the file names it.
        value : array of shape (n,), optional
            What was read.
        **values
            Fields of the message; those that are arrays of shape (n,) are taken by row.

        Returns
        -------
        int
            Rows that are wrong.
        """
        where = np.flatnonzero(wrong)
        cap = CAP if self.faults.cap is None else self.faults.cap
        for i in where[:cap]:
            own = {k: v[i] if isinstance(v, np.ndarray) else v for k, v in values.items()}
            said = "" if value is None else value[int(i)]
            self.once(rule, row=str(rows[i]), column=column, value=said, **own)
        if len(where) > cap:
            code = f"{self.layer.partition('.')[0]}.{rule.code}"
            self.faults.add(
                Fault(
                    rule.severity, code, _MORE, rule.remedy,
                    values={
                        **{k: v[where[cap]] if isinstance(v, np.ndarray) else v for k, v in values.items()},
                        "n": len(where) - cap, "code": code,
                    },
                    layer=self.layer, file=self.file, column=column,
                )
            )
        return len(where)
