"""Codes that a spreadsheet took for numbers: ``8,4E+11`` once was twelve digits, of which two are left."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from phusong.layers.rules import error, warning

SPOILT = warning(
    "code-spoilt",
    "Bảng tính đã đổi mã thành số và làm mất chữ số: không còn biết mã gốc.",
    "A spreadsheet has turned the code into a number and lost digits of it: the code itself is not known.",
    "Lấy lại mã từ tệp gốc: trong Excel định dạng cột là Văn bản (Text) trước khi dán, mở CSV bằng Dữ liệu > "
    "Từ Văn bản/CSV, rồi lưu lại.",
    "Take the codes from the original: in Excel format the column as Text before you paste, open a CSV by "
    "Data > From Text/CSV, and save again.",
)
SPOILT_TWICE = error(
    "code-spoilt-twice",
    "Bảng tính đã đổi mã thành số và làm mất chữ số, nên dòng này trùng mã với dòng {first}.",
    "A spreadsheet has turned the code into a number and lost digits of it, so that this row has the code of "
    "row {first}.",
    SPOILT.remedy.vi, SPOILT.remedy.en,
)

_FORM = r"\d(?:[.,]\d+)?[eE]\+\d{1,3}|\d[.,]\d+[eE]\d{1,3}|[1-9]\d{15}\.0"
"""As Excel shows a number of twelve digits or more, as other programs do, and one whose sixteenth digit a
number of Excel's, which has fifteen, cannot hold."""
_SPOILT = re.compile(_FORM)
_ANY = re.compile(rf"(?:^|\x00)(?:{_FORM})(?:\x00|$)")


def is_code(name: str) -> bool:
    """Tell whether a column of ours holds codes, by its name: ``site_id``, ``commune_code``, ``id``."""
    return name == "id" or name.endswith(("_id", "_code"))


def spoilt_codes(codes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which codes a spreadsheet has turned into numbers, at the cost of their digits.

    Parameters
    ----------
    codes : array of str, shape (n,)
    """
    cells = codes.tolist()
    if _ANY.search("\x00".join(cells)) is None:
        return np.zeros(len(cells), dtype=bool)
    return np.array([_SPOILT.fullmatch(cell) is not None for cell in cells], dtype=bool)
