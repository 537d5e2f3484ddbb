"""What a report is written on: the same content, as a Word document or as a PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Letterhead:
    """The head of an administrative document: agency on the left, motto, place and day on the right."""

    above: tuple[str, ...]
    agency: str
    number: str
    country: str
    motto: str
    day: str


@dataclass(frozen=True)
class Signature:
    """The foot of an administrative document: recipients on the left, who signs on the right."""

    to: str
    archive: str
    signer: str
    remark: str


class Paper(Protocol):
    """The parts of which a report is made, put one below the other."""

    def letterhead(self, head: Letterhead | None, draft: str) -> None:
        """Write the head with the mark of a draft; without a head, the mark alone."""

    def title(self, kind: str, about: str, date: str) -> None:
        """Write what the document is and what it is about."""

    def heading(self, text: str) -> None:
        """Open a section."""

    def text(self, text: str) -> None:
        """Write a paragraph."""

    def caption(self, text: str) -> None:
        """Write the caption of the table that follows."""

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths_mm: Sequence[float],
        *,
        numbers: Sequence[int] = (),
    ) -> None:
        """Write a table; its header repeats on every page, columns in ``numbers`` are set right."""

    def annex(self, kind: str, about: str, remark: str) -> None:
        """Begin an annex on a page of its own."""

    def picture(self, png: bytes, caption: str, *, width_mm: float | None = None) -> None:
        """Show a picture, by default as wide as the text, its caption below."""

    def note(self, text: str) -> None:
        """Write a remark in italics."""

    def signature(self, foot: Signature) -> None:
        """Write the foot, with room for number, signature and seal left blank."""

    def save(self, path: Path) -> None:
        """Write the file; its bytes depend on the content only."""
