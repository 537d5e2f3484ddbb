"""``calibration.toml``: corrections as a file that a project names, and the words of a fit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phusong.coverage.evidence.calibrate import Fit
from phusong.data.language import LANGUAGES, Language, Text, format_number
from phusong.layers.calibration import ALL, Calibration, Credit
from phusong.maps.atomic import temporary_beside
from phusong.maps.citation import Cited, sentence
from phusong.maps.tables import version
from phusong.maps.validate.words import VALUE_NAMES

HEAD = Text(
    "Hệ số hiệu chỉnh dự báo theo kết quả đo, do phusong calibrate lập. Chỉ có hiệu lực khi dự án ghi "
    "calibration = … trong dịch vụ.",
    "Corrections of the prediction from measurements, made by phusong calibrate. They hold only where a "
    "service "
    "of the project says calibration = ….",
)
TERM = Text(
    "  {clutter}, {band:.0f} MHz: {offset} ± {se} dB tại 1 km{slope} ({n} mẫu, {blocks} ô, "
    "{near:.0f}–{far:.0f} m)",
    "  {clutter}, {band:.0f} MHz: {offset} ± {se} dB at 1 km{slope} ({n} samples, {blocks} blocks, "
    "{near:.0f}–{far:.0f} m)",
)
SLOPE = Text(
    ", {slope} ± {se} dB mỗi lần khoảng cách tăng 10", ", {slope} ± {se} dB for each tenfold distance"
)
TEST = Text(
    "Thử trên các ô đất để riêng: RMSE {before:.2f} → {after:.2f} dB, lệch {bias:.2f} → {left:.2f} dB.",
    "On blocks left out: RMSE {before:.2f} → {after:.2f} dB, bias {bias:.2f} → {left:.2f} dB.",
)
NO_TEST = Text(
    "Quá ít ô đất để thử trên phần để riêng.", "Too few blocks to test on ground that was left out."
)
BIASED = Text(
    "CẢNH BÁO: mẫu chỉ gồm nơi thu được sóng (dưới {floor:.0f} dBm chờ đợi {expected:.0f} mẫu, có "
    "{below}): kết quả "
    "bị lệch, lạc quan ở vùng sóng yếu.",
    "WARNING: the samples are of places with signal only (below {floor:.0f} dBm {expected:.0f} were to be "
    "expected, "
    "there are {below}): the result is biased, too good where signals are weak.",
)
WEAK = Text(
    "Không dùng {n} mẫu ở nơi dự báo yếu, vì mẫu giống chúng nhiều khi không thu được.",
    "{n} samples of weak prediction are not used, for others like them went unheard.",
)
NOTHING = Text(
    "Dịch vụ {service}: chưa đủ mẫu để hiệu chỉnh (mỗi nhóm cần ít nhất {samples} mẫu trong {blocks} ô 2 "
    "km).",
    "Service {service}: too few samples to calibrate (a group needs {samples} in {blocks} blocks of 2 km).",
)
WORSE = Text(
    "Trên phần để riêng, sai số không giảm: không nên dùng, không ghi tệp.",
    "On ground left out the error does not shrink: not worth using, no file is written.",
)
NOT_WRITTEN = Text(
    "Chưa ghi gì. Thêm --write để ghi tệp hiệu chỉnh.", "Nothing is written. Add --write to write the file."
)
ADD = Text(
    "Đã ghi {file}. Để áp dụng, thêm vào [services.{service}] của dự án: calibration = \"{path}\"",
    "Wrote {file}. To apply it, add to [services.{service}] of the project: calibration = \"{path}\"",
)
ALL_CLUTTER = Text("mọi lớp phủ còn lại", "all other land cover")


def with_sources(calibration: Calibration, cited: Sequence[Cited]) -> Calibration:
    """Return corrections that name the public sources behind them."""
    layers: dict[tuple[str, str, bool, tuple[str, ...]], list[str]] = {}
    for one in cited:
        layers.setdefault((one.attribution, one.licence, one.indicative, one.forbids), []).append(one.layer)
    credited = tuple(
        Credit(attribution=a, licence=b, layers=tuple(named), indicative=i, forbids=f)
        for (a, b, i, f), named in layers.items()
    )
    return calibration.model_copy(update={"attribution": credited})


def to_toml(calibration: Calibration) -> str:
    """Return the file: the same corrections give the same text. Sources are also named in words."""
    cited = [
        Cited(c.attribution, c.licence, layer, c.indicative, c.forbids)
        for c in calibration.attribution for layer in c.layers
    ]  # fmt: skip
    lines = [f"# {HEAD.vi}", f"# {HEAD.en}", f"# phusong {version()}"]
    lines += [f"# {_in_a_line(sentence(cited, lang))}" for lang in LANGUAGES if cited]
    document = calibration.model_dump(exclude_none=True)
    lines += [f"{k} = {_value(v)}" for k, v in document.items() if k not in ("terms", "test", "attribution")]
    if calibration.test is not None:
        lines += ["", "[test]", *(f"{k} = {_value(v)}" for k, v in document["test"].items())]
    for term in document["terms"]:
        lines += ["", "[[terms]]", *(f"{k} = {_value(v)}" for k, v in term.items())]
    for credit in document["attribution"]:
        lines += ["", "[[attribution]]", *(f"{k} = {_value(v)}" for k, v in credit.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a basic string of TOML, which also wants this one escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)


def _in_a_line(said: str) -> str:
    """Return words on one line: what others wrote into ``sources.json`` must not end a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())


def write_calibration(calibration: Calibration, path: Path) -> None:
    """Write the file whole: under another name first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        temporary.write_text(to_toml(calibration), encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def fit_lines(fit: Fit, service: str, lang: Language) -> list[str]:
    """Say what was fitted, how sure it is, and what it does on ground that was left out."""
    from phusong.coverage.evidence.calibrate import LEAST_BLOCKS, LEAST_SAMPLES

    lines = []
    end = fit.censoring
    if end.censored:
        lines.append(BIASED.say(lang, floor=end.floor_dbm, expected=end.expected, below=end.below))
    if fit.weak:
        lines.append(WEAK.say(lang, n=fit.weak))
    if fit.calibration is None:
        return [*lines, NOTHING.say(lang, service=service, samples=LEAST_SAMPLES, blocks=LEAST_BLOCKS)]

    def signed(value: float) -> str:
        """Write a number with its sign."""
        return ("+" if value > 0 else "") + format_number(value, lang, 1)

    for t in fit.calibration.terms:
        slope = ""
        if t.slope_db_per_decade:
            slope = SLOPE.say(
                lang, slope=signed(t.slope_db_per_decade),
                se=format_number(t.slope_se_db_per_decade, lang, 1),
            )
        clutter = ALL_CLUTTER if t.clutter == ALL else VALUE_NAMES[t.clutter]
        lines.append(
            TERM.say(
                lang, clutter=clutter, band=t.frequency_mhz, offset=signed(t.offset_db),
                se=format_number(t.offset_se_db, lang, 1), slope=slope, n=t.samples, blocks=t.blocks,
                near=t.near_m, far=t.far_m,
            )
        )
    test = fit.calibration.test
    if test is None:
        lines.append(NO_TEST.say(lang))
    else:
        lines.append(
            TEST.say(
                lang, before=test.rmse_before_db, after=test.rmse_after_db, bias=test.bias_before_db,
                left=test.bias_after_db,
            )
        )
    return lines
