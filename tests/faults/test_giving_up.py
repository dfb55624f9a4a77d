"""A question that is given up ends soon: what works on it looks again and again whether anybody waits, however much the
process has. What lies between two looks is counted in calls of Python."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import load
from projections import patience
from tests.api.conftest import HERE
from tests.faults.test_growth import TALKS, obligations, steps
from tests.projections.world import opened

MANY = 40
AT = "as_of=2029-01-01"
MOST = 150
"""Calls for each event. An event is put in order and compared in passes of the domain, which knows nobody who waits."""
FURTHER = 4_000
"""Calls whatever the process has."""
QUESTIONS = (
    f"/v1/processes/first?{AT}",
    "/v1/processes/first/changes?since=1",
    f"/v1/processes/first/history?{AT}",
    f"/v1/findings?{AT}",
    "/v1/deadlines.ics",
    f"/processes/first?{AT}",
    "/processes/first/history?format=xlsx",
    "/processes/first/obligations",
    "/processes/first/timeline",
    "/processes/first/report",
    "/processes/first/report?format=pdf",
    "/processes/first/compare?as_of=2020",
    "/findings?format=csv",
)


class Looks:
    """Counts, thread by thread, the calls between two looks at whether anybody waits."""

    def __init__(self) -> None:
        self.most = 0
        self._since: dict[int, int] = {}

    def begin(self) -> None:
        self.most = 0
        self._since.clear()

    def look(self) -> None:
        self._since[threading.get_ident()] = 0

    def call(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_call") and patience._UNTIL.get() is not None:
            thread = threading.get_ident()
            since = self._since[thread] = self._since.get(thread, 0) + 1
            self.most = max(self.most, since)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Looks]:
    """Counts in all threads that are begun within."""
    looks = Looks()

    class Clock:
        """Each look at whether anybody waits reads the clock."""

        def monotonic(self) -> float:
            looks.look()
            return 0.0

    monkeypatch.setattr(patience, "time", Clock())
    before = sys.getprofile()
    threading.setprofile(looks.call)
    try:
        yield looks
    finally:
        threading.setprofile(before)


def test_a_question_that_nobody_waits_for_ends_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = opened("actors/first", "actors/second", "processes/first", TALKS, "agreements/first", occurred="2009-01-01")
    reports = [*steps(MANY), *obligations(2 * MANY)[MANY:]]
    for report in reports:
        report["data"].pop("attendance", None)
    reports[MANY]["data"].pop("depends_on")
    reports[MANY]["data"].pop("mirrors")
    app = create_app(load(data=tmp_path / "data", port=0, question_time=3_600))
    with counted(monkeypatch) as looks, TestClient(app, base_url=HERE) as client:
        answer = client.post("/v1/events", json=[*first, *reports], headers={"Prefer": "wait=60"})
        assert answer.status_code == 201, answer.text
        most: dict[str, int] = {}
        for question in QUESTIONS:
            for _ in range(2):  # what is made once, such as a template, counts the first time only
                looks.begin()
                answer = client.get(question)
                assert answer.status_code == 200, (question, answer.text[:500])
            most[question] = looks.most
    assert {name: calls for name, calls in most.items() if not 0 < calls <= MOST * len(reports) + FURTHER} == {}
