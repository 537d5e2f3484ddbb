"""What a scenario changes: the figures beside the base, who loses and who gains, what to repair first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import technology_of
from phusong.coverage.indicators import zones_by_commune
from phusong.coverage.plan.repair import RepairOrder, follow, repair_order
from phusong.coverage.radio.cells import operators_of
from phusong.coverage.radio.site_covers import site_covers
from phusong.coverage.result import ANY, Reach, Result
from phusong.coverage.zonal import CommuneShares
from phusong.layers.faults import Fault
from phusong.layers.grid import FloatArray, Raster
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService
from phusong.layers.scenario.apply import Applied

if TYPE_CHECKING:
    import pandas as pd

Pair = tuple[str, str]
KEY = ["level", "code", "service", "operator", "indicator"]
CHANGE_COLUMNS = (
    "level", "code", "name", "service", "operator", "indicator", "base", "lost", "gained", "scenario",
    "change", "base_denominator", "scenario_denominator", "unit",
)
"""Columns of the changes. ``base - lost + gained = scenario``; ``lost`` and ``gained`` are known for people,
area, places and zones (NaN for other indicators, whose ``change`` is the difference)."""
PLACE_CHANGE_COLUMNS = (
    "layer", "place_id", "name", "commune_code", "commune_name", "lon", "lat", "service", "operator",
    "change",
)
"""Columns of the places whose service changes; ``change`` is ``lost`` or ``gained``."""
REPAIR_COLUMNS = (
    "step", "site_id", "operators", "technologies", "cells", "commune_code", "commune_name", "lon", "lat",
    "hours", "hours_total", "people_returned", "people_total", "share", "people_waiting",
)
"""Columns of the order of repair: ``people_total`` have service again after the step, a ``share`` of those
who can; ``hours_total`` from the beginning, one site after another."""


@dataclass(frozen=True)
class Base:
    """The figures to which a scenario is compared.

    Attributes
    ----------
    indicators, places : DataFrame
        As in `Result`.
    covered : mapping of (service, operator) to array of bool, or None
        None where the base is an earlier output, which has no masks of operators.
    folder : Path or None
        Of that output.
    """

    indicators: pd.DataFrame
    places: pd.DataFrame
    covered: Mapping[Pair, NDArray[np.bool_]] | None = None
    folder: Path | None = None

    @classmethod
    def of(cls, result: Result) -> Base:
        """Take the figures of a result."""
        return cls(result.indicators, result.places, {k: r.covered.values for k, r in result.reaches.items()})


@dataclass(frozen=True)
class Repair:
    """The order of repair for one service.

    Attributes
    ----------
    service, operator : str
        For whose people it is best.
    table : DataFrame
        `REPAIR_COLUMNS`.
    lost : float
        People who lost service and get it back when all is repaired.
    people_hours, people_hours_by_id : float
        People times hours of waiting in this order, and in that of the sites' ids.
    hours_known : bool
        Whether the scenario says how long a repair takes; else each counts as one hour.
    """

    service: str
    operator: str
    table: pd.DataFrame
    lost: float
    people_hours: float
    people_hours_by_id: float
    hours_known: bool


@dataclass(frozen=True)
class WhatIf:
    """A scenario beside its base.

    Attributes
    ----------
    name, note : str
    applied : Applied
    changes : DataFrame
        `CHANGE_COLUMNS`: every figure that changes, and all of the province.
    places : DataFrame
        `PLACE_CHANGE_COLUMNS`.
    repair : Repair or None
        None where nothing is to be repaired.
    base : DataFrame or None
        `phusong.coverage.result.INDICATOR_COLUMNS` without the scenario: what targets are held against first.
    """

    name: str
    note: str
    applied: Applied
    changes: pd.DataFrame
    places: pd.DataFrame
    repair: Repair | None = None
    base: pd.DataFrame | None = None


def one_way(applied: Applied) -> bool:
    """Tell whether a scenario only takes or only adds, so that net figures are gross ones as well."""
    added = any(s.kind in ("band", "added") or s.kind.endswith("_added") for s in applied.steps)
    taken = any(s.kind in ("off", "removed") or s.kind.endswith("_removed") for s in applied.steps)
    return not (added and taken)


def compare_with_base(
    base: Base, result: Result, applied: Applied, shares: Callable[[], CommuneShares]
) -> WhatIf:
    """Put a scenario's result beside its base.

    Parameters
    ----------
    base : Base
        With masks, unless `one_way` holds.
    result : Result
        Of the scenario's layers.
    applied : Applied
    shares : callable
        Returns how cells are shared among communes; asked only where a service gains here and loses there.
    """
    places = _place_changes(base.places, result.places)
    changes = _changes(base, result, shares, places)
    return WhatIf(applied.table.name, applied.table.note, applied, changes, places, base=base.indicators)


def _place_changes(base: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    keys = ["layer", "place_id", "service", "operator"]
    both = base.merge(now, how="outer", on=keys, suffixes=("_base", ""), sort=False)
    # An operator that is gone, or new, has no rows on one side: it serves nobody there.
    was = both["served_base"].fillna(False).astype(bool)
    is_now = both["served"].fillna(False).astype(bool)
    for column in ("name", "commune_code", "commune_name", "lon", "lat"):
        both[column] = both[column].where(both["served"].notna(), both[f"{column}_base"])
    both["change"] = np.where(was & ~is_now, "lost", "gained")
    found = both.loc[was != is_now, list(PLACE_CHANGE_COLUMNS)]
    order = ["service", "operator", "layer", "commune_code", "place_id"]
    return found.sort_values(order, kind="stable", ignore_index=True)


def _changes(
    base: Base, result: Result, shares: Callable[[], CommuneShares], places: pd.DataFrame
) -> pd.DataFrame:
    columns = [*KEY, "name", "numerator", "denominator", "unit"]
    old, new = (t[columns].copy() for t in (base.indicators, result.indicators))
    both = old.merge(new, how="outer", on=KEY, suffixes=("_base", ""), sort=False)
    both["name"] = both["name"].where(both["name"].notna(), both["name_base"])
    units = dict(zip(new["indicator"], new["unit"], strict=True))
    both["unit"] = [units.get(i, u) for i, u in zip(both["indicator"], both["unit_base"], strict=True)]
    gone, fresh = both["numerator"].isna(), both["numerator_base"].isna()
    both["base"] = both["numerator_base"].where(~fresh, 0.0).astype(float)
    both["scenario"] = both["numerator"].where(~gone, 0.0).astype(float)
    both["base_denominator"] = both["denominator_base"].where(~fresh, both["denominator"])
    both["scenario_denominator"] = both["denominator"].where(~gone, both["denominator_base"])
    both["change"] = both["scenario"] - both["base"]
    group = both["indicator"].str.partition(":")[0]
    net = group.isin(["population", "area", "zones"])
    both["gained"] = both["change"].clip(lower=0.0).where(net)
    for indicator, key, gained in _gross(base, result, shares):
        rows = (both["indicator"] == indicator) & (both["service"] == key[0]) & (both["operator"] == key[1])
        codes = [str(c) for c in result.layers.communes["commune_code"]]
        of = dict(zip(codes, gained.tolist(), strict=True))
        told = both.loc[rows, "code"].astype(str).map(of)
        both.loc[rows, "gained"] = told.fillna(float(gained.sum())).astype(float)
    both.loc[group == "places", "gained"] = _gained_places(both[group == "places"], places)
    both["lost"] = both["base"] + both["gained"] - both["scenario"]
    # The sum of two roundings is no loss of anybody.
    both.loc[both["lost"].abs() < 1e-6, "lost"] = 0.0
    keep = (both["level"] == "province") | (both["change"] != 0.0) | (both["lost"] > 0.0)
    found = both.loc[keep, list(CHANGE_COLUMNS)]
    found = found.assign(_level=(found["level"] != "province").astype(int))
    order = ["_level", "code", "service", "operator", "indicator"]
    return found.sort_values(order, kind="stable", ignore_index=True)[list(CHANGE_COLUMNS)]


def _gained_places(rows: pd.DataFrame, places: pd.DataFrame) -> pd.Series[float]:
    gained = places[places["change"] == "gained"]
    count: dict[tuple[Any, ...], int] = {}
    for service, operator, layer, code in zip(
        *(gained[c] for c in ("service", "operator", "layer", "commune_code")), strict=True
    ):
        for level in ("", str(code)):
            key = (service, operator, f"places:{layer}", level)
            count[key] = count.get(key, 0) + 1
    told = [
        float(count.get((s, o, i, "" if level == "province" else str(c)), 0))
        for s, o, i, level, c in zip(
            *(rows[c] for c in ("service", "operator", "indicator", "level", "code")), strict=True
        )
    ]
    import pandas as pd

    return pd.Series(told, index=rows.index, dtype=float)


def _gross(
    base: Base, result: Result, shares: Callable[[], CommuneShares]
) -> Iterator[tuple[str, Pair, FloatArray]]:
    """Yield what each commune gains, of services that gain in some cells and lose in others."""
    if base.covered is None:
        return
    grid = result.layers.grid
    mixed: dict[Pair, Raster[np.bool_]] = {}
    for key, was in base.covered.items():
        if key in result.reaches:
            now = result.reaches[key].covered.values
            gained = now & ~was
            if gained.any() and (was & ~now).any():
                mixed[key] = Raster(gained, grid)
    if not mixed:
        return
    held = shares()
    for key, gained_cells in mixed.items():
        yield "population", key, held.sum_people(gained_cells)
        yield "area", key, held.sum_area_km2(gained_cells)
    for name, in_commune in zones_by_commune(result.layers):
        for key, gained_cells in mixed.items():
            area = in_commune @ gained_cells.values.ravel().astype(np.float64) * grid.cell_km2
            yield f"zones:{name}", key, np.asarray(area)


def order_repairs(
    layers: Layers, result: Result, what_if: WhatIf, shares: CommuneShares, *, workers: int = 0
) -> WhatIf:
    """Return the comparison with the order in which to repair the sites that are off.

    Parameters
    ----------
    layers : Layers
        The base's, which have the stations that are off.
    result : Result
        Of the scenario.
    what_if : WhatIf
    shares : CommuneShares
    workers : int
    """
    applied = what_if.applied
    from scipy.sparse import csr_array, hstack

    off = applied.gone[applied.gone["to_repair"]]
    wanted = applied.table.repair
    service = wanted.service or _hardest_hit(layers, what_if.changes, wanted.operator)
    if not len(off) or service is None:
        return what_if
    if wanted.operator != ANY:
        theirs = [o.casefold() == wanted.operator.casefold() for o in off["operator"].astype(str)]
        off = off[np.array(theirs, dtype=bool)]
    operator = wanted.operator if wanted.operator == ANY or not len(off) else str(off["operator"].iloc[0])
    sites = sorted(off["site_id"].astype(str).unique())
    alone = replace(layers, stations=off.reset_index(drop=True))
    mobile = [n for n, s in layers.project.services.items() if not isinstance(s, FibreService)]
    matrices, counts = [], []
    for name in (service, *(n for n in mobile if n != service)):
        reach = result.reaches.get((name, operator))
        served = np.zeros(layers.grid.size, dtype=bool) if reach is None else reach.covered.values.ravel()
        cells = np.flatnonzero(~served & (shares.cell_people > 0.0))
        table = layers.project.services[name]
        assert not isinstance(table, FibreService)
        matrices.append(site_covers(alone, name, table, sites, cells, workers=workers))
        counts.append(shares.cell_people[cells])
    covers = csr_array(hstack(matrices))
    own = np.arange(covers.shape[1]) < len(counts[0])
    everyone = np.concatenate(counts)
    people = np.where(own, everyone, 0.0)
    hours = np.array([applied.hours.get(s, wanted.hours) for s in sites], dtype=np.float64)
    found = repair_order(covers, people, hours, also=np.where(own, 0.0, everyone))
    by_id = follow(covers, people, hours, np.arange(len(sites)))
    known = bool(applied.hours) or "hours" in wanted.model_fields_set
    repair = Repair(
        service, operator, _repair_table(layers, off, sites, found), found.lost, found.people_hours,
        by_id.people_hours, known,
    )
    return replace(what_if, repair=repair)


def _hardest_hit(layers: Layers, changes: pd.DataFrame, operator: str) -> str | None:
    """Return the mobile service that loses most people, the first of equals; None without any."""
    mobile = [n for n, s in layers.project.services.items() if not isinstance(s, FibreService)]
    rows = changes[
        (changes["level"] == "province") & (changes["indicator"] == "population")
        & (changes["operator"] == operator)
    ]
    lost = dict(zip(rows["service"], rows["lost"], strict=True))
    return max(mobile, key=lambda n: (lost.get(n, 0.0), -mobile.index(n)), default=None)


def _repair_table(layers: Layers, off: pd.DataFrame, sites: list[str], found: RepairOrder) -> pd.DataFrame:
    import pandas as pd

    names = dict(zip(layers.communes["commune_code"], layers.communes["commune_name"], strict=True))
    groups = dict(tuple(off.groupby(off["site_id"].astype(str), sort=False)))
    rows = []
    total = hours = 0.0
    for step, (k, returned, time) in enumerate(
        zip(found.order.tolist(), found.returned.tolist(), found.hours.tolist(), strict=True), start=1
    ):
        mine = groups[sites[k]]
        total, hours = total + returned, hours + time
        code = str(mine["commune_code"].iloc[0])
        rows.append((
            step, sites[k], "; ".join(sorted(set(mine["operator"].astype(str)))),
            "; ".join(sorted(set(mine["technology"].astype(str)))), len(mine), code, str(names.get(code, "")),
            float(mine["lon"].iloc[0]), float(mine["lat"].iloc[0]), time, hours, returned, total,
            total / found.lost if found.lost > 0.0 else 0.0, max(found.lost - total, 0.0),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(REPAIR_COLUMNS))


def unchanged_services(
    base: Result, applied: Applied
) -> Callable[[Layers, str], tuple[tuple[Reach, ...], tuple[Fault, ...]] | None]:
    """Return what knows the reach of services whose stations a scenario does not touch.

    Their rasters are the base's own; only the numbers of the best servers follow the rows of the stations.
    """
    touched = {*applied.gone["technology"], *applied.came["technology"]}
    new_row = np.full(len(base.layers.stations) + 1, -1, dtype=np.int32)  # the last is for 'nobody', -1
    new_row[applied.kept] = np.arange(len(applied.kept), dtype=np.int32)

    def known(layers: Layers, name: str) -> tuple[tuple[Reach, ...], tuple[Fault, ...]] | None:
        """Return the reach and faults of a service that is left alone; None where it must be computed."""
        service = layers.project.services[name]
        if isinstance(service, FibreService) or technology_of(name, service) in touched:
            return None
        if layers.neighbours is not None:  # the rows of their stations follow the province's own
            return None
        if operators_of(layers) != operators_of(base.layers):
            return None
        found = []
        for (of, _), reach in base.reaches.items():
            if of == name:
                best = reach.best_server
                moved = None if best is None else Raster(new_row[best.values], best.grid)
                found.append(replace(reach, best_server=moved))
        return tuple(found), tuple(f for f in base.faults if f.layer == f"services.{name}")

    return known
