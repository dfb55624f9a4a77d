"""The one place that every request passes before anything of it is answered, on the fast path and in the framework.

What it decides rests on the method, the target and the headers alone. It knows no framework, so that no way of
answering can be built around it: `api/http/middleware.py` asks it, and hands on only what it admits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NewType

from api.http.problems import ForeignPage, WrongHost

Audience = NewType("Audience", str)
"""Who asks, as far as it decides what may be told: two requests of one audience get the same answer."""
EVERYBODY = Audience("everybody")
"""The only audience as long as there is no access control: whoever reaches this machine may see everything."""
AUDIENCE = "parley.audience"
"""Where a request carries its audience, once it is admitted."""

_LOCAL = re.compile(rb"(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])(:[0-9]*)?", re.IGNORECASE)


READING = frozenset(("GET", "HEAD", "OPTIONS"))
"""Methods that change nothing."""
_OWN = frozenset((b"same-origin", b"none"))
"""What a browser says of where a request comes from (Sec-Fetch-Site), if no page of another site sends it."""


def admit(method: str, target: str, headers: Iterable[tuple[bytes, bytes]]) -> Audience:  # noqa: ARG001  see below
    """Admits a request, and says for whom it asks.

    Only requests that name this machine are admitted. There is no access control yet: a web page whose name was pointed
    at this machine (DNS rebinding) could read everything through the browser that shows it; its requests still carry
    its own name. Nor does a page of another site change anything: a browser says where a request comes from, and
    programs say nothing of it. Access control will stand here, too, and look at the target.

    Args:
        method: of the request, in capitals.
        target: the path that is asked for, decoded as routes match it.
        headers: each header as it was sent, its name in small letters.

    Raises:
        WrongHost: the request does not name this machine, or names several hosts.
        ForeignPage: a page of another site would change something.
    """
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1 or not _LOCAL.fullmatch(hosts[0]):
        raise WrongHost("send the request to localhost, 127.0.0.1 or [::1], under that name")
    if method not in READING:
        _require_own(hosts[0], headers)
    return EVERYBODY


def _require_own(host: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    for name, value in headers:
        foreign = name == b"origin" and value.partition(b"://")[2].lower() != host.lower()
        if foreign or (name == b"sec-fetch-site" and value not in _OWN):
            said = name.decode().title()
            raise ForeignPage(
                f"{said} says that a page of another site sends this: record from a page of this server, or a program"
            )
