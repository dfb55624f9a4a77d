"""Findings: what does not fit, for a person to look at.

A finding is drawn from what stands, so it goes away when later reports resolve it. There is no clock in here: what
depends on the time is a window, from `since` on and before `until`, so a finding can be asked for at any time, in the
past too. What is only possible at a horizon contradicts nothing and confirms nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Any

from domain import agreements, convoys, general, processes, talks
from domain.actors import ActorRelated
from domain.agreements import AgreementSigned, Obligation, ObligationAgreed, ObligationAssessed, ObligationStanding
from domain.convoys import ClearanceDenied, ClearanceForm, ClearanceGranted, ConvoyArrived, Whereabouts
from domain.edtf import BEGINNING, END, When
from domain.event import Event, Revision
from domain.general import PositionTaken, RoleHeld, Stance, SubjectState
from domain.lines import ANY_ORDER, Candidate, Course, Line, agree
from domain.processes import AccessReported, AreaHeld, ControlReported, ProcessLinked
from domain.talks import Attendance
from domain.values import Basis, EventId, Item, Place, Quantity, Subject

DAY = 86_400


class Severity(StrEnum):
    """How soon somebody should look: now, when next at it, or when there is time."""

    HIGH = "high"
    MODERATE = "moderate"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of finding is about."""

    name: str
    looks_at: str
    """What it looks at, when it is raised, and what resolves it."""
    severity: Severity
    data_quality: bool = False
    """Whether the record itself may be at fault: an append that asks for strict handling is refused for these."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one subject that does not fit."""

    rule: str
    subject: Subject
    text: str
    """Who says what, and which date, for a field monitor."""
    events: tuple[EventId, ...]
    """What it rests on."""
    since: int | None = None
    """Seconds since 1970 from which on it stands; None: always."""
    until: int | None = None
    """Seconds since 1970 before which it stands; None: no end."""
    about: str = ""
    """What of the subject it is about: `stage`, `obligation release-detainees` …"""

    @property
    def key(self) -> tuple[str, Subject, str]:
        """What two computations of the same finding share."""
        return (self.rule, self.subject, self.about)

    @property
    def severity(self) -> Severity:
        return RULES[self.rule].severity

    def stands(self, now: int) -> bool:
        """Whether it stands at a time, in seconds since 1970."""
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)


# --- rules ------------------------------------------------------------------------------------------------

CONFIRMED_WITHIN = 2 * DAY
"""Seconds in which a change of state should be told by a second claimant."""
ARRIVES_WITHIN = DAY
ANSWERED_WITHIN = 7 * DAY
"""Seconds after which a request or a clearance that is not final is stuck, if no date was named."""
SILENT_AFTER = 14 * DAY
COMPARABLE = 30 * DAY
"""Seconds between two claims that can still contradict each other."""
WIDE = 2
"""Claims diverge from this factor on between the largest and the smallest."""

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            "contested",
            "The last reports on one matter (a state, a date, an outcome, a role, a position, access …): raised while "
            "they contradict each other and none certainly follows the other; resolved by a report that follows them, "
            "a correction or a retraction.",
            Severity.HIGH,
        ),
        Rule(
            "one-side-only",
            "A change of state of talks or of an agreement between two or more parties: raised if one of these parties "
            "is the only one to say so; resolved when any other claimant says the same, or the state moves on.",
            Severity.MODERATE,
        ),
        Rule(
            "single-claimant",
            "A change of state that only one claimant tells of, an observation of our own being a claimant and an "
            "inference of ours none: raised 48 hours after it occurred; resolved by a second claimant of the same, or "
            "when the state moves on.",
            Severity.HINT,
        ),
        Rule(
            "plan-date-passed",
            "The date of a round of talks or of the departure of a convoy: raised when it has passed and nobody has "
            "said what came of it; resolved by a report that it took place, was put off or was called off.",
            Severity.MODERATE,
        ),
        Rule(
            "proposal-unanswered",
            "A proposal with a date for the answer: raised when that has passed; resolved by a position or a proposal "
            "that answers it.",
            Severity.MODERATE,
        ),
        Rule(
            "obligation-overdue",
            "An obligation of an agreement that has not ended: raised when its deadline has passed, or it is judged to "
            "be overdue; resolved when every last assessment has it fully kept, or by a later deadline.",
            Severity.HIGH,
        ),
        Rule(
            "phase-blocked",
            "An obligation that is not kept: raised while it is judged to be blocked, or depends on one that is "
            "overdue or judged to be blocked; resolved when that one is kept, or judged otherwise.",
            Severity.HIGH,
        ),
        Rule(
            "truce-lapsing",
            "An agreement in force with a term: raised 14 days before the term ends, until it ends; resolved by an "
            "extension, a suspension or an end.",
            Severity.MODERATE,
        ),
        Rule(
            "truce-lapsed",
            "An agreement in force whose term is over while nobody has extended, suspended or ended it: raised when "
            "the term has ended; resolved by a report of what became of it.",
            Severity.HIGH,
        ),
        Rule(
            "condition-not-held",
            "An actor who accepts on a condition: raised while its newest position says that the condition is not met; "
            "resolved by another position.",
            Severity.HIGH,
        ),
        Rule(
            "clearance-stuck",
            "The passage of a convoy that has not gone: raised if a request is not answered by its date, or within 7 "
            "days if none is named, or a clearance is not final 7 days after it was first granted; resolved by an "
            "answer, by a final clearance, or when the convoy goes, is denied passage or is cancelled.",
            Severity.MODERATE,
        ),
        Rule(
            "clearance-expired",
            "A clearance with an end, of a convoy that has not gone: raised when the end has passed; resolved by a "
            "new clearance, or when the convoy goes, is denied passage or is cancelled.",
            Severity.MODERATE,
        ),
        Rule(
            "not-arrived",
            "A convoy on the road or held, a series of runs apart: raised a day after it was last seen; resolved "
            "when it is seen again, has arrived or turned back.",
            Severity.HIGH,
        ),
        Rule(
            "impossible-step",
            "Steps of which one comes after the other (a convoy departs and arrives, talks convene and conclude, an "
            "agreement is signed and ends): raised if every report of the later step lies certainly before every "
            "report of the earlier one; resolved by a correction, a retraction or a report that fits.",
            Severity.MODERATE,
            data_quality=True,
        ),
        Rule(
            "part-above-whole",
            "What one claimant says of a part and of the whole: one track of a register and all tracks, some of the "
            "places, a narrower scope; or what a convoy delivered or lost and what was loaded. Raised if the least "
            "that the part may be is above the most that the whole may be; resolved by a newer claim, or a correction.",
            Severity.MODERATE,
            data_quality=True,
        ),
        Rule(
            "claims-contradict",
            "The newest claim of each claimant on one series of figures, no more than 30 days before the newest of "
            "all: raised if no number satisfies them all; resolved by newer claims, a correction or a retraction.",
            Severity.MODERATE,
        ),
        Rule(
            "claims-diverge",
            "The newest claim of each claimant on one series of figures, no more than 30 days before the newest of "
            "all: raised if a number satisfies them all, and yet the largest is twice the smallest or more, a range "
            "being taken at its middle and an open one at the number it names; resolved by newer claims.",
            Severity.HINT,
        ),
        Rule(
            "likely-duplicate",
            "Two reports of one subject that say the same of the same time by the same claimant, another claimant "
            "being corroboration: raised at once; resolved by DuplicateMarked, a retraction or a correction.",
            Severity.HINT,
            data_quality=True,
        ),
        Rule(
            "silence",
            "A process that has not ended: raised 14 days after the last day it was heard of; resolved by any report.",
            Severity.MODERATE,
        ),
        Rule(
            "acting-without-role",
            "An actor that takes a position, proposes, signs as a party or owes an obligation anywhere in a process: "
            "raised while it holds no role in it, actual or announced, and is no party to its talks or agreements; "
            "resolved by RoleTaken, or a report that names it as a party.",
            Severity.HINT,
        ),
        Rule(
            "report-disputed",
            "A report that somebody disputes (EventDisputed): raised while report and dispute both stand; resolved by "
            "a retraction of either, or a correction of the report that answers the dispute.",
            Severity.MODERATE,
        ),
    )
}
"""Every rule by its name, in the order in which findings of one subject are given."""

MOST_EVENTS = 20
"""Events that one finding names."""
MOST_VALUES = 5
"""Values that the text of one finding tells."""
MOST_NAMES = 3
MOST_TEXT = 160
"""Characters of a source's wording that the text of a finding repeats."""


def of_state(subject: Subject, state: SubjectState) -> list[Finding]:
    """What the folded state of one subject tells. Total."""
    found = [
        *_contested(subject, state),
        *_told_by_one(subject, state),
        *_unanswered(subject, state),
        *_conditions(subject, state),
        *_impossible(subject, state),
    ]
    match state:
        case talks.TalksState():
            found += _planned_talks(subject, state)
        case agreements.AgreementState():
            found += [*_overdue(subject, state), *_blocked(subject, state), *_lapsing(subject, state)]
        case convoys.ConvoyState():
            found += [
                *_planned_departure(subject, state),
                *_clearance(subject, state),
                *_not_arrived(subject, state),
                *_unloaded(subject, state),
            ]
        case _:
            pass
    return _in_order(found)


def _in_order(found: Iterable[Finding]) -> list[Finding]:
    """One finding for each key, which rests on all that was found under it, in the order of the rules."""
    kept: dict[tuple[str, Subject, str], Finding] = {}
    for one in found:
        same = kept.get(one.key)
        kept[one.key] = one if same is None else replace(same, events=_few((*same.events, *one.events)))
    places = {name: place for place, name in enumerate(RULES)}
    return sorted(kept.values(), key=lambda one: (places[one.rule], one.about))


def _few(events: Iterable[EventId]) -> tuple[EventId, ...]:
    return tuple(dict.fromkeys(events))[:MOST_EVENTS]


def _after(when: When, seconds: int = 1) -> int | None:
    """So many seconds after the last moment that a date allows; None if it has no end."""
    return when.span.latest + seconds if when.span.latest < END else None


# --- contradictions ---------------------------------------------------------------------------------------

NOT_COMPARED = {"described", "about", "summary", "description", "request", "departure"}
"""Lines that cannot contradict in a useful way: wording, who asks whom, what was loaded. What openings say of dates and
kinds is compared by its parts (DESCRIBED)."""
DESCRIBED: dict[str, str] = {
    "kind": "the kind of convoy",
    "planned": "the planned departure",
    "destination": "the destination",
    "stage": "the kind of agreement",
    "written": "whether there is a text",
    "ceasefire": "the class of the ceasefire",
    "side": "how many sides declare it",
}
"""What openings say that is compared, with the words for it; EnrolmentOpened has none of these: its modality is the
state of the register."""
TITLES: dict[str, str] = {
    "stage": "the state",
    "planned": "the date of the round",
    "venue": "the venue",
    "outcome": "the outcome",
    "ending": "how it ended",
    "term": "the term",
    "arrival": "how much arrived",
    "complete": "whether the agreement is complete",
    "level": "the level of the process",
    "kind": "the kind of actor",
    "until": "the last day to join",
}
"""Lines in the words of a monitor; what is held by a key is named after what it says (`_title`)."""


def _contested(subject: Subject, state: SubjectState) -> Iterator[Finding]:
    for about, title, candidates in _matters(state):
        told = [(says(c.value), c) for c in candidates if not c.possible and not _is_silent(c.value)]
        distinct = {words: c.value for words, c in told}
        if _is_past(state, about) or not any(_contradict(a, b) for a, b in combinations(distinct.values(), 2)):
            continue
        words = [_said(value, [c for word, c in told if word == value]) for value in distinct]
        more = f"; and {len(words) - MOST_VALUES} more" if len(words) > MOST_VALUES else ""
        yield Finding(
            "contested",
            subject,
            f"Reports contradict each other on {title}: {'; '.join(words[:MOST_VALUES])}{more}.",
            _few(event for _, c in told for event in c.events),
            about=about,
        )


def _is_past(state: SubjectState, about: str) -> bool:
    """Whether a plan no longer matters, since what was planned has come about or will not."""
    match state, about:
        case talks.TalksState(), "planned":
            return not talks.awaited(state)
        case convoys.ConvoyState(), "described planned":
            return not convoys.waiting(state)
        case agreements.AgreementState(), "term":
            return state.stage.value == "ended"
        case _:
            return False


def _said(words: str, candidates: Sequence[Candidate[Any]]) -> str:
    """One value with who says so, and of when."""
    dates = dict.fromkeys(str(c.occurred) for c in candidates if c.occurred is not None)
    who = dict.fromkeys(name for c in candidates for name in c.claimants)
    return f"{words} ({', '.join([*list(dates)[:MOST_NAMES], _names(who)])})"


def _names(claimants: Iterable[str]) -> str:
    names = [_cut(_NAMELESS.get(name, name)) for name in claimants]
    if len(names) > MOST_NAMES:
        return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "nobody named"


_NAMELESS = {
    Basis.REPORTED.value: "a source not named",
    Basis.OBSERVED.value: "our own observation",
    Basis.INFERRED.value: "an inference of ours",
}
"""Who says so, of an event without a source (`Event.claimants`)."""


def _matters(state: SubjectState) -> Iterator[tuple[str, str, Sequence[Candidate[Any]]]]:
    """Every line of a state that may be contested: what it is about, its title, its candidates."""
    for name in _compared(type(state)):
        found = getattr(state, name)
        if name == "described":
            yield from _parts(found)
        elif isinstance(found, Line):
            if len(found.candidates) > 1:
                yield name, TITLES.get(name, name), found.candidates
        elif isinstance(found, dict):
            for key, held in found.items():
                match held:
                    case Line(candidates=(first, _, *_)):
                        yield f"{name} {key}", _title(first.value, name, key), held.candidates
                    case Obligation():
                        yield f"obligation {key}", f"the terms of obligation {key}", held.agreed.candidates
                        yield f"assessment {key}", f"how far obligation {key} is kept", held.assessed.candidates
                    case _:
                        pass


_COMPARED: dict[type[Any], tuple[str, ...]] = {}


def _compared(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a class of states that are compared."""
    found = _COMPARED.get(kind)
    if found is None:
        names = (field.name for field in fields(kind))
        found = _COMPARED[kind] = tuple(name for name in names if name == "described" or name not in NOT_COMPARED)
    return found


def _parts(described: Line[Any]) -> Iterator[tuple[str, str, Sequence[Candidate[Any]]]]:
    """What the last openings say, part by part."""
    if len(described.candidates) < 2:
        return
    for name, title in DESCRIBED.items():
        parts = [replace(c, value=getattr(c.value, name, None)) for c in described.candidates]
        yield f"described {name}", title, parts


def _title(value: Any, field: str, key: str) -> str:
    """What a line that is held by a key is about."""
    match value:
        case RoleHeld():
            behalf = f" on behalf of actors/{value.on_behalf_of}" if value.on_behalf_of else ""
            plan = ", as planned" if value.planned else ""
            return f"the role of actors/{value.actor} as {value.role}{behalf}{plan}"
        case PositionTaken():
            return f"the position of actors/{value.actor}" + (f" on {_cut(value.matter)}" if value.matter else "")
        case Attendance():
            return f"whether actors/{value.actor} was there"
        case AgreementSigned():
            return f"the signature of actors/{value.actor}"
        case ClearanceGranted() | ClearanceDenied():
            return f"the clearance by actors/{value.by}"
        case AreaHeld():
            return f"whether {_place(value.place)} comes under the process"
        case ProcessLinked():
            return f"the link {value.relation} to processes/{value.to}"
        case ControlReported():
            return f"who holds {_cut(_place(value.places[0]) if value.places else value.description or key)}"
        case AccessReported():
            whom = f" for {_cut(value.for_whom)}" if value.for_whom else ""
            return f"access to {_place(value.place)}{whom}" + (", as planned" if value.planned else "")
        case ActorRelated():
            return f"whether it is {value.relation} actors/{value.to}"
        case _:
            return f"{field} {key}"


def says(value: Any) -> str:
    """What a report says on a line, in few words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Whereabouts():
            return value.stage
        case Place():
            return _place(value)
        case ConvoyArrived():
            return value.completeness.value
        case agreements.Term():
            return (f"until {value.until}" if value.until else "without an end") + (", on trial" if value.trial else "")
        case Attendance():
            return value.presence.value
        case RoleHeld():
            accepted = {None: "", True: ", accepted", False: ", not accepted"}[value.accepted]
            return (value.modality.value if value.held else "ended") + accepted
        case PositionTaken():
            condition = f" ({_cut(value.condition)})" if value.condition else ""
            met = {None: "", True: ", met", False: ", not met"}[value.condition_met]
            return f"{value.position}{condition}{met}"
        case ClearanceGranted():
            return value.form.value
        case ClearanceDenied():
            return "denied"
        case AgreementSigned():
            return f"{value.act} as {value.capacity}"
        case AreaHeld():
            return value.gist
        case ProcessLinked():
            return "denied" if value.denied else "affirmed"
        case ActorRelated():
            return "affirmed" if value.affirmed else "denied"
        case ControlReported():
            number = f", {_amount(value.number)}" if value.number is not None else ""
            return " and ".join(f"actors/{holder}" for holder in value.holders) + number
        case AccessReported():
            return value.access.value
        case ObligationAgreed():
            to = f" to {_actors(value.beneficiary)}" if value.beneficiary else ""
            by = f" by {value.deadline}" if value.deadline else ""
            on = f" if {_cut(value.condition)}" if value.condition else ""
            return f"owed by {_actors(value.debtor)}{to}{by}{on}"
        case ObligationAssessed():
            score = [] if value.score is None else [f"score {value.score}"]
            return ", ".join(score + ([value.standing.value] if value.standing else []))
        case _:
            return _cut(str(value))


def _is_silent(value: Any) -> bool:
    """Whether a value says nothing that another could contradict: none named, unknown, no information."""
    if isinstance(value, ObligationAssessed):
        return value.score is None and value.standing is ObligationStanding.NO_INFORMATION
    return value is None or says(value) == "unknown"


def _contradict(one: Any, other: Any) -> bool:
    """Whether two values cannot both be so; of what only one of the two tells, nothing follows."""
    match one, other:
        case When(), When():
            return one.span.precedes(other.span) or other.span.precedes(one.span)
        case agreements.Term(), agreements.Term():
            return one.trial != other.trial or _differ(one.until, other.until)
        case ObligationAgreed(), ObligationAgreed():
            return (
                set(one.debtor) != set(other.debtor)
                or _differ(one.deadline, other.deadline)
                or _differ(frozenset(one.beneficiary) or None, frozenset(other.beneficiary) or None)
                or _differ(one.condition, other.condition)
            )
        case ObligationAssessed(), ObligationAssessed():
            return _differ(one.score, other.score) or _differ(one.standing, other.standing)
        case _:
            return not agree(one, other)


def _differ(one: Any, other: Any) -> bool:
    return one is not None and other is not None and _contradict(one, other)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1].rstrip() + "…"


def _place(place: Place) -> str:
    return _cut(place.labels[0].text)


def _actors(ids: Iterable[str]) -> str:
    return _names(f"actors/{actor}" for actor in ids)


# --- who says so --------------------------------------------------------------------------------------------

OPENING_STAGES = {"reported", "open", "possible", "announced"}
"""Where a subject stands when it is first reported: no change of state."""
CONFIRM_NOTHING = {Basis.REPORTED.value, Basis.INFERRED.value}
"""What stands for a claimant where nobody is named, or we infer it ourselves."""


def _told_by_one(subject: Subject, state: SubjectState) -> Iterator[Finding]:
    """A change of state that one side only confirms, or that one claimant only tells of."""
    parties = {f"actors/{party}" for party in getattr(state, "between", ())}
    stage: Line[Any] = getattr(state, "stage", Line())
    told: dict[str, list[Candidate[Any]]] = {}
    for candidate in general.sure(stage):
        told.setdefault(says(candidate.value), []).append(candidate)
    for step, candidates in told.items():
        who = [
            name for name in dict.fromkeys(n for c in candidates for n in c.claimants) if name not in CONFIRM_NOTHING
        ]
        if step in OPENING_STAGES or len(who) > 1:
            continue
        events = _few(event for c in candidates for event in c.events)
        first = [c.since or c.occurred for c in candidates]
        dates = sorted((when for when in first if when is not None), key=lambda when: (when.span, when))
        if not dates:
            continue
        if who and who[0] in parties and len(parties) > 1:
            others = _names(sorted(parties - set(who)))
            text = f"Only {who[0]} says “{step}” ({dates[0]}); neither {others} nor anybody else confirms it."
            yield Finding("one-side-only", subject, text, events, about=f"stage {step}")
        ends = [when.span.latest for when in dates if when.span.latest < END]
        if ends:
            by = f"one claimant only: {_names(who)}" if who else "no claimant: nobody is named, or we infer it"
            text = f"“{step}” ({dates[0]}) rests on {by}."
            yield Finding(
                "single-claimant", subject, text, events, since=min(ends) + CONFIRMED_WITHIN, about=f"stage {step}"
            )


# --- plans, answers, conditions -----------------------------------------------------------------------------


def _planned_talks(subject: Subject, state: talks.TalksState) -> Iterator[Finding]:
    for c in state.planned.candidates if talks.awaited(state) else ():
        if c.value is not None:
            yield from _passed_plan(subject, "round of talks", c.value, c.events)


def _planned_departure(subject: Subject, state: convoys.ConvoyState) -> Iterator[Finding]:
    for c in state.described.candidates if convoys.waiting(state) else ():
        if c.value.planned is not None:
            yield from _passed_plan(subject, "departure", c.value.planned, c.events)


def _passed_plan(subject: Subject, what: str, when: When, events: tuple[EventId, ...]) -> Iterator[Finding]:
    if (since := _after(when)) is not None:
        text = f"The {what} planned for {when} is not confirmed: the date has passed, and nobody says what came of it."
        yield Finding("plan-date-passed", subject, text, events, since=since, about=f"{what} {when}")


def _unanswered(subject: Subject, state: SubjectState) -> Iterator[Finding]:
    for cited in general.unanswered(state):
        proposal = cited.data
        since = _after(proposal.answer_by) if proposal.answer_by is not None else None
        if since is not None:
            by = f" by actors/{proposal.by}" if proposal.by else ""
            to = f" to {_actors(proposal.to)}" if proposal.to else ""
            text = f"The {proposal.kind}{by}{to} was to be answered by {proposal.answer_by}; no answer is reported."
            yield Finding(
                "proposal-unanswered", subject, text, (cited.event,), since=since, about=f"proposal {cited.event}"
            )


def _conditions(subject: Subject, state: SubjectState) -> Iterator[Finding]:
    for key, line in state.positions.items():
        for c in general.sure(line):
            taken = c.value
            if taken.position is Stance.ACCEPTS_ON_CONDITION and taken.condition_met is False:
                text = (
                    f"actors/{taken.actor} accepts on a condition that is said not to be met: "
                    f"{_cut(taken.condition or '').rstrip('.')} ({c.occurred}, {_names(c.claimants)})."
                )
                yield Finding("condition-not-held", subject, text, c.events, about=f"position {key}")


def _impossible(subject: Subject, state: SubjectState) -> Iterator[Finding]:
    """Steps against the course of the family, by the dates of all reports of both."""
    if len(state.passed) < 2:
        return
    course, once = _course(state)
    for a, b in sorted(course.pairs, key=str):
        if a not in once or b not in once or a not in state.passed or b not in state.passed:
            continue
        earlier, later = state.passed[str(a)], state.passed[str(b)]
        if later.before(earlier):
            text = f"“{b}” is reported for {later.last} at the latest, “{a}” for {earlier.first} at the earliest."
            events = _few((*later.events, *earlier.events))
            yield Finding("impossible-step", subject, text, events, about=f"{b} before {a}")


def _course(state: SubjectState) -> tuple[Course, set[str]]:
    """The course of a family, and the steps that come once in it. In the others every step may come again."""
    match state:
        case talks.TalksState():
            return talks.COURSE, talks.ONCE
        case agreements.AgreementState():
            return agreements.COURSE, agreements.ONCE
        case convoys.ConvoyState() if not convoys.is_series(state):
            return convoys.COURSE, convoys.ONCE
        case _:
            return ANY_ORDER, set()


# --- agreements -------------------------------------------------------------------------------------------


def _overdue(subject: Subject, state: agreements.AgreementState) -> Iterator[Finding]:
    for name, obligation in agreements.owed(state).items():
        judged = agreements.judged(obligation, ObligationStanding.OVERDUE)
        dates = agreements.deadlines(obligation)
        if not judged and not dates:
            continue
        debtors = dict.fromkeys(debtor for agreed in obligation.agreed.values for debtor in agreed.debtor)
        owes = f"Obligation {name}" + (f" of {_actors(debtors)}" if debtors else "")
        due = f" was due by {' or '.join(dates[:MOST_VALUES])} and is not reported as kept" if dates else ""
        text = owes + due + (" and" if due and judged else "") + (" is judged to be overdue" if judged else "") + "."
        yield Finding(
            "obligation-overdue",
            subject,
            text,
            _few((*obligation.agreed.events, *obligation.assessed.events)),
            since=None if judged else _after(dates[0]),
            about=f"obligation {name}",
        )


def _blocked(subject: Subject, state: agreements.AgreementState) -> Iterator[Finding]:
    owed = agreements.owed(state)
    for name, obligation in owed.items():
        reasons: list[tuple[str, int | None, tuple[EventId, ...]]] = []
        if own := agreements.judged(obligation, ObligationStanding.BLOCKED):
            reasons.append(("is judged to be blocked", None, own))
        for other in agreements.blocked_by(state, name):
            if other not in owed:
                continue  # of its terms nothing is known
            dates = agreements.deadlines(owed[other])
            if blocked := agreements.judged(owed[other], ObligationStanding.BLOCKED):
                reasons.append((f"waits for {other}, which is judged to be blocked", None, blocked))
            elif late := agreements.judged(owed[other], ObligationStanding.OVERDUE):
                reasons.append((f"waits for {other}, which is judged to be overdue", None, late))
            elif dates:
                waits = f"waits for {other}, which was due by {dates[0]}"
                reasons.append((waits, _after(dates[0]), owed[other].agreed.events))
        if not reasons:
            continue
        starts = [since for _, since, _ in reasons if since is not None]
        phase = next((agreed.phase for agreed in obligation.agreed.values if agreed.phase), None)
        yield Finding(
            "phase-blocked",
            subject,
            (f"Phase “{_cut(phase)}”: obligation" if phase else "Obligation")
            + f" {name} {' and '.join(why for why, _, _ in reasons[:MOST_VALUES])}.",
            _few((*obligation.agreed.events, *(event for _, _, events in reasons for event in events))),
            since=min(starts) if len(starts) == len(reasons) else None,
            about=f"obligation {name}",
        )


def _lapsing(subject: Subject, state: agreements.AgreementState) -> Iterator[Finding]:
    ends = agreements.term_ends(state)
    if not ends:
        return
    first, last = ends[0].span.latest + 1, ends[-1].span.latest + 1
    until = " or ".join(ends[:MOST_VALUES])
    says_so = f"According to {_names(dict.fromkeys(n for c in state.term.candidates for n in c.claimants))} it is"
    events = _few((*state.term.events, *state.stage.events))
    text = f"{says_so} in force until {until}; no extension beyond that is reported."
    yield Finding("truce-lapsing", subject, text, events, first - agreements.LAPSING, last, about="term")
    text = f"Its term ended on {until}, and nobody has said that it was extended or that it ended: a silent lapse."
    yield Finding("truce-lapsed", subject, text, events, last, about="term")


# --- convoys ----------------------------------------------------------------------------------------------


def _clearance(subject: Subject, state: convoys.ConvoyState) -> Iterator[Finding]:
    if not convoys.waiting(state):
        return
    for asked in general.sure(state.request):
        yield from _not_answered(subject, state, asked)
    for by, line in state.clearances.items():
        granted = [(c, c.value) for c in general.sure(line) if isinstance(c.value, ClearanceGranted)]
        if granted and len(granted) == len(general.sure(line)):
            yield from _not_final(subject, by, granted)
        ends = [g.valid_until for _, g in granted]
        named = sorted((end for end in ends if end is not None), key=lambda end: end.span.latest)
        if named and len(named) == len(ends) and (since := _after(named[-1])) is not None:
            text = f"The clearance by actors/{by} was valid until {named[-1]}; the convoy is not reported to have gone."
            events = _few(event for c, _ in granted for event in c.events)
            yield Finding("clearance-expired", subject, text, events, since=since, about=f"clearance {by}")


def _not_answered(
    subject: Subject, state: convoys.ConvoyState, asked: Candidate[convoys.ConvoyRequested]
) -> Iterator[Finding]:
    to, by = asked.value.to, asked.value.answer_by
    lines = state.clearances.values() if to is None else [state.clearances.get(to, Line())]
    if any(not c.span.precedes(asked.span) for line in lines for c in general.sure(line)):
        return
    asked_on = asked.since or asked.occurred
    since = _after(by) if by is not None else _after(asked_on, ANSWERED_WITHIN) if asked_on is not None else None
    if since is not None:
        whom = f" of actors/{to}" if to else ""
        until = f"by {by}" if by is not None else "within 7 days"
        text = f"Passage was asked{whom} ({asked_on}); no answer is reported {until}."
        yield Finding("clearance-stuck", subject, text, asked.events, since=since, about=f"request {to or ''}".rstrip())


def _not_final(
    subject: Subject, by: str, granted: Sequence[tuple[Candidate[Any], ClearanceGranted]]
) -> Iterator[Finding]:
    """All that an actor has granted is in principle or with conditions."""
    if any(clearance.form is ClearanceForm.FINAL for _, clearance in granted):
        return
    first = [c.since or c.occurred for c, _ in granted]
    starts = [(since, when) for when in first if when and (since := _after(when, ANSWERED_WITHIN)) is not None]
    if starts:
        since, when = min(starts)
        forms = " or ".join(dict.fromkeys(clearance.form.value for _, clearance in granted))
        text = f"actors/{by} granted passage {forms} ({when}); 7 days later there is no final clearance."
        events = _few(event for c, _ in granted for event in c.events)
        yield Finding("clearance-stuck", subject, text, events, since=since, about=f"clearance {by}")


def _not_arrived(subject: Subject, state: convoys.ConvoyState) -> Iterator[Finding]:
    if convoys.is_series(state):
        return
    seen = [c for c in general.sure(state.stage) if c.value.stage in convoys.ON_THE_ROAD and c.span.latest < END]
    if seen:
        last = max(seen, key=lambda c: c.span.latest)
        place = f" at {_place(last.value.place)}" if last.value.place else ""
        text = (
            f"Last seen: {last.value.stage}{place} ({last.occurred}, {_names(last.claimants)}); "
            "a day later it is not reported to have arrived."
        )
        since = last.span.latest + ARRIVES_WITHIN
        yield Finding("not-arrived", subject, text, last.events, since=since, about="stage")


def _unloaded(subject: Subject, state: convoys.ConvoyState) -> Iterator[Finding]:
    """More delivered or removed of an item than was loaded, by the most that any last report has loaded."""
    loads = [(c.events, _amounts(c.value.loaded)) for c in general.sure(state.departure)]
    if convoys.is_series(state) or not loads:
        return
    told = [(c.events, "delivered", _amounts(c.value.delivered)) for c in general.sure(state.arrival)]
    told += [((cited.event,), "removed", _amounts(cited.data.items)) for cited in state.removed]
    for events, what, amounts in told:
        for (item, unit), (least, _) in amounts.items():
            most = [load.get((item, unit), (0.0, None))[1] for _, load in loads]
            bounds = [high for high in most if high is not None]
            if len(bounds) == len(most) and least > max(bounds):
                text = (
                    f"{_plain(least)} {unit} of {_cut(item)} or more were {what}, {_plain(max(bounds))} loaded at most."
                )
                rests_on = _few((*events, *(event for load_events, _ in loads for event in load_events)))
                yield Finding("part-above-whole", subject, text, rests_on, about=f"{what} {item} {unit}")


def _amounts(items: Iterable[Item]) -> dict[tuple[str, str], tuple[float, float | None]]:
    """How much there is of each item, least and most, by description and unit."""
    found: dict[tuple[str, str], tuple[float, float | None]] = {}
    for item in items:
        if item.quantity is not None:
            key = (item.description.casefold(), item.quantity.unit.casefold())
            (low, high), (before, upto) = item.quantity.range, found.get(key, (0, 0))
            found[key] = (low + before, None if high is None or upto is None else high + upto)
    return found


def _amount(quantity: Quantity) -> str:
    low, high = quantity.range
    number = (
        _plain(low) if low == high else f"{_plain(low)} or more" if high is None else f"{_plain(low)} to {_plain(high)}"
    )
    return f"{number} {quantity.unit}"


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


# --- claims -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClaimMade:
    """The newest word of one claimant on one series of figures."""

    series: tuple[str, ...]
    """Measure, counting, unit, area, scope, period (`Figure.series`)."""
    claimant: str
    assessed: bool
    low: float
    high: float | None
    """None: no upper bound."""
    earliest: int
    """Bounds of the time of which it is said, in seconds since 1970."""
    latest: int
    event: EventId

    @property
    def range(self) -> tuple[float, float | None]:
        return (self.low, self.high)

    @property
    def central(self) -> float | None:
        """The number to compare by: the middle of a range, what an open range names; None if it says nothing."""
        if self.high is None:
            return self.low if self.low > 0 else None
        return self.high if self.low == 0 else (self.low + self.high) / 2


def comparable(claims: Iterable[ClaimMade]) -> list[ClaimMade]:
    """The claims on one series that can be held against each other: they lie within COMPARABLE of the newest.

    A stock of last year does not contradict a stock of today. Where to draw the line is a convention of ours.
    An assessment is a judgement beside the claims, and none of them.
    """
    made = [claim for claim in claims if not claim.assessed]
    newest = max((claim.earliest for claim in made), default=0)
    return [claim for claim in made if claim.latest + COMPARABLE >= newest]


def common(ranges: Iterable[tuple[float, float | None]]) -> tuple[float, float | None]:
    """What all ranges allow together; the low end lies above the high end if there is nothing."""
    bounds = list(ranges)
    low = max((low for low, _ in bounds), default=0)
    highs = [high for _, high in bounds if high is not None]
    return low, min(highs) if highs else None


def of_claims(subject: Subject, claims: Sequence[ClaimMade]) -> list[Finding]:
    """What the figures of one subject tell, given the newest claim of each claimant on each series."""
    series: defaultdict[tuple[str, ...], list[ClaimMade]] = defaultdict(list)
    for claim in claims:
        series[claim.series].append(claim)
    found: list[Finding] = []
    for made in series.values():
        found += _against_each_other(subject, comparable(made))
    return _in_order([*found, *_parts_above(subject, claims)])


def _against_each_other(subject: Subject, claims: Sequence[ClaimMade]) -> Iterator[Finding]:
    if len(claims) < 2:
        return
    ordered = sorted(claims, key=lambda claim: (claim.low, claim.claimant))
    low, high = common(claim.range for claim in claims)
    central = [claim.central for claim in claims if claim.central is not None]
    if high is not None and low > high:
        rule, verdict = "claims-contradict", "cannot all be true"
    elif len(central) > 1 and max(central) > 0 and max(central) >= WIDE * min(central):
        rule, verdict = "claims-diverge", f"can all be true, but lie a factor of {WIDE} or more apart"
    else:
        return
    told = ordered if len(ordered) <= MOST_VALUES else [*ordered[: MOST_VALUES - 1], ordered[-1]]
    words = "; ".join(f"{_range(claim)} ({_dates(claim)}, {_names([claim.claimant])})" for claim in told)
    more = f"; and {len(ordered) - len(told)} more" if len(ordered) > len(told) else ""
    text = f"Claims on {_series(claims[0].series)} {verdict}: {words}{more}."
    yield Finding(rule, subject, text, _few(claim.event for claim in ordered), about="|".join(claims[0].series))


def _parts_above(subject: Subject, claims: Sequence[ClaimMade]) -> Iterator[Finding]:
    """Only what one claimant says of both: what two claimants count need not be the same."""
    said: defaultdict[tuple[str, ...], list[ClaimMade]] = defaultdict(list)
    for claim in claims:
        if not claim.assessed and len(claim.series) == len(SERIES):
            _, counting, unit, _, _, period = claim.series
            said[claim.claimant, counting, unit, period].append(claim)
    for alike in said.values():
        for part, whole in ((a, b) for a in alike for b in alike if _is_part(a.series, b.series)):
            apart = max(part.earliest - whole.latest, whole.earliest - part.latest)
            if apart > COMPARABLE or whole.high is None or part.low <= whole.high:
                continue
            text = (
                f"{_names([part.claimant])} puts {_series(part.series)} at {_range(part)} ({_dates(part)}), but "
                f"{_series(whole.series)}, of which it is a part, at {_range(whole)} ({_dates(whole)})."
            )
            about = f"{part.claimant}|{'|'.join(part.series)} in {'|'.join(whole.series)}"
            yield Finding("part-above-whole", subject, text, _few((part.event, whole.event)), about=about)


SERIES = ("measure", "counting", "unit", "area", "scope", "period")
ENROLLED = "enrolled: "
ALL_TRACKS = "enrolled: all tracks"


def _is_part(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Whether one series counts a part of what the other counts: a track, some of the places, or a narrower scope.

    Counting, unit and period are the same. A scope narrows what is told without one, of the same measure and area.
    """
    measure, _, _, area, scope, _ = part
    of_measure, _, _, of_area, of_scope, _ = whole
    within = bool(area and of_area) and set(area.split("+")) < set(of_area.split("+"))
    if measure == of_measure and area == of_area:
        return bool(scope) and not of_scope
    track = _is_track(measure, of_measure)
    return scope == of_scope and (measure == of_measure or track) and (area == of_area or within)


def _is_track(measure: str, of_measure: str) -> bool:
    """Whether a measure counts one track of a register, the other all tracks, of the same category."""
    _, _, category = measure.partition(", ")
    _, _, of_category = of_measure.partition(", ")
    whole = of_measure.startswith(ALL_TRACKS) and not measure.startswith(ALL_TRACKS)
    return measure.startswith(ENROLLED) and whole and category == of_category


def _series(series: tuple[str, ...]) -> str:
    measure, counting, unit, area, scope, period = (*series, *("" for _ in SERIES))[: len(SERIES)]
    bounds = [counting, unit, f"area {area.replace('+', ' and ')}" if area else "", scope, period]
    return f"“{_cut(measure)}” ({_cut(', '.join(bound for bound in bounds if bound))})"


def _range(claim: ClaimMade) -> str:
    if claim.high is None:
        return f"{_plain(claim.low)} or more"
    return _plain(claim.low) if claim.low == claim.high else f"{_plain(claim.low)} to {_plain(claim.high)}"


def _dates(claim: ClaimMade) -> str:
    """The first and the last day of which a claim speaks."""
    if claim.earliest <= BEGINNING and claim.latest >= END:
        return "no date"
    first = ".." if claim.earliest <= BEGINNING else _day(claim.earliest)
    last = ".." if claim.latest >= END else _day(claim.latest)
    return first if first == last else f"{first} to {last}"


def _day(second: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).date().isoformat()


# --- repeats, disputes ------------------------------------------------------------------------------------


def content_key(event: Event) -> str:
    """A short hash of what a report says: its type, when it occurred, and its data; not who says so."""
    said = event.data.model_dump_json(exclude_defaults=True, exclude_none=True)  # its fields stand in a fixed order
    return hashlib.blake2b(f"{event.type} {event.occurred} {said}".encode(), digest_size=8).hexdigest()


def of_repeats(subject: Subject, events: Sequence[Event]) -> list[Finding]:
    """Reports of one subject that are likely the same one, recorded twice. Revisions never are."""
    alike: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if not isinstance(event.data, Revision):
            alike[content_key(event)].append(event)
    found = []
    for key, same in alike.items():
        by: defaultdict[str, list[Event]] = defaultdict(list)
        for event in same:
            for claimant in event.claimants:
                by[claimant].append(event)
        twice = {claimant: told for claimant, told in by.items() if len(told) > 1}
        if twice:
            ids = sorted({event.id for told in twice.values() for event in told})
            text = (
                f"{len(ids)} reports of {same[0].type} on {same[0].occurred} by {_names(sorted(twice))} say the same."
            )
            found.append(Finding("likely-duplicate", subject, text, _few(ids), about=f"content {key}"))
    return found


def of_disputes(subject: Subject, disputed: Sequence[tuple[EventId, EventId, str]]) -> list[Finding]:
    """Disputes that stand, each with the report it disputes and who disputes it, as `actors/ID` or described."""
    return [
        Finding(
            "report-disputed",
            subject,
            f"{_names([who] if who else [])} disputes what is reported; both stand.",
            _few((target, dispute)),
            about=f"dispute {dispute}",
        )
        for target, dispute, who in disputed
    ]


# --- processes --------------------------------------------------------------------------------------------


def of_process(process: str, states: Mapping[Subject, SubjectState], heard: str | None) -> list[Finding]:
    """What only a process as a whole tells.

    Args:
        process: its id.
        states: of all subjects of the process, itself included.
        heard: the last day it was heard of, in EDTF; None or empty: no day is known, so nothing is said of silence.
    """
    own = states.get(Subject(f"processes/{process}"))
    stages = own.stage.values if isinstance(own, processes.ProcessState) else ()
    alive = {path: state for path, state in states.items() if state.opened}  # the process itself may be withdrawn
    placed = {actor for state in alive.values() for actor in in_place(state)}
    acting = [act for path, state in alive.items() for act in acts(path, state)]
    return _in_order([*silence(process, stages, heard), *without_role(process, acting, placed)])


def silence(process: str, stages: Sequence[str], heard: str | None) -> Iterator[Finding]:
    """Whether a process has not been heard of for long, unless all say that it ended."""
    since = _after(When(heard), SILENT_AFTER) if heard and list(stages) != ["ended"] else None
    if since is not None:
        text = f"Nothing has been heard of the process since {heard}, for more than {SILENT_AFTER // DAY} days."
        yield Finding("silence", Subject(f"processes/{process}"), text, (), since=since)


@dataclass(frozen=True, slots=True)
class Act:
    """Something an actor does in a subject that a role or a side would go with."""

    subject: Subject
    actor: str
    what: str
    events: tuple[EventId, ...]


def in_place(state: SubjectState) -> set[str]:
    """The actors with a role or a side in a subject."""
    held = {role.actor for line in state.roles.values() for role in line.values if role.held}
    return {*held, *getattr(state, "between", ())}


def without_role(process: str, acting: Iterable[Act], placed: Collection[str]) -> Iterator[Finding]:
    """Actors that act in a process and have no role and no side in it."""
    done: dict[str, list[Act]] = {}
    for act in sorted(acting, key=lambda act: (act.subject, act.what)):
        if act.actor not in placed:
            done.setdefault(act.actor, []).append(act)
    for actor, theirs in done.items():
        what = list(dict.fromkeys(f"{act.what} ({act.subject})" for act in theirs))
        more = f" and {len(what) - MOST_NAMES} more" if len(what) > MOST_NAMES else ""
        text = f"actors/{actor} {', '.join(what[:MOST_NAMES])}{more}, but no role or side of it is reported."
        events = _few(event for act in theirs for event in act.events)
        about = f"actors/{actor}"
        yield Finding("acting-without-role", Subject(f"processes/{process}"), text, events, about=about)


def acts(subject: Subject, state: SubjectState) -> list[Act]:
    """What actors do in a subject that a role or a side would go with."""
    return [Act(subject, actor, what, events) for actor, what, events in _acts(state)]


def _acts(state: SubjectState) -> Iterator[tuple[str, str, tuple[EventId, ...]]]:
    """Who does what, and the events that say so."""
    for line in state.positions.values():
        yield from ((c.value.actor, "takes a position", c.events) for c in general.sure(line))
    for cited in state.proposals.values():
        if cited.data.by is not None:
            yield cited.data.by, "proposes", (cited.event,)
    if isinstance(state, agreements.AgreementState):
        for signed in state.signatures.values():
            for c in general.sure(signed):
                if c.value.capacity is agreements.SigningCapacity.PARTY:
                    yield c.value.actor, "signs as a party", c.events
        for obligation in state.obligations.values():
            for owing in general.sure(obligation.agreed):
                yield from ((debtor, "owes an obligation", owing.events) for debtor in owing.value.debtor)
