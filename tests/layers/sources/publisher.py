"""Small files in the layout of the real publishers, and a server for them with faults on demand."""

from __future__ import annotations

import gzip
import hashlib
import json
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import pyogrio
import rasterio
import shapely
from osmium.osm.mutable import Node, Relation, Way
from rasterio.transform import from_origin

from phusong.data.source_table import public_sources
from phusong.layers.sources.area import Area, tiles_of

STEP = 1 / 60


class Publisher:
    """What the server is told and what it tells: see ``server.py``."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.tell(forget=True, folder=str(folder))

    def tell(self, **told: Any) -> None:
        body = json.dumps(told).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + "/__tell", body)):
            pass

    def fail(self, path: str, *faults: Any) -> None:
        """Say what goes wrong with the next requests of a path."""
        self.tell(faults={path: list(faults)})

    def log(self, name: str) -> Any:
        with urllib.request.urlopen(self.url + "/__log") as answer:
            return json.load(answer)[name]

    def sent(self, path: str) -> int:
        return int(self.log("sent").get(path, 0))


def write_raster(
    path: Path, bounds: tuple[float, float, float, float], value: Callable[[Any, Any], Any], *,
    step: float = STEP, dtype: str = "float32", nodata: float | None = None, overviews: bool = False,
) -> None:
    """Write a tiled raster whose values are a function of the pixels' longitude and latitude."""
    west, south, east, north = bounds
    width, height = round((east - west) / step), round((north - south) / step)
    lon = west + (np.arange(width) + 0.5) * step
    lat = north - (np.arange(height) + 0.5) * step
    values = np.broadcast_to(value(lon[None, :], lat[:, None]), (height, width)).astype(dtype)
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=1, dtype=dtype, crs="EPSG:4326",
        nodata=nodata, transform=from_origin(west, north, step, step), tiled=True, blockxsize=16,
        blockysize=16,
    ) as raster:  # fmt: skip
        raster.write(values, 1)
        if overviews:
            raster.build_overviews([2, 4])


def height_at(lon: Any, lat: Any) -> Any:
    return np.round(100 * (lon - 100) + lat)


def file_of(folder: Path, address: str) -> Path:
    return folder / address.partition("://")[2].partition("?")[0]


def publish(folder: Path, area: Area) -> None:
    """Make small files of every source for one province, in the publishers' layouts."""
    by_id = {s.id: s for s in public_sources()}
    people = (102.0, 8.0, 112.0, 24.0)
    for name in ("worldpop-100m", "worldpop-1km"):
        write_raster(
            file_of(folder, by_id[name].address), people,
            lambda x, y: np.where(y > 23.9, -99999.0, 40.0 + x - x), nodata=-99999.0,
        )  # fmt: skip
    for name in ("copernicus-glo30", "nasadem"):
        for tile in tiles_of(by_id[name], area):
            write_raster(file_of(folder, tile.address), tile.bounds, height_at)
    for tile in tiles_of(by_id["worldcover"], area):
        write_raster(
            file_of(folder, tile.address), tile.bounds, lambda x, y: np.where((x + y) % 0.2 < 0.1, 50, 10),
            dtype="uint8", nodata=0, overviews=True,
        )  # fmt: skip
    token = file_of(folder, by_id["nasadem"].token_address)
    token.parent.mkdir(parents=True, exist_ok=True)
    token.write_text(json.dumps({"token": "sig=abc"}))
    for tile in tiles_of(by_id["ghs-pop"], area):
        path = file_of(folder, tile.address)
        inner = path.with_suffix(".tif")
        write_raster(inner, tile.bounds, lambda x, y: 3.0 + x - x, step=1 / 12, nodata=-200.0)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(inner, inner.name)
    extract = file_of(folder, by_id["osm-roads"].address)
    write_extract(extract, area)
    extract.with_name(extract.name + ".md5").write_text(
        hashlib.md5(extract.read_bytes()).hexdigest() + "  vietnam-latest.osm.pbf\n"
    )
    publish_boundaries(folder, by_id["geoboundaries"].address, area)
    for name in ("combined-buildings", "combined-buildings-parquet"):
        publish_buildings(file_of(folder, by_id[name].address), area)
    publish_hrsl(file_of(folder, by_id["hrsl"].address))
    publish_cells(folder / "opencellid.org/ocid/downloads", area)


def publish_hrsl(path: Path) -> None:
    """Write a list of rasters, as the layer of all countries is published, and a raster that it names."""
    write_raster(path.parent / "v1.5" / "cog.tif", (104.0, 18.0, 108.0, 23.0), lambda x, y: 1.5 + x - x)
    path.write_text(
        '<VRTDataset rasterXSize="240" rasterYSize="300"><SRS>EPSG:4326</SRS>'
        "<GeoTransform>104, 0.016666666666666666, 0, 23, 0, -0.016666666666666666</GeoTransform>"
        '<VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        '<SourceFilename relativeToVRT="1">v1.5/cog.tif</SourceFilename><SourceBand>1</SourceBand>'
        '<SrcRect xOff="0" yOff="0" xSize="240" ySize="300"/>'
        '<DstRect xOff="0" yOff="0" xSize="240" ySize="300"/></SimpleSource></VRTRasterBand></VRTDataset>'
    )


def publish_cells(path: Path, area: Area) -> None:
    """Write a download of OpenCelliD: a cell of the province, one elsewhere, one of another country."""
    lon, lat = area.communes[0]["lon"], area.communes[0]["lat"]
    row = f"LTE,452,4,1,2,,{lon},{lat},1000,5,1,1600000000,1700000000,0\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress((row + row.replace(lat, "10.0") + row.replace("452", "457")).encode()))


def publish_buildings(path: Path, area: Area, *, rows: int = 500, far: int = 30_000) -> None:
    """Write five buildings of the province and others far away, sorted from south to north.

    The columns are those of the publisher: shape, box, source, confidence (none of OpenStreetMap's) and area.
    """
    lon, lat = float(area.communes[0]["lon"]), float(area.communes[0]["lat"])
    corners = [(lon + k * 1e-3, lat) for k in range(5)]
    corners += [(108.0 + k % 100 * 1e-3, 9.0 + k // 100 * 1e-3) for k in range(far)]
    x, y = np.array(sorted(corners, key=lambda c: c[1])).T
    shapes = shapely.box(x, y, x + 1e-4, y + 1e-4)
    of_osm = [k % 3 == 0 for k in range(len(shapes))]
    frame = gpd.GeoDataFrame({
        "bf_source": ["osm" if o else "google" for o in of_osm],
        "confidence": [None if o else 0.8 for o in of_osm], "area_in_meters": 115.0,
    }, geometry=shapes, crs="EPSG:4326")  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        frame.to_parquet(path, write_covering_bbox=True, row_group_size=rows)
    else:
        pyogrio.write_dataframe(frame, path, driver="FlatGeobuf")


def publish_boundaries(folder: Path, address: str, area: Area, licence: str = "CC BY 4.0") -> None:
    west, south, east, north = area.bounds
    names = list(area.province.former)
    edges = np.linspace(west, east, len(names) + 1)
    features = [
        {
            "type": "Feature", "properties": {"shapeName": name},
            "geometry": json.loads(shapely.to_geojson(shapely.box(edges[k], south, edges[k + 1], north))),
        }
        for k, name in enumerate(names)
    ]
    file = folder / "github.com/wmgeolab/geoBoundaries/raw/9469f09/VNM/ADM1/geoBoundaries-VNM-ADM1.geojson"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    said = {
        "boundaryISO": "VNM", "boundaryType": "ADM1", "boundaryYearRepresented": "2019",
        "boundaryLicense": licence, "gjDownloadURL": "https://" + file.relative_to(folder).as_posix(),
    }
    described = file_of(folder, address) / "index.json"
    described.parent.mkdir(parents=True, exist_ok=True)
    described.write_text(json.dumps(said))


def cells_of(area: Area) -> list[Any]:
    """A polygon round the official point of every commune: the plane divided by the nearest point."""
    points = [shapely.Point(float(c["lon"]), float(c["lat"])) for c in area.communes]
    cells = list(shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points))))
    box = shapely.box(*area.bounds)
    return [next(cell for cell in cells if cell.covers(p)).intersection(box) for p in points]


def write_extract(path: Path, area: Area, *, leave_out: int = 0) -> None:
    """Write an OpenStreetMap extract: boundaries, a road, villages, a school, masts and a lake."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    first = area.communes[0]
    lon, lat = float(first["lon"]), float(first["lat"])
    nodes: list[Node] = []
    ways: list[Way] = []

    def node(x: float, y: float, **tags: str) -> int:
        nodes.append(Node(id=len(nodes) + 1, location=(round(x, 7), round(y, 7)), tags=tags, version=1))
        return len(nodes)

    def way(line: list[tuple[float, float]], tags: dict[str, str]) -> int:
        ring = line[0] == line[-1]
        refs = [node(x, y) for x, y in (line[:-1] if ring else line)]
        ways.append(Way(id=len(ways) + 1, nodes=[*refs, refs[0]] if ring else refs, tags=tags, version=1))
        return len(ways)

    node(lon, lat, place="hamlet", name="Thôn Một")
    node(lon + 0.001, lat, place="village", name="Thôn Hai")
    node(lon, lat + 0.001, place="city", name="Không phải thôn")
    node(lon + 20, lat, place="hamlet", name="Nơi khác")
    node(lon, lat, man_made="mast", **{"tower:type": "communication"}, operator="Viettel", height="45 m")
    node(lon + 0.002, lat, man_made="tower", **{"communication:lte": "yes", "communication:gsm": "yes"})
    node(lon + 0.003, lat, man_made="water_tower", name="Tháp nước")
    node(lon, lat, amenity="clinic", name="Trạm y tế xã")
    node(lon, lat, office="government", name="UBND xã")
    way([(lon, lat), (lon + 0.01, lat + 0.01)], {"highway": "primary", "name": "Quốc lộ 1"})
    way([(lon, lat), (lon + 0.01, lat)], {"highway": "proposed"})
    square = [(0, 0), (0.002, 0), (0.002, 0.002), (0, 0.002), (0, 0)]
    way([(lon + x, lat + y) for x, y in square], {"amenity": "school", "name": "Trường Một"})
    way([(lon + x, lat + y) for x, y in square], {"natural": "water", "water": "lake", "name": "Hồ"})
    relations = []
    shapes = list(zip(area.communes, cells_of(area), strict=True))
    for k, (commune, shape) in enumerate(shapes[: len(shapes) - leave_out]):
        tags = {"boundary": "administrative", "admin_level": "6", "name": commune["commune_name"]}
        outer = list(shape.exterior.coords)
        if k % 2:
            way(outer, tags)
            continue
        half = len(outer) // 2  # as mappers draw them: two ways make the ring of a relation
        parts = []
        refs = [node(x, y) for x, y in outer[:-1]]
        for piece in (refs[: half + 1], [*refs[half:], refs[0]]):
            ways.append(Way(id=len(ways) + 1, nodes=piece, tags={}, version=1))
            parts.append(("w", len(ways), "outer"))
        relations.append(
            Relation(id=len(relations) + 1, members=parts, tags={**tags, "type": "boundary"}, version=1)
        )
    with osmium.SimpleWriter(str(path)) as writer:
        for one in nodes:
            writer.add_node(one)
        for two in ways:
            writer.add_way(two)
        for three in relations:
            writer.add_relation(three)
