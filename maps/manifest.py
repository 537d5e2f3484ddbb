"""``manifest.json``: what an output was made from, by what, how long it took, and what it holds."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import platform
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from phusong.coverage.result import Result
from phusong.coverage.store import Store
from phusong.data.language import Language
from phusong.layers.inventory import Source
from phusong.maps.citation import origin_record
from phusong.maps.geometry import province_outline
from phusong.maps.tables import code_vintage, json_bytes, plain_value, version

MANIFEST = "manifest.json"
FORMAT = "phusong.manifest"
MANIFEST_VERSION = "1.0"
LIBRARIES = (
    "exactextract", "geopandas", "numba", "numpy", "pandas", "pyogrio", "pyproj", "rasterio", "scipy",
    "shapely",
)
"""Those on which a figure can depend."""


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest(
    result: Result, outputs: Iterable[Path], folder: Path, seconds: dict[str, float], lang: Language,
    store: Store | None = None,
) -> dict[str, Any]:
    """Return the content of the manifest.

    Parameters
    ----------
    result : Result
    outputs : iterable of Path
        Files below ``folder`` that are complete.
    folder : Path
    seconds : mapping of stage to float
        Of writing; those of the analysis come from the result.
    lang : {"vi", "en"}
        In which pages, document and workbook are written.
    store : Store, optional
        Where the outline is kept between runs.

    Notes
    -----
    ``created`` and ``seconds`` are the only members that differ between two runs of the same program on
    the same inputs (besides the digests of pages and documents that show them).
    """
    project, grid, people = result.layers.project, result.layers.grid, result.people
    faults = Counter((f.severity, f.code) for f in result.faults)
    return {
        "format": FORMAT,
        "version": MANIFEST_VERSION,
        "generator": {
            "name": "phusong", "version": version(), "python": platform.python_version(),
            "system": platform.system(),
            "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        },
        "language": lang,
        "public": result.public,
        "scenario": None if result.what_if is None else result.what_if.name,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "province": {
            "code": project.province.code, "name": project.province.name,
            "code_vintage": code_vintage(result), "as_of": project.province.as_of.isoformat(),
            "outline": province_outline(result.layers.communes, store=store),
        },
        "inputs": [input_record(source) for source in result.layers.sources],
        "project": json.loads(project.model_dump_json()),
        "grid": {
            "crs": grid.crs.to_string(), "left_m": grid.left_m, "top_m": grid.top_m, "cell_m": grid.cell_m,
            "rows": int(grid.shape[0]), "columns": int(grid.shape[1]),
        },
        "people": {name: plain_value(getattr(people, name)) for name in people.__dataclass_fields__},
        "scattered": {k: plain_value(v) for k, v in sorted(result.scattered.items())},
        "faults": [
            {"severity": severity, "code": code, "count": count}
            for (severity, code), count in sorted(faults.items())
        ],
        "seconds": {k: round(float(v), 3) for k, v in {**result.seconds, **seconds}.items()},
        "outputs": [
            {
                "path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size,
                "sha256": sha256(path),
            }
            for path in sorted(outputs)
        ],
    }


def input_record(source: Source) -> dict[str, Any]:
    """Return what a manifest says of an input: its layer, path, digest, day, rows, and whose data it is."""
    return {
        "layer": source.layer, "path": Path(source.path).as_posix(), "sha256": source.sha256,
        "as_of": source.as_of.isoformat(), "rows": int(source.rows), **origin_record(source),
    }  # fmt: skip


def write_manifest(
    result: Result, outputs: Iterable[Path], folder: Path, seconds: dict[str, float], lang: Language,
    store: Store | None = None,
) -> Path:
    """Write the manifest into ``folder`` and return its path; it is the last file of an output."""
    path = folder / MANIFEST
    path.write_bytes(json_bytes(manifest(result, outputs, folder, seconds, lang, store)))
    return path


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of an output folder, None where there is none of this program's."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("format") == FORMAT else None
