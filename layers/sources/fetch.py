"""A province from public sources: each layer by itself, so that one source that is down costs no other."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from phusong.data.language import LANGUAGES, Text
from phusong.data.source_table import KINDS, PublicSource, public_sources, sources_of
from phusong.data.tables import Province
from phusong.layers.faults import ExpectedError
from phusong.layers.provenance import USE_NAMES, Provenance, read_sources, sha256_of, write_sources
from phusong.layers.sources.adapter import Adapter, Job, Taken
from phusong.layers.sources.area import area_of
from phusong.layers.sources.boundaries import take_geoboundaries
from phusong.layers.sources.buildings import take_building_groups, take_buildings
from phusong.layers.sources.rasters import take_raster, take_tiles, take_zip_tiles
from phusong.layers.sources.transfer import Line, SourceError
from phusong.layers.sources.vectors import take_opencellid, take_osm

ADAPTERS: Mapping[str, Adapter] = MappingProxyType(
    {
        "raster": take_raster, "tiles": take_tiles, "zip-tiles": take_zip_tiles, "osm": take_osm,
        "geoboundaries": take_geoboundaries, "opencellid": take_opencellid, "buildings": take_buildings,
        "building-groups": take_building_groups,
    }
)
USUAL = tuple(kind for kind in KINDS if kind != "buildings")
"""What is fetched unless said otherwise; buildings are many and only of use for spreading people."""

USES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "public": frozenset({"redistribution"}),
        "commercial": frozenset({"redistribution", "commercial"}),
        "internal": frozenset(),
    }
)
"""What the data are for, and what their licence must not forbid then."""

FILES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "boundaries": ("communes.gpkg",), "population": ("population.tif",), "terrain": ("terrain.tif",),
        "landcover": ("clutter.tif",), "roads": ("roads.gpkg",), "villages": ("villages.csv",),
        "places": ("schools.csv", "clinics.csv", "offices.csv"), "water": ("water.gpkg",),
        "stations": ("stations.csv",), "buildings": ("buildings.gpkg",),
    }
)

UNKNOWN_SOURCE = Text(
    "Không có nguồn '{asked}' cho {kind}; các nguồn: {known}.",
    "There is no source '{asked}' for {kind}; there are: {known}.",
)
UNKNOWN_KIND = Text(
    "Không có loại dữ liệu '{asked}'; các loại: {known}.", "No data '{asked}'; there are: {known}."
)
FORBIDDEN = Text(
    "giấy phép {licence} không cho mục đích này ({uses})", "its licence {licence} forbids this use ({uses})"
)
NOT_TAKEN = Text(
    "chương trình không tải nguồn này: {worth}", "the program does not fetch this source: {worth}"
)
OWN_FILE = Text(
    "{file} không phải tệp đã tải, hoặc đã được sửa: không ghi đè (thêm --force nếu muốn)",
    "{file} was not fetched, or was changed since: it is not overwritten (unless with --force)",
)


@dataclass(frozen=True)
class Outcome:
    """What came of one kind of data.

    Attributes
    ----------
    source : PublicSource
    taken : Taken or None
    error : ExpectedError or None
        Why there is nothing.
    instead : tuple of PublicSource
        Other sources of the same kind.
    """

    source: PublicSource
    taken: Taken | None
    error: ExpectedError | None
    instead: tuple[PublicSource, ...]


def choose(kinds: Collection[str], choices: Mapping[str, str]) -> list[PublicSource]:
    """Return the source of every kind, in the order of work.

    Raises
    ------
    ExpectedError
        A kind or a source that is not in the catalogue.
    """
    for kind in (*kinds, *choices):
        if kind not in KINDS:
            raise ExpectedError(UNKNOWN_KIND, asked=kind, known=", ".join(KINDS))
    chosen = []
    for kind in (k for k in KINDS if k in kinds):
        asked = choices.get(kind)
        known = [s for s in public_sources() if s.kind == kind]
        fit = [s for s in known if s.id == asked] if asked else list(sources_of(kind))
        if not fit:
            names = ", ".join(s.id for s in known)
            raise ExpectedError(UNKNOWN_SOURCE, asked=asked, kind=kind, known=names)
        chosen.append(fit[0])
    return chosen


def fetch_province(
    province: Province,
    folder: Path,
    line: Line,
    *,
    kinds: Collection[str] = USUAL,
    choices: Mapping[str, str] = MappingProxyType({}),
    use: str = "public",
    force: bool = False,
    said: Callable[[Outcome], None] | None = None,
) -> tuple[Outcome, ...]:
    """Bring the data of a province into a folder.

    Parameters
    ----------
    province : Province
    folder : Path
        Made if need be; ``sources.json`` in it tells where its files are from.
    line : Line
    kinds : collection of str
        Of `KINDS`.
    choices : mapping of kind to source id
        Where not the first of the catalogue is wanted.
    use : {"public", "commercial", "internal"}
        What for: a source whose licence forbids it is refused.
    force : bool
        Overwrite files that are not from an earlier fetch.
    said : callable, optional
        Called with every outcome as soon as it is known.

    Raises
    ------
    ExpectedError
        Unknown kinds or sources; pooch is not installed. What fails at a source is an outcome.
    """
    chosen = choose(kinds, choices)
    area = area_of(province)
    folder.mkdir(parents=True, exist_ok=True)
    together = frozenset(s.kind for s in chosen if s.adapter == "osm")
    memo: dict[str, object] = {}
    outcomes = []
    for source in chosen:
        communes = folder / "communes.gpkg"
        outline = communes if communes.is_file() and source.kind != "boundaries" else None
        job = Job(line, source, area, folder, outline, together, memo)
        outcome = _take(job, USES[use], force)
        if outcome.taken is not None:
            write_sources(folder, province.code, _entries(job, outcome.taken))
        outcomes.append(outcome)
        if said is not None:
            said(outcome)
    return tuple(outcomes)


def _take(job: Job, uses: frozenset[str], force: bool) -> Outcome:
    source = job.source
    instead = tuple(s for s in sources_of(source.kind) if s.id != source.id)
    try:
        forbidden = uses & set(source.forbids)
        if forbidden:
            names = [USE_NAMES[use] for use in sorted(forbidden)]
            said = Text(*(", ".join(name.say(lang) for name in names) for lang in LANGUAGES))
            raise SourceError(FORBIDDEN, licence=source.licence, uses=said)
        if source.adapter == "none":
            worth = source.worth
            raise SourceError(Text(NOT_TAKEN.vi.format(worth=worth.vi), NOT_TAKEN.en.format(worth=worth.en)))
        if not force:
            _refuse_own_files(job)
        return Outcome(source, ADAPTERS[source.adapter](job), None, instead)
    except ExpectedError as error:
        return Outcome(source, None, error, instead)


def _refuse_own_files(job: Job) -> None:
    known = read_sources(job.folder)
    for name in FILES[job.source.kind]:
        path = job.folder / name
        if path.is_file() and (name not in known or known[name].sha256 != sha256_of(path)):
            raise SourceError(OWN_FILE, file=name)


def _entries(job: Job, taken: Taken) -> list[Provenance]:
    source = job.source
    return [
        Provenance(
            file=file, layer=layer, source=source.id, name=source.name,
            vintage=taken.vintage or source.vintage,
            licence=taken.licence or source.licence, licence_url=source.licence_url,
            attribution=taken.attribution or source.attribution, forbids=source.forbids,
            indicative=source.indicative, addresses=taken.addresses, version=taken.version,
            sha256=sha256_of(job.folder / file), fetched=datetime.date.today().isoformat(),
            rows=int(taken.rows.get(layer, 0)),
            notes=tuple(note.text.fill("en", note.values) for note in taken.notes),
        )
        for layer, file in taken.files.items()
    ]
