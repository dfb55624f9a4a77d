"""Which descriptions of each process are one place, drawn again where a batch changes what is described there.

What the classes depend on is the set of descriptions of a process, and what is known of the places that these name by
their ids. So a batch that describes nothing new changes nothing here. Where the meaning of a description changes, the
subjects that give it are looked at again: their findings, and the lines of the process itself.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.event import Event
from domain.place_classes import Code, described
from domain.place_meanings import Doubt, Drawn, KnownPlaces, Meaning, drawn
from domain.places_within import holding_places, places_in
from domain.values import EventId, Place, Subject
from projections.read_models.change_set import ChangeSet, DoubtfulPlaces, ReadModel
from projections.read_models.membership import BELONGS, counted, places_of
from projections.read_models.place_meanings import (
    PLACE_CODES,
    PLACE_MEANINGS,
    PLACE_MENTIONS,
    PLACE_TOKENS,
    known_places,
    meaning_of,
    mentioned_in,
    place_of,
    said_of,
)
from projections.read_models.place_neighbours import keep_tokens, neighbours, tokens_of
from projections.read_models.revisions import ids_of
from projections.read_models.subjects import refold, states_of
from projections.storage.sql import chunks, delete_keys, delete_pairs, delete_where, put, rows_where, rows_where_pairs

Descriptions = dict[str, str]
"""`Place.described` of each, with the place as it is said."""


def apply(changes: ChangeSet) -> None:
    gone = _mentioned(changes.gone)
    come = _mentioned(event for _, event in changes.come)
    _keep_mentions(changes, gone, come)
    elsewhere = _elsewhere(changes)
    whole = _looked_at_again(changes, {subject for subject, _, _ in gone}, elsewhere)
    added = _added(changes, come, whole)
    known_again = any(path.startswith("places/") for path in (*changes.states, *changes.gave_way, *changes.moved))
    drawing = _described(changes, whole, added, known_again=known_again)
    again = _draw(changes, drawing) if drawing.whole or drawing.part else {}
    anew = _described_anew(changes, set(gone), set(come)) if gone or come else set()
    if again or anew or elsewhere:
        _look_again(changes, again, {changes.canonical(subject) for subject in anew | elsewhere})


# --- what is described


def _mentioned(events: Iterable[Event]) -> dict[tuple[Subject, str, str], str]:
    """The places in events as they are said, by subject, id of the event, and description; of one spelled twice the
    first spelling."""
    places_named: dict[tuple[Subject, str, str], str] = {}
    for event in events:
        if holding_places(type(event.data)):
            for place in places_in(event.data):
                key, said = (event.subject, event.key, place.described), said_of(place)
                if key not in places_named or said < places_named[key]:
                    places_named[key] = said
    return places_named


def _keep_mentions(
    changes: ChangeSet, gone: Iterable[tuple[Subject, str, str]], come: Mapping[tuple[Subject, str, str], str]
) -> None:
    table = changes.table(PLACE_MENTIONS)
    delete_keys(changes.connection, (table.c.subject, table.c.event_id, table.c.description), gone)
    rows = [
        {"subject": subject, "event_id": event_id, "description": description, "said": said}
        for (subject, event_id, description), said in come.items()
    ]
    put(changes.connection, table, rows)


def _canonical(changes: ChangeSet, processes: Iterable[str]) -> set[str]:
    return {changes.canonical(Subject(f"processes/{process}")).partition("/")[2] for process in processes}


def _elsewhere(changes: ChangeSet) -> set[Subject]:
    """The subjects that describe places and came into a process or left one, or that are joined or come apart."""
    came_or_left = {subject for subject, where in changes.places.items() if where.before != where.after}
    elsewhere = (came_or_left | changes.moved) - changes.first_seen | set(changes.left)
    table = changes.table(PLACE_MENTIONS)
    if elsewhere:
        stay = {changes.canonical(subject) for subject in elsewhere}
        rows = rows_where(changes.connection, (table.c.subject,), table.c.subject, {*elsewhere, *stay})
        described = {Subject(subject) for (subject,) in rows}
        elsewhere = {subject for subject in elsewhere if {subject, changes.canonical(subject)} & described}
    return elsewhere


def _looked_at_again(changes: ChangeSet, lost: set[Subject], elsewhere: set[Subject]) -> set[str]:
    """The processes of which all descriptions are looked up again: one went away, or a subject came or left."""
    of_those = {*lost, *elsewhere, *(changes.canonical(subject) for subject in elsewhere)}
    places = places_of(changes, of_those) if of_those else {}
    named = {process for subject in of_those for process in places[subject].before | places[subject].after}
    named |= {process for subject in elsewhere for process in changes.left.get(subject, ())}
    named |= {path.partition("/")[2] for path in changes.moved if path.startswith("processes/")}
    return named | _canonical(changes, named)


def _added(
    changes: ChangeSet, come: Mapping[tuple[Subject, str, str], str], whole: set[str]
) -> dict[str, Descriptions]:
    """The descriptions that come to each process, beside those that are looked at as a whole."""
    if not come:
        return {}
    places = places_of(changes, {subject for subject, _, _ in come})
    where = {
        subject: _canonical(changes, places[subject].after) - whole for subject in {subject for subject, _, _ in come}
    }
    added: dict[str, Descriptions] = defaultdict(dict)
    for (subject, _, description), said in come.items():
        for process in where[subject]:
            _put_first(added[process], description, said)
    return added


@dataclass(frozen=True, slots=True)
class _Drawing:
    """The descriptions whose places must be drawn again, by process."""

    whole: dict[str, Descriptions]
    """All of a process."""
    part: dict[str, Descriptions]
    """Those that have to do with one that comes."""


def _described(
    changes: ChangeSet, whole: set[str], added: Mapping[str, Descriptions], *, known_again: bool
) -> _Drawing:
    table = changes.table(PLACE_MEANINGS)
    pairs = [(process, description) for process, places in added.items() for description in places]
    columns = (table.c.process, table.c.description)
    there = {(row.process, row.description): row for row in rows_where_pairs(changes.connection, table, columns, pairs)}
    part: dict[str, Descriptions] = defaultdict(dict)
    for process, description in pairs:
        row, said = there.get((process, description)), added[process][description]
        if row is None or row.doubt or said < row.said:
            part[process][description] = said if row is None else min(said, row.said)
    described: dict[str, Descriptions] = {process: {} for process in whole}
    if known_again:
        named = changes.connection.execute(select(table.c.process).where(table.c.place != "").distinct()).scalars()
        described |= {process: dict(part.pop(process, {})) for process in set(named) - whole}
        for row in rows_where(changes.connection, table, table.c.process, set(described) - whole):
            _put_first(described[row.process], row.description, row.said)
    mentions, belongs = changes.table(PLACE_MENTIONS), changes.table(BELONGS)
    for process in sorted(whole):
        if f"processes/{process}" in changes.stays:
            continue
        ids = ids_of(process, changes.stays)
        query = select(mentions.c.description, mentions.c.said).distinct()
        query = query.join(belongs, belongs.c.subject == mentions.c.subject)
        for description, said in changes.connection.execute(
            query.where(belongs.c.process.in_(ids), counted(changes.transaction))
        ):
            _put_first(described[process], description, said)
    return _Drawing(described, _with_neighbours(changes, part))


def _with_neighbours(changes: ChangeSet, part: Mapping[str, Descriptions]) -> dict[str, Descriptions]:
    """Descriptions that come to processes, with those there that they may have to do with."""
    if not part:
        return {}
    places = {process: [place_of(said) for said in told.values()] for process, told in part.items()}
    known = _known(changes, {place.id for told in places.values() for place in told if place.id is not None})
    tokens = {
        process: {token for place in told for token in tokens_of(known.completed(described(place)))}
        for process, told in places.items()
    }
    table, near = changes.table(PLACE_MEANINGS), neighbours(changes, tokens)
    pairs = [(process, description) for process, others in near.items() for description in others]
    whole = {process: dict(told) for process, told in part.items()}
    for row in rows_where_pairs(changes.connection, table, (table.c.process, table.c.description), pairs):
        _put_first(whole[row.process], row.description, row.said)
    return whole


def _put_first(descriptions: Descriptions, description: str, said: str) -> None:
    """Of several spellings of one description the first one is kept, whatever the order of arrival."""
    descriptions[description] = min(said, descriptions.get(description, said))


# --- which place is meant


def _draw(changes: ChangeSet, drawing: _Drawing) -> dict[str, set[str]]:
    """Draws the places of processes, and keeps them; gives the descriptions that mean another place now."""
    table, of_codes = changes.table(PLACE_MEANINGS), changes.table(PLACE_CODES)
    descriptions_of = {**drawing.part, **drawing.whole}
    pairs = [(process, description) for process, told in drawing.part.items() for description in told]
    columns = (table.c.process, table.c.description)
    before: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in (
        *rows_where(changes.connection, table, table.c.process, drawing.whole),
        *rows_where_pairs(changes.connection, table, columns, pairs),
    ):
        before[row.process][row.description] = row
    said = {text: place_of(text) for descriptions in descriptions_of.values() for text in descriptions.values()}
    known = _known(changes, {place.id for place in said.values() if place.id is not None})
    completed = {text: known.completed(described(place)) for text, place in said.items()}
    again: dict[str, set[str]] = {}
    moved = _canonical(changes, (path.partition("/")[2] for path in changes.moved if path.startswith("processes/")))
    rows: list[dict[str, Any]] = []
    codes: list[dict[str, Any]] = []
    for process, descriptions in descriptions_of.items():
        places = {description: said[text] for description, text in descriptions.items()}
        now = drawn(places, known)
        rows += _rows(process, descriptions, places, now)
        codes += [_code_row(process, code, key) for code, key in sorted(now.codes)]
        was = {description: meaning_of(row) for description, row in before[process].items() if row.key}
        again[process] = {d for d in {*was, *now.meanings} if process in moved or was.get(d) != now.meanings.get(d)}
        _doubt(changes, process, {row.doubt for row in before[process].values() if row.doubt}, now.doubts)
    delete_where(changes.connection, table.c.process, drawing.whole)
    delete_pairs(changes.connection, columns, pairs)
    put(changes.connection, table, rows)
    delete_where(changes.connection, of_codes.c.process, drawing.whole)
    key = (of_codes.c.process, of_codes.c.scheme, of_codes.c.code)
    in_part = {
        (p, *code) for p, told in drawing.part.items() for text in told.values() for code in completed[text].codes
    }
    delete_keys(changes.connection, key, sorted(in_part))
    put(changes.connection, of_codes, codes)
    told = ((process, *one) for process, descriptions in descriptions_of.items() for one in descriptions.items())
    keep_tokens(changes, drawing.whole, {(p, description): tokens_of(completed[text]) for p, description, text in told})
    return again


def _doubt(changes: ChangeSet, process: str, before: set[str], now: Iterable[Doubt]) -> None:
    """Which of the places that were drawn could be meant by one description, by the events that give it."""
    doubts = list(now)
    events = mentioned_in(
        changes.transaction, ids_of(process, changes.stays), {d for doubt in doubts for d in doubt.described}
    )
    doubtful = [
        DoubtfulPlaces(doubt, frozenset(EventId(UUID(e)) for d in doubt.described for e in events.get(d, ())))
        for doubt in doubts
    ]
    changes.doubted[process] = before, doubtful


def _code_row(process: str, code: Code, key: str) -> dict[str, Any]:
    return {"process": process, "scheme": code.scheme, "code": code.value, "key": key}


def _rows(process: str, descriptions: Descriptions, places: Mapping[str, Place], now: Drawn) -> list[dict[str, Any]]:
    doubts = {description: doubt.key for doubt in now.doubts for description in doubt.described}
    nothing = Meaning("")
    return [
        {
            "process": process,
            "description": description,
            "said": said,
            "place": places[description].id or "",
            "key": (meaning := now.meanings.get(description, nothing)).key,
            "labels": json.dumps([label.model_dump(exclude_none=True) for label in meaning.labels]),
            "lies_in": " ".join(meaning.within),
            "doubt": doubts.get(description, ""),
        }
        for description, said in sorted(descriptions.items())
    ]


def _known(changes: ChangeSet, ids: Iterable[str]) -> KnownPlaces:
    """What is known of places and of all that contain them."""
    states: dict[Subject, Any] = {}
    wanted = {changes.canonical(Subject(f"places/{place}")) for place in ids}
    while wanted:
        containing_states = states_of(changes.transaction, wanted)
        states |= containing_states
        containing = (state.within.value for state in containing_states.values() if hasattr(state, "within"))
        wanted = {changes.canonical(Subject(f"places/{place}")) for place in containing if place} - set(states)
    return known_places(states, changes.stays)


def _described_anew(
    changes: ChangeSet, gone: set[tuple[Subject, str, str]], come: set[tuple[Subject, str, str]]
) -> set[Subject]:
    """The subjects that give a description for the first time now, or no longer, of those that do not stand alone."""
    meanings = changes.table(PLACE_MEANINGS)
    pairs = {(subject, description) for subject, _, description in gone | come}
    places = places_of(changes, {subject for subject, _ in pairs})
    told = {
        (process, description)
        for subject, description in pairs
        for process in _canonical(changes, places[subject].before | places[subject].after)
    }
    columns = (meanings.c.process, meanings.c.description)
    with_others = {row.description for row in rows_where_pairs(changes.connection, meanings, columns, told) if row.key}
    table = changes.table(PLACE_MENTIONS)
    pairs = {(subject, description) for subject, description in pairs if description in with_others}
    now: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows_where_pairs(changes.connection, table, (table.c.subject, table.c.description), pairs):
        now[row.subject, row.description].add(row.event_id)
    fresh: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for subject, event_id, description in come - gone:
        fresh[subject, description].add(event_id)
    before = {pair: ids - fresh[pair] for pair, ids in now.items()}
    for subject, event_id, description in gone:
        before.setdefault((subject, description), set()).add(event_id)
    return {subject for subject, d in pairs if bool(now.get((subject, d))) != bool(before.get((subject, d)))}


def _look_again(changes: ChangeSet, again: Mapping[str, set[str]], anew: set[Subject]) -> None:
    """Finds the subjects that give descriptions which mean another place now; a process's own lines are folded anew."""
    mentions, belongs = changes.table(PLACE_MENTIONS), changes.table(BELONGS)
    subjects = set(anew)
    for process, descriptions in again.items():
        for some in chunks(sorted(descriptions)):
            mine = select(belongs.c.subject).where(belongs.c.process.in_(ids_of(process, changes.stays)))
            query = select(mentions.c.subject).distinct().where(mentions.c.description.in_(some))
            naming = changes.connection.execute(query.where(mentions.c.subject.in_(mine))).scalars()
            subjects |= set(map(Subject, naming))
    own = {Subject(f"processes/{process}") for process, descriptions in again.items() if descriptions}
    changes.states |= refold(changes, own & subjects)
    others = states_of(changes.transaction, subjects - set(changes.states))
    changes.reclassed = {**others, **{path: changes.states[path] for path in subjects if path in changes.states}}


READ_MODEL = ReadModel((PLACE_MENTIONS, PLACE_MEANINGS, PLACE_CODES, PLACE_TOKENS), apply)
