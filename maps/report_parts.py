"""The sections of the report page, each a function from figures to HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from phusong.coverage.result import ANY
from phusong.data.language import Language, format_date, format_number
from phusong.maps import charts, colours
from phusong.maps.assets import escape
from phusong.maps.figures import Figures, Ratio, layer_label, operator_label
from phusong.maps.page_words import REASONS
from phusong.maps.report_words import REPORT_WORDS
from phusong.maps.safe import shorten
from phusong.maps.sentences import Sentence, network_layers, service_sentences, station_sentence

WORST_GAPS = 15
NAMES_PER_COMMUNE = 60


class Section:
    """Words, figures and footnotes that all sections share.

    Attributes
    ----------
    figures : Figures
    lang : {"vi", "en"}
    """

    def __init__(self, figures: Figures, lang: Language) -> None:
        self.figures, self.lang = figures, lang
        self._note = {s.layer: k for k, s in enumerate(figures.result.layers.sources, start=1)}

    def word(self, key: str, **values: Any) -> str:
        """Return a phrase of the report, escaped."""
        return escape(REPORT_WORDS[key].say(self.lang, **values))

    def number(self, value: float, decimals: int | None = 0) -> str:
        """Write a number, escaped."""
        return escape(format_number(float(value), self.lang, decimals))

    def notes(self, inputs: Iterable[str]) -> str:
        """Return the marks of the footnotes to the sources of a figure."""
        marks = [self._note[name] for name in inputs if name in self._note]
        label = self.word("footnote")
        links = ",".join(f'<a href="#src{k}" aria-label="{label} {k}">{k}</a>' for k in sorted(marks))
        return f'<sup class="notes">[{links}]</sup>' if links else ""

    def ratio(self, ratio: Ratio | None, decimals: int = 0) -> str:
        """Write a percentage with its counts below."""
        if ratio is None or not ratio.denominator:
            return '<span class="quiet">–</span>'
        return f"{escape(ratio.share(self.lang))}<small>{escape(ratio.counts(self.lang, decimals))}</small>"

    def title(self, key: str) -> str:
        """Open a section under its heading."""
        return f'<section id="{key}" aria-labelledby="h-{key}"><h2 id="h-{key}">{self.word(key)}</h2>'


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: int = 1,
    kind: str = "",
    notes: str = "",
) -> str:
    """Write a table; columns from ``numeric`` on hold numbers, the first one names the row."""
    head = "".join(
        f'<th scope="col"{" class=num" if k >= numeric else ""}>{h}</th>' for k, h in enumerate(heads)
    )
    body = []
    for row in rows:
        cells = "".join(
            f'<td{" class=num" if k >= numeric else ""}>{v}</td>' for k, v in enumerate(row[1:], start=1)
        )
        body.append(f'<tr><th scope="row">{row[0]}</th>{cells}</tr>')
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{caption}"><table class="{kind}">'
        f'<caption>{caption}{notes}</caption><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )


def summary(s: Section) -> str:
    """The first screen: a card per service, then the sentences."""
    cards, sentences = [], []
    for service in s.figures.services:
        ratio = s.figures.province(service, "population")
        if ratio is None:
            continue
        inputs = ("population", "communes", *network_layers(s.figures, service))
        left = s.word("notCovered", n=format_number(ratio.denominator - ratio.numerator, s.lang, 0))
        cards.append(
            f'<article class="card"><h3>{escape(s.figures.label(service, s.lang))}</h3>'
            f'<p class="big">{escape(ratio.share(s.lang))}</p><p>{s.word("population")}{s.notes(inputs)}</p>'
            f'{charts.bar(ratio.percent, s.lang)}<p class="counts">{escape(ratio.counts(s.lang))} {s.word("peopleUnit")}</p>'
            f'<p class="counts left">{left}</p>'
            f'<p class="quiet crit">{s.word("criterion")}: {escape(s.figures.criterion(service, s.lang))}.</p></article>'
        )
        sentences.append(
            f"<h3>{escape(s.figures.label(service, s.lang))}</h3>"
            + _sentences(s, service_sentences(s.figures, service, s.lang))
        )
    stations = station_sentence(s.figures, s.lang)
    return "".join([
        s.title("summary"), f'<div class="cards">{"".join(cards)}</div>',
        f'<div class="sayings">{"".join(f"<div>{x}</div>" for x in sentences)}</div>',
        _sentences(s, [stations] if stations else []), "</section>",
    ])


def _sentences(s: Section, sentences: Sequence[Sentence]) -> str:
    items = "".join(f"<li>{escape(x.text)}{s.notes(x.inputs)}</li>" for x in sentences)
    return f'<ul class="says">{items}</ul>' if items else ""


def maps(s: Section) -> str:
    """One small map per service, and the way to the large one."""
    defs, size = charts.outline_defs(s.figures.result.layers.communes)
    drawn = "".join(
        f"<figure><figcaption>{s.word('shareByCommune', service=s.figures.label(name, s.lang))}</figcaption>"
        f"{charts.choropleth(s.figures, name, size, s.lang)}{charts.class_legend(s.figures, name, s.lang)}</figure>"
        for name in s.figures.services
    )
    return "".join([
        s.title("maps"),
        f'<p class="acts"><a class="button strong" href="map.html">{s.word("openMap")}</a> '
        f'<button type="button" id="embed" aria-expanded="false" aria-controls="frame" '
        f'data-show="{s.word("embedMap")}" data-hide="{s.word("hideMap")}">{s.word("embedMap")}</button></p>',
        f'<div id="frame" data-title="{s.word("mapFrame")}" hidden></div>',
        defs, f'<div class="figures">{drawn}</div>', "</section>",
    ])


def communes(s: Section) -> str:
    """Every commune with every service: sorts and filters."""
    figures = s.figures
    columns = [(name, figures.label(name, s.lang)) for name in figures.services]
    layers = figures.indicators("places:")[:1]
    heads = [("text", s.word("commune")), ("text", s.word("code")), ("num", s.word("inhabitants"))]
    heads += [("num", s.word("servedShare", service=label)) for _, label in columns]
    heads += [
        ("num", s.word("placesLeft", places=layer_label(layer, s.lang).capitalize(), service=label))
        for layer in layers for _, label in columns
    ]
    reported = [name for name in figures.services if figures.province(name, "households")]
    heads += [("num", s.word("householdsFibre"))] * len(reported)
    head = "".join(
        f'<th scope="col" data-kind="{kind}" aria-sort="none"{" class=num" if kind == "num" else ""}>'
        f'<button type="button">{label}</button></th>'
        for kind, label in heads
    )
    rows = []
    for code, name in zip(figures.codes, figures.result.layers.communes["commune_name"], strict=True):
        shares = [figures.commune(code, service, "population") for service, _ in columns]
        people = shares[0].denominator if shares and shares[0] else float("nan")
        cells = [f'<td class="code">{escape(code)}</td>', _cell(people, s.number(people))]
        for ratio in shares:
            percent = ratio.percent if ratio else float("nan")
            mark = charts.swatch(colours.percent_class(percent))
            cells.append(_cell(percent, f"{mark}{s.ratio(ratio)}"))
        for layer in layers:
            for service, _ in columns:
                places = figures.commune(code, service, layer)
                cells.append(_left(s, places))
        cells += [_ratio_cell(s, figures.commune(code, service, "households")) for service in reported]
        link = f'<a href="map.html#xa={escape(code)}">{escape(shorten(str(name), 120))}</a>'
        rows.append(f'<tr><th scope="row">{link}</th>{"".join(cells)}</tr>')
    options = "".join(f'<option value="{3 + k}">{escape(label)}</option>' for k, (_, label) in enumerate(columns))
    return "".join([
        s.title("communes"),
        f'<div class="filters"><label>{s.word("filter")}<input type="search" id="filter" autocomplete="off"></label>'
        f'<label>{s.word("filterService")}<select id="column">{options}</select></label>'
        f'<label>{s.word("filterBelow")}<input type="number" id="below" min="0" max="100" step="any"></label>'
        f'<output id="shown" data-text="{s.word("shown", some="{0}", every="{1}")}"></output></div>',
        f'<p class="quiet hint">{s.word("sortHint")}</p>',
        f'<div class="scroll tall" role="region" tabindex="0" aria-label="{s.word("tableCommunes")}">'
        f'<table id="table" class="sorts"><caption class="sr">{s.word("tableCommunes")}</caption>'
        f'<thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div></section>',
    ])


def _cell(value: float, shown: str) -> str:
    return f'<td class="num" data-v="{value:.6g}">{shown}</td>' if value == value else '<td class="num">–</td>'


def _ratio_cell(s: Section, ratio: Ratio | None) -> str:
    return _cell(ratio.percent if ratio else float("nan"), s.ratio(ratio))


def _left(s: Section, ratio: Ratio | None) -> str:
    if ratio is None or not ratio.denominator:
        return '<td class="num">–</td>'
    left = ratio.denominator - ratio.numerator
    return f'<td class="num" data-v="{left:.6g}">{s.number(left)}/{s.number(ratio.denominator)}</td>'


def operators(s: Section) -> str:
    """Coverage by operator; sites, stations and cells by operator and technology."""
    figures = s.figures
    named = [o for o in figures.operators if any(figures.province(x, "population", o) for x in figures.services)]
    covered = [
        [escape(operator_label(o, s.lang)), *(s.ratio(figures.province(x, "population", o)) for x in figures.services)]
        for o in named
    ]
    heads = [s.word("operator"), *(escape(figures.label(x, s.lang)) for x in figures.services)]
    counted = figures.result.indicators
    counted = counted[(counted["level"] == "province") & (counted["indicator"] == "stations")]
    technologies = sorted(set(counted["service"]) - {"all"}) + (["all"] if "all" in set(counted["service"]) else [])
    owners = [*sorted(set(counted["operator"]) - {ANY}), ANY]
    rows = []
    for owner in owners:
        cells = [s.word("allOperators") if owner == ANY else escape(owner)]
        for technology in technologies:
            values = [figures.province(technology, kind, owner) for kind in ("sites", "stations", "cells")]
            cells += [s.number(v.numerator) if v else "–" for v in values]
        rows.append(cells)
    wide = [s.word("operator")] + [
        f"{s.word('allTechnologies') if t == 'all' else escape(t)}<small>{s.word(kind)}</small>"
        for t in technologies for kind in ("sites", "stations", "cells")
    ]
    return "".join([
        s.title("operators"), table(s.word("coverByOperator"), heads, covered),
        table(s.word("countsByOperator"), wide, rows, notes=s.notes(("stations",))) if rows else "",
        f'<p class="quiet">{s.word("countsNote")}</p></section>',
    ])


def gaps(s: Section) -> str:
    """The gaps with the most people, per service."""
    parts = [s.title("gaps")]
    for service in s.figures.services:
        mine = s.figures.result.gaps
        mine = mine[(mine["service"] == service) & (mine["operator"] == ANY)].sort_values("rank")
        label = s.figures.label(service, s.lang)
        if not len(mine):
            parts.append(f"<p>{s.word('gapsNone', service=label)}</p>")
            continue
        rows = [
            [
                s.number(g.rank), escape(shorten(str(g.commune_names), 160)), _reason(s, str(g.reason)),
                escape(shorten(str(g.places), 160)) or "–", s.number(g.people), s.number(g.area_km2, 1),
                f"{_metres(s, g.nearest_site_m)}<small>{escape(g.nearest_site_id)}</small>"
                if isinstance(g.nearest_site_id, str) and g.nearest_site_id else "–",
                _metres(s, g.nearest_fibre_m),
            ]
            for g in mine.head(WORST_GAPS).itertuples(index=False)
        ]
        caption = s.word(
            "gapsOf", service=label, total=len(mine), people=format_number(float(mine["people"].sum()), s.lang, 0),
            scattered=format_number(s.figures.result.scattered.get(service, 0.0), s.lang, 0),
        )
        keys = ("rank", "commune", "reason", "placesInside", "gapPeople", "area", "nearestSite", "nearestFibre")
        parts.append(table(caption, [s.word(k) for k in keys], rows, numeric=4, kind="gaps"))
    parts.append(f'<p class="quiet">{s.word("gapsAll")}</p></section>')
    return "".join(parts)


def _reason(s: Section, reason: str) -> str:
    known = [REASONS[r].say(s.lang) if r in REASONS else r for r in reason.split("; ")]
    return escape("; ".join(known))


def _metres(s: Section, value: float) -> str:
    if value != value or value is None:
        return "–"
    return f"{s.number(value)} m" if value < 1000 else f"{s.number(value / 1000, 1)} km"


def places(s: Section) -> str:
    """The exact names of what is not served, by commune."""
    frame = s.figures.result.places
    frame = frame[frame["operator"] == ANY]
    parts = [s.title("places")]
    for service in s.figures.services:
        for layer in dict.fromkeys(frame["layer"]):
            mine = frame[(frame["service"] == service) & (frame["layer"] == layer)]
            left = mine[~mine["served"].astype(bool)]
            said = s.word(
                "placesOf", service=s.figures.label(service, s.lang), n=len(left), total=len(mine),
                places=layer_label(f"places:{layer}", s.lang),
            )
            if not len(left):
                parts.append(f'<p class="allserved">{said}</p>')
                continue
            groups = []
            for commune, names in left.groupby("commune_name", sort=True)["name"]:
                listed = [shorten(str(n), 120) for n in names[:NAMES_PER_COMMUNE]]
                more = ", …" if len(names) > NAMES_PER_COMMUNE else ""
                head = escape(shorten(str(commune), 120)) or s.word("noCommune")
                groups.append(f"<dt>{head} ({len(names)})</dt><dd>{escape(', '.join(listed))}{more}</dd>")
            parts.append(f"<details><summary>{said}</summary><dl>{''.join(groups)}</dl></details>")
    parts.append(f'<p class="quiet">{s.word("placesAll")}</p></section>')
    return "".join(parts)


def targets(s: Section) -> str:
    """What a resolution asks for against what there is."""
    rows = []
    for target in s.figures.result.layers.project.targets.values():
        ratio = s.figures.province(target.service, target.indicator)
        if ratio is None or not ratio.denominator:
            continue
        short = target.percent - ratio.percent
        verdict = s.word("met") if short <= 0 else s.word("notMet", points=format_number(max(short, 0.1), s.lang, 1))
        label = s.figures.label(target.service, s.lang) if target.service in s.figures.services else target.service
        rows.append([
            escape(label), escape(target.document) or "–", str(target.year), f"{s.number(target.percent, None)}%",
            s.ratio(ratio), verdict,
        ])
    if not rows:
        return ""
    heads = [s.word(k) for k in ("service", "document", "year", "target", "actual", "verdict")]
    return s.title("targets") + table(s.word("targets"), heads, rows, numeric=2) + "</section>"


def account(s: Section) -> str:
    """Where all people of the raster are."""
    people = s.figures.result.people
    rows = [
        [s.word("inside"), s.number(people.raster_inside)],
        ["– " + s.word("overlaps"), s.number(people.in_overlaps)],
        [s.word("outside"), s.number(people.outside)],
        ["– " + s.word("holes"), s.number(people.in_holes)],
        [s.word("total"), s.number(people.total)],
    ]
    note = s.word("scaled", n=format_number(people.raster_inside, s.lang, 0)) if people.scaled else s.word("unscaled")
    marks = s.notes(("population", "communes"))
    return "".join([
        s.title("people"), table(s.word("people"), [s.word("item"), s.word("peopleUnit")], rows, notes=marks),
        f'<p class="quiet">{note}</p></section>',
    ])


def sources(s: Section) -> str:
    """Every input with its date and hash: where footnotes lead."""
    rows = [
        [
            f'<span id="src{k}">[{k}] {escape(x.layer)}</span>', escape(x.path), escape(format_date(x.as_of, s.lang)),
            f"<code>{escape(x.sha256[:12])}</code>", s.number(x.rows),
        ]
        for k, x in enumerate(s.figures.result.layers.sources, start=1)
    ]
    heads = [s.word(k) for k in ("source", "file", "date", "sha", "rows")]
    return s.title("sources") + table(s.word("sources"), heads, rows, numeric=4) + "</section>"
