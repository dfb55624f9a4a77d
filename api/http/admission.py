"""The one place that every request passes before anything of it is answered, on the fast path and in the framework.

What it decides rests on the method, the target and the headers alone. It knows no framework, so that no way of
answering can be built around it: `api/http/middleware.py` asks it, and hands on only what it admits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NewType

from api.http.problems import WrongHost

Audience = NewType("Audience", str)
"""Who asks, as far as it decides what may be told: two requests of one audience get the same answer."""
EVERYBODY = Audience("everybody")
"""The only audience as long as there is no access control: whoever reaches this machine may see everything."""
AUDIENCE = "parley.audience"
"""Where a request carries its audience, once it is admitted."""

_LOCAL = re.compile(rb"(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])(:[0-9]*)?", re.IGNORECASE)


def admit(method: str, target: str, headers: Iterable[tuple[bytes, bytes]]) -> Audience:  # noqa: ARG001  see below
    """Admits a request, and says for whom it asks.

    Only requests that name this machine are admitted. There is no access control yet: a web page whose name was pointed
    at this machine (DNS rebinding) could read everything through the browser that shows it; its requests still carry
    its own name. Access control will stand here, too, and look at the method and the target.

    Args:
        method: of the request, in capitals.
        target: the path that is asked for, decoded as routes match it.
        headers: each header as it was sent, its name in small letters.

    Raises:
        WrongHost: the request does not name this machine, or names several hosts.
    """
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1 or not _LOCAL.fullmatch(hosts[0]):
        raise WrongHost("send the request to localhost, 127.0.0.1 or [::1], under that name")
    return EVERYBODY
