"""One path in full: its profile, every term of its loss, and what the cells of the site deliver."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from phusong.coverage.radio.antenna import pattern_gain_db
from phusong.coverage.radio.calibrated import correction_at_db
from phusong.coverage.radio.cells import Cell, service_cells
from phusong.coverage.radio.link_budget import location_probability
from phusong.coverage.radio.link_models import MODELS, Answer, Path, Term
from phusong.coverage.radio.model import Link as RadioLink
from phusong.coverage.radio.p1812 import location_sigma_db
from phusong.coverage.radio.profile import (
    Clearance,
    PathProfile,
    clearance,
    median_earth_radius_km,
    straight_profile,
)
from phusong.data.language import Text
from phusong.data.tables import technology_defaults
from phusong.layers.faults import ExpectedError
from phusong.layers.inventory import Layers
from phusong.layers.project.schema import FibreService, FlatService, RangeService, TerrainService
from phusong.layers.rasters.clutter import clutter_heights_m

UNKNOWN_SITE = Text(
    "Không có vị trí '{asked}' trong danh sách trạm, và đó cũng không phải tọa độ 'vĩ độ,kinh độ'.{near}",
    "There is no site '{asked}' in the inventory, and it is no 'lat,lon' either.{near}",
)
NEAR_SITES = Text(" Gần giống: {sites}.", " Similar: {sites}.")
OUTSIDE = Text(
    "Điểm '{asked}' nằm ngoài lưới của tỉnh.", "The point '{asked}' lies outside the province's grid."
)
NO_PLACE = Text(
    "'{asked}' không phải một điểm trên trái đất. Viết vĩ độ trước, kinh độ sau: 13.98,108.00.",
    "'{asked}' is no place on earth. Latitude comes first, then longitude: 13.98,108.00.",
)
NO_TERRAIN = Text(
    "Cần lớp địa hình để vẽ mặt cắt: khai [layers.terrain] trong tệp dự án.",
    "A profile needs terrain: declare [layers.terrain] in the project file.",
)
VOID = Text(
    "Địa hình không có giá trị ở {n} điểm trên mặt cắt, đầu tiên cách trạm {distance:.0f} m.",
    "The terrain has no value at {n} points of the profile, the first {distance:.0f} m from the start.",
)
SAME = Text("Hai đầu của tuyến là một điểm.", "Both ends of the path are one point.")
NO_SERVICE = Text(
    "Dự án không có dịch vụ vô tuyến '{asked}'. Có: {known}.",
    "The project has no radio service '{asked}'. It has: {known}.",
)


@dataclass(frozen=True)
class End:
    """One end of a path.

    Attributes
    ----------
    label : str
        Site id, or the coordinates as they were given.
    x_m, y_m : float
        In the grid's coordinate system.
    lon, lat : float
        Degrees, WGS 84.
    height_m : float
        Antenna above ground.
    is_site : bool
    """

    label: str
    x_m: float
    y_m: float
    lon: float
    lat: float
    height_m: float
    is_site: bool


@dataclass(frozen=True)
class CellReport:
    """What one cell of the site delivers at the other end."""

    cell_id: str
    operator: str
    reference_dbm: float
    gain_db: float
    loss_db: float
    rsrp_dbm: float
    required_dbm: float
    sigma_db: float
    probability: float
    covered: bool


@dataclass(frozen=True)
class Link:
    """The whole answer for one path.

    Attributes
    ----------
    service, model : str
    frequency_mhz : float
    start, end : End
    profile : PathProfile
    clearance : Clearance
    terms : tuple of Term
        Every term of the model, free space first, the basic transmission loss last.
    loss_db, free_space_db : float
        Median of locations and of the service's time percentage.
    terrain_db : float
        Loss beyond free space that bare ground causes.
    clutter_db : float
        What clutter adds to it.
    cells : tuple of CellReport
        Strongest first; empty where the start is no site of the service.
    """

    service: str
    model: str
    frequency_mhz: float
    start: End
    end: End
    profile: PathProfile
    clearance: Clearance
    terms: tuple[Term, ...]
    loss_db: float
    free_space_db: float
    terrain_db: float
    clutter_db: float
    cells: tuple[CellReport, ...]


def analyse_link(
    layers: Layers, start: str, end: str, *, service: str | None = None, model: str | None = None
) -> Link:
    """Analyse the path between two sites, or a site and a point, or two points.

    Parameters
    ----------
    layers : Layers
        With terrain.
    start, end : str
        A site id of the inventory, or ``lat,lon`` in degrees.
    service : str, optional
        Of the project; by default the first radio service whose technology the start has.
    model : {"p1812", "itm", "p526"}, optional
        By default the service's own if it is one of these, else ``p1812``.

    Raises
    ------
    ExpectedError
        For an unknown site or service, a point off the grid, no terrain, or a void on the path.
    """
    if layers.terrain is None:
        raise ExpectedError(NO_TERRAIN)
    name = _service_name(layers, start, service)
    settings = layers.project.services[name]
    cells = _cells_at(layers, name, settings, start)
    first = _end(layers, start, cells[0].link.tx_height_m if cells else None, name, settings)
    rx_height_m = getattr(settings, "receiver_height_m", 1.5)
    last = _end(layers, end, None if _is_site(layers, end) else rx_height_m, name, settings)
    if (first.x_m, first.y_m) == (last.x_m, last.y_m):
        raise ExpectedError(SAME)
    profile = straight_profile(layers, (first.x_m, first.y_m), (last.x_m, last.y_m))
    void = np.flatnonzero(~np.isfinite(profile.ground_m))
    if len(void):
        raise ExpectedError(VOID, n=len(void), distance=float(profile.distance_m[void[0]]))
    technology = getattr(settings, "technology", None) or name
    frequency = cells[0].link.frequency_mhz if cells else technology_defaults()[technology].frequency_mhz
    chosen = model or (settings.model if isinstance(settings, TerrainService) else "p1812")
    path = Path(profile, profile.clutter_m, frequency, first.height_m, last.height_m)
    loss, free_space, terms = MODELS[chosen](layers, settings, path)
    bare = MODELS[chosen](layers, settings, Path(profile, None, frequency, first.height_m, last.height_m))[0]
    seen = clearance(
        profile,
        frequency_mhz=frequency,
        tx_height_m=first.height_m,
        rx_height_m=last.height_m,
        earth_radius_km=median_earth_radius_km(layers.project.radio.delta_n),
    )
    answers = answers_by_link(layers, settings, cells, profile, last.height_m, chosen)
    reports = [
        cell_report(layers, cell, answers[cell.link][0], answers[cell.link][1][0], settings) for cell in cells
    ]
    reports.sort(key=lambda r: (-r.rsrp_dbm, r.cell_id))
    return Link(
        name, chosen, frequency, first, last, profile, seen, terms, loss, free_space,
        bare - free_space, loss - bare, tuple(reports),
    )  # fmt: skip


def _service_name(layers: Layers, start: str, asked: str | None) -> str:
    radio = [n for n, s in layers.project.services.items() if not isinstance(s, FibreService)]
    if asked is not None:
        if asked not in radio:
            raise ExpectedError(NO_SERVICE, asked=asked, known=", ".join(radio))
        return asked
    if not radio:
        raise ExpectedError(NO_SERVICE, asked="", known="")
    at_site = set(layers.stations.loc[layers.stations["site_id"].astype(str) == start, "technology"])
    for name in radio:
        if (getattr(layers.project.services[name], "technology", None) or name) in at_site:
            return name
    return radio[0]


def _is_site(layers: Layers, label: str) -> bool:
    return bool((layers.stations["site_id"].astype(str) == label).any())


def _cells_at(
    layers: Layers,
    name: str,
    settings: RangeService | FlatService | TerrainService | FibreService,
    label: str,
) -> tuple[Cell, ...]:
    """Return the cells of the service at a site, as the prediction sees them."""
    if isinstance(settings, FibreService) or not _is_site(layers, label):
        return ()
    radio = (
        TerrainService(model="p1812", technology=settings.technology)
        if isinstance(settings, RangeService)
        else settings
    )
    sites = layers.stations["site_id"].astype(str).to_numpy()
    return tuple(c for c in service_cells(layers, name, radio) if sites[c.station] == label)


def _end(
    layers: Layers,
    label: str,
    height_m: float | None,
    name: str,
    settings: RangeService | FlatService | TerrainService | FibreService,
) -> End:
    import difflib

    from pyproj import Transformer

    rows = layers.stations[layers.stations["site_id"].astype(str) == label]
    if len(rows):
        x, y = float(rows.geometry.x.iloc[0]), float(rows.geometry.y.iloc[0])
        lon, lat = float(rows["lon"].iloc[0]), float(rows["lat"].iloc[0])
        tallest = float(rows["antenna_height_m"].max())
        end = End(label, x, y, lon, lat, tallest if height_m is None else height_m, True)
    else:
        try:
            lat, lon = (float(part) for part in label.split(","))
        except ValueError:
            known = layers.stations["site_id"].astype(str).unique().tolist()
            near = difflib.get_close_matches(label, known, n=3)
            names = ", ".join(near).replace("{", "{{").replace("}", "}}")
            hint = Text(*(NEAR_SITES.say(lang, sites=names) for lang in ("vi", "en")))
            raise ExpectedError(UNKNOWN_SITE, asked=label, near=hint if near else "") from None
        if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
            raise ExpectedError(NO_PLACE, asked=label)
        x, y = Transformer.from_crs(4326, layers.grid.crs, always_xy=True).transform(lon, lat)
        if not (math.isfinite(x) and math.isfinite(y)):  # the far side of the earth
            raise ExpectedError(OUTSIDE, asked=label)
        technology = getattr(settings, "technology", None) or name
        mast = technology_defaults()[technology].antenna_height_m
        end = End(label, x, y, lon, lat, mast if height_m is None else height_m, False)
    row, col = layers.grid.index(np.array([end.x_m]), np.array([end.y_m]))
    if not layers.grid.holds(row, col)[0]:
        raise ExpectedError(OUTSIDE, asked=label)
    return end


def answers_by_link(
    layers: Layers,
    settings: object,
    cells: Iterable[Cell],
    profile: PathProfile,
    rx_height_m: float,
    model: str,
) -> dict[RadioLink, tuple[Path, Answer]]:
    """Ask the model once for every distinct frequency and height among the cells of a site."""
    found: dict[RadioLink, tuple[Path, Answer]] = {}
    for cell in cells:
        if cell.link not in found:
            path = Path(
                profile, profile.clutter_m, cell.link.frequency_mhz, cell.link.tx_height_m, rx_height_m
            )
            found[cell.link] = path, MODELS[model](layers, settings, path)
    return found


def cell_report(
    layers: Layers, cell: Cell, path: Path, loss: float, service: object = None
) -> CellReport:
    """Return what a cell at the start of ``path`` delivers at its end, given the loss between them.

    Where ``service`` names a calibration, the loss is less by its correction there.
    """
    end_x, end_y = float(path.profile.x_m[-1]), float(path.profile.y_m[-1])
    loss -= correction_at_db(layers, service, cell, end_x, end_y)
    bearing = math.degrees(math.atan2(end_x - cell.x_m, end_y - cell.y_m)) % 360.0
    ground = path.profile.ground_m
    rise = (ground[-1] + path.rx_height_m) - (ground[0] + cell.link.tx_height_m) - _drop_m(layers, path)
    elevation = math.degrees(math.atan2(rise, path.profile.length_m))
    gain = float(
        pattern_gain_db(
            bearing,
            elevation,
            azimuth_deg=cell.azimuth_deg,
            tilt_deg=cell.tilt_deg,
            beamwidth_deg=cell.beamwidth_deg,
            vertical_beamwidth_deg=cell.vertical_beamwidth_deg,
        )
    )
    rsrp = cell.budget.reference_dbm + gain - loss
    sigma = float(cell.budget.spread_db(np.array([sigma_at(layers, cell, end_x, end_y)]))[0])
    probability = float(location_probability(rsrp, cell.budget.required_dbm, sigma))
    station = layers.stations.iloc[cell.station]
    return CellReport(
        str(station["cell_id"]),
        cell.operator,
        cell.budget.reference_dbm,
        gain,
        loss,
        rsrp,
        cell.budget.required_dbm,
        sigma,
        probability,
        probability >= cell.budget.probability,
    )


def _drop_m(layers: Layers, path: Path) -> float:
    """Return how far the other end sinks below the horizontal by the curve of the earth."""
    return path.profile.length_m**2 / (2000.0 * median_earth_radius_km(layers.project.radio.delta_n))


def sigma_at(layers: Layers, cell: Cell, x_m: float, y_m: float) -> float:
    """Return the location variability at a point: Rec. ITU-R P.1812-7, section 4.7."""
    clutter = 0.0
    if layers.clutter is not None:
        heights = clutter_heights_m(layers.project.layers.clutter)
        clutter = float(heights[layers.clutter.at(np.array([x_m]), np.array([y_m]), 0)][0])
    return float(
        location_sigma_db(
            cell.link.frequency_mhz / 1000.0, layers.grid.cell_m, cell.link.rx_height_m, clutter
        )
    )
