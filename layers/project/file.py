"""Reading the project file: every key that does not fit is told, in the user's language, at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError

from phusong.data.language import Text
from phusong.layers.faults import Faults, InputError
from phusong.layers.on_disk import found_path
from phusong.layers.project import schema
from phusong.layers.project.schema import Project
from phusong.layers.project.words import (
    BAD_CLASS,
    BAD_KEY_NAME,
    MISSING_KEY,
    MISSING_TABLE,
    NO_ROADS,
    NO_TECHNOLOGY,
    NOT_A_FOLDER,
    NOT_A_RASTER,
    SYNTAX,
    UNKNOWN_HEIGHT,
    UNKNOWN_INDICATOR,
    UNKNOWN_KEY,
    UNKNOWN_SERVICE,
    UNKNOWN_TABLE,
    WRONG_VALUE,
    explain,
    syntax_reason,
)
from phusong.layers.rules import Report, hint
from phusong.layers.tables.opening import MISSING_FILE, NOT_UTF8, UNREADABLE, near_file
from phusong.layers.target_table import INDICATORS
from phusong.layers.vectors.postgis_url import is_database, redact

FILE_NAME = "phusong.toml"
FOLDER_LAYERS = ("terrain", "clutter")
"""Layers whose path may be a folder of tiles."""

_SERVICES: Mapping[str, type[BaseModel]] = {
    model: table
    for table in cast("tuple[type[BaseModel], ...]", get_args(get_args(schema.Service)[0]))
    for model in get_args(table.model_fields["model"].annotation)
}
_NAME = re.compile(r"[\w][\w .+-]{0,39}")
_ROOT = frozenset(Project.model_fields) - {"file"}


def read_project(path: Path, *, files: bool = True) -> Project:
    """Read and check a project file.

    Parameters
    ----------
    path : Path
        The file, or the folder in which it is called ``phusong.toml``.
    files : bool
        Whether the files that it names must be there; if not, who reads them tells it.

    Returns
    -------
    Project

    Raises
    ------
    InputError
        With every fault: syntax, unknown and missing keys, values, files that are not there.
    """
    path = Path(path)
    if path.is_dir():
        path = path / FILE_NAME
    faults = Faults()
    report = Report("project", path.name, faults)
    document = parse_toml(path, report)
    if document is None:
        raise InputError(faults)
    _check_names(document, report)
    if files:
        _check_files(document, path, report)
    project: Project | None = None
    given = {key: value for key, value in document.items() if key != "file"}
    if "file" in document:
        report.once(UNKNOWN_KEY, column="file", key="file", near=hint("file", _ROOT), known=_listed(_ROOT))
    try:
        project = Project.model_validate({**given, "file": path.resolve()})
    except ValidationError as exception:
        _tell_schema(exception, document, report)
    _check_services(document, report)
    _check_roads(document, report)
    _check_targets(document, report)
    _check_clutter(document, report)
    _check_systems(document, report)
    faults.raise_errors()
    assert project is not None
    return project


def parse_toml(path: Path, report: Report) -> dict[str, Any] | None:
    """Return what a TOML file says, None after a fault that the report was told."""
    if not path.is_file():
        report.once(MISSING_FILE, path=str(path), near=near_file(path))
        return None
    try:
        data = path.read_bytes()
    except OSError:
        report.once(UNREADABLE, kind="TOML")
        return None
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as exception:
        report.once(NOT_UTF8, row=str(data.count(b"\n", 0, exception.start) + 1))
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exception:
        message = str(exception)
        place = re.search(r"line (\d+), column (\d+)", message)
        lines = text.splitlines() or [""]
        line = int(place[1]) if place else len(lines)
        column = place[2] if place else str(len(lines[-1]) + 1)
        whole = lines[line - 1] if line <= len(lines) else ""
        reason = syntax_reason(message, whole[int(column) - 1 : int(column)])
        report.once(
            SYNTAX, row=str(line), value=redact(whole.strip()), line=str(line), position=column, reason=reason
        )
        return None


def _tell_schema(exception: ValidationError, document: Mapping[str, Any], report: Report) -> None:
    """Turn pydantic's errors into faults with a dotted key, one per key and kind."""
    told: set[tuple[str, str]] = set()
    for item in exception.errors(include_url=False):
        kind = str(item["type"])
        place = _keys(item["loc"])
        while kind != "missing" and len(place) > 1 and not _holds(document, place):
            place = place[:-1]  # a step of pydantic's into one branch of a union
        dotted = ".".join(place)
        family = "value" if kind not in ("missing", "extra_forbidden") else kind
        if (dotted, family) in told or place == ("file",):
            continue
        told.add((dotted, family))
        if kind == "extra_forbidden":
            _tell_unknown(place, item["input"], document, report)
        elif kind == "missing":
            rule = MISSING_TABLE if _is_table(place, document) else MISSING_KEY
            report.once(rule, column=dotted, key=dotted)
        elif kind == "union_tag_not_found":
            report.once(MISSING_KEY, column=f"{dotted}.model", key=f"{dotted}.model")
        else:
            value = item["input"]
            if kind == "union_tag_invalid":
                dotted, value = f"{dotted}.model", item["input"].get("model")
            what = explain(kind, item.get("ctx", {}), value, tuple(_SERVICES))
            report.once(WRONG_VALUE, column=dotted, value=_shown(value), what=what)


def _keys(loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the keys of the document on the way to an error, without pydantic's own steps."""
    parts = [str(part) for part in loc]
    if len(parts) > 2 and parts[0] == "services" and parts[2] in _SERVICES:
        del parts[2]
    return tuple(parts)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ""
    return str(value).lower() if isinstance(value, bool) else redact(str(value))


def _tell_unknown(place: tuple[str, ...], value: Any, document: Mapping[str, Any], report: Report) -> None:
    known = _known_keys(place[:-1], document)
    rule = UNKNOWN_TABLE if isinstance(value, dict) else UNKNOWN_KEY
    report.once(
        rule, column=".".join(place), value=_shown(value), key=place[-1], near=hint(place[-1], known),
        known=_listed(known),
    )


def _listed(known: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(known))


def _known_keys(place: tuple[str, ...], document: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys that the table at ``place`` may hold."""
    if not place:
        return _ROOT
    table = _model_at(place, document)
    return frozenset(table.model_fields) if table else frozenset()


def _model_at(place: tuple[str, ...], document: Mapping[str, Any]) -> type[BaseModel] | None:
    first = place[0]
    if first == "services" and len(place) == 2:
        return _SERVICES.get(str(_dig(document, (*place, "model"))))
    if first in ("places", "zones") and len(place) == 2:
        return schema.LayerTable
    if first in ("targets", "reported") and len(place) == 2:
        return schema.Target if first == "targets" else schema.Reported
    table: type[BaseModel] = Project
    for key in place:
        found = table.model_fields.get(key)
        if found is None:
            return None
        kinds = (found.annotation, *get_args(found.annotation))
        models = [k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)]
        if not models:
            return None
        table = models[0]
    return table


def _is_table(place: tuple[str, ...], document: Mapping[str, Any]) -> bool:
    return place == ("services",) or _model_at(place, document) is not None


def _dig(document: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    found: Any = document
    for key in place:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _holds(document: Mapping[str, Any], place: tuple[str, ...]) -> bool:
    held = _dig(document, place[:-1])
    return isinstance(held, Mapping) and place[-1] in held


def _tables(document: Mapping[str, Any], *groups: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield group, name and content of the tables that are tables."""
    for group in groups:
        held = document.get(group)
        if isinstance(held, Mapping):
            for name, table in held.items():
                if isinstance(table, Mapping):
                    yield group, name, table


def _check_names(document: Mapping[str, Any], report: Report) -> None:
    """Names of services and layers become names of files and headings."""
    for group, name, _ in _tables(document, "services", "places", "zones", "targets", "reported"):
        if not _NAME.fullmatch(name) or ".." in name:
            report.once(BAD_KEY_NAME, column=f"{group}.{name}", value=name)


def _check_files(document: Mapping[str, Any], path: Path, report: Report) -> None:
    for group, name, table in _tables(document, "layers", "places", "zones"):
        given = table.get("path")
        if not isinstance(given, str) or (group == "layers" and name not in schema.LayersTable.model_fields):
            continue
        key = f"{group}.{name}.path"
        if is_database(given):
            if group == "layers" and name in ("population", *FOLDER_LAYERS):
                report.once(NOT_A_RASTER, column=key, value=redact(given))
            continue
        target = found_path(path.parent / given)
        if not given.strip() or not target.exists():
            report.once(MISSING_FILE, column=key, value=given, path=given, near=near_file(target))
        elif target.is_dir() and not (
            target.suffix.lower() == ".gdb" or (group == "layers" and name in FOLDER_LAYERS)
        ):
            report.once(NOT_A_FOLDER, column=key, value=given, path=given)


def _check_services(document: Mapping[str, Any], report: Report) -> None:
    technologies = get_args(schema.Technology)
    for _, name, table in _tables(document, "services"):
        if table.get("model") in (None, "route-distance") or table.get("model") not in _SERVICES:
            continue
        if name not in technologies and table.get("technology") is None:
            key = f"services.{name}.technology"
            report.once(NO_TECHNOLOGY, column=key, name=name, known=", ".join(technologies))


def _check_roads(document: Mapping[str, Any], report: Report) -> None:
    """Reach along roads needs roads."""
    for _, name, table in _tables(document, "services"):
        if table.get("reach") == "roads" and _dig(document, ("layers", "roads")) is None:
            report.once(NO_ROADS, column=f"services.{name}.reach", value="roads", name=name)


def _check_targets(document: Mapping[str, Any], report: Report) -> None:
    services = document.get("services")
    names = list(services) if isinstance(services, Mapping) else []
    known = [*INDICATORS, *(f"{g}:{n}" for g, n, _ in _tables(document, "places", "zones"))]
    for _, name, table in _tables(document, "targets"):
        service, indicator = table.get("service"), table.get("indicator")
        if isinstance(service, str) and service and names and service not in names:
            report.once(
                UNKNOWN_SERVICE, column=f"targets.{name}.service", value=service, near=hint(service, names),
                known=", ".join(names),
            )
        if isinstance(indicator, str) and indicator not in known:
            report.once(
                UNKNOWN_INDICATOR, column=f"targets.{name}.indicator", value=indicator,
                near=hint(indicator, known), known=", ".join(known),
            )


def _check_clutter(document: Mapping[str, Any], report: Report) -> None:
    names = get_args(get_args(schema.ClutterTable.model_fields["classes"].annotation)[1])
    for key, held in _entries(_dig(document, ("layers", "clutter", "classes"))):
        if not re.fullmatch(r"-?\d{1,9}", key):
            report.once(BAD_CLASS, column=f"layers.clutter.classes.{key}", value=_shown(held), key=key)
    for key, held in _entries(_dig(document, ("layers", "clutter", "heights_m"))):
        if key not in names:
            report.once(
                UNKNOWN_HEIGHT, column=f"layers.clutter.heights_m.{key}", value=_shown(held), key=key,
                near=hint(key, names), known=", ".join(names),
            )
        elif isinstance(held, int | float) and held < 0:
            text = Text("Chiều cao không được âm.", "A height must not be negative.")
            report.once(
                WRONG_VALUE, column=f"layers.clutter.heights_m.{key}", value=_shown(held), what=text
            )


def _entries(table: Any) -> list[tuple[str, Any]]:
    return list(table.items()) if isinstance(table, Mapping) else []


def _check_systems(document: Mapping[str, Any], report: Report) -> None:
    """Coordinate systems must be known; pyproj is asked only where one is named."""
    given = [("grid.crs", _dig(document, ("grid", "crs")))]
    given += [(f"{g}.{n}.crs", t.get("crs")) for g, n, t in _tables(document, "layers", "places", "zones")]
    for key, text in given:
        if isinstance(text, str):
            _check_system(key, text, report)


def _check_system(key: str, text: str, report: Report) -> None:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    from phusong.layers.project.words import NOT_METRIC
    from phusong.layers.vectors.geometry import BAD_CRS

    try:
        crs = CRS.from_user_input(int(text) if text.isdigit() else text)
    except CRSError:
        report.once(BAD_CRS, column=key, value=text, crs=text)
        return
    metric = crs.is_projected and all(a.unit_conversion_factor == 1.0 for a in crs.axis_info[:2])
    if key == "grid.crs" and not metric:
        report.once(NOT_METRIC, column=key, value=text, crs=crs.name)
