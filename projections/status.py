"""The status of a process, in the order of its first screen: where it stands, what is due, who is at risk.

Pure: a picture and a clock in, JSON out. Nothing here asks a database.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from domain import actors, agreements, convoys, enrolments, families, processes, talks
from domain.enrolments import EnrolmentReported
from domain.event import Event, Recorded, instant
from domain.finding import Finding, Severity
from domain.findings.figures import common, comparable_claims
from domain.findings.rules import RULES
from domain.general import Figure, FigureAssessed, SubjectState
from domain.values import Quantity, Subject
from projections import render
from projections.outlook import claim_made
from projections.picture import DAY, Claim, Picture, Tally, claims_in
from projections.render import Json, Page
from projections.scene import RANKS, Glance, Scene, gravity

AHEAD = timedelta(days=14)
LONGEST_COUNT = 30
"""Days that violations and incidents are counted over."""
CURRENT_SHOWN = 50
OVER_SHOWN = 10
"""Rounds of talks and convoys in one status, under way and over; `totals` counts all, the lists have them."""
CLAIMS_SHOWN = 50
"""Claims on one series in one answer, newest first; `claimants` counts all."""
SERIES_SHOWN = 200
"""Series of figures in one status; `/figures` has them all."""

Lookup = Callable[[Iterable[str]], Mapping[str, Recorded]]
"""Finds events by their ids."""


def compose(scene: Scene) -> Json:
    """Draws the status."""
    page = Page()
    picture, now = scene.picture, scene.now
    own = picture.states[Subject(f"processes/{picture.process}")]
    assert isinstance(own, processes.ProcessState)  # noqa: S101  a process's own subject has no other state
    shown = render.process(page, own)
    deadlines = due(page, picture, now)
    figures, counts = figures_of(page, picture, scene.lookup)
    body: Json = {
        "process": picture.process,
        "version": picture.version,
        "labels": render.labels(own.labels),
        "level": shown["level"],
        "areas": shown["areas"],
        "links": shown["links"],
        "horizon": scene.horizon,
        "state": shown["state"],
        "ending": shown["ending"],
        "last_heard": last_heard(page, picture),
        "next_14_days": deadlines["next"],
        "overdue": deadlines["overdue"],
        "later": deadlines["later"],
        "findings": findings(page, scene.glance(int(now.timestamp()), FINDINGS_SHOWN)),
        "people_at_risk": at_risk(page, picture, own),
        "truce": truce(page, picture, now),
        "obligations": obligations(page, picture, now),
        "totals": totals(picture),
        "talks": _current(page, picture, talks.TalksState),
        "positions": [p for path, s in picture.states.items() for p in render.positions(page, path, s)],
        "proposals": [p for path, s in picture.states.items() for p in render.proposals(page, path, s)],
        "roles": [r for path, s in picture.states.items() for r in render.roles(page, path, s)],
        "bodies": shown["bodies"],
        "control": shown["control"],
        "access": shown["access"],
        "instruments": shown["instruments"],
        "figures": figures,
        "enrolments": [
            {**one, "counts": counts.get(one["subject"], [])}
            for one in _current(page, picture, enrolments.EnrolmentState)
        ],
        "convoys": _current(page, picture, convoys.ConvoyState),
        "agreements": [
            {**one, **kept_to(picture.states[one["subject"]], now)}
            for one in _current(page, picture, agreements.AgreementState)
        ],
        "statements": [{"events": page.rests_on([event])} for event in picture.statements],
        "withdrawn": [
            {"subject": path, "events": page.rests_on(events)} for path, events in sorted(picture.withdrawn.items())
        ],
        "unified": [
            {"subject": path, "into": stays}
            for path, stays in sorted(picture.joined.items())
            if stays in picture.states or stays in picture.withdrawn
        ],
        "changes": [{"events": page.rests_on([event])} for event in picture.newest],
    }
    found = scene.lookup(list(page.events))
    marks = scene.marks(list(page.events))
    for line in body["statements"]:
        line |= found[line["events"][0]].event.data.model_dump(mode="json", exclude_none=True)
        page.actor(line.get("speaker"))
    for line in body["changes"]:
        recorded = found[line["events"][0]]
        line |= {
            "type": recorded.type,
            "subject": recorded.subject,
            "occurred": recorded.event.occurred,
            "recorded_at": instant(recorded.recorded_at),
        }
    return {**body, **explained(scene, page, found, marks)}


def explained(scene: Scene, page: Page, found: Mapping[str, Recorded], marks: Mapping[str, Json]) -> Json:
    """The names of the actors that a page mentions, and what its lines rest on."""
    for recorded in found.values():
        for claimant in recorded.event.claimants:
            if claimant.startswith("actors/"):
                page.actor(claimant.removeprefix("actors/"))
    joined = scene.picture.joined
    return {
        "actors": {
            actor: {
                "label": actors.shown_label(state),
                "kind": state.kind.value,
                **({} if state.opened else {"withdrawn": True}),
                **({"unified_into": stays} if (stays := joined.get(Subject(f"actors/{actor}"))) else {}),
            }
            for actor, state in scene.named(list(page.actors)).items()
        },
        "evidence": {
            event: render.evidence(recorded, marks.get(event, {}), scene.picture.possible.get(event))
            for event, recorded in found.items()
        },
    }


def totals(picture: Picture) -> dict[str, dict[str, int]]:
    """How many rounds, convoys, agreements and registers there are, by state (a contested one counts as such), and
    how many series of figures."""
    found: dict[str, dict[str, int]] = {}
    if picture.claims:
        found["figures"] = {"series": len({(claim.subject, claim.series) for claim in picture.claims})}
    for path, state in picture.states.items():
        if (stage := stage_of(state)) is not None:
            counts = found.setdefault(path.partition("/")[0], {})
            counts[stage] = counts.get(stage, 0) + 1
    return found


def stage_of(state: SubjectState) -> str | None:
    """The state of a round, a convoy or an agreement in a word."""
    match state:
        case talks.TalksState() | agreements.AgreementState() | enrolments.EnrolmentState():
            return "contested" if state.stage.contested else state.stage.value
        case convoys.ConvoyState():
            seen = state.stage.value
            return "contested" if state.stage.contested else seen.stage if seen else None
        case _:
            return None


OVER = {"concluded", "cancelled", "arrived", "turned back", "ended", "closed"}


def _current(page: Page, picture: Picture, kind: type[Any]) -> list[Json]:
    """The subjects of a family that are not over, newest first, then the last ones that are."""
    mine = [(stage_of(state) in OVER, path, state) for path, state in picture.states.items() if type(state) is kind]
    mine.sort(key=lambda one: (one[0], [-bound for bound in _newest(one[2])], one[1]))
    under_way = [(path, state) for over, path, state in mine if not over][:CURRENT_SHOWN]
    over = [(path, state) for over, path, state in mine if over][:OVER_SHOWN]
    return _pages(page, [*under_way, *over])


def _newest(state: Any) -> tuple[int, int]:
    spans = [candidate.span for candidate in state.stage.candidates]
    return max(((span.latest, span.earliest) for span in spans), default=(0, 0))


def _pages(page: Page, subjects: list[tuple[Subject, SubjectState]]) -> list[Json]:
    """The page of each subject, without what the status gathers elsewhere."""
    found = []
    for path, state in subjects:
        shown = render.subject(page, path, state)
        for gathered in ("roles", "positions", "proposals", "obligations", "due"):
            shown.pop(gathered, None)
        found.append(shown)
    return found


def last_heard(page: Page, picture: Picture) -> Json | None:
    heard = picture.heard
    if heard is None:
        return None
    return {
        "on": heard.on or None,
        "publisher": heard.publisher,
        "claimant": heard.claimant,
        "events": page.rests_on([heard.event]),
    }


# --- what is due ----------------------------------------------------------------------------------------------


def due(page: Page, picture: Picture, now: datetime) -> dict[str, list[Json]]:
    """What is expected: overdue, within 14 days, and later; each oldest first."""
    moment, ahead = int(now.timestamp()), int((now + AHEAD).timestamp())
    found: dict[str, list[Json]] = {"overdue": [], "next": [], "later": []}
    for path, state in picture.states.items():
        for one in families.due(state):
            span = one.when.span
            place = "overdue" if span.latest < moment else "next" if span.earliest <= ahead else "later"
            found[place].append(page.due(path, one))
    for lines in found.values():
        lines.sort(key=lambda line: (*render.when_key(line["when"]), line["subject"], line["what"]))
    return found


FINDINGS_SHOWN = 20
"""Findings in one status, the gravest first; all are counted, and `/findings` has them."""
NAMED = re.compile(r"\bactors/([a-z0-9][a-z0-9-]*)")


def standing(found: Iterable[Finding], now: datetime) -> list[Finding]:
    """The findings that stand at a time, the gravest first."""
    moment = int(now.timestamp())
    return sorted((one for one in found if one.stands(moment)), key=gravity)


def findings(page: Page, found: Glance) -> Json:
    """What does not fit: how many findings of each rule, and the gravest."""
    by_severity = Counter({severity.value: 0 for severity in Severity})
    for rule, count in found.by_rule.items():
        by_severity[RULES[rule].severity.value] += count
    return {
        "total": sum(found.by_rule.values()),
        "by_severity": dict(by_severity),
        "by_rule": dict(sorted(found.by_rule.items(), key=lambda one: RANKS[one[0]])),
        "items": [finding(page, one) for one in found.gravest],
    }


def finding(page: Page, found: Finding) -> Json:
    """One finding, with the time in which it stands."""
    for actor in NAMED.findall(found.text):
        page.actor(actor)
    return {
        "rule": found.rule,
        "severity": RULES[found.rule].severity.value,
        "subject": found.subject,
        "about": found.about,
        "text": found.text,
        "since": _instant(found.since),
        "until": _instant(found.until),
        "events": page.rests_on(found.events),
    }


def _instant(second: int | None) -> str | None:
    return instant(datetime.fromtimestamp(second, UTC)) if second is not None else None


def changes_at(picture: Picture, now: datetime, edge: int | None = None) -> datetime:
    """Until when a status stays as it is if nothing is recorded: the next deadline, or the end of the day.

    Args:
        picture: what it is drawn from.
        now: the clock.
        edge: when, in seconds since 1970, a finding begins to stand or no longer does (`Glance.until`).
    """
    boundaries = [int((now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).timestamp())]
    for state in picture.states.values():
        for one in families.due(state):
            span = one.when.span
            boundaries += [span.latest + 1, span.earliest - int(AHEAD.total_seconds())]
        if isinstance(state, agreements.AgreementState):  # the ledger tells of deadlines that are due no more, too
            terms = (agreed for found in state.obligations.values() for agreed in found.agreed.values)
            boundaries += [agreed.deadline.span.latest + 1 for agreed in terms if agreed.deadline is not None]
            boundaries += [term.starts.span.earliest for term in state.term.values if term.starts is not None]
            for end in agreements.term_ends(state):
                boundaries += [end.span.latest + 1, end.span.latest - agreements.LAPSING + 1]
    boundaries += [edge] if edge is not None else []
    return datetime.fromtimestamp(min(b for b in boundaries if b > now.timestamp()), UTC)


# --- people at risk, truce ------------------------------------------------------------------------------------


def at_risk(page: Page, picture: Picture, own: processes.ProcessState) -> Json:
    """Held or stranded convoys, closed or besieged places: what cannot wait."""
    return {
        "convoys": [
            {
                "subject": path,
                "label": state.labels[0].text if state.labels else path,
                "whereabouts": render.convoy(page, state)["whereabouts"],
                "people": [
                    cohort.model_dump(mode="json", exclude_none=True)
                    for people in (
                        *(departed.people for departed in state.departure.values),
                        *(described.people for described in state.described.values),
                    )
                    for cohort in people
                ],
            }
            for path, state in picture.states.items()
            if isinstance(state, convoys.ConvoyState) and convoys.stranded(state)
        ],
        "places": [page.line(line, page.payload) for line in processes.shut(own)],
    }


def truce(page: Page, picture: Picture, now: datetime) -> Json:
    """Each ceasefire with its term; violations and incidents per recorder in the last 7 and 30 days."""
    found = []
    for path, state in picture.states.items():
        if isinstance(state, agreements.AgreementState) and (
            state.term.candidates or any(d.ceasefire or d.stage == "ceasefire" for d in state.described.values)
        ):
            found.append(
                {
                    "agreement": path,
                    "label": state.labels[0].text if state.labels else path,
                    "state": page.line(state.stage),
                    "standing": agreements.standing(state, int(now.timestamp())).value,
                    "term": page.line(state.term, render.term),
                    "violations": counts_by_recorder(
                        [t for t in picture.tallies if t.subject == path and t.kind == "violation"], now
                    ),
                }
            )
    incidents = [t for t in picture.tallies if t.kind == "incident"]
    return {"agreements": found, "incidents": counts_by_recorder(incidents, now)}


def counted_from(now: datetime) -> int:
    """The first day, since 1970-01-01, that the counts of the last days look at."""
    return int(now.timestamp()) // DAY - LONGEST_COUNT + 1


def counts_by_recorder(tallies: list[Tally], now: datetime) -> Json:
    """Counts of each recorder, never added up: two recorders may count the same event.

    `certain` lies wholly within the days before `now`, `possible` may do so.
    """
    today = int(now.timestamp()) // DAY
    found: dict[str, Json] = {}
    for tally in sorted(tallies, key=lambda t: t.recorder):
        line = found.setdefault(
            tally.recorder,
            {"last_7_days": {"certain": 0, "possible": 0}, "last_30_days": {"certain": 0, "possible": 0}, "all": 0},
        )
        line["all"] += tally.events
        for days, name in ((7, "last_7_days"), (LONGEST_COUNT, "last_30_days")):
            since = today - days + 1
            if tally.last_day < since or tally.first_day > today:
                continue
            sure = tally.first_day >= since and tally.last_day <= today
            line[name]["certain" if sure else "possible"] += tally.events
    return found


# --- obligations ----------------------------------------------------------------------------------------------


NOBODY = ""
"""Stands for the debtor of an obligation that is assessed but whose terms were never reported."""


def kept_to(state: SubjectState, now: datetime) -> Json:
    """Where an agreement stands at a time, and phase by phase how far its obligations are kept."""
    if not isinstance(state, agreements.AgreementState):
        return {}
    moment = int(now.timestamp())
    return {
        "standing": agreements.standing(state, moment).value,
        "phases": [
            {
                "phase": phase.name,
                "obligations": list(phase.obligations),
                "kept": phase.kept,
                "overdue": list(phase.overdue),
                "blocked_by": list(phase.blocked_by),
            }
            for phase in agreements.phases(state, moment)
        ],
    }


def obligations(page: Page, picture: Picture, now: datetime) -> list[Json]:
    """A ledger of the sides: what each debtor owes, and what is owed to it."""
    moment = int(now.timestamp())
    owes: dict[str, list[Json]] = defaultdict(list)
    owed: dict[str, list[str]] = defaultdict(list)
    for path, state in picture.states.items():
        if not isinstance(state, agreements.AgreementState):
            continue
        for name, found in state.obligations.items():
            line = render.obligation(page, path, state, name)
            terms = found.agreed.values
            line["overdue"] = not line["kept"] and agreements.is_overdue(found, moment)
            line["phase"] = next((agreed.phase for agreed in terms if agreed.phase is not None), None)
            line["mirrors"] = [b if a == name else a for a, b in agreements.mirror_pairs(state) if name in (a, b)]
            line["blocks"] = [other for other in agreements.owed(state) if name in agreements.blocked_by(state, other)]
            for debtor in dict.fromkeys(d for agreed in terms for d in agreed.debtor) or (NOBODY,):
                owes[debtor].append(line)
            for beneficiary in dict.fromkeys(b for agreed in terms for b in agreed.beneficiary):
                owed[beneficiary].append(f"{path}#{name}")
    return [
        {
            "side": page.actor(side) if side != NOBODY else None,
            "owes": owes.get(side, []),
            "is_owed": owed.get(side, []),
        }
        for side in sorted({*owes, *owed})
    ]


# --- figures --------------------------------------------------------------------------------------------------


def figures_of(
    page: Page, picture: Picture, lookup: Lookup, shown: int = SERIES_SHOWN
) -> tuple[list[Json], dict[str, list[Json]]]:
    """Figures of the process and counts of its registers, series by series, contested ones first.

    Every claimant's newest claim is shown. The span is what all claims allow; nothing is ever added up.
    """
    series: dict[tuple[str, tuple[str, ...]], list[Claim]] = defaultdict(list)
    for claim in picture.claims:
        series[claim.subject, claim.series].append(claim)
    found = lookup([claim.order[3] for claim in picture.claims])
    ordered = sorted(series.items(), key=lambda one: not _span(one[1])[2])[:shown]
    figures: list[Json] = []
    counts: dict[str, list[Json]] = defaultdict(list)
    for (subject, key), claims in ordered:
        line = _series(page, subject, key, claims, found)
        if isinstance(found[claims[0].order[3]].event.data, EnrolmentReported):
            counts[subject].append(line)
        else:
            figures.append(line)
    return figures, counts


def claim_of(event: Event) -> Json:
    """A claim on a figure, or an assessment of one, as the series over time shows it."""
    data = event.data
    assert isinstance(data, Figure | EnrolmentReported)  # noqa: S101  see claims_in
    measure, counting, unit, *_ = data.series
    return {
        "event": str(event.id),
        "subject": event.subject,
        "occurred": event.occurred,
        "claimants": [said.claimant for said in claims_in(event)],
        "assessed": isinstance(data, FigureAssessed),
        "reason": data.reason if isinstance(data, FigureAssessed) else None,
        "measure": data.measure if isinstance(data, Figure) else measure,
        "counting": counting,
        "unit": unit,
        "period": data.period,
        "area": render.area(data.area),
        "scope": data.scope,
        **quantity(data.quantity),
    }


def _figure(claim: Claim, found: Mapping[str, Recorded]) -> Figure | EnrolmentReported:
    data = found[claim.order[3]].event.data
    assert isinstance(data, Figure | EnrolmentReported)  # noqa: S101  see claims_in
    return data


def _span(claims: list[Claim]) -> tuple[float, float | None, bool]:
    """What the claims that can be held against each other all allow, and whether there is no such number."""
    ranges = [claim.range for claim in comparable_claims(claim_made(claim) for claim in claims)]
    low, high = common(ranges)
    return low, high, len(ranges) > 1 and high is not None and low > high


def _series(page: Page, subject: str, key: tuple[str, ...], claims: list[Claim], found: Mapping[str, Recorded]) -> Json:
    measure, counting, unit, *_ = key
    newest_first = sorted(claims, key=lambda claim: claim.order, reverse=True)
    shown: dict[bool, list[Json]] = {False: [], True: []}
    for claim in newest_first[:CLAIMS_SHOWN]:
        event, data = found[claim.order[3]].event, _figure(claim, found)
        shown[claim.assessed].append(
            {
                "claimant": claim.claimant,
                **quantity(data.quantity),
                "period": data.period,
                "as_of": event.occurred,
                "reason": data.reason if isinstance(data, FigureAssessed) else None,
                "claims": claim.claims,
                "events": page.rests_on([claim.order[3]]),
            }
        )
    newest = _figure(newest_first[0], found)
    low, high, contested = _span(claims)
    stated = render.area(newest.area)
    return {
        "subject": subject,
        "measure": newest.measure if isinstance(newest, Figure) else measure,
        "counting": counting,
        "unit": unit,
        "area": stated,
        "area_stated": stated is not None,
        "scope": newest.scope,
        "claims": shown[False],
        "claimants": len(claims),
        "span": None if contested or not shown[False] else {"low": plain(low), "high": plain(high)},
        "contested": contested,
        "assessed": shown[True],
    }


def plain(number: float | None) -> float | None:
    """A whole number without a decimal point."""
    return int(number) if number is not None and number == int(number) else number


def quantity(found: Quantity) -> Json:
    low, high = found.range
    return {
        "value": found.value,
        "qualifier": found.qualifier.value,
        "low": plain(low),
        "high": plain(high),
        "verbatim": found.verbatim,
    }
