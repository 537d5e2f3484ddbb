"""Vietnamese names as keys: what people write differently and mean the same."""

from __future__ import annotations

import re
import unicodedata

_PREFIXES = re.compile(
    r"^(tinh|thanh pho|tp|quan|huyen|thi xa|tx|thi tran|tt|xa|phuong|p|dac khu|"
    r"thon|lang|ban|buon|to dan pho|tdp)[ .]+(?=\S)"
)

_D = str.maketrans("ĐđÐð", "dddd")


def fold(name: str, *, prefix: bool = False) -> str:
    """Return a key that is equal for spellings of one name.

    Marks of tone and vowel, case, spaces, hyphens and apostrophes are dropped, Đ (U+0110) and Ð (U+00D0)
    become d: ``Đắk``, ``Đăk`` and ``ĐAK`` agree, and so do ``Hòa`` and ``Hoà``. A final ``y`` after ``u``
    or a consonant becomes ``i``: ``Quy`` and ``Qui``, ``Mỹ`` and ``Mĩ``.

    Parameters
    ----------
    name : str
    prefix : bool
        Also drop the kind of unit in front: ``xã``, ``phường``, ``tỉnh``, ``TP.``.
    """
    text = unicodedata.normalize(
        "NFD", name.replace("Đ", "d").replace("đ", "d").replace("Ð", "d").replace("ð", "d")
    )
    text = "".join(c for c in text if not unicodedata.combining(c)).casefold()
    text = re.sub(r"[\s\-‐‑–_]+", " ", re.sub(r"['’`]", "", text)).strip()
    if prefix:
        text = _PREFIXES.sub("", text)
    text = re.sub(r"(?<=[bcdghklmnpqrstuvx])y(?![a-z])", "i", text)
    return text.replace(" ", "")
