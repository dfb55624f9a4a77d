"""Lists across processes at a position are those of the time when the log was only that long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NotFound
from domain.event import Recorded
from domain.general_codes import Role
from projections.queries import deadlines, findings, processes, subjects, subjects_at_horizon
from projections.queries.at_horizon import PRESENT, HorizonRequest
from projections.read_models.process_list import ProcessFilter
from projections.storage.generations import ReadTransaction
from tests.examples import examples
from tests.projections.queries.asking import MANY, also_in, pages, place, process
from tests.projections.test_time_travel import horizons, revised
from tests.projections.world import NOW, Wire, follow, opened, plain, processes_of, pull, reading, recorded, views
from tests.spec import wire
from tests.strategies import histories, with_unified_actors

pytestmark = pytest.mark.usefixtures("both_databases")

FILTERS = (
    ProcessFilter(),
    ProcessFilter(state="open"),
    ProcessFilter(state="contested"),
    ProcessFilter(q="deraa"),
    ProcessFilter(q="a"),
    ProcessFilter(place="jarut"),
    ProcessFilter(q="d", place="sy0304"),
    *(ProcessFilter(actor=actor) for actor in ("committee", "government", "elders", "russia")),
    *(ProcessFilter(actor="russia", role=role.value) for role in (Role.MEDIATOR, Role.GUARANTOR)),
    ProcessFilter(finding="contested"),
    ProcessFilter(finding="acting-without-role"),
)

Asked = tuple[ReadTransaction, datetime, HorizonRequest]


def listed(asked: Asked) -> Iterator[tuple[str, Any]]:
    """All lists across processes, by name, each read in pages of two."""
    here, now, at = asked
    for wanted in FILTERS:
        lines = pages(lambda after, wanted=wanted: processes.processes(here, wanted, after, 2, now, at))
        yield str(wanted), [{name: value for name, value in line.items() if name != "updated"} for line in lines]
    yield "findings", pages(lambda after: findings.all_findings(here, now, None, None, after, 3, at)[0])
    yield "the actors in findings", findings.all_findings(here, now, None, None, None, 100, at)[1]
    for overdue in (None, True, False):
        some: Callable[..., Any] = lambda after, overdue=overdue: deadlines.deadlines(  # noqa: E731
            here, now, overdue=overdue, after=after, limit=2, request=at
        )[0]
        yield f"deadlines, overdue: {overdue}", pages(some)
    yield "what explains the deadlines", deadlines.deadlines(here, now, request=at)[1]
    for q in (None, "a", "of"):
        yield f"actors, {q}", pages(lambda after, q=q: subjects.actors(here, q, after, 2, now, at))
        yield f"places, {q}", pages(lambda after, q=q: subjects.places(here, q, after, 2, now, at))
    for scheme, number in (("pa-x-agreement", None), ("case-file", "1")):
        some = partial(subjects.carrying, here, scheme, number, limit=2, now=now, request=at)
        yield f"what carries {scheme} {number}", pages(some)


def pages_of_subjects(asked: Asked, paths: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The page of each subject; None: it is not there."""
    here, now, at = asked
    for path in paths:
        family, _, identity = path.partition("/")
        if family == "processes":
            continue
        try:
            yield path, _page(here, family, identity, now, at)
        except NotFound:
            yield path, None


def _page(here: ReadTransaction, family: str, identity: str, now: datetime, at: HorizonRequest) -> Any:
    match family, at == PRESENT:
        case "actors", True:
            return subjects.actor_page(here, identity)[0]
        case "actors", False:
            return subjects_at_horizon.actor_page(here, identity, now, at)
        case "places", True:
            return subjects.place_page(here, identity)[0]
        case "places", False:
            return subjects_at_horizon.place_page(here, identity, now, at)
        case _, True:
            return subjects.subject_page(here, f"{family}/{identity}")[0]
        case _:
            return subjects_at_horizon.subject_page(here, f"{family}/{identity}", now, at)


def sure(page: Any) -> Any:
    """A page without what only a horizon tells of its evidence: why it is only possibly inside."""
    if page is not None:
        for evidence in page["evidence"].values():
            evidence.pop("possible", None)
    return page


@examples(5)
@given(st.one_of(histories(), revised(), histories(), with_unified_actors()), st.integers(1, 36))
def test_a_list_at_a_position_is_that_of_a_log_cut_there(history: list[Wire], position: int) -> None:
    log = recorded(history)
    with views() as whole:
        follow(whole, pull(log), NOW)
        with whole.reading() as here:
            compare(here, log, min(position, len(log)))


def test_a_list_is_filtered_by_what_was_known_then() -> None:
    unified = wire(
        "SubjectUnified", subject="processes/homs", data={"into": "processes/ghouta", "reason": "One truce."}
    )
    renamed = process("kalamun", "Qalamun", areas=[place("Jarut", "SY0304")])
    asked = {"by": "elders", "kind": "demand", "text": "Open the road.", "answer_by": "2017-11-10"}
    demand = wire("ProposalMade", subject="processes/homs", occurred="2017-10-28", data=asked)
    log = recorded([*MANY, also_in("homs", "talks/k"), demand, renamed, unified])
    with views() as whole:
        follow(whole, pull(log), NOW)
        with whole.reading() as here:
            for position in range(4, len(log) + 1, 3):
                compare(here, log, position)
            later = [line["process"] for line in processes.processes(here, ProcessFilter(), None, 10).items]
            assert later == ["ghouta", "kalamun"]
            before = at_position(len(log) - 1)
            then = processes.processes(here, ProcessFilter(actor="russia"), None, 10, NOW, before).items
            assert [line["process"] for line in then] == ["ghouta", "homs", "kalamun"]
            assert [line["updated"]["position"] for line in then] == [15, 18, 19]


def at_position(position: int) -> HorizonRequest:
    return HorizonRequest(known_at_position=position, position=position)


def compare(here: ReadTransaction, log: Sequence[Recorded], position: int) -> None:
    """Holds every list at a position against that of the read models of a log that ends there."""
    with views() as cut:
        follow(cut, pull(log[:position]), NOW)
        with cut.reading() as then:
            expected = dict(listed((then, NOW, PRESENT)))
            for name, found in listed((here, NOW, at_position(position))):
                assert plain(found) == plain(expected[name]), name
            paths = sorted({recorded.subject for recorded in log})
            expected = dict(pages_of_subjects((then, NOW, PRESENT), paths))
            for name, found in pages_of_subjects((here, NOW, at_position(position)), paths):
                assert sure(plain(found)) == sure(plain(expected[name])), name


# --- by dates


@examples(6)
@given(revised(), horizons())
def test_a_subject_by_itself_is_what_its_process_shows_of_it(history: list[Wire], asked: HorizonRequest) -> None:
    log, clock = recorded(history), datetime.now(UTC)  # that of the list of a family
    with views() as whole:
        follow(whole, pull(log), clock)
        with whole.reading() as here:
            for process_id in processes_of(log):
                for family in ("talks", "convoys"):
                    try:
                        shown = subjects.of_family(here, process_id, family, asked).items
                    except NotFound:
                        continue
                    for page in shown:
                        alone = plain(subjects_at_horizon.subject_page(here, page["subject"], clock, asked))
                        assert plain(page) == {name: alone[name] for name in plain(page)}


def test_what_was_not_yet_so_or_not_yet_published_is_not_in_a_list() -> None:
    early, late = ([{"publisher": "TASS", "published": day}] for day in ("2017-10-02", "2017-10-20"))
    planned = wire("TalksScheduled", subject="talks/first", occurred="2017-10-10", data={"when": "2017-10-25"})
    reports = [
        *opened("processes/first", "talks/first", sources=early),
        *opened("processes/second", occurred="2017-10-15", sources=late),
        {**planned, "sources": early},
        wire("ProcessSuspended", subject="processes/first", occurred="2017-10-12", data={}, sources=late),
    ]
    with reading(*reports) as here:

        def ids(asked: HorizonRequest, **wanted: Any) -> list[str]:
            return [
                one["process"] for one in processes.processes(here, ProcessFilter(**wanted), None, 9, NOW, asked).items
            ]

        def due(asked: HorizonRequest) -> list[tuple[str, bool]]:
            page, explained = deadlines.deadlines(here, NOW, request=asked)
            assert {event for one in page.items for event in one["events"]} <= set(explained["evidence"])
            return [(one["when"], one["overdue"]) for one in page.items]

        assert ids(HorizonRequest(as_of="2017-10-14")) == ["first"]
        assert ids(HorizonRequest(as_of="2017-09")) == []
        assert ids(HorizonRequest(published_by="2017-10-19")) == ["first"]
        assert ids(HorizonRequest(published_by="2017-10-19"), state="suspended") == []
        assert ids(HorizonRequest(as_of="2017-10-12"), state="suspended") == ["first"]
        assert due(HorizonRequest(as_of="2017-10-09")) == []
        assert due(HorizonRequest(as_of="2017-10-11")) == [("2017-10-25", False)]
        assert due(HorizonRequest(as_of="2017-10-26")) == [("2017-10-25", True)]
        of_one, _ = deadlines.deadlines(here, NOW, process="first", request=HorizonRequest(as_of="2017-10-26"))
        assert [one["when"] for one in of_one.items] == ["2017-10-25"]
        with pytest.raises(NotFound, match="nothing of this process is inside the horizon"):
            deadlines.deadlines(here, NOW, process="second", request=HorizonRequest(as_of="2017-10-11"))
        overdue, _ = findings.all_findings(
            here, NOW, "plan-date-passed", None, None, 9, HorizonRequest(as_of="2017-10-26")
        )
        assert [one["process"] for one in overdue.items] == ["first"]
        before = HorizonRequest(as_of="2017-10-24")
        assert findings.all_findings(here, NOW, "plan-date-passed", None, None, 9, before)[0].items == []
