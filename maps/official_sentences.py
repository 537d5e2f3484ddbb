"""The sentences in which provinces report, beyond those of each service: every one with its n/N and date."""

from __future__ import annotations

from phusong.coverage.settlements import describe_settlements
from phusong.data.language import Language, Text, after_number, format_date, format_number, join
from phusong.maps.figures import Figures, Ratio, layer_label
from phusong.maps.report.uncertainty import with_range
from phusong.maps.sentences import Sentence, network_layers

BY_OPERATOR = Text("Theo nhà mạng: {list} trạm.", "Base stations by operator: {list}.")
BY_TECHNOLOGY = Text(
    "Theo công nghệ: {list} trạm; số liệu đến {date}.", "Base stations by technology: {list}; as of {date}."
)
ON_AIR = Text(
    "{service} phát sóng tại {n} vị trí, ở {share} xã, phường, đặc khu ({counts}); số liệu đến {date}.",
    "{service} is on the air at {n} sites, in {share} of communes ({counts}); data as of {date}.",
)
UNITS = Text(
    "Mẫu số: {villages} {what} tại {communes} xã, phường, đặc khu.",
    "Denominators: {villages} {what} in {communes} communes.",
)
UNITS_KINDS = Text(
    "Mẫu số: {villages} {what} tại {communes} xã, phường, đặc khu, trong đó {urban} phường.",
    "Denominators: {villages} {what} in {communes} communes, {urban} of them urban.",
)
SETTLEMENTS = Text(
    "Độ bao phủ {service} đạt {share} khu dân cư ({counts} khu).",
    "{service}: {share} of residential areas served ({counts}).",
)
TRANG = Text(
    "Thôn trắng sóng {service}: {counts} thôn{more}.", "Villages without any {service}: {counts}{more}."
)
LOM = Text(
    "Thôn lõm sóng {service}: {counts} thôn không trắng sóng{more}.",
    "Villages where {service} leaves a cluster out: {counts} of those with signal{more}.",
)
DISADVANTAGED = Text(
    "{service} phủ đến {share} thôn đặc biệt khó khăn ({counts}).",
    "{service} reaches {share} of disadvantaged villages ({counts}).",
)
KEY = Text(
    "{service} tại {counts} vị trí trọng điểm ({share}); còn {left} vị trí chưa có.",
    "{service} at {counts} key locations ({share}); {left} still without.",
)
SPLIT = Text(
    "{service}: đô thị {urban} dân số ({urban_counts} người), nông thôn {rural} ({rural_counts} người).",
    "{service}: {urban} of the urban population ({urban_counts} people), {rural} of the rural "
    "({rural_counts} people).",
)
POOR_COMMUNES = Text(
    "{service}: {share} dân số các xã đặc biệt khó khăn ({counts} người).",
    "{service}: {share} of the people of disadvantaged communes ({counts}).",
)
SPLIT_HOMES = Text(
    "Hộ có cáp quang (báo cáo): đô thị {urban} ({urban_counts} hộ), nông thôn {rural} ({rural_counts} hộ).",
    "Households with fibre (reported): {urban} urban ({urban_counts}), {rural} rural ({rural_counts}).",
)
POOR_HOMES = Text(
    "Tại các xã đặc biệt khó khăn, {share} hộ có cáp quang ({counts} hộ, báo cáo).",
    "In disadvantaged communes {share} of households have fibre ({counts}, reported).",
)
REACHABLE = Text(
    "Ước tính {share} hộ gia đình ở trong tầm kéo cáp quang ({counts} hộ; số hộ của xã × tỷ lệ "
    "dân số trong tầm).",
    "An estimated {share} of households live within reach of fibre ({counts}; households of each commune by "
    "the share of its people within reach).",
)
PEOPLE_FIBRE = Text(
    "Ước tính {share} dân số ở trong hộ có cáp quang ({counts} người), theo tỷ lệ hộ doanh nghiệp báo cáo.",
    "An estimated {share} of the population live in households with fibre ({counts} people), by the share of "
    "households that operators report.",
)
SHARED = Text(
    "Tỷ lệ dùng chung hạ tầng: {share} vị trí có từ hai nhà mạng trở lên ({counts} vị trí); "
    "số liệu đến {date}.",
    "Sharing of masts: {share} of sites carry two or more operators ({counts}); data as of {date}.",
)
COMMUNES_WITH = Text(
    "{share} xã, phường, đặc khu có {what} ({counts} xã).", "{share} of communes have {what} ({counts})."
)
REPORTED = Text(
    "Số liệu từ nguồn khác (không do phần mềm tính): {name}: {value}{source}.",
    "From elsewhere (not computed): {name}: {value}{source}.",
)
LANDING = Text(
    "Trạm cập bờ cáp quang biển: {n} ({names}).", "Landing stations of submarine cables: {n} ({names})."
)
_HOMES = Text("{n} hộ", "{n} households")
_NO_POWER = Text("{n} thôn chưa có điện lưới", "{n} without grid power")
_POOR = Text("{n} thôn đặc biệt khó khăn", "{n} disadvantaged")
_LANDING_KINDS = ("landing", "cập bờ", "cap bo")
_TECHNOLOGIES = ("2G", "3G", "4G", "5G")


def official_service_sentences(figures: Figures, service: str, lang: Language) -> list[Sentence]:
    """Return what provinces also say of one service: areas, villages, key locations, town and country."""
    name, network = figures.label(service, lang), network_layers(figures, service)
    villages = f"places.{figures.result.layers.project.villages.layer}"
    found: list[Sentence] = []

    def add(text: Text, indicator: str, inputs: tuple[str, ...], **values: str) -> None:
        """Add a sentence where there is a figure to say."""
        ratio = figures.province(service, indicator)
        if ratio is not None and ratio.denominator > 0:
            left = format_number(ratio.denominator - ratio.numerator, lang, 0)
            share = with_range(figures.result, ratio.share(lang), service, indicator, lang)
            said = text.say(
                lang, **{"service": name, "share": share, "counts": ratio.counts(lang),
                         "left": left, **values},
            )  # fmt: skip
            found.append(Sentence(said, service, inputs))

    said = name.lower() if figures.is_fibre(service) and name == "Cáp quang" else name
    add(SETTLEMENTS, "settlements", ("population", "communes", *network), service=said)
    for kind, text in (("trang", TRANG), ("lom", LOM)):
        more = _in_them(figures, service, kind, lang) + _range_of(figures, service, kind, lang)
        add(text, kind, (villages, *network), more=more)
    add(DISADVANTAGED, "villages_disadvantaged", (villages, *network))
    add(KEY, "key_locations", network)
    found += _split(figures, service, "population", SPLIT, ("population", "communes", *network), lang)
    add(POOR_COMMUNES, "population_disadvantaged", ("population", "communes", *network))
    if figures.is_fibre(service):
        add(REACHABLE, "households_reachable", ("households", "population", *network))
        add(PEOPLE_FIBRE, "population_fibre", ("households", "population"))
        found += _split(figures, service, "households", SPLIT_HOMES, ("households", "communes"), lang)
        add(POOR_HOMES, "households_disadvantaged", ("households", "communes"))
    return found


def _range_of(figures: Figures, service: str, kind: str, lang: Language) -> str:
    """Return the share with its low and high, for sentences that have counts alone; nothing without them."""
    ratio = figures.province(service, kind)
    if ratio is None:
        return ""
    share = ratio.share(lang)
    said = with_range(figures.result, share, service, kind, lang)
    return f", {said}" if said != share else ""


def _in_them(figures: Figures, service: str, kind: str, lang: Language) -> str:
    """Return how many households, and of which villages, in brackets; nothing where nothing is known."""
    if not (figures.province(service, kind) or Ratio(0, 1)).numerator:
        return ""
    parts = []
    for name, text in (("households", _HOMES), ("no_power", _NO_POWER), ("disadvantaged", _POOR)):
        ratio = figures.province(service, f"{kind}_{name}")
        if ratio is not None and ratio.denominator > 0:
            parts.append(text.say(lang, n=format_number(ratio.numerator, lang, 0)))
    return f" ({'; '.join(parts)})" if parts else ""


def _split(
    figures: Figures, service: str, what: str, text: Text, inputs: tuple[str, ...], lang: Language
) -> list[Sentence]:
    urban, rural = (figures.province(service, f"{what}_{part}") for part in ("urban", "rural"))
    if urban is None or rural is None or not urban.denominator or not rural.denominator:
        return []
    said = text.say(
        lang, service=figures.label(service, lang),
        urban=with_range(figures.result, urban.share(lang), service, f"{what}_urban", lang),
        urban_counts=urban.counts(lang),
        rural=with_range(figures.result, rural.share(lang), service, f"{what}_rural", lang),
        rural_counts=rural.counts(lang),
    )  # fmt: skip
    return [Sentence(said, service, inputs)]


def province_sentences(figures: Figures, lang: Language) -> list[Sentence]:
    """Return what is said of no one service: stations, denominators, masts, and figures from elsewhere."""
    date = figures.as_of(lang)
    return [
        *_stations(figures, lang, date), *_units(figures, lang), *_masts(figures, lang, date),
        *_rule(figures, lang), *_places_there(figures, lang), *_landing(figures, lang),
        *_from_elsewhere(figures, lang),
    ]  # fmt: skip


def _rule(figures: Figures, lang: Language) -> list[Sentence]:
    """Return what counts as a residential area, where such are counted."""
    if not any(figures.province(s, "settlements") for s in figures.services):
        return []
    said = describe_settlements(figures.result.layers.project.settlements).say(lang)
    return [Sentence(said[:1].upper() + said[1:] + ".", "", ("population", "communes"))]


def _stations(figures: Figures, lang: Language, date: str) -> list[Sentence]:
    found = []
    owners = figures.station_operators()
    by_owner = [
        f"{o} {format_number(ratio.numerator, lang, 0)}"
        for o in owners if (ratio := figures.province("all", "stations", o)) is not None
    ]
    if by_owner:
        found.append(Sentence(BY_OPERATOR.say(lang, list=join(by_owner, lang)), "", ("stations",)))
    known = {t: r for t in _TECHNOLOGIES if (r := figures.province(t, "stations")) is not None}
    if known:
        said = [f"{t} {format_number(r.numerator, lang, 0)}" for t, r in known.items()]
        text = BY_TECHNOLOGY.say(lang, list=join(said, lang), date=date)
        found.append(Sentence(text, "", ("stations",)))
    for technology in [t for t in known if t in ("4G", "5G")]:
        sites = figures.province(technology, "sites")
        present = [figures.commune(c, technology, "stations") for c in figures.codes]
        there = Ratio(sum(1 for r in present if r is not None and r.numerator > 0), len(present))
        if sites is not None:
            text = ON_AIR.say(
                lang, service=technology, n=format_number(sites.numerator, lang, 0), share=there.share(lang),
                counts=there.counts(lang), date=date,
            )
            found.append(Sentence(text, "", ("stations", "communes")))
    return found


def _units(figures: Figures, lang: Language) -> list[Sentence]:
    layer = figures.result.layers.project.villages.layer
    ratio = next(
        (r for s in figures.services if (r := figures.province(s, f"places:{layer}")) is not None), None
    )
    if ratio is None:
        return []
    first = figures.services[0]
    urban = sum(
        1 for c in figures.codes
        if (r := figures.commune(c, first, "population_urban")) is not None and r.denominator > 0
    )
    text = UNITS_KINDS if urban else UNITS
    said = text.say(
        lang, villages=format_number(ratio.denominator, lang, 0), what=layer_label(f"places:{layer}", lang),
        communes=len(figures.codes), **({"urban": urban} if urban else {}),
    )
    return [Sentence(said, "", (f"places.{layer}", "communes"))]


def _masts(figures: Figures, lang: Language, date: str) -> list[Sentence]:
    ratio = figures.province("all", "shared_sites")
    if ratio is None or not ratio.denominator:
        return []
    said = SHARED.say(lang, share=ratio.share(lang), counts=ratio.counts(lang), date=date)
    return [Sentence(said, "", ("stations",))]


def _places_there(figures: Figures, lang: Language) -> list[Sentence]:
    found = []
    for indicator in figures.indicators("communes_with:"):
        name = indicator.partition(":")[2]
        ratio = figures.province("all", indicator)
        if name != figures.result.layers.project.official.centres and ratio is not None:
            what = layer_label(f"places:{name}", lang)
            said = COMMUNES_WITH.say(
                lang, share=ratio.share(lang), counts=ratio.counts(lang), what=what
            )
            found.append(Sentence(said, "", (f"places.{name}", "communes")))
    return found


def _landing(figures: Figures, lang: Language) -> list[Sentence]:
    nodes = figures.result.layers.fibre_nodes
    if nodes is None or "kind" not in nodes:
        return []
    kinds = nodes["kind"].fillna("").astype(str).str.casefold()
    mine = nodes[[any(word in kind for word in _LANDING_KINDS) for kind in kinds]]
    if not len(mine):
        return []
    names = join([str(x) for x in mine["id"]], lang)
    return [Sentence(LANDING.say(lang, n=len(mine), names=names), "", ("fibre_nodes",))]


def _from_elsewhere(figures: Figures, lang: Language) -> list[Sentence]:
    found = []
    for told in figures.result.layers.project.reported.values():
        unit = after_number(told.unit)
        value = format_number(told.value, lang) + unit
        parts = [told.source] if told.source else []
        parts += [format_date(told.as_of, lang)] if told.as_of else []
        source = f" ({', '.join(parts)})" if parts else ""
        found.append(Sentence(REPORTED.say(lang, name=told.name, value=value, source=source), "", ()))
    return found


def all_official(figures: Figures, lang: Language) -> list[Sentence]:
    """Return all of these sentences, those of the services first."""
    found = [x for s in figures.services for x in official_service_sentences(figures, s, lang)]
    return found + province_sentences(figures, lang)

