"""What a report would change is what it does change, once it is recorded; and which reports one may repeat."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from projections.answers.changes import ChangesAnswer
from projections.queries.at_horizon import HorizonRequest
from projections.queries.changes import changes
from projections.queries.preview import near_repeats, would_change
from tests.projections.world import plain, reading
from tests.seeds.reading import lines_of
from tests.strategies import read

NOW = datetime(2026, 6, 1, tzinfo=UTC)
GROUPS = ("newly_contested", "no_longer_contested", "changed", "raised", "resolved")
LOG = [
    json.loads(line)
    for name in ("eastern-kalamun", "eastern-kalamun-as-others-told-it")
    for line in lines_of(f"{name}.ndjson")
]


def told(answer: ChangesAnswer) -> dict[str, Any]:
    """What an answer tells of lines and findings, without when it was recorded."""
    whole: dict[str, Any] = plain(answer)
    return {name: whole[name] for name in GROUPS} | {
        "corrected": [{**one, "revisions": len(one["revisions"])} for one in whole["corrected"]],
        "new": [[report["event"] for report in group["reports"]] for group in whole["new"]],
    }


@pytest.mark.parametrize("number", [25, 28, 38, 60, 70, 74, 80])
def test_a_preview_tells_what_recording_does(number: int) -> None:
    with reading(*LOG[:number]) as before:
        answers = {one["process"]: one for one in would_change(before, [read(LOG[number])], NOW)}
        position = before.position
    with reading(*LOG[: number + 1]) as after:
        for process, answer in answers.items():
            since, until = HorizonRequest(position=position), HorizonRequest(position=position + 1)
            assert told(answer) == told(changes(after, process, since, until, NOW))
    assert "eastern-kalamun" in answers


def test_a_report_in_other_numbers_may_repeat_one() -> None:
    (claim,) = [one for one in LOG if one["data"].get("measure") == "members of armed groups"]
    other = {**claim, "id": "00000000-0000-4000-8000-000000000001"}
    with reading(*LOG) as known:
        changed = {**claim["data"], "quantity": {"value": 2100, "qualifier": "about"}}
        assert [str(one.id) for one in near_repeats(known, read({**other, "data": changed}))] == [claim["id"]]
        assert near_repeats(known, read({**other, "occurred": "2017-10-28"})) == []
        elsewhere = {**claim["data"], "measure": "households"}
        assert near_repeats(known, read({**other, "data": elsewhere})) == []
        assert near_repeats(known, read(claim)) == [], "sent twice under its id, it is the same"
