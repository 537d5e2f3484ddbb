"""Whom an output must name: the public sources behind it, as their licences ask.

Pages, documents, workbooks and pictures say it in a sentence; files for other programs carry it in their own
metadata; what has no room for any (CSV) lies beside `FILE`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phusong.data.language import LANGUAGES, Language, Text
from phusong.layers.inventory import Source
from phusong.layers.provenance import USE_NAMES
from phusong.maps.figures import source_label

if TYPE_CHECKING:
    from phusong.maps.sheet import Book

FILE = "attribution.txt"
"""In every folder of results that rests on public data."""

ATTRIBUTION = Text("Dữ liệu công khai: {sources}.", "Public data: {sources}.")
STAND_IN = Text(
    "Chỉ để tham khảo, chưa phải dữ liệu chính thức: {layers}.",
    "Indicative only, not official data: {layers}.",
)
FORBIDDEN = Text("Giấy phép của {layers} không cho {uses}.", "The licence of {layers} forbids {uses}.")
HEAD = Text(
    "Kết quả trong thư mục này dùng dữ liệu công khai dưới đây. Khi sử dụng, trích dẫn hay đăng lại, phải "
    "ghi công như giấy phép yêu cầu.",
    "The results in this folder rest on the public data below. Whoever uses, quotes or passes them on must "
    "name them as their licences ask.",
)
_W = {
    "sheet": Text("Ghi công", "Attribution"), "layer": Text("Lớp dữ liệu", "Layer"),
    "source": Text("Nguồn", "Source"), "licence": Text("Giấy phép", "Licence"),
    "indicative": Text("Chỉ tham khảo", "Indicative only"), "yes": Text("có", "yes"), "no": Text("", ""),
}


@dataclass(frozen=True, order=True)
class Cited:
    """One layer that is public data.

    Attributes
    ----------
    attribution, licence : str
        As ``sources.json`` has them.
    layer : str
    indicative : bool
        It stands in for the owners' data.
    forbids : tuple of str
        What its licence forbids.
    """

    attribution: str
    licence: str
    layer: str
    indicative: bool = False
    forbids: tuple[str, ...] = ()


def cited_sources(sources: Iterable[Source]) -> tuple[Cited, ...]:
    """Return which of the inputs of a result are public data."""
    return tuple(
        Cited(s.attribution, s.licence, s.layer, s.indicative, s.forbids) for s in sources if s.attribution
    )


def cited_inputs(inputs: Iterable[Mapping[str, Any]]) -> tuple[Cited, ...]:
    """Return the same from the inputs of a manifest."""
    return tuple(
        Cited(
            str(entry["attribution"]), str(entry.get("licence", "")), str(entry.get("layer", "")),
            bool(entry.get("indicative", False)), tuple(map(str, entry.get("forbids", ()))),
        )
        for entry in inputs
        if entry.get("attribution")
    )  # fmt: skip


def cited_folders(folders: Iterable[Path]) -> tuple[Cited, ...]:
    """Return what the outputs in several folders name, each source and layer once."""
    from phusong.maps.manifest import read_manifest

    found: dict[Cited, None] = {}
    for folder in folders:
        listed = (read_manifest(folder) or {}).get("inputs", [])
        found.update(dict.fromkeys(cited_inputs(e for e in listed if isinstance(e, dict))))
    return tuple(found)


def origin_record(cited: Source) -> dict[str, Any]:
    """Return what a manifest says of the origin of an input; empty for the user's own."""
    if not cited.attribution:
        return {}
    return {
        "attribution": cited.attribution, "licence": cited.licence, "indicative": cited.indicative,
        **({"forbids": list(cited.forbids)} if cited.forbids else {}),
    }  # fmt: skip


def records(cited: Sequence[Cited]) -> list[dict[str, Any]]:
    """Return entries for JSON: ``attribution licence layers indicative``, a source each."""
    merged: dict[tuple[str, str, bool], list[str]] = {}
    for one in cited:
        layers = merged.setdefault((one.attribution, one.licence, one.indicative), [])
        if one.layer not in layers:
            layers.append(one.layer)
    return [
        {"attribution": a, "licence": licence, "layers": layers, "indicative": indicative}
        for (a, licence, indicative), layers in merged.items()
    ]


def member(cited: Sequence[Cited]) -> dict[str, Any]:
    """Return the member ``attribution`` of a JSON document; nothing where there are no public data."""
    return {"attribution": records(cited)} if cited else {}


def sentence(cited: Sequence[Cited], lang: Language) -> str:
    """Return whom the licences ask to name, which layers are indicative, what is forbidden; or nothing."""
    if not cited:
        return ""
    parts = [ATTRIBUTION.say(lang, sources="; ".join(dict.fromkeys(c.attribution for c in cited)))]
    stand_in = dict.fromkeys(source_label(c.layer, lang) for c in cited if c.indicative)
    if stand_in:
        parts.append(STAND_IN.say(lang, layers=", ".join(stand_in)))
    for use, name in USE_NAMES.items():
        layers = dict.fromkeys(source_label(c.layer, lang) for c in cited if use in c.forbids)
        if layers:
            parts.append(FORBIDDEN.say(lang, layers=", ".join(layers), uses=name.say(lang)))
    return " ".join(parts)


def text_file(cited: Sequence[Cited]) -> bytes:
    """Return the content of `FILE`, in both languages."""
    lines: list[str] = []
    for lang in LANGUAGES:
        lines += [HEAD.say(lang), ""]
        for entry in records(cited):
            layers = ", ".join(source_label(layer, lang) for layer in entry["layers"])
            licence = f" [{entry['licence']}]" if entry["licence"] else ""
            lines.append(f"- {layers}: {entry['attribution']}{licence}")
        rest = sentence(cited, lang).removeprefix(
            ATTRIBUTION.say(lang, sources="; ".join(dict.fromkeys(c.attribution for c in cited)))
        )
        lines += ["", rest.strip(), ""] if rest.strip() else [""]
    return "\r\n".join(lines).encode("utf-8-sig")


def write_text_file(cited: Sequence[Cited], path: Path) -> None:
    """Write `FILE`."""
    path.write_bytes(text_file(cited))


def gpkg_metadata(cited: Sequence[Cited]) -> dict[str, Any]:
    """Return the arguments of `pyogrio.write_dataframe` by which a GeoPackage names its sources."""
    return {"dataset_metadata": tags(cited)} if cited else {}


def tags(cited: Sequence[Cited]) -> dict[str, str]:
    """Return metadata of a file of GDAL's, keys in capitals; empty where there are no public data."""
    if not cited:
        return {}
    return {
        "ATTRIBUTION": "; ".join(dict.fromkeys(c.attribution for c in cited)),
        "LICENCES": "; ".join(dict.fromkeys(c.licence for c in cited if c.licence)),
        "INDICATIVE_LAYERS": "; ".join(dict.fromkeys(c.layer for c in cited if c.indicative)),
    }


def parquet_with_sources(content: bytes, cited: Sequence[Cited]) -> bytes:
    """Return a Parquet file whose schema also names the sources, under ``attribution``."""
    if not cited:
        return content
    import io

    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(content))
    said = json.dumps(records(cited), ensure_ascii=False).encode()
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"attribution": said})
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def sources_sheet(book: Book, cited: Sequence[Cited], lang: Language) -> None:
    """Add a worksheet with the public sources; none where there are none."""
    if not cited:
        return
    from phusong.maps.sheet import Column

    entries = records(cited)
    layers = [", ".join(source_label(layer, lang) for layer in e["layers"]) for e in entries]
    stands = [_W["yes" if e["indicative"] else "no"].say(lang) for e in entries]
    book.table(book.sheet(_W["sheet"].say(lang)), [
        Column(_W["layer"].say(lang), "note", layers),
        Column(_W["source"].say(lang), "note", [e["attribution"] for e in entries]),
        Column(_W["licence"].say(lang), "text", [e["licence"] for e in entries]),
        Column(_W["indicative"].say(lang), "text", stands),
    ])  # fmt: skip
