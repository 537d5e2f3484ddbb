"""One page and one table over the provinces of a batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from phusong.data.language import Language, Text, format_number
from phusong.maps.atomic import replace_file
from phusong.maps.batch.national import STYLE, nation
from phusong.maps.charts import class_styles
from phusong.maps.citation import FILE as SOURCES
from phusong.maps.citation import Cited, cited_folders, member, sentence, text_file
from phusong.maps.figures import Ratio
from phusong.maps.inline import Page, asset, escape
from phusong.maps.page_words import NOT_BOUNDARY, PREDICTED, banner, illustrations_note
from phusong.maps.tables import csv_bytes, json_bytes, plain_value, version

if TYPE_CHECKING:
    from phusong.maps.batch.job import ProvinceRun

SUMMARY_VERSION = "1.0"
"""Of ``summary.json``."""
SUMMARY_FILES = PAGE, TABLE, DOCUMENT = "index.html", "summary.csv", "summary.json"

_W = {
    "title": Text("Phủ sóng các tỉnh, thành phố", "Coverage of the provinces"),
    "counts": Text(
        "{done} tỉnh tính xong, {skipped} tỉnh giữ nguyên vì không đổi, {failed} tỉnh lỗi.",
        "{done} provinces computed, {skipped} unchanged and kept, {failed} failed.",
    ),
    "caption": Text(
        "Tỷ lệ dân số được phủ (n/N người), bất kỳ nhà mạng nào; bấm tiêu đề cột để xếp thứ tự.",
        "Share of the people covered (n/N), any operator; press a heading to sort.",
    ),
    "code": Text("Mã", "Code"), "name": Text("Tỉnh, thành phố", "Province"),
    "status": Text("Tình trạng", "Status"), "seconds": Text("Giây", "Seconds"),
    "memory": Text("Bộ nhớ (MB)", "Memory (MB)"), "attempts": Text("Số lần", "Tries"),
    "message": Text("Ghi chú", "Note"), "all": Text("Cộng", "Total"),
    "tables": Text(
        "Bảng số liệu: {csv}, {json}; toàn quốc theo xã: {book}, {communes}, {parquet}; "
        "sổ theo dõi: {ledger}.",
        "Tables: {csv}, {json}; all communes: {book}, {communes}, {parquet}; ledger: {ledger}.",
    ),
    "none": Text("Không có tỉnh nào.", "There are no provinces."),
}
_FIBRE = Text("Cáp quang", "Fibre")
STATUS = {
    "done": Text("xong", "done"), "skipped": Text("không đổi", "unchanged"), "failed": Text("lỗi", "failed"),
}

_STYLE = """
body { font-size: 15px; }
main { max-width: 1180px; margin: 0 auto; padding: 20px 24px 40px; }
h1 { font-size: 28px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 14px 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 6px; }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { overflow-wrap: normal; }
th button { font: inherit; font-weight: 650; border: 0; background: none; padding: 2px 0; color: inherit;
  white-space: nowrap; }
td:nth-child(-n+3) { overflow-wrap: normal; }
td:nth-child(2), td:last-child { min-width: 9em; }
th[aria-sort="ascending"] button::after { content: " \\2191"; }
th[aria-sort="descending"] button::after { content: " \\2193"; }
td.n { text-align: right; white-space: nowrap; }
td small { display: block; color: var(--quiet); }
tr.failed td { color: var(--missing); }
tfoot td { font-weight: 650; border-top: 2px solid var(--line); }
svg { display: block; width: 100%; min-width: 90px; height: 6px; margin-top: 3px; }
svg .rail { fill: var(--line); } svg .run { fill: var(--accent); }
@media print { th button { cursor: auto; } }
"""

_SCRIPT = """
"use strict";
document.querySelectorAll("th button").forEach(function (button) {
  button.addEventListener("click", function () {
    var head = button.parentNode, row = head.parentNode, body = document.querySelector("tbody");
    var col = Array.prototype.indexOf.call(row.children, head);
    var down = head.getAttribute("aria-sort") === "ascending";
    Array.prototype.forEach.call(row.children, function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    var rows = Array.prototype.slice.call(body.rows);
    rows.sort(function (a, b) {
      var x = a.cells[col].dataset.v, y = b.cells[col].dataset.v;
      if (x === "" || y === "") { return (x === "") - (y === ""); }
      var order = head.dataset.kind === "n" ? x - y : x.localeCompare(y, document.documentElement.lang);
      return down ? -order : order;
    });
    rows.forEach(function (one) { body.appendChild(one); });
  });
});
"""


def cited_runs(rows: Sequence[ProvinceRun], out: Path) -> tuple[Cited, ...]:
    """Return the public sources behind the provinces of a batch, from their outputs."""
    return cited_folders(out / row.folder for row in rows if row.folder)


def services(rows: Sequence[ProvinceRun]) -> list[str]:
    """Return every service of the provinces, in the order in which they come."""
    return list(dict.fromkeys(service for row in rows for service in row.indicators))


def _label(service: str, lang: Language) -> str:
    return _FIBRE.say(lang) if service == "fibre" else service


def _ratio(row: ProvinceRun, service: str) -> Ratio | None:
    pair = row.indicators.get(service)
    return None if pair is None else Ratio(float(pair[0]), float(pair[1]))


def _share_cell(ratio: Ratio | None, lang: Language) -> str:
    if ratio is None or not ratio.denominator:
        return '<td class="n" data-v="">–</td>'
    width = min(max(ratio.percent, 0.0), 100.0)
    return (
        f'<td class="n" data-v="{ratio.percent:.9g}">{escape(ratio.share(lang))}'
        f'<small>{escape(ratio.counts(lang))}</small><svg viewBox="0 0 100 6" preserveAspectRatio="none" '
        f'aria-hidden="true"><rect class="rail" width="100" height="6"/>'
        f'<rect class="run" width="{width:.3g}" height="6"/></svg></td>'
    )


def _number_cell(value: float, lang: Language) -> str:
    if math.isnan(value):
        return '<td class="n" data-v="">–</td>'
    return f'<td class="n" data-v="{value:.3f}">{format_number(value, lang, 0)}</td>'


def _row(row: ProvinceRun, names: Sequence[str], lang: Language) -> str:
    name = escape(row.name)
    if row.folder:
        name = f'<a href="{escape(quote(f"{row.folder}/index.html"))}">{name}</a>'
    cells = [
        f'<td data-v="{escape(row.code)}">{escape(row.code)}</td>',
        f'<td data-v="{escape(row.name)}">{name}</td>',
        f'<td data-v="{row.status}">{escape(STATUS[row.status].say(lang))}</td>',
        *(_share_cell(_ratio(row, service), lang) for service in names),
        f'<td class="n" data-v="{row.seconds:.3f}">{format_number(row.seconds, lang, 0)}</td>',
        _number_cell(row.peak_mb, lang), _number_cell(float(row.attempts), lang),
        f'<td data-v="{len(row.messages)}">' + "<br>".join(escape(m) for m in row.messages) + "</td>",
    ]
    return f'<tr class="{row.status}">{"".join(cells)}</tr>'


def _total(rows: Sequence[ProvinceRun], service: str) -> Ratio | None:
    found = [ratio for row in rows if (ratio := _ratio(row, service)) is not None]
    if not found:
        return None
    return Ratio(math.fsum(r.numerator for r in found), math.fsum(r.denominator for r in found))


def render_batch(rows: Sequence[ProvinceRun], lang: Language, cited: Sequence[Cited] = ()) -> str:
    """Return the page over all provinces: what became of each, its figures, and a link to its report.

    One file without any request to a host; the table sorts by every column.
    """
    names = services(rows)
    columns = [("code", "t"), ("name", "t"), ("status", "t")]
    heads = [(_W[key].say(lang), kind) for key, kind in columns]
    heads += [(_label(service, lang), "n") for service in names]
    heads += [(_W[key].say(lang), "n") for key in ("seconds", "memory", "attempts", "message")]
    count = {status: sum(row.status == status for row in rows) for status in STATUS}
    files = {
        "csv": "summary.csv", "json": "summary.json", "book": "nation.xlsx", "communes": "communes.csv",
        "parquet": "communes.parquet", "ledger": "ledger.csv",
    }
    links = {key: f'<a href="{name}">{name}</a>' for key, name in files.items()}
    header = "".join(
        f'<th scope="col" data-kind="{kind}"><button type="button">{escape(text)}</button></th>'
        for text, kind in heads
    )
    total = "".join(_share_cell(_total(rows, service), lang) for service in names)
    body = [
        banner(illustrations_note([row.name for row in rows], lang)),
        "<main>", f"<h1>{escape(_W['title'].say(lang))}</h1>",
        f"<p>{escape(_W['counts'].say(lang, **count))}</p>",
        nation(rows, [(service, _label(service, lang)) for service in names], lang),
        '<div class="scroll" tabindex="0" role="region" aria-label="' + escape(_W["title"].say(lang)) + '">',
        f"<table><caption>{escape(_W['caption'].say(lang))}</caption>",
        f"<thead><tr>{header}</tr></thead><tbody>",
        *(_row(row, names, lang) for row in rows),
        f'</tbody><tfoot><tr><td></td><td>{escape(_W["all"].say(lang))}</td><td></td>{total}',
        "<td></td><td></td><td></td><td></td></tr>",
        "</tfoot></table></div>" if rows else f"</tfoot></table></div><p>{escape(_W['none'].say(lang))}</p>",
        f"<p>{_W['tables'].say(lang, **links)}</p>",
        f"<p>{escape(PREDICTED.say(lang))} {escape(NOT_BOUNDARY.say(lang))}</p>",
        f"<p>{escape(sentence(cited, lang))}</p>" if cited else "",
        "</main>",
    ]
    return Page(
        lang,
        _W["title"].say(lang),
        body,
        styles=[asset("theme.css"), _STYLE, class_styles(), STYLE],
        scripts=[_SCRIPT],
    ).render()


def summary_table(rows: Sequence[ProvinceRun]) -> tuple[list[str], list[list[Any]]]:
    """Return header and rows of ``summary.csv``: a row per province, three columns per service."""
    names = services(rows)
    header = ["code", "name", "status", "seconds", "peak_mb", "folder", "message"]
    for service in names:
        header += [f"{service}_people_covered", f"{service}_people", f"{service}_percent"]
    table: list[list[Any]] = []
    for row in rows:
        cells: list[Any] = [
            row.code, row.name, row.status, round(row.seconds, 3), row.peak_mb, row.folder,
            " | ".join(row.messages),
        ]
        for service in names:
            ratio = _ratio(row, service)
            cells += [None] * 3 if ratio is None else [ratio.numerator, ratio.denominator, ratio.percent]
        table.append(cells)
    return header, table


def summary_document(rows: Sequence[ProvinceRun], cited: Sequence[Cited] = ()) -> dict[str, Any]:
    """Return the content of ``summary.json``."""
    provinces = []
    for row in rows:
        found = {service: _ratio(row, service) for service in row.indicators}
        provinces.append({
            "code": row.code, "name": row.name, "status": row.status, "messages": list(row.messages),
            "seconds": round(row.seconds, 3), "peak_mb": plain_value(row.peak_mb), "folder": row.folder,
            "population": {
                service: {
                    "numerator": plain_value(r.numerator), "denominator": plain_value(r.denominator),
                    "percent": plain_value(r.percent),
                }
                for service, r in found.items() if r is not None
            },
        })
    return {
        "schema": "phusong.summary", "version": SUMMARY_VERSION,
        "generator": {"name": "phusong", "version": version()}, **member(cited), "provinces": provinces,
    }


def write_summary(
    rows: Sequence[ProvinceRun], out: Path, lang: Language, *, public: bool = False
) -> Path:
    """Write ``index.html``, ``summary.csv`` and ``summary.json`` into ``out`` and return the page's path.

    With ``public``, without the messages of failed provinces, which quote their inputs. Each file
    takes the place of an earlier one whole.
    """
    out.mkdir(parents=True, exist_ok=True)
    if public:
        rows = [replace(row, messages=()) for row in rows]
    page = out / PAGE
    replace_file(out / TABLE, csv_bytes(*summary_table(rows)))
    cited = cited_runs(rows, out)
    replace_file(out / DOCUMENT, json_bytes(summary_document(rows, cited)))
    if cited:
        replace_file(out / SOURCES, text_file(cited))
    else:
        (out / SOURCES).unlink(missing_ok=True)
    replace_file(page, render_batch(rows, lang, cited).encode("utf-8", "replace"))
    return page
