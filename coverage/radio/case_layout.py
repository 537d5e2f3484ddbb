"""The form of a table of cases: its columns, the function that computes a row, what is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from phusong.coverage.radio.case_tables import Column, Profile, Row, Value

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Computed = dict[str, Value]
Compared = tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Layout:
    """One form of table for one model.

    Attributes
    ----------
    model : str
    columns : tuple of Column
    compute : callable
        Values under the names of the reference columns.
    compared : tuple of (column, absolute, relative)
        What is compared and its tolerance, the loss first.
    profile_column : str
        That names the profile; empty where the model needs none.
    even_steps : bool
        Whether profiles must have equal steps.
    code_column : str
        Of the return code; rows with an error of ``code_from`` or more have no loss.
    only : mapping
        Cells a row must have to belong to this model.
    """

    model: str
    columns: tuple[Column, ...]
    compute: Callable[[Row, Profile | None], Computed]
    compared: Compared
    profile_column: str = ""
    even_steps: bool = False
    code_column: str = ""
    code_from: int = 1
    only: tuple[tuple[str, str], ...] = ()

    def missing(self, header: tuple[str, ...]) -> list[str]:
        """Return the names of the columns that the header lacks."""
        wanted = [c.name for c in self.columns if not c.optional]
        wanted += [name for name, _ in self.only]
        return [name for name in wanted if name not in header]

    def keep(self, cells: Mapping[str, str]) -> bool:
        """Tell whether a row belongs to this layout."""
        return all(cells.get(name) == value for name, value in self.only)

    def refused(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which rows have, by our own code, no loss."""
        import numpy as np

        name = f"computed_{self.code_column}"
        if name not in table:
            return np.zeros(len(table), dtype=bool)
        return np.asarray(table[name] >= self.code_from, dtype=bool)


def wholes(*names: str) -> tuple[Column, ...]:
    """Return columns of whole numbers."""
    return tuple(Column(name, "whole") for name in names)


def numbers(*names: str, optional: bool = False) -> tuple[Column, ...]:
    """Return columns of numbers without limits."""
    return tuple(Column(name, optional=optional) for name in names)
