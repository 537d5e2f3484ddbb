"""Files of stations with a name each: what is read to the truth, and what is refused with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nasty
import numpy as np
import small
from nasty import HEADER, Rows
from pyproj import Transformer

from phusong.layers.faults import Fault
from phusong.layers.inventory import Layers

TRUTH = nasty.stations()
COLUMNS = ("site_id", "cell_id", "operator", "technology", "antenna_height_m", "azimuth_deg", "tilt_deg")
Make = Callable[[Path], str]
"""Writes the file of the stations into a folder; returns what the project says of it."""


class Cases(dict[str, Make]):
    """Files that are read, by the name of what makes each."""

    def __call__(self, make: Make) -> Make:
        self[make.__name__] = make
        return make


class Refusals(dict[str, tuple[str, Make]]):
    """Files that are refused, each with the code of its fault."""

    def __call__(self, code: str) -> Callable[[Make], Make]:
        def note(make: Make) -> Make:
            self[make.__name__] = (code, make)
            return make

        return note


def moved(epsg: int, *, digits: int = 3) -> list[tuple[float, float]]:
    """The stations in metres."""
    turn = Transformer.from_crs(4326, epsg, always_xy=True)
    x, y = turn.transform([r[4] for r in TRUTH], [r[5] for r in TRUTH])
    return [(round(a, digits), round(b, digits)) for a, b in zip(x, y, strict=True)]


def placed(one: list[Any], two: list[Any], rows: Rows | None = None) -> Rows:
    """The stations with other words for where they are."""
    return [[*row[:4], a, b, *row[6:]] for row, a, b in zip(rows or TRUTH, one, two, strict=True)]


def folder_with(make: Make, folder: Path) -> Path:
    project = small.write_province(folder)
    (folder / "stations.csv").unlink()
    said = make(folder)
    if 'path = "' not in said:
        name = next(p.name for p in folder.iterdir() if p.stem == "tram")
        said = f'path = "{name}"\n{said}'
    text = project.read_text(encoding="utf-8").replace('path = "stations.csv"', said)
    project.write_text(text, encoding="utf-8")
    return project


def metres_from_truth(layers: Layers) -> float:
    """Hold the stations that were read against those that were written; return how far the farthest lies."""
    found = layers.stations
    assert len(found) == len(TRUTH)
    for column in COLUMNS:
        assert found[column].tolist() == [row[HEADER.index(column)] for row in TRUTH], column
    assert found["commune_code"].tolist() == [row[-1] for row in TRUTH]
    turn = Transformer.from_crs(4326, 32649, always_xy=True)
    x, y = turn.transform(found["lon"], found["lat"])
    tx, ty = turn.transform([r[4] for r in TRUTH], [r[5] for r in TRUTH])
    assert next(u for u in layers.understood if u.layer == "stations").rows == len(TRUTH)
    return float(np.hypot(np.subtract(x, tx), np.subtract(y, ty)).max())


def refusal(project: Path, code: str) -> Fault:
    """Return the fault that a project was made for, said in two languages."""
    faults = small.faults_of(project)
    mine = [f for f in faults if f.code == code]
    assert mine, [f"{f.code}: {f.say('en')}" for f in faults]
    assert mine[0].say("vi") != mine[0].say("en")
    return mine[0]
