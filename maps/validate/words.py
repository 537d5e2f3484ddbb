"""Words of the confrontation with measurement: page, workbook, screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phusong.coverage.criterion import describe
from phusong.coverage.evidence.validate import Validation
from phusong.data.language import Language, Text, format_number, format_percent
from phusong.maps.figures import operator_label

WORDS: Mapping[str, Text] = {
    "title": Text("Đối chiếu dự báo với kết quả đo", "Prediction beside measurement"),
    "skip": Text("Đến nội dung", "Skip to the content"),
    "contents": Text("Mục lục", "Contents"),
    "print": Text("In trang này", "Print"),
    "theme": Text("Nền sáng, tối", "Light or dark"),
    "kinds": Text(
        "Trên trang này: 'đo' là mức máy đo ghi được; 'dự báo' là kết quả tính toán; 'khai báo' là vùng phủ "
        "doanh nghiệp công bố; 'phản ánh' là điều tổ công nghệ số cộng đồng ghi.",
        "On this page 'measured' is what an instrument recorded; 'predicted' what was computed; 'declared' "
        "the "
        "coverage that operators publish; 'reported' what community digital teams wrote down.",
    ),
    "summary": Text("Tóm tắt", "Summary"),
    "map": Text("Bản đồ chỗ khác nhau", "Map of disagreement"),
    "claims": Text("Được phủ: dự báo và đo", "Covered: predicted and measured"),
    "errors": Text("Sai lệch mức thu", "Errors of the level"),
    "availability": Text("Độ sẵn sàng của mạng (QCVN 81)", "Availability (QCVN 81)"),
    "censoring": Text("Mẫu đo có thiếu nơi mất sóng không", "Are places without signal missing"),
    "challenges": Text("Những nơi cần kiểm tra lại", "Places to ask about"),
    "polygons": Text("Vùng phủ khai báo và dự báo", "Declared and predicted coverage"),
    "reports": Text("Phản ánh từ thôn, làng", "Reports from villages"),
    "method": Text("Cách làm, giới hạn", "Method and limits"),
    "faults": Text("Cảnh báo khi đọc và tính", "Warnings of reading and computing"),
    "service": Text("Dịch vụ", "Service"),
    "operator": Text("Nhà mạng", "Operator"),
    "allOperators": Text("Tất cả nhà mạng đã đo", "All measured operators"),
    "n": Text("Số mẫu", "Samples"),
    "blocks": Text("Số ô 2 km", "2 km blocks"),
    "bias": Text("Lệch trung bình (dB)", "Bias (dB)"),
    "se": Text("Sai số chuẩn (dB)", "Standard error (dB)"),
    "sd": Text("Độ lệch chuẩn (dB)", "Standard deviation (dB)"),
    "rmse": Text("RMSE (dB)", "RMSE (dB)"),
    "mae": Text("Sai số tuyệt đối (dB)", "Mean absolute error (dB)"),
    "quantiles": Text("Phân vị 5, 25, 50, 75, 95% (dB)", "Quantiles 5, 25, 50, 75, 95% (dB)"),
    "spread": Text("Phân bố (vạch giữa: trung vị)", "Spread (middle line: median)"),
    "group": Text("Nhóm", "Group"),
    "both": Text("Dự báo có, đo có", "Predicted yes, measured yes"),
    "claimedOnly": Text("Dự báo có, đo không", "Predicted yes, measured no"),
    "measuredOnly": Text("Dự báo không, đo có", "Predicted no, measured yes"),
    "neither": Text("Dự báo không, đo không", "Predicted no, measured no"),
    "reportBoth": Text("Dự báo có, phản ánh có", "Predicted yes, reported yes"),
    "reportClaimed": Text("Dự báo có, phản ánh không", "Predicted yes, reported no"),
    "reportOnly": Text("Dự báo không, phản ánh có", "Predicted no, reported yes"),
    "reportNeither": Text("Dự báo không, phản ánh không", "Predicted no, reported no"),
    "hit": Text("Tỷ lệ bắt trúng", "Hit rate"),
    "false": Text("Tỷ lệ báo nhầm", "False alarms"),
    "basis": Text("Coi là được phủ khi", "Counted as covered"),
    "byMap": Text("bản đồ tô là được phủ", "the map says so"),
    "byMedian": Text("mức dự báo (trung vị) đạt ngưỡng", "the predicted median holds the threshold"),
    "level": Text("Ngưỡng (dBm)", "Level (dBm)"),
    "allSamples": Text("Mọi mẫu đạt ngưỡng", "All samples that hold it"),
    "thinned": Text("Sau khi làm thưa", "Thinned"),
    "verdict": Text("Kết luận", "Verdict"),
    "kind": Text("Loại", "Kind"),
    "place": Text("Gần nơi nào", "Near"),
    "commune": Text("Xã, phường, đặc khu", "Commune"),
    "records": Text("Số mẫu (làm thưa)", "Records (thinned)"),
    "share": Text("Tỷ lệ mẫu trái với bản đồ", "Share against the map"),
    "measured": Text("Đo được (dBm)", "Measured (dBm)"),
    "predicted": Text("Dự báo (dBm)", "Predicted (dBm)"),
    "short": Text("Thiếu (dB)", "Short by (dB)"),
    "people": Text("Số dân", "People"),
    "lon": Text("Kinh độ", "Longitude"),
    "lat": Text("Vĩ độ", "Latitude"),
    "declaredOnly": Text("Chỉ khai báo", "Declared only"),
    "predictedOnly": Text("Chỉ dự báo", "Predicted only"),
    "bothSay": Text("Cả hai", "Both"),
    "none": Text("Không bên nào", "Neither"),
    "agreeArea": Text("Khớp theo diện tích", "Agreement by area"),
    "agreePeople": Text("Khớp theo dân số", "Agreement by people"),
    "areaPeople": Text("km² (người)", "km² (people)"),
    "declaredMeasured": Text("Khai báo có nhưng đo không", "Declared, but measured not"),
    "village": Text("Thôn, làng", "Village"),
    "reportCount": Text("Số phản ánh", "Reports"),
    "bars": Text("Số vạch", "Bars"),
    "reported": Text("Phản ánh", "Reported"),
    "lastDay": Text("Ngày gần nhất", "Last day"),
    "yes": Text("có", "yes"),
    "no": Text("không", "no"),
    "silent": Text("mất sóng", "no signal"),
    "more": Text("Còn {n} dòng nữa trong challenges.csv.", "{n} more rows in challenges.csv."),
    "show": Text("Hiện", "Show"),
    "samplesHere": Text("{0} mẫu", "{0} samples"),
    "noScript": Text("Bản đồ cần JavaScript; các bảng bên dưới thì không.",
                     "The map needs JavaScript; the tables below do not."),
    "mapHelp": Text(
        "Mỗi chấm là một ô vuông đã đo (làm thưa); bấm vào để xem mức đo và mức dự báo. Hình dạng phân "
        "biệt loại, "
        "không chỉ màu.",
        "A mark is a square that was measured (thinned); click it for both levels. Shapes tell the kinds, "
        "not "
        "colours alone.",
    ),
    "zoomIn": Text("Phóng to", "Zoom in"),
    "zoomOut": Text("Thu nhỏ", "Zoom out"),
}  # fmt: skip

GROUP_NAMES: Mapping[str, Text] = {
    "all": Text("Mọi mẫu thu được sóng", "All samples that were heard"),
    "strong": Text("Riêng nơi dự báo đủ mạnh", "Where the prediction is strong"),
    "distance": Text("Khoảng cách đến trạm (m)", "Distance to the site (m)"),
    "clutter": Text("Lớp phủ tại điểm đo", "Land cover at the phone"),
    "sight": Text("Địa hình", "Terrain"),
    "operator": Text("Nhà mạng", "Operator"),
    "band": Text("Băng tần (MHz)", "Band (MHz)"),
    "known": Text("Mẫu ghi mã cell", "Sample names its cell"),
}
VALUE_NAMES: Mapping[str, Text] = {
    "clear": Text("tầm nhìn thẳng", "line of sight"),
    "ridge": Text("bị địa hình chắn", "behind a ridge"),
    "none": Text("không rõ", "not known"),
    "water": Text("mặt nước", "water"),
    "open": Text("đất trống", "open"),
    "forest": Text("rừng", "forest"),
    "suburban": Text("khu dân cư thưa", "suburban"),
    "urban": Text("đô thị", "urban"),
    "dense-urban": Text("đô thị dày", "dense urban"),
    "yes": Text("có", "yes"),
    "no": Text("không", "no"),
    "all": Text("tất cả", "all"),
}
KINDS: Mapping[str, Text] = {
    "claimed-not-measured": Text(
        "Bản đồ nói có sóng, đo thì không",
        "The map says covered, measurement does not",
    ),
    "measured-not-claimed": Text("Đo có sóng, bản đồ thì không", "Measured covered, the map does not say so"),
    "claimed-unmeasured": Text("Bản đồ nói có sóng, chưa ai đo", "The map says covered, nobody measured"),
}
VERDICTS: Mapping[str, Text] = {
    "met": Text("đạt theo mẫu đo này", "met by these samples"),
    "not met": Text("không đạt theo mẫu đo này", "not met by these samples"),
    "open": Text("chưa kết luận được", "cannot be told"),
    "too few": Text("chưa đủ số mẫu", "too few samples"),
}
BIASED = Text(
    "{service}: tệp chỉ gồm mẫu thu được sóng. Dưới {floor:.0f} dBm lẽ ra có khoảng {expected:.0f} mẫu, "
    "chỉ thấy "
    "{below}. Mọi con số ở vùng sóng yếu đều LẠC QUAN; không dùng tệp này để kết luận nơi nào có sóng.",
    "{service}: the file holds only samples with signal. Below {floor:.0f} dBm about {expected:.0f} samples "
    "should lie, and {below} do. Every figure of weak places is OPTIMISTIC; do not conclude from this file "
    "that "
    "a place is covered.",
)
NOT_BIASED = Text(
    "{service}: không thấy dấu hiệu bỏ sót nơi mất sóng ({silent} mẫu ghi mất sóng; dưới {floor:.0f} dBm "
    "có {below} "
    "mẫu, chờ đợi {expected:.0f}).",
    "{service}: no sign that places without signal were left out ({silent} samples say no signal; {below} "
    "lie "
    "below {floor:.0f} dBm, {expected:.0f} were to be expected).",
)
UNTESTED = Text(
    "{service}: chưa đủ mẫu ở nơi sóng mạnh để biết tệp có bỏ sót nơi mất sóng hay không.",
    "{service}: too few samples in strong places to tell whether places without signal are missing.",
)
CLAIM_SENTENCE = Text(
    "{service}, {operator}: trong {claimed} ô bản đồ nói được phủ, {wrong} ô đo không đạt, tức báo nhầm "
    "{false} "
    "(khoảng tin cậy 95%: {low}–{high}); trong {measured} ô đo đạt, bản đồ nói đúng {hit}.",
    "{service}, {operator}: of {claimed} squares that the map calls covered, {wrong} were measured "
    "otherwise: "
    "false alarms {false} (95% interval {low}–{high}); of {measured} measured covered the map has {hit}.",
)
ERROR_SENTENCE = Text(
    "{service}: đo trừ dự báo trung bình {bias:.1f} ± {half:.1f} dB, độ lệch chuẩn {sd:.1f} dB ({n} mẫu, "
    "{blocks} "
    "ô 2 km).",
    "{service}: measured less predicted is {bias:.1f} ± {half:.1f} dB on average, standard deviation "
    "{sd:.1f} dB "
    "({n} samples, {blocks} blocks of 2 km).",
)
STRONG_SENTENCE = Text(
    "{service}, riêng nơi dự báo đủ mạnh để hầu hết mẫu đều thu được: {bias:.1f} dB. Đây là con số ít bị "
    "lạc quan "
    "hơn.",
    "{service}, only where the prediction is so strong that nearly every sample is heard: {bias:.1f} dB, "
    "the figure "
    "that flatters less.",
)
NOTES: tuple[Text, ...] = (
    Text(
        "Làm thưa: mọi mẫu của một nhà mạng, một công nghệ trong cùng ô vuông {side:.0f} m và cùng "
        "{hours:.0f} giờ "
        "gộp thành một (trung vị; mất sóng là yếu nhất), để một bãi đỗ xe không lấn át cả con đường.",
        "Thinning: all samples of one operator and technology in one square of {side:.0f} m and "
        "{hours:.0f} hours "
        "become one (the median; silence is the weakest), so that a car park does not outvote a road.",
    ),
    Text(
        "Mức dự báo là của ô lưới {cell:.0f} m chứa điểm đo, của chính cell mà mẫu ghi; không ghi thì của "
        "cell dự "
        "báo mạnh nhất cùng nhà mạng.",
        "The predicted level is that of the {cell:.0f} m cell of the grid, from the very cell that the "
        "sample names; "
        "otherwise from the strongest predicted one of the operator.",
    ),
    Text(
        "Lệch = đo trừ dự báo: âm là mô hình lạc quan. Chỉ tính trên mẫu thu được sóng và có mức dự báo; ở "
        "xa và "
        "yếu, phần thu được là phần may mắn, nên xem thêm dòng 'nơi dự báo đủ mạnh'.",
        "Error = measured less predicted: below zero the model is optimistic. Only samples that were heard "
        "and have "
        "a prediction count; far out, what is heard is the lucky part, hence the line 'where the "
        "prediction is "
        "strong'.",
    ),
    Text(
        "Khoảng tin cậy coi các mẫu trong cùng ô 2 km là phụ thuộc nhau, nên rộng hơn nhiều so với đếm "
        "từng mẫu.",
        "Intervals take samples in one block of 2 km as dependent, and are far wider than single counting "
        "gives.",
    ),
    Text(
        "Bản đồ chỉ tô khi xác suất tại điểm đạt mức của dịch vụ, nên thận trọng: tỷ lệ bắt trúng thấp hơn "
        "100% là "
        "bình thường, còn tỷ lệ báo nhầm vượt quá phần còn lại của xác suất đó (10% với 0,9) là đáng ngờ.",
        "The map says covered only at the service's location probability: hit rates under 100% are its "
        "caution, but "
        "false alarms beyond what that probability leaves (10% at 0.9) call for an explanation.",
    ),
    Text(
        "Đo trong xe thấp hơn đo ngoài trời khoảng 9 dB (TR 38.901, 7.4.3.2): nếu đo trong xe, hãy nói rõ "
        "khi dùng "
        "các con số này.",
        "In a car about 9 dB less is measured than outdoors (TR 38.901, 7.4.3.2): if so, say it beside "
        "these figures.",
    ),
)


def word(key: str, lang: Language, **values: Any) -> str:
    """Return a phrase."""
    return WORDS[key].say(lang, **values)


def value_name(group: str, value: str, lang: Language) -> str:
    """Return how one value of a group is called."""
    if group == "distance":
        low, _, high = value.partition("-")
        low = format_number(float(low), lang)
        return f"≥ {low}" if not high else f"{low}–{format_number(float(high), lang)}"
    if group == "operator":
        return operator_label(value, lang)
    if group == "band":
        return format_number(float(value), lang)
    known = VALUE_NAMES.get(value)
    return known.say(lang) if known else value


def group_label(group: str, value: str, lang: Language) -> str:
    """Return the heading of a row of errors."""
    head = GROUP_NAMES[group].say(lang)
    return head if group in ("all", "strong") else f"{head}: {value_name(group, value, lang)}"


def claim_operator(operator: str, lang: Language) -> str:
    """Return how the operator of a claim is called; ``all`` in words."""
    return word("allOperators", lang) if operator == "all" else operator_label(operator, lang)


def censoring_sentences(found: Validation, lang: Language) -> list[str]:
    """Say of each service whether its samples leave out places without signal."""
    said = []
    for service, end in found.censoring.items():
        text = BIASED if end.censored else NOT_BIASED if end.tested else UNTESTED
        values = {"floor": end.floor_dbm, "expected": end.expected, "below": end.below, "silent": end.silent}
        names = text.fields()[0]
        said.append(text.say(lang, service=service, **{k: v for k, v in values.items() if k in names}))
    return said


def sentences(found: Validation, lang: Language) -> list[str]:
    """Return the answer in sentences."""
    said = [
        BIASED.say(lang, service=s, floor=e.floor_dbm, expected=e.expected, below=e.below)
        for s, e in found.censoring.items() if e.censored
    ]
    for claim in found.claims:
        f = claim.figures
        if claim.operator == "all":
            said.append(
                CLAIM_SENTENCE.say(
                    lang, service=claim.service, operator=claim_operator(claim.operator, lang),
                    claimed=f.both + f.claimed_only, wrong=f.claimed_only, measured=f.both + f.measured_only,
                    false=percent(f.false_alarm.share, lang), low=percent(f.false_alarm.low, lang),
                    high=percent(f.false_alarm.high, lang), hit=percent(f.hit_rate.share, lang),
                )
            )
    for group in found.errors:
        s = group.stats
        if group.group == "all":
            said.append(
                ERROR_SENTENCE.say(
                    lang, service=group.service, bias=s.bias_db, half=1.96 * s.bias_se_db, sd=s.sd_db, n=s.n,
                    blocks=s.blocks,
                )
            )
        elif group.group == "strong":
            said.append(STRONG_SENTENCE.say(lang, service=group.service, bias=s.bias_db))
    return said


def criteria(found: Validation, lang: Language) -> list[str]:
    """Return what each compared service counts as covered."""
    services = found.layers.project.services
    return [f"{name}: {describe(services[name]).say(lang)}" for name in found.predictions]


def method(found: Validation, lang: Language) -> list[str]:
    """Return how the figures came about, and what limits them."""
    grid, options = found.layers.grid, found.options
    values = {
        "side": options.square_m or grid.cell_m, "hours": options.seconds / 3600.0, "cell": grid.cell_m,
    }
    said = []
    for note in NOTES:
        names = note.fields()[0]
        said.append(note.say(lang, **{k: v for k, v in values.items() if k in names}))
    return said


def percent(share: float, lang: Language) -> str:
    """Write a share of 1 as a percentage; a dash for none."""
    return "–" if share != share else format_percent(share, 1.0, lang)
