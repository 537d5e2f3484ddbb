"""What is said of a scenario that does not fit: its file, and what it asks of the inventory."""

from __future__ import annotations

from phusong.data.language import Text
from phusong.layers.rules import error, warning

UNKNOWN_KEY = error(
    "unknown-key",
    "Khóa '{key}' không dùng được ở đây trong tệp kịch bản.", "The key '{key}' is not known here.",
    "{near} Các khóa dùng được: {known}.", "{near} Keys that may stand here: {known}.",
)
MISSING_KEY = error(
    "missing-key", "Thiếu khóa '{key}'.", "The key '{key}' is missing.",
    "Thêm khóa này vào tệp kịch bản.", "Add it to the scenario file.",
)
WRONG_VALUE = error("wrong-value", "{what}", "{what}")
EMPTY_SCENARIO = error(
    "nothing-changes",
    "Kịch bản không thay đổi gì.", "The scenario changes nothing.",
    "Thêm ít nhất một trong: {known}.", "Add at least one of: {known}.",
)
EMPTY_SELECTION = error(
    "nothing-selected",
    "Mục này không nói chọn trạm nào.", "This entry does not say which stations it means.",
    "Ghi ít nhất một trong: {known}.", "Give at least one of: {known}.",
)
NO_RADIUS = error(
    "missing-key",
    "Có track_file nhưng thiếu radius_km.", "There is a track_file but no radius_km.",
    "Ghi bán kính ảnh hưởng tính bằng km, ví dụ radius_km = 30.",
    "Give the radius of the effect in km, for example radius_km = 30.",
)
NO_TRACK = error(
    "missing-key",
    "Có radius_km nhưng thiếu track_file.", "There is a radius_km but no track_file.",
    'Ghi tệp đường đi, ví dụ track_file = "bao.geojson".',
    'Give the file of the track, for example track_file = "storm.geojson".',
)
UNKNOWN_ID = error(
    "not-in-inventory",
    "Dữ liệu trạm không có {what} này.", "The inventory has no such {what}.",
    "{near} Sửa lại, bỏ đi, hoặc ghi unknown = \"skip\" để bỏ qua các mã lạ.",
    "{near} Mend it, take it out, or write unknown = \"skip\" to pass over ids that are not known.",
)
SKIPPED = warning(
    "skipped-unknown",
    "{n} mã không có trong dữ liệu trạm, đã bỏ qua: {ids}.",
    "{n} ids are not in the inventory and were passed over: {ids}.",
)
UNKNOWN_WORD = error(
    "not-in-inventory",
    "Không có trạm nào thuộc {what} này.", "No station belongs to this {what}.",
    "{near} Dữ liệu có: {known}.", "{near} The inventory has: {known}.",
)
UNKNOWN_COMMUNE = error(
    "not-in-inventory",
    "Không có xã nào mang mã này.", "No commune has this code.",
    "{near} Ghi mã xã 5 chữ số trong dấu nháy kép.", "{near} Write the five-digit code in double quotes.",
)
NOTHING_MATCHES = error(
    "nothing-matches",
    "Không trạm nào thỏa tất cả các điều kiện của mục này.",
    "No station meets all conditions of this entry.",
    "Các điều kiện trong một mục phải cùng đúng; tách thành nhiều mục nếu muốn cộng lại.",
    "All conditions of an entry must hold together; write several entries to add them up.",
)
TRACK_AWAY = error(
    "nothing-matches",
    "Không trạm nào nằm trong {radius} km quanh đường đi; trạm gần nhất cách {km:.1f} km.",
    "No station lies within {radius} km of the track; the nearest is {km:.1f} km away.",
    "Kiểm tra tọa độ (kinh độ trước, vĩ độ sau) và bán kính.",
    "Check the coordinates (longitude first, then latitude) and the radius.",
)
ALREADY_GONE = warning(
    "nothing-more",
    "Mọi trạm của mục này đã bị một mục đứng trước lấy đi.",
    "All stations of this entry were taken by an entry before it.",
    "Xóa mục thừa.", "Delete the entry.",
)
NO_TRACK_SHAPE = error(
    "no-geometry",
    "Tệp không có đường hoặc điểm nào.", "The file has no lines or points.",
    "Cần GeoJSON, KML hoặc CSV có các cột lon, lat theo thứ tự đường đi.",
    "A GeoJSON, a KML, or a CSV with columns lon and lat in the order of the track is needed.",
)
TAKEN_CELL = error(
    "duplicate-cell",
    "Mã cell đã có trong dữ liệu trạm.", "A cell with this id is in the inventory already.",
    "Đổi mã cell, hoặc để trống để chương trình tự đặt.", "Choose another id, or leave it empty.",
)
MOVED_SITE = warning(
    "site-in-two-places",
    "Vị trí (site) đã có trong dữ liệu nhưng ở nơi khác, cách {m:.0f} m.",
    "The site is in the inventory already, but {m:.0f} m away.",
    "Kiểm tra tọa độ, hoặc dùng mã khác.", "Check the coordinates, or use another id.",
)
WHICH_TECHNOLOGY = error(
    "missing-key",
    "Không rõ băng tần mới thuộc công nghệ nào.", "It is not said which technology the new band is of.",
    'Thêm technology = "4G" (một trong 2G, 3G, 4G, 5G).', 'Add technology = "4G" (one of 2G, 3G, 4G, 5G).',
)
WRONG_BANDWIDTH = error(
    "unknown-bandwidth",
    "{technology} không có độ rộng kênh này; có: {known} MHz.",
    "{technology} has no such channel bandwidth; it has: {known} MHz.",
    "Ghi độ rộng của một sóng mang.", "Give the width of one carrier.",
)
BAND_THERE = error(
    "band-exists",
    "Cả {n} vị trí được chọn đều đã có băng tần này.", "All {n} selected sites have this band already.",
    "Chọn băng tần hoặc vị trí khác.", "Choose another band or other sites.",
)
BAND_SKIPPED = warning(
    "band-exists",
    "{n} vị trí đã có băng tần này, không lắp thêm.", "{n} sites have this band already and get none.",
)
UNKNOWN_SERVICE = error(
    "unknown-service",
    "Dự án không có dịch vụ di động này.", "The project has no such mobile service.",
    "{near} Dự án có: {known}.", "{near} It has: {known}.",
)
UNKNOWN_FIBRE = error(
    "not-in-inventory",
    "Dữ liệu cáp quang không có mã này.", "The fibre layer has no such id.",
    "{near}", "{near}",
)
FIBRE_THERE = warning(
    "fibre-there",
    "{n} mã thêm vào đã có trong dữ liệu cáp quang ({ids}): cả hai cùng được tính.",
    "{n} of the ids that are added are in the fibre layer already ({ids}): both count.",
    "Nếu là thay thế, ghi các mã đó vào routes_removed hoặc nodes_removed.",
    "Where they replace what stands, list these ids in routes_removed or nodes_removed.",
)
NO_FIBRE = error(
    "no-fibre-layer",
    "Dự án không có lớp {layer} để bỏ bớt.", "The project has no layer {layer} to take from.",
    "Bỏ khóa này khỏi kịch bản.", "Take this key out of the scenario.",
)
BAD_HOURS = error(
    "wrong-value", "Số giờ sửa phải lớn hơn 0.", "The hours of a repair must be more than 0.",
)

SITE = Text("mã vị trí (site)", "site id")
OPERATOR = Text("nhà mạng", "operator")
TECHNOLOGY = Text("công nghệ", "technology")
