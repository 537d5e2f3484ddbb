"""The form of an administrative document as a PDF, with fonts inside; the counterpart of `docx_form`.

Page and margins as there (Decree 30/2020/ND-CP, annex I). The decree asks for Times New Roman, which may not
be shipped: DejaVu Serif stands for it, which comes with matplotlib (Bitstream Vera licence), holds every
Vietnamese letter and runs wider, so that the body is set at 11 points.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from phusong.data.language import Language
from phusong.maps.document.docx_form import TEXT_WIDTH_MM
from phusong.maps.document.paper import Letterhead, Signature
from phusong.maps.safe import one_line, shorten

FONT = "PhusongSerif"
BODY_PT, TABLE_PT = 11.0, 8.5
_MM = 72.0 / 25.4
_TOP_MM, _LEFT_MM = 22.0, 30.0
_FACES = {
    "": "DejaVuSerif", "-B": "DejaVuSerif-Bold", "-I": "DejaVuSerif-Italic", "-BI": "DejaVuSerif-BoldItalic",
}  # fmt: skip
_HEAD_MM = (64.0, TEXT_WIDTH_MM - 64.0)


@lru_cache(maxsize=1)
def _register() -> None:
    """Tell reportlab of the fonts that matplotlib ships."""
    import matplotlib as mpl
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for face, file in _FACES.items():
        pdfmetrics.registerFont(TTFont(FONT + face, str(folder / f"{file}.ttf")))
    pdfmetrics.registerFontFamily(
        FONT, normal=FONT, bold=f"{FONT}-B", italic=f"{FONT}-I", boldItalic=f"{FONT}-BI"
    )


class PdfPaper:
    """A report that becomes a PDF; see `phusong.maps.document.paper.Paper`."""

    def __init__(self, title: str, lang: Language) -> None:
        _register()
        self.document_title, self.lang = one_line(title)[:250], lang
        self._story: list[Any] = []

    def _style(self, **values: Any) -> Any:
        from reportlab.lib.styles import ParagraphStyle

        size = values.pop("size", BODY_PT)
        return ParagraphStyle(
            "phusong", fontName=values.pop("font", FONT), fontSize=size, leading=size * 1.32, **values
        )

    def _line(self, text: str, **values: Any) -> Any:
        from reportlab.platypus import Paragraph

        # Room left for a number or a day is kept; a paragraph would draw it together.
        said = re.sub("  +", lambda gap: "\u00a0" * len(gap.group()), escape(one_line(text)))
        return Paragraph(said or "\u00a0", self._style(**values))

    def _rule(self, width_mm: float) -> Any:
        from reportlab.platypus import Flowable

        class Rule(Flowable):  # type: ignore[misc,unused-ignore]
            """A short line in the middle; reportlab's own stands left in a cell."""

            def wrap(self, width: float, height: float) -> tuple[float, float]:
                """Take the width of the column."""
                self.width = width
                return width, 6.0

            def draw(self) -> None:
                """Draw the line."""
                middle, half = self.width / 2, width_mm * _MM / 2
                self.canv.setLineWidth(0.7)
                self.canv.line(middle - half, 3.0, middle + half, 3.0)

        return Rule()

    def _boxed(self, text: str) -> Any:
        return self._line(
            text, font=f"{FONT}-B", alignment=1, borderWidth=1, borderColor="#000000", borderPadding=3,
            spaceBefore=10, spaceAfter=6, leftIndent=13 * _MM, rightIndent=13 * _MM,
        )  # fmt: skip

    def letterhead(self, head: Letterhead | None, draft: str) -> None:
        """Write the head with the mark of a draft; without a head, the mark alone."""
        from reportlab.platypus import Spacer, Table

        if head is None:
            self._story.append(self._boxed(draft))
            return
        center: dict[str, Any] = {"alignment": 1, "size": 9.5}
        bold = {**center, "font": f"{FONT}-B"}
        left = [
            *(self._line(line, **center) for line in head.above),
            self._line(head.agency, **bold), self._rule(20),
            self._line(head.number, **center), self._boxed(draft),
        ]  # fmt: skip
        right = [
            self._line(head.country, **(bold | {"size": 9.0})), self._line(head.motto, **bold),
            self._rule(46),
            self._line(head.day, **(center | {"font": f"{FONT}-I"})),
        ]  # fmt: skip
        self._story += [self._frame(left, right, Table), Spacer(1, 6)]

    def _frame(self, left: list[Any], right: list[Any], table: Any) -> Any:
        made = table([[left, right]], colWidths=[w * _MM for w in _HEAD_MM])
        every = ((0, 0), (-1, -1))
        made.setStyle([("FONTNAME", *every, FONT), ("VALIGN", *every, "TOP"), *_no_padding()])
        return made

    def title(self, kind: str, about: str, date: str) -> None:
        """Write what the document is and what it is about."""
        bold: dict[str, Any] = {"font": f"{FONT}-B", "alignment": 1, "size": 12.5}
        self._story += [
            self._line(kind, **bold), self._line(about, **bold), self._line(date, alignment=1),
            self._rule(42),
        ]  # fmt: skip

    def heading(self, text: str) -> None:
        """Open a section."""
        from reportlab.platypus import CondPageBreak

        self._story += [
            CondPageBreak(28 * _MM), self._line(text, font=f"{FONT}-B", spaceBefore=9, spaceAfter=4)
        ]  # fmt: skip

    def text(self, text: str) -> None:
        """Write a paragraph."""
        self._story.append(self._line(text, alignment=4, firstLineIndent=10 * _MM, spaceAfter=5))

    def caption(self, text: str) -> None:
        """Write the caption of the table that follows."""
        from reportlab.platypus import CondPageBreak

        added = self._line(text, font=f"{FONT}-B", alignment=1, size=10, spaceBefore=4, spaceAfter=4)
        # To keep it with a long table would move the whole table.
        self._story += [CondPageBreak(40 * _MM), added]

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths_mm: Sequence[float],
        *,
        numbers: Sequence[int] = (),
    ) -> None:
        """Write a table; its header repeats on every page, columns in ``numbers`` are set right."""
        from reportlab.platypus import LongTable, Spacer

        scale = TEXT_WIDTH_MM / sum(widths_mm) * _MM
        head = [self._line(shorten(t, 160), font=f"{FONT}-B", alignment=1, size=TABLE_PT) for t in header]
        body = [
            [
                self._line(shorten(t, 160), alignment=2 if col in numbers else 0, size=TABLE_PT)
                for col, t in enumerate(row)
            ]
            for row in rows
        ]
        made = LongTable([head, *body], colWidths=[w * scale for w in widths_mm], repeatRows=1)
        made.setStyle([
            ("FONTNAME", (0, 0), (-1, -1), FONT),  # else Helvetica, which would not be in the file
            ("GRID", (0, 0), (-1, -1), 0.5, "#000000"), ("VALIGN", (0, 0), (-1, 0), "MIDDLE"),
            ("VALIGN", (0, 1), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3), ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ])  # fmt: skip
        self._story += [made, Spacer(1, 8)]

    def annex(self, kind: str, about: str, remark: str) -> None:
        """Begin an annex on a page of its own."""
        from reportlab.platypus import PageBreak

        bold: dict[str, Any] = {"font": f"{FONT}-B", "alignment": 1, "size": 12.5}
        self._story += [
            PageBreak(), self._line(kind, **bold), self._line(about, **bold),
            self._line(remark, font=f"{FONT}-I", alignment=1, size=10, spaceAfter=6),
        ]  # fmt: skip

    def picture(self, png: bytes, caption: str, *, width_mm: float | None = None) -> None:
        """Show a picture, by default as wide as the text, its caption below."""
        from reportlab.platypus import Image, KeepTogether

        image = Image(io.BytesIO(png))
        width = (width_mm or TEXT_WIDTH_MM) * _MM
        image.drawHeight, image.drawWidth = width * image.imageHeight / image.imageWidth, width
        below = self._line(caption, font=f"{FONT}-I", alignment=1, size=10, spaceAfter=8)
        self._story.append(KeepTogether([image, below]))

    def note(self, text: str) -> None:
        """Write a remark in italics."""
        self._story.append(self._line(text, font=f"{FONT}-I", alignment=4, size=10, spaceAfter=8))

    def signature(self, foot: Signature) -> None:
        """Write the foot, with room for number, signature and seal left blank."""
        from reportlab.platypus import KeepTogether, Table

        left = [
            self._line(foot.to, font=f"{FONT}-BI", size=10), self._line("- ……………………;", size=9.5),
            self._line(foot.archive, size=9.5),
        ]  # fmt: skip
        right = [
            self._line(foot.signer, font=f"{FONT}-B", alignment=1),
            self._line(foot.remark, font=f"{FONT}-I", alignment=1, size=10),
        ]
        self._story.append(KeepTogether([self._frame(left, right, Table)]))

    def save(self, path: Path) -> None:
        """Write the file; its bytes depend on the content only."""
        from reportlab.platypus import SimpleDocTemplate

        document = SimpleDocTemplate(
            str(path), pagesize=(210 * _MM, 297 * _MM), leftMargin=_LEFT_MM * _MM - 6,
            rightMargin=(210 - _LEFT_MM - TEXT_WIDTH_MM) * _MM - 6, topMargin=_TOP_MM * _MM - 6,
            bottomMargin=_TOP_MM * _MM - 6, title=self.document_title, author="", creator="phusong",
            invariant=1, initialFontName=FONT, lang="vi-VN" if self.lang == "vi" else "en-GB",
        )  # fmt: skip
        with _bare_streams():
            document.build(self._story, onLaterPages=_number)


@contextmanager
def _bare_streams() -> Iterator[None]:
    """Have reportlab leave compressed streams as bytes: as text of 85 letters they are larger and slow."""
    from reportlab import rl_config

    before, rl_config.useA85 = rl_config.useA85, 0
    try:
        yield
    finally:
        rl_config.useA85 = before


def _no_padding() -> list[tuple[Any, ...]]:
    sides = ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")
    return [(side, (0, 0), (-1, -1), 0) for side in sides]


def _number(canvas: Any, document: Any) -> None:
    """Write the number of a page in the middle of its top margin; the first one has no number."""
    canvas.saveState()
    canvas.setFont(FONT, BODY_PT)
    canvas.drawCentredString(105 * _MM, (297 - 13) * _MM, str(document.page))
    canvas.restoreState()
