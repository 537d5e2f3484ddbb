"""Words on the map page and the report page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from phusong.coverage.result import Result
from phusong.data.language import Language, Text
from phusong.maps.citation import STAND_IN, cited_sources, sentence
from phusong.maps.figures import source_label
from phusong.maps.inline import escape
from phusong.maps.safe import shorten

PREDICTED = Text("Dự báo tính toán, chưa đo kiểm.", "Computed prediction, not verified by measurement.")
NOT_BOUNDARY = Text(
    "Không thay thế bản đồ địa giới hành chính.", "Does not replace the map of administrative boundaries."
)
ILLUSTRATION = Text(
    "MINH HỌA: tỉnh này và mọi số liệu đều do máy tạo ra, không phải địa phương có thật.",
    "ILLUSTRATION: this province and all its figures are made up; it is no real place.",
)
_SOME_MADE_UP = Text(
    "MINH HỌA: {n} trong {of} tỉnh ở đây, cùng mọi số liệu của các tỉnh ấy, do máy tạo ra, không phải địa "
    "phương có thật.",
    "ILLUSTRATION: {n} of the {of} provinces here, and all their figures, are made up; they are no real "
    "places.",
)


def is_made_up(name: str) -> bool:
    """Tell a made-up province by its name: ``Tỉnh Mẫu (minh họa)``."""
    return any(word in name.casefold() for word in ("minh họa", "minh hoạ", "illustration"))


def illustration_note(name: str, lang: Language) -> str:
    """Return what every page of a made-up province says; empty for real ones."""
    return ILLUSTRATION.say(lang) if is_made_up(name) else ""


def illustrations_note(names: Sequence[str], lang: Language) -> str:
    """Return what a page of many provinces says of those that are made up; empty where none is."""
    n = sum(is_made_up(name) for name in names)
    return _SOME_MADE_UP.say(lang, n=n, of=len(names)) if n else ""


def banner(note: str) -> str:
    """Return a note that stands above all else on a page, as HTML; nothing for none."""
    return f'<p class="banner" role="note">{escape(note)}</p>' if note else ""


PUBLIC = Text(
    "Bản công khai: không kèm vị trí trạm, tên nhà mạng và các lớp dữ liệu không công bố; vùng lõm được "
    "khoanh khái quát.",
    "Public version: without sites, names of operators and layers that are not published; gaps are outlined "
    "coarsely.",
)

SCENARIO = Text(
    "KỊCH BẢN GIẢ ĐỊNH “{name}”: không phải hiện trạng.", "SCENARIO “{name}”: not the network as it is."
)

REASONS: Mapping[str, Text] = {
    "no station in range": Text("không có trạm trong tầm", "no station in range"),
    "terrain": Text("địa hình che khuất", "terrain in the way"),
    "clutter": Text("rừng, nhà cửa che khuất", "forest or buildings in the way"),
    "power": Text("tín hiệu yếu, chưa đạt ngưỡng", "signal too weak for the criterion"),
    "no fibre": Text("chưa có cáp quang trong tầm", "no fibre within reach"),
}

MAP_WORDS: Mapping[str, Text] = {
    "title": Text("Bản đồ phủ sóng và cáp quang", "Map of mobile and fibre coverage"),
    "skip": Text("Đến bảng điều khiển", "Skip to the controls"),
    "map": Text(
        "Bản đồ: dùng phím mũi tên để di chuyển, + và - để phóng to, thu nhỏ",
        "Map: arrow keys move it, + and - zoom",
    ),
    "service": Text("Dịch vụ", "Service"),
    "operator": Text("Nhà mạng", "Operator"),
    "search": Text("Tìm xã, thôn, làng", "Find a commune or village"),
    "noMatch": Text("Không tìm thấy", "Nothing found"),
    "matches": Text("kết quả", "results"),
    "panel": Text("Bảng thông tin", "Panel"),
    "close": Text("Đóng", "Close"),
    "theme": Text("Sáng/tối", "Light/dark"),
    "print": Text("In", "Print"),
    "report": Text("Báo cáo", "Report"),
    "home": Text("Toàn tỉnh", "Whole province"),
    "zoomIn": Text("Phóng to", "Zoom in"),
    "zoomOut": Text("Thu nhỏ", "Zoom out"),
    "tabMap": Text("Lớp và chú giải", "Layers and legend"),
    "tabGaps": Text("Vùng lõm", "Gaps"),
    "tabCommunes": Text("Các xã", "Communes"),
    "province": Text("Toàn tỉnh", "Whole province"),
    "population": Text("dân số", "population"),
    "people": Text("người", "people"),
    "criterion": Text("Tiêu chí", "Criterion"),
    "asOf": Text("Số liệu đến", "Data as of"),
    "colour": Text("Tô màu theo", "Colour by"),
    "byCommune": Text("Tỷ lệ theo xã", "Share by commune"),
    "bySignal": Text("Vùng phủ", "Coverage area"),
    "byNothing": Text("Không tô", "No colour"),
    "notPublic": Text(
        "Bản công khai không kèm vùng phủ chi tiết của dịch vụ này.",
        "The public version has no coverage area of this service.",
    ),
    "opacity": Text("Độ đậm của màu", "Opacity of the colour"),
    "layers": Text("Lớp bản đồ", "Map layers"),
    "relief": Text("Địa hình, mặt nước", "Relief and water"),
    "roads": Text("Đường giao thông", "Roads"),
    "zones": Text("Khu công nghiệp, khu chức năng", "Zones"),
    "fibre": Text("Cáp quang", "Fibre"),
    "stations": Text("Trạm thu phát sóng", "Base stations"),
    "gaps": Text("Vùng lõm (đánh số)", "Gaps (numbered)"),
    "legend": Text("Chú giải", "Legend"),
    "legendCommune": Text("Tỷ lệ dân số được phủ trong xã", "Share of the commune's people covered"),
    "below": Text("dưới {0}%", "below {0}%"),
    "between": Text("từ {0} đến dưới {1}%", "{0} to below {1}%"),
    "above": Text("từ {0}% trở lên", "{0}% and above"),
    "noData": Text("không có số liệu", "no data"),
    "communesCount": Text("{0} xã", "{0} communes"),
    "legendSignal": Text("Mức tín hiệu nơi được phủ", "Signal where covered"),
    "legendDistance": Text("Khoảng cách nơi được phủ", "Distance where covered"),
    "weak": Text("có tín hiệu nhưng chưa đạt tiêu chí", "signal, but below the criterion"),
    "missing": Text("có dân, chưa được phủ", "people live here, not covered"),
    "gapOutline": Text("vùng lõm, số là thứ hạng theo số dân", "gap, numbered by its people"),
    "served": Text("được phủ", "served"),
    "notServed": Text("chưa được phủ", "not served"),
    "site": Text("Vị trí trạm", "Site"),
    "siteCluster": Text("nhóm vị trí trạm, số là số vị trí", "group of sites, with their number"),
    "placeCluster": Text(
        "nhóm điểm chưa được phủ, số là số điểm", "group of places not served, with their number"
    ),
    "fibreLive": Text("tuyến cáp đang khai thác", "operational route"),
    "fibrePlanned": Text("tuyến khác (dự kiến, ngừng)", "other route (planned, out of use)"),
    "fibreNode": Text("điểm, nút cáp quang", "fibre node"),
    "cells": Text("cell", "cells"),
    "antenna": Text("độ cao anten", "antenna height"),
    "commune": Text("Xã", "Commune"),
    "code": Text("Mã", "Code"),
    "rank": Text("Thứ hạng", "Rank"),
    "rankOf": Text("{0}/{1} (từ thấp lên)", "{0} of {1} (lowest first)"),
    "share": Text("Tỷ lệ", "Share"),
    "counts": Text("Số được phủ/tổng số", "Covered/total"),
    "households": Text("Hộ có cáp quang (báo cáo)", "Households with fibre (reported)"),
    "gapsHere": Text("Vùng lõm trong xã", "Gaps in this commune"),
    "placesHere": Text("Điểm chưa được phủ trong xã", "Places not served in this commune"),
    "none": Text("không có", "none"),
    "area": Text("diện tích", "area"),
    "reason": Text("Nguyên nhân", "Reason"),
    "nearestSite": Text("Vị trí trạm gần nhất", "Nearest site"),
    "nearestFibre": Text("Cáp quang gần nhất", "Nearest fibre"),
    "inside": Text("Trong vùng", "Inside"),
    "gapsShown": Text(
        "{0} vùng lõm; hiện {1} vùng đông dân nhất.", "{0} gaps; the {1} with most people are shown."
    ),
    "gapsScattered": Text("Ngoài ra {0} người ở rải rác.", "Another {0} people live scattered."),
    "gapsAny": Text(
        "Vùng lõm được đánh số cho tất cả nhà mạng cộng lại; nơi riêng nhà mạng này chưa phủ có màu cam ở "
        "chế độ 'Vùng phủ'.",
        "Gaps are numbered for all operators together; where this operator alone does not cover is "
        "orange under "
        "'Coverage area'.",
    ),
    "notOffered": Text(
        "Nhà mạng này không có số liệu cho dịch vụ này.", "No data of this operator for this service."
    ),
    "sort": Text("Sắp xếp theo tỷ lệ, thấp nhất trước", "Sorted by share, lowest first"),
    "inset": Text("Việt Nam", "Viet Nam"),
    "swipe": Text(
        "Trước và sau: kéo sang phải để hiện nhiều phần trước hơn",
        "Before and after: to the right shows more of before",
    ),
    "before": Text("Trước ({0})", "Before ({0})"),
    "after": Text("Sau ({0})", "After ({0})"),
    "was": Text("Trước: {0} ({1})", "Before: {0} ({1})"),
    "north": Text("Bắc", "N"),
    "noScript": Text(
        "Bản đồ cần JavaScript; số liệu có trong trang báo cáo.",
        "The map needs JavaScript; the figures are in the report.",
    ),
}


def notes(result: Result, lang: Language) -> str:
    """Return what stands under every page: what the figures are not, and what was left out."""
    said = [PREDICTED, NOT_BOUNDARY, *([PUBLIC] if result.public else [])]
    scenario = scenario_note(result, lang)
    cited = sentence(cited_sources(result.layers.sources), lang)
    texts = [text.say(lang) for text in said]
    return " ".join([*([scenario] if scenario else []), *texts, *([cited] if cited else [])])


def indicative_note(result: Result, lang: Language) -> str:
    """Return which layers are only indicative, for the head of a page; empty where none is."""
    layers = dict.fromkeys(s.layer for s in result.layers.sources if s.indicative)
    return STAND_IN.say(lang, layers=", ".join(source_label(x, lang) for x in layers)) if layers else ""


def scenario_note(result: Result, lang: Language) -> str:
    """Return which scenario a result is of; empty where it is of what there is."""
    return "" if result.what_if is None else SCENARIO.say(lang, name=shorten(result.what_if.name, 120))


def words(table: Mapping[str, Text], lang: Language) -> dict[str, str]:
    """Return all words of a page in one language, for its script; ``{0}`` is left for the script."""
    return {key: text.vi if lang == "vi" else text.en for key, text in table.items()}
