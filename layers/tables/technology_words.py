"""Words for radio technologies, in cells and in headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from phusong.layers.rules import fold

STANDARDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "2G": ("GSM", "GPRS", "EDGE"),
        "3G": ("UMTS", "WCDMA", "HSPA", "HSPA+"),
        "4G": ("LTE", "LTE-A", "LTE Advanced", "E-UTRA"),
        "5G": ("NR", "5G NR", "5G SA", "5G NSA"),
    }
)
"""Names of radio standards by the technology that they are counted as."""
BY_WORD: Mapping[str, str] = MappingProxyType(
    {fold(word): name for name, words in STANDARDS.items() for word in (name, *words)}
)

_FILLERS = frozenset(
    ("cong", "nghe", "technology", "tech", "tram", "phat", "song", "bts", "co", "mang", "the", "he", "nodeb",
     "enodeb", "gnodeb", "enb", "gnb", "loai", "site", "has", "x", "di", "dong", "dich", "vu", "phu", "ho",
     "tro", "da", "hien")
)
"""Words that may stand beside the technology in the header of a column of marks."""
_BETWEEN = re.compile(
    r"\s*(?:[/,;+&|()\n]|\bvà\b|\band\b)\s*|(?<=[2345]G)\s*(?:-|\s)\s*(?=[2-5A-Z])", re.IGNORECASE
)


def technology_of_words(words: str) -> str:
    """Return the technology that a header is about, and nothing else; empty for none.

    Parameters
    ----------
    words : str
        In small letters without marks, as `phusong.layers.tables.headers.normalise` gives them.

    Examples
    --------
    >>> technology_of_words("cong nghe 4g"), technology_of_words("bang tan 4g")
    ('4G', '')
    """
    left = [w for w in words.split() if w not in _FILLERS]
    whole = "".join(left)
    if whole in BY_WORD:
        return BY_WORD[whole]
    found = {BY_WORD.get(w, "") for w in left}
    return found.pop() if len(found) == 1 else ""


def technologies_of(cell: str) -> tuple[str, ...]:
    """Return the technologies that one cell names, in order; empty unless every part is one.

    >>> technologies_of("3G/4G"), technologies_of("GSM + LTE"), technologies_of("4G, cáp")
    (('3G', '4G'), ('2G', '4G'), ())
    """
    if fold(cell) in BY_WORD:
        return (BY_WORD[fold(cell)],)
    parts = [fold(p) for p in _BETWEEN.split(cell.strip()) if p.strip()]
    if not parts or any(p not in BY_WORD for p in parts):
        return ()
    return tuple(sorted({BY_WORD[p] for p in parts}))
