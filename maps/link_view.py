"""One path as text, picture and JSON."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from phusong.coverage.radio.link import Link
from phusong.data.language import Language, Text, format_number
from phusong.maps.citation import Cited, member, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = Text("{start} → {end}: {distance:.2f} km, {service}, {frequency:.0f} MHz, mô hình {model}",
             "{start} → {end}: {distance:.2f} km, {service}, {frequency:.0f} MHz, model {model}")  # fmt: skip
CLEAR = Text(
    "Tia thẳng không bị chắn; khoảng hở nhỏ nhất so với vùng Fresnel thứ nhất: {share:.0f}%.",
    "The ray is clear; the least clearance is {share:.0f}% of the first Fresnel zone.",
)
BLOCKED = {
    True: Text(
        "Bị địa hình chắn cách điểm đầu {distance:.2f} km: mặt đất {ground:.0f} m, "
        "cao hơn tia {above:.1f} m.",
        "Cut by the ground {distance:.2f} km from the start: ground at {ground:.0f} m, "
        "{above:.1f} m above the ray.",
    ),
    False: Text(
        "Bị vật che phủ chắn cách điểm đầu {distance:.2f} km: mặt đất {ground:.0f} m, "
        "vật che {clutter:.0f} m, cao hơn tia {above:.1f} m.",
        "Cut by clutter {distance:.2f} km from the start: ground at {ground:.0f} m, "
        "clutter {clutter:.0f} m, {above:.1f} m above the ray.",
    ),
}
SHARES = Text(
    "Không gian tự do {free:.1f} dB + địa hình {terrain:.1f} dB + vật che phủ {clutter:.1f} dB "
    "= {loss:.1f} dB.",
    "Free space {free:.1f} dB + terrain {terrain:.1f} dB + clutter {clutter:.1f} dB = {loss:.1f} dB.",
)
CELL = Text(
    "{cell} ({operator}): RSRP {rsrp:.1f} dBm = {reference:.1f} dBm - {fall:.1f} dB (anten) "
    "- {loss:.1f} dB; cần {required:.1f} dBm; xác suất tại điểm {probability:.0f}%: {verdict}",
    "{cell} ({operator}): RSRP {rsrp:.1f} dBm = {reference:.1f} dBm - {fall:.1f} dB (antenna) "
    "- {loss:.1f} dB; needs {required:.1f} dBm; location probability {probability:.0f}%: {verdict}",
)
COVERED = {True: Text("được phủ", "covered"), False: Text("chưa được phủ", "not covered")}
NO_CELLS = Text(
    "Điểm đầu không phải trạm của dịch vụ này: chỉ tính suy hao.",
    "The start is no station of this service: only the loss is computed.",
)
PREDICTED = Text("Dự báo tính toán, chưa đo kiểm.", "Predicted by computation, not measured.")
DISTANCE = Text("Khoảng cách từ {start}, km", "Distance from {start}, km")
HEIGHT = Text("Độ cao, m (cộng độ cong trái đất)", "Height, m (with the earth's curve)")
GROUND = Text("mặt đất", "ground")
CLUTTER = Text("vật che phủ", "clutter")
RAY = Text("tia thẳng", "ray")
FRESNEL = Text("vùng Fresnel thứ nhất", "first Fresnel zone")
OBSTACLE = Text("vật chắn cao nhất", "highest obstacle")


def title(link: Link, lang: Language) -> str:
    """Return the heading of a path."""
    return TITLE.say(
        lang, start=link.start.label, end=link.end.label, distance=link.profile.length_m / 1000.0,
        service=link.service, frequency=link.frequency_mhz, model=link.model,
    )  # fmt: skip


def findings(link: Link, lang: Language) -> list[str]:
    """Return, in sentences, what stands in the way and what arrives."""
    found = []
    if link.clearance.obstacles:
        found += [
            BLOCKED[o.by_ground].say(
                lang, distance=o.distance_m / 1000.0, ground=o.ground_m, above=o.above_line_m,
                **({} if o.by_ground else {"clutter": o.clutter_m}),
            )
            for o in link.clearance.obstacles
        ]  # fmt: skip
    else:
        inner = slice(1, -1)
        share = (link.clearance.above_m[inner] / link.clearance.fresnel_m[inner]).min()
        found.append(CLEAR.say(lang, share=100.0 * float(share)))
    found.append(
        SHARES.say(
            lang, free=link.free_space_db, terrain=link.terrain_db, clutter=link.clutter_db, loss=link.loss_db
        )
    )
    return found


def cell_lines(link: Link, lang: Language) -> list[str]:
    """Return one line for every cell of the site."""
    if not link.cells:
        return [NO_CELLS.say(lang)]
    return [
        CELL.say(
            lang, cell=c.cell_id, operator=c.operator or "–", rsrp=c.rsrp_dbm, reference=c.reference_dbm,
            fall=-c.gain_db, loss=c.loss_db, required=c.required_dbm,
            probability=100.0 * c.probability,            verdict=COVERED[c.covered],
        )
        for c in link.cells
    ]  # fmt: skip


def link_text(link: Link, lang: Language, cited: Sequence[Cited] = ()) -> str:
    """Return the path as text: heading, findings, the table of terms, the cells."""
    lines = [title(link, lang), "", *findings(link, lang), ""]
    for term in link.terms:
        value = format_number(term.value, lang, 2)
        lines.append(f"  {term.symbol:<9}{value:>12} {term.unit:<5} {term.text.say(lang)}")
    return "\n".join([*lines, "", *cell_lines(link, lang), "", *_remarks(lang, cited)])


def _remarks(lang: Language, cited: Sequence[Cited]) -> list[str]:
    """Return what stands under a path: that it is computed, and whose data it rests on."""
    named = sentence(cited, lang)
    return [PREDICTED.say(lang), *([named] if named else [])]


def link_json(link: Link, cited: Sequence[Cited] = ()) -> str:
    """Return the path as JSON: ends, profile, obstacles, terms and cells; metres, dB, dBm and degrees."""
    seen, profile = link.clearance, link.profile

    def rounded(values: Any) -> list[float | None]:
        """Return numbers of three decimals, None for what is not finite."""
        return [round(float(v), 3) if math.isfinite(v) else None for v in values]

    content = {
        "format": "phusong.link",
        "version": "1.0",
        "status": "predicted",
        **member(cited),
        "service": link.service,
        "model": link.model,
        "frequency_mhz": link.frequency_mhz,
        "start": vars(link.start),
        "end": vars(link.end),
        "loss_db": link.loss_db,
        "free_space_db": link.free_space_db,
        "terrain_db": link.terrain_db,
        "clutter_db": link.clutter_db,
        "terms": [
            {"symbol": t.symbol, "text": t.text.en, "value": t.value, "unit": t.unit} for t in link.terms
        ],
        "obstacles": [vars(o) for o in seen.obstacles],
        "cells": [vars(c) for c in link.cells],
        "profile": {
            "distance_m": rounded(profile.distance_m),
            "ground_m": rounded(profile.ground_m),
            "clutter_m": rounded(profile.clutter_m),
            "bulge_m": rounded(seen.bulge_m),
            "ray_m": rounded(seen.line_m),
            "fresnel_m": rounded(seen.fresnel_m),
            "clearance_m": rounded(seen.above_m),
        },
    }
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)


def draw_link(link: Link, lang: Language, cited: Sequence[Cited] = ()) -> Figure:
    """Draw the profile: ground and clutter on the curved earth, ray, Fresnel zone, the highest obstacle."""
    from matplotlib.figure import Figure

    profile, seen = link.profile, link.clearance
    km = profile.distance_m / 1000.0
    ground = profile.ground_m + seen.bulge_m
    top = ground + profile.clutter_m
    figure = Figure(figsize=(10, 5.4), layout="constrained")
    axes = figure.add_subplot()
    lowest = min(ground.min(), (seen.line_m - seen.fresnel_m).min())
    highest = max(top.max(), (seen.line_m + seen.fresnel_m).max())
    margin = max(0.06 * (highest - lowest), 5.0)
    axes.fill_between(km, lowest - margin, ground, color="#b7a58a", label=GROUND.say(lang), linewidth=0)
    if profile.clutter_m.any():
        axes.fill_between(km, ground, top, color="#6f9464", label=CLUTTER.say(lang), linewidth=0)
    axes.fill_between(
        km, seen.line_m - seen.fresnel_m, seen.line_m + seen.fresnel_m,
        color="#1f6fa8", alpha=0.18, label=FRESNEL.say(lang), linewidth=0,
    )  # fmt: skip
    axes.plot(km, seen.line_m, color="#0b4f77", linewidth=1.4, label=RAY.say(lang))
    for position, end, height in ((0, link.start, link.start.height_m), (-1, link.end, link.end.height_m)):
        mast = [ground[position], ground[position] + height]
        axes.plot([km[position]] * 2, mast, color="black", linewidth=2)
        axes.annotate(
            end.label, (km[position], ground[position] + height), xytext=(0, 6), textcoords="offset points",
            ha="left" if position == 0 else "right", fontsize=9,
        )  # fmt: skip
    worst = seen.worst
    if worst is not None:
        at = int(abs(profile.distance_m - worst.distance_m).argmin())
        axes.plot(km[at], top[at], marker="v", color="#9c3f0a", markersize=9, linestyle="none",
                  label=OBSTACLE.say(lang))  # fmt: skip
    axes.set_xlim(km[0], km[-1])
    axes.set_ylim(lowest - margin, highest + margin)
    axes.set_xlabel(DISTANCE.say(lang, start=link.start.label))
    axes.set_ylabel(HEIGHT.say(lang))
    axes.set_title(title(link, lang), loc="left", fontsize=11)
    axes.grid(alpha=0.25)
    axes.legend(loc="best", fontsize=8, framealpha=0.9)
    shown = [*findings(link, lang)[-1:], *cell_lines(link, lang)[:3]]
    shown += [line for said in _remarks(lang, cited) for line in textwrap.wrap(said, 150)]
    figure.supxlabel("\n".join(shown), fontsize=8, x=0.01, ha="left")
    _translate_ticks(axes, lang)
    return figure


def _translate_ticks(axes: Any, lang: Language) -> None:
    from matplotlib.ticker import FuncFormatter

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: format_number(round(value, 6), lang)))


def link_png(link: Link, lang: Language, cited: Sequence[Cited] = ()) -> bytes:
    """Return the drawing as PNG."""
    target = BytesIO()
    draw_link(link, lang, cited).savefig(target, format="png", dpi=130, metadata={"Software": None})
    return target.getvalue()
