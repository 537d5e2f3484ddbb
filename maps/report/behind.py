"""What stands behind the figures of the report: method, people, sources, faults."""

from __future__ import annotations

from phusong.data.language import format_date, format_number
from phusong.layers.faults import Fault
from phusong.maps.figures import source_label
from phusong.maps.inline import escape
from phusong.maps.report.section import Section, table
from phusong.maps.safe import shorten
from phusong.maps.terms import DEFINITIONS

FAULTS_OF_A_KIND = 8
OPEN_FAULTS = 12
"""Up to so many warnings are shown without being asked for."""


def account(s: Section) -> str:
    """Account for all people of the raster."""
    people = s.figures.result.people
    rows = [
        [s.word("inside"), s.number(people.raster_inside)],
        ["– " + s.word("overlaps"), s.number(people.in_overlaps)],
        [s.word("outside"), s.number(people.outside)],
        ["– " + s.word("holes"), s.number(people.in_holes)],
        [s.word("total"), s.number(people.total)],
    ]
    note = (
        s.word("scaled", n=format_number(people.raster_inside, s.lang, 0))
        if people.scaled
        else s.word("unscaled")
    )
    marks = s.notes(("population", "communes"))
    spread = "".join(
        f'<p class="quiet">{escape(f.say(s.lang))}</p>'
        for f in s.figures.result.faults
        if f.code == "population.spread"
    )
    return "".join(
        [
            s.title("people"),
            table(s.word("people"), [s.word("item"), s.word("peopleUnit")], rows, notes=marks),
            f'<p class="quiet">{note}</p>{spread}</section>',
        ]
    )


def sources(s: Section) -> str:
    """List every input with its date and hash: where footnotes lead."""
    rows = [
        [
            f'<span id="src{k}">[{k}] {escape(source_label(x.layer, s.lang))}</span>',
            escape(x.path) or "–",
            escape(format_date(x.as_of, s.lang)),
            f"<code>{escape(x.sha256[:12])}</code>",
            s.number(x.rows),
        ]
        for k, x in enumerate(s.figures.result.layers.sources, start=1)
    ]
    heads = [s.word(k) for k in ("source", "file", "date", "sha", "rows")]
    return s.title("sources") + table(s.word("sources"), heads, rows, numeric=4) + "</section>"


def method(s: Section) -> str:
    """Say how the figures came about, what counts as covered, what the terms mean."""
    project, grid = s.figures.result.layers.project, s.figures.result.layers.grid
    epsg = grid.crs.to_epsg()
    said = s.word(
        "methodText",
        cell=format_number(grid.cell_m, s.lang),
        crs=f"EPSG:{epsg}" if epsg else grid.crs.name,
        density=format_number(project.gaps.min_people_per_km2, s.lang),
        people=format_number(project.gaps.min_people, s.lang),
    )
    criteria = "".join(
        f"<dt>{escape(s.figures.label(x, s.lang))}</dt><dd>{escape(s.figures.criterion(x, s.lang))}.</dd>"
        for x in s.figures.services
    )
    terms = "".join(
        f"<dt>{escape(t.say(s.lang))}</dt><dd>{escape(d.say(s.lang))}</dd>" for t, d in DEFINITIONS
    )
    return f'{s.title("method")}<p>{said}</p><dl class="terms">{criteria}{terms}</dl></section>'


def faults(s: Section) -> str:
    """Count the warnings by kind and list the first of each."""
    kinds: dict[str, list[Fault]] = {}
    for fault in s.figures.result.faults:
        kinds.setdefault(fault.code, []).append(fault)
    if not kinds:
        return f"{s.title('faults')}<p>{s.word('noFaults')}</p></section>"
    count = s.word("faultsCount", n=len(s.figures.result.faults), kinds=len(kinds))
    blocks = []
    shown = " open" if len(s.figures.result.faults) <= OPEN_FAULTS else ""
    for code, same in sorted(kinds.items()):
        items = "".join(f"<li>{escape(shorten(f.say(s.lang), 400))}</li>" for f in same[:FAULTS_OF_A_KIND])
        more = len(same) - FAULTS_OF_A_KIND
        rest = f'<li class="quiet">{s.word("faultsMore", n=more)}</li>' if more > 0 else ""
        blocks.append(
            f"<details{shown}><summary>{escape(source_label(code.partition('.')[0], s.lang))}: "
            f"<code>{escape(code)}</code> "
            f"({s.number(len(same))})</summary><ul>{items}{rest}</ul>"
            "</details>"
        )
    return f"{s.title('faults')}<p>{count}</p>{''.join(blocks)}</section>"
