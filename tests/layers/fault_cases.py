"""Files of the small province with a fault in them, and the faults that are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import small

from phusong.layers.faults import Fault

HEADER, *ROWS = small.STATIONS.splitlines()
NAMES = HEADER.split(",")


def stations(**changes: str) -> str:
    """Return the stations with the first row changed."""
    first = dict(zip(NAMES, ROWS[0].split(","), strict=True)) | changes
    return "\n".join([HEADER, ",".join(first[n] for n in NAMES), *ROWS[1:]]) + "\n"


def without(*names: str) -> str:
    keep = [i for i, n in enumerate(NAMES) if n not in names]
    return "\n".join(",".join(line.split(",")[i] for i in keep) for line in [HEADER, *ROWS]) + "\n"


def found(project: Path, code: str) -> list[Fault]:
    return [f for f in small.faults_of(project) if f.code == code]


Mend = Callable[[dict[str, Any]], None]


def with_codes(*codes: Any) -> Mend:
    def mend(data: dict[str, Any]) -> None:
        for feature, code in zip(data["features"], codes, strict=True):
            feature["properties"]["commune_code"] = code

    return mend


def moved(data: dict[str, Any], turn: Callable[[float, float], list[float]]) -> None:
    for feature in data["features"]:
        ring = feature["geometry"]["coordinates"][0]
        feature["geometry"]["coordinates"][0] = [turn(x, y) for x, y in ring]
