"""What went wrong, in the user's language: the command line, and the system's own errors."""

from __future__ import annotations

import errno
import re

import click

from phusong.data.language import Language, Text

SEE = Text("Xem: {command} --help", "See: {command} --help")

_SYSTEM = {
    errno.ENOSPC: Text("hết dung lượng đĩa", "no space left on the disk"),
    errno.EACCES: Text("không có quyền", "no permission"),
    errno.EPERM: Text("không có quyền", "no permission"),
    errno.EROFS: Text("đĩa chỉ cho đọc", "the disk is read-only"),
    errno.ENOENT: Text("không tìm thấy", "it is not there"),
    errno.EEXIST: Text("đã có một tệp hay thư mục mang tên đó", "a file or folder has that name already"),
    errno.ENOTDIR: Text("một phần của đường dẫn không phải thư mục", "a part of the path is no folder"),
    errno.EISDIR: Text("đó là thư mục, không phải tệp", "it is a folder, not a file"),
    errno.ENOTEMPTY: Text("thư mục không trống", "the folder is not empty"),
    errno.ENAMETOOLONG: Text("tên quá dài", "the name is too long"),
    errno.EMFILE: Text("mở quá nhiều tệp", "too many files are open"),
    errno.ENOMEM: Text("không đủ bộ nhớ", "not enough memory"),
    errno.EIO: Text("ổ đĩa bị lỗi", "the disk failed"),
}
_FILE = Text("Không đọc hoặc ghi được '{file}': {reason}.", "Cannot read or write '{file}': {reason}.")
_NO_FILE = Text("Không đọc hoặc ghi được: {reason}.", "Cannot read or write: {reason}.")
MEMORY = Text(
    "Không đủ bộ nhớ. Đóng bớt chương trình khác, hoặc tăng cell_m trong [grid].",
    "Not enough memory. Close other programs, or raise cell_m in [grid].",
)


def system_message(error: OSError, lang: Language) -> str:
    """Say in ``lang`` what the system would not do, and with which file."""
    known = _SYSTEM.get(error.errno or 0)
    reason = known.say(lang) if known else (error.strerror or str(error))
    if isinstance(error.filename, str | bytes):
        name = error.filename if isinstance(error.filename, str) else error.filename.decode(errors="replace")
        return _FILE.say(lang, file=name, reason=reason)
    return _NO_FILE.say(lang, reason=reason)


def usage_message(error: click.ClickException, lang: Language) -> str:
    """Say in ``lang`` what click found wrong with a command line."""
    if lang == "en":
        return error.format_message()
    if isinstance(error, click.NoSuchOption):
        nearest = ", ".join(error.possibilities or ())
        return f"Không có tùy chọn {error.option_name}." + (f" Ý bạn là: {nearest}?" if nearest else "")
    if isinstance(error, click.MissingParameter):
        name = error.param.get_error_hint(error.ctx) if error.param and error.ctx else error.param_hint or ""
        return f"Thiếu {name}."
    if isinstance(error, click.BadParameter):
        name = error.param.get_error_hint(error.ctx) if error.param and error.ctx else error.param_hint or ""
        return f"Giá trị không hợp lệ cho {name}: {_reason(error)}"
    if isinstance(error, click.BadOptionUsage):
        if "does not take" in error.message:
            return f"Tùy chọn {error.option_name} không nhận giá trị."
        return f"Tùy chọn {error.option_name} cần một giá trị."
    extra = re.search(r"unexpected extra arguments? \((.*)\)", error.message)
    if extra:
        return f"Thừa tham số: {extra[1]}."
    return f"Dòng lệnh không hợp lệ: {error.message}"


def see_help(error: click.ClickException, lang: Language) -> str:
    """Say which help to read: that of the command that was asked for."""
    ctx = getattr(error, "ctx", None)
    return SEE.say(lang, command=ctx.command_path if ctx else "phusong")


def _reason(error: click.BadParameter) -> str:
    """Translate the reasons that click's own types give."""
    kind = error.param.type if error.param else None
    message = error.message
    if isinstance(kind, click.Path):
        shown = message.split("'")[1] if "'" in message else message
        if "does not exist" in message:
            return f"không tìm thấy '{shown}'."
        if "is a file" in message:
            return f"'{shown}' là một tệp, không phải thư mục."
        if "is a directory" in message:
            return f"'{shown}' là một thư mục, không phải tệp."
        return f"không có quyền dùng '{shown}'."
    if isinstance(kind, click.Choice):
        return f"chỉ nhận một trong: {', '.join(map(str, kind.choices))}."
    if isinstance(kind, click.IntRange | click.FloatRange):
        low = "" if kind.min is None else f" từ {kind.min}"
        high = "" if kind.max is None else f" đến {kind.max}"
        return f"cần một số{low}{high}."
    return message
