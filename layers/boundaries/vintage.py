"""Of which vintage the codes of a table are; found by evidence, refused where it is not certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from phusong.data.names import fold
from phusong.layers.boundaries.crosswalk import Vintage, crosswalk
from phusong.layers.rules import Report, error, warning

Reason = Literal["declared", "codes", "names", "complete", "undecided", "mixed", "nothing"]

UNDECIDED = error(
    "vintage-undecided",
    "Không rõ mã xã theo đơn vị hành chính nào: {n} mã có ở cả hai đợt (trước và từ 01/7/2025) với nghĩa "
    "khác nhau, ví dụ {code} là {old} hoặc {new}.",
    "The vintage of the commune codes is not clear: {n} codes stand in both lists (before and since 1 July "
    "2025) and mean different areas, for example {code} is {old} or {new}.",
    'Thêm cột tên xã, hoặc khai trong dự án: vintage = "2024" (trước sáp nhập) hoặc vintage = "2025".',
    'Add a column of names, or declare it in the project: vintage = "2024" (before the merger) or "2025".',
)
MIXED = error(
    "vintage-mixed",
    "Bảng lẫn mã xã trước và sau sắp xếp: {old} dòng theo đơn vị cũ, {new} dòng theo đơn vị mới.",
    "The table mixes communes of before and after the merger: {old} rows are old, {new} are new.",
    "Tách thành hai bảng, hoặc sửa mã; ví dụ dòng {rows}.",
    "Divide it into two tables, or mend the codes; see rows {rows}.",
)
OLD_CODES = warning(
    "vintage-old",
    "Mã xã theo đơn vị hành chính trước 01/7/2025 ({n} dòng): số liệu được chuyển sang xã mới.",
    "The commune codes are of before 1 July 2025 ({n} rows): the figures are carried to the new communes.",
)


@dataclass(frozen=True)
class VintageAnswer:
    """Of which vintage a table's codes are.

    Attributes
    ----------
    vintage : {"2024", "2025"} or None
        None is a refusal.
    reason : str
        ``declared``; ``codes`` (some stand in one list only), ``names`` (of codes that both lists have);
        ``complete`` (exactly all communes of a province of 2025); ``undecided``, ``mixed``, ``nothing``.
    only_old, only_new, both, unknown : int
        Rows by where their code stands.
    named_old, named_new : int
        Rows whose name is that of one vintage and not of the other.
    old_rows, new_rows : tuple of int
        Positions of the first rows that speak for either.
    example : str
        A code with two meanings.
    """

    vintage: Vintage | None
    reason: Reason
    only_old: int = 0
    only_new: int = 0
    both: int = 0
    unknown: int = 0
    named_old: int = 0
    named_new: int = 0
    old_rows: tuple[int, ...] = ()
    new_rows: tuple[int, ...] = ()
    example: str = ""


def vintage_of(
    codes: Sequence[str], names: Sequence[str] | None = None, *, declared: Vintage | None = None
) -> VintageAnswer:
    """Say of which vintage the codes of a table are.

    Parameters
    ----------
    codes : sequence of str, shape (n,)
        Five digits, as text; empty ones are passed over.
    names : sequence of str, shape (n,), optional
        Of the communes, with or without their kind, in any spelling.
    declared : {"2024", "2025"}, optional
        It wins; the counts are given all the same.

    Returns
    -------
    VintageAnswer

    Notes
    -----
    A code that stands in one list only decides, unless others contradict it. Otherwise names decide where
    at least nine tenths of those that differ agree; else the whole list does if it is exactly a province
    of 2025, for a third of the old codes were kept and no old province is made of those alone.
    """
    walk = crosswalk()
    old_rows: list[int] = []
    new_rows: list[int] = []
    named: dict[str, list[int]] = {"2024": [], "2025": []}
    both = unknown = 0
    example = ""
    for i, code in enumerate(codes):
        in_old, in_new = code in walk.old, code in walk.new
        if in_old and in_new:
            both += 1
            example = example or code
            voice = _voice(code, names[i] if names is not None else "")
            if voice:
                named[voice].append(i)
        elif in_old:
            old_rows.append(i)
        elif in_new:
            new_rows.append(i)
        elif code:
            unknown += 1
    named_old, named_new = len(named["2024"]), len(named["2025"])
    vintage, reason = _decide(codes, len(old_rows), len(new_rows), named_old, named_new, both)
    if declared is not None:
        vintage, reason = declared, "declared"
    return VintageAnswer(
        vintage, reason, len(old_rows), len(new_rows), both, unknown, named_old, named_new,
        tuple((old_rows + named["2024"])[:20]), tuple((new_rows + named["2025"])[:20]), example,
    )


def _voice(code: str, name: str) -> str:
    """Return the vintage in which a code has this name, if only one."""
    if not name.strip():
        return ""
    walk = crosswalk()
    key, whole = fold(name, prefix=True), fold(name)
    units = {"2024": walk.old[code], "2025": walk.new[code]}
    for fits in (
        [v for v, u in units.items() if fold(u.name, prefix=True) == key],
        [v for v, u in units.items() if fold(u.name) == whole],
    ):
        if len(fits) == 1:
            return fits[0]
    return ""


def _decide(
    codes: Sequence[str], only_old: int, only_new: int, named_old: int, named_new: int, both: int
) -> tuple[Vintage | None, Reason]:
    if only_old and only_new:
        return None, "mixed"
    if only_old or only_new:
        mine, other = (named_old, named_new) if only_old else (named_new, named_old)
        if other > 0.1 * (mine + other + only_old + only_new):
            return None, "mixed"
        return ("2024" if only_old else "2025"), "codes"
    votes = named_old + named_new
    if votes:
        if max(named_old, named_new) < 0.9 * votes:
            return None, "mixed"
        return ("2024" if named_old > named_new else "2025"), "names"
    if not both:
        return None, "nothing"
    return ("2025", "complete") if _is_complete({c for c in codes if c}) else (None, "undecided")


def _is_complete(codes: set[str]) -> bool:
    """Tell whether the codes are all communes of one or more provinces of 2025 and no others."""
    new = crosswalk().new
    touched = {new[c].province_code for c in codes if c in new}
    whole = {c for c, u in new.items() if u.province_code in touched}
    return len(whole) >= 10 and whole == codes


def tell_vintage(report: Report, header: str, answer: VintageAnswer, rows: Sequence[Any]) -> None:
    """Tell that the codes are old, or why their vintage is refused; ``rows`` as the user counts them."""
    if answer.reason == "undecided":
        walk = crosswalk()
        report.once(
            UNDECIDED, column=header, n=answer.both, code=answer.example, old=walk.old[answer.example].name,
            new=walk.new[answer.example].name,
        )
    elif answer.reason == "mixed":
        shown = [*answer.old_rows[:3], *answer.new_rows[:3]]
        report.once(
            MIXED, row=str(rows[shown[0]]) if shown else "", column=header,
            old=answer.only_old + answer.named_old, new=answer.only_new + answer.named_new,
            rows=", ".join(str(rows[i]) for i in shown),
        )
    elif answer.vintage == "2024":
        report.once(OLD_CODES, column=header, n=answer.only_old + answer.both)
