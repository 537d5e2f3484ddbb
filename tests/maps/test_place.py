"""A folder is replaced whole or not at all, whatever happens in between."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from phusong.layers.faults import ExpectedError
from phusong.maps import atomic, place
from phusong.maps.manifest import FORMAT, MANIFEST, sha256


def _output(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)
    entries = [{"path": name, "sha256": sha256(folder / name)} for name in files]
    (folder / MANIFEST).write_text(json.dumps({"format": FORMAT, "outputs": entries}))


def _write(out: Path, **files: str) -> None:
    with place.replaced_whole(out) as folder:
        _output(folder, **files)


def _content(out: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in sorted(out.iterdir()) if p.name != MANIFEST}


def _dead(host: str = "") -> str:
    """Return what a process that is gone put into its names."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return f"{host or atomic.host()}-{child.pid}-0123abcd"


def test_new_empty_and_earlier_folders_are_replaced(tmp_path: Path) -> None:
    out = tmp_path / "a" / "out"
    _write(out, x="1", gone="1")
    _write(out, x="2")
    assert _content(out) == {"x": "2"}
    (tmp_path / "empty").mkdir()
    _write(tmp_path / "empty", x="3")
    assert _content(tmp_path / "empty") == {"x": "3"}
    assert sorted(os.listdir(tmp_path)) == ["a", "empty"]
    assert os.listdir(tmp_path / "a") == ["out"]


def test_only_an_output_of_the_same_kind_makes_room(tmp_path: Path) -> None:
    place.check_kind(tmp_path / "new", "a")
    for kind in ("a", None):
        out = tmp_path / str(kind)
        out.mkdir()
        place.check_kind(out, "a")
        (out / MANIFEST).write_text(json.dumps({"format": FORMAT, "kind": kind, "outputs": []}))
    place.check_kind(tmp_path / "a", "a")
    for folder, kind in (("a", "b"), ("None", "a")):
        with pytest.raises(ExpectedError, match="another command"):
            place.check_kind(tmp_path / folder, kind)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "full"), ValueError("bug"), KeyboardInterrupt(), SystemExit(1)]
)
def test_failure_leaves_the_earlier_output_alone(tmp_path: Path, error: BaseException) -> None:
    out = tmp_path / "out"
    _write(out, x="1")
    expected = ExpectedError if isinstance(error, OSError) else type(error)

    def fail() -> None:
        with place.replaced_whole(out) as folder:
            (folder / "x").write_text("half")
            raise error

    with pytest.raises(expected):
        fail()
    assert _content(out) == {"x": "1"}
    assert os.listdir(tmp_path) == ["out"]


def test_full_disk_is_said_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(ExpectedError) as caught, place.replaced_whole(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert "Hết dung lượng đĩa" in caught.value.say("vi")
    assert "disk is full" in caught.value.say("en")


def test_error_that_hides_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = place.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(place.shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(ExpectedError, match="disk is full"), place.replaced_whole(tmp_path / "out"):
        raise RuntimeError("disk I/O error")


@pytest.mark.parametrize("content", [{"notes.txt": "mine"}, {MANIFEST: '{"name": "a web page"}'}])
def test_what_is_not_ours_is_not_replaced(tmp_path: Path, content: dict[str, str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name, text in content.items():
        (out / name).write_text(text)
    with pytest.raises(ExpectedError, match="something else"):
        _write(out, x="1")
    assert {p.name: p.read_text() for p in out.iterdir()} == content
    assert os.listdir(tmp_path) == ["out"]


def test_a_file_the_root_and_the_current_folder_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "cwd" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "cwd" / "below")
    for out in (tmp_path / "file", Path("/"), Path(), Path("..")):
        with pytest.raises(ExpectedError):
            _write(out, x="1")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    "out",
    [
        pytest.param("/proc/x", marks=pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc")),
        "file/below", "n" * 250,
    ],
)
def test_a_folder_that_cannot_be_made_is_named_as_it_was_asked_for(tmp_path: Path, out: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExpectedError) as caught:
        _write(tmp_path / out, x="1")
    for lang in ("vi", "en"):
        said = caught.value.say(lang)
        assert f"'{tmp_path / out}'" in said
        assert ".tmp-" not in said
    assert os.listdir(tmp_path) == ["file"]


def test_foreign_and_corrected_files_are_carried_over(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _write(out, **{"report.docx": "draft", "x": "1"})
    (out / "notes.txt").write_text("mine")
    (out / "folder").mkdir()
    (out / "folder" / "scan.pdf").write_text("signed")
    (out / "report.docx").write_text("corrected by hand")
    for _ in range(2):
        _write(out, **{"report.docx": "new draft", "x": "2"})
        assert (out / "folder" / "scan.pdf").read_text() == "signed"
        names = sorted(p.name for p in out.iterdir())
        assert names == ["folder", MANIFEST, "notes.txt", "report.docx", "report.kept-1.docx", "x"]
        assert (out / "report.kept-1.docx").read_text() == "corrected by hand"
        assert (out / "report.docx").read_text() == "new draft"


def test_killed_between_the_renames(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _write(out, x="1")
    out.rename(tmp_path / f".out.old-{_dead()}")
    with pytest.raises(ValueError, match="bug"), place.replaced_whole(out):
        raise ValueError("bug")
    assert _content(out) == {"x": "1"}
    assert os.listdir(tmp_path) == ["out"]


def test_killed_after_the_renames(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _write(out, x="1")
    (out / "notes.txt").write_text("mine")
    out.rename(tmp_path / f".out.old-{_dead()}")
    (out).mkdir()
    _output(out, x="2")
    place.recover(out)
    assert _content(out) == {"notes.txt": "mine", "x": "2"}
    assert os.listdir(tmp_path) == ["out"]


def test_leftovers_of_dead_processes_only(tmp_path: Path) -> None:
    dead = tmp_path / f".out.tmp-{_dead()}"
    alive = tmp_path / f".out.tmp-{atomic.host()}-{os.getppid()}-0123abcd"
    again = tmp_path / f".out.tmp-{atomic.host()}-{os.getpid()}-0123abcd"  # our number, of an earlier process
    other = tmp_path / f".out2.tmp-{_dead()}"
    for folder in (dead, alive, again, other):
        folder.mkdir()
        (folder / "x").write_text("half")
    _write(tmp_path / "out", x="1")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([alive.name, other.name, "out"])


def test_two_machines_on_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    with place.replaced_whole(out) as mine:
        (mine / "x").write_text("half")
        with monkeypatch.context() as elsewhere:  # another machine, whose process happens to have our number
            elsewhere.setattr(atomic.socket, "gethostname", lambda: "node-2")
            elsewhere.setattr(atomic, "_random", lambda process: "89abcdef")
            with place.replaced_whole(out) as theirs:
                assert theirs != mine
                assert (mine / "x").exists()
                _output(theirs, x="theirs")
        assert (mine / "x").read_text() == "half"
        _output(mine, x="mine")
    assert _content(out) == {"x": "mine"}
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("seconds", [0, 3_600, 200_000])
def test_what_another_machine_left_counts_as_abandoned_after_a_while(tmp_path: Path, seconds: int) -> None:
    out = tmp_path / "out"
    _write(out, x="1")
    (tmp_path / f".out.tmp-{_dead('node-2')}").mkdir()
    out.rename(tmp_path / f".out.old-{_dead('node-2')}")
    then = time.time() - seconds
    for folder in tmp_path.iterdir():
        os.utime(folder, (then, then))
    place.recover(out)
    assert out.exists() == (seconds >= 600)
    assert sum(".tmp-" in p.name for p in tmp_path.iterdir()) == (seconds < 86_400)


def test_names_of_temporaries(monkeypatch: pytest.MonkeyPatch) -> None:
    assert atomic.owner() == atomic.owner()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(atomic.socket, "gethostname", lambda: "worker-" + "x" * 200 + "/1")
        assert re.fullmatch(r"[\w.-]{1,24}", atomic.host())
    ask = [sys.executable, "-c", "from phusong.maps.atomic import owner; print(owner())"]
    said = {subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip() for _ in "12"}
    randoms = {name.rpartition("-")[2] for name in (*said, atomic.owner())}
    assert len(randoms) == 3


_VICTIM = """
import signal
import sys, time
from pathlib import Path
from phusong.maps.place import replaced_whole
with replaced_whole(Path(sys.argv[1])) as folder:
    (folder / "x").write_text("half")
    # Started in the background, a process may inherit that the interrupt is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run(tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "out"
    _write(out, x="1")
    with subprocess.Popen(
        [sys.executable, "-c", _VICTIM, str(out)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"writing\n"
        child.send_signal(number)
        child.wait(30)
    assert _content(out) == {"x": "1"}
    left = [name for name in os.listdir(tmp_path) if name != "out"]
    assert len(left) == (number == signal.SIGKILL)
    assert all(name.startswith(f".out.tmp-{atomic.host()}-{child.pid}-") for name in left)
    _write(out, x="2")
    assert _content(out) == {"x": "2"}
    assert os.listdir(tmp_path) == ["out"]
