"""Preferences of a request (RFC 7240): what the client would like, and may not get."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_PREFERENCE = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9a-z-]+)\s*(?:=\s*("?)([^";]*)\2\s*)?(?:;.*)?', re.IGNORECASE)


def read(headers: Iterable[str]) -> Mapping[str, str]:
    """The preferences of the `Prefer` headers by name, in lower case; of one sent twice the first counts.

    One without a value has an empty one. What cannot be read is left out: a preference is never refused.
    """
    return _read(",".join(headers))


@lru_cache(64)  # most clients send the same with every request
def _read(header: str) -> Mapping[str, str]:
    preferences: dict[str, str] = {}
    for part in header.split(","):
        preference = _PREFERENCE.fullmatch(part)
        if preference is not None:
            preferences.setdefault(preference[1].lower(), (preference[3] or "").strip())
    return preferences


def seconds(preferences: Mapping[str, str], most: int) -> int | None:
    """The seconds of `wait=N`, at most so many; None if it is not asked for, or not in whole seconds."""
    wait = preferences.get("wait", "")
    return min(int(wait), most) if re.fullmatch("[0-9]{1,9}", wait) else None
