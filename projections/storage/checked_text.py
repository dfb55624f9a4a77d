"""Texts that carry a checksum, so that a file that a disk has changed is noticed where it is read.

SQLite has no checksums of its own, and what a damaged page says is served like any other. PostgreSQL has them for each
page: there the text stands as it is.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

from sqlalchemy import Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.types import TypeEngine

DIGITS = 8


class DamagedText(Exception):
    """A text is not what was written."""


def sealed(text: str) -> str:
    """A text with its checksum behind it."""
    return f"{text}{crc32(text.encode()):08x}"


def opened(held: Any) -> str:
    """A text without its checksum.

    Raises:
        DamagedText: it is not what was written.
    """
    if not isinstance(held, str):
        raise DamagedText
    text = held[:-DIGITS]
    try:
        whole = f"{crc32(text.encode()):08x}" == held[-DIGITS:]
    except UnicodeEncodeError:
        whole = False
    if not whole:
        raise DamagedText
    return text


class CheckedText(TypeDecorator[str]):
    """The type of a column of such texts. None is compared with another but for being equal."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TEXT(collation="C") if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return sealed(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return opened(value) if value is not None and dialect.name == "sqlite" else value
