"""Which province of the sample is made: the one that stands alone, or one of the sample country."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from phusong.data.sample.frame import CRS
from phusong.data.sample.names import PROVINCE_CODE, PROVINCE_NAME, commune_code

if TYPE_CHECKING:
    from shapely.geometry import Polygon


@dataclass(frozen=True)
class Unit:
    """A province before anything is known of its land.

    Attributes
    ----------
    code, name : str
    prefix : str
        Two digits with which the codes of its communes begin.
    crs : str
        Of the lattices, a zone of UTM.
    territory : Polygon or None
        In ``crs``; None: the generator draws an outline of its own.
    people : float or None
        Official population; None: so many to a commune.
    """

    code: str = PROVINCE_CODE
    name: str = PROVINCE_NAME
    prefix: str = PROVINCE_CODE
    crs: str = CRS
    territory: Polygon | None = None
    people: float | None = None

    def commune(self, index: int) -> str:
        """Return the code of the commune with this index."""
        return commune_code(index, self.prefix)


SAMPLE = Unit()
"""The province of ``phusong sample`` and ``phusong demo``."""
