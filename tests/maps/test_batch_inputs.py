"""A province whose files are missing, empty, corrupt or of another one fails by itself, and says which."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from quick_project import make_project, of_another_province

from phusong.maps.batch.child import work
from phusong.maps.batch.job import Job
from phusong.maps.batch.run import BatchOptions, run_batch
from phusong.maps.manifest import sha256


def missing(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def half(file: Path) -> None:
    """Leave what a broken transfer leaves."""
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("stations.csv", missing),
        ("population.tif", empty),
        ("stations.csv", empty),
        ("communes.gpkg", half),
        ("stations.csv", of_another_province),
        ("communes.gpkg", of_another_province),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_it_fails_by_its_data_and_names_the_file(
    sample: Path, tmp_path: Path, name: str, spoil: Callable[[Path], None]
) -> None:
    project = make_project(sample, tmp_path / "p", "71")
    spoil(project.parent / name)
    (tmp_path / "out").mkdir()
    run = work(Job("71", "P", str(project), str(tmp_path / "out" / "71"), "en"))
    assert (run.status, run.blame, run.folder) == ("failed", "data", "")
    told = " ".join(run.messages)
    # Where the communes are of elsewhere, all that should lie in them does not.
    wanted = "stations.csv" if (name, spoil) == ("communes.gpkg", of_another_province) else name
    assert wanted in told
    assert "Traceback" not in told
    assert not list((tmp_path / "out").glob("*71*/"))


@pytest.mark.slow
def test_an_input_that_changes_while_a_batch_runs(sample: Path, tmp_path: Path) -> None:
    """It is read again: what is done was made from what is there."""
    project, out = make_project(sample, tmp_path / "p", "72"), tmp_path / "out"
    villages = project.parent / "villages.csv"
    before = villages.read_text(encoding="utf-8-sig")

    def change_once_read() -> None:
        until = time.monotonic() + 300
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if ": read: " in (out / "72.log").read_text(encoding="utf-8"):
                    villages.write_text(before.replace("99-V00030", "99-V00031"), encoding="utf-8")
                    return
            time.sleep(0.002)

    changer = threading.Thread(target=change_once_read)
    changer.start()
    (run,) = run_batch([project], out, "en", options=BatchOptions(dask=False))
    changer.join(1)
    assert (run.status, run.attempts) == ("done", 2), run.messages
    assert "villages.csv' changed during the run" in (out / "72.log").read_text(encoding="utf-8")
    inputs = json.loads((out / "72" / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert {e["path"]: e["sha256"] for e in inputs}["villages.csv"] == sha256(villages)
