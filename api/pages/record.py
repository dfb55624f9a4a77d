"""Recording by a form: choose what is reported, type it, look at it, record it; and correct a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote
from uuid import UUID

from fastapi import Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.http.parameters import StrictRouter, did_you_mean, wait_for_views
from api.http.problems import BadHeader, WrongMediaType
from api.http.request_body import parse_draft, uuid7
from api.pages.asked import Asked, AskedPage
from api.pages.forms import event_of, form_of, typed_of, types_by_family, unplaced
from api.pages.look_ahead import LookAhead, look_ahead
from api.pages.rendering import page
from api.pages.why import record
from api.wording import words
from api.wording.language import explained, say, speaking
from domain.errors import Fault, NotFound, Refusal, TooMuch
from domain.event import Revision
from domain.vocabulary import PAYLOADS
from ledger.append import Append
from ledger.mapper import Draft

router = StrictRouter(include_in_schema=False)
MOST_FIELDS = 2_000
SHORT_WAIT = 2.0  # seconds that a reader waits for the read models to show what was recorded


@router.get("/record")
def choose_type(
    request: Request,
    asked: AskedPage,
    subject: Annotated[str | None, Query(max_length=80)] = None,
    source: UUID | None = None,
) -> Response:
    """What can be recorded, by what it is about; from the source of another event, if one is named."""
    return _types(request, asked, subject, str(source) if source else None)


@router.post("/record")
async def take_report(request: Request, asked: AskedPage) -> Response:
    """The same, with a report that was pasted, which stays beside the forms. It is stored nowhere."""
    require_own_page(request)
    typed = await _typed(request)
    return await run_in_threadpool(
        _types, request, asked, typed.get("subject"), typed.get("source"), typed.get("pasted", "")
    )


def _types(
    request: Request,
    asked: Asked,
    subject: str | None,
    source: str | None,
    pasted: str = "",
    done: tuple[str, str] | None = None,
) -> Response:
    """What can be recorded.

    Args:
        request: of a reader.
        asked: what the page was asked with.
        subject: what the next event is about, if that is known.
        source: the event whose sources the next one has, too.
        pasted: a report that is to stay beside the form.
        done: the event that was recorded just now, and the name of its draft.
    """
    with speaking(asked.language):
        groups = [
            (
                say("on any subject") if family == "any" else words.coded(family),
                [
                    (
                        asked.link(f"/record/{name}", subject=subject, source=source),
                        words.spoken(name),
                        explained(" ".join((PAYLOADS[name].__doc__ or "").split())),
                        name,
                    )
                    for name in names
                ],
            )
            for family, names in types_by_family().items()
        ]
        context = {
            "title": say("Record"),
            "groups": groups,
            "pasted": pasted,
            "source": source,
            "subject": subject,
            "done": asked.link(f"/events/{done[0]}") if done else None,
            "recorded": done[1] if done else None,
        }
    return page(asked, "record_types.html", context, accept_encoding=request.headers.get("accept-encoding", ""))


@router.get("/record/{name}")
def show_form(
    request: Request,
    name: Annotated[str, Path(max_length=64)],
    asked: AskedPage,
    subject: Annotated[str | None, Query(max_length=80)] = None,
    event: UUID | None = None,
    source: UUID | None = None,
) -> Response:
    """The form of an event type, empty, or with the event that it speaks of, or with the sources of another event."""
    _known(name)
    typed = {"subject": subject or "", **(_of_source(asked, source, subject) if source is not None else {})}
    if event is not None:
        typed |= {"subject": record(asked.services, event)["subject"], "data.event": str(event)}
    return _form(request, asked, name, typed)


def _of_source(asked: Asked, source: str | UUID, subject: str | None) -> dict[str, str]:
    """What a form takes over from another event of the same source."""
    known: Mapping[str, Any] = record(asked.services, source)
    return {"subject": subject or known["subject"], **typed_of({"sources": known.get("sources", [])})}


@router.get("/record/correct/{event}")
def show_correction(request: Request, event: UUID, asked: AskedPage) -> Response:
    """The form of an event that is recorded, with what it says, to change what is wrong."""
    known: Mapping[str, Any] = record(asked.services, event)
    sent = {one: known[one] for one in ("occurred", "sources", "basis", "sensitivity", "note", "data") if one in known}
    return _form(request, asked, known["type"], {"subject": known["subject"], **typed_of(sent)}, corrects=known)


@router.post("/record/{name}")
async def take_form(request: Request, name: Annotated[str, Path(max_length=64)], asked: AskedPage) -> Response:
    """Looks at what was typed, or records it. What is wrong comes back at its field, with all that was typed."""
    require_own_page(request)
    _known(name)
    typed = await _typed(request)
    if typed.get("do") == "begin":
        like, subject = typed.get("source"), typed.get("subject", "")
        begun = {"subject": subject, "pasted": typed.get("pasted", "")}
        if like:
            begun |= await run_in_threadpool(_of_source, asked, like, subject or None)
        return await run_in_threadpool(_form, request, asked, name, begun)
    return await _take(request, asked, name, typed, None)


@router.post("/record/correct/{event}")
async def take_correction(request: Request, event: UUID, asked: AskedPage) -> Response:
    """The same for a correction: the whole event as it should read."""
    require_own_page(request)
    known: Mapping[str, Any] = await run_in_threadpool(record, asked.services, event)
    return await _take(request, asked, known["type"], await _typed(request), known)


def _known(name: str) -> None:
    if name not in PAYLOADS or name == "EventCorrected":
        raise NotFound(f"there is no such event type{did_you_mean(name, tuple(PAYLOADS))}: /record lists them")


def require_own_page(request: Request) -> None:
    """Refuses a form of which nobody says that a page of this server sends it (`api/http/admission.py` refuses those of
    other sites).

    Raises:
        BadHeader: it does not say from where it comes.
    """
    if "sec-fetch-site" not in request.headers and "origin" not in request.headers:
        raise BadHeader.at("Origin", "a browser says from where a form comes; programs use POST /v1/events")


async def _typed(request: Request) -> dict[str, str]:
    """The fields of a form as they were typed.

    Raises:
        WrongMediaType, TooMuch: it is no form, or too long.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise WrongMediaType("send a form: application/x-www-form-urlencoded")
    services = request.app.state.services
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > services.settings.max_body:
            raise TooMuch("the form is too long: send fewer or shorter texts")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=False, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise TooMuch("the form has too many fields, or is not UTF-8") from None
    return dict(pairs)


async def _take(
    request: Request, asked: Asked, name: str, typed: dict[str, str], corrects: Mapping[str, Any] | None
) -> Response:
    pasted = typed.get("pasted", "")
    if pasted and typed.get("pasted.note") and not typed.get("note"):
        typed["note"] = pasted
    with speaking(asked.language):
        fields = form_of(name, typed)
        event, faults = event_of(name, fields)
    sent = _correction(event, typed, corrects) if corrects is not None else event
    sent["id"] = typed.get("id") or str(uuid7())
    prefix = "/data/replacement" if corrects is not None else ""
    draft: Draft | None = None
    if not faults:
        try:
            draft = parse_draft(sent)
            dry = typed.get("do") != "record"
            done = await asked.services.writer.submit_here(Append((draft,), None, 0, dry_run=dry))
        except Refusal as refusal:
            faults = [_at_home(fault, prefix) for fault in refusal.relative_to("/0").faults] or [
                Fault("", refusal.detail)
            ]
        else:
            if not dry:
                await wait_for_views(asked.services, done.position, SHORT_WAIT)
                kept = f"correct {corrects['id']}" if corrects else name
                if pasted:
                    of, event_id = typed.get("subject"), str(done.events[0].id)
                    return await run_in_threadpool(_types, request, asked, of, event_id, pasted, (event_id, kept))
                return RedirectResponse(asked.link(f"/events/{done.events[0].id}", "", recorded=kept), 303)
    looked: LookAhead | None = None
    if draft is not None and not faults:
        looked = await asked.services.questions.answered(partial(run_in_threadpool, look_ahead, asked, draft.event))
    return await run_in_threadpool(
        _form, request, asked, name, typed, faults, corrects=corrects, looked=looked, sent=sent
    )


def _at_home(fault: Fault, prefix: str) -> Fault:
    """A fault of a correction at the field of the form."""
    return Fault(fault.pointer.removeprefix(prefix), fault.detail)


def _correction(event: Mapping[str, Any], typed: Mapping[str, str], corrects: Mapping[str, Any]) -> dict[str, Any]:
    """A correction: the event as typed in place of the one that is recorded."""
    data = {"event": corrects["id"], "replacement": {one: held for one, held in event.items() if one != "subject"}}
    data |= {one: typed[f"correction.{one}"] for one in ("by", "reason") if typed.get(f"correction.{one}")}
    return {"type": "EventCorrected", "subject": corrects["subject"], "data": data}


def _form(
    request: Request,
    asked: Asked,
    name: str,
    typed: Mapping[str, str],
    faults: Iterable[Fault] = (),
    *,
    corrects: Mapping[str, Any] | None = None,
    looked: LookAhead | None = None,
    sent: Mapping[str, Any] | None = None,
) -> Response:
    faults = list(faults)
    with speaking(asked.language):
        fields = form_of(name, typed, faults)
        revision = issubclass(PAYLOADS[name], Revision)
        shown = [one for one in fields if not (revision and one.name == "occurred")]
        read: Mapping[str, Any] = sent or {}
        read = read["data"]["replacement"] if corrects and sent else read
        context: dict[str, Any] = {
            "title": say("Correct: {what}", what=words.spoken(name)) if corrects else words.spoken(name),
            "about": explained(" ".join((PAYLOADS[name].__doc__ or "").split())),
            "about_type": f"correct {corrects['id']}" if corrects else name,
            "fields": shown,
            "faults": [(fault.pointer, words.clean(fault.detail)) for fault in unplaced(fields, faults)],
            "many": len(faults),
            "id": typed.get("id") or str(uuid7()),
            "action": asked.link(f"/record/correct/{corrects['id']}" if corrects else f"/record/{quote(name)}"),
            "correction": {
                "by": typed.get("correction.by", ""),
                "reason": typed.get("correction.reason", ""),
                "choices": [(one, words.coded(one)) for one in ("our error", "corrected by the source")],
            }
            if corrects
            else None,
            "looked": looked,
            "pasted": typed.get("pasted", ""),
            "pasted_note": bool(typed.get("pasted.note")),
            "gist": words.gist(read.get("data", {})),
            "when": words.when(str(read["occurred"])) if read.get("occurred") else "",
        }
    status = 422 if faults else 200
    encoding = request.headers.get("accept-encoding", "")
    return page(asked, "record_form.html", context, status=status, accept_encoding=encoding)
