"""Small tables that come with the program, each row with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from phusong.data.csv_table import rows_of


@dataclass(frozen=True)
class TechnologyDefaults:
    """What is assumed of a cell where the inventory is silent.

    Attributes
    ----------
    technology : str
        ``2G``, ``3G``, ``4G`` or ``5G``.
    frequency_mhz, bandwidth_mhz : float
        Band by its usual name, and the carrier's width.
    n_rb : int
        Resource blocks of that bandwidth; 0 for 2G and 3G, which have none.
    eirp_dbm : float
        Of the whole carrier, all resource blocks together, at the antenna's peak.
    antenna_height_m : float
        Above ground.
    tilt_deg, beamwidth_deg : float
        Down-tilt, and horizontal half-power beamwidth.
    source : str
    """

    technology: str
    frequency_mhz: float
    bandwidth_mhz: float
    n_rb: int
    eirp_dbm: float
    antenna_height_m: float
    tilt_deg: float
    beamwidth_deg: float
    source: str


@dataclass(frozen=True)
class Band:
    """A mobile band in Vietnam.

    Attributes
    ----------
    name : str
        As operators call it: ``1800``.
    technologies : tuple of str
    downlink_low_mhz, downlink_high_mhz : float
        For TDD, the whole band.
    duplex : str
        ``FDD`` or ``TDD``.
    holders : str
        Operators that hold it, as the source says.
    source : str
    """

    name: str
    technologies: tuple[str, ...]
    downlink_low_mhz: float
    downlink_high_mhz: float
    duplex: str
    holders: str
    source: str


@dataclass(frozen=True)
class Province:
    """One of the 34 provinces since 1 July 2025.

    Attributes
    ----------
    code, name, kind : str
        ``52``, ``Gia Lai``, ``tỉnh`` or ``thành phố``.
    tm3_epsg : int or None
        VN-2000 zone of three degrees in use now; None where it is not confirmed.
    central_meridian_deg : float or None
        Of that zone.
    communes : int
        Number of communes, wards and special zones.
    former : mapping of str to int
        The provinces merged into it and the zone (EPSG) of each one's older files.
    source : str
    """

    code: str
    name: str
    kind: str
    tm3_epsg: int | None
    central_meridian_deg: float | None
    communes: int
    former: Mapping[str, int]
    source: str

    @property
    def tm3_candidates(self) -> tuple[int, ...]:
        """Zones to try on a file that does not declare its own, the present one first."""
        zones = ([self.tm3_epsg] if self.tm3_epsg else []) + list(self.former.values())
        return tuple(dict.fromkeys(zones))


@lru_cache(maxsize=1)
def technology_defaults() -> Mapping[str, TechnologyDefaults]:
    """Return the defaults by technology, from 2G to 5G."""
    return MappingProxyType(
        {
            row["technology"]: TechnologyDefaults(
                technology=row["technology"],
                frequency_mhz=float(row["frequency_mhz"]),
                bandwidth_mhz=float(row["bandwidth_mhz"]),
                n_rb=int(row["n_rb"]),
                eirp_dbm=float(row["eirp_dbm"]),
                antenna_height_m=float(row["antenna_height_m"]),
                tilt_deg=float(row["tilt_deg"]),
                beamwidth_deg=float(row["beamwidth_deg"]),
                source=row["source"],
            )
            for row in rows_of("technologies.csv")
        }
    )


@lru_cache(maxsize=1)
def _resource_blocks() -> Mapping[tuple[str, float], int]:
    return MappingProxyType(
        {(r["technology"], float(r["bandwidth_mhz"])): int(r["n_rb"]) for r in rows_of("resource_blocks.csv")}
    )


def bandwidths_mhz(technology: str) -> tuple[float, ...]:
    """Return the channel bandwidths for which `resource_blocks` knows the number, rising."""
    return tuple(sorted(width for name, width in _resource_blocks() if name == technology))


def resource_blocks(technology: str, bandwidth_mhz: float) -> int:
    """Return the number of resource blocks of a carrier.

    Parameters
    ----------
    technology : str
        ``4G`` (TS 36.104, table 5.6-1) or ``5G`` at 30 kHz (TS 38.104, table 5.3.2-1).
    bandwidth_mhz : float

    Raises
    ------
    ValueError
        No such bandwidth in the table.
    """
    try:
        return _resource_blocks()[technology, float(bandwidth_mhz)]
    except KeyError:
        known = ", ".join(f"{width:g}" for width in bandwidths_mhz(technology)) or "none"
        raise ValueError(
            f"bandwidth_mhz is {bandwidth_mhz:g}, but {technology} has resource blocks for: {known}"
        ) from None


def reference_offset_db(technology: str, bandwidth_mhz: float) -> float:
    """Return how far the measured reference signal lies below the whole carrier, in dB.

    4G and 5G: ``10 log10(12 n_rb)``, the power of one resource element of equally loaded ones, as in
    the definitions of RSRP and SS-RSRP (TS 36.214, clause 5.1.1; TS 38.215, clause 5.1.1). 3G: 10 dB,
    a pilot of a tenth of the power (CPICH Ec/Ior of TS 25.101, annex C). 2G: 0 dB, the broadcast
    carrier stands at full power (TS 45.008, clause 7.1).

    Raises
    ------
    ValueError
        Unknown technology, or no such bandwidth.
    """
    if technology in ("2G", "3G"):
        return {"2G": 0.0, "3G": 10.0}[technology]
    return 10.0 * math.log10(12 * resource_blocks(technology, bandwidth_mhz))


@lru_cache(maxsize=1)
def bands() -> tuple[Band, ...]:
    """Return the mobile bands of Vietnam, by frequency."""
    return tuple(
        Band(
            name=row["name"],
            technologies=tuple(row["technologies"].split()),
            downlink_low_mhz=float(row["downlink_low_mhz"]),
            downlink_high_mhz=float(row["downlink_high_mhz"]),
            duplex=row["duplex"],
            holders=row["holders"],
            source=row["source"],
        )
        for row in rows_of("bands.csv")
    )


@lru_cache(maxsize=1)
def provinces() -> Mapping[str, Province]:
    """Return the 34 provinces by two-digit code."""
    result = {}
    for row in rows_of("provinces.csv"):
        former = (pair.rsplit(":", 1) for pair in row["former"].split(";"))
        result[row["code"]] = Province(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            tm3_epsg=int(row["tm3_epsg"]) if row["tm3_epsg"] else None,
            central_meridian_deg=float(row["central_meridian_deg"]) if row["central_meridian_deg"] else None,
            communes=int(row["communes"]),
            former=MappingProxyType({name: int(epsg) for name, epsg in former}),
            source=row["source"],
        )
    return MappingProxyType(result)
