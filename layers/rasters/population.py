"""People per cell of the grid: a population raster split by area, none lost and none added."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from phusong.data.language import Text
from phusong.layers.boundaries.province import cells_in
from phusong.layers.faults import Fault, Faults, Severity
from phusong.layers.grid import FloatArray, Grid, Raster
from phusong.layers.inventory import Population
from phusong.layers.keeping import Arrays, Keep, computed
from phusong.layers.lands import zeros

if TYPE_CHECKING:
    import geopandas as gpd

UNREADABLE = Text(
    "Không đọc được raster dân số: {reason}.", "The population raster cannot be read: {reason}."
)
GIVE_GEOTIFF = Text("Hãy đưa tệp GeoTIFF, mỗi ô là số người.", "Give a GeoTIFF file whose cells hold people.")
NO_CRS = Text("Raster dân số không khai hệ tọa độ.", "The population raster declares no coordinate system.")
DECLARE_CRS = Text(
    'Khai trong dự án, ví dụ crs = "EPSG:4326".', 'Declare it in the project, for example crs = "EPSG:4326".'
)
NEGATIVE = Text(
    "Raster dân số có {n} ô âm (nhỏ nhất {low:.2f}).",
    "The population raster has {n} negative cells (lowest {low:.2f}).",
)
DECLARE_NODATA = Text(
    "Khai giá trị này là nodata trong tệp, hoặc sửa lại.",
    "Declare that value as nodata in the file, or mend it.",
)
INFINITE = Text(
    "Raster dân số có {n} ô mang giá trị vô cực.",
    "The population raster has {n} cells with an infinite value.",
)
DENSE = Text(
    "Raster dân số có {n} ô đông hơn {most} người/km² (cao nhất {high} người/km²).",
    "The population raster has {n} cells with more than {most} people/km² (highest {high} people/km²).",
)
CHECK_UNIT = Text(
    "Kiểm tra đơn vị: mỗi ô phải là số người, không phải mật độ, và giá trị nodata đã được khai.",
    "Check the unit: cells hold people, not a density, and nodata must be declared.",
)
FAR_FROM_OFFICIAL = Text(
    "Tổng raster trong các xã là {raster} người, dân số chính thức của các xã đó là {official}: lệch hơn "
    "{factor} lần.",
    "The raster holds {raster} people in the communes whose official population is {official}: they are more "
    "than a factor of {factor} apart.",
)
DENSEST_PER_KM2 = 200_000
"""People per square kilometre beyond which a cell is told: no ward of Vietnam is half as dense."""

FARTHEST_FACTOR = 2
"""Between the raster and the official population, above or below, before it is told."""

EMPTY = Text(
    "Raster dân số không chạm tỉnh này, hoặc không có người nào.",
    "The population raster does not touch the province, or holds nobody.",
)
CHECK_PROVINCE = Text(
    "Kiểm tra tệp có đúng tỉnh và đúng hệ tọa độ không.",
    "Check that the file is of this province and in the declared coordinate system.",
)
UNCOVERED = Text(
    "Raster dân số không có giá trị trên {share:.1f}% diện tích các xã.",
    "The population raster has no value over {share:.1f}% of the communes' area.",
)
COUNTED_ZERO = Text("Phần đó tính là không có người.", "That part counts as empty.")


def read_population(
    path: Path,
    communes: gpd.GeoDataFrame,
    grid: Grid,
    faults: Faults,
    *,
    file: str,
    crs: str | None = None,
    layer_name: str = "population",
    weights: FloatArray | None = None,
    inside: NDArray[np.bool_] | None = None,
    keep: Keep = computed,
) -> Population:
    """Read a raster of people per cell and lay it on the grid.

    Parameters
    ----------
    path : Path
        Any raster that GDAL reads, one band, people per cell; nodata and NaN count as nobody.
    communes : GeoDataFrame
        In the grid's coordinate system; used to say how much of the province has no value.
    grid : Grid
    faults : Faults
        Errors: unreadable, no coordinate system, negative or infinite cells, nobody on the grid.
        Warnings: part of the communes without a value, cells too dense to be true, a sum far from the
        official population where the communes have one.
    file : str
        Name of the file in messages.
    crs : str, optional
        Declared in the project; wins over the file's.
    weights : array of float64, shape (rows, cols), optional
        Of the grid's cells: each source cell's people on the grid are divided in proportion to area times
        weight, evenly where all weights are 0. See `phusong.layers.rasters.dasymetric`.
    inside : array of bool, shape (rows, cols), optional
        Cells whose centre lies in a commune, where they are known already.
    keep : Keep
        What keeps the split between runs.

    Returns
    -------
    Population
        All zero where there was an error.
    """
    tell = _Teller(faults, layer_name, file)
    nobody = Population(Raster(zeros(grid, np.float64), grid), 0.0, 0.0)
    source = _read_source(path, grid, crs, tell)
    if source is None:
        return nobody
    by = np.zeros((0, 0)) if weights is None else weights
    parts = source.people, source.known, tuple(source.transform)[:6], source.crs, *grid.place, by
    found = keep(("people by cell", *parts), lambda: _lay(source, grid, by))
    total, beyond = found["sums"].tolist()
    if total <= 0.0:
        tell("error", "empty", EMPTY, CHECK_PROVINCE)
        return nobody
    inside = _cells_of(communes, grid) if inside is None else inside
    _doubt(found, communes, grid, inside, tell)
    evenly = Raster(found["evenly"], grid)
    if weights is None:
        return Population(evenly, total, beyond)
    return Population(Raster(found["weighted"], grid), total, beyond, evenly=evenly)


@dataclass(frozen=True)
class _Teller:
    """Adds faults of one raster."""

    faults: Faults
    layer: str
    file: str

    def __call__(
        self, severity: Severity, code: str, text: Text, remedy: Text, value: str = "", **values: Any
    ) -> None:
        self.faults.add(
            Fault(
                severity, f"{self.layer}.{code}", text, remedy, values, layer=self.layer, file=self.file,
                value=value,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class _Source:
    """The source cells that may touch the grid, ``(rows, cols)``; ``people`` is 0 where it is not known."""

    people: FloatArray
    known: NDArray[np.bool_]
    transform: Any
    crs: str


def _read_source(path: Path, grid: Grid, crs: str | None, tell: _Teller) -> _Source | None:
    """Read the cells near the grid; None where the file cannot be read or its values cannot be people."""
    import rasterio
    from pyproj import CRS
    from rasterio.errors import RasterioError

    try:
        with rasterio.open(path) as source:
            source_crs = crs or source.crs
            if not source_crs:
                tell("error", "no-crs", NO_CRS, DECLARE_CRS)
                return None
            window = _window(source, source_crs, grid)
            values = source.read(1, window=window, masked=True) if window else np.ma.zeros((0, 0))
            transform = source.window_transform(window) if window else source.transform
    except (RasterioError, OSError, ValueError) as error:
        tell("error", "unreadable", UNREADABLE, GIVE_GEOTIFF, reason=str(error).splitlines()[0])
        return None

    people = np.ma.filled(values.astype(np.float64), np.nan)
    infinite = int(np.isinf(people).sum())
    if infinite:
        tell("error", "infinite", INFINITE, DECLARE_NODATA, "inf", n=infinite)
        return None
    known = np.isfinite(people)
    people = np.where(known, people, 0.0)
    if (people < 0).any():
        low = float(people.min())
        tell("error", "negative", NEGATIVE, DECLARE_NODATA, f"{low:g}", n=int((people < 0).sum()), low=low)
        return None
    return _Source(people, known, transform, CRS.from_user_input(source_crs).to_wkt())


def _lay(source: _Source, grid: Grid, weights: FloatArray) -> Arrays:
    """Split source cells over the grid.

    Returns
    -------
    mapping
        ``evenly``, ``known`` (the part of each cell that has a value), ``sums`` (people of the source cells
        that touch the grid, and those of them beyond it), ``densest`` (source cells too dense to be true, and
        people per km² of the densest); where there are weights, ``weighted``.
    """
    people, known = source.people, source.known
    corner_x, corner_y = _corners(people.shape, source.transform, source.crs, grid)
    place = (corner_x, corner_y, grid.left_m, grid.top_m, grid.cell_m)
    evenly, share = zeros(grid, np.float64), zeros(grid, np.float64)
    gathered = np.zeros((2, *(people.shape if weights.size else (0, 0))))
    sums = _split(people, known, *place, evenly, share, weights, gathered)
    per_km2 = people / _areas_km2(corner_x, corner_y)
    dense = per_km2[per_km2 > DENSEST_PER_KM2]
    found = {
        "evenly": evenly, "known": share, "sums": np.array(sums),
        "densest": np.array([len(dense), dense.max(initial=0.0)]),
    }
    if weights.size:
        found["weighted"] = _by_weight(people, known, place, weights, gathered)
    return found


def _doubt(
    found: Arrays,
    communes: gpd.GeoDataFrame,
    grid: Grid,
    inside: NDArray[np.bool_],
    tell: _Teller,
) -> None:
    """Warn of what may be wrong with a raster that can be read: holes, too dense a cell, another sum."""
    missing = _share_without_value(inside, found["known"])
    if missing > 0.001:
        tell("warning", "uncovered", UNCOVERED, COUNTED_ZERO, share=100.0 * missing)
    n, high = map(round, found["densest"].tolist())
    if n:
        tell("warning", "dense", DENSE, CHECK_UNIT, n=n, most=DENSEST_PER_KM2, high=high)
    official, held = _beside_official(communes, grid, found["evenly"], inside)
    if official > 0.0 and not official / FARTHEST_FACTOR <= held <= official * FARTHEST_FACTOR:
        tell(
            "warning", "far-from-official", FAR_FROM_OFFICIAL, CHECK_UNIT, raster=round(held),
            official=round(official), factor=FARTHEST_FACTOR,
        )  # fmt: skip


def _by_weight(
    people: FloatArray,
    known: NDArray[np.bool_],
    place: tuple[FloatArray, FloatArray, float, float, float],
    weights: FloatArray,
    gathered: FloatArray,
) -> FloatArray:
    """Divide every source cell's people on the grid by area times weight.

    With ``s`` the part of source cell i in cell k, its people there are ``P w s / sum(w s)`` times the part
    of the cell that lies on the grid: the weights come out of the sum over i, so that two even splits do.
    """
    mean, inside = gathered
    weighted = mean > 0.0
    scaled = np.where(weighted, people * inside / np.where(weighted, mean, 1.0), 0.0)
    even, nowhere = np.zeros((0, 0)), np.zeros((2, 0, 0))
    onto, rest, unused = (np.zeros(weights.shape) for _ in range(3))
    _split(scaled, known, *place, onto, unused, even, nowhere)
    _split(np.where(weighted, 0.0, people), known, *place, rest, unused, even, nowhere)
    return onto * weights + rest


def _window(source: Any, source_crs: Any, grid: Grid) -> Any:
    """Return the part of the source that may touch the grid, or None."""
    from pyproj import CRS, Transformer
    from rasterio.windows import Window, from_bounds

    to_source = Transformer.from_crs(grid.crs, CRS.from_user_input(source_crs), always_xy=True)
    left, bottom, right, top = to_source.transform_bounds(*grid.bounds, densify_pts=101)
    if not all(map(math.isfinite, (left, bottom, right, top))):
        return None
    window = from_bounds(left, bottom, right, top, source.transform)
    col0, row0 = math.floor(window.col_off) - 2, math.floor(window.row_off) - 2
    col1 = math.ceil(window.col_off + window.width) + 2
    row1 = math.ceil(window.row_off + window.height) + 2
    col0, row0 = max(col0, 0), max(row0, 0)
    col1, row1 = min(col1, source.width), min(row1, source.height)
    if col0 >= col1 or row0 >= row1:
        return None
    return Window(col0, row0, col1 - col0, row1 - row0)


def _corners(
    shape: tuple[int, ...], transform: Any, source_crs: Any, grid: Grid
) -> tuple[FloatArray, FloatArray]:
    """Return the corners of the source cells in the grid's system, ``(rows + 1, cols + 1)`` each."""
    from pyproj import CRS, Transformer

    col, row = np.meshgrid(np.arange(shape[1] + 1.0), np.arange(shape[0] + 1.0))
    x = transform.c + transform.a * col + transform.b * row
    y = transform.f + transform.d * col + transform.e * row
    system = CRS.from_user_input(source_crs)
    if system == grid.crs:
        return x, y
    east, north = Transformer.from_crs(system, grid.crs, always_xy=True).transform(x, y)
    return np.asarray(east), np.asarray(north)


@njit(cache=True, nogil=True)
def _clip(xs: Any, ys: Any, n: int, out_x: Any, out_y: Any, axis: int, edge: float, keep_above: bool) -> int:
    """Clip a polygon of ``n`` corners by one axis-parallel half plane (Sutherland and Hodgman 1974)."""
    m = 0
    for i in range(n):
        j = i + 1 if i + 1 < n else 0
        a = xs[i] if axis == 0 else ys[i]
        b = xs[j] if axis == 0 else ys[j]
        a_in = a >= edge if keep_above else a <= edge
        b_in = b >= edge if keep_above else b <= edge
        if a_in:
            out_x[m] = xs[i]
            out_y[m] = ys[i]
            m += 1
        if a_in != b_in:
            t = (edge - a) / (b - a)
            out_x[m] = xs[i] + t * (xs[j] - xs[i])
            out_y[m] = ys[i] + t * (ys[j] - ys[i])
            m += 1
    return m


@njit(cache=True, nogil=True)
def _area(xs: Any, ys: Any, n: int) -> float:
    """Area of a polygon of ``n`` corners, relative to its first corner so that no digits are lost."""
    area = 0.0
    for i in range(1, n - 1):
        area += (xs[i] - xs[0]) * (ys[i + 1] - ys[0]) - (xs[i + 1] - xs[0]) * (ys[i] - ys[0])
    return abs(area) / 2.0


@njit(cache=True, nogil=True)
def _split(
    people: Any,
    known: Any,
    corner_x: Any,
    corner_y: Any,
    left: float,
    top: float,
    cell: float,
    onto: Any,
    known_share: Any,
    weights: Any,
    gathered: Any,
) -> tuple[float, float]:
    """Spread each source cell over the grid cells it touches, in proportion to area.

    Adds people to ``onto`` and the part of each grid cell that has a value to ``known_share``; returns
    the people of the source cells that touch the grid and the part of them that lies beyond it. Where there
    are ``weights``, ``gathered`` takes the sum of part times weight, and of parts, of every source cell.
    """
    rows, cols = onto.shape
    ax, ay = np.empty(12), np.empty(12)
    bx, by = np.empty(12), np.empty(12)
    qx, qy = np.empty(4), np.empty(4)
    sx, sy = np.empty(12), np.empty(12)
    total = 0.0
    beyond = 0.0
    for i in range(people.shape[0]):
        for j in range(people.shape[1]):
            if not known[i, j]:
                continue
            qx[0], qy[0] = corner_x[i, j], corner_y[i, j]
            qx[1], qy[1] = corner_x[i, j + 1], corner_y[i, j + 1]
            qx[2], qy[2] = corner_x[i + 1, j + 1], corner_y[i + 1, j + 1]
            qx[3], qy[3] = corner_x[i + 1, j], corner_y[i + 1, j]
            c0 = math.floor((qx.min() - left) / cell)
            c1 = math.ceil((qx.max() - left) / cell)
            r0 = math.floor((top - qy.max()) / cell)
            r1 = math.ceil((top - qy.min()) / cell)
            if c1 <= 0 or r1 <= 0 or c0 >= cols or r0 >= rows:
                continue
            whole = _area(qx, qy, 4)
            if not whole > 0.0:
                continue
            inside = 0.0
            touched = False
            for r in range(max(r0, 0), min(r1, rows)):
                m = _clip(qx, qy, 4, ax, ay, 1, top - r * cell, False)
                n_row = _clip(ax, ay, m, bx, by, 1, top - (r + 1) * cell, True)
                if n_row < 3:
                    continue
                for c in range(max(c0, 0), min(c1, cols)):
                    m = _clip(bx, by, n_row, ax, ay, 0, left + c * cell, True)
                    m = _clip(ax, ay, m, sx, sy, 0, left + (c + 1) * cell, False)
                    if m < 3:
                        continue
                    part = _area(sx, sy, m)
                    if part > 0.0:
                        touched = True
                        share = part / whole
                        inside += share
                        onto[r, c] += people[i, j] * share
                        known_share[r, c] += part / (cell * cell)
                        if weights.size > 0:
                            gathered[0, i, j] += share * weights[r, c]
                            gathered[1, i, j] += share
            if touched:
                total += people[i, j]
                # Rounding must neither lose nor make people: what is not inside is beyond.
                beyond += people[i, j] * (1.0 - inside)
    return total, beyond


def _areas_km2(corner_x: FloatArray, corner_y: FloatArray) -> FloatArray:
    """Return the area of every source cell, half the cross product of its diagonals; NaN for none."""
    x = np.where(np.isfinite(corner_x), corner_x, np.nan)
    y = np.where(np.isfinite(corner_y), corner_y, np.nan)
    along_x, along_y = x[1:, 1:] - x[:-1, :-1], y[1:, 1:] - y[:-1, :-1]
    across_x, across_y = x[1:, :-1] - x[:-1, 1:], y[1:, :-1] - y[:-1, 1:]
    area = np.abs(along_x * across_y - along_y * across_x) / 2e6
    return np.where(area > 0.0, area, np.nan)


def _beside_official(
    communes: gpd.GeoDataFrame, grid: Grid, onto: FloatArray, inside: NDArray[np.bool_]
) -> tuple[float, float]:
    """Return the official population of the communes that have one, and what the raster holds there.

    By the cells whose centre lies in them: near enough to tell a wrong unit. ``inside``: those of all.
    """
    if "population" not in communes:
        return 0.0, 0.0
    people = communes["population"].to_numpy(dtype=float)
    given = np.isfinite(people)
    cells = inside if given.all() else _cells_of(communes[given], grid)
    return float(people[given].sum()), float(onto[cells].sum())


def _cells_of(communes: gpd.GeoDataFrame, grid: Grid) -> NDArray[np.bool_]:
    """Tell the cells whose centre lies in a commune."""
    return cells_in(np.asarray(communes.geometry.array, dtype=object), grid)


def _share_without_value(inside: NDArray[np.bool_], known_share: FloatArray) -> float:
    """Return the part of the communes' cells over which the raster has no value."""
    if not inside.any():
        return 0.0
    return float(1.0 - np.minimum(known_share[inside], 1.0).mean())
