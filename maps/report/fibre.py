"""Fibre along roads in the outputs of a run: a section, sheets, service areas and weak spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from phusong.coverage.fibre.assessment import FibreAssessment
from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, Text, format_number, format_percent
from phusong.maps.citation import cited_sources, gpkg_metadata
from phusong.maps.figures import operator_label
from phusong.maps.gis import still_clock
from phusong.maps.inline import escape
from phusong.maps.map_page.data import NAME_LENGTH
from phusong.maps.report.section import Section, table
from phusong.maps.safe import shorten
from phusong.maps.sheet import Column

MOST_SPANS = 15
MOST_NAMES = 4
TITLE = Text("Cáp quang dọc đường", "Fibre along roads")
SHEETS = {
    "passed": Text("Cáp - hộ đi qua", "Fibre homes passed"),
    "spans": Text("Cáp - đoạn trọng yếu", "Fibre weak spans"),
    "backbone": Text("Cáp - về nút gom", "Fibre backbone"),
    "optics": Text("Cáp - quỹ công suất", "Fibre optical budget"),
}
HEADS = {
    "operator": Text("Nhà mạng", "Operator"), "people": Text("Dân", "People"),
    "passed": Text("Dân trong tầm", "People passed"), "share": Text("Tỷ lệ", "Share"),
    "homes": Text("Hộ", "Homes"), "homesPassed": Text("Hộ trong tầm", "Homes passed"),
    "one": Text("Dân phụ thuộc một đoạn cáp", "People on one span"),
    "sitesOne": Text("Trạm phụ thuộc một đoạn cáp", "Sites on one span"),
    "noWay": Text("Dân trên cáp không rõ đường về OLT", "People on cable with no known way to an OLT"),
    "reached": Text("Xã có cáp về nút gom", "Communes within reach of an aggregation point"),
    "light": Text("Điểm đấu nối trong quỹ công suất", "Access points within the optical budget"),
    "where": Text("Ở xã", "In commune"),
    "rank": Text("Hạng", "Rank"), "routes": Text("Tuyến", "Routes"), "km": Text("Dài (km)", "Length (km)"),
    "peopleBehind": Text("Dân phía sau", "People behind"), "sites": Text("Trạm phía sau", "Sites behind"),
    "communes": Text("Xã phía sau", "Communes behind"), "commune": Text("Xã", "Commune"),
    "code": Text("Mã xã", "Commune code"), "points": Text("Nút gom", "Aggregation points"),
    "cable": Text("Cáp trong xã (km)", "Cable in it (km)"),
    "distance": Text("Cách nút gom (km)", "From an aggregation point (km)"),
    "kind": Text("Loại nút", "Kind"), "path": Text("Từ OLT (km)", "From the OLT (km)"),
    "loss": Text("Suy hao (dB)", "Loss (dB)"), "margin": Text("Dự phòng còn (dB)", "Margin left (dB)"),
    "left": Text("Còn kéo được (km)", "Reach left (km)"),
}
WEAKEST = Text(
    "Các đoạn cáp nhiều người phụ thuộc nhất (mọi nhà mạng)",
    "Spans on which most people hang (all operators)",
)
ISLANDS = Text(
    "{n} cụm đường ({km} km, {people} người) không nối với mạng đường chính.",
    "{n} groups of roads ({km} km, {people} people) are joined to the main network by no road.",
)


def assessments(result: Result) -> dict[str, FibreAssessment]:
    """Return what was assessed of fibre along roads, by service; nothing of a public result."""
    return {} if result.public or result.fibre is None else dict(result.fibre)


def fibre_section(s: Section) -> str:
    """Write the section of a report; empty where no service reaches along roads."""
    result, lang = s.figures.result, s.lang
    communes = result.layers.communes
    names = dict(zip(communes["commune_code"], communes["commune_name"], strict=True))
    parts = [_service(found, names, lang) for found in assessments(result).values()]
    if not parts:
        return ""
    title = escape(TITLE.say(lang))
    head = f'<section id="fibre" aria-labelledby="h-fibre"><h2 id="h-fibre">{title}</h2>'
    return f"{head}{''.join(parts)}</section>"


def _service(found: FibreAssessment, names: Mapping[str, str], lang: Language) -> str:
    rows = []
    for operator, weak in found.redundancy.items():
        passed = found.passed[found.passed["operator"] == operator]
        backbone = found.backbone[found.backbone["operator"] == operator]
        light = found.optics[found.optics["operator"] == operator]
        known = light[np.isfinite(light["cable_m"].to_numpy(np.float64))]
        people, all_people = float(passed["people_passed"].sum()), float(passed["people"].sum())
        rows.append(
            [
                escape(operator_label(operator, lang)), _n(people, lang),
                escape(format_percent(people, all_people, lang)), _n(passed["homes_passed"].sum(), lang),
                _n(weak.people_on_one_span, lang), _n(weak.sites_on_one_span, lang),
                _n(weak.people_without_way, lang),
                f"{_n(backbone['reached'].sum(), lang)}/{_n(len(backbone), lang)}",
                f"{_n(known['ok'].sum(), lang)}/{_n(len(known), lang)}",
            ]
        )  # fmt: skip
    keys = ("operator", "passed", "share", "homesPassed", "one", "sitesOne", "noWay", "reached", "light")
    body = table(escape(TITLE.say(lang)), [escape(HEADS[k].say(lang)) for k in keys], rows)
    apart = found.work.islands
    if len(apart):
        km = format_number(float(apart["length_m"].sum()) / 1000.0, lang, 1)
        people_said = format_number(round(float(apart["people"].sum())), lang)
        said = ISLANDS.say(lang, n=len(apart), km=km, people=people_said)
        body += f"<p>{escape(said)}</p>"
    return body + _weakest(found, names, lang)


def _weakest(found: FibreAssessment, names: Mapping[str, str], lang: Language) -> str:
    spans = found.redundancy[ANY].spans
    spans = spans[spans["people_behind"] > 0].head(MOST_SPANS)
    if not len(spans):
        return ""
    rows = [
        [
            _n(r["rank"], lang), escape(_named(str(r["commune_code"]), names)),
            escape(_listed(str(r["route_ids"]).split("; "))),
            escape(_named(str(r["communes_behind"]), names)),
            escape(format_number(r["length_m"] / 1000.0, lang, 2)), _n(r["people_behind"], lang),
            _n(r["sites_behind"], lang),
        ]
        for r in spans.drop(columns="geometry").to_dict("records")
    ]  # fmt: skip
    keys = ("rank", "where", "routes", "communes", "km", "peopleBehind", "sites")
    heads = [escape(HEADS[k].say(lang)) for k in keys]
    return table(escape(WEAKEST.say(lang)), heads, rows, numeric=4)


def _named(codes: str, names: Mapping[str, str]) -> str:
    """Return the names of communes given as ``code; code``; of many the first and how many more."""
    return _listed([str(names.get(code, code)) for code in codes.split("; ")])


def _listed(words: Sequence[str]) -> str:
    """Return the first of some names and how many more; a dash for none."""
    said = [shorten(word, NAME_LENGTH) for word in words if word]
    more = [f"+{len(said) - MOST_NAMES}"] if len(said) > MOST_NAMES else []
    return "; ".join([*said[:MOST_NAMES], *more]) or "–"


def _n(value: float, lang: Language) -> str:
    number = float(value)
    return escape(format_number(round(number) if np.isfinite(number) else number, lang))


def fibre_sheets(result: Result, lang: Language) -> list[tuple[Text, Sequence[Column]]]:
    """Return the sheets of the workbook, those with rows."""
    import pandas as pd

    found = list(assessments(result).values())
    if not found:
        return []

    def column(key: str, kind: str, values: object) -> Column:
        """Return a column under its heading."""
        return Column(HEADS[key].say(lang), kind, list(values))  # type: ignore[arg-type, call-overload]

    def km(metres: pd.Series[float]) -> list[float]:
        """Return kilometres."""
        return [float(v) / 1000.0 for v in metres]

    def who(frame: pd.DataFrame) -> Column:
        """Return the column of the operators."""
        return column("operator", "text", [operator_label(str(o), lang) for o in frame["operator"]])

    p = pd.concat([f.passed for f in found], ignore_index=True)
    s = pd.concat([w.spans.drop(columns="geometry") for f in found for w in f.redundancy.values()])
    b = pd.concat([f.backbone for f in found], ignore_index=True)
    o = pd.concat([f.optics for f in found], ignore_index=True)
    sheets: list[tuple[Text, Sequence[Column]]] = [
        (SHEETS["passed"], [
            column("code", "text", p["commune_code"].astype(str)),
            column("commune", "text", p["commune_name"].astype(str)), who(p),
            column("people", "count", p["people"]), column("passed", "count", p["people_passed"]),
            column("homes", "count", p["homes"]), column("homesPassed", "count", p["homes_passed"]),
        ]),
        (SHEETS["spans"], [
            column("rank", "count", s["rank"]), who(s),
            column("where", "text", s["commune_code"].astype(str)),
            column("routes", "text", s["route_ids"].astype(str)),
            column("km", "number", km(s["length_m"])), column("peopleBehind", "count", s["people_behind"]),
            column("sites", "count", s["sites_behind"]), column("communes", "text", s["communes_behind"]),
        ]),
        (SHEETS["backbone"], [
            column("code", "text", b["commune_code"].astype(str)),
            column("commune", "text", b["commune_name"].astype(str)), who(b),
            column("points", "count", b["aggregation_points"]), column("cable", "number", km(b["cable_m"])),
            column("distance", "number", [v if np.isfinite(v) else None for v in km(b["distance_m"])]),
        ]),
        (SHEETS["optics"], [
            column("kind", "text", o["kind"].astype(str)), who(o), column("path", "number", km(o["cable_m"])),
            column("loss", "number", o["loss_db"]), column("margin", "number", o["margin_left_db"]),
            column("left", "number", km(o["reach_left_m"])),
        ]),
    ]  # fmt: skip
    return [(name, columns) for name, columns in sheets if len(columns[0].values)]


def write_areas(result: Result, path: Path) -> None:
    """Write the service areas as the layer ``areas`` (EPSG:4326): ``service operator ways_m``."""
    _write(result, path, "areas", "MultiPolygon")


def write_spans(result: Result, path: Path) -> None:
    """Write the spans without which somebody is cut off as the layer ``spans`` (EPSG:4326)."""
    _write(result, path, "spans", "MultiLineString")


def _write(result: Result, path: Path, layer: str, kind: str) -> None:
    import geopandas as gpd
    import pandas as pd
    import pyogrio

    frames = []
    for service, found in assessments(result).items():
        some = [found.areas[["operator", "ways_m", "geometry"]]]
        if layer == "spans":
            some = [weak.spans for weak in found.redundancy.values()]
        crs = result.layers.grid.crs
        known = [frame if frame.crs is not None else frame.set_crs(crs) for frame in some if len(frame)]
        frames += [frame.assign(service=service).to_crs(4326) for frame in known]
    if not frames:
        frames.append(gpd.GeoDataFrame({"service": [], "operator": []}, geometry=[], crs=4326))
    with still_clock(result.layers.project.province.as_of):
        pyogrio.write_dataframe(
            pd.concat(frames, ignore_index=True), path, layer=layer, driver="GPKG", geometry_type=kind,
            promote_to_multi=True, layer_options={"FID": "fid"},
            **gpkg_metadata(cited_sources(result.layers.sources)),
        )
