"""Sections of the report on communes: how shares are spread, which are lowest, what stands in each."""

from __future__ import annotations

from phusong.maps import charts, colours
from phusong.maps.figures import Ratio
from phusong.maps.inline import escape
from phusong.maps.report.section import Section, table
from phusong.maps.report.uncertainty import rank_said
from phusong.maps.safe import shorten
from phusong.maps.sentences import network_layers

TECHNOLOGIES = ("2G", "3G", "4G", "5G")
LOWEST = 10


def spread(s: Section) -> str:
    """Draw how many communes, and how many people, have which share of a service."""
    plots = "".join(
        f"<figure><figcaption>{s.word('spreadOf', service=s.figures.label(service, s.lang))}"
        f"{s.notes(('population', 'communes', *network_layers(s.figures, service)))}</figcaption>"
        f"{charts.spread(s.figures, service, s.lang)}</figure>"
        for service in s.figures.services
        if s.figures.province(service, "population")
    )
    note = f'<p class="quiet">{s.word("spreadNote")}</p>'
    return f'{s.title("spread")}{note}<div class="figures">{plots}</div></section>'


def ranking(s: Section) -> str:
    """List the communes with the lowest share of each service, and where most people are left out."""
    figures = s.figures
    names = _names(s)
    parts = [s.title("ranking"), '<div class="pairs">']
    for service in figures.services:
        found = {code: figures.commune(code, service, "population") for code in figures.codes}
        known = {code: ratio for code, ratio in found.items() if ratio is not None and ratio.denominator > 0}
        left = {code: ratio.denominator - ratio.numerator for code, ratio in known.items()}
        orders = (
            ("lowestOf", sorted(known, key=lambda c: (known[c].percent, -left[c], c))),
            ("mostLeft", sorted((c for c in known if left[c] >= 0.5), key=lambda c: (-left[c], c))),
        )
        notes = s.notes(("population", "communes", *network_layers(figures, service)))

        def rank(code: str, k: int, key: str, service: str = service) -> str:
            """Return the rank of a commune, with the ranks of the draws where it goes by its share."""
            return rank_said(figures.result, service, code, k, s.lang) if key == "lowestOf" else str(k)

        for key, order in orders:
            rows = [
                [rank(code, k, key), names[code], s.ratio(known[code]), s.number(left[code])]
                for k, code in enumerate(order[:LOWEST], start=1)
            ]
            caption = s.word(key, service=figures.label(service, s.lang))
            heads = [s.word(h) for h in ("rank", "commune", "share", "left")]
            if rows:
                parts.append(table(caption, heads, rows, numeric=2, kind="rank", notes=notes))
    parts.append("</div></section>")
    return "".join(parts)


def ladder(s: Section) -> str:
    """Show the rungs of every commune: 2G to 5G and fibre, with stations and the share covered."""
    figures, lang = s.figures, s.lang
    rungs = [t for t in TECHNOLOGIES if figures.province(t, "stations") or t in figures.services]
    others = [x for x in figures.services if x not in rungs]
    heads = [s.word("commune"), *map(escape, rungs), *(escape(figures.label(x, lang)) for x in others)]
    names = _names(s)
    rows = [
        [
            names[code],
            *(_rung(s, code, t) for t in rungs),
            *(_rung(s, code, x, stations=False) for x in others),
        ]
        for code in figures.codes
    ]
    present = []
    for technology in rungs:
        counts = [figures.commune(code, technology, "stations") for code in figures.codes]
        there = sum(1 for ratio in counts if ratio is not None and ratio.numerator > 0)
        present.append(
            s.word("rungPresent", technology=technology, share=Ratio(there, len(counts)).share(lang),
                   counts=Ratio(there, len(counts)).counts(lang))
        )  # fmt: skip
    items = "".join(f"<li>{text}{s.notes(('stations', 'communes'))}</li>" for text in present)
    return "".join([
        s.title("ladder"), f'<p class="quiet">{s.word("ladderNote")}</p><ul class="says">{items}</ul>',
        s.folded(), '<div class="tallbox">',
        table(s.word("ladderTable"), heads, rows, kind="ladder", notes=s.notes(("stations", "population")),
              printed=s.printed_communes()),
        "</div></section>",
    ])  # fmt: skip


def _names(s: Section) -> dict[str, str]:
    names = s.figures.result.layers.communes["commune_name"]
    return {
        code: f'<a href="map.html#xa={escape(code)}">{escape(shorten(str(name), 120))}</a>'
        for code, name in zip(s.figures.codes, names, strict=True)
    }


def _rung(s: Section, code: str, service: str, *, stations: bool = True) -> str:
    """Write one rung: the share covered where a service is computed, the stations that stand there."""
    share = s.figures.commune(code, service, "population") if service in s.figures.services else None
    count = s.figures.commune(code, service, "stations") if stations else None
    parts = []
    if share is not None and share.denominator:
        parts.append(f"{charts.swatch(colours.percent_class(share.percent))}{escape(share.share(s.lang))}")
    if count is not None:
        said = s.word("stationsHere", n=int(count.numerator)) if count.numerator else s.word("noStation")
        parts.append(f"<small>{said}</small>" if parts else f"<span>{said}</span>")
    return "".join(parts) or '<span class="quiet">–</span>'
