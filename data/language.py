"""Sentences in Vietnamese and English, and numbers and dates in the form of either language."""

from __future__ import annotations

import datetime
import math
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast, get_args

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = cast("tuple[Language, ...]", get_args(Language))
DEFAULT_LANGUAGE: Language = "vi"


@lru_cache(maxsize=64)
def _pattern(decimals: int, fixed: bool) -> str:
    return "#,##0" if decimals == 0 else "#,##0." + ("0" if fixed else "#") * decimals


def format_number(value: float, lang: Language = DEFAULT_LANGUAGE, decimals: int | None = None) -> str:
    """Write a number as the language does: ``1.234,5`` in Vietnamese, ``1,234.5`` in English.

    Parameters
    ----------
    value : float
        NaN and infinities are written as a dash.
    lang : {"vi", "en"}
    decimals : int, optional
        Fixed number of decimals; by default none for integers and up to two for others.
    """
    from babel.numbers import format_decimal

    if isinstance(value, float) and not math.isfinite(value):
        return "–"
    if decimals is None:
        decimals, fixed = (0, True) if float(value).is_integer() else (2, False)
    else:
        fixed = True
    return str(format_decimal(value, format=_pattern(decimals, fixed), locale=lang))


def format_percent(
    numerator: float, denominator: float, lang: Language = DEFAULT_LANGUAGE, decimals: int = 1
) -> str:
    """Write ``numerator / denominator`` as a percentage that is 100 only if it is complete.

    A share below one is never rounded up to ``100%`` and one above zero never down to ``0%``;
    a zero denominator gives a dash. The sign follows the number at once, as CLDR has it for either
    language.
    """
    if not denominator:
        return "–"
    step = 10.0**-decimals
    percent = 100.0 * numerator / denominator
    if numerator < denominator:
        percent = min(percent, 100.0 - step)
    if numerator > 0:
        percent = max(percent, step)
    return format_number(percent, lang, decimals) + after_number("%")


def after_number(unit: str) -> str:
    """Return a unit as it stands after a number: ``" dBm"``, but ``"%"``; nothing for none."""
    return unit if unit in ("", "%") else f" {unit}"


def format_date(value: datetime.date, lang: Language = DEFAULT_LANGUAGE) -> str:
    """Write a date day first: ``30/06/2026`` in Vietnamese, ``30 June 2026`` in English."""
    if lang == "vi":
        return value.strftime("%d/%m/%Y")
    from babel.dates import format_date as babel_date

    return str(babel_date(value, format="d MMMM yyyy", locale="en"))


class _Formatter(string.Formatter):
    def __init__(self, lang: Language) -> None:
        self.lang: Language = lang

    def format_field(self, value: Any, format_spec: str) -> str:
        """Write a value as the language writes it."""
        if isinstance(value, Text):
            return value.say(self.lang)
        if isinstance(value, bool) or value is None:
            return str(value)
        if isinstance(value, int | float) or hasattr(value, "dtype"):
            decimals = int(format_spec[1:-1]) if format_spec.endswith("f") and format_spec[0] == "." else None
            return format_number(float(value) if not isinstance(value, int) else value, self.lang, decimals)
        if isinstance(value, datetime.date):
            return format_date(value, self.lang)
        return str(super().format_field(value, format_spec))


@dataclass(frozen=True)
class Text:
    """One sentence in both languages, with ``{name}`` or ``{name:.1f}`` fields for values.

    Numbers and dates in the fields are written in the form of the language; strings as they are, so
    codes and years are given as strings.
    """

    vi: str
    en: str

    def say(self, lang: Language = DEFAULT_LANGUAGE, /, **values: Any) -> str:
        """Fill in ``values`` and return the sentence in ``lang``."""
        return self.fill(lang, values)

    def fill(self, lang: Language, values: Mapping[str, Any]) -> str:
        """Fill in ``values``, given as a mapping."""
        sentence = self.vi if lang == "vi" else self.en
        return _Formatter(lang).vformat(sentence, (), values)

    def fields(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names of the fields of either language; a test holds them equal."""
        names = [
            frozenset(name for _, name, _, _ in string.Formatter().parse(sentence) if name)
            for sentence in (self.vi, self.en)
        ]
        return names[0], names[1]


def join(parts: Sequence[str], lang: Language = DEFAULT_LANGUAGE) -> str:
    """Join words as a list in a sentence: ``a, b và c``."""
    if len(parts) < 2:
        return "".join(parts)
    last = " và " if lang == "vi" else " and "
    return ", ".join(parts[:-1]) + last + parts[-1]
