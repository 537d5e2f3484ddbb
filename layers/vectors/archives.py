"""Zip archives from elsewhere: looked at before anything is unpacked, and read in memory only."""

from __future__ import annotations

import stat
import zipfile
from pathlib import PurePosixPath

from phusong.layers.rules import Report, error

MAX_FILES = 10_000
MAX_BYTES = 1 << 30
"""A whole archive, unpacked: a province's inventory is tens of megabytes."""
MAX_RATIO = 1000
"""Deflate reaches 1032; text of coordinates packs 5 to 20 times."""
_SMALL = 1 << 20

ESCAPES = error(
    "archive-path-outside",
    "Tệp nén có đường dẫn thoát ra ngoài thư mục: '{name}'. Không giải nén.",
    "The archive has a path that leads out of it: '{name}'. It is not unpacked.",
    "Không mở tệp này; xin người gửi nén lại.", "Do not open it; ask the sender to pack it again.",
)
BOMB = error(
    "archive-too-large",
    "Tệp nén phình ra quá lớn khi giải nén ({mb:.0f} MB). Không giải nén.",
    "The archive grows too large when it is unpacked ({mb:.0f} MB). It is not unpacked.",
    "Không mở tệp này; xin người gửi nén lại, hoặc tách thành nhiều tệp.",
    "Do not open it; ask the sender to pack it again, or to split it.",
)
LOCKED = error(
    "archive-encrypted",
    "Tệp nén có mật khẩu.", "The archive has a password.",
    "Giải nén bằng mật khẩu rồi đưa tệp bên trong vào dự án.",
    "Unpack it with the password, and give the project the file inside.",
)


def check_archive(archive: zipfile.ZipFile, report: Report) -> bool:
    """Tell whether an archive is safe to read: no path that leaves it, no link, no bomb, no password.

    Sizes are those that the archive declares; `read_member` holds the data to them.
    """
    members = archive.infolist()
    unpacked = sum(m.file_size for m in members)
    packed = sum(m.compress_size for m in members)
    for member in members:
        name = member.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        linked = stat.S_ISLNK(member.external_attr >> 16)
        if name.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")) or linked:
            report.once(ESCAPES, value=member.filename, name=member.filename)
            return False
        if member.flag_bits & 1:
            report.once(LOCKED, value=member.filename)
            return False
    dense = unpacked > _SMALL * 50 and unpacked > MAX_RATIO * max(packed, 1) / 2
    if unpacked > MAX_BYTES or len(members) > MAX_FILES or dense:
        report.once(BOMB, mb=unpacked / 1e6)
        return False
    return True


def read_member(archive: zipfile.ZipFile, name: str, report: Report) -> bytes | None:
    """Return one file of a checked archive, None if it holds more than it declares."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as stream:
        data = stream.read(min(size, MAX_BYTES) + 1)
    if len(data) > size:
        report.once(BOMB, mb=len(data) / 1e6)
        return None
    return data
