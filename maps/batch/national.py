"""The provinces of a batch on one map, coloured by the share of their people whom a service reaches.

Outlines are those of the results themselves, simplified; where all lie in Vietnam, the points of its communes
and both archipelagos are drawn under them, as on every other map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from phusong.data.language import Language, Text
from phusong.maps import colours
from phusong.maps.charts import class_key, class_name, swatch
from phusong.maps.figures import Ratio
from phusong.maps.inline import escape
from phusong.maps.inset import ARCHIPELAGOS, EAST, NORTH, SOUTH, WEST, commune_points

if TYPE_CHECKING:
    from phusong.maps.batch.job import ProvinceRun

WIDTH = 420.0

LABEL = Text(
    "Bản đồ tỷ lệ dân số được phủ {service} theo tỉnh, thành phố",
    "Map of the share of people covered by {service}, by province",
)
RANKING = Text("{service}: xếp hạng", "{service}: ranking")

STYLE = """
.nation { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 18px; margin: 14px 0; }
.nation figure { margin: 0; padding: 12px 14px; border: 1px solid var(--line); border-radius: 10px; background: var(--paper); }
.nation figcaption { font-weight: 650; margin-bottom: 6px; }
svg.country { display: block; width: 100%; height: auto; max-height: 620px; margin: 0; }
.country .dots { fill: none; stroke: #b5bec6; stroke-width: 1.6; stroke-linecap: round; }
.country .isles { fill: none; stroke: #71828f; stroke-width: 2.4; stroke-linecap: round; }
.country .unit { stroke: #3f4a54; stroke-width: .8; stroke-linejoin: round; }
.country a:hover .unit, .country a:focus .unit { stroke: #000; stroke-width: 2.2; }
.country text { font: 11px sans-serif; fill: var(--ink); text-anchor: middle; }
.nation ol { margin: 8px 0 0; padding-left: 2.4em; } .nation li b { float: right; font-variant-numeric: tabular-nums; }
.nation .key { list-style: none; padding: 0; font-size: 13px; } .nation .key li { display: flex; gap: 7px; align-items: center; }
.nation .rank { font-size: 15px; margin: 12px 0 0; } .nation li svg { display: inline-block; margin-right: 5px; vertical-align: -1px; }
svg.swatch { width: 13px; height: 13px; min-width: 13px; margin: 0; } .swatch rect { stroke: #5b6874; }
@media print { .nation { grid-template-columns: 1fr 1fr; } .nation figure { break-inside: avoid; } }
"""  # noqa: E501

Window = tuple[float, float, float, float]


def _y(lat: float) -> float:
    return math.degrees(math.asinh(math.tan(math.radians(lat))))


def _window(rows: Sequence[ProvinceRun]) -> Window:
    """Return west, south, east, north of the map: all of Vietnam where every province lies in it."""
    points = [point for row in rows for ring in row.outline for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    if west > WEST and east < EAST and south > SOUTH and north < NORTH:
        return WEST, SOUTH, EAST, NORTH
    pad = 0.05 * max(east - west, north - south, 0.1)
    return west - pad, south - pad, east + pad, north + pad


class _Sheet:
    """Positions on the map, in Web Mercator."""

    def __init__(self, window: Window) -> None:
        self.west, south, east, north = window
        self.scale = WIDTH / (east - self.west)
        self.top = _y(north)
        self.height = (self.top - _y(south)) * self.scale
        self.vietnam = window == (WEST, SOUTH, EAST, NORTH)

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Return where a place lies on the drawing."""
        return (lon - self.west) * self.scale, (self.top - _y(lat)) * self.scale

    def ring(self, points: Sequence[tuple[float, float]]) -> str:
        """Return a ring as a path, without points that fall together."""
        said = ["{:.1f} {:.1f}".format(*self.at(lon, lat)) for lon, lat in points]
        return "M" + "L".join(p for k, p in enumerate(said) if k == 0 or p != said[k - 1]) + "Z"

    def ground(self) -> str:
        """Draw a dot per commune of Vietnam and the archipelagos with their names."""
        if not self.vietnam:
            return ""
        dots = sorted({tuple(round(v) for v in self.at(*point)) for point in commune_points()})
        parts = [f'<path class="dots" d="{"".join(f"M{x} {y}h0" for x, y in dots)}"/>']
        for name, lon, _, islands in ARCHIPELAGOS:
            places = [self.at(*island) for island in islands]
            parts.append(f'<path class="isles" d="{"".join(f"M{x:.1f} {y:.1f}h0" for x, y in places)}"/>')
            x, y = self.at(lon, 0.0)[0], max(p[1] for p in places)
            parts.append(f'<text x="{x:.0f}" y="{min(y + 16, self.height - 4):.0f}">{escape(name)}</text>')
        return "".join(parts)


def country_map(rows: Sequence[ProvinceRun], service: str, label: str, lang: Language) -> str:
    """Draw the provinces that have an outline, each a link to its report; empty without any."""
    drawn = [row for row in rows if row.outline and service in row.indicators]
    if not drawn:
        return ""
    sheet = _Sheet(_window(drawn))
    shapes = []
    for row in drawn:
        ratio = Ratio(*map(float, row.indicators[service]))
        path = "".join(sheet.ring(ring) for ring in row.outline)
        said = f"{row.name}: {ratio.share(lang)} ({ratio.counts(lang)})"
        shape = f'<path class="unit {class_key(colours.percent_class(ratio.percent))}" d="{path}"/>'
        shapes.append(
            f'<a href="{escape(quote(f"{row.folder}/index.html"))}" aria-label="{escape(said)}">'
            f"<title>{escape(said)}</title>{shape}</a>"
        )
    name = escape(LABEL.say(lang, service=label))
    return (
        f'<svg class="country" viewBox="0 0 {WIDTH:.0f} {sheet.height:.0f}" role="group" aria-label="{name}">'
        f"{sheet.ground()}{''.join(shapes)}</svg>"
    )


def ranking(rows: Sequence[ProvinceRun], service: str, lang: Language) -> str:
    """List the provinces from the highest share to the lowest."""
    found = [
        (ratio, row)
        for row in rows
        if (pair := row.indicators.get(service)) and (ratio := Ratio(*map(float, pair))).denominator
    ]
    found.sort(key=lambda pair: (-pair[0].percent, pair[1].code))
    items = []
    for ratio, row in found:
        name = escape(row.name)
        if row.folder:
            name = f'<a href="{escape(quote(f"{row.folder}/index.html"))}">{name}</a>'
        mark = swatch(colours.percent_class(ratio.percent))
        items.append(f"<li>{name} <b>{mark}{escape(ratio.share(lang))}</b></li>")
    return f"<ol>{''.join(items)}</ol>"


def nation(rows: Sequence[ProvinceRun], services: Sequence[tuple[str, str]], lang: Language) -> str:
    """Write a map and a ranking for every service, given as pairs of its name and its label."""
    figures = []
    for service, label in services:
        drawn = country_map(rows, service, label, lang)
        order = range(len(colours.PERCENT_BREAKS), -1, -1)
        key = "".join(f"<li>{swatch(k)}<span>{escape(class_name(lang, k))}</span></li>" for k in order)
        figures.append(
            f"<figure><figcaption>{escape(LABEL.say(lang, service=label))}</figcaption>{drawn}"
            f'<ul class="key">{key}</ul><h2 class="rank">{escape(RANKING.say(lang, service=label))}</h2>'
            f"{ranking(rows, service, lang)}</figure>"
        )
    return f'<div class="nation">{"".join(figures)}</div>' if figures else ""
