"""The report page: the answer on the first screen, every figure with its source behind it."""

from __future__ import annotations

from phusong.coverage.result import Result
from phusong.data.language import Language
from phusong.maps.charts import class_styles
from phusong.maps.figures import Figures
from phusong.maps.inline import Page, asset, escape
from phusong.maps.inset import inset_svg
from phusong.maps.page_words import (
    PREDICTED,
    PUBLIC,
    banner,
    illustration_note,
    indicative_note,
    notes,
    scenario_note,
)
from phusong.maps.report import behind, evidence, ladder, parts
from phusong.maps.report import uncertainty as certainty
from phusong.maps.report.fibre import fibre_section
from phusong.maps.report.form import form
from phusong.maps.report.section import Section
from phusong.maps.report.words import NAVIGATION
from phusong.maps.scenario.page import scenario
from phusong.maps.tables import version


def render_report(result: Result, lang: Language) -> str:
    """Return ``index.html``: one self-contained page.

    Parameters
    ----------
    result : Result
    lang : {"vi", "en"}

    Returns
    -------
    str
        HTML in UTF-8 with every script, style and drawing inside, under a Content-Security-Policy that
        lets in nothing but ``map.html`` beside it, in a frame, when the reader asks for it.
    """
    s = Section(Figures(result), lang)
    sections = [
        parts.summary(s),
        scenario(s),
        parts.maps(s),
        ladder.spread(s),
        ladder.ranking(s),
        parts.communes(s),
        ladder.ladder(s),
        parts.operators(s),
        fibre_section(s),
        parts.gaps(s),
        parts.places(s),
        evidence.official(s),
        evidence.villages(s),
        evidence.targets(s),
        evidence.definitions(s),
        evidence.evidence(s),
        certainty.uncertainty(s),
        form(s),
        behind.method(s),
        behind.account(s),
        behind.sources(s),
        behind.faults(s),
    ]
    name = result.layers.project.province.name
    page = Page(
        lang,
        title=f"{s.word('title')} – {name}",
        styles=[asset("theme.css"), asset("report.css"), class_styles()],
        scripts=[asset("report.js")],
        frames=True,
    )
    page.body = [
        *_head(s, [x for x in NAVIGATION if any(f'<section id="{x}"' in part for part in sections)]),
        *[x for x in sections if x],
        *_foot(s),
    ]
    return page.render()


def _head(s: Section, there: list[str]) -> list[str]:
    result = s.figures.result
    links = "".join(
        f'<a href="#{key}">{escape(text.say(s.lang))}</a>'
        for key, text in NAVIGATION.items()
        if key in there
    )
    west, south, east, north = result.layers.communes.to_crs(4326).total_bounds
    inset = inset_svg((west, south, east, north), s.lang)
    return [
        f'<a class="skip" href="#main">{s.word("skip")}</a>',
        banner(illustration_note(result.layers.project.province.name, s.lang)),
        banner(scenario_note(result, s.lang) if result.what_if else ""),
        banner(indicative_note(result, s.lang)),
        '<header class="top"><div>',
        f'<p class="kind">{s.word("title")}</p><h1>{escape(result.layers.project.province.name)}</h1>',
        f"<p>{s.word('asOf', date=s.figures.as_of(s.lang))} · {escape(PREDICTED.say(s.lang))}</p>",
        f"<p>{escape(PUBLIC.say(s.lang))}</p>" if result.public else "",
        f'<p class="tools"><button type="button" id="print">{s.word("print")}</button> '
        f'<button type="button" id="theme">{s.word("theme")}</button> '
        f'<label class="choice"><input type="checkbox" id="whole"> {s.word("wholeTables")}</label></p></div>',
        f'<div class="insetbox">{inset}</div></header>' if inset else "</header>",
        f'<nav id="contents" aria-label="{s.word("contents")}">{links}</nav>',
        '<main id="main" tabindex="-1">',
    ]


def _foot(s: Section) -> list[str]:
    return [
        f'<a class="up" href="#contents">{s.word("contents")} ↑</a></main>',
        f"<footer>{escape(notes(s.figures.result, s.lang))} "
        f"{s.word('made', version=version())}.</footer>",
    ]
