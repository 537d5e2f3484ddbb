"""Which coordinate system a file is in: what it declares, held against where its points must lie.

A slip between zones of VN-2000 moves points by 27 or 82 km and may leave them on land, in the province
even. So each candidate is tried on the points: how many fall into the commune that their row names, or,
without such a column, into the province. A system that is declared wins, but is contradicted where
another one explains the points and it does not. Where several explain them, the user is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from phusong.data.language import Text
from phusong.data.tables import provinces
from phusong.layers.boundaries.province import Province
from phusong.layers.grid import FloatArray
from phusong.layers.positions.crs_words import (
    PLANE,
    VN2000,
    WGS84,
    ZONE_PREFIXES,
    central_meridians,
    name_of,
    successor,
)
from phusong.layers.rules import Report, error, warning

Verdict = Literal["declared", "communes", "province", "ambiguous", "nothing-fits", "contradicted", "unknown"]

NORTHING_M = (900_000.0, 2_650_000.0)
"""Northings of Vietnam, 8° to 24° N; no easting of its zones reaches them."""
EASTING_M = (50_000.0, 950_000.0)
_MOST = 0.75
"""Share of the rows that must fit an order of the columns; single rows beside it are told as faults."""
_SAMPLE = 500
_NEAR_M = 1_000.0
"""A point this near to the province still counts as in it: borders are drawn with less care than masts."""

AMBIGUOUS = error(
    "crs-ambiguous",
    "Tệp không khai hệ tọa độ và nhiều hệ cùng phù hợp: {choices}.",
    "The file declares no coordinate system, and several fit: {choices}.",
    'Khai hệ đúng trong dự án, ví dụ crs = "EPSG:{first}".',
    'Declare the right one in the project, for example crs = "EPSG:{first}".',
)
NOTHING_FITS = error(
    "crs-nothing-fits",
    "Tệp không khai hệ tọa độ và không hệ nào đưa các điểm về đúng chỗ; gần nhất: {choices}.",
    "The file declares no coordinate system, and none puts the points where they belong; nearest: {choices}.",
    "Hỏi nơi gửi tệp về hệ tọa độ, kinh tuyến trục và múi chiếu.",
    "Ask the sender for the system, its central meridian and zone.",
)
CONTRADICTED = error(
    "crs-contradicted",
    "Hệ đã khai {declared} chỉ đưa {n} trên {total} điểm về đúng {where}, còn {other} đưa {m} điểm.",
    "The declared {declared} puts only {n} of {total} points into their {where}, while {other} puts {m}.",
    "Kiểm tra kinh tuyến trục: rất có thể tệp dùng hệ thứ hai.",
    "Check the central meridian: the file is most likely in the second system.",
)
FOUND = warning(
    "crs-found",
    "Tệp không khai hệ tọa độ: dùng {crs}, hệ duy nhất đưa {n} trên {total} điểm về đúng {where}.",
    "The file declares no coordinate system: {crs} is used, the only one that puts {n} of {total} points "
    "into their {where}.",
    'Khai rõ trong dự án: crs = "EPSG:{epsg}".', 'Say so in the project: crs = "EPSG:{epsg}".',
)
X_IS_NORTH = warning(
    "x-is-northing",
    "Cột '{x}' là tung độ (hướng bắc) và cột '{y}' là hoành độ (hướng đông), theo cách ghi của Việt Nam.",
    "Column '{x}' is the northing and '{y}' the easting, as is the custom in Vietnam.",
)
DEPRECATED = warning(
    "crs-deprecated",
    "Mã {old} đã bị bãi bỏ: dùng mã thay thế {new}.", "The code {old} is deprecated: {new} replaces it.",
)

_COMMUNE = Text("xã đã ghi", "own commune")
_PROVINCE = Text("tỉnh", "province")


@dataclass(frozen=True)
class Candidate:
    """A system, and whether the first column is the northing (or the latitude)."""

    epsg: int
    north_first: bool = False

    @property
    def name(self) -> str:
        """What messages call it."""
        return name_of(self.epsg)


@dataclass(frozen=True)
class Tried:
    """How a candidate did.

    Attributes
    ----------
    candidate : Candidate
    explained : int
        Points in their commune, or in the province where no commune is declared.
    in_province : int
    """

    candidate: Candidate
    explained: int
    in_province: int


@dataclass(frozen=True)
class CrsAnswer:
    """Which system the points are in, and why.

    Attributes
    ----------
    verdict : str
        ``declared``; ``communes`` or ``province`` (what decided); ``ambiguous``, ``nothing-fits``,
        ``contradicted`` (refusals); ``unknown`` where there was nothing to hold the points against.
    candidate : Candidate or None
        None for a refusal without a declared system.
    tried : tuple of Tried
        Best first.
    points : int
        Points that were tried.
    by_commune : bool
        Whether they were held against declared communes.
    choices : tuple of Tried
        Those that fit equally well, for an ambiguity.
    """

    verdict: Verdict
    candidate: Candidate | None
    tried: tuple[Tried, ...] = ()
    points: int = 0
    by_commune: bool = False
    choices: tuple[Tried, ...] = ()

    @property
    def refused(self) -> bool:
        """Tell whether the points cannot be used."""
        return self.verdict in ("ambiguous", "nothing-fits", "contradicted")


def strip_zone(easting: FloatArray) -> tuple[FloatArray, tuple[int, ...]]:
    """Return eastings without the number of their zone, and the systems that the number means.

    ``48568262.9`` is 568 262.9 m in zone 48. A column is stripped only if all its values carry the same
    known number; else it is returned as it is, with no systems.
    """
    known = easting[np.isfinite(easting)]
    zones = np.floor(known / 1e6)
    if not len(known) or np.any(zones != zones[0]) or str(int(zones[0])) not in ZONE_PREFIXES:
        return easting, ()
    return easting - zones[0] * 1e6, ZONE_PREFIXES[str(int(zones[0]))]


def to_lonlat(first: FloatArray, second: FloatArray, candidate: Candidate) -> tuple[FloatArray, FloatArray]:
    """Return longitude and latitude (WGS 84) of two columns read as a candidate says.

    Parameters
    ----------
    first, second : array of float64, shape (n,)
        As the columns stand; a zone's number before the easting is taken off.
    candidate : Candidate

    Returns
    -------
    tuple of array of float64, shape (n,)
        Degrees, NaN where there is no such place.
    """
    from pyproj import CRS, Transformer

    x, y = (second, first) if candidate.north_first else (first, second)
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    crs = CRS.from_epsg(successor(candidate.epsg))
    if crs.is_projected:
        x = strip_zone(x)[0]
        fits = np.isfinite(x) & np.isfinite(y)
    else:
        fits = (np.abs(x) <= 360) & (np.abs(y) <= 90)
    turn = Transformer.from_crs(crs, WGS84, always_xy=True)
    lon, lat = turn.transform(np.where(fits, x, np.nan), np.where(fits, y, np.nan))
    wild = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(wild, np.nan, lon), np.where(wild, np.nan, lat)


def candidates(
    first: FloatArray, second: FloatArray, *, province_code: str = "", among: Sequence[int] = ()
) -> tuple[Candidate, ...]:
    """Return the systems and orders that two columns may be in, by the size of their numbers.

    Parameters
    ----------
    first, second : array of float64, shape (n,)
    province_code : str
        Two digits: the zones of the province and of those merged into it come first.
    among : sequence of int
        EPSG codes that words of the file leave open; all of Vietnam's by default.

    Returns
    -------
    tuple of Candidate
        Empty where the numbers are neither degrees nor metres of Vietnam.
    """
    known = np.isfinite(first) & np.isfinite(second)
    a, b = first[known], second[known]
    if not len(a):
        return ()
    if np.all(np.abs(a) <= 360) and np.all(np.abs(b) <= 360):
        degrees = [e for e in among if e in (WGS84, VN2000)] or [WGS84]
        orders = [o for o, lat in ((False, b), (True, a)) if np.all(np.abs(lat) <= 90)]
        return tuple(Candidate(e, o) for e in degrees for o in orders)
    best: tuple[Candidate, ...] = ()
    share = _MOST
    for north_first, (north, east) in ((True, (a, b)), (False, (b, a))):
        plain, prefixed = strip_zone(east)
        fits = float(np.mean(_within(north, NORTHING_M) & _within(plain, EASTING_M)))
        if fits >= share:
            codes = prefixed or tuple(e for e in among if e not in (WGS84, VN2000)) or PLANE
            best, share = tuple(Candidate(e, north_first) for e in _in_order(codes, province_code)), fits
            if fits == 1.0:
                break
    return best


def _within(values: FloatArray, limits: tuple[float, float]) -> NDArray[np.bool_]:
    return (values >= limits[0]) & (values <= limits[1])


def _in_order(codes: Sequence[int], province_code: str) -> list[int]:
    own = provinces()[province_code].tm3_candidates if province_code in provinces() else ()
    return sorted(codes, key=lambda e: (own.index(e) if e in own else len(own), codes.index(e)))


def choose_crs(
    first: FloatArray,
    second: FloatArray,
    *,
    province: Province | None = None,
    province_code: str = "",
    communes: NDArray[np.object_] | None = None,
    declared: int | None = None,
    among: Sequence[int] = (),
) -> CrsAnswer:
    """Say which system two columns of coordinates are in.

    Parameters
    ----------
    first, second : array of float64, shape (n,)
        The columns as they stand, ``X`` before ``Y`` or longitude before latitude as the file has them.
    province : Province, optional
        Ground to hold the points against.
    province_code : str
        Two digits, for the order of the zones.
    communes : array of object (str), shape (n,), optional
        Code of the commune that each row declares (of the province's vintage); empty where none.
    declared : int, optional
        EPSG code of the file or the project: it wins, in either order of the columns.
    among : sequence of int
        EPSG codes to which words of the file restrict the search.

    Returns
    -------
    CrsAnswer
    """
    among = among if declared is None else ()
    tries = list(candidates(first, second, province_code=province_code, among=among))
    own = _declared_candidates(first, second, declared) if declared is not None else []
    if province is None:
        if own:
            return CrsAnswer("declared", own[0])
        return CrsAnswer("unknown", tries[0] if len(tries) == 1 else None)
    where = _sample(first, second)
    expected = _expected(province, communes, where)
    by_commune = bool((expected >= 0).any())
    if by_commune:
        where, expected = where[expected >= 0], expected[expected >= 0]
    tries = [*own, *(c for c in tries if c not in own)]
    tried = [_try(c, first[where], second[where], province, expected if by_commune else None) for c in tries]
    best_first = tuple(sorted(tried, key=lambda t: -t.explained))
    n = len(where)
    if own:
        return _hold_declared(own, tried, best_first, n, by_commune)
    return _undeclared(best_first, n, by_commune)


def _declared_candidates(first: FloatArray, second: FloatArray, declared: int) -> list[Candidate]:
    """Return the declared system in the order that the size of the numbers says, else in both."""
    epsg = successor(declared)
    sized = {c.north_first for c in candidates(first, second)}
    vietnamese = epsg in (*PLANE, WGS84, VN2000)
    orders = sorted(sized) if vietnamese and sized else [False]
    return [Candidate(epsg, order) for order in orders]


def _sample(first: FloatArray, second: FloatArray) -> NDArray[np.int64]:
    """Return rows to try: distinct points, evenly taken where there are many."""
    known = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    _, distinct = np.unique(np.column_stack([first[known], second[known]]), axis=0, return_index=True)
    rows = known[np.sort(distinct)]
    if len(rows) > _SAMPLE:
        rows = rows[np.linspace(0, len(rows) - 1, _SAMPLE).astype(np.int64)]
    return rows.astype(np.int64)


def _expected(
    province: Province, communes: NDArray[np.object_] | None, where: NDArray[np.int64]
) -> NDArray[np.int64]:
    if communes is None:
        return np.full(len(where), -1, dtype=np.int64)
    position = {code: i for i, code in enumerate(province.codes)}
    return np.array([position.get(str(communes[i]), -1) for i in where], dtype=np.int64)


def _try(
    candidate: Candidate, first: FloatArray, second: FloatArray, province: Province,
    expected: NDArray[np.int64] | None,
) -> Tried:
    from pyproj import Transformer

    lon, lat = to_lonlat(first, second, candidate)
    turn = Transformer.from_crs(WGS84, province.grid.crs, always_xy=True)
    x, y = turn.transform(lon, lat)
    x, y = np.where(np.isfinite(x), x, np.nan), np.where(np.isfinite(y), y, np.nan)
    commune = province.commune_of(x, y)
    if expected is not None:
        return Tried(candidate, int((commune == expected).sum()), int((commune >= 0).sum()))
    left, bottom, right, top = province.grid.bounds
    near = (commune < 0) & (np.abs(x - (left + right) / 2) < (right - left) / 2 + _NEAR_M)
    near &= np.abs(y - (bottom + top) / 2) < (top - bottom) / 2 + _NEAR_M
    inside = int((commune >= 0).sum() + (province.distance_m(x[near], y[near]) <= _NEAR_M).sum())
    return Tried(candidate, inside, inside)


def _undeclared(tried: tuple[Tried, ...], n: int, by_commune: bool) -> CrsAnswer:
    """Choose the one that explains the points if no other comes near it."""
    if not tried or not n:
        return CrsAnswer("nothing-fits" if n else "unknown", None, tried, n, by_commune)
    best = tried[0]
    if best.explained < (0.6 if by_commune else 0.9) * n:
        return CrsAnswer("nothing-fits", None, tried, n, by_commune)
    margin = max((0.3 if by_commune else 0.05) * n, min(5, n))
    near = tuple(t for t in tried if best.explained - t.explained < margin)
    if len(near) > 1:
        return CrsAnswer("ambiguous", None, tried, n, by_commune, near)
    return CrsAnswer("communes" if by_commune else "province", best.candidate, tried, n, by_commune)


def _hold_declared(
    own: Sequence[Candidate], tried: Sequence[Tried], best_first: tuple[Tried, ...], n: int, by_commune: bool
) -> CrsAnswer:
    """Let the declared system win, unless another explains the points and it does not."""
    mine = max(tried[: len(own)], key=lambda t: t.explained)
    if len(own) > 1 and tried[0].explained == tried[1].explained == 0:
        mine = tried[0]
    best = best_first[0]
    if n and mine.explained < 0.5 * n and best.explained >= max(0.8 * n, mine.explained + min(3, n)):
        return CrsAnswer("contradicted", mine.candidate, best_first, n, by_commune, (best,))
    return CrsAnswer("declared", mine.candidate, best_first, n, by_commune)


def tell_crs(
    report: Report, answer: CrsAnswer, headers: tuple[str, str] = ("", ""), declared: int | None = None
) -> None:
    """Tell which system was found, what was turned round, or what the user is asked.

    ``headers`` are those of the two columns in the file's order, ``declared`` the code as it was given.
    """
    both = ", ".join(h for h in headers if h)
    where = _COMMUNE if answer.by_commune else _PROVINCE
    if declared is not None and successor(declared) != declared:
        report.once(DEPRECATED, old=f"EPSG:{declared}", new=name_of(successor(declared)))
    if answer.verdict == "ambiguous":
        report.once(
            AMBIGUOUS, column=both, choices=_said(answer.choices[:6], answer.points),
            first=str(answer.choices[0].candidate.epsg),
        )
    elif answer.verdict == "nothing-fits":
        report.once(NOTHING_FITS, column=both, choices=_said(answer.tried[:3], answer.points))
    elif answer.verdict == "contradicted":
        assert answer.candidate is not None
        mine = next(t for t in answer.tried if t.candidate == answer.candidate)
        (other,) = answer.choices
        report.once(
            CONTRADICTED, column=both, declared=answer.candidate.name, n=mine.explained, total=answer.points,
            where=where, other=other.candidate.name, m=other.explained,
        )
    elif answer.verdict in ("communes", "province") and answer.candidate is not None:
        report.once(
            FOUND, column=both, crs=answer.candidate.name, n=answer.tried[0].explained, total=answer.points,
            where=where, epsg=str(answer.candidate.epsg),
        )
    found = answer.candidate
    if found is not None and found.north_first and found.epsg in central_meridians():
        report.once(X_IS_NORTH, x=headers[0] or "X", y=headers[1] or "Y")


def _said(tried: Sequence[Tried], n: int) -> str:
    return "; ".join(f"{t.candidate.name}: {t.explained}/{n}" for t in tried) or "–"


