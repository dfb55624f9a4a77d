"""Queries of findings: what does not fit, in one process or in all of them, and by which rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query

from api.http.horizon import At, stated, stated_of_all
from api.http.parameters import Fresh, StrictRouter, did_you_mean, no_such_rule, one_of
from api.http.problems import problems
from api.http.queries import POSITION, Cursor, Limit, ProcessPath, WholeLimit, answered, ask
from api.http.question_routes import QuestionRoute
from api.http.responses import JSON, answer
from api.http.schemas import examples
from domain.errors import BadCursor, Fault
from domain.finding import Rule, Severity
from domain.findings.rules import RULES
from projections.answers.findings import FindingsAnswer, ProcessFindingsAnswer, RulesAnswer, ShownRule
from projections.queries import findings
from projections.storage.generations import ReadTransaction

router = StrictRouter(prefix="/v1", tags=["findings"], route_class=QuestionRoute)


async def of_rules(
    rule: Annotated[
        str | None,
        Query(
            description="Only findings of this rule; /v1/findings/rules lists them.",
            examples=["silence"],
            json_schema_extra=one_of(RULES),
        ),
    ] = None,
    severity: Annotated[
        str | None,
        Query(
            description="Only findings this grave: high, moderate or hint.",
            json_schema_extra=one_of(map(str, Severity)),
        ),
    ] = None,
) -> tuple[str | None, str | None]:
    """Which findings are wanted, by rule and severity.

    Raises:
        BadCursor: there is no such rule or severity.
    """
    severities = tuple(map(str, Severity))
    faults = [Fault("rule", no_such_rule(rule))] if rule is not None and rule not in RULES else []
    if severity is not None and severity not in severities:
        hint = did_you_mean(severity, severities)
        faults.append(Fault("severity", f"no such severity{hint}: one of {', '.join(severities)}"))
    if faults:
        raise BadCursor.of(faults)
    return rule, severity


OfRules = Annotated[tuple[str | None, str | None], Depends(of_rules)]


@router.get(
    "/findings",
    summary="What does not fit, in any process",
    responses={
        **answer("A page of findings.", examples.FINDINGS, FindingsAnswer, headers=POSITION),
        **problems(400, 503),
    },
)
def list_findings(services: Fresh, asked: At, rules: OfRules, after: Cursor = None, limit: Limit = 100) -> JSON:
    """The findings that stand at the clock of the horizon, process by process, the gravest first; one on a subject of
    two processes comes with each of them."""
    now = datetime.now(UTC)

    def question(reading: ReadTransaction) -> FindingsAnswer:
        listed, names = findings.all_findings(reading, now, *rules, after, limit, asked)
        return {"findings": listed.items, "next": listed.next, **names, "horizon": stated_of_all(asked, now)}

    return ask(services, question)


def rule_entry(rule: Rule) -> ShownRule:
    """A rule as an answer describes it."""
    return {
        "rule": rule.name,
        "severity": rule.severity.value,
        "data_quality": rule.data_quality,
        "followed_only": not rule.archives,
        "archives_only": not rule.followed,
        "looks_at": rule.looks_at,
    }


@router.get(
    "/findings/rules",
    summary="By which rules findings are drawn",
    responses=answer("The rules.", {"rules": [rule_entry(RULES["silence"])]}, RulesAnswer),
)
def list_rules() -> JSON:
    """Each with what it looks at, when it is raised and what resolves it. What is of data quality is refused by an
    append with `Prefer: handling=strict`."""
    rules: RulesAnswer = {"rules": [rule_entry(rule) for rule in RULES.values()]}
    return JSON(rules)


@router.get(
    "/processes/{process}/findings",
    summary="What does not fit in it",
    responses=answered(
        "The findings.",
        {"findings": [examples.FINDING], "next": None, "actors": {}, "evidence": {}, "horizon": examples.HORIZON},
        ProcessFindingsAnswer,
    ),
)
def read_findings(
    process: ProcessPath,
    services: Fresh,
    asked: At,
    rules: OfRules,
    after: Cursor = None,
    limit: WholeLimit = None,
) -> JSON:
    """The findings that stand at the clock of the horizon, the gravest first, with the reports they rest on."""
    now = datetime.now(UTC)

    def question(reading: ReadTransaction) -> ProcessFindingsAnswer:
        listed, explained = findings.findings(reading, process, now, asked, *rules, after, limit)
        return {"findings": listed.items, "next": listed.next, **explained, "horizon": stated(reading, process, asked)}

    return ask(services, question)
