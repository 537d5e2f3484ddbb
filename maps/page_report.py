"""The report page: the answer on the first screen, every figure with its source behind it."""

from __future__ import annotations

from phusong.coverage.result import Result
from phusong.data.language import Language, format_number
from phusong.layers.faults import Fault
from phusong.maps import report_parts as parts
from phusong.maps.assets import Page, asset, escape
from phusong.maps.charts import class_styles
from phusong.maps.figures import Figures, is_illustration
from phusong.maps.inset import inset_svg
from phusong.maps.page_words import ILLUSTRATION, NOT_BOUNDARY, PREDICTED
from phusong.maps.report_parts import Section
from phusong.maps.report_words import NAVIGATION
from phusong.maps.safe import shorten
from phusong.maps.tables import version
from phusong.maps.terms import DEFINITIONS

FAULTS_OF_A_KIND = 8


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
        parts.summary(s), parts.maps(s), parts.communes(s), parts.operators(s), parts.gaps(s), parts.places(s),
        parts.targets(s), _method(s), parts.account(s), parts.sources(s), _faults(s),
    ]
    name = result.layers.project.province.name
    page = Page(
        lang,
        title=f"{s.word('title')} – {name}",
        styles=[asset("theme.css"), asset("report.css"), class_styles()],
        scripts=[asset("report.js")],
        frames=True,
    )
    page.body = [*_head(s, any('id="targets"' in x for x in sections)), *[x for x in sections if x], *_foot(s)]
    return page.render()


def _head(s: Section, has_targets: bool) -> list[str]:
    result = s.figures.result
    links = "".join(
        f'<a href="#{key}">{escape(text.say(s.lang))}</a>'
        for key, text in NAVIGATION.items()
        if key != "targets" or has_targets
    )
    west, south, east, north = result.layers.communes.to_crs(4326).total_bounds
    return [
        f'<a class="skip" href="#main">{s.word("skip")}</a>',
        f'<p class="banner" role="note">{escape(ILLUSTRATION.say(s.lang))}</p>' if is_illustration(result) else "",
        '<header class="top"><div>',
        f'<p class="kind">{s.word("title")}</p><h1>{escape(result.layers.project.province.name)}</h1>',
        f'<p>{s.word("asOf", date=s.figures.as_of(s.lang))} · {escape(PREDICTED.say(s.lang))}</p>',
        f'<p class="tools"><button type="button" id="print">{s.word("print")}</button> '
        f'<button type="button" id="theme">{s.word("theme")}</button></p></div>',
        f'<div class="insetbox">{inset_svg((west, south, east, north), s.lang)}</div></header>',
        f'<nav aria-label="{s.word("contents")}">{links}</nav>',
        '<main id="main" tabindex="-1">',
    ]


def _foot(s: Section) -> list[str]:
    return [
        "</main>",
        f"<footer>{escape(PREDICTED.say(s.lang))} {escape(NOT_BOUNDARY.say(s.lang))} "
        f"{s.word('made', version=version())}.</footer>",
    ]


def _method(s: Section) -> str:
    project, grid = s.figures.result.layers.project, s.figures.result.layers.grid
    epsg = grid.crs.to_epsg()
    said = s.word(
        "methodText", cell=format_number(grid.cell_m, s.lang), crs=f"EPSG:{epsg}" if epsg else grid.crs.name,
        density=format_number(project.gaps.min_people_per_km2, s.lang),
        people=format_number(project.gaps.min_people, s.lang),
    )
    criteria = "".join(
        f"<dt>{escape(s.figures.label(x, s.lang))}</dt><dd>{escape(s.figures.criterion(x, s.lang))}.</dd>"
        for x in s.figures.services
    )
    terms = "".join(f"<dt>{escape(t.say(s.lang))}</dt><dd>{escape(d.say(s.lang))}</dd>" for t, d in DEFINITIONS)
    return f'{s.title("method")}<p>{said}</p><dl class="terms">{criteria}{terms}</dl></section>'


def _faults(s: Section) -> str:
    kinds: dict[str, list[Fault]] = {}
    for fault in s.figures.result.faults:
        kinds.setdefault(fault.code, []).append(fault)
    if not kinds:
        return f"{s.title('faults')}<p>{s.word('noFaults')}</p></section>"
    count = s.word("faultsCount", n=len(s.figures.result.faults), kinds=len(kinds))
    blocks = []
    for code, faults in sorted(kinds.items()):
        items = "".join(f"<li>{escape(shorten(f.say(s.lang), 400))}</li>" for f in faults[:FAULTS_OF_A_KIND])
        more = len(faults) - FAULTS_OF_A_KIND
        rest = f'<li class="quiet">{s.word("faultsMore", n=more)}</li>' if more > 0 else ""
        blocks.append(
            f"<details><summary><code>{escape(code)}</code> ({s.number(len(faults))})</summary><ul>{items}{rest}</ul>"
            "</details>"
        )
    return f"{s.title('faults')}<p>{count}</p>{''.join(blocks)}</section>"
