"""Old Vietnamese encodings in a column of text: found by evidence, turned into Unicode, or refused.

The whole column is judged at once, for a short cell alone may be right in two encodings (``Phó`` is a
word, and it is ``Phú`` in TCVN3). A column is changed only if several of its words can be read in one
old encoding and in no other way; otherwise it is left as it is, or a fault says what stands in doubt.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from phusong.data.language import LANGUAGES, Language, Text
from phusong.layers.rules import Report, error, warning
from phusong.layers.text.legacy_encodings import ENCODINGS, Encoding, decode
from phusong.layers.text.syllables import is_syllable

Verdict = Literal["plain", "unicode", "converted", "mixed", "doubtful"]

NAMES: Mapping[str, Text] = {
    "unicode": Text("Unicode", "Unicode"),
    "tcvn3": Text("TCVN3 (phông .VnTime, ABC)", "TCVN3 (.VnTime fonts, ABC)"),
    "vni": Text("VNI (phông VNI-Times)", "VNI (VNI-Times fonts)"),
    "cp1258": Text("Windows-1258", "Windows-1258"),
    "utf-8": Text("UTF-8 bị đọc nhầm", "UTF-8 taken for another encoding"),
}
"""What the encodings are called in messages."""

CONVERTED = warning(
    "text-converted",
    "{n} ô viết theo bảng mã {encoding} đã được chuyển sang Unicode, ví dụ '{before}' thành '{after}'.",
    "{n} cells written in {encoding} were turned into Unicode, for example '{before}' into '{after}'.",
    "Xem lại vài ô; lần sau nên lưu tệp bằng Unicode (UTF-8).",
    "Look at some of the cells; next time, save the file in Unicode (UTF-8).",
)
MIXED = error(
    "text-mixed",
    "Cột lẫn nhiều bảng mã: {share}.", "The column mixes encodings: {share}.",
    "Chuyển cả cột về một bảng mã (tốt nhất là Unicode) rồi đọc lại; ví dụ khác nhau: {examples}.",
    "Turn the whole column into one encoding, Unicode at best, and read it again; see: {examples}.",
)
DOUBTFUL = error(
    "text-doubtful",
    "Không chắc cột dùng bảng mã nào: {share}.", "The encoding of the column is in doubt: {share}.",
    'Nếu biết bảng mã, khai trong dự án: encoding = "tcvn3", "vni", "cp1258" hoặc "unicode"; '
    "các ô cần xem: {examples}.",
    'If you know it, declare it in the project: encoding = "tcvn3", "vni", "cp1258" or "unicode"; '
    "cells to look at: {examples}.",
)
LOST = error(
    "text-lost",
    "{n} ô có chữ đã mất, không khôi phục được (ký hiệu '{sign}').",
    "{n} cells have letters that are lost for good (the sign '{sign}').",
    "Xin lại tệp gốc: chữ đã mất khi tệp được lưu bằng bảng mã khác.",
    "Ask for the original: the letters were lost when the file was saved in another encoding.",
)
UNDECODABLE = error(
    "text-not-declared-encoding",
    "{n} ô không thể là {encoding} như đã khai.", "{n} cells cannot be {encoding}, as declared.",
    "Kiểm tra khai báo encoding; ví dụ {examples}.", "Check the declared encoding; for example {examples}.",
)

_COUNT = Text("{encoding} {n} ô", "{encoding} {n} cells")
_AMBIGUOUS = Text("{n} ô hiểu được theo nhiều cách", "{n} cells can be read in several ways")
_ODD = Text("{n} ô không hiểu được theo cách nào", "{n} cells cannot be read in any way")

_WORDS = re.compile(r"[^\x00-\x26\x28-\x40\x5b-\x60\x7b-\x7f]+")
"""Runs of letters and of whatever signs old encodings show; ASCII punctuation and digits divide them."""
_SIGNS = frozenset("°º˚²³±×÷·•…–—‘’“”«»©®™€£¥§¶¿¡½¼¾µμ′″´`¹¬¨¦")
_UNITS = frozenset(("µm", "µs", "µw", "µv", "µa", "µh", "µf", "µg", "km²", "m²", "m³", "cm²", "mm²"))
_ENOUGH_WORDS = 3
_ODD_SHARE = 0.2
_ODD_MINORITY = 0.02


@dataclass(frozen=True)
class TextColumn:
    """What a column of text turned out to be.

    Attributes
    ----------
    verdict : {"plain", "unicode", "converted", "mixed", "doubtful"}
        ``plain`` is ASCII only; ``mixed`` and ``doubtful`` are faults, their cells are left as they were.
    encoding : str
        What the cells were written in: ``unicode``, or an old encoding if they were converted.
    cells : array of object (str), shape (n,)
        NFC. Converted only if the verdict says so.
    changed : array of bool, shape (n,)
        Cells whose letters were converted (not those that were only composed).
    speaks_for : mapping of encoding to int
        Cells that can be read in this encoding and in no other.
    ambiguous, odd : int
        Cells that can be read in several, and in none (foreign names, damaged text).
    composed : int
        Cells whose marks stood apart from their letters and were joined (NFC), as code page 1258 has them.
    lost : int
        Cells with U+FFFD, where a program has thrown letters away.
    witnesses : mapping of encoding to array of int
        Positions of cells that speak for each encoding, the first few.
    example : tuple of str
        A cell before and after.
    """

    verdict: Verdict
    encoding: str
    cells: NDArray[np.object_]
    changed: NDArray[np.bool_]
    speaks_for: Mapping[str, int] = field(default_factory=dict)
    ambiguous: int = 0
    odd: int = 0
    composed: int = 0
    lost: int = 0
    witnesses: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    example: tuple[str, str] = ("", "")


@lru_cache(maxsize=65_536)
def _readings(cell: str) -> tuple[frozenset[str], tuple[tuple[str, frozenset[str]], ...]]:
    """Return the encodings in which every word of a cell is Vietnamese, and each word's own."""
    words = [w for w in _WORDS.findall(cell) if _is_evidence(w)]
    if not words:
        return frozenset(), ()
    each = [(w, _word_readings(w)) for w in words]
    every = frozenset.intersection(*(r for _, r in each))
    return every, tuple(each)


@lru_cache(maxsize=65_536)
def _is_evidence(word: str) -> bool:
    return not word.isascii() and not all(c in _SIGNS for c in word) and word.lower() not in _UNITS


@lru_cache(maxsize=65_536)
def _word_readings(word: str) -> frozenset[str]:
    found = set()
    bare = word.strip("'’‘“”…–—\xa0").lstrip("•·")
    if is_syllable(bare.replace("'", "").replace("’", "")) or all(
        is_syllable(p) for p in re.split(r"['’–—…•\s]", bare) if not p.isascii()
    ):
        found.add("unicode")
    for encoding in ENCODINGS:
        try:
            text = decode(word, encoding)
        except ValueError:
            continue
        parts = [p for p in re.split(r"[^\w]+", text) if p]
        if text and all(is_syllable(p) or p.isascii() for p in parts) and _letters_only(text):
            found.add(encoding)
    return frozenset(found)


def _letters_only(text: str) -> bool:
    return all(c.isalpha() or c in "'’‘“”…–—-\xa0" for c in text)


def read_text(
    cells: Sequence[Any] | NDArray[Any], *, declared: str | None = None, neighbours: Sequence[str] = ()
) -> TextColumn:
    """Judge a column of text and turn it into Unicode, composed (NFC).

    Parameters
    ----------
    cells : sequence of shape (n,)
        Cells that are no text are left as they are.
    declared : {"unicode", "tcvn3", "vni", "cp1258", "utf-8"}, optional
        What the project says; it wins over all evidence.
    neighbours : sequence of str
        Encodings found in other columns of the same file. They never decide, but a column that could be
        read both ways is then in doubt instead of Unicode.

    Returns
    -------
    TextColumn
    """
    if declared is not None and declared != "unicode":
        _known(declared)
    composed = np.empty(len(cells), dtype=object)
    joined = 0
    for i, cell in enumerate(cells):
        composed[i] = unicodedata.normalize("NFC", cell) if isinstance(cell, str) else cell
        joined += isinstance(cell, str) and composed[i] != cell
    lost = sum(isinstance(c, str) and "\ufffd" in c for c in composed.tolist())
    unchanged = np.zeros(len(cells), dtype=bool)
    special = [i for i, c in enumerate(composed.tolist()) if isinstance(c, str) and not c.isascii()]
    if not special:
        return TextColumn("plain", "unicode", composed, unchanged)
    if declared is not None:
        return _as_declared(composed, special, declared, joined, lost)
    evidence = _Evidence.of(composed, special)
    verdict, encoding = evidence.judge(neighbours)
    facts: dict[str, Any] = {
        "speaks_for": dict(evidence.cells), "ambiguous": evidence.ambiguous, "odd": evidence.odd,
        "composed": joined, "lost": lost,
        "witnesses": {e: tuple(w[:20]) for e, w in evidence.witnesses.items()},
    }
    if verdict != "converted":
        return TextColumn(verdict, encoding, composed, unchanged, **facts)
    text, changed, example, _ = _convert(composed, special, encoding)
    return TextColumn("converted", encoding, text, changed, example=example, **facts)


@dataclass
class _Evidence:
    """What speaks for which encoding; words are counted once however often they stand."""

    cells: Counter[str] = field(default_factory=Counter)
    words: dict[str, set[str]] = field(default_factory=dict)
    possible: Counter[str] = field(default_factory=Counter)
    witnesses: dict[str, list[int]] = field(default_factory=dict)
    ambiguous: int = 0
    odd: int = 0
    odd_cells: list[int] = field(default_factory=list)
    total: int = 0
    texts: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: NDArray[np.object_], special: Sequence[int]) -> _Evidence:
        """Return what the special cells of a column say of its encoding."""
        found = cls()
        for i in special:
            every, each = _readings(cells[i])
            if not each:
                continue
            found.total += 1
            found.possible.update(every)
            for word, readings in each:
                if len(readings) == 1:
                    found.words.setdefault(next(iter(readings)), set()).add(word)
            if len(every) == 1:
                only = next(iter(every))
                found.cells[only] += 1
                found.witnesses.setdefault(only, []).append(i)
                found.texts[i] = cells[i]
            elif every:
                found.ambiguous += 1
            else:
                # Foreign text or damage; or words of one cell that contradict each other.
                voices = {next(iter(r)) for _, r in each if len(r) == 1}
                if len(voices) > 1:
                    for voice in voices:
                        found.cells[voice] += 1
                        found.witnesses.setdefault(voice, []).append(i)
                        found.texts[i] = cells[i]
                else:
                    found.odd += 1
                    found.odd_cells.append(i)
        return found

    def _others_are_odd(self, best: str) -> bool:
        """Tell whether the few cells that speak for something else may be odd names in ``best``.

        A name that no rule of spelling foresees is read in the wrong way now and then; a cell with a
        letter that ``best`` does not have is not excused.
        """
        others = [i for e, cells in self.witnesses.items() if e != best for i in cells]
        if len(others) > max(_ODD_MINORITY * self.cells[best], 1 if self.cells[best] >= 10 else 0):
            return False
        return all(_decodable(self.texts[i], best) for i in others)

    def judge(self, neighbours: Sequence[str]) -> tuple[Verdict, str]:
        """Return the verdict and the encoding."""
        old = [e for e in ENCODINGS if self.cells[e] or self.words.get(e)]
        unicode = self.cells["unicode"] > 0
        if not old:
            near = [e for e in neighbours if e in ENCODINGS]
            if not unicode and any(self.possible[e] for e in near):
                return "doubtful", "unicode"
            return "unicode", "unicode"
        if not any(self.cells[e] for e in old):
            # Single words that look old inside cells that cannot be old as a whole: foreign names.
            return "unicode", "unicode"
        best = max(old, key=lambda e: self.cells[e])
        if not self._others_are_odd(best):
            return "mixed", best
        words = len(self.words.get(best, ()))
        enough = words >= _ENOUGH_WORDS or (best == "utf-8" and words >= 1)
        fits = self.possible[best] >= (1.0 - _ODD_SHARE) * self.total
        return ("converted", best) if enough and fits else ("doubtful", best)


def _convert(
    cells: NDArray[np.object_], special: Sequence[int], encoding: str
) -> tuple[NDArray[np.object_], NDArray[np.bool_], tuple[str, str], list[int]]:
    """Return the cells in Unicode, which changed, an example, and those that the encoding cannot have."""
    text = cells.copy()
    changed = np.zeros(len(cells), dtype=bool)
    failed: list[int] = []
    example = ("", "")
    for i in special:
        if not any(_is_evidence(w) for w in _WORDS.findall(cells[i])):
            continue  # a degree sign, a square: the same in all of them
        try:
            after = decode(cells[i], _known(encoding))
        except ValueError:
            failed.append(i)
            continue
        if after != cells[i]:
            text[i], changed[i] = after, True
            if len(cells[i]) > len(example[0]) or not example[0]:
                example = (cells[i], after) if len(cells[i]) <= 60 or not example[0] else example
    return text, changed, example, failed


def _decodable(cell: str, encoding: str) -> bool:
    try:
        decode(cell, _known(encoding))
    except ValueError:
        return False
    return True


def _known(encoding: str) -> Encoding:
    for known in ENCODINGS:
        if known == encoding:
            return known
    raise ValueError(f"encoding is {encoding!r}, not one of unicode, {', '.join(ENCODINGS)}")


def _as_declared(
    cells: NDArray[np.object_], special: Sequence[int], declared: str, composed: int, lost: int
) -> TextColumn:
    if declared == "unicode":
        unchanged = np.zeros(len(cells), dtype=bool)
        return TextColumn("unicode", "unicode", cells, unchanged, composed=composed, lost=lost)
    text, changed, example, failed = _convert(cells, special, declared)
    return TextColumn(
        "doubtful" if failed else "converted", declared, cells if failed else text, changed & (not failed),
        odd=len(failed), composed=composed, lost=lost, example=example,
        witnesses={"unicode": tuple(failed[:20])} if failed else {},
    )


def read_texts(
    columns: Mapping[str, Sequence[Any] | NDArray[Any]], *, declared: str | None = None
) -> dict[str, TextColumn]:
    """Judge all columns of a file: those that could be read both ways are held against the others."""
    first = {name: read_text(cells, declared=declared) for name, cells in columns.items()}
    found = sorted({c.encoding for c in first.values() if c.verdict == "converted"})
    if declared is not None or not found:
        return first
    return {
        name: read_text(columns[name], neighbours=found) if column.verdict == "unicode" else column
        for name, column in first.items()
    }


def tell_text(
    report: Report, header: str, column: TextColumn, given: Sequence[Any], rows: NDArray[np.int64],
    *, declared: bool = False,
) -> None:
    """Tell what was converted, and what stands in doubt.

    ``given`` are the cells before, ``rows`` their numbers as the user counts them; ``declared`` says that
    the encoding came from the project.
    """
    if column.lost:
        report.once(LOST, column=header, n=column.lost, sign="\ufffd")
    if column.verdict == "converted":
        before, after = column.example
        if column.changed.any():
            report.once(
                CONVERTED, column=header, n=int(column.changed.sum()), encoding=NAMES[column.encoding],
                before=before, after=after,
            )
        return
    if column.verdict not in ("mixed", "doubtful"):
        return
    places = [i for w in column.witnesses.values() for i in w[:3]]
    examples = "; ".join(f"'{given[i]}' ({rows[i]})" for i in places[:6]) or "–"
    row = str(rows[min(places)]) if places else ""
    if declared:
        report.once(
            UNDECODABLE, row=row, column=header, n=column.odd, encoding=NAMES[column.encoding],
            examples=examples,
        )
        return
    rule = MIXED if column.verdict == "mixed" else DOUBTFUL
    report.once(rule, row=row, column=header, share=_share(column), examples=examples)


def _share(column: TextColumn) -> Text:
    parts: dict[Language, list[str]] = {lang: [] for lang in LANGUAGES}
    for lang in LANGUAGES:
        for name, n in sorted(column.speaks_for.items(), key=lambda item: -item[1]):
            if n:
                parts[lang].append(_COUNT.fill(lang, {"encoding": NAMES[name], "n": n}))
        if column.ambiguous:
            parts[lang].append(_AMBIGUOUS.fill(lang, {"n": column.ambiguous}))
        if column.odd:
            parts[lang].append(_ODD.fill(lang, {"n": column.odd}))
    return Text(", ".join(parts["vi"]), ", ".join(parts["en"]))
