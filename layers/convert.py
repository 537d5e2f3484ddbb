"""Any readable file to a clean one: the project's columns, WGS 84, Unicode."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely

from phusong.data.language import Text
from phusong.layers import fibre, households, places, stations, zones
from phusong.layers.boundaries import communes
from phusong.layers.faults import ExpectedError, Fault, Faults
from phusong.layers.on_disk import found_path
from phusong.layers.places import other_columns
from phusong.layers.positions.points import read_points
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Report
from phusong.layers.source import Layer
from phusong.layers.stations import settle_technologies
from phusong.layers.status import settle_status
from phusong.layers.tables.columns import Column, Table
from phusong.layers.vectors.geometry import WGS84, crs_of, take_shapes, transform
from phusong.layers.vectors.ofds import is_ofds
from phusong.layers.vectors.opencellid import is_opencellid
from phusong.layers.vectors.postgis_url import DatabaseUrl, as_path

WRITABLE = (".gpkg", ".csv", ".geojson", ".json")

UNKNOWN_KIND = Text(
    "Không rõ '{file}' là lớp gì{near}. Ghi rõ: --kind {known}.",
    "It is not clear what '{file}' holds{near}. Say so: --kind {known}.",
)
BETWEEN = Text(" ({kinds} đều có thể)", " ({kinds} are possible)")
THERE = Text(
    "Đã có tệp '{file}'; không ghi đè. Chọn tên khác, hoặc thêm --force.",
    "The file '{file}' is there; it is not overwritten. Choose another name, or add --force.",
)
NOT_WRITABLE = Text(
    "Không ghi được định dạng '{kind}'. Có: {known}.",
    "The format '{kind}' cannot be written. There are: {known}.",
)
NOT_CSV = Text(
    "Lớp {kind} có đường hoặc vùng, không ghi được thành CSV. Dùng .gpkg.",
    "The layer {kind} has lines or areas, which CSV cannot hold. Use .gpkg.",
)
ONE_KIND = Text(
    "Tệp {suffix} chỉ chứa được một lớp, nhưng có: {kinds}. Dùng .gpkg.",
    "A {suffix} holds one layer, but there are: {kinds}. Use .gpkg.",
)
ONLY_FIBRE = Text(
    "Tệp .json theo chuẩn OFDS chỉ chứa cáp quang, không chứa {kinds}. Dùng .gpkg.",
    "A .json in OFDS holds fibre only, and no {kinds}. Use .gpkg.",
)


@dataclass(frozen=True)
class Kind:
    """A kind of layer: its columns, its shape, and whether columns of the file's own are carried."""

    columns: Sequence[Column]
    shape: Literal["point", "line", "area", "none"]
    free: bool = False


KINDS: Mapping[str, Kind] = {
    "stations": Kind(stations.COLUMNS, "point"),
    "places": Kind(places.COLUMNS, "point", free=True),
    "communes": Kind(communes.COLUMNS, "area"),
    "fibre_nodes": Kind(fibre.NODE_COLUMNS, "point"),
    "fibre_routes": Kind(fibre.ROUTE_COLUMNS, "line"),
    "households": Kind(households.COLUMNS, "none"),
    "zones": Kind(zones.COLUMNS, "area", free=True),
}
_ORDER: Mapping[str, Sequence[str]] = {
    "stations": (
        "site_id", "cell_id", "operator", "technology", "frequency_mhz", "lon", "lat", "antenna_height_m",
        "azimuth_deg", "tilt_deg", "beamwidth_deg", "eirp_dbm", "bandwidth_mhz", "status", "commune_code",
    ),
    "places": ("place_id", "name", "commune_code", "lon", "lat"),
    "communes": ("commune_code", "commune_name", "population"),
    "fibre_nodes": ("id", "kind", "operator", "status"),
    "fibre_routes": ("id", "operator", "status", "fibre_count"),
    "households": ("commune_code", "households", "households_with_fibre", "as_of"),
    "zones": ("zone_id", "name"),
}
_SHAPES = {"line": (1, ("đường", "a line")), "area": (2, ("vùng", "an area"))}
_FILE = "source_file"
_UNOPENED = frozenset(
    ("missing-file", "not-a-file", "unknown-format", "unreadable-file", "which-layer", "unknown-layer",
     "no-postgis", "workbook-locked", "sheet-too-wide", "archive-path-outside", "archive-too-large",
     "archive-encrypted", "not-a-table", "archive-which-file", "archive-nothing-readable", "not-gpx",
     "gpx-without-waypoints")
)
"""Faults after which nothing is known of a file's columns, so that they are told once."""


@dataclass(frozen=True)
class Converted:
    """What was written.

    Attributes
    ----------
    out : Path
    rows : mapping of kind to int
    faults : tuple of Fault
        Warnings.
    """

    out: Path
    rows: Mapping[str, int]
    faults: tuple[Fault, ...] = field(default=())


def convert(
    files: Sequence[Path | DatabaseUrl],
    *,
    kind: str | None = None,
    out: Path | None = None,
    crs: str | None = None,
    layer: str | None = None,
    columns: Mapping[str, str] | None = None,
    defaults: Mapping[str, str | float] | None = None,
    force: bool = False,
    province: str = "",
) -> Converted:
    """Write files of any readable format as one clean file.

    Nothing is filled in that the files do not say, except ``defaults``.

    Parameters
    ----------
    files : sequence of Path or DatabaseUrl
        Those of one kind go into one layer, with the column ``source_file``.
    kind : str, optional
        One of `KINDS`; by default what fits each file's columns and shapes.
    out : Path, optional
        ``.gpkg`` with a layer for each kind, ``.csv``, ``.geojson``, or ``.json`` (Open Fibre Data
        Standard); by default the first file's name with ``-clean.gpkg``, in the current folder.
    crs : str, optional
        Coordinate system of the files, where they do not say.
    layer : str, optional
        Sheet, layer or folder.
    columns, defaults : mapping, optional
        As in the project file.
    force : bool
        Whether to replace ``out``.
    province : str
        Code of the province: coordinates without a system are tried on where it lies.

    Returns
    -------
    Converted

    Raises
    ------
    InputError
        With the faults of all files; nothing is written then.
    ExpectedError
        If ``out`` is there or cannot hold what was read, or a kind is not clear.
    """
    target = out if out is not None else Path(f"{_stem(files[0])}-clean.gpkg")
    if target.suffix.lower() not in WRITABLE:
        raise ExpectedError(NOT_WRITABLE, kind=target.suffix, known=" ".join(WRITABLE))
    if target.exists() and not force:
        raise ExpectedError(THERE, file=str(target))
    faults = Faults()
    found: dict[str, list[Any]] = {}
    for file in files:
        settings = LayerTable(
            path=file, crs=crs, layer=layer, columns=dict(columns or {}), defaults=dict(defaults or {})
        )
        for name in [kind] if kind is not None else kinds_of(file, settings):
            frame = _read(name, settings, faults, province)
            if frame is not None:
                found.setdefault(name, []).append(frame.assign(**{_FILE: _name(file)}))
    faults.raise_errors()
    frames = {name: _joined(parts) for name, parts in found.items()}
    _check_holds(target, frames)
    _write_whole(target, frames)
    return Converted(target, {name: len(frame) for name, frame in frames.items()}, tuple(faults))


def _name(file: Path | DatabaseUrl) -> str:
    """Return what a source is called in messages and in ``source_file``, never with a password."""
    return file.name if isinstance(file, Path) else file.as_posix()


def _stem(file: Path | DatabaseUrl) -> str:
    if isinstance(file, Path):
        return file.stem.removesuffix(".csv").removesuffix(".gdb")
    return file.parameters.get("table", "postgis").rpartition(".")[2].strip('"') or "postgis"


def kinds_of(file: Path | DatabaseUrl, settings: LayerTable) -> list[str]:
    """Return what a file holds, by its columns and shapes; both fibre layers of an OFDS package."""
    if isinstance(file, Path) and is_opencellid(file):
        return ["stations"]
    if isinstance(file, Path) and is_ofds(file):
        return [n for n in ("fibre_nodes", "fibre_routes") if _open(n, settings, Faults()) is not None] or [
            "fibre_nodes"
        ]
    scores: dict[str, int] = {}
    for name, one in KINDS.items():
        faults = Faults()
        table = _open(name, settings, faults)
        if table is None:
            if any(f.code.partition(".")[2] in _UNOPENED or ".postgis-" in f.code for f in faults):
                return [name]  # to be told once
            continue
        if one.shape in _shapes_of(table):
            scores[name] = sum(table.has(c.name) for c in one.columns) + (one.shape == "line")
    best = [n for n, s in scores.items() if s and s == max(scores.values())]
    if len(best) == 1:
        return best
    near = BETWEEN.say("vi", kinds=", ".join(best)), BETWEEN.say("en", kinds=", ".join(best))
    raise ExpectedError(
        UNKNOWN_KIND, file=_name(file), near=Text(*near) if best else Text("", ""), known="|".join(KINDS)
    )


def _shapes_of(table: Table) -> tuple[str, ...]:
    if table.raw.geometry is None:
        return ("none", "point")
    dimension = int(shapely.get_dimensions(table.raw.geometry).max(initial=-1))
    return (("none", "point", "line", "area")[dimension + 1],)


def _layer(name: str, settings: LayerTable, faults: Faults) -> Layer:
    report = Report(name, settings.path.as_posix(), faults)
    return Layer(name, settings, found_path(as_path(settings.path)), report, vietnamese=True)


def _open(name: str, settings: LayerTable, faults: Faults) -> Table | None:
    return _layer(name, settings, faults).open(KINDS[name].columns, free=KINDS[name].free)


def _read(name: str, settings: LayerTable, faults: Faults, province: str = "") -> Any:
    """Return one file's rows under the project's column names, as typed; None after a fault."""
    import geopandas as gpd
    import pandas as pd

    kind = KINDS[name]
    table = _open(name, settings, faults)
    if table is None:
        return None
    cells: dict[str, Any] = {c: table[c] for c in _ORDER[name] if table.has(c)}
    if name == "stations":
        cells["technology"] = settle_technologies(table)
    if "status" in cells:
        cells["status"] = settle_status(cells["status"])
    shapes = None
    if kind.shape == "point":
        points = read_points(table, settings, None, province_code=province)
        if points is None:
            return None
        if "lon" in _ORDER[name]:
            cells |= {"lon": points.lon, "lat": points.lat}
        known = np.isfinite(points.lon) & np.isfinite(points.lat)
        shapes = np.full(len(table), shapely.Point(), dtype=object)
        shapes[known] = shapely.points(points.lon[known], points.lat[known])
    elif kind.shape != "none":
        dimension, word = _SHAPES[kind.shape]
        given = take_shapes(table.raw, table.report, dimension, word)
        crs = crs_of(table.raw, settings, table.report)
        if given is None or crs is None:
            return None
        shapes = transform(given, crs, WGS84)
    ordered = {c: cells[c] for c in _ORDER[name] if c in cells}
    if kind.free:
        ordered |= {c: v for c, v in other_columns(table).items() if c not in ordered}
    if shapes is None:
        return pd.DataFrame(ordered)
    return gpd.GeoDataFrame(ordered, geometry=shapes, crs=WGS84)


def _joined(parts: list[Any]) -> Any:
    import pandas as pd

    if len(parts) == 1:
        return parts[0].drop(columns=_FILE)
    return pd.concat(parts, ignore_index=True)


def _check_holds(target: Path, frames: Mapping[str, Any]) -> None:
    suffix = target.suffix.lower()
    if suffix == ".json":
        others = [n for n in frames if not n.startswith("fibre_")]
        if others:
            raise ExpectedError(ONLY_FIBRE, kinds=", ".join(others))
        return
    if suffix != ".gpkg" and len(frames) > 1:
        raise ExpectedError(ONE_KIND, suffix=suffix, kinds=", ".join(frames))
    for name in frames:
        if suffix == ".csv" and KINDS[name].shape in ("line", "area"):
            raise ExpectedError(NOT_CSV, kind=name)


def _write_whole(target: Path, frames: Mapping[str, Any]) -> None:
    """Write beside the target and move into place, so that a failure leaves what was there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".phusong-") as folder:
        draft = Path(folder) / target.name
        write_frames(draft, frames)
        os.replace(draft, target)


def write_frames(target: Path, frames: Mapping[str, Any]) -> None:
    """Write layers by kind as the suffix of ``target`` says: `WRITABLE`."""
    import pyogrio

    suffix = target.suffix.lower()
    if suffix == ".json":
        from phusong.layers.vectors.ofds_write import to_ofds

        package = to_ofds(frames.get("fibre_nodes"), frames.get("fibre_routes"), name=target.stem)
        target.write_text(json.dumps(package, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return
    for i, (name, frame) in enumerate(frames.items()):
        if suffix == ".csv":
            _csv_frame(frame).to_csv(target, index=False, encoding="utf-8-sig", lineterminator="\n")
            continue
        plain = _dates_as_text(frame)
        driver = "GPKG" if suffix == ".gpkg" else "GeoJSON"
        how = {"driver": driver, "layer": name, "append": i > 0, "promote_to_multi": False}
        pyogrio.write_dataframe(plain, target, **how)


def _csv_frame(frame: Any) -> Any:
    import pandas as pd

    plain = _dates_as_text(frame)
    if "geometry" not in plain.columns:
        return plain
    lonlat = {} if "lon" in plain.columns else {"lon": plain.geometry.x, "lat": plain.geometry.y}
    return pd.DataFrame(plain.drop(columns="geometry")).assign(**lonlat)


def _dates_as_text(frame: Any) -> Any:
    if "as_of" not in frame.columns:
        return frame
    return frame.assign(as_of=["" if day is None else day.isoformat() for day in frame["as_of"]])
