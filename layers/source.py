"""One layer of the project on its way in: its settings, its file, and the faults found in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from phusong.layers.faults import Faults
from phusong.layers.on_disk import found_path
from phusong.layers.positions.angle_columns import joined_angles
from phusong.layers.project.schema import LayerTable
from phusong.layers.rules import Report
from phusong.layers.tables.columns import Column, Table, expected_names, take_columns
from phusong.layers.tables.opening import RawTable, open_table
from phusong.layers.tables.technology_columns import rows_by_technology
from phusong.layers.tables.understand import habits_of, in_unicode, kind_of, recognised_headers
from phusong.layers.vectors.postgis_url import DatabaseUrl, as_path


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
    vietnamese : bool
        Whether the province is of Vietnam, so that old encodings and VN-2000 may occur.
    province_code : str
    """

    name: str
    settings: LayerTable
    path: Path
    report: Report
    vietnamese: bool = False
    province_code: str = ""

    @classmethod
    def of(
        cls, name: str, settings: LayerTable, folder: Path, faults: Faults, *, province_code: str = ""
    ) -> Layer:
        """Return the layer whose path is relative to ``folder``."""
        report = Report(name, settings.path.as_posix(), faults)
        vietnamese = re.fullmatch(r"\d{2}", province_code) is not None
        path = found_path(folder / as_path(settings.path))
        return cls(name, settings, path, report, vietnamese, province_code)

    def open(self, wanted: Sequence[Column], *, free: bool = False) -> Table | None:
        """Open the file and type our columns; None after a fault that leaves nothing to check."""
        raw = self.open_raw(wanted)
        if raw is None:
            return None
        kind = kind_of(self.name)
        if kind is not None and raw.geometry is None:
            raw = joined_angles(raw, kind, self.report)
        found = recognised_headers(raw, self.settings, wanted, self.report, free=free)
        ours = {*found.values(), *self.settings.columns.values(), *(c.name for c in wanted)}
        raw = in_unicode(raw, self.settings, self.report, tuple(ours), legacy=self.vietnamese)
        if self.report.keep:
            self.report.raw = raw
        if self.name in ("stations", "neighbours"):
            raw, found = rows_by_technology(raw, self.settings, found, self.report)
        return take_columns(raw, self.settings, wanted, self.report, free=free, recognised=found)

    def open_raw(self, wanted: Sequence[Column]) -> RawTable | None:
        """Open the file, or the table of a database."""
        if isinstance(self.settings.path, DatabaseUrl):
            from phusong.layers.vectors.postgis import read_database

            return read_database(self.settings.path, self.report)
        return open_table(
            self.path, self.report, layer=self.settings.layer, expected=expected_names(wanted, self.settings),
            habits=habits_of(self.name, self.settings, legacy=self.vietnamese),
        )
