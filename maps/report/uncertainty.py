"""How sure the figures are: lows and highs in sentences, in the report and as tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from phusong.coverage.evidence.uncertainty import (
    ORDER_COLUMNS,
    RANK_COLUMNS,
    UNCERTAIN_ORDER,
    UNCERTAINTY_COLUMNS,
    Uncertainty,
)
from phusong.coverage.result import ANY, Result
from phusong.data.language import Language, Text, format_number
from phusong.maps.inline import escape
from phusong.maps.report.section import Section, table
from phusong.maps.safe import shorten
from phusong.maps.tables import frame_csv

if TYPE_CHECKING:
    import pandas as pd

SECTION = Text("Độ tin cậy của số liệu", "How sure the figures are")
NAME = Text("Độ tin cậy", "Certainty")
WITHIN = Text(
    "{share} (khoảng tin cậy {level}%: {low}–{high}%)", "{share} ({level}% range: {low}–{high}%)"
)
HEADS = {
    "service": Text("Dịch vụ", "Service"), "indicator": Text("Chỉ tiêu", "Indicator"),
    "figure": Text("Theo tiêu chí", "By the criterion"), "range": Text("Khoảng {level}%", "{level}% range"),
    "heard": Text("Dự kiến đạt ngưỡng tại chỗ", "Expected to reach the threshold"),
    "commune": Text("Xã, phường", "Commune"), "next": Text("Xã, phường kế tiếp", "Next commune"),
    "chance": Text("Khả năng thứ tự ngược lại", "Chance of the other order"),
}
NOT_CERTAIN = Text(
    "{service}: thứ tự của {n} trong {every} cặp xã đứng liền nhau khi xếp theo tỷ lệ dân số được phủ là "
    "chưa chắc "
    "chắn (khả năng ngược lại trên {chance}%).",
    "{service}: the order of {n} of {every} pairs of communes next to each other by share of people "
    "covered is not "
    "certain (the chance of the other order is above {chance}%).",
)
PAIR = Text("{a} và {b} ({chance}%)", "{a} and {b} ({chance}%)")
PAIRS = Text(
    "{service}: chưa chắc xã nào đứng trước: {pairs}.",
    "{service}: the order of these two communes is not certain: {pairs}.",
)
LISTED_PAIRS = 5
FIXED = Text(
    "{service}: mô hình không cho sai số; khoảng chỉ gồm phần do số dân và ranh giới.",
    "{service}: the model knows no error; the range comes from people and boundaries alone.",
)
MEANS = Text(
    "Khoảng {level}% lấy từ {draws} lần thử có hạt giống ({seed}): sai số mô hình tại chỗ {residual} dB "
    "(tương quan "
    "{far} m), sai lệch chung {bias} dB, biến động theo vị trí (tương quan {near} m), {variants} cách "
    "tính dân số và "
    "ranh giới. 'Theo tiêu chí' đã để sẵn dự phòng cho biến động theo vị trí; 'đạt ngưỡng tại chỗ' là tỷ "
    "lệ người có "
    "thể thấy đủ mức thu ngay tại nơi ở, nên cao hơn.",
    "The {level}% ranges come from {draws} seeded draws ({seed}): the model's local error {residual} dB "
    "(alike over "
    "{far} m), its error as a whole {bias} dB, location variability (alike over {near} m), {variants} "
    "accounts of "
    "people and boundaries. 'By the criterion' holds a margin for location variability; 'expected to "
    "reach the "
    "threshold' is the share of people who may find the level where they live, and is higher.",
)


def with_range(result: Result, share: str, service: str, indicator: str, lang: Language) -> str:
    """Return a share of the province with its low and high behind it, or as it is where there are none."""
    found = result.uncertainty
    if found is None:
        return share
    row = _row(found.table, service, indicator)
    if row is None or row["low"] != row["low"] or row["high"] - row["low"] < 0.05:
        return share
    return WITHIN.say(lang, share=share, level=_level(found, lang), **_ends(row, lang))


def _level(found: Uncertainty, lang: Language) -> str:
    return format_number(round(100.0 * found.settings.level, 1), lang)


def _ends(row: Any, lang: Language, prefix: str = "") -> dict[str, str]:
    return {k: format_number(float(row[prefix + k]), lang, 1) for k in ("low", "high")}


def _row(own: pd.DataFrame, service: str, indicator: str) -> Any | None:
    hit = own[(own["level"] == "province") & (own["operator"] == ANY) & (own["service"] == service)
              & (own["indicator"] == indicator)]  # fmt: skip
    return hit.iloc[0] if len(hit) else None


def rank_said(result: Result, service: str, code: str, rank: int, lang: Language) -> str:
    """Write a rank with the ranks that the draws gave it: ``3 (1–9)``."""
    found = result.uncertainty
    if found is None:
        return str(rank)
    own = found.ranks[(found.ranks["service"] == service) & (found.ranks["code"] == code)]
    if not len(own):
        return str(rank)
    low, high = (format_number(float(own.iloc[0][c]), lang, 0) for c in ("rank_low", "rank_high"))
    return f"{rank}<small>{low}–{high}</small>"


def uncertainty(s: Section) -> str:
    """Show lows and highs, and what they are made of; nothing where the project does not ask."""
    found = s.figures.result.uncertainty
    if found is None:
        return ""
    lang = s.lang
    said = [
        _order_sentence(s, found, service) for service in s.figures.services if service not in found.fixed
    ]
    said += [_pairs(s, found, service) for service in s.figures.services]
    said += [FIXED.say(lang, service=s.figures.label(service, lang)) for service in found.fixed]
    body = "".join(f"<li>{escape(x)}</li>" for x in said if x)
    settings = found.settings
    means = MEANS.say(
        lang, level=_level(found, lang), draws=settings.draws, seed=settings.seed,
        residual=settings.residual_db, far=settings.residual_correlation_m, bias=settings.bias_db,
        near=settings.correlation_m, variants=found.people_variants,
    )  # fmt: skip
    return (
        f'<section id="uncertainty" aria-labelledby="h-uncertainty"><h2 id="h-uncertainty">'
        f"{escape(SECTION.say(lang))}</h2>{_table(s, found)}<ul class=\"says\">{body}</ul>"
        f'<p class="quiet">{escape(means)}</p></section>'
    )


def _order_sentence(s: Section, found: Uncertainty, service: str) -> str:
    every = int((found.order["service"] == service).sum())
    if not every:
        return ""
    return NOT_CERTAIN.say(
        s.lang, service=s.figures.label(service, s.lang), n=len(found.uncertain_pairs(service)), every=every,
        chance=100.0 * UNCERTAIN_ORDER,
    )  # fmt: skip


def _pairs(s: Section, found: Uncertainty, service: str) -> str:
    """Name the communes with the lowest shares whose order is not certain; nothing where all is sure."""
    if service in found.fixed:
        return ""
    communes = s.figures.result.layers.communes
    names = dict(zip(communes["commune_code"], communes["commune_name"], strict=True))
    pairs = [
        PAIR.say(
            s.lang, a=shorten(str(names[row["code"]]), 80), b=shorten(str(names[row["next_code"]]), 80),
            chance=format_number(100.0 * row["chance"], s.lang, 0),
        )
        for row in found.uncertain_pairs(service).head(LISTED_PAIRS).to_dict("records")
    ]  # fmt: skip
    label = s.figures.label(service, s.lang)
    return PAIRS.say(s.lang, service=label, pairs="; ".join(pairs)) if pairs else ""


def _table(s: Section, found: Uncertainty) -> str:
    from phusong.maps.words import indicator_name

    lang, rows = s.lang, []
    own = found.table[(found.table["level"] == "province") & (found.table["operator"] == ANY)]
    for service in s.figures.services:
        for row in own[own["service"] == service].to_dict("records"):
            ratio = s.figures.province(service, row["indicator"])
            if ratio is None or not ratio.denominator:
                continue
            heard = "–"
            if row["heard"] == row["heard"]:
                ends = _ends(row, lang, "heard_")
                mean = format_number(float(row["heard"]), lang, 1)
                heard = f"{escape(mean)}%<small>{escape(ends['low'])}–{escape(ends['high'])}%</small>"
            ends = _ends(row, lang)
            rows.append([
                escape(s.figures.label(service, lang)), escape(indicator_name(row["indicator"], lang)),
                escape(ratio.share(lang)), f"{escape(ends['low'])}–{escape(ends['high'])}%", heard,
            ])  # fmt: skip
    level = _level(found, lang)
    heads = [escape(HEADS[k].say(lang, **({"level": level} if k == "range" else {})))
             for k in ("service", "indicator", "figure", "range", "heard")]  # fmt: skip
    return table(escape(SECTION.say(lang)), heads, rows, numeric=2)


def write_uncertainty_csv(result: Result, path: Path) -> None:
    """Write lows and highs by unit, service, operator and indicator; per cent."""
    assert result.uncertainty is not None
    own = _shown(result, result.uncertainty.table)
    path.write_bytes(frame_csv(own, UNCERTAINTY_COLUMNS))


def write_order_csv(result: Result, path: Path) -> None:
    """Write neighbours in the ranking of communes with the chance of the other order."""
    assert result.uncertainty is not None
    path.write_bytes(frame_csv(result.uncertainty.order, ORDER_COLUMNS))


def write_ranks_csv(result: Result, path: Path) -> None:
    """Write the rank of every commune, lowest share first, with the ranks that the draws gave it."""
    assert result.uncertainty is not None
    path.write_bytes(frame_csv(result.uncertainty.ranks, RANK_COLUMNS))


def _shown(result: Result, own: pd.DataFrame) -> pd.DataFrame:
    return own[own["operator"] == ANY] if result.public else own
