"""Pieces of a remote file, for libraries that read a file object: every piece is what was asked for."""

from __future__ import annotations

import io
import re
from typing import Any

from phusong.data.language import Text
from phusong.layers.sources.transfer import (
    CHUNK,
    CUT,
    DAMAGED,
    SLOW,
    Head,
    Line,
    SourceError,
    Watch,
    ask,
    look,
    public_address,
)

OTHER_RANGE = Text(
    "máy chủ gửi nhầm đoạn của tệp", "the server sends another part of the file than asked for"
)
CHANGED = Text("tệp đổi trong khi đang đọc", "the file changed while it was read")


def honest_ranges(line: Line, url: str, head: Head) -> bool:
    """Tell whether a server that says it gives parts of a file gives those that are asked for.

    Some answer any range with the beginning of the file; GDAL would take it for the part it wants.
    """
    if not head.ranges or head.size < 2:
        return False
    first = head.size // 2
    last = min(first + 15, head.size - 1)
    with ask(line, url, Range=f"bytes={first}-{last}") as answer:
        return answer.status_code == 206 and range_of(answer) == (first, last)


def range_of(answer: Any) -> tuple[int, int] | None:
    """Return first and last byte of a partial answer, as its header says; None where it does not."""
    said = re.match(r"bytes (\d+)-(\d+)/", answer.headers.get("Content-Range", ""))
    return (int(said[1]), int(said[2])) if said else None


class RangedFile(io.RawIOBase):
    """A remote file, read by ranges, with the patience of `ask`; never a byte that is not the file's.

    Parameters
    ----------
    line : Line
    url : str
    head : Head, optional
        Of the same file, if it was asked for already.

    Raises
    ------
    SourceError
        On any read: the server is down, sends another range, or another file than at first.
    """

    def __init__(self, line: Line, url: str, head: Head | None = None) -> None:
        super().__init__()
        self.line, self.url = line, url
        self.head = head or look(line, url)
        self.at = 0
        self.taken = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.head.size}[whence]
        self.at = max(base + offset, 0)
        return self.at

    def read(self, size: int | None = -1) -> bytes:
        """Return ``size`` bytes from the position on, fewer only at the end of the file."""
        end = self.head.size if size is None or size < 0 else min(self.at + size, self.head.size)
        if self.at >= end:
            return b""
        content = self._piece(self.at, end)
        self.at = end
        return content

    def readall(self) -> bytes:
        """Return the rest of the file."""
        return self.read(-1)

    def _piece(self, begin: int, end: int) -> bytes:
        got = bytearray()
        for attempt in range(self.line.tries):
            try:
                self._take(begin, end, got)
                return bytes(got)
            except SourceError as error:
                if attempt + 1 == self.line.tries or error.text not in (CUT, SLOW):
                    raise
                self.line.wait(attempt)
        raise AssertionError("no attempt was made")

    def _take(self, begin: int, end: int, got: bytearray) -> None:
        """Add to ``got`` what is missing of a range."""
        from urllib3.exceptions import HTTPError

        first = begin + len(got)
        address = public_address(self.url)
        with ask(self.line, self.url, Range=f"bytes={first}-{end - 1}") as answer:
            tag = str(answer.headers.get("ETag") or answer.headers.get("Last-Modified", ""))
            if tag != self.head.tag:
                raise SourceError(DAMAGED, address=address, reason=CHANGED)
            if answer.status_code != 206 or range_of(answer) != (first, end - 1):
                raise SourceError(DAMAGED, address=address, reason=OTHER_RANGE)
            watch = Watch(self.line, address)
            try:
                while chunk := answer.raw.read1(CHUNK):
                    got += chunk
                    self.taken += len(chunk)
                    watch(len(chunk))
            except (HTTPError, OSError) as error:
                raise SourceError(CUT, address=address, got=len(got), size=end - begin) from error
        if len(got) < end - begin:
            raise SourceError(CUT, address=address, got=len(got), size=end - begin)
        if len(got) > end - begin:
            raise SourceError(DAMAGED, address=address, reason=OTHER_RANGE)
