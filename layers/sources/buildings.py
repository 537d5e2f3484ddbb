"""Buildings of a province out of a country's file: by FlatGeobuf's index, or by GeoParquet's row groups.

Of every building its middle and its area are kept. What was taken of a file waits in the cache, row group by
row group, so that an interrupted fetch goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from phusong.data.language import Text
from phusong.layers.sources.adapter import Job, Note, Taken
from phusong.layers.sources.area import Bounds
from phusong.layers.sources.boundaries import COLUMNS_CHANGED
from phusong.layers.sources.curl import curl_settings
from phusong.layers.sources.files import write_shapes
from phusong.layers.sources.ranges import RangedFile, honest_ranges
from phusong.layers.sources.transfer import (
    DAMAGED,
    OFFLINE,
    Line,
    SourceError,
    download,
    locked,
    look,
    public_address,
)

BUILDINGS = Text("{n} công trình trong hộp của tỉnh.", "{n} buildings in the province's box.")
GROUPS = Text(
    "Đọc {n}/{total} nhóm dòng của tệp toàn quốc ({mb} MB).",
    "Read {n} of {total} row groups of the country's file ({mb} MB).",
)
NO_BUILDING = Text("không có công trình nào trong tỉnh này", "it has no building in this province")
CHUNK = str(1 << 20)
"""Bytes that GDAL asks for at a time: buildings lie side by side in the file, and its own 16 kB would make
some thousand requests of a province."""
BATCH = 65_536
CARRIED = (("source", "bf_source"), ("confidence", "confidence"))
"""Our columns, and the file's."""

Columns = dict[str, Any]
"""``x y area_m2 source confidence`` as arrays."""


def take_buildings(job: Job) -> Taken:
    """Take the box's buildings through the index of a FlatGeobuf.

    GDAL finds the pieces of the file that it needs, and asks for these.
    """

    def read(folder: Path) -> tuple[list[Columns], tuple[Note, ...]]:
        """Return what the index leads to."""
        return list(_by_index(job.line, job.source.address, job.area.bounds)), ()

    return _taken(job, read)


def take_building_groups(job: Job) -> Taken:
    """Take the box's buildings from the row groups of a GeoParquet that touch it.

    The file says of each group between which coordinates its buildings lie (GeoParquet 1.1.0, ``covering``,
    and the statistics of Parquet).
    """

    def read(folder: Path) -> tuple[list[Columns], tuple[Note, ...]]:
        """Return the rows of the box, group by group."""
        file = RangedFile(job.line, job.source.address)
        if not honest_ranges(job.line, job.source.address, file.head):
            path = download(job.line, job.source.address)
            with path.open("rb") as whole:
                return _by_groups(job, whole, folder)
        return _by_groups(job, file, folder)

    return _taken(job, read)


def _taken(job: Job, read: Callable[[Path], tuple[list[Columns], tuple[Note, ...]]]) -> Taken:
    """Return the buildings from the cache, or read them into it."""
    import geopandas as gpd
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    line, address = job.line, job.source.address
    key = json.dumps([address, [round(b, 9) for b in job.area.bounds]])
    kept = line.cache / "windows" / f"buildings-{hashlib.sha256(key.encode()).hexdigest()[:24]}.gpkg"
    notes: tuple[Note, ...] = ()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with locked(kept):
        frame = None
        if kept.is_file() and not line.refresh:
            try:
                frame = pyogrio.read_dataframe(kept)
            except (DataSourceError, DataLayerError, ValueError, OSError):
                kept.unlink()  # damaged: taken anew
        if frame is None:
            if line.offline:
                raise SourceError(OFFLINE, address=public_address(address))
            head = look(line, address)
            folder = kept.with_suffix(f".{hashlib.sha256(head.tag.encode()).hexdigest()[:8]}")
            parts, notes = read(folder)
            frame = _frame(parts)
            if frame.empty:  # no province is: what GDAL could not read of an index looks like this
                raise SourceError(NO_BUILDING)
            write_shapes(frame, kept, "buildings")
            shutil.rmtree(folder, ignore_errors=True)
    frame = gpd.GeoDataFrame(frame, crs="EPSG:4326")
    write_shapes(frame, job.folder / "buildings.gpkg", "buildings")
    n = len(frame)
    return Taken(
        {"buildings": "buildings.gpkg"}, (public_address(address),),
        notes=(Note(BUILDINGS, {"n": n}), *notes), rows={"buildings": n},
    )


def _frame(parts: list[Columns]) -> Any:
    import geopandas as gpd

    if not parts:
        return gpd.GeoDataFrame({"area_m2": np.zeros(0)}, geometry=[], crs="EPSG:4326")
    joined = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    points = shapely.points(joined.pop("x"), joined.pop("y"))
    return gpd.GeoDataFrame(joined, geometry=points, crs="EPSG:4326")


def _by_index(line: Line, address: str, bounds: Bounds) -> Iterator[Columns]:
    """Yield the buildings of a FlatGeobuf whose box touches the bounds."""
    import pyarrow as pa
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    head = look(line, address)
    remote = honest_ranges(line, address, head)
    opened = "/vsicurl/" + line.address(address) if remote else str(download(line, address))
    polite = {**curl_settings(line, line.address(address)), "CPL_VSIL_CURL_CHUNK_SIZE": CHUNK}
    pyogrio.set_gdal_config_options(polite)
    name = address.rpartition("/")[2]
    try:
        with pyogrio.open_arrow(opened, bbox=bounds, batch_size=BATCH, use_pyarrow=True) as (meta, batches):
            names = set(batches.schema.names)
            geometry = meta["geometry_name"] or "wkb_geometry"
            for batch in batches:
                if line.progress:  # how many there will be, the index does not say beforehand
                    line.progress(Text(name, name), 0.5)
                given = {theirs: batch[theirs] for _, theirs in CARRIED if theirs in names}
                yield _middles(batch[geometry], given)
    except (DataSourceError, DataLayerError, ValueError, IndexError, OSError, pa.ArrowException) as error:
        said = (str(error) or type(error).__name__).splitlines()[0]
        reason = said.replace(line.address(address), public_address(address))
        raise SourceError(DAMAGED, address=public_address(address), reason=reason) from error
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(polite))


def _by_groups(job: Job, file: Any, folder: Path) -> tuple[list[Columns], tuple[Note, ...]]:
    """Return the buildings of the row groups that touch the box; those in ``folder`` are not read again."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    address, bounds = public_address(job.source.address), job.area.bounds
    try:
        parquet = pq.ParquetFile(pa.PythonFile(file, mode="r"), pre_buffer=True)
        covering, geometry = _described(parquet)
        wanted = _touching(parquet.metadata, covering, bounds)
        folder.mkdir(parents=True, exist_ok=True)
        parts = []
        for done, group in enumerate(wanted, start=1):
            kept = folder / f"{group}.npz"
            columns = _kept_group(kept)
            if columns is None:
                columns = _group(parquet, group, covering, geometry, bounds)
                part = kept.with_suffix(".part.npz")
                np.savez(part, **columns)
                part.replace(kept)
            parts.append(columns)
            if job.line.progress:
                name = address.rpartition("/")[2]
                job.line.progress(Text(name, name), done / len(wanted))
    except SourceError:
        raise
    except (pa.ArrowException, ValueError, KeyError, TypeError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of this machine: a full disk, a folder without leave
        said = (str(error) or type(error).__name__).splitlines()[0]
        raise SourceError(DAMAGED, address=address, reason=said) from error
    mb = round(getattr(file, "taken", 0) / 1e6, 1)
    total = parquet.metadata.num_row_groups
    return parts, (Note(GROUPS, {"n": len(wanted), "total": total, "mb": mb}),)


def _described(parquet: Any) -> tuple[Mapping[str, str], str]:
    """Return the columns of the boxes (``xmin`` to their path in the file), and that of the shapes."""
    schema = parquet.schema_arrow
    said = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    geometry = str(said.get("primary_column", "geometry"))
    column = said.get("columns", {}).get(geometry, {})
    told = column.get("covering", {}).get("bbox", {})
    sides = {side: ".".join(told.get(side, ["bbox", side])) for side in ("xmin", "ymin", "xmax", "ymax")}
    there = {parquet.schema.column(k).path for k in range(len(parquet.schema))}
    lacking = sorted({geometry, *sides.values()} - there)
    if lacking or column.get("encoding", "WKB") != "WKB":
        raise SourceError(COLUMNS_CHANGED, columns=", ".join(lacking) or f"{geometry} (WKB)")
    return sides, geometry


def _touching(metadata: Any, sides: Mapping[str, str], bounds: Bounds) -> list[int]:
    """Return the row groups that may hold something of the bounds, by the statistics of their boxes."""
    west, south, east, north = bounds
    found: list[int] = []
    if not metadata.num_row_groups:
        return found
    paths = {metadata.row_group(0).column(k).path_in_schema: k for k in range(metadata.num_columns)}
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        stated = {side: row_group.column(paths[path]).statistics for side, path in sides.items()}
        if any(s is None or not s.has_min_max for s in stated.values()):
            raise SourceError(COLUMNS_CHANGED, columns="bbox (statistics)")
        apart = (
            stated["xmin"].min > east or stated["xmax"].max < west
            or stated["ymin"].min > north or stated["ymax"].max < south
        )
        if not apart:
            found.append(group)
    return found


def _kept_group(path: Path) -> Columns | None:
    """Return what an earlier fetch took of a row group; None where there is none, or it is damaged."""
    import zipfile

    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            return {name: kept[name] for name in kept.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _group(parquet: Any, group: int, sides: Mapping[str, str], geometry: str, bounds: Bounds) -> Columns:
    """Return the buildings of one row group whose box touches the bounds."""
    names = set(parquet.schema_arrow.names)
    carried = [theirs for _, theirs in CARRIED if theirs in names]
    table = parquet.read_row_group(group, columns=[geometry, *sides.values(), *carried], use_threads=False)
    west, south, east, north = bounds

    def side(name: str) -> Any:
        """Return one side of the boxes."""
        first, *rest = sides[name].split(".")
        column = table[first].combine_chunks()
        for step in rest:
            column = column.field(step)
        return column.to_numpy(zero_copy_only=False)

    near = (side("xmin") <= east) & (side("xmax") >= west) & (side("ymin") <= north) & (side("ymax") >= south)
    inside = table.filter(np.asarray(near))
    return _middles(inside[geometry], {theirs: inside[theirs] for theirs in carried})


def _middles(wkb: Any, carried: Mapping[str, Any]) -> Columns:
    """Return the middle of every building with its area in square metres (on a local sphere)."""
    shapes = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False))
    if len(shapes) and not (shapely.get_dimensions(shapes) == 2).all():
        raise SourceError(COLUMNS_CHANGED, columns="geometry (polygon)")
    middle = shapely.centroid(shapes)
    y = shapely.get_y(middle)
    area_m2 = shapely.area(shapes) * 111_320.0 * 110_600.0 * np.cos(np.radians(y))
    columns: Columns = {"x": shapely.get_x(middle), "y": y, "area_m2": np.round(area_m2, 1)}
    for ours, theirs in CARRIED:
        if theirs in carried:
            kind = float if ours == "confidence" else "U24"
            given = carried[theirs].to_pandas().fillna(np.nan if kind is float else "")
            columns[ours] = given.to_numpy(dtype=kind)
    return columns
