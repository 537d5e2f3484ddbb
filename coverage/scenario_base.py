"""An earlier output taken as the base of a scenario, where it is of the very same inputs."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

from phusong.coverage.evidence.history import flatten, read_run
from phusong.coverage.scenario import Base
from phusong.data.language import Text
from phusong.layers.faults import Fault
from phusong.layers.inventory import Layers

REASONS = {
    "inputs": Text("dữ liệu đầu vào đã khác", "its inputs differ"),
    "project": Text("tham số trong tệp dự án đã khác", "the project file's parameters differ"),
    "program": Text("do phiên bản khác của chương trình tính", "another version of the program made it"),
    "public": Text("bản công khai không đủ số liệu", "a public version has not all figures"),
    "mixed": Text(
        "kịch bản vừa bớt vừa thêm trạm nên cần vùng phủ chi tiết của hiện trạng",
        "the scenario both takes and adds stations, which needs the base's own masks",
    ),
}
_TEXT = Text(
    "Không dùng lại được hiện trạng đã tính vì {why}; đã tính lại.",
    "The base given could not be used again, because {why}; it was computed anew.",
)


def base_of_output(folder: Path, layers: Layers) -> tuple[Base | None, str | None]:
    """Return the figures of an output folder, or why they are not those of ``layers``.

    Raises
    ------
    ExpectedError
        The folder is no output of this program.
    """
    run = read_run(folder)
    if run.public:
        return None, "public"
    if run.program != importlib.metadata.version("phusong"):
        return None, "program"
    given = {s.layer: (s.sha256, s.as_of.isoformat()) for s in layers.sources}
    if given != {layer: (i.sha256, i.as_of) for layer, i in run.inputs.items()}:
        return None, "inputs"
    # Of what a page offers below the map no figure depends.
    asked = flatten(json.loads(layers.project.model_dump_json(exclude={"map"})))
    if asked != {key: value for key, value in run.parameters.items() if not key.startswith("map.")}:
        return None, "project"
    places = run.places
    if places is None:
        return None, "inputs"
    places = places.assign(
        served=places["served"] == "1", lon=places["lon"].astype(float), lat=places["lat"].astype(float)
    )
    # The comparison asks for units, which every row of one indicator shares with the scenario's.
    indicators = run.indicators.assign(unit=None)
    return Base(indicators, places, None, folder), None


def not_reused(folder: Path, reason: str) -> Fault:
    """Return the warning that a base was computed anew."""
    return Fault(
        "warning", "scenario.base-not-reused", _TEXT, Text("", ""), values={"why": REASONS[reason]},
        layer="scenario", file=folder.name,
    )
