"""Questions that have no answer, told so that whoever asks knows what to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.plan.candidates import Candidates, RadioService
from phusong.coverage.plan.cover_problem import (
    BudgetTooSmallError,
    ContradictorySitesError,
    CoverError,
    TargetOutOfReachError,
)
from phusong.coverage.plan.joint import JointProblem
from phusong.coverage.plan.site_aims import NAMES, UNITS, Universe
from phusong.data.language import Text, format_number
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService, Project
from phusong.layers.rules import hint

if TYPE_CHECKING:
    from phusong.coverage.plan.site_plan import SiteQuestion

_SERVICE = Text(
    "Dự án không có dịch vụ vô tuyến '{name}'.{near} Có: {known}.",
    "The project has no radio service '{name}'.{near} There are: {known}.",
)
_NO_RADIO = Text(
    "Dự án không có dịch vụ vô tuyến nào để lập kế hoạch: thêm chẳng hạn [services.4G].",
    "The project has no radio service to plan for: add [services.4G], for example.",
)
_CLOSED = Text(
    "excluded_zones trong [plan.sites] nêu lớp '{name}' không có trong [zones].{near} Có: {known}.",
    "excluded_zones of [plan.sites] names a layer '{name}' that [zones] lacks.{near} There are: {known}.",
)
_OPERATOR = Text(
    "Không có trạm nào của nhà mạng '{name}'.{near} Có: {known}.",
    "No station belongs to the operator '{name}'.{near} There are: {known}.",
)
_ONE_GOAL = Text(
    "Cần đúng một trong các tùy chọn --budget, --target, --count.",
    "Exactly one of --budget, --target and --count is needed.",
)
_PERCENT = Text(
    "Mục tiêu {name} phải trên 0 và không quá 100%, không phải {value}%.",
    "The target of {name} must be above 0 and at most 100%, not {value}%.",
)
_LEAST = Text(
    "--min-gain chỉ dùng với một mục tiêu.", "--min-gain goes with one target only.",
)
_FIGURE = Text(
    "--{name} phải là một số hữu hạn, từ 0 trở lên.", "--{name} must be a finite number, 0 or more."
)
_NO_MONEY = Text(
    "Kinh phí mỗi năm (--per-year) phải trên 0.", "The money of a year (--per-year) must be above 0."
)
_LONG = Text(
    "Với {yearly} triệu đồng mỗi năm, kế hoạch {cost} triệu đồng kéo dài {years} năm, quá {most} năm. Hãy "
    "tăng --per-year hoặc giảm kế hoạch.",
    "At {yearly} million dong a year the plan of {cost} million takes {years} years, more than {most}. Raise "
    "--per-year or ask for less.",
)
_WEAK = Text(
    "Không vị trí nào được thêm ít nhất {least}: nhiều nhất là {best} ({site}). Hãy hạ --min-gain.",
    "No site gains {least} or more: the most is {best} ({site}). Lower --min-gain.",
)
_BUDGET = Text(
    "Kinh phí {budget} triệu đồng không đủ cho vị trí rẻ nhất có ích: {name} ({site}), {cheapest} triệu "
    "đồng.",
    "The budget of {budget} million dong does not pay for the cheapest useful site: {name} ({site}), "
    "{cheapest} million dong.",
)
_FIXED_COST = Text(
    "Riêng {n} vị trí bắt buộc đã tốn {cost} triệu đồng, vượt kinh phí {budget} triệu đồng.",
    "The {n} fixed sites alone cost {cost} million dong, more than the budget of {budget} million dong.",
)
_FIXED_COUNT = Text(
    "Có {n} vị trí bắt buộc nhưng kế hoạch chỉ gồm {count} vị trí.",
    "There are {n} fixed sites, but the plan has only {count} sites.",
)
_BOTH = Text(
    "Vị trí vừa bắt buộc vừa bị cấm: {sites}. Hãy bỏ khỏi một trong hai danh sách.",
    "Sites both fixed and forbidden: {sites}. Take them off one of the two lists.",
)
_UNKNOWN = Text(
    "Không có vị trí ứng viên '{site}'.{near} Danh sách ứng viên ghi trong candidates.csv của mỗi kế hoạch.",
    "There is no candidate '{site}'.{near} Every plan lists the candidates in its candidates.csv.",
)
_TARGET = Text(
    "Không thể đạt {percent:.2f}% {name}: hiện có {now:.2f}%, tất cả {n} vị trí ứng viên cộng lại chỉ đạt "
    "{reach}% ({left} {unit} vẫn chưa được phục vụ). Hãy hạ mục tiêu, thêm vị trí (--candidates), "
    "hoặc nới [plan.sites].",
    "{percent:.2f}% of {name} is out of reach: there are {now:.2f}% now, and all {n} candidates together "
    "reach {reach}% ({left} {unit} stay without the service). Lower the target, add candidates "
    "(--candidates), or widen [plan.sites].",
)
_NOBODY = Text(
    "Không có vị trí ứng viên nào có ích cho mục tiêu: hoặc mọi nơi đã được phủ, hoặc ràng buộc quá chặt.",
    "No candidate is of use for the objective: all is covered already, or the constraints are too narrow.",
)
MOST_YEARS = 100
"""Longest time for which a plan is cut into years."""
_SUM = Text("tổng có trọng số", "the weighted sum")


def check_service(project: Project, name: str) -> RadioService:
    """Return the service that is planned.

    Raises
    ------
    CoverError
        There is no such service, or it is fibre; a layer of closed areas is not there.
    """
    service = project.services.get(name)
    if service is None or isinstance(service, FibreService):
        known = [n for n, s in project.services.items() if not isinstance(s, FibreService)]
        if not known:
            raise CoverError(_NO_RADIO)
        raise CoverError(_SERVICE, name=name, near=hint(name, known, lead=" "), known=", ".join(known))
    for zone in project.plan.sites.excluded_zones:
        if zone not in project.zones:
            zones = list(project.zones)
            near = hint(zone, zones, lead=" ")
            raise CoverError(_CLOSED, name=zone, near=near, known=", ".join(zones) or "–")
    return service


def check_goal(question: SiteQuestion) -> None:
    """Raise unless exactly one of budget, targets and count is given, with possible figures."""
    given = [question.budget is not None, bool(question.targets), question.count is not None]
    if sum(given) != 1:
        raise CoverError(_ONE_GOAL)
    for name, percent in question.targets.items():
        if not 0.0 < percent <= 100.0:
            raise CoverError(_PERCENT, name=NAMES.get(name, _SUM), value=float(percent))
    if question.least > 0.0 and len(question.targets) > 1:
        raise CoverError(_LEAST)
    for option, value in (("min-gain", question.least), ("seconds", question.seconds)):
        if not (np.isfinite(value) and value >= 0.0):
            raise CoverError(_FIGURE, name=option)
    if question.per_year is not None and not question.per_year > 0.0:
        raise CoverError(_NO_MONEY)
    both = set(question.fixed) & set(question.forbidden)
    if both:
        raise ContradictorySitesError(_BOTH, sites=", ".join(sorted(both)))


def check_choice(layers: Layers, question: SiteQuestion, found: bool) -> None:
    """Raise if the operator of a question has no stations."""
    if not found:
        known = sorted(set(layers.stations["operator"].astype(str)))
        near = hint(question.operator, known, lead=" ")
        raise CoverError(_OPERATOR, name=question.operator, near=near, known=", ".join(known) or "–")


def check_sites(
    question: SiteQuestion, candidates: Candidates
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of fixed and forbidden sites among the candidates."""
    place: Mapping[str, int] = {str(s): i for i, s in enumerate(candidates.site_id)}
    found = []
    for names in (question.fixed, question.forbidden):
        for name in names:
            if name not in place:
                raise ContradictorySitesError(_UNKNOWN, site=name, near=hint(name, list(place), lead=" "))
        found.append(np.array(sorted({place[n] for n in names}), dtype=np.int64))
    if question.count is not None and found[0].size > question.count:
        raise ContradictorySitesError(_FIXED_COUNT, n=int(found[0].size), count=question.count)
    return found[0], found[1]


def check_reachable(question: SiteQuestion, universe: Universe, problem: JointProblem) -> None:
    """Raise if all candidates together stay below a target, telling how far they reach."""
    usable = problem.allowed.copy()
    usable[problem.fixed] = True
    can = np.asarray(problem.reach[np.flatnonzero(usable)].sum(axis=0)).ravel() > 0
    for k, (name, percent) in enumerate(question.targets.items()):
        reachable = float(problem.weights[k][can].sum())
        if reachable >= problem.need[k] * (1.0 - 1e-9) - 1e-9:
            continue
        aims = question.weights if name == "sum" else {name: 1.0}
        total = sum(w * universe.aims[a].total for a, w in aims.items())
        served = sum(w * universe.aims[a].served for a, w in aims.items())
        raise TargetOutOfReachError(
            _TARGET, reachable_weight=served + reachable, percent=float(percent), name=NAMES.get(name, _SUM),
            now=100.0 * served / total, n=int(usable.sum()),
            reach=_below(100.0 * (served + reachable) / total, percent),
            left=_below(total - served - reachable, np.inf), unit=UNITS.get(name, Text("", "")),
        )


def _below(value: float, limit: float) -> Text:
    """Write a figure with as many decimals as it takes to be seen below a limit, and above nothing."""
    decimals = 2 if np.isfinite(limit) or value < 10.0 else 0
    while decimals < 8 and (round(value, decimals) >= limit or (value > 0.0 and not round(value, decimals))):
        decimals += 1
    return Text(format_number(value, "vi", decimals), format_number(value, "en", decimals))


def check_phases(question: SiteQuestion, cost: float) -> None:
    """Raise if a plan of this cost (million dong) would take longer than anybody plans."""
    if question.per_year is not None and cost > MOST_YEARS * question.per_year:
        years = int(np.ceil(cost / question.per_year))
        raise CoverError(
            _LONG, yearly=round(question.per_year, 1), cost=round(cost), years=years, most=MOST_YEARS
        )


def check_budget(question: SiteQuestion, candidates: Candidates, problem: JointProblem) -> None:
    """Raise if the money does not pay for the fixed sites, or for any site at all."""
    from phusong.coverage.plan.backhaul import Growth, connect_all

    gain = np.asarray(problem.reach.astype(np.float64) @ problem.weights[0])
    useful = problem.allowed & (gain > 0.0)
    if not question.targets and not useful.any() and not problem.fixed.size:
        raise CoverError(_NOBODY)
    if not question.targets and not problem.fixed.size and gain[useful].max() < problem.least:
        best = int(np.argmax(np.where(useful, gain, -1.0)))
        raise CoverError(
            _WEAK, least=problem.least, best=float(gain[best]), site=str(candidates.site_id[best])
        )
    useful &= gain >= problem.least
    if question.budget is None:
        return
    if problem.fixed.size:
        links = sum(c.cost for c in connect_all(problem.ways, problem.fixed).connections)
        cost = float(problem.site_cost[problem.fixed].sum()) + links
        if cost > question.budget:
            raise ContradictorySitesError(
                _FIXED_COST, n=int(problem.fixed.size), cost=round(cost), budget=round(question.budget, 1)
            )
        return
    price = np.where(useful, problem.site_cost + Growth(problem.ways).prices(), np.inf)
    at = int(np.argmin(price))
    if price[at] > question.budget:
        raise BudgetTooSmallError(
            _BUDGET, budget=round(question.budget, 1), cheapest=int(np.ceil(price[at])),
            site=str(candidates.site_id[at]), name=str(candidates.name[at] or candidates.site_id[at]),
        )
