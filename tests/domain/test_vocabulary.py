"""Every event type is documented, exemplified, described by its schema, and put to use; none is missing or too many."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from domain import families, general, revisions
from domain.event import Event, Opening, Payload, ProcessOpening, Revision
from domain.families import FAMILY_EVENTS, OPENINGS, ROWS
from domain.general import RoleTaken
from domain.value_classes import values_within
from domain.values import FAMILY_NAMES, IN_NO_PROCESS, Value
from domain.vocabulary import PAYLOADS, example, families_of, model_of, read_event
from tests.spec import event, fold_of

NAMED = {
    "actors": "ActorIdentified ActorRelabelled ActorRelated",
    "processes": """
        ProcessOpened ProcessLinked AreaAdded AreaRemoved ControlReported AccessReported InstrumentCited
        BodyEstablished BodyDissolved ProcessSuspended ProcessResumed ProcessEnded""",
    "talks": """
        TalksReported TalksScheduled TalksPostponed TalksDateDenied TalksCancelled TalksNotHeld TalksConvened
        TalksConcluded""",
    "agreements": """
        AgreementReported AgreementRelated AgreementDeclared AgreementReached AgreementSigned ObligationAgreed
        ObligationAssessed
        AgreementEnteredIntoForce AgreementExtended AgreementSuspended AgreementResumed ViolationReported
        ViolationAssessed AgreementEnded""",
    "convoys": """
        ConvoyReported ConvoyRequested ClearanceGranted ClearanceDenied ConvoyPostponed PassageReported ConvoyDeparted
        CheckpointPassed ConvoyHeld ItemsRemoved ConvoyTurnedBack ConvoyArrived ConvoyCancelled""",
    "enrolments": "EnrolmentOpened EnrolmentReported EnrolmentClosed EnrolmentReopened",
    "places": "PlaceIdentified",
    "any subject": """
        RoleTaken RoleEnded RoleReported PositionTaken ProposalMade StatementMade FigureReported FigureAssessed
        IncidentReported""",
    "any event": "EventCorrected EventRetracted EventDisputed DuplicateMarked SubjectUnified",
}
"""The vocabulary as it was agreed. A type that is added here needs a stored form, too: see CONTRIBUTING.md."""

each_type = pytest.mark.parametrize("name", PAYLOADS)
FOLDED = [name for name, payload in PAYLOADS.items() if not issubclass(payload, (*ROWS, Revision))]


def names(payloads: tuple[type[Payload], ...]) -> set[str]:
    return {payload.__name__ for payload in payloads}


def read(wire: dict[str, Any]) -> Event:
    return read_event(wire, json.dumps(wire))


def test_the_vocabulary_is_what_was_agreed() -> None:
    found = {family: names(events) for family, events in FAMILY_EVENTS.items()}
    found |= {"any subject": names(general.EVENTS), "any event": names(revisions.EVENTS)}
    assert found == {family: set(listed.split()) for family, listed in NAMED.items()}


def test_no_name_is_used_twice() -> None:
    everything = [*(e for events in FAMILY_EVENTS.values() for e in events), *general.EVENTS, *revisions.EVENTS]
    assert len(PAYLOADS) == len(everything) == len(set(everything))


def test_every_family_is_listed_in_the_order_of_the_documents() -> None:
    assert tuple(families.FAMILIES) == FAMILY_NAMES


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_a_family_has_one_opening(family: str) -> None:
    openings = [payload for payload in FAMILY_EVENTS[family] if issubclass(payload, Opening)]
    assert openings == [OPENINGS[family]]
    assert openings[0].step == 0, "whatever follows an opening stands after it"
    assert issubclass(openings[0], ProcessOpening) == (family not in (*IN_NO_PROCESS, "processes"))


# --- documentation ----------------------------------------------------------------------------------------


def values_in(model: type[Value]) -> Iterator[type[Value]]:
    """A model and the models nested in it."""
    yield from sorted(values_within(model), key=lambda kind: kind.__name__)


def kinds_in(annotation: Any, kind: type) -> Iterator[type[Any]]:
    if inspect.isclass(annotation) and issubclass(annotation, kind):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from kinds_in(argument, kind)


@each_type
def test_it_says_what_it_means(name: str) -> None:
    for model in values_in(model_of(name)):
        assert (model.__doc__ or "").strip().endswith("."), f"{model.__name__} needs a sentence as docstring"
        for field_name, field in model.model_fields.items():
            assert (field.description or "").strip(), f"{model.__name__}.{field_name} needs a docstring"
            for code in kinds_in(field.annotation, StrEnum):
                # StrEnum's own docstring is what a class without one shows
                assert code.__doc__ not in (None, StrEnum.__doc__), f"{code.__name__} needs a docstring"


@each_type
def test_its_own_docstring_is_not_inherited(name: str) -> None:
    payload = PAYLOADS[name]
    assert payload.__doc__ not in {base.__doc__ for base in payload.__mro__[1:]}
    assert "example" in vars(payload)


# --- example and schema -----------------------------------------------------------------------------------


@each_type
def test_its_example_is_valid(name: str) -> None:
    wire = example(name)
    assert wire["data"] == PAYLOADS[name].example
    assert type(read(wire).data) is PAYLOADS[name]


@each_type
def test_the_json_round_trip_is_exact(name: str) -> None:
    once = read(example(name))
    assert once.model_dump(mode="json", exclude_unset=True) == json.loads(json.dumps(example(name)))
    again = model_of(name).model_validate_json(once.model_dump_json(exclude_unset=True))
    assert again == once
    assert again.model_fields_set == once.model_fields_set
    assert again.data.model_fields_set == once.data.model_fields_set


@each_type
def test_its_schema_takes_the_example(name: str) -> None:
    schema = model_of(name).model_json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert list(validator.iter_errors(example(name))) == []


@each_type
def test_its_schema_refuses_what_is_refused(name: str) -> None:
    validator = Draft202012Validator(model_of(name).model_json_schema())
    wire = example(name)
    assert not validator.is_valid({**wire, "type": "SomethingElse"})
    assert not validator.is_valid({**wire, "unknown": 1})
    assert not validator.is_valid({**wire, "data": {**wire["data"], "unknown": 1}})
    assert not validator.is_valid({key: value for key, value in wire.items() if key != "data"})
    revision = issubclass(PAYLOADS[name], Revision)
    assert validator.is_valid({k: v for k, v in wire.items() if k != "occurred"}) == revision
    assert validator.is_valid({**wire, "occurred": "2017-10-27"}) != revision


def test_an_example_stands_on_a_subject_of_its_family_or_on_a_process() -> None:
    assert example("TalksScheduled")["subject"].startswith("talks/")
    assert example("RoleTaken")["subject"] == example("ProcessOpened")["subject"]


def test_each_event_type_has_an_example_of_its_own_id() -> None:
    assert len({example(name)["id"] for name in PAYLOADS}) == len(PAYLOADS)


# --- put to use -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FOLDED)
@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_what_is_no_row_and_no_revision_changes_its_subject(name: str, family: str) -> None:
    if family not in families_of(name):
        return
    subject = f"{family}/first"
    one = event(name, subject=subject)
    assert families.is_step(one)
    if issubclass(PAYLOADS[name], Opening):
        assert fold_of(one) != families.initial(family)
        return
    before = [event(OPENINGS[family].__name__, subject=subject, occurred="2017-01"), *needed_before(name, subject)]
    assert families.fold(family, [*before, one]) != families.fold(family, before)


def needed_before(name: str, subject: str) -> list[Event]:
    """What must have been reported for the example to mean a change."""
    before = {
        "RoleEnded": ("RoleTaken", {**RoleTaken.example, "modality": "actual"}),
        "AgreementResumed": ("AgreementSuspended", {}),
        "ProcessResumed": ("ProcessSuspended", {}),
        "EnrolmentReopened": ("EnrolmentClosed", {}),
    }
    if name not in before:
        return []
    earlier, data = before[name]
    return [event(earlier, subject=subject, occurred="2017-05", data=data)]


@pytest.mark.parametrize("name", sorted(set(PAYLOADS) - set(FOLDED)))
def test_a_row_or_a_revision_changes_no_fold(name: str) -> None:
    one = read(example(name))
    opening = event(OPENINGS[one.family].__name__, subject=one.subject)
    assert not families.is_step(one)
    assert families.fold(one.family, [opening, one]) == families.fold(one.family, [opening])


def test_a_type_goes_with_its_family_or_with_all() -> None:
    assert families_of("TalksScheduled") == ("talks",)
    assert families_of("RoleTaken") == families_of("EventRetracted") == FAMILY_NAMES
