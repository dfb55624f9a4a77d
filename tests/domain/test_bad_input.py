"""What is refused, where the fault is, and how to mend it; a refusal never repeats what was sent."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Fault, Malformed
from domain.event import Event
from domain.vocabulary import PAYLOADS, example, read_event

SENT = "Zq7sent"
"""Stands in whatever is sent wrongly, and must not come back."""


def put(wire: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """A copy of the event with one value set, at a JSON Pointer."""
    wire = copy.deepcopy(wire)
    node: Any = wire
    *path, last = pointer.split("/")[1:]
    for step in path:
        node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
    if isinstance(node, list):
        node[int(last)] = value
    else:
        node[last] = value
    return wire


def without(wire: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in wire.items() if key not in names}


def refused(wire: dict[str, Any], text: str | None = None) -> tuple[Fault, ...]:
    with pytest.raises(Malformed) as refusal:
        read_event(wire, text or json.dumps(wire))
    found = refusal.value
    assert found.faults
    assert len({fault.pointer for fault in found.faults}) == len(found.faults)
    assert SENT not in found.detail + "".join(fault.detail for fault in found.faults)
    return found.faults


def fault(name: str, pointer: str, value: Any) -> Fault:
    """The one fault that setting this value makes."""
    (found,) = refused(put(example(name), pointer, value))
    return found


@pytest.mark.parametrize(
    ("name", "pointer", "value", "mend"),
    [
        # the envelope
        ("RoleTaken", "/id", SENT, "send a UUID"),
        ("RoleTaken", "/id", 5, "send a UUID as text"),
        ("RoleTaken", "/subject", SENT, "family/id"),
        ("RoleTaken", "/subject", f"talks/{SENT}", "a-z, 0-9 and -"),
        ("RoleTaken", "/subject", "talks/", "a-z, 0-9 and -"),
        ("RoleTaken", "/subject", f"talks/{'x' * 65}", "family/id"),
        ("RoleTaken", "/subject", "talks/-x", "family/id"),
        ("RoleTaken", "/subject", "talks/x\n", "family/id"),
        ("RoleTaken", "/subject", "participants/x", "a family of actors, processes"),
        ("RoleTaken", "/subject", 5, "send text"),
        ("RoleTaken", "/occurred", "27.10.2017", "YYYY-MM-DD"),
        ("RoleTaken", "/occurred", "2017-02-30", "01 to 28"),
        ("RoleTaken", "/occurred", "2017-10-29/2017-10-27", "swap its ends"),
        ("RoleTaken", "/occurred", "2017-10-29T09:00", "zone"),
        ("RoleTaken", "/occurred", SENT, "YYYY-MM-DD"),
        ("RoleTaken", "/occurred", None, "send text"),
        ("RoleTaken", "/sources", {}, "send an array"),
        ("RoleTaken", "/sources/0", SENT, "send an object"),
        ("RoleTaken", "/sources/0/publisher", "", "empty text says nothing"),
        ("RoleTaken", "/sources/0/publisher", "x" * 301, "at most 300 characters"),
        ("RoleTaken", "/sources/0/published", "2017-10-27~", "YYYY-MM-DD, YYYY-MM or YYYY"),
        ("RoleTaken", "/sources/0/url", f"ftp://{SENT}", "http:// or https://"),
        ("RoleTaken", "/sources/0/url", f"https://{SENT} x", "without spaces"),
        ("RoleTaken", "/sources/0/grade", "G7", "Admiralty grade"),
        ("RoleTaken", "/sources/0/mode", SENT, "'observed', 'quoted'"),
        ("RoleTaken", "/sensitivity", SENT, "'low', 'moderate', 'high' or 'severe'"),
        ("RoleTaken", "/basis", SENT, "'reported', 'observed' or 'inferred by us'"),
        ("RoleTaken", "/note", f"{SENT}\x1b[2J", "control characters"),
        ("RoleTaken", "/data", [SENT], "send an object"),
        # what a report says
        ("RoleTaken", "/data/actor", f"actors/{SENT}", "without `family/`"),
        ("RoleTaken", "/data/role", SENT, "'conflict party', 'mediator'"),
        ("RoleTaken", "/data/accepted", "yes", "true or false"),
        ("FigureReported", "/data/quantity/value", -1, "0 or more"),
        ("FigureReported", "/data/quantity/value", -1.5, "0 or more"),
        ("FigureReported", "/data/quantity/value", SENT, "send a number"),
        ("FigureReported", "/data/quantity/value", 10**400, "finite number"),
        ("FigureReported", "/data/quantity/value", 10**16, "1000000000000000 or less"),
        ("FigureReported", "/data/quantity", {}, "a value, a low, a high"),
        ("FigureReported", "/data/quantity", {"low": 5, "high": 2}, "swap them"),
        ("FigureReported", "/data/quantity", SENT, "send an object"),
        ("FigureReported", "/data/area", [], "at least 1"),
        ("FigureReported", "/data/area", [{"labels": []}], "`id` of a place"),
        ("FigureReported", "/data/area", [{"labels": [{"text": "x"}]}] * 201, "at most 200"),
        ("FigureReported", "/data/area", [{"labels": [{"text": "x"}], "lat": 1}], "both lat and lon"),
        ("FigureReported", "/data/counting", "flow", "`period`"),
        ("EnrolmentReported", "/data/counting", "flow", "`period`"),
        ("FigureReported", "/data/measure", "x\ny", "control characters"),
        ("AreaAdded", "/data/place/admin_code", SENT, "P-code"),
        ("AreaAdded", "/data/place/labels/0/lang", f"{SENT}_x", "language tag"),
        ("AreaAdded", "/data/place/labels/0/script", SENT, "script code"),
        ("AreaAdded", "/data/place/lat", 91, "90 or less"),
        ("ObligationAssessed", "/data/score", 4, "3 or less"),
        ("ObligationAssessed", "/data/score", 1.0, "whole number"),
        ("ObligationAssessed", "/data", {"obligation": "x"}, "`score`"),
        ("ControlReported", "/data/holders", [], "at least 1"),
        ("ObligationAgreed", "/data/debtor/0", SENT, "without `family/`"),
        ("ObligationAgreed", "/data/depends_on", ["release-detainees"], "itself"),
        ("PositionTaken", "/data", {"actor": "x", "position": "accepts on condition"}, "`condition`"),
        ("ControlReported", "/data", {"holders": ["x"]}, "`places`"),
        ("AgreementEnteredIntoForce", "/data", {"starts": "2018", "until": "2017"}, "swap them"),
        ("EnrolmentOpened", "/data/tracks/1/id", "militia", "share one id"),
        ("ViolationAssessed", "/data/violation", SENT, "send a UUID"),
        # revisions
        ("EventRetracted", "/occurred", "2017-10-27", "omit it"),
        ("EventCorrected", "/data/replacement", {}, "at least 1"),
        ("EventCorrected", "/data/replacement/id", SENT, "omit it"),
        ("EventCorrected", "/data/replacement/subject", SENT, "omit it"),
        ("EventCorrected", "/data/replacement/expected_version", 1, "omit it"),
        ("EventCorrected", "/data/replacement/type", "ConvoyHeld", "a type of the family talks"),
        ("EventCorrected", "/data/replacement/type", "EventRetracted", "into a revision"),
        ("EventCorrected", "/data/replacement/type", SENT, "no such event type"),
        ("EventCorrected", "/data/replacement/type", [SENT], "no such event type"),
        ("EventCorrected", "/data/replacement/data/when", SENT, "YYYY-MM-DD"),
        ("SubjectUnified", "/data/into", "convoys/first", "name the other one"),
        ("SubjectUnified", "/data/into", "talks/first", "convoys/"),
    ],
)  # fmt: skip
def test_a_fault_says_where_it_is_and_how_to_mend_it(name: str, pointer: str, value: Any, mend: str) -> None:
    found = fault(name, pointer, value)
    # A rule over several fields points at the object that holds them, and one on items at the item.
    assert found.pointer in BY_RULE.get((name, pointer), (pointer,))
    assert mend in found.detail


BY_RULE: dict[tuple[str, str], tuple[str, ...]] = {
    ("FigureReported", "/data/area"): ("/data/area", "/data/area/0", "/data/area/0/labels"),
    ("FigureReported", "/data/counting"): ("/data",),
    ("EnrolmentReported", "/data/counting"): ("/data",),
    ("ObligationAgreed", "/data/depends_on"): ("/data",),
    ("EnrolmentOpened", "/data/tracks/1/id"): ("/data",),
}


# --- the type ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "meant"),
    [("TalkScheduled", "TalksScheduled"), ("ConvoyHold", "ConvoyHeld"), ("Clearancegranted", "ClearanceGranted")],
)
def test_a_misspelt_type_is_guessed(sent: str, meant: str) -> None:
    found = fault("RoleTaken", "/type", sent)
    assert found.pointer == "/type"
    assert f"did you mean {meant}?" in found.detail


@pytest.mark.parametrize("sent", [SENT, "", 5, ["RoleTaken"], None])
def test_what_is_no_type_is_not_guessed(sent: object) -> None:
    found = fault("RoleTaken", "/type", sent)
    assert found.pointer == "/type"
    assert "did you mean" not in found.detail
    assert "/v1/event-types" in found.detail


def test_a_type_is_needed() -> None:
    (found,) = refused(without(example("RoleTaken"), "type"))
    assert (found.pointer, "needs a type" in found.detail) == ("/type", True)


def test_a_type_goes_with_its_family() -> None:
    found = fault("ConvoyHeld", "/subject", "talks/first")
    assert found.pointer == "/subject"
    assert "convoys/" in found.detail


# --- fields -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "pointer", "meant"),
    [
        ("RoleTaken", "/ocurred", "occurred"),
        ("RoleTaken", "/data/roll", "role"),
        ("RoleTaken", "/sources/0/publsher", "publisher"),
        ("FigureReported", "/data/quantity/valeu", "value"),
        ("AreaAdded", "/data/place/labels/0/language", "lang"),
        ("TalksConvened", "/data/attendance/0/acter", "actor"),
        ("EventCorrected", "/data/replacement/data/wen", "when"),
    ],
)
def test_a_misspelt_field_is_guessed(name: str, pointer: str, meant: str) -> None:
    found = fault(name, pointer, SENT)
    assert found == Fault(pointer, f"unknown field: remove it, or did you mean `{meant}`?")


def test_an_unknown_field_like_none_is_to_be_removed() -> None:
    detail = "unknown field: remove it; the fields here are actor, role, scope, "
    assert fault("RoleTaken", "/data/colour", SENT).detail.startswith(detail)


def test_a_pointer_escapes_what_a_name_may_hold() -> None:
    wire = example("RoleTaken")
    (found,) = refused({**wire, "data": {**wire["data"], "a/b~c": SENT}})
    assert found.pointer == "/data/a~1b~0c"


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_required_field_is_asked_for(name: str) -> None:
    fields = PAYLOADS[name].model_fields
    required = {f"/data/{field}" for field, info in fields.items() if info.is_required()}
    wire = {**example(name), "data": {}}
    if not required:  # then it may say nothing more
        assert read_event(wire, json.dumps(wire)).data == PAYLOADS[name]()
        return
    found = refused(wire)
    assert {one.pointer for one in found} == required
    assert {one.detail for one in found} == {"required: send it"}


@pytest.mark.parametrize("field", ["subject", "data", "occurred"])
def test_the_envelope_is_asked_for(field: str) -> None:
    assert refused(without(example("RoleTaken"), field)) == (Fault(f"/{field}", "required: send it"),)


def test_all_faults_are_told_at_once() -> None:
    wire = put(put(put(example("RoleTaken"), "/data/role", SENT), "/data/actor", SENT), "/occurred", SENT)
    assert {one.pointer for one in refused(wire)} == {"/data/role", "/data/actor", "/occurred"}


def test_a_faulty_item_is_told_once_and_the_list_is_not_called_empty() -> None:
    wire = put(example("FigureReported"), "/data/area", [{"labels": [{"text": ""}]}])
    assert [one.pointer for one in refused(wire)] == ["/data/area/0/labels/0/text"]


def test_the_detail_is_that_of_a_single_fault() -> None:
    wire = put(example("RoleTaken"), "/data/role", 5)
    with pytest.raises(Malformed) as refusal:
        read_event(wire, json.dumps(wire))
    (found,) = refusal.value.faults
    assert refusal.value.detail == f"{found.pointer}: {found.detail}"


def test_the_detail_names_the_first_fault_and_counts_the_rest() -> None:
    wire = put(put(example("RoleTaken"), "/data/role", SENT), "/occurred", SENT)
    with pytest.raises(Malformed) as refusal:
        read_event(wire, json.dumps(wire))
    first = refusal.value.faults[0]
    assert refusal.value.detail == f"{first.pointer}: {first.detail} (and 1 more)"
    seen_from_the_batch = refusal.value.within("/3")
    assert seen_from_the_batch.detail.startswith(f"/3{first.pointer}: ")
    assert seen_from_the_batch.faults[0] == Fault(f"/3{first.pointer}", first.detail)


# --- text that is no text, numbers that are no numbers ----------------------------------------------------


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_what_is_not_finite_is_no_number(number: str) -> None:
    wire = put(example("FigureReported"), "/data/quantity", {"value": 2000})
    text = json.dumps(wire).replace("2000", number)
    assert refused(wire, text) == (Fault("/data/quantity/value", "send a finite number"),)


@pytest.mark.parametrize("escape", [r"\ud800", r"\udfff", r"\udc00\ud800"])
def test_a_lone_surrogate_is_no_character(escape: str) -> None:
    wire = put(example("RoleTaken"), "/note", "here")
    (found,) = refused(wire, json.dumps(wire).replace("here", escape))
    assert found.pointer == ""
    assert found.detail.startswith("send valid JSON: ")


@pytest.mark.parametrize("text", ['{"type": ', "{'type': 1}", '{"type": "RoleTaken",}', ""])
def test_what_is_no_json_is_refused_as_a_whole(text: str) -> None:
    (found,) = refused(example("RoleTaken"), text or " ")
    assert found.pointer == ""
    assert found.detail.startswith("send valid JSON: ")


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\r", "\x7f", "\x85", "\x9b"])
@pytest.mark.parametrize("pointer", ["/note", "/sources/0/publisher", "/data/verbatim"])
def test_control_characters_are_refused(pointer: str, character: str) -> None:
    found = fault("RoleTaken", pointer, f"{SENT}{character}")
    assert found == Fault(pointer, "control characters are not allowed: remove them")


# --- anything at all --------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.just(SENT) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


def pointers(node: Any, at: str = "") -> list[str]:
    """The pointers to everything within a JSON value."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, value in inner for found in (f"{at}/{key}", *pointers(value, f"{at}/{key}"))]


@given(st.sampled_from(sorted(PAYLOADS)), st.data())
def test_anything_in_the_wrong_place_is_refused_with_a_pointer_into_the_request(name: str, data: st.DataObject) -> None:
    wire = example(name)
    wire = put(wire, data.draw(st.sampled_from(pointers(wire))), data.draw(ANYTHING))
    try:
        event = read_event(wire, json.dumps(wire))
    except Malformed as refusal:
        known = {"", *pointers(wire)}
        for one in refusal.faults:
            assert one.pointer in known or "required" in one.detail
            assert one.detail
            assert SENT not in one.detail
    else:
        assert isinstance(event, Event)
