"""Outputs of earlier runs, read back: what a comparison of two, and a trend of several, begin with."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phusong.data.language import Text
from phusong.layers.faults import ExpectedError

if TYPE_CHECKING:
    import pandas as pd

NO_FOLDER = Text("Không có thư mục {path}.", "There is no folder {path}.")
A_PROJECT = Text(
    "{path} là một dự án, chưa phải kết quả. Hãy chạy 'phusong run {path} --out THƯ_MỤC' rồi so sánh các thư "
    "mục kết quả.",
    "{path} is a project, not results. Run 'phusong run {path} --out FOLDER' and compare the folders of "
    "results.",
)
NO_OUTPUT = Text(
    "{path} không phải thư mục kết quả của 'phusong run' (thiếu hoặc hỏng {file}).",
    "{path} is no folder of results of 'phusong run' ({file} is missing or damaged).",
)
OTHER_SCHEMA = Text(
    "{path}: {file} thuộc phiên bản {version}; chương trình này đọc phiên bản 1.",
    "{path}: {file} is of version {version}; this program reads version 1.",
)

NUMBERS = ("numerator", "denominator")
KEY = ("level", "code", "service", "operator", "indicator")
"""What names one figure of the tidy table."""


@dataclass(frozen=True)
class Input:
    """One input of a run, as its manifest has it."""

    layer: str
    path: str
    sha256: str
    as_of: str
    rows: int


@dataclass(frozen=True)
class Run:
    """One output folder.

    Attributes
    ----------
    folder : Path
    name : str
        What it is called: the folder's name, with the day of its data.
    province_code, province : str
    vintage : {"2024", "2025"} or None
        Of the codes; None for codes that are not Vietnam's.
    as_of : datetime.date
    program : str
        Version that made it.
    libraries : mapping of name to version
    public : bool
    inputs : mapping of layer to Input
    parameters : mapping of str to value
        The project file, flattened: ``services.4G.radius_m``.
    grid : mapping
    services : mapping of name to mapping
        Criterion and parameters, as in ``indicators.json``.
    indicators : DataFrame
        `KEY`, ``name numerator denominator``.
    places, stations : DataFrame or None
        As in ``places.csv`` and ``stations.csv``; None where the folder has none.
    people : mapping of str to float
        The account of the population raster.
    """

    folder: Path
    name: str
    province_code: str
    province: str
    vintage: str | None
    as_of: datetime.date
    program: str
    libraries: Mapping[str, str]
    public: bool
    inputs: Mapping[str, Input]
    parameters: Mapping[str, Any]
    grid: Mapping[str, Any]
    services: Mapping[str, Mapping[str, Any]]
    indicators: pd.DataFrame
    places: pd.DataFrame | None = None
    stations: pd.DataFrame | None = None
    people: Mapping[str, Any] = field(default_factory=dict)

    def operators(self) -> tuple[str, ...]:
        """Return the operators that its figures know, any first."""
        known = {str(o) for o in self.indicators["operator"].unique()} - {"any"}
        return ("any", *sorted(known))


def read_run(folder: Path) -> Run:
    """Read an output folder of ``phusong run``.

    Raises
    ------
    ExpectedError
        It is none, is a project, or is of a schema that this program does not read.
    """
    import pandas as pd

    if not folder.exists():
        raise ExpectedError(NO_FOLDER, path=str(folder))
    if not (folder / "manifest.json").is_file() or not (folder / "indicators.json").is_file():
        if folder.suffix == ".toml" or (folder / "phusong.toml").is_file():
            raise ExpectedError(A_PROJECT, path=str(folder))
        missing = "manifest.json" if not (folder / "manifest.json").is_file() else "indicators.json"
        raise ExpectedError(NO_OUTPUT, path=str(folder), file=missing)
    manifest = _json(folder, "manifest.json", "format", "phusong.manifest")
    document = _json(folder, "indicators.json", "schema", "phusong.indicators")
    province = document["province"]
    as_of = datetime.date.fromisoformat(province["as_of"])
    table = pd.DataFrame(document["indicators"])
    for column in NUMBERS:
        table[column] = pd.to_numeric(table[column]).astype(float)
    vintage = {None: None, "2025-07-01": "2025"}.get(province.get("code_vintage"), "2024")
    generator = manifest.get("generator", {})
    return Run(
        folder, folder.resolve().name, str(province["code"]), str(province["name"]), vintage, as_of,
        str(generator.get("version", "")), dict(generator.get("libraries", {})),
        bool(manifest.get("public", False)),
        {
            e["layer"]: Input(e["layer"], e["path"], e["sha256"], e["as_of"], int(e["rows"]))
            for e in manifest.get("inputs", [])
        },
        flatten(manifest.get("project", {})), dict(manifest.get("grid", {})), document["services"],
        table[[*KEY, "name", *NUMBERS]], read_csv(folder / "places.csv"), read_csv(folder / "stations.csv"),
        dict(document.get("people", {})),
    )  # fmt: skip


def _json(folder: Path, name: str, key: str, wanted: str) -> dict[str, Any]:
    try:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExpectedError(NO_OUTPUT, path=str(folder), file=name) from error
    if not isinstance(content, dict) or content.get(key) != wanted or content.get("kind"):
        raise ExpectedError(NO_OUTPUT, path=str(folder), file=name)
    version = str(content.get("version", ""))
    if not version.startswith("1."):
        raise ExpectedError(OTHER_SCHEMA, path=str(folder), file=name, version=version or "?")
    return content


def read_csv(path: Path) -> pd.DataFrame | None:
    """Read one of our own tables as text; None where there is none.

    The apostrophe that keeps spreadsheets from taking text for a formula is taken off again.
    """
    import pandas as pd

    if not path.is_file():
        return None
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    if not rows:
        return None
    body = [[_plain(cell) for cell in row] for row in rows[1:]]
    return pd.DataFrame(body, columns=rows[0], dtype=object)


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip()[:1] in tuple("=+-@＝＋－＠") else cell


def flatten(value: Any, head: str = "") -> dict[str, Any]:
    """Return nested tables as one, by dotted keys; lists stay values."""
    if not isinstance(value, dict):
        return {head: value}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found |= flatten(inner, f"{head}.{key}" if head else str(key))
    return found


@dataclass(frozen=True)
class TrendPoint:
    """One figure of the province in one run."""

    run: str
    as_of: datetime.date
    service: str
    operator: str
    indicator: str
    numerator: float
    denominator: float

    @property
    def percent(self) -> float:
        """In per cent; NaN without a denominator."""
        return 100.0 * self.numerator / self.denominator if self.denominator > 0 else float("nan")


def run_labels(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return a name for every run that no other has: its folder, numbered where two are alike."""
    names: list[str] = []
    for run in runs:
        name, number = run.name, 2
        while name in names:
            name, number = f"{run.name} ({number})", number + 1
        names.append(name)
    return tuple(names)


def trend(runs: Sequence[Run]) -> tuple[TrendPoint, ...]:
    """Return the province's figures of every run, in the order given."""
    found = []
    for label, run in zip(run_labels(runs), runs, strict=True):
        table = run.indicators[run.indicators["level"] == "province"]
        names = ("service", "operator", "indicator", *NUMBERS)
        for service, operator, indicator, n, of in zip(*(table[c].tolist() for c in names), strict=True):
            found.append(TrendPoint(label, run.as_of, service, operator, indicator, n, of))
    return tuple(found)
