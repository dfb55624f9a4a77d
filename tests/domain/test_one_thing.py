"""When several reports tell of one body, one instrument, one proposal: shown once, with all that they say."""

from __future__ import annotations

from typing import Any

from domain.general import SubjectState
from domain.lines import Cited
from domain.one_thing import together
from domain.processes import same_body, same_instrument
from domain.proposals import due, proposals_together, unanswered
from tests.spec import event, fold_of


def cited(name: str, occurred: str = "2017-10-28", **data: Any) -> Cited[Any]:
    told = event(name, occurred=occurred, data=data)
    return Cited(told.data, told.id, told.occurred)


def bodies(*reports: dict[str, Any]) -> list[int]:
    """How many reports there are of each body."""
    told = [cited("BodyEstablished", **{"labels": [{"text": "Joint Committee"}], **report}) for report in reports]
    return [len(thing) for thing in together(told, same_body)]


def instruments(*reports: dict[str, Any]) -> list[int]:
    told = [cited("InstrumentCited", **{"kind": "decree", "effect": "All may join.", **report}) for report in reports]
    return [len(thing) for thing in together(told, same_instrument)]


def test_a_body_is_one_by_its_id_or_a_name() -> None:
    assert bodies({}, {"labels": [{"text": "joint  committee"}], "mandate": "To keep the truce."}) == [2]
    assert bodies({"body": "a"}, {"body": "b"}) == [1, 1]
    assert bodies({"body": "a"}, {"body": "a", "labels": [{"text": "The Seven"}]}) == [2]
    assert bodies({}, {"labels": [{"text": "Other Committee"}]}) == [1, 1]


def test_an_instrument_is_one_by_its_number_title_or_effect_unless_something_tells_it_apart() -> None:
    assert instruments({"number": "15"}, {"number": "15", "effect": "An amnesty."}) == [2]
    assert instruments({"number": "15"}, {"number": "16"}) == [1, 1]
    assert instruments({"number": "15", "dated": "2016"}, {"number": "15", "dated": "2017-02-01"}) == [1, 1]
    assert instruments({"number": "15", "dated": "2017"}, {"number": "15", "dated": "2017-02-01"}) == [2]
    assert instruments({}, {"kind": "law"}) == [1, 1]
    assert instruments({}, {"kind": "other"}) == [2]
    assert instruments({"issuer": "president"}, {"issuer": "government"}) == [1, 1]
    assert instruments({"title": "Amnesty"}, {"title": "amnesty", "effect": "Another wording."}) == [2]
    assert instruments({}, {"effect": "Nobody may join."}) == [1, 1]


def test_a_proposal_that_two_sources_report_is_answered_once() -> None:
    def proposed(occurred: str = "2017-10-28", **data: Any) -> Any:
        said = {"kind": "ultimatum", "text": "Hand over the weapons.", "by": "government", "answer_by": "2017-10-31"}
        return event("ProposalMade", occurred=occurred, data={**said, **data})

    first, second, later = proposed(), proposed(occurred="2017-10", to=["committee"]), proposed(occurred="2017-11-02")
    state: SubjectState = fold_of(first, second, later)
    assert [len(reports) for reports in proposals_together(state.proposals.values())] == [2, 1]
    assert [one.events for one in due(state)] == [(second.id, first.id), (later.id,)]
    answer = event(
        "ProposalMade", occurred="2017-11-01", data={"kind": "condition", "text": "No.", "answers": str(second.id)}
    )
    state = fold_of(first, second, answer)
    assert [[one.event for one in reports] for reports in unanswered(state)] == [[answer.id]]
