"""Keys made of several values: no value can be mistaken for two, and no key is too long for an index of a database.

compound("access", "a|b", "")   access|a\\|b|
bounded(key)                    the key, or its beginning and a hash of all of it
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

MOST_BYTES: Final = 400
"""The longest key that is kept as it is, in bytes of UTF-8.

An index of PostgreSQL takes some 2,700 bytes for all its columns."""


def compound(first: str, *more: str) -> str:
    """One key of one or more values, with a bar between them; two lists of values have one only if they are equal."""
    key = "|".join((first, *more))
    if "\\" not in key and key.count("|") == len(more):
        return key
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in (first, *more))


def bounded(key: str) -> str:
    """The key, if it has at most `MOST_BYTES`; else a longer one than any of these, of at most `MOST_BYTES` and 35.

    It begins as the key does, so that a person knows it again, and ends in 128 bits of BLAKE2b over all of it.
    """
    if len(key) <= MOST_BYTES // 4:
        return key
    whole = key.encode("utf-8", "surrogatepass")
    if len(whole) <= MOST_BYTES:
        return key
    beginning = whole[:MOST_BYTES].decode("utf-8", "ignore")
    return f"{beginning}…{blake2b(whole, digest_size=16).hexdigest()}"


def short_hash(text: str | bytes) -> str:
    """64 bits of BLAKE2b over a text, or over its bytes in UTF-8, as 16 digits."""
    written = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return blake2b(written, digest_size=8).hexdigest()
