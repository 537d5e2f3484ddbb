"""What all sections of the report share: words, figures, footnotes, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from phusong.data.language import Language, format_number
from phusong.maps.figures import Figures, Ratio
from phusong.maps.inline import escape
from phusong.maps.report_words import REPORT_WORDS


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
) -> str:
    """Write a table; columns from ``numeric`` on hold numbers, the first one names the row."""
    head = "".join(
        f'<th scope="col"{" class=num" if k >= numeric else ""}>{h}</th>' for k, h in enumerate(heads)
    )
    body = []
    for row in rows:
        cells = "".join(
            f"<td{' class=num' if k >= numeric else ''}>{v}</td>" for k, v in enumerate(row[1:], start=1)
        )
        body.append(f'<tr><th scope="row">{row[0]}</th>{cells}</tr>')
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{caption}"><table class="{kind}">'
        f"<caption>{caption}{notes}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )
