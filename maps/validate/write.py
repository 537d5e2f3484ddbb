"""Every output of a validation, written whole or not at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.evidence.challenge import CHALLENGE_COLUMNS
from phusong.coverage.evidence.validate import Validation
from phusong.data.language import Language
from phusong.maps.citation import cited_sources, gpkg_metadata, member
from phusong.maps.manifest import input_record
from phusong.maps.tables import csv_bytes, frame_csv, json_bytes, plain_value, version
from phusong.maps.validate.book import write_book
from phusong.maps.validate.page import render_validation
from phusong.maps.validate.words import criteria
from phusong.maps.write_folder import write_folder

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

SCHEMA_VERSION = "1.0"
"""Of ``validate.json``: the first number changes when a reader of the old form would break."""
_CSV_COLUMNS = [c for c in CHALLENGE_COLUMNS if c not in ("x_m", "y_m")]


def write_validation(found: Validation, out: Path, lang: Language) -> Mapping[str, Path]:
    """Write page, workbook, JSON, list and GeoPackage into ``out``, whole or not at all.

    Returns
    -------
    mapping of file name to Path

    Raises
    ------
    ExpectedError
        ``out`` holds something else, cannot be replaced or written, or the disk is full.
    """
    jobs: dict[str, Callable[[Path], Any]] = {
        "validate.html": lambda p: p.write_bytes(render_validation(found, lang).encode("utf-8", "replace")),
        "validate.xlsx": partial(write_book, found, lang=lang),
        "validate.json": lambda p: p.write_bytes(json_bytes(document(found))),
        "challenges.csv": lambda p: p.write_bytes(_challenges_csv(found)),
        "disagreement.gpkg": partial(write_gpkg, found),
    }
    province, options = found.layers.project.province, found.options
    inputs = [input_record(s) for s in found.layers.sources]
    if found.measurements is not None:
        m = found.measurements
        inputs.append(
            {"layer": "measurements", "path": m.file, "sha256": m.sha256,
             "as_of": province.as_of.isoformat(), "rows": m.rows_read}
        )  # fmt: skip
    said = {
        "square_m": options.square_m or found.layers.grid.cell_m, "seconds": options.seconds,
        "least_bars": options.least_bars,
    }  # fmt: skip
    return write_folder(
        out, jobs, lang, kind="validate", province=(province.code, province.name, province.as_of),
        inputs=inputs, more={"options": said},
    )  # fmt: skip


def document(found: Validation) -> dict[str, Any]:
    """Return the content of ``validate.json``; shares of 1, levels in dBm, errors in dB."""
    province = found.layers.project.province
    measured = found.measurements
    return {
        "schema": "phusong.validate",
        "version": SCHEMA_VERSION,
        "generator": {"name": "phusong", "version": version()},
        "province": {"code": province.code, "name": province.name, "as_of": province.as_of.isoformat()},
        **member(cited_sources(found.layers.sources)),
        "criteria": criteria(found, "en"),
        "measurements": None if measured is None else {
            "file": measured.file, "sha256": measured.sha256, "rows": measured.rows_read,
            "samples": len(measured.samples),
            "thinned": 0 if found.thinned is None else len(found.thinned),
        },
        "claims": [
            {"service": c.service, "operator": c.operator, "map": _plain(c.figures),
             "median": _plain(c.median)}
            for c in found.claims
        ],
        "errors": [
            {"service": g.service, "group": g.group, "value": g.value, **_plain(g.stats)}
            for g in found.errors
        ],
        "availability": [_plain(a) for a in found.availability],
        "availability_rule": {
            "share": found.options.rule.share, "levels_dbm": dict(found.options.rule.levels_dbm),
            "least_samples": found.options.rule.least_samples, "confirmed": False,
        },
        "censoring": {service: _plain(end) for service, end in found.censoring.items()},
        "challenges": {} if found.challenges is None else {
            str(kind): int(n) for kind, n in found.challenges["kind"].value_counts(sort=False).items()
        },
        "polygons": [
            {**_plain(m), "area_agreement": plain_value(m.area_agreement),
             "people_agreement": plain_value(m.people_agreement)}
            for m in found.matrices
        ],
        "reports": [_plain(r) for r in found.report_figures],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return plain_value(value)


def _challenges_csv(found: Validation) -> bytes:
    rows = found.challenges
    if rows is None:
        return csv_bytes(_CSV_COLUMNS, [])
    return frame_csv(rows, _CSV_COLUMNS)


def write_gpkg(found: Validation, path: Path) -> None:
    """Write the layers ``samples`` (thinned, with both sides), ``challenges`` and ``reports`` (EPSG:4326).

    ``samples.agreement`` is ``both``, ``claimed-only``, ``measured-only`` or ``neither``.
    """
    import pyogrio

    frames = {
        "samples": _samples(found.pairs), "challenges": _points(found.challenges),
        "reports": _points(found.reports),
    }
    cited = cited_sources(found.layers.sources)
    option = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(option)
    day = found.layers.project.province.as_of.isoformat()
    pyogrio.set_gdal_config_options({option: f"{day}T00:00:00.000Z"})
    try:
        done = False
        for layer, frame in frames.items():
            if frame is not None:
                pyogrio.write_dataframe(
                    frame, path, layer=layer, driver="GPKG", append=done, geometry_type="Point",
                    layer_options={"FID": "fid"}, **({} if done else gpkg_metadata(cited)),
                )
                done = True
        if not done:
            empty = _points(None, ["kind"])
            assert empty is not None
            pyogrio.write_dataframe(
                empty, path, layer="samples", driver="GPKG", geometry_type="Point", **gpkg_metadata(cited)
            )
    finally:
        pyogrio.set_gdal_config_options({option: before})


def _samples(pairs: pd.DataFrame | None) -> gpd.GeoDataFrame | None:
    if pairs is None:
        return None
    claimed, measured = pairs["claimed"].to_numpy(bool), pairs["measured"].to_numpy(bool)
    names = ["both", "claimed-only", "measured-only"]
    kind = np.select([claimed & measured, claimed & ~measured, ~claimed & measured], names, "neither")
    times = pairs["time"].dt.strftime("%Y-%m-%dT%H:%M:%S").fillna("")
    return _points(pairs.assign(agreement=kind, time=times).drop(columns="block"))


def _points(frame: pd.DataFrame | None, columns: list[str] | None = None) -> gpd.GeoDataFrame | None:
    import geopandas as gpd

    if frame is None:
        if columns is None:
            return None
        return gpd.GeoDataFrame({c: [] for c in columns}, geometry=[], crs=4326)
    shapes = gpd.points_from_xy(frame["lon"].astype(float), frame["lat"].astype(float))
    plain = frame.drop(columns=["x_m", "y_m"])
    days = {c: plain[c].map(lambda d: "" if d is None else str(d)) for c in ("last_day",) if c in plain}
    return gpd.GeoDataFrame(plain.assign(**days), geometry=shapes, crs=4326)
