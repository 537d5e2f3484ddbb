"""Communes before and after 1 July 2025, and what became of which: codes never go without their vintage.

Of the 10,040 units of 2024 and the 3,321 of 2025, 3,316 codes stand in both lists and mean different
areas, under the same name or another. Units, codes and heirs are those of the package
vietnamadminunits 1.0.4 (MIT): `dataset.db` and `converter_2025.json`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from phusong.data.names import fold

Vintage = Literal["2024", "2025"]
"""``2024`` is the state before 1 July 2025 (63 provinces), ``2025`` the one since (34)."""
VINTAGES: tuple[Vintage, ...] = get_args(Vintage)


@dataclass(frozen=True)
class Unit:
    """A commune, ward, town or special zone of one vintage.

    Attributes
    ----------
    code : str
        Five digits; three for the five island districts of 2024 that had no communes.
    name : str
        Official, with its kind: ``Xã Ia Grăng``.
    vintage : {"2024", "2025"}
    province_code, province : str
    district_code, district : str
        Empty in 2025, which has no districts.
    """

    code: str
    name: str
    vintage: Vintage
    province_code: str
    province: str
    district_code: str = ""
    district: str = ""


@dataclass(frozen=True)
class Link:
    """One old unit and one heir.

    Attributes
    ----------
    old, new : str
        Codes, of 2024 and of 2025.
    whole : bool
        Whether all of the old unit went there.
    main : bool
        Whether this is the heir that the package names for addresses it cannot place.
    """

    old: str
    new: str
    whole: bool
    main: bool


@dataclass(frozen=True)
class Crosswalk:
    """Units of both vintages and their links.

    Attributes
    ----------
    old, new : mapping of code to Unit
    heirs : mapping of old code to tuple of Link
    parts : mapping of new code to tuple of Link
    """

    old: Mapping[str, Unit]
    new: Mapping[str, Unit]
    heirs: Mapping[str, tuple[Link, ...]]
    parts: Mapping[str, tuple[Link, ...]]

    def units(self, vintage: Vintage) -> Mapping[str, Unit]:
        """Return the units of one vintage by code."""
        return self.old if vintage == "2024" else self.new

    def find(
        self, name: str, vintage: Vintage, *, province: str = "", district: str = ""
    ) -> tuple[Unit, ...]:
        """Return the units of a name, spelt loosely, with or without its kind (``xã``, ``phường``).

        Parameters
        ----------
        name : str
        vintage : {"2024", "2025"}
        province, district : str
            Names that must agree where given. Names repeat: a few hundred communes share theirs with
            another, even in one province.
        """
        found = self._by_name[vintage].get(fold(name, prefix=True), ())
        if province:
            found = tuple(u for u in found if fold(u.province, prefix=True) == fold(province, prefix=True))
        if district:
            found = tuple(u for u in found if fold(u.district, prefix=True) == fold(district, prefix=True))
        exact = tuple(u for u in found if fold(u.name) == fold(name))
        return exact or found

    @cached_property
    def _by_name(self) -> Mapping[Vintage, Mapping[str, tuple[Unit, ...]]]:
        found: dict[Vintage, dict[str, tuple[Unit, ...]]] = {v: {} for v in VINTAGES}
        for vintage in VINTAGES:
            for unit in self.units(vintage).values():
                key = fold(unit.name, prefix=True)
                found[vintage][key] = (*found[vintage].get(key, ()), unit)
        return found


def _folder() -> Path:
    """Return where the package lies, without importing it (which takes a second)."""
    spec = find_spec("vietnamadminunits")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("vietnamadminunits")
    return Path(spec.origin).parent / "data"


def register_file() -> Path:
    """Return the database of units in the package."""
    return _folder() / "dataset.db"


_OLD = """
SELECT provinceKey || '_' || districtKey || '_' || COALESCE(wardKey, ''),
    COALESCE(wardCode, districtCode), COALESCE(ward, district), provinceCode, province, districtCode, district
FROM admin_units_legacy ORDER BY 2
"""
_NEW = """
SELECT provinceKey, wardKey, wardCode, ward, provinceCode, province FROM admin_units ORDER BY wardCode
"""


@lru_cache(maxsize=1)
def crosswalk() -> Crosswalk:
    """Return the units of Vietnam of both vintages.

    Raises
    ------
    ModuleNotFoundError
        The package vietnamadminunits is not installed.
    """
    folder = _folder()
    with closing(sqlite3.connect(f"{(folder / 'dataset.db').as_uri()}?mode=ro", uri=True)) as base:
        old_rows, new_rows = base.execute(_OLD).fetchall(), base.execute(_NEW).fetchall()
    old_codes = {row[0]: row[1] for row in old_rows}
    new_codes = {(row[0], row[1]): row[2] for row in new_rows}
    old = {r[1]: Unit(r[1], r[2], "2024", r[3], r[4], r[5], r[6]) for r in old_rows}
    new = {r[2]: Unit(r[2], r[3], "2025", r[4], r[5]) for r in new_rows}
    converter = json.loads((folder / "converter_2025.json").read_text(encoding="utf-8"))
    links = _links(converter, old_codes, new_codes)
    return Crosswalk(
        MappingProxyType(old), MappingProxyType(new), _grouped((k.old, k) for k in links),
        _grouped((k.new, k) for k in links),
    )


def _links(
    converter: Mapping[str, Mapping[str, Mapping[str, list[object]]]],
    old_codes: Mapping[str, str],
    new_codes: Mapping[tuple[str, str], str],
) -> list[Link]:
    links = []
    for province, wards in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, keys in wards.items():
            links += [Link(old_codes[str(k)], new_codes[province, ward], True, True) for k in keys]
    for province, divided in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for key, heirs in divided.items():
            for heir in heirs:
                assert isinstance(heir, dict)
                new = new_codes[province, heir["newWardKey"]]
                links.append(Link(old_codes[key], new, len(heirs) == 1, bool(heir["isDefaultNewWard"])))
    return sorted(links, key=lambda k: (k.old, k.new))


def _grouped(pairs: Iterable[tuple[str, Link]]) -> Mapping[str, tuple[Link, ...]]:
    found: dict[str, list[Link]] = {}
    for code, link in pairs:
        found.setdefault(code, []).append(link)
    return MappingProxyType({code: tuple(links) for code, links in found.items()})


def province_meanings(code: str) -> Mapping[Vintage, str]:
    """Return which province a two-digit code was and is: 52 was Bình Định and is Gia Lai."""
    return {v: names[code] for v in VINTAGES if code in (names := _provinces(v))}


@lru_cache(maxsize=2)
def _provinces(vintage: Vintage) -> Mapping[str, str]:
    return {u.province_code: u.province for u in crosswalk().units(vintage).values()}


def province_vintage(code: str, name: str) -> Vintage | None:
    """Return the vintage in which a province's code has this name; None for neither, or for both."""
    key = fold(name, prefix=True)
    fits = [v for v, own in province_meanings(code).items() if fold(own, prefix=True) == key]
    return fits[0] if len(fits) == 1 else None
