"""Scripts and styles inside the page, and the policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.resources
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from phusong.data.language import Language
from phusong.maps.safe import one_line

_BREAKS_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
_URL = re.compile(r"url\((images/[A-Za-z0-9.-]+\.png)\)")


def escape(text: object) -> str:
    """Return text from data for the body or an attribute of a page."""
    return html.escape(one_line(str(text)), quote=True)


def safe_json(value: Any) -> str:
    """Write JSON that may stand inside a script element: no ``<``, ``>``, ``&``, no U+2028.

    NaN is not JSON: it raises `ValueError`.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_BREAKS_SCRIPT)


@lru_cache(maxsize=16)
def asset(name: str) -> str:
    """Return one of our own style sheets or scripts."""
    return (importlib.resources.files("phusong.maps") / "assets" / name).read_text(encoding="utf-8")


def _leaflet() -> Path:
    from xstatic.pkg import leaflet

    return Path(leaflet.BASE_DIR)


@lru_cache(maxsize=1)
def leaflet_js() -> str:
    """Return Leaflet as the xstatic package ships it, without its link to a source map."""
    text = (_leaflet() / "leaflet.js").read_text(encoding="utf-8")
    return re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "", text)


@lru_cache(maxsize=1)
def leaflet_css() -> str:
    """Return Leaflet's style sheet with its images inside."""

    def inline(match: re.Match[str]) -> str:
        """Return an image as a data URI."""
        image = (_leaflet() / match.group(1)).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(image).decode('ascii')})"

    text = _URL.sub(inline, (_leaflet() / "leaflet.css").read_text(encoding="utf-8"))
    # A behaviour of Internet Explorer 8 that no policy allows and no browser here knows.
    return text.replace("behavior: url(#default#VML);", "")


def _sha256(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _blocks(data: dict[str, Any]) -> list[str]:
    return [f'<script type="application/json" id="{k}">{safe_json(v)}</script>' for k, v in data.items()]


@dataclass
class Page:
    """One self-contained page under construction.

    Attributes
    ----------
    title : str
        Plain text.
    body : list of str
        HTML, already escaped.
    styles, scripts : list of str
        Inlined in this order; scripts at the end of the body.
    data : mapping of id to value
        Written as JSON blocks before the scripts.
    late : mapping of id to value
        Written as JSON blocks behind the scripts, which begin before it is read.
    frames : bool
        Whether the page may show a file beside it in a frame.
    image_hosts : tuple of str
        Whose images may be loaded, as ``https://host``; nobody's otherwise.
    """

    lang: Language
    title: str
    body: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    late: dict[str, Any] = field(default_factory=dict)
    frames: bool = False
    image_hosts: tuple[str, ...] = ()

    def policy(self) -> str:
        """Return the Content-Security-Policy: nothing from outside, only these very scripts and styles."""
        parts = [
            "default-src 'none'",
            " ".join(("img-src data:", *self.image_hosts)),
            "script-src " + " ".join(_sha256(s) for s in self.scripts),
            "style-src " + " ".join(_sha256(s) for s in self.styles),
            "base-uri 'none'",
            "form-action 'none'",
        ]
        if self.frames:
            parts.append("frame-src 'self' file:")
        return "; ".join(parts)

    def render(self) -> str:
        """Return the page.

        Raises
        ------
        ValueError
            If a style or script would end its own element.
        """
        for text in (*self.styles, *self.scripts):
            if re.search(r"</(script|style)|<!--", text, re.IGNORECASE) or "\r" in text:
                raise ValueError("an inlined text would end its element, or changes when it is parsed")
        head = [
            "<!DOCTYPE html>",
            f'<html lang="{self.lang}">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{html.escape(self.policy(), quote=True)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            '<link rel="icon" href="data:,">',
            f"<title>{escape(self.title)}</title>",
            *(f"<style>{s}</style>" for s in self.styles),
            "</head>",
            "<body>",
        ]
        tail = [
            *_blocks(self.data),
            *(f"<script>{s}</script>" for s in self.scripts),
            *_blocks(self.late),
            "</body>",
            "</html>",
            "",
        ]
        return "\n".join([*head, *self.body, *tail])
