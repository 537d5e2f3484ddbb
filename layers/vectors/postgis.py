"""Layers of a PostgreSQL database with PostGIS: read in a read-only transaction, within a time."""

from __future__ import annotations

import hashlib
import re
from types import MappingProxyType
from typing import Any

import numpy as np

from phusong.layers.rules import Report, error
from phusong.layers.tables.opening import RawTable
from phusong.layers.vectors.postgis_url import DatabaseUrl, redact

CONNECT_S = 10
STATEMENT_S = 300
_USUAL = ("geom", "geometry", "the_geom", "wkb_geometry")

NO_DRIVER = error(
    "no-postgis",
    "Chưa cài phần đọc PostgreSQL.", "What reads PostgreSQL is not installed.",
    'Cài: pip install "phusong[postgis]".', 'Install it: pip install "phusong[postgis]".',
)
WHICH_TABLE = error(
    "postgis-table-or-query",
    "URL phải có đúng một trong hai: ?table=schema.bảng hoặc ?query=SELECT….",
    "The URL must have one of ?table=schema.name and ?query=SELECT….",
    "Ví dụ: postgresql://user@host/db?table=public.tram.",
    "For example: postgresql://user@host/db?table=public.stations.",
)
ONE_SELECT = error(
    "postgis-not-a-select",
    "Truy vấn phải là một câu SELECT (hoặc WITH) duy nhất.", "The query must be a single SELECT (or WITH).",
    "Chương trình chỉ đọc cơ sở dữ liệu.", "The program only reads the database.",
)
CANNOT_CONNECT = error(
    "postgis-connection",
    "Không kết nối được cơ sở dữ liệu: {reason}", "The database cannot be reached: {reason}",
    "Kiểm tra máy chủ, tên, mật khẩu (PGPASSWORD hoặc .pgpass) và quyền.",
    "Check host, names, password (PGPASSWORD or .pgpass) and rights.",
)
FAILED = error(
    "postgis-query",
    "Cơ sở dữ liệu từ chối câu truy vấn: {reason}", "The database refuses the query: {reason}",
    "Kiểm tra tên bảng, cột và quyền đọc.", "Check the names of table and columns, and the right to read.",
)
TOO_SLOW = error(
    "postgis-timeout",
    "Câu truy vấn chạy quá {seconds} giây nên bị dừng.",
    "The query ran longer than {seconds} seconds and was stopped.",
    "Rút gọn truy vấn hoặc thêm chỉ mục.", "Make it smaller, or add an index.",
)
EMPTY_RESULT = error(
    "empty-table",
    "Bảng không có dòng dữ liệu nào.", "The table has no rows.",
    "Kiểm tra bảng hoặc truy vấn.", "Check the table or the query.",
)


def read_database(url: DatabaseUrl, report: Report) -> RawTable | None:
    """Read a table or the result of a query.

    Parameters
    ----------
    url : DatabaseUrl
        ``table=schema.name`` or ``query=SELECT …``; ``geometry=column`` where there are several.
    report : Report
        Its ``rows_read`` and ``sha256`` (of the rows, in any order) are set. No message holds the password.

    Returns
    -------
    RawTable or None
        The coordinate system is that of the geometries' SRID.
    """
    statement = _statement(url, report)
    if statement is None:
        return None
    try:
        import psycopg  # noqa: F401
        import sqlalchemy
        from pandas.errors import DatabaseError
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError
    except ImportError:
        report.once(NO_DRIVER)
        return None
    options = f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_S * 1000}"
    try:
        engine = sqlalchemy.create_engine(
            url.connection(), poolclass=sqlalchemy.pool.NullPool, hide_parameters=True,
            connect_args={"connect_timeout": CONNECT_S, "options": options, "application_name": "phusong"},
        )
        connection = engine.connect()
    except (SQLAlchemyError, ValueError, UnicodeError) as exception:
        report.once(CANNOT_CONNECT, reason=_reason(exception, url))
        return None
    try:
        with connection:
            raw = _read(connection, statement, url)
    except (DBAPIError, DatabaseError) as exception:
        reason = _reason(exception, url)
        if "statement timeout" in reason:
            report.once(TOO_SLOW, seconds=STATEMENT_S)
        else:
            report.once(FAILED, reason=reason)
        return None
    report.rows_read = len(raw)
    report.sha256 = _sha256(raw)
    if not len(raw):
        report.once(EMPTY_RESULT)
        return None
    return raw


def _statement(url: DatabaseUrl, report: Report) -> str | None:
    given = url.parameters
    if ("table" in given) == ("query" in given):
        report.once(WHICH_TABLE)
        return None
    if "table" in given:
        parts = [f'"{_quoted(part.strip(chr(34)))}"' for part in given["table"].split(".")]
        return f"SELECT * FROM {'.'.join(parts)}"
    query = given["query"].strip().rstrip(";").strip()
    if ";" in query or not re.match(r"(select|with|table|values)\b", query, re.IGNORECASE):
        report.once(ONE_SELECT)
        return None
    return query


def _reason(exception: Exception, url: DatabaseUrl) -> str:
    """Return the first line of the database's own words, without the password."""
    cause = exception if hasattr(exception, "orig") else exception.__cause__  # pandas wraps some
    said = str(getattr(cause, "orig", None) or exception).strip()
    line = redact(said.splitlines()[0] if said else type(exception).__name__)
    return line.replace(url.password, "***") if url.password else line


def _read(connection: Any, statement: str, url: DatabaseUrl) -> RawTable:
    import geopandas as gpd
    import pandas as pd
    import sqlalchemy

    shapes = _shape_columns(connection, statement)
    wanted = url.parameters.get("geometry")
    usual = [c for c in _USUAL if c in shapes]
    chosen = wanted if wanted in shapes else next(iter([*usual, *shapes]), None)
    fields = _columns(connection, statement)
    listed = ", ".join(
        f'q."{_quoted(c)}"::geometry AS "{_quoted(c)}"' if c == chosen else f'q."{_quoted(c)}"'
        for c in fields if c == chosen or c not in shapes
    )
    text = sqlalchemy.text(_literal(f"SELECT {listed} FROM ({statement}) AS q"))
    if chosen is None:
        frame, geometry, crs = pd.read_sql(text, connection), None, None
    else:
        whole = gpd.read_postgis(text, connection, geom_col=chosen, crs=4326)  # of no matter: see below
        geometry, crs = np.asarray(whole.geometry.array, dtype=object), _system(connection, statement, chosen)
        frame = pd.DataFrame(whole.drop(columns=chosen))
    cells = {str(name): np.asarray(frame[name]) for name in frame.columns}
    return RawTable(MappingProxyType(cells), np.arange(1, len(frame) + 1), geometry, crs)


def _system(connection: Any, statement: str, column: str) -> Any:
    """Return the system of the first geometry, as the database knows its SRID; None if it is 0."""
    import sqlalchemy
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    known = connection.execute(sqlalchemy.text(_literal(
        "SELECT s.auth_name, s.auth_srid, s.srtext FROM spatial_ref_sys AS s WHERE s.srid = (SELECT "
        f'ST_SRID(q."{_quoted(column)}"::geometry) FROM ({statement}) AS q '
        f'WHERE q."{_quoted(column)}" IS NOT NULL LIMIT 1)'
    ))).first()  # fmt: skip
    if known is None:
        return None
    try:
        return CRS.from_authority(known[0], known[1])
    except CRSError:
        return CRS.from_wkt(known[2])


def _quoted(name: str) -> str:
    return name.replace('"', '""')


def _literal(statement: str) -> str:
    """Return a statement in which SQLAlchemy finds no parameters of its own (``:name``)."""
    return re.sub(r"(?<![:\\]):(?=\w)", r"\\:", statement)


def _head(connection: Any, statement: str) -> Any:
    import sqlalchemy

    return connection.execute(sqlalchemy.text(_literal(f"SELECT * FROM ({statement}) AS q LIMIT 0")))


def _columns(connection: Any, statement: str) -> list[str]:
    return [str(c) for c in _head(connection, statement).keys()]  # noqa: SIM118


def _shape_columns(connection: Any, statement: str) -> list[str]:
    """Return the columns of the types geometry and geography."""
    import sqlalchemy

    found = connection.execute(
        sqlalchemy.text("SELECT oid FROM pg_catalog.pg_type WHERE typname IN ('geometry', 'geography')")
    )
    types = {int(row[0]) for row in found}
    return [str(c[0]) for c in _head(connection, statement).cursor.description if int(c[1]) in types]


def _sha256(raw: RawTable) -> str:
    """Return a hash of the rows that does not depend on the order in which the database gave them."""
    import shapely

    columns: list[Any] = [raw.cells[name].tolist() for name in sorted(raw.cells)]
    if raw.geometry is not None:
        columns.append(shapely.to_wkb(raw.geometry).tolist())
    rows = sorted(hashlib.sha256(repr(row).encode()).digest() for row in zip(*columns, strict=True))
    names = repr(sorted(raw.cells)).encode()
    return hashlib.sha256(names + b"".join(rows)).hexdigest()
