"""Pages as they are sent: made from a template in the language asked for, with a policy that lets nothing else in."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from api.exporters import typeset
from api.pages import static_files
from api.pages.asked import Asked
from api.pages.markup import isolated, marked_up, plain
from api.pages.tables import Cell
from api.services.registry import Services
from api.wording import words
from api.wording.language import LANGUAGES, grouped, say, say_number, speaking
from api.wording.rules import rule
from projections.patience import go_on

TEMPLATES = Path(__file__).parent / "templates"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Vary": "Accept, Accept-Language, Accept-Encoding",
}
SERVED = {"/", "/inbox", "/deadlines", "/findings", "/actors", "/places", "/log", "/record", "/reading"}
"""The pages that the head of each page leads to."""
TRAVELLED = {"/", "/inbox", "/deadlines", "/findings", "/actors", "/places", "/log"}
"""Those of them that are there from any horizon."""
OF_PROCESS = {"/history", "/changes", "/compare", "/timeline", "/map", "/figures", "/obligations", "/report"}
"""The pages of a process beside its first screen."""
WORTH_PACKING = 1_000  # bytes
LAG = 200
"""Events by which read models lag while they are being made; less is taken in within a moment."""


def drawing_formats() -> tuple[str, ...]:
    """The formats in which a drawing can be had here."""
    return ("svg", "png") if typeset.installed() else ("svg",)


@cache
def environment() -> Environment:
    """The templates; every text in them is escaped, and a misspelt name is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_put,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {
        "say": say,
        "say_number": say_number,
        "coded": words.coded,
        "clean": words.clean,
        "when": words.when,
        "moment": words.moment,
        "grouped": grouped,
        "is_cell": lambda value: isinstance(value, Cell),
        "languages": LANGUAGES,
        "static": static_files.address,
        "rule": rule,
        "drawing_formats": drawing_formats,
        "served": SERVED,
        "travelled": TRAVELLED,
        "of_process": OF_PROCESS,
    }
    made.filters |= {"plain": plain, "isolated": isolated}
    return made


def _put(value: object) -> object:
    """A value as it is put into a template, as long as somebody waits for the page."""
    go_on()
    return marked_up(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Behind:
    """How far the read models are, if they do not show all that was recorded."""

    position: int
    head: int
    halted: str | None


def behind(services: Services) -> Behind | None:
    """Whether the read models are being made, or do not go on; a moment's lag is nothing to tell of."""
    follower, head = services.follower, services.log_watcher.position
    if follower.halted or head - follower.position > LAG:
        return Behind(follower.position, max(head, follower.position), follower.halted)
    return None


def page(
    asked: Asked,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    accept_encoding: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page.

    Args:
        asked: what it was asked with.
        template: its name.
        context: what the template tells. It is made in the same language: see `speaking`.
        status: of the answer.
        accept_encoding: as the request says.
        headers: further ones.
    """
    with speaking(asked.language):
        text = environment().get_template(template).render(asked=asked, behind=behind(asked.services), **context)
        body = text.encode()
    packed = "gzip" in accept_encoding and len(body) > WORTH_PACKING
    sent = {**HEADERS, **({"Content-Encoding": "gzip"} if packed else {}), **(headers or {})}
    if packed:
        body = gzip.compress(body, 5, mtime=0)
    return Response(body, status, sent, media_type="text/html; charset=utf-8")
