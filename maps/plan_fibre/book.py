"""``fibre_plan.xlsx``: routes, phases, bill of quantities, frontier, sensitivity, points and prices."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phusong.coverage.plan.fibre_request import FibrePlan
from phusong.data.language import Language
from phusong.maps.citation import cited_sources, sources_sheet
from phusong.maps.page_words import NOT_BOUNDARY
from phusong.maps.plan_fibre.words import (
    ITEMS,
    KINDS,
    LEVEL_WORDS,
    NEW_OLT,
    PATHS,
    STATES,
    UNITS,
    class_said,
    method,
    optics_sentence,
    price_rows,
    sentences,
    word,
)
from phusong.maps.sheet import Book, Column

if TYPE_CHECKING:
    import pandas as pd


def write_book(plan: FibrePlan, path: Path, lang: Language) -> None:
    """Write the workbook; the same plan gives the same bytes."""
    import xlsxwriter

    province = plan.layers.project.province
    workbook = xlsxwriter.Workbook(str(path))
    stamp = datetime.datetime.combine(province.as_of, datetime.time())
    workbook.set_properties({"title": word("title", lang), "created": stamp})
    book = Book(workbook, f"{province.name} – {word('title', lang)}. {NOT_BOUNDARY.say(lang)}")
    _summary(plan, book, lang)
    for key, columns in (
        ("phases", phase_columns(plan, lang)), ("bill", bill_columns(plan, lang)),
        ("spans", span_columns(plan, lang)), ("points", point_columns(plan, plan.planned, lang)),
        ("left", left_columns(plan, lang)), ("sensitivity", sensitivity_columns(plan, lang)),
        ("prices", price_columns(plan, lang)),
    ):
        if columns and len(columns[0].values):
            book.table(book.sheet(word(key, lang)), columns, freeze_columns=1)
    _frontier(plan, book, lang)
    sources_sheet(book, cited_sources(plan.layers.sources), lang)
    if plan.faults:
        said = [f.say(lang) for f in plan.faults]
        book.table(book.sheet(word("faults", lang)), [Column(word("faults", lang), "note", said)])
    workbook.close()


def _summary(plan: FibrePlan, book: Book, lang: Language) -> None:
    sheet = book.sheet(word("summary", lang))
    name = plan.layers.project.province.name
    sheet.write_string(0, 0, f"{word('title', lang)} – {name}", book.formats["title"])
    sheet.write_string(1, 0, word("kinds", lang), book.formats["remark"])
    lines = [*sentences(plan, lang), optics_sentence(plan, lang), *method(plan, lang)]
    book.table(sheet, [Column(word("summary", lang), "note", lines)], top=3, freeze_columns=None)


def _col(key: str, kind: Any, values: Iterable[Any], lang: Language) -> Column:
    return Column(word(key, lang), kind, list(values))


def _billions(values: pd.Series[Any]) -> list[float]:
    return [float(v) / 1e9 for v in values]


def _millions(values: pd.Series[Any]) -> list[float]:
    return [float(v) / 1e6 for v in values]


def years_of(plan: FibrePlan, phases: Sequence[Any], lang: Language) -> list[str]:
    """Return what each phase is called: its year, or 'all'."""
    years = plan.request.years
    return [str(years[int(n)]) if years and int(n) >= 0 else word("allYears", lang) for n in phases]


def phase_columns(plan: FibrePlan, lang: Language) -> list[Column]:
    """Return the phases as columns."""
    p = plan.phases
    return [
        _col("year", "text", years_of(plan, p["phase"].tolist(), lang), lang),
        _col("budget", "number", _billions(p["budget_vnd"]), lang),
        _col("cost", "number", _billions(p["cost_vnd"]), lang), _col("km", "number", p["km"], lang),
        _col("places", "count", p["places"], lang), _col("communes", "count", p["communes"], lang),
        _col("sites", "count", p["sites"], lang), _col("peopleAfter", "count", p["people_after"], lang),
        _col("share", "percent", p["percent_after"] / 100.0, lang),
    ]


def bill_columns(plan: FibrePlan, lang: Language) -> list[Column]:
    """Return the bill of quantities as columns, with a total at the end of each phase and of all."""
    import pandas as pd

    bill = plan.bill
    if not len(bill):
        return []
    rows: list[list[Any]] = []
    for n, part in bill.groupby("phase", sort=True):
        year = years_of(plan, [n], lang)[0]
        rows += [
            [
                year, ITEMS[str(row["item"])].say(lang),
                class_said(str(row["item"]), str(row["detail"]), lang), UNITS[str(row["unit"])].say(lang),
                row["quantity"], row["unit_vnd"] / 1e6, row["amount_vnd"] / 1e6,
            ]
            for row in part.to_dict("records")
        ]  # fmt: skip
        counted = float(part[part["item"] != "drop"]["amount_vnd"].sum()) / 1e6
        rows.append([year, word("total", lang), "", "", None, None, counted])
    if len(set(bill["phase"])) > 1:
        rows.append([word("allYears", lang), word("total", lang), "", "", None, None, plan.cost_vnd / 1e6])
    table = pd.DataFrame(rows, dtype=object)
    keys: tuple[tuple[str, Any], ...] = (
        ("year", "text"), ("item", "text"), ("detail", "text"), ("unit", "text"), ("quantity", "number"),
        ("unitPrice", "number"), ("amount", "number"),
    )
    return [_col(key, kind, table[k].tolist(), lang) for k, (key, kind) in enumerate(keys)]


def span_columns(plan: FibrePlan, lang: Language) -> list[Column]:
    """Return the spans as columns."""
    s = plan.spans
    return [
        _col("span", "text", s["span_id"], lang), _col("year", "text", years_of(plan, s["phase"].tolist(),
        lang), lang),
        _col("roadClass", "text", [class_said("aerial", c, lang) for c in s["road_class"]], lang),
        _col("laying", "text", [ITEMS[v].say(lang) for v in s["laying"]], lang), _col("km", "number",
        s["km"], lang),
        _col("cost", "number", _billions(s["cost_vnd"]), lang), _col("fibres", "count", s["fibre_count"],
        lang),
        _col("homes", "count", s["homes"], lang), _col("peopleBehind", "count", s["people"], lang),
        _col("placesBehind", "count", s["places"], lang), _col("sitesBehind", "count", s["sites"], lang),
        _col("perPerson", "count", s["vnd_per_person"], lang),
    ]  # fmt: skip


def remedy_said(remedy: str, lang: Language) -> str:
    """Say what a point beyond the optical budget needs."""
    return NEW_OLT.say(lang) if remedy == "-" else remedy


def point_columns(plan: FibrePlan, points: pd.DataFrame, lang: Language) -> list[Column]:
    """Return connected points as columns."""
    return [
        _col("point", "text", points["name"].astype(str), lang),
        _col("kind", "text", [KINDS[k].say(lang) for k in points["kind"]], lang),
        _col("id", "text", points["need_id"].astype(str), lang),
        _col("commune", "text", points["commune_name"].astype(str), lang),
        _col("communeCode", "text", points["commune_code"].astype(str), lang),
        _col("year", "text", years_of(plan, points["phase"].tolist(), lang), lang),
        _col("people", "count", points["people"], lang), _col("homesHere", "count", points["homes"], lang),
        _col("splitters", "count", points["splitters"], lang), _col("ports", "count", points["ports"], lang),
        _col("link", "count", points["link_m"], lang), _col("path", "number", points["path_m"] / 1000.0,
        lang),
        _col("pathBy", "text", [PATHS[p].say(lang) if p in PATHS else "" for p in points["path_by"]], lang),
        _col("margin", "number", points["margin_db"], lang),
        _col("remedy", "text", [remedy_said(str(r), lang) for r in points["remedy"]], lang),
        _col("lat", "degrees", points["lat"], lang), _col("lon", "degrees", points["lon"], lang),
    ]


def left_columns(plan: FibrePlan, lang: Language) -> list[Column]:
    """Return the points that are not connected as columns, with the reason."""
    points = plan.needs[plan.needs["state"] != "planned"]
    return [
        _col("point", "text", points["name"].astype(str), lang),
        _col("kind", "text", [KINDS[k].say(lang) for k in points["kind"]], lang),
        _col("id", "text", points["need_id"].astype(str), lang),
        _col("commune", "text", points["commune_name"].astype(str), lang),
        _col("communeCode", "text", points["commune_code"].astype(str), lang),
        _col("reason", "text", [STATES[s].say(lang) for s in points["state"]], lang),
        _col("people", "count", points["people"], lang), _col("homesHere", "count", points["homes"], lang),
        _col("link", "count", points["link_m"], lang), _col("lat", "degrees", points["lat"], lang),
        _col("lon", "degrees", points["lon"], lang),
    ]


def frontier_columns(plan: FibrePlan, lang: Language) -> list[Column]:
    """Return the frontier as columns."""
    f = plan.frontier
    return [
        _col("cost", "number", _billions(f["cost_vnd"]), lang), _col("km", "number", f["km"], lang),
        _col("needs", "count", f["needs"], lang), _col("people", "count", f["people"], lang),
        _col("most", "count", f["most_people"], lang), _col("peopleAfter", "count", f["people_after"], lang),
        _col("share", "percent", f["percent_after"] / 100.0, lang),
    ]


def _frontier(plan: FibrePlan, book: Book, lang: Language) -> None:
    rows = len(plan.frontier)
    if not rows:
        return
    name = word("frontier", lang)
    sheet = book.sheet(name)
    book.table(sheet, frontier_columns(plan, lang))
    chart = book.workbook.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
    chart.add_series({
        "name": word("people", lang), "categories": [name, 1, 0, rows, 0], "values": [name, 1, 3, rows, 3],
        "line": {"color": "#1F3A5F"}, "marker": {"type": "circle", "size": 5},
    })  # fmt: skip
    chart.set_title({"name": name, "name_font": {"size": 12}})
    chart.set_x_axis({"name": word("cost", lang), "num_format": "#,##0"})
    chart.set_y_axis({"name": word("people", lang), "num_format": "#,##0"})
    chart.set_legend({"none": True})
    # Beside the table: below it, a page of print would cut it in two.
    sheet.insert_chart(1, 8, chart, {"x_scale": 1.4, "y_scale": 1.2})


def sensitivity_columns(plan: FibrePlan, lang: Language) -> list[Column]:
    """Return the sensitivity as columns."""
    s = plan.sensitivity
    return [
        _col("level", "text", [LEVEL_WORDS[v].say(lang) for v in s["level"]], lang),
        _col("thisPlan", "number", _billions(s["this_plan_vnd"]), lang),
        _col("best", "number", _billions(s["cost_vnd"]), lang), _col("km", "number", s["km"], lang),
        _col("needs", "count", s["needs"], lang), _col("people", "count", s["people"], lang),
        _col("shared", "percent", s["shared_percent"] / 100.0, lang),
    ]


def price_columns(plan: FibrePlan, lang: Language) -> list[Column]:
    """Return the prices as columns: VND, or shares."""
    rows = price_rows(plan, lang)
    return [
        _col("item", "text", [r[0] for r in rows], lang), _col("low", "number", [r[1] for r in rows], lang),
        _col("base", "number", [r[2] for r in rows], lang), _col("high", "number", [r[3] for r in rows],
        lang),
        _col("source", "note", [r[4] for r in rows], lang),
    ]
