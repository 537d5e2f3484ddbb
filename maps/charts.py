"""Small drawings inside the report: commune maps, bars and legends, as SVG that prints in grey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phusong.data.language import Language, Text, format_number
from phusong.maps import colours
from phusong.maps.figures import Figures
from phusong.maps.geometry import simplify_coverage, svg_paths
from phusong.maps.inline import escape

if TYPE_CHECKING:
    import geopandas as gpd

MAP_WIDTH = 420.0

BELOW = Text("dưới {high} %", "below {high} %")
BETWEEN = Text("từ {low} đến dưới {high} %", "{low} to below {high} %")
ABOVE = Text("từ {low} % trở lên", "{low} % and above")
NO_DATA = Text("không có số liệu", "no data")
COUNT = Text("{n} xã", "{n} communes")
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


def choropleth(figures: Figures, service: str, size: tuple[float, float], lang: Language) -> str:
    """Draw the communes of one service with `outline_defs`; each says its name and figure on pointing."""
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
    return (
        f'<svg class="communes" viewBox="-2 -2 {width + 4:.0f} {height + 4:.0f}" role="img" '
        f'aria-label="{escape(label)}">{"".join(shapes)}</svg>'
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
