"""Online tiles on the map page: only where the project asks for them, and only after a click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from phusong.data.language import Language, Text
from phusong.layers.project.tiles import MapTable
from phusong.maps.inline import Page, asset

TILE_WORDS: Mapping[str, Text] = {
    "switch": Text("Bản đồ nền trực tuyến", "Online base map"),
    "note": Text(
        "Khi bật, trang tải ảnh từ {host}; máy chủ đó biết nơi đang xem.",
        "When on, the page loads images from {host}, which learns what is looked at.",
    ),
}


def tiles_data(table: MapTable, lang: Language) -> dict[str, Any]:
    """Return what ``assets/map_tiles.js`` needs."""
    return {
        "url": table.tiles,
        "attribution": table.tiles_attribution,
        "switch": TILE_WORDS["switch"].say(lang),
        "note": TILE_WORDS["note"].say(lang, host=table.host),
    }


def offer_tiles(page: Page, table: MapTable | None, lang: Language) -> None:
    """Add the switch of the tiles to a map page; without a table the page stays as it is, to the byte.

    The host joins the policy's images, and nothing else does.
    """
    if table is None:
        return
    page.image_hosts = (f"https://{table.host}",)
    page.data["phusong-tiles"] = tiles_data(table, lang)
    page.scripts += [asset("map_tiles.js"), "phusongTiles(map_phusong);"]
