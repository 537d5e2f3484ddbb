"""What provinces of a batch lend each other: the stations that reach across the border.

Each province writes the stations that stand in its own communes; each takes those of the others that stand
within the reach of its services. So a station is lent by one province alone, and none is lent to itself.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phusong.layers.project.file import read_project
from phusong.layers.project.schema import FibreService, Project, RangeService
from phusong.maps.atomic import replace_file
from phusong.maps.tables import csv_bytes

COLUMNS = (
    "site_id", "cell_id", "operator", "technology", "frequency_mhz", "lon", "lat", "antenna_height_m",
    "azimuth_deg", "tilt_deg", "beamwidth_deg", "eirp_dbm", "bandwidth_mhz",
)
log = logging.getLogger(__name__)
KM_PER_DEGREE = 110.5
"""Of latitude, at the least; of longitude at the equator 111.3."""


def reach_m(project: Project) -> float:
    """Return the farthest that a station serves or is heard in any service of a project."""
    return max(
        (
            s.radius_m if isinstance(s, RangeService) else s.max_distance_m
            for s in project.services.values()
            if not isinstance(s, FibreService)
        ),
        default=0.0,
    )


def write_inventory(project: Path, file: Path) -> None:
    """Write the stations in a project's own communes, and beside them (``.json``) where those lie.

    Nothing is done where the inputs are those of what is there.

    Raises
    ------
    InputError
        With every fault of the communes and stations.
    """
    from phusong.coverage.store import digest_of, program_digest
    from phusong.layers.read import file_sha256, read_layers

    read = read_project(project)
    files = [read.path(table) for table in (read.layers.communes, read.layers.stations)]
    key = digest_of(program_digest(), read.model_dump_json(), [file_sha256(f) for f in files if f.exists()])
    known = _told(file)
    if known is not None and known.get("key") == key:
        return
    layers = read_layers(read, only=())
    own = layers.stations.sjoin(layers.communes[["geometry"]], predicate="intersects")
    stations = layers.stations.loc[np.unique(own.index)]
    replace_file(file, csv_bytes(COLUMNS, stations[list(COLUMNS)].itertuples(index=False)))
    bounds = [float(v) for v in layers.communes.to_crs(4326).total_bounds]
    told = {"key": key, "bounds": bounds, "reach_m": reach_m(read), "sha256": file_sha256(file)}
    replace_file(file.with_suffix(".json"), json.dumps(told).encode())


def _told(file: Path) -> dict[str, Any] | None:
    """Return what is told beside a list of stations; None where either is not what was written."""
    from phusong.layers.read import file_sha256

    try:
        found = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        return found if isinstance(found, dict) and found.get("sha256") == file_sha256(file) else None
    except (OSError, ValueError):
        return None


@dataclass(frozen=True)
class Lent:
    """What a province gets from its neighbours.

    Attributes
    ----------
    file : Path or None
        Stations; None where there is none.
    missing : tuple of str
        Provinces whose stations could not be read, wherever they lie.
    """

    file: Path | None
    missing: tuple[str, ...] = ()


def lend(inventories: Mapping[str, Path], folder: Path) -> dict[str, Lent]:
    """Write for each province, by code, the stations of all others within its reach.

    Parameters
    ----------
    inventories : mapping of code to Path
        As `write_inventory` was asked to write them.
    folder : Path
        Of the files for the provinces, ``<code>.lent.csv``; a file that would not change is left alone.
    """
    import pandas as pd

    told = {code: _told(file) for code, file in inventories.items()}
    there = {code: table for code, table in told.items() if table is not None}
    missing = tuple(code for code in inventories if code not in there)
    frames = {
        code: pd.read_csv(inventories[code], dtype=dict.fromkeys(COLUMNS[:4], str), keep_default_na=False,
                          na_values={c: [""] for c in COLUMNS[4:]}, encoding="utf-8-sig")
        for code in there
    }  # fmt: skip
    found = {}
    for code in inventories:
        if code not in there:
            found[code] = Lent(None, tuple(m for m in missing if m != code))
            continue
        near = [_within(frames[other], **_box(there[code])) for other in sorted(there) if other != code]
        rows = pd.concat(near, ignore_index=True) if near else pd.DataFrame(columns=list(COLUMNS))
        try:
            found[code] = Lent(_written(rows, folder / f"{code}.lent.csv"), missing)
        except OSError as error:  # a full disk; the province is told to be without
            log.warning("the stations beyond the border of %s are not written: %s", code, error)
            found[code] = Lent(None, tuple(m for m in inventories if m != code))
    return found


def _box(told: Mapping[str, Any]) -> dict[str, float]:
    west, south, east, north = told["bounds"]
    up = told["reach_m"] / 1000.0 / KM_PER_DEGREE
    along = up / max(math.cos(math.radians(max(abs(south), abs(north)) + up)), 0.01)
    return {"west": west - along, "south": south - up, "east": east + along, "north": north + up}


def _within(stations: Any, west: float, south: float, east: float, north: float) -> Any:
    lon, lat = stations["lon"], stations["lat"]
    return stations[(lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)]


def _written(rows: Any, file: Path) -> Path | None:
    if not len(rows):
        return None
    # Ids are unique within a province only.
    order: Sequence[str] = COLUMNS
    rows = rows.assign(cell_id="")[list(order)]
    content = csv_bytes(COLUMNS, rows.itertuples(index=False))
    if not file.is_file() or file.read_bytes() != content:
        replace_file(file, content)
    return file
