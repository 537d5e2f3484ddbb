"""All layers of a project, read together."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from phusong.data.language import Text
from phusong.layers.faults import Fault
from phusong.layers.grid import Grid, Raster
from phusong.layers.project.schema import Project, Target

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from phusong.layers.boundaries.old_communes import OldCommunes
    from phusong.layers.calibration import Calibration


@dataclass(frozen=True)
class Source:
    """One input file as it was read: what every figure's footnote points to.

    Attributes
    ----------
    layer : str
        ``communes``, ``places.villages`` and so on.
    path : str
        As the project gives it, relative to the project file.
    sha256 : str
    as_of : datetime.date
        The day for which the data stand: the layer's own, else the province's.
    rows : int
        Rows or cells read.
    dated : {"layer", "file", "province"}
        Who says the day: the project for this layer, a column of the file, or nobody, so that it is the
        province's.
    attribution, licence : str
        As ``sources.json`` beside the file has them; empty for the user's own files.
    indicative : bool
        Public data that stand in for the user's own.
    forbids : tuple of str
        What their licence forbids: ``redistribution``, ``commercial``.
    """

    layer: str
    path: str
    sha256: str
    as_of: datetime.date
    rows: int
    dated: Literal["layer", "file", "province"] = "province"
    attribution: str = ""
    licence: str = ""
    indicative: bool = False
    forbids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Understood:
    """What the program took one file to mean: what its sender would want to see confirmed.

    Attributes
    ----------
    layer : str
        ``communes``, ``places.villages`` and so on.
    path : str
        As the project gives it, relative to the project file.
    rows : int
        Rows of data.
    columns : tuple of (str, str)
        Our name and the header in the file, in our order.
    encoding : str
        ``unicode``, or the old encodings that columns were converted from, joined by ``, ``.
    crs : str
        Coordinate system of the positions, as ``EPSG:9217``; empty where the layer has none.
    notes : tuple of Text
        What else was understood, values filled in: rows left out and why, numbers, dates, positions.
    """

    layer: str
    path: str
    rows: int
    columns: tuple[tuple[str, str], ...] = ()
    encoding: str = ""
    crs: str = ""
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Population:
    """People per cell of the grid.

    Attributes
    ----------
    people : Raster of float64
        Conserves the people of every source cell.
    total : float
        People of the source cells that touch the grid; ``people`` sums to it, less what lies beyond.
    beyond_grid : float
        The part of those cells that lies outside the grid.
    evenly : Raster of float64 or None
        The same people divided evenly within each source cell, where ``people`` are not.
    """

    people: Raster[np.float64]
    total: float
    beyond_grid: float
    evenly: Raster[np.float64] | None = None


def _no_shapes() -> gpd.GeoSeries:
    import geopandas as gpd

    return gpd.GeoSeries([], dtype="geometry")


@dataclass(frozen=True)
class Topology:
    """How the communes fit together, in the grid's coordinate system.

    Attributes
    ----------
    overlaps : GeoSeries
        Disjoint pieces of ground that two or more communes claim.
    holes : GeoSeries
        Ground that communes enclose and none claims.
    """

    overlaps: gpd.GeoSeries = field(default_factory=_no_shapes)
    holes: gpd.GeoSeries = field(default_factory=_no_shapes)


@dataclass(frozen=True)
class Layers:
    """Everything that was read, in the grid's coordinate system, checked.

    Attributes
    ----------
    project : Project
    grid : Grid
    communes : GeoDataFrame
        ``commune_code commune_name population geometry`` (population NaN where not given), sorted by code.
    stations : GeoDataFrame
        One row per cell, operational ones only, in the order of the file: ``site_id cell_id operator
        technology frequency_mhz lon lat antenna_height_m azimuth_deg tilt_deg beamwidth_deg eirp_dbm
        bandwidth_mhz commune_code geometry``; azimuth NaN = omnidirectional.
    population : Population
    places : mapping of name to GeoDataFrame
        ``place_id name commune_code lon lat geometry`` and what else the file had.
    zones : mapping of name to GeoDataFrame
        ``zone_id name geometry`` and what else.
    households : DataFrame or None
        ``commune_code households households_with_fibre as_of``.
    water, protected : GeoDataFrame or None
        ``name width_m geometry``: rivers as lines or areas; areas in which building is restricted.
    fibre_nodes, fibre_routes, roads : GeoDataFrame or None
        ``id kind operator status geometry``; ``id operator status fibre_count geometry``; as it is.
    terrain : Raster of float32 or None
        Metres above sea level, NaN = void.
    clutter : Raster of uint8 or None
        Codes of `phusong.layers.rasters.clutter.CLASSES`.
    faults : tuple of Fault
        Warnings.
    sources : tuple of Source
    topology : Topology
        Overlaps and holes of the communes.
    understood : tuple of Understood
        Per table or vector file, in the order of reading.
    calibrations : mapping of path to Calibration
        Files of ``[services.X] calibration``, by their path as the project gives it.
    second_population : Population or None
        The raster of ``[uncertainty] second_population``.
    old_communes : OldCommunes or None
        Boundaries of before 1 July 2025.
    targets : mapping of name to Target
        Those of the layer ``targets``, by document, year and row.
    earlier : tuple of DataFrame
        Provincial figures of earlier runs, the oldest first: ``code service operator indicator numerator
        denominator percent as_of``.
    neighbours : GeoDataFrame or None
        Stations beyond the border, as ``stations``; see `with_neighbours`. The rows of a best server go on
        into them.
    """

    project: Project
    grid: Grid
    communes: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    population: Population
    places: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    zones: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    households: pd.DataFrame | None = None
    fibre_nodes: gpd.GeoDataFrame | None = None
    fibre_routes: gpd.GeoDataFrame | None = None
    roads: gpd.GeoDataFrame | None = None
    water: gpd.GeoDataFrame | None = None
    protected: gpd.GeoDataFrame | None = None
    terrain: Raster[np.float32] | None = None
    clutter: Raster[np.uint8] | None = None
    faults: tuple[Fault, ...] = ()
    sources: tuple[Source, ...] = ()
    topology: Topology = field(default_factory=Topology)
    understood: tuple[Understood, ...] = ()
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    second_population: Population | None = None
    old_communes: OldCommunes | None = None
    targets: Mapping[str, Target] = field(default_factory=dict)
    earlier: tuple[pd.DataFrame, ...] = ()
    neighbours: gpd.GeoDataFrame | None = None

    def with_neighbours(self) -> Layers:
        """Return the layers with the neighbours' stations after the province's own: what can be heard.

        A neighbour's operator that has no station of its own here counts for any operator alone, so that the
        operators are the same for every service.
        """
        if self.neighbours is None or not len(self.neighbours):
            return self
        import pandas as pd

        beyond = self.neighbours.copy()
        beyond.loc[~beyond["operator"].isin(self.stations["operator"]), "operator"] = ""
        together = pd.concat([self.stations, beyond[list(self.stations.columns)]], ignore_index=True)
        return replace(self, stations=together, neighbours=None)
