"""Parts of results kept between runs, found again by the content of what they were computed from.

A key is a digest of everything a part depends on: inputs, parameters, the program. Nothing is ever
out of date, so nothing has to be thrown away for being wrong; what nobody asked for in a month goes.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import os
import socket
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import get_ident
from typing import Any

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

Arrays = Mapping[str, NDArray[Any]]
LIBRARIES = ("numba", "numpy", "scipy", "exactextract", "shapely", "pyproj", "rasterio")
"""Those on which a kept part can depend."""
KEPT_DAYS = 30.0
_PART = "*/*.npz"
_LEFT_OVER = ".*.tmp"


@cache
def program_digest() -> str:
    """Return a digest of the sources that predict, their tables, and the libraries under them.

    The version alone would let a part outlive a correction made between two releases.
    """
    digest = hashlib.sha256()
    # Only predictions over radio are kept; what else computes may change without making them anew.
    sources = [*Path(__file__).parent.glob("radio/*.py")]
    import phusong.data.tables as tables

    sources += Path(tables.__file__).parent.glob("*.csv")
    for path in sorted(sources, key=lambda p: (p.parent.name, p.name)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for name in LIBRARIES:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    return digest.hexdigest()


def digest_of(*parts: object) -> str:
    """Return the key of what depends on ``parts``: arrays by their bytes, all else as Python writes it.

    Numbers are written so that different ones differ.
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).view(np.uint8).data)
        else:
            digest.update(repr(part).encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()


@dataclass(frozen=True)
class Store:
    """A folder of parts, which any number of processes and machines may use at the same time.

    A part is written beside its place and renamed into it, so it is there whole or not at all; what a
    power cut tore is told by its checksum and counts as not there.

    Parameters
    ----------
    folder : Path
        Of this program's alone; made when first written to.
    """

    folder: Path

    def path(self, key: str) -> Path:
        """Return where the part of a key lies."""
        return self.folder / key[:2] / f"{key}.npz"

    def has(self, key: str) -> bool:
        """Tell whether there is a part, without looking into it."""
        return self.path(key).is_file()

    def get(self, key: str) -> dict[str, NDArray[Any]] | None:
        """Return a part; None where there is none that is whole."""
        path = self.path(key)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                found = {name: archive[name] for name in archive.files}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            log.warning("part %s cannot be read and is computed anew: %s", path.name, error)
            return None
        with suppress(OSError):  # when it was last asked for
            os.utime(path)
        return found

    def put(self, key: str, arrays: Arrays) -> bool:
        """Keep a part; a full disk costs the part, never the run.

        Returns
        -------
        bool
            Whether it is kept.
        """
        path = self.path(key)
        temporary = path.with_name(f".{key[:16]}-{socket.gethostname()}-{os.getpid()}-{get_ident()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(temporary, arrays)
            temporary.replace(path)
        except OSError as error:
            log.warning("a part is not kept: %s", error)
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            return False
        return True

    @staticmethod
    def _write(path: Path, arrays: Arrays) -> None:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **dict(arrays))

    def prune(self, days: float = KEPT_DAYS) -> int:
        """Remove parts that nobody asked for in so many days, and what killed writers left; return bytes."""
        freed = 0
        for path, limit in [*self._old(_PART, days), *self._old("*/" + _LEFT_OVER, min(days, 1.0))]:
            with suppress(OSError):
                status = path.stat()
                if status.st_mtime < limit:
                    path.unlink()
                    freed += status.st_size
        return freed

    def _old(self, pattern: str, days: float) -> Iterator[tuple[Path, float]]:
        limit = time.time() - days * 86400.0
        for path in sorted(self.folder.glob(pattern)):
            yield path, limit
