"""From nothing to a page: every kind of data in the publishers' layouts, by the commands of a user."""

import re

import pytest

from phusong.cli.app import run
from phusong.cli.options import Settings
from phusong.data.source_table import KINDS, public_sources, sources_of
from phusong.layers.provenance import read_sources

BY_ID = {s.id: s for s in public_sources()}


@pytest.mark.slow
def test_init_with_fetch_makes_a_project_that_runs(publisher, tmp_path, capsys):
    folder, out = tmp_path / "hung-yen", tmp_path / "out"
    words = ["--lang", "en", "init", str(folder), "--fetch", "--mirror", publisher.url]
    words += ["--cache", str(tmp_path / "cache"), "--only", ",".join(KINDS)]
    words += ["--source", "population=worldpop-1km"]
    assert run(words, Settings("en")) == 0
    said = capsys.readouterr().out
    assert "INDICATIVE ONLY: replace them by the operators' inventory" in said
    project = folder / "phusong.toml"
    text = project.read_text(encoding="utf-8")
    assert re.search(r"\[layers\.stations\]\s+# INDICATIVE ONLY", text)
    assert 'dasymetric = "buildings"' in text  # cells of a kilometre are spread
    project.write_text(text.replace("cell_m = 100", "cell_m = 1000"), encoding="utf-8")  # to be quick
    assert run(["--lang", "en", "--quiet", "run", str(project), "--out", str(out)], Settings("en")) == 0
    page = (out / "index.html").read_text(encoding="utf-8")
    head = page.partition("<main")[0]
    assert "Indicative only, not official data: Base stations" in head
    assert "people put by buildings" in page
    named = (out / "attribution.txt").read_text(encoding="utf-8-sig")
    chosen = [BY_ID["worldpop-1km"], *(sources_of(k)[0] for k in KINDS if k != "population")]
    for source in chosen:
        assert source.attribution in named, source.id
    assert {e.source for e in read_sources(folder).values()} == {s.id for s in chosen}
    assert run(["--quiet", "init", str(folder), "--province", "33", "--fetch"], Settings("en")) == 2
    again = ["--quiet", "fetch", "33", "--into", str(folder), "--offline", "--only", "roads,villages"]
    assert run([*again, "--cache", str(tmp_path / "cache")], Settings("vi")) == 0
