"""One file replaced whole or not at all."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def replace_file(path: Path, content: bytes, *, make_folder: bool = True) -> None:
    """Write ``content`` beside ``path``, have it on the disk, and give it the name of ``path``.

    A folder that is not there is made, unless it was the user who named it.

    Raises
    ------
    OSError
        What ``path`` held before is untouched.
    """
    if make_folder:
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp-{socket.gethostname()}-{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
