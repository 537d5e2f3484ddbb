"""Layers from a real PostgreSQL with PostGIS, started for these tests on the loopback."""

from __future__ import annotations

import glob
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import small
from pyproj import CRS

from phusong.layers.faults import Fault, Faults
from phusong.layers.project.file import read_project
from phusong.layers.read import read_layers
from phusong.layers.rules import Report
from phusong.layers.tables.opening import RawTable
from phusong.layers.vectors import postgis
from phusong.layers.vectors.postgis_url import DatabaseUrl, redact

PASSWORD = "bí:m@t/1"
REQUIRED = os.environ.get("PHUSONG_REQUIRE_POSTGIS") == "1"

STATIONS = """
CREATE EXTENSION postgis;
CREATE SCHEMA mang;
CREATE TABLE mang."Trạm" (
    site_id text, cell_id text, operator text, technology text, antenna_height_m numeric,
    azimuth_deg integer, updated date, geom geometry(Point, 3405));
INSERT INTO mang."Trạm" VALUES
    ('001', '001-1', 'Viettel', '4G', 30.5, NULL, '2026-06-30',
     ST_Transform(ST_Point(108.05, 14.05, 4326), 3405)),
    ('002', '002-1', 'VNPT', '5G', NULL, 120, NULL, ST_Transform(ST_Point(108.15, 14.15, 4326), 3405));
CREATE TABLE mang.tuyen (id text, place geography(LineString, 4326), other geometry(Point, 4326));
INSERT INTO mang.tuyen VALUES ('R', 'SRID=4326;LINESTRING(108.05 14.05, 108.15 14.15)', ST_Point(1, 2, 4326));
CREATE TABLE mang.trong (id text);
"""


def _binary(name: str) -> str | None:
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else shutil.which(name)


def _missing(what: str) -> None:
    if REQUIRED:
        pytest.fail(f"PHUSONG_REQUIRE_POSTGIS is set, and there is no {what}")
    pytest.skip(f"there is no {what}")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server of our own, as ``user:password@host:port``."""
    initdb, postgres = _binary("initdb"), _binary("postgres")
    if initdb is None or postgres is None:
        _missing("PostgreSQL")
    if not glob.glob("/usr/share/postgresql/*/extension/postgis.control"):
        _missing("PostGIS")
    try:
        import psycopg  # noqa: F401
        import sqlalchemy  # noqa: F401
    except ImportError:
        _missing("psycopg and sqlalchemy")
    folder = Path(tempfile.mkdtemp(prefix="phusong-pg-", dir="/tmp"))
    how: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        how |= {"user": "postgres", "group": pwd.getpwnam("postgres").pw_gid, "extra_groups": []}
        shutil.chown(folder, "postgres")
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    (folder / "password").chmod(0o644)
    data = folder / "data"
    line = [initdb, "-D", data, "-U", "phusong", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}"]
    subprocess.run([*line, "-E", "UTF8", "--locale=C", "-N"], check=True, capture_output=True, **how)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = (
        "listen_addresses=127.0.0.1",
        f"port={port}",
        f"unix_socket_directories={folder}",
        "fsync=off",
    )
    process = subprocess.Popen(
        [str(postgres), "-D", str(data), *(w for s in settings for w in ("-c", s))],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how,
    )  # fmt: skip
    try:
        _prepare(port)
        yield f"phusong:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(port: int) -> None:
    import psycopg

    for _ in range(100):
        try:
            connection = psycopg.connect(
                host="127.0.0.1", port=port, user="phusong", password=PASSWORD, dbname="postgres"
            )
            break
        except psycopg.OperationalError:
            time.sleep(0.1)
    with connection:
        connection.execute(STATIONS)
        local = CRS.from_epsg(
            9217
        )  # newer than what PostGIS 3.3 knows: people add it under a number of their own
        connection.execute(
            "INSERT INTO spatial_ref_sys VALUES (990001, 'tinh', 1, %s, %s)",
            (
                local.to_wkt("WKT1_GDAL"),
                "+proj=tmerc +lat_0=0 +lon_0=108.25 +k=0.9999 +x_0=500000 +ellps=WGS84",
            ),
        )
        connection.execute(
            "CREATE TABLE mang.rieng AS SELECT 'a' AS id, "
            "ST_SetSRID(ST_Point(472797, 1546437), 990001) AS geom"
        )


def read(url: str, name: str = "stations") -> tuple[RawTable | None, list[Fault]]:
    faults = Faults()
    address = DatabaseUrl(url)
    raw = postgis.read_database(address, Report(name, address.as_posix(), faults))
    return raw, list(faults)


def codes(faults: list[Fault]) -> list[str]:
    return [f.code.partition(".")[2] for f in faults]


def in_project(project: Path, url: str) -> None:
    text = project.read_text(encoding="utf-8").replace('path = "stations.csv"', f'path = "{url}"')
    project.write_text(text, encoding="utf-8")


def test_a_table_is_a_layer_of_a_project(server: str, project: Path) -> None:
    in_project(project, f"postgresql://{server}?table=mang.Trạm")
    layers = read_layers(read_project(project))
    found = layers.stations
    assert found["site_id"].tolist() == ["001", "002"]
    assert found["antenna_height_m"].tolist()[0] == 30.5
    assert found["lon"].tolist() == pytest.approx([108.05, 108.15], abs=1e-6)
    assert found["lat"].tolist() == pytest.approx([14.05, 14.15], abs=1e-6)
    source = next(s for s in layers.sources if s.layer == "stations")
    assert source.rows == 2
    assert len(source.sha256) == 64
    everything = " ".join(
        [
            layers.project.model_dump_json(),
            repr(layers.project),
            repr(source),
            *(f.say("vi") for f in layers.faults),
        ]
    )
    assert PASSWORD not in everything
    assert quote(PASSWORD, safe="") not in everything
    assert json.loads(layers.project.model_dump_json())["layers"]["stations"]["path"].startswith(
        "postgresql://phusong:***@127.0.0.1"
    )


def test_a_query_is_read_and_the_hash_follows_the_rows(server: str) -> None:
    select = "SELECT *, '12:30' AS gio FROM mang.\"Trạm\" WHERE site_id LIKE '0%' ORDER BY site_id "
    hashes = []
    for order in ("ASC", "DESC", "ASC LIMIT 1"):
        faults = Faults()
        report = Report("stations", "", faults)
        raw = postgis.read_database(
            DatabaseUrl(f"postgresql://{server}?query={quote(select + order)}"), report
        )
        assert raw is not None
        assert set(raw.cells["gio"]) == {"12:30"}
        assert raw.crs is not None
        assert raw.crs.to_epsg() == 3405
        hashes.append(report.sha256)
    assert hashes[0] == hashes[1] != hashes[2]


def test_geography_and_a_second_geometry(server: str) -> None:
    raw, faults = read(f"postgresql://{server}?table=mang.tuyen&geometry=place", "fibre_routes")
    assert raw is not None
    assert not faults
    assert raw.geometry is not None
    assert raw.geometry[0].wkt == "LINESTRING (108.05 14.05, 108.15 14.15)"
    assert list(raw.cells) == ["id"]


def test_a_system_of_the_databases_own(server: str) -> None:
    raw, _ = read(f"postgresql://{server}?table=mang.rieng")
    assert raw is not None
    assert raw.crs is not None
    assert raw.crs.to_wkt() == CRS.from_wkt(CRS.from_epsg(9217).to_wkt("WKT1_GDAL")).to_wkt()


def test_an_empty_table_is_told(server: str) -> None:
    raw, faults = read(f"postgresql://{server}?table=mang.trong")
    assert raw is None
    assert codes(faults) == ["empty-table"]


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ("?table=mang.khong", "postgis-query"),
        ("?query=SELECT nothing", "postgis-query"),
        ("?query=DELETE FROM mang.tuyen", "postgis-not-a-select"),
        ("?query=SELECT 1; DROP TABLE mang.tuyen", "postgis-not-a-select"),
        ("?query=WITH x AS (DELETE FROM mang.tuyen RETURNING id) SELECT * FROM x", "postgis-query"),
        ("?query=SELECT nextval('mang.dem')", "postgis-query"),
        ("", "postgis-table-or-query"),
        ("?table=a&query=SELECT 1", "postgis-table-or-query"),
    ],
)
def test_what_is_no_reading_is_refused(server: str, rest: str, code: str) -> None:
    raw, faults = read(f"postgresql://{server}{rest}")
    assert raw is None
    assert codes(faults) == [code]
    still, _ = read(f"postgresql://{server}?table=mang.tuyen")
    assert still is not None


def test_a_slow_query_is_stopped(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgis, "STATEMENT_S", 1)
    raw, faults = read(f'postgresql://{server}?query=SELECT site_id, pg_sleep(20) FROM mang."Trạm"')
    assert raw is None
    assert codes(faults) == ["postgis-timeout"]


def test_a_wrong_password_is_told_and_not_shown(server: str) -> None:
    wrong = server.replace(quote(PASSWORD, safe=""), "sai-mat-khau")
    raw, faults = read(f"postgresql://{wrong}?table=mang.tuyen")
    assert raw is None
    assert codes(faults) == ["postgis-connection"]
    assert all("sai-mat-khau" not in f.say(lang) for f in faults for lang in ("vi", "en"))  # type: ignore[arg-type]


def test_no_server_at_all_is_told() -> None:
    pytest.importorskip("psycopg")
    pytest.importorskip("sqlalchemy")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    raw, faults = read(f"postgresql://u:matkhau@127.0.0.1:{port}/db?table=x")
    assert raw is None
    assert codes(faults) == ["postgis-connection"]
    assert "matkhau" not in faults[0].say("en")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:p@h/d?table=x", "postgresql://u:***@h/d?table=x"),
        ("postgresql://u:p@ss:w@h/d", "postgresql://u:***@h/d"),
        ("postgres://u@h/d?password=abc&table=x", "postgres://u@h/d?password=***&table=x"),
        ("postgresql:/u:p@h/d", "postgresql:/u:***@h/d"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ('path = "postgresql://u:p@h/d"  # x', 'path = "postgresql://u:***@h/d"  # x'),
    ],
)
def test_passwords_are_taken_out(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert str(DatabaseUrl(text)) == shown
    assert ":p@" not in repr(DatabaseUrl(text))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("[services.4G]", 'x = "postgresql://u:matkhau@h/d'),  # a quote is left open
        lambda text: text.replace('"stations.csv"', '["postgresql://u:matkhau@h/d"]'),
        lambda text: text.replace('"population.tif"', '"postgresql://u:matkhau@h/d?table=x"'),
    ],
)
def test_no_message_about_the_project_file_shows_a_password(project: Path, spoil: Any) -> None:
    project.write_text(spoil(project.read_text(encoding="utf-8")), encoding="utf-8")
    found = small.faults_of(project)
    assert found
    assert all("matkhau" not in f.say(lang) + f.value for f in found for lang in ("vi", "en"))  # type: ignore[arg-type]
