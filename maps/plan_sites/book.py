"""``plan.xlsx`` and ``plan.docx``: a plan of sites to work on with, and as a draft document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phusong.coverage.plan.site_plan import SitePlan, curve
from phusong.coverage.plan.site_steps import Step
from phusong.data.language import Language, Text, format_date, format_number
from phusong.data.tables import provinces
from phusong.maps.citation import cited_sources, sentence, sources_sheet
from phusong.maps.document.content import province_title
from phusong.maps.document.docx_form import DocxPaper
from phusong.maps.document.paper import Letterhead, Signature
from phusong.maps.document.words import WORDS as FORM
from phusong.maps.figures import operator_label
from phusong.maps.page_words import NOT_BOUNDARY
from phusong.maps.plan_sites.draw import curve_aims, draw_curves, draw_map
from phusong.maps.plan_sites.page import price_rows
from phusong.maps.plan_sites.tables import phase_table
from phusong.maps.plan_sites.why import HEAD, RATE, WHY, rate_unit, why
from phusong.maps.plan_sites.words import (
    FORECAST,
    ITEMS,
    KINDS,
    METHOD,
    backhaul_said,
    place_name,
    power_said,
    scope,
    sentences,
    word,
)
from phusong.maps.safe import one_line, shorten
from phusong.maps.sheet import Book, Column
from phusong.maps.static_parts import png_bytes
from phusong.maps.tables import vietnamese_form

SITES_SHOWN = 40
EXPLAINED = 10
"""Sites of which the document says why they come when they come; the workbook says it of all."""
_ABOUT = Text(
    "Đề xuất vị trí trạm {service} trên địa bàn {name}",
    "Proposed {service} sites in {name}",
)
_KIND = Text("BÁO CÁO ĐỀ XUẤT", "PROPOSAL")
_DATE = Text("(Số liệu đến ngày {date})", "(Data as of {date})")
_HEADS = (
    Text("1. Phạm vi và căn cứ", "1. Scope"),
    Text("2. Kết quả đề xuất", "2. What is proposed"),
    Text("3. Danh mục và phân kỳ", "3. Sites and phases"),
    Text("4. Cách tính", "4. Method"),
)
_MAP = Text(
    "Hình 1. Vị trí đề xuất; số là thứ tự ưu tiên.", "Figure 1. Proposed sites; the number is the order."
)
_CURVE = Text("Hình 2. Vùng phủ theo kinh phí lũy kế.", "Figure 2. Coverage against money spent.")
_TABLE = Text("Bảng 1. Danh mục vị trí theo thứ tự ưu tiên", "Table 1. Sites in order")
_YEARS = Text("Bảng 2. Kinh phí theo năm và nguồn vốn", "Table 2. Money by year and source")
_REST = Text("Còn {n} vị trí nữa trong tệp plan.xlsx.", "{n} more sites are in plan.xlsx.")


def write_book(found: SitePlan, steps: Sequence[Step], path: Path, lang: Language) -> None:
    """Write the workbook: summary, sites, phases, curve, prices, candidates."""
    import xlsxwriter

    province = found.layers.project.province
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        import datetime

        workbook.set_properties({"created": datetime.datetime.combine(province.as_of, datetime.time())})
        book = Book(workbook, NOT_BOUNDARY.say(lang))
        sheet = book.sheet(word("summary", lang))
        title = f"{word('title', lang)} {found.question.service} – {province.name}"
        sheet.write_string(0, 0, one_line(title), book.formats["title"])
        sheet.write_string(1, 0, FORECAST.say(lang), book.formats["remark"])
        lines = [*sentences(found, tuple(steps), lang), *scope(found, lang), *(m.say(lang) for m in METHOD)]
        lines += [f.say(lang) for f in found.faults]
        book.table(sheet, [Column(word("summary", lang), "note", lines)], top=3, freeze_columns=None)
        sheet.set_column(0, 0, 120)
        book.table(book.sheet(_sheet("list", lang)), _site_columns(found, steps, lang), freeze_columns=3)
        book.table(book.sheet(word("phases", lang)), _phase_columns(steps, lang), freeze_columns=1)
        book.table(book.sheet(_sheet("curve", lang)), _curve_columns(found, lang), freeze_columns=1)
        prices = list(zip(*price_rows(found, lang), strict=True))
        keys = ("item", "item", "unit", "value", "low", "base", "high", "source")
        kinds: tuple[Any, ...] = ("text", "text", "text", "number", "number", "number", "number", "note")
        columns = [
            Column(word(k, lang), kind, list(v)) for k, kind, v in zip(keys, kinds, prices, strict=True)
        ]
        book.table(book.sheet(word("prices", lang)), columns, freeze_columns=2)
        sources_sheet(book, cited_sources(found.layers.sources), lang)


def _sheet(key: str, lang: Language) -> str:
    return word(key, lang)[:31]


def _site_columns(found: SitePlan, steps: Sequence[Step], lang: Language) -> list[Column]:
    def column(key: str, kind: Any, values: Sequence[Any]) -> Column:
        """Return a column under its phrase."""
        return Column(word(key, lang), kind, list(values))

    million = Text("{what} (triệu đồng)", "{what} (million dong)")
    extra = [n for n in ("key", "zones", "roads") if n in found.aims]
    return [
        column("order", "count", [s.order for s in steps]),
        column("year", "text", [str(s.year) for s in steps]),
        column("site", "text", [s.site_id for s in steps]),
        column("place", "text", [place_name(s, lang) for s in steps]),
        column("kind", "text", [KINDS[s.kind].say(lang) for s in steps]),
        column("operator", "text", [operator_label(s.operator, lang) for s in steps]),
        column("commune", "text", [s.commune_name for s in steps]),
        column("code", "text", [s.commune_code for s in steps]),
        column("people", "number", [round(s.gained["people"], 1) for s in steps]),
        column("villages", "count", [s.gained.get("villages", 0.0) for s in steps]),
        *(column(n, "number", [s.gained[n] for s in steps]) for n in extra),
        column("names", "note", ["; ".join(s.villages) for s in steps]),
        column("cost", "number", [s.cost for s in steps]),
        column("spent", "number", [s.spent for s in steps]),
        *(
            Column(million.say(lang, what=text.say(lang)), "number", [s.costs[key] for s in steps])
            for key, text in ITEMS.items()
        ),
        column("perYear", "number", [s.per_year for s in steps]),
        column("perTy", "number", [s.gained["people"] / max(s.cost / 1000.0, 1e-9) for s in steps]),
        Column(RATE.say(lang, unit=rate_unit(found)), "number", [s.turn.rate for s in steps]),
        Column(WHY.say(lang), "note", [" ".join(why(found, steps, s, lang)) for s in steps]),
        column("backhaul", "text", [backhaul_said(s, lang) for s in steps]),
        column("fibreKm", "number", [s.fibre_m / 1000.0 for s in steps]),
        column("funding", "text", [s.funding.say(lang) for s in steps]),
        column("height", "number", [s.height_m for s in steps]),
        column("power", "text", [power_said(s, lang) for s in steps]),
        column("ground", "number", [s.ground_m for s in steps]),
        column("slope", "number", [s.slope_percent for s in steps]),
        column("road", "number", [s.road_m for s in steps]),
        column("lon", "degrees", [s.lon for s in steps]),
        column("lat", "degrees", [s.lat for s in steps]),
    ]


def _phase_columns(steps: Sequence[Step], lang: Language) -> list[Column]:
    rows = phase_table(steps)
    return [
        Column(word("year", lang), "text", [y for y, _, _ in rows]),
        Column(word("funding", lang), "text", [f.say(lang) for _, f, _ in rows]),
        Column(word("sitesWord", lang), "count", [len(m) for _, _, m in rows]),
        Column(word("cost", lang), "number", [sum(s.cost for s in m) for _, _, m in rows]),
        Column(word("people", lang), "number", [sum(s.gained["people"] for s in m) for _, _, m in rows]),
        Column(
            word("villages", lang),
            "count",
            [sum(s.gained.get("villages", 0.0) for s in m) for _, _, m in rows],
        ),
        Column(word("fibreKm", lang), "number", [sum(s.fibre_m for s in m) / 1000.0 for _, _, m in rows]),
        Column(word("perYear", lang), "number", [sum(s.per_year for s in m) for _, _, m in rows]),
    ]


def _curve_columns(found: SitePlan, lang: Language) -> list[Column]:
    names = curve_aims(found)
    money, _ = curve(found, names[0])
    columns = [
        Column(word("order", lang), "count", list(range(len(money)))),
        Column(word("spent", lang), "number", money.tolist()),
    ]
    for name in names:
        share = curve(found, name)[1]
        columns.append(Column(word(name, lang), "percent", [min(v / 100.0, 1.0) for v in share.tolist()]))
    return columns


def write_document(
    found: SitePlan, steps: Sequence[Step], links: Sequence[Any], path: Path, lang: Language
) -> None:
    """Write the draft document in the form of an administrative one."""
    province = found.layers.project.province
    vietnamese = lang == "vi" and vietnamese_form(found.before)
    kinds = {code: unit.kind for code, unit in provinces().items()} if vietnamese else {}
    name = one_line(province_title(province.name, kinds.get(province.code)))
    about = _ABOUT.say(lang, service=found.question.service, name=name)
    paper = DocxPaper(about, province.as_of, lang)
    head = None
    if vietnamese_form(found.before):
        place = re.sub("^(tỉnh|thành phố) ", "", name, flags=re.IGNORECASE)
        head = Letterhead(
            (FORM["committee"].say(lang), shorten(name.upper(), 60)),
            FORM["agency"].say(lang),
            FORM["number"].say(lang),
            FORM["country"].say(lang),
            FORM["motto"].say(lang),
            FORM["day"].say(lang, name=shorten(place, 40), year=str(province.as_of.year)),
        )
    paper.letterhead(head, FORM["draft"].say(lang))
    paper.title(_KIND.say(lang), about, _DATE.say(lang, date=format_date(province.as_of, lang)))
    paper.heading(_HEADS[0].say(lang))
    paper.text(". ".join(scope(found, lang)[:2]) + ". " + scope(found, lang)[3])
    paper.text(FORECAST.say(lang))
    paper.heading(_HEADS[1].say(lang))
    for line in sentences(found, tuple(steps), lang):
        paper.text(line)
    if steps:
        plain = [(kind, shape) for _, kind, shape in links]
        paper.picture(png_bytes(draw_map(found, steps, plain, lang), 150), _MAP.say(lang))
        paper.picture(png_bytes(draw_curves(found, lang), 150), _CURVE.say(lang))
        paper.heading(_HEADS[2].say(lang))
        _tables(paper, steps, lang)
        paper.caption(HEAD.say(lang))
        for step in steps[:EXPLAINED]:
            said = " ".join(why(found, steps, step, lang))
            paper.text(f"{step.order}. {shorten(place_name(step, lang), 60)}. {said}")
    paper.heading(_HEADS[3].say(lang))
    for text in METHOD:
        paper.text(text.say(lang))
    paper.note(f"{NOT_BOUNDARY.say(lang)} {sentence(cited_sources(found.layers.sources), lang)}".rstrip())
    paper.signature(
        Signature(
            FORM["to"].say(lang),
            FORM["archive"].say(lang),
            FORM["signer"].say(lang),
            FORM["signature"].say(lang),
        )
    )
    paper.save(path)


def _tables(paper: DocxPaper, steps: Sequence[Step], lang: Language) -> None:
    paper.caption(_TABLE.say(lang))
    heads = [
        word(k, lang) for k in ("order", "place", "commune", "year", "backhaul", "people", "villages", "cost")
    ]
    rows = [
        [
            str(s.order),
            shorten(place_name(s, lang), 60),
            s.commune_name,
            str(s.year),
            backhaul_said(s, lang),
            format_number(s.gained["people"], lang, 0),
            format_number(s.gained.get("villages", 0.0), lang, 0),
            format_number(s.cost, lang, 0),
        ]
        for s in steps[:SITES_SHOWN]
    ]
    paper.table(heads, rows, (11, 35, 26, 14, 27, 18, 17, 18), numbers=(5, 6, 7))
    if len(steps) > SITES_SHOWN:
        paper.text(_REST.say(lang, n=len(steps) - SITES_SHOWN))
    paper.caption(_YEARS.say(lang))
    heads = [word(k, lang) for k in ("year", "funding", "sitesWord", "cost", "people", "villages")]
    rows = [
        [
            year,
            fund.say(lang),
            format_number(len(mine), lang),
            format_number(sum(s.cost for s in mine), lang, 0),
            format_number(sum(s.gained["people"] for s in mine), lang, 0),
            format_number(sum(s.gained.get("villages", 0.0) for s in mine), lang, 0),
        ]
        for year, fund, mine in phase_table(steps)
    ]
    paper.table(heads, rows, (14, 55, 20, 28, 28, 28), numbers=(2, 3, 4, 5))
