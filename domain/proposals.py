"""What is put to somebody: when several reports tell of one proposal, and which proposals nothing answers."""

from __future__ import annotations

from collections.abc import Iterable

from domain.comparison import comparable
from domain.compatible import is_wider
from domain.edtf import When
from domain.general import Due, ProposalMade, SubjectState, sure
from domain.lines import Cited
from domain.one_thing import differ, meet, together
from domain.values import EventId


def proposals_together(reports: Iterable[Cited[ProposalMade]]) -> list[list[Cited[ProposalMade]]]:
    """The reports of each proposal, in the order given."""
    return together(reports, same_proposal, lambda data: (data.kind, comparable(data.text)))


def same_proposal(one: Cited[ProposalMade], other: Cited[ProposalMade]) -> bool:
    """Whether two reports are of one proposal: the same is put to the same, at a time that may be one."""
    a, b = one.data, other.data
    if differ(a.by, b.by) or differ(a.answers, b.answers) or (a.to and b.to and set(a.to) != set(b.to)):
        return False
    if not meet(one.occurred, other.occurred):
        return False
    return a.kind is b.kind and comparable(a.text) == comparable(b.text)


def unanswered(state: SubjectState) -> list[list[Cited[ProposalMade]]]:
    """Proposals that no event answers, oldest first, each with all reports of it: neither by naming one of them, nor as
    a position that one of those to whom it was made takes on the subject as a whole, certainly not before."""
    return [
        reports
        for reports in proposals_together(state.proposals.values())
        if not any(str(one.event) in state.answered or _answered_at_large(state, one) for one in reports)
    ]


def _answered_at_large(state: SubjectState, proposal: Cited[ProposalMade]) -> bool:
    made = proposal.occurred
    return made is not None and any(
        c.value.actor in proposal.data.to and made.span.precedes(c.span)
        for line in state.positions.values()
        for c in sure(line)
        if c.value.matter is None and c.value.answers is None
    )


def due(state: SubjectState) -> list[Due]:
    """Answers that are awaited by a date."""
    return [
        Due(what=f"answer to the {reports[0].data.kind}", when=until, events=told_by)
        for reports in unanswered(state)
        for until, told_by in answer_dates(reports).items()
    ]


def answer_dates(reports: Iterable[Cited[ProposalMade]]) -> dict[When, tuple[EventId, ...]]:
    """The dates until which reports of one proposal say that an answer is expected, each with those that say so."""
    dates: dict[When, tuple[EventId, ...]] = {}
    for one in reports:
        if one.data.answer_by is not None:
            dates[one.data.answer_by] = (*dates.get(one.data.answer_by, ()), one.event)
    return {when: told for when, told in dates.items() if not any(is_wider(when, other) for other in dates)}
