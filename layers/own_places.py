"""A list of places that a planner proposes: read like a layer of places, though no project names it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from phusong.layers.boundaries.province import Province
from phusong.layers.faults import Faults
from phusong.layers.inventory import Layers, Source
from phusong.layers.places import read_places
from phusong.layers.project.schema import LayerTable
from phusong.layers.read import file_sha256
from phusong.layers.source import Layer
from phusong.layers.tables.columns import Column
from phusong.layers.tables.header_words import words_of

if TYPE_CHECKING:
    import geopandas as gpd

HEIGHT = Column("antenna_height_m", "number", low=0.0, high=500.0, above=True, unit="m")


def read_own(path: Path, layers: Layers) -> tuple[gpd.GeoDataFrame, Layers]:
    """Read a table or layer with positions; ``place_id name antenna_height_m`` if it has them.

    Headers are known by their words, as those of the project's layers.

    Returns
    -------
    GeoDataFrame
        As `phusong.layers.places.read_places`; ``antenna_height_m`` is NaN where a row has none.
    Layers
        The layers with the list among their sources, and what was told of it among their faults.

    Raises
    ------
    InputError
    """
    faults = Faults()
    path = path.expanduser().resolve()
    words = {HEIGHT.name: list(words_of("stations")[HEIGHT.name])}
    province = layers.project.province
    layer = Layer.of(
        "places.candidates", LayerTable(path=path, headers=words), path.parent, faults,
        province_code=province.code,
    )
    layer = replace(layer, report=replace(layer.report, file=path.name))
    table = read_places(layer, Province(layers.grid, layers.communes), (HEIGHT,))
    faults.raise_errors()
    assert table is not None
    source = Source("places.candidates", path.name, file_sha256(path), province.as_of, len(table))
    return table, replace(
        layers, faults=(*layers.faults, *faults.warnings), sources=(*layers.sources, source)
    )
