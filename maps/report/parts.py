"""The sections of the report page, each a function from figures to HTML."""

from __future__ import annotations

from collections.abc import Sequence

from phusong.coverage.fibre.reported import MARGIN_POINTS, reported_beyond_reach
from phusong.coverage.result import ANY
from phusong.data.language import format_number
from phusong.maps import charts, colours
from phusong.maps.figures import Ratio, layer_label, operator_label
from phusong.maps.inline import escape
from phusong.maps.report.section import Section, table
from phusong.maps.safe import shorten
from phusong.maps.sentences import Sentence, network_layers, service_sentences, station_sentence
from phusong.maps.words import cause_sentence, distance_words, listed

WORST_GAPS, PRINTED_GAPS = 15, 10
OPEN_PLACES = 30
"""Up to so many places not served are listed without being asked for."""
NAMES_PER_COMMUNE = 60


def summary(s: Section) -> str:
    """Write the first screen: a card per service, then the sentences."""
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
            f'{charts.bar(ratio.percent, s.lang)}<p class="counts">{escape(ratio.counts(s.lang))} '
            f'{s.word("peopleUnit")}</p>'
            f'<p class="counts left">{left}</p>'
            f'<p class="quiet crit">{s.word("criterion")}: '
            f'{escape(s.figures.criterion(service, s.lang))}.</p></article>'
        )
        sentences.append(
            f"<h3>{escape(s.figures.label(service, s.lang))}</h3>"
            + _sentences(s, service_sentences(s.figures, service, s.lang))
        )
    stations = station_sentence(s.figures, s.lang)
    return "".join(
        [
            s.title("summary"),
            f'<div class="cards">{"".join(cards)}</div>',
            f'<div class="sayings">{"".join(f"<div>{x}</div>" for x in sentences)}</div>',
            _sentences(s, [stations] if stations else []),
            "</section>",
        ]
    )


def _sentences(s: Section, sentences: Sequence[Sentence]) -> str:
    items = "".join(
        f"<li{' class=remark' if x.remark else ''}>{escape(x.text)}{s.notes(x.inputs)}</li>"
        for x in sentences
    )
    return f'<ul class="says">{items}</ul>' if items else ""


def maps(s: Section) -> str:
    """Draw one small map per service, and lead to the large one."""
    defs, size = charts.outline_defs(s.figures.result.layers.communes)
    drawn = "".join(
        f"<figure><figcaption>{s.word('shareByCommune', service=s.figures.label(name, s.lang))}</figcaption>"
        f"{charts.choropleth(s.figures, name, size, s.lang, gaps=True)}"
        f"{charts.class_legend(s.figures, name, s.lang)}</figure>"
        for name in s.figures.services
    )
    return "".join(
        [
            s.title("maps"),
            f'<p class="acts"><a class="button strong" href="map.html">{s.word("openMap")}</a> '
            f'<button type="button" id="embed" aria-expanded="false" aria-controls="frame" '
            f'data-show="{s.word("embedMap")}" '
            f'data-hide="{s.word("hideMap")}">{s.word("embedMap")}</button></p>',
            f'<div id="frame" data-title="{s.word("mapFrame")}" hidden></div>',
            defs,
            f'<div class="figures">{drawn}</div><p class="quiet">{s.word("gapNumbers")}</p>',
            "</section>",
        ]
    )


def communes(s: Section) -> str:
    """List every commune with every service, to sort and filter."""
    figures = s.figures
    columns = [(name, figures.label(name, s.lang)) for name in figures.services]
    inputs = {layer for name in figures.services for layer in network_layers(figures, name)}
    notes = s.notes(("population", "communes", *inputs))
    layers = figures.indicators("places:")[:1]
    heads = [("text", s.word("commune")), ("text", s.word("code")), ("num", s.word("inhabitants"))]
    heads += [("num", s.word("servedShare", service=label)) for _, label in columns]
    heads += [
        ("num", s.word("placesLeft", places=layer_label(layer, s.lang).capitalize(), service=spoken))
        for layer in layers
        for spoken in (figures.in_sentence(name, s.lang) for name in figures.services)
    ]
    reported = [name for name in figures.services if figures.province(name, "households")]
    heads += [("num", s.word("householdsFibre"))] * len(reported)
    head = "".join(
        f'<th scope="col" data-kind="{kind}" aria-sort="none"{" class=num" if kind == "num" else ""}>'
        f'<button type="button">{label}</button></th>'
        for kind, label in heads
    )
    over = reported_beyond_reach(figures.result.indicators)
    beyond = set(zip(over["code"], over["service"], strict=True))
    beyond_mark = f'<span class="remark" role="img" aria-label="{s.word("beyondReach")}">▲</span> '
    rows = []
    printed = s.printed_communes()
    named = zip(figures.codes, figures.result.layers.communes["commune_name"], strict=True)
    for k, (code, name) in enumerate(named):
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
        for service in reported:
            mark = beyond_mark if (code, service) in beyond else ""
            cells.append(_ratio_cell(s, figures.commune(code, service, "households"), mark))
        link = f'<a href="map.html#xa={escape(code)}">{escape(shorten(str(name), 120))}</a>'
        fold = "" if k in printed else ' class="fold"'
        rows.append(f'<tr{fold}><th scope="row">{link}</th>{"".join(cells)}</tr>')
    options = "".join(
        f'<option value="{3 + k}">{escape(label)}</option>' for k, (_, label) in enumerate(columns)
    )
    return "".join(
        [
            s.title("communes"),
            f'<div class="filters"><label>{s.word("filter")}<input type="search" id="filter" '
            'autocomplete="off"></label>'
            f'<label>{s.word("filterService")}<select id="column">{options}</select></label>'
            f'<label>{s.word("filterBelow")}<input type="number" id="below" min="0" max="100" '
            'step="any"></label>'
            f'<output id="shown" data-text="{s.word("shown", some="{0}", every="{1}")}"></output></div>',
            f'<p class="quiet"><span class="hint">{s.word("sortHint")}</span> {notes}</p>{s.folded()}',
            f'<p class="quiet"><span class="remark">▲</span> '
            f'{s.word("beyondReachNote", margin=MARGIN_POINTS)}</p>' if beyond else "",
            f'<div class="scroll tall" role="region" tabindex="0" aria-label="{s.word("tableCommunes")}">'
            f'<table id="table" class="sorts"><caption class="sr">{s.word("tableCommunes")}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></section>",
        ]
    )


def _cell(value: float, shown: str) -> str:
    return (
        f'<td class="num" data-v="{value:.6g}">{shown}</td>' if value == value else '<td class="num">–</td>'
    )


def _ratio_cell(s: Section, ratio: Ratio | None, mark: str = "") -> str:
    return _cell(ratio.percent if ratio else float("nan"), f"{mark}{s.ratio(ratio)}")


def _left(s: Section, ratio: Ratio | None) -> str:
    if ratio is None or not ratio.denominator:
        return '<td class="num">–</td>'
    left = ratio.denominator - ratio.numerator
    return f'<td class="num" data-v="{left:.6g}">{s.number(left)}/{s.number(ratio.denominator)}</td>'


def operators(s: Section) -> str:
    """Show coverage by operator; sites, stations and cells by operator and technology."""
    figures = s.figures
    named = [
        o for o in figures.operators if any(figures.province(x, "population", o) for x in figures.services)
    ]
    covered = [
        [
            escape(operator_label(o, s.lang)),
            *(s.ratio(figures.province(x, "population", o)) for x in figures.services),
        ]
        for o in named
    ]
    heads = [s.word("operator"), *(escape(figures.label(x, s.lang)) for x in figures.services)]
    counted = figures.result.indicators
    counted = counted[(counted["level"] == "province") & (counted["indicator"] == "stations")]
    technologies = sorted(set(counted["service"]) - {"all"}) + (
        ["all"] if "all" in set(counted["service"]) else []
    )
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
        for t in technologies
        for kind in ("sites", "stations", "cells")
    ]
    return "".join(
        [
            s.title("operators"),
            table(s.word("coverByOperator"), heads, covered, notes=s.notes(("stations", "population")))
            if len(covered) > 1
            else "",
            table(s.word("countsByOperator"), wide, rows, notes=s.notes(("stations",))) if rows else "",
            f'<p class="quiet">{s.word("countsNote")}</p></section>',
        ]
    )


def gaps(s: Section) -> str:
    """List the gaps with the most people, per service."""
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
                s.number(g.rank),
                escape(shorten(listed(str(g.commune_names), 4, s.word("communeUnit"), s.lang), 160)),
                escape(cause_sentence(g._asdict(), s.lang)),
                escape(shorten(listed(str(g.places), 5, s.word("placeUnit"), s.lang), 160)) or "–",
                s.number(g.people),
                s.number(g.area_km2, 1),
                f"{escape(distance_words(g.nearest_site_m, s.lang))}"
                f"<small>{escape(g.nearest_site_id or '')}</small>",
                escape(distance_words(g.nearest_fibre_m, s.lang)),
            ]
            for g in mine.head(WORST_GAPS).itertuples(index=False)
        ]
        caption = s.word(
            "gapsOf",
            service=label,
            total=len(mine),
            people=format_number(float(mine["people"].sum()), s.lang, 0),
            scattered=format_number(s.figures.result.scattered.get(service, 0.0), s.lang, 0),
        )
        keys = (
            "rank",
            "commune",
            "reason",
            "placesInside",
            "gapPeople",
            "area",
            "nearestSite",
            "nearestFibre",
        )
        parts.append(table(caption, [s.word(k) for k in keys], rows, numeric=4, kind="gaps",
                           printed=range(PRINTED_GAPS)))  # fmt: skip
    parts.append(f'<p class="quiet">{s.word("gapsAll")}</p></section>')
    return "".join(parts)


def places(s: Section) -> str:
    """List by name what is not served, by commune."""
    frame = s.figures.result.places
    frame = frame[frame["operator"] == ANY]
    parts = [s.title("places")]
    for service in s.figures.services:
        for layer in dict.fromkeys(frame["layer"]):
            mine = frame[(frame["service"] == service) & (frame["layer"] == layer)]
            left = mine[~mine["served"].astype(bool)]
            said = s.word(
                "placesOf",
                service=s.figures.label(service, s.lang),
                n=len(left),
                total=len(mine),
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
            shown = " open" if len(left) <= OPEN_PLACES else ""
            parts.append(f"<details{shown}><summary>{said}</summary><dl>{''.join(groups)}</dl></details>")
    parts.append(f'<p class="quiet">{s.word("placesAll")}</p></section>')
    return "".join(parts)
