"""What the tests of findings share: reports, and the findings of one rule on their subject."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from domain import families
from domain.edtf import When
from domain.event import Event
from domain.finding import Finding
from domain.spans import Zones
from domain.values import EventId
from tests.spec import event, fold_of

DAY_1, DAY_2, DAY_3, DAY_4 = "2017-10-27", "2017-10-28", "2017-10-29", "2017-10-30"
OURS = "actors/government"
THEIRS = "actors/eleven-groups"


def found(*events: Event, rule: str, zones: Zones = (UTC,)) -> list[Finding]:
    """The findings of one rule on the subject of these reports, whose process has these zones."""
    return [one for one in families.findings(events[0].subject, fold_of(*events), zones) if one.rule == rule]


def stands(one: Finding, when: str) -> bool:
    return one.stands(When(when).span.earliest)


def ids(*events: Event) -> set[EventId]:
    return {one.id for one in events}


def talks() -> Event:
    return event("TalksReported", occurred=DAY_1)


def agreement() -> Event:
    return event("AgreementReported", occurred=DAY_1)


def convoy(**data: Any) -> Event:
    return event(
        "ConvoyReported",
        occurred="2017-10-20",
        data={"processes": ["eastern-kalamun"], "kind": "aid", "title": [{"text": "x"}], **data},
    )


def retold(one: Event, **fields: Any) -> Event:
    """The same report by somebody else."""
    data = fields.pop("data", one.data.model_dump(mode="json", exclude_none=True))
    return event(one.type, subject=one.subject, occurred=fields.pop("occurred", one.occurred), data=data, **fields)


def new_id() -> EventId:
    return event("StatementMade", subject="talks/first").id
