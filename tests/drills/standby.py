"""The drill of docs/operations.md: a primary that dies under load, and the standby that takes its place.

    uv run python -m tests.drills.standby            # about six minutes
    uv run python -m tests.drills.standby --quick    # as the tests run it

Two real PostgreSQL servers, two hosts of Parley in front of them, and senders over HTTP. It prints what it does and
what came of it. It exits with 1 if an event is lost that was acknowledged after it was on a synchronous standby, if it
stands elsewhere than was told, if a position is missing, if the read models say anything else than the log, or if a
server answered with another error than 503.

1. The standby is synchronous. The primary is killed, all of its processes at once, and the standby is promoted.
2. The standby is asynchronous, and its line breaks a moment before: what was acknowledged since then is lost.
3. The standby goes, and the primary waits for it: what senders see, and what the operator does.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from ledger.ledger import Ledger
from ledger.verify import verify
from projections.batch import open_read_models
from projections.compare import compare
from tests.drills.hosts import Hosts, asked, hosts
from tests.drills.pair import STANDBY, at, pair
from tests.drills.senders import NO_ANSWER, TIMED_OUT, Onlookers, Senders
from tests.postgres import Server
from tests.waiting import eventually


@dataclass(frozen=True)
class Plan:
    """How much, and how long in seconds."""

    senders: int = 8
    load: float = 20.0
    """Before the fault, and again after all is mended."""
    cut: float = 2.0
    """From the end of the line to an asynchronous standby to the end of the primary."""
    without: float = 30.0
    """Without a primary, or without a standby."""
    apart: bool = True
    """Whether the read models are brought up to date by processes of their own."""


QUICK = Plan(senders=4, load=2, cut=1, without=2, apart=False)


@dataclass
class Outcome:
    """What came of it."""

    events: int
    acknowledged: int
    lost: list[str] = field(default_factory=list)
    """Ids that were acknowledged, and are not in the log at the position and version that was told."""
    faults: list[str] = field(default_factory=list)
    """All else that must not be."""


BEGAN = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - BEGAN:6.1f} s  {text}", flush=True)


# --- the three parts


def fail_over(plan: Plan, *, synchronous: bool) -> Outcome:
    """The primary dies under load, and the standby takes its place."""
    say(f"Two servers start, the standby {'synchronous' if synchronous else 'asynchronous'}; two hosts of Parley.")
    with pair(synchronous=synchronous) as both, hosts(both.url, apart=plan.apart) as two:
        senders, onlookers = Senders(two.addresses, plan.senders), Onlookers(two.addresses)
        senders.start()
        onlookers.start()
        say(f"{plan.senders} senders append; one client asks for a status; one follows the log live.")
        time.sleep(plan.load)
        if not synchronous:
            both.cut_the_line()
            say("The line to the standby is cut. The primary goes on without it.")
            time.sleep(plan.cut)
        both.primary.kill()
        killed = time.monotonic()
        say(f"The primary is killed, after {len(senders.acknowledged()):,} acknowledgements.")
        time.sleep(plan.without)
        both.promote()
        promoted = time.monotonic()
        say(f"The standby is promoted, {promoted - killed:.1f} s after the primary died.")
        eventually(lambda: senders.acknowledged(promoted))
        first = senders.acknowledged(promoted)[0].at
        last = max((one.at for one in senders.acknowledged() if one.at < promoted), default=killed)
        say(f"The next append is acknowledged {first - promoted:.1f} s later; there was none for {first - last:.1f} s.")
        eventually(two.ready)
        say(f"Both hosts are ready, {time.monotonic() - promoted:.1f} s after the promotion.")
        time.sleep(plan.load)
        if synchronous:
            both.replace()
            say("A new server has the place of the lost one: a copy of the primary, its synchronous standby.")
            time.sleep(plan.cut)
        senders.stop()
        return examined(both.primary, senders, onlookers, two, whole=synchronous)


def alone(plan: Plan) -> Outcome:
    """A synchronous standby goes, and the primary waits for it."""
    say("Two servers start, the standby synchronous; two hosts of Parley.")
    with pair(synchronous=True) as both, hosts(both.url, apart=plan.apart) as two:
        senders, onlookers = Senders(two.addresses, plan.senders), Onlookers(two.addresses)
        senders.start()
        onlookers.start()
        time.sleep(plan.load)
        both.standby.stop()
        stopped = time.monotonic()
        say("The standby is stopped. The primary waits for it with each commit.")
        time.sleep(plan.without * 1.5)
        ready = ", ".join(str(asked(address, "/readyz")[0]) for address in two.addresses)
        say(f"Acknowledged meanwhile: {len(senders.acknowledged(stopped + 0.5))}. /readyz answers {ready}.")
        both.wait_for_standby("")
        freed = time.monotonic()
        say("The operator takes the name out of synchronous_standby_names.")
        eventually(lambda: senders.acknowledged(freed))
        say(f"Appends are acknowledged again, {senders.acknowledged(freed)[0].at - freed:.1f} s after that.")
        both.standby.start()
        eventually(lambda: both.streaming() == "async")
        both.wait_for_standby(STANDBY)
        eventually(lambda: both.streaming() == "sync")
        say("The standby is back, has caught up, and is synchronous again.")
        time.sleep(plan.load)
        senders.stop()
        return examined(both.primary, senders, onlookers, two, whole=True)


# --- what must hold afterwards


def examined(server: Server, senders: Senders, onlookers: Onlookers, two: Hosts, *, whole: bool) -> Outcome:
    """Holds the log of a server, and the read models, against what was told to senders and to those who asked."""
    rows = stored(server)
    if whole:
        onlookers.hear(len(rows))
    onlookers.stop()
    found = Outcome(len(rows), len(senders.acknowledged()))
    there = {event_id: (position, subject, version) for position, event_id, subject, version in rows}
    told = [one for one in senders.sent if one.at]
    found.lost = [one.id for one in told if there.get(one.id) != (one.position, one.subject, one.version)]
    found.faults += out_of_order(rows)
    found.faults += [f"{one.id} was never acknowledged" for one in senders.sent if not one.at]
    found.faults += unexpected(senders, onlookers)
    if whole and onlookers.heard != [(position, event_id) for position, event_id, _, _ in rows]:
        found.faults.append("who followed the log live did not hear each event once and in order")
    eventually(two.caught_up)
    url = server.url("parley")
    with closing(Ledger(url)) as ledger, closing(open_read_models(url)) as views:
        verify(ledger, lambda kind, text: found.faults.append(f"{kind}: {text}"))
        compare(views, ledger.read, lambda kind, text: found.faults.append(f"{kind}: {text}"))
        if (here := views.progress()) is None or here.generation != 1:
            found.faults.append("the read models were made anew, though they never said more than the log")
    tell(found, senders, onlookers, two)
    return found


def stored(server: Server) -> list[tuple[int, str, str, int]]:
    """Position, id, subject and version of all events, by their positions."""
    query = (
        "SELECT i.position, encode(i.event_id, 'hex')::uuid::text, e.originator_id, e.originator_version "
        "FROM parley_log.event_index i JOIN parley_log.stored_events e ON e.notification_id = i.position ORDER BY 1"
    )
    with at(server, "parley") as connection:
        return connection.execute(query).fetchall()


def out_of_order(rows: list[tuple[int, str, str, int]]) -> Iterator[str]:
    """What is wrong with positions, ids and versions."""
    versions: Counter[str] = Counter()
    if [row[0] for row in rows] != list(range(1, len(rows) + 1)):
        yield "positions are missing"
    if len({row[1] for row in rows}) != len(rows):
        yield "an id is there twice"
    for position, _, subject, version in rows:
        versions[subject] += 1
        if version != versions[subject]:
            yield f"position {position}: {subject} is at version {version}, not {versions[subject]}"


def unexpected(senders: Senders, onlookers: Onlookers) -> Iterator[str]:
    """Answers that nobody may get."""
    for what, answers in (("append", senders.tries()), ("request for a status", onlookers.answers)):
        for answer, times in answers.items():
            if answer not in ("200", "201", "503", NO_ANSWER, TIMED_OUT):
                yield f"{times} times {answer} to: {what}"


def tell(found: Outcome, senders: Senders, onlookers: Onlookers, two: Hosts) -> None:
    say(f"{found.events:,} events in the log, {found.acknowledged:,} acknowledged to the senders.")
    told = ", ".join(f"{answer} {times:,}" for answer, times in sorted(senders.tries().items()))
    say(f"Answers to appends: {told}.")
    for refusal, times in senders.refusals.most_common():
        say(f"  {times:,} × {refusal}")
    again = sum(1 for one in senders.sent if len(one.tries) > 1)
    say(f"Sent again under the same id: {again:,} events, each of them recorded once.")
    told = ", ".join(f"{answer} {times:,}" for answer, times in sorted(onlookers.answers.items()))
    say(f"Answers to those who asked for a status: {told}.")
    say(f"Heard live: {len(onlookers.heard):,} events over {onlookers.connections} connections.")
    for line, times in two.errors().items():
        say(f"Logged {times} times: {line}")
    say(f"LOST after it was acknowledged: {len(found.lost):,}.")
    for fault in found.faults[:10]:
        say(f"WRONG: {fault}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="seconds of load, as the tests run it")
    parser.add_argument("--part", type=int, choices=(1, 2, 3), help="one of the three only")
    asked_for = parser.parse_args()
    plan = QUICK if asked_for.quick else Plan()
    wrong = 0
    for part in (1, 2, 3) if asked_for.part is None else (asked_for.part,):
        say(f"--- part {part}")
        outcome = alone(plan) if part == 3 else fail_over(plan, synchronous=part == 1)
        wrong += len(outcome.faults) + (0 if part == 2 else len(outcome.lost))
    say("Nothing that was acknowledged by both servers is lost." if not wrong else "NOT AS IT SHOULD BE, see above.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
