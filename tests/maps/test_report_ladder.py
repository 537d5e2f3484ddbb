"""Spread, ranking and ladder of the communes say the numbers of the indicators."""

from __future__ import annotations

import html
import re

import pytest

from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, format_number
from phusong.maps import charts
from phusong.maps.figures import Figures
from phusong.maps.report.ladder import ladder, ranking, spread
from phusong.maps.report.section import Section


@pytest.fixture
def section(tiny_result: Result) -> Section:
    return Section(Figures(tiny_result), "vi")


def _cells(text: str) -> list[list[str]]:
    """The rows of all tables in the text, as plain words."""
    rows = re.findall(r"<tr>(.*?)</tr>", text.split("<tbody>", 1)[1], flags=re.DOTALL)
    cut = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.DOTALL) for row in rows]
    return [[html.unescape(re.sub("<[^>]+>", " ", c)).strip() for c in row] for row in cut]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_bars_hold_every_commune_and_everybody_once(tiny_result: Result, lang: Language) -> None:
    figures = Figures(tiny_result)
    total = figures.province("4G", "population")
    assert total is not None
    for service in figures.services:
        drawn = charts.spread(figures, service, lang)
        communes = [float(w) for w in re.findall(r'edge" x="0" y="\d+" width="([\d.]+)"', drawn)]
        people = [float(w) for w in re.findall(r'folk" x="0" y="\d+" width="([\d.]+)"', drawn)]
        assert len(communes) == len(people) == 6
        assert sum(communes) == pytest.approx(300.0, abs=0.5)
        assert sum(people) == pytest.approx(300.0, abs=0.5)
    table = tiny_result.indicators.query(
        "level == 'commune' and service == '5G' and operator == 'any' and indicator == 'population'"
    )
    low = table[table["percent"] < 20]
    word = 'xã' if lang == 'vi' else 'communes'
    said = f"{len(low)} {word} · {format_number(low['denominator'].sum(), lang, 0)}"
    assert said in charts.spread(figures, "5G", lang)


def test_spread_names_its_inputs(section: Section) -> None:
    text = spread(section)
    assert text.count('href="#src2"') == 3
    assert 'role="img"' in text


def test_ranking_goes_by_share_and_by_people_left(tiny_result: Result, section: Section) -> None:
    table = tiny_result.indicators.query(
        "level == 'commune' and service == '4G' and operator == 'any' and indicator == 'population'"
    )
    table = table.assign(left=table["denominator"] - table["numerator"])
    lowest = table.sort_values(["percent", "left"], ascending=[True, False])["name"].tolist()
    most = table.sort_values("left", ascending=False)
    rows = _cells(ranking(section))
    head = next(k for k, row in enumerate(rows) if k and row[0] in ("1", "Hạng"))
    assert [row[1] for row in rows[:head] if row[0].isdigit()] == [n for n in lowest if n]
    second = [row for row in rows[head:] if row[0].isdigit()][: int((most["left"] >= 0.5).sum())]
    assert [row[1] for row in second] == most.loc[most["left"] >= 0.5, "name"].tolist()
    assert second[0][3] == format_number(most["left"].iloc[0], "vi", 0)


def test_ladder_has_share_and_stations_of_every_commune(tiny_result: Result, section: Section) -> None:
    text = ladder(section)
    rows = {row[0]: row[1:] for row in _cells(text)}
    figures = section.figures
    names = tiny_result.layers.communes["commune_name"]
    assert list(rows) == names.tolist()
    for code, name in zip(figures.codes, names, strict=True):
        share = figures.commune(code, "4G", "population")
        count = figures.commune(code, "4G", "stations", ANY)
        fibre = figures.commune(code, "fibre", "population")
        assert share is not None
        assert count is not None
        assert fibre is not None
        four, _, cable = rows[name]
        assert share.share("vi") in four
        assert ("không có trạm" in four) == (count.numerator == 0)
        if count.numerator:
            assert f"{count.numerator:.0f} trạm" in four
        assert cable == fibre.share("vi")
    there = sum(
        1 for c in figures.codes if (r := figures.commune(c, "5G", "stations")) is not None and r.numerator
    )
    assert f"({there}/6 xã)" in text
