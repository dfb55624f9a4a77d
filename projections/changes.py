"""What became known of a process between two moments, for whoever comes back to it in the morning.

`digest` holds two scenes of one process against each other: which reports came in, which of those known before were
revised, which lines of the status tell something else, what does not fit any more or fits again, and what fell due
meanwhile. It is pure. Nothing is kept for it: both scenes are folded anew from the events of the process.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.actors import shown_label
from domain.errors import BadCursor, NotFound
from domain.event import Event, Recorded, Revision, instant
from domain.finding import Finding
from domain.references import references_in
from domain.revisions import DuplicateMarked, EventCorrected, EventDisputed, SubjectUnified
from domain.values import Subject
from projections import naming, render, status
from projections.outlook import disputant
from projections.picture import DAY, Picture, revised
from projections.read_models.timeline import TIMELINE
from projections.render import Json, Page
from projections.scene import Asked, Scene, events_of, scene
from projections.storage.generations import ReadTransaction

LATE = 3 * DAY
"""Seconds after which a report comes late, if what it tells of was over before the window began, too."""
NEW_SHOWN = 500
"""Reports that came in, in one answer, the last ones; `totals` counts all, and the history has them."""
MOST_CAUSES = 20
"""Events that are named as the cause of one change; the newest ones."""
MOST_TEXT = 240
"""Characters of a sentence that tells what a report says."""

WORDING = ("verbatim", "persuaded_by")
"""What two reports may put differently and still say the same."""
CONTESTS = ("contested", "claims-contradict", "claims-diverge")
"""The rules of findings that say that reports contradict each other."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of the window: the last position that is known there, and the clock."""

    position: int
    time: datetime | None
    """None before anything was recorded."""

    def stated(self) -> Json:
        return {"position": self.position, "time": instant(self.time) if self.time is not None else None}


def changes(reading: ReadTransaction, process: str, since: Asked, until: Asked, now: datetime) -> Json:
    """What became known of a process after one moment and up to another.

    Args:
        reading: a snapshot of the read models.
        process: id of the process.
        since: the moment after which it became known, by position; its clock is the time asked for, else the time at
            which that position was recorded.
        until: likewise the moment by which it was known; without a position, the present.
        now: the clock on the wall.

    Raises:
        NotFound: the process was never opened, or nothing of it was known at `until`.
        BadCursor: `since` lies after `until`.
    """
    first = End(since.position or 0, since.now or _recorded_at(reading, since.position or 0))
    if until.position is None:
        clocks = (now, first.time, _recorded_at(reading, reading.position))
        last = End(reading.position, max(clock for clock in clocks if clock is not None))
    else:
        last = End(until.position, until.now or _recorded_at(reading, until.position))
    backwards = first.time is not None and last.time is not None and first.time > last.time
    if first.position > last.position or backwards:
        raise BadCursor.at("since", "this lies after `until`: send the earlier one as `since`")
    clock = last.time or now
    try:
        asked = replace(until, position=last.position)
        after = scene(reading, process, clock, status.counted_from(clock), asked)
    except NotFound:
        log = events_of(reading, process)
        if not log:
            raise
        raise NotFound(
            "nothing of this process was known at `until`: its first event was recorded at position "
            f"{log[0].position}, {instant(log[0].recorded_at)}"
        ) from None
    return digest(_before(reading, process, replace(since, position=first.position), first, after), after, first)


def _before(reading: ReadTransaction, process: str, asked: Asked, since: End, after: Scene) -> Scene | None:
    """The scene at the beginning; None if nothing of the process was known then."""
    if since.time is None:
        return None
    if not any(recorded.position > since.position for recorded in after.picture.filed):
        return replace(after, now=since.time, asked=asked)  # nothing came in: only the clock differs
    try:
        return scene(reading, process, since.time, status.counted_from(since.time), asked)
    except NotFound:
        return None


def _recorded_at(reading: ReadTransaction, position: int) -> datetime | None:
    """When a position was recorded; None before the first one."""
    table = reading.table(TIMELINE)
    query = select(table.c.recorded_at).where(table.c.position <= position).order_by(table.c.position.desc()).limit(1)
    found = reading.connection.execute(query).scalar()
    return datetime.fromisoformat(found) if found is not None else None


def digest(before: Scene | None, after: Scene, since: End | None = None) -> Json:
    """What became known between two scenes of one process, in groups; the most urgent ones first.

    Args:
        before: the process at the beginning; None if nothing was known of it.
        after: the process at the end, folded from a log: its picture has what its history shows.
        since: the beginning, where it cannot be told from `before`.
    """
    if before is not None:
        since = since or End(before.asked.position or 0, before.now)
    found = _Comparison(before, after, since or End(0, None))
    groups = {
        "overdue": found.overdue(),
        "newly_contested": found.raised(contests=True),
        "no_longer_contested": found.resolved(contests=True),
        "changed": found.changed(),
        "corrected": found.corrected(),
        "raised": found.raised(contests=False),
        "resolved": found.resolved(contests=False),
        "new": found.new(),
    }
    return found.answer(groups)


class _Comparison:
    """Two scenes of one process, held against each other."""

    def __init__(self, before: Scene | None, after: Scene, since: End) -> None:
        self._before = before
        self._after = after
        self._since = since
        self._page = Page()
        self._now: Picture = after.picture
        self._was: Picture | None = before.picture if before is not None else None
        self._filed = {str(recorded.id): recorded for recorded in self._now.filed}
        known = {str(recorded.id) for recorded in self._was.filed} if self._was is not None else set()
        self._reports = 0
        self._news = {one: recorded for one, recorded in self._filed.items() if one not in known}
        """What became known, in log order."""
        self._bearing: dict[str, list[str]] = defaultdict(list)
        """Revisions that became known, by the report that they end up at."""
        self._on: dict[Subject, list[str]] = defaultdict(list)
        """What became known, by the subject that stays."""
        for one, recorded in self._news.items():
            self._on[self._stays(recorded.subject)].append(one)
            for root in self._roots(recorded):
                self._bearing[root].append(one)
        self._labels: dict[str, str] = {}

    # --- the groups

    def new(self) -> list[Json]:
        """The reports that came in, the last ones if there are very many, by subject, in the order of the log."""
        groups: dict[Subject, Json] = {}
        reports = [(one, r) for one, r in self._news.items() if not r.event.data.revises]
        self._reports = len(reports)
        for one, recorded in reports[-NEW_SHOWN:]:
            path = self._stays(recorded.subject)
            opened = self._was is None or all(self._stays(subject) != path for subject in self._was.states)
            group = groups.setdefault(path, {**self._named(path), "opened": opened, "reports": []})
            event = self._now.events[one].event
            group["reports"].append(
                {
                    "event": self._page.rests_on([one])[0],
                    "position": recorded.position,
                    "type": event.type,
                    "occurred": event.occurred,
                    "late": self._is_late(event, recorded),
                    "put_in": recorded.position <= self._since.position,
                    "recorded_at": instant(recorded.recorded_at),
                    "recorded_by": recorded.recorded_by,
                    "claimants": list(event.claimants),
                    "says": self._sentence(event),
                    **self._now.marks.get(one, {}),
                }
            )
        return list(groups.values())

    def _is_late(self, event: Event, recorded: Recorded) -> bool:
        """Whether it occurred long before it was recorded, and before the window began."""
        ended = event.span.latest
        began = int(self._since.time.timestamp()) if self._since.time is not None else None
        return ended + LATE < recorded.recorded_at.timestamp() and (began is None or ended < began)

    def corrected(self) -> list[Json]:
        """What was known before and was revised: what it said, what it says now, by whom and why."""
        was, found = self._was, []
        for one, recorded in self._filed.items():
            revisions = self._bearing.get(one, [])
            if isinstance(recorded.event.data, SubjectUnified):
                found += [self._unified(one, recorded, recorded.event.data, revisions)] if revisions else []
            elif isinstance(recorded.event.data, Revision) or was is None or one in self._news:
                continue
            elif revisions or was.marks.get(one) != self._now.marks.get(one):
                found += self._revised(one, was, revisions)
        return found

    def _revised(self, one: str, was: Picture, revisions: list[str]) -> Iterator[Json]:
        old, new = was.marks.get(one, {}), self._now.marks.get(one, {})
        said, says = was.events[one].event, self._now.events[one].event
        stood, stands = (not (marks.get("retracted_by") or marks.get("same_as")) for marks in (old, new))
        differences = list(_differences(_told(said), _told(says))) if stood and stands else []
        gained = old.get("repeated_by") != new.get("repeated_by")
        if gained:  # it took over the sources of its duplicates, or gave them back
            differences = [d for d in differences if not d["field"].startswith("sources")]
        what = []
        if stood and not stands:
            what.append("marked as a duplicate" if new.get("same_as") else "retracted")
        elif stands and not stood:
            what.append("restored")
        elif differences:
            what.append("corrected" if new.get("corrected_by") else "correction withdrawn")
        disputes = set(old.get("disputed_by", ())), set(new.get("disputed_by", ()))
        what += ["disputed"] if disputes[1] - disputes[0] else []
        what += ["dispute withdrawn"] if disputes[0] - disputes[1] else []
        if not what and (gained or not revisions):
            return
        yield {
            "what": what or ["unchanged"],
            **self._named(self._stays(said.subject)),
            "event": self._page.rests_on([one])[0],
            "type": says.type,
            "said": self._sentence(said),
            "says": self._sentence(says) if stands else None,
            "differences": differences,
            "same_as": self._page.rests_on([new["same_as"]])[0] if new.get("same_as") else None,
            "revisions": [self._revision(revision) for revision in revisions],
        }

    def _unified(self, one: str, recorded: Recorded, data: SubjectUnified, revisions: list[str]) -> Json:
        """Two ids that turned out to be one thing, or not to be."""
        gives_way, into = recorded.subject, Subject(data.into)
        stands = self._stays(gives_way) == self._stays(into)
        told = f"{gives_way} and {into} are one"
        return {
            "what": ["unified" if stands else "unification withdrawn"],
            **self._named(self._stays(gives_way)),
            "event": self._page.rests_on([one])[0],
            "type": recorded.type,
            "said": None if one in self._news else f"{told}.",
            "says": f"{told}: {self._stays(into)} stays." if stands else None,
            "differences": [],
            "same_as": None,
            "revisions": [self._revision(revision) for revision in revisions],
        }

    def _revision(self, one: str) -> Json:
        """A correction, retraction, dispute or mark: who, when and why."""
        recorded = self._filed[one]
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
            "event": self._page.rests_on([one])[0],
            "type": recorded.type,
            "by": by,
            "why": why,
            "recorded_at": instant(recorded.recorded_at),
            "recorded_by": recorded.recorded_by,
        }

    def changed(self) -> list[Json]:
        """The lines of the status that tell something else; of a subject not known before, its reports are the news."""
        if self._before is None or self._was is None:
            return []
        mine = self._lines(self._after, self._page)
        known = {self._stays(path) for path in self._was.states}
        found = []
        old, new = self._lines(self._before, Page()), {k: v for k, v in mine.items() if k[0] in known}
        for key in dict.fromkeys((*new, *old)):
            plan = (key[0], f"{key[1]}.{naming.PLAN}")
            was, now = old.get(key), new.get(key)
            if now is None and key[1].endswith(f".{naming.PLAN}") and _came_about(key, old, new):
                continue  # its fact tells
            if was is None and plan in old and plan not in new:
                was = old[plan]
            if _substance(was) == _substance(now) or (was is None and key[1].startswith("proposals.")):
                continue
            own = Subject(f"processes/{self._now.process}")
            found.append(
                {
                    "line": f"{naming.prefix(key[0], own)}{key[1]}",
                    **self._named(key[0]),
                    "before": _shown(was),
                    "after": _shown(now),
                    "because": self._because(key[0], was, now),
                }
            )
        return found

    def _lines(self, scene: Scene, page: Page) -> dict[tuple[Subject, str], Json]:
        """Every line of a scene by subject and name, under the subjects that stay at the end."""
        found: dict[tuple[Subject, str], Json] = {}
        figures, counts = status.figures_of(page, scene.picture, scene.lookup, shown=len(scene.picture.claims))
        series: dict[str, list[Json]] = defaultdict(list)
        for one in (*figures, *(line for lines in counts.values() for line in lines)):
            series[one["subject"]].append(one)
        for path, state in scene.picture.states.items():
            shown = render.subject(page, path, state)
            if "whereabouts" in shown:  # tells the state, too
                shown.pop("state")
            lines = naming.lines_of(shown) | naming.claims_of(series[path])
            for name, line in lines.items():
                if line.get("cited"):
                    continue
                key = (self._stays(path), name)
                if path == key[0] or key not in found:
                    found[key] = line
            for one in shown["proposals"]:
                name = f"proposals.{naming.slug(one['kind'])}.{one['events'][0][:8]}"
                found[self._stays(path), name] = {
                    "value": "unanswered" if one["unanswered"] else "answered",
                    "since": one["occurred"],
                    "contested": False,
                    "events": [*one["events"], *one["answered_by"]],
                }
        return found

    def _because(self, path: Subject, was: Json | None, now: Json | None) -> list[str]:
        """The events that made a line tell something else: those it rests on now, or what became of those before."""
        rests_on = (*(now or {}).get("events", ()), *(was or {}).get("events", ()))
        events = [one for one in dict.fromkeys(rests_on) if one in self._news]
        events += [revision for one in dict.fromkeys(rests_on) for revision in self._bearing.get(one, [])]
        return self._causes(events or self._on.get(path, []))

    def raised(self, *, contests: bool) -> list[Json]:
        """The findings that stand and did not; `by_time` if nothing but the clock raised one."""
        before = _findings(self._before, self._stays)
        stood = _standing(self._before, self._stays)
        found = []
        for key, one in _standing(self._after, self._stays).items():
            if key in stood or (one.rule in CONTESTS) is not contests:
                continue
            by_time = before.get(key) == one
            mine = [event for event in map(str, one.events) if event in self._news]
            causes = [] if by_time else self._causes(mine or self._on.get(key[1], ()))
            found.append({**self._finding(one), "by_time": by_time, "because": causes})
        return found

    def resolved(self, *, contests: bool) -> list[Json]:
        """The findings that stood and do not any more, with what came in on their subject since."""
        after, stands = _findings(self._after, self._stays), _standing(self._after, self._stays)
        found = []
        for key, one in _standing(self._before, self._stays).items():
            if key in stands or (one.rule in CONTESTS) is not contests:
                continue
            mine = [revision for event in one.events for revision in self._bearing.get(str(event), [])]
            by_time = after.get(key) == one
            causes = [] if by_time else self._causes(mine or self._on.get(key[1], ()) or self._news)
            found.append({**self._finding(one), "by_time": by_time, "because": causes})
        return found

    def _finding(self, one: Finding) -> Json:
        for actor in re.findall(r"\bactors/([a-z0-9-]+)", one.text):
            self._page.actor(actor)
        return {**self._named(self._stays(one.subject)), **status.finding(self._page, one)}

    def overdue(self) -> list[Json]:
        """What was to be by now and is not settled, and was not overdue before; `by_time` if it was expected then."""

        def key(line: Json) -> tuple[object, ...]:
            return (self._stays(line["subject"]), line["what"], str(line["when"]), line["actor"])

        before = status.due(Page(), self._before.picture, self._before.now) if self._before is not None else {}
        known = {key(line): kind for kind, lines in before.items() for line in lines}
        return [
            {**line, **self._named(Subject(line["subject"])), "by_time": key(line) in known}
            for line in status.due(self._page, self._now, self._after.now)["overdue"]
            if known.get(key(line)) != "overdue"
        ]

    # --- the answer

    def answer(self, groups: dict[str, list[Json]]) -> Json:
        """The groups with what they count, both ends, and what explains them."""
        reports = [report for group in groups["new"] for report in group["reports"]]
        own = self._now.states[Subject(f"processes/{self._now.process}")]
        explained = list(self._page.events)
        found, marks = self._after.lookup(explained), self._after.marks(explained)
        return {
            "process": self._now.process,
            "labels": render.labels(own.labels),
            "since": self._since.stated(),
            "until": self._until.stated(),
            "known_before": self._before is not None,
            "totals": {
                **{name: len(entries) for name, entries in groups.items()},
                "new": self._reports,
                "shown": len(reports),
                "late": sum(report["late"] for report in reports),
                "subjects": len(groups["new"]),
            },
            **groups,
            **status.explained(self._after, self._page, found, marks),
        }

    @property
    def _until(self) -> End:
        last = max((recorded.position for recorded in self._now.filed), default=0)
        position = self._after.asked.position
        return End(last if position is None else position, self._after.now)

    # --- words

    def _named(self, path: Subject) -> Json:
        """A subject with the name that it has, or had."""
        for picture in (self._now, self._was):
            state = picture.states.get(path) if picture is not None else None
            if state is not None and state.labels:
                return {"subject": path, "label": state.labels[0].text}
        return {"subject": path, "label": path}

    def _sentence(self, event: Event) -> str:
        """What a report says, in a sentence made from its fields."""
        for _, refers, name in references_in(event.data):
            if refers.to == "actors":
                self._name(f"actors/{name}")
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", event.type).capitalize()
        told = _gist(event.data.model_dump(mode="json", exclude_unset=True, exclude_none=True), self._labels)
        text = f"{words}: {told}" if told else words
        return f"{text}." if len(text) < MOST_TEXT else f"{text[: MOST_TEXT - 1].rstrip()}…"

    def _name(self, actor: str | None) -> None:
        """Looks up the name of an actor, once."""
        if actor is None or not actor.startswith("actors/"):
            return
        one = actor.removeprefix("actors/")
        self._page.actor(one)
        if one not in self._labels:
            states = self._after.named([one])
            self._labels[one] = (shown_label(states[one]) if one in states else None) or one

    # --- what belongs together

    def _stays(self, path: str) -> Subject:
        return self._now.joined.get(Subject(path), Subject(path))

    def _causes(self, events: Iterable[str]) -> list[str]:
        return self._page.rests_on(list(dict.fromkeys(events))[-MOST_CAUSES:])

    def _roots(self, recorded: Recorded) -> set[str]:
        """The reports, or unifications, that a revision ends up at, through revisions of revisions."""
        event = recorded.event
        if isinstance(event.data, SubjectUnified):
            return {str(recorded.id)}
        targets = {str(event.data.of)} if isinstance(event.data, DuplicateMarked) else set()
        if (direct := revised(event)) is not None:
            targets.add(direct)
        found: set[str] = set()
        for target in targets & set(self._filed):
            revision = isinstance(self._filed[target].event.data, Revision)
            found |= self._roots(self._filed[target]) if revision else {target}
        return found


# --- lines ------------------------------------------------------------------------------------------------------

Key = tuple[str, Subject, str]


def _came_about(
    key: tuple[Subject, str], old: Mapping[tuple[Subject, str], Json], new: Mapping[tuple[Subject, str], Json]
) -> bool:
    """Whether a plan is gone because the fact took its place."""
    fact = (key[0], key[1].removesuffix(f".{naming.PLAN}"))
    return fact in new and fact not in old


def _substance(line: Json | None) -> Any:
    """What of a line makes a change: its value, or the values that its candidates give; the wording aside."""
    if line is None:
        return None
    if line["contested"]:
        return sorted({str(_worded(candidate["value"])) for candidate in line["candidates"]})
    return _worded(line["value"])


def _worded(value: Any) -> Any:
    return {n: v for n, v in value.items() if n not in WORDING} if isinstance(value, dict) else value


def _shown(line: Json | None) -> Json | None:
    """A line as one side of a change."""
    if line is None:
        return None
    shown = {name: line[name] for name in ("value", "since", "contested")}
    if line["contested"]:
        shown["candidates"] = [{n: c[n] for n in ("value", "occurred")} for c in line["candidates"]]
    return shown


# --- findings ---------------------------------------------------------------------------------------------------


def _findings(scene: Scene | None, stays: Any) -> dict[Key, Finding]:
    """All findings of a scene, whenever they stand, under the subjects that stay at the end."""
    found = scene.findings() if scene is not None else []
    return {(one.rule, stays(one.subject), one.about): one for one in found}


def _standing(scene: Scene | None, stays: Any) -> dict[Key, Finding]:
    """The findings that stand at the clock of a scene, the gravest first."""
    found = status.standing(scene.findings(), scene.now) if scene is not None else []
    return {(one.rule, stays(one.subject), one.about): one for one in found}


# --- what an event says -----------------------------------------------------------------------------------------


def _told(event: Event) -> Json:
    """What an event says, as it would be sent, without what a revision cannot touch."""
    return event.model_dump(mode="json", exclude_none=True, exclude={"id", "subject"})


def _differences(old: Any, new: Any, at: str = "") -> Iterator[Json]:
    """Where two values differ, field by field."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _differences(old.get(name), new.get(name), f"{at}.{name}" if at else name)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(one, other, f"{at}.{number}")
    else:
        yield {"field": at, "before": old, "after": new}


_LEFT_OUT = {"processes", "verbatim", "precision", "lat", "lon", "answers", "event", "of", "violation", "considered"}
_LEADS = {
    "until": "until",
    "answer_by": "answer by",
    "deadline": "by",
    "period": "in",
    "planned": "planned for",
    "valid_until": "valid until",
    "to": "to",
    "origin": "from",
    "destination": "to",
    "by": "by",
    "on_behalf_of": "on behalf of",
    "persuaded_by": "persuaded by",
    "score": "score",
    "written": "in writing:",
}
"""What stands before a field, where its value alone would not tell what it is."""


def _gist(data: Json, labels: Mapping[str, str]) -> str:
    said = (_said(name, value, labels) for name, value in data.items() if name not in _LEFT_OUT)
    return "; ".join(dict.fromkeys(text.rstrip(".") for text in said if text))


def _said(name: str, value: Any, labels: Mapping[str, str]) -> str:
    lead = f"{_LEADS[name]} " if name in _LEADS else ""
    match value:
        case bool():
            return f"{name.replace('_', ' ')}: {'yes' if value else 'no'}"
        case str():
            return lead + labels.get(value, value)
        case int() | float():
            return f"{lead or name.replace('_', ' ') + ' '}{value:,}"
        case [{"text": str(text)}, *_] | {"labels": [{"text": str(text)}, *_]}:
            return lead + text
        case {"value": _} | {"low": _} | {"high": _} | {"qualifier": _}:
            return quantity(value)
        case list():
            return lead + " and ".join(filter(None, (_said("", one, labels) for one in value)))
        case dict():
            return lead + _gist(value, labels).replace("; ", ", ")
        case _:
            return ""


def quantity(found: Json) -> str:
    """A number as claimed, in words: "about 2,000 persons", "1,500 to 2,500 persons"."""
    value, low, high = (found.get(name) for name in ("value", "low", "high"))
    qualifier = found.get("qualifier", "exact")
    if value is not None:
        number = f"{value:,}" if qualifier == "exact" else f"{qualifier} {value:,}"
    elif low is not None and high is not None:
        number = f"{low:,} to {high:,}"
    elif low is not None:
        number = f"at least {low:,}"
    else:
        number = f"at most {high:,}" if high is not None else str(qualifier)
    return f"{number} {found.get('unit', 'persons')}"
