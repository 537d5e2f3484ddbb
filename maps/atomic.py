"""One file replaced whole or not at all, and the names of what is not whole yet."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import uuid
from functools import cache
from pathlib import Path

_LONGEST = 24
"""Letters of a host's name: file systems bound the whole to 255 bytes."""


def owner() -> str:
    """Return ``<host>-<process>-<random>``: what no other process names its temporaries, on any machine."""
    return f"{host()}-{os.getpid()}-{_random(os.getpid())}"


def host() -> str:
    """Return the name of this machine, as far as it can stand in the name of a file; a long one shortened."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", socket.gethostname())
    return name if len(name) <= _LONGEST else f"{name[:12]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@cache
def _random(process: int) -> str:
    """Return a random part that is the same throughout a process; one that was forked has its own."""
    return uuid.uuid4().hex[:8]


def temporary_beside(path: Path, suffix: str = "") -> Path:
    """Return where a file is written before it takes the name of ``path``."""
    return path.with_name(f".{path.name}.tmp-{owner()}{suffix}")


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
    temporary = temporary_beside(path)
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
