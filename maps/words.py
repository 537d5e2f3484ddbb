"""The program's terms in the words of the page: services, indicators, operators, units, reasons."""

from __future__ import annotations

from phusong.coverage.criterion import COUNTED, PRESENCE, REPORTED, describe
from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, Text
from phusong.layers.project import FibreService

_ANY_OPERATOR = Text("ít nhất một nhà mạng", "at least one operator")
_FIBRE = Text("cáp quang", "fibre")
_ALL = Text("tất cả công nghệ", "all technologies")
_INDICATORS = {
    "population": Text("dân số", "population"),
    "area": Text("diện tích", "area"),
    "households": Text("hộ gia đình", "households"),
    "communes": Text("số xã", "communes"),
    "sites": Text("vị trí", "sites"),
    "stations": Text("trạm BTS", "base stations"),
    "cells": Text("cell", "cells"),
}
_LAYERS = {
    "villages": Text("thôn, làng, tổ dân phố", "villages"),
    "centres": Text("trung tâm xã", "commune centres"),
    "schools": Text("trường học", "schools"),
    "health": Text("trạm y tế", "health stations"),
    "post_offices": Text("điểm bưu chính", "post offices"),
    "key_locations": Text("vị trí trọng điểm", "key locations"),
    "keys": Text("vị trí trọng điểm", "key locations"),
    "industrial": Text("khu, cụm công nghiệp", "industrial zones"),
    "it": Text("khu công nghệ thông tin", "IT zones"),
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
_REASONS = {
    "no station in range": Text("không có trạm trong tầm phủ", "no station in range"),
    "terrain": Text("địa hình che khuất", "terrain"),
    "clutter": Text("nhà cửa, cây cối che khuất", "buildings or trees"),
    "power": Text("mức tín hiệu không đủ", "signal too weak"),
    "no fibre": Text("không có cáp quang trong tầm", "no fibre within reach"),
}


def _say(words: dict[str, Text], key: str, lang: Language) -> str:
    return words[key].say(lang) if key in words else key


def service_name(result: Result, service: str, lang: Language) -> str:
    """Return the name of a service; the one over fibre is called so whatever its key."""
    if service == "all":
        return _ALL.say(lang)
    project = result.layers.project
    if service == "fibre" and isinstance(project.services.get(service), FibreService | None):
        return _FIBRE.say(lang)
    return service


def operator_name(operator: str, lang: Language) -> str:
    """Return the name of an operator; ``any`` in words."""
    return _ANY_OPERATOR.say(lang) if operator == ANY else operator


def layer_name(layer: str, lang: Language) -> str:
    """Return what the things of a layer of places or zones are; the layer's own name if unknown."""
    return _say(_LAYERS, layer, lang)


def indicator_name(indicator: str, lang: Language) -> str:
    """Return what an indicator counts: ``dân số``, ``thôn, làng, tổ dân phố``."""
    kind, _, layer = indicator.partition(":")
    if layer and kind in ("places", "zones"):
        return layer_name(layer, lang)
    return _say(_INDICATORS, indicator, lang)


def unit_name(unit: str, lang: Language) -> str:
    """Return a unit in words."""
    return _say(_UNITS, unit, lang)


def reason_name(reason: str, lang: Language) -> str:
    """Return why a gap is one; several reasons may be joined by ``; ``."""
    return "; ".join(_say(_REASONS, part, lang) for part in str(reason).split("; "))


def criterion_names(result: Result, lang: Language) -> dict[str, str]:
    """Return the criteria of the table of indicators in ``lang``, by their English words."""
    known = [describe(service) for service in result.layers.project.services.values()]
    return {text.en: text.say(lang) for text in (*known, REPORTED, COUNTED, PRESENCE)}
