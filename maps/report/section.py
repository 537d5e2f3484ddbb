"""What all sections of the report share: words, figures, footnotes, tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from phusong.data.language import Language, format_number
from phusong.maps.figures import Figures, Ratio
from phusong.maps.inline import escape
from phusong.maps.report.words import REPORT_WORDS

PRINTED = 20
"""Communes of a long table that are printed; all are on the screen and in the workbook."""


class Section:
    """Words, figures and footnotes that all sections share.

    Attributes
    ----------
    figures : Figures
    lang : {"vi", "en"}
    """

    def __init__(self, figures: Figures, lang: Language) -> None:
        self.figures, self.lang = figures, lang
        self._note = {s.layer: k for k, s in enumerate(figures.result.layers.sources, start=1)}

    def word(self, key: str, **values: Any) -> str:
        """Return a phrase of the report, escaped."""
        return escape(REPORT_WORDS[key].say(self.lang, **values))

    def number(self, value: float, decimals: int | None = 0) -> str:
        """Write a number, escaped."""
        return escape(format_number(float(value), self.lang, decimals))

    def notes(self, inputs: Iterable[str]) -> str:
        """Return the marks of the footnotes to the sources of a figure."""
        marks = [self._note[name] for name in inputs if name in self._note]
        label = self.word("footnote")
        links = ",".join(f'<a href="#src{k}" aria-label="{label} {k}">{k}</a>' for k in sorted(marks))
        return f'<sup class="notes">[{links}]</sup>' if links else ""

    def ratio(self, ratio: Ratio | None, decimals: int = 0) -> str:
        """Write a percentage with its counts below."""
        if ratio is None or not ratio.denominator:
            return '<span class="quiet">–</span>'
        return f"{escape(ratio.share(self.lang))}<small>{escape(ratio.counts(self.lang, decimals))}</small>"

    def printed_communes(self) -> frozenset[int]:
        """Return the positions of the communes that a folded table prints: lowest by the first service."""
        ratios = [self.figures.commune(c, self.figures.services[0], "population") for c in self.figures.codes]
        known = [k for k, r in enumerate(ratios) if r is not None and r.denominator > 0]
        return frozenset(sorted(known, key=lambda k: (ratios[k].percent, k))[:PRINTED])  # type: ignore[union-attr]

    def folded(self) -> str:
        """Write, for paper only, which communes a folded table shows and where the others are."""
        every = len(self.figures.codes)
        if every <= PRINTED:
            return ""
        service = self.figures.label(self.figures.services[0], self.lang)
        return f'<p class="quiet onpaper">{self.word("folded", n=PRINTED, every=every, service=service)}</p>'

    def title(self, key: str) -> str:
        """Open a section under its heading."""
        return f'<section id="{key}" aria-labelledby="h-{key}"><h2 id="h-{key}">{self.word(key)}</h2>'


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: int = 1,
    kind: str = "",
    notes: str = "",
    printed: Collection[int] | None = None,
) -> str:
    """Write a table; columns from ``numeric`` on hold numbers, the first one names the row.

    Rows not in ``printed`` are left out on paper, unless the reader asks for all.
    """
    head = "".join(
        f'<th scope="col"{" class=num" if k >= numeric else ""}>{h}</th>' for k, h in enumerate(heads)
    )
    body = []
    for k, row in enumerate(rows):
        fold = "" if printed is None or k in printed else ' class="fold"'
        cells = "".join(
            f"<td{' class=num' if c >= numeric else ''}>{v}</td>" for c, v in enumerate(row[1:], start=1)
        )
        body.append(f'<tr{fold}><th scope="row">{row[0]}</th>{cells}</tr>')
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{caption}"><table class="{kind}">'
        f"<caption>{caption}{notes}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )
