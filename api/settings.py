"""What can be set from outside: by environment variable, by an `.env` file, or by a flag of the command line."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.values import ID_PATTERN
from domain.vocabulary import HINTS

PREFIX = "PARLEY_"


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
        use_attribute_docstrings=True,
    )

    data: Path = Path("parley-data")
    """Directory of the log (events.db) and the read models (views.db); made if it is not there."""
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
    database_url: str | None = None
    """Reserved for PostgreSQL."""

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
    def no_database_yet(cls, url: str | None) -> str | None:
        if url is not None:
            raise ValueError("PostgreSQL comes with a later version: unset it; the log is kept in PARLEY_DATA")
        return url


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
    one = error.errors(include_url=False, include_input=False)[0]
    name, context = str(one["loc"][0]), one.get("ctx", {})
    match one["type"]:
        case "string_pattern_mismatch":
            mend = "send 1 to 64 characters: a-z, 0-9 and -, beginning with a letter or digit"
        case "int_parsing" | "int_type" | "int_from_float":
            mend = "send a whole number"
        case kind if kind in HINTS:
            mend = HINTS[kind].format(**context)
        case _:
            mend = one["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{name.upper()}: {mend}"
