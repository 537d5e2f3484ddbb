"""The catalogue of public sources: what may be fetched, from where, under which licence."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from phusong.data.csv_table import number_of, rows_of
from phusong.data.language import Text

KINDS = (
    "boundaries", "population", "terrain", "landcover", "roads", "villages", "places", "water", "stations",
    "buildings",
)
"""What can be fetched, in the order of work."""

LICENCES: Mapping[str, str] = MappingProxyType(
    {
        "CC-BY-4.0": "attribution",
        "CC-BY-SA-4.0": "attribution, share alike",
        "ODbL-1.0": "attribution, share alike",
        "Copernicus-DEM": "attribution with the given notice",
        "public-domain": "citation asked for",
        "GADM": "no redistribution, no commercial use",
    }
)
"""Licences that the catalogue may name, and what they ask for."""

USES = ("redistribution", "commercial")
"""Uses that a licence may forbid."""


@dataclass(frozen=True)
class PublicSource:
    """One row of the catalogue.

    Attributes
    ----------
    id, kind, name : str
        ``worldpop-100m``, ``population``, the name on screen.
    vintage : str
        Year or years that the data stand for; ``daily`` for extracts that change every day.
    resolution_m : float or None
        None for vectors.
    licence, licence_url, attribution : str
        Attribution as the licence asks for it, not translated.
    forbids : tuple of str
        Of `USES`.
    adapter : str
        Which function takes it; ``none`` for sources that are listed to say why they are not taken.
    address : str
        Pattern; fields as in `render`.
    tile_deg : float
        Side of a tile; 0 for a single file.
    tile_left_deg, tile_top_deg : float or None
        Corner from which rows and columns of tiles count; None where a tile is named by its south-western
        corner.
    missing : str
        What a tile that is not there means: ``sea`` (height 0), ``none`` (no value), ``error``.
    read_at_m : float
        Read from overviews no coarser than this; 0 for full resolution.
    token_address, token_env : str
        Where a short-lived token is to be had, or the environment variable that holds the user's.
    checksum : str
        ``md5 beside`` (at the address plus ``.md5``) or ``none``.
    indicative : bool
        Stands in until somebody has better: said wherever it is used.
    documentation : str
    worth : Text
        What to expect of it in Vietnam.
    """

    id: str
    kind: str
    name: str
    vintage: str
    resolution_m: float | None
    licence: str
    licence_url: str
    attribution: str
    forbids: tuple[str, ...]
    adapter: str
    address: str
    tile_deg: float
    tile_left_deg: float | None
    tile_top_deg: float | None
    missing: str
    read_at_m: float
    token_address: str
    token_env: str
    checksum: str
    indicative: bool
    documentation: str
    worth: Text

    def render(self, *, lat: int = 0, lon: int = 0, row: int = 0, column: int = 0, token: str = "") -> str:
        """Return the address of a tile by its south-western corner in whole degrees, or row and column.

        Fields of patterns: ``lat`` and ``lon`` without sign, ``NS EW`` and ``ns ew`` for their letters,
        ``row column``, ``token``.
        """
        north, east = "N" if lat >= 0 else "S", "E" if lon >= 0 else "W"
        return self.address.format(
            lat=abs(lat), lon=abs(lon), NS=north, EW=east, ns=north.lower(), ew=east.lower(), row=row,
            column=column, token=token,
        )

    @property
    def fields(self) -> frozenset[str]:
        """Names of the fields of the address."""
        return frozenset(name for _, name, _, _ in string.Formatter().parse(self.address) if name)


@lru_cache(maxsize=1)
def public_sources() -> tuple[PublicSource, ...]:
    """Return the catalogue; of each kind the first is the one that is taken unless another is asked for."""
    return tuple(
        PublicSource(
            id=r["id"], kind=r["kind"], name=r["name"], vintage=r["vintage"],
            resolution_m=number_of(r["resolution_m"]), licence=r["licence"], licence_url=r["licence_url"],
            attribution=r["attribution"], forbids=tuple(r["forbids"].split()), adapter=r["adapter"],
            address=r["address"], tile_deg=number_of(r["tile_deg"]) or 0.0,
            tile_left_deg=number_of(r["tile_left_deg"]), tile_top_deg=number_of(r["tile_top_deg"]),
            missing=r["missing"] or "error", read_at_m=number_of(r["read_at_m"]) or 0.0,
            token_address=r["token_address"], token_env=r["token_env"], checksum=r["checksum"],
            indicative=r["indicative"] == "yes", documentation=r["documentation"],
            worth=Text(r["worth_vi"], r["worth_en"]),
        )
        for r in rows_of("sources.csv")
    )


def sources_of(kind: str) -> tuple[PublicSource, ...]:
    """Return the sources of a kind that can be fetched, the first choice first."""
    return tuple(s for s in public_sources() if s.kind == kind and s.adapter != "none")
