"""The first screen of a process: what GET /v1/processes/{id} answers, drawn for somebody who has to act on it.

The order is that of the answer. Each line says who reports it; what is announced, possible or planned says so in
words; what is contested names every candidate with who says it; what we inferred is marked as ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from api.cli.terminal.cited_lines import CitedLines, plain
from api.cli.terminal.text_layout import TextLayout
from api.wording import values, words
from api.wording.marks import ALERT, ASIDE, Fragment
from api.wording.values import tag
from api.wording.words import Fields, clean

if TYPE_CHECKING:
    from api.http.schemas.answers import EventWithRevisions
    from projections.answers.deadlines import ShownDue
    from projections.answers.figures import FigureSeries
    from projections.answers.lines import Said, ShownLine
    from projections.answers.obligations import OwedObligation
    from projections.answers.status import CountInWindow, LastHeard, RecorderCounts, StatusAnswer
    from projections.answers.subjects import Whereabouts


T = TypeVar("T")

OVER = frozenset({"convened", "concluded", "cancelled"})
"""States of a round of talks whose plan is of no more interest."""

LEGEND = (
    "[actual] is what a source reports as so; [announced], [possible] and [planned] are not yet so and may never be. "
    "A line without a source has that of the line above it. Not recorded does not mean that it did not happen."
)


POSSIBLY_LEGEND = (
    "What is [possibly] so may have come about, or been published, only after the horizon: it adds to what may be and "
    "takes the place of nothing."
)

MAX_FINDINGS = 8
"""Findings on the screen, the gravest first."""
NAMED = re.compile(r"\bactors/([a-z0-9][a-z0-9-]*)")
TRUCE_WORDS = {"trial": "on trial", "lapsing": "about to lapse", "lapsed": "lapsed: the term is over, nobody said more"}
"""Where a truce stands, if it is not just in force."""


def draw(
    status: StatusAnswer,
    *,
    width: int = 80,
    position: int | None = None,
    events: bool = False,
    notes: bool = False,
    revisions: Mapping[str, EventWithRevisions] | None = None,
) -> TextLayout:
    """The status of a process as a page.

    Args:
        status: the answer of GET /v1/processes/{id}.
        width: columns of the terminal.
        position: the log position that the answer reflects.
        events: whether to show the events that each line rests on, with their ids.
        notes: whether to show what the recording office noted with them.
        revisions: corrections and disputes by id, as far as they were looked up: they say by whom.
    """
    screen = StatusPage(status, width, events=events, notes=notes, revisions=revisions or {})
    for section in (
        partial(screen.top, position),
        screen.dates,
        screen.people_at_risk,
        screen.truce,
        screen.obligations,
        screen.agreements,
        screen.talks,
        screen.positions,
        screen.proposals,
        screen.roles,
        screen.bodies,
        screen.figures,
        screen.registers,
        screen.control,
        screen.access,
        screen.instruments,
        screen.convoys,
        screen.statements,
        screen.findings,
        screen.gone,
        screen.changes,
    ):
        section()
    screen.sheet.gap()
    if status["horizon"].get("possible"):
        screen.sheet.put((POSSIBLY_LEGEND, ASIDE))
    screen.sheet.put((LEGEND, ASIDE))
    return screen.sheet


class StatusPage(CitedLines):
    """Draws section by section."""

    def __init__(
        self,
        status: StatusAnswer,
        width: int,
        *,
        events: bool,
        notes: bool,
        revisions: Mapping[str, EventWithRevisions],
    ) -> None:
        super().__init__(status, width, events=events, notes=notes, revisions=revisions)
        self._status = status
        self._now = datetime.fromisoformat(status["horizon"]["now"])
        self._late = {line["subject"] for line in status["overdue"]}

    # --- sections, in the order of the first screen

    def top(self, position: int | None) -> None:
        status, put = self._status, self.sheet.put
        others = [clean(label["text"]) for label in status["labels"][1:]]
        name = self.names.subject(f"processes/{status['process']}")
        put((name, "bold"), (f"  {clean(status['process'])}", ASIDE), f"  also: {', '.join(others)}" if others else "")
        asked = words.horizon(status["horizon"])
        if asked:
            put((asked, "bold"))
        if any(entry["subject"] == f"processes/{status['process']}" for entry in status["withdrawn"]):
            put(("Withdrawn: the report of this process was taken back. What else was reported of it stands.", ALERT))
        state = status["state"]
        since = f", {words.since(state['since'])}" if state else ""
        self.line(["State: "], state, lambda stage: [(clean(stage), "bold"), since], indent=0)
        self.line(["How it ended: "], status["ending"], plain, indent=0)
        if status["last_heard"]:
            put(f"Last heard: {self._heard(status['last_heard'])}")
        self.line(["Level: "], status["level"], plain, indent=0)
        self.line(["Time zone: "], status["time_zone"], plain, indent=0)
        for area in status["areas"]:
            self.line(["Area: "], area, values.area, indent=0)
        for link in status["links"]:
            self.line(["Linked to: "], link, values.link, indent=0)
        put("At a glance: ", *self._glance())
        clock, bound = words.moment(status["horizon"]["now"]), status["horizon"].get("position") is not None
        reflects = f", log position {position:,}" if position is not None and not bound else ""
        put((f"{'Deadlines as of' if asked else 'As known on'} {clock}{reflects}", ASIDE))

    def _heard(self, heard: LastHeard) -> str:
        publisher, who = clean(heard["publisher"]), self.names.claimant(heard["claimant"])
        source = publisher if who in ("unattributed", publisher) else f"{who} ({publisher})"
        if not publisher:  # then the claimant tells on what basis it was recorded
            source = "our own record, without a source" if who == "reported" else f"our own record, {who}"
        if not heard["on"]:
            return f"date not said, from {source}"
        ago = words.ago(heard["on"], self._now)
        return f"{words.when(heard['on'])}{f' ({ago})' if ago else ''}, from {source}"

    def _glance(self) -> list[Fragment]:
        """What asks for attention, in one line."""
        status, risk = self._status, self._status["people_at_risk"]
        counts = (
            (len(risk["convoys"]) + len(risk["places"]), "at risk now"),
            (len(status["overdue"]), "overdue"),
            (len(status["next_14_days"]), "due in 14 days"),
            (_contested(status), "contested"),
            (sum(one["unanswered"] for one in status["proposals"]), "unanswered"),
            (status["findings"]["total"], "finding" if status["findings"]["total"] == 1 else "findings"),
        )
        counted: list[Fragment] = []
        for count, what in counts:
            urgent = count and what in ("at risk now", "overdue", "contested")
            counted += [", " if counted else "", (f"{count} {what}", ALERT if urgent else "")]
        return counted

    def dates(self) -> None:
        until = words.when((self._now + timedelta(days=14)).date().isoformat())
        for line in self.section(f"Next 14 days (until {until})", self._status["next_14_days"], "nothing is due"):
            self._due(tag("planned"), line)
        for line in self.section("Overdue", self._status["overdue"], "nothing is overdue"):
            self._due(tag("overdue"), line, " What became of it is not recorded.")
        if self._status["later"]:
            for line in self.section("Later", self._status["later"]):
                self._due(tag("planned"), line)

    def _due(self, mark: Fragment, line: ShownDue, after: str = "") -> None:
        who = f", {self.names.actor(line['actor'])}" if line["actor"] else ""
        what = f" {clean(line['what']).rstrip('.')}{who}: {self.names.subject(line['subject'])}.{after}"
        self.entry(line["events"], mark, (f" {words.when(line['when'])}", "bold"), what)

    def people_at_risk(self) -> None:
        risks = self._status["people_at_risk"]
        nothing = "no convoy held or on the road, no place shut, as far as is recorded"
        self.section("People at risk now", [*risks["convoys"], *risks["places"]], nothing)
        for convoy in risks["convoys"]:
            people = words.listed(words.cohort(cohort) for cohort in convoy["people"])
            seen = convoy["whereabouts"]["value"] if convoy["whereabouts"] else None
            ended = ((seen["reason"] if seen else None) or "").endswith(".")
            after = f"{'' if ended else '.'} With people: {people}" if people else ""
            self.line([(f"{clean(convoy['label'])}: ", "bold")], convoy["whereabouts"], self._whereabouts, after)
        for place in risks["places"]:
            self.line([], place, self._access, f" {_capital(words.since(place['since']))}.")

    def truce(self) -> None:
        truce = self._status["truce"]
        anything = [*truce["agreements"], *([truce["incidents"]] if truce["incidents"] else [])]
        self.section("Truce", anything, "no truce, violation or incident recorded")
        for agreement in truce["agreements"]:
            standing: list[Fragment] = []
            if agreement["standing"] in ("trial", "lapsing", "lapsed"):
                standing = [
                    " ",
                    (f"[{TRUCE_WORDS[agreement['standing']]}]", ALERT if agreement["standing"] == "lapsed" else "bold"),
                ]
            self.line([(f"{clean(agreement['label'])}: ", "bold")], agreement["state"], _stage, *standing)
            self.detail("term: ", agreement["term"], values.term)
            self._counts("violations", agreement["violations"], indent=4)
        self._counts("incidents", truce["incidents"], indent=2)

    def _counts(self, what: str, counts: Mapping[str, RecorderCounts], indent: int) -> None:
        for recorder, count in counts.items():
            spans = f"{_certain(count['last_7_days'])} in 7 days, {_certain(count['last_30_days'])} in 30 days"
            text = f"{what} reported by {self.names.claimant(recorder)}: {spans}, {count['all']} in all"
            self.sheet.put(text, indent=indent)
        if len(counts) > 1:
            self.sheet.put(("Two may report the same one: these are never added up.", ASIDE), indent=indent)

    def obligations(self) -> None:
        sides = self.section("Obligations, side by side", self._status["obligations"])
        owed = {
            f"{line['agreement']}#{line['obligation']}": (side["side"], line) for side in sides for line in side["owes"]
        }
        for side in sides:
            name = "Debtor not said" if side["side"] is None else self.names.actor(side["side"])
            self.sheet.put((name, "bold"), indent=2)
            for line in side["owes"]:
                self._obligation(line)
            if not side["owes"]:
                self.sheet.put("owes: nothing recorded", indent=4)
            for key in side["is_owed"]:
                debtor, owing = owed.get(key, ("not said", None))
                agreed = owing["agreed"]["value"] if owing and owing["agreed"] else None
                terms: Fields = agreed or {}
                text = clean(terms.get("text", key))
                self.sheet.put(f"is owed by {self.names.actor(debtor)}: {text}", indent=4)
            if not side["is_owed"]:
                self.sheet.put("is owed: nothing recorded", indent=4)

    def _obligation(self, line: OwedObligation) -> None:
        lead: list[Fragment] = ["owes: "]
        lead += [tag("kept"), " "] if line["kept"] else []
        lead += [tag("overdue"), " "] if line["overdue"] else []
        after = f" Agreement: {self.names.subject(line['agreement'])}."
        if line["phase"]:
            after += f" Phase: {clean(line['phase'])}."
        if line["mirrors"]:
            after += f" Mirrors: {words.listed(map(clean, line['mirrors']))}."
        if line["blocked_by"]:
            after += f" Waits for: {words.listed(map(clean, line['blocked_by']))}."
        if line["agreed"] is None:
            self.sheet.put(*lead, f"{clean(line['obligation'])}, its terms not recorded.{after}", indent=4)
        self.line(lead, line["agreed"], partial(values.terms, self.names), after, indent=4)
        self.line(["how far it is kept: "], line["score"], values.score, indent=6)
        if line["score"] is None:
            self.sheet.put("how far it is kept: not assessed", indent=6)

    def agreements(self) -> None:
        for agreement in self.section("Agreements", self._status["agreements"]):
            between = f" between {self.names.named(agreement['between'])}" if agreement["between"] else ""
            self.line([(f"{self.names.subject(agreement['subject'])}: ", "bold")], agreement["state"], _stage, between)
            self.detail("", agreement["described"], values.agreement)
            self.detail("complete: ", agreement["complete"], lambda v: ["yes" if v else "no"])
            self.detail("how it ended: ", agreement["ending"], plain)
            self.detail("term: ", agreement["term"], values.term)
            for signature in agreement["signatures"]:
                self.detail("", signature, partial(values.signature, self.names))

    def talks(self) -> None:
        for talks in self.section("Talks", self._status["talks"], family="talks"):
            self.line([(f"{self.names.subject(talks['subject'])}: ", "bold")], talks["state"], _stage)
            stages = _values(talks["state"])
            if OVER.isdisjoint(stages):
                late = talks["subject"] in self._late
                self.detail("planned for ", talks["planned"], partial(_plan, late=late))
            self.detail("where: ", talks["venue"], plain)
            if talks["between"]:
                self.entry(talks["events"], f"between {self.names.named(talks['between'])}", indent=4, below=True)
            self.detail("about: ", talks["about"], plain)
            for who, presence in talks["attendance"].items():
                self.detail(f"{self.names.actor(who)}: ", presence, plain)
            self.detail("outcome: ", talks["outcome"], plain)
            self.detail("what came of it: ", talks["summary"], plain)

    def positions(self) -> None:
        for position in self.grouped(self.section("Positions", self._status["positions"])):
            lead: list[Fragment] = [(f"{self.names.actor(position['actor'])}: ", "bold")]
            self.line(lead, position, partial(values.position, self.names), indent=4)

    def proposals(self) -> None:
        waiting = [proposal for proposal in self._status["proposals"] if proposal["unanswered"]]
        answered = len(self._status["proposals"]) - len(waiting)
        nothing = "none recorded" + (f", {answered} answered" if answered else "")
        for proposal in self.grouped(self.section("Unanswered proposals", waiting, nothing)):
            self.entry(proposal["events"], *values.proposal(self.names, proposal), indent=4)

    def roles(self) -> None:
        for role in self.grouped(self.section("Roles", self._status["roles"])):
            scope = f" for {clean(role['scope'])}" if role["scope"] else ""
            behalf = f", on behalf of {self.names.actor(role['on_behalf_of'])}" if role["on_behalf_of"] else ""
            who = f"{self.names.actor(role['actor'])}: {clean(role['role'])}{scope}{behalf} "
            self.line([(who, "bold")], role, values.role, values.quoted(role["verbatim"]), indent=4)

    def bodies(self) -> None:
        for body in self.section("Bodies", self._status["bodies"]):
            self.entry(body["events"], *values.body(self.names, body))

    def figures(self) -> None:
        for figure in self.section("Figures, by claimant", self._status["figures"]):
            self._series(figure, indent=2)

    def _series(self, figure: FigureSeries, indent: int) -> None:
        area = words.listed(map(clean, figure["area"])) if figure["area"] else "area not stated"
        mark: list[Fragment] = [tag("contested"), " "] if figure["contested"] else []
        scope = f" ({clean(figure['counting'])}): {area}" + (f"; {clean(figure['scope'])}" if figure["scope"] else "")
        self.sheet.put(*mark, (clean(figure["measure"]), "bold"), scope, indent=indent)
        for claim in figure["claims"]:
            who = self.names.claimant(claim["claimant"])
            lead = "" if who in self.names.grounds(claim["events"]) else f"{who}: "
            again = f", the newest of {claim['claims']} reports" if claim["claims"] > 1 else ""
            self.entry(claim["events"], lead, *values.claim(claim, figure["unit"]), again, indent=indent + 2)
        for claim in figure["assessed"]:
            who = self.names.claimant(claim["claimant"])
            why = f": {clean(claim['reason'])}" if claim["reason"] else ""
            said = [f"assessed by {who}: ", *values.claim(claim, figure["unit"]), why]
            self.entry(claim["events"], *said, indent=indent + 2)
        if figure["contested"]:
            self.sheet.put("No number fits all of these claims.", indent=indent + 2)
        elif len(figure["claims"]) > 1 and figure["span"]:
            allowed = words.quantity({**figure["span"], "unit": figure["unit"]})
            self.sheet.put(f"What all claims allow: {allowed}.", indent=indent + 2)

    def registers(self) -> None:
        for register in self.section("Registers", self._status["enrolments"]):
            self.line([(f"{self.names.subject(register['subject'])}: ", "bold")], register["state"], _stage)
            self.detail("", register["described"], partial(values.register, self.names))
            tracks = [words.label(track["labels"], track["id"]) for track in register["tracks"]]
            if tracks:
                self.sheet.put(f"tracks: {words.listed(tracks, last='or')}", indent=4)
            self.detail("open until: ", register["until"], lambda v: [words.when(v)])
            for series in register["counts"]:
                self._series(series, indent=4)
            if not register["counts"]:
                self.sheet.put("how many joined: nothing recorded", indent=4)

    def control(self) -> None:
        for line in self.section("Control", self._status["control"]):
            self.line([], line, partial(values.control, self.names), f", {words.when(line['occurred'])}")

    def access(self) -> None:
        for line in self.section("Access", self._status["access"]):
            self.line([], line, self._access)

    def _access(self, value: Said) -> list[Fragment]:
        return values.access(self.names, value)

    def instruments(self) -> None:
        for instrument in self.section("Instruments", self._status["instruments"]):
            self.entry(instrument["events"], *values.instrument(self.names, instrument))

    def convoys(self) -> None:
        for convoy in self.section("Convoys", self._status["convoys"], family="convoys"):
            self.line(
                [(f"{self.names.subject(convoy['subject'])}: ", "bold")], convoy["whereabouts"], self._whereabouts
            )
            self.detail("", convoy["described"], partial(values.convoy, self.names))
            for who, decision in convoy["clearances"].items():
                self.detail(f"clearance by {self.names.actor(who)}: ", decision, values.clearance)
            self.detail("left with: ", convoy["departure"], values.departure)
            for removed in convoy["removed"]:
                self.entry(removed["events"], *values.removed(self.names, removed), indent=4)
            self.detail("arrived: ", convoy["arrival"], values.arrival)

    def _whereabouts(self, seen: Whereabouts) -> list[Fragment]:
        return values.whereabouts(self.names, seen)

    def statements(self) -> None:
        for statement in self.section("Statements, newest first", self._status["statements"]):
            said: Fields = statement
            who = (
                self.names.actor(said["speaker"])
                if said.get("speaker")
                else clean(said.get("description", "not named"))
            )
            quote = values.quoted(said.get("verbatim"))
            text: list[Fragment] = [(f"{who}: ", "bold"), clean(said["text"]), quote]
            self.entry(statement["events"], *text)

    def findings(self) -> None:
        findings = self._status["findings"]
        self.section("What does not fit", findings["items"], "nothing that a rule would see")
        for finding in findings["items"][:MAX_FINDINGS]:
            text = NAMED.sub(lambda actor: self.names.actor(actor[1]), clean(finding["text"]))
            mark: Fragment = (f"[{finding['severity']}]", ALERT if finding["severity"] == "high" else "bold")
            self.sheet.put(mark, f" {self.names.subject(finding['subject'])}: {text}", indent=2)
        if findings["total"] > MAX_FINDINGS:
            rest = ", ".join(f"{count} {severity}" for severity, count in findings["by_severity"].items() if count)
            self.sheet.put((f"{findings['total']} in all ({rest}): `parley findings` shows them.", ASIDE), indent=2)

    def gone(self) -> None:
        """Subjects of which no opening is left, and ids that gave way to others; nothing if there are none."""
        withdrawn, unified = self._status["withdrawn"], self._status["unified"]
        if not withdrawn and not unified:
            return
        self.sheet.heading("Withdrawn, and joined with others")
        for subject in withdrawn:
            self.entry(
                subject["events"], tag("withdrawn"), f" {self.names.subject(subject['subject'])}: it was taken back."
            )
        for joined in unified:
            stays = self.names.subject(joined["into"])
            self.sheet.put(tag("unified"), f" {clean(joined['subject'])} is the same as {stays}.", indent=2)

    def changes(self) -> None:
        changes = self.section("Latest changes, newest first", self._status["changes"])
        for recorded in dict.fromkeys(str(line["recorded_at"])[:16] for line in changes):
            self.sheet.put(f"recorded {words.moment(recorded)}", indent=2)
            at_once = [line for line in changes if line["recorded_at"].startswith(recorded)]
            for kind, path in dict.fromkeys((line["type"], line["subject"]) for line in at_once):
                alike = [line for line in at_once if (line["type"], line["subject"]) == (kind, path)]
                many = f" ({len(alike)} reports)" if len(alike) > 1 else ""
                what = f"{words.spoken(kind)}{many}: {self.names.subject(path)}"
                self.entry([event for line in alike for event in line["events"]], what, indent=4)


# --- values that need no more than a word ---------------------------------------------------------------------


def _stage(value: Any) -> list[Fragment]:
    return [tag(str(value), ", a plan" if value in ("scheduled", "postponed") else "")]


def _plan(value: str | None, *, late: bool) -> list[Fragment]:
    passed = "; that has passed, and whether it was held is not recorded" if late else ""
    return [f"{words.when(value)}{passed}" if value else "a time not yet named"]


def _values(line: ShownLine[T] | None) -> Iterable[T | None]:
    """The values that stand in a line."""
    if line is None:
        return []
    if line["contested"]:
        return [candidate["value"] for candidate in line["candidates"]]
    return [line["value"]]


def _certain(count: CountInWindow) -> str:
    """A count in a window of days: some may lie outside it, by their uncertain dates."""
    return f"{count['certain']}" + (f" (and perhaps {count['possible']} more)" if count["possible"] else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _contested(part: Any) -> int:
    """How many lines and figures, anywhere in a status, are contested."""
    if isinstance(part, list):
        return sum(map(_contested, part))
    if isinstance(part, dict):
        return int(part.get("contested") is True) + sum(map(_contested, part.values()))
    return 0
