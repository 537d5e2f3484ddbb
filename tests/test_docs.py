"""The documents tell the program as it is: every command and option, links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from phusong.cli.app import COMMANDS, group
from phusong.cli.loss import MODELS
from phusong.cli.options import Context, Settings
from phusong.data.language import LANGUAGES, Language

ROOT = Path(__file__).resolve().parents[1]
PAGES = {"en": ROOT / "docs" / "commands.md", "vi": ROOT / "docs" / "commands.vi.md"}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def context(name: str, lang: Language) -> click.Context:
    root = Context(group, info_name="phusong", obj=Settings(lang))
    command = group.get_command(root, name)
    assert command is not None
    return Context(command, info_name=name, parent=root)


def sections(page: Path) -> dict[str, str]:
    parts = re.split(r"^## ([\w-]+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def told(cells: str) -> set[str]:
    """Return every option of a section's table as help writes it: ``--out FOLDER``."""
    first = re.findall(r"^\| (`--[^|]*(?:\\\|[^|]*)*) \|", cells, flags=re.MULTILINE)
    return {o.replace("\\|", "|") for cell in first for o in re.findall(r"`([^`]+)`", cell)}


def inner(ctx: click.Context) -> list[click.Context]:
    """Return the contexts of a group's commands; of a command its own."""
    if not isinstance(ctx.command, click.Group):
        return [ctx]
    named = [(name, ctx.command.get_command(ctx, name)) for name in ctx.command.list_commands(ctx)]
    return [Context(command, info_name=name, parent=ctx) for name, command in named if command is not None]


def offered(ctx: click.Context) -> set[str]:
    options: set[str] = set()
    if isinstance(ctx.command, click.Group):
        return options.union(*(offered(each) for each in inner(ctx)))
    for param in ctx.command.params:
        if not isinstance(param, click.Option):
            continue
        metavar = "" if param.is_flag else f" {param.make_metavar(ctx)}"
        options |= {f"{name}{metavar}" for name in (*param.opts, *param.secondary_opts)}
    return options


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pages_have_every_command_and_no_other(lang: Language) -> None:
    assert list(sections(PAGES[lang])) == list(COMMANDS)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", COMMANDS)
def test_pages_have_every_option_and_no_other(name: str, lang: Language) -> None:
    ctx = context(name, lang)
    section = sections(PAGES[lang])[name]
    assert told(section) == offered(ctx)
    for each in inner(ctx):
        with each.scope(cleanup=False):  # click 8.1 asks arguments for their names without a context
            usage = " ".join([each.command_path, *each.command.collect_usage_pieces(each)])
        assert f"\n    {usage}\n" in section


@pytest.mark.parametrize("lang", LANGUAGES)
def test_examples_are_command_lines_that_parse(lang: Language) -> None:
    for name, section in sections(PAGES[lang]).items():
        examples = section.partition("Example:" if lang == "en" else "Ví dụ:")[2]
        lines = re.findall(r"`phusong ([^`]+)`", examples)
        assert lines, name
        for line in lines:
            words = [w.strip('"') for w in re.findall(r'"[^"]*"|\S+', line)]
            assert words[0] == name
            arguments = [w for w in words[1:] if w not in ("--lang", "en")]
            ctx = context(name, lang)
            if isinstance(ctx.command, click.Group):
                ctx = next(each for each in inner(ctx) if each.info_name == arguments[0])
                arguments = arguments[1:]
            if name == "loss":  # its table must be there
                arguments = [str(ROOT / "pyproject.toml") if a.endswith("cases.csv") or a == "truong-hop.csv"
                             else a for a in arguments]  # fmt: skip
            assert ctx.command.parse_args(ctx, arguments) == [], line


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pages_name_every_option_of_the_program_and_every_reference_model(lang: Language) -> None:
    text = PAGES[lang].read_text(encoding="utf-8")
    for param in group.params:
        for name in param.opts:
            assert f"`{name}" in text, name
    for model in MODELS:
        assert f"`{model}`" in text, model
    for code in ("0", "1", "2"):
        assert re.search(rf"\b{code} \w", text.split("\n## ", 1)[0])


def test_readme_leads_to_every_command() -> None:
    for page, readme in (("docs/commands.md", "README.md"), ("docs/commands.vi.md", "README.vi.md")):
        assert f"]({page})" in (ROOT / readme).read_text(encoding="utf-8"), readme


def links(text: str) -> list[str]:
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", plain)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    for link in links(document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        assert target.exists(), f"{document.name}: {link}"
        assert target.is_relative_to(ROOT), f"{document.name}: {link}"
        if anchor and target.suffix == ".md":
            heads = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), flags=re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}
            assert anchor in slugs, f"{document.name}: {link}"


def test_documents_name_no_command_that_is_not_there() -> None:
    for document in DOCUMENTS:
        for name in re.findall(r"`phusong ([a-z-]+)\b", document.read_text(encoding="utf-8")):
            assert name in COMMANDS, f"{document.name}: phusong {name}"
