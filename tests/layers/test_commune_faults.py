"""Each fault of communes: found, placed, and told in both languages."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import small
from fault_cases import Mend, found, moved, with_codes


def _shift(n: int, dx: float) -> Mend:
    def mend(data: dict[str, Any]) -> None:
        ring = data["features"][n]["geometry"]["coordinates"][0]
        data["features"][n]["geometry"]["coordinates"][0] = [[x + dx, y] for x, y in ring]

    return mend


def _bow_tie(data: dict[str, Any]) -> None:
    a, b, c, d, e = data["features"][0]["geometry"]["coordinates"][0]
    data["features"][0]["geometry"]["coordinates"][0] = [a, c, b, d, e]


def _dent(data: dict[str, Any]) -> None:
    """Cut a notch of 0.01 x 0.01 degrees from the first square at its border with the second."""
    x, y = small.LON + 0.1, small.LAT + 0.04
    ring = data["features"][0]["geometry"]["coordinates"][0]
    ring[2:2] = [[x, y], [x - 0.01, y], [x - 0.01, y + 0.01], [x, y + 0.01]]


def _set(n: int, **properties: Any) -> Mend:
    return lambda data: data["features"][n]["properties"].update(properties)


def _nowhere(data: dict[str, Any]) -> None:
    data["features"][3]["geometry"] = None


def _line(data: dict[str, Any]) -> None:
    data["features"][3]["geometry"] = {"type": "LineString", "coordinates": small.square(1, 1)}


def _far(data: dict[str, Any]) -> None:
    moved(data, lambda x, y: [x * 1e4, y * 1e4])


COMMUNE_CASES = [
    (_shift(1, -0.001), "overlaps", "warning", "", "chồng lên nhau", "overlap in"),
    (_dent, "holes", "warning", "", "1 khoảng hở", "1 holes"),
    (
        _bow_tie,
        "invalid-shape",
        "warning",
        "1",
        "Hình học không hợp lệ (tự cắt)",
        "not valid (self-intersection)",
    ),
    (
        with_codes("21553", "21553", "21601", "21700"),
        "duplicate-commune",
        "error",
        "2",
        "trùng với dòng 1",
        "in row 1",
    ),
    (with_codes("21553", "", "21601", "21700"), "empty-cell", "error", "2", "để trống", "is empty"),
    (
        with_codes(121, 21583, 21601, 21700),
        "code-repaired",
        "warning",
        "1",
        "hiểu là '00121'",
        "taken as '00121'",
    ),
    (
        with_codes("21553.0", "21583", "21601", "21700"),
        "code-repaired",
        "warning",
        "1",
        "hiểu là '21553'",
        "as '21553'",
    ),
    (_set(0, population=-5), "negative", "error", "1", "không được âm", "must not be negative"),
    (_set(2, population="nhiều"), "not-a-number", "error", "3", "Không phải là số", "no number"),
    (_set(1, commune_name=None), "no-name", "warning", "", "1 xã không có tên", "1 communes have no name"),
    (_nowhere, "empty-shape", "error", "4", "không có hình học", "has no shape"),
    (
        _line,
        "wrong-shape",
        "error",
        "4",
        "kiểu hình học 'LineString', cần vùng",
        "'LineString' where an area is needed",
    ),
    (_far, "impossible-coordinates", "error", "", "không có trên Trái Đất", "does not know"),
]


@pytest.mark.parametrize(
    ("mend", "code", "severity", "row", "vi", "en"), COMMUNE_CASES, ids=[c[1] for c in COMMUNE_CASES]
)
def test_communes(project: Path, mend: Mend, code: str, severity: str, row: str, vi: str, en: str) -> None:
    data = small.communes()
    mend(data)
    small.write(project.parent, "communes.geojson", data)
    faults = found(project, f"communes.{code}")
    assert len(faults) == 1
    assert (faults[0].severity, faults[0].row) == (severity, row)
    assert vi in faults[0].say("vi")
    assert en in faults[0].say("en")


def test_area_of_seams(project: Path) -> None:
    """Overlap, hole and repair against the area of the ellipsoid's degree at 14 N."""
    per_degree2 = 111_320 * math.cos(math.radians(14.045)) * 110_650
    for mend, code, degrees2 in ((_shift(1, -0.001), "overlaps", 0.0001), (_dent, "holes", 0.0001)):
        data = small.communes()
        mend(data)
        small.write(project.parent, "communes.geojson", data)
        (fault,) = found(project, f"communes.{code}")
        assert fault.values["km2"] * 1e6 == pytest.approx(degrees2 * per_degree2, rel=0.01)
        layers = small.layers_of(project)
        shapes = getattr(layers.topology, code)
        assert shapes.area.sum() == pytest.approx(degrees2 * per_degree2, rel=0.01)
        assert shapes.crs == layers.grid.crs
