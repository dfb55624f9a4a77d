"""Which of several media types a client wants (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from api.http.problems import NotAcceptable

_QUALITY = re.compile(r"q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def accepted(header: str | None, offered: Sequence[str]) -> str:
    """The offered type that the client likes best; among equals the first one offered.

    Parameters other than `q` are not looked at. What cannot be read counts as not sent.

    Raises:
        NotAcceptable: none of them is accepted.
    """
    if header is None or not header.strip():
        return offered[0]
    ranges = [_range(part) for part in header.split(",") if "/" in part]
    likings = [_liking(media, ranges) for media in offered]
    if not ranges or max(likings) == 0:
        raise NotAcceptable(f"this address gives {', '.join(offered)}: accept one of them")
    return offered[likings.index(max(likings))]


def _range(part: str) -> tuple[str, float]:
    media, *parameters = (text.strip().lower() for text in part.split(";"))
    for parameter in parameters:
        if quality := _QUALITY.fullmatch(parameter):
            return media, float(quality[1])
    return media, 1.0


def _liking(media: str, ranges: list[tuple[str, float]]) -> float:
    """What the most exact range that fits says."""
    for wanted in (media, media.partition("/")[0] + "/*", "*/*"):
        likings = [liking for range_, liking in ranges if range_ == wanted]
        if likings:
            return max(likings)
    return 0.0
