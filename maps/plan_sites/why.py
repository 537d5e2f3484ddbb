"""Why each site of a plan stands where it stands: in words, for pages, workbook and document."""

from __future__ import annotations

from collections.abc import Sequence

from phusong.coverage.plan.site_aims import UNITS
from phusong.coverage.plan.site_plan import SitePlan
from phusong.coverage.plan.site_steps import Step
from phusong.data.language import Language, Text, format_number, join
from phusong.maps.plan_sites.words import candidate_name, unit_of

EVEN_MILLION = 0.5
"""Prices that differ by less are called equal."""

_RANK = Text(
    "Xếp thứ {order}: mỗi tỷ đồng được thêm {rate} {unit}, nhiều nhất trong các vị trí còn lại; kế đó là "
    "{next} ({next_rate}).",
    "No. {order}: {rate} {unit} gained per billion dong, the most of the sites that are left; next comes "
    "{next} ({next_rate}).",
)
_EVEN = Text(
    "Xếp thứ {order}: mỗi tỷ đồng được thêm {rate} {unit}, bằng {next} và không kém vị trí nào còn lại.",
    "No. {order}: {rate} {unit} gained per billion dong, as much as {next}; no other site left gives "
    "more.",
)
_LAST = Text(
    "Xếp cuối: khi các vị trí khác đã có, mỗi tỷ đồng được thêm {rate} {unit}.",
    "Last: with all the others standing, {rate} {unit} gained per billion dong.",
)
_ONLY = Text(
    "Vị trí duy nhất: mỗi tỷ đồng được thêm {rate} {unit}.", "The only site: {rate} {unit} per billion dong."
)
_WISHED = Text(
    "Vị trí bắt buộc (--fixed), xếp trước: mỗi tỷ đồng được thêm {rate} {unit}.",
    "Fixed by the question, hence among the first: {rate} {unit} gained per billion dong.",
)
_AFTER = Text(
    "Phải xây sau {to}, nơi tuyến vi ba nối vào.",
    "It has to come after {to}, to which its microwave link leads.",
)
_LOST = Text(
    "Bỏ vị trí này thì {what} không vị trí nào khác trong kế hoạch phủ tới.",
    "Without it {what} would be covered by no other site of the plan.",
)
_REUSE = Text(
    "Dùng chung cột có sẵn, không xây mới.", "It uses a mast that stands; nothing new is built."
)
_NO_MAST = Text(
    "Phải xây mới: không cột nào còn dùng chung được (chưa có {technology}) phủ tới nơi này.",
    "A new tower: no mast that could be shared (without {technology} yet) covers any of this.",
)
_WEAK_MAST = Text(
    "Phải xây mới: {n} cột còn dùng chung được (chưa có {technology}) chỉ phủ một phần nơi này, "
    "không cột nào một mình thay được.",
    "A new tower: {n} masts that could be shared (without {technology} yet) cover a part of this, "
    "none can take its place alone.",
)
_DEAR_MAST = Text(
    "Dùng chung cột {name} cũng được, nhưng cả kế hoạch đắt thêm {extra} triệu đồng.",
    "The mast {name} would do as well, but the whole plan would cost {extra} million dong more.",
)
_NONE = Text(
    "Không ứng viên nào khác một mình thay được mà kế hoạch vẫn {goal}.",
    "No other candidate could take its place alone with the plan still {goal}.",
)
_OTHER = Text(
    "Vị trí khác thay được rẻ nhất là {name}: cả kế hoạch đắt thêm {extra} triệu đồng.",
    "The cheapest other place that would do is {name}: the whole plan would cost {extra} million dong more.",
)
_OTHER_EVEN = Text(
    "{name} thay được với giá tương đương: chọn nơi nào tùy khảo sát.",
    "{name} would do for about the same money: the survey decides.",
)
_REACHES = Text("đạt mục tiêu", "reaching the targets")
_AS_MUCH = Text("được nhiều như vậy", "gaining as much")
_MISSING = Text("% phần còn thiếu", "% of what is missing")
ONE = {
    "people": Text("người", "person"), "villages": Text("thôn, làng", "village"),
    "key": Text("vị trí", "location"),
}  # fmt: skip
RATE = Text("Xếp theo: {unit} / tỷ đồng", "Ranked by: {unit} per billion")
WHY = Text("Vì sao", "Why")
HEAD = Text("Vì sao theo thứ tự này", "Why in this order")


def rate_unit(found: SitePlan) -> Text:
    """Return the unit in which sites are ranked, per billion dong."""
    if not found.question.targets:
        return unit_of(found)
    targets = found.open_targets()
    if len(targets) != 1:
        return _MISSING
    return UNITS.get(targets[0], Text("điểm", "points"))


def by_people(found: SitePlan) -> bool:
    """Tell whether sites are ranked by people alone."""
    return rate_unit(found) == UNITS["people"]


def rate_said(found: SitePlan, rate: float, lang: Language) -> str:
    """Return a rate as it is written: whole people, two decimals of what is fewer."""
    return format_number(rate, lang, 0 if by_people(found) and rate >= 10.0 else 2)


def why(found: SitePlan, steps: Sequence[Step], step: Step, lang: Language) -> list[str]:
    """Return sentences: its rank, what would be lost without it, whether a mast would do, what else would."""
    said = [_rank(found, steps, step, lang)]
    if step.backhaul == "microwave" and any(s.site_id == step.backhaul_to for s in steps):
        said.append(_AFTER.say(lang, to=step.backhaul_to))
    parts = [
        _counted(step.lost[n], n, d, lang)
        for n, d, least in (
            ("people", 0, 0.5), ("villages", 0, 0.5), ("key", 0, 0.5), ("zones", 2, 0.005), ("roads", 1, 0.05)
        )
        if step.lost.get(n, 0.0) >= least
    ]  # fmt: skip
    if parts:
        said.append(_LOST.say(lang, what=join(parts, lang)))
    return [*said, *_instead(found, step, lang)]


def _counted(value: float, name: str, decimals: int, lang: Language) -> str:
    unit = UNITS[name]
    if lang == "en" and round(value, decimals) == 1.0:
        unit = ONE.get(name, unit)
    return f"{format_number(value, lang, decimals)} {unit.say(lang)}"


def _rank(found: SitePlan, steps: Sequence[Step], step: Step, lang: Language) -> str:
    turn = step.turn
    rate, near = (rate_said(found, v, lang) for v in (turn.rate, turn.next_rate))
    values = {"order": step.order, "rate": rate, "unit": rate_unit(found)}
    if turn.wished:
        return _WISHED.say(lang, **values)
    if turn.next < 0:
        return (_ONLY if len(steps) == 1 else _LAST).say(lang, **values)
    text = _EVEN if near == rate else _RANK
    return text.say(lang, **values, next=candidate_name(found, turn.next, lang), next_rate=near)


def _instead(found: SitePlan, step: Step, lang: Language) -> list[str]:
    shared, other = step.kind == "mast", step.substitute
    said = [_REUSE.say(lang)] if shared else []
    if other is None or step.turn.wished:
        return said
    if not shared and other.mast >= 0 and other.mast != other.candidate:
        extra = format_number(other.mast_extra, lang, 0)
        said.append(_DEAR_MAST.say(lang, name=candidate_name(found, other.mast, lang), extra=extra))
    elif not shared and other.mast < 0:
        text = _WEAK_MAST if other.masts_near else _NO_MAST
        technology = str(found.added["technology"].iloc[0])
        said.append(text.fill(lang, {"n": other.masts_near, "technology": technology}))
    if other.candidate < 0:
        goal = _REACHES if found.question.targets else _AS_MUCH
        said.append(_NONE.say(lang, goal=goal))
    else:
        name, extra = candidate_name(found, other.candidate, lang), format_number(other.extra, lang, 0)
        text = _OTHER if other.extra >= EVEN_MILLION else _OTHER_EVEN
        said.append(text.say(lang, name=name, extra=extra))
    return said
