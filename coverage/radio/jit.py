"""One way to compile kernels: no Python objects, no lock held, machine code kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit as typed_njit

# numba's own annotations lack options that it takes.
njit: Any = typed_njit

Function = TypeVar("Function", bound=Callable[..., object])

FAST = {"contract", "reassoc", "nsz"}
"""Freedoms of arithmetic that let loops vectorise; NaN and infinity keep their meaning."""


@cache
def kernel_sources(folder: Path = Path(__file__).parent) -> str:
    """Return a digest of all modules of a folder that hold kernels, and of this one.

    Numba renews the machine code it keeps when the module of a kernel changes, not when that of a kernel
    merged into it does: after an update the old numbers would live on. The digest tells them apart.
    """
    digest = hashlib.sha256()
    for path in sorted({*folder.glob("*.py"), Path(__file__)}):
        text = path.read_bytes()
        if b"radio.jit import" in text or path.name in {"jit.py", "gathering.py"}:
            digest.update(path.name.encode() + b"\0" + text)
    return digest.hexdigest()


def _compile(function: Function, **options: object) -> Function:
    compiled = njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    kept = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if kept is not None and hasattr(kept, "_source_stamp"):
        folder = Path(function.__code__.co_filename).parent
        kept._source_stamp = (kept._source_stamp, kernel_sources(folder))
    return cast("Function", compiled)


def kernel(function: Function) -> Function:
    """Compile ``function`` on first use; division by zero gives infinity, as in numpy."""
    return _compile(function)


def fast_kernel(function: Function) -> Function:
    """Compile like `kernel`, allowing sums to be reordered and contracted so that loops vectorise.

    NaN and infinity keep their meaning.
    """
    return _compile(function, fastmath=FAST)


def array_kernel(function: Function) -> Function:
    """Compile like `kernel`, for other kernels to call: it fills arrays it is given and makes none.

    Without reference counts, whose atomic updates cost more than the arithmetic of short loops, and
    without the door for Python, which for tuples of arrays takes longer to compile than the function.
    """
    return _compile(function, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def fast_array_kernel(function: Function) -> Function:
    """Compile like `array_kernel`, with the freedoms of `fast_kernel`."""
    return _compile(function, _nrt=False, fastmath=FAST, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def uncounted_kernel(function: Function) -> Function:
    """Compile like `array_kernel`, for callers in Python too."""
    return _compile(function, _nrt=False)


def nan_free_kernel(function: Function) -> Function:
    """Compile like `uncounted_kernel`, for arrays and numbers without NaN: extremes vectorise only so."""
    return _compile(function, _nrt=False, fastmath=FAST | {"nnan"})


def inlined_kernel(function: Function) -> Function:
    """Compile like `fast_array_kernel`, always merged into its callers.

    A call hands over every array of a named tuple one register at a time; for small functions called
    once per receiver that would cost more than the work.
    """
    return _compile(function, _nrt=False, fastmath=FAST, forceinline=True)
