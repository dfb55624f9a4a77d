"""Claims on figures: all of them, and the newest of each claimant on each series."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, and_, delete, func, insert, select, tuple_

from domain.agreement_events import ViolationReported
from domain.claimants import Claimant, ClaimantKind
from domain.comparison import comparable
from domain.decimals import Exact, as_text, exact
from domain.enrolments import EnrolmentReported
from domain.event import Event, Payload, Recorded
from domain.findings.figures import COMPARED, ClaimMade
from domain.general import Figure, FigureAssessed, FigureReported, IncidentReported
from domain.keys import bounded, compound
from domain.place_meanings import Meaning, Meanings
from domain.series import TOLL, Series
from domain.values import EventId, Place, Quantity
from projections.read_models.change_set import ChangeSet, ReadModel
from projections.read_models.membership import BELONGS
from projections.read_models.ordering import ORDER, Order, display_order, order_columns, order_in
from projections.storage.checked_text import CheckedText
from projections.storage.sql import Clash, First, delete_keys, first_where_pairs, put, rows_where, rows_where_pairs
from projections.storage.tables import IndexDefinition, TableDefinition, Text, Transaction


def _identity_columns() -> list[Column[Any]]:
    return [
        Column("subject", Text, primary_key=True),
        Column("series", Text, primary_key=True),
        Column("claimant", Text, primary_key=True),
        Column("assessed", Boolean, primary_key=True),
    ]


CLAIMS = TableDefinition(
    "claims",
    *_identity_columns(),
    *order_columns(),
    Column("claim", CheckedText, nullable=False),
    Column("measure", Text, nullable=False),
    Column("called", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
)
"""Every claim in effect on a figure (`StatedClaim.text`); measure and name of the claimant as texts are compared."""

SERIES = TableDefinition(
    "series",
    *_identity_columns(),
    *order_columns(primary_key=False),
    Column("claim", CheckedText, nullable=False),
    Column("kin", Text, nullable=False),
    Column("claims", BigInteger, nullable=False),
    indexes=[
        IndexDefinition("kin", ("kin",)),
        IndexDefinition("newest", ("subject", "series", "earliest", "latest", "event_id", "claimant")),
    ],
)
"""The newest claim of each series of figures by each claimant; `kin` is subject, claimant and kin of the series in
one: by two columns of which its key begins with one SQLite would look through all series of the subject."""

TOLLS = TableDefinition(
    "tolls",
    Column("subject", Text, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("claimant", Text, primary_key=True),
    *order_columns(primary_key=False),
    Column("claim", Text, nullable=False),
)
"""What the report of an incident or a violation itself says of its toll: held against the figures that are about it."""

_COMPARED = First("claimant", ("earliest", "latest", "event_id", "claimant"), COMPARED, newest=True, without="assessed")

HELD = 1 << 12
"""Claims that are held once they were read: those on a series are read with each figure that is reported on it."""
_ORDER_OF, _PLACE_OF = attrgetter(*ORDER), itemgetter(*ORDER)

IDENTITY = ("subject", "series", "claimant", "assessed")
"""What tells one claimant's claims on one series from others."""

# Asked of every event: to look up a type is many times faster than to ask whether it is one.
_CLAIMS: frozenset[type[Payload]] = frozenset((FigureReported, FigureAssessed, EnrolmentReported))
_WITH_TOLLS: frozenset[type[Payload]] = frozenset((IncidentReported, ViolationReported))


@dataclass(frozen=True)
class Claim:
    """The newest word of one claimant (or assessor) on one series of figures."""

    subject: str
    stated: StatedClaim
    order: Order
    claims: int
    """How many times the claimant has spoken on it."""
    of_report: bool = False
    """Whether it is what the report of an incident itself says of the toll: a figure of the claimant stands for it."""

    @property
    def series(self) -> Series:
        return self.stated.series

    @property
    def claimant(self) -> Claimant:
        """In the spelling of the newest claim."""
        return self.stated.claimant

    @property
    def assessed(self) -> bool:
        return self.stated.assessed

    @property
    def event_id(self) -> str:
        return self.order[3]

    @cached_property
    def keys(self) -> tuple[str, str]:
        """By what the table has it: its series, and its kin."""
        return bounded(self.series.key), _kin(self.subject, self.claimant.key, self.series.kin)

    @cached_property
    def made(self) -> ClaimMade:
        """The claim as findings look at it."""
        earliest, latest, _, event_id = self.order
        series, claimant, assessed, low, high, called = self.stated
        event = EventId(UUID(event_id))
        return ClaimMade(series, claimant, assessed, low, high, earliest, latest, event, called, self.of_report)


class StatedClaim(NamedTuple):
    """A claim that an event makes."""

    series: Series
    claimant: Claimant
    assessed: bool
    low: Exact
    high: Exact | None
    """What it allows; None: no upper bound."""
    called: tuple[str, ...] = ()
    """Names of the places of the area, in the order of their keys."""

    def meant(self, meanings: Meanings) -> StatedClaim:
        """The same claim, its area made of the places that are meant."""
        if not any(key in meanings for key in self.series.area):
            return self
        names: dict[str, str] = {}
        for key, name in zip(self.series.area, self.called, strict=True):
            meaning = meanings.get(key, Meaning(key))
            shown = meaning.labels[0].text if meaning.labels else name
            names[meaning.key] = min(shown, names.get(meaning.key, shown))
        area = tuple(sorted(names))
        return self._replace(series=self.series._replace(area=area), called=tuple(names[key] for key in area))

    @property
    def text(self) -> str:
        """The claim as a table holds it: exact numbers need their digits, and no database keeps them as numbers."""
        high = as_text(self.high) if self.high is not None else None
        return json.dumps([self.series, self.claimant, as_text(self.low), high, self.called], ensure_ascii=False)

    @staticmethod
    def of(text: str, *, assessed: bool) -> StatedClaim:
        """The claim that a table holds."""
        of_series, (name, kind, within), low, high, called = json.loads(text)
        measure, counting, unit, area, scope, period, enrolled, *rest = of_series
        series = Series(measure, counting, unit, tuple(area), scope, period, tuple(enrolled), *rest)
        claimant = Claimant(name, ClaimantKind(kind), within)
        most = exact(high) if high is not None else None
        return StatedClaim(series, claimant, assessed, exact(low), most, tuple(called))


# --- a batch


def apply(changes: ChangeSet) -> None:
    """Keeps every claim, and of each claimant on each series the newest one and how often it spoke."""
    _keep_claims(changes)
    again = _keep_tolls(changes)
    changes.series |= again
    changes.series_lost |= again


def _keep_tolls(changes: ChangeSet) -> set[tuple[str, str]]:
    """Keeps what reports of incidents say of their tolls.

    Returns:
        The subjects, each with a series, of reports that are not new: there may be figures about these.
    """
    gone = [claim for event in changes.gone for claim in tolls_by(event)]
    come = [(recorded, claim) for recorded, event in changes.come for claim in tolls_by(event)]
    if not gone and not come:
        return set()
    table = changes.table(TOLLS)
    keys = [(claim.subject, bounded(claim.series.key), bounded(claim.claimant.key)) for claim in gone]
    delete_keys(changes.connection, [table.c.subject, table.c.series, table.c.claimant], keys)
    rows = [
        {
            "subject": claim.subject,
            "series": bounded(claim.series.key),
            "claimant": bounded(claim.claimant.key),
            **dict(zip(ORDER, claim.order, strict=True)),
            "claim": claim.stated.text,
        }
        for _, claim in come
    ]
    put(changes.connection, table, rows)
    again = [*gone, *(claim for recorded, claim in come if recorded.position < changes.first_position)]
    return {(claim.subject, bounded(claim.series.key)) for claim in again}


def _keep_claims(changes: ChangeSet) -> None:
    gone = [row for c in changes.changes if c.before is not None for row in _rows(c.recorded, c.before)]
    come = [row for recorded, event in changes.come for row in _rows(recorded, event)]
    if not gone and not come:
        return
    claims = changes.table(CLAIMS)
    key = (*IDENTITY, *ORDER)
    delete_keys(changes.connection, [claims.c[n] for n in key], [tuple(row[n] for n in key) for row in gone])
    put(changes.connection, claims, [{name: row[name] for name in claims.c.keys()} for row in come])  # noqa: SIM118
    changes.series = {(row["subject"], row["series"]) for row in (*gone, *come)}
    changes.series_lost = {(row["subject"], row["series"]) for row in gone}
    changes.kin = {(row["subject"], row["kin"]) for row in (*gone, *come)}
    recounted = {tuple(row[name] for name in IDENTITY): row["kin"] for row in gone}
    for identity, kin in recounted.items():
        _recount(changes, dict(zip(IDENTITY, identity, strict=True)), kin)
    new: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in come:
        identity = tuple(row[name] for name in IDENTITY)
        if identity in recounted:
            continue
        before = new.get(identity)
        count = before["claims"] + 1 if before else 1
        newest_row = before if before and _PLACE_OF(before) > _PLACE_OF(row) else row
        new[identity] = {**{name: newest_row[name] for name in (*IDENTITY, *ORDER, "claim", "kin")}, "claims": count}
    put(changes.connection, changes.table(SERIES), list(new.values()), Clash(IDENTITY, added=("claims",), newest=ORDER))


def _recount(changes: ChangeSet, identity: dict[str, Any], kin: str) -> None:
    """Finds the newest claim of one claimant on one series again, after one went away."""
    claims, series, connection = changes.table(CLAIMS), changes.table(SERIES), changes.connection
    theirs = and_(*(claims.c[name] == value for name, value in identity.items()))
    connection.execute(delete(series).where(and_(*(series.c[n] == value for n, value in identity.items()))))
    key = order_in(claims)
    query = select(*key, claims.c.claim).where(theirs).order_by(*(c.desc() for c in key)).limit(1)
    row = connection.execute(query).first()
    if row is not None:
        count = connection.execute(select(func.count()).select_from(claims).where(theirs)).scalar_one()
        connection.execute(insert(series).values(**identity, **row._mapping, kin=kin, claims=count))


def _rows(recorded: Recorded, event: Event) -> list[dict[str, Any]]:
    if not makes_claims(event):
        return []
    earliest, latest, step, event_id = display_order(event)
    measure = measured(event)
    return [
        {
            "subject": event.subject,
            "series": bounded(claim.series.key),
            "claimant": bounded(claim.claimant.key),
            "assessed": claim.assessed,
            "earliest": earliest,
            "latest": latest,
            "step": step,
            "event_id": event_id,
            "claim": claim.text,
            "kin": _kin(event.subject, claim.claimant.key, claim.series.kin),
            "measure": comparable(measure),
            "called": comparable(claim.claimant.name),
            "position": recorded.position,
        }
        for claim in claims_in(event)
    ]


READ_MODEL = ReadModel((CLAIMS, SERIES, TOLLS), apply)


# --- in memory


def makes_claims(event: Event) -> bool:
    """Whether an event makes claims."""
    return type(event.data) in _CLAIMS


def measured(event: Event) -> str:
    """What an event that makes claims measures, as it was sent."""
    assert isinstance(event.data, Figure | EnrolmentReported)  # noqa: S101  see makes_claims
    return event.data.title


def claims_in(event: Event) -> Iterator[StatedClaim]:
    """The claims an event makes, one for each claimant."""
    match event.data:
        case FigureAssessed() as data:
            office = Claimant(data.assessor, ClaimantKind.OFFICE)
            yield StatedClaim(data.series, office, True, *data.quantity.range, _called(data.area))
        case Figure() | EnrolmentReported() as data:
            series, (low, high), called = data.series, data.quantity.range, _called(data.area)
            for claimant in event.claimants:
                yield StatedClaim(series, claimant, False, low, high, called)
        case _:
            return


def claims_by(event: Event) -> Iterator[Claim]:
    """The same, each as if its claimant had said nothing else."""
    if makes_claims(event):
        order = display_order(event)
        for stated in claims_in(event):
            yield Claim(event.subject, stated, order, 1)


def tolls_by(event: Event) -> Iterator[Claim]:
    """What the report of an incident or a violation itself says of its toll, by each of its claimants.

    If it gives several numbers for one harm to one group, none of them is the toll.
    """
    if type(event.data) not in _WITH_TOLLS:
        return
    data = cast(IncidentReported | ViolationReported, event.data)
    by_series: dict[Series, Quantity | None] = {}
    for harm in data.harm:
        series = Series.of_toll(harm.category.value, harm.quantity, who=harm.who, about=event.id)
        by_series[series] = None if series in by_series else harm.quantity
    order = display_order(event)
    for series, quantity in by_series.items():
        if quantity is not None:
            for claimant in event.claimants:
                stated = StatedClaim(series, claimant, False, *quantity.range)
                yield Claim(event.subject, stated, order, 1, of_report=True)


def with_tolls(claims: Sequence[Claim], tolls: Iterable[Claim]) -> list[Claim]:
    """Claims, with what the reports of incidents say of their tolls on the same series. Whoever gives a figure is not
    asked again what its report said, and where so many speak that not all are compared, no report is."""
    if not (tolls := list(tolls)):
        return list(claims)
    number = Counter((claim.subject, claim.series) for claim in claims if not claim.assessed)
    spoken = {(claim.subject, claim.series, claim.claimant.key) for claim in claims if not claim.assessed}
    return [
        *claims,
        *(
            toll
            for toll in tolls
            if 0 < number[toll.subject, toll.series] < COMPARED
            and (toll.subject, toll.series, toll.claimant.key) not in spoken
        ),
    ]


def fold(events: Iterable[Event]) -> list[Claim]:
    """The newest claims that events in effect make, in order, with what reports of incidents say on the same tolls."""
    newest: dict[tuple[str, Series, str, bool], Claim] = {}
    tolls: list[Claim] = []
    for event in events:
        tolls += tolls_by(event)
        for claim in claims_by(event):
            key = (event.subject, claim.series, claim.claimant.key, claim.assessed)
            before = newest.get(key)
            count = before.claims + 1 if before else 1
            latest = before if before is not None and before.order > claim.order else claim
            newest[key] = replace(latest, claims=count)
    return sorted(with_tolls(list(newest.values()), tolls), key=sorting)


def meant(claims: Iterable[Claim], meanings: Meanings) -> list[Claim]:
    """The newest claims, in order: those on areas of the same places are on one series."""
    if not meanings:
        return list(claims)
    newest: dict[tuple[str, Series, str, bool], Claim] = {}
    for claim in claims:
        stated = claim.stated.meant(meanings)
        key = (claim.subject, stated.series, stated.claimant.key, stated.assessed)
        before = newest.get(key)
        count = claim.claims + (before.claims if before else 0)
        if before is not None and before.order > claim.order:
            newest[key] = replace(before, claims=count)
        else:
            newest[key] = replace(claim, stated=stated, claims=count)
    return sorted(newest.values(), key=sorting)


def _called(area: Iterable[Place] | None) -> tuple[str, ...]:
    """Names of the places of an area, in the order of their keys."""
    names: dict[str, str] = {}
    for place in area or ():
        names[place.key] = min(place.name, names.get(place.key, place.name))
    return tuple(names[key] for key in sorted(names))


def sorting(claim: Claim) -> tuple[str, Series, bool, str]:
    return (claim.subject, claim.series, claim.assessed, claim.claimant.key)


# --- queries


def newest_claims(transaction: Transaction, subjects: Iterable[str]) -> list[Claim]:
    """The newest claims on subjects, in order."""
    table = transaction.table(SERIES)
    claims = [_claim(row) for row in rows_where(transaction.connection, table, table.c.subject, subjects)]
    pairs = {(claim.subject, bounded(claim.series.key)) for claim in claims if claim.series.about}
    tolls = tolls_of(transaction, pairs) if pairs else ()
    return sorted(with_tolls(claims, tolls), key=sorting)


def tolls_of(transaction: Transaction, pairs: Iterable[tuple[str, str]]) -> list[Claim]:
    """What reports of incidents say of their tolls, on some series of subjects, in no order."""
    tolls, table = [pair for pair in pairs if pair[1].startswith(TOLL)], transaction.table(TOLLS)
    rows = rows_where_pairs(transaction.connection, table, (table.c.subject, table.c.series), tolls)
    return [replace(_claim_of(row.subject, row.claim, _ORDER_OF(row), False, 1), of_report=True) for row in rows]


def newest_on_series(
    transaction: Transaction, pairs: Iterable[tuple[str, str]], new: Collection[str] | None = None
) -> dict[tuple[str, str], list[Claim]]:
    """The newest claims on some series of subjects, assessments apart, so many of each as are held against each other.

    Args:
        transaction: in which they are read.
        pairs: subjects, each with a series.
        new: the events that are new on them; series of which none is among so many claims are left out.
    """
    table = transaction.table(SERIES)
    rows: dict[tuple[str, str], list[Any]] = {pair: [] for pair in pairs}
    for row in first_where_pairs(transaction.connection, table, (table.c.subject, table.c.series), rows, _COMPARED):
        rows[row.subject, row.series].append(row)
    tolls: dict[tuple[str, str], list[Claim]] = {}
    for toll in tolls_of(transaction, rows):
        tolls.setdefault((toll.subject, bounded(toll.series.key)), []).append(toll)
    return {
        pair: with_tolls([_claim(row) for row in theirs], tolls.get(pair, ()))
        for pair, theirs in rows.items()
        if new is None or len(theirs) < COMPARED or any(row.event_id in new for row in theirs)
    }


def newest_of_kin(transaction: Transaction, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[Claim]]:
    """The newest claims of one claimant on series of one kin, in no order, by subject and `kin`."""
    table = transaction.table(SERIES)
    claims: dict[tuple[str, str], list[Claim]] = {pair: [] for pair in pairs}
    for row in rows_where(transaction.connection, table, table.c.kin, {kin for _, kin in claims}):
        claims[row.subject, row.kin].append(_claim(row))
    return claims


@lru_cache(HELD)
def _kin(subject: str, claimant: str, series: str) -> str:
    return bounded(compound(subject, claimant, series))


def _claim(row: Any) -> Claim:
    return _claim_of(row.subject, row.claim, _ORDER_OF(row), row.assessed, row.claims)


@lru_cache(HELD)
def _claim_of(subject: str, text: str, order: Order, assessed: bool, claims: int) -> Claim:
    return Claim(subject, StatedClaim.of(text, assessed=assessed), order, claims)


def page(
    transaction: Transaction,
    ids: Sequence[str],
    last: Order | None,
    limit: int,
    *,
    measure: str | None,
    claimant: str | None,
) -> list[Order]:
    """The places of events that make claims on figures of a process, oldest first.

    Args:
        transaction: a snapshot.
        ids: of the process, the one that stays first.
        last: only what comes after this place; None: from the beginning.
        limit: so many at most.
        measure: only claims on this measure; None: on any.
        claimant: only by whom is called so; None: by any.
    """
    table, belongs = transaction.table(CLAIMS), transaction.table(BELONGS)
    counted = belongs.c.withdrawn.is_(False) | (belongs.c.subject == f"processes/{ids[0]}")
    key = order_in(table)
    query = select(*key).distinct().order_by(*key).limit(limit)
    query = query.where(table.c.subject.in_(select(belongs.c.subject).where(belongs.c.process.in_(ids), counted)))
    if measure is not None:
        query = query.where(table.c.measure == comparable(measure))
    if claimant is not None:
        query = query.where(table.c.called == comparable(claimant))
    if last is not None:
        query = query.where(tuple_(*key) > last)
    return [(row[0], row[1], row[2], row[3]) for row in transaction.connection.execute(query)]
