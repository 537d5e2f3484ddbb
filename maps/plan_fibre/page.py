"""``fibre_plan.html``: the plan as one self-contained page, with a map from before to after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.plan.fibre_request import FibrePlan
from phusong.data.language import Language, format_date, format_number, format_percent
from phusong.maps.charts import plain_number
from phusong.maps.citation import cited_sources, sentence
from phusong.maps.geometry import pack, pack_lines, pack_polygons, simplify_coverage, to_degrees
from phusong.maps.inline import Page, asset, escape, leaflet_css, leaflet_js
from phusong.maps.inset import inset_svg
from phusong.maps.map_page.data import NAME_LENGTH, OUTLINE_M
from phusong.maps.overlay import land_mask, mercator_frame
from phusong.maps.plan_fibre import book
from phusong.maps.plan_fibre.drawing import BAD, GOOD, NEVER, NEW, OLD, frontier_svg
from phusong.maps.plan_fibre.words import KINDS, STATES, WORDS, method, optics_sentence, sentences, word
from phusong.maps.png import data_uri, palette_png
from phusong.maps.report.section import table
from phusong.maps.safe import shorten
from phusong.maps.section_page import listed, section_page

if TYPE_CHECKING:
    from phusong.maps.sheet import Column

MOST_ROWS = 40
LINE_M = 15.0
"""What a drawn line may be off: less than a pixel on any scale of the page that shows whole communes."""
NOW_RGB, GAIN_RGB = (140, 150, 160), (0, 158, 115)


def render_plan(plan: FibrePlan, lang: Language) -> str:
    """Return the page: HTML in UTF-8 with everything inside, and a policy that lets nothing else in."""
    name = plan.layers.project.province.name
    page = Page(
        lang,
        title=f"{word('title', lang)} – {name}",
        styles=[leaflet_css(), asset("theme.css"), asset("report.css"), asset("plan_fibre.css")],
        scripts=[leaflet_js(), asset("map_parts.js"), asset("page_tools.js"), asset("plan_fibre.js")],
        data={"phusong-data": page_data(plan, lang)},
    )
    sections = [
        ("summary", _summary(plan, lang)), ("map", _map(plan, lang)),
        ("phases", _table("phases", book.phase_columns(plan, lang), lang)),
        ("frontier", frontier_svg(plan, lang) + _table("frontier", book.frontier_columns(plan, lang), lang)),
        ("bill", _table("bill", book.bill_columns(plan, lang), lang, most=400)),
        ("spans", _table("spans", book.span_columns(plan, lang), lang)),
        ("points", _table("points", book.point_columns(plan, plan.planned, lang)[:15], lang)),
        ("left", _table("left", book.left_columns(plan, lang)[:9], lang)),
        ("optics", f"<p>{escape(optics_sentence(plan, lang))}</p>"),
        ("sensitivity", _table("sensitivity", book.sensitivity_columns(plan, lang), lang)),
        ("prices", _table("prices", book.price_columns(plan, lang), lang)),
        ("method", listed(method(plan, lang))), ("faults", listed([f.say(lang) for f in plan.faults])),
    ]
    page.body = section_page(
        word, lang, name=name, sections=sections,
        about=[f"{format_date(plan.layers.project.province.as_of, lang)} · {word('kinds', lang)}"],
        foot=f"{word('kinds', lang)} {sentence(cited_sources(plan.layers.sources), lang)}".rstrip(),
    )  # fmt: skip
    return page.render()


def page_data(plan: FibrePlan, lang: Language) -> dict[str, Any]:
    """Return what the script draws; coordinates in 1e-5 degrees."""
    communes = plan.layers.communes
    simple = simplify_coverage(communes, OUTLINE_M * 2).to_crs(4326)
    west, south, east, north = (round(float(v), 5) for v in communes.to_crs(4326).total_bounds)
    graph, crs = plan.ways.net.graph, plan.layers.grid.crs
    own = np.flatnonzero(plan.ways.own)
    convert = to_degrees(crs)
    spans = []
    for row in plan.spans.to_dict("records"):
        thin = np.asarray(row["geometry"].simplify(LINE_M).coords)
        spans.append(
            {
                "id": row["span_id"], "phase": int(row["phase"]), "km": round(row["km"], 3),
                "cost": round(row["cost_vnd"]), "fibres": int(row["fibre_count"]),
                "homes": round(row["homes"]),
                "people": round(row["people"]), "places": int(row["places"]), "line": pack(convert(thin)),
            }
        )  # fmt: skip
    points = [
        {
            "at": [round(float(n["lat"]) * 1e5), round(float(n["lon"]) * 1e5)], "kind": n["kind"],
            "name": shorten(str(n["name"]), NAME_LENGTH), "commune": shorten(str(n["commune_name"]),
            NAME_LENGTH),
            "state": n["state"], "phase": int(n["phase"]), "year": int(n["year"]) or None,
            "people": round(float(n["people"])), "homes": round(float(n["homes"])),
        }
        for n in plan.needs.to_dict("records")
    ]  # fmt: skip
    colours = {
        "old": OLD, "added": NEW, "good": GOOD, "bad": BAD, "never": NEVER,
        "now": "#{:02x}{:02x}{:02x}".format(*NOW_RGB), "gain": "#{:02x}{:02x}{:02x}".format(*GAIN_RGB),
    }
    return {
        "lang": lang, "marks": [",", "."] if lang == "vi" else [".", ","],
        "words": {k: (t.vi if lang == "vi" else t.en) for k, t in WORDS.items()},
        "kinds": {k: t.say(lang) for k, t in KINDS.items()}, "states": {k: t.say(lang) for k,
        t in STATES.items()},
        "bounds": [[south, west], [north, east]], "colours": colours, "images": _images(plan),
        "existing": pack_lines(graph.lines[own], crs, 2 * LINE_M), "spans": spans, "points": points,
        "communes": {
            "name": [shorten(str(n), NAME_LENGTH) for n in communes["commune_name"]],
            "shape": [pack_polygons(g) for g in simple.geometry],
        },
    }  # fmt: skip


def _images(plan: FibrePlan) -> list[dict[str, Any]]:
    """Draw the cells within reach: before, and after with what is new."""
    grid = plan.layers.grid
    frame, land = mercator_frame(grid), land_mask(grid, plan.layers.communes)
    palette = ((0, 0, 0, 0), (*NOW_RGB, 150), (*GAIN_RGB, 190))
    south, west, north, east = frame.bounds
    found = []
    for after in (plan.before, plan.after):
        image = np.zeros(grid.shape, dtype=np.uint8)
        image[after & ~plan.before] = 2
        image[plan.before] = 1
        image[~land] = 0
        uri = data_uri(palette_png(frame.take(image), palette))
        found.append({"uri": uri, "bounds": [[south, west], [north, east]]})
    return found


def _summary(plan: FibrePlan, lang: Language) -> str:
    cards = (
        (format_number(plan.cost_vnd / 1e9, lang, 1), word("cost", lang)),
        (format_number(float(plan.spans["km"].sum()), lang, 0), word("km", lang)),
        (f"{len(plan.planned)}/{len(plan.needs)}", word("points", lang)),
        (plain_number(plan.people_after - plan.people_before, lang), word("peopleNew", lang)),
    )
    shown = "".join(
        f'<div class="card"><p class="big">{escape(big)}</p><p>{escape(small)}</p></div>' for big,
        small in cards
    )
    return f'<div class="cards">{shown}</div><div class="sayings">{listed(sentences(plan, lang))}</div>'


def _map(plan: FibrePlan, lang: Language) -> str:
    west, south, east, north = plan.layers.communes.to_crs(4326).total_bounds
    inset = inset_svg((west, south, east, north), lang)
    years = plan.request.years
    if len(years) > 1:
        states = [(-1, word("before", lang))]
        states += [(n, word("until", lang, year=str(year))) for n, year in enumerate(years)]
    else:
        states = [(-1, word("before", lang)), (0, word("afterAll", lang))]
    choices = "".join(
        f'<label><input type="radio" name="state" value="{n}"{" checked" if n == states[-1][0] else ""}>'
        f"{escape(text)}</label>"
        for n, text in states
    )
    return (
        f'<fieldset class="states"><legend>{escape(word("state", lang))}</legend>{choices}'
        f'<label><input type="checkbox" id="p-image" checked>{escape(word("coverage", lang))}'
        "</label></fieldset>"
        f'<ul id="p-key" class="key" aria-label="{escape(word("show", lang))}"></ul>'
        f'<div class="mapbox"><div id="plan-map" role="region"></div>'
        f'{f"<div class=insetbox>{inset}</div>" if inset else ""}</div>'
        f'<noscript><p class="banner">{escape(word("noScript", lang))}</p></noscript>'
        f'<p class="quiet hint">{escape(word("mapHelp", lang))}</p>'
    )


def _table(key: str, columns: Sequence[Column], lang: Language, *, most: int = MOST_ROWS) -> str:
    """Write the columns of a worksheet as a table of the page; the first rows of a long one."""
    if not columns or not len(columns[0].values):
        return ""
    rows = [
        [escape(_cell(column.kind, column.values[k], lang)) for column in columns]
        for k in range(min(len(columns[0].values), most))
    ]
    first = next((k for k, c in enumerate(columns) if c.kind not in ("text", "note")), len(columns))
    if any(c.kind in ("text", "note") for c in columns[first:]):
        first = len(columns)
    body = table(escape(word(key, lang)), [escape(c.title) for c in columns], rows, numeric=first)
    left = len(columns[0].values) - most
    return body + (f'<p class="quiet">{escape(word("more", lang, n=left))}</p>' if left > 0 else "")


def _cell(kind: str, value: Any, lang: Language) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return "–"
    if kind in ("text", "note"):
        return str(value)
    if kind == "percent":
        return format_percent(float(value), 1.0, lang)
    number = float(value)
    if kind == "degrees":
        return f"{number:.5f}"
    whole = kind == "count" or abs(number) >= 1000 or number.is_integer()
    return format_number(round(number) if whole else number, lang,
    0 if whole else (1 if abs(number) >= 1 else 2))
