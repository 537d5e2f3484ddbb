"""What is said of a scenario, in tables and sentences that page, document and workbook share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from phusong.coverage.result import ANY, Result
from phusong.coverage.scenario import Repair, WhatIf
from phusong.data.language import Language, Text, format_number, format_percent
from phusong.layers.scenario.apply import Counts, Step
from phusong.maps.figures import Figures, Ratio, operator_label

WORDS: Mapping[str, Text] = {
    "title": Text("Kịch bản: {name}", "Scenario: {name}"),
    "sheet": Text("Kịch bản", "Scenario"),
    "changesSheet": Text("Thay đổi theo xã", "Changes by commune"),
    "placesSheet": Text("Điểm mất, thêm sóng", "Places lost and gained"),
    "repairSheet": Text("Thứ tự khôi phục", "Order of repair"),
    "base": Text("Hiện trạng", "As it is"),
    "side": Text("Kịch bản: {name}", "Scenario: {name}"),
    "what": Text("Nội dung thay đổi", "What is changed"),
    "entry": Text("Mục", "Entry"),
    "action": Text("Thay đổi", "Change"),
    "sites": Text("Vị trí", "Sites"),
    "stations": Text("Trạm", "Base stations"),
    "cells": Text("Cell", "Cells"),
    "objects": Text("Tuyến, nút cáp", "Fibre routes, nodes"),
    "counts": Text(
        "Toàn mạng: {sites} vị trí, {stations} trạm, {cells} cell; kịch bản còn {sites_now} vị trí, "
        "{stations_now} trạm, {cells_now} cell.",
        "Network: {sites} sites, {stations} base stations, {cells} cells; in the scenario {sites_now} sites, "
        "{stations_now} base stations, {cells_now} cells.",
    ),
    "effect": Text("Người dân mất hoặc thêm sóng", "People who lose or gain coverage"),
    "service": Text("Dịch vụ", "Service"),
    "operator": Text("Nhà mạng", "Operator"),
    "before": Text("Hiện trạng (người)", "As it is (people)"),
    "lost": Text("Mất (người)", "Lost (people)"),
    "gained": Text("Thêm (người)", "Gained (people)"),
    "after": Text("Kịch bản (người)", "Scenario (people)"),
    "shareBefore": Text("% trước", "% before"),
    "shareAfter": Text("% sau", "% after"),
    "balance": Text(
        "Mỗi dòng: hiện trạng − mất + thêm = kịch bản.", "In every row: as it is − lost + gained = scenario."
    ),
    "communes": Text("{service}: các xã thay đổi nhiều nhất", "{service}: communes that change most"),
    "commune": Text("Xã, phường, đặc khu", "Commune"),
    "code": Text("Mã xã", "Code"),
    "nothing": Text("Không dịch vụ nào thay đổi.", "No service changes."),
    "placesSaid": Text(
        "{service}: {lost} điểm mất sóng, {gained} điểm thêm sóng (thôn, làng, điểm cần phủ; bất kỳ nhà "
        "mạng nào).",
        "{service}: {lost} places lose coverage, {gained} gain it (of any operator).",
    ),
    "repair": Text("Thứ tự khôi phục, {service}", "Order of repair, {service}"),
    "repairSaid": Text(
        "{n} vị trí cần khôi phục; {lost} người mất sóng {service} ({operator}) có lại sóng khi khôi phục "
        "xong.",
        "{n} sites to repair; {lost} people without {service} ({operator}) have it again when all is "
        "repaired.",
    ),
    "repairHalf": Text(
        "{percent}% số người đó có lại sóng sau {n} vị trí{hours}.",
        "{percent}% of them have it again after {n} sites{hours}.",
    ),
    "repairHours": Text(" ({hours} giờ, làm lần lượt)", " ({hours} hours, one after another)"),
    "repairWaiting": Text(
        "Số người-giờ chờ: {this} theo thứ tự này, {other} nếu làm theo mã vị trí.",
        "People-hours of waiting: {this} in this order, {other} in that of the sites' ids.",
    ),
    "repairHow": Text(
        "Cách xếp: mỗi bước chọn vị trí trả lại sóng cho nhiều người nhất trên mỗi giờ, tính lại sau từng "
        "bước.",
        "Each step is the site that returns most people per hour, counted anew after every step.",
    ),
    "step": Text("Bước", "Step"),
    "site": Text("Mã vị trí", "Site"),
    "hours": Text("Giờ", "Hours"),
    "hoursTotal": Text("Giờ cộng dồn", "Hours so far"),
    "returned": Text("Có lại sóng (người)", "Returned (people)"),
    "total": Text("Cộng dồn (người)", "So far (people)"),
    "share": Text("% cộng dồn", "% so far"),
    "waiting": Text("Còn chờ (người)", "Waiting (people)"),
    "technologies": Text("Công nghệ", "Technologies"),
    "curve": Text(
        "Tỷ lệ người có lại sóng theo số vị trí đã khôi phục",
        "Share of people with service again, by sites repaired",
    ),
    "compareLink": Text("Mở bản đồ trước và sau", "Open the map of before and after"),
    "more": Text(
        "Toàn bộ {n} bước có trong repair.csv và report.xlsx.",
        "All {n} steps are in repair.csv and report.xlsx.",
    ),
    "indicator": Text("Chỉ tiêu", "Indicator"), "level": Text("Cấp", "Level"),
    "unit": Text("Đơn vị", "Unit"), "of": Text("Tổng", "Of"), "kind": Text("Loại điểm", "Kind"),
    "place": Text("Tên điểm", "Place"), "change": Text("Thay đổi", "Change"),
    "lon": Text("Kinh độ", "Longitude"), "lat": Text("Vĩ độ", "Latitude"),
    "baseValue": Text("Hiện trạng", "As it is"), "nowValue": Text("Kịch bản", "Scenario"),
    "lostValue": Text("Mất", "Lost"), "gainedValue": Text("Thêm", "Gained"),
}  # fmt: skip
KINDS: Mapping[str, Text] = {
    "off": Text("tắt, ngừng phát", "switched off"),
    "removed": Text("tháo dỡ, dừng hẳn", "taken down"),
    "band": Text("lắp thêm băng tần", "band added"),
    "added": Text("trạm thêm mới", "stations added"),
    "fibre_routes_added": Text("tuyến cáp thêm mới", "fibre routes added"),
    "fibre_nodes_added": Text("nút cáp thêm mới", "fibre nodes added"),
    "fibre_routes_removed": Text("tuyến cáp bị bỏ", "fibre routes removed"),
    "fibre_nodes_removed": Text("nút cáp bị bỏ", "fibre nodes removed"),
    "lost": Text("mất sóng", "lost"),
    "gained": Text("thêm sóng", "gained"),
}
MARKS = (50, 90)
"""Per cent of the people for whom the number of repairs is said."""


def say(key: str, lang: Language, **values: Any) -> str:
    """Return a phrase about scenarios."""
    return WORDS[key].say(lang, **values)


def step_rows(what_if: WhatIf, lang: Language) -> Iterator[tuple[str, str, Counts, int]]:
    """Yield what each entry is called, what it does, and its counts."""
    for step in what_if.applied.steps:
        yield step.label or step.place, _action(step, lang), step.counts, step.objects


def _action(step: Step, lang: Language) -> str:
    return KINDS[step.kind].say(lang)


def counts_sentence(what_if: WhatIf, lang: Language) -> str:
    """Return how many sites, base stations and cells there are before and after."""
    a, b = what_if.applied.before, what_if.applied.after
    return say(
        "counts", lang, sites=a.sites, stations=a.stations, cells=a.cells, sites_now=b.sites,
        stations_now=b.stations, cells_now=b.cells,
    )


def people_rows(result: Result, what_if: WhatIf) -> Iterator[dict[str, Any]]:
    """Yield the province's people by service and operator, any first: a row of the changes."""
    figures = Figures(result)
    rows = what_if.changes
    rows = rows[(rows["level"] == "province") & (rows["indicator"] == "population")]
    order = {s: k for k, s in enumerate(figures.services)}
    found = rows.to_dict("records")
    yield from sorted(
        ({str(k): v for k, v in row.items()} for row in found),
        key=lambda r: (order.get(r["service"], len(order)), r["operator"] != ANY, r["operator"]),
    )


def share(row: Mapping[str, Any], side: str, lang: Language) -> str:
    """Return the share of one side of a change: ``base`` or ``scenario``."""
    return Ratio(float(row[side]), float(row[f"{side}_denominator"])).share(lang)


def commune_rows(what_if: WhatIf, service: str, most: int) -> list[dict[str, Any]]:
    """Return the communes whose people change most for a service of any operator."""
    rows = what_if.changes
    rows = rows[
        (rows["level"] == "commune") & (rows["indicator"] == "population") & (rows["service"] == service)
        & (rows["operator"] == ANY)
    ]
    rows = rows.assign(_size=rows["lost"] + rows["gained"]).sort_values(
        ["_size", "code"], ascending=[False, True], kind="stable"
    )
    shown = rows[rows["_size"] >= 0.5].head(most).to_dict("records")
    return [{str(k): v for k, v in row.items()} for row in shown]


def hardest_service(result: Result, what_if: WhatIf) -> str | None:
    """Return the service of which most people of any operator change; None where none does."""
    best, found = 0.5, None
    for row in people_rows(result, what_if):
        size = float(row["lost"]) + float(row["gained"])
        if row["operator"] == ANY and size > best:
            best, found = size, str(row["service"])
    return found


def place_sentences(result: Result, what_if: WhatIf, lang: Language) -> list[str]:
    """Return, for every service, how many places lose and gain it of any operator."""
    figures, places = Figures(result), what_if.places
    mine = places[places["operator"] == ANY]
    said = []
    for service in figures.services:
        of = mine[mine["service"] == service]
        if len(of):
            lost = int((of["change"] == "lost").sum())
            label = figures.label(service, lang)
            said.append(say("placesSaid", lang, service=label, lost=lost, gained=len(of) - lost))
    return said


def repair_sentences(result: Result, repair: Repair, lang: Language) -> list[str]:
    """Return what is said of an order of repair: how many people, and after how many sites."""
    label = Figures(result).label(repair.service, lang)
    operator = operator_label(repair.operator, lang)
    table = repair.table
    operator = operator.lower() if repair.operator == ANY else operator
    said = [say(
        "repairSaid", lang, n=len(table), lost=round(repair.lost), service=label, operator=operator
    )]  # fmt: skip
    if repair.lost > 0.0:
        shares = table["share"].to_numpy(float)
        for mark in MARKS:
            k = int(np.argmax(shares >= mark / 100.0 - 1e-12))
            hours = ""
            if repair.hours_known:
                total = format_number(float(table["hours_total"].iloc[k]), lang, 1)
                hours = say("repairHours", lang, hours=total)
            said.append(say("repairHalf", lang, percent=mark, n=k + 1, hours=hours))
        if repair.hours_known:
            said.append(say(
                "repairWaiting", lang, this=round(repair.people_hours), other=round(repair.people_hours_by_id)
            ))  # fmt: skip
    said.append(say("repairHow", lang))
    return said


def repaired(value: float, lang: Language) -> str:
    """Write a share of people with service again."""
    return format_percent(value, 1.0, lang)


def headline(result: Result, what_if: WhatIf, lang: Language) -> list[str]:
    """Return what the screen says after a run of a scenario."""
    figures = Figures(result)
    said = [say("title", lang, name=what_if.name), counts_sentence(what_if, lang)]
    line = Text(
        "{service}: {before} → {after} dân số; mất {lost:.0f} người, thêm {gained:.0f} người.",
        "{service}: {before} → {after} of the people; {lost:.0f} lose it, {gained:.0f} gain it.",
    )
    said += [
        line.say(
            lang, service=figures.label(row["service"], lang), before=share(row, "base", lang),
            after=share(row, "scenario", lang), lost=float(row["lost"]), gained=float(row["gained"]),
        )
        for row in people_rows(result, what_if) if row["operator"] == ANY
    ]  # fmt: skip
    if what_if.repair is not None:
        said += repair_sentences(result, what_if.repair, lang)[:-1]
    return said
