"""The program's terms in the words of workbook and document: indicators, units, reasons, criteria."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from phusong.coverage.criterion import COUNTED, PRESENCE, REPORTED, describe
from phusong.coverage.official import criteria
from phusong.coverage.result import Result
from phusong.data.language import Language, Text, format_number
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
    "settlements": Text("khu dân cư", "residential areas"),
    "trang": Text("thôn trắng sóng", "villages without signal"),
    "trang_households": Text("hộ ở thôn trắng sóng", "households in villages without signal"),
    "trang_no_power": Text("thôn trắng sóng chưa có điện lưới", "villages without signal or grid power"),
    "trang_disadvantaged": Text(
        "thôn trắng sóng đặc biệt khó khăn", "disadvantaged villages among those without signal"
    ),
    "lom": Text("thôn lõm sóng", "villages with a cluster left out"),
    "lom_households": Text("hộ ở thôn lõm sóng", "households in villages with a cluster left out"),
    "lom_no_power": Text(
        "thôn lõm sóng chưa có điện lưới", "villages with a cluster left out and no grid power"
    ),
    "lom_disadvantaged": Text(
        "thôn lõm sóng đặc biệt khó khăn", "disadvantaged villages among those with a cluster left out"
    ),
    "villages_disadvantaged": Text("thôn đặc biệt khó khăn có sóng", "disadvantaged villages served"),
    "key_locations": Text("vị trí trọng điểm", "key locations"),
    "population_urban": Text("dân số đô thị (phường)", "urban population"),
    "population_rural": Text("dân số nông thôn (xã)", "rural population"),
    "population_disadvantaged": Text("dân số xã khó khăn", "population of disadvantaged communes"),
    "households_urban": Text("hộ gia đình đô thị", "urban households"),
    "households_rural": Text("hộ gia đình nông thôn", "rural households"),
    "households_disadvantaged": Text("hộ gia đình xã khó khăn", "households of disadvantaged communes"),
    "households_reachable": Text("hộ trong tầm kéo cáp quang", "households within reach of fibre"),
    "population_fibre": Text("dân số ở hộ có cáp quang", "people in households with fibre"),
    "shared_sites": Text("vị trí dùng chung", "shared sites"),
}
_COMMUNES_WITH = Text("xã có {what}", "communes with {what}")
_UNITS = {
    "people": Text("người", "people"),
    "km2": Text("km²", "km²"),
    "places": Text("điểm", "places"),
    "households": Text("hộ", "households"),
    "communes": Text("xã", "communes"),
    "sites": Text("vị trí", "sites"),
    "stations": Text("trạm", "stations"),
    "cells": Text("cell", "cells"),
    "settlements": Text("khu dân cư", "areas"),
    "villages": Text("thôn", "villages"),
    "dBm": Text("dBm", "dBm"),
    "m": Text("m", "m"),
}

_SITE = Text("trạm {site}", "site {site}")
_SOME_SITE = Text("trạm mạnh nhất", "the strongest site")
_TERRAIN = Text(
    "địa hình: sống đất cách {site} {far}, cao hơn tia {above:.0f} m",
    "terrain: a ridge {far} from {site}, {above:.0f} m above the ray",
)
_TERRAIN_LOSS = Text(
    "địa hình: làm mất thêm {loss:.0f} dB trên đường từ {site}",
    "terrain: takes another {loss:.0f} dB on the path from {site}",
)
_CLUTTER = Text(
    "rừng, nhà cửa: làm mất thêm {loss:.0f} dB trên đường từ {site}",
    "forest or buildings: take another {loss:.0f} dB on the path from {site}",
)
_POWER = Text(
    "tín hiệu yếu: kể cả khi thông thoáng, {site} vẫn không đủ mạnh",
    "weak signal: {site} would not do even over open ground",
)
_SHORT = Text("; thiếu {db:.0f} dB", "; {db:.0f} dB short")


def _say(words: Mapping[str, Text], key: str, lang: Language) -> str:
    return words[key].say(lang) if key in words else key


def service_name(figures: Figures, service: str, lang: Language) -> str:
    """Return the name of a service, or of the technologies that a count goes over."""
    if service == "all":
        return _ALL.say(lang)
    return figures.label(service, lang) if service in figures.result.layers.project.services else service


def indicator_name(indicator: str, lang: Language) -> str:
    """Return what an indicator counts: ``dân số``, ``thôn, làng``."""
    if indicator.startswith("communes_with:"):
        layer = indicator.replace("communes_with:", "places:", 1)
        return _COMMUNES_WITH.say(lang, what=layer_label(layer, lang))
    return layer_label(indicator, lang) if ":" in indicator else _say(_INDICATORS, indicator, lang)


def unit_name(unit: str, lang: Language) -> str:
    """Return a unit in words."""
    return _say(_UNITS, unit, lang)


def reason_name(reason: str, lang: Language) -> str:
    """Return why a gap is one; several reasons may be joined by ``; ``."""
    return "; ".join(_say(REASONS, part, lang) for part in str(reason).split("; "))


_OTHERS = Text("{names} và {n} {what} khác", "{names} and {n} more {what}")


def listed(joined: str, most: int, what: str, lang: Language) -> str:
    """Return the first names of a list joined by ``; ``, and how many of ``what`` follow."""
    names = [name for name in joined.split("; ") if name]
    if len(names) <= most + 1:
        return ", ".join(names)
    return _OTHERS.say(lang, names=", ".join(names[:most]), n=len(names) - most, what=what)


def distance_words(metres: float, lang: Language) -> str:
    """Write a distance: ``850 m``, ``3,2 km``; a dash where there is none."""
    if not math.isfinite(metres):
        return "–"
    return (
        f"{format_number(round(metres), lang)} m"
        if metres < 1000
        else f"{format_number(metres / 1000, lang, 1)} km"
    )


def _figure(gap: Mapping[str, Any], name: str) -> float:
    value = gap.get(name)
    return float("nan") if value is None else float(value)


def cause_sentence(gap: Mapping[str, Any], lang: Language) -> str:
    """Say why a gap is one, with the figures that the analysis took apart.

    Parameters
    ----------
    gap : mapping
        A row of `phusong.coverage.result.GAP_COLUMNS`.
    lang : {"vi", "en"}

    Returns
    -------
    str
        Such as ``địa hình: sống đất cách trạm MO520000 3,2 km, cao hơn tia 84 m; thiếu 12 dB``; the bare
        reason where the model knows no terrain.
    """
    reason, short = str(gap["reason"]), _figure(gap, "shortfall_db")
    terrain, clutter = _figure(gap, "terrain_db"), _figure(gap, "clutter_db")
    site = str(gap.get("server_site_id") or "")
    from_site = _SITE.say(lang, site=site) if site else _SOME_SITE.say(lang)
    ridge_m, above_m = _figure(gap, "ridge_m"), _figure(gap, "ridge_above_m")
    if reason == "terrain" and math.isfinite(ridge_m) and above_m >= 0.5:
        said = _TERRAIN.say(lang, site=from_site, far=distance_words(ridge_m, lang), above=above_m)
    elif reason == "terrain" and terrain >= 0.5:
        said = _TERRAIN_LOSS.say(lang, site=from_site, loss=terrain)
    elif reason == "clutter" and clutter >= 0.5:
        said = _CLUTTER.say(lang, site=from_site, loss=clutter)
    elif reason == "power" and math.isfinite(short):
        said = _POWER.say(lang, site=from_site)
    else:
        said = reason_name(reason, lang)
    return said + (_SHORT.say(lang, db=short) if short >= 0.5 else "")


def criterion_names(result: Result, lang: Language) -> dict[str, str]:
    """Return the criteria of the table of indicators in ``lang``, by their English words."""
    project = result.layers.project
    known = [describe(service) for service in project.services.values()]
    return {text.en: text.say(lang) for text in (*known, *criteria(project), REPORTED, COUNTED, PRESENCE)}
