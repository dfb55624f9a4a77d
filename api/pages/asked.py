"""What every page is asked with: the language, and from where the log is looked at. Links carry both on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Query, Request

from api.http.horizon import horizon_of, read_date, read_known_at
from api.http.parameters import did_you_mean, show_answered
from api.http.question_routes import HORIZON
from api.pages.date_words import as_edtf
from api.services.registry import Services, Shared
from api.wording.language import ENGLISH, LANGUAGES, Language
from domain.errors import BadCursor, Fault
from projections.queries.at_horizon import PRESENT, HorizonRequest

_QUALITY = re.compile(r"q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked with."""

    services: Services
    language: Language
    path: str
    query: dict[str, str]
    """The parameters that were sent, the empty fields of forms aside."""
    horizon: HorizonRequest = PRESENT

    def link(self, path: str, fragment: str = "", /, **more: object) -> str:
        """An address with the language and the horizon of this page, which is a link that holds its state.

        Args:
            path: of the page, each of its parts quoted.
            fragment: a place on the page.
            more: further parameters; None takes one away.
        """
        kept = {name: self.query[name] for name in ("lang", *HORIZON) if name in self.query}
        return address(path, {**kept, **more}, fragment)

    def here(self, **more: object) -> str:
        """This page with other parameters; None takes one away."""
        return address(quote(self.path), {**self.query, **more})

    @property
    def at_present(self) -> bool:
        return self.horizon == PRESENT


def address(path: str, parameters: dict[str, object], fragment: str = "") -> str:
    """A path with parameters, those of None left out."""
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return path + (f"?{query}" if query else "") + (f"#{quote(fragment)}" if fragment else "")


def language_of(lang: str | None, accept_language: str | None) -> Language:
    """The language that is asked for by a parameter, else the one that the browser likes best, else English."""
    if lang in LANGUAGES:
        return LANGUAGES[lang]
    liked: list[tuple[float, Language]] = []
    for part in (accept_language or "")[:1000].split(","):
        tag, *parameters = (text.strip().lower() for text in part.split(";"))
        language = LANGUAGES.get(tag.partition("-")[0])
        quality = next((float(match[1]) for text in parameters if (match := _QUALITY.fullmatch(text))), 1.0)
        if language is not None and quality > 0:
            liked.append((quality, language))
    return max(liked, key=lambda one: one[0])[1] if liked else ENGLISH


def sent(request: Request) -> dict[str, str]:
    """The parameters that were sent; a form sends its empty fields, too, and they ask for nothing."""
    return {name: value for name, value in request.query_params.items() if value.strip()}


async def asked(
    request: Request,
    services: Shared,
    lang: Annotated[str | None, Query(max_length=35)] = None,
) -> Asked:
    """What a page without a horizon is asked with."""
    if lang and lang not in LANGUAGES:
        hint = did_you_mean(lang, tuple(LANGUAGES))
        raise BadCursor.at("lang", f"no such language{hint}: one of {', '.join(LANGUAGES)}")
    await show_answered(services)
    return Asked(services, language_of(lang, request.headers.get("accept-language")), request.url.path, sent(request))


AskedPage = Annotated[Asked, Depends(asked)]


async def asked_at(
    page: AskedPage,
    as_of: str | None = None,
    published_by: str | None = None,
    known_at: str | None = None,
    known_at_position: str | None = None,
) -> Asked:
    """What a page of one process is asked with. Its form sends empty fields, and times as browsers write them.

    Raises:
        BadCursor: a date cannot be read; each field says how to write it.
    """
    sent_fields = {
        "as_of": as_of,
        "published_by": published_by,
        "known_at": known_at,
        "known_at_position": known_at_position,
    }
    horizon = await read_horizon(page.services, sent_fields)
    return Asked(page.services, page.language, page.path, page.query, horizon)


async def read_horizon(services: Services, fields: Mapping[str, str | None], prefix: str = "") -> HorizonRequest:
    """A horizon as a form sends it.

    Args:
        services: to find the position of a time.
        fields: the parameters, by their names without the prefix.
        prefix: what stands before each name in the form.

    Raises:
        BadCursor: a date cannot be read; each field says how to write it.
    """
    typed = {name: text.strip() for name, text in fields.items() if text and text.strip()}
    faults: list[Fault] = []
    dates: dict[str, str] = {}
    for name in ("as_of", "published_by"):
        try:
            if name in typed:
                dates[name] = read_date(as_edtf(typed[name]))
        except ValueError as reason:
            faults.append(Fault(prefix + name, str(reason)))
    moment, position = None, None
    try:
        if "known_at" in typed:
            moment = read_known_at(_with_zone(typed["known_at"]))
    except ValueError as reason:
        faults.append(Fault(f"{prefix}known_at", str(reason)))
    if "known_at_position" in typed:
        if re.fullmatch("[0-9]{1,18}", typed["known_at_position"], re.ASCII):
            position = int(typed["known_at_position"])
        else:
            faults.append(Fault(f"{prefix}known_at_position", "send a whole number"))
    if faults:
        raise BadCursor.of(faults)
    return await horizon_of(services, dates.get("as_of"), dates.get("published_by"), moment, position)


AskedAt = Annotated[Asked, Depends(asked_at)]


def _with_zone(text: str) -> str:
    """A time as the field of a form gives it, without seconds or zone: UTC."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", text, re.ASCII):
        return f"{text[:10]}T{text[11:]}:00Z"
    return text
