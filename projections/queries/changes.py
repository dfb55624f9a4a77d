"""What became known of a process between two moments, for a person who comes back to it in the morning.

`digest` holds two views of one process against each other: which reports came in, which of those known before were
revised, which lines of the status tell something else, what does not fit any more or fits again, and what fell due
meanwhile. It is pure. Nothing is kept for it: both views are folded from the events of the process.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from domain.actors import shown_label
from domain.errors import BadCursor, NotFound
from domain.event import Event, Recorded, Revision, instant
from domain.finding import Finding
from domain.findings.reports import disputant
from domain.references import references_in
from domain.revisions import EventCorrected, EventDisputed, SubjectUnified
from domain.sentences import ReportText, told
from domain.values import Subject
from projections import rendering
from projections.answers.changes import (
    ChangedLine,
    ChangeGroups,
    ChangesAnswer,
    CorrectedEntry,
    FindingEntry,
    Moment,
    NamedSubject,
    NewReports,
    OverdueEntry,
    RevisionEntry,
)
from projections.answers.deadlines import ShownDue
from projections.answers.explanations import Marks
from projections.answers.figures import FigureSeries
from projections.answers.lines import fields_of
from projections.queries import explanations, line_names
from projections.queries.at_horizon import HorizonRequest, ProcessView, process_view
from projections.queries.figures import figures_of
from projections.queries.findings import shown_finding, standing
from projections.queries.line_changes import came_about, shown_line, substance
from projections.queries.line_names import NamedLine
from projections.queries.revision_roots import RevisionRoots
from projections.queries.sentences import brief, content_of, differences, gist
from projections.queries.snapshot import ProcessSnapshot
from projections.queries.status import due
from projections.read_models.incident_counts import DAY
from projections.read_models.membership import events_of
from projections.read_models.timeline import recorded_at
from projections.renderer import Renderer
from projections.storage.generations import ReadTransaction

LATE = 3 * DAY
"""Seconds after which a report comes late, if what it tells of was over before the window began, too."""
NEW_SHOWN = 500
"""Reports that came in, in one answer, the last ones; `totals` counts all, and the history has them."""
MOST_CAUSES = 20
"""Events that are named as the cause of one change; the newest ones."""
MOST_TEXT = 240
"""Characters of a sentence that tells what a report says."""

CONTESTS = ("contested", "claims-contradict", "claims-diverge")
"""The rules of findings that say that reports contradict each other."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of the window: the last position that is known there, and the clock."""

    position: int
    time: datetime | None
    """None before anything was recorded."""

    def stated(self) -> Moment:
        return {"position": self.position, "time": instant(self.time) if self.time is not None else None}


def changes(
    transaction: ReadTransaction, process: str, since: HorizonRequest, until: HorizonRequest, now: datetime
) -> ChangesAnswer:
    """What became known of a process after one moment and up to another.

    Args:
        transaction: a snapshot of the read models.
        process: id of the process.
        since: the moment after which it became known, by position; its clock is the time asked for, else the time at
            which that position was recorded.
        until: likewise the moment by which it was known; without a position, the present.
        now: the clock on the wall.

    Raises:
        NotFound: the process was never opened, or nothing of it was known at `until`.
        BadCursor: `since` lies after `until`.
    """
    first = End(since.position or 0, since.clock() or recorded_at(transaction, since.position or 0))
    if until.position is None:
        clocks = (now, first.time, recorded_at(transaction, transaction.position))
        last = End(transaction.position, max(clock for clock in clocks if clock is not None))
    else:
        last = End(until.position, until.clock() or recorded_at(transaction, until.position))
    backwards = first.time is not None and last.time is not None and first.time > last.time
    if first.position > last.position or backwards:
        raise BadCursor.at("since", "this lies after `until`: send the earlier one as `since`")
    clock = last.time or now
    try:
        after = process_view(transaction, process, clock, replace(until, position=last.position))
    except NotFound:
        log = events_of(transaction, process)
        if not log:
            raise
        raise NotFound(
            "nothing of this process was known at `until`: its first event was recorded at position "
            f"{log[0].position}, {instant(log[0].recorded_at)}"
        ) from None
    return digest(_before(transaction, process, replace(since, position=first.position), first, after), after, first)


def _before(
    transaction: ReadTransaction, process: str, request: HorizonRequest, since: End, after: ProcessView
) -> ProcessView | None:
    """The view at the beginning; None if nothing of the process was known then."""
    if since.time is None:
        return None
    if not any(r.position > since.position for r in after.snapshot.filed) and not after.has_come_since(since.time):
        return replace(after, now=since.time, request=request)  # only the clock differs
    try:
        return process_view(transaction, process, since.time, request)
    except NotFound:
        return None


def digest(before: ProcessView | None, after: ProcessView, since: End | None = None) -> ChangesAnswer:
    """What became known between two views of one process, in groups; the most urgent ones first.

    Args:
        before: the process at the beginning; None if nothing was known of it.
        after: the process at the end, folded from a log: its snapshot has what its history shows.
        since: the beginning, where it cannot be told from `before`.
    """
    if before is not None:
        since = since or End(before.request.position or 0, before.now)
    comparison = _Comparison(before, after, since or End(0, None))
    groups: ChangeGroups = {
        "overdue": comparison.overdue(),
        "newly_contested": comparison.raised(contests=True),
        "no_longer_contested": comparison.resolved(contests=True),
        "changed": comparison.changed(),
        "corrected": comparison.corrected(),
        "raised": comparison.raised(contests=False),
        "resolved": comparison.resolved(contests=False),
        "new": comparison.new(),
    }
    return comparison.answer(groups)


class _Comparison:
    """Two views of one process, held against each other."""

    def __init__(self, before: ProcessView | None, after: ProcessView, since: End) -> None:
        self._before = before
        self._after = after
        self._since = since
        self._renderer = Renderer()
        self._now: ProcessSnapshot = after.snapshot
        self._was: ProcessSnapshot | None = before.snapshot if before is not None else None
        self._filed = {str(recorded.id): recorded for recorded in self._now.filed}
        known = {str(recorded.id) for recorded in self._was.filed} if self._was is not None else set()
        self._reports = 0
        self._news = {event_id: recorded for event_id, recorded in self._filed.items() if event_id not in known}
        """What became known, in log order."""
        self._bearing: dict[str, list[str]] = defaultdict(list)
        """Revisions that became known, by the report that they end up at."""
        self._on: dict[Subject, list[str]] = defaultdict(list)
        """What became known, by the subject that stays."""
        roots = RevisionRoots(self._filed)
        for event_id, recorded in self._news.items():
            self._on[self._stays(recorded.subject)].append(event_id)
            for root in roots.of(recorded):
                self._bearing[root].append(event_id)
        self._labels: dict[str, str] = {}

    # --- the groups

    def new(self) -> list[NewReports]:
        """The reports that came in, the last ones if there are very many, by subject, in the order of the log."""
        groups: dict[Subject, NewReports] = {}
        reports = [(event_id, r) for event_id, r in self._news.items() if not r.event.data.revises]
        self._reports = len(reports)
        for event_id, recorded in reports[-NEW_SHOWN:]:
            path = self._stays(recorded.subject)
            opened = self._was is None or all(self._stays(subject) != path for subject in self._was.states)
            group = groups.setdefault(path, {**self._named(path), "opened": opened, "reports": []})
            event = self._now.events[event_id].event
            group["reports"].append(
                {
                    "event": self._renderer.rests_on([event_id])[0],
                    "position": recorded.position,
                    "type": event.type,
                    "occurred": event.occurred,
                    "late": self._is_late(event, recorded),
                    "put_in": recorded.position <= self._since.position,
                    "recorded_at": instant(recorded.recorded_at),
                    "recorded_by": recorded.recorded_by,
                    "claimants": event.claimant_names,
                    "says": self._sentence(event),
                    **self._now.marks.get(event_id, Marks()),
                }
            )
        return list(groups.values())

    def _is_late(self, event: Event, recorded: Recorded) -> bool:
        """Whether it occurred long before it was recorded, and before the window began."""
        ended = event.span.latest
        began = int(self._since.time.timestamp()) if self._since.time is not None else None
        return ended + LATE < recorded.recorded_at.timestamp() and (began is None or ended < began)

    def corrected(self) -> list[CorrectedEntry]:
        """What was known before and was revised: what it said, what it says now, by whom and why."""
        was, entries = self._was, list[CorrectedEntry]()
        for event_id, recorded in self._filed.items():
            revisions = self._bearing.get(event_id, [])
            if isinstance(recorded.event.data, SubjectUnified):
                entries += [self._unified(event_id, recorded, recorded.event.data, revisions)] if revisions else []
            elif isinstance(recorded.event.data, Revision) or was is None or event_id in self._news:
                continue
            elif revisions or was.marks.get(event_id) != self._now.marks.get(event_id):
                entries += self._revised(event_id, was, revisions)
        return entries

    def _revised(self, event_id: str, was: ProcessSnapshot, revisions: list[str]) -> Iterator[CorrectedEntry]:
        old, new = was.marks.get(event_id, Marks()), self._now.marks.get(event_id, Marks())
        said, says = was.events[event_id].event, self._now.events[event_id].event
        stood, stands = (not (marks.get("retracted_by") or marks.get("same_as")) for marks in (old, new))
        fields = list(differences(content_of(said), content_of(says))) if stood and stands else []
        gained = old.get("repeated_by") != new.get("repeated_by")
        if gained:  # it took over the sources of its duplicates, or gave them back
            fields = [d for d in fields if not d["field"].startswith("sources")]
        what = []
        if stood and not stands:
            what.append("marked as a duplicate" if new.get("same_as") else "retracted")
        elif stands and not stood:
            what.append("restored")
        elif fields:
            what.append("corrected" if new.get("corrected_by") else "correction withdrawn")
        disputes = set(old.get("disputed_by", ())), set(new.get("disputed_by", ()))
        what += ["disputed"] if disputes[1] - disputes[0] else []
        what += ["dispute withdrawn"] if disputes[0] - disputes[1] else []
        if not what and (gained or not revisions):
            return
        yield {
            "what": what or ["unchanged"],
            **self._named(self._stays(said.subject)),
            "event": self._renderer.rests_on([event_id])[0],
            "type": says.type,
            "said": self._sentence(said),
            "says": self._sentence(says) if stands else None,
            "differences": fields,
            "same_as": self._renderer.rests_on([new["same_as"]])[0] if new.get("same_as") else None,
            "revisions": [self._revision(revision) for revision in revisions],
        }

    def _unified(self, event_id: str, recorded: Recorded, data: SubjectUnified, revisions: list[str]) -> CorrectedEntry:
        """Two ids that turned out to be one thing, or not to be."""
        gives_way, into = recorded.subject, Subject(data.into)
        stands = self._stays(gives_way) == self._stays(into)
        return {
            "what": ["unified" if stands else "unification withdrawn"],
            **self._named(self._stays(gives_way)),
            "event": self._renderer.rests_on([event_id])[0],
            "type": recorded.type,
            "said": None if event_id in self._news else told("{one} and {other} are one.", one=gives_way, other=into),
            "says": told(
                "{one} and {other} are one: {stays} stays.", one=gives_way, other=into, stays=self._stays(into)
            )
            if stands
            else None,
            "differences": [],
            "same_as": None,
            "revisions": [self._revision(revision) for revision in revisions],
        }

    def _revision(self, event_id: str) -> RevisionEntry:
        """A correction, retraction, dispute or mark: who, when and why."""
        recorded = self._filed[event_id]
        by: str | None = None
        why: str | None = None
        match recorded.event.data:
            case EventCorrected() as correction:
                by, why = correction.by.value, correction.reason
            case EventDisputed() as dispute:
                by, why = disputant(recorded.event), dispute.instead
            case other:
                why = getattr(other, "reason", None)
        self._name(by)
        return {
            "event": self._renderer.rests_on([event_id])[0],
            "type": recorded.type,
            "by": by,
            "why": why,
            "recorded_at": instant(recorded.recorded_at),
            "recorded_by": recorded.recorded_by,
        }

    def changed(self) -> list[ChangedLine]:
        """The lines of the status that tell something else; of a subject not known before, its reports are the news."""
        if self._before is None or self._was is None:
            return []
        mine = self._lines(self._after, self._renderer)
        known = {self._stays(path) for path in self._was.states}
        entries: list[ChangedLine] = []
        old, new = self._lines(self._before, Renderer()), {k: v for k, v in mine.items() if k[0] in known}
        for key in dict.fromkeys((*new, *old)):
            plan = (key[0], f"{key[1]}.{line_names.PLAN}")
            was, now = old.get(key), new.get(key)
            if now is None and key[1].endswith(f".{line_names.PLAN}") and came_about(key, old, new):
                continue  # its fact tells
            if was is None and plan in old and plan not in new:
                was = old[plan]
            if substance(was) == substance(now) or (was is None and key[1].startswith("proposals.")):
                continue
            own = Subject(f"processes/{self._now.process}")
            entries.append(
                {
                    "line": f"{line_names.prefix(key[0], own)}{key[1]}",
                    **self._named(key[0]),
                    "before": shown_line(was),
                    "after": shown_line(now),
                    "because": self._because(key[0], was, now),
                }
            )
        return entries

    def _lines(self, view: ProcessView, renderer: Renderer) -> dict[tuple[Subject, str], NamedLine]:
        """Every line of a view by subject and name, under the subjects that stay at the end."""
        by_name: dict[tuple[Subject, str], NamedLine] = {}
        figures, counts = figures_of(renderer, view.snapshot, view.lookup, shown=len(view.snapshot.claims))
        series: dict[str, list[FigureSeries]] = defaultdict(list)
        for one_series in (*figures, *(count for of_register in counts.values() for count in of_register)):
            series[one_series["subject"]].append(one_series)
        for path, state in view.snapshot.states.items():
            shown = rendering.subject(renderer, path, state)
            document: dict[str, object] = {**shown}
            if "whereabouts" in document:  # tells the state, too
                document.pop("state")
            lines = line_names.lines_of(document) | line_names.claims_of(series[path])
            for name, line in lines.items():
                if line.get("cited") or name.startswith("described."):  # a description tells of its parts
                    continue
                key = (self._stays(path), name)
                if path == key[0] or key not in by_name:
                    by_name[key] = line
            for proposal in shown["proposals"]:
                name = f"proposals.{line_names.slug(fields_of(proposal)['kind'])}.{proposal['events'][0][:8]}"
                by_name[self._stays(path), name] = {
                    "value": "unanswered" if proposal["unanswered"] else "answered",
                    "since": proposal["occurred"],
                    "occurred": proposal["occurred"],
                    "contested": False,
                    "events": [*proposal["events"], *proposal["answered_by"]],
                }
        return by_name

    def _because(self, path: Subject, was: NamedLine | None, now: NamedLine | None) -> list[str]:
        """The events that made a line tell something else: those it rests on now, or what became of those before."""
        rests_on = [event_id for line in (now, was) if line is not None for event_id in line["events"]]
        events = [event_id for event_id in dict.fromkeys(rests_on) if event_id in self._news]
        events += [revision for event_id in dict.fromkeys(rests_on) for revision in self._bearing.get(event_id, [])]
        return self._causes(events or self._on.get(path, []))

    def raised(self, *, contests: bool) -> list[FindingEntry]:
        """The findings that stand and did not; `by_time` if nothing but the clock raised finding."""
        before = _findings(self._before, self._stays)
        stood = _standing(self._before, self._stays)
        entries: list[FindingEntry] = []
        for key, finding in _standing(self._after, self._stays).items():
            if key in stood or (finding.rule in CONTESTS) is not contests:
                continue
            by_time = before.get(key) == finding
            mine = [event for event in map(str, finding.events) if event in self._news]
            causes = [] if by_time else self._causes(mine or self._on.get(key[1], ()))
            entries.append(self._entry(finding, causes, by_time=by_time))
        return entries

    def resolved(self, *, contests: bool) -> list[FindingEntry]:
        """The findings that stood and do not any more, with what came in on their subject since."""
        after, stands = _findings(self._after, self._stays), _standing(self._after, self._stays)
        entries: list[FindingEntry] = []
        for key, finding in _standing(self._before, self._stays).items():
            if key in stands or (finding.rule in CONTESTS) is not contests:
                continue
            mine = [revision for event in finding.events for revision in self._bearing.get(str(event), [])]
            by_time = after.get(key) == finding
            causes = [] if by_time else self._causes(mine or self._on.get(key[1], ()) or self._news)
            entries.append(self._entry(finding, causes, by_time=by_time))
        return entries

    def _entry(self, finding: Finding, causes: list[str], *, by_time: bool) -> FindingEntry:
        for actor in re.findall(r"\bactors/([a-z0-9-]+)", finding.text):
            self._renderer.actor(actor)
        named = self._named(self._stays(finding.subject))
        return {**named, **shown_finding(self._renderer, finding), "by_time": by_time, "because": causes}

    def overdue(self) -> list[OverdueEntry]:
        """What was to be by now and is not settled, and was not overdue before; `by_time` if it was expected then."""

        def key(line: ShownDue) -> tuple[object, ...]:
            return (self._stays(line["subject"]), line["what"], str(line["when"]), line["actor"])

        before = due(Renderer(), self._before.snapshot, self._before.now) if self._before is not None else {}
        known = {key(line): kind for kind, lines in before.items() for line in lines}
        return [
            {**line, **self._named(Subject(line["subject"])), "by_time": key(line) in known}
            for line in due(self._renderer, self._now, self._after.now)["overdue"]
            if known.get(key(line)) != "overdue"
        ]

    # --- the answer

    def answer(self, groups: ChangeGroups) -> ChangesAnswer:
        """The groups with what they count, both ends, and what explains them."""
        reports = [report for group in groups["new"] for report in group["reports"]]
        own = self._now.states[Subject(f"processes/{self._now.process}")]
        named = list(self._renderer.events)
        events, marks = self._after.lookup(named), self._after.marks(named)
        return {
            "process": self._now.process,
            "labels": rendering.labels(own.labels),
            "since": self._since.stated(),
            "until": self._until.stated(),
            "known_before": self._before is not None,
            "totals": {
                **{name: len(cast(Sized, entries)) for name, entries in groups.items()},
                "new": self._reports,
                "shown": len(reports),
                "late": sum(report["late"] for report in reports),
                "subjects": len(groups["new"]),
            },
            **groups,
            **explanations.at_horizon(self._after, self._renderer, events, marks),
        }

    @property
    def _until(self) -> End:
        last = max((recorded.position for recorded in self._now.filed), default=0)
        position = self._after.request.position
        return End(last if position is None else position, self._after.now)

    # --- words

    def _named(self, path: Subject) -> NamedSubject:
        """A subject with the name that it has, or had."""
        for snapshot in (self._now, self._was):
            state = snapshot.states.get(path) if snapshot is not None else None
            if state is not None and state.labels:
                return {"subject": path, "label": state.labels[0].text}
        return {"subject": path, "label": path}

    def _sentence(self, event: Event) -> str:
        """What a report says, in a sentence made from its fields."""
        for _, refers, name in references_in(event.data):
            if refers.to == "actors":
                self._name(f"actors/{name}")
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", event.type).capitalize()
        fields = event.data.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        phrases = gist(fields, self._labels)
        text = f"{words}: {phrases}" if phrases else words
        whole = len(text) < MOST_TEXT
        sentence = ReportText(f"{text}." if whole else f"{text[: MOST_TEXT - 1].rstrip()}…")
        sentence.type, sentence.fields = event.type, fields if whole else brief(fields, MOST_TEXT)
        return sentence

    def _name(self, actor: str | None) -> None:
        """Looks up the name of an actor, once."""
        if actor is None or not actor.startswith("actors/"):
            return
        actor_id = actor.removeprefix("actors/")
        self._renderer.actor(actor_id)
        if actor_id not in self._labels:
            states = self._after.named([actor_id])
            self._labels[actor_id] = (shown_label(states[actor_id]) if actor_id in states else None) or actor_id

    # --- what belongs together

    def _stays(self, path: str) -> Subject:
        return self._now.joined.get(Subject(path), Subject(path))

    def _causes(self, events: Iterable[str]) -> list[str]:
        return self._renderer.rests_on(list(dict.fromkeys(events))[-MOST_CAUSES:])


# --- findings ---------------------------------------------------------------------------------------------------

Key = tuple[str, Subject, str]


def _findings(view: ProcessView | None, stays: Any) -> dict[Key, Finding]:
    """All findings of a view, whenever they stand, under the subjects that stay at the end."""
    findings = view.findings() if view is not None else []
    return {(finding.rule, stays(finding.subject), finding.about): finding for finding in findings}


def _standing(view: ProcessView | None, stays: Any) -> dict[Key, Finding]:
    """The findings that stand at the clock of a view, the gravest first."""
    findings = standing(view.findings(), view.now) if view is not None else []
    return {(finding.rule, stays(finding.subject), finding.about): finding for finding in findings}
