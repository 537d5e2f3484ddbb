"""Codes of mobile networks and whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from phusong.data.csv_table import rows_of


@lru_cache(maxsize=1)
def mobile_networks() -> Mapping[tuple[str, str], str]:
    """Return operators by mobile country and network code (ITU-T E.212): ``("452", "04")``."""
    return MappingProxyType({(r["mcc"], r["mnc"]): r["operator"] for r in rows_of("mobile_networks.csv")})
