"""A zip as it came by mail: a Shapefile, a FileGDB or a table inside, unpacked where nobody else looks."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from phusong.layers.rules import Report, error, hint
from phusong.layers.vectors.archives import BOMB, MAX_BYTES, check_archive, read_member

if TYPE_CHECKING:
    from phusong.layers.tables.opening import RawTable
    from phusong.layers.tables.records import Habits

NOTHING = error(
    "archive-nothing-readable",
    "Tệp nén không có tệp nào đọc được: {names}.", "The archive has no file that can be read: {names}.",
    "Giải nén và chọn đúng tệp.", "Unpack it, and choose the file that is meant.",
)
WHICH = error(
    "archive-which-file",
    "Tệp nén có nhiều tệp: {names}.", "The archive has several files: {names}.",
    'Ghi rõ tệp cần dùng: layer = "…". {near}', 'Say which one is meant: layer = "…". {near}',
)


def read_zip(
    path: Path, report: Report, layer: str | None, expected: Collection[str] = (),
    habits: Habits | None = None,
) -> RawTable | None:
    """Read the one file of an archive that is a layer, or the one that ``layer`` names.

    Parameters
    ----------
    path : Path
    report : Report
    layer : str, optional
        Name of the file inside, with or without its folder and suffix; of an archive with one file, the
        layer or sheet in it.
    expected, habits
        Of `phusong.layers.tables.opening.open_table`, for the table inside.
    """
    from phusong.layers.tables.opening import open_table

    with zipfile.ZipFile(path) as archive:
        if not check_archive(archive, report):
            return None
        members = [m.filename.replace("\\", "/") for m in archive.infolist() if not m.is_dir()]
        readable = _readable(members)
        if not readable:
            report.once(NOTHING, names=", ".join(sorted(members)[:10]) or "–")
            return None
        chosen = [n for n in readable if layer is None or _is_called(n, layer)]
        inner = None
        if layer is not None and not chosen and len(readable) == 1:
            chosen, inner = readable, layer
        if len(chosen) != 1:
            names = ", ".join(readable[:20])
            near = hint(layer, [PurePosixPath(n).stem for n in readable]) if layer is not None else ""
            report.once(WHICH, value=layer or "", names=names, near=near)
            return None
        with tempfile.TemporaryDirectory(prefix="phusong-") as folder:
            target = _unpack(archive, chosen[0], members, Path(folder), report)
            if target is None:
                return None
            return open_table(target, report, layer=inner, expected=expected, habits=habits)


def read_gzip(
    path: Path, report: Report, expected: Collection[str] = (), habits: Habits | None = None
) -> RawTable | None:
    """Read a CSV packed by gzip (``.csv.gz``), as databases and OpenCelliD give it."""
    from phusong.layers.tables.opening import open_table

    with tempfile.TemporaryDirectory(prefix="phusong-") as folder:
        target = Path(folder) / path.with_suffix("").name
        size = 0
        with gzip.open(path) as packed, target.open("wb") as out:
            while block := packed.read(1 << 20):
                size += len(block)
                if size > MAX_BYTES:
                    report.once(BOMB, mb=size / 1e6)
                    return None
                out.write(block)
        return open_table(target, report, expected=expected, habits=habits)


def _readable(members: list[str]) -> list[str]:
    """Return the members that are layers: files by their suffix, folders that are FileGDBs."""
    from phusong.layers.formats import SPECIAL
    from phusong.layers.tables.opening import FORMATS

    kinds = {*FORMATS, *SPECIAL} - {".zip", ".gdb", ".csv.gz"}
    found: dict[str, None] = {}
    for name in members:
        parts = PurePosixPath(name).parts
        if parts[0] == "__MACOSX" or parts[-1].startswith((".", "~$")):
            continue
        inside = next((i for i, p in enumerate(parts[:-1]) if p.lower().endswith(".gdb")), None)
        if inside is not None:
            found["/".join(parts[: inside + 1])] = None
        elif PurePosixPath(name).suffix.lower() in kinds:
            found[name] = None
    shapes = {n.rpartition(".")[0] for n in found if n.lower().endswith((".shp", ".tab", ".mif"))}
    beside = (".txt", ".csv", ".json")  # notes and readings of the same name
    return sorted(n for n in found if not (n.lower().endswith(beside) and n.rpartition(".")[0] in shapes))


def _is_called(name: str, layer: str) -> bool:
    path = PurePosixPath(name)
    return layer.casefold() in (name.casefold(), path.name.casefold(), path.stem.casefold())


def _unpack(
    archive: zipfile.ZipFile, name: str, members: list[str], folder: Path, report: Report
) -> Path | None:
    """Write a file and what belongs to it: all of its name, or all of a FileGDB's folder."""
    wanted = PurePosixPath(name)
    whole = name.lower().endswith(".gdb")
    originals = {m.filename.replace("\\", "/"): m.filename for m in archive.infolist()}
    for member in members:
        path = PurePosixPath(member)
        stem = path.name.partition(".")[0] == wanted.name.partition(".")[0] and path.parent == wanted.parent
        if member.startswith(f"{name}/") if whole else stem:
            data = read_member(archive, originals[member], report)
            if data is None:
                return None
            target = folder / (path.relative_to(wanted.parent) if whole else path.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    return folder / wanted.name
