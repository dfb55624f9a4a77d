"""Lists over all processes: what is due, what does not fit, who takes part, and what came in since one last looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path, Query, Request
from starlette.responses import Response

from api.http.parameters import StrictRouter
from api.http.queries import Cursor
from api.http.question_routes import HORIZON, QuestionRoute
from api.pages.asked import Asked, AskedAt
from api.pages.horizon_form import form_of_all, form_of_subject, not_news, travelling
from api.pages.markup import fragments
from api.pages.rendering import page
from api.pages.tables import Cell, Table, download
from api.wording import last_heard, lines, words
from api.wording.language import grouped, say, speaking
from api.wording.rules import looks_at, rule
from api.wording.values import expected, tag
from domain.errors import BadCursor
from domain.event import Recorded
from domain.findings.rules import REPLACED, RULES
from projections.answers.deadlines import Deadline
from projections.answers.explanations import Explained
from projections.answers.findings import FindingInProcess
from projections.answers.subjects import ExplainedActor, ExplainedPlace, SubjectPage
from projections.queries import deadlines, findings, history, processes, subjects
from projections.read_models.process_list import ProcessFilter

router = StrictRouter(include_in_schema=False, route_class=QuestionRoute)
ON_PAGE = 200
MOST_TOLD = 50
"""Processes of the inbox of which the types of what came in are told."""
MOST_CAME = 20
"""Events of each that are looked at."""
SEVERITIES = ("high", "moderate", "hint")


def listing(
    request: Request, asked: Asked, name: str, table: Table, context: dict[str, Any], following: str | None = None
) -> Response:
    """A page with one table, or the table alone as a file. Call it while the language is spoken."""
    if (file := download(asked, table, name)) is not None:
        return file
    shown = {
        "title": table.caption,
        "table": table,
        "next": asked.here(after=following) if following else None,
        "intro": "",
        "filters": [],
        "more": [],
        **context,
    }
    template = context.get("template", "table.html")
    return page(asked, template, shown, accept_encoding=request.headers.get("accept-encoding", ""))


def of_process(asked: Asked, process: str) -> Cell:
    """The id of a process that leads to its page."""
    return Cell(words.clean(process), asked.link(f"/processes/{quote(process)}"))


def names_used(shown: ExplainedActor | ExplainedPlace) -> list[str]:
    """The names of an actor or a place, each with who uses it."""
    users = [str(dict(label).get("used_by") or "") for label in shown["labels"]]
    return [
        words.label([label])
        + (f" ({say('used by {who}', who=words.claimed_by(user, shown['actors']))})" if user else "")
        for label, user in zip(shown["labels"], users, strict=True)
    ]


def by_name(asked: Asked, entry: SubjectPage) -> list[Any]:
    """The cells of an actor or a place by its names: the first, which leads to its page, and the others."""
    family, _, identity = entry["subject"].partition("/")
    return [
        Cell(words.label(entry["labels"], identity), asked.link(f"/{family}/{quote(identity)}")),
        words.listed(words.label([label]) for label in entry["labels"][1:]),
    ]


@router.get("/deadlines")
def list_deadlines(
    request: Request,
    asked: AskedAt,
    process: Annotated[str | None, Query(max_length=64)] = None,
    overdue: str | None = None,
    after: Cursor = None,
    format: str | None = None,  # noqa: ARG001  `listing` reads it
) -> Response:
    """What is expected by a date and not settled, the first to end first."""
    if overdue not in (None, "", "true", "false"):
        raise BadCursor.at("overdue", "choose true or false")
    chosen = {"true": True, "false": False}.get(overdue or "")
    now, only = datetime.now(UTC), process or None
    with asked.services.reading() as reading:
        listed, explained = deadlines.deadlines(
            reading, now, process=only, overdue=chosen, after=after or None, limit=ON_PAGE, request=asked.horizon
        )
        form, position = form_of_all(asked, reading), reading.position
    with speaking(asked.language):
        head = [say("When"), say("What"), say("Of what"), say("Who"), say("Process"), say("Who says so")]
        rows = [_deadline(asked, deadline, explained) for deadline in listed.items]
        calendar = "/v1/deadlines.ics" + (f"?process={quote(process)}" if process else "")
        context = {
            **travelling(asked, form, now, position),
            "intro": say(
                "What is expected by a date and not settled. That a date has passed does not tell what became of it."
            ),
            "filters": [
                ("overdue", say("Which"), [("true", say("overdue")), ("false", say("still to come"))], overdue or "")
            ],
            "more": [(calendar, say("As a calendar, to subscribe to"))] if asked.at_present else [],
        }
        return listing(request, asked, "deadlines", Table(head, rows, say("Deadlines")), context, listed.next)


def _deadline(asked: Asked, deadline: Deadline, explained: Explained) -> list[Any]:
    actors, evidence = explained["actors"], explained["evidence"]
    reports = [evidence[event] for event in deadline["events"] if event in evidence]
    marks = [tag("overdue")] if deadline["overdue"] else [tag("planned")]
    marks += [" ", tag("contested")] if deadline["contested"] else []
    who = words.claimed_by(f"actors/{deadline['actor']}", actors) if deadline["actor"] else ""
    return [
        Cell(fragments([*marks, " ", words.when(deadline["when"])])),
        expected(deadline["what"]),
        words.clean(deadline["label"]),
        who,
        [of_process(asked, process) for process in deadline["processes"]],
        Cell(words.grounds(reports, actors), asked.link(f"/events/{deadline['events'][0]}")),
    ]


@router.get("/findings")
def list_findings(
    request: Request,
    asked: AskedAt,
    rule_name: Annotated[str | None, Query(alias="rule", max_length=64)] = None,
    severity: str | None = None,
    after: Cursor = None,
    format: str | None = None,  # noqa: ARG001
) -> Response:
    """What does not fit, process by process, the gravest first."""
    for name, value, known in (("rule", rule_name, tuple(RULES)), ("severity", severity, SEVERITIES)):
        if value and value not in known:
            raise BadCursor.at(name, REPLACED.get(value) or "choose one of " + ", ".join(known))
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        listed, names = findings.all_findings(
            reading, now, rule_name or None, severity or None, after or None, ON_PAGE, asked.horizon
        )
        form, position = form_of_all(asked, reading), reading.position
    with speaking(asked.language):
        head = [say("Severity"), say("Rule"), say("What it is"), say("Process"), say("Since"), say("Reports")]

        def row(finding: FindingInProcess) -> list[Any]:
            style = "bold red" if finding["severity"] == "high" else "bold"
            return [
                Cell(fragments([(f"[{words.coded(finding['severity'])}]", style)])),
                Cell(rule(finding["rule"]), asked.link("/reading", finding["rule"], **dict.fromkeys(HORIZON))),
                lines.readable(finding["text"], names["actors"]),
                of_process(asked, finding["process"]),
                words.day(finding["since"]) if finding["since"] else "",
                [
                    Cell(grouped(number), asked.link(f"/events/{event}"))
                    for number, event in enumerate(finding["events"], 1)
                ],
            ]

        rows = [row(finding) for finding in listed.items]
        context = {
            **travelling(asked, form, now, position),
            "intro": looks_at(rule_name)
            if rule_name
            else say("A finding is something that somebody can act on. It goes away when later reports resolve it."),
            "filters": [
                ("rule", say("Rule"), [(one, rule(one)) for one in RULES], rule_name or ""),
                ("severity", say("Severity"), [(one, words.coded(one)) for one in SEVERITIES], severity or ""),
            ],
        }
        return listing(request, asked, "findings", Table(head, rows, say("Findings")), context, listed.next)


@router.get("/actors")
def list_actors(
    request: Request,
    asked: AskedAt,
    q: Annotated[str | None, Query(max_length=300)] = None,
    after: Cursor = None,
    format: str | None = None,  # noqa: ARG001
) -> Response:
    """The actors, by id."""
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        listed = subjects.actors(reading, q or None, after or None, ON_PAGE, now, asked.horizon)
        form, position = form_of_all(asked, reading), reading.position
    with speaking(asked.language):
        head = [say("Name"), say("Other names"), say("Kind"), say("Id")]
        rows: list[list[Any]] = []
        for actor in listed.items:
            kind = words.coded(actor["kind"]["value"]) if actor["kind"] and actor["kind"]["value"] else ""
            rows.append([*by_name(asked, actor), kind, words.clean(actor["subject"].partition("/")[2])])
        context = {
            **travelling(asked, form, now, position),
            "note": not_news(asked),
            "search": ("q", say("Name or code"), q or ""),
            "intro": say("A role belongs to a record, not to an actor: a party here may be a guarantor there."),
        }
        return listing(request, asked, "actors", Table(head, rows, say("Actors")), context, listed.next)


@router.get("/actors/{actor}")
def show_actor(
    request: Request,
    actor: Annotated[str, Path(max_length=64)],
    asked: AskedAt,
    format: str | None = None,  # noqa: ARG001
) -> Response:
    """An actor: its names, and in which processes it holds which roles."""
    now = datetime.now(UTC)
    with asked.services.reading() as reading:
        shown = subjects.actor_seen(reading, actor, now, asked.horizon)
        form, position = form_of_subject(asked, reading, f"actors/{actor}", shown["evidence"]), reading.position
    with speaking(asked.language):
        head = [say("Process"), say("Role"), say("Held"), say("In whose words"), say("Who says so")]
        rows: list[list[Any]] = []
        for role in shown["processes"]:
            held = role["value"]
            reports = [shown["evidence"][event] for event in role["events"] if event in shown["evidence"]]
            said = [tag("contested")] if held is None else [tag(held["modality"] if held["held"] else "ended")]
            said = [tag("possibly"), " ", *said] if role.get("possible") else said
            rows.append(
                [
                    of_process(asked, role["process"]),
                    words.coded(role["role"]) + (f" ({words.coded(role['scope'])})" if role["scope"] else ""),
                    Cell(fragments(said)),
                    words.clean(role["verbatim"]) if role["verbatim"] else "",
                    Cell(words.grounds(reports, shown["actors"]), asked.link(f"/events/{role['events'][0]}")),
                ]
            )
        kind = shown["kind"]
        context: dict[str, Any] = {
            **travelling(asked, form, now, position),
            "title": words.label(shown["labels"], actor),
            "facts": [
                (say("Names, each as somebody uses it"), names_used(shown)),
                (say("Kind"), [words.coded(kind["value"])] if kind and kind["value"] else []),
                (say("Former names"), [words.clean(name) for name in shown["former_labels"]]),
                (say("Id"), [words.clean(actor)]),
            ],
        }
        return listing(request, asked, f"actor-{actor}", Table(head, rows, say("Roles, by process")), context)


@router.get("/inbox")
def list_news(
    request: Request,
    asked: AskedAt,
    since: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    after: Cursor = None,
    format: str | None = None,  # noqa: ARG001
) -> Response:
    """The processes of which something became known after a position of the log, and by a horizon."""
    now, wanted = datetime.now(UTC), ProcessFilter(updated_after=since)
    with asked.services.reading() as reading:
        listed = processes.processes(reading, wanted, after or None, ON_PAGE, now, asked.horizon)
        newest = sorted(listed.items, key=lambda entry: -entry["updated"]["position"])
        came = {
            one["process"]: history.last_recorded_at(reading, one["process"], MOST_CAME + 1, now, asked.horizon)
            for one in newest[:MOST_TOLD]
        }
        form, position = form_of_all(asked, reading), reading.position
    until, clock = asked.horizon.position, asked.horizon.clock() or now
    upto = position if until is None else min(until, position)
    present: dict[str, object] = dict.fromkeys(HORIZON)
    with speaking(asked.language):
        head = [say("Process"), say("Last recorded"), say("Last heard"), say("What became known")]
        rows: list[list[Any]] = [
            [
                Cell(words.label(entry["labels"], entry["process"]), of_process(asked, entry["process"]).link),
                words.moment(entry["updated"]["recorded_at"]),
                last_heard.told(entry["last_heard"], last_heard.publisher, clock),
                Cell(
                    _came([one for one in came.get(entry["process"], ()) if one.position > since]),
                    asked.link(
                        f"/processes/{quote(entry['process'])}/changes", **{**present, "since": since, "until": until}
                    ),
                    say("show it"),
                ),
            ]
            for entry in newest
        ]
        table = Table(head, rows, say("What became known after log position {position}", position=grouped(since)))
        from_here = say("From here on: what becomes known after log position {position}", position=grouped(upto))
        context = {
            **travelling(asked, form, now, position),
            "title": say("Inbox"),
            "intro": say("Keep the link below: the next time, it shows what became known since now."),
            "more": [(asked.link("/inbox", **{**present, "since": upto}), from_here)],
        }
        if asked.at_present:
            looked = say("What became known since this browser last looked here")
            context["inbox"] = (position, asked.link("/inbox"), looked)
        return listing(request, asked, "inbox", table, context, listed.next)


def _came(news: Sequence[Recorded]) -> str:
    """What came in of a process, by the types of the events."""
    types = Counter(type(one.event.data).__name__ for one in news[:MOST_CAME])
    said = [words.spoken(name) + (f" ({grouped(number)})" if number > 1 else "") for name, number in types.items()]
    more = [say("and more")] if len(news) > MOST_CAME else []
    return say("; ").join([*said, *more])
