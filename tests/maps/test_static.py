"""Maps for documents and slides: drawn, in words, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rasterio.io import MemoryFile

from phusong.coverage.result import ANY, Result
from phusong.data.language import Language
from phusong.maps.colours import PERCENT_COLOURS, percent_class
from phusong.maps.static import draw_gaps, draw_service
from phusong.maps.static_parts import class_names, png_bytes, write_map


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_communes_have_the_colours_of_their_shares(tiny_result: Result) -> None:
    with MemoryFile(png_bytes(draw_service(tiny_result, "5G", "vi"))) as file, file.open() as dataset:
        assert dataset.width > 1000
        pixels = dataset.read([1, 2, 3]).reshape(3, -1).T
    table = tiny_result.indicators
    table = table[(table["level"] == "commune") & (table["service"] == "5G") & (table["operator"] == ANY)
                  & (table["indicator"] == "population")]
    drawn = {percent_class(p) for p in table["percent"]}
    assert len(drawn) == 2
    for k, colour in enumerate(PERCENT_COLOURS):
        share = np.all(pixels == np.array(colour), axis=1).mean()
        assert (share > 0.02) == (k in drawn), (k, share)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_words_are_on_the_map(tiny_result: Result, tmp_path: Path, lang: Language) -> None:
    figure = draw_service(tiny_result, "4G", lang)
    texts = [t.get_text() for t in figure.texts]
    texts += [t.get_text() for legend in figure.legends for t in legend.get_texts()]
    texts += [t.get_text() for axes in figure.axes for t in axes.texts]
    said = " ".join(" ".join(texts).split())
    for name in class_names(lang):
        assert name in said
    for wanted in ("Hoàng Sa", "Trường Sa", "2 km", "2026"):
        assert wanted in said
    assert ("chưa đo kiểm" if lang == "vi" else "not verified") in said


def test_same_figure_same_bytes(tiny_result: Result, tmp_path: Path) -> None:
    day = tiny_result.layers.project.province.as_of
    for suffix in (".png", ".svg"):
        for name in ("a", "b"):
            write_map(draw_service(tiny_result, "fibre", "vi"), tmp_path / f"{name}{suffix}", day)
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_the_map_of_all_gaps_is_small_as_svg(tiny_result: Result, tmp_path: Path) -> None:
    path = tmp_path / "gaps.svg"
    write_map(draw_gaps(tiny_result, "vi"), path, tiny_result.layers.project.province.as_of)
    drawn = path.read_text(encoding="utf-8")
    # Fills are a picture, so that a thousand gaps cost no more than ten; words and borders stay sharp.
    assert "<image" in drawn
    assert drawn.count("<path") > 20
    assert "Mạng" not in drawn
    assert len(drawn) < 400_000
