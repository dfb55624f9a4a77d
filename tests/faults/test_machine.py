"""Whatever is appended, in whatever order, with whatever mistakes, between whatever restarts: the server says what a
plain list of events with the rules of `tests/faults/model.py` says, and its status is what a fold of that list gives.

`PARLEY_LONG=1` makes it thousands of such stories on each database instead of a few.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api.app import create_app
from api.settings import load
from domain.event import Opening
from domain.references import references
from domain.vocabulary import PAYLOADS
from ledger.ledger import Ledger
from projections import compare
from projections.batch import open_read_models
from projections.catch_up import rebuild
from projections.queries.at_horizon import HorizonRequest
from projections.queries.snapshot import fold_snapshot
from tests.api.conftest import HERE, kept
from tests.faults.model import Entry, Log, Refused, Taken, Wire
from tests.faults.mutations import Examples
from tests.projections.world import folded
from tests.strategies import FIRST, read, reports_after

LONG = os.environ.get("PARLEY_LONG") == "1"
OFFICE = "field-office"
NOBODY = "actors/nobody"
NOTHING = str(UUID(int=10**9))
CUTS = ("2017-10-27", "2017-10-28", "2017-10", "2017", "2017-10-29T09:00Z", "2026-01-01")

HOW = settings(
    max_examples=2_000 if LONG else 3,
    stateful_step_count=60 if LONG else 35,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)

wishes = st.sampled_from(["return=minimal", "return=minimal", "wait=9", "handling=strict, return=minimal"])


class Story(RuleBasedStateMachine):
    """One installation, from its first event on."""

    place: ClassVar[Callable[[], AbstractContextManager[Path | str]]]
    """Gives an empty place for an installation: a directory, or the URL of a database."""

    def __init__(self) -> None:
        super().__init__()
        self.log = Log()
        self.number = 0
        self.restarted = self.rebuilt = 0
        """How long the log was when it was last done: it takes long."""
        self.etags: dict[str, tuple[str, Wire]] = {}
        self.closing = ExitStack()
        self.where = self.closing.enter_context(type(self).place())
        self.data = Path(self.closing.enter_context(tempfile.TemporaryDirectory()))
        self.running = ExitStack()
        self.start()

    def start(self) -> None:
        app = create_app(load(**kept(self.where, self.data), port=0, office=OFFICE))
        self.client = self.running.enter_context(TestClient(app, base_url=HERE, raise_server_exceptions=False))

    def teardown(self) -> None:
        self.running.close()
        self.closing.close()

    def named(self, report: Wire) -> Wire:
        """A report with an id of its own. Ids neither follow the order in which they come, nor oppose it."""
        self.number += 1
        return {"id": str(UUID(int=self.number * 7919 % 100_003 << 64 | 4 << 76 | 2 << 62)), **report}

    # --- append

    def send(
        self, request: list[Wire], *, single: bool, if_match: str | None = None, dry_run: bool = False, wish: str = ""
    ) -> Response:
        """Sends a request, and holds the answer against what the model decides."""
        decided = self.log.decide(request, if_match)
        headers = {"Prefer": wish or "return=minimal"}
        if if_match is not None:
            headers["If-Match"] = if_match
        answer = self.client.post(
            "/v1/events",
            params={"dry_run": "true"} if dry_run else {},
            json=request[0] if single else request,
            headers=headers,
        )
        if "strict" in wish and answer.status_code == 409 and answer.json()["type"] == "/problems/doubtful-quality":
            assert isinstance(decided, Taken)
            assert decided.new
            return answer
        if isinstance(decided, Refused):
            self.check_refused(answer, decided, single=single)
        else:
            self.check_taken(answer, decided, single=single, dry_run=dry_run)
        return answer

    def check_refused(self, answer: Response, refused: Refused, *, single: bool) -> None:
        body = answer.json()
        assert (answer.status_code, body["type"]) == (refused.status, f"/problems/{refused.kind}"), answer.text
        if refused.pointers:
            wanted = {pointer.removeprefix("/0") if single else pointer for pointer in refused.pointers}
            assert {fault["pointer"] for fault in body["errors"]} == wanted

    def check_taken(self, answer: Response, taken: Taken, *, single: bool, dry_run: bool) -> None:
        assert answer.status_code == (201 if taken.new and not dry_run else 200), answer.text
        told = answer.json()["events"]
        after = {sent["id"]: self.log.head + number for number, (sent, _) in enumerate(taken.new, 1)}
        if not dry_run:
            self.log.record(taken, {event["id"]: event["recorded_at"] for event in told})
        assert len(told) == len(taken.events)
        for event, known, version in zip(told, taken.events, taken.versions, strict=True):
            sent = known.sent if isinstance(known, Entry) else known
            position = known.position if isinstance(known, Entry) else None if dry_run else after[sent["id"]]
            assert (event["id"], event["subject"]) == (sent["id"], sent["subject"])
            assert (event["version"], event["position"]) == (version, position)
            if isinstance(known, Entry):
                assert event["recorded_at"] == known.recorded_at
            assert (event["recorded_at"] is None) == (position is None)
        positions = [event["position"] for event in told if event["position"] is not None]
        assert answer.json()["position"] == max(positions, default=self.log.head)
        assert answer.headers["Parley-Position"] == str(answer.json()["position"])
        subjects = {event["subject"] for event in told}
        assert ("ETag" in answer.headers) == (len(subjects) == 1)
        if len(subjects) == 1:
            assert answer.headers["ETag"] == self.log.tag(*subjects)
        assert answer.headers.get("Location") == (f"/v1/events/{told[0]['id']}" if single and not dry_run else None)

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Four openings, so that whatever is reported has an actor and a process to name; and a dozen reports."""
        request: list[Wire] = []
        for subject in (*FIRST, "processes/second"):
            kind = "ActorIdentified" if subject.startswith("actors/") else "ProcessOpened"
            said: Wire = {"labels": [{"text": subject}], **({"kind": "other"} if kind == "ActorIdentified" else {})}
            request.append(self.named({"type": kind, "subject": subject, "occurred": "2017-10-27", "data": said}))
        for _ in range(data.draw(st.integers(6, 14))):
            request.append(self.named(data.draw(reports_after(Examples(request)))))
        self.send(request, single=False)

    @property
    def sent(self) -> list[Wire]:
        return [entry.sent for entry in self.log.entries]

    def draw(self, data: st.DataObject, *, revision: bool | None = None) -> Wire:
        return self.named(data.draw(reports_after(Examples(self.sent), revision=revision)))

    @rule(data=st.data(), dry_run=st.integers(0, 5).map(lambda n: n == 0), wish=wishes)
    def report(self, data: st.DataObject, dry_run: bool, wish: str) -> None:
        """A report or a revision that fits, by itself."""
        self.send([self.draw(data)], single=True, dry_run=dry_run, wish=wish)

    @rule(data=st.data())
    def revise(self, data: st.DataObject) -> None:
        """Events, most of all those that were revised before."""
        for _ in range(3):
            self.send([self.draw(data, revision=True)], single=True)

    @rule(data=st.data(), size=st.integers(1, 6), dry_run=st.integers(0, 5).map(lambda n: n == 0), wish=wishes)
    def batch(self, data: st.DataObject, size: int, dry_run: bool, wish: str) -> None:
        """Several that fit one after the other; now and then one is in there twice, or they come in the wrong order."""
        request: list[Wire] = []
        for _ in range(size):
            said = data.draw(reports_after(Examples([*self.sent, *request])))
            request.append(self.named(said))
        match data.draw(st.sampled_from(["as it is", "as it is", "twice", "reversed"])):
            case "twice":
                request.append(data.draw(st.sampled_from(request)))
            case "reversed":
                request.reverse()
            case _:
                pass
        self.send(request, single=False, dry_run=dry_run, wish=wish)

    @rule(data=st.data(), wrong=st.integers(0, 12), single=st.booleans())
    def expect_a_version(self, data: st.DataObject, wrong: int, single: bool) -> None:
        """Any, most likely a wrong one; then the right one."""
        report = self.draw(data)
        for expected in (wrong, self.log.version(report["subject"])):
            self.send([{**report, "expected_version": expected}], single=single)

    @rule(data=st.data(), wrong=st.integers(0, 12), dry_run=st.booleans())
    def match_a_version(self, data: st.DataObject, wrong: int, dry_run: bool) -> None:
        """`If-Match`: of two subjects, most likely; of most likely a wrong version; of the right one."""
        request = [self.draw(data) for _ in range(2)]
        self.send(request, single=False, if_match=self.log.tag(request[0]["subject"]), dry_run=dry_run)
        report = self.draw(data)
        for if_match in (f'"{wrong}"', self.log.tag(report["subject"])):
            self.send([report], single=True, if_match=if_match, dry_run=dry_run)

    @rule(data=st.data(), single=st.booleans())
    def send_again(self, data: st.DataObject, single: bool) -> None:
        """Under an id that is taken: the same in several ways, and something else."""
        again = data.draw(st.sampled_from(self.sent))
        family = again["subject"].partition("/")[0]
        alike = [one["subject"] for one in self.sent if one["subject"].startswith(f"{family}/")]
        spelled_out = {"sensitivity": "moderate", "sources": [], "note": None, **again}
        variants = [again, dict(reversed(spelled_out.items())), {**again, "expected_version": 99}]
        variants.append({**again, "note": "something else"})
        if not any(references(read(again))):
            variants.append({**again, "subject": data.draw(st.sampled_from(alike))})
        for variant in variants:
            self.send([variant], single=single)

    @rule(data=st.data(), single=st.booleans())
    def refer_to_nothing(self, data: st.DataObject, single: bool) -> None:
        """Reports that name what was never recorded, alone or behind one that fits."""
        subject = data.draw(st.sampled_from(self.sent))["subject"]
        report: Wire = {"type": "StatementMade", "subject": subject, "occurred": "2017-10-27", "data": {"text": "so"}}
        opening = {"processes": ["first", "nowhere"], "title": [{"text": "the round"}]}
        for wrong in (
            {**report, "sources": [{"publisher": "TASS"}, {"publisher": "TASS", "claimant": NOBODY}]},
            {**report, "type": "RoleTaken", "data": {"actor": "nobody", "role": "monitor"}},
            {"type": "EventRetracted", "subject": subject, "data": {"event": NOTHING, "reason": "so"}},
            {**report, "type": "TalksReported", "subject": "talks/nowhere", "data": opening},
            {**report, "subject": "talks/nowhere"},
        ):
            request = [self.named(wrong)]
            self.send(request if single else [self.draw(data), *request], single=single)

    @rule(data=st.data())
    def open_again(self, data: st.DataObject) -> None:
        """Without the version that would make it another report; then with it. It may name another process."""
        openings = [one for one in self.sent if issubclass(PAYLOADS[one["type"]], Opening)]
        belonging = [one for one in openings if "processes" in one["data"]]
        again = {**data.draw(st.sampled_from(belonging or openings)), "note": "again"}
        again = self.named({name: value for name, value in again.items() if name != "id"})
        if "processes" in again["data"]:
            processes = data.draw(st.sampled_from([["first"], ["first", "second"]]))
            again["data"] = {**again["data"], "processes": processes}
        self.send([again], single=True)
        self.send([{**again, "expected_version": self.log.version(again["subject"])}], single=True)
        self.replay_where(0, 1000, {"process": "second"})

    # --- read

    def shown(self, entry: Entry) -> Wire:
        """An entry as the interface shows it."""
        added = {"position": entry.position, "version": entry.version, "recorded_at": entry.recorded_at}
        return {**entry.sent, **added, "recorded_by": OFFICE, "schema": 1}

    @invariant()
    def the_log_is_the_list(self) -> None:
        page = self.client.get("/v1/events", params={"limit": 1000})
        assert page.json() == {"events": [self.shown(entry) for entry in self.log.entries], "next": None}
        assert page.headers["Parley-Position"] == str(self.log.head)
        recorded = [entry.recorded_at for entry in self.log.entries]
        assert recorded == sorted(recorded)

    @rule(data=st.data(), after=st.integers(0, 40), size=st.integers(1, 7))
    def replay(self, data: st.DataObject, after: int, size: int) -> None:
        """From anywhere, filtered in any way, in pages of any size and as lines."""
        entry = data.draw(st.sampled_from(self.log.entries))
        filters = {
            "process": data.draw(st.sampled_from(["first", "second", "nowhere"])),
            "subject": entry.subject,
            "family": entry.subject.partition("/")[0],
            "type": entry.sent["type"],
            "recorded_after": entry.recorded_at,
        }
        names = data.draw(st.sets(st.sampled_from(sorted(filters)), max_size=2))
        self.replay_where(after, size, {name: filters[name] for name in names})
        for process in ("first", "second"):
            self.replay_where(0, 1000, {"process": process})

    def replay_where(self, after: int, size: int, wanted: dict[str, str]) -> None:
        expected = [self.shown(one) for one in self.log.matching(after, **wanted)]
        lines = self.client.get(
            "/v1/events", params={"after": after, **wanted}, headers={"Accept": "application/x-ndjson"}
        )
        assert [json.loads(line) for line in lines.text.splitlines()] == expected
        assert lines.headers["Parley-Position"] == str(self.log.head)
        found: list[Wire] = []
        there: str | None = f"/v1/events?{urlencode({**wanted, 'after': after, 'limit': size})}"
        while there is not None:
            answer = self.client.get(there)
            page = answer.json()
            found += page["events"]
            there = answer.links["next"]["url"] if "next" in answer.links else None
            assert (page["next"] is None) == (there is None)
            assert page["next"] is None or (page["next"].split("-")[0], len(page["events"])) == (
                str(found[-1]["position"]),
                size,
            )
        assert found == expected

    @rule(data=st.data())
    def read_one(self, data: st.DataObject) -> None:
        """Events with what revises them, and where the log ends."""
        most = max(self.log.entries, key=lambda entry: len(self.log.revisions_of(entry.sent["id"])))
        for entry in (most, data.draw(st.sampled_from(self.log.entries))):
            answer = self.client.get(f"/v1/events/{entry.sent['id']}")
            revisions = [self.shown(one) for one in self.log.revisions_of(entry.sent["id"])]
            assert answer.json() == {**self.shown(entry), "revisions": revisions}
        last = self.log.entries[-1]
        assert (
            self.client.get("/v1/head").json().items()
            >= {
                "position": last.position,
                "recorded_at": last.recorded_at,
            }.items()
        )
        assert self.client.get(f"/v1/events/{NOTHING}").status_code == 404

    @rule(data=st.data())
    def read_a_subject(self, data: st.DataObject) -> None:
        """Its ETag, as an append wants it."""
        subject = data.draw(st.sampled_from(self.log.entries)).subject
        family = subject.partition("/")[0]
        if family != "processes":
            answer = self.client.get(f"/v1/{subject}", params={"min_position": self.log.head})
            assert answer.headers["ETag"] == self.log.tag(subject)
            assert int(answer.headers["Parley-Position"]) >= self.log.head

    @rule(process=st.sampled_from(["first", "second"]))
    def read_the_status(self, process: str) -> None:
        """At present. What is unchanged by its ETag is unchanged."""
        before = self.etags.get(process)
        headers = {"If-None-Match": before[0]} if before is not None else {}
        answer = self.client.get(f"/v1/processes/{process}", params={"min_position": self.log.head}, headers=headers)
        unchanged = answer.status_code == 304
        if unchanged:
            answer = self.client.get(f"/v1/processes/{process}", params={"min_position": self.log.head})
        if not any(entry.subject == f"processes/{process}" for entry in self.log.entries):
            assert answer.status_code == 404
            return
        assert answer.status_code == 200, answer.text
        status = answer.json()
        now = datetime.fromisoformat(status["horizon"]["now"])
        assert status == folded(self.log.recorded(OFFICE), process, now)
        if before is not None and (unchanged or answer.headers["ETag"] == before[0]):
            assert timeless(status) == timeless(before[1])
        self.etags[process] = (answer.headers["ETag"], status)

    @rule(
        process=st.sampled_from(["first", "second"]),
        back=st.integers(0, 30) | st.none(),
        as_of=st.sampled_from([None, None, *CUTS]),
        published_by=st.sampled_from([None, None, *CUTS]),
        known_at=st.booleans(),
    )
    def look_back(
        self, process: str, back: int | None, as_of: str | None, published_by: str | None, known_at: bool
    ) -> None:
        """The status at a horizon is a fold of the list at that horizon."""
        position = None if back is None else max(self.log.head - back, 0)
        time = self.log.entries[max(position - 1, 0)].recorded_at if position is not None and known_at else None
        asked = HorizonRequest(as_of, published_by, time, None if time else position, self.known(time, position))
        params = {"as_of": as_of, "published_by": published_by, "known_at": time, "min_position": self.log.head}
        params["known_at_position"] = asked.known_at_position
        answer = self.client.get(
            f"/v1/processes/{process}", params={name: value for name, value in params.items() if value is not None}
        )
        log = self.log.recorded(OFFICE)
        if fold_snapshot(log, process, 0, horizon=asked.horizon) is None:
            assert answer.status_code == 404, answer.text
            return
        assert answer.status_code == 200, answer.text
        status = answer.json()
        now = datetime.fromisoformat(status["horizon"]["now"])
        assert status == folded(log, process, now, asked=asked)

    def known(self, time: str | None, position: int | None) -> int | None:
        """The last position that is known at a time, or at a position."""
        if time is not None:
            return max(entry.position for entry in self.log.entries if entry.recorded_at <= time)
        return position

    # --- the server

    @precondition(lambda self: self.log.head >= self.restarted + 5)
    @rule()
    def restart(self) -> None:
        self.restarted = self.log.head
        self.running.close()
        self.start()

    @precondition(lambda self: self.log.head >= self.rebuilt + 20)
    @rule()
    def rebuild_beside(self) -> None:
        """The read models are made anew while the server answers, and are what the log gives."""
        self.rebuilt = self.log.head
        settings = load(**kept(self.where, self.data), port=0)
        with closing(Ledger(settings.log_at)) as ledger, closing(open_read_models(settings.views_at)) as views:
            rebuild(views, ledger.read)
            wrong: list[str] = []
            compare.compare(views, ledger.read, lambda table, what: wrong.append(f"{table}: {what}"))
            assert wrong == []


def timeless(status: Wire) -> Wire:
    return {**status, "horizon": {**status["horizon"], "now": None}}


@contextmanager
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as found:
        yield Path(found)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_story_of_a_log(database: str, request: pytest.FixtureRequest) -> None:
    place = directory if database == "sqlite" else request.getfixturevalue("databases").one
    run_state_machine_as_test(type("Story", (Story,), {"place": staticmethod(place)}), settings=HOW)
