"""The style and the script of the pages, each under a name that changes with what it holds."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import Request
from starlette.responses import Response

from api.http.parameters import StrictRouter
from domain.errors import NotFound

router = StrictRouter(include_in_schema=False)
DIRECTORY = Path(__file__).parent / "static"
MEDIA = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent."""

    name: str
    """With a part that changes with the content."""
    body: bytes
    packed: bytes
    media: str


@cache
def files() -> dict[str, StaticFile]:
    """All of them, by the name on disk."""
    files: dict[str, StaticFile] = {}
    for path in sorted(DIRECTORY.iterdir()):
        if path.suffix in MEDIA:
            body = path.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:12]
            name = f"{path.stem}.{digest}{path.suffix}"
            files[path.name] = StaticFile(name, body, gzip.compress(body, mtime=0), MEDIA[path.suffix])
    return files


def address(name: str) -> str:
    """Where a file is served from."""
    return f"/static/{files()[name].name}"


@router.get("/static/{name}")
def read_static(request: Request, name: str) -> Response:
    """A file that may be kept for ever, since another content has another name."""
    file = next((file for file in files().values() if file.name == name), None)
    if file is None:
        raise NotFound("there is no such file: load the page again, whose files have new names")
    headers = {"Cache-Control": FOREVER, "X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media)
    return Response(file.body, headers=headers, media_type=file.media)
