"""``report.xlsx``: the figures for who works on with them in a spreadsheet."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phusong.coverage.fibre.reported import MARGIN_POINTS, reported_beyond_reach
from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, Text, format_date
from phusong.maps.figures import Figures, Ratio, operator_label, source_label
from phusong.maps.official_sentences import all_official
from phusong.maps.page_words import PREDICTED, notes
from phusong.maps.safe import one_line
from phusong.maps.sentences import service_sentences, station_sentence
from phusong.maps.sheet import Book, Column, as_date
from phusong.maps.terms import DEFINITIONS
from phusong.maps.words import (
    cause_sentence,
    criterion_names,
    indicator_name,
    reason_name,
    service_name,
    unit_name,
)
from phusong.maps.workbook.evidence import evidence_sheets
from phusong.maps.workbook.words import AS_OF, BEYOND, HEADERS, SHEETS, TITLE

_ORDER = ("population", "households", "communes", "places", "zones", "area", "stations", "sites", "cells")
"""Of the kinds of indicators in the summary."""
_PROVINCE = Text("Tỉnh", "Province")
_COMMUNE = Text("Xã", "Commune")
_CHART = Text("Tỷ lệ dân số được phủ theo dịch vụ", "Share of the population covered, by service")
_OPERATOR_CHART = Text("Tỷ lệ dân số được phủ theo nhà mạng", "Share of the population covered, by operator")
_SEVERITY = {"warning": Text("cảnh báo", "warning"), "error": Text("lỗi", "error")}


def _share(ratio: Ratio | None) -> float | None:
    return ratio.numerator / ratio.denominator if ratio is not None and ratio.denominator > 0 else None


def _n(ratio: Ratio | None) -> float | None:
    return None if ratio is None else ratio.numerator


def _of(ratio: Ratio | None) -> float | None:
    return None if ratio is None else ratio.denominator


class _Writer:
    """The sheets of one workbook."""

    def __init__(self, result: Result, book: Book, lang: Language) -> None:
        self.result, self.book, self.lang = result, book, lang
        self.figures = Figures(result)
        self.communes = result.layers.communes

    def _head(self, key: str, **values: str | float) -> str:
        return HEADERS[key].say(self.lang, **values)

    def _column(self, key: str, kind: Any, values: Sequence[Any], **words: str | float) -> Column:
        return Column(self._head(key, **words), kind, values)

    def _sheet(self, key: str) -> Any:
        return self.book.sheet(SHEETS[key].say(self.lang))

    def summary(self) -> None:
        """Write the first sheet: what is reached, and the notes."""
        lang, figures, book = self.lang, self.figures, self.book
        province = self.result.layers.project.province
        sheet = self._sheet("summary")
        sheet.write_string(0, 0, one_line(TITLE.say(lang, name=province.name)), book.formats["title"])
        sheet.write_string(1, 0, AS_OF.say(lang, date=province.as_of), book.formats["plain"])
        sheet.write_string(2, 0, notes(self.result, lang), book.formats["remark"])
        said = [s for service in figures.services for s in service_sentences(figures, service, lang)]
        counts = station_sentence(figures, lang)
        row = 4
        for sentence in [*said, *([counts] if counts else []), *all_official(figures, lang)]:
            sheet.write_string(row, 0, "• " + one_line(sentence.text), book.formats["plain"])
            row += 1
        table = self.result.indicators
        table = table[(table["level"] == "province") & (table["operator"] == ANY)]
        kinds = table["indicator"].str.partition(":")[0].map({k: n for n, k in enumerate(_ORDER)})
        table = table.assign(_kind=kinds.fillna(len(_ORDER))).sort_values("_kind", kind="stable")
        top = row + 1
        book.table(sheet, self._tidy(table, whole=False), top, freeze_columns=None)
        people = int((table["indicator"] == "population").sum())
        if people:
            self._chart(sheet, top + 1, people, (top + len(table) + 2, 0))

    def _chart(self, sheet: Any, top: int, rows: int, where: tuple[int, int]) -> None:
        name = sheet.get_name()
        chart = self.book.workbook.add_chart({"type": "bar"})
        chart.add_series({
            "categories": [name, top, 1, top + rows - 1, 1], "values": [name, top, 5, top + rows - 1, 5],
            "fill": {"color": "#1F3A5F"}, "data_labels": {"value": True, "num_format": "0.0%"},
        })
        _dress(chart, _CHART.say(self.lang))
        chart.set_size({"width": 640, "height": 110 + 42 * rows})
        sheet.insert_chart(*where, chart)

    def _tidy(self, table: Any, whole: bool) -> list[Column]:
        """Return columns of the tidy table; ``whole``: with level, code and name of the unit."""
        lang = self.lang
        criteria = criterion_names(self.result, lang)
        ratios = [
            Ratio(float(n), float(of)) for n, of in zip(table["numerator"], table["denominator"], strict=True)
        ]
        levels = {"province": _PROVINCE.say(lang), "commune": _COMMUNE.say(lang)}
        unit = [
            self._column("level", "text", [levels.get(v, v) for v in table["level"]]),
            self._column("code", "text", table["code"].tolist()),
            self._column("name", "text", table["name"].tolist()),
        ]
        return [
            *(unit if whole else []),
            self._column("indicator", "text", [indicator_name(i, lang) for i in table["indicator"]]),
            self._column("service", "text", [service_name(self.figures, s, lang) for s in table["service"]]),
            self._column("operator", "text", [operator_label(o, lang) for o in table["operator"]]),
            self._column("n", "number", [r.numerator for r in ratios]),
            self._column("N", "number", [r.denominator for r in ratios]),
            self._column("percent", "percent", [_share(r) for r in ratios]),
            self._column("unit", "text", [unit_name(u, lang) for u in table["unit"]]),
            self._column("criterion", "note", [criteria.get(c, c) for c in table["criterion"]]),
            self._column("as_of", "date", [as_date(d) for d in table["as_of"]]),
            *(
                self._column(end, "percent", (table[end] / 100.0).tolist())
                for end in ("low", "high")
                if end in table
            ),
        ]

    def communes_sheet(self) -> None:
        """Write the communes."""
        lang, figures = self.lang, self.figures
        codes = figures.codes
        first = next(iter(figures.services), "")
        columns = [
            self._column("commune_code", "text", codes),
            self._column("commune", "text", self.communes["commune_name"].astype(str).tolist()),
            self._column("official", "count", self.communes["population"].astype(float).tolist()),
            self._column("people", "count", [_of(figures.commune(c, first, "population")) for c in codes]),
            self._column("area", "number", [_of(figures.commune(c, first, "area")) for c in codes]),
        ]
        for service in figures.services:
            name = service_name(figures, service, lang)
            found = [figures.commune(c, service, "population") for c in codes]
            columns.append(self._column("covered", "count", [_n(r) for r in found], service=name))
            columns.append(self._column("share", "percent", [_share(r) for r in found], service=name))
        for indicator in figures.indicators("places:"):
            what = indicator_name(indicator, lang)
            columns.append(self._column(
                "of", "count", [_of(figures.commune(c, first, indicator)) for c in codes], what=what
            ))
            columns += [
                self._column(
                    "served", "count", [_n(figures.commune(c, service, indicator)) for c in codes],
                    service=service_name(figures, service, lang), what=what,
                )
                for service in figures.services
            ]
        columns += self._homes_and_stations(codes)
        self.book.table(self._sheet("communes"), columns, freeze_columns=2)

    def _homes_and_stations(self, codes: Sequence[str]) -> list[Column]:
        figures = self.figures
        over = reported_beyond_reach(self.result.indicators)
        beyond = set(over.loc[over["level"] == "commune", "code"])
        columns = []
        for service in figures.services:
            homes = [figures.commune(c, service, "households") for c in codes]
            if any(homes):
                columns += [
                    self._column("fibre_homes", "count", [_n(r) for r in homes]),
                    self._column("homes", "count", [_of(r) for r in homes]),
                    self._column("homes_share", "percent", [_share(r) for r in homes]),
                ]
                reach = [figures.commune(c, service, "households_reachable") for c in codes]
                if any(reach):
                    said = BEYOND.say(self.lang)
                    columns += [
                        self._column("reach_homes", "count", [_n(r) for r in reach]),
                        self._column("beyond", "text", [said if c in beyond else "" for c in codes],
                                     margin=MARGIN_POINTS),
                    ]
        for technology in self._technologies():
            counts = [figures.commune(c, technology, "stations") for c in codes]
            columns.append(self._column("stations", "count", [_n(r) for r in counts], technology=technology))
        return columns

    def _technologies(self) -> list[str]:
        table = self.result.indicators
        return sorted(set(table.loc[table["indicator"] == "stations", "service"]) - {"all"})

    def operators(self) -> None:
        """Write operators by service."""
        lang, figures = self.lang, self.figures
        services = [*figures.services, *(t for t in self._technologies() if t not in figures.services)]
        pairs = [
            (operator, service) for operator in figures.operators for service in services
            if any(figures.province(service, kind, operator) for kind in ("population", "stations"))
        ]
        found = [figures.province(s, "population", o) for o, s in pairs]
        columns = [
            self._column("operator", "text", [operator_label(o, lang) for o, _ in pairs]),
            self._column("service", "text", [service_name(figures, s, lang) for _, s in pairs]),
            self._column("gap_people", "count", [_n(r) for r in found]),
            self._column("N", "count", [_of(r) for r in found]),
            self._column("percent", "percent", [_share(r) for r in found]),
        ]
        for indicator, key in (("sites", "sites"), ("stations", "all_stations"), ("cells", "cells")):
            counts = [_n(figures.province(s, indicator, o)) for o, s in pairs]
            columns.append(self._column(key, "count", counts))
        sheet = self._sheet("operators")
        self.book.table(sheet, columns, freeze_columns=1)
        sheet.fit_to_pages(1, 1)  # the chart would be cut in two
        rows = {k for k, ratio in enumerate(found) if ratio is not None}
        if rows:
            self._operator_chart(sheet, pairs, rows)

    def _operator_chart(self, sheet: Any, pairs: list[tuple[str, str]], rows: set[int]) -> None:
        name = sheet.get_name().replace("'", "''")
        chart = self.book.workbook.add_chart({"type": "column"})
        shades = ("#1F3A5F", "#4F81BD", "#A6C8E4", "#7F7F7F", "#C9A227", "#595959")
        for k, service in enumerate(self.figures.services):
            mine = [r for r, (_, s) in enumerate(pairs) if s == service and r in rows]
            if mine:
                cells = {c: ",".join(f"'{name}'!${c}${r + 2}" for r in mine) for c in ("A", "E")}
                chart.add_series({
                    "name": service_name(self.figures, service, self.lang), "categories": f"=({cells['A']})",
                    "values": f"=({cells['E']})", "fill": {"color": shades[k % len(shades)]},
                })
        _dress(chart, _OPERATOR_CHART.say(self.lang), legend=True)
        chart.set_size({"width": 720, "height": 320})
        sheet.insert_chart(len(pairs) + 3, 0, chart)

    def unserved(self) -> None:
        """Write the places without a service."""
        lang = self.lang
        places = self.result.places
        places = places[(places["operator"] == ANY) & ~places["served"].astype(bool)]
        self.book.table(self._sheet("unserved"), [
            self._column("service", "text", [service_name(self.figures, s, lang) for s in places["service"]]),
            self._column("layer", "text", [indicator_name(f"places:{p}", lang) for p in places["layer"]]),
            self._column("place_id", "text", places["place_id"].astype(str).tolist()),
            self._column("name", "text", places["name"].astype(str).tolist()),
            self._column("commune_code", "text", places["commune_code"].astype(str).tolist()),
            self._column("commune", "text", places["commune_name"].astype(str).tolist()),
            self._column("signal", "number", places["signal"].astype(float).tolist()),
            self._column("unit", "text", [self._signal_unit(s) for s in places["service"]]),
            self._column("lon", "degrees", places["lon"].astype(float).tolist()),
            self._column("lat", "degrees", places["lat"].astype(float).tolist()),
        ], freeze_columns=4)

    def _signal_unit(self, service: str) -> str:
        return self.result.reaches[service, ANY].unit

    def gaps(self) -> None:
        """Write the gaps."""
        lang, gaps = self.lang, self.result.gaps
        table = gaps.drop(columns="geometry").to_dict("records")
        reasons = [reason_name(r, lang) for r in gaps["reason"]]
        causes = [cause_sentence(g, lang) for g in table]
        detail = [
            self._column("cause", "note", causes),
            self._column("short", "number", gaps["shortfall_db"].astype(float).tolist()),
        ]  # fmt: skip
        self.book.table(self._sheet("gaps"), [
            self._column("service", "text", [service_name(self.figures, s, lang) for s in gaps["service"]]),
            self._column("rank", "count", gaps["rank"].tolist()),
            self._column("gap_people", "count", gaps["people"].astype(float).tolist()),
            self._column("area", "number", gaps["area_km2"].astype(float).tolist()),
            self._column("communes", "text", gaps["commune_names"].astype(str).tolist()),
            self._column("commune_code", "text", gaps["commune_codes"].astype(str).tolist()),
            self._column("reason", "text", reasons),
            # Where the model knows no terrain there is no more to say.
            *(detail if causes != reasons else []),
            self._column("site", "text", gaps["nearest_site_id"].fillna("").astype(str).tolist()),
            self._column("site_m", "count", gaps["nearest_site_m"].astype(float).tolist()),
            self._column("fibre_m", "count", gaps["nearest_fibre_m"].astype(float).tolist()),
            self._column("places", "text", gaps["places"].fillna("").astype(str).tolist()),
            self._column("lon", "degrees", gaps["lon"].astype(float).tolist()),
            self._column("lat", "degrees", gaps["lat"].astype(float).tolist()),
        ], freeze_columns=2)

    def tidy(self) -> None:
        """Write the province's figures, and the communes' of all operators together.

        Each operator in each commune would be four fifths of the rows; they are in `indicators.csv`.
        """
        table = self.result.indicators
        kept = (table["level"] == "province") | ((table["operator"] == ANY) & (table["denominator"] != 0))
        self.book.table(self._sheet("all"), self._tidy(table[kept], whole=True), freeze_columns=3)

    def definitions(self) -> None:
        """Write what the words mean."""
        lang, figures = self.lang, self.figures
        terms = [(service_name(figures, s, lang), figures.criterion(s, lang)) for s in figures.services]
        terms += [(term.say(lang), meaning.say(lang)) for term, meaning in DEFINITIONS]
        self.book.table(self._sheet("definitions"), [
            self._column("term", "text", [t for t, _ in terms]),
            self._column("meaning", "note", [m for _, m in terms]),
        ])

    def sources(self) -> None:
        """Write the files that were read."""
        sources = self.result.layers.sources
        self.book.table(self._sheet("sources"), [
            self._column("input", "text", [source_label(s.layer, self.lang) for s in sources]),
            self._column("file", "text", [s.path for s in sources]),
            self._column("as_of", "date", [s.as_of for s in sources]),
            self._column("rows", "count", [s.rows for s in sources]),
            Column("SHA-256", "note", [s.sha256 for s in sources]),
            *self._attribution(),
        ])

    def _attribution(self) -> list[Column]:
        """Return whom to name, where any input is public data."""
        cited = [s.attribution for s in self.result.layers.sources]
        return [self._column("attribution", "note", cited)] if any(cited) else []

    def faults(self) -> None:
        """Write what was found wrong in the data."""
        lang, faults = self.lang, self.result.faults
        self.book.table(self._sheet("faults"), [
            self._column("severity", "text", [_SEVERITY[f.severity].say(lang) for f in faults]),
            self._column("fault", "text", [f.code for f in faults]),
            self._column("input", "text", [source_label(f.layer, lang) for f in faults]),
            self._column("message", "note", [f.say(lang) for f in faults]),
        ])


def _dress(chart: Any, title: str, legend: bool = False) -> None:
    chart.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
    chart.set_legend({"position": "bottom"} if legend else {"none": True})
    grid = {"visible": True, "line": {"color": "#DDDDDD"}}
    axis = {"num_format": "0%", "min": 0, "max": 1, "major_gridlines": grid}
    if legend:
        chart.set_y_axis(axis)
    else:
        chart.set_x_axis(axis)
        chart.set_y_axis({"reverse": True})


def write_workbook(
    result: Result, path: Path, lang: Language, *, more: Sequence[tuple[Text, Sequence[Column]]] = ()
) -> None:
    """Write the workbook: summary, communes, operators, places not served, gaps, all indicators, sources.

    ``more``: further sheets behind the gaps, each a name and its columns: a plan, a comparison.

    Numbers and dates are numbers and dates, in formats that Excel shows with the separators of the
    reader's country; text from the inputs is written as text, so that none of it becomes a formula or a
    link. The bytes depend on the result and the language only.
    """
    import xlsxwriter

    province = result.layers.project.province
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        title = one_line(TITLE.say(lang, name=province.name))
        workbook.set_properties({
            "title": title, "comments": PREDICTED.say(lang),
            "created": datetime.datetime.combine(province.as_of, datetime.time()),
        })
        footer = f"{title} – {format_date(province.as_of, lang)} – {PREDICTED.say(lang)}"
        writer = _Writer(result, Book(workbook, footer), lang)
        writer.summary()
        writer.communes_sheet()
        writer.operators()
        writer.unserved()
        writer.gaps()
        for name, columns in (*evidence_sheets(result, lang), *more):
            writer.book.table(writer.book.sheet(name.say(lang)), list(columns), freeze_columns=2)
        writer.tidy()
        writer.definitions()
        writer.sources()
        writer.faults()
