"""Where a file that the user names lies: accents composed or not, links followed, never waited for."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path


def found_path(path: Path) -> Path:
    """Return the absolute path of a file, links followed.

    Where no file has just this name, one of the folder with the same letters counts: archives made on a
    Mac spell ``ạ`` as ``a`` and two marks, which looks the same and is another name. Links in a circle are
    left as they stand, and are no file.
    """
    real = Path(os.path.realpath(path))
    if os.path.lexists(real) or real.name.isascii():
        return real
    wanted = unicodedata.normalize("NFC", real.name)
    try:
        same = [p for p in real.parent.iterdir() if unicodedata.normalize("NFC", p.name) == wanted]
    except OSError:
        return real
    return Path(os.path.realpath(same[0])) if len(same) == 1 else real


def is_readable_kind(path: Path) -> bool:
    """Tell whether a path is a file or a folder: reading a pipe or a device may never end."""
    return path.is_file() or path.is_dir()
