"""``compare.xlsx``: what changed between two runs, for who works on with it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phusong.coverage.evidence.changes import Comparison
from phusong.coverage.evidence.history import TrendPoint
from phusong.data.language import Language
from phusong.maps.citation import cited_folders, sources_sheet
from phusong.maps.compare.page import what_changed
from phusong.maps.compare.words import (
    CHANGES,
    METHOD,
    STATUS,
    causes_sentence,
    indicator_label,
    label_of,
    note_sentence,
    operator_said,
    sentences,
    side_names,
    station_said,
    word,
)
from phusong.maps.figures import layer_label, source_label
from phusong.maps.page_words import NOT_BOUNDARY
from phusong.maps.safe import one_line
from phusong.maps.sheet import Book, Column, as_date


def write_book(found: Comparison, points: Sequence[TrendPoint], path: Path, lang: Language) -> None:
    """Write the workbook; the same folders give the same bytes."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        stamp = datetime.datetime.combine(found.after.as_of, datetime.time())
        workbook.set_properties({"title": word("title", lang), "created": stamp})
        footer = f"{one_line(found.after.province)} – {word('title', lang)}. {NOT_BOUNDARY.say(lang)}"
        book = Book(workbook, footer)
        _summary(found, book, lang)
        for key, columns, frozen in (
            ("communes", _figures(found, lang), 3), ("places", _places(found, lang), 3),
            ("stations", _stations(found, lang), 2), ("inputs", _inputs(found, lang), 1),
            ("parameters", _parameters(found, lang), 1), ("trend", _trend(found, points, lang), 2),
        ):  # fmt: skip
            if columns and len(columns[0].values):
                book.table(book.sheet(word(key, lang)[:31]), columns, freeze_columns=frozen)
        sources_sheet(book, cited_folders([found.before.folder, found.after.folder]), lang)


def _summary(found: Comparison, book: Book, lang: Language) -> None:
    sheet = book.sheet(word("summary", lang))
    before, after = side_names(found, lang)
    head = f"{word('title', lang)} – {found.after.province}"
    sheet.write_string(0, 0, one_line(head), book.formats["title"])
    sheet.write_string(
        1, 0, one_line(word("sides", lang, before=before, after=after)), book.formats["remark"]
    )
    lines = [*sentences(found, lang), *(note_sentence(found, n, lang) for n in found.notes)]
    lines += [m.say(lang) for m in METHOD]
    book.table(sheet, [Column(word("summary", lang), "note", lines)], top=3, freeze_columns=None)
    sheet.set_column(0, 0, 120)


def _column(key: str, kind: Any, values: Sequence[Any], lang: Language, side: str = "") -> Column:
    title = word(key, lang)
    return Column(f"{word(side, lang)}: {title}" if side else title, kind, list(values))


def _figures(found: Comparison, lang: Language) -> list[Column]:
    own = found.changed_figures
    own = own[own["service"].isin([*found.services, "all"])]
    effects = found.effects[["code", "service", "operator", "indicator", "by_reach", "by_people"]]
    own = own.merge(effects, on=["code", "service", "operator", "indicator"], how="left")
    columns = [
        _column("code", "text", own["code"].tolist(), lang),
        _column("commune", "text", own["name"].tolist(), lang),
        _column("service", "text", [label_of(found, s, lang) for s in own["service"]], lang),
        _column("operator", "text", [operator_said(o, lang) for o in own["operator"]], lang),
        _column("indicator", "text", [indicator_label(i, lang) for i in own["indicator"]], lang),
    ]
    for side in ("before", "after"):
        columns += [
            _column("n", "number", own[f"n_{side}"].tolist(), lang, side),
            _column("of", "number", own[f"of_{side}"].tolist(), lang, side),
            _column("share", "percent", (own[f"percent_{side}"] / 100.0).tolist(), lang, side),
        ]
    return [
        *columns,
        _column("change", "number", own["change"].tolist(), lang),
        _column("points", "number", own["points"].tolist(), lang),
        _column("byReach", "number", own["by_reach"].tolist(), lang, "people"),
        _column("byPeople", "number", own["by_people"].tolist(), lang, "people"),
    ]


def _places(found: Comparison, lang: Language) -> list[Column]:
    own = found.places
    services = [", ".join(label_of(found, s, lang) for s in str(v).split("; ") if s) for v in own["service"]]
    turned = own["change"].isin(["gained", "lost"])
    return [
        _column("change", "text", [CHANGES[c].say(lang) for c in own["change"]], lang),
        _column("place", "text", own["name"].tolist(), lang),
        _column("code", "text", own["place_id"].tolist(), lang),
        _column("kind", "text", [layer_label(f"places:{p}", lang) for p in own["layer"]], lang),
        _column("commune", "text", own["commune_name"].tolist(), lang),
        _column("service", "text", services, lang),
        _column("operator", "text", [operator_said(o, lang) for o in own["operator"]], lang),
        _column("causes", "note", [
            causes_sentence(str(c), lang) if t else "" for c, t in zip(own["causes"], turned, strict=True)
        ], lang),
        _column("station", "text", [
            station_said(s, c, lang) for s, c in zip(own["station"], own["station_change"], strict=True)
        ], lang),
        _column("far", "count", own["station_m"].astype(float).tolist(), lang),
        _column("moved", "count", own["moved_m"].astype(float).tolist(), lang),
        _column("lat", "degrees", own["lat"].astype(float).tolist(), lang),
        _column("lon", "degrees", own["lon"].astype(float).tolist(), lang),
    ]  # fmt: skip


def _stations(found: Comparison, lang: Language) -> list[Column]:
    own = found.stations
    if own is None:
        return []
    return [
        _column("change", "text", [word(c, lang) for c in own["change"]], lang),
        _column("site", "text", own["site_id"].tolist(), lang),
        _column("cell", "text", own["cell_id"].tolist() if "cell_id" in own else [""] * len(own), lang),
        _column("technology", "text", own["technology"].tolist(), lang),
        _column("operator", "text", own["operator"].tolist(), lang),
        _column("what", "text", [what_changed([w], lang) for w in own["what"]], lang),
        _column("moved", "count", own["moved_m"].astype(float).tolist(), lang),
        _column("lat", "degrees", own["lat"].astype(float).tolist(), lang),
        _column("lon", "degrees", own["lon"].astype(float).tolist(), lang),
    ]


def _inputs(found: Comparison, lang: Language) -> list[Column]:
    own = found.inputs
    return [
        _column("layer", "text", [source_label(i.layer, lang) for i in own], lang),
        _column("status", "text", [STATUS[i.status].say(lang) for i in own], lang),
        _column("day", "date", [as_date(i.before or None) for i in own], lang, "before"),
        _column("day", "date", [as_date(i.after or None) for i in own], lang, "after"),
        _column("rows", "count", [i.rows_before for i in own], lang, "before"),
        _column("rows", "count", [i.rows_after for i in own], lang, "after"),
    ]


def _parameters(found: Comparison, lang: Language) -> list[Column]:
    def said(value: Any) -> str:
        """Return a value as text, nothing for None."""
        return "" if value is None else str(value)

    return [
        _column("key", "text", [p.key for p in found.parameters], lang),
        _column("before", "note", [said(p.before) for p in found.parameters], lang),
        _column("after", "note", [said(p.after) for p in found.parameters], lang),
    ]


def _trend(found: Comparison, points: Sequence[TrendPoint], lang: Language) -> list[Column]:
    if len({p.run for p in points}) < 3:
        return []
    return [
        _column("service", "text", [label_of(found, p.service, lang) for p in points], lang),
        _column("indicator", "text", [indicator_label(p.indicator, lang) for p in points], lang),
        _column("operator", "text", [operator_said(p.operator, lang) for p in points], lang),
        _column("run", "text", [p.run for p in points], lang),
        _column("day", "date", [p.as_of for p in points], lang),
        _column("n", "number", [p.numerator for p in points], lang),
        _column("of", "number", [p.denominator for p in points], lang),
        _column("share", "percent", [p.percent / 100.0 for p in points], lang),
    ]
