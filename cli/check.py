"""``phusong check``: read everything, say what is wrong and how far the data can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from phusong.cli.options import OPEN, PROJECT, Settings, argument, option
from phusong.cli.options import command as make_command
from phusong.data.language import Text

if TYPE_CHECKING:
    from phusong.maps.check.files import Marked

EACH = 20
"""Faults of one kind and column that are printed one by one."""
COPY = Text("Bản đánh dấu của {file}: {path}", "Marked copy of {file}: {path}")
NO_COPY = {
    "no-table": Text(
        "{file}: {n} điều cần xem, nhưng không phải bảng đọc được nên không có bản đánh dấu.",
        "{file}: {n} things to look at, but it is no table that could be read, so there is no marked copy.",
    ),
    "no-cell": Text(
        "{file}: {n} điều về cả tệp, không có ô nào phải đánh dấu nên không có bản đánh dấu.",
        "{file}: {n} things about the whole file and none about a cell, so there is no marked copy.",
    ),
    "too-large": Text(
        "{file}: {n} điều cần xem; bảng lớn hơn một trang tính Excel nên không có bản đánh dấu.",
        "{file}: {n} things to look at; it is larger than a worksheet may be, so there is no marked copy.",
    ),
}
CLEAN = Text(
    "Tệp sạch, không có bản đánh dấu: {files}.", "Clean files, without a marked copy: {files}."
)


@make_command(
    "check",
    Text(
        "Đọc mọi tệp của DỰ_ÁN: đã hiểu tệp thế nào, mọi lỗi cùng lúc (tệp, dòng, cột, giá trị, cách sửa), "
        "và các chỉ số chất lượng quyết định bản đồ có đáng tin không. Không sửa tệp nào.",
        "Read every file of PROJECT: how each was understood, all faults at once (file, row, column, value, "
        "what to do), and the figures of quality that decide whether a map can be trusted. No file is "
        "changed.",
    ),
)
@argument("project", PROJECT, type=click.Path(path_type=Path))
@option("--json", "as_json", is_flag=True, text=Text("In dạng JSON.", "Print JSON."))
@option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    text=Text("Ghi thêm một trang HTML để gửi lại người cấp số liệu.",
              "Also write a page for the person who sent the files."),
)  # fmt: skip
@option(
    "--marked",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    text=Text("Ghi vào thư mục này bản Excel của mỗi bảng có lỗi, lỗi đánh dấu ngay trong ô.",
              "Write into this folder an Excel copy of each faulty table, the faults marked in the cells."),
)  # fmt: skip
@click.pass_obj
def command(
    settings: Settings, project: Path, as_json: bool, html: Path | None, marked: Path | None
) -> int:
    """Check one project."""
    from phusong.cli.screen import print_faults, say, tell
    from phusong.layers.summary import check_project, check_summary
    from phusong.maps.check.files import write_marked, write_page
    from phusong.maps.check.text import check_lines

    lang = settings.lang
    checked = check_project(project)
    if as_json:
        say(check_summary(checked, lang))
    else:
        for line in check_lines(checked, lang):
            say(line)
        print_faults(checked.faults, lang, each=EACH)
    answer = tell if as_json else say
    if marked is not None:
        for line in _marked_lines(write_marked(checked, marked, lang), settings):
            answer(line)
    if html is not None:
        write_page(checked, html, lang)
        answer(OPEN.say(lang, file=str(html)))
    return 2 if checked.errors else 0


def _marked_lines(found: Marked, settings: Settings) -> list[str]:
    lang = settings.lang
    lines = [COPY.say(lang, file=file, path=str(path)) for file, path in found.copies]
    lines += [NO_COPY[o.why].say(lang, file=o.marks.file, n=len(o.marks.marks)) for o in found.others]
    return [*lines, *([CLEAN.say(lang, files=", ".join(found.clean))] if found.clean else [])]
