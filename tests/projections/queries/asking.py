"""Reports for the tests of questions, and how their lists are read page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from projections.answers.history import HistoryEntry
from projections.paging import Page
from projections.queries import history as history_query
from projections.storage.generations import ReadTransaction
from tests.projections.world import Wire, opened
from tests.spec import wire

FIRST = "processes/first"


def uuid(number: int) -> str:
    return str(UUID(int=1_000_000 + number))


def said(number: int, occurred: str, subject: str = FIRST, **fields: Any) -> Wire:
    """A statement with a known id."""
    return wire("StatementMade", id=uuid(number), subject=subject, occurred=occurred, **fields)


def ids(entries: Iterable[Any]) -> list[str]:
    return [entry["id"] for entry in entries]


def pages(ask: Callable[..., Page[Any]]) -> list[Wire]:
    """All entries of a list, page by page."""
    found: list[Wire] = []
    after = None
    while True:
        answer = ask(after=after)
        found += answer.items
        after = answer.next
        if after is None:
            return found
        assert answer.items, "a page with a following one is not empty"


def the_history(here: ReadTransaction, process: str = "first", **options: Any) -> list[HistoryEntry]:
    return history_query.history(here, process, None, 1000, **options).items


def also_in(process: str, subject: str = "talks/first") -> Wire:
    """A further report of a round of talks, which names another process."""
    data = {"processes": [process], "title": [{"text": "The same talks"}]}
    return wire("TalksReported", subject=subject, occurred="2017-10-30", data=data)


def process(name: str, *labels: str, areas: list[Wire] | None = None, **more: Any) -> Wire:
    data = {"labels": [{"text": text} for text in labels or (name,)], "areas": areas or [], **more}
    return wire("ProcessOpened", subject=f"processes/{name}", occurred="2017-10-01", data=data)


def figure(value: int, claimant: str | None = None, occurred: str = "2017-10-27", **fields: Any) -> Wire:
    quantity = {"value": value, "qualifier": fields.pop("qualifier", "exact")}
    data = {"measure": "fighters", "quantity": quantity, **fields}
    return wire("FigureReported", subject=FIRST, occurred=occurred, data=data, claimant=claimant)


def place(name: str, code: str | None = None) -> Wire:
    return {"labels": [{"text": name}], **({"admin_code": code} if code else {})}


def role(actor: str, code: str, subject: str, occurred: str = "2017-10-27", **data: Any) -> Wire:
    return wire("RoleTaken", subject=subject, occurred=occurred, data={"actor": actor, "role": code, **data})


MANY = (
    *opened("actors/elders", "actors/army", "actors/russia"),
    process("kalamun", "Eastern Kalamun", "القلمون الشرقي", areas=[place("Jarut", "SY0304"), place("الرحيبة")]),
    process("ghouta", "ÖSTLICHE Ghouta", "100% of_it", areas=[place("Douma", "SY0303")]),
    process("homs", "Homs", areas=[place("Al-Waer")]),
    *[  # positions 7 to 13
        wire(
            "TalksReported",
            subject="talks/k",
            occurred="2017-10-02",
            data={"processes": ["kalamun"], "title": [{"text": "Talks"}]},
        ),
        role("russia", "guarantor", "talks/k"),
        role("elders", "mediator", "processes/ghouta"),
        role("russia", "witness", "processes/ghouta"),
        role("army", "guarantor", "processes/homs", "2017-10-01"),
        wire("RoleEnded", subject="processes/homs", occurred="2017-10-05", data={"actor": "army", "role": "guarantor"}),
        wire("ProcessSuspended", subject="processes/homs", occurred="2017-10-20", data={}),
    ],
    wire("ProcessEnded", subject="processes/ghouta", occurred="2017-10-20"),
    wire("ProcessSuspended", subject="processes/ghouta", occurred="2017-10-20", data={}),
    wire("AreaRemoved", subject="processes/homs", occurred="2017-10-21", data={"place": place("Al-Waer")}),
)
