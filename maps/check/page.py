"""The page of a check: for the person who sent the files, self-contained and printable."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from phusong.data.language import Language, Text, format_date, format_number
from phusong.layers.inventory import Source
from phusong.layers.quality.figures import Figure
from phusong.layers.summary import Checked
from phusong.maps.check import words
from phusong.maps.check.marks import SEVERITIES, FileMarks, Mark, Severity, marks_by_file
from phusong.maps.check.text import count_text, trust, verdict
from phusong.maps.citation import cited_sources, sentence
from phusong.maps.inline import Page, asset, escape
from phusong.maps.page_words import banner, illustration_note
from phusong.maps.report.section import table
from phusong.maps.safe import shorten
from phusong.maps.tables import version

SIGN = 'data-page="phusong-check"'
"""Stands in every page of a check, and tells it from other files."""
GROUPS_OF_A_FILE = 200
ROWS_OF_A_GROUP = 15
SUSPECTS_SHOWN = 20
COMMUNES_SHOWN = 30
_TEXT_COLUMNS = 99

SEVERITY_NAMES: Mapping[Severity, Text] = {
    "error": Text("Lỗi", "Error"), "warning": Text("Cảnh báo", "Warning"),
    "doubt": Text("Nghi ngờ", "Doubtful"),
}  # fmt: skip
_W = {
    "title": Text("Phiếu kiểm tra số liệu", "Check of the data"),
    "skip": Text("Đến nội dung chính", "Skip to the content"),
    "contents": Text("Mục lục", "Contents"),
    "asOf": Text("Số liệu đến {date} · dự án {file}", "Data as of {date} · project {file}"),
    "noProject": Text("Dự án {file} chưa đọc được", "The project {file} cannot be read"),
    "print": Text("In", "Print"), "theme": Text("Sáng/tối", "Light/dark"),
    "errors": Text("Lỗi phải sửa", "Errors to mend"), "warnings": Text("Cảnh báo", "Warnings"),
    "doubts": Text("Chỉ số chất lượng cần xem lại", "Figures of quality in doubt"),
    "errorsMean": Text("Còn lỗi thì chưa tính được bản đồ.", "No map is computed while there are any."),
    "warningsMean": Text("Vẫn chạy được; đọc để biết số liệu đã được hiểu thế nào.",
                         "A run goes on; read them to know how the data are taken."),
    "todo": Text("Việc cần sửa, theo từng tệp", "What to mend, file by file"),
    "nothing": Text("Không có lỗi hay cảnh báo nào.", "There are no errors and no warnings."),
    "counts": Text("{errors} lỗi, {warnings} cảnh báo, {doubts} chỗ nghi ngờ",
                   "{errors} errors, {warnings} warnings, {doubts} doubtful places"),
    "severity": Text("Mức độ", "Severity"), "row": Text("Dòng", "Row"), "column": Text("Cột", "Column"),
    "value": Text("Giá trị", "Value"), "said": Text("Sai ở đâu", "What is wrong"),
    "remedy": Text("Cách sửa", "What to do"),
    "moreRows": Text("… và {n} dòng nữa", "… and {n} more rows"),
    "moreGroups": Text("Còn {n} điều nữa về tệp này, không in ở đây; xem bản Excel đánh dấu (--marked).",
                       "{n} more about this file are not shown here; see the marked Excel copy (--marked)."),
    "rowsHint": Text("Số dòng là số dòng khi mở tệp bằng Excel; ở tệp bản đồ là số thứ tự đối tượng.",
                     "Rows are counted as Excel shows them; in map files they are numbers of features."),
    "quality": Text("Chất lượng số liệu", "Quality of the data"),
    "figure": Text("Chỉ số (0 là tốt)", "Figure (0 is good)"), "layer": Text("Lớp", "Layer"),
    "count": Text("Số lượng", "Count"), "criterion": Text("Tiêu chí", "Criterion"),
    "judged": Text("Đánh giá", "Judged"), "good": Text("đạt", "good"), "look": Text("xem lại", "look"),
    "suspects": Text("{layer}: {title}: {n}/{of} trường hợp", "{layer}: {title}: {n} of {of} cases"),
    "people": Text("Dân số trên raster và dân số chính thức, các xã lệch nhiều nhất",
                   "Population raster and official population, communes that differ most"),
    "commune": Text("Xã, phường", "Commune"), "raster": Text("Raster (người)", "Raster (people)"),
    "official": Text("Chính thức (người)", "Official (people)"),
    "change": Text("Chênh lệch", "Difference"),
    "read": Text("Đã đọc và hiểu các tệp như sau", "What was read, and how it was understood"),
    "readHint": Text("Nếu chỗ nào hiểu sai, báo lại cho người lập bản đồ.",
                     "If something was taken wrongly, tell whoever makes the map."),
    "file": Text("Tệp", "File"), "rows": Text("Số dòng/ô", "Rows/cells"),
    "date": Text("Ngày số liệu", "Date"), "age": Text("Tuổi", "Age"),
    "days": Text("{n} ngày", "{n} days"), "undated": Text("chưa ghi ngày", "not dated"),
    "crs": Text("Hệ tọa độ", "Coordinate system"), "text": Text("Chữ", "Text"),
    "columnsOf": Text("{layer}: cột nào là gì", "{layer}: which column is what"),
    "ours": Text("Ý nghĩa", "Meaning"), "theirs": Text("Tiêu đề trong tệp", "Header in the file"),
    "notes": Text("Ghi nhận khác", "Also noted"),
    "unchanged": Text("Không tệp gốc nào bị sửa.", "No original file was changed."),
    "made": Text("Lập bằng phusong {version}.", "Made with phusong {version}."),
}  # fmt: skip
NAVIGATION = ("todo", "quality", "read")

_STYLE = """
.cards .big.bad { color: var(--missing); }
.pill { display: inline-block; padding: 1px 8px; border: 1px solid currentColor; border-radius: 9px;
  font-size: 12.5px; font-weight: 600; white-space: nowrap; }
.pill.error, .pill.look { color: var(--missing); } .pill.warning { color: var(--warn); }
.pill.doubt, .pill.good { color: var(--accent); }
#todo table { min-width: 820px; } #todo tbody th, #quality tbody th { min-width: 84px; max-width: 130px; }
#todo td { min-width: 70px; max-width: 330px; overflow-wrap: anywhere; }
#todo td:nth-child(3) { min-width: 150px; }
#todo caption { position: absolute; width: 1px; height: 1px; padding: 0; overflow: hidden;
  clip-path: inset(50%); }
.cards { margin-top: 10px; }
#quality td { min-width: 90px; max-width: 300px; }
#todo h3, #read h3, #quality h3 { margin-top: 20px; font-size: 16.5px; overflow-wrap: anywhere; }
.columns { columns: 3 260px; margin: 6px 0 10px; padding-left: 18px; }
.columns li { break-inside: avoid; }
@media print { #todo table { min-width: 0; }
  #todo td, #quality td { min-width: 0; max-width: none; }
  #todo td:nth-child(3) { min-width: 80pt; } #todo small { display: block; }
  .columns { columns: 3; } .cards { display: block; }
  .card { display: inline-block; width: 31%; vertical-align: top; } details > ul { display: block; } }
"""
_SCRIPT = """
"use strict";
(function () {
  document.getElementById("print").addEventListener("click", function () { window.print(); });
  document.getElementById("theme").addEventListener("click", function () {
    var root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" :
      window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (one) { one.open = true; });
  });
}());
"""


def render_check(checked: Checked, lang: Language) -> str:
    """Return the page of a check.

    Parameters
    ----------
    checked : Checked
    lang : {"vi", "en"}

    Returns
    -------
    str
        HTML in UTF-8 with style and script inside, under a Content-Security-Policy that lets nothing in.
    """
    p = _Parts(checked, lang)
    title = f"{_W['title'].say(lang)} – {checked.name or checked.file}"
    page = Page(
        lang, title, styles=[asset("theme.css"), asset("report.css"), _STYLE], scripts=[_SCRIPT]
    )
    page.body = [
        *p.head(), *p.todo(), *p.quality(), *p.read(), "</main>",
        f"<footer>{p.word('unchanged')} {escape(sentence(cited_sources(checked.sources), lang))} "
        f"{p.word('made', version=version())}</footer>",
    ]  # fmt: skip
    return page.render()


class _Parts:
    """The sections of one page."""

    def __init__(self, checked: Checked, lang: Language) -> None:
        self.checked, self.lang = checked, lang

    def word(self, key: str, **values: Any) -> str:
        """Return a phrase, escaped."""
        return escape(_W[key].say(self.lang, **values))

    def number(self, value: float, decimals: int | None = 0) -> str:
        """Return a number as it is written, escaped."""
        return escape(format_number(float(value), self.lang, decimals))

    def pill(self, kind: str, text: str) -> str:
        """Return a small label; ``text`` is HTML."""
        return f'<span class="pill {kind}">{text}</span>'

    def section(self, key: str) -> str:
        """Return the start of a section with its heading."""
        return f'<section id="{key}" aria-labelledby="h-{key}"><h2 id="h-{key}">{self.word(key)}</h2>'

    def head(self) -> list[str]:
        """Return all above the first section: name, tools, contents, verdict."""
        checked, lang = self.checked, self.lang
        name = escape(checked.name or checked.file)
        if checked.as_of is not None:
            about = self.word("asOf", date=format_date(checked.as_of, lang), file=checked.file)
        else:
            about = self.word("noProject", file=checked.file)
        shown = [k for k in NAVIGATION if k == "todo" or self._has(k)]
        links = "".join(f'<a href="#{k}">{self.word(k)}</a>' for k in shown)
        return [
            f'<a class="skip" href="#main">{self.word("skip")}</a>',
            banner(illustration_note(checked.name or "", lang)),
            f'<header class="top"><div><p class="kind">{self.word("title")}</p><h1>{name}</h1>',
            f"<p>{about}</p>",
            f'<p class="tools"><button type="button" id="print">{self.word("print")}</button> '
            f'<button type="button" id="theme">{self.word("theme")}</button></p></div></header>',
            f'<nav aria-label="{self.word("contents")}">{links}</nav>',
            f'<main id="main" tabindex="-1" {SIGN}>',
            *self.cards(),
        ]

    def _has(self, key: str) -> bool:
        return bool(self.checked.quality.figures if key == "quality" else self.checked.sources)

    def cards(self) -> list[str]:
        """Say on the first screen whether the project can be run and trusted."""
        checked = self.checked
        figures = checked.quality.figures
        shown = [
            (len(checked.errors), "errors", self.word("errorsMean"), bool(checked.errors)),
            (len(checked.warnings), "warnings", self.word("warningsMean"), False),
        ]
        if figures:
            doubtful = len(checked.quality.doubtful)
            shown.append((doubtful, "doubts", escape(trust(checked, self.lang)), bool(doubtful)))
        cards = [
            f'<div class="card"><p>{self.word(key)}</p><p class="big{" bad" if bad else ""}">'
            f'{self.number(n)}</p><p class="crit">{means}</p></div>'
            for n, key, means, bad in shown
        ]
        said = escape(verdict(checked, self.lang))
        return [f"<section><p><strong>{said}</strong></p>", f'<div class="cards">{"".join(cards)}</div>',
                "</section>"]  # fmt: skip

    def todo(self) -> list[str]:
        """List faults and doubts, file by file, alike ones together."""
        files = marks_by_file(self.checked, self.lang)
        body = [self.section("todo")]
        if not files:
            return [*body, f"<p>{self.word('nothing')}</p></section>"]
        body.append(f'<p class="quiet">{self.word("rowsHint")}</p>')
        for one in files:
            body += self._file(one)
        return [*body, "</section>"]

    def _file(self, one: FileMarks) -> list[str]:
        groups: dict[tuple[str, ...], list[Mark]] = {}
        for mark in one.marks:  # what a figure of quality counts is told once, the cases stand below it
            said = () if mark.severity == "doubt" else (mark.said, mark.remedy)
            groups.setdefault((mark.severity, mark.code, mark.layer, mark.column, *said), []).append(mark)
        heads = [self.word(k) for k in ("severity", "row", "column", "value", "said", "remedy")]
        rows = [self._group(marks) for marks in list(groups.values())[:GROUPS_OF_A_FILE]]
        counts = self.word("counts", **{f"{s}s": one.count(s) for s in SEVERITIES})
        rest = len(groups) - GROUPS_OF_A_FILE
        more = [f'<p class="quiet">{self.word("moreGroups", n=rest)}</p>'] if rest > 0 else []
        title = f"{escape(one.file)}: {counts}"
        return [f"<h3>{title}</h3>", table(title, heads, rows, numeric=_TEXT_COLUMNS), *more]

    def _group(self, marks: Sequence[Mark]) -> list[str]:
        first = marks[0]
        numbers = list(dict.fromkeys(m.row for m in marks if m.row))
        rows = escape(", ".join(numbers[:ROWS_OF_A_GROUP]))
        if len(numbers) > ROWS_OF_A_GROUP:
            rows += f"<small>{self.word('moreRows', n=len(numbers) - ROWS_OF_A_GROUP)}</small>"
        values = list(dict.fromkeys(shorten(m.value, 80) for m in marks if m.value))
        said = escape(", ".join(values[:5]) + (", …" if len(values) > 5 else ""))
        name = escape(SEVERITY_NAMES[first.severity].say(self.lang))
        wrong = first.said
        if first.severity == "doubt":
            figures = {(f.code, f.layer): f for f in self.checked.quality.figures}
            figure = figures[first.code, first.layer]
            wrong = f"{figure.title.say(self.lang)}: {count_text(figure, self.lang)}."
        return [
            self.pill(first.severity, name), rows or "–", self._column(first), said or "–",
            escape(shorten(wrong, 600)), escape(shorten(first.remedy, 600)) or "–",
        ]  # fmt: skip

    def _column(self, mark: Mark) -> str:
        """Write a header as the file has it, and below it what it means."""
        if not mark.column:
            return "–"
        known = next((u for u in self.checked.understood if u.layer == mark.layer), None)
        ours = {theirs: name for name, theirs in known.columns} if known else {}
        names = [words.column_name(ours.get(c, c), self.lang) for c in mark.column.split(", ")]
        means = ", ".join(names)
        same = means.casefold() == mark.column.casefold().replace("_", " ")
        small = "" if same else f"<small>{escape(means)}</small>"
        return escape(mark.column) + small

    def quality(self) -> list[str]:
        """Show the figures of quality, those in doubt first, with what they counted."""
        found = self.checked.quality
        if not found.figures:
            return []
        figures = sorted(found.figures, key=lambda f: not f.doubtful)
        heads = [self.word(k) for k in ("judged", "layer", "figure", "count", "criterion", "remedy")]
        rows = [self._figure(f) for f in figures]
        body = [
            self.section("quality"), f"<p>{escape(trust(self.checked, self.lang))}</p>",
            table(self.word("quality"), heads, rows, numeric=_TEXT_COLUMNS),
        ]  # fmt: skip
        for figure in (f for f in figures if f.suspects and f.code != "people-communes"):
            shown = figure.suspects[:SUSPECTS_SHOWN]
            layer = words.layer_name(figure.layer, self.lang)
            layer = layer[:1].upper() + layer[1:]
            of = math.ceil(figure.numerator) if figure.unit != "km" else len(figure.suspects)
            title = self.word("suspects", layer=layer, title=figure.title, n=len(shown), of=of)
            items = "".join(f"<li>{escape(s.ident)} {escape(s.note.say(self.lang))}</li>" for s in shown)
            body.append(f"<details><summary>{title}</summary><ul>{items}</ul></details>")
        return [*body, *self._people(), "</section>"]

    def _figure(self, figure: Figure) -> list[str]:
        kind = "look" if figure.doubtful else "good"
        remedy = escape(figure.remedy.say(self.lang)) if figure.numerator else "–"
        return [
            self.pill(kind, self.word(kind)), escape(words.layer_name(figure.layer, self.lang)),
            escape(figure.title.say(self.lang)), escape(count_text(figure, self.lang)),
            escape(figure.criterion.say(self.lang)), remedy,
        ]  # fmt: skip

    def _people(self) -> list[str]:
        told = [p for p in self.checked.quality.people if p.official > 0.0]
        worst = sorted(told, key=lambda p: -abs(p.deviation))[:COMMUNES_SHOWN]
        rows = [
            [
                f"{escape(p.name)}<small>{escape(p.code)}</small>", self.number(p.raster),
                self.number(p.official),
                ("+" if p.deviation > 0 else "") + self.number(100.0 * p.deviation, 1) + "%",
            ]
            for p in worst if abs(p.deviation) > 0.1
        ]  # fmt: skip
        if not rows:
            return []
        heads = [self.word(k) for k in ("commune", "raster", "official", "change")]
        return [table(self.word("people"), heads, rows)]

    def read(self) -> list[str]:
        """Say what was read from each file, and how it was understood."""
        checked = self.checked
        if not checked.sources:
            return []
        found = {u.layer: u for u in checked.understood}
        heads = [self.word(k) for k in ("layer", "file", "rows", "date", "age", "crs", "text")]
        rows = []
        for source in checked.sources:
            known = found.get(source.layer)
            rows.append([
                escape(words.layer_name(source.layer, self.lang)), escape(source.path),
                self.number(source.rows), *self._age(source),
                escape(known.crs) if known and known.crs else "–",
                escape(words.encoding_name(known.encoding, self.lang)) if known else "–",
            ])  # fmt: skip
        body = [
            self.section("read"), f'<p class="quiet">{self.word("readHint")}</p>',
            table(self.word("read"), heads, rows, numeric=_TEXT_COLUMNS),
        ]  # fmt: skip
        for known in checked.understood:
            layer = words.layer_name(known.layer, self.lang)
            items = "".join(
                f"<li>{escape(words.column_name(ours, self.lang))} = <strong>{escape(theirs)}</strong></li>"
                for ours, theirs in known.columns
            )
            body.append(f"<h3>{self.word('columnsOf', layer=layer)}</h3><ul class=\"columns\">{items}</ul>")
            if known.notes:
                notes = "".join(f"<li>{escape(shorten(n.say(self.lang), 400))}</li>" for n in known.notes)
                body.append(f'<p>{self.word("notes")}:</p><ul class="says">{notes}</ul>')
        return [*body, "</section>"]

    def _age(self, source: Source) -> list[str]:
        if source.dated == "province" or self.checked.as_of is None:
            return [self.word("undated"), "–"]
        days = (self.checked.as_of - source.as_of).days
        return [escape(format_date(source.as_of, self.lang)), self.word("days", n=days)]
