"""The words of a fibre plan: headings, columns, and the sentences that sum it up."""

from __future__ import annotations

import math
from typing import cast

from phusong.coverage.criterion import describe
from phusong.coverage.fibre.optical_budget import max_reach_m
from phusong.coverage.plan.fibre_request import FibrePlan
from phusong.coverage.result import ANY
from phusong.data.fibre_prices import PORTS_PER_OLT, fibre_costs
from phusong.data.language import Language, Text, format_number, format_percent
from phusong.maps.figures import layer_label

WORDS = {
    "title": Text("Phương án cáp quang", "Fibre plan"),
    "kinds": Text(
        "Đề xuất tính toán theo mạng đường và dữ liệu hiện có, chưa khảo sát thực địa.",
        "A computed proposal from roads and the data there is, not surveyed on the ground.",
    ),
    "skip": Text("Đến nội dung", "Skip to the content"),
    "contents": Text("Mục lục", "Contents"),
    "print": Text("In", "Print"), "theme": Text("Sáng/tối", "Light/dark"),
    "summary": Text("Tóm tắt", "Summary"), "map": Text("Bản đồ trước và sau", "Map, before and after"),
    "phases": Text("Phân kỳ", "Phases"), "frontier": Text("Kinh phí và số dân", "Cost and people"),
    "bill": Text("Bảng khối lượng", "Bill of quantities"), "spans": Text("Tuyến", "Routes"),
    "points": Text("Điểm được nối", "Points connected"), "left": Text("Điểm chưa nối", "Points not "
    "connected"),
    "optics": Text("Quỹ công suất quang", "Optical budget"),
    "sensitivity": Text("Độ nhạy với đơn giá", "Sensitivity to prices"),
    "prices": Text("Đơn giá", "Prices"), "method": Text("Cách tính", "Method"),
    "faults": Text("Cảnh báo", "Warnings"),
    "before": Text("Hiện trạng", "As it is"), "until": Text("Đến hết {year}", "By the end of {year}"),
    "afterAll": Text("Sau phương án", "With the plan"), "state": Text("Thời điểm", "State"),
    "coverage": Text("Vùng có cáp quang", "Within reach of fibre"), "show": Text("Chú giải", "Legend"),
    "existing": Text("cáp quang hiện có", "existing fibre"), "new": Text("tuyến đề xuất", "proposed route"),
    "served": Text("điểm được nối", "connected point"), "unserved": Text("điểm chưa có", "point without "
    "fibre"),
    "never": Text("điểm không nối được", "point that cannot be connected"),
    "coveredNow": Text("đã có cáp trong tầm", "within reach already"),
    "coveredNew": Text("mới có cáp trong tầm", "newly within reach"),
    "peopleNew": Text("người mới có cáp trong tầm", "people newly within reach"),
    "zoomIn": Text("Phóng to", "Zoom in"), "zoomOut": Text("Thu nhỏ", "Zoom out"),
    "mapHelp": Text(
        "Nét càng đậm càng nhiều hộ phía sau. Bấm vào tuyến hoặc điểm để xem số liệu.",
        "The wider a line, the more homes behind it. Click a route or a point for its figures.",
    ),
    "noScript": Text("Bản đồ cần JavaScript; các bảng thì không.", "The map needs JavaScript; tables do "
    "not."),
    "more": Text("… và {n} dòng nữa trong fibre_plan.xlsx.", "… and {n} more in fibre_plan.xlsx."),
    "year": Text("Năm", "Year"), "phase": Text("Giai đoạn", "Phase"),
    "budget": Text("Kinh phí (tỷ đồng)", "Budget (billion VND)"),
    "cost": Text("Chi phí (tỷ đồng)", "Cost (billion VND)"), "km": Text("Tuyến mới (km)", "New route (km)"),
    "places": Text("Địa điểm", "Places"), "communes": Text("Xã", "Communes"),
    "sites": Text("Trạm", "Base stations"),
    "peopleAfter": Text("Dân trong tầm cáp", "People within reach"), "share": Text("Tỷ lệ dân số", "Share"),
    "people": Text("Dân quanh điểm", "People round the points"),
    "needs": Text("Số điểm", "Points"), "most": Text("Cận trên", "Upper bound"),
    "item": Text("Hạng mục", "Item"), "detail": Text("Chi tiết", "Detail"), "unit": Text("ĐVT", "Unit"),
    "quantity": Text("Khối lượng", "Quantity"), "unitPrice": Text("Đơn giá (triệu đồng)", "Price (million "
    "VND)"),
    "amount": Text("Thành tiền (triệu đồng)", "Amount (million VND)"),
    "total": Text("Cộng (chưa gồm thuê bao)", "Total (without drops)"),
    "span": Text("Tuyến", "Span"), "roadClass": Text("Cấp đường", "Class of road"),
    "laying": Text("Cách lắp đặt", "Laying"), "fibres": Text("Cáp (sợi)", "Cable (fibres)"),
    "homes": Text("Hộ phía sau", "Homes behind"), "peopleBehind": Text("Dân phía sau", "People behind"),
    "placesBehind": Text("Điểm phía sau", "Places behind"), "perPerson": Text("Đồng/người", "VND/person"),
    "sitesBehind": Text("Trạm phía sau", "Stations behind"),
    "point": Text("Điểm", "Point"), "kind": Text("Loại", "Kind"), "id": Text("Mã", "Id"),
    "commune": Text("Xã", "Commune"), "communeCode": Text("Mã xã", "Commune code"),
    "homesHere": Text("Hộ", "Homes"), "splitters": Text("Bộ chia", "Splitters"),
    "ports": Text("Cổng PON", "PON ports"), "link": Text("Cách đường (m)", "From the way (m)"),
    "path": Text("Từ OLT (km)", "From OLT (km)"), "pathBy": Text("Tính theo", "Reckoned by"),
    "margin": Text("Dự phòng còn (dB)", "Margin left (dB)"), "remedy": Text("Cần dùng", "Needs"),
    "reason": Text("Lý do", "Reason"), "level": Text("Mức giá", "Prices"),
    "thisPlan": Text("Phương án này (tỷ đồng)", "This plan (billion VND)"),
    "best": Text("Phương án tốt nhất ở mức giá đó (tỷ đồng)", "Best plan at those prices (billion VND)"),
    "shared": Text("Tuyến trùng với phương án này", "Routes in common"),
    "source": Text("Nguồn", "Source"), "low": Text("Thấp", "Low"), "base": Text("Cơ sở", "Base"),
    "high": Text("Cao", "High"), "own": Text("của dự án", "the project's own"),
    "lon": Text("Kinh độ", "Longitude"), "lat": Text("Vĩ độ", "Latitude"),
    "allYears": Text("Toàn bộ", "All"),
}
KINDS = {
    "place": Text("địa điểm", "place"), "commune": Text("xã", "commune"), "site": Text("trạm", "base "
    "station"),
}
STATES = {
    "planned": Text("được nối", "connected"),
    "later": Text("ngoài kinh phí hoặc mục tiêu", "beyond budget or target"),
    "far": Text("quá xa đường", "too far from any way"), "island": Text("không có đường nối tới cáp", "no "
    "way to fibre"),
}
ITEMS = {
    "aerial": Text("Cáp treo", "Aerial cable"), "buried": Text("Cáp ngầm", "Buried cable"),
    "cable": Text("Trong đó cáp", "Of it, cable of"), "point": Text("Tủ, hộp đấu nối tại điểm", "Cabinet "
    "or closure"),
    "splitter": Text("Bộ chia quang", "Splitter"), "port": Text("Cổng PON", "PON port"),
    "olt": Text("OLT (quy đổi 16 cổng)", "OLT (of 16 ports)"),
    "drop": Text("Thuê bao (ngoài tổng)", "Drops (not in the total)"),
}
CLASSES = {
    "motorway": Text("cao tốc", "motorway"), "national": Text("quốc lộ", "national road"),
    "provincial": Text("tỉnh lộ", "provincial road"), "district": Text("đường huyện", "district road"),
    "commune": Text("đường xã", "commune road"), "village": Text("đường thôn", "village road"),
    "urban": Text("đường phố", "street"), "track": Text("đường mòn", "track"),
    "other": Text("đường khác", "other road"), "off_road": Text("ngoài đường", "away from roads"),
}
UNITS = {"km": Text("km", "km"), "each": Text("cái", "each")}
LEVEL_WORDS = {"low": WORDS["low"], "base": WORDS["base"], "high": WORDS["high"]}
PATHS = {
    "cable": Text("tuyến cáp", "cable"), "road": Text("đường ngắn nhất", "shortest road"),
    "none": Text("không rõ OLT", "no OLT known"),
}
NETWORK_ANY = Text("cáp hiện có của các nhà mạng", "the existing cable of all operators")
NETWORK = Text("cáp hiện có của {name}", "the existing cable of {name}")
NEW_OLT = Text("OLT mới gần hơn", "an OLT nearer by")
PRICE_NAMES = {
    "vnd_per_usd": Text("Tỷ giá (đồng/USD)", "Rate (VND/USD)"),
    "aerial_km": Text("Cáp treo, 1 km đường xã", "Aerial, a km of commune road"),
    "buried_km": Text("Cáp ngầm, 1 km đường xã", "Buried, a km of commune road"),
    "point": ITEMS["point"], "splitter": ITEMS["splitter"], "port": ITEMS["port"],
    "olt": Text("OLT 16 cổng", "OLT of 16 ports"), "drop": Text("Thuê bao", "Drop of a home"),
    "take_up": Text("Tỷ lệ hộ thuê bao", "Share of homes that subscribe"),
    "spare": Text("Tỷ lệ sợi dự phòng", "Share of spare fibres"),
}

_BUILT = Text(
    "Kéo {km:.0f} km cáp mới nối {n} điểm ({what}) vào {operator}, hết {cost:.1f} tỷ đồng: "
    "{routes:.1f} tỷ "
    "đồng tuyến cáp và {kit:.1f} tỷ đồng thiết bị.",
    "{km:.0f} km of new cable connect {n} points ({what}) to {operator} for {cost:.1f} "
    "billion "
    "VND: {routes:.1f} for routes and {kit:.1f} for equipment.",
)
_NOTHING = Text("Không kéo tuyến nào.", "Nothing is built.")
_MEAN = Text(
    "Bình quân {per_km:.0f} triệu đồng một km tuyến, {km_each:.1f} km và {per_point:.0f} triệu đồng một "
    "điểm.",
    "That is {per_km:.0f} million VND a km of route, {km_each:.1f} km and {per_point:.0f} million VND a "
    "point.",
)
_PEOPLE = Text(
    "Dân trong tầm cáp quang tăng từ {before} lên {after} dân số (thêm {gain:.0f} người; tiêu chí: "
    "{criterion}).",
    "People within reach of fibre rise from {before} to {after} ({gain:.0f} more; criterion: {criterion}).",
)
_PROOF = Text(
    "Tuyến đắt hơn phương án rẻ nhất có thể nối đúng các điểm này nhiều nhất {gap}%.",
    "The routes cost at most {gap}% more than the cheapest possible to these points.",
)
_OPTIMAL = Text(
    "Đã chứng minh: không có cách nối đúng các điểm này rẻ hơn trên mạng đường này.",
    "Proven: on these roads no routes to these points are cheaper.",
)
_BOUND = Text(
    "Với kinh phí này, không phương án nào đưa cáp tới quá {most:.0f} người quanh các điểm; phương án đạt "
    "{people:.0f} ({share}).",
    "For this money no plan brings fibre to more than {most:.0f} people round the points; this one brings "
    "{people:.0f} ({share}).",
)
_LEFT = Text("Chưa nối {n} điểm: {why}.", "{n} points are not connected: {why}.")
_TARGET = {
    True: Text("Đạt mục tiêu {target}% dân số.", "The target of {target}% of the people is met."),
    False: Text(
        "Không đạt mục tiêu {target}% dân số; nối hết các điểm có thể nối được {best:.1f}%.",
        "The target of {target}% of the people is not met; with all that can be connected it is "
        "{best:.1f}%.",
    ),
}
_DROPS = Text(
    "Khi {homes} hộ thuê bao (tỷ lệ {take_up}), kéo dây vào nhà hết thêm {cost:.1f} tỷ đồng, không tính "
    "trong tổng.",
    "When {homes} homes subscribe ({take_up}), their drops take {cost:.1f} billion VND more, not in the "
    "total.",
)
_RANGE = Text(
    "Theo đơn giá thấp và cao, phương án này hết {low:.1f} đến {high:.1f} tỷ đồng.",
    "At low and high prices this plan takes {low:.1f} to {high:.1f} billion VND.",
)

METHOD = (
    Text(
        "Cáp đi theo đường (layers.roads) và tuyến cáp có sẵn; {operator} không tốn chi phí. "
        "Điểm nối vào đường gần nhất, không quá {link:.0f} m.",
        "Cable follows roads (layers.roads) and existing routes; {operator} costs nothing. "
        "Points join the nearest way, at most {link:.0f} m off.",
    ),
    Text(
        "Giá mỗi mét: đơn giá treo hoặc ngầm × hệ số cấp đường, sông suối, khu bảo vệ và độ dốc "
        "(data/laying_factors.csv). Giá cáp mọi cỡ tính như nhau.",
        "A metre costs the price of the laying × factors of class of road, water, protected areas and slope "
        "(data/laying_factors.csv). Cables of all sizes cost the same.",
    ),
    Text(
        "Nối tất cả: cây Steiner ngắn nhất từ mạng hiện có, cận dưới theo đối ngẫu. Theo kinh phí hoặc "
        "mục tiêu: chọn "
        "điểm theo số dân trên một đồng, cận trên Lagrange.",
        "All points: the shortest Steiner tree from what stands, with a bound by dual ascent. Budget or "
        "target: "
        "points by people per dong, with a Lagrangian upper bound.",
    ),
    Text(
        "Dân quanh điểm: người chưa có cáp trong tầm của dịch vụ, mỗi người tính cho điểm gần nhất; mỗi "
        "điểm ít nhất "
        "tính là 1. Dân trong tầm cáp sau phương án được tính lại theo tiêu chí của dịch vụ, gồm cả dọc "
        "tuyến mới.",
        "People round a point: those without fibre within the service's reach, each at the nearest point; "
        "a point "
        "counts 1 at least. People within reach with the plan are counted anew by the service's "
        "criterion, along "
        "new routes too.",
    ),
    Text(
        "Hộ: theo danh sách của lớp địa điểm (cả thôn) nếu có, nếu không thì số dân chia cho số người một "
        "hộ của xã. Bộ "
        "chia 1:{ratio} đặt tại điểm, mỗi bộ một cổng và một sợi; OLT {ports} cổng.",
        "Homes: as the layer of places lists them (the whole village), else people over persons per home "
        "of the "
        "commune. Splitters 1:{ratio} at the point, each on a port and a fibre; OLTs of {ports} ports.",
    ),
    Text(
        "Mỗi giai đoạn chỉ kéo tiếp từ mạng đã có đến lúc đó, ưu tiên nhiều dân trên một đồng.",
        "Each phase builds on what stands by then, most people per dong first.",
    ),
    Text(
        "Kiểm tra: {edges} cạnh nối liền với mạng hiện có, không vòng, tới đủ {needs} điểm; cộng lại từ "
        "hình học "
        "{km:.1f} km.",
        "Checked: {edges} edges joined to what stands, no circle, all {needs} points; {km:.1f} km summed "
        "anew from "
        "the geometry.",
    ),
)
CHECK_OPTICS = Text(
    "Cấp {optics}: tới {reach:.1f} km từ OLT đến nhà. {ok} trong {n} điểm nằm trong quỹ công suất; "
    "{guess} điểm tạm "
    "tính theo đường ngắn nhất vì dữ liệu thiếu tuyến về OLT.",
    "Class {optics}: up to {reach:.1f} km from OLT to home. {ok} of {n} points are within the budget; "
    "{guess} are "
    "reckoned along the shortest road, since the data lack the cable to an OLT.",
)


def word(key: str, lang: Language, **values: object) -> str:
    """Return one word or phrase of the plan."""
    return WORDS[key].say(lang, **values)


def billion(vnd: float) -> float:
    """Return billions of VND."""
    return vnd / 1e9


def network_said(plan: FibrePlan, lang: Language) -> str:
    """Say what is built on."""
    operator = plan.request.wanted.operator
    return NETWORK_ANY.say(lang) if operator == ANY else NETWORK.say(lang, name=operator)


def kinds_said(plan: FibrePlan, lang: Language) -> str:
    """Say how many points of which layers a plan connects."""
    counts = plan.planned.groupby(["kind", "layer"], sort=False).size()
    parts = []
    for key, n in counts.items():
        kind, layer = cast("tuple[str, str]", key)
        name = layer_label(f"places:{layer}", lang) if kind == "place" else KINDS[kind].say(lang)
        parts.append(f"{format_number(int(n), lang)} {name}")
    return ", ".join(parts)


def left_said(plan: FibrePlan, lang: Language) -> str:
    """Say why points are not connected."""
    rest = plan.needs[plan.needs["state"] != "planned"]["state"].value_counts()
    return ", ".join(f"{format_number(int(n), lang)} {STATES[str(s)].say(lang)}" for s, n in rest.items())


def sentences(plan: FibrePlan, lang: Language) -> list[str]:
    """Return what there is to say of a plan, most important first."""
    planned = plan.planned
    found = []
    if len(planned):
        km = float(plan.spans["km"].sum())
        found.append(
            _BUILT.say(
                lang, km=km, n=len(planned), what=kinds_said(plan, lang),
                operator=network_said(plan, lang),
                cost=billion(plan.cost_vnd), routes=billion(plan.route_vnd),
                kit=billion(plan.cost_vnd - plan.route_vnd),
            )
        )  # fmt: skip
        found.append(
            _PEOPLE.say(
                lang, before=format_percent(plan.people_before, plan.people, lang),
                after=format_percent(plan.people_after, plan.people, lang),
                gain=plan.people_after - plan.people_before, criterion=describe(plan.service).say(lang),
            )
        )  # fmt: skip
        if plan.gap is not None and math.isfinite(plan.gap):
            percent = 100.0 * plan.gap
            shown = format_number(math.ceil(percent * 100.0) / 100.0, lang, 2)
            found.append(_OPTIMAL.say(lang) if percent < 1e-4 else _PROOF.say(lang, gap=shown))
        if km > 0:
            found.append(
                _MEAN.say(
                    lang, per_km=plan.route_vnd / 1e6 / km, km_each=km / len(planned),
                    per_point=plan.cost_vnd / 1e6 / len(planned),
                )
            )
    else:
        found.append(_NOTHING.say(lang))
    if plan.request.mode == "budget" and plan.most_people is not None and plan.most_people > 0:
        people = float(planned["people"].clip(lower=1.0).sum())
        found.append(
            _BOUND.say(lang, most=plan.most_people, people=people,
                       share=format_percent(people, plan.most_people, lang))
        )  # fmt: skip
    if plan.target_met is not None and plan.request.target is not None:
        target = format_number(100.0 * plan.request.target, lang)
        found.append(_TARGET[plan.target_met].say(lang, target=target, best=plan.best_percent))
    left = int((plan.needs["state"] != "planned").sum())
    if left:
        found.append(_LEFT.say(lang, n=left, why=left_said(plan, lang)))
    drops = plan.bill[plan.bill["item"] == "drop"]
    if len(drops):
        found.append(
            _DROPS.say(
                lang, homes=format_number(float(drops["quantity"].sum()), lang),
                take_up=format_percent(plan.prices["base"]["take_up"], 1.0, lang, 0),
                cost=billion(float(drops["amount_vnd"].sum())),
            )
        )  # fmt: skip
    levels = plan.sensitivity.set_index("level")["this_plan_vnd"]
    if len(planned):
        found.append(_RANGE.say(lang, low=billion(levels["low"]), high=billion(levels["high"])))
    return found


def optics_sentence(plan: FibrePlan, lang: Language) -> str:
    """Say how many points light reaches."""
    planned = plan.planned[plan.planned["kind"] != "site"]
    return CHECK_OPTICS.say(
        lang, optics=f"{plan.optics.optical_class} {'+'.join(plan.optics.splitters)}",
        reach=max_reach_m(plan.optics) / 1000.0, ok=int(planned["in_class"].astype(bool).sum()),
        n=len(planned),
        guess=int((planned["path_by"] == "road").sum()),
    )  # fmt: skip


def method(plan: FibrePlan, lang: Language) -> list[str]:
    """Say how the plan was made."""
    ratio = 1
    for splitter in plan.optics.splitters:
        ratio *= int(splitter.partition(":")[2])
    values = {
        "operator": network_said(plan, lang),
        "link": plan.request.link_m, "ratio": str(ratio), "ports": PORTS_PER_OLT,
        "edges": plan.checked.edges, "needs": plan.checked.needs, "km": plan.checked.length_m / 1000.0,
    }  # fmt: skip
    return [text.fill(lang, values) for text in METHOD]


def price_rows(plan: FibrePlan, lang: Language) -> list[tuple[str, float, float, float, str]]:
    """Return name, low, base, high (VND) and source of every price."""
    rows = []
    for key, price in fibre_costs().items():
        low, base, high = (plan.prices[level][key] for level in ("low", "base", "high"))
        own = key in plan.prices["base"].own
        source = word("own", lang) if own else price.source.say(lang)
        rows.append((PRICE_NAMES[key].say(lang), low, base, high, source))
    return rows


def class_said(item: str, detail: str, lang: Language) -> str:
    """Say the detail of an item of the bill."""
    return CLASSES[detail].say(lang) if item in ("aerial", "buried") and detail in CLASSES else detail
