"""The parts of which maps that do not move are made: communes, legend, scale, north, inset; PNG and SVG."""

from __future__ import annotations

import datetime
import io
import re
import textwrap
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phusong.coverage.result import Result
from phusong.data.language import Language, Text, format_number
from phusong.maps.colours import MISSING_COLOUR, PERCENT_BREAKS, PERCENT_COLOURS, css, percent_class
from phusong.maps.figures import Ratio
from phusong.maps.geometry import simplify_coverage
from phusong.maps.inset import ARCHIPELAGOS, EAST, NORTH, SOUTH, WEST, commune_points, within
from phusong.maps.page_words import MAP_WORDS

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure

Box = tuple[float, float, float, float]

GAPS = Text("vùng lõm đông dân nhất, số là thứ hạng", "gaps with most people, numbered by rank")
OUTLINE_M = 120.0
_STEPS_KM = (1, 2, 5, 10, 20, 50, 100, 200)
_FINE = re.compile(rb"(\d\.\d\d)\d+")
# DejaVu comes with matplotlib and holds every Vietnamese letter; SVG ids depend on nothing but content.
STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 8, "svg.hashsalt": "phusong"}


def outlines(result: Result) -> gpd.GeoDataFrame:
    """Return the communes, simplified together for the size of a page."""
    return simplify_coverage(result.layers.communes, OUTLINE_M)


def classes_of(ratios: Sequence[Ratio | None]) -> list[int]:
    """Return the class of each commune by its share, -1 without data: all that a map shows of it."""
    return [-1 if ratio is None else percent_class(ratio.percent) for ratio in ratios]


def fill_communes(axes: Any, communes: Any, classes: Sequence[int]) -> list[int]:
    """Fill the communes and return how many are in each class; the last entry: without data."""
    colours = [css(PERCENT_COLOURS[k]) if k >= 0 else "#ffffff" for k in classes]
    communes.plot(ax=axes, color=colours, edgecolor="#5a5a5a", linewidth=0.35)
    return [classes.count(k) for k in range(len(PERCENT_COLOURS))] + [classes.count(-1)]


def frame_axes(axes: Any, bounds: Box) -> None:
    """Show exactly the province, with a little room round it and without a frame."""
    left, bottom, right, top = bounds
    pad = 0.03 * max(right - left, top - bottom)
    axes.set_xlim(left - pad, right + pad)
    axes.set_ylim(bottom - pad, top + pad)
    axes.set_aspect("equal")
    axes.set_axis_off()


def draw_scale(axes: Any, bounds: Box, lang: Language) -> None:
    """Draw a scale bar below the province."""
    left, bottom, right, top = bounds
    km = max((k for k in _STEPS_KM if k * 1000 <= (right - left) / 4), default=_STEPS_KM[0])
    y = bottom - 0.012 * (top - bottom)
    half = left + km * 500.0
    for x0, colour in ((left, "#222222"), (half, "#ffffff")):
        axes.plot([x0, x0 + km * 500.0], [y, y], color="#222222", linewidth=3.4, solid_capstyle="butt")
        axes.plot([x0, x0 + km * 500.0], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt")
    axes.annotate(f"{format_number(km, lang)} km", (left + km * 1000.0, y), (4, 0),
                  textcoords="offset points", va="center", fontsize=7)


def draw_north(figure: Any, lang: Language, where: Box = (0.9, 0.51, 0.08, 0.1)) -> None:
    """Draw an arrow to the north; ``where`` in shares of the figure."""
    axes = figure.add_axes(where)
    axes.set_axis_off()
    axes.annotate("", (0.5, 1.0), (0.5, 0.3), arrowprops={"arrowstyle": "-|>", "color": "#222222"})
    axes.text(0.5, 0.25, MAP_WORDS["north"].say(lang), ha="center", va="top", fontsize=7)


def class_names(lang: Language) -> list[str]:
    """Return the classes of the map in words, from the lowest."""
    lows = [format_number(v, lang) for v in PERCENT_BREAKS]
    below, between, above = (
        MAP_WORDS[key].vi if lang == "vi" else MAP_WORDS[key].en for key in ("below", "between", "above")
    )
    middle = [between.format(low, high) for low, high in pairwise(lows)]
    return [below.format(lows[0]), *middle, above.format(lows[-1])]


def draw_legend(
    figure: Any,
    classes: Sequence[int] | None,
    lang: Language,
    *,
    gaps: bool = False,
    more: Iterable[Any] = (),
    at: tuple[float, float] = (0.725, 0.93),
) -> None:
    """Say in words what the colours mean, with the communes of each class where they are counted.

    Parameters
    ----------
    figure : Figure
    classes : sequence of int, optional
        As `fill_communes` returns them.
    lang : {"vi", "en"}
    gaps : bool
        With the sign of a numbered gap.
    more : iterable of artists
        Entries that follow.
    at : tuple of float
        Upper left corner, in shares of the figure.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    count = MAP_WORDS["communesCount"].vi if lang == "vi" else MAP_WORDS["communesCount"].en
    names = class_names(lang)
    if classes:
        names = [f"{name} ({count.format(n)})" for name, n in zip(names, classes, strict=False)]
    handles: list[Any] = [
        Patch(facecolor=css(colour), edgecolor="#5a5a5a", label=name)
        for colour, name in zip(PERCENT_COLOURS, names, strict=True)
    ]
    if classes and classes[-1]:
        handles.append(Patch(facecolor="#ffffff", edgecolor="#5a5a5a", label=MAP_WORDS["noData"].say(lang)))
    if gaps:
        handles.append(Line2D([], [], color=css(MISSING_COLOUR), marker="o", label=wrapped(GAPS.say(lang))))
    legend = figure.legend(
        handles=[*handles, *more], loc="upper left", bbox_to_anchor=at, frameon=False, fontsize=6.5,
        title=wrapped(MAP_WORDS["legendCommune"].say(lang)), title_fontsize=7, alignment="left",
    )
    legend.set_zorder(5)


def wrapped(text: str, width: int = 30) -> str:
    """Break a text into lines."""
    return "\n".join(textwrap.wrap(text, width))


def draw_inset(figure: Any, communes: Any, where: Box = (0.76, 0.1, 0.22, 0.4)) -> None:
    """Draw all Vietnam with both archipelagos, and where the province lies in it."""
    west, south, east, north = communes.to_crs(4326).total_bounds
    if not within((west, south, east, north)):
        return
    axes = figure.add_axes(where)
    lon_lat = zip(*commune_points(), strict=True)
    # Three thousand dots: as a picture also in SVG.
    axes.plot(*lon_lat, ".", color="#8a8a8a", markersize=0.6, markeredgewidth=0, rasterized=True)
    for name, lon, lat, islands in ARCHIPELAGOS:
        axes.plot([i[0] for i in islands], [i[1] for i in islands], ".", color="#444444", markersize=1.6)
        # Below the islands where there is room, else above them.
        lowest, highest = min(i[1] for i in islands), max(i[1] for i in islands)
        y, side = (lat - 1.0, "top") if lowest > SOUTH + 3 else (highest + 0.3, "bottom")
        axes.text(lon, y, name.replace(" ", "\n", 2).replace("\n", " ", 1), fontsize=4.5,
                  ha="center", va=side)
    axes.add_patch(_box(west, south, east, north))
    axes.set_xlim(WEST, EAST)
    axes.set_ylim(SOUTH, NORTH)
    axes.set_aspect(1.04)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("#f4f6f8")


def _box(west: float, south: float, east: float, north: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((west, south), east - west, north - south, fill=False, edgecolor=css(MISSING_COLOUR))


def png_bytes(figure: Figure, dpi: int = 180) -> bytes:
    """Return a figure as the bytes of a PNG file."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    stream = io.BytesIO()
    with mpl.rc_context(STYLE):
        FigureCanvasAgg(figure)
        figure.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()


def write_map(figure: Figure, path: Path, day: datetime.date, dpi: int = 200) -> None:
    """Write a figure as PNG or SVG, after the suffix of ``path``; the bytes depend on the figure only."""
    path.write_bytes(png_bytes(figure, dpi) if path.suffix != ".svg" else svg_bytes(figure, day, dpi))


def svg_bytes(figure: Figure, day: datetime.date, dpi: int = 200) -> bytes:
    """Return a figure as the bytes of an SVG file."""
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", dpi=dpi, metadata={"Date": day.isoformat()})
    # A hundredth of a point is finer than any printer.
    return _FINE.sub(rb"\1", stream.getvalue())
