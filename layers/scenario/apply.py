"""A scenario applied to layers: other layers come out, and the count of what went and came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.data.language import LANGUAGES, Text, format_number
from phusong.data.tables import bandwidths_mhz, technology_defaults
from phusong.layers.faults import Faults
from phusong.layers.inventory import Layers, Source
from phusong.layers.project.schema import FibreService
from phusong.layers.rules import Report, hint
from phusong.layers.scenario.asked import Band, Off, ScenarioTable
from phusong.layers.scenario.files import Entry, Scenario
from phusong.layers.scenario.words import (
    ALREADY_GONE,
    BAND_SKIPPED,
    BAND_THERE,
    FIBRE_THERE,
    MOVED_SITE,
    NO_FIBRE,
    NOTHING_MATCHES,
    OPERATOR,
    SITE,
    SKIPPED,
    TAKEN_CELL,
    TECHNOLOGY,
    TRACK_AWAY,
    UNKNOWN_COMMUNE,
    UNKNOWN_FIBRE,
    UNKNOWN_ID,
    UNKNOWN_SERVICE,
    UNKNOWN_WORD,
    WHICH_TECHNOLOGY,
    WRONG_BANDWIDTH,
)
from phusong.layers.stations import SITE_TOLERANCE_M

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True)
class Counts:
    """Sites, stations (site × technology × operator) and cells: never one for another."""

    sites: int
    stations: int
    cells: int

    @classmethod
    def of(cls, stations: gpd.GeoDataFrame) -> Counts:
        """Count the rows of a frame of stations."""
        keys = ["site_id", "technology", "operator"]
        return cls(
            int(stations["site_id"].nunique()), int((~stations.duplicated(keys)).sum()), len(stations)
        )


@dataclass(frozen=True)
class Step:
    """One entry of the scenario and what it did.

    Attributes
    ----------
    kind : str
        ``off``, ``removed``, ``band``, ``added``, or ``fibre_routes_added`` and its like.
    place : str
        In the scenario file: ``off[1]``.
    label : str
        As its author calls it.
    counts : Counts
        Sites touched, stations and cells that went or came; zero for fibre.
    objects : int
        Routes or nodes, for fibre.
    """

    kind: str
    place: str
    label: str
    counts: Counts = Counts(0, 0, 0)
    objects: int = 0


@dataclass(frozen=True)
class Applied:
    """What a scenario did to the layers.

    Attributes
    ----------
    table : ScenarioTable
    steps : tuple of Step
    before, after : Counts
    gone : GeoDataFrame
        The base's rows of stations that are off or removed, with ``row`` (in the base), ``kind``, ``place``
        and ``to_repair``.
    came : GeoDataFrame
        Rows of stations that were added, as they stand in the new layers.
    kept : array of int64, shape (n,)
        Rows of the base that are left, in their order: the first rows of the new layers.
    hours : mapping of site to float
    tracks : tuple of (shapely geometry, float)
        In the grid's system, with the radius in metres.
    sources : tuple of Source
    """

    table: ScenarioTable
    steps: tuple[Step, ...]
    before: Counts
    after: Counts
    gone: gpd.GeoDataFrame
    came: gpd.GeoDataFrame
    kept: NDArray[np.int64]
    hours: Mapping[str, float] = field(default_factory=dict)
    tracks: tuple[tuple[shapely.Geometry, float], ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def touches_fibre(self) -> bool:
        """Whether routes or nodes came or went."""
        return any(step.kind.startswith("fibre") for step in self.steps)


def apply_scenario(layers: Layers, scenario: Scenario) -> tuple[Layers, Applied]:
    """Return the layers as they would be, and what changed; ``layers`` is left as it is.

    What is off or removed goes first, then bands come onto what is left, then stations are added.

    Raises
    ------
    InputError
        With every fault of the scenario's files, every id, operator or commune that the inventory lacks,
        entries that mean no station, ids of cells that are taken.
    """
    import pandas as pd

    faults = Faults(scenario.faults)
    report = Report("scenario", scenario.table.file.name, faults)
    stations = layers.stations
    steps: list[Step] = []
    entry_of = np.full(len(stations), -1, dtype=np.int64)
    outages = [e for e in scenario.entries if e.kind != "band"]
    for k, entry in enumerate(outages):
        chosen = select(layers, entry, report)
        new = chosen & (entry_of < 0)
        if chosen.any() and not new.any():
            report.once(ALREADY_GONE, column=entry.place)
        entry_of[new] = k
        steps.append(Step(entry.kind, entry.place, entry.table.label, Counts.of(stations[new])))
    gone = stations[entry_of >= 0].copy()
    mine = [outages[k] for k in entry_of[entry_of >= 0]]
    gone["row"] = np.flatnonzero(entry_of >= 0)
    gone["kind"] = [e.kind for e in mine]
    gone["place"] = [e.place for e in mine]
    gone["to_repair"] = np.array([isinstance(e.table, Off) and e.table.to_repair for e in mine], dtype=bool)
    kept = np.flatnonzero(entry_of < 0)
    left = stations.iloc[kept].reset_index(drop=True)
    came: list[Any] = []
    for entry in scenario.entries:
        if entry.kind == "band":
            cells = _band(replace_stations(layers, left), entry, came, report)
            came.append(cells)
            steps.append(Step("band", entry.place, entry.table.label, Counts.of(cells)))
    for place, frame, own_ids in scenario.added:
        cells = _fitted(stations, left, came, frame, own_ids=own_ids, place=place, report=report)
        came.append(cells)
        steps.append(Step("added", place, "", Counts.of(cells)))
    fibre, fibre_steps = _fibre(layers, scenario, report)
    _check_repair(layers, scenario, report)
    faults.raise_errors()
    columns = list(stations.columns)
    new_rows = pd.concat([c[columns] for c in came], ignore_index=True) if came else stations.iloc[:0]
    whole = pd.concat([left, new_rows], ignore_index=True) if len(new_rows) else left
    changed = replace(
        replace_stations(layers, whole), **fibre, faults=(*layers.faults, *faults.warnings),
        sources=(*layers.sources, *scenario.sources),
    )
    tracks = tuple(
        (e.track, 1000.0 * e.table.radius_km)
        for e in scenario.entries if e.track is not None and e.table.radius_km is not None
    )
    return changed, Applied(
        scenario.table, (*steps, *fibre_steps), Counts.of(stations), Counts.of(whole),
        gone.reset_index(drop=True), new_rows.reset_index(drop=True), kept, dict(scenario.hours), tracks,
        scenario.sources,
    )


def _check_repair(layers: Layers, scenario: Scenario, report: Report) -> None:
    """Tell an order of repair for no mobile service of the project, or for an operator that is not there."""
    wanted = scenario.table.repair
    mobile = [n for n, s in layers.project.services.items() if not isinstance(s, FibreService)]
    if wanted.service is not None and wanted.service not in mobile:
        report.once(
            UNKNOWN_SERVICE, column="repair.service", value=wanted.service,
            near=hint(wanted.service, mobile), known=", ".join(mobile),
        )
    operators = sorted(set(layers.stations["operator"].astype(str)))
    if wanted.operator.casefold() not in ("any", *(o.casefold() for o in operators)):
        report.once(
            UNKNOWN_WORD, column="repair.operator", value=wanted.operator, what=OPERATOR,
            near=hint(wanted.operator, operators), known=", ".join(operators),
        )


def replace_stations(layers: Layers, stations: gpd.GeoDataFrame) -> Layers:
    """Return the layers with other stations."""
    return replace(layers, stations=stations)


def select(layers: Layers, entry: Entry, report: Report) -> NDArray[np.bool_]:
    """Return which rows of the stations an entry means; tell what it names and the inventory lacks."""
    stations, table = layers.stations, entry.table
    chosen = np.ones(len(stations), dtype=bool)
    before = len(report.faults.errors)
    if table.sites:
        chosen &= _by_sites(stations, entry, report)
    if entry.listed is not None:
        chosen &= _by_list(stations, entry, report)
    for column, words, what in (
        ("operator", table.operators, OPERATOR), ("technology", table.technologies, TECHNOLOGY),
    ):
        if words:
            chosen &= _by_word(stations, column, words, what, entry, report)
    if table.communes:
        chosen &= _by_commune(layers, entry, report)
    if entry.track is not None and table.radius_km is not None:
        chosen &= _by_track(stations, entry, report)
    elif table.track_file is not None:
        return np.zeros(len(stations), dtype=bool)  # told when it was read
    if not chosen.any() and len(report.faults.errors) == before:
        report.once(NOTHING_MATCHES, column=entry.place)
    return chosen


def _tell_ids(
    unknown: Iterable[tuple[str, str]], known: Sequence[str], entry: Entry, report: Report, column: str
) -> None:
    """Tell ids that are not there, each with its row; ``unknown`` holds id and row."""
    told = list(unknown)
    if not told:
        return
    if entry.table.unknown == "skip":
        ids = ", ".join(name for name, _ in told[:5]) + (", …" if len(told) > 5 else "")
        report.once(SKIPPED, column=column, n=len(told), ids=ids)
        return
    wrong = np.ones(len(told), dtype=bool)
    near = np.array([hint(name, known) if k < 50 else Text("", "") for k, (name, _) in enumerate(told)],
                    dtype=object)  # fmt: skip
    rows = np.array([row for _, row in told], dtype=object)
    report.each(UNKNOWN_ID, wrong, rows, column=column, value=[n for n, _ in told], what=SITE, near=near)


def _by_sites(stations: gpd.GeoDataFrame, entry: Entry, report: Report) -> NDArray[np.bool_]:
    known = stations["site_id"].unique().tolist()
    lacking = sorted(set(entry.table.sites) - set(known))
    _tell_ids(((name, "") for name in lacking), known, entry, report, f"{entry.place}.sites")
    return np.asarray(stations["site_id"].isin(entry.table.sites), dtype=bool)


def _by_list(stations: gpd.GeoDataFrame, entry: Entry, report: Report) -> NDArray[np.bool_]:
    """Match every row of a list: its site, and its operator and technology where the row has them."""
    assert entry.listed is not None
    assert entry.table.sites_file is not None
    own = Report("stations.list", entry.table.sites_file.path.as_posix(), report.faults)
    rows_of: dict[str, list[int]] = {}
    for k, site in enumerate(stations["site_id"].tolist()):
        rows_of.setdefault(site, []).append(k)
    operators = [str(o).casefold() for o in stations["operator"]]
    technologies = [str(t).casefold() for t in stations["technology"]]
    chosen = np.zeros(len(stations), dtype=bool)
    lacking = []
    for item in entry.listed:
        hit = [
            k for k in rows_of.get(item.site_id, ())
            if item.operator.casefold() in ("", operators[k])
            and item.technology.casefold() in ("", technologies[k])
        ]
        chosen[hit] = True
        if not hit:
            lacking.append((item.site_id, item.row))
    _tell_ids(lacking, list(rows_of), entry, own, "site_id")
    return chosen


def _by_word(
    stations: gpd.GeoDataFrame, column: str, words: Sequence[str], what: Text, entry: Entry, report: Report
) -> NDArray[np.bool_]:
    held = stations[column].astype(str)
    known = sorted(held.unique())
    spelt = {name.casefold(): name for name in known}
    key = "operators" if column == "operator" else "technologies"
    for word in words:
        if word.casefold() not in spelt:
            report.once(
                UNKNOWN_WORD, column=f"{entry.place}.{key}", value=word, what=what, near=hint(word, known),
                known=", ".join(known),
            )
    wanted = {spelt[w.casefold()] for w in words if w.casefold() in spelt}
    return np.asarray(held.isin(wanted), dtype=bool)


def _by_commune(layers: Layers, entry: Entry, report: Report) -> NDArray[np.bool_]:
    known = [str(code) for code in layers.communes["commune_code"]]
    for code in entry.table.communes:
        if code not in known:
            report.once(
                UNKNOWN_COMMUNE, column=f"{entry.place}.communes", value=code, near=hint(code, known)
            )
    return np.asarray(layers.stations["commune_code"].isin(entry.table.communes), dtype=bool)


def _by_track(stations: gpd.GeoDataFrame, entry: Entry, report: Report) -> NDArray[np.bool_]:
    assert entry.table.radius_km is not None
    points = stations.geometry.to_numpy()
    distance_m = np.asarray(shapely.distance(points, entry.track), dtype=np.float64)
    chosen = distance_m <= 1000.0 * entry.table.radius_km
    if not chosen.any() and len(distance_m):
        radius = Text(*(format_number(entry.table.radius_km, lang) for lang in LANGUAGES))
        report.once(
            TRACK_AWAY, column=f"{entry.place}.radius_km", radius=radius,
            km=float(np.nanmin(distance_m)) / 1000.0,
        )
    return np.asarray(chosen, dtype=bool)


def _band(layers: Layers, entry: Entry, came: Sequence[Any], report: Report) -> gpd.GeoDataFrame:
    """Return the cells of a new band: one for every direction of the selected cells of a site."""
    band = entry.table
    assert isinstance(band, Band)
    hosts = layers.stations[select(layers, entry, report)]
    found = sorted(set(hosts["technology"]))
    technology = band.technology or (found[0] if len(found) == 1 else None)
    if technology is None:
        if len(hosts):
            report.once(WHICH_TECHNOLOGY, column=f"{entry.place}.technology")
        return hosts.iloc[:0]
    known = bandwidths_mhz(technology)
    if band.bandwidth_mhz is not None and known and band.bandwidth_mhz not in known:
        listed = ", ".join(f"{width:g}" for width in known)
        report.once(
            WRONG_BANDWIDTH, column=f"{entry.place}.bandwidth_mhz", value=band.bandwidth_mhz,
            technology=technology, known=listed,
        )
    cells = hosts.drop_duplicates(["site_id", "operator", "azimuth_deg", "antenna_height_m"]).copy()
    there = {
        (s, o)
        for frame in (layers.stations, *came)
        for s, o, t, f in zip(*(frame[c] for c in ("site_id", "operator", "technology", "frequency_mhz")),
                              strict=True)
        if t == technology and f == band.frequency_mhz
    }
    has = np.array([p in there for p in zip(cells["site_id"], cells["operator"], strict=True)], dtype=bool)
    if has.any():
        n = int(cells["site_id"][has].nunique())
        report.once(BAND_THERE if has.all() else BAND_SKIPPED, column=entry.place, n=n)
    cells = cells[~has]
    default = technology_defaults()[technology]
    taken = _ids(layers.stations, came)
    stems = [f"{c}-{technology}-{band.frequency_mhz:g}" for c in cells["cell_id"]]
    return cells.assign(
        technology=technology, frequency_mhz=float(band.frequency_mhz), cell_id=_free(stems, taken),
        bandwidth_mhz=float(band.bandwidth_mhz or default.bandwidth_mhz),
        eirp_dbm=float(default.eirp_dbm if band.eirp_dbm is None else band.eirp_dbm),
    ).reset_index(drop=True)


def _ids(stations: gpd.GeoDataFrame, came: Sequence[Any]) -> set[str]:
    return {str(c) for frame in (stations, *came) for c in frame["cell_id"]}


def _free(stems: Sequence[str], taken: set[str]) -> list[str]:
    """Return ids that nobody has: the wanted ones, numbered where they are taken."""
    found = []
    for stem in stems:
        name, k = stem, 2
        while name in taken:
            name, k = f"{stem}-{k}", k + 1
        taken.add(name)
        found.append(name)
    return found


def _fitted(
    base: gpd.GeoDataFrame, left: gpd.GeoDataFrame, came: Sequence[Any], cells: gpd.GeoDataFrame, *,
    own_ids: bool, place: str, report: Report,
) -> gpd.GeoDataFrame:
    """Return added cells under ids that are free and operators as the inventory spells them."""
    taken = _ids(left, came)
    ids = [str(c) for c in cells["cell_id"]]
    if own_ids:
        for name in ids:
            if name in taken:
                report.once(TAKEN_CELL, column=f"{place}.cell_id", value=name)
    else:
        ids = _free(ids, taken)
    operators = _spelt(cells["operator"], base["operator"])
    first = base.drop_duplicates("site_id").set_index("site_id").geometry
    for site, point in cells.drop_duplicates("site_id").set_index("site_id").geometry.items():
        if site in first.index:
            apart = float(first[site].distance(point))
            if apart > SITE_TOLERANCE_M:
                report.once(MOVED_SITE, column=f"{place}.site_id", value=site, m=apart)
    return cells.assign(cell_id=ids, operator=operators)


def _spelt(names: Iterable[Any], known: Any) -> list[str]:
    """Return operators as the inventory spells them."""
    as_there = {str(o).casefold(): str(o) for o in sorted(known.astype(str).unique(), reverse=True)}
    return [as_there.get(str(name).casefold(), str(name)) for name in names]


def _fibre(layers: Layers, scenario: Scenario, report: Report) -> tuple[dict[str, Any], list[Step]]:
    """Return the fibre layers that change, by their name in `Layers`, and what was done to them."""
    changed: dict[str, Any] = {}
    steps: list[Step] = []
    table = scenario.table.fibre
    for name, added, removed in (
        ("routes", scenario.fibre_routes, table.routes_removed),
        ("nodes", scenario.fibre_nodes, table.nodes_removed),
    ):
        layer = f"fibre_{name}"
        frame = getattr(layers, layer)
        if removed:
            frame = _without(frame, removed, layer, f"fibre.{name}_removed", report, steps)
        if added is not None and len(added):
            frame = added if frame is None else _joined(frame, added, f"fibre.{name}_added", report)
            steps.append(Step(f"{layer}_added", f"fibre.{name}_added", "", objects=len(added)))
        if frame is not getattr(layers, layer):
            changed[layer] = frame
    return changed, steps


def _without(
    frame: Any, removed: Sequence[str], layer: str, place: str, report: Report, steps: list[Step]
) -> Any:
    if frame is None:
        report.once(NO_FIBRE, column=place, layer=layer)
        return None
    known = frame["id"].astype(str)
    for name in sorted(set(removed) - set(known)):
        report.once(UNKNOWN_FIBRE, column=place, value=name, near=hint(name, known.tolist()))
    gone = known.isin(removed).to_numpy()
    steps.append(Step(f"{layer}_removed", place, "", objects=int(gone.sum())))
    return frame[~gone].reset_index(drop=True)


def _joined(frame: Any, added: Any, place: str, report: Report) -> Any:
    """Return fibre with what is added; an id that stands already is told, since both then count."""
    import pandas as pd

    again = sorted(set(added["id"].astype(str)) & set(frame["id"].astype(str)))
    if again:
        report.once(FIBRE_THERE, column=place, n=len(again), ids=", ".join(again[:5]))
    added = added.assign(operator=_spelt(added["operator"], frame["operator"]))
    return pd.concat([frame, added], ignore_index=True)
