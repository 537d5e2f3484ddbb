"""Small drawings inside the report: commune maps, bars and legends, as SVG that prints in grey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

from phusong.coverage.result import ANY
from phusong.data.language import Language, Text, format_number
from phusong.maps import colours
from phusong.maps.figures import Figures
from phusong.maps.geometry import simplify_coverage, svg_paths
from phusong.maps.inline import escape

if TYPE_CHECKING:
    import geopandas as gpd

MAP_WIDTH = 420.0
MARKED_GAPS = 5
STEPS_KM = (1, 2, 5, 10, 20, 50, 100, 200)

BELOW = Text("dưới {high}%", "below {high}%")
BETWEEN = Text("từ {low} đến dưới {high}%", "{low} to below {high}%")
ABOVE = Text("từ {low}% trở lên", "{low}% and above")
NO_DATA = Text("không có số liệu", "no data")
COUNT = Text("{n} xã", "{n} communes")
PEOPLE = Text("{n:.0f} người", "{n:.0f} people")
SPREAD_LABEL = Text(
    "{service}: số xã và số dân theo tỷ lệ được phủ. {said}.",
    "{service}: communes and people by share covered. {said}.",
)
MAP_LABEL = Text(
    "Bản đồ tỷ lệ dân số được phủ {service} theo xã",
    "Map of the share of people covered by {service}, by commune",
)


def class_name(lang: Language, k: int) -> str:
    """Return in words which percentages a colour stands for; -1 stands for none."""
    breaks = colours.PERCENT_BREAKS
    if k < 0:
        return NO_DATA.say(lang)
    if k == 0:
        return BELOW.say(lang, high=breaks[0])
    if k == len(breaks):
        return ABOVE.say(lang, low=breaks[-1])
    return BETWEEN.say(lang, low=breaks[k - 1], high=breaks[k])


def class_styles() -> str:
    """Return the style sheet of the classes: ``.c0`` and so on, ``.cx`` without data."""
    rules = [f".c{k}{{fill:{colours.css(c)}}}" for k, c in enumerate(colours.PERCENT_COLOURS)]
    return "".join([*rules, ".cx{fill:#b9c0c6}"])


def class_key(k: int) -> str:
    """Return the style class of a colour class."""
    return f"c{k}" if k >= 0 else "cx"


def swatch(k: int) -> str:
    """Draw the colour of a class."""
    return (
        f'<svg class="swatch" viewBox="0 0 14 14" aria-hidden="true"><rect class="{class_key(k)}" '
        'width="14" height="14" rx="3"/></svg>'
    )


def outline_defs(communes: gpd.GeoDataFrame) -> tuple[str, tuple[float, float]]:
    """Return the communes' outlines, drawn once and used by every map of the page, and their size."""
    west, _, east, _ = communes.total_bounds
    simple = simplify_coverage(communes, float(east - west) / 600.0)
    paths, size = svg_paths(simple.geometry, MAP_WIDTH)
    shapes = "".join(f'<path id="u{k}" d="{d}"/>' for k, d in enumerate(paths))
    return (
        f'<svg class="defs" aria-hidden="true" focusable="false" width="0" '
        f'height="0"><defs>{shapes}</defs></svg>',
        size,
    )


def classes_of(figures: Figures, service: str) -> list[int]:
    """Return the colour class of every commune for a service of any operator."""
    ratios = [figures.commune(code, service, "population") for code in figures.codes]
    return [colours.percent_class(r.percent) if r else -1 for r in ratios]


def choropleth(
    figures: Figures, service: str, size: tuple[float, float], lang: Language, *, gaps: bool = False
) -> str:
    """Draw the communes of one service with `outline_defs`; each says its name and figure on pointing.

    With ``gaps``, those with most people are numbered, and there is a scale: a map that says as much on
    paper as on the screen.
    """
    names = figures.result.layers.communes["commune_name"]
    shapes = []
    for k, (code, name, colour) in enumerate(
        zip(figures.codes, names, classes_of(figures, service), strict=True)
    ):
        ratio = figures.commune(code, service, "population")
        said = f"{ratio.share(lang)} ({ratio.counts(lang)})" if ratio else NO_DATA.say(lang)
        shapes.append(
            f'<use href="#u{k}" class="{class_key(colour)}"><title>{escape(name)}: '
            f'{escape(said)}</title></use>'
        )
    width, height = size
    label = MAP_LABEL.say(lang, service=figures.label(service, lang))
    marks = _gap_marks(figures, service, width) if gaps else ""
    return (
        f'<svg class="communes" viewBox="-2 -2 {width + 4:.0f} {height + 4:.0f}" role="img" '
        f'aria-label="{escape(label)}">{"".join(shapes)}{marks}</svg>'
    )


def _gap_marks(figures: Figures, service: str, width: float) -> str:
    """Draw the numbers of the gaps with most people of any operator, and draw a scale."""
    communes = figures.result.layers.communes
    left, bottom, right, top = communes.total_bounds
    scale = width / max(right - left, 1e-9)
    gaps = figures.result.gaps
    gaps = gaps[(gaps["service"] == service) & (gaps["operator"] == ANY) & (gaps["rank"] <= MARKED_GAPS)]
    forward = Transformer.from_crs(4326, communes.crs, always_xy=True)
    east, north = forward.transform(gaps["lon"].to_numpy(), gaps["lat"].to_numpy())
    marks = [
        f'<g class="gap"><circle cx="{(x - left) * scale:.1f}" cy="{(top - y) * scale:.1f}" r="9"/>'
        f'<text x="{(x - left) * scale:.1f}" y="{(top - y) * scale + 4:.1f}">{rank}</text></g>'
        for x, y, rank in reversed(list(zip(east, north, gaps["rank"], strict=True)))
    ]
    km = max((k for k in STEPS_KM if k * 1000 <= (right - left) / 4), default=STEPS_KM[0])
    y = (top - bottom) * scale - 4
    bar = f'<path class="scalebar" d="M2 {y - 5:.1f}v5h{km * 1000 * scale:.1f}v-5"/>'
    text = f'<text class="scaletext" x="{km * 500 * scale + 2:.1f}" y="{y - 7:.1f}">{km} km</text>'
    return "".join([*marks, bar, text])


def spread(figures: Figures, service: str, lang: Language) -> str:
    """Draw two bars per class of share: how many communes are in it, and how many people live in them."""
    classes = np.array(classes_of(figures, service))
    ratios = [figures.commune(code, service, "population") for code in figures.codes]
    people = np.array([r.denominator if r else 0.0 for r in ratios])
    order = range(len(colours.PERCENT_BREAKS), -1, -1)
    rows, said = [], []
    per_commune, per_head = 300.0 / max(len(classes), 1), 300.0 / max(float(people.sum()), 1e-9)
    for k, group in enumerate(order):
        mine = classes == group
        n, living = int(mine.sum()), float(people[mine].sum())
        name, y = class_name(lang, group), 40 * k
        counted = f"{COUNT.say(lang, n=n)} · {PEOPLE.say(lang, n=living)}"
        said.append(f"{name}: {counted}")
        rows.append(
            f'<text x="0" y="{y + 11}">{escape(name)}</text>'
            f'<text class="count" x="300" y="{y + 11}">{escape(counted)}</text>'
            f'<rect class="{class_key(group)} edge" x="0" y="{y + 16}" '
            f'width="{per_commune * n:.1f}" height="8"/>'
            f'<rect class="folk" x="0" y="{y + 25}" width="{per_head * living:.1f}" height="6"/>'
        )
    label = SPREAD_LABEL.say(lang, service=figures.label(service, lang), said="; ".join(said))
    return (
        f'<svg class="spread" viewBox="0 0 300 {40 * len(order)}" role="img" aria-label="{escape(label)}">'
        f'{"".join(rows)}</svg>'
    )


def class_legend(figures: Figures, service: str, lang: Language) -> str:
    """Write what the colours mean and how many communes have each."""
    classes = np.array(classes_of(figures, service))
    order = list(range(len(colours.PERCENT_BREAKS), -1, -1)) + ([-1] if (classes < 0).any() else [])
    items = "".join(
        f"<li>{swatch(k)}<span>{escape(class_name(lang, k))}</span>"
        f"<b>{escape(COUNT.say(lang, n=int((classes == k).sum())))}</b></li>"
        for k in order
    )
    return f'<ul class="key">{items}</ul>'


def bar(percent: float, lang: Language) -> str:
    """Draw a percentage as a bar; the number stands beside it in words."""
    wide = 0.0 if not np.isfinite(percent) else min(max(percent, 0.0), 100.0)
    return (
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="rail" width="100" height="6"/><rect class="run" width="{wide:.2f}" height="6"/></svg>'
    )


def plain_number(value: float, lang: Language) -> str:
    """Write a whole number."""
    return escape(format_number(round(float(value)), lang))
