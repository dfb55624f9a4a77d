"""What happened: incidents and violations, each with the claims on the harm that it did, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.wording import words
from api.wording.cited_lines import CitedLines
from api.wording.language import grouped, say
from api.wording.marks import ASIDE, Fragment
from api.wording.values import Names, quoted, sentences, tag
from api.wording.words import Fields, clean, coded

if TYPE_CHECKING:
    from projections.answers.figures import FigureSeries
    from projections.answers.status import HarmByCategory, HarmClaim, IncidentInStatus, StatusAnswer


def incidents(page: CitedLines, status: StatusAnswer) -> None:
    """A section with each incident; nothing if there are none."""
    shown = status["incidents"]
    if not shown:
        return
    total = sum(status["totals"].get("incidents", {}).values())
    aside = ""
    if total > len(shown):
        whole = {"shown": grouped(len(shown)), "total": grouped(total)}
        aside = say("{shown} of {total}: the gravest, and the newest", **whole)
    page.sheet.heading(say("Incidents, the gravest first"), aside, key="incidents")
    for incident in shown:
        date: Fragment = (f"{words.when(incident['occurred'])}: ", "bold")
        page.entry(incident["events"], date, *happened(page.names, incident), of=incident)
        for by_category in incident["toll"]:
            _harm(page, incident, by_category)


def not_told_with(shown: Iterable[IncidentInStatus], figures: Iterable[FigureSeries]) -> list[FigureSeries]:
    """The figures that do not stand with an incident."""
    incident_events = {
        event
        for incident in shown
        for by_category in incident["toll"]
        for claim in by_category["claims"]
        if "figure" in claim
        for event in claim["events"]
    }
    return [
        figure
        for figure in figures
        if "about" not in figure
        or not {event for claim in (*figure["claims"], *figure["assessed"]) for event in claim["events"]}
        <= incident_events
    ]


def happened(names: Names, value: Fields) -> list[Fragment]:
    """Where, what, against whom, and who is said to have done it."""
    place = say(", {place}", place=words.place(value["place"])) if value.get("place") else ""
    more = [clean(value["description"])] if value.get("description") else []
    against = [names.named(value["against"])] if value.get("against") else []
    against += [clean(value["target"])] if value.get("target") else []
    more += [say("Against: {who}.", who=words.listed(against))] if against else []
    if value.get("attributed_to"):
        more.append(say("Attributed to {who}.", who=names.named(value["attributed_to"])))
    if value.get("claimed_by"):
        more.append(say("Claimed by {who}.", who=names.actor(value["claimed_by"])))
    if value.get("alleged_by"):
        more.append(say("Alleged by {who}.", who=names.actor(value["alleged_by"])))
    kind = say("kind not said") if value["kind"] == "other" else coded(value["kind"])
    verification: list[Fragment] = [" ", tag(value["verification"])] if value.get("verification") else []
    return [(f"{kind}{place}", "bold"), *verification, f". {sentences(more)}".rstrip()]


def _harm(page: CitedLines, incident: IncidentInStatus, by_category: HarmByCategory) -> None:
    claims = by_category["claims"]
    lead: list[Fragment] = [tag("contested"), " "] if by_category["disagree"] else []
    name = f"{coded(by_category['category'])}: "
    if len(claims) == 1:
        below = claims[0]["events"] == incident["events"]
        page.entry(claims[0]["events"], *lead, name, *_claim(claims[0]), indent=4, below=below)
        return
    page.sheet.put(*lead, name.rstrip(), indent=4)
    for claim in claims:
        page.entry(claim["events"], *_claim(claim), indent=6)
    page.sheet.put((say("Claims may be of the same people: these are never added up."), ASIDE), indent=6)


def _claim(claim: HarmClaim) -> list[Fragment]:
    who = f", {clean(claim['who'])}" if claim["who"] and claim["who"] != claim["unit"] else ""
    judged = say("assessed: ") if claim.get("assessed") else ""
    return [judged, (words.quantity(claim, claim["unit"]), "bold"), who, quoted(claim["verbatim"])]
