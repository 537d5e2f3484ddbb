"""Before and after of two results and of two output folders: the same figures, drawn and swiped."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_hex

from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, format_number
from phusong.layers.grid import Raster
from phusong.maps.before_after import (
    MARKED_POINTS,
    SLIDER,
    before_after_writers,
    draw_before_after,
    state_of,
    state_of_output,
    write_before_after,
)
from phusong.maps.colours import PERCENT_COLOURS, css, percent_class
from phusong.maps.map_page.before import joined_pages, page_data
from phusong.maps.write import write_outputs

QUERY = (
    "indicator == 'population' and service == '4G' and operator == 'any'"
    " and level == 'commune'"
)


@pytest.fixture(scope="module")
def earlier(tiny_result: Result) -> Result:
    """The province with a tenth to all of the covered people of now, and no coverage in the west."""
    table = tiny_result.indicators.copy()
    mine = (table["indicator"] == "population") & (table["operator"] == ANY)
    table.loc[mine, "numerator"] *= np.linspace(0.1, 1.0, int(mine.sum()))
    table.loc[mine, "percent"] = 100.0 * table["numerator"] / table["denominator"]
    reaches = dict(tiny_result.reaches)
    for key, reach in reaches.items():
        covered = reach.covered.values.copy()
        covered[:, : covered.shape[1] // 2] = False
        reaches[key] = dataclasses.replace(reach, covered=Raster(covered, reach.covered.grid))
    return dataclasses.replace(tiny_result, indicators=table, reaches=reaches)


@pytest.fixture(scope="module")
def folders(
    tiny_result: Result, earlier: Result, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("sides")
    write_outputs(earlier, folder / "a", "vi")
    write_outputs(tiny_result, folder / "b", "vi")
    return folder / "a", folder / "b"


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_both_sides_have_the_colours_of_their_shares(
    tiny_result: Result, earlier: Result, lang: Language
) -> None:
    service = "4G"
    states = state_of(earlier, lang, name="A <b>"), state_of(tiny_result, lang, name="B")
    figure = draw_before_after(*states, service, lang)
    drawn = [
        [to_hex(c) for c in collection.get_facecolor()]
        for axes in figure.axes[:2]
        for collection in axes.collections
        if isinstance(collection, PatchCollection)
    ]
    tables = [r.indicators.query(QUERY) for r in (earlier, tiny_result)]
    assert drawn == [[css(PERCENT_COLOURS[percent_class(p)]) for p in t["percent"]] for t in tables]
    points = tables[1]["percent"].to_numpy() - tables[0]["percent"].to_numpy()
    marks = [line for line in figure.axes[1].lines if line.get_marker() == "^"]
    assert sum(len(line.get_xdata()) for line in marks) == int((points >= MARKED_POINTS).sum()) > 0
    said = " ".join(t.get_text() for t in figure.texts)
    whole = [
        r.indicators.query(QUERY.replace("commune", "province")).iloc[0] for r in (earlier, tiny_result)
    ]
    assert f"+{format_number(whole[1].numerator - whole[0].numerator, lang, 0)}" in said
    for word in ("A <b>", "B", "chưa đo kiểm" if lang == "vi" else "not verified"):
        assert word in said


def test_a_loss_is_said_as_one(tiny_result: Result, earlier: Result) -> None:
    figure = draw_before_after(state_of(tiny_result, "vi"), state_of(earlier, "vi"), "4G", "vi")
    assert any(line.get_marker() == "v" for line in figure.axes[1].lines)
    assert "Thay đổi: −" in " ".join(t.get_text() for t in figure.texts)
    same = draw_before_after(state_of(earlier, "vi"), state_of(earlier, "vi"), "4G", "vi")
    assert "Thay đổi: 0,0 điểm %, 0 người" in " ".join(t.get_text() for t in same.texts)
    assert not [line for line in same.axes[1].lines if line.get_marker() in "^v"]


def test_results_and_their_outputs_tell_the_same(
    tiny_result: Result, earlier: Result, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    for result, folder in zip((earlier, tiny_result), folders, strict=True):
        live, read = state_of(result, "vi"), state_of_output(folder, "vi")
        assert read.people == live.people
        assert (read.province, read.as_of, read.services, read.criteria, read.notes) == (
            live.province, live.as_of, live.services, live.criteria, live.notes
        )  # fmt: skip
        gap_m = read.communes.to_crs(live.communes.crs).union_all().symmetric_difference(
            live.communes.union_all()
        )  # fmt: skip
        assert gap_m.area < 1e-6 * live.communes.union_all().area
    pages = {}
    for name, sides in (("live", (earlier, tiny_result)), ("read", folders)):
        (tmp_path / name).mkdir()
        files = write_before_after(*sides, tmp_path / name, "vi", names=("Hiện trạng", "Theo phương án"))
        assert {p.name for p in (tmp_path / name).iterdir()} == set(files)
        wanted = {f"map_before_after_{s}.{k}" for s in ("4G", "5G", "fibre") for k in ("png", "svg")}
        assert set(files) == {SLIDER, *wanted}
        ElementTree.parse(files["map_before_after_4G.svg"])
        pages[name] = page_data(files[SLIDER].read_text(encoding="utf-8"))["before"]
    assert pages["live"]["names"] == pages["read"]["names"] == ["Hiện trạng", "Theo phương án"]
    assert pages["live"]["overlays"] == pages["read"]["overlays"]
    for pair, rows in pages["live"]["figures"].items():
        assert pages["read"]["figures"][pair] == pytest.approx(np.array(rows), abs=0.011)


def test_sides_that_do_not_fit_are_refused(
    tiny_result: Result, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="two results or two output folders"):
        before_after_writers(tiny_result, folders[0], "vi")
    (tmp_path / "indicators.json").write_text('{"schema": "other", "version": "1.0"}', encoding="utf-8")
    with pytest.raises(ValueError, match="another schema"):
        state_of_output(tmp_path, "vi")
    with pytest.raises(ValueError, match="no map page"):
        joined_pages(folders[0] / "index.html", folders[1] / "map.html", ("a", "b"))
    other = tmp_path / "map.html"
    page = (folders[0] / "map.html").read_text(encoding="utf-8")
    other.write_text(page.replace('"00101"', '"99999"'), encoding="utf-8")
    with pytest.raises(ValueError, match="same communes"):
        joined_pages(other, folders[1] / "map.html", ("a", "b"))


def test_a_name_cannot_break_the_page(folders: tuple[Path, Path]) -> None:
    page = joined_pages(*(f / "map.html" for f in folders), ("</script><script>alert(1)</script>", "b"))
    assert "<script>alert" not in page
    assert page_data(page)["before"]["names"][0] == "</script><script>alert(1)</script>"
