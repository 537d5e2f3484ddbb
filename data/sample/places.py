"""Tables of places, zones and households."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.data.sample.communes import Communes, scatter
from phusong.data.sample.frame import BoolArray, FloatArray, IntArray
from phusong.data.sample.names import village_names
from phusong.data.sample.relief import Relief
from phusong.data.sample.settlement import (
    PEOPLE_PER_HOUSEHOLD,
    UPLAND,
    Settlement,
    inner_cells,
    jittered,
)
from phusong.data.sample.unit import SAMPLE, Unit

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry import Polygon

AS_OF = datetime.date(2026, 6, 30)
ZONE_KINDS = ("khu công nghiệp", "cụm công nghiệp", "khu công nghệ thông tin tập trung")
ZONE_NAMES = ("Khu công nghiệp", "Cụm công nghiệp", "Khu công nghệ thông tin tập trung")


def villages_table(
    rng: np.random.Generator, communes: Communes, settlement: Settlement, lonlat: FloatArray,
    unit: Unit = SAMPLE,
) -> pd.DataFrame:
    """Return the villages, in the order of the settlement."""
    import pandas as pd

    count = len(settlement.village_commune)
    names, kinds = [""] * count, [""] * count
    for commune in np.unique(settlement.village_commune):
        own = np.flatnonzero(settlement.village_commune == commune)
        ward = communes.rank[commune] == 2
        kind = "tổ dân phố" if ward else ("làng" if settlement.remote[own].mean() > UPLAND else "thôn")
        for index, name in zip(own, village_names(rng, len(own), kind), strict=True):
            names[index], kinds[index] = name, kind
    remote = settlement.remote
    return pd.DataFrame({
        "village_id": [f"{unit.code}-V{i + 1:05d}" for i in range(count)],
        "village_name": names,
        "kind": kinds,
        "commune_code": [unit.commune(int(c)) for c in settlement.village_commune],
        "households": settlement.village_households,
        "has_grid_power": ~((remote > 0.5) & (rng.random(count) < 0.2)),
        "disadvantaged": remote + rng.normal(0.0, 0.06, count) > UPLAND,
        "lon": lonlat[:, 0],
        "lat": lonlat[:, 1],
    })  # fmt: skip


def centres_table(names: list[str], lonlat: FloatArray, unit: Unit = SAMPLE) -> pd.DataFrame:
    """Return the offices of the communes' people's committees."""
    import pandas as pd

    codes = [unit.commune(i) for i in range(len(names))]
    return pd.DataFrame({
        "place_id": [f"{code}-UB" for code in codes],
        "name": [f"UBND {name}" for name in names],
        "commune_code": codes,
        "lon": lonlat[:, 0],
        "lat": lonlat[:, 1],
    })  # fmt: skip


def households_table(
    rng: np.random.Generator, communes: Communes, settlement: Settlement, has_fibre: BoolArray,
    fibre_share: FloatArray, unit: Unit = SAMPLE,
) -> pd.DataFrame:
    """Return the households of each commune and those reported to have fibre.

    ``fibre_share`` is the part of each commune's village households near fibre.
    """
    import pandas as pd

    total = np.maximum(np.round(settlement.official / PEOPLE_PER_HOUSEHOLD), 1).astype(np.int64)
    bought = np.array([0.66, 0.78, 0.88])[communes.rank] + rng.normal(0.0, 0.05, len(total))
    share = np.where(has_fibre, np.clip(bought, 0.3, 0.97) * (0.25 + 0.75 * fibre_share), 0.0)
    return pd.DataFrame({
        "commune_code": [unit.commune(i) for i in range(len(total))],
        "households": total,
        "households_with_fibre": np.floor(total * share).astype(np.int64),
        "as_of": AS_OF.isoformat(),
    })  # fmt: skip


def _zone(rng: np.random.Generator, middle: FloatArray, half_m: float) -> Polygon:
    """Return a turned rectangle with one corner cut off, inside a circle of ``half_m``."""
    from shapely import affinity
    from shapely.geometry import Polygon

    ratio = rng.uniform(0.55, 0.9)
    width = half_m / np.hypot(1.0, ratio)
    height = width * ratio
    corners = [(-1, -1), (1, -1), (1, 0.35), (0.5, 1), (-1, 1)]
    shape = Polygon([(middle[0] + x * width, middle[1] + y * height) for x, y in corners])
    return affinity.rotate(shape, float(rng.uniform(0, 180)), origin=(float(middle[0]), float(middle[1])))


def make_zones(
    rng: np.random.Generator, relief: Relief, communes: Communes, settlement: Settlement, road: BoolArray,
) -> list[tuple[str, Polygon]]:
    """Return kind and outline (metres) of the industrial zones: flat land near roads, few people."""
    from scipy.ndimage import distance_transform_edt

    frame = relief.frame
    free = communes.inside & ~relief.water
    room_m = distance_transform_edt(np.pad(free, 1))[1:-1, 1:-1] * frame.cell_m
    road_m = distance_transform_edt(~road) * frame.cell_m if road.any() else np.zeros(frame.shape)
    crowd = settlement.density / settlement.density[free].mean()
    weight = np.exp(-relief.slope / 0.02 - np.abs(road_m - 900.0) / 900.0 - crowd / 3.0)
    weight = np.where(free & (room_m > 700.0), weight, 0.0)
    if not weight.any():
        weight = np.where(free, room_m, 0.0)
    count = min(max(2, round(len(communes.centre) / 7)), int(np.count_nonzero(weight)))
    cells = scatter(rng, frame, weight, count)
    kinds = [2 if i == 0 else int(rng.random() < 0.4) for i in range(count)]
    zones = []
    for cell, kind in zip(cells, kinds, strict=True):
        half = min(rng.uniform(450.0, 1300.0), 0.6 * room_m.ravel()[cell])
        zones.append((ZONE_KINDS[kind], _zone(rng, frame.points(np.array([cell]))[0], half)))
    return zones


def zone_names(kinds: list[str]) -> list[str]:
    """Return a name per zone: its kind and a number within the kind."""
    seen: dict[str, int] = {}
    names = []
    for kind in kinds:
        seen[kind] = seen.get(kind, 0) + 1
        names.append(f"{ZONE_NAMES[ZONE_KINDS.index(kind)]} Mẫu {seen[kind]}")
    return names


def _near(
    rng: np.random.Generator, relief: Relief, communes: Communes, density: FloatArray, centre: int,
    commune: int, count: int,
) -> IntArray:
    """Return ``count`` cells with people near a commune's centre; they may repeat in tiny communes."""
    rows, cols = relief.frame.shape
    row, col = divmod(centre, cols)
    reach = 14
    window = (
        slice(max(0, row - reach), min(rows, row + reach + 1)),
        slice(max(0, col - reach), min(cols, col + reach + 1)),
    )
    own = (communes.label[window] == commune) & ~relief.water[window]
    weight = np.where(own, density[window] + 1e-12, 0.0).ravel()
    chosen = rng.choice(weight.size, size=count, p=weight / weight.sum())
    r, c = np.divmod(chosen, window[1].stop - window[1].start)
    return np.asarray((r + window[0].start) * cols + c + window[1].start)


def make_key_locations(
    rng: np.random.Generator, relief: Relief, communes: Communes, settlement: Settlement,
    names: list[str], zones: list[tuple[str, Polygon]], *, coast: bool,
) -> tuple[list[tuple[str, str, int]], FloatArray]:
    """Return name, kind and commune of each key location, and their points (metres)."""
    import shapely

    rows: list[tuple[str, str, int]] = []
    cells: list[IntArray] = []

    def put(commune: int, things: list[tuple[str, str]]) -> None:
        """Place things near a commune's centre."""
        centre = int(communes.centre[commune])
        cells.append(
            _near(rng, relief, communes, settlement.density, centre, commune, len(things))
        )
        rows.extend((name, kind, commune) for name, kind in things)

    for commune, name in enumerate(names):
        put(commune, [
            (f"Trạm Y tế {name}", "y tế"),
            (f"Trường THCS {name}", "trường học"),
            (f"Điểm bưu điện – văn hóa {name}", "bưu điện"),
            (f"Trung tâm phục vụ hành chính công {name}", "hành chính công"),
        ])  # fmt: skip
    for town in np.flatnonzero(communes.rank == 1):
        put(int(town), [(f"Bệnh viện khu vực {names[town]}", "bệnh viện")])
    capital = [int(c) for c in np.flatnonzero(communes.rank == 2)]
    for index, thing in enumerate(_capital_things(coast)):
        put(capital[index % len(capital)], [thing])
    points = jittered(rng, relief.frame, np.concatenate(cells), inner_cells(communes.label))
    gates = [np.array(shape.exterior.coords[1]) for _kind, shape in zones]
    for name, gate in zip(zone_names([kind for kind, _shape in zones]), gates, strict=True):
        owner = int(np.argmin(shapely.distance(np.array(communes.polygons), shapely.Point(gate))))
        rows.append((f"Cổng {name}", "cổng khu công nghiệp", owner))
    return rows, np.concatenate((points, np.array(gates).reshape(-1, 2)))


def _capital_things(coast: bool) -> list[tuple[str, str]]:
    things = [
        ("Bệnh viện Đa khoa tỉnh", "bệnh viện"),
        ("Trung tâm phục vụ hành chính công tỉnh", "hành chính công"),
        ("Trung tâm điều hành thông minh (IOC) tỉnh", "hành chính công"),
        ("Trường Cao đẳng tỉnh", "trường học"),
        ("Bến xe trung tâm tỉnh", "bến xe"),
        ("Ga đường sắt", "nhà ga"),
    ]
    return [*things, ("Bến cảng tổng hợp", "cảng biển")] if coast else things


def key_locations_table(
    rows: list[tuple[str, str, int]], lonlat: FloatArray, unit: Unit = SAMPLE
) -> pd.DataFrame:
    """Return the table of key locations."""
    import pandas as pd

    records: list[dict[str, Any]] = [
        {"place_id": f"{unit.code}-K{i + 1:05d}", "name": name, "kind": kind,
         "commune_code": unit.commune(commune), "lon": lonlat[i, 0], "lat": lonlat[i, 1]}
        for i, (name, kind, commune) in enumerate(rows)
    ]  # fmt: skip
    return pd.DataFrame.from_records(records)
