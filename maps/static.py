"""Maps that do not move: for the document and for slides, as PNG or SVG."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from phusong.coverage.result import ANY, Result
from phusong.coverage.store import Store
from phusong.data.language import Language, Text, format_date
from phusong.maps.colours import MISSING_COLOUR, css
from phusong.maps.figures import Figures, operator_label
from phusong.maps.geometry import simplify_coverage
from phusong.maps.kept import kept_several
from phusong.maps.page_words import notes
from phusong.maps.safe import ascii_keys, shorten
from phusong.maps.static_parts import (
    GAPS,
    STYLE,
    classes_of,
    draw_inset,
    draw_legend,
    draw_north,
    draw_scale,
    fill_communes,
    frame_axes,
    outlines,
    png_bytes,
    svg_bytes,
)

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure

TITLE = Text("{service}: tỷ lệ dân số được phủ theo xã", "{service}: share of the people covered, by commune")
FOOT = Text(
    "Số liệu đến ngày {date}. {operator}. {notes}", "Figures as of {date}. {operator}. {notes}"
)
GAPS_TITLE = Text("{name}: vùng lõm theo dịch vụ", "{name}: gaps by service")
GAPS_SAID = Text(
    "{service}: {n} vùng, {people:.0f} người", "{service}: {n} gaps, {people:.0f} people"
)
NAMED_GAPS = 10
_GAP_M, _SMALL_M = 250.0, 450.0
"""How coarse gaps and communes may be where three provinces stand side by side: a pixel is 500 m."""


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
    with mpl.rc_context(STYLE):
        shape = min(max((top - bottom) / (right - left), 0.5), 0.7)  # two to a page
        figure = Figure(figsize=(6.7, 1.1 + 5.0 * shape))
        axes = figure.add_axes((0.01, 0.1, 0.72, 0.82))
        shares = [figures.commune(str(c), service, "population", operator) for c in communes["commune_code"]]
        classes = fill_communes(axes, communes, classes_of(shares))
        if operator == ANY:
            _draw_gaps(axes, result, service, communes.crs)
        frame_axes(axes, (left, bottom, right, top))
        draw_scale(axes, (left, bottom, right, top), lang)
        title = TITLE.say(lang, service=figures.label(service, lang))
        figure.text(0.02, 0.955, title, fontsize=11, weight="bold")
        draw_legend(figure, classes, lang, gaps=operator == ANY)
        draw_north(figure, lang)
        draw_inset(figure, communes)
        province = result.layers.project.province
        foot = FOOT.say(
            lang, date=format_date(province.as_of, lang), operator=operator_label(operator, lang),
            notes=notes(result, lang),
        )
        figure.text(0.02, 0.06, shorten(figures.criterion(service, lang), 130), fontsize=7)
        figure.text(0.02, 0.045, "\n".join(textwrap.wrap(foot, 130)), fontsize=6.5, va="top")
    return figure


def _draw_gaps(axes: Any, result: Result, service: str, crs: Any, *, every: bool = False) -> None:
    gaps = result.gaps[(result.gaps["service"] == service) & (result.gaps["operator"] == ANY)]
    if not every:
        gaps = gaps[gaps["rank"] <= NAMED_GAPS]
    if len(gaps) == 0:
        return
    gaps = gaps.set_geometry("geometry").to_crs(crs)
    gaps["geometry"] = gaps.geometry.simplify(_GAP_M if every else result.layers.grid.cell_m)
    fill = css(MISSING_COLOUR) if every else "none"
    # All gaps have a million corners: in SVG too they are a picture.
    gaps.plot(
        ax=axes, color=fill, edgecolor=css(MISSING_COLOUR), linewidth=0.3 if every else 0.9, rasterized=every
    )
    gaps = gaps[gaps["rank"] <= NAMED_GAPS]
    east, north = Transformer.from_crs(4326, crs, always_xy=True).transform(gaps["lon"], gaps["lat"])
    for x, y, rank in zip(east, north, gaps["rank"], strict=True):
        axes.annotate(
            str(int(rank)), (x, y), ha="center", va="center", fontsize=7, weight="bold",
            color="#ffffff", bbox={"boxstyle": "circle,pad=0.18", "fc": css(MISSING_COLOUR), "ec": "#ffffff"},
        )


class Drawings:
    """The maps of one result that do not move, each drawn once for all who show it.

    Attributes
    ----------
    result : Result
    lang : {"vi", "en"}
    services : tuple of str
    store : Store or None
        Where pictures are kept between runs.
    """

    def __init__(self, result: Result, lang: Language, store: Store | None = None) -> None:
        self.result, self.lang, self.store = result, lang, store
        self._figures = Figures(result)
        self.services = self._figures.services
        self._communes: gpd.GeoDataFrame | None = None
        self._drawn: dict[str, Figure] = {}
        self._png: dict[str, bytes] = {}
        self._svg: dict[str, bytes] = {}

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
            if self.store is None:
                self._png[service] = png_bytes(self.figure(service))
            else:
                # Both together: a figure drawn once for one of them might not be drawn alike for the other.
                self._png[service], self._svg[service] = kept_several(
                    self.store, ("map", *self._shown(service)),
                    lambda: (png_bytes(self.figure(service)), self._vector(service)),
                )
        return self._png[service]

    def svg(self, service: str) -> bytes:
        """Return a map as SVG."""
        self.png(service)
        if service not in self._svg:
            self._svg[service] = self._vector(service)
        return self._svg[service]

    def _vector(self, service: str) -> bytes:
        return svg_bytes(self.figure(service), self.result.layers.project.province.as_of)

    def _shown(self, service: str) -> tuple[object, ...]:
        """Return all that the map of a service, or of the gaps of all for ``""``, depends on."""
        result, figures, lang = self.result, self._figures, self.lang
        outlined, province = self.outlines(), result.layers.project.province
        said: list[object] = [
            service, lang, province.name, province.as_of, notes(result, lang), result.layers.grid.cell_m,
            outlined.crs.to_wkt(), shapely.to_wkb(outlined.geometry.to_numpy()).tolist(), result.gaps.crs,
        ]
        for name in [service] if service else self.services:
            shares = [figures.commune(str(c), name, "population", ANY) for c in outlined["commune_code"]]
            gaps = result.gaps[(result.gaps["service"] == name) & (result.gaps["operator"] == ANY)]
            if service:
                gaps = gaps[gaps["rank"] <= NAMED_GAPS]
            said += [
                name, figures.label(name, lang), figures.criterion(name, lang),
                classes_of(shares) if service else gaps["people"].to_numpy(np.float64),
                shapely.to_wkb(np.asarray(gaps["geometry"].to_numpy(), dtype=object)).tolist(),
                gaps[["rank", "lon", "lat"]].to_numpy(np.float64),
            ]
        return tuple(said)

    def write(self, service: str, path: Path) -> None:
        """Write a map as PNG or SVG, after the suffix of ``path``."""
        if path.suffix == ".svg":
            path.write_bytes(self.svg(service))
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
    communes = simplify_coverage(outlines(result) if communes is None else communes, _SMALL_M)
    left, bottom, right, top = communes.total_bounds
    wide = 0.82 / max(len(figures.services), 1)
    high = min(wide * 10.0 / 5.625 * (top - bottom) / (right - left), 0.68)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.0, 5.625))
        for k, service in enumerate(figures.services):
            axes = figure.add_axes((0.01 + wide * k, 0.48 - high / 2, wide, high))
            communes.plot(ax=axes, color="#f4f1e8", edgecolor="none", rasterized=True)
            _draw_gaps(axes, result, service, communes.crs, every=True)
            frame_axes(axes, (left, bottom, right, top))
            mine = result.gaps[(result.gaps["service"] == service) & (result.gaps["operator"] == ANY)]
            said = GAPS_SAID.say(
                lang, service=figures.label(service, lang), n=len(mine), people=float(mine["people"].sum())
            )
            figure.text(0.01 + wide * (k + 0.5), 0.49 + high / 2, said, fontsize=9, ha="center")
            communes.boundary.plot(ax=axes, color="#7d7d7d", linewidth=0.25)
            if k == 0:
                draw_scale(axes, (left, bottom, right, top), lang)
        figure.text(0.02, 0.93, GAPS_TITLE.say(lang, name=result.layers.project.province.name),
                    fontsize=13, weight="bold")
        said = GAPS.say(lang)
        figure.text(0.02, 0.885, said[:1].upper() + said[1:], fontsize=8)
        draw_north(figure, lang)
        draw_inset(figure, communes, (0.845, 0.1, 0.145, 0.4))
        foot = FOOT.say(
            lang, date=format_date(result.layers.project.province.as_of, lang),
            operator=operator_label(ANY, lang), notes=notes(result, lang),
        )
        figure.text(0.02, 0.03, "\n".join(textwrap.wrap(foot, 150)), fontsize=7)
    return figure
