"""How GDAL asks servers: as politely and as patiently as the rest of the program, through the same proxy."""

from __future__ import annotations

import os
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from phusong.layers.sources.transfer import Line, user_agent


def curl_settings(line: Line, address: str) -> dict[str, str]:
    """Return GDAL's configuration for reading a remote file.

    Parameters
    ----------
    line : Line
    address : str
        As it is asked for: `Line.address`.
    """
    parts = urlsplit(address)
    settings = {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_HTTP_USERAGENT": user_agent(),
        "GDAL_HTTP_MAX_RETRY": str(line.tries - 1),
        "GDAL_HTTP_RETRY_DELAY": str(line.wait_s),
        "GDAL_HTTP_RETRY_CODES": "429,500,502,503,504",
        "GDAL_HTTP_CONNECTTIMEOUT": str(max(1, round(line.timeout_s))),
        "GDAL_HTTP_LOW_SPEED_LIMIT": str(max(1, round(line.slow_bytes_per_s))),
        "GDAL_HTTP_LOW_SPEED_TIME": str(max(1, round(line.slow_s))),
        "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/" + address,  # a file that was mended is read anew
        "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    }
    # Curl passes over HTTP_PROXY in capitals, and knows no REQUESTS_CA_BUNDLE: both go by one answer.
    proxy = getproxies().get(parts.scheme)
    if proxy and not proxy_bypass(parts.hostname or ""):
        settings["GDAL_HTTPS_PROXY" if parts.scheme == "https" else "GDAL_HTTP_PROXY"] = proxy
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    if bundle and not os.environ.get("CURL_CA_BUNDLE"):
        settings["CURL_CA_BUNDLE"] = bundle
    return settings
