"""The tidy table: numerators over denominators for communes and province, never a bare per cent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.criterion import COUNTED, PRESENCE, REPORTED, describe
from phusong.coverage.official import official_figures
from phusong.coverage.result import ANY, Reach
from phusong.coverage.settlements import Settlements
from phusong.coverage.tidy import ALL, Figure, as_of, by_commune, fibre_service, inputs_of, tidy
from phusong.coverage.zonal import CommuneShares, cell_shares
from phusong.layers.inventory import Layers
from phusong.layers.status import OPERATIONAL

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array


def indicator_table(
    layers: Layers,
    shares: CommuneShares,
    reaches: Mapping[tuple[str, str], Reach],
    commune_of_place: Mapping[str, NDArray[np.int64]],
    commune_of_station: NDArray[np.int64],
    settlements: Settlements | None = None,
    villages: pd.DataFrame | None = None,
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
    settlements : Settlements, optional
    villages : DataFrame, optional
        `phusong.coverage.result.VILLAGE_COLUMNS`.

    Returns
    -------
    DataFrame
        `INDICATOR_COLUMNS`; the province's figures are the sums of the communes', plus the places and
        stations that lie in none.
    """
    figures: list[Figure] = []
    figures += _covered(layers, shares, reaches)
    figures += _places(layers, reaches, commune_of_place)
    figures += _zones(layers, reaches)
    figures += _households(layers)
    figures += fibre_presence(layers)
    figures += _counts(layers, commune_of_station)
    figures += official_figures(
        layers, shares, reaches, commune_of_place, commune_of_station, settlements, villages
    )
    return tidy(layers, figures)


def _covered(
    layers: Layers, shares: CommuneShares, reaches: Mapping[tuple[str, str], Reach]
) -> Iterable[Figure]:
    all_people = np.asarray(shares.people.sum(axis=1), dtype=np.float64).ravel()
    all_area = np.asarray(shares.area.sum(axis=1), dtype=np.float64).ravel()
    all_area = all_area * layers.grid.cell_km2
    for (service, operator), reach in reaches.items():
        criterion = describe(layers.project.services[service]).en
        date = as_of(layers, *inputs_of(layers, service))
        yield Figure(
            service,
            operator,
            "population",
            shares.sum_people(reach.covered),
            all_people,
            "people",
            criterion,
            date,
        )
        yield Figure(
            service, operator, "area", shares.sum_area_km2(reach.covered), all_area, "km2", criterion, date
        )


def _places(
    layers: Layers,
    reaches: Mapping[tuple[str, str], Reach],
    commune_of_place: Mapping[str, NDArray[np.int64]],
) -> Iterable[Figure]:
    n = len(layers.communes)
    for name, places in layers.places.items():
        commune = commune_of_place[name]
        total = by_commune(commune, np.ones(len(places)), n)
        x, y = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
        for (service, operator), reach in reaches.items():
            served = reach.covered.at(x, y, False).astype(np.float64)
            yield Figure(
                service,
                operator,
                f"places:{name}",
                by_commune(commune, served, n),
                total,
                "places",
                describe(layers.project.services[service]).en,
                as_of(layers, *inputs_of(layers, service)),
            )


def zones_by_commune(layers: Layers) -> Iterator[tuple[str, csr_array]]:
    """Yield each layer of zones with the part of every cell that lies in its zones, by commune."""
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
        yield name, csr_array(gather @ shares)


def _zones(layers: Layers, reaches: Mapping[tuple[str, str], Reach]) -> Iterable[Figure]:
    for name, in_commune in zones_by_commune(layers):
        total = np.asarray(in_commune.sum(axis=1), dtype=np.float64).ravel()
        total = total * layers.grid.cell_km2
        for (service, operator), reach in reaches.items():
            covered = in_commune @ reach.covered.values.ravel().astype(np.float64) * layers.grid.cell_km2
            yield Figure(
                service,
                operator,
                f"zones:{name}",
                np.asarray(covered),
                total,
                "km2",
                describe(layers.project.services[service]).en,
                as_of(layers, *inputs_of(layers, service)),
            )


def _households(layers: Layers) -> Iterable[Figure]:
    if layers.households is None:
        return
    table = layers.households.set_index("commune_code")
    codes = layers.communes["commune_code"]
    total = table["households"].reindex(codes).fillna(0.0).to_numpy(np.float64)
    fibre = table["households_with_fibre"].reindex(codes).fillna(0.0).to_numpy(np.float64)
    yield Figure(
        fibre_service(layers),
        ANY,
        "households",
        fibre,
        total,
        "households",
        REPORTED.en,
        as_of(layers, "households"),
    )


def fibre_presence(layers: Layers) -> Iterable[Figure]:
    """Yield which communes have fibre, by operator."""
    parts = {"fibre_routes": layers.fibre_routes, "fibre_nodes": layers.fibre_nodes}
    given = {
        name: part[(part["status"] == OPERATIONAL).to_numpy()]
        for name, part in parts.items()
        if part is not None
    }
    if not given:
        return
    operators = sorted({o for part in given.values() for o in part["operator"].dropna()})
    met = [
        (part["operator"].to_numpy(dtype=object), part.sindex.query(layers.communes.geometry, "intersects"))
        for part in given.values()
    ]
    for operator in (ANY, *operators):
        present = np.zeros(len(layers.communes))
        for owner, (commune, row) in met:
            present[commune if operator == ANY else commune[owner[row] == operator]] = 1.0
        yield Figure(
            fibre_service(layers),
            operator,
            "communes",
            present,
            np.ones(len(present)),
            "communes",
            PRESENCE.en,
            as_of(layers, *given),
        )


def _counts(layers: Layers, commune: NDArray[np.int64]) -> Iterable[Figure]:
    import pandas as pd

    stations = pd.DataFrame(layers.stations[["site_id", "technology", "operator"]])
    n = len(layers.communes)
    # Numbers for names: what repeats is asked for every technology and operator.
    number = {
        "sites": _numbered(stations, ["site_id"]),
        "stations": _numbered(stations, list(stations.columns)),
        "cells": np.arange(len(stations), dtype=np.int64),
    }
    everywhere = np.ones(len(stations), dtype=bool)
    technologies, operators = {ALL: everywhere}, {ANY: everywhere}
    for technology in sorted(stations["technology"].unique()):
        technologies[technology] = (stations["technology"] == technology).to_numpy()
    for operator in sorted(stations["operator"].dropna().unique()):
        operators[operator] = (stations["operator"] == operator).to_numpy()
    date = as_of(layers, "stations")
    for service, of_service in technologies.items():
        for operator, of_operator in operators.items():
            mine = np.flatnonzero(of_service & of_operator)
            for indicator, numbers in number.items():
                first = mine[np.unique(numbers[mine], return_index=True)[1]]
                counted = by_commune(commune[first], np.ones(len(first)), n)
                yield Figure(service, operator, indicator, counted, None, indicator, COUNTED.en, date)


def _numbered(table: pd.DataFrame, columns: list[str]) -> NDArray[np.int64]:
    """Return a number per row, equal where the columns are."""
    return np.asarray(table.groupby(columns, dropna=False).ngroup(), dtype=np.int64)
