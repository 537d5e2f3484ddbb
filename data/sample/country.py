"""The sample country: 34 provinces of the real sizes, side by side, in the open Pacific.

Sizes only are real: communes, people and area of each province since 1 July 2025. Shapes, names and all that
is in them are invented, and so is their place, far from any land, so that no map mistakes them for Việt Nam.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from phusong.data.csv_table import rows_of
from phusong.data.tables import provinces

if TYPE_CHECKING:
    from shapely.geometry import Polygon

CRS = "EPSG:32603"
"""UTM zone 3N; the country lies about 165 W 10 N."""
MIDDLE_M = (500_000.0, 1_105_000.0)
STEP_M = 500.0
"""Between the vertices of borders."""
SITES_PER_1000 = 0.88
"""Masts: the 8,828 stations that Gia Lai reported at the end of 2025 for 3.58 million people, 2.8 a mast."""
VILLAGES_PER_COMMUNE = 14
LEAST_SIZE, FIRST_PREFIX = 0.01, 61
"""Codes of communes begin with 61 to 94, three digits after; the real ones end at 32248."""


@dataclass(frozen=True)
class ProvinceSize:
    """How large one province of the country is.

    Attributes
    ----------
    number : int
        1 to 34, in the order of the real codes.
    communes, sites, villages : int
    people, area_km2 : float
    """

    number: int
    communes: int
    sites: int
    villages: int
    people: float
    area_km2: float

    @property
    def code(self) -> str:
        """Code that no province has: ``M01`` to ``M34``."""
        return f"M{self.number:02d}"

    @property
    def name(self) -> str:
        """Name that says what it is on every page."""
        return f"Tỉnh Mẫu {self.number:02d} (minh họa)"


def province_sizes(size: float = 1.0) -> list[ProvinceSize]:
    """Return the 34 provinces with ``size`` of the real communes, people and area."""
    found = []
    sizes = {row["code"]: row for row in rows_of("sample_sizes.csv")}
    for number, province in enumerate(sorted(provinces().values(), key=lambda p: p.code), start=1):
        row = sizes[province.code]
        people = float(row["people_thousands"]) * 1000.0 * size
        communes = max(round(province.communes * size), 1)
        found.append(ProvinceSize(
            number, communes, max(round(people / 1000.0 * SITES_PER_1000), 3),
            communes * VILLAGES_PER_COMMUNE, people, float(row["area_km2"]) * size,
        ))  # fmt: skip
    return found


Box = tuple[float, float, float, float]


def _boxes(sizes: Sequence[ProvinceSize], box: Box) -> dict[int, Box]:
    """Cut a box (west, south, east, north) in two across its longer side, and again, by areas."""
    if len(sizes) == 1:
        return {sizes[0].number: box}
    whole = sum(s.area_km2 for s in sizes)
    sums = [sum(s.area_km2 for s in sizes[:k]) for k in range(1, len(sizes))]
    cut = min(range(len(sums)), key=lambda k: abs(sums[k] - whole / 2))
    west, south, east, north = box
    first, rest = sizes[: cut + 1], sizes[cut + 1 :]
    if east - west > north - south:
        at = _on_step(west + (east - west) * sums[cut] / whole)
        return _boxes(first, (west, south, at, north)) | _boxes(rest, (at, south, east, north))
    at = _on_step(north - (north - south) * sums[cut] / whole)
    return _boxes(first, (west, at, east, north)) | _boxes(rest, (west, south, east, at))


def _on_step(value_m: float) -> float:
    return round(value_m / STEP_M) * STEP_M


def territories(sizes: Sequence[ProvinceSize]) -> dict[int, Polygon]:
    """Return where each province lies, by number, in `CRS`; neighbours share the vertices of their border."""
    import numpy as np
    import shapely

    side_m = math.sqrt(sum(s.area_km2 for s in sizes) * 1e6)
    west, south = (_on_step(middle - side_m / 2) for middle in MIDDLE_M)
    east, north = west + _on_step(side_m), south + _on_step(side_m)
    # Waves bend the borders; they are flat enough that no two points fall together.
    waves = [(side_m / 12.0, side_m / 340.0, 0.3), (side_m / 41.0, side_m / 1500.0, 1.7)]
    found = {}
    for number, box in _boxes(sizes, (west, south, east, north)).items():
        ring = shapely.segmentize(shapely.box(*box), STEP_M)
        xy = np.round(shapely.get_coordinates(ring) / STEP_M) * STEP_M
        bent = xy.copy()
        for length, height, phase in waves:
            turn = 2.0 * np.pi * xy / length
            bent[:, 0] += height * np.sin(turn[:, 1] + phase + 0.4 * turn[:, 0])
            bent[:, 1] += height * np.sin(turn[:, 0] + 2.0 * phase + 0.4 * turn[:, 1])
        found[number] = shapely.Polygon(np.round(bent, 1))
    return found


def make_country(
    folder: Path,
    *,
    size: float = 1.0,
    seed: int = 1,
    force: bool = False,
    only: Sequence[str] | None = None,
    made: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Write the sample country, a project per province in ``folder/<code>``.

    The provinces have the real numbers of communes, the real numbers of people and area, masts in
    proportion to people, and common borders; everything else is invented. The same arguments give the same
    files with the same versions of the libraries.

    Parameters
    ----------
    folder : Path
    size : float
        0.01 to 1: that part of communes, people, area, masts and villages.
    seed : int
        0 or more.
    force : bool
        Write even into folders that are not empty.
    only : sequence of str, optional
        Codes of the provinces to write, ``M01`` to ``M34``; all else is as it would be with all.
    made : callable, optional
        Called with each project file as it is written.

    Returns
    -------
    list of Path
        The project files, in the order of the codes.

    Raises
    ------
    ValueError
        An argument is out of its range.
    FileExistsError
        A folder is a file, or not empty and ``force`` is not set; nothing is written then.
    """
    if not LEAST_SIZE <= size <= 1.0:
        raise ValueError(f"size is {size}, but must be from {LEAST_SIZE} to 1")
    from phusong.data.sample.make import check_folder, write_province
    from phusong.data.sample.unit import Unit

    sizes = province_sizes(size)
    places = territories(sizes)
    chosen = [s for s in sizes if only is None or s.code in only]
    for province in chosen:
        check_folder(folder / province.code, force=force)
    files = []
    for province in chosen:
        unit = Unit(
            province.code, province.name, str(FIRST_PREFIX + province.number - 1), CRS,
            places[province.number], province.people,
        )  # fmt: skip
        files.append(write_province(
            folder / province.code, unit, communes=province.communes, sites=province.sites,
            villages=province.villages, seed=seed * 100 + province.number, coast=False,
        ))  # fmt: skip
        if made:
            made(files[-1])
    return files
