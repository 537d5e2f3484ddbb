"""The inset of all Vietnam, with the two archipelagos, as every map of a coastal province carries it.

A schematic drawing: one dot per commune from the points of the vietnamadminunits package (MIT), no line
of any border.
"""

from __future__ import annotations

import importlib.util
import math
import sqlite3
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from phusong.data.language import Language

WEST, EAST, SOUTH, NORTH = 101.6, 118.4, 6.6, 23.8
WIDTH = 168.0

ARCHIPELAGOS = (
    # Middle of some islands of either archipelago, in degrees: schematic, to a tenth of a degree.
    (
        "Quần đảo Hoàng Sa",
        112.1,
        16.4,
        ((112.3, 16.8), (111.6, 16.5), (111.2, 15.8), (112.7, 16.7), (111.9, 16.3), (112.5, 16.3)),
    ),
    (
        "Quần đảo Trường Sa",
        113.6,
        9.7,
        (
            (111.9, 8.6),
            (114.3, 11.4),
            (114.4, 10.4),
            (114.5, 10.2),
            (112.9, 7.9),
            (113.8, 9.6),
            (115.0, 9.9),
            (116.2, 10.2),
            (112.6, 9.3),
            (114.7, 8.8),
            (115.8, 8.9),
        ),
    ),
)


def _y(lat: float) -> float:
    return math.degrees(math.asinh(math.tan(math.radians(lat))))


def _position(lon: float, lat: float) -> tuple[float, float]:
    scale = WIDTH / (EAST - WEST)
    return (lon - WEST) * scale, (_y(NORTH) - _y(lat)) * scale


@lru_cache(maxsize=1)
def commune_points() -> tuple[tuple[float, float], ...]:
    """Return longitude and latitude of a point of every commune of Vietnam."""
    spec = importlib.util.find_spec("vietnamadminunits")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("vietnamadminunits")
    # The package's own reader leaves its connection open.
    with closing(sqlite3.connect(Path(spec.origin).parent / "data" / "dataset.db")) as database:
        query = "SELECT wardLon, wardLat FROM admin_units WHERE wardLat IS NOT NULL"
        units = database.execute(query).fetchall()
    return tuple(sorted({(float(lon), float(lat)) for lon, lat in units}))


@lru_cache(maxsize=1)
def _dots() -> str:
    points = {tuple(round(v) for v in _position(lon, lat)) for lon, lat in commune_points()}
    return "".join(f"M{x} {y}h0" for x, y in sorted(points))


def within(bounds: tuple[float, float, float, float]) -> bool:
    """Tell whether a province (west, south, east, north in degrees) lies where the inset shows it."""
    west, south, east, north = bounds
    return west > WEST and east < EAST and south > SOUTH and north < NORTH


def inset_svg(bounds: tuple[float, float, float, float], lang: Language) -> str:
    """Draw Vietnam with a frame round the province.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north of the province, in degrees.
    lang : {"vi", "en"}

    Returns
    -------
    str
        Empty for a province elsewhere: its map has no use for Vietnam.
    """
    if not within(bounds):
        return ""
    height = _position(WEST, SOUTH)[1]
    west, south, east, north = bounds
    label = (
        "Sơ đồ Việt Nam với Quần đảo Hoàng Sa và Quần đảo Trường Sa"
        if lang == "vi"
        else "Outline of Viet Nam with the Hoàng Sa and Trường Sa archipelagos"
    )
    parts = [
        f'<svg class="inset" viewBox="0 0 {WIDTH:g} {height:.0f}" role="img" aria-label="{label}">',
        f'<path class="land" d="{_dots()}"/>',
    ]
    for name, lon, lat, islands in ARCHIPELAGOS:
        dots = "".join("M{:.1f} {:.1f}h0".format(*_position(*island)) for island in islands)
        x, y = _position(lon, lat)
        first, last = name.rsplit(" ", 2)[0], " ".join(name.rsplit(" ", 2)[1:])
        parts.append(f'<path class="isles" d="{dots}"/>')
        parts.append(
            f'<text x="{x:.0f}" y="{y + 16:.0f}"><tspan x="{x:.0f}">{first}</tspan>'
            f'<tspan x="{x:.0f}" dy="11">{last}</tspan></text>'
        )
    left, top = _position(west, north)
    right, bottom = _position(east, south)
    parts.append(
        f'<rect class="here" x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 3):.1f}" '
        f'height="{max(bottom - top, 3):.1f}"/>'
    )
    parts.append("</svg>")
    return "".join(parts)
