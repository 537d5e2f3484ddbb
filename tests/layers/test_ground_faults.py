"""Each fault of relief and land cover: found, placed, and told in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small
from fault_cases import found


def write_heights(project: Path, values: np.ndarray[Any, Any], **options: Any) -> None:
    small.raster(project.parent / "dem.tif", values, **options)
    if "dem.tif" not in project.read_text(encoding="utf-8"):
        small.add(project, '[layers.terrain]\npath = "dem.tif"\n')


def test_terrain_faults(project: Path) -> None:
    flat = np.full((300, 300), 100, dtype=np.int16)
    write_heights(project, flat, step=0.001)
    assert small.faults_of(project) == []

    pit = flat.copy()
    pit[100:120, 100:140] = -32768  # 0.02 x 0.04 degrees in the province
    write_heights(project, pit, step=0.001, nodata=-32768)
    (fault,) = found(project, "terrain.voids")
    cells = fault.values["n"]
    assert cells * 0.25 == pytest.approx(0.0008 * 111.32 * 110.65 * 0.97, rel=0.25)
    assert "ô trống trong tỉnh" in fault.say("vi")
    assert "void cells" in fault.say("en")

    write_heights(project, pit, step=0.001)  # the same without a declared nodata
    (fault,) = found(project, "terrain.no-height")
    assert fault.values["n"] == 800
    assert "không thể là độ cao" in fault.say("vi")
    assert "no height" in fault.say("en")
    assert len(found(project, "terrain.voids")) == 1

    write_heights(project, flat[:, :150], step=0.001)
    (fault,) = found(project, "terrain.does-not-cover")
    assert fault.severity == "error"
    assert fault.values["share"] == pytest.approx(50.0, abs=1.5)
    assert "không phủ 5" in fault.say("vi") or "không phủ 4" in fault.say("vi")

    write_heights(project, flat[:, :247], step=0.001)
    (fault,) = found(project, "terrain.does-not-cover")
    assert fault.severity == "warning"
    assert "does not cover" in fault.say("en")

    write_heights(project, flat, step=0.001, left=100.0)
    (fault,) = found(project, "terrain.raster-elsewhere")
    assert "không phủ lên tỉnh" in fault.say("vi")
    assert "does not touch" in fault.say("en")

    write_heights(project, flat, step=0.001, crs=None)
    (fault,) = found(project, "terrain.no-crs")
    assert "Tệp không khai hệ tọa độ" in fault.say("vi")
    assert 'crs = "EPSG:4326"' in fault.say("en")
    text = project.read_text(encoding="utf-8").replace('"dem.tif"', '"dem.tif"\ncrs = "EPSG:4326"')
    project.write_text(text, encoding="utf-8")
    assert small.faults_of(project) == []

    (project.parent / "dem.tif").write_bytes(b"II*\0 broken")
    (fault,) = found(project, "terrain.unreadable-file")
    assert "Không mở được tệp" in fault.say("vi")


def test_clutter_faults(project: Path) -> None:
    cover = np.full((300, 300), 10, dtype=np.uint8)
    cover[:, 150:] = 50
    small.raster(project.parent / "cover.tif", cover, step=0.001)
    small.add(project, '[layers.clutter]\npath = "cover.tif"\n')
    assert small.faults_of(project) == []  # WorldCover is recognised
    values = small.layers_of(project).clutter.values  # type: ignore[union-attr]
    assert set(np.unique(values)) == {3, 4}

    cover[0:60, 0:60] = 77
    small.raster(project.parent / "cover.tif", cover, step=0.001)
    (fault,) = found(project, "clutter.no-classes")
    assert "không phải ESA WorldCover (có giá trị 10, 50, 77)" in fault.say("vi")
    assert "no ESA WorldCover" in fault.say("en")

    small.add(project, 'classes = { 10 = "forest", 50 = "urban" }\n')
    (fault,) = found(project, "clutter.unknown-value")
    assert fault.value == "77"
    assert "giá trị 77, chưa được gán lớp" in fault.say("vi")
    assert "have the value 77" in fault.say("en")

    small.raster(
        project.parent / "cover.tif", np.where(cover == 77, 0, cover).astype(np.uint8), step=0.001, nodata=0
    )
    (fault,) = found(project, "clutter.no-class")
    assert fault.severity == "warning"
    assert "không có lớp phủ" in fault.say("vi")
    assert "have no land cover" in fault.say("en")
