"""A folder of results with its manifest, written whole or not at all: for comparisons, validations, plans."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from phusong.data.language import Language
from phusong.maps.citation import FILE as SOURCES
from phusong.maps.citation import Cited, cited_inputs, member, write_text_file
from phusong.maps.manifest import FORMAT, MANIFEST, MANIFEST_VERSION, sha256
from phusong.maps.place import check_kind, replaced_whole
from phusong.maps.tables import json_bytes, version


def write_folder(
    out: Path,
    jobs: Mapping[str, Callable[[Path], Any]],
    lang: Language,
    *,
    kind: str,
    province: tuple[str, str, datetime.date],
    inputs: Sequence[Mapping[str, Any]],
    more: Mapping[str, Any] | None = None,
    cited: Sequence[Cited] | None = None,
) -> Mapping[str, Path]:
    """Write every file, then the manifest, and put them in the place of ``out``.

    Parameters
    ----------
    out : Path
        Absent, empty, or an earlier output of the same kind, which is replaced; see `phusong.maps.place`.
    jobs : mapping of file name to what writes it
    lang : {"vi", "en"}
        Of pages, documents and workbooks.
    kind : str
        Of the output, such as ``compare``.
    province : tuple of str, str, date
        Code, name, and the day of its data.
    inputs : sequence of mapping
        See `phusong.maps.manifest.input_record`.
    more : mapping, optional
        Further members of the manifest.
    cited : sequence of Cited, optional
        Public sources behind the output; by default those of ``inputs``. They are named in a file of their
        own beside the others (`phusong.maps.citation`).

    Returns
    -------
    mapping of file name to Path

    Raises
    ------
    ExpectedError
        ``out`` holds something else, cannot be replaced or written, or the disk is full.
    """
    code, name, as_of = province
    check_kind(out, kind)
    named = cited_inputs(inputs) if cited is None else cited
    if named:
        jobs = {**jobs, SOURCES: partial(write_text_file, named)}
    with replaced_whole(out) as folder:
        for file, write in jobs.items():
            write(folder / file)
        content = {
            "format": FORMAT,
            "version": MANIFEST_VERSION,
            "kind": kind,
            "generator": {"name": "phusong", "version": version()},
            "language": lang,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "province": {"code": code, "name": name, "as_of": as_of.isoformat()},
            "inputs": inputs,
            **({} if cited is None else member(cited)),
            **(more or {}),
            "outputs": [
                {"path": file, "bytes": (folder / file).stat().st_size, "sha256": sha256(folder / file)}
                for file in sorted(jobs)
            ],
        }
        (folder / MANIFEST).write_bytes(json_bytes(content))
    out = out.expanduser().resolve()
    return {name: out / name for name in (*jobs, MANIFEST)}
