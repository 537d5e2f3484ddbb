"""``phusong compare``: two runs beside each other, or several as a trend."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.cli.options import OPEN, Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

_FOLDER = click.Path(path_type=Path)


@make_command(
    "compare",
    Text(
        "So sánh thư mục kết quả TRƯỚC với SAU (quý trước và quý này, trước và sau sắp xếp đơn vị hành "
        "chính, hiện "
        "trạng và phương án): đầu vào nào đổi, xã và thôn, làng nào được thêm hay mất phủ, có thể do "
        "đâu. Thêm kết "
        "quả nữa để xem diễn biến: khi đó so kết quả đầu với kết quả cuối.",
        "Compare the folders of results BEFORE and AFTER (last quarter and this one, before and after "
        "the merger, "
        "base and scenario): what changed in the inputs, which communes and villages gained or lost, and "
        "what may "
        "be why. With further results also as a trend; then the first and the last are compared.",
    ),
)
@argument("before", Text("TRƯỚC", "BEFORE"), type=_FOLDER)
@argument("after", Text("SAU", "AFTER"), type=_FOLDER)
@argument("further", Text("[KẾT_QUẢ]", "[FURTHER]"), type=_FOLDER, nargs=-1)
@option("--out", type=click.Path(path_type=Path, file_okay=False), default=None,
        text=Text("Thư mục để ghi trang so sánh, bản đồ và bảng; không có thì chỉ in tóm tắt.",
                  "Folder for page, maps and tables of the comparison; without it, a summary is printed."))
@option("--json", "as_json", is_flag=True,
        text=Text("In toàn bộ so sánh dạng JSON.", "Print the whole comparison as JSON."))
@click.pass_obj
def command(
    settings: Settings, before: Path, after: Path, further: tuple[Path, ...], out: Path | None, as_json: bool
) -> None:
    """Compare runs."""
    from phusong.cli.screen import say, tell
    from phusong.maps.compare.words import note_sentence, sentences
    from phusong.maps.compare.write import compare_folders, document, write_comparison
    from phusong.maps.place import check
    from phusong.maps.tables import json_bytes

    if out is not None:
        check(out)
    found, runs, points = compare_folders([before, after, *further])
    files = None if out is None else write_comparison(found, runs, points, out, settings.lang)
    if as_json:
        say(json_bytes(document(found, runs, points)).decode("utf-8").rstrip())
    elif not settings.quiet:
        for note in found.notes:
            tell("! " + note_sentence(found, note, settings.lang))
        for sentence in sentences(found, settings.lang):
            say(sentence)
    if files is not None:
        (tell if as_json else say)(OPEN.say(settings.lang, file=str(files["compare.html"])))
