"""What the tests of the log send: reports in the wire format, read as strictly as the interface reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from domain import families, vocabulary
from ledger.append import Append, Appended
from ledger.ledger import Ledger
from ledger.mapper import Draft, ExpectedVersion
from tests.spec import wire

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def draft(name: str, *, expected: ExpectedVersion = None, **fields: Any) -> Draft:
    """A report ready to be recorded; it takes what `tests.spec.wire` takes."""
    sent = wire(name, **fields)
    return Draft.of(vocabulary.read_event(sent, json.dumps(sent)), expected)


def opening(subject: str, *, expected: ExpectedVersion = None, **fields: Any) -> Draft:
    """The opening of a subject, with references to nothing but the process `first`."""
    family = subject.partition("/")[0]
    payload = families.OPENINGS[family]
    data = {**payload.example}
    for name in ("between", "senders", "organiser", "groups", "by"):
        data.pop(name, None)
    if "processes" in data:
        data["processes"] = ["first"]
    return draft(payload.__name__, subject=subject, data=data, expected=expected, **fields)


def append(ledger: Ledger, *drafts: Draft, now: datetime | None = None, **options: Any) -> Appended:
    return ledger.append(Append(drafts, **options), now)


def begin(ledger: Ledger) -> None:
    """Opens the process `first` and the talks `first`: positions 1 and 2."""
    append(ledger, opening("processes/first"), opening("talks/first"))


def statement(subject: str = "talks/first", **fields: Any) -> Draft:
    """A report that refers to nothing."""
    return draft("StatementMade", subject=subject, **fields)
