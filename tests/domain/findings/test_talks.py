"""Rounds of talks whose date passes."""

from __future__ import annotations

from tests.domain.findings.cases import (
    DAY_1,
    DAY_3,
    DAY_4,
    found,
    stands,
)
from tests.spec import event


def test_a_round_whose_date_passes_unconfirmed() -> None:
    planned = event("TalksScheduled", occurred=DAY_1, data={"when": DAY_3})
    (finding,) = found(planned, rule="plan-date-passed")
    assert "2017-10-29" in finding.text
    assert not stands(finding, "2017-10-29T23:59:59Z")
    assert stands(finding, DAY_4)
    for later in (
        event("TalksConvened", occurred=DAY_3, data={}),
        event("TalksCancelled", occurred=DAY_3, data={}),
        event("TalksPostponed", occurred=DAY_3, data={}),
    ):
        assert found(planned, later, rule="plan-date-passed") == []
    assert found(event("TalksScheduled", data={"when": "2017-10-29/.."}), rule="plan-date-passed") == []
