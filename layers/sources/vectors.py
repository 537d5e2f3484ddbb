"""Adapters of vectors: layers of OpenStreetMap, buildings, cells of OpenCelliD."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from phusong.data.language import Text
from phusong.layers.opencellid import HEADER
from phusong.layers.sources.adapter import Job, Note, Taken
from phusong.layers.sources.area import Area
from phusong.layers.sources.boundaries import COLUMNS_CHANGED, write_communes
from phusong.layers.sources.files import write_rows, write_shapes
from phusong.layers.sources.osm import NOTHING, PLACES, read_extract
from phusong.layers.sources.transfer import (
    DAMAGED,
    OFFLINE,
    Line,
    SourceError,
    cached_path,
    download,
    look,
    public_address,
    publisher_md5,
    user_agent,
)

POINT_COLUMNS = ("place_id", "name", "lon", "lat", "kind")
STATION_COLUMNS = ("site_id", "operator", "technology", "lon", "lat", "antenna_height_m")

NO_TOKEN = Text(
    "cần mã truy cập trong biến môi trường {name}",
    "it needs an access token in the environment variable {name}",
)
REFUSED = Text("máy chủ từ chối mã truy cập: {reason}", "the server refuses the access token: {reason}")
ASSUMED = Text(
    "{n} vị trí cột, tháp; công nghệ coi là 4G nếu không ghi. CHỈ THAM KHẢO, thay bằng danh sách của nhà "
    "mạng.",
    "{n} sites of masts and towers; 4G where no technology is said. INDICATIVE ONLY: replace them by the "
    "operators' inventory.",
)
CELLS = Text(
    "{n} cell trong hộp của tỉnh. CHỈ THAM KHẢO: nơi điện thoại thu được sóng, không phải chân cột.",
    "{n} cells in the province's box. INDICATIVE ONLY: where phones heard them, not where masts stand.",
)
BUILDINGS = Text("{n} công trình trong hộp của tỉnh.", "{n} buildings in the province's box.")
NO_BUILDING = Text("không có công trình nào trong tỉnh này", "it has no building in this province")
NO_CELL = Text("không có cell nào trong tỉnh này", "it has no cell in this province")
COUNT = Text("{layer}: {n} đối tượng.", "{layer}: {n} objects.")
WHAT = {
    "roads": Text("đường", "roads"), "villages": Text("thôn, làng", "villages"),
    "places": Text("trường, trạm y tế, trụ sở", "schools, clinics or offices"),
    "water": Text("sông, hồ", "water"), "stations": Text("cột, tháp viễn thông", "masts"),
    "boundaries": Text("ranh giới", "boundaries"),
}


def take_osm(job: Job) -> Taken:
    """Take one kind of layer from the country's extract, which the cache keeps for all provinces."""
    path = extract_of(job.line, job.source.address)
    kind = job.source.kind
    if path.name not in job.memo:  # read once for all layers
        job.memo[path.name] = read_extract(path, job.area, {kind, *job.together})
    found = {layer: rows for layer, rows in job.memo[path.name].tables.items() if layer in _layers(kind)}
    addresses = (job.source.address,)
    if kind == "boundaries":
        return write_communes(job, found.get("boundaries", []), addresses)
    inside = _inside(job)
    tables = {layer: inside(rows) for layer, rows in found.items()}
    if not any(tables.values()):
        raise SourceError(Text(NOTHING.vi.format(what=WHAT[kind].vi), NOTHING.en.format(what=WHAT[kind].en)))
    if kind in ("roads", "water"):
        return _shapes(job, kind, tables[kind], addresses)
    if kind == "stations":
        write_rows(tables[kind], STATION_COLUMNS, job.folder / "stations.csv")
        sites = len({row["site_id"] for row in tables[kind]})
        note = Note(ASSUMED, {"n": sites})
        rows = {"stations": len(tables[kind])}
        return Taken({"stations": "stations.csv"}, addresses, notes=(note,), rows=rows)
    files, counts = {}, {}
    for layer in _layers(kind):
        if tables.get(layer):
            write_rows(tables[layer], POINT_COLUMNS, job.folder / f"{layer}.csv")
            files[f"places.{layer}"] = f"{layer}.csv"
            counts[f"places.{layer}"] = len(tables[layer])
    return Taken(files, addresses, notes=_counted(counts), rows=counts)


def extract_of(line: Line, address: str) -> Path:
    """Return the extract from the cache, fetched with the publisher's checksum if it is not there."""
    kept = cached_path(line, address)
    if kept.is_file() and not line.refresh:
        return kept
    return download(line, address, checksum=publisher_md5(line, address))


def _layers(kind: str) -> tuple[str, ...]:
    return tuple(PLACES) if kind == "places" else (kind,)


def _counted(counts: dict[str, int]) -> tuple[Note, ...]:
    return tuple(Note(COUNT, {"layer": layer, "n": n}) for layer, n in counts.items())


def _shapes(job: Job, kind: str, rows: list[dict[str, Any]], addresses: tuple[str, ...]) -> Taken:
    import geopandas as gpd

    frame = gpd.GeoDataFrame(rows, crs="EPSG:4326")
    write_shapes(frame, job.folder / f"{kind}.gpkg", kind)
    return Taken({kind: f"{kind}.gpkg"}, addresses, notes=_counted({kind: len(rows)}), rows={kind: len(rows)})


def _inside(job: Job) -> Any:
    """Return a filter for what lies in the communes, or in the box where there are none yet."""
    if job.outline is None:
        return lambda rows: rows
    import pyogrio

    shapes = pyogrio.read_dataframe(job.outline, columns=[]).to_crs("EPSG:4326").geometry
    ground = shapely.union_all(shapely.make_valid(shapes.to_numpy()))
    shapely.prepare(ground)

    def keep(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows inside."""
        if not rows:
            return []
        if "geometry" in rows[0]:
            hit = shapely.intersects(ground, np.array([row["geometry"] for row in rows], dtype=object))
        else:
            hit = shapely.contains_xy(ground, [row["lon"] for row in rows], [row["lat"] for row in rows])
        return [row for row, inside in zip(rows, hit, strict=True) if inside]

    return keep


def take_buildings(job: Job) -> Taken:
    """Take the middles and areas of the box's buildings, through the file's own index.

    FlatGeobuf keeps an index of boxes: GDAL asks for the pieces of the file that it needs.
    """
    import geopandas as gpd
    import pyogrio
    from pyogrio.errors import DataSourceError

    line, address = job.line, job.source.address
    kept = job.line.cache / "windows" / f"buildings-{job.area.province.code}.gpkg"
    if kept.is_file() and not line.refresh:
        frame = pyogrio.read_dataframe(kept)
    else:
        if line.offline:
            raise SourceError(OFFLINE, address=address)
        head = look(line, address)
        opened = "/vsicurl/" + line.address(address) if head.ranges else str(download(line, address))
        polite = {
            "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_HTTP_USERAGENT": user_agent(),
            "GDAL_HTTP_MAX_RETRY": str(line.tries - 1), "GDAL_HTTP_RETRY_DELAY": str(line.wait_s),
            "CPL_VSIL_CURL_NON_CACHED": opened,
        }
        pyogrio.set_gdal_config_options(polite)
        try:
            found = pyogrio.read_dataframe(opened, bbox=job.area.bounds)
        except (DataSourceError, ValueError, OSError) as error:
            said = str(error).splitlines()[0]
            raise SourceError(DAMAGED, address=address, reason=said) from error
        finally:
            pyogrio.set_gdal_config_options(dict.fromkeys(polite))
        if len(found) and not (shapely.get_dimensions(found.geometry.to_numpy()) == 2).all():
            raise SourceError(COLUMNS_CHANGED, columns="geometry (polygon)")
        frame = _middles(found)
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_shapes(frame, kept, "buildings")
    if frame.empty:
        raise SourceError(NO_BUILDING)
    frame = gpd.GeoDataFrame(frame, crs="EPSG:4326")
    write_shapes(frame, job.folder / "buildings.gpkg", "buildings")
    n = len(frame)
    return Taken(
        {"buildings": "buildings.gpkg"}, (address,), notes=(Note(BUILDINGS, {"n": n}),), rows={"buildings": n}
    )


def _middles(found: Any) -> Any:
    """Return the middle of every building with its area in square metres (on a local sphere)."""
    import geopandas as gpd

    shapes = found.geometry.to_numpy()
    middle = shapely.centroid(shapes)
    square_deg = shapely.area(shapes)
    area_m2 = square_deg * 111_320.0 * 110_600.0 * np.cos(np.radians(shapely.get_y(middle)))
    columns: dict[str, Any] = {"area_m2": np.round(area_m2, 1)}
    for ours, theirs in (("source", "bf_source"), ("confidence", "confidence")):
        if theirs in found:
            columns[ours] = found[theirs].to_numpy()
    return gpd.GeoDataFrame(columns, geometry=middle, crs="EPSG:4326")


def take_opencellid(job: Job) -> Taken:
    """Take the cells of the box from OpenCelliD's file of the country."""
    name = job.source.token_env
    token = os.environ.get(name, "")
    address = job.source.render(token=token)
    if not token and not cached_path(job.line, address).is_file():
        raise SourceError(NO_TOKEN, name=name)
    path = download(job.line, address, fresh=job.line.refresh)
    with path.open("rb") as file:
        first = file.read(120)
    if first[:2] != b"\x1f\x8b":
        said = first.decode("utf-8", "replace")
        path.unlink()
        raise SourceError(REFUSED, reason=said.replace(token, "…") if token else said)
    rows = _cells(path, job.area)
    rows = _inside(job)(rows)
    if not rows:
        raise SourceError(NO_CELL)
    write_rows(rows, HEADER, job.folder / "stations.csv")
    note = Note(CELLS, {"n": len(rows)})
    return Taken(
        {"stations": "stations.csv"}, (public_address(address),), notes=(note,), rows={"stations": len(rows)}
    )


def _cells(path: Path, area: Area) -> list[dict[str, Any]]:
    west, south, east, north = area.bounds
    rows: list[dict[str, Any]] = []
    try:
        with gzip.open(path, "rb") as stream:
            for cells in csv.reader(io.TextIOWrapper(stream, encoding="utf-8", newline="")):
                if len(cells) != len(HEADER):
                    raise SourceError(COLUMNS_CHANGED, columns=", ".join(HEADER))
                if cells[0] == "radio":
                    continue
                row: dict[str, Any] = dict(zip(HEADER, cells, strict=True))
                row["lon"], row["lat"] = float(row["lon"]), float(row["lat"])
                if west <= row["lon"] <= east and south <= row["lat"] <= north:
                    rows.append(row)
    except (OSError, EOFError, ValueError) as error:
        path.unlink(missing_ok=True)
        raise SourceError(DAMAGED, address=path.name, reason=str(error)) from error
    return rows
