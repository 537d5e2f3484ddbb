"""Reading all layers of a project: every fault of every file at once, then one inventory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from phusong.data.language import Text
from phusong.layers.boundaries.communes import read_communes
from phusong.layers.boundaries.old_communes import OldCommunes, read_old_communes
from phusong.layers.boundaries.province import Province
from phusong.layers.calibration import calibration_files, read_calibration
from phusong.layers.earlier_runs import read_earlier
from phusong.layers.faults import Fault, Faults
from phusong.layers.fibre import read_fibre_nodes, read_fibre_routes
from phusong.layers.grid import Raster
from phusong.layers.ground import read_protected, read_water
from phusong.layers.households import read_households
from phusong.layers.inventory import Layers, Population, Source, Understood
from phusong.layers.keeping import Keep, computed
from phusong.layers.on_disk import is_readable_kind
from phusong.layers.places import read_places
from phusong.layers.project.schema import (
    ClutterTable,
    LayerTable,
    PopulationTable,
    Project,
    Target,
    TerrainService,
    TerrainTable,
)
from phusong.layers.provenance import (
    CHANGED,
    DAMAGED,
    FILE,
    FORBIDS,
    INDICATIVE,
    damaged_sources,
    forbidden_uses,
    provenance_of,
)
from phusong.layers.rasters.clutter import check_sites_on_water, clutter_layer
from phusong.layers.rasters.dasymetric import NO_LAYER, building_weights, land_weights
from phusong.layers.rasters.population import read_population
from phusong.layers.rasters.reading import look_at, raster_files
from phusong.layers.rasters.terrain import check_sites, terrain_layer
from phusong.layers.roads import read_roads
from phusong.layers.rules import Report
from phusong.layers.source import Layer
from phusong.layers.stations import no_stations, read_neighbours, read_stations
from phusong.layers.tables.records import RawTable
from phusong.layers.tables.understand import said_of
from phusong.layers.target_table import read_targets
from phusong.layers.zones import read_zones

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from phusong.layers.vectors.geometry import Seams

Read = TypeVar("Read")
SIDECARS = (".dbf", ".shx", ".prj", ".cpg")
"""Files that belong to a Shapefile."""


@dataclass
class _Reading:
    """Layers that were opened so far."""

    project: Project
    faults: Faults
    progress: Callable[[str], None] | None
    keep: bool = False
    parts: Keep = computed
    opened: list[Layer] = field(default_factory=list)

    def layer(self, name: str, settings: LayerTable) -> Layer:
        """Open a layer of the project, whose faults go to those of all."""
        if self.progress is not None:
            self.progress(name)
        layer = Layer.of(
            name, settings, self.project.file.parent, self.faults, province_code=self.project.province.code
        )
        layer.report.keep = self.keep
        self.opened.append(layer)
        return layer

    def opened_report(self, name: str) -> Report:
        """Return the report of a layer that was opened."""
        return next(layer.report for layer in self.opened if layer.name == name)

    def maybe(
        self, name: str, read: Callable[[Layer, Province | None], Read | None], province: Province | None
    ) -> Read | None:
        """Read an optional layer of ``[layers]``."""
        settings: LayerTable | None = getattr(self.project.layers, name)
        return None if settings is None else read(self.layer(name, settings), province)

    def named(
        self,
        group: str,
        tables: dict[str, LayerTable],
        read: Callable[[Layer, Province | None], gpd.GeoDataFrame | None],
        province: Province | None,
    ) -> dict[str, gpd.GeoDataFrame]:
        """Read the layers of ``[places]`` or ``[zones]``."""
        found = {n: read(self.layer(f"{group}.{n}", settings), province) for n, settings in tables.items()}
        return {name: frame for name, frame in found.items() if frame is not None}


def read_layers(
    project: Project,
    *,
    progress: Callable[[str], None] | None = None,
    only: Collection[str] | None = None,
    keep: Keep = computed,
) -> Layers:
    """Read and check every layer of a project.

    All files are read even where one has errors, so that every fault is told at once.

    Parameters
    ----------
    project : Project
    progress : callable, optional
        Called with the name of each layer before it is read.
    only : collection of str, optional
        Optional layers, and ``population``, to read beside communes and stations; by default all. Without
        the population its raster is zero.
    keep : Keep
        What keeps between runs what takes long; what is read does not depend on it.

    Returns
    -------
    Layers
        In the grid's coordinate system; ``faults`` holds the warnings.

    Raises
    ------
    InputError
        With every fault of every layer, warnings too, if one of them is an error.
    """
    reading = _Reading(_limited(project, only), Faults(), progress, parts=keep)
    found = _read_all(reading, with_people=only is None or "population" in only)
    reading.faults.raise_errors()
    layers = found.layers(reading)
    assert layers is not None
    return layers


@dataclass(frozen=True)
class Opened:
    """A table that was opened, with its cells.

    Attributes
    ----------
    layer : str
    file : str
        As the project gives it.
    path : Path
        Where it lies.
    raw : RawTable
        In Unicode.
    columns : mapping of our name to the file's header
    """

    layer: str
    file: str
    path: Path
    raw: RawTable
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Survey:
    """What came of reading a project, with errors or without.

    Attributes
    ----------
    project : Project
    layers : Layers or None
        What could be read, rows with faults among it: to be looked at, never to be analysed. None where
        there are no communes.
    faults : tuple of Fault
    sources : tuple of Source
    understood : tuple of Understood
    opened : mapping of layer to Opened
    """

    project: Project
    layers: Layers | None
    faults: tuple[Fault, ...]
    sources: tuple[Source, ...]
    understood: tuple[Understood, ...]
    opened: Mapping[str, Opened]


def survey_layers(
    project: Project, *, progress: Callable[[str], None] | None = None, cap: int | None = None
) -> Survey:
    """Read every layer of a project as `read_layers` does, and return what there is in spite of errors.

    Parameters
    ----------
    project : Project
    progress : callable, optional
    cap : int, optional
        Faults of one rule and column that are told one by one.
    """
    reading = _Reading(project, Faults(cap=cap), progress, keep=True)
    found = _read_all(reading, with_people=True)
    layers = found.layers(reading)
    opened = {
        x.name: Opened(x.name, x.report.file, x.path, x.report.raw, x.report.columns)
        for x in reading.opened if x.report.raw is not None
    }
    sources = layers.sources if layers is not None else tuple(_sources(reading, found.households))
    return Survey(project, layers, tuple(reading.faults), sources, tuple(_understood(reading)), opened)


@dataclass(frozen=True)
class _Found:
    """What each layer gave; None where it could not be read."""

    province: Province | None
    seams: Seams | None
    stations: gpd.GeoDataFrame | None
    places: Mapping[str, gpd.GeoDataFrame]
    zones: Mapping[str, gpd.GeoDataFrame]
    households: pd.DataFrame | None
    fibre_nodes: gpd.GeoDataFrame | None
    fibre_routes: gpd.GeoDataFrame | None
    roads: gpd.GeoDataFrame | None
    population: Population | None
    terrain: Raster[np.float32] | None
    clutter: Raster[np.uint8] | None
    calibrations: Mapping[str, Any]
    water: gpd.GeoDataFrame | None = None
    protected: gpd.GeoDataFrame | None = None
    targets: Mapping[str, Target] | None = None
    earlier: tuple[pd.DataFrame, ...] = ()
    second_population: Population | None = None
    old_communes: OldCommunes | None = None
    neighbours: gpd.GeoDataFrame | None = None

    def layers(self, reading: _Reading) -> Layers | None:
        """Return the inventory; an empty one stands for stations or population that are not there."""
        province = self.province
        if province is None or self.seams is None:
            return None
        people = self.population
        if people is None:
            people = Population(Raster(np.zeros(province.grid.shape), province.grid), 0.0, 0.0)
        stations = self.stations if self.stations is not None else no_stations(province)
        return Layers(
            project=reading.project, grid=province.grid, communes=province.communes, stations=stations,
            population=people, places=self.places, zones=self.zones, households=self.households,
            fibre_nodes=self.fibre_nodes, fibre_routes=self.fibre_routes, roads=self.roads,
            water=self.water, protected=self.protected,
            terrain=self.terrain, clutter=self.clutter, faults=tuple(reading.faults),
            sources=tuple(_sources(reading, self.households)), topology=self.seams.topology(),
            understood=tuple(_understood(reading)),
            calibrations={path: c for path, c in self.calibrations.items() if c is not None},
            targets=self.targets or {}, earlier=self.earlier, neighbours=self.neighbours,
            second_population=self.second_population,
            old_communes=self.old_communes,
        )


def _read_all(reading: _Reading, *, with_people: bool) -> _Found:
    """Read every layer of the project; faults are left with the reading."""
    project = reading.project
    ground = read_communes(
        reading.layer("communes", project.layers.communes), project.province.code, project.grid, reading.parts
    )
    province, found = ground if ground is not None else (None, None)
    stations = read_stations(reading.layer("stations", project.layers.stations), province)
    neighbours = reading.maybe("neighbours", read_neighbours, province)
    places = reading.named("places", project.places, read_places, province)
    zones = reading.named("zones", project.zones, read_zones, province)
    population = _population(reading, province) if with_people else None
    old = reading.maybe("old_communes", partial(read_old_communes, population=population), province)
    households = reading.maybe("households", partial(read_households, old=old), province)
    fibre_nodes = reading.maybe("fibre_nodes", read_fibre_nodes, province)
    fibre_routes = reading.maybe("fibre_routes", read_fibre_routes, province)
    roads = reading.maybe("roads", read_roads, province)
    water = reading.maybe("water", read_water, province)
    protected = reading.maybe("protected", read_protected, province)
    terrain = reading.maybe("terrain", _terrain, province)
    clutter = reading.maybe("clutter", _clutter, province)
    over_terrain = any(isinstance(s, TerrainService) for s in project.services.values())
    if over_terrain and terrain is not None and stations is not None:
        check_sites(terrain, stations, reading.opened_report("terrain"))
    if clutter is not None and stations is not None:
        check_sites_on_water(clutter, stations, reading.opened_report("clutter"))
    calibrations = {
        path: read_calibration(reading.layer(f"calibration.{name}", LayerTable(path=Path(path))))
        for name, path in calibration_files(project)
    }
    targets = reading.maybe("targets", partial(read_targets, project=project), province)
    earlier = read_earlier(project, reading.faults)
    second_population = _second_population(reading, province) if with_people else None
    _tell_origins(reading)
    return _Found(
        province, found, stations, places, zones, households, fibre_nodes, fibre_routes, roads, population,
        terrain, clutter, calibrations, water, protected, targets, earlier, neighbours=neighbours,
        second_population=second_population, old_communes=old,
    )


def read_old_ground(project: Project) -> OldCommunes | None:
    """Read what carries tables between old and new communes: both boundaries and the population.

    Returns
    -------
    OldCommunes or None
        None where the project has no layer ``old_communes``.

    Raises
    ------
    InputError
        If one of the three has errors.
    """
    if project.layers.old_communes is None:
        return None
    reading = _Reading(project, Faults(), None)
    communes = reading.layer("communes", project.layers.communes)
    ground = read_communes(communes, project.province.code, project.grid)
    province = ground[0] if ground is not None else None
    population = _population(reading, province)
    old = reading.maybe("old_communes", partial(read_old_communes, population=population), province)
    reading.faults.raise_errors()
    return old


def _limited(project: Project, only: Collection[str] | None) -> Project:
    """Return the project with none but the wanted optional layers."""
    if only is None:
        return project
    needed = {"communes", "population", "stations"}
    if "population" in only and project.layers.population.dasymetric != "none":
        needed |= {"buildings", "clutter"}
    unwanted = {n: None for n in type(project.layers).model_fields if n not in needed and n not in only}
    layers = project.layers.model_copy(update=unwanted)
    return project.model_copy(update={"layers": layers, "places": {}, "zones": {}})


def _population(reading: _Reading, province: Province | None) -> Any:
    settings = reading.project.layers.population
    layer = reading.layer("population", settings)
    if not look_at(layer.path, layer.report) or province is None:
        return None
    return read_population(
        layer.path, province.communes, province.grid, reading.faults, file=layer.report.file,
        crs=settings.crs, weights=_weights(reading, province, layer), inside=province.inside,
        keep=province.keep,
    )


def _weights(reading: _Reading, province: Province, population: Layer) -> Any:
    """Return where in a source cell its people are put; None for evenly."""
    by = reading.project.layers.population.dasymetric
    if by == "none":
        return None
    name = "buildings" if by == "buildings" else "clutter"
    settings: LayerTable | None = getattr(reading.project.layers, name)
    if settings is None:
        population.report.once(NO_LAYER, by=by, layer=name)
        return None
    if isinstance(settings, ClutterTable):
        path = reading.project.path(settings)
        # Where it cannot be read, the layer of its own tells why.
        return land_weights(path, province.grid, settings) if path.exists() else None
    layer = reading.layer(name, settings)
    return building_weights(layer.path, province.grid, layer.report, settings.crs)


def _second_population(reading: _Reading, province: Province | None) -> Population | None:
    asked = reading.project.uncertainty
    if asked is None or asked.second_population is None:
        return None
    settings = PopulationTable(path=asked.second_population, crs=asked.second_population_crs)
    layer = reading.layer("second_population", settings)
    if not look_at(layer.path, layer.report) or province is None:
        return None
    return read_population(
        layer.path, province.communes, province.grid, reading.faults, file=layer.report.file,
        crs=settings.crs, layer_name="second_population", inside=province.inside,
        keep=province.keep,
    )


def _terrain(layer: Layer, province: Province | None) -> Any:
    if province is None:
        return None
    settings = layer.settings if isinstance(layer.settings, TerrainTable) else None
    return terrain_layer(
        layer.path, province.grid, layer.report, province.inside, crs=layer.settings.crs, settings=settings
    )


def _clutter(layer: Layer, province: Province | None) -> Any:
    if province is None:
        return None
    settings = layer.settings if isinstance(layer.settings, ClutterTable) else None
    return clutter_layer(
        layer.path, province.grid, layer.report, settings=settings, inside=province.inside
    )


def _sources(reading: _Reading, households: pd.DataFrame | None) -> Iterator[Source]:
    for layer in reading.opened:
        dated: Literal["layer", "file", "province"] = "layer"
        as_of = layer.settings.as_of
        if as_of is None and layer.name == "households" and households is not None:
            dated = "file"
            as_of = max((day for day in households["as_of"] if day is not None), default=None)
        sha256 = layer.report.sha256 or _hash_of(layer.path)
        origin, changed = provenance_of(layer.path, sha256)
        yield Source(
            layer=layer.name, path=layer.report.file, sha256=sha256,
            as_of=as_of or reading.project.province.as_of, rows=layer.report.rows_read,
            dated=dated if as_of is not None else "province",
            attribution=origin.attribution if origin else "", licence=origin.licence if origin else "",
            indicative=origin is not None and origin.indicative and not changed,
            forbids=origin.forbids if origin else (),
        )


def _tell_origins(reading: _Reading) -> None:
    """Tell the layers that only stand in for the user's own, and fetched files that were changed since."""
    damaged: set[Path] = set()
    for layer in reading.opened:
        folder = layer.path.parent
        if folder not in damaged and damaged_sources(folder):
            damaged.add(folder)
            layer.report.once(DAMAGED, file=FILE)
        origin, changed = provenance_of(layer.path, layer.report.sha256 or _hash_of(layer.path))
        if origin is None:
            continue
        if origin.forbids:
            uses = Text(forbidden_uses(origin, "vi"), forbidden_uses(origin, "en"))
            layer.report.once(FORBIDS, source=origin.name, licence=origin.licence or "?", uses=uses)
        if changed:
            layer.report.once(CHANGED, source=origin.name)
        elif origin.indicative and not origin.source.startswith("opencellid"):  # which tells it itself
            layer.report.once(INDICATIVE, source=origin.name)


def _hash_of(path: Path) -> str:
    """Return the hash of an input, nothing where there is no such file: that was told."""
    return file_sha256(path) if is_readable_kind(path) else ""


def _understood(reading: _Reading) -> Iterator[Understood]:
    for layer in reading.opened:
        report = layer.report
        if report.columns:
            yield Understood(
                layer=layer.name, path=report.file, rows=report.rows_read,
                columns=tuple(report.columns.items()), encoding=", ".join(report.encodings) or "unicode",
                crs=report.crs, notes=said_of(reading.faults, layer.name),
            )


def file_sha256(path: Path) -> str:
    """Return the hash of an input; of a Shapefile or a folder of tiles, of all its files by name."""
    files = raster_files(path)
    if path.suffix.lower() == ".gdb" and path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.endswith(".lock"))
    if path.suffix.lower() == ".shp":
        files = [path, *(p for p in (path.with_suffix(s) for s in SIDECARS) if p.is_file())]
    total = hashlib.sha256()
    for file in files:
        if len(files) > 1 or path.is_dir():
            total.update(file.name.encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                total.update(block)
    return total.hexdigest()


