"""What somebody may have meant who named a subject that there is not: ids and names that are close."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from domain.searching import matches, search_key, search_terms
from domain.values import Subject
from projections.read_models.revisions import canonical_subjects
from projections.read_models.subjects import names_in, names_of_family, paths_of_family, states_of
from projections.storage.tables import Transaction

MOST_NEAR = 5
"""Candidates that are named."""
MOST_COMPARED = 1_000
"""Subjects that are compared letter by letter, which takes time."""
LONGEST = 100
"""Characters of what was sent that are looked at."""
CLOSE = 0.65
"""How alike two names are that may be one with a slip of the pen, 1 being the same."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subject that may be meant."""

    id: str
    """Within its family."""
    name: str | None


def nearest(transaction: Transaction, family: str, sent: str) -> list[Candidate]:
    """The subjects of a family that may be meant, the best first; none if there is one of this very id.

    Args:
        transaction: a snapshot.
        family: in which it was looked for.
        sent: as it was sent: a mistyped id, or a name.
    """
    sent = sent[:LONGEST]
    path = Subject(f"{family}/{sent}")
    if path in canonical_subjects(transaction) or states_of(transaction, [path]):
        return []
    paths = [*_by_name(transaction, family, sent), *_alike(transaction, family, sent)]
    wanted = list(dict.fromkeys(paths))[:MOST_NEAR]
    states = states_of(transaction, wanted)
    return [
        Candidate(near.partition("/")[2], states[near].labels[0].text if states[near].labels else None)
        for near in wanted
        if near in states
    ]


def near_words(sent: str, known: Iterable[str]) -> list[str]:
    """The words that may be meant by one that none of them is, the best first: with all its words in it, or alike.

    Args:
        sent: as it was sent.
        known: the words that are known, as they are shown.
    """
    spelled: dict[str, str] = {}
    for word in known:
        spelled.setdefault(search_key(word[:LONGEST]), word)
    key = search_key(sent[:LONGEST])
    ranks = {word: matches(sent[:LONGEST], [word]) for word in spelled.values()}
    within = sorted((word for word, rank in ranks.items() if rank is not None), key=lambda word: (ranks[word], word))
    alike = difflib.get_close_matches(key, list(spelled)[:MOST_COMPARED], n=MOST_NEAR, cutoff=CLOSE)
    return list(dict.fromkeys([*within, *(spelled[one] for one in alike)]))[:MOST_NEAR]


def _by_name(transaction: Transaction, family: str, sent: str) -> list[Subject]:
    """Those with all its words in their names, an exact name first."""
    terms = search_terms(sent)
    if not terms:
        return []
    paths = paths_of_family(transaction, family, terms=terms, after=None, limit=MOST_COMPARED)
    ranks = {path: matches(sent, names_in(state)) for path, state in states_of(transaction, paths).items()}
    return sorted((path for path, rank in ranks.items() if rank is not None), key=lambda path: (ranks[path], path))


def _alike(transaction: Transaction, family: str, sent: str) -> list[Subject]:
    """Those whose id or a name of which differs from it in a few letters."""
    by_name: dict[str, Subject] = {}
    for path, names in names_of_family(transaction, family, MOST_COMPARED):
        for name in (search_key(path.partition("/")[2]), *names.split("\n")):
            if name:
                by_name.setdefault(name[:LONGEST], path)
    close = difflib.get_close_matches(search_key(sent), by_name, n=MOST_NEAR, cutoff=CLOSE)
    return [by_name[name] for name in close]
