"""The table of what coded data sets say: each column has one place that exists, or one reason why it has none."""

from __future__ import annotations

from collections import Counter

from docs.coverage import REASONS, Column, columns, share
from domain.event import Event
from domain.value_classes import nested_values
from domain.values import Value
from domain.vocabulary import PAYLOADS

COLUMNS = columns()
IN_THE_FILES = {
    "PA-X v10": 279,
    "PA-X Local v8": 65,
    "ETH/PRIO ceasefires": 87,
    "Civil War Mediation": 12,
    "Negotiated corridors": 28,
    "UCDP GED": 49,
    "Aid Worker Security": 35,
}
"""How many columns each data set has."""


def test_every_column_stands_in_it_once() -> None:
    assert Counter(column.data_set for column in COLUMNS) == IN_THE_FILES
    assert len({(column.data_set, column.column) for column in COLUMNS}) == len(COLUMNS) == 555


def test_each_has_a_place_that_exists_or_a_reason() -> None:
    for column in COLUMNS:
        assert column.meaning, column
        assert bool(column.said_by) != bool(column.left_out), column
        assert column.left_out in ("", *REASONS), column
    for path in {path for column in COLUMNS for path in column.said_by}:
        name, *fields = path.split(".")
        within: list[type[Value]] = [Event if name == "Event" else PAYLOADS[name]]
        assert fields, path
        for field in fields:
            found = [kind.model_fields[field] for kind in within if field in kind.model_fields]
            assert found, f"{path}: there is no field {field}"
            within = [nested for info in found for nested in nested_values(info.annotation)]


def test_at_least_95_of_100_have_a_place() -> None:
    placed, telling = share(COLUMNS)
    assert placed >= 0.95 * telling
    for data_set in IN_THE_FILES:
        placed, telling = share(column for column in COLUMNS if column.data_set == data_set)
        assert placed >= 0.9 * telling, data_set


def test_the_share_counts_what_says_something_of_its_own() -> None:
    said = Column("a", "b", "c", ("Event.occurred",), "", our_reading=False)
    licensed, derived = (
        said._replace(said_by=(), left_out="licensed text"),
        said._replace(said_by=(), left_out="derived"),
    )
    assert share([said, licensed, derived]) == (1, 2)
