"""Invented names. No commune is called as any real one in the register of Vietnam's units."""

from __future__ import annotations

import numpy as np

from phusong.data.sample.frame import BoolArray

PROVINCE_CODE = "99"
"""No province has it; the real codes of communes end at 32248."""
PROVINCE_NAME = "Tỉnh Mẫu (minh họa)"

_FIRST = ["Bích", "Hạc", "Ngân", "Diệp", "Liễu", "Sen", "Tịnh", "Tùng", "Trúc", "Minh", "Nguyệt", "Bạch"]
_SECOND = ["Nham", "Tuyền", "Lĩnh", "Xuyên", "Điền", "Loan", "Trạch", "Sa", "Dã", "Uyên", "Hồ", "Kiều",
           "Nguyên", "Đàm"]  # fmt: skip
_UPLAND_FIRST = ["Ia", "Đắk", "Krông", "Kon", "Ya"]
_UPLAND_SECOND = ["Rơlin", "Blungơ", "Hmiar", "Tơpeng", "Sơlam", "Klơi", "Drăngơ", "Nhơl", "Mơyun",
                  "Pơlan", "Hrênh", "Tơlia", "Bơruih", "Kơdra"]  # fmt: skip
_SIDES = ("", " Đông", " Tây", " Nam", " Bắc")
_VILLAGE_FIRST = ["An", "Bình", "Phú", "Tân", "Mỹ", "Hòa", "Long", "Vĩnh", "Trung", "Đông", "Xuân", "Thuận"]
_VILLAGE_SECOND = ["Lạc", "Thành", "Hội", "Sơn", "Điền", "Phước", "Thạnh", "Thịnh", "Lương", "Khánh",
                   "Tường", "Định"]  # fmt: skip


def lowland_names() -> list[str]:
    """Return every name that a commune of the plain may get."""
    return [f"{a} {b}{side}" for side in _SIDES for a in _FIRST for b in _SECOND]


def upland_names() -> list[str]:
    """Return every name that a commune of the mountains may get."""
    return [f"{a} {b}{side}" for side in _SIDES for a in _UPLAND_FIRST for b in _UPLAND_SECOND]


def commune_code(index: int, prefix: str = PROVINCE_CODE) -> str:
    """Return the five-digit code of the commune with this index."""
    return f"{prefix}{index + 1:03d}"


def commune_names(rng: np.random.Generator, upland: BoolArray, ward: BoolArray) -> list[str]:
    """Return one name per commune, ``Phường`` for wards and ``Xã`` for the others."""
    low, high = lowland_names(), upland_names()
    # Names with a compass point come only once those without are used up.
    low_order = np.concatenate([rng.permutation(len(low) // 5) + i * (len(low) // 5) for i in range(5)])
    high_order = np.concatenate([rng.permutation(len(high) // 5) + i * (len(high) // 5) for i in range(5)])
    lows, highs = iter(low_order), iter(high_order)
    names = []
    for is_upland, is_ward in zip(upland, ward, strict=True):
        index = next(highs, None) if is_upland else None
        name = high[index] if index is not None else low[next(lows)]
        names.append(f"{'Phường' if is_ward else 'Xã'} {name}")
    return names


def village_names(rng: np.random.Generator, count: int, kind: str) -> list[str]:
    """Return ``count`` different names for the villages of one commune.

    ``kind`` is ``thôn``, ``làng`` or ``tổ dân phố``; the last have numbers only.
    """
    if kind == "tổ dân phố":
        return [f"Tổ dân phố {i + 1}" for i in range(count)]
    if kind == "làng":
        pool = [f"Làng Plei {name}" for name in _UPLAND_SECOND]
    else:
        pool = [f"Thôn {a} {b}" for a in _VILLAGE_FIRST for b in _VILLAGE_SECOND if a != b]
    order = rng.permutation(len(pool))
    return [
        pool[order[i % len(pool)]] + (f" {i // len(pool) + 1}" if i >= len(pool) else "")
        for i in range(count)
    ]
