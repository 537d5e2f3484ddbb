"""The form of an administrative document: page, fonts, headings, tables, page numbers.

Source: Decree 30/2020/ND-CP, annex I (form of administrative documents): A4; margins top and bottom 20-25,
left 30-35, right 15-20 mm; Times New Roman 13-14; page number in Arabic figures, centred in the top margin,
not shown on the first page.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phusong.data.language import Language
from phusong.maps.document.paper import Letterhead, Signature
from phusong.maps.safe import one_line, shorten

if TYPE_CHECKING:
    from docx.document import Document

FONT = "Times New Roman"
BODY_PT = 13.0
TABLE_PT = 11.0
TEXT_WIDTH_MM = 210.0 - 30.0 - 18.0
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)


def new_document(title: str, day: datetime.date, lang: Language) -> Document:
    """Return an empty document in the form of the decree."""
    import docx
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(22)
    section.left_margin, section.right_margin = Mm(30), Mm(18)
    section.header_distance = Mm(10)
    for name in ("Normal", "Heading 1", "Heading 2", "Caption", "List Bullet"):
        style = document.styles[name]
        style.font.name = FONT
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.font.size = Pt(BODY_PT)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{attribute}"), None)
        for attribute in ("ascii", "hAnsi", "eastAsia", "cs"):
            fonts.set(qn(f"w:{attribute}"), FONT)
    for name in ("Heading 1", "Heading 2"):
        document.styles[name].paragraph_format.keep_with_next = True
        document.styles[name].paragraph_format.space_before = Pt(10)
        document.styles[name].paragraph_format.space_after = Pt(4)
        document.styles[name].font.bold = True
    normal = document.styles["Normal"].paragraph_format
    normal.space_after, normal.line_spacing = Pt(6), 1.08
    _set_language(document, "vi-VN" if lang == "vi" else "en-GB")
    _number_pages(section)
    core = document.core_properties
    moment = datetime.datetime.combine(day, datetime.time())
    core.title, core.author, core.comments, core.last_modified_by = one_line(title)[:250], "", "", ""
    core.created = core.modified = moment
    core.revision = 1
    return document


def _set_language(document: Document, code: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    properties = document.styles["Normal"].element.get_or_add_rPr()
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), code)
    properties.append(language)


def _number_pages(section: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    section.different_first_page_header_footer = True
    paragraph = section.header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "2"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)


def paragraph(
    where: Any, text: str, *, bold: bool = False, italic: bool = False, align: str = "justify",
    size_pt: float | None = None, indent: bool = False, after_pt: float | None = None,
) -> Any:
    """Add a paragraph of one run to a document or a cell and return it."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    added = where.add_paragraph()
    run = added.add_run(one_line(text))
    run.bold, run.italic = bold or None, italic or None
    if size_pt is not None:
        run.font.size = Pt(size_pt)
    added.alignment = getattr(WD_ALIGN_PARAGRAPH, align.upper())
    if indent:
        added.paragraph_format.first_line_indent = Mm(10)
    if after_pt is not None:
        added.paragraph_format.space_after = Pt(after_pt)
    return added


def rule(where: Any, width_mm: float) -> None:
    """Draw a short line in the middle, as under the motto, the agency and the title."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    added = paragraph(where, "", align="center", after_pt=0)
    added.paragraph_format.line_spacing = Pt(4)
    side = Mm(width_mm)
    added.paragraph_format.left_indent = added.paragraph_format.right_indent = side
    borders = OxmlElement("w:pBdr")
    line = OxmlElement("w:top")
    for key, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        line.set(qn(f"w:{key}"), value)
    borders.append(line)
    added._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def boxed(added: Any) -> None:
    """Draw a frame round a paragraph."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        line = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", "8"), ("space", "2"), ("color", "000000")):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)
    added._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def table(
    document: Document, header: Sequence[str], rows: Sequence[Sequence[str]], widths_mm: Sequence[float],
    *, numbers: Sequence[int] = (),
) -> None:
    """Add a table with a header that repeats on every page; columns in ``numbers`` are set right.

    Widths are scaled to the width of the text.
    """
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.shared import Mm

    scale = TEXT_WIDTH_MM / sum(widths_mm)
    sides = [Mm(width * scale) for width in widths_mm]
    made = document.add_table(rows=0, cols=len(header))
    made.style = document.styles["Table Grid"]
    made.alignment = WD_TABLE_ALIGNMENT.CENTER
    made.autofit = False
    for number, cells in enumerate([header, *rows]):
        row = made.add_row()
        _keep_whole(row, repeat=number == 0)
        for col, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
            cell.width = sides[col]
            _fill(cell, shorten(text, 160), number == 0, col in numbers)
    _set_columns(made, sides)
    paragraph(document, "", size_pt=6, after_pt=0)


def frame(document: Document, widths_mm: Sequence[float]) -> tuple[Any, ...]:
    """Add one row of cells without borders, empty even of paragraphs, and return the cells."""
    from docx.shared import Mm

    made = document.add_table(rows=1, cols=len(widths_mm))
    made.autofit = False
    cells = made.rows[0].cells
    for cell, width in zip(cells, widths_mm, strict=True):
        cell.width = Mm(width)
        cell._tc.remove(cell.paragraphs[0]._p)
    _set_columns(made, [Mm(width) for width in widths_mm])
    return tuple(cells)


def _set_columns(made: Any, sides: Sequence[Any]) -> None:
    """Set the grid too: LibreOffice goes by it, Word by the cells."""
    for column, side in zip(made.columns, sides, strict=True):
        column.width = side


def _fill(cell: Any, text: str, head: bool, right: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    only = cell.paragraphs[0]
    run = only.add_run(text)
    run.font.size = Pt(TABLE_PT)
    run.bold = head or None
    only.paragraph_format.space_after = Pt(1)
    only.paragraph_format.line_spacing = 1.0
    align = WD_ALIGN_PARAGRAPH
    only.alignment = align.CENTER if head else align.RIGHT if right else align.LEFT


def _keep_whole(row: Any, repeat: bool) -> None:
    from docx.oxml import OxmlElement

    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if repeat:
        properties.append(OxmlElement("w:tblHeader"))


def picture(document: Document, png: bytes, caption: str, width_mm: float = TEXT_WIDTH_MM) -> None:
    """Add a picture with its caption below and as its description."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    added = document.add_paragraph()
    added.alignment = WD_ALIGN_PARAGRAPH.CENTER
    added.paragraph_format.keep_with_next = True
    shape = added.add_run().add_picture(io.BytesIO(png), width=Mm(width_mm))
    shape._inline.docPr.set("descr", one_line(caption))
    paragraph(document, caption, italic=True, align="center", size_pt=12)


def save(document: Document, path: Path) -> None:
    """Write the document; entries of the archive carry no time of day."""
    stream = io.BytesIO()
    document.save(stream)
    with zipfile.ZipFile(stream) as made, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as kept:
        for entry in made.infolist():
            info = zipfile.ZipInfo(entry.filename, _ZIP_DAY)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            kept.writestr(info, made.read(entry.filename))


class DocxPaper:
    """A report that becomes a Word document; see `phusong.maps.document.paper.Paper`."""

    def __init__(self, title: str, day: datetime.date, lang: Language) -> None:
        self._document = new_document(title, day, lang)

    def letterhead(self, head: Letterhead | None, draft: str) -> None:
        """Write the head with the mark of a draft; without a head, the mark alone."""
        if head is None:
            _draft(self._document, draft)
            return
        left, right = frame(self._document, (66, TEXT_WIDTH_MM - 66))
        center: Any = {"align": "center", "after_pt": 0}
        for line in head.above:
            paragraph(left, line, size_pt=12, **center)
        paragraph(left, head.agency, bold=True, size_pt=12, **center)
        rule(left, 22)
        paragraph(left, head.number, size_pt=13, **center)
        _draft(left, draft)
        paragraph(right, head.country, bold=True, size_pt=12, **center)
        paragraph(right, head.motto, bold=True, size_pt=13, **center)
        rule(right, 20)
        paragraph(right, head.day, italic=True, size_pt=13, **center)

    def title(self, kind: str, about: str, date: str) -> None:
        """Write what the document is and what it is about."""
        from docx.shared import Mm

        bold: Any = {"bold": True, "align": "center", "size_pt": 14, "after_pt": 0}
        paragraph(self._document, kind, **bold).paragraph_format.space_before = Mm(4)
        paragraph(self._document, about, **bold)
        paragraph(self._document, date, align="center", after_pt=2)
        rule(self._document, 60)

    def heading(self, text: str) -> None:
        """Open a section."""
        self._document.add_heading(text, level=1)

    def text(self, text: str) -> None:
        """Write a paragraph."""
        paragraph(self._document, text, indent=True)

    def caption(self, text: str) -> None:
        """Write the caption of the table that follows."""
        added = paragraph(self._document, text, bold=True, align="center", size_pt=12, after_pt=3)
        added.paragraph_format.keep_with_next = True

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths_mm: Sequence[float],
        *,
        numbers: Sequence[int] = (),
    ) -> None:
        """Write a table; its header repeats on every page, columns in ``numbers`` are set right."""
        table(self._document, header, rows, widths_mm, numbers=numbers)

    def annex(self, kind: str, about: str, remark: str) -> None:
        """Begin an annex on a page of its own."""
        bold: Any = {"bold": True, "align": "center", "size_pt": 14, "after_pt": 0}
        paragraph(self._document, kind, **bold).paragraph_format.page_break_before = True
        paragraph(self._document, about, **bold)
        paragraph(self._document, remark, italic=True, align="center", size_pt=12)

    def picture(self, png: bytes, caption: str, *, width_mm: float | None = None) -> None:
        """Show a picture, by default as wide as the text, its caption below."""
        picture(self._document, png, caption, width_mm or TEXT_WIDTH_MM)

    def note(self, text: str) -> None:
        """Write a remark in italics."""
        paragraph(self._document, text, italic=True, size_pt=12)

    def signature(self, foot: Signature) -> None:
        """Write the foot, with room for number, signature and seal left blank."""
        left, right = frame(self._document, (66, TEXT_WIDTH_MM - 66))
        paragraph(left, foot.to, bold=True, italic=True, size_pt=12, align="left", after_pt=0)
        paragraph(left, "- ……………………;", size_pt=11, align="left", after_pt=0)
        paragraph(left, foot.archive, size_pt=11, align="left", after_pt=0)
        paragraph(right, foot.signer, bold=True, align="center", after_pt=0)
        paragraph(right, foot.remark, italic=True, align="center", size_pt=12)

    def save(self, path: Path) -> None:
        """Write the file; its bytes depend on the content only."""
        save(self._document, path)


def _draft(where: Any, text: str) -> None:
    from docx.shared import Mm, Pt

    added = paragraph(where, text, bold=True, align="center", size_pt=13, after_pt=4)
    added.paragraph_format.space_before = Pt(6)
    added.paragraph_format.left_indent = added.paragraph_format.right_indent = Mm(18)
    boxed(added)
