"""Measurements: drive tests, walk tests, samples of telephone applications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from phusong.data.networks import mobile_networks
from phusong.layers import measurement_rules as rules
from phusong.layers.boundaries.province import Province
from phusong.layers.faults import Faults
from phusong.layers.inventory import Layers, Understood
from phusong.layers.measurement_levels import levels_by_technology
from phusong.layers.on_disk import found_path
from phusong.layers.positions.columns import POSITION
from phusong.layers.positions.points import read_points
from phusong.layers.project.schema import LayerTable
from phusong.layers.read import file_sha256
from phusong.layers.rules import fold, hint
from phusong.layers.source import Layer
from phusong.layers.stations import settle_technologies
from phusong.layers.tables.columns import Column, Table, take_columns
from phusong.layers.tables.times import read_times
from phusong.layers.tables.understand import in_unicode, recognised_headers, said_of

if TYPE_CHECKING:
    import geopandas as gpd

COLUMNS = (
    Column("rsrp_dbm", "number", unit="dBm"),
    Column("technology"),
    Column("operator"),
    Column("mcc"),
    Column("mnc"),
    Column("cell_id"),
    Column("time"),
    Column("day"),
    Column("clock"),
    *POSITION,
)
NO_OPERATOR = ""
"""Operator of samples that name none."""
_MOVED_M = 100.0
_MOST_OUTSIDE = 0.5
"""Share of samples beyond the border from which the file is taken to be of another place."""
_TECHNOLOGY_WORDS = MappingProxyType(
    {fold(word): name for name, words in {
        "2G": ("GSM/EDGE",), "3G": ("HSDPA", "HSUPA", "HSPAP", "H", "H+"),
        "4G": ("LTE_CA", "LTE CA", "LTE+", "4G+", "4G LTE", "LTE FDD", "LTE TDD"),
        "5G": ("NR_NSA", "NR_SA", "NR NSA", "NR SA", "EN-DC", "5G+", "NRNSA", "NRSA"),
    }.items() for word in words}
)


@dataclass(frozen=True)
class Measurements:
    """Samples as they were measured.

    Attributes
    ----------
    samples : GeoDataFrame
        ``row rsrp_dbm heard technology operator cell_id station time commune_code lon lat geometry``, in
        the order of the file and the grid's system. ``heard`` False: the phone had no signal, and
        ``rsrp_dbm`` is NaN; ``technology`` is empty where a silent phone names none; ``operator`` is
        spelt as in the inventory, empty where unknown; ``station`` is the row of ``layers.stations`` of
        the cell that the sample names, -1 where it names none that is known; ``time`` NaT where not given.
    file, sha256 : str
    rows_read : int
    faults : tuple of Fault
        Warnings, one of each kind.
    understood : Understood
    """

    samples: gpd.GeoDataFrame
    file: str
    sha256: str
    rows_read: int
    faults: tuple[Any, ...] = ()
    understood: Understood | None = None


@dataclass(frozen=True)
class Reading:
    """How a file of measurements is to be read, where its own words leave it open.

    Attributes
    ----------
    columns : mapping of our name to the file's header
    defaults : mapping of our name to a value
        For columns that the file lacks: ``{"technology": "4G"}``.
    crs, sheet : str, optional
    empty_is_silence : bool
        Whether an empty level means that the phone heard nothing.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    crs: str | None = None
    sheet: str | None = None
    empty_is_silence: bool = False

    def settings(self, path: Path) -> LayerTable:
        """Return them as the table of a layer."""
        return LayerTable(
            path=path, layer=self.sheet, crs=self.crs, columns=dict(self.columns),
            defaults=dict(self.defaults),
        )


def read_measurements(path: Path, layers: Layers, reading: Reading | None = None) -> Measurements:
    """Read measurements and hold them against the province and its stations.

    Parameters
    ----------
    path : Path
        Any table that layers may have.
    layers : Layers
    reading : Reading, optional

    Raises
    ------
    InputError
        With one fault of each kind, and the row where it first stands.
    """
    reading = reading or Reading()
    faults = Faults()
    province = Province(layers.grid, layers.communes)
    path = found_path(path.expanduser())
    layer = Layer.of(
        "measurements", reading.settings(path), path.parent, faults,
        province_code=layers.project.province.code,
    )
    layer = replace(layer, report=replace(layer.report, file=path.name))
    frame = _read(layer, province, layers, reading)
    told = rules.one_of_each(faults)
    told.raise_errors()
    assert frame is not None
    understood = Understood(
        "measurements", path.name, layer.report.rows_read, tuple(layer.report.columns.items()),
        ", ".join(layer.report.encodings) or "unicode", layer.report.crs, said_of(told, "measurements"),
    )
    return Measurements(
        frame, path.name, file_sha256(path), layer.report.rows_read, tuple(told.warnings), understood
    )


def _read(layer: Layer, province: Province, layers: Layers, reading: Reading) -> gpd.GeoDataFrame | None:
    import geopandas as gpd

    opened = _open(layer)
    if opened is None:
        return None
    table, silent = opened
    points = _points(table, layer, province)
    if points is None:
        return None
    levels = _levels(table, silent)
    technology = _technologies(table, silent)
    operator = _operators(table, layers)
    silent = silent | (np.isnan(levels) & reading.empty_is_silence)
    ids = table["cell_id"] if table.has("cell_id") else np.full(len(table), "", dtype=object)
    frame = gpd.GeoDataFrame(
        {
            "row": table.raw.rows, "rsrp_dbm": np.where(silent, np.nan, levels), "heard": ~silent,
            "technology": technology, "operator": operator, "cell_id": ids,
            "station": _stations(table, ids, layers), "time": _times(table),
            "commune_code": np.append(np.array(province.codes, dtype=object), "")[points.commune],
            "lon": points.lon, "lat": points.lat,
        },
        geometry=points.shapes(), crs=layers.grid.crs,
    )
    return _kept(frame, table)


def _open(layer: Layer) -> tuple[Table, NDArray[np.bool_]] | None:
    """Open the file and take words that say 'no signal' out of its levels and technologies."""
    raw = layer.open_raw(COLUMNS)
    if raw is None:
        return None
    raw, settings = levels_by_technology(raw, layer.settings, layer.report, _TECHNOLOGY_WORDS)
    layer = replace(layer, settings=settings)
    found = recognised_headers(raw, layer.settings, COLUMNS, layer.report, free=False)
    ours = {*found.values(), *layer.settings.columns.values(), *(c.name for c in COLUMNS)}
    raw = in_unicode(raw, layer.settings, layer.report, tuple(ours), legacy=layer.vietnamese)
    names = {n: settings.columns.get(n, found.get(n, n)) for n in ("rsrp_dbm", "technology")}
    silent = np.zeros(len(raw), dtype=bool)
    cells = dict(raw.cells)
    for header in {h for h in raw.cells if h in names.values() or fold(h) in ("rsrpdbm", "technology")}:
        given = raw.cells[header]
        if given.dtype.kind == "O":
            words = {w: fold(w) in rules.SILENCE for w in set(given.tolist()) if isinstance(w, str)}
            mute = np.array([words.get(w, False) for w in given.tolist()], dtype=bool)
            gone = mute | np.array([str(w).strip() in rules.UNAVAILABLE for w in given.tolist()], dtype=bool)
            silent |= mute
            cells[header] = np.where(gone, "", given)
        elif given.dtype.kind in "iu":
            cells[header] = np.where(np.abs(given.astype(np.float64)) >= 2147483647, np.nan, given)
    raw = replace(raw, cells=MappingProxyType(cells))
    table = take_columns(raw, layer.settings, COLUMNS, layer.report, recognised=found)
    return None if table is None or not _complete(table) else (table, silent)


def _complete(table: Table) -> bool:
    has = ", ".join(table.raw.cells) or "–"
    if not table.has("rsrp_dbm"):
        table.report.once(rules.NO_LEVEL_COLUMN, has=has)
    if not table.has("technology"):
        table.report.once(rules.NO_TECHNOLOGY_COLUMN)
    return table.has("rsrp_dbm") and table.has("technology")


def _points(table: Table, layer: Layer, province: Province) -> Any:
    """Read positions; single samples without one, or beyond the border, are left out and told."""
    told = Faults()
    own = replace(table, report=replace(table.report, faults=told))
    points = read_points(own, layer.settings, province)
    table.report.crs = own.report.crs
    lost = 0 if points is None else int(np.isnan(points.lon).sum())
    beyond = 0 if points is None else int(((points.commune < 0) & ~np.isnan(points.lon)).sum())
    few = points is not None and beyond <= _MOST_OUTSIDE * len(points.lon) and lost < len(points.lon)
    passed = ("missing-coordinates", "near-border", "empty-shape", "empty-geometry")
    for fault in told:
        code = fault.code.partition(".")[2]
        if few and (code in passed or code == "outside-province"):
            continue
        if code == "swapped-coordinates" and {"lon", "lat"} <= set(fault.values):
            fault = replace(fault, remedy=rules.SWAP_COLUMNS)
        table.report.faults.add(fault)
    if few and points is not None:
        if lost:
            table.report.once(rules.NO_FIX, n=lost)
        if beyond:
            first = np.flatnonzero((points.commune < 0) & ~np.isnan(points.lon))[0]
            table.report.once(rules.OUTSIDE, n=beyond, row=str(table.raw.rows[first]))
    return points


def _levels(table: Table, silent: NDArray[np.bool_]) -> NDArray[np.float64]:
    levels = np.asarray(table["rsrp_dbm"], dtype=np.float64).copy()
    positive = (levels >= 0.0) & ~silent
    wild = ((levels < rules.LOWEST_DBM) | (levels > rules.HIGHEST_DBM)) & ~positive & ~silent
    table.each(rules.POSITIVE, positive, "rsrp_dbm")
    table.each(rules.IMPOSSIBLE, wild, "rsrp_dbm", low=rules.LOWEST_DBM, high=rules.HIGHEST_DBM)
    levels[silent] = np.nan
    return levels


def _technologies(table: Table, silent: NDArray[np.bool_]) -> NDArray[np.object_]:
    given = np.array([_TECHNOLOGY_WORDS.get(fold(w), w) for w in table["technology"].tolist()], dtype=object)
    known = replace(table, columns={**table.columns, "technology": given})
    found = settle_technologies(known)
    empty = (given == "") & ~silent
    if empty.any():
        from phusong.layers.tables.columns import EMPTY_CELL

        table.each(EMPTY_CELL, empty, "technology")
    return found


def _operators(table: Table, layers: Layers) -> NDArray[np.object_]:
    """Return operators as the inventory spells them; codes of networks by the list of the ITU."""
    own = sorted({str(o) for o in layers.stations["operator"]})
    by_key = {fold(o): o for o in own}
    given = _network_names(table)
    known: dict[str, str] = {}
    for word in sorted(set(given.tolist())):
        n, key = int((given == word).sum()), fold(word)
        digits = "".join(c for c in word if c.isdigit())
        network = mobile_networks().get((digits[:3], digits[3:].zfill(2))) if len(digits) in (5, 6) else None
        inside = [o for k, o in by_key.items() if k and (key.startswith(k) or key.endswith(k))]
        brand = {"vinaphone": "vnpt", "vina": "vnpt", "mobi": "mobifone"}.get(key, "")
        if not word:
            table.report.once(rules.NO_OPERATOR, n=n)
            known[word] = NO_OPERATOR
        elif key in by_key or brand in by_key:
            known[word] = by_key.get(key) or by_key[brand]
        elif network is not None and fold(network) in by_key:
            known[word] = by_key[fold(network)]
            table.report.once(rules.BY_NETWORK_CODE, n=n, code=word, name=known[word])
        elif len(inside) == 1:
            known[word] = inside[0]
        else:
            known[word] = word
            table.report.once(rules.OTHER_OPERATOR, n=n, name=word, near=hint(word, own))
    return np.array([known[w] for w in given.tolist()], dtype=object)


def _network_names(table: Table) -> NDArray[np.object_]:
    """Return the operators as the file names them: in words, or by the codes of country and network."""
    if table.has("operator"):
        return table["operator"]
    if not (table.has("mcc") and table.has("mnc")):
        return np.full(len(table), NO_OPERATOR, dtype=object)
    whole = [tuple(_digits(c) for c in pair) for pair in zip(table["mcc"], table["mnc"], strict=True)]
    return np.array([a + b.zfill(2) if a and b else NO_OPERATOR for a, b in whole], dtype=object)


def _digits(cell: object) -> str:
    """Return the whole number that a cell holds; nothing for Android's 'not available' and all else."""
    said = str(cell).strip().removesuffix(".0")
    return said if said.isdigit() and len(said) <= 3 else ""


def _stations(table: Table, ids: NDArray[np.object_], layers: Layers) -> NDArray[np.int64]:
    """Return the row of the cell that each sample names, -1 for none."""
    exact = {str(c): n for n, c in enumerate(layers.stations["cell_id"])}
    loose = {fold(c): n for c, n in exact.items()}
    known = {w: exact.get(w, loose.get(fold(w), -1)) if w else -1 for w in set(ids.tolist())}
    found = np.array([known[w] for w in ids.tolist()], dtype=np.int64)
    lost = np.flatnonzero((found < 0) & (ids != ""))
    if len(lost):
        table.report.once(rules.CELLS_UNKNOWN, n=len(lost), example=str(ids[lost[0]]))
    return found


def _times(table: Table) -> NDArray[np.datetime64]:
    name = "time" if table.has("time") else "day"
    if not table.has(name):
        return np.full(len(table), np.datetime64("NaT", "s"), dtype="datetime64[s]")
    clocks = table["clock"] if name == "day" and table.has("clock") else None
    cells = table[name]
    given = [c for c in cells.tolist() if c]
    if name == "time" and given and all(len(c) < 13 and ":" in c for c in given):
        if not table.has("day"):
            table.report.once(rules.NO_DAY, name=table.headers["time"])
            return np.full(len(table), np.datetime64("NaT", "s"), dtype="datetime64[s]")
        cells, clocks = table["day"], cells  # a column called 'time' that holds the time of day alone
    read = read_times(cells, clocks)
    table.each(rules.WRONG_TIME, read.wrong, name)
    if read.dates.refused:
        from phusong.layers.tables.dates import tell_dates

        tell_dates(table.report, table.headers[name], read.dates, list(dict.fromkeys(cells.tolist())),
                   table.raw.rows)
    return read.values


def _kept(frame: gpd.GeoDataFrame, table: Table) -> gpd.GeoDataFrame:
    """Leave out what cannot be compared, and what stands twice; tell how many."""
    placed = np.isfinite(frame["lon"].to_numpy()) & (frame["commune_code"].to_numpy() != "")
    told = frame["heard"].to_numpy() & np.isnan(frame["rsrp_dbm"].to_numpy())
    if told.any():
        table.report.once(rules.NO_VALUE, n=int(told.sum()))
    silent = int((~frame["heard"] & placed).sum())
    if silent:
        table.report.once(rules.SILENT, n=silent)
    frame = frame[placed & ~told].reset_index(drop=True)
    return frame[~_tell_repeats(frame, table)].reset_index(drop=True)


def _tell_repeats(frame: gpd.GeoDataFrame, table: Table) -> NDArray[np.bool_]:
    """Return the samples that repeat an earlier one, and tell moments that stand in two places."""
    timed = frame["time"].notna().to_numpy()
    same = ["time", "technology", "operator", "cell_id", "lon", "lat", "rsrp_dbm", "heard"]
    again = frame.duplicated(same).to_numpy() & timed
    rows = frame["row"].to_numpy()
    start = frame.groupby(same, sort=False, dropna=False)["row"].transform("first").to_numpy()
    report = table.report
    report.each(rules.REPEATED, again, rows, first=start.astype(str).astype(object))
    x, y = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
    spots = frame[["time", "technology", "operator", "row"]].assign(x=x, y=y)
    first = spots.groupby(["time", "technology", "operator"], sort=False, dropna=False).transform("first")
    apart = np.hypot(x - first["x"].to_numpy(), y - first["y"].to_numpy())
    report.each(
        rules.TWO_PLACES, (apart > _MOVED_M) & timed & ~again, rows, m=apart,
        first=first["row"].astype(str).to_numpy(dtype=object),
    )
    return np.asarray(again, dtype=bool)
