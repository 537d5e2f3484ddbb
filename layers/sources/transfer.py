"""Getting files from elsewhere: resumed, checked, cached, and never half a file for a whole one."""

from __future__ import annotations

import errno
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from phusong.data.language import Text
from phusong.layers.faults import ExpectedError

log = logging.getLogger(__name__)

NO_LIBRARY = Text(
    'Tải dữ liệu cần thêm thư viện {library}: pip install "phusong[fetch]".',
    'Fetching needs the library {library}: pip install "phusong[fetch]".',
)
MISSING = Text(
    "không còn tệp tại {address} (mã {status})", "nothing is at {address} any more (status {status})"
)
BUSY = Text(
    "máy chủ {host} từ chối hoặc quá tải (mã {status}), đã thử {n} lần",
    "the server {host} refuses or is overloaded (status {status}), tried {n} times",
)
DOWN = Text(
    "không liên lạc được với {host}, đã thử {n} lần ({reason})",
    "{host} cannot be reached, tried {n} times ({reason})",
)
SLOW = Text("{host} gửi quá chậm, đã thử {n} lần", "{host} sends too slowly, tried {n} times")
PAGE = Text(
    "{address} trả về một trang web, không phải dữ liệu: địa chỉ có thể đã đổi, hoặc mạng chặn",
    "{address} answers with a web page instead of data: it may have moved, or the network blocks it",
)
CUT = Text(
    "{address} đứt giữa chừng: được {got} trong {size} byte",
    "{address} broke off: {got} of {size} bytes",
)
CHECKSUM = Text(
    "mã kiểm tra của {address} không khớp với mã của nhà xuất bản",
    "the checksum of {address} is not the publisher's",
)
OFFLINE = Text(
    "chưa có trong bộ nhớ đệm, và --offline không cho tải ({address})",
    "it is not in the cache, and --offline forbids fetching ({address})",
)
DAMAGED = Text("{address} không đọc được: {reason}", "{address} cannot be read: {reason}")

OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS, errno.EIO)
"""Errors of writing, which no other attempt at the server mends."""
RETRIED = (429, 500, 502, 503, 504)
CHUNK = 1 << 18
SEEN = 512
"""Bytes that are looked at to tell data from a web page."""


class SourceError(ExpectedError):
    """A source did not give what it should; the message is a part of a sentence, without a full stop."""

    def __init__(self, text: Text, *, missing: bool = False, **values: Any) -> None:
        super().__init__(text, **values)
        self.missing = missing


Report = Callable[[Text, float], None]


@dataclass(frozen=True)
class Line:
    """How to reach the world.

    Attributes
    ----------
    cache : Path
        Shared by all projects and processes of a user.
    offline : bool
        Take nothing that is not in the cache.
    mirror : str
        Base address of a copy: ``https://host/path`` is then asked for as ``<mirror>/host/path``.
    tries : int
        Attempts before a server is given up.
    wait_s : float
        Before the second attempt; doubled each time, unless the server says how long.
    timeout_s : float
        Without any byte.
    slow_bytes_per_s, slow_s : float
        A transfer below this speed for this long is broken off and resumed.
    refresh : bool
        Take again what the cache has, where it has changed.
    progress : callable, optional
        Called with what is being fetched and the part done.
    """

    cache: Path
    offline: bool = False
    mirror: str = ""
    tries: int = 4
    wait_s: float = 2.0
    timeout_s: float = 60.0
    slow_bytes_per_s: float = 500.0
    slow_s: float = 60.0
    refresh: bool = False
    progress: Report | None = None

    def address(self, url: str) -> str:
        """Return where to ask for ``url``."""
        if not self.mirror:
            return url
        return self.mirror.rstrip("/") + "/" + url.partition("://")[2]

    def wait(self, attempt: int, told: str | None = None) -> None:
        """Wait before the next attempt, as long as the server asks for but no longer than a minute."""
        seconds = float(told) if told and told.isdigit() else self.wait_s * 2.0**attempt
        time.sleep(min(seconds, 60.0))


def default_cache() -> Path:
    """Return the user's cache folder: ``PHUSONG_CACHE``, else the system's place for caches."""
    if os.environ.get("PHUSONG_CACHE"):
        return Path(os.environ["PHUSONG_CACHE"])
    return Path(_library("pooch").os_cache("phusong"))


def user_agent() -> str:
    """Return how the program names itself to servers."""
    from importlib.metadata import version

    return f"phusong/{version('phusong')} (coverage planning; +https://pypi.org/project/phusong/)"


def public_address(url: str) -> str:
    """Return an address without its query, which may hold a token."""
    return url.partition("?")[0]


def _library(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExpectedError(NO_LIBRARY, library=name) from error


@dataclass(frozen=True)
class Head:
    """What a server says of a file.

    Attributes
    ----------
    size : int
        Bytes; -1 where it is not said.
    ranges : bool
        Parts of it can be asked for.
    tag : str
        ETag or date of the last change: by it a change is noticed.
    """

    size: int
    ranges: bool
    tag: str


def ask(line: Line, url: str, **headers: str) -> Any:
    """Ask a server, patiently, and return the open answer.

    Raises
    ------
    SourceError
        ``missing`` where the file is not there; else refused, down, or a web page.
    """
    requests = _library("requests")
    address = line.address(url)
    host = urlsplit(address).netloc
    for attempt in range(line.tries):
        last = attempt + 1 == line.tries
        try:
            answer = requests.get(
                address, stream=True, timeout=line.timeout_s,
                headers={"User-Agent": user_agent(), "Accept-Encoding": "identity", **headers},
            )
        except requests.RequestException as error:
            if last:
                reason = type(error).__name__
                raise SourceError(DOWN, host=host, n=line.tries, reason=reason) from error
            line.wait(attempt)
            continue
        if answer.status_code in RETRIED:
            answer.close()
            if last:
                raise SourceError(BUSY, host=host, status=str(answer.status_code), n=line.tries)
            line.wait(attempt, answer.headers.get("Retry-After"))
            continue
        if answer.status_code >= 400 and answer.status_code != 416:
            answer.close()
            gone = answer.status_code in (403, 404, 410)
            raise SourceError(
                MISSING, missing=gone, address=public_address(address), status=str(answer.status_code)
            )
        return answer
    raise AssertionError("no attempt was made")


def look(line: Line, url: str) -> Head:
    """Ask for the first bytes of a file: whether it is there, how long it is, whether it is data."""
    answer = ask(line, url, Range=f"bytes=0-{SEEN - 1}")
    with answer:
        first = next(answer.iter_content(SEEN), b"")
        refuse_page(first, line.address(url))
        said = re.search(r"/(\d+)$", answer.headers.get("Content-Range", ""))
        size = int(said[1]) if said else int(answer.headers.get("Content-Length", -1))
        tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified", "")
        begins = str(answer.headers.get("Content-Range", "")).startswith("bytes 0-")
        return Head(size, answer.status_code == 206 and begins, str(tag))


def refuse_page(first: bytes, address: str) -> None:
    """Raise `SourceError` where a file begins as a web page."""
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        raise SourceError(PAGE, address=public_address(address))


def cached_path(line: Line, url: str) -> Path:
    """Return where the cache keeps a file: by its address without the query, which may hold a token."""
    parts = urlsplit(url)
    # OpenCelliD has one address for all its files, which its query names.
    file = dict(parse_qsl(parts.query)).get("file", "")
    name = parts.path.lstrip("/") + (f"-{Path(file).name}" if file else "")
    return line.cache / "files" / parts.netloc.replace(":", "_") / name


def download(line: Line, url: str, *, checksum: str | None = None, fresh: bool = False) -> Path:
    """Return a whole file from the cache, fetched into it first if need be.

    Parameters
    ----------
    line : Line
    url : str
    checksum : str, optional
        ``md5:…`` or ``sha256:…`` of the publisher: another file in the cache is replaced.
    fresh : bool
        Ask the server even where the cache has the file, and take it again if it has changed.

    Raises
    ------
    SourceError
        And the cache holds no such file, or the former one. What came is kept beside it as ``.part`` and
        resumed the next time, except after a wrong checksum.
    """
    path = cached_path(line, url)
    if line.offline:
        if path.is_file():
            return path
        raise SourceError(OFFLINE, address=public_address(url))
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path):
        if path.is_file() and fresh and checksum is None and _changed(line, url, path):
            path.unlink()
        pooch = _library("pooch")
        pooch.get_logger().setLevel("WARNING")
        try:
            pooch.retrieve(
                url, known_hash=checksum, fname=path.name, path=path.parent, downloader=_Resuming(line, path)
            )
        except ValueError as error:  # pooch on a wrong checksum
            part_of(path).unlink(missing_ok=True)
            raise SourceError(CHECKSUM, address=public_address(url)) from error
    return path


def part_of(path: Path) -> Path:
    """Return where the beginning of a file waits for its rest."""
    return path.with_name(path.name + ".part")


def tag_of(path: Path) -> Path:
    """Return where the cache keeps what the server said of a file."""
    return path.with_name(path.name + ".tag")


def _changed(line: Line, url: str, path: Path) -> bool:
    head = look(line, url)
    known = tag_of(path).read_text(encoding="utf-8") if tag_of(path).is_file() else ""
    return head.tag != known or head.size not in (-1, path.stat().st_size)


class _Resuming:
    """A downloader for pooch that goes on where an earlier one was cut off."""

    def __init__(self, line: Line, path: Path) -> None:
        self.line = line
        self.path = path

    def __call__(self, url: str, output_file: str | Path, pooch: Any, check_only: bool = False) -> None:
        """Fetch ``url`` into ``output_file``."""
        part = part_of(self.path)
        for attempt in range(self.line.tries):
            try:
                self._go_on(url, part)
                break
            except SourceError as error:
                if attempt + 1 == self.line.tries or error.text not in (CUT, SLOW):
                    raise
                log.info("%s", error)
                self.line.wait(attempt)
        os.replace(part, output_file)

    def _go_on(self, url: str, part: Path) -> None:
        from urllib3.exceptions import HTTPError

        mark = tag_of(part)
        have = part.stat().st_size if part.is_file() else 0
        known = mark.read_text(encoding="utf-8") if have and mark.is_file() else ""
        if not known:
            have = 0
        headers = {"Range": f"bytes={have}-", "If-Range": known} if have else {}
        answer = ask(self.line, url, **headers)
        address = public_address(self.line.address(url))
        with answer:
            if answer.status_code == 416:  # the file was complete, or is another one now
                part.unlink(missing_ok=True)
                raise SourceError(CUT, address=address, got=0, size=have)
            begin = have if answer.status_code == 206 else 0
            told = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
            if begin and (told is None or int(told[1]) != begin):
                # Another part than asked for: joined to the beginning it would make a file that never was.
                part.unlink(missing_ok=True)
                raise SourceError(CUT, address=address, got=0, size=have)
            length = int(answer.headers.get("Content-Length", -1))
            size = begin + length if length >= 0 else -1
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified", "")
            mark.write_text(tag, encoding="utf-8")
            got = begin
            watch = Watch(self.line, address)
            try:
                with part.open("r+b" if begin else "wb") as file:
                    file.seek(begin)
                    # What has arrived, not a full piece: a trickle must be noticed, and nothing lost.
                    for chunk in iter(lambda: answer.raw.read1(CHUNK), b""):
                        if got == 0:
                            refuse_page(chunk, address)
                        file.write(chunk)
                        got += len(chunk)
                        watch(len(chunk))
                        if self.line.progress and size > 0:
                            self.line.progress(Text(self.path.name, self.path.name), got / size)
            except (HTTPError, OSError) as error:
                if isinstance(error, OSError) and error.errno in OF_THE_DISK:
                    raise
                log.info("%s: %s", address, error)
                raise SourceError(CUT, address=address, got=got, size=size) from error
            except SourceError as error:
                if error.text is PAGE:
                    part.unlink(missing_ok=True)
                raise
            if size >= 0 and got != size:
                raise SourceError(CUT, address=address, got=got, size=size)
        os.replace(mark, tag_of(self.path))


class Watch:
    """Raise where a transfer is slower than the line allows, over the last ``slow_s`` seconds."""

    def __init__(self, line: Line, address: str) -> None:
        self.line = line
        self.host = urlsplit(address).netloc
        self.since = time.monotonic()
        self.got = 0

    def __call__(self, n: int) -> None:
        """Count ``n`` bytes that have just come."""
        self.got += n
        passed = time.monotonic() - self.since
        if passed < self.line.slow_s:
            return
        if self.got < self.line.slow_bytes_per_s * passed:
            raise SourceError(SLOW, host=self.host, n=self.line.tries)
        self.since, self.got = time.monotonic(), 0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the only right to write a file of the cache, among all processes; the system lets go of it."""
    lock = path.with_name(path.name + ".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+b") as file:
        if os.name == "nt":
            import msvcrt

            while True:
                try:
                    file.seek(0)
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
                    break
                except OSError:
                    time.sleep(0.5)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def publisher_md5(line: Line, url: str) -> str | None:
    """Return ``md5:…`` from the file beside a file, as ``md5sum`` writes it; None offline."""
    if line.offline:
        return None
    answer = ask(line, url + ".md5")
    with answer:
        text = next(answer.iter_content(4096), b"")
    refuse_page(text, line.address(url + ".md5"))
    found = re.match(rb"([0-9a-fA-F]{32})\b", text.strip())
    if not found:
        reason = "md5"
        raise SourceError(DAMAGED, address=public_address(url + ".md5"), reason=reason)
    return "md5:" + found[1].decode().lower()
