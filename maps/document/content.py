"""``report.docx``, ``report.pdf``: a draft in the form of an administrative document, to correct and sign."""

from __future__ import annotations

import re
from pathlib import Path

from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, format_date, format_number
from phusong.data.tables import provinces
from phusong.maps.document.evidence import write_evidence
from phusong.maps.document.paper import Letterhead, Paper, Signature
from phusong.maps.document.words import HEADERS, WORDS
from phusong.maps.figures import Figures, layer_label, operator_label, source_label
from phusong.maps.official_sentences import official_service_sentences, province_sentences
from phusong.maps.page_words import notes
from phusong.maps.safe import one_line, shorten
from phusong.maps.scenario.paper import write_scenario
from phusong.maps.sentences import service_sentences, station_sentence
from phusong.maps.static import Drawings
from phusong.maps.tables import version, vietnamese_form
from phusong.maps.words import cause_sentence, listed

COMMUNES_SHOWN = 20
GAPS_SHOWN = 12
PLACES_SHOWN = 25
MAPS_SHOWN = 3
MAP_WIDTH_MM = 145.0
MISSING = "–"


def province_title(name: str, kind: str | None) -> str:
    """Return a province's name with what it is: ``tỉnh Gia Lai``; as given where it says so itself."""
    if kind is None or re.match("(tỉnh|thành phố) ", name, re.IGNORECASE):
        return name
    return f"{kind} {name}"


class _Report:
    """The parts of one document, in order."""

    def __init__(self, result: Result, paper: Paper, lang: Language, drawings: Drawings) -> None:
        self.result, self.paper, self.lang, self.drawings = result, paper, lang, drawings
        self.figures = Figures(result)
        self.province = result.layers.project.province
        self.date = format_date(self.province.as_of, lang)
        vietnamese = lang == "vi" and vietnamese_form(result)
        kinds = {code: unit.kind for code, unit in provinces().items()} if vietnamese else {}
        self.name = one_line(province_title(self.province.name, kinds.get(self.province.code)))

    def say(self, key: str, **values: object) -> str:
        """Return a phrase of the document."""
        return WORDS[key].say(self.lang, **values)

    def heads(self, *keys: str) -> list[str]:
        """Return headings of columns."""
        return [HEADERS[key].say(self.lang) for key in keys]

    def text(self, text: str) -> None:
        """Write a paragraph."""
        self.paper.text(text)

    def heading(self, text: str) -> None:
        """Write a heading."""
        self.paper.heading(text)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number as it is written."""
        return format_number(float(value), self.lang, decimals)

    def head(self) -> None:
        """Write the national motto, the agency, number, place and date, and the title."""
        head = None
        if vietnamese_form(self.result):
            place = re.sub("^(tỉnh|thành phố) ", "", self.name, flags=re.IGNORECASE)
            head = Letterhead(
                (self.say("committee"), shorten(self.name.upper(), 60)), self.say("agency"),
                self.say("number"), self.say("country"), self.say("motto"),
                self.say("day", name=shorten(place, 40), year=str(self.province.as_of.year)),
            )
        self.paper.letterhead(head, self.say("draft"))
        self.paper.title(
            self.say("kind"),
            self.say("about_scenario" if self.result.what_if else "about", name=self.name),
            self.say("about_date", date=self.date),
        )

    def scope(self) -> None:
        """Write what was computed, for how many people, on which cells."""
        people, grid = self.result.people, self.result.layers.grid
        self.heading(self.say("scope"))
        self.text(self.say(
            "scope_text", communes=len(self.figures.codes), people=people.inside, cell=grid.cell_m
        ))
        self.text(self.say("forecast"))

    def results(self) -> None:
        """Write what is reached, service by service."""
        figures, lang = self.figures, self.lang
        self.heading(self.say("results"))
        for service in figures.services:
            said = " ".join(s.text for s in service_sentences(figures, service, lang))
            self.text(said)
            more = " ".join(shorten(s.text, 500) for s in official_service_sentences(figures, service, lang))
            if more:
                self.text(more)
        counts = station_sentence(figures, lang)
        whole = [*([counts] if counts else []), *province_sentences(figures, lang)]
        if whole:
            self.text(" ".join(shorten(s.text, 500) for s in whole))
        rows = []
        for service in figures.services:
            for operator in figures.operators:
                ratio = figures.province(service, "population", operator)
                if ratio is not None:
                    name = figures.label(service, lang)
                    rows.append([name, operator_label(operator, lang), ratio.counts(lang), ratio.share(lang)])
        self.caption("by_operator")
        self.paper.table(self.heads("service", "operator", "people", "share"), rows, (30, 55, 50, 25),
            numbers=(2, 3),
        )

    def caption(self, key: str, **values: object) -> None:
        """Write what stands above a table."""
        self.paper.caption(self.say(key, **values))

    def communes(self) -> None:
        """Write the communes that are furthest behind."""
        figures, lang = self.figures, self.lang
        self.heading(self.say("communes"))
        first = figures.services[0]
        found = {code: figures.commune(code, first, "population") for code in figures.codes}
        ranked = sorted(
            (code for code, ratio in found.items() if ratio is not None and ratio.denominator > 0),
            key=lambda code: (found[code].percent, code),  # type: ignore[union-attr]
        )[:COMMUNES_SHOWN]
        self.text(self.say(
            "communes_text", n=len(ranked), all=len(figures.codes), service=figures.label(first, lang)
        ))
        communes = self.result.layers.communes
        named = communes[["commune_code", "commune_name"]].astype(str)
        names = dict(zip(named["commune_code"], named["commune_name"], strict=True))
        rows = []
        for order, code in enumerate(ranked, start=1):
            ratios = [figures.commune(code, service, "population") for service in figures.services]
            people = next((r.denominator for r in ratios if r is not None), float("nan"))
            rows.append([
                str(order), code, shorten(names[code], 60), self.number(people),
                *(MISSING if r is None else r.share(lang) for r in ratios),
            ])
        header = self.heads("order", "code", "commune", "dwellers")
        header += [figures.label(service, lang) for service in figures.services]
        widths = (10, 17, 55, 24, *(22 for _ in figures.services))
        self.caption("communes_table")
        self.paper.table(header, rows, widths, numbers=range(3, len(header)))

    def gaps(self) -> None:
        """Write the largest gaps of every service."""
        figures, lang = self.figures, self.lang
        self.heading(self.say("gaps"))
        gaps = self.result.gaps[self.result.gaps["operator"] == ANY]
        for service in figures.services:
            mine = gaps[gaps["service"] == service]
            self.text(self.say(
                "gaps_text", service=figures.label(service, lang), count=len(mine),
                people=float(mine["people"].sum()),
                scattered=max(float(self.result.scattered.get(service, 0.0)), 0.0),
            ))
        if len(gaps) == 0:
            return
        worst = gaps[gaps["rank"] <= max(GAPS_SHOWN // max(len(figures.services), 1), 3)]
        rows = [
            [
                figures.label(gap["service"], lang), str(gap["rank"]),
                shorten(listed(str(gap["commune_names"]), 4, self.say("commune_unit"), lang), 120),
                self.number(gap["people"]), self.number(gap["area_km2"], 1), cause_sentence(gap, lang),
                self.number(gap["nearest_site_m"] / 1000, 1),
            ]
            for gap in worst.drop(columns="geometry").to_dict("records")
        ]
        self.caption("gaps_table")
        self.paper.table(self.heads("service", "rank", "commune", "count", "area", "reason", "site"), rows,
            (20, 15, 48, 20, 16, 33, 22), numbers=(1, 3, 4, 6),
        )

    def places(self) -> None:
        """Write how many places of each layer are served."""
        figures, lang = self.figures, self.lang
        places = self.result.places
        places = places[places["operator"] == ANY]
        if len(places) == 0:
            return
        self.heading(self.say("places"))
        for (layer, service), some in places.groupby(["layer", "service"], sort=False):
            self.text(self.say(
                "places_text", service=figures.label(str(service), lang), all=len(some),
                missing=int((~some["served"].astype(bool)).sum()), what=layer_label(f"places:{layer}", lang),
            ))
        first = "villages" if "villages" in set(places["layer"]) else str(places["layer"].iloc[0])
        some = places[(places["layer"] == first) & (places["service"] == figures.services[0])]
        unserved = some[~some["served"].astype(bool)].sort_values(["commune_code", "name"], kind="stable")
        if len(unserved) == 0:
            return
        what = layer_label(f"places:{first}", lang)
        shown = unserved.head(PLACES_SHOWN)
        self.caption(
            "places_table", what=what[:1].upper() + what[1:], n=len(shown), all=len(unserved),
            service=figures.label(figures.services[0], lang),
        )
        rows = [
            [str(k), shorten(str(p["name"]), 60), shorten(str(p["commune_name"]), 50), str(p["commune_code"])]
            for k, p in enumerate(shown.to_dict("records"), start=1)
        ]
        self.paper.table(self.heads("order", "name", "commune", "code"), rows, (12, 70, 60, 20))

    def quality(self, number: int) -> None:
        """Write the account of the people, and what was found wrong in the data."""
        result = self.result
        self.heading(self.say("quality", k=str(number)))
        people = result.people
        self.text(self.say(
            "people", total=people.total, inside=people.inside, outside=people.outside,
            warnings=len(result.faults),
        ))
        rows = [
            [
                shorten(source_label(s.layer, self.lang), 40), shorten(s.path, 60) or MISSING,
                format_date(s.as_of, self.lang),
                self.number(s.rows),
            ]
            for s in result.layers.sources
        ]
        heads = self.heads("layer", "file", "as_of", "rows")
        self.paper.table(heads, rows, (40, 70, 30, 28), numbers=(3,))
        made = self.say("made", version=version())
        said = f"{notes(result, self.lang)} {made}"
        self.paper.note(said)

    def foot(self) -> None:
        """Write the recipients and leave the place of the signature blank."""
        self.paper.signature(
            Signature(self.say("to"), self.say("archive"), self.say("signer"), self.say("signature"))
        )

    def maps(self) -> None:
        """Show the maps in an annex, two to a page: between paragraphs they would leave pages half blank."""
        figures, lang = self.figures, self.lang
        year = str(self.province.as_of.year)
        self.paper.annex(self.say("annex"), self.say("annex_about"), self.say("annex_to", year=year))
        for k, service in enumerate(figures.services[:MAPS_SHOWN], start=1):
            said = figures.in_sentence(service, lang)
            caption = self.say("figure", k=str(k), service=said, date=self.date)
            self.paper.picture(self.drawings.png(service), caption, width_mm=MAP_WIDTH_MM)

    def write(self) -> None:
        """Write all parts."""
        self.head()
        write_scenario(self.paper, self.result, self.lang)
        self.scope()
        self.results()
        self.communes()
        self.gaps()
        self.places()
        self.quality(write_evidence(self.figures, self.paper, self.lang, 6))
        self.foot()
        self.maps()


def _title(result: Result, lang: Language) -> str:
    return WORDS["about"].say(lang, name=result.layers.project.province.name)


def write_document(
    result: Result, path: Path, lang: Language, *, drawings: Drawings | None = None
) -> None:
    """Write the draft report as a Word document.

    In the form of Decree 30/2020/ND-CP where the codes are Vietnamese; elsewhere without the national
    motto. Number, day, signature and seal are left blank for the agency. The bytes depend on the result
    and the language only. ``drawings``: the maps, for who has drawn them already.
    """
    from phusong.maps.document.docx_form import DocxPaper

    paper = DocxPaper(_title(result, lang), result.layers.project.province.as_of, lang)
    _Report(result, paper, lang, drawings or Drawings(result, lang)).write()
    paper.save(path)


def write_pdf(result: Result, path: Path, lang: Language, *, drawings: Drawings | None = None) -> None:
    """Write the draft report as a PDF, with the content of `write_document`."""
    from phusong.maps.document.pdf_form import PdfPaper

    paper = PdfPaper(_title(result, lang), lang)
    _Report(result, paper, lang, drawings or Drawings(result, lang)).write()
    paper.save(path)
