"""What commands ask, and the type of each answer: an answer is read by the type that the server builds it by.

Nothing is checked here at run time: a server of another version may answer more, or less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar, cast

from api.cli.client import Client, path_segment
from api.cli.errors import ServerRefusal
from domain.searching import search_key

if TYPE_CHECKING:
    from api.http.schemas.answers import EventTypeAnswer, EventTypesAnswer, EventWithRevisions
    from projections.answers.changes import ChangesAnswer
    from projections.answers.deadlines import DeadlinesAnswer
    from projections.answers.explanations import Marks
    from projections.answers.figures import ClaimsAnswer
    from projections.answers.findings import FindingsAnswer, ProcessFindingsAnswer
    from projections.answers.history import HistoryEntry
    from projections.answers.status import ProcessesAnswer, StatusAnswer
    from projections.answers.subjects import CarryingAnswer

Options = Mapping[str, Any]
"""Parameters of a question; those that are None are left out."""

MAX_REVISIONS = 50
"""Revisions that are looked up to say whose error it was, or who disputes; of any more only the kind is shown."""


Answer = TypeVar("Answer")
LISTED = ("processes", "actors", "places")
"""Families that are listed by name."""
UNKNOWN = (400, 404)
"""Statuses of what is no id, and of an id that nothing has."""


def by_name(client: Client, named: str, ask: Callable[[str], Answer], family: str = "processes") -> Answer:
    """An answer about a subject that is named by its id, or by a name that only one of its family has.

    Args:
        client: where to ask.
        named: as it was typed.
        ask: asks, given an id.
        family: of the subject: processes, actors or places.

    Raises:
        ServerRefusal: nothing has this id or name; it tells of those that are close.
        Unreachable
    """
    try:
        return ask(named)
    except ServerRefusal as problem:
        if problem.status not in UNKNOWN:
            raise
        identity = _id_of_name(client, family, named)
        if identity is None or identity == named:
            raise
    client.notice(f"{named} is {identity}.")
    return ask(identity)


def _id_of_name(client: Client, family: str, named: str) -> str | None:
    """The id of the one subject of a family with this name; None if there is none, or if there are several."""
    key = search_key(named)
    if not key or family not in LISTED:
        return None
    listed = client.get(f"/v1/{family}", fresh=True, q=named[:300], limit=1000).json()[family]
    ids = {
        str(entry["process"] if family == "processes" else entry["subject"].partition("/")[2])
        for entry in listed
        if any(search_key(label["text"]) == key for label in entry["labels"])
    }
    return ids.pop() if len(ids) == 1 else None


def begun(entries: Iterator[Answer]) -> Iterator[Answer]:
    """The same entries, the first of which was asked for: what is refused is refused now."""
    first = next(entries, None)
    return chain(() if first is None else (first,), entries)


def _part(process: str, name: str) -> str:
    return f"/v1/processes/{path_segment(process)}/{name}"


def read_status(client: Client, process: str, horizon: Options) -> StatusAnswer:
    return read_status_at(client, process, horizon)[0]


def read_status_at(client: Client, process: str, horizon: Options) -> tuple[StatusAnswer, int]:
    """The status, and the log position that it reflects."""
    answer = by_name(
        client, process, lambda each: client.get(f"/v1/processes/{path_segment(each)}", fresh=True, **horizon)
    )
    return cast("StatusAnswer", answer.json()), int(answer.headers["Parley-Position"])


def read_changes(client: Client, process: str, since: str, until: str | None) -> ChangesAnswer:
    answer = by_name(
        client, process, lambda each: client.get(_part(each, "changes"), fresh=True, since=since, until=until)
    )
    return cast("ChangesAnswer", answer.json())


def read_findings(client: Client, process: str, options: Options) -> ProcessFindingsAnswer:
    """All findings, of all pages together."""
    pages = by_name(client, process, lambda each: begun(client.pages(_part(each, "findings"), **options)))
    whole, *others = cast("Iterator[ProcessFindingsAnswer]", pages)
    for page in others:
        whole["findings"] += page["findings"]
        whole["actors"] |= page["actors"]
        whole["evidence"] |= page["evidence"]
    return {**whole, "next": None}


def list_findings(client: Client, options: Options) -> Iterator[FindingsAnswer]:
    return cast("Iterator[FindingsAnswer]", client.pages("/v1/findings", limit=1000, **options))


def list_deadlines(client: Client, process: str | None, options: Options) -> Iterator[DeadlinesAnswer]:
    def pages(only: str | None) -> Iterator[Mapping[str, Any]]:
        return begun(client.pages("/v1/deadlines", limit=1000, process=only, **options))

    listed = pages(None) if process is None else by_name(client, process, pages)
    return cast("Iterator[DeadlinesAnswer]", listed)


def read_calendar(client: Client, process: str | None, options: Options) -> bytes:
    def calendar(only: str | None) -> bytes:
        return client.get("/v1/deadlines.ics", fresh=True, process=only, **options).content

    return calendar(None) if process is None else by_name(client, process, calendar)


def list_claims(client: Client, process: str, options: Options) -> Iterator[ClaimsAnswer]:
    pages = by_name(client, process, lambda each: begun(client.pages(_part(each, "claims"), limit=1000, **options)))
    return cast("Iterator[ClaimsAnswer]", pages)


def list_history(client: Client, process: str, options: Options) -> Iterator[HistoryEntry]:
    entries = by_name(client, process, lambda each: begun(client.entries(_part(each, "history"), "events", **options)))
    return cast("Iterator[HistoryEntry]", entries)


def list_processes(client: Client, actor: str | None, options: Options) -> Iterator[ProcessesAnswer]:
    if actor is not None:
        actor = known(client, "actors", actor)
    return cast("Iterator[ProcessesAnswer]", client.pages("/v1/processes", actor=actor, **options))


def known(client: Client, family: str, named: str) -> str:
    """The id of a process, an actor or a place that is named by its id or its name.

    Raises:
        ServerRefusal: nothing has this id or name; it tells of those that are close.
        Unreachable
    """

    def confirmed(identity: str) -> str:
        client.get(f"/v1/{family}/{path_segment(identity)}", fresh=True)
        return identity

    return by_name(client, named, confirmed, family)


def list_carrying(client: Client, options: Options) -> Iterator[CarryingAnswer]:
    return cast("Iterator[CarryingAnswer]", client.pages("/v1/subjects", limit=1000, **options))


def list_event_types(client: Client) -> EventTypesAnswer:
    return cast("EventTypesAnswer", client.get("/v1/event-types").json())


def read_event_type(client: Client, name: str) -> EventTypeAnswer:
    return cast("EventTypeAnswer", client.get(f"/v1/event-types/{path_segment(name)}").json())


def read_event(client: Client, event: str) -> EventWithRevisions:
    return cast("EventWithRevisions", client.get(f"/v1/events/{path_segment(event)}").json())


def read_revisions(client: Client, reports: Iterable[Marks]) -> dict[str, EventWithRevisions]:
    """The corrections and disputes of reports, by id: they say whose error it was, or who disputes."""
    ids = dict.fromkeys(
        revision for report in reports for revision in (*report.get("corrected_by", ()), *report.get("disputed_by", ()))
    )
    return {revision: read_event(client, revision) for revision in list(ids)[:MAX_REVISIONS]}
