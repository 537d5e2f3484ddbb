"""Reading with what was kept is reading anew; what changed is never taken from before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from quick_project import make_project

from phusong.coverage.store import Store
from phusong.layers.inventory import Layers
from phusong.layers.keeping import Arrays, packed, unpacked
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers

ALL = ["seams", "cells in communes", "people by cell"]


class Keeper:
    """Keeps in a store, and remembers what had to be computed."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self.computed: list[object] = []

    def __call__(self, parts: tuple[object, ...], compute: Callable[[], Arrays]) -> Arrays:
        """Note the name of what is computed."""

        def noted() -> Arrays:
            """Compute and note it."""
            self.computed.append(parts[0])
            return compute()

        return self.store.kept(parts, noted)


@pytest.fixture
def project(sample: Path, tmp_path: Path) -> Path:
    """Return a project whose communes overlap in one place."""
    file = make_project(sample, tmp_path / "project")
    communes = gpd.read_file(file.parent / "communes.gpkg")
    grown = communes.geometry.to_numpy().copy()
    grown[0] = shapely.buffer(grown[0], 0.003)
    communes.set_geometry(grown, crs=communes.crs).to_file(file.parent / "communes.gpkg")
    return file


def read(file: Path, keep: Keeper) -> tuple[Layers, list[object]]:
    """Read with what was kept, held against reading anew; return the layers and what was computed."""
    keep.computed.clear()
    found, anew = read_layers(read_project(file), keep=keep), read_layers(read_project(file))
    np.testing.assert_array_equal(found.population.people.values, anew.population.people.values)
    assert (found.population.total, found.population.beyond_grid) == (anew.population.total,
                                                                      anew.population.beyond_grid)
    assert found.topology.overlaps.geom_equals_exact(anew.topology.overlaps, 0.0).all()
    assert len(found.topology.overlaps) == len(anew.topology.overlaps) > 0
    assert [str(f) for f in found.faults] == [str(f) for f in anew.faults]
    return found, list(keep.computed)


def test_what_did_not_change_is_not_computed_again(project: Path, tmp_path: Path) -> None:
    keep = Keeper(tmp_path / "cache")
    first, computed = read(project, keep)
    assert computed == ALL
    again, computed = read(project, keep)
    assert computed == []
    with rasterio.open(project.parent / "population.tif", "r+") as raster:
        people: Any = raster.read(1)
        people[people > 0] += 1.0
        raster.write(people, 1)
    more, computed = read(project, keep)
    assert computed == ["people by cell"]
    assert more.population.total > first.population.total == again.population.total


def test_other_boundaries_are_looked_at_anew(project: Path, tmp_path: Path) -> None:
    keep = Keeper(tmp_path / "cache")
    before, _ = read(project, keep)
    communes = gpd.read_file(project.parent / "communes.gpkg")
    grown = communes.geometry.to_numpy().copy()
    grown[1] = shapely.buffer(grown[1], 0.002)
    communes.set_geometry(grown, crs=communes.crs).to_file(project.parent / "communes.gpkg")
    after, computed = read(project, keep)
    assert {"seams", "cells in communes"} <= set(computed)
    assert after.topology.overlaps.area.sum() > before.topology.overlaps.area.sum()


SHAPES = st.sampled_from([
    shapely.Polygon(), shapely.box(0, 0, 1, 1),
    shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 3)]),
    shapely.Point(1.0, 2.0), shapely.LineString([(0.1, 0.2), (1e6, -1e-9)]),
])  # fmt: skip


@given(st.lists(SHAPES, max_size=5), st.lists(SHAPES, max_size=3))
def test_shapes_come_back_as_they_were(one: list[Any], other: list[Any]) -> None:
    arrays = {}
    for name, shapes in (("one", one), ("other", other)):
        arrays.update(packed(name, np.array(shapes, dtype=object)))
    for name, shapes in (("one", one), ("other", other)):
        back = unpacked(name, arrays)
        assert len(back) == len(shapes)
        assert all(shapely.equals_identical(a, b) for a, b in zip(back, shapes, strict=True))
