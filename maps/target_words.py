"""Targets, villages and definitions in words, the same in report, workbook and document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from phusong.coverage.definitions import OWN
from phusong.coverage.result import ANY, Result
from phusong.coverage.targets import Evidence, Standing, State, index_evidence, standings
from phusong.data.evidence_tables import coverage_definitions
from phusong.data.language import Language, Text, after_number, format_date, format_number, format_percent
from phusong.maps.figures import Figures, Ratio, operator_label
from phusong.maps.safe import shorten
from phusong.maps.tables import code_vintage
from phusong.maps.words import indicator_name, service_name

LIGHTS: Mapping[State, tuple[str, Text]] = {
    "met": ("●", Text("đạt", "met")),
    "near": ("▲", Text("gần đạt", "near")),
    "short": ("■", Text("chưa đạt", "not met")),
    "unknown": ("○", Text("chưa có số liệu", "no figure")),
}
"""A symbol and a word each, so that no one needs to see a colour."""
STATES: Mapping[str, Text] = {
    "served": Text("có sóng", "served"),
    "trang": Text("trắng sóng", "no signal at the centre"),
    "lom": Text("lõm sóng", "a cluster left out"),
}
ORIGINS: Mapping[str, Text] = {
    "computed": Text("tính toán", "computed"),
    "reported": Text("doanh nghiệp báo cáo", "reported by operators"),
    "external": Text("nguồn khác", "from elsewhere"),
}
_PLANNED = Text("Nếu thực hiện phương án", "With the plan built")
_SCENARIO = Text("Theo kịch bản '{name}'", "In the scenario '{name}'")
_OWN = Text("Tiêu chí của dự án: {criterion}", "The project's criterion: {criterion}")
_UNCONFIRMED = Text("chưa xác nhận", "unconfirmed")
_EVERY = Text("{name}, từng xã", "{name}, every commune")
_POINTS = Text("{n} điểm %", "{n} points")
_COMMUNES = Text("{n} xã", "{n} communes")
_PER_YEAR = Text("{n} điểm %/năm", "{n} points a year")
_EXPECTED = Text("{slope}; hết {year}: {share}", "{slope}; end of {year}: {share}")
_DATED = Text("{document} ngày {date}", "{document} of {date}")
_AT_LEAST = Text("≥ {n}%", "≥ {n}%")
_AT_MOST = Text("≤ {n}%", "≤ {n}%")
_FROM_PROGRAM = Text("mặc định của phần mềm", "from the program's own table")
MISSING = "–"


@dataclass(frozen=True)
class ToldTarget:
    """A target as every output tells it.

    Attributes
    ----------
    standing : Standing
    name, document : str
        What it is about; number and date of the document that asks for it.
    verdict : str
        Symbol and word of how it stands.
    wanted : str
        What is to be reached: ``≥ 99%``.
    share, counts : str
        What there is; a dash and nothing where there is no figure.
    gap, trend, planned : str
        What is missing, points a year, what the plan or scenario would bring; dashes for nothing.
    """

    standing: Standing
    name: str
    verdict: str
    document: str
    wanted: str
    share: str
    counts: str
    gap: str
    trend: str
    planned: str


@dataclass(frozen=True)
class ToldDefinition:
    """How much of the province one definition of coverage calls covered.

    Attributes
    ----------
    service, definition : str
        Ids.
    name, source : str
        In words; no source for the project's own.
    people : Ratio
    moved : int
        Communes whose rank differs from that by the project's own definition.
    """

    service: str
    definition: str
    name: str
    source: str
    people: Ratio
    moved: int


def told_target(figures: Figures, standing: Standing, lang: Language) -> ToldTarget:
    """Return a target in words."""
    share, counts = _actual(standing, lang)
    return ToldTarget(
        standing, _name(figures, standing, lang), light(standing.state, lang), _document(standing, lang),
        _wanted(standing, lang), share, counts, _gap(standing, lang), _trend(standing, lang),
        _planned(standing, lang),
    )  # fmt: skip


def told_targets(figures: Figures, lang: Language) -> list[ToldTarget]:
    """Return all targets of a result in words."""
    return [told_target(figures, x, lang) for x in all_standings(figures.result)]


def told_definitions(figures: Figures, lang: Language) -> list[ToldDefinition]:
    """Return every service by every definition, the project's own among them; nothing if there are none."""
    frame = figures.result.definitions
    if frame is None or not len(frame):
        return []
    found = []
    for (service, definition), some in frame.groupby(["service", "definition"], sort=False):
        whole = some[some["level"] == "province"].iloc[0]
        found.append(ToldDefinition(
            str(service), str(definition), definition_name(figures, str(service), str(definition), lang),
            next((d.source for d in coverage_definitions() if d.id == definition), ""),
            Ratio(float(whole["numerator"]), float(whole["denominator"])),
            int((some["rank_change"].fillna(0.0) != 0.0).sum()),
        ))  # fmt: skip
    return found


def all_standings(result: Result) -> list[Standing]:
    """Return targets and what there is; the program's own only for provinces with official codes."""
    return standings(result, defaults=code_vintage(result) is not None)


def all_evidence(result: Result) -> list[Evidence]:
    """Return the evidence for DTI and DII: for provinces with official codes, or where figures are named."""
    told = any(r.criterion for r in result.layers.project.reported.values())
    return index_evidence(result) if told or code_vintage(result) is not None else []


def light(state: State, lang: Language) -> str:
    """Return symbol and word of a state."""
    symbol, word = LIGHTS[state]
    return f"{symbol} {word.say(lang)}"


def _name(figures: Figures, standing: Standing, lang: Language) -> str:
    """Return what a target is about: its name, or service, indicator and operator."""
    wanted = standing.wanted
    said = wanted.name.say(lang)
    if not said:
        parts = [] if wanted.service == "all" else [service_name(figures, wanted.service, lang)]
        said = ": ".join([*parts, indicator_name(wanted.indicator, lang)])
        if wanted.operator != ANY:
            said += f" ({operator_label(wanted.operator, lang)})"
    return _EVERY.say(lang, name=said) if wanted.level == "commune" else said


def _document(standing: Standing, lang: Language) -> str:
    """Return number and date of a document; of a default, that it is one."""
    wanted = standing.wanted
    said = wanted.document or MISSING
    if wanted.date is not None:
        said = _DATED.say(lang, document=said, date=format_date(wanted.date, lang))
    return f"{said} ({_FROM_PROGRAM.say(lang)})" if wanted.origin == "default" else said


def _wanted(standing: Standing, lang: Language) -> str:
    """Return what is to be reached: ``≥ 99%``."""
    text = _AT_MOST if standing.wanted.at_most else _AT_LEAST
    return text.say(lang, n=format_number(standing.wanted.percent, lang))


def _actual(standing: Standing, lang: Language) -> tuple[str, str]:
    """Return share and counts; dashes where there is none."""
    if math.isnan(standing.percent):
        return MISSING, ""
    ratio = Ratio(standing.numerator, standing.denominator)
    area = not float(standing.numerator).is_integer() and standing.denominator < 1000
    return ratio.share(lang), ratio.counts(lang, 1 if area else 0)


def _gap(standing: Standing, lang: Language) -> str:
    """Return what is missing, in points or communes; a dash for nothing."""
    if math.isnan(standing.gap) or not standing.gap:
        return MISSING
    if standing.wanted.level == "commune":
        return _COMMUNES.say(lang, n=format_number(standing.gap, lang, 0))
    return _POINTS.say(lang, n=format_number(max(standing.gap, 0.1), lang, 1))


def _trend(standing: Standing, lang: Language) -> str:
    """Return points a year, and what the share would be at the end of the milestone year."""
    if math.isnan(standing.points_per_year):
        return MISSING
    sign = "+" if standing.points_per_year >= 0 else "-"
    slope = _PER_YEAR.say(lang, n=sign + format_number(abs(standing.points_per_year), lang, 1))
    share = format_percent(standing.expected, 100.0, lang)
    return _EXPECTED.say(lang, slope=slope, year=str(standing.wanted.year), share=share)


def brings(result: Result) -> bool:
    """Tell whether a result also knows what a plan, or a scenario, would bring."""
    return result.planned is not None or (result.what_if is not None and result.what_if.base is not None)


def planned_head(result: Result, lang: Language) -> str:
    """Return what the share with a plan built is called: of a scenario, by its name."""
    if result.what_if is None:
        return _PLANNED.say(lang)
    return _SCENARIO.say(lang, name=shorten(result.what_if.name, 60))


def _planned(standing: Standing, lang: Language) -> str:
    """Return the share with a plan built, and its state."""
    if math.isnan(standing.planned):
        return MISSING
    return f"{format_percent(standing.planned, 100.0, lang)} ({light(standing.planned_state, lang)})"


def evidence_value(found: Evidence, lang: Language) -> str:
    """Return share and counts, and what else the project was told; a dash for neither."""
    parts = []
    if not math.isnan(found.numerator):
        ratio = Ratio(found.numerator, found.denominator)
        area = found.denominator < 1000 and not found.numerator.is_integer()
        parts.append(f"{ratio.share(lang)} ({ratio.counts(lang, 1 if area else 0)})")
    for told in found.reported:
        unit = after_number(told.unit)
        source = f" ({told.source})" if told.source else ""
        parts.append(f"{format_number(told.value, lang)}{unit}{source}")
    return "; ".join(parts) or MISSING


def definition_name(figures: Figures, service: str, definition: str, lang: Language) -> str:
    """Return a definition in words; what could not be confirmed says so."""
    if definition == OWN:
        return _OWN.say(lang, criterion=figures.criterion(service, lang))
    known = {d.id: d for d in coverage_definitions()}[definition]
    said = known.name.say(lang)
    mark = _UNCONFIRMED.say(lang)
    return said if known.confirmed or mark in said else f"{said} ({mark})"
