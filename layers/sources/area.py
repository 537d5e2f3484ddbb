"""The box of a province, before there are any boundaries: from the points of its official communes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from phusong.data.source_table import PublicSource
from phusong.data.starter import communes_of
from phusong.data.tables import Province

FARTHEST_DEG = 2.5
"""Communes farther than this from the province's middle are not part of its box: the archipelagos of
Hoàng Sa and Trường Sa would make it a box of sea. They stay in the tables."""
PAD_DEG = 0.05
"""Beyond the communes, for sites across the border."""
KM_PER_DEG = 110.6
"""Of latitude at the equator (WGS 84), the shortest: a box made with it is no box too small."""

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


@dataclass(frozen=True)
class Area:
    """Where the data of a province are wanted.

    Attributes
    ----------
    province : Province
    communes : tuple of dict
        Official units: ``commune_code commune_name kind lon lat area_km2``, as text.
    boxes : tuple of Bounds
        One round every commune near the province's middle.
    far : tuple of str
        Names of the communes too far out at sea to be in the box, or without a point in the official list.
    """

    province: Province
    communes: tuple[dict[str, str], ...]
    boxes: tuple[Bounds, ...]
    far: tuple[str, ...]

    @property
    def bounds(self) -> Bounds:
        """The box round all boxes."""
        west, south, east, north = zip(*self.boxes, strict=True)
        return min(west), min(south), max(east), max(north)

    def touches(self, bounds: Bounds) -> bool:
        """Tell whether any commune's box has ground in common with ``bounds``."""
        return any(
            b[0] < bounds[2] and bounds[0] < b[2] and b[1] < bounds[3] and bounds[1] < b[3]
            for b in self.boxes
        )


def point_of(commune: dict[str, str]) -> tuple[float, float] | None:
    """Return longitude and latitude of an official unit; None where the list has none (small islands)."""
    try:
        return float(commune["lon"]), float(commune["lat"])
    except ValueError:
        return None


def area_km2_of(commune: dict[str, str]) -> float:
    """Return the area of an official unit, 0 where the list has none."""
    try:
        return float(commune["area_km2"])
    except ValueError:
        return 0.0


def area_of(province: Province) -> Area:
    """Return the area of a province by the points and areas of its communes.

    A commune is taken to reach twice the radius of a circle of its area from its point.
    """
    communes = communes_of(province.code)
    points = [p for p in map(point_of, communes) if p is not None]
    middle_lon = sorted(x for x, _ in points)[len(points) // 2]
    middle_lat = sorted(y for _, y in points)[len(points) // 2]
    boxes: list[Bounds] = []
    far: list[str] = []
    for commune in communes:
        point = point_of(commune)
        if point is None:
            far.append(commune["commune_name"])
            continue
        lon, lat = point
        if math.hypot(lon - middle_lon, lat - middle_lat) > FARTHEST_DEG:
            far.append(commune["commune_name"])
            continue
        reach = 2.0 * math.sqrt(max(area_km2_of(commune), 1.0) / math.pi) / KM_PER_DEG + PAD_DEG
        wide = reach / math.cos(math.radians(lat))
        boxes.append((lon - wide, lat - reach, lon + wide, lat + reach))
    return Area(province, tuple(communes), tuple(boxes), tuple(far))


@dataclass(frozen=True)
class Tile:
    """One tile of a source: its address without token, and its ground."""

    address: str
    bounds: Bounds


def tiles_of(source: PublicSource, area: Area) -> tuple[Tile, ...]:
    """Return the tiles of a source that the area needs, from north to south and west to east.

    Tiles are named by their south-western corner in multiples of their side, or, where the source counts
    rows and columns, from its upper left corner, the first being 1.
    """
    side = source.tile_deg
    if not side:
        return (Tile(source.address, (-180.0, -90.0, 180.0, 90.0)),)
    west, south, east, north = area.bounds
    tiles = []
    counted = source.tile_left_deg is not None and source.tile_top_deg is not None
    left = source.tile_left_deg if counted and source.tile_left_deg is not None else 0.0
    top = source.tile_top_deg if counted and source.tile_top_deg is not None else 0.0
    for row in range(math.floor((top - north) / side), math.ceil((top - south) / side)):
        for column in range(math.floor((west - left) / side), math.ceil((east - left) / side)):
            x, y = left + column * side, top - (row + 1) * side
            bounds = (x, y, x + side, y + side)
            if not area.touches(bounds):
                continue
            if counted:
                address = source.render(row=row + 1, column=column + 1)
            else:
                address = source.render(lat=round(y), lon=round(x))
            tiles.append(Tile(address, bounds))
    return tuple(tiles)
