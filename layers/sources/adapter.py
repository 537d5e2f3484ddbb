"""The contract of adapters: from a row of the catalogue to files with the project's columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phusong.data.language import Text
from phusong.data.source_table import PublicSource
from phusong.layers.sources.area import Area
from phusong.layers.sources.transfer import Line


@dataclass(frozen=True)
class Job:
    """What an adapter is asked for.

    Attributes
    ----------
    line : Line
    source : PublicSource
    area : Area
    folder : Path
        The project's, where files go; each is written whole or not at all.
    outline : Path or None
        Communes of the project, if there are any: what lies outside them is left out of vector layers.
    together : frozenset of str
        Kinds that are wanted from the same file, so that it is read once.
    memo : dict
        Shared by the jobs of one fetch: what was read of such a file.
    """

    line: Line
    source: PublicSource
    area: Area
    folder: Path
    outline: Path | None = None
    together: frozenset[str] = frozenset()
    memo: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Note:
    """A remark on what was fetched, to be shown to the user and kept in ``sources.json``."""

    text: Text
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """What an adapter brought.

    Attributes
    ----------
    files : mapping of layer to file name
        ``population: population.tif``; ``places.schools: schools.csv``.
    addresses : tuple of str
        Where from, without tokens.
    version : str
        What the server said of the data's version, if it is one file.
    licence, vintage, attribution : str
        Where the source itself names them; empty for the catalogue's.
    notes : tuple of Note
    rows : mapping of layer to int
        Rows or pixels.
    """

    files: Mapping[str, str]
    addresses: tuple[str, ...]
    version: str = ""
    licence: str = ""
    vintage: str = ""
    attribution: str = ""
    notes: tuple[Note, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)


Adapter = Callable[[Job], Taken]
