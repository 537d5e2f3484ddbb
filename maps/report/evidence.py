"""Sections of the report: official sentences, villages, definitions, targets, evidence for indices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phusong.coverage.definitions import OWN
from phusong.data.language import Text
from phusong.maps.evidence_words import EVIDENCE_WORDS
from phusong.maps.figures import Ratio, operator_label
from phusong.maps.inline import escape
from phusong.maps.official_sentences import official_service_sentences, province_sentences
from phusong.maps.report.section import Section, table
from phusong.maps.safe import shorten
from phusong.maps.sentences import Sentence, network_layers
from phusong.maps.target_words import (
    ORIGINS,
    ToldDefinition,
    all_evidence,
    brings,
    definition_name,
    evidence_value,
    planned_head,
    told_definitions,
    told_targets,
)
from phusong.maps.words import criterion_names

if TYPE_CHECKING:
    import pandas as pd

MOVERS = 10
def _word(s: Section, key: str, **values: object) -> str:
    return escape(EVIDENCE_WORDS[key].say(s.lang, **values))


def _title(s: Section, key: str) -> str:
    return f'<section id="{key}" aria-labelledby="h-{key}"><h2 id="h-{key}">{_word(s, key)}</h2>'


def _list(s: Section, sentences: list[Sentence]) -> str:
    items = "".join(f"<li>{escape(shorten(x.text, 500))}{s.notes(x.inputs)}</li>" for x in sentences)
    return f'<ul class="says">{items}</ul>' if items else ""


def official(s: Section) -> str:
    """Write the sentences in which provinces report."""
    blocks = []
    for service in s.figures.services:
        said = official_service_sentences(s.figures, service, s.lang)
        if said:
            blocks.append(f"<div><h3>{escape(s.figures.label(service, s.lang))}</h3>{_list(s, said)}</div>")
    whole = province_sentences(s.figures, s.lang)
    last = f"<h3>{_word(s, 'officialOf')}</h3>{_list(s, whole)}" if whole else ""
    if not blocks and not last:
        return ""
    return f'{_title(s, "official")}<div class="sayings">{"".join(blocks)}</div>{last}</section>'


def villages(s: Section) -> str:
    """Count villages without signal and with a cluster left out, by service and operator."""
    figures = s.figures
    rows = []
    for service in figures.services:
        for operator in figures.operators:
            trang, lom = (figures.province(service, kind, operator) for kind in ("trang", "lom"))
            if trang is None or lom is None:
                continue
            row = [f"{escape(figures.label(service, s.lang))}: {escape(operator_label(operator, s.lang))}"]
            for kind, ratio in (("trang", trang), ("lom", lom)):
                row.append(s.ratio(ratio))
                for part in ("households", "no_power", "disadvantaged"):
                    found = figures.province(service, f"{kind}_{part}", operator)
                    row.append("–" if found is None else s.number(found.numerator))
            rows.append(row)
    if not rows:
        return ""
    rule = figures.result.layers.project.villages
    keys = [k for kind in ("trang", "lom") for k in (kind, "homes", "noPower", "poor")]
    heads = [s.word("service"), *(_word(s, k) for k in keys)]
    note = _word(s, "villagesNote", people=rule.outlying_people, radius=rule.radius_m)
    marks = s.notes((f"places.{rule.layer}", "stations", "population"))
    return "".join([
        _title(s, "villages"), table(_word(s, "villagesTable"), heads, rows, notes=marks),
        f'<p class="quiet">{note}</p></section>',
    ])  # fmt: skip


def definitions(s: Section) -> str:
    """Show how the answer moves with the definition, and which communes change rank."""
    frame = s.figures.result.definitions
    if frame is None or not len(frame):
        return ""
    found = told_definitions(s.figures, s.lang)
    parts = [_title(s, "definitions"), f'<p class="quiet">{_word(s, "definitionsNote")}</p>']
    for service in dict.fromkeys(frame["service"]):
        mine = frame[frame["service"] == service]
        marks = s.notes(("population", "communes", *network_layers(s.figures, str(service))))
        parts.append(table(
            _word(s, "definitionsOf", service=s.figures.label(str(service), s.lang)),
            [_word(s, "definition"), s.word("share"), _word(s, "difference"), _word(s, "moved")],
            _definition_rows(s, [x for x in found if x.service == service]), notes=marks,
        ))  # fmt: skip
        parts.append(_movers(s, str(service), mine))
    return "".join([*parts, f'<p class="quiet">{_word(s, "definitionsAll")}</p></section>'])


def _definition_rows(s: Section, found: list[ToldDefinition]) -> list[list[str]]:
    own = next((x.people.percent for x in found if x.definition == OWN), float("nan"))
    rows = []
    for x in found:
        sign = "+" if x.people.percent > own else ""
        rows.append([
            escape(x.name), s.ratio(x.people),
            "–" if x.definition == OWN else f"{sign}{s.number(x.people.percent - own, 1)}",
            "–" if x.definition == OWN else s.number(x.moved),
        ])  # fmt: skip
    return rows


def _movers(s: Section, service: str, frame: pd.DataFrame) -> str:
    """List the communes that move farthest under the definition that moves most of them."""
    communes = frame[(frame["level"] == "commune") & (frame["rank_change"].fillna(0.0) != 0.0)]
    if not len(communes):
        return ""
    own = frame[frame["definition"] == OWN].set_index("code")
    order = communes.assign(_far=-communes["rank_change"].abs()).sort_values(
        ["_far", "code", "definition"], kind="stable"
    )  # fmt: skip
    rows = [
        [
            escape(shorten(str(r["name"]), 80)),
            escape(definition_name(s.figures, service, str(r["definition"]), s.lang)),
            s.ratio(Ratio(float(own.loc[r["code"], "numerator"]), float(own.loc[r["code"], "denominator"]))),
            s.ratio(Ratio(float(r["numerator"]), float(r["denominator"]))),
            f"{s.number(own.loc[r['code'], 'rank'])} → {s.number(r['rank'])}",
        ]
        for r in order.drop_duplicates("code").head(MOVERS).to_dict("records")
    ]
    heads = [s.word("commune"), _word(s, "definition"), _word(s, "ownShare"), _word(s, "thatShare"),
             _word(s, "rankChange")]  # fmt: skip
    caption = _word(s, "moversOf", service=s.figures.label(service, s.lang))
    return table(caption, heads, rows, numeric=2)


def targets(s: Section) -> str:
    """Hold what resolutions ask for against what there is."""
    found = told_targets(s.figures, s.lang)
    if not found:
        return ""
    trend = any(len(x.standing.trend) > 1 for x in found)
    plan = brings(s.figures.result)
    rows = [
        [
            escape(shorten(x.name, 120)), f'<span class="light">{escape(x.verdict)}</span>',
            escape(shorten(x.document, 160)), str(x.standing.wanted.year), escape(x.wanted),
            f"{escape(x.share)}<small>{escape(x.counts)}</small>", escape(x.gap),
            *([escape(x.trend)] if trend else []), *([escape(x.planned)] if plan else []),
        ]
        for x in found
    ]  # fmt: skip
    heads = [s.word("target"), *(s.word(k) for k in ("verdict", "document", "year", "target", "actual")),
             _word(s, "gap"), *([_word(s, "trend")] if trend else []),
             *([escape(planned_head(s.figures.result, s.lang))] if plan else [])]  # fmt: skip
    heads[0] = escape(Text("Chỉ tiêu", "Indicator").say(s.lang))
    return s.title("targets") + table(s.word("targets"), heads, rows, numeric=3) + "</section>"


def evidence(s: Section) -> str:
    """Tell for every criterion of DTI and DII what is computed, what reported, what known elsewhere."""
    found = all_evidence(s.figures.result)
    if not found:
        return ""
    said = criterion_names(s.figures.result, s.lang)
    rows = [
        [
            escape(x.criterion.name.say(s.lang)), escape(x.criterion.index),
            escape(ORIGINS[x.criterion.origin].say(s.lang)), escape(evidence_value(x, s.lang)),
            escape(said.get(x.said, x.said)) or "–",
        ]
        for x in found
    ]  # fmt: skip
    heads = [_word(s, k) for k in ("indexCriterion", "index", "origin", "value", "how")]
    return "".join([
        _title(s, "evidence"), f'<p class="quiet">{_word(s, "evidenceNote")}</p>',
        table(_word(s, "evidence"), heads, rows, numeric=9), "</section>",
    ])  # fmt: skip
