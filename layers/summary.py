"""A whole check of a project: what was read, every fault, the figures of quality; and the same as JSON."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phusong.data.language import Language
from phusong.layers.faults import Fault, InputError
from phusong.layers.inventory import Source, Understood
from phusong.layers.project.file import read_project
from phusong.layers.quality.figures import Figure, Quality, Suspect, quality
from phusong.layers.read import Opened, survey_layers
from phusong.layers.tables.understand import UNDERSTANDING

CAP = 1000
"""Faults of one rule and column that a check tells one by one: a copy of the file marks them all."""


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    file : str
        Name of the project file.
    name : str
        Of the province; empty where the project file cannot be read.
    as_of : datetime.date or None
    faults : tuple of Fault
        In the order of reading.
    sources : tuple of Source
    understood : tuple of Understood
    quality : Quality
    opened : mapping of layer to Opened
        Tables whose cells could be read.
    """

    file: str
    name: str = ""
    as_of: datetime.date | None = None
    faults: tuple[Fault, ...] = ()
    sources: tuple[Source, ...] = ()
    understood: tuple[Understood, ...] = ()
    quality: Quality = field(default_factory=Quality)
    opened: Mapping[str, Opened] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Fault, ...]:
        """Faults that stop a run."""
        return tuple(f for f in self.faults if f.severity == "error")

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """Faults that are told, and no more."""
        return tuple(f for f in self.faults if f.severity == "warning")

    def suspects(self) -> Iterable[tuple[Figure, Suspect]]:
        """Return what the figures of quality that are in doubt counted, with the figure."""
        return ((f, s) for f in self.quality.figures for s in f.suspects)


def is_remark(fault: Fault) -> bool:
    """Tell whether a warning says how the file was understood, and nothing that is wrong with it."""
    return fault.severity == "warning" and fault.code.partition(".")[2] in UNDERSTANDING


def check_project(path: Path, *, progress: Callable[[str], None] | None = None) -> Checked:
    """Read every file of a project and judge it; nothing is written, and no fault is raised.

    Parameters
    ----------
    path : Path
        The project file or its folder.
    progress : callable, optional
        Called with the name of each layer before it is read.
    """
    try:
        project = read_project(path, files=False)
    except InputError as error:
        return Checked(path.name, faults=error.faults)
    survey = survey_layers(project, progress=progress, cap=CAP)
    found = quality(survey.layers) if survey.layers is not None else Quality()
    return Checked(
        project.file.name, project.province.name, project.province.as_of, survey.faults, survey.sources,
        survey.understood, found, survey.opened,
    )


def check_summary(checked: Checked, lang: Language) -> str:
    """Return a check as JSON text.

    ``{"errors", "warnings", "sources", "understood", "quality", "population", "faults"}``; a fault has
    ``severity code layer file row column value message``, messages and notes in ``lang``. A figure of
    quality has ``code layer title numerator denominator unit allowed_share doubtful criterion remedy``
    and its ``suspects``.
    """
    content = {
        "errors": len(checked.errors),
        "warnings": len(checked.warnings),
        "sources": [
            {
                "layer": s.layer, "path": s.path, "sha256": s.sha256, "rows": s.rows,
                "as_of": s.as_of.isoformat(), "dated_by": s.dated,
                "age_days": (checked.as_of - s.as_of).days
                if checked.as_of is not None and s.dated != "province" else None,
            }
            for s in checked.sources
        ],
        "understood": [
            {
                "layer": u.layer, "path": u.path, "rows": u.rows, "columns": dict(u.columns),
                "encoding": u.encoding, "crs": u.crs, "notes": [n.say(lang) for n in u.notes],
            }
            for u in checked.understood
        ],
        "quality": [_figure(f, lang) for f in checked.quality.figures],
        "population": [
            {
                "commune_code": p.code, "commune_name": p.name, "raster": round(p.raster, 3),
                "official": p.official if math.isfinite(p.official) else None,
            }
            for p in checked.quality.people
        ],
        "faults": [_fault(f, lang) for f in checked.faults],
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)


def _figure(figure: Figure, lang: Language) -> dict[str, Any]:
    return {
        "code": figure.code, "layer": figure.layer, "title": figure.title.say(lang),
        "numerator": figure.numerator, "denominator": figure.denominator, "unit": figure.unit,
        "allowed_share": figure.allowed, "doubtful": figure.doubtful,
        "criterion": figure.criterion.say(lang), "remedy": figure.remedy.say(lang),
        "suspects": [
            {"layer": s.layer, "key": s.key, "id": s.ident, "column": s.column, "note": s.note.say(lang)}
            for s in figure.suspects
        ],
    }  # fmt: skip


def _fault(fault: Fault, lang: Language) -> dict[str, Any]:
    return {
        "severity": fault.severity, "code": fault.code, "layer": fault.layer, "file": fault.file,
        "row": fault.row, "column": fault.column, "value": fault.value, "message": fault.say(lang),
    }
