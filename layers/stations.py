"""The stations: one row per cell, the operational ones, with documented defaults for what is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from phusong.data.language import LANGUAGES, Text, format_number
from phusong.data.tables import bandwidths_mhz, technology_defaults
from phusong.layers.boundaries.codes import settle_codes, tell_duplicates
from phusong.layers.boundaries.old_codes import present_codes
from phusong.layers.boundaries.province import Province
from phusong.layers.positions.columns import POSITION
from phusong.layers.positions.points import Points, read_points
from phusong.layers.project.schema import Technology
from phusong.layers.rules import error, fold, warning
from phusong.layers.source import Layer
from phusong.layers.status import OPERATIONAL, settle_status
from phusong.layers.tables.columns import Column, Table, near_words
from phusong.layers.tables.spoilt_codes import SPOILT_TWICE, spoilt_codes
from phusong.layers.tables.technology_words import technologies_of

if TYPE_CHECKING:
    import geopandas as gpd

TECHNOLOGIES: tuple[str, ...] = get_args(Technology)
UNKNOWN_OPERATOR = "unknown"
"""Operator of cells whose row names none."""

COLUMNS = (
    Column("site_id", needed=True),
    Column("cell_id"),
    Column("operator"),
    Column("technology", needed=True),
    Column("frequency_mhz", "number", low=100.0, high=100_000.0, unit="MHz"),
    *POSITION,
    Column("antenna_height_m", "number", low=0.0, high=500.0, above=True, unit="m"),
    Column("azimuth_deg", "number", low=0.0, high=360.0, unit="°"),
    Column("tilt_deg", "number", low=-90.0, high=90.0, unit="°"),
    Column("beamwidth_deg", "number", low=0.0, high=360.0, above=True, unit="°"),
    Column("eirp_dbm", "number", low=0.0, high=100.0, unit="dBm"),
    Column("bandwidth_mhz", "number", low=0.0, high=2000.0, above=True, unit="MHz"),
    Column("status"),
    Column("commune_code"),
)
DEFAULTED = (
    "frequency_mhz", "antenna_height_m", "tilt_deg", "beamwidth_deg", "eirp_dbm", "bandwidth_mhz"
)
"""Columns whose empty cells take the default of the cell's technology."""
FRAME = (
    "site_id", "cell_id", "operator", "technology", "frequency_mhz", "lon", "lat", "antenna_height_m",
    "azimuth_deg", "tilt_deg", "beamwidth_deg", "eirp_dbm", "bandwidth_mhz", "commune_code",
)
"""Columns of the result, beside the geometry."""

UNKNOWN_TECHNOLOGY = error(
    "unknown-technology",
    "Không biết công nghệ này{near}.", "This technology is not known{near}.",
    "Ghi một trong {known}; mỗi công nghệ một dòng.", "Write one of {known}; one row for each technology.",
)
STANDARD = warning(
    "technology-by-standard",
    "{n} dòng ghi '{word}': hiểu là {technology}.", "{n} rows say '{word}': taken as {technology}.",
)
DUPLICATE = error(
    "duplicate-cell",
    "Mã cell trùng với dòng {first}.", "The cell's id stands in row {first} as well.",
    "Mỗi cell một dòng, một mã: xóa dòng lặp hoặc sửa mã.",
    "One row and one id per cell: delete the repetition, or mend the id.",
)
RESERVED = error(
    "reserved-operator",
    "'any' nghĩa là bất kỳ nhà mạng nào, không dùng làm tên.",
    "'any' stands for any operator, and is no name.",
    "Ghi tên nhà mạng.", "Write the operator's name.",
)
NO_OPERATOR = warning(
    "no-operator",
    "{n} dòng không ghi nhà mạng: xếp vào 'unknown'.", "{n} rows name no operator: counted as 'unknown'.",
    'Điền cột operator, hoặc khai trong dự án: defaults = {{ operator = "…" }}.',
    'Fill in the column operator, or say in the project: defaults = {{ operator = "…" }}.',
)
FILLED = warning(
    "default-used",
    "{n} dòng thiếu {name}: dùng mặc định theo công nghệ ({values}).",
    "{n} rows lack {name}: the default of the technology is used ({values}).",
)
NOT_OPERATIONAL = warning(
    "not-operational",
    "{n} dòng có trạng thái '{status}': không tính.", "{n} rows have the status '{status}': left out.",
    "Chỉ trạm đang hoạt động (operational) hoặc để trống trạng thái được tính.",
    "Only stations in operation, or without a status, count.",
)
NOTHING_LEFT = error(
    "no-operational-station",
    "Không có dòng nào đang hoạt động.", "No row is in operation.",
    'Kiểm tra cột trạng thái; trạm đang hoạt động ghi "operational" hoặc để trống.',
    'Check the column of status; "operational" or nothing stands for a station in operation.',
)
UNKNOWN_BANDWIDTH = error(
    "unknown-bandwidth",
    "{technology} không có độ rộng kênh này; có: {known} MHz.",
    "{technology} has no such channel bandwidth; it has: {known} MHz.",
    "Ghi độ rộng của một sóng mang, hoặc để trống để dùng mặc định.",
    "Give the width of one carrier, or leave it empty for the default.",
)
SITE_MOVES = warning(
    "site-in-two-places",
    "Vị trí (site) có hai tọa độ cách nhau {m:.0f} m (dòng {first}).",
    "The site stands in two places, {m:.0f} m apart (row {first}).",
    "Kiểm tra mã vị trí và tọa độ.", "Check the site's id and its coordinates.",
)
OTHER_COMMUNE = warning(
    "other-commune",
    "{n} dòng ghi mã xã khác với xã chứa tọa độ: giữ mã đã ghi.",
    "{n} rows name another commune than the one that holds their coordinates: the named one is kept.",
    "Kiểm tra mã xã hoặc tọa độ, ví dụ dòng {rows}.",
    "Check the commune's code or the coordinates, for example row {rows}.",
)
SITE_TOLERANCE_M = 50.0


@dataclass(frozen=True)
class _Cells:
    """Columns on their way to the result, all of shape (n,)."""

    table: Table
    points: Points
    technology: NDArray[np.object_]
    status: NDArray[np.object_]


def read_stations(layer: Layer, province: Province | None) -> gpd.GeoDataFrame | None:
    """Read the stations.

    Returns
    -------
    GeoDataFrame or None
        The columns of `phusong.layers.inventory.Layers.stations`; rows of the file that have faults are
        in it, for a run does not go on past an error. None where nothing could be read.
    """
    table = layer.open(COLUMNS)
    if table is None:
        return None
    table = present_codes(table, layer, province)
    points = read_points(table, layer.settings, province, province_code=layer.province_code)
    if points is None:
        return None
    given = table["status"] if table.has("status") else np.full(len(table), "", dtype=object)
    cells = _Cells(table, points, settle_technologies(table), settle_status(given))
    columns: dict[str, Any] = {
        "site_id": table["site_id"],
        "cell_id": _cell_ids(cells),
        "operator": _operators(table),
        "technology": cells.technology,
        **_numbers(cells),
        "commune_code": commune_codes(table, points, province),
    }
    _tell_moving_sites(table, points)
    return _frame(columns, cells, province)


def read_neighbours(layer: Layer, province: Province | None) -> gpd.GeoDataFrame | None:
    """Read the stations beyond the border: as `read_stations`, wherever they stand, of no commune."""
    import geopandas as gpd

    frame = read_stations(layer, None)
    if frame is None or province is None:
        return None
    points = gpd.GeoSeries(gpd.points_from_xy(frame["lon"], frame["lat"]), crs=4326)
    return frame.assign(commune_code="").set_geometry(points.to_crs(province.grid.crs))


def settle_technologies(table: Table) -> NDArray[np.object_]:
    """Return ``2G`` to ``5G`` for every row, empty where the technology is not known, which is told."""
    given = table["technology"]
    words = {w: names[0] if len(names := technologies_of(w)) == 1 else "" for w in set(given.tolist())}
    found = np.array([words[word] for word in given.tolist()], dtype=object)
    for word, name in sorted(words.items()):
        if name and fold(word) != fold(name):
            table.report.once(
                STANDARD, column=table.headers["technology"], n=int((given == word).sum()), word=word,
                technology=name,
            )
    wrong = (found == "") & (given != "")
    near = np.array([f": {w}?" if w else "" for w in near_words(given, TECHNOLOGIES)], dtype=object)
    table.each(UNKNOWN_TECHNOLOGY, wrong, "technology", near=near, known=", ".join(TECHNOLOGIES))
    return found


def _cell_ids(cells: _Cells) -> NDArray[np.object_]:
    """Return the file's ids; a cell without one is called after site, technology and number."""
    table = cells.table
    ids = table["cell_id"].copy() if table.has("cell_id") else np.full(len(table), "", dtype=object)
    tell_duplicates(table, "cell_id", ids, DUPLICATE)
    taken = set(ids.tolist())
    count: dict[str, int] = {}
    for i in np.flatnonzero(ids == ""):
        stem = f"{table['site_id'][i]}-{cells.technology[i]}"
        while True:
            count[stem] = count.get(stem, 0) + 1
            name = f"{stem}-{count[stem]}"
            if name not in taken:
                break
        taken.add(name)
        ids[i] = name
    return ids


def _operators(table: Table) -> NDArray[np.object_]:
    given = table["operator"] if table.has("operator") else np.full(len(table), "", dtype=object)
    # One operator, one spelling: the first that the file uses.
    first: dict[str, str] = {}
    found = np.array([first.setdefault(" ".join(w.split()).casefold(), " ".join(w.split())) for w in given],
                     dtype=object)
    table.each(RESERVED, np.array([w.casefold() == "any" for w in found], dtype=bool), "operator")
    nobody = found == ""
    if nobody.any():
        table.report.once(NO_OPERATOR, n=int(nobody.sum()))
        found[nobody] = UNKNOWN_OPERATOR
    return found


def _numbers(cells: _Cells) -> dict[str, NDArray[np.float64]]:
    """Return the numeric columns, with the technology's defaults in empty cells."""
    table = cells.table
    numbers: dict[str, NDArray[np.float64]] = {}
    defaults = technology_defaults()
    for name in DEFAULTED:
        values = table[name].copy() if table.has(name) else np.full(len(table), np.nan)
        if name == "bandwidth_mhz":
            _tell_bandwidths(table, values, cells.technology)
        empty = np.isnan(values) & (cells.technology != "")
        if empty.any():
            used = {t: getattr(defaults[t], name) for t in sorted(set(cells.technology[empty].tolist()))}
            values[empty] = [used[t] for t in cells.technology[empty].tolist()]
            said = Text(
                *("; ".join(f"{t}: {format_number(v, lang)}" for t, v in used.items()) for lang in LANGUAGES)
            )
            header = table.headers.get(name, name)
            table.report.once(FILLED, column=header, n=int(empty.sum()), name=name, values=said)
        numbers[name] = values
    azimuth = table["azimuth_deg"].copy() if table.has("azimuth_deg") else np.full(len(table), np.nan)
    azimuth[azimuth == 360.0] = 0.0
    numbers["azimuth_deg"] = azimuth
    return numbers


def _tell_bandwidths(
    table: Table, values: NDArray[np.float64], technology: NDArray[np.object_]
) -> None:
    for name in TECHNOLOGIES:
        known = bandwidths_mhz(name)
        if known:
            wrong = (technology == name) & np.isfinite(values) & ~np.isin(values, known)
            listed = ", ".join(f"{width:g}" for width in known)
            table.each(UNKNOWN_BANDWIDTH, wrong, "bandwidth_mhz", technology=name, known=listed)


def commune_codes(table: Table, points: Points, province: Province | None) -> NDArray[np.object_]:
    """Return the commune of each point: the one its row names if there is such a commune, else by position.

    Where both are known and differ, the row's own is kept and the rows are counted.
    """
    located = np.full(len(table), "", dtype=object)
    known = province.codes if province is not None else None
    if known is not None:
        inside = points.commune >= 0
        located[inside] = np.array(known, dtype=object)[points.commune[inside]]
    if not table.has("commune_code"):
        return located
    named = settle_codes(table, known)
    if known is None:
        return named
    good = np.isin(named.astype(str), known)
    differ = good & (located != "") & (named != located)
    if differ.any():
        rows = ", ".join(str(row) for row in table.raw.rows[differ][:5])
        table.report.once(
            OTHER_COMMUNE, column=table.headers["commune_code"], n=int(differ.sum()), rows=rows
        )
    return np.where(good, named, located)


def _tell_moving_sites(table: Table, points: Points) -> None:
    """Tell rows that stand apart from the first row of their site."""
    import pandas as pd

    frame = pd.DataFrame({"site": table["site_id"], "x": points.x_m, "y": points.y_m, "row": table.raw.rows})
    start = frame.groupby("site", sort=False).transform("first")
    dx, dy = (frame[axis].to_numpy() - start[axis].to_numpy() for axis in ("x", "y"))
    apart = np.hypot(dx, dy)
    again = frame[["site", "x", "y"]].duplicated().to_numpy()
    wrong = (apart > SITE_TOLERANCE_M) & ~again & (table["site_id"] != "")
    first = start["row"].astype(str).to_numpy(dtype=object)
    spoilt = wrong & spoilt_codes(table["site_id"])
    table.each(SPOILT_TWICE, spoilt, "site_id", first=first)
    table.each(SITE_MOVES, wrong & ~spoilt, "site_id", m=apart, first=first)


def no_stations(province: Province) -> gpd.GeoDataFrame:
    """Return the frame of a province whose stations could not be read: no rows."""
    import geopandas as gpd

    texts = ("site_id", "cell_id", "operator", "technology", "commune_code")
    empty = {name: np.empty(0, dtype=object if name in texts else np.float64) for name in FRAME}
    return gpd.GeoDataFrame(empty, geometry=np.empty(0, dtype=object), crs=province.grid.crs)


def _frame(columns: dict[str, Any], cells: _Cells, province: Province | None) -> gpd.GeoDataFrame:
    import geopandas as gpd

    report = cells.table.report
    kept = cells.status == OPERATIONAL
    for word in sorted(set(cells.status[~kept].tolist())):
        n = int((cells.status == word).sum())
        report.once(NOT_OPERATIONAL, column=cells.table.headers["status"], n=n, status=word)
    if not kept.any():
        report.once(NOTHING_LEFT)
    columns = {**columns, "lon": cells.points.lon, "lat": cells.points.lat}
    crs = province.grid.crs if province is not None else None
    frame = gpd.GeoDataFrame(
        {name: columns[name] for name in FRAME}, geometry=cells.points.shapes(), crs=crs
    )
    return frame[kept].reset_index(drop=True)
