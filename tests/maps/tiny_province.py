"""A small made-up province, worked out by hand arithmetic: what every output is tried on.

Six communes of 6 km x 5 km on a 200 m grid whose lines they share, so that each cell belongs to exactly
one commune; names that would hurt a careless page or workbook; two mobile services, fibre, two operators.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from scipy import ndimage

from phusong.coverage.result import (
    ANY,
    GAP_COLUMNS,
    INDICATOR_COLUMNS,
    PLACE_COLUMNS,
    PeopleAccount,
    Reach,
    Result,
)
from phusong.data.language import Text
from phusong.layers.faults import Fault
from phusong.layers.grid import Grid, Raster
from phusong.layers.inventory import Layers, Population, Source
from phusong.layers.project.schema import Project

AS_OF = datetime.date(2026, 6, 30)
CELL_M = 200.0
LEFT_M, TOP_M = 200_000.0, 1_550_000.0
WIDTH_M, HEIGHT_M = 6_000.0, 5_000.0
COMMUNES = (
    ("00101", "Xã Ia Grai"),
    ("00102", "Phường Quy Nhơn"),
    ("00103", "Xã Đắk Đoa"),
    ("00104", "<script>alert(1)</script>"),
    ("00105", '=HYPERLINK("http://example.org";"x")'),
    ("00106", "Xã Ayun Hạ & “Pờ Tó”"),
)
VILLAGE_NAMES = (
    "Làng Kép", "Thôn Đoàn Kết", "<script>alert(1)</script>", "=HYPERLINK(1)", "../../x", "Ạ" * 500,
    "</script><img src=x onerror=alert(1)>", "Buôn Ma Thuột\u2028Hai", "Làng O'Grang \"cũ\"", "+84",
)
OPERATORS = ("Mạng A", "Mạng B")
OUTSIDE_PEOPLE = 37.5


def _communes(crs: CRS) -> gpd.GeoDataFrame:
    boxes = []
    for k in range(len(COMMUNES)):
        row, col = divmod(k, 3)
        x, y = LEFT_M + col * WIDTH_M, TOP_M - row * HEIGHT_M
        boxes.append(shapely.box(x, y - HEIGHT_M, x + WIDTH_M, y))
    return gpd.GeoDataFrame(
        {
            "commune_code": [code for code, _ in COMMUNES],
            "commune_name": [name for _, name in COMMUNES],
            "population": [5200.0, 21000.0, 4100.0, 2600.0, 3300.0, np.nan],
        },
        geometry=boxes, crs=crs,
    )


def _points(frame: pd.DataFrame, x_m: np.ndarray, y_m: np.ndarray, crs: CRS) -> gpd.GeoDataFrame:
    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(x_m, y_m)
    frame = frame.assign(lon=np.round(lon, 6), lat=np.round(lat, 6))
    return gpd.GeoDataFrame(frame, geometry=shapely.points(x_m, y_m), crs=crs)


def _commune_of(x_m: np.ndarray, y_m: np.ndarray) -> list[str]:
    index = ((TOP_M - y_m) // HEIGHT_M * 3 + (x_m - LEFT_M) // WIDTH_M).astype(int)
    return [COMMUNES[k][0] for k in index]


def _stations(rng: np.random.Generator, crs: CRS) -> gpd.GeoDataFrame:
    x_m = LEFT_M + np.r_[8_700.0, 9_900.0, 2_500.0, 3_100.0, 10_400.0, 14_800.0, 8_100.0]
    y_m = TOP_M - np.r_[2_300.0, 3_100.0, 2_700.0, 6_900.0, 7_600.0, 2_100.0, 2_900.0]
    rows: list[dict[str, Any]] = []
    where: list[int] = []
    for site in range(len(x_m)):
        operator = OPERATORS[site % 2]
        for technology, mhz in (("4G", 1800.0), ("5G", 3700.0)):
            if technology == "5G" and site not in (0, 1, 6):
                continue
            for sector in range(3):
                rows.append({
                    "site_id": f"S{site:02d}", "cell_id": f"S{site:02d}-{technology}-{sector + 1}",
                    "operator": operator, "technology": technology, "frequency_mhz": mhz,
                    "antenna_height_m": 30.0 + site, "azimuth_deg": 120.0 * sector, "tilt_deg": 4.0,
                    "beamwidth_deg": 65.0, "eirp_dbm": 60.0, "bandwidth_mhz": 20.0,
                    "commune_code": _commune_of(x_m[[site]], y_m[[site]])[0],
                })
                where.append(site)
    return _points(pd.DataFrame(rows), x_m[where], y_m[where], crs)


def _project(folder: Path) -> Project:
    return Project.model_validate({
        "file": folder / "phusong.toml",
        "province": {"code": "00", "name": "Tỉnh Mẫu (minh họa)", "as_of": AS_OF},
        "grid": {"crs": "EPSG:32649", "cell_m": CELL_M},
        "layers": {
            "communes": {"path": "communes.gpkg"}, "population": {"path": "population.tif"},
            "stations": {"path": "stations.csv"}, "households": {"path": "households.csv"},
            "fibre_routes": {"path": "fibre_routes.geojson"},
            "fibre_nodes": {"path": "fibre_nodes.geojson"},
        },
        "places": {"villages": {"path": "villages.csv"}, "centres": {"path": "centres.csv"}},
        "zones": {"industrial": {"path": "zones.geojson"}},
        "services": {
            "4G": {"model": "tr38901-rma", "threshold_dbm": -110},
            "5G": {"model": "range", "radius_m": 1000},
            "fibre": {"model": "route-distance", "reach_m": 500},
        },
        "targets": {
            "5g-2030": {"service": "5G", "percent": 99, "year": 2030, "document": "805/QĐ-TTg"},
        },
    })


def _layers(rng: np.random.Generator, folder: Path) -> Layers:
    crs = CRS.from_epsg(32649)
    project = _project(folder)
    communes = _communes(crs)
    grid = Grid.cover(tuple(communes.total_bounds), crs, CELL_M)
    x, y = np.meshgrid(grid.x_m() - LEFT_M, TOP_M - grid.y_m())
    towns = ((2_600, 2_500, 90), (9_000, 2_600, 420), (15_000, 2_400, 70), (3_200, 7_200, 40),
             (10_000, 7_400, 60), (15_500, 8_100, 30), (17_200, 400, 25))
    people = sum(h * np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * 900.0**2)) for a, b, h in towns)
    people = np.where(people < 0.3, 0.0, people) + rng.random(grid.shape) * (rng.random(grid.shape) < 0.05)
    n = 24
    vx = LEFT_M + np.r_[2_600, 9_000, 15_000, 17_200, 3_200, 10_000, 15_500, rng.uniform(300, 17_700, n - 7)]
    vy = TOP_M - np.r_[2_500, 2_600, 2_400, 400, 7_200, 7_400, 8_100, rng.uniform(300, 9_700, n - 7)]
    villages = _points(pd.DataFrame({
        "place_id": [f"V{k:03d}" for k in range(n)],
        "name": [VILLAGE_NAMES[k] if k < len(VILLAGE_NAMES) else f"Thôn {k}" for k in range(n)],
        "commune_code": _commune_of(vx, vy), "households": rng.integers(40, 300, n),
    }), vx, vy, crs)
    middle = communes.geometry.centroid
    centres = _points(pd.DataFrame({
        "place_id": [code for code, _ in COMMUNES], "name": [f"UBND {name}" for _, name in COMMUNES],
        "commune_code": [code for code, _ in COMMUNES],
    }), middle.x.to_numpy(), middle.y.to_numpy(), crs)
    routes = gpd.GeoDataFrame({
        "id": ["R1", "R2"], "operator": list(OPERATORS), "status": ["operational", "planned"],
        "fibre_count": [24, 48],
    }, geometry=[
        shapely.LineString([(LEFT_M + 600, TOP_M - 2_500), (LEFT_M + 9_000, TOP_M - 2_600),
                            (LEFT_M + 16_000, TOP_M - 2_300)]),
        shapely.LineString([(LEFT_M + 9_000, TOP_M - 2_600), (LEFT_M + 10_000, TOP_M - 7_400)]),
    ], crs=crs)
    nodes = gpd.GeoDataFrame({
        "id": ["N1"], "kind": ["exchange"], "operator": [OPERATORS[0]], "status": ["operational"],
    }, geometry=[shapely.Point(LEFT_M + 9_000, TOP_M - 2_600)], crs=crs)
    zones = gpd.GeoDataFrame(
        {"zone_id": ["KCN1"], "name": ["Khu công nghiệp <b>Mẫu</b>"]},
        geometry=[shapely.box(LEFT_M + 9_400, TOP_M - 4_000, LEFT_M + 10_800, TOP_M - 2_800)], crs=crs,
    )
    households = pd.DataFrame({
        "commune_code": [code for code, _ in COMMUNES], "households": [1300, 5400, 1000, 640, 800, 510],
        "households_with_fibre": [1001, 4990, 512, 95, 260, 0], "as_of": [AS_OF] * 6,
    })
    terrain = (60 + 500 * np.exp(-((x - 14_000) ** 2 + (y - 6_500) ** 2) / (2 * 2_500.0**2))
               + 30 * np.sin(x / 700) * np.cos(y / 900))
    fault = Fault(
        "warning", "places.outside-commune",
        Text("điểm nằm ngoài xã đã khai báo", "the place lies outside its declared commune"),
        Text("kiểm tra tọa độ.", "check the coordinates."), layer="places.villages", file="villages.csv",
        row="7", column="lon", value="<b>108,1</b>",
    )
    return Layers(
        project=project, grid=grid, communes=communes, stations=_stations(rng, crs),
        population=Population(Raster(people, grid), float(people.sum()) + OUTSIDE_PEOPLE, OUTSIDE_PEOPLE),
        places={"villages": villages, "centres": centres}, zones={"industrial": zones},
        households=households, fibre_nodes=nodes, fibre_routes=routes,
        terrain=Raster(terrain.astype(np.float32), grid), faults=(fault,),
        sources=tuple(
            Source(layer, path, f"{k:x}" * 64, AS_OF, rows)
            for k, (layer, path, rows) in enumerate((
                ("communes", "communes.gpkg", 6), ("population", "population.tif", 4500),
                ("stations", "stations.csv", 30), ("places.villages", "villages.csv", n),
                ("places.centres", "centres.csv", 6), ("fibre_routes", "fibre_routes.geojson", 2),
                ("households", "households.csv", 6),
            ), start=1)
        ),
    )


def _distance_m(grid: Grid, geometry: Any) -> np.ndarray:
    x, y = np.meshgrid(grid.x_m(), grid.y_m())
    return np.asarray(shapely.distance(shapely.points(x, y), geometry))


def _reaches(layers: Layers) -> dict[tuple[str, str], Reach]:
    grid, stations = layers.grid, layers.stations
    reaches = {}
    for operator in (ANY, *OPERATORS):
        for service, technology in (("4G", "4G"), ("5G", "5G")):
            some = stations[(stations.technology == technology)
                            & ((stations.operator == operator) | (operator == ANY))]
            far = _distance_m(grid, shapely.union_all(some.geometry.to_numpy()))
            if service == "4G":
                dbm = -62.0 - 35.0 * np.log10(np.maximum(far, 50.0) / 100.0)
                dbm[far > 9_000] = np.nan
                signal, covered, unit = dbm, np.nan_to_num(dbm, nan=-999.0) >= -110.0, "dBm"
            else:
                covered, unit = far <= 1_000.0, "m"
                signal = np.where(covered, far, np.nan)
            reaches[service, operator] = Reach(
                service, operator, unit, Raster(signal.astype(np.float32), grid), Raster(covered, grid),
                servers=Raster(covered.astype(np.uint16), grid),
            )
        routes = layers.fibre_routes
        assert routes is not None
        some = routes[(routes.status == "operational")
                      & ((routes.operator == operator) | (operator == ANY))]
        if len(some):
            far = _distance_m(grid, shapely.union_all(some.geometry.to_numpy()))
            reaches["fibre", operator] = Reach(
                "fibre", operator, "m", Raster(far.astype(np.float32), grid), Raster(far <= 500.0, grid),
            )
    return reaches


CRITERIA = {"4G": "RSRP >= -110 dBm at 90% of locations", "5G": "within 1,000 m of a 5G site",
            "fibre": "within 500 m of an operational fibre route or node"}


def _places(layers: Layers, reaches: dict[tuple[str, str], Reach]) -> pd.DataFrame:
    names = dict(COMMUNES)
    rows = []
    for layer, frame in layers.places.items():
        x_m, y_m = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
        for (service, operator), reach in reaches.items():
            served = reach.covered.at(x_m, y_m, False)
            signal = reach.signal.at(x_m, y_m, np.nan)
            for k, place in enumerate(frame.itertuples()):
                rows.append((layer, place.place_id, place.name, place.commune_code,
                             names[place.commune_code], place.lon, place.lat, service, operator,
                             bool(served[k]), float(signal[k])))
    return pd.DataFrame(rows, columns=list(PLACE_COLUMNS))


def _indicators(
    layers: Layers, reaches: dict[tuple[str, str], Reach], places: pd.DataFrame
) -> pd.DataFrame:
    grid, people = layers.grid, layers.population.people.values
    units = [("commune", *pair) for pair in COMMUNES]
    rows = []

    def add(level: str, code: str, name: str, service: str, operator: str, indicator: str,
            n: float, of: float, unit: str) -> None:
        percent = 100.0 * n / of if of else np.nan
        rows.append((level, code, name, service, operator, indicator, n, of, percent, unit,
                     CRITERIA.get(service, "as reported"), AS_OF))

    province = ("province", layers.project.province.code, layers.project.province.name)
    per = {1 + k: np.zeros(grid.shape, bool) for k in range(6)}
    for k in range(6):
        row, col = divmod(k, 3)
        per[1 + k][row * 25:(row + 1) * 25, col * 30:(col + 1) * 30] = True
    for k, (level, code, name) in enumerate([province, *units]):
        inside = np.ones(grid.shape, bool) if k == 0 else per[k]
        for (service, operator), reach in reaches.items():
            mask = inside & reach.covered.values
            who = (level, code, name, service, operator)
            add(*who, "population", float(people[mask].sum()), float(people[inside].sum()), "people")
            add(*who, "area", mask.sum() * grid.cell_km2, inside.sum() * grid.cell_km2, "km2")
            for layer in layers.places:
                some = places[(places.layer == layer) & (places.service == service)
                              & (places.operator == operator)]
                some = some if k == 0 else some[some.commune_code == code]
                add(*who, f"places:{layer}", float(some.served.sum()), float(len(some)), "places")
            if service in ("4G", "5G"):
                cells = layers.stations[(layers.stations.technology == service)
                                        & ((layers.stations.operator == operator) | (operator == ANY))]
                cells = cells if k == 0 else cells[cells.commune_code == code]
                stations = cells.drop_duplicates(["site_id", "technology", "operator"])
                for indicator, count in (("sites", cells.site_id.nunique()), ("stations", len(stations)),
                                         ("cells", len(cells))):
                    add(*who, indicator, float(count), np.nan, indicator)
        homes = layers.households
        assert homes is not None
        homes = homes if k == 0 else homes[homes.commune_code == code]
        add(level, code, name, "fibre", ANY, "households", float(homes.households_with_fibre.sum()),
            float(homes.households.sum()), "households")
    table = pd.DataFrame(rows, columns=list(INDICATOR_COLUMNS))
    table["level"] = pd.Categorical(table.level, ["province", "commune"], ordered=True)
    table = table.sort_values(["level", "code", "service", "operator", "indicator"], ignore_index=True)
    table["level"] = table.level.astype(str)
    return table


def _gaps(
    layers: Layers, reaches: dict[tuple[str, str], Reach], places: pd.DataFrame
) -> tuple[gpd.GeoDataFrame, dict[str, float]]:
    from rasterio.features import shapes

    grid, people = layers.grid, layers.population.people.values
    back = Transformer.from_crs(grid.crs, 4326, always_xy=True)
    rows, scattered = [], {}
    for service in ("4G", "5G", "fibre"):
        reach = reaches[service, ANY]
        label, count = ndimage.label((people / grid.cell_km2 >= 10.0) & ~reach.covered.values)
        found = []
        for k in range(1, count + 1):
            mask = label == k
            if people[mask].sum() >= 10.0:
                found.append((float(people[mask].sum()), mask))
        found.sort(key=lambda pair: -pair[0])
        scattered[service] = float(people[~reach.covered.values].sum() - sum(p for p, _ in found))
        for rank, (inside, mask) in enumerate(found, start=1):
            parts = [shapely.geometry.shape(g) for g, v in
                     shapes(mask.astype(np.uint8), mask, transform=grid.transform) if v]
            patch = shapely.union_all(parts)
            row, col = np.unravel_index(np.argmax(np.where(mask, people, -1.0)), grid.shape)
            x, y = grid.x_m()[col], grid.y_m()[row]
            codes = [c for c, box in zip(layers.communes.commune_code, layers.communes.geometry, strict=True)
                     if box.intersection(patch).area > 0]
            names = dict(COMMUNES)
            far = layers.stations.geometry.distance(shapely.Point(x, y))
            assert layers.fibre_routes is not None
            fibre = layers.fibre_routes.geometry[:1].distance(shapely.Point(x, y)).min()
            held = places[(places.layer == "villages") & (places.service == service)
                          & (places.operator == ANY)]
            held = held[shapely.contains_xy(
                patch, *Transformer.from_crs(4326, grid.crs, always_xy=True).transform(held.lon, held.lat)
            )]
            lon, lat = back.transform(x, y)
            rows.append((
                f"{service}-{rank}", service, ANY, rank, inside, mask.sum() * grid.cell_km2,
                "; ".join(codes), "; ".join(names[c] for c in codes),
                layers.stations.site_id[far.idxmin()], float(far.min()), float(fibre),
                "; ".join(held["name"]),
                "no fibre" if service == "fibre" else "no station in range", "", *[np.nan] * 5, lon, lat,
                shapely.transform(patch, lambda xy: np.c_[back.transform(xy[:, 0], xy[:, 1])]),
            ))
    return gpd.GeoDataFrame(rows, columns=list(GAP_COLUMNS), geometry="geometry", crs=4326), scattered


def make_tiny_result(folder: Path = Path("tiny")) -> Result:
    """Return the made-up province analysed; nothing is read or written, ``folder`` is only a name."""
    layers = _layers(np.random.default_rng(1), folder)
    reaches = _reaches(layers)
    places = _places(layers, reaches)
    gaps, scattered = _gaps(layers, reaches, places)
    inside = float(layers.population.people.values.sum())
    fault = Fault(
        "warning", "coverage.outside-validity",
        Text("{n} cell nằm ngoài giới hạn của mô hình", "{n} cells lie outside the model's limits"),
        Text("xem phần phương pháp.", "see the method."), {"n": 3}, layer="stations",
    )
    return Result(
        layers=layers, reaches=reaches, indicators=_indicators(layers, reaches, places), gaps=gaps,
        places=places,
        people=PeopleAccount(
            total=inside + OUTSIDE_PEOPLE, inside=inside, outside=OUTSIDE_PEOPLE, in_overlaps=0.0,
            in_holes=0.0, scaled=False, raster_inside=inside,
        ),
        scattered=scattered, faults=(*layers.faults, fault), seconds={"read": 0.1, "reach": 0.2},
    )
