"""A first project for a named province: a commented file, the codes of its communes, empty tables."""

from __future__ import annotations

import csv
import difflib
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from importlib import resources
from pathlib import Path

from phusong.data.language import Language, Text
from phusong.data.names import fold
from phusong.data.tables import Province, provinces

STATION_COLUMNS = (
    "site_id", "cell_id", "operator", "technology", "frequency_mhz", "lon", "lat", "antenna_height_m",
    "azimuth_deg", "tilt_deg", "beamwidth_deg", "eirp_dbm", "bandwidth_mhz", "status",
)  # fmt: skip
HOUSEHOLD_COLUMNS = ("commune_code", "households", "households_with_fibre", "as_of")
VILLAGE_COLUMNS = ("place_id", "name", "commune_code", "households", "lon", "lat")

PROJECT = Text(
    """# Dự án phusong của {kind} {name} (mã {code}, đơn vị hành chính từ 01/07/2025).
# Đường dẫn tính từ thư mục của tệp này. Kiểm tra:  phusong check phusong.toml
# Chạy:  phusong run phusong.toml --out ket-qua

[province]
code = "{code}"
name = "{name}"
as_of = {as_of}            # ngày chốt số liệu

[grid]
cell_m = 100                  # cạnh ô lưới, mét; hệ tọa độ lưới mặc định là múi UTM của tỉnh

# {communes} xã, phường, đặc khu. Mã và tên chuẩn: communes_codes.csv
[layers.communes]
path = "communes.gpkg"        # ranh giới: GeoPackage, GeoJSON, Shapefile hoặc GeoParquet
# columns = {{ commune_code = "MA_XA", commune_name = "TEN_XA", population = "DAN_SO" }}

[layers.population]
path = "population.tif"       # GeoTIFF, số người mỗi ô (ví dụ WorldPop)
# scale = "official"          # nhân cho khớp dân số chính thức từng xã

[layers.stations]
path = "stations.csv"         # mỗi dòng một cell; chỉ cần site_id, technology, lon, lat
# columns = {{ site_id = "Mã trạm", lon = "Kinh độ", lat = "Vĩ độ", technology = "Công nghệ" }}
# crs = "EPSG:{epsg}"          # nếu tọa độ là VN-2000

# Các lớp dưới đây không bắt buộc: bỏ dấu # khi có dữ liệu.
# [layers.fibre_routes]
# path = "fibre_routes.geojson"
# [layers.fibre_nodes]
# path = "fibre_nodes.geojson"
# [layers.households]
# path = "households.csv"     # hộ và hộ có cáp quang do doanh nghiệp báo cáo
# [layers.roads]
# path = "roads.gpkg"
# [layers.terrain]
# path = "terrain.tif"        # độ cao, mét
# [layers.clutter]
# path = "clutter.tif"
# classes = {{ 1 = "water", 2 = "open", 3 = "forest", 4 = "urban" }}
# [places.villages]
# path = "villages.csv"       # thôn, làng cần phục vụ

[services.4G]
model = "range"               # xem: phusong models
radius_m = 4000

[services.5G]
model = "range"
radius_m = 500

# [services.fibre]            # cần fibre_routes hoặc fibre_nodes
# model = "route-distance"
# reach_m = 500
""",
    """# phusong project of {kind} {name} (code {code}, units since 1 July 2025).
# Paths are relative to this file. Check it:  phusong check phusong.toml
# Run it:  phusong run phusong.toml --out results

[province]
code = "{code}"
name = "{name}"
as_of = {as_of}            # the day for which the data stand

[grid]
cell_m = 100                  # side of a cell in metres; the grid's system defaults to the UTM zone

# {communes} communes, wards and special zones. Official codes and names: communes_codes.csv
[layers.communes]
path = "communes.gpkg"        # boundaries: GeoPackage, GeoJSON, Shapefile or GeoParquet
# columns = {{ commune_code = "MA_XA", commune_name = "TEN_XA", population = "DAN_SO" }}

[layers.population]
path = "population.tif"       # GeoTIFF of people per cell (WorldPop, for example)
# scale = "official"          # scale each commune to its official population

[layers.stations]
path = "stations.csv"         # one row a cell; site_id, technology, lon and lat are enough
# columns = {{ site_id = "Mã trạm", lon = "Kinh độ", lat = "Vĩ độ", technology = "Công nghệ" }}
# crs = "EPSG:{epsg}"          # if the coordinates are VN-2000

# The layers below are optional: take the # away when you have the data.
# [layers.fibre_routes]
# path = "fibre_routes.geojson"
# [layers.fibre_nodes]
# path = "fibre_nodes.geojson"
# [layers.households]
# path = "households.csv"     # households and those with fibre, as operators report
# [layers.roads]
# path = "roads.gpkg"
# [layers.terrain]
# path = "terrain.tif"        # metres
# [layers.clutter]
# path = "clutter.tif"
# classes = {{ 1 = "water", 2 = "open", 3 = "forest", 4 = "urban" }}
# [places.villages]
# path = "villages.csv"       # villages that should be served

[services.4G]
model = "range"               # see: phusong models
radius_m = 4000

[services.5G]
model = "range"
radius_m = 500

# [services.fibre]            # needs fibre_routes or fibre_nodes
# model = "route-distance"
# reach_m = 500
""",
)


class UnknownProvinceError(LookupError):
    """No province of that code or name; ``nearest`` are those that look like it."""

    def __init__(self, asked: str, nearest: Iterable[str]) -> None:
        self.asked = asked
        self.nearest = tuple(nearest)
        super().__init__(f"no province {asked!r}; nearest: {', '.join(self.nearest) or 'none'}")


def find_province(asked: str) -> Province:
    """Return the province of a two-digit code or a name, with or without marks and ``tỉnh``.

    The name of a province that was merged gives the one it went into. A code is one of the present
    vintage: 52 is Gia Lai.

    Raises
    ------
    UnknownProvinceError
    """
    table = provinces()
    if asked.strip().zfill(2) in table:
        return table[asked.strip().zfill(2)]
    names: dict[str, Province] = {}
    for province in table.values():
        names.update({fold(former): province for former in province.former})
    names.update({fold(province.name): province for province in table.values()})
    key = fold(asked, prefix=True)
    if key not in names:
        near = difflib.get_close_matches(key, names, n=3, cutoff=0.6)
        raise UnknownProvinceError(asked, dict.fromkeys(names[n].name for n in near))
    return names[key]


def communes_of(code: str) -> list[dict[str, str]]:
    """Return the communes of a province since 1 July 2025: code, name, kind, a point, area.

    From vietnamadminunits (MIT), sorted by code; ``lon`` and ``lat`` are points of the package, good for
    finding a place, not for measuring.
    """
    database = resources.files("vietnamadminunits").joinpath("data/dataset.db")
    query = (
        "SELECT wardCode, ward, wardType, wardLon, wardLat, wardAreaKm2 FROM admin_units "
        "WHERE provinceCode = ? ORDER BY wardCode"
    )
    with resources.as_file(database) as path:
        address = f"{path.as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as db:
            rows = db.execute(query, (code,)).fetchall()
    keys = ("commune_code", "commune_name", "kind", "lon", "lat", "area_km2")
    return [dict(zip(keys, map(str, row), strict=True)) for row in rows]


def write_starter(folder: Path, province: Province, as_of: str, lang: Language) -> list[Path]:
    """Write a first project into ``folder``: the commented file, the codes and empty tables.

    Parameters
    ----------
    folder : Path
        Made if need be; nothing in it is overwritten.
    province : Province
    as_of : str
        ``YYYY-MM-DD``.
    lang : Language
        Of the comments.

    Returns
    -------
    list of Path
        The files written, the project file first.

    Raises
    ------
    FileExistsError
        If one of the files is there already; nothing is written then.
    """
    project = PROJECT.say(
        lang,
        code=province.code, name=province.name, kind=province.kind, communes=str(province.communes),
        as_of=as_of, epsg=str(province.tm3_epsg or next(iter(province.former.values()))),
    )  # fmt: skip
    communes = communes_of(province.code)
    tables: dict[str, tuple[tuple[str, ...], list[dict[str, str]]]] = {
        "communes_codes.csv": (tuple(communes[0]), communes),
        "stations.csv": (STATION_COLUMNS, []),
        "households.csv": (
            HOUSEHOLD_COLUMNS,
            [{"commune_code": c["commune_code"], "as_of": as_of} for c in communes],
        ),
        "villages.csv": (VILLAGE_COLUMNS, []),
    }
    files = [folder / "phusong.toml", *(folder / name for name in tables)]
    present = [str(f) for f in files if f.exists()]
    if present:
        raise FileExistsError(", ".join(present))
    folder.mkdir(parents=True, exist_ok=True)
    files[0].write_text(project, encoding="utf-8")
    for name, (columns, rows) in tables.items():
        # The mark at the start makes Excel read UTF-8.
        with (folder / name).open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    return files
