"""The seed of the founding case: valid, in order, told no stronger than its source, and all of it in the README."""

import json
import re
from collections import defaultdict
from typing import Any

import pytest

from domain.agreements import AgreementState
from domain.convoys import ConvoyState
from domain.enrolments import EnrolmentOpened, EnrolmentReported, EnrolmentState
from domain.event import Event, Opening
from domain.families import due, fold
from domain.general import FigureReported, PositionTaken, RoleTaken
from domain.general_codes import Stance
from domain.processes import AccessReported, BodyEstablished, ControlReported, InstrumentCited
from domain.references import references
from domain.talks import TalksState
from domain.values import Basis, Modality, Qualifier, Quantity, Sensitivity
from tests.seeds.reading import events_in, events_of, lines_of, rows, section

FILE = "eastern-kalamun.ndjson"
LINES = lines_of(FILE)
EVENTS = events_of(FILE)

TALKS = "talks/eastern-kalamun-truce"
LOCAL = "processes/eastern-kalamun"
NATIONAL = "processes/national-reconciliation"

SECTIONS = {
    "state",
    "next_14_days",
    "overdue",
    "people_at_risk",
    "truce",
    "obligations",
    "talks",
    "positions",
    "proposals",
    "roles",
    "bodies",
    "control",
    "access",
    "instruments",
    "figures",
    "enrolments",
    "convoys",
    "agreements",
    "links",
    "statements",
}


def of(name: str, subject: str) -> list[Event]:
    return [event for event in EVENTS if (event.type, event.subject) == (name, subject)]


def told(*payloads: type[Any]) -> list[tuple[int, Event]]:
    return [(number, event) for number, event in enumerate(EVENTS, 1) if isinstance(event.data, payloads)]


def state_of(subject: str) -> Any:
    return fold(subject.partition("/")[0], [event for event in EVENTS if event.subject == subject])


# --- the file ---------------------------------------------------------------------------------------------


def test_no_line_names_a_key_twice() -> None:
    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys))
        return dict(pairs)

    for line in LINES:
        json.loads(line, object_pairs_hook=distinct)


def test_every_event_has_an_id_of_its_own() -> None:
    assert all("id" in json.loads(line) for line in LINES)
    assert len({event.id for event in EVENTS}) == len(EVENTS)


def test_openings_come_first_and_once() -> None:
    openings = [isinstance(event.data, Opening) for event in EVENTS]
    assert openings == sorted(openings, reverse=True)
    opened = [event.subject for event in EVENTS if isinstance(event.data, Opening)]
    assert len(opened) == len(set(opened))


def test_what_an_event_names_stands_in_an_earlier_line() -> None:
    opened: set[str] = set()
    recorded: set[str] = set()
    for number, event in enumerate(EVENTS, 1):
        for pointer, refers, named in references(event):
            known = {"event": recorded, "subject": opened, "claimant": opened}.get(refers.to)
            if known is None:
                known, named = opened, f"{refers.to}/{named}"
            assert named in known, f"line {number}{pointer}"
        if isinstance(event.data, Opening):
            opened.add(event.subject)
        assert event.subject in opened, f"line {number}"
        recorded.add(str(event.id))


def test_every_event_tells_its_source() -> None:
    for number, event in enumerate(EVENTS, 1):
        (source,) = event.sources
        quoted = number in (35, 36, 37)
        assert (source.publisher, source.published, source.url) == ("TASS", "2017-10-27", None)
        assert (source.claimant, source.mode) == (
            ("one field commander, unnamed", "quoted") if quoted else ("unattributed", "unattributed")
        )


# --- no stronger than the source --------------------------------------------------------------------------


def test_nothing_occurred_after_the_report() -> None:
    assert {event.occurred for event in EVENTS} == {"2017-10-27", "../2017-10-27"}


def test_what_is_announced_or_possible_stays_so() -> None:
    modal = told(RoleTaken, AccessReported, EnrolmentOpened, BodyEstablished)
    assert {number: event.data.modality for number, event in modal} == {  # type: ignore[attr-defined]
        18: Modality.POSSIBLE,  # what members may do after the talks
        19: Modality.ACTUAL,  # the national register, which people have joined
        27: Modality.ANNOUNCED,  # simpler checks
        33: Modality.ANNOUNCED,  # the Centre as coordinator
        34: Modality.ANNOUNCED,  # the Centre as guarantor
        35: Modality.ACTUAL,  # Russia as guarantor: the claim of one commander
        41: Modality.ACTUAL,  # the commission
    }


def test_no_plan_is_told_as_done() -> None:
    assert {event.type for event in EVENTS if event.subject == TALKS} == {
        "TalksReported",
        "TalksScheduled",
        "PositionTaken",
        "RoleTaken",
        "StatementMade",
    }
    assert {event.type for event in EVENTS if event.family == "convoys"} == {"ConvoyReported"}
    assert {event.type for event in EVENTS if event.family == "agreements"} == {
        "AgreementReported",
        "AgreementReached",
        "ObligationAgreed",
    }


def test_figures_keep_the_words_of_the_source() -> None:
    numbers: dict[int, Quantity] = {}
    for number, event in enumerate(EVENTS, 1):
        match event.data:
            case FigureReported(quantity=quantity) | EnrolmentReported(quantity=quantity):
                numbers[number] = quantity
            case ControlReported(number=Quantity() as quantity):
                numbers[number] = quantity
            case _:
                pass
    assert {n: (q.value, q.qualifier, q.unit, q.verbatim) for n, q in numbers.items()} == {
        24: (5, Qualifier.EXACT, "cities", "five major cities"),
        25: (200_000, Qualifier.ABOUT, "persons", "home to about 200,000 people"),
        26: (2_000, Qualifier.ABOUT, "persons", "numbering about 2,000"),
        42: (20_000, Qualifier.MORE_THAN, "persons", "more than 20,000 citizens"),
    }
    assert numbers[42].range == (20_001, None)


def test_the_participants_are_not_counted_for_eastern_kalamun() -> None:
    ((_, event),) = told(EnrolmentReported)
    assert isinstance(event.data, EnrolmentReported)
    assert event.data.area is None
    assert "does not state the area" in (event.note or "")
    assert state_of(event.subject).processes == ("national-reconciliation", "eastern-kalamun")


def test_what_is_not_said_is_left_open() -> None:
    (decree,) = (event.data for event in of("InstrumentCited", LOCAL))
    assert isinstance(decree, InstrumentCited)
    assert (decree.number, decree.dated, decree.title) == (None, None, None)
    (control,) = (event.data for event in of("ControlReported", LOCAL))
    assert isinstance(control, ControlReported)
    assert control.places == ()
    (commanders,) = (
        event.data
        for event in of("PositionTaken", TALKS)
        if isinstance(event.data, PositionTaken) and event.data.actor == "field-commanders"
    )
    assert (commanders.position, commanders.condition_met) == (Stance.ACCEPTS_ON_CONDITION, None)
    russia = next(e.data for _, e in told(RoleTaken) if isinstance(e.data, RoleTaken) and e.data.actor == "russia")
    assert (russia.scope, russia.accepted) == (None, None)


def test_what_we_inferred_is_marked_and_explained() -> None:
    inferred = {number: event for number, event in enumerate(EVENTS, 1) if event.basis is Basis.INFERRED}
    assert {number: event.type for number, event in inferred.items()} == {
        13: "ProcessOpened",
        20: "ActorRelated",
        21: "ActorRelated",
        22: "ActorRelated",
        23: "ProcessLinked",
        29: "TalksScheduled",
        39: "ObligationAgreed",
    }
    assert all(event.note for event in inferred.values())
    assert {event.basis for event in EVENTS} == {Basis.REPORTED, Basis.INFERRED}


def test_only_two_events_tell_of_the_journey_and_both_are_high() -> None:
    high = [number for number, event in enumerate(EVENTS, 1) if event.sensitivity is Sensitivity.HIGH]
    assert high == [29, 30]
    for number, (line, event) in enumerate(zip(LINES, EVENTS, strict=True), 1):
        tells = "Sunday" in line or "2017-10-29" in line or (event.subject == TALKS and "Damascus" in line)
        assert tells is (number in high), f"line {number}"


def test_words_of_one_side_are_quotations() -> None:
    for line in LINES:
        for word in ("moderate opposition", "militants", "illegal armed groups"):
            for at in re.finditer(word, line):
                before, after = line[at.start() - 1], line[at.end()]
                assert before + after in ("''", '""'), f"{word} in {line[:60]}"


# --- what it amounts to -----------------------------------------------------------------------------------


def test_the_talks_are_planned_and_no_more() -> None:
    talks = state_of(TALKS)
    assert isinstance(talks, TalksState)
    assert (talks.stage.value, talks.planned.value) == ("scheduled", "2017-10-29")
    assert [(one.what, one.when) for one in due(talks)] == [("round of talks", "2017-10-29")]
    assert not any(line.contested for line in talks.positions.values())
    assert not any(line.contested for line in talks.roles.values())


def test_the_other_subjects_are_where_the_report_leaves_them() -> None:
    assert state_of("talks/earlier-with-russian-military").stage.value == "convened"
    agreement = state_of("agreements/roadblock-checks")
    assert isinstance(agreement, AgreementState)
    assert (agreement.stage.value, list(agreement.obligations)) == ("reached", ["simplify-checks"])
    convoys = state_of("convoys/russian-aid")
    assert isinstance(convoys, ConvoyState)
    assert convoys.stage.value is not None
    assert convoys.stage.value.stage == "reported"
    choices = state_of("enrolments/members-after-talks")
    assert isinstance(choices, EnrolmentState)
    assert (choices.stage.value, set(choices.tracks)) == ("possible", {"militia", "disarm"})
    assert state_of("enrolments/reconciliation-participants").stage.value == "open"


# --- the README -------------------------------------------------------------------------------------------

ROWS = rows(FILE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_row_names_events_that_are_there(row: list[str]) -> None:
    for number, name, subject in events_in(row):
        event = EVENTS[number - 1]
        assert (event.type, event.subject) == (name, subject)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_a_row_tells_modality_basis_and_sections(row: list[str]) -> None:
    events = [EVENTS[number - 1] for number, _, _ in events_in(row)]
    marks: set[str] = {getattr(event.data, "modality", Modality.ACTUAL).value for event in events}
    marks |= {event.basis.value for event in events}
    marks -= {Modality.ACTUAL.value, Basis.REPORTED.value}
    all_marks = {Modality.ANNOUNCED.value, Modality.POSSIBLE.value, Basis.INFERRED.value}
    assert {mark for mark in all_marks if mark in row[3]} == marks
    places = {place for place in re.findall(r"`([^`]+)`", row[2]) if not place.startswith("/v1/actors")}
    assert places <= SECTIONS
    assert row[2].startswith("national: ") is any(event.subject == NATIONAL for event in events)


def test_every_event_stands_in_one_row() -> None:
    numbers: dict[int, int] = defaultdict(int)
    for row in ROWS:
        for number, _, _ in events_in(row):
            numbers[number] += 1
    assert numbers == dict.fromkeys(range(1, len(EVENTS) + 1), 1)
    assert f"{len(EVENTS)} events" in section(FILE)
