"""The frame of a page of sections: heading, tools, contents, one section after another, foot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from phusong.data.language import Language
from phusong.maps.inline import escape
from phusong.maps.page_words import NOT_BOUNDARY, banner, illustration_note
from phusong.maps.tables import version

Word = Callable[[str, Language], str]
"""Returns a phrase: ``title``, ``skip``, ``print``, ``theme``, ``contents``, or the heading of a section."""


def listed(lines: Sequence[str]) -> str:
    """Return sentences as a list of HTML; nothing for none."""
    return f'<ul class="says">{"".join(f"<li>{escape(x)}</li>" for x in lines)}</ul>' if lines else ""


def section_page(
    word: Word,
    lang: Language,
    *,
    name: str,
    about: Sequence[str],
    sections: Sequence[tuple[str, str]],
    aside: str = "",
    foot: str = "",
) -> list[str]:
    """Return the body of a page.

    Parameters
    ----------
    word : callable
    lang : {"vi", "en"}
    name : str
        Of the province; plain text, as are ``about`` and ``foot``. One that is made up is said to be.
    about : sequence of str
        Lines below the name: what it was made from, what counts.
    sections : sequence of (key, HTML)
        The word of the key is the heading; a section without content is left out, of the contents too.
    aside : str
        HTML at the side of the heading, such as a small map.
    foot : str
        Before what every page says at its foot: what the boundaries are not, and the version.
    """

    def w(key: str) -> str:
        """Return a phrase, escaped."""
        return escape(word(key, lang))

    there = [(key, content) for key, content in sections if content]
    links = "".join(f'<a href="#{key}">{w(key)}</a>' for key, _ in there)
    said = " ".join(escape(x) for x in (foot, NOT_BOUNDARY.say(lang), f"phusong {version()}.") if x)
    return [
        f'<a class="skip" href="#main">{w("skip")}</a>',
        banner(illustration_note(name, lang)),
        '<header class="top"><div>',
        f'<p class="kind">{w("title")}</p><h1>{escape(name)}</h1>',
        *(f"<p>{escape(line)}</p>" for line in about),
        f'<p class="tools"><button type="button" id="print">{w("print")}</button> '
        f'<button type="button" id="theme">{w("theme")}</button></p></div>{aside}</header>',
        f'<nav aria-label="{w("contents")}">{links}</nav>',
        '<main id="main" tabindex="-1">',
        *(
            f'<section id="{key}" aria-labelledby="h-{key}"><h2 id="h-{key}">{w(key)}</h2>{content}</section>'
            for key, content in there
        ),
        f"</main><footer>{said}</footer>",
    ]
