"""One way to compile kernels: no Python objects, no lock held, machine code kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit as typed_njit

# numba's own annotations lack options that it takes.
njit: Any = typed_njit

Function = TypeVar("Function", bound=Callable[..., object])


def kernel(function: Function) -> Function:
    """Compile ``function`` on first use; division by zero gives infinity, as in numpy."""
    return cast("Function", njit(cache=True, nogil=True, error_model="numpy")(function))


def fast_kernel(function: Function) -> Function:
    """Compile like `kernel`, allowing sums to be reordered and contracted so that loops vectorise.

    NaN and infinity keep their meaning.
    """
    flags = {"contract", "reassoc", "nsz"}
    return cast("Function", njit(cache=True, nogil=True, error_model="numpy", fastmath=flags)(function))


def array_kernel(function: Function) -> Function:
    """Compile like `kernel`, for a function that fills arrays it is given and makes none.

    Without reference counts, whose atomic updates cost more than the arithmetic of short loops.
    """
    return cast("Function", njit(cache=True, nogil=True, error_model="numpy", _nrt=False)(function))


def fast_array_kernel(function: Function) -> Function:
    """Compile like `array_kernel`, with the freedoms of `fast_kernel`."""
    flags = {"contract", "reassoc", "nsz"}
    compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath=flags, _nrt=False)(function)
    return cast("Function", compiled)


def inlined_kernel(function: Function) -> Function:
    """Compile like `fast_array_kernel`, always merged into its callers.

    A call hands over every array of a named tuple one register at a time; for small functions called
    once per receiver that would cost more than the work.
    """
    flags = {"contract", "reassoc", "nsz"}
    compiled = njit(
        cache=True, nogil=True, error_model="numpy", fastmath=flags, forceinline=True, _nrt=False
    )(function)
    return cast("Function", compiled)
