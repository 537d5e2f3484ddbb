"""Coordinate systems of Vietnam: their codes, their successors, and the words by which files declare them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

WGS84 = 4326
VN2000 = 4756
VN2000_UTM = (3405, 3406)
"""Central meridians 105° and 111°, scale 0.9996."""
VN2000_TM3 = (*range(5896, 5900), *range(9205, 9219))
"""Zones of three degrees, scale 0.9999, false easting 500 000 m."""
WGS84_UTM = (32648, 32649)
HANOI72_GK = (2044, 2045)
PLANE = (*VN2000_TM3, *VN2000_UTM, *WGS84_UTM)
"""Systems that a file with coordinates in metres may be in without saying so."""

_SUCCESSORS = MappingProxyType({6956: 5896, 6957: 5897, 6958: 5898, 6959: 5899})
"""Deprecated codes of the EPSG registry; their false easting and northing stand in each other's place."""

ZONE_PREFIXES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "48": (3405, 32648), "49": (3406, 32649), "18": (2044,), "19": (2045,),
        "481": (5896,), "482": (5897,), "491": (5898,),
    }
)
"""Digits that stand before a six-digit easting, and the systems that they mean: UTM zones, zones of
Gauss and Krüger, and the zones of three degrees 481, 482 and 491 (names of EPSG 5896 to 5898)."""


def successor(epsg: int) -> int:
    """Return the code that replaces a deprecated one, else the code itself."""
    return _SUCCESSORS.get(epsg, epsg)


@lru_cache(maxsize=1)
def central_meridians() -> Mapping[int, float]:
    """Return the central meridian of each plane system of VN-2000, in degrees."""
    from pyproj import CRS

    found: dict[int, float] = {}
    for epsg in (*VN2000_TM3, *VN2000_UTM):
        operation = CRS.from_epsg(epsg).coordinate_operation
        assert operation is not None
        (degrees,) = (p.value for p in operation.params if p.name == "Longitude of natural origin")
        found[epsg] = round(float(degrees), 4)
    return MappingProxyType(found)


def name_of(epsg: int) -> str:
    """Return how a system is called in messages: ``EPSG:9217 (VN-2000, 108°15', 3°)``."""
    if epsg in (WGS84, VN2000):
        return f"EPSG:{epsg} ({'WGS 84' if epsg == WGS84 else 'VN-2000'})"
    if epsg in WGS84_UTM:
        return f"EPSG:{epsg} (WGS 84, UTM {epsg - 32600}N)"
    if epsg in VN2000_UTM:
        return f"EPSG:{epsg} (VN-2000, UTM {epsg - 3357}N)"
    meridian = central_meridians().get(epsg)
    if meridian is None:
        return f"EPSG:{epsg}"
    minutes = round(60 * (meridian % 1))
    return f"EPSG:{epsg} (VN-2000, {int(meridian)}°{minutes:02d}', 3°)"


@dataclass(frozen=True)
class SpokenCrs:
    """What words say of a coordinate system.

    Attributes
    ----------
    epsg : int or None
        If they say it all.
    candidates : tuple of int
        Systems that they leave open; empty if they say nothing.
    """

    epsg: int | None = None
    candidates: tuple[int, ...] = ()


_MERIDIAN = re.compile(
    r"(?:kinh tuyen(?: truc)?|kttw?|truc|l0|cm|central meridian)\W*(10[2-9]|11[0-4])"
    r"(?:\s*(?:[°ºo*d]|do|[,.\-: ])\s*(\d{1,2}))?"
)


def crs_of_words(text: str) -> SpokenCrs:
    """Return the system that a title, a header or a note speaks of.

    Parameters
    ----------
    text : str
        ``Tọa độ VN-2000, KTT 108°15', múi chiếu 3°``, ``EPSG:9217``, ``X (VN2000)``, ``WGS84``.
    """
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    said = " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
    code = re.search(r"epsg\W{0,3}(\d{4,5})", said)
    if code:
        return SpokenCrs(successor(int(code[1])))
    utm = re.search(r"utm\W*(?:zone|mui)?\W*(48|49)", said) or re.search(r"(?:zone|mui)\W*(48|49)\b", said)
    vn2000 = re.search(r"vn\W?2000", said) is not None
    wgs84 = re.search(r"wgs\W?(?:19)?84", said) is not None
    meridian = _MERIDIAN.search(said)
    if wgs84 and not vn2000:
        return SpokenCrs(32600 + int(utm[1]) if utm else None, () if utm else (WGS84, *WGS84_UTM))
    if meridian:
        return _of_meridian(int(meridian[1]) + int(meridian[2] or 0) / 60.0, said)
    if utm:
        zone = int(utm[1])
        return SpokenCrs(3357 + zone) if vn2000 else SpokenCrs(None, (3357 + zone, 32600 + zone))
    return SpokenCrs(None, (*VN2000_TM3, *VN2000_UTM)) if vn2000 else SpokenCrs()


def _of_meridian(meridian: float, said: str) -> SpokenCrs:
    fits = tuple(e for e, m in central_meridians().items() if abs(m - meridian) < 1e-6)
    if re.search(r"mui(?: chieu)?\W*6|utm", said):
        fits = tuple(e for e in fits if e in VN2000_UTM)
    elif re.search(r"mui(?: chieu)?\W*3|tm\W?3|3\s*(?:°|do)", said):
        fits = tuple(e for e in fits if e in VN2000_TM3)
    return SpokenCrs(fits[0]) if len(fits) == 1 else SpokenCrs(None, fits)
