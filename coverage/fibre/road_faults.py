"""What is said of roads and fibre that do not fit together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.fibre.clean_lines import SHORT_M
from phusong.coverage.fibre.fibre_graph import ATTACH_M, DROP, FibreNetwork
from phusong.coverage.fibre.road_graph import RoadGraph
from phusong.data.language import Text
from phusong.layers.faults import Faults
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Report, Rule, warning
from phusong.layers.status import OPERATIONAL

if TYPE_CHECKING:
    import pandas as pd

NO_ROADS = Text(
    'Dịch vụ \'{name}\' có reach = "roads" nhưng dự án không có lớp đường ([layers.roads]).',
    "The service '{name}' has reach = \"roads\", and the project has no roads ([layers.roads]).",
)
DO_NOT_TOUCH = warning(
    "do-not-touch",
    "{n} đầu đường dừng cách đường khác chưa đến {metres:.0f} m mà không chạm, ví dụ tại X {x:.0f}, Y "
    "{y:.0f} (hệ tọa độ của lưới): coi là không nối.",
    "{n} road ends stop less than {metres:.0f} m short of another road without touching it, for example at "
    "x {x:.0f}, y {y:.0f} in the grid's system: taken as not joined.",
    "Nếu thực tế có nối, vẽ cho chạm nhau hoặc tăng snap_m của dịch vụ.",
    "Where they do join, draw them so, or raise the service's snap_m.",
)
ISLANDS = warning(
    "islands",
    "{n} cụm đường ({km:.1f} km, {people:.0f} người sống dọc đường) không nối với mạng đường chính: cáp "
    "không đi theo đường ra đó được.",
    "{n} groups of roads ({km:.1f} km, {people:.0f} people along them) are joined to the main network by "
    "no road: no cable can follow roads to them.",
    "Kiểm tra chỗ hở của lớp đường, phà và cầu; đảo thật thì để nguyên.",
    "Look for gaps, ferries and bridges in the roads; leave true islands as they are.",
)
MERGED = warning(
    "merged",
    "Đã gộp {n} đoạn đường vẽ trùng ({km:.1f} km) và bỏ {loops} đoạn khép kín ngắn hơn dung sai.",
    "{n} pieces of road drawn twice ({km:.1f} km) were merged, and {loops} closed ones shorter than the "
    "tolerance left out.",
)
UNKNOWN_CLASS = warning(
    "unknown-class",
    "Không rõ cấp đường '{name}' ({n} đường): tính chi phí như đường xã.",
    "The road class '{name}' is not known ({n} roads): costed as a commune road.",
    'Khai hệ số trong dịch vụ: classes = {{ "{name}" = 1.2 }}.',
    'Give its factor in the service: classes = {{ "{name}" = 1.2 }}.',
)
NODE_FAR = warning(
    "far-from-road",
    "{n} nút cáp quang cách mọi đường và tuyến hơn {metres:.0f} m, xa nhất là '{name}' ({far:.0f} m): chỉ "
    "phục vụ được quanh chính nút đó.",
    "{n} fibre nodes are more than {metres:.0f} m from any road or route, the farthest '{name}' ({far:.0f} "
    "m): they serve what is around them only.",
    "Kiểm tra tọa độ của nút, hoặc bổ sung đường và tuyến cáp.",
    "Check their coordinates, or add the roads and routes.",
)
ROUTE_FAR = warning(
    "far-from-road",
    "{n} tuyến cáp cách mọi đường hơn {metres:.0f} m, xa nhất là '{name}' ({far:.0f} m): đi thành tuyến "
    "riêng, không nối với mạng đường.",
    "{n} fibre routes are more than {metres:.0f} m from any road, the farthest '{name}' ({far:.0f} m): they "
    "are ways of their own, not joined to the roads.",
    "Kiểm tra tọa độ và hệ tọa độ của tuyến.", "Check the routes' coordinates and their system.",
)
NO_ACCESS = warning(
    "no-access-points",
    "Không có nút cáp quang nào đang khai thác để đấu nối: coi mọi điểm trên tuyến cáp là điểm đấu nối được.",
    "There is no operational node at which homes could join: every point of a route counts as one.",
    "Bổ sung lớp fibre_nodes (tủ cáp, OLT) để tính đúng cự ly.",
    "Add fibre_nodes (cabinets, OLTs) for true distances.",
)
NOTHING = warning(
    "no-fibre",
    "Không có nút hay tuyến cáp quang nào đang khai thác: không nơi nào được tính là có cáp.",
    "There is no operational node or route of fibre: nothing counts as within reach.",
)
NO_OLT = warning(
    "no-way-to-olt",
    "{n} điểm đấu nối không có tuyến cáp dẫn tới OLT hay nút gom: chưa tính được quỹ công suất quang nên "
    "không được tính là phục vụ được.",
    "From {n} access points no cable leads to an OLT or aggregation point: their optical budget is unknown, "
    "and they do not count as serving.",
    "Bổ sung tuyến cáp còn thiếu hoặc loại nút (kind) là OLT.",
    "Add the missing routes, or the nodes' kind where they are OLTs.",
)
OFF_WAY = warning(
    "far-from-way",
    "{n} điểm cách mọi đường và tuyến cáp hơn {metres:.0f} m, xa nhất là '{name}' ({far:.0f} m).",
    "{n} places are more than {metres:.0f} m from any road or route, the farthest '{name}' ({far:.0f} m).",
    "Tăng drop_m nếu dây thuê bao kéo được xa hơn, hoặc bổ sung đường.",
    "Raise drop_m if drops may be longer, or add the roads.",
)
ON_ISLAND = warning(
    "on-island",
    "{n} điểm nằm trên cụm đường không có điểm đấu nối cáp nào, ví dụ '{name}': không thể kéo cáp theo "
    "đường từ mạng hiện có.",
    "{n} places lie on roads that no access point of fibre is joined to, for example '{name}': no cable "
    "can follow roads to them from what exists.",
    "Cần cáp biển, viba, hoặc nối lớp đường nếu thực tế có đường.",
    "They need a submarine cable or microwave, or the roads joined where there is a way.",
)


def _report(layers: Layers, name: str, faults: Faults) -> Report:
    group, _, key = name.partition(".")
    tables: Any = getattr(layers.project, group, None) if key else None
    table: LayerTable | None = tables.get(key) if key else getattr(layers.project.layers, name, None)
    return Report(name, "" if table is None else table.path.as_posix(), faults)


def _once(layers: Layers, faults: Faults, layer: str, rule: Rule, **values: Any) -> None:
    _report(layers, layer, faults).once(rule, **values)


def tell_roads(layers: Layers, roads: RoadGraph, apart: pd.DataFrame, faults: Faults) -> None:
    """Tell what was found in the roads: ends that do not touch, islands, doubles, unknown classes."""
    short = roads.report.short_of
    if len(short):
        x, y = short[0]
        _once(layers, faults, "roads", DO_NOT_TOUCH, n=len(short), metres=SHORT_M, x=float(x), y=float(y))
    if len(apart):
        km, people = float(apart["length_m"].sum()) / 1000.0, float(apart["people"].sum())
        _once(layers, faults, "roads", ISLANDS, n=len(apart), km=km, people=people)
    if roads.report.duplicates or roads.report.loops:
        _once(
            layers, faults, "roads", MERGED, n=roads.report.duplicates,
            km=roads.report.duplicate_m / 1000.0, loops=roads.report.loops,
        )  # fmt: skip
    for name, count in roads.classes.unknown.items():
        _once(layers, faults, "roads", UNKNOWN_CLASS, name=name, n=count)


def tell_fibre(layers: Layers, network: FibreNetwork, faults: Faults) -> None:
    """Tell the nodes and routes that are far from every road."""
    far = np.flatnonzero(~network.node_joined)
    if len(far) and layers.fibre_nodes is not None:
        worst = far[np.argmax(network.node_distance_m[far])]
        _once(
            layers, faults, "fibre_nodes", NODE_FAR, n=len(far), metres=ATTACH_M,
            name=str(layers.fibre_nodes["id"].iloc[worst]), far=float(network.node_distance_m[worst]),
        )  # fmt: skip
    gap = np.where(network.route_status == OPERATIONAL, network.route_gap_m, 0.0)
    away = np.flatnonzero(gap > ATTACH_M)
    if len(away) and layers.fibre_routes is not None:
        worst = away[np.argmax(gap[away])]
        _once(
            layers, faults, "fibre_routes", ROUTE_FAR, n=len(away), metres=ATTACH_M,
            name=str(layers.fibre_routes["id"].iloc[worst]), far=float(gap[worst]),
        )  # fmt: skip


def tell_places(
    layers: Layers, network: FibreNetwork, sources: Iterable[int], drop_m: float, faults: Faults
) -> None:
    """Tell the places far from every way, and those on roads that no access point is joined to."""
    import shapely

    graph = network.graph
    edges = np.flatnonzero(network.kind != DROP)
    joined = np.zeros(int(graph.component.max(initial=-1)) + 1, dtype=np.bool_)
    joined[graph.component[np.fromiter(sources, dtype=np.int64)]] = True
    if not len(edges) or not joined.any():
        return
    tree = shapely.STRtree(graph.lines[edges])
    for name, places in layers.places.items():
        shapes = places.geometry.to_numpy()
        distance, found = np.full(len(shapes), np.nan), np.zeros(len(shapes), dtype=np.int64)
        (asked, edge), near = tree.query_nearest(shapes, return_distance=True, all_matches=False)
        distance[asked], found[asked] = near, edges[edge]
        names: FloatArray = places["name"].to_numpy()
        far = distance > drop_m
        if far.any():
            worst = int(np.nanargmax(distance))
            _once(
                layers, faults, f"places.{name}", OFF_WAY, n=int(far.sum()), metres=drop_m,
                name=str(names[worst]), far=float(distance[worst]),
            )  # fmt: skip
        island = (distance <= drop_m) & ~joined[graph.component[graph.tail[found]]]
        if island.any():
            first = int(np.flatnonzero(island)[0])
            _once(
                layers, faults, f"places.{name}", ON_ISLAND, n=int(island.sum()), name=str(names[first])
            )


def tell_access(layers: Layers, rule: Rule, faults: Faults, **values: Any) -> None:
    """Tell something about the access points."""
    _once(layers, faults, "fibre_nodes", rule, **values)


