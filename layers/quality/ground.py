"""Figures on communes, people, places, fibre and dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.data.language import LANGUAGES, Text, format_number
from phusong.layers.inventory import Layers
from phusong.layers.quality.figures import (
    SHOWN,
    CommunePeople,
    Criterion,
    Figure,
    Suspect,
    distance_text,
    filled,
)

FAR_FROM_ROAD_M = 1000.0
"""Cables follow roads; farther than this a route is mostly drawn wrong, or a road is missing."""
PIECE_M = 200.0
"""Length of the pieces by which a route is held against the roads."""
PEOPLE_DIFFER = 0.25
PROVINCE_DIFFERS = 0.10
COMMUNES_ALLOWED = 0.10
OUTSIDE_ALLOWED = 0.02
FAR_ALLOWED = 0.05
OLD_DAYS = 365
AGELESS = ("terrain", "calibration")
"""Layers whose date does not matter to who is covered today."""

OUTSIDE = Criterion(
    "outside-declared", "places",
    Text("Điểm nằm ngoài xã đã khai", "Points outside their declared commune"),
    Text("Tọa độ không nằm trong ranh giới xã mà dòng đó ghi; không quá {share}%.",
         "The coordinates are not inside the commune that the row names; at most {share}%."),
    Text("Kiểm tra mã xã (có thể là mã trước sắp xếp) và tọa độ.",
         "Check the commune's code (perhaps of before the merger) and the coordinates."),
    OUTSIDE_ALLOWED,
)
PEOPLE = Criterion(
    "people-province", "people",
    Text("Chênh lệch giữa raster dân số và dân số chính thức, toàn tỉnh",
         "Population raster against the official population, province"),
    Text("|Raster − chính thức| trên các xã có số chính thức: raster {raster:.0f}, chính thức "
         "{official:.0f} người; không quá {share}%.",
         "|Raster - official| over communes with an official figure: raster {raster:.0f}, official "
         "{official:.0f} people; at most {share}%."),
    Text('Dùng raster mới hơn, hoặc khai scale = "official" để quy về số chính thức của từng xã.',
         'Take a newer raster, or say scale = "official" to scale it to each commune\'s figure.'),
    PROVINCE_DIFFERS,
)
PEOPLE_COMMUNES = Criterion(
    "people-communes", "communes",
    Text("Xã có dân số trên raster lệch hơn {differ}% so với số chính thức",
         "Communes where the raster differs by more than {differ}% from the official population"),
    Text("Trên các xã có số chính thức; không quá {share}% số xã.",
         "Of the communes that have an official figure; at most {share}% of them."),
    Text("Xem bảng dân số từng xã; cân nhắc scale = \"official\".",
         "See the table of communes; consider scale = \"official\"."),
    COMMUNES_ALLOWED,
)
FAR_ROUTES = Criterion(
    "fibre-far-from-road", "km",
    Text("Tuyến cáp quang cách đường giao thông hơn {m} m", "Fibre routes more than {m} m from any road"),
    Text("Chiều dài các đoạn mà điểm giữa cách mọi con đường hơn {m} m; không quá {share}%.",
         "Length of the pieces whose middle is more than {m} m from every road; at most {share}%."),
    Text("Kiểm tra hệ tọa độ và nét vẽ của tuyến, hoặc bổ sung đường còn thiếu.",
         "Check the route's coordinate system and its drawing, or add the missing roads."),
    FAR_ALLOWED,
)
OLD = Criterion(
    "old-layers", "layers",
    Text("Lớp dữ liệu cũ hơn {days} ngày", "Layers older than {days} days"),
    Text("Ngày số liệu (khai trong dự án hoặc ghi trong tệp) so với ngày số liệu của tỉnh, {as_of}.",
         "Date of the data (said in the project or in the file) against the province's, {as_of}."),
    Text("Cũ: {names}. Xin số liệu mới, hoặc nêu rõ trong báo cáo.",
         "Old: {names}. Ask for newer data, or say so in the report."),
)
UNDATED = Criterion(
    "undated-layers", "layers",
    Text("Lớp dữ liệu không ghi ngày", "Layers without a date"),
    Text("Lớp không khai as_of và không có cột ngày: coi như cùng ngày với tỉnh.",
         "Neither as_of of the layer nor a column of dates: taken as of the province's day."),
    Text("Không ghi ngày: {names}. Khai as_of = 2026-06-30 cho từng lớp trong dự án.",
         "Without a date: {names}. Say as_of = 2026-06-30 for each layer in the project."),
)


def outside_declared(layers: Layers) -> Iterator[Figure]:
    """Count points that are outside the commune that their rows declare, by layer, worst first."""
    declared = {u.layer for u in layers.understood if "commune_code" in dict(u.columns)}
    frames = {"stations": layers.stations, **{f"places.{n}": f for n, f in layers.places.items()}}
    for layer, frame in frames.items():
        if layer not in declared:
            continue
        far = distance_outside_m(layers, frame)
        told = np.isfinite(far)
        where = np.flatnonzero(told & (far > 0.0))
        key = "cell_id" if layer == "stations" else "place_id"
        names = frame[key].to_numpy()
        said = Text("ngoài {name} ({code}) {far}", "{far} outside {name} ({code})")
        codes = frame["commune_code"].to_numpy()
        called = dict(zip(layers.communes["commune_code"], layers.communes["commune_name"], strict=True))
        suspects = [
            Suspect(layer, key, str(names[i]), "commune_code",
                    filled(said, code=str(codes[i]), name=str(called.get(codes[i], "")),
                           far=distance_text(float(far[i]))))
            for i in where[np.argsort(-far[where], kind="stable")][:SHOWN]
        ]  # fmt: skip
        yield OUTSIDE.figure(
            layer, len(where), int(told.sum()), suspects, {"share": 100.0 * OUTSIDE_ALLOWED}
        )


def distance_outside_m(layers: Layers, frame: Any) -> NDArray[np.float64]:
    """Return how far each point is from the commune that its row names, 0 inside.

    NaN where the commune or the position is not known.
    """
    shapes = np.asarray(layers.communes.geometry.array, dtype=object)
    place = {code: k for k, code in enumerate(layers.communes["commune_code"].tolist())}
    home = np.array([place.get(code, -1) for code in frame["commune_code"].tolist()], dtype=np.int64)
    points = np.asarray(frame.geometry.array, dtype=object)
    known = np.flatnonzero((home >= 0) & ~shapely.is_empty(points) & ~shapely.is_missing(points))
    if not len(known):
        return np.full(len(frame), np.nan)
    # Cells of one site share their place: each place is looked at once.
    where = np.column_stack([home[known], shapely.get_x(points[known]), shapely.get_y(points[known])])
    _, first, back = np.unique(where, axis=0, return_index=True, return_inverse=True)
    shapely.prepare(shapes)
    some = known[first]
    found = np.zeros(len(some))
    out = ~shapely.intersects(shapes[home[some]], points[some])
    found[out] = shapely.distance(shapes[home[some[out]]], points[some[out]])
    distance = np.full(len(frame), np.nan)
    distance[known] = found[back.reshape(-1)]
    return distance


def commune_people(layers: Layers) -> tuple[CommunePeople, ...]:
    """Return the people of each commune in the raster, by exact shares of cells, beside the official figure.

    Empty where there is no raster. Ground that two communes claim counts for both here.
    """
    from exactextract import exact_extract

    from phusong.layers.vectors.exact_shapes import Shapes, raster_source

    people, grid, communes = layers.population.people.values, layers.grid, layers.communes
    if layers.population.total <= 0.0 or not len(communes):
        return ()
    source, shapes = raster_source(people, grid), Shapes(communes.geometry)
    found: Any = exact_extract(source, shapes, ["sum"], include_cols=["n"], output="pandas")
    sums = np.zeros(len(communes))
    sums[found["n"].to_numpy().astype(np.int64)] = found["sum"].to_numpy()
    codes, names = communes["commune_code"], communes["commune_name"]
    official = communes["population"].to_numpy(dtype=np.float64)
    return tuple(
        CommunePeople(str(c), str(n), float(s), float(o))
        for c, n, s, o in zip(codes, names, sums, official, strict=True)
    )


def people_figures(people: Sequence[CommunePeople]) -> Iterator[Figure]:
    """Hold the raster against the official population, over the province and by commune."""
    told = [p for p in people if p.official > 0.0]
    raster, official = sum(p.raster for p in told), sum(p.official for p in told)
    values = {"raster": raster, "official": official, "share": 100.0 * PROVINCE_DIFFERS}
    yield PEOPLE.figure("population", abs(raster - official), official, values=values)
    off = sorted((p for p in told if abs(p.deviation) > PEOPLE_DIFFER), key=lambda p: -abs(p.deviation))
    said = Text("{name}: raster {raster:.0f}, chính thức {official:.0f} người ({change}%)",
                "{name}: raster {raster:.0f}, official {official:.0f} people ({change}%)")  # fmt: skip
    suspects = [
        Suspect("communes", "commune_code", p.code, "population",
                filled(said, name=p.name, raster=p.raster, official=p.official, change=_signed(p.deviation)))
        for p in off
    ]  # fmt: skip
    values = {"differ": 100.0 * PEOPLE_DIFFER, "share": 100.0 * COMMUNES_ALLOWED}
    yield PEOPLE_COMMUNES.figure("population", len(off), len(told), suspects, values)


def _signed(share: float) -> Text:
    sign = "+" if share > 0 else "−"
    return Text(*(sign + format_number(abs(100.0 * share), lang, 0) for lang in LANGUAGES))


def fibre_far_from_roads(layers: Layers) -> Iterator[Figure]:
    """Sum the length of fibre that is far from every road; nothing where one of the layers is absent.

    A route is cut into pieces of at most `PIECE_M`, and each piece is where its middle is.
    """
    if layers.fibre_routes is None or layers.roads is None:
        return
    roads = np.asarray(layers.roads.geometry.array, dtype=object)
    roads = roads[~shapely.is_empty(roads) & ~shapely.is_missing(roads)]
    routes = np.asarray(layers.fibre_routes.geometry.array, dtype=object)
    middle, length_m, owner = _pieces(routes)
    if not len(roads) or not len(middle):
        return
    tree = shapely.STRtree(roads)
    points = np.atleast_1d(np.asarray(shapely.points(middle), dtype=object))
    (asked, _), found = tree.query_nearest(points, return_distance=True, all_matches=False)
    distance = np.full(len(points), np.inf)
    distance[asked] = found
    far = distance > FAR_FROM_ROAD_M
    by_route = np.bincount(owner[far], weights=length_m[far], minlength=len(routes))
    farthest = np.zeros(len(routes))
    np.maximum.at(farthest, owner, distance)
    ids = layers.fibre_routes["id"].to_numpy()
    said = Text("{km:.1f} km ở xa đường, xa nhất {far}", "{km:.1f} km away from roads, at most {far}")
    order = np.argsort(-by_route, kind="stable")
    suspects = [
        Suspect("fibre_routes", "id", str(ids[i]), "id",
                filled(said, km=by_route[i] / 1000.0, far=distance_text(float(farthest[i]))))
        for i in order[:SHOWN] if by_route[i] > 0.0
    ]  # fmt: skip
    yield FAR_ROUTES.figure(
        "fibre_routes", float(length_m[far].sum()) / 1000.0, float(length_m.sum()) / 1000.0, suspects,
        {"m": FAR_FROM_ROAD_M, "share": 100.0 * FAR_ALLOWED},
    )


def _pieces(routes: NDArray[np.object_]) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.int64]]:
    """Return middle (shape (n, 2)), length in metres and route of every piece."""
    parts, owner = shapely.get_parts(routes, return_index=True)
    xy, part = shapely.get_coordinates(shapely.segmentize(parts, PIECE_M), return_index=True)
    joined = part[1:] == part[:-1]
    a, b = xy[:-1][joined], xy[1:][joined]
    return (a + b) / 2.0, np.hypot(*(b - a).T), owner[part[1:][joined]]


def age_figures(layers: Layers) -> Iterator[Figure]:
    """Count layers that are old, and layers of which nobody says how old they are."""
    as_of = layers.project.province.as_of
    ageing = [s for s in layers.sources if s.layer.partition(".")[0] not in AGELESS]
    dated = [s for s in ageing if s.dated != "province"]
    undated = [s for s in ageing if s.dated == "province"]
    old = [s for s in dated if (as_of - s.as_of).days > OLD_DAYS]
    values = {"days": OLD_DAYS, "as_of": as_of, "names": _names(old)}
    yield OLD.figure("project", len(old), len(dated), values=values)
    yield UNDATED.figure("project", len(undated), len(ageing), values={"names": _names(undated)})


def _names(sources: Sequence[Any]) -> str:
    return ", ".join(str(s.path) for s in sources) or "–"
