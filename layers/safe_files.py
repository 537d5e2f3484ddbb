"""Files that must not be opened as they are: archives that swell, endless lines, formulas without values."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from phusong.data.language import Text
from phusong.layers.rules import Report, error
from phusong.layers.tables.workbook_xml import check_extents, sheet_path, tell_failed

LONGEST_LINE = 100_000_000
"""Bytes; a row with the polygon of a province in a cell has a few million."""
_BLOCK = 1 << 24

LONG_LINE = error(
    "endless-line",
    "Tệp có dòng dài hơn {mb} MB: không phải bảng dữ liệu.",
    "The file has a line of more than {mb} MB: this is no table.",
    "Kiểm tra tệp có bị hỏng hoặc đặt sai đuôi tên không.",
    "Check whether the file is damaged, or has the wrong suffix.",
)
NO_VALUE = error(
    "formula-without-value",
    "{n} ô có công thức nhưng chưa có kết quả: {cells}.",
    "{n} cells hold a formula without its result: {cells}.",
    "Mở tệp bằng Excel, để Excel tính rồi lưu lại; hoặc dán thành giá trị.",
    "Open the file in Excel, let it calculate and save it; or paste the values.",
)
LOCKED_BOOK = error(
    "workbook-locked",
    "Bảng tính có mật khẩu.", "The workbook has a password.",
    "Mở bằng Excel, bỏ mật khẩu (Tệp > Thông tin > Bảo vệ sổ làm việc) rồi lưu lại.",
    "Open it in Excel, take the password off (File > Info > Protect Workbook), and save it.",
)
NOT_A_TABLE = error(
    "not-a-table",
    "Tệp có đuôi '{suffix}' nhưng nội dung là {what}.", "The file is called '{suffix}' but is {what}.",
    "{remedy}", "{remedy}",
)
_MAGIC: tuple[tuple[bytes, str, Text], ...] = (
    (b"\xd0\xcf\x11\xe0", ".xls", Text("tệp Office cũ (Excel 2003)", "an old Office file (Excel 2003)")),
    (b"PK\x03\x04", ".zip", Text("tệp nén (zip hoặc Excel)", "an archive (zip or Excel)")),
    (b"%PDF", "", Text("tệp PDF", "a PDF")),
    (b"\x89PNG", "", Text("ảnh PNG", "a PNG image")),
    (b"\xff\xd8\xff", "", Text("ảnh JPEG", "a JPEG image")),
    (b"II*\x00", "", Text("ảnh TIFF", "a TIFF image")),
    (b"MM\x00*", "", Text("ảnh TIFF", "a TIFF image")),
    (b"SQLite format 3", ".gpkg", Text("tệp SQLite hoặc GeoPackage", "an SQLite file or GeoPackage")),
    (b"PAR1", ".parquet", Text("tệp Parquet", "a Parquet file")),
    (b"\x1f\x8b", ".csv.gz", Text("tệp nén gzip", "a gzip archive")),
    (b"Rar!", "", Text("tệp nén RAR", "a RAR archive")),
    (b"7z\xbc\xaf", "", Text("tệp nén 7z", "a 7z archive")),
)
_XML_SHEET = b"urn:schemas-microsoft-com:office:spreadsheet"
_SHEET_2003 = Text("bảng tính XML (Excel 2003)", "an XML spreadsheet (Excel 2003)")
_SAVE_AGAIN = Text("Mở bằng Excel rồi lưu thành .xlsx.", "Open it in Excel and save it as .xlsx.")
_LOCK = Text("tệp khóa tạm của Excel, không có số liệu", "a lock file of Excel without data")
_WITHOUT_MARK = Text("Ghi tên tệp không có '~$'.", "Give the name without '~$'.")
_RENAME = Text("Đổi đuôi tệp thành {right}.", "Rename it to {right}.")
_ASK = Text("Xin lại tệp bảng tính hoặc CSV.", "Ask for the spreadsheet, or a CSV.")
_REMEDIES = {_SHEET_2003: _SAVE_AGAIN, _LOCK: _WITHOUT_MARK}
_BINARY = Text("dữ liệu nhị phân, không phải văn bản", "binary data and no text")


def content_of(path: Path) -> tuple[str, Text]:
    """Return what a file is by its first bytes: the suffix that it should have, and its name in words.

    Text has the suffix ``.csv``, a web page ``.html``; what is no table has none.
    """
    from phusong.layers.tables.html_tables import is_html

    with path.open("rb") as stream:
        head = stream.read(4096)
    if path.name.startswith("~$"):
        return "", _LOCK
    if _XML_SHEET in head.replace(b"\x00", b""):
        return "", _SHEET_2003
    for magic, suffix, name in _MAGIC:
        if head.startswith(magic):
            if suffix == ".zip":
                suffix = _zip_suffix(path)
            return suffix, name
    if is_html(head):
        return ".html", Text("trang web (HTML)", "a web page (HTML)")
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    return ("", _BINARY) if b"\x00" in head and not wide else (".csv", Text("văn bản", "text"))


def _zip_suffix(path: Path) -> str:
    if not zipfile.is_zipfile(path):
        return ".zip"
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    if "xl/workbook.bin" in names:
        return ".xlsb"
    if "xl/workbook.xml" in names:
        return ".xlsx"
    return ".ods" if {"mimetype", "content.xml"} <= names else ".zip"


def tell_content(path: Path, report: Report, right: str, what: Text) -> None:
    """Tell that a file is something else than its suffix says, and what to do."""
    remedy = _REMEDIES.get(what, _ASK)
    if right:
        remedy = Text(_RENAME.say("vi", right=right), _RENAME.say("en", right=right))
    report.once(NOT_A_TABLE, suffix=path.suffix, what=what, remedy=remedy)


def check_book(path: Path, report: Report) -> bool:
    """Tell whether a workbook may be opened: no archive that swells, no sheet without end, no password."""
    from phusong.layers.vectors.archives import check_archive

    if not zipfile.is_zipfile(path):
        if _is_locked(path.read_bytes()):
            report.once(LOCKED_BOOK)
            return False
        return True
    with zipfile.ZipFile(path) as archive:
        return check_archive(archive, report) and check_extents(archive, report)


def check_lines(path: Path, report: Report) -> bool:
    """Tell whether a text file has lines of a length that a table may have; reads large files only."""
    if path.stat().st_size <= LONGEST_LINE:
        return True
    length = 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            first = block.find(b"\n")
            if length + (len(block) if first < 0 else first) > LONGEST_LINE:
                report.once(LONG_LINE, mb=LONGEST_LINE // 1_000_000)
                return False
            length = length + len(block) if first < 0 else len(block) - block.rfind(b"\n") - 1
    return True


_EMPTY_FORMULA = re.compile(
    rb"(?:</f>|<f\b[^>]*/>)\s*(?P<end></c>|<v\s*/>|<v></v>)", re.DOTALL
)
_ODS_FORMULA = re.compile(rb'<table:table-cell\b[^>]*table:formula="[^>]*>')


def check_formulas(path: Path, sheet: int, report: Report) -> bool:
    """Tell whether all formulas of a sheet have the results that a spreadsheet saves beside them.

    Parameters
    ----------
    path : Path
    sheet : int
        Position of the sheet in the workbook.
    report : Report
    """
    if not zipfile.is_zipfile(path):
        cells = _old_without_value(path.read_bytes())
        return _tell_formulas(cells, report)
    with zipfile.ZipFile(path) as archive:
        if "content.xml" in archive.namelist():
            found = [m.group() for m in _ODS_FORMULA.finditer(archive.read("content.xml"))]
            cells = ["?" for tag in found if b"office:value-type" not in tag and b"value-type" not in tag]
        else:
            name = sheet_path(archive, sheet)
            data = archive.read(name) if name in archive.namelist() else b""
            cells = _without_value(data) if b"<f" in data else []
            tell_failed(data, report)
    return _tell_formulas(cells, report)


def _tell_formulas(cells: list[str], report: Report) -> bool:
    if not cells:
        return True
    row = re.sub(r"\D", "", cells[0])
    report.once(
        NO_VALUE, row=row, n=len(cells), cells=", ".join(cells[:10]) + (", …" if len(cells) > 10 else "")
    )
    return False


_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FILEPASS = 0x002F
_BOOK_STARTS = re.compile(rb"\x09\x08[\x08-\x10]\x00\x00\x06\x05\x00")
_FORMULA, _LARGEST = 0x0006, 8224


def _is_locked(data: bytes) -> bool:
    """Tell whether an Office file has a password: a new workbook inside an old container, or FILEPASS."""
    if _ENCRYPTED in data:  # [MS-OFFCRYPTO], 2.3.4.4
        return True
    start = next((m.start() for m in _BOOK_STARTS.finditer(data) if m.start() % 512 == 0), None)
    for _ in range(5):  # FILEPASS stands among the first records ([MS-XLS], 2.4.117)
        if start is None or start + 4 > len(data):
            break
        kind, size = (int.from_bytes(data[start + i : start + i + 2], "little") for i in (0, 2))
        if kind == _FILEPASS:
            return True
        start += 4 + size
    return False


def _old_without_value(data: bytes) -> list[str]:
    """Return the cells of an Excel 2003 book with formulas none of which has a result.

    A FORMULA record holds its result, ``FFFF`` and 3 for an empty text ([MS-XLS], 2.4.127 and 2.5.133).
    Programs that do not calculate write that for all; in a book that was calculated, not every one is
    empty. The records are walked from the book's first one, as far as they lie side by side.
    """
    start = next((m.start() for m in _BOOK_STARTS.finditer(data) if m.start() % 512 == 0), None)
    cells: list[str] = []
    while start is not None and start + 4 <= len(data):
        kind, size = (int.from_bytes(data[start + i : start + i + 2], "little") for i in (0, 2))
        body = data[start + 4 : start + 4 + size]
        if size > _LARGEST or (kind == 0 and size == 0):
            break
        if kind == _FORMULA and size >= 20:
            if body[12:14] != b"\xff\xff" or body[6] != 3:
                return []
            row, column = (int.from_bytes(body[i : i + 2], "little") for i in (0, 2))
            letters = (chr(64 + column // 26) if column >= 26 else "") + chr(65 + column % 26)
            cells.append(f"{letters}{row + 1}")
        start += 4 + size
    return cells


def _without_value(data: bytes) -> list[str]:
    cells = []
    for match in _EMPTY_FORMULA.finditer(data):
        start = data.rfind(b"<c ", 0, match.start())
        tag = data[start : data.find(b">", start)]
        if b't="str"' in tag and match["end"] != b"</c>":
            continue  # a formula whose result is an empty text
        place = re.search(rb'\br="([A-Z]+\d+)"', tag)
        cells.append(place[1].decode() if place else "?")
    return cells
