"""The further seeds: the founding case as others told it, and an invented process that uses everything."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from domain.agreement_events import AgreementEnteredIntoForce, AgreementReached, ObligationAgreed
from domain.agreements import AgreementState
from domain.convoy_events import ConvoyReported
from domain.event import Event, Opening, Revision
from domain.families import due, fold
from domain.general import IncidentReported, PositionTaken, RoleTaken, StatementMade
from domain.processes import BodyEstablished
from domain.references import references
from domain.revisions import CorrectedBy, EventCorrected, EventDisputed, EventRetracted, SubjectUnified
from domain.talks import TalksPostponed, TalksScheduled, TalksState
from domain.values import Basis, Cohort, EventId, Harm, Modality, Quantity, Sensitivity, Source, Value
from domain.vocabulary import PAYLOADS, replaced
from ledger.append import Append
from ledger.ledger import Ledger
from ledger.mapper import Draft
from tests.seeds.reading import SEEDS, events_in, events_of, lines_of, rows, section

FIRST = "eastern-kalamun.ndjson"
OTHERS = "eastern-kalamun-as-others-told-it.ndjson"
INVENTED = "ilvaran-valley.ndjson"
CODED = "kessur-gap.ndjson"
FURTHER = (OTHERS, INVENTED, CODED)
BEFORE = {FIRST: (), OTHERS: (FIRST,), INVENTED: (), CODED: ()}
"""What is loaded before each file."""

EVENTS = {file: events_of(file) for file in BEFORE}
ACTORS = {event.subject for events in EVENTS.values() for event in events if event.family == "actors"}

by_file = pytest.mark.parametrize("file", FURTHER)


def told(file: str, *payloads: type[Any]) -> list[Event]:
    return [event for event in EVENTS[file] if isinstance(event.data, payloads)]


def state_of(file: str, subject: str) -> Any:
    known = [event for name in (*BEFORE[file], file) for event in EVENTS[name]]
    return fold(subject.partition("/")[0], [event for event in known if event.subject == subject])


def parts(value: Value) -> Iterator[Value]:
    """A value and all values within it."""
    yield value
    for name in type(value).model_fields:
        found = getattr(value, name)
        for one in found if isinstance(found, tuple) else (found,):
            if isinstance(one, Value):
                yield from parts(one)


def readings(event: Event) -> Iterator[Event]:
    """The event, and what it makes another one read as, if it is a correction."""
    yield event
    if isinstance(event.data, EventCorrected):
        yield replaced(event, event.data)


# --- the files --------------------------------------------------------------------------------------------


def test_all_seeds_are_tested() -> None:
    assert {path.name for path in SEEDS.glob("*.ndjson")} == set(BEFORE)


@by_file
def test_no_line_names_a_key_twice(file: str) -> None:
    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(pairs) == len(dict(pairs))
        return dict(pairs)

    for line in lines_of(file):
        json.loads(line, object_pairs_hook=distinct)


def test_no_id_stands_twice_in_all_seeds() -> None:
    ids = Counter(event.id for events in EVENTS.values() for event in events)
    assert [one for one, times in ids.items() if times > 1] == []
    assert {one.version for one in ids} == {5}, "made from a name, so that a file loaded twice adds nothing"
    assert all("id" in json.loads(line) for file in FURTHER for line in lines_of(file))


@by_file
def test_each_line_can_be_appended_after_those_before_it(file: str, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    try:
        for name in (*BEFORE[file], file):
            for number, event in enumerate(EVENTS[name], 1):
                answer = ledger.append(Append((Draft.of(event),)))
                assert answer.new == 1, f"{name}:{number}"
        head = ledger.head()
        again = ledger.append(Append(tuple(Draft.of(event) for event in EVENTS[file])))
        assert (again.new, ledger.head()) == (0, head), "loading it again adds nothing"
    finally:
        ledger.close()


def test_all_seeds_go_into_one_log_in_any_order_of_the_cases(tmp_path: Path) -> None:
    for number, order in enumerate([(FIRST, OTHERS, INVENTED, CODED), (CODED, INVENTED, FIRST, OTHERS)]):
        ledger = Ledger(tmp_path / str(number))
        try:
            for file in order:
                ledger.append(Append(tuple(Draft.of(event) for event in EVENTS[file])))
            assert ledger.head() == sum(len(events) for events in EVENTS.values())
        finally:
            ledger.close()


@by_file
def test_a_revision_comes_after_its_target_and_stands_on_its_subject(file: str) -> None:
    subjects: dict[EventId, str] = {event.id: event.subject for name in BEFORE[file] for event in EVENTS[name]}
    for number, event in enumerate(EVENTS[file], 1):
        if isinstance(event.data, Revision):
            for pointer, refers, name in references(event):
                if refers.to == "event" and pointer == "/data/event":
                    target = next((s for i, s in subjects.items() if str(i) == name), None)
                    assert target == event.subject, f"{file}:{number}{pointer}"
        subjects[event.id] = event.subject


# --- who says so, and what we inferred --------------------------------------------------------------------


@by_file
def test_every_event_tells_its_source_or_is_our_own(file: str) -> None:
    for number, event in enumerate(EVENTS[file], 1):
        ours = event.basis is Basis.OBSERVED or isinstance(event.data, Revision)
        assert event.sources or ours, f"{file}:{number}"
        for reading in readings(event):
            for source in reading.sources:
                assert source.publisher
                assert source.claimant
                assert not source.claimant.startswith("actors/") or source.claimant in ACTORS


@by_file
def test_an_inference_is_marked_and_says_on_what_it_rests(file: str) -> None:
    for number, event in enumerate(EVENTS[file], 1):
        assert event.basis is not Basis.INFERRED or event.note, f"{file}:{number}"
        admits = re.search(r"\bour (inference|reckoning)\b|\bis reckoned\b", event.note or "")
        assert not admits or event.basis is Basis.INFERRED, f"{file}:{number}"


def test_the_sources_are_those_that_were_named() -> None:
    addresses = {
        "Zaman al-Wasl": ("https://en.zamanalwsl.net/news/article/31577", "2017-12-07"),
        "syrianobserver.com": ("https://syrianobserver.com/?p=22438", None),
        "SMART": ("https://microsyria.com/?p=68959", "2017-10-29"),
        "smmsyria.com": ("https://smmsyria.com/2017/10/30", "2017-10-30"),
        "alummahnews.com": ("https://alummahnews.com/?p=496667", None),
    }
    found: set[Source] = {source for event in EVENTS[OTHERS] for source in event.sources}
    assert {source.publisher: (source.url, source.published) for source in found} == addresses
    assert all(event.sources for event in EVENTS[OTHERS])
    assert {(source.mode, source.grade) for source in found} == {(None, None)}, "we hold them in summary only"
    for url, _ in addresses.values():
        assert str(url).removeprefix("https://") in section(OTHERS)


PERSON = re.compile(
    r"\b(Mr|Mrs|Ms|Dr|Sheikh|Shaykh|Colonel|Col|General|Gen|Major|Captain|Lieutenant|Brigadier|Haji|Hajj|Abu|Umm|Bin|Ibn)"
    r"\.? [A-Z]"
)


@by_file
def test_nobody_is_named_and_nobody_stands_alone(file: str) -> None:
    for number, line in enumerate(lines_of(file), 1):
        assert not PERSON.search(line), f"{file}:{number}"
    for number, event in enumerate(EVENTS[file], 1):
        for reading in readings(event):
            for part in parts(reading.data):
                if isinstance(part, (Cohort, Harm)) and isinstance(quantity := part.quantity, Quantity):
                    assert quantity.unit != "persons" or quantity.range[0] != 1, f"{file}:{number}: one person"


@by_file
def test_days_of_what_is_still_to_come_are_high(file: str) -> None:
    for number, event in enumerate(EVENTS[file], 1):
        for reading in readings(event):
            match reading.data:
                case TalksScheduled(when=day) | TalksPostponed(until=day) | ConvoyReported(planned=day):
                    assert day is None or reading.sensitivity is Sensitivity.HIGH, f"{file}:{number}"
                case _:
                    pass


# --- the founding case as others told it ------------------------------------------------------------------

TALKS = "talks/eastern-kalamun-truce"
JULY = "agreements/eastern-kalamun-trial-ceasefire"
SEPTEMBER = "agreements/eastern-kalamun-signed-ceasefire"


def test_dates_are_no_sharper_than_the_sources() -> None:
    assert {str(event.occurred) for event in EVENTS[OTHERS]} == {
        "2017-07",
        "2017-07/2017-10-29",
        "2017-08",
        "2017-09-01/2017-09-10",  # "early September"
        "../2017-10-28",
        "2017-10-29",
        "../2017-10-29",
        "../2017-10-30",
        "2017-11-01/2017-12-06",  # "a Wednesday thereafter", date not given
        "2017-12-06",
        "None",  # a revision
    }
    for event in EVENTS[OTHERS]:
        if event.occurred == "2017-09-01/2017-09-10" and "one month" not in (event.note or ""):
            assert "first ten days" in (event.note or "")


def test_the_trial_of_july_is_reckoned_and_the_agreement_incomplete() -> None:
    (reached,) = told(OTHERS, AgreementReached)
    assert isinstance(reached.data, AgreementReached)
    assert (reached.data.complete, reached.data.presence_of) == (False, ("russian-delegation",))
    (force,) = told(OTHERS, AgreementEnteredIntoForce)
    assert isinstance(force.data, AgreementEnteredIntoForce)
    assert (force.data.starts, force.data.until) == ("2017-07", "2017-09")
    assert (force.data.trial, force.data.renewable) == (True, True)
    assert force.basis is Basis.INFERRED
    july = state_of(OTHERS, JULY)
    assert isinstance(july, AgreementState)
    assert [one.what for one in due(july)] == ["end of the term"]


def test_the_releases_are_mirrored_reckoned_and_inferred() -> None:
    owed = {event.data.obligation: event for event in told(OTHERS, ObligationAgreed)}  # type: ignore[attr-defined]
    assert set(owed) == {"release-by-factions", "release-by-government"}
    for name, event in owed.items():
        assert isinstance(event.data, ObligationAgreed)
        assert event.data.mirrors in set(owed) - {name}
        assert event.data.deadline == "2017-10-01/2017-10-10"
        assert event.data.target is None
        assert event.basis is Basis.INFERRED
    assert state_of(OTHERS, SEPTEMBER).stage.value == "signed"


def test_the_denial_is_the_committees_and_bears_on_the_first_report() -> None:
    (dispute,) = told(OTHERS, EventDisputed)
    assert isinstance(dispute.data, EventDisputed)
    (position,) = (event for event in EVENTS[FIRST] if event.id == dispute.data.event)
    assert isinstance(position.data, PositionTaken)
    assert position.data.matter == "coming to Damascus on Sunday"
    assert (dispute.data.by, dispute.basis) == ("opposition-committee", Basis.INFERRED)
    (denial,) = (e for e in told(OTHERS, StatementMade) if getattr(e.data, "speaker", None) == "opposition-committee")
    assert (denial.subject, denial.sources[0].claimant) == (TALKS, "actors/opposition-committee")


def test_the_committees_meeting_was_put_off_and_the_round_in_damascus_was_not() -> None:
    (postponed,) = told(OTHERS, TalksPostponed)
    assert postponed.subject != TALKS
    meeting = state_of(OTHERS, postponed.subject)
    assert isinstance(meeting, TalksState)
    assert (meeting.stage.value, meeting.planned.value, meeting.planned.contested) == ("postponed", None, False)
    talks = state_of(OTHERS, TALKS)
    assert isinstance(talks, TalksState)
    assert (talks.stage.value, talks.planned.value) == ("scheduled", "2017-10-29")
    assert not any(line.contested for line in talks.positions.values())
    assert not any(line.contested for line in talks.roles.values())


def test_what_is_expected_or_to_be_stays_so() -> None:
    (role,) = told(OTHERS, RoleTaken)
    assert isinstance(role.data, RoleTaken)
    assert (role.data.actor, role.data.modality) == ("russia", Modality.POSSIBLE)
    (body,) = told(OTHERS, BodyEstablished)
    assert isinstance(body.data, BodyEstablished)
    assert body.data.modality is Modality.ANNOUNCED


# --- the invented process ---------------------------------------------------------------------------------


def test_they_use_every_type_of_event() -> None:
    used = {event.type for file in (INVENTED, CODED) for event in EVENTS[file]}
    assert set(PAYLOADS) - used == set()
    assert 70 <= len(EVENTS[INVENTED]) <= 111


def test_it_says_that_it_is_invented() -> None:
    opened = next(e for e in EVENTS[INVENTED] if e.subject == "processes/ilvaran-valley")
    assert "invented" in (opened.note or "")
    assert "are\ninvented.**" in section(INVENTED)
    subjects = {event.subject for event in EVENTS[INVENTED]}
    assert subjects & {event.subject for file in (FIRST, OTHERS) for event in EVENTS[file]} == set()
    assert all(re.search(r"\b202[45]\b", str(e.occurred)) for e in EVENTS[INVENTED] if e.occurred is not None)


def test_a_correction_of_each_kind_and_one_of_an_opening() -> None:
    events = {event.id: event for event in EVENTS[INVENTED]}
    corrections = [event.data for event in told(INVENTED, EventCorrected)]
    assert {data.by for data in corrections if isinstance(data, EventCorrected)} == set(CorrectedBy)
    assert any(isinstance(events[data.event].data, Opening) for data in corrections if isinstance(data, EventCorrected))


def test_a_retraction_and_one_that_is_retracted() -> None:
    events = {event.id: event for event in EVENTS[INVENTED]}
    targets = [events[e.data.event].type for e in told(INVENTED, EventRetracted)]  # type: ignore[attr-defined]
    assert Counter(targets) == {"RoleTaken": 1, "IncidentReported": 1, "EventRetracted": 1}


def test_the_staging_point_stops_both_convoys_of_a_pair() -> None:
    (incident,) = (e.data for e in told(INVENTED, IncidentReported) if len(getattr(e.data, "affects", ())) > 1)
    assert isinstance(incident, IncidentReported)
    pairs = {
        reading.subject: f"convoys/{reading.data.paired_with}"
        for event in EVENTS[INVENTED]
        for reading in readings(event)
        if isinstance(reading.data, ConvoyReported) and reading.data.paired_with
    }
    assert set(pairs) == set(pairs.values()) == set(incident.affects)
    held = {event.subject for event in EVENTS[INVENTED] if event.type == "ConvoyHeld"}
    assert set(incident.affects) <= held
    unified = [event.data for event in told(INVENTED, SubjectUnified)]
    assert [data.into for data in unified if isinstance(data, SubjectUnified)] == ["convoys/ilvaran-aid-dolmet"]


def test_the_outcome_of_one_convoy_is_contested() -> None:
    convoy = state_of(INVENTED, "convoys/ilvaran-aid-dolmet")
    assert {seen.stage for seen in convoy.stage.values} == {"arrived", "turned back"}


def test_the_phases_wait_for_one_another() -> None:
    truce = state_of(INVENTED, "agreements/ilvaran-truce")
    assert isinstance(truce, AgreementState)
    agreed = {name: obligation.agreed.value for name, obligation in truce.obligations.items()}
    for name, one in agreed.items():
        assert one is not None
        assert set(one.depends_on) <= set(agreed)
        assert one.deadline is not None
        if one.mirrors is not None:
            other = agreed[one.mirrors]
            assert other is not None
            assert (other.mirrors, other.phase) == (name, one.phase)
    assert truce.obligations["withdraw-guard-posts"].assessed.contested


def test_it_is_told_as_an_office_would_hear_it() -> None:
    """Published in the order of the file, but for what is said to have come in late or been noted beforehand."""
    days = [min(published) for e in EVENTS[INVENTED] if (published := [s.published for s in e.sources if s.published])]
    back = sum(later < earlier for earlier, later in pairwise(days))
    assert back < len(days) / 4
    assert any("late report" in (event.note or "") for event in EVENTS[INVENTED])


# --- the words that coded data sets asked for --------------------------------------------------------------

WORDS = """
    ids coded topics form rounds absent nominated_by nobody described replaced_by level types holds_in only_there
    provisions by relation lasts until_event schedule run against target parts about counts means hours passage
    last_run refused conditions stage handed_over"""
"""Fields that came with them."""


def test_it_uses_every_new_word() -> None:
    used = {name for event in EVENTS[CODED] for part in parts(event.data) for name in part.model_fields_set}
    assert set(WORDS.split()) - used == set()
    assert any(event.dating for event in EVENTS[CODED])
    assert "invented" in (next(e for e in EVENTS[CODED] if e.subject == "processes/kessur-gap").note or "")
    assert "are invented.**" in section(CODED)
    others = {event.subject for file in BEFORE if file != CODED for event in EVENTS[file]}
    assert {event.subject for event in EVENTS[CODED]} & others == set()


# --- the README -------------------------------------------------------------------------------------------

by_row = pytest.mark.parametrize(
    ("file", "row"), [(file, row) for file in FURTHER for row in rows(file)], ids=lambda one: str(one)[:40]
)


@by_row
def test_a_row_names_events_that_are_there(file: str, row: list[str]) -> None:
    for number, name, subject in events_in(row):
        event = EVENTS[file][number - 1]
        assert (event.type, event.subject) == (name, subject)


@by_file
def test_every_event_stands_in_one_row(file: str) -> None:
    numbers = Counter(number for row in rows(file) for number, _, _ in events_in(row))
    assert numbers == dict.fromkeys(range(1, len(EVENTS[file]) + 1), 1)
    assert f"{len(EVENTS[file])} events" in section(file)


@pytest.mark.parametrize("row", rows(OTHERS), ids=lambda row: row[0][:40])
def test_a_row_tells_modality_and_basis(row: list[str]) -> None:
    events = [EVENTS[OTHERS][number - 1] for number, _, _ in events_in(row)]
    marks: set[str] = {getattr(event.data, "modality", Modality.ACTUAL).value for event in events}
    marks |= {event.basis.value for event in events}
    marks -= {Modality.ACTUAL.value, Basis.REPORTED.value}
    all_marks = {Modality.ANNOUNCED.value, Modality.POSSIBLE.value, Basis.INFERRED.value}
    assert {mark for mark in all_marks if mark in row[3]} == marks
    assert row[0].startswith("(not said, ours)") or "(" in row[0], "it tells whose report it is"


def test_the_lines_called_high_are_high() -> None:
    high = [str(n) for n, e in enumerate(EVENTS[OTHERS], 1) if e.sensitivity is Sensitivity.HIGH]
    assert f"(lines {', '.join(high[:-1])} and {high[-1]})" in section(OTHERS)
