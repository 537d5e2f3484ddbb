"""The ledger of a batch, true at every moment, and its events, a line of JSON each."""

from __future__ import annotations

import datetime
import errno
import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phusong.maps.atomic import replace_file
from phusong.maps.batch.job import ProvinceRun
from phusong.maps.tables import csv_bytes, json_bytes, version

log = logging.getLogger(__name__)
LEDGER_VERSION = "1.0"
LEDGER_FILES = ("ledger.json", "ledger.csv")
COLUMNS = (
    "code", "name", "project", "status", "blame", "seconds", "peak_mb", "attempts", "shares", "worker",
    "folder", "messages",
)


class Events:
    """One line of JSON per event, appended and flushed, so that a reader sees it at once.

    Parameters
    ----------
    file : Path or None
        None: nothing is written.

    Raises
    ------
    OSError
        If nothing can be written there; a full disk may have room later.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        if file is not None:
            try:
                file.open("a").close()
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def tell(self, event: str, **values: Any) -> None:
        """Append an event; a disk without room loses the line, never the batch."""
        if self._file is None:
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        sound = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
        line = json.dumps({"time": now, "event": event, **sound}, ensure_ascii=False)
        try:
            with self._file.open("a", encoding="utf-8", errors="replace") as out:
                out.write(line + "\n")
        except OSError as error:
            log.warning("event %s is not written: %s", event, error)


class Ledger:
    """``ledger.json`` and ``ledger.csv``: every province, written anew whenever one changes.

    Parameters
    ----------
    out : Path
    waiting : mapping of project to (code, name)
        Provinces that are to come, in their order.
    settings : mapping
        How the batch runs, as ``ledger.json`` tells it.
    public : bool
        Without messages, which quote inputs.
    """

    def __init__(
        self, out: Path, waiting: Mapping[str, tuple[str, str]], settings: Mapping[str, Any], *, public: bool
    ) -> None:
        self._out, self._settings, self._public = out, settings, public
        self._rows: dict[str, dict[str, Any]] = {
            project: {**dict.fromkeys(COLUMNS), "code": code, "name": name, "project": project,
                      "status": "waiting", "messages": ()}
            for project, (code, name) in waiting.items()
        }  # fmt: skip
        self._shares: dict[str, int] = {}
        self.write()

    def shares(self, project: str, parts: int) -> None:
        """Note into how many shares a province was cut."""
        self._shares[project] = parts

    def end(self, run: ProvinceRun) -> None:
        """Note what became of a province, and write."""
        self._rows[run.project] = {
            "code": run.code, "name": run.name, "project": run.project, "status": run.status,
            "blame": run.blame or None, "seconds": round(run.seconds, 3),
            "peak_mb": None if math.isnan(run.peak_mb) else round(run.peak_mb, 1),
            "attempts": run.attempts, "shares": self._shares.get(run.project, 0), "worker": run.worker,
            "folder": run.folder, "messages": () if self._public else run.messages,
        }
        self.write()

    def write(self) -> None:
        """Write both files; a disk without room leaves the earlier ones, whole."""
        rows = [
            {**row, "project": Path(row["project"]).parent.name} if self._public else row
            for row in self._rows.values()
        ]
        table = [[" | ".join(r[c]) if c == "messages" else r[c] for c in COLUMNS] for r in rows]
        document = {
            "schema": "phusong.ledger", "version": LEDGER_VERSION,
            "generator": {"name": "phusong", "version": version()}, "batch": dict(self._settings),
            "provinces": [{**row, "messages": list(row["messages"])} for row in rows],
        }
        try:
            replace_file(self._out / "ledger.csv", csv_bytes(COLUMNS, table))
            replace_file(self._out / "ledger.json", json_bytes(document))
        except OSError as error:
            log.warning("the ledger is not written: %s", error)
