"""XML from elsewhere: parsed without document types, whose entities could make a small file endless."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from phusong.layers.rules import Report, error

DOCTYPE = error(
    "xml-with-entities",
    "Tệp XML khai báo DOCTYPE; vì an toàn, tệp không được đọc.",
    "The XML declares a DOCTYPE; for safety, it is not read.",
    "Mở bằng Google Earth hoặc QGIS rồi lưu lại.", "Open it in Google Earth or QGIS, and save it again.",
)


class _RefusedError(Exception):
    pass


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse a document type: entities could make a small file endless."""
        raise _RefusedError


def parsed(data: bytes, report: Report) -> Any:
    """Return the root of a document, None if it declares a document type.

    Raises
    ------
    ElementTree.ParseError
        It is no XML.
    """
    try:
        return ElementTree.fromstring(data, parser=ElementTree.XMLParser(target=_Builder()))
    except _RefusedError:
        report.once(DOCTYPE)
        return None


def tag_of(element: Any) -> str:
    """Return the name of an element without its namespace; nothing for a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child_of(element: Any, name: str) -> Any:
    """Return the first child of a name, None where there is none."""
    return next((e for e in element if tag_of(e) == name), None)


def text_of(element: Any) -> str:
    """Return all text in an element, spaces made one."""
    return " ".join("".join(element.itertext()).split())


def text_in(element: Any, name: str) -> str:
    """Return the text of a child; nothing where there is none."""
    found = child_of(element, name)
    return text_of(found) if found is not None else ""
