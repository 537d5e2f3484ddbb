"""Loads and stores that the compiler may take to be of different memory, for loops that gather.

A loop that loads from places only known as it runs and stores elsewhere cannot be made vector code unless
the stores are known not to change what is loaded; of arrays handed to a function nothing says so. Here the
programmer does, by alias scopes (LLVM Language Reference, "noalias and alias.scope metadata").
"""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.extending import intrinsic


def _scopes(builder: Any, name: str) -> Any:
    module = builder.module
    domain = module.add_metadata(["phusong"])
    return module.add_metadata([module.add_metadata([f"phusong.{name}", domain])])


def _place(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [index])


def gathering(name: str) -> tuple[Any, Any]:
    """Return ``gather(values, place)`` and ``store(values, place, value)`` for one loop.

    Parameters
    ----------
    name : str
        A name of its own for each loop: what one loop stores another may gather.

    Notes
    -----
    ``values`` is a contiguous array of one dimension, ``place`` a uint64. Nothing that ``store`` writes
    may be gathered by its partner.
    """

    @intrinsic
    def gather(typing: Any, values: Any, place: Any) -> Any:
        """Type and write the load."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            """Write the instruction, marked with its scopes."""
            found = builder.load(_place(context, builder, signature.args[0], *arguments))
            found.set_metadata("alias.scope", _scopes(builder, name))
            return found

        return values.dtype(values, types.uint64), generate

    @intrinsic
    def store(typing: Any, values: Any, place: Any, value: Any) -> Any:
        """Type and write the store."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            """Write the instruction, marked with its scopes."""
            array, index, number = arguments
            kept = builder.store(number, _place(context, builder, signature.args[0], array, index))
            kept.set_metadata("noalias", _scopes(builder, name))
            return context.get_dummy_value()

        return types.void(values, types.uint64, values.dtype), generate

    return gather, store
