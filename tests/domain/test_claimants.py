"""Who is one claimant: an actor everywhere, who is described within one original, and nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.claimants import Claimant, ClaimantKind, distinct, speaking, told_apart
from tests.spec import event

UNNAMED = "a local official, unnamed"


def key(claimant: str | None, publisher: str, derived_from: str | None = None) -> str:
    return speaking(claimant, publisher, derived_from).key


def test_an_actor_is_one_in_every_paper() -> None:
    assert key("actors/centre", "TASS") == key("actors/centre", "SANA", "a bulletin")
    assert key("actors/centre", "TASS") != key("Actors/centre", "TASS")


def test_who_is_described_is_one_within_one_original() -> None:
    assert key(UNNAMED, "TASS") != key(UNNAMED, "SANA")
    assert key(UNNAMED, "TASS") == key("A LOCAL official,\u00a0unnamed", "tass\u200b")


def test_a_copy_is_its_original() -> None:
    assert key(UNNAMED, "SANA", "TASS") == key(UNNAMED, "TASS")
    assert key(None, "SANA", "TASS") == key(None, "TASS") == key("unattributed", "TASS") == key("TASS", "TASS")
    assert key("Unattributed", "TASS") == key("\u200b ", "TASS") == key(None, "TASS")


@pytest.mark.parametrize("name", ["actors/x", "reported", "TASS"])
def test_kinds_are_never_one_whatever_their_names(name: str) -> None:
    every = [Claimant(name, kind).key for kind in ClaimantKind]
    assert len(set(every)) == len(every)


@given(*[st.text("ab|\\ ", max_size=4)] * 4)
def test_no_two_claimants_share_a_key(name: str, within: str, other: str, other_within: str) -> None:
    one, two = (Claimant(n, ClaimantKind.DESCRIBED, w) for n, w in ((name, within), (other, other_within)))
    same = (" ".join(name.split()), " ".join(within.split())) == (
        " ".join(other.split()),
        " ".join(other_within.split()),
    )
    assert (one.key == two.key) == same


def test_each_claimant_of_a_report_comes_once_in_its_first_spelling() -> None:
    sources = [
        {"publisher": "Réseau"},
        {"publisher": "RE\u0301SEAU"},
        {"publisher": "TASS", "claimant": "Residents"},
        {"publisher": "SANA", "claimant": "residents", "derived_from": "Tass"},
        {"publisher": "SANA", "claimant": "residents"},
    ]
    found = event("StatementMade", sources=sources).claimants
    assert [(one.name, one.within) for one in found] == [("Réseau", ""), ("Residents", "TASS"), ("residents", "SANA")]


def test_claimants_that_share_a_name_are_told_with_their_originals() -> None:
    here, there, spelled = (speaking(*one) for one in ((UNNAMED, "A", None), (UNNAMED, "B", None), ("X", "B", None)))
    assert list(told_apart([there, here, spelled]).values()) == ["X", f"{UNNAMED} (A)", f"{UNNAMED} (B)"]
    assert told_apart([here]) == {here.key: UNNAMED}


@given(st.permutations([speaking(name, "a", None) for name in ("Residents", "residents", "RESIDENTS", "others")]))
def test_the_spelling_shown_does_not_depend_on_the_order(claimants: list[Claimant]) -> None:
    assert set(told_apart(claimants).values()) == {"RESIDENTS", "others"}
    assert len(distinct(claimants)) == 2
