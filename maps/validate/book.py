"""``validate.xlsx``: prediction beside measurement, for who works on with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phusong.coverage.evidence.availability import SOURCE
from phusong.coverage.evidence.validate import Validation
from phusong.data.language import Language, Text, format_number
from phusong.maps.citation import cited_sources, sources_sheet
from phusong.maps.figures import operator_label
from phusong.maps.page_words import NOT_BOUNDARY
from phusong.maps.sheet import Book, Column
from phusong.maps.validate.words import (
    KINDS,
    VERDICTS,
    censoring_sentences,
    claim_operator,
    criteria,
    group_label,
    method,
    sentences,
    word,
)

_NAMES = {
    "summary": Text("Tóm tắt", "Summary"), "claims": Text("Được phủ", "Covered"),
    "errors": Text("Sai lệch", "Errors"), "availability": Text("Độ sẵn sàng", "Availability"),
    "challenges": Text("Nơi cần kiểm tra", "Places to ask about"),
    "polygons": Text("Khai báo", "Declared"), "reports": Text("Phản ánh", "Reports"),
    "faults": Text("Cảnh báo", "Warnings"),
}
_HEADS = {
    "low": Text("{what}: cận dưới", "{what}: low"), "high": Text("{what}: cận trên", "{what}: high"),
    "effective": Text("Số mẫu độc lập tương đương", "Independent samples"),
    "q": Text("Phân vị {q}% (dB)", "Quantile {q}% (dB)"),
    "km2": Text("{what} (km²)", "{what} (km²)"), "folk": Text("{what} (người)", "{what} (people)"),
    "good": Text("Số phản ánh có sóng", "Reports with signal"), "code": Text("Mã thôn", "Village code"),
    "communeCode": Text("Mã xã", "Commune code"),
}


def write_book(found: Validation, path: Path, lang: Language) -> None:
    """Write the workbook; the same findings give the same bytes."""
    import datetime

    import xlsxwriter

    province = found.layers.project.province
    workbook = xlsxwriter.Workbook(str(path))
    stamp = datetime.datetime.combine(province.as_of, datetime.time())
    workbook.set_properties({"title": word("title", lang), "created": stamp})
    book = Book(workbook, f"{province.name} – {word('title', lang)}. {NOT_BOUNDARY.say(lang)}")
    _summary(found, book, lang)
    for key, columns in (
        ("claims", _claims(found, lang)), ("errors", _errors(found, lang)),
        ("availability", _availability(found, lang)), ("challenges", _challenges(found, lang)),
        ("polygons", _polygons(found, lang)), ("reports", _reports(found, lang)),
    ):
        if columns and len(columns[0].values):
            book.table(book.sheet(_NAMES[key].say(lang)), columns, freeze_columns=1)
    sources_sheet(book, cited_sources(found.layers.sources), lang)
    if found.faults:
        said = [f.say(lang) for f in found.faults]
        book.table(book.sheet(_NAMES["faults"].say(lang)), [Column(word("faults", lang), "note", said)])
    workbook.close()


def _summary(found: Validation, book: Book, lang: Language) -> None:
    sheet = book.sheet(_NAMES["summary"].say(lang))
    province = found.layers.project.province
    sheet.write_string(0, 0, f"{word('title', lang)} – {province.name}", book.formats["title"])
    sheet.write_string(1, 0, word("kinds", lang), book.formats["remark"])
    rule = found.options.rule
    levels = ", ".join(f"{t} {format_number(v, lang)} dBm" for t, v in sorted(rule.levels_dbm.items()))
    lines = [*sentences(found, lang), *censoring_sentences(found, lang), *criteria(found, lang)]
    lines += method(found, lang)
    lines.append(SOURCE.say(lang, share=100.0 * rule.share, level=levels, n=rule.least_samples))
    book.table(
        sheet, [Column(word("summary", lang), "note", list(dict.fromkeys(lines)))], top=3, freeze_columns=None
    )
    sheet.set_column(0, 0, 120)
    sheet.set_row(1, 32)


def _column(key: str, kind: Any, values: Sequence[Any], lang: Language) -> Column:
    return Column(word(key, lang), kind, list(values))


def _claims(found: Validation, lang: Language) -> list[Column]:
    rows = [
        (c, basis, f) for c in found.claims
        for basis, f in (("byMap", c.figures), ("byMedian", c.median))
    ]
    columns = [
        _column("service", "text", [c.service for c, _, _ in rows], lang),
        _column("operator", "text", [claim_operator(c.operator, lang) for c, _, _ in rows], lang),
        _column("basis", "text", [word(b, lang) for _, b, _ in rows], lang),
        _column("both", "count", [f.both for _, _, f in rows], lang),
        _column("claimedOnly", "count", [f.claimed_only for _, _, f in rows], lang),
        _column("measuredOnly", "count", [f.measured_only for _, _, f in rows], lang),
        _column("neither", "count", [f.neither for _, _, f in rows], lang),
    ]
    for key, rates in (("hit", [f.hit_rate for _, _, f in rows]),
                       ("false", [f.false_alarm for _, _, f in rows])):  # fmt: skip
        what = word(key, lang)
        columns += [
            Column(what, "percent", [r.share for r in rates]),
            Column(_HEADS["low"].say(lang, what=what), "percent", [r.low for r in rates]),
            Column(_HEADS["high"].say(lang, what=what), "percent", [r.high for r in rates]),
        ]
    return columns


def _errors(found: Validation, lang: Language) -> list[Column]:
    groups = found.errors
    stats = [g.stats for g in groups]
    return [
        _column("service", "text", [g.service for g in groups], lang),
        _column("group", "text", [group_label(g.group, g.value, lang) for g in groups], lang),
        _column("n", "count", [s.n for s in stats], lang),
        _column("blocks", "count", [s.blocks for s in stats], lang),
        _column("bias", "number", [s.bias_db for s in stats], lang),
        _column("se", "number", [s.bias_se_db for s in stats], lang),
        _column("sd", "number", [s.sd_db for s in stats], lang),
        _column("rmse", "number", [s.rmse_db for s in stats], lang),
        _column("mae", "number", [s.mae_db for s in stats], lang),
        *(
            Column(_HEADS["q"].say(lang, q=q), "number", [s.quantiles_db[n] for s in stats])
            for n, q in enumerate((5, 25, 50, 75, 95))
        ),
    ]


def _availability(found: Validation, lang: Language) -> list[Column]:
    rows = found.availability
    columns = [
        _column("service", "text", [a.technology for a in rows], lang),
        _column("operator", "text", [operator_label(a.operator, lang) for a in rows], lang),
        _column("level", "number", [a.level_dbm for a in rows], lang),
    ]
    for key, rates in (("allSamples", [a.all_samples for a in rows]),
                       ("thinned", [a.thinned for a in rows])):  # fmt: skip
        what = word(key, lang)
        columns += [
            Column(f"{what}: {word('n', lang).lower()}", "count", [r.n for r in rates]),
            Column(what, "percent", [r.share for r in rates]),
            Column(_HEADS["low"].say(lang, what=what), "percent", [r.low for r in rates]),
            Column(_HEADS["high"].say(lang, what=what), "percent", [r.high for r in rates]),
            Column(f"{what}: {_HEADS['effective'].say(lang).lower()}", "number",
                   [r.effective_n for r in rates]),
        ]  # fmt: skip
    return [*columns, _column("verdict", "text", [VERDICTS[a.verdict].say(lang) for a in rows], lang)]


def _challenges(found: Validation, lang: Language) -> list[Column]:
    rows = found.challenges
    if rows is None:
        return []
    return [
        _column("kind", "text", [KINDS[k].say(lang) for k in rows["kind"]], lang),
        _column("service", "text", rows["service"].tolist(), lang),
        _column("operator", "text", [operator_label(str(o), lang) for o in rows["operator"]], lang),
        _column("commune", "text", rows["commune_name"].tolist(), lang),
        Column(_HEADS["communeCode"].say(lang), "text", rows["commune_code"].tolist()),
        _column("place", "text", rows["place_name"].tolist(), lang),
        _column("records", "count", rows["records"].tolist(), lang),
        _column("share", "percent", rows["share"].tolist(), lang),
        _column("measured", "number", rows["rsrp_dbm"].tolist(), lang),
        _column("predicted", "number", rows["predicted_dbm"].tolist(), lang),
        _column("short", "number", rows["shortfall_db"].tolist(), lang),
        _column("people", "number", rows["people"].tolist(), lang),
        _column("lon", "degrees", rows["lon"].tolist(), lang),
        _column("lat", "degrees", rows["lat"].tolist(), lang),
    ]


def _polygons(found: Validation, lang: Language) -> list[Column]:
    rows = found.matrices
    columns = [
        _column("service", "text", [m.service for m in rows], lang),
        _column("operator", "text", [operator_label(m.operator, lang) for m in rows], lang),
    ]
    for key, pairs in (
        ("bothSay", [m.both for m in rows]), ("declaredOnly", [m.declared_only for m in rows]),
        ("predictedOnly", [m.predicted_only for m in rows]), ("none", [m.neither for m in rows]),
    ):
        columns += [
            Column(_HEADS["km2"].say(lang, what=word(key, lang)), "number", [p[0] for p in pairs]),
            Column(_HEADS["folk"].say(lang, what=word(key, lang)), "number", [p[1] for p in pairs]),
        ]
    alarms = [m.measured.false_alarm.share if m.measured else None for m in rows]
    return [
        *columns,
        _column("agreeArea", "percent", [m.area_agreement for m in rows], lang),
        _column("agreePeople", "percent", [m.people_agreement for m in rows], lang),
        _column("declaredMeasured", "percent", alarms, lang),
    ]


def _reports(found: Validation, lang: Language) -> list[Column]:
    rows = found.reports
    if rows is None:
        return []
    said = {True: word("yes", lang), False: word("no", lang)}
    return [
        _column("village", "text", rows["name"].astype(str).tolist(), lang),
        Column(_HEADS["code"].say(lang), "text", rows["place_id"].astype(str).tolist()),
        Column(_HEADS["communeCode"].say(lang), "text", rows["commune_code"].astype(str).tolist()),
        _column("service", "text", rows["service"].tolist(), lang),
        _column("operator", "text", [operator_label(str(o), lang) for o in rows["operator"]], lang),
        _column("reportCount", "count", rows["reports"].tolist(), lang),
        Column(_HEADS["good"].say(lang), "count", rows["good"].tolist()),
        _column("bars", "number", rows["bars"].tolist(), lang),
        _column("measured", "number", rows["rsrp_dbm"].tolist(), lang),
        _column("reported", "text", [said[bool(v)] for v in rows["reported"]], lang),
        Column(word("predicted", lang).replace(" (dBm)", ""), "text",
               [said[bool(v)] for v in rows["claimed"]]),
        _column("predicted", "number", rows["predicted_dbm"].tolist(), lang),
        _column("lastDay", "date", rows["last_day"].tolist(), lang),
    ]  # fmt: skip
