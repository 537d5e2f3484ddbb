"""Two columns, or one with both in a cell, to coordinates: their numbers, their order, and their system."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from phusong.data.language import Text
from phusong.data.names import fold
from phusong.layers.boundaries.codes import COMMUNE_DIGITS, match_codes
from phusong.layers.boundaries.province import Province
from phusong.layers.grid import FloatArray
from phusong.layers.positions.angles import Area, direction_letters, read_angles, split_pairs, tell_angles
from phusong.layers.positions.coordinates import candidates, choose_crs, tell_crs, to_lonlat
from phusong.layers.positions.crs_words import crs_of_words, name_of
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import error, warning
from phusong.layers.tables.columns import NOT_A_NUMBER, Column, Table, to_numbers, to_text
from phusong.layers.tables.numbers import read_numbers, tell_numbers
from phusong.layers.vectors.geometry import NO_CRS, WGS84, crs_of, parse_crs, transform

LON = Column("lon", "position")
LAT = Column("lat", "position")
COMMUNE_NAME = Column("commune_name", aside=True)
POSITION = (
    LON, LAT,
    *(Column(n, "position", aside=True) for n in ("lonlat", "x", "y", "easting_m", "northing_m")),
    COMMUNE_NAME,
)
"""Columns by which a layer of points may say where it lies, and the name that helps to check it."""
_PAIRS = (("lon", "lat"), ("easting_m", "northing_m"), ("x", "y"))

NO_POSITION_COLUMNS = error(
    "missing-columns",
    "Thiếu cột tọa độ: {names}.", "Columns of coordinates are missing: {names}.",
    'Tệp có các cột: {has}. Nếu cột mang tên khác, khai trong dự án: columns = {{ lon = "…", lat = "…" }}.',
    'The file has: {has}. If they have other names, say so in the project: '
    'columns = {{ lon = "…", lat = "…" }}.',
)
NOT_A_PAIR = error(
    "not-a-pair",
    "Không tách được ô này thành hai tọa độ.", "This cell cannot be taken apart into two coordinates.",
    "Ghi dạng 108,25/13,98 (kinh độ/vĩ độ), hoặc tách thành hai cột.",
    "Write 108.25/13.98 (longitude/latitude), or use two columns.",
)
PAIRS_MIXED = error(
    "pairs-mixed",
    "Cột lẫn hai thứ tự: có ô ghi kinh độ trước, có ô ghi vĩ độ trước.",
    "The column mixes orders: longitude comes first in some cells, latitude in others.",
    "Ghi thống nhất một thứ tự.", "Use one order throughout.",
)
PAIRS = warning(
    "pairs-read",
    "Mỗi ô có hai tọa độ, đọc theo thứ tự {order}.", "Each cell has both coordinates, read as {order}.",
)
SAID = warning(
    "crs-said",
    "Hệ tọa độ {crs} lấy theo chữ ghi trong tệp.", "The system {crs} is taken from words in the file.",
)

_ORDERS = {
    "lon-lat": Text("kinh độ, vĩ độ", "longitude, latitude"),
    "lat-lon": Text("vĩ độ, kinh độ", "latitude, longitude"),
}


@dataclass(frozen=True)
class Positions:
    """Coordinates of a table's rows.

    Attributes
    ----------
    x, y : array of float64, shape (n,)
        Easting or longitude, northing or latitude, in ``crs``; NaN where not known.
    wrong : array of bool, shape (n,)
        Cells that hold no coordinate and were told.
    crs : CRS
    headers : tuple of str
        Of the columns, longitude's or easting's first.
    """

    x: FloatArray
    y: FloatArray
    wrong: NDArray[np.bool_]
    crs: CRS
    headers: tuple[str, str]


@dataclass(frozen=True)
class _Pair:
    """Two columns as they stand; ``known`` says that the first is the easting or the longitude."""

    first: FloatArray
    second: FloatArray
    wrong: NDArray[np.bool_]
    headers: tuple[str, str]
    known: bool


def read_positions(
    table: Table, settings: LayerTable, province: Province | None, *, province_code: str = ""
) -> Positions | None:
    """Return the coordinates in the columns of a table, and tell what was understood or stands in doubt.

    The system that the project declares wins; then words in titles, headers and notes; longitude and
    latitude are WGS 84; for metres the systems of Vietnam are tried on the communes; where those are not
    known, on the points that the register has for the communes of ``province_code``, or of the codes in
    the table.

    Returns
    -------
    Positions or None
        None where there are no coordinates, or their system is not certain.
    """
    pair = _pair_of(table, settings, province)
    if pair is None:
        return None
    finite = np.isfinite(pair.first) & np.isfinite(pair.second)
    if province is None and bool(np.any(np.abs(pair.second[finite]) > 360)):
        province = _register(table, province_code)
        if province is None and settings.crs is None and not province_code:
            spoken = crs_of_words(" ; ".join((*table.raw.said, *pair.headers)))
            if spoken.epsg is None:
                table.report.once(NO_CRS, column=", ".join(pair.headers))
                return None
    metres = bool(finite.any()) and bool(np.all(np.abs(pair.second[finite]) > 360))
    if pair.known and (settings.crs is not None or not metres):
        crs = crs_of(table.raw, settings, table.report, fallback=WGS84)
        if crs is None:
            return None
        if not holds(pair.first, pair.second, crs, table, province, pair.headers):
            return None
        return Positions(pair.first.copy(), pair.second.copy(), pair.wrong, crs, pair.headers)
    return _of_unknown(pair, table, settings, province)


def shapes_crs(
    table: Table, x: FloatArray, y: FloatArray, province: Province | None, province_code: str
) -> CRS | None:
    """Return the system of points whose file declares none: the one that puts them where they belong.

    As for columns of coordinates; a Shapefile that has lost its ``.prj`` is the usual case.
    """
    ground = province if province is not None else _register(table, province_code)
    if ground is None or not candidates(x, y):
        table.report.once(NO_CRS)
        return None
    spoken = crs_of_words(" ; ".join(table.raw.said))
    answer = choose_crs(
        x, y, province=ground, communes=declared_communes(table, ground), declared=spoken.epsg,
        among=spoken.candidates,
    )
    if answer.refused or answer.candidate is None or answer.candidate.north_first:
        if answer.refused:
            tell_crs(table.report, answer)
        else:
            table.report.once(NO_CRS)
        return None
    tell_crs(table.report, answer)
    table.report.crs = f"EPSG:{answer.candidate.epsg}"
    return CRS.from_epsg(answer.candidate.epsg)


def _register(table: Table, province_code: str) -> Province | None:
    """Return the province's ground by the register, the province being named or that of the table's codes."""
    from phusong.layers.register_ground import register_ground

    if not province_code and table.has("commune_code"):
        from phusong.layers.boundaries.crosswalk import crosswalk

        new = crosswalk().new
        codes = [c.zfill(COMMUNE_DIGITS) for c in table["commune_code"].tolist() if c.isdigit()]
        found = Counter(new[c].province_code for c in codes if c in new)
        if found and found.most_common(1)[0][1] >= 0.6 * len(table):
            province_code = found.most_common(1)[0][0]
    return register_ground(province_code) if province_code else None


def holds(
    x: FloatArray, y: FloatArray, crs: CRS, table: Table, province: Province | None,
    headers: tuple[str, str] = ("", ""),
) -> bool:
    """Tell whether nothing speaks against a declared plane system; what does is told."""
    epsg = crs.to_epsg(min_confidence=25) if crs.is_projected else None
    if epsg is None or province is None or not candidates(x, y):
        return True
    communes = declared_communes(table, province)
    answer = choose_crs(x, y, province=province, communes=communes, declared=epsg)
    if answer.verdict == "contradicted":
        tell_crs(table.report, answer, headers, epsg)
        return False
    return True


def _of_unknown(
    pair: _Pair, table: Table, settings: LayerTable, province: Province | None
) -> Positions | None:
    """Find the order and the system of two columns."""
    declared: int | None = None
    among: tuple[int, ...] = ()
    if settings.crs is not None:
        own = parse_crs(settings.crs, table.report)
        if own is None:
            return None
        declared = own.to_epsg()
        if declared is None:
            first_is_x = not any(c.north_first for c in candidates(pair.first, pair.second)[:1])
            x, y = (pair.first, pair.second) if first_is_x else (pair.second, pair.first)
            return Positions(x, y, pair.wrong, own, pair.headers if first_is_x else pair.headers[::-1])
    else:
        spoken = crs_of_words(" ; ".join((*table.raw.said, *pair.headers)))
        declared, among = spoken.epsg, spoken.candidates
        if declared is not None:
            table.report.once(SAID, crs=name_of(declared))
    communes = declared_communes(table, province)
    answer = choose_crs(
        pair.first, pair.second, province=province, communes=communes, declared=declared, among=among
    )
    tell_crs(table.report, answer, pair.headers, declared)
    if answer.refused:
        return None
    found = answer.candidate
    if found is None:
        if province is None:
            return None
        nowhere = np.full(len(pair.first), np.nan)
        return Positions(nowhere, nowhere.copy(), pair.wrong, WGS84, pair.headers)
    table.report.crs = f"EPSG:{found.epsg}"
    lon, lat = to_lonlat(pair.first, pair.second, found)
    # A point that the system cannot hold must not pass for an empty cell.
    lost = np.isnan(lon) & np.isfinite(pair.first) & np.isfinite(pair.second)
    lon, lat = np.where(lost, 0.0, lon), np.where(lost, 90.0, lat)
    return Positions(lon, lat, pair.wrong, WGS84, pair.headers[::-1] if found.north_first else pair.headers)


def _pair_of(table: Table, settings: LayerTable, province: Province | None) -> _Pair | None:
    area = _area(province)
    for one, two in _PAIRS:
        if table.has(one) and table.has(two):
            first = _read(table, one, two, settings, area)
            second = _read(table, two, one, settings, area)
            if first is None or second is None:
                return None
            headers = table.headers[one], table.headers[two]
            return _Pair(first[0], second[0], first[1] | second[1], headers, (one, two) == _PAIRS[0])
    if table.has("lonlat"):
        return _of_cells(table, settings, area)
    missing = [n for n in ("lon", "lat") if not table.has(n) and n not in settings.columns]
    if missing:
        has = ", ".join(table.raw.cells) or "–"
        table.report.once(NO_POSITION_COLUMNS, names=", ".join(missing), has=has)
    return None


def _area(province: Province | None) -> Area | None:
    if province is None:
        return None
    corner = shapely.box(*province.communes.total_bounds)
    west, south, east, north = shapely.total_bounds(
        transform(np.array([corner], dtype=object), province.grid.crs, WGS84)
    )
    return float(west) - 0.2, float(south) - 0.2, float(east) + 0.2, float(north) + 0.2


def _read(
    table: Table, name: str, beside: str, settings: LayerTable, area: Area | None
) -> tuple[FloatArray, NDArray[np.bool_]] | None:
    """Return one coordinate's numbers and which cells hold none; None if the column is refused."""
    cells, header = table[name], table.headers[name]
    if cells.dtype.kind in "iuf":
        return to_numbers(cells)
    text = to_text(cells)
    native = table.raw.native.get(header)
    numbers, wrong = to_numbers(text)
    if not wrong.any():
        return numbers, wrong
    found = read_numbers(text, kind="coordinate", native=native, decimal=settings.decimal)
    if found.wrong.any():
        angles = read_angles(text, beside=direction_letters(to_text(table[beside])), area=area)
        if angles.refused or angles.wrong.sum() < found.wrong.sum():
            tell_angles(table.report, header, angles, text.tolist(), table.raw.rows)
            return None if angles.refused else (angles.values, angles.wrong)
    tell_numbers(table.report, header, found, text.tolist(), table.raw.rows)
    table.report.each(NOT_A_NUMBER, found.wrong, table.raw.rows, column=header, value=text)
    return None if found.refused else (found.values, found.wrong)


def _of_cells(table: Table, settings: LayerTable, area: Area | None) -> _Pair | None:
    """Take apart a column with both coordinates in each cell."""
    header, report = table.headers["lonlat"], table.report
    text = to_text(table["lonlat"])
    pairs = split_pairs(text)
    report.each(NOT_A_PAIR, pairs.wrong, table.raw.rows, column=header, value=text)
    if pairs.mixed:
        report.once(PAIRS_MIXED, column=header)
        return None
    parts = []
    for mine, other in ((pairs.first, pairs.second), (pairs.second, pairs.first)):
        angles = read_angles(mine, beside=direction_letters(other), area=area)
        if angles.refused or angles.wrong.any():
            tell_angles(report, header, angles, mine.tolist(), table.raw.rows)
        if angles.refused:
            return None
        parts.append((angles.values, angles.wrong))
    if pairs.order:
        report.once(PAIRS, column=header, order=_ORDERS[pairs.order])
    if pairs.order == "lat-lon":
        parts.reverse()
    wrong = pairs.wrong | parts[0][1] | parts[1][1]
    return _Pair(parts[0][0], parts[1][0], wrong, (header, header), bool(pairs.order))


def declared_communes(table: Table, province: Province | None) -> NDArray[np.object_] | None:
    """Return the code of the commune that each row names, by code or by name; None where none is named."""
    if province is None:
        return None
    if table.has("commune_code"):
        return match_codes(table["commune_code"].tolist(), province.codes)
    if table.has("commune_name"):
        return codes_of_names(to_text(table["commune_name"]), province)
    return None


def codes_of_names(names: NDArray[np.object_], province: Province) -> NDArray[np.object_]:
    """Return the code of each commune's name, ``""`` where no commune or several have it.

    Names are compared without marks of case, spaces and kind (``xã``, ``phường``); where that leaves
    several, with their kind.
    """
    loose: dict[str, list[str]] = {}
    exact: dict[str, list[str]] = {}
    for code, name in zip(province.codes, province.communes["commune_name"], strict=True):
        loose.setdefault(fold(str(name), prefix=True), []).append(code)
        exact.setdefault(fold(str(name)), []).append(code)
    known: dict[str, str] = {}
    for name in set(names.tolist()):
        found = exact.get(fold(name), []) if name else []
        found = found if len(found) == 1 else loose.get(fold(name, prefix=True), []) if name else []
        known[name] = found[0] if len(found) == 1 else ""
    return np.array([known[n] for n in names.tolist()], dtype=object)
