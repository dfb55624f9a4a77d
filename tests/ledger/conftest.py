"""A log of its own for every test: a real file, and a real database."""

from collections.abc import Iterator
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
