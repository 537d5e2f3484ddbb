"""The scenario in the report: what is changed, who loses, what to repair first."""

from __future__ import annotations

from phusong.coverage.scenario import Repair, WhatIf
from phusong.data.language import format_number, format_percent
from phusong.maps.figures import operator_label
from phusong.maps.inline import escape
from phusong.maps.report.section import Section, table
from phusong.maps.scenario.words import (
    commune_rows,
    counts_sentence,
    hardest_service,
    people_rows,
    place_sentences,
    repair_sentences,
    repaired,
    say,
    share,
    step_rows,
)

COMMUNES_SHOWN = 20
STEPS_SHOWN = 25


def scenario(s: Section) -> str:
    """Write the section; nothing for a result that is of no scenario."""
    result = s.figures.result
    what_if = result.what_if
    if what_if is None:
        return ""
    note = f"<p>{escape(what_if.note)}</p>" if what_if.note else ""
    label = escape(say("compareLink", s.lang))
    link = f'<p class="acts"><a class="button strong" href="before_after.html">{label}</a></p>'
    title = escape(say("title", s.lang, name=what_if.name))
    return "".join([
        f'<section id="scenario" aria-labelledby="h-scenario"><h2 id="h-scenario">{title}</h2>', note, link,
        _steps(s, what_if), _people(s, what_if), _communes(s, what_if),
        _repair(s, what_if.repair) if what_if.repair is not None else "", "</section>",
    ])  # fmt: skip


def _steps(s: Section, what_if: WhatIf) -> str:
    heads = [escape(say(k, s.lang)) for k in ("entry", "action", "sites", "stations", "cells", "objects")]
    rows = [
        [
            escape(name), escape(action),
            *(s.number(n) if n else "–" for n in (c.sites, c.stations, c.cells, objects)),
        ]
        for name, action, c, objects in step_rows(what_if, s.lang)
    ]
    said = escape(counts_sentence(what_if, s.lang))
    return table(escape(say("what", s.lang)), heads, rows, numeric=2) + f"<p>{said}</p>"


def _people(s: Section, what_if: WhatIf) -> str:
    lang = s.lang
    keys = ("service", "operator", "before", "lost", "gained", "after", "shareBefore", "shareAfter")
    rows = [
        [
            escape(s.figures.label(r["service"], lang)), escape(operator_label(r["operator"], lang)),
            s.number(r["base"]), s.number(r["lost"]), s.number(r["gained"]), s.number(r["scenario"]),
            escape(share(r, "base", lang)), escape(share(r, "scenario", lang)),
        ]
        for r in people_rows(s.figures.result, what_if)
    ]  # fmt: skip
    items = "".join(f"<li>{escape(x)}</li>" for x in place_sentences(s.figures.result, what_if, lang))
    return "".join([
        table(escape(say("effect", lang)), [escape(say(k, lang)) for k in keys], rows, numeric=2),
        f'<p class="quiet">{escape(say("balance", lang))}</p>',
        f'<ul class="says">{items}</ul>' if items else "",
    ])  # fmt: skip


def _communes(s: Section, what_if: WhatIf) -> str:
    lang = s.lang
    service = hardest_service(s.figures.result, what_if)
    if service is None:
        return f"<p>{escape(say('nothing', lang))}</p>"
    keys = ("commune", "code", "lost", "gained", "shareBefore", "shareAfter")
    rows = [
        [
            f'<a href="map.html#xa={escape(r["code"])}">{escape(r["name"])}</a>', escape(r["code"]),
            s.number(r["lost"]), s.number(r["gained"]), escape(share(r, "base", lang)),
            escape(share(r, "scenario", lang)),
        ]
        for r in commune_rows(what_if, service, COMMUNES_SHOWN)
    ]  # fmt: skip
    caption = say("communes", lang, service=s.figures.label(service, lang))
    return table(escape(caption), [escape(say(k, lang)) for k in keys], rows, numeric=2)


def _repair(s: Section, repair: Repair) -> str:
    lang = s.lang
    items = "".join(f"<li>{escape(x)}</li>" for x in repair_sentences(s.figures.result, repair, lang))
    keys = ["step", "site", "operator", "commune", "hours", "hoursTotal", "returned", "total", "share"]
    if not repair.hours_known:
        keys = [k for k in keys if k not in ("hours", "hoursTotal")]
    rows = []
    for r in repair.table.head(STEPS_SHOWN).to_dict("records"):
        hours = [s.number(r["hours"], 1), s.number(r["hours_total"], 1)] if repair.hours_known else []
        rows.append([
            s.number(r["step"]), escape(r["site_id"]), escape(r["operators"]), escape(r["commune_name"]),
            *hours, s.number(r["people_returned"]), s.number(r["people_total"]),
            escape(repaired(r["share"], lang)),
        ])  # fmt: skip
    caption = escape(say("repair", lang, service=s.figures.label(repair.service, lang)))
    more = ""
    if len(repair.table) > STEPS_SHOWN:
        more = f'<p class="quiet">{escape(say("more", lang, n=len(repair.table)))}</p>'
    return "".join([
        f'<h3>{caption}</h3><ul class="says">{items}</ul>',
        _curve(s, repair) if repair.lost > 0.0 else "",
        table(caption, [escape(say(k, lang)) for k in keys], rows, numeric=4), more,
    ])  # fmt: skip


def _curve(s: Section, repair: Repair) -> str:
    """Draw the share of people with service again over the sites repaired."""
    wide, high, left, top, bottom = 640.0, 200.0, 44.0, 10.0, 26.0
    shares = [0.0, *repair.table["share"].tolist()]
    n = len(shares) - 1
    across, down = wide - left - 10.0, high - top - bottom

    def place(step: int, value: float) -> str:
        """Return where a value lies at a step."""
        return f"{left + across * step / n:.1f},{top + down * (1.0 - value):.1f}"

    points = [place(0, 0.0)]
    for step in range(1, n + 1):  # service comes back with the end of a repair: a stair
        points += [place(step, shares[step - 1]), place(step, shares[step])]
    lines = "".join(
        f'<line x1="{left}" x2="{wide - 10.0}" y1="{top + down * (1.0 - v):.1f}" '
        f'y2="{top + down * (1.0 - v):.1f}" stroke="currentColor" stroke-opacity="0.2"/>'
        f'<text x="{left - 6.0}" y="{top + down * (1.0 - v) + 4.0:.1f}" text-anchor="end" font-size="11" '
        f'fill="currentColor">{escape(format_percent(v, 1.0, s.lang, 0))}</text>'
        for v in (0.0, 0.5, 0.9, 1.0)
    )
    ticks = "".join(
        f'<text x="{left + across * k / n:.1f}" y="{high - 8.0}" text-anchor="middle" font-size="11" '
        f'fill="currentColor">{escape(format_number(k, s.lang))}</text>'
        for k in sorted({0, n // 4, n // 2, 3 * n // 4, n})
    )
    title = escape(say("curve", s.lang))
    return (
        f'<figure class="wide"><figcaption>{title}</figcaption>'
        f'<svg viewBox="0 0 {wide:.0f} {high:.0f}" role="img" aria-label="{title}" '
        f'width="{wide:.0f}" height="{high:.0f}">{lines}{ticks}'
        f'<polyline points="{" ".join(points)}" fill="none" stroke="currentColor" stroke-width="2"/></svg>'
        "</figure>"
    )
