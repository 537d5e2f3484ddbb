"""What an analysis returns: frozen tables and rasters, ready to be drawn and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from phusong.layers.faults import Fault
from phusong.layers.grid import Raster

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from phusong.coverage.evidence.uncertainty import Uncertainty
    from phusong.coverage.fibre.assessment import FibreAssessment
    from phusong.coverage.scenario import WhatIf
    from phusong.layers.inventory import Layers

ANY = "any"
"""Operator of a figure that holds for at least one operator."""

INDICATOR_COLUMNS = (
    "level",
    "code",
    "name",
    "service",
    "operator",
    "indicator",
    "numerator",
    "denominator",
    "percent",
    "unit",
    "criterion",
    "as_of",
)
"""Columns of the tidy table. ``level`` is ``province`` or ``commune``; ``indicator`` one of
``population area places:<layer> zones:<layer> households sites stations cells communes`` and those of
`phusong.coverage.official`; counts of stations
have no denominator; ``criterion`` says in words what counts as covered (English; `Criterion` has both)."""

GAP_COLUMNS = (
    "gap_id",
    "service",
    "operator",
    "rank",
    "people",
    "area_km2",
    "commune_codes",
    "commune_names",
    "nearest_site_id",
    "nearest_site_m",
    "nearest_fibre_m",
    "places",
    "reason",
    "server_site_id",
    "shortfall_db",
    "terrain_db",
    "clutter_db",
    "ridge_m",
    "ridge_above_m",
    "lon",
    "lat",
    "geometry",
)
"""Columns of the gaps (EPSG:4326). ``gap_id`` is ``<service>-<rank>``; ``commune_codes``,
``commune_names`` and ``places`` are joined by ``; ``; ``lon lat`` is a populated point inside; ``reason``
one of ``no station in range``, ``terrain``, ``clutter``, ``power``, ``no fibre``. The six columns after it
take the loss of the best candidate server apart, as `phusong.coverage.reasons.Cause` says; empty where the
model knows no terrain."""

PLACE_COLUMNS = (
    "layer",
    "place_id",
    "name",
    "commune_code",
    "commune_name",
    "lon",
    "lat",
    "service",
    "operator",
    "served",
    "signal",
)
"""Columns of the places: one row per place, service and operator; ``signal`` in dBm or metres."""


VILLAGE_COLUMNS = (
    "place_id", "name", "commune_code", "commune_name", "households", "has_grid_power", "disadvantaged",
    "lon", "lat", "service", "operator", "state", "outlying_people",
)
"""Columns of the villages: a row per village, mobile service and operator. ``state`` is ``served``, ``lom``
or ``trang``; flags are 1, 0 or NaN; ``outlying_people`` live in the largest cluster left out."""

SETTLEMENT_COLUMNS = (
    "settlement_id", "commune_code", "commune_name", "people", "service", "operator", "share", "served",
    "lon", "lat",
)
"""Columns of the residential areas: a row per area and service of any operator; ``share`` of its people."""

DEFINITION_COLUMNS = (
    "level", "code", "name", "service", "definition", "numerator", "denominator", "percent", "rank",
    "rank_change",
)
"""Columns of the definitions side by side: people covered under each definition. ``definition`` is ``own``
for the service's criterion, else an id of ``data/coverage_definitions.csv``; ``rank`` 1 is the commune with
the highest share; ``rank_change`` how many places it falls against ``own`` (negative: rises)."""


@dataclass(frozen=True)
class Reach:
    """What one service of one operator (or of any) reaches.

    Attributes
    ----------
    service, operator : str
    unit : {"dBm", "m"}
        Of ``signal``: RSRP, or distance to the nearest site (``range``) or fibre.
    signal : Raster of float32
        Of the best server; NaN where nothing reaches.
    covered : Raster of bool
    probability : Raster of float32, optional
        Highest location probability of any cell, as a rule the best server's; None where the model
        knows none.
    best_server : Raster of int32, optional
        Position of the cell in ``layers.stations``; -1 where nothing reaches.
    servers : Raster of uint16, optional
        Number of cells that cover the place.
    sinr : Raster of float32, optional
        dB, at the load of the service.
    """

    service: str
    operator: str
    unit: Literal["dBm", "m"]
    signal: Raster[np.float32]
    covered: Raster[np.bool_]
    probability: Raster[np.float32] | None = None
    best_server: Raster[np.int32] | None = None
    servers: Raster[np.uint16] | None = None
    sinr: Raster[np.float32] | None = None


@dataclass(frozen=True)
class PeopleAccount:
    """Where the people of the raster are: ``inside + outside = total`` to 1e-9.

    Attributes
    ----------
    total : float
        People of the source cells that touch the grid.
    inside : float
        In exactly the communes (an overlap counted once).
    outside : float
        In no commune: beyond the border, at sea, in holes.
    in_overlaps, in_holes : float
        Of ``inside`` and of ``outside``: claimed by two communes; enclosed by communes.
    scaled : bool
        Whether communes were scaled to their official population; ``raster_inside`` is then the figure
        before.
    raster_inside : float
    """

    total: float
    inside: float
    outside: float
    in_overlaps: float
    in_holes: float
    scaled: bool
    raster_inside: float


@dataclass(frozen=True)
class Result:
    """The answer for one province.

    Attributes
    ----------
    layers : Layers
        What was read.
    reaches : mapping of (service, operator) to Reach
        Operator `ANY` is there for every service.
    indicators : DataFrame
        `INDICATOR_COLUMNS`, sorted by level (province first), code, service, operator, indicator.
    gaps : GeoDataFrame
        `GAP_COLUMNS`, sorted by service and rank.
    places : DataFrame
        `PLACE_COLUMNS`.
    people : PeopleAccount
    scattered : mapping of service to float
        Uncovered people in no numbered gap: gaps + scattered = uncovered.
    faults : tuple of Fault
        Warnings of reading and of analysis.
    seconds : mapping of stage to float
    public : bool
        Whether what must not be shown to everybody has been left out.
    uncertainty : Uncertainty or None
        Lows and highs, where the project asks for them; ``indicators`` then has columns ``low high``.
    villages : DataFrame or None
        `VILLAGE_COLUMNS`.
    settlements : DataFrame or None
        `SETTLEMENT_COLUMNS`.
    definitions : DataFrame or None
        `DEFINITION_COLUMNS`.
    fibre : mapping of service to FibreAssessment, or None
        Of services that reach along roads.
    planned : DataFrame or None
        `INDICATOR_COLUMNS` as they would be with a plan built: what targets are also held against.
    what_if : WhatIf or None
        Of a scenario: what it changes, beside the base.
    """

    layers: Layers
    reaches: Mapping[tuple[str, str], Reach]
    indicators: pd.DataFrame
    gaps: gpd.GeoDataFrame
    places: pd.DataFrame
    people: PeopleAccount
    scattered: Mapping[str, float]
    faults: tuple[Fault, ...]
    seconds: Mapping[str, float]
    public: bool = False
    uncertainty: Uncertainty | None = None
    villages: pd.DataFrame | None = None
    settlements: pd.DataFrame | None = None
    definitions: pd.DataFrame | None = None
    planned: pd.DataFrame | None = None
    what_if: WhatIf | None = None
    fibre: Mapping[str, FibreAssessment] | None = None

    @cached_property
    def figures(self) -> Mapping[tuple[str, ...], tuple[float, float]]:
        """Numerator and denominator by (level, code, service, operator, indicator)."""
        named_by = ("level", "code", "service", "operator", "indicator")
        # As lists: columns of text from Arrow are slow to walk through one by one.
        keys = zip(*(self.indicators[c].astype(str).tolist() for c in named_by), strict=True)
        parts = (self.indicators[c].astype(float).tolist() for c in ("numerator", "denominator"))
        return dict(zip(keys, zip(*parts, strict=True), strict=True))
