"""The program's terms in the words of workbook and document: indicators, units, reasons, criteria."""

from __future__ import annotations

from collections.abc import Mapping

from phusong.coverage.criterion import COUNTED, PRESENCE, REPORTED, describe
from phusong.coverage.result import Result
from phusong.data.language import Language, Text
from phusong.maps.figures import Figures, layer_label
from phusong.maps.page_words import REASONS

_ALL = Text("Tất cả công nghệ", "All technologies")
_INDICATORS = {
    "population": Text("dân số", "population"),
    "area": Text("diện tích", "area"),
    "households": Text("hộ gia đình", "households"),
    "communes": Text("số xã", "communes"),
    "sites": Text("vị trí", "sites"),
    "stations": Text("trạm BTS", "base stations"),
    "cells": Text("cell", "cells"),
}
_UNITS = {
    "people": Text("người", "people"),
    "km2": Text("km²", "km²"),
    "places": Text("điểm", "places"),
    "households": Text("hộ", "households"),
    "communes": Text("xã", "communes"),
    "sites": Text("vị trí", "sites"),
    "stations": Text("trạm", "stations"),
    "cells": Text("cell", "cells"),
    "dBm": Text("dBm", "dBm"),
    "m": Text("m", "m"),
}


def _say(words: Mapping[str, Text], key: str, lang: Language) -> str:
    return words[key].say(lang) if key in words else key


def service_name(figures: Figures, service: str, lang: Language) -> str:
    """Return the name of a service, or of the technologies that a count goes over."""
    if service == "all":
        return _ALL.say(lang)
    return figures.label(service, lang) if service in figures.result.layers.project.services else service


def indicator_name(indicator: str, lang: Language) -> str:
    """Return what an indicator counts: ``dân số``, ``thôn, làng``."""
    return layer_label(indicator, lang) if ":" in indicator else _say(_INDICATORS, indicator, lang)


def unit_name(unit: str, lang: Language) -> str:
    """Return a unit in words."""
    return _say(_UNITS, unit, lang)


def reason_name(reason: str, lang: Language) -> str:
    """Return why a gap is one; several reasons may be joined by ``; ``."""
    return "; ".join(_say(REASONS, part, lang) for part in str(reason).split("; "))


def criterion_names(result: Result, lang: Language) -> dict[str, str]:
    """Return the criteria of the table of indicators in ``lang``, by their English words."""
    known = [describe(service) for service in result.layers.project.services.values()]
    return {text.en: text.say(lang) for text in (*known, REPORTED, COUNTED, PRESENCE)}
