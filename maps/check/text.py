"""A check as text for the screen."""

from __future__ import annotations

from phusong.data.language import Language, format_number, format_percent
from phusong.layers.inventory import Source
from phusong.layers.quality.figures import Figure
from phusong.layers.summary import Checked
from phusong.maps.check import words


def source_line(source: Source, checked: Checked, lang: Language) -> str:
    """Say what was read from one file, and how old it is."""
    said = words.READ.say(
        lang, layer=words.layer_name(source.layer, lang), rows=source.rows, path=source.path,
        as_of=source.as_of,
    )  # fmt: skip
    if source.dated != "province" and checked.as_of is not None and source.as_of != checked.as_of:
        return said + words.AGE.say(lang, days=(checked.as_of - source.as_of).days)
    return said


def understood_lines(layer: str, checked: Checked, lang: Language) -> list[str]:
    """Say how the file of a layer was understood: system, encoding, columns, what was left out."""
    lines = []
    for found in (u for u in checked.understood if u.layer == layer):
        kinds = [words.CRS.say(lang, crs=found.crs)] if found.crs else []
        lines.append("; ".join([*kinds, words.encoding_name(found.encoding, lang)]))
        pairs = [
            words.column_name(ours, lang) + (f" = {theirs}" if theirs != ours else "")
            for ours, theirs in found.columns
        ]
        lines.append(words.COLUMN.say(lang, pairs=", ".join(pairs)))
        lines += [note.say(lang) for note in found.notes]
    return lines


def count_text(figure: Figure, lang: Language) -> str:
    """Write a figure of quality: ``12/3.680 vị trí (0,3%)``."""
    n, of = (
        format_number(v, lang, 1 if figure.unit == "km" and v else 0)
        for v in (figure.numerator, figure.denominator)
    )
    said = f"{n}/{of} {words.unit_name(figure.unit, lang)}"
    if not figure.numerator:
        return said
    return f"{said} ({format_percent(figure.numerator, figure.denominator, lang)})"


def verdict(checked: Checked, lang: Language) -> str:
    """Say whether the project can be run."""
    errors, warnings = len(checked.errors), len(checked.warnings)
    if errors:
        return words.BAD.say(lang, errors=errors, warnings=warnings)
    return words.GOOD.say(lang, warnings=warnings)


def trust(checked: Checked, lang: Language) -> str:
    """Say how many figures of quality speak against a map."""
    of, n = len(checked.quality.figures), len(checked.quality.doubtful)
    return (words.DOUBTS if n else words.NO_DOUBTS).say(lang, n=n, of=of)


def check_lines(checked: Checked, lang: Language) -> list[str]:
    """Return what was read and how far it can be trusted, line by line; faults are told apart."""
    lines = []
    for source in checked.sources:
        lines.append(source_line(source, checked, lang))
        lines += ["    " + line for line in understood_lines(source.layer, checked, lang)]
    if checked.quality.figures:
        lines += ["", words.QUALITY.say(lang)]
    for figure in checked.quality.figures:
        mark = "?" if figure.doubtful else "✓"
        layer = words.layer_name(figure.layer, lang)
        lines.append(f"  {mark} {layer}: {figure.title.say(lang)}: {count_text(figure, lang)}")
        if figure.doubtful:
            lines.append(f"      {figure.criterion.say(lang)} {figure.remedy.say(lang)}")
            lines += [f"      · {s.ident} {s.note.say(lang)}".rstrip() for s in figure.suspects[:3]]
    if checked.quality.figures:
        lines += [trust(checked, lang), ""]
    return [*lines, verdict(checked, lang)]
