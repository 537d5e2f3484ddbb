"""Whether a word can be a Vietnamese syllable, names of the highlands included: spelling, not meaning.

Vietnamese is written in single syllables of one vowel group with at most one tone, whose place is fixed
by the group. Text read in a wrong encoding breaks these rules almost at once (``aõ``, ``Ö`` inside a
word), and so they tell the encodings apart. The rules are those of the school orthography (the rules
of spelling of 1984, both places of the tone in ``hoà``/``hòa`` allowed), widened to romanised names of
the Central Highlands (``Krông``, ``Đắk``, ``Pưh``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TONES = {"\u0301": "sắc", "\u0300": "huyền", "\u0309": "hỏi", "\u0303": "ngã", "\u0323": "nặng"}
_VOWELS = "aăâeêioôơuưy"
_CONSONANTS = frozenset("bcdđghjklmnpqrstvwxzf")
_ONSETS = _words(
    "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph q r s t th tr v x j w "
    "br bl dr đr gr gl kr kl pr pl hr hl hn hm hng hđ hb hd hj hw mđ md mn ml mr mđr mdr mb mg rv "
    "kb kd kđ kn kp kt km kch ks tl sr sl ty pt drg"
)
_OPEN = _words(
    "a ă â e ê i o ô ơ u ư y ai ao au ay âu ây eo êu ia iu oa oe oi ôi ơi oo ua ui uy ưa ưi ưu uê uơ "
    "iêu oai oao oay oeo uây uôi uya uyu ươi ươu yêu uêu uâ êa ea ơu io iơ ya ye yu yi ie ôê ươ uô iê"
)
_CLOSED = _words(
    "a ă â e ê i o ô ơ u ư y iê oa oă oe oo uâ uê uô uy ươ yê uyê uơ ôô ia ea ie ya ua"
)
_CODAS = _words("c ch m n ng nh p t")
_HIGHLAND_CODAS = _words("k l h r s w ih nk lh ĭ ng n")
_STOPS = ("c", "ch", "p", "t", "k")
_SPLIT = re.compile(rf"([^{_VOWELS}]*)([{_VOWELS}]+)([^{_VOWELS}]*)")


def _parts(word: str) -> tuple[str, str, int] | None:
    """Return the letters without tone, the tone, and which letter carries it (-1 for none)."""
    letters: list[str] = []
    tone, place = "", -1
    for c in unicodedata.normalize("NFC", word):
        apart = unicodedata.normalize("NFD", c)
        mark = [m for m in apart[1:] if m in _TONES]
        rest = unicodedata.normalize("NFC", "".join(m for m in apart if m not in _TONES))
        if len(rest) != 1 or len(mark) > 1 or (mark and tone):
            return None
        if mark:
            tone, place = _TONES[mark[0]], len(letters)
        letters.append(rest)
    return "".join(letters), tone, place


@lru_cache(maxsize=65_536)
def is_syllable(word: str) -> bool:
    """Tell whether a word is spelt as a Vietnamese syllable may be.

    Parameters
    ----------
    word : str
        One word, composed or not. A capital after a small letter is no Vietnamese spelling, unless the
        small letters before it are a consonant cluster of a highland name (``HDrông``).

    >>> is_syllable("Trường"), is_syllable("Krông"), is_syllable("xaõ")
    (True, True, False)
    """
    word = unicodedata.normalize("NFC", word)
    if not word or not _case_fits(word):
        return False
    split = _parts(word.lower())
    if split is None:
        return False
    letters, tone, place = split
    if any(c not in _VOWELS and c not in _CONSONANTS for c in letters):
        return False
    for onset, group, coda in _readings(letters):
        if _rhyme_fits(group, coda, tone, place - len(onset)):
            return True
    return False


def _case_fits(word: str) -> bool:
    if word.isupper() or word.islower() or word[1:].islower():
        return True
    return word[0].isupper() and word[1].isascii() and word[1].isupper() and word[2:].islower()


def _readings(letters: str) -> list[tuple[str, str, str]]:
    match = _SPLIT.fullmatch(letters)
    if match is None:
        return []
    onset, group, coda = match.groups()
    found = []
    if onset == "" or onset in _ONSETS:
        found.append((onset, group, coda))
    if len(group) > 1 and (onset, group[0]) in (("q", "u"), ("g", "i")):
        found.append((onset + group[0], group[1:], coda))
    return found


def _rhyme_fits(group: str, coda: str, tone: str, place: int) -> bool:
    if coda == "":
        if group not in _OPEN:
            return False
    elif coda in _CODAS:
        if group not in _CLOSED:
            return False
    elif coda not in _HIGHLAND_CODAS or (tone not in ("", "sắc", "nặng")) or group not in _CLOSED:
        return False
    if coda in _STOPS and tone in ("huyền", "hỏi", "ngã"):
        return False
    if coda in ("l", "h", "r", "s", "w") and tone:
        return False
    return not tone or place in _tone_places(group, closed=coda != "")


def _tone_places(group: str, *, closed: bool) -> tuple[int, ...]:
    """Return the letters of a vowel group that may carry its tone."""
    if len(group) == 1:
        return (0,)
    marked = [i for i, c in enumerate(group) if c in "ăâêôơư"]
    if marked:
        return (marked[-1],)
    if len(group) == 3:
        return (1,)
    if closed:
        return (1,)
    return (0, 1) if group in ("oa", "oe", "uy") else (0,)
