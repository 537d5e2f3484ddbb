"""The models as text and JSON."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict

from phusong.coverage.radio.models import ARGUMENTS, MODEL_TABLE, ModelInfo
from phusong.data.language import Language, Text, after_number, format_number

KINDS = {
    "distance": Text("Theo khoảng cách", "By distance"),
    "flat": Text("Công thức trên đất bằng", "Formulas over flat ground"),
    "terrain": Text("Trên mặt cắt địa hình", "Over terrain profiles"),
}
SOURCE = Text("Nguồn", "Source")
RANGE = Text("Phạm vi", "Range")


def _limits(info: ModelInfo, lang: Language) -> str:
    return "; ".join(
        f"{ARGUMENTS[limit.argument].say(lang) if limit.argument in ARGUMENTS else limit.argument} "
        f"{format_number(limit.low, lang)}–{format_number(limit.high, lang)}{after_number(limit.unit)}"
        for limit in info.limits
    )


def models_text(lang: Language) -> str:
    """Return every model with what it is for, its range and its source."""
    lines: list[str] = []
    for kind, heading in KINDS.items():
        lines += [heading.say(lang), ""]
        for info in (i for i in MODEL_TABLE.values() if i.kind == kind):
            lines += textwrap.wrap(f"{info.name}: {info.text.say(lang)}.", 96, initial_indent="  ",
                                   subsequent_indent="    ")  # fmt: skip
            for name, text in ((RANGE, _limits(info, lang)), (SOURCE, info.source)):
                lines += textwrap.wrap(f"{name.say(lang)}: {text}.", 96, initial_indent="    ",
                                       subsequent_indent="    ")  # fmt: skip
            lines.append("")
    return "\n".join(lines).rstrip()


def models_json() -> str:
    """Return the same as JSON, texts in both languages."""
    return json.dumps([asdict(info) for info in MODEL_TABLE.values()], ensure_ascii=False, indent=2)
