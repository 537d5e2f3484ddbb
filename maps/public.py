"""What may be shown to everybody: a result without anything that tells where whose network stands.

It is a result like any other, made before anything is written, so that no output can forget to leave
something out. What goes, and why:

- sites, with their names and positions: stations are counted by commune;
- operators' names: figures are those of any operator;
- rasters of signal: a distance from the nearest site has its zero at the site, a level its peak, and an area
  of coverage by radius its centre, at any resolution finer than the radius. Fibre keeps its raster unless a
  layer of fibre is marked ``confidential``;
- distances and signal of gaps and places: three of them give the position of a site;
- the exact outline of gaps, whose arcs are drawn about sites: a coarse hull stands for it;
- every layer that the project file marks ``confidential``, with its indicators;
- names, columns and values of the inputs in warnings, names and paths of files, and the costs;
- online tiles, whose address may hold a key, unless ``tiles_public`` says otherwise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from phusong.coverage.criterion import AnyService
from phusong.coverage.official import INDICATORS as OFFICIAL
from phusong.coverage.result import ANY, Reach, Result
from phusong.data.language import Text
from phusong.layers.calibration import calibration_files
from phusong.layers.faults import ExpectedError, Fault
from phusong.layers.grid import Raster
from phusong.layers.inventory import Layers, Source
from phusong.layers.project.schema import (
    FibreService,
    FlatService,
    HistoryTable,
    LayersTable,
    LayerTable,
    Project,
    TerrainService,
)
from phusong.layers.provenance import FILE, damaged_sources, read_sources

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from phusong.coverage.scenario import WhatIf

STEP_DEG = 0.01
"""To which outlines of gaps are coarsened: about one kilometre."""

NO_PUBLIC = Text(
    "Lớp {layer} được đánh dấu confidential nên không lập được bản công khai: mọi con số đều dựa trên lớp "
    "này.",
    "Layer {layer} is marked confidential, so there can be no public version: every figure rests on it.",
)
FORBIDDEN = Text(
    "Không lập được bản công khai: giấy phép {licence} của {source} (lớp {layer}, tệp {file}) không cho phổ "
    "biến lại. Thay bằng nguồn khác (phusong fetch --list), hoặc đánh dấu confidential = true nếu lớp đó cho "
    "phép.",
    "There can be no public version: the licence {licence} of {source} (layer {layer}, file {file}) forbids "
    "redistribution. Take another source (phusong fetch --list), or mark the layer confidential = true where "
    "it can be left out.",
)
FORBIDDEN_KEY = Text(
    "Không lập được bản công khai: giấy phép {licence} của {source} (tệp {file}, khai ở {layer}) không cho "
    "phổ biến lại. Thay bằng nguồn khác, hoặc lập bản công khai từ một dự án không khai tệp này.",
    "There can be no public version: the licence {licence} of {source} (file {file}, named by {layer}) "
    "forbids redistribution. Take another source, or make the public version from a project that does not "
    "name it.",
)
UNKNOWN_LICENCE = Text(
    "Không lập được bản công khai: tệp {file} bị hỏng nên không biết giấy phép của các lớp có cho phổ biến "
    "lại không. Tải lại (phusong fetch) hoặc sửa tệp.",
    "There can be no public version: {file} is damaged, so whether the licences of the layers allow "
    "redistribution is not known. Fetch again (phusong fetch), or mend the file.",
)
_LEFT_OUT = Text(
    "Chi tiết chỉ có trong bản nội bộ.", "The details stand in the internal version only."
)
_NOTHING = Text("", "")
_OF_A_SITE = (
    "server_site_id", "shortfall_db", "terrain_db", "clutter_db", "ridge_m", "ridge_above_m",
    "nearest_site_id", "nearest_site_m",
)  # fmt: skip


def public_result(result: Result) -> Result:
    """Return what of a result may be shown to everybody.

    Parameters
    ----------
    result : Result
        Is left as it is.

    Returns
    -------
    Result
        With ``public`` set.

    Raises
    ------
    ExpectedError
        Communes or population are marked confidential.
    """
    project = result.layers.project
    require_publishable(project)
    hidden = confidential_layers(project)
    fibre = not {"fibre_routes", "fibre_nodes"} & hidden
    of_fibre = {name for name, service in project.services.items() if isinstance(service, FibreService)}
    return dataclasses.replace(
        result,
        layers=_layers(result.layers, hidden),
        reaches={
            (service, operator): _reach(reach, shown=fibre and service in of_fibre)
            for (service, operator), reach in result.reaches.items()
            if operator == ANY
        },
        indicators=_indicators(result.indicators, hidden, project.villages.layer),
        gaps=_gaps(result, hidden, fibre=fibre),
        places=_places(result.places, hidden),
        villages=_villages(result, hidden),
        settlements=result.settlements,
        faults=_faults(result.faults, hidden),
        public=True,
        fibre=None,
        what_if=_what_if(result.what_if, hidden, project.villages.layer),
    )


def require_publishable(project: Project) -> None:
    """Raise `ExpectedError` if a layer must not be published, and every figure or drawing rests on it.

    The project file marks it as confidential, or the licence of the public data that it is forbids
    redistribution (`phusong.layers.provenance`). Layers that are left out anyway may be of any licence;
    a second raster of people and corrections of the prediction are in the figures, and never left out.
    """
    for name in ("communes", "population"):
        if getattr(project.layers, name).confidential:
            raise ExpectedError(NO_PUBLIC, layer=name)
    hidden = confidential_layers(project)
    for name, table in layer_tables(project).items():
        if name not in hidden and isinstance(table.path, Path):
            _require_licence(project.path(table), name, FORBIDDEN)
    for key, path in _other_inputs(project):
        _require_licence(path, key, FORBIDDEN_KEY)


def _require_licence(path: Path, named: str, refusal: Text) -> None:
    """Raise ``refusal`` if the licence of a file forbids redistribution, or cannot be known."""
    if damaged_sources(path.parent):
        raise ExpectedError(UNKNOWN_LICENCE, file=str(path.parent / FILE))
    entry = read_sources(path.parent).get(path.name)
    if entry is not None and "redistribution" in entry.forbids:
        raise ExpectedError(
            refusal, licence=entry.licence or "?", source=entry.name, layer=named, file=path.name
        )


def _other_inputs(project: Project) -> Iterator[tuple[str, Path]]:
    """Give the inputs that are no layer, with the key of the project file that names each."""
    asked = project.uncertainty
    if asked is not None and asked.second_population is not None:
        yield "[uncertainty] second_population", project.path(LayerTable(path=asked.second_population))
    for service, path in calibration_files(project):
        yield f"[services.{service}] calibration", project.path(LayerTable(path=Path(path)))


def layer_tables(project: Project) -> dict[str, LayerTable]:
    """Return the layers that a project has, as sources call them: ``places.schools``."""
    tables = {name: getattr(project.layers, name) for name in type(project.layers).model_fields}
    tables |= {f"places.{name}": table for name, table in project.places.items()}
    tables |= {f"zones.{name}": table for name, table in project.zones.items()}
    return {name: table for name, table in tables.items() if table is not None}


def confidential_layers(project: Project) -> frozenset[str]:
    """Return the layers that the project file marks, as sources call them: ``places.schools``."""
    return frozenset(name for name, table in layer_tables(project).items() if table.confidential)


def public_project(project: Project, hidden: Iterable[str] = ()) -> Project:
    """Return a project without files, columns, default values, earlier runs and costs."""
    gone = set(hidden)
    fields = type(project.layers).model_fields
    tables: dict[str, Any] = {
        name: fields[name].default if getattr(project.layers, name) is None or name in gone else {"path": "."}
        for name in fields
        if name != "stations"
    }
    empty = LayerTable(path=Path("."))
    asked = project.uncertainty
    if asked is not None and asked.second_population is not None:
        asked = asked.model_copy(update={"second_population": Path(".")})
    return project.model_copy(
        update={
            "file": Path("phusong.toml"),
            "layers": LayersTable.model_validate({**tables, "stations": {"path": "."}}),
            "places": {k: empty for k in project.places if f"places.{k}" not in gone},
            "zones": {k: empty for k in project.zones if f"zones.{k}" not in gone},
            "services": {name: _without_file(service) for name, service in project.services.items()},
            "history": HistoryTable(),
            "uncertainty": asked,
            "costs": {},
            "map": project.map if project.map is not None and project.map.tiles_public else None,
        }
    )


def _without_file(service: AnyService) -> AnyService:
    """Return a service whose corrections have no name of a file."""
    if isinstance(service, FlatService | TerrainService) and service.calibration is not None:
        return service.model_copy(update={"calibration": Path(".")})
    return service


def _layers(layers: Layers, hidden: frozenset[str]) -> Layers:
    def shown(name: str, value: Any) -> Any:
        """Return a layer unless it is hidden."""
        return None if name in hidden else value

    def without_owner(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
        """Return fibre without names and operators."""
        if frame is None:
            return None
        numbers = [str(k) for k in range(1, len(frame) + 1)]
        kept = [c for c in ("kind", "status", "geometry") if c in frame]
        return frame[kept].assign(id=numbers, operator="")

    places = {
        name: frame[["place_id", "name", "commune_code", "lon", "lat", "geometry"]]
        for name, frame in layers.places.items()
        if f"places.{name}" not in hidden
    }
    zones = {
        name: frame[["zone_id", "name", "geometry"]]
        for name, frame in layers.zones.items()
        if f"zones.{name}" not in hidden
    }
    return dataclasses.replace(
        layers,
        project=public_project(layers.project, hidden),
        communes=layers.communes[["commune_code", "commune_name", "population", "geometry"]],
        stations=layers.stations.iloc[:0],
        places=places,
        zones=zones,
        households=shown("households", layers.households),
        fibre_nodes=without_owner(shown("fibre_nodes", layers.fibre_nodes)),
        fibre_routes=without_owner(shown("fibre_routes", layers.fibre_routes)),
        roads=shown("roads", layers.roads),
        water=shown("water", layers.water),
        protected=shown("protected", layers.protected),
        terrain=shown("terrain", layers.terrain),
        clutter=shown("clutter", layers.clutter),
        faults=_faults(layers.faults, hidden),
        sources=tuple(
            Source(
                s.layer, "", s.sha256, s.as_of, s.rows, attribution=s.attribution, licence=s.licence,
                indicative=s.indicative, forbids=s.forbids,
            )
            for s in layers.sources if s.layer not in hidden
        ),
    )


def _reach(reach: Reach, *, shown: bool) -> Reach:
    """Keep the raster of fibre; blank every other one, so that nothing of it is left to be written."""
    grid = reach.signal.grid
    if shown:
        return Reach(reach.service, reach.operator, reach.unit, reach.signal, reach.covered)
    blank = np.broadcast_to(np.float32(np.nan), grid.shape)
    nowhere = Raster(np.zeros(grid.shape, bool), grid)
    return Reach(reach.service, reach.operator, reach.unit, Raster(blank, grid), nowhere)


def _indicators(table: pd.DataFrame, hidden: frozenset[str], layer_of_villages: str) -> pd.DataFrame:
    gone = {name.replace(".", ":", 1) for name in hidden}
    if "households" in hidden:
        gone |= {i for i in OFFICIAL if i.startswith("households_")} | {"households", "population_fibre"}
    if f"places.{layer_of_villages}" in hidden:
        gone |= {i for i in OFFICIAL if i.startswith(("trang", "lom", "villages_"))}
    # A register of key locations may be one of several: what cannot be told apart is left out.
    if any(name.startswith("places.") for name in hidden):
        gone.add("key_locations")
    gone |= {name.replace("places.", "communes_with:", 1) for name in hidden if name.startswith("places.")}
    kept = (table["operator"] == ANY) & ~table["indicator"].isin(gone)
    return table[kept].reset_index(drop=True)


def _gaps(result: Result, hidden: frozenset[str], *, fibre: bool) -> gpd.GeoDataFrame:
    gaps = result.gaps[result.gaps["operator"] == ANY].reset_index(drop=True)
    for column in _OF_A_SITE:
        gaps[column] = "" if column.endswith("_id") else float("nan")
    if not fibre:
        gaps["nearest_fibre_m"] = float("nan")
    secret = {
        str(name)
        for layer, name in zip(result.places["layer"], result.places["name"], strict=True)
        if f"places.{layer}" in hidden
    }
    if secret:
        gaps["places"] = [
            "; ".join(p for p in str(held).split("; ") if p not in secret) for held in gaps["places"]
        ]
    gaps["geometry"] = [coarse_outline(shape) for shape in gaps.geometry]
    return gaps


def coarse_outline(shape: Any) -> Any:
    """Return a hull of an outline in degrees, with corners on a lattice of `STEP_DEG` only."""
    xy = shapely.get_coordinates(shape)
    low, high = np.floor(xy / STEP_DEG), np.ceil(xy / STEP_DEG)
    corners = np.concatenate([low, high, np.c_[low[:, 0], high[:, 1]], np.c_[high[:, 0], low[:, 1]]])
    # A point on the lattice has no room of its own.
    corners = np.concatenate([corners, low + 1.0])
    hull = shapely.convex_hull(shapely.multipoints(np.unique(corners, axis=0)))
    return shapely.transform(hull, lambda c: np.round(c * STEP_DEG, 2))


def _what_if(what_if: WhatIf | None, hidden: frozenset[str], layer_of_villages: str) -> WhatIf | None:
    """Keep what changes for any operator; which sites go, come and are repaired first is not for all."""
    if what_if is None:
        return None
    applied = dataclasses.replace(
        what_if.applied, gone=what_if.applied.gone.iloc[:0], came=what_if.applied.came.iloc[:0], hours={},
        tracks=(), sources=(),
    )  # fmt: skip
    places = what_if.places
    gone = {name.removeprefix("places.") for name in hidden if name.startswith("places.")}
    places = places[(places["operator"] == ANY) & ~places["layer"].isin(gone)].reset_index(drop=True)
    changes = _indicators(what_if.changes, hidden, layer_of_villages)
    return dataclasses.replace(what_if, applied=applied, changes=changes, places=places, repair=None)


def _places(table: pd.DataFrame, hidden: frozenset[str]) -> pd.DataFrame:
    gone = {name.removeprefix("places.") for name in hidden if name.startswith("places.")}
    kept = table[(table["operator"] == ANY) & ~table["layer"].isin(gone)].reset_index(drop=True)
    return kept.assign(signal=float("nan"))


def _villages(result: Result, hidden: frozenset[str]) -> pd.DataFrame | None:
    table = result.villages
    if table is None or f"places.{result.layers.project.villages.layer}" in hidden:
        return None
    return table[table["operator"] == ANY].reset_index(drop=True)


def _faults(faults: Iterable[Fault], hidden: frozenset[str]) -> tuple[Fault, ...]:
    return tuple(
        f
        if f.code == "population.spread"  # figures of any operator, and no more
        else Fault(f.severity, f.code, _LEFT_OUT, _NOTHING, layer="" if f.layer in hidden else f.layer)
        for f in faults
    )
