"""Adapters of vectors: layers of OpenStreetMap, cells of OpenCelliD."""

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
from phusong.layers.sources.adapter import Job, Note, Taken
from phusong.layers.sources.area import Area
from phusong.layers.sources.boundaries import COLUMNS_CHANGED, write_communes
from phusong.layers.sources.files import write_rows, write_shapes
from phusong.layers.sources.osm import NOTHING, PLACES, Extract, read_extract
from phusong.layers.sources.transfer import (
    DAMAGED,
    Line,
    SourceError,
    cached_path,
    download,
    public_address,
    publisher_md5,
)
from phusong.layers.vectors.opencellid import HEADER

VIETNAM = "452"
"""Country code of Vietnam's networks (ITU-T E.212)."""
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
        job.memo[path.name] = _read(job, path)
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


def _read(job: Job, path: Path) -> Extract:
    """Read an extract; one of the cache that is damaged is fetched anew, once."""
    kinds = {job.source.kind, *job.together}
    try:
        return read_extract(path, job.area, kinds)
    except SourceError as error:
        if error.text is not DAMAGED or job.line.offline:
            raise
    path.unlink(missing_ok=True)
    return read_extract(extract_of(job.line, job.source.address), job.area, kinds)


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
                if row["mcc"] == VIETNAM and west <= row["lon"] <= east and south <= row["lat"] <= north:
                    rows.append(row)
    except (OSError, EOFError, ValueError) as error:
        path.unlink(missing_ok=True)
        raise SourceError(DAMAGED, address=path.name, reason=str(error)) from error
    return rows
