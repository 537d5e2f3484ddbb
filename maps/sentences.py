"""The summary in sentences, in the form in which provinces report."""

from __future__ import annotations

from dataclasses import dataclass

from phusong.coverage.fibre.reported import MARGIN_POINTS, reported_beyond_reach
from phusong.coverage.result import Result
from phusong.data.language import Language, Text
from phusong.maps.figures import Figures, layer_label
from phusong.maps.report.uncertainty import with_range

POPULATION = Text(
    "Phủ sóng {service} đạt {share} dân số ({counts} người), {criterion}; số liệu đến {date}.",
    "{service} covers {share} of the population ({counts} people), {criterion}; data as of {date}.",
)
FIBRE_POPULATION = Text(
    "{share} dân số ({counts} người) ở trong tầm kéo cáp quang, {criterion}; số liệu đến {date}.",
    "{share} of the population ({counts} people) live within reach of fibre, {criterion}; data as of {date}.",
)
PLACES = Text(
    "{service} phủ đến {share} {places} ({counts}).", "{service} reaches {share} of {places} ({counts})."
)
FIBRE_PLACES = Text(
    "Cáp quang ở trong tầm {share} {places} ({counts}).",
    "Fibre is within reach of {share} of {places} ({counts}).",
)
HOUSEHOLDS = Text(
    "Cáp quang phủ {share} hộ gia đình ({counts} hộ), theo số liệu doanh nghiệp báo cáo.",
    "Fibre serves {share} of households ({counts}), as reported by the operators.",
)
BEYOND_REACH = Text(
    "Lưu ý: báo cáo vượt tầm cáp quang trong dữ liệu: {reported:.0f} hộ có cáp theo báo cáo, ước tính "
    "{reachable:.0f} hộ ở trong tầm; {n}/{all} xã chênh quá {margin:.0f} điểm phần trăm. Cần đối chiếu với "
    "doanh nghiệp: tuyến chưa có trong dữ liệu, cự ly của tiêu chí, cách đếm hộ.",
    "Note: the report exceeds the reach of the fibre in the data: {reported:.0f} households with fibre are "
    "reported, an estimated {reachable:.0f} live within reach; in {n}/{all} communes the difference is more "
    "than {margin:.0f} percentage points. To settle with the operators: routes that the data lack, the "
    "distance of the criterion, the counting of households.",
)
COMMUNES = Text(
    "Cáp quang đến {share} xã, phường, đặc khu ({counts}).",
    "Fibre is present in {share} of communes ({counts}).",
)
STATIONS = Text(
    "Tổng số trạm thu phát sóng: {stations:.0f} trạm (vị trí × công nghệ × nhà mạng), trên {sites:.0f} "
    "vị trí, "
    "gồm {cells:.0f} cell; số liệu đến {date}.",
    "Base stations in all: {stations:.0f} (site × technology × operator), on {sites:.0f} sites, with "
    "{cells:.0f} cells; data as of {date}.",
)
ZONES = Text(
    "{service} phủ {share} diện tích {zones} ({counts} km²).",
    "{service} covers {share} of the area of {zones} ({counts} km²).",
)


@dataclass(frozen=True)
class Sentence:
    """One statement of the summary.

    Attributes
    ----------
    text : str
        With numbers in the form of the language.
    service : str
        Service that it is about; empty for counts.
    inputs : tuple of str
        Layers from which the figure comes, for its footnote.
    remark : bool
        It casts doubt on another sentence.
    """

    text: str
    service: str
    inputs: tuple[str, ...]
    remark: bool = False


def network_layers(figures: Figures, service: str) -> tuple[str, ...]:
    """Return the layers from which the reach of a service comes."""
    return ("fibre_routes", "fibre_nodes") if figures.is_fibre(service) else ("stations",)


def service_sentences(figures: Figures, service: str, lang: Language) -> list[Sentence]:
    """Return what a summary says about one service of any operator: people first, then places."""
    fibre = figures.is_fibre(service)
    name = figures.label(service, lang)
    network = network_layers(figures, service)
    found: list[Sentence] = []

    def add(text: Text, indicator: str, inputs: tuple[str, ...], decimals: int = 0, **values: str) -> None:
        """Add a sentence where there is a figure to say."""
        ratio = figures.province(service, indicator)
        if ratio is not None and ratio.denominator > 0:
            share = with_range(figures.result, ratio.share(lang), service, indicator, lang)
            said = text.say(
                lang, service=name, share=share, counts=ratio.counts(lang, decimals), **values
            )
            found.append(Sentence(said, service, inputs))

    add(
        FIBRE_POPULATION if fibre else POPULATION,
        "population",
        ("population", "communes", *network),
        criterion=figures.criterion(service, lang),
        date=figures.as_of(lang),
    )
    if fibre:
        add(HOUSEHOLDS, "households", ("households",))
        found += _beyond_reach(figures, service, network, lang)
        add(COMMUNES, "communes", ("communes", *network))
    for indicator in figures.indicators("places:"):
        layer = indicator.replace("places:", "places.")
        add(
            FIBRE_PLACES if fibre else PLACES,
            indicator,
            (layer, *network),
            places=layer_label(indicator, lang),
        )
    for indicator in figures.indicators("zones:"):
        layer = indicator.replace("zones:", "zones.")
        add(ZONES, indicator, (layer, *network), 1, zones=layer_label(indicator, lang))
    return found


def _beyond_reach(
    figures: Figures, service: str, network: tuple[str, ...], lang: Language
) -> list[Sentence]:
    """Return the remark that more households are reported than are within reach, where it is so."""
    reported, reachable = (figures.province(service, i) for i in ("households", "households_reachable"))
    beyond = reported_beyond_reach(figures.result.indicators)
    beyond = beyond[beyond["service"] == service]
    if reported is None or reachable is None or not len(beyond):
        return []
    said = BEYOND_REACH.say(
        lang, reported=reported.numerator, reachable=reachable.numerator, margin=MARGIN_POINTS,
        n=int((beyond["level"] == "commune").sum()), all=len(figures.codes),
    )
    return [Sentence(said, service, ("households", "population", *network), remark=True)]


def station_sentence(figures: Figures, lang: Language) -> Sentence | None:
    """Return the sentence that counts base stations, sites and cells apart."""
    counts = {}
    for indicator in ("stations", "sites", "cells"):
        ratio = figures.province("all", indicator)
        if ratio is None:
            return None
        counts[indicator] = ratio.numerator
    return Sentence(STATIONS.say(lang, **counts, date=figures.as_of(lang)), "", ("stations",))


def headline(result: Result, lang: Language) -> list[str]:
    """Return what the screen says after a run: the people of each service, and the stations."""
    figures = Figures(result)
    found: list[str] = []
    for service in figures.services:
        found += [sentence.text for sentence in service_sentences(figures, service, lang)[:2]]
    stations = station_sentence(figures, lang)
    return found + ([stations.text] if stations else [])
