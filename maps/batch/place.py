"""The folder of a batch: it holds nothing else, and one batch at a time writes into it."""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from phusong.data.language import Text
from phusong.layers.faults import ExpectedError
from phusong.maps.batch.ledger import LEDGER_FILES
from phusong.maps.batch.nation_tables import NATION_FILES
from phusong.maps.batch.page import SUMMARY_FILES

NOT_A_FOLDER = Text(
    "'{path}' là một tệp, không phải thư mục. Hãy chọn tên khác.",
    "'{path}' is a file, not a folder. Choose another name.",
)
FOREIGN = Text(
    "Thư mục '{path}' đã có tệp '{file}' không phải của một lần chạy nhiều tỉnh; không ghi đè. Hãy chọn "
    "thư mục khác.",
    "The folder '{path}' holds a file '{file}' that is not a batch's; it is not overwritten. Choose another "
    "folder.",
)
BUSY = Text(
    "Một lần chạy khác đang ghi vào '{path}'. Hãy đợi lần đó xong, hoặc chọn thư mục khác.",
    "Another batch is writing into '{path}'. Wait until it is done, or choose another folder.",
)
LOCK = ".batch.lock"
MARK = ".running-"
"""Before the name of the file by which workers see that somebody waits for them."""
_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})


@contextlib.contextmanager
def held(out: Path) -> Iterator[None]:
    """Hold the folder of a batch, made where it is not there, against all other batches.

    What a batch that was killed left as its mark goes, and with it what may still compute for it on other
    machines. Where the file system knows no locks, nothing is held.

    Raises
    ------
    ExpectedError
        It is a file, holds files of others under names that a batch writes, or another batch holds it.
    OSError
        If it cannot be made or written.
    """
    if out.exists() and not out.is_dir():
        raise ExpectedError(NOT_A_FOLDER, path=str(out))
    if not any((out / name).exists() for name in (LOCK, LEDGER_FILES[0])):
        for name in (*SUMMARY_FILES, *NATION_FILES, *LEDGER_FILES):
            if (out / name).exists():
                raise ExpectedError(FOREIGN, path=str(out), file=name)
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK).open("ab") as file:
        try:
            _lock(file)
        except OSError as error:
            if error.errno in _HELD:
                raise ExpectedError(BUSY, path=str(out)) from error
        else:
            for mark in out.glob(MARK + "*"):
                with contextlib.suppress(OSError):
                    mark.unlink()
        yield


def _lock(file: IO[bytes]) -> None:
    """Lock a file until it is closed, by whatever way this process ends; not waiting for others."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
