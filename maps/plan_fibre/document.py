"""``fibre_plan.docx``: the plan as a short draft, to correct and to put into a larger document."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from phusong.coverage.plan.fibre_request import FibrePlan
from phusong.data.language import Language, Text, format_date, format_number, format_percent
from phusong.maps.citation import cited_sources, sentence
from phusong.maps.document.docx_form import DocxPaper
from phusong.maps.page_words import NOT_BOUNDARY
from phusong.maps.plan_fibre.book import years_of
from phusong.maps.plan_fibre.drawing import plan_png
from phusong.maps.plan_fibre.words import (
    ITEMS,
    LEVEL_WORDS,
    UNITS,
    class_said,
    method,
    optics_sentence,
    sentences,
    word,
)
from phusong.maps.safe import shorten

DRAFT = Text("DỰ THẢO", "DRAFT")
ABOUT = Text("Phương án phát triển cáp quang {name}", "Fibre plan of {name}")
DAY = Text("(số liệu đến ngày {day})", "(data as of {day})")
KIND = Text("PHỤ LỤC", "ANNEX")
COMMUNES = Text("Các xã có nhiều điểm được nối nhất", "Communes with most points connected")
PICTURE = Text("Hình 1. Mạng cáp quang hiện trạng và theo phương án", "Figure 1. Fibre as it is and with "
"the plan")
COMMUNES_SHOWN = 15


def write_docx(plan: FibrePlan, path: Path, lang: Language) -> None:
    """Write the document; the same plan gives the same bytes."""
    province = plan.layers.project.province
    paper = DocxPaper(word("title", lang), province.as_of, lang)
    paper.letterhead(None, DRAFT.say(lang))
    paper.title(
        KIND.say(lang), ABOUT.say(lang, name=province.name),
        DAY.say(lang, day=format_date(province.as_of, lang)),
    )
    paper.heading(f"1. {word('summary', lang)}")
    for line in (*sentences(plan, lang), optics_sentence(plan, lang)):
        paper.text(line)
    paper.picture(plan_png(plan, lang), PICTURE.say(lang))
    _phases(plan, paper, lang)
    _bill(plan, paper, lang)
    _communes(plan, paper, lang)
    _sensitivity(plan, paper, lang)
    paper.heading(f"6. {word('method', lang)}")
    for line in method(plan, lang):
        paper.text(line)
    cited = sentence(cited_sources(plan.layers.sources), lang)
    paper.note(f"{word('kinds', lang)} {NOT_BOUNDARY.say(lang)} {cited}".rstrip())
    paper.save(path)


def _phases(plan: FibrePlan, paper: DocxPaper, lang: Language) -> None:
    paper.heading(f"2. {word('phases', lang)}")
    rows = [
        [
            years_of(plan, [p["phase"]], lang)[0], format_number(p["cost_vnd"] / 1e9, lang, 1),
            format_number(p["km"], lang, 1), format_number(p["places"] + p["communes"] + p["sites"], lang),
            format_number(round(p["people_after"]), lang), format_percent(p["people_after"], plan.people,
            lang),
        ]
        for p in plan.phases.to_dict("records")
    ]
    heads = [word(k, lang) for k in ("year", "cost", "km", "needs", "peopleAfter", "share")]
    paper.table(heads, rows, (22, 28, 28, 22, 36, 26), numbers=range(1, 6))


def _bill(plan: FibrePlan, paper: DocxPaper, lang: Language) -> None:
    paper.heading(f"3. {word('bill', lang)}")
    whole = plan.bill.groupby(["item", "detail", "unit"], sort=False, as_index=False).agg(
        quantity=("quantity", "sum"), amount_vnd=("amount_vnd", "sum")
    )
    order = {item: k for k, item in enumerate(ITEMS)}
    whole = whole.sort_values("item", key=lambda s: s.map(order), kind="stable")
    rows = []
    for row in whole.to_dict("records"):
        amount = "–" if row["item"] == "cable" else format_number(row["amount_vnd"] / 1e6, lang, 0)
        decimals = 1 if row["unit"] == "km" else 0
        rows.append([
            ITEMS[row["item"]].say(lang), class_said(row["item"], row["detail"], lang),
            UNITS[row["unit"]].say(lang), format_number(row["quantity"], lang, decimals), amount,
        ])  # fmt: skip
    rows.append([word("total", lang), "", "", "", format_number(plan.cost_vnd / 1e6, lang, 0)])
    heads = [word(k, lang) for k in ("item", "detail", "unit", "quantity", "amount")]
    paper.table(heads, rows, (54, 34, 16, 26, 32), numbers=(3, 4))


def _communes(plan: FibrePlan, paper: DocxPaper, lang: Language) -> None:
    paper.heading(f"4. {COMMUNES.say(lang)}")
    planned = plan.planned
    if not len(planned):
        paper.text(sentences(plan, lang)[0])
        return
    found = planned.groupby(["commune_code", "commune_name"], as_index=False).agg(
        n=("need_id", "size"), people=("people", "sum"), homes=("homes", "sum")
    )
    found = found.sort_values(["n", "people"], ascending=False, kind="stable").head(COMMUNES_SHOWN)
    rows = [
        [
            str(k), shorten(str(c["commune_name"]), 50), str(c["commune_code"]), format_number(int(c["n"]),
            lang),
            format_number(round(c["people"]), lang), format_number(round(c["homes"]), lang),
        ]
        for k, c in enumerate(found.to_dict("records"), start=1)
    ]
    heads = ["#", *(word(k, lang) for k in ("commune", "communeCode", "needs", "people", "homesHere"))]
    paper.table(heads, rows, (10, 56, 24, 20, 28, 24), numbers=(0, 3, 4, 5))


def _sensitivity(plan: FibrePlan, paper: DocxPaper, lang: Language) -> None:
    paper.heading(f"5. {word('sensitivity', lang)}")
    rows = [
        [
            LEVEL_WORDS[s["level"]].say(lang), format_number(s["this_plan_vnd"] / 1e9, lang, 1),
            format_number(s["cost_vnd"] / 1e9, lang, 1), format_number(s["km"], lang, 0),
            format_number(int(s["needs"]), lang),
            format_percent(float(np.clip(s["shared_percent"], 0.0, 100.0)), 100.0, lang),
        ]
        for s in plan.sensitivity.to_dict("records")
    ]
    heads = [word(k, lang) for k in ("level", "thisPlan", "best", "km", "needs", "shared")]
    paper.table(heads, rows, (20, 32, 40, 24, 20, 26), numbers=range(1, 6))
