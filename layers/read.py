"""Reading all layers of a project: every fault of every file at once, then one inventory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from phusong.layers.calibration import calibration_files, read_calibration
from phusong.layers.clutter import clutter_layer
from phusong.layers.communes import read_communes
from phusong.layers.faults import Faults
from phusong.layers.fibre import read_fibre_nodes, read_fibre_routes
from phusong.layers.grid import Raster
from phusong.layers.households import read_households
from phusong.layers.inventory import Layers, Population, Source, Understood
from phusong.layers.places import read_places
from phusong.layers.population import read_population
from phusong.layers.project import ClutterTable, LayerTable, Project, TerrainService, TerrainTable
from phusong.layers.province import Province
from phusong.layers.rasters import look_at, raster_files
from phusong.layers.roads import read_roads
from phusong.layers.rules import Report
from phusong.layers.source import Layer
from phusong.layers.stations import read_stations
from phusong.layers.terrain import check_sites, terrain_layer
from phusong.layers.understand import said_of
from phusong.layers.zones import read_zones

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

Read = TypeVar("Read")
SIDECARS = (".dbf", ".shx", ".prj", ".cpg")
"""Files that belong to a Shapefile."""


@dataclass
class _Reading:
    """Layers that were opened so far."""

    project: Project
    faults: Faults
    progress: Callable[[str], None] | None
    opened: list[Layer] = field(default_factory=list)

    def layer(self, name: str, settings: LayerTable) -> Layer:
        if self.progress is not None:
            self.progress(name)
        layer = Layer.of(
            name, settings, self.project.file.parent, self.faults, province_code=self.project.province.code
        )
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

    Returns
    -------
    Layers
        In the grid's coordinate system; ``faults`` holds the warnings.

    Raises
    ------
    InputError
        With every fault of every layer, warnings too, if one of them is an error.
    """
    faults = Faults()
    reading = _Reading(_limited(project, only), faults, progress)
    project = reading.project
    ground = read_communes(
        reading.layer("communes", project.layers.communes), project.province.code, project.grid
    )
    province, found = ground if ground is not None else (None, None)
    stations = read_stations(reading.layer("stations", project.layers.stations), province)
    places = reading.named("places", project.places, read_places, province)
    zones = reading.named("zones", project.zones, read_zones, province)
    households = reading.maybe("households", read_households, province)
    fibre_nodes = reading.maybe("fibre_nodes", read_fibre_nodes, province)
    fibre_routes = reading.maybe("fibre_routes", read_fibre_routes, province)
    roads = reading.maybe("roads", read_roads, province)
    population = None
    if only is None or "population" in only:
        population = _population(reading, province)
    elif province is not None:
        population = Population(Raster(np.zeros(province.grid.shape), province.grid), 0.0, 0.0)
    terrain = reading.maybe("terrain", _terrain, province)
    clutter = reading.maybe("clutter", _clutter, province)
    over_terrain = any(isinstance(s, TerrainService) for s in project.services.values())
    if over_terrain and terrain is not None and stations is not None:
        check_sites(terrain, stations, reading.opened_report("terrain"))
    calibrations = {
        path: read_calibration(reading.layer(f"calibration.{name}", LayerTable(path=Path(path))))
        for name, path in calibration_files(project)
    }
    faults.raise_errors()
    assert province is not None
    assert found is not None
    assert stations is not None
    assert population is not None
    return Layers(
        project=project, grid=province.grid, communes=province.communes, stations=stations,
        population=population, places=places, zones=zones, households=households, fibre_nodes=fibre_nodes,
        fibre_routes=fibre_routes, roads=roads, terrain=terrain, clutter=clutter,
        faults=tuple(faults), sources=tuple(_sources(reading, households)), topology=found.topology(),
        understood=tuple(_understood(reading)),
        calibrations={path: found for path, found in calibrations.items() if found is not None},
    )


def _limited(project: Project, only: Collection[str] | None) -> Project:
    """Return the project with none but the wanted optional layers."""
    if only is None:
        return project
    needed = {"communes", "population", "stations"}
    unwanted = {n: None for n in type(project.layers).model_fields if n not in needed and n not in only}
    layers = project.layers.model_copy(update=unwanted)
    return project.model_copy(update={"layers": layers, "places": {}, "zones": {}})


def _population(reading: _Reading, province: Province | None) -> Any:
    settings = reading.project.layers.population
    layer = reading.layer("population", settings)
    if province is None:
        return None
    if not look_at(layer.path, layer.report):
        return None
    return read_population(
        layer.path, province.communes, province.grid, reading.faults, file=layer.report.file,
        crs=settings.crs,
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
        as_of = layer.settings.as_of
        if as_of is None and layer.name == "households" and households is not None:
            as_of = max((day for day in households["as_of"] if day is not None), default=None)
        yield Source(
            layer=layer.name, path=layer.report.file, sha256=layer.report.sha256 or file_sha256(layer.path),
            as_of=as_of or reading.project.province.as_of, rows=layer.report.rows_read,
        )


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


