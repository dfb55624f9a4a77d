"""The follower keeps the read models at the head of the log while it leads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

from domain.errors import Unavailable
from domain.event import Recorded, Unreadable
from projections.follower import Follower
from projections.queries.finding_changes import RecordedReport, changes_by
from projections.storage.generations import GenerationProgress, ReadModels
from tests.projections.batches import LOG, figure_reports, strange, times_applied
from tests.projections.world import Wire, follow, opened, pull, recorded
from tests.spec import wire
from tests.waiting import PATIENCE, eventually


@pytest.fixture
def following(found: ReadModels) -> Iterator[Callable[..., Follower]]:
    """Starts followers, and closes them at the end."""
    started: list[Follower] = []

    def start(log: Sequence[Recorded | Unreadable], **options: Any) -> Follower:
        source = options.pop("source", pull(log))
        started.append(Follower(found, source, lambda: log[-1].position if log else 0, **options))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_a_follower_follows_when_nudged(following: Callable[..., Follower]) -> None:
    log = LOG[:5]
    follower = following(log, poll=60)
    follower.nudge()
    assert follower.wait_for(5, PATIENCE)
    assert follower.position == 5
    assert not follower.wait_for(6, 0.01)
    log.extend(LOG[5:])
    follower.nudge()
    assert follower.wait_for(len(LOG), PATIENCE)


def test_a_follower_looks_by_itself_too(following: Callable[..., Follower]) -> None:
    """Another program may write to the log, and nobody nudges then."""
    assert following(LOG, poll=0.01).wait_for(len(LOG), 20)


def test_a_follower_starts_where_the_read_models_stand(found: ReadModels, following: Callable[..., Follower]) -> None:
    follow(found, pull(LOG))
    assert following(LOG, poll=60).position == len(LOG)


def test_a_closed_follower_follows_no_more(found: ReadModels, following: Callable[..., Follower]) -> None:
    log = LOG[:5]
    follower = following(log, poll=0.01)
    assert follower.wait_for(5, PATIENCE)
    follower.close()
    follower.close()
    log.extend(LOG[5:])
    follower.nudge()
    assert not follower.wait_for(6, 0.05)
    assert found.position() == 5


def test_under_load_it_rests_until_somebody_waits(found: ReadModels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.follower.LEAST_REST", 60)
    log, resting = LOG[:5], threading.Event()

    def source(after: int, limit: int) -> Sequence[Recorded | Unreadable]:
        follower.nudge()  # more is recorded while it is at work
        return pull(log)(after, limit)

    def rest(worked: float) -> None:
        resting.set()
        usual(worked)

    follower = Follower(found, source, lambda: len(log), poll=60)
    usual = follower._rest
    monkeypatch.setattr(follower, "_rest", rest)
    with closing(follower):
        follower.start()
        assert resting.wait(PATIENCE)
        assert follower.position == 5
        log.extend(LOG[5:])
        assert not follower.wait_for(6, 0.2), "nobody waits"
        follower.hurry()
        assert follower.wait_for(len(LOG), PATIENCE)


def test_closing_lets_go_whoever_waits(following: Callable[..., Follower]) -> None:
    follower = following(LOG[:5], poll=60)
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(follower.wait_for(99, 3_600)))
    waiting.start()
    follower.close()
    waiting.join(PATIENCE)
    assert answers == [False]


def test_a_follower_that_never_started_can_be_closed(found: ReadModels) -> None:
    Follower(found, pull(LOG), lambda: 0).close()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Unavailable("the log is locked"), "the log is locked"),
        (KeyError("secret"), "an error of Parley itself keeps the read models back: KeyError"),
    ],
)
def test_a_follower_goes_on_after_a_fault(following: Callable[..., Follower], fault: Exception, told: str) -> None:
    broken = threading.Event()
    broken.set()
    source = pull(LOG)

    def pulling(after: int, limit: int) -> Sequence[Recorded | Unreadable]:
        if broken.is_set():
            raise fault
        return source(after, limit)

    follower = following(LOG, poll=0.01, source=pulling)
    eventually(lambda: follower.fault)
    assert follower.fault == told
    assert follower.position == 0
    broken.clear()
    assert follower.wait_for(len(LOG), PATIENCE)
    assert follower.fault is None


def test_a_follower_tells_that_it_is_halted(following: Callable[..., Follower]) -> None:
    log: list[Recorded | Unreadable] = [*LOG[:6], strange(LOG[6]), *LOG[7:]]
    follower = following(log, poll=0.01)
    eventually(lambda: follower.halted)
    assert follower.position == 6
    assert follower.halted is not None
    assert follower.halted.startswith("position 7, TalksBlessed")
    log[6] = LOG[6]
    assert follower.wait_for(len(LOG), PATIENCE)
    assert follower.halted is None


def test_two_followers_share_a_file(open_views: Callable[[], ReadModels], following: Callable[..., Follower]) -> None:
    log = figure_reports(40)
    mine, other = following(log, poll=0.01), Follower(open_views(), pull(log), lambda: len(log), poll=0.01)
    other.start()
    assert mine.wait_for(len(log), 20)
    assert other.wait_for(len(log), 20)
    other.close()
    assert times_applied(open_views()) == 40


def _figures(count: int) -> list[Recorded]:
    return recorded(
        [*opened("processes/first"), *(wire("FigureReported", subject="processes/first") for _ in range(count))]
    )


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction is kept open for as long as somebody asks about an event that is still to come."""
    for name in ("LONGEST", "NEXT", "EXPECTED"):
        monkeypatch.setattr(f"projections.follower.{name}", 600)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("ending", ["hurry", "last"])
def test_an_answer_comes_before_it_is_stored(following: Callable[..., Follower], ending: str) -> None:
    whole = _figures(3)
    log = whole[:1]
    follower = following(log, poll=600)
    assert follower.wait_for(1, PATIENCE)
    follower.ask([one.event.id for one in whole[1:]])
    for end in (2, 3):
        log.append(whole[end - 1])
        follower.nudge()
        eventually(lambda end=end: follower.answer_of(whole[end - 1].event.id))  # type: ignore[misc]
        assert (follower.position, follower.answered_to) == (1, end), "more is asked about, and nobody waits"
    if ending == "hurry":
        follower.hurry()
        assert follower.wait_for(3, PATIENCE)
    log.append(whole[3])
    follower.nudge()
    assert follower.wait_for(4, PATIENCE), "nothing more is asked about"
    assert follower.answer_of(whole[3].event.id) is not None


@pytest.mark.usefixtures("patient")
def test_closing_stores_what_was_answered(found: ReadModels, following: Callable[..., Follower]) -> None:
    whole = _figures(2)
    log = whole[:1]
    follower = following(log, poll=600)
    assert follower.wait_for(1, PATIENCE)
    follower.ask([one.event.id for one in whole[1:]])
    log.append(whole[1])
    follower.nudge()
    eventually(lambda: follower.answer_of(whole[1].event.id))
    follower.close()
    assert found.position() == 2


def _statements(said: Wire) -> list[Wire]:
    return [wire("StatementMade", subject="processes/first", data=said) for _ in range(2)]


def test_an_answer_stays_true_if_it_cannot_be_stored(
    found: ReadModels, following: Callable[..., Follower], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It follows from the log: what is worked out anew is the same."""
    said = {"text": "As before", "speaker": "monitor"}
    whole = recorded([*opened("actors/monitor", "processes/first"), *_statements(said)])
    log = whole[:3]
    follower = following(log, poll=0.01)
    assert follower.wait_for(3, PATIENCE)
    advance, failed = found.advance, list[int]()

    def fail_once(connection: Any, now: GenerationProgress) -> None:
        if not failed:
            failed.append(now.position)
            raise Unavailable("the disk is full")
        advance(connection, now)

    monkeypatch.setattr(found, "advance", fail_once)
    last = whole[3]
    follower.ask([last.event.id])
    log.append(last)
    follower.nudge()
    assert follower.wait_for(4, PATIENCE)
    assert failed == [4]
    answered = follower.answer_of(last.event.id)
    assert answered is not None
    assert answered.number == 1, "it was said before"
    with found.reading() as reading:
        anew = changes_by(reading, [RecordedReport(last.subject, last.position, last.recorded_at)])
    assert anew == {4: answered}
