"""What may not fit in an agreement: obligations and the end of a truce."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain import agreements
from domain.agreement_codes import ObligationStanding
from domain.edtf import When
from domain.family import FamilyFindings
from domain.finding import Finding, Rule, Severity, few
from domain.findings.wording import MAX_VALUES, actors_named, counted, cut, said_by
from domain.lines import Course
from domain.runs import Expected
from domain.sentences import AND, OR, Sentence, listed, told
from domain.spans import Zones, first_passing, found_passed, looks_hijri, moment_after
from domain.values import EventId, Subject

OBLIGATION_OVERDUE = Rule(
    "obligation-overdue",
    "An obligation of an agreement that has not ended, in a process that is followed: raised when its deadline has "
    "passed, or it is judged to be overdue; resolved when every last assessment has it fully kept, or by a later "
    "deadline.",
    Severity.HIGH,
    archives=False,
)
OBLIGATION_UNSETTLED = Rule(
    "obligation-unsettled",
    "The same in an archive: raised and resolved as `obligation-overdue`. What became of it may be known, and only not "
    "be recorded here.",
    Severity.MODERATE,
    followed=False,
)


def overdue(subject: Subject, state: agreements.AgreementState, zones: Zones) -> Iterator[Finding]:
    for name, obligation in agreements.owed(state).items():
        judged = agreements.judged(obligation, ObligationStanding.OVERDUE)
        dates = _of_our_years(agreements.deadlines(obligation))
        if not judged and not dates:
            continue
        text = _overdue(name, obligation, dates, judged=bool(judged))
        events = few((*obligation.agreed.events, *obligation.assessed.events))
        since, about = None if judged else first_passing(dates, zones), f"obligation {name}"
        yield OBLIGATION_OVERDUE.finding(subject, text, events, since=since, about=about)
        yield OBLIGATION_UNSETTLED.finding(subject, text, events, since=since, about=about)


def _overdue(name: str, obligation: agreements.Obligation, dates: Sequence[When], *, judged: bool) -> Sentence:
    debtors = dict.fromkeys(debtor for agreed in obligation.agreed.values for debtor in agreed.debtor)
    owed = told("Obligation {name}", name=name)
    if debtors:
        owed = told("Obligation {name} of {debtors}", name=name, debtors=actors_named(debtors))
    if not dates:
        return told("{obligation} is judged to be overdue.", obligation=owed)
    due = told(
        "{obligation} was due by {dates} and is not reported as kept",
        obligation=owed,
        dates=listed(dates[:MAX_VALUES], OR),
    )
    return told("{due} and is judged to be overdue.", due=due) if judged else told("{due}.", due=due)


PHASE_BLOCKED = Rule(
    "phase-blocked",
    "An obligation that is not kept: raised while it is judged to be blocked, or depends on one that is "
    "overdue or judged to be blocked; resolved when that one is kept, or judged otherwise.",
    Severity.HIGH,
)


def blocked(subject: Subject, state: agreements.AgreementState, zones: Zones) -> Iterator[Finding]:
    owed = agreements.owed(state)
    for name, obligation in owed.items():
        reasons: list[tuple[Sentence, int | None, tuple[EventId, ...]]] = []
        if own := agreements.judged(obligation, ObligationStanding.BLOCKED):
            reasons.append((told("is judged to be blocked"), None, own))
        for other in agreements.blocked_by(state, name):
            if other not in owed:
                continue  # of its terms nothing is known
            dates = _of_our_years(agreements.deadlines(owed[other]))
            if blocked := agreements.judged(owed[other], ObligationStanding.BLOCKED):
                reasons.append((told("waits for {other}, which is judged to be blocked", other=other), None, blocked))
            elif late := agreements.judged(owed[other], ObligationStanding.OVERDUE):
                reasons.append((told("waits for {other}, which is judged to be overdue", other=other), None, late))
            elif dates:
                waits = told("waits for {other}, which was due by {date}", other=other, date=dates[0])
                reasons.append((waits, first_passing(dates, zones), owed[other].agreed.events))
        if not reasons:
            continue
        starts = [since for _, since, _ in reasons if since is not None]
        phase = next((agreed.phase for agreed in obligation.agreed.values if agreed.phase), None)
        why = listed([reason for reason, _, _ in reasons[:MAX_VALUES]], AND)
        yield PHASE_BLOCKED.finding(
            subject,
            told("Phase “{phase}”: obligation {name} {reasons}.", phase=cut(phase), name=name, reasons=why)
            if phase
            else told("Obligation {name} {reasons}.", name=name, reasons=why),
            few((*obligation.agreed.events, *(event for _, _, events in reasons for event in events))),
            since=min(starts) if len(starts) == len(reasons) else None,
            about=f"obligation {name}",
        )


RUN_MISSED = Rule(
    "run-missed",
    "What recurs by a schedule (an obligation that is not fully kept as a whole, a series of convoys): by a rule, "
    "raised when the next day on which it was expected has passed and no run since the last one is reported; of so "
    "many per period, when a period is over in which fewer may have been; resolved by a report of a run, or of as "
    "many as were expected in a period, by a newer schedule or by an end.",
    Severity.MODERATE,
    archives=False,
)


def runs_missed(subject: Subject, state: agreements.AgreementState, zones: Zones) -> Iterator[Finding]:
    for name, obligation in agreements.recurring(state).items():
        for c, run in agreements.next_runs(obligation):
            yield from missed(
                subject, told("Obligation {name} recurs: it", name=name), f"run {name}", run, c.events, zones
            )


def missed(
    subject: Subject, what: Sentence, about: str, run: Expected, events: Sequence[EventId], zones: Zones
) -> Iterator[Finding]:
    """The run that is missed once its day has passed, and those of the period before it."""
    periods = [(about, run.by, run.counted)]
    if run.before is not None:
        periods.append((f"{about}, before", run.before.last, run.before))
    for about_period, day, runs in periods:
        sentence = (
            told("{what} was expected by {date}: {runs}.", what=what, date=day, runs=counted(runs))
            if runs is not None
            else told("{what} was expected by {date}, and no run since the last one is reported.", what=what, date=day)
        )
        if (since := found_passed(day, zones)) is not None:
            yield RUN_MISSED.finding(subject, sentence, few(events), since=since, about=about_period)


TRUCE_LAPSING = Rule(
    "truce-lapsing",
    "An agreement in force with a term: raised 14 days before the term ends, until it ends; resolved by an "
    "extension, a suspension or an end.",
    Severity.MODERATE,
    archives=False,
)
TRUCE_LAPSED = Rule(
    "truce-lapsed",
    "An agreement in force whose term is over while nobody has extended, suspended or ended it: raised when "
    "the term has ended; resolved by a report of what became of it.",
    Severity.HIGH,
    archives=False,
)


def lapsing(subject: Subject, state: agreements.AgreementState, zones: Zones) -> Iterator[Finding]:
    ends = _of_our_years(agreements.term_ends(state))
    if not ends:
        return
    passing = [moment for end in ends if (moment := moment_after(end, zones)) is not None]
    first, last = min(passing), max(passing)
    until = listed(ends[:MAX_VALUES], OR)
    if any(term.computed for term in state.term.values):
        until = told("{dates} (computed by us)", dates=until)
    who = said_by(who for c in state.term.candidates for who in c.claimants)
    events = few((*state.term.events, *state.stage.events))
    text = told(
        "According to {who} it is in force until {date}; no extension beyond that is reported.", who=who, date=until
    )
    yield TRUCE_LAPSING.finding(subject, text, events, first - agreements.LAPSING, last, about="term")
    text = told(
        "Its term ended on {date}, and nobody has said that it was extended or that it ended: a silent lapse.",
        date=until,
    )
    yield TRUCE_LAPSED.finding(subject, text, events, last, about="term")


def _of_our_years(dates: Sequence[When]) -> list[When]:
    """Dates without years of the Islamic calendars: that they have passed is no finding of its own (`hijri-year`)."""
    return [when for when in dates if not looks_hijri(when)]


def _is_past(state: agreements.AgreementState, about: str) -> bool:
    return about == "term" and state.stage.value == "ended"


RETROACTIVE = Course(frozenset(pair for pair in agreements.COURSE.pairs if pair[1] not in agreements.IN_FORCE))
"""The course without what it leads to force: what is declared or signed may hold from a day before that."""


def _course(state: agreements.AgreementState) -> tuple[Course, set[str]]:  # noqa: ARG001  the same for all agreements
    return RETROACTIVE, agreements.ONCE


FINDINGS: FamilyFindings[agreements.AgreementState] = FamilyFindings(
    rules=(overdue, blocked, runs_missed, lapsing), course=_course, is_past=_is_past
)
