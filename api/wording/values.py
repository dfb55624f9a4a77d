"""What lines of a status say, value by value, in words. Each function takes a value and the names it may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from api.wording import words
from api.wording.marks import ALERT, FACT, PLAN, Fragment
from api.wording.words import Fields, clean, listed

if TYPE_CHECKING:
    from projections.answers.changes import ChangesAnswer
    from projections.answers.explanations import Evidence
    from projections.answers.figures import SeriesClaim
    from projections.answers.status import StatusAnswer
    from projections.answers.subjects import HeldRole, IncludedPlace, ShownSubject, ShownTerm, Whereabouts

STYLES = {
    **dict.fromkeys(
        ("announced", "possible", "possibly", "planned", "scheduled", "postponed", "reported", "requested"), PLAN
    ),
    **dict.fromkeys(
        (
            "actual",
            "convened",
            "concluded",
            "reached",
            "signed",
            "in force",
            "resumed",
            "open",
            "reopened",
            "arrived",
            "kept",
        ),
        FACT,
    ),
    **dict.fromkeys(
        ("contested", "held", "overdue", "suspended", "cancelled", "turned back", "denied", "ended"), ALERT
    ),
}
SCORES = ("not initiated", "minimal", "intermediate", "full")


class Names:
    """The names that one answer knows: actors by label, subjects by title, events by what they rest on."""

    def __init__(
        self,
        answer: StatusAnswer | ChangesAnswer,
        subjects: Iterable[ShownSubject] = (),
        revisions: Mapping[str, Fields] | None = None,
    ) -> None:
        self.actors = answer["actors"]
        self.evidence = answer["evidence"]
        self.revisions = revisions or {}
        self.subjects = {f"processes/{answer['process']}": words.label(answer["labels"], answer["process"])}
        self.subjects |= {
            subject["subject"]: words.label(subject["labels"], subject["subject"]) for subject in subjects
        }

    @classmethod
    def of_status(cls, status: StatusAnswer, revisions: Mapping[str, Fields] | None = None) -> Names:
        """The names that a status knows."""
        subjects = (*status["talks"], *status["agreements"], *status["convoys"], *status["enrolments"])
        return cls(status, subjects, revisions)

    def actor(self, actor: str | None) -> str:
        if actor is None:
            return "somebody not named"
        known = self.actors.get(actor)
        return clean(known["label"] if known else actor)

    def named(self, actors: Iterable[str]) -> str:
        return listed(self.actor(actor) for actor in actors)

    def sender(self, actor: str) -> str:
        """An actor with its kind: aid from a military sender is not "humanitarian" by itself."""
        known = self.actors.get(actor)
        kind = known.get("kind") if known else None
        return f"{self.actor(actor)} ({clean(kind)})" if kind else self.actor(actor)

    def subject(self, path: str) -> str:
        return self.subjects.get(path, clean(path))

    def claimant(self, claimant: str) -> str:
        return words.claimed_by(claimant, self.actors)

    def grounds(self, events: Iterable[str]) -> str:
        """Who says so, through whom and when; our part in it; how sensitive; what became of the reports."""
        reports = self._known(events)
        marks = dict.fromkeys(mark for report in reports for mark in words.marks(report, self.revisions, self.actors))
        if possibly := words.possibly(reports):
            marks[possibly] = None
        return "".join([words.grounds(reports, self.actors), *(f" [{mark}]" for mark in marks)]).strip()

    def possible(self, events: Iterable[str]) -> bool:
        """Whether all reports of a line are only possibly inside the horizon."""
        return bool(words.possibly(self._known(events)))

    def _known(self, events: Iterable[str]) -> list[Evidence]:
        return [self.evidence[event] for event in events if event in self.evidence]


def tag(word: str, more: str = "") -> Fragment:
    """A word in brackets for the state of a thing; its colour says no more than the word."""
    return (f"[{clean(word)}{more}]", STYLES.get(word, "bold"))


def quoted(verbatim: str | None) -> Fragment:
    return (f" (“{clean(verbatim)}”)", "italic") if verbatim else ""


def field_text(value: Fields, name: str, lead: str = "", after: str = "") -> list[str]:
    """A text field with a lead, if it is there."""
    return [f"{lead}{clean(value[name])}{after}"] if value.get(name) else []


def sentences(texts: Iterable[str]) -> str:
    """Texts one after another, each with its full stop."""
    return " ".join(text if text.endswith((".", "!", "?", "…", "”")) else f"{text}." for text in texts)


# --- processes ------------------------------------------------------------------------------------------------


def area(included: IncludedPlace) -> list[Fragment]:
    place: Fields = included
    code = f" ({clean(place['admin_code'])})" if place.get("admin_code") else ""
    precision = f" (precision: {clean(place['precision'])})" if place.get("precision") else ""
    return [
        f"{words.label(place['labels'])}{code}{precision}{'' if included['included'] else ', no longer part of it'}"
    ]


def link(value: Fields) -> list[Fragment]:
    denied = ", which somebody denies" if value.get("denied") else ""
    return [f"{clean(value['to'])} ({clean(value['relation'])}){denied}"]


def control(names: Names, held: Fields) -> list[Fragment]:
    places = listed(words.label(place["labels"]) for place in held.get("places", ()))
    number = f"{words.quantity(held['number'])}, " if held.get("number") else ""
    what = ", ".join(filter(None, [places, *field_text(held, "description")]))
    verbatim = (held.get("number") or {}).get("verbatim")
    return [(names.named(held["holders"]), "bold"), f" hold {number}{what}", quoted(verbatim)]


def access(names: Names, value: Fields) -> list[Fragment]:
    state = {"partly": "partly open"}.get(value["access"], clean(value["access"]))
    style = ALERT if value["access"] in ("closed", "besieged") else "bold"
    more = field_text(value, "terms")
    more += [f"Controlled by {names.actor(value['controlled_by'])}."] if value.get("controlled_by") else []
    return [
        (words.label(value["place"]["labels"]), "bold"),
        f" ({clean(value.get('kind', 'place'))}): ",
        tag(value.get("modality") or "actual"),
        " ",
        (state, style),
        f"{''.join(field_text(value, 'for_whom', ' for '))}. {sentences(more)}".rstrip(),
    ]


def instrument(names: Names, value: Fields) -> list[Fragment]:
    issuer = f"of {names.actor(value['issuer'])}" if value.get("issuer") else "issuer not said"
    number = next(iter(field_text(value, "number", "number ")), "number not said")
    dated = words.when(value["dated"]) if value.get("dated") else "date not said"
    title = "".join(field_text(value, "title", " “", "”"))
    effect = [clean(value["effect"])]
    effect += [f"Who may use it: {listed(map(clean, value['eligible']))}."] if value.get("eligible") else []
    return [(f"{clean(value['kind'])}{title}", "bold"), f" {issuer}, {number}, {dated}: {sentences(effect)}"]


def body(names: Names, value: Fields) -> list[Fragment]:
    more = field_text(value, "mandate")
    more += [f"Seat: {words.label(value['seat']['labels'])}."] if value.get("seat") else []
    more += [f"Overseen by {names.named(value['overseen_by'])}."] if value.get("overseen_by") else []
    more.append(f"Set up: {words.when(value['occurred'])}.")
    return [(words.label(value["labels"]), "bold"), " ", tag(value.get("modality") or "actual"), " ", sentences(more)]


# --- agreements -----------------------------------------------------------------------------------------------


def agreement(value: Fields) -> list[Fragment]:
    parts = [*field_text(value, "stage"), *field_text(value, "ceasefire"), *field_text(value, "side")]
    parts += [listed(map(clean, value["purposes"]))] if value.get("purposes") else []
    written = {"yes": "in writing", "no": "not in writing", "partly": "partly in writing"}
    parts.append(written.get(str(value.get("written")), "whether in writing: not known"))
    return [sentences(["; ".join(parts), *field_text(value, "summary")])]


def term(value: ShownTerm) -> list[Fragment]:
    parts = [f"from {words.when(value['starts'])}" if value["starts"] else "start not said"]
    parts.append(f"until {words.when(value['until'])}" if value["until"] else "no end named")
    parts += ["a trial"] if value["trial"] else []
    parts += ["renewable" if value["renewable"] else "not renewable"] if value["renewable"] is not None else []
    parts += field_text(value, "extended", "extended ")
    return [", ".join(parts)]


def signature(names: Names, signed: Fields) -> list[Fragment]:
    reservation = "".join(field_text(signed, "reservation", ", with a reservation: "))
    act, capacity = clean(signed.get("act", "signed")), clean(signed.get("capacity", "party"))
    return [f"{act} by {names.actor(signed['actor'])} as {capacity}{reservation}"]


def terms(names: Names, agreed: Fields) -> list[Fragment]:
    """What an obligation says."""
    parts = [clean(agreed["text"])]
    parts += [f"To: {names.named(agreed['beneficiary'])}."] if agreed.get("beneficiary") else []
    parts += [f"By {words.when(agreed['deadline'])}."] if agreed.get("deadline") else []
    parts += [*field_text(agreed, "condition", "On condition: "), *field_text(agreed, "recurrence", "How often: ")]
    parts += [f"Target: {words.quantity(agreed['target'])}."] if agreed.get("target") else []
    parts += [f"Verified by {names.actor(agreed['verifier'])}."] if agreed.get("verifier") else []
    return [sentences(parts)]


def score(assessed: Fields) -> list[Fragment]:
    parts = []
    if assessed.get("score") is not None:
        parts.append(f"{assessed['score']} of 3, {SCORES[assessed['score']]}")
    parts += field_text(assessed, "standing")
    parts += [f"done: {words.quantity(assessed['achieved'])}"] if assessed.get("achieved") else []
    return ["; ".join([*parts, *field_text(assessed, "assessor", "assessed by "), *field_text(assessed, "reason")])]


# --- roles, positions, proposals ------------------------------------------------------------------------------


def role(held: HeldRole) -> list[Fragment]:
    if not held["held"]:
        return [tag("ended")]
    accepted = {True: " accepted by the holder", False: " refused by the holder", None: ""}[held["accepted"]]
    return [tag(held["modality"]), accepted]


def position(names: Names, taken: Fields) -> list[Fragment]:
    matter = "".join(field_text(taken, "matter", " "))
    more = ""
    if taken.get("condition"):
        met = {True: "met", False: "not met", None: "not said"}[taken.get("condition_met")]
        more = f": {clean(taken['condition']).rstrip('.')} (whether that is met: {met})"
    more += f", persuaded by {names.named(taken['persuaded_by'])}" if taken.get("persuaded_by") else ""
    more += f", on behalf of {names.actor(taken['on_behalf_of'])}" if taken.get("on_behalf_of") else ""
    return [(clean(taken["position"]), "bold"), matter, more, quoted(taken.get("verbatim"))]


def proposal(names: Names, made: Fields) -> list[Fragment]:
    by = f" by {names.actor(made['by'])}" if made.get("by") else ""
    to = f" to {names.named(made['to'])}" if made.get("to") else ""
    until = f" Answer expected: {words.when(made['answer_by'])}." if made.get("answer_by") else ""
    return [
        (f"{clean(made['kind'])}{by}{to}: ", "bold"),
        f"{clean(made['text'])} ({words.when(made['occurred'])}){until}",
    ]


# --- figures, registers ---------------------------------------------------------------------------------------


def claim(value: SeriesClaim, unit: str) -> list[Fragment]:
    period = f", counted {words.when(value['period'])}" if value["period"] else ""
    return [
        (words.quantity(value, unit), "bold"),
        f"{period}, as of {words.when(value['as_of'])}",
        quoted(value["verbatim"]),
    ]


def register(names: Names, value: Fields) -> list[Fragment]:
    parts = [*field_text(value, "who_may_join", "Who may join: "), *field_text(value, "legal_basis", "Legal basis: ")]
    parts += [f"Run by {names.actor(value['organiser'])}."] if value.get("organiser") else []
    return [sentences(parts or ["Who may join is not said"])]


# --- convoys --------------------------------------------------------------------------------------------------


def whereabouts(names: Names, seen: Whereabouts) -> list[Fragment]:
    place = "".join(field_text(seen, "place", " at "))
    actor = f" by {names.actor(seen['actor'])}" if seen["actor"] else ""
    return [tag(seen["stage"]), f"{place}{actor}{''.join(field_text(seen, 'reason', ': '))}"]


def convoy(names: Names, value: Fields) -> list[Fragment]:
    parts = [clean(value["kind"]) + (", a series" if value.get("series") else "")]
    parts += field_text(value, "recurrence", "how often: ")
    parts += ["sent by " + listed(names.sender(actor) for actor in value["senders"])] if value.get("senders") else []
    for name, lead in (("origin", "from"), ("destination", "to")):
        parts += [f"{lead} {words.label(value[name]['labels'])}"] if value.get(name) else []
    loaded = cargo_text(value.get("cargo"), value.get("people"))
    parts += [f"with {loaded}"] if loaded else []
    parts += [f"planned for {words.when(value['planned'])}"] if value.get("planned") else []
    return ["; ".join(parts)]


def clearance(decision: Fields) -> list[Fragment]:
    parts = [*field_text(decision, "conditions"), *field_text(decision, "reason")]
    parts += [f"valid until {words.when(decision['valid_until'])}"] if decision.get("valid_until") else []
    return [tag(decision["decision"]), "".join(f" {part}" for part in parts)]


def departure(departed: Fields) -> list[Fragment]:
    return [cargo_text(departed.get("loaded"), departed.get("people")) or "its load is not said"]


def removed(names: Names, taken: Fields) -> list[Fragment]:
    by = f" by {names.actor(taken['by'])}" if taken.get("by") else ""
    where = f" at {words.label(taken['place']['labels'])}" if taken.get("place") else ""
    return [(f"taken off{by}{where}: ", ALERT), cargo_text(taken["items"]), "".join(field_text(taken, "reason", "; "))]


def arrival(arrived: Fields) -> list[Fragment]:
    complete = {"fully": "complete", "partly": "in part"}
    parts = [complete.get(str(arrived.get("completeness")), "how complete: not known")]
    parts += [f"delivered {cargo_text(arrived['delivered'])}"] if arrived.get("delivered") else []
    parts += [f"reached {words.quantity(arrived['people_reached'])}"] if arrived.get("people_reached") else []
    return ["; ".join(parts)]


def cargo_text(cargo: Sequence[Fields] | None, people: Sequence[Fields] | None = None) -> str:
    return listed([*map(words.item, cargo or ()), *map(words.cohort, people or ())])
