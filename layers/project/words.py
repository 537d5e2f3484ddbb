"""What is said of a project file that does not fit: rules, and the schema's errors in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from phusong.data.language import Text
from phusong.layers.rules import error, nearest

SYNTAX = error(
    "syntax",
    "Sai cú pháp TOML ở dòng {line}, vị trí {position}: {reason}.",
    "This is no TOML at line {line}, position {position}: {reason}.",
    'Chuỗi ký tự đặt trong dấu nháy kép; mỗi dòng một mục dạng khóa = giá trị.',
    "Texts stand in double quotes; each line holds one key = value.",
)
UNKNOWN_KEY = error(
    "unknown-key",
    "Khóa '{key}' không có trong tệp dự án.", "The key '{key}' is not known here.",
    "{near} Các khóa dùng được: {known}.", "{near} Keys that may stand here: {known}.",
)
UNKNOWN_TABLE = error(
    "unknown-table",
    "Bảng '{key}' không có trong tệp dự án.", "The table '{key}' is not known here.",
    "{near} Dùng được ở đây: {known}.", "{near} May stand here: {known}.",
)
MISSING_KEY = error(
    "missing-key", "Thiếu khóa '{key}'.", "The key '{key}' is missing.",
    "Thêm khóa này vào tệp dự án.", "Add it to the project file.",
)
MISSING_TABLE = error(
    "missing-table", "Thiếu bảng [{key}].", "The table [{key}] is missing.",
    "Thêm bảng này vào tệp dự án.", "Add it to the project file.",
)
WRONG_VALUE = error("wrong-value", "{what}", "{what}")
BAD_KEY_NAME = error(
    "bad-name",
    "Tên này không dùng được: chỉ gồm chữ, số, dấu cách và . _ + -, tối đa 40 ký tự.",
    "This name cannot be used: letters, digits, spaces and . _ + - only, 40 characters at most.",
    "Đổi tên: tên dịch vụ và tên lớp được dùng làm tên tệp.",
    "Rename it: services and layers give their names to files.",
)
NOT_A_RASTER = error(
    "raster-from-database",
    "Lớp này là ảnh raster, không đọc từ cơ sở dữ liệu.", "This layer is a raster, which no database gives.",
    "Xuất thành GeoTIFF.", "Export it as GeoTIFF.",
)
NOT_A_FOLDER = error(
    "is-a-folder",
    "'{path}' là thư mục, không phải tệp.", "'{path}' is a folder, not a file.",
    "Ghi đường dẫn tới tệp; chỉ terrain và clutter nhận thư mục các mảnh ảnh.",
    "Give the path of a file; only terrain and clutter take a folder of tiles.",
)
NO_TECHNOLOGY = error(
    "no-technology",
    "Dịch vụ '{name}' không cho biết dùng công nghệ nào.",
    "The service '{name}' does not say which technology it uses.",
    'Thêm technology = "4G" (một trong {known}), hoặc đặt tên dịch vụ theo công nghệ.',
    'Add technology = "4G" (one of {known}), or name the service after its technology.',
)
NO_ROADS = error(
    "no-roads",
    "Dịch vụ '{name}' tính theo đường nhưng dự án không có lớp đường.",
    "The service '{name}' is reckoned along roads, and the project has none.",
    'Thêm [layers.roads] với path, hoặc đặt reach = "straight".',
    'Add [layers.roads] with its path, or set reach = "straight".',
)
UNKNOWN_SERVICE = error(
    "unknown-service",
    "Mục tiêu nêu một dịch vụ không có trong dự án.",
    "The target names a service that the project does not have.",
    "{near} Các dịch vụ: {known}.", "{near} Services: {known}.",
)
UNKNOWN_INDICATOR = error(
    "unknown-indicator",
    "Mục tiêu nêu một chỉ tiêu không có.", "The target names an indicator that does not exist.",
    "{near} Các chỉ tiêu: {known}.", "{near} Indicators: {known}.",
)
BAD_CLASS = error(
    "bad-class",
    "Khóa '{key}' phải là giá trị nguyên của ô ảnh.", "The key '{key}' must be a cell's whole number.",
    'Ví dụ: classes = {{ 1 = "water", 2 = "open" }}.',
    'For example: classes = {{ 1 = "water", 2 = "open" }}.',
)
UNKNOWN_HEIGHT = error(
    "unknown-class",
    "Không có lớp phủ tên '{key}'.", "There is no land cover called '{key}'.",
    "{near} Các lớp: {known}.", "{near} Classes: {known}.",
)
NOT_METRIC = error(
    "grid-not-metric",
    "Hệ tọa độ '{crs}' của lưới không phải hệ phẳng theo mét.",
    "The grid's coordinate system '{crs}' is not projected in metres.",
    'Dùng UTM hoặc VN-2000, ví dụ "EPSG:32649", hoặc bỏ khóa crs để tự chọn.',
    'Use UTM or VN-2000, for example "EPSG:32649", or leave crs out to have one chosen.',
)

_BACKSLASH = Text("dấu \\ trong chuỗi: dùng / hoặc nháy đơn", "a \\ in a text: use / or single quotes")
_BARE_KEY = Text("tên khóa có chữ có dấu phải đặt trong dấu nháy",
                 "a key with such letters must stand in quotes")
_SYNTAX_REASONS = (
    ("Unclosed array", Text("mảng [ ] chưa đóng", "an array [ ] is not closed")),
    ("Unclosed inline table", Text("bảng {{ }} chưa đóng", "a table {{ }} is not closed")),
    ("Unterminated string", Text("chuỗi chưa đóng dấu nháy", "a text has no closing quote")),
    ("Expected \"'\"", Text("chuỗi chưa đóng dấu nháy", "a text has no closing quote")),
    ("Illegal character", Text("có ký tự không hợp lệ, thường do thiếu dấu nháy đóng",
                               "a character that may not stand here, mostly for want of a closing quote")),
    ("Expected '=' after a key", Text("thiếu dấu = sau khóa", "an = is missing after a key")),
    ("Expected ']'", Text("thiếu dấu ] ở tên bảng", "a ] is missing after a table's name")),
    ("Cannot declare", Text("bảng được khai hai lần", "a table stands twice")),
    ("Cannot overwrite", Text("khóa được ghi hai lần", "a key stands twice")),
    ("Duplicate inline", Text("khóa được ghi hai lần", "a key stands twice")),
    ("Invalid date", Text("ngày không có thật", "there is no such date")),
    ("Invalid value", Text("giá trị không hợp lệ; chuỗi phải có dấu nháy",
                           "this is no value; texts need quotes")),
    ("Invalid statement", Text("không phải khóa = giá trị", "this is no key = value")),
    ("Invalid initial character", _BARE_KEY),
    ("Unescaped '\\'", _BACKSLASH),
    ("hex value", _BACKSLASH),
    ("Expected newline", Text("có phần thừa ở cuối dòng", "something is left over at the end of the line")),
)
_ANY_SYNTAX = Text("không đọc được phần này", "this part cannot be read")


def syntax_reason(message: str, at: str = "") -> Text:
    """Return in words what tomllib found wrong; ``at`` is the character at which it stopped."""
    if "after a key" in message and at and not at.isascii():
        return _BARE_KEY
    return next((text for start, text in _SYNTAX_REASONS if start in message), _ANY_SYNTAX)


_PLAIN = {
    "string_type": Text('Phải là chuỗi ký tự, đặt trong dấu nháy kép, ví dụ "52".',
                        'This must be a text in double quotes, for example "52".'),
    "string_too_short": Text("Không được để trống.", "This must not be empty."),
    "string_too_long": Text("Dài quá {max_length} ký tự.", "This is longer than {max_length} characters."),
    "string_pattern_mismatch": Text("Chỉ gồm chữ không dấu, số, _ và -, tối đa 16 ký tự.",
                                    "Only plain letters, digits, _ and -, 16 characters at most."),
    "too_short": Text("Cần ít nhất {min_length} mục.", "At least {min_length} must be given."),
    "greater_than": Text("Phải lớn hơn {gt}.", "This must be greater than {gt}."),
    "greater_than_equal": Text("Phải từ {ge} trở lên.", "This must be {ge} or more."),
    "less_than": Text("Phải nhỏ hơn {lt}.", "This must be less than {lt}."),
    "less_than_equal": Text("Phải từ {le} trở xuống.", "This must be {le} or less."),
    "finite_number": Text("Phải là số hữu hạn.", "This must be a finite number."),
    "tiles_address": Text(
        "Phải là địa chỉ https:// của một máy chủ, không có tên đăng nhập, dấu cách hay ký tự lạ.",
        "This must be an https:// address of one host, without a login, spaces or odd characters.",
    ),
    "tiles_placeholders": Text(
        "Sau tên máy chủ phải có {{z}}, {{x}} và {{y}}, mỗi thứ một lần, và không có {{…}} nào khác.",
        "Behind the host there must be {{z}}, {{x}} and {{y}}, each once, and no other {{…}}.",
    ),
    "path_type": Text("Phải là đường dẫn, đặt trong dấu nháy kép.", "This must be a path in double quotes."),
}
_NUMBER = Text("Phải là số.", "This must be a number.")
_WHOLE = Text("Phải là số nguyên.", "This must be a whole number.")
_TRUTH = Text("Phải là true hoặc false.", "This must be true or false.")
_DATE = Text("Phải là ngày dạng 2026-06-30.", "This must be a date such as 2026-06-30.")
_TABLE = Text("Phải là một bảng, ví dụ {{ path = \"…\" }}.",
              "This must be a table, for example {{ path = \"…\" }}.")
_ONE_OF = Text("Phải là một trong: {known}.", "This must be one of: {known}.")
_ONE_OF_NEAR = Text("Phải là một trong: {known}. Có phải bạn muốn viết '{near}'?",
                    "This must be one of: {known}. Do you mean '{near}'?")
_OTHER = Text("Giá trị không hợp lệ.", "The value does not fit.")


def _filled(text: Text, **values: Any) -> Text:
    said = [text.fill(lang, values).replace("{", "{{").replace("}", "}}") for lang in ("vi", "en")]
    return Text(*said)


def explain(kind: str, context: Mapping[str, Any], value: Any, models: Sequence[str]) -> Text:
    """Return what an error of pydantic means, in both languages.

    Parameters
    ----------
    kind : str
        Its ``type``.
    context : mapping
        Its ``ctx``: limits and expected values.
    value : Any
        What the file says.
    models : sequence of str
        Names of the propagation models, for an unknown one.
    """
    if kind in ("literal_error", "union_tag_invalid"):
        known = list(models) if kind == "union_tag_invalid" else _literals(context)
        near = nearest(str(value), known)
        return _filled(_ONE_OF_NEAR if near else _ONE_OF, known=", ".join(known), near=near)
    if kind in _PLAIN:
        return _filled(_PLAIN[kind], **context)
    if kind.startswith("date"):
        return _DATE
    if kind.startswith("float"):
        return _NUMBER
    if kind.startswith("int"):
        return _WHOLE
    if kind.startswith("bool"):
        return _TRUTH
    if kind in ("model_type", "model_attributes_type", "dict_type", "mapping_type"):
        return _TABLE
    return _OTHER


def _literals(context: Mapping[str, Any]) -> list[str]:
    """Return the words of pydantic's list ``'4G' or '5G'``."""
    words = str(context.get("expected", "")).replace(" or ", ", ").split(",")
    return [word.strip().strip("'") for word in words]
