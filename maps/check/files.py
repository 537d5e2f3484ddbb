"""The files of a check, written whole or not at all: the page, and the folder of marked copies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from phusong.data.language import Language, Text
from phusong.layers.faults import ExpectedError
from phusong.layers.summary import Checked
from phusong.maps.atomic import replace_file
from phusong.maps.check.page import SIGN, render_check
from phusong.maps.check.workbook import Copy, Uncopied, plan_copies, write_copy
from phusong.maps.manifest import FORMAT, MANIFEST, MANIFEST_VERSION, read_manifest, sha256
from phusong.maps.place import replaced_whole
from phusong.maps.tables import json_bytes, version

KIND = "check"
_NOT_A_PAGE = Text(
    "'{path}' đã có và không phải trang kiểm tra của phusong: không ghi đè. Hãy chọn tên khác.",
    "'{path}' exists and is no page of a check: it is not replaced. Choose another name.",
)
_IS_FOLDER = Text("'{path}' là một thư mục. Hãy ghi tên tệp, ví dụ '{path}/kiem-tra.html'.",
                  "'{path}' is a folder. Give the name of a file, such as '{path}/check.html'.")  # fmt: skip
_OTHER_OUTPUT = Text(
    "Thư mục '{path}' chứa kết quả của lệnh khác. Hãy chọn thư mục riêng cho các bản đánh dấu.",
    "The folder '{path}' holds the output of another command. Choose a folder of its own for marked copies.",
)


@dataclass(frozen=True)
class Marked:
    """What became of the files of a project.

    Attributes
    ----------
    copies : tuple of (str, Path)
        A faulty file and its marked copy.
    others : tuple of Uncopied
        Faulty files of which no copy is made.
    clean : tuple of str
        Files without faults.
    """

    copies: tuple[tuple[str, Path], ...]
    others: tuple[Uncopied, ...]
    clean: tuple[str, ...]


def write_page(checked: Checked, path: Path, lang: Language) -> None:
    """Write the page; it takes the place of an earlier one whole, and of nothing else.

    Raises
    ------
    ExpectedError
        ``path`` is a folder, or a file that is no page of a check.
    """
    path = path.expanduser()
    if path.is_dir():
        raise ExpectedError(_IS_FOLDER, path=str(path))
    if path.exists() and SIGN.encode() not in path.read_bytes():
        raise ExpectedError(_NOT_A_PAGE, path=str(path))
    replace_file(path, render_check(checked, lang).encode("utf-8", "replace"), make_folder=False)


def write_marked(checked: Checked, folder: Path, lang: Language) -> Marked:
    """Write a marked copy of every faulty table into a folder of their own, all or none.

    An earlier folder of copies is replaced; copies that somebody changed since are kept beside the new
    ones (`phusong.maps.place`). Without a faulty table no folder is made.

    Raises
    ------
    ExpectedError
        ``folder`` holds something else, or cannot be written.
    """
    folder = folder.expanduser().resolve()
    found = read_manifest(folder)
    if found is not None and found.get("kind") != KIND:
        raise ExpectedError(_OTHER_OUTPUT, path=str(folder))
    copies, others = plan_copies(checked, lang)
    faulty = {c.marks.file for c in copies} | {o.marks.file for o in others}
    clean = tuple(dict.fromkeys(s.path for s in checked.sources if s.path not in faulty))
    if not copies and found is None:
        return Marked((), others, clean)
    done: list[Copy] = []
    with replaced_whole(folder) as temporary:
        for copy in copies:
            if write_copy(copy, checked, temporary / copy.name, lang):
                done.append(copy)
            else:
                others = (*others, Uncopied(copy.marks, "too-large"))
        _write_manifest(temporary, done)
    return Marked(tuple((c.marks.file, folder / c.name) for c in done), others, clean)


def _write_manifest(folder: Path, copies: list[Copy]) -> None:
    """Write what the next check needs to tell copies that somebody changed."""
    content = {
        "format": FORMAT, "version": MANIFEST_VERSION, "kind": KIND,
        "generator": {"name": "phusong", "version": version()},
        "outputs": [{"path": c.name, "sha256": sha256(folder / c.name)} for c in copies],
    }  # fmt: skip
    (folder / MANIFEST).write_bytes(json_bytes(content))
