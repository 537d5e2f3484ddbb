"""``compare.html``: two runs, and the trend of several, as one page beside its map."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from phusong.coverage.evidence.changes import Comparison
from phusong.coverage.evidence.history import TrendPoint
from phusong.coverage.result import ANY
from phusong.data.language import Language, format_date, format_number, format_percent
from phusong.maps.citation import cited_folders, sentence
from phusong.maps.compare.words import (
    CHANGES,
    COLUMNS,
    METHOD,
    STATUS,
    causes_sentence,
    indicator_label,
    label_of,
    note_sentence,
    operator_said,
    sentences,
    side_names,
    signed,
    station_said,
    word,
)
from phusong.maps.figures import Ratio, layer_label, source_label
from phusong.maps.inline import Page, asset, escape
from phusong.maps.report.section import table
from phusong.maps.section_page import listed, section_page

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 40
_TREND = ("population", "places", "households", "zones")


def render_comparison(
    found: Comparison,
    points: Sequence[TrendPoint],
    pictures: Mapping[str, bytes],
    slider: str,
    lang: Language,
) -> str:
    """Return the page.

    Parameters
    ----------
    found : Comparison
    points : sequence of TrendPoint
        Of all runs.
    pictures : mapping of service to PNG
        Maps before and after.
    slider : str
        Name of the file with the slider beside the page; empty for none.
    lang : {"vi", "en"}
    """
    page = Page(
        lang, title=f"{word('title', lang)} – {found.after.province}",
        styles=[asset("theme.css"), asset("report.css"), asset("compare.css")],
        scripts=[asset("page_tools.js")], frames=bool(slider),
    )  # fmt: skip
    notes = [note_sentence(found, n, lang) for n in found.notes]
    sections = [
        ("summary", listed(sentences(found, lang))),
        ("notes", "".join(f'<p class="alarm">{escape(n)}</p>' for n in notes)),
        ("trend", _trend(found, points, lang)),
        ("inputs", _inputs(found, lang)),
        ("maps", _maps(found, pictures, slider, lang)),
        ("communes", _communes(found, lang)),
        ("operators", _operators(found, lang)),
        ("places", _places(found, lang)),
        ("stations", _stations(found, lang)),
        ("method", listed([m.say(lang) for m in METHOD])),
    ]
    before, after = side_names(found, lang)
    page.body = section_page(
        word, lang, name=found.after.province, about=[word("sides", lang, before=before, after=after)],
        sections=sections, foot=sentence(cited_folders([found.before.folder, found.after.folder]), lang),
    )  # fmt: skip
    return page.render()


def _arrow(value: float, said: str) -> str:
    kind = "up" if value > 0 else "down" if value < 0 else ""
    return f'<span class="{kind}">{escape(said)}</span>' if kind and said[:1] in "+−" else escape(said)


def _heads(keys: Sequence[str], lang: Language) -> list[str]:
    return [escape(word(k, lang)) for k in keys]


def _more(every: int, lang: Language) -> str:
    if every <= MOST_ROWS:
        return ""
    return f'<p class="quiet">{escape(word("more", lang, n=every - MOST_ROWS))}</p>'


def _inputs(found: Comparison, lang: Language) -> str:
    rows = [
        [
            escape(source_label(i.layer, lang)),
            _state(i.status, lang),
            escape(_day(i.before, lang)), escape(_day(i.after, lang)),
            escape(format_number(i.rows_before, lang)), escape(format_number(i.rows_after, lang)),
        ]
        for i in found.inputs
    ]  # fmt: skip
    sides = [escape(word(k, lang)) for k in ("before", "after")]
    day, count = escape(word("day", lang)), escape(word("rows", lang))
    heads = [
        *_heads(("layer", "status"), lang),
        *(f"{s}: {day}" for s in sides),
        *(f"{s}: {count}" for s in sides),
    ]
    body = table(escape(word("inputs", lang)), heads, rows, numeric=2)
    if found.parameters:
        changed = [
            [escape(p.key), escape(_value(p.before)), escape(_value(p.after))] for p in found.parameters
        ]
        body += table(escape(word("parameters", lang)), _heads(("key", "before", "after"), lang),
                      changed[:MOST_ROWS], numeric=9)  # fmt: skip
        body += _more(len(changed), lang)
    return body


def _state(status: str, lang: Language) -> str:
    said = escape(STATUS[status].say(lang))
    return said if status == "same" else f"<b>{said}</b>"


def _day(day: str, lang: Language) -> str:
    import datetime

    return format_date(datetime.date.fromisoformat(day[:10]), lang) if day else "–"


def _value(value: Any) -> str:
    return "–" if value is None else str(value)


def _maps(found: Comparison, pictures: Mapping[str, bytes], slider: str, lang: Language) -> str:
    frame = ""
    if slider:
        name = escape(slider)
        frame = (
            f'<p><a class="button strong" href="{name}">{escape(word("openSlider", lang))}</a></p>'
            f'<div id="slider"><iframe src="{name}" title="{escape(word("slider", lang))}" loading="lazy">'
            "</iframe></div>"
        )
    elif pictures:
        frame = f'<p class="quiet">{escape(word("noSlider", lang))}</p>'
    figures = "".join(
        f'<figure><img alt="{escape(word("mapAlt", lang, service=label_of(found, s, lang)))}" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}"></figure>'
        for s, png in pictures.items()
    )
    return frame + figures


def commune_changes(found: Comparison, service: str, operator: str = ANY) -> pd.DataFrame:
    """Return the communes whose people covered changed, the largest loss first, with its two parts."""
    changed = found.changed_figures
    own = changed[(changed["level"] == "commune") & (changed["indicator"] == "population")
                  & (changed["service"] == service) & (changed["operator"] == operator)]  # fmt: skip
    effects = found.effects[["code", "service", "operator", "by_reach", "by_people"]]
    own = own.merge(effects, on=["code", "service", "operator"], how="left")
    return own.sort_values(["change", "code"], kind="stable", ignore_index=True)


def _communes(found: Comparison, lang: Language) -> str:
    parts = []
    for service in found.services:
        own = commune_changes(found, service)
        if not len(own):
            continue
        shown = (
            own
            if len(own) <= MOST_ROWS
            else own.loc[own["change"].abs().nlargest(MOST_ROWS).index].sort_index()
        )
        rows = [
            [
                f"{escape(r['name'])}<small>{escape(r['code'])}</small>",
                *(_share(r[f"n_{s}"], r[f"of_{s}"], lang) for s in ("before", "after")),
                _arrow(r["points"], signed(r["points"], lang, 1)),
                _arrow(r["change"], signed(r["change"], lang)),
                escape(signed(r["by_reach"], lang)), escape(signed(r["by_people"], lang)),
            ]
            for r in shown.to_dict("records")
        ]  # fmt: skip
        heads = _heads(("commune", "before", "after", "points", "people", "byReach", "byPeople"), lang)
        title = f"{label_of(found, service, lang)} ({format_number(len(own), lang)})"
        parts.append(table(escape(title), heads, rows) + _more(len(own), lang))
    return "".join(parts)


def _share(n: float, of: float, lang: Language) -> str:
    if n != n:
        return "–"
    ratio = Ratio(n, of)
    return f"{escape(ratio.share(lang))}<small>{escape(ratio.counts(lang))}</small>" if of > 0 else "–"


def _operators(found: Comparison, lang: Language) -> str:
    own = found.figures[(found.figures["level"] == "province") & (found.figures["indicator"] == "population")]
    own = own[own["service"].isin(found.services)]
    order = {s: k for k, s in enumerate(found.services)}
    own = own.assign(_s=own["service"].map(order), _o=(own["operator"] != ANY).astype(int))
    rows = []
    for r in own.sort_values(["_s", "_o", "operator"], kind="stable").to_dict("records"):
        places = found.places[(found.places["service"] == r["service"])
                              & (found.places["operator"] == r["operator"])]  # fmt: skip
        turned = [int((places["change"] == c).sum()) for c in ("gained", "lost")]
        rows.append([
            escape(f"{label_of(found, r['service'], lang)}, {operator_said(r['operator'], lang)}"),
            *(_share(r[f"n_{s}"], r[f"of_{s}"], lang) for s in ("before", "after")),
            _arrow(r["points"], signed(r["points"], lang, 1)), _arrow(r["change"], signed(r["change"], lang)),
            *(escape(format_number(t, lang)) for t in turned),
        ])  # fmt: skip
    place = escape(word("place", lang))
    heads = [*_heads(("service", "before", "after", "points", "people"), lang),
             *(f"{place}: {escape(CHANGES[c].say(lang))}" for c in ("gained", "lost"))]  # fmt: skip
    return table(escape(word("operators", lang)), heads, rows) if rows else ""


def _places(found: Comparison, lang: Language) -> str:
    parts = []
    own = found.places[found.places["operator"].isin([ANY, ""])]
    for change, text in CHANGES.items():
        mine = own[own["change"] == change]
        if not len(mine):
            continue
        rows = [_place(found, r, lang) for r in mine.head(MOST_ROWS).to_dict("records")]
        title = f"{text.say(lang)} ({format_number(len(mine), lang)})"
        heads = _heads(("place", "commune", "service", "causes", "station", "far", "moved"), lang)
        parts.append(
            table(escape(title[:1].upper() + title[1:]), heads, rows, numeric=5) + _more(len(mine), lang)
        )
    return "".join(parts)


def _place(found: Comparison, row: Mapping[Any, Any], lang: Language) -> list[str]:
    turned = row["change"] in ("gained", "lost")
    services = ", ".join(label_of(found, s, lang) for s in str(row["service"]).split("; ") if s)
    layer = layer_label(f"places:{row['layer']}", lang)
    return [
        f"{escape(row['name'])}<small>{escape(row['place_id'])}, {escape(layer)}</small>",
        escape(row["commune_name"] or "–"), escape(services or "–"),
        escape(causes_sentence(str(row["causes"]), lang)) if turned else "–",
        escape(station_said(row["station"], row["station_change"], lang)),
        _metres(row["station_m"], lang), _metres(row["moved_m"], lang),
    ]  # fmt: skip


def _metres(value: Any, lang: Language) -> str:
    return "–" if value is None or value != value else escape(format_number(float(value), lang, 0))


def _stations(found: Comparison, lang: Language) -> str:
    if found.stations is None or not len(found.stations):
        return ""
    rows = []
    for (technology, operator), own in found.stations.groupby(["technology", "operator"], sort=True):
        count = own["change"].value_counts()
        rows.append([
            escape(technology), escape(operator),
            *(escape(format_number(int(count.get(c, 0)), lang)) for c in ("added", "removed", "changed")),
            escape(format_number(own["site_id"].nunique(), lang)),
            escape(what_changed(own["what"], lang) or "–"),
        ])  # fmt: skip
    heads = _heads(("technology", "operator", "added", "removed", "changed", "sites", "what"), lang)
    return table(escape(f"{word('stations', lang)} ({word('cells', lang)})"), heads, rows, numeric=2)


def what_changed(columns: Any, lang: Language) -> str:
    """Name the columns that changed, each once."""
    keys = dict.fromkeys(k for joined in columns for k in str(joined).split("; ") if k in COLUMNS)
    return ", ".join(COLUMNS[k].say(lang) for k in keys)


def _trend(found: Comparison, points: Sequence[TrendPoint], lang: Language) -> str:
    runs = list(dict.fromkeys((p.run, p.as_of) for p in points))
    if len(runs) < 3:
        return ""
    shown = [p for p in points if p.operator == ANY and p.percent == p.percent
             and p.indicator.partition(":")[0] in _TREND]  # fmt: skip
    series: dict[tuple[str, str], dict[str, TrendPoint]] = {}
    for p in shown:
        series.setdefault((p.service, p.indicator), {})[p.run] = p
    parts = []
    for service in dict.fromkeys(s for s, _ in series):
        own = series.get((service, "population"))
        if own:
            parts.append(_chart(label_of(found, service, lang), [own.get(r) for r, _ in runs], runs, lang))
    rows = [
        [
            escape(label_of(found, service, lang)), escape(indicator_label(indicator, lang)),
            *(_share(q.numerator, q.denominator, lang) if (q := own.get(r)) else "–" for r, _ in runs),
        ]
        for (service, indicator), own in series.items()
    ]  # fmt: skip
    heads = [*_heads(("service", "indicator"), lang),
             *(f"{escape(r)}<small>{escape(format_date(d, lang))}</small>" for r, d in runs)]  # fmt: skip
    return f'<div class="figures">{"".join(parts)}</div>' + table(
        escape(word("trend", lang)), heads, rows, numeric=2
    )


def _chart(title: str, points: Sequence[TrendPoint | None], runs: Sequence[Any], lang: Language) -> str:
    """Draw one share over the runs, from 0 to 100 %, every point with its figure."""
    width, high, left, top = 420.0, 190.0, 34.0, 16.0
    across, tall = width - left - 50.0, high - top - 40.0
    at = [left + 14 + across * k / max(len(runs) - 1, 1) for k in range(len(runs))]
    body = []
    for level in (0, 50, 100):
        y = top + tall * (1 - level / 100)
        body.append(f'<line class="axis" x1="{left}" x2="{width - 8}" y1="{y:.1f}" y2="{y:.1f}"/>'
                    f'<text x="{left - 4}" y="{y + 4:.1f}" text-anchor="end">{level}</text>')  # fmt: skip
    line, said = [], []
    for x, p, (run, day) in zip(at, points, runs, strict=True):
        body.append(
            f'<text x="{x:.1f}" y="{high - 22}" text-anchor="middle">{escape(day.strftime("%m/%Y"))}</text>'
        )
        if p is None:
            continue
        y = top + tall * (1 - p.percent / 100)
        share = format_percent(p.numerator, p.denominator, lang)
        line.append(f"{x:.1f},{y:.1f}")
        said.append(f"{run} {share}")
        above, middle = y - 7 if y > top + 12 else y + 16, 'text-anchor="middle"'
        body.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
                    f'<text x="{x:.1f}" y="{above:.1f}" {middle}>{escape(share)}</text>')  # fmt: skip
    label = escape(word("trendAlt", lang, service=title, said="; ".join(said)))
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg class="trend" role="img" aria-label="{label}" '
        f'viewBox="0 0 {width:.0f} {high - 10:.0f}"><polyline class="line" points="{" ".join(line)}"/>'
        f"{''.join(body)}</svg></figure>"
    )
