"""What is said of a fibre plan that could not do all it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phusong.coverage.plan.fibre_light import BY_ROAD, NO_OLT
from phusong.data.language import Text
from phusong.layers.faults import Faults
from phusong.layers.rules import Report, Rule, warning

if TYPE_CHECKING:
    import pandas as pd

    from phusong.coverage.plan.fibre_request import Request

NO_FIBRE = Text(
    "Không có cáp quang đang khai thác của {operator} nối được với đường: chưa có điểm nào để kéo tiếp. Bổ "
    "sung fibre_routes, fibre_nodes, hoặc bỏ --start olt.",
    "There is no operational fibre of {operator} that is joined to the roads: nothing to build on. Add "
    "fibre_routes or fibre_nodes, or leave out --start olt.",
)
NO_SERVICE = Text(
    "Dự án không có dịch vụ cáp quang (model = \"route-distance\"){name}.",
    "The project has no service of fibre (model = \"route-distance\"){name}.",
)
NO_OPERATOR = Text(
    "Không có nhà mạng '{name}' trong lớp cáp quang. Các nhà mạng có: {known}.",
    "No operator '{name}' in the fibre layers. There are: {known}.",
)
NOTHING_WANTED = Text(
    "Không có gì để nối: chọn --places, --communes hoặc --sites. Các lớp địa điểm của dự án: {known}.",
    "Nothing to connect: choose --places, --communes or --sites. Layers of places: {known}.",
)
BAD_YEARS = Text(
    "Số kinh phí từng năm ({budgets}) khác số năm ({years}).",
    "There are {budgets} yearly budgets for {years} years.",
)
BOTH = Text(
    "Chỉ chọn một: kinh phí (--budget) hoặc mục tiêu (--target).",
    "Choose one of a budget (--budget) and a target (--target).",
)
NOT_ABOVE_ZERO = Text(
    "Kinh phí phải lớn hơn 0, không phải {value}.", "A budget must be above zero, not {value}."
)

NONE_LEFT = warning(
    "nothing-left", "Mọi điểm được chọn đã có cáp quang: không cần kéo thêm.",
    "Everything that was asked for has fibre: nothing to build.",
)
FAR = warning(
    "far-from-way",
    "{n} điểm cách mọi đường và tuyến cáp hơn {metres:.0f} m, xa nhất là '{name}' ({far:.0f} m): không đưa "
    "vào phương án. Các điểm khác vẫn được tính.",
    "{n} points are more than {metres:.0f} m from any road or route, the farthest '{name}' ({far:.0f} m): "
    "left out of the plan. The others are planned.",
    "Bổ sung đường, sửa tọa độ, hoặc tăng --link-m.", "Add the roads, mend the positions, or raise --link-m.",
)
ISLAND = warning(
    "on-island",
    "{n} điểm ({people:.0f} người) nằm trên cụm đường không nối tới cáp quang nào, ví dụ '{name}': không thể "
    "kéo cáp theo đường. Các điểm khác vẫn được tính.",
    "{n} points ({people:.0f} people) lie on roads that no fibre can be reached from, for example '{name}': "
    "no cable can follow roads to them. The others are planned.",
    "Cần cáp biển hoặc viba; nếu thực tế có đường, nối lớp đường hoặc tăng snap_m.",
    "They need a submarine cable or microwave; where there is a road, join the layer or raise snap_m.",
)
TARGET = warning(
    "target-not-reached",
    "Không đạt được mục tiêu {target:.1f}% dân số: nối hết mọi điểm có thể nối cũng chỉ tới {best:.1f}%. "
    "Phương án là phần làm được.",
    "The target of {target:.1f}% of the people cannot be reached: with every point connected that can be, "
    "it is {best:.1f}%. The plan is the part that is possible.",
    "Chọn thêm lớp địa điểm (--places), hoặc tăng reach_m, drop_m của dịch vụ.",
    "Choose more layers (--places), or raise the service's reach_m or drop_m.",
)
MET = warning(
    "target-met", "Mục tiêu {target:.1f}% dân số đã đạt ({now:.1f}%): không cần kéo thêm.",
    "The target of {target:.1f}% of the people is met already ({now:.1f}%): nothing to build.",
)
SMALL = warning(
    "budget-too-small",
    "Kinh phí không đủ nối một điểm nào: điểm rẻ nhất cần khoảng {least} triệu đồng.",
    "The budget connects nothing: the cheapest point takes about {least} million VND.",
)
PHASES_SMALL = warning(
    "phases-too-small",
    "Kinh phí các năm cộng lại không đủ nối hết: còn {n} điểm chưa nối sau năm {year}.",
    "The yearly budgets together do not connect everything: {n} points are left after {year}.",
)
NO_PEOPLE = warning(
    "nobody-counted",
    "Quanh {n} điểm, lưới dân số không có người nào chưa phủ: khi chọn theo kinh phí được xếp sau.",
    "Round {n} points the population raster has nobody who is not covered: with a budget they come last.",
)
TOO_LONG = warning(
    "beyond-optics",
    "{n} điểm trong phương án vượt quỹ công suất quang {optics}, xa nhất là '{name}' ({km:.1f} km từ OLT): "
    "{other} điểm đủ nếu dùng cấp quang hoặc bộ chia khác, {none} điểm cần OLT mới gần hơn.",
    "{n} points of the plan are beyond the optical budget of {optics}, the farthest '{name}' ({km:.1f} km "
    "from the OLT): other optics or splitters suffice for {other}, {none} need an OLT nearer by.",
    "Xem cột 'Cần dùng' (remedy) trong bảng điểm.", "The column 'Needs' (remedy) of the points says which.",
)
GUESSED = warning(
    "no-recorded-cable",
    "{n} điểm nối vào đoạn cáp mà dữ liệu không có tuyến nào dẫn về OLT: tạm tính theo cự ly đường ngắn "
    "nhất, thực tế không ngắn hơn.",
    "{n} points hang on cable that no recorded route joins to an OLT: reckoned along the shortest way on "
    "roads, the real one is no shorter.",
    "Bổ sung tuyến cáp còn thiếu; --start olt chỉ nối vào cáp có đường về OLT.",
    "Add the missing routes; --start olt builds only on cable that leads to an OLT.",
)
UNKNOWN_OLT = warning(
    "no-olt", "{n} điểm không có đường nào tới OLT trong dữ liệu: chưa tính được quỹ công suất quang.",
    "From {n} points no way leads to an OLT in the data: their optical budget is unknown.",
)


def tell_needs(needs: pd.DataFrame, request: Request, faults: Faults) -> None:
    """Tell which needs cannot be connected, and why."""
    if not len(needs):
        _tell(faults, NONE_LEFT)
    far = needs[needs["state"] == "far"]
    if len(far):
        worst = far.sort_values("link_m", kind="stable").iloc[-1]
        _tell(
            faults, FAR, n=len(far), metres=request.link_m, name=str(worst["name"]),
            far=float(worst["link_m"]),
        )  # fmt: skip
    island = needs[needs["state"] == "island"]
    if len(island):
        most = island.sort_values("people", kind="stable").iloc[-1]
        _tell(
            faults, ISLAND, n=len(island), people=float(island["people"].sum()), name=str(most["name"])
        )
    open_to_choice = needs["state"].isin(["planned", "later"]) & (needs["kind"] != "site")
    empty = needs[(needs["people"] <= 0) & open_to_choice]
    if len(empty) and request.mode != "all":
        _tell(faults, NO_PEOPLE, n=len(empty))


def tell_light(planned: pd.DataFrame, optics: str, faults: Faults) -> None:
    """Tell which planned needs light does not reach, or how that was reckoned."""
    long = planned[(planned["remedy"] != "") & (planned["kind"] != "site")]
    if len(long):
        worst = long.sort_values("path_m", kind="stable").iloc[-1]
        none = int((long["remedy"] == "-").sum())
        _tell(
            faults, TOO_LONG, n=len(long), optics=optics, name=str(worst["name"]),
            km=float(worst["path_m"]) / 1000.0, other=len(long) - none, none=none,
        )  # fmt: skip
    for word, rule in ((BY_ROAD, GUESSED), (NO_OLT, UNKNOWN_OLT)):
        n = int((planned["path_by"] == word).sum())
        if n:
            _tell(faults, rule, n=n)


def _tell(faults: Faults, rule: Rule, **values: object) -> None:
    Report("plan.fibre", "", faults).once(rule, **values)  # type: ignore[arg-type]


def tell(faults: Faults, rule: Rule, **values: object) -> None:
    """Tell one fault of a plan."""
    _tell(faults, rule, **values)
