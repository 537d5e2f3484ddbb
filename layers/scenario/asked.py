"""The scenario file: what would be different, as a typed schema whose faults are told like the project's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from phusong.layers.faults import Faults, InputError
from phusong.layers.project.file import parse_toml
from phusong.layers.project.schema import LayerTable, Technology
from phusong.layers.project.words import explain
from phusong.layers.rules import Report, hint
from phusong.layers.scenario.words import (
    EMPTY_SCENARIO,
    EMPTY_SELECTION,
    MISSING_KEY,
    NO_RADIUS,
    NO_TRACK,
    UNKNOWN_KEY,
    WRONG_VALUE,
)
from phusong.layers.tables.opening import MISSING_FILE, near_file

SELECTORS = ("sites", "sites_file", "operators", "technologies", "communes", "track_file")
"""Keys by which an entry says which stations it means; all that are given must hold together."""
CHANGES = ("off", "removed", "band", "station", "stations_added", "fibre")
"""Keys that change something."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


def _as_table(given: Any) -> Any:
    return {"path": given} if isinstance(given, str) else given


def _as_list(given: Any) -> Any:
    return [given] if isinstance(given, dict | str) else given


File = Annotated[LayerTable, BeforeValidator(_as_table)]
"""A file, or a table with ``path`` and what a layer of the project may say: ``columns``, ``crs``…"""
Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class Selection(_Table):
    """Which stations an entry means: those that meet every condition that it names."""

    label: str = Field(default="", max_length=120)
    sites: Words = ()
    sites_file: File | None = None
    """List of ``site_id``, with ``operator``, ``technology`` and ``repair_hours`` where it has them."""
    operators: Words = ()
    technologies: Annotated[tuple[Technology, ...], BeforeValidator(_as_list)] = ()
    communes: Words = ()
    track_file: File | None = None
    """Line, or points in their order: GeoJSON, KML, CSV."""
    radius_km: float | None = Field(default=None, gt=0.0, le=500.0)
    unknown: Literal["refuse", "skip"] = "refuse"
    """Whether ids that the inventory lacks stop the run."""


class Off(Selection):
    """``[[off]]``: switched off, and to be repaired unless ``repair`` says otherwise.

    By default an entry that names a place (sites, communes, a track) is an outage that will be repaired; one
    by operator or technology alone is a decision, as the end of 3G.
    """

    repair: bool | None = None

    @property
    def to_repair(self) -> bool:
        """Whether its sites stand in the order of repair."""
        if self.repair is not None:
            return self.repair
        return bool(self.sites or self.communes) or not (self.sites_file is None and self.track_file is None)


class Removed(Selection):
    """``[[removed]]``: taken down for good."""


class Band(Selection):
    """``[[band]]``: cells added on the sites of the selected ones, in their directions."""

    technology: Technology | None = None
    """Of the new cells; by default that of the selected ones."""
    frequency_mhz: float = Field(ge=100.0, le=100_000.0)
    bandwidth_mhz: float | None = Field(default=None, gt=0.0, le=2000.0)
    eirp_dbm: float | None = Field(default=None, ge=0.0, le=100.0)


class Station(_Table):
    """``[[station]]``: one cell that is added; columns as in a table of stations."""

    site_id: str
    operator: str
    technology: str
    lon: float
    lat: float
    cell_id: str | None = None
    frequency_mhz: float | None = None
    antenna_height_m: float | None = None
    azimuth_deg: float | None = None
    tilt_deg: float | None = None
    beamwidth_deg: float | None = None
    eirp_dbm: float | None = None
    bandwidth_mhz: float | None = None


class FibreChange(_Table):
    """``[fibre]``: routes and nodes that come or go."""

    routes_added: File | None = None
    nodes_added: File | None = None
    routes_removed: Words = ()
    nodes_removed: Words = ()


class RepairTable(_Table):
    """``[repair]``: for whom the order of repair is best, and how long a site takes."""

    service: str | None = None
    """By default the service that loses most people."""
    operator: str = "any"
    hours: float = Field(default=1.0, gt=0.0, le=10_000.0)
    """Of a site of which no file says more."""
    hours_file: File | None = None
    """Table of ``site_id repair_hours``."""


class ScenarioTable(_Table):
    """A whole scenario file, with ``file``, where it lies."""

    file: Path = Field(exclude=True)
    name: str = Field(min_length=1, max_length=120)
    note: str = Field(default="", max_length=2000)
    off: Annotated[tuple[Off, ...], BeforeValidator(_as_list)] = ()
    removed: Annotated[tuple[Removed, ...], BeforeValidator(_as_list)] = ()
    band: Annotated[tuple[Band, ...], BeforeValidator(_as_list)] = ()
    station: Annotated[tuple[Station, ...], BeforeValidator(_as_list)] = ()
    stations_added: File | None = None
    fibre: FibreChange = FibreChange()
    repair: RepairTable = RepairTable()

    def selections(self) -> list[tuple[str, Selection]]:
        """Return every selection with its place in the file: ``off[1]``."""
        groups: dict[str, tuple[Selection, ...]] = {
            "off": self.off, "removed": self.removed, "band": self.band
        }
        return [(f"{g}[{k}]", s) for g, held in groups.items() for k, s in enumerate(held, start=1)]

    def files(self) -> list[tuple[str, LayerTable]]:
        """Return every file that is named, with its key."""
        found = [("stations_added", self.stations_added), ("repair.hours_file", self.repair.hours_file)]
        found += [(f"fibre.{n}", getattr(self.fibre, n)) for n in ("routes_added", "nodes_added")]
        for place, selection in self.selections():
            found += [(f"{place}.{n}", getattr(selection, n)) for n in ("sites_file", "track_file")]
        return [(key, table) for key, table in found if table is not None]


def read_scenario(path: Path) -> ScenarioTable:
    """Read and check a scenario file; the files that it names are looked for, not opened.

    Raises
    ------
    InputError
        With every fault: syntax, unknown and missing keys, values, entries that select nothing, files that
        are not there.
    """
    path = Path(path)
    faults = Faults()
    report = Report("scenario", path.name, faults)
    document = parse_toml(path, report)
    if document is None:
        raise InputError(faults)
    scenario: ScenarioTable | None = None
    given = {key: value for key, value in document.items() if key != "file"}
    if "file" in document:
        _tell_unknown(("file",), report)
    try:
        scenario = ScenarioTable.model_validate({**given, "file": path.resolve()})
    except ValidationError as exception:
        _tell_schema(exception, document, report)
    if scenario is not None:
        _check(scenario, report)
    faults.raise_errors()
    assert scenario is not None
    return scenario


def _check(scenario: ScenarioTable, report: Report) -> None:
    if not any(getattr(scenario, c) for c in CHANGES[:-1]) and scenario.fibre == FibreChange():
        report.once(EMPTY_SCENARIO, known=", ".join(CHANGES))
    for place, selection in scenario.selections():
        if not any(getattr(selection, name) for name in SELECTORS):
            report.once(EMPTY_SELECTION, column=place, known=", ".join(SELECTORS))
        if selection.track_file is not None and selection.radius_km is None:
            report.once(NO_RADIUS, column=f"{place}.radius_km")
        if selection.track_file is None and selection.radius_km is not None:
            report.once(NO_TRACK, column=f"{place}.track_file")
    for key, table in scenario.files():
        target = scenario.file.parent / str(table.path)
        if not str(table.path).startswith("postgresql:") and not target.is_file():
            said = table.path.as_posix()
            report.once(MISSING_FILE, column=f"{key}", value=said, path=said, near=near_file(target))


def _tell_schema(exception: ValidationError, document: Mapping[str, Any], report: Report) -> None:
    """Turn pydantic's errors into faults whose key counts entries from one: ``off[1].sites``."""
    told: set[str] = set()
    for item in exception.errors(include_url=False):
        kind, loc = str(item["type"]), tuple(item["loc"])
        while kind != "missing" and len(loc) > 1 and not _holds(document, loc):
            loc = loc[:-1]
        key = dotted(loc)
        if key in told:
            continue
        told.add(key)
        if kind == "extra_forbidden":
            _tell_unknown(loc, report)
        elif kind == "missing":
            report.once(MISSING_KEY, column=key, key=key)
        else:
            value = item["input"]
            said = "" if isinstance(value, dict | list | tuple) else str(value)
            what = explain(kind, item.get("ctx", {}), value, ())
            report.once(WRONG_VALUE, column=key, value=said, what=what)


def dotted(loc: tuple[int | str, ...]) -> str:
    """Return a place in the file as people write it."""
    text = ""
    for step in loc:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _holds(document: Any, loc: tuple[int | str, ...]) -> bool:
    found = document
    for step in loc:
        whole = isinstance(found, list) and isinstance(step, int) and step < len(found)
        if whole or (isinstance(found, dict) and step in found):
            found = found[step]
        elif not (isinstance(found, dict) and step == 0):  # one table where a list may stand
            return False
    return True


def _tell_unknown(loc: tuple[int | str, ...], report: Report) -> None:
    known = known_keys(loc[:-1])
    key = str(loc[-1])
    report.once(
        UNKNOWN_KEY, column=dotted(loc), key=key, near=hint(key, known), known=", ".join(sorted(known))
    )


def known_keys(loc: tuple[int | str, ...]) -> frozenset[str]:
    """Return the keys that the table at a place may hold."""
    table: type[BaseModel] = ScenarioTable
    for step in loc:
        if isinstance(step, int):
            continue
        found = table.model_fields.get(step)
        if found is None:
            return frozenset()
        models = [k for k in _within(found.annotation) if isinstance(k, type) and issubclass(k, BaseModel)]
        if not models:
            return frozenset()
        table = models[0]
    return frozenset(table.model_fields) - {"file"}


def _within(annotation: Any) -> list[Any]:
    """Return a type and what it is made of, Annotated and tuples opened."""
    parts = get_args(annotation)
    return [annotation, *(inner for part in parts for inner in _within(part))]
