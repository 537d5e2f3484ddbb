"""Sheets of the workbook that make figures stand: villages, areas, definitions compared, targets, indices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from phusong.coverage.definitions import OWN
from phusong.coverage.result import Result
from phusong.data.language import Language, Text
from phusong.maps.figures import Figures, operator_label
from phusong.maps.sheet import Column, as_date
from phusong.maps.target_words import (
    ORIGINS,
    STATES,
    all_evidence,
    definition_name,
    evidence_value,
    planned_head,
    told_definitions,
    told_targets,
)
from phusong.maps.words import criterion_names, service_name

if TYPE_CHECKING:
    import pandas as pd

VILLAGES = Text("Thôn trắng, lõm", "Villages")
SETTLEMENTS = Text("Khu dân cư chưa phủ", "Areas not served")
DEFINITIONS = Text("Các định nghĩa", "Definitions compared")
BY_COMMUNE = Text("Định nghĩa theo xã", "Definitions by commune")
TARGETS = Text("Mục tiêu", "Targets")
EVIDENCE = Text("Minh chứng DTI, DII", "DTI, DII evidence")
_HEADS = {
    "service": Text("Dịch vụ", "Service"), "operator": Text("Nhà mạng", "Operator"),
    "state": Text("Tình trạng", "State"), "place_id": Text("Mã thôn", "Village id"),
    "name": Text("Tên", "Name"), "commune_code": Text("Mã xã", "Commune code"),
    "commune": Text("Xã, phường, đặc khu", "Commune"), "homes": Text("Số hộ", "Households"),
    "power": Text("Điện lưới", "Grid power"), "poor": Text("Đặc biệt khó khăn", "Disadvantaged"),
    "outlying": Text("Dân ở cụm chưa có sóng", "People in the cluster left out"),
    "lon": Text("Kinh độ", "Longitude"), "lat": Text("Vĩ độ", "Latitude"),
    "area_id": Text("Mã khu", "Area id"), "people": Text("Số dân", "People"),
    "share": Text("Tỷ lệ được phủ", "Share covered"), "definition": Text("Định nghĩa", "Definition"),
    "n": Text("Đạt (n)", "Covered (n)"), "N": Text("Tổng (N)", "Total (N)"),
    "percent": Text("Tỷ lệ", "Share"), "moved": Text("Số xã đổi hạng", "Communes that change rank"),
    "source": Text("Nguồn", "Source"), "rank": Text("Hạng", "Rank"),
    "change": Text("Đổi hạng", "Change of rank"), "target": Text("Chỉ tiêu", "Target"),
    "verdict": Text("Đánh giá", "Verdict"), "document": Text("Văn bản", "Document"),
    "year": Text("Năm", "Year"), "wanted": Text("Phải đạt", "To reach"),
    "gap": Text("Còn thiếu", "Missing"), "trend": Text("Xu hướng", "Trend"),
    "index": Text("Chỉ số", "Index"),
    "criterion": Text("Tiêu chí", "Criterion"), "origin": Text("Cách có số", "How it is known"),
    "value": Text("Giá trị", "Value"), "how": Text("Cách tính", "Computed as"),
    "as_of": Text("Số liệu đến ngày", "As of"),
}  # fmt: skip
_FLAG = {1.0: Text("có", "yes"), 0.0: Text("không", "no")}


def evidence_sheets(result: Result, lang: Language) -> list[tuple[Text, list[Column]]]:
    """Return the further sheets of a result, each a name and its columns; those without rows are left out.

    Parameters
    ----------
    result : Result
    lang : {"vi", "en"}
    """
    figures = Figures(result)
    found = [
        (TARGETS, _targets(figures, lang)), (VILLAGES, _villages(figures, lang)),
        (SETTLEMENTS, _settlements(figures, lang)), (DEFINITIONS, _definitions(figures, lang)),
        (BY_COMMUNE, _by_commune(figures, lang)), (EVIDENCE, _evidence(figures, lang)),
    ]  # fmt: skip
    return [(name, columns) for name, columns in found if columns and len(columns[0].values)]


def _column(lang: Language, key: str, kind: str, values: Sequence[object]) -> Column:
    return Column(_HEADS[key].say(lang), kind, values)  # type: ignore[arg-type]


def _villages(figures: Figures, lang: Language) -> list[Column]:
    frame = figures.result.villages
    if frame is None:
        return []
    frame = frame[frame["state"] != "served"]

    def flags(name: str) -> list[str]:
        """Return a column of yes and no, empty where it is not known."""
        return [_FLAG[v].say(lang) if v in _FLAG else "" for v in frame[name].tolist()]

    return [
        _column(lang, "service", "text", [service_name(figures, s, lang) for s in frame["service"]]),
        _column(lang, "operator", "text", [operator_label(o, lang) for o in frame["operator"]]),
        _column(lang, "state", "text", [STATES[x].say(lang) for x in frame["state"]]),
        _column(lang, "place_id", "text", frame["place_id"].astype(str).tolist()),
        _column(lang, "name", "text", frame["name"].astype(str).tolist()),
        _column(lang, "commune_code", "text", frame["commune_code"].astype(str).tolist()),
        _column(lang, "commune", "text", frame["commune_name"].astype(str).tolist()),
        _column(lang, "homes", "count", frame["households"].astype(float).tolist()),
        _column(lang, "power", "text", flags("has_grid_power")),
        _column(lang, "poor", "text", flags("disadvantaged")),
        _column(lang, "outlying", "count", frame["outlying_people"].astype(float).tolist()),
        _column(lang, "lon", "degrees", frame["lon"].astype(float).tolist()),
        _column(lang, "lat", "degrees", frame["lat"].astype(float).tolist()),
    ]


def _settlements(figures: Figures, lang: Language) -> list[Column]:
    frame = figures.result.settlements
    if frame is None:
        return []
    frame = frame[~frame["served"].astype(bool)]
    return [
        _column(lang, "service", "text", [service_name(figures, s, lang) for s in frame["service"]]),
        _column(lang, "area_id", "text", frame["settlement_id"].astype(str).tolist()),
        _column(lang, "commune_code", "text", frame["commune_code"].astype(str).tolist()),
        _column(lang, "commune", "text", frame["commune_name"].astype(str).tolist()),
        _column(lang, "people", "count", frame["people"].astype(float).tolist()),
        _column(lang, "share", "percent", frame["share"].astype(float).tolist()),
        _column(lang, "lon", "degrees", frame["lon"].astype(float).tolist()),
        _column(lang, "lat", "degrees", frame["lat"].astype(float).tolist()),
    ]


def _definitions(figures: Figures, lang: Language) -> list[Column]:
    found = told_definitions(figures, lang)
    return [
        _column(lang, "service", "text", [service_name(figures, x.service, lang) for x in found]),
        _column(lang, "definition", "note", [x.name for x in found]),
        _column(lang, "n", "count", [x.people.numerator for x in found]),
        _column(lang, "N", "count", [x.people.denominator for x in found]),
        _column(lang, "percent", "percent", [x.people.percent / 100.0 for x in found]),
        _column(lang, "moved", "count", [x.moved for x in found]),
        _column(lang, "source", "note", [x.source for x in found]),
    ]


def _by_commune(figures: Figures, lang: Language) -> list[Column]:
    """Return a row per commune, and for every definition its share and its change of rank."""
    frame = figures.result.definitions
    if frame is None or not len(frame):
        return []
    frame = frame[frame["level"] == "commune"]
    first: pd.DataFrame | None = None
    columns: list[Column] = []
    for (service, definition), some in frame.groupby(["service", "definition"], sort=False):
        first = some if first is None else first
        said = definition_name(figures, str(service), str(definition), lang)
        name = f"{service_name(figures, str(service), lang)}: {said}"
        columns.append(Column(name, "percent", (some["percent"] / 100.0).tolist()))
        key, values = ("rank", "rank") if definition == OWN else ("change", "rank_change")
        columns.append(Column(f"{_HEADS[key].say(lang)}: {name}", "number", some[values].tolist()))
    assert first is not None
    head = [
        _column(lang, "commune_code", "text", first["code"].astype(str).tolist()),
        _column(lang, "commune", "text", first["name"].astype(str).tolist()),
    ]
    return head + columns


def _targets(figures: Figures, lang: Language) -> list[Column]:
    found = told_targets(figures, lang)

    def known(value: float, factor: float = 1.0) -> float | None:
        """Return a number, None for NaN."""
        return None if math.isnan(value) else value * factor

    return [
        _column(lang, "target", "text", [x.name for x in found]),
        _column(lang, "verdict", "text", [x.verdict for x in found]),
        _column(lang, "document", "note", [x.document for x in found]),
        _column(lang, "year", "text", [str(x.standing.wanted.year) for x in found]),
        _column(lang, "wanted", "text", [x.wanted for x in found]),
        _column(lang, "n", "number", [known(x.standing.numerator) for x in found]),
        _column(lang, "N", "number", [known(x.standing.denominator) for x in found]),
        _column(lang, "percent", "percent", [known(x.standing.percent, 0.01) for x in found]),
        _column(lang, "gap", "text", [x.gap for x in found]),
        _column(lang, "trend", "text", [x.trend for x in found]),
        Column(planned_head(figures.result, lang), "text", [x.planned for x in found]),
        _column(lang, "source", "note", [x.standing.wanted.source for x in found]),
    ]


def _evidence(figures: Figures, lang: Language) -> list[Column]:
    found = all_evidence(figures.result)
    said = criterion_names(figures.result, lang)
    return [
        _column(lang, "index", "text", [x.criterion.index for x in found]),
        _column(lang, "criterion", "note", [x.criterion.name.say(lang) for x in found]),
        _column(lang, "origin", "text", [ORIGINS[x.criterion.origin].say(lang) for x in found]),
        _column(lang, "value", "text", [evidence_value(x, lang) for x in found]),
        _column(lang, "how", "note", [said.get(x.said, x.said) for x in found]),
        _column(lang, "as_of", "date", [as_date(x.as_of) if x.as_of else None for x in found]),
        _column(lang, "source", "note", [x.criterion.source for x in found]),
    ]
