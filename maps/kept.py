"""Parts of outputs kept between runs: pictures and files, by all they show and by the program."""

from __future__ import annotations

import hashlib
import importlib.metadata
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.coverage.store import Store, digest_of, program_digest

LIBRARIES = ("matplotlib", "geopandas", "pandas", "pillow", "pyogrio")
"""Those that draw and write, besides the ones of `phusong.coverage.store.LIBRARIES`."""


@cache
def drawing_digest() -> str:
    """Return a digest of everything that computes, draws and writes: sources, assets, fonts, libraries."""
    digest = hashlib.sha256(program_digest("").encode())
    here = Path(__file__).parent
    for path in sorted(p for p in here.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        digest.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes())
    for name in LIBRARIES:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    digest.update(zlib.ZLIB_RUNTIME_VERSION.encode())
    return digest.hexdigest()


def kept_bytes(store: Store | None, parts: tuple[object, ...], compute: Callable[[], bytes]) -> bytes:
    """Return what ``compute`` gives, kept between runs; see `kept_several`."""
    if store is None:
        return compute()
    return kept_several(store, parts, lambda: (compute(),))[0]


def kept_several(
    store: Store, parts: tuple[object, ...], compute: Callable[[], tuple[bytes, ...]]
) -> tuple[bytes, ...]:
    """Return what ``compute`` gives, kept under the program and the ``parts`` that it depends on.

    Parameters
    ----------
    store : Store
    parts : tuple
        First what is made, then all that it is made from; see `phusong.coverage.store.digest_of`.
    compute : callable
    """
    key = digest_of(drawing_digest(), *parts)
    found = store.get(key)
    if found is not None:
        return tuple(found[str(n)].tobytes() for n in range(len(found)))
    made = compute()
    store.put(key, {str(n): np.frombuffer(one, dtype=np.uint8) for n, one in enumerate(made)})
    return made


def kept_shapes(
    store: Store | None, parts: tuple[object, ...], shapes: NDArray[np.object_],
    compute: Callable[[NDArray[np.object_]], NDArray[np.object_]],
) -> NDArray[np.object_]:
    """Return what ``compute`` makes of shapes, kept between runs under them and the ``parts``."""
    if store is None:
        return compute(shapes)

    def made() -> tuple[bytes, ...]:
        """Return what is made as well-known binary."""
        return tuple(shapely.to_wkb(compute(shapes)).tolist())

    found = kept_several(store, (*parts, *shapely.to_wkb(shapes).tolist()), made)
    return np.asarray(shapely.from_wkb(np.array(found, dtype=object)), dtype=object)


def kept_file(
    store: Store | None, parts: tuple[object, ...], write: Callable[[Path], object], path: Path
) -> None:
    """Let ``write`` make the file ``path``, or put there what it made from the same ``parts`` before.

    Parameters
    ----------
    store : Store or None
        None: it is made.
    parts : tuple
        As for `kept_several`.
    write : callable
    path : Path

    Raises
    ------
    OSError
        If writing failed.
    """
    if store is None:
        write(path)
        return

    def made() -> bytes:
        """Return the bytes of the file, which lies in its place then."""
        write(path)
        return path.read_bytes()

    found = kept_bytes(store, parts, made)
    if not path.exists():
        path.write_bytes(found)
