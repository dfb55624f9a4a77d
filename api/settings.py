"""What can be set from outside: by environment variable, by an `.env` file, or by a flag of the command line."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.fault_words import HINTS
from domain.ids import ID_PATTERN

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from projections.storage.generations import ReadModels

PREFIX = "PARLEY_"
KEEPALIVES = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
"""Options of libpq: a host of the database that is cut off is given up after about ten seconds, not after hours."""


class BadSetting(ValueError):
    """A setting that cannot be used. Its text is one sentence that begins with the variable."""


class Settings(BaseSettings):
    """Settings of one installation. Each is read from `PARLEY_` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    data: Path = Path("parley-data")
    """Directory of the log (events.db) and the read models (views.db), unless they are in a database."""
    host: str = "127.0.0.1"
    """Address to listen on: a loopback address only."""
    port: int = Field(8642, ge=0, le=65_535)
    """Port to listen on; 0 takes any free one."""
    url: str | None = None
    """Address of a running server for commands to go to; without it they look in the data directory."""
    office: str = Field("local", pattern=ID_PATTERN)
    """Code of the office that records; it stands in every event as `recorded_by`."""
    max_body: int = Field(2 * 1024 * 1024, ge=1024, le=1024 * 1024 * 1024)
    """The most bytes one request may hold."""
    lock_timeout: int = Field(5, ge=1, le=60)
    """Seconds to wait for another program that is writing to the log."""
    queue: int = Field(1_000, ge=1, le=100_000)
    """The most requests to append that wait to be recorded; further ones are answered 503 at once."""
    connections: int = Field(1_000, ge=1, le=100_000)
    """The most connections of one process; further ones are answered 503 at once, and closed."""
    followers: int = Field(400, ge=1, le=100_000)
    """The most live streams of one process, at most half of its connections; further ones are answered 503."""
    questions: int = Field(4, ge=1, le=32)
    """How many questions that take a while (at a horizon, changes, files, drawings) one process works on at once."""
    question_time: int = Field(30, ge=1, le=3_600)
    """Seconds after which such a question is given up and answered 503."""
    database_url: str | None = None
    """URL of a PostgreSQL database for the log and the read models; without it they are files in the data directory."""
    workers: int = Field(1, ge=1, le=64)
    """How many processes serve, behind one port."""
    project: bool = True
    """Whether a server brings the read models up to date itself; false leaves that to `parley project`."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """Form of a server's log on stderr: json (an object a line), console (to be read), auto (console on a terminal)."""
    log_level: Literal["debug", "info", "warning", "error"] | None = None
    """The least that a server logs; without it info, which logs each request, or warning in a demonstration."""
    traces: bool = False
    """Whether a server exports traces over OTLP, to where OTEL_EXPORTER_OTLP_ENDPOINT says."""

    map_layer: Path | None = None
    """A GeoJSON file that is drawn below the maps; beside `features` it says its `source`, `date` and `licence`."""

    @field_validator("host")
    @classmethod
    def stays_at_home(cls, host: str) -> str:
        try:
            loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            loopback = False
        if not loopback:
            raise ValueError(
                "Parley listens on a loopback address only (127.0.0.1, ::1 or localhost), because it has no access "
                "control yet: whoever reached it could read and append everything"
            )
        return host

    @field_validator("database_url")
    @classmethod
    def names_a_database(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("send a URL of the form postgresql://user@host:5432/name")
        if not _installed("psycopg_pool"):
            raise ValueError("a database takes more packages: install parley-tracker[postgres], or unset it")
        from psycopg import ProgrammingError  # slow to import, and a log in a file does without
        from psycopg.conninfo import conninfo_to_dict

        try:
            said = conninfo_to_dict(url)
        except ProgrammingError:  # its text holds the URL, which may hold a password
            said = None
        # Of a password with an @ or a / the driver takes the rest for a part of the host or of the name, and these are
        # shown; a ? in it hides where the parameters begin. In parameters, after a / and a ?, an @ does no harm.
        before, at, _ = url.partition("://")[2].partition("@")
        doubtful = bool(at) and ("?" in before) != ("/" in before)
        if said is None or "@" in str(said.get("host", "")) or doubtful or not url.isprintable():
            raise ValueError(
                "it cannot be read as a URL of the form postgresql://user@host:5432/name (in a password, write each "
                "character that is not a letter or a digit as %XX)"
            )
        return url.removesuffix("?")

    @property
    def log_at(self) -> Path | str:
        """Where the log is: a directory, or the URL of a database."""
        return self._database or self.data

    @property
    def shown(self) -> str:
        """Where both are, as it may be shown: without user and password."""
        if self.database_url is None:
            return str(self.data)
        from ledger.postgres import named

        return named(self.database_url)

    @property
    def read_only(self) -> bool:
        """Whether the log is in a file where nothing can be written. Then it is read as it is, and the read models are
        made elsewhere."""
        from ledger import files

        return self.database_url is None and files.is_read_only(self.data)

    @property
    def views_at(self) -> Path | str:
        """Where the read models are: a file, or the URL of a database."""
        return self._database or self.data / "views.db"

    @property
    def _database(self) -> str | None:
        """The URL with what lets a connection to a host that fell silent end soon, and with TLS to another host, unless
        it says so itself."""
        if self.database_url is None:
            return None
        from psycopg.conninfo import conninfo_to_dict

        said = conninfo_to_dict(self.database_url)
        wanted = KEEPALIVES | _verified_tls({name: str(value) for name, value in said.items()})
        more = urlencode({name: value for name, value in wanted.items() if name not in said})
        joint = "&" if "?" in self.database_url else "?"
        return f"{self.database_url}{joint}{more}" if more else self.database_url

    @field_validator("traces")
    @classmethod
    def can_be_exported(cls, traces: bool) -> bool:
        if traces and not _installed("opentelemetry.exporter.otlp.proto.http"):
            raise ValueError("traces need more packages: install parley-tracker[traces], or unset it")
        return traces


def _verified_tls(said: Mapping[str, str]) -> dict[str, str]:
    """TLS with a verified certificate, for a database that is beyond this machine; nothing if something is said of it.

    Args:
        said: the parts of a URL. The variables of libpq (PGHOST, PGSSLMODE) count where it says nothing.
    """
    hosts = (said.get("hostaddr") or said.get("host") or os.environ.get("PGHOST") or "").split(",")
    if "sslmode" in said or "PGSSLMODE" in os.environ or all(map(_at_home, hosts)):
        return {}
    own = "PGSSLROOTCERT" in os.environ or Path("~/.postgresql/root.crt").expanduser().exists()
    return {"sslmode": "verify-full"} | ({} if own else {"sslrootcert": "system"})


def _at_home(host: str) -> bool:
    """Whether what is sent to a host stays on this machine: a socket in a directory, or a loopback address."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it belongs to
        return False


def open_ledger(settings: Settings, *, unfinished: bool = False) -> Ledger:
    """The log of an installation; it is to be closed.

    Args:
        settings: say where it is.
        unfinished: whether it may be a copy that is not whole yet.

    Raises:
        Unavailable: it cannot be opened.
    """
    from ledger.ledger import Ledger  # slow to import, and a command that asks a server does without
    from ledger.witness import note_of

    where, timeout = settings.log_at, settings.lock_timeout
    noted_at = note_of(settings.data, settings.shown) if isinstance(where, str) else None
    return Ledger(where, office=settings.office, lock_timeout=timeout, unfinished=unfinished, noted_at=noted_at)


def open_views(settings: Settings) -> ReadModels:
    """The read models of an installation; they are to be closed.

    Raises:
        Unavailable: they cannot be opened.
    """
    from projections.batch import open_read_models, open_temporary_read_models  # slow to import, too

    if settings.read_only:
        return open_temporary_read_models()
    return open_read_models(settings.views_at)


def load(**flags: Any) -> Settings:
    """The settings, flags before environment before `.env`; a flag that is None was not given.

    Raises:
        BadSetting: the first setting that cannot be used.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        raise BadSetting(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    name, context = str(fault["loc"][0]), fault.get("ctx", {})
    match fault["type"]:
        case "string_pattern_mismatch":
            advice = "send 1 to 64 characters: a-z, 0-9 and -, beginning with a letter or digit"
        case "int_parsing" | "int_type" | "int_from_float":
            advice = "send a whole number"
        case "bool_parsing":
            advice = "send true or false"
        case "literal_error":
            advice = f"send {context['expected']}"
        case kind if kind in HINTS:
            advice = HINTS[kind].format(**context)
        case _:
            advice = fault["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{name.upper()}: {advice}"
