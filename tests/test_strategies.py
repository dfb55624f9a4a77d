"""Random histories are what they claim: valid where each report stands, and varied enough to prove something."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any
from uuid import UUID

from hypothesis import Phase, given, settings

from domain.event import Opening, Revision
from domain.references import misfit, references
from domain.values import FAMILY_NAMES
from domain.vocabulary import PAYLOADS
from tests.examples import examples
from tests.strategies import DATES, histories, read

History = list[dict[str, Any]]


@examples(30)
@given(histories())
def test_each_report_is_valid_where_it_stands(history: History) -> None:
    versions: Counter[str] = Counter()
    known: dict[UUID, tuple[str, str]] = {}
    for wire in history:
        event = read(wire)
        assert event.id not in known
        if isinstance(event.data, Opening):
            assert wire.get("expected_version", 0) == versions[event.subject]
        else:
            assert versions[event.subject] > 0
            assert "expected_version" not in wire
        for pointer, refers, name in references(event):
            if refers.to == "event":
                assert misfit(event, pointer, *known[UUID(name)]) is None
            else:
                assert versions[name if "/" in name else f"{refers.to}/{name}"] > 0
        versions[event.subject] += 1
        known[event.id] = (event.subject, event.type)
    assert {subject.partition("/")[0] for subject in versions} == set(FAMILY_NAMES)


@examples(30)
@given(histories(with_revisions=False, min_steps=3, max_steps=6))
def test_it_is_as_long_as_asked_for_and_revises_only_if_wanted(history: History) -> None:
    steps = len(history) - len({wire["subject"] for wire in history})
    assert 3 <= steps <= 6
    assert not any(issubclass(PAYLOADS[wire["type"]], Revision) for wire in history)


class AllReached(Exception):
    """No more histories are needed."""


def test_every_type_is_reached() -> None:
    reached: Counter[str] = Counter()

    @settings(max_examples=400, derandomize=True, database=None, phases=[Phase.generate])
    @given(histories(min_steps=20, max_steps=25))
    def count(history: History) -> None:
        reached.update(wire["type"] for wire in history)
        if set(PAYLOADS) <= set(reached):
            raise AllReached

    with suppress(AllReached):
        count()
    assert set(PAYLOADS) - set(reached) == set()


def test_the_dates_overlap_in_every_way() -> None:
    spans = [read({**REPORT, "occurred": date}).span for date in DATES]
    assert len({span[:2] for span in spans}) > 10
    assert any(span.timed for span in spans)
    certain = sum(a.precedes(b) for a in spans for b in spans)
    assert 0 < certain < len(spans) ** 2 / 2


REPORT: dict[str, Any] = {
    "id": "00000000-0000-4000-8000-000000000001",
    "type": "StatementMade",
    "subject": "talks/first",
    "data": {"text": "words"},
}
