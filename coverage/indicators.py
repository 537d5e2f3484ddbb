"""The tidy table: numerators over denominators for communes and province, never a bare per cent."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import COUNTED, PRESENCE, REPORTED, describe
from phusong.coverage.result import ANY, INDICATOR_COLUMNS, Reach
from phusong.coverage.zonal import CommuneShares, cell_shares
from phusong.layers.grid import FloatArray
from phusong.layers.inventory import Layers
from phusong.layers.project import FibreService
from phusong.layers.status import OPERATIONAL

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

ALL = "all"
"""Service of a count over all technologies."""


@dataclass(frozen=True)
class _Figure:
    """One indicator for all communes; the province is the sum."""

    service: str
    operator: str
    indicator: str
    numerator: FloatArray
    denominator: FloatArray | None
    unit: str
    criterion: str
    as_of: datetime.date


def indicator_table(
    layers: Layers,
    shares: CommuneShares,
    reaches: Mapping[tuple[str, str], Reach],
    commune_of_place: Mapping[str, NDArray[np.int64]],
    commune_of_station: NDArray[np.int64],
) -> pd.DataFrame:
    """Return every indicator, for the province and each commune.

    Parameters
    ----------
    layers : Layers
    shares : CommuneShares
    reaches : mapping of (service, operator) to Reach
    commune_of_place : mapping of places layer to array
        Position of each place's commune in ``layers.communes``, -1 for none: such places count in the
        province only.
    commune_of_station : array
        The same for every row of ``layers.stations``.

    Returns
    -------
    DataFrame
        `INDICATOR_COLUMNS`; the province's figures are the sums of the communes', plus the places and
        stations that lie in none.
    """
    figures: list[_Figure] = []
    figures += _covered(layers, shares, reaches)
    figures += _places(layers, reaches, commune_of_place)
    figures += _zones(layers, reaches)
    figures += _households(layers)
    figures += _fibre_presence(layers)
    figures += _counts(layers, commune_of_station)
    return _tidy(layers, figures)


def as_of(layers: Layers, *names: str) -> datetime.date:
    """Return the oldest date of the named layers: a figure is no fresher than its oldest input."""
    dates = [s.as_of for s in layers.sources if s.layer in names]
    return min(dates, default=layers.project.province.as_of)


def _inputs(layers: Layers, service: str) -> tuple[str, ...]:
    kind = layers.project.services[service]
    if not isinstance(kind, FibreService):
        return ("stations",)
    return ("fibre_routes", "fibre_nodes", *(("roads",) if kind.reach == "roads" else ()))


def _covered(
    layers: Layers, shares: CommuneShares, reaches: Mapping[tuple[str, str], Reach]
) -> Iterable[_Figure]:
    all_people = np.asarray(shares.people.sum(axis=1), dtype=np.float64).ravel()
    all_area = np.asarray(shares.area.sum(axis=1), dtype=np.float64).ravel()
    all_area = all_area * layers.grid.cell_km2
    for (service, operator), reach in reaches.items():
        criterion = describe(layers.project.services[service]).en
        date = as_of(layers, *_inputs(layers, service))
        yield _Figure(
            service,
            operator,
            "population",
            shares.sum_people(reach.covered),
            all_people,
            "people",
            criterion,
            date,
        )
        yield _Figure(
            service, operator, "area", shares.sum_area_km2(reach.covered), all_area, "km2", criterion, date
        )


def _by_commune(commune: NDArray[np.int64], weight: FloatArray, communes: int) -> FloatArray:
    """Sum by commune; the last entry holds what lies in none."""
    where = np.where(commune >= 0, commune, communes)
    return np.bincount(where, weights=weight, minlength=communes + 1).astype(np.float64)


def _places(
    layers: Layers,
    reaches: Mapping[tuple[str, str], Reach],
    commune_of_place: Mapping[str, NDArray[np.int64]],
) -> Iterable[_Figure]:
    n = len(layers.communes)
    for name, places in layers.places.items():
        commune = commune_of_place[name]
        total = _by_commune(commune, np.ones(len(places)), n)
        x, y = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
        for (service, operator), reach in reaches.items():
            served = reach.covered.at(x, y, False).astype(np.float64)
            yield _Figure(
                service,
                operator,
                f"places:{name}",
                _by_commune(commune, served, n),
                total,
                "places",
                describe(layers.project.services[service]).en,
                as_of(layers, *_inputs(layers, service)),
            )


def _zones(layers: Layers, reaches: Mapping[tuple[str, str], Reach]) -> Iterable[_Figure]:
    import geopandas as gpd
    from scipy.sparse import csr_array

    communes = layers.communes.geometry
    n = len(communes)
    for name, zones in layers.zones.items():
        commune, zone = zones.sindex.query(communes, predicate="intersects")
        pieces = gpd.GeoSeries(
            zones.geometry.iloc[zone].intersection(communes.iloc[commune], align=False).to_numpy(),
            crs=layers.grid.crs,
        )
        areal = pieces.area.to_numpy() > 0.0
        shares = cell_shares(pieces[areal], layers.grid)
        gather = csr_array(
            (np.ones(areal.sum()), (commune[areal], np.arange(areal.sum()))), shape=(n, int(areal.sum()))
        )
        by_commune = csr_array(gather @ shares)
        total = np.asarray(by_commune.sum(axis=1), dtype=np.float64).ravel()
        total = total * layers.grid.cell_km2
        for (service, operator), reach in reaches.items():
            covered = by_commune @ reach.covered.values.ravel().astype(np.float64) * layers.grid.cell_km2
            yield _Figure(
                service,
                operator,
                f"zones:{name}",
                np.asarray(covered),
                total,
                "km2",
                describe(layers.project.services[service]).en,
                as_of(layers, *_inputs(layers, service)),
            )


def fibre_service(layers: Layers) -> str:
    """Return the name under which fibre stands in the table."""
    services = layers.project.services.items()
    return next((name for name, service in services if isinstance(service, FibreService)), "fibre")


def _households(layers: Layers) -> Iterable[_Figure]:
    if layers.households is None:
        return
    table = layers.households.set_index("commune_code")
    codes = layers.communes["commune_code"]
    total = table["households"].reindex(codes).fillna(0.0).to_numpy(np.float64)
    fibre = table["households_with_fibre"].reindex(codes).fillna(0.0).to_numpy(np.float64)
    yield _Figure(
        fibre_service(layers),
        ANY,
        "households",
        fibre,
        total,
        "households",
        REPORTED.en,
        as_of(layers, "households"),
    )


def _fibre_presence(layers: Layers) -> Iterable[_Figure]:
    parts = {"fibre_routes": layers.fibre_routes, "fibre_nodes": layers.fibre_nodes}
    given = {
        name: part[(part["status"] == OPERATIONAL).to_numpy()]
        for name, part in parts.items()
        if part is not None
    }
    if not given:
        return
    operators = sorted({o for part in given.values() for o in part["operator"].dropna()})
    for operator in (ANY, *operators):
        present = np.zeros(len(layers.communes))
        for part in given.values():
            lines = part if operator == ANY else part[part["operator"] == operator]
            commune, _ = lines.sindex.query(layers.communes.geometry, predicate="intersects")
            present[np.unique(commune)] = 1.0
        yield _Figure(
            fibre_service(layers),
            operator,
            "communes",
            present,
            np.ones(len(present)),
            "communes",
            PRESENCE.en,
            as_of(layers, *given),
        )


def _counts(layers: Layers, commune: NDArray[np.int64]) -> Iterable[_Figure]:
    stations = layers.stations
    n = len(layers.communes)
    technologies = sorted(stations["technology"].unique())
    operators = sorted(stations["operator"].dropna().unique())
    date = as_of(layers, "stations")
    for service in (ALL, *technologies):
        for operator in (ANY, *operators):
            mine = np.ones(len(stations), dtype=bool)
            if service != ALL:
                mine &= (stations["technology"] == service).to_numpy()
            if operator != ANY:
                mine &= (stations["operator"] == operator).to_numpy()
            chosen = stations[mine]
            for indicator, keys in (
                ("sites", ["site_id"]),
                ("stations", ["site_id", "technology", "operator"]),
                ("cells", None),
            ):
                first = (~chosen.duplicated(keys)).to_numpy() if keys else np.ones(len(chosen), dtype=bool)
                counted = _by_commune(commune[mine][first], np.ones(int(first.sum())), n)
                yield _Figure(service, operator, indicator, counted, None, indicator, COUNTED.en, date)


def _tidy(layers: Layers, figures: Iterable[_Figure]) -> pd.DataFrame:
    import pandas as pd

    communes: gpd.GeoDataFrame = layers.communes
    n = len(communes)
    blocks: list[dict[str, Any]] = []
    for figure in figures:
        # The province's figure is summed from the very numbers of the communes, so both agree exactly.
        over = figure.denominator
        head = {
            "level": np.array(["province"] + ["commune"] * n),
            "code": np.array([layers.project.province.code, *communes["commune_code"]]),
            "name": np.array([layers.project.province.name, *communes["commune_name"]]),
            "numerator": np.concatenate([[figure.numerator.sum()], figure.numerator[:n]]),
            "denominator": np.full(n + 1, np.nan)
            if over is None
            else np.concatenate([[over.sum()], over[:n]]),
        }
        same = {
            "service": figure.service,
            "operator": figure.operator,
            "indicator": figure.indicator,
            "unit": figure.unit,
            "criterion": figure.criterion,
            "as_of": figure.as_of.isoformat(),
        }
        blocks.append({**head, **{key: np.full(n + 1, value) for key, value in same.items()}})
    table = pd.DataFrame({key: np.concatenate([b[key] for b in blocks]) for key in blocks[0]})
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100.0 * table["numerator"].to_numpy() / table["denominator"].to_numpy()
    table["percent"] = np.where(table["denominator"].to_numpy() > 0.0, percent, np.nan)
    table["_order"] = (table["level"] != "province").astype(int)
    table = table.sort_values(["_order", "code", "service", "operator", "indicator"], kind="stable")
    return table[list(INDICATOR_COLUMNS)].reset_index(drop=True)
