"""A log of its own for every test: a real file, and a real database."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.ledger import Ledger
from tests.ledger.sending import begin


@pytest.fixture
def empty(where: Path | str) -> Iterator[Ledger]:
    ledger = Ledger(where, office="field-office", lock_timeout=1)
    yield ledger
    ledger.close()


@pytest.fixture
def ledger(empty: Ledger) -> Ledger:
    """A log with the process `first` and the talks `first`, at positions 1 and 2."""
    begin(empty)
    return empty


@pytest.fixture
def patient(ledger: Ledger, where: Path | str) -> Iterator[Ledger]:
    """The same log, opened by one who waits as long as it takes until another has written."""
    with closing(Ledger(where, office="field-office", lock_timeout=60)) as patient:
        yield patient
