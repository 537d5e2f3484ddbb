"""What a command line asks of a plan of sites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from phusong.coverage.plan.cover_problem import CoverError
from phusong.coverage.plan.plan_faults import check_service
from phusong.coverage.plan.site_aims import OBJECTIVES
from phusong.coverage.plan.site_costs import parse_money
from phusong.coverage.plan.site_plan import SiteQuestion
from phusong.data.language import Text
from phusong.layers.project.schema import FibreService, Project
from phusong.layers.rules import hint

if TYPE_CHECKING:
    from phusong.data.fibre_tables import Level

_OBJECTIVE = Text(
    "Không có mục tiêu '{name}'.{near} Có: {known}.", "There is no objective '{name}'.{near} There are: "
                                                      "{known}.",
)
_NUMBER = Text(
    "Không hiểu '{value}'. Ghi ví dụ: 99%, villages=100%, people=1,villages=300.",
    "'{value}' is not understood. Write for example 99%, villages=100%, people=1,villages=300.",
)


def question_of(
    project: Project, *, service: str | None, operator: str, budget: str | None, target: Sequence[str],
    count: int | None, objective: str, fixed: Sequence[str], forbidden: Sequence[str], min_gain: float,
    prices: Level, years: int, start_year: int | None, per_year: str | None, exact: bool, seconds: float,
) -> SiteQuestion:
    """Return the question that a command line asks.

    Raises
    ------
    ExpectedError
        A word or figure is not understood.
    """
    radio = [name for name, s in project.services.items() if not isinstance(s, FibreService)]
    name = service or (radio[0] if radio else "")
    check_service(project, name)
    weights = weights_of(objective)
    targets: dict[str, float] = {}
    for text in target:
        key, _, figure = text.rpartition("=")
        key = key.strip() or (next(iter(weights)) if len(weights) == 1 else "sum")
        if key != "sum":
            _known(key)
        targets[key] = _figure(figure.strip().removesuffix("%"), text)
    return SiteQuestion(
        name, operator, weights, targets, None if budget is None else parse_money(budget), count,
        _ids(fixed), _ids(forbidden), min_gain, exact, prices, years, start_year,
        None if per_year is None else parse_money(per_year), seconds,
    )


def weights_of(text: str) -> Mapping[str, float]:
    """Return the weights of ``people`` or ``people=1,villages=300``."""
    found = {}
    for part in text.split(","):
        key, _, figure = part.partition("=")
        found[_known(key.strip())] = _figure(figure, text) if figure else 1.0
    if not any(found.values()):
        raise CoverError(_NUMBER, value=text)
    return found


def _known(name: str) -> str:
    if name not in OBJECTIVES:
        near = hint(name, OBJECTIVES, lead=" ")
        raise CoverError(_OBJECTIVE, name=name, near=near, known=", ".join(OBJECTIVES))
    return name


def _figure(text: str, whole: str) -> float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        raise CoverError(_NUMBER, value=whole) from None
    if not 0.0 <= value < 1e12:
        raise CoverError(_NUMBER, value=whole)
    return value


def _ids(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for word in words for part in word.split(",") if part.strip()))
