"""An output folder replaced whole or not at all.

Everything is written into a hidden sibling on the same file system, ``.<name>.tmp-<owner>``, whose owner is
host, process and a random part. Where there is an earlier output, it is renamed to ``.<name>.old-<owner>``,
the new one takes its name, and the old one goes. A process killed between the two renames leaves the name
empty for a moment; the next run puts the earlier output back before it begins. Of a process on another
machine nobody here can tell whether it still runs: what it left counts as abandoned after a while. Files in
an output folder that this program did not write, and outputs that somebody changed since, are carried over:
a draft with an official's corrections is not ours to delete.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from phusong.data.language import Text
from phusong.layers.faults import ExpectedError
from phusong.maps.atomic import host, owner
from phusong.maps.manifest import MANIFEST, read_manifest, sha256

_FOREIGN = Text(
    "Thư mục '{path}' đã có dữ liệu khác (không có manifest.json của phusong). Hãy chọn một thư mục mới "
    "hoặc thư mục trống.",
    "The folder '{path}' holds something else (no manifest.json of phusong). Choose a new or an empty "
    "folder.",
)
_OTHER = Text(
    "Thư mục '{path}' giữ kết quả của một lệnh khác; không ghi đè. Hãy chọn thư mục khác.",
    "The folder '{path}' holds the output of another command; it is not overwritten. Choose another folder.",
)
_NOT_A_FOLDER = Text(
    "'{path}' là một tệp, không phải thư mục. Hãy chọn tên khác.",
    "'{path}' is a file, not a folder. Choose another name.",
)
_IN_USE = Text(
    "Không thể thay cả thư mục '{path}' (thư mục hiện hành, thư mục gốc hoặc điểm gắn ổ đĩa). Hãy chọn một "
    "thư mục con bên trong, ví dụ '{path}/ket-qua'.",
    "The folder '{path}' cannot be replaced whole (it is the current folder, the root or a mount point). "
    "Choose a folder inside it, such as '{path}/result'.",
)
_FULL = Text(
    "Hết dung lượng đĩa khi ghi kết quả vào '{path}'. Kết quả cũ (nếu có) vẫn giữ nguyên; hãy giải phóng "
    "đĩa rồi chạy lại.",
    "The disk is full: the results could not be written to '{path}'. An earlier output is left as it was; "
    "free some space and run again.",
)
_DENIED = Text(
    "Không có quyền ghi vào '{path}'. Hãy chọn thư mục khác.",
    "No permission to write to '{path}'. Choose another folder.",
)
_NOT_MADE = Text(
    "Không tạo được thư mục '{path}' ở vị trí đó. Hãy chọn thư mục khác.",
    "The folder '{path}' cannot be made there. Choose another folder.",
)
_ALMOST_NOTHING = 1_000_000
"""Free bytes at which a failure that does not say why is taken for a full disk."""
_WRITING_S, _ASIDE_S = 86_400.0, 600.0
"""After which what another machine began to write, or set aside for a moment, counts as abandoned."""

_OWNED = re.compile(r".*\.(?:tmp|old)-(?P<host>.+)-(?P<process>\d+)-[0-9a-f]+", re.DOTALL)


@contextlib.contextmanager
def replaced_whole(out: Path) -> Iterator[Path]:
    """Give a temporary folder to write into, and put it in the place of ``out`` at the end.

    Whatever goes wrong inside (an exception, Ctrl-C, a full disk), the temporary folder is removed and
    ``out`` is what it was before.

    Raises
    ------
    ExpectedError
        ``out`` is a file, holds something that this program did not write, cannot be made or replaced;
        the disk is full; no permission.
    """
    out = out.expanduser().resolve()
    if out == out.parent or Path.cwd().is_relative_to(out) or os.path.ismount(out):
        raise ExpectedError(_IN_USE, path=str(out))
    temporary = out.parent / f".{out.name}.tmp-{owner()}"
    with _explained(out):
        with _named(out):
            out.parent.mkdir(parents=True, exist_ok=True)
        recover(out)
        check(out)
        with _named(out):
            temporary.mkdir()
        try:
            yield temporary
            _sync(temporary)
            _swap(temporary, out)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def check(out: Path) -> None:
    """Raise `ExpectedError` unless ``out`` is absent, empty or an output of this program."""
    if not out.exists():
        return
    if not out.is_dir():
        raise ExpectedError(_NOT_A_FOLDER, path=str(out))
    if any(out.iterdir()) and read_manifest(out) is None:
        raise ExpectedError(_FOREIGN, path=str(out))


def check_kind(out: Path, kind: str) -> None:
    """Raise `ExpectedError` unless ``out`` is absent, empty or an earlier output of the same kind."""
    check(out)
    held = read_manifest(out)
    if held is not None and held.get("kind") != kind:
        raise ExpectedError(_OTHER, path=str(out))


def recover(out: Path) -> None:
    """Mend what a killed run left beside ``out``: put an earlier output back, remove leftovers."""
    for old in sorted(out.parent.glob(f".{_literal(out.name)}.old-*")):
        if _abandoned(old, _ASIDE_S):
            if out.exists():
                _retire(old, out)
            else:
                old.rename(out)
    for temporary in out.parent.glob(f".{_literal(out.name)}.tmp-*"):
        if _abandoned(temporary, _WRITING_S):
            shutil.rmtree(temporary, ignore_errors=True)


def _literal(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _abandoned(folder: Path, after_s: float) -> bool:
    """Tell whether nobody works any more on a hidden folder, by its name: host, process, random part.

    What another machine left alone for ``after_s`` counts as abandoned.
    """
    named = _OWNED.fullmatch(folder.name)
    if named is None:
        return False
    if named["host"] != host():
        return time.time() - folder.stat().st_mtime > after_s
    if int(named["process"]) == os.getpid():  # with another random part, an earlier process had the number
        return not folder.name.endswith(owner())
    return not _alive(int(named["process"]))


def _alive(pid: int) -> bool:
    if os.name == "nt":  # there, signal 0 is Ctrl-C
        import ctypes

        kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
        handle = kernel.OpenProcess(0x1000, False, pid)
        if handle:
            kernel.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _swap(temporary: Path, out: Path) -> None:
    old = out.parent / f".{out.name}.old-{owner()}"
    replaces = out.exists()
    if replaces:
        with contextlib.suppress(OSError):  # its age tells other machines since when it stands aside
            os.utime(out)
        out.rename(old)
    try:
        temporary.rename(out)
    except BaseException:
        if replaces and not out.exists():
            old.rename(out)
        raise
    _sync_folder(out.parent)
    if replaces:
        _retire(old, out)


def _retire(old: Path, out: Path) -> None:
    """Remove an old output, less what is not ours in it, which moves to the new one."""
    manifest = read_manifest(old) or {}
    ours = {entry["path"]: entry["sha256"] for entry in manifest.get("outputs", [])}
    ours[MANIFEST] = ""
    for entry in sorted(old.iterdir()):
        known = ours.get(entry.name)
        if known is None or (known and entry.is_file() and sha256(entry) != known):
            entry.rename(_free_name(out / entry.name))
    shutil.rmtree(old, ignore_errors=True)


def _free_name(path: Path) -> Path:
    number, free = 1, path
    while free.exists() or free.is_symlink():
        free = path.with_name(f"{path.stem}.kept-{number}{path.suffix}")
        number += 1
    return free


def _sync(folder: Path) -> None:
    """Have every file of a folder on the disk before its name changes."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every system opens folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


_NO_ROOM = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_NO_RIGHT = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextlib.contextmanager
def _named(out: Path) -> Iterator[None]:
    """Name the folder that was asked for where it cannot be made, not the hidden one beside it."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM | _NO_RIGHT:
            raise
        raise ExpectedError(_NOT_MADE, path=str(out)) from error


class DiskFullError(ExpectedError):
    """There is no room for the results."""

    passing = True
    """Whether another try may help: the disk is at fault, whatever the library below calls it."""


@contextlib.contextmanager
def _explained(out: Path) -> Iterator[None]:
    """Say what a user can mend; GDAL and SQLite hide a full disk behind errors of their own."""
    try:
        yield
    except ExpectedError:
        raise
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else None
        if number in _NO_ROOM or (number is None and _disk_full(out)):
            raise DiskFullError(_FULL, path=str(out)) from error
        if number in _NO_RIGHT:
            raise ExpectedError(_DENIED, path=str(out)) from error
        if number in {errno.EBUSY, errno.EXDEV}:
            raise ExpectedError(_IN_USE, path=str(out)) from error
        raise


def _disk_full(out: Path) -> bool:
    folder = next((f for f in (out, *out.parents) if f.exists()), None)
    return folder is not None and shutil.disk_usage(folder).free < _ALMOST_NOTHING
