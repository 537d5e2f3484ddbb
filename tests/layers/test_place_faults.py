"""Each fault of places and households: found, placed, and told in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
import small
from fault_cases import found

PLACES = "place_id,name,commune_code,lon,lat,kind\n"


@pytest.mark.parametrize(
    ("rows", "code", "severity", "row", "vi", "en"),
    [
        (
            "a,A,21553,108.05,14.05,x\na,B,21553,108.06,14.05,x\n",
            "duplicate-id",
            "error",
            "3",
            "trùng với dòng 2",
            "row 2",
        ),
        (
            "a,A,99999,108.05,14.05,x\n",
            "unknown-commune",
            "warning",
            "2",
            "không có trong lớp xã",
            "not in the communes",
        ),
        ("a,A,21553.0,108.05,14.05,x\n", "code-repaired", "warning", "2", "hiểu là '21553'", "as '21553'"),
        (
            "a,A,21583,108.05,14.05,x\n",
            "other-commune",
            "warning",
            "",
            "1 dòng ghi mã xã khác",
            "1 rows name another",
        ),
        ("a,,21553,108.05,14.05,x\n", "no-name", "warning", "", "1 dòng không có tên", "1 rows have no name"),
        ("a,A,21553,14.05,108.05,x\n", "swapped-coordinates", "error", "2", "đổi chỗ", "swapped"),
        ("a,A,21553,109.9,14.05,x\n", "outside-province", "error", "2", "ngoài tỉnh", "outside the province"),
    ],
)
def test_places(project: Path, rows: str, code: str, severity: str, row: str, vi: str, en: str) -> None:
    small.write(project.parent, "places.csv", PLACES + rows)
    small.add(project, '[places.v]\npath = "places.csv"\n')
    (fault,) = found(project, f"places.{code}")
    assert (fault.severity, fault.row, fault.layer) == (severity, row, "places.v")
    assert vi in fault.say("vi")
    assert en in fault.say("en")


def test_places_are_filled_and_carried_through(project: Path) -> None:
    small.write(
        project.parent, "places.csv", "tên thôn,lon,lat,số hộ\nThôn 1,108.15,14.05,136\n,108.05,14.15,7\n"
    )
    small.add(
        project, '[places.v]\npath = "places.csv"\ncolumns = { name = "tên thôn", households = "số hộ" }\n'
    )
    frame = small.layers_of(project).places["v"]
    assert list(frame["place_id"]) == ["v-2", "v-3"]
    assert list(frame["name"]) == ["Thôn 1", "v-3"]
    assert list(frame["commune_code"]) == ["21583", "21601"]
    assert list(frame["households"]) == ["136", "7"]
    assert "tên thôn" not in frame.columns


HOUSEHOLDS = "commune_code,households,households_with_fibre,as_of\n"


@pytest.mark.parametrize(
    ("rows", "code", "severity", "row", "vi", "en"),
    [
        (
            "21553,5,9,2026-01-01\n",
            "more-fibre-than-households",
            "error",
            "2",
            "nhiều hơn số hộ (5)",
            "(9) than there are (5)",
        ),
        ("21553,-5,0,\n", "negative", "error", "2", "không được âm", "must not be negative"),
        ("21553,5.5,0,\n", "not-whole", "error", "2", "phải là số nguyên", "whole number"),
        ("21553,,0,\n", "empty-cell", "error", "2", "để trống", "is empty"),
        ("21553,5,1,\n21553,6,1,\n", "duplicate-commune", "error", "3", "trùng với dòng 2", "row 2"),
        (
            "99999,5,1,\n",
            "households-without-commune",
            "warning",
            "",
            "1 dòng với 5 hộ",
            "1 rows with 5 households",
        ),
        (
            "21553,5,1,\n",
            "communes-without-households",
            "warning",
            "",
            "3 xã không có số liệu",
            "3 communes have no",
        ),
        ("21553,5,1,31/13/2026\n", "not-a-date", "error", "2", "Không phải là ngày", "no date"),
    ],
)
def test_households(project: Path, rows: str, code: str, severity: str, row: str, vi: str, en: str) -> None:
    small.write(project.parent, "households.csv", HOUSEHOLDS + rows)
    small.add(project, '[layers.households]\npath = "households.csv"\n')
    (fault,) = found(project, f"households.{code}")
    assert (fault.severity, fault.row) == (severity, row)
    assert vi in fault.say("vi")
    assert en in fault.say("en")


def test_dates_of_the_sources(project: Path) -> None:
    rows = "".join(
        f"{c},10,5,{d}\n"
        for c, d in zip(small.CODES, ("2026-01-31", "05/02/2026", "", "2025-12-01"), strict=True)
    )
    small.write(project.parent, "households.csv", HOUSEHOLDS + rows)
    small.add(project, '[layers.households]\npath = "households.csv"\n')
    text = project.read_text(encoding="utf-8").replace('"stations.csv"', '"stations.csv"\nas_of = 2026-05-04')
    project.write_text(text, encoding="utf-8")
    sources = {s.layer: s for s in small.layers_of(project).sources}
    assert str(sources["households"].as_of) == "2026-02-05"
    assert str(sources["stations"].as_of) == "2026-05-04"
    assert str(sources["communes"].as_of) == "2026-06-30"
    assert sources["stations"].rows == 3
    assert sources["population"].rows == 900
