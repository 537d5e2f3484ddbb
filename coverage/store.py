"""Parts of results kept between runs, found again by the content of what they were computed from.

A key is a digest of everything a part depends on: inputs, parameters, the program. Nothing is ever
out of date, so nothing has to be thrown away for being wrong; what nobody asked for in a month goes.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import os
import re
import shutil
import socket
import time
import uuid
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

Arrays = Mapping[str, NDArray[Any]]
LIBRARIES = ("numba", "numpy", "scipy", "exactextract", "shapely", "pyproj", "rasterio")
"""Those on which a kept part can depend."""
RADIO_TABLES = ("bands.csv", "resource_blocks.csv", "technologies.csv")
"""Of all that come with the program, those that predictions of radio can read: by `phusong.data.tables`."""
KEPT_DAYS = 30.0
_SHARE_OF_DISK = 0.5
"""Of free space and parts together that parts may take."""
_PART, _LEFT_OVER = "[0-9a-f][0-9a-f]/*.npz", "[0-9a-f][0-9a-f]/.*.tmp"
_OWN_NAME = re.compile(r"[0-9a-f]{64}\.npz|\.[0-9a-f]{16}-.+\.tmp", re.DOTALL)
"""Of parts, and of what killed writers left: whatever else lies in the folder is somebody else's."""
_KEY = "key of the part"


@cache
def program_digest(only: str = "radio/*.py") -> str:
    """Return a digest of sources, the tables that come with them, and the libraries under them.

    The version alone would let a part outlive a correction made between two releases.

    Parameters
    ----------
    only : str
        Which of the sources of this package: by default those that predict, so that what else computes may
        change without predictions being made anew. Empty: all of it, and of what it is built on.
    """
    import phusong.data.tables as tables
    import phusong.layers.grid as layers

    digest = hashlib.sha256()
    here, data = Path(__file__).parent, Path(tables.__file__).parent
    if only:
        sources = [*here.glob(only), *(data / name for name in RADIO_TABLES)]
    else:
        sources = [*here.glob("**/*.py"), *data.glob("*.csv"), *data.glob("**/*.py")]
        sources += Path(layers.__file__).parent.glob("**/*.py")
    for path in sorted(sources, key=lambda p: (p.parent.name, p.name)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for name in LIBRARIES:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    return digest.hexdigest()


def digest_of(*parts: object) -> str:
    """Return the key of what depends on ``parts``: arrays and bytes as they are, else as Python writes it.

    Numbers are written so that different ones differ.
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes):
            digest.update(f"bytes{len(part)} ".encode() + part)
        elif isinstance(part, np.ndarray):
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
        Made when first written to. What else lies there is left alone.
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
        if str(found.pop(_KEY, "")) != key:
            log.warning("part %s is another's under its name and is computed anew", path.name)
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
        writer = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        temporary = path.with_name(f".{key[:16]}-{writer}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(temporary, {_KEY: np.array(key), **arrays})
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

    def kept(self, parts: tuple[object, ...], compute: Callable[[], Arrays]) -> Arrays:
        """Return what ``compute`` gives, kept under the program and the ``parts`` that it depends on.

        Parameters
        ----------
        parts : tuple
            First what is computed, then all that it is computed from; see `digest_of`.
        compute : callable
        """
        key = digest_of(program_digest(""), *parts)
        found: Arrays | None = self.get(key)
        if found is None:
            found = compute()
            self.put(key, found)
        return found

    def prune(self, days: float = KEPT_DAYS, most_bytes: float | None = None) -> int:
        """Remove parts that nobody asked for in so many days, and what killed writers left; return bytes.

        Of what is left, parts beyond ``most_bytes`` go, those first that were asked for longest ago; by
        default half of what the disk could give.
        """
        freed = held = 0
        parts: list[tuple[float, int, Path]] = []
        now = time.time()
        for pattern, limit in ((_PART, days), (_LEFT_OVER, min(days, 1.0))):
            for path in sorted(p for p in self.folder.glob(pattern) if _OWN_NAME.fullmatch(p.name)):
                with suppress(OSError):  # another process may remove it
                    status = path.stat()
                    if status.st_mtime < now - limit * 86400.0:
                        path.unlink()
                        freed += status.st_size
                    else:
                        parts.append((status.st_mtime, status.st_size, path))
                        held += status.st_size
        if parts and most_bytes is None:
            most_bytes = _SHARE_OF_DISK * (shutil.disk_usage(self.folder).free + held)
        for _, size, path in sorted(parts):
            if most_bytes is None or held <= most_bytes:
                break
            with suppress(OSError):
                path.unlink()
                freed += size
            held -= size
        return freed


class Answers:
    """Many small answers of one kind kept as one part, each found by a digest of what it depends on.

    Answers that a run did not ask for go when it saves, so that the part holds what one run needs. Of two
    runs that save at the same time the later one stands; the other's answers are computed again.

    Parameters
    ----------
    store : Store or None
        None: every answer is computed.
    *parts : object
        First what is asked, then what all answers depend on.
    width : int
        Numbers in an answer.
    """

    def __init__(self, store: Store | None, *parts: object, width: int) -> None:
        self.store = store
        self._key = "" if store is None else digest_of(program_digest(""), *parts)
        kept = None if store is None else store.get(self._key)
        self._before: dict[bytes, NDArray[np.float64]] = {}
        if kept is not None and kept["answers"].shape == (len(kept["questions"]), width):
            self._before = dict(zip(kept["questions"].tolist(), kept["answers"], strict=True))
        self._now: dict[bytes, NDArray[np.float64]] = {}
        self._fresh = False

    def ask(
        self, question: tuple[object, ...], compute: Callable[[], NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """Return the answer to a question, all that it depends on besides what all depend on."""
        if self.store is None:
            return compute()
        name = digest_of(*question).encode()
        answer = self._now.get(name)
        if answer is None:
            answer = self._before.get(name)
        if answer is None:
            answer = compute()
            self._fresh = True
        self._now[name] = answer
        return answer

    def save(self) -> None:
        """Keep the answers asked for, if any of them is new."""
        if self.store is not None and self._fresh:
            questions = sorted(self._now)
            answers = np.array([self._now[q] for q in questions])
            self.store.put(self._key, {"questions": np.array(questions, dtype="S64"), "answers": answers})
