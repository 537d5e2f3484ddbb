"""Text from the user's files, made harmless for the place where it is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile("[\t\r\n\u2028\u2029]+")
_FORMULA = re.compile("^[\\s\ufeff]*[=+\\-@＝＋－＠]|^[\t\r\n]")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{k}" for d in ("com", "lpt") for k in range(1, 10))}


def one_line(text: str) -> str:
    """Return ``text`` without line breaks and without characters that XML forbids."""
    if text.isprintable():  # most are, and hundreds of thousands come through here
        return text
    return _CONTROLS.sub("", _BREAKS.sub(" ", text))


def legible(text: str, length: int = 32_000) -> str:
    """Return ``text`` with its line breaks, without characters that XML forbids, cut to ``length``."""
    text = _CONTROLS.sub("", text)
    return text if len(text) <= length else text[: length - 1] + "…"


def shorten(text: str, length: int) -> str:
    """Return one line of at most ``length`` characters, an ellipsis at the end where it was cut."""
    text = one_line(text)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def neutral(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula.

    Excel and LibreOffice evaluate a cell of a CSV file that begins with ``= + - @`` (also in their
    full-width forms, also after white space) or with a tab or line break. Only text goes through
    here: a negative number stays a number.
    """
    text = _CONTROLS.sub("", text)
    return "'" + text if _FORMULA.search(text) else text


def ascii_key(text: str, separator: str = "_") -> str:
    """Fold ``text`` to ASCII letters, digits and ``separator``: the stem of a file or a column.

    ``Mạng Đ.1`` gives ``Mang_D_1``; never empty, never a name reserved by Windows, no path.
    """
    folded = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d").replace("Ð", "D"))
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    key = re.sub("[^A-Za-z0-9]+", separator, plain).strip(separator)[:40].strip(separator)
    return f"{key}{separator}" if not key or key.casefold() in _RESERVED else key


def ascii_keys(texts: Iterable[str], separator: str = "_") -> dict[str, str]:
    """Return `ascii_key` of every text, numbered where two would be equal but for case."""
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for text in texts:
        key = stem = ascii_key(text, separator)
        number = 2
        while key.casefold() in taken:
            key, number = f"{stem}{separator}{number}", number + 1
        taken.add(key.casefold())
        keys[text] = key
    return keys
