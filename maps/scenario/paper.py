"""The scenario in the document: what is changed, who loses, what to repair first."""

from __future__ import annotations

from phusong.coverage.result import Result
from phusong.coverage.scenario import Repair
from phusong.data.language import Language, format_number
from phusong.maps.document.paper import Paper
from phusong.maps.figures import Figures, operator_label
from phusong.maps.page_words import scenario_note
from phusong.maps.safe import shorten
from phusong.maps.scenario.words import (
    commune_rows,
    counts_sentence,
    hardest_service,
    people_rows,
    place_sentences,
    repair_sentences,
    repaired,
    say,
    share,
    step_rows,
)

COMMUNES_SHOWN = 10
STEPS_SHOWN = 15


def write_scenario(paper: Paper, result: Result, lang: Language) -> None:
    """Write the scenario's part of a document; nothing for a result that is of none."""
    what_if = result.what_if
    if what_if is None:
        return
    figures = Figures(result)

    def number(value: float) -> str:
        """Return a whole number as it is written."""
        return format_number(float(value), lang, 0)

    paper.heading(say("title", lang, name=shorten(what_if.name, 100)))
    paper.text(scenario_note(result, lang))
    if what_if.note:
        paper.text(shorten(what_if.note, 1000))
    paper.text(counts_sentence(what_if, lang))
    rows = [
        [shorten(name, 60), action, number(c.sites), number(c.stations), number(c.cells), number(objects)]
        for name, action, c, objects in step_rows(what_if, lang)
    ]
    paper.caption(say("what", lang))
    heads = [say(k, lang) for k in ("entry", "action", "sites", "stations", "cells", "objects")]
    paper.table(heads, rows, (46, 40, 20, 20, 20, 24), numbers=(2, 3, 4, 5))
    rows = [
        [
            figures.label(r["service"], lang), operator_label(r["operator"], lang), number(r["base"]),
            number(r["lost"]), number(r["gained"]), number(r["scenario"]), share(r, "scenario", lang),
        ]
        for r in people_rows(result, what_if)
    ]  # fmt: skip
    paper.caption(say("effect", lang))
    keys = ("service", "operator", "before", "lost", "gained", "after", "shareAfter")
    paper.table([say(k, lang) for k in keys], rows, (24, 36, 26, 22, 22, 26, 16), numbers=(2, 3, 4, 5, 6))
    for sentence in place_sentences(result, what_if, lang):
        paper.text(sentence)
    service = hardest_service(result, what_if)
    if service is None:
        paper.text(say("nothing", lang))
    else:
        rows = [
            [shorten(str(r["name"]), 60), str(r["code"]), number(r["lost"]), number(r["gained"]),
             share(r, "base", lang), share(r, "scenario", lang)]
            for r in commune_rows(what_if, service, COMMUNES_SHOWN)
        ]  # fmt: skip
        paper.caption(say("communes", lang, service=figures.label(service, lang)))
        keys6 = ("commune", "code", "lost", "gained", "shareBefore", "shareAfter")
        paper.table([say(k, lang) for k in keys6], rows, (60, 20, 24, 24, 20, 20), numbers=(2, 3, 4, 5))
    if what_if.repair is not None:
        _write_repair(paper, result, what_if.repair, lang)


def _write_repair(paper: Paper, result: Result, repair: Repair, lang: Language) -> None:
    for sentence in repair_sentences(result, repair, lang):
        paper.text(sentence)
    rows = [
        [
            str(int(r["step"])), shorten(str(r["site_id"]), 30), shorten(str(r["commune_name"]), 50),
            format_number(float(r["hours_total"]), lang, 1), format_number(r["people_returned"], lang, 0),
            format_number(r["people_total"], lang, 0), repaired(float(r["share"]), lang),
        ]
        for r in repair.table.head(STEPS_SHOWN).to_dict("records")
    ]  # fmt: skip
    paper.caption(say("repair", lang, service=Figures(result).label(repair.service, lang)))
    keys = ("step", "site", "commune", "hoursTotal", "returned", "total", "share")
    paper.table([say(k, lang) for k in keys], rows, (14, 30, 48, 20, 24, 22, 18), numbers=(0, 3, 4, 5, 6))
