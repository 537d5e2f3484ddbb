"""The map page: one file that opens with no network."""

from __future__ import annotations

from typing import Any

from phusong.coverage.result import Result
from phusong.coverage.store import Store
from phusong.data.language import Language
from phusong.maps.inline import Page, asset, escape, leaflet_css, leaflet_js
from phusong.maps.inset import inset_svg
from phusong.maps.map_page.before import before_data
from phusong.maps.map_page.data import map_data
from phusong.maps.map_page.tiles import offer_tiles
from phusong.maps.page_words import MAP_WORDS, banner, illustration_note, notes, scenario_note

LATE = ("gaps", "scattered", "places", "sites", "fibre", "roads", "zones", "overlays", "relief", "before")
"""What the first picture does without: behind the scripts, so that communes are drawn before it is read."""


def folium_map(bounds: list[float]) -> Any:
    """Return a Folium map without tiles and without anything from a network.

    Parameters
    ----------
    bounds : list of float
        South, west, north, east in degrees.
    """
    import folium

    south, west, north, east = bounds
    drawn = folium.Map(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=9,
        tiles=None,
        prefer_canvas=True,
        zoom_control=False,
        control_scale=False,
        min_zoom=5,
        max_zoom=17,
        zoom_snap=0.25,
        zoom_delta=0.5,
        max_bounds=True,
        min_lat=south - 3,
        max_lat=north + 3,
        min_lon=west - 4,
        max_lon=east + 4,
    )
    drawn.default_js, drawn.default_css = [], []
    # The same inputs give the same bytes: Folium's own names are random.
    drawn._id = "phusong"
    return drawn


def _folium_parts(bounds: list[float]) -> tuple[str, str]:
    """Return Folium's element and script for the map, without the head that it would write."""
    drawn = folium_map(bounds)
    figure = drawn.get_root()
    drawn.render()
    return str(figure.html.render()), str(figure.script.render())


def render_map(
    result: Result,
    lang: Language,
    *,
    before: Result | None = None,
    names: tuple[str, str] | None = None,
    store: Store | None = None,
) -> str:
    """Return ``map.html``: one self-contained page.

    Parameters
    ----------
    result : Result
    lang : {"vi", "en"}
    before : Result, optional
        An earlier state, or one without a plan, of the same communes on the same grid: a slider then
        swipes colours of communes and signal between the two. Gaps, places and stations are those of
        ``result``.
    names : tuple of str, optional
        What the two sides of the slider are called, such as ``("Hiện trạng", "Theo phương án")``; *before*
        and *after* with the day of their data otherwise.
    store : Store, optional
        Where images are kept between runs.

    Returns
    -------
    str
        HTML in UTF-8 with every script, style and image inside, and a Content-Security-Policy that
        lets nothing else in, but for images of the host that ``[map]`` of the project file names.
    """
    data = map_data(result, lang, store)
    if before is not None:
        data["before"] = before_data(before, result, lang, names=names)
    element, script = _folium_parts(data["province"]["bounds"])
    name = result.layers.project.province.name
    page = Page(
        lang,
        title=f"{MAP_WORDS['title'].say(lang)} – {name}",
        styles=[leaflet_css(), asset("theme.css"), asset("map.css")],
        scripts=[leaflet_js(), asset("map_parts.js"), asset("map.js"), f"{script}\nphusongMap(map_phusong);"],
        data={"phusong-data": {k: v for k, v in data.items() if k not in LATE}},
        late={"phusong-late": {k: v for k, v in data.items() if k in LATE}},
    )
    offer_tiles(page, result.layers.project.map, lang)
    page.body = _body(result, lang, element, data)
    return page.render()


def _body(result: Result, lang: Language, element: str, data: dict[str, Any]) -> list[str]:
    def word(key: str) -> str:
        """Return a phrase, escaped."""
        return escape(MAP_WORDS[key].say(lang))

    province = result.layers.project.province
    south, west, north, east = data["province"]["bounds"]
    inset = inset_svg((west, south, east, north), lang)
    services = "".join(
        f'<label><input type="radio" name="service" value="{k}"{" checked" if k == 0 else ""}>'
        f"<span>{escape(service['label'])}</span></label>"
        for k, service in enumerate(data["services"])
    )
    operators = "".join(f'<option value="{k}">{escape(o)}</option>' for k, o in enumerate(data["operators"]))
    tabs = "".join(
        f'<button type="button" role="tab" id="tab-{key}" aria-controls="pane-{key}" '
        f'aria-selected="{"true" if k == 0 else "false"}" '
        f'tabindex="{0 if k == 0 else -1}">{word(label)}</button>'
        for k, (key, label) in enumerate(
            (("map", "tabMap"), ("gaps", "tabGaps"), ("communes", "tabCommunes"))
        )
    )
    return [
        f'<a class="skip" href="#panel">{word("skip")}</a>',
        '<div class="app">',
        '<header class="bar">',
        f'<div class="who"><h1>{escape(province.name)}</h1><p>{word("title")} · '
        f"{word('asOf')} {escape(data['province']['asOf'])}</p></div>",
        f'<fieldset class="segments" id="services"><legend>{word("service")}</legend>{services}</fieldset>',
        f'<label class="field"><span>{word("operator")}</span><select '
        f'id="operator">{operators}</select></label>',
        f'<div class="field search"><label for="search">{word("search")}</label>'
        f'<input id="search" type="search" placeholder="{word("search")}" role="combobox" '
        'autocomplete="off" spellcheck="false" '
        'aria-autocomplete="list" aria-expanded="false" aria-controls="found">'
        f'<ul id="found" role="listbox" aria-label="{word("search")}" hidden></ul></div>',
        f'<div class="tools"><a class="button" href="index.html">{word("report")}</a>'
        f'<button type="button" id="theme" title="{word("theme")}" aria-label="{word("theme")}">◐</button>'
        f'<button type="button" id="print">{word("print")}</button>'
        f'<button type="button" id="toggle" title="{word("panel")}" aria-label="{word("panel")}" '
        'aria-expanded="true" aria-controls="panel">☰</button></div>',
        "</header>",
        banner(illustration_note(province.name, lang)),
        banner(scenario_note(result, lang) if result.what_if else ""),
        '<main class="stage">',
        f'<aside id="panel" tabindex="-1" aria-label="{word("panel")}">',
        '<section id="summary" aria-live="polite"></section>',
        '<section id="card" hidden></section>',
        f'<div class="tabs" role="tablist" aria-label="{word("panel")}">{tabs}</div>',
        '<div class="panes">',
        '<div role="tabpanel" id="pane-map" aria-labelledby="tab-map"></div>',
        '<div role="tabpanel" id="pane-gaps" aria-labelledby="tab-gaps" hidden></div>',
        '<div role="tabpanel" id="pane-communes" aria-labelledby="tab-communes" hidden></div>',
        "</div>",
        "</aside>",
        f'<div class="map-frame" role="region" aria-label="{word("map")}">{element}',
        f'<noscript><p class="banner">{word("noScript")}</p></noscript>',
        '<div id="key" aria-hidden="true"></div>',
        f'<div id="north" aria-hidden="true"><svg viewBox="0 0 24 30"><path d="M12 1 4 21l8-5 8 5z"/></svg>'
        f"<span>{word('north')}</span></div>",
        f'<div id="inset">{inset}</div>' if inset else "",
        "</div>",
        "</main>",
        f'<footer class="notes">{escape(notes(result, lang))}</footer>',
        "</div>",
    ]
