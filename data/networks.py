"""Codes of mobile networks and whose they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType


@lru_cache(maxsize=1)
def mobile_networks() -> Mapping[tuple[str, str], str]:
    """Return operators by mobile country and network code (ITU-T E.212): ``("452", "04")``."""
    text = resources.files("phusong.data").joinpath("mobile_networks.csv").read_text(encoding="utf-8")
    return MappingProxyType({(r["mcc"], r["mnc"]): r["operator"] for r in csv.DictReader(io.StringIO(text))})
