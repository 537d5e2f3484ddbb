"""Where a layer of a database lies: a URL whose password is never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

SCHEMES = ("postgresql", "postgres")
OWN = ("table", "query", "geometry")
"""Parameters of the URL that are ours; the others (``sslmode``, …) go to the database."""
_PASSWORD = re.compile(r"(postgres(?:ql)?:/{1,2}[^:/?#@\s'\"]*):[^'\"\s]*@", re.IGNORECASE)
_PARAMETER = re.compile(r"((?:password|sslpassword)=)[^&\s'\"]*", re.IGNORECASE)


@dataclass(frozen=True)
class DatabaseUrl:
    """``postgresql://user:password@host/database?table=schema.name``, or ``?query=SELECT …``.

    Attributes
    ----------
    url : str
        As given, with its password: for connecting only. Not in ``repr``.
    """

    url: str = field(repr=False)

    def __str__(self) -> str:
        return redact(self.url)

    def as_posix(self) -> str:
        """Return the URL without its password, as `pathlib.Path` has it for files."""
        return redact(self.url)

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the URL."""
        return dict(parse_qsl(urlsplit(self.url).query))

    @property
    def password(self) -> str:
        """The password, empty where the environment (``PGPASSWORD``) or ``.pgpass`` holds it."""
        return unquote(urlsplit(self.url).password or "") or self.parameters.get("password", "")

    def connection(self) -> str:
        """Return the URL by which SQLAlchemy connects, without our own parameters."""
        parts = urlsplit(self.url)
        query = urlencode({k: v for k, v in self.parameters.items() if k not in OWN}, quote_via=quote)
        return urlunsplit(("postgresql+psycopg", parts.netloc, parts.path, query, ""))


def redact(text: str) -> str:
    """Return a text without the passwords of the database URLs in it."""
    return _PARAMETER.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))


def is_database(text: Any) -> bool:
    """Tell whether a path is the URL of a database."""
    return isinstance(text, str) and text.partition("://")[0].lower() in SCHEMES and "://" in text


def path_or_url(given: Any) -> Any:
    """Return a database's URL for a text that is one, anything else as it is."""
    return DatabaseUrl(given) if is_database(given) else given


def source_of(given: str) -> Path | DatabaseUrl:
    """Return what an argument of the command line names: a file, or a table of a database."""
    return DatabaseUrl(given) if is_database(given) else Path(given)


def as_path(given: Path | DatabaseUrl) -> Path:
    """Return a path; of a database, one by which it is shown, and which leads nowhere."""
    return given if isinstance(given, Path) else Path(given.as_posix())
