"""The files of a scenario: lists of stations, tracks, what is added; read as the project's own layers are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from phusong.layers.boundaries.province import Province
from phusong.layers.faults import Fault, Faults
from phusong.layers.fibre import read_fibre_nodes, read_fibre_routes
from phusong.layers.inventory import Layers, Source
from phusong.layers.positions.columns import POSITION
from phusong.layers.positions.points import read_points
from phusong.layers.project.schema import LayerTable
from phusong.layers.read import file_sha256
from phusong.layers.scenario.asked import ScenarioTable, Selection, Station
from phusong.layers.scenario.words import BAD_HOURS, NO_TRACK_SHAPE
from phusong.layers.source import Layer
from phusong.layers.stations import read_stations
from phusong.layers.tables.columns import Column
from phusong.layers.tables.records import RawTable, from_records
from phusong.layers.vectors.geometry import WGS84, crs_of, transform

if TYPE_CHECKING:
    import geopandas as gpd

Kind = Literal["off", "removed", "band"]
HOURS = Column("repair_hours", "number", low=0.0, high=10_000.0, unit="h")
LIST_COLUMNS = (Column("site_id", needed=True), Column("operator"), Column("technology"), HOURS)
HOURS_COLUMNS = (Column("site_id", needed=True), Column("repair_hours", "number", needed=True, low=0.0,
                                                        high=10_000.0, unit="h"))  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """One row of a list of stations; empty where the list does not say."""

    site_id: str
    operator: str
    technology: str
    row: str


@dataclass(frozen=True)
class Entry:
    """One ``[[off]]``, ``[[removed]]`` or ``[[band]]`` with what its files hold.

    Attributes
    ----------
    kind : {"off", "removed", "band"}
    place : str
        In the scenario file: ``off[1]``.
    table : Selection
    listed : tuple of Listed or None
    track : shapely geometry or None
        In the grid's system.
    """

    kind: Kind
    place: str
    table: Selection
    listed: tuple[Listed, ...] | None = None
    track: shapely.Geometry | None = None


@dataclass(frozen=True)
class Scenario:
    """A scenario with everything that its files hold, before it is held against the inventory.

    Attributes
    ----------
    table : ScenarioTable
    entries : tuple of Entry
    added : tuple of (str, GeoDataFrame, bool)
        Key in the file, cells that are added, and whether the table gives their ids.
    fibre_routes, fibre_nodes : GeoDataFrame or None
        That are added.
    hours : mapping of site to float
        Hours of its repair, where a file says them.
    sources : tuple of Source
    faults : tuple of Fault
        Of reading; errors too, which `phusong.layers.scenario.apply.apply_scenario` raises with its own.
    """

    table: ScenarioTable
    entries: tuple[Entry, ...] = ()
    added: tuple[tuple[str, gpd.GeoDataFrame, bool], ...] = ()
    fibre_routes: gpd.GeoDataFrame | None = None
    fibre_nodes: gpd.GeoDataFrame | None = None
    hours: Mapping[str, float] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class _Rows(Layer):
    """A layer whose rows stand in the scenario file itself."""

    records: Sequence[Sequence[str]] = ()

    def open_raw(self, wanted: Sequence[Column]) -> RawTable | None:
        """Take the rows for those of a table whose header is row 0."""
        return from_records(self.records, self.report, 0)


@dataclass
class _Opening:
    """Files that were opened so far."""

    table: ScenarioTable
    layers: Layers
    faults: Faults
    opened: list[Layer] = field(default_factory=list)
    hours: dict[str, float] = field(default_factory=dict)

    def layer(self, name: str, settings: LayerTable) -> Layer:
        """Return a layer of the scenario to read."""
        code = self.layers.project.province.code
        layer = Layer.of(name, settings, self.table.file.parent, self.faults, province_code=code)
        self.opened.append(layer)
        return layer

    def sources(self) -> Iterator[Source]:
        """Return the scenario's own file, then every file that it opened."""
        as_of = self.layers.project.province.as_of
        yield Source("scenario", self.table.file.name, file_sha256(self.table.file), as_of, 1)
        for layer in self.opened:
            digest = layer.report.sha256 or (file_sha256(layer.path) if layer.path.exists() else "")
            yield Source("scenario", layer.report.file, digest, as_of, layer.report.rows_read)


def open_scenario(table: ScenarioTable, layers: Layers) -> Scenario:
    """Read the files of a scenario against the ground of the project's layers.

    Nothing is raised: faults of all files stand in the result, for `apply_scenario` to raise together with
    those of the inventory.
    """
    opening = _Opening(table, layers, Faults())
    province = Province(layers.grid, layers.communes)
    entries = tuple(_entries(opening))
    added = tuple(_added(opening, province))
    fibre = table.fibre
    routes = nodes = None
    if fibre.routes_added is not None:
        routes = read_fibre_routes(opening.layer("fibre_routes", fibre.routes_added), province)
    if fibre.nodes_added is not None:
        nodes = read_fibre_nodes(opening.layer("fibre_nodes", fibre.nodes_added), province)
    if table.repair.hours_file is not None:
        layer = opening.layer("stations.hours", table.repair.hours_file)
        found = layer.open(HOURS_COLUMNS)
        if found is not None:
            _take_hours(opening, found)
    return Scenario(
        table, entries, added, routes, nodes, dict(opening.hours), tuple(opening.sources()),
        tuple(opening.faults),
    )


def _entries(opening: _Opening) -> Iterator[Entry]:
    table = opening.table
    groups: tuple[tuple[Kind, Sequence[Selection]], ...] = (
        ("off", table.off), ("removed", table.removed), ("band", table.band)
    )
    for kind, held in groups:
        for k, selection in enumerate(held, start=1):
            listed = track = None
            if selection.sites_file is not None:
                listed = _list_of(opening, selection.sites_file)
            if selection.track_file is not None:
                track = _track_of(opening, selection.track_file)
            yield Entry(kind, f"{kind}[{k}]", selection, listed, track)


def _list_of(opening: _Opening, settings: LayerTable) -> tuple[Listed, ...]:
    layer = opening.layer("stations.list", settings)
    table = layer.open(LIST_COLUMNS)
    if table is None:
        return ()
    if table.has("repair_hours"):
        _take_hours(opening, table)
    blank = np.full(len(table), "", dtype=object)
    columns = [table[n] if table.has(n) else blank for n in ("site_id", "operator", "technology")]
    rows = (str(row) for row in table.raw.rows)
    return tuple(
        Listed(str(s), str(o), str(t), row) for s, o, t, row in zip(*columns, rows, strict=True) if s
    )


def _take_hours(opening: _Opening, table: Any) -> None:
    """Remember the hours of a table; of a site that stands in several rows the longest."""
    hours: NDArray[np.float64] = table["repair_hours"]
    table.each(BAD_HOURS, hours == 0.0, "repair_hours")
    for site, value in zip(table["site_id"].tolist(), hours.tolist(), strict=True):
        if value > 0.0:
            opening.hours[str(site)] = max(value, opening.hours.get(str(site), 0.0))


def _track_of(opening: _Opening, settings: LayerTable) -> shapely.Geometry | None:
    """Return a track in the grid's system: its lines and areas, else its points joined in their order."""
    layer = opening.layer("places.track", settings)
    target: CRS = opening.layers.grid.crs
    raw = layer.open_raw(POSITION)
    if raw is None:
        return None
    if raw.geometry is not None:
        crs = crs_of(raw, settings, layer.report, fallback=WGS84)
        if crs is None:
            return None
        there = ~(shapely.is_missing(raw.geometry) | shapely.is_empty(raw.geometry))
        shapes = _finite(transform(raw.geometry[there], crs, target))
    else:
        shapes = _points_of(opening, settings, target)
    larger = shapes[shapely.get_dimensions(shapes) > 0]
    if len(larger):
        return shapely.union_all(larger)
    xy = shapely.get_coordinates(shapes)
    if not len(xy):
        if not opening.faults.errors:
            layer.report.once(NO_TRACK_SHAPE)
        return None
    return shapely.LineString(xy) if len(xy) > 1 else shapely.Point(xy[0])


def _points_of(opening: _Opening, settings: LayerTable, target: CRS) -> NDArray[np.object_]:
    layer = opening.opened[-1]
    table = layer.open(POSITION)
    # A storm comes from the sea: its points are not held against the province.
    points = None if table is None else read_points(
        table, settings, None, province_code=layer.province_code
    )
    if points is None:
        return np.empty(0, dtype=object)
    known = np.isfinite(points.lon) & np.isfinite(points.lat)
    shapes = np.asarray(shapely.points(points.lon[known], points.lat[known]), dtype=object).reshape(-1)
    return _finite(transform(shapes, WGS84, target))


def _finite(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    return shapes[np.isfinite(shapely.bounds(shapes)).all(axis=1)] if len(shapes) else shapes


def _added(opening: _Opening, province: Province) -> Iterator[tuple[str, gpd.GeoDataFrame, bool]]:
    table = opening.table
    if table.station:
        columns = [c for c in Station.model_fields if any(getattr(s, c) is not None for s in table.station)]
        rows = [["" if getattr(s, c) is None else str(getattr(s, c)) for c in columns] for s in table.station]
        plain = Layer.of(
            "stations", LayerTable(path=table.file), table.file.parent, opening.faults,
            province_code=province_code(opening),
        )
        plain.report.file = f"{table.file.name} [[station]]"
        layer = _Rows(
            plain.name, plain.settings, plain.path, plain.report, plain.vietnamese, plain.province_code,
            records=[columns, *rows],
        )
        frame = read_stations(layer, province)
        if frame is not None:
            yield "station", frame, "cell_id" in columns
    if table.stations_added is not None:
        layer_of_file = opening.layer("stations", table.stations_added)
        frame = read_stations(layer_of_file, province)
        if frame is not None:
            yield "stations_added", frame, "cell_id" in layer_of_file.report.columns


def province_code(opening: _Opening) -> str:
    """Return the code of the province, by which Vietnamese habits of a table are known."""
    return opening.layers.project.province.code
