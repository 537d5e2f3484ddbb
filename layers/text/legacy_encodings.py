"""The encodings in which Vietnamese was written before Unicode, as tables, and text through them.

Sources: TCVN 5712:1993, set 3 (VN3; the `.VnTime` fonts of the ABC program); the character table of VNI
for Windows (`VNI-Times`); Microsoft code page 1258. Files in these encodings reach a program of today
byte by byte as letters of code page 1252: ``Trạm`` in TCVN3 is seen as ``Tr¹m``, in VNI as ``Traïm``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Mapping
from contextlib import suppress
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

Encoding = Literal["tcvn3", "vni", "cp1258", "utf-8"]
"""``utf-8`` is sound Unicode that some program has taken for code page 1252: ``Tráº¡m``."""

ENCODINGS: tuple[Encoding, ...] = ("tcvn3", "vni", "cp1258", "utf-8")

_PLAIN_CAPITALS_TCVN3 = {
    "Ă": 0xA1, "Â": 0xA2, "Ê": 0xA3, "Ô": 0xA4, "Ơ": 0xA5, "Ư": 0xA6, "Đ": 0xA7,
}
_SMALL_TCVN3 = {
    "ă": 0xA8, "â": 0xA9, "ê": 0xAA, "ô": 0xAB, "ơ": 0xAC, "ư": 0xAD, "đ": 0xAE,
    "à": 0xB5, "ả": 0xB6, "ã": 0xB7, "á": 0xB8, "ạ": 0xB9,
    "ằ": 0xBB, "ẳ": 0xBC, "ẵ": 0xBD, "ắ": 0xBE, "ặ": 0xC6,
    "ầ": 0xC7, "ẩ": 0xC8, "ẫ": 0xC9, "ấ": 0xCA, "ậ": 0xCB,
    "è": 0xCC, "ẻ": 0xCE, "ẽ": 0xCF, "é": 0xD0, "ẹ": 0xD1,
    "ề": 0xD2, "ể": 0xD3, "ễ": 0xD4, "ế": 0xD5, "ệ": 0xD6,
    "ì": 0xD7, "ỉ": 0xD8, "ĩ": 0xDC, "í": 0xDD, "ị": 0xDE,
    "ò": 0xDF, "ỏ": 0xE1, "õ": 0xE2, "ó": 0xE3, "ọ": 0xE4,
    "ồ": 0xE5, "ổ": 0xE6, "ỗ": 0xE7, "ố": 0xE8, "ộ": 0xE9,
    "ờ": 0xEA, "ở": 0xEB, "ỡ": 0xEC, "ớ": 0xED, "ợ": 0xEE,
    "ù": 0xEF, "ủ": 0xF1, "ũ": 0xF2, "ú": 0xF3, "ụ": 0xF4,
    "ừ": 0xF5, "ử": 0xF6, "ữ": 0xF7, "ứ": 0xF8, "ự": 0xF9,
    "ỳ": 0xFA, "ỷ": 0xFB, "ỹ": 0xFC, "ý": 0xFD, "ỵ": 0xFE,
}
"""TCVN 5712:1993, VN3. Capitals with a tone have no code: a font of capitals (`.VnTimeH`) shows them."""

_VNI_TONES = {"a": "ùøûõï", "e": "ùøûõï", "o": "ùøûõï", "u": "ùøûõï", "ơ": "ùøûõï", "ư": "ùøûõï", "y": "ùøûõ"}
_VNI_ROOF = {"â": "aáàåãä", "ê": "eáàåãä", "ô": "oáàåãä", "ă": "aéèúüë"}
_VNI_SINGLE = {"ơ": "ô", "ư": "ö", "đ": "ñ", "í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î"}
_TONES = "\u0301\u0300\u0309\u0303\u0323"
"""Sắc, huyền, hỏi, ngã, nặng, the order of the tables above."""

CP1252 = "cp1252"
_UNASSIGNED_1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)


@lru_cache(maxsize=1)
def tcvn3_letters() -> Mapping[str, str]:
    """Return what code page 1252 shows for each letter of TCVN3: ``¹`` to ``ạ``."""
    table = {chr(code): letter for letter, code in {**_PLAIN_CAPITALS_TCVN3, **_SMALL_TCVN3}.items()}
    return MappingProxyType(table)


@lru_cache(maxsize=1)
def vni_letters() -> Mapping[str, str]:
    """Return what code page 1252 shows for each letter of VNI: ``aï`` to ``ạ``, ``ñ`` to ``đ``."""
    small = {single: letter for letter, single in _VNI_SINGLE.items()}
    for letter, marks in _VNI_TONES.items():
        base = _VNI_SINGLE.get(letter, letter)
        for mark, tone in zip(marks, _TONES, strict=False):
            small[base + mark] = unicodedata.normalize("NFC", letter + tone)
    for letter, seen in _VNI_ROOF.items():
        base, marks = seen[0], seen[1:]
        small[base + ("ê" if letter == "ă" else "â")] = letter
        for mark, tone in zip(marks, _TONES, strict=True):
            small[base + mark] = unicodedata.normalize("NFC", letter + tone)
    table = dict(small)
    for seen, letter in small.items():
        table[seen.upper()] = letter.upper()
        table[seen[0].upper() + seen[1:]] = letter.upper()
    return MappingProxyType(table)


def _vni_pattern() -> re.Pattern[str]:
    longest_first = sorted(vni_letters(), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


_VNI = _vni_pattern()
_UNIT_WORDS = frozenset(
    ("xã", "phường", "thị", "trấn", "thành", "phố", "đặc", "khu", "quận", "huyện", "tỉnh", "thôn", "làng",
     "bản", "buôn", "ấp", "tổ", "dân", "khóm", "tp", "tt", "tx")
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def decode(seen: str, encoding: Encoding) -> str:
    """Return the Unicode text (NFC) of what code page 1252 shows of ``seen``.

    Parameters
    ----------
    seen : str
        A cell as it stands, each byte a letter of code page 1252 (or Latin-1).
    encoding : {"tcvn3", "vni", "cp1258", "utf-8"}

    Raises
    ------
    ValueError
        The text has letters that this encoding cannot have.
    """
    if encoding == "tcvn3":
        return _decode_tcvn3(seen)
    if encoding == "vni":
        return _decode_vni(seen)
    if encoding == "utf-8" and seen.endswith("Ã"):
        seen += "\xa0"  # the second byte of à is a blank, which spreadsheets and programs strip
    data = to_bytes(seen)
    if encoding == "cp1258":
        return unicodedata.normalize("NFC", data.decode("cp1258"))
    text = data.decode("utf-8")
    if any("\x80" <= c <= "\xff" for c in text) and not any(c > "\u0300" for c in text):
        with suppress(ValueError):  # taken for code page 1252 twice
            text = to_bytes(text).decode("utf-8")
    return unicodedata.normalize("NFC", text)


def encode(text: str, encoding: Encoding) -> str:
    """Return what code page 1252 shows of a Vietnamese text written in an old encoding.

    TCVN3 has no capitals with a tone: they are written as small letters, as its fonts of capitals want it.

    Raises
    ------
    ValueError
        The encoding has no code for one of the letters.
    """
    text = unicodedata.normalize("NFC", text)
    if encoding == "utf-8":
        return from_bytes(text.encode("utf-8"))
    if encoding == "cp1258":
        return from_bytes("".join(_to_1258(c) for c in text).encode("cp1258"))
    table = _tcvn3_codes() if encoding == "tcvn3" else _vni_codes()
    return "".join(c if c.isascii() else _code(c, table) for c in text)


@lru_cache(maxsize=1)
def _tcvn3_codes() -> Mapping[str, str]:
    codes = {letter: seen for seen, letter in tcvn3_letters().items()}
    return {**{letter.upper(): seen for letter, seen in codes.items() if letter.islower()}, **codes}


@lru_cache(maxsize=1)
def _vni_codes() -> Mapping[str, str]:
    codes: dict[str, str] = {}
    for seen, letter in vni_letters().items():
        if letter not in codes or seen == seen.upper():
            codes[letter] = seen
    return codes


def _code(letter: str, table: Mapping[str, str]) -> str:
    try:
        return table[letter]
    except KeyError:
        raise ValueError(f"no code for {letter!r}") from None


def _to_1258(letter: str) -> str:
    """Return a letter as Windows types it in Vietnamese: the tone apart from the vowel."""
    try:
        letter.encode("cp1258")
        return letter
    except UnicodeEncodeError:
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(c for c in parts if c in _TONES)
        rest = unicodedata.normalize("NFC", "".join(c for c in parts if c not in _TONES))
        return rest + tone


def to_bytes(seen: str) -> bytes:
    """Return the bytes that code page 1252 (Latin-1 where it has none) shows as ``seen``.

    Raises
    ------
    ValueError
        A letter that is in neither.
    """
    try:
        return seen.encode("cp1252")
    except UnicodeEncodeError:
        return b"".join(_byte(c) for c in seen)


def _byte(letter: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")


def from_bytes(data: bytes) -> str:
    """Return bytes as code page 1252 shows them; the five that it lacks as Latin-1 does."""
    return "".join(chr(b) if b in _UNASSIGNED_1252 else bytes([b]).decode("cp1252") for b in data)


def _decode_vni(seen: str) -> str:
    _only(seen, "".join(vni_letters()))
    rest = _VNI.sub("", seen)
    if any(c.isalpha() and not c.isascii() for c in rest):
        raise ValueError(f"marks without a vowel in {seen!r}")
    return unicodedata.normalize("NFC", _VNI.sub(lambda m: vni_letters()[m.group()], seen))


def _only(seen: str, letters: Container[str]) -> None:
    """Raise `ValueError` for a letter that the encoding cannot show; signs such as ° are let through."""
    for c in seen:
        if c > "\x7f" and c not in letters and (c.isalpha() or c > "\xff") and c not in "–—‘’“”…•€™ºª":
            raise ValueError(f"{c!r} is no letter of this encoding")


def _decode_tcvn3(seen: str) -> str:
    """Return the text; capitals come back where the word or the cell shows that they were meant.

    A word written in capitals (``TR¹M``) was shown by a font of capitals: its small letters with a tone
    become capitals. A word that begins with such a letter in a cell whose other words all begin with
    capitals (names) gets its capital back.
    """
    _only(seen, tcvn3_letters())
    text = "".join(tcvn3_letters().get(c, c) for c in seen)
    if text.isascii():
        return text
    words = _WORD.findall(text)
    shouted = _all_capitals(seen)
    others = [w for w in words if w not in _UNIT_WORDS and w[0].isascii()]
    titled = bool(others) and all(w[0].isupper() for w in others)

    def restore(match: re.Match[str]) -> str:
        """Return a word with the capitals that its font had drawn."""
        word = match.group()
        if shouted or _inner_capital(word):
            return word.upper()
        if titled and word not in _UNIT_WORDS and not word[0].isascii():
            return word[0].upper() + word[1:]
        return word

    return _WORD.sub(restore, text)


def _all_capitals(seen: str) -> bool:
    """Tell a heading in capitals from a name that merely has some (``X· SRã``)."""
    plain = [c for c in seen if c.isascii() and c.isalpha()]
    words = [w for w in seen.split() if any(c.isalpha() for c in w)]
    long = [w for w in words if sum(c.isascii() and c.isupper() for c in w) >= 2]
    return all(c.isupper() for c in plain) and (len(long) >= 3 or 2 * len(long) > len(words))


def _inner_capital(word: str) -> bool:
    """Tell a word in capitals by one that follows a letter with a tone: ``TRạM``."""
    plain = [c for c in word if c.isascii()]
    first = next((i for i, c in enumerate(word) if not c.isascii() and c.islower()), len(word))
    return bool(plain) and all(c.isupper() for c in plain) and any(c.isascii() for c in word[first:])
