"""Appending: one event, or several, all or none."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.http import preferences
from api.http.nearest import with_candidates
from api.http.parameters import POSITION_HEADER, StrictRouter, require_views, wait_for_answers, wait_for_views
from api.http.problems import BadHeader, kind_of, problems
from api.http.request_body import MAX_EVENTS_PER_REQUEST, MAX_FAULTS_PER_ANSWER, ParsedRequest, receive
from api.http.responses import JSON, answer
from api.http.schemas.answers import AppendedAnswer, AppendedEvent
from api.http.schemas.examples import EXAMPLE_ACTOR, EXAMPLE_APPENDED, EXAMPLE_BATCH
from api.services.registry import Services, Shared
from domain.errors import (
    DoubtfulQuality,
    Fault,
    Malformed,
    NotOpen,
    Refusal,
    TookTooLong,
    Unavailable,
    UnknownReference,
)
from domain.event import instant
from domain.joint_versions import TAG_PATTERN, JointVersion, read_tag
from ledger.append import Acknowledged, Append, Appended
from projections.patience import waiting_until
from projections.queries import quality
from projections.queries.finding_changes import RecordedReport, changes_by, shown_changes
from projections.read_models.change_set import FindingChanges

router = StrictRouter(prefix="/v1", tags=["events"])


LONGEST_WAIT = 30  # seconds that `Prefer: wait` may ask for
LONG_WAIT = 5.0  # seconds that an append waits for what it does to findings: a busy machine may need some
SHORT_WAIT = 2.0  # seconds that it waits for read models that are being made
WAIT_FOR_EACH = 0.01  # seconds more for each event of it
APPEND_HEADERS = {
    "ETag": "Version of the subject, and of all streams that are one with it, if the request is on one subject.",
    "Location": "Where the event can be read, if one was sent by itself.",
    POSITION_HEADER: "The last position the answer speaks of, for min_position.",
    "Preference-Applied": "Which preferences were met: `handling=strict`; `return=minimal`; `wait=N` if the read "
    "models show the events.",
}


@router.post(
    "/events",
    status_code=201,
    summary="Append one event, or several, all or none",
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"One event, or an array of 1 to {MAX_EVENTS_PER_REQUEST:,}.",
            "content": {
                "application/json": {
                    "schema": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/Event"},
                            {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": MAX_EVENTS_PER_REQUEST,
                                "items": {"$ref": "#/components/schemas/Event"},
                            },
                        ]
                    },
                    "examples": {
                        "one": {"summary": "Identify an actor", "value": EXAMPLE_ACTOR},
                        "batch": {
                            "summary": "Open a process with a first round of talks, all or none",
                            "value": EXAMPLE_BATCH,
                        },
                    },
                }
            },
        }
    },
    responses={
        **answer(
            "Recorded: at least one event is new.", EXAMPLE_APPENDED, AppendedAnswer, status=201, headers=APPEND_HEADERS
        ),
        **answer("Nothing was new, or a dry run.", EXAMPLE_APPENDED, AppendedAnswer, headers=APPEND_HEADERS),
        **problems(400, 409, 412, 413, 415, 422, 503),
    },
)
async def append_events(
    request: Request,
    services: Shared,
    dry_run: Annotated[bool, Query(description="Check everything, store nothing.")] = False,
    if_match: Annotated[
        str | None,
        Header(
            description='The ETag of the subject, such as `"7"`; only for a request on one subject.',
            json_schema_extra={"pattern": TAG_PATTERN},
        ),
    ] = None,
    prefer: Annotated[
        list[str] | None,
        Header(
            description=f"`wait=N` answers once the read models show the events, or after N (up to {LONGEST_WAIT}) s; "
            "`return=minimal` does not wait and gives no findings; `handling=strict` records nothing that would raise "
            "a finding of data quality on its own subject."
        ),
    ] = None,
) -> Response:
    """Sending the same events again under their ids is safe: they answer as before, with 200.

    Without ids, what was sent twice is recorded twice. `findings` are those of its own subject that each event raised,
    changed or resolved, and are the same when it is sent again; null if they are not known yet: then
    /v1/processes/{id}/findings has all of them in a moment.
    """
    return await append_sent(request, services, dry_run, if_match, prefer or ())


async def append_sent(
    request: Request, services: Services, dry_run: bool = False, if_match: str | None = None, prefer: Iterable[str] = ()
) -> Response:
    """Appends what a request sends, and answers.

    Args:
        request: with the events in its body.
        services: of the running server.
        dry_run: check everything, store nothing.
        if_match: the header, if it was sent.
        prefer: the headers of preferences.

    Raises:
        Refusal: nothing is recorded, or a lost database did not say whether it is.
        ClientDisconnect: the body broke off.
    """
    preferred = preferences.read(prefer)
    strict, minimal = preferred.get("handling") == "strict", preferred.get("return") == "minimal"
    with_findings = not (minimal or dry_run)
    sent: ParsedRequest | None = None
    try:
        with services.body_budget.reserve() as reservation:
            sent = await receive(request, services.settings.max_body, reservation)
            required = _if_match(if_match, sent)
            version, joined_at = required or (None, 0)
            append = Append(sent.drafts, version, joined_at, dry_run=dry_run)
            if strict:
                await _refuse_doubtful(services, sent, append)
            if with_findings:
                services.follower.ask(draft.event.id for draft in sent.drafts)
            done = await _record(services, sent, append)
    except Exception as error:
        services.metrics.appends.labels(_outcome_of(error)).inc()
        if isinstance(error, UnknownReference | NotOpen | Malformed):
            raise await run_in_threadpool(_with_candidates, services, sent, error) from None
        raise
    services.metrics.appends.labels("dry-run" if dry_run else "recorded" if done.new else "repeated").inc()
    headers = {POSITION_HEADER: str(done.position)}
    if done.version is not None:
        headers["ETag"] = done.version.tag
    if sent.single and not dry_run:
        headers["Location"] = f"/v1/events/{done.events[0].id}"
    wait = preferences.seconds(preferred, LONGEST_WAIT)
    usual = LONG_WAIT if services.follower.complete else SHORT_WAIT
    patience = usual + WAIT_FOR_EACH * len(done.events) if wait is None else wait
    shown = wait is not None and await wait_for_views(services, done.position, patience)
    changes: Mapping[int, FindingChanges] = {}
    if with_findings:
        changes = await _changes_by(services, done, patience)
        unknown = sum(event.position not in changes for event in done.events)
        services.metrics.unknown_findings.inc(unknown)
    applied = {"handling=strict": strict, "return=minimal": minimal, f"wait={wait}": wait is not None and shown}
    if any(applied.values()):
        headers["Preference-Applied"] = ", ".join(name for name, met in applied.items() if met)
    return JSON(_answer(done, changes), 201 if done.new else 200, headers)


def _with_candidates(
    services: Services, sent: ParsedRequest | None, refusal: UnknownReference | NotOpen | Malformed
) -> Refusal:
    """The same refusal, with what may have been meant by each subject that is not known, or is named by its name."""
    drafts = sent.drafts if sent is not None else ()
    events = {"" if sent and sent.single else f"/{number}": draft.event for number, draft in enumerate(drafts)}
    if not refusal.faults or not (events or any(fault.named for fault in refusal.faults)):
        return refusal
    faults = with_candidates(services, refusal.faults, events)
    first = refusal.faults[0].detail
    return type(refusal)(refusal.detail.replace(first, faults[0].detail, 1), faults)


def _outcome_of(error: Exception) -> str:
    """What became of a request that was not recorded, for the metrics."""
    match error:
        case Refusal():
            return kind_of(type(error))
        case ClientDisconnect():
            return "broken-off"
        case _:
            return "accident"


async def _refuse_doubtful(services: Services, sent: ParsedRequest, append: Append) -> None:
    """Refuses events that would raise a finding of data quality on their own subjects; nothing is recorded.

    They are held against all that is recorded when this begins. Events that are recorded already are not judged again.

    Raises:
        DoubtfulQuality: with each such finding.
        Refusal: the log would refuse them anyway; or the read models do not reach the end of the log.
    """
    checked = await _record(services, sent, replace(append, dry_run=True))
    fresh: dict[UUID, int] = {}
    for number, event in enumerate(checked.events):
        if event.position is None:
            fresh.setdefault(event.id, number)
    if not fresh:
        return
    await require_views(services, await run_in_threadpool(services.ledger.head))
    faults = await run_in_threadpool(_quality_faults, services, sent, list(fresh.values()))
    if faults:
        refusal = DoubtfulQuality.of(faults)
        raise refusal.relative_to("/0") if sent.single else refusal


def _quality_faults(services: Services, sent: ParsedRequest, numbers: list[int]) -> list[Fault]:
    """What some of the events of a request would raise of data quality."""
    with services.reading() as reading:
        doubts = quality.quality_faults(reading, [sent.drafts[number].event for number in numbers])
    advice = "Correct or retract what is wrong, mark a duplicate as one (DuplicateMarked), or send it without "
    return [
        Fault(f"/{numbers[number]}", f"{one.rule}: {one.text} {advice}`Prefer: handling=strict`.")
        for number, one in sorted(doubts, key=lambda one: one[0])[:MAX_FAULTS_PER_ANSWER]
    ]


async def _changes_by(services: Services, done: Appended, patience: float) -> Mapping[int, FindingChanges]:
    """What the events of an append did to the findings of their subjects, by position, as far as it can be said within
    so many seconds. The events are recorded."""
    if not await wait_for_answers(services, done.position, patience):
        return {}
    told = {event.position: services.follower.answer_of(event.id) for event in done.events}
    known = {position: changes for position, changes in told.items() if position is not None and changes is not None}
    if len(known) == len(told):
        return known
    if not await wait_for_views(services, done.position, patience):
        return {}
    with waiting_until(time.monotonic() + patience):
        return await run_in_threadpool(_changes_kept, services, done)


def _changes_kept(services: Services, done: Appended) -> dict[int, FindingChanges]:
    """The same, as the read models have it."""
    events = [
        RecordedReport(event.subject, event.position, event.recorded_at)
        for event in done.events
        if event.position is not None and event.recorded_at is not None
    ]
    try:
        with services.reading() as reading:
            if reading.position < done.position:
                return {}  # the read models are being made anew
            return changes_by(reading, events)
    except (Unavailable, TookTooLong):
        return {}


async def _record(services: Services, sent: ParsedRequest, append: Append) -> Appended:
    """Waits for the writer. If the request is given up meanwhile, the writer may record it all the same.

    Raises:
        Refusal: with pointers into the body that was sent.
    """
    try:
        return await services.writer.submit_here(append)
    except Refusal as refusal:
        if sent.single:
            raise refusal.relative_to("/0") from None
        raise


def _answer(done: Appended, changes: Mapping[int, FindingChanges]) -> AppendedAnswer:
    return {"events": [_appended(event, changes) for event in done.events], "position": done.position}


def _appended(event: Acknowledged, changes: Mapping[int, FindingChanges]) -> AppendedEvent:
    change = changes.get(event.position) if event.position is not None else None
    return {
        "id": str(event.id),
        "position": event.position,
        "subject": event.subject,
        "version": event.version,
        "recorded_at": instant(event.recorded_at) if event.recorded_at is not None else None,
        "findings": shown_changes(change) if change is not None else None,
        "findings_total": change.number if change is not None else None,
    }


def _if_match(header: str | None, sent: ParsedRequest) -> JointVersion | None:
    """The version that `If-Match` asks for.

    Raises:
        BadHeader: it is no version of one subject.
    """
    if header is None:
        return None
    if len({draft.event.subject for draft in sent.drafts}) > 1:
        detail = "it goes with a request on one subject: send expected_version with each event instead"
        raise BadHeader.at("If-Match", detail)
    version = read_tag(header.strip())
    if version is None:
        detail = 'send one ETag of a subject as it was given, such as "7": not weak (W/), not a list and not *'
        raise BadHeader.at("If-Match", detail)
    return version
