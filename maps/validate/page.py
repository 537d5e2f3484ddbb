"""``validate.html``: prediction beside measurement, as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.evidence.availability import SOURCE
from phusong.coverage.evidence.statistics import Rate
from phusong.coverage.evidence.validate import Validation
from phusong.data.language import Language, format_date, format_number
from phusong.maps.citation import cited_sources, sentence
from phusong.maps.colours import MISSING_COLOUR, css
from phusong.maps.figures import operator_label
from phusong.maps.geometry import pack_polygons, simplify_coverage
from phusong.maps.inline import Page, asset, escape, leaflet_css, leaflet_js
from phusong.maps.inset import inset_svg
from phusong.maps.map_page.data import NAME_LENGTH, OUTLINE_M
from phusong.maps.report.section import table
from phusong.maps.safe import shorten
from phusong.maps.section_page import listed, section_page
from phusong.maps.validate.words import (
    KINDS,
    VERDICTS,
    WORDS,
    censoring_sentences,
    claim_operator,
    criteria,
    group_label,
    method,
    percent,
    sentences,
    word,
)

if TYPE_CHECKING:
    import pandas as pd

MOST_SQUARES = 12_000
"""Marks on the map; of more, disagreement is kept and agreement drawn by lot."""
MOST_ROWS = 40
_SHOWN_KINDS = (
    ("claimedOnly", css(MISSING_COLOUR), "triangle", 6),
    ("measuredOnly", "#7a3fb0", "square", 4),
    ("both", "#2f7fb5", "circle", 3),
    ("neither", "#8b97a3", "circle", 3),
)
_BOX_DB = 30.0


def render_validation(found: Validation, lang: Language) -> str:
    """Return the page: HTML in UTF-8 with everything inside, and a policy that lets nothing else in."""
    name = found.layers.project.province.name
    page = Page(
        lang,
        title=f"{word('title', lang)} – {name}",
        styles=[leaflet_css(), asset("theme.css"), asset("report.css"), asset("validate.css")],
        scripts=[leaflet_js(), asset("map_parts.js"), asset("page_tools.js"), asset("validate.js")],
        data={"phusong-data": page_data(found, lang)},
    )
    sections = [
        ("summary", _summary(found, lang)), ("map", _map(found, lang)), ("claims", _claims(found, lang)),
        ("errors", _errors(found, lang)), ("availability", _availability(found, lang)),
        ("censoring", listed(censoring_sentences(found, lang))),
        ("challenges", _challenges(found, lang)), ("polygons", _polygons(found, lang)),
        ("reports", _reports(found, lang)), ("method", _method(found, lang)),
        ("faults", listed([f.say(lang) for f in found.faults])),
    ]
    files = [found.measurements.file] if found.measurements is not None else []
    days = _days(found, lang)
    read = " · ".join([*files, *([days] if days else []), *criteria(found, lang)])
    page.body = section_page(
        word, lang, name=name, about=[read, word("kinds", lang)], sections=sections,
        foot=sentence(cited_sources(found.layers.sources), lang),
    )  # fmt: skip
    return page.render()


def page_data(found: Validation, lang: Language) -> dict[str, Any]:
    """Return what the script draws; coordinates in 1e-5 degrees."""
    communes = found.layers.communes
    simple = simplify_coverage(communes, OUTLINE_M * 2).to_crs(4326)
    west, south, east, north = (round(float(v), 5) for v in communes.to_crs(4326).total_bounds)
    data: dict[str, Any] = {
        "lang": lang, "marks": [",", "."] if lang == "vi" else [".", ","],
        "words": {k: (t.vi if lang == "vi" else t.en) for k, t in WORDS.items()},
        "bounds": [south, west, north, east], "squares": None,
        "communes": {
            "name": [shorten(str(n), NAME_LENGTH) for n in communes["commune_name"]],
            "shape": [pack_polygons(g) for g in simple.geometry],
        },
    }
    if found.pairs is None:
        return data
    pairs = _drawn(found.pairs)
    services, operators = _names(found)
    data["services"] = services
    data["operators"] = [operator_label(o, lang) for o in operators]
    data["kinds"] = [
        {"label": word(k, lang), "colour": colour, "form": form, "radius": radius}
        for k, colour, form, radius in _SHOWN_KINDS
    ]
    data["view"] = [round(float(v), 5) for v in (
        pairs["lat"].min(), pairs["lon"].min(), pairs["lat"].max(), pairs["lon"].max()
    )]  # fmt: skip
    data["squares"] = [
        [
            round(lat * 1e5), round(lon * 1e5), services.index(s), operators.index(o), kind,
            _db(level), _db(predicted), int(n),
        ]
        for lat, lon, s, o, kind, level, predicted, n in zip(
            pairs["lat"], pairs["lon"], pairs["service"], pairs["operator"], _kind(pairs), pairs["rsrp_dbm"],
            pairs["predicted_dbm"], pairs["samples"], strict=True,
        )
    ]  # fmt: skip
    return data


def _db(value: float) -> float | None:
    return round(float(value), 1) if np.isfinite(value) else None


def _kind(pairs: pd.DataFrame) -> list[int]:
    claimed, measured = pairs["claimed"].to_numpy(bool), pairs["measured"].to_numpy(bool)
    kinds = np.select([claimed & ~measured, ~claimed & measured, claimed & measured], [0, 1, 2], 3)
    return [int(k) for k in kinds]


def _names(found: Validation) -> tuple[list[str], list[str]]:
    assert found.pairs is not None
    return list(dict.fromkeys(found.pairs["service"])), sorted(set(found.pairs["operator"]))


def _drawn(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the records that a page can hold: all that disagree before any that agree."""
    if len(pairs) <= MOST_SQUARES:
        return pairs
    agree = (pairs["claimed"] == pairs["measured"]).to_numpy(bool)
    order = np.random.default_rng(0).permutation(len(pairs))
    order = order[np.argsort(agree[order], kind="stable")][:MOST_SQUARES]
    return pairs.iloc[np.sort(order)]


def _days(found: Validation, lang: Language) -> str:
    if found.measurements is None:
        return ""
    times = found.measurements.samples["time"].dropna()
    if not len(times):
        return ""
    first, last = times.min().date(), times.max().date()
    shown = [format_date(d, lang) for d in dict.fromkeys((first, last))]
    return "–".join(shown)


def _summary(found: Validation, lang: Language) -> str:
    biased = any(end.censored for end in found.censoring.values())
    lines = sentences(found, lang)
    alarms = sum(end.censored for end in found.censoring.values()) if biased else 0
    return "".join(f'<p class="alarm">{escape(x)}</p>' for x in lines[:alarms]) + listed(lines[alarms:])


def _map(found: Validation, lang: Language) -> str:
    if found.pairs is None:
        return ""
    services, operators = _names(found)
    west, south, east, north = found.layers.communes.to_crs(4326).total_bounds
    inset = inset_svg((west, south, east, north), lang)

    def options(names: Sequence[str], first: str = "") -> str:
        """Return the choices of a list, with one for all before them where it has a name."""
        every = f'<option value="-1">{escape(first)}</option>' if first else ""
        return every + "".join(f'<option value="{k}">{escape(n)}</option>' for k, n in enumerate(names))

    shown = [operator_label(o, lang) for o in operators]
    return (
        f'<p class="filters"><label>{escape(word("service", lang))}<select id="v-service">'
        f'{options(services)}</select></label><label>{escape(word("operator", lang))}'
        f'<select id="v-operator">{options(shown, word("allOperators", lang))}</select></label></p>'
        f'<ul id="v-key" class="key" aria-label="{escape(word("show", lang))}"></ul>'
        f'<div class="mapbox"><div id="disagreement" role="region"></div>'
        f'{f"<div class=insetbox>{inset}</div>" if inset else ""}</div>'
        f'<noscript><p class="banner">{escape(word("noScript", lang))}</p></noscript>'
        f'<p class="quiet hint">{escape(word("mapHelp", lang))}</p>'
    )


def _rate(figure: Rate, lang: Language) -> str:
    if figure.n == 0:
        return "–"
    interval = f"{percent(figure.low, lang)} – {percent(figure.high, lang)}"
    counts = f"{format_number(figure.k, lang)}/{format_number(figure.n, lang)}"
    return f"{escape(percent(figure.share, lang))}<small>{escape(counts)}; {escape(interval)}</small>"


def _claims(found: Validation, lang: Language) -> str:
    rows = []
    for claim in found.claims:
        for basis, f in (("byMap", claim.figures), ("byMedian", claim.median)):
            head = f"{claim.service}, {claim_operator(claim.operator, lang)}"
            rows.append(
                [
                    escape(head), escape(word(basis, lang)),
                    *(escape(format_number(v, lang)) for v in
                      (f.both, f.claimed_only, f.measured_only, f.neither)),
                    _rate(f.hit_rate, lang), _rate(f.false_alarm, lang),
                ]
            )  # fmt: skip
    keys = ("service", "basis", "both", "claimedOnly", "measuredOnly", "neither", "hit", "false")
    heads = [escape(word(k, lang)) for k in keys]
    return table(escape(word("claims", lang)), heads, rows, numeric=2) if rows else ""


def _errors(found: Validation, lang: Language) -> str:
    parts = []
    for service in dict.fromkeys(g.service for g in found.errors):
        rows = []
        for g in (g for g in found.errors if g.service == service):
            s = g.stats
            rows.append(
                [
                    escape(group_label(g.group, g.value, lang)), escape(format_number(s.n, lang)),
                    escape(format_number(s.blocks, lang)),
                    *(escape(format_number(v, lang, 1)) for v in
                      (s.bias_db, s.bias_se_db, s.sd_db, s.rmse_db)),
                    escape("; ".join(format_number(q, lang, 1) for q in s.quantiles_db)),
                    _box(s.quantiles_db),
                ]
            )  # fmt: skip
        keys = ("group", "n", "blocks", "bias", "se", "sd", "rmse", "quantiles", "spread")
        parts.append(
            table(f"{escape(service)}: {escape(word('errors', lang))}",
                  [escape(word(k, lang)) for k in keys], rows)
        )  # fmt: skip
    return "".join(parts)


def _box(quantiles_db: Sequence[float]) -> str:
    """Draw quantiles of 5 to 95 % on a line of ±30 dB."""
    if not all(np.isfinite(q) for q in quantiles_db):
        return ""
    p5, p25, p50, p75, p95 = (105.0 + 100.0 * max(min(q / _BOX_DB, 1.0), -1.0) for q in quantiles_db)
    return (
        '<svg class="box" viewBox="0 0 210 16" aria-hidden="true"><path class="axis" d="M5 8H205"/>'
        f'<path class="zero" d="M105 0V16"/><path class="reach" d="M{p5:.1f} 8H{p95:.1f}"/>'
        f'<rect class="body" x="{p25:.1f}" y="3" width="{max(p75 - p25, 1.0):.1f}" height="10"/>'
        f'<path class="middle" d="M{p50:.1f} 2V14"/></svg>'
    )


def _availability(found: Validation, lang: Language) -> str:
    rule = found.options.rule
    rows = [
        [
            escape(f"{a.technology}, {operator_label(a.operator, lang) if a.operator else '–'}"),
            escape(format_number(a.level_dbm, lang)), _rate(a.all_samples, lang), _rate(a.thinned, lang),
            escape(VERDICTS[a.verdict].say(lang)),
        ]
        for a in found.availability
    ]
    if not rows:
        return ""
    heads = [escape(word(k, lang)) for k in ("service", "level", "allSamples", "thinned", "verdict")]
    levels = ", ".join(f"{t} {format_number(v, lang)} dBm" for t, v in sorted(rule.levels_dbm.items()))
    source = SOURCE.say(lang, share=100.0 * rule.share, level=levels, n=rule.least_samples)
    caption = escape(word("availability", lang))
    return table(caption, heads, rows) + f'<p class="quiet">{escape(source)}.</p>'


def _challenges(found: Validation, lang: Language) -> str:
    if found.challenges is None or not len(found.challenges):
        return ""
    parts = []
    for kind, text in KINDS.items():
        own = found.challenges[found.challenges["kind"] == kind]
        rows = [_challenge(row, lang) for _, row in own.head(MOST_ROWS).iterrows()]
        if rows:
            keys = ("place", "commune", "service", "records", "share", "measured", "predicted", "short",
                    "people", "lat", "lon")  # fmt: skip
            title = f"{text.say(lang)} ({format_number(len(own), lang)})"
            parts.append(table(escape(title), [escape(word(k, lang)) for k in keys], rows, numeric=3))
            if len(own) > MOST_ROWS:
                parts.append(f'<p class="quiet">{escape(word("more", lang, n=len(own) - MOST_ROWS))}</p>')
    return "".join(parts)


def _challenge(row: pd.Series[Any], lang: Language) -> list[str]:
    def number(value: float, decimals: int = 0) -> str:
        """Return a number as it is written, escaped."""
        return escape(format_number(float(value), lang, decimals))

    away = float(row["place_m"])
    place = str(row["place_name"]) or "–"
    if away > 0:
        place += f" ({format_number(away / 1000.0, lang, 1)} km)"
    silent = row["records"] and not np.isfinite(row["rsrp_dbm"])
    return [
        escape(place), escape(row["commune_name"]),
        escape(f"{row['service']}, {operator_label(str(row['operator']), lang)}"), number(row["records"]),
        escape(percent(float(row["share"]), lang)),
        escape(word("silent", lang)) if silent else number(row["rsrp_dbm"], 1),
        number(row["predicted_dbm"], 1), number(row["shortfall_db"], 1), number(row["people"]),
        escape(f"{row['lat']:.5f}"), escape(f"{row['lon']:.5f}"),
    ]


def _polygons(found: Validation, lang: Language) -> str:
    rows = []
    for m in found.matrices:
        cells = [
            f"{escape(format_number(a, lang, 1))}<small>{escape(format_number(p, lang, 0))}</small>"
            for a, p in (m.both, m.declared_only, m.predicted_only, m.neither)
        ]
        rows.append(
            [
                escape(f"{m.service}, {operator_label(m.operator, lang)}"), *cells,
                escape(percent(m.area_agreement, lang)), escape(percent(m.people_agreement, lang)),
                _rate(m.measured.false_alarm, lang) if m.measured else "–",
            ]
        )
    keys = ("service", "bothSay", "declaredOnly", "predictedOnly", "none", "agreeArea", "agreePeople",
            "declaredMeasured")  # fmt: skip
    heads = [escape(word(k, lang)) for k in keys]
    caption = f"{escape(word('polygons', lang))}, {escape(word('areaPeople', lang))}"
    return table(caption, heads, rows) if rows else ""


def _reports(found: Validation, lang: Language) -> str:
    if found.reports is None or not len(found.reports):
        return ""
    heads = [escape(word(k, lang)) for k in
             ("service", "reportBoth", "reportClaimed", "reportOnly", "reportNeither", "hit",
              "false")]  # fmt: skip
    rows = [
        [
            escape(f"{r.service}, {operator_label(r.operator, lang)}"),
            *(escape(format_number(v, lang)) for v in
              (r.figures.both, r.figures.claimed_only, r.figures.measured_only, r.figures.neither)),
            _rate(r.figures.hit_rate, lang), _rate(r.figures.false_alarm, lang),
        ]
        for r in found.report_figures
    ]  # fmt: skip
    differ = found.reports[found.reports["reported"] != found.reports["claimed"]]
    yes, no = escape(word("yes", lang)), escape(word("no", lang))
    lines = [
        [
            escape(row["name"]), escape(f"{row['service']}, {operator_label(str(row['operator']), lang)}"),
            yes if row["reported"] else no, yes if row["claimed"] else no,
            escape(format_number(row["reports"], lang)), escape(format_number(float(row["bars"]), lang)),
            escape(format_date(row["last_day"], lang)) if row["last_day"] is not None else "–",
        ]
        for _, row in differ.head(MOST_ROWS).iterrows()
    ]
    keys = ("village", "service", "reported", "predicted", "reportCount", "bars", "lastDay")
    names = [escape(word(k, lang).replace(" (dBm)", "")) for k in keys]
    title = escape(word("reports", lang))
    return table(title, heads, rows) + (table(title, names, lines, numeric=2) if lines else "")


def _method(found: Validation, lang: Language) -> str:
    return listed([*criteria(found, lang), *method(found, lang)])
