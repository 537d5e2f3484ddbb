"""``sources.json``: where the files beside it are from, under which licence, and what they are worth."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from phusong.data.language import Language, Text
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

FORBIDS = warning(
    "licence-forbids",
    "Giấy phép {licence} của {source} không cho {uses}.",
    "The licence {licence} of {source} forbids {uses}.",
    "Chỉ dùng nội bộ; bản công khai (--public) bị từ chối nếu giấy phép không cho phổ biến lại.",
    "For internal use only; a public version (--public) is refused where it forbids redistribution.",
)
DAMAGED = warning(
    "sources-damaged",
    "Tệp {file} cạnh dữ liệu bị hỏng: có nguồn không được ghi công.",
    "The file {file} beside the data is damaged: some source is not cited.",
    "Tải lại (phusong fetch), hoặc sửa tệp theo tài liệu.",
    "Fetch again (phusong fetch), or mend it as the documentation says.",
)
USE_NAMES: Mapping[str, Text] = MappingProxyType(
    {
        "redistribution": Text("phổ biến lại", "redistribution"),
        "commercial": Text("dùng cho mục đích thương mại", "commercial use"),
    }
)
"""Uses that a licence may forbid."""


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
    forbids: tuple[str, ...] = ()
    indicative: bool = False
    addresses: tuple[str, ...] = ()
    version: str = ""
    sha256: str = ""
    fetched: str = ""
    rows: int = 0
    notes: tuple[str, ...] = ()


def read_sources(folder: Path) -> dict[str, Provenance]:
    """Return what ``sources.json`` of a folder says, by file; entries that cannot be read are left out."""
    return _read(folder)[0]


def damaged_sources(folder: Path) -> bool:
    """Tell whether a folder has a ``sources.json`` of which something cannot be read."""
    return _read(folder)[1]


def _read(folder: Path) -> tuple[dict[str, Provenance], bool]:
    """Return the entries by file, and whether anything of the file could not be read."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}, False
    except (OSError, ValueError):
        return {}, True
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        return {}, False  # another program's file of this name
    entries: dict[str, Provenance] = {}
    listed = said.get("sources")
    if not isinstance(listed, list):
        return {}, True
    for told in listed:
        entry = _entry(told)
        if entry is not None:
            entries[entry.file] = entry
    return entries, len(entries) < len(listed)


def _entry(said: Any) -> Provenance | None:
    """Return an entry; one written by hand needs ``file attribution`` and no more."""
    if not isinstance(said, dict) or not all(isinstance(said.get(k), str) for k in ("file", "attribution")):
        return None
    known = {name: said[name] for name in Provenance.__dataclass_fields__ if name in said}
    for name in ("layer", "source", "vintage", "licence", "licence_url"):
        known[name] = str(known.get(name, ""))
    known["name"] = str(known.get("name", "")) or known["source"] or known["attribution"]
    for name in ("forbids", "addresses", "notes"):
        listed = known.get(name, ())
        known[name] = tuple(map(str, listed)) if isinstance(listed, list | tuple) else ()
    return Provenance(**known)


def write_sources(folder: Path, province: str, entries: Iterable[Provenance]) -> Path:
    """Add entries to ``sources.json`` of a folder, in place of those of the same files."""
    known, damaged = _read(folder)
    known.update({entry.file: entry for entry in entries})
    path = folder / FILE
    if damaged:  # somebody may still read in it what this program cannot
        os.replace(path, path.with_name(FILE + ".damaged"))
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
    changed = entry is not None and bool(sha256) and bool(entry.sha256) and entry.sha256 != sha256
    return entry, changed


def forbidden_uses(entry: Provenance, lang: Language) -> str:
    """Return in words what a licence forbids."""
    return ", ".join(USE_NAMES[use].say(lang) if use in USE_NAMES else use for use in entry.forbids)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
