"""Maps that do not move: for the document and for slides, as PNG or SVG."""

from __future__ import annotations

import datetime
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyproj import Transformer

from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, Text, format_date, format_number
from phusong.maps.colours import MISSING_COLOUR, PERCENT_BREAKS, PERCENT_COLOURS, css, percent_class
from phusong.maps.figures import Figures, operator_label
from phusong.maps.geometry import simplify_coverage
from phusong.maps.inset import ARCHIPELAGOS, EAST, NORTH, SOUTH, WEST, commune_points, within
from phusong.maps.page_words import MAP_WORDS, notes
from phusong.maps.safe import ascii_keys, shorten

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure

TITLE = Text("{service}: tỷ lệ dân số được phủ theo xã", "{service}: share of the people covered, by commune")
GAPS = Text("vùng lõm đông dân nhất, số là thứ hạng", "gaps with most people, numbered by rank")
FOOT = Text(
    "Số liệu đến ngày {date}. {operator}. {notes}", "Figures as of {date}. {operator}. {notes}"
)
GAPS_TITLE = Text("{name}: vùng lõm theo dịch vụ", "{name}: gaps by service")
GAPS_SAID = Text(
    "{service}: {n} vùng, {people:.0f} người", "{service}: {n} gaps, {people:.0f} people"
)
NAMED_GAPS = 10
_TOLERANCE_M = 120.0
_STEPS_KM = (1, 2, 5, 10, 20, 50, 100, 200)
# DejaVu comes with matplotlib and holds every Vietnamese letter; SVG ids depend on nothing but content.
_STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 8, "svg.hashsalt": "phusong"}


def outlines(result: Result) -> gpd.GeoDataFrame:
    """Return the communes, simplified together for the size of a page."""
    return simplify_coverage(result.layers.communes, _TOLERANCE_M)


def draw_service(
    result: Result, service: str, lang: Language, operator: str = ANY, *,
    communes: gpd.GeoDataFrame | None = None, figures: Figures | None = None,
) -> Figure:
    """Draw the communes coloured by the share of their people whom a service reaches.

    Parameters
    ----------
    result : Result
    service : str
    lang : {"vi", "en"}
    operator : str
    communes, figures : optional
        `outlines` and `Figures` of the result, for who draws several maps.

    Returns
    -------
    matplotlib.figure.Figure
        170 mm wide; with legend in words, numbered gaps (of any operator), scale bar, north arrow, the
        inset of Vietnam with both archipelagos, date and criterion.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figures = figures or Figures(result)
    communes = outlines(result) if communes is None else communes
    left, bottom, right, top = communes.total_bounds
    with mpl.rc_context(_STYLE):
        shape = min(max((top - bottom) / (right - left), 0.5), 0.7)  # two to a page
        figure = Figure(figsize=(6.7, 1.1 + 5.0 * shape))
        axes = figure.add_axes((0.01, 0.1, 0.72, 0.82))
        classes = _draw_communes(axes, communes, figures, service, operator)
        if operator == ANY:
            _draw_gaps(axes, result, service, communes.crs)
        pad = 0.03 * max(right - left, top - bottom)
        axes.set_xlim(left - pad, right + pad)
        axes.set_ylim(bottom - pad, top + pad)
        axes.set_aspect("equal")
        axes.set_axis_off()
        _draw_scale(axes, (left, bottom, right, top), lang)
        title = TITLE.say(lang, service=figures.label(service, lang))
        figure.text(0.02, 0.955, title, fontsize=11, weight="bold")
        _draw_legend(figure, classes, lang, gaps=operator == ANY)
        _draw_north(figure, lang)
        _draw_inset(figure, communes)
        province = result.layers.project.province
        foot = FOOT.say(
            lang, date=format_date(province.as_of, lang), operator=operator_label(operator, lang),
            notes=notes(result, lang),
        )
        figure.text(0.02, 0.06, shorten(figures.criterion(service, lang), 130), fontsize=7)
        figure.text(0.02, 0.045, "\n".join(textwrap.wrap(foot, 130)), fontsize=6.5, va="top")
    return figure


def _draw_communes(axes: Any, communes: Any, figures: Figures, service: str, operator: str) -> list[int]:
    """Fill the communes and return how many are in each class; the last entry: without data."""
    classes = []
    for code in communes["commune_code"]:
        ratio = figures.commune(str(code), service, "population", operator)
        classes.append(-1 if ratio is None else percent_class(ratio.percent))
    colours = [css(PERCENT_COLOURS[k]) if k >= 0 else "#ffffff" for k in classes]
    communes.plot(ax=axes, color=colours, edgecolor="#5a5a5a", linewidth=0.35)
    return [classes.count(k) for k in range(len(PERCENT_COLOURS))] + [classes.count(-1)]


def _draw_gaps(axes: Any, result: Result, service: str, crs: Any, *, every: bool = False) -> None:
    gaps = result.gaps[(result.gaps["service"] == service) & (result.gaps["operator"] == ANY)]
    if not every:
        gaps = gaps[gaps["rank"] <= NAMED_GAPS]
    if len(gaps) == 0:
        return
    gaps = gaps.set_geometry("geometry").to_crs(crs)
    gaps["geometry"] = gaps.geometry.simplify(result.layers.grid.cell_m * (2.0 if every else 1.0))
    fill = css(MISSING_COLOUR) if every else "none"
    gaps.plot(ax=axes, color=fill, edgecolor=css(MISSING_COLOUR), linewidth=0.3 if every else 0.9)
    gaps = gaps[gaps["rank"] <= NAMED_GAPS]
    east, north = Transformer.from_crs(4326, crs, always_xy=True).transform(gaps["lon"], gaps["lat"])
    for x, y, rank in zip(east, north, gaps["rank"], strict=True):
        axes.annotate(
            str(int(rank)), (x, y), ha="center", va="center", fontsize=7, weight="bold",
            color="#ffffff", bbox={"boxstyle": "circle,pad=0.18", "fc": css(MISSING_COLOUR), "ec": "#ffffff"},
        )


def _draw_scale(axes: Any, bounds: tuple[float, float, float, float], lang: Language) -> None:
    left, bottom, right, top = bounds
    km = max((k for k in _STEPS_KM if k * 1000 <= (right - left) / 4), default=_STEPS_KM[0])
    y = bottom - 0.012 * (top - bottom)
    half = left + km * 500.0
    for x0, colour in ((left, "#222222"), (half, "#ffffff")):
        axes.plot([x0, x0 + km * 500.0], [y, y], color="#222222", linewidth=3.4, solid_capstyle="butt")
        axes.plot([x0, x0 + km * 500.0], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt")
    axes.annotate(f"{format_number(km, lang)} km", (left + km * 1000.0, y), (4, 0),
                  textcoords="offset points", va="center", fontsize=7)


def _draw_north(figure: Any, lang: Language) -> None:
    axes = figure.add_axes((0.9, 0.51, 0.08, 0.1))
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


def _draw_legend(figure: Any, classes: list[int], lang: Language, gaps: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    count = MAP_WORDS["communesCount"].vi if lang == "vi" else MAP_WORDS["communesCount"].en
    handles: list[Any] = [
        Patch(facecolor=css(colour), edgecolor="#5a5a5a", label=f"{name} ({count.format(n)})")
        for colour, name, n in zip(PERCENT_COLOURS, class_names(lang), classes, strict=False)
    ]
    if classes[-1]:
        handles.append(Patch(facecolor="#ffffff", edgecolor="#5a5a5a", label=MAP_WORDS["noData"].say(lang)))
    if gaps:
        handles.append(Line2D([], [], color=css(MISSING_COLOUR), marker="o", label=_wrapped(GAPS.say(lang))))
    legend = figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.725, 0.93), frameon=False, fontsize=6.5,
        title=_wrapped(MAP_WORDS["legendCommune"].say(lang)), title_fontsize=7, alignment="left",
    )
    legend.set_zorder(5)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 30))


def _draw_inset(
    figure: Any, communes: Any, where: tuple[float, float, float, float] = (0.76, 0.1, 0.22, 0.4)
) -> None:
    west, south, east, north = communes.to_crs(4326).total_bounds
    if not within((west, south, east, north)):
        return
    axes = figure.add_axes(where)
    lon_lat = zip(*commune_points(), strict=True)
    axes.plot(*lon_lat, ".", color="#8a8a8a", markersize=0.6, markeredgewidth=0)
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
    import io

    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    stream = io.BytesIO()
    with mpl.rc_context(_STYLE):
        FigureCanvasAgg(figure)
        figure.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()


def write_map(figure: Figure, path: Path, day: datetime.date, dpi: int = 200) -> None:
    """Write a figure as PNG or SVG, after the suffix of ``path``; the bytes depend on the figure only."""
    import matplotlib as mpl

    if path.suffix != ".svg":
        path.write_bytes(png_bytes(figure, dpi))
        return
    with mpl.rc_context(_STYLE):
        figure.savefig(path, metadata={"Date": day.isoformat()})


class Drawings:
    """The maps of one result that do not move, each drawn once for all who show it.

    Attributes
    ----------
    result : Result
    lang : {"vi", "en"}
    services : tuple of str
    """

    def __init__(self, result: Result, lang: Language) -> None:
        self.result, self.lang = result, lang
        self._figures = Figures(result)
        self.services = self._figures.services
        self._communes: gpd.GeoDataFrame | None = None
        self._drawn: dict[str, Figure] = {}
        self._png: dict[str, bytes] = {}

    def outlines(self) -> gpd.GeoDataFrame:
        """Return the communes, simplified for a page."""
        if self._communes is None:
            self._communes = outlines(self.result)
        return self._communes

    def figure(self, service: str) -> Figure:
        """Return the map of a service; the gaps of all services for ``""``."""
        if service not in self._drawn:
            some: Any = {"communes": self.outlines(), "figures": self._figures}
            self._drawn[service] = (
                draw_service(self.result, service, self.lang, **some)
                if service
                else draw_gaps(self.result, self.lang, **some)
            )
        return self._drawn[service]

    def png(self, service: str) -> bytes:
        """Return a map as PNG."""
        if service not in self._png:
            self._png[service] = png_bytes(self.figure(service))
        return self._png[service]

    def write(self, service: str, path: Path) -> None:
        """Write a map as PNG or SVG, after the suffix of ``path``."""
        if path.suffix == ".svg":
            write_map(self.figure(service), path, self.result.layers.project.province.as_of)
        else:
            path.write_bytes(self.png(service))

    def names(self) -> dict[str, str]:
        """Return the service of every file: ``map_4G.png``, ``map_4G.svg``, ``map_gaps.png`` and so on."""
        keys = ascii_keys([*self.services, "gaps"])
        stems = {f"map_{key}": service for service, key in keys.items()}
        # Two services whose names fold to one are numbered; the map of the gaps comes last.
        stems[f"map_{keys['gaps']}"] = "gaps" if "gaps" in self.services else ""
        if "gaps" in self.services:
            stems["map_all_gaps"] = ""
        return {f"{stem}.{kind}": service for stem, service in stems.items() for kind in ("png", "svg")}


def draw_gaps(
    result: Result,
    lang: Language,
    *,
    communes: gpd.GeoDataFrame | None = None,
    figures: Figures | None = None,
) -> Figure:
    """Draw the gaps of every service of any operator side by side, as wide as a slide.

    Gaps are filled, those with most people numbered; below each map how many there are and how many people
    live in them.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figures = figures or Figures(result)
    communes = outlines(result) if communes is None else communes
    left, bottom, right, top = communes.total_bounds
    pad = 0.03 * max(right - left, top - bottom)
    wide = 0.82 / max(len(figures.services), 1)
    high = min(wide * 10.0 / 5.625 * (top - bottom) / (right - left), 0.68)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10.0, 5.625))
        for k, service in enumerate(figures.services):
            axes = figure.add_axes((0.01 + wide * k, 0.48 - high / 2, wide, high))
            communes.plot(ax=axes, color="#f4f1e8", edgecolor="none")
            _draw_gaps(axes, result, service, communes.crs, every=True)
            axes.set_xlim(left - pad, right + pad)
            axes.set_ylim(bottom - pad, top + pad)
            axes.set_aspect("equal")
            axes.set_axis_off()
            mine = result.gaps[(result.gaps["service"] == service) & (result.gaps["operator"] == ANY)]
            said = GAPS_SAID.say(
                lang, service=figures.label(service, lang), n=len(mine), people=float(mine["people"].sum())
            )
            figure.text(0.01 + wide * (k + 0.5), 0.49 + high / 2, said, fontsize=9, ha="center")
            communes.boundary.plot(ax=axes, color="#7d7d7d", linewidth=0.25)
            if k == 0:
                _draw_scale(axes, (left, bottom, right, top), lang)
        figure.text(0.02, 0.93, GAPS_TITLE.say(lang, name=result.layers.project.province.name),
                    fontsize=13, weight="bold")
        figure.text(0.02, 0.885, GAPS.say(lang), fontsize=8)
        _draw_north(figure, lang)
        _draw_inset(figure, communes, (0.845, 0.1, 0.145, 0.4))
        foot = FOOT.say(
            lang, date=format_date(result.layers.project.province.as_of, lang),
            operator=operator_label(ANY, lang), notes=notes(result, lang),
        )
        figure.text(0.02, 0.03, "\n".join(textwrap.wrap(foot, 150)), fontsize=7)
    return figure
