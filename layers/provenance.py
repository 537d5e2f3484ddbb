"""``sources.json``: where the files beside it are from, under which licence, and what they are worth."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from phusong.layers.rules import warning

FILE = "sources.json"
FORMAT = "phusong.sources"
VERSION = 1

INDICATIVE = warning(
    "indicative-source",
    "Lớp này lấy từ {source}: chỉ để tham khảo, kết quả dựa trên nó không phải số liệu chính thức.",
    "This layer is from {source}: indicative only, and so is every result that rests on it.",
    "Thay bằng dữ liệu của đơn vị quản lý khi có.", "Replace it by the owners' data when you have them.",
)
CHANGED = warning(
    "changed-since-fetched",
    "Tệp tải từ {source} đã được sửa: vẫn ghi công nguồn này.",
    "The file was fetched from {source} and changed since: that source is still cited.",
    "Nếu là dữ liệu của riêng bạn, xóa mục của tệp trong sources.json.",
    "If it is your own data now, take its entry out of sources.json.",
)


@dataclass(frozen=True)
class Provenance:
    """Where one file is from.

    Attributes
    ----------
    file : str
        Beside ``sources.json``.
    layer : str
        ``population``, ``places.schools``.
    source, name, vintage : str
        Id and name in the catalogue, and what the data stand for.
    licence, licence_url, attribution : str
    forbids : tuple of str
        ``redistribution``, ``commercial``.
    indicative : bool
    addresses : tuple of str
    version : str
        What the server said of the version.
    sha256 : str
        Of the file as it was written; another one now means that somebody has changed it.
    fetched : str
        Day, ``YYYY-MM-DD``.
    rows : int
        0 where not counted.
    notes : tuple of str
        In English.
    """

    file: str
    layer: str
    source: str
    name: str
    vintage: str
    licence: str
    licence_url: str
    attribution: str
    forbids: tuple[str, ...]
    indicative: bool
    addresses: tuple[str, ...]
    version: str
    sha256: str
    fetched: str
    rows: int = 0
    notes: tuple[str, ...] = ()


def read_sources(folder: Path) -> dict[str, Provenance]:
    """Return what ``sources.json`` of a folder says, by file; empty where there is none that can be read."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if said.get("format") != FORMAT:
            return {}
        entries = [_entry(e) for e in said["sources"]]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return {entry.file: entry for entry in entries}


def _entry(said: Mapping[str, Any]) -> Provenance:
    known = {name: said[name] for name in Provenance.__dataclass_fields__ if name in said}
    for name in ("forbids", "addresses", "notes"):
        known[name] = tuple(map(str, known.get(name, ())))
    return Provenance(**known)


def write_sources(folder: Path, province: str, entries: Iterable[Provenance]) -> Path:
    """Add entries to ``sources.json`` of a folder, in place of those of the same files."""
    known = read_sources(folder)
    known.update({entry.file: entry for entry in entries})
    path = folder / FILE
    content = {
        "format": FORMAT, "version": VERSION, "province": province,
        "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "sources": [asdict(entry) for _, entry in sorted(known.items())],
    }
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(part, path)
    return path


def provenance_of(path: Path, sha256: str) -> tuple[Provenance | None, bool]:
    """Return where a file is from, and whether it has been changed since it was fetched."""
    entry = read_sources(path.parent).get(path.name)
    return entry, entry is not None and bool(sha256) and entry.sha256 != sha256


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
