"""What the outputs of a plan of sites say, in both languages."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from phusong.coverage.criterion import describe
from phusong.coverage.plan.site_aims import NAMES, UNITS
from phusong.coverage.plan.site_plan import SitePlan, served_percent
from phusong.coverage.plan.site_steps import Step
from phusong.coverage.targets import Standing
from phusong.data.language import Language, Text, format_date, format_number
from phusong.data.site_cost_table import vnd_per_usd
from phusong.maps.figures import Figures, operator_label
from phusong.maps.target_words import all_standings, told_target

WORDS = {
    "title": Text("Kế hoạch vị trí trạm", "Plan of sites"), "summary": Text("Tóm tắt", "Summary"),
    "map": Text("Bản đồ", "Map"), "curve": Text("Kinh phí và vùng phủ", "Money and coverage"),
    "list": Text("Danh mục đầu tư theo thứ tự", "Sites in order"), "phases": Text("Phân kỳ", "Phases"),
    "cards": Text("Từng vị trí", "Site by site"), "compare": Text("So với cách làm tuần tự", "Joint or in "
                                                                                             "turn"),
    "prices": Text("Đơn giá", "Prices"), "method": Text("Cách tính", "Method"),
    "faults": Text("Cảnh báo", "Warnings"), "candidates": Text("Ứng viên", "Candidates"),
    "contents": Text("Mục lục", "Contents"), "skip": Text("Đến nội dung chính", "Skip to the content"),
    "print": Text("In", "Print"), "theme": Text("Sáng / tối", "Light / dark"),
    "order": Text("TT", "No."), "year": Text("Năm", "Year"), "site": Text("Mã vị trí", "Site"),
    "place": Text("Địa điểm", "Place"), "kind": Text("Loại", "Kind"),
    "operator": Text("Nhà mạng", "Operator"),
    "commune": Text("Xã, phường", "Commune"), "code": Text("Mã xã", "Commune code"),
    "cost": Text("Kinh phí (triệu đồng)", "Cost (million dong)"),
    "spent": Text("Lũy kế (triệu đồng)", "Running total (million dong)"),
    "people": Text("Người được phủ thêm", "People gained"),
    "villages": Text("Thôn, làng được phủ thêm", "Villages gained"),
    "key": Text("Vị trí trọng điểm thêm", "Key locations gained"),
    "zones": Text("Khu, cụm được phủ thêm (km²)", "Zones gained (km²)"),
    "roads": Text("Đường được phủ thêm (km)", "Road gained (km)"),
    "perTy": Text("Người / tỷ đồng", "People per billion"),
    "backhaul": Text("Truyền dẫn", "Backhaul"), "funding": Text("Nguồn vốn", "Funding"),
    "names": Text("Tên thôn, làng", "Names of villages"), "height": Text("Anten (m)", "Antennas (m)"),
    "ground": Text("Cao độ đất (m)", "Ground (m)"), "slope": Text("Độ dốc (%)", "Slope (%)"),
    "road": Text("Cách đường (m)", "To a road (m)"), "power": Text("Điện", "Power"),
    "lon": Text("Kinh độ", "Longitude"), "lat": Text("Vĩ độ", "Latitude"),
    "fibreKm": Text("Cáp mới (km)", "New cable (km)"), "to": Text("Nối tới", "To"),
    "perYear": Text("Vận hành hoặc thuê mỗi năm (triệu đồng)", "Operation or rent a year (million dong)"),
    "grid": Text("điện lưới", "grid"), "sun": Text("điện mặt trời", "sun"),
    "ofMast": Text("theo cột hiện có", "with the mast"),
    "share": Text("Tỷ lệ sau bước này (%)", "Share after this step (%)"),
    "sitesWord": Text("Số vị trí", "Sites"), "item": Text("Khoản", "Item"),
    "unit": Text("Đơn vị", "Unit"), "value": Text("Đơn giá (triệu đồng)", "Price (million dong)"),
    "low": Text("Thấp", "Low"), "base": Text("Giữa", "Middle"), "high": Text("Cao", "High"),
    "source": Text("Nguồn", "Source"), "own": Text("đơn giá của dự án", "price of the project"),
    "joint": Text("Chọn trạm và truyền dẫn cùng lúc", "Sites and backhaul together"),
    "first": Text("Chọn trạm trước, nối truyền dẫn sau", "Sites first, then their backhaul"),
    "siteCost": Text("Trạm (triệu đồng)", "Sites (million dong)"),
    "linkCost": Text("Truyền dẫn (triệu đồng)", "Backhaul (million dong)"),
    "total": Text("Tổng", "Total"), "open": Text("Bản đồ trước và sau", "Map before and after"),
    "profile": Text("Mặt cắt tới {name}", "Profile to {name}"),
    "there": Text("nơi đông dân nhất", "most people"),
    "target": Text("Mục tiêu {percent:.1f}%", "Target {percent:.1f}%"),
    "money": Text("tỷ đồng", "billion dong"), "existing": Text("Trạm hiện có", "Sites there are"),
    "new": Text("Trạm mới", "New tower"), "shared": Text("Dùng chung cột", "Shared mast"),
    "uncovered": Text("Dân chưa được phủ", "People without the service"),
    "cable": Text("Cáp quang mới", "New cable"), "link": Text("Vi ba", "Microwave"),
    "draft": Text("DỰ THẢO", "DRAFT"),
}  # fmt: skip

AT_HAND_M = 50.0
"""With less new cable than this the fibre passes by."""
KINDS = {
    "mast": Text("Dùng chung cột có sẵn", "Shared mast"), "own": Text("Danh sách đề xuất", "Proposed list"),
    "centre": Text("Trung tâm xã", "Commune centre"), "village": Text("Tại thôn, làng", "In a village"),
    "hilltop": Text("Đỉnh đồi, núi", "Hilltop"), "road": Text("Ven đường", "Road side"),
    "people": Text("Khu dân cư", "Among people"),
}
BACKHAUL = {
    "shared": Text("theo cột hiện có", "with the mast"),
    "fibre": Text("cáp quang {km:.1f} km", "fibre {km:.1f} km"),
    "at_hand": Text("cáp quang có sẵn tại chỗ", "fibre that passes by"),
    "microwave": Text("vi ba tới {to}", "microwave to {to}"),
    "other": Text("vệ tinh hoặc chuyển tiếp (cần khảo sát)", "satellite or a relay (to be surveyed)"),
}
ITEMS = {
    "mast": Text("Cột, móng, lắp đặt", "Mast, civil works, installation"),
    "equipment": Text("Thiết bị vô tuyến", "Radio equipment"), "power": Text("Nguồn điện", "Power"),
    "access": Text("Đường vào", "Access"), "fibre": Text("Cáp quang", "Fibre"),
    "microwave": Text("Vi ba, vệ tinh", "Microwave, satellite"),
}
UNIT_NAMES = {
    "site": Text("vị trí", "site"), "sector": Text("sector", "sector"), "km": Text("km", "km"),
    "link": Text("tuyến", "link"), "year": Text("năm", "year"),
}
PRICE_NAMES = {
    "tower_new": Text("Cột mới, móng, lắp đặt", "New tower, civil works, installation"),
    "mast_shared": Text("Gia cố, lắp trên cột có sẵn", "Mounting on a mast that stands"),
    "equipment_2G": Text("Thiết bị 2G", "2G equipment"), "equipment_3G": Text("Thiết bị 3G", "3G equipment"),
    "equipment_4G": Text("Thiết bị 4G", "4G equipment"), "equipment_5G": Text("Thiết bị 5G", "5G equipment"),
    "power_site": Text("Nguồn điện tại trạm mới", "Power at a new site"),
    "power_shared": Text("Nguồn điện trên cột dùng chung", "Power at a shared mast"),
    "power_line": Text("Kéo điện lưới", "Power line"), "power_solar": Text("Điện mặt trời", "Solar power"),
    "access_road": Text("Đường vào", "Access track"), "microwave_link": Text("Tuyến vi ba", "Microwave link"),
    "backhaul_other": Text("Vệ tinh hoặc chuyển tiếp", "Satellite or a relay"),
    "year_new": Text("Vận hành trạm mới", "Operation of a new site"),
    "year_shared": Text("Thuê cột", "Rent of a mast"),
    "fibre": Text("Cáp quang treo (đường xã)", "Aerial fibre (commune road)"),
    "fibre_end": Text("Đầu cuối quang", "Fibre terminal"),
}

_HEAD = Text(
    "Đề xuất {n} vị trí ({shared} dùng chung cột có sẵn, {new} xây mới), tổng {cost:.1f} tỷ đồng, trong "
    "đó truyền "
    "dẫn {links:.1f} tỷ đồng ({km:.1f} km cáp quang, {radio} tuyến vi ba).",
    "{n} sites ({shared} on masts that stand, {new} new) for {cost:.1f} billion dong, of which backhaul "
    "{links:.1f} billion ({km:.1f} km of fibre, {radio} microwave links).",
)
_AIM = Text(
    "{name}: từ {before:.2f}% lên {after:.2f}% (thêm {gain:.0f} {unit}; {served:.0f} trên {total:.0f}).",
    "{name}: from {before:.2f}% to {after:.2f}% ({gain:.0f} more {unit}; {served:.0f} of {total:.0f}).",
)
_AIM_SMALL = Text(
    "{name}: từ {before:.2f}% lên {after:.2f}% (thêm {gain:.2f} {unit}; {served:.2f} trên {total:.2f}).",
    "{name}: from {before:.2f}% to {after:.2f}% ({gain:.2f} more {unit}; {served:.2f} of {total:.2f}).",
)
_PROOF_COST = Text(
    "Chứng thực: không phương án nào trong số các ứng viên đạt mục tiêu với ít hơn {bound:.2f} tỷ đồng; "
    "phương án này {value:.2f} tỷ đồng, tức là nhiều nhất chỉ có thể bớt thêm {gap:.1f}%.",
    "Proof: no other plan of these candidates reaches the target for less than {bound:.2f} billion dong; "
    "this one costs {value:.2f} billion, so at most {gap:.1f}% of it could be saved.",
)
_PROOF_BEST = Text(
    "Chứng thực: phương án này là tốt nhất có thể trong số các ứng viên.",
    "Proof: of these candidates no plan is better than this one.",
)
_PROOF_GAIN = Text(
    "Chứng thực: không phương án nào trong số các ứng viên được thêm quá {bound:.1f} {unit} với điều kiện "
    "này; phương án này được {value:.1f}, tức là nhiều nhất chỉ có thể hơn thêm {gap:.1f}%.",
    "Proof: no other plan of these candidates gains more than {bound:.1f} {unit} under this condition; this "
    "one gains {value:.1f}, so at most {gap:.1f}% more could be had.",
)
_SAVED = Text(
    "Chọn trạm và truyền dẫn cùng lúc rẻ hơn cách chọn trạm trước rồi kéo cáp sau {saved:.2f} tỷ đồng "
    "({share:.1f}%).",
    "Choosing sites and backhaul together costs {saved:.2f} billion dong ({share:.1f}%) less than sites "
    "first, "
    "then their fibre.",
)
_MORE = Text(
    "Với cùng kinh phí, chọn trạm và truyền dẫn cùng lúc được thêm {more:.1f} {unit} so với chọn trạm trước.",
    "For the same money, choosing sites and backhaul together gains {more:.1f} {unit} more than sites first.",
)
_TARGET = Text(
    "Chỉ tiêu “{name}” đến năm {year} ({document}): {wanted}; hiện {before} ({state}), theo kế hoạch "
    "{after}.",
    "Indicator “{name}” by {year} ({document}): {wanted}; now {before} ({state}), with the plan {after}.",
)
_SUM = Text(
    "Tổng điểm theo trọng số ({weights}): từ {before:.2f}% lên {after:.2f}%.",
    "Weighted points ({weights}): from {before:.2f}% to {after:.2f}%.",
)
_NOTHING = Text("Mục tiêu đã đạt, không cần thêm vị trí nào.", "The target is met already; no site is "
                                                               "needed.")
FORECAST = Text(
    "Số liệu dự báo tính toán, chưa đo kiểm; vị trí cần khảo sát thực địa trước khi đầu tư.",
    "Predicted, not measured; every place needs a survey before money is spent.",
)
MONEY = Text(
    "Đơn giá mức '{level}', 1 USD = {rate} đồng; chưa gồm thuế, giải phóng mặt bằng và dự phòng.",
    "Prices at level '{level}', 1 USD = {rate} dong; without taxes, land and contingencies.",
)
METHOD = (
    Text("Ứng viên: cột hiện có của mọi nhà mạng (ưu tiên dùng chung), trung tâm xã, thôn làng, đỉnh đồi "
         "gần dân chưa "
         "được phủ, điểm ven đường, danh sách riêng (nếu có); khi mục tiêu vượt quá các nơi đó, thêm điểm "
         "giữa khu dân cư chưa ứng viên nào phủ tới. Loại bỏ nơi quá dốc, quá xa đường, mặt "
         "nước, khu bảo vệ.",
         "Candidates: masts of any operator (sharing first), commune centres, villages, hilltops near "
         "people without "
         "the service, road sides, a list of one's own; where a target is beyond these, also places "
         "among people whom none of them reaches. Left out: too steep, too far from roads, water, "
         "protected."),
    Text("Vùng phủ của từng ứng viên tính bằng chính mô hình truyền sóng của dự án; cộng các trạm vào "
         "danh sách và chạy "
         "lại cho cùng số liệu.",
         "Each candidate's coverage is computed by the project's own radio model; a run with the sites "
         "added gives the "
         "same figures."),
    Text("Giá mỗi vị trí gồm nhánh truyền dẫn còn thiếu khi đến lượt xây: cáp quang dọc đường từ mạng đã "
         "có lúc đó, hoặc "
         "vi ba khi thông thoáng 60% đới Fresnel thứ nhất; vị trí sau nối vào nhánh của vị trí trước.",
         "The price of a site holds the branch that is missing when its turn comes: fibre along roads "
         "from where the "
         "network is by then, or microwave with 60% of the first Fresnel zone free; later sites join "
         "earlier "
         "branches."),
    Text("Thứ tự theo lợi ích trên mỗi đồng; năm theo kinh phí từng năm. Chứng thực bằng chặn Lagrange "
         "với phần truyền "
         "dẫn tối thiểu của mỗi vị trí.",
         "Order by gain per money; years by the money of each year. The proof is a Lagrangian bound with "
         "the least that "
         "each site's backhaul can cost."),
    Text("Nguồn vốn theo quy tắc sửa được trong [plan.sites.funding]: mặc định Quỹ viễn thông công ích "
         "cho thôn làng khó "
         "khăn đã có điện lưới, còn lại doanh nghiệp.",
         "Funding follows a rule that can be edited in [plan.sites.funding]: by default the "
         "public-utility fund for "
         "disadvantaged villages with grid power, the operator for the rest."),
)  # fmt: skip


def word(key: str, lang: Language, **values: Any) -> str:
    """Return a phrase."""
    return WORDS[key].say(lang, **values)


def place_name(step: Step, lang: Language) -> str:
    """Return what a site is called: its own name, or its kind and commune."""
    return _called(step.kind, step.name, step.owner, step.commune_name, lang)


def candidate_name(found: SitePlan, candidate: int, lang: Language) -> str:
    """Return what a candidate is called, with its id where the name is not its own."""
    c, communes = found.candidates, found.layers.communes
    at = int(c.commune[candidate])
    commune = str(communes["commune_name"].iloc[at]) if at >= 0 else ""
    kind, name = str(c.kind[candidate]), str(c.name[candidate])
    called = _called(kind, name, str(c.owner[candidate]), commune, lang)
    return called if kind == "mast" or name else f"{called} ({c.site_id[candidate]})"


def _called(kind: str, name: str, owner: str, commune: str, lang: Language) -> str:
    if kind == "mast":
        return f"{name} ({operator_label(owner, lang)})" if owner else name
    return name or ", ".join(part for part in (KINDS[kind].say(lang), commune) if part)


def backhaul_said(step: Step, lang: Language) -> str:
    """Return how a site is connected."""
    if step.backhaul == "fibre" and step.fibre_m < AT_HAND_M:
        return BACKHAUL["at_hand"].say(lang)
    return BACKHAUL[step.backhaul].say(lang, km=step.fibre_m / 1000.0, to=step.backhaul_to or "–")


def power_said(step: Step, lang: Language) -> str:
    """Return what a site runs on."""
    if step.kind == "mast":
        return word("ofMast", lang)
    return word("sun" if step.sun else "grid", lang)


def sentences(found: SitePlan, steps: tuple[Step, ...], lang: Language) -> list[str]:
    """Return what a plan amounts to, with its proof."""
    question, plan = found.question, found.plan
    if not steps:
        return [_NOTHING.say(lang), *(_aim_said(found, n, lang) for n in question.objectives)]
    shared = sum(s.kind == "mast" for s in steps)
    lines = [
        _HEAD.say(
            lang, n=len(steps), shared=shared, new=len(steps) - shared, cost=plan.cost / 1000.0,
            links=plan.backhaul_cost / 1000.0, km=sum(s.fibre_m for s in steps) / 1000.0,
            radio=sum(s.backhaul == "microwave" for s in steps),
        )
    ]  # fmt: skip
    first = list(question.objectives)
    if len(question.weights) > 1 and (not question.targets or "sum" in question.targets):
        lines.append(_sum_said(found, lang))
    lines += [_aim_said(found, name, lang) for name in [*first, *(n for n in found.aims if n not in first)]]
    return [*lines, *targets_said(found, lang), proof_said(found, lang), *rival_said(found, lang)]


def target_standings(found: SitePlan) -> list[Standing]:
    """Return the targets that the planned service has figures of, as they stand and with the plan built."""
    held = all_standings(replace(found.before, planned=found.after.indicators))
    mine = [s for s in held if s.wanted.service == found.question.service]
    return [s for s in mine if not math.isnan(s.percent) and not math.isnan(s.planned)]


def targets_said(found: SitePlan, lang: Language) -> list[str]:
    """Return a sentence for each target of resolutions and plans that the service is held against."""
    figures = Figures(found.before)
    told = [told_target(figures, s, lang) for s in target_standings(found)]
    return [
        _TARGET.say(
            lang, name=x.name, year=str(x.standing.wanted.year), state=x.verdict,
            document=x.document, wanted=x.wanted, before=x.share, after=x.planned,
        )
        for x in told
    ]  # fmt: skip


def _aim_said(found: SitePlan, name: str, lang: Language) -> str:
    aim = found.aims[name]
    before, after = served_percent(found, name)
    gain = float(found.gained(name).sum())
    said = NAMES[name].say(lang)
    text = _AIM_SMALL if name in ("zones", "roads") else _AIM
    return text.say(
        lang, name=said[0].upper() + said[1:], before=before, after=after, gain=gain, unit=UNITS[name],
        served=aim.served + gain, total=aim.total,
    )


def _sum_said(found: SitePlan, lang: Language) -> str:
    weights = found.question.weights
    served = sum(w * found.aims[n].served for n, w in weights.items())
    gain = sum(w * float(found.gained(n).sum()) for n, w in weights.items())
    share = 100.0 / max(sum(w * found.aims[n].total for n, w in weights.items()), 1e-12)
    said = ", ".join(f"{NAMES[n].say(lang)} × {format_number(w, lang)}" for n, w in weights.items())
    return _SUM.say(lang, weights=said, before=share * served, after=share * (served + gain))


def proof_said(found: SitePlan, lang: Language) -> str:
    """Return the certificate in words."""
    proof = found.proof
    gap = 100.0 * proof.gap
    if gap < 0.005:
        return _PROOF_BEST.say(lang)
    if found.question.targets:
        return _PROOF_COST.say(lang, bound=proof.bound / 1000.0, value=proof.value / 1000.0, gap=gap)
    return _PROOF_GAIN.say(lang, bound=proof.bound, value=proof.value, gap=gap, unit=unit_of(found))


def unit_of(found: SitePlan) -> Text:
    """Return the unit of what is maximised."""
    names = list(found.question.weights)
    return UNITS[names[0]] if len(names) == 1 else Text("điểm", "points")


def rival_said(found: SitePlan, lang: Language) -> list[str]:
    """Return what choosing sites and backhaul together brings."""
    plan, rival = found.plan, found.rival
    if found.question.targets:
        saved = rival.cost - plan.cost
        if saved <= 1.0:
            return []
        return [_SAVED.say(lang, saved=saved / 1000.0, share=100.0 * saved / rival.cost)]
    more = float(plan.weight[0] - rival.weight[0])
    return [_MORE.say(lang, more=more, unit=unit_of(found))] if more > 0.05 else []


def scope(found: SitePlan, lang: Language) -> list[str]:
    """Return service, operator, criterion, date and prices of a plan."""
    question, project = found.question, found.layers.project
    criterion = describe(project.services[question.service]).say(lang)
    return [
        f"{question.service}, {operator_label(question.operator, lang)}", criterion,
        format_date(project.province.as_of, lang),
        MONEY.say(lang, level=WORDS[question.level], rate=format_number(int(vnd_per_usd()), lang)),
    ]
