"""Parts of the draft document: actual against target, definitions side by side, evidence for indices."""

from __future__ import annotations

from collections.abc import Callable

from phusong.coverage.definitions import OWN
from phusong.data.language import Language, Text, format_number
from phusong.maps.document.paper import Paper
from phusong.maps.figures import Figures
from phusong.maps.safe import shorten
from phusong.maps.target_words import (
    MISSING,
    ORIGINS,
    all_evidence,
    evidence_value,
    planned_head,
    told_definitions,
    told_targets,
)

_WORDS = {
    "targets": Text("{k}. Đối chiếu mục tiêu", "{k}. Against the targets"),
    "definitions": Text("{k}. So sánh các định nghĩa phủ sóng", "{k}. Definitions of coverage compared"),
    "definitions_text": Text(
        "Cùng một kết quả tính, mỗi định nghĩa cho một tỷ lệ; từng xã ở trang 'Các định nghĩa' của "
        "report.xlsx. "
        "Đây là dự báo tính toán, chưa đo kiểm.",
        "One computation gives each definition a share of its own; every commune is on the sheet "
        "'Definitions "
        "compared' of report.xlsx. These are computed predictions, not measured.",
    ),
    "evidence": Text("{k}. Số liệu minh chứng chỉ số DTI, DII", "{k}. Evidence for DTI and DII"),
    "evidence_text": Text(
        "Tên tiêu chí là cách gọi chung, cần đối chiếu với bộ chỉ số của năm đánh giá.",
        "Criteria are named in general terms; hold them against the list of the year.",
    ),
    "trend": Text("{name}: {trend}.", "{name}: {trend}."),
    "planned": Text("{name}. {how}: {planned}.", "{name}. {how}: {planned}."),
    "target": Text("Chỉ tiêu", "Indicator"), "document": Text("Văn bản, năm", "Document, year"),
    "wanted": Text("Phải đạt", "To reach"), "actual": Text("Thực tế", "Actual"),
    "gap": Text("Còn thiếu", "Missing"), "verdict": Text("Đánh giá", "Verdict"),
    "service": Text("Dịch vụ", "Service"), "definition": Text("Định nghĩa", "Definition"),
    "people": Text("Dân số (n/N)", "People (n/N)"), "share": Text("Tỷ lệ", "Share"),
    "moved": Text("Xã đổi hạng", "Communes changing rank"), "index": Text("Chỉ số", "Index"),
    "criterion": Text("Tiêu chí", "Criterion"), "origin": Text("Cách có số", "How it is known"),
    "value": Text("Giá trị", "Value"),
}  # fmt: skip


def _heads(lang: Language, *keys: str) -> list[str]:
    return [_WORDS[key].say(lang) for key in keys]


def write_evidence(figures: Figures, paper: Paper, lang: Language, number: int) -> int:
    """Write those parts for which there are figures, numbered from ``number``; return the next number."""
    parts: tuple[Callable[[Figures, Paper, Language, int], bool], ...] = (_targets, _definitions, _evidence)
    for part in parts:
        number += part(figures, paper, lang, number)
    return number


def _targets(figures: Figures, paper: Paper, lang: Language, number: int) -> bool:
    found = told_targets(figures, lang)
    if not found:
        return False
    paper.heading(_WORDS["targets"].say(lang, k=str(number)))
    rows = [
        [
            shorten(x.name, 90), f"{shorten(x.document, 110)}; {x.standing.wanted.year}", x.wanted,
            f"{x.share} ({x.counts})" if x.counts else x.share, x.gap, x.verdict,
        ]
        for x in found
    ]  # fmt: skip
    heads = _heads(lang, "target", "document", "wanted", "actual", "gap", "verdict")
    paper.table(heads, rows, (38, 36, 18, 44, 20, 18), numbers=(2, 3, 4))
    for x in found:
        for key, said in (("trend", x.trend), ("planned", x.planned)):
            if said != MISSING:
                how = planned_head(figures.result, lang)
                paper.text(_WORDS[key].say(lang, name=shorten(x.name, 90), trend=said, planned=said, how=how))
    return True


def _definitions(figures: Figures, paper: Paper, lang: Language, number: int) -> bool:
    found = told_definitions(figures, lang)
    if all(x.definition == OWN for x in found):
        return False
    paper.heading(_WORDS["definitions"].say(lang, k=str(number)))
    paper.text(_WORDS["definitions_text"].say(lang))
    rows = [
        [
            figures.label(x.service, lang), shorten(x.name, 160), x.people.counts(lang), x.people.share(lang),
            MISSING if x.definition == OWN else format_number(x.moved, lang),
        ]
        for x in found
    ]  # fmt: skip
    heads = _heads(lang, "service", "definition", "people", "share", "moved")
    paper.table(heads, rows, (20, 70, 44, 20, 20), numbers=(2, 3, 4))
    return True


def _evidence(figures: Figures, paper: Paper, lang: Language, number: int) -> bool:
    found = all_evidence(figures.result)
    if not found:
        return False
    paper.heading(_WORDS["evidence"].say(lang, k=str(number)))
    paper.text(_WORDS["evidence_text"].say(lang))
    rows = [
        [x.criterion.index, x.criterion.name.say(lang), ORIGINS[x.criterion.origin].say(lang),
         shorten(evidence_value(x, lang), 160)]
        for x in found
    ]  # fmt: skip
    paper.table(_heads(lang, "index", "criterion", "origin", "value"), rows, (16, 70, 36, 52))
    return True
