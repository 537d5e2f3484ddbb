"""The client of the documentation reads what a run writes, from a server, as a dashboard does."""

from __future__ import annotations

import contextlib
import http.server
import io
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from phusong.coverage.result import Result
from phusong.maps import gis, tables

DOCS = Path(__file__).parents[2] / "docs" / "outputs.md"
ADDRESS = "https://ioc.example.gov.vn/phusong/52"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tiny_result: Result, tmp_path: Path) -> Iterator[str]:
    tables.write_indicators_json(tiny_result, tmp_path / "indicators.json")
    gis.write_communes_geojson(tiny_result, tmp_path / "communes.geojson")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=tmp_path)) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_the_client_of_the_docs_reads_both_files(server: str, tiny_result: Result) -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.S)
    client = "\n".join(b for b in blocks if ADDRESS in b)
    assert client.count(ADDRESS) == 2
    said, names = io.StringIO(), {}
    with contextlib.redirect_stdout(said):
        exec(compile(client.replace(ADDRESS, server), str(DOCS), "exec"), names)
    table = tiny_result.indicators
    mine = table[(table["level"] == "commune") & (table["indicator"] == "population")
                 & (table["operator"] == "any")]  # fmt: skip
    assert len(said.getvalue().splitlines()) == len(mine)
    for row in mine.itertuples():
        assert f"{row.code} {row.name} {row.service} " in said.getvalue()
    fourth = mine[mine["service"] == "4G"]
    assert names["shares"] == pytest.approx(dict(zip(fourth["code"], fourth["percent"], strict=True)))
