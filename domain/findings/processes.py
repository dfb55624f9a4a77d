"""What only a process as a whole tells: silence, and who acts in it without a role."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain import agreements, general, processes, talks
from domain.edtf import When
from domain.finding import DAY, Finding, Rule, Severity, few, in_order, ranked
from domain.findings.wording import MAX_NAMES, cut, few_of
from domain.general import SubjectState
from domain.sentences import Term, phrase, told, told_number
from domain.spans import ANYWHERE, Zones, moment_after
from domain.values import EventId, Subject

SILENCE = Rule(
    "silence",
    "A process that has not ended: raised 14 days after the last day it was heard of; resolved by any report.",
    Severity.MODERATE,
    archives=False,
)
SILENT_AFTER = 14 * DAY
ACTING_WITHOUT_ROLE = Rule(
    "acting-without-role",
    "An actor that takes a position or proposes in a process, for itself: raised while it holds no role in it, actual "
    "or announced, is no party to its talks or agreements, attended none of its talks, signed nothing in it and owes "
    "nothing; resolved by RoleTaken, or a report that names it as a party.",
    Severity.HINT,
    archives=False,
)
PLACES_IN_DOUBT = Rule(
    "places-in-doubt",
    "Descriptions of places in one process: raised while one of them could be of several places that something tells "
    "apart (an id, a code, a kind, the distance, the containing place), so that it is taken for none of them; resolved "
    "by a report that says more of it, by an id, or when what told them apart goes away.",
    Severity.HINT,
)
THERE = {talks.Presence.PRESENT}
RANKS = ranked(SILENCE, ACTING_WITHOUT_ROLE)


def in_doubt(process: str, about: str, between: tuple[str, str], difference: str, events: Iterable[EventId]) -> Finding:
    """Two places could be meant by a description.

    Args:
        process: in which it is given.
        about: what tells these places from others of the process.
        between: names of two of them.
        difference: what tells them apart.
        events: that describe them, or could.
    """
    one, other = (cut(name) for name in between)
    text = told(
        "Two places could be meant: “{one}” and “{other}” are told apart ({difference}), and another description fits "
        "both, so it is taken for neither. Name the place by its id, or say more of it.",
        one=one,
        other=other,
        difference=Term(difference),
    )
    return PLACES_IN_DOUBT.finding(Subject(f"processes/{process}"), text, few(sorted(events)), about=f"place {about}")


def of_process(
    process: str, states: Mapping[Subject, SubjectState], heard: str | None, zones: Zones = ANYWHERE
) -> list[Finding]:
    """What only a process as a whole tells, if it is followed.

    Args:
        process: its id.
        states: of all subjects of the process, itself included.
        heard: the last day it was heard of, in EDTF; None or empty: no day is known, so nothing is said of silence.
        zones: of the process.
    """
    own = states.get(Subject(f"processes/{process}"))
    stages = own.stage.values if isinstance(own, processes.ProcessState) else ()
    alive = {path: state for path, state in states.items() if state.opened}  # the process itself may be withdrawn
    placed = {actor for state in alive.values() for actor in in_place(state)}
    acting = [act for path, state in alive.items() for act in acts(path, state)]
    return in_order([*silence(process, stages, heard, zones), *without_role(process, acting, placed)], RANKS)


def silence(process: str, stages: Sequence[str], heard: str | None, zones: Zones = ANYWHERE) -> Iterator[Finding]:
    """Whether a process has not been heard of for long, unless all say that it ended."""
    last = When(heard) if heard and list(stages) != ["ended"] else None
    since = moment_after(last, zones, SILENT_AFTER) if last is not None else None
    if last is not None and since is not None:
        text = told_number(
            "Nothing has been heard of the process since {date}, for more than {number} day.",
            "Nothing has been heard of the process since {date}, for more than {number} days.",
            SILENT_AFTER // DAY,
            date=last,
        )
        yield SILENCE.finding(Subject(f"processes/{process}"), text, (), since=since)


@dataclass(frozen=True, slots=True)
class Act:
    """Something an actor does in a subject that a role or a side would go with."""

    subject: Subject
    actor: str
    what: str
    events: tuple[EventId, ...]


ACTS = {
    "takes a position": phrase("takes a position ({subject})"),
    "proposes": phrase("proposes ({subject})"),
}
"""What an actor does for itself, and how it is told."""


def in_place(state: SubjectState) -> set[str]:
    """The actors with a role or a side in a subject."""
    held = {role.actor for line in state.roles.values() for role in line.values if role.held}
    placed = {*held, *getattr(state, "between", ())}
    match state:
        case talks.TalksState():
            placed |= {
                who for who, line in state.attendance.items() if any(one.presence in THERE for one in line.values)
            }
        case agreements.AgreementState():
            signed = (c.value.actor for line in state.signatures.values() for c in general.sure(line))
            placed |= {actor for actor in signed if actor is not None}
            agreed = (c.value for one in state.obligations.values() for c in general.sure(one.agreed))
            placed |= {debtor for terms in agreed for debtor in terms.debtor}
        case _:
            pass
    return placed


def without_role(process: str, acting: Iterable[Act], placed: Collection[str]) -> Iterator[Finding]:
    """Actors that act in a process and have no role and no side in it."""
    done: dict[str, list[Act]] = {}
    for act in sorted(acting, key=lambda act: (act.subject, act.what)):
        if act.actor not in placed:
            done.setdefault(act.actor, []).append(act)
    for actor, theirs in done.items():
        what = list(dict.fromkeys(told(ACTS[act.what], subject=act.subject) for act in theirs))
        text = told(
            "{actor} {acts}, but no role or side of it is reported.",
            actor=f"actors/{actor}",
            acts=few_of(what, MAX_NAMES),
        )
        events = few(event for act in theirs for event in act.events)
        about = f"actors/{actor}"
        yield ACTING_WITHOUT_ROLE.finding(Subject(f"processes/{process}"), text, events, about=about)


def acts(subject: Subject, state: SubjectState) -> list[Act]:
    """What actors do in a subject that a role or a side would go with."""
    return [Act(subject, actor, what, events) for actor, what, events in _acts(state)]


def _acts(state: SubjectState) -> Iterator[tuple[str, str, tuple[EventId, ...]]]:
    """Who does what for itself, and the events that say so."""
    for line in state.positions.values():
        for c in general.sure(line):
            if c.value.on_behalf_of is None:
                yield c.value.actor, "takes a position", c.events
    for cited in state.proposals.values():
        if cited.data.by is not None:
            yield cited.data.by, "proposes", (cited.event,)
