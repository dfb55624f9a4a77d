"""The state of agreements, and what is expected of them; their events are in `domain/agreement_events.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from domain import general, proposals
from domain.agreement_codes import (
    ObligationStanding,
)
from domain.agreement_events import (
    EVENTS,
    AgreementDeclared,
    AgreementEnded,
    AgreementEnteredIntoForce,
    AgreementExtended,
    AgreementReached,
    AgreementRelated,
    AgreementReported,
    AgreementResumed,
    AgreementSigned,
    AgreementSuspended,
    ObligationAgreed,
    ObligationAssessed,
    ViolationAssessed,
    ViolationReported,
)
from domain.changing import changed
from domain.comparison import comparable
from domain.compatible import gist
from domain.durations import day_after, end_of_term
from domain.edtf import BEGINNING, END, Span, When
from domain.event import Event
from domain.family import Family
from domain.general import Due, SubjectState
from domain.keys import compound
from domain.lines import Account, Candidate, Course, Keeps, Line
from domain.runs import Expected, Run, expected
from domain.runs import kept as kept_runs
from domain.schedules import Schedule
from domain.spans import ANYWHERE, Zones, begins, first_passing, moment_after
from domain.values import (
    EventId,
)

# --- state ------------------------------------------------------------------------------------------------

COURSE = Course.of(
    ("reported", "reached", "signed", "in force", "suspended", "ended"),
    ("in force", "resumed", "ended"),
    ("reported", "declared", "in force"),
    turns=[("suspended", "resumed")],
)
IN_FORCE = {"in force", "resumed"}
ONCE = {"reached", "signed", "in force", "ended"}
"""What comes once: against the course it cannot be. An extension, an accession and an initialling do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """From when to when an agreement is in force."""

    starts: When | None
    until: When | None
    trial: bool
    renewable: bool | None
    extended: str | None = None
    """explicitly or tacitly, after an extension."""
    lasts: str | None = None
    until_event: str | None = None
    computed: bool = False
    """Whether the end is computed by us, from how long it lasts."""

    @property
    def gist(self) -> tuple[object, bool, str]:
        return (gist(self.until), self.trial, comparable(self.until_event or ""))


@dataclass(frozen=True, slots=True)
class Obligation:
    agreed: Line[ObligationAgreed] = field(default_factory=Line)
    assessed: Line[ObligationAssessed] = field(default_factory=Line)
    runs: tuple[Run, ...] = ()
    """Of what recurs: the runs that are judged to be done at all."""


@dataclass(frozen=True, kw_only=True)
class AgreementState(SubjectState):
    between: tuple[str, ...] = ()
    described: Line[AgreementReported] = field(default_factory=Line)
    stage: Line[str] = field(default_factory=Line)
    """reported, declared, reached, signed, in force, suspended, resumed, ended."""
    complete: Line[bool] = field(default_factory=Line)
    ending: Line[str] = field(default_factory=Line)
    signatures: dict[str, Line[AgreementSigned]] = field(default_factory=dict)
    term: Line[Term] = field(default_factory=Line)
    obligations: dict[str, Obligation] = field(default_factory=dict)
    relations: dict[str, Line[AgreementRelated]] = field(default_factory=dict)
    declared: Account[AgreementDeclared] = field(default_factory=Account)


# --- evolve -----------------------------------------------------------------------------------------------


def evolve(state: AgreementState, event: Event) -> AgreementState:
    match event.data:
        case AgreementReported() as data:
            state = general.opened(state, event, data.title, data.processes)
            return changed(
                _to(state, "reported", event),
                between=tuple(dict.fromkeys((*state.between, *data.between))),
                described=state.described.advance(data, event, keeps=Keeps.ALL),
            )
        case AgreementRelated() as data:
            key = compound(data.relation, data.to or "", comparable(data.named or "") if data.to is None else "")
            related = state.relations.get(key, Line()).advance(data, event, keeps=Keeps.OF_THE_SAME)
            return changed(state, relations={**state.relations, key: related})
        case AgreementDeclared() as data:
            return changed(_to(state, "declared", event), declared=state.declared.advance(data, event))
        case AgreementReached() as data:
            state = _to(state, "reached", event)
            return (
                state
                if data.complete is None
                else changed(state, complete=state.complete.advance(data.complete, event))
            )
        case AgreementSigned() as data:
            by = data.actor or compound("", comparable(data.described or ""))
            line = state.signatures.get(by, Line()).advance(data, event, keeps=Keeps.OF_THE_SAME)
            state = _to(state, "signed", event, data.act.value)
            return changed(state, signatures={**state.signatures, by: line})
        case ObligationAgreed() as data:
            known = state.obligations.get(data.obligation, Obligation())
            known = replace(known, agreed=known.agreed.advance(data, event, keeps=Keeps.ALL))
            return changed(state, obligations={**state.obligations, data.obligation: known})
        case ObligationAssessed() as data:
            known = state.obligations.get(data.obligation, Obligation())
            known = replace(known, assessed=known.assessed.advance(data, event), runs=_runs(known, data, event))
            return changed(state, obligations={**state.obligations, data.obligation: known})
        case AgreementEnteredIntoForce() as data:
            term = _term(data, data.starts or event.occurred)
            return changed(_to(state, "in force", event), term=state.term.advance(term, event))
        case AgreementExtended() as data:
            before = state.term.candidates[-1].value if state.term.candidates else None
            term = _extended(data, before)
            return changed(_to(state, "in force", event, "extended"), term=state.term.advance(term, event))
        case AgreementSuspended():
            return _to(state, "suspended", event)
        case AgreementResumed():
            return _to(state, "resumed", event)
        case AgreementEnded() as data:
            return changed(_to(state, "ended", event), ending=state.ending.advance(data.how.value, event))
        case _:
            return general.evolve(state, event)


def _runs(known: Obligation, data: ObligationAssessed, event: Event) -> tuple[Run, ...]:
    when, schedules = data.run or event.occurred, schedules_of(known)
    if not data.score or when is None or not (data.run or schedules):
        return known.runs
    return kept_runs(known.runs, Run(when, event.claimants[0].key, possible=event.possible), schedules)


PRELIMINARY = {"reported", "declared", "reached", "signed"}
"""What usually comes before it is in force. It may come later: what holds already is signed, or acceded to."""


def _to(state: AgreementState, stage: str, event: Event, step: str | None = None) -> AgreementState:
    """The state after a report that brings it to a stage; what may come again has a step with a name of its own."""
    state = general.passing(state, step or stage, event)
    if stage in PRELIMINARY and any(c.value in IN_FORCE for c in general.sure(state.stage)):
        return state
    return changed(state, stage=state.stage.advance(stage, event, COURSE))


def _term(data: AgreementEnteredIntoForce, starts: When | None) -> Term:
    included = data.last_day_included
    end = end_of_term(starts, data.lasts, last_day_included=included) if starts and data.lasts else None
    return Term(
        starts=starts,
        until=data.until or end,
        trial=data.trial,
        renewable=data.renewable,
        lasts=data.lasts,
        until_event=data.until_event,
        computed=data.until is None and end is not None,
    )


def _extended(data: AgreementExtended, before: Term | None) -> Term:
    goes_on = day_after(before.until) if before is not None and before.until is not None and data.lasts else None
    end = end_of_term(goes_on, data.lasts) if goes_on is not None and data.lasts else None
    return Term(
        starts=before.starts if before else None,
        until=data.until or end,
        trial=before.trial if before else False,
        renewable=before.renewable if before else None,
        extended=data.way.value,
        lasts=data.lasts,
        until_event=data.until_event,
        computed=data.until is None and end is not None,
    )


# --- rules ------------------------------------------------------------------------------------------------


def due(state: AgreementState) -> list[Due]:
    """Deadlines of obligations that are not fully kept, and the end of the term while it is in force."""
    expected = proposals.due(state)
    if "ended" in state.stage.values:
        return expected
    for obligation in state.obligations.values():
        if not kept(obligation):
            expected += [
                Due(
                    what=f"obligation: {said.by.value.text}",
                    when=said.value,
                    events=said.events,
                    actor=next((debtor for agreed in obligation.agreed.values for debtor in agreed.debtor), None),
                )
                for said in obligation.agreed.said_in("deadline")
            ]
        expected += [
            Due(what=f"next run: {c.value.text}", when=run.by, events=c.events, actor=next(iter(c.value.debtor), None))
            for c, run in next_runs(obligation)
        ]
    if IN_FORCE & set(state.stage.values):
        expected += [
            Due(what="end of the term", when=said.value, events=said.events) for said in state.term.said_in("until")
        ]
    return expected


def schedules_of(obligation: Obligation) -> list[Schedule]:
    return [agreed.schedule for agreed in obligation.agreed.values if agreed.schedule is not None]


def next_runs(obligation: Obligation) -> Iterator[tuple[Candidate[ObligationAgreed], Expected]]:
    """What of what recurs is expected next, by its last terms: after the last run that was judged to be done at all."""
    if not schedules_of(obligation):
        return
    done = [c.value.run or c.occurred for c in obligation.assessed.candidates if c.value.run or c.value.score]
    last = max((when for when in done if when is not None), key=lambda when: when.span.latest, default=None)
    for c in obligation.agreed.candidates:
        reported = c.since or c.occurred
        if c.value.schedule is not None and reported is not None:
            run = expected(c.value.schedule, reported, last, obligation.runs)
            if run is not None:
                yield c, run


def recurring(state: AgreementState) -> dict[str, Obligation]:
    """The obligations of which another run is owed: a run that is fully done leaves the next one to be done."""
    if "ended" in state.stage.values:
        return {}
    return {name: obligation for name, obligation in state.obligations.items() if recurs(obligation)}


def recurs(obligation: Obligation) -> bool:
    """Whether another run of it is owed while the agreement has not ended."""
    return not kept(obligation) or any(assessed.run for assessed in obligation.assessed.values)


def kept(obligation: Obligation) -> bool:
    """Whether every last assessment scores it 3, full."""
    scores = {assessed.score for assessed in obligation.assessed.values}
    return scores == {3}


def owed(state: AgreementState) -> dict[str, Obligation]:
    """The obligations that are not fully kept, while the agreement has not ended."""
    if "ended" in state.stage.values:
        return {}
    return {name: obligation for name, obligation in state.obligations.items() if not kept(obligation)}


def deadlines(obligation: Obligation) -> list[When]:
    """The deadlines that last reports name, the first one first; one without an end never passes."""
    named = (said.value for said in obligation.agreed.said_in("deadline"))
    return [when for when in _each_once(named) if when.span.latest < END]


def _each_once(dates: Iterable[When]) -> list[When]:
    """Dates by their ends, the first one first; of several spellings of one span the first in the alphabet."""
    spelled: dict[Span, When] = {}
    for when in sorted(dates):
        spelled.setdefault(when.span, when)
    return sorted(spelled.values(), key=lambda when: (when.span.latest, when))


def judged(obligation: Obligation, standing: ObligationStanding) -> tuple[EventId, ...]:
    """The last assessments that judge it so, apart from any date."""
    judging = (c for c in obligation.assessed.candidates if c.value.standing is standing)
    return tuple(dict.fromkeys(event for c in judging for event in c.events))


def is_overdue(obligation: Obligation, now: int, zones: Zones = ANYWHERE) -> bool:
    """Whether it is judged to be overdue, or a deadline passed, in seconds since 1970; it is for `owed` to ask of."""
    since = first_passing(deadlines(obligation), zones)
    return (since is not None and since <= now) or bool(judged(obligation, ObligationStanding.OVERDUE))


def blocked_by(state: AgreementState, name: str) -> list[str]:
    """The obligations that must be kept before this one and are not."""
    obligation = state.obligations.get(name)
    if obligation is None:
        return []
    needed = dict.fromkeys(d for agreed in obligation.agreed.values for d in agreed.depends_on)
    return [d for d in needed if not (d in state.obligations and kept(state.obligations[d]))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """The obligations of one phase, and what keeps it waiting."""

    name: str | None
    """As the reports name it; None: no phase is named for these obligations."""
    obligations: tuple[str, ...]
    kept: int
    """How many are fully kept."""
    overdue: tuple[str, ...]
    blocked_by: tuple[str, ...]
    """Obligations outside the phase that must be kept before one within it, and are not."""


def phases(state: AgreementState, now: int, zones: Zones = ANYWHERE) -> list[Phase]:
    """The phases in the order in which obligations first name them, at a time in seconds since 1970."""
    members: dict[str | None, list[str]] = {}
    spelled: dict[str | None, str] = {}
    for name, obligation in state.obligations.items():
        named = [agreed.phase for agreed in obligation.agreed.values if agreed.phase is not None]
        compared = comparable(named[0]) if named else None
        members.setdefault(spelled.setdefault(compared, named[0]) if named else None, []).append(name)
    open_ = owed(state)
    within = {phase: frozenset(names) for phase, names in members.items()}
    return [
        Phase(
            name=phase,
            obligations=tuple(names),
            kept=sum(kept(state.obligations[name]) for name in names),
            overdue=tuple(name for name in names if name in open_ and is_overdue(open_[name], now, zones)),
            blocked_by=tuple(
                dict.fromkeys(
                    other
                    for name in names
                    if name in open_
                    for other in blocked_by(state, name)
                    if other not in within[phase]
                )
            ),
        )
        for phase, names in members.items()
    ]


def mirror_pairs(state: AgreementState) -> list[tuple[str, str]]:
    """Each obligation with the one of the other side that it answers; a pair that names each other once."""
    pairs: dict[frozenset[str], tuple[str, str]] = {}
    for name, obligation in state.obligations.items():
        for agreed in obligation.agreed.values:
            if agreed.mirrors is not None:
                pairs.setdefault(frozenset((name, agreed.mirrors)), (name, agreed.mirrors))
    return list(pairs.values())


LAPSING = 14 * 86_400
"""Seconds before the end of a term from which it is about to lapse."""


def term_ends(state: AgreementState) -> list[When]:
    """The ends of the term, the first one first, at the last of which it lapses if nobody says anything.

    None, if it is not in force, or if a last report extends it without an end. A report of its beginning that names no
    end denies none.
    """
    terms = state.term.values
    if not IN_FORCE & set(state.stage.values) or any(term.until is None and term.extended for term in terms):
        return []
    ends = _each_once(said.value for said in state.term.said_in("until"))
    return ends if ends and ends[-1].span.latest < END else []


class Standing(StrEnum):
    """Where a truce or an agreement stands at a time."""

    NOT_IN_FORCE = "not in force"
    TRIAL = "trial"
    IN_FORCE = "in force"
    SUSPENDED = "suspended"
    LAPSING = "lapsing"
    LAPSED = "lapsed"
    LAST_KNOWN = "last known in force"
    ENDED = "ended"
    CONTESTED = "contested"


UNHEARD: Final = 365 * 86_400
"""Seconds after which what is in force without an end is only last known to be."""


def is_without_end(state: AgreementState) -> bool:
    """Whether it is in force by all last reports, and none of them names an end that will have passed."""
    stages = set(state.stage.values)
    return bool(stages) and stages <= IN_FORCE and not term_ends(state)


def standing(state: AgreementState, now: int, zones: Zones = ANYWHERE, heard: When | None = None) -> Standing:
    """Where it stands at a time, in seconds since 1970, by the zones of its processes.

    Last known in force: it has no end, and nothing was heard of it (`heard`, when what was heard last occurred) for a
    year. Lapsing: 14 days or less are left of the term, on trial or not. Lapsed: the term is over, and nobody has said
    that it was extended or that it ended. An agreement extended while it is suspended is in force.
    """
    stages = set(state.stage.values)
    if len(stages) > 1 and not stages <= IN_FORCE:
        return Standing.CONTESTED
    if "ended" in stages:
        return Standing.ENDED
    if "suspended" in stages:
        return Standing.SUSPENDED
    starting = [begins(term.starts, zones) for term in state.term.values if term.starts is not None]
    starts = [moment.last if moment is not None else BEGINNING for moment in starting]
    if not stages & IN_FORCE or (starts and min(starts) > now):
        return Standing.NOT_IN_FORCE
    ends = [moment for end in term_ends(state) if (moment := moment_after(end, zones)) is not None]
    if ends and max(ends) <= now:
        return Standing.LAPSED
    if ends and min(ends) - LAPSING <= now:
        return Standing.LAPSING
    last = moment_after(heard, zones, UNHEARD) if heard is not None and not ends else None
    if last is not None and last <= now and is_without_end(state):
        return Standing.LAST_KNOWN
    if any(term.trial for term in state.term.values):
        return Standing.TRIAL
    return Standing.IN_FORCE


# --- family -----------------------------------------------------------------------------------------------

FAMILY = Family(
    name="agreements",
    opening=AgreementReported,
    events=EVENTS,
    rows=(ViolationReported, ViolationAssessed),
    state=AgreementState,
    evolve=evolve,
    due=due,
)
