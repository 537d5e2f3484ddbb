"""The project file: one typed schema, and the messages for what does not fit it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from phusong.layers.on_disk import found_path
from phusong.layers.project.plan import PlanTable
from phusong.layers.project.tiles import MapTable
from phusong.layers.project.uncertainty import UncertaintyTable
from phusong.layers.vectors.postgis_url import DatabaseUrl, as_path, path_or_url

Technology = Literal["2G", "3G", "4G", "5G"]
Environment = Literal["urban", "suburban", "rural", "open"]
PathOrUrl = Annotated[
    Path | DatabaseUrl,
    BeforeValidator(path_or_url),
    PlainSerializer(lambda given: str(given), return_type=str),
]
"""A file, or ``postgresql://…``, which is written out without its password."""
FLAT_MODELS = ("hata", "cost231", "tr38901-rma", "tr38901-uma", "tr38901-umi")
TERRAIN_MODELS = ("p1812", "itm", "p526")


class _Table(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )


class ProvinceTable(_Table):
    """``[province]``: which unit this is, and the day its data stand for."""

    code: str = Field(pattern=r"^[0-9A-Za-z_-]{1,16}$")
    name: str = Field(min_length=1, max_length=200)
    as_of: datetime.date


class GridTable(_Table):
    """``[grid]``: ``crs`` defaults to the UTM zone of the communes' middle."""

    crs: str | None = None
    cell_m: float = Field(default=100.0, ge=10.0, le=5000.0)


class RadioTable(_Table):
    """``[radio]``: the atmosphere over the province.

    The defaults are typical of tropical coasts and hills in the ITU's maps (Rec. ITU-R P.452 and
    P.1812, figures of dN and N0): the gradient over the lowest kilometre and the sea-level
    refractivity near 14 N 108 E.
    """

    delta_n: float = Field(default=50.0, ge=1.0, le=156.0)
    n0: float = Field(default=370.0, ge=250.0, le=400.0)
    sea_zones: bool = False
    """Take large waters of the clutter as sea (P.1812's zones): for islands and paths of tens of km."""


class GapsTable(_Table):
    """``[gaps]``: what counts as populated, and which patches are worth a number.

    Patches larger than ``max_area_km2`` are cut along the borders of communes: one that spans half a
    province is nobody's to close.
    """

    min_people_per_km2: float = Field(default=10.0, ge=0.0)
    min_people: float = Field(default=10.0, ge=0.0)
    max_area_km2: float = Field(default=100.0, gt=0.0)


class SettlementsTable(_Table):
    """``[settlements]``: what a residential area (khu dân cư) is, and when it counts as served.

    A contiguous patch of cells with at least ``min_people_per_km2`` and, inside one commune, at least
    ``min_people``. The defaults are the rural cluster of the Degree of Urbanisation (Applying the Degree
    of Urbanisation, EU/FAO/UN-Habitat/OECD/World Bank 2021, chapter 7: 300 people per km², 500 people).
    """

    min_people_per_km2: float = Field(default=300.0, gt=0.0)
    min_people: float = Field(default=500.0, ge=0.0)
    served_share: float = Field(default=0.95, gt=0.0, le=1.0)
    """Share of its people that must be covered."""


class VillagesTable(_Table):
    """``[villages]``: when a village is *trắng* or *lõm*; the official text of the criteria is not public.

    *Trắng*: no signal at the centre. *Lõm*: the centre served, but an outlying cluster not: uncovered
    ground with ``min_people_per_km2``, nearer to this village than to any other and within ``radius_m``,
    of which a contiguous patch holds ``outlying_people``.
    """

    layer: str = "villages"
    """Which layer of ``[places]`` holds the villages."""
    radius_m: float = Field(default=2000.0, gt=0.0, le=20000.0)
    outlying_people: float = Field(default=20.0, gt=0.0)
    min_people_per_km2: float = Field(default=10.0, gt=0.0)


class OfficialTable(_Table):
    """``[official]``: what else the sentences of provinces need to know."""

    key: tuple[str, ...] = ("key", "key_locations")
    """Layers of ``[places]`` that are registers of key locations; of other layers, rows whose column
    ``key`` is marked."""
    centres: str = "centres"
    """Which layer of ``[places]`` holds the commune centres."""
    same_mast_m: float = Field(default=0.0, ge=0.0, le=200.0)
    """Sites nearer to each other than this are one mast; by default those with one id or position."""
    default_targets: bool = True
    """Also show the targets that come with the program, for provinces of Vietnam."""


class HistoryTable(_Table):
    """``[history]``: earlier outputs, whose figures make the trend."""

    runs: tuple[Path, ...] = ()
    """Folders of outputs, or their ``indicators.csv``."""


class Reported(_Table):
    """``[reported.X]``: a figure from elsewhere, shown beside the computed ones and never mixed with them."""

    name: str = Field(min_length=1, max_length=200)
    value: float
    unit: str = "%"
    source: str = ""
    as_of: datetime.date | None = None
    criterion: str = ""
    """Id of the criterion of an index (``dti-…``, ``dii-…``) for which it is evidence."""


class LayerTable(_Table):
    """``[layers.X]``: a file, and how its columns are called."""

    path: PathOrUrl
    layer: str | None = None
    crs: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, list[str]] = Field(default_factory=dict)
    """Further words by which files call our columns: ``{ site_id = ["Mã NT"] }``."""
    decimal: Literal[".", ","] | None = None
    """Decimal sign of the file's numbers, where its columns leave it open."""
    encoding: Literal["unicode", "tcvn3", "vni", "cp1258", "utf-8"] | None = None
    """Of the file's text, where the columns leave it open."""
    vintage: Literal["2024", "2025", 2024, 2025] | None = None
    """Of the commune codes: before or since 1 July 2025, where the codes leave it open."""
    divided: Literal["refuse", "equal", "main"] = "refuse"
    """What becomes of figures of an old commune that was divided: left out with an error, or this rule."""
    as_of: datetime.date | None = None
    defaults: dict[str, str | float] = Field(default_factory=dict)
    """Values for columns that the file lacks: ``{ technology = "4G" }``."""
    confidential: bool = False
    """Left out of outputs made with ``--public``."""


class PopulationTable(LayerTable):
    """``[layers.population]``: ``scale = "official"`` scales each commune to its official figure.

    ``dasymetric`` divides the people of each source cell by buildings or land cover instead of evenly;
    every source cell keeps its people.
    """

    scale: Literal["none", "official"] = "none"
    dasymetric: Literal["none", "buildings", "landcover"] = "none"


class TerrainTable(LayerTable):
    """``[layers.terrain]``: voids stay voids unless ``fill_voids`` says otherwise.

    ``vertical_datum`` (``EGM96``, ``EGM2008``, ``Hon Dau 1972``) is noted in the outputs; heights are not
    shifted, since what matters to a path is their difference.
    """

    fill_voids: bool = False
    vertical_datum: str = Field(default="", max_length=60)


class ClutterTable(LayerTable):
    """``[layers.clutter]``: classes of the raster by value, and their heights."""

    classes: dict[str, Literal["water", "open", "forest", "suburban", "urban", "dense-urban"]] = Field(
        default_factory=dict
    )
    heights_m: dict[str, float] = Field(default_factory=dict)


class LayersTable(_Table):
    """``[layers]``: communes, population and stations are needed; every other layer is optional."""

    communes: LayerTable
    population: PopulationTable
    stations: LayerTable
    old_communes: LayerTable | None = None
    """Polygons of before 1 July 2025: by them the people of divided communes decide how figures divide."""
    households: LayerTable | None = None
    fibre_nodes: LayerTable | None = None
    fibre_routes: LayerTable | None = None
    roads: LayerTable | None = None
    water: LayerTable | None = None
    """Rivers and lakes, which cable crosses dearly."""
    protected: LayerTable | None = None
    """Areas in which building is restricted."""
    terrain: TerrainTable | None = None
    clutter: ClutterTable | None = None
    buildings: LayerTable | None = None
    """Where ``dasymetric = "buildings"`` puts people: polygons, or points with ``area_m2``."""
    neighbours: LayerTable | None = None
    """Stations beyond the border: they serve the province, and are counted nowhere."""
    targets: LayerTable | None = None
    """Targets as a table: ``document date year service indicator level value`` and more."""


class _RadioService(_Table):
    technology: Technology | None = None
    """Technology of the stations that serve; by default the name of the service."""
    max_distance_m: float = Field(default=15000.0, gt=0.0, le=100000.0)
    threshold_dbm: float = Field(default=-110.0, ge=-150.0, le=-30.0)
    probability: float = Field(default=0.9, ge=0.5, lt=1.0)
    receiver_height_m: float = Field(default=1.5, ge=0.5, le=50.0)
    penetration: Literal["outdoor", "in-car", "indoor"] = "outdoor"
    penetration_db: float | None = Field(default=None, ge=0.0, le=60.0)
    sigma_db: float | None = Field(default=None, ge=0.0, le=20.0)
    """Shadowing; by default that of the model."""
    load: float = Field(default=0.5, ge=0.0, le=1.0)
    sinr: bool = False
    """Also predict the interference-limited SINR at ``load``."""
    calibration: Path | None = None
    """File made by ``phusong calibrate``: corrections fitted to measurements, added to the signal."""


class RangeService(_Table):
    """A circle of ``radius_m`` round every site: for when nothing but positions is known."""

    model: Literal["range"]
    technology: Technology | None = None
    radius_m: float = Field(gt=0.0, le=100000.0)


class FlatService(_RadioService):
    """A formula of distance, frequency and heights."""

    model: Literal["hata", "cost231", "tr38901-rma", "tr38901-uma", "tr38901-umi"]
    environment: Environment = "rural"


class TerrainService(_RadioService):
    """A model over terrain profiles."""

    model: Literal["p1812", "itm", "p526"]
    time_percent: float = Field(default=50.0, ge=1.0, le=50.0)


class FibreService(_Table):
    """Distance to the nearest operational fibre: straight, or along roads from access points."""

    model: Literal["route-distance"]
    reach_m: float = Field(gt=0.0, le=50000.0)
    reach: Literal["straight", "roads"] = "straight"
    """``straight``: within ``reach_m`` of a route or node as the crow flies. ``roads``: within ``drop_m`` of
    a road that is within ``reach_m`` of an access point along roads; the keys below are for this."""
    drop_m: float = Field(default=300.0, gt=0.0, le=5000.0)
    """Longest drop from the road to the home."""
    access: tuple[str, ...] = ()
    """Kinds of nodes at which homes join, as the file names them; by default all but poles and manholes."""
    tap_routes: bool = False
    """Cables can be joined anywhere along their way, not at nodes alone."""
    snap_m: float = Field(default=2.0, ge=0.0, le=50.0)
    """Ends of roads nearer than this meet."""
    classes: dict[str, Annotated[float, Field(gt=0.0, le=1000.0)]] = Field(default_factory=dict)
    """Cost of a metre by class of road, ``water`` and ``protected``, beside a commune road."""
    optics: Literal["B+", "C+"] | None = None
    """Optical class: access points then reach no farther than the optical budget from their OLT."""
    splitters: tuple[Literal["1:2", "1:4", "1:8", "1:16", "1:32", "1:64"], ...] = ("1:32",)
    """Stages of splitters between OLT and home."""


Service = Annotated[
    RangeService | FlatService | TerrainService | FibreService, Field(discriminator="model")
]


class Target(_Table):
    """``[targets.X]``: what a resolution asks for."""

    service: str = ""
    """Empty for what no service has: villages of any technology, sharing of masts."""
    indicator: str = "population"
    percent: float = Field(ge=0.0, le=100.0)
    year: int = Field(ge=2000, le=2100)
    document: str = ""
    """Number of the document, as ``805/QĐ-TTg``."""
    date: datetime.date | None = None
    """Of the document."""
    level: Literal["province", "commune"] = "province"
    """``commune``: every commune must reach it."""
    operator: str = "any"
    at_most: bool = False
    """Less is better, as of villages without signal."""


class Project(_Table):
    """A whole project file, with its folder.

    Attributes
    ----------
    file : Path
        The project file itself; every path in it is relative to its folder.
    """

    file: Path = Field(exclude=True)
    province: ProvinceTable
    grid: GridTable = GridTable()
    radio: RadioTable = RadioTable()
    gaps: GapsTable = GapsTable()
    settlements: SettlementsTable = SettlementsTable()
    villages: VillagesTable = VillagesTable()
    official: OfficialTable = OfficialTable()
    history: HistoryTable = HistoryTable()
    uncertainty: UncertaintyTable | None = None
    layers: LayersTable
    places: dict[str, LayerTable] = Field(default_factory=dict)
    zones: dict[str, LayerTable] = Field(default_factory=dict)
    services: dict[str, Service] = Field(min_length=1)
    targets: dict[str, Target] = Field(default_factory=dict)
    reported: dict[str, Reported] = Field(default_factory=dict)
    costs: dict[str, float] = Field(default_factory=dict)
    plan: PlanTable = PlanTable()
    map: MapTable | None = Field(default=None, exclude_if=lambda table: table is None)

    def path(self, layer: LayerTable) -> Path:
        """Return where the file of a layer lies."""
        return found_path(self.file.parent / as_path(layer.path))
