"""How values, places, actors and claimants are named in the text of a finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from domain.actors import ActorRelated
from domain.agreement_events import AgreementRelated, AgreementSigned, ObligationAgreed, ObligationAssessed
from domain.agreements import Term
from domain.claimants import Claimant, ClaimantKind, distinct, told_apart
from domain.convoy_events import ClearanceDenied, ClearanceGranted, ConvoyArrived
from domain.convoys import Whereabouts
from domain.decimals import Exact, as_text
from domain.general import PositionTaken, RoleHeld, RoleReported
from domain.lines import Candidate
from domain.processes import AccessReported, AreaHeld, ControlReported, ProcessLinked
from domain.talks import Attendance
from domain.values import Basis, Cohort, Item, Place, Quantity

MAX_VALUES = 5
"""Values that the text of one finding gives."""
MAX_NAMES = 3
MAX_TEXT = 160
"""Characters of a source's wording that the text of a finding repeats."""


def says(value: Any) -> str:
    """What a report says on a line, in few words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Whereabouts():
            return value.stage
        case Place():
            return place_name(value)
        case tuple():
            return ", ".join(says(item) for item in value)
        case Cohort() | Item():
            return _load(value)
        case ConvoyArrived():
            return value.completeness.value
        case Term():
            until = value.until or (cut(value.until_event) if value.until_event else None)
            return (f"until {until}" if until else "without an end") + (", on trial" if value.trial else "")
        case Attendance():
            return value.presence.value
        case RoleHeld():
            accepted = {None: "", True: ", accepted", False: ", not accepted"}[value.accepted]
            return (value.modality.value if value.held else "ended") + accepted
        case RoleReported():
            return value.gist
        case PositionTaken():
            condition = f" ({cut(value.condition)})" if value.condition else ""
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
        case AgreementRelated():
            return "affirmed" if value.affirmed else "denied"
        case ProcessLinked():
            return "denied" if value.denied else "affirmed"
        case ActorRelated():
            return "affirmed" if value.affirmed else "denied"
        case ControlReported():
            number = f", {amount_of(value.number)}" if value.number is not None else ""
            return " and ".join(f"actors/{holder}" for holder in value.holders) + number
        case AccessReported():
            return value.access.value
        case ObligationAgreed():
            to = f" to {actors_named(value.beneficiary)}" if value.beneficiary else ""
            by = f" by {value.deadline}" if value.deadline else ""
            on = f" if {cut(value.condition)}" if value.condition else ""
            return f"owed by {actors_named(value.debtor)}{to}{by}{on}"
        case ObligationAssessed():
            score = [] if value.score is None else [f"score {value.score}"]
            return ", ".join(score + ([value.standing.value] if value.standing else []))
        case _:
            return cut(str(value))


def _load(value: Cohort | Item) -> str:
    what = value.category if isinstance(value, Cohort) else value.description
    return cut(what) + (f" {amount_of(value.quantity)}" if value.quantity is not None else "")


def title_of(value: Any, field: str, key: str) -> str:
    """What a line that is held by a key is about."""
    match value:
        case RoleHeld():
            behalf = f" on behalf of actors/{value.on_behalf_of}" if value.on_behalf_of else ""
            plan = ", as planned" if value.planned else ""
            return f"the role of actors/{value.actor} as {value.role}{behalf}{plan}"
        case RoleReported():
            return f"the role of {value.role}" + (f" of {cut(value.described)}" if value.described else "")
        case PositionTaken():
            return f"the position of actors/{value.actor}" + (f" on {cut(value.matter)}" if value.matter else "")
        case Attendance():
            return f"whether actors/{value.actor} was there"
        case AgreementSigned():
            return f"the signature of actors/{value.actor}" if value.actor else "a signature"
        case AgreementRelated():
            return f"whether it {value.relation} {f'agreements/{value.to}' if value.to else cut(value.named or key)}"
        case ClearanceGranted() | ClearanceDenied():
            return f"the clearance by actors/{value.by}"
        case AreaHeld():
            return f"whether {place_name(value.place)} comes under the process"
        case ProcessLinked():
            return f"the link {value.relation} to processes/{value.to}"
        case ControlReported():
            return f"who holds {cut(place_name(value.places[0]) if value.places else value.description or key)}"
        case AccessReported():
            whom = f" for {cut(value.for_whom)}" if value.for_whom else ""
            return f"access to {place_name(value.place)}{whom}" + (", as planned" if value.planned else "")
        case ActorRelated():
            return f"whether it is {value.relation} actors/{value.to}"
        case _:
            return f"{field} {key}"


def with_claimants(words: str, candidates: Sequence[Candidate[Any]]) -> str:
    """One value with who says so, and of when."""
    dates = dict.fromkeys(str(c.occurred) for c in candidates if c.occurred is not None)
    who = said_by(claimant for c in candidates for claimant in c.claimants)
    return f"{words} ({', '.join([*list(dates)[:MAX_NAMES], who])})"


_NAMELESS = {
    Basis.REPORTED.value: "a source not named",
    Basis.OBSERVED.value: "our own observation",
    Basis.INFERRED.value: "an inference of ours",
}
"""Who says so, of an event without a source (`Event.claimants`)."""


def said_by(claimants: Iterable[Claimant]) -> str:
    """Claimants by their names; where two share one, the original stands with it."""
    every = distinct(claimants)
    names = names_by_key(every)
    return names_of(names[claimant.key] for claimant in every)


def names_by_key(claimants: Sequence[Claimant]) -> dict[str, str]:
    """How each of several claimants is named where all of them are."""
    nameless = {one.key: _NAMELESS.get(one.name, one.name) for one in claimants if one.kind is ClaimantKind.NOBODY}
    return {**told_apart(claimants), **nameless}


def names_of(texts: Iterable[str]) -> str:
    names = [cut(text) for text in texts]
    if len(names) > MAX_NAMES:
        return f"{', '.join(names[:MAX_NAMES])} and {len(names) - MAX_NAMES} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "nobody named"


def cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1].rstrip() + "…"


def place_name(place: Place) -> str:
    return cut(place.name)


def actors_named(ids: Iterable[str]) -> str:
    return names_of(f"actors/{actor}" for actor in ids)


def amount_of(quantity: Quantity) -> str:
    low, high = quantity.range
    number = (
        plain_number(low)
        if low == high
        else f"{plain_number(low)} or more"
        if high is None
        else f"{plain_number(low)} to {plain_number(high)}"
    )
    return f"{number} {quantity.unit}"


def plain_number(number: Exact) -> str:
    return as_text(number)
