"""How values, places, actors and claimants are named in the sentence of a finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from domain.actors import ActorRelated
from domain.agreement_events import AgreementRelated, AgreementSigned, ObligationAgreed, ObligationAssessed
from domain.agreements import Term as AgreedTerm
from domain.claimants import Claimant, ClaimantKind, distinct, told_apart
from domain.convoy_events import ClearanceDenied, ClearanceGranted, ConvoyArrived
from domain.convoys import Whereabouts
from domain.decimals import Exact, as_text
from domain.edtf import When
from domain.general import PositionTaken, RoleHeld, RoleReported
from domain.lines import Candidate
from domain.place_classes import name_among
from domain.places import PlacePoint
from domain.processes import AccessReported, AreaHeld, ControlReported, ProcessLinked
from domain.runs import Counted
from domain.sentences import AMOUNT, AND, COMMA, Number, Term, listed, told, told_number
from domain.talks import Attendance
from domain.values import Basis, Cohort, Item, Place, Quantity

MAX_VALUES = 5
"""Values that the sentence of one finding gives."""
MAX_NAMES = 3
MAX_TEXT = 160
"""Characters of a source's wording that the sentence of a finding repeats."""


def says(value: Any) -> str:
    """What a report says on a line, in few words."""
    match value:
        case bool():
            return told("yes") if value else told("no")
        case Whereabouts():
            return Term(value.stage)
        case Place():
            return place_name(value)
        case PlacePoint():
            lat, lon, precision = Number(value.lat), Number(value.lon), Term(value.precision)
            return told("{lat}, {lon} ({precision})", lat=lat, lon=lon, precision=precision)
        case tuple():
            return listed([says(item) for item in value]) if value else ""
        case Cohort() | Item():
            return _load(value)
        case AgreedTerm():
            return _term(value)
        case RoleHeld():
            role = Term(value.modality.value if value.held else "ended")
            match value.accepted:
                case None:
                    return role
                case True:
                    return told("{role}, accepted", role=role)
                case False:
                    return told("{role}, not accepted", role=role)
        case PositionTaken():
            return _position(value)
        case RoleReported():
            return Term("nobody") if value.nobody else Term(value.modality)
        case AreaHeld():
            return Term(value.gist)
        case ClearanceDenied():
            return Term("denied")
        case AgreementSigned():
            return told("{act} as {capacity}", act=Term(value.act), capacity=Term(value.capacity))
        case AgreementRelated() | ActorRelated():
            return _affirmed(yes=value.affirmed)
        case ProcessLinked():
            return _affirmed(yes=not value.denied)
        case ControlReported():
            holders = [f"actors/{holder}" for holder in value.holders]
            who = listed(holders, AND) if holders else ""
            return who if value.number is None else listed([who, amount_of(value.number)])
        case ObligationAgreed():
            return _owed(value)
        case ObligationAssessed():
            score = [] if value.score is None else [told("score {score}", score=Number(value.score))]
            standing = [Term(value.standing.value)] if value.standing else []
            return listed([*score, *standing]) if score or standing else ""
        case When():
            return value
        case Quantity():
            return amount_of(value)
        case _:
            return Term(_coded(value))


def says_apart(value: Any, names: Iterable[str], others: Iterable[Any]) -> str:
    """What a report says in the fields that tell it from others that are known by the same words.

    Args:
        value: that of a line.
        names: of the fields; empty: the value as a whole.
        others: the values it is held against.
    """
    if isinstance(value, Place):
        return cut(name_among(value, (other for other in others if isinstance(other, Place))))
    parts = [getattr(value, name) if name else value for name in names]
    return listed([text for part in parts if part is not None and (text := says(part))]) or says(value)


def _coded(value: Any) -> str:
    """The coded value by which a report is known on a line; or a text."""
    match value:
        case ConvoyArrived():
            return value.completeness.value
        case Attendance():
            return value.presence.value
        case ClearanceGranted():
            return value.form.value
        case AccessReported():
            return value.access.value
        case StrEnum():
            return value.value
        case _:
            return cut(str(value))


def _load(value: Cohort | Item) -> str:
    what = cut(value.category if isinstance(value, Cohort) else value.description)
    return what if value.quantity is None else told("{what} {amount}", what=what, amount=amount_of(value.quantity))


def _term(value: AgreedTerm) -> str:
    until = value.until or (cut(value.until_event) if value.until_event else None)
    term = told("until {until}", until=until) if until else told("without an end")
    return told("{term}, on trial", term=term) if value.trial else term


def _position(taken: PositionTaken) -> str:
    said: str = Term(taken.position)
    if taken.condition:
        said = told("{position} ({condition})", position=said, condition=cut(taken.condition))
    match taken.condition_met:
        case None:
            return said
        case True:
            return told("{position}, met", position=said)
        case False:
            return told("{position}, not met", position=said)


def _affirmed(*, yes: bool) -> str:
    return Term("affirmed") if yes else Term("denied")


def _owed(agreed: ObligationAgreed) -> str:
    owed: str = told("owed by {actors}", actors=actors_named(agreed.debtor))
    if agreed.beneficiary:
        owed = told("{owed} to {actors}", owed=owed, actors=actors_named(agreed.beneficiary))
    if agreed.deadline:
        owed = told("{owed} by {date}", owed=owed, date=agreed.deadline)
    return told("{owed} if {condition}", owed=owed, condition=cut(agreed.condition)) if agreed.condition else owed


def title_of(value: Any, field: str, key: str) -> str:
    """What a line that is held by a key is about."""
    match value:
        case RoleHeld():
            title = told("the role of {actor} as {role}", actor=f"actors/{value.actor}", role=Term(value.role))
            if value.on_behalf_of:
                title = told("{title} on behalf of {actor}", title=title, actor=f"actors/{value.on_behalf_of}")
            return _as_planned(title) if value.planned else title
        case RoleReported():
            role = told("the role of {role}", role=Term(value.role))
            return told("{role} of {who}", role=role, who=cut(value.described)) if value.described else role
        case PositionTaken():
            title = told("the position of {actor}", actor=f"actors/{value.actor}")
            return told("{title} on {matter}", title=title, matter=cut(value.matter)) if value.matter else title
        case Attendance():
            return told("whether {actor} was there", actor=f"actors/{value.actor}")
        case AgreementSigned():
            signature = told("a signature")
            return told("the signature of {actor}", actor=f"actors/{value.actor}") if value.actor else signature
        case AgreementRelated():
            to = f"agreements/{value.to}" if value.to else cut(value.named or key)
            return told("whether it {relation} {other}", relation=Term(value.relation), other=to)
        case ClearanceGranted() | ClearanceDenied():
            return told("the clearance by {actor}", actor=f"actors/{value.by}")
        case AreaHeld():
            return told("whether {place} comes under the process", place=place_name(value.place))
        case ProcessLinked():
            return told(
                "the link {relation} to {process}", relation=Term(value.relation), process=f"processes/{value.to}"
            )
        case ControlReported():
            place = place_name(value.places[0]) if value.places else value.description or key
            return told("who holds {place}", place=cut(place))
        case AccessReported():
            return _access(value)
        case ActorRelated():
            return told("whether it is {relation} {actor}", relation=Term(value.relation), actor=f"actors/{value.to}")
        case _:
            return told("{field} {key}", field=Term(field), key=key)


def _access(reported: AccessReported) -> str:
    title = told("access to {place}", place=place_name(reported.place))
    if reported.for_whom:
        title = told("{access} for {whom}", access=title, whom=cut(reported.for_whom))
    return _as_planned(title) if reported.planned else title


def _as_planned(title: str) -> str:
    return told("{title}, as planned", title=title)


def with_claimants(words: str, candidates: Sequence[Candidate[Any]]) -> str:
    """One value with who says so, and of when."""
    dates = dict.fromkeys(c.occurred for c in candidates if c.occurred is not None)
    who = said_by(claimant for c in candidates for claimant in c.claimants)
    return told("{what} ({who})", what=words, who=listed([*list(dates)[:MAX_NAMES], who]))


def dated(when: When | None) -> str:
    """A date, if there is one."""
    return when if when is not None else told("date not said")


_NAMELESS = {
    Basis.REPORTED.value: told("a source not named"),
    Basis.OBSERVED.value: told("our own observation"),
    Basis.INFERRED.value: told("an inference of ours"),
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
    if not names:
        return told("nobody named")
    return few_of(names, MAX_NAMES) if len(names) > MAX_NAMES else listed(names, COMMA, AND)


def few_of(parts: Sequence[str], most: int, between: str = COMMA) -> str:
    """The first of several parts, and how many more there are."""
    first, more = listed(parts[:most], between), len(parts) - most
    return told_number("{some} and {number} more", "{some} and {number} more", more, some=first) if more > 0 else first


def cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1].rstrip() + "…"


def place_name(place: Place) -> str:
    return cut(place.name)


def actors_named(ids: Iterable[str]) -> str:
    return names_of(f"actors/{actor}" for actor in ids)


def amount_of(quantity: Quantity) -> str:
    low, high = quantity.range
    return told(AMOUNT, amount=amount_between(low, high), unit=Term(quantity.unit))


def amount_between(low: Exact, high: Exact | None) -> str:
    """A number of which the bounds are known; None: no upper bound."""
    if high is None:
        return told("{number} or more", number=plain_number(low))
    return plain_number(low) if low == high else told("{low} to {high}", low=plain_number(low), high=plain_number(high))


def plain_number(number: Exact) -> str:
    return Number(as_text(number))


def counted(runs: Counted) -> str:
    """How many runs are reported of how many in a period."""
    least, most = Number(runs.least), Number(runs.most)
    return told_number(
        "{seen} of {number} run is reported for {first} to {last}",
        "{seen} of {number} runs are reported for {first} to {last}",
        runs.expected,
        seen=least if least == most else told("{least}, perhaps {most},", least=least, most=most),
        first=runs.first,
        last=runs.last,
    )
