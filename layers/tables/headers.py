"""Which header means which column: by known words of both languages, with a score and its rule."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from phusong.data.language import Text, join
from phusong.layers.rules import Report, error, warning
from phusong.layers.tables.header_words import KNOWN_OTHERS, LayerKind, words_of
from phusong.layers.tables.technology_words import technology_of_words

MatchRule = Literal["name", "project", "exact", "contains", "spelling"]

AMBIGUOUS = error(
    "ambiguous-header",
    "Nhiều cột cùng có thể là {target}: {headers}.", "Several columns may be {target}: {headers}.",
    'Khai trong dự án cột nào đúng: columns = {{ {target} = "…" }}.',
    'Say in the project which one is meant: columns = {{ {target} = "…" }}.',
)
RECOGNISED = warning(
    "headers-recognised",
    "Đã nhận ra {n} cột theo tên: {list}.", "{n} columns were recognised by their names: {list}.",
    "Kiểm tra; nếu sai, khai trong dự án: columns = {{ … }}.",
    "Check them; if one is wrong, say so in the project: columns = {{ … }}.",
)
_BY_OPTION = ("measurements", "field_reports", "declared")
"""Layers that no project file names: the command's options say how they are read."""
_CHOOSE_BY_OPTION = Text(
    'Nói cột nào đúng khi chạy lệnh: --column {target}="tiêu đề".',
    'Say which one is meant when the command is run: --column {target}="header".',
)
_CHECK_BY_OPTION = Text(
    'Kiểm tra; nếu sai, nói khi chạy lệnh: --column tên="tiêu đề".',
    'Check them; if one is wrong, say so when the command is run: --column name="header".',
)

_SPELLING = 0.86
_LEAST = 0.5
_TIE = 0.02
_MEASURES = frozenset(("km", "km2", "ha", "mhz", "ghz", "khz", "dbm", "db", "dbi", "kw", "mbps"))
"""Units that are no words besides: they are taken off without brackets too."""
_UNITS = _MEASURES | frozenset(
    ("m", "do", "deg", "degree", "degrees", "w", "met", "nguoi", "ho", "tram", "thon", "cot", "soi", "mb/s")
)
_SAFE_ALONE = frozenset(
    ("azimuth", "azimut", "tilt", "downtilt", "eirp", "longitude", "latitude", "operator", "technology",
     "beamwidth", "bandwidth", "frequency", "population", "households")
)
"""Single words that mean their column inside other words too; ``phuong`` is in 'phương án' as well."""


@dataclass(frozen=True)
class Match:
    """A header that means a column.

    Attributes
    ----------
    header : str
        As the file has it.
    column : str
        Ours, or one of `phusong.layers.tables.header_words.KNOWN_OTHERS`.
    score : float
        From 0.5 to 1: 1 for the whole phrase, less the more other words stand around it.
    rule : {"name", "project", "exact", "contains", "spelling"}
        Our own name; a name that the project gives; a known phrase; one inside the header; one with a
        slip of spelling.
    phrase : str
        That matched.
    unit : str
        In brackets behind the header: ``Độ cao cột (m)``.
    """

    header: str
    column: str
    score: float
    rule: MatchRule
    phrase: str
    unit: str = ""


@dataclass(frozen=True)
class Recognised:
    """The headers of a table.

    Attributes
    ----------
    matches : mapping of column to Match
        Ours and known others, each from one header.
    ambiguous : mapping of column to tuple of Match
        Columns that several headers may equally be; none of them is taken.
    unknown : tuple of str
        Headers that no word fits.
    """

    matches: Mapping[str, Match]
    ambiguous: Mapping[str, tuple[Match, ...]]
    unknown: tuple[str, ...]

    @property
    def columns(self) -> dict[str, str]:
        """Our columns and the headers they are read from, as the project's ``columns`` would say it."""
        return {c: m.header for c, m in self.matches.items() if c not in KNOWN_OTHERS}


def normalise(header: str) -> tuple[str, str]:
    """Return a header's words without marks, case and punctuation, and the unit in its brackets.

    >>> normalise("Độ cao  cột (m)")
    ('do cao cot', 'm')
    """
    text = unicodedata.normalize("NFD", header.replace("Đ", "d").replace("đ", "d").replace("Ð", "d"))
    plain = "".join(c for c in text if not unicodedata.combining(c)).casefold()
    unit = ""
    for inside in re.findall(r"[(\[]([^)\]]*)[)\]]", plain):
        word = inside.strip().replace("²", "2").replace("°", "do")
        if word in _UNITS:
            unit = word
            plain = re.sub(r"[(\[]\s*" + re.escape(inside.strip()) + r"\s*[)\]]", " ", plain)
    words = re.sub(r"[^a-z0-9]+", " ", plain).split()
    if not unit and len(words) > 1 and words[-1] in _MEASURES:
        unit = words.pop()
    return " ".join(words), unit


@lru_cache(maxsize=16)
def _phrases(kind: LayerKind) -> tuple[tuple[str, str], ...]:
    return tuple((phrase, column) for column, phrases in words_of(kind).items() for phrase in phrases)


@lru_cache(maxsize=8192)
def matches_of(header: str, kind: LayerKind) -> tuple[Match, ...]:
    """Return what a header may mean, best first; equal scores are an ambiguity.

    Parameters
    ----------
    header : str
    kind : LayerKind
    """
    words, unit = normalise(header)
    if not words:
        return ()
    if kind == "stations" and (technology := technology_of_words(words)):
        return (Match(header, technology, 1.0, "exact", words, unit),)
    squeezed = words.replace(" ", "")
    found: dict[str, Match] = {}

    def note(column: str, score: float, rule: MatchRule, phrase: str) -> None:
        """Keep the match where it is good enough and the best so far."""
        if score >= _LEAST and (column not in found or found[column].score < score):
            found[column] = Match(header, column, round(score, 3), rule, phrase, unit)

    for column in words_of(kind):
        if header.strip().casefold() == column:
            note(column, 1.0, "name", column)
    for phrase, column in _phrases(kind):
        if words == phrase or squeezed == phrase.replace(" ", ""):
            note(column, 1.0, "exact", phrase)
        elif (" " in phrase or phrase in _SAFE_ALONE) and f" {phrase} " in f" {words} ":
            share = len(phrase) / len(words)
            first = 0.02 if words.startswith(phrase) else 0.0
            note(column, 0.55 + 0.35 * share + first, "contains", phrase)
        elif len(phrase) > 5 and _slip_at_most(words, phrase):
            likeness = SequenceMatcher(None, words, phrase).ratio()
            if likeness >= _SPELLING:
                note(column, 0.8 * likeness, "spelling", phrase)
    return tuple(sorted(found.values(), key=lambda m: (-m.score, m.column)))


def _slip_at_most(words: str, phrase: str) -> bool:
    """Tell whether two phrases have the same words but for slips inside long ones (not ``x`` for ``y``)."""
    if abs(len(words) - len(phrase)) > 2:
        return False
    one, two = words.split(), phrase.split()
    if len(one) != len(two):
        return False
    return all(a == b or min(len(a), len(b)) >= 4 for a, b in zip(one, two, strict=True))


def recognise(
    headers: Sequence[str], kind: LayerKind, *, project: Mapping[str, str] | None = None,
    extra: Mapping[str, Sequence[str]] | None = None,
) -> Recognised:
    """Recognise the headers of a table.

    Parameters
    ----------
    headers : sequence of str
        Flattened, as `phusong.layers.tables.sheet_plan.plan_sheet` gives them.
    kind : LayerKind
    project : mapping of column to header, optional
        The project's ``columns``: it wins, and its headers are not looked at again.
    extra : mapping of column to sequence of str, optional
        Further phrases of the project for its own files.

    Returns
    -------
    Recognised
    """
    taken = {c: h for c, h in (project or {}).items() if h in headers}
    matches = {c: Match(h, c, 1.0, "project", h) for c, h in taken.items()}
    own = {normalise(p)[0]: column for column, phrases in (extra or {}).items() for p in phrases}
    offers: dict[str, list[Match]] = {}
    unknown: list[str] = []
    for header in headers:
        if not header.strip() or header in taken.values():
            continue
        words, unit = normalise(header)
        if words in own:
            offers.setdefault(own[words], []).append(Match(header, own[words], 1.0, "project", words, unit))
            continue
        best = _best(matches_of(header, kind))
        if best is None:
            unknown.append(header)
        else:
            offers.setdefault(best.column, []).append(best)
    ambiguous: dict[str, tuple[Match, ...]] = {}
    for column, offered in offers.items():
        if column in matches:
            unknown += [m.header for m in offered]
            continue
        offered.sort(key=lambda m: -m.score)
        if len(offered) > 1 and offered[0].score - offered[1].score < _TIE:
            if column not in KNOWN_OTHERS:
                ambiguous[column] = tuple(m for m in offered if offered[0].score - m.score < _TIE)
            continue
        matches[column] = offered[0]
        unknown += [m.header for m in offered[1:]]
    return Recognised(matches, ambiguous, tuple(unknown))


def _best(offered: Sequence[Match]) -> Match | None:
    """Return the best match of one header, the one of the longer phrase among equals."""
    if not offered:
        return None
    near = [m for m in offered if offered[0].score - m.score < _TIE]
    near.sort(key=lambda m: -len(m.phrase))
    if len(near) > 1 and len(near[0].phrase) == len(near[1].phrase) and near[0].score < 1.0:
        return None
    return near[0]


def tell_headers(report: Report, found: Recognised) -> None:
    """Tell which columns were recognised by words, and which may be several headers."""
    ambiguous, recognised = AMBIGUOUS, RECOGNISED
    if report.layer in _BY_OPTION:
        ambiguous = replace(AMBIGUOUS, remedy=_CHOOSE_BY_OPTION)
        recognised = replace(RECOGNISED, remedy=_CHECK_BY_OPTION)
    for column, offered in found.ambiguous.items():
        headers = ", ".join(f"'{m.header}'" for m in offered)
        report.once(ambiguous, column=offered[0].header, target=column, headers=headers)
    ours = [
        m for c, m in found.matches.items()
        if m.rule in ("exact", "contains", "spelling") and c not in KNOWN_OTHERS and m.header != c
    ]
    if ours:
        listed = [f"'{m.header}' = {m.column}".replace("{", "{{").replace("}", "}}") for m in ours]
        report.once(recognised, n=len(ours), list=Text(join(listed, "vi"), join(listed, "en")))
