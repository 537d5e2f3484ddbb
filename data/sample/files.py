"""The files of the sample province."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.data.sample.frame import FloatArray
from phusong.data.sample.networks import FIBRE_COUNTS, ROAD_CLASSES, lines_of
from phusong.data.sample.places import (
    centres_table,
    households_table,
    key_locations_table,
    make_key_locations,
    make_zones,
    villages_table,
    zone_names,
)
from phusong.data.sample.province import Province
from phusong.data.sample.rasters import density_per_km2, make_clutter, make_population, make_terrain
from phusong.data.sample.stations import OPERATORS, SHARES, make_cells
from phusong.data.sample.write import write_geojson, write_gpkg, write_raster

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

LINE_M = 12.0
"""Lines are simplified to this."""


def write_files(province: Province, folder: Path) -> None:
    """Write every layer of the province into ``folder``."""
    _write_rasters(province, folder)
    write_gpkg(_communes(province), folder / "communes.gpkg", "communes")
    write_gpkg(_roads(province), folder / "roads.gpkg", "roads")
    write_geojson(_fibre_routes(province), folder / "fibre_routes.geojson")
    write_geojson(_fibre_nodes(province), folder / "fibre_nodes.geojson")
    _write_tables(province, folder)


def _write_rasters(province: Province, folder: Path) -> None:
    relief, communes, settlement = province.relief, province.communes, province.settlement
    rng = province.stream(11)
    write_raster(make_terrain(rng, relief), folder / "terrain.tif")
    people = density_per_km2(relief, communes, settlement)
    write_raster(make_clutter(rng, relief, people), folder / "clutter.tif")
    population = make_population(rng, relief, communes, settlement, province.polygons)
    write_raster(population, folder / "population.tif")


def _table(path: Path, table: pd.DataFrame) -> None:
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _frame(data: dict[str, Any], geometry: Any) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame(data, geometry=geometry, crs="EPSG:4326")


def _lines(province: Province, lines: list[FloatArray]) -> list[Any]:
    """Return lines in longitude and latitude, simplified with their ends kept."""
    import shapely

    simple = shapely.simplify([shapely.LineString(xy) for xy in lines], LINE_M)
    return list(shapely.transform(simple, lambda points: province.lonlat(points, 6)))


def _communes(province: Province) -> gpd.GeoDataFrame:
    return _frame(
        {
            "commune_code": [province.unit.commune(i) for i in range(len(province.names))],
            "commune_name": province.names,
            "province_code": province.unit.code,
            "population": province.settlement.official,
        },
        province.polygons,
    )


def _roads(province: Province) -> gpd.GeoDataFrame:
    lines = lines_of(province.roads, province.relief.frame)
    kinds = [ROAD_CLASSES[line.kind] for line in lines]
    shapes = _lines(province, [line.xy for line in lines])
    return _frame({"road_id": np.arange(len(lines)), "class": kinds}, shapes)


def _fibre_routes(province: Province) -> gpd.GeoDataFrame:
    rng = province.stream(12)
    columns: dict[str, list[Any]] = {"id": [], "operator": [], "status": [], "fibre_count": []}
    shapes: list[FloatArray] = []
    for edges, status in ((province.fibre.built, "operational"), (province.fibre.planned, "planned")):
        for line in lines_of(edges, province.relief.frame):
            # Two operators have their own cable along a trunk.
            count = 2 if line.kind == len(FIBRE_COUNTS) - 1 and status == "operational" else 1
            for operator in rng.choice(len(OPERATORS), size=count, replace=False, p=SHARES):
                columns["id"].append(f"{province.unit.code}-C{len(shapes) + 1:05d}")
                columns["operator"].append(OPERATORS[operator])
                columns["status"].append(status)
                columns["fibre_count"].append(FIBRE_COUNTS[line.kind])
                shapes.append(line.xy)
    return _frame(columns, _lines(province, shapes))


def _fibre_nodes(province: Province) -> gpd.GeoDataFrame:
    import shapely

    rng = province.stream(13)
    fibre, communes, frame = province.fibre, province.communes, province.relief.frame
    towns = fibre.communes & (communes.rank > 0)
    groups = (
        (communes.centre[towns], "olt", "operational"),
        (communes.centre[fibre.communes & ~towns], "cabinet", "operational"),
        (province.village_cells[fibre.villages], "cabinet", "operational"),
        (communes.centre[fibre.planned_communes], "cabinet", "planned"),
    )
    cells = np.concatenate([group[0] for group in groups])
    count = len(cells)
    data = {
        "id": [f"{province.unit.code}-N{i + 1:05d}" for i in range(count)],
        "kind": [kind for part, kind, _status in groups for _ in part],
        "operator": [OPERATORS[i] for i in rng.choice(len(OPERATORS), size=count, p=SHARES)],
        "status": [status for part, _kind, status in groups for _ in part],
    }
    return _frame(data, shapely.points(province.lonlat(frame.points(cells))))


def _write_tables(province: Province, folder: Path) -> None:
    relief, communes, settlement = province.relief, province.communes, province.settlement
    frame, unit = relief.frame, province.unit
    label = communes.label.ravel()
    sites = province.sites
    stations = make_cells(province.stream(14), sites, province.lonlat(sites.xy), label[sites.cell], unit)
    _table(folder / "stations.csv", stations)
    village_at = province.lonlat(settlement.village_xy)
    villages = villages_table(province.stream(15), communes, settlement, village_at, unit)
    _table(folder / "villages.csv", villages)
    centres = province.lonlat(frame.points(communes.centre))
    _table(folder / "centres.csv", centres_table(province.names, centres, unit))
    zones = make_zones(province.stream(16), relief, communes, settlement, province.road)
    _write_zones(province, zones, folder / "zones.geojson")
    rows, points = make_key_locations(
        province.stream(17), relief, communes, settlement, province.names, zones, coast=province.coast
    )
    _table(folder / "key_locations.csv", key_locations_table(rows, province.lonlat(points), unit))
    n = len(communes.centre)
    homes = np.bincount(settlement.village_commune, settlement.village_households, minlength=n)
    near = settlement.village_households * province.fibre.villages
    with_fibre = np.bincount(settlement.village_commune, near, minlength=n)
    share = np.divide(with_fibre, homes, out=np.ones(n), where=homes > 0)
    households = households_table(
        province.stream(18), communes, settlement, province.fibre.communes, share, unit
    )
    _table(folder / "households.csv", households)


def _write_zones(province: Province, zones: list[tuple[str, Any]], path: Path) -> None:
    import shapely

    kinds = [kind for kind, _shape in zones]
    shapes = shapely.transform([shape for _kind, shape in zones], lambda points: province.lonlat(points, 6))
    names = zone_names(kinds)
    ids = [f"{province.unit.code}-KCN{i + 1:02d}" for i in range(len(zones))]
    write_geojson(_frame({"zone_id": ids, "name": names, "kind": kinds}, shapes), path)
