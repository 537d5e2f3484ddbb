"""KML and KMZ as Google Earth and contractors' tools write them: folders, attributes in HTML balloons."""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import numpy as np
import shapely

from phusong.layers.rules import Report, error, fold, hint, warning
from phusong.layers.tables.opening import UNKNOWN_SHEET, RawTable
from phusong.layers.vectors.archives import check_archive, read_member
from phusong.layers.vectors.xml_documents import child_of, parsed, tag_of, text_in, text_of

SUFFIXES = (".kml", ".kmz")
FOLDER = "folder"
"""Column with the names of the folders that hold a placemark, from the outermost in."""
_BETWEEN = " / "
_DEEPEST = 100

NO_KML = error(
    "kmz-without-kml",
    "Tệp KMZ không chứa tệp .kml nào.", "The KMZ holds no .kml file.",
    "Xuất lại từ Google Earth.", "Export it again from Google Earth.",
)
NETWORK_LINK = warning(
    "kml-network-link",
    "{n} liên kết mạng (NetworkLink) không được tải; chỉ đọc dữ liệu nằm trong tệp.",
    "{n} network links are not followed; only what is in the file is read.",
    "Trong Google Earth, lưu cả nội dung liên kết vào tệp.",
    "In Google Earth, save what they lead to in the file.",
)
BAD_COORDINATES = error(
    "kml-coordinates",
    "Không đọc được tọa độ của đối tượng '{name}'.", "The coordinates of '{name}' cannot be read.",
    "Tọa độ KML ghi 'kinh độ,vĩ độ[,cao độ]', cách nhau bằng dấu trắng.",
    "KML writes 'longitude,latitude[,height]', with spaces between the points.",
)
NO_SHAPE = warning(
    "kml-without-geometry",
    "{n} mục không có hình (chỉ là ghi chú): bỏ qua.",
    "{n} placemarks have no geometry, they are notes: left out.",
)


@dataclass(frozen=True)
class _Feature:
    folder: str
    cells: dict[str, str]
    shape: Any


def read_kml(path: Path, report: Report, layer: str | None = None) -> RawTable | None:
    """Read the placemarks of a KML, or of the main document of a KMZ.

    Parameters
    ----------
    path : Path
    report : Report
    layer : str, optional
        A folder: its placemarks only, and those of the folders in it.

    Returns
    -------
    RawTable or None
        ``name``, ``folder`` (``Viettel / 4G``), the attributes of ``ExtendedData`` and those that the
        description holds as an HTML table or as lines ``key: value``; what else it says is in
        ``description``. WGS 84, as the standard has it (OGC KML 2.3, 12-007r2).
    """
    from pyproj import CRS

    read = _roots(path, report)
    if read is None:
        return None
    roots, links = read
    features = [f for folders, root in roots for f in _features(root, folders, report)]
    if layer is not None:
        folders = sorted({f.folder for f in features})
        wanted = [f for f in features if _in_folder(f.folder, layer)]
        if not wanted:
            names = sorted({part for folder in folders for part in folder.split(_BETWEEN) if part})
            report.once(
                UNKNOWN_SHEET, value=layer, name=layer, names=", ".join(names) or "–", near=hint(layer, names)
            )
            return None
        features = wanted
    if links:
        report.once(NETWORK_LINK, n=links)
    shaped = [(i, f.cells, f.shape) for i, f in enumerate(features, start=1) if f.shape is not None]
    if len(shaped) < len(features):
        report.once(NO_SHAPE, n=len(features) - len(shaped))
    return feature_table(shaped, CRS.from_epsg(4326), always=("name", FOLDER))


def feature_table(
    features: Sequence[tuple[int, Mapping[str, str], Any]], crs: Any, *, always: Collection[str] = ()
) -> RawTable:
    """Return features as a table: a column for each spelling-blind header of any of them.

    Parameters
    ----------
    features : sequence of (row, cells by header, shape)
    crs : CRS
    always : collection of str
        Headers whose columns stay where all cells are empty.
    """
    key_of = {header: fold(header) or header for _, cells, _ in features for header in cells}
    headers: dict[str, str] = {}
    for header, key in key_of.items():
        headers.setdefault(key, header)
    columns = {key: np.full(len(features), "", dtype=object) for key in headers}
    for i, (_, cells, _) in enumerate(features):
        for header, value in cells.items():
            columns[key_of[header]][i] = value
    kept = {h: columns[k] for k, h in headers.items() if h in always or any(columns[k])}
    shapes = np.empty(len(features), dtype=object)
    shapes[:] = [shape for _, _, shape in features]
    rows = np.array([row for row, _, _ in features], dtype=np.int64)
    return RawTable(MappingProxyType(kept), rows, shapes, crs)


def _roots(path: Path, report: Report) -> tuple[list[tuple[tuple[str, ...], Any]], int] | None:
    """Return the documents of a file, each with the folder that it stands in, and the links out of it.

    The main document of a KMZ may only lead to others in the archive, as GDAL and QGIS write it.
    """
    if not zipfile.is_zipfile(path):
        root = parsed(path.read_bytes(), report)
        return None if root is None else ([((), root)], len(_links(root)))
    with zipfile.ZipFile(path) as archive:
        if not check_archive(archive, report):
            return None
        documents = [n for n in archive.namelist() if n.lower().endswith(".kml")]
        if not documents:
            report.once(NO_KML)
            return None
        # doc.kml at the root, else the one nearest to it.
        waiting: list[tuple[tuple[str, ...], str]] = [
            ((), min(documents, key=lambda n: (n.count("/"), n.lower() != "doc.kml")))
        ]
        roots: list[tuple[tuple[str, ...], Any]] = []
        seen: set[str] = set()
        seen_links: set[tuple[str, str]] = set()
        outside = 0
        while waiting:
            folders, name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            data = read_member(archive, name, report)
            root = None if data is None else parsed(data, report)
            if root is None:
                return None
            roots.append((folders, root))
            for title, href in _links(root):
                inner = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(href)))
                if inner in documents:
                    waiting.append(((*folders, title) if title else folders, inner))
                elif (name, href) not in seen_links:
                    outside += 1
                seen_links.add((name, href))
            if not waiting and not any(tag_of(e) == "Placemark" for _, r in roots for e in r.iter()):
                # Old zip tools garble names that are not ASCII, so that no link fits: take what there is.
                waiting = [((), n) for n in documents if n not in seen]
                outside = 0 if waiting else outside
    return [(folders or _own_folder(root, roots), root) for folders, root in roots], outside


def _own_folder(root: Any, roots: list[tuple[tuple[str, ...], Any]]) -> tuple[str, ...]:
    """Return the name of a document that is one of several, as the folder of its placemarks."""
    document = child_of(root, "Document")
    own = text_in(document, "name") if document is not None and root is not roots[0][1] else ""
    return (own,) if own else ()


def _links(root: Any) -> list[tuple[str, str]]:
    """Return name and target of every network link."""
    found = []
    for element in root.iter():
        if tag_of(element) == "NetworkLink":
            links = (child_of(element, name) for name in ("Link", "Url"))
            link = next((e for e in links if e is not None), None)
            found.append((text_in(element, "name"), text_in(link, "href") if link is not None else ""))
    return found


def _features(element: Any, folders: tuple[str, ...], report: Report) -> Iterator[_Feature]:
    if len(folders) > _DEEPEST:
        return
    for child in element:
        kind = tag_of(child)
        if kind == "Folder":
            yield from _features(child, (*folders, text_in(child, "name") or "–"), report)
        elif kind in ("Document", "kml", "Create"):
            yield from _features(child, folders, report)
        elif kind == "Placemark":
            yield _feature(child, folders, report)


def _in_folder(folder: str, wanted: str) -> bool:
    return folder == wanted or fold(wanted) in {fold(part) for part in folder.split(_BETWEEN)} or (
        folder.startswith(wanted + _BETWEEN)
    )


def _feature(placemark: Any, folders: tuple[str, ...], report: Report) -> _Feature:
    name = text_in(placemark, "name")
    cells = {"name": name, FOLDER: _BETWEEN.join(folders)}
    description = child_of(placemark, "description")
    told = "".join(description.itertext()) if description is not None else ""
    attributes, rest = parse_description(told)
    for key, value in [*attributes.items(), *_extended(placemark)]:
        cells[key if key not in ("name", FOLDER) else f"{key}_2"] = value
    cells["description"] = rest
    try:
        shape = _shape(placemark)
    except ValueError:
        report.once(BAD_COORDINATES, value=name, name=name)
        shape = None
    return _Feature(cells[FOLDER], cells, shape)


def _extended(placemark: Any) -> Iterator[tuple[str, str]]:
    for data in (e for e in placemark.iter() if tag_of(e) in ("Data", "SimpleData")):
        key = " ".join((data.get("name") or text_in(data, "displayName")).split())
        value = text_in(data, "value") if tag_of(data) == "Data" else text_of(data)
        if key:
            yield key, value


def _shape(placemark: Any) -> Any:
    shapes = [s for e in placemark for s in _shapes(e)]
    if not shapes:
        return None
    if len(shapes) == 1:
        return shapes[0]
    kinds = {s.geom_type for s in shapes}
    if len(kinds) == 1:
        gather: dict[str, Any] = {"Point": shapely.MultiPoint, "LineString": shapely.MultiLineString,
                                  "Polygon": shapely.MultiPolygon}  # fmt: skip
        return gather[kinds.pop()](shapes)
    return shapely.GeometryCollection(shapes)


def _shapes(element: Any) -> Iterator[Any]:
    kind = tag_of(element)
    if kind == "Point":
        yield shapely.Point(_positions(element)[0])
    elif kind in ("LineString", "LinearRing"):
        yield shapely.LineString(_positions(element))
    elif kind == "Polygon":
        outer, *holes = [
            _positions(ring)
            for side in ("outerBoundaryIs", "innerBoundaryIs")
            for boundary in element if tag_of(boundary) == side
            for ring in boundary if tag_of(ring) == "LinearRing"
        ] or [[]]
        yield shapely.Polygon(outer, holes)
    elif kind == "Track":
        where = [e.text.split()[:2] for e in element if tag_of(e) == "coord" and e.text]
        yield shapely.LineString([(float(x), float(y)) for x, y in where])
    elif kind in ("MultiGeometry", "MultiTrack"):
        for part in element:
            yield from _shapes(part)


def _positions(element: Any) -> list[tuple[float, float]]:
    """Return the positions of a ``coordinates`` element; spaces after commas are forgiven."""
    found = child_of(element, "coordinates")
    text = re.sub(r"\s*,\s*", ",", (found.text or "") if found is not None else "").split()
    positions = []
    for place in text:
        parts = place.split(",")
        if len(parts) < 2:
            raise ValueError(place)
        positions.append((float(parts[0]), float(parts[1])))
    if not positions or not np.isfinite(positions).all():
        raise ValueError("no coordinates")
    return positions


class _Balloon(HTMLParser):
    """Cells of the tables of a description, and its plain text, line by line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.lines: list[str] = [""]
        self.cell: list[str] | None = None
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Begin a row, a cell or a line."""
        self._close_cell(tag in ("td", "th", "tr"))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            if not self.rows:
                self.rows.append([])
            self.cell = []
        elif tag in ("script", "style"):
            self.silent += 1
        elif tag in ("br", "p", "div", "li", "table"):
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        """End a cell, a line, or what is not to be read."""
        self._close_cell(tag in ("td", "th", "tr", "table"))
        if tag in ("script", "style"):
            self.silent = max(0, self.silent - 1)
        elif tag in ("p", "div", "li", "table"):
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        """Add text to the cell that is open, or to the lines."""
        if self.silent:
            return
        if self.cell is not None:
            self.cell.append(data)
        else:
            first, *others = data.split("\n")
            self.lines[-1] += first
            self.lines += others

    def _close_cell(self, closing: bool) -> None:
        if closing and self.cell is not None:
            self.rows[-1].append(" ".join("".join(self.cell).split()))
            self.cell = None


_PAIR = re.compile(r"([^:=]{1,40}?)\s*[:=]\s*(.*)")


def parse_description(text: str) -> tuple[dict[str, str], str]:
    """Return the attributes that a balloon shows, and what else it says.

    A table with the attribute in its first cell and the value in its second gives a column a row, as does
    a table of one row of headers and one of values; outside tables, lines ``key: value`` do.

    >>> parse_description("<table><tr><td>Mã trạm</td><td>GL01</td></tr></table>Cao: 42 m")
    ({'Mã trạm': 'GL01', 'Cao': '42 m'}, '')
    """
    balloon = _Balloon()
    balloon.feed(text if "<" in text else html.unescape(text))
    balloon.close()
    balloon._close_cell(True)
    rows = [r for r in balloon.rows if any(r)]
    found: dict[str, str] = {}
    if len(rows) == 2 and len(rows[0]) == len(rows[1]) > 2:
        pairs = list(zip(*rows, strict=True))
    else:
        pairs = [(r[0], r[1]) for r in rows if len(r) == 2]
    for key, value in pairs:
        if key.rstrip(": "):
            found.setdefault(key.rstrip(": "), value)
    rest = []
    for line in (" ".join(line.split()) for line in balloon.lines):
        pair = _PAIR.fullmatch(line)
        if pair and not line.lower().startswith(("http:", "https:")):
            found.setdefault(pair[1].strip(), pair[2].strip())
        elif line:
            rest.append(line)
    rest += [" ".join(r) for r in rows if len(r) == 1]
    return found, " ".join(rest)
