"""How commands find a running server: a file in its data directory says where it listens."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from api.settings import Settings

SERVER_FILE = "server.json"
PATIENCE = 10.0
"""Seconds that a server under load may take to say that it is one."""


def address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def announce(data: Path, url: str) -> None:
    """Writes down where this process serves a data directory.

    Raises:
        OSError: there is no room, or no right to.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)  # what it serves may be in a database
    path = data / SERVER_FILE
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        draft.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def withdraw(data: Path) -> None:
    """Takes the file away, if it is this process's own."""
    with contextlib.suppress(OSError):
        if _read(data).get("pid") == os.getpid():
            (data / SERVER_FILE).unlink()


def running_server(data: Path) -> str | None:
    """The URL of the server that runs on a data directory. A file left by one that died is ignored."""
    written = _read(data)
    url, pid = written.get("url"), written.get("pid")
    if not isinstance(url, str) or not isinstance(pid, int) or not _is_loopback(url) or not _is_ours(pid):
        return None
    return url if _is_parley(url) else None


def _is_loopback(url: str) -> bool:
    """Whether an address is of this machine: what lies in a directory must not send reports elsewhere."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme == "http" and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False


def usual_server(settings: Settings) -> str | None:
    """The URL of the server at the host and port of the settings, if one answers there."""
    url = address(settings.host, settings.port)
    return url if settings.port and _is_parley(url) else None


def _read(data: Path) -> Mapping[str, Any]:
    try:
        written = json.loads((data / SERVER_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return written if isinstance(written, dict) else {}


def _is_ours(pid: int) -> bool:
    """Whether a process runs that this user may signal; the port of a dead server may be another's by now."""
    if sys.platform == "win32":
        return True  # there a signal of 0 is none: the address alone decides
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError, OverflowError):
        return False
    return True


def encrypted(url: str) -> bool:
    """Whether a connection to an address is encrypted; to load what verifies one takes a tenth of a command's time."""
    return not url.startswith("http://")


def _is_parley(url: str) -> bool:
    try:
        answer = httpx2.get(f"{url}/healthz", timeout=PATIENCE, trust_env=False, verify=encrypted(url))
        return answer.status_code == 200 and answer.json().get("status") == "alive"
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, AttributeError):
        return False
