"""The figures of a result, found by name, and written as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from phusong.coverage.criterion import describe
from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, Text, format_date, format_number, format_percent
from phusong.layers.project.schema import FibreService, RangeService

if TYPE_CHECKING:
    from phusong.coverage.criterion import AnyService

COMPLETE_WITHIN = 0.005
"""People: sums over cells carry rounding, so a smaller remainder counts as nobody."""

PLACE_LAYERS = {
    "villages": Text("thôn, làng", "villages"),
    "centres": Text("trung tâm xã", "commune centres"),
    "schools": Text("trường học", "schools"),
    "health": Text("trạm y tế", "health stations"),
    "post": Text("điểm phục vụ bưu chính", "post offices"),
    "key": Text("vị trí trọng điểm", "key locations"),
    "key_locations": Text("vị trí trọng điểm", "key locations"),
}
LAYERS = {
    "communes": Text("ranh giới xã", "communes"),
    "population": Text("lưới dân số", "population raster"),
    "second_population": Text("lưới dân số thứ hai", "second population raster"),
    "stations": Text("trạm thu phát sóng", "base stations"),
    "households": Text("hộ có cáp quang", "households with fibre"),
    "fibre_nodes": Text("điểm, nút cáp quang", "fibre nodes"),
    "fibre_routes": Text("tuyến cáp quang", "fibre routes"),
    "terrain": Text("địa hình", "terrain"),
    "clutter": Text("lớp phủ mặt đất", "land cover"),
    "buildings": Text("công trình", "buildings"),
    "roads": Text("đường giao thông", "roads"),
}
ZONE_LAYERS = {
    "industrial": Text("khu công nghiệp", "industrial zones"),
    "it": Text("khu công nghệ thông tin", "IT zones"),
}


@dataclass(frozen=True)
class Ratio:
    """A numerator over a denominator."""

    numerator: float
    denominator: float

    @property
    def percent(self) -> float:
        """In per cent; NaN without a denominator."""
        return 100.0 * self.numerator / self.denominator if self.denominator else float("nan")

    def share(self, lang: Language) -> str:
        """Write the percentage."""
        return format_percent(self.numerator, self.denominator, lang)

    def counts(self, lang: Language, decimals: int = 0) -> str:
        """Write ``n/N``."""
        parts = (format_number(v, lang, decimals) for v in (self.numerator, self.denominator))
        return "/".join(parts)


class Figures:
    """Look-up into the indicators of a result.

    Attributes
    ----------
    result : Result
    services : tuple of str
        In the order of the project file.
    operators : tuple of str
        `ANY` first.
    codes : tuple of str
        Of the communes, in the order of ``layers.communes``.
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        self.services = tuple(s for s in result.layers.project.services if (s, ANY) in result.reaches)
        named = {operator for _, operator in result.reaches} - {ANY}
        self.operators = (ANY, *sorted(named))
        self.codes = tuple(str(c) for c in result.layers.communes["commune_code"])
        project = result.layers.project
        known = [f"places:{x}" for x in project.places] + [f"zones:{x}" for x in project.zones]
        there = list(dict.fromkeys(key[4] for key in result.figures))
        self._indicators = tuple(sorted(there, key=lambda x: known.index(x) if x in known else -1))

    def province(self, service: str, indicator: str, operator: str = ANY) -> Ratio | None:
        """Return a figure of the province."""
        code = self.result.layers.project.province.code
        return self._ratio("province", code, service, operator, indicator)

    def commune(self, code: str, service: str, indicator: str, operator: str = ANY) -> Ratio | None:
        """Return a figure of a commune."""
        return self._ratio("commune", code, service, operator, indicator)

    def _ratio(self, *key: str) -> Ratio | None:
        parts = self.result.figures.get(key)
        if parts is None:
            return None
        n, of = parts
        if abs(of - n) < COMPLETE_WITHIN and key[4] in ("population", "area"):
            n = of
        return Ratio(n, of)

    def station_operators(self) -> tuple[str, ...]:
        """Return the operators whose stations are counted."""
        all_stations = ("province", "all", "stations")
        owners = {k[3] for k in self.result.figures if (k[0], k[2], k[4]) == all_stations}
        return tuple(sorted(owners - {ANY}))

    def indicators(self, prefix: str) -> tuple[str, ...]:
        """Return the names of the indicators that begin with ``prefix``, in the order of the project."""
        return tuple(i for i in self._indicators if i.startswith(prefix))

    def service(self, name: str) -> AnyService:
        """Return a service as the project defines it."""
        return self.result.layers.project.services[name]

    def is_fibre(self, name: str) -> bool:
        """Tell whether a service is reached by cable."""
        return isinstance(self.service(name), FibreService)

    def label(self, name: str, lang: Language) -> str:
        """Return how a service is called."""
        return service_label(name, lang, fibre=self.is_fibre(name))

    def in_sentence(self, name: str, lang: Language) -> str:
        """Return how a service is called within a sentence: words begin small, names stay."""
        label = self.label(name, lang)
        return label if label == name else label[:1].lower() + label[1:]

    def criterion(self, name: str, lang: Language) -> str:
        """Return what counts as covered, in words."""
        return describe(self.service(name)).say(lang)

    def criterion_value(self, name: str) -> float:
        """Return the threshold in dBm or the farthest distance in metres."""
        service = self.service(name)
        if isinstance(service, RangeService):
            return service.radius_m
        return service.reach_m if isinstance(service, FibreService) else service.threshold_dbm

    def as_of(self, lang: Language) -> str:
        """Write the day for which the province's data stand."""
        return format_date(self.result.layers.project.province.as_of, lang)


def service_label(name: str, lang: Language, *, fibre: bool) -> str:
    """Return how a service is called, from its name in the project file."""
    if fibre and name.casefold() in ("fibre", "fiber", "cap-quang", "cap_quang"):
        return "Cáp quang" if lang == "vi" else "Fibre"
    return name


def operator_label(operator: str, lang: Language) -> str:
    """Return how an operator is called; `ANY` in words."""
    if operator == ANY:
        return "Bất kỳ nhà mạng nào" if lang == "vi" else "Any operator"
    return operator


def layer_label(indicator: str, lang: Language) -> str:
    """Return how a layer of places or zones is called, from ``places:villages``."""
    kind, _, name = indicator.partition(":")
    known = (PLACE_LAYERS if kind == "places" else ZONE_LAYERS).get(name)
    return known.say(lang) if known else name


def source_label(layer: str, lang: Language) -> str:
    """Return how a layer of the project file is called, from ``stations`` or ``places.villages``."""
    kind, _, name = layer.partition(".")
    if kind in LAYERS and not name:
        said = LAYERS[kind].say(lang)
    elif kind in ("places", "zones") and name:
        said = layer_label(f"{kind}:{name}", lang)
    else:
        said = layer
    return said[:1].upper() + said[1:]
