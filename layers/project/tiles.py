"""The table ``[map]`` of the project file: a picture from the network, asked for by name."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

_HTTPS = re.compile(r"https://([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?)/([!-~]*)")
_ASKED = ("{x}", "{y}", "{z}")


def _checked(template: str) -> str:
    """Return the address of tiles as it is, if a page can be held to it."""
    found = _HTTPS.fullmatch(template)
    if found is None or re.search(r"""["'<>\\^`|#]""", found[2]):
        raise PydanticCustomError("tiles_address", "no https address of one host")
    if sorted(re.findall(r"\{[^{}]*\}", found[2])) != list(_ASKED) or len(re.findall("[{}]", found[2])) != 6:
        raise PydanticCustomError("tiles_placeholders", "not {z}, {x} and {y}, each once")
    return template


class MapTable(BaseModel):
    """``[map]``: tiles that the map page offers; none is loaded before somebody switches them on.

    ``tiles`` names one host, since the page's Content-Security-Policy lets in images of that host and of
    no other.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    tiles: Annotated[str, Field(max_length=500), AfterValidator(_checked)]
    """``https://host/{z}/{x}/{y}.png``, in Web Mercator."""
    tiles_attribution: str = Field(min_length=1, max_length=300)
    """Whose map it is, as its owner wants it said; plain text."""
    tiles_public: bool = False
    """Whether the public version offers them too."""

    @property
    def host(self) -> str:
        """Host, and port if any, of the tiles."""
        found = _HTTPS.fullmatch(self.tiles)
        assert found is not None
        return found[1].lower()
