"""Who takes part in something, in any way that a search for an actor should find."""

from __future__ import annotations

from domain.agreements import AgreementState
from domain.general import SubjectState


def involved(state: SubjectState) -> set[str]:
    """The actors with a role or a position in a subject, its parties, those who signed it, and those who owe something.

    What is contested counts: somebody says so.
    """
    actors = {role.actor for line in state.roles.values() for role in line.values if role.held}
    actors |= {position.actor for line in state.positions.values() for position in line.values}
    actors.update(getattr(state, "between", ()))
    if isinstance(state, AgreementState):
        signed = (signature.actor for line in state.signatures.values() for signature in line.values)
        actors |= {actor for actor in signed if actor is not None}
        actors.update(actor for declared in state.declared.values for actor in declared.by)
        for obligation in state.obligations.values():
            actors.update(debtor for agreed in obligation.agreed.values for debtor in agreed.debtor)
    return actors
