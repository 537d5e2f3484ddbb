"""``plan.html``: a plan of sites as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phusong.coverage.plan.site_plan import SitePlan
from phusong.coverage.plan.site_steps import Step
from phusong.data.language import Language, format_number
from phusong.data.site_cost_table import site_unit_costs
from phusong.maps.citation import cited_sources, sentence
from phusong.maps.figures import operator_label
from phusong.maps.inline import Page, asset, escape
from phusong.maps.inset import inset_svg
from phusong.maps.plan_sites.draw import curve_aims, curve_svg, map_svg, profile_svg, small_map
from phusong.maps.plan_sites.tables import phase_table
from phusong.maps.plan_sites.why import RATE, WHY, by_people, rate_said, rate_unit, why
from phusong.maps.plan_sites.words import (
    FORECAST,
    ITEMS,
    KINDS,
    METHOD,
    PRICE_NAMES,
    UNIT_NAMES,
    backhaul_said,
    place_name,
    power_said,
    scope,
    sentences,
    word,
)
from phusong.maps.report.section import table
from phusong.maps.section_page import listed, section_page

FIBRE_KEYS = {"fibre": "fibre_aerial_km", "fibre_end": "fibre_point"}
CARDS = 120
"""Cards on the page at most; the workbook has every site."""


def render_plan(found: SitePlan, steps: tuple[Step, ...], links: Sequence[Any], lang: Language) -> str:
    """Return the page.

    Parameters
    ----------
    found : SitePlan
    steps : tuple of Step
    links : sequence of (order, kind, line)
        New cable and links in the grid's system; ``kind`` is ``fibre`` or ``microwave``.
    lang : {"vi", "en"}
    """
    province = found.layers.project.province
    page = Page(
        lang,
        title=f"{word('title', lang)} {found.question.service} – {province.name}",
        styles=[asset("theme.css"), asset("report.css"), asset("plan_sites.css")],
        scripts=[asset("page_tools.js")],
    )
    plain = [(kind, shape) for _, kind, shape in links]
    said = sentences(found, steps, lang)
    sections = [
        (
            "summary",
            f'{listed(said)}<p><a class="button" href="before_after.html">{_w("open", lang)}</a></p>',
        ),
        ("map", _key(lang) + map_svg(found, steps, plain, lang) if steps else ""),
        ("curve", _curves(found, lang) if steps else ""),
        ("list", _list(found, steps, lang) if steps else ""),
        ("phases", _phases(steps, lang) if steps else ""),
        ("compare", _compare(found, lang) if steps else ""),
        ("cards", _cards(found, steps, links, lang) if steps else ""),
        ("prices", _prices(found, lang)),
        ("method", listed([m.say(lang) for m in METHOD])),
        ("faults", listed([f.say(lang) for f in found.faults])),
    ]
    west, south, east, north = found.layers.communes.to_crs(4326).total_bounds
    inset = inset_svg((west, south, east, north), lang)
    page.body = section_page(
        word, lang, name=province.name, about=[" · ".join(scope(found, lang)), FORECAST.say(lang)],
        sections=sections, aside=f'<div class="insetbox">{inset}</div>' if inset else "",
        foot=sentence(cited_sources(found.layers.sources), lang),
    )  # fmt: skip
    return page.render()


def _w(key: str, lang: Language, **values: Any) -> str:
    return escape(word(key, lang, **values))


def _n(value: float, lang: Language, decimals: int = 0) -> str:
    return escape(format_number(float(value), lang, decimals))


def _key(lang: Language) -> str:
    signs = (
        ("new", '<circle class="new" cx="11" cy="6" r="5"/>'),
        ("shared", '<circle class="shared" cx="11" cy="6" r="5"/>'),
        ("existing", '<path class="had" d="M8 4h5v5h-5z"/>'),
        ("uncovered", '<path class="gap" d="M4 2h14v9h-14z"/>'),
        ("cable", '<path class="cable" d="M1 6H21"/>'),
        ("link", '<path class="link" d="M1 6H21"/>'),
    )
    items = "".join(
        f'<li><svg class="plan" viewBox="0 0 22 12" aria-hidden="true">{sign}</svg>{_w(key, lang)}</li>'
        for key, sign in signs
    )
    return f'<ul class="plankey">{items}</ul>'


def _curves(found: SitePlan, lang: Language) -> str:
    return f'<div class="pairs">{"".join(curve_svg(found, n, lang) for n in curve_aims(found))}</div>'


def _extra(found: SitePlan) -> list[str]:
    """Return the objectives beside people and villages that the plan gains anything of."""
    return [n for n in ("key", "zones", "roads") if n in found.aims and found.gained(n).any()]


def _list(found: SitePlan, steps: Sequence[Step], lang: Language) -> str:
    extra = _extra(found)
    keys = ("order", "place", "year", "commune", "kind", "operator", "backhaul", "funding", "cost", "spent",
            "people", "villages", *extra, "perTy")  # fmt: skip
    heads = [_w(k, lang) for k in keys]
    ranked = not by_people(found)
    if ranked:
        heads.append(escape(RATE.say(lang, unit=rate_unit(found))))
    rows = [
        [
            str(s.order),
            f"{_linked(s, lang)}<small>{escape(s.site_id)}</small>",
            str(s.year),
            escape(s.commune_name),
            escape(KINDS[s.kind].say(lang)),
            escape(operator_label(s.operator, lang)),
            escape(backhaul_said(s, lang)),
            escape(s.funding.say(lang)),
            _n(s.cost, lang),
            _n(s.spent, lang),
            _n(s.gained["people"], lang),
            _n(s.gained.get("villages", 0.0), lang),
            *(_n(s.gained[e], lang, 0 if e == "key" else 2) for e in extra),
            _n(s.gained["people"] / max(s.cost / 1000.0, 1e-9), lang),
            *([escape(rate_said(found, s.turn.rate, lang))] if ranked else []),
        ]
        for s in steps
    ]
    return table(_w("list", lang), heads, rows, numeric=8, kind="sites")


def _linked(step: Step, lang: Language) -> str:
    """Write the name of a site, with a link to its card where there is one."""
    name = escape(place_name(step, lang))
    return f'<a href="#site-{step.order}">{name}</a>' if step.order <= CARDS else name


def _phases(steps: Sequence[Step], lang: Language) -> str:
    rows = [
        [
            year,
            escape(fund.say(lang)),
            _n(len(mine), lang),
            _n(sum(s.cost for s in mine), lang),
            _n(sum(s.gained["people"] for s in mine), lang),
            _n(sum(s.gained.get("villages", 0.0) for s in mine), lang),
            _n(sum(s.fibre_m for s in mine) / 1000.0, lang, 1),
            _n(sum(s.per_year for s in mine), lang),
        ]
        for year, fund, mine in phase_table(steps)
    ]
    heads = [
        _w(k, lang)
        for k in ("year", "funding", "sitesWord", "cost", "people", "villages", "fibreKm", "perYear")
    ]
    return table(_w("phases", lang), heads, rows, numeric=2)


def _compare(found: SitePlan, lang: Language) -> str:
    rows = [
        [
            _w(key, lang),
            _n(len(p.chosen), lang),
            _n(p.site_cost, lang),
            _n(p.backhaul_cost, lang),
            _n(p.cost, lang),
            *(_n(v, lang, 1) for v in p.weight),
        ]
        for key, p in (("joint", found.plan), ("first", found.rival))
    ]
    gains = [_w(n if n != "sum" else "people", lang) for n in (found.question.targets or ["sum"])]
    heads = [_w("kind", lang), *(_w(k, lang) for k in ("sitesWord", "siteCost", "linkCost", "cost")), *gains]
    return table(_w("compare", lang), heads, rows)


def _cards(found: SitePlan, steps: Sequence[Step], links: Sequence[Any], lang: Language) -> str:
    near = {s.order: [(kind, shape) for order, kind, shape in links if order == s.order] for s in steps}
    cards = "".join(_card(found, steps, s, near[s.order], lang) for s in steps[:CARDS])
    return f'<div class="sitecards">{cards}</div>'


def _card(
    found: SitePlan, steps: Sequence[Step], step: Step, links: Sequence[Any], lang: Language
) -> str:
    lines = [[escape(ITEMS[k].say(lang)), _n(v, lang)] for k, v in step.costs.items() if v > 0.0]
    lines.append([_w("total", lang), f"<b>{_n(step.cost, lang)}</b>"])
    facts = [
        f"{step.lat:.5f}, {step.lon:.5f}",
        f"{word('height', lang)}: {format_number(step.height_m, lang, 0)}",
        f"{word('power', lang)}: {power_said(step, lang)}",
        backhaul_said(step, lang),
    ]
    for key, value in (("ground", step.ground_m), ("slope", step.slope_percent), ("road", step.road_m)):
        if value == value:
            facts.append(f"{word(key, lang)}: {format_number(value, lang, 0)}")
    gained = f"{word('people', lang)}: {format_number(step.gained['people'], lang, 0)}"
    if step.villages:
        gained += f"; {word('villages', lang)}: {', '.join(step.villages[:12])}"
        if len(step.villages) > 12:
            gained += f", … (+{len(step.villages) - 12})"
    return (
        f'<article class="sitecard" id="site-{step.order}">'
        f"<h3>{step.order}. {escape(place_name(step, lang))}</h3>"
        f'<p class="quiet">{escape(step.site_id)} · {escape(step.commune_name)} · {step.year} · '
        f"{escape(step.funding.say(lang))}</p><p>{escape(gained)}</p>"
        f'<details class="why" open><summary>{escape(WHY.say(lang))}</summary>'
        f"{listed(why(found, steps, step, lang))}</details>"
        f'<div class="pair">{small_map(found, step, links, lang)}<div>'
        f"{table(_w('cost', lang), [_w('item', lang), _w('cost', lang)], lines)}</div></div>"
        f'<p class="quiet">{escape(" · ".join(facts))}</p>{profile_svg(found, step, lang)}</article>'
    )


def price_rows(
    found: SitePlan, lang: Language
) -> list[tuple[str, str, str, float, float, float, float, str]]:
    """Return the prices: key, name, unit, used, low, middle, high (million dong), source."""
    rows = []
    for key, cost in site_unit_costs().items():
        if key.startswith("equipment_") and not key.endswith(_technology(found)):
            continue
        e = cost.million_vnd
        source = word("own", lang) if key in found.prices.given else cost.source.say(lang)
        rows.append(
            (
                f"site_{key}",
                PRICE_NAMES[key].say(lang),
                UNIT_NAMES[cost.unit].say(lang),
                found.prices[key],
                e.low,
                e.base,
                e.high,
                source,
            )
        )
    return rows


def _technology(found: SitePlan) -> str:
    technologies = found.added["technology"]
    return str(technologies.iloc[0]) if len(technologies) else ""


def _prices(found: SitePlan, lang: Language) -> str:
    heads = [
        _w("item", lang),
        _w("unit", lang),
        _w("source", lang),
        _w("value", lang),
        *(_w(k, lang) for k in ("low", "base", "high")),
    ]
    rows = [
        [
            f"{escape(name)}<small>{escape(key)}</small>",
            escape(unit),
            escape(source),
            *(_n(v, lang, 1) for v in figures),
        ]
        for key, name, unit, *figures, source in price_rows(found, lang)
    ]
    for key, unit in (("fibre", "km"), ("fibre_end", "site")):
        rows.append(
            [
                f"{escape(PRICE_NAMES[key].say(lang))}<small>{FIBRE_KEYS[key]}</small>",
                escape(UNIT_NAMES[unit].say(lang)),
                "data/fibre_costs.csv",
                _n(found.prices[key], lang, 1),
                "",
                "",
                "",
            ]
        )
    return table(_w("prices", lang), heads, rows, numeric=3, kind="prices")
