"""Time zones by their IANA names, from the tables that are installed with Parley.

A zone is a table, as the properties of characters are: which offset a place had when. It is read from the package
`tzdata`, whose version the lock pins, and never from the system, so that one log means the same on every machine.
"""

from __future__ import annotations

from datetime import tzinfo
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

_TABLES: Final = "tzdata"


@cache
def zone_names() -> frozenset[str]:
    """All names that `zone` knows, links such as `Asia/Calcutta` too."""
    return frozenset((files(_TABLES) / "zones").read_text(encoding="ascii").split())


@cache
def zone(name: str) -> tzinfo:
    """The zone of this name, for example `Asia/Damascus`.

    Raises:
        ValueError: there is none.
    """
    if name not in zone_names():  # so no name reaches outside the tables
        raise ValueError("no time zone has this name: send an IANA name, for example Asia/Damascus")
    with (files(_TABLES) / "zoneinfo").joinpath(*name.split("/")).open("rb") as table:
        return ZoneInfo.from_file(table, key=name)
