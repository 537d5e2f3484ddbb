"""Drawings of a plan of sites: the province, money against coverage, each site's surroundings and profile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from phusong.coverage.criterion import technology_of
from phusong.coverage.plan.site_aims import NAMES, village_layer
from phusong.coverage.plan.site_plan import SitePlan, curve
from phusong.coverage.plan.site_steps import Step, profile_of
from phusong.data.language import Language, format_number
from phusong.layers.grid import FloatArray
from phusong.maps.geometry import simplify_coverage, svg_paths
from phusong.maps.inline import escape
from phusong.maps.plan_sites.words import place_name, word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 1100.0
MOST_GAPS = 6000
CROWD = 150
"""With more sites the map shows small marks, with numbers for the first `NUMBERED`, and curves no marks."""
NUMBERED = 60
SMALL = 210.0
_SMALL_M = 5000.0


def _positions(found: SitePlan) -> FloatArray:
    """Return the sites that the service has now, one point a place."""
    stations = found.layers.stations
    service = found.layers.project.services[found.question.service]
    mine = stations[stations["technology"] == technology_of(found.question.service, service)]
    if not len(mine):
        return np.zeros((0, 2))
    return np.unique(np.column_stack([mine.geometry.x.to_numpy(), mine.geometry.y.to_numpy()]), axis=0)


def _crowded(found: SitePlan) -> tuple[FloatArray, FloatArray]:
    """Return uncovered cells with people, the fullest ones where there are many."""
    people = found.aims["people"].weights
    at = np.flatnonzero(people > 0.0)
    at = at[np.argsort(-people[at], kind="stable")][:MOST_GAPS]
    return found.universe.x_m[at], found.universe.y_m[at]


def map_svg(found: SitePlan, steps: Sequence[Step], links: Sequence[Any], lang: Language) -> str:
    """Draw communes, people without the service, sites there are, new sites by number, and new cable."""
    communes = found.layers.communes
    left, _, right, top = communes.total_bounds
    simple = simplify_coverage(communes, float(right - left) / 900.0)
    paths, (width, height) = svg_paths(simple.geometry, WIDTH)
    # The outlines' own corner is that of the simplified shapes.
    left, _, right, top = simple.total_bounds
    scale = width / max(right - left, 1e-9)

    def at(x: float, y: float) -> str:
        """Return a place of the grid's system on the map."""
        return f"{(x - left) * scale:.1f} {(top - y) * scale:.1f}"

    cell = max(found.layers.grid.cell_m * scale, 1.6)
    names = communes["commune_name"]
    parts = [
        f'<path class="land" d="{d}"><title>{escape(n)}</title></path>'
        for d, n in zip(paths, names, strict=True)
    ]
    gx, gy = _crowded(found)
    squares = "".join(f"M{at(x, y)}h{cell:.1f}v{cell:.1f}h-{cell:.1f}z" for x, y in zip(gx, gy, strict=True))
    parts.append(f'<path class="gap" d="{squares}"/>')
    dots = "".join(f"M{at(x, y)}h1.8v1.8h-1.8z" for x, y in _positions(found))
    parts.append(f'<path class="had" d="{dots}"/>')
    for kind, shapes in (
        ("cable", [s for k, s in links if k == "fibre"]),
        ("link", [s for k, s in links if k != "fibre"]),
    ):
        d = "".join(_path(shape, at) for shape in shapes)
        if d:
            parts.append(f'<path class="{kind}" d="{d}"/>')
    radius = 5.0 if len(steps) <= CROWD else 2.6
    for step in reversed(steps):
        i = step.candidate
        x, y = at(float(found.candidates.x_m[i]), float(found.candidates.y_m[i])).split()
        kind = "shared" if step.kind == "mast" else "new"
        said = f"{step.order}. {place_name(step, lang)}: {format_number(step.cost, lang, 0)}"
        number = f'<text x="{float(x) + 6:.1f}" y="{float(y) - 4:.1f}">{step.order}</text>'
        parts.append(
            f'<g><title>{escape(said)}</title><circle class="{kind}" cx="{x}" cy="{y}" r="{radius}"/>'
            f"{number if len(steps) <= CROWD or step.order <= NUMBERED else ''}</g>"
        )
    parts.append(_scale_bar(scale, width, height, lang))
    return (
        f'<svg class="plan" viewBox="-4 -4 {width + 8:.0f} {height + 30:.0f}" role="img" '
        f'aria-label="{escape(word("map", lang))}">{"".join(parts)}</svg>'
    )


def _path(shape: Any, at: Any) -> str:
    points = shapely.get_coordinates(shape)
    return "M" + "L".join(at(float(x), float(y)) for x, y in points)


def _scale_bar(scale: float, width: float, height: float, lang: Language) -> str:
    km = max((k for k in (1, 2, 5, 10, 20, 50, 100) if k * 1000.0 * scale <= width / 4.0), default=1)
    end = km * 1000.0 * scale
    return (
        f'<path class="axis" d="M2 {height + 14:.0f}v6h{end:.1f}v-6"/>'
        f'<text x="{end + 8:.1f}" y="{height + 20:.0f}">{escape(format_number(km, lang))} km</text>'
    )


def _ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round figures between two ends."""
    span = max(high - low, 1e-9) / count
    step = 10.0 ** math.floor(math.log10(span))
    step *= next(m for m in (1.0, 2.0, 5.0, 10.0) if m * step >= span)
    return [v for v in np.arange(math.ceil(low / step) * step, high + step / 1e6, step).tolist() if v <= high]


def curve_aims(found: SitePlan) -> list[str]:
    """Return the objectives of which a curve is drawn: those asked for."""
    names = [n for n in found.question.objectives if n != "sum"]
    return names or list(found.question.weights)


def curve_svg(found: SitePlan, name: str, lang: Language) -> str:
    """Draw the share that is served against money spent, with the target's line."""
    money, share = curve(found, name)
    money = money / 1000.0
    target = found.question.targets.get(name)
    high = max(float(share.max()), target or 0.0)
    low = float(share.min())
    pad = max((high - low) * 0.12, 0.02)
    low, high = max(low - pad, 0.0), min(high + pad, 100.0 + pad)
    wide, tall, left, bottom = 620.0, 240.0, 62.0, 40.0
    last = max(float(money[-1]), 1e-9)

    def at(m: float, s: float) -> tuple[float, float]:
        """Return where money and score lie on the curve."""
        up = (s - low) / (high - low) * (tall - bottom - 14.0)
        return left + m / last * (wide - left - 16.0), tall - bottom - up

    parts = []
    for tick in _ticks(low, high):
        _, y = at(0.0, tick)
        parts.append(f'<path class="gridline" d="M{left} {y:.1f}H{wide - 16}"/>')
        said = format_number(tick, lang, 2 if high - low < 2.0 else 1)
        where = f'x="{left - 6}" y="{y + 4:.1f}"'
        parts.append(f'<text class="tick" text-anchor="end" {where}>{escape(said)}</text>')
    for tick in _ticks(0.0, last):
        x, _ = at(tick, low)
        said = format_number(tick, lang, 0 if last > 5 else 1)
        parts.append(
            f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{tall - bottom + 16}">'
            f"{escape(said)}</text>"
        )
    d = "M{:.1f} {:.1f}".format(*at(0.0, float(share[0])))
    for m, s in zip(money[1:], share[1:], strict=True):
        x, y = at(float(m), float(s))
        d += f"L{x:.1f} {y:.1f}"
    parts.append(f'<path class="rise" d="{d}"/>')
    marked = money[1:] if len(money) <= CROWD else money[:0]
    for m, s in zip(marked, share[1:], strict=len(money) <= CROWD):
        x, y = at(float(m), float(s))
        parts.append(f'<circle class="new" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
    if target is not None:
        _, y = at(0.0, target)
        parts.append(f'<path class="aim" d="M{left} {y:.1f}H{wide - 16}"/>')
        said = word("target", lang, percent=target)
        parts.append(f'<text x="{left + 8}" y="{y - 5:.1f}">{escape(said)}</text>')
    parts.append(f'<path class="axis" d="M{left} 8V{tall - bottom}H{wide - 16}"/>')
    parts.append(
        f'<text text-anchor="middle" x="{wide / 2:.0f}" y="{tall - 6}">{escape(word("money", lang))}</text>'
    )
    label = f"{NAMES[name].say(lang)} (%)"
    return (
        f'<figure><figcaption>{escape(label[0].upper() + label[1:])}</figcaption><svg class="plan" '
        f'viewBox="0 0 {wide:.0f} {tall:.0f}" role="img" aria-label="{escape(label)}">{"".join(parts)}'
        "</svg></figure>"
    )


def small_map(found: SitePlan, step: Step, links: Sequence[Any], lang: Language) -> str:
    """Draw what lies round one site: cells it newly covers, villages, other sites, its cable."""
    i = step.candidate
    x0, y0 = float(found.candidates.x_m[i]), float(found.candidates.y_m[i])
    cells = found.cells_of(i)
    fullest = cells[np.argsort(-found.aims["people"].weights[cells], kind="stable")][:400]
    reach = _SMALL_M
    scale = SMALL / (2.0 * reach)

    def at(x: float, y: float) -> tuple[float, float]:
        """Return a place of the grid's system on the small map."""
        return (x - x0 + reach) * scale, (y0 + reach - y) * scale

    side = max(found.layers.grid.cell_m * scale, 1.5)
    d = ""
    for cell in fullest:
        x, y = at(float(found.universe.x_m[cell]), float(found.universe.y_m[cell]))
        if 0.0 <= x <= SMALL and 0.0 <= y <= SMALL:
            d += f"M{x - side / 2:.1f} {y - side / 2:.1f}h{side:.1f}v{side:.1f}h-{side:.1f}z"
    parts = [f'<path class="gained" d="{d}"/>']
    box = shapely.box(x0 - reach, y0 - reach, x0 + reach, y0 + reach)
    if found.layers.roads is not None:
        near = found.layers.roads.sindex.query(box)
        roads = shapely.intersection(found.layers.roads.geometry.to_numpy()[near], box)
        lines = [p for p in shapely.get_parts(roads) if p.geom_type == "LineString" and not p.is_empty]
        d = "".join(_path(shape, lambda x, y: "{:.1f} {:.1f}".format(*at(x, y))) for shape in lines)
        parts.append(f'<path class="axis" d="{d}"/>')
    for kind, shape in links:
        for part in shapely.get_parts(shapely.intersection(shape, box)):
            if part.geom_type == "LineString" and not part.is_empty:
                d = _path(part, lambda x, y: "{:.1f} {:.1f}".format(*at(x, y)))
                parts.append(f'<path class="{"cable" if kind == "fibre" else "link"}" d="{d}"/>')
    for x, y in _positions(found):
        if abs(x - x0) < reach and abs(y - y0) < reach:
            px, py = at(float(x), float(y))
            parts.append(f'<circle class="other" cx="{px:.1f}" cy="{py:.1f}" r="2.5"/>')
    villages = village_layer(found.layers)
    if villages is not None:
        for row in step.village_rows.tolist():
            point = villages.geometry.iloc[row]
            px, py = at(point.x, point.y)
            parts.append(
                f'<circle class="village" cx="{px:.1f}" cy="{py:.1f}" r="4"><title>'
                f"{escape(villages['name'].iloc[row])}</title></circle>"
            )
    kind = "shared" if step.kind == "mast" else "new"
    parts.append(f'<circle class="{kind}" cx="{SMALL / 2}" cy="{SMALL / 2}" r="6"/>')
    bar = 2000.0 * scale
    parts.append(f'<path class="axis" d="M6 {SMALL - 12}v5h{bar:.1f}v-5"/>')
    parts.append(f'<text x="{bar + 12:.1f}" y="{SMALL - 6}">2 km</text>')
    label = escape(place_name(step, lang))
    return (
        f'<svg class="plan" viewBox="0 0 {SMALL:.0f} {SMALL:.0f}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def profile_svg(found: SitePlan, step: Step, lang: Language) -> str:
    """Draw the ground from a site's antenna to whom it serves; empty where there is nothing to draw."""
    drawn = profile_of(found, step)
    if drawn is None:
        return ""
    profile, clear, name = drawn
    wide, tall = 460.0, 130.0
    ground = profile.ground_m + clear.bulge_m
    upper = ground + profile.clutter_m
    low = float(ground.min())
    high = max(float(clear.line_m.max()), float(upper.max()))
    span = max(high - low, 20.0)

    def at(d: float, z: float) -> str:
        """Return where a height lies on the profile."""
        x, y = 8 + d / profile.length_m * (wide - 16), tall - 24 - (z - low) / span * (tall - 40)
        return f"{x:.1f} {y:.1f}"

    def area(heights: FloatArray) -> str:
        """Return the area below heights as a path."""
        line = "L".join(at(float(d), float(z)) for d, z in zip(profile.distance_m, heights, strict=True))
        return f"M8 {tall - 24:.0f}L{line}L{wide - 8:.0f} {tall - 24:.0f}Z"

    start, end = float(clear.line_m[0]), float(clear.line_m[-1])
    said = word("profile", lang, name=name or word("there", lang))
    km = format_number(profile.length_m / 1000.0, lang, 1)
    heights = f"{format_number(low, lang, 0)}–{format_number(high, lang, 0)} m"
    return (
        f'<svg class="plan wide" viewBox="0 0 {wide:.0f} {tall:.0f}" role="img" aria-label="{escape(said)}">'
        f'<path class="clutter" d="{area(upper)}"/><path class="ground" d="{area(ground)}"/>'
        f'<path class="ray" d="M{at(0.0, start)}L{at(profile.length_m, end)}"/>'
        f'<text x="8" y="{tall - 7:.0f}">{escape(said)}: {km} km, {escape(heights)}</text></svg>'
    )


def draw_map(found: SitePlan, steps: Sequence[Step], links: Sequence[Any], lang: Language) -> Figure:
    """Draw the map of a plan for a document."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from phusong.maps.static_parts import STYLE, draw_inset, draw_scale, frame_axes

    communes = simplify_coverage(found.layers.communes, 200.0)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 6.2))
        axes = figure.add_axes((0.005, 0.02, 0.765, 0.96))
        communes.plot(ax=axes, color="#f1efe6", edgecolor="#8b97a3", linewidth=0.35)
        gx, gy = _crowded(found)
        axes.plot(
            gx, gy, "s", markersize=1.0, color="#d9723b", linestyle="none", label=word("uncovered", lang)
        )
        had = _positions(found)
        axes.plot(
            had[:, 0],
            had[:, 1],
            ".",
            markersize=1.2,
            color="#7b8894",
            linestyle="none",
            label=word("existing", lang),
        )
        said = set()
        for kind, shape in links:
            xy = shapely.get_coordinates(shape)
            key = "cable" if kind == "fibre" else "link"
            axes.plot(
                xy[:, 0],
                xy[:, 1],
                "-" if kind == "fibre" else "--",
                linewidth=1.3,
                color="#7a3fb0" if kind == "fibre" else "#b0307a",
                label=None if key in said else word(key, lang),
            )
            said.add(key)
        for kind, colour, key in (("mast", "#4d7c0f", "shared"), ("", "#0b5573", "new")):
            mine = [s.candidate for s in steps if (s.kind == "mast") == bool(kind)]
            if mine:
                axes.plot(
                    found.candidates.x_m[mine],
                    found.candidates.y_m[mine],
                    "o",
                    markersize=5.5 if len(steps) <= CROWD else 2.8,
                    color=colour,
                    markeredgecolor="white",
                    markeredgewidth=1.0 if len(steps) <= CROWD else 0.3,
                    linestyle="none",
                    label=word(key, lang),
                )
        for step in steps if len(steps) <= CROWD else steps[:NUMBERED]:
            axes.annotate(
                str(step.order),
                (found.candidates.x_m[step.candidate], found.candidates.y_m[step.candidate]),
                (3, 3),
                textcoords="offset points",
                fontsize=6.5,
                weight="bold",
            )
        frame_axes(axes, tuple(communes.total_bounds))
        draw_scale(axes, tuple(communes.total_bounds), lang)
        axes.legend(loc="upper right", bbox_to_anchor=(1.31, 0.99), fontsize=7, frameon=False)
        draw_inset(figure, communes, (0.78, 0.06, 0.21, 0.42))
    return figure


def draw_curves(found: SitePlan, lang: Language) -> Figure:
    """Draw coverage against money for a document."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from phusong.maps.static_parts import STYLE

    names = curve_aims(found)[:2]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 2.9), layout="constrained")
        for k, name in enumerate(names, start=1):
            axes = figure.add_subplot(1, len(names), k)
            money, share = curve(found, name)
            axes.plot(money / 1000.0, share, "-o", markersize=3, color="#0b5573")
            target = found.question.targets.get(name)
            if target is not None:
                axes.axhline(target, color="#b34700", linestyle="--", linewidth=1.2)
                axes.annotate(
                    word("target", lang, percent=target),
                    (0.02, target),
                    (2, -9),
                    xycoords=("axes fraction", "data"),
                    textcoords="offset points",
                    color="#b34700",
                )
            axes.set_xlabel(word("money", lang))
            label = NAMES[name].say(lang)
            axes.set_ylabel(f"{label[0].upper()}{label[1:]} (%)")
            axes.grid(color="#d5dce3", linewidth=0.6)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(lambda value, _: format_number(float(f"{value:.6g}"), lang))
    return figure
