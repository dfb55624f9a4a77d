"""Time zones by their IANA names, from the tables that are installed with Parley.

A zone is a table, as the properties of characters are: which offset a place had when. It is read from the package
`tzdata`, whose version the lock pins, and never from the system, so that one log means the same on every machine.
"""

from __future__ import annotations

import difflib
import re
from datetime import tzinfo
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

_TABLES: Final = "tzdata"
MAX_LENGTH: Final = 64
"""Characters of a name."""


@cache
def zone_names() -> frozenset[str]:
    """All names that `zone` knows, links such as `Asia/Calcutta` too."""
    return frozenset((files(_TABLES) / "zones").read_text(encoding="ascii").split())


@cache
def zone(name: str) -> tzinfo:
    """The zone of this name, for example `Asia/Damascus`.

    Raises:
        ValueError: there is none; the text names near ones.
    """
    if name not in zone_names():  # so no name reaches outside the tables
        near = _near(name)
        hint = f"did you mean {near}?" if near else "send one, for example Asia/Damascus"
        raise ValueError(f"no time zone has this IANA name: {hint}")
    with (files(_TABLES) / "zoneinfo").joinpath(*name.split("/")).open("rb") as table:
        return ZoneInfo.from_file(table, key=name)


def _near(name: str) -> str:
    """Zones with a similar name, or of the city or country named; the text never repeats what was sent."""
    folded = {known.casefold(): known for known in sorted(zone_names())}
    wanted = re.sub(r"[^a-z0-9/+-]+", "_", name.casefold().strip())
    if wanted in folded:
        return folded[wanted]
    last = wanted.rpartition("/")[2]
    if len(wanted) > MAX_LENGTH:  # to compare takes time
        return ""
    cities = {known.rpartition("/")[2]: known for known in folded}
    near = [cities[city] for city in difflib.get_close_matches(last, cities, n=2, cutoff=0.8)]
    near += difflib.get_close_matches(wanted, folded, n=3, cutoff=0.75)
    return " or ".join(folded[known] for known in list(dict.fromkeys(near))[:3])
