"""What lines of a status say, value by value, in words. Each function takes a value and the names it may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from api.wording import words
from api.wording.language import REJOINED, grouped, say, say_number
from api.wording.marks import ALERT, FACT, PLAN, Fragment
from api.wording.words import Fields, clean, coded, listed

if TYPE_CHECKING:
    from projections.answers.changes import ChangesAnswer
    from projections.answers.explanations import Evidence
    from projections.answers.figures import SeriesClaim
    from projections.answers.status import CountInWindow, StatusAnswer
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
        ("contested", "held", "not held", "overdue", "suspended", "cancelled", "turned back", "denied", "ended"), ALERT
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
            return say("somebody not named")
        known = self.actors.get(actor)
        return clean(known["label"] if known else actor)

    def named(self, actors: Iterable[str]) -> str:
        return listed(self.actor(actor) for actor in actors)

    def sender(self, actor: str) -> str:
        """An actor with its kind: aid from a military sender is not "humanitarian" by itself."""
        known = self.actors.get(actor)
        kind = known.get("kind") if known else None
        return f"{self.actor(actor)} ({coded(kind)})" if kind else self.actor(actor)

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
    return (f"[{coded(word)}{more}]", STYLES.get(word, "bold"))


EXPECTED = (
    *("round of talks", "round of talks, not held", "departure", "opening", "request", "end of the term"),
    *("end of the clearance", "last day to join", "obligation", "next run"),
)
"""What is expected by a date, as `domain.general.Due` names it; some with what a source says of it after a colon."""
_ANSWER = "answer to the "


def expected(what: str) -> str:
    """What is expected by a date: our words for it, and what a source says of it as it stands."""
    kind, colon, said = what.rstrip(".").partition(": ")
    if colon and kind in EXPECTED:
        return say("{what}: {text}", what=coded(kind), text=clean(said))
    if what.startswith(_ANSWER):
        return say("answer to the {proposal}", proposal=coded(what.removeprefix(_ANSWER)))
    return coded(what.rstrip("."))


def quoted(verbatim: str | None) -> Fragment:
    return (f" (“{clean(verbatim)}”)", "italic") if verbatim else ""


def field_text(value: Fields, name: str, lead: str = "", after: str = "") -> list[str]:
    """A text field with a lead, if it is there."""
    return [f"{lead}{clean(value[name])}{after}"] if value.get(name) else []


def sentences(texts: Iterable[str]) -> str:
    """Texts one after another, each with its full stop."""
    ends = (".", "!", "?", "…", "”")
    return " ".join(text if text.removesuffix(REJOINED).endswith(ends) else f"{text}." for text in texts)


# --- processes ------------------------------------------------------------------------------------------------


def area(included: IncludedPlace) -> list[Fragment]:
    place: Fields = included
    code = f" ({clean(place['admin_code'])})" if place.get("admin_code") else ""
    precision = say(" (precision: {precision})", precision=coded(place["precision"])) if place.get("precision") else ""
    return [
        f"{words.place(place)}{code}{precision}",
        "" if included["included"] else say(", no longer part of it"),
    ]


def link(value: Fields) -> list[Fragment]:
    denied = say(", which somebody denies") if value.get("denied") else ""
    return [f"{clean(value['to'])} ({coded(value['relation'])}){denied}"]


def control(names: Names, held: Fields) -> list[Fragment]:
    places = listed(words.place(place) for place in held.get("places", ()))
    number = f"{words.quantity(held['number'])}, " if held.get("number") else ""
    what = ", ".join(filter(None, [places, *field_text(held, "description")]))
    verbatim = (held.get("number") or {}).get("verbatim")
    return [(names.named(held["holders"]), "bold"), say(" hold {what}", what=number + what), quoted(verbatim)]


def access(names: Names, value: Fields) -> list[Fragment]:
    state = {"partly": say("partly open")}.get(value["access"]) or coded(value["access"])
    style = ALERT if value["access"] in ("closed", "besieged") else "bold"
    more = field_text(value, "terms")
    more += [say("Controlled by {who}.", who=names.actor(value["controlled_by"]))] if value.get("controlled_by") else []
    whom = say(" for {whom}", whom=clean(value["for_whom"])) if value.get("for_whom") else ""
    return [
        (words.place(value["place"]), "bold"),
        f" ({coded(value.get('kind', 'place'))}): ",
        tag(value.get("modality") or "actual"),
        " ",
        (state, style),
        f"{whom}. {sentences(more)}".rstrip(),
    ]


def instrument(names: Names, value: Fields) -> list[Fragment]:
    issuer = say("of {who}", who=names.actor(value["issuer"])) if value.get("issuer") else say("issuer not said")
    number = say("number {number}", number=clean(value["number"])) if value.get("number") else say("number not said")
    dated = words.when(value["dated"]) if value.get("dated") else say("date not said")
    title = f" “{clean(value['title'])}”" if value.get("title") else ""
    effect = [clean(value["effect"])]
    if value.get("eligible"):
        effect.append(say("Who may use it: {who}.", who=listed(map(clean, value["eligible"]))))
    return [(f"{coded(value['kind'])}{title}", "bold"), f" {issuer}, {number}, {dated}: {sentences(effect)}"]


def body(names: Names, value: Fields) -> list[Fragment]:
    more = field_text(value, "mandate")
    more += [say("Seat: {place}.", place=words.place(value["seat"]))] if value.get("seat") else []
    more += [say("Overseen by {who}.", who=names.named(value["overseen_by"]))] if value.get("overseen_by") else []
    more.append(say("Set up: {date}.", date=words.when(value["occurred"])))
    for end in value.get("dissolved", ()):
        date = words.when(end["occurred"])
        gone = say("Replaced: {date}.", date=date) if end.get("replaced_by") else say("Dissolved: {date}.", date=date)
        more += [gone, *field_text(end, "reason")]
    return [(words.label(value["labels"]), "bold"), " ", tag(value.get("modality") or "actual"), " ", sentences(more)]


def body_gone(value: Fields) -> list[Fragment]:
    """That a body was dissolved or replaced, and why."""
    gone = say("it was replaced") if value.get("replaced_by") else say("it was dissolved")
    return [sentences([gone, *field_text(value, "reason")])]


# --- agreements -----------------------------------------------------------------------------------------------


def agreement(value: Fields) -> list[Fragment]:
    parts = [coded(value[name]) for name in ("stage", "ceasefire", "side") if value.get(name)]
    parts += [listed(map(coded, value["purposes"]))] if value.get("purposes") else []
    written = {"yes": say("in writing"), "no": say("not in writing"), "partly": say("partly in writing")}
    if "written" in value:
        parts.append(written.get(str(value["written"]), say("whether in writing: not known")))
    parts += [coded(value["level"])] if value.get("level") else []
    parts += [words.codings(value["types"])] if value.get("types") else []
    more = []
    if value.get("holds_in"):
        only = value.get("only_there")
        where = listed(words.label(place["labels"]) for place in value["holds_in"])
        more.append(say("Holds in {places} only", places=where) if only else say("Holds in {places}", places=where))
    if number := len(value.get("provisions", ())):
        more.append(say_number("{number} provision coded", "{number} provisions coded", number))
    said = [say("; ").join(parts)] if parts else []
    return [sentences([*said, *field_text(value, "summary"), *more])]


def declared(names: Names, value: Fields) -> list[Fragment]:
    by = value.get("by")
    described = clean(value["described"]) if value.get("described") else say("not said")
    who = names.named(by) if by else described
    return [sentences([say("declared by {who}", who=who), *field_text(value, "summary")])]


def related(value: Fields) -> list[Fragment]:
    other = clean(value.get("to") or value.get("named") or "")
    denied = "" if value.get("affirmed", True) else say(", which somebody denies")
    return [say("{relation} {name}", relation=coded(value["relation"]), name=other), denied]


def term(value: ShownTerm) -> list[Fragment]:
    parts = [say("from {date}", date=words.when(value["starts"])) if value["starts"] else say("start not said")]
    end = say("until {date}", date=words.when(value["until"])) if value["until"] else say("no end named")
    event = value.get("until_event")
    if event and not value["until"]:
        end = say("until {date}", date=clean(event))
    parts.append(end)
    lasts = value.get("lasts")
    if lasts:
        computed = say("computed by us: it lasts {duration}", duration=clean(lasts))
        parts.append(computed if value.get("computed") else say("it lasts {duration}", duration=clean(lasts)))
    parts += [say("a trial")] if value["trial"] else []
    if value["renewable"] is not None:
        parts.append(say("renewable") if value["renewable"] else say("not renewable"))
    parts += [say("extended {how}", how=coded(value["extended"]))] if value["extended"] else []
    return [say(", ").join(parts)]


def signature(names: Names, signed: Fields) -> list[Fragment]:
    reservation = signed.get("reservation")
    more = say(", with a reservation: {reservation}", reservation=clean(reservation)) if reservation else ""
    act, capacity = coded(signed.get("act", "signed")), coded(signed.get("capacity", "party"))
    described = clean(signed["described"]) if signed.get("described") else None
    who = described if described and not signed.get("actor") else names.actor(signed.get("actor"))
    return [say("{act} by {who} as {capacity}", act=act, who=who, capacity=capacity), more]


def terms(names: Names, agreed: Fields) -> list[Fragment]:
    """What an obligation says."""
    parts = [clean(agreed["text"])]
    parts += [say("To: {who}.", who=names.named(agreed["beneficiary"]))] if agreed.get("beneficiary") else []
    parts += [say("By {date}.", date=words.when(agreed["deadline"]))] if agreed.get("deadline") else []
    parts += [say("On condition: {what}", what=clean(agreed["condition"]))] if agreed.get("condition") else []
    parts += [say("How often: {what}", what=clean(agreed["recurrence"]))] if agreed.get("recurrence") else []
    parts += [say("How often: {what}", what=words.schedule(agreed["schedule"]))] if agreed.get("schedule") else []
    parts += [say("Target: {quantity}.", quantity=words.quantity(agreed["target"]))] if agreed.get("target") else []
    parts += [say("Verified by {who}.", who=names.actor(agreed["verifier"]))] if agreed.get("verifier") else []
    return [sentences(parts)]


def score(assessed: Fields) -> list[Fragment]:
    parts = []
    if assessed.get("score") is not None:
        parts.append(say("{score} of 3, {meaning}", score=assessed["score"], meaning=coded(SCORES[assessed["score"]])))
    parts += [coded(assessed["standing"])] if assessed.get("standing") else []
    achieved = assessed.get("achieved")
    parts += [say("done: {quantity}", quantity=words.quantity(achieved))] if achieved else []
    parts += [say("assessed by {who}", who=clean(assessed["assessor"]))] if assessed.get("assessor") else []
    return [say("; ").join([*parts, *field_text(assessed, "reason")])]


# --- roles, positions, proposals ------------------------------------------------------------------------------


def role(held: HeldRole) -> list[Fragment]:
    if not held["held"]:
        return [tag("ended")]
    accepted = {True: say(" accepted by the holder"), False: say(" refused by the holder"), None: ""}[held["accepted"]]
    return [tag(held["modality"]), accepted]


def described_role(names: Names, value: Fields) -> list[Fragment]:
    """A role whose holder is only described, or that nobody holds; of what contradicts that, also who holds it."""
    scope = say(" for {scope}", scope=coded(value["scope"])) if value.get("scope") else ""
    if value.get("nobody"):
        return [tag("nobody"), f" {coded(value['role'])}{scope}", quoted(value.get("verbatim"))]
    number = words.quantity(value["number"]) if value.get("number") else ""
    holder = names.actor(value["actor"]) if value.get("actor") else ""
    who = ", ".join(filter(None, [holder, *field_text(value, "described"), number]))
    said: list[Fragment] = [(f"{who}: ", "bold"), f"{coded(value['role'])}{scope} "]
    return [*said, tag(value.get("modality") or "actual"), quoted(value.get("verbatim"))]


def not_held(names: Names, value: Fields) -> list[Fragment]:
    """Who did not come to a round that was not held, and why."""
    who = [names.named(value["absent"])] if value.get("absent") else []
    who += field_text(value, "absent_described")
    absent = [say("did not come: {who}", who=listed(who))] if who else []
    return [sentences([*absent, *field_text(value, "reason")] or [say("why is not said")])]


def position(names: Names, taken: Fields) -> list[Fragment]:
    matter = "".join(field_text(taken, "matter", " "))
    more = ""
    if taken.get("condition"):
        met = {True: say("met"), False: say("not met"), None: say("not said")}[taken.get("condition_met")]
        condition = clean(str(taken["condition"]).rstrip("."))
        more = say(": {condition} (whether that is met: {met})", condition=condition, met=met)
    more += say(", persuaded by {who}", who=names.named(taken["persuaded_by"])) if taken.get("persuaded_by") else ""
    more += say(", on behalf of {who}", who=names.actor(taken["on_behalf_of"])) if taken.get("on_behalf_of") else ""
    return [(coded(taken["position"]), "bold"), matter, more, quoted(taken.get("verbatim"))]


def proposal(names: Names, made: Fields) -> list[Fragment]:
    by = say(" by {who}", who=names.actor(made["by"])) if made.get("by") else ""
    to = say(" to {who}", who=names.named(made["to"])) if made.get("to") else ""
    until = say(" Answer expected: {date}.", date=words.when(made["answer_by"])) if made.get("answer_by") else ""
    return [
        (f"{coded(made['kind'])}{by}{to}: ", "bold"),
        f"{clean(made['text'])} ({words.when(made['occurred'])}){until}",
    ]


# --- figures, registers ---------------------------------------------------------------------------------------


def claim(value: SeriesClaim, unit: str) -> list[Fragment]:
    period = say(", counted {date}", date=words.when(value["period"])) if value["period"] else ""
    return [
        (words.quantity(value, unit), "bold"),
        period,
        say(", as of {date}", date=words.when(value["as_of"])),
        quoted(value["verbatim"]),
        say("; gave up {what}", what=cargo_text(value["handed_over"])) if value.get("handed_over") else "",
    ]


def register(names: Names, value: Fields) -> list[Fragment]:
    parts = [say("Who may join: {who}", who=clean(value["who_may_join"]))] if value.get("who_may_join") else []
    parts += [say("On condition: {what}", what=clean(value["conditions"]))] if value.get("conditions") else []
    parts += [say("Legal basis: {what}", what=clean(value["legal_basis"]))] if value.get("legal_basis") else []
    parts += [say("Run by {who}.", who=names.actor(value["organiser"]))] if value.get("organiser") else []
    return [sentences(parts)]


def counted(count: CountInWindow) -> str:
    """A count in a window of days: some may lie outside it, by their uncertain dates."""
    certain, possible = grouped(count["certain"]), count["possible"]
    if not possible:
        return certain
    more = say_number("(and perhaps {number} more)", "(and perhaps {number} more)", possible)
    return f"{certain} {more}"


# --- convoys --------------------------------------------------------------------------------------------------


def whereabouts(names: Names, seen: Whereabouts) -> list[Fragment]:
    place = say(" at {place}", place=clean(seen["place"])) if seen["place"] else ""
    actor = say(" by {who}", who=names.actor(seen["actor"])) if seen["actor"] else ""
    return [tag(seen["stage"]), f"{place}{actor}{''.join(field_text(seen, 'reason', ': '))}"]


def convoy(names: Names, value: Fields) -> list[Fragment]:
    parts = [coded(value["kind"])] if value.get("kind") else []
    parts += [say("a series")] if value.get("series") else []
    parts += [say("how often: {what}", what=clean(value["recurrence"]))] if value.get("recurrence") else []
    if value.get("senders"):
        parts.append(say("sent by {who}", who=listed(names.sender(actor) for actor in value["senders"])))
    if value.get("origin"):
        parts.append(say("from {place}", place=words.place_names(value["origin"])))
    if value.get("destination"):
        parts.append(say("to {place}", place=words.place_names(value["destination"])))
    loaded = cargo_text(value.get("cargo"), value.get("people"))
    parts += [say("with {what}", what=loaded)] if loaded else []
    parts += [say("planned for {date}", date=words.when(value["planned"]))] if value.get("planned") else []
    if value.get("paired_with"):
        parts.append(say("goes only with {name}", name=names.subject(f"convoys/{value['paired_with']}")))
    parts += ways(value)
    parts += [say("how often: {what}", what=words.schedule(value["schedule"]))] if value.get("schedule") else []
    return [say("; ").join(parts)]


def ways(value: Fields) -> list[str]:
    """By which means, on which days and at which hours."""
    said = [listed(map(coded, value["means"]))] if value.get("means") else []
    for hours in value.get("hours", ()):
        days = listed(map(coded, hours.get("days", ())))
        opens, closes = hours.get("opens", ""), hours.get("closes", "")
        clock = f"{opens}–{closes}" if opens or closes else ""
        said.append(" ".join(filter(None, [days, clock])))
    return said


def passage(names: Names, value: Fields) -> list[Fragment]:
    """What is reported of a corridor."""
    parts = [coded(value["passage"])]
    parts += [say("by {who}", who=names.actor(value["by"]))] if value.get("by") else []
    parts += [say("planned for {date}", date=words.when(value["on"]))] if value.get("on") else []
    parts += ways(value)
    people = cargo_text(None, value.get("people"))
    parts += [say("with {what}", what=people)] if people else []
    return [say("; ").join([*parts, *field_text(value, "reason")])]


def postponed(value: Fields) -> list[Fragment]:
    until = say("until {date}", date=words.when(value["until"])) if value.get("until") else say("a time not yet named")
    return [say("; ").join([until, *field_text(value, "reason")])]


def clearance(decision: Fields) -> list[Fragment]:
    parts = [*field_text(decision, "conditions"), *field_text(decision, "reason")]
    until = decision.get("valid_until")
    parts += [say("valid until {date}", date=words.when(until))] if until else []
    parts += [say("refused: {what}", what=cargo_text(decision["refused"]))] if decision.get("refused") else []
    return [tag(decision["decision"]), "".join(f" {part}" for part in parts)]


def departure(departed: Fields) -> list[Fragment]:
    return [cargo_text(departed.get("loaded"), departed.get("people")) or say("its load is not said")]


def removed(names: Names, taken: Fields) -> list[Fragment]:
    by = say(" by {who}", who=names.actor(taken["by"])) if taken.get("by") else ""
    where = say(" at {place}", place=words.place(taken["place"])) if taken.get("place") else ""
    lead = say("taken off{by}{where}: ", by=by, where=where)
    return [(lead, ALERT), cargo_text(taken["items"]), "".join(field_text(taken, "reason", "; "))]


def arrival(arrived: Fields) -> list[Fragment]:
    complete = {"fully": say("complete"), "partly": say("in part")}
    parts = [complete.get(str(arrived.get("completeness")), say("how complete: not known"))]
    parts += [say("delivered {what}", what=cargo_text(arrived["delivered"]))] if arrived.get("delivered") else []
    reached = arrived.get("people_reached")
    parts += [say("reached {quantity}", quantity=words.quantity(reached))] if reached else []
    people = cargo_text(None, arrived.get("people"))
    parts += [say("with {what}", what=people)] if people else []
    parts += [say("refused: {what}", what=cargo_text(arrived["refused"]))] if arrived.get("refused") else []
    return [say("; ").join(parts)]


def cargo_text(cargo: Sequence[Fields] | None, people: Sequence[Fields] | None = None) -> str:
    return listed([*map(words.item, cargo or ()), *map(words.cohort, people or ())])
