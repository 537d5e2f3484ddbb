"""Targets as a table: what resolutions ask for, a row each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from phusong.layers.boundaries.province import Province
from phusong.layers.project.schema import Project, Target
from phusong.layers.rules import error, fold, hint
from phusong.layers.source import Layer
from phusong.layers.tables.columns import Column, Table

COLUMNS = (
    Column("document"), Column("date", "date"),
    Column("year", "number", needed=True, low=2000.0, high=2100.0, whole=True), Column("service"),
    Column("indicator"), Column("level"), Column("value", "number", needed=True, low=0.0, high=100.0),
    Column("operator"), Column("at_most"),
)  # fmt: skip
_COMMUNE = ("commune", "xa", "capxa", "tungxa", "xaphuong")
_PROVINCE = ("", "province", "tinh", "captinh", "toantinh")
_YES = ("x", "1", "co", "true", "yes")

UNKNOWN_SERVICE = error(
    "unknown-service",
    "Dự án không có dịch vụ này. {near}", "The project has no such service. {near}",
    "Dùng tên dịch vụ trong tệp dự án: {known}.", "Use a service of the project file: {known}.",
)
UNKNOWN_LEVEL = error(
    "unknown-level",
    "Cấp phải là province (toàn tỉnh) hoặc commune (từng xã).",
    "The level is province or commune (every commune).",
)
UNKNOWN_INDICATOR = error(
    "unknown-indicator",
    "Không có chỉ tiêu này. {near}", "There is no such indicator. {near}",
    "Các chỉ tiêu dùng được: {known}.", "Indicators that may stand here: {known}.",
)


def read_targets(layer: Layer, province: Province | None, *, project: Project) -> Mapping[str, Target] | None:
    """Read a table of targets.

    Parameters
    ----------
    layer : Layer
    province : Province or None
        Not needed: a target is of the whole province, or of every commune.
    project : Project
        Whose services and layers a target may name.

    Returns
    -------
    mapping of name to Target, or None
        Named ``<document> <year> <row>``.
    """
    table = layer.open(COLUMNS)
    if table is None:
        return None
    n = len(table)
    text = {
        name: table[name] if table.has(name) else np.full(n, "", dtype=object)
        for name in ("document", "service", "indicator", "level", "operator", "at_most")
    }
    _check(table, text, project)
    dates = table["date"] if table.has("date") else np.full(n, None, dtype=object)
    found: dict[str, Target] = {}
    for i in range(n):
        year, value = table["year"][i], table["value"][i]
        level = fold(str(text["level"][i]))
        if not (np.isfinite(year) and np.isfinite(value)) or level not in (*_COMMUNE, *_PROVINCE):
            continue
        document = str(text["document"][i])
        found[f"{document} {int(year)} {table.raw.rows[i]}".strip()] = Target(
            service=str(text["service"][i]), indicator=str(text["indicator"][i]) or "population",
            percent=float(value), year=int(year), document=document, date=dates[i],
            level="commune" if level in _COMMUNE else "province",
            operator=str(text["operator"][i]) or "any",
            at_most=fold(str(text["at_most"][i])) in _YES,
        )  # fmt: skip
    return found


def known_indicators(project: Project) -> list[str]:
    """Return the indicators that a target may name."""
    return [
        *INDICATORS, *(f"places:{n}" for n in project.places), *(f"zones:{n}" for n in project.zones)
    ]  # fmt: skip


INDICATORS = (
    "population", "area", "households", "communes", "sites", "stations", "cells",
    "settlements", "trang", "lom", "trang_households", "lom_households", "trang_no_power", "lom_no_power",
    "trang_disadvantaged", "lom_disadvantaged", "villages_disadvantaged", "key_locations",
    "population_urban", "population_rural", "population_disadvantaged", "households_urban",
    "households_rural", "households_disadvantaged", "households_reachable", "population_fibre",
    "shared_sites",
)  # fmt: skip
"""Those without a layer in their name."""


def _check(table: Table, text: Mapping[str, np.ndarray], project: Project) -> None:
    services, indicators = list(project.services), known_indicators(project)
    for name, known, rule in (
        ("service", services, UNKNOWN_SERVICE), ("indicator", indicators, UNKNOWN_INDICATOR),
    ):
        cells = text[name]
        lost = np.array([c != "" and c not in known for c in cells], dtype=bool)
        hints, names = np.empty(len(cells), dtype=object), np.empty(len(cells), dtype=object)
        for i in np.flatnonzero(lost):
            hints[i], names[i] = hint(str(cells[i]), known), ", ".join(known)
        table.each(rule, lost, name, near=hints, known=names)
    if table.has("level"):
        wrong = np.array([fold(str(c)) not in (*_COMMUNE, *_PROVINCE) for c in text["level"]], dtype=bool)
        table.each(UNKNOWN_LEVEL, wrong, "level")
