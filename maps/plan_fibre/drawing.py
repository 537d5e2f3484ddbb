"""The pictures of a fibre plan: before and after side by side, and cost against people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.plan.fibre_request import FibrePlan
from phusong.data.language import Language, format_number, format_percent
from phusong.maps.geometry import simplify_coverage
from phusong.maps.inline import escape
from phusong.maps.plan_fibre.words import word
from phusong.maps.static_parts import (
    OUTLINE_M,
    STYLE,
    draw_inset,
    draw_north,
    draw_scale,
    frame_axes,
    png_bytes,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OLD, NEW, GOOD, BAD, NEVER = "#5b6874", "#0072b2", "#009e73", "#d55e00", "#7a3fb0"
"""Existing and proposed cable; points connected, without fibre, and out of reach: told apart by colour-blind
eyes, and by form as well."""


def draw_plan(plan: FibrePlan, lang: Language) -> Figure:
    """Draw the province before and after the plan.

    Returns
    -------
    matplotlib.figure.Figure
        10 by 5.6 inches.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    communes = simplify_coverage(plan.layers.communes, OUTLINE_M)
    bounds = tuple(float(v) for v in communes.total_bounds)
    left, bottom, right, top = bounds
    wide = 0.405
    high = min(wide * 10.0 / 5.625 * (top - bottom) / max(right - left, 1e-9), 0.78)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.0, 5.625))
        handles: list[Any] = []
        for k, key in enumerate(("before", "afterAll")):
            axes = figure.add_axes((0.005 + wide * k, 0.46 - high / 2, wide, high))
            communes.plot(ax=axes, color="#f3f4f0", edgecolor="#b9c0c6", linewidth=0.3)
            handles = _draw_network(axes, plan, k == 1, lang)
            frame_axes(axes, bounds)  # type: ignore[arg-type]
            figure.text(0.005 + wide * (k + 0.5), 0.89, word(key, lang), fontsize=10, weight="bold",
            ha="center")
            if not k:
                draw_scale(axes, bounds, lang)  # type: ignore[arg-type]
        name = f"{word('title', lang)} – {plan.layers.project.province.name}"
        figure.text(0.02, 0.945, name, fontsize=13, weight="bold")
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.815, 0.9), frameon=False,
        fontsize=7)
        draw_north(figure, lang, (0.865, 0.45, 0.07, 0.09))
        draw_inset(figure, communes, (0.835, 0.09, 0.15, 0.33))
        figure.text(0.02, 0.03, word("kinds", lang), fontsize=7)
    return figure


def _draw_network(axes: Any, plan: FibrePlan, built: bool, lang: Language) -> list[Any]:
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    graph = plan.ways.net.graph
    own = np.flatnonzero(plan.ways.own)
    lines = [graph.xy[graph.start[e] : graph.start[e + 1]] for e in own]
    axes.add_collection(LineCollection(lines, colors=OLD, linewidths=0.5))
    if built:
        width = 0.5 + 1.1 * np.log10(1.0 + plan.spans["homes"].to_numpy(np.float64) / 100.0)
        drawn = [np.asarray(g.coords) for g in plan.spans.geometry]
        axes.add_collection(LineCollection(drawn, colors=NEW, linewidths=width))
    state = plan.needs["state"].to_numpy()
    groups = (
        ((state == "planned") & built, "o", GOOD, "served"),
        (((state == "planned") & (not built)) | (state == "later"), "s", BAD, "unserved"),
        (np.isin(state.astype(str), ["far", "island"]), "^", NEVER, "never"),
    )
    for mask, marker, colour, _ in groups:
        some = plan.needs[mask]
        axes.plot(some["x"], some["y"], marker, color=colour, markersize=1.6, markeredgewidth=0)
    entries = [
        Line2D([], [], color=OLD, linewidth=1.0, label=word("existing", lang)),
        Line2D([], [], color=NEW, linewidth=1.8, label=word("new", lang)),
    ]
    entries += [
        Line2D([], [], color=colour, marker=marker, linestyle="none", markersize=4, label=word(key, lang))
        for _, marker, colour, key in groups
    ]
    return entries


def plan_png(plan: FibrePlan, lang: Language) -> bytes:
    """Return the picture of before and after as PNG."""
    return png_bytes(draw_plan(plan, lang))


_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 720.0, 330.0, 74.0, 14.0, 46.0


def frontier_svg(plan: FibrePlan, lang: Language) -> str:
    """Draw cost against people as SVG: the frontier, the upper bound, and where the plan is."""
    table = plan.frontier
    if len(table) < 2:
        return ""
    cost = np.concatenate([[0.0], table["cost_vnd"].to_numpy(np.float64) / 1e9])
    people = np.concatenate([[plan.people_before], table["people_after"].to_numpy(np.float64)])
    order = np.argsort(cost, kind="stable")
    cost, people = cost[order], people[order]
    x_most = float(cost.max()) or 1.0
    low, high = float(people.min()), float(people.max())
    room = max(high - low, 1.0)

    def x(value: float) -> float:
        """Return where an amount of money lies."""
        return _LEFT + (_WIDTH - _LEFT - 20.0) * value / x_most

    def y(value: float) -> float:
        """Return where a number of people lies."""
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (value - low) / room

    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        at, money = low + share * room, share * x_most
        share_said = format_percent(at, plan.people, lang)
        parts.append(f'<path class="grid" d="M{_LEFT} {y(at):.1f}H{_WIDTH - 20}"/>')
        parts.append(f'<text class="end" x="{_LEFT - 6}" y="{y(at) + 4:.1f}">{escape(share_said)}</text>')
        label = escape(format_number(money, lang, 0 if x_most >= 20 else 1))
        parts.append(f'<text class="mid" x="{x(money):.1f}" y="{_HEIGHT - _BOTTOM + 18}">{label}</text>')
    points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(cost, people, strict=True))
    parts.append(f'<polyline class="curve" points="{points}"/>')
    parts += [
        f'<circle class="dot" cx="{x(a):.1f}" cy="{y(b):.1f}" r="3"/>'
        for a, b in zip(cost, people, strict=True)
    ]
    here = min(plan.cost_vnd / 1e9, x_most)
    reached = y(min(max(plan.people_after, low), high))
    parts.append(f'<circle class="here" cx="{x(here):.1f}" cy="{reached:.1f}" r="7"/>')
    middle, title = (_LEFT + _WIDTH) / 2, escape(word("cost", lang))
    parts.append(f'<text class="mid" x="{middle:.0f}" y="{_HEIGHT - 6}">{title}</text>')
    label = f"{word('frontier', lang)}: {word('share', lang)}"
    return (
        f'<svg class="frontier" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" '
        f'aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
