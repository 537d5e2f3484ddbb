"""A batch on a real disk that is too small: what fits is there, what does not is told, and room mends it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from quick_project import make_project

# Runs as root of a mount namespace of its own, so that the disk is nobody else's.
DRIVER = """
import json, os, shutil, subprocess, sys
from pathlib import Path
from phusong.cli.app import run
from phusong.cli.options import Settings

out, first, second = map(Path, sys.argv[1:])
out.mkdir()

def disk(how, room):
    command = ["mount", "-t", "tmpfs", "-o", f"{how}size={room}", "none", str(out)]
    subprocess.run(command, check=True)

def batch(*projects):
    words = ["batch", *map(str, projects), "--out", str(out), "--retries", "0", "--resume"]
    code = run(["--quiet", *words], Settings("en"))
    ledger = json.loads((out / "ledger.json").read_text(encoding="utf-8"))
    rows = [(p["code"], p["status"], p["blame"], p["messages"]) for p in ledger["provinces"]]
    return {"code": code, "ledger": rows, "there": sorted(p.name for p in out.iterdir())}

disk("", "64m")
told = [batch(first)]
used = shutil.disk_usage(out).used
folder = sum(p.stat().st_size for p in (out / "61").iterdir())
disk("remount,", used + folder // 3)
told.append(batch(first, second))
disk("remount,", "64m")
told.append(batch(first, second))
same = ["places.csv"]
told.append([(out / "61" / n).read_bytes() == (out / "62" / n).read_bytes() for n in same])
print(json.dumps(told))
"""


def namespace_of_ones_own() -> bool:
    """Whether this machine lets a user mount a disk of memory in a namespace."""
    if shutil.which("unshare") is None:
        return False
    ask = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(ask, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not namespace_of_ones_own(), reason="no mount namespaces here")
def test_a_small_disk_costs_a_province_and_no_more(sample: Path, tmp_path: Path) -> None:
    projects = [make_project(sample, tmp_path / f"p{code}", code) for code in ("61", "62")]
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", DRIVER, str(tmp_path / "out"), *map(str, projects)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    alone, full, mended, same = json.loads(done.stdout.splitlines()[-1])
    assert (alone["code"], [row[:2] for row in alone["ledger"]]) == (0, [["61", "done"]])

    assert full["code"] == 1
    assert {"61", "ledger.json"} <= set(full["there"])
    # Nothing half-written: no folder of the second, no temporary one, no mark of a batch that runs.
    assert not [name for name in full["there"] if name == "62" or name.startswith((".62", ".running"))]
    # The ledger, which is small, is true on the full disk too.
    rows = {row[0]: row[1:] for row in full["ledger"]}
    assert rows["61"][0] == "skipped"
    assert rows["62"][:2] == ["failed", "machine"]
    assert "The disk is full" in rows["62"][2][0]

    assert mended["code"] == 0
    assert [row[:2] for row in mended["ledger"]] == [["61", "skipped"], ["62", "done"]]
    assert same == [True]
