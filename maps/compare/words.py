"""Words of a comparison of runs: page, workbook, screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phusong.coverage.evidence.changes import Comparison, Said, province_effects
from phusong.coverage.evidence.history import run_labels
from phusong.coverage.result import ANY
from phusong.data.language import Language, Text, format_date, format_number
from phusong.maps.figures import Ratio, layer_label, operator_label, service_label

WORDS: Mapping[str, Text] = {
    "title": Text("So sánh hai kết quả", "Two results compared"),
    "skip": Text("Đến nội dung", "Skip to the content"),
    "contents": Text("Mục lục", "Contents"),
    "print": Text("In trang này", "Print"),
    "theme": Text("Nền sáng, tối", "Light or dark"),
    "before": Text("Trước", "Before"),
    "after": Text("Sau", "After"),
    "sides": Text("Trước: {before}. Sau: {after}.", "Before: {before}. After: {after}."),
    "summary": Text("Tóm tắt", "Summary"),
    "nothing": Text(
        "Không có gì khác nhau: đầu vào, tham số và mọi số liệu đều như nhau.",
        "No difference: inputs, parameters and every figure are the same.",
    ),
    "notes": Text("Cần lưu ý khi so sánh", "What to know when comparing"),
    "inputs": Text("Đầu vào nào thay đổi", "What changed in the inputs"),
    "parameters": Text("Tham số thay đổi", "Parameters that changed"),
    "maps": Text("Bản đồ trước và sau", "Maps, before and after"),
    "slider": Text("Bản đồ có thanh trượt", "Map with a slider"),
    "openSlider": Text("Mở bản đồ có thanh trượt", "Open the map with a slider"),
    "communes": Text("Xã, phường tăng và giảm", "Communes that gained and lost"),
    "operators": Text("Theo nhà mạng", "By operator"),
    "places": Text("Thôn, làng và điểm khác thay đổi", "Villages and other places that changed"),
    "stations": Text("Trạm thay đổi", "Stations that changed"),
    "trend": Text("Diễn biến qua các kết quả", "Trend over the results"),
    "method": Text("Cách so sánh", "How this was compared"),
    "service": Text("Dịch vụ", "Service"),
    "operator": Text("Nhà mạng", "Operator"),
    "indicator": Text("Chỉ tiêu", "Indicator"),
    "commune": Text("Xã, phường, đặc khu", "Commune"),
    "code": Text("Mã", "Code"),
    "place": Text("Thôn, làng, điểm", "Place"),
    "kind": Text("Loại điểm", "Kind"),
    "change": Text("Thay đổi", "Change"),
    "points": Text("Điểm %", "Points"),
    "people": Text("Số người được phủ", "People covered"),
    "byReach": Text("do vùng phủ", "by reach"),
    "byPeople": Text("do số dân", "by people"),
    "layer": Text("Lớp dữ liệu", "Layer"),
    "status": Text("Tình trạng", "State"),
    "day": Text("Số liệu đến ngày", "As of"),
    "rows": Text("Số dòng, số ô", "Rows or cells"),
    "key": Text("Khóa", "Key"),
    "causes": Text("Có thể do", "It may be due to"),
    "station": Text("Trạm thay đổi gần nhất", "Nearest changed station"),
    "far": Text("Cách (m)", "Distance (m)"),
    "moved": Text("Đã dời (m)", "Moved by (m)"),
    "lat": Text("Vĩ độ", "Latitude"),
    "lon": Text("Kinh độ", "Longitude"),
    "technology": Text("Công nghệ", "Technology"),
    "added": Text("Thêm", "Added"),
    "removed": Text("Bớt", "Removed"),
    "changed": Text("Đổi", "Changed"),
    "site": Text("Mã vị trí", "Site"),
    "cell": Text("Mã cell", "Cell"),
    "cells": Text("Cell", "Cells"),
    "sites": Text("Vị trí có cell thay đổi", "Sites with changed cells"),
    "what": Text("Đổi gì", "What changed"),
    "run": Text("Kết quả", "Result"),
    "n": Text("Đạt (n)", "Covered (n)"),
    "of": Text("Tổng (N)", "Total (N)"),
    "share": Text("Tỷ lệ", "Share"),
    "more": Text("Còn {n} dòng nữa trong compare.xlsx.", "{n} more rows are in compare.xlsx."),
    "noSlider": Text(
        "Không có bản đồ có thanh trượt: một trong hai thư mục thiếu map.html.",
        "No map with a slider: one of the folders has no map.html.",
    ),
    "mapAlt": Text("Bản đồ trước và sau của {service}", "Maps of {service}, before and after"),
    "trendAlt": Text("{service}: {said}", "{service}: {said}"),
}
STATUS: Mapping[str, Text] = {
    "same": Text("như cũ", "the same"), "changed": Text("đã đổi", "changed"),
    "added": Text("mới có", "new"), "removed": Text("không còn", "gone"),
}
CHANGES: Mapping[str, Text] = {
    "gained": Text("mới được phủ", "gained"), "lost": Text("mất phủ", "lost"),
    "moved": Text("dời vị trí", "moved"), "added": Text("mới có trong danh sách", "new in the list"),
    "removed": Text("không còn trong danh sách", "gone from the list"),
}
CAUSES: Mapping[str, Text] = {
    "place moved": Text("vị trí điểm đã dời", "the place moved"),
    "stations": Text("trạm thay đổi", "stations changed"),
    "criterion": Text("tiêu chí, tham số dịch vụ thay đổi", "criterion or parameters of the service"),
    "fibre": Text("mạng cáp quang thay đổi", "the fibre network changed"),
    "model inputs": Text("địa hình, lớp phủ, lưới hoặc hiệu chỉnh thay đổi",
                         "terrain, land cover, grid or calibration changed"),
    "program": Text("phiên bản chương trình khác nhau", "another version of the program"),
}  # fmt: skip
UNEXPLAINED = Text(
    "không rõ: không đầu vào nào khác nhau giải thích được", "unknown: no difference explains it"
)
STATION_STATE: Mapping[str, Text] = {
    "added": Text("mới", "new"), "removed": Text("đã bớt", "gone"), "changed": Text("đã đổi", "changed"),
}
COLUMNS: Mapping[str, Text] = {
    "position": Text("vị trí", "position"), "operator": Text("nhà mạng", "operator"),
    "technology": Text("công nghệ", "technology"), "frequency_mhz": Text("tần số", "frequency"),
    "antenna_height_m": Text("độ cao anten", "antenna height"),
    "azimuth_deg": Text("góc phương vị", "azimuth"),
    "tilt_deg": Text("góc nghiêng", "tilt"), "beamwidth_deg": Text("độ rộng búp", "beamwidth"),
    "eirp_dbm": Text("công suất EIRP", "EIRP"), "bandwidth_mhz": Text("băng thông", "bandwidth"),
}
PEOPLE = Text(
    "{service}: {before} → {after} dân số ({points} điểm %; {change} người được phủ: {reach} do vùng "
    "phủ, {people} "
    "do số liệu dân số).",
    "{service}: {before} → {after} of the people ({points} points; {change} people covered: {reach} "
    "by reach, "
    "{people} by the population figures).",
)
PLACES = Text(
    "{service}, {layer}: {gained} mới được phủ, {lost} mất phủ.",
    "{service}, {layer}: {gained} gained, {lost} lost.",
)
LISTS = Text(
    "Danh sách điểm: {added} điểm mới, {removed} điểm không còn, {moved} điểm dời vị trí mà kết quả "
    "không đổi.",
    "Lists of places: {added} new, {removed} gone, {moved} moved with the answer unchanged.",
)
STATIONS = Text(
    "Cell: {added} thêm, {removed} bớt, {changed} đổi thông số.", "Cells: {added} added, {removed} removed, "
    "{changed} changed."
)  # fmt: skip
INPUTS = Text("Đầu vào thay đổi: {names}.", "Inputs that changed: {names}.")
SAME_INPUTS = Text("Đầu vào như nhau.", "The inputs are the same.")
METHOD = (
    Text(
        "Các con số lấy từ hai thư mục kết quả, không tính lại. Tỷ lệ nào cũng so bằng tử số và mẫu số.",
        "The figures are those of the two folders of results; nothing is computed anew. Shares are "
        "compared by "
        "numerator and denominator.",
    ),
    Text(
        "Thay đổi số người được phủ của một xã được tách đúng thành phần do vùng phủ (tỷ lệ thay đổi "
        "nhân số dân "
        "trung bình) và phần do số dân (số dân thay đổi nhân tỷ lệ trung bình); cộng lại bằng đúng thay đổi.",
        "A commune's change in people covered is split exactly into a part by reach (change of the share "
        "times "
        "the mean people) and a part by people (change of the people times the mean share).",
    ),
    Text(
        "'Có thể do' liệt kê mọi khác biệt đầu vào có thể làm điểm ấy đổi kết quả; trạm nêu tên là trạm "
        "thay đổi "
        "gần nhất trong tầm của dịch vụ. Muốn biết chắc, hãy chạy lại với từng đầu vào đổi riêng.",
        "'It may be due to' lists every difference of the inputs that can turn the place; the station "
        "named is "
        "the nearest changed one within reach of the service. To be sure, run with one input changed at "
        "a time.",
    ),
)


def word(key: str, lang: Language, **values: Any) -> str:
    """Return a phrase of the comparison."""
    return WORDS[key].say(lang, **values)


def side_names(found: Comparison, lang: Language) -> tuple[str, str]:
    """Return what the two sides are called: the folder and the day of its data."""
    labels = run_labels((found.before, found.after))
    days = [format_date(run.as_of, lang) for run in (found.before, found.after)]
    return f"{labels[0]} ({days[0]})", f"{labels[1]} ({days[1]})"


def label_of(found: Comparison, service: str, lang: Language) -> str:
    """Return how a service is called."""
    parameters = found.after.services.get(service) or found.before.services.get(service) or {}
    return service_label(service, lang, fibre="reach_m" in parameters)


def signed(value: float, lang: Language, decimals: int = 0) -> str:
    """Write a number with its sign; a true minus, and no sign before what rounds to nothing."""
    if value != value:
        return "–"
    text = format_number(abs(value), lang, decimals)
    return text if not any(c in text for c in "123456789") else ("+" if value > 0 else "−") + text


def note_sentence(found: Comparison, said: Said, lang: Language) -> str:
    """Write what must be known when comparing; services as they are called within a sentence."""
    values = dict(said.values)
    if said.code == "criterion" or said.code.startswith("service-"):
        name = str(values["name"])
        label = label_of(found, name, lang)
        values["name"] = label if label == name else label[:1].lower() + label[1:]
    return said.text.fill(lang, values)


def indicator_label(indicator: str, lang: Language) -> str:
    """Return how an indicator is called."""
    from phusong.maps.words import indicator_name

    return indicator_name(indicator, lang)


def causes_sentence(causes: str, lang: Language) -> str:
    """Write what may have turned a place."""
    said = [CAUSES[c].say(lang) for c in causes.split("; ") if c in CAUSES]
    return "; ".join(said) or UNEXPLAINED.say(lang)


def sentences(found: Comparison, lang: Language) -> list[str]:
    """Return the comparison in sentences: people, places, stations, inputs."""
    if found.nothing:
        return [word("nothing", lang)]
    province = found.figures[(found.figures["level"] == "province") & (found.figures["operator"] == ANY)]
    said = []
    for service in found.services:
        rows = province[(province["service"] == service) & (province["indicator"] == "population")]
        for row in rows.to_dict("records"):
            change, reach, people = province_effects(found, service)
            said.append(PEOPLE.say(
                lang, service=label_of(found, service, lang), points=signed(row["points"], lang, 2),
                before=Ratio(row["n_before"], row["of_before"]).share(lang),
                after=Ratio(row["n_after"], row["of_after"]).share(lang), change=signed(change, lang),
                reach=signed(reach, lang), people=signed(people, lang),
            ))  # fmt: skip
        said += _place_sentences(found, service, lang)
    count = found.places["change"].value_counts()
    moves = {k: int(count.get(k, 0)) for k in ("added", "removed", "moved")}
    if any(moves.values()):
        said.append(LISTS.say(lang, **moves))
    if found.stations is not None and len(found.stations):
        cells = found.stations["change"].value_counts()
        said.append(STATIONS.say(lang, **{k: int(cells.get(k, 0)) for k in ("added", "removed", "changed")}))
    said.append(_input_sentence(found, lang))
    return said


def _place_sentences(found: Comparison, service: str, lang: Language) -> list[str]:
    own = found.places[(found.places["service"] == service) & (found.places["operator"] == ANY)
                       & found.places["change"].isin(["gained", "lost"])]  # fmt: skip
    said = []
    for layer in dict.fromkeys(own["layer"]):
        count = own.loc[own["layer"] == layer, "change"].value_counts()
        said.append(PLACES.say(
            lang, service=label_of(found, service, lang), layer=layer_label(f"places:{layer}", lang),
            gained=int(count.get("gained", 0)), lost=int(count.get("lost", 0)),
        ))  # fmt: skip
    return said


def _input_sentence(found: Comparison, lang: Language) -> str:
    from phusong.maps.figures import source_label

    names = [source_label(i.layer, lang) for i in found.inputs if i.status != "same"]
    return INPUTS.say(lang, names=", ".join(names)) if names else SAME_INPUTS.say(lang)


def station_said(station: Any, change: Any, lang: Language) -> str:
    """Name a changed station with what became of it."""
    if not isinstance(station, str) or not station:
        return "–"
    return f"{station} ({STATION_STATE[change].say(lang)})"


def operator_said(operator: str, lang: Language) -> str:
    """Return how an operator is called, empty for none."""
    return operator_label(operator, lang) if operator else "–"
