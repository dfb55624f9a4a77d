"""What commands ask, and the type of each answer: an answer is read by the type that the server builds it by.

Nothing is checked here at run time: a server of another version may answer more, or less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from api.cli.client import Client, path_segment

if TYPE_CHECKING:
    from api.http.schemas.answers import EventTypeAnswer, EventTypesAnswer, EventWithRevisions
    from projections.answers.changes import ChangesAnswer
    from projections.answers.deadlines import DeadlinesAnswer
    from projections.answers.explanations import Marks
    from projections.answers.figures import ClaimsAnswer
    from projections.answers.findings import FindingsAnswer, ProcessFindingsAnswer
    from projections.answers.history import HistoryEntry
    from projections.answers.status import ListedProcess, StatusAnswer

Options = Mapping[str, Any]
"""Parameters of a question; those that are None are left out."""

MAX_REVISIONS = 50
"""Revisions that are looked up to say whose error it was, or who disputes; of any more only the kind is shown."""


def read_status(client: Client, process: str, horizon: Options) -> StatusAnswer:
    return read_status_at(client, process, horizon)[0]


def read_status_at(client: Client, process: str, horizon: Options) -> tuple[StatusAnswer, int]:
    """The status, and the log position that it reflects."""
    answer = client.get(f"/v1/processes/{path_segment(process)}", fresh=True, **horizon)
    return cast("StatusAnswer", answer.json()), int(answer.headers["Parley-Position"])


def read_changes(client: Client, process: str, since: str, until: str | None) -> ChangesAnswer:
    path = f"/v1/processes/{path_segment(process)}/changes"
    return cast("ChangesAnswer", client.get(path, fresh=True, since=since, until=until).json())


def read_findings(client: Client, process: str, options: Options) -> ProcessFindingsAnswer:
    path = f"/v1/processes/{path_segment(process)}/findings"
    return cast("ProcessFindingsAnswer", client.get(path, fresh=True, **options).json())


def list_findings(client: Client, options: Options) -> Iterator[FindingsAnswer]:
    return cast("Iterator[FindingsAnswer]", client.pages("/v1/findings", limit=1000, **options))


def list_deadlines(client: Client, options: Options) -> Iterator[DeadlinesAnswer]:
    return cast("Iterator[DeadlinesAnswer]", client.pages("/v1/deadlines", limit=1000, **options))


def list_claims(client: Client, process: str, options: Options) -> Iterator[ClaimsAnswer]:
    path = f"/v1/processes/{path_segment(process)}/claims"
    return cast("Iterator[ClaimsAnswer]", client.pages(path, limit=1000, **options))


def list_history(client: Client, process: str, options: Options) -> Iterator[HistoryEntry]:
    path = f"/v1/processes/{path_segment(process)}/history"
    return cast("Iterator[HistoryEntry]", client.entries(path, "events", **options))


def list_processes(client: Client, options: Options) -> Iterator[ListedProcess]:
    return cast("Iterator[ListedProcess]", client.entries("/v1/processes", "processes", **options))


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
