"""What ``phusong fetch`` and ``phusong init --fetch`` have in common: options, messages, exit codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from phusong.cli.options import Settings, option
from phusong.data.language import Text

if TYPE_CHECKING:
    from phusong.data.tables import Province
    from phusong.layers.sources.fetch import Outcome

Function = TypeVar("Function", bound=Callable[..., Any])

UNKNOWN = Text("Không có tỉnh '{asked}'.", "No province '{asked}'.")
NEAREST = Text("Ý bạn là: {nearest}?", "Did you mean: {nearest}?")
GIVE = Text(
    "Ghi tên hoặc mã hai số bằng --province, ví dụ --province 52.",
    "Give its name or two-digit code with --province, for example --province 52.",
)
GOT = Text("✓ {kind}: {name} ({vintage}) → {files}", "✓ {kind}: {name} ({vintage}) → {files}")
FAILED = Text("✗ {kind}: {name}: {reason}.", "✗ {kind}: {name}: {reason}.")
INSTEAD = Text("  Có thể dùng thay: {sources}", "  Can be used instead: {sources}")
BY_HAND = Text(
    "  Không có nguồn khác trong danh mục: đặt tệp của bạn vào thư mục.",
    "  No other source in the catalogue: put a file of your own into the folder.",
)
WORTH = Text("    {worth}", "    {worth}")
CITE = Text("Ghi công và giấy phép: {file}", "Attribution and licences: {file}")
SOME = Text(
    "Được {got}/{total} loại dữ liệu. Chạy lại lệnh này để tải phần còn thiếu; phần đã tải không tải lại.",
    "Got {got} of {total} kinds of data. The same command again takes what is missing and nothing twice.",
)
WROTE = Text("Đã viết {file}", "Wrote {file}")
KEPT = Text("Giữ nguyên {file} đã có.", "{file} was there and is left as it is.")
NEXT = Text("Chạy: phusong run {file} --out {out}", "Run: phusong run {file} --out {out}")
LACKS = Text(
    "Chưa chạy được: thiếu {layers}. Tải lại hoặc đặt tệp của bạn vào thư mục.",
    "It does not run yet: {layers} lacking. Fetch again, or put your own files into the folder.",
)

KIND_NAMES = {
    "boundaries": Text("ranh giới xã", "boundaries"), "population": Text("dân số", "population"),
    "terrain": Text("địa hình", "terrain"), "landcover": Text("lớp phủ", "land cover"),
    "roads": Text("đường", "roads"), "villages": Text("thôn, làng", "villages"),
    "places": Text("trường, y tế, trụ sở", "places"), "water": Text("sông, hồ", "water"),
    "stations": Text("trạm (tham khảo)", "stations (indicative)"),
    "buildings": Text("công trình", "buildings"),
}

_OPTIONS = (
    option(
        "--only", default=None,
        text=Text(
            "Chỉ các loại này, cách nhau dấu phẩy: boundaries, population, terrain, landcover, roads, "
            "villages, places, water, stations, buildings. Mặc định: tất cả trừ buildings.",
            "Only these, with commas: boundaries, population, terrain, landcover, roads, villages, places, "
            "water, stations, buildings. By default all but buildings.",
        ),
    ),
    option(
        "--source", "sources", multiple=True, metavar="KIND=ID",
        text=Text(
            "Nguồn khác cho một loại, ví dụ population=worldpop-1km (xem --list).",
            "Another source of a kind, as population=worldpop-1km (see fetch --list).",
        ),
    ),
    option(
        "--use", type=click.Choice(["public", "internal", "commercial"]), default="public", show_default=True,
        text=Text(
            "Mục đích dùng; nguồn có giấy phép không cho sẽ bị từ chối.",
            "What for; a source whose licence forbids it is refused.",
        ),
    ),
    option(
        "--cache", type=click.Path(path_type=Path, file_okay=False), default=None,
        text=Text(
            "Bộ nhớ đệm chung của các dự án (mặc định: $PHUSONG_CACHE hoặc thư mục đệm của hệ thống).",
            "Cache shared by all projects (default: $PHUSONG_CACHE or the system's cache folder).",
        ),
    ),
    option(
        "--offline", is_flag=True,
        text=Text("Không dùng mạng, chỉ lấy từ bộ nhớ đệm.", "No network: only what is in the cache."),
    ),
    option(
        "--refresh", is_flag=True,
        text=Text("Tải lại nếu nguồn đã đổi.", "Take again what has changed at the source."),
    ),
    option(
        "--mirror", default="", metavar="URL",
        text=Text(
            "Bản sao trong mạng nội bộ: https://máy/tệp thành URL/máy/tệp.",
            "A copy on your own network: https://host/path becomes URL/host/path.",
        ),
    ),
)  # fmt: skip


def fetch_options(function: Function) -> Function:
    """Add the options that both commands have."""
    for add in reversed(_OPTIONS):
        function = add(function)
    return function


def province_of(asked: str) -> Province:
    """Return a province by name or code; `ExpectedError` names the nearest."""
    from phusong.data.starter import UnknownProvinceError, find_province
    from phusong.layers.faults import ExpectedError

    try:
        return find_province(asked)
    except UnknownProvinceError as error:
        parts = [UNKNOWN, NEAREST if error.nearest else GIVE]
        text = Text(" ".join(p.vi for p in parts), " ".join(p.en for p in parts))
        raise ExpectedError(text, asked=error.asked, nearest=", ".join(error.nearest)) from error


def run_fetch(
    settings: Settings, province: Province, folder: Path, *, only: str | None, sources: Sequence[str],
    use: str, cache: Path | None, offline: bool, refresh: bool, mirror: str, force: bool = False,
) -> int:  # fmt: skip
    """Fetch, say what came of it, write the project file; return the exit code.

    0 all is there, 1 some of it, 2 nothing.
    """
    from phusong.cli.screen import progress_bar, say, tell
    from phusong.layers.provenance import FILE
    from phusong.layers.sources.fetch import USUAL, fetch_province
    from phusong.layers.sources.project import NEEDED, PROJECT_FILE, write_project
    from phusong.layers.sources.transfer import Line, default_cache

    lang = settings.lang
    kinds = tuple(k.strip() for k in only.split(",") if k.strip()) if only else USUAL
    choices = dict(_pair(s) for s in sources)
    with progress_bar(settings) as progress:
        line = Line(
            cache or default_cache(), offline=offline, refresh=refresh, mirror=mirror, progress=progress
        )
        outcomes = fetch_province(
            province, folder, line, kinds={*kinds, *choices}, choices=choices, use=use, force=force,
            said=lambda outcome: _print(outcome, settings),
        )
    got = [o for o in outcomes if o.taken is not None]
    if got:
        try:
            say(WROTE.say(lang, file=str(write_project(folder, province, lang))))
        except FileExistsError:
            say(KEPT.say(lang, file=str(folder / PROJECT_FILE)))
        say(CITE.say(lang, file=str(folder / FILE)))
    suffixes = (".gpkg", ".tif", ".csv")
    lacking = [n for n in NEEDED if not any((folder / f"{n}{s}").is_file() for s in suffixes)]
    if lacking:
        tell(LACKS.say(lang, layers=", ".join(lacking)))
    elif got:
        say(NEXT.say(lang, file=str(folder / PROJECT_FILE), out=str(folder / "out")))
    if len(got) < len(outcomes):
        tell(SOME.say(lang, got=len(got), total=len(outcomes)))
    return 0 if len(got) == len(outcomes) else 1 if got else 2


def _pair(given: str) -> tuple[str, str]:
    kind, sign, source = given.partition("=")
    if not sign:
        raise click.BadParameter(f"KIND=ID: {given}")
    return kind.strip(), source.strip()


def _print(outcome: Outcome, settings: Settings) -> None:
    from phusong.cli.screen import say, tell

    lang, source = settings.lang, outcome.source
    kind = KIND_NAMES[source.kind].say(lang)
    if outcome.taken is not None:
        files = ", ".join(outcome.taken.files.values())
        vintage = outcome.taken.vintage or source.vintage
        say(GOT.say(lang, kind=kind, name=source.name, vintage=vintage, files=files))
        if not settings.quiet:
            for note in outcome.taken.notes:
                say("    " + note.text.fill(lang, note.values))
            say(WORTH.say(lang, worth=source.worth.say(lang)))
        return
    assert outcome.error is not None
    tell(FAILED.say(lang, kind=kind, name=source.name, reason=outcome.error.say(lang).rstrip(".")))
    others = ", ".join(f"--source {s.kind}={s.id} ({s.name})" for s in outcome.instead)
    tell(INSTEAD.say(lang, sources=others) if others else BY_HAND.say(lang))
