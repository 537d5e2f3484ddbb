"""One layer of the project on its way in: its settings, its file, and the faults found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from phusong.layers.columns import Column, Table, expected_names, take_columns
from phusong.layers.faults import Faults
from phusong.layers.project import LayerTable
from phusong.layers.rules import Report
from phusong.layers.tables import RawTable, open_table


@dataclass(frozen=True)
class Layer:
    """A layer to be read.

    Attributes
    ----------
    name : str
        ``stations``, ``places.villages``.
    settings : LayerTable
    path : Path
        Where the file lies.
    report : Report
        Where its faults go.
    """

    name: str
    settings: LayerTable
    path: Path
    report: Report

    @classmethod
    def of(cls, name: str, settings: LayerTable, folder: Path, faults: Faults) -> Layer:
        """Return the layer whose path is relative to ``folder``."""
        report = Report(name, settings.path.as_posix(), faults)
        return cls(name, settings, (folder / settings.path).resolve(), report)

    def open(self, wanted: Sequence[Column], *, free: bool = False) -> Table | None:
        """Open the file and type our columns; None after a fault that leaves nothing to check."""
        raw = self.open_raw(wanted)
        return None if raw is None else take_columns(raw, self.settings, wanted, self.report, free=free)

    def open_raw(self, wanted: Sequence[Column]) -> RawTable | None:
        """Open the file."""
        return open_table(
            self.path, self.report, layer=self.settings.layer, expected=expected_names(wanted, self.settings)
        )
