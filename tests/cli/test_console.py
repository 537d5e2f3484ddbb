"""The installed program in a process of its own: exit codes, encodings, pipes, full disks and kills."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from quick_project import content

PROGRAM = Path(sys.executable).with_name("phusong")
posix = pytest.mark.skipif(os.name != "posix", reason="signals and mounts of POSIX systems")


def program() -> list[str]:
    if PROGRAM.is_file():
        return [str(PROGRAM)]
    return [sys.executable, "-c", "from phusong.cli.app import main; main()"]


def ask(*words: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    env = {k: v for k, v in os.environ.items() if k not in ("PHUSONG_LANG", "PYTHONIOENCODING")}
    return subprocess.run(
        [*program(), *map(str, words)], capture_output=True, check=False, env={**env, **environment},
        timeout=300,
    )  # fmt: skip


def test_exit_codes_and_streams() -> None:
    done = ask("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"phusong ")
    done = ask("chek")
    assert (done.returncode, done.stdout) == (2, b"")
    assert "Ý bạn là 'check'?" in done.stderr.decode()
    done = ask("--lang", "en", "check", "none.toml")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_vietnamese_goes_out_as_utf8_wherever_it_goes(encoding: str) -> None:
    done = ask("--help", PYTHONIOENCODING=encoding, PYTHONUTF8="0", LC_ALL="C")
    assert done.returncode == 0
    assert done.stdout.decode("utf-8").startswith("Cách dùng: phusong")


@posix
def test_reader_that_has_had_enough_is_no_fault() -> None:
    process = subprocess.Popen(
        [*program(), "models", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert told == b""


@contextlib.contextmanager
def small_disk(folder: Path, size_kb: int) -> Iterator[Path]:
    """A file system of its own with so many kilobytes."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(folder)],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode != 0:
        pytest.skip("no right to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@posix
@pytest.mark.slow
def test_disk_that_is_really_full(finished: tuple[Path, Path], tmp_path: Path) -> None:
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("no right to mount a small disk")
    project, good = finished
    before = content(good)
    size = sum(map(len, before.values())) // 1024
    # Room for the earlier output and a part of the next: every quarter fails in another file.
    for share in (0.05, 0.3, 0.6, 0.9):
        with small_disk(tmp_path / f"disk-{share}", int(size * (1.0 + share)) + 100) as disk:
            shutil.copytree(good, disk / "out")
            done = ask("run", project, "--out", disk / "out", "--lang", "en")
            assert done.returncode == 2, (share, done.stderr.decode())
            assert b"The disk is full" in done.stderr, (share, done.stderr.decode())
            assert b"Traceback" not in done.stderr
            assert done.stdout == b""
            assert content(disk / "out") == before
            assert [p.name for p in disk.iterdir()] == ["out"]


@posix
@pytest.mark.slow
def test_kill_in_the_middle_of_writing(finished: tuple[Path, Path], tmp_path: Path) -> None:
    project, good = finished
    before = content(good)
    out = tmp_path / "out"
    shutil.copytree(good, out)
    process = subprocess.Popen(
        [*program(), "run", str(project), "--out", str(out)], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 120
    while not list(tmp_path.glob(".out.tmp-*/indicators.json")):  # it has begun to write
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert content(out) == before
    assert list(tmp_path.glob(".out.tmp-*"))
    # The next run clears away what the killed one left.
    assert ask("run", project, "--out", out).returncode == 0
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    after = content(out)
    assert set(after) == set(before)
    assert {n for n in after if after[n] != before[n]} <= {"manifest.json"}
