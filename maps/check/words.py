"""Words of a check: layers, columns and units as a provincial official calls them."""

from __future__ import annotations

from collections.abc import Mapping

from phusong.data.language import Language, Text
from phusong.maps.figures import layer_label

LAYERS: Mapping[str, Text] = {
    "communes": Text("xã, phường", "communes"),
    "stations": Text("trạm", "stations"),
    "population": Text("dân số", "population"),
    "households": Text("hộ gia đình", "households"),
    "fibre_nodes": Text("nút cáp quang", "fibre nodes"),
    "fibre_routes": Text("tuyến cáp quang", "fibre routes"),
    "roads": Text("đường", "roads"),
    "water": Text("sông hồ", "water"),
    "protected": Text("khu bảo tồn", "protected areas"),
    "terrain": Text("địa hình", "terrain"),
    "clutter": Text("lớp phủ mặt đất", "land cover"),
    "project": Text("cả dự án", "whole project"),
}
COLUMNS: Mapping[str, Text] = {
    "site_id": Text("mã vị trí", "site id"),
    "cell_id": Text("mã cell", "cell id"),
    "operator": Text("nhà mạng", "operator"),
    "technology": Text("công nghệ", "technology"),
    "frequency_mhz": Text("tần số (MHz)", "frequency (MHz)"),
    "lon": Text("kinh độ", "longitude"),
    "lat": Text("vĩ độ", "latitude"),
    "antenna_height_m": Text("độ cao anten (m)", "antenna height (m)"),
    "azimuth_deg": Text("góc phương vị (°)", "azimuth (°)"),
    "tilt_deg": Text("góc nghiêng (°)", "tilt (°)"),
    "beamwidth_deg": Text("độ rộng búp sóng (°)", "beamwidth (°)"),
    "eirp_dbm": Text("công suất EIRP (dBm)", "EIRP (dBm)"),
    "bandwidth_mhz": Text("băng thông (MHz)", "bandwidth (MHz)"),
    "status": Text("trạng thái", "status"),
    "commune_code": Text("mã xã", "commune code"),
    "commune_name": Text("tên xã", "commune name"),
    "population": Text("dân số", "population"),
    "place_id": Text("mã điểm", "place id"),
    "zone_id": Text("mã khu", "zone id"),
    "name": Text("tên", "name"),
    "households": Text("số hộ", "households"),
    "households_with_fibre": Text("số hộ có cáp quang", "households with fibre"),
    "as_of": Text("ngày số liệu", "date"),
    "id": Text("mã", "id"),
    "kind": Text("loại", "kind"),
    "fibre_count": Text("số sợi", "fibres"),
    "road_id": Text("mã đường", "road id"),
    "class": Text("cấp đường", "class"),
}
UNITS: Mapping[str, Text] = {
    "cells": Text("cell", "cells"),
    "sites": Text("vị trí", "sites"),
    "places": Text("điểm", "points"),
    "people": Text("người", "people"),
    "communes": Text("xã", "communes"),
    "km": Text("km", "km"),
    "layers": Text("lớp", "layers"),
    "technologies": Text("công nghệ", "technologies"),
}
READ = Text(
    "{layer}: {rows} dòng hoặc ô từ {path}, số liệu ngày {as_of}",
    "{layer}: {rows} rows or cells from {path}, as of {as_of}",
)
UNDATED = Text(" (theo ngày của tỉnh: lớp này chưa ghi ngày)", " (the province's day: the layer has none)")
AGE = Text(", {days} ngày tuổi", ", {days} days old")
CRS = Text("hệ tọa độ {crs}", "coordinate system {crs}")
ENCODINGS = {
    "unicode": Text("chữ Unicode", "text in Unicode"),
    "": Text("chữ chuyển từ {encoding}", "text converted from {encoding}"),
}
COLUMN = Text("cột: {pairs}", "columns: {pairs}")
QUALITY = Text("Chất lượng số liệu:", "Quality of the data:")
GOOD = Text("Chạy được: 0 lỗi, {warnings} cảnh báo.", "Ready to run: 0 errors, {warnings} warnings.")
BAD = Text(
    "Chưa chạy được: {errors} lỗi phải sửa, {warnings} cảnh báo.",
    "Not ready to run: {errors} errors to mend, {warnings} warnings.",
)
DOUBTS = Text(
    "{n}/{of} chỉ số chất lượng cần xem lại trước khi tin vào bản đồ.",
    "{n} of {of} figures of quality need a look before a map is trusted.",
)
NO_DOUBTS = Text(
    "Cả {of} chỉ số chất lượng đều đạt.", "All {of} figures of quality are good."
)


def layer_name(layer: str, lang: Language) -> str:
    """Return how a layer is called: ``places.villages`` is ``thôn, làng``."""
    known = LAYERS.get(layer)
    return known.say(lang) if known else layer_label(layer.replace(".", ":"), lang)


def column_name(column: str, lang: Language) -> str:
    """Return how a column of ours is called."""
    known = COLUMNS.get(column)
    return known.say(lang) if known else column


def unit_name(unit: str, lang: Language) -> str:
    """Return the unit of a figure of quality."""
    return UNITS[unit].say(lang)


def encoding_name(encoding: str, lang: Language) -> str:
    """Say what the text of a file was in."""
    known = ENCODINGS.get(encoding, ENCODINGS[""])
    return known.say(lang, encoding=encoding.upper())
